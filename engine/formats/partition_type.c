/* engine/formats/partition_type.c - the types of partition values: Spark's PartitioningUtils. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/expr/calendar.h"
#include "engine/expr/cast.h"
#include "engine/expr/decimal.h"
#include "engine/expr/interval.h"
#include "engine/formats/partition.h"

/* A whole number: sign and digits. False when it does not fit 64 bits. */
static bool type_whole(const char *text, int64_t *out)
{
    const char *digits = text + (*text == '-' || *text == '+');
    char *end;
    if (*digits < '0' || *digits > '9') return false;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return *end == '\0' && errno == 0;
}

/* A number that Java's BigDecimal reads and that has no digits behind the point: 1e3, 99999999999999999999.
 * digits: as many as its DECIMAL needs. */
static bool type_big(const char *text, int *digits)
{
    const char *at = text + (*text == '-' || *text == '+');
    int count = 0, seen = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        seen++;
        if (*at != '0' || count > 0) count++;
        if (count > WEFT_DECIMAL_PRECISION_MAX) return false;
    }
    if (seen == 0) return false;
    if (*at == 'e' || *at == 'E') {
        int64_t exponent;
        if (!type_whole(at + 1, &exponent) || exponent < 0 || exponent > WEFT_DECIMAL_PRECISION_MAX)
            return false;
        count += (int)exponent;
        at = "";
    }
    *digits = weft_max_i32(count, 1);
    return *at == '\0' && count <= WEFT_DECIMAL_PRECISION_MAX;
}

/* What Java's Double.parseDouble reads: also NaN, Infinity, blanks around, and f or d behind. */
static bool type_double(const char *text, double *out)
{
    char *end;
    while (*text == ' ') text++;
    const char *unsigned_text = text + (*text == '-' || *text == '+');
    const bool word = strncmp(unsigned_text, "NaN", 3) == 0 || strncmp(unsigned_text, "Infinity", 8) == 0;
    const bool hex = unsigned_text[0] == '0' && (unsigned_text[1] == 'x' || unsigned_text[1] == 'X');
    const bool digit = *unsigned_text != '\0' && strchr("0123456789.", *unsigned_text) != NULL;
    if (!word && (hex || !digit)) return false;
    *out = strtod(text, &end);
    if (end == text) return false;
    if (!word && strchr("fFdD", *end) != NULL && *end != '\0') end++;
    while (*end == ' ') end++;
    return *end == '\0';
}

/* Does text have the form, where 0 stands for a digit? *rest is what follows it. */
static bool type_form(const char *text, const char *form, const char **rest)
{
    for (; *form != '\0'; form++, text++) {
        if (*form == '0' ? *text < '0' || *text > '9' : *text != *form) return false;
    }
    *rest = text;
    return true;
}

static bool type_date(const char *text, int32_t *days)
{
    const char *rest;
    return type_form(text, "0000-00-00", &rest) && *rest == '\0' && weft_parse_date(text, strlen(text), days);
}

/* What CAST takes, without a zone; local time. */
static bool type_moment(const char *text, int64_t *local_us)
{
    weft_moment moment;
    if (!weft_parse_moment(text, strlen(text), &moment)) return false;
    *local_us = moment.local_us;
    return !moment.has_offset && moment.zone == NULL;
}

/* yyyy-MM-dd HH:mm:ss[.S]: Spark takes texts of other timestamps for strings. */
static bool is_timestamp(const char *text)
{
    const char *rest;
    int64_t local_us;
    if (!type_form(text, "0000-00-00 00:00:00", &rest)) return false;
    if (*rest == '.' && rest[1] >= '0' && rest[1] <= '9') rest += 2;
    return *rest == '\0' && type_moment(text, &local_us);
}

/* HH:mm:ss, perhaps with a fraction. */
static bool type_time(const char *text, int64_t *ns)
{
    const char *rest;
    int32_t digits = 0;
    return type_form(text, "00:00:00", &rest) && weft_parse_time(text, strlen(text), ns, &digits);
}

weft_type weft_partition_type_of(const char *text, bool times)
{
    int64_t whole;
    int32_t days;
    double number;
    int digits;
    if (type_whole(text, &whole))
        return WEFT_TYPE_OF(whole == (int32_t)whole ? WEFT_TYPE_INT : WEFT_TYPE_BIGINT);
    if (type_big(text, &digits)) return weft_type_decimal(digits, 0);
    if (type_double(text, &number)) return WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    if (is_timestamp(text)) return WEFT_TYPE_OF(WEFT_TYPE_TIMESTAMP);
    if (type_date(text, &days)) return WEFT_TYPE_OF(WEFT_TYPE_DATE);
    if (times && type_time(text, &whole)) return weft_type_time(6);
    return WEFT_TYPE_OF(WEFT_TYPE_STRING);
}

static int type_digits(weft_type type)
{
    if (type.id == WEFT_TYPE_DECIMAL) return type.precision;
    return type.id == WEFT_TYPE_INT ? 10 : 20;
}

