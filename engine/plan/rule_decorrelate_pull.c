/* engine/plan/rule_decorrelate_pull.c - pulling correlated predicates up through the plan of a subquery.
 *
 * Through FILTER, PROJECT, inner joins, the preserved side of other joins, and SORT they pass as they are;
 * through AGGREGATE (and DISTINCT) only equalities can, whose inner sides become groups. For other
 * comparisons the domain, the distinct values of the outer columns, is joined in below the AGGREGATE and
 * grouped by: the outer query then finds its group by those values (Neumann and Kemper, Unnesting Arbitrary
 * Queries). */
#include "engine/expr/coerce.h"
#include "engine/plan/rule_decorrelate.h"

weft_status opt_fail_subquery(weft_ctx *ctx, const opt_scope *scope, const char *what)
{
    const weft_status st = weft_fail_at(ctx, WEFT_UNSUPPORTED_SUBQUERY, scope->span,
                                        "this correlated subquery cannot be run as a join: %s", what);
    weft_hint(ctx, "write it as a join, or compare with the outer query by = in its WHERE clause");
    return st;
}

static bool visit_outer(void *self, const weft_expr *e)
{
    const weft_outputs *outer = self;
    if (e->kind != WEFT_EXPR_OUTER) return false;
    for (int32_t i = 0; i < outer->count; i++)
        if (outer->columns[i].id == e->args[0]->column.id) return true;
    return false;
}

bool opt_expr_correlated(const opt_scope *scope, const weft_expr *e)
{
    weft_outputs outer = *scope->outer;
    return weft_expr_any(e, visit_outer, &outer);
}

bool opt_tree_correlated(const opt_scope *scope, const weft_node *node)
{
    weft_outputs outer = *scope->outer;
    if (opt_any_expr(node, visit_outer, &outer)) return true;
    for (int32_t i = 0; i < node->input_count; i++)
        if (opt_tree_correlated(scope, node->inputs[i])) return true;
    return false;
}

static weft_status strip_one(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    weft_outputs *outer = self;
    (void)ctx;
    *out = visit_outer(outer, e) ? e->args[0] : e;
    return WEFT_OK;
}

weft_status opt_strip_outer(weft_ctx *ctx, const opt_scope *scope, const weft_expr *e, const weft_expr **out)
{
    weft_outputs outer = *scope->outer;
    return weft_expr_rewrite(ctx, e, strip_one, &outer, out);
}

/* ---- joins from pulled-up predicates ---- */

static weft_status add_key(weft_ctx *ctx, opt_join *join, const weft_expr *left, const weft_expr *right,
                           bool null_equal)
{
    weft_status st = WEFT_OK;
    bool *flags = NULL;
    const int32_t count = join->left_keys.count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &flags));
    for (int32_t i = 0; i < count; i++) flags[i] = join->null_equal[i];
    flags[count] = null_equal;
    join->null_equal = flags;
    WEFT_TRY(st, weft_pointers_push(ctx, &join->left_keys, left));
    WEFT_TRY(st, weft_pointers_push(ctx, &join->right_keys, right));
done:
    return st;
}

weft_status opt_add_equal(weft_ctx *ctx, const weft_node *left, const weft_node *right,
                          const weft_expr *equal, opt_join *join)
{
    bool null_equal = false;
    if (opt_is_equality(equal, &null_equal) && opt_is_free(equal) &&
        weft_type_equal(equal->args[0]->type, equal->args[1]->type)) {
        for (int side = 0; side < 2; side++) {
            const weft_expr *l = equal->args[side], *r = equal->args[1 - side];
            if (!opt_has_columns(l) || !opt_has_columns(r) || !weft_outputs_cover(&left->output, l) ||
                !weft_outputs_cover(&right->output, r))
                continue;
            return add_key(ctx, join, l, r, null_equal);
        }
    }
    return weft_pointers_push(ctx, &join->conditions, equal);
}

weft_status opt_add_preds(weft_ctx *ctx, const opt_scope *scope, const weft_node *left,
                          const weft_node *right, const weft_pointers *preds, opt_join *join)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < preds->count; i++) {
        const weft_expr *e = NULL;
        WEFT_TRY(st, opt_strip_outer(ctx, scope, preds->items[i], &e));
        WEFT_TRY(st, opt_add_equal(ctx, left, right, e, join));
    }
done:
    return st;
}

/* ---- pulling up ---- */

