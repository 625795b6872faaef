/* engine/plan/logical.c - constructors of bound nodes: each computes the output columns of its node.
 *
 * Everything is allocated in ctx->arena; arrays of expressions are copied, expressions and inputs are shared.
 */
#include "engine/plan/logical.h"

#include <string.h>

static const char *const node_kind_texts[] = {
    [WEFT_NODE_SCAN] = "Relation",
    [WEFT_NODE_VALUES] = "LocalRelation",
    [WEFT_NODE_FILTER] = "Filter",
    [WEFT_NODE_PROJECT] = "Project",
    [WEFT_NODE_JOIN] = "Join",
    [WEFT_NODE_AGGREGATE] = "Aggregate",
    [WEFT_NODE_SORT] = "Sort",
    [WEFT_NODE_LIMIT] = "Limit",
    [WEFT_NODE_WINDOW] = "Window",
    [WEFT_NODE_UNION] = "Union",
    [WEFT_NODE_SET] = "SetOperation",
    [WEFT_NODE_EXPAND] = "Expand",
    [WEFT_NODE_SINGLE_ROW] = "SingleRow",
    [WEFT_NODE_WRITE] = "Write",
    [WEFT_NODE_EXPLAIN] = "Explain",
    [WEFT_NODE_CREATE_VIEW] = "CreateView",
    [WEFT_NODE_DROP_VIEW] = "DropView",
    [WEFT_NODE_SET_CONFIG] = "SetConfig",
    [WEFT_NODE_SHOW] = "Show",
    [WEFT_NODE_RELATION] = "UnresolvedRelation",
    [WEFT_NODE_ALIAS] = "SubqueryAlias",
    [WEFT_NODE_WITH] = "With",
    [WEFT_NODE_SELECT] = "Select",
    [WEFT_NODE_PIVOT] = "Pivot",
    [WEFT_NODE_UNPIVOT] = "Unpivot",
    [WEFT_NODE_SAMPLE] = "Sample",
    [WEFT_NODE_TABLE_FUNCTION] = "TableFunction",
    [WEFT_NODE_TABLE_COMMAND] = "TableCommand",
    [WEFT_NODE_GIVEN] = "Given",
    [WEFT_NODE_ROUTINE] = "Function",
    [WEFT_NODE_VARIABLE] = "Variable",
    [WEFT_NODE_EXECUTE] = "ExecuteImmediate",
    [WEFT_NODE_RECURSION] = "UnionLoop",
    [WEFT_NODE_LEVEL] = "UnionLoopRef",
    [WEFT_NODE_REPARTITION] = "Repartition",
    [WEFT_NODE_SCRIPT] = "ScriptTransformation",
};
_Static_assert(sizeof node_kind_texts / sizeof node_kind_texts[0] == WEFT_NODE_KIND_COUNT,
               "a text per node kind");

const char *weft_node_kind_text(weft_node_kind kind)
{
    return kind >= 0 && kind < WEFT_NODE_KIND_COUNT ? node_kind_texts[kind] : "?";
}

static weft_status node_new(weft_ctx *ctx, weft_node_kind kind, const weft_node *const *inputs, int32_t count,
                            weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    const weft_node **copy = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &node));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &copy));
    for (int32_t i = 0; i < count; i++) copy[i] = inputs[i];
    node->kind = kind;
    node->input_count = count;
    node->inputs = copy;
    if (count > 0) node->span = inputs[0]->span;
    *out = node;
done:
    return st;
}

static weft_status copy_exprs(weft_ctx *ctx, const weft_expr *const *exprs, int32_t count,
                              const weft_expr *const **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **copy = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &copy));
    if (count > 0) memcpy(copy, exprs, (size_t)count * sizeof *copy);
    *out = copy;
done:
    return st;
}

