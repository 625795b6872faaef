/* engine/expr/interval.c - see interval.h. */
#include "engine/expr/interval.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base.h"

enum { DAY, HOUR, MINUTE, SECOND }; /* fields of day-time intervals */

static const char *const ym_names[] = {"YEAR", "MONTH"};
static const char *const dt_names[] = {"DAY", "HOUR", "MINUTE", "SECOND"};
static const int64_t dt_units[] = {86400000000, 3600000000, 60000000, 1000000};

int64_t weft_interval_unit(weft_type_id id, int32_t field)
{
    if (id == WEFT_TYPE_INTERVAL_YM) return field == 0 ? 12 : 1;
    return dt_units[field];
}

int64_t weft_interval_cut(weft_type type, int64_t value)
{
    const int32_t last = weft_type_last_field(type);
    if (type.id == WEFT_TYPE_INTERVAL_DT && last == SECOND) return value;
    return value - value % weft_interval_unit((weft_type_id)type.id, last);
}

weft_type weft_interval_common(weft_type a, weft_type b)
{
    return weft_type_interval((weft_type_id)a.id,
                              weft_min_i32(weft_type_first_field(a), weft_type_first_field(b)),
                              weft_max_i32(weft_type_last_field(a), weft_type_last_field(b)));
}

/* ---- to text ---- */

static int ym_text(weft_type type, uint64_t months, char *to, size_t room)
{
    const unsigned long long years = months / 12, rest = months % 12;
    if (weft_type_first_field(type) > 0) return snprintf(to, room, "%llu", (unsigned long long)months);
    if (weft_type_last_field(type) == 0) return snprintf(to, room, "%llu", years);
    return snprintf(to, room, "%llu-%llu", years, rest);
}

static int dt_text(weft_type type, uint64_t us, char *to, size_t room)
{
    static const uint64_t wraps[] = {UINT64_MAX, 24, 60, 60};
    const int32_t first = weft_type_first_field(type), last = weft_type_last_field(type);
    int used = 0;
    for (int32_t i = first; i <= last; i++) {
        const uint64_t whole = us / (uint64_t)dt_units[i], field = i == first ? whole : whole % wraps[i];
        const char *before = i == first ? "" : i == HOUR ? " " : ":";
        used += snprintf(to + used, room - (size_t)used, i == DAY ? "%s%llu" : "%s%02llu", before,
                         (unsigned long long)field);
    }
    const uint64_t fraction = us % 1000000;
    if (last != SECOND || fraction == 0) return used;
    used += snprintf(to + used, room - (size_t)used, ".%06llu", (unsigned long long)fraction);
    while (to[used - 1] == '0') to[--used] = '\0';
    return used;
}

int weft_interval_text(weft_type type, int64_t value, char *text)
{
    const size_t room = WEFT_INTERVAL_TEXT_BYTES;
    const bool months = type.id == WEFT_TYPE_INTERVAL_YM;
    const char *const *names = months ? ym_names : dt_names;
    const int32_t first = weft_type_first_field(type), last = weft_type_last_field(type);
    const uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
    int used = snprintf(text, room, "INTERVAL '%s", value < 0 ? "-" : "");
    used += (months ? ym_text : dt_text)(type, size, text + used, room - (size_t)used);
    return used + snprintf(text + used, room - (size_t)used, "' %s%s%s", names[first],
                           first == last ? "" : " TO ", first == last ? "" : names[last]);
}

int weft_time_text(int64_t ns, char *text)
{
    const int32_t seconds = (int32_t)(ns / 1000000000), fraction = (int32_t)(ns % 1000000000);
    int used = snprintf(text, WEFT_TIME_TEXT_BYTES, "%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60,
                        seconds % 60);
    if (fraction == 0) return used;
    used += snprintf(text + used, (size_t)(WEFT_TIME_TEXT_BYTES - used), ".%09d", fraction);
    while (text[used - 1] == '0') text[--used] = '\0';
    return used;
}

/* ---- from text ---- */

typedef struct text_reader {
    const char *at, *end;
} text_reader;

static text_reader reader_trimmed(const char *text, size_t len)
{
    text_reader r = {text, text + len};
    while (r.at < r.end && (unsigned char)*r.at <= ' ') r.at++;
    while (r.at < r.end && (unsigned char)r.end[-1] <= ' ') r.end--;
    return r;
}

static bool eat(text_reader *r, char c)
{
    if (r->at == r->end || *r->at != c) return false;
    r->at++;
    return true;
}

