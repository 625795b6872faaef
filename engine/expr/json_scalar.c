/* engine/expr/json_scalar.c - see json_scalar.h. */
#include "engine/expr/json_scalar.h"

#include <string.h>

#include "common/mem.h"
#include "engine/expr/calendar.h"
#include "engine/expr/cast.h"
#include "engine/expr/decimal.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/interval.h"
#include "engine/expr/json_copy.h"

static weft_status open_pattern(weft_ctx *ctx, const weft_json_options *options, const char *text,
                                weft_datetime_use use, weft_datetime_pattern **out)
{
    if (text == NULL) return WEFT_OK;
    const weft_str view = weft_str_view(text, (uint32_t)strlen(text));
    const weft_datetime_place place = {.locale = options->locale, .zone = options->time_zone, .use = use};
    return weft_datetime_pattern_new(ctx, &view, &place, NULL, true, out);
}

weft_status weft_json_scalars_init(weft_ctx *ctx, const weft_json_options *options, weft_json_scalars *out)
{
    weft_status st = WEFT_OK;
    const char *date = options->date_format, *timestamp = options->timestamp_format;
    const bool is_legacy = weft_datetime_is_legacy(ctx);
    *out = (weft_json_scalars){.options = options, .cast_fallback = options->cast_fallback};
    if (is_legacy) { /* Spark 2 always had formats */
        if (date == NULL) date = WEFT_LEGACY_DATE_FORMAT;
        if (timestamp == NULL) timestamp = WEFT_LEGACY_TIMESTAMP_FORMAT;
        out->cast_fallback = !options->no_fallback;
    }
    WEFT_TRY(st, open_pattern(ctx, options, date, WEFT_DATETIME_IN_RECORD, &out->date));
    WEFT_TRY(st, open_pattern(ctx, options, timestamp, WEFT_DATETIME_IN_RECORD, &out->timestamp));
    WEFT_TRY(st, open_pattern(ctx, options, options->timestamp_ntz_format, WEFT_DATETIME_WITHOUT_ZONE,
                              &out->timestamp_ntz));
    WEFT_TRY(st, open_pattern(ctx, options, options->time_format, WEFT_DATETIME_WITHOUT_ZONE, &out->time));
    WEFT_TRY(st, weft_locale_numbers_open(ctx, options->locale, &out->numbers));
    out->has_zone = options->time_zone != NULL;
    if (out->has_zone)
        st = weft_zone_open_given(ctx, options->time_zone, strlen(options->time_zone), NULL, &out->zone);
done:
    if (st != WEFT_OK) weft_json_scalars_deinit(out);
    return st;
}

void weft_json_scalars_deinit(weft_json_scalars *scalars)
{
    weft_datetime_pattern_free(&scalars->date);
    weft_datetime_pattern_free(&scalars->timestamp);
    weft_datetime_pattern_free(&scalars->timestamp_ntz);
    weft_datetime_pattern_free(&scalars->time);
    weft_zone_close(&scalars->zone);
    *scalars = (weft_json_scalars){0};
}

weft_status weft_json_scalars_accept(weft_ctx *ctx, weft_json_scalars *scalars, weft_type type)
{
    char text[64];
    const bool nanos = weft_type_counts_nanos(type);
    if (nanos) {
        return weft_fail(ctx, WEFT_UNSUPPORTED, "JSON as the type \"%s\" is not supported",
                         weft_type_text(type, text, sizeof text));
    }
    if (type.id != WEFT_TYPE_TIMESTAMP || scalars->has_zone) return WEFT_OK;
    scalars->has_zone = true;
    return weft_zone_open_session(ctx, &scalars->zone);
}

/* ---- moments ---- */

/* Local time to an instant, by the zone named in the text where there is one. */
static weft_status moment_to_utc(weft_ctx *ctx, weft_json_scalars *s, const weft_moment *moment, int64_t *us,
                                 bool *good)
{
    weft_status st = WEFT_OK;
    weft_zone *zone = NULL;
    *good = true;
    if (moment->has_offset) {
        *good = !__builtin_sub_overflow(moment->local_us, moment->offset_us, us);
    } else if (moment->zone == NULL) {
        *us = weft_zone_to_utc(s->zone, moment->local_us);
    } else {
        WEFT_TRY(st, weft_zone_find(ctx, moment->zone, moment->zone_len, &zone, good));
        if (*good) *us = weft_zone_to_utc(zone, moment->local_us);
    }
done:
    weft_zone_close(&zone);
    return st;
}

/* Without the blanks around it. */
static void trim(const char **text, size_t *len)
{
    while (*len > 0 && (unsigned char)**text <= ' ') *text += 1, *len -= 1;
    while (*len > 0 && (unsigned char)(*text)[*len - 1] <= ' ') *len -= 1;
}

