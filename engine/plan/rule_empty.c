/* engine/plan/rule_empty.c - what can have no rows is not computed.
 *
 * A condition that is false, LIMIT 0, and whatever needs a row of such an input to give one, become VALUES
 * without rows: tools ask for the columns of a query by WHERE 1 = 0 around it, and what would raise over rows
 * that nobody wants raises nothing, as in Spark. An outer join without a partner for any row becomes a
 * projection of the other side, a union loses its branches without rows. An aggregation without groups gives
 * a row over nothing, and stays. */
#include "engine/plan/optimizer_impl.h"

static bool has_no_rows(const weft_node *node)
{
    return node->kind == WEFT_NODE_VALUES && node->values.row_count == 0;
}

/* No rows, under the ids that readers of the node know. */
static weft_status no_rows(weft_ctx *ctx, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *none = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &none));
    none->kind = WEFT_NODE_VALUES;
    none->span = node->span;
    none->output = node->output;
    none->values.column_count = node->output.count;
    *out = none;
done:
    return st;
}

static bool any_false(const weft_expr *const *conjuncts, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (opt_is_false(conjuncts[i])) return true;
    return false;
}

/* The outputs of a join without partners: columns of the kept side, and for the others NULL, or false for
 * the mark. */
static weft_status unmatched(weft_ctx *ctx, const weft_node *node, const weft_node *kept,
                             const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers exprs = {0};
    for (int32_t i = 0; i < node->output.count; i++) {
        const weft_output *output = &node->output.columns[i];
        const weft_value null = {.type = output->type, .is_null = true};
        const int32_t at = weft_node_find_output(kept, output->id);
        const weft_expr *e = NULL;
        if (at >= 0) {
            WEFT_TRY(st, weft_node_column(ctx, kept, at, &e));
        } else {
            if (node->join.kind == WEFT_JOIN_MARK)
                WEFT_TRY(st, opt_boolean(ctx, false, &e));
            else
                WEFT_TRY(st, weft_expr_literal(ctx, &null, &e));
            WEFT_TRY(st, weft_expr_alias(ctx, e, output->id, output->name, &e));
        }
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    WEFT_TRY(st, weft_node_project(ctx, kept, weft_pointers_exprs(&exprs), exprs.count, out));
done:
    return st;
}

static weft_status empty_join(weft_ctx *ctx, const weft_node *node, const weft_node **out)
{
    const weft_node *left = node->inputs[0], *right = node->inputs[1];
    const bool no_left = has_no_rows(left), no_right = has_no_rows(right);
    const bool no_match = no_left || no_right || any_false(node->join.conditions, node->join.condition_count);
    switch (node->join.kind) {
    case WEFT_JOIN_INNER:
    case WEFT_JOIN_SEMI: return no_match ? no_rows(ctx, node, out) : WEFT_OK;
    case WEFT_JOIN_LEFT:
    case WEFT_JOIN_SINGLE:
        if (no_left) return no_rows(ctx, node, out);
        return no_match ? unmatched(ctx, node, left, out) : WEFT_OK;
    case WEFT_JOIN_RIGHT:
        if (no_right) return no_rows(ctx, node, out);
        return no_match ? unmatched(ctx, node, right, out) : WEFT_OK;
    case WEFT_JOIN_FULL:
        if (no_left && no_right) return no_rows(ctx, node, out);
        return no_left || no_right ? unmatched(ctx, node, no_left ? right : left, out) : WEFT_OK;
    case WEFT_JOIN_ANTI:
    case WEFT_JOIN_ANTI_NULL:
    case WEFT_JOIN_MARK: /* what a false condition makes of NULLs is for the join to say */
        if (no_left) return no_rows(ctx, node, out);
        return no_right ? unmatched(ctx, node, left, out) : WEFT_OK;
    }
    return WEFT_OK;
}

static weft_status empty_union(weft_ctx *ctx, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers rest = {0};
    weft_node *fewer = NULL;
    for (int32_t i = 0; i < node->input_count; i++)
        if (!has_no_rows(node->inputs[i])) WEFT_TRY(st, weft_pointers_push(ctx, &rest, node->inputs[i]));
    if (rest.count == node->input_count) goto done;
    if (rest.count == 0) {
        WEFT_TRY(st, no_rows(ctx, node, out));
    } else if (rest.count == 1) {
        WEFT_TRY(st, opt_named_as(ctx, rest.items[0], &node->output, out));
    } else {
        WEFT_TRY(st, WEFT_NEW(ctx, &fewer));
        *fewer = *node;
        fewer->input_count = rest.count;
        fewer->inputs = weft_pointers_nodes(&rest);
        *out = fewer;
    }
done:
    return st;
}

/* Does the node give no row where its one input, or the anchor of a recursion, has none? A script may write
 * without being told anything, one row of NULLs stands for none. */
static bool passes_nothing(const weft_node *node)
{
    static const bool passes[WEFT_NODE_KIND_COUNT] = {
        [WEFT_NODE_FILTER] = true, [WEFT_NODE_PROJECT] = true,   [WEFT_NODE_AGGREGATE] = true,
        [WEFT_NODE_SORT] = true,   [WEFT_NODE_LIMIT] = true,     [WEFT_NODE_WINDOW] = true,
        [WEFT_NODE_EXPAND] = true, [WEFT_NODE_RECURSION] = true, [WEFT_NODE_REPARTITION] = true,
    };
    if (node->kind == WEFT_NODE_AGGREGATE && node->aggregate.group_count == 0) return false;
    return passes[node->kind] && has_no_rows(node->inputs[0]);
}

static weft_status drop_empty(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    (void)self;
    *out = node;
    if (node->kind == WEFT_NODE_JOIN) return empty_join(ctx, node, out);
    if (node->kind == WEFT_NODE_UNION) return empty_union(ctx, node, out);
    if (passes_nothing(node) || (node->kind == WEFT_NODE_LIMIT && node->limit.take == 0) ||
        (node->kind == WEFT_NODE_FILTER && any_false(node->filter.conjuncts, node->filter.count)) ||
        (node->kind == WEFT_NODE_SCAN && any_false(node->scan.conjuncts, node->scan.conjunct_count)))
        return no_rows(ctx, node, out);
    if (node->kind == WEFT_NODE_RECURSION && has_no_rows(node->inputs[1]))
        return opt_named_as(ctx, node->inputs[0], &node->output, out);
    return WEFT_OK;
}

weft_status opt_rule_empty(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    (void)ids;
    return opt_rewrite(ctx, root, drop_empty, NULL, NULL, out);
}
