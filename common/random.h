/* common/random.h - bits that nobody can foretell, from the system. Any thread. */
#ifndef WEFT_COMMON_RANDOM_H
#define WEFT_COMMON_RANDOM_H

#include "common/ctx.h"

/* Errors: WEFT_IO when the system gives none. */
WEFT_MUST_CHECK weft_status weft_random_u64(weft_ctx *ctx, uint64_t *out);

#endif
