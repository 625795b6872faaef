/* engine/expr/regexp_java.c - see regexp_java.h.
 *
 * One walk from the left. A class becomes a pattern that takes one character: [...] where it has single
 * characters and ranges only, else alternatives of its parts; an intersection looks ahead for all but its
 * last part, and the complement of a class that is no plain [...] refuses it ahead of any character. */
#include "engine/expr/regexp_java.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/expr/utf8.h"

enum { CLASS_DEPTH_MOST = 100 }; /* of classes within classes: the walk recurses */

typedef struct java_pattern {
    weft_ctx *ctx;
    const char *text;
    size_t len, at;
    int32_t depth;
} java_pattern;

static weft_status put(java_pattern *p, weft_text *out, const char *text)
{
    return weft_text_append(p->ctx, out, text, strlen(text));
}

/* The next count bytes as they are. */
static weft_status copy(java_pattern *p, weft_text *out, size_t count)
{
    const size_t left = p->len - p->at, bytes = count < left ? count : left;
    const char *from = p->text + p->at;
    p->at += bytes;
    return weft_text_append(p->ctx, out, from, bytes);
}

static int peek(const java_pattern *p, size_t ahead)
{
    return p->at + ahead < p->len ? (unsigned char)p->text[p->at + ahead] : 0;
}

/* PCRE2 would take it, Java does not: what does not compile stands for all that is left. */
static weft_status put_refused(java_pattern *p, weft_text *out)
{
    p->at = p->len;
    return put(p, out, "(");
}

static weft_status put_character(java_pattern *p, weft_text *out, uint32_t c)
{
    char text[16];
    (void)snprintf(text, sizeof text, "\\x{%x}", (unsigned)c);
    return put(p, out, text);
}

