/* engine/plan/join_order.h - a region of joins, taken apart for the choice of an order.
 *
 * A region is a tree of inner joins, with the filters between them and the SEMI, ANTI and LEFT joins on them.
 * Its *leaves* are the inputs of these joins; a *dependent* leaf is the right side of a SEMI, ANTI or LEFT
 * join: it can be joined to any set of leaves that holds the columns its join condition needs, and only as a
 * right side. Sets of leaves are bit masks. Columns that are equal by inner joins form *classes*. */
#ifndef WEFT_PLAN_JOIN_ORDER_H
#define WEFT_PLAN_JOIN_ORDER_H

#include "engine/plan/estimate.h"
#include "engine/plan/optimizer_impl.h"

enum {
    REGION_LEAVES_MAX = 60, /* bits of a mask, some left over */
    REGION_DP_MAX = 10      /* leaves up to which all orders are tried: 3^10 splits take a millisecond */
};

typedef struct region_leaf {
    const weft_node *node;
    double rows, base_rows; /* base_rows: of the biggest table below, unfiltered */
    double row_bytes;
    bool dependent;
    bool single; /* gives exactly one row: may be crossed with anything */
    weft_join_kind kind;
    uint64_t needs; /* dependent: leaves that its keys and conditions read */
    opt_join join;  /* dependent: keys and conditions */
    double matched; /* dependent: part of the left rows that have a partner */
    double fanout;  /* dependent: right rows for each left row */
} region_leaf;

typedef struct region_member { /* a column of a class */
    const weft_expr *column;
    int32_t leaf, class_index;
    double distinct;
} region_member;

typedef struct region_class { /* members[first, first + count) */
    int32_t first, count;
    uint64_t leaves;
} region_class;

typedef struct region_pred { /* a condition over two leaves or more that no class stands for */
    const weft_expr *expr;
    uint64_t mask, left_mask, right_mask; /* left and right: sides of an equality, else 0 */
    bool null_equal;
    double keep;
} region_pred;

typedef struct region {
    weft_estimator *estimator;
    int32_t leaf_count, leaves_to_come; /* to come: of all, while it is taken apart */
    region_leaf leaves[REGION_LEAVES_MAX];
    int32_t member_count, member_capacity, class_count;
    region_member *members;
    region_class *classes; /* once all are known */
    int32_t pred_count;
    region_pred *preds;
    weft_pointers all_preds; /* while it is taken apart */
    weft_pointers constants; /* conditions without columns */
    uint64_t adjacent[REGION_LEAVES_MAX];
} region;

/* How a set of leaves is joined. */
typedef struct region_plan {
    uint64_t set;
    double cost, rows;
    const struct region_plan *left, *right; /* NULL: a leaf */
    bool build_left;
} region_plan;

/* The cheapest plan of all leaves by the estimates. */
WEFT_MUST_CHECK weft_status region_choose(weft_ctx *ctx, region *r, const region_plan **out);
/* Rows of two joined sets, in either order. */
double region_join_rows(const region *r, const region_plan *a, const region_plan *b);
/* The distinct values of a class within a set, 0 when it has no member there. member: one of them. */
double region_class_distinct(const region *r, int32_t class_index, const region_plan *plan, int32_t *member);
/* Is the pred decided by a and b together, but by neither alone? */
bool region_pred_joins(const region_pred *pred, uint64_t a, uint64_t b);
/* The cheaper side to build for a SEMI, ANTI, MARK or LEFT join: its cost, and *build_left. */
double region_outer_cost(weft_join_kind kind, double left, double left_bytes, double right,
                         double right_bytes, double out_rows, bool may_build_left, bool *build_left);

#endif
