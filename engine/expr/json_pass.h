/* engine/expr/json_pass.h - names and scalars in their plainest form, read in one go.
 *
 * What weft_json_next would do for most tokens of most texts, without its states: inline, few branches, short
 * loops over words and blocks. What is not that plain is left as it was, for weft_json_next: nothing is taken
 * that it would not take, and what is taken leaves the reader as it would. */
#ifndef WEFT_EXPR_JSON_PASS_H
#define WEFT_EXPR_JSON_PASS_H

#include "engine/expr/json_block.h"
#include "engine/expr/json_read.h"

enum {
    WEFT_JSON_PASS_BYTES = 49, /* may be read from where a value begins: of a string three blocks */
    WEFT_JSON_PASS_DIGITS = 17 /* at most, of a number's part: fewer than a BIGINT's least long ones */
};

/* Inside an object, before a name or before the comma behind a value: go on behind this name and its colon
 * when it is the one at hand, plain, with at most a blank behind comma and colon. */
static inline bool weft_json_pass_name(weft_json *json, const char *name, size_t len)
{
    const char *at = json->at;
    const bool next = json->state == WEFT_JSON_AT_NEXT_NAME;
    if (!next && json->state != WEFT_JSON_AT_FIRST_NAME) return false;
    if ((size_t)(json->end - at) < len + 6) return false;
    if (next && *at++ != ',') return false;
    at += *at == ' ';
    if (at[0] != '"' || at[len + 1] != '"' || at[len + 2] != ':' || !weft_json_same(at + 1, name, len))
        return false;
    json->from = at;
    json->text = at + 1;
    json->len = len;
    json->plain = true;
    json->at = at + len + 3;
    json->state = WEFT_JSON_AT_VALUE;
    json->token = WEFT_JSON_NAME;
    return true;
}

#ifdef __SSE2__
/* How many of the eight bytes from at on are digits before the first that is none. */
static inline uint32_t weft_json_digits_8(const char *at)
{
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    const uint64_t t = bytes ^ 0x3030303030303030U; /* a digit is below 10 */
    const uint64_t others = (((t & 0x7f7f7f7f7f7f7f7fU) + 0x7676767676767676U) | t) & 0x8080808080808080U;
    return others == 0 ? 8 : (uint32_t)__builtin_ctzll(others) / 8;
}

static inline uint32_t weft_json_digits(const char *at)
{
    uint32_t digits = weft_json_digits_8(at);
    if (digits == 8) digits += weft_json_digits_8(at + 8);
    if (digits == 16) digits += weft_json_digits_8(at + 16);
    return digits;
}

/* Behind a number without an exponent; NULL: it is none, or not that simple. */
static inline const char *weft_json_pass_long_number(const char *at, weft_json_token *token)
{
    const uint32_t whole = weft_json_digits(at);
    if (whole == 0 || whole > WEFT_JSON_PASS_DIGITS || (*at == '0' && whole > 1)) return NULL;
    at += whole;
    *token = WEFT_JSON_INTEGER;
    if (*at != '.') return at;
    const uint32_t fraction = weft_json_digits(at + 1);
    if (fraction == 0 || fraction > WEFT_JSON_PASS_DIGITS) return NULL;
    *token = WEFT_JSON_REAL;
    return at + 1 + fraction;
}

/* The same; most are of less than 16 bytes and told from one block. */
static inline const char *weft_json_pass_number(const char *at, weft_json_token *token)
{
    at += *at == '-';
    const __m128i block = _mm_loadu_si128((const __m128i *)(const void *)at);
    const __m128i values = _mm_sub_epi8(block, _mm_set1_epi8('0'));
    const __m128i digits = _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values);
    const uint32_t others = ~(uint32_t)_mm_movemask_epi8(digits); /* bits from 16 on are set */
    const uint32_t whole = (uint32_t)__builtin_ctz(others);
    if (WEFT_UNLIKELY(whole == 0 || (*at == '0' && whole > 1))) return NULL;
    const uint32_t behind = others & (others - 1); /* the second byte that is no digit */
    const uint32_t end = (uint32_t)__builtin_ctz(behind);
    if (WEFT_UNLIKELY(end >= 16)) return weft_json_pass_long_number(at, token);
    *token = at[whole] == '.' ? WEFT_JSON_REAL : WEFT_JSON_INTEGER;
    if (at[whole] != '.') return at + whole;
    return end > whole + 1 ? at + end : NULL;
}

