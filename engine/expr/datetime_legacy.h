/* engine/expr/datetime_legacy.h - patterns of Spark 2, for spark.sql.legacy.timeParserPolicy=LEGACY.
 *
 * Functions have the letters of java.text.SimpleDateFormat and its calendar, which refuses fields that are no
 * date; CSV, JSON and XML those of FastDateFormat of Apache Commons, whose calendar takes any: the 45th of
 * January is the 14th of February. Both leave what stands behind the pattern unread, and count by the Julian
 * calendar before 1582-10-15 and by standard time before 1900. Weeks are those of the United States: they
 * begin on Sunday, and the first is the one of 1 January. */
#ifndef WEFT_EXPR_DATETIME_LEGACY_H
#define WEFT_EXPR_DATETIME_LEGACY_H

#include "engine/expr/datetime_pattern.h"

/* Are so many of this letter a field? */
bool datetime_legacy_letter(char letter, int32_t count);
/* Where the hundred years begin in which years of two digits are: 80 years ago, as in Java. It is the one
 * thing that reading takes from the clock. */
int64_t datetime_legacy_century(weft_ctx *ctx);
size_t datetime_legacy_format(const weft_datetime_pattern *pattern, weft_zone *zone, int64_t us, char *to);
/* The instant that a text means, as weft_datetime_parse has it; pattern->failed tells of a zone's error. */
void datetime_legacy_parse(weft_ctx *ctx, weft_datetime_pattern *pattern, weft_zone *zone, const char *text,
                           size_t len, weft_datetime_reading *out);

/* ---- the calendar: fields of java.util.Calendar, with its values ---- */

typedef enum legacy_field {
    LEGACY_ERA, /* 0 BC, 1 AD */
    LEGACY_YEAR,
    LEGACY_WEEK_YEAR,
    LEGACY_MONTH, /* 0 to 11 */
    LEGACY_WEEK_OF_YEAR,
    LEGACY_WEEK_OF_MONTH,
    LEGACY_DAY,
    LEGACY_DAY_OF_YEAR,
    LEGACY_DAY_OF_WEEK, /* 1 is Sunday */
    LEGACY_DAY_OF_WEEK_IN_MONTH,
    LEGACY_HALF,      /* 0 AM, 1 PM */
    LEGACY_HALF_HOUR, /* 0 to 11 */
    LEGACY_HOUR,
    LEGACY_MINUTE,
    LEGACY_SECOND,
    LEGACY_MILLISECOND,
    LEGACY_FIELD_COUNT
} legacy_field;

typedef struct legacy_fields {
    int32_t value[LEGACY_FIELD_COUNT];
    int32_t stamp[LEGACY_FIELD_COUNT]; /* 0: not set; else the larger the later */
    int32_t stamp_last;
} legacy_fields;

/* All fields of a day of the older calendar (days since 1970) and a time of it. */
void legacy_fields_of(int32_t days, int64_t us_of_day, legacy_fields *out);
/* Local time of the fields that are set: of those that say the day, or the hour, in different ways the last
 * ones count. False when it leaves the range; strict: also when a field is not that of the result. */
bool legacy_local_us(const legacy_fields *fields, bool strict, int64_t *us);

#endif
