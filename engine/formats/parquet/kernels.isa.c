/* engine/formats/parquet/kernels.isa.c - decode kernels; compiled once per instruction set, see kernels.h.
 *
 * Unpacking in AVX2: eight values of w bits take w bytes, so from one eight to the next only the address
 * moves. The first four values lie within 16 bytes from the first one's byte, the other four within 16 bytes
 * from the fifth's: two loads, one byte shuffle that brings each value's four bytes into its lane, one shift
 * per lane, one mask. A value that starts at bit 7 of a byte and has 25 bits just fits four bytes; wider ones
 * take the scalar way. */
#include "engine/formats/parquet/kernels.h"

#include "common/bloom.h"
#include "common/hash.h"

#ifdef WEFT_ISA_AVX2
#include <immintrin.h>
#endif

static inline uint32_t kernel_bits_at(const uint8_t *bits, int64_t bit, uint32_t mask)
{
    uint64_t word;
    memcpy(&word, bits + (bit >> 3), 8);
    return (uint32_t)(word >> (bit & 7)) & mask;
}

static void kernel_unpack_scalar(const uint8_t *bits, int64_t bit, int32_t width, uint32_t *out, int32_t n)
{
    const uint32_t mask = width == 32 ? UINT32_MAX : ((uint32_t)1 << width) - 1;
    for (int32_t i = 0; i < n; i++, bit += width) out[i] = kernel_bits_at(bits, bit, mask);
}

#ifdef WEFT_ISA_AVX2
static void kernel_unpack(const uint8_t *bits, int64_t bit, int32_t width, uint32_t *out, int32_t n)
{
    if (width > 25 || width == 0) {
        kernel_unpack_scalar(bits, bit, width, out, n);
        return;
    }
    const int32_t first = (int32_t)(bit & 7);
    const int32_t half = (first + 4 * width) >> 3; /* byte where the fifth value starts */
    const __m256i start = _mm256_add_epi32(
        _mm256_mullo_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(width)),
        _mm256_set1_epi32(first));
    const __m256i shift = _mm256_and_si256(start, _mm256_set1_epi32(7));
    const __m256i base = _mm256_setr_epi32(0, 0, 0, 0, half, half, half, half);
    const __m256i byte = _mm256_sub_epi32(_mm256_srli_epi32(start, 3), base);
    const __m256i shuffle = _mm256_add_epi32(_mm256_mullo_epi32(byte, _mm256_set1_epi32(0x01010101)),
                                             _mm256_set1_epi32(0x03020100));
    const __m256i mask = _mm256_set1_epi32((int32_t)(((uint32_t)1 << width) - 1));
    const uint8_t *at = bits + (bit >> 3);
    for (int32_t i = 0; i < n; i += 8, at += width) {
        const __m128i low = _mm_loadu_si128((const __m128i *)at);
        const __m128i high = _mm_loadu_si128((const __m128i *)(at + half));
        const __m256i bytes = _mm256_shuffle_epi8(_mm256_set_m128i(high, low), shuffle);
        const __m256i values = _mm256_and_si256(_mm256_srlv_epi32(bytes, shift), mask);
        _mm256_storeu_si256((__m256i *)(out + i), values);
    }
}
#else
static void kernel_unpack(const uint8_t *bits, int64_t bit, int32_t width, uint32_t *out, int32_t n)
{
    kernel_unpack_scalar(bits, bit, width, out, n);
}
#endif

static uint32_t kernel_max_u32(const uint32_t *codes, int32_t n)
{
    uint32_t max = 0;
    for (int32_t i = 0; i < n; i++) max = codes[i] > max ? codes[i] : max;
    return max;
}

/* Two codes a load and four values a round: a plain loop is bound by its own instructions. (The gather
 * instructions are slower than this on what they were measured on.) */