/* Behind a string without escapes and controls, from its first quote on; NULL: it is none, or long. *wide: a
 * byte above 0x7f is in it. */
static inline const char *weft_json_pass_string(const char *at, bool *wide)
{
    const char *const begin = at++;
    uint32_t high, highs = 0;
    for (; at + WEFT_JSON_BLOCK_BYTES <= begin + WEFT_JSON_PASS_BYTES; at += WEFT_JSON_BLOCK_BYTES) {
        const uint32_t stop = weft_json_block_stops(at, '"', &high);
        if (stop == 0) {
            highs |= high;
            continue;
        }
        *wide = (weft_json_before_stop(high, stop) | highs) != 0;
        at += __builtin_ctz(stop);
        return *at == '"' ? at + 1 : NULL;
    }
    return NULL;
}

/* The scalar at `at`, which one of two bytes must follow. */
static inline weft_json_token weft_json_pass_scalar(weft_json *json, const char *at, char close)
{
    weft_json_token token = WEFT_JSON_NONE;
    const char *behind = NULL;
    bool wide = false;
    size_t quote = 0;
    switch (*at) {
    case '"':
        token = WEFT_JSON_STRING;
        behind = weft_json_pass_string(at, &wide);
        quote = 1;
        break;
    case 't':
        token = WEFT_JSON_TRUE;
        if (memcmp(at, "true", 4) == 0) behind = at + 4;
        break;
    case 'f':
        token = WEFT_JSON_FALSE;
        if (memcmp(at, "false", 5) == 0) behind = at + 5;
        break;
    case 'n':
        token = WEFT_JSON_NULL;
        if (memcmp(at, "null", 4) == 0) behind = at + 4;
        break;
    default: behind = weft_json_pass_number(at, &token); break;
    }
    if (behind == NULL || behind >= json->end || (*behind != ',' && *behind != close)) return WEFT_JSON_NONE;
    json->from = at;
    json->text = at + quote;
    json->len = (size_t)(behind - at) - 2 * quote;
    json->plain = !wide;
    json->at = behind;
    return json->token = token;
}
#endif

/* Behind a name's colon: a scalar that a comma or a closing brace follows. NONE: nothing was read. */
static inline weft_json_token weft_json_pass_value(weft_json *json)
{
#ifdef __SSE2__
    const char *at = json->at;
    if (json->state != WEFT_JSON_AT_VALUE || json->limit - at < WEFT_JSON_PASS_BYTES + 2)
        return WEFT_JSON_NONE;
    const weft_json_token token = weft_json_pass_scalar(json, at + (*at == ' '), '}');
    if (token != WEFT_JSON_NONE) json->state = WEFT_JSON_AT_NEXT_NAME;
    return token;
#else
    (void)json;
    return WEFT_JSON_NONE;
#endif
}

/* In an array, before an element or the comma before it: a scalar that a comma or a closing bracket follows.
 * NONE: nothing was read. */
static inline weft_json_token weft_json_pass_element(weft_json *json)
{
#ifdef __SSE2__
    const char *at = json->at;
    const bool next = json->state == WEFT_JSON_AT_NEXT_ELEMENT;
    if ((!next && json->state != WEFT_JSON_AT_FIRST_ELEMENT) || json->limit - at < WEFT_JSON_PASS_BYTES + 3)
        return WEFT_JSON_NONE;
    if (next && *at++ != ',') return WEFT_JSON_NONE;
    const weft_json_token token = weft_json_pass_scalar(json, at + (*at == ' '), ']');
    if (token != WEFT_JSON_NONE) json->state = WEFT_JSON_AT_NEXT_ELEMENT;
    return token;
#else
    (void)json;
    return WEFT_JSON_NONE;
#endif
}

#endif
