/* engine/formats/format.c - the registry of formats: an explicit list. To add one: its folder, and its line
 * here. */
#include <strings.h>

#include "engine/formats/parquet/parquet.h"
#include "engine/formats/range.h"

static const weft_format *const formats[] = {&weft_format_parquet, &weft_format_range};

const weft_format *weft_format_find(const char *name)
{
    for (int32_t i = 0; i < WEFT_COUNT(formats); i++) {
        if (strcasecmp(formats[i]->name, name) == 0) return formats[i];
    }
    return NULL;
}