static weft_status pull_filter(weft_ctx *ctx, const opt_scope *scope, const weft_node *node,
                               weft_pointers *preds, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *input = NULL;
    weft_pointers kept = {0};
    WEFT_TRY(st, opt_pull_up(ctx, scope, node->inputs[0], preds, &input));
    for (int32_t i = 0; i < node->filter.count; i++) {
        weft_pointers parts = {0};
        WEFT_TRY(st, opt_split(ctx, node->filter.conjuncts[i], &parts));
        for (int32_t k = 0; k < parts.count; k++)
            WEFT_TRY(st, weft_pointers_push(ctx, opt_expr_correlated(scope, parts.items[k]) ? preds : &kept,
                                            parts.items[k]));
    }
    WEFT_TRY(st, opt_filter(ctx, input, &kept, out));
done:
    return st;
}

/* Append to list the columns that e reads and that are outputs of input, unless a listed expression is it. */
typedef struct reader {
    weft_ctx *ctx;
    const weft_node *input;
    weft_pointers *list;
    weft_status st;
} reader;

static bool add_read_column(void *self, const weft_expr *e)
{
    reader *r = self;
    if (e->kind == WEFT_EXPR_OUTER) return false;
    if (e->kind != WEFT_EXPR_COLUMN || weft_node_find_output(r->input, e->column.id) < 0) return false;
    for (int32_t i = 0; i < r->list->count; i++)
        if (opt_output_id(r->list->items[i]) == e->column.id) return false;
    r->st = weft_pointers_push(r->ctx, r->list, e);
    return r->st != WEFT_OK;
}

static weft_status pull_project(weft_ctx *ctx, const opt_scope *scope, const weft_node *node,
                                weft_pointers *preds, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *input = NULL;
    const int32_t before = preds->count;
    weft_pointers exprs = {0};
    for (int32_t i = 0; i < node->project.count; i++) {
        if (opt_expr_correlated(scope, node->project.exprs[i]))
            return opt_fail_subquery(ctx, scope, "an outer column is used in a SELECT list below its top");
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, node->project.exprs[i]));
    }
    WEFT_TRY(st, opt_pull_up(ctx, scope, node->inputs[0], preds, &input));
    reader r = {.ctx = ctx, .input = input, .list = &exprs};
    for (int32_t i = before; i < preds->count; i++) (void)weft_expr_any(preds->items[i], add_read_column, &r);
    WEFT_TRY(st, r.st);
    WEFT_TRY(st, weft_node_project(ctx, input, weft_pointers_exprs(&exprs), exprs.count, out));
done:
    return st;
}

static weft_status pull_inner_join(weft_ctx *ctx, const opt_scope *scope, const weft_node *node,
                                   weft_pointers *preds, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *inputs[2] = {NULL, NULL};
    weft_node model = *node;
    weft_pointers kept = {0};
    for (int32_t i = 0; i < 2; i++) WEFT_TRY(st, opt_pull_up(ctx, scope, node->inputs[i], preds, &inputs[i]));
    for (int32_t i = 0; i < node->join.key_count; i++)
        if (opt_expr_correlated(scope, node->join.left_keys[i]) ||
            opt_expr_correlated(scope, node->join.right_keys[i]))
            return opt_fail_subquery(ctx, scope, "an outer column is part of a join key");
    for (int32_t i = 0; i < node->join.condition_count; i++) {
        const weft_expr *e = node->join.conditions[i];
        WEFT_TRY(st, weft_pointers_push(ctx, opt_expr_correlated(scope, e) ? preds : &kept, e));
    }
    model.inputs = inputs;
    model.join.conditions = weft_pointers_exprs(&kept);
    model.join.condition_count = kept.count;
    WEFT_TRY(st, weft_node_join_from(ctx, &model, out));
done:
    return st;
}

/* Joins that keep every left row as it is, or drop it: only the left side may be correlated. */
static weft_status pull_other_join(weft_ctx *ctx, const opt_scope *scope, const weft_node *node,
                                   weft_pointers *preds, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *inputs[2] = {NULL, node->inputs[1]};
    weft_outputs outer = *scope->outer;
    if (node->join.kind == WEFT_JOIN_FULL || node->join.kind == WEFT_JOIN_RIGHT ||
        opt_any_expr(node, visit_outer, &outer) || opt_tree_correlated(scope, node->inputs[1]))
        return opt_fail_subquery(
            ctx, scope,
            "an outer column is used in the condition or the optional side of an outer join, or "
            "two query levels further in");
    WEFT_TRY(st, opt_pull_up(ctx, scope, node->inputs[0], preds, &inputs[0]));
    WEFT_TRY(st, opt_with_inputs(ctx, node, inputs, out));
done:
    return st;
}

