/* engine/expr/expr.h - expression trees, logical and physical (contract 4).
 *
 * One immutable node type from the parser to the kernels. Nodes live in the arena of the query and are shared
 * freely (a DAG); whoever changes an expression makes new nodes (weft_expr_with_args).
 *   parsed    UNRESOLVED_* kinds, STAR, and calls by name: types are unknown.
 *   bound     after the analyser: every node has type, nullability and, for calls, the function with its
 * kernel choice; columns carry a query-wide unique id (like Spark's exprId), never a position. The analyser
 * has inserted every implicit CAST, so that functions get exactly the types their signature names. physical
 * COLUMN nodes carry the ordinal of the operator's input batch instead. Fallible expressions
 * (weft_expr_fallible) may raise; rules must never make them run on rows, or at a time, that the query as
 * written would not (contract 3). */
#ifndef WEFT_EXPR_EXPR_H
#define WEFT_EXPR_EXPR_H

#include "engine/expr/value.h"

typedef struct weft_function weft_function;   /* function.h */
typedef struct weft_aggregate weft_aggregate; /* aggregate.h */
typedef struct weft_node weft_node;           /* plan/logical.h; only subquery expressions point there */

/* Appended only: the numbers are on the wire. */
/* As which function the parser leaves the row (a, b, …); struct() is another, in names of columns. */
#define WEFT_ROW_FUNCTION "()"
/* call.written of a call that names of columns leave out: only its argument shows. */
#define WEFT_HIDDEN_CALL ""

typedef enum weft_expr_kind {
    WEFT_EXPR_LITERAL = 0, /* literal */
    WEFT_EXPR_COLUMN,      /* column: id (logical) or ordinal (physical) */
    WEFT_EXPR_CALL, /* function(args...) with a bound scalar function; operators are functions too: "+", "=",
                       … */
    WEFT_EXPR_CAST, /* CAST(args[0] AS type); cast.try_ gives NULL for bad input */
    WEFT_EXPR_CASE, /* args: cond0, value0, cond1, value1, …, [else]; arg_count odd means there is an ELSE */
    WEFT_EXPR_AND,  /* args two or more; three-valued */
    WEFT_EXPR_OR,
    WEFT_EXPR_NOT,
    WEFT_EXPR_IN,      /* args[0] IN (args[1..]): all casts done, items may be any expressions */
    WEFT_EXPR_IS_NULL, /* never NULL itself */
    WEFT_EXPR_IS_NOT_NULL,
    WEFT_EXPR_COALESCE,  /* lazily from the left */
    WEFT_EXPR_AGGREGATE, /* aggregate(args…) [DISTINCT] [FILTER (WHERE filter)] */
    WEFT_EXPR_WINDOW,    /* args[0] is an AGGREGATE or a CALL to a window function; window holds the frame */
    WEFT_EXPR_SUBQUERY,  /* subquery.plan; scalar, EXISTS, or args[...] IN (subquery) */
    WEFT_EXPR_ALIAS,     /* args[0] AS alias.name; carries the new column id */
    WEFT_EXPR_OUTER,     /* args[0] is a COLUMN of the enclosing query (correlation) */
    WEFT_EXPR_SORT_KEY,  /* args[0] with sort.descending, sort.nulls_first */
    /* parsed only */
    WEFT_EXPR_UNRESOLVED_COLUMN, /* name.parts */
    WEFT_EXPR_UNRESOLVED_CALL,   /* call.name(args…) [DISTINCT] [FILTER], also with OVER through WINDOW */
    WEFT_EXPR_STAR,              /* *, t.* : name.parts is the qualifier */
    WEFT_EXPR_INTERVAL,          /* unit interval with a non-literal amount: args[0], interval.unit (text) */
    /* physical only */
    WEFT_EXPR_BLOOM, /* dynamic filter: args[0..] keys, true when they may be in runtime filter filter_id */
    WEFT_EXPR_KIND_COUNT
} weft_expr_kind;

