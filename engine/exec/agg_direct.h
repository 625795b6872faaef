/* engine/exec/agg_direct.h - groups of small key domains by an array instead of hashing.
 *
 * While all group columns are dictionary codes, booleans or integers of a small range, a batch's keys are
 * numbered by mixed radix (NULL is one more value of each column) and an array remembers the group row of
 * each number. Only keys that were not met yet go through the hash table. The array is forgotten when a
 * dictionary changes, a range has to widen, or the table is emptied. */
#ifndef WEFT_EXEC_AGG_DIRECT_H
#define WEFT_EXEC_AGG_DIRECT_H

#include "engine/exec/agg_table.h"
#include "engine/exec/hash.h"

typedef struct weft_agg_direct weft_agg_direct;

/* place: of the rows in the task's block (hash.h). */
WEFT_MUST_CHECK weft_status weft_agg_direct_new(weft_ctx *ctx, int32_t group_count, weft_place place,
                                                weft_agg_direct **out);
/* Like weft_agg_table_find (hashes is scratch here); *found is false, and nothing was done, when the keys of
 * this batch are not of the kind. */
WEFT_MUST_CHECK weft_status weft_agg_direct_find(weft_ctx *ctx, weft_agg_direct *direct,
                                                 weft_agg_table *table, const weft_batch *batch,
                                                 const int32_t *columns, uint64_t *hashes, uint8_t **rows,
                                                 bool *found);
/* The table was emptied. */
void weft_agg_direct_forget(weft_agg_direct *direct);
void weft_agg_direct_free(weft_agg_direct **direct);

#endif
