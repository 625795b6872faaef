/* engine/expr/datetime_parse.c - reading text by a pattern.
 *
 * A number of fixed width takes its digits; one of free width takes what it can, but leaves the digits of the
 * fixed ones that follow it directly (yyyyMMdd). Names count in any case. A section in [] is skipped when it
 * does not fit. The fields are put together at the end, and must be a day that there is. */
#include <ctype.h>
#include <string.h>

#include "engine/expr/calendar.h"
#include "engine/expr/datetime_legacy.h"
#include "engine/expr/datetime_private.h"
#include "engine/expr/interval.h"
#include "engine/expr/utf8.h"

enum { YEAR_DIGITS_MAX = 7, DAY_DIGITS_MAX = 18 };

typedef struct parsed_moment {
    int64_t year, month, day, day_of_year, hour, half_hour, minute, second, us; /* -1: not there */
    int32_t half;                                                               /* 0 AM, 1 PM, -1 */
    bool before_christ;
    bool has_day_number;
    int64_t day_number; /* g */
    datetime_zone zone;
} parsed_moment;

static bool read_number(datetime_input *in, int32_t least, int32_t most, int64_t *out)
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

/* The one character that another becomes; one that becomes several stays, as in Java. */
static uint32_t one_upper(uint32_t character)
{
    uint32_t out[3];
    return weft_utf8_upper(character, out) == 1 ? out[0] : character;
}

/* The same but for its case, as Java compares characters: by the capital letter, then by the small one of it.
 */
static bool same_character(uint32_t a, uint32_t b)
{
    uint32_t lower[2][3];
    if (a == b) return true;
    a = one_upper(a);
    b = one_upper(b);
    if (a == b) return true;
    (void)weft_utf8_lower(a, lower[0]);
    (void)weft_utf8_lower(b, lower[1]);
    return lower[0][0] == lower[1][0];
}

bool datetime_read_text(datetime_input *in, const char *text, size_t len)
{
    size_t at = in->at;
    for (size_t k = 0; k < len;) {
        uint32_t bytes[2];
        if (at == in->len) return false;
        const uint32_t want = weft_utf8_decode(text + k, len - k, &bytes[0]);
        const uint32_t have = weft_utf8_decode(in->text + at, in->len - at, &bytes[1]);
        if (!same_character(want, have)) return false;
        k += bytes[0];
        at += bytes[1];
    }
    in->at = at;
    return true;
}

