/* engine/expr/real_digits.h - the decimal digits that stand for a floating-point number.
 *
 * They are those of Double.toString and Float.toString of Java 17, on which Spark's texts, decimals and
 * rounded numbers of reals rest: enough to tell the number from its neighbours, but not always as few as
 * would do (2^-24 is 5.9604644775390625E-8, of which 5.960464477539063E-8 would do; 123456789 as a FLOAT is
 * 1.23456792E8). Java 19 and later write the fewest. */
#ifndef WEFT_EXPR_REAL_DIGITS_H
#define WEFT_EXPR_REAL_DIGITS_H

#include <stdbool.h>

enum { WEFT_REAL_DIGITS_MAX = 24 }; /* at most 19 digits and the NUL */

/* value is finite and above 0; single: it is one of 32 bits. Writes the digits, the first of them not 0, and
 * the power of ten of that first one; returns how many there are. */
int weft_real_digits(double value, bool single, char digits[WEFT_REAL_DIGITS_MAX], int *exponent);

#endif
