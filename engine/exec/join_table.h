/* engine/exec/join_table.h - the shared pointer table over the build rows of a join.
 *
 * Rows stay in the pages of their blocks; the table holds row addresses. Rows are numbered 0.. in (partition, block,
 * page, row) order: that number is the bit of the match marks. One unit per partition builds that partition's part;
 * immutable afterwards. Two shapes, chosen by the keys' range:
 *   direct  one integer key whose range is at most a few times the row count: an array indexed by key - low;
 *   hashed  open addressing with tags from the stored hash, chains for equal keys; radix-partitioned like the rows.
 * Blocks whose pages are spilled are read back into RETAINED memory of ctx (the planner only shares what fits). */
#ifndef WEFT_EXEC_JOIN_TABLE_H
#define WEFT_EXEC_JOIN_TABLE_H

#include "engine/exec/op.h"

typedef struct weft_join_table weft_join_table;

/* partition_begin..end of the input's blocks; rows whose keys hold a NULL that is not null_equal are left out of the
 * lookup but keep their number. *units: how many weft_join_table_unit calls must follow. */
WEFT_MUST_CHECK weft_status weft_join_table_open(weft_ctx *ctx, const weft_input *input, int32_t partition_begin,
                                                 int32_t partition_end, const int32_t *keys, int32_t key_count,
                                                 const bool *null_equal, weft_join_table **out, int32_t *units);
WEFT_MUST_CHECK weft_status weft_join_table_unit(weft_ctx *ctx, weft_join_table *table, int32_t unit);
int64_t weft_join_table_rows(const weft_join_table *table);
bool weft_join_table_has_null_key(const weft_join_table *table); /* for NOT IN and nullable marks */
const weft_row_layout *weft_join_table_layout(const weft_join_table *table);
/* The row with a given number, and the number of a row that a probe gave. */
const uint8_t *weft_join_table_row(const weft_join_table *table, int64_t number);
void weft_join_table_close(weft_join_table **table);

/* A runtime filter over one integer (or string, by hash) column of the build rows. In ctx->arena and heap; freed with
 * weft_key_filter_free. Exact bitmap while the range allows (setting: at most 64 Mi bits and 64 bits a row), else bloom. */
WEFT_MUST_CHECK weft_status weft_key_filter_build(weft_ctx *ctx, const weft_input *input, int32_t column,
                                                  weft_key_filter **out);
void weft_key_filter_free(weft_key_filter **filter);

#endif
