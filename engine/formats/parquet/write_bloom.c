/* engine/formats/parquet/write_bloom.c - see the header. Sources: BloomFilter.md; the XXH64 specification
 * (xxHash fast digest algorithm, version 0.1.1). */
#include "engine/formats/parquet/write_bloom.h"

#include <math.h>
#include <string.h>

#include "common/bloom.h"

static const uint64_t xxh_p1 = 0x9e3779b185ebca87u;
static const uint64_t xxh_p2 = 0xc2b2ae3d27d4eb4fu;
static const uint64_t xxh_p3 = 0x165667b19e3779f9u;
static const uint64_t xxh_p4 = 0x85ebca77c2b2ae63u;
static const uint64_t xxh_p5 = 0x27d4eb2f165667c5u;

static inline uint64_t xxh_rotate(uint64_t v, int n) { return v << n | v >> (64 - n); }
static inline uint64_t xxh_round(uint64_t lane, uint64_t input)
{
    return xxh_rotate(lane + input * xxh_p2, 31) * xxh_p1;
}
static inline uint64_t xxh_merge(uint64_t hash, uint64_t lane)
{
    return (hash ^ xxh_round(0, lane)) * xxh_p1 + xxh_p4;
}
static inline uint64_t xxh_read8(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

uint64_t weft_pqw_xxh64(const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    size_t left = len;
    uint64_t hash = xxh_p5;
    if (left >= 32) {
        uint64_t lane[4] = {xxh_p1 + xxh_p2, xxh_p2, 0, 0 - xxh_p1};
        for (; left >= 32; left -= 32, p += 32) {
            for (int i = 0; i < 4; i++) lane[i] = xxh_round(lane[i], xxh_read8(p + 8 * i));
        }
        hash = xxh_rotate(lane[0], 1) + xxh_rotate(lane[1], 7) + xxh_rotate(lane[2], 12) +
               xxh_rotate(lane[3], 18);
        for (int i = 0; i < 4; i++) hash = xxh_merge(hash, lane[i]);
    }
    hash += len;
    for (; left >= 8; left -= 8, p += 8) {
        hash = xxh_rotate(hash ^ xxh_round(0, xxh_read8(p)), 27) * xxh_p1 + xxh_p4;
    }
    if (left >= 4) {
        uint32_t word;
        memcpy(&word, p, 4);
        hash = xxh_rotate(hash ^ word * xxh_p1, 23) * xxh_p2 + xxh_p3;
        p += 4;
        left -= 4;
    }
    for (; left > 0; left--, p++) hash = xxh_rotate(hash ^ *p * xxh_p5, 11) * xxh_p1;
    hash = (hash ^ hash >> 33) * xxh_p2;
    hash = (hash ^ hash >> 29) * xxh_p3;
    return hash ^ hash >> 32;
}

weft_status weft_pqw_bloom_init(weft_ctx *ctx, int64_t distinct, double false_positives, int64_t max_bytes,
                                weft_pqw_bloom *out)
{
    const double bits = -8.0 * (double)weft_max_i64(distinct, 1) / log(1.0 - pow(false_positives, 1.0 / 8));
    const int64_t bytes = bits / 8 < (double)max_bytes ? (int64_t)(bits / 8) + 1 : max_bytes;
    *out = (weft_pqw_bloom){0};
    out->bytes = (int64_t)weft_pow2_ceil((uint64_t)weft_max_i64(bytes, 32));
    if (out->bytes > max_bytes && out->bytes > 32) out->bytes /= 2; /* max_bytes was no power of two */
    return weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)out->bytes, (void **)&out->words);
}

static inline uint32_t *bloom_block(const weft_pqw_bloom *bloom, uint64_t hash)
{
    const uint64_t blocks = (uint64_t)bloom->bytes / 32;
    return bloom->words + ((hash >> 32) * blocks >> 32) * 8;
}

void weft_pqw_bloom_add(weft_pqw_bloom *bloom, const void *bytes, size_t len)
{
    const uint64_t hash = weft_pqw_xxh64(bytes, len);
    weft_bloom_block_insert(bloom_block(bloom, hash), hash);
}

bool weft_pqw_bloom_test(const weft_pqw_bloom *bloom, const void *bytes, size_t len)
{
    const uint64_t hash = weft_pqw_xxh64(bytes, len);
    return weft_bloom_block_test(bloom_block(bloom, hash), hash);
}

/* A block's place is the high part of hash × blocks: with half the blocks, blocks 2i and 2i + 1 become block
 * i. The share p of set bits becomes 1 - (1 - p)²; a test asks eight bits, so the rate is about p⁸. */
void weft_pqw_bloom_fold(weft_pqw_bloom *bloom, double false_positives)
{
    int64_t set = 0;
    for (int64_t i = 0; i < bloom->bytes / 4; i++) set += __builtin_popcount(bloom->words[i]);
    double share = (double)set / (double)(bloom->bytes * 8);
    for (;;) {
        const double folded = 1 - (1 - share) * (1 - share);
        /* Half of the rate: blocks differ in how full they are, and the fullest weigh most. */
        if (bloom->bytes < 64 || pow(folded, 8) > false_positives / 2) break;
        const int64_t words = bloom->bytes / 8;
        for (int64_t i = 0; i < words; i++) {
            const int64_t from = i / 8 * 16 + i % 8;
            bloom->words[i] = bloom->words[from] | bloom->words[from + 8];
        }
        bloom->bytes /= 2;
        share = folded;
    }
}

void weft_pqw_bloom_deinit(weft_pqw_bloom *bloom)
{
    weft_mem_free(bloom->words);
    *bloom = (weft_pqw_bloom){0};
}
