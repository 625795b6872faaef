/* engine/expr/regexp_java.c - see regexp_java.h: one walk from the left, which keeps the flags of the groups
 * that are open. */
#include <ctype.h>

#include "engine/expr/regexp_java_private.h"

static void open_group(java_pattern *p)
{
    if (p->groups < GROUP_DEPTH_MOST) p->outer[p->groups] = (uint8_t)p->flags;
    p->groups++;
}

static void close_group(java_pattern *p)
{
    if (p->groups == 0) return; /* PCRE2 refuses it */
    p->groups--;
    if (p->groups < GROUP_DEPTH_MOST) p->flags = p->outer[p->groups];
}

static uint32_t flag_of(char letter)
{
    return letter == 'i'   ? JAVA_ANY_CASE
           : letter == 'u' ? JAVA_UNICODE_CASE
           : letter == 'U' ? JAVA_UNICODE | JAVA_UNICODE_CASE
           : letter == 'x' ? JAVA_COMMENTS
                           : 0;
}

/* <name>, behind so many bytes. */
static weft_status copy_name(java_pattern *p, weft_text *out, size_t ahead)
{
    const char *from = p->text + p->at + ahead;
    const char *end = memchr(from, '>', p->len - p->at - ahead);
    return end == NULL ? java_put_refused(p, out) : java_copy(p, out, (size_t)(end - from) + ahead + 1);
}

/* (?flags) and (?flags: without those that PCRE2 does not have, and every other group that begins so. What
 * Java does not have is made what does not compile: (?#, (?|, (?R). */
static weft_status take_flags(java_pattern *p, weft_text *out)
{
    weft_status st = WEFT_OK;
    size_t end = 2;
    bool off = false;
    const uint32_t before = p->flags;
    if (java_peek(p, 2) == 0 || strchr(":=!<>imsxudU-)", java_peek(p, 2)) == NULL)
        return java_put_refused(p, out);
    while (java_peek(p, end) != 0 && strchr("imsxudU-", java_peek(p, end)) != NULL) end++;
    const bool here = java_peek(p, end) == ')';
    const bool flags = here || (end > 2 && java_peek(p, end) == ':');
    if (!here) open_group(p);
    WEFT_TRY(st, java_copy(p, out, 2));
    for (size_t i = 2; flags && i < end; i++, p->at++) {
        const char flag[2] = {(char)java_peek(p, 0), 0};
        off = off || flag[0] == '-';
        p->flags = off ? p->flags & ~flag_of(flag[0]) : p->flags | flag_of(flag[0]);
        if (strchr("udU", flag[0]) == NULL) WEFT_TRY(st, java_put(p, out, flag));
    }
    if (flags) WEFT_TRY(st, java_copy(p, out, 1));
    if (!flags) p->flags = before;
    if (!flags && java_peek(p, 0) == '<' && isalpha(java_peek(p, 1))) st = copy_name(p, out, 0);
done:
    return st;
}

/* (?x): from # to the end of the line nothing counts. */
static weft_status take_comment(java_pattern *p)
{
    while (p->at < p->len && java_peek(p, 0) != '\n' && java_peek(p, 0) != '\r') p->at++;
    return WEFT_OK;
}

/* A brace opens {n}, {n,} or {n,m} and is never itself. Where there is nothing before it, nothing is
 * repeated. */
static weft_status take_count(java_pattern *p, weft_text *out, bool behind_atom)
{
    weft_status st = WEFT_OK;
    uint32_t value;
    size_t end = 1 + (size_t)java_digits(p, 1, INT32_MAX, 10, &value);
    const bool counted = end > 1;
    if (counted && java_peek(p, end) == ',')
        end += 1 + (size_t)java_digits(p, end + 1, INT32_MAX, 10, &value);
    if (!counted || java_peek(p, end) != '}') return java_put_refused(p, out);
    if (!behind_atom) WEFT_TRY(st, java_put(p, out, "(?:)"));
    WEFT_TRY(st, java_copy(p, out, end + 1));
done:
    return st;
}

static bool is_quantifier(int c) { return c != 0 && strchr("*+?{", c) != NULL; }

/* A place between characters, of `bytes` bytes. PCRE2 repeats none, Java does. */
static weft_status take_place(java_pattern *p, weft_text *out, size_t bytes)
{
    weft_status st = WEFT_OK;
    const bool repeated = is_quantifier(java_peek(p, bytes));
    if (repeated) WEFT_TRY(st, java_put(p, out, "(?:"));
    WEFT_TRY(st, java_copy(p, out, bytes));
    if (repeated) WEFT_TRY(st, java_put(p, out, ")"));
done:
    return st;
}

/* The piece that begins with c. *atom: a quantifier behind it has something to repeat. */
static weft_status take_piece(java_pattern *p, weft_text *out, int c, bool *atom)
{
    bool apart;
    weft_status st = WEFT_OK;
    const bool behind_atom = *atom, folds = java_folds_ascii(p);
    const int next = java_peek(p, 1);
    *atom = strchr("(|", c) == NULL;
    if ((p->flags & JAVA_COMMENTS) != 0 && (isspace(c) || c == '#')) {
        *atom = behind_atom;
        return c == '#' ? take_comment(p) : java_copy(p, out, 1);
    }
    if (c == '^' || c == '$') return take_place(p, out, 1);
    if (c == '\\' && next != 0 && strchr("bBAGzZ", next) != NULL &&
        (java_peek(p, 2) != '{' || isdigit(java_peek(p, 3))))
        return take_place(p, out, 2);
    if (c == '\\' && next == 'k') return copy_name(p, out, 2);
    if (c == '\\') return java_take_escape(p, out, false, &apart);
    if (c == '{') return take_count(p, out, behind_atom);
    if (c == '(' && next == '?') {
        *atom = false;
        return take_flags(p, out);
    }
    if (c == '(' && next == '*') return java_put_refused(p, out);
    if (c == '(') open_group(p);
    if (c == ')') close_group(p);
    if (c == '[') {
        if (folds) WEFT_TRY(st, java_put(p, out, "(?-i:"));
        WEFT_TRY(st, java_take_class(p, out));
        if (folds) WEFT_TRY(st, java_put(p, out, ")"));
        return st;
    }
    return c >= 0x80 || isalnum(c) ? java_take_literal(p, out) : java_copy(p, out, 1);
done:
    return st;
}

weft_status weft_regexp_from_java(weft_ctx *ctx, const char *pattern, size_t len, weft_text *out)
{
    weft_status st = WEFT_OK;
    java_pattern p = {.ctx = ctx, .text = pattern, .len = len, .character = -1};
    bool atom = false;
    while (p.at < p.len) WEFT_TRY(st, take_piece(&p, out, java_peek(&p, 0), &atom));
done:
    return st;
}
