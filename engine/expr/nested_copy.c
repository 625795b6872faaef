/* engine/expr/nested_copy.c - see nested_copy.h. */
#include "engine/expr/nested_copy.h"

weft_status weft_copy_plan_children(weft_ctx *ctx, weft_copy_plan *plan, int32_t count)
{
    weft_status st = WEFT_OK;
    void *block = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)count * sizeof *plan->children, &block));
    plan->children = block;
    plan->child_count = count;
done:
    return st;
}

void weft_copy_plan_deinit(weft_copy_plan *plan, void (*release)(void *leaf))
{
    for (int32_t i = 0; i < plan->child_count; i++) weft_copy_plan_deinit(&plan->children[i], release);
    if (plan->leaf != NULL && release != NULL) release(plan->leaf);
    weft_mem_free(plan->children);
    *plan = (weft_copy_plan){0};
}

/* An ARRAY, or a MAP, whose elements are the entries: a struct of the plan's two children. */
static weft_status copy_list(weft_ctx *ctx, const weft_copy_plan *plan, weft_leaf_copy copy,
                             const weft_column *column, int32_t row, weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    const weft_list list = *(const weft_list *)weft_column_value(column, row);
    const weft_column *from = &column->children[0];
    weft_vector *to = &out->children[0];
    int32_t first = 0;
    WEFT_TRY(st, weft_vector_add_list(ctx, out, i, list.length, &first));
    for (int32_t k = 0; k < list.length; k++) {
        if (plan->child_count == 1) {
            WEFT_TRY(st,
                     weft_nested_copy(ctx, &plan->children[0], copy, from, list.offset + k, to, first + k));
            continue;
        }
        const int32_t slot = weft_column_slot(from, list.offset + k);
        weft_bit_set(to->validity, first + k);
        for (int32_t part = 0; part < plan->child_count; part++)
            WEFT_TRY(st, weft_nested_copy(ctx, &plan->children[part], copy, &from->children[part], slot,
                                          &to->children[part], first + k));
    }
done:
    return st;
}

weft_status weft_nested_copy(weft_ctx *ctx, const weft_copy_plan *plan, weft_leaf_copy copy,
                             const weft_column *column, int32_t row, weft_vector *out, int32_t i)
{
    weft_status st = WEFT_OK;
    if (!plan->changes || weft_column_is_null(column, row)) return weft_vector_set(ctx, out, i, column, row);
    weft_bit_set(out->validity, i);
    if (plan->leaf != NULL) return copy(ctx, plan->leaf, weft_column_value(column, row), out, i);
    if (column->type.id != WEFT_TYPE_STRUCT) return copy_list(ctx, plan, copy, column, row, out, i);
    const int32_t slot = weft_column_slot(column, row);
    for (int32_t k = 0; k < plan->child_count; k++)
        WEFT_TRY(st, weft_nested_copy(ctx, &plan->children[k], copy, &column->children[k], slot,
                                      &out->children[k], i));
done:
    return st;
}
