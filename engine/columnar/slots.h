/* engine/columnar/slots.h - one view over every encoding, for loops that have no encoding inside.
 *
 * A chunk is up to WEFT_SLOTS_CHUNK selected rows of a batch. For a column and a chunk, weft_slots_load
 * answers where the values are: the i-th is values[i], or values[index[i]]. So a kernel has two loops
 * whatever the encoding and the selection. Flat columns and dictionary codes without a selection are not
 * copied. */
#ifndef WEFT_COLUMNAR_SLOTS_H
#define WEFT_COLUMNAR_SLOTS_H

#include "engine/columnar/column.h"

enum { WEFT_SLOTS_CHUNK = 512 }; /* a few dense arrays of a chunk stay in L1 beside the values */

/* The physical rows of a chunk: `first + i` when dense, else at[i]. */
typedef struct weft_positions {
    int32_t first, count;
    bool dense;
    uint32_t at[WEFT_SLOTS_CHUNK];
} weft_positions;

typedef struct weft_slots {
    const void *values;          /* of the column's phys */
    const uint32_t *index;       /* the i-th value is values[index[i]]; NULL: values[i] */
    const uint64_t *validity;    /* NULL: no nulls */
    const uint32_t *valid_index; /* the bit of the i-th; NULL: bit valid_first + i */
    int32_t valid_first;
} weft_slots;

/* The rows first .. first + count of the selection (or of the batch); count <= WEFT_SLOTS_CHUNK. */
void weft_positions_load(const uint16_t *selection, int32_t first, int32_t count, weft_positions *out);
/* scratch[WEFT_SLOTS_CHUNK] and the positions are borrowed as long as *out is used. */
void weft_slots_load(const weft_column *column, const weft_positions *positions, uint32_t *scratch,
                     weft_slots *out);
/* null[i] = 1 for the nulls among count values, else 0. Returns false when there is none (null may be
 * untouched). */
bool weft_slots_nulls(const weft_slots *slots, int32_t count, uint8_t *null);
/* Copy count values of `bytes` each (the size of the phys) to out[0 .. count), whatever is null. */
void weft_slots_copy(const weft_slots *slots, int32_t count, int32_t bytes, void *out);
/* The run (RUN_LENGTH) that holds a physical row: the first whose end is above it. */
int32_t weft_column_run(const weft_column *column, int32_t row);

#endif
