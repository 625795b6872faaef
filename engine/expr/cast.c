/* engine/expr/cast.c - which casts there are, which may raise, and the kernel of each.
 *
 * Source: Spark 4's "ANSI Compliance" page, tables of explicit and implicit casts. */
#include "engine/expr/cast.h"

#include "engine/expr/cast_private.h"
#include "engine/expr/interval.h"
#include "engine/expr/kernel.h"
#include "engine/expr/raise.h"
#include "engine/expr/variant_cast.h"

static bool cast_is_float(weft_type type)
{
    return type.id == WEFT_TYPE_FLOAT || type.id == WEFT_TYPE_DOUBLE;
}
static bool cast_is_timestamp(weft_type type)
{
    return type.id == WEFT_TYPE_TIMESTAMP || type.id == WEFT_TYPE_TIMESTAMP_NTZ;
}
/* Whole numbers and decimals: what intervals and times are cast to and from. */
static bool cast_is_exact(weft_type type)
{
    return weft_type_is_integral(type) || type.id == WEFT_TYPE_DECIMAL;
}

static weft_kernel cast_from_number(weft_type from, weft_type to)
{
    const bool integral = weft_type_is_integral(from) || from.id == WEFT_TYPE_BOOLEAN;
    if (weft_type_is_integral(to)) {
        return integral ? cast_integral : cast_is_float(from) ? cast_float_integral : cast_decimal_integral;
    }
    if (cast_is_float(to)) {
        return integral ? cast_integral_float : cast_is_float(from) ? cast_float_float : cast_decimal_float;
    }
    if (to.id == WEFT_TYPE_DECIMAL) {
        return integral              ? cast_integral_decimal
               : cast_is_float(from) ? cast_float_decimal
                                     : cast_decimal_decimal;
    }
    if (to.id == WEFT_TYPE_BOOLEAN) return cast_to_boolean;
    if (weft_type_is_interval(to) && cast_is_exact(from)) return cast_number_interval;
    return to.id == WEFT_TYPE_TIMESTAMP ? cast_number_timestamp : NULL;
}

static weft_kernel cast_from_interval(weft_type from, weft_type to)
{
    if (to.id == from.id) return cast_interval_interval;
    return cast_is_exact(to) ? cast_interval_number : NULL;
}

static weft_kernel cast_from_time(weft_type to)
{
    if (to.id == WEFT_TYPE_TIME) return cast_time_time;
    return cast_is_exact(to) ? cast_time_number : NULL;
}

static bool cast_is_shape(weft_type type)
{
    return type.id == WEFT_TYPE_GEOMETRY || type.id == WEFT_TYPE_GEOGRAPHY;
}

/* To shapes of any SRID, and from the globe to the plane of the same one. */
static weft_kernel cast_shape(weft_type from, weft_type to)
{
    const bool same = from.id == to.id && (from.parameter == to.parameter || to.parameter == WEFT_SRID_ANY);
    const bool flat = from.id == WEFT_TYPE_GEOGRAPHY && to.id == WEFT_TYPE_GEOMETRY &&
                      (from.parameter == to.parameter || to.parameter == WEFT_SRID_ANY);
    return same || flat ? cast_same : NULL;
}

/* Two arrays, two maps, or two structs of as many fields, whose children are castable by place. */
static bool cast_same_shape(weft_type from, weft_type to)
{
    if (from.id != to.id || from.child_count != to.child_count) return false;
    for (int32_t i = 0; i < from.child_count; i++) {
        if (!weft_cast_allowed(from.children[i].type, to.children[i].type)) return false;
    }
    return true;
}

bool weft_cast_loose(weft_type from, weft_type to)
{
    if (to.id == WEFT_TYPE_BINARY) return weft_type_is_integral(from);
    if (from.id == WEFT_TYPE_DATE) return weft_type_is_numeric(to) || to.id == WEFT_TYPE_BOOLEAN;
    return (from.id == WEFT_TYPE_TIMESTAMP && to.id == WEFT_TYPE_BOOLEAN) ||
           (from.id == WEFT_TYPE_BOOLEAN && to.id == WEFT_TYPE_TIMESTAMP);
}

static weft_kernel cast_loose_kernel(weft_type from, weft_type to)
{
    if (from.id == WEFT_TYPE_DATE) return cast_all_null;
    if (to.id == WEFT_TYPE_BINARY) return cast_integral_bytes;
    return to.id == WEFT_TYPE_BOOLEAN ? cast_to_boolean : cast_integral;
}

