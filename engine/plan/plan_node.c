/* engine/plan/plan_node.c - from logical nodes to pipes: VALUES, FILTER, PROJECT, LIMIT, UNION, shared nodes.
 */
#include <string.h>

#include "engine/expr/aggregate.h"
#include "engine/expr/program.h"
#include "engine/plan/planner_impl.h"

weft_status plan_constraints_below(weft_ctx *ctx, const constraint_list *constraints,
                                   const weft_expr *const *exprs, int32_t count, constraint_list *out)
{
    weft_status st = WEFT_OK;
    plan_list list = {0};
    for (int32_t i = 0; i < constraints->count; i++)
        for (int32_t j = 0; j < count; j++) {
            const weft_expr *below = plan_below_alias(exprs[j]);
            if (plan_output_id(exprs[j]) != constraints->items[i].id || below->kind != WEFT_EXPR_COLUMN)
                continue;
            plan_constraint *added = NULL;
            WEFT_TRY(st, plan_list_add(ctx, &list, sizeof(*added), (void **)&added));
            *added = constraints->items[i];
            added->id = below->column.id;
            break;
        }
    *out = (constraint_list){.count = list.count, .items = list.items};
done:
    return st;
}

/* ---- VALUES ---- */

/* A cell that could not be folded raises: here, since a source has literals. */
static weft_status check_cells(weft_ctx *ctx, const weft_node *node)
{
    const int64_t count = (int64_t)node->values.row_count * node->output.count;
    weft_value value;
    for (int64_t i = 0; i < count; i++) {
        if (node->values.cells[i]->kind == WEFT_EXPR_LITERAL) continue;
        const weft_status st = weft_eval_constant(ctx, node->values.cells[i], &value);
        if (st != WEFT_OK) return st;
        return weft_fail_at(ctx, WEFT_INLINE_TABLE_EXPRESSION, &node->values.cells[i]->span,
                            "cannot evaluate an expression of an inline table as a constant");
    }
    return WEFT_OK;
}

static weft_status plan_values(weft_ctx *ctx, const weft_node *node, pipeline *out)
{
    weft_status st = WEFT_OK;
    weft_type *types = NULL;
    WEFT_TRY(st, check_cells(ctx, node));
    memset(out, 0, sizeof(*out));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->output.count, &types));
    for (int32_t i = 0; i < node->output.count; i++) {
        types[i] = node->output.columns[i].type;
        WEFT_TRY(st, pipe_name_column(ctx, out, node->output.columns[i].id, i));
    }
    out->source.kind = WEFT_SOURCE_VALUES;
    out->source.output = (weft_types){.count = node->output.count, .types = types};
    out->source.values.row_count = node->values.row_count;
    out->source.values.cells = node->values.cells;
    out->types = out->source.output;
    out->one_task = true;
    out->rows = node->values.row_count;
    WEFT_TRY(st, pipe_name(ctx, out, "values"));
done:
    return st;
}

/* ---- FILTER, PROJECT ---- */

/* Constraints drop rows early that a join would drop later: not below what counts its rows. */
static bool any_chance(const weft_expr *const *exprs, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (!weft_expr_deterministic(exprs[i])) return true;
    return false;
}

static weft_status plan_filter(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                               const constraint_list *constraints, pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0};
    id_set below = {0};
    if (any_chance(node->filter.conjuncts, node->filter.count)) constraints = &none;
    WEFT_TRY(st, id_set_new(ctx, p, required, &below));
    for (int32_t i = 0; i < node->filter.count; i++)
        WEFT_TRY(st, id_set_add_expr(ctx, &below, node->filter.conjuncts[i]));
    WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], &below, constraints, out, ready));
    if (*ready) WEFT_TRY(st, pipe_filter(ctx, out, node->filter.conjuncts, node->filter.count));
done:
    return st;
}

