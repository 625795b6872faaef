/* engine/formats/text/decompress_block.c - Hadoop's BlockCompressorStream around raw snappy or LZ4, and LZ4's
 * own frames.
 *
 * A block: its plain length (4 bytes, big-endian), then chunks, each a packed length (4 bytes, big-endian)
 * and so many packed bytes, until the plain length is reached. A file begins with LZ4's frame magic when some
 * other tool wrote it. */
#include <lz4.h>
#include <snappy-c.h>
#include <string.h>

#include "engine/formats/text/decompress_internal.h"

enum { CHUNK_BYTES_MAX = 64 << 20 }; /* Hadoop writes 256 KiB; a damaged length shall not take all memory */
static const uint8_t lz4_magic[4] = {0x04, 0x22, 0x4d, 0x18};

/* Exactly len bytes of the file; *got is less at its end. */
static weft_status block_take(weft_ctx *ctx, weft_text_stream *s, uint8_t *to, int64_t len, int64_t *got)
{
    weft_status st = WEFT_OK;
    *got = 0;
    while (*got < len) {
        WEFT_TRY(st, text_stream_fill(ctx, s));
        if (s->at == s->len) break;
        const int64_t n = weft_min_i64(len - *got, s->len - s->at);
        memcpy(to + *got, s->raw + s->at, (size_t)n);
        s->at += n;
        *got += n;
    }
done:
    return st;
}

static weft_status block_length(weft_ctx *ctx, weft_text_stream *s, int64_t *length, bool *end)
{
    weft_status st = WEFT_OK;
    uint8_t bytes[4];
    int64_t got = 0;
    WEFT_TRY(st, block_take(ctx, s, bytes, 4, &got));
    *end = got == 0;
    if (got != 0 && got != 4) return text_stream_corrupt(ctx, s, "it ends in a length");
    *length = (int64_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    if (*end) *length = 0;
done:
    return st;
}

static weft_status block_reserve(weft_ctx *ctx, uint8_t **buffer, int64_t *room, int64_t want)
{
    void *data = *buffer;
    if (want <= *room) return WEFT_OK;
    const weft_status st = weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)want, &data);
    if (st != WEFT_OK) return st;
    *buffer = data;
    *room = want;
    return st;
}

/* Unpack a chunk into plain. */
static weft_status block_unpack(weft_ctx *ctx, weft_text_stream *s, int64_t packed)
{
    weft_status st = WEFT_OK;
    size_t plain = 0;
    const char *from = (const char *)s->packed;
    if (s->codec == WEFT_TEXT_SNAPPY) {
        if (snappy_uncompressed_length(from, (size_t)packed, &plain) != SNAPPY_OK ||
            plain > (size_t)s->block_left)
            return text_stream_corrupt(ctx, s, "a chunk is longer than its block");
        WEFT_TRY(st, block_reserve(ctx, &s->plain, &s->plain_room, (int64_t)plain + 1));
        if (snappy_uncompress(from, (size_t)packed, (char *)s->plain, &plain) != SNAPPY_OK)
            return text_stream_corrupt(ctx, s, "a chunk cannot be read");
    } else {
        WEFT_TRY(st, block_reserve(ctx, &s->plain, &s->plain_room, s->block_left + 1));
        const int n = LZ4_decompress_safe(from, (char *)s->plain, (int)packed, (int)s->block_left);
        if (n < 0) return text_stream_corrupt(ctx, s, "a chunk cannot be read");
        plain = (size_t)n;
    }
    s->plain_at = 0;
    s->plain_len = (int64_t)plain;
    s->block_left -= (int64_t)plain;
done:
    return st;
}

static weft_status block_next(weft_ctx *ctx, weft_text_stream *s, bool *end)
{
    weft_status st = WEFT_OK;
    int64_t packed = 0, got = 0;
    bool at_end = false;
    *end = false;
    if (s->block_left == 0) {
        WEFT_TRY(st, block_length(ctx, s, &s->block_left, end));
        if (*end) goto done;
        if (s->block_left > CHUNK_BYTES_MAX)
            return text_stream_corrupt(ctx, s, "a block has an absurd length");
        if (s->block_left == 0) goto done;
    }
    WEFT_TRY(st, block_length(ctx, s, &packed, &at_end));
    if (at_end) return text_stream_corrupt(ctx, s, "it ends in the middle of a block");
    if (packed > CHUNK_BYTES_MAX) return text_stream_corrupt(ctx, s, "a chunk has an absurd length");
    WEFT_TRY(st, block_reserve(ctx, &s->packed, &s->packed_room, packed + 1));
    WEFT_TRY(st, block_take(ctx, s, s->packed, packed, &got));
    if (got < packed) return text_stream_corrupt(ctx, s, "it ends in the middle of a chunk");
    WEFT_TRY(st, block_unpack(ctx, s, packed));
done:
    return st;
}

static weft_status frame_read(weft_ctx *ctx, weft_text_stream *s, uint8_t *to, int64_t room, int64_t *got)
{
    weft_status st = WEFT_OK;
    if (s->lz4 == NULL && LZ4F_isError(LZ4F_createDecompressionContext(&s->lz4, LZ4F_VERSION)))
        return weft_fail(ctx, WEFT_NOMEM, "lz4 has no memory to read %s", s->name);
    while (*got == 0) {
        WEFT_TRY(st, text_stream_fill(ctx, s));
        if (s->at == s->len && s->is_between) break;
        size_t in = (size_t)(s->len - s->at), out = (size_t)room;
        const size_t code = LZ4F_decompress(s->lz4, to, &out, s->raw + s->at, &in, NULL);
        if (LZ4F_isError(code)) return text_stream_corrupt(ctx, s, LZ4F_getErrorName(code));
        s->at += (int64_t)in;
        *got = (int64_t)out;
        s->is_between = code == 0;
        if (code != 0 && s->is_at_end && out == 0)
            return text_stream_corrupt(ctx, s, "it ends in the middle");
    }
done:
    return st;
}

weft_status text_block_read(weft_ctx *ctx, weft_text_stream *s, uint8_t *to, int64_t room, int64_t *got)
{
    weft_status st = WEFT_OK;
    bool end = false;
    if (!s->knows_frames) {
        WEFT_TRY(st, text_stream_fill(ctx, s));
        s->knows_frames = true;
        s->has_frames = s->codec == WEFT_TEXT_LZ4 && s->len >= 4 && memcmp(s->raw, lz4_magic, 4) == 0;
    }
    if (s->has_frames) return frame_read(ctx, s, to, room, got);
    while (s->plain_at == s->plain_len && !end) WEFT_TRY(st, block_next(ctx, s, &end));
    *got = weft_min_i64(room, s->plain_len - s->plain_at);
    if (*got > 0) memcpy(to, s->plain + s->plain_at, (size_t)*got);
    s->plain_at += *got;
done:
    return st;
}

void text_block_deinit(weft_text_stream *s)
{
    weft_mem_free(s->packed);
    weft_mem_free(s->plain);
    LZ4F_freeDecompressionContext(s->lz4);
}
