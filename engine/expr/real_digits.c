/* engine/expr/real_digits.c - see real_digits.h.
 *
 * The value is f * 2^(e - bits of f). Whole numbers below 2^63 are written as such, less the digits that the
 * significand cannot tell. All others are divided digit by digit, by Steele and White:
 *
 *   value = b / s * 10^exponent, and m is half the distance to the next number on the scale of b;
 *   a digit is b / s, and b becomes ten times the rest; m grows tenfold too;
 *   it ends when the rest is less than m (low), or so near to the next digit (high), which then is taken.
 *
 * Java does this in 32, 64 or any number of bits, as b and s need, and the three differ: the narrow ones let
 * m overflow, the wide one takes a rest that lies exactly m below the next digit as near. Its digits are
 * those that users compare, so the same three ways are gone here. */
#include "engine/expr/real_digits.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

enum {
    REAL_BITS = 53,      /* of a significand, with the one in front */
    SINGLE_BITS = 24,    /* the same of 32 bits */
    FIVES_OF_LONG = 27,  /* powers of five that fit in 64 bits: 5^0 to 5^26 */
    WHOLE_EXPONENT = 62, /* the highest bit of whole numbers that are written as such */
    WIDE_WORDS = 40      /* b and s have up to 1,130 bits: 5^325 and 2^376, or 53 bits and 2^1074 */
};

/* A number of many bits, its lowest word first; words behind count are not set. */
typedef struct wide {
    int count;
    uint32_t words[WIDE_WORDS];
} wide;

/* A number's parts: fraction * 2^(exponent - (REAL_BITS - 1)), the highest bit of fraction is REAL_BITS - 1.
 */
typedef struct real_parts {
    uint64_t fraction;
    int exponent;
    int significant; /* bits that it may have: fewer where it is subnormal */
    int used;        /* bits from the highest to the lowest that is set */
    int tiny;        /* of these, those behind the point */
} real_parts;

/* b, s and m are each a number times powers of two and five. */
typedef struct real_scale {
    int b2, b5, s2, s5, m2, m5;
} real_scale;

/* Where the digits go, and how the last of them was reached. */
typedef struct digit_run {
    char *digits;
    int count;
    int exponent;
    bool low, high;
    int rest; /* twice the rest against a whole digit: below 0, 0, above 0; when low and high */
} digit_run;

static const int five_bits[FIVES_OF_LONG] = {0,  3,  5,  7,  10, 12, 14, 17, 19, 21, 24, 26, 28, 31,
                                             33, 35, 38, 40, 42, 45, 47, 49, 52, 54, 56, 59, 61};

static uint64_t power_of_five(int n)
{
    uint64_t power = 1;
    while (n-- > 0) power *= 5;
    return power;
}

static int bits_of_five(int n) { return n < FIVES_OF_LONG ? five_bits[n] : 3 * n; }

static real_parts split(double value, bool single)
{
    real_parts parts;
    int exponent = 0;
    const double significand = frexp(value, &exponent); /* in [0.5, 1) */
    const int least = single ? -126 : -1022;
    parts.fraction = (uint64_t)ldexp(significand, REAL_BITS);
    parts.exponent = exponent - 1;
    parts.significant = single ? SINGLE_BITS : REAL_BITS;
    if (parts.exponent < least) parts.significant -= least - parts.exponent;
    parts.used = REAL_BITS - __builtin_ctzll(parts.fraction);
    parts.tiny = parts.used - parts.exponent - 1 > 0 ? parts.used - parts.exponent - 1 : 0;
    return parts;
}

/* ---- whole numbers ---- */

static int whole_digits(const real_parts *parts, char *digits, int *exponent)
{
    enum { MOST = 19 };
    const int shift = parts->exponent - (REAL_BITS - 1);
    const int unknown = parts->exponent - parts->significant - 1; /* bits below the significand's */
    uint64_t whole = shift >= 0 ? parts->fraction << shift : parts->fraction >> -shift;
    char reversed[MOST + 1];
    int count = 0, dropped = 0, zeros = 0;
    if (unknown > 1) { /* so many digits less than bits */
        uint64_t unit = 1;
        for (dropped = (int)(unknown * 0.30102999566398120); count < dropped; count++) unit *= 10;
        whole = whole / unit + (whole % unit >= unit / 2 && dropped > 0);
    }
    for (count = 0; whole > 0; whole /= 10) reversed[count++] = (char)('0' + whole % 10);
    while (zeros < count - 1 && reversed[zeros] == '0') zeros++;
    for (int i = count - 1, at = 0; i >= zeros; i--) digits[at++] = reversed[i];
    *exponent = count - 1 + dropped;
    return count - zeros;
}

