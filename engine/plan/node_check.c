/* engine/plan/node_check.c - the invariants of bound trees, checked.
 *
 * Every node is visited once (shared nodes too, so the cost is linear in the DAG) with the columns that
 * enclosing queries offer to OUTER references. A shared node cannot have free OUTER references to different
 * places, because the analyser binds it once. */
#include <string.h>

#include "common/hash.h"
#include "engine/plan/logical.h"
#include "engine/plan/pointers.h"

/* The outputs an enclosing query offers, innermost first. */
typedef struct check_outer {
    const weft_node *node; /* whose inputs' columns can be named */
    const struct check_outer *up;
} check_outer;

typedef struct checker {
    const weft_node **seen; /* open addressing, capacity a power of two */
    uint64_t capacity, count;
} checker;

static weft_status check_node(weft_ctx *ctx, checker *c, const weft_node *node, const check_outer *outer);

static bool seen_put(checker *c, const weft_node *node)
{
    uint64_t slot = weft_hash_u64((uint64_t)(uintptr_t)node) & (c->capacity - 1);
    while (c->seen[slot] != NULL && c->seen[slot] != node) slot = (slot + 1) & (c->capacity - 1);
    if (c->seen[slot] == node) return false;
    c->seen[slot] = node;
    c->count++;
    return true;
}

/* Remember the node; *fresh is false when it was there. */
static weft_status seen_add(weft_ctx *ctx, checker *c, const weft_node *node, bool *fresh)
{
    weft_status st = WEFT_OK;
    if (c->count * 2 >= c->capacity) {
        checker bigger = {.capacity = c->capacity == 0 ? 64 : c->capacity * 2};
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, bigger.capacity, &bigger.seen));
        for (uint64_t i = 0; i < c->capacity; i++) {
            if (c->seen[i] != NULL) seen_put(&bigger, c->seen[i]);
        }
        *c = bigger;
    }
    *fresh = seen_put(c, node);
done:
    return st;
}

/* The output column `id` among the node's inputs, or NULL. */
static const weft_output *find_below(const weft_node *node, int64_t id)
{
    for (int32_t i = 0; i < node->input_count; i++) {
        const int32_t at = weft_node_find_output(node->inputs[i], id);
        if (at >= 0) return &node->inputs[i]->output.columns[at];
    }
    return NULL;
}

static weft_status check_column(weft_ctx *ctx, const weft_node *node, const weft_expr *e,
                                const weft_output *column)
{
    char have[256], want[256];
    if (column == NULL) {
        return weft_fail(ctx, WEFT_INTERNAL, "%s: column %s#%lld is not among the inputs' outputs",
                         weft_node_kind_text(node->kind), e->column.name != NULL ? e->column.name : "?",
                         (long long)e->column.id);
    }
    if (!weft_type_equal(column->type, e->type)) {
        return weft_fail(ctx, WEFT_INTERNAL, "%s: column %s#%lld is read as %s but is %s",
                         weft_node_kind_text(node->kind), column->name, (long long)e->column.id,
                         weft_type_text(e->type, want, sizeof want),
                         weft_type_text(column->type, have, sizeof have));
    }
    return WEFT_OK;
}

static weft_status check_outer_column(weft_ctx *ctx, const weft_node *node, const weft_expr *e,
                                      const check_outer *outer)
{
    const weft_expr *column = e->args[0];
    if (e->arg_count != 1 || column->kind != WEFT_EXPR_COLUMN) {
        return weft_fail(ctx, WEFT_INTERNAL, "%s: OUTER does not hold a column",
                         weft_node_kind_text(node->kind));
    }
    for (; outer != NULL; outer = outer->up) {
        const weft_output *found = find_below(outer->node, column->column.id);
        if (found != NULL) return check_column(ctx, node, column, found);
    }
    return weft_fail(ctx, WEFT_INTERNAL, "%s: outer column %s#%lld is in no enclosing query",
                     weft_node_kind_text(node->kind), column->column.name, (long long)column->column.id);
}

