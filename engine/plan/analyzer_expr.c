/* engine/plan/analyzer_expr.c - parsed expressions to bound ones; calls and windows are in analyzer_call.c.
 */
#include <stdio.h>

#include "engine/expr/coerce.h"
#include "engine/expr/type_sql.h"
#include "engine/plan/analyzer_internal.h"

static weft_status bind_args(weft_binder *b, const weft_expr *e, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < e->arg_count; i++) {
        const weft_expr *arg = NULL;
        if (e->args[i]->kind == WEFT_EXPR_STAR && e->kind == WEFT_EXPR_IN) { /* x IN (*) */
            WEFT_TRY(st, weft_bind_star(b, e->args[i], out));
            continue;
        }
        WEFT_TRY(st, weft_bind_expr(b, e->args[i], &arg));
        WEFT_TRY(st, weft_pointers_push(b->a->ctx, out, arg));
    }
done:
    return st;
}

static weft_status bind_literal(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *bound = NULL;
    weft_expr *copy = NULL;
    WEFT_TRY(st, weft_expr_literal(b->a->ctx, &e->literal, &bound));
    *out = bound;
    if (b->a->in_view > 0) goto done;
    WEFT_TRY(st, WEFT_NEW(b->a->ctx, &copy));
    *copy = *bound;
    copy->span = e->span;
    *out = copy;
done:
    return st;
}

static weft_status bind_cast(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_expr *arg = NULL, *cast = NULL;
    WEFT_TRY(st, weft_bind_expr(b, e->args[0], &arg));
    const bool literal = e->cast.implicit && e->args[0]->kind == WEFT_EXPR_LITERAL; /* TIMESTAMP '…' */
    if (e->cast.try_)
        WEFT_TRY(st, weft_expr_try_cast(ctx, arg, e->type, &cast));
    else
        WEFT_TRY(st, weft_expr_cast(ctx, arg, e->type, e->cast.implicit && !literal, &cast));
    if (literal) {
        char type[64];
        const weft_expr *value = NULL;
        WEFT_TRY(st, weft_expr_fold(ctx, cast, &value));
        if (value->kind != WEFT_EXPR_LITERAL || value->literal.is_null) { /* NULL: without ANSI */
            const weft_str *text = &e->args[0]->literal.str;
            WEFT_TRY(st, weft_fail_at(ctx, WEFT_INVALID_TYPED_LITERAL, weft_analyzer_span(b->a, &e->span),
                                      "The value of the typed literal \"%s\" is invalid: '%.*s'.",
                                      weft_type_text(e->type, type, sizeof type),
                                      (int)weft_min_i32((int32_t)text->len, 60), weft_str_data(text)));
        }
        cast = value;
    } else if (cast->kind == WEFT_EXPR_CAST && cast != arg) {
        weft_expr copy = *cast;
        copy.cast.try_ = e->cast.try_;
        if (b->a->in_view == 0) copy.span = e->span;
        WEFT_TRY(st, weft_expr_with_args(ctx, &copy, copy.args, &cast));
    }
    *out = cast;
done:
    return st;
}

/* IS [NOT] UNKNOWN is IS [NOT] NULL of a truth value; only NOT is seen in its name, as in Spark. */
static weft_status bind_unknown(weft_binder *b, const weft_expr *e, const weft_expr *arg,
                                const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *named = NULL;
    const weft_span *span = weft_analyzer_span(b->a, &e->span);
    if (arg->type.id != WEFT_TYPE_BOOLEAN && arg->type.id != WEFT_TYPE_NULL) {
        WEFT_TRY(st, weft_fail_arg_type(b->a->ctx, 0, "\"BOOLEAN\"", arg, span));
    }
    WEFT_TRY(st, WEFT_NEW(b->a->ctx, &named));
    *named = **out;
    named->form.written = e->form.written;
    *out = named;
done:
    return st;
}

