/* engine/plan/rule_decorrelate_domain.c - a correlated plan for all values of the outer query at once.
 *
 * The domain (the distinct values of the outer columns that the plan reads) is joined in where the plan
 * begins, and its columns are carried up: each step does for every value what it would do for one. Groups,
 * windows and limits go by value, joins of two correlated sides compare the values. The outer query then
 * joins the result on its own values (Neumann and Kemper, Unnesting Arbitrary Queries).
 *
 * A plan that makes its rows from one outer row alone (SELECT a + 1, a generator) needs no domain: the outer
 * rows themselves go through its steps. */
#include "engine/plan/rule_decorrelate.h"

typedef struct domain_push {
    const opt_scope *scope;
    weft_pointers outers;    /* the OUTER nodes that the plan reads, each once */
    const weft_node *domain; /* gives columns[i] for outers[i] */
    weft_pointers columns;
    bool in_place; /* the domain is the outer query's input itself, and stands at one place only */
} domain_push;

static weft_status push(weft_ctx *ctx, const domain_push *d, const weft_node *node, weft_pointers *cols,
                        const weft_node **out);

/* ---- expressions ---- */

typedef struct outer_map {
    const domain_push *d;
    const weft_pointers *cols;
} outer_map;

static weft_status to_column(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    const outer_map *m = self;
    (void)ctx;
    *out = e;
    for (int32_t i = 0; e->kind == WEFT_EXPR_OUTER && i < m->d->outers.count; i++)
        if (weft_expr_equal(m->d->outers.items[i], e)) *out = m->cols->items[i];
    return WEFT_OK;
}

static weft_status rewrite(weft_ctx *ctx, const domain_push *d, const weft_pointers *cols, const weft_expr *e,
                           const weft_expr **out)
{
    outer_map m = {.d = d, .cols = cols};
    return weft_expr_rewrite(ctx, e, to_column, &m, out);
}

static weft_status rewrite_all(weft_ctx *ctx, const domain_push *d, const weft_pointers *cols,
                               const weft_expr *const *exprs, int32_t count, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < count; i++) {
        const weft_expr *e = NULL;
        WEFT_TRY(st, rewrite(ctx, d, cols, exprs[i], &e));
        WEFT_TRY(st, weft_pointers_push(ctx, out, e));
    }
done:
    return st;
}

static weft_status node_columns(weft_ctx *ctx, const weft_node *node, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < node->output.count; i++) {
        const weft_expr *e = NULL;
        WEFT_TRY(st, weft_node_column(ctx, node, i, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, out, e));
    }
done:
    return st;
}

/* ---- where the plan begins ---- */

/* The domain under new ids. */
static weft_status use_domain(weft_ctx *ctx, const domain_push *d, weft_pointers *cols, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers exprs = {0};
    if (d->in_place) {
        *out = d->domain;
        return opt_add_all(ctx, cols, weft_pointers_exprs(&d->columns), d->columns.count);
    }
    for (int32_t i = 0; i < d->columns.count; i++) {
        const weft_expr *e = d->columns.items[i];
        WEFT_TRY(st, weft_expr_alias(ctx, e, weft_next_id(d->scope->ids), e->column.name, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    WEFT_TRY(st, weft_node_project(ctx, d->domain, weft_pointers_exprs(&exprs), exprs.count, out));
    WEFT_TRY(st, node_columns(ctx, *out, cols));
done:
    return st;
}

/* A part that is not correlated: every value with each of its rows. */
static weft_status push_leaf(weft_ctx *ctx, const domain_push *d, const weft_node *node, weft_pointers *cols,
                             const weft_node **out)
{
    weft_status st = WEFT_OK;
    opt_join join = {.kind = WEFT_JOIN_INNER};
    const weft_node *domain = NULL;
    WEFT_TRY(st, use_domain(ctx, d, cols, &domain));
    if (node->kind == WEFT_NODE_VALUES && node->values.row_count == 1 && node->values.column_count == 0)
        *out = domain;
    else
        WEFT_TRY(st, opt_join_node(ctx, &join, domain, node, out));
done:
    return st;
}

/* VALUES of outer columns: an EXPAND with a projection for each row. */
static weft_status push_values(weft_ctx *ctx, const domain_push *d, const weft_node *node,
                               weft_pointers *cols, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *domain = NULL;
    const int32_t width = node->values.column_count, rows = node->values.row_count;
    const weft_expr *const **projections = NULL;
    weft_output *columns = NULL;
    WEFT_TRY(st, use_domain(ctx, d, cols, &domain));
    const int32_t more = domain->output.count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, rows, &projections));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width + more, &columns));
    for (int32_t i = 0; i < width; i++) columns[i] = node->output.columns[i];
    for (int32_t i = 0; i < width; i++) columns[i].nullable = true;
    for (int32_t i = 0; i < more; i++) columns[width + i] = domain->output.columns[i];
    for (int32_t r = 0; r < rows; r++) {
        weft_pointers list = {0};
        WEFT_TRY(st, rewrite_all(ctx, d, cols, node->values.cells + (int64_t)r * width, width, &list));
        WEFT_TRY(st, node_columns(ctx, domain, &list));
        projections[r] = weft_pointers_exprs(&list);
    }
    const weft_outputs outputs = {.count = width + more, .columns = columns};
    WEFT_TRY(st, weft_node_expand(ctx, domain, &outputs, projections, rows, out));
