/* engine/plan/analyzer_lift.c - arguments of SQL functions that a SELECT block gives as columns.
 *
 * A body with queries reads its arguments as columns of the query around it (analyzer_routine.c). One that
 * reads aggregates or windows is a column of no row below them: the block carries it over them as it carries
 * its select list, and projects it there. Arguments may read those of calls within them, which stand before
 * them. */
#include "engine/plan/analyzer_select.h"

const weft_lifted_argument *weft_find_lifted(const weft_pointers *arguments, int64_t id)
{
    for (int32_t i = 0; arguments != NULL && i < arguments->count; i++) {
        const weft_lifted_argument *argument = arguments->items[i];
        if (argument->id == id) return argument;
    }
    return NULL;
}

typedef struct lifted_search {
    const weft_pointers *arguments;
    bool (*holds)(const weft_expr *e);
} lifted_search;

static bool reads_lifted(void *self, const weft_expr *e);

static bool holds_lifted(lifted_search *s, const weft_expr *e)
{
    return s->holds(e) || (s->arguments->count > 0 && weft_expr_any(e, reads_lifted, s));
}

static bool column_holds(lifted_search *s, const weft_expr *column)
{
    const weft_lifted_argument *argument = weft_find_lifted(s->arguments, column->column.id);
    return argument != NULL && holds_lifted(s, argument->value);
}

static bool reads_lifted(void *self, const weft_expr *e)
{
    if (e->kind == WEFT_EXPR_COLUMN) return column_holds(self, e);
    if (e->kind != WEFT_EXPR_SUBQUERY) return false;
    for (int32_t i = 0; i < e->subquery.outer_count; i++)
        if (column_holds(self, e->subquery.outer[i])) return true;
    return false;
}

bool select_has_aggregate(const select_block *s, const weft_expr *e)
{
    lifted_search search = {.arguments = &s->lifted, .holds = weft_has_aggregate};
    return holds_lifted(&search, e);
}

bool select_has_window(const select_block *s, const weft_expr *e)
{
    lifted_search search = {.arguments = &s->lifted, .holds = weft_expr_has_window};
    return holds_lifted(&search, e);
}

weft_status select_project_lifted(select_block *s, const weft_expr *const *values, bool windows)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = s->a->ctx;
    for (int32_t i = 0; i < s->lifted.count; i++) {
        const weft_lifted_argument *argument = s->lifted.items[i];
        weft_pointers exprs = {0};
        const weft_expr *e = NULL;
        if (select_has_window(s, argument->value) != windows) continue;
        for (int32_t k = 0; k < s->node->output.count; k++) {
            WEFT_TRY(st, weft_node_column(ctx, s->node, k, &e));
            WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
        }
        WEFT_TRY(st, weft_expr_alias(ctx, values[i], argument->id, argument->name, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
        WEFT_TRY(st, weft_node_project(ctx, s->node, weft_pointers_exprs(&exprs), exprs.count, &s->node));
    }
done:
    return st;
}
