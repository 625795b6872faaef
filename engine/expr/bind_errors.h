/* engine/expr/bind_errors.h - what the binds say of arguments that do not fit; those that binds of a family's
 * own use are in coerce.h. */
#ifndef WEFT_EXPR_BIND_ERRORS_H
#define WEFT_EXPR_BIND_ERRORS_H

#include "engine/expr/function.h"

/* The two sides of an operator do not meet. */
weft_status weft_fail_operands(weft_ctx *ctx, const char *name, const weft_expr *left, const weft_expr *right,
                               const weft_span *span);
/* No signature fits: says what the arguments are and what the function takes. */
weft_status weft_fail_no_signature(weft_ctx *ctx, const weft_function *fn, const weft_expr *const *args,
                                   int32_t count, const weft_span *span);
/* The error st of a bind; a mismatch of types is told of the whole call, whose place it has. */
weft_status weft_fail_call(weft_ctx *ctx, weft_status st, const weft_expr *call, const weft_span *span);

#endif