done:
    return st;
}

/* ---- steps ---- */

/* What is carried beside the outputs of a step: the domain's columns, or in place all of the outer row. */
static weft_status carried_columns(weft_ctx *ctx, const domain_push *d, const weft_pointers *cols,
                                   weft_pointers *out)
{
    if (d->in_place) return node_columns(ctx, d->domain, out);
    return opt_add_all(ctx, out, weft_pointers_exprs(cols), cols->count);
}

static weft_status push_project(weft_ctx *ctx, const domain_push *d, const weft_node *node,
                                weft_pointers *cols, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *input = NULL;
    weft_pointers exprs = {0};
    WEFT_TRY(st, push(ctx, d, node->inputs[0], cols, &input));
    WEFT_TRY(st, rewrite_all(ctx, d, cols, node->project.exprs, node->project.count, &exprs));
    for (int32_t i = 0; i < exprs.count; i++) { /* an outer column as an output has the output's id */
        const weft_expr *e = exprs.items[i];
        const weft_output *to = &node->output.columns[i];
        if (opt_output_id(e) != to->id) WEFT_TRY(st, weft_expr_alias(ctx, e, to->id, to->name, &e));
        exprs.items[i] = e;
    }
    WEFT_TRY(st, carried_columns(ctx, d, cols, &exprs));
    WEFT_TRY(st, weft_node_project(ctx, input, weft_pointers_exprs(&exprs), exprs.count, out));
done:
    return st;
}

static weft_status push_filter(weft_ctx *ctx, const domain_push *d, const weft_node *node,
                               weft_pointers *cols, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *input = NULL;
    weft_pointers conjuncts = {0};
    WEFT_TRY(st, push(ctx, d, node->inputs[0], cols, &input));
    WEFT_TRY(st, rewrite_all(ctx, d, cols, node->filter.conjuncts, node->filter.count, &conjuncts));
    WEFT_TRY(st, opt_filter(ctx, input, &conjuncts, out));
done:
    return st;
}

