/* common/random.c - see random.h. */
#include "common/random.h"

#include <sys/random.h>

weft_status weft_random_u64(weft_ctx *ctx, uint64_t *out)
{
    if (getrandom(out, sizeof(*out), 0) == (ssize_t)sizeof(*out)) return WEFT_OK;
    return weft_fail(ctx, WEFT_IO, "the system gives no random bytes");
}
