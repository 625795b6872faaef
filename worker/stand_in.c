/* worker/stand_in.c - see stand_in.h. Everything passes through the bytes that other processes would get, and
 * through their checks. */
#include "worker/stand_in.h"

#include <string.h>

#include "common/mem.h"

typedef struct stand_in_stream {
    const weft_block *block;
    int32_t partition, at, end;
} stand_in_stream;

static weft_status stream_open(weft_ctx *ctx, void *self, const weft_block_name *name, int32_t partition,
                               int32_t first, int32_t count, void **stream)
{
    stand_in_stream *s = NULL;
    (void)name;
    const weft_status st = weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s);
    if (st != WEFT_OK) return st;
    *s = (stand_in_stream){.block = self, .partition = partition, .at = first, .end = first + count};
    weft_block_pin(s->block, partition);
    *stream = s;
    return WEFT_OK;
}

static weft_status stream_next(weft_ctx *ctx, void *stream, weft_page_arrived *out)
{
    weft_status st = WEFT_OK;
    stand_in_stream *s = stream;
    weft_page_pieces pieces = {0};
    uint8_t *bytes = NULL;
    assert(s->at < s->end);
    WEFT_TRY(st, weft_block_page_pieces(ctx, s->block, s->partition, s->at++, &pieces));
    const size_t len = sizeof(pieces.head) + pieces.rows_len + pieces.heap_len;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, len, (void **)&bytes));
    memcpy(bytes, pieces.head, sizeof(pieces.head));
    memcpy(bytes + sizeof(pieces.head), pieces.rows, pieces.rows_len);
    if (pieces.heap_len > 0)
        memcpy(bytes + sizeof(pieces.head) + pieces.rows_len, pieces.heap, pieces.heap_len);
    *out = (weft_page_arrived){.memory = bytes, .image = bytes, .len = len, .crc = pieces.crc};
done:
    weft_mem_free(pieces.loaded);
    return st;
}

static void stream_close(void *stream)
{
    stand_in_stream *s = stream;
    weft_block_unpin(s->block, s->partition);
    weft_mem_free(s);
}

static void origin_release(void *self)
{
    weft_block *block = self;
    weft_block_release(&block);
}

weft_status weft_stand_in(weft_ctx *ctx, weft_account *owner, const weft_types *types, weft_block **block)
{
    weft_status st = WEFT_OK;
    weft_block_header header;
    weft_block *made = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    const weft_block_origin origin = {.open = stream_open,
                                      .next = stream_next,
                                      .close = stream_close,
                                      .release = origin_release,
                                      .self = *block};
    WEFT_TRY(st, weft_block_header_encode(ctx, *block, &bytes, &len));
    WEFT_TRY(st, weft_block_header_decode(ctx, bytes, len, &header));
    WEFT_TRY(st,
             weft_block_remote_new(ctx, owner, types, weft_block_get_name(*block), &header, &origin, &made));
    *block = made;
done:
    weft_mem_free(bytes);
    return st;
}