/* Up to `most` digits of the base from `from` on; how many there are. */
static int32_t digits(const java_pattern *p, size_t from, int32_t most, int base, uint32_t *value)
{
    static const char all[] = "0123456789abcdef";
    int32_t count = 0;
    *value = 0;
    for (; count < most; count++) {
        const int c = peek(p, from + (size_t)count);
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
    if (digits(p, 2, 4, 16, &c) < 4) return copy(p, out, 2);
    p->at += 6;
    if (c >= 0xd800 && c < 0xdc00 && peek(p, 0) == '\\' && peek(p, 1) == 'u' &&
        digits(p, 2, 4, 16, &low) == 4 && low >= 0xdc00 && low < 0xe000) {
        p->at += 6;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    return put_character(p, out, c);
}

/* \0n, \0nn, \0mnn with m up to 3. */
static weft_status take_octal(java_pattern *p, weft_text *out)
{
    uint32_t c;
    const int first = peek(p, 2);
    const int32_t count = digits(p, 2, first >= '0' && first <= '3' ? 3 : 2, 8, &c);
    if (count == 0) return copy(p, out, 2);
    p->at += 2 + (size_t)count;
    return put_character(p, out, c);
}

/* What stands between the brackets of a class for a property of ASCII, or of Java's Character; NULL: none. */
static const char *java_property(const char *name, size_t len)
{
    static const char *const known[][2] = {
        {"Lower", "a-z"},
        {"Upper", "A-Z"},
        {"ASCII", "\\x00-\\x7f"},
        {"Alpha", "a-zA-Z"},
        {"Digit", "0-9"},
        {"Alnum", "a-zA-Z0-9"},
        {"Punct", "!-/:-@\\[-`{-~"},
        {"Graph", "!-~"},
        {"Print", " -~"},
        {"Blank", " \\t"},
        {"Cntrl", "\\x00-\\x1f\\x7f"},
        {"XDigit", "0-9a-fA-F"},
        {"Space", "\\t-\\r "},
        {"L1", "\\x00-\\xff"},
        {"all", "\\x00-\\x{10ffff}"},
        {"LC", "\\p{Lu}\\p{Ll}\\p{Lt}"},
        {"javaLowerCase", "\\p{Lowercase}"},
        {"javaUpperCase", "\\p{Uppercase}"},
        {"javaAlphabetic", "\\p{Alphabetic}"},
        {"javaTitleCase", "\\p{Lt}"},
        {"javaLetter", "\\p{L}"},
        {"javaDigit", "\\p{Nd}"},
        {"javaLetterOrDigit", "\\p{L}\\p{Nd}"},
        {"javaSpaceChar", "\\p{Z}"},
        {"javaWhitespace",
         "\\t-\\r "
         "\\x1c-\\x1f\\p{Zl}\\p{Zp}\\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200a}\\x{205f}\\x{3000}"},
        {"javaISOControl", "\\x00-\\x1f\\x7f-\\x9f"},
    };
    for (int32_t i = 0; i < WEFT_COUNT(known); i++)
        if (strlen(known[i][0]) == len && memcmp(known[i][0], name, len) == 0) return known[i][1];
    return NULL;
}

/* Take what Java writes before a name; what PCRE2 writes there. */
static const char *strip_property(const char **name, size_t *len)
{
    static const char *const prefixes[][2] = {
        {"Is", ""}, {"script=", "sc:"}, {"sc=", "sc:"}, {"general_category=", ""}, {"gc=", ""}};
    for (int32_t i = 0; i < WEFT_COUNT(prefixes); i++) {
        const size_t bytes = strlen(prefixes[i][0]);
        if (*len <= bytes || memcmp(*name, prefixes[i][0], bytes) != 0) continue;
        *name += bytes;
        *len -= bytes;
        return prefixes[i][1];
    }
    return "";
}

/* \p or \P; *apart: what was put is a class of its own and may not stand within brackets. */
static weft_status take_property(java_pattern *p, weft_text *out, bool in_class, bool *apart)
{
    weft_status st = WEFT_OK;
    const bool negated = peek(p, 1) == 'P';
    const char *name = p->text + p->at + 3;
    const char *end = peek(p, 2) == '{' ? memchr(name, '}', p->len - p->at - 3) : NULL;
    if (end == NULL) return copy(p, out, 3); /* \pL */
    size_t len = (size_t)(end - name);
    p->at += 4 + len;
    const char *ranges = java_property(name, len);
    if (ranges == NULL) {
        const char *kind = strip_property(&name, &len);
        WEFT_TRY(st, put(p, out, negated ? "\\P{" : "\\p{"));
        WEFT_TRY(st, put(p, out, kind));
        WEFT_TRY(st, weft_text_append(p->ctx, out, name, len));
        WEFT_TRY(st, put(p, out, "}"));
        goto done;
    }
    *apart = in_class && negated;
    if (!in_class || negated) WEFT_TRY(st, put(p, out, negated ? "[^" : "["));
    WEFT_TRY(st, put(p, out, ranges));
    if (!in_class || negated) WEFT_TRY(st, put(p, out, "]"));
done:
    return st;
}

/* \d, \s, \w and their complements: of ASCII, whatever PCRE2_UCP says. Complements are classes of their own.
 */
static weft_status take_kind(java_pattern *p, weft_text *out, bool in_class, bool *apart)
{
    weft_status st = WEFT_OK;
    const int letter = peek(p, 1), kind = letter | 0x20;
    const bool negated = letter != kind;
    p->at += 2;
    *apart = in_class && negated;
    if (!in_class || negated) WEFT_TRY(st, put(p, out, negated ? "[^" : "["));
    WEFT_TRY(st, put(p, out, kind == 'd' ? "0-9" : kind == 's' ? "\\t-\\r " : "a-zA-Z0-9_"));
    if (!in_class || negated) WEFT_TRY(st, put(p, out, "]"));
done:
    return st;
}

/* \x{…} and what else has braces behind it. */
static weft_status take_braced(java_pattern *p, weft_text *out)
{
    const char *open = p->text + p->at + 2;
    const char *end = peek(p, 2) == '{' ? memchr(open, '}', p->len - p->at - 2) : NULL;
    return copy(p, out, end == NULL ? 2 : (size_t)(end - open) + 3);
}

/* \Q…\E, or to the end. */
static weft_status take_quoted(java_pattern *p, weft_text *out)
{
    size_t count = 2;
    while (p->at + count < p->len && !(peek(p, count) == '\\' && peek(p, count + 1) == 'E')) count++;
    return copy(p, out, count + 2);
}

static weft_status take_escape(java_pattern *p, weft_text *out, bool in_class, bool *apart)
{
    *apart = false;
    switch (peek(p, 1)) {
    case 'u': return take_unicode(p, out);
    case '0': return take_octal(p, out);
    case 'p':
    case 'P': return take_property(p, out, in_class, apart);
    case 'Q': return take_quoted(p, out);
    case 'd':
    case 'D':
    case 's':
    case 'S':
    case 'w':
    case 'W': return take_kind(p, out, in_class, apart);
    case 'b': return peek(p, 2) == '{' ? put_refused(p, out) : copy(p, out, 2); /* no \b{g} */
    case 'N':
    case 'x': return take_braced(p, out);
    default: return copy(p, out, 1 + weft_utf8_bytes((unsigned char)peek(p, 1)));
    }
}

/* ---- classes ---- */

/* The parts of one operand of &&: what may stand in one pair of brackets, and alternatives to it. */
typedef struct class_union {
    weft_text simple, others;
} class_union;

static weft_status take_class(java_pattern *p, weft_text *out);

static weft_status add_other(java_pattern *p, class_union *u, const weft_text *part)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, put(p, &u->others, "|"));
    WEFT_TRY(st, weft_text_append(p->ctx, &u->others, part->bytes, part->len));
done:
    return st;
}

