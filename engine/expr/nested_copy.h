/* engine/expr/nested_copy.h - values of any depth copied with something else in the place of some of their
 * strings: keys of collations (collation_keys.h), texts of a declared length (fn_length.c). */
#ifndef WEFT_EXPR_NESTED_COPY_H
#define WEFT_EXPR_NESTED_COPY_H

#include "engine/columnar/builder.h"

/* What is done at a place of a type; its children stand as those of the type. Zeroed: the value is copied. */
typedef struct weft_copy_plan weft_copy_plan;
struct weft_copy_plan {
    bool changes; /* something below it, or it itself, is replaced */
    void *leaf;   /* of a string that is replaced: what `copy` gets */
    int32_t child_count;
    weft_copy_plan *children; /* of weft_mem_alloc */
};

/* Puts what stands for a string into slot i. */
typedef weft_status (*weft_leaf_copy)(weft_ctx *ctx, void *leaf, const weft_str *s, weft_vector *out,
                                      int32_t i);

/* Room for the children of a plan, zeroed. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_copy_plan_children(weft_ctx *ctx, weft_copy_plan *plan, int32_t count);
/* Free what is below it; `release`, or NULL, is called with each leaf. */
void weft_copy_plan_deinit(weft_copy_plan *plan, void (*release)(void *leaf));
/* Slot i of `out` becomes the value, or NULL, of a row of a column. Strings that stay are views of the
 * column's. Errors: as weft_vector_set, and copy's. */
WEFT_MUST_CHECK weft_status weft_nested_copy(weft_ctx *ctx, const weft_copy_plan *plan, weft_leaf_copy copy,
                                             const weft_column *column, int32_t row, weft_vector *out,
                                             int32_t i);

#endif
