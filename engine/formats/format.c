/* engine/formats/format.c - the registry of formats: an explicit list. To add one: its folder, and its line
 * here. */
#include <stdio.h>
#include <strings.h>

#include "engine/formats/csv/csv.h"
#include "engine/formats/json/json.h"
#include "engine/formats/parquet/parquet.h"
#include "engine/formats/range.h"
#include "engine/formats/text/text.h"

static const weft_format *const formats[] = {&weft_format_csv, &weft_format_json, &weft_format_parquet,
                                             &weft_format_range, &weft_format_text};

const weft_format *weft_format_find(const char *name)
{
    for (int32_t i = 0; i < WEFT_COUNT(formats); i++) {
        if (strcasecmp(formats[i]->name, name) == 0) return formats[i];
    }
    return NULL;
}

void weft_format_names(char *text, size_t text_bytes)
{
    size_t n = 0;
    for (int32_t i = 0; i < WEFT_COUNT(formats) && n < text_bytes; i++)
        n += (size_t)snprintf(text + n, text_bytes - n, "%s%s", i > 0 ? ", " : "", formats[i]->name);
}
