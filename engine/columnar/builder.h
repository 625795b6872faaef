/* engine/columnar/builder.h - batches that own their memory: lane registers and results.
 *
 * A vector is one column's worth of owned memory for WEFT_BATCH_ROWS_MAX slots (or a given capacity): values,
 * validity and, for strings, a heap. Lanes keep vectors and reuse them batch after batch, without allocation.
 *
 * A vector of ARRAY or MAP has one child vector, which grows as elements are appended (children[0].used);
 * that of a MAP is a STRUCT of key and value. A STRUCT has a child a field, with its own capacity. Once
 * children were changed, weft_vector_finish makes column.children show them. */
#ifndef WEFT_COLUMNAR_BUILDER_H
#define WEFT_COLUMNAR_BUILDER_H

#include "engine/columnar/column.h"

typedef struct weft_vector weft_vector;
struct weft_vector {
    weft_column column; /* FLAT view over the memory below */
    void *values;       /* zero at first; NULL for STRUCT and NULL types */
    uint64_t *validity; /* all ones until a null is set */
    int32_t capacity;   /* slots */
    int32_t used;       /* child of a list: slots taken so far */
    uint8_t *heap;      /* current heap chunk for string bytes (grown by linking older chunks) */
    size_t heap_used, heap_bytes;
    void *old_heaps;
    weft_vector *children;      /* [column.child_count] */
    weft_column *child_columns; /* what column.children points to */
};

/* Make room for `capacity` values of the widest physical type of `type`. Working memory of ctx's account.
 * Caller calls weft_vector_deinit. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_vector_init(weft_ctx *ctx, weft_type type, int32_t capacity,
                                             weft_vector *out);
/* Forget the contents: no nulls, heap empty (memory kept), phys back to the widest. Values keep what they
 * held. */
void weft_vector_reset(weft_vector *vector);
/* Make room for at least `capacity` slots, contents kept; values and validity may move. Errors: WEFT_NOMEM.
 */
WEFT_MUST_CHECK weft_status weft_vector_reserve(weft_ctx *ctx, weft_vector *vector, int32_t capacity);
/* Room for len bytes in the heap, stable until reset; *out points at it. */
WEFT_MUST_CHECK weft_status weft_vector_heap(weft_ctx *ctx, weft_vector *vector, size_t len, char **out);
/* Copy a string in and set slot i. */
WEFT_MUST_CHECK weft_status weft_vector_set_string(weft_ctx *ctx, weft_vector *vector, int32_t i,
                                                   const char *bytes, uint32_t len);
void weft_vector_set_null(weft_vector *vector,
                          int32_t i); /* also zeroes the slot; makes column.validity non-NULL */
/* Slot i becomes the value, or null, of a column's physical row: the vector's type, any encoding; a decimal
 * may be narrower there. Strings are not copied: they are views of the column's. After nested values the
 * caller finishes the vector. Errors: WEFT_NOMEM, WEFT_LIMIT (nested values only). */
WEFT_MUST_CHECK weft_status weft_vector_set(weft_ctx *ctx, weft_vector *vector, int32_t i,
                                            const weft_column *from, int32_t row);
/* List vectors: take `length` fresh slots of the child for slot i; *first is the first of them. The slots
 * hold what they held: the caller sets each. Errors: WEFT_NOMEM, WEFT_LIMIT (2^31 - 1 child slots). */
WEFT_MUST_CHECK weft_status weft_vector_add_list(weft_ctx *ctx, weft_vector *vector, int32_t i,
                                                 int32_t length, int32_t *first);
/* Make column.children and column.child_rows show the child vectors, at every depth. */
void weft_vector_finish(weft_vector *vector);
void weft_vector_deinit(weft_vector *vector); /* a zeroed vector is allowed */

#endif
