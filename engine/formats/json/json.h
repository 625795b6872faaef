/* engine/formats/json/json.h - the source and sink "json", for the registry: a row is a line with a JSON
 * object, or with multiLine a file is an object or an array of them. */
#ifndef WEFT_FORMATS_JSON_JSON_H
#define WEFT_FORMATS_JSON_JSON_H

#include "engine/formats/source.h"

extern const weft_format weft_format_json;
extern const weft_sink_format weft_sink_json;

#endif
