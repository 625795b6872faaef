/* engine/plan/optimizer_exprs.c - what rules do with expressions: splitting, substitution, questions; and the
 * expressions of a node as a whole. */
#include "common/limits.h"
#include "engine/expr/function.h"
#include "engine/plan/optimizer_impl.h"

/* ---- lists of conjuncts ---- */

weft_status opt_split(weft_ctx *ctx, const weft_expr *e, weft_pointers *list)
{
    weft_status st = WEFT_OK;
    if (e->kind != WEFT_EXPR_AND) return weft_pointers_push(ctx, list, e);
    for (int32_t i = 0; i < e->arg_count; i++) WEFT_TRY(st, opt_split(ctx, e->args[i], list));
done:
    return st;
}

weft_status opt_add_unique(weft_ctx *ctx, weft_pointers *list, const weft_expr *e)
{
    const int32_t from = list->count > OPT_COMPARED_MAX ? list->count - OPT_COMPARED_MAX : 0;
    for (int32_t i = from; i < list->count; i++)
        if (weft_expr_equal(list->items[i], e) && weft_expr_deterministic(e)) return WEFT_OK;
    return weft_pointers_push(ctx, list, e);
}

weft_status opt_add_all(weft_ctx *ctx, weft_pointers *list, const weft_expr *const *exprs, int32_t count)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, opt_split(ctx, exprs[i], list));
done:
    return st;
}

weft_status opt_filter(weft_ctx *ctx, const weft_node *input, const weft_pointers *conjuncts,
                       const weft_node **out)
{
    return weft_node_filter(ctx, input, weft_pointers_exprs(conjuncts), conjuncts->count, out);
}

/* ---- substitution ---- */

const weft_expr *opt_below_alias(const weft_expr *e)
{
    while (e->kind == WEFT_EXPR_ALIAS) e = e->args[0];
    return e;
}

int64_t opt_output_id(const weft_expr *named)
{
    return named->kind == WEFT_EXPR_ALIAS ? named->alias.id : named->column.id;
}

typedef struct substitution {
    const weft_expr *const *named;
    int32_t count;
} substitution;

static weft_status substitute_column(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    const substitution *s = self;
    (void)ctx;
    *out = e;
    if (e->kind != WEFT_EXPR_COLUMN) return WEFT_OK;
    for (int32_t i = 0; i < s->count; i++) {
        if (opt_output_id(s->named[i]) != e->column.id) continue;
        *out = opt_below_alias(s->named[i]);
        break;
    }
    return WEFT_OK;
}

weft_status opt_substitute(weft_ctx *ctx, const weft_expr *e, const weft_expr *const *named, int32_t count,
                           const weft_expr **out)
{
    substitution s = {.named = named, .count = count};
    return weft_expr_rewrite(ctx, e, substitute_column, &s, out);
}

/* Parts that an expression may have after it grew: far more than people write. */
enum { GROWN_MAX = 10000 };

typedef struct growth {
    const weft_expr *const *named;
    int32_t count, height;
    int64_t more;
} growth;

static bool add_growth(void *self, const weft_expr *e)
{
    growth *g = self;
    if (e->kind != WEFT_EXPR_COLUMN) return false;
    for (int32_t i = 0; i < g->count; i++) {
        if (opt_output_id(g->named[i]) != e->column.id) continue;
        const weft_expr *below = opt_below_alias(g->named[i]);
        g->more += below->size - 1;
        g->height = weft_max_i32(g->height, below->height);
        break;
    }
    return false;
}

bool opt_may_substitute(const weft_expr *e, const weft_expr *const *named, int32_t count)
{
    growth g = {.named = named, .count = count};
    (void)weft_expr_any(e, add_growth, &g);
    const bool small = g.more <= 0 || e->size + g.more <= GROWN_MAX;
    return small && (g.height == 0 || e->height + g.height <= WEFT_EXPR_DEPTH_MAX);
}

typedef struct relabelling {
    const weft_outputs *from, *to;
} relabelling;

static weft_status relabel_column(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    const relabelling *r = self;
    *out = e;
    if (e->kind != WEFT_EXPR_COLUMN) return WEFT_OK;
    for (int32_t i = 0; i < r->from->count; i++)
        if (r->from->columns[i].id == e->column.id) return opt_output_column(ctx, &r->to->columns[i], out);
    return WEFT_OK;
}

weft_status opt_relabel(weft_ctx *ctx, const weft_expr *e, const weft_outputs *from, const weft_outputs *to,
                        const weft_expr **out)
{
    relabelling r = {.from = from, .to = to};
    return weft_expr_rewrite(ctx, e, relabel_column, &r, out);
}

/* ---- questions ---- */

