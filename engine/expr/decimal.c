/* engine/expr/decimal.c - see decimal.h. 256-bit intermediates are arrays of 32-bit limbs, least first:
 * products and quotients that need them are rare, so that plain long multiplication and division serve. */
#include "engine/expr/decimal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/expr/real_digits.h"

#define E18     1000000000000000000LL
#define WIDE(n) ((weft_i128)(n))

static const int64_t powers_i64[19] = {1LL,
                                       10LL,
                                       100LL,
                                       1000LL,
                                       10000LL,
                                       100000LL,
                                       1000000LL,
                                       10000000LL,
                                       100000000LL,
                                       1000000000LL,
                                       10000000000LL,
                                       100000000000LL,
                                       1000000000000LL,
                                       10000000000000LL,
                                       100000000000000LL,
                                       1000000000000000LL,
                                       10000000000000000LL,
                                       100000000000000000LL,
                                       E18};

int64_t weft_pow10_i64(int n)
{
    assert(n >= 0 && n <= 18);
    return powers_i64[n];
}

weft_i128 weft_i128_pow10(int n)
{
    assert(n >= 0 && n <= 38);
    if (n <= 18) return powers_i64[n];
    if (n <= 36) return WIDE(E18) * powers_i64[n - 18];
    return WIDE(E18) * E18 * powers_i64[n - 36];
}

/* A magnitude of up to 256 bits. */
enum { LIMBS = 8 };
typedef struct wide {
    uint32_t limb[LIMBS];
} wide;

static wide wide_of(weft_u128 value)
{
    wide w = {{0}};
    for (int i = 0; i < 4; i++) w.limb[i] = (uint32_t)(value >> (32 * i));
    return w;
}

/* w * factor; false when it passes 256 bits. */
static bool wide_multiply(const wide *w, weft_u128 factor, wide *out)
{
    const wide f = wide_of(factor);
    uint32_t sum[LIMBS + 4] = {0};
    for (int i = 0; i < LIMBS; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < 4; j++) {
            const uint64_t t = (uint64_t)w->limb[i] * f.limb[j] + sum[i + j] + carry;
            sum[i + j] = (uint32_t)t;
            carry = t >> 32;
        }
        sum[i + 4] = (uint32_t)carry;
    }
    memcpy(out->limb, sum, sizeof(out->limb));
    return (sum[LIMBS] | sum[LIMBS + 1] | sum[LIMBS + 2] | sum[LIMBS + 3]) == 0;
}

static int wide_bits(const wide *w)
{
    for (int i = LIMBS - 1; i >= 0; i--) {
        if (w->limb[i] != 0) return i * 32 + 32 - __builtin_clz(w->limb[i]);
    }
    return 0;
}

/* num / den rounded half away from zero; den is not 0. Bit by bit: at most 256 steps, only for values that
 * 128 bits do not hold. */
static bool wide_divide_half_up(const wide *num, const wide *den, weft_u128 *out)
{
    wide rest = {{0}};
    weft_u128 quotient = 0;
    bool overflow = false;
    for (int bit = wide_bits(num) - 1; bit >= -1; bit--) {
        /* rest = 2 * rest + next bit; the last round (bit -1) compares 2 * rest with den, for the rounding.
         */
        const uint32_t next = bit < 0 ? 0 : (num->limb[bit >> 5] >> (bit & 31)) & 1;
        uint64_t top = rest.limb[LIMBS - 1] >> 31;
        for (int i = LIMBS - 1; i > 0; i--) rest.limb[i] = (rest.limb[i] << 1) | (rest.limb[i - 1] >> 31);
        rest.limb[0] = (rest.limb[0] << 1) | next;
        bool above = top != 0;
        for (int i = LIMBS - 1; i >= 0 && !above; i--) {
            if (rest.limb[i] != den->limb[i]) {
                above = rest.limb[i] > den->limb[i];
                if (!above) break;
            } else if (i == 0) {
                above = true;
            }
        }
        if (bit < 0) {
            if (above) overflow |= ++quotient == 0;
            break;
        }
        overflow |= (quotient >> 127) != 0;
        quotient = (quotient << 1) | above;
        if (!above) continue;
        uint64_t borrow = 0;
        for (int i = 0; i < LIMBS; i++) {
            const uint64_t t = (uint64_t)rest.limb[i] - den->limb[i] - borrow;
            rest.limb[i] = (uint32_t)t;
            borrow = (t >> 32) & 1;
        }
    }
    *out = quotient;
    return !overflow;
}

static bool decimal_sign(weft_u128 magnitude, bool negative, weft_i128 *out)
{
    *out = negative ? (weft_i128)-magnitude : (weft_i128)magnitude;
    return magnitude >> 127 == 0;
}

bool weft_decimal_rescale(weft_i128 value, int from, int to, weft_i128 *out)
{
    if (to >= from) {
        if (to - from > 38) {
            *out = 0;
            return value == 0;
        }
        return !__builtin_mul_overflow(value, weft_i128_pow10(to - from), out);
    }
    if (from - to > 38) {
        *out = 0;
        return true;
    }
    const weft_i128 unit = weft_i128_pow10(from - to);
    const weft_i128 quotient = value / unit;
    const weft_u128 rest = weft_i128_abs(value % unit);
    *out = rest >= (weft_u128)unit - rest ? quotient + (value < 0 ? -1 : 1) : quotient;
    return true;
}

