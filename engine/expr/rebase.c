/* engine/expr/rebase.c - see the header. */
#include "engine/expr/rebase.h"

/* Julian days are counted from 1 March of a leap year so far back that all is positive: `CYCLES` of four
 * years before the year -4800. */
enum { CYCLES = 1600000, CYCLE_DAYS = 1461, EPOCH_DAYS = 2440588 + 32082, EPOCH_YEAR = 4800 };

weft_civil weft_julian_civil_of_days(int32_t days)
{
    if (days >= WEFT_REBASE_DAY) return weft_civil_of_days(days);
    const int64_t day = (int64_t)days + EPOCH_DAYS + (int64_t)CYCLES * CYCLE_DAYS;
    const int64_t year = (4 * day + 3) / CYCLE_DAYS;
    const int64_t day_of_year = day - CYCLE_DAYS * year / 4;
    const int64_t month = (5 * day_of_year + 2) / 153;
    return (weft_civil){.year = (int32_t)(year - 4 * (int64_t)CYCLES - EPOCH_YEAR + month / 10),
                        .month = (int32_t)(month + 3 - month / 10 * 12),
                        .day = (int32_t)(day_of_year - (153 * month + 2) / 5 + 1)};
}

int64_t weft_julian_days_of_civil(int32_t year, int32_t month, int64_t day)
{
    const int64_t days = weft_days_of_civil(year, month, 1) + day - 1;
    if (days >= WEFT_REBASE_DAY) return days;
    const int64_t from_march = (month + 9) % 12;
    const int64_t of_march = (int64_t)year - (month < 3) + EPOCH_YEAR + 4 * (int64_t)CYCLES;
    return of_march * CYCLE_DAYS / 4 + (153 * from_march + 2) / 5 + day - 1 - EPOCH_DAYS -
           (int64_t)CYCLES * CYCLE_DAYS;
}

int32_t weft_rebase_day(int32_t days)
{
    if (days >= WEFT_REBASE_DAY) return days;
    const weft_civil civil = weft_julian_civil_of_days(days);
    return weft_days_of_civil(civil.year, civil.month, 1) + civil.day - 1;
}

int32_t weft_rebase_day_back(int32_t days)
{
    if (days >= WEFT_REBASE_DAY) return days;
    const weft_civil civil = weft_civil_of_days(days);
    return (int32_t)weft_min_i64(weft_julian_days_of_civil(civil.year, civil.month, civil.day),
                                 WEFT_REBASE_DAY);
}

/* Two instants of 2030: at one of them it is no summer time, wherever there is one. */
static const int64_t january_us = 1893456000000000, july_us = 1909094400000000;

int64_t weft_rebase_old_offset(weft_zone *zone)
{
    return weft_min_i64(weft_zone_to_local(zone, january_us) - january_us,
                        weft_zone_to_local(zone, july_us) - july_us);
}

int64_t weft_rebase_summer_offset(weft_zone *zone)
{
    return weft_max_i64(weft_zone_to_local(zone, january_us) - january_us,
                        weft_zone_to_local(zone, july_us) - july_us);
}

int64_t weft_rebase_us(weft_zone *zone, int64_t us)
{
    int64_t local;
    if (us >= WEFT_REBASE_US) return us;
    if (__builtin_add_overflow(us, zone == NULL ? 0 : weft_rebase_old_offset(zone), &local)) return us;
    const int32_t days = weft_days_of_us(local);
    local += ((int64_t)weft_rebase_day(days) - days) * WEFT_DAY_US;
    return zone == NULL ? local : weft_zone_to_utc(zone, local);
}
