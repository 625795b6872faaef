/* engine/expr/fn_string.c - functions of text. Positions count characters from 1, as Spark's.
 *
 * What is a part of its argument (substring, trim, left, right) points into the argument's bytes. */
#include "engine/expr/coerce.h"
#include "engine/expr/kernel.h"
#include "engine/expr/raise.h"
#include "engine/expr/utf8.h"

static inline weft_str *string_out(const weft_kernel_call *call, int32_t i)
{
    return (weft_str *)call->out->values + i;
}

/* len bytes from `from` on of s as a string: inline or borrowed. */
static inline weft_str string_part(const weft_str *s, size_t from, size_t len)
{
    return weft_str_view(weft_str_data(s) + from, (uint32_t)len);
}

static weft_status string_too_long(weft_ctx *ctx, const weft_kernel_call *call, size_t len)
{
    return weft_fail_at(ctx, WEFT_LIMIT, &call->expr->span, "a string of %zu bytes: more than 2147483647",
                        len);
}

/* Room for len bytes as the value of row i: *to is where they go; call string_done afterwards. */
static weft_status string_room(weft_ctx *ctx, weft_kernel_call *call, size_t len, char **to)
{
    if (len > INT32_MAX) return string_too_long(ctx, call, len);
    return weft_vector_heap(ctx, call->out, len == 0 ? 1 : len, to);
}

static weft_status kernel_concat(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        size_t len = 0;
        char *to;
        char small[WEFT_STR_INLINE];
        if (!weft_call_valid(call, i)) continue;
        for (int32_t a = 0; a < call->arg_count; a++) len += weft_arg_str(&call->args[a], i)->len;
        to = small;
        if (len > WEFT_STR_INLINE) WEFT_TRY(st, string_room(ctx, call, len, &to));
        char *at = to;
        for (int32_t a = 0; a < call->arg_count; a++) {
            const weft_str *s = weft_arg_str(&call->args[a], i);
            memcpy(at, weft_str_data(s), s->len);
            at += s->len;
        }
        *string_out(call, i) = weft_str_view(to, (uint32_t)len);
    }
done:
    return st;
}

/* substring(s, position [, length]): a position below 1 counts from the end; 0 is as 1. */
static weft_str string_substring(const weft_str *s, int64_t position, int64_t length)
{
    const char *text = weft_str_data(s);
    int64_t start = position > 0 ? position - 1 : 0, left;
    if (position < 0) start = weft_utf8_length(text, s->len) + position;
    const int64_t stop = start + length;
    if (length <= 0 || stop <= 0) return (weft_str){0};
    if (start < 0) start = 0;
    const size_t from = weft_utf8_skip(text, s->len, start, &left);
    if (left > 0) return (weft_str){0};
    return string_part(s, from, weft_utf8_skip(text + from, s->len - from, stop - start, NULL));
}

/* A part of the first four bytes, ASCII as they mostly are: a text's own struct holds it. False: look at the
 * text. */
static inline bool string_head_part(const weft_str *s, uint32_t from, uint32_t length, weft_str *out)
{
    uint32_t head;
    memcpy(&head, s->prefix, 4);
    if ((head & 0x80808080) != 0) return false;
    const uint32_t left = s->len > from ? s->len - from : 0, len = left < length ? left : length;
    *out = (weft_str){.len = len};
    for (uint32_t i = 0; i < 4; i++) out->prefix[i] = i < len ? s->prefix[(from + i) & 3] : 0;
    return true;
}

