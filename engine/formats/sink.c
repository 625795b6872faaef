/* engine/formats/sink.c - the formats that can be written, by name. To add one: its table, and one line here.
 */
#include <stdio.h>
#include <strings.h>

#include "engine/formats/csv/csv.h"
#include "engine/formats/json/json.h"
#include "engine/formats/options.h"
#include "engine/formats/parquet/parquet.h"
#include "engine/formats/text/text.h"

static const weft_sink_format *const sink_formats[] = {
    &weft_sink_csv,
    &weft_sink_json,
    &weft_sink_parquet,
    &weft_sink_text,
};

weft_status weft_sink_most_rows(weft_ctx *ctx, const char *const *options, int32_t option_count,
                                int64_t *rows)
{
    const char *most = weft_option_find(options, option_count, "maxRecordsPerFile");
    if (most == NULL) return WEFT_OK;
    return weft_option_number(ctx, "maxRecordsPerFile", most, INT64_MIN, INT64_MAX, rows);
}

const weft_sink_format *weft_sink_format_find(const char *name)
{
    for (int32_t i = 0; i < WEFT_COUNT(sink_formats); i++) {
        if (strcasecmp(name, sink_formats[i]->name) == 0) return sink_formats[i];
    }
    return NULL;
}

void weft_sink_format_names(char *text, size_t text_bytes)
{
    size_t n = 0;
    for (int32_t i = 0; i < WEFT_COUNT(sink_formats) && n < text_bytes; i++)
        n += (size_t)snprintf(text + n, text_bytes - n, "%s%s", i > 0 ? ", " : "", sink_formats[i]->name);
}
