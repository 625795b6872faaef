/* coordinator/fragments.h - large fragments of stages on their way to workers, in pieces.
 *
 * A fragment of 50 MB as one message would hold up every heartbeat and order behind it, and be silence to its
 * receiver until the last byte of it has come: a slow or busy connection would end by that, as often as it is
 * tried. So the order of a stage tells only of the fragment, and its bytes follow as messages of
 * WEFT_PIECE_BYTES_MAX, each with its number in the session (common/link.h). WEFT_FRAGMENT_WINDOW of them at
 * most are not acknowledged: what is told meanwhile waits behind no more than those. A worker gets one
 * fragment after the other.
 *
 * Passive: no I/O, no clock. The bytes are held (common/shared.h), not copied, until the last piece is
 * acknowledged, the job ends, or the worker's session does: a new one begins with nothing of it. */
#ifndef WEFT_COORDINATOR_FRAGMENTS_H
#define WEFT_COORDINATOR_FRAGMENTS_H

#include "proto/control.h"

typedef struct weft_fragments weft_fragments;

enum { WEFT_FRAGMENT_WINDOW = 16 }; /* 4 MiB: what the kernel keeps for a connection anyhow */

/* How pieces leave. */
typedef struct weft_fragments_way {
    /* All messages of the worker's session up to this number have arrived there. */
    uint64_t (*acked)(void *self, int32_t worker);
    /* Send this order and its bytes as one message; its number in the session, or 0: the worker's session is
     * at its end. */
    uint64_t (*send)(weft_ctx *ctx, void *self, int32_t worker, const weft_to_worker *piece);
    void *self;
} weft_fragments_way;

/* Memory is charged to ctx's account; caller frees. */
WEFT_MUST_CHECK weft_status weft_fragments_new(weft_ctx *ctx, weft_fragments **out);
void weft_fragments_free(weft_fragments **fragments);

/* A worker is ordered a stage whose fragment is apart: its bytes (fragment_shared) are to follow. Of a stage
 * that is told anew they begin anew. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_fragments_add(weft_ctx *ctx, weft_fragments *f, int32_t worker,
                                               const weft_to_worker *order);
/* The worker is told that the job is over. */
void weft_fragments_end(weft_fragments *f, int32_t worker, uint64_t job);
/* Its session is over. */
void weft_fragments_leave(weft_fragments *f, int32_t worker);
/* Send what may be sent now: after orders, and whenever something was acknowledged. */
void weft_fragments_send(weft_ctx *ctx, weft_fragments *f, const weft_fragments_way *way);

#endif
