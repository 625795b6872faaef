/* engine/plan/analyzer_query.c - queries around SELECT blocks: WITH, set operations, VALUES, ORDER BY, LIMIT.
 */
#include <stdio.h>
#include <strings.h>

#include "common/settings.h"
#include "engine/expr/cast.h"
#include "engine/expr/coerce.h"
#include "engine/plan/analyzer_internal.h"

/* Nodes that shared CTEs and views may stand for when counted at each use: rules walk the tree, not the DAG.
 */
enum { EXPANDED_NODES_MAX = 1000000 };

weft_status weft_use_cte(weft_analyzer *a, weft_cte *cte, const weft_span *span, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_pointers exprs = {0};
    weft_name *names = NULL;
    if (cte->refused) return weft_refuse_recursion(a, span);
    a->size += cte->size;
    a->height = weft_max_i32(a->height, cte->height);
    if (a->size > EXPANDED_NODES_MAX) {
        WEFT_TRY(
            st, weft_fail_at(a->ctx, WEFT_LIMIT, weft_analyzer_span(a, span),
                             "the query reads `%s` and what it is made of too many times: more than %d parts",
                             cte->name, EXPANDED_NODES_MAX));
    }
    *out = cte->bound;
    if (!cte->used) {
        cte->used = true;
        goto done;
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, cte->bound.count, &names));
    for (int32_t i = 0; i < cte->bound.count; i++) {
        const weft_expr *e = NULL;
        names[i] = cte->bound.names[i];
        WEFT_TRY(st, weft_name_column(a->ctx, &names[i], &e));
        names[i].id = weft_next_id(a->ids);
        for (int32_t k = 0; names[i].twin != 0 && k < i; k++)
            if (cte->bound.names[k].id == cte->bound.names[i].twin) names[i].twin = names[k].id;
        WEFT_TRY(st, weft_expr_alias(a->ctx, e, names[i].id, names[i].name, &e));
        WEFT_TRY(st, weft_pointers_push(a->ctx, &exprs, e));
    }
    out->names = names;
    WEFT_TRY(
        st, weft_node_project(a->ctx, cte->bound.node, weft_pointers_exprs(&exprs), exprs.count, &out->node));
done:
    return st;
}

/* Columns that are twins in the (first) input stay so in what is made of it, whose columns are its visible
 * ones. */
static void keep_twins(const weft_bound *first, weft_bound *out)
{
    weft_name *names = (weft_name *)(uintptr_t)out->names; /* made just now */
    int32_t at = 0;
    for (int32_t i = 0; i < first->count; i++) {
        if (first->names[i].hidden) continue;
        int32_t leader = 0;
        for (int32_t k = 0; first->names[i].twin != 0 && k < i; k++) {
            if (first->names[k].id == first->names[i].twin) names[at].twin = names[leader].id;
            leader += !first->names[k].hidden;
        }
        at++;
    }
}

/* ---- WITH ---- */

weft_status weft_check_nested_ctes(weft_analyzer *a, const weft_node *query, const weft_cte *ctes)
{
    const char *policy = weft_setting_text(a->ctx, WEFT_SET_CTE_PRECEDENCE);
    if (query->kind != WEFT_NODE_WITH || strcasecmp(policy, "CORRECTED") == 0) return WEFT_OK;
    for (int32_t i = 0; i < query->with.count; i++) {
        const char *name = query->with.names[i];
        const weft_cte *outer = ctes;
        while (outer != NULL && strcasecmp(outer->name, name) != 0) outer = outer->next;
        if (outer == NULL) continue;
        if (strcasecmp(policy, "EXCEPTION") != 0)
            return weft_fail_at(a->ctx, WEFT_UNSUPPORTED, weft_analyzer_span(a, &query->span),
                                "The feature is not supported: spark.sql.legacy.ctePrecedencePolicy = %s, by "
                                "which `%s` would not be the one of the nested WITH.",
                                policy, name);
        return weft_fail_at(a->ctx, WEFT_NESTED_CTE_NAME, weft_analyzer_span(a, &query->span),
                            "Name `%s` is ambiguous in nested CTE. Please set "
                            "\"spark.sql.legacy.ctePrecedencePolicy\" to \"CORRECTED\" so that the name "
                            "defined in the inner CTE takes precedence.",
                            name);
    }
    return WEFT_OK;
}

