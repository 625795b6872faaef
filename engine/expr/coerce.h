/* engine/expr/coerce.h - implicit conversions: which types meet, and how calls are bound to signatures.
 *
 * The rules are those of Spark 4, with ANSI or without: its "ANSI Compliance" page for the precedence of
 * types, its decimal arithmetic page (MS SQL Server's rules) for precision and scale, loss of scale allowed.
 * The bind functions have the form of weft_function.bind: they replace args in place by casts marked
 * implicit. */
#ifndef WEFT_EXPR_COERCE_H
#define WEFT_EXPR_COERCE_H

#include "engine/expr/cast.h"

/* + - * / % div pmod of two arguments, negative and positive of one: numbers, decimals, dates, intervals. The
 * variant is the signature whose argument types equal the coerced ones: (INT, INT), (DECIMAL, DECIMAL),
 * (DATE, INTERVAL_YM) …
 *  - decimals of different precision and scale are left as they are: the kernel rescales to the node's type;
 *  - a whole-day INTERVAL_DT literal added to a DATE binds (DATE, INTERVAL_DT); other day-time intervals cast
 * the date to TIMESTAMP;
 *  - a date or timestamp is always the first argument of + (the arguments are swapped). */
WEFT_MUST_CHECK weft_status weft_bind_arithmetic(weft_ctx *ctx, const weft_function *fn,
                                                 const weft_expr **args, int32_t count, const weft_span *span,
                                                 int32_t *variant, weft_type *type);
/* = <> < <= > >= <=> : both arguments get one type; decimals one precision and scale. */
WEFT_MUST_CHECK weft_status weft_bind_compare(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                              int32_t count, const weft_span *span, int32_t *variant,
                                              weft_type *type);
/* All arguments get their least common type; that is the result type when the signature says DECIMAL or
 * "any". */
WEFT_MUST_CHECK weft_status weft_bind_same(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                           int32_t count, const weft_span *span, int32_t *variant,
                                           weft_type *type);
/* Does TIMESTAMP stand for TIMESTAMP_NTZ (weft.sql.timestampType)? */
bool weft_timestamp_is_local(const weft_ctx *ctx);
/* Does an argument become the type where a function asks for it? Numbers do, whatever their types: the cast
 * is checked as one that is written. */
bool weft_argument_fits(weft_type from, weft_type to);
/* The bind of functions that have none: the first signature that fits exactly, else the first to which all
 * arguments cast implicitly without loss, else the first that they fit. A DECIMAL or "any" result has the
 * type of the first such argument. */
WEFT_MUST_CHECK weft_status weft_bind_default(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                              int32_t count, const weft_span *span, int32_t *variant,
                                              weft_type *type);

/* The bind of a function or an aggregate, and the collation of what it gives. */
WEFT_MUST_CHECK weft_status weft_function_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                               int32_t count, const weft_span *span, int32_t *variant,
                                               weft_type *type);
WEFT_MUST_CHECK weft_status weft_aggregate_bind(weft_ctx *ctx, const weft_aggregate *fn,
                                                const weft_expr **args, int32_t count, const weft_span *span,
                                                weft_type *type);

/* The pieces, for binds of a family's own.
 * find_exact: the signature whose types equal the arguments' (by id), or -1. */
int32_t weft_signature_find_exact(const weft_function *fn, const weft_expr *const *args, int32_t count);
/* "argument count is wrong" with what the function takes. */
weft_status weft_fail_arg_count(weft_ctx *ctx, const char *name, int32_t low, int32_t high, int32_t count,
                                const weft_span *span);
/* "argument 2 of f needs X but has Y". accepts is text. */
weft_status weft_fail_arg_type(weft_ctx *ctx, int32_t index, const char *accepts, const weft_expr *arg,
                               const weft_span *span);

/* Equal but for the names of fields, at any depth? */
bool weft_type_same_shape(weft_type a, weft_type b);
/* Is no string beside something else, at any depth? */
bool weft_type_texts_agree(weft_type a, weft_type b);
/* Is it of this kind, or does it hold one that is? */
bool weft_type_holds(weft_type type, weft_type_id id);
/* Values of a type with a MAP, VARIANT, INTERVAL without fields, GEOMETRY or GEOGRAPHY in it have no order.
 */
bool weft_type_is_orderable(weft_type type);
/* Equal values are found by grouping, DISTINCT and hashes: of any type without a MAP or VARIANT in it. */
bool weft_type_is_groupable(weft_type type);
/* Errors: WEFT_DATATYPE_MISMATCH_ORDERING when the argument's type is not orderable. */
weft_status weft_expect_orderable(weft_ctx *ctx, const char *name, const weft_expr *arg,
                                  const weft_span *span);

/* Errors: WEFT_TIME_TYPE at span where the setting has turned TIME off. */
WEFT_MUST_CHECK weft_status weft_expect_time_type(weft_ctx *ctx, const weft_span *span);
/* Errors: WEFT_FEATURE_NOT_ENABLED at span where no setting has turned timestamps of nanoseconds on. */
WEFT_MUST_CHECK weft_status weft_expect_nanos_type(weft_ctx *ctx, const weft_span *span);

/* "Cannot resolve routine", with a hint at the name of a function that is nearly this one. */
weft_status weft_fail_routine(weft_ctx *ctx, const char *name, const weft_span *span);
/* The function, aggregate or form whose name differs least, by up to a third of its letters; or NULL. */
const char *weft_routine_near(const char *name);

/* Decimal types of a op b; op is '+' '-' '*' '/' '%' or 'd' (div, before it becomes BIGINT). *lossy, when not
 * NULL, says that the exact result may not fit: it may then overflow, otherwise it never does (but for
 * division by 0). */
weft_type weft_decimal_arithmetic_type(char op, weft_type a, weft_type b, bool *lossy);
/* The same where digits behind the point are not given up (weft.sql.decimalOperations.allowPrecisionLoss is
 * off): an exact result that does not fit is an overflow. */
weft_type weft_decimal_whole_type(char op, weft_type a, weft_type b);
/* The decimal type that holds every value of an integral type, and the one of a literal's digits. */
weft_type weft_decimal_for_integral(weft_type integral);
weft_type weft_decimal_for_literal(int64_t value);
/* decimal(min(precision, 38), min(scale, 38)). */
weft_type weft_decimal_bounded(int32_t precision, int32_t scale);

/* Does every value of a type have one of another that is as good, as Spark's up-casts have it? INT for
 * BIGINT, everything plain for STRING; part by part in nested types. */
bool weft_type_up_casts(weft_type from, weft_type to);

#endif
