/* engine/plan/rule_decorrelate.c - subquery expressions become joins.
 *
 *   [NOT] EXISTS (q)            SEMI, ANTI; inside other expressions MARK
 *   x [NOT] IN (q)              SEMI, ANTI or ANTI_NULL; inside other expressions MARK
 *   (q), not correlated         join with the one row of q
 *   (q), correlated aggregate   LEFT join with q grouped by what it was correlated by; count gives 0 for no
 * row (q), otherwise correlated   SINGLE join
 *
 * A node with subqueries gets a new input: the old one joined with each subquery, from the left to the right;
 * the subquery expression becomes a column of it (or vanishes: SEMI, ANTI). Conditions of a FILTER that stand
 * before a subquery are applied before its join. Subqueries inside a subquery are dealt with first. */
#include "engine/plan/rule_decorrelate.h"
#include "engine/expr/aggregate.h"

typedef struct decorrelator {
    weft_ids *ids;
    weft_pointer_map done;
} decorrelator;

/* A node at work: its input so far, and what each subquery became (the same subquery may stand twice). */
typedef struct attachment {
    decorrelator *d;
    const weft_node *input;
    weft_pointers subqueries, values;
    bool existence; /* in ON: NOT IN asks whether there is no match, not whether one is impossible */
} attachment;

static weft_status decorrelate(weft_ctx *ctx, decorrelator *d, const weft_node *node, const weft_node **out);

/* ---- the plan of a subquery ---- */

/* Do a node and the enclosing query have a column in common? They may read the same common table expression,
 * under one id below the projection that gives each use ids of its own. */
static bool shares_ids(const weft_node *node, const weft_outputs *outer)
{
    for (int32_t i = 0; i < outer->count; i++)
        if (weft_node_find_output(node, outer->columns[i].id) >= 0) return true;
    return false;
}

/* The plan without what does not change whether there is a row: projections, orders, DISTINCT. */
static const weft_node *strip_exists(const weft_node *plan, const weft_outputs *outer)
{
    for (;;) {
        const bool distinct = plan->kind == WEFT_NODE_AGGREGATE && plan->aggregate.group_count > 0;
        const bool limit = plan->kind == WEFT_NODE_LIMIT && plan->limit.skip == 0 &&
                           (plan->limit.take < 0 || plan->limit.take > 0);
        if ((plan->kind == WEFT_NODE_PROJECT || (plan->kind == WEFT_NODE_SORT && plan->sort.limit < 0) ||
             distinct || limit) &&
            !shares_ids(plan->inputs[0], outer))
            plan = plan->inputs[0];
        else
            return plan;
    }
}

/* A global aggregate, seen through what stands above it: its value as an expression, and what HAVING asks. */
typedef struct global_value {
    const weft_node *aggregate; /* NULL: it is none */
    const weft_expr *value;
    weft_pointers guards;
} global_value;

static weft_status find_global(weft_ctx *ctx, const weft_node *plan, const weft_expr *value,
                               global_value *out)
{
    weft_status st = WEFT_OK;
    *out = (global_value){.value = value};
    for (;; plan = plan->inputs[0]) {
        if (plan->kind == WEFT_NODE_AGGREGATE) break;
        if (plan->kind == WEFT_NODE_FILTER) {
            WEFT_TRY(st, opt_add_all(ctx, &out->guards, plan->filter.conjuncts, plan->filter.count));
        } else if (plan->kind == WEFT_NODE_PROJECT) {
            if (!opt_may_substitute(out->value, plan->project.exprs, plan->project.count)) goto done;
            WEFT_TRY(st,
                     opt_substitute(ctx, out->value, plan->project.exprs, plan->project.count, &out->value));
            for (int32_t i = 0; i < out->guards.count; i++) {
                const weft_expr *guard = NULL;
                WEFT_TRY(st, opt_substitute(ctx, out->guards.items[i], plan->project.exprs,
                                            plan->project.count, &guard));
                out->guards.items[i] = guard;
            }
        } else if (plan->kind != WEFT_NODE_SORT) {
            goto done;
        }
    }
    if (plan->aggregate.group_count == 0) out->aggregate = plan;
done:
    return st;
}

/* ---- scalar subqueries ---- */

bool opt_zero_when_empty(const weft_expr *aggregate)
{
    return !aggregate->aggregate.function->result_nullable;
}

/* Named expressions that stand for the outputs of the grouped aggregate where no group was found: counts 0.
 */
