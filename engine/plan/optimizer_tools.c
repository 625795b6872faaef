/* engine/plan/optimizer_tools.c - what rules do with nodes: rewriting of DAGs, joins from parts. */
#include "engine/plan/optimizer_impl.h"

weft_status opt_with_inputs(weft_ctx *ctx, const weft_node *node, const weft_node *const *inputs,
                            const weft_node **out)
{
    weft_node model = *node;
    bool same = true;
    for (int32_t i = 0; i < node->input_count; i++) same = same && inputs[i] == node->inputs[i];
    if (same) {
        *out = node;
        return WEFT_OK;
    }
    switch (node->kind) {
    case WEFT_NODE_FILTER:
        return weft_node_filter(ctx, inputs[0], node->filter.conjuncts, node->filter.count, out);
    case WEFT_NODE_SORT:
        return weft_node_sort(ctx, inputs[0], node->sort.keys, node->sort.count, node->sort.limit, out);
    case WEFT_NODE_LIMIT: return weft_node_limit(ctx, inputs[0], node->limit.skip, node->limit.take, out);
    case WEFT_NODE_WINDOW:
        return weft_node_window(ctx, inputs[0], node->window.exprs, node->window.count, out);
    case WEFT_NODE_SINGLE_ROW: return weft_node_single_row(ctx, inputs[0], out);
    case WEFT_NODE_REPARTITION: return weft_node_repartition(ctx, inputs[0], node, out);
    case WEFT_NODE_JOIN: model.inputs = inputs; return weft_node_join_from(ctx, &model, out);
    case WEFT_NODE_SCAN:
    case WEFT_NODE_VALUES:
    case WEFT_NODE_PROJECT:
    case WEFT_NODE_AGGREGATE:
    case WEFT_NODE_UNION:
    case WEFT_NODE_SET:
    case WEFT_NODE_EXPAND:
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
    return weft_node_with_inputs(ctx, node, inputs, out);
}

/* Do the inputs of this kind count by position, so that their columns must stay as they are? */
static bool reads_by_position(weft_node_kind kind)
{
    return kind == WEFT_NODE_UNION || kind == WEFT_NODE_RECURSION || kind == WEFT_NODE_SET ||
           kind == WEFT_NODE_SCRIPT || kind == WEFT_NODE_WRITE || kind == WEFT_NODE_EXPLAIN ||
           kind == WEFT_NODE_CREATE_VIEW;
}

typedef struct rewrite {
    opt_rewriter fn;
    void *self;
    weft_pointer_map *done;
} rewrite;

static weft_status rewrite_node(weft_ctx *ctx, rewrite *r, const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node **inputs = NULL;
    const weft_node *next = NULL;
    *out = weft_pointer_map_get(r->done, node);
    if (*out != NULL) return WEFT_OK;
    WEFT_TRY(st, weft_check_cancel(ctx));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->input_count, &inputs));
    for (int32_t i = 0; i < node->input_count; i++) {
        WEFT_TRY(st, rewrite_node(ctx, r, node->inputs[i], &inputs[i]));
        if (reads_by_position(node->kind))
            WEFT_TRY(st, opt_restore(ctx, inputs[i], &node->inputs[i]->output, &inputs[i]));
    }
    WEFT_TRY(st, opt_with_inputs(ctx, node, inputs, &next));
    WEFT_TRY(st, r->fn(ctx, r->self, next, &next));
    WEFT_TRY(st, weft_pointer_map_put(ctx, r->done, node, next));
    *out = next;
done:
    return st;
}

weft_status opt_rewrite(weft_ctx *ctx, const weft_node *root, opt_rewriter fn, void *self,
                        weft_pointer_map *done, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointer_map own = {0};
    rewrite r = {.fn = fn, .self = self, .done = done != NULL ? done : &own};
    const weft_outputs output = root->output;
    WEFT_TRY(st, rewrite_node(ctx, &r, root, out));
    if (!reads_by_position(root->kind)) WEFT_TRY(st, opt_restore(ctx, *out, &output, out));
done:
    return st;
}

static bool same_outputs(const weft_outputs *a, const weft_outputs *b)
{
    if (a->count != b->count) return false;
    for (int32_t i = 0; i < a->count; i++)
        if (a->columns[i].id != b->columns[i].id) return false;
    return true;
}

weft_status opt_output_column(weft_ctx *ctx, const weft_output *output, const weft_expr **out)
{
    return weft_expr_column(ctx, output->id, output->name, output->type, output->nullable, out);
}

