/* engine/formats/text/pack.c - see pack.h. */
#include "engine/formats/text/pack.h"

#include <bzlib.h>
#include <lz4.h>
#include <snappy-c.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "engine/formats/text/encode.h"

enum {
    PACK_BYTES = 256 << 10,
    PACK_ROOM = 2 * PACK_BYTES, /* no codec makes a piece longer than that */
    PACK_ENCODED_BYTES = 4096,  /* of UTF-8 at a time */
    PACK_GZIP_WINDOW = 15 + 16,
    PACK_ZLIB_WINDOW = 15,
    PACK_ZSTD_LEVEL = 3,
    PACK_BZIP2_LEVEL = 9
};

struct weft_text_packer {
    weft_text_codec codec;
    weft_file_writer *file;
    uint8_t *plain, *packed;
    weft_encoder *encoder; /* NULL: UTF-8 */
    uint8_t *encoded;
    int64_t len; /* of plain */
    z_stream zlib;
    bool has_zlib;
    ZSTD_CCtx *zstd;
    bz_stream bzip2;
    bool has_bzip2;
};

static void packer_free(weft_text_packer **packer)
{
    weft_text_packer *p = *packer;
    if (p == NULL) return;
    if (p->has_zlib) deflateEnd(&p->zlib);
    if (p->has_bzip2) BZ2_bzCompressEnd(&p->bzip2);
    ZSTD_freeCCtx(p->zstd);
    weft_file_abandon(&p->file);
    weft_encoder_close(&p->encoder);
    weft_mem_free(p->encoded);
    weft_mem_free(p->plain);
    weft_mem_free(p->packed);
    weft_mem_free(p);
    *packer = NULL;
}

int64_t weft_text_packer_bytes(const weft_text_packer *p)
{
    return weft_file_written_bytes(p->file) + (p->codec == WEFT_TEXT_PLAIN ? p->len : 0);
}

static bool packer_begin(weft_text_packer *p)
{
    if (p->codec == WEFT_TEXT_GZIP || p->codec == WEFT_TEXT_DEFLATE) {
        const int window = p->codec == WEFT_TEXT_GZIP ? PACK_GZIP_WINDOW : PACK_ZLIB_WINDOW;
        p->has_zlib =
            deflateInit2(&p->zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK;
        return p->has_zlib;
    }
    if (p->codec == WEFT_TEXT_ZSTD) {
        p->zstd = ZSTD_createCCtx();
        if (p->zstd != NULL) ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, PACK_ZSTD_LEVEL);
        return p->zstd != NULL;
    }
    if (p->codec == WEFT_TEXT_BZIP2) {
        p->has_bzip2 = BZ2_bzCompressInit(&p->bzip2, PACK_BZIP2_LEVEL, 0, 0) == BZ_OK;
        return p->has_bzip2;
    }
    return true;
}

weft_status weft_text_packer_open(weft_ctx *ctx, weft_text_codec codec, const char *encoding,
                                  const char *path, weft_text_packer **out)
{
    weft_status st = WEFT_OK;
    weft_text_packer *p = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*p), (void **)&p));
    p->codec = codec;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, PACK_BYTES, (void **)&p->plain));
    if (codec != WEFT_TEXT_PLAIN)
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, PACK_ROOM, (void **)&p->packed));
    if (encoding != NULL) WEFT_TRY(st, weft_encoder_open(ctx, encoding, &p->encoder));
    if (p->encoder != NULL)
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING,
                                    PACK_ENCODED_BYTES * WEFT_ENCODER_GROWTH + WEFT_ENCODER_MORE,
                                    (void **)&p->encoded));
    if (!packer_begin(p)) {
        st = weft_fail(ctx, WEFT_NOMEM, "%s has no memory to write %s", weft_text_codec_name(codec), path);
        goto done;
    }
    WEFT_TRY(st, weft_file_create(ctx, path, &p->file));
    *out = p;
    p = NULL;
done:
    packer_free(&p);
    return st;
}

static weft_status fail_pack(weft_ctx *ctx, const weft_text_packer *p)
{
    return weft_fail(ctx, WEFT_INTERNAL, "%s could not pack %lld bytes", weft_text_codec_name(p->codec),
                     (long long)p->len);
}

static weft_status pack_zlib(weft_ctx *ctx, weft_text_packer *p, bool end)
{
    weft_status st = WEFT_OK;
    int code = Z_OK;
    p->zlib.next_in = p->plain;
    p->zlib.avail_in = (uInt)p->len;
    do {
        p->zlib.next_out = p->packed;
        p->zlib.avail_out = PACK_ROOM;
        code = deflate(&p->zlib, end ? Z_FINISH : Z_NO_FLUSH);
        if (code == Z_STREAM_ERROR) return fail_pack(ctx, p);
        WEFT_TRY(st, weft_file_append(ctx, p->file, p->packed, PACK_ROOM - p->zlib.avail_out));
    } while (p->zlib.avail_out == 0 || (end && code != Z_STREAM_END));
done:
    return st;
}

