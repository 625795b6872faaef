/* engine/plan/rule_fold.c - constants are computed once, conditions lose what does not matter.
 *
 * From the leaves of each expression up: calls of literals become literals (what raises stays: it must raise
 * when, and only when, a row reaches it), NULL goes through calls that propagate it, AND, OR, NOT, CASE,
 * COALESCE and IN lose arguments that cannot change the result. Only arguments after which nothing is
 * evaluated any more are dropped, so that an error is never raised earlier than before. Conditions of filters
 * lose TRUE; one that is FALSE or NULL stands for all of them. An argument of an aggregate with a FILTER that
 * may raise is computed only on the rows that pass it. */
#include "engine/expr/aggregate.h"
#include "engine/expr/function.h"
#include "engine/plan/optimizer_impl.h"

static bool is_null(const weft_expr *e) { return e->kind == WEFT_EXPR_LITERAL && e->literal.is_null; }

static bool is_boolean(const weft_expr *e, bool value)
{
    return e->kind == WEFT_EXPR_LITERAL && e->type.id == WEFT_TYPE_BOOLEAN && !e->literal.is_null &&
           e->literal.boolean == value;
}

static bool all_literals(const weft_expr *e)
{
    for (int32_t i = 0; i < e->arg_count; i++)
        if (e->args[i]->kind != WEFT_EXPR_LITERAL) return false;
    return e->arg_count > 0;
}

static weft_status null_of(weft_ctx *ctx, weft_type type, const weft_expr **out)
{
    const weft_value value = {.type = type, .is_null = true};
    return weft_expr_literal(ctx, &value, out);
}

/* ---- AND, OR, NOT ---- */

static bool has_equal(const weft_pointers *list, const weft_expr *e)
{
    const int32_t from = list->count > OPT_COMPARED_MAX ? list->count - OPT_COMPARED_MAX : 0;
    for (int32_t i = from; i < list->count; i++)
        if (weft_expr_equal(list->items[i], e)) return weft_expr_deterministic(e);
    return false;
}

static weft_status fold_logic(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers list = {0};
    const bool decides = e->kind == WEFT_EXPR_OR; /* the value of one argument that decides the result */
    for (int32_t i = 0; i < e->arg_count; i++) {
        const weft_expr *arg = e->args[i];
        if (is_boolean(arg, decides)) {
            *out = arg;
            return WEFT_OK;
        }
        if (is_boolean(arg, !decides) || has_equal(&list, arg)) continue;
        WEFT_TRY(st, weft_pointers_push(ctx, &list, arg));
    }
    if (list.count == 0)
        WEFT_TRY(st, opt_boolean(ctx, !decides, out));
    else if (list.count < e->arg_count)
        WEFT_TRY(st, weft_expr_logic(ctx, e->kind, weft_pointers_exprs(&list), list.count, out));
done:
    return st;
}

static const char *opposite(const weft_expr *e)
{
    static const char *const pairs[][2] = {{"=", "<>"}, {"<", ">="}, {">", "<="}};
    for (int32_t i = 0; i < WEFT_COUNT(pairs); i++) {
        if (opt_is_call(e, pairs[i][0])) return pairs[i][1];
        if (opt_is_call(e, pairs[i][1])) return pairs[i][0];
    }
    return NULL;
}

/* NOT of AND and OR goes to their arguments, which keeps their order; comparisons turn round (NaN has its
 * place in the order, so this holds for it too). */
static weft_status fold_not(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers list = {0};
    const weft_expr *arg = e->args[0];
    if (is_null(arg)) return null_of(ctx, e->type, out);
    if (is_boolean(arg, true) || is_boolean(arg, false)) return opt_boolean(ctx, is_boolean(arg, false), out);
    if (arg->kind == WEFT_EXPR_NOT) {
        *out = arg->args[0];
    } else if (arg->kind == WEFT_EXPR_IS_NULL || arg->kind == WEFT_EXPR_IS_NOT_NULL) {
        const weft_expr_kind kind = arg->kind == WEFT_EXPR_IS_NULL ? WEFT_EXPR_IS_NOT_NULL
                                                                   : WEFT_EXPR_IS_NULL;
        WEFT_TRY(st, weft_expr_form(ctx, kind, arg->args, 1, &e->span, out));
    } else if (arg->kind == WEFT_EXPR_AND || arg->kind == WEFT_EXPR_OR) {
        for (int32_t i = 0; i < arg->arg_count; i++) {
            const weft_expr *no = NULL;
            WEFT_TRY(st, weft_expr_logic(ctx, WEFT_EXPR_NOT, &arg->args[i], 1, &no));
            WEFT_TRY(st, fold_not(ctx, no, &no));
            WEFT_TRY(st, weft_pointers_push(ctx, &list, no));
        }
        const weft_expr_kind kind = arg->kind == WEFT_EXPR_AND ? WEFT_EXPR_OR : WEFT_EXPR_AND;
        WEFT_TRY(st, weft_expr_logic(ctx, kind, weft_pointers_exprs(&list), list.count, out));
    } else if (arg->kind == WEFT_EXPR_CALL && opposite(arg) != NULL) {
        WEFT_TRY(st, weft_expr_call(ctx, opposite(arg), arg->args, 2, &arg->span, out));
    } else {
        *out = e;
    }
done:
    return st;
}

