/* engine/expr/program_cost.c - what the compiler asks of an expression: the columns that it reads, its cost.
 */
#include "engine/expr/program_impl.h"

typedef struct column_search {
    int32_t ordinal; /* -1 none yet, -2 several */
} column_search;

static bool column_visit(void *self, const weft_expr *e)
{
    column_search *search = self;
    if (e->kind != WEFT_EXPR_COLUMN) return false;
    if (search->ordinal == -1) search->ordinal = e->column.ordinal;
    if (search->ordinal != e->column.ordinal) search->ordinal = -2;
    return search->ordinal == -2;
}

int32_t program_only_column(const weft_expr *e)
{
    column_search search = {.ordinal = -1};
    (void)weft_expr_any(e, column_visit, &search);
    return search.ordinal;
}

int32_t program_cost(const weft_expr *e)
{
    if (e->kind == WEFT_EXPR_IN) return program_cost(e->args[0]) + 4;
    int32_t cost = 1;
    for (int32_t k = 0; k < e->arg_count && cost < 1000; k++) cost += program_cost(e->args[k]);
    if (e->arg_count == 0 || (e->kind != WEFT_EXPR_CALL && e->kind != WEFT_EXPR_CAST)) return cost;
    const bool from_text = weft_type_phys(e->args[0]->type) == WEFT_PHYS_STR;
    const bool text = weft_type_phys(e->type) == WEFT_PHYS_STR;
    if (e->kind == WEFT_EXPR_CAST) return cost + (text != from_text ? 30 : 1);
    if (weft_compare_op_find(e->call.function->name) != WEFT_CMP_OPS) return cost + (from_text ? 3 : 0);
    return cost + (text || from_text ? 25 : 1);
}
