/* engine/expr/function.h - the registry of scalar functions: one const table, one file a family.
 *
 * To add a function: write its weft_function in the family's file (fn_math.c, fn_string.c …) and one line
 * X(symbol) in function_list.h. Binder, SHOW FUNCTIONS, documentation and the property tests read that entry.
 *
 * A kernel computes one batch column from argument columns. It is called with FLAT, CONSTANT or DICTIONARY
 * arguments as its flags allow (the driver flattens others, evaluates once per dictionary entry where the
 * function has one non-constant argument and is infallible, intersects NULLs for null-propagating functions
 * and zeroes null slots), so the usual kernel sees plain arrays and no nulls. */
#ifndef WEFT_EXPR_FUNCTION_H
#define WEFT_EXPR_FUNCTION_H

#include "engine/columnar/builder.h"
#include "engine/expr/expr.h"

typedef enum weft_function_flags {
    WEFT_FN_NULL_OWN = 1,         /* handles NULLs itself; otherwise NULL in, NULL out */
    WEFT_FN_FALLIBLE = 2,         /* may raise */
    WEFT_FN_NONDETERMINISTIC = 4, /* rand(), uuid(): goes by the task and by the place of a row in it */
    WEFT_FN_COMMUTATIVE = 8,
    WEFT_FN_WINDOW_ONLY = 16,        /* row_number(), rank(), lag() … : only with OVER */
    WEFT_FN_STATEMENT_CONSTANT = 32, /* current_date(), now(): folded once a statement */
    WEFT_FN_TRY = 128,               /* what would raise gives NULL: try_add() … */
    WEFT_FN_GIVES_NULL = 256,        /* may be NULL though no argument is: ln(0) */
    WEFT_FN_NEVER_NULL = 512,        /* with WEFT_FN_NULL_OWN: never NULL */
    WEFT_FN_CAPITALS = 1024,         /* Spark shows its name in capitals: POWER(2, 3) */
    WEFT_FN_GENERATOR = 2048,        /* gives rows, in EXPAND only: no kernel (fn_generate.c) */
    WEFT_FN_SEED_UNSEEN = 4096,      /* Spark never shows its seed: uuid(), shuffle() */
    WEFT_FN_BY_ATTEMPT = 8192,       /* nondeterministic: another attempt of a task gives others */
    WEFT_FN_LAMBDA_PART = 16384,     /* a lambda or a variable of one (lambda.h): never computed by itself */
    WEFT_FN_SHOWS_FIRST = 32768,     /* Spark shows its first argument only: from_json(j) */
    WEFT_FN_SHOWS_TWO = 65536,       /* its first two: variant_get(v, path) */
    WEFT_FN_ZONED = 64 /* of timestamps in the session's time zone: the kernel's state is that weft_zone */
} weft_function_flags;

/* What a kernel gets. Results go to out->values at the same physical positions as the inputs; out has room
 * for WEFT_BATCH_ROWS_MAX slots of out->column.phys, which the kernel may narrow or widen for decimals. */
typedef struct weft_kernel_call {
    const weft_expr *expr;   /* the node: literal arguments, types, span for errors */
    const weft_column *args; /* arg_count columns */
    int32_t arg_count;
    int32_t rows; /* physical slots */
    const uint16_t
        *selection; /* rows that must be right; NULL: all. Infallible kernels may compute the others too */
    int32_t selected;
    const uint64_t *valid; /* slots where no argument is null, or NULL: all; errors only count there */
    weft_vector *out;
    void *state; /* of this call site in this lane; made by function->open, else NULL */
} weft_kernel_call;

typedef weft_status (*weft_kernel)(weft_ctx *ctx, weft_kernel_call *call);

enum { WEFT_SIGNATURE_ARGS_MAX = 8 };

/* One accepted form. Argument types by id; WEFT_TYPE_COUNT means "any". The last type repeats when variadic.
 */
typedef struct weft_signature {
    uint8_t args[WEFT_SIGNATURE_ARGS_MAX];
    int8_t min_args, max_args; /* max_args -1: variadic */
    uint8_t result;            /* type id; for DECIMAL, STRUCT … the function's result_type decides */
    weft_kernel kernel;
} weft_signature;

struct weft_function {
    const char *name;    /* lower case, or the operator's text */
    const char *aliases; /* comma separated, or NULL */
    uint32_t flags;
    int8_t seed_at; /* which argument is the seed, from 1 (else the analyser draws it); 0: none */
    const weft_signature *signatures;
    int32_t signature_count;
    /* Coerce arguments and choose a signature; NULL: the first signature to which all arguments cast
     * implicitly. Replaces args in place, sets *variant and *type. */
    weft_status (*bind)(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                        const weft_span *span, int32_t *variant, weft_type *type);
    /* Per call site and lane: precompiled pattern, parsed format … from literal args; freed by close. May be
     * NULL. */
    weft_status (*open)(weft_ctx *ctx, const weft_expr *call, void **state);
    void (*close)(void *state);
    /* Of functions that take lambdas (lambda.h): how many variables the lambda args[at] may have at most, and
     * their types; 0 where no lambda stands there. The arguments before it are bound, and may get casts. Else
     * NULL. */
    weft_status (*lambda_types)(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t at,
                                const weft_span *span, weft_type *types, int32_t *count);
    const char *help;    /* usage and one sentence */
    const char *example; /* "SELECT upper('a')" */
    const char *example_result;
};

/* By name or alias, any case; NULL when there is none. */
const weft_function *weft_function_find(const char *name);
/* Is it a call of a generator; does it hold one? */
bool weft_is_generator(const weft_expr *e);
bool weft_has_generator(const weft_expr *e);
/* All, in list order. */
const weft_function *const *weft_function_all(int32_t *count);

/* What is listed and described as a function, though something else is made of it (form_list.h). */
typedef struct weft_form {
    const char *name, *help, *example, *example_result;
} weft_form;

const weft_form *weft_form_all(int32_t *count);
const weft_form *weft_form_find(const char *name); /* any case; or NULL */

#endif
