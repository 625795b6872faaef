/* engine/expr/regexp.h - regular expressions for the functions that take one.
 *
 * PCRE2 with its JIT is close to Java's dialect, and regexp_java.h translates what differs. A pattern is
 * compiled once a call site and lane, and again only when its text changes; matching allocates nothing. One
 * lane uses a compiled pattern. */
#ifndef WEFT_EXPR_REGEXP_H
#define WEFT_EXPR_REGEXP_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "engine/expr/kernel.h"

/* Zeroed is empty. */
typedef struct weft_regexp {
    pcre2_code *code;
    pcre2_match_data *match;
    char *text; /* what it was compiled from */
    uint32_t len;
    uint32_t groups;
    bool is_plain; /* ASCII without a character of meaning: it matches itself */
} weft_regexp;

/* open and close of functions whose second argument is the pattern. */
WEFT_MUST_CHECK weft_status weft_regexp_open(weft_ctx *ctx, const weft_expr *call, void **state);
void weft_regexp_close(void *state);
/* The call's state with the pattern of row i (argument 1) compiled. */
WEFT_MUST_CHECK weft_status weft_regexp_of_row(weft_ctx *ctx, const weft_kernel_call *call, int32_t i,
                                               weft_regexp **out);
/* Compile a pattern, unless s has it. Errors: WEFT_INVALID_PATTERN at the span of e. */
WEFT_MUST_CHECK weft_status weft_regexp_use(weft_ctx *ctx, const weft_expr *e, const weft_str *pattern,
                                            weft_regexp *s);
void weft_regexp_forget(weft_regexp *s);

/* The next match at or behind byte `from`; *found false when there is none. The places of the groups are in
 * the match data. Errors: WEFT_LIMIT (too much backtracking). */
WEFT_MUST_CHECK weft_status weft_regexp_next(weft_ctx *ctx, const weft_expr *e, const weft_regexp *s,
                                             const weft_str *text, size_t from, bool *found);
/* Where to look for the match behind the one at hand: an empty one moves on by a character. */
size_t weft_regexp_behind(const weft_regexp *s, const weft_str *text);

#endif
