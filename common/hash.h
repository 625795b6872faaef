/* common/hash.h - the hashes of the engine. Bit-identical on every machine: they decide partitions. */
#ifndef WEFT_COMMON_HASH_H
#define WEFT_COMMON_HASH_H

#include <string.h>

#include "common/base.h"

/* 64 x 64 -> 128 multiply, high and low half xored: the mixing step (folded multiply, as in wyhash). */
static inline uint64_t weft_hash_fold(uint64_t a, uint64_t b)
{
    const weft_u128 product = (weft_u128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static const uint64_t weft_hash_k0 = 0x9e3779b97f4a7c15ULL;   /* 2^64 / golden ratio, odd */
static const uint64_t weft_hash_k1 = 0xd6e8feb86659fd93ULL;   /* odd, balanced bits */
static const uint64_t weft_hash_k2 = 0x8bb84b93962eacc9ULL;   /* odd, balanced bits */
static const uint64_t weft_hash_null = 0x2545f4914f6cdd1dULL; /* the hash of NULL */

/* Hash of one 64-bit value. Good in both high bits (partitions) and low bits (slots): with one multiply less,
 * keys that differ in few high bits, as doubles do, fill slots unevenly (test_hash shows it). */
static inline uint64_t weft_hash_u64(uint64_t value)
{
    return weft_hash_fold(weft_hash_fold(value ^ weft_hash_k0, weft_hash_k1) ^ weft_hash_k0, weft_hash_k2);
}

/* Combine the hash of a row so far with the hash of its next key column. Not commutative. */
static inline uint64_t weft_hash_combine(uint64_t seed, uint64_t hash)
{
    return weft_hash_fold(seed ^ hash ^ weft_hash_k1, weft_hash_k0 + (seed << 1));
}

/* Hash of a byte string of at most 12 bytes that lies as in a weft_str: head is the length and the first four
 * bytes above it, tail the other eight, zero filled. The same as weft_hash_bytes of those bytes. */
static inline uint64_t weft_hash_short(uint64_t head, uint64_t tail)
{
    return weft_hash_fold(weft_hash_fold(head ^ weft_hash_k1, tail ^ weft_hash_k2) ^ head, weft_hash_k0);
}

/* Hash of a byte string (any length; bytes may be NULL when len is 0). */
uint64_t weft_hash_bytes(const void *bytes, size_t len);

/* CRC-32C (Castagnoli) of bytes, continuing crc (0 to begin). Hardware instruction where there is one. */
uint32_t weft_crc32c(uint32_t crc, const void *bytes, size_t len);
uint32_t weft_crc32c_portable(uint32_t crc, const void *bytes,
                              size_t len); /* its twin without the instruction */
/* CRC-32 (IEEE 802.3, as gzip and Parquet pages use). */
uint32_t weft_crc32(uint32_t crc, const void *bytes, size_t len);

#endif
