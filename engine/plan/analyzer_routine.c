/* engine/plan/analyzer_routine.c - calls of functions that are written in SQL.
 *
 * A call is replaced by its body. A body without queries is bound over columns that stand for the parameters,
 * which are replaced by the arguments. One with queries cannot be: there a parameter that is a constant, or a
 * column of the caller, is that; otherwise the call becomes
 *     (SELECT body FROM (SELECT argument AS parameter, …))
 * or, where an argument reads aggregates or windows, the block that calls it gives the argument as a column.
 * A table function's call becomes its query, LATERAL to such a row. */
#include <stdio.h>
#include <strings.h>

#include "engine/expr/coerce.h"
#include "engine/plan/analyzer_internal.h"

enum { ROUTINE_CALLS_MAX = 10000 }; /* of functions in functions, of one query: each may double */

/* Its arguments, in the order of the parameters. */
typedef struct routine_call {
    weft_analyzer *a;
    const weft_routine *routine;
    const weft_expr *call;
    const char *name;         /* the last part of its name */
    const weft_expr **parsed; /* [parameter_count] as written, or the DEFAULT */
    bool *given;              /* [parameter_count] written: no DEFAULT */
    const weft_expr **bound;  /* [parameter_count] of the parameters' types */
    bool lifts;               /* an argument calls what lifted its own arguments */
} routine_call;

weft_status weft_find_routine(weft_analyzer *a, const char *name, const weft_routine **out)
{
    *out = NULL;
    if (a->catalog == NULL || a->catalog->routine == NULL) return WEFT_OK;
    return a->catalog->routine(a->ctx, a->catalog->self, name, out);
}

bool weft_is_named_argument(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_UNRESOLVED_CALL && strcmp(e->unresolved.name, "=>") == 0;
}

/* ---- arguments ---- */

static int32_t find_parameter(const weft_routine *r, const weft_str *name)
{
    for (int32_t i = 0; i < r->parameter_count; i++) {
        if (strlen(r->parameters[i].name) == name->len &&
            strncasecmp(r->parameters[i].name, weft_str_data(name), name->len) == 0)
            return i;
    }
    return -1;
}

static weft_status unknown_parameter(routine_call *c, const weft_expr *argument)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = c->a->ctx;
    weft_pointers names = {0};
    const char *near = "";
    char *name = NULL;
    const weft_str *text = &argument->args[0]->literal.str;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, weft_str_data(text), text->len, &name));
    for (int32_t i = 0; i < c->routine->parameter_count; i++)
        WEFT_TRY(st, weft_pointers_push(ctx, &names, c->routine->parameters[i].name));
    WEFT_TRY(st, weft_nearest_names(ctx, name, weft_pointers_texts(&names), names.count, &near));
    st =
        weft_fail_at(ctx, WEFT_UNRECOGNIZED_PARAMETER_NAME, weft_analyzer_span(c->a, &c->call->span),
                     "Cannot invoke routine `%s` because the routine call included a named argument "
                     "reference for the argument named `%s`, but this routine does not include any signature "
                     "containing an argument with this name. Did you mean one of the following? [%s].",
                     c->name, name, near);
done:
    return st;
}

static weft_status take_argument(routine_call *c, int32_t at, const weft_expr *argument)
{
    const bool both = c->parsed[at] != NULL && !weft_is_named_argument(c->call->args[at]);
    if (c->parsed[at] != NULL)
        return weft_fail_at(c->a->ctx, both ? WEFT_DUPLICATE_ARGUMENT_BOTH : WEFT_DUPLICATE_ARGUMENT,
                            weft_analyzer_span(c->a, &c->call->span),
                            "Call to routine `%s` is invalid because it includes multiple argument "
                            "assignments to the same parameter name `%s`.",
                            c->name, c->routine->parameters[at].name);
    c->parsed[at] = argument;
    c->given[at] = true;
    return WEFT_OK;
}

static weft_status missing(routine_call *c, int32_t at)
{
    return weft_fail_at(
        c->a->ctx, WEFT_REQUIRED_PARAMETER_NOT_FOUND, weft_analyzer_span(c->a, &c->call->span),
        "Cannot invoke routine `%s` because the parameter named `%s` is required, but the routine "
        "call did not supply a value. Please update the routine call to supply an argument value "
        "(either positionally at index %d or by name) and retry the query again.",
        c->name, c->routine->parameters[at].name, at);
}

