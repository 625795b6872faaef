/* engine/plan/analyzer_on.c - what Spark refuses of subqueries in ON: scalar ones that are correlated, and
 * those that read both sides of the join. */
#include "engine/plan/analyzer_internal.h"

typedef struct on_sides {
    const weft_bound *left, *right;
    const weft_expr *refused; /* the subquery */
    bool reads_left, reads_right;
} on_sides;

static bool is_of(const weft_bound *side, int64_t id)
{
    for (int32_t i = 0; i < side->count; i++)
        if (side->names[i].id == id) return true;
    return false;
}

static bool note_side(void *self, const weft_expr *e)
{
    on_sides *s = self;
    if (e->kind != WEFT_EXPR_COLUMN) return false;
    s->reads_left |= is_of(s->left, e->column.id);
    s->reads_right |= is_of(s->right, e->column.id);
    return false;
}

static bool is_refused(void *self, const weft_expr *e)
{
    on_sides *s = self;
    if (e->kind != WEFT_EXPR_SUBQUERY) return false;
    s->reads_left = s->reads_right = false;
    for (int32_t i = 0; i < e->subquery.outer_count; i++) (void)note_side(s, e->subquery.outer[i]);
    const bool correlated = s->reads_left || s->reads_right;
    for (int32_t i = 0; i < e->arg_count; i++) (void)weft_expr_any(e->args[i], note_side, s);
    const bool scalar = e->subquery.kind == WEFT_SUBQUERY_SCALAR;
    if (scalar ? !correlated : !s->reads_left || !s->reads_right) return false;
    s->refused = e;
    return true;
}

weft_status weft_check_on(weft_analyzer *a, const weft_pointers *conjuncts, const weft_bound *left,
                          const weft_bound *right)
{
    weft_status st = WEFT_OK;
    on_sides sides = {.left = left, .right = right};
    char *text = NULL;
    for (int32_t i = 0; i < conjuncts->count && sides.refused == NULL; i++)
        (void)weft_expr_any(weft_pointers_exprs(conjuncts)[i], is_refused, &sides);
    if (sides.refused == NULL) return WEFT_OK;
    const weft_span *span = weft_analyzer_span(a, &sides.refused->span);
    if (sides.refused->subquery.kind == WEFT_SUBQUERY_SCALAR)
        return weft_fail_at(a->ctx, WEFT_ON_SCALAR_SUBQUERY, span,
                            "Unsupported subquery expression: Correlated scalar subqueries can only be used "
                            "in filters, aggregations, projections, and UPDATE/MERGE/DELETE commands.");
    WEFT_TRY(st, weft_expr_text(a->ctx, sides.refused, false, &text));
    st = weft_fail_at(a->ctx, WEFT_ON_SUBQUERY_OF_BOTH, span,
                      "Unsupported subquery expression: Correlated subqueries in the join predicate cannot "
                      "reference both join inputs: %s.",
                      text);
done:
    return st;
}
