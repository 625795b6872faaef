/* engine/formats/sink.c - the formats that can be written, by name. To add one: its table, and one line here.
 */
#include <strings.h>

#include "engine/formats/json/json.h"
#include "engine/formats/parquet/parquet.h"

static const weft_sink_format *const sink_formats[] = {
    &weft_sink_json,
    &weft_sink_parquet,
};

const weft_sink_format *weft_sink_format_find(const char *name)
{
    for (int32_t i = 0; i < WEFT_COUNT(sink_formats); i++) {
        if (strcasecmp(name, sink_formats[i]->name) == 0) return sink_formats[i];
    }
    return NULL;
}
