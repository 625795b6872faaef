/* engine/plan/plan_join.c - joins: build side first, then, knowing what it really holds, the probe side.
 *
 * 1. The build side runs and leaves hash-partitioned row pages, with the low and high of its integer keys.
 * 2. Its keys become constraints of the probe side (dynamic filters), where the kind of join allows it.
 * 3. If the build rows fit in memory every task shares one table and the probe side goes on in its own
 * pipeline; else the probe side is exchanged by the same hash and each task joins its partitions.
 *
 * A join that preserves its build side (the optimiser chose the preserved side as the smaller one) marks the
 * build rows that match; a later stage gives the marked or unmarked rows.
 *
 * A build side that is an aggregate is planned after the builds of the probe side: what they leave is known
 * to hold for every probe row, and so restricts the groups that are worth computing (q17, q20: "magic sets").
 */
#include <string.h>

#include "common/settings.h"
#include "engine/plan/planner_impl.h"

enum { SHARED_PART_OF_MEMORY = 4 }; /* shared tables of one pipeline take at most this part of the memory */

/* A join with its sides put in order: `build` is the side whose rows lie in a table. */
typedef struct join_sides {
    const weft_node *node;
    const weft_node *probe, *build;
    weft_join_kind kind; /* never RIGHT; LEFT, SEMI, … preserve the probe side unless keep_build */
    bool keep_build;     /* LEFT, SEMI, ANTI, MARK whose preserved (left) side is the build side */
    int32_t key_count;
    const weft_expr *const *probe_keys, *const *build_keys;
    int64_t *build_key_ids; /* logical ids of the build keys (new ones for computed keys) */
} join_sides;

static bool needs_null_keys(const join_sides *j, int32_t key)
{
    return j->node->join.null_equal != NULL && j->node->join.null_equal[key];
}

static void order_sides(const weft_node *node, join_sides *j)
{
    bool build_left = node->join.build_left;
    memset(j, 0, sizeof(*j));
    j->node = node;
    j->kind = node->join.kind;
    j->key_count = node->join.key_count;
    if (j->kind == WEFT_JOIN_ANTI_NULL || j->kind == WEFT_JOIN_SINGLE || j->key_count == 0)
        build_left = false;
    if (j->kind == WEFT_JOIN_MARK && node->join.mark_nullable) build_left = false;
    if (j->kind == WEFT_JOIN_FULL) build_left = false;
    if (j->kind == WEFT_JOIN_RIGHT && j->key_count == 0)
        build_left = true; /* as LEFT with the sides exchanged */
    j->probe = node->inputs[build_left ? 1 : 0];
    j->build = node->inputs[build_left ? 0 : 1];
    j->probe_keys = build_left ? node->join.right_keys : node->join.left_keys;
    j->build_keys = build_left ? node->join.left_keys : node->join.right_keys;
    if (j->kind == WEFT_JOIN_RIGHT) {
        j->kind = WEFT_JOIN_LEFT;
        j->keep_build = !build_left;
    } else
        j->keep_build = build_left && j->kind != WEFT_JOIN_INNER;
}

const weft_node *plan_join_probe_side(const weft_node *node)
{
    join_sides sides;
    order_sides(node, &sides);
    return sides.probe;
}

static weft_status add_constraint(weft_ctx *ctx, plan_list *list, const plan_constraint *from, int64_t id)
{
    weft_status st = WEFT_OK;
    plan_constraint *added = NULL;
    for (int32_t i = 0; i < list->count; i++) {
        const plan_constraint *have = PLAN_LIST_AT(list, const plan_constraint, i);
        if (have->id == id && have->stage_id == from->stage_id && have->build_column == from->build_column)
            goto done;
    }
    WEFT_TRY(st, plan_list_add(ctx, list, sizeof(*added), (void **)&added));
    *added = *from;
    added->id = id;
done:
    return st;
}

/* What the constraints on the join's output, and what is known to hold for the other side, mean for one side.
 * outer: the side whose columns are given up to NULL when unmatched: only the keys carry over to it. */
