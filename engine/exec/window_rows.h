/* engine/exec/window_rows.h - the rows of one partition of a window, by position.
 *
 * They are kept in pages with an array of their addresses; refused memory (or by the test setting) they go to
 * a block of their own, whose pages may be in scratch, and are read by position through a few pages that are
 * held in memory. So a partition may be larger than memory. Written first, then frozen and read. One thread.
 */
#ifndef WEFT_EXEC_WINDOW_ROWS_H
#define WEFT_EXEC_WINDOW_ROWS_H

#include "engine/exec/op.h"

enum {
    WEFT_WINDOW_PAGES = 8 /* held in memory: 2 MiB for the places that the calls of a window look at */
};

typedef struct weft_window_page {
    int32_t page; /* of the block; -1: none */
    void *buffer; /* what was read from scratch; NULL when the page is in memory */
    const weft_row_page *at;
    uint64_t used; /* tick of the last use */
} weft_window_page;

typedef struct weft_window_rows {
    const weft_row_layout *layout;
    int64_t count;
    const uint8_t **rows; /* addresses; NULL: the rows are in a block (or there are none) */
    int64_t capacity;
    weft_row_set set;
    weft_row_set first; /* the first row once more, while the others are being written to a block */
    weft_block_writer *writer;
    weft_block *block;
    int64_t *starts; /* [pages + 1] of the block: the first row of each */
    int32_t pages;
    uint64_t tick;
    weft_window_page held[WEFT_WINDOW_PAGES];
    int64_t spilled_bytes; /* of all partitions so far */
} weft_window_rows;

/* In place; layout is borrowed. */
void weft_window_rows_init(weft_window_rows *rows, const weft_row_layout *layout);
/* Add the selected rows; columns: the identity. Errors: WEFT_NOMEM only when working memory is refused. */
WEFT_MUST_CHECK weft_status weft_window_rows_add(weft_ctx *ctx, weft_window_rows *rows,
                                                 const weft_batch *batch, const int32_t *columns);
/* The first row, while rows are added. */
const uint8_t *weft_window_rows_first(const weft_window_rows *rows);
/* No more rows. */
WEFT_MUST_CHECK weft_status weft_window_rows_freeze(weft_ctx *ctx, weft_window_rows *rows,
                                                    const weft_block_name *name);

/* Addresses of rows [from, from + *count), as many as lie together, at most `most`. They are good until
 * WEFT_WINDOW_PAGES - 1 other pages were looked at. */
WEFT_MUST_CHECK weft_status weft_window_rows_read(weft_ctx *ctx, weft_window_rows *rows, int64_t from,
                                                  int32_t most, const uint8_t **out, int32_t *count);
/* For weft_window_row. */
WEFT_MUST_CHECK weft_status weft_window_rows_find(weft_ctx *ctx, weft_window_rows *rows, int64_t i,
                                                  const uint8_t **row);
/* Row i, good as above. */
static inline weft_status weft_window_row(weft_ctx *ctx, weft_window_rows *rows, int64_t i,
                                          const uint8_t **row)
{
    if (WEFT_UNLIKELY(rows->rows == NULL)) return weft_window_rows_find(ctx, rows, i, row);
    *row = rows->rows[i];
    return WEFT_OK;
}

int64_t weft_window_rows_bytes(const weft_window_rows *rows); /* in memory */
/* Forget all rows, ready for others; the array of addresses is kept. */
void weft_window_rows_clear(weft_window_rows *rows);
void weft_window_rows_deinit(weft_window_rows *rows);

#endif