bool opt_is_call(const weft_expr *e, const char *name)
{
    return e->kind == WEFT_EXPR_CALL && strcmp(e->call.function->name, name) == 0;
}

bool opt_is_equality(const weft_expr *e, bool *null_equal)
{
    if (e->kind != WEFT_EXPR_CALL || e->arg_count != 2) return false;
    *null_equal = opt_is_call(e, "<=>");
    return *null_equal || opt_is_call(e, "=");
}

static bool is_column_of(void *self, const weft_expr *e)
{
    return e->kind == WEFT_EXPR_COLUMN && e->column.id == *(const int64_t *)self;
}

bool opt_reads(const weft_expr *e, int64_t id) { return weft_expr_any(e, is_column_of, &id); }

static bool is_column(void *self, const weft_expr *e)
{
    (void)self;
    return e->kind == WEFT_EXPR_COLUMN;
}

bool opt_has_columns(const weft_expr *e) { return weft_expr_any(e, is_column, NULL); }

bool opt_is_free(const weft_expr *e) { return !weft_expr_fallible(e) && weft_expr_deterministic(e); }

bool opt_is_true(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_LITERAL && e->type.id == WEFT_TYPE_BOOLEAN && !e->literal.is_null &&
           e->literal.boolean;
}

bool opt_is_false(const weft_expr *e)
{
    return e->kind == WEFT_EXPR_LITERAL &&
           (e->literal.is_null || (e->type.id == WEFT_TYPE_BOOLEAN && !e->literal.boolean));
}

weft_status opt_zero(weft_ctx *ctx, weft_type type, const weft_expr **out)
{
    static const char none[sizeof(int32_t)]; /* a packed array of no elements: their number */
    weft_value zero = {.type = type};
    if (type.id == WEFT_TYPE_ARRAY) zero.str = weft_str_view(none, sizeof none);
    return weft_expr_literal(ctx, &zero, out);
}

weft_status opt_boolean(weft_ctx *ctx, bool value, const weft_expr **out)
{
    const weft_value literal = {.type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), .boolean = value};
    return weft_expr_literal(ctx, &literal, out);
}

/* ---- all expressions of a node ---- */

/* The lists of expressions that a node holds; EXPAND has one a projection, after the first. */
enum { NODE_LISTS = 3 };
typedef struct node_list {
    const weft_expr *const **exprs;
    int32_t count;
} node_list;

static int32_t node_lists(weft_node *node, node_list lists[NODE_LISTS])
{
    switch (node->kind) {
    case WEFT_NODE_SCAN: lists[0] = (node_list){&node->scan.conjuncts, node->scan.conjunct_count}; return 1;
    case WEFT_NODE_VALUES:
        lists[0] = (node_list){&node->values.cells, node->values.row_count * node->values.column_count};
        return 1;
    case WEFT_NODE_FILTER: lists[0] = (node_list){&node->filter.conjuncts, node->filter.count}; return 1;
    case WEFT_NODE_PROJECT: lists[0] = (node_list){&node->project.exprs, node->project.count}; return 1;
    case WEFT_NODE_JOIN:
        lists[0] = (node_list){&node->join.left_keys, node->join.key_count};
        lists[1] = (node_list){&node->join.right_keys, node->join.key_count};
        lists[2] = (node_list){&node->join.conditions, node->join.condition_count};
        return 3;
    case WEFT_NODE_AGGREGATE:
        lists[0] = (node_list){&node->aggregate.groups, node->aggregate.group_count};
        lists[1] = (node_list){&node->aggregate.aggregates, node->aggregate.aggregate_count};
        return 2;
    case WEFT_NODE_SORT: lists[0] = (node_list){&node->sort.keys, node->sort.count}; return 1;
    case WEFT_NODE_REPARTITION:
        lists[0] = (node_list){&node->repartition.keys, node->repartition.key_count};
        lists[1] = (node_list){&node->repartition.sort_keys, node->repartition.sort_count};
        return 2;
    case WEFT_NODE_WINDOW: lists[0] = (node_list){&node->window.exprs, node->window.count}; return 1;
    case WEFT_NODE_EXPAND:
    case WEFT_NODE_LIMIT:
    case WEFT_NODE_UNION:
    case WEFT_NODE_SET:
    case WEFT_NODE_SINGLE_ROW:
    case WEFT_NODE_WRITE:
    case WEFT_NODE_EXPLAIN:
    case WEFT_NODE_CREATE_VIEW:
    case WEFT_NODE_DROP_VIEW:
    case WEFT_NODE_SET_CONFIG:
    case WEFT_NODE_SHOW:
    case WEFT_NODE_RELATION:
    case WEFT_NODE_ALIAS:
    case WEFT_NODE_WITH:
    case WEFT_NODE_SELECT:
    case WEFT_NODE_PIVOT:
    case WEFT_NODE_UNPIVOT:
    case WEFT_NODE_SAMPLE:
    case WEFT_NODE_TABLE_FUNCTION:
    case WEFT_NODE_TABLE_COMMAND:
    case WEFT_NODE_GIVEN:
    case WEFT_NODE_ROUTINE:
    case WEFT_NODE_VARIABLE:
    case WEFT_NODE_EXECUTE:
    case WEFT_NODE_RECURSION:
    case WEFT_NODE_LEVEL:
    case WEFT_NODE_SCRIPT:
    case WEFT_NODE_KIND_COUNT: break;
    }
    return 0;
}

