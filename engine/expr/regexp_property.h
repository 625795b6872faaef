/* engine/expr/regexp_property.h - \p{name} and \N{name} of java.util.regex. */
#ifndef WEFT_EXPR_REGEXP_PROPERTY_H
#define WEFT_EXPR_REGEXP_PROPERTY_H

#include "engine/expr/nested_text.h"

/* Flags of a pattern that change what names mean. */
typedef struct regexp_property_flags {
    bool unicode;  /* U: POSIX's names are of all scripts */
    bool any_case; /* i: letters of a case are those of any */
} regexp_property_flags;

/* Append what stands for the property within PCRE2's brackets; *known false: Java has none of that name.
 * Names of scripts are not looked up: PCRE2 refuses those that it does not know. Errors: WEFT_UNSUPPORTED for
 * blocks where there is no ICU, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status regexp_property(weft_ctx *ctx, const char *name, size_t len,
                                            regexp_property_flags flags, weft_text *out, bool *known);
/* The character of that name of Unicode; *known false: there is none. Errors: WEFT_UNSUPPORTED without ICU.
 */
WEFT_MUST_CHECK weft_status regexp_named_character(weft_ctx *ctx, const char *name, size_t len, uint32_t *out,
                                                   bool *known);

#endif
