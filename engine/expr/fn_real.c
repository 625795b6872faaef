/* engine/expr/fn_real.c - functions of real numbers: powers, logarithms, angles. Where mathematics has no
 * value Spark gives NaN, but for logarithms, which give NULL. What Spark asks of Java's StrictMath comes from
 * strict_math.h, so that the last bit agrees; sine, cosine and tangent are its Math's, as near as the C
 * library. */
#include <math.h>

#include "engine/expr/fn_entry.h"
#include "engine/expr/strict_math.h"

typedef double (*real_function)(double);

static weft_status real_rows(weft_kernel_call *call, real_function fn)
{
    double *out = call->out->values;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (weft_call_valid(call, i)) out[i] = fn(weft_arg_f64(&call->args[0], i));
    }
    return WEFT_OK;
}

/* NULL at and below `least`. */
static weft_status real_log_rows(weft_kernel_call *call, real_function fn, double least)
{
    double *out = call->out->values;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const double value = weft_arg_f64(&call->args[0], i);
        if (value <= least)
            weft_vector_set_null(call->out, i);
        else
            out[i] = fn(value);
    }
    return WEFT_OK;
}

static double real_sign(double value) { return value > 0 ? 1 : value < 0 ? -1 : value; }
static double real_cot(double value) { return 1 / tan(value); }
static double real_sec(double value) { return 1 / cos(value); }
static double real_csc(double value) { return 1 / sin(value); }
static double real_degrees(double value) { return value * (180 / M_PI); }
static double real_radians(double value) { return value * (M_PI / 180); }
/* Spark's formulas, so that the last digits agree. */
static double real_log2(double value) { return weft_strict_log(value) / weft_strict_log(2); }
static double real_atanh(double value)
{
    return 0.5 * (weft_strict_log1p(value) - weft_strict_log1p(-value));
}

#define REAL_KERNEL(name, fn)                                                                                \
    static weft_status kernel_##name(weft_ctx *ctx, weft_kernel_call *call)                                  \
    {                                                                                                        \
        (void)ctx;                                                                                           \
        return real_rows(call, fn);                                                                          \
    }
REAL_KERNEL(sqrt, sqrt)
REAL_KERNEL(cbrt, weft_strict_cbrt)
REAL_KERNEL(exp, weft_strict_exp)
REAL_KERNEL(expm1, weft_strict_expm1)
REAL_KERNEL(sin, sin)
REAL_KERNEL(cos, cos)
REAL_KERNEL(tan, tan)
REAL_KERNEL(cot, real_cot)
REAL_KERNEL(sec, real_sec)
REAL_KERNEL(csc, real_csc)
REAL_KERNEL(asin, weft_strict_asin)
REAL_KERNEL(acos, weft_strict_acos)
REAL_KERNEL(atan, weft_strict_atan)
REAL_KERNEL(sinh, weft_strict_sinh)
REAL_KERNEL(cosh, weft_strict_cosh)
REAL_KERNEL(tanh, weft_strict_tanh)
REAL_KERNEL(asinh, weft_strict_asinh)
REAL_KERNEL(acosh, weft_strict_acosh)
REAL_KERNEL(atanh, real_atanh)
REAL_KERNEL(degrees, real_degrees)
REAL_KERNEL(radians, real_radians)
REAL_KERNEL(rint, rint)
REAL_KERNEL(sign, real_sign)

#define LOG_KERNEL(name, fn, least)                                                                          \
    static weft_status kernel_##name(weft_ctx *ctx, weft_kernel_call *call)                                  \
    {                                                                                                        \
        (void)ctx;                                                                                           \
        return real_log_rows(call, fn, least);                                                               \
    }
LOG_KERNEL(ln, weft_strict_log, 0)
LOG_KERNEL(log10, weft_strict_log10, 0)
LOG_KERNEL(log2, real_log2, 0)
LOG_KERNEL(log1p, weft_strict_log1p, -1)

static weft_status kernel_log(weft_ctx *ctx, weft_kernel_call *call)
{
    double *out = call->out->values;
    if (call->arg_count == 1) return kernel_ln(ctx, call);
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        const double base = weft_arg_f64(&call->args[0], i), value = weft_arg_f64(&call->args[1], i);
        if (base <= 0 || value <= 0)
            weft_vector_set_null(call->out, i);
        else
            out[i] = weft_strict_log(value) / weft_strict_log(base);
    }
    return WEFT_OK;
}

