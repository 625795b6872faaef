/* engine/plan/analyzer_view_names.c - columns of a view that outlives the session need names of their own.
 *
 * A name that the engine makes of an expression ("(a + 1)") may be another in the next release, so that who
 * reads the view by it would be left without. Such a column stays one when it passes through a *, a name or
 * an alias of it; an alias of the expression itself is what the author is asked for. */
#include <string.h>

#include "common/settings.h"
#include "engine/expr/expr_shown.h"
#include "engine/plan/analyzer_internal.h"

/* A column, a field or an element of one: its name is of the data. */
static bool is_extract(const weft_expr *parsed)
{
    if (parsed->kind == WEFT_EXPR_UNRESOLVED_COLUMN || parsed->kind == WEFT_EXPR_LITERAL) return true;
    if (parsed->kind != WEFT_EXPR_UNRESOLVED_CALL) return false;
    if (strcmp(parsed->unresolved.name, "[]") != 0 && strcmp(parsed->unresolved.name, ".") != 0) return false;
    for (int32_t i = 0; i < parsed->arg_count; i++)
        if (!is_extract(parsed->args[i])) return false;
    return true;
}

bool weft_item_is_unnamed(const weft_expr *parsed, const weft_expr *bound)
{
    if (is_extract(parsed)) return false;
    const weft_expr *of = bound->kind == WEFT_EXPR_CAST ? bound->args[0] : bound;
    return of->kind != WEFT_EXPR_COLUMN && of->kind != WEFT_EXPR_OUTER && weft_shown_extract(of) == NULL;
}

weft_status weft_note_unnamed(weft_analyzer *a, int64_t id)
{
    weft_status st = WEFT_OK;
    if (a->unnamed_count == a->unnamed_capacity) {
        const int32_t capacity = weft_max_i32(16, 2 * a->unnamed_capacity);
        int64_t *ids = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(a->ctx, capacity, &ids));
        if (a->unnamed_count > 0) memcpy(ids, a->unnamed, (size_t)a->unnamed_count * sizeof *ids);
        a->unnamed = ids;
        a->unnamed_capacity = capacity;
    }
    a->unnamed[a->unnamed_count++] = id;
done:
    return st;
}

static bool is_noted(const weft_analyzer *a, int64_t id)
{
    for (int32_t i = 0; i < a->unnamed_count; i++)
        if (a->unnamed[i] == id) return true;
    return false;
}

/* Is the column, of the node's output, one whose name was made up, seen through what only passes it on? */
static bool is_unnamed(const weft_analyzer *a, const weft_node *node, int64_t id)
{
    while (!is_noted(a, id)) {
        const int32_t at = weft_node_find_output(node, id);
        if (at < 0) return false;
        if (node->kind == WEFT_NODE_SET || node->kind == WEFT_NODE_UNION) {
            node = node->inputs[0];
            id = node->output.columns[at].id;
            continue;
        }
        if (node->kind == WEFT_NODE_PROJECT) {
            const weft_expr *e = node->project.exprs[at];
            if (e->kind == WEFT_EXPR_ALIAS) e = e->args[0];
            if (e->kind != WEFT_EXPR_COLUMN) return false;
            id = e->column.id;
        }
        const weft_node *below = NULL;
        for (int32_t i = 0; i < node->input_count && below == NULL; i++)
            if (weft_node_find_output(node->inputs[i], id) >= 0) below = node->inputs[i];
        if (below == NULL) return false;
        node = below;
    }
    return true;
}

weft_status weft_check_view_names(weft_analyzer *a, const weft_node *create, const weft_node *query)
{
    if (weft_setting(a->ctx, WEFT_SET_UNNAMED_VIEW_COLUMNS) != 0) return WEFT_OK;
    for (int32_t i = 0; i < query->output.count; i++)
        if (is_unnamed(a, query, query->output.columns[i].id))
            return weft_fail_at(
                a->ctx, WEFT_VIEW_WITHOUT_ALIAS, &create->span,
                "Not allowed to create the permanent view `%s` without explicitly assigning an "
                "alias for the expression \"%s\".",
                create->view.name, query->output.columns[i].name);
    return WEFT_OK;
}
