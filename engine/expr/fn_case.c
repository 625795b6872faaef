/* engine/expr/fn_case.c - upper, lower, initcap: full case mapping of Unicode, ASCII by itself. */
#include "engine/expr/fn_entry.h"

/* A letter that has a capital and a small form. */
static bool is_cased(uint32_t c)
{
    uint32_t mapped[3];
    return weft_utf8_upper(c, mapped) > 1 || mapped[0] != c || weft_utf8_lower(c, mapped) > 1 ||
           mapped[0] != c;
}

/* Marks within a word that do not tell whether a letter stands there. */
static bool is_case_ignorable(uint32_t c)
{
    return c == '\'' || c == '.' || c == ':' || c == '^' || c == '`' || c == 0xa8 || c == 0xad || c == 0xaf ||
           c == 0xb4 || c == 0xb7 || c == 0x2019 || (c >= 0x300 && c < 0x370);
}

/* The small letter of the capital sigma whose two bytes begin at `at`: another one at the end of a word. */
static uint32_t small_sigma(const char *text, size_t len, size_t at)
{
    enum { SIGMA = 0x3c3, FINAL_SIGMA = 0x3c2, SIGMA_BYTES = 2 };
    bool before = false;
    uint32_t bytes, c;
    for (size_t i = at; i > 0;) {
        for (i--; i > 0 && ((unsigned char)text[i] & 0xc0) == 0x80;) i--;
        c = weft_utf8_decode(text + i, len - i, &bytes);
        if (is_case_ignorable(c)) continue;
        before = is_cased(c);
        break;
    }
    if (!before) return SIGMA;
    for (size_t i = at + SIGMA_BYTES; i < len; i += bytes) {
        c = weft_utf8_decode(text + i, len - i, &bytes);
        if (!is_case_ignorable(c)) return is_cased(c) ? SIGMA : FINAL_SIGMA;
    }
    return FINAL_SIGMA;
}

/* The small letters of the character c at `at`. */
static int32_t small_letters(const char *text, size_t len, size_t at, uint32_t c, uint32_t mapped[3])
{
    enum { CAPITAL_SIGMA = 0x3a3 };
    if (c != CAPITAL_SIGMA) return weft_utf8_lower(c, mapped);
    mapped[0] = small_sigma(text, len, at);
    return 1;
}

static weft_status string_case(weft_ctx *ctx, weft_kernel_call *call, const weft_str *s, bool upper,
                               weft_str *out)
{
    weft_status st = WEFT_OK;
    const char *text = weft_str_data(s);
    char small[WEFT_STR_INLINE], *to = small;
    size_t used = 0;
    if (weft_utf8_ascii(text, s->len)) {
        const unsigned char first = upper ? 'a' : 'A';
        if (s->len > WEFT_STR_INLINE) WEFT_TRY(st, weft_text_room(ctx, call, s->len, &to));
        for (uint32_t i = 0; i < s->len; i++) {
            const unsigned char c = (unsigned char)text[i];
            to[i] = (char)(c ^ ((unsigned char)(c - first) < 26 ? 32 : 0));
        }
        *out = weft_str_view(to, s->len);
        goto done;
    }
    WEFT_TRY(st, weft_text_room(ctx, call, (size_t)s->len * 12,
                                &to)); /* three characters of four bytes for each */
    for (size_t at = 0; at < s->len;) {
        uint32_t bytes, mapped[3];
        const uint32_t c = weft_utf8_decode(text + at, s->len - at, &bytes);
        if (c == 0xfffd) { /* malformed bytes stay as they are */
            memcpy(to + used, text + at, bytes);
            used += bytes;
            at += bytes;
            continue;
        }
        const int32_t count = upper ? weft_utf8_upper(c, mapped) : small_letters(text, s->len, at, c, mapped);
        for (int32_t k = 0; k < count; k++) used += weft_utf8_encode(mapped[k], to + used);
        at += bytes;
    }
    if (used > INT32_MAX) return weft_text_room(ctx, call, used, &to); /* fails */
    *out = weft_str_view(to, (uint32_t)used);
done:
    return st;
}

static weft_status string_case_rows(weft_ctx *ctx, weft_kernel_call *call, bool upper)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        WEFT_TRY(st, string_case(ctx, call, weft_arg_str(&call->args[0], i), upper, weft_call_text(call, i)));
    }
