/* engine/plan/analyzer_call.c - calls: scalar functions, aggregates, window functions, grouping(). */
#include <stdio.h>
#include <strings.h>

#include "engine/expr/aggregate.h"
#include "engine/expr/cast.h"
#include "engine/expr/coerce.h"
#include "engine/expr/function.h"
#include "engine/plan/analyzer_internal.h"

bool weft_is_grouping(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_UNRESOLVED_CALL && e->type.id != WEFT_TYPE_NULL &&
           (strcmp(e->unresolved.name, "grouping") == 0 || strcmp(e->unresolved.name, "grouping_id") == 0);
}

static bool any_aggregate(const weft_expr *const *list, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (weft_has_aggregate(list[i])) return true;
    }
    return false;
}

bool weft_has_aggregate(const weft_expr *e)
{
    if (e->kind == WEFT_EXPR_AGGREGATE || weft_is_grouping(e)) return true;
    if (e->kind != WEFT_EXPR_WINDOW) return any_aggregate(e->args, e->arg_count);
    /* The window's own function is no aggregate of the query; its arguments may be. */
    const weft_window_spec *spec = e->window.spec;
    return any_aggregate(e->args[0]->args, e->args[0]->arg_count) ||
           any_aggregate(spec->partition, spec->partition_count) ||
           any_aggregate(spec->order, spec->order_count);
}

/* count(*) and count(a, …), but neither count() nor count(t.*). */
static weft_status check_count(weft_binder *b, const weft_expr *e)
{
    const weft_span *span = weft_analyzer_span(b->a, &e->span);
    if (e->arg_count == 0)
        return weft_fail_at(b->a->ctx, WEFT_COUNT_ARGS, span,
                            "The `count` requires >= 1 parameters but the actual number is 0.");
    const weft_expr *star = e->args[0];
    if (e->arg_count > 1 || star->kind != WEFT_EXPR_STAR || star->name.part_count != 1) return WEFT_OK;
    return weft_fail_at(b->a->ctx, WEFT_COUNT_STAR_OF_TABLE, span,
                        "count(`%s`.*) is not allowed. Use count(*) or expand the columns manually, e.g. "
                        "count(col1, col2).",
                        star->name.parts[0]);
}

/* Arguments; * alone is none for count(*), else all columns. */
static weft_status bind_call_args(weft_binder *b, const weft_expr *e, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    const bool count = strcasecmp(e->unresolved.name, "count") == 0;
    if (count) WEFT_TRY(st, check_count(b, e));
    for (int32_t i = 0; i < e->arg_count; i++) {
        const weft_expr *arg = NULL;
        if (e->args[i]->kind == WEFT_EXPR_STAR) {
            if (count && !e->unresolved.distinct && e->arg_count == 1 && e->args[i]->name.part_count == 0 &&
                e->args[i]->arg_count == 0) /* not count(* EXCEPT (a)) */
                continue;
            const int32_t first = out->count;
            WEFT_TRY(st, weft_bind_star(b, e->args[i], out));
            for (int32_t k = first; k < out->count; k++) { /* a struct without some of its fields is named */
                const weft_expr *column = out->items[k];
                if (column->kind == WEFT_EXPR_ALIAS) out->items[k] = column->args[0];
            }
            continue;
        }
        if (weft_is_named_argument(e->args[i]))
            WEFT_TRY(st, weft_fail_at(b->a->ctx, WEFT_NAMED_ARGUMENTS_UNSUPPORTED,
                                      weft_analyzer_span(b->a, &e->span),
                                      "Named parameters are not supported for function %s; please retry the "
                                      "query with positional arguments to the function call instead.",
                                      e->unresolved.name));
        const bool named = e->args[i]->kind == WEFT_EXPR_ALIAS; /* struct(x AS name) */
        WEFT_TRY(st, weft_bind_expr(b, named ? e->args[i]->args[0] : e->args[i], &arg));
        if (named) WEFT_TRY(st, weft_expr_alias(b->a->ctx, arg, -1, e->args[i]->alias.name, &arg));
        WEFT_TRY(st, weft_pointers_push(b->a->ctx, out, arg));
    }
done:
    return st;
}

static weft_status with_ignore_nulls(weft_ctx *ctx, bool ignore_nulls, const weft_expr **e)
{
    if (!ignore_nulls) return WEFT_OK;
    weft_expr copy = **e;
    const char *name = copy.aggregate.function->name;
    copy.aggregate.ignore_nulls = true;
    /* first_value and last_value lose the name that they were called by */
    if (strcmp(name, "first") == 0 || strcmp(name, "last") == 0) copy.aggregate.written = NULL;
    return weft_expr_with_args(ctx, &copy, copy.args, e);
}

/* f(args) OVER …: the arguments may hold aggregates of the query, as in sum(sum(x)) OVER (). Binding goes by
 * columns that stand in for them, since an aggregate directly in another one is refused. */
