/* engine/expr/regexp_escape.c - what a backslash begins in Java's patterns, and characters as themselves. */
#include <ctype.h>
#include <stdio.h>

#include "engine/expr/regexp_java_private.h"
#include "engine/expr/regexp_property.h"
#include "engine/expr/utf8.h"

weft_status java_put(java_pattern *p, weft_text *out, const char *text)
{
    return weft_text_append(p->ctx, out, text, strlen(text));
}

weft_status java_copy(java_pattern *p, weft_text *out, size_t count)
{
    const size_t left = p->len - p->at, bytes = count < left ? count : left;
    const char *from = p->text + p->at;
    p->at += bytes;
    return weft_text_append(p->ctx, out, from, bytes);
}

weft_status java_put_refused(java_pattern *p, weft_text *out)
{
    p->at = p->len;
    return java_put(p, out, "(");
}

/* A character that stands for itself. */
static weft_status put_character(java_pattern *p, weft_text *out, uint32_t c)
{
    char text[32];
    const bool lone = java_folds_ascii(p) && p->depth == 0;
    p->character = (int32_t)c;
    if (lone && c < 0x80 && strchr("kKsS", (int)c) != NULL && c != 0)
        (void)snprintf(text, sizeof text, "(?-i:[%c%c])", toupper((int)c), tolower((int)c));
    else
        (void)snprintf(text, sizeof text, lone && c >= 0x80 ? "(?-i:\\x{%x})" : "\\x{%x}", (unsigned)c);
    return java_put(p, out, text);
}

int32_t java_digits(const java_pattern *p, size_t from, int32_t most, int base, uint32_t *value)
{
    static const char all[] = "0123456789abcdef";
    int32_t count = 0;
    *value = 0;
    for (; count < most; count++) {
        const int c = java_peek(p, from + (size_t)count);
        const char *digit = c == 0 ? NULL : strchr(all, c >= 'A' && c <= 'F' ? c + 32 : c);
        if (digit == NULL || digit - all >= base) break;
        *value = *value * (uint32_t)base + (uint32_t)(digit - all);
    }
    return count;
}

