/* engine/plan/plan_node.c - from logical nodes to pipes: everything but joins and scans. */
#include <string.h>

#include "engine/expr/aggregate.h"
#include "engine/plan/planner_impl.h"

static const weft_expr *below_alias(const weft_expr *e)
{
    while (e->kind == WEFT_EXPR_ALIAS) e = e->args[0];
    return e;
}

static int64_t output_id(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_ALIAS ? e->alias.id : e->column.id;
}

weft_status plan_constraints_below(weft_ctx *ctx, const constraint_list *constraints,
                                   const weft_expr *const *exprs, int32_t count, constraint_list *out)
{
    weft_status st = WEFT_OK;
    plan_list list = {0};
    for (int32_t i = 0; i < constraints->count; i++)
        for (int32_t j = 0; j < count; j++) {
            const weft_expr *below = below_alias(exprs[j]);
            if (output_id(exprs[j]) != constraints->items[i].id || below->kind != WEFT_EXPR_COLUMN) continue;
            plan_constraint *added = NULL;
            WEFT_TRY(st, plan_list_add(ctx, &list, sizeof(*added), (void **)&added));
            *added = constraints->items[i];
            added->id = below->column.id;
            break;
        }
    *out = (constraint_list){.count = list.count, .items = list.items};
done:
    return st;
}

/* ---- VALUES ---- */

static weft_status plan_values(weft_ctx *ctx, const weft_node *node, pipeline *out)
{
    weft_status st = WEFT_OK;
    weft_type *types = NULL;
    memset(out, 0, sizeof(*out));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->output.count, &types));
    for (int32_t i = 0; i < node->output.count; i++) {
        types[i] = node->output.columns[i].type;
        WEFT_TRY(st, pipe_name_column(ctx, out, node->output.columns[i].id, i));
    }
    out->source.kind = WEFT_SOURCE_VALUES;
    out->source.output = (weft_types){.count = node->output.count, .types = types};
    out->source.values.row_count = node->values.row_count;
    out->source.values.cells = node->values.cells;
    out->types = out->source.output;
    out->one_task = true;
    out->rows = node->values.row_count;
    WEFT_TRY(st, pipe_name(ctx, out, "values"));
done:
    return st;
}

/* ---- FILTER, PROJECT ---- */

static weft_status plan_filter(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                               const constraint_list *constraints, pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    id_set below = {0};
    WEFT_TRY(st, id_set_new(ctx, p, required, &below));
    for (int32_t i = 0; i < node->filter.count; i++)
        WEFT_TRY(st, id_set_add_expr(ctx, &below, node->filter.conjuncts[i]));
    WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], &below, constraints, out, ready));
    if (*ready) WEFT_TRY(st, pipe_filter(ctx, out, node->filter.conjuncts, node->filter.count));
done:
    return st;
}

static weft_status plan_project(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                                const constraint_list *constraints, pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    id_set below = {0};
    constraint_list passed = {0};
    const weft_expr **used = NULL;
    int32_t *ordinals = NULL;
    int32_t count = 0;

    WEFT_TRY(st, id_set_new(ctx, p, NULL, &below));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->project.count, &used));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->project.count, &ordinals));
    for (int32_t i = 0; i < node->project.count; i++) {
        if (!id_set_has(required, output_id(node->project.exprs[i]))) continue;
        used[count++] = node->project.exprs[i];
        WEFT_TRY(st, id_set_add_expr(ctx, &below, node->project.exprs[i]));
    }
    WEFT_TRY(st, plan_constraints_below(ctx, constraints, used, count, &passed));
    WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], &below, &passed, out, ready));
    if (!*ready) goto done;
    WEFT_TRY(st, pipe_compute(ctx, out, used, count, ordinals));
    /* what lies below has no name any more: a node that is used twice has its own ids in one place and, below
     * a projection like this one, in another, as different rows */
    const plan_list holds = out->holds;
    out->holds = (plan_list){0};
    out->columns = (plan_list){0};
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, pipe_name_column(ctx, out, output_id(used[i]), ordinals[i]));
        const weft_expr *column = below_alias(used[i]);
        for (int32_t j = 0; j < holds.count && column->kind == WEFT_EXPR_COLUMN; j++) {
            plan_constraint known = *PLAN_LIST_AT(&holds, const plan_constraint, j);
            if (known.id != column->column.id) continue;
            plan_constraint *added = NULL;
            WEFT_TRY(st, plan_list_add(ctx, &out->holds, sizeof(*added), (void **)&added));
            known.id = output_id(used[i]);
            *added = known;
        }
    }
