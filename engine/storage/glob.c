/* engine/storage/glob.c - file name patterns: matching one segment, expanding braces.
 *
 * Matching is the two-pointer scan with one remembered star: after a mismatch the star takes one character
 * more. That is linear for one star and at worst length(pattern) × length(name), never exponential. */
#include "engine/storage/glob.h"

#include <string.h>

enum {
    GLOB_ALTERNATIVES_MAX = 4096
}; /* {a,b}{a,b}...: doubling twelve times is no longer a mistake of typing */

bool weft_glob_has_pattern(const char *text)
{
    for (const char *p = text; *p != 0; p++) {
        if (*p == '\\') {
            if (p[1] != 0) p++;
            continue;
        }
        if (strchr("*?[{", *p) != NULL) return true;
    }
    return false;
}

void weft_glob_unquote(char *segment)
{
    char *to = segment;
    for (const char *p = segment; *p != 0; p++) {
        if (*p == '\\' && p[1] != 0) p++;
        *to++ = *p;
    }
    *to = 0;
}

/* One UTF-8 character at p (a wrong byte counts as a character of its own); *len is its bytes. */
static uint32_t glob_character(const char *p, int *len)
{
    const unsigned char *b = (const unsigned char *)p;
    const int want = b[0] < 0xc0 ? 1 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    uint32_t code = b[0];
    *len = 1;
    for (int i = 1; i < want; i++) {
        if ((b[i] & 0xc0) != 0x80) return b[0];
        code = code << 6 | (b[i] & 0x3fu);
    }
    *len = want;
    return code;
}

/* Match one character of the name against the class at p ("[...]"). *after is behind it; an unclosed bracket
 * is a plain '['. */
static bool glob_class(const char *p, uint32_t c, const char **after)
{
    const char *q = p + 1;
    const bool negated = *q == '^' || *q == '!';
    if (negated) q++;
    bool hit = false;
    for (bool first = true; *q != 0 && (*q != ']' || first); first = false) {
        int len;
        if (*q == '\\' && q[1] != 0) q++;
        const uint32_t low = glob_character(q, &len);
        uint32_t high = low;
        q += len;
        if (*q == '-' && q[1] != ']' && q[1] != 0) {
            q++;
            if (*q == '\\' && q[1] != 0) q++;
            high = glob_character(q, &len);
            q += len;
        }
        hit = hit || (c >= low && c <= high);
    }
    if (*q != ']') {
        *after = p + 1;
        return c == '[';
    }
    *after = q + 1;
    return hit != negated;
}

/* Match the pattern item at p (not '*') against the character at n; the ends of both are given. */
static bool glob_one(const char *p, const char *n, const char **p_after, const char **n_after)
{
    int len;
    const uint32_t c = glob_character(n, &len);
    *n_after = n + len;
    if (*p == '?') {
        *p_after = p + 1;
        return true;
    }
    if (*p == '[') return glob_class(p, c, p_after);
    if (*p == '\\' && p[1] != 0) p++;
    const uint32_t want = glob_character(p, &len);
    *p_after = p + len;
    return want == c;
}

bool weft_glob_match(const char *pattern, const char *name)
{
    const char *p = pattern;
    const char *n = name;
    const char *star = NULL;      /* behind the last '*' */
    const char *star_name = NULL; /* where the name goes on after what that star has taken */
    while (*n != 0) {
        const char *p_after;
        const char *n_after;
        if (*p == '*') {
            star = ++p;
            star_name = n;
            continue;
        }
        if (*p != 0 && glob_one(p, n, &p_after, &n_after)) {
            p = p_after;
            n = n_after;
            continue;
        }
        if (star == NULL) return false;
        int len;
        (void)glob_character(star_name, &len);
        star_name += len;
        n = star_name;
        p = star;
    }
    while (*p == '*') p++;
    return *p == 0;
}

/* The first unquoted '{' and its partner; *open NULL when there is none. False when it is not closed. */
static bool glob_find_braces(const char *text, const char **open, const char **close)
{
    int depth = 0;
    *open = *close = NULL;
    for (const char *p = text; *p != 0; p++) {
        if (*p == '\\' && p[1] != 0) {
            p++;
        } else if (*p == '{') {
            if (depth++ == 0) *open = p;
        } else if (*p == '}' && depth > 0 && --depth == 0) {
            *close = p;
            return true;
        }
    }
    return depth == 0;
}

typedef struct glob_list {
    char **items;
    int32_t count, capacity;
} glob_list;

static weft_status glob_add(weft_ctx *ctx, glob_list *list, char *item)
{
    weft_status st = WEFT_OK;
    if (list->count >= GLOB_ALTERNATIVES_MAX) {
        return weft_fail(ctx, WEFT_LIMIT, "A path pattern has more than %d alternatives.",
                         GLOB_ALTERNATIVES_MAX);
    }
    if (list->count == list->capacity) {
        const int32_t capacity = weft_max_i32(16, list->capacity * 2);
        char **items = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, capacity, &items));
        if (list->count > 0) memcpy(items, list->items, (size_t)list->count * sizeof(*items));
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
done:
    return st;
}

weft_status weft_glob_expand(weft_ctx *ctx, const char *pattern, char ***out, int32_t *count)
{
    weft_status st = WEFT_OK;
    glob_list list = {0};
    char *copy = NULL;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, pattern, strlen(pattern), &copy));
    WEFT_TRY(st, glob_add(ctx, &list, copy));
    for (int32_t i = 0; i < list.count;) {
        const char *text = list.items[i];
        const char *open;
        const char *close;
        if (!glob_find_braces(text, &open, &close)) {
            st = weft_fail(ctx, WEFT_INVALID_PATTERN, "The path pattern '%s' has a '{' without its '}'.",
                           pattern);
            goto done;
        }
        if (open == NULL) {
            i++;
            continue;
        }
        const char *begin = open + 1; /* the first alternative replaces this item, the others are appended */
        int depth = 0;
        bool replaced = false;
        for (const char *p = begin; p <= close; p++) {
            if (*p == '\\' && p < close) {
                p++;
                continue;
            }
            if (*p == '{') depth++;
            if (*p == '}' && p != close) depth--;
            if (p != close && (*p != ',' || depth > 0)) continue;
            char *made = NULL;
            WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &made, "%.*s%.*s%s", (int)(open - text), text,
                                           (int)(p - begin), begin, close + 1));
            if (replaced) {
                WEFT_TRY(st, glob_add(ctx, &list, made));
            } else {
                list.items[i] = made;
                replaced = true;
            }
            begin = p + 1;
        }
    }
    *out = list.items;
    *count = list.count;
done:
    return st;
}