weft_type weft_partition_type_common(weft_type a, weft_type b)
{
    const weft_type text = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    if (a.id > b.id) return weft_partition_type_common(b, a);
    if (a.id == WEFT_TYPE_NULL || weft_type_equal(a, b)) return b;
    /* In ascending order: INT, BIGINT, DOUBLE, DECIMAL, STRING, DATE, TIMESTAMP. */
    if (a.id == WEFT_TYPE_INT && (b.id == WEFT_TYPE_BIGINT || b.id == WEFT_TYPE_DOUBLE)) return b;
    if (a.id == WEFT_TYPE_DATE && b.id == WEFT_TYPE_TIMESTAMP) return b;
    if (b.id == WEFT_TYPE_DECIMAL && a.id != WEFT_TYPE_DOUBLE)
        return weft_type_decimal(weft_max_i32(type_digits(a), type_digits(b)), 0);
    return text; /* also BIGINT and DOUBLE, which would lose digits */
}

/* A decimal without digits behind the point, perhaps with an exponent. */
static bool type_decimal_value(const char *text, weft_type type, weft_i128 *out)
{
    const char *e = strpbrk(text, "eE");
    bool overflow = false;
    if (!weft_parse_decimal(text, e == NULL ? strlen(text) : (size_t)(e - text), type, out, &overflow))
        return false;
    if (e != NULL && !overflow) {
        int64_t exponent;
        if (!type_whole(e + 1, &exponent) || exponent < 0 || exponent > WEFT_DECIMAL_PRECISION_MAX)
            return false;
        overflow = __builtin_mul_overflow(*out, weft_i128_pow10((int)exponent), out);
    }
    return !overflow;
}

static bool type_boolean(const char *text, bool *out)
{
    *out = strcasecmp(text, "true") == 0;
    return *out || strcasecmp(text, "false") == 0;
}

static weft_status type_zoned(weft_ctx *ctx, int64_t local_us, int64_t *us)
{
    weft_status st = WEFT_OK;
    weft_zone *zone = NULL;
    WEFT_TRY(st, weft_zone_open_session(ctx, &zone));
    *us = weft_zone_to_utc(zone, local_us);
done:
    weft_zone_close(&zone);
    return st;
}

/* How many bits a whole number of the type has; 0: it is none. */
static int type_bits(weft_type type)
{
    static const uint8_t bits[WEFT_TYPE_COUNT] = {
        [WEFT_TYPE_TINYINT] = 8, [WEFT_TYPE_SMALLINT] = 16, [WEFT_TYPE_INT] = 32, [WEFT_TYPE_BIGINT] = 64};
    return bits[type.id];
}

weft_status weft_partition_value(weft_ctx *ctx, const char *column, const char *text, weft_type type,
                                 weft_value *out)
{
    weft_status st = WEFT_OK;
    char name[256];
    int32_t days = 0;
    bool good = true;
    *out = (weft_value){.type = type, .is_null = text == NULL};
    if (text == NULL) return WEFT_OK;
    const int bits = type_bits(type);
    if (bits > 0) {
        const int64_t limit = INT64_MAX >> (64 - bits);
        good = type_whole(text, &out->i64) && out->i64 <= limit && out->i64 >= -limit - 1;
    } else if (type.id == WEFT_TYPE_FLOAT || type.id == WEFT_TYPE_DOUBLE) {
        good = type_double(text, &out->f64);
        if (type.id == WEFT_TYPE_FLOAT) out->f64 = (float)out->f64;
    } else if (type.id == WEFT_TYPE_DECIMAL) {
        good = type_decimal_value(text, type, &out->i128);
    } else if (type.id == WEFT_TYPE_DATE) {
        good = weft_parse_date(text, strlen(text), &days);
        out->i64 = days;
    } else if (type.id == WEFT_TYPE_TIMESTAMP_NTZ) {
        good = type_moment(text, &out->i64);
    } else if (type.id == WEFT_TYPE_TIMESTAMP) {
        good = type_moment(text, &out->i64);
        if (good) WEFT_TRY(st, type_zoned(ctx, out->i64, &out->i64));
    } else if (type.id == WEFT_TYPE_TIME) {
        good = type_time(text, &out->i64);
        out->i64 = weft_time_cut(type, out->i64);
    } else if (type.id == WEFT_TYPE_BOOLEAN) {
        good = type_boolean(text, &out->boolean);
    } else if (type.id == WEFT_TYPE_STRING || type.id == WEFT_TYPE_BINARY) {
        out->str = weft_str_view(text, (uint32_t)strlen(text));
    } else {
        return weft_fail(ctx, WEFT_UNSUPPORTED, "Partition column `%s` cannot have the type %s.", column,
                         weft_type_text(type, name, sizeof name));
    }
    if (!good) {
        st = weft_fail(
            ctx, WEFT_CAST_INVALID_INPUT,
            "Failed to cast value '%s' to data type \"%s\" for partition column `%s`. Ensure the value "
            "matches the expected data type for this partition column.",
            text, weft_type_text(type, name, sizeof name), column);
    }
done:
    return st;
}
