/* engine/expr/fn_variant.h - what the functions of VARIANT share. */
#ifndef WEFT_EXPR_FN_VARIANT_H
#define WEFT_EXPR_FN_VARIANT_H

#include "engine/expr/nested_call.h"
#include "engine/expr/variant_build.h"
#include "engine/expr/variant_path.h"

/* args[i] is a VARIANT, or becomes one where it is the bare NULL. Errors: WEFT_DATATYPE_MISMATCH. */
WEFT_MUST_CHECK weft_status weft_bind_variant_arg(weft_ctx *ctx, const weft_expr **args, int32_t i,
                                                  const weft_span *span);
/* args[i] becomes a STRING, as functions take it. */
WEFT_MUST_CHECK weft_status weft_bind_text_arg(weft_ctx *ctx, const weft_expr **args, int32_t i,
                                               const weft_span *span);
/* A VARIANT argument of row i, which is not null. */
static inline weft_variant weft_arg_variant(const weft_column *arg, int32_t i)
{
    return weft_variant_of(weft_arg_str(arg, i));
}

#endif
