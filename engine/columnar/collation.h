/* engine/columnar/collation.h - the names of collations, and the numbers that types have of them.
 *
 * A number is a base (UTF8_BINARY, UTF8_LCASE, or a locale of collation_list.h behind them) with bits for
 * what the comparison does not look at. How strings compare is in expr/collator.h. */
#ifndef WEFT_COLUMNAR_COLLATION_H
#define WEFT_COLUMNAR_COLLATION_H

#include "common/ctx.h"

enum {
    WEFT_COLLATION_BINARY = 0, /* by the bytes */
    WEFT_COLLATION_LCASE = 1,  /* by the bytes of the characters in small letters */
    WEFT_COLLATION_LOCALE = 2, /* the first of collation_list.h */
    WEFT_COLLATION_BASE = 0x1ff,
    WEFT_COLLATION_CI = 0x200,    /* case does not count */
    WEFT_COLLATION_AI = 0x400,    /* accents do not count */
    WEFT_COLLATION_RTRIM = 0x800, /* blanks at the end do not count */
    WEFT_COLLATION_NULL = 0xffff, /* of what is made of strings whose collations do not go together */
    WEFT_COLLATION_NAME_BYTES = 48
};

typedef struct weft_collation_locale {
    const char *name, *icu;
    const char *language, *country; /* in English, or NULL */
} weft_collation_locale;

/* The number of a name, any case; false when there is none. The parts of a name stand in any order. */
bool weft_collation_parse(const char *name, size_t len, uint16_t *out);
/* The same of a name in a statement. Errors: WEFT_COLLATION_INVALID_NAME, at span (NULL allowed). */
WEFT_MUST_CHECK weft_status weft_collation_resolve(weft_ctx *ctx, const char *name, size_t len,
                                                   const weft_span *span, uint16_t *out);
/* Is it a number that a name has, or WEFT_COLLATION_NULL? */
bool weft_collation_is_valid(uint32_t collation);
/* The name as Spark writes it, in text; "null" for WEFT_COLLATION_NULL. Returns text. */
const char *weft_collation_name(uint16_t collation, char text[WEFT_COLLATION_NAME_BYTES]);
/* The locale of a number; NULL: its base is UTF8_BINARY or UTF8_LCASE. */
const weft_collation_locale *weft_collation_find_locale(uint16_t collation);
/* The number that comes next in the order of collations(), WEFT_COLLATION_NULL being before the first and
 * behind the last. */
uint16_t weft_collation_next(uint16_t collation);
/* What collations() tells of each, and the names of its columns. texts: NULL where there is none; they
 * borrow icu and name, which is filled in. */
enum { WEFT_COLLATION_COLUMNS = 9 };
extern const char *const weft_collation_columns[WEFT_COLLATION_COLUMNS];
void weft_collation_texts(uint16_t collation, const char *icu, char name[WEFT_COLLATION_NAME_BYTES],
                          const char *texts[WEFT_COLLATION_COLUMNS]);

#endif