static weft_status define_cte(weft_analyzer *a, const weft_node *parsed, int32_t index,
                              const weft_scope *outer, weft_cte *ctes, weft_cte **out)
{
    weft_status st = WEFT_OK;
    weft_cte *cte = NULL;
    const weft_node *definition = parsed->inputs[index], *node = NULL;
    const int64_t size = a->size;
    const int32_t height = a->height, columns = parsed->with.column_counts[index];
    a->height = 0;
    WEFT_TRY(st, weft_check_nested_ctes(a, definition, ctes));
    WEFT_TRY(st, WEFT_NEW(a->ctx, &cte));
    cte->name = parsed->with.names[index];
    cte->next = ctes;
    bool recursive = false;
    if (parsed->with.recursive)
        WEFT_TRY(st, weft_bind_recursive(a, parsed, index, outer, ctes, &cte->bound, &recursive));
    else
        WEFT_TRY(st, weft_bind_query(a, definition, outer, ctes, &cte->bound));
    const weft_bound given = cte->bound;
    WEFT_TRY(st, weft_bound_node(a, &given, &node));
    WEFT_TRY(st, weft_names_of(a->ctx, node, NULL, &cte->bound));
    if (columns > 0 && columns != cte->bound.count) {
        WEFT_TRY(st, weft_fail_at(a->ctx, WEFT_ASSIGNMENT_ARITY, weft_analyzer_span(a, &definition->span),
                                  "`%s` names %d columns, but its query has %d.", cte->name, columns,
                                  cte->bound.count));
    }
    weft_name *names = (weft_name *)(uintptr_t)cte->bound.names; /* made just now */
    for (int32_t i = 0; i < columns; i++) names[i].name = parsed->with.column_names[index][i];
    if (columns == 0) keep_twins(&given, &cte->bound);
    cte->size = a->size - size;
    cte->height = a->height;
    a->size = size;
    a->height = height;
    *out = cte;
done:
    return st;
}

weft_status weft_define_ctes(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                             weft_cte *ctes, weft_cte **out)
{
    weft_status st = WEFT_OK;
    weft_cte *inner = ctes;
    for (int32_t i = 0; i < parsed->with.count; i++) {
        for (const weft_cte *c = inner; c != ctes; c = c->next) {
            if (strcasecmp(c->name, parsed->with.names[i]) != 0) continue;
            WEFT_TRY(st, weft_fail_at(a->ctx, WEFT_DUPLICATED_CTE_NAMES, weft_analyzer_span(a, &parsed->span),
                                      "CTE definition can't have duplicate names: `%s`.", c->name));
        }
        WEFT_TRY(st, define_cte(a, parsed, i, outer, inner, &inner));
    }
    *out = inner;
done:
    return st;
}

static weft_status bind_with(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                             weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_cte *inner = NULL;
    WEFT_TRY(st, weft_define_ctes(a, parsed, outer, ctes, &inner));
    WEFT_TRY(st, weft_bind_query(a, parsed->inputs[parsed->with.count], outer, inner, out));
done:
    return st;
}

/* ---- VALUES ---- */

static weft_status bind_cell(weft_binder *b, const weft_expr *parsed, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    const bool named = parsed->kind == WEFT_EXPR_ALIAS; /* (1 AS one): Spark takes the name and drops it */
    WEFT_TRY(st, weft_bind_expr(b, named ? parsed->args[0] : parsed, out));
    if (weft_expr_deterministic(*out)) goto done;
    WEFT_TRY(st, weft_expr_text(b->a->ctx, *out, false, &text));
    st = weft_fail_at(b->a->ctx, WEFT_INLINE_TABLE_EXPRESSION, weft_analyzer_span(b->a, &parsed->span),
                      "Invalid inline table. Cannot evaluate the expression \"%.200s\" in inline table "
                      "definition.",
                      text);
done:
    return st;
}

/* The cell as a value. A constant that raises is told as an error of the table, whoever reads it. */
static weft_status fold_cell(weft_analyzer *a, const weft_node *parsed, const weft_expr *cell,
                             const weft_expr **out)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    WEFT_TRY(st, weft_expr_fold(a->ctx, cell, out));
    if ((*out)->kind == WEFT_EXPR_LITERAL || !weft_expr_is_constant(*out)) goto done;
    if (cell->kind == WEFT_EXPR_CAST && cell->cast.implicit) cell = cell->args[0];
    WEFT_TRY(st, weft_expr_text(a->ctx, cell, false, &text));
    st = weft_fail_at(
        a->ctx, WEFT_INLINE_TABLE_EVALUATION, weft_analyzer_span(a, &parsed->span),
        "Invalid inline table. Failed to evaluate the SQL expression \"%.200s\". Please check your "
        "syntax and ensure all required tables and columns are available.",
        text);
