/* engine/plan/plan_join.c - joins: build side first, then, knowing what it really holds, the probe side.
 *
 * 1. The build side runs and leaves hash-partitioned row pages, with the low and high of its integer keys.
 * 2. Its keys become constraints of the probe side (dynamic filters), where the kind of join allows it.
 * 3. If the build rows fit in memory (and, over several workers, are few beside the probe side) every task
 * shares one table and the probe side goes on in its own pipeline; else the probe side is exchanged by the
 * same hash and each task joins its partitions.
 *
 * A join that preserves its build side (the optimiser chose the preserved side as the smaller one) marks the
 * build rows that match; a later stage gives the marked or unmarked rows.
 *
 * A build side that is an aggregate is planned after the builds of the probe side: what they leave is known
 * to hold for every probe row, and so restricts the groups that are worth computing (q17, q20: "magic sets").
 */
#include <string.h>

#include "engine/plan/plan_join.h"

/* Conditions see all probe columns, then all build row columns. */
static weft_status lower_conditions(weft_ctx *ctx, const join_sides *j, const pipeline *probe,
                                    const made *build, const weft_expr *const **out)
{
    weft_status st = WEFT_OK;
    pipeline both = {.columns = {0}};
    for (int32_t i = 0; i < probe->columns.count; i++) {
        const plan_column *c = PLAN_LIST_AT(&probe->columns, const plan_column, i);
        WEFT_TRY(st, pipe_name_column(ctx, &both, c->id, c->ordinal));
    }
    for (int32_t i = 0; i < build->column_count; i++)
        WEFT_TRY(st, pipe_name_column(ctx, &both, build->ids[i], probe->types.count + i));
    WEFT_TRY(st, pipe_lower_all(ctx, &both, j->node->join.conditions, j->node->join.condition_count, out));
done:
    return st;
}

/* What leaves the join: which probe and build columns, and where the logical columns lie then. */
typedef struct join_output {
    int32_t probe_count, build_count;
    int32_t *probe_columns, *build_columns;
    weft_type *types;
    int32_t count;
    plan_list places;
} join_output;

static weft_status choose_output(weft_ctx *ctx, const weft_planner *p, const join_sides *j,
                                 const id_set *required, const pipeline *probe, const made *build, bool pairs,
                                 bool mark, join_output *out)
{
    weft_status st = WEFT_OK;
    int32_t *moved = NULL;
    plan_column *place = NULL;
    const int32_t most = probe->types.count + build->column_count + 1;
    (void)p;
    memset(out, 0, sizeof(*out));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, probe->types.count, &moved));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, probe->types.count, &out->probe_columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, build->column_count, &out->build_columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, most, &out->types));
    for (int32_t i = 0; i < probe->types.count; i++) moved[i] = -1;
    for (int32_t i = 0; i < probe->columns.count; i++) {
        const plan_column *c = PLAN_LIST_AT(&probe->columns, const plan_column, i);
        if (!id_set_has(required, c->id)) continue;
        if (moved[c->ordinal] < 0) {
            out->probe_columns[out->probe_count] = c->ordinal;
            out->types[out->count] = probe->types.types[c->ordinal];
            moved[c->ordinal] = out->count++;
            out->probe_count++;
        }
        WEFT_TRY(st, plan_list_add(ctx, &out->places, sizeof(*place), (void **)&place));
        *place = (plan_column){.id = c->id, .ordinal = moved[c->ordinal]};
    }
    for (int32_t i = 0; i < build->column_count && pairs; i++) {
        if (!id_set_has(required, build->ids[i])) continue;
        out->build_columns[out->build_count++] = i;
        out->types[out->count] = build->types[i];
        WEFT_TRY(st, plan_list_add(ctx, &out->places, sizeof(*place), (void **)&place));
        *place = (plan_column){.id = build->ids[i], .ordinal = out->count++};
    }
    if (mark) {
        out->types[out->count] = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN);
        WEFT_TRY(st, plan_list_add(ctx, &out->places, sizeof(*place), (void **)&place));
        *place = (plan_column){.id = j->node->join.mark_id, .ordinal = out->count++};
    }
done:
    return st;
}

