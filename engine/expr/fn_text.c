/* engine/expr/fn_text.c - texts made of texts: joined, replaced, padded, repeated. */
#include "engine/expr/coerce.h"
#include "engine/expr/fn_bytes.h"
#include "engine/expr/fn_entry.h"

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
        if (len > WEFT_STR_INLINE) WEFT_TRY(st, weft_text_room(ctx, call, len, &to));
        char *at = to;
        for (int32_t a = 0; a < call->arg_count; a++) {
            const weft_str *s = weft_arg_str(&call->args[a], i);
            memcpy(at, weft_str_data(s), s->len);
            at += s->len;
        }
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)len);
    }
done:
    return st;
}

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
    WEFT_TRY(st, weft_text_room(ctx, call, len, &to));
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
                                    weft_arg_str(&call->args[1], i), with, weft_call_text(call, i)));
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
        *out = weft_str_part(s, 0, weft_utf8_skip(text, s->len, target, NULL));
        return WEFT_OK;
    }
    const int64_t missing = target - have, whole = missing / pad_have;
    const size_t rest = weft_utf8_skip(fill, pad->len, missing % pad_have, NULL);
    const size_t len = s->len + (size_t)whole * pad->len + rest;
    WEFT_TRY(st, weft_text_room(ctx, call, len, &to));
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
                                pad, before, weft_call_text(call, i)));
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
        WEFT_TRY(st, weft_text_room(ctx, call, s->len, &to));
        for (size_t at = 0; at < s->len;) {
            const size_t size =
                (size_t)weft_min_i64(weft_utf8_bytes((unsigned char)text[at]), (int64_t)(s->len - at));
            memcpy(to + s->len - at - size, text + at, size);
            at += size;
        }
        *weft_call_text(call, i) = weft_str_view(to, s->len);
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
        WEFT_TRY(st, weft_text_room(ctx, call, len, &to));
        for (int64_t n = 0; n < times && s->len > 0; n++) memcpy(to + n * s->len, weft_str_data(s), s->len);
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)len);
    }
done:
    return st;
}

static weft_status kernel_typeof(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    char *to = NULL;
    const weft_type type = call->expr->args[0]->type;
    const size_t len = weft_type_show(type, NULL, 0);
    WEFT_TRY(st, weft_text_room(ctx, call, len + 1, &to));
    (void)weft_type_show(type, to, len + 1);
    for (int32_t k = 0; k < call->selected; k++)
        *weft_call_text(call, weft_call_row(call, k)) = weft_str_view(to, (uint32_t)len);
done:
    return st;
}

/* The character of s at the index-th place; its bytes, 0 behind the end. */
static uint32_t text_character(const weft_str *s, int64_t index, const char **out)
{
    const char *text = weft_str_data(s);
    int64_t left;
    const size_t at = weft_utf8_skip(text, s->len, index, &left);
    *out = text + at;
    if (left > 0 || at >= s->len) return 0;
    return (uint32_t)weft_min_i64(weft_utf8_bytes((unsigned char)text[at]), (int64_t)(s->len - at));
}

/* Which character of set the one at text is, or -1. */
static int64_t text_index_in(const weft_str *set, const char *text, uint32_t bytes)
{
    const char *s = weft_str_data(set);
    int64_t index = 0;
    for (uint32_t at = 0; at < set->len; index++) {
        const uint32_t size = weft_utf8_bytes((unsigned char)s[at]);
        if (size == bytes && at + size <= set->len && memcmp(s + at, text, bytes) == 0) return index;
        at += size;
    }
    return -1;
}

/* Each character of `from` becomes the one at its place in `to`, or goes where there is none. */
static weft_status text_translate(weft_ctx *ctx, weft_kernel_call *call, const weft_str *s,
                                  const weft_str *from, const weft_str *with, weft_str *out)
{
    weft_status st = WEFT_OK;
    const char *text = weft_str_data(s);
    char *to;
    size_t used = 0;
    WEFT_TRY(st, weft_text_room(ctx, call, (size_t)s->len * 4, &to)); /* one byte may become four */
    for (uint32_t at = 0; at < s->len;) {
        const char *put = text + at;
        const uint32_t size =
            (uint32_t)weft_min_i64(weft_utf8_bytes((unsigned char)text[at]), (int64_t)(s->len - at));
        const int64_t index = text_index_in(from, text + at, size);
        const uint32_t bytes = index < 0 ? size : text_character(with, index, &put);
        memcpy(to + used, put, bytes);
        used += bytes;
        at += size;
    }
    *out = weft_str_view(to, (uint32_t)used);
done:
    return st;
}