/* ---- CASE, COALESCE, IN, IS NULL ---- */

/* Branches that never are taken go; one that always is ends the list. */
static weft_status fold_case(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers list = {0};
    const bool has_else = e->arg_count % 2 == 1;
    const weft_expr *other = has_else ? e->args[e->arg_count - 1] : NULL;
    for (int32_t i = 0; i + 1 < e->arg_count; i += 2) {
        if (is_null(e->args[i]) || is_boolean(e->args[i], false)) continue;
        if (is_boolean(e->args[i], true)) {
            other = e->args[i + 1];
            break;
        }
        WEFT_TRY(st, weft_pointers_push(ctx, &list, e->args[i]));
        WEFT_TRY(st, weft_pointers_push(ctx, &list, e->args[i + 1]));
    }
    if (list.count == 0) {
        if (other == NULL) return null_of(ctx, e->type, out);
        *out = other;
        goto done;
    }
    if (list.count == e->arg_count - has_else) goto done;
    if (other != NULL) WEFT_TRY(st, weft_pointers_push(ctx, &list, other));
    weft_expr *model = NULL; /* weft_expr_with_args copies what else there is, for another count too */
    WEFT_TRY(st, WEFT_NEW(ctx, &model));
    *model = *e;
    model->arg_count = list.count;
    WEFT_TRY(st, weft_expr_with_args(ctx, model, weft_pointers_exprs(&list), out));
done:
    return st;
}

/* NULLs before a value do not count; nothing after a literal is reached. */
static weft_status fold_coalesce(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers list = {0};
    for (int32_t i = 0; i < e->arg_count; i++) {
        if (is_null(e->args[i])) continue;
        WEFT_TRY(st, weft_pointers_push(ctx, &list, e->args[i]));
        if (e->args[i]->kind == WEFT_EXPR_LITERAL) break;
    }
    if (list.count == 0) return null_of(ctx, e->type, out);
    if (list.count == 1) {
        *out = list.items[0];
    } else if (list.count < e->arg_count) {
        weft_expr *model = NULL;
        WEFT_TRY(st, WEFT_NEW(ctx, &model));
        *model = *e;
        model->arg_count = list.count;
        WEFT_TRY(st, weft_expr_with_args(ctx, model, weft_pointers_exprs(&list), out));
    }
done:
    return st;
}

static weft_status fold_in(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    if (is_null(e->args[0]) && e->arg_count > 1) return null_of(ctx, e->type, out);
    if (e->arg_count == 2 && e->args[1]->kind == WEFT_EXPR_LITERAL)
        return weft_expr_call(ctx, "=", e->args, 2, &e->span, out);
    return WEFT_OK;
}

/* f(x) FILTER (WHERE c): x of other rows is never asked for, so that what may raise stands below c. */
static weft_status guard_arguments(weft_ctx *ctx, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **args = NULL;
    bool changed = false;
    if (e->aggregate.filter == NULL) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, e->arg_count + 1, &args));
    for (int32_t i = 0; i < e->arg_count; i++) {
        const weft_expr *parts[2] = {e->aggregate.filter, e->args[i]};
        args[i] = e->args[i];
        if (weft_aggregate_constant(e, i) || !weft_expr_fallible(e->args[i])) continue;
        WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_CASE, parts, 2, NULL, &args[i]));
        changed = true;
    }
    if (changed) WEFT_TRY(st, weft_expr_with_args(ctx, e, args, out));
done:
    return st;
}

/* ---- one node of an expression ---- */