weft_status opt_same_exprs(weft_ctx *ctx, const weft_node *a, const weft_node *b,
                           const weft_outputs *a_columns, const weft_outputs *b_columns, bool *same)
{
    weft_status st = WEFT_OK;
    weft_node a_copy = *a, b_copy = *b;
    node_list a_lists[NODE_LISTS], b_lists[NODE_LISTS];
    const int32_t count = node_lists(&a_copy, a_lists);
    *same = count == node_lists(&b_copy, b_lists);
    for (int32_t l = 0; l < count && *same; l++) *same = a_lists[l].count == b_lists[l].count;
    for (int32_t l = 0; l < count && *same; l++) {
        for (int32_t i = 0; i < a_lists[l].count && *same; i++) {
            const weft_expr *e = NULL;
            WEFT_TRY(st, opt_relabel(ctx, opt_below_alias((*b_lists[l].exprs)[i]), b_columns, a_columns, &e));
            const weft_expr *own = opt_below_alias((*a_lists[l].exprs)[i]);
            *same = weft_expr_equal(own, e) && weft_expr_deterministic(own);
        }
    }
done:
    return st;
}

bool opt_any_expr(const weft_node *node, weft_expr_visitor fn, void *self)
{
    weft_node copy = *node;
    node_list lists[NODE_LISTS];
    const int32_t count = node_lists(&copy, lists);
    for (int32_t l = 0; l < count; l++)
        for (int32_t i = 0; i < lists[l].count; i++)
            if (weft_expr_any((*lists[l].exprs)[i], fn, self)) return true;
    for (int32_t p = 0; node->kind == WEFT_NODE_EXPAND && p < node->expand.projection_count; p++)
        for (int32_t i = 0; i < node->output.count; i++)
            if (weft_expr_any(node->expand.projections[p][i], fn, self)) return true;
    return false;
}

static weft_status rewrite_list(weft_ctx *ctx, const weft_expr *const **list, int32_t count,
                                weft_expr_rewriter fn, void *self, bool *changed)
{
    weft_status st = WEFT_OK;
    const weft_expr **copy = NULL;
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *next = NULL;
        WEFT_TRY(st, weft_expr_rewrite(ctx, (*list)[i], fn, self, &next));
        if (next == (*list)[i]) continue;
        if (copy == NULL) {
            WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &copy));
            memcpy(copy, *list, (size_t)count * sizeof(*copy));
        }
        copy[i] = next;
    }
    if (copy != NULL) {
        *list = copy;
        *changed = true;
    }
done:
    return st;
}

static weft_status rewrite_expand(weft_ctx *ctx, weft_node *node, weft_expr_rewriter fn, void *self,
                                  bool *changed)
{
    weft_status st = WEFT_OK;
    const weft_expr *const **projections = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->expand.projection_count, &projections));
    for (int32_t p = 0; p < node->expand.projection_count; p++) {
        projections[p] = node->expand.projections[p];
        WEFT_TRY(st, rewrite_list(ctx, &projections[p], node->output.count, fn, self, changed));
    }
    node->expand.projections = projections;
done:
    return st;
}

weft_status opt_rewrite_exprs(weft_ctx *ctx, const weft_node *node, weft_expr_rewriter fn, void *self,
                              const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node copy = *node;
    weft_node *kept = NULL;
    node_list lists[NODE_LISTS];
    bool changed = false;
    const int32_t count = node_lists(&copy, lists);
    *out = node;
    for (int32_t l = 0; l < count; l++)
        WEFT_TRY(st, rewrite_list(ctx, lists[l].exprs, lists[l].count, fn, self, &changed));
    if (node->kind == WEFT_NODE_EXPAND) WEFT_TRY(st, rewrite_expand(ctx, &copy, fn, self, &changed));
    if (!changed) goto done;
    WEFT_TRY(st, WEFT_NEW(ctx, &kept));
    *kept = copy;
    *out = kept;
done:
    return st;
}
