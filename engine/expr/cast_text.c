/* engine/expr/cast_text.c - casts from and to STRING, and the text of single values. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "common/mem.h"
#include "engine/columnar/nested.h"
#include "engine/expr/calendar.h"
#include "engine/expr/calendar_interval.h"
#include "engine/expr/cast_private.h"
#include "engine/expr/decimal.h"
#include "engine/expr/fn_decimal.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/interval.h"
#include "engine/expr/kernel.h"
#include "engine/expr/nested_text.h"
#include "engine/expr/raise.h"
#include "engine/expr/real_digits.h"
#include "engine/expr/variant_json.h"

int cast_double_text(double value, bool single, char text[CAST_DOUBLE_TEXT_BYTES])
{
    char digits[WEFT_REAL_DIGITS_MAX];
    int exponent = 0, len = 0;
    if (value != value) return snprintf(text, CAST_DOUBLE_TEXT_BYTES, "NaN");
    if (isinf(value)) return snprintf(text, CAST_DOUBLE_TEXT_BYTES, value < 0 ? "-Infinity" : "Infinity");
    if (value == 0) return snprintf(text, CAST_DOUBLE_TEXT_BYTES, signbit(value) ? "-0.0" : "0.0");
    const int count = weft_real_digits(fabs(value), single, digits, &exponent);
    if (value < 0) text[len++] = '-';
    if (exponent >= -3 && exponent < 7) { /* Java writes [10^-3, 10^7) plainly */
        int at = 0;
        if (exponent < 0) {
            text[len++] = '0';
        } else {
            for (; at <= exponent; at++) text[len++] = at < count ? digits[at] : '0';
        }
        text[len++] = '.';
        for (int zeros = -1 - exponent; zeros > 0; zeros--) text[len++] = '0';
        if (at >= count) text[len++] = '0';
        for (; at < count; at++) text[len++] = digits[at];
        text[len] = 0;
        return len;
    }
    text[len++] = digits[0];
    text[len++] = '.';
    if (count == 1) text[len++] = '0';
    for (int at = 1; at < count; at++) text[len++] = digits[at];
    return len + snprintf(text + len, (size_t)(CAST_DOUBLE_TEXT_BYTES - len), "E%d", exponent);
}

static int cast_nanos_text(weft_zone *zone, int64_t ns, char text[CAST_PLAIN_TEXT_BYTES])
{
    const int64_t us = ns / 1000 - (ns % 1000 < 0);
    const int64_t local = weft_zone_to_local(zone, us), rest = ns - us * 1000;
    int len = weft_timestamp_text(
        rest == 0 ? local : local - local % 1000000 - (local % 1000000 < 0) * 1000000, text);
    if (rest == 0) return len;
    const int64_t fraction = (local % 1000000 + (local % 1000000 < 0) * 1000000) * 1000 + rest;
    len += snprintf(text + len, (size_t)(CAST_PLAIN_TEXT_BYTES - len), ".%09lld", (long long)fraction);
    while (text[len - 1] == '0') text[--len] = '\0';
    return len;
}

int cast_plain_text(weft_zone *zone, const weft_value *value, char text[CAST_PLAIN_TEXT_BYTES])
{
    switch ((weft_type_id)value->type.id) {
    case WEFT_TYPE_BOOLEAN: return snprintf(text, CAST_PLAIN_TEXT_BYTES, value->boolean ? "true" : "false");
    case WEFT_TYPE_TINYINT:
    case WEFT_TYPE_SMALLINT:
    case WEFT_TYPE_INT:
    case WEFT_TYPE_BIGINT: return snprintf(text, CAST_PLAIN_TEXT_BYTES, "%lld", (long long)value->i64);
    case WEFT_TYPE_FLOAT: return cast_double_text(value->f64, true, text);
    case WEFT_TYPE_DOUBLE: return cast_double_text(value->f64, false, text);
    case WEFT_TYPE_DECIMAL: return weft_decimal_text(value->i128, value->type.scale, text);
    case WEFT_TYPE_DATE: return weft_date_text((int32_t)value->i64, text);
    case WEFT_TYPE_TIMESTAMP: return weft_timestamp_text(weft_zone_to_local(zone, value->i64), text);
    case WEFT_TYPE_TIMESTAMP_NTZ: return weft_timestamp_text(value->i64, text);
    case WEFT_TYPE_TIMESTAMP_NS: return cast_nanos_text(zone, value->i64, text);
    case WEFT_TYPE_TIMESTAMP_NTZ_NS: return cast_nanos_text(NULL, value->i64, text);
    case WEFT_TYPE_TIME: return weft_time_text(value->i64, text);
    case WEFT_TYPE_INTERVAL_YM:
    case WEFT_TYPE_INTERVAL_DT: return weft_interval_text(value->type, value->i64, text);
    case WEFT_TYPE_INTERVAL: return weft_calendar_interval_text(weft_calendar_interval_of(value->i128), text);
    case WEFT_TYPE_NULL: return snprintf(text, CAST_PLAIN_TEXT_BYTES, "NULL");
    case WEFT_TYPE_STRING:
    case WEFT_TYPE_BINARY:
    case WEFT_TYPE_ARRAY:
    case WEFT_TYPE_STRUCT:
    case WEFT_TYPE_MAP:
    case WEFT_TYPE_VARIANT:
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
    case WEFT_TYPE_COUNT: break;
    }
    return -1;
}

