/* engine/expr/interval.h - intervals of a type's fields, and times of the day: their texts, both ways.
 *
 * A year-month interval counts months, a day-time one microseconds; the fields of its type (YEAR TO MONTH,
 * HOUR …) say what its text shows and what a cast to it keeps. A time counts nanoseconds since midnight. */
#ifndef WEFT_EXPR_INTERVAL_H
#define WEFT_EXPR_INTERVAL_H

#include "engine/columnar/calendar_interval.h"
#include "engine/columnar/type.h"

#define WEFT_DAY_NS INT64_C(86400000000000)

enum { WEFT_INTERVAL_TEXT_BYTES = 64, WEFT_TIME_TEXT_BYTES = 24 };

/* Months or microseconds of one unit of a field. */
int64_t weft_interval_unit(weft_type_id id, int32_t field);
/* What the fields of the type show of the value: what is below the last one is dropped. */
int64_t weft_interval_cut(weft_type type, int64_t value);
/* The narrowest type of both's fields. */
weft_type weft_interval_common(weft_type a, weft_type b);

/* "INTERVAL '1-2' YEAR TO MONTH"; text has room for WEFT_INTERVAL_TEXT_BYTES. Returns the length. */
int weft_interval_text(weft_type type, int64_t value, char *text);
/* Spark's string → interval: '1-2' or INTERVAL '1-2' YEAR TO MONTH, of exactly the type's fields. False when
 * it has another form or does not fit. */
bool weft_interval_parse(weft_type type, const char *text, size_t len, int64_t *out);

/* '1 year -2 days 3.5 seconds', perhaps with the word interval before. False when it has another form or does
 * not fit. */
bool weft_interval_words(const char *text, size_t len, weft_calendar_interval *out);

/* A timestamp in nanoseconds with the digits that the type has; false beyond the years 1678 to 2261. */
bool weft_nanos_of_us(weft_type type, int64_t us, int32_t rest_ns, int64_t *out);

/* "12:34:56.5"; text has room for WEFT_TIME_TEXT_BYTES. Returns the length. */
int weft_time_text(int64_t ns, char *text);
/* [T]h:m[:s[.fraction]] [AM|PM], up to nine digits of the fraction, whose count is *digits (0: none). */
bool weft_parse_time(const char *text, size_t len, int64_t *ns, int32_t *digits);
/* The time with no more digits than the type has. */
int64_t weft_time_cut(weft_type type, int64_t ns);

#endif
