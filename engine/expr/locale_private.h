/* engine/expr/locale_private.h - what names and numbers of a locale share. */
#ifndef WEFT_EXPR_LOCALE_PRIVATE_H
#define WEFT_EXPR_LOCALE_PRIVATE_H

#include "engine/expr/icu.h"

enum { LOCALE_NAME_BYTES = 160 }; /* of a locale with its keywords */

/* A language tag as ICU names the locale; false: Java's root locale. */
bool locale_icu_name(const weft_icu *icu, const char *locale, char *out, int32_t bytes);

#endif
