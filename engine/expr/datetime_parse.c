/* engine/expr/datetime_parse.c - reading text by a pattern.
 *
 * A number of fixed width takes its digits; one of free width takes what it can, but leaves the digits of the
 * fixed ones that follow it directly (yyyyMMdd). Names count in any case. A section in [] is skipped when it
 * does not fit. The fields are put together at the end, and must be a day that there is. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "engine/expr/calendar.h"
#include "engine/expr/datetime_pattern.h"
#include "engine/expr/datetime_private.h"

enum { YEAR_DIGITS_MAX = 7 };

typedef struct parsed_moment {
    int64_t year, month, day, day_of_year, hour, half_hour, minute, second, us; /* -1: not there */
    int32_t half;                                                               /* 0 AM, 1 PM, -1 */
    bool before_christ;
    bool has_offset;
    int64_t offset_s;
} parsed_moment;

typedef struct parse_input {
    const char *text;
    size_t len, at;
} parse_input;

static bool read_number(parse_input *in, int32_t least, int32_t most, int64_t *out)
{
    int64_t value = 0;
    int32_t digits = 0;
    while (digits < most && in->at < in->len && isdigit((unsigned char)in->text[in->at])) {
        value = value * 10 + (in->text[in->at++] - '0');
        digits++;
    }
    *out = value;
    return digits >= least;
}

static bool read_text(parse_input *in, const char *text, size_t len)
{
    if (in->len - in->at < len || strncasecmp(in->text + in->at, text, len) != 0) return false;
    in->at += len;
    return true;
}

/* One of `count` names, whole or its first three letters. */
static bool read_name(parse_input *in, const char *const *names, int32_t count, bool whole, int64_t *out)
{
    for (int32_t k = 0; k < count; k++) {
        if (!read_text(in, names[k], whole ? strlen(names[k]) : 3)) continue;
        *out = k;
        return true;
    }
    return false;
}

/* Is the item a number of as many digits as it has letters? Then how many, else 0. */
static int32_t fixed_digits(const weft_datetime_item *item)
{
    if (item->letter == 'S') return item->count;
    if (strchr("dHhKkms", item->letter) != NULL && item->letter != 0) return item->count == 2 ? 2 : 0;
    if (item->letter == 'M' || item->letter == 'L') return item->count == 2 ? 2 : 0;
    if (item->letter == 'D') return item->count == 3 ? 3 : 0;
    return item->letter == 'y' && item->count == 2 ? 2 : 0;
}

/* Digits at hand, less those that the fixed numbers directly behind item k need. */
static int32_t free_digits(const weft_datetime_pattern *p, int32_t k, const parse_input *in)
{
    int32_t have = 0, needed = 0, width;
    while (in->at + (size_t)have < in->len && isdigit((unsigned char)in->text[in->at + (size_t)have]) &&
           have < 64)
        have++;
    for (k++; k < p->count && (width = fixed_digits(&p->items[k])) > 0; k++) needed += width;
    return needed > 0 ? have - needed : have;
}

static bool read_year(const weft_datetime_pattern *p, int32_t k, parse_input *in, int64_t *out)
{
    const int32_t count = p->items[k].count;
    if (count == 2) {
        const bool fits = read_number(in, 2, 2, out);
        *out += 2000;
        return fits;
    }
    const bool sign = in->at < in->len && (in->text[in->at] == '+' || in->text[in->at] == '-');
    const bool minus = sign && in->text[in->at] == '-';
    if (sign) in->at++;
    const int32_t digits = free_digits(p, k, in);
    if (digits > YEAR_DIGITS_MAX || (count >= 4 && !sign && digits > count))
        return false; /* a longer year has a sign */
    const bool fits = read_number(in, count >= 3 ? count : 1, digits, out);
    if (minus) *out = -*out;
    return fits;
}

/* +01, +0130, +01:30, Z */
static bool read_offset(parse_input *in, parsed_moment *m)
{
    int64_t hours, minutes = 0;
    if (in->at == in->len) return false;
    m->has_offset = true;
    if (in->text[in->at] == 'Z' || in->text[in->at] == 'z') {
        in->at++;
        m->offset_s = 0;
        return true;
    }
    const char sign = in->text[in->at];
    if (sign != '+' && sign != '-') return false;
    in->at++;
    if (!read_number(in, 2, 2, &hours) || hours > 18) return false;
    const bool colon = in->at < in->len && in->text[in->at] == ':';
    if (colon) in->at++;
    if ((colon || (in->at < in->len && isdigit((unsigned char)in->text[in->at]))) &&
        !read_number(in, 2, 2, &minutes))
        return false;
    if (minutes > 59) return false;
    m->offset_s = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
    return true;
}

/* UTC, GMT, Z, or these with a distance. Zones of other names are not known here. */
static bool read_zone(parse_input *in, parsed_moment *m)
{
    const bool named = read_text(in, "UTC", 3) || read_text(in, "GMT", 3);
    const bool offset = in->at < in->len && strchr("+-Zz", in->text[in->at]) != NULL;
    if (!named || offset) return read_offset(in, m);
    m->has_offset = true;
    m->offset_s = 0;
    return true;
}

static bool read_fraction(parse_input *in, int32_t most, int64_t *us)
{
    const size_t begin = in->at;
    int64_t value;
    if (!read_number(in, 1, most, &value)) return false;
    for (size_t digits = in->at - begin; digits < 6; digits++) value *= 10;
    for (size_t digits = in->at - begin; digits > 6; digits--) value /= 10;
    *us = value;
    return true;
}

