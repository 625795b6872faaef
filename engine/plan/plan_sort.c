/* engine/plan/plan_sort.c - SORT, REPARTITION in an order and WINDOW: sorted runs in one stage, merged in the
 * next. What is wanted in order and whole is merged by several tasks, each with a range of the keys
 * (plan_range.c); their outputs, one after the other, are the result. */
#include <string.h>

#include "engine/plan/planner_impl.h"

/* What of each partition of a window is wanted. */
typedef struct group_limit {
    int64_t most; /* 0: all */
    weft_numbering numbering;
} group_limit;

/* What of the sorted rows is wanted, and how. */
typedef struct runs_wish {
    int64_t limit; /* the first rows of all, or -1 */
    bool by_range; /* they are merged by range */
    bool together; /* the partitions of a task become one order */
    group_limit group;
} runs_wish;

static group_limit window_limit(const weft_node *node)
{
    if (node->window.most == 0) return (group_limit){0};
    const weft_expr *call = plan_below_alias(node->window.exprs[node->window.most_call])->args[0];
    const char *name = call->call.function->name;
    return (group_limit){.most = node->window.most,
                         .numbering = strcmp(name, "rank") == 0         ? WEFT_NUMBER_RANKS
                                      : strcmp(name, "dense_rank") == 0 ? WEFT_NUMBER_DENSE
                                                                        : WEFT_NUMBER_ROWS};
}

static weft_status issue_runs(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                              const weft_expr *const *keys, int32_t key_count, const weft_expr *const *hash,
                              int32_t hash_count, const runs_wish *wish, const id_set *required,
                              pipeline *pipe, made **out)
{
    weft_status st = WEFT_OK;
    const int32_t most = key_count + hash_count;
    const weft_expr **exprs = NULL;
    int32_t *ordinals = NULL;
    id_set kept = {0};
    plan_distribution together = {0};
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
                                    .limit = wish->limit,
                                    .hash_count = hash_count,
                                    .hash = ordinals,
                                    .group_most = wish->group.most,
                                    .group_keys = wish->group.most > 0 ? hash_count : 0,
                                    .numbering = wish->group.numbering,
                                    .by_range = wish->by_range}};
    if (hash_count > 0) sink.partition_count = plan_partitions_for(p, pipe->rows * 64, pipe->rows);
    if (node->kind == WEFT_NODE_WINDOW)
        WEFT_TRY(st, plan_groups_distribution(ctx, &p->ground, node, &together));
    if (together.count > 0) {
        WEFT_TRY(st, plan_take_buckets(ctx, &together, together.count, pipe));
        sink.placed = true;
        sink.partition_count = plan_bucket_partitions(together.count);
    }
    WEFT_TRY(st, pipe_name(ctx, pipe, wish->limit >= 0 ? "top-n" : "sort"));
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
static weft_status open_runs(weft_ctx *ctx, weft_planner *p, made *runs, int32_t key_count,
                             const runs_wish *wish, pipeline *out)
{
    weft_status st = WEFT_OK;
    int64_t *ids = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, runs->column_count, &ids));
    for (int32_t i = 0; i < runs->column_count; i++) ids[i] = -1;
    WEFT_TRY(st, pipe_open_rows(ctx, p, &runs, 1, ids, out));
    out->columns = (plan_list){0};
    for (int32_t i = 0; i < runs->place_count; i++)
        WEFT_TRY(st, pipe_name_column(ctx, out, runs->places[i].id, runs->places[i].ordinal));
    out->source = (weft_source_spec){.kind = WEFT_SOURCE_MERGE,
                                     .output = {.count = runs->column_count, .types = runs->types},
                                     .merge = {.key_count = key_count,
                                               .keys = runs->sort_keys,
                                               .limit = wish->limit,
                                               .together = wish->together}};
    out->name = NULL;
    if (wish->limit >= 0 && out->rows > (double)wish->limit) out->rows = (double)wish->limit;
    WEFT_TRY(st, pipe_name(ctx, out, "merge"));
done:
    return st;
}