static weft_status bind_window_aggregate(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    weft_pointers args = {0};
    const weft_expr **stand_ins = NULL;
    if (e->unresolved.distinct)
        return weft_fail_at(ctx, WEFT_DISTINCT_WINDOW, weft_analyzer_span(b->a, &e->span),
                            "Distinct window functions are not supported: %s(DISTINCT …) OVER ….",
                            e->unresolved.name);
    const weft_expr *filter = NULL;
    b->windows = false; /* none within FILTER */
    if (e->unresolved.filter != NULL) WEFT_TRY(st, weft_bind_expr(b, e->unresolved.filter, &filter));
    b->windows = true;
    WEFT_TRY(st, bind_call_args(b, e, &args));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, args.count + 1, &stand_ins));
    for (int32_t i = 0; i < args.count; i++) {
        const weft_expr *arg = weft_pointers_exprs(&args)[i];
        stand_ins[i] = arg;
        if (!weft_expr_has_aggregate(arg)) continue;
        WEFT_TRY(st, weft_expr_column(ctx, -1 - i, "", arg->type, arg->nullable, &stand_ins[i]));
    }
    WEFT_TRY(st, weft_expr_aggregate(ctx, e->unresolved.name, stand_ins, args.count, false, filter,
                                     weft_analyzer_span(b->a, &e->span), out));
    for (int32_t i = 0; i < args.count; i++) {
        const weft_expr *arg = weft_pointers_exprs(&args)[i], *made = (*out)->args[i];
        if (stand_ins[i] == arg) {
            stand_ins[i] = made;
        } else if (made->kind == WEFT_EXPR_CAST) { /* an inserted cast stays around it */
            WEFT_TRY(st, weft_expr_with_args(ctx, made, &arg, &stand_ins[i]));
        } else {
            stand_ins[i] = arg;
        }
    }
    if (args.count > 0) {
        weft_expr copy = **out;
        if (copy.aggregate.shown != NULL) copy.aggregate.shown = weft_pointers_exprs(&args);
        WEFT_TRY(st, weft_expr_with_args(ctx, &copy, stand_ins, out));
    }
    WEFT_TRY(st, with_ignore_nulls(ctx, e->unresolved.ignore_nulls, out));
done:
    return st;
}

/* The rows of an aggregate come in any order and in parts. */
static weft_status refuse_chance(weft_binder *b, const weft_expr *e, const weft_pointers *args,
                                 const weft_expr *filter)
{
    const weft_span *span = weft_analyzer_span(b->a, &e->span);
    for (int32_t i = 0; i < args->count; i++) {
        if (weft_expr_deterministic(weft_pointers_exprs(args)[i])) continue;
        return weft_fail_at(b->a->ctx, WEFT_AGGREGATE_NONDETERMINISTIC, span,
                            "A non-deterministic expression should not appear in the arguments of the "
                            "aggregate function %s().",
                            e->unresolved.name);
    }
    if (filter == NULL || weft_expr_deterministic(filter)) return WEFT_OK;
    return weft_fail_at(b->a->ctx, WEFT_FILTER_NONDETERMINISTIC, span,
                        "The FILTER of %s() must be deterministic.", e->unresolved.name);
}

/* Whose columns an aggregate reads. */
typedef struct lent_check {
    weft_binder *b;
    bool own, outer;
} lent_check;

static bool reads_own(void *self, const weft_expr *e)
{
    lent_check *c = self;
    if (e->kind == WEFT_EXPR_SUBQUERY) c->own = true; /* it may read any */
    if (e->kind == WEFT_EXPR_UNRESOLVED_COLUMN) {
        c->own |= weft_names_own(c->b, e);
        c->outer = true;
    }
    return c->own;
}

/* HAVING EXISTS (SELECT … WHERE x < min(outer column)): an aggregate of columns of the query around it alone
 * is computed there. */
static weft_status bind_lent(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_scope *outer = b->scope->outer;
    lent_check check = {.b = b};
    const weft_expr *aggregate = NULL, *column = NULL;
    *out = NULL;
    if (outer == NULL || !outer->lends) return WEFT_OK;
    (void)weft_expr_any(e, reads_own, &check);
    if (e->unresolved.filter != NULL) (void)weft_expr_any(e->unresolved.filter, reads_own, &check);
    if (check.own || !check.outer) return WEFT_OK;
    weft_binder above = {.a = b->a, .scope = outer, .ctes = b->ctes, .clause = "HAVING", .aggregates = true};
    WEFT_TRY(st, weft_bind_call(&above, e, &aggregate));
    WEFT_TRY(st, weft_expr_column(b->a->ctx, weft_next_id(b->a->ids), e->unresolved.name, aggregate->type,
                                  aggregate->nullable, &column));
    WEFT_TRY(st, weft_bind_outer(b, outer, column, aggregate, out));
done:
    return st;
}

