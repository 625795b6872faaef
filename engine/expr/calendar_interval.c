/* engine/expr/calendar_interval.c - see calendar_interval.h. Source: Spark's IntervalUtils. */
#include "engine/expr/calendar_interval.h"

#include <math.h>
#include <stdio.h>

#include "engine/expr/calendar.h"

static const int64_t hour_us = 3600000000, minute_us = 60000000;

/* ---- text ---- */

static int put_part(char *text, int used, int64_t value, const char *unit)
{
    if (value == 0) return used;
    return used + snprintf(text + used, (size_t)(WEFT_CALENDAR_INTERVAL_TEXT_BYTES - used), "%s%lld %s",
                           used > 0 ? " " : "", (long long)value, unit);
}

/* Seconds with what is below them, and no zeros at the end. */
static int put_seconds(char *text, int used, int64_t us)
{
    const uint64_t size = us < 0 ? -(uint64_t)us : (uint64_t)us;
    if (us == 0) return used;
    used += snprintf(text + used, (size_t)(WEFT_CALENDAR_INTERVAL_TEXT_BYTES - used), "%s%s%llu.%06llu",
                     used > 0 ? " " : "", us < 0 ? "-" : "", (unsigned long long)(size / 1000000),
                     (unsigned long long)(size % 1000000));
    while (text[used - 1] == '0') used--;
    if (text[used - 1] == '.') used--;
    return used + snprintf(text + used, (size_t)(WEFT_CALENDAR_INTERVAL_TEXT_BYTES - used), " seconds");
}

int weft_calendar_interval_text(weft_calendar_interval interval, char *text)
{
    int used = 0;
    used = put_part(text, used, interval.months / 12, "years");
    used = put_part(text, used, interval.months % 12, "months");
    used = put_part(text, used, interval.days, "days");
    used = put_part(text, used, interval.us / hour_us, "hours");
    used = put_part(text, used, interval.us % hour_us / minute_us, "minutes");
    used = put_seconds(text, used, interval.us % minute_us);
    return used > 0 ? used : snprintf(text, WEFT_CALENDAR_INTERVAL_TEXT_BYTES, "0 seconds");
}

/* ---- arithmetic ---- */

bool weft_calendar_interval_add(weft_calendar_interval a, weft_calendar_interval b,
                                weft_interval_overflow overflow, weft_calendar_interval *out)
{
    bool bad = __builtin_add_overflow(a.months, b.months, &out->months);
    bad |= __builtin_add_overflow(a.days, b.days, &out->days);
    bad |= __builtin_add_overflow(a.us, b.us, &out->us);
    return !bad || overflow == WEFT_INTERVAL_WRAP;
}

bool weft_calendar_interval_subtract(weft_calendar_interval a, weft_calendar_interval b,
                                     weft_interval_overflow overflow, weft_calendar_interval *out)
{
    bool bad = __builtin_sub_overflow(a.months, b.months, &out->months);
    bad |= __builtin_sub_overflow(a.days, b.days, &out->days);
    bad |= __builtin_sub_overflow(a.us, b.us, &out->us);
    return !bad || overflow == WEFT_INTERVAL_WRAP;
}

/* Java's (long) x: cut towards zero, at the limit where it is beyond it, 0 for NaN. */
static int64_t java_long(double value)
{
    if (value != value) return 0;
    if (value >= 0x1p63) return INT64_MAX;
    return value <= -0x1p63 ? INT64_MIN : (int64_t)value;
}

static int32_t at_most_int(int64_t value)
{
    return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int32_t)value;
}

bool weft_calendar_interval_scale(weft_calendar_interval a, double factor, bool divides,
                                  weft_interval_overflow overflow, weft_calendar_interval *out)
{
    const double months = divides ? a.months / factor : a.months * factor;
    const double days = divides ? a.days / factor : a.days * factor;
    const double us = divides ? (double)a.us / factor : (double)a.us * factor;
    const int64_t whole_months = java_long(months), whole_days = java_long(days);
    out->months = at_most_int(whole_months);
    out->days = at_most_int(whole_days);
    out->us = java_long(floor(us + (double)WEFT_DAY_US * (days - out->days) + 0.5));
    return overflow == WEFT_INTERVAL_WRAP || (out->months == whole_months && out->days == whole_days);
}

weft_calendar_interval weft_calendar_interval_between(int32_t from_days, int32_t to_days)
{
    const weft_civil from = weft_civil_of_days(from_days), to = weft_civil_of_days(to_days);
    int32_t months = (to.year - from.year) * 12 + (int32_t)to.month - (int32_t)from.month;
    int32_t days = (int32_t)to.day - (int32_t)from.day, reached = 0;
    if (months > 0 && days < 0) {
        months--;
        (void)weft_days_add_months(from_days, months, &reached); /* between two dates that there are */
        days = to_days - reached;
    } else if (months < 0 && days > 0) {
        months++;
        days -= weft_days_in_month(to.year, to.month);
    }
    return (weft_calendar_interval){.months = months, .days = days};
}

static bool add_months(weft_zone *zone, int64_t us, int32_t months, int64_t *out)
{
    const int64_t local = weft_zone_to_local(zone, us);
    int32_t day = 0;
    int64_t midnight, moved;
    if (!weft_days_add_months(weft_days_of_us(local), months, &day)) return false;
    if (__builtin_mul_overflow((int64_t)day, (int64_t)WEFT_DAY_US, &midnight)) return false;
    if (__builtin_add_overflow(midnight, weft_us_of_day(local), &moved)) return false;
    *out = weft_zone_to_utc_near(zone, moved, us);
    return true;
}

bool weft_timestamp_add_interval(weft_zone *zone, int64_t us, weft_calendar_interval interval, int64_t *out)
{
    int64_t moved;
    if (interval.months != 0 && !add_months(zone, us, interval.months, &us)) return false;
    if (interval.days != 0) {
        const int64_t local = weft_zone_to_local(zone, us);
        if (__builtin_add_overflow(local, interval.days * (int64_t)WEFT_DAY_US, &moved)) return false;
        us = weft_zone_to_utc_near(zone, moved, us);
    }
    return !__builtin_add_overflow(us, interval.us, out);
}
