/* engine/expr/select.h - the value at a rank, without sorting the others.
 *
 * Quickselect over 64-bit keys: a median looks at each value of its group some three times, where sorting a
 * thousand values compares each of them ten times. Doubles become keys of the same order first, so that NaN
 * needs no comparison of its own. Pure functions; what they do is decided by the keys alone. */
#ifndef WEFT_EXPR_SELECT_H
#define WEFT_EXPR_SELECT_H

#include <stdint.h>
#include <string.h>

/* Rearrange keys[0..count) so that keys[rank] is what it were if they were sorted, with none greater before
 * it and none less behind it. 0 <= rank < count. At most count * log(count) steps, whatever the keys. */
void weft_select_u64(uint64_t *keys, int64_t count, int64_t rank);

/* Ascending. */
void weft_sort_u64(uint64_t *keys, int64_t count);

/* The key of a double: -inf < ... < -0.0 < 0.0 < ... < inf < NaN, of which there is one. */
static inline uint64_t weft_key_of_f64(double value)
{
    const double plain = value != value ? __builtin_nan("") : value;
    uint64_t bits;
    memcpy(&bits, &plain, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static inline double weft_f64_of_key(uint64_t key)
{
    const uint64_t bits = key >> 63 ? key & ~((uint64_t)1 << 63) : ~key;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