bool weft_decimal_divide(weft_i128 a, int up, weft_i128 b, int down, weft_i128 *out)
{
    const bool negative = (a < 0) != (b < 0);
    const weft_u128 divisor = weft_i128_abs(b);
    weft_i128 scaled;
    if (up <= 38 && down == 0 && !__builtin_mul_overflow(a, weft_i128_pow10(up), &scaled)) {
        const weft_u128 top = weft_i128_abs(scaled);
        weft_u128 quotient = top / divisor;
        const weft_u128 rest = top - quotient * divisor;
        if (rest >= divisor - rest) quotient++;
        return decimal_sign(quotient, negative, out);
    }
    wide num = wide_of(weft_i128_abs(a)), den = wide_of(divisor);
    weft_u128 quotient;
    *out = 0;
    for (int left = up; left > 0; left -= 38) {
        if (!wide_multiply(&num, (weft_u128)weft_i128_pow10(left < 38 ? left : 38), &num)) return false;
    }
    for (int left = down; left > 0; left -= 38) {
        if (!wide_multiply(&den, (weft_u128)weft_i128_pow10(left < 38 ? left : 38), &den))
            return true; /* rounds to 0 */
    }
    return wide_divide_half_up(&num, &den, &quotient) && decimal_sign(quotient, negative, out);
}

bool weft_decimal_multiply(weft_i128 a, weft_i128 b, int down, weft_i128 *out)
{
    weft_i128 product;
    if (!__builtin_mul_overflow(a, b, &product)) return weft_decimal_rescale(product, down, 0, out);
    const wide left = wide_of(weft_i128_abs(a));
    wide num, den = wide_of((weft_u128)weft_i128_pow10(down < 38 ? down : 38));
    weft_u128 quotient;
    *out = 0;
    if (down > 38 && !wide_multiply(&den, (weft_u128)weft_i128_pow10(down - 38), &den)) return false;
    return wide_multiply(&left, weft_i128_abs(b), &num) && wide_divide_half_up(&num, &den, &quotient) &&
           decimal_sign(quotient, (a < 0) != (b < 0), out);
}

static bool wide_less(const wide *a, const wide *b)
{
    for (int i = LIMBS - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i];
    return false;
}

/* a + b, or a - b, which is not less than 0 then. */
static wide wide_combine(const wide *a, const wide *b, bool subtract)
{
    wide out;
    uint64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        const uint64_t t = subtract ? (uint64_t)a->limb[i] - b->limb[i] - carry
                                    : (uint64_t)a->limb[i] + b->limb[i] + carry;
        out.limb[i] = (uint32_t)t;
        carry = (t >> 32) & 1;
    }
    return out;
}

bool weft_decimal_sum(weft_i128 a, int up_a, weft_i128 b, int up_b, int down, weft_i128 *out)
{
    const wide den = wide_of((weft_u128)weft_i128_pow10(down));
    wide x = wide_of(weft_i128_abs(a)), y = wide_of(weft_i128_abs(b));
    weft_u128 quotient;
    *out = 0;
    if (!wide_multiply(&x, (weft_u128)weft_i128_pow10(up_a), &x) ||
        !wide_multiply(&y, (weft_u128)weft_i128_pow10(up_b), &y))
        return false;
    const bool differ = (a < 0) != (b < 0), turned = differ && wide_less(&x, &y);
    const wide sum = wide_combine(turned ? &y : &x, turned ? &x : &y, differ);
    return wide_divide_half_up(&sum, &den, &quotient) && decimal_sign(quotient, (a < 0) != turned, out);
}

double weft_decimal_to_double(weft_i128 value, int scale)
{
    const weft_u128 magnitude = weft_i128_abs(value);
    if (magnitude <= (1ULL << 53) && scale <= 18) {
        /* One correctly rounded division of exact operands up to 10^22. */
        return (double)(int64_t)value / (double)weft_pow10_i64(scale);
    }
    long double quotient = (long double)magnitude;
    quotient /= (long double)weft_i128_pow10(scale);
    return value < 0 ? -(double)quotient : (double)quotient;
}

int weft_decimal_text(weft_i128 value, int scale, char *text)
{
    char digits[48];
    int count = 0, len = 0;
    weft_u128 rest = weft_i128_abs(value);
    while (rest != 0 || count <= scale) {
        digits[count++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    }
    if (value < 0) text[len++] = '-';
    while (count > 0) {
        if (count == scale) text[len++] = '.';
        text[len++] = digits[--count];
    }
    text[len] = 0;
    return len;
}

int weft_decimal_exponent_text(weft_i128 value, int scale, char *text)
{
    enum { PLAIN_LEAST = -6 };
    char digits[WEFT_DECIMAL_TEXT_BYTES];
    const int count = weft_decimal_text(value < 0 ? -value : value, 0, digits); /* of at most 38 digits */
    const int exponent = count - 1 - scale;                                     /* of the first digit */
    if (exponent >= PLAIN_LEAST) return weft_decimal_text(value, scale, text);
    int len = 0;
    if (value < 0) text[len++] = '-';
    text[len++] = digits[0];
    if (count > 1) len += snprintf(text + len, WEFT_DECIMAL_TEXT_BYTES - (size_t)len, ".%s", digits + 1);
    return len + snprintf(text + len, WEFT_DECIMAL_TEXT_BYTES - (size_t)len, "E%d", exponent);
}

bool weft_decimal_from_double(double value, int scale, weft_i128 *out)
{
    char digits[WEFT_REAL_DIGITS_MAX];
    int exponent = 0;
    weft_i128 unscaled = 0;
    *out = 0;
    if (value == 0) return true;
    const int count = weft_real_digits(fabs(value), false, digits, &exponent);
    for (int d = 0; d < count; d++) unscaled = unscaled * 10 + (digits[d] - '0');
    return weft_decimal_rescale(value < 0 ? -unscaled : unscaled, count - 1 - exponent, scale, out);
}
