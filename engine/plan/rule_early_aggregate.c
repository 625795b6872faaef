/* engine/plan/rule_early_aggregate.c - aggregates of one side of a join are computed before it.
 *
 * Where all aggregates read one side S and all groups the other side T, S is aggregated by its join keys
 * first and the join makes as many pairs as there are keys, not as there are rows (Yan and Larson, Eager
 * Aggregation and Lazy Aggregation). The AGGREGATE above stays and puts the parts together, since several
 * rows of T may be in one group. It pays where S has many rows a key and most of them find a partner: then
 * the join's table, its pairs and their aggregation shrink by that factor. */
#include "engine/expr/aggregate.h"
#include "engine/plan/estimate.h"
#include "engine/plan/optimizer_impl.h"

#define ROWS_A_KEY_LEAST 4.0 /* fewer, and the aggregation costs more than the join gains */
#define MATCHED_LEAST    0.5 /* part of the keys of S that find a partner */
#define ROWS_LEAST       1e5 /* of S: below, nothing matters */

typedef struct early {
    weft_ids *ids;
    weft_estimator *estimator;
    weft_pointer_map parents;
} early;

/* A JOIN at work: which of its inputs is aggregated. */
typedef struct early_side {
    const weft_node *join;
    int side;
    bool optional; /* LEFT: rows of the other side without partner count as one row of NULLs */
    const weft_expr *const *keys;
} early_side;

static bool reads_only(const weft_expr *e, const weft_node *side)
{
    return !opt_has_columns(e) || weft_outputs_cover(&side->output, e);
}

static bool may_split(const weft_expr *named, const early_side *s)
{
    const weft_expr *call = opt_below_alias(named);
    const char *name = call->aggregate.function->name;
    const weft_node *side = s->join->inputs[s->side];
    if (call->aggregate.distinct || call->arg_count != 1 || !opt_is_free(call)) return false;
    if (strcmp(name, "count") != 0 && strcmp(name, "min") != 0 && strcmp(name, "max") != 0) return false;
    if (!opt_has_columns(call->args[0]) && (strcmp(name, "count") != 0 || call->args[0]->nullable))
        return false;
    if (call->aggregate.filter == NULL) return reads_only(call->args[0], side);
    /* a condition on padded rows, or on none of its columns, would have to be asked above too */
    return !s->optional && reads_only(call->args[0], side) && reads_only(call->aggregate.filter, side);
}

static bool is_key(const early_side *s, const weft_expr *e)
{
    for (int32_t k = 0; k < s->join->join.key_count; k++)
        if (e->kind == WEFT_EXPR_COLUMN && s->keys[k]->column.id == e->column.id) return true;
    return false;
}

static bool may_move(const weft_node *node, const early_side *s)
{
    const weft_outputs *other = &s->join->inputs[1 - s->side]->output;
    for (int32_t k = 0; k < s->join->join.key_count; k++)
        if (s->keys[k]->kind != WEFT_EXPR_COLUMN) return false;
    for (int32_t i = 0; i < node->aggregate.group_count; i++) {
        const weft_expr *e = opt_below_alias(node->aggregate.groups[i]);
        if (!weft_outputs_cover(other, e) && !is_key(s, e)) return false;
    }
    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++)
        if (!may_split(node->aggregate.aggregates[i], s)) return false;
    return node->aggregate.aggregate_count > 0;
}

static weft_status distinct_keys(weft_ctx *ctx, weft_estimator *e, const weft_node *node,
                                 const weft_expr *const *keys, int32_t count, double *out)
{
    weft_status st = WEFT_OK;
    weft_estimate rows = {0};
    *out = 1;
    WEFT_TRY(st, weft_estimator_node(ctx, e, node, &rows));
    for (int32_t k = 0; k < count; k++) {
        double distinct = 1;
        WEFT_TRY(st, weft_estimator_distinct(ctx, e, node, keys[k], &distinct));
        *out *= distinct;
    }
    if (*out > rows.rows) *out = rows.rows;
    if (*out < 1) *out = 1;
done:
    return st;
}

static weft_status pays(weft_ctx *ctx, const early *r, const early_side *s, bool *out)
{
    weft_status st = WEFT_OK;
    weft_estimate rows = {0};
    double own = 1, other = 1;
    const weft_node *const *inputs = s->join->inputs;
    const weft_expr *const *other_keys = s->side == 1 ? s->join->join.left_keys : s->join->join.right_keys;
    const int32_t count = s->join->join.key_count;
    WEFT_TRY(st, weft_estimator_node(ctx, r->estimator, inputs[s->side], &rows));
    WEFT_TRY(st, distinct_keys(ctx, r->estimator, inputs[s->side], s->keys, count, &own));
    WEFT_TRY(st, distinct_keys(ctx, r->estimator, inputs[1 - s->side], other_keys, count, &other));
    *out = rows.rows >= ROWS_LEAST && rows.rows / own >= ROWS_A_KEY_LEAST && other / own >= MATCHED_LEAST;
done:
    return st;
}

/* ---- the two levels ---- */

