/* engine/plan/analyzer_internal.h - what the analyser's files share.
 *
 * A query binds to a weft_bound: a node and the columns by which its rows can be named. Names live in these
 * columns, not in the nodes, so a shared node (a CTE) can have another alias at each use. Scopes form a
 * chain: a subquery's scope points to the one of the query around it, and what is found there becomes an
 * OUTER reference. */
#ifndef WEFT_PLAN_ANALYZER_INTERNAL_H
#define WEFT_PLAN_ANALYZER_INTERNAL_H

#include "engine/expr/lambda.h"
#include "engine/plan/analyzer.h"
#include "engine/plan/pointer_map.h"
#include "engine/plan/pointers.h"

/* A column that can be named. */
typedef struct weft_name {
    int64_t id;
    int64_t twin; /* id of the column of the same list that a query gave before under the same name: SELECT x,
                   * x; a name that means both is clear. 0: there is none */
    const char *name;
    const char *qualifier; /* table alias or NULL */
    const char *database;  /* of a table or view that has no alias; NULL: none */
    weft_type type;
    bool nullable;
    bool hidden;            /* the other side of USING: only by its qualified name, not by * */
    bool of_file;           /* hidden, and by any name, but after all columns that are not: _metadata */
    const weft_expr *value; /* a parameter: the LITERAL or COLUMN that it is; or NULL */
} weft_name;

typedef struct weft_bound {
    const weft_node *node;
    int32_t count;
    const weft_name *names; /* a subset of the node's output, in the order of * */
} weft_bound;

/* A common table expression in reach, innermost first. */
typedef struct weft_cte {
    const char *name;
    weft_bound bound;
    bool used;    /* the first use takes the node itself, further uses relabel it */
    bool refused; /* its definition may not read it here (analyzer_recursion.c) */
    int64_t size;
    int32_t height;
    struct weft_cte *next;
} weft_cte;

typedef struct weft_scope {
    int32_t count;
    const weft_name *names;
    const struct weft_scope *outer; /* of the enclosing query, or NULL */
    weft_pointers *outer_uses; /* weft_outer_use: what subqueries take from this scope; NULL: not recorded */
    bool lends;                /* HAVING: aggregates of this scope's columns in a subquery are this query's */
    weft_pointers *lifted;     /* weft_lifted_argument, of calls in the block; NULL: nothing is lifted here */
} weft_scope;

/* An argument of an SQL function whose body has queries, which reads aggregates or windows of the block that
 * calls it: the body reads a column, which the block computes where these are there. */
typedef struct weft_lifted_argument {
    int64_t id;
    const char *name;
    const weft_expr *value;
} weft_lifted_argument;

/* A column that a subquery in some expression of the scope refers to. */
typedef struct weft_outer_use {
    const weft_expr *column;
    const weft_expr *aggregate; /* which becomes this column; or NULL */
    const weft_expr *owner;     /* the SUBQUERY */
} weft_outer_use;

/* A view that was bound already: it is a CTE that has no outer names. */
typedef struct weft_bound_view {
    const weft_node *parsed;
    bool binding; /* to find a view that reads itself */
    bool chance;  /* it calls functions of chance: every use is bound anew, with seeds of its own */
    weft_cte cte;
    struct weft_bound_view *next;
} weft_bound_view;

typedef struct weft_analyzer {
    weft_ctx *ctx;
    const weft_catalog *catalog;
    weft_ids *ids;
    weft_bound_view *views;
    int32_t in_view;         /* spans of a view's text are not spans of the query's */
    int32_t depth;           /* recursion over query blocks */
    int32_t height;          /* of the tree made in the current frame, as in the parser */
    int64_t size;            /* nodes, shared ones counted at each use */
    weft_pointer_map chance; /* analyzer_chance.c: what parsed calls of chance became */
    int32_t chance_count;
    int32_t binding, bindings; /* which binding of a view's text this is, from 1; how many there were */
    const weft_select *block;  /* whose FROM is being bound, or NULL */
    weft_pointer_map shown;    /* analyzer_routine.c: expression → what people see of it (const char *) */
    const weft_node *replaced; /* the text of the view of the session that it makes anew; or NULL */
    bool lasting;              /* it defines a view that outlives the session: that needs names of its own */
    int64_t *unnamed;          /* then: ids of columns whose names the engine made up */
    int32_t unnamed_count, unnamed_capacity;
    bool tells_files;   /* tables of files have their column _metadata … */
    bool misses_files;  /* … which is so when a name was not found without it */
    weft_pointers kept; /* analyzer_settings.c: const weft_settings *, that views and functions go by */
} weft_analyzer;

