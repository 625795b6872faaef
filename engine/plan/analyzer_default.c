/* engine/plan/analyzer_default.c - the DEFAULT of columns, and the word DEFAULT in rows to be inserted.
 *
 * A default is kept as its text; the catalogue parses it. DEFAULT stands for it where a row is written out:
 * in VALUES, and in the list of a SELECT. */
#include <strings.h>

#include "common/settings.h"
#include "engine/columnar/declared_type.h"
#include "engine/plan/analyzer_internal.h"

weft_status weft_parse_default(weft_analyzer *a, const char *collation, const weft_column_definition *column,
                               const weft_expr **out)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    const weft_node *query = NULL;
    *out = NULL;
    if (column->initial == NULL) return WEFT_OK;
    if (a->catalog->parse == NULL)
        return weft_fail(a->ctx, WEFT_UNSUPPORTED, "DEFAULT of the column `%s`: nobody parses it here",
                         column->name);
    WEFT_TRY(st, weft_arena_printf(a->ctx, a->ctx->arena, &text, "%s%s%sSELECT %s",
                                   collation != NULL ? "CREATE TEMPORARY VIEW v DEFAULT COLLATION " : "",
                                   collation != NULL ? collation : "", collation != NULL ? " AS " : "",
                                   column->initial));
    WEFT_TRY(st, a->catalog->parse(a->ctx, a->catalog->self, text, &query));
    if (query->kind == WEFT_NODE_CREATE_VIEW) query = query->inputs[0];
    if (query->kind == WEFT_NODE_SELECT && query->select.item_count == 1) *out = query->select.items[0];
    if (*out == NULL)
        st = weft_fail(a->ctx, WEFT_DEFAULT_NOT_CONSTANT,
                       "The column `%s` has the DEFAULT value %s, which is no expression.", column->name,
                       column->initial);
done:
    return st;
}

weft_status weft_column_default(weft_analyzer *a, const weft_table_definition *table, int32_t index,
                                const weft_span *span, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_column_definition *column = &table->columns[index];
    const weft_scope nothing = {0};
    weft_binder b = {.a = a, .scope = &nothing, .clause = "DEFAULT"};
    weft_value null = {.is_null = true};
    const weft_expr *parsed = NULL;
    WEFT_TRY(st, weft_type_of_values(a->ctx, column->type, &null.type));
    WEFT_TRY(st, weft_parse_default(a, table->collation, column, &parsed));
    if (parsed == NULL) return weft_expr_literal(a->ctx, &null, out);
    a->in_view++; /* its spans are not the statement's */
    st = weft_bind_expr(&b, parsed, out);
    if (st == WEFT_OK) st = weft_expr_cast(a->ctx, *out, null.type, true, out);
    a->in_view--;
    if (st != WEFT_OK && a->ctx->error.span.line == 0) a->ctx->error.span = *span;
done:
    return st;
}

static bool is_default(const weft_ctx *ctx, const weft_expr *e)
{
    if (weft_setting(ctx, WEFT_SET_DEFAULT_COLUMNS) == 0) return false;
    while (e->kind == WEFT_EXPR_ALIAS) e = e->args[0];
    return e->kind == WEFT_EXPR_UNRESOLVED_COLUMN && e->name.part_count == 1 &&
           strcasecmp(e->name.parts[0], "default") == 0;
}

static bool is_default_below(void *self, const weft_expr *e) { return is_default(self, e); }

/* DEFAULT + 1: no value can be told for a part of an expression. */
static weft_status check_place(weft_ctx *ctx, const weft_expr *e)
{
    if (!weft_expr_any(e, is_default_below, ctx)) return WEFT_OK;
    return weft_fail_at(
        ctx, WEFT_DEFAULT_PLACE, &e->span,
        "A DEFAULT keyword in a MERGE, INSERT, UPDATE, or SET VARIABLE command could not be "
        "directly assigned to a target column because it was part of an expression. For "
        "example: `UPDATE SET c1 = DEFAULT` is allowed, but `UPDATE T SET c1 = DEFAULT + 1` is "
        "not allowed.");
}

