/* engine/plan/rule_prune.c - columns that nobody reads are dropped.
 *
 * First pass, from the root down and parents before children: which columns of each node somebody reads.
 * Second pass: the nodes again, without the rest. A node with several parents gives what any of them reads.
 */
#include "engine/expr/function.h"
#include "engine/plan/optimizer_impl.h"

typedef struct pruner {
    weft_pointer_map parents, waiting, needed, done; /* needed: node to bits by column id */
    weft_pointers order;                             /* nodes, parents before children */
    int64_t words;
} pruner;

static uint64_t *bits_of(const pruner *p, const weft_node *node)
{
    const void *found = weft_pointer_map_get(&p->needed, node);
    uint64_t *bits = NULL;
    memcpy(&bits, &found, sizeof(bits)); /* the map holds const pointers; these bits are ours */
    return bits;
}

static weft_status add_bits(weft_ctx *ctx, pruner *p, const weft_node *node)
{
    weft_status st = WEFT_OK;
    uint64_t *bits = NULL;
    if (weft_pointer_map_get(&p->needed, node) != NULL) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, p->words, &bits));
    WEFT_TRY(st, weft_pointer_map_put(ctx, &p->needed, node, bits));
    for (int32_t i = 0; i < node->input_count; i++) WEFT_TRY(st, add_bits(ctx, p, node->inputs[i]));
done:
    return st;
}

/* ---- first pass ---- */

static bool mark_column(void *self, const weft_expr *e)
{
    uint64_t *bits = self;
    if (e->kind == WEFT_EXPR_COLUMN) weft_bit_set(bits, e->column.id);
    return false;
}

static bool is_needed(const pruner *p, const weft_node *node, int32_t output)
{
    return weft_bit_get(bits_of(p, node), node->output.columns[output].id);
}

static void mark_named(const pruner *p, const weft_node *node, const weft_expr *const *exprs, int32_t count,
                       int32_t from, uint64_t *reads)
{
    for (int32_t i = 0; i < count; i++)
        if (is_needed(p, node, from + i)) (void)weft_expr_any(exprs[i], mark_column, reads);
}

static void mark_all_outputs(const weft_node *node, uint64_t *bits)
{
    for (int32_t i = 0; i < node->output.count; i++) weft_bit_set(bits, node->output.columns[i].id);
}

/* How many rows a generator gives hangs on its columns: they stay. */
static void mark_generated(const weft_node *node, uint64_t *own)
{
    for (int32_t i = 0; i < node->output.count; i++)
        if (weft_is_generator(node->expand.projections[0][i])) weft_bit_set(own, node->output.columns[i].id);
}

/* What the node reads of its inputs, and passes on of them, into their bits. */
static void mark_inputs(const pruner *p, const weft_node *node, uint64_t *reads)
{
    uint64_t *own = bits_of(p, node);
    bool any = false;
    memset(reads, 0, (size_t)p->words * 8);
    for (int32_t i = 0; i < node->output.count && !any; i++) any = is_needed(p, node, i);
    /* rows are counted by what they hold: a node keeps one column though nobody reads it */
    if (!any && node->output.count > 0) weft_bit_set(own, node->output.columns[0].id);
    switch (node->kind) {
    case WEFT_NODE_PROJECT: mark_named(p, node, node->project.exprs, node->project.count, 0, reads); break;
    case WEFT_NODE_AGGREGATE:
        for (int32_t i = 0; i < node->aggregate.group_count; i++)
            (void)weft_expr_any(node->aggregate.groups[i], mark_column, reads);
        mark_named(p, node, node->aggregate.aggregates, node->aggregate.aggregate_count,
                   node->aggregate.group_count, reads);
        break;
    case WEFT_NODE_UNION:
        for (int32_t i = 0; i < node->input_count; i++)
            for (int32_t c = 0; c < node->output.count; c++)
                if (is_needed(p, node, c))
                    weft_bit_set(bits_of(p, node->inputs[i]), node->inputs[i]->output.columns[c].id);
        return;
    case WEFT_NODE_FILTER:
    case WEFT_NODE_JOIN:
    case WEFT_NODE_SORT:
    case WEFT_NODE_WINDOW:
    case WEFT_NODE_LIMIT:
    case WEFT_NODE_SINGLE_ROW:
    case WEFT_NODE_REPARTITION:
        memcpy(reads, own, (size_t)p->words * 8);
        (void)opt_any_expr(node, mark_column, reads);
        break;
    case WEFT_NODE_EXPAND:
        mark_generated(node, own);
        for (int32_t i = 0; i < node->expand.projection_count; i++)
            mark_named(p, node, node->expand.projections[i], node->output.count, 0, reads);
        break;
    case WEFT_NODE_SCAN:
    case WEFT_NODE_VALUES:
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
    case WEFT_NODE_KIND_COUNT:
        for (int32_t i = 0; i < node->input_count; i++)
            mark_all_outputs(node->inputs[i], bits_of(p, node->inputs[i]));
        return;
    }
    for (int32_t i = 0; i < node->input_count; i++) {
        uint64_t *bits = bits_of(p, node->inputs[i]);
        const weft_outputs *outputs = &node->inputs[i]->output;
        for (int32_t c = 0; c < outputs->count; c++)
            if (weft_bit_get(reads, outputs->columns[c].id)) weft_bit_set(bits, outputs->columns[c].id);
    }
}