static weft_status empty_group_values(weft_ctx *ctx, const weft_node *aggregate, weft_pointers *named)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < aggregate->aggregate.aggregate_count; i++) {
        const weft_expr *e = aggregate->aggregate.aggregates[i];
        const weft_expr *call = opt_below_alias(e);
        const weft_expr *args[2] = {NULL, NULL};
        if (!opt_zero_when_empty(call)) continue;
        WEFT_TRY(st, weft_expr_column(ctx, opt_output_id(e), e->alias.name, e->type, true, &args[0]));
        WEFT_TRY(st, opt_zero(ctx, e->type, &args[1]));
        WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_COALESCE, args, 2, NULL, &args[0]));
        WEFT_TRY(st, weft_expr_alias(ctx, args[0], opt_output_id(e), e->alias.name, &args[0]));
        WEFT_TRY(st, weft_pointers_push(ctx, named, args[0]));
    }
done:
    return st;
}

/* Is the value NULL where no group was found, so that it may be computed below the join? */
static bool null_without_group(const opt_scope *scope, const global_value *v)
{
    if (v->guards.count > 0 || !opt_is_free(v->value) || opt_expr_correlated(scope, v->value)) return false;
    const weft_node *a = v->aggregate;
    for (int32_t i = 0; i < a->aggregate.aggregate_count; i++) {
        const weft_expr *call = opt_below_alias(a->aggregate.aggregates[i]);
        const int64_t id = opt_output_id(a->aggregate.aggregates[i]);
        if (!call->aggregate.function->result_nullable && opt_reads(v->value, id)) return false;
    }
    if (v->value->type.id == WEFT_TYPE_BOOLEAN) return false;
    for (int32_t i = 0; i < a->aggregate.aggregate_count; i++)
        if (weft_expr_rejects_null(v->value, opt_output_id(a->aggregate.aggregates[i]))) return true;
    return false;
}

static weft_status name_value(weft_ctx *ctx, weft_ids *ids, const weft_node *grouped, const weft_expr **value,
                              const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers exprs = {0};
    const weft_expr *named = NULL, *column = NULL;
    for (int32_t i = 0; i < grouped->aggregate.group_count; i++) {
        WEFT_TRY(st, opt_output_column(ctx, &grouped->output.columns[i], &column));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, column));
    }
    WEFT_TRY(st, weft_expr_alias(ctx, *value, weft_next_id(ids), "value", &named));
    WEFT_TRY(st, weft_pointers_push(ctx, &exprs, named));
    WEFT_TRY(st, weft_node_project(ctx, grouped, weft_pointers_exprs(&exprs), exprs.count, out));
    WEFT_TRY(st, weft_expr_column(ctx, named->alias.id, "value", (*value)->type, true, value));
done:
    return st;
}

/* A correlated subquery whose one row is that of an aggregate: LEFT join with the groups. */
static weft_status attach_global(weft_ctx *ctx, attachment *a, const opt_scope *scope, global_value *v,
                                 const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_node *below = NULL, *grouped = NULL;
    weft_pointers preds = {0}, named = {0};
    opt_join join = {.kind = WEFT_JOIN_LEFT};

    for (int32_t i = 0; i < v->aggregate->aggregate.aggregate_count; i++)
        if (opt_expr_correlated(scope, v->aggregate->aggregate.aggregates[i]))
            return opt_fail_subquery(ctx, scope, "an outer column is used in an aggregate");
    WEFT_TRY(st, opt_pull_up(ctx, scope, v->aggregate->inputs[0], &preds, &below));
    WEFT_TRY(st, opt_group_by_preds(ctx, scope, v->aggregate, below, &preds, &grouped));
    WEFT_TRY(st, empty_group_values(ctx, v->aggregate, &named));
    if (preds.count == 0) join.kind = WEFT_JOIN_INNER; /* only its value is correlated: there is one row */
    if (null_without_group(scope, v)) {
        WEFT_TRY(st, name_value(ctx, scope->ids, grouped, &v->value, &grouped));
    } else {
        WEFT_TRY(st, opt_substitute(ctx, v->value, weft_pointers_exprs(&named), named.count, &v->value));
        WEFT_TRY(st, opt_strip_outer(ctx, scope, v->value, &v->value));
    }
    WEFT_TRY(st, opt_add_preds(ctx, scope, a->input, grouped, &preds, &join));
    WEFT_TRY(st, opt_join_node(ctx, &join, a->input, grouped, &a->input));
    *out = v->value;
    if (v->guards.count == 0) goto done;
    for (int32_t i = 0; i < v->guards.count; i++) {
        const weft_expr *guard = NULL;
        WEFT_TRY(st,
                 opt_substitute(ctx, v->guards.items[i], weft_pointers_exprs(&named), named.count, &guard));
        WEFT_TRY(st, opt_strip_outer(ctx, scope, guard, &guard));
        v->guards.items[i] = guard;
    }
    const weft_expr *parts[2] = {NULL, v->value};
    WEFT_TRY(
        st, weft_expr_logic(ctx, WEFT_EXPR_AND, weft_pointers_exprs(&v->guards), v->guards.count, &parts[0]));
    WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_CASE, parts, 2, NULL, out));
