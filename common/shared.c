/* common/shared.c - see shared.h. */
#include "common/shared.h"

#include <string.h>

weft_status weft_shared_new(weft_ctx *ctx, const void *bytes, size_t len, weft_shared **out)
{
    weft_shared *s = NULL;
    const weft_status st = weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*s) + len, (void **)&s);
    *out = NULL;
    if (st != WEFT_OK) return st;
    s->next = NULL;
    atomic_init(&s->holders, 1);
    s->len = len;
    if (len > 0) memcpy(s->bytes, bytes, len);
    *out = s;
    return WEFT_OK;
}

void weft_shared_hold(weft_shared *shared)
{
    atomic_fetch_add_explicit(&shared->holders, 1, memory_order_relaxed);
}

void weft_shared_release(void *shared)
{
    weft_shared *s = shared;
    if (s != NULL && atomic_fetch_sub_explicit(&s->holders, 1, memory_order_acq_rel) == 1) weft_mem_free(s);
}
