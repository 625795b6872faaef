/* engine/expr/decimal_pattern.h - patterns of java.text.DecimalFormat, such as #,##0.00 or ##0.##E0, with the
 * signs of the United States.
 *
 *     pattern  = half [; half]               the second one has the affixes of negative numbers, no more
 *     half     = affix digits affix
 *     digits   = [#,]* [0,]* [. 0* #*] [E 0+]
 *     affix    = text, with % (times 100), ‰ (times 1000), ¤ ($), ¤¤ (USD), 'quoted', '' (one quote)
 */
#ifndef WEFT_EXPR_DECIMAL_PATTERN_H
#define WEFT_EXPR_DECIMAL_PATTERN_H

#include "engine/columnar/column.h"
#include "engine/expr/format_sink.h"
#include "engine/expr/number_digits.h"

typedef struct weft_decimal_affixes {
    weft_str prefix, suffix; /* as they stand in the pattern, which they borrow */
} weft_decimal_affixes;

typedef struct weft_decimal_pattern {
    weft_decimal_affixes plain, negative;
    bool has_negative;                 /* else: the plain ones behind a minus */
    int32_t whole_least;               /* digits before the point */
    int32_t whole_most;                /* with an exponent: the exponent is a multiple of this */
    int32_t places_least, places_most; /* digits behind it */
    int32_t exponent_least;            /* digits of the exponent; 0: none is written */
    int32_t group;                     /* digits between commas; 0: no commas */
    int32_t tens;                      /* numbers are multiplied by ten to the power of this */
    bool point_always;
} weft_decimal_pattern;

/* A number to be written: digits where it is finite. */
typedef struct weft_decimal_number {
    bool negative, infinite;
    bool bounded; /* no decimal: Java shows it with no more than 309 digits before the point and 340 behind */
    weft_number_digits digits;
} weft_decimal_number;

/* False when Java refuses the pattern. */
bool weft_decimal_pattern_parse(const weft_str *text, weft_decimal_pattern *out);
/* Write the number; it is rounded half to even. */
void weft_decimal_pattern_write(const weft_decimal_pattern *pattern, weft_decimal_number number,
                                format_sink *sink);

#endif