static weft_status real_pair_rows(weft_kernel_call *call, double (*fn)(double, double))
{
    double *out = call->out->values;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        out[i] = fn(weft_arg_f64(&call->args[0], i), weft_arg_f64(&call->args[1], i));
    }
    return WEFT_OK;
}
static double real_atan2(double y, double x)
{
    return weft_strict_atan2(y + 0.0, x + 0.0);
} /* -0.0 counts as 0.0 */
static weft_status kernel_power(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return real_pair_rows(call, weft_strict_pow);
}
static weft_status kernel_atan2(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return real_pair_rows(call, real_atan2);
}
static weft_status kernel_hypot(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    return real_pair_rows(call, weft_strict_hypot);
}

static weft_status kernel_pi(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    *(double *)call->out->values = M_PI;
    return WEFT_OK;
}
static weft_status kernel_e(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    *(double *)call->out->values = M_E;
    return WEFT_OK;
}

static weft_status kernel_isnan(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const bool null = weft_arg_is_null(&call->args[0], i);
        ((uint8_t *)call->out->values)[i] = !null && isnan(weft_arg_f64(&call->args[0], i));
    }
    return WEFT_OK;
}

/* The first, unless it is NaN: then the second. */
static weft_status kernel_nanvl(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const weft_column *from = &call->args[0];
        if (!weft_arg_is_null(from, i) && isnan(weft_arg_f64(from, i))) from = &call->args[1];
        if (weft_arg_is_null(from, i))
            weft_vector_set_null(call->out, i);
        else if (call->out->column.phys == WEFT_PHYS_F32)
            ((float *)call->out->values)[i] = (float)weft_arg_f64(from, i);
        else
            ((double *)call->out->values)[i] = weft_arg_f64(from, i);
    }
    return WEFT_OK;
}

static weft_status kernel_factorial(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const int64_t n = weft_arg_i64(&call->args[0], i);
        int64_t product = 1;
        if (!weft_call_valid(call, i)) continue;
        for (int64_t f = 2; f <= n && n <= 20; f++) product *= f;
        if (n < 0 || n > 20) /* 21! leaves 64 bits */
            weft_vector_set_null(call->out, i);
        else
            ((int64_t *)call->out->values)[i] = product;
    }
    return WEFT_OK;
}

/* The number of the bucket, 1 to count, of `count` equal ones from low to high (which may be the greater);
 * 0 and count + 1 outside. False: there is none. */
static bool real_bucket(double value, double low, double high, int64_t count, int64_t *out)
{
    if (count <= 0 || count == INT64_MAX || isnan(value) || low == high || !isfinite(low) || !isfinite(high))
        return false;
    const double below = low < high ? low : high, above = low < high ? high : low;
    if (low < high ? value < below : value > above)
        *out = 0;
    else if (low < high ? value >= above : value <= below)
        *out = count + 1;
    else if (low < high)
        *out = (int64_t)((double)count * (value - below) / (above - below)) + 1;
    else
        *out = (int64_t)((double)count * (above - value) / (above - below)) + 1;
    return true;
}

static weft_status kernel_width_bucket(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        if (!weft_call_valid(call, i)) continue;
        double x[3]; /* of an interval what it counts */
        for (int32_t a = 0; a < 3; a++)
            x[a] = call->args[a].phys == WEFT_PHYS_F64 ? weft_arg_f64(&call->args[a], i)
                                                       : (double)weft_arg_i64(&call->args[a], i);
        if (!real_bucket(x[0], x[1], x[2], weft_arg_i64(&call->args[3], i),
                         (int64_t *)call->out->values + i)) {
            weft_vector_set_null(call->out, i);
        }
    }
    return WEFT_OK;
}

