/* engine/expr/bytes.isa.c - loops on bytes and masks, once per instruction set: choosing by masks, finding a text in
 * another, filtering by a small table of bits. */
#include <string.h>

#include "engine/expr/kernel.h"

#ifdef WEFT_ISA_AVX2
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#define WEFT_NAME choose_1
#define WEFT_T uint8_t
#include "engine/expr/choose.inc.h"
#define WEFT_NAME choose_2
#define WEFT_T uint16_t
#include "engine/expr/choose.inc.h"
#define WEFT_NAME choose_4
#define WEFT_T uint32_t
#include "engine/expr/choose.inc.h"
#define WEFT_NAME choose_8
#define WEFT_T uint64_t
#include "engine/expr/choose.inc.h"
#define WEFT_NAME choose_16
#define WEFT_T weft_i128
#include "engine/expr/choose.inc.h"

/* ---- finding ----
 * Blocks of text are compared with the first and the last byte of the needle at once; only where both agree are the
 * bytes between compared (the "generic SIMD" search). A text shorter than a block is padded on the stack. */
#ifdef WEFT_ISA_AVX2
enum { FIND_BLOCK = 32 };
static inline uint32_t find_mask(const char *text, size_t last, char first_byte, char last_byte)
{
    const __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)text);
    const __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(text + last));
    return (uint32_t)_mm256_movemask_epi8(_mm256_and_si256(_mm256_cmpeq_epi8(a, _mm256_set1_epi8(first_byte)),
                                                           _mm256_cmpeq_epi8(b, _mm256_set1_epi8(last_byte))));
}
#elif defined(__SSE2__)
enum { FIND_BLOCK = 16 };
static inline uint32_t find_mask(const char *text, size_t last, char first_byte, char last_byte)
{
    const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)text);
    const __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(text + last));
    return (uint32_t)_mm_movemask_epi8(
        _mm_and_si128(_mm_cmpeq_epi8(a, _mm_set1_epi8(first_byte)), _mm_cmpeq_epi8(b, _mm_set1_epi8(last_byte))));
}
#endif

#ifdef __SSE2__
enum { FIND_NEEDLE_MAX = 128 }; /* longer ones are rare: the C library finds them */

/* The first match that begins in this block; starts: as many of its bytes may begin one. */
static inline const char *find_in_block(const char *text, size_t starts, const char *needle, size_t len)
{
    uint32_t mask = find_mask(text, len - 1, needle[0], needle[len - 1]);
    if (starts < 32) mask &= (1u << starts) - 1;
    for (; mask != 0; mask &= mask - 1) {
        const char *at = text + __builtin_ctz(mask);
        if (len <= 2 || memcmp(at + 1, needle + 1, len - 2) == 0) return at;
    }
    return NULL;
}

static const char *find_bytes(const char *text, size_t text_len, const char *needle, size_t len)
{
    if (len == 0) return text;
    if (text_len < len) return NULL;
    if (len > FIND_NEEDLE_MAX) return memmem(text, text_len, needle, len);
    const size_t starts = text_len - len + 1; /* places where a match may begin */
    size_t at = 0;
    for (; at + FIND_BLOCK <= starts; at += FIND_BLOCK) {
        const char *found = find_in_block(text + at, FIND_BLOCK, needle, len);
        if (found != NULL) return found;
    }
    if (at == starts) return NULL;
    if (starts >= FIND_BLOCK) { /* a last block that overlaps the one before: its first places are no match */
        return find_in_block(text + starts - FIND_BLOCK, FIND_BLOCK, needle, len);
    }
    char padded[FIND_BLOCK + FIND_NEEDLE_MAX + FIND_BLOCK];
    memcpy(padded, text, text_len);
    memset(padded + text_len, 0, FIND_BLOCK);
    const char *found = find_in_block(padded, starts, needle, len);
    return found == NULL ? NULL : text + (found - padded);
}
#else
static const char *find_bytes(const char *text, size_t text_len, const char *needle, size_t len)
{
    return memmem(text, text_len, needle, len);
}
#endif

/* ---- bytes of dictionary codes ---- */

/* out[i] = bit codes[i] of bits; codes are below 64. */
static void code_bits(const uint32_t *codes, uint64_t bits, uint8_t *restrict out, int32_t n)
{
    int32_t i = 0;
#ifdef WEFT_ISA_AVX2
    const __m256i low = _mm256_set1_epi32((int32_t)(uint32_t)bits), high = _mm256_set1_epi32((int32_t)(bits >> 32));
    const __m256i one = _mm256_set1_epi32(1), limit = _mm256_set1_epi32(32);
    /* Shifts by 32 and more give 0, also those by a negative number: each half answers for its own codes. */
    for (; i + 8 <= n; i += 8) {
        const __m256i code = _mm256_loadu_si256((const __m256i *)(const void *)(codes + i));
        const __m256i hit = _mm256_or_si256(_mm256_srlv_epi32(low, code),
                                            _mm256_srlv_epi32(high, _mm256_sub_epi32(code, limit)));
        const __m256i bit = _mm256_and_si256(hit, one);
        const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(bit), _mm256_extracti128_si256(bit, 1));
        _mm_storel_epi64((__m128i *)(void *)(out + i), _mm_packus_epi16(words, words));
    }
#endif
    for (; i < n; i++) out[i] = (bits >> (codes[i] & 63)) & 1;
}

#define CHOOSE(width) {WEFT_CAT(width, _column), WEFT_CAT(width, _constant)}
extern const weft_bytes_table WEFT_CAT(weft_bytes_loops_, WEFT_ISA);
const weft_bytes_table WEFT_CAT(weft_bytes_loops_, WEFT_ISA) = {
    .choose = {[1] = CHOOSE(choose_1), [2] = CHOOSE(choose_2), [4] = CHOOSE(choose_4), [8] = CHOOSE(choose_8),
               [16] = CHOOSE(choose_16)},
    .find = find_bytes,
    .code_bits = code_bits};