weft_status weft_json_moment(weft_ctx *ctx, weft_json_scalars *scalars, const char *text, size_t len,
                             bool ntz, bool strict, int64_t *us, bool *good)
{
    weft_status st = WEFT_OK;
    weft_moment moment;
    weft_datetime_reading read = {0};
    weft_datetime_pattern *pattern = ntz ? scalars->timestamp_ntz : scalars->timestamp;
    *good = false;
    if (pattern != NULL) {
        st = ntz ? weft_datetime_parse_local(ctx, pattern, text, len, &read)
                 : weft_datetime_parse(ctx, pattern, scalars->zone, text, len, &read);
        WEFT_TRY(st, weft_datetime_inferred(ctx, strict, st));
        *us = read.us;
        *good = read.fits && !(ntz && read.zoned);
        if (*good || ntz || strict || !scalars->cast_fallback) goto done;
    }
    trim(&text, &len);
    if (!weft_parse_moment(text, len, &moment)) goto done;
    if (!ntz) {
        st = moment_to_utc(ctx, scalars, &moment, us, good);
    } else {
        *us = moment.local_us;
        *good = !moment.has_offset && moment.zone == NULL;
    }
done:
    return st;
}

/* As Spark 1.5 wrote them: days since 1970. */
static bool read_days(const char *text, size_t len, int32_t *days)
{
    int64_t number = 0;
    if (len > 0 && text[0] == '+') text++, len--;
    const size_t sign = len > 0 && text[0] == '-';
    if (len == sign) return false;
    for (size_t i = sign; i < len; i++)
        if (text[i] < '0' || text[i] > '9') return false;
    if (!weft_json_i64(text, len, &number) || number < INT32_MIN || number > INT32_MAX) return false;
    *days = (int32_t)number;
    return true;
}

weft_status weft_json_date(weft_ctx *ctx, const weft_json_scalars *s, const char *text, size_t len,
                           int32_t *days, bool *good)
{
    weft_status st = WEFT_OK;
    weft_datetime_reading read = {0};
    *good = false;
    if (s->date != NULL) {
        WEFT_TRY(st, weft_datetime_parse_local(ctx, s->date, text, len, &read));
        *days = weft_days_of_us(read.us);
        *good = read.fits;
        if (*good || !s->cast_fallback) goto done;
    }
    trim(&text, &len);
    *good = weft_parse_date(text, len, days) || read_days(text, len, days);
done:
    return st;
}

/* ---- strings ---- */

weft_status weft_json_set_text(weft_ctx *ctx, const weft_json *json, weft_text *room, weft_vector *out,
                               int32_t slot)
{
    weft_status st = WEFT_OK;
    const char *bytes = json->text;
    size_t len = json->len;
    if (!json->plain) WEFT_TRY(st, weft_json_value(ctx, json, WEFT_JSON_LONE_MARK, room, &bytes, &len));
    weft_json_set_valid(out, slot);
    if (bytes == room->bytes && len > WEFT_STR_INLINE)
        WEFT_TRY(st, weft_vector_set_string(ctx, out, slot, bytes, (uint32_t)len));
    else
        ((weft_str *)out->values)[slot] = weft_str_view(bytes, (uint32_t)len);
done:
    return st;
}

/* Any value as a string. */
static weft_json_result set_string(weft_ctx *ctx, bool exact, weft_json *json, weft_text *room,
                                   weft_vector *out, int32_t slot, weft_status *st)
{
    weft_text text = {0};
    bool failed = false;
    const char *from = json->from;
    if (json->token == WEFT_JSON_STRING) {
        *st = weft_json_set_text(ctx, json, room, out, slot);
        return *st == WEFT_OK ? WEFT_JSON_SET : WEFT_JSON_BAD_TEXT;
    }
    if (exact) {
        if (!weft_json_skip(json)) return WEFT_JSON_BAD_TEXT;
        weft_json_set_valid(out, slot);
        ((weft_str *)out->values)[slot] = weft_str_view(from, (uint32_t)(json->at - from));
        return WEFT_JSON_SET;
    }
    *st = weft_json_copy(ctx, json, WEFT_JSON_ESCAPE_PAIRS, room, &text, &failed);
    if (*st == WEFT_OK && !failed) {
        weft_json_set_valid(out, slot);
        *st = weft_vector_set_string(ctx, out, slot, text.bytes, (uint32_t)text.len);
    }
    weft_text_release(&text);
    return *st == WEFT_OK && !failed ? WEFT_JSON_SET : WEFT_JSON_BAD_TEXT;
}