static weft_status push_expand(weft_ctx *ctx, const domain_push *d, const weft_node *node,
                               weft_pointers *cols, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *input = NULL;
    weft_pointers carried = {0};
    const weft_expr *const **projections = NULL;
    weft_output *columns = NULL;
    const int32_t width = node->output.count, count = node->expand.projection_count;
    WEFT_TRY(st, push(ctx, d, node->inputs[0], cols, &input));
    WEFT_TRY(st, carried_columns(ctx, d, cols, &carried));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &projections));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width + carried.count, &columns));
    for (int32_t i = 0; i < width; i++) columns[i] = node->output.columns[i];
    for (int32_t i = 0; i < carried.count; i++) {
        const weft_expr *e = carried.items[i];
        columns[width + i] = (weft_output){e->column.id, e->column.name, e->type, e->nullable, NULL};
    }
    for (int32_t p = 0; p < count; p++) {
        weft_pointers list = {0};
        WEFT_TRY(st, rewrite_all(ctx, d, cols, node->expand.projections[p], width, &list));
        WEFT_TRY(st, opt_add_all(ctx, &list, weft_pointers_exprs(&carried), carried.count));
        projections[p] = weft_pointers_exprs(&list);
    }
    const weft_outputs outputs = {.count = width + carried.count, .columns = columns};
    WEFT_TRY(st, weft_node_expand(ctx, input, &outputs, projections, count, out));
done:
    return st;
}

/* Equalities of two sets of the domain's columns, NULLs as equal, as keys of a join. */
static weft_status add_domain_keys(weft_ctx *ctx, const weft_node *left, const weft_node *right,
                                   const weft_pointers *lefts, const weft_pointers *rights, opt_join *join)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < lefts->count; i++) {
        const weft_expr *pair[2] = {lefts->items[i], rights->items[i]}, *e = NULL;
        WEFT_TRY(st, opt_equal_bytes(ctx, true, pair, NULL, &e));
        WEFT_TRY(st, opt_add_equal(ctx, left, right, e, join));
    }
done:
    return st;
}

/* An aggregate without groups gives a row for every value, also for those without input: counts 0. */
static weft_status complete_global(weft_ctx *ctx, const domain_push *d, const weft_node *node,
                                   const weft_node *grouped, weft_pointers *cols, const weft_node **out)
{
    weft_status st = WEFT_OK;
    opt_join join = {.kind = WEFT_JOIN_LEFT};
    const weft_node *domain = NULL, *joined = NULL;
    weft_pointers all = {0}, exprs = {0};
    WEFT_TRY(st, use_domain(ctx, d, &all, &domain));
    WEFT_TRY(st, add_domain_keys(ctx, domain, grouped, &all, cols, &join));
    WEFT_TRY(st, opt_join_node(ctx, &join, domain, grouped, &joined));
    for (int32_t i = 0; i < node->aggregate.aggregate_count; i++) {
        const weft_expr *named = node->aggregate.aggregates[i], *call = opt_below_alias(named);
        const int64_t id = opt_output_id(named);
        const weft_expr *args[2] = {NULL, NULL};
        WEFT_TRY(st, weft_expr_column(ctx, id, named->alias.name, named->type, true, &args[0]));
        if (!opt_zero_when_empty(call)) {
            WEFT_TRY(st, weft_pointers_push(ctx, &exprs, args[0]));
            continue;
        }
        WEFT_TRY(st, opt_zero(ctx, named->type, &args[1]));
        WEFT_TRY(st, weft_expr_form(ctx, WEFT_EXPR_COALESCE, args, 2, NULL, &args[0]));
        WEFT_TRY(st, weft_expr_alias(ctx, args[0], id, named->alias.name, &args[0]));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, args[0]));
    }
    WEFT_TRY(st, opt_add_all(ctx, &exprs, weft_pointers_exprs(&all), all.count));
    WEFT_TRY(st, weft_node_project(ctx, joined, weft_pointers_exprs(&exprs), exprs.count, out));
    *cols = all;
done:
    return st;
}