done:
    return st;
}

/* The one output of a plan under a new id, with the columns that preds read. */
static weft_status relabel_value(weft_ctx *ctx, weft_ids *ids, const weft_node *plan, const weft_node **out,
                                 const weft_expr **value)
{
    weft_status st = WEFT_OK;
    const weft_expr *named = NULL;
    WEFT_TRY(st, weft_node_column(ctx, plan, 0, value));
    WEFT_TRY(st, weft_expr_alias(ctx, *value, weft_next_id(ids), plan->output.columns[0].name, &named));
    WEFT_TRY(st, weft_node_project(ctx, plan, &named, 1, out));
    WEFT_TRY(st, weft_node_column(ctx, *out, 0, value));
done:
    return st;
}

static weft_status attach_scalar(weft_ctx *ctx, attachment *a, const opt_scope *scope, const weft_node *plan,
                                 const weft_expr **out)
{
    weft_status st = WEFT_OK;
    opt_join join = {.kind = WEFT_JOIN_INNER};
    global_value v = {0};
    const weft_expr *value = NULL;

    WEFT_TRY(st, weft_node_column(ctx, plan, 0, &value));
    if (!opt_tree_correlated(scope, plan)) {
        if (!opt_exactly_one_row(plan)) WEFT_TRY(st, weft_node_single_row(ctx, plan, &plan));
        WEFT_TRY(st, relabel_value(ctx, scope->ids, plan, &plan, out));
        WEFT_TRY(st, opt_join_node(ctx, &join, a->input, plan, &a->input));
        goto done;
    }
    WEFT_TRY(st, find_global(ctx, plan, value, &v));
    if (v.aggregate != NULL) {
        st = attach_global(ctx, a, scope, &v, out);
        if (st != WEFT_UNSUPPORTED_SUBQUERY) goto done;
        weft_error_clear(ctx);
    }
    weft_pointers preds = {0};
    join.kind = WEFT_JOIN_SINGLE;
    WEFT_TRY(st, opt_pull_or_push(ctx, scope, plan, &preds, &plan));
    WEFT_TRY(st, opt_add_preds(ctx, scope, a->input, plan, &preds, &join));
    WEFT_TRY(st, opt_join_node(ctx, &join, a->input, plan, &a->input));
    WEFT_TRY(st, weft_expr_column(ctx, value->column.id, value->column.name, value->type, true, out));
done:
    return st;
}

/* ---- EXISTS and IN ---- */

/* Join with a MARK column; *out is that column. */
static weft_status join_mark(weft_ctx *ctx, attachment *a, opt_join *join, const weft_node *right,
                             const weft_expr **out)
{
    weft_status st = WEFT_OK;
    join->kind = WEFT_JOIN_MARK;
    join->mark_id = weft_next_id(a->d->ids);
    WEFT_TRY(st, opt_join_node(ctx, join, a->input, right, &a->input));
    WEFT_TRY(st, weft_expr_column(ctx, join->mark_id, "exists", WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN),
                                  join->mark_nullable, out));
done:
    return st;
}

static weft_status negate(weft_ctx *ctx, bool negated, const weft_expr **e)
{
    return negated ? weft_expr_logic(ctx, WEFT_EXPR_NOT, e, 1, e) : WEFT_OK;
}

/* filter: it is a conjunct of a FILTER, so that rows may be dropped; *out is then NULL when nothing is left
 * to test. */
