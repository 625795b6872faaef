/* engine/columnar/builder.h - batches that own their memory: lane registers and results.
 *
 * A vector is one column's worth of owned memory for WEFT_BATCH_ROWS_MAX slots (or a given capacity): values,
 * validity and, for strings, a heap. Lanes keep vectors and reuse them batch after batch, without allocation. */
#ifndef WEFT_COLUMNAR_BUILDER_H
#define WEFT_COLUMNAR_BUILDER_H

#include "engine/columnar/column.h"

typedef struct weft_vector {
    weft_column column; /* FLAT view over the memory below */
    void *values;
    uint64_t *validity;
    int32_t capacity; /* slots */
    uint8_t *heap;    /* current heap chunk for string bytes (grown by linking older chunks) */
    size_t heap_used, heap_bytes;
    void *old_heaps;
} weft_vector;

/* Make room for `capacity` values of the widest physical type of `type`. Working memory of ctx's account.
 * Caller calls weft_vector_deinit. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_vector_init(weft_ctx *ctx, weft_type type, int32_t capacity, weft_vector *out);
/* Forget the contents: no nulls, heap empty (memory kept), phys back to the widest. */
void weft_vector_reset(weft_vector *vector);
/* Room for len bytes in the heap, stable until reset; *out points at it. */
WEFT_MUST_CHECK weft_status weft_vector_heap(weft_ctx *ctx, weft_vector *vector, size_t len, char **out);
/* Copy a string in and set slot i. */
WEFT_MUST_CHECK weft_status weft_vector_set_string(weft_ctx *ctx, weft_vector *vector, int32_t i, const char *bytes,
                                                   uint32_t len);
void weft_vector_set_null(weft_vector *vector, int32_t i); /* also zeroes the slot; makes column.validity non-NULL */
void weft_vector_deinit(weft_vector *vector);

#endif