/* The pipe that merges the sorted rows of the node's input. *runs: what it merges, once it is ready. */
static weft_status plan_sorted(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                               const weft_expr *const *keys, int32_t key_count, const weft_expr *const *hash,
                               int32_t hash_count, const runs_wish *wish, const id_set *required,
                               const constraint_list *constraints, made **runs, pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    id_set below = {0};
    *ready = false;
    *runs = plan_find_made(p, node, MADE_RUNS);
    if (*runs == NULL) {
        pipeline input = {0};
        bool input_ready = false;
        WEFT_TRY(st, id_set_new(ctx, p, required, &below));
        for (int32_t i = 0; i < key_count; i++) WEFT_TRY(st, id_set_add_expr(ctx, &below, keys[i]));
        for (int32_t i = 0; i < hash_count; i++) WEFT_TRY(st, id_set_add_expr(ctx, &below, hash[i]));
        WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], &below, constraints, &input, &input_ready));
        if (input_ready)
            WEFT_TRY(st, issue_runs(ctx, p, node, keys, key_count, hash, hash_count, wish, required, &input,
                                    runs));
        goto done;
    }
    if (!(*runs)->finished) goto done;
    WEFT_TRY(st, open_runs(ctx, p, *runs, key_count, wish, out));
    *ready = true;
done:
    return st;
}

weft_status plan_sort(weft_ctx *ctx, weft_planner *p, const weft_node *node, int64_t limit,
                      const id_set *required, const constraint_list *constraints, pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    made *runs = NULL;
    const bool by_range = limit < 0 && p->sort_by_range && (p->options.slots > 1 || p->partitions > 0);
    const runs_wish wish = {.limit = limit, .by_range = by_range};
    WEFT_TRY(st, plan_sorted(ctx, p, node, node->sort.keys, node->sort.count, NULL, 0, &wish, required,
                             constraints, &runs, out, ready));
    if (!*ready) goto done;
    if (by_range) WEFT_TRY(st, plan_ranges(ctx, p, &runs->stats, 0, out));
    out->one_task = out->range_count == 0;
done:
    return st;
}

weft_status plan_repartition_by_range(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                                      const id_set *required, pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0}; /* they would leave other samples, and other tasks */
    made *runs = NULL;
    const runs_wish wish = {.limit = -1, .by_range = true};
    WEFT_TRY(st, plan_sorted(ctx, p, node, node->repartition.keys, node->repartition.key_count, NULL, 0,
                             &wish, required, &none, &runs, out, ready));
    if (!*ready) goto done;
    WEFT_TRY(st, plan_ranges(ctx, p, &runs->stats, node->repartition.count, out));
    out->one_task = out->range_count == 0;
done:
    return st;
}

weft_status plan_repartition_sorted(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                                    const id_set *required, pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0};
    made *runs = NULL;
    const runs_wish wish = {.limit = -1, .together = true};
    WEFT_TRY(st, plan_sorted(ctx, p, node, node->repartition.sort_keys, node->repartition.sort_count,
                             node->repartition.keys, node->repartition.key_count, &wish, required, &none,
                             &runs, out, ready));
    if (*ready) out->task_count = node->repartition.count;
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
        const weft_expr *window = plan_below_alias(node->window.exprs[i]);
        const weft_expr *call = window->args[0];
        calls[i].spec = window->window.spec;
        if (call->kind == WEFT_EXPR_AGGREGATE) {
            WEFT_TRY(st, plan_lower_aggregate(ctx, call, arg_ordinals + next, &calls[i].call));
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
        total += plan_below_alias(node->window.exprs[i])->args[0]->arg_count + 1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, total, out));
    *count = 0;
    for (int32_t i = 0; i < node->window.count; i++) {
        const weft_expr *call = plan_below_alias(node->window.exprs[i])->args[0];
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
    const weft_window_spec *spec = plan_below_alias(node->window.exprs[0])->window.spec;
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

weft_status plan_window(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                        pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0};
    const weft_window_spec *spec = plan_below_alias(node->window.exprs[0])->window.spec;
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
            WEFT_TRY(st, weft_expr_sort_key(ctx, spec->partition[i], false, true, &keys[i]));
        }
        for (int32_t i = 0; i < spec->order_count; i++) keys[spec->partition_count + i] = spec->order[i];
        const runs_wish wish = {.limit = -1, .group = window_limit(node)};
        WEFT_TRY(st, issue_runs(ctx, p, node, keys, key_count, spec->partition, spec->partition_count, &wish,
                                &below, &input, &runs));
        goto done;
    }
    if (!runs->finished) goto done;
    WEFT_TRY(st, open_runs(ctx, p, runs, key_count, &(runs_wish){.limit = -1}, out));
    out->one_task = spec->partition_count == 0;
    WEFT_TRY(st, add_window(ctx, node, runs, out));
    *ready = true;
done:
    return st;
}
