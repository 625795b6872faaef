/* engine/expr/json_number.c - numbers of JSON text.
 *
 * A real number of at most 19 digits and a small power of ten is exact in one multiplication or division
 * (Clinger, "How to Read Floating Point Numbers Accurately"); the others go to strtod. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/expr/json_read.h"

bool weft_json_i64(const char *text, size_t len, int64_t *out)
{
    const bool negative = len > 0 && text[0] == '-';
    uint64_t value = 0;
    for (size_t i = negative; i < len; i++) {
        const uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0)) return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* Of a long or odd number; numbers have at most WEFT_JSON_NUMBER_MAX digits, and strings come here too. */
static double slow_f64(const char *text, size_t len, bool single)
{
    char copy[WEFT_JSON_NUMBER_MAX + 32];
    if (len >= sizeof copy) len = sizeof copy - 1;
    memcpy(copy, text, len);
    copy[len] = 0;
    return single ? (double)strtof(copy, NULL) : strtod(copy, NULL);
}

static bool non_numeric(const char *text, size_t len, double *out)
{
    const bool negative = len > 0 && text[0] == '-';
    const size_t sign = len > 0 && (negative || text[0] == '+') ? 1 : 0;
    if (len == sign || (text[sign] != 'N' && text[sign] != 'I')) return false;
    *out = text[sign] == 'N' ? NAN : negative ? -INFINITY : INFINITY;
    return true;
}

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Eight bytes of which all are digits as a number; false when they are not. */
static inline bool eight_digits(uint64_t bytes, uint32_t *out)
{
    const uint64_t t = bytes ^ 0x3030303030303030U; /* a digit is below 10 */
    if (((((t & 0x7f7f7f7f7f7f7f7fU) + 0x7676767676767676U) | t) & 0x8080808080808080U) != 0) return false;
    const uint64_t pairs = (t * 10 + (t >> 8)) & 0x00ff00ff00ff00ffU;
    const uint64_t fours = (pairs * 100 + (pairs >> 16)) & 0x0000ffff0000ffffU;
    *out = (uint32_t)(fours * 10000 + (fours >> 32));
    return true;
}

/* A number of at most six digits before its point and eight behind it: both are read as words that end where
 * the text ends, so that nothing beside it is read. Exact: below 2^53, over a power of ten that a double has.
 */
static bool short_f64(const char *text, size_t len, double *out)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (len < 9 || len > 16) return false;
    const bool negative = text[0] == '-';
    const size_t begin = negative;
    size_t point = begin;
    uint64_t bytes, whole = 0;
    uint32_t fraction = 0;
    while (point < begin + 6 && text[point] >= '0' && text[point] <= '9')
        whole = whole * 10 + (uint64_t)(text[point++] - '0');
    if (point == begin || text[point] != '.') return false;
    const size_t places = len - point - 1;
    if (places == 0 || places > 8) return false;
    memcpy(&bytes, text + len - 8, 8);
    const uint32_t others = (uint32_t)(8 - places) * 8; /* bits of the bytes before the fraction */
    if (others != 0) bytes = bytes >> others << others | (0x3030303030303030U >> (64 - others));
    if (!eight_digits(bytes, &fraction)) return false;
    const double value = (double)(whole * (uint64_t)powers[places] + fraction) / powers[places];
    *out = negative ? -value : value;
    return true;
#else
    (void)text, (void)len, (void)out;
    return false;
#endif
}

double weft_json_f64(const char *text, size_t len)
{
    double odd = 0;
    if (short_f64(text, len, &odd)) return odd;
    const char *at = text, *end = text + len;
    const bool negative = at < end && *at == '-';
    uint64_t mantissa = 0;
    int32_t power = 0, digits = 0;
    if (negative) at++;
    for (bool point = false; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        if (*at < '0' || *at > '9') return non_numeric(text, len, &odd) ? odd : slow_f64(text, len, false);
        mantissa = mantissa * 10 + (uint64_t)(*at - '0');
        digits += digits > 0 || *at != '0';
        power -= point;
        if (digits > 19) return slow_f64(text, len, false);
    }
    if (at < end) {
        const char *exponent = at + 1;
        const bool down = exponent < end && *exponent == '-';
        if (exponent < end && (*exponent == '-' || *exponent == '+')) exponent++;
        int32_t value = 0;
        for (; exponent < end; exponent++) {
            value = value * 10 + (*exponent - '0');
            if (value > 1000) return slow_f64(text, len, false);
        }
        power += down ? -value : value;
    }
    if (mantissa > (uint64_t)1 << 53 || power < -22 || power > 22) return slow_f64(text, len, false);
    const double value = power < 0 ? (double)mantissa / powers[-power] : (double)mantissa * powers[power];
    return negative ? -value : value;
}

float weft_json_f32(const char *text, size_t len)
{
    double odd = 0;
    return non_numeric(text, len, &odd) ? (float)odd : (float)slow_f64(text, len, true);
}