done:
    return st;
}

static weft_status bind_values(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                               weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const int32_t rows = parsed->values.row_count, columns = parsed->values.column_count;
    const weft_expr **cells = NULL, **column = NULL;
    const weft_scope scope = {.outer = outer};
    const weft_node *node = NULL;
    weft_binder b = {.a = a,
                     .scope = &scope,
                     .ctes = ctes,
                     .clause = "VALUES",
                     .no_aggregates = WEFT_INVALID_WHERE_CONDITION};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, (int64_t)rows * columns, &cells));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, rows, &column));
    for (int32_t i = 0; i < rows * columns; i++) {
        WEFT_TRY(st, bind_cell(&b, parsed->values.cells[i], &cells[i]));
        if (weft_expr_has_subquery(cells[i]))
            WEFT_TRY(st, weft_fail_at(ctx, WEFT_SUBQUERY_IN_VALUES, weft_analyzer_span(a, &parsed->span),
                                      "Unsupported subquery expression: Scalar subqueries in the VALUES "
                                      "clause."));
    }
    for (int32_t c = 0; c < columns; c++) {
        weft_type type = {0};
        for (int32_t r = 0; r < rows; r++) column[r] = cells[r * columns + c];
        st = weft_expr_common_plain(ctx, column, rows, NULL, &type);
        if (st == WEFT_DATATYPE_MISMATCH_DATA_DIFF) {
            weft_error_clear(ctx);
            st = weft_fail_at(
                ctx, WEFT_INLINE_TABLE_TYPES, weft_analyzer_span(a, &parsed->span),
                "Invalid inline table. Found incompatible types in the column `col%d` for inline "
                "table.",
                c + 1);
        }
        if (st != WEFT_OK) goto done;
        for (int32_t r = 0; r < rows; r++)
            WEFT_TRY(st, fold_cell(a, parsed, column[r], &cells[r * columns + c]));
    }
    WEFT_TRY(st, weft_node_values(ctx, a->ids, cells, rows, columns, NULL, &node));
    WEFT_TRY(st, weft_names_of(ctx, node, NULL, out));
done:
    return st;
}

/* ---- set operations ---- */

static const char *set_text(const weft_node *parsed)
{
    return parsed->set.kind == WEFT_SET_UNION    ? "UNION"
           : parsed->set.kind == WEFT_SET_EXCEPT ? "EXCEPT"
                                                 : "INTERSECT";
}

static const char *ordinal_suffix(int32_t n)
{
    const int32_t tens = n / 10 % 10, ones = n % 10;
    if (tens == 1) return "th";
    return ones == 1 ? "st" : ones == 2 ? "nd" : ones == 3 ? "rd" : "th";
}

/* The columns of every input get common types: *inputs are replaced where a cast is needed. */
static weft_status coerce_inputs(weft_analyzer *a, const weft_node *parsed, const weft_node **inputs,
                                 int32_t count)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const int32_t width = inputs[0]->output.count;
    weft_type *types = NULL;
    char left[128], right[128];
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, width, &types));
    for (int32_t c = 0; c < width; c++) {
        types[c] = inputs[0]->output.columns[c].type;
        for (int32_t i = 1; i < count; i++) {
            const weft_type type = inputs[i]->output.columns[c].type;
            bool found = false;
            WEFT_TRY(st, weft_type_common_in(ctx, types[c], type, &types[c], &found));
            if (found) continue;
            WEFT_TRY(st,
                     weft_fail_at(
                         ctx, WEFT_INCOMPATIBLE_COLUMN_TYPE, weft_analyzer_span(a, &parsed->inputs[i]->span),
                         "%s can only be performed on tables with compatible column types. The %d%s "
                         "column of the %d%s table is \"%s\" type which is not compatible with \"%s\" "
                         "at the same column of the first table.",
                         set_text(parsed), c + 1, ordinal_suffix(c + 1), i + 1, ordinal_suffix(i + 1),
                         weft_type_text(type, right, sizeof right),
                         weft_type_text(types[c], left, sizeof left)));
        }
    }
    for (int32_t i = 0; i < count; i++) {
        weft_pointers exprs = {0};
        bool changed = false;
        for (int32_t c = 0; c < width; c++) {
            const weft_expr *column = NULL, *cast = NULL;
            WEFT_TRY(st, weft_node_column(ctx, inputs[i], c, &column));
            WEFT_TRY(st, weft_expr_cast(ctx, column, types[c], true, &cast));
            if (cast != column) {
                changed = true;
                WEFT_TRY(st, weft_expr_alias(ctx, cast, weft_next_id(a->ids), column->column.name, &cast));
            }
            WEFT_TRY(st, weft_pointers_push(ctx, &exprs, cast));
        }
        if (changed)
            WEFT_TRY(st, weft_node_project(ctx, inputs[i], weft_pointers_exprs(&exprs), width, &inputs[i]));
    }
