/* common/hash.c - the hash of byte strings.
 *
 * Up to 12 bytes: the string is laid out as the 16 bytes of a weft_str (length and four bytes, eight bytes)
 * and goes through weft_hash_short, so that columns of short strings are hashed without looking at their
 * length. Up to 16: the first and the last eight bytes, which may overlap. Longer: 16 bytes a folded
 * multiply, chained through a seed that starts from the length; above 64 bytes four independent chains, so
 * that multiplies overlap; the last 16 bytes (which may overlap) end it. Words are read little-endian: the
 * hash decides partitions, so it is the same on every machine. */
#include "common/hash.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "data formats here are little-endian: a port has to swap bytes where words are read"
#endif

static inline uint64_t hash_read64(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, 8);
    return word;
}

static inline uint64_t hash_read32(const uint8_t *p)
{
    uint32_t word;
    memcpy(&word, p, 4);
    return word;
}

/* len <= 12 bytes as weft_str's two words, without a loop or a call. */
static uint64_t hash_upto12(const uint8_t *p, size_t len)
{
    uint64_t low = 0, high = 0; /* bytes 0..7 and 8..11 */
    if (len >= 8) {
        low = hash_read64(p);
        high = hash_read32(p + len - 4) >> (8 * (12 - len));
    } else if (len >= 4) {
        low = hash_read32(p) | hash_read32(p + len - 4) << (8 * (len - 4));
    } else if (len > 0) {
        const size_t mid = len / 2, last = len - 1;
        low = (uint64_t)p[0] | (uint64_t)p[mid] << (8 * mid) | (uint64_t)p[last] << (8 * last);
    }
    return weft_hash_short(len | low << 32, low >> 32 | high << 32);
}

static inline uint64_t hash_step(uint64_t seed, const uint8_t *p)
{
    return weft_hash_fold(hash_read64(p) ^ weft_hash_k1, hash_read64(p + 8) ^ seed);
}

uint64_t weft_hash_bytes(const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    if (len <= 12) return hash_upto12(p, len);

    uint64_t seed = weft_hash_u64(len), a, b;
    if (len <= 16) {
        a = hash_read64(p);
        b = hash_read64(p + len - 8);
    } else {
        size_t left = len;
        if (left > 64) {
            uint64_t s1 = seed + weft_hash_k0, s2 = seed ^ weft_hash_k1, s3 = seed + weft_hash_k2;
            for (; left > 64; left -= 64, p += 64) {
                seed = hash_step(seed, p);
                s1 = hash_step(s1, p + 16);
                s2 = hash_step(s2, p + 32);
                s3 = hash_step(s3, p + 48);
            }
            seed = weft_hash_fold(seed ^ s1, weft_hash_k0) ^
                   weft_hash_fold(s2 ^ weft_hash_k1, s3 ^ weft_hash_k2);
        }
        for (; left > 16; left -= 16, p += 16) seed = hash_step(seed, p);
        a = hash_read64(p + left - 16);
        b = hash_read64(p + left - 8);
    }
    return weft_hash_fold(weft_hash_fold(a ^ weft_hash_k1, b ^ seed) ^ len, weft_hash_k0);
}
