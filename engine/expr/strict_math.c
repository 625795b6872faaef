/* engine/expr/strict_math.c - exponentials, logarithms, powers and roots by the methods of fdlibm 5.3. */
#include "engine/expr/strict_math.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

/* ln 2 in two parts: k * LN2_HIGH is exact for every exponent k. */
#define LN2_HIGH    0x1.62e42feep-1
#define LN2_LOW     0x1.a39ef35793c76p-33
#define LN2_INVERSE 0x1.71547652b82fep0
#define EXP_MOST    0x1.62e42fefa39efp9    /* exp of more overflows */
#define EXP_LEAST   (-0x1.74910d52d3051p9) /* exp of less is 0 */

/* x = k ln 2 + high - low, |high - low| <= ln 2 / 2; k is 0 for |x| up to that. */
static int32_t reduce_exponent(double x, double *high, double *low)
{
    const int32_t size = weft_f64_head(x) & INT32_MAX;
    const int32_t sign = x < 0 ? -1 : 1;
    int32_t k = 0;
    *high = x;
    *low = 0;
    if (size <= 0x3fd62e42) return 0;                                       /* ln 2 / 2 */
    k = size < 0x3ff0a2b2 ? sign : (int32_t)(LN2_INVERSE * x + 0.5 * sign); /* 1.5 ln 2 */
    *high = x - k * LN2_HIGH;
    *low = k * LN2_LOW;
    return k;
}

/* e_exp.c */
double weft_strict_exp(double x)
{
    double high = 0, low = 0;
    if (isnan(x)) return x;
    if (x > EXP_MOST) return INFINITY;
    if (x < EXP_LEAST) return 0;
    if (fabs(x) < 0x1p-28) return 1 + x;
    const int32_t k = reduce_exponent(x, &high, &low);
    const double r = high - low, c = weft_strict_exp_series(r);
    if (k == 0) return 1 - ((r * c) / (c - 2) - r);
    const double y = 1 - ((low - (r * c) / (2 - c)) - high);
    return k >= -1021 ? weft_f64_shifted(y, k) : weft_f64_shifted(y, k + 1000) * 0x1p-1000; /* subnormal */
}

/* 2^k (1 + r - error) - 1, so that nothing is lost whatever k. */
static double expm1_scaled(double r, double error, int32_t k)
{
    if (k == -1) return 0.5 * (r - error) - 0.5;
    if (k == 1) return r < -0.25 ? -2 * (error - (r + 0.5)) : 1 + 2 * (r - error);
    if (k <= -2 || k > 56) return weft_f64_shifted(1 - (error - r), k) - 1;
    if (k < 20) return weft_f64_shifted((1 - weft_f64_shifted(1, -k)) - (error - r), k);
    return weft_f64_shifted((r - (error + weft_f64_shifted(1, -k))) + 1, k);
}

/* s_expm1.c */
double weft_strict_expm1(double x)
{
    double high = 0, low = 0;
    if (isnan(x) || fabs(x) < 0x1p-54) return x;
    if (x > EXP_MOST) return INFINITY;
    if ((weft_f64_head(x) & INT32_MAX) >= 0x4043687a && x < 0) return -1; /* 56 ln 2 */
    const int32_t k = reduce_exponent(x, &high, &low);
    const double r = high - low, lost = (high - r) - low; /* in r's rounding */
    const double half = 0.5 * r, square = r * half;
    const double r1 =
        1 +
        square * (-0x1.11111111110f4p-5 +
                  square * (0x1.a01a019fe5585p-10 +
                            square * (-0x1.4ce199eaadbb7p-14 +
                                      square * (0x1.0cfca86e65239p-18 + square * -0x1.afdb76e09c32dp-23))));
    const double t = 3 - r1 * half;
    const double error = square * ((r1 - t) / (6 - r * t));
    if (k == 0) return r - (r * error - square);
    return expm1_scaled(r, (r * (error - lost) - lost) - square, k);
}