/* A node is ordered when all its parents are. */
static weft_status order_nodes(weft_ctx *ctx, pruner *p, const weft_node *root)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_pointers_push(ctx, &p->order, root));
    for (int32_t at = 0; at < p->order.count; at++) {
        const weft_node *node = p->order.items[at];
        for (int32_t i = 0; i < node->input_count; i++) {
            const weft_node *input = node->inputs[i];
            const uintptr_t seen = (uintptr_t)weft_pointer_map_get(&p->waiting, input) + 1;
            WEFT_TRY(st, weft_pointer_map_put(ctx, &p->waiting, input, (const void *)seen));
            if (seen == (uintptr_t)weft_pointer_map_get(&p->parents, input))
                WEFT_TRY(st, weft_pointers_push(ctx, &p->order, input));
        }
    }
done:
    return st;
}

/* ---- second pass ---- */

/* The needed ones of a list of named expressions. */
static weft_status keep_named(weft_ctx *ctx, const pruner *p, const weft_node *node,
                              const weft_expr *const *exprs, int32_t count, int32_t from, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < count; i++)
        if (is_needed(p, node, from + i)) WEFT_TRY(st, weft_pointers_push(ctx, out, exprs[i]));
done:
    return st;
}

static weft_status keep_outputs(weft_ctx *ctx, const pruner *p, const weft_node *node, weft_outputs *out)
{
    weft_status st = WEFT_OK;
    weft_output *columns = NULL;
    *out = (weft_outputs){0};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->output.count, &columns));
    for (int32_t i = 0; i < node->output.count; i++)
        if (is_needed(p, node, i)) columns[out->count++] = node->output.columns[i];
    out->columns = columns;
done:
    return st;
}

static weft_status prune_scan(weft_ctx *ctx, pruner *p, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *scan = NULL;
    int32_t *columns = NULL;
    weft_outputs kept = {0};
    (void)opt_any_expr(node, mark_column, bits_of(p, node));
    WEFT_TRY(st, keep_outputs(ctx, p, node, &kept));
    *out = node;
    if (kept.count == node->output.count) goto done;
    WEFT_TRY(st, WEFT_NEW(ctx, &scan));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, kept.count, &columns));
    for (int32_t i = 0; i < kept.count; i++)
        columns[i] = node->scan.columns[weft_node_find_output(node, kept.columns[i].id)];
    *scan = *node;
    scan->output = kept;
    scan->scan.columns = columns;
    *out = scan;
done:
    return st;
}

static weft_status prune_union(weft_ctx *ctx, pruner *p, const weft_node *node, const weft_node **inputs,
                               const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_outputs kept = {0};
    weft_node *copy = NULL;
    WEFT_TRY(st, keep_outputs(ctx, p, node, &kept));
    for (int32_t i = 0; i < node->input_count; i++) {
        weft_output *columns = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, kept.count, &columns));
        for (int32_t c = 0, n = 0; c < node->output.count; c++)
            if (is_needed(p, node, c)) columns[n++] = node->inputs[i]->output.columns[c];
        const weft_outputs exact = {.count = kept.count, .columns = columns};
        WEFT_TRY(st, opt_restore(ctx, inputs[i], &exact, &inputs[i]));
    }
    WEFT_TRY(st, WEFT_NEW(ctx, &copy));
    *copy = *node;
    copy->inputs = inputs;
    copy->output = kept;
    *out = copy;
done:
    return st;
}

static weft_status prune_expand(weft_ctx *ctx, pruner *p, const weft_node *node, const weft_node *input,
                                const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_outputs outputs = {0};
    const weft_expr *const **projections = NULL;
    WEFT_TRY(st, keep_outputs(ctx, p, node, &outputs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->expand.projection_count, &projections));
    for (int32_t i = 0; i < node->expand.projection_count; i++) {
        weft_pointers kept = {0};
        WEFT_TRY(st, keep_named(ctx, p, node, node->expand.projections[i], node->output.count, 0, &kept));
        projections[i] = weft_pointers_exprs(&kept);
    }
    WEFT_TRY(st, weft_node_expand(ctx, input, &outputs, projections, node->expand.projection_count, out));
done:
    return st;
}

