/* engine/expr/lambda.c - bodies of lambdas: their nodes, their captures, and running them over elements.
 *
 * A body is a program of its own, compiled when a lane first runs the call: its inputs are the variables of
 * the lambda and the captures. Results are copied out of the program's registers, batch by batch. */
#include "engine/expr/lambda.h"

#include "common/mem.h"
#include "engine/columnar/nested.h"
#include "engine/expr/fn_entry.h"

enum { VARIABLES_A_LEVEL = 16 };

bool weft_is_lambda(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_CALL && strcmp(e->call.function->name, "lambdafunction") == 0;
}

bool weft_is_lambda_variable(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_CALL && strcmp(e->call.function->name, "namedlambdavariable") == 0;
}

weft_status weft_lambda_variable(weft_ctx *ctx, int32_t depth, int32_t index, weft_type type,
                                 const char *name, const weft_expr **out)
{
    weft_expr *named = NULL;
    weft_status st = WEFT_OK;
    const weft_expr *args[2] = {NULL, NULL};
    const weft_value number = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT),
                               .i64 = (int64_t)depth * VARIABLES_A_LEVEL + index};
    const weft_value null = {.type = type, .is_null = true};
    WEFT_TRY(st, weft_expr_literal(ctx, &number, &args[0]));
    WEFT_TRY(st, weft_expr_literal(ctx, &null, &args[1]));
    WEFT_TRY(st, weft_expr_call(ctx, "namedlambdavariable", args, 2, NULL, out));
    WEFT_TRY(st, WEFT_NEW(ctx, &named));
    *named = **out;
    named->call.written = name;
    *out = named;
done:
    return st;
}

weft_status weft_lambda_make(weft_ctx *ctx, const weft_expr *body, const weft_expr *const *variables,
                             int32_t count, const weft_span *span, const weft_expr **out)
{
    const weft_expr *args[1 + WEFT_LAMBDA_VARIABLES_MAX] = {body};
    for (int32_t i = 0; i < count; i++) args[1 + i] = variables[i];
    return weft_expr_call(ctx, "lambdafunction", args, 1 + count, span, out);
}

/* ---- captures ---- */

typedef struct capture_list {
    weft_ctx *ctx;
    weft_status st;
    const weft_expr **at;
    int32_t count, room;
} capture_list;

static bool capture_visit(void *self, const weft_expr *e)
{
    capture_list *list = self;
    if (e->kind != WEFT_EXPR_COLUMN) return false;
    for (int32_t i = 0; i < list->count; i++) {
        if (list->at[i]->column.ordinal == e->column.ordinal) return false;
    }
    if (list->count == list->room) {
        const weft_expr **grown = NULL;
        const int32_t room = weft_max_i32(4, 2 * list->room);
        list->st = WEFT_NEW_ARRAY(list->ctx, room, &grown);
        if (list->st != WEFT_OK) return true;
        for (int32_t i = 0; i < list->count; i++) grown[i] = list->at[i];
        list->at = grown;
        list->room = room;
    }
    list->at[list->count++] = e;
    return false;
}

weft_status weft_lambda_captures(weft_ctx *ctx, const weft_expr *call, const weft_expr *const **out,
                                 int32_t *count)
{
    capture_list list = {.ctx = ctx, .st = WEFT_OK};
    for (int32_t i = 0; i < call->arg_count; i++) {
        if (weft_is_lambda(call->args[i])) (void)weft_expr_any(call->args[i], capture_visit, &list);
    }
    *out = list.at;
    *count = list.count;
    return list.st;
}

/* ---- opening ---- */

typedef struct body_inputs {
    const weft_expr *lambda;
    const weft_expr *const *captures;
    int32_t capture_count;
} body_inputs;

/* Variables and captures as columns of the body's own input. */
static weft_status rewrite_inputs(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    const body_inputs *inputs = self;
    const int32_t variables = inputs->lambda->arg_count - 1;
    *out = e;
    for (int32_t i = 0; weft_is_lambda_variable(e) && i < variables; i++) {
        const weft_expr *variable = inputs->lambda->args[1 + i];
        if (e->args[0]->literal.i64 == variable->args[0]->literal.i64)
            return weft_expr_ordinal(ctx, i, e->type, true, out);
    }
    for (int32_t i = 0; e->kind == WEFT_EXPR_COLUMN && i < inputs->capture_count; i++) {
        if (e->column.ordinal == inputs->captures[i]->column.ordinal)
            return weft_expr_ordinal(ctx, variables + i, e->type, e->nullable, out);
    }
    return WEFT_OK;
}