/* One item of a select list. */
typedef struct weft_item {
    const weft_expr *expr; /* bound over FROM; later over aggregates and windows */
    const char *name;
    int64_t id;        /* of its output column; 0: not given yet */
    int32_t generator; /* which one of the list gives it, from 1; 0: none */
    int64_t twin;      /* of its output column, see weft_name */
    bool named;        /* AS name */
    bool unnamed;      /* the engine made its name up */
} weft_item;

/* The variables of a lambda whose body is being bound, the innermost first. */
typedef struct weft_lambda_scope {
    const char *names[WEFT_LAMBDA_VARIABLES_MAX];
    const weft_expr *variables[WEFT_LAMBDA_VARIABLES_MAX];
    int32_t count, depth;
    const struct weft_lambda_scope *outer;
} weft_lambda_scope;

/* How names and functions of one clause are bound. */
typedef struct weft_binder {
    weft_analyzer *a;
    const weft_scope *scope;
    weft_cte *ctes;
    const char *clause; /* for messages: "WHERE" */
    bool aggregates;    /* may stand here */
    bool windows;
    weft_status no_aggregates; /* the error where they may not */
    const weft_select *select; /* for named windows; or NULL */
    const weft_item *items;    /* aliases in reach: of items before this one, or all */
    int32_t item_count;
    bool items_first;            /* HAVING, ORDER BY: an alias goes before a column of FROM */
    const weft_pointers *groups; /* HAVING: columns that go before an alias; or NULL */
    int32_t in_aggregate;
    bool casts_predicate; /* HAVING: a condition that is no truth value is cast to one */
    bool in_filter;       /* of an aggregate */
    bool substituted;     /* an alias was replaced by its expression */
    bool shows_aliases;   /* for a name only: an alias becomes a column that is called as Spark shows it */
    const weft_lambda_scope *lambda; /* or NULL */
    const weft_expr *whole;          /* what is being bound, with all around it; or NULL */
} weft_binder;

/* Rewriting from the top: fn sets *out, or leaves it NULL for the args to be rewritten. Reaches aggregate
 * filters and window specifications; not subquery plans. */
typedef weft_status (*weft_top_rewriter)(weft_ctx *ctx, void *self, const weft_expr *e,
                                         const weft_expr **out);
WEFT_MUST_CHECK weft_status weft_rewrite_top(weft_ctx *ctx, const weft_expr *e, weft_top_rewriter fn,
                                             void *self, const weft_expr **out);
/* A WINDOW whose function stays itself: only its arguments and the specification are rewritten. */
WEFT_MUST_CHECK weft_status weft_rewrite_window(weft_ctx *ctx, const weft_expr *e, weft_top_rewriter fn,
                                                void *self, const weft_expr **out);

/* ---- analyzer.c ---- */
/* Into a query block and out again. */
WEFT_MUST_CHECK weft_status weft_analyzer_enter(weft_analyzer *a, const weft_span *span, int32_t *frame);
void weft_analyzer_leave(weft_analyzer *a, int32_t frame);
/* The span for errors and bound nodes: NULL inside a view. */
static inline const weft_span *weft_analyzer_span(const weft_analyzer *a, const weft_span *span)
{
    return a->in_view > 0 ? NULL : span;
}

/* Names mean from now on what they mean in a view; gives where they meant it before. */
static inline const weft_node *weft_analyzer_within(const weft_analyzer *a, const weft_node *view)
{
    return a->catalog->within == NULL ? NULL : a->catalog->within(a->catalog->self, view);
}

/* ---- analyzer_settings.c ---- */
/* A text is bound that goes by these (NULL: by its reader's); the caller gives ctx->settings back what they
 * were. Errors: WEFT_NOMEM, WEFT_CONFIG. */
WEFT_MUST_CHECK weft_status weft_analyzer_go_by(weft_analyzer *a, const weft_kept_settings *kept);

/* ---- analyzer_scope.c ---- */
/* OUTER over a column of an outer scope, which notes its use. aggregate: what the column is, or NULL. */
WEFT_MUST_CHECK weft_status weft_bind_outer(weft_binder *b, const weft_scope *scope, const weft_expr *column,
                                            const weft_expr *aggregate, const weft_expr **out);