static weft_status kernel_translate(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        WEFT_TRY(st,
                 text_translate(ctx, call, weft_arg_str(&call->args[0], i), weft_arg_str(&call->args[1], i),
                                weft_arg_str(&call->args[2], i), weft_call_text(call, i)));
    }
done:
    return st;
}

/* Bytes of the characters before `position` (1-based; negative from the end; 0 as 1), for substring(). */
static size_t text_offset(const weft_str *s, int64_t position)
{
    const char *text = weft_str_data(s);
    int64_t start = position > 0 ? position - 1 : 0;
    if (position < 0) start = weft_max_i64(weft_utf8_length(text, s->len) + position, 0);
    return weft_utf8_skip(text, s->len, start, NULL);
}

/* length characters from position on give way to `with`; length below 0: as many as it has. */
static weft_status text_overlay(weft_ctx *ctx, weft_kernel_call *call, const weft_str *s,
                                const weft_str *with, int64_t position, int64_t length, weft_str *out)
{
    weft_status st = WEFT_OK;
    const char *text = weft_str_data(s);
    char *to;
    const int64_t gone = length >= 0 ? length : weft_utf8_length(weft_str_data(with), with->len);
    const size_t head = position > 1 ? weft_utf8_skip(text, s->len, position - 1, NULL) : 0;
    const size_t tail = text_offset(s, position + gone), len = head + with->len + s->len - tail;
    WEFT_TRY(st, weft_text_room(ctx, call, len, &to));
    memcpy(to, text, head);
    memcpy(to + head, weft_str_data(with), with->len);
    memcpy(to + head + with->len, text + tail, s->len - tail);
    *out = weft_str_view(to, (uint32_t)len);
done:
    return st;
}

static weft_status kernel_overlay(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t length = call->arg_count > 3 ? weft_arg_i64(&call->args[3], i) : -1;
        WEFT_TRY(st, text_overlay(ctx, call, weft_arg_str(&call->args[0], i), weft_arg_str(&call->args[1], i),
                                  weft_arg_i64(&call->args[2], i), length, weft_call_text(call, i)));
    }
done:
    return st;
}

/* Texts and bytes do not go together: what replaces bytes has to be bytes, or a NULL. */
static weft_status bind_overlay(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                                const weft_span *span, int32_t *variant, weft_type *type)
{
    if (count > 1) {
        const bool bytes = args[0]->type.id == WEFT_TYPE_BINARY, with = args[1]->type.id == WEFT_TYPE_BINARY;
        const bool null = args[bytes ? 1 : 0]->type.id == WEFT_TYPE_NULL;
        if (bytes != with && !(bytes && null))
            return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_DATA_DIFF, span,
                                "Input to `overlay` should all be the same type, but one is a text and the "
                                "other is \"BINARY\".");
    }
    return weft_bind_default(ctx, fn, args, count, span, variant, type);
}

static weft_status kernel_space(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to;
        if (!weft_call_valid(call, i)) continue;
        const int64_t len = weft_max_i64(weft_arg_i64(&call->args[0], i), 0);
        WEFT_TRY(st, weft_text_room(ctx, call, (size_t)len, &to));
        memset(to, ' ', (size_t)len);
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)len);
    }
done:
    return st;
}

