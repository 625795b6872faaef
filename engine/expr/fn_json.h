/* engine/expr/fn_json.h - what the functions of JSON share. */
#ifndef WEFT_EXPR_FN_JSON_H
#define WEFT_EXPR_FN_JSON_H

#include "engine/expr/fn_entry.h"
#include "engine/expr/nested_call.h"

/* The first `low` arguments are strings or NULL, which becomes one; there are low to high (-1: any number).
 * Errors: WEFT_WRONG_NUM_ARGS, WEFT_DATATYPE_MISMATCH. */
WEFT_MUST_CHECK weft_status weft_bind_json_args(weft_ctx *ctx, const weft_function *fn,
                                                const weft_expr **args, int32_t low, int32_t high,
                                                int32_t count, const weft_span *span);

/* The schema of singleVariantColumn: a VARIANT, and maybe the corrupt column. Errors:
 * WEFT_SINGLE_VARIANT_COLUMN. */
WEFT_MUST_CHECK weft_status weft_expect_single_variant(weft_ctx *ctx, weft_type type, const char *corrupt,
                                                       const weft_span *span);

#endif
