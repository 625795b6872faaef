/* engine/formats/key_filter.c - split-block bloom filters of join keys; see source.h.
 *
 * The high half of the hash names the block, the low half, times eight odd salts, one bit in each of its
 * eight words (the shape of BloomFilter.md of apache/parquet-format). */
#include "engine/formats/source.h"

static const uint32_t bloom_salts[8] = {0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du,
                                        0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};

static inline uint32_t *bloom_block(const weft_key_filter *filter, uint64_t hash)
{
    return (uint32_t *)filter->bits + ((hash >> 32) & filter->block_mask) * 8;
}

void weft_bloom_insert(weft_key_filter *filter, uint64_t hash)
{
    uint32_t *block = bloom_block(filter, hash);
    for (int i = 0; i < 8; i++) block[i] |= (uint32_t)1 << (((uint32_t)hash * bloom_salts[i]) >> 27);
}

bool weft_bloom_test(const weft_key_filter *filter, uint64_t hash)
{
    const uint32_t *block = bloom_block(filter, hash);
    uint32_t missing = 0;
    for (int i = 0; i < 8; i++) {
        const uint32_t bit = (uint32_t)1 << (((uint32_t)hash * bloom_salts[i]) >> 27);
        missing |= ~block[i] & bit;
    }
    return missing == 0;
}
