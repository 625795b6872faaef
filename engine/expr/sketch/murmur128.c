/* engine/expr/sketch/murmur128.c - see murmur128.h. */
#include "engine/expr/sketch/murmur128.h"

#include <string.h>

#define C1 0x87c37b91114253d5u
#define C2 0x4cf5ad432745937fu

static uint64_t rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }

static uint64_t finish(uint64_t k)
{
    k = (k ^ k >> 33) * 0xff51afd7ed558ccdu;
    k = (k ^ k >> 33) * 0xc4ceb9fe1a85ec53u;
    return k ^ k >> 33;
}

static uint64_t mix1(uint64_t k) { return rotate(k * C1, 31) * C2; }
static uint64_t mix2(uint64_t k) { return rotate(k * C2, 33) * C1; }

void weft_murmur128(const void *bytes, size_t len, uint64_t seed, uint64_t out[2])
{
    const unsigned char *at = bytes;
    uint64_t h1 = seed, h2 = seed, k[2];
    size_t left = len;
    for (; left >= 16; at += 16, left -= 16) {
        memcpy(k, at, 16); /* little-endian machines */
        h1 = (rotate(h1 ^ mix1(k[0]), 27) + h2) * 5 + 0x52dce729u;
        h2 = (rotate(h2 ^ mix2(k[1]), 31) + h1) * 5 + 0x38495ab5u;
    }
    k[0] = k[1] = 0;
    if (left > 0) memcpy(k, at, left);
    h2 ^= mix2(k[1]);
    h1 ^= mix1(k[0]);
    h1 ^= len;
    h2 ^= len;
    h1 += h2;
    h2 += h1;
    h1 = finish(h1);
    h2 = finish(h2);
    out[0] = h1 + h2;
    out[1] = h2 + out[0];
}