static weft_status estimate_output(weft_ctx *ctx, const join_sides *j, pipeline *pipe)
{
    weft_estimate estimate = {0};
    const weft_status st = weft_estimate_node(ctx, j->node, &estimate);
    if (st == WEFT_OK) pipe->rows = estimate.rows;
    return st;
}

static weft_status add_loop(weft_ctx *ctx, weft_planner *p, const join_sides *j, const made *build,
                            const id_set *required, pipeline *pipe)
{
    weft_status st = WEFT_OK;
    join_output output = {0};
    weft_op_spec op = {.kind = WEFT_OP_LOOP, .loop = {.kind = j->kind}};
    const bool pairs = j->kind == WEFT_JOIN_INNER || j->kind == WEFT_JOIN_LEFT || j->kind == WEFT_JOIN_SINGLE;

    WEFT_TRY(st, choose_output(ctx, p, j, required, pipe, build, pairs, j->kind == WEFT_JOIN_MARK, &output));
    WEFT_TRY(st, lower_conditions(ctx, j, pipe, build, &op.loop.conditions));
    op.loop.condition_count = j->node->join.condition_count;
    WEFT_TRY(st, pipe_add_input(ctx, pipe, build->stage_id, WEFT_INPUT_ALL, &op.loop.input));
    op.loop.probe_count = output.probe_count;
    op.loop.probe_columns = output.probe_columns;
    op.loop.build_count = output.build_count;
    op.loop.build_columns = output.build_columns;
    op.output = (weft_types){.count = output.count, .types = output.types};
    WEFT_TRY(st, pipe_add_op(ctx, pipe, &op, "loop join"));
    pipe->columns = output.places;
    WEFT_TRY(st, estimate_output(ctx, j, pipe));
done:
    return st;
}

static const char *probe_name(const join_sides *j)
{
    switch (j->kind) {
    case WEFT_JOIN_INNER: return "join";
    case WEFT_JOIN_LEFT: return "left join";
    case WEFT_JOIN_RIGHT: return "right join";
    case WEFT_JOIN_FULL: return "full join";
    case WEFT_JOIN_SEMI: return "semi join";
    case WEFT_JOIN_ANTI:
    case WEFT_JOIN_ANTI_NULL: return "anti join";
    case WEFT_JOIN_MARK: return "mark join";
    case WEFT_JOIN_SINGLE: return "single join";
    }
    return "join";
}

/* Append the PROBE operator. pairs: matching pairs (or padded rows) leave; else only marks are recorded. */
static weft_status add_probe(weft_ctx *ctx, weft_planner *p, const join_sides *j, const made *build,
                             bool partitioned, const id_set *required, pipeline *pipe)
{
    weft_status st = WEFT_OK;
    join_output output = {0};
    weft_op_spec op = {.kind = WEFT_OP_PROBE};
    int32_t *keys = NULL, *build_keys = NULL;
    const bool outer = j->kind == WEFT_JOIN_LEFT || j->kind == WEFT_JOIN_FULL;
    const bool pairs = j->kind == WEFT_JOIN_INNER || outer || j->kind == WEFT_JOIN_SINGLE;
    const bool silent = j->keep_build && j->kind != WEFT_JOIN_LEFT;

    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, j->key_count, &keys));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, j->key_count, &build_keys));
    WEFT_TRY(st, pipe_compute(ctx, pipe, j->probe_keys, j->key_count, keys));
    for (int32_t i = 0; i < j->key_count; i++) build_keys[i] = i;
    if (silent)
        output.places = pipe->columns;
    else
        WEFT_TRY(st,
                 choose_output(ctx, p, j, required, pipe, build, pairs, j->kind == WEFT_JOIN_MARK, &output));
    op.probe.kind = j->keep_build ? WEFT_JOIN_INNER : j->kind == WEFT_JOIN_FULL ? WEFT_JOIN_LEFT : j->kind;
    op.probe.record_marks = j->keep_build || j->kind == WEFT_JOIN_FULL;
    op.probe.emit_pairs = !silent;
    op.probe.mark_nullable = j->kind == WEFT_JOIN_MARK && j->node->join.mark_nullable;
    op.probe.partitioned = partitioned;
    op.probe.placed = partitioned && j->buckets > 0;
    WEFT_TRY(st, pipe_add_input(ctx, pipe, build->stage_id,
                                partitioned ? WEFT_INPUT_PARTITION : WEFT_INPUT_ALL, &op.probe.input));
    op.probe.key_count = j->key_count;
    op.probe.keys = keys;
    op.probe.build_keys = build_keys;
    op.probe.null_equal = j->node->join.null_equal;
    WEFT_TRY(st, lower_conditions(ctx, j, pipe, build, &op.probe.conditions));
    op.probe.condition_count = j->node->join.condition_count;
    op.probe.probe_count = output.probe_count;
    op.probe.probe_columns = output.probe_columns;
    op.probe.build_count = output.build_count;
    op.probe.build_columns = output.build_columns;
    op.output = (weft_types){.count = output.count, .types = output.types};
    WEFT_TRY(st, pipe_add_op(ctx, pipe, &op, probe_name(j)));
    pipe->columns = output.places;
    if (!partitioned) pipe->shared_bytes += build->stats.bytes + 16 * build->stats.rows;
    WEFT_TRY(st, estimate_output(ctx, j, pipe));
