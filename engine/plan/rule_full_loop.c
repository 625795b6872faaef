/* engine/plan/rule_full_loop.c - FULL JOIN without equal keys: the executor cannot mark build rows in a loop
 * join.
 *
 * It becomes LEFT JOIN UNION ALL the right rows without a partner (ANTI), padded with NULLs. Both inputs are
 * then read twice: they stay shared nodes, computed once. */
#include "engine/plan/optimizer_impl.h"

/* NULLs for the left columns, then the right columns. */
static weft_status padded(weft_ctx *ctx, weft_ids *ids, const weft_node *node, const weft_node *right,
                          const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers exprs = {0};
    const weft_outputs *left = &node->inputs[0]->output;
    for (int32_t i = 0; i < node->output.count; i++) {
        const weft_output *output = &node->output.columns[i];
        const weft_value null = {.type = output->type, .is_null = true};
        const weft_expr *e = NULL;
        if (i < left->count)
            WEFT_TRY(st, weft_expr_literal(ctx, &null, &e));
        else
            WEFT_TRY(st, weft_node_column(ctx, right, i - left->count, &e));
        WEFT_TRY(st, weft_expr_alias(ctx, e, weft_next_id(ids), output->name, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    WEFT_TRY(st, weft_node_project(ctx, right, weft_pointers_exprs(&exprs), exprs.count, out));
done:
    return st;
}

static weft_status split_full(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_ids *ids = self;
    const weft_node *branches[2] = {NULL, NULL}, *all = NULL, *rest = NULL;
    *out = node;
    if (node->kind != WEFT_NODE_JOIN || node->join.kind != WEFT_JOIN_FULL || node->join.key_count > 0)
        return WEFT_OK;
    WEFT_TRY(st, weft_node_join(ctx, WEFT_JOIN_LEFT, node->inputs[0], node->inputs[1], NULL, NULL, 0,
                                node->join.conditions, node->join.condition_count, &branches[0]));
    WEFT_TRY(st, weft_node_join(ctx, WEFT_JOIN_ANTI, node->inputs[1], node->inputs[0], NULL, NULL, 0,
                                node->join.conditions, node->join.condition_count, &rest));
    WEFT_TRY(st, padded(ctx, ids, node, rest, &branches[1]));
    WEFT_TRY(st, weft_node_union(ctx, ids, branches, 2, &all));
    WEFT_TRY(st, opt_named_as(ctx, all, &node->output, out));
done:
    return st;
}

weft_status opt_rule_full_loop(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    return opt_rewrite(ctx, root, split_full, ids, NULL, out);
}
