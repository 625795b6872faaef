/* engine/plan/rule_collation.c - strings of collations are grouped, ordered and joined by their keys
 * (expr/collate.h); what compares within expressions has got its keys when it was bound.
 *
 * The first rule: those behind it, and what prunes by statistics, see bytes. Aggregates are in
 * collation_aggregate.c. */
#include "engine/columnar/collation.h"
#include "engine/expr/collate.h"
#include "engine/plan/optimizer_impl.h"

weft_status opt_collation_key(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    return weft_collation_key(ctx, "a comparison", e, &e->span, out);
}

weft_status opt_equal_bytes(weft_ctx *ctx, bool null_equal, const weft_expr *const *pair,
                            const weft_span *span, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *plain[2] = {pair[0], pair[1]};
    for (int32_t i = 0; i < 2; i++) {
        weft_type type;
        if (weft_type_is_collated(pair[i]->type)) {
            WEFT_TRY(st, weft_type_collate(ctx, pair[i]->type, WEFT_COLLATION_BINARY, &type));
            WEFT_TRY(st, weft_expr_cast(ctx, pair[i], type, true, &plain[i]));
        }
        if (plain[i]->type.id == WEFT_TYPE_MAP) /* maps are not compared; their entries, as they stand, are */
            WEFT_TRY(st, weft_expr_call(ctx, "map_entries", &plain[i], 1, span, &plain[i]));
    }
    st = weft_expr_call(ctx, null_equal ? "<=>" : "=", plain, 2, span, out);
done:
    return st;
}

static weft_status keys_of(weft_ctx *ctx, const weft_expr *const *exprs, int32_t count,
                           const weft_expr *const **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **keys = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(count, 1), &keys));
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, opt_collation_key(ctx, exprs[i], &keys[i]));
    *out = keys;
done:
    return st;
}

/* ---- sorts ---- */

static weft_status key_of_sort(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *key = NULL, *made = NULL;
    WEFT_TRY(st, opt_collation_key(ctx, e->args[0], &key));
    *out = e;
    if (key == e->args[0]) goto done;
    WEFT_TRY(st, weft_expr_sort_key(ctx, key, e->sort.descending, e->sort.nulls_first, &made));
    *out = made;
done:
    return st;
}

static weft_status keys_of_sorts(weft_ctx *ctx, const weft_expr *const *exprs, int32_t count,
                                 const weft_expr *const **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **keys = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(count, 1), &keys));
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, key_of_sort(ctx, exprs[i], &keys[i]));
    *out = keys;
done:
    return st;
}

static weft_status collate_sort(weft_ctx *ctx, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *sort = NULL;
    if (!weft_any_collated(node->sort.keys, node->sort.count)) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, &sort));
    *sort = *node;
    WEFT_TRY(st, keys_of_sorts(ctx, node->sort.keys, node->sort.count, &sort->sort.keys));
    *out = sort;
done:
    return st;
}

/* By range, the keys are SORT_KEYs; what is hashed for a string is its key, so that equal ones go together.
 */
static weft_status collate_repartition(weft_ctx *ctx, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *made = NULL;
    const int32_t count = node->repartition.key_count, sorted = node->repartition.sort_count;
    if (!weft_any_collated(node->repartition.keys, count) &&
        !weft_any_collated(node->repartition.sort_keys, sorted))
        return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, &made));
    *made = *node;
    if (node->repartition.kind == WEFT_REPARTITION_RANGE)
        WEFT_TRY(st, keys_of_sorts(ctx, node->repartition.keys, count, &made->repartition.keys));
    else
        WEFT_TRY(st, keys_of(ctx, node->repartition.keys, count, &made->repartition.keys));
    WEFT_TRY(st, keys_of_sorts(ctx, node->repartition.sort_keys, sorted, &made->repartition.sort_keys));
    *out = made;
done:
    return st;
}

/* ---- windows ---- */

static weft_status collate_spec(weft_ctx *ctx, const weft_window_spec *spec, const weft_window_spec **out)
{
    weft_status st = WEFT_OK;
    weft_window_spec *made = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &made));
    *made = *spec;
    WEFT_TRY(st, keys_of(ctx, spec->partition, spec->partition_count, &made->partition));
    WEFT_TRY(st, keys_of_sorts(ctx, spec->order, spec->order_count, &made->order));
    *out = made;
done:
    return st;
}

static bool window_is_collated(const weft_expr *window)
{
    const weft_window_spec *spec = window->window.spec;
    const weft_expr *call = window->args[0];
    return weft_any_collated(spec->partition, spec->partition_count) ||
           weft_any_collated(spec->order, spec->order_count) ||
           (call->kind == WEFT_EXPR_AGGREGATE && weft_any_collated(call->args, call->arg_count));
}

