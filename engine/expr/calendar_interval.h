/* engine/expr/calendar_interval.h - text and arithmetic of INTERVAL without fields. */
#ifndef WEFT_EXPR_CALENDAR_INTERVAL_H
#define WEFT_EXPR_CALENDAR_INTERVAL_H

#include "engine/columnar/calendar_interval.h"
#include "engine/expr/zone.h"

enum { WEFT_CALENDAR_INTERVAL_TEXT_BYTES = 112 }; /* all parts at their longest are 93 */

/* "1 years -2 days 3.5 seconds"; text has room for WEFT_CALENDAR_INTERVAL_TEXT_BYTES. Returns the length. */
int weft_calendar_interval_text(weft_calendar_interval interval, char *text);

/* How a result that does not fit is met. */
typedef enum weft_interval_overflow {
    WEFT_INTERVAL_EXACT, /* false */
    WEFT_INTERVAL_WRAP   /* as Java's int and long: sums wrap around, products stay at the limit */
} weft_interval_overflow;

/* a + b and a - b. */
bool weft_calendar_interval_add(weft_calendar_interval a, weft_calendar_interval b,
                                weft_interval_overflow overflow, weft_calendar_interval *out);
bool weft_calendar_interval_subtract(weft_calendar_interval a, weft_calendar_interval b,
                                     weft_interval_overflow overflow, weft_calendar_interval *out);
/* Times or by a number. A fraction of a month is lost, one of a day counts as time. */
bool weft_calendar_interval_scale(weft_calendar_interval a, double factor, bool divides,
                                  weft_interval_overflow overflow, weft_calendar_interval *out);

/* The whole months, and the days beside them, from one date to the other (java.time.Period.between). */
weft_calendar_interval weft_calendar_interval_between(int32_t from_days, int32_t to_days);
/* A timestamp that much later: months, then days on the wall of the zone (NULL: UTC), then time that passes.
 * False: out of range. */
bool weft_timestamp_add_interval(weft_zone *zone, int64_t us, weft_calendar_interval interval, int64_t *out);

#endif
