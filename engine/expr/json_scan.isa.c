/* engine/expr/json_scan.isa.c - finding the end of a JSON string, once per instruction set. */
#include "engine/expr/json_block.h"
#include "engine/expr/json_read.h"

#ifdef WEFT_ISA_AVX2
#include <immintrin.h>
enum { STEP = 32 };
/* weft_json_block_stops of twice its bytes. */
static inline uint32_t stops(const char *at, char quote, uint32_t *high)
{
    const __m256i low = _mm256_set1_epi8(0x1f);
    const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)at);
    const __m256i quotes = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(quote));
    const __m256i slashes = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));
    const __m256i controls = _mm256_cmpeq_epi8(_mm256_max_epu8(v, low), low);
    *high = (uint32_t)_mm256_movemask_epi8(v);
    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(quotes, slashes), controls));
}
#elif defined(__SSE2__)
enum { STEP = WEFT_JSON_BLOCK_BYTES };
static inline uint32_t stops(const char *at, char quote, uint32_t *high)
{
    return weft_json_block_stops(at, quote, high);
}
#endif

static const char *string_end(const char *at, const char *end, char quote, bool *wide)
{
#ifdef __SSE2__
    uint32_t high;
    for (; end - at >= STEP; at += STEP) {
        const uint32_t stop = stops(at, quote, &high);
        if (stop != 0) {
            *wide |= weft_json_before_stop(high, stop) != 0;
            return at + __builtin_ctz(stop);
        }
        *wide |= high != 0;
    }
#endif
    return weft_json_string_end_plain(at, end, quote, wide);
}

extern const weft_json_scan WEFT_CAT(weft_json_scan_, WEFT_ISA);
const weft_json_scan WEFT_CAT(weft_json_scan_, WEFT_ISA) = {.string_end = string_end};
