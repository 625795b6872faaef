/* engine/formats/text/decompress.c - names of codecs, and the streams of zlib, zstd and bzip2.
 *
 * Hadoop's block framing and LZ4 are in decompress_block.c. Memory: 256 KiB of compressed bytes, and what the
 * library keeps (a zstd window of at most 128 MiB). */
#include <bzlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>

#include "engine/formats/text/decompress_internal.h"

static const struct codec_name {
    const char *name, *extension, *hadoop;
} codec_names[WEFT_TEXT_CODEC_COUNT] = {
    [WEFT_TEXT_PLAIN] = {"none", "", ""},
    [WEFT_TEXT_GZIP] = {"gzip", ".gz", "GzipCodec"},
    [WEFT_TEXT_DEFLATE] = {"deflate", ".deflate", "DeflateCodec"},
    [WEFT_TEXT_ZSTD] = {"zstd", ".zst", "ZStandardCodec"},
    [WEFT_TEXT_BZIP2] = {"bzip2", ".bz2", "BZip2Codec"},
    [WEFT_TEXT_SNAPPY] = {"snappy", ".snappy", "SnappyCodec"},
    [WEFT_TEXT_LZ4] = {"lz4", ".lz4", "Lz4Codec"},
};

weft_status weft_text_codec_read(weft_ctx *ctx, const char *name, weft_text_codec *codec)
{
    static const char package[] = "org.apache.hadoop.io.compress.";
    const bool is_class = strncmp(name, package, sizeof package - 1) == 0;
    *codec = WEFT_TEXT_PLAIN;
    if (strcasecmp(name, "uncompressed") == 0) return WEFT_OK;
    for (int32_t i = 0; i < WEFT_TEXT_CODEC_COUNT; i++) {
        if (is_class ? strcmp(name + sizeof package - 1, codec_names[i].hadoop) != 0
                     : strcasecmp(name, codec_names[i].name) != 0)
            continue;
        *codec = (weft_text_codec)i;
        return WEFT_OK;
    }
    return weft_fail(
        ctx, WEFT_CODEC,
        "The codec %s is not available. Available codecs are bzip2, deflate, uncompressed, snappy, "
        "none, lz4, gzip, zstd.",
        name);
}

weft_text_codec weft_text_codec_of_path(const char *path)
{
    const size_t len = strlen(path);
    for (int32_t i = 1; i < WEFT_TEXT_CODEC_COUNT; i++) {
        const size_t n = strlen(codec_names[i].extension);
        if (len >= n && strcmp(path + len - n, codec_names[i].extension) == 0) return (weft_text_codec)i;
    }
    return WEFT_TEXT_PLAIN;
}

const char *weft_text_codec_name(weft_text_codec codec) { return codec_names[codec].name; }
const char *weft_text_codec_extension(weft_text_codec codec) { return codec_names[codec].extension; }

weft_status text_stream_fill(weft_ctx *ctx, weft_text_stream *s)
{
    weft_status st = WEFT_OK;
    int64_t got = 0;
    if (s->at < s->len || s->is_at_end) return WEFT_OK;
    s->before += s->len;
    s->at = s->len = 0;
    WEFT_TRY(st, s->source(ctx, s->self, s->raw, TEXT_STREAM_RAW_BYTES, &got));
    s->len = got;
    s->is_at_end = got == 0;
done:
    return st;
}

weft_status text_stream_corrupt(weft_ctx *ctx, const weft_text_stream *s, const char *why)
{
    return weft_fail(ctx, WEFT_CORRUPT, "file %s, about byte %lld: the %s data is damaged: %s", s->name,
                     (long long)(s->before + s->at), weft_text_codec_name(s->codec), why);
}

/* ---- zlib: gzip and deflate ---- */

static weft_status zlib_read(weft_ctx *ctx, weft_text_stream *s, uint8_t *to, int64_t room, int64_t *got)
{
    weft_status st = WEFT_OK;
    z_stream *z = &s->zlib;
    while (*got == 0) {
        WEFT_TRY(st, text_stream_fill(ctx, s));
        if (s->at == s->len) {
            if (s->is_between) break;
            return text_stream_corrupt(ctx, s, "it ends in the middle");
        }
        if (s->is_between && s->is_open) {
            /* zero bytes between members pad what tapes and some writers hold */
            while (s->at < s->len && s->raw[s->at] == 0) s->at++;
            if (s->at == s->len) continue;
            inflateReset(z);
        }
        s->is_open = true;
        s->is_between = false;
        z->next_in = s->raw + s->at;
        z->avail_in = (uInt)(s->len - s->at);
        z->next_out = to;
        z->avail_out = (uInt)weft_min_i64(room, 1 << 30);
        const uInt before = z->avail_out;
        const int code = inflate(z, Z_NO_FLUSH);
        s->at = s->len - z->avail_in;
        *got = before - z->avail_out;
        if (code == Z_STREAM_END) {
            s->is_between = true;
        } else if (code == Z_MEM_ERROR) {
            return weft_fail(ctx, WEFT_NOMEM, "zlib has no memory to read %s", s->name);
        } else if (code != Z_OK && code != Z_BUF_ERROR) {
            return text_stream_corrupt(ctx, s, z->msg != NULL ? z->msg : "it cannot be read");
        }
    }
done:
    return st;
}

/* ---- zstd ---- */