bool datetime_read_name(datetime_input *in, const char *const *names, int32_t count, int64_t *out)
{
    datetime_input best = *in;
    for (int32_t k = 0; k < count; k++) {
        datetime_input with = *in;
        if (!datetime_read_text(&with, names[k], strlen(names[k])) || with.at <= best.at) continue;
        best = with;
        *out = k;
    }
    const bool found = best.at > in->at;
    *in = best;
    return found;
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
static int32_t free_digits(const weft_datetime_pattern *p, int32_t k, const datetime_input *in)
{
    int32_t have = 0, needed = 0, width;
    while (in->at + (size_t)have < in->len && isdigit((unsigned char)in->text[in->at + (size_t)have]) &&
           have < 64)
        have++;
    for (k++; k < p->count && (width = fixed_digits(&p->items[k])) > 0; k++) needed += width;
    return needed > 0 ? have - needed : have;
}

static bool read_year(const weft_datetime_pattern *p, int32_t k, datetime_input *in, int64_t *out)
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

static bool read_day_number(const weft_datetime_pattern *p, int32_t k, datetime_input *in, parsed_moment *m)
{
    const bool minus = in->at < in->len && in->text[in->at] == '-';
    in->at += minus;
    m->has_day_number = true;
    if (!read_number(in, p->items[k].count, weft_min_i32(free_digits(p, k, in), DAY_DIGITS_MAX),
                     &m->day_number))
        return false;
    if (minus) m->day_number = -m->day_number;
    return true;
}

static bool read_fraction(datetime_input *in, int32_t most, int64_t *us)
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
static bool read_field(const weft_datetime_pattern *p, int32_t k, datetime_input *in, int64_t *out)
{
    const int32_t count = p->items[k].count;
    if (count >= 2) return read_number(in, count, count, out);
    return read_number(in, 1, weft_min_i32(free_digits(p, k, in), 9), out);
}

static bool read_month(const weft_datetime_pattern *p, int32_t k, datetime_input *in, int64_t *month)
{
    const weft_datetime_names *names = p->names;
    const weft_datetime_item *item = &p->items[k];
    const bool alone = item->letter == 'L';
    if (item->count < 3) return read_field(p, k, in, month);
    const char *const *list = item->count == 3 ? (alone ? names->months_alone : names->months)
                                               : (alone ? names->months_alone_long : names->months_long);
    const bool found = datetime_read_name(in, list, 12, month);
    *month += 1;
    return found;
}

static bool read_item(weft_ctx *ctx, weft_datetime_pattern *p, int32_t k, datetime_input *in,
                      parsed_moment *m)
{
    const weft_datetime_item *item = &p->items[k];
    int64_t index = 0;
    switch (item->letter) {
    case 0: return datetime_read_text(in, p->bytes + item->begin, item->len);
    case 'G':
        if (!datetime_read_name(in, item->count == 4 ? p->names->eras_long : p->names->eras, 2, &index))
            return false;
        m->before_christ = index == 0;
        return true;
    case 'y': return read_year(p, k, in, &m->year);
    case 'M':
    case 'L': return read_month(p, k, in, &m->month);
    case 'd': return read_field(p, k, in, &m->day);
    case 'g': return read_day_number(p, k, in, m);
    case 'D':
        if (item->count == 2) return read_number(in, 2, 3, &m->day_of_year);
        return read_field(p, k, in, &m->day_of_year);
    case 'a':
        if (!datetime_read_name(in, p->names->halves, 2, &index)) return false;
        m->half = (int32_t)index;
        return true;
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
    case 'O':
    case 'X':
    case 'x':
    case 'Z': return datetime_read_zone(ctx, p, item, in, &m->zone);
    default: return false; /* refused when the pattern was made */
    }
}

/* A field that the pattern has twice is the same both times. */
static bool fields_agree(const parsed_moment *before, const parsed_moment *after)
{
    const int64_t pairs[][2] = {{before->month, after->month},
                                {before->day, after->day},
                                {before->day_of_year, after->day_of_year},
                                {before->hour, after->hour},
                                {before->half_hour, after->half_hour},
                                {before->minute, after->minute},
                                {before->second, after->second},
                                {before->us, after->us},
                                {before->half, after->half}};
    for (int32_t i = 0; i < WEFT_COUNT(pairs); i++)
        if (pairs[i][0] >= 0 && pairs[i][0] != pairs[i][1]) return false;
    return before->year == INT64_MIN || before->year == after->year;
}

/* Items from k up to the end or the closing bracket; *next is behind it. */
static bool read_items(weft_ctx *ctx, weft_datetime_pattern *p, int32_t k, datetime_input *in,
                       parsed_moment *m, int32_t *next)
{
    bool fits = true;
    for (; k < p->count && p->items[k].letter != ']'; k++) {
        if (p->items[k].letter == '[') {
            const datetime_input before = *in;
            const parsed_moment kept = *m;
            int32_t behind;
            if (!read_items(ctx, p, k + 1, in, m, &behind) || !fits) {
                *in = before;
                *m = kept;
            }
            k = weft_min_i32(behind, p->count - 1); /* a section may go on to the end */
        } else if (fits) {
            const size_t at = in->at;
            const parsed_moment before = *m;
            fits = read_item(ctx, p, k, in, m) && fields_agree(&before, m);
            if (!fits) in->at = at; /* go on only to find the end of the section */
        }
    }
    *next = k;
    return fits;
}

/* The day of a number of days, which is that of the other fields. */
static bool day_of_number(const parsed_moment *m, int64_t *days)
{
    *days = m->day_number - DATETIME_DAY_OF_EPOCH;
    if (*days < INT32_MIN / 2 || *days > INT32_MAX / 2) return false;
    const weft_civil civil = weft_civil_of_days((int32_t)*days);
    return (m->year == INT64_MIN || m->year == civil.year) && (m->month < 0 || m->month == civil.month) &&
           (m->day < 0 || m->day == civil.day);
}

static bool moment_of(const parsed_moment *m, int64_t *local_us)
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
        const weft_civil civil = weft_civil_of_days((int32_t)days);
        const bool agree = (m->month < 0 || civil.month == month) && (m->day < 0 || civil.day == day);
        if (m->day_of_year < 1 || civil.year != year || !agree) return false;
    }
    if (m->has_day_number && !day_of_number(m, &days)) return false;
    const int64_t of_day = (((hour < 0 ? 0 : hour) * 60 + (m->minute < 0 ? 0 : m->minute)) * 60 +
                            (m->second < 0 ? 0 : m->second)) *
                               1000000 +
                           (m->us < 0 ? 0 : m->us);
    return !__builtin_mul_overflow(days, (int64_t)WEFT_DAY_US, local_us) &&
           !__builtin_add_overflow(*local_us, of_day, local_us);
}