/* AND, OR, NOT, IN, CASE, IS [NOT] NULL */
static weft_status bind_form(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers args = {0};
    WEFT_TRY(st, bind_args(b, e, &args));
    const weft_expr *first = args.count > 0 ? weft_pointers_exprs(&args)[0] : NULL;
    const bool test = e->kind == WEFT_EXPR_NOT && first->kind == WEFT_EXPR_SUBQUERY &&
                      first->subquery.kind != WEFT_SUBQUERY_SCALAR;
    if (test) { /* NOT EXISTS and NOT IN are one node */
        weft_expr *negated = NULL;
        WEFT_TRY(st, WEFT_NEW(b->a->ctx, &negated));
        *negated = *first;
        negated->subquery.negated = !first->subquery.negated;
        *out = negated;
    } else {
        WEFT_TRY(st, weft_expr_form(b->a->ctx, e->kind, weft_pointers_exprs(&args), args.count,
                                    weft_analyzer_span(b->a, &e->span), out));
        const bool logic = e->kind == WEFT_EXPR_AND || e->kind == WEFT_EXPR_OR;
        if (logic && e->form.written != NULL) WEFT_TRY(st, weft_name_form(b->a, e, args.count, out));
        const bool null_test = e->kind == WEFT_EXPR_IS_NULL || e->kind == WEFT_EXPR_IS_NOT_NULL;
        if (null_test && e->form.written != NULL) WEFT_TRY(st, bind_unknown(b, e, first, out));
    }
done:
    return st;
}

static weft_status fail_in_types(weft_binder *b, const weft_expr *e, const weft_expr *const *pair)
{
    weft_status st = WEFT_OK;
    char *left = NULL, *right = NULL;
    WEFT_TRY(st, weft_type_sql(b->a->ctx, pair[0]->type, &left));
    WEFT_TRY(st, weft_type_sql(b->a->ctx, pair[1]->type, &right));
    st = weft_fail_at(b->a->ctx, WEFT_IN_SUBQUERY_TYPES, weft_analyzer_span(b->a, &e->span),
                      "The data type of one or more elements in the left hand side of an IN subquery is not "
                      "compatible with the data type of the output of the subquery: \"%s\" and \"%s\".",
                      left, right);
done:
    return st;
}

/* The left side and the subquery's columns get common types, pair by pair. */
static weft_status coerce_in(weft_binder *b, const weft_expr *e, weft_pointers *args, const weft_node **plan)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    weft_pointers exprs = {0};
    bool changed = false;
    if ((*plan)->output.count != args->count) {
        WEFT_TRY(st, weft_fail_at(
                         ctx, WEFT_IN_SUBQUERY_COLUMNS, weft_analyzer_span(b->a, &e->span),
                         "The number of columns in the left hand side of an IN subquery (%d) does not match "
                         "the number of columns of the subquery (%d).",
                         args->count, (*plan)->output.count));
    }
    for (int32_t i = 0; i < args->count; i++) {
        const weft_expr *pair[2] = {weft_pointers_exprs(args)[i], NULL};
        const weft_expr *column = NULL;
        weft_type type = {0};
        WEFT_TRY(st, weft_node_column(ctx, *plan, i, &column));
        pair[1] = column;
        st = weft_expr_common_type(ctx, pair, 2, weft_analyzer_span(b->a, &e->span), &type);
        if (st == WEFT_DATATYPE_MISMATCH_DATA_DIFF) {
            weft_error_clear(ctx);
            st = fail_in_types(b, e, pair);
        }
        if (st != WEFT_OK) goto done;
        args->items[i] = pair[0];
        if (pair[1] != column) {
            changed = true;
            WEFT_TRY(st,
                     weft_expr_alias(ctx, pair[1], weft_next_id(b->a->ids), column->column.name, &pair[1]));
        }
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, pair[1]));
    }
    if (changed) WEFT_TRY(st, weft_node_project(ctx, *plan, weft_pointers_exprs(&exprs), exprs.count, plan));
done:
    return st;
}

/* What was taken from the scope since first is the subquery's, and stands in its name. */
static weft_status own_uses(weft_ctx *ctx, const weft_pointers *uses, int32_t first, weft_expr *subquery)
{
    weft_status st = WEFT_OK;
    weft_pointers columns = {0};
    for (int32_t i = first; uses != NULL && i < uses->count; i++) {
        weft_outer_use *use = (weft_outer_use *)(uintptr_t)uses->items[i];
        if (use->owner != NULL) continue;
        use->owner = subquery;
        WEFT_TRY(st, weft_pointers_push(ctx, &columns, use->column));
    }
    subquery->subquery.outer = weft_pointers_exprs(&columns);
    subquery->subquery.outer_count = columns.count;
done:
    return st;
}

