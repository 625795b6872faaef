/* engine/plan/plan_sets.c - is an AGGREGATE over EXPAND one of grouping sets, whose coarser sets can be made
 * from the groups of the finest?
 *
 * It is when one projection has every group that any of them has, the others differ from it by literals
 * alone, and what the aggregates read is the same in all. Then rows need to be looked up once, not once a set
 * (agg_sets.h). Aggregates that tell the order of their rows see them set by set instead, as they come. */
#include "common/settings.h"
#include "engine/expr/aggregate.h"
#include "engine/plan/planner_impl.h"

/* The same in all projections. */
static bool is_constant_output(const weft_node *expand, int32_t output)
{
    const weft_expr *const *const *lists = expand->expand.projections;
    for (int32_t i = 1; i < expand->expand.projection_count; i++)
        if (!weft_expr_equal(lists[0][output], lists[i][output])) return false;
    return true;
}

typedef struct read_check {
    const weft_node *expand;
    bool any_varies;
} read_check;

static bool note_varying(void *self, const weft_expr *e)
{
    read_check *check = self;
    if (e->kind != WEFT_EXPR_COLUMN) return false;
    const int32_t output = weft_node_find_output(check->expand, e->column.id);
    check->any_varies |= output < 0 || !is_constant_output(check->expand, output);
    return check->any_varies;
}

static bool may_be_merged(const weft_node *node)
{
    read_check check = {.expand = node->inputs[0]};
    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++) {
        const weft_expr *call = plan_below_alias(node->aggregate.aggregates[i]);
        if (call->aggregate.function->order_sensitive || call->aggregate.distinct) return false;
        (void)weft_expr_any(call, note_varying, &check);
    }
    return !check.any_varies;
}

/* Where the i-th group lies in the projections; -1: it is no plain column of them. */
static int32_t group_output(const weft_node *node, int32_t i)
{
    const weft_expr *group = node->aggregate.groups[i];
    return group->kind == WEFT_EXPR_COLUMN ? weft_node_find_output(node->inputs[0], group->column.id) : -1;
}

/* Does the projection have every group that another one has? */
static bool is_finest(const weft_node *node, int32_t projection)
{
    const weft_node *expand = node->inputs[0];
    const weft_expr *const *finest = expand->expand.projections[projection];
    for (int32_t p = 0; p < expand->expand.projection_count; p++) {
        const weft_expr *const *list = expand->expand.projections[p];
        for (int32_t i = 0; i < node->aggregate.group_count; i++) {
            const int32_t at = group_output(node, i);
            if (at < 0) return false;
            if (list[at]->kind != WEFT_EXPR_LITERAL && !weft_expr_equal(list[at], finest[at])) return false;
            if (!weft_expr_deterministic(list[at])) return false;
        }
    }
    return true;
}

int32_t plan_finest_set(weft_ctx *ctx, const weft_planner *p, const weft_node *node)
{
    const weft_node *expand = node->inputs[0];
    if (expand->kind != WEFT_NODE_EXPAND || expand->expand.projection_count < 2 ||
        plan_is_shared(p, expand) || weft_setting(ctx, WEFT_SET_FINEST_SET) == 0 || !may_be_merged(node))
        return -1;
    for (int32_t i = 0; i < expand->expand.projection_count; i++)
        if (is_finest(node, i)) return i;
    return -1;
}

weft_status plan_finest_pipe(weft_ctx *ctx, weft_planner *p, const weft_node *expand, int32_t finest,
                             pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0};
    const weft_expr *const *list = expand->expand.projections[finest];
    const int32_t width = expand->output.count;
    id_set below = {0};
    int32_t *ordinals = NULL;
    WEFT_TRY(st, id_set_new(ctx, p, NULL, &below));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &ordinals));
    for (int32_t i = 0; i < width; i++) WEFT_TRY(st, id_set_add_expr(ctx, &below, list[i]));
    WEFT_TRY(st, plan_pipe(ctx, p, expand->inputs[0], &below, &none, out, ready));
    if (!*ready) goto done;
    WEFT_TRY(st, pipe_compute(ctx, out, list, width, ordinals));
    out->columns = (plan_list){0};
    out->holds = (plan_list){0};
    for (int32_t i = 0; i < width; i++)
        WEFT_TRY(st, pipe_name_column(ctx, out, expand->output.columns[i].id, ordinals[i]));
done:
    return st;
}

weft_status plan_coarser_sets(weft_ctx *ctx, const weft_node *node, int32_t finest, weft_sink_spec *sink)
{
    weft_status st = WEFT_OK;
    const weft_node *expand = node->inputs[0];
    const int32_t count = expand->expand.projection_count, groups = node->aggregate.group_count;
    const weft_expr *const *base = expand->expand.projections[finest];
    const weft_expr *const **sets = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &sets));
    for (int32_t p = 0, at = 0; p < count; p++) {
        const weft_expr *const *list = expand->expand.projections[p];
        const weft_expr **set = NULL;
        if (p == finest) continue;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, groups, &set));
        for (int32_t i = 0; i < groups; i++) {
            const int32_t output = group_output(node, i);
            const weft_output *column = &node->output.columns[i];
            set[i] = list[output];
            if (weft_expr_equal(list[output], base[output]))
                WEFT_TRY(st, weft_expr_ordinal(ctx, i, column->type, column->nullable, &set[i]));
        }
        sets[at++] = set;
    }
    sink->aggregate.sets = sets;
    sink->aggregate.set_count = count - 1;
done:
    return st;
}
