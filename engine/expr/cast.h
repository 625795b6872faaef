/* engine/expr/cast.h - conversions between types: Spark 4's rules, ANSI's and those without. */
#ifndef WEFT_EXPR_CAST_H
#define WEFT_EXPR_CAST_H

#include "engine/expr/function.h"
#include "engine/expr/zone.h"

/* May `from` be cast to `to` explicitly (CAST), and implicitly (function arguments, store assignment)? */
bool weft_cast_allowed(weft_type from, weft_type to);
/* Casts that there are only where ANSI is off: dates as numbers (which are NULL), whole numbers as bytes,
 * truth values as timestamps and back. */
bool weft_cast_loose(weft_type from, weft_type to);
bool weft_cast_implicit(weft_type from, weft_type to);
/* TRY_CAST: as weft_expr_cast, but NULL for bad input, and only casts that ANSI has. */
WEFT_MUST_CHECK weft_status weft_expr_try_cast(weft_ctx *ctx, const weft_expr *arg, weft_type type,
                                               const weft_expr **out);
bool weft_cast_fallible(weft_type from, weft_type to);
/* The kernel; NULL when not allowed. In ANSI mode bad input raises, else gives NULL; try_ always gives NULL.
 */
weft_kernel weft_cast_kernel(weft_type from, weft_type to);
/* The least common type in Spark's sense (decimals widened); false when there is none. The session says
 * whether by the rules of ANSI, or by those that make texts of what stands beside a text. */
bool weft_type_common(const weft_ctx *ctx, weft_type a, weft_type b, weft_type *out);
/* The type in which two values are compared: without ANSI a text is read as what stands beside it, and beside
 * a decimal with a fraction as a double. */
bool weft_type_compared(const weft_ctx *ctx, weft_type a, weft_type b, weft_type *out);
/* The same of nested types too, whose new children come from ctx->arena: element by element, a struct's
 * fields by place with equal names. *found is false where there is none. */
WEFT_MUST_CHECK weft_status weft_type_common_in(weft_ctx *ctx, weft_type a, weft_type b, weft_type *out,
                                                bool *found);
/* Text of one value as CAST(x AS STRING) gives it, for results and messages; into ctx->arena. The first opens
 * the session's zone for each timestamp, the second takes the one at hand (weft_zone_open_session). */
WEFT_MUST_CHECK weft_status weft_value_cast_text(weft_ctx *ctx, const weft_value *value, char **out);
WEFT_MUST_CHECK weft_status weft_value_zoned_text(weft_ctx *ctx, weft_zone *zone, const weft_value *value,
                                                  char **out);
/* Parse date ("1998-12-01"), timestamp and decimal text. False when malformed. */
bool weft_parse_date(const char *text, size_t len, int32_t *days);
bool weft_parse_decimal(const char *text, size_t len, weft_type type, weft_i128 *out, bool *overflow);

#endif
