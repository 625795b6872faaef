/* engine/expr/fn_encode.c - bytes and numbers as text and back: hex, bin, conv, base64, character sets, URLs.
 */
#include <ctype.h>
#include <strings.h>

#include "engine/expr/fn_bytes.h"
#include "engine/expr/fn_entry.h"

static int32_t encode_digit(char c) /* of bases up to 36; 99 for none */
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'z') return c - 'a' + 10;
    return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
}

static const char encode_digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* The digits of an unsigned number, to the end of a buffer of 64; returns where they begin. */
static char *encode_number(uint64_t value, uint32_t base, char buffer[64])
{
    char *at = buffer + 64;
    do {
        *--at = encode_digits[value % base];
        value /= base;
    } while (value != 0);
    return at;
}

/* ---- hex, unhex, bin ---- */

static weft_status kernel_hex_number(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    const uint32_t base = strcmp(call->expr->call.function->name, "bin") == 0 ? 2 : 16;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char buffer[64];
        if (!weft_call_valid(call, i)) continue;
        const char *at = encode_number((uint64_t)weft_arg_i64(&call->args[0], i), base, buffer);
        WEFT_TRY(st, weft_vector_set_string(ctx, call->out, i, at, (uint32_t)(buffer + 64 - at)));
    }
done:
    return st;
}

static weft_status kernel_hex_bytes(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        const unsigned char *bytes = (const unsigned char *)weft_str_data(s);
        WEFT_TRY(st, weft_text_room(ctx, call, (size_t)s->len * 2, &to));
        for (uint32_t b = 0; b < s->len; b++) {
            to[2 * b] = encode_digits[bytes[b] >> 4];
            to[2 * b + 1] = encode_digits[bytes[b] & 15];
        }
        *weft_call_text(call, i) = weft_str_view(to, s->len * 2);
    }
done:
    return st;
}

bool weft_from_hex(const weft_str *s, char *to, uint32_t *used)
{
    const char *text = weft_str_data(s);
    uint32_t high = 0;
    *used = 0;
    for (uint32_t c = 0; c < s->len; c++) { /* an odd number of digits: the first stands alone */
        const int32_t digit = encode_digit(text[c]);
        if (digit >= 16) return false;
        high = high * 16 + (uint32_t)digit;
        if ((s->len - c) % 2 == 0) continue;
        to[(*used)++] = (char)high;
        high = 0;
    }
    return true;
}

static weft_status kernel_unhex(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to;
        uint32_t used;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        WEFT_TRY(st, weft_text_room(ctx, call, (size_t)s->len / 2 + 1, &to));
        if (weft_from_hex(s, to, &used))
            *weft_call_text(call, i) = weft_str_view(to, used);
        else
            weft_vector_set_null(call->out, i);
    }
done:
    return st;
}

/* ---- conv ---- */

/* The number in front of a text, up to 64 bits; false when it is greater. */
static bool encode_parse(const char *text, const char *end, uint32_t base, uint64_t *out)
{
    weft_u128 value = 0;
    bool fits = true;
    for (; text < end && encode_digit(*text) < (int32_t)base && fits; text++) {
        value = value * base + (uint64_t)encode_digit(*text);
        fits = value <= UINT64_MAX;
    }
    *out = fits ? (uint64_t)value : UINT64_MAX;
    return fits;
}

/* conv(text, from, to): a negative base writes signed numbers. */
static weft_status encode_convert(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    const weft_str *s = weft_arg_str(&call->args[0], i);
    const int64_t from = weft_arg_i64(&call->args[1], i), to = weft_arg_i64(&call->args[2], i);
    const int64_t size = to < 0 ? -to : to;
    const char *text = weft_str_data(s), *end = text + s->len;
    char buffer[66];
    uint64_t value;
    while (text < end && *text == ' ') text++;
    if (from < 2 || from > 36 || size < 2 || size > 36 || text == end) {
        weft_vector_set_null(call->out, i);
        return WEFT_OK;
    }
    const bool minus = *text == '-';
    const bool fits = encode_parse(text + minus, end, (uint32_t)from, &value);
    if (!fits && weft_raise_wanted(ctx, call->expr)) {
        return weft_raise_overflow(ctx, call->expr, "Overflow in function conv()", NULL);
    }
    if (minus && to > 0) value = (int64_t)value < 0 ? UINT64_MAX : 0 - value; /* as Hive has it */
    const bool sign = to < 0 && (minus || (int64_t)value < 0);
    if (to < 0 && !minus && (int64_t)value < 0) value = 0 - value;
    char *at = encode_number(value, (uint32_t)size, buffer + 1);
    if (sign) *--at = '-';
    return weft_vector_set_string(ctx, call->out, i, at, (uint32_t)(buffer + 65 - at));
}