static weft_status bind_aggregate(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    weft_pointers args = {0};
    const weft_expr *filter = NULL;
    const bool windows = b->windows;
    WEFT_TRY(st, bind_lent(b, e, out));
    if (*out != NULL) goto done;
    if (!b->aggregates) return weft_fail_misplaced(b, e, b->no_aggregates, "aggregate function");
    if (b->in_filter) {
        return weft_fail_at(ctx, WEFT_FILTER_AGGREGATE, weft_analyzer_span(b->a, &e->span),
                            "Expected a FILTER expression without an aggregation, but found %s().",
                            e->unresolved.name);
    }
    if (b->in_aggregate > 0) {
        WEFT_TRY(st, weft_names_first(b));
        return weft_fail_at(
            ctx, WEFT_NESTED_AGGREGATE, weft_analyzer_span(b->a, &e->span),
            "It is not allowed to use an aggregate function in the argument of another aggregate function. "
            "Please use the inner aggregate function in a sub-query.");
    }
    b->in_aggregate++;
    b->windows = false;
    WEFT_TRY(st, bind_call_args(b, e, &args));
    b->in_filter = true;
    if (e->unresolved.filter != NULL) WEFT_TRY(st, weft_bind_expr(b, e->unresolved.filter, &filter));
    b->windows = windows;
    b->in_aggregate--;
    b->in_filter = false;
    WEFT_TRY(st, refuse_chance(b, e, &args, filter));
    WEFT_TRY(st,
             weft_expr_aggregate(ctx, e->unresolved.name, weft_pointers_exprs(&args), args.count,
                                 e->unresolved.distinct, filter, weft_analyzer_span(b->a, &e->span), out));
    WEFT_TRY(st, with_ignore_nulls(ctx, e->unresolved.ignore_nulls, out));
done:
    return st;
}

/* grouping(x) and grouping_id(x, …): kept as bound calls until the groups are known. */
static weft_status bind_grouping(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers args = {0};
    weft_expr *made = NULL;
    const bool id = strcasecmp(e->unresolved.name, "grouping_id") == 0;
    if (!b->aggregates) return weft_fail_misplaced(b, e, b->no_aggregates, "function");
    WEFT_TRY(st, bind_call_args(b, e, &args));
    if (!id && args.count != 1) {
        WEFT_TRY(st,
                 weft_fail_at(b->a->ctx, WEFT_WRONG_NUM_ARGS, weft_analyzer_span(b->a, &e->span),
                              "The grouping requires 1 parameters but the actual number is %d.", args.count));
    }
    WEFT_TRY(st, WEFT_NEW(b->a->ctx, &made));
    *made = (weft_expr){.kind = WEFT_EXPR_UNRESOLVED_CALL,
                        .type = WEFT_TYPE_OF(id ? WEFT_TYPE_BIGINT : WEFT_TYPE_TINYINT),
                        .arg_count = args.count,
                        .args = weft_pointers_exprs(&args)};
    if (b->a->in_view == 0) made->span = e->span;
    made->unresolved.name = id ? "grouping_id" : "grouping";
    weft_expr_settle(made);
    *out = made;
done:
    return st;
}

/* date_part(NULL, x) is NULL. */
static weft_status bind_no_part(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *source = NULL;
    const weft_value null = {.type = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE), .is_null = true};
    WEFT_TRY(st, weft_bind_expr(b, e->args[1], &source));
    WEFT_TRY(st, weft_expr_literal(b->a->ctx, &null, out));
done:
    return st;
}

/* extract(field FROM x) by the function of that field. */
static weft_status bind_extract(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    static const char *const fields[][2] = {
        {"year", "year"},
        {"y", "year"},
        {"years", "year"},
        {"yr", "year"},
        {"quarter", "quarter"},
        {"qtr", "quarter"},
        {"month", "month"},
        {"mon", "month"},
        {"months", "month"},
        {"week", "weekofyear"},
        {"w", "weekofyear"},
        {"weeks", "weekofyear"},
        {"day", "day"},
        {"d", "day"},
        {"days", "day"},
        {"dayofweek", "dayofweek"},
        {"dow", "dayofweek"},
        {"doy", "dayofyear"},
        {"dayofyear", "dayofyear"},
        {"hour", "hour"},
        {"h", "hour"},
        {"hours", "hour"},
        {"minute", "minute"},
        {"m", "minute"},
        {"min", "minute"},
        {"minutes", "minute"},
    };
    weft_status st = WEFT_OK;
    const weft_expr *arg = NULL;
    const weft_expr *field = e->arg_count == 2 ? e->args[0] : NULL;
    const char *function = NULL;
    if (field == NULL)
        return weft_fail_arg_count(b->a->ctx, e->unresolved.name, 2, 2, e->arg_count,
                                   weft_analyzer_span(b->a, &e->span));
    if (field->kind == WEFT_EXPR_LITERAL && field->literal.type.id == WEFT_TYPE_NULL)
        return bind_no_part(b, e, out);
    if (field->kind != WEFT_EXPR_LITERAL || field->literal.type.id != WEFT_TYPE_STRING) {
        return weft_fail_at(b->a->ctx, WEFT_NON_FOLDABLE_ARGUMENT, weft_analyzer_span(b->a, &e->span),
                            "The function `%s` requires the parameter `field` to be a foldable expression "
                            "of the type \"STRING\", but the actual argument is a non-foldable.",
                            e->unresolved.name);
    }
    const weft_str *name = &field->literal.str;
    for (int32_t i = 0; i < WEFT_COUNT(fields); i++) {
        if (strlen(fields[i][0]) == name->len &&
            strncasecmp(fields[i][0], weft_str_data(name), name->len) == 0) {
            function = fields[i][1];
        }
    }
    WEFT_TRY(st, weft_bind_expr(b, e->args[1], &arg));
    const bool fielded = weft_type_is_interval(arg->type) || arg->type.id == WEFT_TYPE_INTERVAL ||
                         arg->type.id == WEFT_TYPE_TIME;
    const weft_expr *args[2] = {arg, arg};
    if (function == NULL || fielded) { /* seconds with their fraction, and what has no function of its own */
        WEFT_TRY(st, weft_bind_expr(b, field, &args[0]));
        function = "extract";
    }
    const int32_t count = strcmp(function, "extract") == 0 ? 2 : 1;
    WEFT_TRY(st, weft_expr_call(b->a->ctx, function, args, count, weft_analyzer_span(b->a, &e->span), out));
done:
    return st;
}

