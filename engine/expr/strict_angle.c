/* engine/expr/strict_angle.c - inverse and hyperbolic functions of angles by the methods of fdlibm 5.3. */
#include <math.h>

#include "engine/expr/strict_math.h"

#define HALF_PI     0x1.921fb54442d18p0
#define HALF_PI_LOW 0x1.1a62633145c07p-54 /* what HALF_PI lacks */
#define PI_LOW      0x1.1a62633145c07p-53
#define LN2         0x1.62e42fefa39efp-1

/* (asin(x) - x) / x for z = x^2, |x| <= 1/2. */
static double asin_rest(double z)
{
    const double above =
        z *
        (0x1.5555555555555p-3 +
         z * (-0x1.4d61203eb6f7dp-2 +
              z * (0x1.9c1550e884455p-3 +
                   z * (-0x1.48228b5688f3bp-5 + z * (0x1.9efe07501b288p-11 + z * 0x1.23de10dfdf709p-15)))));
    const double below =
        1 + z * (-0x1.33a271c8a2d4bp1 +
                 z * (0x1.02ae59c598ac8p1 + z * (-0x1.6066c1b8d0159p-1 + z * 0x1.3b8c5b12e9282p-4)));
    return above / below;
}

/* e_asin.c: beyond 1/2 by asin(x) = pi/2 - 2 asin(sqrt((1 - x) / 2)). */
double weft_strict_asin(double x)
{
    const double size = fabs(x);
    if (!(size <= 1)) return NAN;
    if (size == 1) return x * HALF_PI + x * HALF_PI_LOW;
    if (size < 0x1p-27) return x;
    if (size < 0.5) return x + x * asin_rest(x * x);
    const double z = (1 - size) * 0.5, rest = asin_rest(z), s = sqrt(z);
    if ((weft_f64_head(x) & INT32_MAX) >= 0x3fef3333) /* 0.975 */
        return copysign(HALF_PI - (2 * (s + s * rest) - HALF_PI_LOW), x);
    const double upper = weft_f64_upper(s), lower = (z - upper * upper) / (s + upper);
    const double p = 2 * s * rest - (HALF_PI_LOW - 2 * lower), q = HALF_PI / 2 - 2 * upper;
    return copysign(HALF_PI / 2 - (p - q), x);
}

/* e_acos.c */
double weft_strict_acos(double x)
{
    const double size = fabs(x);
    if (!(size <= 1)) return NAN;
    if (size == 1) return x > 0 ? 0 : M_PI + 2 * HALF_PI_LOW;
    if ((weft_f64_head(x) & INT32_MAX) <= 0x3c600000) return HALF_PI + HALF_PI_LOW; /* 2^-57 */
    if (size < 0.5) return HALF_PI - (x - (HALF_PI_LOW - x * asin_rest(x * x)));
    const double z = (1 - size) * 0.5, s = sqrt(z), rest = asin_rest(z);
    if (x < 0) return M_PI - 2 * (s + (rest * s - HALF_PI_LOW));
    const double upper = weft_f64_upper(s), lower = (z - upper * upper) / (s + upper);
    return 2 * (upper + (rest * s + lower));
}

/* 1 - atan(x) / x, |x| < 7/16: an odd and an even half of the series, added at the end. */
static double atan_rest(double x)
{
    static const double a[11] = {0x1.555555555550dp-2,  -0x1.999999998ebc4p-3, 0x1.24924920083ffp-3,
                                 -0x1.c71c6fe231671p-4, 0x1.745cdc54c206ep-4,  -0x1.3b0f2af749a6dp-4,
                                 0x1.10d66a0d03d51p-4,  -0x1.dde2d52defd9ap-5, 0x1.97b4b24760debp-5,
                                 -0x1.2b4442c6a6c2fp-5, 0x1.0ad3ae322da11p-6};
    const double z = x * x, w = z * z;
    const double odd = z * (a[0] + w * (a[2] + w * (a[4] + w * (a[6] + w * (a[8] + w * a[10])))));
    const double even = w * (a[1] + w * (a[3] + w * (a[5] + w * (a[7] + w * a[9]))));
    return odd + even;
}