/* COLUMN, OUTER(COLUMN), an alias' expression, or WEFT_UNRESOLVED_COLUMN / WEFT_AMBIGUOUS_REFERENCE. */
WEFT_MUST_CHECK weft_status weft_bind_name(weft_binder *b, const weft_expr *e, const weft_expr **out);
/* The function that a name stands for where no column has it (current_date, user); or NULL. */
const char *weft_bare_function(const weft_expr *e);
/* Does the name stand for something in the binder's own scope, be it ambiguous? */
bool weft_names_own(weft_binder *b, const weft_expr *e);
/* The visible names that * or t.* stands for, appended as COLUMNs. */
WEFT_MUST_CHECK weft_status weft_bind_star(weft_binder *b, const weft_expr *star, weft_pointers *out);
/* ---- analyzer_pattern.c ---- */
/* The text that names of a star's columns match, a LITERAL; NULL: it stands for all. */
const weft_expr *weft_star_pattern(const weft_expr *star);
/* The columns whose names match a star's pattern; and the one of an expression that takes one only. Errors:
 * WEFT_STAR_USAGE, those of regular expressions. */
WEFT_MUST_CHECK weft_status weft_bind_pattern(weft_binder *b, const weft_expr *star, weft_pointers *out);
WEFT_MUST_CHECK weft_status weft_bind_pattern_one(weft_binder *b, const weft_expr *star,
                                                  const weft_expr **out);
/* ---- analyzer_scope.c ---- */
/* Does the name [[catalog.]database.]table, given by its parts, mean the table that the column is of? */
bool weft_is_of_table(const weft_name *n, const char *const *parts, int32_t count);
/* Is the column one that the star stands for, before anything is left out? */
bool weft_star_means(const weft_expr *star, const weft_name *name);
/* ---- analyzer_files.c ---- */
/* Where the statement names _metadata: the table of the warehouse in place of what the session keeps of it.
 */
WEFT_MUST_CHECK weft_status weft_uncache_files(weft_analyzer *a, const char *database, const char *name,
                                               const weft_relation **relation);
/* Where the statement names _metadata: *scan becomes a projection with that column behind the others, unless
 * a column of the table is called so or it has no files. */
WEFT_MUST_CHECK weft_status weft_tell_files(weft_analyzer *a, const weft_node **scan);
/* The names from that place on are of such columns. The names were made just now. */
void weft_mark_file_columns(weft_bound *bound, int32_t from);
/* They are not to be seen any more. */
WEFT_MUST_CHECK weft_status weft_drop_file_columns(weft_analyzer *a, weft_bound *bound);
/* ---- analyzer_except.c ---- */
/* *column, that of the name, without the fields that the star leaves out: as it was, or an ALIAS. found as
 * they are met. left_out: all of it is; then none of its fields may be named. Errors:
 * WEFT_EXCEPT_OVERLAP. */
WEFT_MUST_CHECK weft_status weft_except_fields(weft_binder *b, const weft_expr *star, const weft_name *name,
                                               bool left_out, bool *found, const weft_expr **column);
/* ---- analyzer_view.c ---- */
/* CREATE TABLE … LIKE a view of the session: its columns become those of the node's table. */
WEFT_MUST_CHECK weft_status weft_bind_like(weft_analyzer *a, weft_node *like);
/* ---- analyzer_view_names.c ---- */
/* Does the engine make up the name of an item without an alias, which was bound to this? */
bool weft_item_is_unnamed(const weft_expr *parsed, const weft_expr *bound);
/* Of the view that a->lasting is about. */
WEFT_MUST_CHECK weft_status weft_note_unnamed(weft_analyzer *a, int64_t id);
/* Errors: WEFT_VIEW_WITHOUT_ALIAS for a column of the view whose name the engine made up. */
WEFT_MUST_CHECK weft_status weft_check_view_names(weft_analyzer *a, const weft_node *create,
                                                  const weft_node *query);
/* ---- analyzer_call.c ---- */
/* The analysis of the statement failed. Of Spark's errors those of routines that are not there come first:
 * then such a one takes the place of the other. */
WEFT_MUST_CHECK weft_status weft_routines_first(weft_analyzer *a, const weft_node *parsed,
                                                weft_status failed);
/* ---- analyzer_travel.c ---- */
/* The moment of TIMESTAMP AS OF, before its table is looked for. Errors: WEFT_TIME_TRAVEL_*. */
WEFT_MUST_CHECK weft_status weft_check_moment(weft_analyzer *a, const weft_node *relation);
/* WEFT_TIME_TRAVEL: tables of files have one version. */
weft_status weft_fail_time_travel(weft_analyzer *a, const weft_node *relation, const char *database);
/* ---- analyzer_scope.c ---- */
/* Names of all output columns of a node under one qualifier. */
WEFT_MUST_CHECK weft_status weft_names_of(weft_ctx *ctx, const weft_node *node, const char *qualifier,
                                          weft_bound *out);