/* One member at p: a class, an escape or a character. */
static weft_status take_member(java_pattern *p, class_union *u)
{
    weft_status st = WEFT_OK;
    weft_text part = {0};
    bool apart = true;
    if (peek(p, 0) == '[')
        WEFT_TRY(st, take_class(p, &part));
    else if (peek(p, 0) == '\\')
        WEFT_TRY(st, take_escape(p, &part, true, &apart));
    else
        apart = false;
    if (apart) {
        WEFT_TRY(st, add_other(p, u, &part));
    } else if (part.len > 0) {
        WEFT_TRY(st, weft_text_append(p->ctx, &u->simple, part.bytes, part.len));
    } else {
        if (peek(p, 0) == ']' || peek(p, 0) == '^') WEFT_TRY(st, put(p, &u->simple, "\\"));
        WEFT_TRY(st, copy(p, &u->simple, weft_utf8_bytes((unsigned char)peek(p, 0))));
    }
done:
    weft_text_release(&part);
    return st;
}

/* The union as a pattern of one character. */
static weft_status put_union(java_pattern *p, const class_union *u, bool negated, weft_text *out)
{
    weft_status st = WEFT_OK;
    const bool plain = u->others.len == 0;
    if (negated && !plain) WEFT_TRY(st, put(p, out, "(?:(?!"));
    if (!plain) WEFT_TRY(st, put(p, out, "(?:"));
    if (u->simple.len > 0) {
        const bool posix = strchr(":.=", u->simple.bytes[0]) != NULL; /* [:alpha:] is five letters to Java */
        WEFT_TRY(st, put(p, out, negated && plain ? "[^" : "["));
        if (posix) WEFT_TRY(st, put(p, out, "\\"));
        WEFT_TRY(st, weft_text_append(p->ctx, out, u->simple.bytes, u->simple.len));
        WEFT_TRY(st, put(p, out, "]"));
    }
    const size_t skip = u->simple.len > 0 ? 0 : 1; /* the bar before the first */
    if (!plain) {
        WEFT_TRY(st, weft_text_append(p->ctx, out, u->others.bytes + skip, u->others.len - skip));
        WEFT_TRY(st, put(p, out, ")"));
    }
    if (negated && !plain) WEFT_TRY(st, put(p, out, ")[\\s\\S])"));
done:
    return st;
}

/* Members up to && or the bracket. */
static weft_status take_union(java_pattern *p, class_union *u)
{
    weft_status st = WEFT_OK;
    bool first = true;
    for (; p->at < p->len; first = false) {
        if (peek(p, 0) == ']' && !first) break;
        if (peek(p, 0) == '&' && peek(p, 1) == '&') break;
        WEFT_TRY(st, take_member(p, u));
    }
done:
    return st;
}

static void union_release(class_union *u)
{
    weft_text_release(&u->simple);
    weft_text_release(&u->others);
}

/* The operands of && behind the first one, each looked for ahead of the first. */
static weft_status take_intersection(java_pattern *p, const class_union *first, bool negated, weft_text *out)
{
    weft_status st = WEFT_OK;
    class_union next = {0};
    WEFT_TRY(st, put(p, out, negated ? "(?:(?!" : "(?:"));
    while (peek(p, 0) == '&' && peek(p, 1) == '&') {
        p->at += 2;
        union_release(&next);
        WEFT_TRY(st, take_union(p, &next));
        if (next.simple.len + next.others.len == 0) continue;
        WEFT_TRY(st, put(p, out, "(?="));
        WEFT_TRY(st, put_union(p, &next, false, out));
        WEFT_TRY(st, put(p, out, ")"));
    }
    if (first->simple.len + first->others.len > 0)
        WEFT_TRY(st, put_union(p, first, false, out));
    else
        WEFT_TRY(st, put(p, out, "[\\s\\S]"));
    WEFT_TRY(st, put(p, out, negated ? ")[\\s\\S])" : ")"));
done:
    union_release(&next);
    return st;
}

