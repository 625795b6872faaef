/* engine/expr/decimal.h - exact arithmetic on unscaled 128-bit decimals.
 *
 * Values are two's complement; rounding is HALF_UP (away from zero), as Spark's. Nothing here allocates. */
#ifndef WEFT_EXPR_DECIMAL_H
#define WEFT_EXPR_DECIMAL_H

#include "engine/columnar/type.h"

/* 10^n; n in 0..18 and 0..38. */
int64_t weft_pow10_i64(int n);
weft_i128 weft_i128_pow10(int n);

static inline weft_u128 weft_i128_abs(weft_i128 value)
{
    return value < 0 ? -(weft_u128)value : (weft_u128)value;
}

static inline bool weft_decimal_fits(weft_i128 value, int precision)
{
    return weft_i128_abs(value) < (weft_u128)weft_i128_pow10(precision);
}

/* value at scale `from` → scale `to`; false when 128 bits do not hold it. */
bool weft_decimal_rescale(weft_i128 value, int from, int to, weft_i128 *out);
/* a * 10^up / (b * 10^down), HALF_UP, exact in 256 bits; b is not 0. False when 128 bits do not hold the
 * result. */
bool weft_decimal_divide(weft_i128 a, int up, weft_i128 b, int down, weft_i128 *out);
/* a * b / 10^down, HALF_UP, exact in 256 bits. */
bool weft_decimal_multiply(weft_i128 a, weft_i128 b, int down, weft_i128 *out);
/* (a * 10^up_a + b * 10^up_b) / 10^down, HALF_UP, exact in 256 bits; ups and down are at most 38. */
bool weft_decimal_sum(weft_i128 a, int up_a, weft_i128 b, int up_b, int down, weft_i128 *out);
/* Nearest double; exact for what a double holds. */
double weft_decimal_to_double(weft_i128 value, int scale);
/* A finite double by the digits of its text, as java.math.BigDecimal.valueOf has it; false when 128 bits do
 * not hold it. */
bool weft_decimal_from_double(double value, int scale, weft_i128 *out);
/* Plain text ("-12.50"); text has room for WEFT_DECIMAL_TEXT_BYTES; returns the length. */
enum { WEFT_DECIMAL_TEXT_BYTES = 48 };
int weft_decimal_text(weft_i128 value, int scale, char *text);
/* The same with an exponent for what is below 10^-6, zeros too, as BigDecimal.toString has it: "1.5E-8". */
int weft_decimal_exponent_text(weft_i128 value, int scale, char *text);

#endif