done:
    return st;
}

static weft_status plan_expand(weft_ctx *ctx, weft_planner *p, const weft_node *node, pipeline *out,
                               bool *ready)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0};
    id_set below = {0};
    const weft_expr *const **projections = NULL;
    weft_type *types = NULL;
    const int32_t width = node->output.count;

    WEFT_TRY(st, id_set_new(ctx, p, NULL, &below));
    for (int32_t i = 0; i < node->expand.projection_count; i++)
        for (int32_t j = 0; j < width; j++)
            WEFT_TRY(st, id_set_add_expr(ctx, &below, node->expand.projections[i][j]));
    WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], &below, &none, out, ready));
    if (!*ready) goto done;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->expand.projection_count, &projections));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &types));
    for (int32_t i = 0; i < node->expand.projection_count; i++)
        WEFT_TRY(st, pipe_lower_all(ctx, out, node->expand.projections[i], width, &projections[i]));
    out->columns = (plan_list){0};
    out->holds = (plan_list){0};
    for (int32_t j = 0; j < width; j++) {
        types[j] = node->output.columns[j].type;
        WEFT_TRY(st, pipe_name_column(ctx, out, node->output.columns[j].id, j));
    }
    const weft_op_spec op = {
        .kind = WEFT_OP_EXPAND,
        .output = {.count = width, .types = types},
        .expand = {.projection_count = node->expand.projection_count, .projections = projections}};
    out->rows *= node->expand.projection_count;
    WEFT_TRY(st, pipe_add_op(ctx, out, &op, "expand"));
done:
    return st;
}

/* ---- AGGREGATE ---- */

/* The AGGREGATE node of an output with arguments and filter replaced by plain input columns. */
static weft_status lower_aggregate(weft_ctx *ctx, const weft_expr *call, const int32_t *ordinals,
                                   const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *copy = NULL;
    const weft_expr **args = NULL;
    int32_t next = 0;
    WEFT_TRY(st, WEFT_NEW(ctx, &copy));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, call->arg_count, &args));
    *copy = *call;
    for (; next < call->arg_count; next++)
        WEFT_TRY(st, weft_expr_ordinal(ctx, ordinals[next], call->args[next]->type,
                                       call->args[next]->nullable, &args[next]));
    copy->args = args;
    if (call->aggregate.filter != NULL)
        WEFT_TRY(st, weft_expr_ordinal(ctx, ordinals[next], WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), true,
                                       &copy->aggregate.filter));
    *out = copy;
done:
    return st;
}

/* A group key as it is kept: x + 0.0 turns -0.0, which is in the group of 0.0, into it. */
static weft_status normalise_group(weft_ctx *ctx, const weft_expr *group, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_value zero = {.type = group->type};
    const weft_expr *args[2] = {below_alias(group), NULL};
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
        count += below_alias(node->aggregate.aggregates[i])->arg_count + 1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &computed));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &ordinals));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->aggregate.aggregate_count, &calls));
    count = 0;
    for (int32_t i = 0; i < groups; i++)
        WEFT_TRY(st, normalise_group(ctx, node->aggregate.groups[i], &computed[count++]));
    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++) {
        const weft_expr *call = below_alias(node->aggregate.aggregates[i]);
        for (int32_t j = 0; j < call->arg_count; j++) computed[count++] = call->args[j];
        if (call->aggregate.filter != NULL) computed[count++] = call->aggregate.filter;
    }
    WEFT_TRY(st, pipe_compute(ctx, pipe, computed, count, ordinals));
    count = groups;
    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++) {
        const weft_expr *call = below_alias(node->aggregate.aggregates[i]);
        WEFT_TRY(st, lower_aggregate(ctx, call, ordinals + count, &calls[i]));
        count += call->arg_count + (call->aggregate.filter != NULL);
    }
    sink->aggregate.group_count = groups;
    sink->aggregate.groups = ordinals;
    sink->aggregate.aggregate_count = node->aggregate.aggregate_count;
    sink->aggregate.aggregates = calls;
done:
    return st;
}

