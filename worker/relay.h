/* worker/relay.h - what every worker reads (the build side of a join) is passed on by those who have read it.
 *
 * The coordinator tells a worker, with the places of such an input, whom to ask before the holder: a worker
 * that was told of it earlier. So the holder sends its block to two workers, each of those to two, and so on,
 * all at once: a stage that is open keeps the pages that it reads (block_remote.h), and lends them as they
 * came, under the checksum of their holder.
 *
 * Nothing depends on a relay. What one does not have it answers at once: BUSY while it is about to read the
 * block or reads it, else GONE; and whoever gets GONE, no answer, no page for a while, or a damaged page,
 * asks the holder from then on. Only the holder can miss a block. When memory is refused here, nothing more
 * is kept and what nobody reads is freed.
 *
 * Any thread; the lock is the innermost but for a block's. */
#ifndef WEFT_WORKER_RELAY_H
#define WEFT_WORKER_RELAY_H

#include "worker/fetch.h"

typedef struct weft_relay weft_relay;

WEFT_MUST_CHECK weft_status weft_relay_new(weft_ctx *ctx, weft_pool *pool, weft_relay **out);
/* What stand-ins that keep their pages are charged to: they may outlive their stage, while they are lent. */
weft_account *weft_relay_account(const weft_relay *relay);

/* ---- a stage, by any pointer that tells it from others ---- */

/* The order has come: blocks of this source will be read here. Nothing is done for one that is not `shared`.
 * The source is borrowed until weft_relay_forget. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_relay_expect(weft_ctx *ctx, weft_relay *relay, const void *stage,
                                              uint64_t job, const weft_stage_source *source);
/* The stage is opened: the blocks of the source, [task_count], of which those that lie elsewhere keep their
 * pages from now on, when there is room for them, and are asked of relays first. Nobody reads them yet.
 * places: of the order. Blocks are borrowed until weft_relay_forget. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_relay_open(weft_ctx *ctx, weft_relay *relay, weft_fetcher *fetcher,
                                            const void *stage, uint64_t job, const weft_stage_source *source,
                                            const weft_place *places, weft_block *const *blocks);
/* How many bytes of its blocks were passed on since the last call. */
int64_t weft_relay_passed(weft_relay *relay, const void *stage);
/* The stage lets its blocks go. again: it will be opened once more. */
void weft_relay_forget(weft_relay *relay, const void *stage, bool again);

/* ---- for the block server ---- */

/* A count of a stand-in of this block, or NULL. *coming: what of it is not here may come soon. */
weft_block *weft_relay_find(weft_ctx *ctx, weft_relay *relay, const weft_block_name *name, bool *coming);

/* ---- for the process ---- */

/* Memory is short: keep nothing more of any block. How many bytes were freed. */
int64_t weft_relay_give_way(weft_relay *relay);

typedef struct weft_relay_counts {
    int64_t bytes;     /* of images that came from relays */
    int64_t fallbacks; /* relays that were given up for the holder */
    int64_t damaged;   /* … because of a page */
} weft_relay_counts;
void weft_relay_count(const weft_relay *relay, weft_relay_counts *out);

/* After all stages, and the block server. NULL is allowed. */
void weft_relay_free(weft_relay **relay);

#endif