static weft_status kernel_conv(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i)) WEFT_TRY(st, encode_convert(ctx, call, i));
    }
done:
    return st;
}

/* ---- base64 (RFC 4648; what is not of its alphabet is skipped when reading) ---- */

static const char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static weft_status kernel_base64(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        const unsigned char *bytes = (const unsigned char *)weft_str_data(s);
        const size_t len = ((size_t)s->len + 2) / 3 * 4;
        WEFT_TRY(st, weft_text_room(ctx, call, len, &to));
        for (uint32_t b = 0, at = 0; b < s->len; b += 3, at += 4) {
            const uint32_t left = s->len - b;
            const uint32_t word = (uint32_t)bytes[b] << 16 | (left > 1 ? (uint32_t)bytes[b + 1] << 8 : 0) |
                                  (left > 2 ? bytes[b + 2] : 0);
            to[at] = base64_alphabet[word >> 18];
            to[at + 1] = base64_alphabet[word >> 12 & 63];
            to[at + 2] = left > 1 ? base64_alphabet[word >> 6 & 63] : '=';
            to[at + 3] = left > 2 ? base64_alphabet[word & 63] : '=';
        }
        *weft_call_text(call, i) = weft_str_view(to, (uint32_t)len);
    }
done:
    return st;
}

/* False when the last group has a single character. */
bool weft_from_base64(const weft_str *s, char *to, uint32_t *used)
{
    const char *text = weft_str_data(s);
    uint32_t word = 0, count = 0;
    *used = 0;
    for (uint32_t i = 0; i < s->len && text[i] != '='; i++) {
        const char *found = text[i] == 0 ? NULL : strchr(base64_alphabet, text[i]);
        if (found == NULL) continue;
        word = word << 6 | (uint32_t)(found - base64_alphabet);
        if (++count % 4 != 0) continue;
        to[(*used)++] = (char)(word >> 16);
        to[(*used)++] = (char)(word >> 8);
        to[(*used)++] = (char)word;
    }
    if (count % 4 == 1) return false;
    if (count % 4 == 2) to[(*used)++] = (char)(word >> 4);
    if (count % 4 == 3) {
        to[(*used)++] = (char)(word >> 10);
        to[(*used)++] = (char)(word >> 2);
    }
    return true;
}

static weft_status kernel_unbase64(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to;
        uint32_t used;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        WEFT_TRY(st, weft_text_room(ctx, call, (size_t)s->len * 3 / 4 + 3, &to));
        if (!weft_from_base64(s, to, &used)) {
            return weft_fail_at(ctx, WEFT_CONVERSION_INPUT, &call->expr->span,
                                "The value '%.*s' cannot be converted to \"BINARY\" because it is malformed "
                                "base64: its last group has one character.",
                                (int)weft_min_i64(s->len, 100), weft_str_data(s));
        }
        *weft_call_text(call, i) = weft_str_view(to, used);
    }
done:
    return st;
}

/* ---- character sets ---- */

typedef enum encode_set {
    SET_UTF8,
    SET_ASCII,
    SET_LATIN1,
    SET_UTF16,
    SET_UTF16BE,
    SET_UTF16LE,
    SET_UTF32,
    SET_COUNT
} encode_set;

static weft_status encode_set_find(weft_ctx *ctx, const weft_kernel_call *call, const weft_str *name,
                                   encode_set *out)
{
    static const char *const names[SET_COUNT] = {"utf-8",    "us-ascii", "iso-8859-1", "utf-16",
                                                 "utf-16be", "utf-16le", "utf-32"};
    for (int32_t k = 0; k < SET_COUNT; k++) {
        *out = (encode_set)k;
        if (strlen(names[k]) == name->len && strncasecmp(names[k], weft_str_data(name), name->len) == 0)
            return WEFT_OK;
    }
    return weft_fail_at(
        ctx, WEFT_CHARSET, &call->expr->span,
        "The value of parameter(s) `charset` in `%s` is invalid: expects one of the iso-8859-1, "
        "us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8, but got %.*s.",
        call->expr->call.function->name, (int)weft_min_i64(name->len, 60), weft_str_data(name));
}