WEFT_MUST_CHECK weft_status weft_name_column(weft_ctx *ctx, const weft_name *name, const weft_expr **out);
/* "a, b" of the candidates nearest to name; in ctx->arena, empty when none is near. */
WEFT_MUST_CHECK weft_status weft_nearest_names(weft_ctx *ctx, const char *name, const char *const *candidates,
                                               int32_t count, const char **out);
int32_t weft_visible_names(const weft_bound *bound); /* how many are not hidden */
/* A node whose output is exactly the visible names, in order, with these names and unique ids. */
WEFT_MUST_CHECK weft_status weft_bound_node(weft_analyzer *a, const weft_bound *bound, const weft_node **out);

/* ---- analyzer_expr.c ---- */
WEFT_MUST_CHECK weft_status weft_bind_expr(weft_binder *b, const weft_expr *e, const weft_expr **out);
/* A predicate as its conjuncts. */
WEFT_MUST_CHECK weft_status weft_bind_predicate(weft_binder *b, const weft_expr *e, weft_pointers *conjuncts);
/* A non-negative whole number: LIMIT, OFFSET. */
WEFT_MUST_CHECK weft_status weft_bind_count(weft_analyzer *a, const weft_expr *e, const char *what,
                                            int64_t *out);
/* analyzer_format.c: to_char and to_varchar, the arguments bound. */
bool weft_is_to_char(const char *name);
WEFT_MUST_CHECK weft_status weft_bind_to_char(weft_binder *b, const weft_expr *e,
                                              const weft_expr *const *args, int32_t count,
                                              const weft_expr **out);
/* ---- analyzer_call.c ---- */
/* analyzer_misplaced.c. Fails: the function may not stand in the clause. code: the clause's error, or WEFT_OK
 * for one that has none of its own. */
WEFT_MUST_CHECK weft_status weft_fail_misplaced(weft_binder *b, const weft_expr *e, weft_status code,
                                                const char *what);
/* analyzer_frame.c. Functions that go by ranks or offsets have a frame of their own, which may be written but
 * not changed. Errors: WEFT_WINDOW_OFFSET, WEFT_REQUIRED_WINDOW_FRAME. */
WEFT_MUST_CHECK weft_status weft_check_required_frame(weft_binder *b, const weft_expr *call,
                                                      const weft_window_spec *spec);
/* Errors: WEFT_UNRESOLVED_COLUMN and _ALONE when a name in what is being bound is nobody's. */
WEFT_MUST_CHECK weft_status weft_names_first(weft_binder *b);
WEFT_MUST_CHECK weft_status weft_bind_call(weft_binder *b, const weft_expr *e, const weft_expr **out);
WEFT_MUST_CHECK weft_status weft_bind_window(weft_binder *b, const weft_expr *e, const weft_expr **out);
/* What a bound call of counter_diff() is over a window (analyzer_counter.c). */
WEFT_MUST_CHECK weft_status weft_counter_step(weft_ctx *ctx, const weft_expr *diff,
                                              const weft_window_spec *spec, const weft_expr **out);
/* Is this the placeholder of grouping() or grouping_id(), which the aggregate resolves? */
bool weft_is_grouping(const weft_expr *e);
bool weft_has_aggregate(const weft_expr *e); /* or grouping() */

/* ---- analyzer_routine.c ---- */
/* *out NULL: there is none of this name, which may have dots. */
WEFT_MUST_CHECK weft_status weft_find_routine(weft_analyzer *a, const char *name, const weft_routine **out);
/* name => value as the parser leaves it: a call of "=>" over the name, a literal, and the value. */
bool weft_is_named_argument(const weft_expr *e);
WEFT_MUST_CHECK weft_status weft_bind_routine(weft_binder *b, const weft_expr *e, const weft_routine *routine,
                                              const weft_expr **out);
/* The same of a call in FROM. */
WEFT_MUST_CHECK weft_status weft_bind_table_routine(weft_analyzer *a, const weft_expr *call,
                                                    const weft_routine *routine, const weft_scope *outer,
                                                    weft_cte *ctes, weft_bound *out);
/* *out becomes a node of its own, which people see as the text: it may stand elsewhere too. */
WEFT_MUST_CHECK weft_status weft_keep_shown(weft_analyzer *a, const char *text, const weft_expr **out);
/* weft_expr_text without ids, but calls of such functions as they were written. */
WEFT_MUST_CHECK weft_status weft_shown_text(weft_analyzer *a, const weft_expr *e, const char **out);