/* The output column that a named expression (ALIAS or COLUMN) makes. */
static weft_status output_of(weft_ctx *ctx, const weft_node *input, const weft_expr *e, weft_output *out)
{
    if (e->kind == WEFT_EXPR_ALIAS) {
        *out = (weft_output){.id = e->alias.id,
                             .name = e->alias.name,
                             .type = e->args[0]->type,
                             .nullable = e->args[0]->nullable};
        return WEFT_OK;
    }
    if (e->kind != WEFT_EXPR_COLUMN) {
        return weft_fail(ctx, WEFT_INTERNAL, "an output is neither a column nor an alias but of kind %d",
                         (int)e->kind);
    }
    *out =
        (weft_output){.id = e->column.id, .name = e->column.name, .type = e->type, .nullable = e->nullable};
    const int32_t at = input != NULL ? weft_node_find_output(input, e->column.id) : -1;
    if (at >= 0) out->qualifier = input->output.columns[at].qualifier;
    return WEFT_OK;
}

weft_status weft_node_filter(weft_ctx *ctx, const weft_node *input, const weft_expr *const *conjuncts,
                             int32_t count, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    if (count == 0) {
        *out = input;
        return WEFT_OK;
    }
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_FILTER, &input, 1, &node));
    WEFT_TRY(st, copy_exprs(ctx, conjuncts, count, &node->filter.conjuncts));
    node->filter.count = count;
    node->output = input->output;
    *out = node;
done:
    return st;
}

weft_status weft_node_project(weft_ctx *ctx, const weft_node *input, const weft_expr *const *exprs,
                              int32_t count, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    weft_output *columns = NULL;
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_PROJECT, &input, 1, &node));
    WEFT_TRY(st, copy_exprs(ctx, exprs, count, &node->project.exprs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &columns));
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, output_of(ctx, input, exprs[i], &columns[i]));
    node->project.count = count;
    node->output = (weft_outputs){.count = count, .columns = columns};
    *out = node;
done:
    return st;
}

/* Which sides of a join a result row may lack. */
static void join_nullability(weft_join_kind kind, bool *left, bool *right)
{
    *left = kind == WEFT_JOIN_RIGHT || kind == WEFT_JOIN_FULL;
    *right = kind == WEFT_JOIN_LEFT || kind == WEFT_JOIN_FULL || kind == WEFT_JOIN_SINGLE;
}

static weft_status join_output(weft_ctx *ctx, const weft_node *node, weft_outputs *out)
{
    weft_status st = WEFT_OK;
    const weft_join_kind kind = node->join.kind;
    const weft_outputs *left = &node->inputs[0]->output;
    const weft_outputs *right = &node->inputs[1]->output;
    const bool left_only = kind == WEFT_JOIN_SEMI || kind == WEFT_JOIN_ANTI || kind == WEFT_JOIN_ANTI_NULL;
    weft_output *columns = NULL;
    bool left_nullable, right_nullable;
    int32_t count = 0;
    if (left_only) {
        *out = *left;
        return WEFT_OK;
    }
    join_nullability(kind, &left_nullable, &right_nullable);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, left->count + right->count + 1, &columns));
    for (int32_t i = 0; i < left->count; i++) {
        columns[count] = left->columns[i];
        columns[count++].nullable |= left_nullable;
    }
    if (kind == WEFT_JOIN_MARK) {
        columns[count++] = (weft_output){.id = node->join.mark_id,
                                         .name = "exists",
                                         .type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN),
                                         .nullable = node->join.mark_nullable};
    } else {
        for (int32_t i = 0; i < right->count; i++) {
            columns[count] = right->columns[i];
            columns[count++].nullable |= right_nullable;
        }
    }
    *out = (weft_outputs){.count = count, .columns = columns};
done:
    return st;
}

weft_status weft_node_join_from(weft_ctx *ctx, const weft_node *model, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    assert(model->kind == WEFT_NODE_JOIN && model->input_count == 2);
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_JOIN, model->inputs, 2, &node));
    node->span = model->span;
    node->join = model->join;
    WEFT_TRY(st, join_output(ctx, node, &node->output));
    *out = node;
done:
    return st;
}

