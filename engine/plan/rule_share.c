/* engine/plan/rule_share.c - equal parts of a plan become one node, which runs once.
 *
 * Two trees are equal when they are so node by node, whatever the ids of their columns; the second is
 * replaced by a projection of the first that gives the second's ids. The rows of a node with several parents
 * are kept as a block, and no filter of one parent goes below it: so only what leaves a small part of the
 * rows it reads is shared. The walk is from the root down: the largest equal parts are found first. Runs
 * before pruning, while the scans of one table still have the same columns. */
#include "common/hash.h"
#include "engine/plan/estimate.h"
#include "engine/plan/optimizer_impl.h"

#define ROWS_READ_LEAST 1e5  /* below, reading twice costs nothing */
#define KEPT_MOST       0.25 /* part of the rows read that a join or aggregate leaves */
#define KEPT_MOST_SCAN  0.05 /* the same of a scan alone, which dynamic filters might cut further */

typedef struct sharer {
    weft_estimator *estimator;
    weft_pointer_map hashes; /* node to structural hash */
    weft_pointer_map done;   /* node to what it became */
    weft_pointer_map seen;   /* structural hash to the seen_node that was kept last */
    bool written_once;       /* LIMITs are equal, too: what takes rows twice in a query is one of them */
} sharer;

typedef struct seen_node {
    const weft_node *node;
    const struct seen_node *next; /* of the same hash */
} seen_node;

/* ---- equality ---- */

static uint64_t hash_of(const sharer *s, const weft_node *node)
{
    return (uint64_t)(uintptr_t)weft_pointer_map_get(&s->hashes, node);
}

/* A projection that only names its input's columns again, each in its place, is that input: the second use of
 * a view has one. */
static const weft_node *below_names(const weft_node *node)
{
    while (node->kind == WEFT_NODE_PROJECT && node->project.count == node->inputs[0]->output.count) {
        for (int32_t i = 0; i < node->project.count; i++) {
            const weft_expr *e = node->project.exprs[i];
            if (e->kind == WEFT_EXPR_ALIAS) e = e->args[0];
            if (e->kind != WEFT_EXPR_COLUMN || e->column.id != node->inputs[0]->output.columns[i].id)
                return node;
        }
        node = node->inputs[0];
    }
    return node;
}

/* All but the ids of columns and the names of outputs, which may differ. */
static bool hash_expr(void *self, const weft_expr *e)
{
    uint64_t *hash = self;
    if (e->kind == WEFT_EXPR_COLUMN)
        *hash = weft_hash_u64(*hash ^ e->type.id);
    else if (e->kind != WEFT_EXPR_ALIAS)
        *hash = weft_hash_u64(*hash ^ weft_expr_hash_node(e));
    return false;
}

static weft_status hash_node(weft_ctx *ctx, sharer *s, const weft_node *node)
{
    weft_status st = WEFT_OK;
    const weft_node *named = below_names(node);
    if (weft_pointer_map_get(&s->hashes, node) != NULL) return WEFT_OK;
    if (named != node) {
        WEFT_TRY(st, hash_node(ctx, s, named));
        return weft_pointer_map_put(ctx, &s->hashes, node, weft_pointer_map_get(&s->hashes, named));
    }
    uint64_t hash = weft_hash_u64((uint64_t)node->kind * 64 + (uint64_t)node->input_count);
    hash = weft_hash_u64(hash ^ (uint64_t)node->output.count);
    if (node->kind == WEFT_NODE_SCAN) {
        hash = weft_hash_u64(hash ^ (uint64_t)(uintptr_t)node->scan.relation->table);
        hash = weft_hash_u64(hash ^ (uint64_t)node->scan.conjunct_count);
    }
    (void)opt_any_expr(node, hash_expr, &hash);
    for (int32_t i = 0; i < node->input_count; i++) {
        WEFT_TRY(st, hash_node(ctx, s, node->inputs[i]));
        hash = weft_hash_u64(hash ^ hash_of(s, node->inputs[i]));
    }
    WEFT_TRY(st, weft_pointer_map_put(ctx, &s->hashes, node, (const void *)(uintptr_t)(hash | 1)));
done:
    return st;
}

