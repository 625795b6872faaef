/* common/parallel.h - pieces of work shared out among a few threads: for passes over data that no job of the
 * scheduler makes, such as inferring a schema before there is a plan.
 *
 * Lanes take pieces in the order of their numbers; lane 0 is the calling thread. What comes out is a function
 * of the pieces alone as long as `work` of a piece is, because `finish` is called in the order of the pieces
 * whoever worked them. Nothing is begun after a piece has failed, and the error is that of the first piece
 * which fails, as if one thread had gone through all. */
#ifndef WEFT_COMMON_PARALLEL_H
#define WEFT_COMMON_PARALLEL_H

#include "common/ctx.h"

typedef weft_status weft_parallel_step(weft_ctx *ctx, void *self, int32_t lane, int64_t piece);

typedef struct weft_parallel {
    int64_t count; /* of pieces */
    int32_t lanes; /* at most so many threads, the caller's among them; at least 1 */
    /* Each gets the ctx of its lane: the caller's but for its error and its arena, which is emptied behind
     * every piece. */
    weft_parallel_step *work;
    weft_parallel_step *finish; /* one piece at a time, in their order, by the lane that worked it; or NULL */
    void *self;
} weft_parallel;

/* As many lanes as this process has slots (weft.task.slots), and no more than pieces; at least 1. */
int32_t weft_parallel_lanes(const weft_ctx *ctx, int64_t pieces);
/* Run all pieces; all threads have ended when it returns. Errors: those of work and finish, WEFT_NOMEM. A
 * thread that the system refuses is done without. */
WEFT_MUST_CHECK weft_status weft_parallel_run(weft_ctx *ctx, const weft_parallel *job);

#endif