/* ---- analyzer_named_form.c ---- */
/* The bound AND or OR of `tests` tests, which was written otherwise (BETWEEN, LIKE ALL, a row IN rows): it is
 * shown so. */
WEFT_MUST_CHECK weft_status weft_name_form(weft_analyzer *a, const weft_expr *parsed, int32_t tests,
                                           const weft_expr **form);

/* ---- analyzer_named.c ---- */
/* The parsed call with its named arguments in their places; itself where the function takes none. */
WEFT_MUST_CHECK weft_status weft_place_named(weft_binder *b, const weft_expr *e, const weft_expr **out);

/* ---- analyzer_collations.c ---- */
WEFT_MUST_CHECK weft_status weft_bind_collations(weft_analyzer *a, const weft_expr *call, weft_bound *out);

/* ---- analyzer_lambda.c ---- */
/* x -> e as the parser leaves it: a call of "->" over the body and the names of the variables. */
bool weft_is_parsed_lambda(const weft_expr *e);
/* The variable that the first part of a name is, or NULL. */
WEFT_MUST_CHECK weft_status weft_bind_lambda_name(weft_binder *b, const weft_expr *e, const weft_expr **out);
/* A call of a function that takes lambdas. */
WEFT_MUST_CHECK weft_status weft_bind_lambda_call(weft_binder *b, const weft_expr *e, const weft_function *fn,
                                                  const weft_expr **out);

/* An alias with another number of names than of columns; function: the call that it is of, or NULL. */
weft_status weft_fail_alias_count(weft_analyzer *a, const weft_span *span, const char *function,
                                  int32_t names, int32_t columns);

/* ---- analyzer_generate.c ---- */
bool weft_is_generator_name(const char *name);
/* variant_explode and variant_explode_outer: generators that stand in FROM only. */
bool weft_is_variant_explode(const char *name);
/* The columns of a generator: calls for an EXPAND node, and their names. */
typedef struct weft_generated {
    weft_pointers calls, names;
    weft_pointers
        casts; /* const weft_type * that each column becomes, or NULL; empty: all stay as they are */
} weft_generated;
/* One more column: part of what the generator function(arg) gives (fn_generate.c). */
WEFT_MUST_CHECK weft_status weft_add_generated_part(weft_binder *b, const weft_expr *parsed,
                                                    const char *function, const weft_expr *arg, int32_t part,
                                                    const char *name, weft_generated *out);
/* names: those that the query gives, name_count 0 for none. */
WEFT_MUST_CHECK weft_status weft_bind_generator(weft_binder *b, const weft_expr *parsed, bool outer,
                                                const char *const *names, int32_t name_count,
                                                weft_generated *out);
/* EXPAND: the input's columns, then those of the calls, whose new ids are given. */
WEFT_MUST_CHECK weft_status weft_build_generate(weft_analyzer *a, const weft_node *input,
                                                const weft_expr *const *calls, const char *const *names,
                                                int32_t count, int64_t *ids, const weft_node **out);
WEFT_MUST_CHECK weft_status weft_bind_lateral_view(weft_analyzer *a, const weft_node *parsed,
                                                   const weft_scope *outer, weft_cte *ctes, weft_bound *out);

/* ---- analyzer_time_window.c ---- */
bool weft_is_time_window(const weft_expr *parsed);
bool weft_is_session_window(const weft_expr *parsed);
/* The parsed call window(t, size …) or session_window(t, gap) of the block, or NULL. Errors: WEFT_UNSUPPORTED
 * when there are two different ones. */
WEFT_MUST_CHECK weft_status weft_find_time_window(weft_analyzer *a, const weft_select *select,
                                                  const weft_node *sort, const weft_expr **out);
/* Put its column behind what FROM has. */
WEFT_MUST_CHECK weft_status weft_bind_time_window(weft_binder *b, const weft_expr *call, weft_bound *from);
/* Its time, a TIMESTAMP with or without zone: that of a window is its last microsecond. */
WEFT_MUST_CHECK weft_status weft_bind_window_time(weft_binder *b, const weft_expr *call,
                                                  const weft_expr **out);
/* The names of before, and that of the column. */
WEFT_MUST_CHECK weft_status weft_add_window_name(weft_analyzer *a, const weft_bound *before, int64_t id,
                                                 const char *name, weft_type type, bool nullable,
                                                 weft_bound *out);
bool weft_is_window_name(const weft_name *name);
/* The column, for such a call. */
WEFT_MUST_CHECK weft_status weft_bind_window_column(weft_binder *b, const weft_expr *call,
                                                    const weft_expr **out);

