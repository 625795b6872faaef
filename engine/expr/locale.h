/* engine/expr/locale.h - what a language has of its own in dates and numbers: the option `locale` of CSV,
 * JSON and XML.
 *
 * English of the United States (NULL, or the tag en-US) stands in tables here; all else is ICU's, opened on
 * first use. A tag that is none (de_DE), or of a language that ICU does not know, is Java's root locale, as
 * Locale.forLanguageTag has it. */
#ifndef WEFT_EXPR_LOCALE_H
#define WEFT_EXPR_LOCALE_H

#include "common/ctx.h"

/* Names for date patterns. The forms that stand alone are those of L and q. */
typedef struct weft_datetime_names {
    const char *months[12], *months_long[12], *months_alone[12], *months_alone_long[12];
    const char *days[7], *days_long[7]; /* from Monday on */
    const char *quarters[4], *quarters_long[4], *quarters_alone[4], *quarters_alone_long[4];
    const char *halves[2];              /* AM, PM */
    const char *eras[2], *eras_long[2]; /* before, since */
    const char *gmt;                    /* what distances from UTC stand behind: GMT+1 */
    size_t longest;                     /* bytes of the longest of them */
} weft_datetime_names;

extern const weft_datetime_names weft_datetime_names_us;

/* The names of a locale: *out is one of the static tables, or lies in *own, which the caller frees with
 * weft_mem_free. Errors: WEFT_UNSUPPORTED without ICU, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_datetime_names_open(weft_ctx *ctx, const char *locale,
                                                     const weft_datetime_names **out, void **own);

enum { WEFT_LOCALE_ZONE_BYTES = 256 };

/* Names of a time zone in a locale: short, in full, and both while clocks are put forward. Empty: it has none
 * in that language. */
typedef struct weft_locale_zone {
    char names[4][WEFT_LOCALE_ZONE_BYTES];
} weft_locale_zone;

/* Errors: WEFT_UNSUPPORTED without ICU. */
WEFT_MUST_CHECK weft_status weft_locale_zone_open(weft_ctx *ctx, const char *locale, const char *zone,
                                                  weft_locale_zone *out);

/* The marks within numbers, as Java's DecimalFormat takes them. */
typedef struct weft_locale_numbers {
    bool is_us; /* not DecimalFormat: digits as BigDecimal has them, with commas anywhere */
    char point[8], group[8], minus[16], exponent[16];
    uint32_t zero; /* the first of its ten digits */
} weft_locale_numbers;

/* Errors: WEFT_UNSUPPORTED without ICU. */
WEFT_MUST_CHECK weft_status weft_locale_numbers_open(weft_ctx *ctx, const char *locale,
                                                     weft_locale_numbers *out);
/* The number in plain digits ("-1234.5E-3") into room; false when the text is none, or does not fit. */
bool weft_locale_number(const weft_locale_numbers *numbers, const char *text, size_t len, char *room,
                        size_t room_bytes, size_t *plain_len);

/* How many digits a whole number without an exponent has, zeros before them not counted; 0: the text is none,
 * or has more than a decimal. In English without commas, as types of CSV are inferred. */
int32_t weft_locale_whole_digits(const weft_locale_numbers *numbers, const char *text, size_t len);

/* Is it English of the United States, for which ICU is not needed? NULL is. */
bool weft_locale_is_us(const char *locale);

#endif
