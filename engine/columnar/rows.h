/* engine/columnar/rows.h - contract 2: the one row format, and pages of rows.
 *
 * A row is fixed-size: | hash u64 | null bits, 8-aligned | values, each at its natural alignment (I128 at 8)
 * |. Strings are weft_str; those above 12 bytes point into the heap of the row's own page. Row size is a
 * multiple of 8. A page is one allocation: header, rows from the front, string heap from the back. It is
 * relocatable: written to disk or to a socket as it is, and rebased (pointers moved by a constant) when read
 * at another address. One page holds at most 2^16 rows; a row set (list of pages) less than 2^32 rows.
 * Decimals above 18 digits take 16 bytes in a row whatever the width of the batch; the rest 8.
 * ARRAY, STRUCT and MAP values are held as one heap string in the serialised form of nested.h.
 *
 * A row set is written by one thread; once frozen (handed to a block) it is immutable and shared by count.
 * Pages are charged to the account of ctx as RETAINED memory. */
#ifndef WEFT_COLUMNAR_ROWS_H
#define WEFT_COLUMNAR_ROWS_H

#include <stdatomic.h>

#include "engine/columnar/column.h"

typedef struct weft_row_layout {
    int32_t count;      /* columns */
    int32_t row_bytes;  /* multiple of 8 */
    int32_t null_bytes; /* bytes of null bits, at offset 8; bit set = NULL */
    bool has_strings;   /* some column may use the heap */
    weft_type *types;   /* [count] */
    int32_t *offsets;   /* [count] from the start of the row */
    uint8_t *phys;      /* [count] physical type in the row */
} weft_row_layout;

/* Lay out columns of the given types. Arrays come from ctx->arena. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_row_layout_init(weft_ctx *ctx, const weft_type *types, int32_t count,
                                                 weft_row_layout *out);

typedef struct weft_row_page weft_row_page;
struct weft_row_page {
    weft_row_page *next;
    uint32_t bytes;     /* of the whole allocation, this header included */
    uint32_t row_bytes; /* of one row */
    uint32_t rows;
    uint32_t heap_begin; /* offset from the page start where the heap (growing down) begins now */
    uint64_t base;       /* address that the string pointers inside were made for */
    /* rows follow at WEFT_ROW_PAGE_HEADER */
};
enum { WEFT_ROW_PAGE_HEADER = 64 };
static inline uint8_t *weft_row_page_rows(const weft_row_page *page)
{
    return (uint8_t *)(uintptr_t)page + WEFT_ROW_PAGE_HEADER;
}

/* A list of pages with the same layout. Value struct; zero-initialised is empty. */
typedef struct weft_row_set {
    weft_row_page *first, *last;
    int64_t rows;
    int64_t bytes; /* of all pages */
    int32_t page_count;
    bool apart; /* weft_rows_set_string put a string on another page than its row: the pages can not be moved
                   to another address; copy the rows with weft_rows_append_rows first */
} weft_row_set;

/* Append the selected rows of batch. columns[i] is the batch column that goes to layout column i; hashes is
 * dense (one for each selected row) or NULL for zeros. A page that is full is followed by a new one; a row
 * whose strings pass WEFT_ROW_PAGE_BYTES gets a page of its own size. row_pointers, when not NULL, receives
 * the address of every row written (dense). Errors: WEFT_NOMEM (rows before the failure may have been added;
 * the set stays valid), WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_rows_append(weft_ctx *ctx, const weft_row_layout *layout, weft_row_set *set,
                                             const weft_batch *batch, const int32_t *columns,
                                             const uint64_t *hashes, uint8_t **row_pointers);
/* The same, the i-th selected row going to sets[partition[i]] (partition[i] < partition_count). */
WEFT_MUST_CHECK weft_status weft_rows_scatter(weft_ctx *ctx, const weft_row_layout *layout,
                                              weft_row_set *sets, int32_t partition_count,
                                              const weft_batch *batch, const int32_t *columns,
                                              const uint64_t *hashes, const uint16_t *partition);
/* Append copies of existing rows (same layout), strings copied into the set's own heap. */
WEFT_MUST_CHECK weft_status weft_rows_append_rows(weft_ctx *ctx, const weft_row_layout *layout,
                                                  weft_row_set *set, const uint8_t *const *rows,
                                                  int32_t count);
/* Reserve one zeroed row (fixed part only) and return its address; strings are set with weft_rows_set_string.
 */
WEFT_MUST_CHECK weft_status weft_rows_reserve(weft_ctx *ctx, const weft_row_layout *layout, weft_row_set *set,
                                              uint8_t **row);
