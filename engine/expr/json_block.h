/* engine/expr/json_block.h - what ends a JSON string, told of a block of bytes at once. */
#ifndef WEFT_EXPR_JSON_BLOCK_H
#define WEFT_EXPR_JSON_BLOCK_H

#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>

enum { WEFT_JSON_BLOCK_BYTES = 16 };

/* Of the BLOCK_BYTES at `at` those that a plain string does not go on behind: this quote, backslashes and
 * controls, a bit each. *high: those above 0x7f. */
static inline uint32_t weft_json_block_stops(const char *at, char quote, uint32_t *high)
{
    const __m128i low = _mm_set1_epi8(0x1f);
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)at);
    const __m128i quotes = _mm_cmpeq_epi8(v, _mm_set1_epi8(quote));
    const __m128i slashes = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    const __m128i controls = _mm_cmpeq_epi8(_mm_max_epu8(v, low), low);
    *high = (uint32_t)_mm_movemask_epi8(v);
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, slashes), controls));
}
#endif

/* Those of the bytes above 0x7f that stand before the first stop, which there must be. */
static inline uint32_t weft_json_before_stop(uint32_t high, uint32_t stop)
{
    return high & (stop ^ (stop - 1));
}

#endif
