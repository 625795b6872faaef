/* engine/expr/fn_string.c - parts of texts, and where they stand; new texts are made in fn_text.c. Positions
 * count characters from 1, as Spark's.
 *
 * What is a part of its argument (substring, trim, left, right) points into the argument's bytes. */
#include "engine/expr/fn_bytes.h"
#include "engine/expr/fn_entry.h"

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
    return weft_str_part(s, from, weft_utf8_skip(text + from, s->len - from, stop - start, NULL));
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
        weft_str *out = weft_call_text(call, i);
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
        *weft_call_text(call, i) =
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
        *weft_call_text(call, i) =
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
        *weft_call_text(call, i) =
            count <= 0 ? (weft_str){0} : string_substring(weft_arg_str(&call->args[0], i), -count, count);
    }
    return WEFT_OK;
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
    return weft_str_part(s, from, to - from);
}

/* text: which of two arguments is the text; the other names the characters. */
static weft_status string_trim_rows(weft_kernel_call *call, int32_t text, bool begin, bool end)
{
    const weft_str blank = weft_str_view(" ", 1);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const weft_str *set = call->arg_count > 1 ? weft_arg_str(&call->args[1 - text], i) : &blank;
        *weft_call_text(call, i) =
            string_trim(weft_arg_str(&call->args[call->arg_count > 1 ? text : 0], i), set, begin, end);
    }
    return WEFT_OK;
}
static weft_status kernel_trim(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return string_trim_rows(call, 0, true, true);
}
static weft_status kernel_ltrim(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return string_trim_rows(call, 1, true, false);
}
static weft_status kernel_rtrim(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return string_trim_rows(call, 1, false, true);
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
    if (part->len == 0) return 1;
    const size_t from = weft_utf8_skip(text, s->len, start - 1, &left);
    if (left > 0) return 0;
    const char *at = weft_bytes_loops_get()->find(text + from, s->len - from, weft_str_data(part), part->len);
    return at == NULL ? 0 : (int32_t)(weft_utf8_length(text, (size_t)(at - text)) + 1);
}

static weft_status kernel_position(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const bool unknown = call->arg_count > 2 && weft_arg_is_null(&call->args[2], i);
        if (unknown) { /* without a start it stands nowhere */
            ((int32_t *)call->out->values)[i] = 0;
            continue;
        }
        if (weft_arg_is_null(&call->args[0], i) || weft_arg_is_null(&call->args[1], i)) {
            weft_vector_set_null(call->out, i);
            continue;
        }
        const int64_t start = call->arg_count > 2 ? weft_arg_i64(&call->args[2], i) : 1;
        ((int32_t *)call->out->values)[i] =
            string_position(weft_arg_str(&call->args[0], i), weft_arg_str(&call->args[1], i), start);
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

/* ---- parts between delimiters ---- */

/* Where the count-th delimiter of text stands, from the left, or NULL. */
static const char *string_delimiter(const char *text, size_t len, const weft_str *delimiter, int64_t count)
{
    const char *end = text + len, *at = text;
    for (;; at += delimiter->len) {
        at = weft_bytes_loops_get()->find(at, (size_t)(end - at), weft_str_data(delimiter), delimiter->len);
        if (at == NULL || --count == 0) return at;
    }
}

/* The same from the right. */
static const char *string_delimiter_back(const char *text, size_t len, const weft_str *delimiter,
                                         int64_t count)
{
    const char *find = weft_str_data(delimiter);
    if (len < delimiter->len) return NULL;
    for (const char *at = text + len - delimiter->len; at >= text; at--) {
        if (memcmp(at, find, delimiter->len) != 0) continue;
        if (--count == 0) return at;
    }
    return NULL;
}

/* What stands before the count-th delimiter, or behind the count-th from the right when count < 0. */
static weft_str string_until(const weft_str *s, const weft_str *delimiter, int64_t count)
{
    const char *text = weft_str_data(s), *at;
    if (count == 0 || delimiter->len == 0) return (weft_str){0};
    if (count > 0) {
        at = string_delimiter(text, s->len, delimiter, count);
        return at == NULL ? *s : weft_str_part(s, 0, (size_t)(at - text));
    }
    at = string_delimiter_back(text, s->len, delimiter, -count);
    if (at == NULL) return *s;
    const size_t from = (size_t)(at - text) + delimiter->len;
    return weft_str_part(s, from, s->len - from);
}

static weft_status kernel_substring_index(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        *weft_call_text(call, i) = string_until(weft_arg_str(&call->args[0], i),
                                                weft_arg_str(&call->args[1], i),
                                                weft_arg_i64(&call->args[2], i));
    }
    return WEFT_OK;
}

