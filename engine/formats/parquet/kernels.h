/* engine/formats/parquet/kernels.h - the inner loops of decoding, once per instruction set (kernels.isa.c).
 *
 * All read bits and codes as little-endian. Inputs of unpack may be read up to WEFT_PQ_SLACK bytes past the
 * last value; outputs are written exactly, but for unpack, which may write up to 7 values past n. */
#ifndef WEFT_FORMATS_PARQUET_KERNELS_H
#define WEFT_FORMATS_PARQUET_KERNELS_H

#include "engine/formats/source.h"

enum { WEFT_PQ_SLACK = 64 };

typedef struct weft_pq_kernels {
    /* n values of width bits (0..32), the first at bit `bit` of bits. */
    void (*unpack)(const uint8_t *bits, int64_t bit, int32_t width, uint32_t *out, int32_t n);
    uint32_t (*max_u32)(const uint32_t *codes, int32_t n); /* 0 for none */
    /* out[i] = values[codes[i]]; codes are in range. */
    void (*gather32)(const uint32_t *values, const uint32_t *codes, int32_t n, uint32_t *out);
    void (*gather64)(const uint64_t *values, const uint32_t *codes, int32_t n, uint64_t *out);
    void (*gather128)(const weft_str *values, const uint32_t *codes, int32_t n, weft_str *out);
    /* Positions i < n with keep[codes[i]] != 0, ascending; room for n. Returns their number. */
    int32_t (*select)(const uint8_t *keep, const uint32_t *codes, int32_t n, uint16_t *out);
    /* Of the rows positions[i] (or i, when NULL) those whose value may be a key, in order, to out, which may
     * be positions. The filter is not empty, its keys are integers. Returns their number. */
    int32_t (*keys32)(const weft_key_filter *keys, const int32_t *values, const uint16_t *positions,
                      int32_t n, uint16_t *out);
    int32_t (*keys64)(const weft_key_filter *keys, const int64_t *values, const uint16_t *positions,
                      int32_t n, uint16_t *out);
    /* Decompress raw snappy, all of from into exactly to_bytes at to; false when it is malformed or gives
     * another length: to may hold anything then. Both sides have WEFT_PQ_SLACK bytes after them. numbers: the
     * contents are eight-byte numbers; a hint that changes the speed only. Our own, as it is faster than the
     * library on columns; source: format_description.txt of google/snappy. */
    bool (*snappy)(const uint8_t *from, int64_t from_bytes, uint8_t *to, int64_t to_bytes, bool numbers);
} weft_pq_kernels;

bool weft_pq_snappy_base(const uint8_t *from, int64_t from_bytes, uint8_t *to, int64_t to_bytes,
                         bool numbers);
bool weft_pq_snappy_avx2(const uint8_t *from, int64_t from_bytes, uint8_t *to, int64_t to_bytes,
                         bool numbers);

extern const weft_pq_kernels weft_pq_kernels_base;
#ifdef WEFT_HAVE_AVX2
extern const weft_pq_kernels weft_pq_kernels_avx2;
#endif
/* The best table of this machine. */
const weft_pq_kernels *weft_pq_kernels_find(void);

/* key_test.c: the positions among positions[0..count) (NULL: all of count) whose key may be there, into out.
 */
int32_t weft_pq_test_keys(const weft_pq_kernels *kernels, const weft_key_filter *keys,
                          const weft_column *column, const uint16_t *positions, int32_t count, uint16_t *out);

#endif
