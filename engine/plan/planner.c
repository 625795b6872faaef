/* engine/plan/planner.c - the planner's surface, its memory of what was issued, and the issuing of stages.
 *
 * See planner_impl.h for the method. */
#include "engine/plan/planner.h"

#include <string.h>

#include "common/limits.h"
#include "common/settings.h"
#include "engine/expr/aggregate.h"
#include "engine/plan/planner_impl.h"

weft_status plan_ground_of(weft_ctx *ctx, const weft_node *root, int64_t memory_bytes, plan_ground *out)
{
    const bool one_process = weft_setting(ctx, WEFT_SET_PLAN_WORKERS) == 0;
    *out = (plan_ground){.memory_bytes = one_process ? memory_bytes : 0};
    return weft_count_parents(ctx, root, &out->parents);
}

weft_status weft_planner_new(weft_ctx *ctx, weft_ids *ids, const weft_node *root,
                             const weft_planner_options *options, weft_planner **out)
{
    weft_status st = WEFT_OK;
    weft_planner *p = NULL;
    weft_field *fields = NULL;

    WEFT_TRY(st, weft_node_check(ctx, root));
    WEFT_TRY(st, WEFT_NEW(ctx, &p));
    p->ids = ids;
    p->root = root;
    p->options = *options;
    const int32_t workers = (int32_t)weft_setting(ctx, WEFT_SET_PLAN_WORKERS);
    if (workers > 0) { /* a test plans for a cluster and runs the plan in this process */
        p->options.one_process = false;
        p->options.workers = workers;
        p->options.slots *= workers;
    }
    const int64_t partitions = weft_setting(ctx, WEFT_SET_SHUFFLE_PARTITIONS);
    p->partitions = partitions > 0 ? (int32_t)weft_pow2_ceil((uint64_t)partitions) : 0;
    p->split_bytes = weft_setting(ctx, WEFT_SET_MAX_SPLIT_BYTES);
    p->sort_by_range = weft_setting(ctx, WEFT_SET_SORT_BY_RANGE) != 0;
    p->result_stage = -1;
    WEFT_TRY(st, plan_ground_of(ctx, root, options->one_process ? options->memory_bytes : 0, &p->ground));
    WEFT_TRY(st, weft_fields_read_find(ctx, root, &p->fields));
    const weft_outputs *result = root->kind == WEFT_NODE_WRITE ? &root->inputs[0]->output : &root->output;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, result->count, &fields));
    for (int32_t i = 0; i < result->count; i++)
        fields[i] = (weft_field){.name = result->columns[i].name,
                                 .type = result->columns[i].type,
                                 .nullable = result->columns[i].nullable};
    int32_t keys = 0; /* columns that are in no file, but say in which one a row is */
    if (root->kind == WEFT_NODE_WRITE) keys = root->write.key_count + (root->write.bucketed ? 1 : 0);
    p->result_schema = (weft_schema){.count = result->count - keys, .fields = fields};
    *out = p;
done:
    return st;
}

made *plan_find_made(weft_planner *p, const weft_node *node, made_role role)
{
    made *m = (made *)(uintptr_t)weft_pointer_map_get(&p->made_of, node);
    while (m != NULL && m->role != role) m = m->next;
    return m;
}

made *plan_made_of_stage(weft_planner *p, int32_t stage_id)
{
    assert(stage_id >= 0 && stage_id < p->made.count); /* one made record for each stage, in the same order */
    return *PLAN_LIST_AT(&p->made, made *, stage_id);
}

bool plan_is_shared(const weft_planner *p, const weft_node *node)
{
    return weft_is_shared(&p->ground.parents, node);
}

static weft_determinism worse(weft_determinism a, weft_determinism b) { return a > b ? a : b; }

/* What picks rows by their order gives other rows when the order is another. */
static weft_determinism pick_class(weft_determinism input)
{
    return input == WEFT_ORDERED ? WEFT_ORDERED : WEFT_INDETERMINATE;
}

/* Of chance is what goes by the place of a row in its task: the seeds are fixed in the plan. */
static weft_determinism exprs_class(weft_determinism input, const weft_expr *const *exprs, int32_t count)
{
    weft_determinism class = input;
    for (int32_t i = 0; i < count; i++) {
        if (weft_expr_by_attempt(exprs[i])) return WEFT_INDETERMINATE;
        if (!weft_expr_deterministic(exprs[i])) class = pick_class(input);
    }
    return class;
}