static weft_status issue_partial(weft_ctx *ctx, weft_planner *p, const weft_node *node, pipeline *pipe,
                                 made **out)
{
    weft_status st = WEFT_OK;
    const int32_t groups = node->aggregate.group_count;
    const int32_t most = groups + node->aggregate.aggregate_count * WEFT_AGG_STATES_MAX;
    weft_sink_spec sink = {.kind = WEFT_SINK_AGGREGATE, .partition_count = 1};
    weft_estimate estimate = {0};
    weft_type *types = NULL;
    int64_t *ids = NULL;
    int32_t count = groups;

    WEFT_TRY(st, lower_aggregates(ctx, node, pipe, &sink));
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
    WEFT_TRY(st, pipe_name(ctx, pipe, "aggregate"));
    WEFT_TRY(st, plan_issue(ctx, p, pipe, &sink, node, MADE_PARTIAL, ids, NULL, out));
done:
    return st;
}

static weft_status plan_aggregate(weft_ctx *ctx, weft_planner *p, const weft_node *node,
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
        WEFT_TRY(st, id_set_new(ctx, p, NULL, &below));
        for (int32_t i = 0; i < node->aggregate.group_count; i++)
            WEFT_TRY(st, id_set_add_expr(ctx, &below, node->aggregate.groups[i]));
        for (int32_t i = 0; i < node->aggregate.aggregate_count; i++)
            WEFT_TRY(st, id_set_add_expr(ctx, &below, node->aggregate.aggregates[i]));
        WEFT_TRY(st, plan_constraints_below(ctx, constraints, node->aggregate.groups,
                                            node->aggregate.group_count, &passed));
        WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], &below, &passed, &input, &input_ready));
        if (input_ready) WEFT_TRY(st, issue_partial(ctx, p, node, &input, &partial));
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
        const weft_expr *call = below_alias(node->aggregate.aggregates[i]);
        int32_t *ordinals = NULL; /* zeros: of the arguments only the types count when merging */
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, call->arg_count + 1, &ordinals));
        WEFT_TRY(st, lower_aggregate(ctx, call, ordinals, &calls[i]));
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

/* ---- SORT, LIMIT ---- */

static weft_status issue_runs(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                              const weft_expr *const *keys, int32_t key_count, const weft_expr *const *hash,
                              int32_t hash_count, int64_t limit, const id_set *required, pipeline *pipe,
                              made **out)
{
    weft_status st = WEFT_OK;
    const int32_t most = key_count + hash_count;
    const weft_expr **exprs = NULL;
    int32_t *ordinals = NULL;
    id_set kept = {0};
    weft_sort_key *sort = NULL;
    int64_t *ids = NULL;

    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, most, &exprs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, most, &ordinals));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, key_count, &sort));
    for (int32_t i = 0; i < hash_count; i++) exprs[i] = hash[i];
    for (int32_t i = 0; i < key_count; i++) exprs[hash_count + i] = keys[i]->args[0];
    WEFT_TRY(st, pipe_compute(ctx, pipe, exprs, most, ordinals));
    /* computed keys get ids of their own, so that narrowing keeps them */
    WEFT_TRY(st, id_set_new(ctx, p, required, &kept));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, most, &ids));
    for (int32_t i = 0; i < most; i++) {
        ids[i] = weft_next_id(p->ids);
        WEFT_TRY(st, pipe_name_column(ctx, pipe, ids[i], ordinals[i]));
        WEFT_TRY(st, id_set_add(ctx, &kept, ids[i]));
    }
    WEFT_TRY(st, pipe_narrow(ctx, pipe, &kept));
    for (int32_t i = 0; i < most; i++) ordinals[i] = pipe_find(pipe, ids[i]);
    for (int32_t i = 0; i < key_count; i++)
        sort[i] = (weft_sort_key){.column = ordinals[hash_count + i],
                                  .descending = keys[i]->sort.descending,
                                  .nulls_first = keys[i]->sort.nulls_first};
    weft_sink_spec sink = {.kind = WEFT_SINK_SORT,
                           .rows = pipe->types,
                           .partition_count = 1,
                           .sort = {.key_count = key_count,
                                    .keys = sort,
                                    .limit = limit,
                                    .hash_count = hash_count,
                                    .hash = ordinals}};
    if (hash_count > 0) sink.partition_count = plan_partitions_for(p, pipe->rows * 64, pipe->rows);
    WEFT_TRY(st, pipe_name(ctx, pipe, limit >= 0 ? "top-n" : "sort"));
    WEFT_TRY(st, plan_issue(ctx, p, pipe, &sink, node, MADE_RUNS, NULL, NULL, out));
    /* remember where the logical columns lie in the rows: several ids may share a column, so the list is kept
     * whole */
    plan_column *places = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, pipe->columns.count, &places));
    memcpy(places, pipe->columns.items, (size_t)pipe->columns.count * sizeof(*places));
    (*out)->places = places;
    (*out)->place_count = pipe->columns.count;
    (*out)->sort_keys = sort;
    (*out)->hash_columns = ordinals;
