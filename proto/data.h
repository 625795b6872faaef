/* proto/data.h - the data plane as bytes: what fetchers ask of block servers, and what they answer.
 *
 *   fetcher → server   HEADERS (block names), PAGES (wants: pages [first, first + count) of a partition)
 *   server → fetcher   GAVE_HEADERS, GAVE_PAGES: items, and the frames that belong to them in order
 *
 * The first frame of a message is a head and items of one kind, all of fixed size, little-endian, under a
 * checksum. Nothing is allocated to read one: it is checked once, then its items are read where they lie.
 *
 * A fetcher knows from a block's header how large each page is, so a want is its credit: it holds memory for
 * exactly those pages. A server answers each name and each page of a want once: with it, or BUSY (no room
 * now: ask again later), or GONE (the block is not in this process, or cannot be read any more). A message
 * for another process than the one that got it is answered GONE. */
#ifndef WEFT_PROTO_DATA_H
#define WEFT_PROTO_DATA_H

#include "common/uuid.h"
#include "proto/report.h"

typedef enum weft_data_kind {
    WEFT_DATA_HEADERS = 1,  /* items: names. head.id: of the request */
    WEFT_DATA_PAGES,        /* items: wants */
    WEFT_DATA_GAVE_HEADERS, /* items: answers with a header each. head.id: of the request */
    WEFT_DATA_GAVE_PAGES    /* items: pages */
} weft_data_kind;

typedef enum weft_data_state { WEFT_DATA_HERE, WEFT_DATA_BUSY, WEFT_DATA_GONE } weft_data_state;

enum {
    WEFT_DATA_VERSION = 2,
    WEFT_DATA_ITEMS_MAX = 1024, /* of one message */
    WEFT_DATA_PAGE_HEAD = 64,   /* of a page's image: it travels with the item */
    WEFT_DATA_PAGE_FRAMES = 2,  /* that a page may come in */
    WEFT_DATA_HEAD_BYTES = 56,
    WEFT_DATA_ITEM_BYTES_MAX = 112
};

typedef struct weft_data_head {
    weft_data_kind kind;
    int32_t count; /* of items */
    uint64_t id;
    weft_uuid process; /* requests: which one is meant */
    uint64_t host;     /* requests: where the fetcher is: another host may be sent compressed pages */
} weft_data_head;

/* Pages [first, first + count) of a partition, for a stream of the fetcher. */
typedef struct weft_data_want {
    uint64_t stream;
    weft_block_name name;
    int32_t partition, first, count;
} weft_data_want;

/* The header of the index-th name of a request; HERE: one frame of `bytes` belongs to it. */
typedef struct weft_data_answer {
    int32_t index;
    weft_data_state state;
    uint32_t bytes;
} weft_data_answer;

/* HERE: page `page` of a stream, its head here and the rest of its image in `frames` frames, `stored` bytes
 * together: LZ4 (a block, not a frame) when they are fewer than the rest has. When they are as many as the
 * whole image it is one frame that begins with the head too, so that the page can be used where it came to
 * lie. BUSY, GONE: pages [page, page + count) of the stream are not sent. */
typedef struct weft_data_page {
    uint64_t stream;
    int32_t page, count;
    weft_data_state state;
    int32_t frames;
    uint32_t bytes, stored; /* of the image and of the frames */
    uint32_t crc;           /* CRC-32C of the image */
    uint8_t head[WEFT_DATA_PAGE_HEAD];
} weft_data_page;

/* Bytes of a first frame with so many items. */
size_t weft_data_bytes(weft_data_kind kind, int32_t count);
/* Into `to`, of weft_data_bytes: first the items, in any order, then the head, which closes it. */
void weft_data_put_name(uint8_t *to, int32_t i, const weft_block_name *name);
void weft_data_put_want(uint8_t *to, int32_t i, const weft_data_want *want);
void weft_data_put_answer(uint8_t *to, int32_t i, const weft_data_answer *answer);
void weft_data_put_page(uint8_t *to, int32_t i, const weft_data_page *page);
void weft_data_put_head(uint8_t *to, const weft_data_head *head);

/* Check a first frame: its size, checksum, kind and every item in itself. Errors: WEFT_CORRUPT,
 * WEFT_UNSUPPORTED for another version or kind. */
WEFT_MUST_CHECK weft_status weft_data_check(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                            weft_data_head *out);
/* The i-th item of a frame that was checked and is of the right kind. */
void weft_data_get_name(const uint8_t *bytes, int32_t i, weft_block_name *out);
void weft_data_get_want(const uint8_t *bytes, int32_t i, weft_data_want *out);
void weft_data_get_answer(const uint8_t *bytes, int32_t i, weft_data_answer *out);
void weft_data_get_page(const uint8_t *bytes, int32_t i, weft_data_page *out);

#endif