static weft_status plan_project(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                                const constraint_list *constraints, pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    id_set below = {0};
    constraint_list passed = {0};
    const weft_expr **used = NULL;
    int32_t *ordinals = NULL;
    int32_t count = 0;

    WEFT_TRY(st, id_set_new(ctx, p, NULL, &below));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->project.count, &used));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->project.count, &ordinals));
    for (int32_t i = 0; i < node->project.count; i++) {
        if (!id_set_has(required, plan_output_id(node->project.exprs[i]))) continue;
        used[count++] = node->project.exprs[i];
        WEFT_TRY(st, id_set_add_expr(ctx, &below, node->project.exprs[i]));
    }
    if (!any_chance(used, count))
        WEFT_TRY(st, plan_constraints_below(ctx, constraints, used, count, &passed));
    WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], &below, &passed, out, ready));
    if (!*ready) goto done;
    WEFT_TRY(st, pipe_compute(ctx, out, used, count, ordinals));
    /* what lies below has no name any more: a node that is used twice has its own ids in one place and, below
     * a projection like this one, in another, as different rows */
    const plan_list holds = out->holds;
    out->holds = (plan_list){0};
    out->columns = (plan_list){0};
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, pipe_name_column(ctx, out, plan_output_id(used[i]), ordinals[i]));
        const weft_expr *column = plan_below_alias(used[i]);
        for (int32_t j = 0; j < holds.count && column->kind == WEFT_EXPR_COLUMN; j++) {
            plan_constraint known = *PLAN_LIST_AT(&holds, const plan_constraint, j);
            if (known.id != column->column.id) continue;
            plan_constraint *added = NULL;
            WEFT_TRY(st, plan_list_add(ctx, &out->holds, sizeof(*added), (void **)&added));
            known.id = plan_output_id(used[i]);
            *added = known;
        }
    }
done:
    return st;
}

static weft_status plan_expand(weft_ctx *ctx, weft_planner *p, const weft_node *node, pipeline *out,
                               bool *ready)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0};
    id_set below = {0};
    const weft_expr *const **projections = NULL;
    weft_type *types = NULL;
    const int32_t width = node->output.count;

    WEFT_TRY(st, id_set_new(ctx, p, NULL, &below));
    for (int32_t i = 0; i < node->expand.projection_count; i++)
        for (int32_t j = 0; j < width; j++)
            WEFT_TRY(st, id_set_add_expr(ctx, &below, node->expand.projections[i][j]));
    WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], &below, &none, out, ready));
    if (!*ready) goto done;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->expand.projection_count, &projections));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &types));
    for (int32_t i = 0; i < node->expand.projection_count; i++)
        WEFT_TRY(st, pipe_lower_all(ctx, out, node->expand.projections[i], width, &projections[i]));
    out->columns = (plan_list){0};
    out->holds = (plan_list){0};
    for (int32_t j = 0; j < width; j++) {
        types[j] = node->output.columns[j].type;
        WEFT_TRY(st, pipe_name_column(ctx, out, node->output.columns[j].id, j));
    }
    const weft_op_spec op = {
        .kind = WEFT_OP_EXPAND,
        .output = {.count = width, .types = types},
        .expand = {.projection_count = node->expand.projection_count, .projections = projections}};
    out->rows *= node->expand.projection_count;
    WEFT_TRY(st, pipe_add_op(ctx, out, &op, "expand"));
done:
    return st;
}

/* ---- LIMIT, single rows ---- */

static weft_status add_limit(weft_ctx *ctx, pipeline *pipe, int64_t skip, int64_t take)
{
    const weft_op_spec op = {
        .kind = WEFT_OP_LIMIT, .output = pipe->types, .limit = {.skip = skip, .take = take}};
    pipe->holds = (plan_list){0};
    if (take >= 0 && pipe->rows > (double)take) pipe->rows = (double)take;
    return pipe_add_op(ctx, pipe, &op, "limit");
}

static weft_status plan_limit(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                              pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0}; /* which rows a limit keeps must not depend on what is above it */
    const weft_node *input = node->inputs[0];
    const int64_t skip = node->limit.skip, take = node->limit.take;
    /* skip + take may pass INT64_MAX as the user wrote them: then it bounds nothing */
    const int64_t most = take < 0 || skip >= INT64_MAX - take ? -1 : skip + take;
    made *rows = plan_find_made(p, node, MADE_INPUT);

    *ready = false;
    if (rows == NULL) {
        bool input_ready = false;
        if (input->kind == WEFT_NODE_SORT && !plan_is_shared(p, input))
            WEFT_TRY(st, plan_sort(ctx, p, input, most, required, &none, out, &input_ready));
        else
            WEFT_TRY(st, plan_pipe(ctx, p, input, required, &none, out, &input_ready));
        if (!input_ready) goto done;
        if (out->one_task) {
            WEFT_TRY(st, add_limit(ctx, out, skip, take));
            *ready = true;
            goto done;
        }
        if (most >= 0) WEFT_TRY(st, add_limit(ctx, out, 0, most));
        const exchange_wish wish = {.partition_count = 1, .limit = most};
        WEFT_TRY(st, plan_issue_exchange(ctx, p, out, required, &wish, node, MADE_INPUT, &rows));
        goto done;
    }
    if (!rows->finished) goto done;
    WEFT_TRY(st, pipe_open_rows(ctx, p, &rows, 1, rows->ids, out));
    out->one_task = true;
    WEFT_TRY(st, add_limit(ctx, out, skip, take));
    *ready = true;
