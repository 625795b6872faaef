/* engine/expr/fn_words.c - how words sound and differ, check digits, single characters. */
#include <ctype.h>

#include "engine/expr/fn_entry.h"

/* ---- soundex ---- */

/* The first letter and the classes of the next three consonants that differ from the one before; a vowel
 * parts equal ones, H and W do not. What does not begin with a letter stays as it is. */
static weft_str words_soundex(const weft_str *s)
{
    static const char classes[] = "01230127022455012623017202"; /* A to Z; 7: H, W */
    const char *text = weft_str_data(s);
    char code[4] = "0000";
    int32_t used = 1;
    if (s->len == 0 || !isalpha((unsigned char)text[0])) return *s;
    code[0] = (char)toupper((unsigned char)text[0]);
    char last = classes[code[0] - 'A'];
    for (uint32_t i = 1; i < s->len && used < 4; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c >= 0x80 || !isalpha(c)) {
            last = '0';
            continue;
        }
        const char class = classes[toupper(c) - 'A'];
        if (class == '7') continue;
        if (class != '0' && class != last) code[used++] = class;
        last = class;
    }
    return weft_str_view(code, 4);
}

static weft_status kernel_soundex(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i))
            *weft_call_text(call, i) = words_soundex(weft_arg_str(&call->args[0], i));
    }
    return WEFT_OK;
}

/* ---- levenshtein ---- */

enum { WORDS_SHORT = 256 }; /* characters for which no memory is asked */

static int32_t words_characters(const weft_str *s, uint32_t *out)
{
    const char *text = weft_str_data(s);
    int32_t count = 0;
    uint32_t bytes;
    for (uint32_t at = 0; at < s->len; at += bytes)
        out[count++] = weft_utf8_decode(text + at, s->len - at, &bytes);
    return count;
}

/* The least number of characters to insert, delete or replace; row has room for n + 1 numbers. */
static int32_t words_distance(const uint32_t *a, int32_t m, const uint32_t *b, int32_t n, int32_t *row)
{
    for (int32_t j = 0; j <= n; j++) row[j] = j;
    for (int32_t i = 1; i <= m; i++) {
        int32_t corner = row[0];
        row[0] = i;
        for (int32_t j = 1; j <= n; j++) {
            const int32_t replaced = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            row[j] = weft_min_i32(replaced, weft_min_i32(row[j], row[j - 1]) + 1);
        }
    }
    return row[n];
}

static weft_status words_levenshtein(weft_ctx *ctx, const weft_str *a, const weft_str *b, int32_t *out)
{
    weft_status st = WEFT_OK;
    uint32_t small[3 * WORDS_SHORT + 1], *memory = NULL, *x = small;
    const size_t room = (size_t)a->len + 2 * (size_t)b->len + 1;
    if (room > WEFT_COUNT(small)) {
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, room * sizeof(*memory), (void **)&memory));
        x = memory;
    }
    uint32_t *y = x + a->len;
    const int32_t m = words_characters(a, x), n = words_characters(b, y);
    *out = words_distance(x, m, y, n, (int32_t *)(y + b->len));
done:
    weft_mem_free(memory);
    return st;
}

static weft_status kernel_levenshtein(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    int32_t *out = call->out->values;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        WEFT_TRY(st, words_levenshtein(ctx, weft_arg_str(&call->args[0], i), weft_arg_str(&call->args[1], i),
                                       &out[i]));
        if (call->arg_count > 2 && out[i] > weft_arg_i64(&call->args[2], i)) out[i] = -1;
    }
done:
    return st;
}

/* ---- check digits, characters ---- */

/* Luhn's sum of digits, every second from the right doubled, is a multiple of 10. */
static bool words_luhn(const weft_str *s)
{
    const char *text = weft_str_data(s);
    int32_t sum = 0;
    for (uint32_t i = 0; i < s->len; i++) {
        int32_t digit = text[s->len - 1 - i] - '0';
        if (digit < 0 || digit > 9) return false;
        if (i % 2 == 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    return s->len > 0 && sum % 10 == 0;
}

static weft_status kernel_luhn(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i))
            ((uint8_t *)call->out->values)[i] = words_luhn(weft_arg_str(&call->args[0], i));
    }
    return WEFT_OK;
}

/* The character of a number modulo 256; empty below 0. */
static weft_status kernel_chr(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char text[4];
        if (!weft_call_valid(call, i)) continue;
        const int64_t number = weft_arg_i64(&call->args[0], i);
        const uint32_t bytes = number < 0 ? 0 : weft_utf8_encode((uint32_t)(number & 0xff), text);
        *weft_call_text(call, i) = weft_str_view(text, bytes);
    }
    return WEFT_OK;
}

#define S WEFT_TYPE_STRING
WEFT_FN_FORM(soundex, 1, 1, S, kernel_soundex, S);
WEFT_FN_ENTRY(soundex, "soundex", NULL, 0, NULL, "soundex(s): the Soundex code of s",
              "SELECT soundex('Miller')", "M460");
WEFT_FN_FORM(levenshtein, 2, 3, WEFT_TYPE_INT, kernel_levenshtein, S, S, WEFT_TYPE_INT);
WEFT_FN_ENTRY(levenshtein, "levenshtein", NULL, 0, NULL,
              "levenshtein(a, b [, most]): how many characters differ; -1 when more than most",
              "SELECT levenshtein('kitten', 'sitting')", "3");
WEFT_FN_FORM(luhn_check, 1, 1, WEFT_TYPE_BOOLEAN, kernel_luhn, S);
WEFT_FN_ENTRY(luhn_check, "luhn_check", NULL, 0, NULL,
              "luhn_check(s): the check digit of a card number is right", "SELECT luhn_check('8112189876')",
              "true");
WEFT_FN_FORM(chr, 1, 1, S, kernel_chr, WEFT_TYPE_BIGINT);
WEFT_FN_ENTRY(chr, "chr", "char", 0, NULL, "chr(n): the character of the number n modulo 256",
              "SELECT chr(65)", "A");
