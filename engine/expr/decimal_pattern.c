/* engine/expr/decimal_pattern.c - see decimal_pattern.h. Facts: the documentation of java.text.DecimalFormat.
 *
 * An affix is kept as it stands and walked when it is written. Digit marks may go on behind the suffix has
 * begun (0x0 is 00x): the walk of a suffix leaves them out. */
#include "engine/expr/decimal_pattern.h"

#include <stdio.h>
#include <string.h>

enum { BOUNDED_WHOLE = 309, BOUNDED_PLACES = 340 };

/* ---- parsing ---- */

static bool is_mark(char c) { return c == '#' || c == '0' || c == ',' || c == '.'; }

/* Bytes of `sign` if the text goes on with it, else 0. */
static uint32_t goes_on(const char *at, const char *end, const char *sign)
{
    const size_t len = strlen(sign);
    return (size_t)(end - at) >= len && memcmp(at, sign, len) == 0 ? (uint32_t)len : 0;
}

#define CURRENCY  "\xc2\xa4"     /* ¤ */
#define PER_MILLE "\xe2\x80\xb0" /* ‰ */

/* What the digit marks of a half say: how many # stand before the zeros, zeros, and # behind them. */
typedef struct digit_marks {
    int32_t left, zeros, right;
    int32_t point; /* the marks before it, or -1 */
    int32_t group; /* since the last comma, or -1 */
    int32_t exponent;
} digit_marks;

/* E and zeros at *at. */
static bool take_exponent(const char **at, const char *end, digit_marks *m)
{
    if (m->exponent > 0 || m->left + m->zeros == 0) return false;
    for (*at += 1; *at < end && **at == '0'; *at += 1) m->exponent++;
    return m->exponent > 0;
}

/* The marks at *at, up to what is none. */
static bool take_marks(const char **at, const char *end, digit_marks *m)
{
    for (; *at < end && is_mark(**at); *at += 1) {
        const bool digit = **at == '#' || **at == '0';
        if (digit && m->group >= 0 && m->point < 0) m->group++;
        if (**at == ',') {
            m->group = 0;
        } else if (**at == '.') {
            if (m->point >= 0) return false;
            m->point = m->left + m->zeros + m->right;
        } else if (**at == '0') {
            if (m->right > 0) return false;
            m->zeros++;
        } else if (m->zeros > 0) {
            m->right++;
        } else {
            m->left++;
        }
    }
    return *at == end || **at != 'E' || take_exponent(at, end, m);
}

/* The marks of a half for negative numbers, which say nothing. */
static void skip_marks(const char **at, const char *end)
{
    while (*at < end && (is_mark(**at) || **at == 'E')) *at += 1;
}

/* Text of an affix at *at up to a mark, or the semicolon of the first half. */
static bool take_affix(const char **at, const char *end, bool may_end, int32_t *tens)
{
    bool quoted = false;
    for (; *at < end; *at += 1) {
        const uint32_t per_mille = goes_on(*at, end, PER_MILLE);
        if (**at == '\'') {
            quoted = !quoted; /* two of them are a quote either way: they leave it as it was */
        } else if (!quoted && is_mark(**at)) {
            return true;
        } else if (!quoted && **at == ';') {
            return may_end;
        } else if (!quoted && (**at == '%' || per_mille > 0)) {
            if (*tens != 0) return false;
            *tens = per_mille > 0 ? 3 : 2;
        }
    }
    return !quoted;
}

/* A half at *at; *at is behind it, or at its semicolon. */
static bool take_half(const char **at, const char *end, bool second, weft_decimal_affixes *out,
                      digit_marks *m, int32_t *tens)
{
    const char *const begin = *at;
    if (!take_affix(at, end, false, tens)) return false;
    out->prefix = weft_str_view(begin, (uint32_t)(*at - begin));
    const char *const marks = *at;
    while (*at < end && **at != ';') {
        if (second)
            skip_marks(at, end);
        else if (!take_marks(at, end, m))
            return false;
        if (!take_affix(at, end, !second, tens)) return false;
    }
    out->suffix = weft_str_view(marks, (uint32_t)(*at - marks));
    return true;
}