/* ---- analyzer_session_window.c ---- */
WEFT_MUST_CHECK weft_status weft_bind_session_window(weft_binder *b, const weft_expr *call, weft_bound *from);
/* Where a group is the session of a row, it becomes the session of all rows that it touches, among those with
 * equal other groups: *node gets a column for it, and *merged is it, *own the column of before; NULL: no
 * group is one. */
WEFT_MUST_CHECK weft_status weft_merge_sessions(weft_analyzer *a, const weft_bound *from,
                                                const weft_pointers *groups, const weft_node **node,
                                                const weft_expr **own, const weft_expr **merged);

/* ---- analyzer_from.c ---- */
WEFT_MUST_CHECK weft_status weft_bind_from(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                                           weft_cte *ctes, weft_bound *out);
/* ---- analyzer_on.c ---- */
/* Errors: WEFT_ON_SCALAR_SUBQUERY, WEFT_ON_SUBQUERY_OF_BOTH. */
weft_status weft_check_on(weft_analyzer *a, const weft_pointers *conjuncts, const weft_bound *left,
                          const weft_bound *right);
/* ---- analyzer_view.c ---- */
/* What DESCRIBE is about, bound: its columns. Of a view whose query is good no more they are those that the
 * catalogue knows. */
WEFT_MUST_CHECK weft_status weft_bind_described(weft_analyzer *a, const weft_node *show,
                                                const weft_node **out);
/* The bound query of a view that outlives the session, which has the columns that the view has: *node
 * projects it to these. Errors: WEFT_INCOMPATIBLE_VIEW, WEFT_CANNOT_UP_CAST, WEFT_DATATYPE_MISMATCH*. */
WEFT_MUST_CHECK weft_status weft_bind_view_columns(weft_analyzer *a, const weft_node *parsed,
                                                   const weft_node **node);
/* ---- analyzer_pivot.c ---- */
WEFT_MUST_CHECK weft_status weft_bind_pivot(weft_analyzer *a, const weft_node *parsed,
                                            const weft_scope *outer, weft_cte *ctes, weft_bound *out);
WEFT_MUST_CHECK weft_status weft_bind_unpivot(weft_analyzer *a, const weft_node *parsed,
                                              const weft_scope *outer, weft_cte *ctes, weft_bound *out);
/* ---- analyzer_insert.c ---- */
/* INSERT INTO a table: the write of its query, which is bound here, as the table has its columns, to the
 * table's place. */
WEFT_MUST_CHECK weft_status weft_bind_insert(weft_analyzer *a, weft_node *write);
/* What a column of the declared type holds of the value: all of it, but for CHAR(n) and VARCHAR(n). */
WEFT_MUST_CHECK weft_status weft_limit_length(weft_ctx *ctx, weft_type declared, const weft_expr **value);
/* ---- analyzer_default.c ---- */
/* The text of a DEFAULT as a parsed expression, whose literals go by the table's DEFAULT COLLATION (NULL:
 * there is none); *out NULL: the column has none. */
WEFT_MUST_CHECK weft_status weft_parse_default(weft_analyzer *a, const char *collation,
                                               const weft_column_definition *column, const weft_expr **out);
/* The DEFAULT of a table's column, bound and of its type; NULL of that type when it has none. */
WEFT_MUST_CHECK weft_status weft_column_default(weft_analyzer *a, const weft_table_definition *table,
                                                int32_t index, const weft_span *span, const weft_expr **out);
/* The parsed query with the word DEFAULT replaced where it stands for column targets[i] of the table in place
 * i of a row. */
WEFT_MUST_CHECK weft_status weft_fill_defaults(weft_analyzer *a, const weft_table_definition *table,
                                               const int32_t *targets, int32_t count, const weft_node *query,
                                               const weft_node **out);
/* ---- analyzer_declared.c ---- */
/* ---- analyzer_stored_default.c ---- */
/* CREATE TABLE, ADD COLUMNS and ALTER COLUMN SET DEFAULT: the defaults are checked, and what rows have that
 * are there already is put into the definition. Errors: WEFT_DEFAULT_…. */
WEFT_MUST_CHECK weft_status weft_bind_stored_defaults(weft_analyzer *a, weft_node *command);
/* ---- analyzer_write.c ---- */
/* The write's input: rows, whose columns are the table's, as the sink takes them. */
WEFT_MUST_CHECK weft_status weft_bind_write_keys(weft_analyzer *a, const weft_table_definition *table,
                                                 const weft_node *rows, weft_node *write);