/* Groups come in the order of a table that may have been emptied early, when memory was refused. */
static weft_determinism aggregate_class(weft_determinism input, const weft_expr *const *aggregates,
                                        int32_t count)
{
    weft_determinism class = worse(input, WEFT_UNORDERED);
    for (int32_t i = 0; i < count; i++)
        if (aggregates[i]->aggregate.function->order_sensitive) class = worse(class, pick_class(input));
    return class;
}

static weft_determinism op_class(weft_determinism input, const weft_op_spec *op)
{
    weft_determinism class = input;
    switch (op->kind) {
    case WEFT_OP_FILTER: return exprs_class(input, op->filter.conjuncts, op->filter.count);
    case WEFT_OP_PROJECT: return exprs_class(input, op->project.exprs, op->project.count);
    case WEFT_OP_PROBE: /* its order should not depend on memory either, but nothing is built on that */
        return exprs_class(worse(input, WEFT_UNORDERED), op->probe.conditions, op->probe.condition_count);
    case WEFT_OP_LOOP: return exprs_class(input, op->loop.conditions, op->loop.condition_count);
    case WEFT_OP_EXPAND:
        for (int32_t i = 0; i < op->expand.projection_count; i++)
            class = worse(class, exprs_class(input, op->expand.projections[i], op->output.count));
        return class;
    case WEFT_OP_LIMIT:
    case WEFT_OP_WINDOW: /* rows that are equal by its order are told apart by their place */
        return pick_class(input);
    case WEFT_OP_SCRIPT: return WEFT_INDETERMINATE; /* it may do what it likes */
    case WEFT_OP_SINGLE_ROW:
    case WEFT_OP_KIND_COUNT: break;
    }
    return class;
}

static weft_determinism sink_class(weft_determinism input, const weft_sink_spec *sink)
{
    switch (sink->kind) {
    case WEFT_SINK_EXCHANGE: return sink->exchange.limit >= 0 ? pick_class(input) : input;
    case WEFT_SINK_AGGREGATE:
        return aggregate_class(input, sink->aggregate.aggregates, sink->aggregate.aggregate_count);
    case WEFT_SINK_SORT:
        return sink->sort.limit >= 0 || sink->sort.group_most > 0 ? pick_class(input) : input;
    case WEFT_SINK_WRITE:
    case WEFT_SINK_KIND_COUNT: break;
    }
    return input;
}

/* What another run of the stage may give: the same bytes, the same rows, or other rows. */
static weft_determinism stage_class(const weft_planner *p, const weft_stage *stage)
{
    const weft_source_spec *source = &stage->fragment.source;
    weft_determinism class = WEFT_ORDERED;
    for (int32_t i = 0; i < stage->input_count; i++) {
        const int32_t id = stage->inputs[i].stage_id;
        class = worse(class, (*PLAN_LIST_AT(&p->stages, const weft_stage *, id))->determinism);
    }
    if (source->kind == WEFT_SOURCE_SCAN)
        class = exprs_class(class, source->scan.spec.conjuncts, source->scan.spec.conjunct_count);
    if (source->kind == WEFT_SOURCE_AGGREGATE)
        class = aggregate_class(class, source->aggregate.aggregates, source->aggregate.aggregate_count);
    if (source->kind == WEFT_SOURCE_MERGE && source->merge.limit >= 0) class = pick_class(class);
    for (int32_t i = 0; i < stage->fragment.op_count; i++) class = op_class(class, &stage->fragment.ops[i]);
    return sink_class(class, &stage->fragment.sink);
}

weft_status plan_issue(weft_ctx *ctx, weft_planner *p, pipeline *pipe, const weft_sink_spec *sink,
                       const weft_node *node, made_role role, const int64_t *ids, const bool *nullable,
                       made **out)
{
    weft_status st = WEFT_OK;
    weft_stage *stage = NULL;
    made *m = NULL;
    void *slot = NULL;

    if (p->stages.count >= WEFT_STAGES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "the query needs more than %d stages", (int)WEFT_STAGES_MAX);
    WEFT_TRY(st, WEFT_NEW(ctx, &stage));
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    stage->id = p->stages.count;
    stage->fragment.source = pipe->source;
    stage->fragment.op_count = pipe->ops.count;
    stage->fragment.ops = pipe->ops.items;
    stage->fragment.sink = *sink;
    stage->input_count = pipe->inputs.count;
    stage->inputs = pipe->inputs.items;
    for (int32_t i = 0; i < pipe->inputs.count; i++) {
        weft_stage_input *input = PLAN_LIST_AT(&pipe->inputs, weft_stage_input, i);
        const weft_stage *from = *PLAN_LIST_AT(&p->stages, const weft_stage *, input->stage_id);
        input->rows = from->fragment.sink.rows;
        input->partition_count = from->fragment.sink.partition_count;
    }
    stage->determinism = stage_class(p, stage);
    stage->name = pipe->name;
    stage->estimated_rows = pipe->rows;
    WEFT_TRY(st, plan_tasks(ctx, p, pipe, &stage->tasks, &stage->task_count));

    m->node = node;
    m->role = role;
    m->stage_id = stage->id;
    m->column_count = sink->rows.count;
    m->types = sink->rows.types;
    m->ids = ids;
    m->nullable = nullable;
    WEFT_TRY(st, plan_list_add(ctx, &p->stages, sizeof(const weft_stage *), &slot));
    *(const weft_stage **)slot = stage;
    WEFT_TRY(st, plan_list_add(ctx, &p->ready, sizeof(const weft_stage *), &slot));
    *(const weft_stage **)slot = stage;
    WEFT_TRY(st, plan_list_add(ctx, &p->made, sizeof(made *), &slot));
    *(made **)slot = m;
    m->next = (made *)(uintptr_t)weft_pointer_map_get(&p->made_of, node);
    WEFT_TRY(st, weft_pointer_map_put(ctx, &p->made_of, node, m));
    *out = m;
done:
    return st;
}

