/* engine/formats/parquet/rebase.h - dates and timestamps that were counted in the Julian calendar.
 *
 * Spark 2 and Hive, and Spark 3 and 4 in their LEGACY mode, count days before 1582-10-15 by the Julian
 * calendar. Such a file says so in its key-value metadata (footer.c); its values keep the date that a
 * calendar shows, and so become other numbers of days. Nothing from 1900 on ever changes. */
#ifndef WEFT_FORMATS_PARQUET_REBASE_H
#define WEFT_FORMATS_PARQUET_REBASE_H

#include "engine/expr/zone.h"

#define WEFT_PQ_REBASE_DAY (-141427)             /* 1582-10-15: from here on days are what they were */
#define WEFT_PQ_REBASE_US  (-2208988800000000LL) /* 1900-01-01 UTC: from here on timestamps are */

/* The day of the Gregorian calendar that has the date which `days` has in the Julian one; 29 February becomes
 * 1 March where there is none. */
int32_t weft_pq_rebase_day(int32_t days);
/* A timestamp keeps its date and time of day in the zone (NULL: UTC). */
int64_t weft_pq_rebase_us(weft_zone *zone, int64_t us);

#endif
