/* engine/exec/block_remote.h - blocks across processes: a stand-in for a block that lies elsewhere, and what
 * the process that has it must say and send for that.
 *
 * A stand-in is read like a block in scratch, page by page in order, by readers that do not know the
 * difference; the pages come from its origin. What a peer says is believed only as far as it cannot harm: a
 * header is checked when the stand-in is made, and each page against checksum, header and column types before
 * a reader sees it. It has nothing to spill. It cannot be encoded (WEFT_UNSUPPORTED): whoever wants the block
 * asks its holder.
 *
 * A stand-in that many read (the build side of a join: filter, table, every task) may keep the pages that
 * come: each is then fetched once, read by reference, and can be lent to other processes as it came, with the
 * checksum of its holder. */
#ifndef WEFT_EXEC_BLOCK_REMOTE_H
#define WEFT_EXEC_BLOCK_REMOTE_H

#include "engine/exec/block.h"

/* All that is known of a block without its pages: what operators ask for before they read. */
typedef struct weft_block_header {
    uint64_t types; /* fingerprint of its column types */
    int32_t partition_count;
    const int32_t *page_counts; /* [partition_count] */
    const uint32_t *page_rows;  /* of all pages, partition after partition, as the next */
    const uint32_t *page_bytes; /* of their images */
    const int32_t *run_counts;  /* [partition_count] */
    const int32_t *run_ends;    /* of all runs, partition after partition: pages of its partition up to it */
    int32_t first_count;        /* as many as pages, or 0 */
    const weft_sort_prefix *firsts; /* of sorted runs: of the first row of each page */
    int32_t key_count;
    const weft_key_range *keys;
    int32_t marks_count;
    const weft_marks *marks;
} weft_block_header;

/* ---- at the holder ---- */

/* The header of a block that is here, as bytes: a memory block of ctx's account, which the caller frees. */
WEFT_MUST_CHECK weft_status weft_block_header_encode(weft_ctx *ctx, const weft_block *block, uint8_t **bytes,
                                                     size_t *len);
/* A header from bytes, in ctx->arena; bytes are not needed afterwards. Nothing in it is longer than the bytes
 * that came. Errors: WEFT_CORRUPT, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_block_header_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                                     weft_block_header *out);

/* The image of a page, in up to three pieces; when `whole` is not NULL they lie there one behind the other.
 */
typedef struct weft_page_pieces {
    uint8_t head[WEFT_ROW_PAGE_HEADER];
    const uint8_t *rows, *heap; /* … follow it; of the block, or of `loaded` */
    size_t rows_len, heap_len;
    const uint8_t *whole;
    void *loaded; /* a memory block of ctx's account that the caller frees, or NULL */
    uint32_t crc; /* CRC-32C of the whole image */
} weft_page_pieces;

/* The pieces of a page that a reader gave: they lie where the page does. */
void weft_page_lend(const weft_row_page *page, weft_page_pieces *out);
/* An image has as many bytes as the header says, or a few more, but not more than this: a page with little
 * room between rows and heap is sent as it lies. */
static inline uint32_t weft_page_bytes_most(uint32_t bytes)
{
    return bytes > UINT32_MAX - bytes / 64 ? UINT32_MAX : bytes + bytes / 64;
}
/* Pages of a partition of a block that is here, and the bytes of one in the header. */
int32_t weft_block_page_count(const weft_block *block, int32_t partition);
uint32_t weft_block_page_bytes(const weft_block *block, int32_t partition, int32_t page);
/* The pieces of one page. What lies in memory is lent, as long as the partition is pinned; what is in scratch
 * is read into RETAINED memory. Of a stand-in, those of pages that it keeps: as they came, with the checksum
 * of their holder. Errors: WEFT_NOMEM, WEFT_IO, WEFT_FETCH_FAILED (it is not kept here). A damaged page is
 * for the reader to notice. */
WEFT_MUST_CHECK weft_status weft_block_page_pieces(weft_ctx *ctx, const weft_block *block, int32_t partition,
                                                   int32_t page, weft_page_pieces *out);

/* ---- at the reader ---- */

/* A page as it came from another process. */
typedef struct weft_page_arrived {
    void *memory; /* a memory block of ctx's account that the caller frees: the image lies in it, … */
    void *image;  /* … or it holds what the image lies in; aligned to 8 */
    size_t len;
    uint32_t crc; /* CRC-32C that the image should have */
} weft_page_arrived;

/* Where pages come from. Functions are called by any thread, for one stream by one at a time. */
typedef struct weft_block_origin {
    /* Begin to read pages [first, first + count) of a partition. Asks for them and does not wait. */
    weft_status (*open)(weft_ctx *ctx, void *self, const weft_block_name *name, int32_t partition,
                        int32_t first, int32_t count, void **stream);
    /* The next page. Waits for it, until ctx is cancelled. Errors: WEFT_FETCH_FAILED (the block is not
     * there), WEFT_UNREACHABLE (its holder is not), WEFT_CHECKSUM, WEFT_NOMEM. */
    weft_status (*next)(weft_ctx *ctx, void *stream, weft_page_arrived *page);
    void (*close)(void *stream);
    /* The page that was given last is damaged. True when the next call will give it once more, from
     * elsewhere. NULL: never. */
    bool (*reject)(void *stream);
    /* The block is let go: self is not used any more. */
    void (*release)(void *self);
    void *self;
} weft_block_origin;

/* A stand-in of count 1, charged to owner. The header is copied; after success the origin is the block's.
 * Errors: WEFT_CORRUPT when the header contradicts itself or is of other column types, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_block_remote_new(weft_ctx *ctx, weft_account *owner, const weft_types *types,
                                                  const weft_block_name *name,
                                                  const weft_block_header *header,
                                                  const weft_block_origin *origin, weft_block **out);
bool weft_block_is_remote(const weft_block *block);

/* Before anybody reads it: where its pages come from, and from where else. */
weft_block_origin weft_block_get_origin(const weft_block *block);
void weft_block_set_origin(weft_block *block, const weft_block_origin *origin);

/* ---- keeping pages ---- */

/* Before anybody reads it: keep the pages that come, charged to the block's owner, as long as they can be had
 * without passing the pool's limit. Errors: WEFT_NOMEM; it then keeps nothing. */
WEFT_MUST_CHECK weft_status weft_block_keep(weft_ctx *ctx, weft_block *block);
/* Are more pages coming: does it keep what comes, and has somebody waited for a page, or did one come, within
 * the last recent_ns? */
bool weft_block_keeps(weft_ctx *ctx, const weft_block *block, int64_t recent_ns);
/* Keep nothing more, and free what nobody reads. How many bytes that was. Any thread. */
int64_t weft_block_let_go(weft_block *block);
/* Bytes of its pages that were lent by weft_block_page_pieces. */
int64_t weft_block_lent_bytes(const weft_block *block);

/* Which block could not be read, where a ctx points to one (ctx->fetch_failure): set by the reader that
 * fails with WEFT_FETCH_FAILED, WEFT_UNREACHABLE, WEFT_CHECKSUM or WEFT_CORRUPT. The first one stays. */
struct weft_fetch_failure {
    bool has, unreachable; /* unreachable: its holder, not only the block */
    weft_block_name name;
};
void weft_fetch_failed(weft_ctx *ctx, weft_status status, const weft_block_name *name);

#endif
