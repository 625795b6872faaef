/* engine/formats/csv/value.c - see value.h: single texts.
 *
 * Numbers are read where they stand: up to 18 digits in a 64-bit integer; a double whose digits fit 53 bits
 * and whose power of ten is exact is one multiplication or division; what is left goes to the C library. */
#include "engine/formats/csv/value.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "engine/expr/calendar.h"
#include "engine/expr/cast.h"
#include "engine/expr/decimal.h"
#include "engine/expr/interval.h"

enum { NUMBER_TEXT_MAX = 400, POWER_MAX = 22 };

static weft_status pattern_new(weft_ctx *ctx, const weft_csv_options *options, const char *text,
                               weft_datetime_use use, weft_datetime_pattern **out)
{
    if (text == NULL) return WEFT_OK;
    const weft_str s = weft_str_view(text, (uint32_t)strlen(text));
    const weft_datetime_place place = {.locale = options->locale, .zone = options->zone, .use = use};
    return weft_datetime_pattern_new(ctx, &s, &place, NULL, true, out);
}

weft_status weft_csv_values_init(weft_ctx *ctx, const weft_csv_options *options, weft_csv_values *v)
{
    weft_status st = WEFT_OK;
    *v = (weft_csv_values){.options = options,
                           .null_len = (uint32_t)strlen(options->null_value),
                           .empty_len = (uint32_t)strlen(options->empty_value),
                           .empty_is_null = strcmp(options->null_value, options->empty_value) == 0};
    if (options->zone != NULL)
        WEFT_TRY(st, weft_zone_open_given(ctx, options->zone, strlen(options->zone), NULL, &v->zone));
    else
        WEFT_TRY(st, weft_zone_open_session(ctx, &v->zone));
    WEFT_TRY(st, pattern_new(ctx, options, options->date_format == NULL ? "yyyy-MM-dd" : options->date_format,
                             WEFT_DATETIME_IN_RECORD, &v->date));
    WEFT_TRY(st,
             pattern_new(ctx, options, options->timestamp_format, WEFT_DATETIME_IN_RECORD, &v->timestamp));
    WEFT_TRY(st, pattern_new(ctx, options, options->timestamp_ntz_format, WEFT_DATETIME_WITHOUT_ZONE,
                             &v->timestamp_ntz));
    WEFT_TRY(st, pattern_new(ctx, options, options->time_format, WEFT_DATETIME_WITHOUT_ZONE, &v->time));
    WEFT_TRY(st, weft_locale_numbers_open(ctx, options->locale, &v->numbers));
done:
    return st;
}

void weft_csv_values_deinit(weft_csv_values *v)
{
    weft_zone_close(&v->zone);
    weft_datetime_pattern_free(&v->date);
    weft_datetime_pattern_free(&v->timestamp);
    weft_datetime_pattern_free(&v->timestamp_ntz);
    weft_datetime_pattern_free(&v->time);
    *v = (weft_csv_values){0};
}

bool weft_csv_type_is_known(weft_type type)
{
    return weft_type_is_numeric(type) || type.id == WEFT_TYPE_BOOLEAN || type.id == WEFT_TYPE_STRING ||
           type.id == WEFT_TYPE_BINARY || type.id == WEFT_TYPE_DATE || type.id == WEFT_TYPE_TIMESTAMP ||
           type.id == WEFT_TYPE_TIMESTAMP_NTZ || type.id == WEFT_TYPE_TIME;
}

bool weft_csv_integer(const char *text, uint32_t len, int64_t low, int64_t high, int64_t *out)
{
    enum { DIGITS_MAX = 18 };
    uint32_t at = len > 0 && (text[0] == '-' || text[0] == '+');
    const bool minus = at > 0 && text[0] == '-';
    uint64_t value = 0;
    if (at == len) return false;
    while (len - at > DIGITS_MAX && text[at] == '0') at++;
    if (len - at > DIGITS_MAX + 1) return false;
    for (; at < len; at++) {
        const unsigned digit = (unsigned)(unsigned char)text[at] - '0';
        if (digit > 9) return false;
        value = value * 10 + digit; /* 19 digits fit 64 bits without sign */
    }
    if (value > (uint64_t)INT64_MAX + minus) return false;
    *out = minus ? (int64_t)(0 - value) : (int64_t)value;
    return *out >= low && *out <= high;
}

/* The digits, the point and the power of a number: [+-] 12.5 e-3. False: another form. */
typedef struct number_parts {
    bool minus, exact; /* exact: digits holds all digits */
    uint64_t digits;
    int32_t power;
    uint32_t end;
} number_parts;