weft_status weft_node_join(weft_ctx *ctx, weft_join_kind kind, const weft_node *left, const weft_node *right,
                           const weft_expr *const *left_keys, const weft_expr *const *right_keys,
                           int32_t key_count, const weft_expr *const *conditions, int32_t condition_count,
                           const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *inputs[2] = {left, right};
    weft_node model = {.kind = WEFT_NODE_JOIN, .input_count = 2, .inputs = inputs, .span = left->span};
    model.join.kind = kind;
    model.join.key_count = key_count;
    model.join.condition_count = condition_count;
    WEFT_TRY(st, copy_exprs(ctx, left_keys, key_count, &model.join.left_keys));
    WEFT_TRY(st, copy_exprs(ctx, right_keys, key_count, &model.join.right_keys));
    WEFT_TRY(st, copy_exprs(ctx, conditions, condition_count, &model.join.conditions));
    WEFT_TRY(st, weft_node_join_from(ctx, &model, out));
done:
    return st;
}

weft_status weft_node_aggregate(weft_ctx *ctx, const weft_node *input, const weft_expr *const *groups,
                                int32_t group_count, const weft_expr *const *aggregates,
                                int32_t aggregate_count, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    weft_output *columns = NULL;
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_AGGREGATE, &input, 1, &node));
    WEFT_TRY(st, copy_exprs(ctx, groups, group_count, &node->aggregate.groups));
    WEFT_TRY(st, copy_exprs(ctx, aggregates, aggregate_count, &node->aggregate.aggregates));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, group_count + aggregate_count, &columns));
    for (int32_t i = 0; i < group_count; i++) WEFT_TRY(st, output_of(ctx, input, groups[i], &columns[i]));
    for (int32_t i = 0; i < aggregate_count; i++) {
        WEFT_TRY(st, output_of(ctx, NULL, aggregates[i], &columns[group_count + i]));
    }
    node->aggregate.group_count = group_count;
    node->aggregate.aggregate_count = aggregate_count;
    node->output = (weft_outputs){.count = group_count + aggregate_count, .columns = columns};
    *out = node;
done:
    return st;
}

weft_status weft_node_sort(weft_ctx *ctx, const weft_node *input, const weft_expr *const *keys, int32_t count,
                           int64_t limit, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_SORT, &input, 1, &node));
    WEFT_TRY(st, copy_exprs(ctx, keys, count, &node->sort.keys));
    node->sort.count = count;
    node->sort.limit = limit;
    node->output = input->output;
    *out = node;
done:
    return st;
}

weft_status weft_node_limit(weft_ctx *ctx, const weft_node *input, int64_t skip, int64_t take,
                            const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_LIMIT, &input, 1, &node));
    node->limit.skip = skip;
    node->limit.take = take;
    node->output = input->output;
    *out = node;
done:
    return st;
}

weft_status weft_node_scan(weft_ctx *ctx, weft_ids *ids, const weft_relation *relation, const char *qualifier,
                           const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    weft_output *columns = NULL;
    int32_t *ordinals = NULL;
    const weft_schema *schema = relation->schema;
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_SCAN, NULL, 0, &node));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, schema->count, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, schema->count, &ordinals));
    for (int32_t i = 0; i < schema->count; i++) {
        const weft_field *field = &schema->fields[i];
        ordinals[i] = i;
        columns[i] = (weft_output){.id = weft_next_id(ids),
                                   .name = field->name,
                                   .type = field->type,
                                   .nullable = field->nullable,
                                   .qualifier = qualifier};
    }
    node->scan.relation = relation;
    node->scan.columns = ordinals;
    node->output = (weft_outputs){.count = schema->count, .columns = columns};
    *out = node;
done:
    return st;
}

weft_status weft_node_values(weft_ctx *ctx, weft_ids *ids, const weft_expr *const *cells, int32_t row_count,
                             int32_t column_count, const char *const *names, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    weft_output *columns = NULL;
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_VALUES, NULL, 0, &node));
    WEFT_TRY(st, copy_exprs(ctx, cells, row_count * column_count, &node->values.cells));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, column_count, &columns));
    for (int32_t c = 0; c < column_count; c++) {
        char *name = NULL;
        if (names == NULL) WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &name, "col%d", c + 1));
        columns[c] = (weft_output){.id = weft_next_id(ids), .name = names != NULL ? names[c] : name};
        if (row_count > 0) columns[c].type = cells[c]->type;
        for (int32_t r = 0; r < row_count; r++) columns[c].nullable |= cells[r * column_count + c]->nullable;
    }
    node->values.row_count = row_count;
    node->values.column_count = column_count;
    node->output = (weft_outputs){.count = column_count, .columns = columns};
    *out = node;