static weft_status wrong_count(routine_call *c)
{
    return weft_fail_at(c->a->ctx, WEFT_WRONG_NUM_ARGS, weft_analyzer_span(c->a, &c->call->span),
                        "The `%s` requires %d parameters but the actual number is %d.", c->name,
                        c->routine->parameter_count, c->call->arg_count);
}

/* Positional ones, then named ones, then defaults. */
static weft_status match_arguments(routine_call *c)
{
    weft_status st = WEFT_OK;
    const weft_routine *r = c->routine;
    bool named = false;
    WEFT_TRY(st, WEFT_NEW_ARRAY(c->a->ctx, r->parameter_count + 1, &c->parsed));
    WEFT_TRY(st, WEFT_NEW_ARRAY(c->a->ctx, r->parameter_count + 1, &c->given));
    if (c->call->arg_count > r->parameter_count) WEFT_TRY(st, wrong_count(c));
    for (int32_t i = 0; i < c->call->arg_count; i++) {
        const weft_expr *argument = c->call->args[i];
        int32_t at = i;
        if (weft_is_named_argument(argument)) {
            named = true;
            at = find_parameter(r, &argument->args[0]->literal.str);
            if (at < 0) WEFT_TRY(st, unknown_parameter(c, argument));
            argument = argument->args[1];
        } else if (named) {
            WEFT_TRY(st, weft_fail_at(c->a->ctx, WEFT_UNEXPECTED_POSITIONAL_ARGUMENT,
                                      weft_analyzer_span(c->a, &argument->span),
                                      "Cannot invoke routine `%s` because it contains positional argument(s) "
                                      "following the named argument; please rearrange them so the positional "
                                      "arguments come first and then retry the query again.",
                                      c->name));
        }
        WEFT_TRY(st, take_argument(c, at, argument));
    }
    for (int32_t i = 0; i < r->parameter_count; i++) {
        if (c->parsed[i] == NULL && r->parameters[i].initial == NULL)
            WEFT_TRY(st, named ? missing(c, i) : wrong_count(c));
        if (c->parsed[i] == NULL) c->parsed[i] = r->parameters[i].initial;
    }
done:
    return st;
}

static weft_status bind_arguments(weft_binder *b, routine_call *c)
{
    weft_status st = WEFT_OK;
    const weft_scope nothing = {0};
    weft_binder alone = {.a = c->a, .scope = &nothing, .clause = "DEFAULT"};
    WEFT_TRY(st, WEFT_NEW_ARRAY(c->a->ctx, c->routine->parameter_count + 1, &c->bound));
    for (int32_t i = 0; i < c->routine->parameter_count; i++) {
        WEFT_TRY(st, weft_bind_expr(c->given[i] ? b : &alone, c->parsed[i], &c->bound[i]));
        WEFT_TRY(st,
                 weft_expr_cast(c->a->ctx, c->bound[i], c->routine->parameters[i].type, true, &c->bound[i]));
    }
done:
    return st;
}

/* ---- into the text of a function and out again ---- */

typedef struct routine_frame {
    int32_t binding;
} routine_frame;

/* The settings that the function goes by stand until the caller of this and the next has cast its result. */
static weft_status enter_routine(routine_call *c, routine_frame *frame)
{
    weft_analyzer *a = c->a;
    if (a->bindings >= ROUTINE_CALLS_MAX)
        return weft_fail_at(
            a->ctx, WEFT_LIMIT, weft_analyzer_span(a, &c->call->span),
            "the query calls functions written in SQL more than %d times, counting those that "
            "call each other",
            ROUTINE_CALLS_MAX);
    frame->binding = a->binding;
    a->binding = ++a->bindings; /* functions of chance draw anew in each call */
    a->in_view++;
    return weft_analyzer_go_by(a, &c->routine->kept);
}

static weft_status leave_routine(routine_call *c, routine_frame *frame, weft_status st)
{
    weft_analyzer *a = c->a;
    a->in_view--;
    a->binding = frame->binding;
    if (st == WEFT_OK) return WEFT_OK;
    weft_error_prefix(a->ctx, "in the function `%s`: ", c->name);
    const weft_span *span = weft_analyzer_span(a, &c->call->span);
    if (span != NULL) a->ctx->error.span = *span;
    return st;
}