/* Constant positions in the first four bytes: the country of a telephone number. False when they are not. */
static bool string_head_rows(weft_kernel_call *call)
{
    if (call->arg_count < 3 || call->args[0].encoding != WEFT_FLAT) return false;
    if (call->args[1].encoding != WEFT_CONSTANT || call->args[2].encoding != WEFT_CONSTANT) return false;
    const int64_t position = weft_arg_i64(&call->args[1], 0), length = weft_arg_i64(&call->args[2], 0);
    if (position < 1 || length < 1 || position > 4 || length > 5 - position) return false;
    const uint32_t from = (uint32_t)position - 1, bytes = (uint32_t)length;
    const weft_str *texts = call->args[0].data;
    for (int32_t k = 0; k < call->selected; k++) { /* null slots are empty texts */
        const int32_t i = weft_call_row(call, k);
        weft_str *out = string_out(call, i);
        if (WEFT_UNLIKELY(!string_head_part(&texts[i], from, bytes, out))) {
            *out = string_substring(&texts[i], position, length);
        }
    }
    return true;
}

static weft_status kernel_substring(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    if (string_head_rows(call)) return WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t length = call->arg_count > 2 ? weft_arg_i64(&call->args[2], i) : INT32_MAX;
        *string_out(call, i) =
            string_substring(weft_arg_str(&call->args[0], i), weft_arg_i64(&call->args[1], i), length);
    }
    return WEFT_OK;
}

static weft_status kernel_left(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        *string_out(call, i) =
            string_substring(weft_arg_str(&call->args[0], i), 1, weft_arg_i64(&call->args[1], i));
    }
    return WEFT_OK;
}

static weft_status kernel_right(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t count = weft_arg_i64(&call->args[1], i);
        *string_out(call, i) = count <= 0 ? (weft_str){0}
                                          : string_substring(weft_arg_str(&call->args[0], i), -count, count);
    }
    return WEFT_OK;
}

/* ---- case ---- */

static weft_status string_case(weft_ctx *ctx, weft_kernel_call *call, const weft_str *s, bool upper,
                               weft_str *out)
{
    weft_status st = WEFT_OK;
    const char *text = weft_str_data(s);
    char small[WEFT_STR_INLINE], *to = small;
    size_t used = 0;
    if (weft_utf8_ascii(text, s->len)) {
        const unsigned char first = upper ? 'a' : 'A';
        if (s->len > WEFT_STR_INLINE) WEFT_TRY(st, string_room(ctx, call, s->len, &to));
        for (uint32_t i = 0; i < s->len; i++) {
            const unsigned char c = (unsigned char)text[i];
            to[i] = (char)(c ^ ((unsigned char)(c - first) < 26 ? 32 : 0));
        }
        *out = weft_str_view(to, s->len);
        goto done;
    }
    WEFT_TRY(st,
             string_room(ctx, call, (size_t)s->len * 12, &to)); /* three characters of four bytes for each */
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
    if (used > INT32_MAX) return string_too_long(ctx, call, used);
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
        WEFT_TRY(st, string_case(ctx, call, weft_arg_str(&call->args[0], i), upper, string_out(call, i)));
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

/* ---- trim ---- */

/* Does the character of `bytes` bytes at text stand in set? */
static bool string_in_set(const weft_str *set, const char *text, uint32_t bytes)
{
    const char *s = weft_str_data(set);
    for (uint32_t at = 0; at < set->len;) {
        const uint32_t size = weft_utf8_bytes((unsigned char)s[at]);
        if (size == bytes && at + size <= set->len && memcmp(s + at, text, bytes) == 0) return true;
        at += size;
    }
    return false;
}

static weft_str string_trim(const weft_str *s, const weft_str *set, bool begin, bool end)
{
    const char *text = weft_str_data(s);
    size_t from = 0, to = s->len;
    while (begin && from < to) {
        const uint32_t size = weft_utf8_bytes((unsigned char)text[from]);
        if (from + size > to || !string_in_set(set, text + from, size)) break;
        from += size;
    }
    while (end && to > from) {
        size_t at = to - 1;
        while (at > from && ((unsigned char)text[at] & 0xc0) == 0x80) at--;
        if (!string_in_set(set, text + at, (uint32_t)(to - at))) break;
        to = at;
    }
    return string_part(s, from, to - from);
}

static weft_status string_trim_rows(weft_kernel_call *call, bool begin, bool end)
{
    const weft_str blank = weft_str_view(" ", 1);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *set = call->arg_count > 1 ? weft_arg_str(&call->args[1], i) : &blank;
        *string_out(call, i) = string_trim(weft_arg_str(&call->args[0], i), set, begin, end);
    }
    return WEFT_OK;
}
static weft_status kernel_trim(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return string_trim_rows(call, true, true);
}
static weft_status kernel_ltrim(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return string_trim_rows(call, true, false);
}
static weft_status kernel_rtrim(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return string_trim_rows(call, false, true);
}

