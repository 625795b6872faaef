/* engine/expr/regexp_java.h - patterns of java.util.regex in the words of PCRE2.
 *
 * The two dialects agree but for: classes within classes with their union and intersection ([a-z&&[^b]]),
 * characters by number and name (\uXXXX, \0 before octal digits, \N{…}), names of properties (\p{Alpha},
 * \p{IsLatin}, \p{InGreek}), \w, \d and \s, which are of ASCII but under the flag U, letters, of which only
 * ASCII's have two cases under i without u, places that are repeated (\b+), and what Java refuses. */
#ifndef WEFT_EXPR_REGEXP_JAVA_H
#define WEFT_EXPR_REGEXP_JAVA_H

#include "engine/expr/nested_text.h"

/* Append the pattern for PCRE2. What is malformed is copied, so that its compiler tells what is wrong.
 * Errors: WEFT_NOMEM, WEFT_LIMIT (classes nested too deep). */
WEFT_MUST_CHECK weft_status weft_regexp_from_java(weft_ctx *ctx, const char *pattern, size_t len,
                                                  weft_text *out);

#endif
