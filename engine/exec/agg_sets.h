/* engine/exec/agg_sets.h - the coarser grouping sets of a partial aggregation, from the groups of its finest.
 *
 * ROLLUP (a, b, c) has four sets. Giving every row once for each of them, as EXPAND does, looks up four
 * groups a row; here rows are grouped by the finest set alone, and a set's groups are made from those of a
 * finer one whenever the table is emptied. A set is a list of expressions over the group columns: the column
 * itself where the set has it, else a literal (NULL; for the set's number the number).
 *
 * One thread. */
#ifndef WEFT_EXEC_AGG_SETS_H
#define WEFT_EXEC_AGG_SETS_H

#include "engine/exec/agg_table.h"
#include "engine/exec/block.h"

typedef struct weft_agg_sets weft_agg_sets;

/* For a sink of the kind AGGREGATE with set_count > 0; borrows all until freed. tables: what the memory of
 * groups is asked from. */
WEFT_MUST_CHECK weft_status weft_agg_sets_new(weft_ctx *ctx, const weft_agg_plan *plan,
                                              const weft_sink_spec *spec, weft_account *tables,
                                              weft_agg_sets **out);
/* The groups of all coarser sets over those of the finest table, into partitions of the block. *distinct is
 * set to false when a group was given in several pieces, for want of memory; never to true.
 * Errors: WEFT_NOMEM when even pieces do not fit. */
WEFT_MUST_CHECK weft_status weft_agg_sets_give(weft_ctx *ctx, weft_agg_sets *sets,
                                               const weft_agg_table *finest, weft_block_writer *writer,
                                               bool *distinct);
int64_t weft_agg_sets_bytes(const weft_agg_sets *sets); /* most that its tables held */
void weft_agg_sets_free(weft_agg_sets **sets);

#endif