static bool number_read(const char *text, uint32_t len, number_parts *n)
{
    enum { DIGITS_MAX = 19 };
    uint32_t at = len > 0 && (text[0] == '-' || text[0] == '+');
    int32_t count = 0, significant = 0;
    bool point = false;
    *n = (number_parts){.minus = at > 0 && text[0] == '-', .exact = true};
    for (; at < len; at++) {
        const unsigned digit = (unsigned)(unsigned char)text[at] - '0';
        if (digit <= 9) {
            count++;
            significant += significant > 0 || digit > 0;
            if (significant > DIGITS_MAX) {
                n->exact = false;
                n->power += !point;
            } else {
                n->digits = n->digits * 10 + digit;
                n->power -= point;
            }
        } else if (text[at] == '.' && !point) {
            point = true;
        } else {
            break;
        }
    }
    if (count == 0) return false;
    if (at < len && (text[at] == 'e' || text[at] == 'E')) {
        int32_t power = 0;
        uint32_t k = at + 1;
        const bool minus = k < len && text[k] == '-';
        k += k < len && (text[k] == '-' || text[k] == '+');
        const uint32_t first = k;
        for (; k < len; k++) {
            const unsigned digit = (unsigned)(unsigned char)text[k] - '0';
            if (digit > 9) break;
            if (power < 100000) power = power * 10 + (int32_t)digit;
        }
        if (k == first) return false;
        n->power += minus ? -power : power;
        at = k;
    }
    n->end = at;
    return true;
}

static bool is_text(const char *text, uint32_t len, const char *want)
{
    return strlen(want) == len && memcmp(text, want, len) == 0;
}

static bool double_word(const weft_csv_options *o, const char *text, uint32_t len, double *out)
{
    if (is_text(text, len, o->nan_value) || is_text(text, len, "NaN") || is_text(text, len, "+NaN") ||
        is_text(text, len, "-NaN"))
        *out = (double)NAN;
    else if (is_text(text, len, o->negative_inf) || is_text(text, len, "-Infinity"))
        *out = -(double)INFINITY;
    else if (is_text(text, len, o->positive_inf) || is_text(text, len, "Infinity") ||
             is_text(text, len, "+Infinity"))
        *out = (double)INFINITY;
    else
        return false;
    return true;
}

bool weft_csv_double(weft_ctx *ctx, const weft_csv_values *v, const char *text, uint32_t len, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    number_parts n;
    char copy[NUMBER_TEXT_MAX];
    (void)ctx;
    if (len > 0 && (unsigned char)text[len - 1] > '9' && double_word(v->options, text, len, out)) return true;
    while (len > 0 && (unsigned char)text[0] <= ' ') { /* Java leaves white space out */
        text++;
        len--;
    }
    while (len > 0 && (unsigned char)text[len - 1] <= ' ') len--;
    if (len == 0 || len >= sizeof copy) return false;
    if (!number_read(text, len, &n)) return double_word(v->options, text, len, out);
    if (n.end < len) { /* Java's suffixes */
        const char suffix = text[n.end];
        if (n.end + 1 != len || strchr("dDfF", suffix) == NULL)
            return double_word(v->options, text, len, out);
    }
    if (n.exact && n.digits < (uint64_t)1 << 53 && n.power >= -POWER_MAX && n.power <= POWER_MAX) {
        const double digits = (double)n.digits;
        const double value = n.power < 0 ? digits / powers[-n.power] : digits * powers[n.power];
        *out = n.minus ? -value : value;
        return true;
    }
    memcpy(copy, text, n.end);
    copy[n.end] = '\0';
    *out = strtod(copy, NULL);
    return true;
}

bool weft_csv_boolean(const char *text, uint32_t len, bool *out)
{
    *out = len == 4 && strncasecmp(text, "true", 4) == 0;
    return *out || (len == 5 && strncasecmp(text, "false", 5) == 0);
}

static inline bool two_digits(const char *text, int32_t *out)
{
    const unsigned a = (unsigned)(unsigned char)text[0] - '0', b = (unsigned)(unsigned char)text[1] - '0';
    *out = (int32_t)(a * 10 + b);
    return a <= 9 && b <= 9;
}

/* yyyy-MM-dd and nothing else. */
static inline bool plain_date(const char *text, uint32_t len, int32_t *days)
{
    int32_t century, year, month, day;
    if (len != 10 || text[4] != '-' || text[7] != '-' || !two_digits(text, &century) ||
        !two_digits(text + 2, &year) || !two_digits(text + 5, &month) || !two_digits(text + 8, &day))
        return false;
    year += century * 100;
    if (!weft_civil_valid(year, month, day)) return false;
    *days = weft_days_of_civil(year, month, day);
    return true;
}