#define D WEFT_TYPE_DOUBLE
#define REAL(symbol, others, bits, usage, sql, result)                                                       \
    WEFT_FN_FORM(symbol, 1, 1, D, kernel_##symbol, D);                                                       \
    WEFT_FN_ENTRY(symbol, #symbol, others, (bits) | WEFT_FN_CAPITALS, NULL, usage, sql, result)
#define REAL_PAIR(symbol, others, usage, sql, result)                                                        \
    WEFT_FN_FORM(symbol, 2, 2, D, kernel_##symbol, D, D);                                                    \
    WEFT_FN_ENTRY(symbol, #symbol, others, WEFT_FN_CAPITALS, NULL, usage, sql, result)
REAL(sqrt, NULL, 0, "sqrt(x): the square root", "SELECT sqrt(4)", "2.0");
REAL(cbrt, NULL, 0, "cbrt(x): the cube root", "SELECT cbrt(27.0)", "3.0");
REAL(exp, NULL, 0, "exp(x): e to the x-th", "SELECT exp(0)", "1.0");
REAL(expm1, NULL, 0, "expm1(x): e to the x-th, less 1", "SELECT expm1(0)", "0.0");
REAL(ln, NULL, WEFT_FN_GIVES_NULL, "ln(x): the natural logarithm; NULL for x <= 0", "SELECT ln(1)", "0.0");
REAL(log10, NULL, WEFT_FN_GIVES_NULL, "log10(x): the logarithm to base 10", "SELECT log10(100)", "2.0");
REAL(log2, NULL, WEFT_FN_GIVES_NULL, "log2(x): the logarithm to base 2", "SELECT log2(8)", "3.0");
REAL(log1p, NULL, WEFT_FN_GIVES_NULL, "log1p(x): the natural logarithm of 1 + x", "SELECT log1p(0)", "0.0");
REAL(sin, NULL, 0, "sin(x): the sine", "SELECT sin(0)", "0.0");
REAL(cos, NULL, 0, "cos(x): the cosine", "SELECT cos(0)", "1.0");
REAL(tan, NULL, 0, "tan(x): the tangent", "SELECT tan(0)", "0.0");
REAL(cot, NULL, 0, "cot(x): the cotangent", "SELECT cot(0)", "Infinity");
REAL(sec, NULL, 0, "sec(x): the secant", "SELECT sec(0)", "1.0");
REAL(csc, NULL, 0, "csc(x): the cosecant", "SELECT csc(0)", "Infinity");
REAL(asin, NULL, 0, "asin(x): the angle of a sine", "SELECT asin(0)", "0.0");
REAL(acos, NULL, 0, "acos(x): the angle of a cosine", "SELECT acos(1)", "0.0");
REAL(atan, NULL, 0, "atan(x): the angle of a tangent", "SELECT atan(0)", "0.0");
REAL(sinh, NULL, 0, "sinh(x): the hyperbolic sine", "SELECT sinh(0)", "0.0");
REAL(cosh, NULL, 0, "cosh(x): the hyperbolic cosine", "SELECT cosh(0)", "1.0");
REAL(tanh, NULL, 0, "tanh(x): the hyperbolic tangent", "SELECT tanh(0)", "0.0");
REAL(asinh, NULL, 0, "asinh(x): the inverse of sinh", "SELECT asinh(0)", "0.0");
REAL(acosh, NULL, 0, "acosh(x): the inverse of cosh", "SELECT acosh(1)", "0.0");
REAL(atanh, NULL, 0, "atanh(x): the inverse of tanh", "SELECT atanh(0)", "0.0");
REAL(degrees, NULL, 0, "degrees(x): radians as degrees", "SELECT degrees(3.141592653589793)", "180.0");
REAL(radians, NULL, 0, "radians(x): degrees as radians", "SELECT radians(180)", "3.141592653589793");
WEFT_FN_FORM(rint, 1, 1, D, kernel_rint, D);
WEFT_FN_ENTRY(rint, "rint", NULL, 0, NULL, "rint(x): the nearest whole number, ties to even",
              "SELECT rint(12.5)", "12.0");
static weft_status kernel_sign_interval(weft_ctx *ctx, weft_kernel_call *call)
{
    (void)ctx;
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        const int64_t value = weft_arg_i64(&call->args[0], i);
        ((double *)call->out->values)[i] = (value > 0) - (value < 0);
    }
    return WEFT_OK;
}
static const weft_signature sign_signatures[] = {{{D}, 1, 1, D, kernel_sign},
                                                 {{WEFT_TYPE_INTERVAL_YM}, 1, 1, D, kernel_sign_interval},
                                                 {{WEFT_TYPE_INTERVAL_DT}, 1, 1, D, kernel_sign_interval}};
WEFT_FN_ENTRY(sign, "signum", "sign", WEFT_FN_CAPITALS, NULL, "sign(x): -1.0, 0.0 or 1.0", "SELECT sign(-3)",
              "-1.0");
REAL_PAIR(power, "pow", "power(x, y): x to the y-th", "SELECT power(2, 3)", "8.0");
REAL_PAIR(atan2, NULL, "atan2(y, x): the angle of the point (x, y)", "SELECT atan2(0, 1)", "0.0");
REAL_PAIR(hypot, NULL, "hypot(x, y): the root of the sum of squares", "SELECT hypot(3, 4)", "5.0");
WEFT_FN_FORM(log, 1, 2, D, kernel_log, D, D);
WEFT_FN_ENTRY(log, "log", NULL, WEFT_FN_GIVES_NULL | WEFT_FN_CAPITALS, NULL,
              "log([base,] x): the logarithm of x; natural without base", "SELECT log(10, 100)", "2.0");
WEFT_FN_FORM(pi, 0, 0, D, kernel_pi, D);
WEFT_FN_ENTRY(pi, "pi", NULL, WEFT_FN_CAPITALS, NULL, "pi(): half of the circle's length", "SELECT pi()",
              "3.141592653589793");
WEFT_FN_FORM(e, 0, 0, D, kernel_e, D);
WEFT_FN_ENTRY(e, "e", NULL, WEFT_FN_CAPITALS, NULL, "e(): Euler's number", "SELECT e()", "2.718281828459045");
static const weft_signature isnan_signatures[] = {{{D}, 1, 1, WEFT_TYPE_BOOLEAN, kernel_isnan},
                                                  {{WEFT_TYPE_FLOAT}, 1, 1, WEFT_TYPE_BOOLEAN, kernel_isnan}};
WEFT_FN_ENTRY(isnan, "isnan", NULL, WEFT_FN_NULL_OWN | WEFT_FN_NEVER_NULL, NULL, "isnan(x): x is no number",
              "SELECT isnan(CAST('NaN' AS DOUBLE))", "true");
static const weft_signature nanvl_signatures[] = {
    {{D, D}, 2, 2, D, kernel_nanvl},
    {{WEFT_TYPE_FLOAT, WEFT_TYPE_FLOAT}, 2, 2, WEFT_TYPE_FLOAT, kernel_nanvl}};
WEFT_FN_ENTRY(nanvl, "nanvl", NULL, WEFT_FN_NULL_OWN, NULL, "nanvl(a, b): a, or b where a is no number",
              "SELECT nanvl(CAST('NaN' AS DOUBLE), 1D)", "1.0");
WEFT_FN_FORM(factorial, 1, 1, WEFT_TYPE_BIGINT, kernel_factorial, WEFT_TYPE_INT);
WEFT_FN_ENTRY(factorial, "factorial", NULL, WEFT_FN_GIVES_NULL, NULL,
              "factorial(n): 1 * 2 * ... * n, for n up to 20", "SELECT factorial(5)", "120");
#define YM WEFT_TYPE_INTERVAL_YM
#define DT WEFT_TYPE_INTERVAL_DT
static const weft_signature width_bucket_signatures[] = {
    {{D, D, D, WEFT_TYPE_BIGINT}, 4, 4, WEFT_TYPE_BIGINT, kernel_width_bucket},
    {{YM, YM, YM, WEFT_TYPE_BIGINT}, 4, 4, WEFT_TYPE_BIGINT, kernel_width_bucket},
    {{DT, DT, DT, WEFT_TYPE_BIGINT}, 4, 4, WEFT_TYPE_BIGINT, kernel_width_bucket}};
WEFT_FN_ENTRY(width_bucket, "width_bucket", NULL, WEFT_FN_GIVES_NULL, NULL,
              "width_bucket(x, low, high, n): which of n equal buckets x falls into",
              "SELECT width_bucket(5.3, 0.2, 10.6, 5)", "3");