weft_kernel weft_cast_kernel(weft_type from, weft_type to)
{
    if (from.id == WEFT_TYPE_NULL) return cast_all_null;
    if (weft_cast_loose(from, to)) return cast_loose_kernel(from, to);
    if (weft_type_equal(from, to) && from.id == WEFT_TYPE_VARIANT) return cast_same;
    if (cast_is_shape(from) || cast_is_shape(to)) return cast_shape(from, to);
    if (to.id == WEFT_TYPE_INTERVAL && from.id != WEFT_TYPE_STRING)
        return from.id == WEFT_TYPE_INTERVAL ? cast_same : NULL;
    if (to.id == WEFT_TYPE_VARIANT) return weft_variant_makeable(from, false) ? cast_to_variant : NULL;
    if (from.id == WEFT_TYPE_VARIANT) return weft_variant_castable(to) ? cast_from_variant : NULL;
    if (weft_type_is_nested(from) && to.id == WEFT_TYPE_STRING) return cast_nested_to_text;
    if (weft_type_is_nested(from) || weft_type_is_nested(to))
        return cast_same_shape(from, to) ? cast_nested : NULL;
    if (weft_type_equal(from, to)) return cast_same;
    if (from.id == WEFT_TYPE_STRING)
        return to.id == WEFT_TYPE_BINARY || to.id == WEFT_TYPE_STRING ? cast_same : cast_from_text;
    if (to.id == WEFT_TYPE_STRING) return from.id == WEFT_TYPE_BINARY ? cast_same : cast_to_text;
    if (weft_type_is_numeric(from) || from.id == WEFT_TYPE_BOOLEAN) return cast_from_number(from, to);
    if (from.id == WEFT_TYPE_DATE && !weft_type_counts_nanos(to))
        return cast_is_timestamp(to) ? cast_date_timestamp : NULL;
    if (weft_type_is_interval(from)) return cast_from_interval(from, to);
    if (weft_type_counts_nanos(from))
        return cast_is_timestamp(to) || weft_type_counts_nanos(to) || to.id == WEFT_TYPE_DATE ? cast_nanos
                                                                                              : NULL;
    if ((cast_is_timestamp(from) || from.id == WEFT_TYPE_DATE) && weft_type_counts_nanos(to))
        return cast_nanos;
    if (from.id == WEFT_TYPE_TIME) return cast_from_time(to);
    if (!cast_is_timestamp(from)) return NULL;
    if (to.id == WEFT_TYPE_TIME) return cast_timestamp_time;
    if (to.id == WEFT_TYPE_DATE) return cast_timestamp_date;
    if (cast_is_timestamp(to)) return cast_timestamp_timestamp;
    return from.id == WEFT_TYPE_TIMESTAMP && weft_type_is_numeric(to) ? cast_timestamp_number : NULL;
}

bool weft_cast_allowed(weft_type from, weft_type to)
{
    return !weft_cast_loose(from, to) && weft_cast_kernel(from, to) != NULL;
}

/* Digits that the widest value of an integral type has. */
static int32_t cast_digits(weft_type type)
{
    switch (weft_phys_bytes(weft_type_phys(type))) {
    case 1: return type.id == WEFT_TYPE_BOOLEAN ? 1 : 3;
    case 2: return 5;
    case 4: return 10;
    default: return 19;
    }
}

bool weft_cast_implicit(weft_type from, weft_type to)
{
    if (from.id == WEFT_TYPE_NULL || weft_type_equal(from, to)) return true;
    if (weft_type_is_nested(from) || weft_type_is_nested(to)) {
        bool fits = from.id == to.id && from.child_count == to.child_count;
        for (int32_t i = 0; fits && i < from.child_count; i++)
            fits = weft_cast_implicit(from.children[i].type, to.children[i].type);
        return fits;
    }
    if (cast_is_shape(from) || cast_is_shape(to)) return from.id == to.id && cast_shape(from, to) != NULL;
    if (to.id == WEFT_TYPE_VARIANT) return false;
    if (from.id == WEFT_TYPE_VARIANT) return to.id == WEFT_TYPE_STRING;
    if (from.id == WEFT_TYPE_STRING)
        return to.id != WEFT_TYPE_BINARY && to.id != WEFT_TYPE_TIME && to.id != WEFT_TYPE_INTERVAL &&
               !weft_type_is_interval(to) && weft_cast_allowed(from, to);
    if (to.id == WEFT_TYPE_STRING) return weft_cast_allowed(from, to);
    if (from.id == WEFT_TYPE_DATE) return cast_is_timestamp(to);
    if (cast_is_timestamp(from) && to.id == WEFT_TYPE_DATE) return true;
    if (from.id == WEFT_TYPE_TIMESTAMP_NTZ && to.id == WEFT_TYPE_TIMESTAMP) return true;
    if (weft_type_counts_nanos(from))
        return cast_is_timestamp(to) || weft_type_counts_nanos(to) || to.id == WEFT_TYPE_DATE;
    if (from.id == to.id && weft_type_is_interval(from))
        return weft_type_equal(weft_interval_common(from, to), to);
    if (from.id == WEFT_TYPE_TIME && to.id == WEFT_TYPE_TIME)
        return weft_type_time_digits(from) <= weft_type_time_digits(to);
    if (!weft_type_is_numeric(from) || !weft_type_is_numeric(to)) return false;
    if (to.id == WEFT_TYPE_DECIMAL) {
        if (from.id == WEFT_TYPE_DECIMAL) {
            return to.scale >= from.scale && to.precision - to.scale >= from.precision - from.scale;
        }
        return weft_type_is_integral(from) && to.precision - to.scale >= cast_digits(from);
    }
    if (from.id == WEFT_TYPE_DECIMAL) return cast_is_float(to);
    return from.id < to.id; /* TINYINT .. DOUBLE stand in the order of widening */
}