static bool kind_is_bound(const weft_node *node, const weft_expr *e)
{
    switch (e->kind) {
    case WEFT_EXPR_UNRESOLVED_COLUMN:
    case WEFT_EXPR_UNRESOLVED_CALL:
    case WEFT_EXPR_STAR:
    case WEFT_EXPR_INTERVAL:
    case WEFT_EXPR_BLOOM:
    case WEFT_EXPR_KIND_COUNT: return false;
    case WEFT_EXPR_AGGREGATE: return node->kind == WEFT_NODE_AGGREGATE || node->kind == WEFT_NODE_WINDOW;
    case WEFT_EXPR_WINDOW: return node->kind == WEFT_NODE_WINDOW;
    case WEFT_EXPR_LITERAL:
    case WEFT_EXPR_COLUMN:
    case WEFT_EXPR_CALL:
    case WEFT_EXPR_CAST:
    case WEFT_EXPR_CASE:
    case WEFT_EXPR_AND:
    case WEFT_EXPR_OR:
    case WEFT_EXPR_NOT:
    case WEFT_EXPR_IN:
    case WEFT_EXPR_IS_NULL:
    case WEFT_EXPR_IS_NOT_NULL:
    case WEFT_EXPR_COALESCE:
    case WEFT_EXPR_SUBQUERY:
    case WEFT_EXPR_ALIAS:
    case WEFT_EXPR_OUTER:
    case WEFT_EXPR_SORT_KEY: return true;
    }
    return false;
}

static weft_status check_expr(weft_ctx *ctx, checker *c, const weft_node *node, const weft_expr *e,
                              const check_outer *outer)
{
    weft_status st = WEFT_OK;
    if (e == NULL)
        return weft_fail(ctx, WEFT_INTERNAL, "%s: missing expression", weft_node_kind_text(node->kind));
    if (!kind_is_bound(node, e)) {
        return weft_fail(ctx, WEFT_INTERNAL, "%s: an expression of kind %d is out of place",
                         weft_node_kind_text(node->kind), (int)e->kind);
    }
    if (e->kind == WEFT_EXPR_OUTER) return check_outer_column(ctx, node, e, outer);
    if (e->kind == WEFT_EXPR_COLUMN) return check_column(ctx, node, e, find_below(node, e->column.id));
    for (int32_t i = 0; i < e->arg_count; i++) WEFT_TRY(st, check_expr(ctx, c, node, e->args[i], outer));
    if (e->kind == WEFT_EXPR_AGGREGATE && e->aggregate.filter != NULL) {
        WEFT_TRY(st, check_expr(ctx, c, node, e->aggregate.filter, outer));
    } else if (e->kind == WEFT_EXPR_WINDOW) {
        const weft_window_spec *spec = e->window.spec;
        for (int32_t i = 0; i < spec->partition_count; i++) {
            WEFT_TRY(st, check_expr(ctx, c, node, spec->partition[i], outer));
        }
        for (int32_t i = 0; i < spec->order_count; i++) {
            WEFT_TRY(st, check_expr(ctx, c, node, spec->order[i], outer));
        }
    } else if (e->kind == WEFT_EXPR_SUBQUERY) {
        const check_outer inner = {.node = node, .up = outer};
        WEFT_TRY(st, check_node(ctx, c, e->subquery.plan, &inner));
    }
done:
    return st;
}

static weft_status check_exprs(weft_ctx *ctx, checker *c, const weft_node *node,
                               const weft_expr *const *exprs, int32_t count, const check_outer *outer)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, check_expr(ctx, c, node, exprs[i], outer));
done:
    return st;
}

static weft_status check_predicates(weft_ctx *ctx, checker *c, const weft_node *node,
                                    const weft_expr *const *exprs, int32_t count, const check_outer *outer)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, check_exprs(ctx, c, node, exprs, count, outer));
    for (int32_t i = 0; i < count; i++) {
        if (exprs[i]->type.id != WEFT_TYPE_BOOLEAN && exprs[i]->type.id != WEFT_TYPE_NULL) {
            WEFT_TRY(st, weft_fail(ctx, WEFT_INTERNAL, "%s: predicate %d is not BOOLEAN",
                                   weft_node_kind_text(node->kind), i));
        }
    }
done:
    return st;
}