done:
    return st;
}

/* Its rows are the lines that the tasks of its input give to a process each, and the process gives back. */
static weft_status plan_script(weft_ctx *ctx, weft_planner *p, const weft_node *node, pipeline *out,
                               bool *ready)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0};
    const int64_t line = node->inputs[0]->output.columns[0].id;
    id_set below = {0};
    weft_type *types = NULL;

    WEFT_TRY(st, id_set_new(ctx, p, NULL, &below));
    WEFT_TRY(st, id_set_add(ctx, &below, line));
    WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], &below, &none, out, ready));
    if (!*ready) goto done;
    WEFT_TRY(st, WEFT_NEW(ctx, &types));
    *types = node->output.columns[0].type;
    const weft_op_spec op = {.kind = WEFT_OP_SCRIPT,
                             .output = {.count = 1, .types = types},
                             .script = {.command = node->script.command, .column = pipe_find(out, line)}};
    out->columns = (plan_list){0};
    out->holds = (plan_list){0};
    WEFT_TRY(st, pipe_name_column(ctx, out, node->output.columns[0].id, 0));
    WEFT_TRY(st, pipe_add_op(ctx, out, &op, "script"));
done:
    return st;
}

/* At most one row, for scalar subqueries: all rows in one task. */
static weft_status plan_single_row(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                                   const id_set *required, pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    const constraint_list none = {0};
    made *rows = plan_find_made(p, node, MADE_INPUT);

    *ready = false;
    if (rows == NULL) {
        bool input_ready = false;
        /* two rows of a task are enough to know that there are too many */
        const exchange_wish wish = {.partition_count = 1, .limit = 2};
        WEFT_TRY(st, plan_pipe(ctx, p, node->inputs[0], required, &none, out, &input_ready));
        if (input_ready)
            WEFT_TRY(st, plan_issue_exchange(ctx, p, out, required, &wish, node, MADE_INPUT, &rows));
        goto done;
    }
    if (!rows->finished) goto done;
    WEFT_TRY(st, pipe_open_rows(ctx, p, &rows, 1, rows->ids, out));
    out->one_task = true;
    const weft_op_spec op = {.kind = WEFT_OP_SINGLE_ROW, .output = out->types};
    WEFT_TRY(st, pipe_add_op(ctx, out, &op, "single row"));
    out->rows = 1;
    *ready = true;
done:
    return st;
}

/* ---- UNION and shared nodes ---- */

static weft_status plan_node(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                             const constraint_list *constraints, pipeline *out, bool *ready);

weft_status plan_rows(weft_ctx *ctx, weft_planner *p, const weft_node *node, made_role role,
                      const constraint_list *constraints, made **out)
{
    weft_status st = WEFT_OK;
    id_set required = {0};
    pipeline input = {0};
    bool ready = false;
    int32_t *columns = NULL;
    int64_t *ids = NULL;
    weft_type *types = NULL;
    const int32_t width = node->output.count;

    *out = plan_find_made(p, node, role);
    if (*out != NULL) goto done;
    WEFT_TRY(st, id_set_new(ctx, p, NULL, &required));
    for (int32_t i = 0; i < width; i++) WEFT_TRY(st, id_set_add(ctx, &required, node->output.columns[i].id));
    WEFT_TRY(st, plan_node(ctx, p, node, &required, constraints, &input, &ready));
    if (!ready) goto done;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &ids));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &types));
    for (int32_t i = 0; i < width; i++) {
        ids[i] = node->output.columns[i].id;
        types[i] = node->output.columns[i].type;
        columns[i] = pipe_find(&input, ids[i]);
        assert(columns[i] >= 0);
    }
    weft_sink_spec sink = {
        .kind = WEFT_SINK_EXCHANGE,
        .rows = {.count = width, .types = types},
        .partition_count = input.one_task ? 1 : plan_partitions_for(p, input.rows * 64, input.rows),
        .exchange = {.column_count = width, .columns = columns, .limit = -1}};
    WEFT_TRY(st, plan_issue(ctx, p, &input, &sink, node, role, ids, NULL, out));
done:
    return st;
}

static weft_status plan_shared(weft_ctx *ctx, weft_planner *p, const weft_node *node, pipeline *out,
                               bool *ready)
{
    weft_status st = WEFT_OK;
    made *rows = NULL;
    *ready = false;
    WEFT_TRY(st, plan_rows(ctx, p, node, MADE_SHARED, &(constraint_list){0}, &rows));
    if (rows == NULL || !rows->finished) goto done;
    WEFT_TRY(st, pipe_open_rows(ctx, p, &rows, 1, rows->ids, out));
    *ready = true;
done:
    return st;
}

