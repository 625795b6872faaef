/* engine/expr/strict_pow.c - powers by the method of fdlibm 5.3, e_pow.c: log2(x) in two doubles, times y in
 * three products, and 2 to that power. */
#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "engine/expr/strict_math.h"

typedef struct two_parts {
    double high; /* its lower half is clear */
    double low;
} two_parts;

/* log2(x) for x within 2^-20 of 1, which is all whose powers beyond 2^31 are neither 0 nor infinite. */
static two_parts log2_near_one(double x)
{
    const double t = x - 1;
    const double w = (t * t) * (0.5 - t * (0.3333333333333333333333 - t * 0.25));
    const double u = 0x1.715476p0 * t, v = t * 0x1.4ae0bf85ddf44p-26 - w * 0x1.71547652b82fep0;
    const double high = weft_f64_upper(u + v);
    return (two_parts){high, v - (high - u)};
}

/* log2(x) for 0 < x < infinity: x is 2^n (middle + ...), with middle 1 or 1.5, and the series is one in
 * (x - middle) / (x + middle). */
static two_parts log2_parts(double x)
{
    int32_t n = 0;
    if (x < DBL_MIN) {
        x *= 0x1p53;
        n = -53;
    }
    const int32_t fraction = weft_f64_head(x) & 0xfffff;
    int32_t head = fraction | 0x3ff00000;
    n += (weft_f64_head(x) >> 20) - 0x3ff;
    const bool outer = fraction > 0x3988e && fraction < 0xbb67a; /* sqrt(1.5), sqrt(3) */
    if (fraction >= 0xbb67a) {
        n++;
        head -= 0x100000;
    }
    x = weft_f64_with_head(x, head);
    const double middle = outer ? 1.5 : 1;
    const double log2_high = outer ? 0x1.2b8034p-1 : 0, log2_low = outer ? 0x1.cfdeb43cfd006p-27 : 0;
    const double u = x - middle, v = 1 / (x + middle), ss = u * v, s_high = weft_f64_upper(ss);
    const double sum_high =
        weft_f64_with_head(0, ((head >> 1) | 0x20000000) + 0x80000 + (outer ? 1 << 18 : 0));
    const double sum_low = x - (sum_high - middle);
    const double s_low = v * ((u - s_high * sum_high) - s_high * sum_low);
    const double z = ss * ss, square = s_high * s_high;
    const double series =
        z * z *
            (0x1.3333333333303p-1 +
             z * (0x1.b6db6db6fabffp-2 +
                  z * (0x1.55555518f264dp-2 +
                       z * (0x1.17460a91d4101p-2 + z * (0x1.d864a93c9db65p-3 + z * 0x1.a7e284a454eefp-3))))) +
        s_low * (s_high + ss);
    const double t_high = weft_f64_upper(3 + square + series), t_low = series - ((t_high - 3) - square);
    const double a = s_high * t_high, b = s_low * t_high + t_low * ss;
    const double p_high = weft_f64_upper(a + b), p_low = b - (p_high - a);
    const double z_high = 0x1.ec709ep-1 * p_high; /* by 2 / (3 ln 2), in two parts as well */
    const double z_low = -0x1.e2fe0145b01f5p-28 * p_high + p_low * 0x1.ec709dc3a03fdp-1 + log2_low;
    const double high = weft_f64_upper(((z_high + z_low) + log2_high) + n);
    return (two_parts){high, z_low - (((high - n) - log2_high) - z_high)};
}

/* 2^(high + low), times sign. */
static double exp2_parts(double high, double low, double sign)
{
    const double whole = low + high;
    /* The second is 1024 less log2 of what still rounds to the largest double. */
    if (whole > 1024 || (whole == 1024 && low + 8.0085662595372944372e-17 > whole - high))
        return sign * INFINITY;
    if (whole < -1075 || (whole == -1075 && low <= whole - high)) return sign * 0.0;
    int32_t n = 0;
    if ((weft_f64_head(whole) & INT32_MAX) > 0x3fe00000) { /* |whole| > 1/2, whose head is that or more */
        const double nearest = trunc(fabs(weft_f64_upper(whole)) + 0.5);
        n = (int32_t)copysign(nearest, whole);
        high -= n;
    }
    const double t = weft_f64_upper(low + high);
    const double u = t * 0x1.62e43p-1,
                 v = (low - (t - high)) * 0x1.62e42fefa39efp-1 + t * -0x1.05c610ca86c39p-29;
    const double z = u + v, w = v - (z - u), c = weft_strict_exp_series(z);
    const double r = (z * c) / (c - 2) - (w + z * w);
    return sign * scalbn(1 - (r - z), n);
}

/* x to the power of y where no series is asked: false if one is. */
static bool pow_special(double x, double y, double *out)
{
    const double size = fabs(x);
    if (y == 0)
        *out = 1;
    else if (isnan(x) || isnan(y))
        *out = NAN;
    else if (y == 2)
        *out = x * x;
    else if (y == 0.5 && x != -INFINITY)
        *out = sqrt(x + 0.0); /* of -0.0 it is 0.0 */
    else if (fabs(y) == 1)
        *out = y == 1 ? x : 1 / x;
    else if (isinf(y) && size == 1)
        *out = NAN;
    else if (isinf(y))
        *out = (size > 1) == (y > 0) ? INFINITY : 0;
    else
        return false;
    return true;
}

double weft_strict_pow(double x, double y)
{
    const double size = fabs(x);
    double out = 0;
    if (pow_special(x, y, &out)) return out;
    const bool whole = trunc(y) == y, odd = whole && fmod(y, 2) != 0;
    const double sign = signbit(x) && odd ? -1 : 1;
    if (size == 0 || isinf(size)) return sign * ((size == 0) == (y > 0) ? 0.0 : (double)INFINITY);
    if (x < 0 && !whole) return NAN;
    if (size == 1) return sign;
    two_parts log2_x;
    if (fabs(y) > 0x1.00000ffffffffp31) {
        if (size < 0x1.fffffp-1) return sign * (y < 0 ? (double)INFINITY : 0.0);
        if (size > 0x1.00000ffffffffp0) return sign * (y > 0 ? (double)INFINITY : 0.0);
        log2_x = log2_near_one(size);
    } else {
        log2_x = log2_parts(size);
    }
    const double upper = weft_f64_upper(y);
    return exp2_parts(upper * log2_x.high, (y - upper) * log2_x.high + y * log2_x.low, sign);
}