typedef enum weft_subquery_kind {
    WEFT_SUBQUERY_SCALAR,
    WEFT_SUBQUERY_EXISTS,
    WEFT_SUBQUERY_IN
} weft_subquery_kind;

typedef enum weft_bound_kind {
    WEFT_BOUND_UNBOUNDED_PRECEDING,
    WEFT_BOUND_PRECEDING, /* offset > 0 */
    WEFT_BOUND_CURRENT_ROW,
    WEFT_BOUND_FOLLOWING,
    WEFT_BOUND_UNBOUNDED_FOLLOWING
} weft_bound_kind;

/* What holds anywhere in the tree of an expression, windows' keys and filters too, subquery plans not. */
typedef enum weft_expr_facts {
    WEFT_EXPR_KNOWN = 1, /* the other bits are set */
    WEFT_EXPR_FALLIBLE = 2,
    WEFT_EXPR_NONDETERMINISTIC = 4,
    WEFT_EXPR_SUBQUERIES = 8,
    WEFT_EXPR_WINDOWS = 16,
    WEFT_EXPR_BY_ATTEMPT = 32
} weft_expr_facts;

typedef struct weft_expr weft_expr;

typedef struct weft_window_spec {
    int32_t partition_count;
    const weft_expr *const *partition;
    int32_t order_count;
    const weft_expr *const *order; /* SORT_KEY nodes */
    bool has_frame;                /* as written; the analyser fills in the default frame */
    bool rows;                     /* ROWS, else RANGE */
    weft_bound_kind low, high;
    const weft_expr *low_offset, *high_offset; /* literals, for PRECEDING and FOLLOWING */
} weft_window_spec;

struct weft_expr {
    weft_expr_kind kind;
    weft_type type;
    bool nullable;
    uint8_t facts;  /* weft_expr_facts; 0 in parsed nodes, and where weft_expr_settle was not called */
    int32_t height; /* levels of nodes below this one, at most WEFT_EXPR_HEIGHT_MAX; 0 as facts */
    int32_t size;   /* nodes of the tree, shared ones at each place; INT32_MAX: so many or more; 0 as facts */
    weft_span span; /* where it stands in the query; line 0 when made by the engine */
    /* What it goes by, of a view or function that was made under others than the statement's; else NULL */
    const weft_settings *settings;
    int32_t arg_count;
    const weft_expr *const *args;
    union {
        weft_value literal;
        struct {
            int64_t id;      /* logical: unique in the query */
            int32_t ordinal; /* physical: position in the input batch; -1 in logical plans */
            const char *name;
        } column;
        struct {
            const weft_function *function;
            int32_t variant; /* index of the matched signature in function->signatures */
            const char
                *written;      /* the alias that the query used, for generated names; NULL: function->name */
            bool ignore_nulls; /* of lag, lead and nth_value over a window */
            bool swapped;      /* names show its two arguments the other way round, as they were written */
        } call;
        struct {
            bool try_;
            bool implicit; /* inserted by the analyser: not shown in generated names */
            /* of a value that INSERT stores in this column: it raises as such, with ANSI and without; or
             * NULL */
            const char *column;
        } cast;
        struct {
            const weft_aggregate *function;
            bool distinct;
            bool ignore_nulls;
            const weft_expr *filter; /* or NULL */
            const char *written;     /* as in call */
            const weft_expr *const
                *shown; /* the arguments before they became constants, for names; or NULL */
        } aggregate;
        struct {
            const char
                *written; /* CASE, COALESCE: the function that it was written as (if, nvl …), or NULL */
        } form;
        struct {
            const weft_window_spec *spec;
        } window;
        struct {
            weft_subquery_kind kind;
            const weft_node *plan;
            bool negated; /* NOT EXISTS, NOT IN */
            int32_t outer_count;
            const weft_expr *const *outer; /* columns of the query around it that it reads, for its name */
        } subquery;
        struct {
            int64_t id;
            const char *name;
        } alias;
        struct {
            bool descending, nulls_first;
            bool nulls_written; /* NULLS FIRST/LAST was in the text */
        } sort;
        struct {
            int32_t part_count;
            const char *const *parts;
        } name; /* UNRESOLVED_COLUMN, STAR */
        struct {
            const char *name;
            bool distinct;
            bool ignore_nulls;
            const weft_expr *filter;
        } unresolved; /* UNRESOLVED_CALL */
        struct {
            const char *unit;
        } interval;
        struct {
            int32_t filter_id;
        } bloom;
    };
};

