/* engine/expr/calendar.h - days and civil dates of the proleptic Gregorian calendar, text of dates and
 * timestamps.
 *
 * Days count from 1970-01-01; years run from -9999999 to 9999999 in 32 bits. Nothing here allocates or fails.
 */
#ifndef WEFT_EXPR_CALENDAR_H
#define WEFT_EXPR_CALENDAR_H

#include "common/base.h"

#define WEFT_DAY_US 86400000000LL

typedef struct weft_civil {
    int32_t year, month, day;
} weft_civil;

weft_civil weft_civil_of_days(int32_t days);

/* The year alone. The calendar is counted from the 1st of March of a year divisible by 400, far enough back
 * that all is positive; a year of the era then begins at a multiple of 365.2425 days, rounded. */
static inline int32_t weft_year_of_days(int32_t days)
{
    const uint64_t eras = 15000; /* of 400 years */
    const uint64_t day = (uint64_t)((int64_t)days + 719468 + (int64_t)eras * 146097);
    const uint64_t century = (4 * day + 3) / 146097;
    const uint64_t day_of_century = day - century * 146097 / 4;
    const uint64_t year = (4 * day_of_century + 3) / 1461;
    const uint64_t day_of_year = day_of_century - year * 1461 / 4;
    return (int32_t)(century * 100 + year + (day_of_year >= 306)) -
           (int32_t)(eras * 400); /* from January on */
}
int32_t weft_days_of_civil(int32_t year, int32_t month, int32_t day);
/* Is there such a day, and do 32 bits reach it? */
bool weft_civil_valid(int64_t year, int64_t month, int64_t day);
int32_t weft_days_in_month(int32_t year, int32_t month);
/* Add months; the day is cut to the last of the month. False when the year leaves the range. */
bool weft_days_add_months(int32_t days, int64_t months, int32_t *out);

/* Floor division of a timestamp into days and microseconds of the day. */
static inline int32_t weft_days_of_us(int64_t us)
{
    const int64_t days = us / WEFT_DAY_US;
    return (int32_t)(us % WEFT_DAY_US < 0 ? days - 1 : days);
}
static inline int64_t weft_us_of_day(int64_t us)
{
    const int64_t rest = us % WEFT_DAY_US;
    return rest < 0 ? rest + WEFT_DAY_US : rest;
}

enum { WEFT_DATE_TEXT_BYTES = 16, WEFT_TIMESTAMP_TEXT_BYTES = 40 };
int weft_date_text(int32_t days, char *text);    /* "1998-12-01"; returns the length */
int weft_timestamp_text(int64_t us, char *text); /* "1998-12-01 10:20:30.5", no zone */
/* What the text of a timestamp says: local time, and the zone behind it if there is one. */
typedef struct weft_moment {
    int64_t local_us;
    int32_t rest_ns;       /* nanoseconds behind it */
    int32_t second_digits; /* digits of the fraction as written */
    bool has_offset;       /* Z, UTC, +hh:mm … */
    int64_t offset_us;
    const char *zone; /* a name such as Europe/Berlin, not looked at, in the text; NULL: none */
    size_t zone_len;
} weft_moment;
/* Spark's string → timestamp (weft_parse_date is in cast.h). */
bool weft_parse_moment(const char *text, size_t len, weft_moment *out);
/* The same for UTC: a distance is honoured, a name is refused. */
bool weft_parse_timestamp(const char *text, size_t len, int64_t *us);

#endif