/* elt(n, a, b, …): the n-th of the texts. */
static weft_status kernel_elt(weft_ctx *ctx, weft_kernel_call *call)
{
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_arg_is_null(&call->args[0], i)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        const int64_t n = weft_arg_i64(&call->args[0], i);
        const bool inside = n >= 1 && n < call->arg_count;
        if (!inside && weft_raise_wanted(ctx, call->expr)) {
            return weft_fail_at(ctx, WEFT_INVALID_ARRAY_INDEX, &call->expr->span,
                                "The index %lld is out of bounds. The array has %d elements.", (long long)n,
                                call->arg_count - 1);
        }
        if (!inside || weft_arg_is_null(&call->args[n], i))
            weft_vector_set_null(call->out, i);
        else
            *weft_call_text(call, i) = *weft_arg_str(&call->args[n], i);
    }
    return WEFT_OK;
}

/* 1 capital, 2 small letter, 3 digit, 4 other. */
static int32_t text_kind(uint32_t c)
{
    uint32_t mapped[3];
    if (c >= '0' && c <= '9') return 3;
    if (weft_utf8_lower(c, mapped) != 1 || mapped[0] != c) return 1;
    return weft_utf8_upper(c, mapped) != 1 || mapped[0] != c ? 2 : 4;
}

/* mask(s [, upper [, lower [, digit [, other]]]]): each kind of character becomes the given one; NULL keeps.
 */
static weft_status text_mask(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    const weft_str *s = weft_arg_str(&call->args[0], i);
    const char *text = weft_str_data(s), *const plain[5] = {NULL, "X", "x", "n", NULL};
    char *to;
    size_t used = 0;
    WEFT_TRY(st, weft_text_room(ctx, call, (size_t)s->len * 4, &to));
    for (uint32_t at = 0; at < s->len;) {
        uint32_t size;
        const int32_t kind = text_kind(weft_utf8_decode(text + at, s->len - at, &size));
        const char *put = text + at;
        uint32_t bytes = size;
        if (kind >= call->arg_count) {
            if (plain[kind] != NULL) {
                put = plain[kind];
                bytes = 1;
            }
        } else if (!weft_arg_is_null(&call->args[kind], i)) {
            bytes = text_character(weft_arg_str(&call->args[kind], i), 0, &put);
        }
        memcpy(to + used, put, bytes);
        used += bytes;
        at += size;
    }
    *weft_call_text(call, i) = weft_str_view(to, (uint32_t)used);
done:
    return st;
}

static weft_status kernel_mask(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_arg_is_null(&call->args[0], i))
            weft_vector_set_null(call->out, i);
        else
            WEFT_TRY(st, text_mask(ctx, call, i));
    }
done:
    return st;
}

/* What letters and digits become is one character, and a constant; NULL leaves them as they are. */
static weft_status bind_mask(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                             const weft_span *span, int32_t *variant, weft_type *type)
{
    static const char *const names[] = {"", "upperChar", "lowerChar", "digitChar", "otherChar"};
    weft_status st = WEFT_OK;
    for (int32_t i = 1; i < count && i < WEFT_COUNT(names); i++) {
        WEFT_TRY(st, weft_expr_fold(ctx, args[i], &args[i]));
        const weft_expr *e = args[i];
        if (e->type.id != WEFT_TYPE_STRING && e->type.id != WEFT_TYPE_NULL)
            return weft_fail_arg_type(ctx, i, "\"string\"", e, span);
        if (e->kind != WEFT_EXPR_LITERAL)
            return weft_fail_at(ctx, WEFT_DATATYPE_MISMATCH_NOT_FOLDABLE, span,
                                "the input %s should be a foldable \"string\" expression", names[i]);
        if (!e->literal.is_null && weft_utf8_length(weft_str_data(&e->literal.str), e->literal.str.len) != 1)
            return weft_fail_at(ctx, WEFT_INPUT_SIZE_NOT_ONE, span, "Length of %s should be 1.", names[i]);
    }
    st = weft_bind_default(ctx, fn, args, count, span, variant, type);
done:
    return st;
}

#define S WEFT_TYPE_STRING
#define I WEFT_TYPE_INT
#define B WEFT_TYPE_BINARY
static const weft_signature concat_signatures[] = {{{S}, 1, -1, S, kernel_concat},
                                                   {{B}, 1, -1, B, kernel_concat}};
WEFT_FN_ENTRY(concat, "concat", "||", 0, NULL,
              "concat(a, b, ...): the texts, or the bytes, one after another", "SELECT concat('a', 'b')",
              "ab");