/* The group that stands for the inner expression, a new one if there is none. */
static weft_status group_for(weft_ctx *ctx, const opt_scope *scope, const weft_expr *inner,
                             weft_pointers *groups, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < groups->count; i++) {
        const weft_expr *group = groups->items[i];
        if (!weft_expr_equal(opt_below_alias(group), inner)) continue;
        return weft_expr_column(ctx, opt_output_id(group), "key", group->type, group->nullable, out);
    }
    const weft_expr *named = inner;
    if (inner->kind != WEFT_EXPR_COLUMN)
        WEFT_TRY(st, weft_expr_alias(ctx, inner, weft_next_id(scope->ids), "key", &named));
    WEFT_TRY(st, weft_pointers_push(ctx, groups, named));
    WEFT_TRY(st, weft_expr_column(ctx, opt_output_id(named), "key", named->type, named->nullable, out));
done:
    return st;
}

/* Maps are grouped by their entries in order; what has a map somewhere within is not. */
static bool has_no_domain(weft_type type)
{
    return type.id != WEFT_TYPE_MAP && !weft_type_is_groupable(type);
}

static bool is_without_domain(void *self, const weft_expr *e)
{
    return visit_outer(self, e) && has_no_domain(e->type);
}

/* An equality of an inner and an outer expression: its inner side may become a group. One that may fail is
 * one only where there is no domain. */
static weft_status is_group_key(weft_ctx *ctx, const opt_scope *scope, const weft_expr *e, bool *is)
{
    weft_status st = WEFT_OK;
    bool null_equal = false;
    const weft_expr *bare = NULL;
    *is = false;
    weft_outputs outer = *scope->outer;
    if (!opt_is_equality(e, &null_equal)) return WEFT_OK;
    if (!opt_is_free(e) && !weft_expr_any(e, is_without_domain, &outer)) return WEFT_OK;
    const bool first = opt_expr_correlated(scope, e->args[0]),
               second = opt_expr_correlated(scope, e->args[1]);
    if (first == second) return WEFT_OK;
    WEFT_TRY(st, opt_strip_outer(ctx, scope, e->args[first ? 0 : 1], &bare));
    *is = weft_outputs_cover(scope->outer, bare);
done:
    return st;
}

static weft_status group_by_key(weft_ctx *ctx, const opt_scope *scope, const weft_expr *e,
                                weft_pointers *groups, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {e->args[0], e->args[1]};
    const int inner = opt_expr_correlated(scope, args[0]) ? 1 : 0;
    WEFT_TRY(st, group_for(ctx, scope, args[inner], groups, &args[inner]));
    WEFT_TRY(st, weft_expr_with_args(ctx, e, args, out));
done:
    return st;
}

/* ---- the domain ---- */

/* outers[i], an OUTER node, has its values in columns[i] of the domain. */
typedef struct domain {
    weft_ctx *ctx;
    const opt_scope *scope;
    weft_pointers outers, columns;
    weft_status st;
} domain;

static bool add_outer(void *self, const weft_expr *e)
{
    domain *d = self;
    weft_outputs outer = *d->scope->outer;
    if (!visit_outer(&outer, e)) return false;
    for (int32_t i = 0; i < d->outers.count; i++)
        if (weft_expr_equal(d->outers.items[i], e)) return false;
    d->st = weft_pointers_push(d->ctx, &d->outers, e);
    return d->st != WEFT_OK;
}

static weft_status outer_to_domain(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    const domain *d = self;
    (void)ctx;
    *out = e;
    for (int32_t i = 0; i < d->outers.count; i++)
        if (e->kind == WEFT_EXPR_OUTER && weft_expr_equal(d->outers.items[i], e)) *out = d->columns.items[i];
    return WEFT_OK;
}

static bool is_outer(void *self, const weft_expr *e)
{
    (void)self;
    return e->kind == WEFT_EXPR_OUTER;
}

static bool has_outer(const weft_node *node)
{
    if (opt_any_expr(node, is_outer, NULL)) return true;
    for (int32_t i = 0; i < node->input_count; i++)
        if (has_outer(node->inputs[i])) return true;
    return false;
}

static bool gives_all(const weft_node *node, const weft_pointers *outers)
{
    for (int32_t i = 0; i < outers->count; i++) {
        const weft_expr *outer = outers->items[i];
        if (weft_node_find_output(node, outer->args[0]->column.id) < 0) return false;
    }
    return true;
}

