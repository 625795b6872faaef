/* engine/plan/table_clustering.h - CLUSTER BY of a table: the columns by which its files were meant to be
 * laid out. As in Spark's own catalogue they are kept as a property, shown and checked; files are written as
 * ever. */
#ifndef WEFT_PLAN_TABLE_CLUSTERING_H
#define WEFT_PLAN_TABLE_CLUSTERING_H

#include "engine/plan/logical.h"

#define WEFT_CLUSTERING_KEY "clusteringColumns"

/* A column, or a field of one: part_count names. */
typedef struct weft_clustering_column {
    int32_t part_count;
    const char *const *parts;
} weft_clustering_column;

typedef struct weft_clustering {
    bool set; /* the table has the property; count may be 0 */
    int32_t count;
    const weft_clustering_column *columns;
} weft_clustering;

/* [["a"],["b","x"]] as the value of the property; into ctx->arena. */
WEFT_MUST_CHECK weft_status weft_clustering_text(weft_ctx *ctx, const weft_clustering *clustering,
                                                 const char **out);
/* What the table's property says; not set where it is none of the form above. Into ctx->arena. */
WEFT_MUST_CHECK weft_status weft_clustering_read(weft_ctx *ctx, const weft_table_definition *d,
                                                 weft_clustering *out);
/* Are they columns of the table, each once?
 * Errors: WEFT_CLUSTER_COLUMN, WEFT_COLUMN_ALREADY_EXISTS. */
WEFT_MUST_CHECK weft_status weft_clustering_check(weft_ctx *ctx, const weft_span *span,
                                                  const weft_table_definition *d);
/* The type of the column or field; false when there is none. */
bool weft_clustering_type(const weft_table_definition *d, const weft_clustering_column *column,
                          weft_type *out);

#endif
