/* engine/formats/parquet/write_shred.h - from the rows of a batch to values with definition and repetition
 * levels.
 *
 * A flat column gives one level a row and goes a chunk at a time. A nested one is walked step by step from
 * the row to the leaf, all rows of the chunk at once: a list step replaces each entry by its elements. Every
 * leaf walks its own path, so that leaves know nothing of each other (the "record shredding" of the Dremel
 * paper, section 4.1). */
#ifndef WEFT_FORMATS_PARQUET_WRITE_SHRED_H
#define WEFT_FORMATS_PARQUET_WRITE_SHRED_H

#include "engine/formats/parquet/write_column.h"

/* Entries of a walk: where the value lies in the column of the step, -1 when the path ended above it. */
typedef struct weft_pqw_entries {
    weft_bytes slot; /* int32 */
    weft_bytes def, rep;
    int32_t count;
} weft_pqw_entries;

/* Working memory of the walk; zero is empty. */
typedef struct weft_pqw_shred {
    weft_pqw_entries now, next;
    weft_bytes index; /* uint32: the slots of present values */
} weft_pqw_shred;

/* Put the selected rows of the leaf's column into it. Errors: WEFT_INTERNAL for a null in a column that has
 * none. */
WEFT_MUST_CHECK weft_status weft_pqw_shred_batch(weft_ctx *ctx, weft_pqw_shred *shred,
                                                 weft_pqw_column *column, weft_pqw_scratch *scratch,
                                                 const weft_batch *batch);
void weft_pqw_shred_deinit(weft_pqw_shred *shred);

#endif