/* Constructors: nodes in ctx->arena. The args array is copied; nodes are shared. Errors: WEFT_NOMEM,
 * WEFT_NESTING_TOO_DEEP. Bound forms only; *out has type, nullability, facts, height and size set. */
WEFT_MUST_CHECK weft_status weft_expr_literal(weft_ctx *ctx, const weft_value *value, const weft_expr **out);
WEFT_MUST_CHECK weft_status weft_expr_column(weft_ctx *ctx, int64_t id, const char *name, weft_type type,
                                             bool nullable, const weft_expr **out);
WEFT_MUST_CHECK weft_status weft_expr_ordinal(weft_ctx *ctx, int32_t ordinal, weft_type type, bool nullable,
                                              const weft_expr **out);
WEFT_MUST_CHECK weft_status weft_expr_logic(weft_ctx *ctx, weft_expr_kind and_or_not,
                                            const weft_expr *const *args, int32_t count,
                                            const weft_expr **out); /* AND and OR are flattened */
WEFT_MUST_CHECK weft_status weft_expr_cast(weft_ctx *ctx, const weft_expr *arg, weft_type type, bool implicit,
                                           const weft_expr **out); /* arg itself when types are equal */
/* CASE, AND, OR, NOT, IN, IS_NULL, IS_NOT_NULL, COALESCE with their arguments in the order of weft_expr_kind:
 * coerces what must have one type, conditions to BOOLEAN, sets type and nullability.
 * Errors: WEFT_DATATYPE_MISMATCH*, at span (NULL allowed). */
WEFT_MUST_CHECK weft_status weft_expr_form(weft_ctx *ctx, weft_expr_kind kind, const weft_expr *const *args,
                                           int32_t count, const weft_span *span, const weft_expr **out);
WEFT_MUST_CHECK weft_status weft_expr_sort_key(weft_ctx *ctx, const weft_expr *arg, bool descending,
                                               bool nulls_first, const weft_expr **out);
/* function(…) OVER spec; spec lives as long as the tree. */
WEFT_MUST_CHECK weft_status weft_expr_window(weft_ctx *ctx, const weft_expr *function,
                                             const weft_window_spec *spec, const weft_expr **out);
/* A call by name: looks the function up, coerces the arguments as Spark does (implicit casts inserted) and
 * sets the type. Operators by their text: + - * / % = <> < <= > >= <=> || ; unary minus is "negative". Names
 * that stand for forms (coalesce, nvl, ifnull, nvl2, nullif, if, isnull, isnotnull) give CASE, COALESCE or IS
 * [NOT] NULL nodes. Errors: WEFT_UNRESOLVED_ROUTINE, WEFT_WRONG_NUM_ARGS, WEFT_DATATYPE_MISMATCH*, at span
 * (NULL allowed). */
WEFT_MUST_CHECK weft_status weft_expr_call(weft_ctx *ctx, const char *name, const weft_expr *const *args,
                                           int32_t count, const weft_span *span, const weft_expr **out);
/* The same for an aggregate. */
WEFT_MUST_CHECK weft_status weft_expr_aggregate(weft_ctx *ctx, const char *name, const weft_expr *const *args,
                                                int32_t count, bool distinct, const weft_expr *filter,
                                                const weft_span *span, const weft_expr **out);
/* Coerce expressions to their common type (CASE branches, IN lists, UNION columns, COALESCE); args are
 * replaced in place. Errors: WEFT_DATATYPE_MISMATCH_DATA_DIFF. */
WEFT_MUST_CHECK weft_status weft_expr_common_type(weft_ctx *ctx, const weft_expr **args, int32_t count,
                                                  const weft_span *span, weft_type *type);
