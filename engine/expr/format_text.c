/* engine/expr/format_text.c - see format_text.h. Facts: the documentation of java.util.Formatter.
 *
 * A number is a sign, zeros up to the width, the number itself and a closing bracket; its length is counted
 * by writing it nowhere. Digits of reals are those of Java's text of the double, rounded half up. */
#include "engine/expr/format_text.h"

#include <math.h>
#include <stdio.h>

#include "engine/expr/number_digits.h"
#include "engine/expr/utf8.h"

/* ---- text ---- */

static int64_t units_of(uint32_t character) { return character > 0xffff ? 2 : 1; }

/* The characters of text[0, len), put into capitals where `upper`; returns their UTF-16 units. */
static int64_t put_characters(format_sink *sink, const char *text, size_t len, bool upper)
{
    int64_t units = 0;
    for (size_t at = 0; at < len;) {
        uint32_t bytes, mapped[3];
        char encoded[4];
        const uint32_t character = weft_utf8_decode(text + at, len - at, &bytes);
        const int32_t count = upper ? weft_utf8_upper(character, mapped) : 1;
        if (!upper) mapped[0] = character;
        for (int32_t i = 0; i < count; i++) {
            units += units_of(mapped[i]);
            if (upper) sink_put(sink, encoded, weft_utf8_encode(mapped[i], encoded));
        }
        if (!upper) sink_put(sink, text + at, bytes);
        at += bytes;
    }
    return units;
}

/* The bytes of the first `units`; *halved: the last of them is one half of a character. */
static size_t cut_units(const char *text, size_t len, int64_t units, bool *halved)
{
    size_t at = 0;
    *halved = false;
    while (at < len && units > 0) {
        uint32_t bytes;
        const int64_t wide = units_of(weft_utf8_decode(text + at, len - at, &bytes));
        *halved = wide > units;
        if (*halved) break;
        units -= wide;
        at += bytes;
    }
    return at;
}

void format_put_text(format_sink *sink, const format_spec *spec, const char *text, size_t len)
{
    bool halved = false;
    format_sink nowhere = {0};
    if (spec->precision >= 0) len = cut_units(text, len, spec->precision, &halved);
    const int64_t missing = spec->width - put_characters(&nowhere, text, len, spec->upper) - halved;
    if (!format_has(spec, FORMAT_LEFT)) sink_fill(sink, ' ', missing);
    (void)put_characters(sink, text, len, spec->upper);
    if (halved) sink_char(sink, '?'); /* what Java makes of half a character in UTF-8 */
    if (format_has(spec, FORMAT_LEFT)) sink_fill(sink, ' ', missing);
}

/* ---- numbers ---- */

/* What stands between sign and bracket. */
typedef struct number_body {
    weft_number_digits digits;
    int32_t places;    /* behind the point */
    bool point, comma; /* a point even where nothing is behind it; commas before it */
    char exponent[16]; /* with its letter; empty: none */
} number_body;

static void put_body(format_sink *sink, const number_body *body)
{
    const weft_number_digits *n = &body->digits;
    for (int32_t left = weft_max_i32(n->point, 1); left > 0; left--) {
        sink_char(sink, weft_number_digit(n, n->point - left));
        if (body->comma && left > 1 && left % 3 == 1) sink_char(sink, ',');
    }
    if (body->places > 0 || body->point) sink_char(sink, '.');
    const int32_t shown = weft_min_i32(body->places, weft_max_i32(n->count - n->point, 0));
    for (int32_t k = 0; k < shown; k++) sink_char(sink, weft_number_digit(n, n->point + k));
    sink_fill(sink, '0', body->places - shown);
    sink_text(sink, body->exponent);
}

static const char *sign_of(const format_spec *spec, bool negative)
{
    if (negative) return format_has(spec, FORMAT_PARENTHESES) ? "(" : "-";
    return format_has(spec, FORMAT_PLUS) ? "+" : format_has(spec, FORMAT_BLANK) ? " " : "";
}

