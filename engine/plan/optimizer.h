/* engine/plan/optimizer.h - rules over bound plans, in one table (rule_list.h), each small, pure and tested
 * alone.
 *
 * Phases: (1) decorrelation: subquery expressions become joins; (2) normalisation to a fixed point: folding,
 * simplification, push-down of filters, outer-join simplification, pruning; (3) join order and build sides
 * from statistics; (4) pruning and clean-up. Every rule keeps results and error behaviour (fallible
 * expressions). */
#ifndef WEFT_PLAN_OPTIMIZER_H
#define WEFT_PLAN_OPTIMIZER_H

#include "engine/plan/logical.h"

/* Rewrites the tree or gives it back unchanged (same pointer). */
typedef weft_status (*weft_rule_fn)(weft_ctx *ctx, weft_ids *ids, const weft_node *root,
                                    const weft_node **out);
typedef struct weft_rule {
    const char *name;
    const char *help;
    int32_t phase;
    weft_rule_fn apply;
} weft_rule;
const weft_rule *weft_rules(int32_t *count);

WEFT_MUST_CHECK weft_status weft_optimize(weft_ctx *ctx, weft_ids *ids, const weft_node *bound,
                                          const weft_node **out);

/* Estimates for a node; unknown is guessed, never negative. */
typedef struct weft_estimate {
    double rows;
    double row_bytes;
    bool rows_exact;
} weft_estimate;
WEFT_MUST_CHECK weft_status weft_estimate_node(weft_ctx *ctx, const weft_node *node, weft_estimate *out);
/* Distinct values of a column of the node's output (estimate, at most rows), bounds if known. */
WEFT_MUST_CHECK weft_status weft_estimate_column(weft_ctx *ctx, const weft_node *node, int64_t id,
                                                 weft_column_stats *out);
/* Fraction of the node's rows for which the predicate is true, in [0, 1]. */
WEFT_MUST_CHECK weft_status weft_estimate_selectivity(weft_ctx *ctx, const weft_node *node,
                                                      const weft_expr *predicate, double *out);

#endif