/* The n-th of the parts between delimiters, from the right when n < 0; empty when there is none. */
static weft_str string_split_part(const weft_str *s, const weft_str *delimiter, int64_t n)
{
    const char *text = weft_str_data(s), *end = text + s->len, *from = text;
    if (delimiter->len == 0) return n == 1 || n == -1 ? *s : (weft_str){0};
    if (n < 0) { /* counted from the left: parts are cut from there */
        int64_t parts = 1;
        for (const char *at = text; (at = string_delimiter(at, (size_t)(end - at), delimiter, 1)) != NULL;
             at += delimiter->len) {
            parts++;
        }
        n += parts + 1;
        if (n < 1) return (weft_str){0};
    }
    if (n > 1) {
        from = string_delimiter(text, s->len, delimiter, n - 1);
        if (from == NULL) return (weft_str){0};
        from += delimiter->len;
    }
    const char *stop = string_delimiter(from, (size_t)(end - from), delimiter, 1);
    return weft_str_part(s, (size_t)(from - text), (size_t)((stop == NULL ? end : stop) - from));
}

static weft_status kernel_split_part(weft_ctx *ctx, weft_kernel_call *call)
{
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const int64_t n = weft_arg_i64(&call->args[2], i);
        if (n == 0) {
            return weft_fail_at(ctx, WEFT_INVALID_INDEX_OF_ZERO, &call->expr->span,
                                "The index 0 is invalid. An index shall be either < 0 or > 0 (the first "
                                "element has index 1).");
        }
        *weft_call_text(call, i) =
            string_split_part(weft_arg_str(&call->args[0], i), weft_arg_str(&call->args[1], i), n);
    }
    return WEFT_OK;
}

/* Which of the parts between commas the text is, from 1; 0 when none or when it has a comma. */
static int32_t string_find_in_set(const weft_str *s, const weft_str *set)
{
    const char *text = weft_str_data(s), *from = weft_str_data(set), *end = from + set->len;
    if (memchr(text, ',', s->len) != NULL) return 0;
    for (int32_t n = 1;; n++) {
        const char *comma = memchr(from, ',', (size_t)(end - from));
        const char *stop = comma == NULL ? end : comma;
        if ((size_t)(stop - from) == s->len && memcmp(from, text, s->len) == 0) return n;
        if (comma == NULL) return 0;
        from = comma + 1;
    }
}

static weft_status kernel_find_in_set(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        ((int32_t *)call->out->values)[i] =
            string_find_in_set(weft_arg_str(&call->args[0], i), weft_arg_str(&call->args[1], i));
    }
    return WEFT_OK;
}

static weft_status kernel_bit_length(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const uint32_t bits = weft_arg_str(&call->args[0], i)->len * 8u; /* wraps, as Spark's */
        ((int32_t *)call->out->values)[i] = (int32_t)bits;
    }
    return WEFT_OK;
}

#define S WEFT_TYPE_STRING
#define I WEFT_TYPE_INT
#define B WEFT_TYPE_BINARY
static const weft_signature length_signatures[] = {{{S}, 1, 1, I, kernel_length},
                                                   {{WEFT_TYPE_BINARY}, 1, 1, I, kernel_length}};
static const weft_signature octet_length_signatures[] = {{{S}, 1, 1, I, kernel_octet_length},
                                                         {{WEFT_TYPE_BINARY}, 1, 1, I, kernel_octet_length}};

static const weft_signature substring_signatures[] = {{{S, I, I}, 2, 3, S, kernel_substring},
                                                      {{B, I, I}, 2, 3, B, weft_kernel_bytes_substring}};
WEFT_FN_ENTRY(substring, "substring", "substr", 0, NULL,
              "substring(s, position [, length]): a part of s, from position 1 on",
              "SELECT substring('Spark', 2, 3)", "par");
static const weft_signature left_signatures[] = {{{S, I}, 2, 2, S, kernel_left},
                                                 {{B, I}, 2, 2, B, weft_kernel_bytes_left}};
WEFT_FN_ENTRY(left, "left", NULL, 0, NULL, "left(s, n): the first n characters", "SELECT left('Spark', 2)",
              "Sp");
WEFT_FN_FORM(right, 2, 2, S, kernel_right, S, I);
WEFT_FN_ENTRY(right, "right", NULL, 0, NULL, "right(s, n): the last n characters", "SELECT right('Spark', 2)",
              "rk");
WEFT_FN_FORM(trim, 1, 1, S, kernel_trim, S);
WEFT_FN_ENTRY(trim, "trim", NULL, 0, NULL, "trim(s): without blanks at both ends", "SELECT trim('  a ')",
              "a");
