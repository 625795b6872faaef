/* engine/plan/rule_prove.c - arithmetic in conditions that cannot overflow is made such that cannot raise.
 *
 * What may raise stays where it was written, so `a.rn = b.rn + 1` and `a.week = b.week - 53` are no keys of a
 * join, and all pairs of its other keys are made first. Where the bounds of the columns (of a file's
 * statistics; numbers of rows in a window) show that every result lies within its type, + becomes try_add and
 * so on: the same value, and free to move. */
#include "engine/plan/estimate.h"
#include "engine/plan/optimizer_impl.h"

typedef struct prover {
    weft_estimator *estimator;
    const weft_node *node; /* whose expressions are looked at */
} prover;

typedef struct interval {
    weft_i128 low, high;
} interval;

/* All values of the type, of at most 64 bits. */
static interval type_interval(weft_type type)
{
    const int bits = type.id == WEFT_TYPE_TINYINT    ? 7
                     : type.id == WEFT_TYPE_SMALLINT ? 15
                     : type.id == WEFT_TYPE_INT      ? 31
                                                     : 63;
    const weft_i128 limit = (weft_i128)1 << bits;
    return (interval){-limit, limit - 1};
}

static bool is_within(interval inner, interval outer)
{
    return inner.low >= outer.low && inner.high <= outer.high;
}

/* A number of rows of a partition: that the last one of INT is taken, two billion rows would have to be. */
static bool counts_rows(const weft_expr *window, interval *out)
{
    static const char *const names[] = {"row_number", "rank", "dense_rank"};
    if (window->kind != WEFT_EXPR_WINDOW || window->args[0]->kind != WEFT_EXPR_CALL) return false;
    *out = (interval){1, INT32_MAX - 1};
    for (int32_t i = 0; i < WEFT_COUNT(names); i++)
        if (opt_is_call(window->args[0], names[i])) return true;
    return false;
}

/* What the node defines under that id; NULL: nothing. */
static const weft_expr *defined(const weft_node *node, int64_t id)
{
    const weft_expr *const *named = NULL;
    int32_t count = 0;
    if (node->kind == WEFT_NODE_PROJECT) {
        named = node->project.exprs;
        count = node->project.count;
    } else if (node->kind == WEFT_NODE_AGGREGATE) {
        named = node->aggregate.groups;
        count = node->aggregate.group_count;
    } else if (node->kind == WEFT_NODE_WINDOW) {
        named = node->window.exprs;
        count = node->window.count;
    }
    for (int32_t i = 0; i < count; i++)
        if (opt_output_id(named[i]) == id) return opt_below_alias(named[i]);
    return NULL;
}

/* The input that hands the column on; NULL: none does, or not every row of it. */
static const weft_node *handed_on(const weft_node *node, int64_t id)
{
    const bool hands = node->kind == WEFT_NODE_FILTER || node->kind == WEFT_NODE_JOIN ||
                       node->kind == WEFT_NODE_WINDOW || node->kind == WEFT_NODE_SORT ||
                       node->kind == WEFT_NODE_LIMIT || node->kind == WEFT_NODE_SINGLE_ROW;
    for (int32_t i = 0; hands && i < node->input_count; i++)
        if (weft_node_find_output(node->inputs[i], id) >= 0) return node->inputs[i];
    return NULL;
}

/* Bounds of a column's values that are not NULL. */
static weft_status column_interval(weft_ctx *ctx, const prover *p, const weft_node *node, int64_t id,
                                   interval *out, bool *known)
{
    weft_status st = WEFT_OK;
    weft_column_stats stats = {0};
    *known = false;
    while (node != NULL && node->kind != WEFT_NODE_SCAN) {
        const weft_expr *e = defined(node, id);
        if (e == NULL) {
            node = handed_on(node, id);
        } else if (e->kind == WEFT_EXPR_COLUMN) {
            id = e->column.id;
            node = node->inputs[0];
        } else {
            *known = counts_rows(e, out);
            return WEFT_OK;
        }
    }
    if (node == NULL) return WEFT_OK;
    WEFT_TRY(st, weft_estimator_column(ctx, p->estimator, node, id, &stats));
    *known = stats.has_bounds && weft_type_is_integral(stats.low.type) &&
             weft_type_is_integral(stats.high.type);
    if (*known) *out = (interval){stats.low.i64, stats.high.i64};
done:
    return st;
}

static weft_status expr_interval(weft_ctx *ctx, const prover *p, const weft_expr *e, interval *out,
                                 bool *known)
{
    weft_status st = WEFT_OK;
    interval left = {0}, right = {0};
    *known = false;
    if (!weft_type_is_integral(e->type)) return WEFT_OK;
    if (e->kind == WEFT_EXPR_LITERAL) {
        *known = !e->literal.is_null;
        *out = (interval){e->literal.i64, e->literal.i64};
        return WEFT_OK;
    }
    if (e->kind == WEFT_EXPR_COLUMN) {
        for (int32_t i = 0; i < p->node->input_count && !*known; i++)
            if (weft_node_find_output(p->node->inputs[i], e->column.id) >= 0)
                WEFT_TRY(st, column_interval(ctx, p, p->node->inputs[i], e->column.id, out, known));
        return WEFT_OK;
    }
    if (e->kind == WEFT_EXPR_CAST) { /* to a wider type: the same values */
        WEFT_TRY(st, expr_interval(ctx, p, e->args[0], out, known));
        *known = *known && is_within(*out, type_interval(e->type));
        return WEFT_OK;
    }
    const bool plus = opt_is_call(e, "+") || opt_is_call(e, "try_add");
    const bool minus = opt_is_call(e, "-") || opt_is_call(e, "try_subtract");
    if ((!plus && !minus) || e->arg_count != 2) return WEFT_OK;
    WEFT_TRY(st, expr_interval(ctx, p, e->args[0], &left, known));
    if (*known) WEFT_TRY(st, expr_interval(ctx, p, e->args[1], &right, known));
    *out = plus ? (interval){left.low + right.low, left.high + right.high}
                : (interval){left.low - right.high, left.high - right.low};
    *known = *known && is_within(*out, type_interval(e->type));
done:
    return st;
}

static weft_status prove_expr(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    interval values = {0};
    bool known = false;
    *out = e;
    const bool plus = opt_is_call(e, "+");
    if ((!plus && !opt_is_call(e, "-")) || e->arg_count != 2 || !weft_type_is_integral(e->type) ||
        !opt_has_columns(e))
        return WEFT_OK;
    WEFT_TRY(st, expr_interval(ctx, self, e, &values, &known));
    if (known)
        WEFT_TRY(
            st, weft_expr_call(ctx, plus ? "try_add" : "try_subtract", e->args, e->arg_count, &e->span, out));
done:
    return st;
}

static bool is_fallible(void *self, const weft_expr *e)
{
    (void)self;
    return weft_expr_fallible(e);
}

static weft_status prove_node(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    prover *p = self;
    *out = node;
    if ((node->kind != WEFT_NODE_FILTER && node->kind != WEFT_NODE_JOIN) ||
        !opt_any_expr(node, is_fallible, NULL))
        return WEFT_OK;
    p->node = node;
    return opt_rewrite_exprs(ctx, node, prove_expr, p, out);
}

weft_status opt_rule_prove(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    weft_status st = WEFT_OK;
    prover p = {0};
    (void)ids;
    WEFT_TRY(st, weft_estimator_new(ctx, &p.estimator));
    WEFT_TRY(st, opt_rewrite(ctx, root, prove_node, &p, NULL, out));
done:
    return st;
}
