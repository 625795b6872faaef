/* worker/store.h - contract 6: the block store of a worker. Memory first, then disk.
 *
 * Blocks are found by name and shared by count; the store holds one count of each, and of its report, which
 * goes with it. Any thread. */
#ifndef WEFT_WORKER_STORE_H
#define WEFT_WORKER_STORE_H

#include "engine/exec/block.h"
#include "worker/outbox.h"

typedef struct weft_store weft_store;

/* Blocks are charged to `owner`, which is borrowed. Caller frees. */
WEFT_MUST_CHECK weft_status weft_store_new(weft_ctx *ctx, weft_account *owner, weft_store **out);
weft_account *weft_store_account(const weft_store *store);
/* Take one count of a block. A block of the same name is replaced (a repeated message). Errors: WEFT_NOMEM;
 * the count is then still the caller's. */
WEFT_MUST_CHECK weft_status weft_store_put(weft_ctx *ctx, weft_store *store, weft_block *block);
/* A count of the block with this name, which the caller releases; NULL when it is not here. */
weft_block *weft_store_find(weft_store *store, const weft_block_name *name);
/* Keep the report of a block for another coordinator, in the place of an earlier one; takes the count. When
 * the block is not here any more, nothing is kept. */
void weft_store_keep(weft_store *store, const weft_block_name *name, weft_parcel *report);
/* A count of each report that is kept, which the caller releases; into ctx->arena. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_store_reports(weft_ctx *ctx, weft_store *store, weft_parcel ***reports,
                                               int32_t *count);
/* Drop the blocks of a stage up to this generation. How many bytes of them were in scratch. */
int64_t weft_store_drop(weft_store *store, uint64_t job, int32_t stage, int32_t generation);
/* Drop one block, if it is here. How many bytes of it were in scratch. */
int64_t weft_store_drop_block(weft_store *store, const weft_block_name *name);
/* The names of all blocks, into ctx->arena. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_store_list(weft_ctx *ctx, weft_store *store, weft_block_name **names,
                                            int32_t *count);
/* A stage of the job that has a block here, or -1. */
int32_t weft_store_some_stage(weft_store *store, uint64_t job);
/* Write pages that nobody reads now to scratch, the block that holds most first, until about `bytes` of
 * memory are free or none is left. *freed: how much it was. Errors: WEFT_IO, WEFT_NOSPACE, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_store_spill(weft_ctx *ctx, weft_store *store, int64_t bytes, int64_t *freed);
void weft_store_free(weft_store **store);

#endif