done:
    return st;
}

weft_status weft_node_window(weft_ctx *ctx, const weft_node *input, const weft_expr *const *exprs,
                             int32_t count, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    weft_output *columns = NULL;
    const int32_t below = input->output.count;
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_WINDOW, &input, 1, &node));
    WEFT_TRY(st, copy_exprs(ctx, exprs, count, &node->window.exprs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, below + count, &columns));
    for (int32_t i = 0; i < below; i++) columns[i] = input->output.columns[i];
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, output_of(ctx, NULL, exprs[i], &columns[below + i]));
    node->window.count = count;
    node->output = (weft_outputs){.count = below + count, .columns = columns};
    *out = node;
done:
    return st;
}

weft_status weft_node_union(weft_ctx *ctx, weft_ids *ids, const weft_node *const *inputs, int32_t count,
                            const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    weft_output *columns = NULL;
    assert(count > 0);
    const weft_outputs *first = &inputs[0]->output;
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_UNION, inputs, count, &node));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, first->count, &columns));
    for (int32_t c = 0; c < first->count; c++) {
        columns[c] = (weft_output){
            .id = weft_next_id(ids), .name = first->columns[c].name, .type = first->columns[c].type};
        for (int32_t i = 0; i < count; i++) columns[c].nullable |= inputs[i]->output.columns[c].nullable;
    }
    node->output = (weft_outputs){.count = first->count, .columns = columns};
    *out = node;
done:
    return st;
}

/* Columns with new ids, which may be NULL. */
static weft_status loop_columns(weft_ctx *ctx, weft_ids *ids, const weft_outputs *like, weft_node *node)
{
    weft_status st = WEFT_OK;
    weft_output *columns = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, like->count, &columns));
    for (int32_t c = 0; c < like->count; c++)
        columns[c] = (weft_output){.id = weft_next_id(ids),
                                   .name = like->columns[c].name,
                                   .type = like->columns[c].type,
                                   .nullable = true};
    node->output = (weft_outputs){.count = like->count, .columns = columns};
done:
    return st;
}

weft_status weft_node_recursion(weft_ctx *ctx, weft_ids *ids, const weft_node *anchor, const weft_node *step,
                                int64_t id, int64_t level_limit, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    const weft_node *inputs[2] = {anchor, step};
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_RECURSION, inputs, 2, &node));
    WEFT_TRY(st, loop_columns(ctx, ids, &anchor->output, node));
    node->recursion.id = id;
    node->recursion.level_limit = level_limit;
    node->recursion.take = -1;
    *out = node;
done:
    return st;
}

weft_status weft_node_level(weft_ctx *ctx, weft_ids *ids, const weft_outputs *like, int64_t id,
                            const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_LEVEL, NULL, 0, &node));
    WEFT_TRY(st, loop_columns(ctx, ids, like, node));
    node->recursion.id = id;
    *out = node;
done:
    return st;
}

weft_status weft_node_set(weft_ctx *ctx, weft_set_kind kind, bool all, const weft_node *left,
                          const weft_node *right, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    const weft_node *inputs[2] = {left, right};
    assert(kind != WEFT_SET_UNION);
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_SET, inputs, 2, &node));
    node->set.kind = kind;
    node->set.all = all;
    node->output = left->output;
    *out = node;
done:
    return st;
}

weft_status weft_node_expand(weft_ctx *ctx, const weft_node *input, const weft_outputs *outputs,
                             const weft_expr *const *const *projections, int32_t count, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    weft_output *columns = NULL;
    const weft_expr *const **copy = NULL;
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_EXPAND, &input, 1, &node));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, outputs->count, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &copy));
    for (int32_t i = 0; i < outputs->count; i++) columns[i] = outputs->columns[i];
    for (int32_t i = 0; i < count; i++)
        WEFT_TRY(st, copy_exprs(ctx, projections[i], outputs->count, &copy[i]));
    node->expand.projection_count = count;
    node->expand.projections = copy;
    node->output = (weft_outputs){.count = outputs->count, .columns = columns};
    *out = node;
done:
    return st;
}

