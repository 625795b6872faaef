/* engine/exec/join_spill.h - the way of a hash join whose build rows do not fit in memory.
 *
 * The probe rows of a task are written to scratch by the hash of their keys; when all are there, the
 * partitions are joined one by one (a hybrid of Grace hash join and nested loops over blocks):
 *   a partition whose table is refused memory is parted again by the next bits of the hash, both sides;
 *   where that does not help (one hot key), the table is built for one piece of the build rows after the
 *   other, and the probe rows are read for each.
 * The operator gets batches of probe rows, each with the table to look them up in. A row comes once for each
 * piece; what it matched before is kept for it, and only with the last piece it is known what it did not
 * match.
 *
 * Order: a join that fits gives, for each batch of probe rows, round after round: the pairs of round r are
 * those of the r-th build row of each key. So a pair's place is (batch, round, position of the probe row in
 * its batch). Rows keep batch and position on their way through scratch, and a turn tells in which round its
 * table begins; by these the operator puts its output into the order that it has with memory enough.
 *
 * One thread. Memory: a table (RETAINED, at the least a small piece in working memory), a page, a batch, one
 * bit for each probe row of a partition that is joined in pieces. */
#ifndef WEFT_EXEC_JOIN_SPILL_H
#define WEFT_EXEC_JOIN_SPILL_H

#include "engine/exec/join_table.h"

typedef struct weft_join_spill weft_join_spill;

/* spec: a PROBE. Partitions [begin, end) of the build input are joined. All are borrowed. */
WEFT_MUST_CHECK weft_status weft_join_spill_open(weft_ctx *ctx, const weft_op_spec *spec,
                                                 const weft_types *input_types, const weft_task *task,
                                                 int32_t begin, int32_t end, weft_join_spill **out);
/* Keep the selected rows of a probe batch. */
WEFT_MUST_CHECK weft_status weft_join_spill_add(weft_ctx *ctx, weft_join_spill *spill,
                                                const weft_batch *batch);
/* What a batch of probe rows needs to be joined. */
typedef struct weft_join_turn {
    weft_batch batch;       /* good until the next call */
    weft_join_table *table; /* likewise */
    bool last;              /* no later piece: what has not matched now never will */
    uint64_t *matched;      /* NULL: one piece; else bits of the partition's probe rows, kept by the caller */
    int64_t first;          /* bit of the batch's first row */
    const int32_t *batches, *positions; /* of each row: the batch it came in, and where it was in that */
    const uint32_t *rounds; /* of each row: build rows of its hash in earlier pieces; NULL: none */
} weft_join_turn;
/* After the last row was added: the next turn. *more is false when there is none. */
WEFT_MUST_CHECK weft_status weft_join_spill_next(weft_ctx *ctx, weft_join_spill *spill, weft_join_turn *turn,
                                                 bool *more);
int64_t weft_join_spill_bytes(const weft_join_spill *spill); /* written to scratch */
void weft_join_spill_close(weft_join_spill **spill);

#endif