weft_status weft_value_cast_text(weft_ctx *ctx, const weft_value *value, char **out)
{
    weft_status st = WEFT_OK;
    weft_zone *zone = NULL;
    if (weft_type_has_timestamp(value->type)) WEFT_TRY(st, weft_zone_open_session(ctx, &zone));
    WEFT_TRY(st, weft_value_zoned_text(ctx, zone, value, out));
done:
    weft_zone_close(&zone);
    return st;
}

static weft_status cast_packed_text(weft_ctx *ctx, weft_zone *zone, const weft_value *value, char **out)
{
    weft_status st = WEFT_OK;
    weft_column column;
    weft_text text = {0};
    WEFT_TRY(st, weft_nested_constant(ctx, value->type, &value->str, &column));
    WEFT_TRY(st, weft_nested_text(ctx, zone, &column, 0, &text));
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, text.bytes, text.len, out));
done:
    weft_text_release(&text);
    return st;
}

static weft_status cast_variant_text(weft_ctx *ctx, weft_zone *zone, const weft_value *value, char **out)
{
    weft_status st = WEFT_OK;
    const weft_variant variant = weft_variant_of(&value->str);
    weft_text text = {0};
    WEFT_TRY(st, weft_variant_json(ctx, zone, &variant, &text));
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, text.bytes, text.len, out));
done:
    weft_text_release(&text);
    return st;
}

weft_status weft_value_zoned_text(weft_ctx *ctx, weft_zone *zone, const weft_value *value, char **out)
{
    char text[CAST_PLAIN_TEXT_BYTES];
    if (value->is_null) return weft_arena_copy(ctx, ctx->arena, "NULL", 4, out);
    if (value->type.id == WEFT_TYPE_STRING || value->type.id == WEFT_TYPE_BINARY) {
        return weft_arena_copy(ctx, ctx->arena, weft_str_data(&value->str), value->str.len, out);
    }
    if (weft_type_is_nested(value->type)) return cast_packed_text(ctx, zone, value, out);
    if (value->type.id == WEFT_TYPE_VARIANT) return cast_variant_text(ctx, zone, value, out);
    const int len = cast_plain_text(zone, value, text);
    if (len < 0) return weft_value_text(ctx, value, out);
    return weft_arena_copy(ctx, ctx->arena, text, (size_t)len, out);
}

weft_status cast_nested_to_text(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    weft_text text = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        text.len = 0;
        WEFT_TRY(
            st, weft_nested_cast(ctx, call->state, cast_plain_decimals(ctx, call), &call->args[0], i, &text));
        WEFT_TRY(st, weft_vector_set_string(ctx, call->out, i, text.bytes, (uint32_t)text.len));
    }
done:
    weft_text_release(&text);
    return st;
}

weft_status cast_to_text(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_column *a = &call->args[0];
    char text[CAST_PLAIN_TEXT_BYTES];
    const bool exponents = a->type.id == WEFT_TYPE_DECIMAL && !cast_plain_decimals(ctx, call);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        weft_value value = weft_value_of_column(a, i);
        value.type = a->type;
        int len = exponents ? weft_decimal_exponent_text(value.i128, a->type.scale, text)
                            : cast_plain_text(call->state, &value, text);
        char *longer = text;
        if (len < 0) {
            WEFT_TRY(st, weft_value_text(ctx, &value, &longer));
            len = (int)strlen(longer);
        }
        WEFT_TRY(st, weft_vector_set_string(ctx, call->out, i, longer, (uint32_t)len));
    }
done:
    return st;
}

/* Text without the blanks and control characters around it. */
typedef struct cast_text {
    const char *at, *end;
} cast_text;