static weft_status pack_zstd(weft_ctx *ctx, weft_text_packer *p, bool end)
{
    weft_status st = WEFT_OK;
    ZSTD_inBuffer in = {.src = p->plain, .size = (size_t)p->len};
    size_t left = 1;
    while (in.pos < in.size || (end && left > 0)) {
        ZSTD_outBuffer out = {.dst = p->packed, .size = PACK_ROOM};
        left = ZSTD_compressStream2(p->zstd, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left)) return fail_pack(ctx, p);
        WEFT_TRY(st, weft_file_append(ctx, p->file, p->packed, (int64_t)out.pos));
    }
done:
    return st;
}

static weft_status pack_bzip2(weft_ctx *ctx, weft_text_packer *p, bool end)
{
    weft_status st = WEFT_OK;
    int code = BZ_RUN_OK;
    p->bzip2.next_in = (char *)p->plain;
    p->bzip2.avail_in = (unsigned)p->len;
    while (p->bzip2.avail_in > 0 || (end && code != BZ_STREAM_END)) {
        p->bzip2.next_out = (char *)p->packed;
        p->bzip2.avail_out = PACK_ROOM;
        code = BZ2_bzCompress(&p->bzip2, end ? BZ_FINISH : BZ_RUN);
        if (code < 0) return fail_pack(ctx, p);
        WEFT_TRY(st, weft_file_append(ctx, p->file, p->packed, PACK_ROOM - p->bzip2.avail_out));
    }
done:
    return st;
}

static void put_length(uint8_t *to, int64_t len)
{
    for (int32_t i = 0; i < 4; i++) to[i] = (uint8_t)(len >> (24 - 8 * i));
}

/* A block of Hadoop's: plain length, packed length, packed bytes. */
static weft_status pack_block(weft_ctx *ctx, weft_text_packer *p)
{
    size_t packed = PACK_ROOM - 8;
    if (p->len == 0) return WEFT_OK;
    if (p->codec == WEFT_TEXT_SNAPPY) {
        if (snappy_compress((const char *)p->plain, (size_t)p->len, (char *)p->packed + 8, &packed) !=
            SNAPPY_OK)
            return fail_pack(ctx, p);
    } else {
        const int n =
            LZ4_compress_default((const char *)p->plain, (char *)p->packed + 8, (int)p->len, (int)packed);
        if (n <= 0) return fail_pack(ctx, p);
        packed = (size_t)n;
    }
    put_length(p->packed, p->len);
    put_length(p->packed + 4, (int64_t)packed);
    return weft_file_append(ctx, p->file, p->packed, (int64_t)packed + 8);
}

static weft_status packer_flush(weft_ctx *ctx, weft_text_packer *p, bool end)
{
    weft_status st = WEFT_OK;
    switch (p->codec) {
    case WEFT_TEXT_GZIP:
    case WEFT_TEXT_DEFLATE: st = pack_zlib(ctx, p, end); break;
    case WEFT_TEXT_ZSTD: st = pack_zstd(ctx, p, end); break;
    case WEFT_TEXT_BZIP2: st = pack_bzip2(ctx, p, end); break;
    case WEFT_TEXT_SNAPPY:
    case WEFT_TEXT_LZ4: st = pack_block(ctx, p); break;
    case WEFT_TEXT_PLAIN:
    case WEFT_TEXT_CODEC_COUNT: st = weft_file_append(ctx, p->file, p->plain, p->len); break;
    }
    p->len = 0;
    return st;
}

static weft_status packer_put_bytes(weft_ctx *ctx, weft_text_packer *p, const void *data, int64_t len)
{
    weft_status st = WEFT_OK;
    const uint8_t *from = data;
    while (len > 0) {
        const int64_t n = weft_min_i64(len, PACK_BYTES - p->len);
        memcpy(p->plain + p->len, from, (size_t)n);
        p->len += n;
        from += n;
        len -= n;
        if (p->len == PACK_BYTES) WEFT_TRY(st, packer_flush(ctx, p, false));
    }
done:
    return st;
}

weft_status weft_text_packer_put(weft_ctx *ctx, weft_text_packer *p, const void *data, int64_t len)
{
    weft_status st = WEFT_OK;
    const uint8_t *from = data;
    if (p->encoder == NULL) return packer_put_bytes(ctx, p, data, len);
    while (len > 0) {
        const int64_t n = weft_min_i64(len, PACK_ENCODED_BYTES);
        const int64_t used = weft_encoder_put(p->encoder, from, n, p->encoded);
        WEFT_TRY(st, packer_put_bytes(ctx, p, p->encoded, used));
        from += n;
        len -= n;
    }
done:
    return st;
}

weft_status weft_text_packer_finish(weft_ctx *ctx, weft_text_packer **packer, int64_t *bytes)
{
    weft_status st = WEFT_OK;
    weft_text_packer *p = *packer;
    if (p->encoder != NULL) {
        const int64_t used = weft_encoder_finish(p->encoder, p->encoded);
        WEFT_TRY(st, packer_put_bytes(ctx, p, p->encoded, used));
    }
    WEFT_TRY(st, packer_flush(ctx, p, true));
    *bytes = weft_file_written_bytes(p->file);
    WEFT_TRY(st, weft_file_finish(ctx, &p->file));
done:
    packer_free(packer);
    return st;
}

void weft_text_packer_abandon(weft_text_packer **packer) { packer_free(packer); }
