/* engine/expr/cast_private.h - kernels and pieces that cast.c chooses from. */
#ifndef WEFT_EXPR_CAST_PRIVATE_H
#define WEFT_EXPR_CAST_PRIVATE_H

#include "engine/expr/cast.h"
#include "engine/expr/kernel.h"

/* cast_number.c; integers include BOOLEAN (0, 1) as a source, and DATE, TIMESTAMP where only the width
 * changes */
weft_status cast_same(weft_ctx *ctx, weft_kernel_call *call);     /* the values as they are */
weft_status cast_all_null(weft_ctx *ctx, weft_kernel_call *call); /* from the type NULL */
weft_status cast_integral(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_integral_float(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_float_float(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_float_integral(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_to_boolean(weft_ctx *ctx, weft_kernel_call *call); /* from numbers */
weft_status cast_integral_bytes(weft_ctx *ctx, weft_kernel_call *call);
/* cast_decimal.c */
weft_status cast_integral_decimal(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_decimal_decimal(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_decimal_integral(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_decimal_float(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_float_decimal(weft_ctx *ctx, weft_kernel_call *call);
/* cast_time.c */
weft_status cast_date_timestamp(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_timestamp_date(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_timestamp_timestamp(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_timestamp_number(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_number_timestamp(weft_ctx *ctx, weft_kernel_call *call);
/* cast_interval.c: intervals and times of the day, between their kinds and numbers */
weft_status cast_interval_interval(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_interval_number(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_number_interval(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_time_time(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_time_number(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_timestamp_time(weft_ctx *ctx, weft_kernel_call *call);
/* cast_nanos.c: timestamps of which at least one counts nanoseconds */
weft_status cast_nanos(weft_ctx *ctx, weft_kernel_call *call);
/* cast_text.c */
weft_status cast_to_text(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_nested_to_text(weft_ctx *ctx, weft_kernel_call *call);
/* cast_nested.c: arrays to arrays, maps to maps, structs to structs */
weft_status cast_nested(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_from_text(weft_ctx *ctx, weft_kernel_call *call);

/* cast_variant.c */
weft_status cast_to_variant(weft_ctx *ctx, weft_kernel_call *call);
weft_status cast_from_variant(weft_ctx *ctx, weft_kernel_call *call);

/* Bad input in row i: an error of its kind, or NULL where the mode says so. */
weft_status cast_bad_input(weft_ctx *ctx, weft_kernel_call *call, int32_t i);
weft_status cast_bad_range(weft_ctx *ctx, weft_kernel_call *call, int32_t i);
/* Without ANSI a number that does not fit gives another one: Java's narrowing. Not so where it is tried, or
 * stored by INSERT. */
static inline bool cast_narrows(weft_ctx *ctx, const weft_kernel_call *call)
{
    return !weft_ansi(ctx) && !call->expr->cast.try_ && call->expr->cast.column == NULL;
}

/* Are decimals written without exponents? By ANSI, and by try_cast(). */
static inline bool cast_plain_decimals(weft_ctx *ctx, const weft_kernel_call *call)
{
    return weft_ansi(ctx) || call->expr->cast.try_;
}

enum { CAST_DOUBLE_TEXT_BYTES = 32, CAST_PLAIN_TEXT_BYTES = 112 };
/* Text of a value of a plain type; its length, or -1 for types that have no bound (strings, intervals, nested
 * ones). */
int cast_plain_text(weft_zone *zone, const weft_value *value, char text[CAST_PLAIN_TEXT_BYTES]);
/* Java's Double.toString / Float.toString; returns the length. */
int cast_double_text(double value, bool single, char text[CAST_DOUBLE_TEXT_BYTES]);

#endif
