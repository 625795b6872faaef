/* engine/formats/parquet/hybrid.h - the RLE / bit-packed hybrid: levels, dictionary codes, booleans.
 *
 * A cursor over the runs of one page; it goes forward only. The bytes have WEFT_PQ_SLACK readable bytes after
 * them. Source: Encodings.md of apache/parquet-format, "Run Length Encoding / Bit-Packing Hybrid". */
#ifndef WEFT_FORMATS_PARQUET_HYBRID_H
#define WEFT_FORMATS_PARQUET_HYBRID_H

#include "engine/formats/parquet/kernels.h"

typedef struct weft_pq_hybrid {
    const weft_pq_kernels *kernels;
    const uint8_t *at, *end; /* next run's header */
    const uint8_t *bits;     /* packed run: its bytes */
    int64_t bit;             /* packed run: of the next value */
    int32_t width;           /* bits of a value, 0..32 */
    int32_t left;            /* values left in the current run */
    bool packed;
    uint32_t value; /* RLE run */
} weft_pq_hybrid;

void weft_pq_hybrid_init(weft_pq_hybrid *h, const weft_pq_kernels *kernels, const uint8_t *bytes, int64_t len,
                         int32_t width);
/* False when the runs end before n values. read may write up to 7 values past n. */
bool weft_pq_hybrid_read(weft_pq_hybrid *h, uint32_t *out, int32_t n);
bool weft_pq_hybrid_skip(weft_pq_hybrid *h, int64_t n);
/* The values at the given offsets from the cursor (ascending), which ends behind the last one. */
bool weft_pq_hybrid_pick(weft_pq_hybrid *h, const uint32_t *offsets, int32_t count, uint32_t *out);
/* n values of width 1 as bits [at, at + n) of map; the number of ones is added to *ones. */
bool weft_pq_hybrid_bits(weft_pq_hybrid *h, uint64_t *map, int64_t at, int64_t n, int64_t *ones);

#endif
