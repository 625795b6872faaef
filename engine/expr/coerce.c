/* engine/expr/coerce.c - the least common type, and the types of decimal results.
 *
 * Source: Spark 4's "ANSI Compliance" page (type precedence, strings against other types), what Spark answers
 * where ANSI is off, and its rules for decimal operations, which are those of MS SQL Server. */
#include "engine/expr/coerce.h"

#include <strings.h>

#include "engine/expr/expr.h"
#include "engine/expr/interval.h"
#include "engine/expr/kernel.h"

enum { DECIMAL_SCALE_KEPT = 6 }; /* digits after the point that are never given up for digits before it */

weft_type weft_decimal_bounded(int32_t precision, int32_t scale)
{
    return weft_type_decimal(weft_min_i32(precision, WEFT_DECIMAL_PRECISION_MAX),
                             weft_min_i32(scale, WEFT_DECIMAL_PRECISION_MAX));
}

weft_type weft_decimal_for_integral(weft_type integral)
{
    if (integral.id == WEFT_TYPE_TINYINT) return weft_type_decimal(3, 0);
    if (integral.id == WEFT_TYPE_SMALLINT) return weft_type_decimal(5, 0);
    return weft_type_decimal(integral.id == WEFT_TYPE_INT ? 10 : 20, 0);
}

weft_type weft_decimal_for_literal(int64_t value)
{
    int digits = 1;
    for (uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value; rest >= 10; rest /= 10) digits++;
    return weft_type_decimal(digits, 0);
}

/* Too many digits: keep those before the point, and after it at least DECIMAL_SCALE_KEPT or as many as there
 * were. */
static weft_type decimal_adjust(int32_t precision, int32_t scale, bool *lossy)
{
    if (lossy != NULL) *lossy = precision > WEFT_DECIMAL_PRECISION_MAX;
    if (precision <= WEFT_DECIMAL_PRECISION_MAX) return weft_type_decimal(precision, scale);
    const int32_t whole = precision - scale;
    const int32_t least = weft_min_i32(scale, DECIMAL_SCALE_KEPT);
    return weft_type_decimal(WEFT_DECIMAL_PRECISION_MAX,
                             weft_max_i32(WEFT_DECIMAL_PRECISION_MAX - whole, least));
}

weft_type weft_decimal_arithmetic_type(char op, weft_type a, weft_type b, bool *lossy)
{
    const int32_t p1 = a.precision, s1 = a.scale, p2 = b.precision, s2 = b.scale;
    const int32_t scale = weft_max_i32(s1, s2);
    int32_t whole, quotient_scale;

    switch (op) {
    case '+':
    case '-': return decimal_adjust(weft_max_i32(p1 - s1, p2 - s2) + scale + 1, scale, lossy);
    case '*': return decimal_adjust(p1 + p2 + 1, s1 + s2, lossy);
    case '%': return decimal_adjust(weft_min_i32(p1 - s1, p2 - s2) + scale, scale, lossy);
    case '/':
        whole = p1 - s1 + s2;
        quotient_scale = weft_max_i32(DECIMAL_SCALE_KEPT, s1 + p2 + 1);
        return decimal_adjust(whole + quotient_scale, quotient_scale, lossy);
    default:
        assert(op == 'd');
        whole = weft_max_i32(p1 - s1 + s2, 1);
        if (lossy != NULL) *lossy = whole > WEFT_DECIMAL_PRECISION_MAX;
        return weft_decimal_bounded(whole, 0);
    }
}

