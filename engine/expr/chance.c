/* engine/expr/chance.c - see chance.h. */
#include "engine/expr/chance.h"

#include <math.h>

#include "engine/expr/strict_math.h"

/* ---- MurmurHash3 of the eight bytes of a seed, the highest first ---- */

#define MURMUR_SEED UINT32_C(0x3c074a61) /* what Spark hashes arrays with */

static uint32_t rotate(uint32_t x, int bits) { return x << bits | x >> (32 - bits); }

static uint32_t murmur_mix(uint32_t hash, uint32_t word)
{
    hash ^= rotate(word * UINT32_C(0xcc9e2d51), 15) * UINT32_C(0x1b873593);
    return rotate(hash, 13) * 5 + UINT32_C(0xe6546b64);
}

static uint32_t murmur_seed(uint64_t bytes, uint32_t hash)
{
    /* words are read with their lowest byte first */
    hash = murmur_mix(hash, __builtin_bswap32((uint32_t)(bytes >> 32)));
    hash = murmur_mix(hash, __builtin_bswap32((uint32_t)bytes));
    hash ^= 8;
    hash = (hash ^ hash >> 16) * UINT32_C(0x85ebca6b);
    hash = (hash ^ hash >> 13) * UINT32_C(0xc2b2ae35);
    return hash ^ hash >> 16;
}

/* ---- xorshift ---- */

void weft_xorshift_init(weft_xorshift *x, int64_t seed)
{
    const uint32_t low = murmur_seed((uint64_t)seed, MURMUR_SEED);
    const uint32_t high = murmur_seed((uint64_t)seed, low);
    *x = (weft_xorshift){.state = (uint64_t)high << 32 | low};
}

int32_t weft_xorshift_bits(weft_xorshift *x, int bits)
{
    uint64_t s = x->state;
    s ^= s << 21;
    s ^= s >> 35;
    s ^= s << 4;
    x->state = s;
    return (int32_t)(uint32_t)(s & ((UINT64_C(1) << bits) - 1));
}

double weft_xorshift_double(weft_xorshift *x)
{
    const int64_t high = weft_xorshift_bits(x, 26);
    const int64_t low = weft_xorshift_bits(x, 27);
    return (double)(high << 27 | low) * 0x1p-53;
}

double weft_xorshift_gauss(weft_xorshift *x)
{
    double a = 0, b = 0, square = 0;
    if (x->has_gauss) {
        x->has_gauss = false;
        return x->gauss;
    }
    do {
        a = 2 * weft_xorshift_double(x) - 1;
        b = 2 * weft_xorshift_double(x) - 1;
        square = a * a + b * b;
    } while (square >= 1 || square == 0);
    const double factor = sqrt(-2 * weft_strict_log(square) / square);
    x->has_gauss = true;
    x->gauss = b * factor;
    return a * factor;
}

/* ---- MT19937 ---- */

enum { TWISTER_MIDDLE = 397 };

static void twister_fill(uint32_t *w, uint32_t seed)
{
    w[0] = seed;
    for (uint32_t i = 1; i < WEFT_TWISTER_WORDS; i++)
        w[i] = UINT32_C(1812433253) * (w[i - 1] ^ w[i - 1] >> 30) + i;
}

void weft_twister_init(weft_twister *t, int64_t seed)
{
    const uint32_t key[2] = {(uint32_t)((uint64_t)seed >> 32), (uint32_t)(uint64_t)seed};
    uint32_t *w = t->words;
    uint32_t i = 1;
    twister_fill(w, UINT32_C(19650218));
    for (uint32_t k = 0; k < WEFT_TWISTER_WORDS; k++) {
        w[i] = (w[i] ^ (w[i - 1] ^ w[i - 1] >> 30) * UINT32_C(1664525)) + key[k % 2] + k % 2;
        if (++i < WEFT_TWISTER_WORDS) continue;
        w[0] = w[WEFT_TWISTER_WORDS - 1];
        i = 1;
    }
    for (uint32_t k = 1; k < WEFT_TWISTER_WORDS; k++) {
        w[i] = (w[i] ^ (w[i - 1] ^ w[i - 1] >> 30) * UINT32_C(1566083941)) - i;
        if (++i < WEFT_TWISTER_WORDS) continue;
        w[0] = w[WEFT_TWISTER_WORDS - 1];
        i = 1;
    }
    w[0] = UINT32_C(0x80000000);
    t->next = WEFT_TWISTER_WORDS;
}

static void twister_turn(weft_twister *t)
{
    uint32_t *w = t->words;
    for (int32_t i = 0; i < WEFT_TWISTER_WORDS; i++) {
        const uint32_t y = (w[i] & UINT32_C(0x80000000)) |
                           (w[(i + 1) % WEFT_TWISTER_WORDS] & UINT32_C(0x7fffffff));
        w[i] = w[(i + TWISTER_MIDDLE) % WEFT_TWISTER_WORDS] ^ y >> 1 ^
               ((y & 1) != 0 ? UINT32_C(0x9908b0df) : 0);
    }
    t->next = 0;
}

uint32_t weft_twister_u32(weft_twister *t)
{
    if (t->next == WEFT_TWISTER_WORDS) twister_turn(t);
    uint32_t y = t->words[t->next++];
    y ^= y >> 11;
    y ^= y << 7 & UINT32_C(0x9d2c5680);
    y ^= y << 15 & UINT32_C(0xefc60000);
    return y ^ y >> 18;
}

uint64_t weft_twister_u64(weft_twister *t)
{
    const uint64_t high = weft_twister_u32(t);
    return high << 32 | weft_twister_u32(t);
}

int32_t weft_twister_below(weft_twister *t, int32_t n)
{
    int64_t bits = 0, value = 0;
    if ((n & -n) == n) return (int32_t)((int64_t)n * (int64_t)(weft_twister_u32(t) >> 1) >> 31);
    do { /* what lies behind the last whole multiple of n would make small values more likely */
        bits = weft_twister_u32(t) >> 1;
        value = bits % n;
    } while (bits - value + (n - 1) > INT32_MAX);
    return (int32_t)value;
}