done:
    return st;
}

/* UNION BY NAME: the second input's columns in the order of the first's. */
static weft_status order_by_name(weft_analyzer *a, const weft_node *parsed, const weft_node *first,
                                 const weft_node **input)
{
    weft_status st = WEFT_OK;
    weft_pointers exprs = {0};
    for (int32_t c = 0; c < first->output.count; c++) {
        int32_t at = -1;
        const weft_expr *column = NULL;
        for (int32_t k = 0; k < (*input)->output.count; k++) {
            if (strcasecmp((*input)->output.columns[k].name, first->output.columns[c].name) == 0) at = k;
        }
        if (at < 0) {
            WEFT_TRY(st, weft_fail_at(a->ctx, WEFT_UNRESOLVED_COLUMN, weft_analyzer_span(a, &parsed->span),
                                      "UNION BY NAME: the second table has no column `%s`.",
                                      first->output.columns[c].name));
        }
        WEFT_TRY(st, weft_node_column(a->ctx, *input, at, &column));
        WEFT_TRY(st, weft_pointers_push(a->ctx, &exprs, column));
    }
    WEFT_TRY(st, weft_node_project(a->ctx, *input, weft_pointers_exprs(&exprs), exprs.count, input));
done:
    return st;
}

weft_status weft_expect_distinct(weft_analyzer *a, const weft_node *node, const weft_span *span)
{
    char type[256];
    for (int32_t i = 0; i < node->output.count; i++) {
        const weft_output *column = &node->output.columns[i];
        if (weft_type_is_groupable(column->type)) continue;
        if (weft_type_holds(column->type, WEFT_TYPE_VARIANT))
            return weft_fail_at(a->ctx, WEFT_SET_OPERATION_VARIANT, weft_analyzer_span(a, span),
                                "The feature is not supported: Cannot have VARIANT type columns in a set "
                                "operation (INTERSECT, EXCEPT, etc.), but the type of column `%s` is \"%s\".",
                                column->name, weft_type_text(column->type, type, sizeof type));
        return weft_fail_at(a->ctx, WEFT_SET_OPERATION_ON_MAP, weft_analyzer_span(a, span),
                            "The feature is not supported: Cannot have MAP type columns in DataFrame which "
                            "calls set operations (INTERSECT, EXCEPT, etc.), but the type of column `%s` is "
                            "\"%s\".",
                            column->name, weft_type_text(column->type, type, sizeof type));
    }
    return WEFT_OK;
}

static weft_status distinct(weft_ctx *ctx, const weft_node *input, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_pointers groups = {0};
    for (int32_t i = 0; i < input->output.count; i++) {
        const weft_expr *column = NULL;
        WEFT_TRY(st, weft_node_column(ctx, input, i, &column));
        WEFT_TRY(st, weft_pointers_push(ctx, &groups, column));
    }
    WEFT_TRY(st, weft_node_aggregate(ctx, input, weft_pointers_exprs(&groups), groups.count, NULL, 0, out));
done:
    return st;
}