static bool cast_date(const char *text, uint32_t len, int32_t *days)
{
    while (len > 0 && (unsigned char)text[len - 1] <= ' ') len--;
    while (len > 0 && (unsigned char)text[0] <= ' ') {
        text++;
        len--;
    }
    return weft_parse_date(text, len, days);
}

weft_status weft_csv_date(weft_ctx *ctx, weft_csv_values *v, const char *text, uint32_t len, bool strict,
                          int32_t *days, bool *good)
{
    weft_status st = WEFT_OK;
    const weft_csv_options *o = v->options;
    weft_datetime_reading read;
    if (o->date_format == NULL) {
        *good = plain_date(text, len, days);
        if (*good) return WEFT_OK;
        if (!(strict ? o->prefer_date : o->no_fallback)) {
            *good = cast_date(text, len, days);
            return WEFT_OK;
        }
    }
    st = weft_datetime_parse_local(ctx, v->date, text, len, &read);
    WEFT_TRY(st, weft_datetime_inferred(ctx, strict, st));
    *good = read.fits || (!strict && o->cast_fallback && cast_date(text, len, days));
    if (read.fits) *days = weft_days_of_us(read.us);
done:
    return st;
}

/* What CAST takes. */
static weft_status cast_timestamp(weft_ctx *ctx, const weft_csv_values *v, const char *text, uint32_t len,
                                  bool zoned, int64_t *us, bool *good)
{
    weft_status st = WEFT_OK;
    weft_zone *zone = NULL;
    weft_moment m;
    *good = weft_parse_moment(text, len, &m);
    if (!*good) return WEFT_OK;
    *us = m.has_offset ? m.local_us - m.offset_us : m.local_us;
    if (!zoned) {
        *good = !m.has_offset && m.zone == NULL;
    } else if (m.zone != NULL) {
        WEFT_TRY(st, weft_zone_find(ctx, m.zone, m.zone_len, &zone, good));
        if (*good) *us = weft_zone_to_utc(zone, m.local_us);
    } else if (!m.has_offset) {
        *us = weft_zone_to_utc(v->zone, m.local_us);
    }
done:
    weft_zone_close(&zone);
    return st;
}

weft_status weft_csv_timestamp(weft_ctx *ctx, weft_csv_values *v, const char *text, uint32_t len, bool zoned,
                               bool strict, int64_t *us, bool *good)
{
    weft_status st = WEFT_OK;
    weft_datetime_reading read = {0};
    weft_datetime_pattern *pattern = zoned ? v->timestamp : v->timestamp_ntz;
    if (pattern == NULL) return cast_timestamp(ctx, v, text, len, zoned, us, good);
    st = zoned ? weft_datetime_parse(ctx, pattern, v->zone, text, len, &read)
               : weft_datetime_parse_local(ctx, pattern, text, len, &read);
    WEFT_TRY(st, weft_datetime_inferred(ctx, strict, st));
    *us = read.us;
    *good = read.fits && (zoned || !read.zoned);
    if (!*good && zoned && !strict && v->options->cast_fallback)
        st = cast_timestamp(ctx, v, text, len, zoned, us, good);
done:
    return st;
}

/* ---- columns ---- */

/* Up to 18 digits with the point where it may be; true when it is one of these. */
static inline bool short_decimal(const char *text, uint32_t len, weft_type type, int64_t *out)
{
    enum { DIGITS_MAX = 18 };
    uint32_t at = len > 0 && (text[0] == '-' || text[0] == '+');
    const uint32_t first = at;
    int64_t value = 0;
    int32_t behind = -1;
    if (len - at > DIGITS_MAX || at == len) return false;
    for (; at < len; at++) {
        const unsigned digit = (unsigned)(unsigned char)text[at] - '0';
        if (digit <= 9) {
            value = value * 10 + digit;
            behind += behind >= 0;
        } else if (text[at] == '.' && behind < 0) {
            behind = 0;
        } else {
            return false;
        }
    }
    if (behind < 0) behind = 0;
    if (len - first == 1 && text[first] == '.') return false;
    if (behind > type.scale || type.scale - behind > 18 - (int32_t)(len - first)) return false;
    value *= weft_pow10_i64(type.scale - behind);
    if (type.precision < 18 && value >= weft_pow10_i64(type.precision)) return false;
    *out = text[0] == '-' ? -value : value;
    return true;
}

