/* The digits are those of Java 17, where those differ from the fewest too, and they read back as the number.
 */
#include "engine/expr/real_digits.h"

#include <math.h>
#include <stdio.h>

#include "common/base.h"
#include "engine/expr/strict_math.h"
#include "tests/support/test.h"

typedef struct known_digits {
    double value;
    bool single;
    const char *digits;
    int exponent;
} known_digits;

static void are_those_of_java(void **state)
{
    static const known_digits all[] = {
        {1, false, "1", 0},
        {0.1, false, "1", -1},
        {100, false, "1", 2},
        {1e23, false, "9999999999999999", 22},
        {8e23, false, "7999999999999999", 23},     /* 8 would do */
        {0x1p-24, false, "59604644775390625", -8}, /* 5960464477539063 */
        {0x1p60, false, "115292150460684698", 18}, /* a whole number: all digits that the bits tell */
        {1.60978210179491616e17, false, "160978210179491616", 17},
        {5.843183947413448e18, false, "58431839474134477", 18},
        {4.9e-324, false, "49", -324}, /* two digits at least beside an exponent */
        {7e-323, false, "69", -323},
        {1.7976931348623157e308, false, "17976931348623157", 308},
        {2.2250738585072014e-308, false, "22250738585072014", -308},
        {123456789.0F, true, "123456792", 8}, /* 12345679 */
        {0.1F, true, "1", -1},
        {1.4e-45F, true, "14", -45},
        {3.4028235e38F, true, "34028235", 38},
        {-0.06096358597278595F * -1, true, "60963586", -2}, /* 32 bits overflow on the way */
    };
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(all); i++) {
        char digits[WEFT_REAL_DIGITS_MAX];
        int exponent = 0;
        const int count = weft_real_digits(all[i].value, all[i].single, digits, &exponent);
        assert_string_equal(digits, all[i].digits);
        assert_int_equal(count, strlen(all[i].digits));
        assert_int_equal(exponent, all[i].exponent);
    }
}

static void check_reads_back(double value, bool single)
{
    char digits[WEFT_REAL_DIGITS_MAX], text[64];
    int exponent = 0;
    const int count = weft_real_digits(value, single, digits, &exponent);
    assert_in_range(count, 1, 19);
    assert_int_not_equal(digits[0], '0');
    (void)snprintf(text, sizeof text, "0.%se%d", digits, exponent + 1);
    if (single)
        assert_true(strtof(text, NULL) == (float)value);
    else
        assert_true(strtod(text, NULL) == value);
}

static void read_back_as_the_number(void **state)
{
    weft_test_random random = {.state = weft_test_seed()};
    (void)state;
    for (int32_t i = 0; i < 20000; i++) {
        const uint64_t bits = (uint64_t)weft_test_random_range(&random, 1, 0x7fefffffffffffff);
        const double value = weft_f64_of_bits(bits);
        const float half = (float)ldexp((double)(bits & 0xffffff) + 1, (int)(bits >> 32 & 0xff) - 149);
        check_reads_back(value, false);
        check_reads_back(floor(ldexp(value, -ilogb(value) + (int)(bits & 63))) + 1, false);
        if (isfinite(half)) check_reads_back(half, true);
    }
}

WEFT_TESTS(WEFT_TEST(are_those_of_java), WEFT_TEST(read_back_as_the_number))
