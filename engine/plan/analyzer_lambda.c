/* engine/plan/analyzer_lambda.c - calls with lambdas: the plain arguments are bound first, then each lambda
 * with variables of the types that the function gives them (engine/expr/lambda.h).
 *
 * The names of variables hide columns in the body; a variable of an inner lambda hides one of an outer. */
#include <strings.h>

#include "engine/expr/coerce.h"
#include "engine/expr/function.h"
#include "engine/expr/inputs.h"
#include "engine/expr/lambda.h"
#include "engine/plan/analyzer_internal.h"

bool weft_is_parsed_lambda(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_UNRESOLVED_CALL && strcmp(e->unresolved.name, "->") == 0;
}

weft_status weft_bind_lambda_name(weft_binder *b, const weft_expr *e, const weft_expr **out)
{
    *out = NULL;
    for (const weft_lambda_scope *scope = b->lambda; scope != NULL; scope = scope->outer) {
        for (int32_t i = 0; i < scope->count; i++) {
            if (strcasecmp(scope->names[i], e->name.parts[0]) != 0) continue;
            *out = scope->variables[i];
            return WEFT_OK;
        }
    }
    return WEFT_OK;
}

/* The name of a lambda's i-th variable, counted from 0. */
static const char *variable_name(const weft_expr *parsed, int32_t i)
{
    return parsed->args[1 + i]->name.parts[0];
}

static weft_status check_names(weft_binder *b, const weft_expr *parsed, int32_t most)
{
    const weft_span *span = weft_analyzer_span(b->a, &parsed->span);
    const int32_t count = parsed->arg_count - 1;
    for (int32_t i = 0; i < count; i++) {
        for (int32_t k = 0; k < i; k++) {
            if (strcasecmp(variable_name(parsed, i), variable_name(parsed, k)) != 0) continue;
            return weft_fail_at(b->a->ctx, WEFT_LAMBDA_DUPLICATE, span,
                                "Invalid lambda function call. The lambda function has duplicate arguments "
                                "`%s`.",
                                variable_name(parsed, i));
        }
    }
    if (count <= most) return WEFT_OK;
    return weft_fail_at(b->a->ctx, WEFT_LAMBDA_ARGUMENTS, span,
                        "Invalid lambda function call. A higher order function expects %d arguments, but got "
                        "%d.",
                        count, most);
}

/* A constant, or an expression of columns, in the place of a lambda is one that leaves its variables alone.
 */
static weft_status bind_body(weft_binder *b, const weft_expr *parsed, const weft_type *types, int32_t most,
                             const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const bool written = weft_is_parsed_lambda(parsed);
    weft_lambda_scope scope = {.outer = b->lambda, .depth = b->lambda != NULL ? b->lambda->depth + 1 : 0};
    weft_binder inner = *b;
    const weft_expr *body = NULL;
    const int32_t count = written ? parsed->arg_count - 1 : most;
    if (written) WEFT_TRY(st, check_names(b, parsed, most));
    scope.count = written ? count : 0;
    for (int32_t i = 0; i < count; i++) {
        if (written) scope.names[i] = variable_name(parsed, i);
        WEFT_TRY(st,
                 weft_lambda_variable(ctx, scope.depth, i, types[i], scope.names[i], &scope.variables[i]));
    }
    inner.lambda = &scope;
    inner.aggregates = inner.windows = false;
    inner.no_aggregates = WEFT_LAMBDA_MISPLACED;
    WEFT_TRY(st, weft_bind_expr(&inner, written ? parsed->args[0] : parsed, &body));
    b->substituted |= inner.substituted;
    if (weft_expr_has_subquery(body))
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_LAMBDA_SUBQUERY, weft_analyzer_span(b->a, &parsed->span),
                                  "Unsupported subquery expression: Subquery expressions are not supported "
                                  "within higher-order functions."));
    WEFT_TRY(st, weft_lambda_make(ctx, body, scope.variables, count, weft_analyzer_span(b->a, &parsed->span),
                                  out));
done:
    return st;
}

weft_status weft_bind_lambda_call(weft_binder *b, const weft_expr *e, const weft_function *fn,
                                  const weft_expr **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = b->a->ctx;
    const weft_span *span = weft_analyzer_span(b->a, &e->span);
    const weft_expr **args = NULL;
    weft_type types[WEFT_LAMBDA_VARIABLES_MAX];
    const int32_t low = fn->signatures[0].min_args, high = fn->signatures[0].max_args;
    if (e->arg_count < low || e->arg_count > high)
        return weft_fail_arg_count(ctx, e->unresolved.name, low, high, e->arg_count, span);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, e->arg_count, &args));
    for (int32_t i = 0; i < e->arg_count; i++) {
        int32_t most = 0;
        if (i > 0) WEFT_TRY(st, weft_expect_inputs(ctx, fn->name, args, i, span));
        if (i > 0) WEFT_TRY(st, fn->lambda_types(ctx, fn, args, i, span, types, &most));
        /* what is no lambda gets the element, and not its place too */
        if (most > 1 && !weft_is_parsed_lambda(e->args[i]) &&
            (strcmp(fn->name, "transform") == 0 || strcmp(fn->name, "filter") == 0))
            most = 1;
        if (most > 0) {
            WEFT_TRY(st, bind_body(b, e->args[i], types, most, &args[i]));
        } else if (weft_is_parsed_lambda(e->args[i])) {
            WEFT_TRY(st,
                     weft_fail_at(ctx, WEFT_LAMBDA_MISPLACED, span,
                                  "A lambda function stands where %s() takes a value.", e->unresolved.name));
        } else {
            WEFT_TRY(st, weft_bind_expr(b, e->args[i], &args[i]));
        }
    }
    WEFT_TRY(st, weft_expr_call(ctx, e->unresolved.name, args, e->arg_count, span, out));
done:
    return st;
}
