/* engine/expr/collate.h - which collation a call compares its strings by, and the keys that do it.
 *
 * As in Spark a collation that is written (COLLATE) wins over one of a column, which wins over that of
 * literals. Two that are written and differ are an error; two of columns that differ make a string of no
 * collation (WEFT_COLLATION_NULL), which nothing compares. Kernels know no collations: what is compared,
 * hashed or ordered is the key of a string, binary, whose bytes stand as the strings do. */
#ifndef WEFT_EXPR_COLLATE_H
#define WEFT_EXPR_COLLATE_H

#include "engine/expr/expr.h"

/* Does it hold strings, at any depth, that are not compared by their bytes? */
bool weft_type_is_collated(weft_type type);
bool weft_any_collated(const weft_expr *const *exprs, int32_t count); /* is one of their types? */
/* The string type of a string or of an array of them; NULL: it is neither. */
const weft_type *weft_collated_string(const weft_type *type);
/* The type with this collation for its strings, below arrays and maps too. */
WEFT_MUST_CHECK weft_status weft_type_collate(weft_ctx *ctx, weft_type type, uint16_t collation,
                                              weft_type *out);
/* Strings whose collation the statement does not say (WEFT_COLLATION_NULL, at any depth) get that of this
 * name; NULL: UTF8_BINARY. Children in ctx->arena. Errors: WEFT_COLLATION_INVALID_NAME. */
WEFT_MUST_CHECK weft_status weft_type_settle_collation(weft_ctx *ctx, const char *name, weft_type *type);
/* All strings, and arrays of them, among the arguments get the collation that goes for all of them; replaced
 * in place. Nothing where all are compared by their bytes. Errors: WEFT_COLLATION_MISMATCH, at span. */
WEFT_MUST_CHECK weft_status weft_collate_args(weft_ctx *ctx, const weft_expr **args, int32_t count,
                                              const weft_span *span);
/* Strings in structs keep their collations. Errors: WEFT_INDETERMINATE_COLLATION, at span, where those of an
 * argument are not those of the first. */
WEFT_MUST_CHECK weft_status weft_expect_same_collations(weft_ctx *ctx, const weft_expr *const *args,
                                                        int32_t count, const weft_span *span);
/* Errors: WEFT_INDETERMINATE_COLLATION, at span, where e holds a string of no collation. */
WEFT_MUST_CHECK weft_status weft_expect_collation(weft_ctx *ctx, const char *of, const weft_expr *e,
                                                  const weft_span *span);
/* The key of an expression: the expression itself where it holds no collated strings. `of` names what
 * compares, in errors. Errors: WEFT_INDETERMINATE_COLLATION at span. */
WEFT_MUST_CHECK weft_status weft_collation_key(weft_ctx *ctx, const char *of, const weft_expr *e,
                                               const weft_span *span, const weft_expr **out);
WEFT_MUST_CHECK weft_status weft_collation_keys(weft_ctx *ctx, const char *of, const weft_expr **args,
                                                int32_t count, const weft_span *span);

/* What a call by name does before and after its binding; *fn becomes the function for collated strings. */
WEFT_MUST_CHECK weft_status weft_collate_call(weft_ctx *ctx, const weft_function **fn, const weft_expr **args,
                                              int32_t count, const weft_span *span);
/* A call that makes a map whose keys are collated gets the check that they differ by their collation too. */
WEFT_MUST_CHECK weft_status weft_collate_map(weft_ctx *ctx, const weft_expr *e, const weft_expr **out);
/* The type of a result of a function of this name over bound arguments. */
WEFT_MUST_CHECK weft_status weft_collate_result(weft_ctx *ctx, const char *name, const weft_expr *const *args,
                                                int32_t count, weft_type *type);

#endif
