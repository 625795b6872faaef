/* engine/expr/sketch/fn_kll.h - what the functions and aggregates of KLL sketches share. */
#ifndef WEFT_EXPR_SKETCH_FN_KLL_H
#define WEFT_EXPR_SKETCH_FN_KLL_H

#include "engine/expr/agg_object.h"
#include "engine/expr/sketch/kll.h"

/* By the end of a function's name: _bigint, _double or _float. */
weft_kll_type weft_kll_type_of(const char *name);
/* The SQL type of a sketch's values. */
weft_type weft_kll_sql_type(weft_kll_type type);
/* The number in a column as a sketch has it. */
weft_kll_value weft_kll_value_of(weft_kll_type type, const weft_value *value);
/* The sketch in a string; the caller frees *out. Errors: WEFT_KLL_SKETCH. */
WEFT_MUST_CHECK weft_status weft_kll_take(weft_ctx *ctx, const char *name, const weft_str *bytes,
                                          const weft_span *span, uint8_t **out);
weft_status weft_kll_invalid(weft_ctx *ctx, const char *name, const weft_span *span);

#endif