static void put_number(format_sink *sink, const format_spec *spec, bool negative, const number_body *body)
{
    format_sink nowhere = {0};
    const char *const sign = sign_of(spec, negative);
    const bool closing = negative && format_has(spec, FORMAT_PARENTHESES);
    put_body(&nowhere, body);
    const int64_t missing = spec->width - (int64_t)(strlen(sign) + nowhere.used + closing);
    const bool zero = format_has(spec, FORMAT_ZERO), left = format_has(spec, FORMAT_LEFT);
    if (!zero && !left) sink_fill(sink, ' ', missing);
    sink_text(sink, sign);
    if (zero) sink_fill(sink, '0', missing);
    put_body(sink, body);
    if (closing) sink_char(sink, ')');
    if (left) sink_fill(sink, ' ', missing);
}

void format_put_whole(format_sink *sink, const format_spec *spec, int64_t value)
{
    number_body body = {.comma = format_has(spec, FORMAT_COMMA)};
    weft_number_digits_of_whole(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 0, &body.digits);
    put_number(sink, spec, value < 0, &body);
}

/* Text whose zeros go behind its radix. */
static void put_with_radix(format_sink *sink, const format_spec *spec, const char *radix, const char *text)
{
    const int64_t missing = spec->width - (int64_t)(strlen(radix) + strlen(text));
    const bool zero = format_has(spec, FORMAT_ZERO), left = format_has(spec, FORMAT_LEFT);
    if (!zero && !left) sink_fill(sink, ' ', missing);
    sink_text(sink, radix);
    if (zero) sink_fill(sink, '0', missing);
    sink_text(sink, text);
    if (left) sink_fill(sink, ' ', missing);
}

void format_put_bits(format_sink *sink, const format_spec *spec, uint64_t bits)
{
    char text[24];
    const bool octal = spec->conversion == 'o';
    const unsigned long long number = bits;
    if (octal)
        (void)snprintf(text, sizeof text, "%llo", number);
    else
        (void)snprintf(text, sizeof text, spec->upper ? "%llX" : "%llx", number);
    const char *const radix = !format_has(spec, FORMAT_ALTERNATIVE) ? ""
                              : octal                               ? "0"
                              : spec->upper                         ? "0X"
                                                                    : "0x";
    put_with_radix(sink, spec, radix, text);
}

/* ---- reals ---- */

enum { FRACTION_BITS = 52, EXPONENT_LEAST = -1022, EXPONENT_MOST = 1023, HEX_PLACES = 13 };

/* 1.8p3: the hexadecimal text of a finite double without its sign, to as many places as the number has; most
 * of them, where that is 1 to 12. One that is subnormal keeps its 0 in front unless it is rounded. */
static void hexadecimal(double value, int32_t most, char text[32])
{
    const uint64_t one = (uint64_t)1 << FRACTION_BITS;
    int exponent = 0;
    uint64_t bits = (uint64_t)ldexp(frexp(fabs(value), &exponent), FRACTION_BITS + 1);
    exponent--;
    const bool rounded = most > 0 && most < HEX_PLACES && bits != 0;
    if (bits == 0) exponent = 0;
    if (!rounded && bits != 0 && exponent < EXPONENT_LEAST) {
        bits >>= EXPONENT_LEAST - exponent;
        exponent = EXPONENT_LEAST;
    }
    if (rounded) { /* half to even */
        const int drop = 4 * (HEX_PLACES - most);
        const uint64_t rest = bits & (((uint64_t)1 << drop) - 1), half = (uint64_t)1 << (drop - 1);
        bits >>= drop;
        bits += rest > half || (rest == half && (bits & 1) != 0);
        bits <<= drop;
        if (bits == 2 * one) {
            bits = one;
            exponent++;
        }
    }
    char places[HEX_PLACES + 1];
    int count = snprintf(places, sizeof places, "%013llx", (unsigned long long)(bits & (one - 1)));
    while (count > 1 && places[count - 1] == '0') count--;
    (void)snprintf(text, 32, "%d.%.*sp%d", bits >= one, count, places, exponent);
}

