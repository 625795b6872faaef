/* engine/expr/chance.h - the generators behind rand(), shuffle() and their kin: the same numbers as Spark's
 * for the same seed.
 *
 * weft_xorshift is Marsaglia's 64-bit xorshift with the shifts 21, 35, 4 ("Xorshift RNGs", 2003), read as
 * java.util.Random reads its generator; the seed is first hashed by MurmurHash3. weft_twister is MT19937
 * (Matsumoto and Nishimura, 1998), seeded by an array of two words. Both are plain values of one lane. */
#ifndef WEFT_EXPR_CHANCE_H
#define WEFT_EXPR_CHANCE_H

#include <stdint.h>

#include "common/base.h"

typedef struct weft_xorshift {
    uint64_t state;
    bool has_gauss; /* the second number of a pair waits */
    double gauss;
} weft_xorshift;

void weft_xorshift_init(weft_xorshift *x, int64_t seed);
int32_t weft_xorshift_bits(weft_xorshift *x, int bits); /* 1 to 32 of them */
double weft_xorshift_double(weft_xorshift *x);          /* [0, 1) */
double weft_xorshift_gauss(weft_xorshift *x);           /* mean 0, deviation 1 (polar method) */

enum { WEFT_TWISTER_WORDS = 624 };

typedef struct weft_twister {
    uint32_t words[WEFT_TWISTER_WORDS];
    int32_t next;
} weft_twister;

void weft_twister_init(weft_twister *t, int64_t seed);
uint32_t weft_twister_u32(weft_twister *t);
uint64_t weft_twister_u64(weft_twister *t);
int32_t weft_twister_below(weft_twister *t, int32_t n); /* [0, n), n > 0 */

#endif