static uint32_t encode_put16(encode_set set, uint32_t unit, char *to)
{
    const bool little = set == SET_UTF16LE;
    to[little] = (char)(unit >> 8);
    to[!little] = (char)unit;
    return 2;
}

/* Write one character; 0 bytes when the set has none for it. */
static uint32_t encode_put(encode_set set, uint32_t c, char *to)
{
    if (set == SET_ASCII || set == SET_LATIN1) {
        to[0] = (char)c;
        return c < (set == SET_ASCII ? 0x80u : 0x100u) ? 1 : 0;
    }
    if (set == SET_UTF32) {
        (void)encode_put16(set, c >> 16, to);
        return 2 + encode_put16(set, c & 0xffff, to + 2);
    }
    if (c < 0x10000) return encode_put16(set, c, to);
    (void)encode_put16(set, 0xd800 + ((c - 0x10000) >> 10), to);
    return 2 + encode_put16(set, 0xdc00 + ((c - 0x10000) & 0x3ff), to + 2);
}

static weft_status encode_malformed(weft_ctx *ctx, const weft_kernel_call *call, const weft_str *set)
{
    return weft_fail_at(ctx, WEFT_MALFORMED_CHARACTERS, &call->expr->span,
                        "Invalid value found when performing `%s` with %.*s", call->expr->call.function->name,
                        (int)weft_min_i64(set->len, 60), weft_str_data(set));
}

static weft_status encode_row(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    const weft_str *s = weft_arg_str(&call->args[0], i), *name = weft_arg_str(&call->args[1], i);
    const char *text = weft_str_data(s);
    encode_set set;
    char *to;
    uint32_t used = 0, bytes;
    WEFT_TRY(st, encode_set_find(ctx, call, name, &set));
    if (set == SET_UTF8) {
        *weft_call_text(call, i) = *s;
        goto done;
    }
    WEFT_TRY(st, weft_text_room(ctx, call, (size_t)s->len * 4 + 2, &to));
    if (set == SET_UTF16) used = encode_put16(set, 0xfeff, to);
    for (uint32_t at = 0; at < s->len; at += bytes) {
        const uint32_t put = encode_put(set, weft_utf8_decode(text + at, s->len - at, &bytes), to + used);
        if (put == 0) return encode_malformed(ctx, call, name);
        used += put;
    }
    *weft_call_text(call, i) = weft_str_view(to, used);
done:
    return st;
}

/* Run each row that has no NULL argument. */
static weft_status each_row(weft_ctx *ctx, weft_kernel_call *call,
                            weft_status (*row)(weft_ctx *ctx, weft_kernel_call *call, int32_t i))
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i)) WEFT_TRY(st, row(ctx, call, i));
    }
done:
    return st;
}

static weft_status kernel_encode(weft_ctx *ctx, weft_kernel_call *call)
{
    return each_row(ctx, call, encode_row);
}

