/* engine/formats/parquet/rebase.c - see the header. */
#include "engine/formats/parquet/rebase.h"
#include "engine/expr/calendar.h"

int32_t weft_pq_rebase_day(int32_t days)
{
    /* Counted from 1 March of a leap year so far back that all is positive: `cycles` of four years. */
    enum { CYCLES = 1600000, CYCLE_DAYS = 1461, EPOCH_DAYS = 2440588 + 32082 };
    if (days >= WEFT_PQ_REBASE_DAY) return days;
    const int64_t day = (int64_t)days + EPOCH_DAYS + (int64_t)CYCLES * CYCLE_DAYS;
    const int64_t year = (4 * day + 3) / CYCLE_DAYS;
    const int64_t day_of_year = day - CYCLE_DAYS * year / 4;
    const int64_t month = (5 * day_of_year + 2) / 153;
    const int32_t day_of_month = (int32_t)(day_of_year - (153 * month + 2) / 5);
    const int64_t civil_year = year - 4 * (int64_t)CYCLES - 4800 + month / 10;
    return weft_days_of_civil((int32_t)civil_year, (int32_t)(month + 3 - month / 10 * 12), 1) + day_of_month;
}

/* The distance from UTC that Java's older calendar takes for all times before 1900: the zone's standard time
 * of today, where the tz database has the local mean time. */
static int64_t rebase_old_offset(weft_zone *zone)
{
    const int64_t january = 1893456000000000, july = 1909094400000000; /* of 2030: one is no summer time */
    return weft_min_i64(weft_zone_to_local(zone, january) - january, weft_zone_to_local(zone, july) - july);
}

int64_t weft_pq_rebase_us(weft_zone *zone, int64_t us)
{
    int64_t local;
    if (us >= WEFT_PQ_REBASE_US) return us;
    if (__builtin_add_overflow(us, zone == NULL ? 0 : rebase_old_offset(zone), &local)) return us;
    const int32_t days = weft_days_of_us(local);
    local += ((int64_t)weft_pq_rebase_day(days) - days) * WEFT_DAY_US;
    return zone == NULL ? local : weft_zone_to_utc(zone, local);
}