static weft_status bind_subquery(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    weft_pointers args = {0};
    weft_bound bound = {0};
    const weft_node *plan = NULL;
    weft_expr *made = NULL;
    const weft_pointers *uses = b->scope->outer_uses;
    const int32_t first_use = uses != NULL ? uses->count : 0;
    WEFT_TRY(st, bind_args(b, e, &args));
    WEFT_TRY(st, weft_check_nested_ctes(b->a, e->subquery.plan, b->ctes));
    WEFT_TRY(st, weft_bind_query(b->a, e->subquery.plan, b->scope, b->ctes, &bound));
    WEFT_TRY(st, weft_bound_node(b->a, &bound, &plan));
    if (e->subquery.kind == WEFT_SUBQUERY_SCALAR && plan->output.count != 1) {
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_SCALAR_SUBQUERY_COLUMNS, weft_analyzer_span(b->a, &e->span),
                                  "Scalar subquery must return only one column, but got %d.",
                                  plan->output.count));
    }
    if (e->subquery.kind == WEFT_SUBQUERY_IN) WEFT_TRY(st, coerce_in(b, e, &args, &plan));
    WEFT_TRY(st, WEFT_NEW(ctx, &made));
    *made = (weft_expr){.kind = WEFT_EXPR_SUBQUERY,
                        .type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN),
                        .arg_count = args.count,
                        .args = weft_pointers_exprs(&args)};
    if (b->a->in_view == 0) made->span = e->span;
    made->subquery.kind = e->subquery.kind;
    made->subquery.negated = e->subquery.negated;
    made->subquery.plan = plan;
    if (e->subquery.kind == WEFT_SUBQUERY_SCALAR) {
        made->type = plan->output.columns[0].type;
        made->nullable = true;
    }
    for (int32_t i = 0; i < args.count; i++) {
        made->nullable |= weft_pointers_exprs(&args)[i]->nullable || plan->output.columns[i].nullable;
    }
    WEFT_TRY(st, own_uses(ctx, uses, first_use, made));
    weft_expr_settle(made);
    *out = made;
done:
    return st;
}

/* INTERVAL (n) DAY: n times the interval of one unit. */
static weft_status bind_interval(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    static const struct {
        const char *unit;
        weft_type_id type;
        int32_t field;
        int64_t factor;
    } units[] = {
        {"YEAR", WEFT_TYPE_INTERVAL_YM, 0, 12},          {"QUARTER", WEFT_TYPE_INTERVAL_YM, 1, 3},
        {"MONTH", WEFT_TYPE_INTERVAL_YM, 1, 1},          {"WEEK", WEFT_TYPE_INTERVAL_DT, 0, 604800000000},
        {"DAY", WEFT_TYPE_INTERVAL_DT, 0, 86400000000},  {"HOUR", WEFT_TYPE_INTERVAL_DT, 1, 3600000000},
        {"MINUTE", WEFT_TYPE_INTERVAL_DT, 2, 60000000},  {"SECOND", WEFT_TYPE_INTERVAL_DT, 3, 1000000},
        {"MILLISECOND", WEFT_TYPE_INTERVAL_DT, 3, 1000}, {"MICROSECOND", WEFT_TYPE_INTERVAL_DT, 3, 1},
    };
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_expr *args[2] = {NULL, NULL}, *amount = NULL;
    weft_value one = {0};
    for (int32_t i = 0; i < WEFT_COUNT(units); i++) {
        if (strcmp(units[i].unit, e->interval.unit) != 0) continue;
        one = (weft_value){.type = weft_type_interval(units[i].type, units[i].field, units[i].field),
                           .i64 = units[i].factor};
    }
    WEFT_TRY(st, weft_bind_expr(b, e->args[0], &args[1]));
    WEFT_TRY(st, weft_expr_fold(ctx, args[1], &amount));
    int64_t product = 0;
    if (amount->kind == WEFT_EXPR_LITERAL && weft_type_is_integral(amount->type) &&
        !amount->literal.is_null && !__builtin_mul_overflow(amount->literal.i64, one.i64, &product)) {
        one.i64 = product;
        st = weft_expr_literal(ctx, &one, out);
        goto done;
    }
    WEFT_TRY(st, weft_expr_literal(ctx, &one, &args[0]));
    WEFT_TRY(st, weft_expr_call(ctx, "*", args, 2, weft_analyzer_span(b->a, &e->span), out));
done:
    return st;
}

