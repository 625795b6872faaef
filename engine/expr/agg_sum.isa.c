/* engine/expr/agg_sum.isa.c - sums of 64-bit integers into 128 bits; compiled once per instruction set.
 *
 * A carry from each addition to the next would keep the loop scalar. So the low and the high halves of the
 * values, taken as unsigned, are summed apart, and the negative ones are counted: each of those is 2^64 too
 * much. The three sums are exact for up to 2^31 values. */
#include "engine/expr/agg_sum.h"

typedef struct parts {
    uint64_t low, high, negative;
} parts;

static inline weft_i128 parts_total(parts p)
{
    return (weft_i128)(((weft_u128)p.high << 32) + p.low - ((weft_u128)p.negative << 64));
}

static weft_i128 sum_dense(const int64_t *values, int32_t count)
{
    uint64_t low = 0, high = 0, negative = 0;
    for (int32_t k = 0; k < count; k++) {
        const uint64_t value = (uint64_t)values[k];
        low += value & UINT32_MAX;
        high += value >> 32;
        negative += value >> 63;
    }
    return parts_total((parts){low, high, negative});
}

/* Scattered values come one by one in any case: an addition with carry is then the shortest way. Two sums, so
 * that one carry need not wait for the other. */
#define SUM_SCATTERED(AT)                                                                                    \
    weft_i128 even = 0, odd = 0;                                                                             \
    int32_t k = 0;                                                                                           \
    for (; k + 1 < count; k += 2) {                                                                          \
        even += values[AT(k)];                                                                               \
        odd += values[AT(k + 1)];                                                                            \
    }                                                                                                        \
    if (k < count) even += values[AT(k)];                                                                    \
    return even + odd

#define AT_INDEX(k) index[k]
static weft_i128 sum_index(const int64_t *values, const uint32_t *index, int32_t count)
{
    SUM_SCATTERED(AT_INDEX);
}

#define AT_POSITION(k) positions[k]
static weft_i128 sum_positions(const int64_t *values, const uint16_t *positions, int32_t count)
{
    SUM_SCATTERED(AT_POSITION);
}

#define AT_CODE(k) codes[positions[k]]
static weft_i128 sum_codes(const int64_t *values, const uint32_t *codes, const uint16_t *positions,
                           int32_t count)
{
    SUM_SCATTERED(AT_CODE);
}

const weft_agg_sum_loops WEFT_CAT(weft_agg_sum_loops_, WEFT_ISA) = {
    .dense = sum_dense, .index = sum_index, .positions = sum_positions, .codes = sum_codes};
