/* engine/expr/inputs.h - what the arguments of a function are before anything is cast.
 *
 * Binds cast what they are given, as far as types convert at all. Many functions of Spark take less: no
 * number for a text, no DATE for a TIMESTAMP, no NULL for an array. Which, is told by the table input_list.h.
 */
#ifndef WEFT_EXPR_INPUTS_H
#define WEFT_EXPR_INPUTS_H

#include "engine/expr/expr.h"

/* name: of the function or the aggregate. Errors: that of the table, of the first argument that is not
 * what the function takes. */
WEFT_MUST_CHECK weft_status weft_expect_inputs(weft_ctx *ctx, const char *name, const weft_expr *const *args,
                                               int32_t count, const weft_span *span);

#endif
