/* engine/expr/java_random.h - the generator of java.util.Random, by its specification: a linear congruential
 * one of 48 bits (Knuth, volume 2, 3.2.1). Where Spark's results depend on its numbers. */
#ifndef WEFT_EXPR_JAVA_RANDOM_H
#define WEFT_EXPR_JAVA_RANDOM_H

#include <stdint.h>

typedef struct weft_java_random {
    uint64_t state;
} weft_java_random;

static inline void weft_java_random_init(weft_java_random *random, int64_t seed)
{
    random->state = ((uint64_t)seed ^ 0x5deece66du) & 0xffffffffffffu;
}
static inline int32_t weft_java_random_bits(weft_java_random *random, int bits)
{
    random->state = (random->state * 0x5deece66du + 0xb) & 0xffffffffffffu;
    return (int32_t)(uint32_t)(random->state >> (48 - bits));
}
static inline double weft_java_random_double(weft_java_random *random) /* [0, 1) */
{
    const int64_t high = weft_java_random_bits(random, 26);
    return (double)((high << 27) + weft_java_random_bits(random, 27)) * 0x1p-53;
}
/* [0, bound), bound > 0 */
static inline int32_t weft_java_random_below(weft_java_random *random, int32_t bound)
{
    int32_t bits = weft_java_random_bits(random, 31);
    if ((bound & (bound - 1)) == 0) return (int32_t)(((int64_t)bound * bits) >> 31);
    int32_t value = bits % bound;
    while ((int64_t)bits - value + (bound - 1) > INT32_MAX) { /* the last, incomplete range is thrown away */
        bits = weft_java_random_bits(random, 31);
        value = bits % bound;
    }
    return value;
}

#endif