static const double log_odd[4] = {0x1.5555555555593p-1, 0x1.2492494229359p-2, 0x1.7466496cb03dep-3,
                                  0x1.2f112df3e5244p-3};
static const double log_even[3] = {0x1.999999997fa04p-2, 0x1.c71c51d8e78afp-3, 0x1.39a09d078c69fp-3};

/* e_log.c: x is 2^k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2); log(1 + f) is an odd series in
 * f / (2 + f). */
double weft_strict_log(double x)
{
    double scale = 0;
    if (isnan(x) || x == INFINITY) return x;
    if (x == 0) return -INFINITY;
    if (x < 0) return NAN;
    if (x < DBL_MIN) {
        scale = -54;
        x *= 0x1p54;
    }
    const int32_t head = weft_f64_head(x) & 0xfffff; /* of the fraction */
    const int32_t up = (head + 0x95f64) & 0x100000;  /* from sqrt(2) on: the half of it, one k more */
    const double k = scale + ((weft_f64_head(x) >> 20) - 1023 + (up >> 20));
    const double f = weft_f64_with_head(x, head | (up ^ 0x3ff00000)) - 1;
    if (((head + 2) & 0xfffff) < 3) { /* |f| < 2^-20 */
        if (f == 0) return k == 0 ? 0 : k * LN2_HIGH + k * LN2_LOW;
        const double rest = f * f * (0.5 - 0.33333333333333333 * f);
        return k == 0 ? f - rest : k * LN2_HIGH - ((rest - k * LN2_LOW) - f);
    }
    const double s = f / (2 + f), z = s * s, w = z * z;
    const double r = z * (log_odd[0] + w * (log_odd[1] + w * (log_odd[2] + w * log_odd[3]))) +
                     w * (log_even[0] + w * (log_even[1] + w * log_even[2]));
    if (head >= 0x6147a && head <= 0x6b851) { /* half of f squared is taken off apart */
        const double half = 0.5 * f * f;
        if (k == 0) return f - (half - s * (half + r));
        return k * LN2_HIGH - ((half - (s * (half + r) + k * LN2_LOW)) - f);
    }
    return k == 0 ? f - s * (f - r) : k * LN2_HIGH - ((s * (f - r) - k * LN2_LOW) - f);
}

/* 1 + x as 2^k (1 + f), and how much the sum's rounding lost, as the logarithm counts it. `head`, of f, is 0
 * for a tiny one. */
static int32_t reduce_log1p(double x, double *f, int32_t *head, double *lost)
{
    const bool large = x >= 0x1p53; /* 1 + x is x */
    double u = large ? x : 1 + x;
    int32_t k = (weft_f64_head(u) >> 20) - 1023;
    *lost = large ? 0 : (k > 0 ? 1 - (u - x) : x - (u - 1)) / u;
    *head = weft_f64_head(u) & 0xfffff;
    if (*head < 0x6a09e) { /* sqrt(2) */
        u = weft_f64_with_head(u, *head | 0x3ff00000);
    } else {
        k++;
        u = weft_f64_with_head(u, *head | 0x3fe00000);
        *head = (0x100000 - *head) >> 2;
    }
    *f = u - 1;
    return k;
}

/* s_log1p.c */
double weft_strict_log1p(double x)
{
    const int32_t top = weft_f64_head(x);
    double f = x, lost = 0;
    int32_t k = 0, head = 1;
    if (isnan(x) || x == INFINITY) return x;
    if (x <= -1) return x == -1 ? -INFINITY : NAN;
    if (fabs(x) < 0x1p-54) return x;
    if (fabs(x) < 0x1p-29) return x - x * x * 0.5;
    const bool near = x > 0 ? top < 0x3fda827a : top <= (int32_t)0xbfd2bec3; /* 1 + x needs no scaling */
    if (!near) k = reduce_log1p(x, &f, &head, &lost);
    const double half = 0.5 * f * f;
    if (head == 0) {
        if (f == 0) return k == 0 ? 0 : k * LN2_HIGH + (lost + k * LN2_LOW);
        const double rest = half * (1 - 0.66666666666666666 * f);
        return k == 0 ? f - rest : k * LN2_HIGH - ((rest - (k * LN2_LOW + lost)) - f);
    }
    const double s = f / (2 + f), z = s * s;
    const double r =
        z *
        (log_odd[0] +
         z * (log_even[0] +
              z * (log_odd[1] + z * (log_even[1] + z * (log_odd[2] + z * (log_even[2] + z * log_odd[3]))))));
    if (k == 0) return f - (half - s * (half + r));
    return k * LN2_HIGH - ((half - (s * (half + r) + (k * LN2_LOW + lost))) - f);
}