/* May a join pad this input's columns with NULLs? */
static bool is_padded(const weft_node *join, int input)
{
    const weft_join_kind kind = join->join.kind;
    if (kind == WEFT_JOIN_FULL) return true;
    return input == 0 ? kind == WEFT_JOIN_RIGHT : kind == WEFT_JOIN_LEFT || kind == WEFT_JOIN_SINGLE;
}

/* The outer query's rows without what is correlated itself, with a query further out: a domain may have more
 * values than there are rows, but must not be correlated. */
static weft_status domain_input(weft_ctx *ctx, const weft_pointers *outers, const weft_node *node,
                                const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers kept = {0};
    const weft_node *input = NULL;
    *out = node;
    if (!has_outer(node)) return WEFT_OK;
    for (int32_t i = 0; node->kind == WEFT_NODE_JOIN && i < 2; i++)
        if (!is_padded(node, i) && gives_all(node->inputs[i], outers))
            return domain_input(ctx, outers, node->inputs[i], out);
    if (node->kind != WEFT_NODE_FILTER) return WEFT_OK;
    WEFT_TRY(st, domain_input(ctx, outers, node->inputs[0], &input));
    for (int32_t i = 0; i < node->filter.count; i++)
        if (!weft_expr_any(node->filter.conjuncts[i], is_outer, NULL) &&
            weft_outputs_cover(&input->output, node->filter.conjuncts[i]))
            WEFT_TRY(st, weft_pointers_push(ctx, &kept, node->filter.conjuncts[i]));
    WEFT_TRY(st, opt_filter(ctx, input, &kept, out));
done:
    return st;
}

weft_status opt_domain_of(weft_ctx *ctx, const opt_scope *scope, const weft_pointers *outers,
                          weft_pointers *columns, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers groups = {0}, exprs = {0};
    const weft_node *input = NULL;
    WEFT_TRY(st, domain_input(ctx, outers, scope->input, &input));
    for (int32_t i = 0; i < outers->count; i++) {
        const weft_expr *column = ((const weft_expr *)outers->items[i])->args[0], *named = NULL;
        char type[128];
        if (has_no_domain(column->type))
            WEFT_TRY(st, weft_fail_at(ctx, WEFT_SUBQUERY_OUTER_TYPE, scope->span,
                                      "Unsupported subquery expression: Correlated column reference '%s' "
                                      "cannot be %s type.",
                                      column->column.name, weft_type_text(column->type, type, sizeof type)));
        WEFT_TRY(st, weft_pointers_push(ctx, &groups, column));
        WEFT_TRY(st, weft_expr_alias(ctx, column, weft_next_id(scope->ids), column->column.name, &named));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, named));
    }
    WEFT_TRY(st, weft_node_aggregate(ctx, input, weft_pointers_exprs(&groups), groups.count, NULL, 0, out));
    WEFT_TRY(st, weft_node_project(ctx, *out, weft_pointers_exprs(&exprs), exprs.count, out));
    for (int32_t i = 0; i < exprs.count; i++) {
        const weft_expr *column = NULL;
        WEFT_TRY(st, weft_node_column(ctx, *out, i, &column));
        WEFT_TRY(st, weft_pointers_push(ctx, columns, column));
    }
done:
    return st;
}

/* Join input with the domain of what preds read of the outer query; preds then find the outer row's values.
 */
static weft_status join_domain(weft_ctx *ctx, const opt_scope *scope, const weft_node *input,
                               weft_pointers *preds, weft_pointers *groups, const weft_node **out)
{
    weft_status st = WEFT_OK;
    domain d = {.ctx = ctx, .scope = scope};
    opt_join join = {.kind = WEFT_JOIN_INNER};
    const weft_node *values = NULL;
    for (int32_t i = 0; i < preds->count; i++) (void)weft_expr_any(preds->items[i], add_outer, &d);
    WEFT_TRY(st, d.st);
    WEFT_TRY(st, opt_domain_of(ctx, scope, &d.outers, &d.columns, &values));
    for (int32_t i = 0; i < preds->count; i++) {
        const weft_expr *e = NULL;
        WEFT_TRY(st, weft_expr_rewrite(ctx, preds->items[i], outer_to_domain, &d, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &join.conditions, e));
    }
    WEFT_TRY(st, opt_join_node(ctx, &join, input, values, out));
    preds->count = 0;
    for (int32_t i = 0; i < d.outers.count; i++) {
        const weft_expr *args[2] = {d.outers.items[i], d.columns.items[i]}, *e = NULL;
        WEFT_TRY(st, weft_pointers_push(ctx, groups, args[1]));
        WEFT_TRY(st, opt_equal_bytes(ctx, true, args, NULL, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, preds, e));
    }
done:
    return st;
}

