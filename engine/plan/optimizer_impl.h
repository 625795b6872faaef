/* engine/plan/optimizer_impl.h - what the rules share; nobody else includes it.
 *
 * Plans are DAGs: a node that several parents read stays one node under every rule, so rules remember by the
 * address of a node what became of it. All memory is the arena of the query; one thread. */
#ifndef WEFT_PLAN_OPTIMIZER_IMPL_H
#define WEFT_PLAN_OPTIMIZER_IMPL_H

#include "engine/plan/optimizer.h"
#include "engine/plan/pointer_map.h"
#include "engine/plan/pointers.h"

/* ---- nodes ---- */

/* The node over other inputs, with its output computed again where it follows from the inputs. The node
 * itself when nothing changed. */
WEFT_MUST_CHECK weft_status opt_with_inputs(weft_ctx *ctx, const weft_node *node,
                                            const weft_node *const *inputs, const weft_node **out);
/* Rewrite a DAG from the leaves up: fn gets each node once, over rewritten inputs. done remembers what became
 * of each node, over several calls; NULL: of this call only. */
typedef weft_status (*opt_rewriter)(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out);
WEFT_MUST_CHECK weft_status opt_rewrite(weft_ctx *ctx, const weft_node *root, opt_rewriter fn, void *self,
                                        weft_pointer_map *done, const weft_node **out);
/* Every expression of the node rewritten by weft_expr_rewrite (the names of outputs stay). */
WEFT_MUST_CHECK weft_status opt_rewrite_exprs(weft_ctx *ctx, const weft_node *node, weft_expr_rewriter fn,
                                              void *self, const weft_node **out);
/* Visit every expression of the node; true as soon as fn is. */
bool opt_any_expr(const weft_node *node, weft_expr_visitor fn, void *self);
/* Are the expressions of two nodes of one kind equal, names of outputs left out, when column i of b_columns
 * stands for column i of a_columns? */
WEFT_MUST_CHECK weft_status opt_same_exprs(weft_ctx *ctx, const weft_node *a, const weft_node *b,
                                           const weft_outputs *a_columns, const weft_outputs *b_columns,
                                           bool *same);
/* A PROJECT that gives exactly these outputs, in their order; the node itself when it does. */
WEFT_MUST_CHECK weft_status opt_restore(weft_ctx *ctx, const weft_node *node, const weft_outputs *outputs,
                                        const weft_node **out);
/* A PROJECT that gives column i of the node under the id and the name of column i of the outputs. */
WEFT_MUST_CHECK weft_status opt_named_as(weft_ctx *ctx, const weft_node *node, const weft_outputs *outputs,
                                         const weft_node **out);
/* Two-input join from parts; null_equal may be NULL. */
typedef struct opt_join {
    weft_join_kind kind;
    weft_pointers left_keys, right_keys, conditions;
    bool *null_equal; /* [left_keys.count] or NULL */
    int64_t mark_id;
    bool mark_nullable, build_left;
    weft_join_strategy strategy; /* with its sides, as in logical.h */
    bool strategy_left, strategy_right;
} opt_join;
WEFT_MUST_CHECK weft_status opt_join_node(weft_ctx *ctx, const opt_join *join, const weft_node *left,
                                          const weft_node *right, const weft_node **out);
/* Does the node give one row, whatever its inputs hold? */
bool opt_exactly_one_row(const weft_node *node);
/* Are these columns of the output unique together (each combination at most once)? */
bool opt_is_unique(const weft_node *node, const int64_t *ids, int32_t count);

/* An AGGREGATE without collated strings among its groups and what its aggregates compare; it itself when it
 * has none. A group's value is that of its first row. */
WEFT_MUST_CHECK weft_status opt_collate_aggregate(weft_ctx *ctx, weft_ids *ids, const weft_node *node,
                                                  const weft_node **out);

/* ---- expressions ---- */

/* An aggregate call whose collated arguments are compared by their keys; it itself where it has none. Errors:
 * WEFT_UNSUPPORTED_INPUT_TYPE, WEFT_UNSUPPORTED (it tells strings apart and gives them back). */
