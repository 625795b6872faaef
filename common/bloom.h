/* common/bloom.h - split-block bloom filters of hashes, inline for the loops that ask them.
 *
 * A block is 256 bits. The high half of the hash names the block, the low half, times eight odd salts, one
 * bit in each of its eight words: lanes of one vector where the instruction set has them. Shape and salts:
 * BloomFilter.md of apache/parquet-format. */
#ifndef WEFT_COMMON_BLOOM_H
#define WEFT_COMMON_BLOOM_H

#include <stdbool.h>
#include <stdint.h>

enum { WEFT_BLOOM_WORDS = 8 };

static const uint32_t weft_bloom_salts[WEFT_BLOOM_WORDS] = {
    0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du, 0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};

/* The bits of the low half of a hash within its block. */
static inline void weft_bloom_block_insert(uint32_t *block, uint64_t hash)
{
    for (int i = 0; i < WEFT_BLOOM_WORDS; i++)
        block[i] |= (uint32_t)1 << (((uint32_t)hash * weft_bloom_salts[i]) >> 27);
}

static inline bool weft_bloom_block_test(const uint32_t *block, uint64_t hash)
{
    uint32_t missing = 0;
    for (int i = 0; i < WEFT_BLOOM_WORDS; i++)
        missing |= ~block[i] & (uint32_t)1 << (((uint32_t)hash * weft_bloom_salts[i]) >> 27);
    return missing == 0;
}

/* Filters of a power of two of blocks. block_mask: their number less one. */
static inline void weft_bloom_insert(void *blocks, uint64_t block_mask, uint64_t hash)
{
    weft_bloom_block_insert((uint32_t *)blocks + ((hash >> 32) & block_mask) * WEFT_BLOOM_WORDS, hash);
}

/* False: the hash was not inserted. */
static inline bool weft_bloom_test(const void *blocks, uint64_t block_mask, uint64_t hash)
{
    return weft_bloom_block_test((const uint32_t *)blocks + ((hash >> 32) & block_mask) * WEFT_BLOOM_WORDS,
                                 hash);
}

#endif
