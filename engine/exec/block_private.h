/* engine/exec/block_private.h - what the block*.c files share; for nobody else.
 *
 * A segment is one partition: a list of closed pages (in memory or in scratch), then, while it is written, a
 * row set of open pages that follow them. Spilling moves pages from the front of the open set to the list, so
 * the order in which rows were written is never lost. */
#ifndef WEFT_EXEC_BLOCK_PRIVATE_H
#define WEFT_EXEC_BLOCK_PRIVATE_H

#include <pthread.h>
#include <string.h>

#include "engine/exec/block_remote.h"

enum {
    BLOCK_KEYS_MAX = 16
}; /* tracked keys: more key columns than any join here has; further ones have no range */

typedef struct block_page {
    weft_row_page *page; /* in memory; NULL: in scratch, or elsewhere */
    int64_t offset;      /* in scratch */
    uint32_t bytes;      /* of the allocation, or of the image (without the room between rows and heap) */
    uint32_t rows;
    /* CRC-32C of the bytes on disk; of a tight page in memory, 0 while nobody has asked for it. Atomic, as
     * two threads may ask at once. */
    _Atomic uint32_t crc;
} block_page;

typedef struct block_segment {
    block_page *pages;
    int32_t page_count, page_capacity;
    int32_t *run_ends; /* page_count after each run */
    int32_t run_count, run_capacity;
    int64_t rows, bytes; /* of pages, without what is empty in them: the same wherever they lie */
    int32_t pins;        /* guarded by the block's lock: pages stay where they are while it is not 0 */
} block_segment;

typedef struct block_keeper block_keeper; /* block_keep.c */

/* What a stand-in has beside its directory. The lists of its segments lie behind this in one memory block. */
typedef struct block_remote {
    weft_block_origin origin;
    block_keeper *keeper; /* NULL: nothing of its rows is kept */
} block_remote;

typedef struct block_track {
    int32_t column;
    weft_key_range range;
} block_track;

struct weft_block {
    atomic_int count;
    weft_block_name name;
    weft_row_layout layout; /* arrays in layout_memory */
    void *layout_memory;
    int32_t key_count;
    block_track *keys; /* [key_count] a memory block; NULL: there are none */
    int32_t marks_count;
    weft_marks *marks;
    pthread_mutex_t lock;      /* of a frozen block: where its unpinned pages are */
    weft_scratch_space *space; /* a count; NULL: none was given */
    weft_scratch *scratch;     /* or NULL: nothing was spilled */
    _Atomic int64_t spilled_bytes;
    _Atomic int64_t memory_bytes; /* of the pages in memory, once frozen */
    weft_account *owner;          /* once frozen */
    block_remote *remote;         /* of a stand-in; else NULL */
    weft_sort_prefix *firsts;     /* of the first row of each page of the only partition; NULL: not known */
    weft_sort_sample *samples;    /* of its runs, where it was written; one after the other */
    int32_t sample_count;
    int32_t partition_count;
    block_segment segments[]; /* [partition_count] */
};

struct weft_block_writer {
    weft_block *block;
    weft_row_set *sets;   /* [partition_count] open pages */
    int32_t shift;        /* of weft_partition_of */
    int64_t rows;         /* written so far, by every way */
    int64_t memory_bytes; /* the most that open pages held */
    int32_t *starts;      /* [partition_count + 1] */
    /* of the batch that is written: garbage in between */
    uint16_t partition[WEFT_BATCH_ROWS_MAX];
    uint16_t positions[WEFT_BATCH_ROWS_MAX]; /* rows of a batch that are still to be written */
    uint16_t order[WEFT_BATCH_ROWS_MAX];     /* rows by partition */
    const uint8_t *sorted[WEFT_BATCH_ROWS_MAX];
};

/* block_track.c: widen the range of a tracked key by the selected, non-null values of a column. */
void weft_block_track_batch(weft_key_range *range, const weft_batch *batch, const weft_column *column);

/* block_layout.c: layouts and types that own their memory. */

/* Lay out rows of the types in one heap block *memory (freed with weft_mem_free), nested types included. */
WEFT_MUST_CHECK weft_status weft_block_layout_new(weft_ctx *ctx, const weft_type *types, int32_t count,
                                                  weft_row_layout *out, void **memory);

/* block.c */

/* So many keys, those that are new without a range. Errors: WEFT_NOMEM, and nothing has changed. */
WEFT_MUST_CHECK weft_status weft_block_set_keys(weft_ctx *ctx, weft_block *block, int32_t count);
/* A block without rows, count 1, with everything charged to ctx's account. */
WEFT_MUST_CHECK weft_status weft_block_new(weft_ctx *ctx, const weft_types *types, int32_t partition_count,
                                           weft_block **out);