WEFT_MUST_CHECK weft_status opt_collate_call(weft_ctx *ctx, const weft_expr *call, const weft_expr **out);
/* What stands for the expression where it is compared: its key when it is a collated string. */
WEFT_MUST_CHECK weft_status opt_collation_key(weft_ctx *ctx, const weft_expr *e, const weft_expr **out);
/* pair[0] = pair[1], or <=>, of the very strings, whatever their collation: for what a rule has taken apart
 * and puts together again. */
WEFT_MUST_CHECK weft_status opt_equal_bytes(weft_ctx *ctx, bool null_equal, const weft_expr *const *pair,
                                            const weft_span *span, const weft_expr **out);

/* Lists are searched for equal expressions this far: twice the same does no harm, and a text may hold a
 * million. */
enum { OPT_COMPARED_MAX = 128 };

/* Append the conjuncts of e. */
WEFT_MUST_CHECK weft_status opt_split(weft_ctx *ctx, const weft_expr *e, weft_pointers *list);
/* Append e unless an equal expression is there, among the last OPT_COMPARED_MAX. */
WEFT_MUST_CHECK weft_status opt_add_unique(weft_ctx *ctx, weft_pointers *list, const weft_expr *e);
WEFT_MUST_CHECK weft_status opt_add_all(weft_ctx *ctx, weft_pointers *list, const weft_expr *const *exprs,
                                        int32_t count);
/* FILTER over all of the list; the input itself when it is empty. */
WEFT_MUST_CHECK weft_status opt_filter(weft_ctx *ctx, const weft_node *input, const weft_pointers *conjuncts,
                                       const weft_node **out);
/* Columns that the named expressions define replaced by what they stand for. */
WEFT_MUST_CHECK weft_status opt_substitute(weft_ctx *ctx, const weft_expr *e, const weft_expr *const *named,
                                           int32_t count, const weft_expr **out);
/* Would that stay within bounds? A column that is read twice doubles what it stands for, at each of a hundred
 * levels of projections. */
bool opt_may_substitute(const weft_expr *e, const weft_expr *const *named, int32_t count);
/* Are the trees equal node by node, whatever the ids of their columns? Nodes of which nobody can tell are
 * not.
 */
WEFT_MUST_CHECK weft_status opt_same_plans(weft_ctx *ctx, const weft_node *a, const weft_node *b, bool *same);
/* Column from[i] replaced by column to[i]. */
WEFT_MUST_CHECK weft_status opt_relabel(weft_ctx *ctx, const weft_expr *e, const weft_outputs *from,
                                        const weft_outputs *to, const weft_expr **out);
const weft_expr *opt_below_alias(const weft_expr *e);
int64_t opt_output_id(const weft_expr *named); /* of an ALIAS or COLUMN */
bool opt_is_call(const weft_expr *e, const char *name);
/* "=" or "<=>" of two arguments? */
bool opt_is_equality(const weft_expr *e, bool *null_equal);
bool opt_reads(const weft_expr *e, int64_t id);
bool opt_has_columns(const weft_expr *e);
/* e, a condition on the column `from` alone, said of the column `to`, whose value is equal to it. *out is
 * NULL where that is not so, where e raises or varies, or where equal values may differ (0.0 and -0.0). */
WEFT_MUST_CHECK weft_status opt_repeat_for(weft_ctx *ctx, const weft_expr *e, const weft_expr *from,
                                           const weft_expr *to, const weft_expr **out);
/* Neither raises nor varies: may be evaluated earlier, on more rows, or twice. */
bool opt_is_free(const weft_expr *e);
bool opt_is_true(const weft_expr *e);
bool opt_is_false(const weft_expr *e); /* false or NULL: as a predicate no row passes */
WEFT_MUST_CHECK weft_status opt_boolean(weft_ctx *ctx, bool value, const weft_expr **out);
/* What aggregates that are never NULL give over no rows: 0, or an empty array. */
WEFT_MUST_CHECK weft_status opt_zero(weft_ctx *ctx, weft_type type, const weft_expr **out);
WEFT_MUST_CHECK weft_status opt_output_column(weft_ctx *ctx, const weft_output *output,
                                              const weft_expr **out);

/* ---- the rules: one function for each line of rule_list.h ---- */
#define X(name, phase, help)                                                                                 \
    weft_status opt_rule_##name(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out);
#include "engine/plan/rule_list.h"
#undef X

#endif
