/* engine/plan/plan_join_sides.c - the sides of a join: which is built, what is required of and known about
 * each, and the stages that end in their exchanges. What is made of them is in plan_join.c. */
#include <string.h>

#include "common/settings.h"
#include "engine/plan/plan_join.h"

enum { HINTED_PARTITIONS = 2 }; /* a hint asks for an exchange of what would not be worth one */

static bool needs_null_keys(const join_sides *j, int32_t key)
{
    return j->node->join.null_equal != NULL && j->node->join.null_equal[key];
}

void join_order_sides(const weft_node *node, join_sides *j)
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
    join_order_sides(node, &sides);
    return sides.probe;
}

const weft_node *plan_join_build_side(const weft_node *node)
{
    join_sides sides;
    join_order_sides(node, &sides);
    return sides.build;
}

bool plan_join_keeps_build(const weft_node *node)
{
    join_sides sides;
    join_order_sides(node, &sides);
    return sides.keep_build || sides.kind == WEFT_JOIN_FULL;
}

weft_status join_add_constraint(weft_ctx *ctx, plan_list *list, const plan_constraint *from, int64_t id)
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
weft_status join_side_constraints(weft_ctx *ctx, const join_sides *j, bool build_side,
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
            WEFT_TRY(st, join_add_constraint(ctx, &list, &above->items[i], above->items[i].id));
    for (int32_t k = 0; k < j->key_count; k++) {
        if (own[k]->kind != WEFT_EXPR_COLUMN || other[k]->kind != WEFT_EXPR_COLUMN || needs_null_keys(j, k))
            continue;
        for (int32_t i = 0; i < above->count; i++)
            if (above->items[i].id == other[k]->column.id)
                WEFT_TRY(st, join_add_constraint(ctx, &list, &above->items[i], own[k]->column.id));
        for (int32_t i = 0; other_holds != NULL && i < other_holds->count; i++) {
            const plan_constraint *known = PLAN_LIST_AT(other_holds, const plan_constraint, i);
            /* rows of this side without a partner are dropped only where this side is not preserved */
            const bool may = j->kind == WEFT_JOIN_INNER || !preserved;
            if (may && known->id == other[k]->column.id)
                WEFT_TRY(st, join_add_constraint(ctx, &list, known, own[k]->column.id));
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
weft_status join_build_constraints(weft_ctx *ctx, const join_sides *j, const made *build, plan_list *list)
{
    weft_status st = WEFT_OK;
    const bool drops = j->kind == WEFT_JOIN_INNER || j->kind == WEFT_JOIN_SEMI || j->keep_build;
    if (!drops || !weft_setting(ctx, WEFT_SET_DYNAMIC_FILTERS)) return WEFT_OK;
    if (j->kind == WEFT_JOIN_INNER && !is_selective(j->build)) return WEFT_OK;
    for (int32_t k = 0; k < j->key_count; k++) {
        const weft_expr *probe = j->probe_keys[k];
        if (probe->kind != WEFT_EXPR_COLUMN || needs_null_keys(j, k) || !type_filters(probe->type)) continue;
        const plan_constraint c = {.stage_id = build->stage_id, .build_column = k, .key = k};
        WEFT_TRY(st, join_add_constraint(ctx, list, &c, probe->column.id));
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

weft_status join_required_below(weft_ctx *ctx, weft_planner *p, const join_sides *j, const id_set *required,
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
weft_status join_issue_side(weft_ctx *ctx, weft_planner *p, const join_sides *j, bool build_side,
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
                                .placed = pipe->buckets > 0 && j->buckets > 0,
                                .limit = -1};
    WEFT_TRY(st, pipe_name(ctx, pipe, build_side ? "build" : "exchange"));
    WEFT_TRY(st, plan_issue_exchange(ctx, p, pipe, &stored, &wish, j->node,
                                     build_side ? MADE_BUILD : MADE_PROBE, out));
done:
    return st;
}

weft_status join_find_buckets(weft_ctx *ctx, const weft_planner *p, join_sides *j)
{
    const bool probe_left = j->probe == j->node->inputs[0];
    plan_distribution *left = probe_left ? &j->probe_rows : &j->build_rows;
    plan_distribution *right = probe_left ? &j->build_rows : &j->probe_rows;
    return plan_join_buckets(ctx, &p->ground, j->node, left, right, &j->buckets);
}

weft_status join_make_build(weft_ctx *ctx, weft_planner *p, const join_sides *j, const id_set *required,
                            const constraint_list *constraints, made **out)
{
    weft_status st = WEFT_OK;
    id_set below = {0};
    constraint_list passed = {0};
    pipeline build = {0}, probe = {0};
    bool ready = false;

    *out = plan_find_made(p, j->node, MADE_BUILD);
    if (*out != NULL) goto done;
    WEFT_TRY(st, join_required_below(ctx, p, j, required, &below));
    if (wants_constraints(j->build) && weft_setting(ctx, WEFT_SET_DYNAMIC_FILTERS)) {
        WEFT_TRY(st, join_side_constraints(ctx, j, false, constraints, NULL, &passed));
        WEFT_TRY(st, plan_pipe(ctx, p, j->probe, &below, &passed, &probe, &ready));
        if (!ready) goto done;
    }
    WEFT_TRY(st, join_side_constraints(ctx, j, true, constraints, &probe.holds, &passed));
    WEFT_TRY(st, plan_pipe(ctx, p, j->build, &below, &passed, &build, &ready));
    if (!ready) goto done;
    if (j->buckets > 0) WEFT_TRY(st, plan_take_buckets(ctx, &j->build_rows, j->buckets, &build));
    const weft_join_strategy strategy = j->node->join.strategy;
    const bool shuffled = strategy == WEFT_STRATEGY_MERGE || strategy == WEFT_STRATEGY_SHUFFLE_HASH;
    int32_t partitions =
        j->key_count == 0
            ? 1
            : plan_partitions_for(p, build.rows * (16.0 + 16.0 * build.types.count), build.rows);
    if (shuffled && partitions == 1 && j->key_count > 0) partitions = HINTED_PARTITIONS;
    if (j->buckets > 0) partitions = plan_bucket_partitions(j->buckets);
    WEFT_TRY(st, join_issue_side(ctx, p, j, true, partitions, required, &build, out));
done:
    return st;
}

/* What an exchange of the probe side would write. A finished build side has filtered its scan already where
 * it can, so that what leaves the join tells more than what the pipe was estimated to give. */
static weft_status probe_bytes(weft_ctx *ctx, const join_sides *j, const id_set *columns, bool filtered,
                               const pipeline *probe, double *bytes)
{
    weft_status st = WEFT_OK;
    weft_estimate joined = {.rows = probe->rows};
    if (filtered) WEFT_TRY(st, weft_estimate_node(ctx, j->node, &joined));
    *bytes = (joined.rows < probe->rows ? joined.rows : probe->rows) * plan_row_bytes(probe, columns);
done:
    return st;
}

weft_status join_shares_table(weft_ctx *ctx, const weft_planner *p, const join_sides *j, const made *build,
                              const id_set *columns, bool filtered, const pipeline *probe, bool *shares)
{
    weft_status st = WEFT_OK;
    double bytes = 0;

    *shares = true;
    if (j->key_count == 0 || build->stats.partition_count == 1) return WEFT_OK;
    /* a NULL key anywhere decides for every row: all tasks must see all of the build side */
    if (j->kind == WEFT_JOIN_ANTI_NULL || (j->kind == WEFT_JOIN_MARK && j->node->join.mark_nullable))
        return WEFT_OK;
    const weft_join_strategy strategy = j->node->join.strategy;
    *shares = strategy != WEFT_STRATEGY_MERGE && strategy != WEFT_STRATEGY_SHUFFLE_HASH;
    if (!*shares) return WEFT_OK;
    const bool broadcast = strategy == WEFT_STRATEGY_BROADCAST;
    const int64_t wished = broadcast ? 0 : weft_setting(ctx, WEFT_SET_BROADCAST_BYTES);
    const int64_t most = plan_shared_bytes_most(p->options.memory_bytes);
    const int64_t limit = wished == 0 || most < wished ? most : wished;
    *shares = probe->shared_bytes + build->stats.bytes + PLAN_SHARED_ROW_BYTES * build->stats.rows <= limit;
    if (!*shares || wished > 0 || broadcast || plan_workers(p) == 1) return WEFT_OK;
    WEFT_TRY(st, probe_bytes(ctx, j, columns, filtered, probe, &bytes));
    *shares = plan_reads_whole(p, &build->stats, bytes);
done:
    return st;
}