static weft_status lambda_open(weft_ctx *ctx, const weft_expr *e, const weft_expr *const *captures,
                               weft_lambda *lambda)
{
    weft_status st = WEFT_OK;
    const weft_expr *body = NULL;
    const weft_program *program = NULL;
    weft_type *types = NULL;
    const int32_t count = lambda->variable_count + lambda->capture_count;
    body_inputs inputs = {.lambda = e, .captures = captures, .capture_count = lambda->capture_count};
    lambda->expr = e;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &lambda->inputs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &lambda->columns));
    for (int32_t i = 0; i < count; i++) {
        const bool variable = i < lambda->variable_count;
        types[i] = variable ? e->args[1 + i]->type : captures[i - lambda->variable_count]->type;
        WEFT_TRY(st, weft_vector_init(ctx, types[i], WEFT_BATCH_ROWS_MAX, &lambda->inputs[i]));
    }
    /* Rewriting goes from the leaves up: those of a lambda in the body have other numbers. */
    WEFT_TRY(st, weft_expr_rewrite(ctx, weft_lambda_body(e), rewrite_inputs, &inputs, &body));
    WEFT_TRY(st, weft_program_compile(ctx, &body, 1, types, count, &program));
    WEFT_TRY(st, weft_eval_open(ctx, program, &lambda->eval));
    WEFT_TRY(st, weft_vector_init(ctx, body->type, WEFT_BATCH_ROWS_MAX, &lambda->results));
done:
    return st;
}

weft_status weft_lambdas_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    weft_status st = WEFT_OK;
    weft_lambdas *all = NULL;
    const weft_expr *const *captures = NULL;
    int32_t capture_count = 0, plain = 0;
    WEFT_TRY(st, WEFT_NEW(ctx, &all));
    *state = all;
    WEFT_TRY(st, weft_lambda_captures(ctx, call, &captures, &capture_count));
    for (int32_t i = 0; i < call->arg_count; i++) plain += !weft_is_lambda(call->args[i]);
    for (int32_t i = 0; i < call->arg_count; i++) {
        if (!weft_is_lambda(call->args[i]) || all->count == WEFT_LAMBDAS_MAX) continue;
        weft_lambda *lambda = &all->at[all->count++];
        lambda->variable_count = call->args[i]->arg_count - 1;
        lambda->capture_count = capture_count;
        lambda->capture_at = plain;
        WEFT_TRY(st, lambda_open(ctx, call->args[i], captures, lambda));
    }
done:
    return st;
}

void weft_lambdas_close(void *state)
{
    weft_lambdas *all = state;
    for (int32_t k = 0; all != NULL && k < all->count; k++) {
        weft_lambda *lambda = &all->at[k];
        const int32_t count = lambda->variable_count + lambda->capture_count;
        for (int32_t i = 0; lambda->inputs != NULL && i < count; i++) weft_vector_deinit(&lambda->inputs[i]);
        weft_eval_close(&lambda->eval);
        weft_vector_deinit(&lambda->results);
    }
}

/* ---- running ---- */

weft_status weft_vector_copy(weft_ctx *ctx, weft_vector *vector, int32_t i, const weft_column *from,
                             int32_t row)
{
    weft_status st = WEFT_OK;
    const weft_phys phys = weft_type_phys(vector->column.type);
    if (weft_column_is_null(from, row)) {
        weft_vector_set_null(vector, i);
    } else if (phys == WEFT_PHYS_STR) {
        const weft_str *s = weft_column_value(from, row);
        WEFT_TRY(st, weft_vector_set_string(ctx, vector, i, weft_str_data(s), s->len));
    } else if (weft_phys_is_nested(phys)) {
        const uint64_t bytes = weft_nested_bytes(from, row);
        char *packed = NULL;
        if (bytes > INT32_MAX)
            WEFT_TRY(st, weft_fail(ctx, WEFT_LIMIT, "a nested value of %llu bytes: more than 2147483647",
                                   (unsigned long long)bytes));
        WEFT_TRY(st, weft_vector_heap(ctx, vector, (size_t)bytes + 1, &packed));
        (void)weft_nested_pack(from, row, (uint8_t *)packed);
        const weft_str view = weft_str_view(packed, (uint32_t)bytes);
        WEFT_TRY(st, weft_nested_unpack_one(ctx, &view, i, vector));
    } else {
        WEFT_TRY(st, weft_vector_set(ctx, vector, i, from, row));
    }
done:
    return st;
}

static void reset_inputs(weft_lambda *lambda)
{
    for (int32_t i = 0; i < lambda->variable_count + lambda->capture_count; i++)
        weft_vector_reset(&lambda->inputs[i]);
    lambda->filled = 0;
}