/* Outputs [from, from + count) are those of the named expressions. */
static weft_status check_named(weft_ctx *ctx, checker *c, const weft_node *node,
                               const weft_expr *const *exprs, int32_t count, int32_t from,
                               const check_outer *outer)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, check_exprs(ctx, c, node, exprs, count, outer));
    if (node->output.count < from + count) {
        WEFT_TRY(st, weft_fail(ctx, WEFT_INTERNAL, "%s: %d expressions for %d outputs",
                               weft_node_kind_text(node->kind), from + count, node->output.count));
    }
    for (int32_t i = 0; i < count; i++) {
        const weft_output *column = &node->output.columns[from + i];
        const bool alias = exprs[i]->kind == WEFT_EXPR_ALIAS;
        const int64_t id = alias                                ? exprs[i]->alias.id
                           : exprs[i]->kind == WEFT_EXPR_COLUMN ? exprs[i]->column.id
                                                                : -1;
        const weft_type type = alias ? exprs[i]->args[0]->type : exprs[i]->type;
        if (id != column->id || !weft_type_equal(type, column->type)) {
            WEFT_TRY(st, weft_fail(
                             ctx, WEFT_INTERNAL, "%s: output %d (%s#%lld) is not what its expression gives",
                             weft_node_kind_text(node->kind), from + i, column->name, (long long)column->id));
        }
    }
done:
    return st;
}

static weft_status check_join(weft_ctx *ctx, checker *c, const weft_node *node, const check_outer *outer)
{
    weft_status st = WEFT_OK;
    const weft_outputs *left = &node->inputs[0]->output, *right = &node->inputs[1]->output;
    WEFT_TRY(st, check_exprs(ctx, c, node, node->join.left_keys, node->join.key_count, outer));
    WEFT_TRY(st, check_exprs(ctx, c, node, node->join.right_keys, node->join.key_count, outer));
    WEFT_TRY(st, check_predicates(ctx, c, node, node->join.conditions, node->join.condition_count, outer));
    for (int32_t i = 0; i < node->join.key_count; i++) {
        const weft_expr *l = node->join.left_keys[i], *r = node->join.right_keys[i];
        if (!weft_outputs_cover(left, l) || !weft_outputs_cover(right, r) ||
            !weft_type_equal(l->type, r->type)) {
            WEFT_TRY(st, weft_fail(ctx, WEFT_INTERNAL,
                                   "Join: key %d is on the wrong side or of unequal types", i));
        }
    }
    for (int32_t i = 0; i < left->count; i++) {
        if (weft_node_find_output(node->inputs[1], left->columns[i].id) >= 0) {
            WEFT_TRY(st, weft_fail(ctx, WEFT_INTERNAL, "Join: both inputs have column %s#%lld",
                                   left->columns[i].name, (long long)left->columns[i].id));
        }
    }
done:
    return st;
}

static weft_status check_same_shape(weft_ctx *ctx, const weft_node *node)
{
    for (int32_t i = 0; i < node->input_count; i++) {
        const weft_outputs *in = &node->inputs[i]->output;
        bool same = in->count == node->output.count;
        for (int32_t k = 0; same && k < in->count; k++) {
            same = weft_type_equal(in->columns[k].type, node->output.columns[k].type);
        }
        if (!same) {
            return weft_fail(ctx, WEFT_INTERNAL, "%s: input %d has other columns than the output",
                             weft_node_kind_text(node->kind), i);
        }
    }
    return WEFT_OK;
}

