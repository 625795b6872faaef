/* engine/columnar/calendar_interval.h - values of INTERVAL without fields, Spark's CalendarIntervalType.
 *
 * Months, days and microseconds are counted apart, since no number of the one is a number of another: only
 * intervals that are equal in all three are equal, and none is above another. A column has them in the 16
 * bytes of WEFT_PHYS_I128, so what moves, hashes and compares such slots for equality moves these. */
#ifndef WEFT_COLUMNAR_CALENDAR_INTERVAL_H
#define WEFT_COLUMNAR_CALENDAR_INTERVAL_H

#include <string.h>

#include "common/base.h"

typedef struct weft_calendar_interval {
    int32_t months, days;
    int64_t us;
} weft_calendar_interval;

static inline weft_calendar_interval weft_calendar_interval_of(weft_i128 bits)
{
    weft_calendar_interval interval;
    memcpy(&interval, &bits, sizeof interval);
    return interval;
}

static inline weft_i128 weft_calendar_interval_bits(weft_calendar_interval interval)
{
    weft_i128 bits;
    memcpy(&bits, &interval, sizeof bits);
    return bits;
}

#endif