static weft_status push_aggregate(weft_ctx *ctx, const domain_push *d, const weft_node *node,
                                  weft_pointers *cols, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *input = NULL;
    weft_pointers groups = {0}, aggregates = {0};
    WEFT_TRY(st, push(ctx, d, node->inputs[0], cols, &input));
    WEFT_TRY(st, rewrite_all(ctx, d, cols, node->aggregate.groups, node->aggregate.group_count, &groups));
    for (int32_t i = 0; i < groups.count; i++) {
        const weft_expr *e = groups.items[i];
        const weft_output *to = &node->output.columns[i];
        if (opt_output_id(e) != to->id) WEFT_TRY(st, weft_expr_alias(ctx, e, to->id, to->name, &e));
        groups.items[i] = e;
    }
    WEFT_TRY(st, rewrite_all(ctx, d, cols, node->aggregate.aggregates, node->aggregate.aggregate_count,
                             &aggregates));
    WEFT_TRY(st, opt_add_all(ctx, &groups, weft_pointers_exprs(cols), cols->count));
    WEFT_TRY(st, weft_node_aggregate(ctx, input, weft_pointers_exprs(&groups), groups.count,
                                     weft_pointers_exprs(&aggregates), aggregates.count, out));
    if (node->aggregate.group_count == 0) WEFT_TRY(st, complete_global(ctx, d, node, *out, cols, out));
done:
    return st;
}

static weft_status push_window(weft_ctx *ctx, const domain_push *d, const weft_node *node,
                               weft_pointers *cols, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *input = NULL;
    weft_pointers exprs = {0};
    WEFT_TRY(st, push(ctx, d, node->inputs[0], cols, &input));
    for (int32_t i = 0; i < node->window.count; i++) {
        const weft_expr *named = NULL, *window = NULL;
        weft_window_spec *spec = NULL;
        weft_pointers partition = {0};
        WEFT_TRY(st, rewrite(ctx, d, cols, node->window.exprs[i], &named));
        window = named->args[0];
        WEFT_TRY(st, WEFT_NEW(ctx, &spec));
        *spec = *window->window.spec;
        WEFT_TRY(st, opt_add_all(ctx, &partition, spec->partition, spec->partition_count));
        WEFT_TRY(st, opt_add_all(ctx, &partition, weft_pointers_exprs(cols), cols->count));
        spec->partition = weft_pointers_exprs(&partition);
        spec->partition_count = partition.count;
        WEFT_TRY(st, weft_expr_window(ctx, window->args[0], spec, &window));
        WEFT_TRY(st, weft_expr_alias(ctx, window, named->alias.id, named->alias.name, &named));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, named));
    }
    WEFT_TRY(st, weft_node_window(ctx, input, weft_pointers_exprs(&exprs), exprs.count, out));
done:
    return st;
}

/* Rows skip < n <= skip + take, where n is the number of a row among those of its value. */
static weft_status keep_numbered(weft_ctx *ctx, const weft_node *limit, const weft_expr *number,
                                 const weft_node *node, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const int64_t ends[2] = {limit->limit.skip, limit->limit.take};
    weft_pointers conjuncts = {0};
    for (int32_t i = 0; i < 2; i++) {
        if (ends[i] < 0 || (i == 0 && ends[i] == 0)) continue;
        const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT),
                                  .i64 = i == 0 ? ends[0] : ends[0] + ends[1]};
        const weft_expr *args[2] = {number, NULL}, *e = NULL;
        WEFT_TRY(st, weft_expr_literal(ctx, &value, &args[1]));
        WEFT_TRY(st, weft_expr_call(ctx, i == 0 ? ">" : "<=", args, 2, NULL, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &conjuncts, e));
    }
    WEFT_TRY(st, opt_filter(ctx, node, &conjuncts, out));
done:
    return st;
}