static weft_status check_content(weft_ctx *ctx, checker *c, const weft_node *node, const check_outer *outer)
{
    weft_status st = WEFT_OK;
    switch (node->kind) {
    case WEFT_NODE_SCAN: {
        /* Pushed filters speak of the scan's own outputs. */
        const weft_node *self[1] = {node};
        weft_node probe = {.kind = WEFT_NODE_SCAN, .input_count = 1, .inputs = self};
        WEFT_TRY(st,
                 check_predicates(ctx, c, &probe, node->scan.conjuncts, node->scan.conjunct_count, outer));
        break;
    }
    case WEFT_NODE_VALUES:
        WEFT_TRY(st, check_exprs(ctx, c, node, node->values.cells,
                                 node->values.row_count * node->values.column_count, outer));
        break;
    case WEFT_NODE_FILTER:
        WEFT_TRY(st, check_predicates(ctx, c, node, node->filter.conjuncts, node->filter.count, outer));
        break;
    case WEFT_NODE_PROJECT:
        WEFT_TRY(st, check_named(ctx, c, node, node->project.exprs, node->project.count, 0, outer));
        break;
    case WEFT_NODE_JOIN: WEFT_TRY(st, check_join(ctx, c, node, outer)); break;
    case WEFT_NODE_AGGREGATE:
        WEFT_TRY(st,
                 check_named(ctx, c, node, node->aggregate.groups, node->aggregate.group_count, 0, outer));
        WEFT_TRY(st, check_named(ctx, c, node, node->aggregate.aggregates, node->aggregate.aggregate_count,
                                 node->aggregate.group_count, outer));
        break;
    case WEFT_NODE_SORT:
        WEFT_TRY(st, check_exprs(ctx, c, node, node->sort.keys, node->sort.count, outer));
        break;
    case WEFT_NODE_REPARTITION:
        WEFT_TRY(st, check_exprs(ctx, c, node, node->repartition.keys, node->repartition.key_count, outer));
        WEFT_TRY(st,
                 check_exprs(ctx, c, node, node->repartition.sort_keys, node->repartition.sort_count, outer));
        WEFT_TRY(st, check_same_shape(ctx, node));
        break;
    case WEFT_NODE_WINDOW:
        WEFT_TRY(st, check_named(ctx, c, node, node->window.exprs, node->window.count,
                                 node->inputs[0]->output.count, outer));
        break;
    case WEFT_NODE_UNION:
    case WEFT_NODE_RECURSION:
    case WEFT_NODE_SET: WEFT_TRY(st, check_same_shape(ctx, node)); break;
    case WEFT_NODE_EXPAND:
        for (int32_t i = 0; i < node->expand.projection_count; i++) {
            WEFT_TRY(st, check_exprs(ctx, c, node, node->expand.projections[i], node->output.count, outer));
        }
        break;
    case WEFT_NODE_SCRIPT: /* its constructor looks at the one column that it reads */
    case WEFT_NODE_LIMIT:
    case WEFT_NODE_SINGLE_ROW:
    case WEFT_NODE_WRITE:
    case WEFT_NODE_EXPLAIN:
    case WEFT_NODE_CREATE_VIEW:
    case WEFT_NODE_DROP_VIEW:
    case WEFT_NODE_SET_CONFIG:
    case WEFT_NODE_LEVEL:
    case WEFT_NODE_TABLE_COMMAND:
    case WEFT_NODE_ROUTINE:
    case WEFT_NODE_VARIABLE:
    case WEFT_NODE_EXECUTE:
    case WEFT_NODE_SHOW: break;
    case WEFT_NODE_RELATION:
    case WEFT_NODE_ALIAS:
    case WEFT_NODE_WITH:
    case WEFT_NODE_SELECT:
    case WEFT_NODE_PIVOT:
    case WEFT_NODE_UNPIVOT:
    case WEFT_NODE_SAMPLE:
    case WEFT_NODE_TABLE_FUNCTION:
    case WEFT_NODE_GIVEN:
    case WEFT_NODE_KIND_COUNT:
        st = weft_fail(ctx, WEFT_INTERNAL, "%s is not a bound node", weft_node_kind_text(node->kind));
        break;
    }
done:
    return st;
}

static weft_status check_node(weft_ctx *ctx, checker *c, const weft_node *node, const check_outer *outer)
{
    weft_status st = WEFT_OK;
    bool fresh = false;
    WEFT_TRY(st, seen_add(ctx, c, node, &fresh));
    if (!fresh) goto done;
    const check_outer here = {.node = node, .up = outer};
    for (int32_t i = 0; i < node->input_count; i++) {
        const bool lateral = node->kind == WEFT_NODE_JOIN && node->join.lateral && i == 1;
        WEFT_TRY(st, check_node(ctx, c, node->inputs[i], lateral ? &here : outer));
    }
    if (node->output.count < 0) {
        WEFT_TRY(st, weft_fail(ctx, WEFT_INTERNAL, "%s is not bound", weft_node_kind_text(node->kind)));
    }
    WEFT_TRY(st, check_content(ctx, c, node, outer));
done:
    return st;
}

weft_status weft_node_check(weft_ctx *ctx, const weft_node *root)
{
    checker c = {0};
    return check_node(ctx, &c, root, NULL);
}