weft_type weft_decimal_whole_type(char op, weft_type a, weft_type b)
{
    const int32_t p1 = a.precision, s1 = a.scale, p2 = b.precision, s2 = b.scale;
    const int32_t scale = weft_max_i32(s1, s2);
    int32_t whole, fraction;

    switch (op) {
    case '+':
    case '-': return weft_decimal_bounded(weft_max_i32(p1 - s1, p2 - s2) + scale + 1, scale);
    case '*': return weft_decimal_bounded(p1 + p2 + 1, s1 + s2);
    case '%': return weft_decimal_bounded(weft_min_i32(p1 - s1, p2 - s2) + scale, scale);
    case '/': /* what is too much is taken from both sides of the point */
        whole = weft_min_i32(WEFT_DECIMAL_PRECISION_MAX, p1 - s1 + s2);
        fraction = weft_min_i32(WEFT_DECIMAL_PRECISION_MAX, weft_max_i32(DECIMAL_SCALE_KEPT, s1 + p2 + 1));
        if (whole + fraction > WEFT_DECIMAL_PRECISION_MAX) {
            fraction -= (whole + fraction - WEFT_DECIMAL_PRECISION_MAX) / 2 + 1;
            whole = WEFT_DECIMAL_PRECISION_MAX - fraction;
        }
        return weft_decimal_bounded(whole + fraction, fraction);
    default: assert(op == 'd'); return weft_decimal_bounded(weft_max_i32(p1 - s1 + s2, 1), 0);
    }
}

bool weft_timestamp_is_local(const weft_ctx *ctx)
{
    return strcasecmp(weft_setting_text(ctx, WEFT_SET_TIMESTAMP_TYPE), "TIMESTAMP_NTZ") == 0;
}

/* ---- the least common type ---- */

static bool is_floating(weft_type t) { return t.id == WEFT_TYPE_FLOAT || t.id == WEFT_TYPE_DOUBLE; }
static bool is_datetime(weft_type t)
{
    return t.id == WEFT_TYPE_DATE || t.id == WEFT_TYPE_TIMESTAMP || t.id == WEFT_TYPE_TIMESTAMP_NTZ ||
           weft_type_counts_nanos(t);
}

/* DATE gives way; with a zone wins over without, nanoseconds over microseconds. */
static weft_type common_datetime(weft_type a, weft_type b)
{
    const bool zoned = a.id == WEFT_TYPE_TIMESTAMP || b.id == WEFT_TYPE_TIMESTAMP ||
                       a.id == WEFT_TYPE_TIMESTAMP_NS || b.id == WEFT_TYPE_TIMESTAMP_NS;
    if (!weft_type_counts_nanos(a) && !weft_type_counts_nanos(b))
        return WEFT_TYPE_OF(zoned ? WEFT_TYPE_TIMESTAMP : WEFT_TYPE_TIMESTAMP_NTZ);
    weft_type common = WEFT_TYPE_OF(zoned ? WEFT_TYPE_TIMESTAMP_NS : WEFT_TYPE_TIMESTAMP_NTZ_NS);
    common.scale = weft_type_counts_nanos(a) && weft_type_counts_nanos(b) && b.scale > a.scale ? a.scale
                   : weft_type_counts_nanos(b)                                                 ? b.scale
                                                                                               : a.scale;
    return common;
}

/* Both numeric, different. */
static weft_type common_numeric(weft_type a, weft_type b, bool ansi)
{
    if (a.id != WEFT_TYPE_DECIMAL && b.id != WEFT_TYPE_DECIMAL) {
        /* INT and FLOAT too, for ANSI loses no digits of it */
        if (ansi && (is_floating(a) || is_floating(b))) return WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
        return a.id > b.id ? a : b; /* the ids stand in the order of what the types hold */
    }
    if (is_floating(a) || is_floating(b)) return WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
    if (a.id != WEFT_TYPE_DECIMAL) a = weft_decimal_for_integral(a);
    if (b.id != WEFT_TYPE_DECIMAL) b = weft_decimal_for_integral(b);
    /* Digits before the point win over those after it when not all fit. */
    const int32_t whole = weft_max_i32(a.precision - a.scale, b.precision - b.scale);
    const int32_t scale = weft_max_i32(a.scale, b.scale);
    return weft_type_decimal(weft_min_i32(whole + scale, WEFT_DECIMAL_PRECISION_MAX),
                             weft_min_i32(scale, WEFT_DECIMAL_PRECISION_MAX - whole));
}