done:
    return st;
}

/* Each task of the probe side joins the build rows of its own bucket. */
static weft_status stay_in_buckets(weft_ctx *ctx, const join_sides *j, const made *build, pipeline *pipe)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, plan_take_buckets(ctx, &j->probe_rows, j->buckets, pipe));
    pipe->bucket_tasks = true; /* each makes a table of them */
    if (pipe->scan == NULL) WEFT_TRY(st, pipe_add_partitions(ctx, pipe, &build->stats));
done:
    return st;
}

/* The pipe of the probe side, with the PROBE operator on it. */
static weft_status open_probe(weft_ctx *ctx, weft_planner *p, const join_sides *j, const made *build,
                              const id_set *required, const constraint_list *constraints, pipeline *out,
                              bool *ready)
{
    weft_status st = WEFT_OK;
    made *exchanged = plan_find_made(p, j->node, MADE_PROBE);
    constraint_list passed = {0};
    plan_list list = {0}, own = {0};
    id_set below = {0};

    *ready = false;
    WEFT_TRY(st, join_build_constraints(ctx, j, build, &own));
    if (exchanged == NULL) {
        bool probe_ready = false;
        WEFT_TRY(st, join_required_below(ctx, p, j, required, &below));
        WEFT_TRY(st, join_side_constraints(ctx, j, false, constraints, NULL, &passed));
        for (int32_t i = 0; i < passed.count; i++)
            WEFT_TRY(st, join_add_constraint(ctx, &list, &passed.items[i], passed.items[i].id));
        for (int32_t i = 0; i < own.count; i++) {
            const plan_constraint *c = PLAN_LIST_AT(&own, const plan_constraint, i);
            WEFT_TRY(st, join_add_constraint(ctx, &list, c, c->id));
        }
        passed = (constraint_list){.count = list.count, .items = list.items};
        WEFT_TRY(st, plan_pipe(ctx, p, j->probe, &below, &passed, out, &probe_ready));
        if (!probe_ready) goto done;
        if (j->key_count == 0) {
            WEFT_TRY(st, add_loop(ctx, p, j, build, required, out));
            *ready = true;
            goto done;
        }
        bool shares = true;
        if (j->buckets == 0)
            WEFT_TRY(st, join_shares_table(ctx, p, j, build, &below, own.count > 0, out, &shares));
        if (!shares) {
            WEFT_TRY(st, join_issue_side(ctx, p, j, false, build->stats.partition_count, required, out,
                                         &exchanged));
            goto done;
        }
        if (j->buckets > 0) WEFT_TRY(st, stay_in_buckets(ctx, j, build, out));
        WEFT_TRY(st, add_probe(ctx, p, j, build, j->buckets > 0, required, out));
    } else {
        if (!exchanged->finished) goto done;
        WEFT_TRY(st, pipe_open_rows(ctx, p, &exchanged, 1, exchanged->ids, out));
        WEFT_TRY(st, pipe_add_partitions(ctx, out, &build->stats));
        join_sides named = *j;
        const weft_expr **keys = NULL; /* the exchanged rows hold the keys, computed or not, in front */
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, j->key_count, &keys));
        for (int32_t i = 0; i < j->key_count; i++)
            WEFT_TRY(st, weft_expr_column(ctx, exchanged->ids[i], "key", j->probe_keys[i]->type,
                                          j->probe_keys[i]->nullable, &keys[i]));
        named.probe_keys = keys;
        WEFT_TRY(st, add_probe(ctx, p, &named, build, true, required, out));
    }
    for (int32_t i = 0; i < own.count && !j->keep_build; i++) {
        const plan_constraint *c = PLAN_LIST_AT(&own, const plan_constraint, i);
        WEFT_TRY(st, join_add_constraint(ctx, &out->holds, c, c->id));
        for (int32_t k = 0; k < j->key_count && j->kind == WEFT_JOIN_INNER; k++)
            if (k == c->key && j->build_keys[k]->kind == WEFT_EXPR_COLUMN)
                WEFT_TRY(st, join_add_constraint(ctx, &out->holds, c, j->build_keys[k]->column.id));
    }
    *ready = true;
