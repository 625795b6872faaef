/* engine/plan/plan_aggregate.c - AGGREGATE: partial states in the stage of the input, merged by partition in
 * the next.
 */
#include <string.h>

#include "engine/expr/aggregate.h"
#include "engine/plan/planner_impl.h"

weft_status plan_lower_aggregate(weft_ctx *ctx, const weft_expr *call, const int32_t *ordinals,
                                 const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *copy = NULL;
    const weft_expr **args = NULL;
    int32_t next = 0;
    WEFT_TRY(st, WEFT_NEW(ctx, &copy));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, call->arg_count, &args));
    *copy = *call;
    for (; next < call->arg_count; next++) {
        const weft_expr *arg = call->args[next];
        if (weft_aggregate_constant(call, next))
            args[next] = arg;
        else
            WEFT_TRY(st, weft_expr_ordinal(ctx, ordinals[next], arg->type, arg->nullable, &args[next]));
    }
    copy->args = args;
    if (call->aggregate.filter != NULL)
        WEFT_TRY(st, weft_expr_ordinal(ctx, ordinals[next], WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), true,
                                       &copy->aggregate.filter));
    weft_expr_settle(copy);
    *out = copy;
done:
    return st;
}

/* A group key as it is kept: x + 0.0 turns -0.0, which is in the group of 0.0, into it. */
static weft_status normalise_group(weft_ctx *ctx, const weft_expr *group, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_value zero = {.type = group->type};
    const weft_expr *args[2] = {plan_below_alias(group), NULL};
    *out = group;
    if (group->type.id != WEFT_TYPE_FLOAT && group->type.id != WEFT_TYPE_DOUBLE) return WEFT_OK;
    WEFT_TRY(st, weft_expr_literal(ctx, &zero, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, "+", args, 2, NULL, out));
done:
    return st;
}

/* Lower all aggregates over the pipe: one PROJECT computes groups, arguments and filters. */
static weft_status lower_aggregates(weft_ctx *ctx, const weft_node *node, pipeline *pipe,
                                    weft_sink_spec *sink)
{
    weft_status st = WEFT_OK;
    const int32_t groups = node->aggregate.group_count;
    const weft_expr **computed = NULL, **calls = NULL;
    int32_t *ordinals = NULL;
    int32_t count = groups;

    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++)
        count += plan_below_alias(node->aggregate.aggregates[i])->arg_count + 1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &computed));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &ordinals));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->aggregate.aggregate_count, &calls));
    count = 0;
    for (int32_t i = 0; i < groups; i++)
        WEFT_TRY(st, normalise_group(ctx, node->aggregate.groups[i], &computed[count++]));
    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++) {
        const weft_expr *call = plan_below_alias(node->aggregate.aggregates[i]);
        for (int32_t j = 0; j < call->arg_count; j++) computed[count++] = call->args[j];
        if (call->aggregate.filter != NULL) computed[count++] = call->aggregate.filter;
    }
    WEFT_TRY(st, pipe_compute(ctx, pipe, computed, count, ordinals));
    count = groups;
    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++) {
        const weft_expr *call = plan_below_alias(node->aggregate.aggregates[i]);
        WEFT_TRY(st, plan_lower_aggregate(ctx, call, ordinals + count, &calls[i]));
        count += call->arg_count + (call->aggregate.filter != NULL);
    }
    sink->aggregate.group_count = groups;
    sink->aggregate.groups = ordinals;
    sink->aggregate.aggregate_count = node->aggregate.aggregate_count;
    sink->aggregate.aggregates = calls;
done:
    return st;
}

/* Bytes of a task's table: numbers of the plan, so that what a block holds does not depend on free memory. */
static int64_t table_bytes(const weft_planner *p)
{
    enum { SMALL = 4 << 20, LARGE = 16 << 20, PLENTY = 512 << 20 };
    return p->options.memory_bytes / plan_slots_of_worker(p) >= PLENTY ? LARGE : SMALL;
}

