/* engine/formats/parquet/write_bloom.h - split-block bloom filters as BloomFilter.md of parquet-format 2.11
 * has them.
 *
 * The hash is XXH64 (seed 0) of a value's PLAIN bytes without a length. */
#ifndef WEFT_FORMATS_PARQUET_WRITE_BLOOM_H
#define WEFT_FORMATS_PARQUET_WRITE_BLOOM_H

#include "common/mem.h"

typedef struct weft_pqw_bloom {
    uint32_t *words; /* blocks of eight; NULL: none */
    int64_t bytes;   /* a power of two, at least 32 */
} weft_pqw_bloom;

/* An empty filter for `distinct` values at this rate of false positives, at most max_bytes large. */
WEFT_MUST_CHECK weft_status weft_pqw_bloom_init(weft_ctx *ctx, int64_t distinct, double false_positives,
                                                int64_t max_bytes, weft_pqw_bloom *out);
void weft_pqw_bloom_add(weft_pqw_bloom *bloom, const void *bytes, size_t len);
bool weft_pqw_bloom_test(const weft_pqw_bloom *bloom, const void *bytes, size_t len);
/* Halve the filter while it still keeps this rate: it was made before the number of values was known. */
void weft_pqw_bloom_fold(weft_pqw_bloom *bloom, double false_positives);
void weft_pqw_bloom_deinit(weft_pqw_bloom *bloom);

/* XXH64 with seed 0. */
uint64_t weft_pqw_xxh64(const void *bytes, size_t len);

#endif
