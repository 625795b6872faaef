/* engine/exec/refine.h - parting a partition that is too large by the next bits of its rows' hashes.
 *
 * The rows go into the partitions of a block in scratch, in their order. Beside them goes, when asked for,
 * the number of each row (its place in the input), so that what is made of the parts can be put back into
 * the order of the whole: contract 5 wants the same output whether a partition fitted or not. One thread. */
#ifndef WEFT_EXEC_REFINE_H
#define WEFT_EXEC_REFINE_H

#include "engine/exec/op.h"
#include "engine/exec/row_cursor.h"

enum {
    WEFT_REFINE_BITS = 4, /* 16 parts of a partition, each a page or two when memory is scarce */
    WEFT_REFINE_PARTS = 1 << WEFT_REFINE_BITS
};

/* Scratch space of one call after another; zeroed is empty. */
typedef struct weft_refine {
    weft_row_cursor cursor;
    const uint8_t *rows[WEFT_BATCH_ROWS_MAX];
    uint64_t hashes[WEFT_BATCH_ROWS_MAX];
    int64_t numbers[WEFT_BATCH_ROWS_MAX];
} weft_refine;

/* The rows of a partition, in WEFT_REFINE_PARTS parts by the bits of their stored hash behind skip_bits. All
 * of *out is in scratch; it is the caller's. */
WEFT_MUST_CHECK weft_status weft_refine_rows(weft_ctx *ctx, weft_refine *r, const weft_input *input,
                                             int32_t partition, int32_t skip_bits,
                                             const weft_block_name *name, weft_block **out);
/* The numbers of the same rows, first_number and so on, in the same parts and order: rows of one BIGINT. */
WEFT_MUST_CHECK weft_status weft_refine_number(weft_ctx *ctx, weft_refine *r, const weft_input *input,
                                               int32_t partition, int32_t skip_bits, int64_t first_number,
                                               const weft_block_name *name, weft_block **out);
/* Numbers that weft_refine_number gave for rows with first_skip_bits, parted with the rows once more. */
WEFT_MUST_CHECK weft_status weft_refine_numbers(weft_ctx *ctx, weft_refine *r, const weft_input *numbers,
                                                int32_t partition, int32_t skip_bits, int32_t first_skip_bits,
                                                const weft_block_name *name, weft_block **out);
void weft_refine_close(weft_refine *r);

#endif