static weft_status collate_window(weft_ctx *ctx, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *window = NULL;
    const weft_expr **exprs = NULL;
    bool changed = false;
    for (int32_t i = 0; i < node->window.count; i++)
        changed |= window_is_collated(opt_below_alias(node->window.exprs[i]));
    if (!changed) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->window.count, &exprs));
    for (int32_t i = 0; i < node->window.count; i++) {
        const weft_expr *named = node->window.exprs[i], *old = opt_below_alias(named), *call = old->args[0];
        const weft_window_spec *spec = NULL;
        WEFT_TRY(st, collate_spec(ctx, old->window.spec, &spec));
        if (call->kind == WEFT_EXPR_AGGREGATE) WEFT_TRY(st, opt_collate_call(ctx, call, &call));
        WEFT_TRY(st, weft_expr_window(ctx, call, spec, &exprs[i]));
        WEFT_TRY(st, weft_expr_alias(ctx, exprs[i], named->alias.id, named->alias.name, &exprs[i]));
    }
    WEFT_TRY(st, WEFT_NEW(ctx, &window));
    *window = *node;
    window->window.exprs = exprs;
    *out = window;
done:
    return st;
}

/* ---- joins, and IN over subqueries ---- */

static weft_status collate_join(weft_ctx *ctx, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *join = NULL;
    if (!weft_any_collated(node->join.left_keys, node->join.key_count)) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, &join));
    *join = *node;
    WEFT_TRY(st, keys_of(ctx, node->join.left_keys, node->join.key_count, &join->join.left_keys));
    WEFT_TRY(st, keys_of(ctx, node->join.right_keys, node->join.key_count, &join->join.right_keys));
    *out = join;
done:
    return st;
}

/* x IN (SELECT y …): both sides by their keys. */
static weft_status collate_in(weft_ctx *ctx, weft_ids *ids, weft_expr *in)
{
    weft_status st = WEFT_OK;
    weft_pointers exprs = {0};
    const weft_node *plan = in->subquery.plan;
    if (!weft_any_collated(in->args, in->arg_count)) return WEFT_OK;
    WEFT_TRY(st, keys_of(ctx, in->args, in->arg_count, &in->args));
    for (int32_t i = 0; i < plan->output.count; i++) {
        const weft_expr *column = NULL, *key = NULL;
        WEFT_TRY(st, weft_node_column(ctx, plan, i, &column));
        WEFT_TRY(st, opt_collation_key(ctx, column, &key));
        WEFT_TRY(st, weft_expr_alias(ctx, key, weft_next_id(ids), column->column.name, &key));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, key));
    }
    WEFT_TRY(st, weft_node_project(ctx, plan, weft_pointers_exprs(&exprs), exprs.count, &in->subquery.plan));
done:
    return st;
}

static weft_status collate_subquery(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *made = NULL;
    *out = e;
    if (e->kind != WEFT_EXPR_SUBQUERY) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, &made));
    *made = *e;
    WEFT_TRY(st, opt_rule_collation(ctx, self, e->subquery.plan, &made->subquery.plan));
    if (e->subquery.kind == WEFT_SUBQUERY_IN) WEFT_TRY(st, collate_in(ctx, self, made));
    if (made->subquery.plan != e->subquery.plan) *out = made;
done:
    return st;
}

static bool is_subquery(void *self, const weft_expr *e)
{
    (void)self;
    return e->kind == WEFT_EXPR_SUBQUERY;
}

/* ---- the rule ---- */

static weft_status collate_node(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    *out = node;
    if (opt_any_expr(node, is_subquery, NULL))
        WEFT_TRY(st, opt_rewrite_exprs(ctx, node, collate_subquery, self, &node));
    *out = node;
    if (node->kind == WEFT_NODE_AGGREGATE) st = opt_collate_aggregate(ctx, self, node, out);
    if (node->kind == WEFT_NODE_SORT) st = collate_sort(ctx, node, out);
    if (node->kind == WEFT_NODE_REPARTITION) st = collate_repartition(ctx, node, out);
    if (node->kind == WEFT_NODE_WINDOW) st = collate_window(ctx, node, out);
    if (node->kind == WEFT_NODE_JOIN) st = collate_join(ctx, node, out);
done:
    return st;
}

weft_status opt_rule_collation(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    return opt_rewrite(ctx, root, collate_node, ids, NULL, out);
}
