/* engine/expr/fn_base32.c - base 32 (RFC 4648, section 6): to_base32, from_base32. */
#include "engine/expr/fn_entry.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static weft_status kernel_to_base32(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to = NULL;
        size_t used = 0;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        const unsigned char *bytes = (const unsigned char *)weft_str_data(s);
        WEFT_TRY(st, weft_text_room(ctx, call, ((size_t)s->len + 4) / 5 * 8, &to));
        for (uint32_t at = 0; at < s->len; at += 5) {
            uint64_t group = 0;
            const uint32_t count = s->len - at < 5 ? s->len - at : 5;
            for (uint32_t b = 0; b < 5; b++) group = group << 8 | (b < count ? bytes[at + b] : 0);
            const uint32_t letters = (count * 8 + 4) / 5;
            for (uint32_t c = 0; c < 8; c++)
                to[used++] = c < letters ? alphabet[group >> (35 - 5 * c) & 31] : '=';
        }
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)used);
    }
done:
    return st;
}

/* Other characters than those of the alphabet are passed over; the text ends with its first '='. */
static weft_status kernel_from_base32(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to = NULL;
        size_t used = 0;
        uint64_t bits = 0;
        int32_t held = 0, letters = 0;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        WEFT_TRY(st, weft_text_room(ctx, call, s->len, &to));
        for (uint32_t at = 0; at < s->len && weft_str_data(s)[at] != '='; at++) {
            const char letter = weft_str_data(s)[at];
            const char upper = letter >= 'a' && letter <= 'z' ? (char)(letter - 32) : letter;
            const char *found = upper == 0 ? NULL : strchr(alphabet, upper);
            if (found == NULL) continue;
            bits = bits << 5 | (uint64_t)(found - alphabet);
            held += 5;
            letters++;
            if (held >= 8) {
                held -= 8;
                to[used++] = (char)(bits >> held & 255);
            }
        }
        /* a letter too many gives a byte too, of itself and the bits before it */
        if (letters % 8 == 1) to[used++] = (char)(bits >> 2 & 255);
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)used);
    }
done:
    return st;
}

#define S WEFT_TYPE_STRING
#define B WEFT_TYPE_BINARY
static const weft_signature to_base32_signatures[] = {{{B}, 1, 1, S, kernel_to_base32},
                                                      {{S}, 1, 1, S, kernel_to_base32}};
WEFT_FN_ENTRY(to_base32, "to_base32", NULL, 0, NULL, "to_base32(b): bytes in base 32",
              "SELECT to_base32('foobar')", "MZXW6YTBOI======");
WEFT_FN_FORM(from_base32, 1, 1, B, kernel_from_base32, S);
WEFT_FN_ENTRY(from_base32, "from_base32", NULL, 0, NULL, "from_base32(s): the bytes of text in base 32",
              "SELECT decode(from_base32('MZXW6==='), 'UTF-8')", "foo");