static weft_status constraints_of_side(weft_ctx *ctx, const join_sides *j, bool build_side,
                                       const constraint_list *above, const plan_list *other_holds,
                                       constraint_list *out)
{
    weft_status st = WEFT_OK;
    plan_list list = {0};
    const weft_node *side = build_side ? j->build : j->probe;
    const weft_expr *const *own = build_side ? j->build_keys : j->probe_keys;
    const weft_expr *const *other = build_side ? j->probe_keys : j->build_keys;
    const bool preserved = j->kind == WEFT_JOIN_INNER || (build_side ? j->keep_build : !j->keep_build);

    *out = (constraint_list){0};
    if (j->kind == WEFT_JOIN_FULL || j->kind == WEFT_JOIN_ANTI_NULL ||
        (j->kind == WEFT_JOIN_MARK && j->node->join.mark_nullable))
        return WEFT_OK;
    for (int32_t i = 0; i < above->count && preserved; i++)
        if (weft_node_find_output(side, above->items[i].id) >= 0)
            WEFT_TRY(st, add_constraint(ctx, &list, &above->items[i], above->items[i].id));
    for (int32_t k = 0; k < j->key_count; k++) {
        if (own[k]->kind != WEFT_EXPR_COLUMN || other[k]->kind != WEFT_EXPR_COLUMN || needs_null_keys(j, k))
            continue;
        for (int32_t i = 0; i < above->count; i++)
            if (above->items[i].id == other[k]->column.id)
                WEFT_TRY(st, add_constraint(ctx, &list, &above->items[i], own[k]->column.id));
        for (int32_t i = 0; other_holds != NULL && i < other_holds->count; i++) {
            const plan_constraint *known = PLAN_LIST_AT(other_holds, const plan_constraint, i);
            /* rows of this side without a partner are dropped only where this side is not preserved */
            const bool may = j->kind == WEFT_JOIN_INNER || !preserved;
            if (may && known->id == other[k]->column.id)
                WEFT_TRY(st, add_constraint(ctx, &list, known, own[k]->column.id));
        }
    }
    *out = (constraint_list){.count = list.count, .items = list.items};
done:
    return st;
}

static bool type_filters(weft_type type)
{
    return weft_type_is_integral(type) || type.id == WEFT_TYPE_DATE || type.id == WEFT_TYPE_STRING ||
           (type.id == WEFT_TYPE_DECIMAL && type.precision <= 18);
}

/* Does the tree below leave out some of its table's rows? A filter of all keys there are is only a cost. */
static bool is_selective(const weft_node *node)
{
    const weft_node_kind kind = node->kind;
    if (kind == WEFT_NODE_SCAN) return node->scan.conjunct_count > 0;
    if (kind == WEFT_NODE_FILTER || kind == WEFT_NODE_LIMIT || kind == WEFT_NODE_VALUES ||
        kind == WEFT_NODE_SINGLE_ROW)
        return true;
    if (kind == WEFT_NODE_JOIN && node->join.kind == WEFT_JOIN_INNER)
        return is_selective(node->inputs[0]) || is_selective(node->inputs[1]);
    if (kind == WEFT_NODE_JOIN && (node->join.kind == WEFT_JOIN_SEMI || node->join.kind == WEFT_JOIN_ANTI ||
                                   node->join.kind == WEFT_JOIN_ANTI_NULL))
        return true;
    return node->input_count > 0 && is_selective(node->inputs[0]);
}

/* The constraints that the finished build side puts on the probe side. */
static weft_status constraints_of_build(weft_ctx *ctx, const join_sides *j, const made *build,
                                        plan_list *list)
{
    weft_status st = WEFT_OK;
    const bool drops = j->kind == WEFT_JOIN_INNER || j->kind == WEFT_JOIN_SEMI || j->keep_build;
    if (!drops || !weft_setting(ctx, WEFT_SET_DYNAMIC_FILTERS)) return WEFT_OK;
    if (j->kind == WEFT_JOIN_INNER && !is_selective(j->build)) return WEFT_OK;
    for (int32_t k = 0; k < j->key_count; k++) {
        const weft_expr *probe = j->probe_keys[k];
        if (probe->kind != WEFT_EXPR_COLUMN || needs_null_keys(j, k) || !type_filters(probe->type)) continue;
        const plan_constraint c = {.stage_id = build->stage_id, .build_column = k, .key = k};
        WEFT_TRY(st, add_constraint(ctx, list, &c, probe->column.id));
    }
done:
    return st;
}

