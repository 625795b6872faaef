/* engine/plan/table_statistics.h - what ANALYZE TABLE has found about a table: pairs of a name and a value in
 * its definition. Names: "bytes", "rows"; of a column "distinct:c", "nulls:c", "min:c", "max:c", "length:c",
 * "longest:c"; of a partition "bytes:k=1/j=2", "rows:k=1/j=2". They are as old as the last ANALYZE: a write
 * of the table drops them. */
#ifndef WEFT_PLAN_TABLE_STATISTICS_H
#define WEFT_PLAN_TABLE_STATISTICS_H

#include "engine/plan/logical.h"
#include "engine/plan/pointers.h"

/* column NULL: of the table. NULL: not known. */
const char *weft_statistic_find(const weft_table_definition *d, const char *name, const char *column);
/* The same as a number; -1: not known. */
int64_t weft_statistic_number(const weft_table_definition *d, const char *name, const char *column);
/* Set it in a list of pairs; value NULL: it is not known any more. In ctx->arena. */
WEFT_MUST_CHECK weft_status weft_statistic_put(weft_ctx *ctx, weft_pointers *pairs, const char *name,
                                               const char *column, const char *value);

#endif