static weft_status attach_exists(weft_ctx *ctx, attachment *a, const opt_scope *scope, const weft_node *plan,
                                 bool negated, bool filter, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    opt_join join = {.kind = negated ? WEFT_JOIN_ANTI : WEFT_JOIN_SEMI};
    weft_pointers preds = {0};
    global_value v = {0};
    const weft_expr *one = NULL;

    *out = NULL;
    plan = strip_exists(plan, scope->outer);
    if (opt_exactly_one_row(plan)) return opt_boolean(ctx, !negated, out);
    const bool correlated = opt_tree_correlated(scope, plan);
    if (correlated && plan->kind == WEFT_NODE_FILTER) { /* HAVING over one group: is its row there? */
        WEFT_TRY(st, opt_boolean(ctx, true, &one));
        WEFT_TRY(st, find_global(ctx, plan, one, &v));
    }
    if (v.aggregate != NULL) {
        WEFT_TRY(st, attach_global(ctx, a, scope, &v, &one));
        WEFT_TRY(
            st, weft_expr_form(ctx, negated ? WEFT_EXPR_IS_NULL : WEFT_EXPR_IS_NOT_NULL, &one, 1, NULL, out));
        goto done;
    }
    if (correlated) {
        WEFT_TRY(st, opt_pull_or_push(ctx, scope, plan, &preds, &plan));
        WEFT_TRY(st, opt_add_preds(ctx, scope, a->input, plan, &preds, &join));
    } else {
        WEFT_TRY(st, weft_node_limit(ctx, plan, 0, 1, &plan));
    }
    if (filter) {
        WEFT_TRY(st, opt_join_node(ctx, &join, a->input, plan, &a->input));
    } else {
        WEFT_TRY(st, join_mark(ctx, a, &join, plan, out));
        WEFT_TRY(st, negate(ctx, negated, out));
    }
done:
    return st;
}

/* args[i] = output i of the plan, as equalities; *nullable: one of them may be NULL. */
static weft_status in_equalities(weft_ctx *ctx, const weft_expr *sub, const weft_node *plan,
                                 weft_pointers *equal, bool *nullable)
{
    weft_status st = WEFT_OK;
    *nullable = false;
    for (int32_t i = 0; i < sub->arg_count; i++) {
        const weft_expr *args[2] = {sub->args[i], NULL};
        const weft_expr *e = NULL;
        WEFT_TRY(st, weft_node_column(ctx, plan, i, &args[1]));
        WEFT_TRY(st, weft_expr_call(ctx, "=", args, 2, &sub->span, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, equal, e));
        *nullable |= e->nullable;
    }
done:
    return st;
}

/* (all of equal) or NULL: true where a match is possible. */
static weft_status possible_match(weft_ctx *ctx, const weft_pointers *equal, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {NULL, NULL};
    WEFT_TRY(st, weft_expr_logic(ctx, WEFT_EXPR_AND, weft_pointers_exprs(equal), equal->count, &args[0]));
    WEFT_TRY(st, opt_boolean(ctx, true, &args[1]));
    WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_COALESCE, args, 2, NULL, out));
done:
    return st;
}

/* The value of a condition that is unknown: false, of IN and of NOT IN alike. Spark computes IN outside of
 * WHERE by the existence of a match, and for NOT IN of a possible one. */
static weft_status unknown_is_false(weft_ctx *ctx, const weft_expr **e)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {*e, NULL};
    if (!args[0]->nullable) return WEFT_OK;
    WEFT_TRY(st, opt_boolean(ctx, false, &args[1]));
    WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_COALESCE, args, 2, NULL, e));
done:
    return st;
}

static weft_status attach_in_rows(weft_ctx *ctx, attachment *a, const opt_scope *scope, const weft_expr *sub,
                                  const weft_node *plan, bool negated, bool filter, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers preds = {0}, equal = {0};
    opt_join join = {.kind = negated ? WEFT_JOIN_ANTI : WEFT_JOIN_SEMI};
    bool nullable = false;

    *out = NULL;
    const bool correlated = opt_tree_correlated(scope, plan);
    if (correlated) WEFT_TRY(st, opt_pull_or_push(ctx, scope, plan, &preds, &plan));
    WEFT_TRY(st, in_equalities(ctx, sub, plan, &equal, &nullable));
    const bool keys_tell = !nullable || (!correlated && equal.count == 1);
    if (keys_tell || !negated)
        for (int32_t i = 0; i < equal.count; i++)
            WEFT_TRY(st, opt_add_equal(ctx, a->input, plan, equal.items[i], &join));
    WEFT_TRY(st, opt_add_preds(ctx, scope, a->input, plan, &preds, &join));
    const bool one_key = join.left_keys.count == 1 && join.conditions.count == 0;
    if (filter && (!negated || !nullable)) {
        WEFT_TRY(st, opt_join_node(ctx, &join, a->input, plan, &a->input));
    } else if (filter && keys_tell && one_key) {
        join.kind = WEFT_JOIN_ANTI_NULL;
        WEFT_TRY(st, opt_join_node(ctx, &join, a->input, plan, &a->input));
    } else if (!filter && (!negated || !nullable || (keys_tell && one_key))) {
        join.mark_nullable = negated && nullable;
        WEFT_TRY(st, join_mark(ctx, a, &join, plan, out));
        WEFT_TRY(st, negate(ctx, negated, out));
        WEFT_TRY(st, unknown_is_false(ctx, out));
    } else {
        const weft_expr *possible = NULL;
        if (keys_tell) join = (opt_join){.kind = WEFT_JOIN_ANTI}; /* the equality did not become a key */
        WEFT_TRY(st, possible_match(ctx, &equal, &possible));
        WEFT_TRY(st, weft_pointers_push(ctx, &join.conditions, possible));
        if (filter) {
            WEFT_TRY(st, opt_join_node(ctx, &join, a->input, plan, &a->input));
        } else {
            WEFT_TRY(st, join_mark(ctx, a, &join, plan, out));
            WEFT_TRY(st, negate(ctx, true, out));
        }
    }
done:
    return st;
}

