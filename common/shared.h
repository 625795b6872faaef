/* common/shared.h - bytes that several threads hold: never written to, freed by the last one that lets go. */
#ifndef WEFT_COMMON_SHARED_H
#define WEFT_COMMON_SHARED_H

#include <stdatomic.h>

#include "common/mem.h"

typedef struct weft_shared {
    struct weft_shared *next; /* for lists of who made it */
    atomic_int holders;
    size_t len;
    uint8_t bytes[]; /* [len] */
} weft_shared;

/* A copy of these bytes, charged to ctx's account, which must outlive all holders. The caller is the first of
 * them. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_shared_new(weft_ctx *ctx, const void *bytes, size_t len, weft_shared **out);
/* One holder more. */
void weft_shared_hold(weft_shared *shared);
/* One less; any thread. As the `release` of a network's frame. NULL is allowed. */
void weft_shared_release(void *shared);

#endif