/* The constraints on outputs of a UNION, on those of a branch. */
static weft_status branch_constraints(weft_ctx *ctx, const weft_node *node, const weft_node *branch,
                                      const constraint_list *constraints, constraint_list *out)
{
    weft_status st = WEFT_OK;
    plan_list list = {0};
    for (int32_t i = 0; i < constraints->count; i++) {
        plan_constraint *added = NULL;
        const int32_t output = weft_node_find_output(node, constraints->items[i].id);
        if (output < 0) continue;
        WEFT_TRY(st, plan_list_add(ctx, &list, sizeof(*added), (void **)&added));
        *added = constraints->items[i];
        added->id = branch->output.columns[output].id;
    }
    *out = (constraint_list){.count = list.count, .items = list.items};
done:
    return st;
}

static weft_status plan_union(weft_ctx *ctx, weft_planner *p, const weft_node *node,
                              const constraint_list *constraints, pipeline *out, bool *ready)
{
    weft_status st = WEFT_OK;
    made **rows = NULL;
    int64_t *ids = NULL;
    bool all = true;

    *ready = false;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->input_count, &rows));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->output.count, &ids));
    for (int32_t i = 0; i < node->input_count; i++) {
        const weft_node *branch = node->inputs[i];
        /* one that other nodes read as well is already rows of a stage: all of them */
        const bool shared = plan_is_shared(p, branch);
        constraint_list passed = {0};
        if (!shared) WEFT_TRY(st, branch_constraints(ctx, node, branch, constraints, &passed));
        WEFT_TRY(st, plan_rows(ctx, p, branch, shared ? MADE_SHARED : MADE_BRANCH, &passed, &rows[i]));
        if (rows[i] == NULL || !rows[i]->finished) all = false;
    }
    if (!all) goto done;
    for (int32_t i = 0; i < node->output.count; i++) ids[i] = node->output.columns[i].id;
    WEFT_TRY(st, pipe_open_rows(ctx, p, rows, node->input_count, ids, out));
    *ready = true;
done:
    return st;
}

static weft_status plan_node(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                             const constraint_list *constraints, pipeline *out, bool *ready)
{
    *ready = true;
    switch (node->kind) {
    case WEFT_NODE_SCAN: return plan_scan(ctx, p, node, required, constraints, out);
    case WEFT_NODE_VALUES: return plan_values(ctx, node, out);
    case WEFT_NODE_FILTER: return plan_filter(ctx, p, node, required, constraints, out, ready);
    case WEFT_NODE_PROJECT: return plan_project(ctx, p, node, required, constraints, out, ready);
    case WEFT_NODE_JOIN: return plan_join(ctx, p, node, required, constraints, out, ready);
    case WEFT_NODE_AGGREGATE: return plan_aggregate(ctx, p, node, constraints, out, ready);
    case WEFT_NODE_SORT:
        return plan_sort(ctx, p, node, node->sort.limit, required,
                         node->sort.limit < 0 ? constraints : &(constraint_list){0}, out, ready);
    case WEFT_NODE_LIMIT: return plan_limit(ctx, p, node, required, out, ready);
    case WEFT_NODE_WINDOW: return plan_window(ctx, p, node, required, out, ready);
    case WEFT_NODE_UNION: return plan_union(ctx, p, node, constraints, out, ready);
    case WEFT_NODE_EXPAND: return plan_expand(ctx, p, node, out, ready);
    case WEFT_NODE_RECURSION: return plan_recursion(ctx, p, node, out, ready);
    case WEFT_NODE_LEVEL: return plan_level(ctx, p, node, out);
    case WEFT_NODE_SINGLE_ROW: return plan_single_row(ctx, p, node, required, out, ready);
    case WEFT_NODE_REPARTITION: return plan_repartition(ctx, p, node, required, out, ready);
    case WEFT_NODE_SCRIPT: return plan_script(ctx, p, node, out, ready);
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
    case WEFT_NODE_KIND_COUNT: break;
    }
    return weft_fail(ctx, WEFT_INTERNAL, "a node of kind %d reached physical planning", (int)node->kind);
}

weft_status plan_pipe(weft_ctx *ctx, weft_planner *p, const weft_node *node, const id_set *required,
                      const constraint_list *constraints, pipeline *out, bool *ready)
{
    const weft_status st = weft_check_cancel(ctx);
    if (st != WEFT_OK) return st;
    const bool rows = node->kind == WEFT_NODE_VALUES || node->kind == WEFT_NODE_LEVEL; /* they are there */
    if (plan_is_shared(p, node) && !rows) return plan_shared(ctx, p, node, out, ready);
    return plan_node(ctx, p, node, required, constraints, out, ready);
}