static void put_hexadecimal(format_sink *sink, const format_spec *spec, double value)
{
    char text[32], head[8];
    const int32_t places = spec->precision == 0 ? 1 : weft_max_i32(spec->precision, 0);
    const bool negative = signbit(value) != 0;
    hexadecimal(value, places, text);
    (void)snprintf(head, sizeof head, "%s0x", sign_of(spec, negative));
    const bool with_sign = negative || format_has(spec, FORMAT_PLUS | FORMAT_BLANK);
    int64_t zeros = format_has(spec, FORMAT_ZERO) ? spec->width - (int64_t)strlen(text) - (with_sign ? 3 : 2)
                                                  : 0;
    zeros = zeros < 0 ? 0 : zeros;
    char *const power = strchr(text, 'p');
    const int64_t more = places - (power - text - 2); /* zeros that the number has not */
    const int64_t added = more > 0 ? more : 0;
    const int64_t missing = spec->width - (int64_t)(strlen(head) + strlen(text)) - zeros - added;
    for (char *c = head; spec->upper && *c != 0; c++) *c = *c == 'x' ? 'X' : *c;
    for (char *c = text; spec->upper && *c != 0; c++) *c = *c >= 'a' ? (char)(*c - 32) : *c;
    if (!format_has(spec, FORMAT_LEFT)) sink_fill(sink, ' ', missing);
    sink_text(sink, head);
    sink_fill(sink, '0', zeros);
    sink_put(sink, text, (size_t)(power - text));
    sink_fill(sink, '0', added);
    sink_text(sink, power);
    if (format_has(spec, FORMAT_LEFT)) sink_fill(sink, ' ', missing);
}

static void put_not_finite(format_sink *sink, const format_spec *spec, double value)
{
    char text[16];
    format_spec plain = *spec;
    const bool negative = value < 0;
    plain.precision = -1;
    const bool closing = negative && format_has(spec, FORMAT_PARENTHESES);
    const int len = isnan(value) ? snprintf(text, sizeof text, "NaN")
                                 : snprintf(text, sizeof text, "%sInfinity%s", sign_of(spec, negative),
                                            closing ? ")" : "");
    format_put_text(sink, &plain, text, (size_t)len);
}

/* The digits of a body as d.ddd with an exponent. */
static void make_scientific(const format_spec *spec, int32_t places, number_body *body)
{
    const int exponent = body->digits.count == 0 ? 0 : body->digits.point - 1;
    (void)snprintf(body->exponent, sizeof body->exponent, "%c%c%02d", spec->upper ? 'E' : 'e',
                   exponent < 0 ? '-' : '+', exponent < 0 ? -exponent : exponent);
    body->digits.point = 1;
    body->places = places;
}

void format_put_real(format_sink *sink, const format_spec *spec, double value)
{
    number_body body = {.comma = format_has(spec, FORMAT_COMMA)};
    weft_number_digits *n = &body.digits;
    const int32_t precision = spec->precision < 0 ? 6 : spec->precision;
    if (!isfinite(value)) {
        put_not_finite(sink, spec, value);
        return;
    }
    if (spec->conversion == 'a') {
        put_hexadecimal(sink, spec, value);
        return;
    }
    weft_number_digits_of_real(fabs(value), n);
    if (spec->conversion == 'f') {
        if (precision < WEFT_NUMBER_DIGITS_MAX - n->point)
            weft_number_digits_half_up(n, n->point + precision);
        body.places = precision;
    } else if (spec->conversion == 'e') {
        if (precision < WEFT_NUMBER_DIGITS_MAX) weft_number_digits_half_up(n, precision + 1);
        make_scientific(spec, precision, &body);
    } else { /* %g: scientific below 10^-4, and from 10^precision on */
        const int32_t wanted = weft_max_i32(precision, 1);
        weft_number_digits_half_up(n, wanted);
        if (n->count > 0 && (n->point - 1 < -4 || n->point - 1 >= wanted))
            make_scientific(spec, wanted - 1, &body);
        else
            body.places = wanted - (n->count > 0 ? n->point : 1);
    }
    body.point = precision == 0 && format_has(spec, FORMAT_ALTERNATIVE);
    put_number(sink, spec, signbit(value) != 0, &body);
}