/* Is the build side an aggregate (below projections and filters), which constraints make cheaper? */
static bool wants_constraints(const weft_node *node)
{
    while (node->kind == WEFT_NODE_PROJECT || node->kind == WEFT_NODE_FILTER) node = node->inputs[0];
    return node->kind == WEFT_NODE_AGGREGATE && node->aggregate.group_count > 0;
}

static weft_status required_below(weft_ctx *ctx, weft_planner *p, const join_sides *j, const id_set *required,
                                  id_set *out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, id_set_new(ctx, p, required, out));
    for (int32_t i = 0; i < j->node->join.condition_count; i++)
        WEFT_TRY(st, id_set_add_expr(ctx, out, j->node->join.conditions[i]));
    for (int32_t k = 0; k < j->key_count; k++) {
        WEFT_TRY(st, id_set_add_expr(ctx, out, j->probe_keys[k]));
        WEFT_TRY(st, id_set_add_expr(ctx, out, j->build_keys[k]));
    }
done:
    return st;
}

/* Which columns of the build rows must be stored besides the keys: those used above or by conditions. */
static weft_status stored_columns(weft_ctx *ctx, weft_planner *p, const join_sides *j, const id_set *required,
                                  id_set *out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, id_set_new(ctx, p, required, out));
    for (int32_t i = 0; i < j->node->join.condition_count; i++)
        WEFT_TRY(st, id_set_add_expr(ctx, out, j->node->join.conditions[i]));
done:
    return st;
}

/* Columns for the keys of a side: plain columns keep their id, computed keys get one. */
static weft_status name_keys(weft_ctx *ctx, weft_planner *p, const weft_expr *const *keys, int32_t count,
                             pipeline *pipe, int64_t **out)
{
    weft_status st = WEFT_OK;
    int32_t *ordinals = NULL;
    int64_t *ids = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &ordinals));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &ids));
    WEFT_TRY(st, pipe_compute(ctx, pipe, keys, count, ordinals));
    for (int32_t i = 0; i < count; i++) {
        bool again = false; /* one column as two keys: each key is a row column of its own */
        for (int32_t k = 0; k < i && keys[i]->kind == WEFT_EXPR_COLUMN; k++)
            again |= ids[k] == keys[i]->column.id;
        if (keys[i]->kind == WEFT_EXPR_COLUMN && !again) {
            ids[i] = keys[i]->column.id;
            continue;
        }
        ids[i] = weft_next_id(p->ids);
        WEFT_TRY(st, pipe_name_column(ctx, pipe, ids[i], ordinals[i]));
    }
    *out = ids;
done:
    return st;
}

/* Issue the stage of one side, partitioned by the keys. */
static weft_status issue_side(weft_ctx *ctx, weft_planner *p, const join_sides *j, bool build_side,
                              int32_t partitions, const id_set *required, pipeline *pipe, made **out)
{
    weft_status st = WEFT_OK;
    id_set stored = {0};
    int64_t *ids = NULL;
    WEFT_TRY(st, stored_columns(ctx, p, j, required, &stored));
    WEFT_TRY(st, name_keys(ctx, p, build_side ? j->build_keys : j->probe_keys, j->key_count, pipe, &ids));
    const exchange_wish wish = {.partition_count = partitions,
                                .key_count = j->key_count,
                                .keys = ids,
                                .track_ranges = build_side,
                                .limit = -1};
    WEFT_TRY(st, pipe_name(ctx, pipe, build_side ? "build" : "exchange"));
    WEFT_TRY(st, plan_issue_exchange(ctx, p, pipe, &stored, &wish, j->node,
                                     build_side ? MADE_BUILD : MADE_PROBE, out));
done:
    return st;
}