static weft_status bind_kind(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    switch (e->kind) {
    case WEFT_EXPR_LITERAL: return bind_literal(b, e, out);
    case WEFT_EXPR_CAST: return bind_cast(b, e, out);
    case WEFT_EXPR_CASE:
    case WEFT_EXPR_AND:
    case WEFT_EXPR_OR:
    case WEFT_EXPR_NOT:
    case WEFT_EXPR_IN:
    case WEFT_EXPR_IS_NULL:
    case WEFT_EXPR_IS_NOT_NULL:
    case WEFT_EXPR_COALESCE: return bind_form(b, e, out);
    case WEFT_EXPR_WINDOW: return weft_bind_window(b, e, out);
    case WEFT_EXPR_SUBQUERY: return bind_subquery(b, e, out);
    case WEFT_EXPR_UNRESOLVED_COLUMN: return weft_bind_name(b, e, out);
    case WEFT_EXPR_UNRESOLVED_CALL: return weft_bind_call(b, e, out);
    case WEFT_EXPR_INTERVAL: return bind_interval(b, e, out);
    case WEFT_EXPR_STAR: return weft_bind_pattern_one(b, e, out);
    case WEFT_EXPR_COLUMN:
    case WEFT_EXPR_CALL:
    case WEFT_EXPR_AGGREGATE:
    case WEFT_EXPR_ALIAS:
    case WEFT_EXPR_OUTER:
    case WEFT_EXPR_SORT_KEY:
    case WEFT_EXPR_BLOOM:
    case WEFT_EXPR_KIND_COUNT: break;
    }
    return weft_fail_at(b->a->ctx, WEFT_INTERNAL, weft_analyzer_span(b->a, &e->span),
                        "a parsed expression of kind %d is out of place", (int)e->kind);
}

weft_status weft_bind_expr(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = weft_check_cancel(b->a->ctx);
    const bool whole = b->whole == NULL;
    if (st != WEFT_OK) return st;
    if (whole) b->whole = e;
    st = bind_kind(b, e, out);
    if (whole) b->whole = NULL;
    return st;
}

/* ---- predicates ---- */

static weft_status split(weft_ctx *ctx, const weft_expr *e, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    if (e->kind != WEFT_EXPR_AND) return weft_pointers_push(ctx, out, e);
    for (int32_t i = 0; i < e->arg_count; i++) WEFT_TRY(st, split(ctx, e->args[i], out));
done:
    return st;
}

weft_status weft_bind_predicate(weft_binder *b, const weft_expr *e, weft_pointers *conjuncts)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_expr *bound = NULL;
    WEFT_TRY(st, weft_bind_expr(b, e, &bound));
    if (b->casts_predicate && bound->type.id != WEFT_TYPE_BOOLEAN)
        WEFT_TRY(st, weft_expr_cast(ctx, bound, WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), false, &bound));
    if (bound->type.id != WEFT_TYPE_BOOLEAN) {
        char *text = NULL, *type = NULL;
        WEFT_TRY(st, weft_expr_text(ctx, bound, false, &text));
        WEFT_TRY(st, weft_type_sql(ctx, bound->type, &type));
        if (strcmp(b->clause, "JOIN") == 0)
            WEFT_TRY(st, weft_fail_at(ctx, WEFT_JOIN_NOT_BOOLEAN, weft_analyzer_span(b->a, &e->span),
                                      "The join condition \"%.200s\" has the invalid type \"%s\", expected "
                                      "\"BOOLEAN\".",
                                      text, type));
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_FILTER, weft_analyzer_span(b->a, &e->span),
                                  "Cannot resolve \"%.200s\" due to data type mismatch: Filter expression "
                                  "\"%.200s\" of type \"%s\" is not a boolean.",
                                  text, text, type));
    }
    WEFT_TRY(st, split(ctx, bound, conjuncts));
done:
    return st;
}

weft_status weft_bind_count(weft_analyzer *a, const weft_expr *e, const char *what, int64_t *out)
{
    weft_status st = WEFT_OK;
    const weft_scope nothing = {0};
    weft_binder b = {.a = a, .scope = &nothing, .clause = what, .no_aggregates = WEFT_INVALID_LIMIT};
    const weft_expr *bound = NULL, *value = NULL;
    st = weft_bind_expr(&b, e, &bound);
    if (st == WEFT_UNRESOLVED_COLUMN || st == WEFT_UNRESOLVED_COLUMN_ALONE) {
        weft_error_clear(a->ctx);
        WEFT_TRY(st, weft_fail_at(a->ctx, WEFT_LIMIT_UNFOLDABLE, weft_analyzer_span(a, &e->span),
                                  "The %s expression is invalid: it must not read a column.", what));
    }
    if (st != WEFT_OK) goto done;
    WEFT_TRY(st, weft_expr_fold(a->ctx, bound, &value));
    const bool literal = value->kind == WEFT_EXPR_LITERAL && weft_type_is_integral(value->type);
    const char *problem = !literal                 ? "must be a constant whole number"
                          : value->literal.is_null ? "must not be NULL"
                          : value->literal.i64 < 0 ? "must not be negative"
                                                   : NULL;
    if (problem != NULL) {
        char *text = NULL;
        const weft_status code = !weft_expr_deterministic(value) ? WEFT_LIMIT_UNFOLDABLE
                                 : !literal                      ? WEFT_INVALID_LIMIT
                                 : value->literal.is_null        ? WEFT_LIMIT_NULL
                                                                 : WEFT_LIMIT_NEGATIVE;
        WEFT_TRY(st, weft_expr_text(a->ctx, bound, false, &text));
        WEFT_TRY(st, weft_fail_at(a->ctx, code, weft_analyzer_span(a, &e->span),
                                  "The %s expression \"%.200s\" is invalid: it %s.", what, text, problem));
    }
    *out = value->literal.i64;
done:
    return st;
}