/* The same where a text and another type never go together: greatest() and least(), rows of VALUES, the
 * values of UNPIVOT. */
WEFT_MUST_CHECK weft_status weft_expr_common_plain(weft_ctx *ctx, const weft_expr **args, int32_t count,
                                                   const weft_span *span, weft_type *type);
WEFT_MUST_CHECK weft_status weft_expr_alias(weft_ctx *ctx, const weft_expr *arg, int64_t id, const char *name,
                                            const weft_expr **out);
/* A copy of the node with other args (same count, same types). */
WEFT_MUST_CHECK weft_status weft_expr_with_args(weft_ctx *ctx, const weft_expr *e,
                                                const weft_expr *const *args, const weft_expr **out);
/* Rewrite bottom-up: fn gets each node whose args are rewritten already and gives its replacement (or
 * itself). Also goes into aggregate.filter and window specs; not into subquery plans, nor into OUTER, whose
 * column may have the id of one here when both queries read the same common table expression. */
typedef weft_status (*weft_expr_rewriter)(weft_ctx *ctx, void *self, const weft_expr *e,
                                          const weft_expr **out);
WEFT_MUST_CHECK weft_status weft_expr_rewrite(weft_ctx *ctx, const weft_expr *e, weft_expr_rewriter fn,
                                              void *self, const weft_expr **out);
/* Set facts, height and size of a node that is made by hand, from its payload and its args'. */
void weft_expr_settle(weft_expr *e);
/* Visit every node before its args (same reach); stops and returns true as soon as fn does. */
typedef bool (*weft_expr_visitor)(void *self, const weft_expr *e);
bool weft_expr_any(const weft_expr *e, weft_expr_visitor fn, void *self);

/* Is it of the kinds whose values depend on settings? Those alone have weft_expr.settings. */
bool weft_expr_goes_by_settings(const weft_expr *e);
bool weft_expr_equal(const weft_expr *a, const weft_expr *b); /* structure and types; spans do not count */
uint64_t weft_expr_hash(const weft_expr *e);
uint64_t weft_expr_hash_node(const weft_expr *e); /* of this node alone, its arguments left out */
bool weft_expr_fallible(const weft_expr *e);      /* may raise on some row */
bool weft_expr_fallible_node(const weft_expr *e); /* the same of this node alone, its arguments left out */
/* No rand(), uuid() …: the value depends on columns alone. What is not goes by the place of a row among those
 * it is asked for: rules must not make it run on other rows, in another order, or more than once. */
bool weft_expr_deterministic(const weft_expr *e);
bool weft_expr_by_attempt(const weft_expr *e);    /* attempt_nonce(): another one in another attempt */
bool weft_expr_has_aggregate(const weft_expr *e); /* not below a WINDOW */
bool weft_expr_has_subquery(const weft_expr *e);
bool weft_expr_has_window(const weft_expr *e);
/* Is the result NULL (for a predicate: not true) whenever column `id` is NULL? Used to simplify outer joins.
 */
bool weft_expr_rejects_null(const weft_expr *e, int64_t id);
/* Fold constants: a literal when e has no columns, is deterministic and does not raise; e itself otherwise.
 */
WEFT_MUST_CHECK weft_status weft_expr_fold(weft_ctx *ctx, const weft_expr *e, const weft_expr **out);
/* May weft_expr_fold make it a literal, unless it raises? */
bool weft_expr_is_constant(const weft_expr *e);
/* The same for an argument that is read while the call is bound: what raises is an error at once. */
WEFT_MUST_CHECK weft_status weft_expr_fold_now(weft_ctx *ctx, const weft_expr *e, const weft_expr **out);
/* Spark's text of a bound expression: generated column names and EXPLAIN ("sum((l_extendedprice * (1 -
 * l_discount)))"). with_ids appends #id to columns, as in EXPLAIN. In ctx->arena. */
WEFT_MUST_CHECK weft_status weft_expr_text(weft_ctx *ctx, const weft_expr *e, bool with_ids, char **out);

#endif
