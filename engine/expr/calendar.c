/* engine/expr/calendar.c - see calendar.h. The calendar repeats every 400 years = 146097 days; inside such an
 * era years are counted from March, so that the leap day is the last of its year. */
#include "engine/expr/calendar.h"

#include <stdio.h>
#include <string.h>

#include "engine/expr/cast.h"
#include "engine/expr/zone.h"

enum { ERA_DAYS = 146097, EPOCH_SHIFT = 719468 /* days from 0000-03-01 to 1970-01-01 */ };

weft_civil weft_civil_of_days(int32_t days)
{
    const int64_t shifted = (int64_t)days + EPOCH_SHIFT;
    const int64_t era = (shifted >= 0 ? shifted : shifted - (ERA_DAYS - 1)) / ERA_DAYS;
    const uint32_t day_of_era = (uint32_t)(shifted - era * ERA_DAYS);
    const uint32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (ERA_DAYS - 1)) / 365;
    const uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const uint32_t march_month = (5 * day_of_year + 2) / 153;
    const int32_t month = (int32_t)(march_month < 10 ? march_month + 3 : march_month - 9);
    return (weft_civil){.year = (int32_t)(era * 400 + year_of_era + (month <= 2)),
                        .month = month,
                        .day = (int32_t)(day_of_year - (153 * march_month + 2) / 5 + 1)};
}

static int64_t days_of_civil(int32_t year, int32_t month, int32_t day)
{
    const int64_t y = (int64_t)year - (month <= 2);
    const int64_t era = (y >= 0 ? y : y - 399) / 400;
    const int64_t year_of_era = y - era * 400;
    const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_SHIFT;
}

int32_t weft_days_of_civil(int32_t year, int32_t month, int32_t day)
{
    return (int32_t)days_of_civil(year, month, day);
}

static bool year_is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int32_t weft_days_in_month(int32_t year, int32_t month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && year_is_leap(year));
}

bool weft_civil_valid(int64_t year, int64_t month, int64_t day)
{
    const int64_t first = -5877641, last = 5881580; /* what days in 32 bits reach, in part */
    if (year < first || year > last) return false;
    if (month < 1 || month > 12 || day < 1) return false;
    if (day > weft_days_in_month((int32_t)year, (int32_t)month)) return false;
    if (year > first && year < last) return true;
    const int64_t days = days_of_civil((int32_t)year, (int32_t)month, (int32_t)day);
    return days == (int32_t)days;
}

bool weft_days_add_months(int32_t days, int64_t months, int32_t *out)
{
    const weft_civil civil = weft_civil_of_days(days);
    const int64_t total = (int64_t)civil.year * 12 + (civil.month - 1) + months;
    const int64_t year = total >= 0 ? total / 12 : (total - 11) / 12;
    const int32_t month = (int32_t)(total - year * 12) + 1;
    if (year < INT32_MIN || year > INT32_MAX) return false;
    const int32_t last = weft_days_in_month((int32_t)year, month);
    const int64_t moved = days_of_civil((int32_t)year, month, civil.day < last ? civil.day : last);
    *out = (int32_t)moved;
    return moved == (int32_t)moved;
}

int weft_date_text(int32_t days, char *text)
{
    const weft_civil c = weft_civil_of_days(days);
    if (c.year > 9999) return snprintf(text, WEFT_DATE_TEXT_BYTES, "+%d-%02d-%02d", c.year, c.month, c.day);
    if (c.year < 0) return snprintf(text, WEFT_DATE_TEXT_BYTES, "-%04d-%02d-%02d", -c.year, c.month, c.day);
    const int y = c.year;
    text[0] = (char)('0' + y / 1000);
    text[1] = (char)('0' + y / 100 % 10);
    text[2] = (char)('0' + y / 10 % 10);
    text[3] = (char)('0' + y % 10);
    text[4] = text[7] = '-';
    text[5] = (char)('0' + c.month / 10);
    text[6] = (char)('0' + c.month % 10);
    text[8] = (char)('0' + c.day / 10);
    text[9] = (char)('0' + c.day % 10);
    text[10] = 0;
    return 10;
}

int weft_timestamp_text(int64_t us, char *text)
{
    int len = weft_date_text(weft_days_of_us(us), text);
    const int64_t of_day = weft_us_of_day(us);
    const int32_t seconds = (int32_t)(of_day / 1000000);
    int32_t fraction = (int32_t)(of_day % 1000000);
    len += snprintf(text + len, (size_t)(WEFT_TIMESTAMP_TEXT_BYTES - len), " %02d:%02d:%02d", seconds / 3600,
                    seconds / 60 % 60, seconds % 60);
    if (fraction == 0) return len;
    int digits = 6;
    while (fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    return len + snprintf(text + len, (size_t)(WEFT_TIMESTAMP_TEXT_BYTES - len), ".%0*d", digits, fraction);
}

typedef struct date_reader {
    const char *at, *end;
} date_reader;

static bool reader_char(date_reader *r, char c)
{
    if (r->at == r->end || *r->at != c) return false;
    r->at++;
    return true;
}

/* A number of min..max digits. */
static bool reader_number(date_reader *r, int min, int max, int64_t *out)
{
    int64_t value = 0;
    int count = 0;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && count < max) {
        value = value * 10 + (*r->at++ - '0');
        count++;
    }
    *out = value;
    return count >= min && !(r->at < r->end && *r->at >= '0' && *r->at <= '9');
}

