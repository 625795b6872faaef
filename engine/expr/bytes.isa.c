/* engine/expr/bytes.isa.c - loops on bytes and masks, once per instruction set: choosing by masks, finding a
 * text in another, filtering by a small table of bits. */
#include <string.h>

#include "engine/expr/kernel.h"

#ifdef WEFT_ISA_AVX2
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#define WEFT_NAME choose_1
#define WEFT_T    uint8_t
#include "engine/expr/choose.inc.h"
#define WEFT_NAME choose_2
#define WEFT_T    uint16_t
#include "engine/expr/choose.inc.h"
#define WEFT_NAME choose_4
#define WEFT_T    uint32_t
#include "engine/expr/choose.inc.h"
#define WEFT_NAME choose_8
#define WEFT_T    uint64_t
#include "engine/expr/choose.inc.h"
#define WEFT_NAME choose_16
#define WEFT_T    weft_i128
#include "engine/expr/choose.inc.h"

/* ---- finding ----
 * Blocks of text are compared with the first and the last byte of the needle at once; only where both agree
 * are the bytes between compared (the "generic SIMD" search). Nothing is read outside of the text: the end of
 * a text, and a short one, is loaded in pieces that overlap, and their masks are shifted to where they
 * belong. */
#ifdef __SSE2__
static inline uint32_t equal_16(const char *text, char byte)
{
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)text);
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(byte)));
}

static inline uint32_t equal_8(const char *text, char byte)
{
    const __m128i v = _mm_loadl_epi64((const __m128i *)(const void *)text);
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(byte))) & 0xff;
}

/* Bit i: text[i] is byte; of 32 bytes. */
static inline uint32_t equal_32(const char *text, char byte)
{
#ifdef WEFT_ISA_AVX2
    const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)text);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(byte)));
#else
    return equal_16(text, byte) | equal_16(text + 16, byte) << 16;
#endif
}

/* The same of fewer than 32 bytes. */
static inline uint32_t equal_short(const char *text, size_t len, char byte)
{
    uint32_t mask = 0;
    if (len >= 16) return equal_16(text, byte) | equal_16(text + len - 16, byte) << (len - 16);
    if (len >= 8) return equal_8(text, byte) | equal_8(text + len - 8, byte) << (len - 8);
    for (size_t i = 0; i < len; i++) mask |= (uint32_t)(text[i] == byte) << i;
    return mask;
}

static inline uint64_t load_8(const char *text)
{
    uint64_t word;
    memcpy(&word, text, 8);
    return word;
}

static inline uint32_t load_4(const char *text)
{
    uint32_t word;
    memcpy(&word, text, 4);
    return word;
}

static inline bool same_bytes(const char *a, const char *b, size_t len)
{
    if (len >= 8) {
        for (size_t i = 0; i + 8 < len; i += 8) {
            if (load_8(a + i) != load_8(b + i)) return false;
        }
        return load_8(a + len - 8) == load_8(b + len - 8);
    }
    if (len >= 4) return load_4(a) == load_4(b) && load_4(a + len - 4) == load_4(b + len - 4);
    for (size_t i = 0; i < len; i++) {
        if (a[i] != b[i]) return false;
    }
    return true;
}

/* The first of the places in mask where needle stands. */
static inline const char *find_among(uint32_t mask, const char *text, const char *needle, size_t len)
{
    for (; mask != 0; mask &= mask - 1) {
        const char *at = text + __builtin_ctz(mask);
        if (same_bytes(at, needle, len)) return at;
    }
    return NULL;
}

static inline __attribute__((always_inline)) const char *find(const char *text, size_t text_len,
                                                              const char *needle, size_t len)
{
    if (len == 0) return text;
    if (text_len < len) return NULL;
    const size_t last = len - 1, starts = text_len - last; /* places where a match may begin */
    const char a = needle[0], b = needle[last];
    if (text_len < 32) {
        const uint32_t ends = equal_short(text, text_len, b) >> last;
        return find_among(equal_short(text, text_len, a) & ends, text, needle, len);
    }
    if (starts < 32) { /* the last bytes of all matches lie in the last block */
        const uint32_t ends = equal_32(text + text_len - 32, b) >> (32 - starts);
        return find_among(equal_32(text, a) & ends, text, needle, len);
    }
    for (size_t at = 0;; at += 32) {
        at = at + 32 <= starts ? at : starts - 32; /* the last block overlaps the one before */
        const uint32_t mask = equal_32(text + at, a) & equal_32(text + at + last, b);
        const char *found = find_among(mask, text + at, needle, len);
        if (found != NULL || at + 32 == starts) return found;
    }
}
#else
static inline bool same_bytes(const char *a, const char *b, size_t len) { return memcmp(a, b, len) == 0; }
static inline const char *find(const char *text, size_t text_len, const char *needle, size_t len)
{
    return memmem(text, text_len, needle, len);
}
#endif

static const char *find_bytes(const char *text, size_t text_len, const char *needle, size_t len)
{
    return find(text, text_len, needle, len);
}

/* ---- LIKE without _ ---- */

static inline bool like_text(const weft_like_pattern *p, const char *text, size_t len)
{
    const weft_like_segment *s = p->segments, *end = s + p->count;
    const char *text_end = text + len;
    if (len < p->least) return false;
    if (!p->open_begin) {
        if (!same_bytes(text, s->bytes, s->len)) return false;
        text += s->len;
        s++;
        if (s == end) return p->open_end || text == text_end;
    }
    if (!p->open_end) {
        end--;
        text_end -= end->len;
        if (text_end < text || !same_bytes(text_end, end->bytes, end->len)) return false;
    }
    for (; s < end; s++) {
        text = find(text, (size_t)(text_end - text), s->bytes, s->len);
        if (text == NULL) return false;
        text += s->len;
    }
    return true;
}

static void like_plain(const weft_like_pattern *p, const weft_str *texts, const uint16_t *selection,
                       int32_t n, uint8_t *restrict out)
{
    for (int32_t k = 0; k < n; k++) {
        const int32_t i = selection == NULL ? k : selection[k];
        const weft_str *s = &texts[i];
        uint32_t head;
        memcpy(&head, s->prefix,
               4); /* most texts are told apart by their first bytes, without a look at the rest */
        const char *text = s->len <= WEFT_STR_INLINE ? s->prefix : s->pointer;
        out[i] = ((head ^ p->head) & p->head_mask) == 0 && like_text(p, text, s->len);
    }
}

/* ---- bytes of dictionary codes ---- */

/* out[i] = bit codes[i] of bits; codes are below 64. */
static void code_bits(const uint32_t *codes, uint64_t bits, uint8_t *restrict out, int32_t n)
{
    int32_t i = 0;
#ifdef WEFT_ISA_AVX2
    const __m256i low = _mm256_set1_epi32((int32_t)(uint32_t)bits),
                  high = _mm256_set1_epi32((int32_t)(bits >> 32));
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

#define CHOOSE(width)                                                                                        \
    {                                                                                                        \
        WEFT_CAT(width, _column), WEFT_CAT(width, _constant)                                                 \
    }
extern const weft_bytes_table WEFT_CAT(weft_bytes_loops_, WEFT_ISA);
const weft_bytes_table WEFT_CAT(weft_bytes_loops_, WEFT_ISA) = {.choose = {[1] = CHOOSE(choose_1),
                                                                           [2] = CHOOSE(choose_2),
                                                                           [4] = CHOOSE(choose_4),
                                                                           [8] = CHOOSE(choose_8),
                                                                           [16] = CHOOSE(choose_16)},
                                                                .find = find_bytes,
                                                                .like = like_plain,
                                                                .code_bits = code_bits};