static bool read_all(weft_ctx *ctx, weft_datetime_pattern *pattern, const char *text, size_t len,
                     parsed_moment *m, size_t *at)
{
    datetime_input in = {.text = text, .len = len};
    int32_t next;
    *m = (parsed_moment){.year = INT64_MIN,
                         .month = -1,
                         .day = -1,
                         .day_of_year = -1,
                         .hour = -1,
                         .half_hour = -1,
                         .minute = -1,
                         .second = -1,
                         .us = -1,
                         .half = -1};
    const bool fits = read_items(ctx, pattern, 0, &in, m, &next) && next == pattern->count && in.at == len;
    *at = in.at;
    return fits;
}

/* Behind a text: the error that it made; that it does not fit is one where Spark 2 would have read it. */
static weft_status end_reading(weft_ctx *ctx, weft_datetime_pattern *pattern, weft_zone *zone,
                               const char *text, size_t len, const weft_datetime_reading *out)
{
    weft_status st = pattern->failed;
    weft_datetime_reading older = {0};
    pattern->failed = WEFT_OK;
    if (st != WEFT_OK || out->fits || pattern->older == NULL) return st;
    WEFT_TRY(st, weft_datetime_parse(ctx, pattern->older, zone, text, len, &older));
    if (!older.fits) return WEFT_OK;
    st = weft_fail(ctx, WEFT_DATETIME_PARSE_UPGRADE,
                   "You may get a different result due to the upgrading to Spark >= 3.0: Fail to parse "
                   "'%.*s' in the new parser.",
                   (int)weft_min_i64((int64_t)len, 200), text);
    weft_hint(ctx, "Set spark.sql.legacy.timeParserPolicy to LEGACY to read it as before Spark 3.0, or to "
                   "CORRECTED to take it for an invalid text.");
done:
    return st;
}

weft_status weft_datetime_parse(weft_ctx *ctx, weft_datetime_pattern *pattern, weft_zone *zone,
                                const char *text, size_t len, weft_datetime_reading *out)
{
    parsed_moment m;
    int64_t local;
    *out = (weft_datetime_reading){0};
    if (pattern->style != WEFT_DATETIME_OF_JAVA_TIME) {
        datetime_legacy_parse(ctx, pattern, zone, text, len, out);
        return end_reading(ctx, pattern, zone, text, len, out);
    }
    out->fits = read_all(ctx, pattern, text, len, &m, &out->at) && moment_of(&m, &local);
    if (out->fits)
        out->us = m.zone.has_offset ? local - (int64_t)m.zone.offset_s * 1000000
                                    : weft_zone_to_utc(m.zone.has_zone ? m.zone.zone : zone, local);
    return end_reading(ctx, pattern, zone, text, len, out);
}

weft_status weft_datetime_parse_local(weft_ctx *ctx, weft_datetime_pattern *pattern, const char *text,
                                      size_t len, weft_datetime_reading *out)
{
    parsed_moment m;
    if (pattern->style != WEFT_DATETIME_OF_JAVA_TIME)
        return weft_datetime_parse(ctx, pattern, NULL, text, len, out);
    *out = (weft_datetime_reading){0};
    out->fits = read_all(ctx, pattern, text, len, &m, &out->at) && moment_of(&m, &out->us);
    out->zoned = m.zone.has_offset || m.zone.has_zone;
    return end_reading(ctx, pattern, NULL, text, len, out);
}

weft_status weft_datetime_parse_time(weft_ctx *ctx, weft_datetime_pattern *pattern, const char *text,
                                     size_t len, weft_type type, int64_t *ns, bool *good)
{
    weft_status st = WEFT_OK;
    int32_t digits = 0;
    if (pattern == NULL) {
        *good = weft_parse_time(text, len, ns, &digits);
    } else {
        weft_datetime_reading read;
        WEFT_TRY(st, weft_datetime_parse_local(ctx, pattern, text, len, &read));
        *good = read.fits;
        *ns = weft_us_of_day(read.us) * 1000;
    }
    if (*good) *ns = weft_time_cut(type, *ns);
done:
    return st;
}

weft_status weft_datetime_inferred(weft_ctx *ctx, bool strict, weft_status st)
{
    if (!strict || st != WEFT_DATETIME_PARSE_UPGRADE) return st;
    weft_error_clear(ctx);
    return WEFT_OK;
}