static date_reader reader_trimmed(const char *text, size_t len)
{
    date_reader r = {text, text + len};
    while (r.at < r.end && (unsigned char)*r.at <= ' ') r.at++;
    while (r.at < r.end && (unsigned char)r.end[-1] <= ' ') r.end--;
    return r;
}

/* *full: it has a month and a day, so that something may follow. */
static bool reader_date(date_reader *r, int32_t *days, bool *full)
{
    int64_t year, month = 1, day = 1;
    *full = false;
    const bool negative = reader_char(r, '-');
    if (!negative) (void)reader_char(r, '+');
    if (!reader_number(r, 4, 7, &year)) return false;
    if (negative) year = -year;
    if (reader_char(r, '-')) {
        if (!reader_number(r, 1, 2, &month)) return false;
        *full = reader_char(r, '-');
        if (*full && !reader_number(r, 1, 2, &day)) return false;
    }
    if (!weft_civil_valid(year, month, day)) return false;
    *days = weft_days_of_civil((int32_t)year, (int32_t)month, (int32_t)day);
    return true;
}

bool weft_parse_date(const char *text, size_t len, int32_t *days)
{
    date_reader r = reader_trimmed(text, len);
    bool full;
    if (!reader_date(&r, days, &full)) return false;
    /* What follows a full date is not looked at. */
    return r.at == r.end || (full && (*r.at == ' ' || *r.at == 'T'));
}

/* Of a second, as nanoseconds: what is less is cut off. */
static void reader_fraction(date_reader *r, int64_t *ns, int32_t *digits)
{
    int64_t value = 0;
    int32_t count = 0;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        if (count < 9) value = value * 10 + (*r->at - '0');
        count++;
        r->at++;
    }
    for (int32_t i = count; i < 9; i++) value *= 10;
    *ns = value;
    *digits = weft_min_i32(count, 9);
}

/* Letters first, then what names of zones are made of. */
static bool reader_zone_name(const date_reader *r, weft_moment *out)
{
    static const char others[] = "_+-/:";
    const char first = *r->at;
    if (!((first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z'))) return false;
    for (const char *c = r->at; c < r->end; c++) {
        const bool letter = (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9');
        if (!letter && memchr(others, *c, sizeof others - 1) == NULL) return false;
    }
    out->zone = r->at;
    out->zone_len = (size_t)(r->end - r->at);
    return true;
}

bool weft_parse_moment(const char *text, size_t len, weft_moment *out)
{
    date_reader r = reader_trimmed(text, len);
    int64_t hour, minute = 0, second = 0, fraction = 0, of_day = 0;
    int32_t days = 0;
    bool full = false;
    *out = (weft_moment){0};
    if (!reader_date(&r, &days, &full)) return false;
    if (r.at < r.end) {
        if (!full || (!reader_char(&r, ' ') && !reader_char(&r, 'T'))) return false;
        if (!reader_number(&r, 1, 2, &hour)) return false;
        if (reader_char(&r, ':') && !reader_number(&r, 1, 2, &minute)) return false;
        const bool seconds = reader_char(&r, ':');
        if (seconds && !reader_number(&r, 1, 2, &second)) return false;
        if (seconds && reader_char(&r, '.')) reader_fraction(&r, &fraction, &out->second_digits);
        if (hour > 23 || minute > 59 || second > 59) return false;
        while (r.at < r.end && *r.at == ' ') r.at++;
        if (r.at < r.end) {
            if (!seconds) return false; /* Spark takes a zone behind seconds only */
            int32_t offset_s;
            out->has_offset = weft_zone_parse_offset(r.at, (size_t)(r.end - r.at), &offset_s);
            out->offset_us = (int64_t)offset_s * 1000000;
            if (!out->has_offset && !reader_zone_name(&r, out)) return false;
        }
        of_day = ((hour * 60 + minute) * 60 + second) * 1000000 + fraction / 1000;
        out->rest_ns = (int32_t)(fraction % 1000);
    }
    const weft_i128 local_us = (weft_i128)days * WEFT_DAY_US + of_day;
    out->local_us = (int64_t)local_us;
    return local_us == out->local_us;
}

bool weft_parse_timestamp(const char *text, size_t len, int64_t *us)
{
    weft_moment moment;
    if (!weft_parse_moment(text, len, &moment) || moment.zone != NULL) return false;
    return !__builtin_sub_overflow(moment.local_us, moment.offset_us, us);
}