done:
    return st;
}

/* The pipe that merges the runs. */
static weft_status open_runs(weft_ctx *ctx, weft_planner *p, made *runs, int32_t key_count, int64_t limit,
                             pipeline *out)
{
    weft_status st = WEFT_OK;
    int64_t *ids = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, runs->column_count, &ids));
    for (int32_t i = 0; i < runs->column_count; i++) ids[i] = -1;
    WEFT_TRY(st, pipe_open_rows(ctx, p, &runs, 1, ids, out));
    out->columns = (plan_list){0};
    for (int32_t i = 0; i < runs->place_count; i++)
        WEFT_TRY(st, pipe_name_column(ctx, out, runs->places[i].id, runs->places[i].ordinal));
    out->source =
        (weft_source_spec){.kind = WEFT_SOURCE_MERGE,
                           .output = {.count = runs->column_count, .types = runs->types},
                           .merge = {.key_count = key_count, .keys = runs->sort_keys, .limit = limit}};
    out->name = NULL;
    if (limit >= 0 && out->rows > (double)limit) out->rows = (double)limit;
    WEFT_TRY(st, pipe_name(ctx, out, "merge"));
done:
    return st;
}

static weft_status plan_sort(weft_ctx *ctx, weft_planner *p, const weft_node *node, int64_t limit,
                             const id_set *required, const constraint_list *constraints, pipeline *out,
                             bool *ready)
{
    weft_status st = WEFT_OK;
    made *runs = plan_find_made(p, node, MADE_RUNS);
    id_set below = {0};

    *ready = false;
    if (runs == NULL) {
        pipeline input = {0};
        bool input_ready = false;
        WEFT_TRY(st, id_set_new(ctx, p, required, &below));
        for (int32_t i = 0; i < node->sort.count; i++)
            WEFT_TRY(st, id_set_add_expr(ctx, &below, node->sort.keys[i]));
        WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], &below, constraints, &input, &input_ready));
        if (input_ready)
            WEFT_TRY(st, issue_runs(ctx, p, node, node->sort.keys, node->sort.count, NULL, 0, limit, required,
                                    &input, &runs));
        goto done;
    }
    if (!runs->finished) goto done;
    WEFT_TRY(st, open_runs(ctx, p, runs, node->sort.count, limit, out));
    out->one_task = true;
    out->ordered = true;
    *ready = true;
done:
    return st;
}

static weft_status add_limit(weft_ctx *ctx, pipeline *pipe, int64_t skip, int64_t take)
{
    const weft_op_spec op = {
        .kind = WEFT_OP_LIMIT, .output = pipe->types, .limit = {.skip = skip, .take = take}};
    pipe->holds = (plan_list){0};
    if (take >= 0 && pipe->rows > (double)take) pipe->rows = (double)take;
    return pipe_add_op(ctx, pipe, &op, "limit");
}

static weft_status plan_limit(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                              pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0}; /* which rows a limit keeps must not depend on what is above it */
    const weft_node *input = node->inputs[0];
    const int64_t skip = node->limit.skip, take = node->limit.take;
    /* skip + take may pass INT64_MAX as the user wrote them: then it bounds nothing */
    const int64_t most = take < 0 || skip > INT64_MAX - take ? -1 : skip + take;
    made *rows = plan_find_made(p, node, MADE_INPUT);

    *ready = false;
    if (rows == NULL) {
        bool input_ready = false;
        if (input->kind == WEFT_NODE_SORT && !plan_is_shared(p, input))
            WEFT_TRY(st, plan_sort(ctx, p, input, most, required, &none, out, &input_ready));
        else
            WEFT_TRY(st, plan_pipe(ctx, p, input, required, &none, out, &input_ready));
        if (!input_ready) goto done;
        if (out->one_task) {
            WEFT_TRY(st, add_limit(ctx, out, skip, take));
            *ready = true;
            goto done;
        }
        if (most >= 0) WEFT_TRY(st, add_limit(ctx, out, 0, most));
        const exchange_wish wish = {.partition_count = 1, .limit = most};
        WEFT_TRY(st, plan_issue_exchange(ctx, p, out, required, &wish, node, MADE_INPUT, &rows));
        goto done;
    }
    if (!rows->finished) goto done;
    WEFT_TRY(st, pipe_open_rows(ctx, p, &rows, 1, rows->ids, out));
    out->one_task = true;
    WEFT_TRY(st, add_limit(ctx, out, skip, take));
    *ready = true;