static weft_status push_limit(weft_ctx *ctx, const domain_push *d, const weft_node *limit,
                              const weft_node *below, weft_pointers *cols, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *input = NULL, *numbered = NULL;
    weft_pointers keys = {0}, visible = {0};
    weft_window_spec *spec = NULL;
    const weft_expr *call = NULL, *window = NULL, *number = NULL;
    if (below->kind == WEFT_NODE_PROJECT) { /* it changes no rows: their order is seen below it */
        WEFT_TRY(st, push_limit(ctx, d, limit, below->inputs[0], cols, &input));
        weft_pointers exprs = {0};
        WEFT_TRY(st, rewrite_all(ctx, d, cols, below->project.exprs, below->project.count, &exprs));
        for (int32_t i = 0; i < exprs.count; i++) {
            const weft_expr *e = exprs.items[i];
            const weft_output *to = &below->output.columns[i];
            if (opt_output_id(e) != to->id) WEFT_TRY(st, weft_expr_alias(ctx, e, to->id, to->name, &e));
            exprs.items[i] = e;
        }
        WEFT_TRY(st, opt_add_all(ctx, &exprs, weft_pointers_exprs(cols), cols->count));
        WEFT_TRY(st, weft_node_project(ctx, input, weft_pointers_exprs(&exprs), exprs.count, out));
        goto done;
    }
    const bool sorted = below->kind == WEFT_NODE_SORT;
    WEFT_TRY(st, push(ctx, d, sorted ? below->inputs[0] : below, cols, &input));
    if (sorted) {
        WEFT_TRY(st, rewrite_all(ctx, d, cols, below->sort.keys, below->sort.count, &keys));
    } else {
        for (int32_t i = 0; i < cols->count; i++) {
            const weft_expr *key = NULL;
            WEFT_TRY(st, weft_expr_sort_key(ctx, cols->items[i], false, true, &key));
            WEFT_TRY(st, weft_pointers_push(ctx, &keys, key));
        }
    }
    WEFT_TRY(st, node_columns(ctx, input, &visible));
    WEFT_TRY(st, WEFT_NEW(ctx, &spec));
    *spec = (weft_window_spec){.partition_count = cols->count,
                               .partition = weft_pointers_exprs(cols),
                               .order_count = keys.count,
                               .order = weft_pointers_exprs(&keys),
                               .rows = true,
                               .low = WEFT_BOUND_UNBOUNDED_PRECEDING,
                               .high = WEFT_BOUND_CURRENT_ROW};
    WEFT_TRY(st, weft_expr_call(ctx, "row_number", NULL, 0, NULL, &call));
    WEFT_TRY(st, weft_expr_window(ctx, call, spec, &window));
    WEFT_TRY(st, weft_expr_alias(ctx, window, weft_next_id(d->scope->ids), "_row", &window));
    WEFT_TRY(st, weft_node_window(ctx, input, &window, 1, &numbered));
    WEFT_TRY(st, weft_node_column(ctx, numbered, numbered->output.count - 1, &number));
    WEFT_TRY(st, keep_numbered(ctx, limit, number, numbered, &numbered));
    WEFT_TRY(st, weft_node_project(ctx, numbered, weft_pointers_exprs(&visible), visible.count, out));
done:
    return st;
}

/* The sides of a join that must carry the domain: a side that pads the other with NULLs, or whose rows are
 * kept, and each that is correlated. */
static weft_status push_join(weft_ctx *ctx, const domain_push *d, const weft_node *node, weft_pointers *cols,
                             const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_join_kind kind = node->join.kind;
    const weft_node *sides[2] = {node->inputs[0], node->inputs[1]};
    weft_pointers of[2] = {{0}, {0}}, lefts = {0}, rights = {0}, conditions = {0};
    bool carries[2];
    for (int32_t i = 0; i < 2; i++) carries[i] = opt_tree_correlated(d->scope, node->inputs[i]);
    if (kind == WEFT_JOIN_FULL || kind == WEFT_JOIN_ANTI_NULL)
        return opt_fail_subquery(ctx, d->scope, "an outer column is used below a FULL JOIN or NOT IN");
    if (kind == WEFT_JOIN_RIGHT)
        carries[1] = true;
    else if (kind != WEFT_JOIN_INNER || !carries[1])
        carries[0] = true;
    for (int32_t i = 0; i < 2; i++)
        if (carries[i]) WEFT_TRY(st, push(ctx, d, node->inputs[i], &of[i], &sides[i]));
    const weft_pointers *kept = kind == WEFT_JOIN_RIGHT || !carries[0] ? &of[1] : &of[0];
    WEFT_TRY(st, rewrite_all(ctx, d, kept, node->join.left_keys, node->join.key_count, &lefts));
    WEFT_TRY(st, rewrite_all(ctx, d, kept, node->join.right_keys, node->join.key_count, &rights));
    WEFT_TRY(st, rewrite_all(ctx, d, kept, node->join.conditions, node->join.condition_count, &conditions));
    opt_join join = {.kind = kind, .mark_id = node->join.mark_id, .mark_nullable = node->join.mark_nullable};
    for (int32_t i = 0; i < lefts.count; i++) {
        const weft_expr *pair[2] = {lefts.items[i], rights.items[i]}, *e = NULL;
        const bool null_equal = node->join.null_equal != NULL && node->join.null_equal[i];
        WEFT_TRY(st, opt_equal_bytes(ctx, null_equal, pair, NULL, &e));
        WEFT_TRY(st, opt_add_equal(ctx, sides[0], sides[1], e, &join));
    }
    if (carries[0] && carries[1])
        WEFT_TRY(st, add_domain_keys(ctx, sides[0], sides[1], &of[0], &of[1], &join));
    WEFT_TRY(st, opt_add_all(ctx, &join.conditions, weft_pointers_exprs(&conditions), conditions.count));
    WEFT_TRY(st, opt_join_node(ctx, &join, sides[0], sides[1], out));
    WEFT_TRY(st, opt_add_all(ctx, cols, weft_pointers_exprs(kept), kept->count));
done:
    return st;
}