/* double(x), date(x) …: the name of a type is a cast to it. */
static bool find_type_name(const char *name, weft_type *out)
{
    static const weft_type_id ids[] = {WEFT_TYPE_BOOLEAN, WEFT_TYPE_TINYINT,  WEFT_TYPE_SMALLINT,
                                       WEFT_TYPE_INT,     WEFT_TYPE_BIGINT,   WEFT_TYPE_FLOAT,
                                       WEFT_TYPE_DOUBLE,  WEFT_TYPE_STRING,   WEFT_TYPE_BINARY,
                                       WEFT_TYPE_DATE,    WEFT_TYPE_TIMESTAMP};
    char text[32];
    *out = WEFT_TYPE_OF(WEFT_TYPE_TIME);
    if (strcasecmp(name, "time") == 0) return true;
    for (int32_t i = 0; i < WEFT_COUNT(ids); i++) {
        *out = WEFT_TYPE_OF(ids[i]);
        if (strcasecmp(name, weft_type_text(*out, text, sizeof(text))) == 0) return true;
    }
    *out = weft_type_decimal(10, 0);
    return strcasecmp(name, "decimal") == 0;
}

static weft_status bind_type_call(weft_binder *b, const weft_expr *e, weft_type type, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_pointers args = {0};
    WEFT_TRY(st, bind_call_args(b, e, &args));
    if (args.count != 1) {
        WEFT_TRY(st, weft_fail_at(b->a->ctx, WEFT_WRONG_NUM_ARGS, weft_analyzer_span(b->a, &e->span),
                                  "The %s requires 1 parameters but the actual number is %d.",
                                  e->unresolved.name, args.count));
    }
    WEFT_TRY(st, weft_expr_cast(b->a->ctx, weft_pointers_exprs(&args)[0], type, true, out));
done:
    return st;
}

/* a + b + c + … as one call of many args (parser_expr.c): bound from the left, two by two. As long as a step
 * changes no type it joins the call of the steps before it; otherwise it stands over them. */
static weft_status bind_chain(weft_binder *b, const weft_expr *e, const weft_expr *const *args, int32_t count,
                              const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_span *span = weft_analyzer_span(b->a, &e->span);
    const char *name = e->unresolved.name;
    weft_pointers run = {0};       /* args of the call that is being made */
    const weft_expr *first = NULL; /* its first step */
    const weft_expr *left = args[0];
    for (int32_t i = 1; i < count; i++) {
        const weft_expr *pair[2] = {left, args[i]}, *next = NULL;
        WEFT_TRY(st, weft_expr_call(ctx, name, pair, 2, span, &next));
        const bool steady = next->args[0] == left && weft_type_equal(next->type, left->type);
        const bool joins = run.count > 0 && steady && next->call.variant == first->call.variant &&
                           weft_type_equal(next->args[1]->type, first->args[1]->type);
        if (!joins && run.count > 2) { /* left was the last step alone: now it is the whole call */
            WEFT_TRY(st, weft_expr_call(ctx, name, weft_pointers_exprs(&run), run.count, span, &left));
            pair[0] = left;
            WEFT_TRY(st, weft_expr_call(ctx, name, pair, 2, span, &next));
        }
        if (!joins) {
            run = (weft_pointers){0};
            first = next;
            if (steady) WEFT_TRY(st, weft_pointers_push(ctx, &run, left));
        }
        if (steady) WEFT_TRY(st, weft_pointers_push(ctx, &run, next->args[1]));
        /* Only the type of what is on the left matters to the next step: a column of it stands in for a call
         * that grows, which would be as high as it is long. */
        left = next;
        if (run.count > 2) WEFT_TRY(st, weft_expr_column(ctx, -1, "", next->type, next->nullable, &left));
    }
    if (run.count > 2)
        WEFT_TRY(st, weft_expr_call(ctx, name, weft_pointers_exprs(&run), run.count, span, &left));
    *out = left;
done:
    return st;
}

