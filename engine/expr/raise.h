/* engine/expr/raise.h - the errors that expressions raise, in Spark's words. Each returns its status. */
#ifndef WEFT_EXPR_RAISE_H
#define WEFT_EXPR_RAISE_H

#include "engine/expr/expr.h"

weft_status weft_raise_divide_by_zero(weft_ctx *ctx, const weft_expr *e);
weft_status weft_raise_remainder_by_zero(weft_ctx *ctx, const weft_expr *e);
/* Of two TINYINT or SMALLINT values, which Spark names. */
weft_status weft_raise_binary_overflow(weft_ctx *ctx, const weft_expr *e, int64_t a, int64_t b,
                                       const char *alternative);
/* what: "integer overflow", "long overflow"; alternative: "try_add" or NULL. */
weft_status weft_raise_overflow(weft_ctx *ctx, const weft_expr *e, const char *what, const char *alternative);
/* An interval beyond its range; the least one negated; by zero; made of parts, with no function that gives
 * NULL instead. */
weft_status weft_raise_interval_overflow(weft_ctx *ctx, const weft_expr *e);
weft_status weft_raise_interval_sign(weft_ctx *ctx, const weft_expr *e);
weft_status weft_raise_interval_by_zero(weft_ctx *ctx, const weft_expr *e);
weft_status weft_raise_interval_parts(weft_ctx *ctx, const weft_expr *e);
/* A string (or other value, by its text) that is malformed for the target type of the CAST e. */
weft_status weft_raise_cast_input(weft_ctx *ctx, const weft_expr *e, const weft_value *value);
weft_status weft_raise_cast_overflow(weft_ctx *ctx, const weft_expr *e, const weft_value *value);
/* An unscaled value at `scale` that does not fit type. */
weft_status weft_raise_decimal_range(weft_ctx *ctx, const weft_expr *e, weft_i128 value, int scale,
                                     weft_type type);
/* The same where the value has more digits than 128 bits. */
weft_status weft_raise_decimal_huge(weft_ctx *ctx, const weft_expr *e, weft_type type);
/* Of a change of sign, which is an error without ANSI, too, and has no function that gives NULL. */
weft_status weft_raise_decimal_sign(weft_ctx *ctx, const weft_expr *e, weft_i128 value, weft_type type);
weft_status weft_raise_datetime_overflow(weft_ctx *ctx, const weft_expr *e, const char *what, int64_t amount);
/* Of instr(): which match is wanted, and it is none. */
weft_status weft_raise_occurrence(weft_ctx *ctx, const weft_expr *e, int64_t occurrence);

/* Is it try_cast or a function such as try_add, whose bad input gives NULL whatever the mode? */
bool weft_raise_tried(const weft_expr *e);
/* Is bad input of this node an error (ANSI and not tried), or NULL? */
bool weft_raise_wanted(const weft_ctx *ctx, const weft_expr *e);

#endif
