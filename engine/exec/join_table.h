/* engine/exec/join_table.h - the shared pointer table over the build rows of a join.
 *
 * Rows stay in the pages of their blocks; the table holds row addresses. Rows are numbered 0.. in (partition,
 * block, page, row) order: that number is the bit of the match marks. One unit per partition builds that
 * partition's part; immutable afterwards. Two shapes, chosen by the keys' range: direct  one integer key
 * whose range is at most a few times the row count: an array indexed by key - low; hashed  open addressing
 * with tags from the stored hash, chains for equal keys; radix-partitioned like the rows. Blocks whose pages
 * are spilled are read back into RETAINED memory of ctx (the planner only shares what fits). */
#ifndef WEFT_EXEC_JOIN_TABLE_H
#define WEFT_EXEC_JOIN_TABLE_H

#include "engine/exec/hash.h"
#include "engine/exec/op.h"

typedef struct weft_join_table weft_join_table;

/* partition_begin..end of the input's blocks; rows whose keys hold a NULL that is not null_equal are left out
 * of the lookup but keep their number, which counts from the input's first partition whatever partition_begin
 * is. null_equal may be NULL. *units: how many weft_join_table_unit calls must follow. input and keys are
 * borrowed. Errors: WEFT_NOMEM when rows and table do not fit. */
WEFT_MUST_CHECK weft_status weft_join_table_open(weft_ctx *ctx, const weft_input *input,
                                                 int32_t partition_begin, int32_t partition_end,
                                                 const int32_t *keys, int32_t key_count,
                                                 const bool *null_equal, weft_join_table **out,
                                                 int32_t *units);
WEFT_MUST_CHECK weft_status weft_join_table_unit(weft_ctx *ctx, weft_join_table *table, int32_t unit);
/* A table of rows [first_row, first_row + rows) of one partition, built at once; whatever the hash of a key,
 * it is looked up there. kind: of its memory. */
WEFT_MUST_CHECK weft_status weft_join_table_open_piece(weft_ctx *ctx, const weft_input *input,
                                                       int32_t partition, int64_t first_row, int64_t rows,
                                                       const int32_t *keys, int32_t key_count,
                                                       const bool *null_equal, weft_mem_kind kind,
                                                       weft_join_table **out);
void weft_join_table_close(weft_join_table **table);

int64_t weft_join_table_rows(const weft_join_table *table); /* in the table's partitions */
int64_t weft_join_table_input_rows(
    const weft_join_table *table); /* in all partitions: the length of the marks */
bool weft_join_table_has_null_key(const weft_join_table *table); /* for NOT IN and nullable marks */
const weft_row_layout *weft_join_table_layout(const weft_join_table *table);

/* Look up the keys of a batch's selected rows: heads[i] (dense) is the first candidate of row i, or 0. A
 * candidate of a direct table is a match; one of a hashed table has the same hash, and must be compared
 * (exact tells). Rows with a NULL key that is not null_equal get 0. place: of the batch's task (hash.h). */
void weft_join_table_find(weft_ctx *ctx, const weft_join_table *table, const weft_batch *batch,
                          const int32_t *keys, weft_place place, uint32_t *heads);
bool weft_join_table_exact(const weft_join_table *table);  /* candidates need no comparison */
bool weft_join_table_unique(const weft_join_table *table); /* no candidate has a next one */
/* The next candidate of the same key or hash, or 0; in the order of the build rows. */
uint32_t weft_join_table_next(const weft_join_table *table, uint32_t candidate);
const uint8_t *weft_join_table_row(const weft_join_table *table, uint32_t candidate);
/* The rows of many candidates, and memory is asked for them. */
void weft_join_table_rows_of(const weft_join_table *table, const uint32_t *candidates, int32_t count,
                             const uint8_t **rows);
int64_t weft_join_table_number(const weft_join_table *table, uint32_t candidate);
/* The numbers of the rows where they are not those of the input: borrowed. */
void weft_join_table_set_numbers(weft_join_table *table, const int64_t *numbers);
/* Is the row in the lookup? Not with a NULL key that is not null_equal. */
bool weft_join_table_entered(const weft_join_table *table, uint32_t candidate);

/* A runtime filter over one integer (or string, by hash) column of the build rows. Its bits are RETAINED
 * memory; freed with weft_key_filter_free. An exact bitmap while the range allows, else a bloom filter. */
WEFT_MUST_CHECK weft_status weft_key_filter_build(weft_ctx *ctx, const weft_input *input, int32_t column,
                                                  weft_key_filter **out);
void weft_key_filter_free(weft_key_filter **filter);

#endif
