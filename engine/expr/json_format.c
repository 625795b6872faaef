/* engine/expr/json_format.c - see json_format.h. */
#include "engine/expr/json_format.h"

#include <string.h>

#include "common/mem.h"
#include "engine/expr/datetime_record.h"

/* text NULL: there is no format. */
static weft_status open_pattern(weft_ctx *ctx, const weft_json_options *options, const char *text,
                                weft_type_id type, weft_datetime_pattern **out)
{
    if (text == NULL) return WEFT_OK;
    return weft_datetime_record_pattern(ctx, text, type, options->locale, options->time_zone, out);
}

weft_status weft_json_format_open(weft_ctx *ctx, const weft_json_options *options, weft_json_format *out)
{
    weft_status st = WEFT_OK;
    *out = (weft_json_format){0};
    const char *const timestamp = options->timestamp_format, *const local = options->timestamp_ntz_format;
    WEFT_TRY(st, open_pattern(ctx, options, options->date_format, WEFT_TYPE_DATE, &out->date));
    WEFT_TRY(st, open_pattern(ctx, options, options->time_format, WEFT_TYPE_TIME, &out->time));
    WEFT_TRY(st, open_pattern(ctx, options, timestamp == NULL ? "yyyy-MM-dd'T'HH:mm:ss.SSSXXX" : timestamp,
                              WEFT_TYPE_TIMESTAMP, &out->timestamp));
    WEFT_TRY(st, open_pattern(ctx, options, local == NULL ? "yyyy-MM-dd'T'HH:mm:ss.SSS" : local,
                              WEFT_TYPE_TIMESTAMP_NTZ, &out->timestamp_ntz));
    if (options->time_zone == NULL)
        WEFT_TRY(st, weft_zone_open_session(ctx, &out->zone));
    else
        WEFT_TRY(st,
                 weft_zone_open_given(ctx, options->time_zone, strlen(options->time_zone), NULL, &out->zone));
    out->style = (weft_json_style){.escapes = options->ascii ? WEFT_JSON_ESCAPE_WIDE : WEFT_JSON_ESCAPE_LEAST,
                                   .keep_nulls = options->keep_nulls,
                                   .pretty = options->pretty,
                                   .sort_keys = options->sort_keys,
                                   .date = out->date,
                                   .timestamp = out->timestamp,
                                   .timestamp_ntz = out->timestamp_ntz,
                                   .time = out->time};
done:
    return st;
}

void weft_json_format_close(weft_json_format *format)
{
    weft_datetime_pattern_free(&format->date);
    weft_datetime_pattern_free(&format->timestamp);
    weft_datetime_pattern_free(&format->timestamp_ntz);
    weft_datetime_pattern_free(&format->time);
    weft_zone_close(&format->zone);
    *format = (weft_json_format){0};
}