/* Counts of digits from the marks. Where no zero is among them, Java takes the # before the point for one. */
static bool settle_marks(digit_marks m, weft_decimal_pattern *out)
{
    if (m.zeros == 0 && m.left > 0 && m.point >= 0) {
        const int32_t whole = m.point == 0 ? 1 : m.point;
        m.right = m.left - whole;
        m.left = whole - 1;
        m.zeros = 1;
    }
    const bool outside = m.point >= 0 && (m.point < m.left || m.point > m.left + m.zeros);
    if ((m.point < 0 && m.right > 0) || outside || m.group == 0) return false;
    const int32_t total = m.left + m.zeros + m.right, point = m.point >= 0 ? m.point : total;
    out->whole_least = point - m.left;
    out->whole_most = m.left + out->whole_least;
    out->places_most = total - point;
    out->places_least = m.point >= 0 ? m.left + m.zeros - m.point : 0;
    out->group = m.group > 0 ? m.group : 0;
    out->exponent_least = m.exponent;
    out->point_always = m.point == 0 || m.point == total;
    return true;
}

bool weft_decimal_pattern_parse(const weft_str *text, weft_decimal_pattern *out)
{
    const char *at = weft_str_data(text), *const end = at + text->len;
    digit_marks marks = {.point = -1, .group = -1};
    int32_t second_tens = 0;
    *out = (weft_decimal_pattern){0};
    if (!take_half(&at, end, false, &out->plain, &marks, &out->tens) || !settle_marks(marks, out))
        return false;
    if (at == end || ++at == end) return true;
    out->has_negative = true;
    return take_half(&at, end, true, &out->negative, &marks, &second_tens);
}

/* ---- affixes ---- */

typedef struct affix_walk {
    const char *at, *end;
    bool quoted;
} affix_walk;

static affix_walk affix_begin(const weft_str *affix)
{
    const char *text = weft_str_data(affix);
    return (affix_walk){text, text + affix->len, false};
}

static void affix_pass_marks(affix_walk *w)
{
    while (w->at < w->end && is_mark(*w->at)) {
        while (w->at < w->end && is_mark(*w->at)) w->at++;
        if (w->at == w->end || *w->at != 'E') return;
        for (w->at++; w->at < w->end && *w->at == '0';) w->at++;
    }
}

/* The next piece that is written; false at the end. */
static bool affix_next(affix_walk *w, const char **piece, size_t *len)
{
    for (;;) {
        if (!w->quoted) affix_pass_marks(w);
        if (w->at == w->end) return false;
        if (*w->at != '\'') break;
        if (w->at + 1 < w->end && w->at[1] == '\'') {
            w->at++; /* the second one is written */
            break;
        }
        w->quoted = !w->quoted;
        w->at++;
    }
    *piece = w->at;
    *len = 1;
    if (!w->quoted && goes_on(w->at, w->end, CURRENCY)) {
        const bool doubled = goes_on(w->at, w->end, CURRENCY CURRENCY);
        *piece = doubled ? "USD" : "$";
        *len = strlen(*piece);
        w->at += strlen(CURRENCY) * (doubled ? 2 : 1);
    } else {
        w->at++;
    }
    return true;
}

static bool affix_equal(const weft_str *a, const weft_str *b)
{
    affix_walk left = affix_begin(a), right = affix_begin(b);
    const char *x, *y;
    size_t x_len, y_len;
    for (;;) {
        const bool more = affix_next(&left, &x, &x_len);
        if (more != affix_next(&right, &y, &y_len)) return false;
        if (!more) return true;
        if (x_len != y_len || memcmp(x, y, x_len) != 0) return false;
    }
}