static bool eat_blanks(text_reader *r)
{
    const char *before = r->at;
    while (r->at < r->end && (unsigned char)*r->at <= ' ') r->at++;
    return r->at > before;
}

static bool eat_word(text_reader *r, const char *word)
{
    const size_t len = strlen(word);
    if ((size_t)(r->end - r->at) < len || strncasecmp(r->at, word, len) != 0) return false;
    r->at += len;
    return true;
}

/* A number of up to `most` digits; the digits there are, 0 for none or too many. */
static int32_t eat_number(text_reader *r, int32_t most, int64_t *out)
{
    int32_t digits = 0;
    *out = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        if (++digits > most) return 0;
        *out = *out * 10 + (*r->at - '0');
    }
    return digits;
}

/* .digits, as so many units of which 10 to the `places` are one. At most nine digits are there. */
static bool eat_fraction(text_reader *r, int32_t places, int64_t *out, int32_t *digits)
{
    int64_t value = 0;
    *out = 0;
    *digits = 0;
    if (!eat(r, '.')) return true;
    *digits = eat_number(r, 9, &value);
    for (int32_t k = *digits; k < places; k++) value *= 10;
    for (int32_t k = *digits; k > places; k--) value /= 10;
    *out = value;
    return *digits > 0;
}

/* The fields of the type, from the first to the last, with what stands between them. */
static bool eat_fields(text_reader *r, weft_type type, weft_i128 *out)
{
    static const char separators[] = " ::";
    static const int64_t highest[] = {0, 23, 59, 59};
    const bool months = type.id == WEFT_TYPE_INTERVAL_YM;
    const int32_t first = weft_type_first_field(type), last = weft_type_last_field(type);
    weft_i128 sum = 0;
    for (int32_t i = first; i <= last; i++) {
        int64_t value, fraction = 0;
        int32_t digits;
        if (i > first && !eat(r, months ? '-' : separators[i - 1])) return false;
        if (eat_number(r, i > first && !months ? 2 : 18, &value) == 0) return false;
        if (i > first && value > (months ? 11 : highest[i])) return false;
        if (!months && i == SECOND && !eat_fraction(r, 6, &fraction, &digits)) return false;
        sum += (weft_i128)value * weft_interval_unit((weft_type_id)type.id, i) + fraction;
    }
    *out = sum;
    return true;
}

/* The names of the type's fields: YEAR TO MONTH. */
static bool eat_names(text_reader *r, weft_type type)
{
    const char *const *names = type.id == WEFT_TYPE_INTERVAL_YM ? ym_names : dt_names;
    const int32_t first = weft_type_first_field(type), last = weft_type_last_field(type);
    if (!eat_blanks(r) || !eat_word(r, names[first])) return false;
    return first == last || (eat_blanks(r) && eat_word(r, "to") && eat_blanks(r) && eat_word(r, names[last]));
}

bool weft_interval_parse(weft_type type, const char *text, size_t len, int64_t *out)
{
    text_reader r = reader_trimmed(text, len);
    weft_i128 value = 0;
    bool negative = false;
    const bool full = eat_word(&r, "interval");
    if (full) {
        if (!eat_blanks(&r)) return false;
        negative = eat(&r, '-') || (eat(&r, '+') && false);
        if (!eat(&r, '\'')) return false;
    }
    if (eat(&r, '-'))
        negative = !negative;
    else
        (void)eat(&r, '+');
    if (!eat_fields(&r, type, &value)) return false;
    if (full && (!eat(&r, '\'') || !eat_names(&r, type))) return false;
    if (negative) value = -value;
    *out = (int64_t)value;
    return r.at == r.end && value == (type.id == WEFT_TYPE_INTERVAL_YM ? (int32_t)value : (int64_t)value);
}

typedef struct word_unit {
    const char *name;
    int32_t months, days;
    int64_t us;
} word_unit;

static const word_unit *eat_unit(text_reader *r)
{
    static const word_unit units[] = {
        {"years", 12, 0, 0},        {"months", 1, 0, 0},          {"weeks", 0, 7, 0},
        {"days", 0, 1, 0},          {"hours", 0, 0, 3600000000},  {"minutes", 0, 0, 60000000},
        {"seconds", 0, 0, 1000000}, {"milliseconds", 0, 0, 1000}, {"microseconds", 0, 0, 1}};
    const char *begin = r->at;
    while (r->at < r->end && (unsigned char)*r->at > ' ') r->at++;
    const size_t len = (size_t)(r->at - begin);
    for (int32_t i = 0; i < WEFT_COUNT(units); i++) {
        const size_t full = strlen(units[i].name);
        if ((len == full || len == full - 1) && strncasecmp(units[i].name, begin, len) == 0) return &units[i];
    }
    return NULL;
}