done:
    return st;
}

/* At most one row, for scalar subqueries: all rows in one task. */
static weft_status plan_single_row(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                                   const id_set *required, pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0};
    made *rows = plan_find_made(p, node, MADE_INPUT);

    *ready = false;
    if (rows == NULL) {
        bool input_ready = false;
        /* two rows of a task are enough to know that there are too many */
        const exchange_wish wish = {.partition_count = 1, .limit = 2};
        WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], required, &none, out, &input_ready));
        if (input_ready)
            WEFT_TRY(st, plan_issue_exchange(ctx, p, out, required, &wish, node, MADE_INPUT, &rows));
        goto done;
    }
    if (!rows->finished) goto done;
    WEFT_TRY(st, pipe_open_rows(ctx, p, &rows, 1, rows->ids, out));
    out->one_task = true;
    const weft_op_spec op = {.kind = WEFT_OP_SINGLE_ROW, .output = out->types};
    WEFT_TRY(st, pipe_add_op(ctx, out, &op, "single row"));
    out->rows = 1;
    *ready = true;
done:
    return st;
}

/* ---- WINDOW ---- */

static weft_status lower_window_calls(weft_ctx *ctx, const weft_node *node, const int32_t *arg_ordinals,
                                      weft_window_call **out)
{
    weft_status st = WEFT_OK;
    weft_window_call *calls = NULL;
    int32_t next = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->window.count, &calls));
    for (int32_t i = 0; i < node->window.count; i++) {
        const weft_expr *window = below_alias(node->window.exprs[i]);
        const weft_expr *call = window->args[0];
        calls[i].spec = window->window.spec;
        if (call->kind == WEFT_EXPR_AGGREGATE) {
            WEFT_TRY(st, lower_aggregate(ctx, call, arg_ordinals + next, &calls[i].call));
            next += call->arg_count + (call->aggregate.filter != NULL);
            continue;
        }
        const weft_expr **args = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, call->arg_count, &args));
        for (int32_t j = 0; j < call->arg_count; j++, next++) {
            if (call->args[j]->kind == WEFT_EXPR_LITERAL)
                args[j] = call->args[j];
            else
                WEFT_TRY(st, weft_expr_ordinal(ctx, arg_ordinals[next], call->args[j]->type,
                                               call->args[j]->nullable, &args[j]));
        }
        WEFT_TRY(st, weft_expr_with_args(ctx, call, args, &calls[i].call));
    }
    *out = calls;
done:
    return st;
}

static weft_status window_arguments(weft_ctx *ctx, const weft_node *node, const weft_expr ***out,
                                    int32_t *count)
{
    weft_status st = WEFT_OK;
    int32_t total = 0;
    for (int32_t i = 0; i < node->window.count; i++)
        total += below_alias(node->window.exprs[i])->args[0]->arg_count + 1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, total, out));
    *count = 0;
    for (int32_t i = 0; i < node->window.count; i++) {
        const weft_expr *call = below_alias(node->window.exprs[i])->args[0];
        for (int32_t j = 0; j < call->arg_count; j++) (*out)[(*count)++] = call->args[j];
        if (call->kind == WEFT_EXPR_AGGREGATE && call->aggregate.filter != NULL)
            (*out)[(*count)++] = call->aggregate.filter;
    }
done:
    return st;
}