/* x IN (one row of a correlated aggregate) is x = that value. */
static weft_status attach_in(weft_ctx *ctx, attachment *a, const opt_scope *scope, const weft_expr *sub,
                             const weft_node *plan, bool negated, bool filter, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    global_value v = {0};
    const weft_expr *args[2] = {sub->args[0], NULL};
    while (plan->kind == WEFT_NODE_SORT && plan->sort.limit < 0) plan = plan->inputs[0];
    if (sub->arg_count == 1 && opt_tree_correlated(scope, plan)) {
        WEFT_TRY(st, weft_node_column(ctx, plan, 0, &args[1]));
        WEFT_TRY(st, find_global(ctx, plan, args[1], &v));
    }
    if (v.aggregate == NULL || v.guards.count > 0)
        return attach_in_rows(ctx, a, scope, sub, plan, negated, filter, out);
    WEFT_TRY(st, attach_global(ctx, a, scope, &v, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, "=", args, 2, &sub->span, out));
    WEFT_TRY(st, negate(ctx, negated, out));
    WEFT_TRY(st, unknown_is_false(ctx, out));
done:
    return st;
}

/* ---- one subquery expression ---- */

static weft_status attach(weft_ctx *ctx, attachment *a, const weft_expr *sub, bool negate_it, bool filter,
                          const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_node *plan = NULL;
    const weft_outputs outer = a->input->output;
    const opt_scope scope = {.ids = a->d->ids, .input = a->input, .outer = &outer, .span = &sub->span};
    const bool negated = sub->subquery.negated != negate_it;
    const bool impossible = negated && !a->existence;

    WEFT_TRY(st, decorrelate(ctx, a->d, sub->subquery.plan, &plan));
    switch (sub->subquery.kind) {
    case WEFT_SUBQUERY_SCALAR: WEFT_TRY(st, attach_scalar(ctx, a, &scope, plan, out)); break;
    case WEFT_SUBQUERY_EXISTS: WEFT_TRY(st, attach_exists(ctx, a, &scope, plan, negated, filter, out)); break;
    case WEFT_SUBQUERY_IN:
        WEFT_TRY(st, attach_in(ctx, a, &scope, sub, plan, impossible, filter, out));
        WEFT_TRY(st, negate(ctx, negated && a->existence, out));
        break;
    }
done:
    return st;
}

/* A rewriter: every subquery becomes the value that its join gives. */
static weft_status replace_subquery(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    attachment *a = self;
    *out = e;
    if (e->kind != WEFT_EXPR_SUBQUERY) return WEFT_OK;
    for (int32_t i = 0; i < a->subqueries.count; i++) {
        if (!weft_expr_equal(a->subqueries.items[i], e)) continue;
        *out = a->values.items[i];
        return WEFT_OK;
    }
    WEFT_TRY(st, attach(ctx, a, e, false, false, out));
    WEFT_TRY(st, weft_pointers_push(ctx, &a->subqueries, e));
    WEFT_TRY(st, weft_pointers_push(ctx, &a->values, *out));
done:
    return st;
}

/* ---- nodes ---- */

static weft_status filter_conjunct(weft_ctx *ctx, attachment *a, const weft_expr *e, weft_pointers *pending)
{
    weft_status st = WEFT_OK;
    const weft_expr *sub = e, *rest = NULL;
    bool negated = false;
    if (!weft_expr_has_subquery(e)) return weft_pointers_push(ctx, pending, e);
    WEFT_TRY(st, opt_filter(ctx, a->input, pending, &a->input));
    *pending = (weft_pointers){0};
    for (; sub->kind == WEFT_EXPR_NOT; sub = sub->args[0]) negated = !negated;
    bool nested = false;
    for (int32_t i = 0; i < sub->arg_count; i++) nested |= weft_expr_has_subquery(sub->args[i]);
    if (sub->kind == WEFT_EXPR_SUBQUERY && sub->subquery.kind != WEFT_SUBQUERY_SCALAR && !nested)
        WEFT_TRY(st, attach(ctx, a, sub, negated, true, &rest));
    else
        WEFT_TRY(st, weft_expr_rewrite(ctx, e, replace_subquery, a, &rest));
    if (rest != NULL) WEFT_TRY(st, weft_pointers_push(ctx, pending, rest));
done:
    return st;
}

