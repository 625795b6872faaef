/* engine/expr/regexp_java.h - patterns of java.util.regex in the words of PCRE2.
 *
 * The two dialects agree but for: classes within classes with their union and intersection ([a-z&&[^b]]),
 * \uXXXX and \0 before octal digits, names of properties (\p{Alpha}, \p{IsLatin}, \p{javaUpperCase}), and
 * the flags u, d and U, which are left out: letters of all scripts have two cases in any case, but \w, \d and
 * \s stay ASCII's, and braces that count nothing, (?# and (*, which Java refuses. Names that PCRE2 does not
 * know (blocks as \p{InGreek}) are kept, and refused by its compiler. */
#ifndef WEFT_EXPR_REGEXP_JAVA_H
#define WEFT_EXPR_REGEXP_JAVA_H

#include "engine/expr/nested_text.h"

/* Append the pattern for PCRE2. What is malformed is copied, so that its compiler tells what is wrong.
 * Errors: WEFT_NOMEM, WEFT_LIMIT (classes nested too deep). */
WEFT_MUST_CHECK weft_status weft_regexp_from_java(weft_ctx *ctx, const char *pattern, size_t len,
                                                  weft_text *out);

#endif