static weft_status bind_set(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                            weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    const int32_t count = parsed->input_count;
    const weft_node **inputs = NULL, *node = NULL;
    weft_bound first = {0};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &inputs));
    for (int32_t i = 0; i < count; i++) {
        weft_bound bound = {0};
        WEFT_TRY(st, weft_bind_query(a, parsed->inputs[i], outer, ctes, &bound));
        WEFT_TRY(st, weft_bound_node(a, &bound, &inputs[i]));
        if (i == 0) first = bound;
        if (inputs[i]->output.count != inputs[0]->output.count) {
            WEFT_TRY(st, weft_fail_at(
                             ctx, WEFT_NUM_COLUMNS_MISMATCH, weft_analyzer_span(a, &parsed->inputs[i]->span),
                             "%s can only be performed on inputs with the same number of columns, but the "
                             "first input has %d columns and the %d%s input has %d columns.",
                             set_text(parsed), inputs[0]->output.count, i + 1, ordinal_suffix(i + 1),
                             inputs[i]->output.count));
        }
        if (parsed->set.by_name && i > 0) WEFT_TRY(st, order_by_name(a, parsed, inputs[0], &inputs[i]));
    }
    WEFT_TRY(st, coerce_inputs(a, parsed, inputs, count));
    if (parsed->set.kind != WEFT_SET_UNION || !parsed->set.all)
        WEFT_TRY(st, weft_expect_distinct(a, inputs[0], &parsed->span));
    if (parsed->set.kind == WEFT_SET_UNION) {
        WEFT_TRY(st, weft_node_union(ctx, a->ids, inputs, count, &node));
        if (!parsed->set.all) WEFT_TRY(st, distinct(ctx, node, &node));
    } else {
        WEFT_TRY(st, weft_node_set(ctx, parsed->set.kind, parsed->set.all, inputs[0], inputs[1], &node));
    }
    WEFT_TRY(st, weft_names_of(ctx, node, NULL, out));
    keep_twins(&first, out);
done:
    return st;
}

/* ---- ORDER BY and LIMIT over what is no SELECT block ---- */

/* Key `index` of the parsed SORT: a SORT_KEY, or what rows are distributed by. */
static weft_status bind_key(weft_binder *b, const weft_bound *bound, const weft_node *sort, int32_t index,
                            const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *parsed = sort->sort.keys[index], *arg = parsed->args[0], *e = NULL;
    if (index >= sort->sort.count - sort->sort.distributed) {
        WEFT_TRY(st, weft_bind_expr(b, arg, out));
        return weft_expect_distributable(b->a, *out, &arg->span);
    }
    if (sort->sort.clause != WEFT_CLAUSE_CLUSTER_BY && arg->kind == WEFT_EXPR_LITERAL &&
        arg->literal.type.id == WEFT_TYPE_INT && weft_setting(b->a->ctx, WEFT_SET_ORDER_BY_ORDINAL) != 0) {
        const int64_t position = arg->literal.i64;
        if (position < 1 || position > weft_visible_names(bound)) {
            WEFT_TRY(st,
                     weft_fail_at(b->a->ctx, WEFT_UNRESOLVED_ORDER_BY_POSITION,
                                  weft_analyzer_span(b->a, &arg->span),
                                  "ORDER BY position %lld is not in select list (valid range is [1, %d]).",
                                  (long long)position, weft_visible_names(bound)));
        }
        const weft_name *name = bound->names; /* of the visible ones, between which hidden ones may stand */
        for (int64_t left = position; left > 0; name++) left -= !name->hidden;
        WEFT_TRY(st, weft_name_column(b->a->ctx, name - 1, &e));
    } else {
        WEFT_TRY(st, weft_bind_expr(b, arg, &e));
    }
    WEFT_TRY(st, weft_expect_orderable(b->a->ctx, "sort order", e, weft_analyzer_span(b->a, &arg->span)));
    WEFT_TRY(st, weft_expr_sort_key(b->a->ctx, e, parsed->sort.descending, parsed->sort.nulls_first, out));
done:
    return st;
}

