/* engine/formats/text/decompress.h - compressed files as streams of bytes.
 *
 * gzip (several members, one after the other, as concatenated files have them), zlib's deflate, zstd (several
 * frames), bzip2 (several streams), and the block framing that Hadoop writes around raw snappy and LZ4, and
 * LZ4's own frames. A stream is used by one thread. Damage is an error with file and offset, never a shorter
 * answer: a stream that ends in the middle is damaged. */
#ifndef WEFT_FORMATS_TEXT_DECOMPRESS_H
#define WEFT_FORMATS_TEXT_DECOMPRESS_H

#include "common/mem.h"

typedef enum weft_text_codec {
    WEFT_TEXT_PLAIN,
    WEFT_TEXT_GZIP,
    WEFT_TEXT_DEFLATE,
    WEFT_TEXT_ZSTD,
    WEFT_TEXT_BZIP2,
    WEFT_TEXT_SNAPPY,
    WEFT_TEXT_LZ4,
    WEFT_TEXT_CODEC_COUNT
} weft_text_codec;

/* By the option `compression` in any case: none, uncompressed, gzip, deflate, zstd, bzip2, snappy, lz4, or
 * the name of Hadoop's class. Errors: WEFT_CODEC. */
WEFT_MUST_CHECK weft_status weft_text_codec_read(weft_ctx *ctx, const char *name, weft_text_codec *codec);
/* By a path's ending (.gz, .deflate, .zst, .bz2, .snappy, .lz4), as Hadoop does; else PLAIN. */
weft_text_codec weft_text_codec_of_path(const char *path);
const char *weft_text_codec_name(weft_text_codec codec);
const char *weft_text_codec_extension(weft_text_codec codec); /* ".gz"; "" for PLAIN */

typedef struct weft_text_stream weft_text_stream;

/* Read compressed bytes: up to `room` to `to`; *got 0 is the end of the file. */
typedef weft_status weft_text_source(weft_ctx *ctx, void *self, uint8_t *to, int64_t room, int64_t *got);

/* codec is not PLAIN. name: for messages, borrowed. The caller closes *out. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_text_stream_open(weft_ctx *ctx, weft_text_codec codec, const char *name,
                                                  weft_text_source *source, void *self,
                                                  weft_text_stream **out);
/* The next bytes, at most room; *got 0 is the end. Errors: WEFT_CORRUPT, WEFT_NOMEM, the source's. */
WEFT_MUST_CHECK weft_status weft_text_stream_read(weft_ctx *ctx, weft_text_stream *stream, uint8_t *to,
                                                  int64_t room, int64_t *got);
void weft_text_stream_close(weft_text_stream **stream);

#endif
