/* engine/exec/generate.h - rows of generators: the EXPAND operator over explode() and its kin.
 *
 * Rows leave in the order of the input's rows, those of one row in the order of its elements. Strings are not
 * copied: an output batch borrows from the input batch and the lane's registers. */
#ifndef WEFT_EXEC_GENERATE_H
#define WEFT_EXEC_GENERATE_H

#include "engine/exec/op.h"

typedef struct weft_generate_spec weft_generate_spec; /* in the stage's arena, const once made */
typedef struct weft_generate weft_generate;           /* of a lane */

/* *out is NULL when the operator's projection has no generator. Errors: WEFT_INTERNAL when generators read
 * different arrays, or stand in one of several projections. */
WEFT_MUST_CHECK weft_status weft_generate_prepare(weft_ctx *ctx, const weft_op_spec *spec,
                                                  const weft_types *input_types, weft_generate_spec **out);
WEFT_MUST_CHECK weft_status weft_generate_open(weft_ctx *ctx, const weft_generate_spec *spec,
                                               weft_generate **out);
/* As weft_op_def.push. */
WEFT_MUST_CHECK weft_status weft_generate_push(weft_ctx *ctx, weft_generate *g, const weft_batch *in,
                                               weft_batch *out, weft_op_result *result);
void weft_generate_close(weft_generate **g);

#endif