done:
    return st;
}

/* A pipe over the build rows by their marks; `matched` rows, or all with the mark as a column. */
static weft_status open_marked(weft_ctx *ctx, weft_planner *p, const join_sides *j, made *build,
                               const made *marks, bool matched, bool emit_mark, pipeline *out)
{
    weft_status st = WEFT_OK;
    int32_t *columns = NULL;
    weft_type *types = NULL;
    const int32_t width = build->column_count;
    WEFT_TRY(st, pipe_open_rows(ctx, p, &build, 1, build->ids, out));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width + 1, &types));
    for (int32_t i = 0; i < width; i++) {
        columns[i] = i;
        types[i] = build->types[i];
    }
    types[width] = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN);
    out->source = (weft_source_spec){
        .kind = WEFT_SOURCE_MARKED,
        .output = {.count = width + emit_mark, .types = types},
        .marked = {.matched = matched, .emit_mark = emit_mark, .column_count = width, .columns = columns}};
    WEFT_TRY(st, pipe_add_input(ctx, out, marks->stage_id, WEFT_INPUT_ALL, &out->source.marked.marks_input));
    out->types = out->source.output;
    if (emit_mark) WEFT_TRY(st, pipe_name_column(ctx, out, j->node->join.mark_id, width));
    out->name = NULL;
    WEFT_TRY(st, pipe_name(ctx, out,
                           matched     ? "marked rows"
                           : emit_mark ? "rows and marks"
                                       : "unmarked rows"));
    WEFT_TRY(st, estimate_output(ctx, j, out));
done:
    return st;
}

/* Issue a pipe's required columns, in the order of `ids`; what the pipe does not have becomes NULL. */
static weft_status issue_padded(weft_ctx *ctx, weft_planner *p, const join_sides *j, made_role role,
                                const int64_t *ids, const weft_type *types, int32_t count, pipeline *pipe,
                                made **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **project = NULL;
    int32_t *columns = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &project));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &columns));
    for (int32_t i = 0; i < count; i++) {
        const weft_value null = {.type = types[i], .is_null = true};
        const int32_t ordinal = pipe_find(pipe, ids[i]);
        columns[i] = i;
        if (ordinal >= 0)
            WEFT_TRY(st, weft_expr_ordinal(ctx, ordinal, types[i], true, &project[i]));
        else
            WEFT_TRY(st, weft_expr_literal(ctx, &null, &project[i]));
    }
    const weft_op_spec op = {.kind = WEFT_OP_PROJECT,
                             .output = {.count = count, .types = types},
                             .project = {.count = count, .exprs = project}};
    WEFT_TRY(st, pipe_add_op(ctx, pipe, &op, NULL));
    const weft_sink_spec sink = {.kind = WEFT_SINK_EXCHANGE,
                                 .rows = {.count = count, .types = types},
                                 .partition_count = plan_partitions_for(p, pipe->rows * 64, pipe->rows),
                                 .exchange = {.column_count = count, .columns = columns, .limit = -1}};
    WEFT_TRY(st, plan_issue(ctx, p, pipe, &sink, j->node, role, ids, NULL, out));
done:
    return st;
}

