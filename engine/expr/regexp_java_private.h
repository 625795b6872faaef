/* engine/expr/regexp_java_private.h - what the parts of the translation of Java's patterns share: the walk,
 * escapes (regexp_escape.c) and classes (regexp_class.c). */
#ifndef WEFT_EXPR_REGEXP_JAVA_PRIVATE_H
#define WEFT_EXPR_REGEXP_JAVA_PRIVATE_H

#include "engine/expr/regexp_java.h"

enum {
    CLASS_DEPTH_MOST = 100, /* of classes within classes: the walk recurses */
    GROUP_DEPTH_MOST = 250  /* of groups within groups: PCRE2's own limit */
};

/* Flags that change the translation. */
enum {
    JAVA_ANY_CASE = 1 << 0,     /* i */
    JAVA_UNICODE_CASE = 1 << 1, /* u: else i is of ASCII's letters alone */
    JAVA_UNICODE = 1 << 2,      /* U: names of classes are of all scripts */
    JAVA_COMMENTS = 1 << 3      /* x */
};

typedef struct java_pattern {
    weft_ctx *ctx;
    const char *text;
    size_t len, at;
    int32_t depth;
    int32_t character; /* the one that the last escape stood for, or -1 */
    uint32_t flags;    /* as they are here */
    int32_t groups;    /* that are open, and the flags before each of them */
    uint8_t outer[GROUP_DEPTH_MOST];
} java_pattern;

/* Have only the letters of ASCII two cases? PCRE2 knows no such thing: what else it would take for the same
 * is written so that no case counts. */
static inline bool java_folds_ascii(const java_pattern *p)
{
    return (p->flags & (JAVA_ANY_CASE | JAVA_UNICODE_CASE)) == JAVA_ANY_CASE;
}

/* The byte so far ahead, or 0. */
static inline int java_peek(const java_pattern *p, size_t ahead)
{
    return p->at + ahead < p->len ? (unsigned char)p->text[p->at + ahead] : 0;
}

weft_status java_put(java_pattern *p, weft_text *out, const char *text);
/* The next count bytes as they are. */
weft_status java_copy(java_pattern *p, weft_text *out, size_t count);
/* PCRE2 would take it, Java does not: what does not compile stands for all that is left. */
weft_status java_put_refused(java_pattern *p, weft_text *out);
/* Up to `most` digits of the base from so far ahead on; how many there are. */
int32_t java_digits(const java_pattern *p, size_t from, int32_t most, int base, uint32_t *value);
/* The next character as itself: a letter or digit of ASCII as it is, the rest escaped. */
weft_status java_take_literal(java_pattern *p, weft_text *out);
/* What begins with a backslash; *apart: it is a class of its own and may not stand within brackets. */
weft_status java_take_escape(java_pattern *p, weft_text *out, bool in_class, bool *apart);
/* The class that begins at p, as a pattern of one character. One without its end is refused. Errors:
 * WEFT_LIMIT. */
weft_status java_take_class(java_pattern *p, weft_text *out);

#endif