/* The class that begins at p. One without its end is copied: the compiler says so. */
static weft_status take_class(java_pattern *p, weft_text *out)
{
    weft_status st = WEFT_OK;
    class_union u = {0};
    const size_t begin = p->at;
    if (++p->depth > CLASS_DEPTH_MOST)
        return weft_fail(p->ctx, WEFT_LIMIT, "a regular expression nests more than %d character classes",
                         CLASS_DEPTH_MOST);
    p->at++;
    const bool negated = peek(p, 0) == '^';
    if (negated) p->at++;
    WEFT_TRY(st, take_union(p, &u));
    if (peek(p, 0) == '&')
        WEFT_TRY(st, take_intersection(p, &u, negated, out));
    else if (p->at < p->len)
        WEFT_TRY(st, put_union(p, &u, negated, out));
    if (p->at < p->len) {
        p->at++;
    } else {
        p->at = begin;
        WEFT_TRY(st, copy(p, out, p->len - begin));
    }
    p->depth--;
done:
    union_release(&u);
    return st;
}

/* ---- the whole ---- */

/* (?flags) and (?flags: without those that PCRE2 does not have. What Java does not have is made what does not
 * compile: (?#, (?|, (?R). */
static weft_status take_flags(java_pattern *p, weft_text *out)
{
    weft_status st = WEFT_OK;
    size_t end = 2;
    if (peek(p, 2) == 0 || strchr(":=!<>imsxudU-", peek(p, 2)) == NULL) return put_refused(p, out);
    while (peek(p, end) != 0 && strchr("imsxudU-", peek(p, end)) != NULL) end++;
    const bool flags = end > 2 && (peek(p, end) == ')' || peek(p, end) == ':');
    WEFT_TRY(st, copy(p, out, 2));
    for (size_t i = 2; flags && i < end; i++, p->at++) {
        const char flag[2] = {(char)peek(p, 0), 0};
        if (strchr("udU", flag[0]) == NULL) WEFT_TRY(st, put(p, out, flag));
    }
done:
    return st;
}

/* A brace opens {n}, {n,} or {n,m} and is never itself. Where there is nothing before it, nothing is
 * repeated. */
static weft_status take_count(java_pattern *p, weft_text *out, bool behind_atom)
{
    weft_status st = WEFT_OK;
    uint32_t value;
    size_t end = 1 + (size_t)digits(p, 1, INT32_MAX, 10, &value);
    const bool counted = end > 1;
    if (counted && peek(p, end) == ',') end += 1 + (size_t)digits(p, end + 1, INT32_MAX, 10, &value);
    if (!counted || peek(p, end) != '}') return put_refused(p, out);
    if (!behind_atom) WEFT_TRY(st, put(p, out, "(?:)"));
    WEFT_TRY(st, copy(p, out, end + 1));
done:
    return st;
}

weft_status weft_regexp_from_java(weft_ctx *ctx, const char *pattern, size_t len, weft_text *out)
{
    weft_status st = WEFT_OK;
    java_pattern p = {.ctx = ctx, .text = pattern, .len = len};
    bool apart, atom = false;
    while (p.at < p.len) {
        const bool behind_atom = atom;
        atom = strchr("(|", peek(&p, 0)) == NULL;
        if (peek(&p, 0) == '\\')
            WEFT_TRY(st, take_escape(&p, out, false, &apart));
        else if (peek(&p, 0) == '[')
            WEFT_TRY(st, take_class(&p, out));
        else if (peek(&p, 0) == '(' && peek(&p, 1) == '?')
            WEFT_TRY(st, take_flags(&p, out));
        else if (peek(&p, 0) == '(' && peek(&p, 1) == '*')
            WEFT_TRY(st, put_refused(&p, out));
        else if (peek(&p, 0) == '{')
            WEFT_TRY(st, take_count(&p, out, behind_atom));
        else
            WEFT_TRY(st, copy(&p, out, 1));
    }
done:
    return st;
}