/* ---- numbers of many bits ---- */

static void wide_multiply(wide *n, uint32_t factor)
{
    uint64_t carry = 0;
    for (int i = 0; i < n->count; i++) {
        carry += (uint64_t)n->words[i] * factor;
        n->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry == 0) return;
    assert(n->count < WIDE_WORDS);
    n->words[n->count++] = (uint32_t)carry;
}

/* n * 5^fives * 2^twos */
static wide wide_make(uint64_t n, int fives, int twos)
{
    enum { FIVES = 13 };                          /* 5^13 fits in 32 bits */
    static const uint32_t fives_13 = 1220703125u; /* 5^13 */
    wide made = {.count = 2, .words = {(uint32_t)n, (uint32_t)(n >> 32)}};
    for (; fives >= FIVES; fives -= FIVES) wide_multiply(&made, fives_13);
    wide_multiply(&made, (uint32_t)power_of_five(fives));
    const int words = twos / 32;
    assert(made.count + words <= WIDE_WORDS);
    memmove(made.words + words, made.words, (size_t)made.count * sizeof(uint32_t));
    memset(made.words, 0, (size_t)words * sizeof(uint32_t));
    made.count += words;
    wide_multiply(&made, (uint32_t)1 << (twos % 32));
    while (made.count > 1 && made.words[made.count - 1] == 0) made.count--;
    return made;
}

static int wide_compare(const wide *a, const wide *b)
{
    if (a->count != b->count) return a->count < b->count ? -1 : 1;
    for (int i = a->count - 1; i >= 0; i--)
        if (a->words[i] != b->words[i]) return a->words[i] < b->words[i] ? -1 : 1;
    return 0;
}