weft_status plan_issue_exchange(weft_ctx *ctx, weft_planner *p, pipeline *pipe, const id_set *required,
                                const exchange_wish *wish, const weft_node *node, made_role role, made **out)
{
    weft_status st = WEFT_OK;
    const int32_t most = wish->key_count + pipe->columns.count;
    int32_t *columns = NULL, *keys = NULL;
    int64_t *ids = NULL;
    weft_type *types = NULL;
    int32_t count = 0;

    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, most, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, most, &ids));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, most, &types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, wish->key_count, &keys));
    for (int32_t i = 0; i < wish->key_count; i++) {
        keys[i] = count;
        ids[count] = wish->keys[i];
        columns[count] = pipe_find(pipe, wish->keys[i]);
        assert(columns[count] >= 0);
        types[count] = pipe->types.types[columns[count]];
        count++;
    }
    for (int32_t i = 0; i < pipe->columns.count; i++) {
        const plan_column *column = PLAN_LIST_AT(&pipe->columns, const plan_column, i);
        bool written = !id_set_has(required, column->id);
        for (int32_t j = 0; j < count && !written; j++) written = ids[j] == column->id;
        if (written) continue;
        ids[count] = column->id;
        columns[count] = column->ordinal;
        types[count] = pipe->types.types[column->ordinal];
        count++;
    }
    const weft_sink_spec sink = {.kind = WEFT_SINK_EXCHANGE,
                                 .rows = {.count = count, .types = types},
                                 .partition_count = wish->partition_count,
                                 .placed = wish->placed,
                                 .exchange = {.column_count = count,
                                              .columns = columns,
                                              .key_count = wish->key_count,
                                              .keys = keys,
                                              .track_ranges = wish->track_ranges,
                                              .limit = wish->limit}};
    WEFT_TRY(st, plan_issue(ctx, p, pipe, &sink, node, role, ids, NULL, out));
done:
    return st;
}