/* What stands for DEFAULT of the column. */
static weft_status default_of(weft_analyzer *a, const weft_table_definition *table, int32_t index,
                              const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_column_definition *column = &table->columns[index];
    weft_value null = {.is_null = true};
    WEFT_TRY(st, weft_type_of_values(a->ctx, column->type, &null.type));
    WEFT_TRY(st, weft_parse_default(a, table->collation, column, out));
    if (*out == NULL) WEFT_TRY(st, weft_expr_literal(a->ctx, &null, out));
done:
    return st;
}

/* A list of rows of `width` expressions; *out is the list itself when nothing is replaced. */
static weft_status fill_rows(weft_analyzer *a, const weft_table_definition *table, const int32_t *targets,
                             int32_t width, const weft_expr *const *cells, int32_t count,
                             const weft_expr *const **out)
{
    weft_status st = WEFT_OK;
    const weft_expr **copy = NULL;
    *out = cells;
    for (int32_t i = 0; i < count; i++) {
        if (!is_default(a->ctx, cells[i])) {
            WEFT_TRY(st, check_place(a->ctx, cells[i]));
            continue;
        }
        if (copy == NULL) {
            WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, count, &copy));
            memcpy(copy, cells, (size_t)count * sizeof(*copy));
            *out = copy;
        }
        WEFT_TRY(st, default_of(a, table, targets[i % width], &copy[i]));
    }
done:
    return st;
}

/* Is DEFAULT the name of a column here? FROM of the SELECT is asked by a list of that name alone. */
static weft_status is_column(weft_analyzer *a, const weft_node *select, bool *is)
{
    weft_status st = WEFT_OK;
    weft_bound bound = {0};
    const weft_expr *name = NULL;
    weft_node asked = {.kind = WEFT_NODE_SELECT, .span = select->span};
    *is = false;
    for (int32_t i = 0; i < select->select.item_count; i++)
        if (is_default(a->ctx, select->select.items[i])) name = select->select.items[i];
    if (name == NULL || select->select.from == NULL) return WEFT_OK;
    while (name->kind == WEFT_EXPR_ALIAS) name = name->args[0];
    asked.select = (weft_select){.item_count = 1, .items = &name, .from = select->select.from};
    st = weft_bind_query(a, &asked, NULL, NULL, &bound);
    *is = st == WEFT_OK;
    if (st == WEFT_OK || weft_status_classify(st) != WEFT_CLASS_USER) return st;
    weft_error_clear(a->ctx);
    return WEFT_OK;
}

/* Of a query around the one whose list gives the rows: WITH, ORDER BY, LIMIT. */
static weft_status fill_below(weft_analyzer *a, const weft_table_definition *table, const int32_t *targets,
                              int32_t count, const weft_node *query, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    const weft_node **inputs = NULL;
    const int32_t body = query->kind == WEFT_NODE_WITH ? query->with.count : 0;
    WEFT_TRY(st, WEFT_NEW(a->ctx, &node));
    WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, query->input_count, &inputs));
    memcpy(inputs, query->inputs, (size_t)query->input_count * sizeof(*inputs));
    WEFT_TRY(st, weft_fill_defaults(a, table, targets, count, inputs[body], &inputs[body]));
    *node = *query;
    node->inputs = inputs;
    *out = node;
done:
    return st;
}

weft_status weft_fill_defaults(weft_analyzer *a, const weft_table_definition *table, const int32_t *targets,
                               int32_t count, const weft_node *query, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    bool column = false;
    *out = query;
    if (query->kind == WEFT_NODE_WITH || query->kind == WEFT_NODE_SORT || query->kind == WEFT_NODE_LIMIT)
        return fill_below(a, table, targets, count, query, out);
    if (query->kind == WEFT_NODE_VALUES && query->values.column_count == count && count > 0) {
        WEFT_TRY(st, WEFT_NEW(a->ctx, &node));
        *node = *query;
        WEFT_TRY(st, fill_rows(a, table, targets, count, query->values.cells, query->values.row_count * count,
                               &node->values.cells));
        *out = node;
    } else if (query->kind == WEFT_NODE_SELECT && query->select.item_count <= count && count > 0) {
        WEFT_TRY(st, is_column(a, query, &column));
        if (column) return WEFT_OK;
        WEFT_TRY(st, WEFT_NEW(a->ctx, &node));
        *node = *query;
        WEFT_TRY(st, fill_rows(a, table, targets, count, query->select.items, query->select.item_count,
                               &node->select.items));
        *out = node;
    }
done:
    return st;
}
