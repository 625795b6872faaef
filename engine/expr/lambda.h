/* engine/expr/lambda.h - lambda functions: x -> x + 1 as an argument of transform(), filter() and their kin.
 *
 * A lambda is a call of "lambdafunction" over its body and its variables; a variable is a call of
 * "namedlambdavariable" over a number and a NULL of its type. Numbers count from the outermost lambda in, so
 * that equal lambdas are equal expressions. A function that takes lambdas (weft_function.lambda_types) gets
 * as the columns of its kernel its other arguments and then the columns that the bodies read (the captures).
 *
 * A kernel runs a body over many elements at once: it sets the variables of one call after another, and
 * finds the results in the same order. */
#ifndef WEFT_EXPR_LAMBDA_H
#define WEFT_EXPR_LAMBDA_H

#include "engine/expr/program.h"

enum { WEFT_LAMBDA_VARIABLES_MAX = 3, WEFT_LAMBDAS_MAX = 2 };

bool weft_is_lambda(const weft_expr *e);
bool weft_is_lambda_variable(const weft_expr *e);
/* The body of a bound lambda, and its variables, e->arg_count - 1 of them. */
static inline const weft_expr *weft_lambda_body(const weft_expr *e) { return e->args[0]; }

/* Bound nodes for the analyser. depth: lambdas around this one; index: of the variable in its lambda; name:
 * as written, or NULL. */
WEFT_MUST_CHECK weft_status weft_lambda_variable(weft_ctx *ctx, int32_t depth, int32_t index, weft_type type,
                                                 const char *name, const weft_expr **out);
WEFT_MUST_CHECK weft_status weft_lambda_make(weft_ctx *ctx, const weft_expr *body,
                                             const weft_expr *const *variables, int32_t count,
                                             const weft_span *span, const weft_expr **out);

/* The columns (by ordinal) that the lambdas of a call read, each once; in ctx->arena. */
WEFT_MUST_CHECK weft_status weft_lambda_captures(weft_ctx *ctx, const weft_expr *call,
                                                 const weft_expr *const **out, int32_t *count);

/* One lambda of a call in one lane. */
typedef struct weft_lambda {
    const weft_expr *expr;
    weft_eval *eval;
    int32_t variable_count, capture_count;
    int32_t capture_at;   /* the first capture among the kernel's arguments */
    weft_vector *inputs;  /* variables, captures */
    weft_column *columns; /* views of them */
    int32_t filled;       /* calls whose variables are set, not run yet */
    int32_t count;        /* results */
    weft_vector results;
} weft_lambda;

/* The state of a call site: its lambdas, in the order of its arguments. */
typedef struct weft_lambdas {
    weft_lambda at[WEFT_LAMBDAS_MAX];
    int32_t count;
} weft_lambdas;

WEFT_MUST_CHECK weft_status weft_lambdas_open(weft_ctx *ctx, const weft_expr *call, void **state);
void weft_lambdas_close(void *state);

/* Forget results and calls. */
void weft_lambda_begin(weft_lambda *lambda);
/* The next call: variable v of it is slot `filled` of inputs[v], which the caller sets by weft_vector_set or
 * weft_vector_set_null before it pushes; row: of the kernel, whose captures the body sees. */
WEFT_MUST_CHECK weft_status weft_lambda_push(weft_ctx *ctx, weft_lambda *lambda, const weft_kernel_call *call,
                                             int32_t row);
/* Run what is left: results.column has `count` values then. They stay until the next begin. */
WEFT_MUST_CHECK weft_status weft_lambda_end(weft_ctx *ctx, weft_lambda *lambda);
/* Set variable v of the next call from a slot of a column, NULL being NULL. */
WEFT_MUST_CHECK weft_status weft_lambda_set(weft_ctx *ctx, weft_lambda *lambda, int32_t v,
                                            const weft_column *from, int32_t row);

/* Slot i of a vector becomes the value of a column's row, strings copied into the vector. */
WEFT_MUST_CHECK weft_status weft_vector_copy(weft_ctx *ctx, weft_vector *vector, int32_t i,
                                             const weft_column *from, int32_t row);

#endif