static weft_status add_window(weft_ctx *ctx, const weft_node *node, const made *runs, pipeline *out)
{
    weft_status st = WEFT_OK;
    const weft_window_spec *spec = below_alias(node->window.exprs[0])->window.spec;
    const weft_expr **args = NULL;
    int32_t arg_count = 0;
    int32_t *ordinals = NULL;
    weft_type *types = NULL;
    weft_window_call *calls = NULL;

    WEFT_TRY(st, window_arguments(ctx, node, &args, &arg_count));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, arg_count, &ordinals));
    WEFT_TRY(st, pipe_compute(ctx, out, args, arg_count, ordinals));
    WEFT_TRY(st, lower_window_calls(ctx, node, ordinals, &calls));
    const int32_t before = out->types.count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, before + node->window.count, &types));
    for (int32_t i = 0; i < before; i++) types[i] = out->types.types[i];
    for (int32_t i = 0; i < node->window.count; i++) {
        types[before + i] = node->window.exprs[i]->type;
        WEFT_TRY(st, pipe_name_column(ctx, out, node->window.exprs[i]->alias.id, before + i));
    }
    const weft_op_spec op = {.kind = WEFT_OP_WINDOW,
                             .output = {.count = before + node->window.count, .types = types},
                             .window = {.partition_count = spec->partition_count,
                                        .partition = runs->hash_columns,
                                        .order_count = spec->order_count,
                                        .order = runs->sort_keys + spec->partition_count,
                                        .call_count = node->window.count,
                                        .calls = calls}};
    WEFT_TRY(st, pipe_add_op(ctx, out, &op, "window"));
done:
    return st;
}

static weft_status plan_window(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                               pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0};
    const weft_window_spec *spec = below_alias(node->window.exprs[0])->window.spec;
    const int32_t key_count = spec->partition_count + spec->order_count;
    made *runs = plan_find_made(p, node, MADE_RUNS);
    id_set below = {0};

    *ready = false;
    if (runs == NULL) {
        pipeline input = {0};
        bool input_ready = false;
        const weft_expr **keys = NULL;
        WEFT_TRY(st, id_set_new(ctx, p, required, &below));
        for (int32_t i = 0; i < node->window.count; i++)
            WEFT_TRY(st, id_set_add_expr(ctx, &below, node->window.exprs[i]));
        WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], &below, &none, &input, &input_ready));
        if (!input_ready) goto done;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, key_count, &keys));
        for (int32_t i = 0; i < spec->partition_count; i++) {
            weft_expr *key = NULL;
            const weft_expr **arg = NULL;
            WEFT_TRY(st, WEFT_NEW(ctx, &key));
            WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 1, &arg));
            arg[0] = spec->partition[i];
            *key = (weft_expr){.kind = WEFT_EXPR_SORT_KEY,
                               .type = arg[0]->type,
                               .nullable = arg[0]->nullable,
                               .arg_count = 1,
                               .args = arg,
                               .sort = {.nulls_first = true}};
            keys[i] = key;
        }
        for (int32_t i = 0; i < spec->order_count; i++) keys[spec->partition_count + i] = spec->order[i];
        WEFT_TRY(st, issue_runs(ctx, p, node, keys, key_count, spec->partition, spec->partition_count, -1,
                                &below, &input, &runs));
        goto done;
    }
    if (!runs->finished) goto done;
    WEFT_TRY(st, open_runs(ctx, p, runs, key_count, -1, out));
    out->one_task = spec->partition_count == 0;
    WEFT_TRY(st, add_window(ctx, node, runs, out));
    *ready = true;
done:
    return st;
}

/* ---- UNION and shared nodes ---- */

static weft_status plan_node(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                             const constraint_list *constraints, pipeline *out, bool *ready);

/* All output columns of a node, in its order, as row columns 0..n-1 of one stage. Constraints would have to
 * hold for every reader, so there are none. *out is NULL until that stage could be issued. */
static weft_status make_rows(weft_ctx *ctx, weft_planner *p, const weft_node *node, made_role role,
                             made **out)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0};
    id_set required = {0};
    pipeline input = {0};
    bool ready = false;
    int32_t *columns = NULL;
    int64_t *ids = NULL;
    weft_type *types = NULL;
    const int32_t width = node->output.count;

    *out = plan_find_made(p, node, role);
    if (*out != NULL) goto done;
    WEFT_TRY(st, id_set_new(ctx, p, NULL, &required));
    for (int32_t i = 0; i < width; i++) WEFT_TRY(st, id_set_add(ctx, &required, node->output.columns[i].id));
    WEFT_TRY(st, plan_node(ctx, p, node, &required, &none, &input, &ready));
    if (!ready) goto done;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &ids));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &types));
    for (int32_t i = 0; i < width; i++) {
        ids[i] = node->output.columns[i].id;
        types[i] = node->output.columns[i].type;
        columns[i] = pipe_find(&input, ids[i]);
        assert(columns[i] >= 0);
    }
    weft_sink_spec sink = {
        .kind = WEFT_SINK_EXCHANGE,
        .rows = {.count = width, .types = types},
        .partition_count = input.one_task ? 1 : plan_partitions_for(p, input.rows * 64, input.rows),
        .exchange = {.column_count = width, .columns = columns, .limit = -1}};
    WEFT_TRY(st, plan_issue(ctx, p, &input, &sink, node, role, ids, NULL, out));
