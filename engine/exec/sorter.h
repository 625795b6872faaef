/* engine/exec/sorter.h - sorting inside an operator: batches in, batches in the order of their keys out.
 *
 * Made of the sort sink and the merge source, with a block of its own between them, so it takes input larger
 * than memory: what is refused memory goes to scratch as a run. One thread. Memory: as those two. */
#ifndef WEFT_EXEC_SORTER_H
#define WEFT_EXEC_SORTER_H

#include "engine/exec/op.h"

typedef struct weft_sorter weft_sorter;

/* Rows of the types; keys are borrowed. The first group_keys of them are plain columns that hold one value in
 * each batch that is given: a batch ends where one of them changes. */
WEFT_MUST_CHECK weft_status weft_sorter_open(weft_ctx *ctx, const weft_types *types,
                                             const weft_sort_key *keys, int32_t key_count, int32_t group_keys,
                                             const weft_task *task, weft_sorter **out);
WEFT_MUST_CHECK weft_status weft_sorter_add(weft_ctx *ctx, weft_sorter *sorter, const weft_batch *batch);
/* What is held goes to scratch, when it is more than a small part of the pool's limit: others need room. */
WEFT_MUST_CHECK weft_status weft_sorter_yield(weft_ctx *ctx, weft_sorter *sorter);
/* After the last row was added: the next batch, good until the next call. *more is false at the end. */
WEFT_MUST_CHECK weft_status weft_sorter_next(weft_ctx *ctx, weft_sorter *sorter, weft_batch *out, bool *more);
int64_t weft_sorter_spilled_bytes(const weft_sorter *sorter);
void weft_sorter_close(weft_sorter **sorter);

/* sink_sort.c, source_merge.c: for the sorter. */

/* Bytes that the sink holds. */
int64_t weft_sort_sink_bytes(const void *state);
/* A run of what the sink holds, all of it to scratch. */
WEFT_MUST_CHECK weft_status weft_sort_sink_relieve(weft_ctx *ctx, void *state);
/* Batches of the source end where one of the first `keys` sort keys changes. */
void weft_merge_source_group(void *state, int32_t keys);

#endif
