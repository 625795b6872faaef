/* engine/plan/rule_decorrelate.h - what the files of the rule share.
 *
 * A subquery's plan has its correlated predicates *pulled up*: they leave the plan and are joined with it as
 * keys or conditions. Columns of the enclosing query are OUTER nodes until that join is made. */
#ifndef WEFT_PLAN_RULE_DECORRELATE_H
#define WEFT_PLAN_RULE_DECORRELATE_H

#include "engine/plan/optimizer_impl.h"

/* Which subquery is at work: its span for errors, the rows of the enclosing query, and the columns they
 * offer. */
typedef struct opt_scope {
    weft_ids *ids;
    const weft_node *input;
    const weft_outputs *outer; /* of input */
    const weft_span *span;
} opt_scope;

/* Does e, or any expression of the tree, read a column of the enclosing query? */
bool opt_expr_correlated(const opt_scope *scope, const weft_expr *e);
bool opt_tree_correlated(const opt_scope *scope, const weft_node *node);
/* OUTER nodes of this scope replaced by the columns they hold. */
WEFT_MUST_CHECK weft_status opt_strip_outer(weft_ctx *ctx, const opt_scope *scope, const weft_expr *e,
                                            const weft_expr **out);
/* The plan without its correlated predicates, which are appended to preds (OUTER nodes still in them); it
 * gives its own columns and those that preds read. Errors: WEFT_UNSUPPORTED_SUBQUERY at the scope's span. */
WEFT_MUST_CHECK weft_status opt_pull_up(weft_ctx *ctx, const opt_scope *scope, const weft_node *node,
                                        weft_pointers *preds, const weft_node **out);
/* An AGGREGATE with the equal keys of preds as further groups; preds then compare those. What compares
 * otherwise is joined below with the values that the outer query has (its *domain*), which become groups too.
 */
WEFT_MUST_CHECK weft_status opt_group_by_preds(weft_ctx *ctx, const opt_scope *scope,
                                               const weft_node *aggregate, const weft_node *input,
                                               weft_pointers *preds, const weft_node **out);
/* The distinct values that the outer query has for the columns in outers (OUTER nodes): columns[i] of *out.
 */
WEFT_MUST_CHECK weft_status opt_domain_of(weft_ctx *ctx, const opt_scope *scope, const weft_pointers *outers,
                                          weft_pointers *columns, const weft_node **out);
/* The plan for every value of the outer columns that it reads; preds get the equalities with the outer row.
 * Errors: WEFT_UNSUPPORTED_SUBQUERY for what no value can be carried through. */
WEFT_MUST_CHECK weft_status opt_push_domain(weft_ctx *ctx, const opt_scope *scope, const weft_node *plan,
                                            weft_pointers *preds, const weft_node **out);
/* A plan that makes rows of one outer row alone, over the outer rows themselves: its outputs, and theirs.
 * *out NULL: it is none. */
WEFT_MUST_CHECK weft_status opt_push_in_place(weft_ctx *ctx, const opt_scope *scope, const weft_node *plan,
                                              const weft_node **out);
/* opt_pull_up where that is possible, else opt_push_domain. */
WEFT_MUST_CHECK weft_status opt_pull_or_push(weft_ctx *ctx, const opt_scope *scope, const weft_node *plan,
                                             weft_pointers *preds, const weft_node **out);
/* Does the aggregate give 0 for no rows? */
bool opt_zero_when_empty(const weft_expr *aggregate);
/* Sort pulled-up predicates into keys and conditions of a join whose left side is the enclosing query. */
WEFT_MUST_CHECK weft_status opt_add_preds(weft_ctx *ctx, const opt_scope *scope, const weft_node *left,
                                          const weft_node *right, const weft_pointers *preds, opt_join *join);
/* One equality as a key (or a condition, when it does not split into the two sides). */
WEFT_MUST_CHECK weft_status opt_add_equal(weft_ctx *ctx, const weft_node *left, const weft_node *right,
                                          const weft_expr *equal, opt_join *join);
weft_status opt_fail_subquery(weft_ctx *ctx, const opt_scope *scope, const char *what);

#endif
