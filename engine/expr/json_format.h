/* engine/expr/json_format.h - how values are written as JSON by the options of to_json and the sink. */
#ifndef WEFT_EXPR_JSON_FORMAT_H
#define WEFT_EXPR_JSON_FORMAT_H

#include "engine/expr/datetime_pattern.h"
#include "engine/expr/json_options.h"

typedef struct weft_json_format {
    weft_json_style style; /* borrows the patterns */
    weft_datetime_pattern *date, *timestamp, *timestamp_ntz, *time;
    weft_zone *zone;
} weft_json_format;

/* The caller closes, also after an error. Errors: those of patterns and zones, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_json_format_open(weft_ctx *ctx, const weft_json_options *options,
                                                  weft_json_format *out);
void weft_json_format_close(weft_json_format *format); /* a zeroed one is allowed */

#endif