/* s_atan.c: by the difference to the nearest of atan(1/2), atan(1), atan(3/2) and pi/2. */
double weft_strict_atan(double x)
{
    const double size = fabs(x);
    double near = HALF_PI, near_low = HALF_PI_LOW, t = 0;
    if (isnan(x)) return x;
    if (size >= 0x1p66) return copysign(HALF_PI + HALF_PI_LOW, x);
    if (size < 0x1p-29) return x;
    if (size < 0.4375) return x - x * atan_rest(x);
    if (size < 0.6875) {
        near = 0x1.dac670561bb4fp-2;
        near_low = 0x1.a2b7f222f65e2p-56;
        t = (2 * size - 1) / (2 + size);
    } else if (size < 1.1875) {
        near = HALF_PI / 2;
        near_low = HALF_PI_LOW / 2;
        t = (size - 1) / (size + 1);
    } else if (size < 2.4375) {
        near = 0x1.f730bd281f69bp-1;
        near_low = 0x1.007887af0cbbdp-56;
        t = (size - 1.5) / (1 + 1.5 * size);
    } else {
        t = -1 / size;
    }
    return copysign(near - ((t * atan_rest(t) - near_low) - t), x);
}

/* e_atan2.c */
double weft_strict_atan2(double y, double x)
{
    double angle = 0; /* of |x|, |y| */
    if (isnan(x) || isnan(y)) return NAN;
    if (x == 1) return weft_strict_atan(y);
    if (y == 0) return signbit(x) ? copysign(M_PI, y) : y;
    if (x == 0) return copysign(HALF_PI, y);
    if (isinf(x) && isinf(y)) return copysign(x > 0 ? HALF_PI / 2 : 3 * (HALF_PI / 2), y);
    if (isinf(x)) return copysign(x > 0 ? 0 : M_PI, y);
    if (isinf(y)) return copysign(HALF_PI, y);
    const int32_t apart = (weft_f64_head(y) & INT32_MAX) - (weft_f64_head(x) & INT32_MAX);
    const int32_t most = 60 << 20; /* powers of two, as heads count them */
    if (apart >= most + (1 << 20))
        angle = HALF_PI + 0.5 * PI_LOW;
    else if (x > 0 || apart >= -most)
        angle = weft_strict_atan(fabs(y / x));
    return copysign(x > 0 ? angle : M_PI - (angle - PI_LOW), y);
}

/* e^|x| / 2 for |x| >= 22, which both halves of sinh and cosh are; at the very end in two steps. */
static double half_exp(double size)
{
    if ((weft_f64_head(size)) < 0x40862e42) return 0.5 * weft_strict_exp(size);
    if (size > 0x1.633ce8fb9f87dp9) return INFINITY;
    const double root = weft_strict_exp(0.5 * size);
    return (0.5 * root) * root;
}

/* e_sinh.c */
double weft_strict_sinh(double x)
{
    const double size = fabs(x);
    if (!isfinite(x) || size < 0x1p-28) return x;
    if (size >= 22) return copysign(half_exp(size), x);
    const double t = weft_strict_expm1(size);
    return copysign(0.5, x) * (size < 1 ? 2 * t - t * t / (t + 1) : t + t / (t + 1));
}

/* e_cosh.c */
double weft_strict_cosh(double x)
{
    const double size = fabs(x);
    if (!isfinite(x)) return size;
    if (size >= 22) return half_exp(size);
    if (weft_f64_head(size) < 0x3fd62e43) { /* ln 2 / 2 */
        const double t = weft_strict_expm1(size), w = 1 + t;
        return size < 0x1p-55 ? w : 1 + (t * t) / (w + w);
    }
    const double t = weft_strict_exp(size);
    return 0.5 * t + 0.5 / t;
}

/* s_tanh.c */
double weft_strict_tanh(double x)
{
    const double size = fabs(x);
    if (isnan(x)) return x;
    if (size >= 22) return copysign(1, x);
    if (size < 0x1p-55) return x * (1 + x);
    if (size >= 1) return copysign(1 - 2 / (weft_strict_expm1(2 * size) + 2), x);
    const double t = weft_strict_expm1(-2 * size);
    return copysign(-t / (t + 2), x);
}

/* s_asinh.c */
double weft_strict_asinh(double x)
{
    const double size = fabs(x);
    if (!isfinite(x) || size < 0x1p-28) return x;
    if (size > 0x1p28) return copysign(weft_strict_log(size) + LN2, x);
    if (size > 2) return copysign(weft_strict_log(2 * size + 1 / (sqrt(x * x + 1) + size)), x);
    return copysign(weft_strict_log1p(size + x * x / (1 + sqrt(1 + x * x))), x);
}

/* e_acosh.c */
double weft_strict_acosh(double x)
{
    if (!(x >= 1)) return NAN;
    if (x >= 0x1p28) return weft_strict_log(x) + LN2;
    if (x > 2) return weft_strict_log(2 * x - 1 / (x + sqrt(x * x - 1)));
    const double t = x - 1;
    return weft_strict_log1p(t + sqrt(2 * t + t * t));
}