/* ---- bodies without queries ---- */

typedef struct body_columns {
    const weft_name *names;
    const weft_expr **arguments;
    int32_t count;
} body_columns;

static weft_status to_argument(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    const body_columns *columns = self;
    (void)ctx;
    *out = e;
    if (e->kind != WEFT_EXPR_COLUMN) return WEFT_OK;
    for (int32_t i = 0; i < columns->count; i++)
        if (columns->names[i].id == e->column.id) *out = columns->arguments[i];
    return WEFT_OK;
}

static weft_status parameter_names(routine_call *c, weft_name **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(c->a->ctx, c->routine->parameter_count + 1, out));
    for (int32_t i = 0; i < c->routine->parameter_count; i++) {
        const weft_parameter *p = &c->routine->parameters[i];
        (*out)[i] = (weft_name){.id = weft_next_id(c->a->ids),
                                .name = p->name,
                                .qualifier = c->name,
                                .type = p->type,
                                .nullable = c->bound[i]->nullable};
    }
done:
    return st;
}

static weft_status bind_body(routine_call *c, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_name *names = NULL;
    WEFT_TRY(st, parameter_names(c, &names));
    const weft_scope scope = {.count = c->routine->parameter_count, .names = names};
    weft_binder b = {.a = c->a,
                     .scope = &scope,
                     .clause = "the body of a function",
                     .no_aggregates = WEFT_ROUTINE_AGGREGATE};
    body_columns columns = {.names = names, .arguments = c->bound, .count = scope.count};
    WEFT_TRY(st, weft_bind_expr(&b, c->routine->body, out));
    WEFT_TRY(st, weft_expr_rewrite(c->a->ctx, *out, to_argument, &columns, out));
done:
    return st;
}

/* ---- bodies with queries ---- */

static bool is_query_kind(void *self, const weft_expr *e)
{
    (void)self;
    return e->kind == WEFT_EXPR_SUBQUERY;
}

/* The arguments as names of a scope that need no row of their own; false when one of them needs it. */
static bool are_simple(const routine_call *c)
{
    for (int32_t i = 0; i < c->routine->parameter_count; i++) {
        const weft_expr *e = c->bound[i];
        if (e->kind != WEFT_EXPR_LITERAL && e->kind != WEFT_EXPR_COLUMN) return false;
    }
    return true;
}

/* Arguments of aggregates and windows as columns that the block gives. */
static weft_status lift_arguments(const weft_binder *b, routine_call *c)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = c->a->ctx;
    bool lifts = c->lifts;
    for (int32_t i = 0; i < c->routine->parameter_count; i++)
        lifts |= weft_has_aggregate(c->bound[i]) || weft_expr_has_window(c->bound[i]);
    if (!lifts || b->scope->lifted == NULL) return WEFT_OK;
    for (int32_t i = 0; i < c->routine->parameter_count; i++) {
        const weft_expr *value = c->bound[i];
        weft_lifted_argument *argument = NULL;
        if (value->kind == WEFT_EXPR_LITERAL || value->kind == WEFT_EXPR_COLUMN) continue;
        WEFT_TRY(st, WEFT_NEW(ctx, &argument));
        *argument = (weft_lifted_argument){
            .id = weft_next_id(c->a->ids), .name = c->routine->parameters[i].name, .value = value};
        WEFT_TRY(st, weft_pointers_push(ctx, b->scope->lifted, argument));
        WEFT_TRY(st, weft_expr_column(ctx, argument->id, argument->name, value->type, value->nullable,
                                      &c->bound[i]));
    }
done:
    return st;
}

static weft_status simple_names(routine_call *c, weft_name **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, parameter_names(c, out));
    for (int32_t i = 0; i < c->routine->parameter_count; i++) (*out)[i].value = c->bound[i];
done:
    return st;
}

static weft_status fold_arguments(routine_call *c)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < c->routine->parameter_count; i++)
        if (!weft_has_aggregate(c->bound[i]) && !weft_expr_has_window(c->bound[i]))
            WEFT_TRY(st, weft_expr_fold(c->a->ctx, c->bound[i], &c->bound[i]));