/* Names that only the analyser knows. */
static bool is_own_form(const char *name)
{
    static const char *const own[] = {"grouping", "grouping_id", "extract", "date_part", "datepart"};
    weft_type type;
    for (int32_t i = 0; i < WEFT_COUNT(own); i++)
        if (strcasecmp(name, own[i]) == 0) return true;
    return find_type_name(name, &type) || weft_is_to_char(name);
}

/* Is there no function of this name? A call without arguments says so before it looks for them. */
static weft_status is_missing(weft_analyzer *a, const weft_expr *call, bool *missing)
{
    weft_status st = WEFT_OK;
    const char *name = call->unresolved.name;
    const weft_routine *routine = NULL;
    const weft_expr *made = NULL;
    *missing = false;
    if (weft_function_find(name) != NULL || weft_aggregate_find(name) != NULL ||
        weft_form_find(name) != NULL || is_own_form(name) || weft_is_time_window(call) ||
        weft_is_generator_name(name) || weft_is_variant_explode(name) || weft_is_parsed_lambda(call))
        return WEFT_OK;
    WEFT_TRY(st, weft_find_routine(a, name, &routine));
    if (routine != NULL) goto done;
    st = weft_expr_call(a->ctx, name, NULL, 0, &call->span, &made);
    *missing = st == WEFT_UNRESOLVED_ROUTINE;
    if (st != WEFT_OK && weft_status_classify(st) == WEFT_CLASS_USER) st = WEFT_OK;
done:
    return st;
}

weft_status weft_routines_first(weft_analyzer *a, const weft_node *parsed, weft_status failed)
{
    weft_ctx *ctx = a->ctx;
    const weft_error error = ctx->error;
    if (weft_status_classify(failed) != WEFT_CLASS_USER || failed == WEFT_UNRESOLVED_ROUTINE) return failed;
    for (int32_t i = 0; i < parsed->call_count; i++) {
        const weft_expr *call = parsed->calls[i];
        bool missing = false;
        weft_error_clear(ctx);
        const weft_status st = is_missing(a, call, &missing);
        weft_error_clear(ctx);
        if (st == WEFT_OK && missing) return weft_fail_routine(ctx, call->unresolved.name, &call->span);
        if (st != WEFT_OK) break; /* what failed first is what is told */
    }
    ctx->error = error;
    return failed;
}

weft_status weft_bind_call(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_span *span = weft_analyzer_span(b->a, &e->span);
    const char *name = e->unresolved.name;
    weft_pointers args = {0};
    WEFT_TRY(st, weft_place_named(b, e, &e));
    if (weft_is_time_window(e)) return weft_bind_window_column(b, e, out);
    if (strcasecmp(name, "grouping") == 0 || strcasecmp(name, "grouping_id") == 0)
        return bind_grouping(b, e, out);
    if (weft_aggregate_find(name) != NULL) return bind_aggregate(b, e, out);
    const weft_function *fn = weft_function_find(name);
    if (fn != NULL && (fn->flags & WEFT_FN_WINDOW_ONLY) != 0) {
        return weft_fail_at(ctx, WEFT_WINDOW_WITHOUT_OVER, span,
                            "Window function %s() requires an OVER clause.", name);
    }
    if (fn != NULL && (fn->flags & WEFT_FN_GENERATOR) != 0) {
        /* in the select list, below something else */
        const bool nested = (b->windows && !b->items_first) || b->in_aggregate > 0;
        WEFT_TRY(st, weft_names_first(b));
        return weft_fail_at(ctx, nested ? WEFT_GENERATOR_NESTED : WEFT_GENERATOR_OUTSIDE, span,
                            nested ? "The generator %s() is nested in an expression: it must stand alone."
                                   : "The generator %s() may stand in the select list only.",
                            name);
    }
    if (e->unresolved.distinct || e->unresolved.filter != NULL || e->unresolved.ignore_nulls) {
        return weft_fail_at(ctx, WEFT_FUNCTION_SYNTAX, span,
                            "Invalid SQL syntax: The function `%s` does not support %s.", name,
                            e->unresolved.distinct         ? "DISTINCT"
                            : e->unresolved.filter != NULL ? "FILTER clause"
                                                           : "IGNORE NULLS");
    }
    const bool extract = strcasecmp(name, "extract") == 0 || strcasecmp(name, "date_part") == 0 ||
                         strcasecmp(name, "datepart") == 0;
    if (extract) return bind_extract(b, e, out);
    if (weft_is_parsed_lambda(e))
        return weft_fail_at(ctx, WEFT_LAMBDA_MISPLACED, span,
                            "Invalid lambda function call. A lambda function should only be used in a higher "
                            "order function.");
    if (strcasecmp(name, "array_sort") == 0 && e->arg_count > 1) fn = weft_function_find("(array_sort_by)");
    if (fn != NULL && fn->lambda_types != NULL) return weft_bind_lambda_call(b, e, fn, out);
    weft_type type;
    if (fn == NULL && find_type_name(name, &type)) return bind_type_call(b, e, type, out);
    const weft_routine *routine = NULL;
    if (fn == NULL) WEFT_TRY(st, weft_find_routine(b->a, name, &routine));
    if (routine != NULL) return weft_bind_routine(b, e, routine, out);
    const bool chance = fn != NULL && (fn->flags & WEFT_FN_NONDETERMINISTIC) != 0;
    if (chance && (*out = weft_find_chance(b, e)) != NULL) return WEFT_OK;
    WEFT_TRY(st, bind_call_args(b, e, &args));
    if (chance && fn->seed_at > 0) WEFT_TRY(st, weft_draw_seed(b, e, fn, &args));
    if (args.count > 2 && (strcmp(name, "+") == 0 || strcmp(name, "*") == 0))
        WEFT_TRY(st, bind_chain(b, e, weft_pointers_exprs(&args), args.count, out));
    else if (args.count < 6 &&
             (strcasecmp(name, "make_timestamp_ltz") == 0 || strcasecmp(name, "try_make_timestamp_ltz") == 0))
        WEFT_TRY(st,
                 weft_expr_call(ctx, "make_timestamp", weft_pointers_exprs(&args), args.count, span, out));
    else if (weft_is_to_char(name))
        WEFT_TRY(st, weft_bind_to_char(b, e, weft_pointers_exprs(&args), args.count, out));
    else
        WEFT_TRY(st, weft_expr_call(ctx, name, weft_pointers_exprs(&args), args.count, span, out));
    if (chance) WEFT_TRY(st, weft_keep_chance(b, e, *out));
done:
    return st;
}