/* A string against another atomic type takes the other's: it is parsed, and bad text is an error; as a
 * VARIANT it is itself. Without
 * ANSI the other becomes a string, but for truth values and bytes. */
static bool common_with_string(weft_type text, weft_type other, bool ansi, weft_type *out)
{
    if (!ansi) {
        *out = text;
        return weft_type_is_numeric(other) || is_datetime(other) || weft_type_is_interval(other) ||
               other.id == WEFT_TYPE_TIME || other.id == WEFT_TYPE_VARIANT;
    }
    if (weft_type_is_integral(other)) {
        *out = WEFT_TYPE_OF(WEFT_TYPE_BIGINT);
        return true;
    }
    if (weft_type_is_numeric(other)) {
        *out = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE);
        return true;
    }
    if (is_datetime(other) || other.id == WEFT_TYPE_TIME || other.id == WEFT_TYPE_BOOLEAN ||
        other.id == WEFT_TYPE_BINARY || other.id == WEFT_TYPE_VARIANT) {
        *out = other;
        return true;
    }
    return false; /* which interval a string means, nobody can tell */
}

bool weft_type_common(const weft_ctx *ctx, weft_type a, weft_type b, weft_type *out)
{
    const bool ansi = weft_ansi(ctx);
    *out = a;
    if (weft_type_equal(a, b) || b.id == WEFT_TYPE_NULL) return true;
    if (a.id == WEFT_TYPE_NULL) {
        *out = b;
        return true;
    }
    if (weft_type_is_numeric(a) && weft_type_is_numeric(b)) {
        *out = common_numeric(a, b, ansi);
        return true;
    }
    if (is_datetime(a) && is_datetime(b)) {
        *out = common_datetime(a, b);
        return true;
    }
    if (a.id == b.id && weft_type_is_interval(a)) {
        *out = weft_interval_common(a, b);
        return true;
    }
    if (a.id == b.id && (a.id == WEFT_TYPE_GEOMETRY || a.id == WEFT_TYPE_GEOGRAPHY)) {
        out->parameter = WEFT_SRID_ANY;
        return true;
    }
    if (a.id == WEFT_TYPE_TIME && b.id == WEFT_TYPE_TIME) {
        *out = weft_type_time_digits(a) > weft_type_time_digits(b) ? a : b;
        return true;
    }
    if (a.id == WEFT_TYPE_STRING) return common_with_string(a, b, ansi, out);
    if (b.id == WEFT_TYPE_STRING) return common_with_string(b, a, ansi, out);
    return false;
}

bool weft_type_compared(const weft_ctx *ctx, weft_type a, weft_type b, weft_type *out)
{
    const bool first = a.id == WEFT_TYPE_STRING, second = b.id == WEFT_TYPE_STRING;
    const weft_type other = first ? b : a;
    if (weft_ansi(ctx) || first == second || other.id == WEFT_TYPE_NULL || weft_type_is_nested(other))
        return weft_type_common(ctx, a, b, out);
    const bool fraction = other.id == WEFT_TYPE_DECIMAL && other.scale > 0;
    *out = fraction ? WEFT_TYPE_OF(WEFT_TYPE_DOUBLE) : other;
    return weft_type_is_numeric(other) || is_datetime(other) || other.id == WEFT_TYPE_TIME ||
           other.id == WEFT_TYPE_BOOLEAN || other.id == WEFT_TYPE_BINARY || other.id == WEFT_TYPE_VARIANT;
}

bool weft_type_texts_agree(weft_type a, weft_type b)
{
    if (a.id != b.id || a.child_count != b.child_count)
        return (a.id == WEFT_TYPE_STRING) == (b.id == WEFT_TYPE_STRING) || a.id == WEFT_TYPE_NULL ||
               b.id == WEFT_TYPE_NULL;
    for (int32_t i = 0; i < a.child_count; i++)
        if (!weft_type_texts_agree(a.children[i].type, b.children[i].type)) return false;
    return true;
}