done:
    return st;
}
static weft_status kernel_upper(weft_ctx *ctx, weft_kernel_call *call)
{
    return string_case_rows(ctx, call, true);
}
static weft_status kernel_lower(weft_ctx *ctx, weft_kernel_call *call)
{
    return string_case_rows(ctx, call, false);
}

/* The title case of a character: its capital, of whose several letters (ß, ﬁ) only the first stays large. The
 * letters that are digraphs have a title case of their own, as have the Greek ones with an iota below. */
static int32_t title_case(uint32_t c, uint32_t mapped[3])
{
    enum { DIGRAPHS_FIRST = 0x1c4, DIGRAPHS_END = 0x1cd, DZ_FIRST = 0x1f1, DZ_END = 0x1f4 };
    enum { IOTAS_FIRST = 0x1f80, IOTAS_END = 0x1fb0, CAPITAL_IOTA = 0x399, IOTA_BELOW = 0x345 };
    enum { APOSTROPHE_N = 0x149 }; /* its letter stands behind a sign */
    if (c >= DIGRAPHS_FIRST && c < DIGRAPHS_END) {
        mapped[0] = c - (c - DIGRAPHS_FIRST) % 3 + 1;
        return 1;
    }
    if (c >= DZ_FIRST && c < DZ_END) {
        mapped[0] = DZ_FIRST + 1;
        return 1;
    }
    if (c >= IOTAS_FIRST && c < IOTAS_END) { /* eight small ones, then their eight capitals */
        mapped[0] = c | 8;
        return 1;
    }
    if (c == 0x1fb3 || c == 0x1fc3 || c == 0x1ff3 || c == 0x1fbc || c == 0x1fcc || c == 0x1ffc) {
        mapped[0] = (c & ~0xfu) | 0xc;
        return 1;
    }
    const int32_t count = weft_utf8_upper(c, mapped);
    for (int32_t k = 1; k < count && c != APOSTROPHE_N; k++) {
        uint32_t small[3];
        if (mapped[k] == CAPITAL_IOTA)
            mapped[k] = IOTA_BELOW;
        else if (weft_utf8_lower(mapped[k], small) == 1)
            mapped[k] = small[0];
    }
    return count;
}

/* The first character of each word, which ends at a blank, in title case, the others in small letters. */
static weft_status string_initcap(weft_ctx *ctx, weft_kernel_call *call, const weft_str *s, weft_str *out)
{
    weft_status st = WEFT_OK;
    const char *text = weft_str_data(s);
    char *to;
    size_t used = 0;
    bool begins = true;
    const size_t growth = weft_utf8_ascii(text, s->len) ? 1 : 12;
    WEFT_TRY(st, weft_text_room(ctx, call, (size_t)s->len * growth, &to));
    for (size_t at = 0; at < s->len;) {
        uint32_t bytes, mapped[3];
        const uint32_t c = weft_utf8_decode(text + at, s->len - at, &bytes);
        if (c == 0xfffd) { /* malformed bytes stay as they are */
            memcpy(to + used, text + at, bytes);
            used += bytes;
        } else {
            const int32_t count = begins ? title_case(c, mapped) : small_letters(text, s->len, at, c, mapped);
            for (int32_t k = 0; k < count; k++) used += weft_utf8_encode(mapped[k], to + used);
        }
        begins = c == ' ';
        at += bytes;
    }
    *out = weft_str_view(to, (uint32_t)used);
done:
    return st;
}

static weft_status kernel_initcap(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        WEFT_TRY(st, string_initcap(ctx, call, weft_arg_str(&call->args[0], i), weft_call_text(call, i)));
    }
done:
    return st;
}

#define S WEFT_TYPE_STRING
WEFT_FN_FORM(upper, 1, 1, S, kernel_upper, S);
WEFT_FN_ENTRY(upper, "upper", "ucase", 0, NULL, "upper(s): in capitals", "SELECT upper('Spark')", "SPARK");
WEFT_FN_FORM(lower, 1, 1, S, kernel_lower, S);
WEFT_FN_ENTRY(lower, "lower", "lcase", 0, NULL, "lower(s): in small letters", "SELECT lower('Spark')",
              "spark");
WEFT_FN_FORM(initcap, 1, 1, S, kernel_initcap, S);
WEFT_FN_ENTRY(initcap, "initcap", NULL, 0, NULL, "initcap(s): each word begins with a capital",
              "SELECT initcap('hello world')", "Hello World");