/* ---- windows ---- */

static weft_status named_window(weft_binder *b, const weft_expr *name, const weft_window_spec **out)
{
    const weft_select *select = b->select;
    for (int32_t i = 0; select != NULL && i < select->window_count; i++) {
        if (strcasecmp(select->window_names[i], name->name.parts[0]) == 0) {
            *out = select->windows[i];
            return WEFT_OK;
        }
    }
    return weft_fail_at(b->a->ctx, WEFT_MISSING_WINDOW, weft_analyzer_span(b->a, &name->span),
                        "Window specification %s is not defined in the WINDOW clause.", name->name.parts[0]);
}

/* May the offset be added to the one key that a RANGE frame is counted by? */
static bool goes_with_key(weft_type key, weft_type offset)
{
    const bool moment = key.id == WEFT_TYPE_TIMESTAMP || key.id == WEFT_TYPE_TIMESTAMP_NTZ;
    if (moment) return weft_type_is_interval(offset);
    if (weft_type_is_interval(key))
        return offset.id == key.id || (weft_type_is_integral(offset) && weft_cast_allowed(offset, key));
    if (key.id == WEFT_TYPE_DATE) return offset.id == WEFT_TYPE_INT || weft_type_is_interval(offset);
    return weft_type_is_numeric(key) && weft_cast_allowed(offset, key);
}

static weft_status check_range(weft_binder *b, const weft_window_spec *spec, const weft_expr *offset,
                               const weft_expr *parsed)
{
    weft_ctx *ctx = b->a->ctx;
    const weft_span *span = weft_analyzer_span(b->a, &parsed->span);
    char key_text[128], offset_text[128];
    if (spec->order_count == 0)
        return weft_fail_at(ctx, WEFT_RANGE_FRAME_UNORDERED, span,
                            "A range window frame cannot be used in an unordered window specification.");
    if (spec->order_count > 1)
        return weft_fail_at(
            ctx, WEFT_RANGE_FRAME_ORDERS, span,
            "A range window frame with value boundary cannot be used in a window specification "
            "with multiple order by expressions.");
    const weft_type key = spec->order[0]->args[0]->type;
    if (goes_with_key(key, offset->type)) return WEFT_OK;
    if (!weft_type_is_numeric(key) && !weft_type_is_interval(key) && key.id != WEFT_TYPE_DATE &&
        key.id != WEFT_TYPE_TIMESTAMP && key.id != WEFT_TYPE_TIMESTAMP_NTZ)
        return weft_fail_at(
            ctx, WEFT_FRAME_KEY, span,
            "A RANGE frame with an offset needs one ORDER BY key of a number, date, timestamp or interval, "
            "not \"%s\".",
            weft_type_text(key, key_text, sizeof key_text));
    return weft_fail_at(ctx, WEFT_RANGE_FRAME_TYPE, span,
                        "The data type \"%s\" used in the order specification does not match the data type "
                        "\"%s\" which is used in the range frame.",
                        weft_type_text(key, key_text, sizeof key_text),
                        weft_type_text(offset->type, offset_text, sizeof offset_text));
}