bool weft_type_same_shape(weft_type a, weft_type b)
{
    if (a.id != b.id || a.child_count != b.child_count) return false;
    if (a.child_count == 0) return weft_type_equal(a, b);
    for (int32_t i = 0; i < a.child_count; i++) {
        if (!weft_type_same_shape(a.children[i].type, b.children[i].type)) return false;
    }
    return true;
}

static bool number_up_casts(weft_type from, weft_type to)
{
    if (to.id == WEFT_TYPE_DECIMAL) {
        if (weft_type_is_integral(from)) from = weft_decimal_for_integral(from);
        return from.id == WEFT_TYPE_DECIMAL && to.scale >= from.scale &&
               to.precision - to.scale >= from.precision - from.scale;
    }
    if (from.id == WEFT_TYPE_DECIMAL) {
        if (!weft_type_is_integral(to)) return true;
        return from.scale == 0 && from.precision <= weft_decimal_for_integral(to).precision - 1;
    }
    return from.id < to.id; /* TINYINT … DOUBLE */
}

/* Could a cast give NULL for a value? Keys of maps that would need such a cast have no common type. */
static bool cast_may_lose(weft_type from, weft_type to)
{
    if (weft_type_equal(from, to)) return false;
    if (from.id == WEFT_TYPE_STRING) return to.id != WEFT_TYPE_STRING && to.id != WEFT_TYPE_BINARY;
    return weft_type_is_numeric(from) && to.id == WEFT_TYPE_DECIMAL && !number_up_casts(from, to);
}

weft_status weft_type_common_in(weft_ctx *ctx, weft_type a, weft_type b, weft_type *out, bool *found)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    *found = weft_type_common(ctx, a, b, out);
    if (*found || a.id != b.id || !weft_type_is_nested(a) || a.child_count != b.child_count) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(a.child_count, 1), &fields));
    *found = true;
    for (int32_t i = 0; i < a.child_count && *found; i++) {
        const weft_field *x = &a.children[i], *y = &b.children[i];
        fields[i] = (weft_field){.name = x->name, .nullable = x->nullable || y->nullable};
        if (a.id == WEFT_TYPE_STRUCT && strcasecmp(x->name, y->name) != 0)
            *found = false;
        else
            WEFT_TRY(st, weft_type_common_in(ctx, x->type, y->type, &fields[i].type, found));
        if (*found && a.id == WEFT_TYPE_MAP && i == 0)
            *found = !cast_may_lose(x->type, fields[i].type) && !cast_may_lose(y->type, fields[i].type);
    }
    if (*found) *out = (weft_type){.id = a.id, .child_count = a.child_count, .children = fields};
done:
    return st;
}

/* ---- up-casts ---- */

static bool is_moment(weft_type type)
{
    return type.id == WEFT_TYPE_TIMESTAMP || type.id == WEFT_TYPE_TIMESTAMP_NTZ;
}

bool weft_type_up_casts(weft_type from, weft_type to)
{
    if (weft_type_equal(from, to) || from.id == WEFT_TYPE_NULL) return true;
    if (weft_type_is_nested(from) || weft_type_is_nested(to)) {
        if (from.id != to.id || from.child_count != to.child_count) return false;
        for (int32_t i = 0; i < from.child_count; i++)
            if (!weft_type_up_casts(from.children[i].type, to.children[i].type)) return false;
        return true;
    }
    if (weft_type_is_numeric(from) && weft_type_is_numeric(to)) return number_up_casts(from, to);
    if (to.id == WEFT_TYPE_STRING) return from.id != WEFT_TYPE_VARIANT;
    if (weft_type_is_interval(from)) return from.id == to.id;
    return is_moment(to) && (is_moment(from) || from.id == WEFT_TYPE_DATE);
}