/* Read one character of len bytes left; false when malformed. */
static bool encode_get(encode_set set, const unsigned char *from, uint32_t len, uint32_t *c, uint32_t *bytes)
{
    const bool little = set == SET_UTF16LE;
    *bytes = 1;
    *c = from[0];
    if (set == SET_LATIN1) return true;
    if (set == SET_ASCII) return from[0] < 0x80;
    if (set == SET_UTF8) {
        *c = weft_utf8_decode((const char *)from, len, bytes);
        return *c != 0xfffd || (*bytes == 3 && from[0] == 0xef);
    }
    *bytes = set == SET_UTF32 ? 4 : 2;
    if (len < *bytes) return false;
    if (set == SET_UTF32) {
        *c = (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
        return *c < 0x110000 && (*c < 0xd800 || *c > 0xdfff);
    }
    *c = (uint32_t)from[little] << 8 | from[!little];
    if (*c < 0xd800 || *c > 0xdfff) return true;
    if (*c > 0xdbff || len < 4) return false;
    const uint32_t low = (uint32_t)from[2 + little] << 8 | from[2 + !little];
    *bytes = 4;
    *c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
    return low >= 0xdc00 && low <= 0xdfff;
}

static weft_status decode_row(weft_ctx *ctx, weft_kernel_call *call, int32_t i)
{
    weft_status st = WEFT_OK;
    const weft_str *s = weft_arg_str(&call->args[0], i), *name = weft_arg_str(&call->args[1], i);
    const unsigned char *from = (const unsigned char *)weft_str_data(s);
    encode_set set;
    char *to;
    uint32_t used = 0, at = 0, c, bytes;
    WEFT_TRY(st, encode_set_find(ctx, call, name, &set));
    WEFT_TRY(st, weft_text_room(ctx, call, (size_t)s->len * 2 + 4, &to));
    if (set == SET_UTF16 && s->len >= 2 && (from[0] ^ from[1]) == 1 &&
        from[0] >= 0xfe) { /* its byte order mark */
        set = from[0] == 0xff ? SET_UTF16LE : SET_UTF16BE;
        at = 2;
    }
    for (; at < s->len; at += bytes) {
        if (!encode_get(set, from + at, s->len - at, &c, &bytes)) return encode_malformed(ctx, call, name);
        used += weft_utf8_encode(c, to + used);
    }
    *weft_call_text(call, i) = weft_str_view(to, used);
done:
    return st;
}

static weft_status kernel_decode(weft_ctx *ctx, weft_kernel_call *call)
{
    return each_row(ctx, call, decode_row);
}

/* ---- URLs: application/x-www-form-urlencoded ---- */

static weft_status kernel_url_encode(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to, *repaired;
        uint32_t used = 0;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        const char *text = weft_str_data(s);
        size_t len = s->len;
        if (weft_utf8_valid(text, len) != len) { /* a binary value, say */
            WEFT_TRY(st, weft_text_room(ctx, call, len * 3, &repaired));
            len = weft_utf8_repair(text, len, repaired);
            text = repaired;
        }
        WEFT_TRY(st, weft_text_room(ctx, call, len * 3, &to));
        for (size_t at = 0; at < len; at++) {
            const unsigned char c = (unsigned char)text[at];
            if (c < 0x80 && (isalnum(c) || (c != 0 && strchr("*-_.", c) != NULL))) {
                to[used++] = (char)c;
            } else if (c == ' ') {
                to[used++] = '+';
            } else {
                to[used++] = '%';
                to[used++] = encode_digits[c >> 4];
                to[used++] = encode_digits[c & 15];
            }
        }
        *weft_call_text(call, i) = weft_str_view(to, used);
    }
done:
    return st;
}

static bool encode_from_url(const weft_str *s, char *to, uint32_t *used)
{
    const char *text = weft_str_data(s);
    *used = 0;
    for (uint32_t at = 0; at < s->len; at++) {
        if (text[at] != '%') {
            to[(*used)++] = text[at] == '+' ? ' ' : text[at];
            continue;
        }
        if (at + 2 >= s->len) return false;
        const int32_t high = encode_digit(text[at + 1]), low = encode_digit(text[at + 2]);
        if (high > 15 || low > 15) return false;
        to[(*used)++] = (char)(high * 16 + low);
        at += 2;
    }
    return true;
}

static weft_status kernel_url_decode(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        char *to;
        uint32_t used;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i);
        WEFT_TRY(st, weft_text_room(ctx, call, s->len, &to));
        if (encode_from_url(s, to, &used)) {
            *weft_call_text(call, i) = weft_str_view(to, used);
        } else if (weft_raise_tried(call->expr)) {
            weft_vector_set_null(call->out, i);
        } else {
            return weft_fail_at(
                ctx, WEFT_CANNOT_DECODE_URL, &call->expr->span,
                "The provided URL cannot be decoded: %.*s. Please ensure that the URL is properly "
                "formatted and try again.",
                (int)weft_min_i64(s->len, 200), weft_str_data(s));
        }
    }
done:
    return st;
}

