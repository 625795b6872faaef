/* engine/expr/fn_length.c - columns of CHAR(n) and VARCHAR(n): what is written into them, and read.
 *
 * Lengths are in characters. Blanks at the end that are too many are dropped, anything else that is too many
 * is an error; a CHAR is filled with blanks. The analyser puts these calls in: no query can write their
 * names. */
#include "engine/expr/fn_entry.h"

typedef struct sized_text {
    const char *bytes;
    size_t len;    /* of the bytes that fit */
    int32_t count; /* of their characters */
    bool fits;     /* but for blanks behind them */
} sized_text;

static sized_text sized_of(const weft_str *s, int32_t limit)
{
    sized_text t = {.bytes = weft_str_data(s)};
    int64_t missing = 0;
    t.len = weft_utf8_skip(t.bytes, s->len, limit, &missing);
    t.count = limit - (int32_t)missing;
    size_t rest = t.len;
    while (rest < s->len && t.bytes[rest] == ' ') rest++;
    t.fits = rest == s->len;
    return t;
}

static weft_status put_padded(weft_ctx *ctx, weft_kernel_call *call, int32_t i, const sized_text *t,
                              int32_t limit)
{
    weft_status st = WEFT_OK;
    char *to = NULL;
    const size_t blanks = (size_t)(limit - t->count);
    WEFT_TRY(st, weft_text_room(ctx, call, t->len + blanks, &to));
    memcpy(to, t->bytes, t->len);
    memset(to + t->len, ' ', blanks);
    *weft_call_text(call, i) = weft_str_view(to, (uint32_t)(t->len + blanks));
done:
    return st;
}

static weft_status write_rows(weft_ctx *ctx, weft_kernel_call *call, bool pads)
{
    weft_status st = WEFT_OK;
    const int32_t limit = (int32_t)weft_arg_i64(&call->args[1], 0);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        const sized_text t = sized_of(s, limit);
        if (!t.fits)
            return weft_fail_at(ctx, WEFT_LENGTH_LIMIT, &call->expr->span,
                                "Exceeds char/varchar type length limitation: %d.", limit);
        if (pads && t.count < limit)
            WEFT_TRY(st, put_padded(ctx, call, i, &t, limit));
        else
            *weft_call_text(call, i) = weft_str_part(s, 0, t.len);
    }
done:
    return st;
}

static weft_status kernel_char_write(weft_ctx *ctx, weft_kernel_call *call)
{
    return write_rows(ctx, call, true);
}
static weft_status kernel_varchar_write(weft_ctx *ctx, weft_kernel_call *call)
{
    return write_rows(ctx, call, false);
}

/* Files that others have written, and strings that a CHAR is compared with, may be shorter; longer ones stay.
 */
static weft_status kernel_char_pad(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const int32_t limit = (int32_t)weft_arg_i64(&call->args[1], 0);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        const sized_text t = sized_of(s, limit);
        if (t.count < limit)
            WEFT_TRY(st, put_padded(ctx, call, i, &t, limit));
        else
            *weft_call_text(call, i) = *s;
    }
done:
    return st;
}

#define S WEFT_TYPE_STRING
#define I WEFT_TYPE_INT
WEFT_FN_FORM(char_write, 2, 2, S, kernel_char_write, S, I);
WEFT_FN_ENTRY(char_write, "(char_write)", NULL, WEFT_FN_FALLIBLE, NULL,
              "(char_write)(text, n): the text as a CHAR(n) holds it", NULL, NULL);
WEFT_FN_FORM(varchar_write, 2, 2, S, kernel_varchar_write, S, I);
WEFT_FN_ENTRY(varchar_write, "(varchar_write)", NULL, WEFT_FN_FALLIBLE, NULL,
              "(varchar_write)(text, n): the text as a VARCHAR(n) holds it", NULL, NULL);
WEFT_FN_FORM(char_pad, 2, 2, S, kernel_char_pad, S, I);
WEFT_FN_ENTRY(char_pad, "(char_pad)", NULL, 0, NULL,
              "(char_pad)(text, n): the text with blanks up to n characters", NULL, NULL);