/* e_log10.c: the power of 2 apart from the rest, so that powers of 10 give whole numbers. */
double weft_strict_log10(double x)
{
    int32_t k = 0;
    if (isnan(x) || x == INFINITY) return x;
    if (x == 0) return -INFINITY;
    if (x < 0) return NAN;
    if (x < DBL_MIN) {
        k = -54;
        x *= 0x1p54;
    }
    k += (weft_f64_head(x) >> 20) - 1023;
    const int32_t below = k < 0; /* then the rest is in [1/2, 1), that k and its logarithm have one sign */
    const double y = k + below;
    const double rest = weft_f64_with_head(x, (weft_f64_head(x) & 0xfffff) | (0x3ff - below) << 20);
    const double z = y * 0x1.9fef311f12b36p-42 + 0x1.bcb7b1526e50ep-2 * weft_strict_log(rest);
    return z + y * 0x1.34413509f6p-2;
}

/* s_cbrt.c: a guess from the exponent, good to 5 bits; a rational step to 23; one of Newton's to the end. */
double weft_strict_cbrt(double x)
{
    const double size = fabs(x);
    double t = 0;
    if (x == 0 || !isfinite(x)) return x;
    if (size < DBL_MIN) {
        t = 0x1p54 * size;
        t = weft_f64_with_head(t, weft_f64_head(t) / 3 + 696219795);
    } else {
        t = weft_f64_with_head(0, weft_f64_head(size) / 3 + 715094163);
    }
    const double guess = 0x1.15f15f15f15f1p-1 + t * t / size * t;
    t *= 0x1.6db6db6db6db7p-2 +
         0x1.9b6db6db6db6ep0 / (guess + 0x1.6a0ea0ea0ea0fp0 + -0x1.691de2532c834p-1 / guess);
    t = weft_f64_upper(t);
    t = weft_f64_with_head(t, weft_f64_head(t) + 1); /* 20 bits, whose square is exact, and above the root */
    const double r = size / (t * t);
    return copysign(t + t * ((r - t) / (t + t + r)), x);
}

/* e_hypot.c */
double weft_strict_hypot(double x, double y)
{
    double a = fmax(fabs(x), fabs(y)), b = fmin(fabs(x), fabs(y)), scale = 1;
    if (isinf(x) || isinf(y)) return INFINITY;
    if (isnan(x) || isnan(y)) return NAN;
    if (weft_f64_head(a) - weft_f64_head(b) > 0x3c00000) return a + b; /* a / b > 2^60 */
    if (a > 0x1.00000ffffffffp500) {
        scale = 0x1p600;
    } else if (b < 0x1p-500) {
        if (b == 0) return a;
        scale = b < DBL_MIN ? 0x1p-1022 : 0x1p-600;
    }
    const bool split = b >= DBL_MIN; /* fdlibm takes the upper half before it scales a subnormal: none */
    a /= scale;
    b /= scale;
    const double w = a - b;
    if (w > b) {
        const double a1 = split ? weft_f64_upper(a) : 0, a2 = a - a1;
        return scale * sqrt(a1 * a1 - (b * -b - a2 * (a + a1)));
    }
    const double b1 = split ? weft_f64_upper(b) : 0, b2 = b - b1;
    const double twice = a + a, t1 = split ? weft_f64_upper(twice) : 0, t2 = twice - t1;
    return scale * sqrt(t1 * b1 - (w * -w - (t1 * b2 + t2 * b)));
}