weft_status opt_group_by_preds(weft_ctx *ctx, const opt_scope *scope, const weft_node *aggregate,
                               const weft_node *input, weft_pointers *preds, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers groups = {0}, keys = {0}, others = {0};
    for (int32_t i = 0; i < aggregate->aggregate.group_count; i++)
        WEFT_TRY(st, weft_pointers_push(ctx, &groups, aggregate->aggregate.groups[i]));
    for (int32_t i = 0; i < preds->count; i++) {
        const weft_expr *e = preds->items[i];
        bool is_key = false;
        WEFT_TRY(st, is_group_key(ctx, scope, e, &is_key));
        if (is_key) WEFT_TRY(st, group_by_key(ctx, scope, e, &groups, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, is_key ? &keys : &others, e));
    }
    if (others.count > 0) WEFT_TRY(st, join_domain(ctx, scope, input, &others, &groups, &input));
    *preds = keys;
    for (int32_t i = 0; i < others.count; i++) WEFT_TRY(st, weft_pointers_push(ctx, preds, others.items[i]));
    WEFT_TRY(st,
             weft_node_aggregate(ctx, input, weft_pointers_exprs(&groups), groups.count,
                                 aggregate->aggregate.aggregates, aggregate->aggregate.aggregate_count, out));
done:
    return st;
}

static weft_status pull_aggregate(weft_ctx *ctx, const opt_scope *scope, const weft_node *node,
                                  weft_pointers *preds, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_outputs outer = *scope->outer;
    weft_pointers own = {0};
    const weft_node *input = NULL;
    if (opt_any_expr(node, visit_outer, &outer))
        return opt_fail_subquery(ctx, scope, "an outer column is used in an aggregate or a group");
    if (node->aggregate.group_count == 0)
        return opt_fail_subquery(ctx, scope, "an aggregate without GROUP BY is not at its top");
    WEFT_TRY(st, opt_pull_up(ctx, scope, node->inputs[0], &own, &input));
    WEFT_TRY(st, opt_group_by_preds(ctx, scope, node, input, &own, out));
    for (int32_t i = 0; i < own.count; i++) WEFT_TRY(st, weft_pointers_push(ctx, preds, own.items[i]));
done:
    return st;
}

weft_status opt_pull_up(weft_ctx *ctx, const opt_scope *scope, const weft_node *node, weft_pointers *preds,
                        const weft_node **out)
{
    if (!opt_tree_correlated(scope, node)) {
        *out = node;
        return WEFT_OK;
    }
    if (node->kind == WEFT_NODE_SCRIPT)
        return weft_fail_at(ctx, WEFT_SUBQUERY_OUTER_PLACE, scope->span,
                            "Unsupported subquery expression: Accessing outer query column is not allowed "
                            "in this location: what TRANSFORM, MAP or REDUCE gives to a command.");
    const char *what = "an outer column is used below LIMIT, UNION, a window function or another such step";
    if (node->kind == WEFT_NODE_FILTER) return pull_filter(ctx, scope, node, preds, out);
    if (node->kind == WEFT_NODE_PROJECT) return pull_project(ctx, scope, node, preds, out);
    if (node->kind == WEFT_NODE_AGGREGATE) return pull_aggregate(ctx, scope, node, preds, out);
    if (node->kind == WEFT_NODE_JOIN && node->join.kind == WEFT_JOIN_INNER)
        return pull_inner_join(ctx, scope, node, preds, out);
    if (node->kind == WEFT_NODE_JOIN) return pull_other_join(ctx, scope, node, preds, out);
    /* neither the order of a subquery's rows is seen, nor which tasks they are of */
    if ((node->kind == WEFT_NODE_SORT && node->sort.limit < 0) || node->kind == WEFT_NODE_REPARTITION)
        return opt_pull_up(ctx, scope, node->inputs[0], preds, out);
    return opt_fail_subquery(ctx, scope, what);
}

weft_status opt_pull_or_push(weft_ctx *ctx, const opt_scope *scope, const weft_node *plan,
                             weft_pointers *preds, const weft_node **out)
{
    weft_pointers pulled = {0};
    weft_status st = opt_pull_up(ctx, scope, plan, &pulled, out);
    if (st == WEFT_UNSUPPORTED_SUBQUERY) {
        weft_error_clear(ctx);
        return opt_push_domain(ctx, scope, plan, preds, out);
    }
    if (st == WEFT_OK) st = opt_add_all(ctx, preds, weft_pointers_exprs(&pulled), pulled.count);
    return st;
}
