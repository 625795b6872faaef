/* engine/expr/rebase.h - dates and timestamps that were counted in the Julian calendar.
 *
 * Spark 2 and Hive, and Spark 3 and 4 in their LEGACY modes, have the calendar of
 * java.util.GregorianCalendar: Julian before 1582-10-15. Files of theirs say so (formats/parquet/footer.c);
 * their values keep the date that a calendar shows, and so become other numbers of days. Nothing from 1900 on
 * ever changes. */
#ifndef WEFT_EXPR_REBASE_H
#define WEFT_EXPR_REBASE_H

#include "engine/expr/calendar.h"
#include "engine/expr/zone.h"

#define WEFT_REBASE_DAY (-141427)             /* 1582-10-15: from here on days are what they were */
#define WEFT_REBASE_US  (-2208988800000000LL) /* 1900-01-01 UTC: from here on timestamps are */

/* The date that the older calendar shows on a day, and the day of a date of it: months from 1 to 12, any day.
 * Of the ten dates which it passes over, those of the Julian calendar. */
weft_civil weft_julian_civil_of_days(int32_t days);
int64_t weft_julian_days_of_civil(int32_t year, int32_t month, int64_t day);

/* The day of the Gregorian calendar that has the date which `days` has in the Julian one; 29 February becomes
 * 1 March where there is none. */
int32_t weft_rebase_day(int32_t days);
/* The other way; dates that the older calendar passes over become 1582-10-15. */
int32_t weft_rebase_day_back(int32_t days);
/* A timestamp keeps its date and time of day in the zone (NULL: UTC). */
int64_t weft_rebase_us(weft_zone *zone, int64_t us);
/* The distance from UTC, in microseconds, that Java's older calendar takes for all times before 1900: the
 * zone's standard time of today, where the tz database has the local mean time. */
int64_t weft_rebase_old_offset(weft_zone *zone);
/* The same of the zone's summer time; standard time where it has none. */
int64_t weft_rebase_summer_offset(weft_zone *zone);

#endif