static cast_text cast_trim(const weft_str *s)
{
    cast_text t = {weft_str_data(s), weft_str_data(s) + s->len};
    while (t.at < t.end && (unsigned char)*t.at <= ' ') t.at++;
    while (t.at < t.end && (unsigned char)t.end[-1] <= ' ') t.end--;
    return t;
}

/* [+-]digits; with `fraction` also a cut .digits (Spark without ANSI). */
static bool cast_parse_integer(cast_text t, bool fraction, int64_t *out)
{
    bool negative = false, bad = false;
    int64_t value = 0;
    if (t.at < t.end && (*t.at == '-' || *t.at == '+')) negative = *t.at++ == '-';
    if (t.at == t.end) return false;
    const char *begin = t.at;
    for (; t.at < t.end && isdigit((unsigned char)*t.at); t.at++) {
        bad |= __builtin_mul_overflow(value, 10, &value);
        bad |= __builtin_sub_overflow(value, *t.at - '0', &value); /* negative has one more */
    }
    const bool some = t.at > begin;
    if (fraction && t.at < t.end && *t.at == '.') {
        t.at++;
        while (t.at < t.end && isdigit((unsigned char)*t.at)) t.at++;
    } else if (!some) {
        return false;
    }
    if (!negative) bad |= __builtin_sub_overflow((int64_t)0, value, &value);
    *out = value;
    return !bad && t.at == t.end;
}

static bool cast_word(cast_text t, const char *word)
{
    const size_t len = strlen(word);
    return (size_t)(t.end - t.at) == len && strncasecmp(t.at, word, len) == 0;
}

static bool cast_parse_boolean(cast_text t, bool *out)
{
    static const char *const words[2][5] = {{"f", "false", "n", "no", "0"}, {"t", "true", "y", "yes", "1"}};
    for (int value = 0; value < 2; value++) {
        for (int k = 0; k < 5; k++) {
            if (!cast_word(t, words[value][k])) continue;
            *out = value == 1;
            return true;
        }
    }
    return false;
}

/* The rest of a number from c on: an exponent, if c is at its letter, and Java's suffix d or f. The text ends
 * before the suffix then. */
static bool cast_real_tail(cast_text *t, const char *c, bool exponent)
{
    if (exponent) {
        c++;
        if (c < t->end && (*c == '-' || *c == '+')) c++;
        const char *begin = c;
        while (c < t->end && isdigit((unsigned char)*c)) c++;
        if (c == begin) return false;
    }
    const char *stop = c;
    if (c < t->end && strchr("dDfF", *c) != NULL) c++;
    const bool whole = c == t->end;
    t->end = stop;
    return whole;
}

/* Does the text have the form of a decimal number, with an exponent or not, and Java's suffix d or f? */
static bool cast_number_form(cast_text *t)
{
    const char *c = t->at;
    int digits = 0;
    if (c < t->end && (*c == '-' || *c == '+')) c++;
    for (; c < t->end && isdigit((unsigned char)*c); c++) digits++;
    if (c < t->end && *c == '.') c++;
    for (; c < t->end && isdigit((unsigned char)*c); c++) digits++;
    if (digits == 0) return false;
    const bool exponent = c < t->end && (*c == 'e' || *c == 'E');
    return cast_real_tail(t, c, exponent);
}

/* The same of a hexadecimal number, which has to have a binary exponent: 0x1.8p3. */
static bool cast_hex_form(cast_text *t)
{
    const char *c = t->at;
    int digits = 0;
    if (c < t->end && (*c == '-' || *c == '+')) c++;
    if (t->end - c < 2 || c[0] != '0' || (c[1] != 'x' && c[1] != 'X')) return false;
    for (c += 2; c < t->end && isxdigit((unsigned char)*c); c++) digits++;
    if (c < t->end && *c == '.') c++;
    for (; c < t->end && isxdigit((unsigned char)*c); c++) digits++;
    if (digits == 0 || c == t->end || (*c != 'p' && *c != 'P')) return false;
    return cast_real_tail(t, c, true);
}