static int32_t base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Strict base64 with its padding, over the bytes themselves; -1 when it is none. */
static int64_t read_base64(const char *text, size_t len, char *to)
{
    size_t used = 0;
    if (len % 4 != 0) return -1;
    for (size_t i = 0; i < len; i += 4) {
        const bool last = i + 4 == len;
        const int32_t pad = !last || text[i + 3] != '=' ? 0 : text[i + 2] == '=' ? 2 : 1;
        uint32_t word = 0;
        for (int32_t k = 0; k < 4; k++) {
            const int32_t digit = k >= 4 - pad ? 0 : base64_digit(text[i + (size_t)k]);
            if (digit < 0) return -1;
            word = word << 6 | (uint32_t)digit;
        }
        for (int32_t k = 0; k < 3 - pad; k++) to[used++] = (char)(word >> (16 - 8 * k));
    }
    return (int64_t)used;
}

static weft_json_result set_binary(weft_ctx *ctx, const char *text, size_t len, weft_vector *out,
                                   int32_t slot, weft_status *st)
{
    char *to = NULL;
    *st = weft_vector_heap(ctx, out, len + 1, &to);
    if (*st != WEFT_OK) return WEFT_JSON_BAD_TEXT;
    const int64_t used = read_base64(text, len, to);
    if (used < 0) return WEFT_JSON_BAD_VALUE;
    weft_json_set_valid(out, slot);
    ((weft_str *)out->values)[slot] = weft_str_view(to, (uint32_t)used);
    return WEFT_JSON_SET;
}

/* ---- numbers ---- */

static weft_json_result set_integer(const weft_json *json, weft_type type, weft_vector *out, int32_t slot)
{
    int64_t value = 0;
    if (json->token != WEFT_JSON_INTEGER || !weft_json_i64(json->text, json->len, &value))
        return WEFT_JSON_BAD_VALUE;
    if (type.id == WEFT_TYPE_TINYINT) { /* Jackson takes bytes with and without a sign */
        if (value < INT8_MIN || value > UINT8_MAX) return WEFT_JSON_BAD_VALUE;
        ((int8_t *)out->values)[slot] = (int8_t)(uint8_t)value;
    } else if (type.id == WEFT_TYPE_SMALLINT) {
        if (value != (int16_t)value) return WEFT_JSON_BAD_VALUE;
        ((int16_t *)out->values)[slot] = (int16_t)value;
    } else if (type.id == WEFT_TYPE_INT) {
        if (value != (int32_t)value) return WEFT_JSON_BAD_VALUE;
        ((int32_t *)out->values)[slot] = (int32_t)value;
    } else {
        ((int64_t *)out->values)[slot] = value;
    }
    weft_json_set_valid(out, slot);
    return WEFT_JSON_SET;
}

static bool is_named_number(const weft_json *json)
{
    static const char *const names[] = {"NaN", "+INF", "+Infinity", "Infinity", "-INF", "-Infinity"};
    for (int32_t i = 0; i < WEFT_COUNT(names); i++) {
        if (json->len == strlen(names[i]) && memcmp(json->text, names[i], json->len) == 0) return true;
    }
    return false;
}

static weft_json_result set_real(const weft_json_scalars *s, const weft_json *json, weft_type type,
                                 weft_vector *out, int32_t slot)
{
    const bool number = json->token >= WEFT_JSON_INTEGER && json->token <= WEFT_JSON_NAN;
    const bool named = json->token == WEFT_JSON_STRING && is_named_number(json) &&
                       (s->options->rules.allow & WEFT_JSON_NON_NUMERIC) != 0;
    if (!number && !named) return WEFT_JSON_BAD_VALUE;
    if (type.id == WEFT_TYPE_FLOAT)
        ((float *)out->values)[slot] = weft_json_f32(json->text, json->len);
    else
        ((double *)out->values)[slot] = weft_json_f64(json->text, json->len);
    weft_json_set_valid(out, slot);
    return WEFT_JSON_SET;
}

bool weft_json_decimal(const weft_locale_numbers *numbers, const char *text, size_t len, weft_type type,
                       weft_i128 *out)
{
    char room[1024];
    bool overflow = false;
    size_t plain = 0;
    return weft_locale_number(numbers, text, len, room, sizeof room, &plain) &&
           weft_parse_decimal(room, plain, type, out, &overflow) && !overflow;
}

static weft_json_result set_decimal(const weft_json_scalars *s, const weft_json *json, const char *text,
                                    size_t len, weft_type type, weft_vector *out, int32_t slot)
{
    weft_i128 value = 0;
    bool overflow = false;
    const bool good = json->token == WEFT_JSON_STRING
                          ? weft_json_decimal(&s->numbers, text, len, type, &value)
                          : weft_parse_decimal(text, len, type, &value, &overflow) && !overflow;
    if (!good) return WEFT_JSON_BAD_VALUE;
    if (out->column.phys == WEFT_PHYS_I64)
        ((int64_t *)out->values)[slot] = (int64_t)value;
    else
        memcpy((char *)out->values + (size_t)slot * 16, &value, 16);
    weft_json_set_valid(out, slot);
    return WEFT_JSON_SET;
}

