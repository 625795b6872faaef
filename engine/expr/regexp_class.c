/* engine/expr/regexp_class.c - classes of characters of Java's patterns in the words of PCRE2.
 *
 * A class becomes a pattern that takes one character: [...] where it has single characters and ranges only,
 * else alternatives of its parts; an intersection looks ahead for all but its last part, and the complement
 * of a class that is no plain [...] refuses it ahead of any character. */
#include <ctype.h>

#include "engine/expr/regexp_java_private.h"
#include "engine/expr/utf8.h"

/* The parts of one operand of &&: what may stand in one pair of brackets, and alternatives to it. */
typedef struct class_union {
    weft_text simple, others;
    uint32_t letters; /* of ASCII that are in it in either case: a is the lowest bit */
    int32_t last;     /* the character before, at which a range may begin; -1: none */
    bool ranging;     /* that and a hyphen */
} class_union;

/* The character, or the range that it ends, counts with both cases. */
static void cover_letters(class_union *u, int32_t c)
{
    const int32_t from = u->ranging ? u->last : c;
    for (int32_t k = 0; c >= 0 && k < 26; k++)
        if ((from <= 'a' + k && 'a' + k <= c) || (from <= 'A' + k && 'A' + k <= c)) u->letters |= 1u << k;
    u->last = u->ranging ? -1 : c;
    u->ranging = false;
}

static weft_status add_other(java_pattern *p, class_union *u, const weft_text *part)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, java_put(p, &u->others, "|"));
    WEFT_TRY(st, weft_text_append(p->ctx, &u->others, part->bytes, part->len));
done:
    return st;
}

/* One character as itself. */
static weft_status take_member_character(java_pattern *p, class_union *u)
{
    weft_status st = WEFT_OK;
    uint32_t bytes;
    const uint32_t c = weft_utf8_decode(p->text + p->at, p->len - p->at, &bytes);
    if (c == '-' && u->last >= 0 && !u->ranging && java_peek(p, 1) != ']')
        u->ranging = true;
    else
        cover_letters(u, (int32_t)c);
    if (c == ']' || c == '^') WEFT_TRY(st, java_put(p, &u->simple, "\\"));
    WEFT_TRY(st, java_copy(p, &u->simple, bytes));
done:
    return st;
}

/* One member at p: a class, an escape or a character. */
static weft_status take_member(java_pattern *p, class_union *u)
{
    weft_status st = WEFT_OK;
    weft_text part = {0};
    bool apart = true;
    if ((p->flags & JAVA_COMMENTS) != 0 && isspace(java_peek(p, 0))) {
        p->at++;
        return WEFT_OK;
    }
    if (java_peek(p, 0) != '[' && java_peek(p, 0) != '\\') return take_member_character(p, u);
    if (java_peek(p, 0) == '[') {
        p->character = -1;
        WEFT_TRY(st, java_take_class(p, &part));
    } else {
        WEFT_TRY(st, java_take_escape(p, &part, true, &apart));
    }
    cover_letters(u, p->character);
    if (apart)
        WEFT_TRY(st, add_other(p, u, &part));
    else if (part.len > 0)
        WEFT_TRY(st, weft_text_append(p->ctx, &u->simple, part.bytes, part.len));
done:
    weft_text_release(&part);
    return st;
}

/* The letters of a union that has only ASCII's in both cases. */
static weft_status put_letters(java_pattern *p, class_union *u)
{
    weft_status st = WEFT_OK;
    if (!java_folds_ascii(p)) return WEFT_OK;
    for (int32_t k = 0; k < 26; k++) {
        const char both[] = {(char)('a' + k), (char)('A' + k), '\0'};
        if ((u->letters >> k & 1) != 0) WEFT_TRY(st, java_put(p, &u->simple, both));
    }
done:
    return st;
}

/* The union as a pattern of one character. */
static weft_status put_union(java_pattern *p, const class_union *u, bool negated, weft_text *out)
{
    weft_status st = WEFT_OK;
    const bool plain = u->others.len == 0;
    if (negated && !plain) WEFT_TRY(st, java_put(p, out, "(?:(?!"));
    if (!plain) WEFT_TRY(st, java_put(p, out, "(?:"));
    if (u->simple.len > 0) {
        const bool posix = strchr(":.=", u->simple.bytes[0]) != NULL; /* [:alpha:] is five letters to Java */
        WEFT_TRY(st, java_put(p, out, negated && plain ? "[^" : "["));
        if (posix) WEFT_TRY(st, java_put(p, out, "\\"));
        WEFT_TRY(st, weft_text_append(p->ctx, out, u->simple.bytes, u->simple.len));
        WEFT_TRY(st, java_put(p, out, "]"));
    }
    const size_t skip = u->simple.len > 0 ? 0 : 1; /* the bar before the first */
    if (!plain) {
        WEFT_TRY(st, weft_text_append(p->ctx, out, u->others.bytes + skip, u->others.len - skip));
        WEFT_TRY(st, java_put(p, out, ")"));
    }
    if (negated && !plain) WEFT_TRY(st, java_put(p, out, ")[\\s\\S])"));
done:
    return st;
}

/* Members up to && or the bracket, which stands for itself where it comes first in a class. */
static weft_status take_union(java_pattern *p, class_union *u, bool first)
{
    weft_status st = WEFT_OK;
    u->last = -1;
    u->ranging = false;
    u->letters = 0;
    for (; p->at < p->len; first = false) {
        if (java_peek(p, 0) == ']' && !first) break;
        if (java_peek(p, 0) == '&' && java_peek(p, 1) == '&') break;
        WEFT_TRY(st, take_member(p, u));
    }
    WEFT_TRY(st, put_letters(p, u));
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
    WEFT_TRY(st, java_put(p, out, negated ? "(?:(?!" : "(?:"));
    while (java_peek(p, 0) == '&' && java_peek(p, 1) == '&') {
        p->at += 2;
        union_release(&next);
        WEFT_TRY(st, take_union(p, &next, false));
        if (next.simple.len + next.others.len == 0) continue;
        WEFT_TRY(st, java_put(p, out, "(?="));
        WEFT_TRY(st, put_union(p, &next, false, out));
        WEFT_TRY(st, java_put(p, out, ")"));
    }
    if (first->simple.len + first->others.len > 0)
        WEFT_TRY(st, put_union(p, first, false, out));
    else
        WEFT_TRY(st, java_put(p, out, "[\\s\\S]"));
    WEFT_TRY(st, java_put(p, out, negated ? ")[\\s\\S])" : ")"));
done:
    union_release(&next);
    return st;
}

weft_status java_take_class(java_pattern *p, weft_text *out)
{
    weft_status st = WEFT_OK;
    class_union u = {0};
    if (++p->depth > CLASS_DEPTH_MOST)
        return weft_fail(p->ctx, WEFT_LIMIT, "a regular expression nests more than %d character classes",
                         CLASS_DEPTH_MOST);
    p->at++;
    const bool negated = java_peek(p, 0) == '^';
    if (negated) p->at++;
    WEFT_TRY(st, take_union(p, &u, true));
    if (java_peek(p, 0) == '&')
        WEFT_TRY(st, take_intersection(p, &u, negated, out));
    else if (p->at < p->len)
        WEFT_TRY(st, put_union(p, &u, negated, out));
    if (p->at < p->len)
        p->at++;
    else
        WEFT_TRY(st, java_put_refused(p, out));
    p->depth--;
done:
    union_release(&u);
    return st;
}