/* What is not an expression. */
static bool same_fields(const sharer *s, const weft_node *a, const weft_node *b)
{
    switch (a->kind) {
    case WEFT_NODE_SCAN:
        return a->scan.relation->table == b->scan.relation->table &&
               memcmp(a->scan.columns, b->scan.columns, (size_t)a->output.count * sizeof(*a->scan.columns)) ==
                   0;
    case WEFT_NODE_JOIN:
        if (a->join.kind != b->join.kind || a->join.mark_nullable != b->join.mark_nullable ||
            a->join.key_count != b->join.key_count)
            return false;
        for (int32_t i = 0; i < a->join.key_count; i++)
            if ((a->join.null_equal != NULL && a->join.null_equal[i]) !=
                (b->join.null_equal != NULL && b->join.null_equal[i]))
                return false;
        return true;
    case WEFT_NODE_SORT: return a->sort.limit == b->sort.limit;
    case WEFT_NODE_AGGREGATE: return a->aggregate.group_count == b->aggregate.group_count;
    case WEFT_NODE_VALUES: return a->values.row_count == b->values.row_count;
    case WEFT_NODE_WINDOW:
        return a->window.most == b->window.most && a->window.most_call == b->window.most_call;
    case WEFT_NODE_FILTER:
    case WEFT_NODE_PROJECT:
    case WEFT_NODE_UNION:
    case WEFT_NODE_SINGLE_ROW: return true;
    case WEFT_NODE_LIMIT: /* which rows it takes may differ */
        return s->written_once && a->limit.take == b->limit.take && a->limit.skip == b->limit.skip;
    case WEFT_NODE_REPARTITION:
    case WEFT_NODE_EXPAND:
    case WEFT_NODE_SET:
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
    return false;
}

/* The columns that the expressions of a node read: its own of a SCAN, else those of all inputs. */
static weft_status read_columns(weft_ctx *ctx, const weft_node *node, weft_outputs *out)
{
    weft_status st = WEFT_OK;
    weft_output *columns = NULL;
    int32_t count = 0;
    *out = node->output;
    if (node->kind == WEFT_NODE_SCAN) return WEFT_OK;
    for (int32_t i = 0; i < node->input_count; i++) count += node->inputs[i]->output.count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &columns));
    count = 0;
    for (int32_t i = 0; i < node->input_count; i++)
        for (int32_t k = 0; k < node->inputs[i]->output.count; k++)
            columns[count++] = node->inputs[i]->output.columns[k];
    *out = (weft_outputs){.count = count, .columns = columns};
done:
    return st;
}

static weft_status same_tree(weft_ctx *ctx, const sharer *s, const weft_node *a, const weft_node *b,
                             bool *same)
{
    weft_status st = WEFT_OK;
    weft_outputs a_columns = {0}, b_columns = {0};
    a = below_names(a);
    b = below_names(b);
    *same = a == b;
    if (a == b || hash_of(s, a) != hash_of(s, b) || a->kind != b->kind || a->input_count != b->input_count ||
        a->output.count != b->output.count || !same_fields(s, a, b))
        return WEFT_OK;
    *same = true;
    for (int32_t i = 0; i < a->input_count && *same; i++)
        WEFT_TRY(st, same_tree(ctx, s, a->inputs[i], b->inputs[i], same));
    if (!*same) goto done;
    WEFT_TRY(st, read_columns(ctx, a, &a_columns));
    WEFT_TRY(st, read_columns(ctx, b, &b_columns));
    WEFT_TRY(st, opt_same_exprs(ctx, a, b, &a_columns, &b_columns, same));
done:
    return st;
}

weft_status opt_same_plans(weft_ctx *ctx, const weft_node *a, const weft_node *b, bool *same)
{
    weft_status st = WEFT_OK;
    sharer s = {.written_once = true};
    WEFT_TRY(st, hash_node(ctx, &s, a));
    WEFT_TRY(st, hash_node(ctx, &s, b));
    WEFT_TRY(st, same_tree(ctx, &s, a, b, same));
done:
    return st;
}

/* ---- is it worth it ---- */

static double rows_read(const weft_node *node)
{
    double sum = 0;
    if (node->kind == WEFT_NODE_SCAN) {
        const int64_t rows = node->scan.relation->format->row_count(node->scan.relation->table);
        return rows >= 0 ? (double)rows : 1e6;
    }
    for (int32_t i = 0; i < node->input_count; i++) sum += rows_read(node->inputs[i]);
    return sum;
}