/* ---- rewriting from the top ---- */

static weft_status rewrite_list(weft_ctx *ctx, const weft_expr *const *list, int32_t count,
                                weft_top_rewriter fn, void *self, const weft_expr *const **out, bool *changed)
{
    weft_status st = WEFT_OK;
    const weft_expr **copy = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &copy));
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, weft_rewrite_top(ctx, list[i], fn, self, &copy[i]));
        *changed |= copy[i] != list[i];
    }
    *out = copy;
done:
    return st;
}

/* copy is a WINDOW node by value: its specification is rewritten in place. */
static weft_status rewrite_spec(weft_ctx *ctx, weft_expr *copy, weft_top_rewriter fn, void *self,
                                bool *changed)
{
    weft_status st = WEFT_OK;
    weft_window_spec *spec = NULL;
    bool spec_changed = false;
    WEFT_TRY(st, WEFT_NEW(ctx, &spec));
    *spec = *copy->window.spec;
    WEFT_TRY(st, rewrite_list(ctx, spec->partition, spec->partition_count, fn, self, &spec->partition,
                              &spec_changed));
    WEFT_TRY(st, rewrite_list(ctx, spec->order, spec->order_count, fn, self, &spec->order, &spec_changed));
    if (spec_changed) copy->window.spec = spec;
    *changed |= spec_changed;
done:
    return st;
}

weft_status weft_rewrite_window(weft_ctx *ctx, const weft_expr *e, weft_top_rewriter fn, void *self,
                                const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *function = e->args[0];
    const weft_expr *const *args = NULL;
    bool changed = false;
    weft_expr copy = *e;
    WEFT_TRY(st, rewrite_list(ctx, function->args, function->arg_count, fn, self, &args, &changed));
    weft_expr rewritten = *function;
    if (function->kind == WEFT_EXPR_AGGREGATE && function->aggregate.filter != NULL) {
        WEFT_TRY(st,
                 weft_rewrite_top(ctx, function->aggregate.filter, fn, self, &rewritten.aggregate.filter));
        changed |= rewritten.aggregate.filter != function->aggregate.filter;
    }
    if (changed) WEFT_TRY(st, weft_expr_with_args(ctx, &rewritten, args, &function));
    WEFT_TRY(st, rewrite_spec(ctx, &copy, fn, self, &changed));
    *out = e;
    if (changed) WEFT_TRY(st, weft_expr_with_args(ctx, &copy, &function, out));
done:
    return st;
}

weft_status weft_rewrite_top(weft_ctx *ctx, const weft_expr *e, weft_top_rewriter fn, void *self,
                             const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *const *args = NULL;
    bool changed = false;
    *out = NULL;
    WEFT_TRY(st, fn(ctx, self, e, out));
    if (*out != NULL) goto done;
    *out = e;
    weft_expr copy = *e;
    if (e->arg_count > 0) WEFT_TRY(st, rewrite_list(ctx, e->args, e->arg_count, fn, self, &args, &changed));
    if (e->kind == WEFT_EXPR_AGGREGATE && e->aggregate.filter != NULL) {
        WEFT_TRY(st, weft_rewrite_top(ctx, e->aggregate.filter, fn, self, &copy.aggregate.filter));
        changed |= copy.aggregate.filter != e->aggregate.filter;
    } else if (e->kind == WEFT_EXPR_WINDOW) {
        WEFT_TRY(st, rewrite_spec(ctx, &copy, fn, self, &changed));
    }
    if (changed) WEFT_TRY(st, weft_expr_with_args(ctx, &copy, args != NULL ? args : e->args, out));
done:
    return st;
}