/* Room for one more page in the list of a segment. */
WEFT_MUST_CHECK weft_status weft_block_page_room(weft_ctx *ctx, block_segment *segment);
WEFT_MUST_CHECK weft_status weft_block_run_room(weft_ctx *ctx, block_segment *segment);
/* Bytes of the largest page of a partition. */
uint32_t weft_block_page_most(const weft_block *block, int32_t partition);
/* Charge all memory of the block to another account. */
void weft_block_move(weft_block *block, weft_account *owner);
WEFT_MUST_CHECK weft_status weft_block_add_marks(weft_ctx *ctx, weft_block *block, const weft_marks *marks);

/* What operators read page by page can only be held in copies: it lies in scratch, or elsewhere. */
static inline bool weft_block_is_away(const weft_block *block)
{
    return block->remote != NULL || atomic_load_explicit(&block->spilled_bytes, memory_order_relaxed) > 0;
}

/* block_header.c */

uint64_t weft_block_types_fingerprint(const weft_type *types, int32_t count);

/* block_remote.c: the stream of a reader */
typedef struct block_stream {
    void *stream; /* NULL: none is open */
    int32_t at;   /* the page that it gives next */
} block_stream;

/* A page that came: checked and rebased. */
typedef struct block_arrival {
    void *
        memory; /* a memory block of ctx's account, which the caller frees: it lies there, or is held by it */
    weft_row_page *page;
    uint64_t base; /* that it came with, as */
    uint32_t crc;
} block_arrival;

/* Page `at` of [.., end) of a partition of a stand-in. Pages that were passed over since the last call end
 * the stream, and another begins. */
WEFT_MUST_CHECK weft_status weft_block_remote_pull(weft_ctx *ctx, const weft_block *block, int32_t partition,
                                                   int32_t at, int32_t end, block_stream *stream,
                                                   block_arrival *out);
/* The same; *buffer is a memory block (or NULL) that is replaced by the one that the page lies in. */
WEFT_MUST_CHECK weft_status weft_block_remote_page(weft_ctx *ctx, const weft_block *block, int32_t partition,
                                                   int32_t at, int32_t end, block_stream *stream,
                                                   void **buffer, const weft_row_page **page);
/* Open the stream, if it is not; what fails is told when the page is asked for. */
void weft_block_remote_begin(weft_ctx *ctx, const weft_block *block, int32_t partition, int32_t at,
                             int32_t end, block_stream *stream);
void weft_block_remote_end(const weft_block *block, block_stream *stream);

/* block_keep.c: stand-ins that keep the pages that are read. */

/* Page `at` of a partition. By reference, as long as the partition is pinned: *buffer, a memory block (or
 * NULL) that is replaced, is then NULL. Or in *buffer; or *page is NULL: nothing is kept any more. */
WEFT_MUST_CHECK weft_status weft_block_keeper_page(weft_ctx *ctx, const weft_block *block, int32_t partition,
                                                   int32_t at, const weft_row_page **page, void **buffer);
void weft_block_keeper_begin(weft_ctx *ctx, const weft_block *block, int32_t partition, int32_t at);
/* A reader of the partition has closed. */
void weft_block_keeper_idle(const weft_block *block, int32_t partition);
/* The pieces of a page that is kept. Errors: WEFT_FETCH_FAILED when it is not here, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_block_keeper_pieces(weft_ctx *ctx, const weft_block *block,
                                                     int32_t partition, int32_t page, weft_page_pieces *out);
void weft_block_keeper_free(weft_block *block);

/* block_spill.c */

/* A closed page with so little room between its rows and its heap that it goes over the wire as it lies
 * there. That room is zero: block_page_close. */
static inline bool block_page_is_tight(const weft_row_page *page)
{
    const uint64_t end = WEFT_ROW_PAGE_HEADER + (uint64_t)page->rows * page->row_bytes;
    return page->bytes <= weft_page_bytes_most((uint32_t)(page->bytes - (page->heap_begin - end)));
}
/* A page that gets no more rows, as one of a block. */
static inline block_page block_page_close(weft_row_page *page)
{
    const size_t end = WEFT_ROW_PAGE_HEADER + (size_t)page->rows * page->row_bytes;
    page->next = NULL;
    if (block_page_is_tight(page)) memset((uint8_t *)page + end, 0, page->heap_begin - end);
    return (block_page){.page = page, .bytes = page->bytes, .rows = page->rows};
}
/* The bytes of a page as they go to disk or wire: the room between rows and heap is left out. */
size_t weft_page_image_bytes(const weft_row_page *page);
/* What of it are rows and strings: the same however they were cut into pages. */
static inline int64_t weft_page_data_bytes(const weft_row_page *page)
{
    return (int64_t)weft_page_image_bytes(page) - WEFT_ROW_PAGE_HEADER;
}
void weft_page_image(const weft_row_page *page, uint8_t *to);
/* Read a spilled page into buffer (a mem block, grown as needed): checked, rebased. Errors: WEFT_CHECKSUM. */
WEFT_MUST_CHECK weft_status weft_block_load_page(weft_ctx *ctx, const weft_block *block,
                                                 const block_page *ref, void **buffer);
