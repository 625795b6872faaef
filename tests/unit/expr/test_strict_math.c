/* Powers, logarithms and angles are Spark's to the last bit: at the borders of their methods, for signs,
 * zeros, subnormal and infinite numbers and NaN. */
#include "engine/expr/strict_math.h"

#include <math.h>

#include "common/base.h"
#include "tests/support/test.h"
#include "tests/unit/expr/strict_math_answers.h"

typedef struct one_function {
    const char *name;
    double (*fn)(double);
} one_function;

typedef struct pair_function {
    const char *name;
    double (*fn)(double, double);
} pair_function;

static const one_function ones[ONE_FUNCTIONS] = {
    {"exp", weft_strict_exp},     {"expm1", weft_strict_expm1}, {"log", weft_strict_log},
    {"log1p", weft_strict_log1p}, {"log10", weft_strict_log10}, {"cbrt", weft_strict_cbrt},
    {"asin", weft_strict_asin},   {"acos", weft_strict_acos},   {"atan", weft_strict_atan},
    {"sinh", weft_strict_sinh},   {"cosh", weft_strict_cosh},   {"tanh", weft_strict_tanh},
    {"asinh", weft_strict_asinh}, {"acosh", weft_strict_acosh}};

/* As the SQL function asks: the angle of (x, y), -0.0 counting as 0.0. */
static double angle_of(double x, double y) { return weft_strict_atan2(y + 0.0, x + 0.0); }

static const pair_function pairs[PAIR_FUNCTIONS] = {
    {"pow", weft_strict_pow}, {"hypot", weft_strict_hypot}, {"atan2", angle_of}};

/* NaN is one value: Spark's rows do not tell its bits. */
static bool same(double ours, uint64_t bits)
{
    const double answer = weft_f64_of_bits(bits);
    return isnan(answer) ? isnan(ours) : weft_f64_bits(ours) == bits;
}

static void functions_of_one_number(void **state)
{
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(one_answers); i++) {
        const double x = weft_f64_of_bits(one_answers[i].x);
        for (int32_t k = 0; k < ONE_FUNCTIONS; k++) {
            const double ours = ones[k].fn(x);
            if (!same(ours, one_answers[i].answers[k]))
                fail_msg("%s(%a) is %a, not %a", ones[k].name, x, ours,
                         weft_f64_of_bits(one_answers[i].answers[k]));
        }
    }
}

static void functions_of_two_numbers(void **state)
{
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(pair_answers); i++) {
        const double x = weft_f64_of_bits(pair_answers[i].x), y = weft_f64_of_bits(pair_answers[i].y);
        for (int32_t k = 0; k < PAIR_FUNCTIONS; k++) {
            const double ours = pairs[k].fn(x, y);
            if (!same(ours, pair_answers[i].answers[k]))
                fail_msg("%s of %a and %a is %a, not %a", pairs[k].name, x, y, ours,
                         weft_f64_of_bits(pair_answers[i].answers[k]));
        }
    }
}

WEFT_TESTS(WEFT_TEST(functions_of_one_number), WEFT_TEST(functions_of_two_numbers))
