/* engine/expr/number_format.h - Spark's formats of numbers, such as 9,999.99: numbers as text and back.
 *
 *     [MI|S] [$] [0|9|G|,]* [.|D] [0|9]* [PR|MI|S]        in any case
 *
 * 0 and 9 are digits: a run that begins with 0 has exactly so many, one that begins with 9 at most so many.
 */
#ifndef WEFT_EXPR_NUMBER_FORMAT_H
#define WEFT_EXPR_NUMBER_FORMAT_H

#include "engine/expr/expr.h"

enum {
    WEFT_NUMBER_FORMAT_GROUPS = 40,
    WEFT_NUMBER_FORMAT_LETTERS = 150, /* of a format */
    WEFT_NUMBER_FORMAT_BYTES = 160    /* of a number by it: a letter each, and a sign */
};

typedef struct weft_number_group {
    bool exact;
    int32_t digits;
} weft_number_group;

typedef struct weft_number_format {
    char sign;       /* 'S', 'M' of MI, 'P' of PR; 0: none is shown */
    bool sign_first; /* before the number */
    bool currency;
    bool point;
    int32_t group_count; /* of digits before the point, with separators between them */
    weft_number_group groups[WEFT_NUMBER_FORMAT_GROUPS];
    int32_t whole, fraction; /* digits before and behind the point */
} weft_number_format;

/* Errors: WEFT_FORMAT_*, WEFT_NUMBER_FORMAT, at span. */
WEFT_MUST_CHECK weft_status weft_number_format_parse(weft_ctx *ctx, const weft_str *text,
                                                     const weft_span *span, weft_number_format *out);
/* The text of an unscaled decimal; # in the place of every digit where it does not fit. text has room for
 * WEFT_NUMBER_FORMAT_BYTES; returns the length. */
int32_t weft_number_format_write(const weft_number_format *format, weft_i128 value, int32_t scale,
                                 char *text);
/* The number that a text says, unscaled with the format's digits behind the point, of which with those before
 * it there are no more than a decimal has; false when it does not fit. */
bool weft_number_format_read(const weft_number_format *format, const char *text, size_t len, weft_i128 *out);

#endif
