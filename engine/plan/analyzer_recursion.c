/* engine/plan/analyzer_recursion.c - common table expressions that read themselves: anchor UNION ALL step. */
#include <strings.h>

#include "engine/expr/coerce.h"
#include "engine/plan/analyzer_internal.h"

static weft_status invalid(weft_analyzer *a, const weft_span *span)
{
    return weft_fail_at(
        a->ctx, WEFT_RECURSION_INVALID, weft_analyzer_span(a, span),
        "Invalid recursive definition found. Recursive queries must contain an UNION or an UNION "
        "ALL statement with 2 children. The first child needs to be the anchor term without any "
        "recursive references. Any top level inner CTE must not contain self references.");
}

weft_status weft_refuse_recursion(weft_analyzer *a, const weft_span *span) { return invalid(a, span); }

/* ---- where the step may read the rows of the round before ---- */

static bool reads_level(const weft_node *node, int64_t id)
{
    if (node->kind == WEFT_NODE_LEVEL && node->recursion.id == id) return true;
    for (int32_t i = 0; i < node->input_count; i++)
        if (reads_level(node->inputs[i], id)) return true;
    return false;
}

/* Rows of which a later round could change what an earlier one gave. */
static bool is_misplaced(const weft_node *node, int64_t id)
{
    bool left = false, right = false;
    switch ((int)node->kind) {
    case WEFT_NODE_AGGREGATE:
        if (node->aggregate.aggregate_count > 0 && reads_level(node->inputs[0], id)) return true;
        break;
    case WEFT_NODE_WINDOW:
    case WEFT_NODE_SORT:
        if (reads_level(node->inputs[0], id)) return true;
        break;
    case WEFT_NODE_JOIN:
        left = reads_level(node->inputs[0], id);
        right = reads_level(node->inputs[1], id);
        if (node->join.kind == WEFT_JOIN_FULL && (left || right)) return true;
        if (node->join.kind == WEFT_JOIN_RIGHT && left) return true;
        if (node->join.kind != WEFT_JOIN_INNER && node->join.kind != WEFT_JOIN_RIGHT && right) return true;
        break;
    default: break;
    }
    for (int32_t i = 0; i < node->input_count; i++)
        if (is_misplaced(node->inputs[i], id)) return true;
    return false;
}

/* ---- types ---- */

/* The step's columns become the anchor's: what is wider than the anchor's is refused, as in Spark. */
static weft_status cast_step(weft_analyzer *a, const weft_node *anchor, const weft_span *span,
                             const weft_node **step)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = a->ctx;
    weft_pointers exprs = {0};
    char left[256], right[256];
    const int32_t width = anchor->output.count;
    if ((*step)->output.count != width)
        WEFT_TRY(st,
                 weft_fail_at(ctx, WEFT_NUM_COLUMNS_MISMATCH, weft_analyzer_span(a, span),
                              "UNION can only be performed on inputs with the same number of columns, but "
                              "the first input has %d columns and the second input has %d columns.",
                              width, (*step)->output.count));
    for (int32_t i = 0; i < width; i++) {
        const weft_type wanted = anchor->output.columns[i].type, given = (*step)->output.columns[i].type;
        const weft_expr *e = NULL;
        weft_type wider = wanted;
        bool found = false;
        WEFT_TRY(st, weft_type_common_in(ctx, wanted, given, &wider, &found));
        if (!found || !weft_type_equal(wider, wanted))
            WEFT_TRY(st,
                     weft_fail_at(ctx, WEFT_INCOMPATIBLE_DATA_TYPE, weft_analyzer_span(a, span),
                                  "Failed to merge incompatible data types \"%s\" and \"%s\". Please check "
                                  "the data types of the columns being merged and ensure that they are "
                                  "compatible. If necessary, consider casting the columns to compatible data "
                                  "types before attempting the merge.",
                                  weft_type_text(wanted, left, sizeof(left)),
                                  weft_type_text(given, right, sizeof(right))));
        WEFT_TRY(st, weft_node_column(ctx, *step, i, &e));
        WEFT_TRY(st, weft_expr_cast(ctx, e, wanted, true, &e));
        WEFT_TRY(st, weft_expr_alias(ctx, e, weft_next_id(a->ids), anchor->output.columns[i].name, &e));
        WEFT_TRY(st, weft_pointers_push(ctx, &exprs, e));
    }
    WEFT_TRY(st, weft_node_project(ctx, *step, weft_pointers_exprs(&exprs), width, step));
done:
    return st;
}

