/* engine/expr/sketch/items_bytes.h - frequent items as the bytes that Spark makes of DataSketches' sketch. */
#ifndef WEFT_EXPR_SKETCH_ITEMS_BYTES_H
#define WEFT_EXPR_SKETCH_ITEMS_BYTES_H

#include "engine/columnar/builder.h"
#include "engine/expr/sketch/items.h"

/* Slot i of a BINARY vector becomes a state of items of the type. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_items_write(weft_ctx *ctx, weft_type type, const uint8_t *state, size_t len,
                                             weft_vector *out, int32_t i);
/* The sketch in these bytes as a state, which the caller frees; *good is false where there is none. */
WEFT_MUST_CHECK weft_status weft_items_read(weft_ctx *ctx, weft_type type, const void *bytes, size_t len,
                                            uint8_t **out, size_t *out_len, bool *good);
/* Can items be of this type? */
bool weft_items_type(weft_type type);

#endif