static weft_status bind_sort(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                             weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    weft_pointers keys = {0};
    WEFT_TRY(st, weft_bind_query(a, parsed->inputs[0], outer, ctes, out));
    const weft_scope scope = {.count = out->count, .names = out->names, .outer = outer};
    weft_binder b = {
        .a = a, .scope = &scope, .ctes = ctes, .clause = "ORDER BY", .no_aggregates = WEFT_UNSUPPORTED_EXPR};
    const bool one = parsed->sort.count == 1 && parsed->sort.clause == WEFT_CLAUSE_ORDER_BY;
    const weft_expr *only = one ? parsed->sort.keys[0]->args[0] : NULL;
    const bool all = only != NULL && only->kind == WEFT_EXPR_UNRESOLVED_COLUMN &&
                     only->name.part_count == 1 && strcasecmp(only->name.parts[0], "all") == 0;
    for (int32_t i = 0; all && i < out->count; i++) {
        if (out->names[i].hidden) continue;
        const weft_expr *key = parsed->sort.keys[0], *e = NULL;
        WEFT_TRY(st, weft_name_column(a->ctx, &out->names[i], &e));
        WEFT_TRY(st, weft_expect_orderable(a->ctx, "sort order", e, weft_analyzer_span(a, &key->span)));
        WEFT_TRY(st, weft_expr_sort_key(a->ctx, e, key->sort.descending, key->sort.nulls_first, &e));
        WEFT_TRY(st, weft_pointers_push(a->ctx, &keys, e));
    }
    for (int32_t i = 0; !all && i < parsed->sort.count; i++) {
        const weft_expr *key = NULL;
        WEFT_TRY(st, bind_key(&b, out, parsed, i, &key));
        WEFT_TRY(st, weft_pointers_push(a->ctx, &keys, key));
    }
    WEFT_TRY(st, weft_bind_organization(a, parsed, &keys, &out->node));
done:
    return st;
}

static weft_status bind_limit(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                              weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    int64_t skip = 0, take = -1;
    WEFT_TRY(st, weft_bind_query(a, parsed->inputs[0], outer, ctes, out));
    if (parsed->limit.take_expr != NULL)
        WEFT_TRY(st, weft_bind_count(a, parsed->limit.take_expr, "limit", &take));
    else if (parsed->limit.skip_expr == NULL)
        take = INT64_MAX; /* LIMIT ALL: a recursion below may give more rows than its setting allows */
    if (parsed->limit.skip_expr != NULL)
        WEFT_TRY(st, weft_bind_count(a, parsed->limit.skip_expr, "offset", &skip));
    if (take >= 0 || skip > 0) WEFT_TRY(st, weft_node_limit(a->ctx, out->node, skip, take, &out->node));
done:
    return st;
}

weft_status weft_bind_query(weft_analyzer *a, const weft_node *parsed, const weft_scope *outer,
                            weft_cte *ctes, weft_bound *out)
{
    weft_status st = WEFT_OK;
    int32_t frame = 0;
    WEFT_TRY(st, weft_analyzer_enter(a, &parsed->span, &frame));
    switch ((int)parsed->kind) {
    case WEFT_NODE_SELECT: WEFT_TRY(st, weft_bind_select(a, parsed, NULL, outer, ctes, out)); break;
    case WEFT_NODE_SORT:
        /* an operator of a pipe gives its columns alone: those of its input are not to be seen */
        if (parsed->inputs[0]->kind == WEFT_NODE_SELECT && parsed->inputs[0]->select.pipe == WEFT_PIPE_NONE) {
            WEFT_TRY(st, weft_bind_select(a, parsed->inputs[0], parsed, outer, ctes, out));
        } else {
            WEFT_TRY(st, bind_sort(a, parsed, outer, ctes, out));
        }
        break;
    case WEFT_NODE_LIMIT: WEFT_TRY(st, bind_limit(a, parsed, outer, ctes, out)); break;
    case WEFT_NODE_SET: WEFT_TRY(st, bind_set(a, parsed, outer, ctes, out)); break;
    case WEFT_NODE_VALUES: WEFT_TRY(st, bind_values(a, parsed, outer, ctes, out)); break;
    case WEFT_NODE_WITH: WEFT_TRY(st, bind_with(a, parsed, outer, ctes, out)); break;
    case WEFT_NODE_SCRIPT: WEFT_TRY(st, weft_bind_script(a, parsed, outer, ctes, out)); break;
    case WEFT_NODE_RELATION:
    case WEFT_NODE_ALIAS:
    case WEFT_NODE_JOIN:
    case WEFT_NODE_EXPAND:
    case WEFT_NODE_PIVOT:
    case WEFT_NODE_UNPIVOT:
    case WEFT_NODE_SAMPLE:
    case WEFT_NODE_FILTER:
    case WEFT_NODE_TABLE_FUNCTION:
    case WEFT_NODE_GIVEN: WEFT_TRY(st, weft_bind_from(a, parsed, outer, ctes, out)); break;
    default:
        WEFT_TRY(st, weft_fail_at(a->ctx, WEFT_INTERNAL, weft_analyzer_span(a, &parsed->span),
                                  "%s is no query to be analysed", weft_node_kind_text(parsed->kind)));
    }
    weft_analyzer_leave(a, frame);
done:
    return st;
}
