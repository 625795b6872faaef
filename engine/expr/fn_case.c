/* engine/expr/fn_case.c - upper, lower, initcap: full case mapping of Unicode, ASCII by itself. */
#include "engine/expr/fn_entry.h"

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
        const int32_t count = upper ? weft_utf8_upper(c, mapped) : weft_utf8_lower(c, mapped);
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

/* The first character of each word, which ends at a blank, in capitals, the others in small letters. */
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
            const int32_t count = begins ? weft_utf8_upper(c, mapped) : weft_utf8_lower(c, mapped);
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