/* ---- definitions ---- */

/* The terms before the last one, as one query. */
static weft_status anchor_of(weft_analyzer *a, const weft_node *set, const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_node *node = NULL;
    *out = set->inputs[0];
    if (set->input_count == 2) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(a->ctx, &node));
    *node = *set;
    node->input_count--;
    *out = node;
done:
    return st;
}

/* The names by which the rows of a round are read: those of the anchor, or the list behind the name. */
static weft_status level_names(weft_analyzer *a, const weft_node *with, int32_t index,
                               const weft_node *anchor, const weft_node **level, weft_cte *cte)
{
    weft_status st = WEFT_OK;
    const int32_t columns = with->with.column_counts[index];
    const int64_t id = weft_next_id(a->ids);
    if (columns > 0 && columns != anchor->output.count)
        WEFT_TRY(
            st, weft_fail_at(a->ctx, WEFT_ASSIGNMENT_ARITY, weft_analyzer_span(a, &with->inputs[index]->span),
                             "The number of columns or variables assigned or aliased: %d does not match the "
                             "number of source expressions: %d.",
                             columns, anchor->output.count));
    WEFT_TRY(st, weft_node_level(a->ctx, a->ids, &anchor->output, id, level));
    WEFT_TRY(st, weft_names_of(a->ctx, *level, NULL, &cte->bound));
    weft_name *names = (weft_name *)(uintptr_t)cte->bound.names; /* made just now */
    for (int32_t i = 0; i < columns; i++) names[i].name = with->with.column_names[index][i];
done:
    return st;
}

weft_status weft_bind_recursive(weft_analyzer *a, const weft_node *with, int32_t index,
                                const weft_scope *outer, weft_cte *ctes, weft_bound *out, bool *found)
{
    weft_status st = WEFT_OK;
    const weft_node *definition = with->inputs[index], *parsed = NULL, *anchor = NULL, *step = NULL;
    const weft_node *level = NULL, *node = NULL;
    weft_bound bound = {0};
    weft_cte self = {.name = with->with.names[index], .next = ctes, .refused = true}, hidden = self;
    *found = false;
    if (definition->kind == WEFT_NODE_WITH) { /* its own definitions must not read it */
        WEFT_TRY(st, weft_define_ctes(a, definition, outer, &hidden, &ctes));
        definition = definition->inputs[definition->with.count];
        self.next = ctes;
    }
    const bool is_union = definition->kind == WEFT_NODE_SET && definition->set.kind == WEFT_SET_UNION &&
                          !definition->set.by_name;
    if (!is_union) return weft_bind_query(a, definition, outer, &self, out);
    WEFT_TRY(st, anchor_of(a, definition, &parsed));
    WEFT_TRY(st, weft_bind_query(a, parsed, outer, &self, &bound));
    WEFT_TRY(st, weft_bound_node(a, &bound, &anchor));
    WEFT_TRY(st, level_names(a, with, index, anchor, &level, &self));
    self.refused = false;
    const weft_node *last = definition->inputs[definition->input_count - 1];
    WEFT_TRY(st, weft_bind_query(a, last, outer, &self, &bound));
    if (!self.used) return weft_bind_query(a, definition, outer, ctes, out);
    if (!definition->set.all)
        WEFT_TRY(st,
                 weft_fail_at(a->ctx, WEFT_RECURSION_UNION, weft_analyzer_span(a, &definition->span),
                              "The UNION operator is not yet supported within recursive common table "
                              "expressions (WITH clauses that refer to themselves, directly or indirectly). "
                              "Please use UNION ALL instead."));
    WEFT_TRY(st, weft_bound_node(a, &bound, &step));
    if (is_misplaced(step, level->recursion.id))
        WEFT_TRY(
            st, weft_fail_at(a->ctx, WEFT_RECURSIVE_PLACE, weft_analyzer_span(a, &last->span),
                             "Invalid recursive reference found inside WITH RECURSIVE clause. Recursive "
                             "references cannot be used on the right side of left outer/semi/anti joins, on "
                             "the left side of right outer joins, in full outer joins, in aggregates, window "
                             "functions or sorts"));
    WEFT_TRY(st, cast_step(a, anchor, &last->span, &step));
    WEFT_TRY(st, weft_node_recursion(a->ctx, a->ids, anchor, step, level->recursion.id,
                                     with->with.level_limits[index], &node));
    WEFT_TRY(st, weft_names_of(a->ctx, node, NULL, out));
    *found = true;
done:
    return st;
}