static bool cast_parse_double(weft_ctx *ctx, cast_text t, double *out, weft_status *st)
{
    char plain[64], *copy = plain;
    cast_text word = t;
    const bool negative = t.at < t.end && *t.at == '-';
    if (t.at < t.end && (*t.at == '-' || *t.at == '+')) word.at++;
    if (cast_word(word, "nan") && (word.at == t.at || memcmp(word.at, "NaN", 3) == 0)) {
        *out = NAN;
        return true;
    }
    if (cast_word(word, "inf") || cast_word(word, "infinity")) {
        *out = negative ? -INFINITY : INFINITY;
        return true;
    }
    if (!cast_hex_form(&t) && !cast_number_form(&t)) return false;
    const size_t len = (size_t)(t.end - t.at);
    if (len >= sizeof plain) {
        *st = weft_arena_copy(ctx, ctx->arena, t.at, len, &copy);
        if (*st != WEFT_OK) return false;
    } else {
        memcpy(plain, t.at, len);
        plain[len] = 0;
    }
    *out = strtod(copy, NULL);
    return true;
}

bool weft_parse_decimal(const char *text, size_t len, weft_type type, weft_i128 *out, bool *overflow)
{
    const weft_str view = weft_str_view(text, (uint32_t)len);
    cast_text t = cast_trim(&view);
    cast_text form = t;
    weft_i128 value = 0;
    int64_t exponent = 0, digits = 0, scale = 0;
    bool negative = false;
    *out = 0;
    *overflow = false;
    if (!cast_number_form(&form) || form.end != t.end) return false;
    const char *stop = t.at;
    while (stop < t.end && *stop != 'e' && *stop != 'E') stop++;
    if (stop < t.end) {
        const int64_t far = 1LL << 40; /* beyond any count of digits */
        const cast_text power = {stop + 1, t.end};
        if (!cast_parse_integer(power, false, &exponent)) exponent = stop[1] == '-' ? -far : far;
        exponent = weft_max_i64(weft_min_i64(exponent, far), -far);
    }
    if (*t.at == '-' || *t.at == '+') negative = *t.at++ == '-';
    bool point = false;
    for (const char *c = t.at; c < stop;
         c++) { /* digits from the first that is not 0 on, and those after the point */
        if (*c != '.') digits += digits > 0 || *c != '0';
        if (*c != '.') scale += point;
        point |= *c == '.';
    }
    scale -= exponent;
    /* As many digits stay as the target's scale has room for; the next one rounds. */
    const int64_t keep = digits - (scale - type.scale);
    if (digits == 0 || keep < 0) return true;
    *overflow = keep > WEFT_DECIMAL_PRECISION_MAX;
    if (*overflow) return true;
    int64_t at = 0;
    for (const char *c = t.at; c < stop && at <= keep; c++) {
        if (*c == '.' || (at == 0 && *c == '0')) continue;
        if (at < keep)
            value = value * 10 + (*c - '0');
        else
            value += *c >= '5';
        at++;
    }
    if (at < keep) value *= weft_i128_pow10((int)(keep - at));
    *overflow = !weft_decimal_fits(value, type.precision);
    *out = negative ? -value : value;
    return true;
}

static bool cast_is_zoned(weft_type type)
{
    return type.id == WEFT_TYPE_TIMESTAMP || type.id == WEFT_TYPE_TIMESTAMP_NS;
}

/* A name at the end counts before the session's zone. The local time of a TIMESTAMP_NTZ stays as it is.
 * *rest_ns: nanoseconds behind *out. */
static bool cast_parse_moment(weft_ctx *ctx, const weft_kernel_call *call, cast_text t, int64_t *out,
                              int32_t *rest_ns, weft_status *st)
{
    weft_moment moment;
    weft_zone *zone = NULL;
    char name[64];
    if (!weft_parse_moment(t.at, (size_t)(t.end - t.at), &moment)) return false;
    *out = moment.local_us;
    *rest_ns = moment.rest_ns;
    if (moment.zone != NULL) {
        if (moment.zone_len >= sizeof name) return false;
        memcpy(name, moment.zone, moment.zone_len);
        name[moment.zone_len] = '\0';
        const weft_status opened = weft_zone_open(ctx, name, &zone);
        if (opened == WEFT_CONFIG) {
            weft_error_clear(ctx);
            return false;
        }
        *st = opened;
    }
    if (cast_is_zoned(call->expr->type) && *st == WEFT_OK) {
        if (moment.has_offset) {
            if (__builtin_sub_overflow(moment.local_us, moment.offset_us, out)) return false;
        } else {
            *out = weft_zone_to_utc(moment.zone != NULL ? zone : call->state, moment.local_us);
        }
    }
    weft_zone_close(&zone);
    return true;
}