static weft_status bind_offset(weft_binder *b, const weft_window_spec *spec, weft_bound_kind kind,
                               const weft_expr *parsed, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *bound = NULL;
    *out = NULL;
    if (kind != WEFT_BOUND_PRECEDING && kind != WEFT_BOUND_FOLLOWING) return WEFT_OK;
    WEFT_TRY(st, weft_bind_expr(b, parsed, &bound));
    WEFT_TRY(st, weft_expr_fold(b->a->ctx, bound, out));
    const bool literal = (*out)->kind == WEFT_EXPR_LITERAL && !(*out)->literal.is_null;
    const bool whole = literal && weft_type_is_integral((*out)->type);
    if (!literal)
        WEFT_TRY(st, weft_fail_at(b->a->ctx, WEFT_FRAME_LITERAL, weft_analyzer_span(b->a, &parsed->span),
                                  "Invalid SQL syntax: Frame bound value must be a literal."));
    if ((spec->rows && !whole) || (whole && (*out)->literal.i64 < 0)) {
        WEFT_TRY(st, weft_fail_at(b->a->ctx, WEFT_UNSUPPORTED_WINDOW, weft_analyzer_span(b->a, &parsed->span),
                                  "The bound of a %s frame must be a constant%s that is not negative.",
                                  spec->rows ? "ROWS" : "RANGE", spec->rows ? " whole number" : ""));
    }
    if (!spec->rows) WEFT_TRY(st, check_range(b, spec, *out, parsed));
done:
    return st;
}

/* Of a frame of rows: how far from the current row a bound is. */
static int64_t bound_distance(weft_bound_kind kind, const weft_expr *offset)
{
    switch (kind) {
    case WEFT_BOUND_UNBOUNDED_PRECEDING: return INT64_MIN;
    case WEFT_BOUND_PRECEDING: return -offset->literal.i64;
    case WEFT_BOUND_CURRENT_ROW: break;
    case WEFT_BOUND_FOLLOWING: return offset->literal.i64;
    case WEFT_BOUND_UNBOUNDED_FOLLOWING: return INT64_MAX;
    }
    return 0;
}

/* Two intervals have one type (numbers are cast to that of the key); the lower bound may not lie behind the
 * upper one. */
static weft_status check_bounds(weft_binder *b, const weft_window_spec *spec)
{
    if (spec->low_offset != NULL && spec->high_offset != NULL &&
        (weft_type_is_interval(spec->low_offset->type) || weft_type_is_interval(spec->high_offset->type)) &&
        !weft_type_equal(spec->low_offset->type, spec->high_offset->type)) {
        char low_type[64], high_type[64];
        return weft_fail_at(b->a->ctx, WEFT_FRAME_TYPES, weft_analyzer_span(b->a, &spec->high_offset->span),
                            "Window frame bounds do not have the same type: \"%s\" <> \"%s\".",
                            weft_type_text(spec->low_offset->type, low_type, sizeof low_type),
                            weft_type_text(spec->high_offset->type, high_type, sizeof high_type));
    }
    const bool low = spec->low_offset == NULL || weft_type_is_integral(spec->low_offset->type);
    const bool high = spec->high_offset == NULL || weft_type_is_integral(spec->high_offset->type);
    if (!low || !high) return WEFT_OK;
    if (bound_distance(spec->low, spec->low_offset) <= bound_distance(spec->high, spec->high_offset))
        return WEFT_OK;
    const weft_expr *at = spec->low_offset != NULL ? spec->low_offset : spec->high_offset;
    return weft_fail_at(b->a->ctx, WEFT_FRAME_BOUNDS, at == NULL ? NULL : weft_analyzer_span(b->a, &at->span),
                        "The lower bound of a window frame must be less than or equal to the upper bound.");
}

static weft_status bind_spec(weft_binder *b, const weft_window_spec *parsed, bool ranking,
                             const weft_window_spec **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    weft_window_spec *spec = NULL;
    weft_pointers partition = {0}, order = {0};
    char type[256];
    WEFT_TRY(st, WEFT_NEW(ctx, &spec));
    *spec = *parsed;
    for (int32_t i = 0; i < parsed->partition_count; i++) {
        const weft_expr *e = NULL;
        WEFT_TRY(st, weft_bind_expr(b, parsed->partition[i], &e));
        if (weft_type_holds(e->type, WEFT_TYPE_VARIANT) || weft_type_holds(e->type, WEFT_TYPE_INTERVAL))
            WEFT_TRY(st, weft_fail_at(ctx, WEFT_NOT_ORDERABLE,
                                      weft_analyzer_span(b->a, &parsed->partition[i]->span),
                                      "Column expression cannot be sorted because its type \"%s\" is not "
                                      "orderable.",
                                      weft_type_text(e->type, type, sizeof type)));
        WEFT_TRY(st, weft_pointers_push(ctx, &partition, e));
    }
    for (int32_t i = 0; i < parsed->order_count; i++) {
        const weft_expr *key = parsed->order[i], *e = NULL;
        WEFT_TRY(st, weft_bind_expr(b, key->args[0], &e));
        WEFT_TRY(st, weft_expect_orderable(ctx, "sort order", e, weft_analyzer_span(b->a, &key->span)));
        WEFT_TRY(st, weft_expr_sort_key(ctx, e, key->sort.descending, key->sort.nulls_first, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &order, e));
    }
    spec->partition = weft_pointers_exprs(&partition);
    spec->order = weft_pointers_exprs(&order);
    if (ranking || !parsed->has_frame) {
        const bool whole = !ranking && parsed->order_count == 0;
        spec->rows = ranking || whole;
        spec->low = WEFT_BOUND_UNBOUNDED_PRECEDING;
        spec->high = whole ? WEFT_BOUND_UNBOUNDED_FOLLOWING : WEFT_BOUND_CURRENT_ROW;
        spec->low_offset = spec->high_offset = NULL;
    }
    WEFT_TRY(st, bind_offset(b, spec, spec->low, spec->low_offset, &spec->low_offset));
    WEFT_TRY(st, bind_offset(b, spec, spec->high, spec->high_offset, &spec->high_offset));
    WEFT_TRY(st, check_bounds(b, spec));
    *out = spec;
done:
    return st;
}