static void affix_put(format_sink *sink, const weft_str *affix)
{
    affix_walk walk = affix_begin(affix);
    const char *piece;
    size_t len;
    while (affix_next(&walk, &piece, &len)) sink_put(sink, piece, len);
}

/* ---- writing ---- */

static void put_plain(const weft_decimal_pattern *p, const weft_number_digits *n, format_sink *sink)
{
    const int32_t whole = weft_max_i32(p->whole_least, n->point);
    const int32_t used = weft_max_i32(n->count - n->point, 0); /* digits behind the point */
    const int32_t places = weft_max_i32(p->places_least, weft_min_i32(used, p->places_most));
    for (int32_t left = whole; left > 0; left--) {
        sink_char(sink, weft_number_digit(n, n->point - left));
        if (p->group > 0 && left > 1 && (left - 1) % p->group == 0) sink_char(sink, ',');
    }
    if (whole <= 0 && places == 0) sink_char(sink, '0');
    if (places > 0 || p->point_always) sink_char(sink, '.');
    for (int32_t k = 0; k < places; k++) sink_char(sink, weft_number_digit(n, n->point + k));
}

static void put_scientific(const weft_decimal_pattern *p, const weft_number_digits *n, format_sink *sink)
{
    const int32_t repeat = p->whole_most;
    const bool repeats = repeat > 1 && repeat > p->whole_least;
    int32_t exponent = n->point - p->whole_least;
    if (repeats) exponent = (n->point >= 1 ? n->point - 1 : n->point - repeat) / repeat * repeat;
    const int32_t whole = n->count > 0 ? n->point - exponent : repeats ? 1 : p->whole_least;
    const int32_t least = weft_max_i32(p->whole_least + p->places_least, whole);
    const int32_t total = weft_max_i32(n->count, least);
    for (int32_t i = 0; i < total; i++) {
        if (i == whole) sink_char(sink, '.');
        sink_char(sink, weft_number_digit(n, i));
    }
    if (p->point_always && total == whole) sink_char(sink, '.');
    if (n->count == 0) exponent = 0;
    char text[16];
    const int len = snprintf(text, sizeof text, "%d", exponent < 0 ? -exponent : exponent);
    sink_text(sink, exponent < 0 ? "E-" : "E");
    sink_fill(sink, '0', p->exponent_least - (exponent == 0 ? 0 : len));
    if (exponent != 0) sink_put(sink, text, (size_t)len);
}

static void put_number(const weft_decimal_pattern *p, weft_decimal_number *number, format_sink *sink)
{
    weft_number_digits *n = &number->digits;
    weft_decimal_pattern bounded = *p;
    if (number->bounded) {
        bounded.whole_least = weft_min_i32(p->whole_least, BOUNDED_WHOLE);
        bounded.places_least = weft_min_i32(p->places_least, BOUNDED_PLACES);
        bounded.places_most = weft_min_i32(p->places_most, BOUNDED_PLACES);
    }
    if (p->exponent_least > 0) {
        weft_number_digits_half_even(n, p->whole_most + bounded.places_most);
        put_scientific(&bounded, n, sink);
    } else {
        weft_number_digits_half_even(n, bounded.places_most + n->point);
        put_plain(&bounded, n, sink);
    }
}

void weft_decimal_pattern_write(const weft_decimal_pattern *pattern, weft_decimal_number number,
                                format_sink *sink)
{
    const weft_decimal_affixes *plain = &pattern->plain, *negative = &pattern->negative;
    const bool own = pattern->has_negative && !(affix_equal(&plain->prefix, &negative->prefix) &&
                                                affix_equal(&plain->suffix, &negative->suffix));
    const weft_decimal_affixes *affixes = number.negative && own ? negative : plain;
    if (number.negative && !own) sink_char(sink, '-');
    affix_put(sink, &affixes->prefix);
    if (number.infinite)
        sink_text(sink, "∞");
    else
        put_number(pattern, &number, sink);
    affix_put(sink, &affixes->suffix);
}
