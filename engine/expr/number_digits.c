/* engine/expr/number_digits.c - see number_digits.h. */
#include "engine/expr/number_digits.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "engine/expr/real_digits.h"

enum { EXACT_BYTES = 800 }; /* a double has up to 767 digits that are not 0 behind one another */

static void strip_zeros(weft_number_digits *n)
{
    while (n->count > 0 && n->digits[n->count - 1] == '0') n->count--;
    if (n->count == 0) n->point = 0;
}

void weft_number_digits_of_real(double value, weft_number_digits *out)
{
    int exponent = 0;
    *out = (weft_number_digits){.real = value};
    if (value == 0) return;
    static_assert((int)WEFT_REAL_DIGITS_MAX <= (int)WEFT_NUMBER_DIGITS_MAX, "the digits of a real fit");
    out->count = weft_real_digits(value, false, out->digits, &exponent);
    out->point = exponent + 1;
    strip_zeros(out);
}

void weft_number_digits_of_whole(weft_u128 value, int32_t scale, weft_number_digits *out)
{
    char reversed[WEFT_NUMBER_DIGITS_MAX];
    int32_t count = 0;
    *out = (weft_number_digits){0};
    for (; value != 0; value /= 10) reversed[count++] = (char)('0' + (int)(value % 10));
    for (int32_t i = 0; i < count; i++) out->digits[i] = reversed[count - 1 - i];
    out->count = count;
    out->point = count - scale;
    strip_zeros(out);
}

/* How the real lies to its digits: below them (-1), above (1), or they are all of it (0). The digits end in
 * 5, so both have the same power of ten. */
static int32_t real_against_digits(const weft_number_digits *n)
{
    char exact[EXACT_BYTES], *digits = exact + 1;
    if (n->real == 0) return 0;
    (void)snprintf(exact, sizeof exact, "%.*e", EXACT_BYTES - 20, n->real);
    exact[1] = exact[0]; /* over the point */
    char *const end = strchr(digits, 'e');
    assert(end != NULL);
    const int order = memcmp(digits, n->digits, (size_t)n->count);
    if (order != 0) return order < 0 ? -1 : 1;
    for (const char *rest = digits + n->count; rest < end; rest++)
        if (*rest != '0') return 1;
    return 0;
}

static bool rounds_up_half_even(const weft_number_digits *n, int32_t kept)
{
    const char next = weft_number_digit(n, kept);
    if (next != '5' || kept != n->count - 1) return next >= '5';   /* no zeros end the digits */
    if (kept == 0 && n->real != 0 && n->real < 1e-3) return false; /* to Java, 5.0E-5 has two digits: a tie */
    const int32_t order = real_against_digits(n);
    return order > 0 || (order == 0 && kept > 0 && (n->digits[kept - 1] - '0') % 2 != 0);
}

static void keep(weft_number_digits *n, int32_t kept, bool up)
{
    int32_t at = kept - 1;
    n->count = kept;
    n->real = 0;
    while (up && at >= 0 && n->digits[at] == '9') at--;
    if (up && at >= 0) {
        n->digits[at]++;
        n->count = at + 1;
    } else if (up) {
        n->digits[0] = '1';
        n->count = 1;
        n->point++;
    }
    strip_zeros(n);
}

void weft_number_digits_half_even(weft_number_digits *number, int32_t kept)
{
    if (kept < number->count)
        keep(number, weft_max_i32(kept, 0), kept >= 0 && rounds_up_half_even(number, kept));
}

void weft_number_digits_half_up(weft_number_digits *number, int32_t kept)
{
    if (kept < number->count)
        keep(number, weft_max_i32(kept, 0), kept >= 0 && weft_number_digit(number, kept) >= '5');
}