static bool long_decimal(const weft_csv_values *v, const char *text, uint32_t len, weft_type type,
                         weft_i128 *out)
{
    char plain[NUMBER_TEXT_MAX];
    size_t n = 0;
    bool overflow = false;
    return weft_locale_number(&v->numbers, text, len, plain, sizeof plain, &n) &&
           weft_parse_decimal(plain, n, type, out, &overflow) && !overflow;
}

/* The loops: LOOP binds i, text and len for each value that is not NULL; what stands behind it sets ok. */
#define LOOP(v, data, fields, selection, rows, vector)                                                       \
    for (int32_t k = 0; k < (rows); k++)                                                                     \
        if (i = (selection) != NULL ? (selection)[k] : k, !weft_csv_text(v, data, (fields)[i], &text, &len)) \
            weft_vector_set_null(vector, i);                                                                 \
        else

typedef struct column_call {
    weft_ctx *ctx;
    weft_csv_values *v;
    const uint8_t *data;
    const weft_csv_field *fields;
    const uint16_t *selection;
    int32_t rows;
    weft_vector *vector;
    uint8_t *bad;
} column_call;

static inline void set_bad(const column_call *c, int32_t i)
{
    weft_vector_set_null(c->vector, i);
    c->bad[i] = 1;
}

static void convert_integers(const column_call *c, int64_t low, int64_t high)
{
    const char *text = NULL;
    uint32_t len = 0;
    int32_t i = 0;
    const uint8_t phys = c->vector->column.phys;
    LOOP(c->v, c->data, c->fields, c->selection, c->rows, c->vector)
    {
        int64_t value = 0;
        if (!weft_csv_integer(text, len, low, high, &value))
            set_bad(c, i);
        else if (phys == WEFT_PHYS_I32)
            ((int32_t *)c->vector->values)[i] = (int32_t)value;
        else if (phys == WEFT_PHYS_I64)
            ((int64_t *)c->vector->values)[i] = value;
        else if (phys == WEFT_PHYS_I16)
            ((int16_t *)c->vector->values)[i] = (int16_t)value;
        else
            ((int8_t *)c->vector->values)[i] = (int8_t)value;
    }
}

static void convert_decimals(const column_call *c)
{
    const char *text = NULL;
    uint32_t len = 0;
    int32_t i = 0;
    const weft_type type = c->vector->column.type;
    const bool narrow = c->vector->column.phys == WEFT_PHYS_I64;
    LOOP(c->v, c->data, c->fields, c->selection, c->rows, c->vector)
    {
        int64_t value = 0;
        weft_i128 wide = 0;
        if (c->v->numbers.is_us && short_decimal(text, len, type, &value))
            wide = value;
        else if (!long_decimal(c->v, text, len, type, &wide)) {
            set_bad(c, i);
            continue;
        }
        if (narrow)
            ((int64_t *)c->vector->values)[i] = (int64_t)wide;
        else
            ((weft_i128 *)c->vector->values)[i] = wide;
    }
}

static void convert_reals(const column_call *c)
{
    const char *text = NULL;
    uint32_t len = 0;
    int32_t i = 0;
    const bool single = c->vector->column.phys == WEFT_PHYS_F32;
    LOOP(c->v, c->data, c->fields, c->selection, c->rows, c->vector)
    {
        double value = 0;
        if (!weft_csv_double(c->ctx, c->v, text, len, &value))
            set_bad(c, i);
        else if (!single)
            ((double *)c->vector->values)[i] = value;
        else if (len < NUMBER_TEXT_MAX && isfinite(value)) {
            char copy[NUMBER_TEXT_MAX]; /* not by way of a double, which would round twice */
            memcpy(copy, text, len);
            copy[len] = '\0';
            ((float *)c->vector->values)[i] = strtof(copy, NULL);
        } else {
            ((float *)c->vector->values)[i] = (float)value;
        }
    }
}

static weft_status convert_dates(const column_call *c)
{
    weft_status st = WEFT_OK;
    bool good;
    const char *text = NULL;
    uint32_t len = 0;
    int32_t i = 0;
    LOOP(c->v, c->data, c->fields, c->selection, c->rows, c->vector)
    {
        int32_t *const days = &((int32_t *)c->vector->values)[i];
        WEFT_TRY(st, weft_csv_date(c->ctx, c->v, text, len, false, days, &good));
        if (!good) set_bad(c, i);
    }
done:
    return st;
}