/* Aggregates that order their own input take a window of whole partitions only. */
static weft_status check_whole_partition(weft_binder *b, const weft_expr *call, const weft_window_spec *spec)
{
    static const char *const names[] = {"median", "percentile_cont", "percentile_disc"};
    const char *name = call->unresolved.name;
    bool ordered = (strcasecmp(name, "listagg") == 0 || strcasecmp(name, "string_agg") == 0) &&
                   call->arg_count > 2; /* WITHIN GROUP became arguments */
    for (size_t i = 0; i < WEFT_COUNT(names); i++) ordered |= strcasecmp(name, names[i]) == 0;
    if (!ordered || (spec->order_count == 0 && !spec->has_frame)) return WEFT_OK;
    return weft_fail_at(b->a->ctx, WEFT_AGGREGATE_WINDOW_SPEC, weft_analyzer_span(b->a, &call->span),
                        "Cannot specify ORDER BY or a window frame for %s().", name);
}

weft_status weft_bind_window(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_expr *call = e->args[0], *bound = NULL;
    const weft_window_spec *parsed = e->window.spec, *spec = NULL;
    weft_pointers args = {0};
    const char *name = call->unresolved.name;
    if (b->in_filter)
        return weft_fail_at(ctx, WEFT_FILTER_WINDOW, weft_analyzer_span(b->a, &e->span),
                            "Expected a FILTER expression without a window function, but found %s() OVER.",
                            name);
    if (b->in_aggregate > 0) {
        WEFT_TRY(st, weft_names_first(b));
        return weft_fail_at(ctx, WEFT_WINDOW_IN_AGGREGATE, weft_analyzer_span(b->a, &e->span),
                            "It is not allowed to use a window function inside an aggregate function. Please "
                            "use the inner window function in a sub-query.");
    }
    if (!b->windows) { /* ON is checked with the other operators, after the clauses of a SELECT */
        const bool joins = strcmp(b->clause, "JOIN") == 0;
        return weft_fail_misplaced(b, call, joins ? WEFT_UNSUPPORTED_EXPR : WEFT_WINDOW_NOT_ALLOWED,
                                   "window function");
    }
    if (parsed == NULL) WEFT_TRY(st, named_window(b, e->args[1], &parsed));
    const weft_function *fn = weft_function_find(name);
    const bool ranking = fn != NULL && (fn->flags & WEFT_FN_WINDOW_ONLY) != 0;
    if (weft_aggregate_find(name) != NULL) {
        WEFT_TRY(st, check_whole_partition(b, call, parsed));
        WEFT_TRY(st, bind_window_aggregate(b, call, &bound));
    } else if (ranking) {
        if (parsed->order_count == 0) {
            WEFT_TRY(st, weft_fail_at(
                             ctx, WEFT_WINDOW_NOT_ORDERED, weft_analyzer_span(b->a, &e->span),
                             "Window function %s() requires the window to be ordered, please add an ORDER BY "
                             "clause.",
                             name));
        }
        WEFT_TRY(st, weft_check_required_frame(b, call, parsed));
        WEFT_TRY(st, bind_call_args(b, call, &args));
        WEFT_TRY(st, weft_expr_call(ctx, name, weft_pointers_exprs(&args), args.count,
                                    weft_analyzer_span(b->a, &call->span), &bound));
        if (call->unresolved.ignore_nulls) {
            weft_expr copy = *bound;
            copy.call.ignore_nulls = true;
            WEFT_TRY(st, weft_expr_with_args(ctx, &copy, copy.args, &bound));
        }
    } else {
        WEFT_TRY(st, weft_fail_at(ctx, fn == NULL ? WEFT_UNRESOLVED_ROUTINE : WEFT_UNSUPPORTED_WINDOW,
                                  weft_analyzer_span(b->a, &call->span),
                                  fn == NULL ? "Cannot resolve routine `%s`."
                                             : "Expression \"%s\" is not supported within a window function.",
                                  name));
    }
    /* Of the functions that exist only over windows, nth_value() alone reads its frame. */
    WEFT_TRY(st, bind_spec(b, parsed, ranking && strcasecmp(name, "nth_value") != 0, &spec));
    if (ranking && strcasecmp(name, "counter_diff") == 0)
        WEFT_TRY(st, weft_counter_step(ctx, bound, spec, out));
    else
        WEFT_TRY(st, weft_expr_window(ctx, bound, spec, out));
done:
    return st;
}