/* Write a page to scratch as the next page of the segment's list (the caller keeps the page). */
WEFT_MUST_CHECK weft_status weft_block_spill_page(weft_ctx *ctx, weft_block *block, block_segment *segment,
                                                  const weft_row_page *page);
/* Spill pages of all partitions, each open set's last one only when `all`. *freed: bytes of memory given
 * back. */
WEFT_MUST_CHECK weft_status weft_block_spill_open(weft_ctx *ctx, weft_block_writer *writer, bool all,
                                                  int64_t *freed);

/* block_writer.c: for sinks that already have rows. */

/* Append copies of rows to one partition (rows of the writer's layout, hashes and strings included). */
WEFT_MUST_CHECK weft_status weft_block_append_rows(weft_ctx *ctx, weft_block_writer *writer,
                                                   int32_t partition, const uint8_t *const *rows,
                                                   int32_t count);
/* The same to the partitions of their stored hashes, after `skip_bits` high bits of the hash were dropped. */
WEFT_MUST_CHECK weft_status weft_block_scatter_rows(weft_ctx *ctx, weft_block_writer *writer,
                                                    int32_t skip_bits, const uint8_t *const *rows,
                                                    int32_t count);
/* An empty page in working memory, as the only page of *set: of the usual size, or that of one row with
 * `heap` bytes of strings. */
WEFT_MUST_CHECK weft_status weft_block_headroom_page(weft_ctx *ctx, const weft_row_layout *layout,
                                                     int64_t heap, weft_row_set *set);
/* Bytes of the first selected row's strings that a heap must hold. Nested values: unknown, 0. */
int64_t weft_block_first_heap(const weft_row_layout *layout, const weft_batch *batch, const int32_t *columns);
/* After WEFT_NOMEM: spill what the writer holds, so that the caller may try again. The error is cleared. */
WEFT_MUST_CHECK weft_status weft_block_relieve(weft_ctx *ctx, weft_block_writer *writer);
/* For metrics. */
int64_t weft_block_writer_spilled(const weft_block_writer *writer);
int64_t weft_block_writer_memory(const weft_block_writer *writer);

/* ---- writing headers and blocks as bytes: measured with base NULL, then written ---- */

typedef struct block_out {
    uint8_t *base;
    size_t at;
} block_out;

static inline void block_put(block_out *out, const void *bytes, size_t len)
{
    if (out->base != NULL && len > 0) memcpy(out->base + out->at, bytes, len);
    out->at += len;
}
static inline void block_put_u32(block_out *out, uint32_t value) { block_put(out, &value, sizeof(value)); }
static inline void block_put_u64(block_out *out, uint64_t value) { block_put(out, &value, sizeof(value)); }

/* Bytes that came from elsewhere. */
typedef struct block_in {
    const uint8_t *bytes;
    size_t at, end;
    bool bad; /* something did not fit: what was read since is zero */
} block_in;

/* Where they lie; NULL when so many are not left. */
static inline const uint8_t *block_take(block_in *in, size_t len)
{
    if (in->bad || len > in->end - in->at) {
        in->bad = true;
        return NULL;
    }
    const uint8_t *place = in->bytes + in->at;
    in->at += len;
    return place;
}
static inline void block_take_copy(block_in *in, void *to, size_t len)
{
    const uint8_t *place = block_take(in, len);
    if (len == 0) return;
    if (place != NULL)
        memcpy(to, place, len);
    else
        memset(to, 0, len);
}
static inline uint32_t block_take_u32(block_in *in)
{
    uint32_t value;
    block_take_copy(in, &value, sizeof(value));
    return value;
}
static inline uint64_t block_take_u64(block_in *in)
{
    uint64_t value;
    block_take_copy(in, &value, sizeof(value));
    return value;
}
/* A count of things that take at least `each` bytes in what is left. */
static inline int32_t block_take_count(block_in *in, size_t each)
{
    const uint32_t count = block_take_u32(in);
    if (count > INT32_MAX || count > (in->end - in->at) / each) in->bad = true;
    return in->bad ? 0 : (int32_t)count;
}

#endif