bool weft_cast_fallible(weft_type from, weft_type to)
{
    if (from.id == WEFT_TYPE_NULL || weft_type_equal(from, to)) return false;
    if (from.id == WEFT_TYPE_VARIANT) return to.id != WEFT_TYPE_STRING;
    if (cast_is_shape(from)) return false;
    if (weft_type_is_nested(from)) {
        bool fallible = false;
        for (int32_t i = 0; to.id == from.id && i < from.child_count; i++)
            fallible |= weft_cast_fallible(from.children[i].type, to.children[i].type);
        return fallible;
    }
    if (weft_cast_loose(from, to)) return from.id == WEFT_TYPE_DATE;
    if (to.id == WEFT_TYPE_STRING || to.id == WEFT_TYPE_BINARY || to.id == WEFT_TYPE_BOOLEAN) {
        return from.id == WEFT_TYPE_STRING && to.id == WEFT_TYPE_BOOLEAN;
    }
    if (to.id == WEFT_TYPE_INTERVAL) return false; /* what is none is NULL, whatever the mode */
    if (from.id == WEFT_TYPE_STRING || from.id == WEFT_TYPE_DATE) return true;
    if (to.id == WEFT_TYPE_TIME || weft_type_counts_nanos(from)) return false;
    if (weft_type_counts_nanos(to)) return true;
    if (weft_type_is_interval(to)) return !weft_type_is_interval(from);
    if (weft_type_is_interval(from) || from.id == WEFT_TYPE_TIME) return true;
    if (to.id == WEFT_TYPE_DATE || cast_is_timestamp(to)) return cast_is_float(from);
    const bool integral = weft_type_is_integral(from) || from.id == WEFT_TYPE_BOOLEAN;
    if (cast_is_float(to)) return false;
    if (to.id == WEFT_TYPE_DECIMAL) {
        const int32_t whole = to.precision - to.scale;
        if (integral) return whole < cast_digits(from);
        if (from.id != WEFT_TYPE_DECIMAL) return true;
        return whole < from.precision - from.scale + (to.scale < from.scale);
    }
    if (from.id == WEFT_TYPE_BOOLEAN) return false;
    if (integral) return weft_phys_bytes(weft_type_phys(from)) > weft_phys_bytes(weft_type_phys(to));
    if (from.id == WEFT_TYPE_DECIMAL) return from.precision - from.scale >= cast_digits(to);
    return from.id != WEFT_TYPE_TIMESTAMP || to.id != WEFT_TYPE_BIGINT;
}

static weft_value cast_value(const weft_kernel_call *call, int32_t i)
{
    weft_column column = call->args[0];
    weft_value value = weft_value_of_column(&column, i);
    value.type = call->args[0].type;
    return value;
}

/* An interval with fields is an error without ANSI, too. */
weft_status cast_bad_input(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    const bool always = weft_type_is_interval(call->expr->type) && !weft_raise_tried(call->expr);
    if (always || (weft_raise_wanted(ctx, call->expr) && call->expr->type.id != WEFT_TYPE_INTERVAL)) {
        const weft_value value = cast_value(call, i);
        return weft_raise_cast_input(ctx, call->expr, &value);
    }
    weft_vector_set_null(call->out, i);
    return WEFT_OK;
}

weft_status cast_bad_range(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    if (weft_raise_wanted(ctx, call->expr)) {
        const weft_value value = cast_value(call, i);
        return weft_raise_cast_overflow(ctx, call->expr, &value);
    }
    weft_vector_set_null(call->out, i);
    return WEFT_OK;
}