/* ---- lengths and places ---- */

static weft_status kernel_length(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    const bool bytes = call->args[0].type.id == WEFT_TYPE_BINARY;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        ((int32_t *)call->out->values)[i] = bytes ? (int32_t)s->len
                                                  : (int32_t)weft_utf8_length(weft_str_data(s), s->len);
    }
    return WEFT_OK;
}

static weft_status kernel_octet_length(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i)) {
            ((int32_t *)call->out->values)[i] = (int32_t)weft_arg_str(&call->args[0], i)->len;
        }
    }
    return WEFT_OK;
}

/* The character position of part in s at or behind the start-th character; 0 when it is not there. */
static int32_t string_position(const weft_str *part, const weft_str *s, int64_t start)
{
    const char *text = weft_str_data(s);
    int64_t left;
    if (start < 1) return 0;
    const size_t from = weft_utf8_skip(text, s->len, start - 1, &left);
    if (left > 0) return 0;
    if (part->len == 0) return (int32_t)start;
    const char *at = weft_bytes_loops_get()->find(text + from, s->len - from, weft_str_data(part), part->len);
    return at == NULL ? 0 : (int32_t)(weft_utf8_length(text, (size_t)(at - text)) + 1);
}

static weft_status kernel_position(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t start = call->arg_count > 2 ? weft_arg_i64(&call->args[2], i) : 1;
        ((int32_t *)call->out->values)[i] =
            string_position(weft_arg_str(&call->args[0], i), weft_arg_str(&call->args[1], i), start);
    }
    return WEFT_OK;
}

static weft_status kernel_instr(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        ((int32_t *)call->out->values)[i] =
            string_position(weft_arg_str(&call->args[1], i), weft_arg_str(&call->args[0], i), 1);
    }
    return WEFT_OK;
}

typedef enum string_place { PLACE_START, PLACE_END, PLACE_ANY } string_place;

static weft_status string_has(weft_kernel_call *call, string_place place)
{
    uint8_t *out = call->out->values;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i), *part = weft_arg_str(&call->args[1], i);
        const char *text = weft_str_data(s), *want = weft_str_data(part);
        if (part->len > s->len)
            out[i] = 0;
        else if (place == PLACE_START)
            out[i] = memcmp(text, want, part->len) == 0;
        else if (place == PLACE_END)
            out[i] = memcmp(text + s->len - part->len, want, part->len) == 0;
        else
            out[i] = weft_bytes_loops_get()->find(text, s->len, want, part->len) != NULL;
    }
    return WEFT_OK;
}
static weft_status kernel_starts(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return string_has(call, PLACE_START);
}
static weft_status kernel_ends(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return string_has(call, PLACE_END);
}
static weft_status kernel_contains(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return string_has(call, PLACE_ANY);
}

static weft_status kernel_ascii(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        uint32_t bytes;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        ((int32_t *)call->out->values)[i] =
            s->len == 0 ? 0 : (int32_t)weft_utf8_decode(weft_str_data(s), s->len, &bytes);
    }
    return WEFT_OK;
}

/* ---- new text ---- */

