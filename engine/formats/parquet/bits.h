/* engine/formats/parquet/bits.h - ranges of bitmaps (layout of common/base.h). */
#ifndef WEFT_FORMATS_PARQUET_BITS_H
#define WEFT_FORMATS_PARQUET_BITS_H

#include <string.h>

#include "common/base.h"

/* Up to 64 bits from bit `at` of bytes, in the low bits; reads up to 9 bytes from there. */
static inline uint64_t weft_pq_bits_load(const uint8_t *bytes, int64_t at, int n)
{
    uint64_t word;
    memcpy(&word, bytes + (at >> 3), 8);
    const int shift = (int)(at & 7);
    word >>= shift;
    if (shift + n > 64) word |= (uint64_t)bytes[(at >> 3) + 8] << (64 - shift);
    return n == 64 ? word : word & (((uint64_t)1 << n) - 1);
}

/* Set bits [at, at + n) of map to the low n bits (n <= 64) of word, whose others are zero. */
static inline void weft_pq_bits_store(uint64_t *map, int64_t at, int n, uint64_t word)
{
    const int shift = (int)(at & 63);
    const uint64_t mask = n == 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1;
    uint64_t *to = map + (at >> 6);
    to[0] = (to[0] & ~(mask << shift)) | word << shift;
    if (shift + n > 64) to[1] = (to[1] & ~(mask >> (64 - shift))) | word >> (64 - shift);
}

static inline void weft_pq_bits_fill(uint64_t *map, int64_t at, int64_t n, bool value)
{
    while (n > 0) {
        const int part = (int)(n < 64 ? n : 64);
        const uint64_t ones = part == 64 ? UINT64_MAX : ((uint64_t)1 << part) - 1;
        weft_pq_bits_store(map, at, part, value ? ones : 0);
        at += part;
        n -= part;
    }
}

/* Copy n bits from bit `from` of bytes to bit `at` of map; the number of ones. bytes have 9 more readable
 * bytes. */
static inline int64_t weft_pq_bits_copy(uint64_t *map, int64_t at, const uint8_t *bytes, int64_t from,
                                        int64_t n)
{
    int64_t ones = 0;
    while (n > 0) {
        const int part = (int)(n < 64 ? n : 64);
        const uint64_t word = weft_pq_bits_load(bytes, from, part);
        weft_pq_bits_store(map, at, part, word);
        ones += __builtin_popcountll(word);
        at += part;
        from += part;
        n -= part;
    }
    return ones;
}

static inline int64_t weft_pq_bits_count(const uint64_t *map, int64_t from, int64_t n)
{
    int64_t ones = 0;
    for (; n > 0 && (from & 63) != 0; from++, n--) ones += weft_bit_get(map, from);
    for (; n >= 64; from += 64, n -= 64) ones += __builtin_popcountll(map[from >> 6]);
    if (n > 0) ones += __builtin_popcountll(map[from >> 6] & (((uint64_t)1 << n) - 1));
    return ones;
}

#endif
