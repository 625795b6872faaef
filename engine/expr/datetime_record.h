/* engine/expr/datetime_record.h - moments as CSV, JSON and XML write them by a format.
 *
 * A DATE has no time of day, a TIME no day, and neither they nor a TIMESTAMP_NTZ have a zone. As in java.time
 * an [optional section] of the format that asks for what values have not is left out, and a format that asks
 * for it elsewhere is an error of the first value. */
#ifndef WEFT_EXPR_DATETIME_RECORD_H
#define WEFT_EXPR_DATETIME_RECORD_H

#include "engine/expr/datetime_pattern.h"

/* The format of values of that type, compiled; locale and zone NULL: en-US, and the session's. The caller
 * frees *out. Errors: those of weft_datetime_pattern_new. */
WEFT_MUST_CHECK weft_status weft_datetime_record_pattern(weft_ctx *ctx, const char *format, weft_type_id type,
                                                         const char *locale, const char *zone,
                                                         weft_datetime_pattern **out);
/* Write a value of that type, a TIMESTAMP as the zone's clocks show it; to has room for text_bytes_max.
 * value: days of a DATE, nanoseconds of a TIME, else microseconds. Errors: WEFT_CONFIG for a format that asks
 * for what the value has not. */
WEFT_MUST_CHECK weft_status weft_datetime_record_put(weft_ctx *ctx, const weft_datetime_pattern *pattern,
                                                     weft_zone *zone, weft_type_id type, int64_t value,
                                                     char *to, size_t *len);

#endif
