/* engine/formats/text/text_kernels.isa.c - see kernels.h; compiled once per instruction set.
 *
 * AVX2: two shuffles look up both halves of 32 bytes at once; a byte is in the set when the two answers have
 * a bit in common. The bits of 64 bytes are then written out as positions, four at a time without asking how
 * many there are. */
#include <string.h>

#include "engine/formats/text/kernels.h"

#ifdef WEFT_ISA_AVX2
#include <immintrin.h>

typedef struct set_vectors {
    __m256i low, high, nibble, zero;
} set_vectors;

static inline set_vectors set_load(const weft_text_set *set)
{
    return (set_vectors){.low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)set->low)),
                         .high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)set->high)),
                         .nibble = _mm256_set1_epi8(15),
                         .zero = _mm256_setzero_si256()};
}

/* The bit of each of 32 bytes: is it in the set? */
static inline uint32_t set_bits(const set_vectors *v, const uint8_t *data)
{
    const __m256i bytes = _mm256_loadu_si256((const __m256i *)data);
    const __m256i low = _mm256_shuffle_epi8(v->low, _mm256_and_si256(bytes, v->nibble));
    const __m256i high =
        _mm256_shuffle_epi8(v->high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), v->nibble));
    const __m256i none = _mm256_cmpeq_epi8(_mm256_and_si256(low, high), v->zero);
    return ~(uint32_t)_mm256_movemask_epi8(none);
}

static inline uint64_t set_bits64(const set_vectors *v, const uint8_t *data)
{
    return set_bits(v, data) | (uint64_t)set_bits(v, data + 32) << 32;
}

static int64_t kernel_positions(const weft_text_set *set, const uint8_t *data, int64_t len, uint32_t base,
                                uint32_t *out)
{
    const set_vectors v = set_load(set);
    uint32_t *to = out;
    for (int64_t at = 0; at < len; at += 64) {
        uint64_t bits = set_bits64(&v, data + at);
        if (len - at < 64) bits &= ((uint64_t)1 << (len - at)) - 1;
        const int32_t count = (int32_t)_mm_popcnt_u64(bits);
        const uint32_t from = base + (uint32_t)at;
        for (int32_t i = 0; i < count; i += 4) {
            to[i] = from + (uint32_t)_tzcnt_u64(bits);
            bits = _blsr_u64(bits);
            to[i + 1] = from + (uint32_t)_tzcnt_u64(bits);
            bits = _blsr_u64(bits);
            to[i + 2] = from + (uint32_t)_tzcnt_u64(bits);
            bits = _blsr_u64(bits);
            to[i + 3] = from + (uint32_t)_tzcnt_u64(bits);
            bits = _blsr_u64(bits);
        }
        to += count;
    }
    return to - out;
}

static int64_t kernel_find(const weft_text_set *set, const uint8_t *data, int64_t len)
{
    const set_vectors v = set_load(set);
    for (int64_t at = 0; at < len; at += 32) {
        const uint32_t bits = set_bits(&v, data + at);
        if (bits != 0) return weft_min_i64(at + _tzcnt_u32(bits), len);
    }
    return len;
}

static bool kernel_is_ascii(const uint8_t *data, int64_t len)
{
    int64_t at = 0;
    for (; at + 128 <= len; at += 128) {
        const __m256i *from = (const __m256i *)(data + at);
        const __m256i ab = _mm256_or_si256(_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1));
        const __m256i cd = _mm256_or_si256(_mm256_loadu_si256(from + 2), _mm256_loadu_si256(from + 3));
        if (_mm256_movemask_epi8(_mm256_or_si256(ab, cd)) != 0) return false;
    }
    for (; at < len; at++)
        if (data[at] >= 0x80) return false;
    return true;
}
#else
static int64_t kernel_positions(const weft_text_set *set, const uint8_t *data, int64_t len, uint32_t base,
                                uint32_t *out)
{
    int64_t count = 0;
    for (int64_t at = 0; at < len; at++) {
        out[count] = base + (uint32_t)at;
        count += weft_text_set_has(set, data[at]);
    }
    return count;
}

static int64_t kernel_find(const weft_text_set *set, const uint8_t *data, int64_t len)
{
    int64_t at = 0;
    while (at < len && !weft_text_set_has(set, data[at])) at++;
    return at;
}

static bool kernel_is_ascii(const uint8_t *data, int64_t len)
{
    uint8_t any = 0;
    for (int64_t at = 0; at < len; at++) any |= data[at];
    return any < 0x80;
}
#endif

const weft_text_kernels WEFT_CAT(weft_text_kernels_, WEFT_ISA) = {
    .positions = kernel_positions, .find = kernel_find, .is_ascii = kernel_is_ascii};