WEFT_FN_FORM(replace, 2, 3, S, kernel_replace, S, S, S);
WEFT_FN_ENTRY(replace, "replace", NULL, 0, NULL, "replace(s, search [, with]): every search in s replaced",
              "SELECT replace('aba', 'a', 'c')", "cbc");
static const weft_signature lpad_signatures[] = {{{S, I, S}, 2, 3, S, kernel_lpad},
                                                 {{B, I, B}, 2, 3, B, weft_kernel_bytes_lpad}};
WEFT_FN_ENTRY(lpad, "lpad", NULL, 0, NULL, "lpad(s, n [, pad]): filled at the start to n characters",
              "SELECT lpad('1', 3, '0')", "001");
static const weft_signature rpad_signatures[] = {{{S, I, S}, 2, 3, S, kernel_rpad},
                                                 {{B, I, B}, 2, 3, B, weft_kernel_bytes_rpad}};
WEFT_FN_ENTRY(rpad, "rpad", NULL, 0, NULL, "rpad(s, n [, pad]): filled at the end to n characters",
              "SELECT rpad('1', 3, '0')", "100");
static const weft_signature reverse_signatures[] = {{{S}, 1, 1, S, kernel_reverse},
                                                    {{B}, 1, 1, B, weft_kernel_bytes_reverse}};
WEFT_FN_ENTRY(reverse, "reverse", NULL, 0, NULL, "reverse(s): the characters backwards",
              "SELECT reverse('abc')", "cba");
WEFT_FN_FORM(repeat, 2, 2, S, kernel_repeat, S, I);
WEFT_FN_ENTRY(repeat, "repeat", NULL, 0, NULL, "repeat(s, n): s n times", "SELECT repeat('ab', 2)", "abab");
WEFT_FN_FORM(typeof, 1, 1, S, kernel_typeof, WEFT_TYPE_COUNT);
const weft_function weft_fn_typeof = {.name = "typeof",
                                      .flags = WEFT_FN_NULL_OWN,
                                      .signatures = typeof_signatures,
                                      .signature_count = 1,
                                      .help = "typeof(x): the name of x's type",
                                      .example = "SELECT typeof(1)",
                                      .example_result = "int"};
WEFT_FN_FORM(translate, 3, 3, S, kernel_translate, S, S, S);
WEFT_FN_ENTRY(translate, "translate", NULL, 0, NULL,
              "translate(s, from, to): each character of from replaced by the one at its place in to",
              "SELECT translate('abc', 'ab', '12')", "12c");
static const weft_signature overlay_signatures[] = {
    {{S, S, I, I}, 3, 4, S, kernel_overlay},
    {{WEFT_TYPE_BINARY, WEFT_TYPE_BINARY, I, I}, 3, 4, WEFT_TYPE_BINARY, weft_kernel_bytes_overlay}};
WEFT_FN_ENTRY(overlay, "overlay", NULL, 0, bind_overlay,
              "overlay(s, with, position [, length]): a part of s replaced, as long as with unless told",
              "SELECT overlay('Spark SQL', '_', 6)", "Spark_SQL");
WEFT_FN_FORM(space, 1, 1, S, kernel_space, I);
WEFT_FN_ENTRY(space, "space", NULL, 0, NULL, "space(n): n blanks", "SELECT concat('a', space(1), 'b')",
              "a b");
static const weft_signature elt_signatures[] = {{{I, S}, 2, -1, S, kernel_elt},
                                                {{I, B}, 2, -1, B, kernel_elt}};
WEFT_FN_ENTRY(elt, "elt", NULL, WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE, NULL,
              "elt(n, a, b, ...): the n-th of the texts", "SELECT elt(2, 'a', 'b')", "b");
WEFT_FN_FORM(mask, 1, 5, S, kernel_mask, S, S, S, S, S);
WEFT_FN_ENTRY(mask, "mask", NULL, WEFT_FN_NULL_OWN, bind_mask,
              "mask(s [, upper [, lower [, digit [, other]]]]): letters and digits made unreadable",
              "SELECT mask('AbC-12')", "XxX-nn");
