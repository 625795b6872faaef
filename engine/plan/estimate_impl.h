/* engine/plan/estimate_impl.h - what the two files of the estimator share. */
#ifndef WEFT_PLAN_ESTIMATE_IMPL_H
#define WEFT_PLAN_ESTIMATE_IMPL_H

#include "engine/plan/estimate.h"
#include "engine/plan/optimizer_impl.h"

#define ESTIMATE_UNKNOWN_ROWS 1e6 /* of a table that does not tell: big enough to be treated with care */
#define ESTIMATE_CONDITION    0.4 /* kept by a condition of which nothing is known */

typedef struct column_record {
    int64_t id;
    weft_column_stats stats;
    struct column_record *next;
} column_record;

typedef struct node_record {
    bool has_estimate;
    weft_estimate estimate;
    column_record *columns;
    column_record *raw; /* SCAN: of the table, before its conjuncts */
} node_record;

struct weft_estimator {
    weft_pointer_map nodes; /* node to node_record */
};

/* A number in which values of the type keep their order and distances; false: it has none. */
bool estimate_number(const weft_value *value, double *out);
/* A column of a SCAN's table as it is before the scan's conjuncts. */
WEFT_MUST_CHECK weft_status estimate_raw_column(weft_ctx *ctx, weft_estimator *e, const weft_node *scan,
                                                int64_t id, weft_column_stats *out);
/* What part of the rows all of the list keep together; the two ends of one range are seen as one. */
WEFT_MUST_CHECK weft_status estimate_all(weft_ctx *ctx, weft_estimator *e, const weft_node *node,
                                         const weft_expr *const *list, int32_t count, double *out);

#endif