static weft_status string_replace(weft_ctx *ctx, weft_kernel_call *call, const weft_str *s,
                                  const weft_str *search, const weft_str *with, weft_str *out)
{
    weft_status st = WEFT_OK;
    const char *text = weft_str_data(s), *end = text + s->len, *find = weft_str_data(search), *at, *from;
    size_t count = 0;
    char *to;
    *out = *s;
    if (search->len == 0) return WEFT_OK;
    for (from = text;
         (at = weft_bytes_loops_get()->find(from, (size_t)(end - from), find, search->len)) != NULL;
         from = at + search->len) {
        count++;
    }
    if (count == 0) return WEFT_OK;
    const size_t len = s->len - count * search->len + count * with->len;
    WEFT_TRY(st, string_room(ctx, call, len, &to));
    char *next = to;
    for (from = text;
         (at = weft_bytes_loops_get()->find(from, (size_t)(end - from), find, search->len)) != NULL;
         from = at + search->len) {
        memcpy(next, from, (size_t)(at - from));
        next += at - from;
        memcpy(next, weft_str_data(with), with->len);
        next += with->len;
    }
    memcpy(next, from, (size_t)(end - from));
    *out = weft_str_view(to, (uint32_t)len);
done:
    return st;
}

static weft_status kernel_replace(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const weft_str empty = {0};
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *with = call->arg_count > 2 ? weft_arg_str(&call->args[2], i) : &empty;
        WEFT_TRY(st, string_replace(ctx, call, weft_arg_str(&call->args[0], i),
                                    weft_arg_str(&call->args[1], i), with, string_out(call, i)));
    }
done:
    return st;
}

/* lpad, rpad: to `target` characters, cut or filled with pad again and again. */
static weft_status string_pad(weft_ctx *ctx, weft_kernel_call *call, const weft_str *s, int64_t target,
                              const weft_str *pad, bool before, weft_str *out)
{
    weft_status st = WEFT_OK;
    const char *text = weft_str_data(s), *fill = weft_str_data(pad);
    const int64_t have = weft_utf8_length(text, s->len), pad_have = weft_utf8_length(fill, pad->len);
    char *to;
    *out = (weft_str){0};
    if (target <= 0) return WEFT_OK;
    if (have >= target || pad_have == 0) {
        *out = string_part(s, 0, weft_utf8_skip(text, s->len, target, NULL));
        return WEFT_OK;
    }
    const int64_t missing = target - have, whole = missing / pad_have;
    const size_t rest = weft_utf8_skip(fill, pad->len, missing % pad_have, NULL);
    const size_t len = s->len + (size_t)whole * pad->len + rest;
    WEFT_TRY(st, string_room(ctx, call, len, &to));
    char *at = to;
    if (!before) {
        memcpy(at, text, s->len);
        at += s->len;
    }
    for (int64_t k = 0; k < whole; k++, at += pad->len) memcpy(at, fill, pad->len);
    memcpy(at, fill, rest);
    if (before) memcpy(at + rest, text, s->len);
    *out = weft_str_view(to, (uint32_t)len);
done:
    return st;
}

static weft_status string_pad_rows(weft_ctx *ctx, weft_kernel_call *call, bool before)
{
    weft_status st = WEFT_OK;
    const weft_str blank = weft_str_view(" ", 1);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *pad = call->arg_count > 2 ? weft_arg_str(&call->args[2], i) : &blank;
        WEFT_TRY(st, string_pad(ctx, call, weft_arg_str(&call->args[0], i), weft_arg_i64(&call->args[1], i),
                                pad, before, string_out(call, i)));
    }
done:
    return st;
}
static weft_status kernel_lpad(weft_ctx *ctx, weft_kernel_call *call)
{
    return string_pad_rows(ctx, call, true);
}
static weft_status kernel_rpad(weft_ctx *ctx, weft_kernel_call *call)
{
    return string_pad_rows(ctx, call, false);
}