done:
    return st;
}

static weft_status plan_shared(weft_ctx *ctx, weft_planner *p, const weft_node *node, pipeline *out,
                               bool *ready)
{
    weft_status st = WEFT_OK;
    made *rows = NULL;
    *ready = false;
    WEFT_TRY(st, make_rows(ctx, p, node, MADE_SHARED, &rows));
    if (rows == NULL || !rows->finished) goto done;
    WEFT_TRY(st, pipe_open_rows(ctx, p, &rows, 1, rows->ids, out));
    *ready = true;
done:
    return st;
}

static weft_status plan_union(weft_ctx *ctx, weft_planner *p, const weft_node *node, pipeline *out,
                              bool *ready)
{
    weft_status st = WEFT_OK;
    made **rows = NULL;
    int64_t *ids = NULL;
    bool all = true;

    *ready = false;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->input_count, &rows));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->output.count, &ids));
    for (int32_t i = 0; i < node->input_count; i++) {
        /* a branch that other nodes read as well is already rows of a stage */
        const made_role role = plan_is_shared(p, node->inputs[i]) ? MADE_SHARED : MADE_BRANCH;
        WEFT_TRY(st, make_rows(ctx, p, node->inputs[i], role, &rows[i]));
        if (rows[i] == NULL || !rows[i]->finished) all = false;
    }
    if (!all) goto done;
    for (int32_t i = 0; i < node->output.count; i++) ids[i] = node->output.columns[i].id;
    WEFT_TRY(st, pipe_open_rows(ctx, p, rows, node->input_count, ids, out));
    *ready = true;
done:
    return st;
}

static weft_status plan_node(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                             const constraint_list *constraints, pipeline *out, bool *ready)
{
    *ready = true;
    switch (node->kind) {
    case WEFT_NODE_SCAN: return plan_scan(ctx, p, node, required, constraints, out);
    case WEFT_NODE_VALUES: return plan_values(ctx, node, out);
    case WEFT_NODE_FILTER: return plan_filter(ctx, p, node, required, constraints, out, ready);
    case WEFT_NODE_PROJECT: return plan_project(ctx, p, node, required, constraints, out, ready);
    case WEFT_NODE_JOIN: return plan_join(ctx, p, node, required, constraints, out, ready);
    case WEFT_NODE_AGGREGATE: return plan_aggregate(ctx, p, node, constraints, out, ready);
    case WEFT_NODE_SORT:
        return plan_sort(ctx, p, node, node->sort.limit, required,
                         node->sort.limit < 0 ? constraints : &(constraint_list){0}, out, ready);
    case WEFT_NODE_LIMIT: return plan_limit(ctx, p, node, required, out, ready);
    case WEFT_NODE_WINDOW: return plan_window(ctx, p, node, required, out, ready);
    case WEFT_NODE_UNION: return plan_union(ctx, p, node, out, ready);
    case WEFT_NODE_EXPAND: return plan_expand(ctx, p, node, out, ready);
    case WEFT_NODE_SINGLE_ROW: return plan_single_row(ctx, p, node, required, out, ready);
    case WEFT_NODE_SET:
    case WEFT_NODE_WRITE:
    case WEFT_NODE_EXPLAIN:
    case WEFT_NODE_CREATE_VIEW:
    case WEFT_NODE_DROP_VIEW:
    case WEFT_NODE_SET_CONFIG:
    case WEFT_NODE_SHOW:
    case WEFT_NODE_RELATION:
    case WEFT_NODE_ALIAS:
    case WEFT_NODE_WITH:
    case WEFT_NODE_SELECT:
    case WEFT_NODE_KIND_COUNT: break;
    }
    return weft_fail(ctx, WEFT_INTERNAL, "a node of kind %d reached physical planning", (int)node->kind);
}

weft_status plan_pipe(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                      const constraint_list *constraints, pipeline *out, bool *ready)
{
    if (plan_is_shared(p, node) && node->kind != WEFT_NODE_VALUES)
        return plan_shared(ctx, p, node, out, ready);
    return plan_node(ctx, p, node, required, constraints, out, ready);
}
