/* engine/formats/parquet/compress.h - the codecs of written pages.
 *
 * A compressor keeps what a codec can reuse between pages; one thread at a time. */
#ifndef WEFT_FORMATS_PARQUET_COMPRESS_H
#define WEFT_FORMATS_PARQUET_COMPRESS_H

#include "engine/formats/parquet/bytes.h"
#include "engine/formats/parquet/spec.h"

typedef struct weft_pqw_compressor {
    weft_pq_codec codec;
    int level;   /* zstd, gzip, brotli */
    void *state; /* of zstd */
} weft_pqw_compressor;

/* The codec of a name ("snappy", "none", ...) in any case; false when the name is unknown. */
bool weft_pqw_codec_find(const char *name, weft_pq_codec *codec);
/* The level that a codec has when none is asked for. */
int weft_pqw_codec_level(weft_pq_codec codec);
/* Replace the contents of out by the compressed bytes. Errors: WEFT_NOMEM, WEFT_LIMIT (2 GiB), WEFT_INTERNAL.
 */
WEFT_MUST_CHECK weft_status weft_pqw_compress(weft_ctx *ctx, weft_pqw_compressor *compressor,
                                              const void *data, int64_t len, weft_bytes *out);
void weft_pqw_compressor_deinit(weft_pqw_compressor *compressor);

#endif