/* What an overwrite replaces: values are those of the first `count` partition columns, constants. */
WEFT_MUST_CHECK weft_status weft_bind_overwrite(weft_analyzer *a, const weft_table_definition *table,
                                                const weft_expr *const *values, int32_t count,
                                                weft_node *write);
/* PARTITION (column = constant) as a value of the column's type. */
WEFT_MUST_CHECK weft_status weft_bind_constant(weft_analyzer *a, const weft_expr *parsed, weft_type type,
                                               const weft_expr **out);
/* The value of the at-th column of PARTITION (…). Errors: WEFT_PARTITION_VALUE_EMPTY: no folder means ''. */
WEFT_MUST_CHECK weft_status weft_check_partition_value(weft_ctx *ctx, const weft_partition_spec *spec,
                                                       int32_t at);
/* The folder that the first `count` values of the partition columns, all constants, name; NULL: none. */
WEFT_MUST_CHECK weft_status weft_static_folder(weft_ctx *ctx, const weft_table_definition *table,
                                               const weft_expr *const *values, int32_t count,
                                               const char **out);
/* The folders of the PARTITION clauses of a statement about a table, if there is one of its name. */
WEFT_MUST_CHECK weft_status weft_bind_specs(weft_analyzer *a, weft_node *command);
/* The folders of DESCRIBE t PARTITION (…). */
WEFT_MUST_CHECK weft_status weft_bind_described_spec(weft_analyzer *a, weft_node *show);
/* CREATE TABLE … AS: the definition gets its columns, those of the folders last. */
WEFT_MUST_CHECK weft_status weft_bind_create_as(weft_analyzer *a, const weft_node *query, weft_node *write);
/* ---- analyzer_table.c ---- */
WEFT_MUST_CHECK weft_status weft_bind_table_function(weft_analyzer *a, const weft_node *parsed,
                                                     const weft_scope *outer, weft_cte *ctes,
                                                     weft_bound *out);
WEFT_MUST_CHECK weft_status weft_bind_sample(weft_analyzer *a, const weft_node *parsed,
                                             const weft_scope *outer, weft_cte *ctes, weft_bound *out);
WEFT_MUST_CHECK weft_status weft_bind_pipe_filter(weft_analyzer *a, const weft_node *parsed,
                                                  const weft_scope *outer, weft_cte *ctes, weft_bound *out);
WEFT_MUST_CHECK weft_status weft_lateral_as_view(weft_analyzer *a, const weft_node *join,
                                                 const weft_bound *left, const weft_node **view);
/* ---- analyzer_query.c: every query node ---- */
/* Can its rows be told apart? Errors: WEFT_SET_OPERATION_ON_MAP. */
weft_status weft_expect_distinct(weft_analyzer *a, const weft_node *node, const weft_span *span);
WEFT_MUST_CHECK weft_status weft_bind_query(weft_analyzer *a, const weft_node *parsed,
                                            const weft_scope *outer, weft_cte *ctes, weft_bound *out);
/* A WITH at the begin of a definition or of a subquery in an expression may not take a name that an
 * enclosing WITH has, where weft.sql.legacy.ctePrecedencePolicy is EXCEPTION. */
WEFT_MUST_CHECK weft_status weft_check_nested_ctes(weft_analyzer *a, const weft_node *query,
                                                   const weft_cte *ctes);
/* The definitions of a parsed WITH before those of ctes. */
WEFT_MUST_CHECK weft_status weft_define_ctes(weft_analyzer *a, const weft_node *parsed,
                                             const weft_scope *outer, weft_cte *ctes, weft_cte **out);
/* One more use of a CTE or view. */
WEFT_MUST_CHECK weft_status weft_use_cte(weft_analyzer *a, weft_cte *cte, const weft_span *span,
                                         weft_bound *out);

/* ---- analyzer_recursion.c ---- */
/* The definition of a common table expression of WITH RECURSIVE; *found: it reads itself. */
WEFT_MUST_CHECK weft_status weft_bind_recursive(weft_analyzer *a, const weft_node *with, int32_t index,
                                                const weft_scope *outer, weft_cte *ctes, weft_bound *out,
                                                bool *found);
weft_status weft_refuse_recursion(weft_analyzer *a, const weft_span *span); /* fails */

/* ---- analyzer_select.c: a SELECT block with the SORT around it, or NULL ---- */
WEFT_MUST_CHECK weft_status weft_bind_select(weft_analyzer *a, const weft_node *parsed, const weft_node *sort,
                                             const weft_scope *outer, weft_cte *ctes, weft_bound *out);