/* The part of one aggregate for each key; *out is the aggregate over the parts. */
static weft_status split_call(weft_ctx *ctx, weft_ids *ids, const early_side *s, const weft_expr *named,
                              weft_pointers *parts, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *call = opt_below_alias(named), *part = NULL, *args[2] = {NULL, NULL};
    const bool count = strcmp(call->aggregate.function->name, "count") == 0;
    WEFT_TRY(st, weft_expr_alias(ctx, call, weft_next_id(ids), "part", &part));
    WEFT_TRY(st, weft_pointers_push(ctx, parts, part));
    WEFT_TRY(st, weft_expr_column(ctx, part->alias.id, "part", call->type, s->optional || call->nullable,
                                  &args[0]));
    if (count && s->optional && !opt_has_columns(call->args[0])) { /* count(*) counts the padded row */
        const weft_value one = {.type = call->type, .i64 = 1};
        WEFT_TRY(st, weft_expr_literal(ctx, &one, &args[1]));
        WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_COALESCE, args, 2, NULL, &args[0]));
    }
    WEFT_TRY(st, weft_expr_aggregate(ctx, count ? "sum" : call->aggregate.function->name, args, 1, false,
                                     NULL, &call->span, out));
    WEFT_TRY(st, weft_expr_alias(ctx, *out, weft_next_id(ids), named->alias.name, out));
done:
    return st;
}

/* What the aggregate's readers know: its groups, and the sums of counts as counts. */
static weft_status rename_results(weft_ctx *ctx, const weft_node *node, const weft_node *upper,
                                  const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers exprs = {0};
    for (int32_t i = 0; i < node->output.count; i++) {
        const weft_output *output = &node->output.columns[i];
        const weft_expr *args[2] = {NULL, NULL};
        WEFT_TRY(st, weft_node_column(ctx, upper, i, &args[0]));
        if (i >= node->aggregate.group_count) {
            const weft_expr *call =
                opt_below_alias(node->aggregate.aggregates[i - node->aggregate.group_count]);
            const weft_value zero = {.type = call->type};
            if (strcmp(call->aggregate.function->name, "count") == 0) {
                WEFT_TRY(st, weft_expr_literal(ctx, &zero, &args[1]));
                WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_COALESCE, args, 2, NULL, &args[0]));
            }
            WEFT_TRY(st, weft_expr_alias(ctx, args[0], output->id, output->name, &args[0]));
        }
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, args[0]));
    }
    WEFT_TRY(st, weft_node_project(ctx, upper, weft_pointers_exprs(&exprs), exprs.count, out));
done:
    return st;
}

static weft_status move_below(weft_ctx *ctx, weft_ids *ids, const weft_node *node, const early_side *s,
                              const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers groups = {0}, parts = {0}, calls = {0};
    const weft_node *inputs[2] = {s->join->inputs[0], s->join->inputs[1]};
    weft_node model = *s->join;
    for (int32_t k = 0; k < s->join->join.key_count; k++)
        WEFT_TRY(st, opt_add_unique(ctx, &groups, s->keys[k]));
    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++) {
        const weft_expr *call = NULL;
        WEFT_TRY(st, split_call(ctx, ids, s, node->aggregate.aggregates[i], &parts, &call));
        WEFT_TRY(st, weft_pointers_push(ctx, &calls, call));
    }
    WEFT_TRY(st, weft_node_aggregate(ctx, inputs[s->side], weft_pointers_exprs(&groups), groups.count,
                                     weft_pointers_exprs(&parts), parts.count, &inputs[s->side]));
    model.inputs = inputs;
    WEFT_TRY(st, weft_node_join_from(ctx, &model, out));
    WEFT_TRY(st, weft_node_aggregate(ctx, *out, node->aggregate.groups, node->aggregate.group_count,
                                     weft_pointers_exprs(&calls), calls.count, out));
    WEFT_TRY(st, rename_results(ctx, node, *out, out));
done:
    return st;
}

static weft_status early_one(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    early *r = self;
    *out = node;
    if (node->kind != WEFT_NODE_AGGREGATE) return WEFT_OK;
    const weft_node *join = node->inputs[0];
    const bool inner = join->kind == WEFT_NODE_JOIN && join->join.kind == WEFT_JOIN_INNER;
    const bool left = join->kind == WEFT_NODE_JOIN && join->join.kind == WEFT_JOIN_LEFT;
    if ((!inner && !left) || join->join.key_count == 0 || join->join.condition_count > 0 ||
        weft_is_shared(&r->parents, join))
        return WEFT_OK;
    for (int side = 1; side >= (inner ? 0 : 1); side--) {
        const early_side s = {.join = join,
                              .side = side,
                              .optional = left,
                              .keys = side == 1 ? join->join.right_keys : join->join.left_keys};
        bool pay = false;
        if (!may_move(node, &s)) continue;
        WEFT_TRY(st, pays(ctx, r, &s, &pay));
        if (pay) return move_below(ctx, r->ids, node, &s, out);
    }
done:
    return st;
}

weft_status opt_rule_early_aggregate(weft_ctx *ctx, weft_ids *ids, const weft_node *root,
                                     const weft_node **out)
{
    weft_status st = WEFT_OK;
    early r = {.ids = ids};
    WEFT_TRY(st, weft_count_parents(ctx, root, &r.parents));
    WEFT_TRY(st, weft_estimator_new(ctx, &r.estimator));
    WEFT_TRY(st, opt_rewrite(ctx, root, early_one, &r, NULL, out));
done:
    return st;
}