static weft_status decorrelate_filter(weft_ctx *ctx, decorrelator *d, const weft_node *node,
                                      const weft_node **out)
{
    weft_status st = WEFT_OK;
    attachment a = {.d = d, .input = node->inputs[0]};
    weft_pointers conjuncts = {0}, pending = {0};
    for (int32_t i = 0; i < node->filter.count; i++)
        WEFT_TRY(st, opt_split(ctx, node->filter.conjuncts[i], &conjuncts));
    for (int32_t i = 0; i < conjuncts.count; i++)
        WEFT_TRY(st, filter_conjunct(ctx, &a, conjuncts.items[i], &pending));
    WEFT_TRY(st, opt_filter(ctx, a.input, &pending, out));
    WEFT_TRY(st, opt_restore(ctx, *out, &node->output, out));
done:
    return st;
}

static bool reads_output(void *self, const weft_expr *e)
{
    const weft_outputs *outputs = self;
    for (int32_t i = 0; e->kind == WEFT_EXPR_COLUMN && i < outputs->count; i++)
        if (outputs->columns[i].id == e->column.id) return true;
    return false;
}

/* Does the expression, or the plan of a subquery in it, read a column of the outputs? */
static bool reads_side(void *self, const weft_expr *e)
{
    weft_outputs *side = self;
    if (reads_output(side, e)) return true;
    if (e->kind != WEFT_EXPR_SUBQUERY) return false;
    const opt_scope scope = {.outer = side};
    return opt_tree_correlated(&scope, e->subquery.plan);
}

static bool reads_input(const weft_expr *e, const weft_node *input)
{
    weft_outputs side = input->output;
    return weft_expr_any(e, reads_side, &side);
}

/* A rewriter over ON, self the attachments of both sides: each subquery becomes a value of the side that it
 * reads. */
static weft_status replace_on_side(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    attachment *sides = self;
    *out = e;
    if (e->kind != WEFT_EXPR_SUBQUERY) return WEFT_OK;
    for (int32_t i = 0; i < 2; i++)
        if (!reads_input(e, sides[1 - i].input)) return replace_subquery(ctx, &sides[i], e, out);
    return weft_fail_at(
        ctx, WEFT_UNSUPPORTED_SUBQUERY, &e->span,
        "a subquery that reads both sides, in the ON condition of an outer join, is not supported");
}

/* May rows of one side that fail the condition of ON be dropped before the join? Spark drops them there, as
 * WHERE would; elsewhere in ON it takes an IN that is unknown for one without a match, also below NOT. */
static bool drops_rows(const weft_node *join, const weft_expr *e)
{
    const bool left = reads_input(e, join->inputs[0]), right = reads_input(e, join->inputs[1]);
    switch (join->join.kind) {
    case WEFT_JOIN_INNER:
    case WEFT_JOIN_SEMI: return !left || !right;
    case WEFT_JOIN_LEFT:
    case WEFT_JOIN_ANTI: return !left;
    case WEFT_JOIN_RIGHT: return !right;
    case WEFT_JOIN_FULL:
    case WEFT_JOIN_ANTI_NULL:
    case WEFT_JOIN_MARK:
    case WEFT_JOIN_SINGLE: break;
    }
    return false;
}

/* What ON asks of a subquery is computed for the rows of a side before they are joined. */
static weft_status decorrelate_on(weft_ctx *ctx, decorrelator *d, const weft_node *node,
                                  const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node model = *node;
    attachment sides[2] = {{.d = d, .input = node->inputs[0]}, {.d = d, .input = node->inputs[1]}};
    const weft_expr **conditions = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->join.condition_count, &conditions));
    for (int32_t i = 0; i < node->join.condition_count; i++) {
        const weft_expr *e = node->join.conditions[i];
        sides[0].existence = sides[1].existence = !drops_rows(node, e);
        WEFT_TRY(st, weft_expr_rewrite(ctx, e, replace_on_side, sides, &conditions[i]));
    }
    const weft_node *inputs[2] = {sides[0].input, sides[1].input};
    model.inputs = inputs;
    model.join.conditions = conditions;
    WEFT_TRY(st, weft_node_join_from(ctx, &model, out));
    WEFT_TRY(st, opt_restore(ctx, *out, &node->output, out));