static weft_status make_build(weft_ctx *ctx, weft_planner *p, const join_sides *j, const id_set *required,
                              const constraint_list *constraints, made **out)
{
    weft_status st = WEFT_OK;
    id_set below = {0};
    constraint_list passed = {0};
    pipeline build = {0}, probe = {0};
    bool ready = false;

    *out = plan_find_made(p, j->node, MADE_BUILD);
    if (*out != NULL) goto done;
    WEFT_TRY(st, required_below(ctx, p, j, required, &below));
    if (wants_constraints(j->build) && weft_setting(ctx, WEFT_SET_DYNAMIC_FILTERS)) {
        WEFT_TRY(st, constraints_of_side(ctx, j, false, constraints, NULL, &passed));
        WEFT_TRY(st, plan_pipe(ctx, p, j->probe, &below, &passed, &probe, &ready));
        if (!ready) goto done;
    }
    WEFT_TRY(st, constraints_of_side(ctx, j, true, constraints, &probe.holds, &passed));
    WEFT_TRY(st, plan_pipe(ctx, p, j->build, &below, &passed, &build, &ready));
    if (!ready) goto done;
    const int32_t partitions =
        j->key_count == 0
            ? 1
            : plan_partitions_for(p, build.rows * (16.0 + 16.0 * build.types.count), build.rows);
    WEFT_TRY(st, issue_side(ctx, p, j, true, partitions, required, &build, out));
done:
    return st;
}

static bool shares_table(weft_ctx *ctx, const weft_planner *p, const join_sides *j, const made *build,
                         const pipeline *probe)
{
    if (j->key_count == 0 || build->stats.partition_count == 1) return true;
    /* a NULL key anywhere decides for every row: all tasks must see all of the build side */
    if (j->kind == WEFT_JOIN_ANTI_NULL || (j->kind == WEFT_JOIN_MARK && j->node->join.mark_nullable))
        return true;
    int64_t limit = weft_setting(ctx, WEFT_SET_BROADCAST_BYTES);
    if (limit == 0 || p->options.memory_bytes / SHARED_PART_OF_MEMORY < limit)
        limit = limit < 0 ? -1 : p->options.memory_bytes / SHARED_PART_OF_MEMORY;
    /* beside the rows the table takes 8 to 16 bytes a row */
    return probe->shared_bytes + build->stats.bytes + 16 * build->stats.rows <= limit;
}

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
    WEFT_TRY(st, constraints_of_build(ctx, j, build, &own));
    if (exchanged == NULL) {
        bool probe_ready = false;
        WEFT_TRY(st, required_below(ctx, p, j, required, &below));
        WEFT_TRY(st, constraints_of_side(ctx, j, false, constraints, NULL, &passed));
        for (int32_t i = 0; i < passed.count; i++)
            WEFT_TRY(st, add_constraint(ctx, &list, &passed.items[i], passed.items[i].id));
        for (int32_t i = 0; i < own.count; i++) {
            const plan_constraint *c = PLAN_LIST_AT(&own, const plan_constraint, i);
            WEFT_TRY(st, add_constraint(ctx, &list, c, c->id));
        }
        passed = (constraint_list){.count = list.count, .items = list.items};
        WEFT_TRY(st, plan_pipe(ctx, p, j->probe, &below, &passed, out, &probe_ready));
        if (!probe_ready) goto done;
        if (j->key_count == 0) {
            WEFT_TRY(st, add_loop(ctx, p, j, build, required, out));
            *ready = true;
            goto done;
        }
        if (!shares_table(ctx, p, j, build, out)) {
            WEFT_TRY(st,
                     issue_side(ctx, p, j, false, build->stats.partition_count, required, out, &exchanged));
            goto done;
        }
        WEFT_TRY(st, add_probe(ctx, p, j, build, false, required, out));
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
        WEFT_TRY(st, add_constraint(ctx, &out->holds, c, c->id));
        for (int32_t k = 0; k < j->key_count && j->kind == WEFT_JOIN_INNER; k++)
            if (k == c->key && j->build_keys[k]->kind == WEFT_EXPR_COLUMN)
                WEFT_TRY(st, add_constraint(ctx, &out->holds, c, j->build_keys[k]->column.id));
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
    order_sides(node, &j);
    if (j.key_count == 0 && (j.kind == WEFT_JOIN_FULL || j.keep_build))
        return weft_fail(ctx, WEFT_INTERNAL, "a %s without equal keys was not rewritten", probe_name(&j));
    WEFT_TRY(st, make_build(ctx, p, &j, required, constraints, &build));
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
