/* engine/plan/rule_window_limit.c - the first rows of each partition are wanted: WINDOW learns how many.
 *
 * A FILTER that keeps row_number() <= n, or rank() or dense_rank(), makes all rows of a partition behind the
 * n-th needless to the windows below it, as long as those only number rows: what comes later changes no
 * earlier number. Each task's sorted runs then have n rows of a partition at most (ties of the n-th besides,
 * which rank() gives the same number). The FILTER stays. */
#include "engine/plan/optimizer_impl.h"

typedef struct limiter {
    weft_pointer_map parents;
} limiter;

static bool numbers_rows(const weft_expr *named)
{
    static const char *const names[] = {"row_number", "rank", "dense_rank"};
    const weft_expr *call = opt_below_alias(named)->args[0];
    for (int32_t i = 0; i < WEFT_COUNT(names); i++)
        if (opt_is_call(call, names[i])) return true;
    return false;
}

/* column <= n, < n or = n, either way round: n, or the like of it; -1: it is nothing of that kind. */
static int64_t bound_of(const weft_expr *e, int64_t *id)
{
    static const struct {
        const char *name;
        int column; /* the argument that must be the column; -1: either */
        int64_t less;
    } forms[] = {{"<=", 0, 0}, {"<", 0, 1}, {"=", -1, 0}, {">=", 1, 0}, {">", 1, 1}};
    for (int32_t i = 0; i < WEFT_COUNT(forms); i++) {
        if (!opt_is_call(e, forms[i].name) || e->arg_count != 2) continue;
        const int column = forms[i].column >= 0 ? forms[i].column : e->args[0]->kind != WEFT_EXPR_COLUMN;
        const weft_expr *number = e->args[1 - column];
        if (e->args[column]->kind != WEFT_EXPR_COLUMN || number->kind != WEFT_EXPR_LITERAL ||
            number->literal.is_null || !weft_type_is_integral(number->type))
            return -1;
        *id = e->args[column]->column.id;
        return number->literal.i64 - (number->literal.i64 > 0 ? forms[i].less : 0);
    }
    return -1;
}

/* The WINDOW below projections, with the id that the column has there; NULL: none, or others read it too. */
static const weft_node *window_below(const limiter *l, const weft_node *node, int64_t *id)
{
    for (; node->kind == WEFT_NODE_PROJECT && !weft_is_shared(&l->parents, node); node = node->inputs[0]) {
        const weft_expr *below = NULL;
        for (int32_t i = 0; i < node->project.count; i++) {
            if (!weft_expr_deterministic(node->project.exprs[i])) return NULL; /* it counts all rows */
            if (opt_output_id(node->project.exprs[i]) == *id) below = opt_below_alias(node->project.exprs[i]);
        }
        if (below == NULL || below->kind != WEFT_EXPR_COLUMN) return NULL;
        *id = below->column.id;
    }
    return node->kind == WEFT_NODE_WINDOW && !weft_is_shared(&l->parents, node) ? node : NULL;
}

/* The chain of projections over the limited WINDOW. */
static weft_status replace_window(weft_ctx *ctx, const weft_node *node, const weft_node *limited,
                                  const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *below = limited;
    if (node->kind == WEFT_NODE_PROJECT) {
        WEFT_TRY(st, replace_window(ctx, node->inputs[0], limited, &below));
        WEFT_TRY(st, weft_node_with_inputs(ctx, node, &below, &below));
    }
    *out = below;
done:
    return st;
}

static weft_status limit_window(weft_ctx *ctx, void *self, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *found = NULL;
    weft_node *limited = NULL;
    int32_t call = -1;
    int64_t most = INT64_MAX;
    *out = node;
    if (node->kind != WEFT_NODE_FILTER) return WEFT_OK;
    for (int32_t i = 0; i < node->filter.count; i++) {
        int64_t id = -1;
        if (!weft_expr_deterministic(node->filter.conjuncts[i])) return WEFT_OK;
        const int64_t bound = bound_of(node->filter.conjuncts[i], &id);
        const weft_node *window = bound > 0 && bound < most ? window_below(self, node->inputs[0], &id) : NULL;
        for (int32_t k = 0; window != NULL && k < window->window.count; k++) {
            if (window->window.exprs[k]->alias.id != id) continue;
            found = window;
            call = k;
            most = bound;
        }
    }
    for (int32_t k = 0; found != NULL && k < found->window.count; k++)
        if (!numbers_rows(found->window.exprs[k])) return WEFT_OK;
    if (found == NULL) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, &limited));
    *limited = *found;
    limited->window.most = most;
    limited->window.most_call = call;
    WEFT_TRY(st, replace_window(ctx, node->inputs[0], limited, out));
    WEFT_TRY(st, weft_node_with_inputs(ctx, node, out, out));
done:
    return st;
}

weft_status opt_rule_window_limit(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    weft_status st = WEFT_OK;
    limiter l = {0};
    (void)ids;
    WEFT_TRY(st, weft_count_parents(ctx, root, &l.parents));
    WEFT_TRY(st, opt_rewrite(ctx, root, limit_window, &l, NULL, out));
done:
    return st;
}
