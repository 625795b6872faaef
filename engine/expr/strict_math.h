/* engine/expr/strict_math.h - powers, logarithms and angles with the last bit that Spark's have.
 *
 * Spark computes them by Java's StrictMath, which is defined as Sun's fdlibm 5.3: constants, reductions and
 * the order of operations are fixed, so that the results are the same on every machine. The C library's are
 * often nearer to the true value, and differ in the last bit for 2 to 20 % of all arguments. The price is the
 * speed of a method of 1995: no tables, and divisions. Each function names the file of fdlibm whose method it
 * is. The compiler must not contract a * b + c (-ffp-contract=off).
 *
 * All are pure, for any argument; outside of its domain a function is NaN. */
#ifndef WEFT_EXPR_STRICT_MATH_H
#define WEFT_EXPR_STRICT_MATH_H

#include <stdint.h>
#include <string.h>

double weft_strict_exp(double x);
double weft_strict_expm1(double x);
double weft_strict_log(double x);
double weft_strict_log1p(double x);
double weft_strict_log10(double x);
double weft_strict_pow(double x, double y); /* 1 to the power of NaN is NaN, as in Java, not in C */
double weft_strict_cbrt(double x);
double weft_strict_hypot(double x, double y);

double weft_strict_asin(double x);
double weft_strict_acos(double x);
double weft_strict_atan(double x);
double weft_strict_atan2(double y, double x);
double weft_strict_sinh(double x);
double weft_strict_cosh(double x);
double weft_strict_tanh(double x);
double weft_strict_asinh(double x);
double weft_strict_acosh(double x);

/* The halves of a double. `head` holds sign, exponent and the first 20 bits of the fraction: the methods
 * choose their intervals by it. */
static inline uint64_t weft_f64_bits(double x)
{
    uint64_t bits = 0;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline double weft_f64_of_bits(uint64_t bits)
{
    double x = 0;
    memcpy(&x, &bits, sizeof x);
    return x;
}
static inline int32_t weft_f64_head(double x) { return (int32_t)(weft_f64_bits(x) >> 32); }
static inline double weft_f64_with_head(double x, int32_t head)
{
    return weft_f64_of_bits((uint64_t)(uint32_t)head << 32 | (weft_f64_bits(x) & UINT32_MAX));
}
/* x with the lower half of its bits cleared: products of two such are exact. */
static inline double weft_f64_upper(double x)
{
    return weft_f64_of_bits(weft_f64_bits(x) & ~(uint64_t)UINT32_MAX);
}
/* x * 2^k by way of the exponent; the caller knows that the result is normal. */
static inline double weft_f64_shifted(double x, int32_t k)
{
    return weft_f64_with_head(x, (int32_t)((uint32_t)weft_f64_head(x) + ((uint32_t)k << 20)));
}

/* r - (r^2/6 - r^4/360 + ...), of which e^r is made for |r| <= ln 2 / 2: exp and pow. */
static inline double weft_strict_exp_series(double r)
{
    const double t = r * r;
    return r -
           t * (0x1.555555555553ep-3 +
                t * (-0x1.6c16c16bebd93p-9 +
                     t * (0x1.1566aaf25de2cp-14 + t * (-0x1.bbd41c5d26bf1p-20 + t * 0x1.6376972bea4d0p-25))));
}

#endif
