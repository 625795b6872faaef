/* engine/expr/icu.h - the functions of ICU that are used, opened on first use (docs/adr/0009).
 *
 * ICU puts its version behind each name (ucol_open_72): the version of the headers is tried first, then the
 * others. Threads may share the table; what its functions give belongs to one. */
#ifndef WEFT_EXPR_ICU_H
#define WEFT_EXPR_ICU_H

#define U_DISABLE_RENAMING 1
#include <unicode/ucal.h>
#include <unicode/uchar.h>
#include <unicode/ucol.h>
#include <unicode/udat.h>
#include <unicode/uloc.h>
#include <unicode/unum.h>
#include <unicode/usearch.h>
#include <unicode/uset.h>
#include <unicode/ustring.h>
#include <unicode/uversion.h>

#include "common/ctx.h"

#define WEFT_ICU_COMMON(X)                                                                                   \
    X(u_strFromUTF8WithSub)                                                                                  \
    X(u_strToUTF8)                                                                                           \
    X(u_uastrncpy)                                                                                           \
    X(uloc_forLanguageTag)                                                                                   \
    X(uloc_setKeywordValue)                                                                                  \
    X(u_getPropertyValueEnum)                                                                                \
    X(u_charFromName)                                                                                        \
    X(uset_openEmpty)                                                                                        \
    X(uset_close)                                                                                            \
    X(uset_applyIntPropertyValue)                                                                            \
    X(uset_getItemCount)                                                                                     \
    X(uset_getItem)                                                                                          \
    X(u_getVersion)
#define WEFT_ICU_I18N(X)                                                                                     \
    X(ucol_open)                                                                                             \
    X(ucol_close)                                                                                            \
    X(ucol_setAttribute)                                                                                     \
    X(ucol_getSortKey)                                                                                       \
    X(ucal_open)                                                                                             \
    X(ucal_close)                                                                                            \
    X(ucal_getTimeZoneDisplayName)                                                                           \
    X(udat_open)                                                                                             \
    X(udat_close)                                                                                            \
    X(udat_format)                                                                                           \
    X(udat_getSymbols)                                                                                       \
    X(unum_open)                                                                                             \
    X(unum_close)                                                                                            \
    X(unum_getLocaleByType)                                                                                  \
    X(unum_getSymbol)                                                                                        \
    X(usearch_openFromCollator)                                                                              \
    X(usearch_close)                                                                                         \
    X(usearch_setText)                                                                                       \
    X(usearch_setPattern)                                                                                    \
    X(usearch_following)                                                                                     \
    X(usearch_getMatchedLength)

typedef struct weft_icu {
#define X(name) __typeof__(&name) name;
    WEFT_ICU_COMMON(X)
    WEFT_ICU_I18N(X)
#undef X
} weft_icu;

/* Fill in the table. use: what needs it, for people. Errors: WEFT_UNSUPPORTED where no ICU can be opened. */
WEFT_MUST_CHECK weft_status weft_icu_open(weft_ctx *ctx, const char *use, weft_icu *icu);
/* "72.1.0.0" into text; false where no ICU can be opened. */
bool weft_icu_version(char *text, size_t bytes);

#endif