/* ---- analyzer_script.c ---- */
/* SELECT TRANSFORM (…) USING 'command'. Errors: those of the SELECT block, WEFT_SCRIPT_OUTPUT_TYPE,
 * WEFT_TIME_TYPE, those of regular expressions. */
WEFT_MUST_CHECK weft_status weft_bind_script(weft_analyzer *a, const weft_node *parsed,
                                             const weft_scope *outer, weft_cte *ctes, weft_bound *out);

/* ---- analyzer_lift.c ---- */
/* The lifted argument that is the column of this id, or NULL; arguments may be NULL. */
const weft_lifted_argument *weft_find_lifted(const weft_pointers *arguments, int64_t id);

/* ---- analyzer_aggregate.c ---- */
/* Expressions to be carried over an aggregate (or a window): rewritten in place. */
typedef struct weft_carried {
    int32_t count;
    int32_t selected; /* the first of them are the select list, the others HAVING, QUALIFY and ORDER BY */
    const weft_expr **exprs;
    const weft_pointers *lifted; /* weft_lifted_argument: columns of theirs are there above; or NULL */
} weft_carried;
/* AGGREGATE over input: groups are bound over it; the carried expressions (select list, HAVING, ORDER BY) are
 * rewritten over its outputs. sets are masks over groups (set_count 0: plain). */
WEFT_MUST_CHECK weft_status weft_build_aggregate(weft_analyzer *a, const weft_node *input,
                                                 const weft_expr *const *groups, int32_t group_count,
                                                 const uint64_t *sets, int32_t set_count,
                                                 weft_carried *carried, const weft_pointers *outer_uses,
                                                 const weft_node **out);
/* ---- analyzer_hint.c ---- */
/* What hints say about how a parsed side of a join is joined. */
weft_join_strategy weft_hinted_strategy(const weft_analyzer *a, const weft_node *side);
weft_join_strategy weft_stronger_strategy(weft_join_strategy a, weft_join_strategy b);
/* Log what hints of the block name and nobody knows. */
void weft_check_hints(const weft_analyzer *a, const weft_select *block);
/* ---- analyzer_repartition.c ---- */
bool weft_is_partition_hint(const weft_select_hint *hint); /* REPARTITION and its kin */
/* What such hints of a block make of its result. Errors: WEFT_HINT_PARTITIONS, WEFT_HINT_COLUMNS. */
WEFT_MUST_CHECK weft_status weft_bind_partition_hints(weft_analyzer *a, const weft_select *block,
                                                      weft_cte *ctes, const weft_node **node);
/* May rows be distributed by this bound key? Errors: WEFT_UNSUPPORTED_EXPR, WEFT_PARTITION_BY_VARIANT. */
WEFT_MUST_CHECK weft_status weft_expect_distributable(weft_analyzer *a, const weft_expr *key,
                                                      const weft_span *span);
/* The clauses of the parsed SORT around *node, bound: SORT_KEYs, then the keys that rows are distributed by.
 */
WEFT_MUST_CHECK weft_status weft_bind_organization(weft_analyzer *a, const weft_node *parsed,
                                                   const weft_pointers *keys, const weft_node **node);
/* ---- analyzer_chance.c ---- */
/* What this parsed call became, when it is bound in this scope already; or NULL. */
const weft_expr *weft_find_chance(const weft_binder *b, const weft_expr *parsed);
WEFT_MUST_CHECK weft_status weft_keep_chance(weft_binder *b, const weft_expr *parsed, const weft_expr *call);
/* A seed, where the call has none. Errors: WEFT_WRONG_NUM_ARGS, WEFT_IO. */
WEFT_MUST_CHECK weft_status weft_draw_seed(weft_binder *b, const weft_expr *parsed, const weft_function *fn,
                                           weft_pointers *args);
/* Errors: WEFT_NONDETERMINISTIC. */
weft_status weft_expect_deterministic(weft_analyzer *a, const weft_expr *const *exprs, int32_t count,
                                      const weft_span *span);
/* Calls of chance that the first `from` of the carried expressions hold more than once (all: at all) become
 * columns of a projection over input, and all carried expressions read those. */
WEFT_MUST_CHECK weft_status weft_lift_chance(weft_analyzer *a, const weft_node *input, weft_carried *carried,
                                             int32_t from, bool all, const weft_node **out);
/* ---- analyzer_window.c: WINDOW nodes for the window calls in the carried expressions ---- */
WEFT_MUST_CHECK weft_status weft_build_windows(weft_analyzer *a, const weft_node *input,
                                               weft_carried *carried, const weft_node **out);

#endif