#define GATHER(type)                                                                                         \
    do {                                                                                                     \
        int32_t i = 0;                                                                                       \
        for (; i + 4 <= n; i += 4) {                                                                         \
            uint64_t two, next;                                                                              \
            memcpy(&two, codes + i, 8);                                                                      \
            memcpy(&next, codes + i + 2, 8);                                                                 \
            const type a = values[(uint32_t)two], b = values[two >> 32];                                     \
            const type c = values[(uint32_t)next], d = values[next >> 32];                                   \
            out[i] = a;                                                                                      \
            out[i + 1] = b;                                                                                  \
            out[i + 2] = c;                                                                                  \
            out[i + 3] = d;                                                                                  \
        }                                                                                                    \
        for (; i < n; i++) out[i] = values[codes[i]];                                                        \
    } while (0)

static void kernel_gather32(const uint32_t *values, const uint32_t *codes, int32_t n, uint32_t *out)
{
    GATHER(uint32_t);
}

static void kernel_gather64(const uint64_t *values, const uint32_t *codes, int32_t n, uint64_t *out)
{
    GATHER(uint64_t);
}

static void kernel_gather128(const weft_str *values, const uint32_t *codes, int32_t n, weft_str *out)
{
    GATHER(weft_str);
}

static int32_t kernel_select(const uint8_t *keep, const uint32_t *codes, int32_t n, uint16_t *out)
{
    int32_t count = 0;
    for (int32_t i = 0; i < n; i++) {
        out[count] = (uint16_t)i;
        count += keep[codes[i]] != 0;
    }
    return count;
}

/* Rows pass or not at random: a branch for each would be foretold wrongly, so every row is written and the
 * end moves on by one or by none. A value out of range asks the first bit, whose answer does not count. */
#define KEYS_LOOP(test)                                                                                      \
    do {                                                                                                     \
        for (int32_t i = 0; i < n; i++) {                                                                    \
            const uint16_t row = positions != NULL ? positions[i] : (uint16_t)i;                             \
            const uint64_t at = (uint64_t)values[row] - low;                                                 \
            const bool inside = at <= range;                                                                 \
            out[kept] = row;                                                                                 \
            kept += (test);                                                                                  \
        }                                                                                                    \
    } while (0)

#define KEYS_KERNEL(name, type)                                                                              \
    static int32_t name(const weft_key_filter *keys, const type *values, const uint16_t *positions,          \
                        int32_t n, uint16_t *out)                                                            \
    {                                                                                                        \
        const uint64_t low = keys->has_range ? (uint64_t)keys->low : 0;                                      \
        const uint64_t range = keys->has_range ? (uint64_t)keys->high - low : UINT64_MAX;                    \
        const uint64_t *const bits = keys->bits;                                                             \
        const uint64_t mask = keys->block_mask;                                                              \
        int32_t kept = 0;                                                                                    \
        if (keys->kind == WEFT_KEY_FILTER_BITMAP)                                                            \
            KEYS_LOOP(inside &(bits[(inside ? at : 0) >> 6] >> (at & 63)) & 1);                              \
        else if (keys->kind == WEFT_KEY_FILTER_BLOOM)                                                        \
            KEYS_LOOP(inside &&weft_bloom_test(bits, mask, weft_hash_u64(at + low)));                        \
        else                                                                                                 \
            KEYS_LOOP(inside);                                                                               \
        return kept;                                                                                         \
    }

KEYS_KERNEL(kernel_keys32, int32_t)
KEYS_KERNEL(kernel_keys64, int64_t)

const weft_pq_kernels WEFT_CAT(weft_pq_kernels_, WEFT_ISA) = {
    .unpack = kernel_unpack,
    .max_u32 = kernel_max_u32,
    .gather32 = kernel_gather32,
    .gather64 = kernel_gather64,
    .gather128 = kernel_gather128,
    .select = kernel_select,
    .keys32 = kernel_keys32,
    .keys64 = kernel_keys64,
    .snappy = WEFT_CAT(weft_pq_snappy_, WEFT_ISA),
};