/* Inputs with the outputs of the node first and the domain's columns behind. */
static weft_status push_branch(weft_ctx *ctx, const domain_push *d, const weft_node *branch,
                               const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers cols = {0}, exprs = {0};
    const weft_node *input = NULL;
    WEFT_TRY(st, push(ctx, d, branch, &cols, &input));
    WEFT_TRY(st, node_columns(ctx, branch, &exprs));
    WEFT_TRY(st, opt_add_all(ctx, &exprs, weft_pointers_exprs(&cols), cols.count));
    WEFT_TRY(st, weft_node_project(ctx, input, weft_pointers_exprs(&exprs), exprs.count, out));
done:
    return st;
}

/* UNION, INTERSECT, EXCEPT: the values become columns by which rows differ. */
static weft_status push_set(weft_ctx *ctx, const domain_push *d, const weft_node *node, weft_pointers *cols,
                            const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node **inputs = NULL, *made = NULL;
    weft_pointers exprs = {0};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, node->input_count, &inputs));
    for (int32_t i = 0; i < node->input_count; i++)
        WEFT_TRY(st, push_branch(ctx, d, node->inputs[i], &inputs[i]));
    if (node->kind == WEFT_NODE_UNION)
        WEFT_TRY(st, weft_node_union(ctx, d->scope->ids, inputs, node->input_count, &made));
    else
        WEFT_TRY(st, weft_node_set(ctx, node->set.kind, node->set.all, inputs[0], inputs[1], &made));
    WEFT_TRY(st, node_columns(ctx, made, &exprs));
    for (int32_t i = 0; i < node->output.count; i++) {
        const weft_expr *e = exprs.items[i];
        const weft_output *to = &node->output.columns[i];
        if (e->column.id != to->id) WEFT_TRY(st, weft_expr_alias(ctx, e, to->id, to->name, &e));
        exprs.items[i] = e;
    }
    WEFT_TRY(st, weft_node_project(ctx, made, weft_pointers_exprs(&exprs), exprs.count, out));
    for (int32_t i = node->output.count; i < (*out)->output.count; i++) {
        const weft_expr *e = NULL;
        WEFT_TRY(st, weft_node_column(ctx, *out, i, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, cols, e));
    }
done:
    return st;
}