/* finest: see plan_finest_set. */
static weft_status issue_partial(weft_ctx *ctx, weft_planner *p, const weft_node *node, pipeline *pipe,
                                 int32_t finest, made **out)
{
    weft_status st = WEFT_OK;
    const int32_t groups = node->aggregate.group_count;
    const int32_t most = groups + node->aggregate.aggregate_count * WEFT_AGG_STATES_MAX;
    weft_sink_spec sink = {.kind = WEFT_SINK_AGGREGATE, .partition_count = 1};
    weft_estimate estimate = {0};
    plan_distribution together = {0};
    weft_type *types = NULL;
    int64_t *ids = NULL;
    int32_t count = groups;

    WEFT_TRY(st, lower_aggregates(ctx, node, pipe, &sink));
    sink.aggregate.table_bytes = table_bytes(p);
    if (finest >= 0) WEFT_TRY(st, plan_coarser_sets(ctx, node, finest, &sink));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, most, &types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, most, &ids));
    for (int32_t i = 0; i < most; i++) ids[i] = -1;
    for (int32_t i = 0; i < groups; i++) {
        types[i] = node->output.columns[i].type;
        ids[i] = node->output.columns[i].id;
    }
    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++) {
        const weft_expr *call = sink.aggregate.aggregates[i];
        bool starts_zero[WEFT_AGG_STATES_MAX];
        count += call->aggregate.function->states(call, types + count, starts_zero);
    }
    sink.rows = (weft_types){.count = count, .types = types};
    if (groups > 0) {
        WEFT_TRY(st, weft_estimate_node(ctx, node, &estimate));
        sink.partition_count =
            plan_partitions_for(p, estimate.rows * (estimate.row_bytes + 24), estimate.rows);
    }
    if (finest < 0) WEFT_TRY(st, plan_groups_distribution(ctx, &p->ground, node, &together));
    if (together.count > 0) {
        WEFT_TRY(st, plan_take_buckets(ctx, &together, together.count, pipe));
        sink.placed = true;
        sink.partition_count = plan_bucket_partitions(together.count);
    }
    WEFT_TRY(st, pipe_name(ctx, pipe, finest >= 0 ? "aggregate by sets" : "aggregate"));
    WEFT_TRY(st, plan_issue(ctx, p, pipe, &sink, node, MADE_PARTIAL, ids, NULL, out));
done:
    return st;
}

weft_status plan_aggregate(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                           const constraint_list *constraints, pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    made *partial = plan_find_made(p, node, MADE_PARTIAL);
    id_set below = {0};
    constraint_list passed = {0};
    const weft_expr **calls = NULL;
    weft_type *types = NULL;

    *ready = false;
    if (partial == NULL) {
        pipeline input = {0};
        bool input_ready = false;
        const int32_t finest = plan_finest_set(ctx, p, node);
        WEFT_TRY(st, id_set_new(ctx, p, NULL, &below));
        for (int32_t i = 0; i < node->aggregate.group_count; i++)
            WEFT_TRY(st, id_set_add_expr(ctx, &below, node->aggregate.groups[i]));
        for (int32_t i = 0; i < node->aggregate.aggregate_count; i++)
            WEFT_TRY(st, id_set_add_expr(ctx, &below, node->aggregate.aggregates[i]));
        WEFT_TRY(st, plan_constraints_below(ctx, constraints, node->aggregate.groups,
                                            node->aggregate.group_count, &passed));
        if (finest >= 0)
            WEFT_TRY(st, plan_finest_pipe(ctx, p, node->inputs[0], finest, &input, &input_ready));
        else
            WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], &below, &passed, &input, &input_ready));
        if (input_ready) WEFT_TRY(st, issue_partial(ctx, p, node, &input, finest, &partial));
        goto done;
    }
    if (!partial->finished) goto done;

    WEFT_TRY(st, pipe_open_rows(ctx, p, &partial, 1, partial->ids, out));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->output.count, &types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->aggregate.aggregate_count, &calls));
    out->columns = (plan_list){0};
    for (int32_t i = 0; i < node->output.count; i++) {
        types[i] = node->output.columns[i].type;
        WEFT_TRY(st, pipe_name_column(ctx, out, node->output.columns[i].id, i));
    }
    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++) {
        const weft_expr *call = plan_below_alias(node->aggregate.aggregates[i]);
        int32_t *ordinals = NULL; /* zeros: of the arguments only the types count when merging */
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, call->arg_count + 1, &ordinals));
        WEFT_TRY(st, plan_lower_aggregate(ctx, call, ordinals, &calls[i]));
    }
    out->source = (weft_source_spec){.kind = WEFT_SOURCE_AGGREGATE,
                                     .output = {.count = node->output.count, .types = types},
                                     .aggregate = {.group_count = node->aggregate.group_count,
                                                   .aggregate_count = node->aggregate.aggregate_count,
                                                   .aggregates = calls}};
    out->types = out->source.output;
    out->name = NULL;
    WEFT_TRY(st, pipe_name(ctx, out, "merge aggregate"));
    *ready = true;
done:
    return st;
}