static const weft_signature btrim_signatures[] = {{{S, S}, 1, 2, S, kernel_trim},
                                                  {{B, B}, 1, 2, S, kernel_trim}};
WEFT_FN_ENTRY(btrim, "btrim", "(trim_both)", 0, NULL,
              "btrim(s [, characters]): without the characters at both ends", "SELECT btrim('xax', 'x')",
              "a");
WEFT_FN_FORM(ltrim, 1, 2, S, kernel_ltrim, S, S);
WEFT_FN_ENTRY(ltrim, "ltrim", NULL, 0, NULL, "ltrim([characters,] s): without the characters at the start",
              "SELECT ltrim('  a')", "a");
WEFT_FN_FORM(rtrim, 1, 2, S, kernel_rtrim, S, S);
WEFT_FN_ENTRY(rtrim, "rtrim", NULL, 0, NULL, "rtrim([characters,] s): without the characters at the end",
              "SELECT rtrim('a  ')", "a");
WEFT_FN_FORM(position, 2, 3, I, kernel_position, S, S, I);
WEFT_FN_ENTRY(position, "position", "locate", WEFT_FN_NULL_OWN, NULL,
              "position(part, s [, start]): where part stands in s; 0 when nowhere",
              "SELECT position('a', 'Spark')", "3");
static const weft_signature starts_with_signatures[] = {{{S, S}, 2, 2, WEFT_TYPE_BOOLEAN, kernel_starts},
                                                        {{B, B}, 2, 2, WEFT_TYPE_BOOLEAN, kernel_starts}};
WEFT_FN_ENTRY(starts_with, "startswith", NULL, 0, NULL, "startswith(s, part): s begins with part",
              "SELECT startswith('Spark', 'Sp')", "true");
static const weft_signature ends_with_signatures[] = {{{S, S}, 2, 2, WEFT_TYPE_BOOLEAN, kernel_ends},
                                                      {{B, B}, 2, 2, WEFT_TYPE_BOOLEAN, kernel_ends}};
WEFT_FN_ENTRY(ends_with, "endswith", NULL, 0, NULL, "endswith(s, part): s ends with part",
              "SELECT endswith('Spark', 'rk')", "true");
static const weft_signature contains_signatures[] = {{{S, S}, 2, 2, WEFT_TYPE_BOOLEAN, kernel_contains},
                                                     {{B, B}, 2, 2, WEFT_TYPE_BOOLEAN, kernel_contains}};
WEFT_FN_ENTRY(contains, "contains", NULL, 0, NULL, "contains(s, part): part stands in s",
              "SELECT contains('Spark', 'par')", "true");
WEFT_FN_FORM(ascii, 1, 1, I, kernel_ascii, S);
WEFT_FN_ENTRY(ascii, "ascii", NULL, 0, NULL, "ascii(s): the number of the first character",
              "SELECT ascii('a')", "97");
WEFT_FN_ENTRY(length, "length", "len,char_length,character_length", 0, NULL,
              "length(s): characters of s, or bytes of a binary", "SELECT length('Spark')", "5");
WEFT_FN_ENTRY(octet_length, "octet_length", NULL, 0, NULL, "octet_length(s): bytes of s",
              "SELECT octet_length('Spark')", "5");
WEFT_FN_FORM(substring_index, 3, 3, S, kernel_substring_index, S, S, I);
WEFT_FN_ENTRY(substring_index, "substring_index", NULL, 0, NULL,
              "substring_index(s, delimiter, n): what stands before the n-th delimiter, or behind the n-th "
              "from the right",
              "SELECT substring_index('a.b.c', '.', 2)", "a.b");
WEFT_FN_FORM(split_part, 3, 3, S, kernel_split_part, S, S, I);
WEFT_FN_ENTRY(split_part, "split_part", NULL, WEFT_FN_FALLIBLE, NULL,
              "split_part(s, delimiter, n): the n-th part between delimiters",
              "SELECT split_part('a,b', ',', 2)", "b");
WEFT_FN_FORM(find_in_set, 2, 2, I, kernel_find_in_set, S, S);
WEFT_FN_ENTRY(find_in_set, "find_in_set", NULL, 0, NULL,
              "find_in_set(s, list): which of the parts between commas s is; 0 when none",
              "SELECT find_in_set('b', 'a,b')", "2");
static const weft_signature bit_length_signatures[] = {{{S}, 1, 1, I, kernel_bit_length},
                                                       {{WEFT_TYPE_BINARY}, 1, 1, I, kernel_bit_length}};
WEFT_FN_ENTRY(bit_length, "bit_length", NULL, 0, NULL, "bit_length(s): bits of s", "SELECT bit_length('abc')",
              "24");