static weft_status zstd_read(weft_ctx *ctx, weft_text_stream *s, uint8_t *to, int64_t room, int64_t *got)
{
    weft_status st = WEFT_OK;
    while (*got == 0) {
        WEFT_TRY(st, text_stream_fill(ctx, s));
        if (s->at == s->len && s->is_between) break;
        ZSTD_inBuffer in = {.src = s->raw + s->at, .size = (size_t)(s->len - s->at)};
        ZSTD_outBuffer out = {.dst = to, .size = (size_t)room};
        const size_t code = ZSTD_decompressStream(s->zstd, &out, &in);
        s->at += (int64_t)in.pos;
        *got = (int64_t)out.pos;
        if (ZSTD_isError(code)) return text_stream_corrupt(ctx, s, ZSTD_getErrorName(code));
        s->is_between = code == 0;
        if (code != 0 && s->is_at_end && out.pos == 0)
            return text_stream_corrupt(ctx, s, "it ends in the middle");
    }
done:
    return st;
}

/* ---- bzip2 ---- */

static weft_status bzip2_read(weft_ctx *ctx, weft_text_stream *s, uint8_t *to, int64_t room, int64_t *got)
{
    weft_status st = WEFT_OK;
    bz_stream *b = &s->bzip2;
    while (*got == 0) {
        WEFT_TRY(st, text_stream_fill(ctx, s));
        if (s->at == s->len) {
            if (s->is_between) break;
            return text_stream_corrupt(ctx, s, "it ends in the middle");
        }
        if (s->is_between) {
            if (s->is_open) BZ2_bzDecompressEnd(b);
            s->is_open = false;
            memset(b, 0, sizeof *b);
            if (BZ2_bzDecompressInit(b, 0, 0) != BZ_OK)
                return weft_fail(ctx, WEFT_NOMEM, "bzip2 has no memory to read %s", s->name);
            s->is_open = true;
            s->is_between = false;
        }
        b->next_in = (char *)s->raw + s->at;
        b->avail_in = (unsigned)(s->len - s->at);
        b->next_out = (char *)to;
        b->avail_out = (unsigned)weft_min_i64(room, 1 << 30);
        const unsigned before = b->avail_out;
        const int code = BZ2_bzDecompress(b);
        s->at = s->len - b->avail_in;
        *got = before - b->avail_out;
        if (code == BZ_STREAM_END) {
            s->is_between = true;
        } else if (code == BZ_MEM_ERROR) {
            return weft_fail(ctx, WEFT_NOMEM, "bzip2 has no memory to read %s", s->name);
        } else if (code != BZ_OK) {
            return text_stream_corrupt(ctx, s, "it cannot be read, or its checksum is wrong");
        }
    }
done:
    return st;
}

/* ---- all ---- */

static weft_status stream_begin(weft_ctx *ctx, weft_text_stream *s)
{
    enum { GZIP_WINDOW = 15 + 16, ZLIB_WINDOW = 15, ZSTD_WINDOW_LOG_MAX = 27 };
    s->is_between = true;
    if (s->codec == WEFT_TEXT_GZIP || s->codec == WEFT_TEXT_DEFLATE) {
        if (inflateInit2(&s->zlib, s->codec == WEFT_TEXT_GZIP ? GZIP_WINDOW : ZLIB_WINDOW) != Z_OK)
            return weft_fail(ctx, WEFT_NOMEM, "zlib has no memory to read %s", s->name);
        s->has_zlib = true;
    } else if (s->codec == WEFT_TEXT_ZSTD) {
        s->zstd = ZSTD_createDCtx();
        if (s->zstd == NULL) return weft_fail(ctx, WEFT_NOMEM, "zstd has no memory to read %s", s->name);
        ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
    }
    return WEFT_OK;
}

weft_status weft_text_stream_open(weft_ctx *ctx, weft_text_codec codec, const char *name,
                                  weft_text_source *source, void *self, weft_text_stream **out)
{
    weft_status st = WEFT_OK;
    weft_text_stream *s = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->codec = codec;
    s->name = name;
    s->source = source;
    s->self = self;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, TEXT_STREAM_RAW_BYTES, (void **)&s->raw));
    WEFT_TRY(st, stream_begin(ctx, s));
    *out = s;
    s = NULL;
done:
    weft_text_stream_close(&s);
    return st;
}

weft_status weft_text_stream_read(weft_ctx *ctx, weft_text_stream *s, uint8_t *to, int64_t room, int64_t *got)
{
    *got = 0;
    switch (s->codec) {
    case WEFT_TEXT_GZIP:
    case WEFT_TEXT_DEFLATE: return zlib_read(ctx, s, to, room, got);
    case WEFT_TEXT_ZSTD: return zstd_read(ctx, s, to, room, got);
    case WEFT_TEXT_BZIP2: return bzip2_read(ctx, s, to, room, got);
    case WEFT_TEXT_SNAPPY:
    case WEFT_TEXT_LZ4: return text_block_read(ctx, s, to, room, got);
    case WEFT_TEXT_PLAIN:
    case WEFT_TEXT_CODEC_COUNT: break;
    }
    return weft_fail(ctx, WEFT_INTERNAL, "no stream of codec %d", (int)s->codec);
}

void weft_text_stream_close(weft_text_stream **stream)
{
    weft_text_stream *s = *stream;
    if (s == NULL) return;
    if (s->has_zlib) inflateEnd(&s->zlib);
    ZSTD_freeDCtx(s->zstd);
    if (s->codec == WEFT_TEXT_BZIP2 && s->is_open) BZ2_bzDecompressEnd(&s->bzip2);
    text_block_deinit(s);
    weft_mem_free(s->raw);
    weft_mem_free(s);
    *stream = NULL;
}