done:
    return st;
}

/* Is a subquery of the expression read by rows of both sides at once? */
static bool asks_both(void *self, const weft_expr *e)
{
    const weft_node *join = self;
    return e->kind == WEFT_EXPR_SUBQUERY && reads_input(e, join->inputs[0]) &&
           reads_input(e, join->inputs[1]);
}

/* Subqueries in ON of an inner join are tested above it, but for those that are beside columns of the other
 * side. */
static weft_status decorrelate_join(weft_ctx *ctx, decorrelator *d, const weft_node *node,
                                    const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node model = *node;
    weft_pointers kept = {0}, above = {0};
    const weft_node *filter = NULL;
    for (int32_t i = 0; i < node->join.key_count; i++) {
        if (!weft_expr_has_subquery(node->join.left_keys[i]) &&
            !weft_expr_has_subquery(node->join.right_keys[i]))
            continue;
        return weft_fail_at(ctx, WEFT_UNSUPPORTED_SUBQUERY, &node->span,
                            "a subquery as the key of a join is not supported");
    }
    if (node->join.kind != WEFT_JOIN_INNER) return decorrelate_on(ctx, d, node, out);
    for (int32_t i = 0; i < node->join.condition_count; i++) {
        const weft_expr *e = node->join.conditions[i];
        const bool later = weft_expr_has_subquery(e) &&
                           (drops_rows(node, e) || weft_expr_any(e, asks_both, (void *)(uintptr_t)node));
        WEFT_TRY(st, weft_pointers_push(ctx, later ? &above : &kept, e));
    }
    model.join.conditions = weft_pointers_exprs(&kept);
    model.join.condition_count = kept.count;
    WEFT_TRY(st, weft_node_join_from(ctx, &model, out));
    WEFT_TRY(st, decorrelate_on(ctx, d, *out, out));
    if (above.count == 0) goto done;
    WEFT_TRY(st, opt_filter(ctx, *out, &above, &filter));
    WEFT_TRY(st, decorrelate_filter(ctx, d, filter, out));
done:
    return st;
}

/* The node over the input that has the values, with its output computed again (nullability may change). */
static weft_status rebuild(weft_ctx *ctx, const weft_node *node, const weft_node *input,
                           const weft_node **out)
{
    weft_status st = WEFT_OK;
    if (node->kind == WEFT_NODE_PROJECT)
        return weft_node_project(ctx, input, node->project.exprs, node->project.count, out);
    if (node->kind == WEFT_NODE_AGGREGATE)
        return weft_node_aggregate(ctx, input, node->aggregate.groups, node->aggregate.group_count,
                                   node->aggregate.aggregates, node->aggregate.aggregate_count, out);
    const weft_outputs output = node->output;
    WEFT_TRY(st, opt_with_inputs(ctx, node, &input, out));
    if (node->kind != WEFT_NODE_EXPAND) WEFT_TRY(st, opt_restore(ctx, *out, &output, out));
done:
    return st;
}

static bool visit_subquery(void *self, const weft_expr *e)
{
    (void)self;
    return e->kind == WEFT_EXPR_SUBQUERY;
}

/* A join whose right side reads the rows of its left: LATERAL. */
static weft_status decorrelate_lateral(weft_ctx *ctx, decorrelator *d, const weft_node *node,
                                       const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *left = node->inputs[0], *right = node->inputs[1];
    const weft_outputs outer = left->output;
    const opt_scope scope = {.ids = d->ids, .input = left, .outer = &outer, .span = &node->span};
    weft_pointers preds = {0};
    weft_node model = *node;
    opt_join join = {.kind = node->join.kind};
    model.join.lateral = false;
    if (!opt_tree_correlated(&scope, right)) {
        WEFT_TRY(st, weft_node_join_from(ctx, &model, out));
        goto done;
    }
    const bool bare = node->join.key_count == 0 && node->join.condition_count == 0;
    if (bare && node->join.kind == WEFT_JOIN_INNER) {
        WEFT_TRY(st, opt_push_in_place(ctx, &scope, right, out));
        if (*out != NULL) {
            WEFT_TRY(st, opt_restore(ctx, *out, &node->output, out));
            goto done;
        }
    }
    WEFT_TRY(st, opt_pull_or_push(ctx, &scope, right, &preds, &right));
    WEFT_TRY(st, opt_add_preds(ctx, &scope, left, right, &preds, &join));
    for (int32_t i = 0; i < node->join.key_count; i++) {
        const bool null_equal = node->join.null_equal != NULL && node->join.null_equal[i];
        const weft_expr *pair[2] = {node->join.left_keys[i], node->join.right_keys[i]}, *e = NULL;
        WEFT_TRY(st, opt_equal_bytes(ctx, null_equal, pair, &node->span, &e));
        WEFT_TRY(st, opt_add_equal(ctx, left, right, e, &join));
    }
    WEFT_TRY(st, opt_add_all(ctx, &join.conditions, node->join.conditions, node->join.condition_count));
    WEFT_TRY(st, opt_join_node(ctx, &join, left, right, out));
    WEFT_TRY(st, opt_restore(ctx, *out, &node->output, out));
done:
    return st;
}

