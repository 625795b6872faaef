/* engine/exec/agg_table.h - the hash table of an aggregation: from keys to group rows, for sink and source.
 *
 * A group is one row: group columns, then the states of each aggregate, with the stored hash. Groups lie in
 * the pages of one row set in the order in which they were first seen. A slot of the table is 64 bits: 16
 * bits of the hash as tag over 48 bits of row address; zero is empty; collisions go to the next slot. Tag
 * bits (32..47) are neither those that choose the slot (low) nor those that choose a partition (high).
 *
 * One thread. Pages and slots are RETAINED memory, so that a refusal makes the owner flush. */
#ifndef WEFT_EXEC_AGG_TABLE_H
#define WEFT_EXEC_AGG_TABLE_H

#include "engine/exec/op.h"
#include "engine/expr/aggregate.h"

typedef struct weft_agg_call {
    const weft_expr *call;
    const weft_agg_variant *variant;
    int32_t first_column, state_count; /* layout columns */
    int32_t arg_count;
    int32_t *args;  /* columns of the sink's input */
    int32_t filter; /* column of the sink's input, or -1 */
    bool
        repeatable; /* its update may be refused memory half way, and may then be done again from the start */
} weft_agg_call;

/* How an aggregation lies in rows; const once made, in ctx->arena. */
typedef struct weft_agg_plan {
    weft_row_layout layout;
    int32_t group_count, call_count;
    int32_t *columns; /* 0, 1, … layout.count - 1: the identity */
    weft_agg_call *calls;
    weft_column *starts; /* [layout.count - group_count]: constants that states start as */
    int32_t arg_most;    /* most arguments of a call */
    bool compare_bytes;  /* group columns are equal when their bytes are (no floats, no strings) */
} weft_agg_plan;

/* aggregates are AGGREGATE nodes over columns. Errors: WEFT_NOMEM, WEFT_INTERNAL when the types are not
 * theirs. */
WEFT_MUST_CHECK weft_status weft_agg_plan_init(weft_ctx *ctx, weft_agg_plan *plan,
                                               const weft_type *group_types, int32_t group_count,
                                               const weft_expr *const *aggregates, int32_t aggregate_count);
weft_agg_place weft_agg_place_of(const weft_agg_plan *plan, int32_t call, weft_row_set *heap);
/* Update calls [*from, call_count) with the selected rows of the batch, rows[i] being the group of the i-th.
 * On failure *from is the call that failed. heap: the set that the rows are in. */
WEFT_MUST_CHECK weft_status weft_agg_update(weft_ctx *ctx, const weft_agg_plan *plan, weft_row_set *heap,
                                            const weft_batch *batch, uint8_t *const *rows, int32_t *from);
/* The same with one group for all. */
WEFT_MUST_CHECK weft_status weft_agg_update_one(weft_ctx *ctx, const weft_agg_plan *plan, weft_row_set *heap,
                                                const weft_batch *batch, uint8_t *row, int32_t *from);

typedef struct weft_agg_table {
    const weft_agg_plan *plan;
    uint64_t *slots;
    uint64_t mask;     /* slots - 1; slots may be NULL before the first group */
    weft_row_set rows; /* the groups */
    uint8_t **groups;  /* their addresses in order */
    int64_t group_count, group_capacity;
    bool unordered;      /* the pages have the groups in another order than groups[] */
    weft_column *insert; /* [layout.count]: group columns of the batch, then starts */
    uint64_t at[WEFT_BATCH_ROWS_MAX];
    uint64_t fresh_hashes[WEFT_BATCH_ROWS_MAX];
    uint8_t *fresh_rows[WEFT_BATCH_ROWS_MAX];
    const uint8_t *merge_from[WEFT_BATCH_ROWS_MAX];
    uint16_t positions[WEFT_BATCH_ROWS_MAX]; /* physical rows of a batch without a selection */
    uint16_t waiting[WEFT_BATCH_ROWS_MAX], candidates[WEFT_BATCH_ROWS_MAX], fresh[WEFT_BATCH_ROWS_MAX];
    uint16_t fresh_positions[WEFT_BATCH_ROWS_MAX];
    uint16_t made[WEFT_BATCH_ROWS_MAX]; /* of each group that a batch makes: its first row there */
} weft_agg_table;

/* *out is one heap block. */
WEFT_MUST_CHECK weft_status weft_agg_table_new(weft_ctx *ctx, const weft_agg_plan *plan,
                                               weft_agg_table **out);
/* The group row of every selected row, made where there was none; hashes dense. columns: of the batch, by
 * group. After an error some of the groups may have been made (with their starting states); it can be called
 * again. */
WEFT_MUST_CHECK weft_status weft_agg_table_find(weft_ctx *ctx, weft_agg_table *table, const weft_batch *batch,
                                                const int32_t *columns, const uint64_t *hashes,
                                                uint8_t **rows);
/* A group for every selected row, whether there is one already or not (partial aggregation that gave up). */
WEFT_MUST_CHECK weft_status weft_agg_table_add(weft_ctx *ctx, weft_agg_table *table, const weft_batch *batch,
                                               const int32_t *columns, const uint64_t *hashes,
                                               uint8_t **rows);
/* Merge rows of partial aggregates (the plan's layout; at most WEFT_BATCH_ROWS_MAX). The rows that made new
 * groups are from[fresh[0]], from[fresh[1]], … in the order of the groups. After an error the
 * table can only be read and cleared. */
WEFT_MUST_CHECK weft_status weft_agg_table_merge(weft_ctx *ctx, weft_agg_table *table,
                                                 const uint8_t *const *from, int32_t count);
/* The group of an aggregation without keys, with its starting states. */
WEFT_MUST_CHECK weft_status weft_agg_table_blank(weft_ctx *ctx, weft_agg_table *table, uint8_t **row);
/* Bytes that the table holds. */
int64_t weft_agg_table_bytes(const weft_agg_table *table);
/* Copies of all groups, in their order, to the partitions of a block. */
WEFT_MUST_CHECK weft_status weft_agg_table_give(weft_ctx *ctx, const weft_agg_table *table,
                                                weft_block_writer *writer);
/* Forget all groups; their pages are freed unless they were taken, the slots are kept while they are few. */
void weft_agg_table_clear(weft_agg_table *table);
void weft_agg_table_free(weft_agg_table **table);

#endif
