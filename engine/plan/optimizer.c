/* engine/plan/optimizer.c - the table of rules and the loop over it.
 *
 * Every rule runs once, in the order of the table: each is written to reach its fixed point in one pass over
 * the tree, which keeps planning in the range of a millisecond. */
#include "engine/plan/optimizer_impl.h"

static const weft_rule rules[] = {
#define X(rule_name, rule_phase, rule_help)                                                                  \
    {.name = #rule_name, .help = rule_help, .phase = rule_phase, .apply = opt_rule_##rule_name},
#include "engine/plan/rule_list.h"
#undef X
};

const weft_rule *weft_rules(int32_t *count)
{
    *count = WEFT_COUNT(rules);
    return rules;
}

static bool same_names(const weft_outputs *a, const weft_outputs *b)
{
    for (int32_t i = 0; i < a->count; i++)
        if (strcmp(a->columns[i].name, b->columns[i].name) != 0) return false;
    return true;
}

/* Rules look at ids only: a column may have got the name that it has further down. What people and files see
 * are the names of the bound root. */
static weft_status keep_names(weft_ctx *ctx, const weft_node *bound, const weft_node *node,
                              const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *named = NULL;
    weft_output *columns = NULL;
    *out = node;
    if (bound->kind == WEFT_NODE_WRITE && node->kind == WEFT_NODE_WRITE) {
        const weft_node *input = NULL;
        WEFT_TRY(st, keep_names(ctx, bound->inputs[0], node->inputs[0], &input));
        if (input != node->inputs[0]) WEFT_TRY(st, weft_node_with_inputs(ctx, node, &input, out));
    }
    if (bound->output.count != node->output.count || same_names(&bound->output, &node->output)) goto done;
    WEFT_TRY(st, WEFT_NEW(ctx, &named));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->output.count, &columns));
    for (int32_t i = 0; i < node->output.count; i++) {
        columns[i] = node->output.columns[i];
        columns[i].name = bound->output.columns[i].name;
    }
    *named = **out;
    named->output.columns = columns;
    *out = named;
done:
    return st;
}

weft_status weft_optimize(weft_ctx *ctx, weft_ids *ids, const weft_node *bound, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *node = bound;
    for (int32_t i = 0; i < WEFT_COUNT(rules); i++) WEFT_TRY(st, rules[i].apply(ctx, ids, node, &node));
    WEFT_TRY(st, keep_names(ctx, bound, node, out));
done:
    return st;
}
