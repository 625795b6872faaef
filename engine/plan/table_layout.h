/* engine/plan/table_layout.h - which columns of a table are those of its folders and buckets. */
#ifndef WEFT_PLAN_TABLE_LAYOUT_H
#define WEFT_PLAN_TABLE_LAYOUT_H

#include "engine/plan/logical.h"

/* The definition as a table has it: the columns that partition_names names are the last ones, in the order of
 * the names, partition_count of them. Its columns are copied to ctx->arena. database: for messages.
 * Errors: WEFT_COLUMN_NOT_IN_TABLE, WEFT_COLUMN_ALREADY_EXISTS, WEFT_ALL_PARTITION_COLUMNS,
 * WEFT_PARTITION_COLUMN_TYPE, WEFT_BUCKET_COLUMNS, WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_table_arrange(weft_ctx *ctx, const weft_span *span, const char *database,
                                               weft_table_definition *d);
/* The position of a column by its name in any case, or -1. */
int32_t weft_table_find_column(const weft_table_definition *d, const char *name);
/* Among the partition columns, from 0, or -1. */
int32_t weft_table_find_partition(const weft_table_definition *d, const char *name);
/* Where the partition of this folder "k=1/j=2" lies: NULL: below the table; "": it was dropped. */
const char *weft_table_partition_place(const char *const *places, int32_t place_count, const char *folder);
/* Is a partition one of those in a folder "k=1" of the table, or that very one? folder NULL: in the table. */
bool weft_partition_is_below(const char *partition, const char *folder);
/* WEFT_PARTITIONS_NOT_FOUND: the table has no partition column of this name, or no such partition. */
weft_status weft_fail_no_partition(weft_ctx *ctx, const weft_span *span, const weft_table_definition *d,
                                   const char *what);
/* WEFT_UNRESOLVED_COLUMN: it has no column of this name, which may be one of several parts. */
WEFT_MUST_CHECK weft_status weft_fail_no_column(weft_ctx *ctx, const weft_span *span,
                                                const weft_table_definition *d, const char *const *parts,
                                                int32_t part_count);

#endif
