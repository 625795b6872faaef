/* engine/expr/json_scan.isa.c - finding the end of a JSON string, once per instruction set. */
#include "engine/expr/json_read.h"

#ifdef WEFT_ISA_AVX2
#include <immintrin.h>
enum { STEP = 32 };
typedef __m256i block;
static inline block load(const char *at) { return _mm256_loadu_si256((const __m256i *)(const void *)at); }
static inline uint32_t high_bits(block v) { return (uint32_t)_mm256_movemask_epi8(v); }
static inline uint32_t stops(block v, char quote)
{
    const block quotes = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(quote));
    const block slashes = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));
    const block low = _mm256_set1_epi8(0x1f);
    const block controls = _mm256_cmpeq_epi8(_mm256_max_epu8(v, low), low);
    return high_bits(_mm256_or_si256(_mm256_or_si256(quotes, slashes), controls));
}
#elif defined(__SSE2__)
#include <emmintrin.h>
enum { STEP = 16 };
typedef __m128i block;
static inline block load(const char *at) { return _mm_loadu_si128((const __m128i *)(const void *)at); }
static inline uint32_t high_bits(block v) { return (uint32_t)_mm_movemask_epi8(v); }
static inline uint32_t stops(block v, char quote)
{
    const block quotes = _mm_cmpeq_epi8(v, _mm_set1_epi8(quote));
    const block slashes = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    const block low = _mm_set1_epi8(0x1f);
    const block controls = _mm_cmpeq_epi8(_mm_max_epu8(v, low), low);
    return high_bits(_mm_or_si128(_mm_or_si128(quotes, slashes), controls));
}
#endif

static const char *string_end(const char *at, const char *end, char quote, bool *wide)
{
#ifdef __SSE2__
    for (; end - at >= STEP; at += STEP) {
        const block v = load(at);
        const uint32_t stop = stops(v, quote), high = high_bits(v);
        if (stop != 0) { /* only bytes before the stop count */
            *wide |= (high & (stop ^ (stop - 1))) != 0;
            return at + __builtin_ctz(stop);
        }
        *wide |= high != 0;
    }
#endif
    return weft_json_string_end_plain(at, end, quote, wide);
}

extern const weft_json_scan WEFT_CAT(weft_json_scan_, WEFT_ISA);
const weft_json_scan WEFT_CAT(weft_json_scan_, WEFT_ISA) = {.string_end = string_end};