void weft_lambda_begin(weft_lambda *lambda)
{
    reset_inputs(lambda);
    weft_vector_reset(&lambda->results);
    lambda->count = 0;
}

weft_status weft_lambda_set(weft_ctx *ctx, weft_lambda *lambda, int32_t v, const weft_column *from,
                            int32_t row)
{
    return weft_vector_set(ctx, &lambda->inputs[v], lambda->filled, from, row);
}

static weft_status lambda_flush(weft_ctx *ctx, weft_lambda *lambda)
{
    weft_status st = WEFT_OK;
    weft_column result;
    const int32_t inputs = lambda->variable_count + lambda->capture_count, total = lambda->count;
    if (lambda->filled == 0) return WEFT_OK;
    for (int32_t i = 0; i < inputs; i++) {
        weft_vector_finish(&lambda->inputs[i]);
        lambda->columns[i] = lambda->inputs[i].column;
    }
    const weft_batch batch = {.rows = lambda->filled,
                              .selected = lambda->filled,
                              .column_count = inputs,
                              .columns = lambda->columns};
    WEFT_TRY(st, weft_check_cancel(ctx));
    WEFT_TRY(st, weft_eval_project(ctx, lambda->eval, &batch, &result));
    if (lambda->results.capacity < total + lambda->filled) {
        const int64_t room = weft_max_i64((int64_t)total + lambda->filled, 2 * (int64_t)total);
        if (room > INT32_MAX)
            WEFT_TRY(st, weft_fail(ctx, WEFT_LIMIT, "more than 2147483647 elements in one batch of arrays"));
        WEFT_TRY(st, weft_vector_reserve(ctx, &lambda->results, (int32_t)room));
    }
    for (int32_t k = 0; k < lambda->filled; k++)
        WEFT_TRY(st, weft_vector_copy(ctx, &lambda->results, total + k, &result, k));
    lambda->count += lambda->filled;
    reset_inputs(lambda);
done:
    return st;
}

weft_status weft_lambda_push(weft_ctx *ctx, weft_lambda *lambda, const weft_kernel_call *call, int32_t row)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < lambda->capture_count; i++) {
        const weft_column *capture = &call->args[lambda->capture_at + i];
        WEFT_TRY(st, weft_vector_set(ctx, &lambda->inputs[lambda->variable_count + i], lambda->filled,
                                     capture, row));
    }
    if (++lambda->filled == WEFT_BATCH_ROWS_MAX) WEFT_TRY(st, lambda_flush(ctx, lambda));
done:
    return st;
}

weft_status weft_lambda_end(weft_ctx *ctx, weft_lambda *lambda)
{
    const weft_status st = lambda_flush(ctx, lambda);
    weft_vector_finish(&lambda->results);
    return st;
}

/* ---- registry ---- */

static weft_status bind_variable(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                 int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    const bool good = count == 2 && args[0]->kind == WEFT_EXPR_LITERAL && args[0]->type.id == WEFT_TYPE_INT &&
                      !args[0]->literal.is_null && args[1]->kind == WEFT_EXPR_LITERAL;
    if (!good) return weft_fail_routine(ctx, fn->name, span);
    *variant = 0;
    *type = args[1]->type;
    return WEFT_OK;
}

static weft_status bind_lambda(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                               const weft_span *span, int32_t *variant, weft_type *type)
{
    bool good = count >= 1 && count <= 1 + WEFT_LAMBDA_VARIABLES_MAX;
    for (int32_t i = 1; i < count && good; i++) good = weft_is_lambda_variable(args[i]);
    if (!good) return weft_fail_routine(ctx, fn->name, span);
    *variant = 0;
    *type = args[0]->type;
    return WEFT_OK;
}

enum { PART = WEFT_FN_NULL_OWN | WEFT_FN_LAMBDA_PART };

WEFT_FN_FORM(lambda, 1, 1 + WEFT_LAMBDA_VARIABLES_MAX, WEFT_TYPE_COUNT, NULL, WEFT_TYPE_COUNT);
WEFT_FN_ENTRY(lambda, "lambdafunction", NULL, PART, bind_lambda, "x -> e: a lambda function",
              "SELECT transform(array(1), x -> x + 1)", "[2]");
WEFT_FN_FORM(lambda_variable, 2, 2, WEFT_TYPE_COUNT, NULL, WEFT_TYPE_COUNT);
WEFT_FN_ENTRY(lambda_variable, "namedlambdavariable", NULL, PART, bind_variable,
              "x of x -> e: a variable of a lambda function", "SELECT transform(array(1), x -> x)", "[1]");