done:
    return st;
}

static weft_status new_expr(weft_analyzer *a, weft_expr from, const weft_expr *arg, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *e = NULL;
    const weft_expr **args = NULL;
    WEFT_TRY(st, WEFT_NEW(a->ctx, &e));
    *e = from;
    e->nullable = true;
    if (arg != NULL) {
        WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, 1, &args));
        args[0] = arg;
        e->args = args;
        e->arg_count = 1;
    }
    *out = e;
done:
    return st;
}

static weft_status new_node(weft_analyzer *a, weft_node from, const weft_node *left, const weft_node *right,
                            const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    const weft_node **inputs = NULL;
    WEFT_TRY(st, WEFT_NEW(a->ctx, &node));
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, 2, &inputs));
    *node = from;
    node->output.count = -1;
    inputs[0] = left;
    inputs[1] = right;
    node->inputs = inputs;
    node->input_count = (left != NULL) + (right != NULL);
    *out = node;
done:
    return st;
}

/* (SELECT argument AS parameter, …) AS function, parsed. */
static weft_status argument_row(routine_call *c, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_analyzer *a = c->a;
    weft_pointers items = {0};
    for (int32_t i = 0; i < c->routine->parameter_count; i++) {
        const weft_parameter *p = &c->routine->parameters[i];
        const weft_expr *e = NULL;
        WEFT_TRY(st, new_expr(a, (weft_expr){.kind = WEFT_EXPR_CAST, .type = p->type}, c->parsed[i], &e));
        WEFT_TRY(st, new_expr(a, (weft_expr){.kind = WEFT_EXPR_ALIAS, .alias = {.name = p->name}}, e, &e));
        WEFT_TRY(st, weft_pointers_push(a->ctx, &items, e));
    }
    const weft_node select = {.kind = WEFT_NODE_SELECT,
                              .select = {.item_count = items.count, .items = weft_pointers_exprs(&items)}};
    WEFT_TRY(st, new_node(a, select, NULL, NULL, out));
    WEFT_TRY(st,
             new_node(a, (weft_node){.kind = WEFT_NODE_ALIAS, .alias = {.name = c->name}}, *out, NULL, out));
done:
    return st;
}

/* The body as an expression: a query is one in parentheses. */
static weft_status body_of(routine_call *c, const weft_expr **out)
{
    *out = c->routine->body;
    if (*out != NULL) return WEFT_OK;
    return new_expr(c->a,
                    (weft_expr){.kind = WEFT_EXPR_SUBQUERY,
                                .subquery = {.kind = WEFT_SUBQUERY_SCALAR, .plan = c->routine->query}},
                    NULL, out);
}

static weft_status bind_query_body(weft_binder *b, routine_call *c, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *body = NULL;
    weft_name *names = NULL;
    const weft_node *row = NULL, *select = NULL;
    const weft_expr **items = NULL;
    WEFT_TRY(st, body_of(c, &body));
    WEFT_TRY(st, fold_arguments(c));
    WEFT_TRY(st, lift_arguments(b, c));
    if (are_simple(c)) {
        WEFT_TRY(st, simple_names(c, &names));
        const weft_scope scope = {.count = c->routine->parameter_count,
                                  .names = names,
                                  .outer_uses = b->scope->outer_uses}; /* its columns are the caller's */
        weft_binder inner = {.a = c->a,
                             .scope = &scope,
                             .clause = "the body of a function",
                             .no_aggregates = WEFT_ROUTINE_AGGREGATE};
        st = weft_bind_expr(&inner, body, out);
        goto done;
    }
    WEFT_TRY(st, argument_row(c, &row));
    WEFT_TRY(st, WEFT_NEW_ARRAY(c->a->ctx, 1, &items));
    items[0] = body;
    const weft_node block = {.kind = WEFT_NODE_SELECT,
                             .select = {.item_count = 1, .items = items, .from = row}};
    WEFT_TRY(st, new_node(c->a, block, NULL, NULL, &select));
    const weft_expr subquery = {.kind = WEFT_EXPR_SUBQUERY,
                                .nullable = true,
                                .subquery = {.kind = WEFT_SUBQUERY_SCALAR, .plan = select}};
    const weft_expr *parsed = NULL;
    WEFT_TRY(st, new_expr(c->a, subquery, NULL, &parsed));
    st = weft_bind_expr(b, parsed, out);
done:
    return st;
}

