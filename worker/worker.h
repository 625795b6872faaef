/* worker/worker.h - a worker: task slots, the stages open here, the block store.
 *
 * Start returns when every slot runs; the worker then registers by a message. It gets its orders by
 * weft_worker_send (any thread, never waits) and reports through the link it was given. Stop ends running
 * tasks by their cancel flag and joins the slots. A slot runs one task at a time, from its own arena, which
 * is reset in between. */
#ifndef WEFT_WORKER_WORKER_H
#define WEFT_WORKER_WORKER_H

#include "common/net.h"
#include "proto/control.h"
#include "worker/store.h"

typedef struct weft_worker weft_worker;

typedef struct weft_worker_options {
    int32_t id;     /* its number, until it gets another */
    weft_uuid uuid; /* of this process, by which it knows its own places; zero: there is one process */
    int32_t slots;  /* at least 1 */
    weft_pool *pool;
    const weft_settings *settings; /* until a stage brings its own; borrowed, as is the pool */
    weft_coordinator_link coordinator;
    const weft_named_files *named; /* where artifacts are found; borrowed; NULL: nowhere */
    struct weft_fetcher *fetcher;  /* gets blocks that lie elsewhere; borrowed; NULL: there is one process */
} weft_worker_options;

WEFT_MUST_CHECK weft_status weft_worker_start(weft_ctx *ctx, const weft_worker_options *options,
                                              weft_worker **out);
/* An order. What it points to stays valid as control.h says. One of a lower epoch than was seen before is
 * passed over. A launch whose stage is not open here is answered: FAILED, UNREACHABLE, broken. Errors:
 * WEFT_NOMEM, WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_worker_send(weft_ctx *ctx, weft_worker *worker,
                                             const weft_to_worker *message);
/* The same as a frame with its bytes (weft_to_worker_encode), which are not needed afterwards. *taken: how
 * many of the count frames belong to it, 1, or 2 of a piece. Errors also: those of decoding, and WEFT_CORRUPT
 * of a piece that does not fit to those before; nothing has changed then. By one thread. */
WEFT_MUST_CHECK weft_status weft_worker_receive(weft_ctx *ctx, weft_worker *worker,
                                                const weft_net_frame *frames, int32_t count, int32_t *taken);
/* A count of a block that is here. Errors: WEFT_FETCH_FAILED. */
WEFT_MUST_CHECK weft_status weft_worker_fetch(weft_ctx *ctx, weft_worker *worker, const weft_block_name *name,
                                              weft_block **out);
/* What is here: slots, memory; the attempts that wait or run, the blocks, the jobs, all into ctx->arena.
 * Attempts are listed before blocks, so one that ends meanwhile is in both. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_worker_list(weft_ctx *ctx, weft_worker *worker, weft_worker_hello *out);
/* The session with the coordinator is over, and with it what was on its way: stages whose fragments have not
 * come whole are closed, and their attempts never were here. */
void weft_worker_parted(weft_ctx *ctx, weft_worker *worker);
/* While paused no attempt begins; those that have begun go on. */
void weft_worker_pause(weft_worker *worker, bool paused);
bool weft_worker_is_paused(weft_worker *worker);
/* A coordinator has welcomed it: what it calls this worker from now on, and its epoch. Orders of lower ones
 * are passed over. */
void weft_worker_welcomed(weft_worker *worker, int32_t number, int64_t epoch);
/* Slots at work. */
int32_t weft_worker_busy(weft_worker *worker);
weft_store *weft_worker_store(const weft_worker *worker);
struct weft_relay *weft_worker_relay(const weft_worker *worker); /* NULL: there is one process */
/* Stop, join, free. Blocks that others hold live on. */
void weft_worker_stop(weft_worker **worker);

#endif
