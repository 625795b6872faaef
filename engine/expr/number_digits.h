/* engine/expr/number_digits.h - sizes of numbers as decimal digits, to be rounded and written by patterns. */
#ifndef WEFT_EXPR_NUMBER_DIGITS_H
#define WEFT_EXPR_NUMBER_DIGITS_H

#include "common/base.h"

enum { WEFT_NUMBER_DIGITS_MAX = 40 }; /* of 128 bits, and one more that rounding may bring */

typedef struct weft_number_digits {
    char digits[WEFT_NUMBER_DIGITS_MAX]; /* the first one is not 0 */
    int32_t count;                       /* 0: the number is zero */
    int32_t point;                       /* the number is 0.digits times ten to the power of this */
    double real;                         /* the number that the digits are near to; 0: they are all of it */
} weft_number_digits;

/* The digits of Java's text of a finite double that is not below 0. */
void weft_number_digits_of_real(double value, weft_number_digits *out);
void weft_number_digits_of_whole(weft_u128 value, int32_t scale, weft_number_digits *out);
/* Keep that many digits, which may be none or less than none. A tie goes to the even digit; where the digits
 * are those of a real, it is one only if the real is exactly that. */
void weft_number_digits_half_even(weft_number_digits *number, int32_t kept);
/* The same with ties away from zero, of the digits alone. */
void weft_number_digits_half_up(weft_number_digits *number, int32_t kept);
/* The digit at a place: 0 is the first one; zeros go on before and behind. */
static inline char weft_number_digit(const weft_number_digits *number, int32_t place)
{
    return place >= 0 && place < number->count ? number->digits[place] : '0';
}

#endif