static weft_status kernel_reverse(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        const char *text = weft_str_data(s);
        WEFT_TRY(st, string_room(ctx, call, s->len, &to));
        for (size_t at = 0; at < s->len;) {
            const size_t size =
                (size_t)weft_min_i64(weft_utf8_bytes((unsigned char)text[at]), (int64_t)(s->len - at));
            memcpy(to + s->len - at - size, text + at, size);
            at += size;
        }
        *string_out(call, i) = weft_str_view(to, s->len);
    }
done:
    return st;
}

static weft_status kernel_repeat(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        const int64_t times = weft_max_i64(weft_arg_i64(&call->args[1], i), 0);
        const size_t len = (size_t)times * s->len;
        WEFT_TRY(st, string_room(ctx, call, len, &to));
        for (int64_t n = 0; n < times && s->len > 0; n++) memcpy(to + n * s->len, weft_str_data(s), s->len);
        *string_out(call, i) = weft_str_view(to, (uint32_t)len);
    }
done:
    return st;
}

static weft_status kernel_typeof(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    char text[512], *to = NULL;
    (void)weft_type_text(call->expr->args[0]->type, text, sizeof(text));
    const size_t len = strlen(text);
    WEFT_TRY(st, string_room(ctx, call, len, &to));
    memcpy(to, text, len);
    for (int32_t k = 0; k < call->selected; k++)
        *string_out(call, weft_call_row(call, k)) = weft_str_view(to, (uint32_t)len);
done:
    return st;
}

#define S WEFT_TYPE_STRING
#define I WEFT_TYPE_INT
#define FORM(name, low, high, result, kernel, ...)                                                           \
    static const weft_signature name##_signatures[] = {{{__VA_ARGS__}, low, high, result, kernel}}
FORM(concat, 1, -1, S, kernel_concat, S);
FORM(substring, 2, 3, S, kernel_substring, S, I, I);
FORM(left, 2, 2, S, kernel_left, S, I);
FORM(right, 2, 2, S, kernel_right, S, I);
FORM(upper, 1, 1, S, kernel_upper, S);
FORM(lower, 1, 1, S, kernel_lower, S);
FORM(trim, 1, 1, S, kernel_trim, S);
FORM(btrim, 1, 2, S, kernel_trim, S, S);
FORM(ltrim, 1, 2, S, kernel_ltrim, S, S);
FORM(rtrim, 1, 2, S, kernel_rtrim, S, S);
FORM(position, 2, 3, I, kernel_position, S, S, I);
FORM(instr, 2, 2, I, kernel_instr, S, S);
FORM(replace, 2, 3, S, kernel_replace, S, S, S);
FORM(lpad, 2, 3, S, kernel_lpad, S, I, S);
FORM(rpad, 2, 3, S, kernel_rpad, S, I, S);
FORM(starts_with, 2, 2, WEFT_TYPE_BOOLEAN, kernel_starts, S, S);
FORM(ends_with, 2, 2, WEFT_TYPE_BOOLEAN, kernel_ends, S, S);
FORM(contains, 2, 2, WEFT_TYPE_BOOLEAN, kernel_contains, S, S);
FORM(reverse, 1, 1, S, kernel_reverse, S);
FORM(repeat, 2, 2, S, kernel_repeat, S, I);
FORM(ascii, 1, 1, I, kernel_ascii, S);
FORM(typeof, 1, 1, S, kernel_typeof, WEFT_TYPE_COUNT);
static const weft_signature length_signatures[] = {{{S}, 1, 1, I, kernel_length},
                                                   {{WEFT_TYPE_BINARY}, 1, 1, I, kernel_length}};
static const weft_signature octet_length_signatures[] = {{{S}, 1, 1, I, kernel_octet_length},
                                                         {{WEFT_TYPE_BINARY}, 1, 1, I, kernel_octet_length}};

/* The entry of a function that neither raises nor sees NULLs. */
#define ENTRY(symbol, text, others, usage, sql, result)                                                      \
    const weft_function weft_fn_##symbol = {.name = text,                                                    \
                                            .aliases = others,                                               \
                                            .signatures = symbol##_signatures,                               \
                                            .signature_count = WEFT_COUNT(symbol##_signatures),              \
                                            .help = usage,                                                   \
                                            .example = sql,                                                  \
                                            .example_result = result}