static weft_status push(weft_ctx *ctx, const domain_push *d, const weft_node *node, weft_pointers *cols,
                        const weft_node **out)
{
    if (!opt_tree_correlated(d->scope, node)) return push_leaf(ctx, d, node, cols, out);
    switch ((int)node->kind) {
    case WEFT_NODE_VALUES: return push_values(ctx, d, node, cols, out);
    case WEFT_NODE_FILTER: return push_filter(ctx, d, node, cols, out);
    case WEFT_NODE_PROJECT: return push_project(ctx, d, node, cols, out);
    case WEFT_NODE_EXPAND: return push_expand(ctx, d, node, cols, out);
    case WEFT_NODE_AGGREGATE: return push_aggregate(ctx, d, node, cols, out);
    case WEFT_NODE_WINDOW: return push_window(ctx, d, node, cols, out);
    case WEFT_NODE_SORT:
    case WEFT_NODE_REPARTITION: return push(ctx, d, node->inputs[0], cols, out); /* its order is not seen */
    case WEFT_NODE_LIMIT: return push_limit(ctx, d, node, node->inputs[0], cols, out);
    case WEFT_NODE_JOIN: return push_join(ctx, d, node, cols, out);
    case WEFT_NODE_UNION:
    case WEFT_NODE_SET: return push_set(ctx, d, node, cols, out);
    default: break;
    }
    return opt_fail_subquery(ctx, d->scope,
                             "an outer column is used below a step that cannot go by its values");
}

/* ---- entries ---- */

typedef struct outer_collector {
    weft_ctx *ctx;
    const opt_scope *scope;
    weft_pointers *list;
    weft_status st;
} outer_collector;

static bool add_outer(void *self, const weft_expr *e)
{
    outer_collector *c = self;
    if (e->kind != WEFT_EXPR_OUTER || !opt_expr_correlated(c->scope, e)) return false;
    for (int32_t i = 0; i < c->list->count; i++)
        if (weft_expr_equal(c->list->items[i], e)) return false;
    c->st = weft_pointers_push(c->ctx, c->list, e);
    return c->st != WEFT_OK;
}

static weft_status collect_outers(outer_collector *c, const weft_node *node)
{
    weft_status st = WEFT_OK;
    (void)opt_any_expr(node, add_outer, c);
    WEFT_TRY(st, c->st);
    for (int32_t i = 0; i < node->input_count; i++) WEFT_TRY(st, collect_outers(c, node->inputs[i]));
done:
    return st;
}

weft_status opt_push_domain(weft_ctx *ctx, const opt_scope *scope, const weft_node *plan,
                            weft_pointers *preds, const weft_node **out)
{
    weft_status st = WEFT_OK;
    domain_push d = {.scope = scope};
    weft_pointers cols = {0};
    outer_collector c = {.ctx = ctx, .scope = scope, .list = &d.outers, .st = WEFT_OK};
    WEFT_TRY(st, collect_outers(&c, plan));
    WEFT_TRY(st, opt_domain_of(ctx, scope, &d.outers, &d.columns, &d.domain));
    WEFT_TRY(st, push(ctx, &d, plan, &cols, out));
    for (int32_t i = 0; i < d.outers.count; i++) {
        const weft_expr *args[2] = {d.outers.items[i], cols.items[i]}, *e = NULL;
        WEFT_TRY(st, opt_equal_bytes(ctx, true, args, NULL, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, preds, e));
    }
done:
    return st;
}

/* Steps that work row by row over one row of no columns. */
static bool is_row_chain(const weft_node *node)
{
    while (node->kind == WEFT_NODE_PROJECT || node->kind == WEFT_NODE_FILTER ||
           node->kind == WEFT_NODE_EXPAND)
        node = node->inputs[0];
    return node->kind == WEFT_NODE_VALUES;
}

weft_status opt_push_in_place(weft_ctx *ctx, const opt_scope *scope, const weft_node *plan,
                              const weft_node **out)
{
    weft_status st = WEFT_OK;
    domain_push d = {.scope = scope, .domain = scope->input, .in_place = true};
    weft_pointers cols = {0};
    outer_collector c = {.ctx = ctx, .scope = scope, .list = &d.outers, .st = WEFT_OK};
    *out = NULL;
    if (!is_row_chain(plan)) return WEFT_OK;
    WEFT_TRY(st, collect_outers(&c, plan));
    for (int32_t i = 0; i < d.outers.count; i++)
        WEFT_TRY(st, weft_pointers_push(ctx, &d.columns, ((const weft_expr *)d.outers.items[i])->args[0]));
    WEFT_TRY(st, push(ctx, &d, plan, &cols, out));
done:
    return st;
}