weft_status weft_node_single_row(weft_ctx *ctx, const weft_node *input, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    weft_output *columns = NULL;
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_SINGLE_ROW, &input, 1, &node));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, input->output.count, &columns));
    for (int32_t i = 0; i < input->output.count; i++) {
        columns[i] = input->output.columns[i];
        columns[i].nullable = true;
    }
    node->output = (weft_outputs){.count = input->output.count, .columns = columns};
    *out = node;
done:
    return st;
}

weft_status weft_node_repartition(weft_ctx *ctx, const weft_node *input, const weft_node *model,
                                  const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_REPARTITION, &input, 1, &node));
    node->repartition = model->repartition;
    node->output = input->output;
    *out = node;
done:
    return st;
}

weft_status weft_node_script(weft_ctx *ctx, weft_ids *ids, const weft_node *input, const char *command,
                             const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    weft_output *line = NULL;
    assert(input->output.count == 1 && input->output.columns[0].type.id == WEFT_TYPE_STRING);
    WEFT_TRY(st, node_new(ctx, WEFT_NODE_SCRIPT, &input, 1, &node));
    WEFT_TRY(st, WEFT_NEW(ctx, &line));
    *line = (weft_output){
        .id = weft_next_id(ids), .name = "line", .type = WEFT_TYPE_OF(WEFT_TYPE_STRING), .nullable = false};
    node->script.command = command;
    node->output = (weft_outputs){.count = 1, .columns = line};
    *out = node;
done:
    return st;
}

weft_status weft_node_sort_within(weft_ctx *ctx, const weft_node *repartition, const weft_expr *const *keys,
                                  int32_t count, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &node));
    *node = *repartition;
    WEFT_TRY(st, copy_exprs(ctx, keys, count, &node->repartition.sort_keys));
    node->repartition.sort_count = count;
    *out = node;
done:
    return st;
}

weft_status weft_node_with_inputs(weft_ctx *ctx, const weft_node *node, const weft_node *const *inputs,
                                  const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *copy = NULL;
    const weft_node **list = NULL;
    bool same = true;
    for (int32_t i = 0; i < node->input_count; i++) same = same && inputs[i] == node->inputs[i];
    if (same) {
        *out = node;
        return WEFT_OK;
    }
    WEFT_TRY(st, WEFT_NEW(ctx, &copy));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->input_count, &list));
    *copy = *node;
    for (int32_t i = 0; i < node->input_count; i++) list[i] = inputs[i];
    copy->inputs = list;
    *out = copy;
done:
    return st;
}

weft_status weft_node_column(weft_ctx *ctx, const weft_node *node, int32_t index, const weft_expr **out)
{
    assert(index >= 0 && index < node->output.count);
    const weft_output *column = &node->output.columns[index];
    return weft_expr_column(ctx, column->id, column->name, column->type, column->nullable, out);
}

int32_t weft_node_find_output(const weft_node *node, int64_t id)
{
    for (int32_t i = 0; i < node->output.count; i++) {
        if (node->output.columns[i].id == id) return i;
    }
    return -1;
}

/* A visitor: is this a column that the outputs lack? */
static bool column_is_foreign(void *self, const weft_expr *e)
{
    const weft_outputs *outputs = self;
    if (e->kind != WEFT_EXPR_COLUMN) return false;
    for (int32_t i = 0; i < outputs->count; i++) {
        if (outputs->columns[i].id == e->column.id) return false;
    }
    return true;
}

bool weft_outputs_cover(const weft_outputs *outputs, const weft_expr *e)
{
    weft_outputs copy = *outputs;
    return !weft_expr_any(e, column_is_foreign, &copy);
}

bool weft_node_is_command(const weft_node *node)
{
    switch ((int)node->kind) {
    case WEFT_NODE_WRITE:
    case WEFT_NODE_EXPLAIN:
    case WEFT_NODE_CREATE_VIEW:
    case WEFT_NODE_DROP_VIEW:
    case WEFT_NODE_SET_CONFIG:
    case WEFT_NODE_TABLE_COMMAND:
    case WEFT_NODE_ROUTINE:
    case WEFT_NODE_VARIABLE:
    case WEFT_NODE_EXECUTE:
    case WEFT_NODE_SHOW: return true;
    default: return false;
    }
}