/* \uXXXX, of which two may be the halves of one character. */
static weft_status take_unicode(java_pattern *p, weft_text *out)
{
    uint32_t c, low;
    if (java_digits(p, 2, 4, 16, &c) < 4) return java_put_refused(p, out);
    p->at += 6;
    if (c >= 0xd800 && c < 0xdc00 && java_peek(p, 0) == '\\' && java_peek(p, 1) == 'u' &&
        java_digits(p, 2, 4, 16, &low) == 4 && low >= 0xdc00 && low < 0xe000) {
        p->at += 6;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    return put_character(p, out, c);
}

/* \0n, \0nn, \0mnn with m up to 3. */
static weft_status take_octal(java_pattern *p, weft_text *out)
{
    uint32_t c;
    const int first = java_peek(p, 2);
    const int32_t count = java_digits(p, 2, first >= '0' && first <= '3' ? 3 : 2, 8, &c);
    if (count == 0) return java_put_refused(p, out);
    p->at += 2 + (size_t)count;
    return put_character(p, out, c);
}

static regexp_property_flags property_flags(const java_pattern *p)
{
    return (regexp_property_flags){.unicode = (p->flags & JAVA_UNICODE) != 0,
                                   .any_case = (p->flags & JAVA_ANY_CASE) != 0};
}

/* The ranges of a class, or of its complement, which is *apart from the brackets around it. */
static weft_status put_ranges(java_pattern *p, weft_text *out, const char *ranges, size_t len, bool negated,
                              bool in_class, bool *apart)
{
    weft_status st = WEFT_OK;
    const bool own = !in_class || negated, folds = !in_class && java_folds_ascii(p);
    *apart = in_class && negated;
    if (folds) WEFT_TRY(st, java_put(p, out, "(?-i:"));
    if (own) WEFT_TRY(st, java_put(p, out, negated ? "[^" : "["));
    WEFT_TRY(st, weft_text_append(p->ctx, out, ranges, len));
    if (own) WEFT_TRY(st, java_put(p, out, "]"));
    if (folds) WEFT_TRY(st, java_put(p, out, ")"));
done:
    return st;
}

/* \p or \P; *apart: what was put is a class of its own and may not stand within brackets. */
static weft_status take_property(java_pattern *p, weft_text *out, bool in_class, bool *apart)
{
    weft_status st = WEFT_OK;
    const bool negated = java_peek(p, 1) == 'P', braced = java_peek(p, 2) == '{';
    weft_text ranges = {0};
    bool known;
    const char *name = p->text + p->at + 2 + braced;
    const char *end = braced ? memchr(name, '}', p->len - p->at - 3) : name + (java_peek(p, 2) != 0);
    if (end == NULL) return java_put_refused(p, out);
    p->at = (size_t)(end - p->text) + braced;
    WEFT_TRY(st, regexp_property(p->ctx, name, (size_t)(end - name), property_flags(p), &ranges, &known));
    st = known ? put_ranges(p, out, ranges.bytes, ranges.len, negated, in_class, apart)
               : java_put_refused(p, out);
done:
    weft_text_release(&ranges);
    return st;
}

/* \d, \s, \w and their complements: of ASCII, whatever PCRE2_UCP says, but for the flag U. Complements are
 * classes of their own. */
static weft_status take_kind(java_pattern *p, weft_text *out, bool in_class, bool *apart)
{
    weft_status st = WEFT_OK;
    const int letter = java_peek(p, 1), kind = letter | 0x20;
    const char *const name = kind == 'd' ? "IsDigit" : kind == 's' ? "IsWhite_Space" : "IsWord";
    const char *ranges = kind == 'd' ? "0-9" : kind == 's' ? "\\t-\\r " : "a-zA-Z0-9_";
    weft_text of_unicode = {0};
    bool known;
    p->at += 2;
    if ((p->flags & JAVA_UNICODE) != 0) {
        WEFT_TRY(st, regexp_property(p->ctx, name, strlen(name), property_flags(p), &of_unicode, &known));
        ranges = of_unicode.bytes;
    }
    st = put_ranges(p, out, ranges, of_unicode.len > 0 ? of_unicode.len : strlen(ranges), letter != kind,
                    in_class, apart);
done:
    weft_text_release(&of_unicode);
    return st;
}

/* \xhh, \x{h…h}. */
static weft_status take_hexadecimal(java_pattern *p, weft_text *out)
{
    uint32_t c;
    const bool braced = java_peek(p, 2) == '{';
    const int32_t count = java_digits(p, 2 + (size_t)braced, braced ? 6 : 2, 16, &c);
    const bool whole = braced ? count > 0 && java_peek(p, 3 + (size_t)count) == '}' : count == 2;
    if (!whole || c > 0x10ffff) return java_put_refused(p, out);
    p->at += 2 + (size_t)count + (braced ? 2 : 0);
    return put_character(p, out, c);
}

/* \N{name} */
static weft_status take_named(java_pattern *p, weft_text *out)
{
    weft_status st = WEFT_OK;
    uint32_t c;
    bool known;
    const char *name = p->text + p->at + 3;
    const char *end = java_peek(p, 2) == '{' ? memchr(name, '}', p->len - p->at - 3) : NULL;
    if (end == NULL) return java_put_refused(p, out);
    WEFT_TRY(st, regexp_named_character(p->ctx, name, (size_t)(end - name), &c, &known));
    p->at = (size_t)(end - p->text) + 1;
    st = known ? put_character(p, out, c) : java_put_refused(p, out);
done:
    return st;
}

weft_status java_take_literal(java_pattern *p, weft_text *out)
{
    uint32_t bytes;
    const uint32_t c = weft_utf8_decode(p->text + p->at, p->len - p->at, &bytes);
    if (c < 0x80 && isalnum((int)c) && !(java_folds_ascii(p) && strchr("kKsS", (int)c) != NULL))
        return java_copy(p, out, 1);
    if (c >= 0x80 && (!java_folds_ascii(p) || p->depth > 0)) return java_copy(p, out, bytes);
    p->at += bytes;
    return put_character(p, out, c);
}

/* \Q…\E, or to the end. */
static weft_status take_quoted(java_pattern *p, weft_text *out)
{
    weft_status st = WEFT_OK;
    p->at += 2;
    while (p->at < p->len && !(java_peek(p, 0) == '\\' && java_peek(p, 1) == 'E'))
        WEFT_TRY(st, java_take_literal(p, out));
    p->at = p->at < p->len ? p->at + 2 : p->len;
done:
    return st;
}

/* Is that letter or digit behind a backslash none of Java's? */
static bool is_undefined(int c, bool in_class)
{
    const char *const none = in_class ? "CEFIJKLMOTUYgijlmoqyABGRXZzbk123456789" : "CEFIJKLMOTUYgijlmoqy";
    return c != 0 && strchr(none, c) != NULL;
}

weft_status java_take_escape(java_pattern *p, weft_text *out, bool in_class, bool *apart)
{
    const int c = java_peek(p, 1);
    *apart = false;
    p->character = -1;
    if (is_undefined(c, in_class)) return java_put_refused(p, out);
    switch (c) {
    case 'u': return take_unicode(p, out);
    case '0': return take_octal(p, out);
    case 'x': return take_hexadecimal(p, out);
    case 'N': return take_named(p, out);
    case 'p':
    case 'P': return take_property(p, out, in_class, apart);
    case 'Q': return take_quoted(p, out);
    case 'd':
    case 'D':
    case 's':
    case 'S':
    case 'w':
    case 'W': return take_kind(p, out, in_class, apart);
    case 'b': /* no \b{g} */
        return java_peek(p, 2) == '{' && !isdigit(java_peek(p, 3)) ? java_put_refused(p, out)
                                                                   : java_copy(p, out, 2);
    default: break;
    }
    if (c < 0x80 && !isalnum(c)) p->character = c;
    return java_copy(p, out, 1 + weft_utf8_bytes((unsigned char)c));
}