/* A field of up to two digits. */
static bool read_field(const weft_datetime_pattern *p, int32_t k, parse_input *in, int64_t *out)
{
    const int32_t count = p->items[k].count;
    if (count >= 2) return read_number(in, count, count, out);
    return read_number(in, 1, weft_min_i32(free_digits(p, k, in), 9), out);
}

static bool read_item(const weft_datetime_pattern *p, int32_t k, parse_input *in, parsed_moment *m)
{
    const weft_datetime_item *item = &p->items[k];
    int64_t index;
    switch (item->letter) {
    case 0: return read_text(in, p->bytes + item->begin, item->len);
    case 'G': m->before_christ = read_text(in, "BC", 2); return m->before_christ || read_text(in, "AD", 2);
    case 'y': return read_year(p, k, in, &m->year);
    case 'M':
    case 'L':
        if (item->count < 3) return read_field(p, k, in, &m->month);
        if (!read_name(in, datetime_months, 12, item->count == 4, &index)) return false;
        m->month = index + 1;
        return true;
    case 'd': return read_field(p, k, in, &m->day);
    case 'D': return read_field(p, k, in, &m->day_of_year);
    case 'a': m->half = read_text(in, "AM", 2) ? 0 : read_text(in, "PM", 2) ? 1 : -1; return m->half >= 0;
    case 'H': return read_field(p, k, in, &m->hour) && m->hour < 24;
    case 'k':
        if (!read_field(p, k, in, &m->hour) || m->hour < 1 || m->hour > 24) return false;
        m->hour %= 24;
        return true;
    case 'h':
        if (!read_field(p, k, in, &m->half_hour) || m->half_hour < 1 || m->half_hour > 12) return false;
        m->half_hour %= 12;
        return true;
    case 'K': return read_field(p, k, in, &m->half_hour) && m->half_hour < 12;
    case 'm': return read_field(p, k, in, &m->minute) && m->minute < 60;
    case 's': return read_field(p, k, in, &m->second) && m->second < 60;
    case 'S': return read_fraction(in, item->count, &m->us);
    case 'V':
    case 'z':
    case 'O': return read_zone(in, m);
    case 'X':
    case 'x':
    case 'Z': return read_offset(in, m);
    default: return false; /* refused when the pattern was made */
    }
}

/* Items from k up to the end or the closing bracket; *next is behind it. */
static bool read_items(const weft_datetime_pattern *p, int32_t k, parse_input *in, parsed_moment *m,
                       int32_t *next)
{
    bool fits = true;
    for (; k < p->count && p->items[k].letter != ']'; k++) {
        if (p->items[k].letter == '[') {
            const parse_input before = *in;
            const parsed_moment kept = *m;
            int32_t behind;
            if (!read_items(p, k + 1, in, m, &behind) || !fits) {
                *in = before;
                *m = kept;
            }
            k = behind;
        } else if (fits && !read_item(p, k, in, m)) {
            fits = false; /* go on only to find the end of the section */
        }
    }
    *next = k;
    return fits;
}

static bool moment_of(const parsed_moment *m, weft_zone *zone, int64_t *us)
{
    int64_t year = m->year == INT64_MIN ? 1970 : m->before_christ ? 1 - m->year : m->year;
    const int64_t month = m->month < 0 ? 1 : m->month, day = m->day < 0 ? 1 : m->day;
    int64_t hour = m->hour, days;
    if (m->half >= 0 || m->half_hour >= 0) {
        if (hour < 0) hour = (m->half_hour < 0 ? 0 : m->half_hour) + 12 * (m->half == 1);
    }
    if (!weft_civil_valid(year, month, day)) return false;
    days = weft_days_of_civil((int32_t)year, (int32_t)month, (int32_t)day);
    if (m->day_of_year >= 0) {
        days = weft_days_of_civil((int32_t)year, 1, 1) + m->day_of_year - 1;
        if (m->day_of_year < 1 || weft_civil_of_days((int32_t)days).year != year) return false;
    }
    const int64_t of_day = (((hour < 0 ? 0 : hour) * 60 + (m->minute < 0 ? 0 : m->minute)) * 60 +
                            (m->second < 0 ? 0 : m->second)) *
                               1000000 +
                           (m->us < 0 ? 0 : m->us);
    int64_t local;
    if (__builtin_mul_overflow(days, (int64_t)WEFT_DAY_US, &local) ||
        __builtin_add_overflow(local, of_day, &local))
        return false;
    *us = m->has_offset ? local - m->offset_s * 1000000 : weft_zone_to_utc(zone, local);
    return true;
}

bool weft_datetime_parse(const weft_datetime_pattern *pattern, weft_zone *zone, const char *text, size_t len,
                         int64_t *us, size_t *at)
{
    parse_input in = {.text = text, .len = len};
    parsed_moment m = {.year = INT64_MIN,
                       .month = -1,
                       .day = -1,
                       .day_of_year = -1,
                       .hour = -1,
                       .half_hour = -1,
                       .minute = -1,
                       .second = -1,
                       .us = -1,
                       .half = -1};
    int32_t next;
    const bool fits = read_items(pattern, 0, &in, &m, &next) && next == pattern->count && in.at == len;
    *at = in.at;
    return fits && moment_of(&m, zone, us);
}
