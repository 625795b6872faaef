/* engine/exec/block_remote.h - a stand-in for a block that lies in another process: read like a block in
 * scratch, page by page, only that the pages come from its origin. Nothing of its rows is kept here. */
#ifndef WEFT_EXEC_BLOCK_REMOTE_H
#define WEFT_EXEC_BLOCK_REMOTE_H

#include "engine/exec/block.h"

/* All that is known of a block without its pages: what operators ask for before they read. */
typedef struct weft_block_header {
    int32_t partition_count;
    const int64_t *rows, *bytes;            /* [partition_count] */
    const int32_t *page_counts;             /* [partition_count] */
    const int32_t *run_counts;              /* [partition_count] */
    const int32_t *const *run_ends;         /* [partition_count][run_counts[p]], in pages */
    const uint32_t *page_rows, *page_bytes; /* of all pages, partition after partition */
    int32_t marks_count;
    const weft_marks *marks;
} weft_block_header;

/* Where pages come from. Functions are called by any thread, for one stream by one at a time. */
typedef struct weft_block_origin {
    /* Begin to read pages [first, first + count) of a partition. Asks for them and does not wait. */
    weft_status (*open)(weft_ctx *ctx, void *self, const weft_block_name *name, int32_t partition,
                        int32_t first, int32_t count, void **stream);
    /* The next page's image (weft_page_image) and its checksum, in a memory block of ctx's account which the
     * caller frees. Waits for it, until ctx is cancelled. Errors: WEFT_FETCH_FAILED (the block is not there),
     * WEFT_UNREACHABLE (its holder is not), WEFT_CHECKSUM, WEFT_NOMEM. */
    weft_status (*next)(weft_ctx *ctx, void *stream, void **image, size_t *len, uint32_t *crc);
    void (*close)(void *stream);
    /* The block is let go: self is not used any more. */
    void (*release)(void *self);
    void *self;
} weft_block_origin;

/* A block of count 1, charged to owner. The header is copied; after success the origin is the block's. */
WEFT_MUST_CHECK weft_status weft_block_remote_new(weft_ctx *ctx, weft_account *owner, const weft_types *types,
                                                  const weft_block_name *name,
                                                  const weft_block_header *header,
                                                  const weft_block_origin *origin, weft_block **out);

#endif