static wide wide_sum(const wide *a, const wide *b)
{
    wide sum = {.count = a->count > b->count ? a->count : b->count};
    uint64_t carry = 0;
    for (int i = 0; i < sum.count; i++) {
        carry += (uint64_t)(i < a->count ? a->words[i] : 0) + (i < b->count ? b->words[i] : 0);
        sum.words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    assert(sum.count < WIDE_WORDS);
    if (carry != 0) sum.words[sum.count++] = (uint32_t)carry;
    return sum;
}

/* n / s, below 10; n becomes ten times the rest. */
static int wide_digit(wide *n, const wide *s)
{
    int digit = 0;
    for (; wide_compare(n, s) >= 0; digit++) {
        int64_t borrow = 0;
        for (int i = 0; i < n->count; i++) {
            borrow += (int64_t)n->words[i] - (i < s->count ? s->words[i] : 0);
            n->words[i] = (uint32_t)borrow;
            borrow >>= 32;
        }
        while (n->count > 1 && n->words[n->count - 1] == 0) n->count--;
    }
    wide_multiply(n, 10);
    return digit;
}

/* ---- digit by digit ---- */

/* The first digit may be none, where the exponent was taken too high. Java has two digits wherever it writes
 * an exponent, whatever the rest. */
static void run_first(digit_run *run, int digit)
{
    enum { PLAIN_LEAST = -3, PLAIN_MOST = 7 };
    if (digit == 0 && !run->high)
        run->exponent--;
    else
        run->digits[run->count++] = (char)('0' + digit);
    if (run->exponent < PLAIN_LEAST || run->exponent > PLAIN_MOST) run->low = run->high = false;
}

static void run_wide(uint64_t odd, const real_scale *scale, digit_run *run)
{
    const wide s = wide_make(1, scale->s5, scale->s2), tens = wide_make(1, scale->s5 + 1, scale->s2 + 1);
    wide b = wide_make(odd, scale->b5, scale->b2), m = wide_make(1, scale->m5 + 1, scale->m2 + 1);
    for (bool first = true; first || (!run->low && !run->high); first = false) {
        const int digit = wide_digit(&b, &s);
        if (!first) wide_multiply(&m, 10);
        const wide above = wide_sum(&b, &m);
        run->low = wide_compare(&b, &m) < 0;
        run->high = wide_compare(&tens, &above) <= 0;
        if (first)
            run_first(run, digit);
        else
            run->digits[run->count++] = (char)('0' + digit);
    }
    const wide twice = wide_sum(&b, &b);
    run->rest = wide_compare(&twice, &tens);
}

/* As a number of 32 or of 64 bits, whatever is lost. */
static int64_t narrow_to(uint64_t n, bool half) { return half ? (int32_t)(uint32_t)n : (int64_t)n; }

static void run_narrow(uint64_t odd, const real_scale *scale, bool half, digit_run *run)
{
    const int64_t s = (int64_t)(power_of_five(scale->s5) << scale->s2), tens = s * 10;
    int64_t b = (int64_t)((odd * power_of_five(scale->b5)) << scale->b2);
    int64_t m = narrow_to(power_of_five(scale->m5) << scale->m2, half);
    for (bool first = true; first || (!run->low && !run->high); first = false) {
        const int digit = (int)(b / s);
        b = b % s * 10;
        m = narrow_to((uint64_t)m * 10, half);
        const bool over = !first && m <= 0;
        run->low = over || b < m;
        run->high = over || narrow_to((uint64_t)b + (uint64_t)m, half) > tens;
        if (first)
            run_first(run, digit);
        else
            run->digits[run->count++] = (char)('0' + digit);
    }
    const int64_t rest = narrow_to((uint64_t)b * 2 - (uint64_t)tens, half);
    run->rest = (rest > 0) - (rest < 0);
}

static void round_up(digit_run *run)
{
    int at = run->count - 1;
    for (; at > 0 && run->digits[at] == '9'; at--) run->digits[at] = '0';
    if (run->digits[at] == '9') {
        run->digits[0] = '1';
        run->exponent++;
    } else {
        run->digits[at]++;
    }
}

/* floor(log10(value)), or one more. */
static int estimate_exponent(const real_parts *parts)
{
    const double significand = ldexp((double)parts->fraction, 1 - REAL_BITS);
    return (int)floor((significand - 1.5) * 0.289529654 + 0.176091259 +
                      (double)parts->exponent * 0.301029995663981);
}

static real_scale scale_of(const real_parts *parts, int exponent)
{
    real_scale scale = {.b5 = exponent < 0 ? -exponent : 0, .s5 = exponent > 0 ? exponent : 0};
    scale.b2 = scale.b5 + parts->tiny + parts->exponent;
    scale.s2 = scale.s5 + parts->tiny;
    scale.m5 = scale.b5;
    scale.m2 = scale.b2 - parts->significant;
    scale.b2 -= parts->used - 1;
    const int common = scale.b2 < scale.s2 ? scale.b2 : scale.s2;
    scale.b2 -= common;
    scale.s2 -= common;
    scale.m2 -= common;
    if (parts->used == 1) scale.m2--; /* below a power of two the numbers lie twice as dense */
    if (scale.m2 < 0) {
        scale.b2 -= scale.m2;
        scale.s2 -= scale.m2;
        scale.m2 = 0;
    }
    return scale;
}

int weft_real_digits(double value, bool single, char digits[WEFT_REAL_DIGITS_MAX], int *exponent)
{
    assert(value > 0 && isfinite(value));
    const real_parts parts = split(value, single);
    int count;
    if (parts.tiny == 0 && parts.exponent <= WHOLE_EXPONENT) {
        count = whole_digits(&parts, digits, exponent);
    } else {
        const uint64_t odd = parts.fraction >> (REAL_BITS - parts.used);
        digit_run run = {.digits = digits, .exponent = estimate_exponent(&parts)};
        const real_scale scale = scale_of(&parts, run.exponent);
        const int b_bits = parts.used + scale.b2 + bits_of_five(scale.b5);
        const int tens_bits = scale.s2 + 1 + bits_of_five(scale.s5 + 1);
        if (b_bits < 64 && tens_bits < 64)
            run_narrow(odd, &scale, b_bits < 32 && tens_bits < 32, &run);
        else
            run_wide(odd, &scale, &run);
        if (run.high && (!run.low || run.rest > 0 || (run.rest == 0 && digits[run.count - 1] % 2 != 0)))
            round_up(&run);
        count = run.count;
        *exponent = run.exponent;
    }
    while (count > 1 && digits[count - 1] == '0')
        count--; /* the writers put the one zero that is asked for */
    digits[count] = '\0';
    return count;
}