ENTRY(concat, "concat", "||", "concat(a, b, ...): the texts one after another", "SELECT concat('a', 'b')",
      "ab");
ENTRY(substring, "substring", "substr", "substring(s, position [, length]): a part of s, from position 1 on",
      "SELECT substring('Spark', 2, 3)", "par");
ENTRY(left, "left", NULL, "left(s, n): the first n characters", "SELECT left('Spark', 2)", "Sp");
ENTRY(right, "right", NULL, "right(s, n): the last n characters", "SELECT right('Spark', 2)", "rk");
ENTRY(upper, "upper", "ucase", "upper(s): in capitals", "SELECT upper('Spark')", "SPARK");
ENTRY(lower, "lower", "lcase", "lower(s): in small letters", "SELECT lower('Spark')", "spark");
ENTRY(trim, "trim", NULL, "trim(s): without blanks at both ends", "SELECT trim('  a ')", "a");
ENTRY(btrim, "btrim", NULL, "btrim(s [, characters]): without the characters at both ends",
      "SELECT btrim('xax', 'x')", "a");
ENTRY(ltrim, "ltrim", NULL, "ltrim(s [, characters]): without the characters at the start",
      "SELECT ltrim('  a')", "a");
ENTRY(rtrim, "rtrim", NULL, "rtrim(s [, characters]): without the characters at the end",
      "SELECT rtrim('a  ')", "a");
ENTRY(length, "length", "len,char_length,character_length",
      "length(s): characters of s, or bytes of a binary", "SELECT length('Spark')", "5");
ENTRY(octet_length, "octet_length", NULL, "octet_length(s): bytes of s", "SELECT octet_length('Spark')", "5");
ENTRY(position, "position", "locate", "position(part, s [, start]): where part stands in s; 0 when nowhere",
      "SELECT position('a', 'Spark')", "3");
ENTRY(instr, "instr", NULL, "instr(s, part): where part stands in s; 0 when nowhere",
      "SELECT instr('Spark', 'a')", "3");
ENTRY(replace, "replace", NULL, "replace(s, search [, with]): every search in s replaced",
      "SELECT replace('aba', 'a', 'c')", "cbc");
ENTRY(lpad, "lpad", NULL, "lpad(s, n [, pad]): filled at the start to n characters",
      "SELECT lpad('1', 3, '0')", "001");
ENTRY(rpad, "rpad", NULL, "rpad(s, n [, pad]): filled at the end to n characters", "SELECT rpad('1', 3, '0')",
      "100");
ENTRY(starts_with, "startswith", NULL, "startswith(s, part): s begins with part",
      "SELECT startswith('Spark', 'Sp')", "true");
ENTRY(ends_with, "endswith", NULL, "endswith(s, part): s ends with part", "SELECT endswith('Spark', 'rk')",
      "true");
ENTRY(contains, "contains", NULL, "contains(s, part): part stands in s", "SELECT contains('Spark', 'par')",
      "true");
ENTRY(reverse, "reverse", NULL, "reverse(s): the characters backwards", "SELECT reverse('abc')", "cba");
ENTRY(repeat, "repeat", NULL, "repeat(s, n): s n times", "SELECT repeat('ab', 2)", "abab");
ENTRY(ascii, "ascii", NULL, "ascii(s): the number of the first character", "SELECT ascii('a')", "97");
const weft_function weft_fn_typeof = {.name = "typeof",
                                      .flags = WEFT_FN_NULL_OWN,
                                      .signatures = typeof_signatures,
                                      .signature_count = 1,
                                      .help = "typeof(x): the name of x's type",
                                      .example = "SELECT typeof(1)",
                                      .example_result = "int"};