static weft_status convert_timestamps(const column_call *c)
{
    weft_status st = WEFT_OK;
    bool good;
    const char *text = NULL;
    uint32_t len = 0;
    int32_t i = 0;
    const bool zoned = c->vector->column.type.id == WEFT_TYPE_TIMESTAMP;
    LOOP(c->v, c->data, c->fields, c->selection, c->rows, c->vector)
    {
        int64_t *const us = &((int64_t *)c->vector->values)[i];
        WEFT_TRY(st, weft_csv_timestamp(c->ctx, c->v, text, len, zoned, false, us, &good));
        if (!good) set_bad(c, i);
    }
done:
    return st;
}

static weft_status convert_times(const column_call *c)
{
    weft_status st = WEFT_OK;
    const char *text = NULL;
    uint32_t len = 0;
    int32_t i = 0;
    bool good;
    const weft_type type = c->vector->column.type;
    LOOP(c->v, c->data, c->fields, c->selection, c->rows, c->vector)
    {
        int64_t *const ns = &((int64_t *)c->vector->values)[i];
        WEFT_TRY(st, weft_datetime_parse_time(c->ctx, c->v->time, text, len, type, ns, &good));
        if (!good) set_bad(c, i);
    }
done:
    return st;
}

static void convert_booleans(const column_call *c)
{
    const char *text = NULL;
    uint32_t len = 0;
    int32_t i = 0;
    LOOP(c->v, c->data, c->fields, c->selection, c->rows, c->vector)
    {
        bool value = false;
        if (weft_csv_boolean(text, len, &value))
            ((uint8_t *)c->vector->values)[i] = value;
        else
            set_bad(c, i);
    }
}

static void convert_strings(const column_call *c)
{
    const char *text = NULL;
    uint32_t len = 0;
    int32_t i = 0;
    LOOP(c->v, c->data, c->fields, c->selection, c->rows, c->vector)
    {
        ((weft_str *)c->vector->values)[i] = weft_str_view(text, len);
    }
}

weft_status weft_csv_convert(weft_ctx *ctx, weft_csv_values *values, const uint8_t *data,
                             const weft_csv_field *fields, const uint16_t *selection, int32_t rows,
                             weft_vector *vector, uint8_t *bad)
{
    const column_call c = {.ctx = ctx,
                           .v = values,
                           .data = data,
                           .fields = fields,
                           .selection = selection,
                           .rows = rows,
                           .vector = vector,
                           .bad = bad};
    switch ((weft_type_id)vector->column.type.id) {
    case WEFT_TYPE_TINYINT: convert_integers(&c, INT8_MIN, INT8_MAX); break;
    case WEFT_TYPE_SMALLINT: convert_integers(&c, INT16_MIN, INT16_MAX); break;
    case WEFT_TYPE_INT: convert_integers(&c, INT32_MIN, INT32_MAX); break;
    case WEFT_TYPE_BIGINT: convert_integers(&c, INT64_MIN, INT64_MAX); break;
    case WEFT_TYPE_DECIMAL: convert_decimals(&c); break;
    case WEFT_TYPE_FLOAT:
    case WEFT_TYPE_DOUBLE: convert_reals(&c); break;
    case WEFT_TYPE_DATE: return convert_dates(&c);
    case WEFT_TYPE_TIMESTAMP:
    case WEFT_TYPE_TIMESTAMP_NTZ: return convert_timestamps(&c);
    case WEFT_TYPE_TIME: return convert_times(&c);
    case WEFT_TYPE_BOOLEAN: convert_booleans(&c); break;
    case WEFT_TYPE_STRING:
    case WEFT_TYPE_BINARY: convert_strings(&c); break;
    case WEFT_TYPE_NULL:
    case WEFT_TYPE_TIMESTAMP_NS:
    case WEFT_TYPE_TIMESTAMP_NTZ_NS:
    case WEFT_TYPE_INTERVAL_YM:
    case WEFT_TYPE_INTERVAL_DT:
    case WEFT_TYPE_INTERVAL:
    case WEFT_TYPE_ARRAY:
    case WEFT_TYPE_STRUCT:
    case WEFT_TYPE_MAP:
    case WEFT_TYPE_VARIANT:
    case WEFT_TYPE_GEOMETRY:
    case WEFT_TYPE_GEOGRAPHY:
    case WEFT_TYPE_COUNT:
        return weft_fail(ctx, WEFT_UNSUPPORTED_DATATYPE, "a column of CSV cannot have this type");
    }
    return WEFT_OK;
}
