/* engine/expr/json_format.c - see json_format.h. */
#include "engine/expr/json_format.h"

#include <string.h>

#include "common/mem.h"

static weft_status open_pattern(weft_ctx *ctx, const weft_json_options *options, const char *text,
                                const char *otherwise, weft_datetime_pattern **out)
{
    const char *chosen = text != NULL ? text : otherwise;
    const weft_str view = weft_str_view(chosen, (uint32_t)strlen(chosen));
    const weft_datetime_place place = {.locale = options->locale, .zone = options->time_zone};
    return weft_datetime_pattern_new(ctx, &view, &place, NULL, false, out);
}

weft_status weft_json_format_open(weft_ctx *ctx, const weft_json_options *options, weft_json_format *out)
{
    weft_status st = WEFT_OK;
    *out = (weft_json_format){0};
    if (options->date_format != NULL)
        WEFT_TRY(st, open_pattern(ctx, options, options->date_format, "", &out->date));
    WEFT_TRY(st, open_pattern(ctx, options, options->timestamp_format, "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
                              &out->timestamp));
    WEFT_TRY(st, open_pattern(ctx, options, options->timestamp_ntz_format, "yyyy-MM-dd'T'HH:mm:ss.SSS",
                              &out->timestamp_ntz));
    if (options->time_zone == NULL)
        WEFT_TRY(st, weft_zone_open_session(ctx, &out->zone));
    else
        WEFT_TRY(st, weft_zone_open(ctx, options->time_zone, &out->zone));
    out->style = (weft_json_style){.escapes = options->ascii ? WEFT_JSON_ESCAPE_WIDE : WEFT_JSON_ESCAPE_LEAST,
                                   .keep_nulls = options->keep_nulls,
                                   .pretty = options->pretty,
                                   .sort_keys = options->sort_keys,
                                   .date = out->date,
                                   .timestamp = out->timestamp,
                                   .timestamp_ntz = out->timestamp_ntz};
done:
    return st;
}

void weft_json_format_close(weft_json_format *format)
{
    weft_datetime_pattern_free(&format->date);
    weft_datetime_pattern_free(&format->timestamp);
    weft_datetime_pattern_free(&format->timestamp_ntz);
    weft_zone_close(&format->zone);
    *format = (weft_json_format){0};
}