/* With args that are folded already. */
static weft_status fold_expr(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    (void)self;
    *out = e;
    const bool computes = e->kind == WEFT_EXPR_CALL || e->kind == WEFT_EXPR_CAST || e->kind == WEFT_EXPR_IN ||
                          e->kind == WEFT_EXPR_IS_NULL || e->kind == WEFT_EXPR_IS_NOT_NULL;
    if (computes && all_literals(e)) return weft_expr_fold(ctx, e, out);
    /* now() is the same in all tasks, whenever they run */
    if (e->kind == WEFT_EXPR_CALL && e->arg_count == 0 &&
        (e->call.function->flags & WEFT_FN_STATEMENT_CONSTANT) != 0)
        return weft_expr_fold(ctx, e, out);
    if (e->kind == WEFT_EXPR_CAST && weft_type_equal(e->type, e->args[0]->type)) {
        *out = e->args[0];
        return WEFT_OK;
    }
    if (e->kind == WEFT_EXPR_AGGREGATE) return guard_arguments(ctx, e, out);
    if (e->kind == WEFT_EXPR_AND || e->kind == WEFT_EXPR_OR) return fold_logic(ctx, e, out);
    if (e->kind == WEFT_EXPR_NOT) return fold_not(ctx, e, out);
    if (e->kind == WEFT_EXPR_CASE) return fold_case(ctx, e, out);
    if (e->kind == WEFT_EXPR_COALESCE) return fold_coalesce(ctx, e, out);
    if (e->kind == WEFT_EXPR_IN) return fold_in(ctx, e, out);
    if (e->kind == WEFT_EXPR_CALL && (e->call.function->flags & WEFT_FN_NULL_OWN) == 0) {
        for (int32_t i = 0; i < e->arg_count; i++)
            if (is_null(e->args[i])) return null_of(ctx, e->type, out);
    }
    return WEFT_OK;
}

/* ---- conditions ---- */

static weft_status fold_list(weft_ctx *ctx, const weft_expr *const *exprs, int32_t count, weft_pointers *list)
{
    weft_status st = WEFT_OK;
    weft_pointers all = {0};
    const weft_expr *no = NULL;
    WEFT_TRY(st, opt_add_all(ctx, &all, exprs, count));
    for (int32_t i = 0; i < all.count; i++) {
        if (opt_is_true(all.items[i])) continue;
        if (opt_is_false(all.items[i])) { /* nothing passes, whatever the others say */
            list->count = 0;
            WEFT_TRY(st, opt_boolean(ctx, false, &no));
            WEFT_TRY(st, weft_pointers_push(ctx, list, no));
            break;
        }
        WEFT_TRY(st, opt_add_unique(ctx, list, all.items[i]));
    }
done:
    return st;
}

static bool same_list(const weft_pointers *list, const weft_expr *const *exprs, int32_t count)
{
    bool same = list->count == count;
    for (int32_t i = 0; i < count && same; i++) same = list->items[i] == exprs[i];
    return same;
}

static weft_status fold_filter(weft_ctx *ctx, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers list = {0};
    *out = node;
    WEFT_TRY(st, fold_list(ctx, node->filter.conjuncts, node->filter.count, &list));
    if (!same_list(&list, node->filter.conjuncts, node->filter.count))
        WEFT_TRY(st, opt_filter(ctx, node->inputs[0], &list, out));
done:
    return st;
}

/* Not those of joins that tell NULL from FALSE. */
static weft_status fold_join(weft_ctx *ctx, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers list = {0};
    weft_node model = *node;
    *out = node;
    if (node->join.kind == WEFT_JOIN_ANTI_NULL ||
        (node->join.kind == WEFT_JOIN_MARK && node->join.mark_nullable))
        return WEFT_OK;
    WEFT_TRY(st, fold_list(ctx, node->join.conditions, node->join.condition_count, &list));
    if (same_list(&list, node->join.conditions, node->join.condition_count)) goto done;
    model.join.conditions = weft_pointers_exprs(&list);
    model.join.condition_count = list.count;
    WEFT_TRY(st, weft_node_join_from(ctx, &model, out));
done:
    return st;
}

static weft_status fold_node(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *next = node;
    WEFT_TRY(st, opt_rewrite_exprs(ctx, node, fold_expr, self, &next));
    *out = next;
    if (next->kind == WEFT_NODE_FILTER) WEFT_TRY(st, fold_filter(ctx, next, out));
    if (next->kind == WEFT_NODE_JOIN && next->join.condition_count > 0)
        WEFT_TRY(st, fold_join(ctx, next, out));
done:
    return st;
}

weft_status opt_rule_fold(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    (void)ids;
    return opt_rewrite(ctx, root, fold_node, NULL, NULL, out);
}
