/* engine/plan/rule_set.c - INTERSECT and EXCEPT become joins in which NULL equals NULL.
 *
 *   INTERSECT, EXCEPT          the distinct left rows with (without) a partner
 *   INTERSECT ALL, EXCEPT ALL  the same of rows numbered among their equals: the n-th copy looks for an n-th
 * one */
#include "engine/plan/optimizer_impl.h"

static weft_status all_columns(weft_ctx *ctx, const weft_node *node, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < node->output.count; i++) {
        const weft_expr *e = NULL;
        WEFT_TRY(st, weft_node_column(ctx, node, i, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, out, e));
    }
done:
    return st;
}

/* The same, as they are compared. */
static weft_status all_keys(weft_ctx *ctx, const weft_node *node, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, all_columns(ctx, node, out));
    for (int32_t i = 0; i < out->count; i++) {
        const weft_expr *key = NULL;
        WEFT_TRY(st, opt_collation_key(ctx, weft_pointers_exprs(out)[i], &key));
        out->items[i] = key;
    }
done:
    return st;
}

/* The node's rows with row_number() OVER (PARTITION BY all columns). */
static weft_status numbered(weft_ctx *ctx, weft_ids *ids, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_window_spec *spec = NULL;
    weft_pointers columns = {0};
    const weft_expr *e = NULL, *order = NULL;
    const weft_value one = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = 1};
    WEFT_TRY(st, all_keys(ctx, node, &columns));
    WEFT_TRY(st, WEFT_NEW(ctx, &spec));
    WEFT_TRY(st, weft_expr_literal(ctx, &one, &order));
    WEFT_TRY(st, weft_expr_sort_key(ctx, order, false, true, &order));
    const weft_expr **orders = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 1, &orders));
    orders[0] = order;
    *spec = (weft_window_spec){.partition_count = columns.count,
                               .partition = weft_pointers_exprs(&columns),
                               .order_count = 1,
                               .order = orders,
                               .has_frame = true,
                               .rows = true,
                               .low = WEFT_BOUND_UNBOUNDED_PRECEDING,
                               .high = WEFT_BOUND_CURRENT_ROW};
    WEFT_TRY(st, weft_expr_call(ctx, "row_number", NULL, 0, &node->span, &e));
    WEFT_TRY(st, weft_expr_window(ctx, e, spec, &e));
    WEFT_TRY(st, weft_expr_alias(ctx, e, weft_next_id(ids), "number", &e));
    WEFT_TRY(st, weft_node_window(ctx, node, &e, 1, out));
done:
    return st;
}

static weft_status join_set(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *left = NULL, *right = NULL;
    opt_join join = {0};
    *out = node;
    if (node->kind != WEFT_NODE_SET) return WEFT_OK;
    left = node->inputs[0];
    right = node->inputs[1];
    join.kind = node->set.kind == WEFT_SET_INTERSECT ? WEFT_JOIN_SEMI : WEFT_JOIN_ANTI;
    if (node->set.all) {
        WEFT_TRY(st, numbered(ctx, self, left, &left));
        WEFT_TRY(st, numbered(ctx, self, right, &right));
    } else {
        weft_pointers groups = {0};
        WEFT_TRY(st, all_columns(ctx, left, &groups));
        WEFT_TRY(st,
                 weft_node_aggregate(ctx, left, weft_pointers_exprs(&groups), groups.count, NULL, 0, &left));
        WEFT_TRY(st, opt_collate_aggregate(ctx, self, left, &left));
    }
    if (left == right) { /* x INTERSECT x over one shared node: the ids of the two sides must differ */
        weft_pointers exprs = {0};
        for (int32_t i = 0; i < right->output.count; i++) {
            const weft_expr *e = NULL;
            WEFT_TRY(st, weft_node_column(ctx, right, i, &e));
            WEFT_TRY(st, weft_expr_alias(ctx, e, weft_next_id(self), right->output.columns[i].name, &e));
            WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
        }
        WEFT_TRY(st, weft_node_project(ctx, right, weft_pointers_exprs(&exprs), exprs.count, &right));
    }
    WEFT_TRY(st, all_keys(ctx, left, &join.left_keys));
    WEFT_TRY(st, all_keys(ctx, right, &join.right_keys));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, join.left_keys.count, &join.null_equal));
    for (int32_t i = 0; i < join.left_keys.count; i++) join.null_equal[i] = true;
    WEFT_TRY(st, opt_join_node(ctx, &join, left, right, out));
    WEFT_TRY(st, opt_restore(ctx, *out, &node->output, out));
done:
    return st;
}

weft_status opt_rule_set_to_join(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    return opt_rewrite(ctx, root, join_set, ids, NULL, out);
}