weft_status opt_restore(weft_ctx *ctx, const weft_node *node, const weft_outputs *outputs,
                        const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **exprs = NULL;
    if (outputs->count < 0 || same_outputs(&node->output, outputs)) {
        *out = node;
        return WEFT_OK;
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, outputs->count, &exprs));
    for (int32_t i = 0; i < outputs->count; i++) {
        const int32_t at = weft_node_find_output(node, outputs->columns[i].id);
        if (at < 0) {
            WEFT_TRY(st, weft_fail(ctx, WEFT_INTERNAL, "a rule lost column %s#%lld of %s",
                                   outputs->columns[i].name, (long long)outputs->columns[i].id,
                                   weft_node_kind_text(node->kind)));
        }
        WEFT_TRY(st, opt_output_column(ctx, &node->output.columns[at], &exprs[i]));
    }
    WEFT_TRY(st, weft_node_project(ctx, node, exprs, outputs->count, out));
done:
    return st;
}

weft_status opt_named_as(weft_ctx *ctx, const weft_node *node, const weft_outputs *outputs,
                         const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers exprs = {0};
    for (int32_t i = 0; i < outputs->count; i++) {
        const weft_expr *e = NULL;
        WEFT_TRY(st, weft_node_column(ctx, node, i, &e));
        WEFT_TRY(st, weft_expr_alias(ctx, e, outputs->columns[i].id, outputs->columns[i].name, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    WEFT_TRY(st, weft_node_project(ctx, node, weft_pointers_exprs(&exprs), exprs.count, out));
done:
    return st;
}

weft_status opt_join_node(weft_ctx *ctx, const opt_join *join, const weft_node *left, const weft_node *right,
                          const weft_node **out)
{
    const weft_node *inputs[2] = {left, right};
    weft_node model = {.kind = WEFT_NODE_JOIN, .input_count = 2, .inputs = inputs, .span = left->span};
    bool any_null_equal = false;
    for (int32_t i = 0; join->null_equal != NULL && i < join->left_keys.count; i++)
        any_null_equal |= join->null_equal[i];
    model.join.kind = join->kind;
    model.join.key_count = join->left_keys.count;
    model.join.left_keys = weft_pointers_exprs(&join->left_keys);
    model.join.right_keys = weft_pointers_exprs(&join->right_keys);
    model.join.null_equal = any_null_equal ? join->null_equal : NULL;
    model.join.condition_count = join->conditions.count;
    model.join.conditions = weft_pointers_exprs(&join->conditions);
    model.join.mark_id = join->mark_id;
    model.join.mark_nullable = join->mark_nullable;
    model.join.build_left = join->build_left;
    model.join.strategy = join->strategy;
    model.join.strategy_left = join->strategy_left;
    model.join.strategy_right = join->strategy_right;
    return weft_node_join_from(ctx, &model, out);
}

bool opt_exactly_one_row(const weft_node *node)
{
    switch (node->kind) {
    case WEFT_NODE_AGGREGATE: return node->aggregate.group_count == 0;
    case WEFT_NODE_SINGLE_ROW: return true;
    case WEFT_NODE_VALUES: return node->values.row_count == 1;
    case WEFT_NODE_PROJECT:
    case WEFT_NODE_SORT:
    case WEFT_NODE_REPARTITION:
    case WEFT_NODE_WINDOW: return opt_exactly_one_row(node->inputs[0]);
    case WEFT_NODE_SCAN:
    case WEFT_NODE_FILTER:
    case WEFT_NODE_JOIN:
    case WEFT_NODE_LIMIT:
    case WEFT_NODE_UNION:
    case WEFT_NODE_SET:
    case WEFT_NODE_EXPAND:
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

static bool has_id(const int64_t *ids, int32_t count, int64_t id)
{
    for (int32_t i = 0; i < count; i++)
        if (ids[i] == id) return true;
    return false;
}

bool opt_is_unique(const weft_node *node, const int64_t *ids, int32_t count)
{
    if (opt_exactly_one_row(node)) return true;
    if (node->kind == WEFT_NODE_FILTER || node->kind == WEFT_NODE_SORT || node->kind == WEFT_NODE_LIMIT)
        return opt_is_unique(node->inputs[0], ids, count);
    if (node->kind == WEFT_NODE_AGGREGATE) {
        for (int32_t i = 0; i < node->aggregate.group_count; i++)
            if (!has_id(ids, count, node->output.columns[i].id)) return false;
        return true;
    }
    if (node->kind != WEFT_NODE_PROJECT || node->inputs[0]->kind != WEFT_NODE_AGGREGATE) return false;
    const weft_node *below =
        node->inputs[0]; /* every group must be there under some name that is asked for */
    for (int32_t i = 0; i < below->aggregate.group_count; i++) {
        bool found = false;
        for (int32_t k = 0; k < node->project.count && !found; k++) {
            const weft_expr *e = opt_below_alias(node->project.exprs[k]);
            found = e->kind == WEFT_EXPR_COLUMN && e->column.id == below->output.columns[i].id &&
                    has_id(ids, count, opt_output_id(node->project.exprs[k]));
        }
        if (!found) return false;
    }
    return true;
}