/* ---- scalar calls ---- */

/* Spark's name of the call: the arguments as they are shown, up to the last that was written. */
static weft_status call_text(routine_call *c, const char **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = c->a->ctx;
    char *text = NULL;
    int32_t count = c->routine->parameter_count;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s(", c->routine->shown));
    while (count > 0 && !c->given[count - 1]) count--;
    for (int32_t i = 0; i < count; i++) {
        const char *argument = NULL;
        const weft_expr *e = c->bound[i];
        if (e->kind == WEFT_EXPR_CAST && e->cast.implicit) e = e->args[0];
        WEFT_TRY(st, weft_shown_text(c->a, e, &argument));
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s%s%s", text, i > 0 ? ", " : "", argument));
    }
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s)", text));
    *out = text;
done:
    return st;
}

weft_status weft_keep_shown(weft_analyzer *a, const char *text, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_expr *own = NULL;
    WEFT_TRY(st, WEFT_NEW(a->ctx, &own));
    *own = **out;
    *out = own;
    WEFT_TRY(st, weft_pointer_map_put(a->ctx, &a->shown, own, text));
done:
    return st;
}

weft_status weft_bind_routine(weft_binder *b, const weft_expr *e, const weft_routine *routine,
                              const weft_expr **out)
{
    weft_status st = WEFT_OK;
    routine_call c = {
        .a = b->a, .routine = routine, .call = e, .name = routine->parts[routine->part_count - 1]};
    routine_frame frame;
    const char *text = NULL;
    const weft_settings *const settings = b->a->ctx->settings;
    int32_t height = 0;
    if (routine->table)
        return weft_fail_at(
            b->a->ctx, WEFT_NOT_SCALAR_FUNCTION, weft_analyzer_span(b->a, &e->span),
            "%s appears as a scalar expression here, but the function was defined as a table "
            "function. Please update the query to move the function call into the FROM clause, "
            "or redefine %s as a scalar function instead.",
            routine->shown, routine->shown);
    WEFT_TRY(st, match_arguments(&c));
    const int32_t lifted = b->scope->lifted != NULL ? b->scope->lifted->count : 0;
    WEFT_TRY(st, bind_arguments(b, &c));
    c.lifts = b->scope->lifted != NULL && b->scope->lifted->count > lifted;
    WEFT_TRY(st, call_text(&c, &text));
    WEFT_TRY(st, weft_analyzer_enter(b->a, &e->span, &height));
    WEFT_TRY(st, enter_routine(&c, &frame));
    const bool plain = routine->body != NULL && !weft_expr_any(routine->body, is_query_kind, NULL);
    st = plain ? bind_body(&c, out) : bind_query_body(b, &c, out);
    WEFT_TRY(st, leave_routine(&c, &frame, st));
    weft_analyzer_leave(b->a, height);
    if (routine->typed) WEFT_TRY(st, weft_expr_cast(b->a->ctx, *out, routine->type, true, out));
    WEFT_TRY(st, weft_keep_shown(b->a, text, out));
done:
    b->a->ctx->settings = settings;
    return st;
}

/* ---- what calls are called ---- */

static weft_status to_shown(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    const weft_analyzer *a = self;
    const char *text = weft_pointer_map_get(&a->shown, e);
    return text == NULL ? WEFT_OK : weft_expr_column(ctx, -1, text, e->type, e->nullable, out);
}

weft_status weft_shown_text(weft_analyzer *a, const weft_expr *e, const char **out)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    if (a->shown.count > 0) WEFT_TRY(st, weft_rewrite_top(a->ctx, e, to_shown, a, &e));
    WEFT_TRY(st, weft_expr_text(a->ctx, e, false, &text));
    *out = text;
done:
    return st;
}

/* ---- calls in FROM ---- */