/* The last stage: the root's columns in the root's order, one partition; or files for a WRITE. */
static weft_status issue_result(weft_ctx *ctx, weft_planner *p, pipeline *pipe)
{
    weft_status st = WEFT_OK;
    const bool write = p->root->kind == WEFT_NODE_WRITE;
    const weft_outputs *output = write ? &p->root->inputs[0]->output : &p->root->output;
    int32_t *columns = NULL;
    int64_t *ids = NULL;
    weft_type *types = NULL;
    weft_sink_spec sink = {.partition_count = 1};
    made *m = NULL;

    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, output->count, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, output->count, &ids));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, output->count, &types));
    for (int32_t i = 0; i < output->count; i++) {
        ids[i] = output->columns[i].id;
        types[i] = output->columns[i].type;
        columns[i] = pipe_find(pipe, ids[i]);
        if (columns[i] < 0)
            WEFT_TRY(st, weft_fail(ctx, WEFT_INTERNAL, "result column %s was not planned",
                                   output->columns[i].name));
    }
    if (write) {
        /* the file sink writes its input as it comes: put the columns in order */
        const weft_expr **project = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, output->count, &project));
        for (int32_t i = 0; i < output->count; i++)
            WEFT_TRY(st,
                     weft_expr_ordinal(ctx, columns[i], types[i], output->columns[i].nullable, &project[i]));
        const weft_op_spec op = {.kind = WEFT_OP_PROJECT,
                                 .output = {.count = output->count, .types = types},
                                 .project = {.count = output->count, .exprs = project}};
        WEFT_TRY(st, pipe_add_op(ctx, pipe, &op, "write"));
        static const weft_type file_row[] = {
            {.id = WEFT_TYPE_STRING}, {.id = WEFT_TYPE_BIGINT}, {.id = WEFT_TYPE_BIGINT}};
        sink.kind = WEFT_SINK_WRITE;
        sink.rows = (weft_types){.count = WEFT_COUNT(file_row), .types = file_row}; /* path, rows, bytes */
        sink.write.format = p->root->write.format;
        sink.write.directory = p->root->write.path;
        sink.write.job = p->root->write.job;
        sink.write.schema = &p->result_schema;
        sink.write.option_count = p->root->write.option_count;
        sink.write.options = p->root->write.options;
        sink.write.key_count = p->root->write.key_count;
        sink.write.key_names = p->root->write.key_names;
        sink.write.bucketed = p->root->write.bucketed;
        sink.write.sort_count = p->root->write.sort_count;
        sink.write.sort_columns = p->root->write.sort_columns;
    } else {
        sink.kind = WEFT_SINK_EXCHANGE;
        sink.rows = (weft_types){.count = output->count, .types = types};
        sink.exchange.column_count = output->count;
        sink.exchange.columns = columns;
        sink.exchange.limit = -1;
    }
    WEFT_TRY(st, plan_issue(ctx, p, pipe, &sink, p->root, MADE_INPUT, ids, NULL, &m));
    p->result_stage = m->stage_id;
done:
    return st;
}

weft_status weft_planner_next(weft_ctx *ctx, weft_planner *p, const weft_stage *const **stages,
                              int32_t *count)
{
    weft_status st = WEFT_OK;
    const weft_node *query = p->root->kind == WEFT_NODE_WRITE ? p->root->inputs[0] : p->root;
    const constraint_list none = {0};
    id_set required = {0};
    pipeline pipe = {0};
    bool ready = false;

    *count = 0;
    p->ready = (plan_list){0};
    if (p->result_stage < 0) {
        WEFT_TRY(st, id_set_new(ctx, p, NULL, &required));
        for (int32_t i = 0; i < query->output.count; i++)
            WEFT_TRY(st, id_set_add(ctx, &required, query->output.columns[i].id));
        WEFT_TRY(st, plan_pipe(ctx, p, query, &required, &none, &pipe, &ready));
        if (ready) WEFT_TRY(st, issue_result(ctx, p, &pipe));
    }
    plan_mark_live(p);
    *stages = p->ready.items;
    *count = p->ready.count;
done:
    return st;
}

weft_status weft_planner_finished(weft_ctx *ctx, weft_planner *p, int32_t stage_id,
                                  const weft_stage_stats *stats)
{
    weft_status st = WEFT_OK;
    made *m = plan_made_of_stage(p, stage_id);
    int64_t *rows = NULL, *bytes = NULL;
    weft_key_range *keys = NULL;
    weft_sort_sample *samples = NULL;

    assert(!m->finished);
    m->stats = *stats;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stats->partition_count, &rows));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stats->partition_count, &bytes));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stats->key_count, &keys));
    for (int32_t i = 0; i < stats->partition_count; i++) {
        rows[i] = stats->partition_rows[i];
        bytes[i] = stats->partition_bytes[i];
    }
    for (int32_t i = 0; i < stats->key_count; i++) keys[i] = stats->keys[i];
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stats->sample_count, &samples));
    for (int32_t i = 0; i < stats->sample_count; i++) samples[i] = stats->samples[i];
    m->stats.partition_rows = rows;
    m->stats.partition_bytes = bytes;
    m->stats.keys = keys;
    m->stats.samples = samples;
    m->finished = true;
done:
    return st;
}

bool weft_planner_result_stage(const weft_planner *p, int32_t *stage_id)
{
    *stage_id = p->result_stage;
    return p->result_stage >= 0;
}

const weft_schema *weft_planner_result_schema(const weft_planner *p) { return &p->result_schema; }

bool weft_planner_needs(const weft_planner *p, int32_t stage_id)
{
    assert(stage_id >= 0 && stage_id < p->made.count);
    return (*PLAN_LIST_AT(&p->made, made *, stage_id))->live;
}

const weft_stage *weft_planner_stage(const weft_planner *p, int32_t stage_id)
{
    assert(stage_id >= 0 && stage_id < p->stages.count);
    return *PLAN_LIST_AT(&p->stages, const weft_stage *, stage_id);
}

int32_t weft_planner_stage_count(const weft_planner *p) { return p->stages.count; }
