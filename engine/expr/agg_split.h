/* engine/expr/agg_split.h - few groups in a batch: the rows of each, so that update_one can take them
 * together.
 *
 * update adds one value after the other to rows in memory; with four groups each addition waits for the last
 * one. update_one keeps the sum in a register. Splitting costs about as much as two updates, so it pays from
 * the third call on. The rows of a group keep their order: float sums are the same bits either way. */
#ifndef WEFT_EXPR_AGG_SPLIT_H
#define WEFT_EXPR_AGG_SPLIT_H

#include "engine/expr/aggregate.h"

enum {
    WEFT_AGG_SPLIT_GROUPS = 8, /* beyond, a group has too few rows of a batch for its loop to pay */
    WEFT_AGG_SPLIT_CALLS = 3   /* fewer calls do not earn the split */
};

typedef struct weft_agg_split {
    int32_t count;                            /* groups */
    uint8_t *row[WEFT_AGG_SPLIT_GROUPS];      /* each one's row, by first appearance */
    int32_t begin[WEFT_AGG_SPLIT_GROUPS + 1]; /* of its positions, the next one's begin is the end */
    uint16_t positions[WEFT_BATCH_ROWS_MAX];  /* physical positions, ascending within a group */
    uint8_t group[WEFT_BATCH_ROWS_MAX];       /* scratch: group of the i-th selected row */
} weft_agg_split;

/* Split the selected rows of batch by rows[i], the group row of the i-th. False, and *out of no use, where
 * there are more than WEFT_AGG_SPLIT_GROUPS groups; that is found out soon. */
bool weft_agg_split_rows(uint8_t *const *rows, const weft_batch *batch, weft_agg_split *out);

/* Update one call, group by group; its variant has update_one. batch is the one that was split. */
WEFT_MUST_CHECK weft_status weft_agg_split_update(weft_ctx *ctx, const weft_agg_split *split,
                                                  const weft_agg_place *place,
                                                  const weft_agg_variant *variant, const weft_batch *batch,
                                                  const weft_column *args);

#endif