/* Copy a string into a heap of the set and store the view at row + offset, where a string (or zero) is now:
 * over the old bytes when it is no longer than they are, else on the row's page if that is the last one and
 * has room, else on a page beside (set->apart). The row must be on a page of this set. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_rows_set_string(weft_ctx *ctx, weft_row_set *set, uint8_t *row,
                                                 int32_t offset, const char *bytes, uint32_t len);
/* The string there becomes `len` bytes long, more than it has and than WEFT_STR_INLINE; those that are new
 * are zero. It moves as by weft_rows_set_string. Errors: WEFT_NOMEM; it is as it was then. */
WEFT_MUST_CHECK weft_status weft_rows_extend_string(weft_ctx *ctx, weft_row_set *set, uint8_t *row,
                                                    int32_t offset, uint32_t len);
/* Move all pages of `from` to the end of `to`. */
void weft_rows_concat(weft_row_set *to, weft_row_set *from);
/* Add a page at the end; the set takes it. Its strings lie in it. */
void weft_rows_add_page(weft_row_set *set, weft_row_page *page);
void weft_rows_clear(weft_row_set *set); /* frees the pages */

/* Gather layout column `column` of rows[0..count) into values (flat, phys of the layout) and validity at
 * positions at[i] (or i when at is NULL). Strings are views into the pages. *has_nulls is set to true when a
 * null was met (never cleared); validity bits are written for every position given, so it must have room when
 * not NULL; when validity is NULL the column must be free of nulls. */
void weft_rows_gather(const weft_row_layout *layout, int32_t column, const uint8_t *const *rows,
                      int32_t count, const uint16_t *at, void *values, uint64_t *validity, bool *has_nulls);
/* Keep those candidates i whose row's columns row_columns[] equal the batch's key columns at the i-th
 * position: candidates[] are indexes into positions[] and rows[]; equal ones are left in candidates (order
 * kept), their number returned. NULL equals NULL when null_equal, else never. Values compare as keys: -0.0 =
 * 0.0, NaN = NaN. */
int32_t weft_rows_match(const weft_row_layout *layout, const int32_t *row_columns, int32_t key_count,
                        const weft_batch *batch, const int32_t *key_columns, const uint16_t *positions,
                        const uint8_t *const *rows, bool null_equal, uint16_t *candidates,
                        int32_t candidate_count);
/* Are two rows of one layout equal in the given columns (NULL = NULL)? */
bool weft_rows_equal(const weft_row_layout *layout, const int32_t *columns, int32_t count, const uint8_t *a,
                     const uint8_t *b);

static inline uint64_t weft_row_hash(const uint8_t *row)
{
    uint64_t hash;
    memcpy(&hash, row, 8);
    return hash;
}
static inline bool weft_row_is_null(const uint8_t *row, int32_t column)
{
    return (row[8 + (column >> 3)] >> (column & 7)) & 1;
}

/* Bytes of the row's strings that lie in a heap. */
static inline int64_t weft_row_heap_bytes(const weft_row_layout *layout, const uint8_t *row)
{
    int64_t bytes = 0;
    for (int32_t c = 0; c < layout->count; c++) {
        uint32_t len;
        if (layout->phys[c] != WEFT_PHYS_STR) continue;
        memcpy(&len, row + layout->offsets[c], sizeof(len));
        bytes += len > WEFT_STR_INLINE ? len : 0;
    }
    return bytes;
}

/* A page of `bytes` (header included), empty. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_row_page_new(weft_ctx *ctx, const weft_row_layout *layout, uint32_t bytes,
                                              weft_row_page **out);
void weft_row_page_free(weft_row_page **page);
/* Move string pointers after the page was read at another address than base; no-op otherwise. The page must
 * have passed weft_row_page_validate when its bytes came from outside. */
void weft_row_page_rebase(const weft_row_layout *layout, weft_row_page *page);
/* The same for another address than its own: a page that came with this base has the bytes again that it came
 * with. Nobody may read its strings then. */
void weft_row_page_rebase_to(const weft_row_layout *layout, weft_row_page *page, uint64_t base);
/* CRC-32C of what the rows say: the same for equal rows wherever the page and its strings lie. */
uint32_t weft_row_page_digest(const weft_row_layout *layout, const weft_row_page *page);
/* Close the gap between rows and heap, so that only used bytes are written or sent (none of them left over
 * from other data): the heap moves down, page->bytes shrinks to the new size, which is returned. The page
 * must not have strings apart, nor get further rows. */
uint32_t weft_row_page_pack(const weft_row_layout *layout, weft_row_page *page);
/* Check a page of received bytes against the layout: sizes, counts, every string inside its heap.
 * Errors: WEFT_CORRUPT. */
WEFT_MUST_CHECK weft_status weft_row_page_validate(weft_ctx *ctx, const weft_row_layout *layout,
                                                   const weft_row_page *page, size_t bytes);
/* Both in one pass over the strings, which is what reading a page from elsewhere mostly costs. After an error
 * the page is good for nothing. */
WEFT_MUST_CHECK weft_status weft_row_page_arrive(weft_ctx *ctx, const weft_row_layout *layout,
                                                 weft_row_page *page, size_t bytes);

#endif