/* Digits as a whole number, those behind a point as millionths: a fraction has nine digits at most, and where
 * nothing stands before the point at least one. */
static bool eat_decimal(text_reader *r, int64_t *value, int64_t *fraction, bool *pointed)
{
    const char *begin = r->at;
    *value = *fraction = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        if (__builtin_mul_overflow(*value, (int64_t)10, value)) return false;
        if (__builtin_add_overflow(*value, (int64_t)(*r->at - '0'), value)) return false;
    }
    const bool whole = r->at > begin;
    *pointed = eat(r, '.');
    if (!*pointed) return whole;
    begin = r->at;
    for (int64_t scale = 100000; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++, scale /= 10)
        *fraction += (*r->at - '0') * scale;
    return r->at - begin <= 9 && (whole || r->at > begin);
}

/* [sign] digits [.digits] unit, with blanks before the unit; a fraction is of seconds only. */
static bool eat_amount(text_reader *r, weft_calendar_interval *sum)
{
    int64_t value, fraction, part;
    bool pointed = false;
    const bool negative = eat(r, '-');
    if (!negative) (void)eat(r, '+');
    (void)eat_blanks(r);
    if (!eat_decimal(r, &value, &fraction, &pointed) || !eat_blanks(r)) return false;
    const word_unit *unit = eat_unit(r);
    if (unit == NULL || (pointed && unit->us != 1000000)) return false;
    if (negative) value = -value;
    if (__builtin_mul_overflow(value, (int64_t)unit->months, &part)) return false;
    if (__builtin_add_overflow(part, (int64_t)sum->months, &part) || part != (int32_t)part) return false;
    sum->months = (int32_t)part;
    if (__builtin_mul_overflow(value, (int64_t)unit->days, &part)) return false;
    if (__builtin_add_overflow(part, (int64_t)sum->days, &part) || part != (int32_t)part) return false;
    sum->days = (int32_t)part;
    if (__builtin_mul_overflow(value, unit->us, &part)) return false;
    return !__builtin_add_overflow(sum->us, part, &sum->us) &&
           !__builtin_add_overflow(sum->us, negative ? -fraction : fraction, &sum->us);
}

bool weft_interval_words(const char *text, size_t len, weft_calendar_interval *out)
{
    text_reader r = reader_trimmed(text, len);
    *out = (weft_calendar_interval){0};
    if (eat_word(&r, "interval") && !eat_blanks(&r)) return false;
    if (r.at == r.end) return false;
    while (r.at < r.end) {
        if (!eat_amount(&r, out)) return false;
        (void)eat_blanks(&r);
    }
    return true;
}

bool weft_parse_time(const char *text, size_t len, int64_t *ns, int32_t *digits)
{
    text_reader r = reader_trimmed(text, len);
    int64_t hour, minute, second = 0, fraction = 0;
    *digits = 0;
    (void)eat(&r, 'T');
    if (eat_number(&r, 2, &hour) == 0 || !eat(&r, ':') || eat_number(&r, 2, &minute) == 0) return false;
    if (eat(&r, ':')) {
        if (eat_number(&r, 2, &second) == 0 || !eat_fraction(&r, 9, &fraction, digits)) return false;
    }
    (void)eat_blanks(&r);
    if (r.at < r.end) { /* the hours of a half day are 1 to 12 */
        const bool after_noon = eat_word(&r, "pm");
        if ((!after_noon && !eat_word(&r, "am")) || hour < 1 || hour > 12) return false;
        hour = hour % 12 + (after_noon ? 12 : 0);
    }
    if (hour > 23 || minute > 59 || second > 59) return false;
    *ns = ((hour * 60 + minute) * 60 + second) * 1000000000 + fraction;
    return r.at == r.end;
}

bool weft_nanos_of_us(weft_type type, int64_t us, int32_t rest_ns, int64_t *out)
{
    static const int32_t units[] = {1, 10, 100, 1000};
    rest_ns -= rest_ns % units[weft_min_i32(type.scale, 3)];
    return !__builtin_mul_overflow(us, (int64_t)1000, out) &&
           !__builtin_add_overflow(*out, (int64_t)rest_ns, out);
}

int64_t weft_time_cut(weft_type type, int64_t ns)
{
    int64_t unit = 1;
    for (int32_t k = weft_type_time_digits(type); k < WEFT_TIME_DIGITS_MAX; k++) unit *= 10;
    return ns - ns % unit;
}
