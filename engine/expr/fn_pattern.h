/* engine/expr/fn_pattern.h - the state of calls that read times by a pattern: the session's zone, and the
 * pattern as it was compiled last. */
#ifndef WEFT_EXPR_FN_PATTERN_H
#define WEFT_EXPR_FN_PATTERN_H

#include "engine/expr/function.h"

/* The open and close of a function whose second argument is a pattern. */
weft_status weft_pattern_open(weft_ctx *ctx, const weft_expr *call, void **state);
void weft_pattern_close(void *state);
/* The time of the day, in nanoseconds, that args[0] of row i is by the pattern args[1]. *found is false where
 * it does not fit. Errors: those of patterns. */
WEFT_MUST_CHECK weft_status weft_pattern_time(weft_ctx *ctx, weft_kernel_call *call, int32_t i, int64_t *ns,
                                              bool *found);

#endif