static weft_status is_worth(weft_ctx *ctx, const sharer *s, const weft_node *node, bool *out)
{
    weft_status st = WEFT_OK;
    weft_estimate estimate = {0};
    const double read = rows_read(node);
    const weft_node *top = node;
    *out = false;
    while (top->kind == WEFT_NODE_PROJECT || top->kind == WEFT_NODE_FILTER) top = top->inputs[0];
    if (read < ROWS_READ_LEAST || (top == node && node->kind == WEFT_NODE_VALUES)) return WEFT_OK;
    WEFT_TRY(st, weft_estimator_node(ctx, s->estimator, node, &estimate));
    *out = estimate.rows <= read * (top->kind == WEFT_NODE_SCAN ? KEPT_MOST_SCAN : KEPT_MOST);
done:
    return st;
}

/* ---- the walk ---- */

/* The rows of `kept` under the ids of `node`. */
static weft_status relabel(weft_ctx *ctx, const weft_node *kept, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **exprs = NULL;
    const int32_t count = node->output.count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &exprs));
    for (int32_t i = 0; i < count; i++) {
        const weft_output *output = &node->output.columns[i];
        WEFT_TRY(st, weft_node_column(ctx, kept, i, &exprs[i]));
        if (output->id != kept->output.columns[i].id)
            WEFT_TRY(st, weft_expr_alias(ctx, exprs[i], output->id, output->name, &exprs[i]));
    }
    WEFT_TRY(st, weft_node_project(ctx, kept, exprs, count, out));
done:
    return st;
}

/* An equal node that was met before; NULL when there is none. */
static weft_status find_equal(weft_ctx *ctx, const sharer *s, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    bool same = false, worth = false;
    *out = NULL;
    const seen_node *other = weft_pointer_map_get(&s->seen, (const void *)(uintptr_t)hash_of(s, node));
    for (; other != NULL && !same; other = other->next) {
        WEFT_TRY(st, same_tree(ctx, s, other->node, node, &same));
        if (same) *out = other->node;
    }
    if (same) WEFT_TRY(st, is_worth(ctx, s, *out, &worth));
    if (!worth) *out = NULL;
done:
    return st;
}

static weft_status add_seen(weft_ctx *ctx, sharer *s, const weft_node *node)
{
    weft_status st = WEFT_OK;
    const void *hash = (const void *)(uintptr_t)hash_of(s, node);
    seen_node *seen = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &seen));
    *seen = (seen_node){.node = node, .next = weft_pointer_map_get(&s->seen, hash)};
    WEFT_TRY(st, weft_pointer_map_put(ctx, &s->seen, hash, seen));
done:
    return st;
}

static weft_status share(weft_ctx *ctx, sharer *s, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *equal = NULL, **inputs = NULL;
    *out = weft_pointer_map_get(&s->done, node);
    if (*out != NULL) return WEFT_OK;
    WEFT_TRY(st, find_equal(ctx, s, node, &equal));
    if (equal != NULL) {
        const weft_node *kept = weft_pointer_map_get(&s->done, equal);
        assert(kept != NULL); /* equal trees do not contain each other, so that one was finished before */
        WEFT_TRY(st, relabel(ctx, kept, node, out));
    } else {
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->input_count, &inputs));
        for (int32_t i = 0; i < node->input_count; i++)
            WEFT_TRY(st, share(ctx, s, node->inputs[i], &inputs[i]));
        WEFT_TRY(st, opt_with_inputs(ctx, node, inputs, out));
        WEFT_TRY(st, add_seen(ctx, s, node));
    }
    WEFT_TRY(st, weft_pointer_map_put(ctx, &s->done, node, *out));
done:
    return st;
}

weft_status opt_rule_share(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    weft_status st = WEFT_OK;
    sharer s = {0};
    (void)ids;
    *out = root;
    if (rows_read(root) < ROWS_READ_LEAST) return WEFT_OK; /* nor does any part of it */
    WEFT_TRY(st, weft_estimator_new(ctx, &s.estimator));
    WEFT_TRY(st, hash_node(ctx, &s, root));
    WEFT_TRY(st, share(ctx, &s, root, out));
done:
    return st;
}
