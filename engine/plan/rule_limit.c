/* engine/plan/rule_limit.c - limits move down: below projections, into sorts (top-N) and branches of unions.
 */
#include "engine/plan/optimizer_impl.h"

static weft_status limit_branches(weft_ctx *ctx, const weft_node *all, int64_t most, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node **inputs = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, all->input_count, &inputs));
    for (int32_t i = 0; i < all->input_count; i++) {
        inputs[i] = all->inputs[i];
        if (inputs[i]->kind != WEFT_NODE_LIMIT)
            WEFT_TRY(st, weft_node_limit(ctx, inputs[i], 0, most, &inputs[i]));
    }
    WEFT_TRY(st, opt_with_inputs(ctx, all, inputs, out));
done:
    return st;
}

/* LIMIT over this input, which is not shared; *out NULL: nothing to gain. */
static weft_status limit_over(weft_ctx *ctx, const weft_pointer_map *parents, const weft_node *limit,
                              const weft_node *input, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const int64_t skip = limit->limit.skip, take = limit->limit.take;
    const bool known = take >= 0 && skip <= INT64_MAX - take, bounded = known && take < INT64_MAX;
    const weft_node *below = NULL;
    *out = NULL;
    if (weft_is_shared(parents, input)) return WEFT_OK;
    for (int32_t i = 0; input->kind == WEFT_NODE_PROJECT && i < input->project.count; i++)
        if (!weft_expr_deterministic(input->project.exprs[i])) return WEFT_OK; /* it counts all rows */
    if (input->kind == WEFT_NODE_PROJECT) {
        /* rows that are not given need not be computed, and so raise nothing */
        WEFT_TRY(st, limit_over(ctx, parents, limit, input->inputs[0], &below));
        if (below == NULL) WEFT_TRY(st, weft_node_limit(ctx, input->inputs[0], skip, take, &below));
        WEFT_TRY(st, opt_with_inputs(ctx, input, &below, out));
    } else if (input->kind == WEFT_NODE_SORT && bounded) {
        const int64_t most = skip + take;
        const int64_t have = input->sort.limit;
        WEFT_TRY(st, weft_node_sort(ctx, input->inputs[0], input->sort.keys, input->sort.count,
                                    have >= 0 && have < most ? have : most, &below));
        WEFT_TRY(st, weft_node_limit(ctx, below, skip, take, out));
    } else if (input->kind == WEFT_NODE_REPARTITION && input->repartition.sort_count > 0 && bounded) {
        /* DISTRIBUTE BY … SORT BY: the first rows of all are also the first ones of some task */
        WEFT_TRY(st, weft_node_sort(ctx, input->inputs[0], input->repartition.sort_keys,
                                    input->repartition.sort_count, skip + take, &below));
        WEFT_TRY(st, weft_node_limit(ctx, below, skip, take, out));
    } else if (input->kind == WEFT_NODE_UNION && bounded) {
        WEFT_TRY(st, limit_branches(ctx, input, skip + take, &below));
        WEFT_TRY(st, weft_node_limit(ctx, below, skip, take, out));
    }
    if (input->kind == WEFT_NODE_RECURSION && known && input->recursion.take < 0) {
        weft_node *loop = NULL; /* no more rounds than give so many rows */
        WEFT_TRY(st, WEFT_NEW(ctx, &loop));
        *loop = *input;
        loop->recursion.take = skip + take;
        WEFT_TRY(st, weft_node_limit(ctx, loop, skip, take, out));
    }
done:
    return st;
}

static weft_status push_limit(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *moved = NULL;
    *out = node;
    if (node->kind != WEFT_NODE_LIMIT) return WEFT_OK;
    WEFT_TRY(st, limit_over(ctx, self, node, node->inputs[0], &moved));
    if (moved != NULL) *out = moved;
done:
    return st;
}

weft_status opt_rule_push_limit(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointer_map parents = {0};
    (void)ids;
    WEFT_TRY(st, weft_count_parents(ctx, root, &parents));
    WEFT_TRY(st, opt_rewrite(ctx, root, push_limit, &parents, NULL, out));
done:
    return st;
}