/* LEFT or RIGHT that preserve the build side, and FULL: the pairs, then the unmatched build rows. */
static weft_status plan_build_outer(weft_ctx *ctx, weft_planner *p, const join_sides *j, made *build,
                                    const id_set *required, const constraint_list *constraints, pipeline *out,
                                    bool *ready)
{
    weft_status st = WEFT_OK;
    made *both[2] = {plan_find_made(p, j->node, MADE_MARKS), plan_find_made(p, j->node, MADE_UNMATCHED)};
    int64_t *ids = NULL;
    weft_type *types = NULL;
    int32_t count = 0;
    bool probe_ready = false;

    *ready = false;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, j->node->output.count, &ids));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, j->node->output.count, &types));
    for (int32_t i = 0; i < j->node->output.count; i++) {
        if (!id_set_has(required, j->node->output.columns[i].id)) continue;
        ids[count] = j->node->output.columns[i].id;
        types[count++] = j->node->output.columns[i].type;
    }
    if (both[0] == NULL) {
        WEFT_TRY(st, open_probe(ctx, p, j, build, required, constraints, out, &probe_ready));
        if (probe_ready) WEFT_TRY(st, issue_padded(ctx, p, j, MADE_MARKS, ids, types, count, out, &both[0]));
        goto done;
    }
    if (!both[0]->finished) goto done;
    if (both[1] == NULL) {
        WEFT_TRY(st, open_marked(ctx, p, j, build, both[0], false, false, out));
        WEFT_TRY(st, issue_padded(ctx, p, j, MADE_UNMATCHED, ids, types, count, out, &both[1]));
        goto done;
    }
    if (!both[1]->finished) goto done;
    WEFT_TRY(st, pipe_open_rows(ctx, p, both, 2, ids, out));
    *ready = true;
done:
    return st;
}

/* SEMI, ANTI and MARK that preserve the build side: a stage that only marks, then the build rows by their
 * marks. */
static weft_status plan_marks(weft_ctx *ctx, weft_planner *p, const join_sides *j, made *build,
                              const id_set *required, const constraint_list *constraints, pipeline *out,
                              bool *ready)
{
    weft_status st = WEFT_OK;
    made *marks = plan_find_made(p, j->node, MADE_MARKS);
    bool probe_ready = false;

    *ready = false;
    if (marks == NULL) {
        WEFT_TRY(st, open_probe(ctx, p, j, build, required, constraints, out, &probe_ready));
        if (!probe_ready) goto done;
        const weft_sink_spec nothing = {
            .kind = WEFT_SINK_EXCHANGE, .partition_count = 1, .exchange = {.limit = -1}};
        WEFT_TRY(st, plan_issue(ctx, p, out, &nothing, j->node, MADE_MARKS, NULL, NULL, &marks));
        goto done;
    }
    if (!marks->finished) goto done;
    WEFT_TRY(st,
             open_marked(ctx, p, j, build, marks, j->kind == WEFT_JOIN_SEMI, j->kind == WEFT_JOIN_MARK, out));
    *ready = true;
done:
    return st;
}

weft_status plan_join(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                      const constraint_list *constraints, pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    join_sides j = {0};
    made *build = NULL;

    *ready = false;
    join_order_sides(node, &j);
    WEFT_TRY(st, join_find_buckets(ctx, p, &j));
    if (j.key_count == 0 && (j.kind == WEFT_JOIN_FULL || j.keep_build))
        return weft_fail(ctx, WEFT_INTERNAL, "a %s without equal keys was not rewritten", probe_name(&j));
    WEFT_TRY(st, join_make_build(ctx, p, &j, required, constraints, &build));
    if (build == NULL || !build->finished) goto done;
    if (j.kind == WEFT_JOIN_FULL || (j.keep_build && j.kind == WEFT_JOIN_LEFT))
        WEFT_TRY(st, plan_build_outer(ctx, p, &j, build, required, constraints, out, ready));
    else if (j.keep_build)
        WEFT_TRY(st, plan_marks(ctx, p, &j, build, required, constraints, out, ready));
    else
        WEFT_TRY(st, open_probe(ctx, p, &j, build, required, constraints, out, ready));
done:
    return st;
}