static weft_status prune_node(weft_ctx *ctx, pruner *p, const weft_node *node, const weft_node **inputs,
                              const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers kept = {0};
    if (node->kind == WEFT_NODE_SCAN) return prune_scan(ctx, p, node, out);
    if (node->kind == WEFT_NODE_UNION && node->output.count > 0)
        return prune_union(ctx, p, node, inputs, out);
    if (node->kind == WEFT_NODE_EXPAND) return prune_expand(ctx, p, node, inputs[0], out);
    if (node->kind == WEFT_NODE_PROJECT) {
        WEFT_TRY(st, keep_named(ctx, p, node, node->project.exprs, node->project.count, 0, &kept));
        if (kept.count < node->project.count)
            return weft_node_project(ctx, inputs[0], weft_pointers_exprs(&kept), kept.count, out);
    } else if (node->kind == WEFT_NODE_AGGREGATE) {
        WEFT_TRY(st, keep_named(ctx, p, node, node->aggregate.aggregates, node->aggregate.aggregate_count,
                                node->aggregate.group_count, &kept));
        if (kept.count < node->aggregate.aggregate_count)
            return weft_node_aggregate(ctx, inputs[0], node->aggregate.groups, node->aggregate.group_count,
                                       weft_pointers_exprs(&kept), kept.count, out);
    } else if (node->kind == WEFT_NODE_WINDOW) {
        WEFT_TRY(st, keep_named(ctx, p, node, node->window.exprs, node->window.count,
                                node->inputs[0]->output.count, &kept));
        if (kept.count == 0) {
            *out = inputs[0];
            return WEFT_OK;
        }
        if (kept.count < node->window.count)
            return weft_node_window(ctx, inputs[0], weft_pointers_exprs(&kept), kept.count, out);
    }
    WEFT_TRY(st, opt_with_inputs(ctx, node, inputs, out));
done:
    return st;
}

/* Must the inputs' columns stay as they are? */
static bool reads_exactly(weft_node_kind kind)
{
    return kind == WEFT_NODE_SET || kind == WEFT_NODE_WRITE || kind == WEFT_NODE_EXPLAIN ||
           kind == WEFT_NODE_CREATE_VIEW;
}

static weft_status prune(weft_ctx *ctx, pruner *p, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node **inputs = NULL;
    *out = weft_pointer_map_get(&p->done, node);
    if (*out != NULL) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->input_count, &inputs));
    for (int32_t i = 0; i < node->input_count; i++) {
        WEFT_TRY(st, prune(ctx, p, node->inputs[i], &inputs[i]));
        if (reads_exactly(node->kind))
            WEFT_TRY(st, opt_restore(ctx, inputs[i], &node->inputs[i]->output, &inputs[i]));
    }
    WEFT_TRY(st, prune_node(ctx, p, node, inputs, out));
    if (weft_is_shared(&p->parents, node)) { /* its rows are kept: no more of them than is read */
        weft_outputs kept = {0};
        WEFT_TRY(st, keep_outputs(ctx, p, node, &kept));
        if (kept.count < (*out)->output.count) WEFT_TRY(st, opt_restore(ctx, *out, &kept, out));
    }
    WEFT_TRY(st, weft_pointer_map_put(ctx, &p->done, node, *out));
done:
    return st;
}

weft_status opt_rule_prune(weft_ctx *ctx, weft_ids *ids, const weft_node *root, const weft_node **out)
{
    weft_status st = WEFT_OK;
    pruner p = {.words = weft_bit_words(ids->next + 1)};
    uint64_t *reads = NULL;
    *out = root;
    if (root->output.count < 0) return WEFT_OK;
    WEFT_TRY(st, weft_count_parents(ctx, root, &p.parents));
    WEFT_TRY(st, add_bits(ctx, &p, root));
    WEFT_TRY(st, order_nodes(ctx, &p, root));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, p.words, &reads));
    mark_all_outputs(root, bits_of(&p, root));
    for (int32_t i = 0; i < p.order.count; i++) mark_inputs(&p, p.order.items[i], reads);
    WEFT_TRY(st, prune(ctx, &p, root, out));
    WEFT_TRY(st, opt_restore(ctx, *out, &root->output, out));
done:
    return st;
}