/* The columns as they were declared, under the function's name. */
static weft_status declared_columns(routine_call *c, const weft_name *names, int32_t count, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_analyzer *a = c->a;
    const weft_routine *r = c->routine;
    weft_pointers exprs = {0};
    if (r->typed && r->column_count != count)
        WEFT_TRY(st,
                 weft_fail(a->ctx, WEFT_ROUTINE_COLUMNS,
                           "The number of columns produced by the RETURN clause (num: `%d`) does not match "
                           "the number of column names specified by the RETURNS clause (num: `%d`) of %s.",
                           count, r->column_count, r->shown));
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *e = NULL;
        const weft_parameter *column = r->typed ? &r->columns[i] : NULL;
        WEFT_TRY(st, weft_name_column(a->ctx, &names[i], &e));
        if (column != NULL) WEFT_TRY(st, weft_expr_cast(a->ctx, e, column->type, true, &e));
        WEFT_TRY(st, weft_expr_alias(a->ctx, e, weft_next_id(a->ids),
                                     column != NULL ? column->name : names[i].name, &e));
        WEFT_TRY(st, weft_pointers_push(a->ctx, &exprs, e));
    }
    const weft_node *node = NULL;
    WEFT_TRY(st, weft_node_project(a->ctx, out->node, weft_pointers_exprs(&exprs), exprs.count, &node));
    WEFT_TRY(st, weft_names_of(a->ctx, node, c->name, out));
done:
    return st;
}

static weft_status bind_table_body(routine_call *c, const weft_scope *outer, weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_analyzer *a = c->a;
    weft_name *names = NULL;
    const weft_node *row = NULL, *body = NULL, *join = NULL;
    WEFT_TRY(st, fold_arguments(c));
    if (are_simple(c)) { /* constants: in FROM a column is one of a query around it, which is OUTER */
        WEFT_TRY(st, simple_names(c, &names));
        const weft_scope scope = {.count = c->routine->parameter_count, .names = names};
        WEFT_TRY(st, weft_bind_query(a, c->routine->query, &scope, NULL, out));
        WEFT_TRY(st, weft_drop_file_columns(a, out));
        WEFT_TRY(st, declared_columns(c, out->names, out->count, out));
        goto done;
    }
    WEFT_TRY(st, argument_row(c, &row));
    const weft_node alias = {.kind = WEFT_NODE_ALIAS, .alias = {.name = "__body"}};
    WEFT_TRY(st, new_node(a, alias, c->routine->query, NULL, &body));
    const weft_node model = {.kind = WEFT_NODE_JOIN, .join = {.kind = WEFT_JOIN_INNER, .lateral = true}};
    WEFT_TRY(st, new_node(a, model, row, body, &join));
    WEFT_TRY(st, weft_bind_from(a, join, outer, ctes, out));
    WEFT_TRY(st, weft_drop_file_columns(a, out));
    const int32_t count = c->routine->parameter_count;
    WEFT_TRY(st, declared_columns(c, out->names + count, out->count - count, out));
done:
    return st;
}

weft_status weft_bind_table_routine(weft_analyzer *a, const weft_expr *call, const weft_routine *routine,
                                    const weft_scope *outer, weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    routine_call c = {
        .a = a, .routine = routine, .call = call, .name = routine->parts[routine->part_count - 1]};
    routine_frame frame;
    const weft_settings *const settings = a->ctx->settings;
    const weft_scope scope = {.outer = outer};
    weft_binder b = {.a = a,
                     .scope = &scope,
                     .ctes = ctes,
                     .clause = "FROM",
                     .no_aggregates = WEFT_INVALID_WHERE_CONDITION};
    if (!routine->table)
        return weft_fail_at(a->ctx, WEFT_NOT_A_TABLE_FUNCTION, weft_analyzer_span(a, &call->span),
                            "%s appears as a table function here, but the function was defined as a scalar "
                            "function. Please update the query to move the function call outside the FROM "
                            "clause, or redefine %s as a table function instead.",
                            routine->shown, routine->shown);
    WEFT_TRY(st, match_arguments(&c));
    WEFT_TRY(st, bind_arguments(&b, &c));
    WEFT_TRY(st, enter_routine(&c, &frame));
    st = bind_table_body(&c, outer, ctes, out);
    WEFT_TRY(st, leave_routine(&c, &frame, st));
done:
    a->ctx->settings = settings;
    return st;
}
