/* engine/plan/estimate.h - an estimator: estimates with memory, for one planning run.
 *
 * What optimizer.h offers without one starts from nothing at each call; who asks often keeps an estimator. It
 * lives in ctx->arena and remembers by address what it found of nodes and columns. One thread. */
#ifndef WEFT_PLAN_ESTIMATE_H
#define WEFT_PLAN_ESTIMATE_H

#include "engine/plan/optimizer.h"

typedef struct weft_estimator weft_estimator;

WEFT_MUST_CHECK weft_status weft_estimator_new(weft_ctx *ctx, weft_estimator **out);
/* As weft_estimate_node, weft_estimate_column and weft_estimate_selectivity. */
WEFT_MUST_CHECK weft_status weft_estimator_node(weft_ctx *ctx, weft_estimator *e, const weft_node *node,
                                                weft_estimate *out);
WEFT_MUST_CHECK weft_status weft_estimator_column(weft_ctx *ctx, weft_estimator *e, const weft_node *node,
                                                  int64_t id, weft_column_stats *out);
WEFT_MUST_CHECK weft_status weft_estimator_selectivity(weft_ctx *ctx, weft_estimator *e,
                                                       const weft_node *node, const weft_expr *predicate,
                                                       double *out);
/* Distinct values of an expression over the node's rows: of its column where it reads one. */
WEFT_MUST_CHECK weft_status weft_estimator_distinct(weft_ctx *ctx, weft_estimator *e, const weft_node *node,
                                                    const weft_expr *expr, double *out);

#endif