/* ---- all ---- */

/* Types that are read from a string that is not empty. */
static weft_json_result set_from_text(weft_ctx *ctx, weft_json_scalars *s, const weft_json *json,
                                      const char *text, size_t len, weft_type type, weft_vector *out,
                                      int32_t slot, weft_status *st)
{
    bool good = true;
    if (type.id == WEFT_TYPE_BINARY) return set_binary(ctx, text, len, out, slot, st);
    if (len == 0) return WEFT_JSON_BAD_VALUE;
    if (type.id == WEFT_TYPE_DECIMAL) return set_decimal(s, json, text, len, type, out, slot);
    if (type.id == WEFT_TYPE_DATE) {
        *st = weft_json_date(ctx, s, text, len, (int32_t *)out->values + slot, &good);
    } else if (type.id == WEFT_TYPE_TIME) {
        *st = weft_datetime_parse_time(ctx, s->time, text, len, type, (int64_t *)out->values + slot, &good);
    } else if (type.id == WEFT_TYPE_INTERVAL) {
        weft_calendar_interval interval;
        if (!weft_interval_words(text, len, &interval)) return WEFT_JSON_BAD_VALUE;
        ((weft_i128 *)out->values)[slot] = weft_calendar_interval_bits(interval);
    } else if (weft_type_is_interval(type)) {
        int64_t value = 0;
        if (!weft_interval_parse(type, text, len, &value)) return WEFT_JSON_BAD_VALUE;
        weft_store_i64(out, slot, value);
    } else {
        *st = weft_json_moment(ctx, s, text, len, type.id == WEFT_TYPE_TIMESTAMP_NTZ, false,
                               (int64_t *)out->values + slot, &good);
    }
    if (*st != WEFT_OK) return WEFT_JSON_BAD_TEXT;
    if (!good) return WEFT_JSON_BAD_VALUE;
    weft_json_set_valid(out, slot);
    return WEFT_JSON_SET;
}

static weft_json_result set_number(const weft_json_scalars *s, const weft_json *json, weft_type type,
                                   weft_vector *out, int32_t slot)
{
    int64_t seconds = 0;
    if (type.id == WEFT_TYPE_DECIMAL && json->token != WEFT_JSON_NAN)
        return set_decimal(s, json, json->text, json->len, type, out, slot);
    if (type.id != WEFT_TYPE_TIMESTAMP || json->token != WEFT_JSON_INTEGER ||
        !weft_json_i64(json->text, json->len, &seconds))
        return WEFT_JSON_BAD_VALUE;
    ((int64_t *)out->values)[slot] = (int64_t)((uint64_t)seconds * 1000000u);
    weft_json_set_valid(out, slot);
    return WEFT_JSON_SET;
}

weft_json_result weft_json_set_scalar(weft_ctx *ctx, weft_json_scalars *scalars, weft_json *json,
                                      weft_text *room, weft_type type, weft_vector *out, int32_t slot,
                                      weft_status *st)
{
    const weft_json_token token = json->token;
    const char *text = NULL;
    size_t len = 0;
    if (type.id == WEFT_TYPE_STRING)
        return set_string(ctx, scalars->options->exact_text, json, room, out, slot, st);
    if (token == WEFT_JSON_OBJECT || token == WEFT_JSON_ARRAY) {
        if (type.id == WEFT_TYPE_NULL) weft_vector_set_null(out, slot);
        if (!weft_json_skip(json)) return WEFT_JSON_BAD_TEXT;
        return type.id == WEFT_TYPE_NULL ? WEFT_JSON_SET : WEFT_JSON_BAD_VALUE;
    }
    if (type.id == WEFT_TYPE_NULL) {
        weft_vector_set_null(out, slot);
        return WEFT_JSON_SET;
    }
    if (weft_type_is_integral(type)) return set_integer(json, type, out, slot);
    if (type.id == WEFT_TYPE_FLOAT || type.id == WEFT_TYPE_DOUBLE)
        return set_real(scalars, json, type, out, slot);
    if (type.id == WEFT_TYPE_BOOLEAN) {
        if (token != WEFT_JSON_TRUE && token != WEFT_JSON_FALSE) return WEFT_JSON_BAD_VALUE;
        ((uint8_t *)out->values)[slot] = token == WEFT_JSON_TRUE;
        weft_json_set_valid(out, slot);
        return WEFT_JSON_SET;
    }
    if (token != WEFT_JSON_STRING) return set_number(scalars, json, type, out, slot);
    *st = weft_json_value(ctx, json, WEFT_JSON_LONE_MARK, room, &text, &len);
    if (*st != WEFT_OK) return WEFT_JSON_BAD_TEXT;
    return set_from_text(ctx, scalars, json, text, len, type, out, slot, st);
}
