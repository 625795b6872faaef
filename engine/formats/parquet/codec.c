/* engine/formats/parquet/codec.c - page codecs over the system's libraries, with memory from the lane's
 * account. */
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_customMem: all heap goes through weft_mem */
#include "engine/formats/parquet/codec.h"

#include <brotli/decode.h>
#include <lz4.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static void *codec_alloc(void *opaque, size_t bytes)
{
    void *block = NULL;
    weft_status st = weft_mem_alloc(opaque, WEFT_MEM_WORKING, bytes > 0 ? bytes : 1, &block);
    return st == WEFT_OK ? block : NULL;
}

static void codec_free(void *opaque, void *block)
{
    (void)opaque;
    weft_mem_free(block);
}

static void *codec_zlib_alloc(void *opaque, uInt items, uInt size)
{
    return codec_alloc(opaque, (size_t)items * size);
}

static weft_status codec_zstd(weft_ctx *ctx, weft_pq_codecs *codecs, const uint8_t *from, int64_t from_bytes,
                              uint8_t *to, int64_t to_bytes)
{
    if (codecs->zstd == NULL) {
        const ZSTD_customMem memory = {.customAlloc = codec_alloc, .customFree = codec_free, .opaque = ctx};
        codecs->zstd = ZSTD_createDCtx_advanced(memory);
        if (codecs->zstd == NULL) return weft_fail(ctx, WEFT_NOMEM, "no memory for a zstd decompressor");
    }
    const size_t got = ZSTD_decompressDCtx(codecs->zstd, to, (size_t)to_bytes, from, (size_t)from_bytes);
    return ZSTD_isError(got) || got != (size_t)to_bytes ? WEFT_CORRUPT : WEFT_OK;
}

static weft_status codec_gzip(weft_ctx *ctx, weft_pq_codecs *codecs, const uint8_t *from, int64_t from_bytes,
                              uint8_t *to, int64_t to_bytes)
{
    weft_status st = WEFT_OK;
    z_stream *z = codecs->zlib;
    if (z == NULL) {
        WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *z, &codecs->zlib));
        z = codecs->zlib;
        *z = (z_stream){.zalloc = codec_zlib_alloc, .zfree = codec_free, .opaque = ctx};
        if (inflateInit2(z, 15 + 32) != Z_OK) { /* 32: gzip or zlib header, as found */
            weft_mem_free(codecs->zlib);
            codecs->zlib = NULL;
            st = weft_fail(ctx, WEFT_NOMEM, "no memory for a gzip decompressor");
            goto done;
        }
    }
    z->opaque = ctx;
    z->next_in = (Bytef *)(uintptr_t)from;
    z->avail_in = (uInt)from_bytes;
    z->next_out = to;
    z->avail_out = (uInt)to_bytes;
    int result = Z_STREAM_END;
    while (result == Z_STREAM_END && z->avail_in > 0) { /* members may follow each other */
        if (inflateReset(z) != Z_OK) break;
        result = inflate(z, Z_FINISH);
    }
    st = result == Z_STREAM_END && z->avail_out == 0 ? WEFT_OK : WEFT_CORRUPT;
done:
    return st;
}

static weft_status codec_brotli(weft_ctx *ctx, const uint8_t *from, int64_t from_bytes, uint8_t *to,
                                int64_t to_bytes)
{
    BrotliDecoderState *state = BrotliDecoderCreateInstance(codec_alloc, codec_free, ctx);
    if (state == NULL) return weft_fail(ctx, WEFT_NOMEM, "no memory for a brotli decompressor");
    size_t in_left = (size_t)from_bytes, out_left = (size_t)to_bytes;
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state, &in_left, &from, &out_left, &to, NULL);
    const bool whole = result == BROTLI_DECODER_RESULT_SUCCESS && out_left == 0 && in_left == 0;
    BrotliDecoderDestroyInstance(state);
    return whole ? WEFT_OK : WEFT_CORRUPT;
}

static weft_status codec_lz4_raw(const uint8_t *from, int64_t from_bytes, uint8_t *to, int64_t to_bytes)
{
    const int got = LZ4_decompress_safe((const char *)from, (char *)to, (int)from_bytes, (int)to_bytes);
    return got == to_bytes ? WEFT_OK : WEFT_CORRUPT;
}

static uint32_t codec_big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The deprecated LZ4: blocks framed as Hadoop does (sizes before each, big-endian); some writers left the
 * frame out. */
static weft_status codec_lz4_hadoop(const uint8_t *from, int64_t from_bytes, uint8_t *to, int64_t to_bytes)
{
    int64_t in = 0, out = 0;
    while (from_bytes - in >= 8) {
        const int64_t plain = codec_big_endian(from + in), packed = codec_big_endian(from + in + 4);
        if (packed > from_bytes - in - 8 || plain > to_bytes - out) break;
        if (codec_lz4_raw(from + in + 8, packed, to + out, plain) != WEFT_OK) break;
        in += 8 + packed;
        out += plain;
    }
    if (in == from_bytes && out == to_bytes) return WEFT_OK;
    return codec_lz4_raw(from, from_bytes, to, to_bytes);
}

weft_status weft_pq_decompress(weft_ctx *ctx, weft_pq_codecs *codecs, weft_pq_codec codec,
                               const uint8_t *from, int64_t from_bytes, uint8_t *to, int64_t to_bytes,
                               bool numbers)
{
    switch (codec) {
    case WEFT_PQ_UNCOMPRESSED:
        if (from_bytes != to_bytes) return WEFT_CORRUPT;
        memcpy(to, from, (size_t)to_bytes);
        return WEFT_OK;
    case WEFT_PQ_SNAPPY:
        return codecs->kernels->snappy(from, from_bytes, to, to_bytes, numbers) ? WEFT_OK : WEFT_CORRUPT;
    case WEFT_PQ_GZIP: return codec_gzip(ctx, codecs, from, from_bytes, to, to_bytes);
    case WEFT_PQ_BROTLI: return codec_brotli(ctx, from, from_bytes, to, to_bytes);
    case WEFT_PQ_LZ4: return codec_lz4_hadoop(from, from_bytes, to, to_bytes);
    case WEFT_PQ_ZSTD: return codec_zstd(ctx, codecs, from, from_bytes, to, to_bytes);
    case WEFT_PQ_LZ4_RAW: return codec_lz4_raw(from, from_bytes, to, to_bytes);
    case WEFT_PQ_LZO: break;
    }
    return weft_fail(ctx, WEFT_UNSUPPORTED, "Parquet codec %s", weft_pq_codec_name((int)codec));
}

void weft_pq_codecs_deinit(weft_pq_codecs *codecs)
{
    ZSTD_freeDCtx(codecs->zstd);
    if (codecs->zlib != NULL) inflateEnd(codecs->zlib);
    weft_mem_free(codecs->zlib);
    *codecs = (weft_pq_codecs){.kernels = codecs->kernels};
}

const char *weft_pq_codec_name(int codec)
{
    static const char *const names[] = {"none", "snappy", "gzip", "lzo", "brotli", "lz4", "zstd", "lz4_raw"};
    return codec >= 0 && codec < WEFT_COUNT(names) ? names[codec] : "unknown";
}