/* One value of a plain target type. Returns false when it is malformed. */
static bool cast_parse(weft_ctx *ctx, weft_kernel_call *call, const weft_str *s, int32_t i, weft_status *st)
{
    const weft_type type = call->expr->type;
    const cast_text t = cast_trim(s);
    void *values = call->out->values;
    const bool fraction = !weft_ansi(ctx) && !call->expr->cast.try_;
    weft_calendar_interval interval;
    int64_t number;
    int32_t digits;
    double real;
    bool flag;
    switch ((weft_type_id)type.id) {
    case WEFT_TYPE_BOOLEAN:
        if (!cast_parse_boolean(t, &flag)) return false;
        ((uint8_t *)values)[i] = flag;
        return true;
    case WEFT_TYPE_TINYINT:
        if (!cast_parse_integer(t, fraction, &number) || number != (int8_t)number) return false;
        ((int8_t *)values)[i] = (int8_t)number;
        return true;
    case WEFT_TYPE_SMALLINT:
        if (!cast_parse_integer(t, fraction, &number) || number != (int16_t)number) return false;
        ((int16_t *)values)[i] = (int16_t)number;
        return true;
    case WEFT_TYPE_INT:
        if (!cast_parse_integer(t, fraction, &number) || number != (int32_t)number) return false;
        ((int32_t *)values)[i] = (int32_t)number;
        return true;
    case WEFT_TYPE_BIGINT:
        if (!cast_parse_integer(t, fraction, &number)) return false;
        ((int64_t *)values)[i] = number;
        return true;
    case WEFT_TYPE_FLOAT:
        if (!cast_parse_double(ctx, t, &real, st)) return false;
        ((float *)values)[i] = (float)real;
        return true;
    case WEFT_TYPE_DOUBLE:
        if (!cast_parse_double(ctx, t, &real, st)) return false;
        ((double *)values)[i] = real;
        return true;
    case WEFT_TYPE_DATE: return weft_parse_date(t.at, (size_t)(t.end - t.at), (int32_t *)values + i);
    case WEFT_TYPE_TIMESTAMP:
    case WEFT_TYPE_TIMESTAMP_NTZ: return cast_parse_moment(ctx, call, t, (int64_t *)values + i, &digits, st);
    case WEFT_TYPE_TIMESTAMP_NS:
    case WEFT_TYPE_TIMESTAMP_NTZ_NS:
        if (!cast_parse_moment(ctx, call, t, &number, &digits, st)) return false;
        return weft_nanos_of_us(type, number, digits, (int64_t *)values + i);
    case WEFT_TYPE_TIME:
        if (!weft_parse_time(t.at, (size_t)(t.end - t.at), &number, &digits)) return false;
        ((int64_t *)values)[i] = weft_time_cut(type, number);
        return true;
    case WEFT_TYPE_INTERVAL_YM:
    case WEFT_TYPE_INTERVAL_DT:
        if (!weft_interval_parse(type, t.at, (size_t)(t.end - t.at), &number)) return false;
        weft_store_i64(call->out, i, number);
        return true;
    case WEFT_TYPE_INTERVAL:
        if (!weft_interval_words(t.at, (size_t)(t.end - t.at), &interval)) return false;
        ((weft_i128 *)values)[i] = weft_calendar_interval_bits(interval);
        return true;
    case WEFT_TYPE_NULL:
    case WEFT_TYPE_DECIMAL:
    case WEFT_TYPE_STRING:
    case WEFT_TYPE_BINARY:
    case WEFT_TYPE_ARRAY:
    case WEFT_TYPE_STRUCT:
    case WEFT_TYPE_MAP:
    case WEFT_TYPE_VARIANT:
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
    case WEFT_TYPE_COUNT: break;
    }
    return false;
}

static weft_status cast_text_decimal(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_str *strings = call->args[0].data;
    weft_decimal_out out;
    weft_decimal_out_begin(ctx, call, &out);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        weft_i128 value;
        bool overflow;
        if (!weft_call_valid(call, i)) continue;
        if (weft_parse_decimal(weft_str_data(&strings[i]), strings[i].len, call->expr->type, &value,
                               &overflow)) {
            WEFT_TRY(st, weft_decimal_out_put(ctx, &out, i, value, !overflow));
        } else {
            WEFT_TRY(st, cast_bad_input(ctx, call, i));
        }
    }
    weft_decimal_out_end(&out);
done:
    return st;
}

weft_status cast_from_text(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_str *strings = call->args[0].data;
    if (call->expr->type.id == WEFT_TYPE_DECIMAL) return cast_text_decimal(ctx, call);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const bool good = cast_parse(ctx, call, &strings[i], i, &st);
        WEFT_TRY(st, st);
        if (!good) WEFT_TRY(st, cast_bad_input(ctx, call, i));
    }
done:
    return st;
}
