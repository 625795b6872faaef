/* engine/exec/row_cursor.h - reading rows of blocks: addresses of rows in order, and batches made of them.
 *
 * Both are values inside an operator's lane state: zeroed is closed, one thread. */
#ifndef WEFT_EXEC_ROW_CURSOR_H
#define WEFT_EXEC_ROW_CURSOR_H

#include "engine/columnar/builder.h"
#include "engine/exec/reader_queue.h"

/* ---- addresses of rows ---- */

/* Pages read from scratch that must outlive their reader's next page: those of one batch. */
typedef struct weft_held_pages {
    void **pages; /* WORKING memory */
    int32_t count, capacity;
} weft_held_pages;
/* Keep the page that the reader gave last, one from scratch. */
WEFT_MUST_CHECK weft_status weft_held_add(weft_ctx *ctx, weft_held_pages *held, weft_block_reader *reader);
void weft_held_clear(weft_held_pages *held); /* frees the pages, keeps the list */
void weft_held_deinit(weft_held_pages *held);

enum {
    WEFT_BATCH_HEAP_MOST = 2 << 20 /* strings of the rows of one batch: rows that pass it wait for the next */
};

/* How many of the next rows make a batch: all of them, unless their strings pass WEFT_BATCH_HEAP_MOST; at
 * least one. */
int32_t weft_rows_of_batch(const weft_row_layout *layout, const uint8_t *const *rows, int32_t count);

/* Walks inputs[0..input_count), in each the partitions [partition_begin, partition_end), in each the blocks,
 * in each the pages. Blocks are borrowed; partitions whose rows were given last are pinned. */
typedef struct weft_row_cursor {
    const weft_input *inputs;
    int32_t input_count, partition_begin, partition_end;
    int32_t input, partition, block;                /* the next block to open */
    bool entered;                                   /* the partition is pinned */
    int32_t pinned_input, pinned_partition, pinned; /* the first pinned one, and how many follow each other */
    weft_reader_queue queue;                        /* of the input */
    weft_block_reader *reader;
    const weft_row_page *page;
    uint32_t row;                  /* the next of page */
    bool stable;                   /* page stays while its block is held */
    const weft_row_layout *layout; /* of the block at hand */
    weft_held_pages held;
} weft_row_cursor;

void weft_row_cursor_init(weft_row_cursor *cursor, const weft_input *inputs, int32_t input_count,
                          int32_t partition_begin, int32_t partition_end);
/* The next `most` rows, fewer only at the end or where their strings pass WEFT_BATCH_HEAP_MOST: how rows are
 * cut into batches is a function of the rows alone, not of which pages are in scratch (contract 5). *count is
 * 0 at the end. They are valid until the next call. Errors: WEFT_CHECKSUM, WEFT_IO, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_row_cursor_next(weft_ctx *ctx, weft_row_cursor *cursor, const uint8_t **rows,
                                                 int32_t most, int32_t *count);
void weft_row_cursor_close(weft_row_cursor *cursor);

/* ---- batches of rows ---- */

/* Vectors for the columns of a batch that is gathered from rows. */
typedef struct weft_gather {
    int32_t count;
    weft_vector *vectors; /* [count] */
    weft_column *columns; /* [count] what a batch points to */
} weft_gather;

/* Vectors of WEFT_BATCH_ROWS_MAX slots for the types. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_gather_init(weft_ctx *ctx, weft_gather *gather, const weft_types *types);
/* Column `from` of the rows' layout becomes column `to` of the batch, dense. Strings are views into the
 * pages. */
WEFT_MUST_CHECK weft_status weft_gather_column(weft_ctx *ctx, weft_gather *gather,
                                               const weft_row_layout *layout, int32_t from, int32_t to,
                                               const uint8_t *const *rows, int32_t count);
/* All columns, in order; *out borrows from gather and the rows. */
WEFT_MUST_CHECK weft_status weft_gather_batch(weft_ctx *ctx, weft_gather *gather,
                                              const weft_row_layout *layout, const uint8_t *const *rows,
                                              int32_t count, weft_batch *out);
/* A batch of the columns as they are now (some set by others through vectors[]). */
void weft_gather_view(weft_gather *gather, int32_t count, weft_batch *out);
void weft_gather_deinit(weft_gather *gather);

#endif
