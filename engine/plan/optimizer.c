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

weft_status weft_optimize(weft_ctx *ctx, weft_ids *ids, const weft_node *bound, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *node = bound;
    for (int32_t i = 0; i < WEFT_COUNT(rules); i++) WEFT_TRY(st, rules[i].apply(ctx, ids, node, &node));
    *out = node;
done:
    return st;
}
