/* engine/expr/collation_keys.h - keys of values that hold collated strings at any depth: the same values with
 * the key of each such string (collator.h), BINARY, in its place, so that they compare as the values do.
 *
 * What returns elements looks at their keys and gives the elements: a function of arrays and maps with
 * weft_call_keys_open in its entry asks for the column that stands for what it compares. One thread each. */
#ifndef WEFT_EXPR_COLLATION_KEYS_H
#define WEFT_EXPR_COLLATION_KEYS_H

#include "engine/expr/function.h"

typedef struct weft_keyer weft_keyer;

/* The type of the keys: the type itself where nothing is collated. Children in ctx->arena. */
WEFT_MUST_CHECK weft_status weft_type_of_keys(weft_ctx *ctx, weft_type type, weft_type *out);
/* Errors: those of weft_collator_open, WEFT_INDETERMINATE_COLLATION. */
WEFT_MUST_CHECK weft_status weft_keyer_open(weft_ctx *ctx, weft_type type, weft_keyer **out);
void weft_keyer_close(weft_keyer **keyer);
/* Slot i of `out`, a vector of the keys' type, becomes the key of a row of a column of the keyer's type; NULL
 * stays NULL. What is not a collated string may be a view of the column's. Errors: as weft_vector_set. */
WEFT_MUST_CHECK weft_status weft_keyer_put(weft_ctx *ctx, weft_keyer *keyer, const weft_column *column,
                                           int32_t row, weft_vector *out, int32_t i);

/* The state of a call that compares what its arguments hold; NULL where no argument is collated. */
WEFT_MUST_CHECK weft_status weft_call_keys_open(weft_ctx *ctx, const weft_expr *call, void **state);
void weft_call_keys_close(void *state);
/* *out stands for argument `arg` where its values are compared: row for row the same, until the next batch.
 * It is the argument itself where it has no collated strings. */
WEFT_MUST_CHECK weft_status weft_value_keys(weft_ctx *ctx, weft_kernel_call *call, int32_t arg,
                                            const weft_column **out);
/* The same of the elements of an ARRAY, or of the keys of a MAP: a column whose rows are those of
 * children[0], or of its children[0]. */
WEFT_MUST_CHECK weft_status weft_element_keys(weft_ctx *ctx, weft_kernel_call *call, int32_t arg,
                                              const weft_column **out);

#endif