#define S WEFT_TYPE_STRING
#define B WEFT_TYPE_BINARY
#define I WEFT_TYPE_INT
static const weft_signature hex_signatures[] = {{{WEFT_TYPE_BIGINT}, 1, 1, S, kernel_hex_number},
                                                {{B}, 1, 1, S, kernel_hex_bytes},
                                                {{S}, 1, 1, S, kernel_hex_bytes}};
WEFT_FN_ENTRY(hex, "hex", NULL, 0, NULL, "hex(x): a number or bytes in hexadecimal digits", "SELECT hex(17)",
              "11");
WEFT_FN_FORM(unhex, 1, 1, B, kernel_unhex, S);
WEFT_FN_ENTRY(unhex, "unhex", NULL, WEFT_FN_GIVES_NULL, NULL, "unhex(s): the bytes of hexadecimal digits",
              "SELECT decode(unhex('537061726B'), 'UTF-8')", "Spark");
WEFT_FN_FORM(bin, 1, 1, S, kernel_hex_number, WEFT_TYPE_BIGINT);
static weft_status bin_bind(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                            const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const bool number = count == 1 && weft_type_is_numeric(args[0]->type);
    if (number) WEFT_TRY(st, weft_expr_cast(ctx, args[0], WEFT_TYPE_OF(WEFT_TYPE_BIGINT), true, &args[0]));
    st = weft_bind_default(ctx, fn, args, count, span, variant, type);
done:
    return st;
}
WEFT_FN_ENTRY(bin, "bin", NULL, 0, bin_bind, "bin(n): a number in binary digits", "SELECT bin(13)", "1101");
WEFT_FN_FORM(conv, 3, 3, S, kernel_conv, S, I, I);
WEFT_FN_ENTRY(conv, "conv", NULL, WEFT_FN_FALLIBLE | WEFT_FN_GIVES_NULL, NULL,
              "conv(s, from, to): a number of one base in another", "SELECT conv('100', 2, 10)", "4");
static const weft_signature base64_signatures[] = {{{B}, 1, 1, S, kernel_base64},
                                                   {{S}, 1, 1, S, kernel_base64}};
WEFT_FN_ENTRY(base64, "base64", NULL, 0, NULL, "base64(b): bytes in base 64", "SELECT base64('Spark')",
              "U3Bhcms=");
WEFT_FN_FORM(unbase64, 1, 1, B, kernel_unbase64, S);
WEFT_FN_ENTRY(unbase64, "unbase64", NULL, WEFT_FN_FALLIBLE, NULL, "unbase64(s): the bytes of text in base 64",
              "SELECT decode(unbase64('U3Bhcms='), 'UTF-8')", "Spark");
WEFT_FN_FORM(encode, 2, 2, B, kernel_encode, S, S);
WEFT_FN_ENTRY(encode, "encode", NULL, WEFT_FN_FALLIBLE, NULL,
              "encode(s, set): text as bytes of a character set", "SELECT hex(encode('ab', 'UTF-16BE'))",
              "00610062");
static const weft_signature decode_signatures[] = {{{B, S}, 2, 2, S, kernel_decode},
                                                   {{S, S}, 2, 2, S, kernel_decode}};
WEFT_FN_ENTRY(
    decode, "decode", NULL, WEFT_FN_FALLIBLE, NULL,
    "decode(b, set): bytes of a character set as text; decode(x, a, b, ..., [else]): b where x equals a",
    "SELECT decode(X'6162', 'US-ASCII')", "ab");
WEFT_FN_FORM(url_encode, 1, 1, S, kernel_url_encode, S);
WEFT_FN_ENTRY(url_encode, "url_encode", NULL, 0, NULL, "url_encode(s): s as a part of a URL",
              "SELECT url_encode('a b')", "a+b");
WEFT_FN_FORM(url_decode, 1, 1, S, kernel_url_decode, S);
WEFT_FN_ENTRY(url_decode, "url_decode", NULL, WEFT_FN_FALLIBLE, NULL,
              "url_decode(s): the text of a part of a URL", "SELECT url_decode('a+b')", "a b");
WEFT_FN_FORM(try_url_decode, 1, 1, S, kernel_url_decode, S);
WEFT_FN_ENTRY(try_url_decode, "try_url_decode", NULL, WEFT_FN_TRY, NULL,
              "try_url_decode(s): the text of a part of a URL, or NULL", "SELECT try_url_decode('a+b')",
              "a b");
