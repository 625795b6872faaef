/* engine/formats/text/decompress_internal.h - the state of a stream, shared by decompress*.c. */
#ifndef WEFT_FORMATS_TEXT_DECOMPRESS_INTERNAL_H
#define WEFT_FORMATS_TEXT_DECOMPRESS_INTERNAL_H

#include <bzlib.h>
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include "engine/formats/text/decompress.h"

enum { TEXT_STREAM_RAW_BYTES = 256 * 1024 };

struct weft_text_stream {
    weft_text_codec codec;
    const char *name;
    weft_text_source *source;
    void *self;
    uint8_t *raw;
    int64_t at, len; /* of raw: next byte, bytes */
    int64_t before;  /* bytes of the file before raw */
    bool is_at_end;  /* the file has no more */
    bool is_between; /* not inside a member, frame or block: the file may end here */
    bool is_open;    /* some member was begun */
    bool has_zlib;
    z_stream zlib;
    ZSTD_DCtx *zstd;
    bz_stream bzip2;
    /* Hadoop's blocks: what is left of the current one, its packed chunk and its plain bytes. */
    int64_t block_left;
    uint8_t *packed, *plain;
    int64_t packed_room, plain_room, plain_at, plain_len;
    bool knows_frames, has_frames; /* LZ4: are they its own frames? */
    LZ4F_dctx *lz4;
};

/* Have unread bytes in raw, unless the file is at its end. */
WEFT_MUST_CHECK weft_status text_stream_fill(weft_ctx *ctx, weft_text_stream *s);
/* WEFT_CORRUPT with file and offset. */
weft_status text_stream_corrupt(weft_ctx *ctx, const weft_text_stream *s, const char *why);
/* decompress_block.c */
WEFT_MUST_CHECK weft_status text_block_read(weft_ctx *ctx, weft_text_stream *s, uint8_t *to, int64_t room,
                                            int64_t *got);
void text_block_deinit(weft_text_stream *s);

#endif
