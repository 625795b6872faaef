/* engine/storage/glob.h - file name patterns as Hadoop's: * ? [abc] [a-z] [^a] {a,b} and backslash to quote.
 *
 * Pure functions on text; `*` and `?` never match a slash, `?` matches one UTF-8 character. */
#ifndef WEFT_STORAGE_GLOB_H
#define WEFT_STORAGE_GLOB_H

#include "common/mem.h"

/* Does the text hold a character that makes it a pattern? */
bool weft_glob_has_pattern(const char *text);
/* Does one path segment match one segment of a pattern (without braces)? */
bool weft_glob_match(const char *pattern, const char *name);
/* Expand {a,b} (also nested, also around slashes) into patterns without braces; in ctx->arena.
 * Errors: WEFT_INVALID_PATTERN for an unclosed brace, WEFT_LIMIT for too many alternatives. */
WEFT_MUST_CHECK weft_status weft_glob_expand(weft_ctx *ctx, const char *pattern, char ***out, int32_t *count);
/* Take the quoting backslashes out of a segment that holds no pattern, in place. */
void weft_glob_unquote(char *segment);

#endif
