/* engine/formats/parquet/codec.h - page codecs: one state a lane, reused page after page. */
#ifndef WEFT_FORMATS_PARQUET_CODEC_H
#define WEFT_FORMATS_PARQUET_CODEC_H

#include "common/mem.h"
#include "engine/formats/parquet/kernels.h"
#include "engine/formats/parquet/spec.h"

/* Decompressors that keep state between pages; zeroed but for kernels is valid. */
typedef struct weft_pq_codecs {
    const weft_pq_kernels *kernels;
    void *zstd; /* ZSTD_DCtx */
    void *zlib; /* z_stream */
} weft_pq_codecs;

/* Decompress all of from into exactly to_bytes at to. numbers: as for the snappy kernel. WEFT_OK; WEFT_NOMEM;
 * WEFT_UNSUPPORTED for a codec that is not known; WEFT_CORRUPT (without a message: the caller knows file and
 * page) for bytes that do not give to_bytes. from and to have WEFT_PQ_SLACK readable (and writable) bytes
 * after their end. */
WEFT_MUST_CHECK weft_status weft_pq_decompress(weft_ctx *ctx, weft_pq_codecs *codecs, weft_pq_codec codec,
                                               const uint8_t *from, int64_t from_bytes, uint8_t *to,
                                               int64_t to_bytes, bool numbers);
void weft_pq_codecs_deinit(weft_pq_codecs *codecs);
const char *weft_pq_codec_name(int codec);

#endif
