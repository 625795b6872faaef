/* engine/plan/rule_union.c - unions of unions become one; a DISTINCT below a DISTINCT goes.
 *
 * a UNION b UNION c is parsed as a tree of two levels, each with its DISTINCT: one union of three and one
 * DISTINCT give the same rows in one stage. From the root down, so that a chain of any length is collected
 * once. */
#include "engine/plan/optimizer_impl.h"

typedef struct unions {
    weft_pointer_map parents, done;
} unions;

static weft_status flatten(weft_ctx *ctx, unions *u, const weft_node *node, const weft_node **out);

/* SELECT DISTINCT of all columns, as they are? */
static bool is_distinct(const weft_node *node)
{
    if (node->kind != WEFT_NODE_AGGREGATE || node->aggregate.aggregate_count > 0) return false;
    const weft_outputs *below = &node->inputs[0]->output;
    if (node->aggregate.group_count != below->count || below->count == 0) return false;
    for (int32_t i = 0; i < below->count; i++) {
        const weft_expr *e = node->aggregate.groups[i];
        if (e->kind != WEFT_EXPR_COLUMN || e->column.id != below->columns[i].id) return false;
    }
    return true;
}

/* Append the inputs of a UNION, those of unions among them in their place. */
static weft_status collect(weft_ctx *ctx, unions *u, const weft_node *node, bool distinct,
                           weft_pointers *list)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < node->input_count; i++) {
        const weft_node *input = node->inputs[i], *next = NULL;
        while (distinct && is_distinct(input) && !weft_is_shared(&u->parents, input))
            input = input->inputs[0];
        if (input->kind == WEFT_NODE_UNION && !weft_is_shared(&u->parents, input)) {
            WEFT_TRY(st, collect(ctx, u, input, distinct, list));
            continue;
        }
        WEFT_TRY(st, flatten(ctx, u, input, &next));
        WEFT_TRY(st, opt_restore(ctx, next, &input->output, &next));
        WEFT_TRY(st, weft_pointers_push(ctx, list, next));
    }
done:
    return st;
}

static weft_status flatten_union(weft_ctx *ctx, unions *u, const weft_node *node, bool distinct,
                                 const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers list = {0};
    weft_node *all = NULL;
    WEFT_TRY(st, collect(ctx, u, node, distinct, &list));
    bool same = list.count == node->input_count;
    for (int32_t i = 0; i < list.count && same; i++) same = list.items[i] == node->inputs[i];
    *out = node;
    if (same) goto done;
    WEFT_TRY(st, WEFT_NEW(ctx, &all));
    *all = *node;
    all->input_count = list.count;
    all->inputs = weft_pointers_nodes(&list);
    *out = all;
done:
    return st;
}

static weft_status flatten(weft_ctx *ctx, unions *u, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node **inputs = NULL;
    *out = weft_pointer_map_get(&u->done, node);
    if (*out != NULL) return WEFT_OK;
    if (node->kind == WEFT_NODE_UNION) {
        WEFT_TRY(st, flatten_union(ctx, u, node, false, out));
    } else {
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->input_count, &inputs));
        for (int32_t i = 0; i < node->input_count; i++) {
            const weft_node *input = node->inputs[i];
            if (is_distinct(node) && input->kind == WEFT_NODE_UNION && !weft_is_shared(&u->parents, input))
                WEFT_TRY(st, flatten_union(ctx, u, input, true, &inputs[i]));
            else
                WEFT_TRY(st, flatten(ctx, u, input, &inputs[i]));
        }
        WEFT_TRY(st, opt_with_inputs(ctx, node, inputs, out));
    }
    WEFT_TRY(st, weft_pointer_map_put(ctx, &u->done, node, *out));
done:
    return st;
}

weft_status opt_rule_flatten_union(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    weft_status st = WEFT_OK;
    unions u = {0};
    (void)ids;
    WEFT_TRY(st, weft_count_parents(ctx, root, &u.parents));
    WEFT_TRY(st, flatten(ctx, &u, root, out));
done:
    return st;
}
