/* engine/formats/parquet/compress.c - snappy, gzip, zstd, LZ4_RAW and brotli behind one call. */
#include "engine/formats/parquet/compress.h"

#include <brotli/encode.h>
#include <lz4.h>
#include <snappy-c.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>

static const struct {
    const char *name;
    weft_pq_codec codec;
} codec_names[] = {
    {"none", WEFT_PQ_UNCOMPRESSED}, {"uncompressed", WEFT_PQ_UNCOMPRESSED},
    {"snappy", WEFT_PQ_SNAPPY},     {"gzip", WEFT_PQ_GZIP},
    {"zstd", WEFT_PQ_ZSTD},         {"lz4_raw", WEFT_PQ_LZ4_RAW},
    {"lz4raw", WEFT_PQ_LZ4_RAW},    {"lz4", WEFT_PQ_LZ4_RAW}, /* the framed LZ4 is deprecated */
    {"brotli", WEFT_PQ_BROTLI},
};

bool weft_pqw_codec_find(const char *name, weft_pq_codec *codec)
{
    for (int32_t i = 0; i < WEFT_COUNT(codec_names); i++) {
        if (strcasecmp(name, codec_names[i].name) != 0) continue;
        *codec = codec_names[i].codec;
        return true;
    }
    return false;
}

int weft_pqw_codec_level(weft_pq_codec codec)
{
    switch (codec) {
    case WEFT_PQ_ZSTD: return 3;   /* zstd's and Spark's own */
    case WEFT_PQ_GZIP: return 6;   /* zlib's own */
    case WEFT_PQ_BROTLI: return 5; /* above it brotli is slower than any disk */
    case WEFT_PQ_UNCOMPRESSED:
    case WEFT_PQ_SNAPPY:
    case WEFT_PQ_LZO:
    case WEFT_PQ_LZ4:
    case WEFT_PQ_LZ4_RAW: break;
    }
    return 0;
}

static weft_status compress_failed(weft_ctx *ctx, const char *codec, int64_t len, const char *reason)
{
    return weft_fail(ctx, WEFT_INTERNAL, "%s could not compress a page of %lld bytes: %s.", codec,
                     (long long)len, reason);
}

static weft_status compress_snappy(weft_ctx *ctx, const void *data, size_t len, weft_bytes *out)
{
    weft_status st = WEFT_OK;
    size_t size = snappy_max_compressed_length(len);
    WEFT_TRY(st, weft_bytes_reserve(ctx, out, (int64_t)size));
    if (snappy_compress(data, len, (char *)out->data, &size) != SNAPPY_OK) {
        st = compress_failed(ctx, "snappy", (int64_t)len, "unknown reason");
        goto done;
    }
    out->len = (int64_t)size;
done:
    return st;
}

static weft_status compress_gzip(weft_ctx *ctx, const void *data, size_t len, int level, weft_bytes *out)
{
    weft_status st = WEFT_OK;
    z_stream stream = {0};
    /* 15 bits of window, 16: with the header of gzip. */
    if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return weft_fail(ctx, WEFT_NOMEM, "No memory for gzip.");
    }
    WEFT_TRY(st, weft_bytes_reserve(ctx, out, (int64_t)deflateBound(&stream, len)));
    stream.next_in = (Bytef *)(uintptr_t)data;
    stream.avail_in = (uInt)len;
    stream.next_out = out->data;
    stream.avail_out = (uInt)weft_min_i64(out->capacity, UINT32_MAX);
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END) {
        st = compress_failed(ctx, "gzip", (int64_t)len, stream.msg != NULL ? stream.msg : "unknown reason");
        goto done;
    }
    out->len = (int64_t)stream.total_out;
done:
    deflateEnd(&stream);
    return st;
}

static weft_status compress_zstd(weft_ctx *ctx, weft_pqw_compressor *c, const void *data, size_t len,
                                 weft_bytes *out)
{
    weft_status st = WEFT_OK;
    if (c->state == NULL) c->state = ZSTD_createCCtx();
    if (c->state == NULL) return weft_fail(ctx, WEFT_NOMEM, "No memory for zstd.");
    WEFT_TRY(st, weft_bytes_reserve(ctx, out, (int64_t)ZSTD_compressBound(len)));
    const size_t size = ZSTD_compressCCtx(c->state, out->data, (size_t)out->capacity, data, len, c->level);
    if (ZSTD_isError(size)) {
        st = compress_failed(ctx, "zstd", (int64_t)len, ZSTD_getErrorName(size));
        goto done;
    }
    out->len = (int64_t)size;
done:
    return st;
}

static weft_status compress_lz4(weft_ctx *ctx, const void *data, size_t len, weft_bytes *out)
{
    weft_status st = WEFT_OK;
    if (len > LZ4_MAX_INPUT_SIZE) {
        return weft_fail(ctx, WEFT_LIMIT, "A page of %zu bytes is more than LZ4 takes.", len);
    }
    WEFT_TRY(st, weft_bytes_reserve(ctx, out, LZ4_compressBound((int)len)));
    const int room = (int)weft_min_i64(out->capacity, INT32_MAX);
    const int size = LZ4_compress_default(data, (char *)out->data, (int)len, room);
    if (size <= 0) {
        st = compress_failed(ctx, "LZ4", (int64_t)len, "unknown reason");
        goto done;
    }
    out->len = size;
done:
    return st;
}

static weft_status compress_brotli(weft_ctx *ctx, const void *data, size_t len, int level, weft_bytes *out)
{
    weft_status st = WEFT_OK;
    /* The library's bound holds from quality 2 on; a little more serves the others. */
    WEFT_TRY(st,
             weft_bytes_reserve(ctx, out, (int64_t)(BrotliEncoderMaxCompressedSize(len) + len / 8 + 1024)));
    size_t size = (size_t)out->capacity;
    if (BrotliEncoderCompress(level, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, len, data, &size,
                              out->data) != BROTLI_TRUE) {
        st = compress_failed(ctx, "brotli", (int64_t)len, "unknown reason");
        goto done;
    }
    out->len = (int64_t)size;
done:
    return st;
}

weft_status weft_pqw_compress(weft_ctx *ctx, weft_pqw_compressor *compressor, const void *data, int64_t len,
                              weft_bytes *out)
{
    if (len > INT32_MAX) {
        return weft_fail(ctx, WEFT_LIMIT, "A Parquet page of %lld bytes is more than 2 GiB.", (long long)len);
    }
    out->len = 0;
    switch (compressor->codec) {
    case WEFT_PQ_UNCOMPRESSED: return weft_bytes_append(ctx, out, data, len);
    case WEFT_PQ_SNAPPY: return compress_snappy(ctx, data, (size_t)len, out);
    case WEFT_PQ_GZIP: return compress_gzip(ctx, data, (size_t)len, compressor->level, out);
    case WEFT_PQ_ZSTD: return compress_zstd(ctx, compressor, data, (size_t)len, out);
    case WEFT_PQ_LZ4_RAW: return compress_lz4(ctx, data, (size_t)len, out);
    case WEFT_PQ_BROTLI: return compress_brotli(ctx, data, (size_t)len, compressor->level, out);
    case WEFT_PQ_LZO:
    case WEFT_PQ_LZ4: break;
    }
    return weft_fail(ctx, WEFT_UNSUPPORTED, "Parquet codec %d cannot be written.", (int)compressor->codec);
}

void weft_pqw_compressor_deinit(weft_pqw_compressor *compressor)
{
    if (compressor->state != NULL) ZSTD_freeCCtx(compressor->state);
    compressor->state = NULL;
}
