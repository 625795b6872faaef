/* engine/expr/sketch/fn_theta.h - what the functions and aggregates of theta and tuple sketches share. */
#ifndef WEFT_EXPR_SKETCH_FN_THETA_H
#define WEFT_EXPR_SKETCH_FN_THETA_H

#include "engine/expr/agg_object.h"
#include "engine/expr/sketch/theta.h"

/* By the end of a function's name: _double, _integer, else plain. */
weft_theta_kind weft_theta_kind_of(const char *name);
/* sum, min, max, alwaysone, in any case. Errors: WEFT_TUPLE_MODE. */
weft_status weft_theta_mode_of(weft_ctx *ctx, const char *name, const weft_str *text, const weft_span *span,
                               weft_theta_mode *out);
/* Errors: WEFT_SKETCH_LG. */
weft_status weft_theta_check_lg(weft_ctx *ctx, const char *name, int64_t lg, const weft_span *span);
/* The sketch in a string, sorted; the caller frees its entries. Errors: WEFT_THETA_SKETCH, WEFT_TUPLE_SKETCH.
 */
WEFT_MUST_CHECK weft_status weft_theta_take(weft_ctx *ctx, const char *name, weft_theta_kind kind,
                                            const weft_str *bytes, const weft_span *span,
                                            weft_theta_list *out);
/* Slot i of a vector becomes the bytes of a sorted list. */
WEFT_MUST_CHECK weft_status weft_theta_put(weft_ctx *ctx, weft_theta_kind kind, weft_theta_mode mode,
                                           const weft_theta_list *list, weft_vector *out, int32_t i);

#endif