/* NOT e, pushed through AND and OR down to the subqueries in e. */
static weft_status negation_of(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers parts = {0};
    const bool logic = (e->kind == WEFT_EXPR_AND || e->kind == WEFT_EXPR_OR) && weft_expr_has_subquery(e);
    if (e->kind == WEFT_EXPR_NOT) {
        *out = e->args[0];
        return WEFT_OK;
    }
    if (e->kind == WEFT_EXPR_SUBQUERY && e->subquery.kind != WEFT_SUBQUERY_SCALAR) {
        weft_expr *negated = NULL;
        WEFT_TRY(st, WEFT_NEW(ctx, &negated));
        *negated = *e;
        negated->subquery.negated = !e->subquery.negated;
        *out = negated;
        return WEFT_OK;
    }
    if (!logic) return weft_expr_logic(ctx, WEFT_EXPR_NOT, &e, 1, out);
    for (int32_t i = 0; i < e->arg_count; i++) {
        const weft_expr *part = NULL;
        WEFT_TRY(st, negation_of(ctx, e->args[i], &part));
        WEFT_TRY(st, weft_pointers_push(ctx, &parts, part));
    }
    st = weft_expr_logic(ctx, e->kind == WEFT_EXPR_AND ? WEFT_EXPR_OR : WEFT_EXPR_AND,
                         weft_pointers_exprs(&parts), parts.count, out);
done:
    return st;
}

/* A rewriter: NOT moves inwards to the subqueries. IN and NOT IN each give false for what is unknown, so that
 * the NOT of an OR with an IN inside would take the unknown for true. */
static weft_status push_not(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    (void)self;
    *out = e;
    if (e->kind != WEFT_EXPR_NOT || !weft_expr_has_subquery(e)) return WEFT_OK;
    const weft_expr *arg = e->args[0];
    if (arg->kind != WEFT_EXPR_AND && arg->kind != WEFT_EXPR_OR && arg->kind != WEFT_EXPR_NOT) return WEFT_OK;
    return negation_of(ctx, arg, out);
}

static weft_status decorrelate_exprs(weft_ctx *ctx, decorrelator *d, const weft_node *node,
                                     const weft_node **out)
{
    weft_status st = WEFT_OK;
    *out = node;
    if (node->kind == WEFT_NODE_JOIN && node->join.lateral) return decorrelate_lateral(ctx, d, node, out);
    if (!opt_any_expr(node, visit_subquery, NULL)) return WEFT_OK;
    WEFT_TRY(st, opt_rewrite_exprs(ctx, node, push_not, NULL, &node));
    if (node->kind == WEFT_NODE_FILTER) return decorrelate_filter(ctx, d, node, out);
    if (node->kind == WEFT_NODE_JOIN) return decorrelate_join(ctx, d, node, out);
    if (node->input_count != 1)
        return weft_fail_at(ctx, WEFT_UNSUPPORTED_SUBQUERY, &node->span, "a subquery in %s is not supported",
                            weft_node_kind_text(node->kind));
    attachment a = {.d = d, .input = node->inputs[0]};
    WEFT_TRY(st, opt_rewrite_exprs(ctx, node, replace_subquery, &a, out));
    WEFT_TRY(st, rebuild(ctx, *out, a.input, out));
done:
    return st;
}

static weft_status decorrelate_one(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    return decorrelate_exprs(ctx, self, node, out);
}

static weft_status decorrelate(weft_ctx *ctx, decorrelator *d, const weft_node *node, const weft_node **out)
{
    return opt_rewrite(ctx, node, decorrelate_one, d, &d->done, out);
}

weft_status opt_rule_decorrelate(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    decorrelator d = {.ids = ids};
    return decorrelate(ctx, &d, root, out);
}
