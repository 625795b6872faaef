/* engine/formats/text/text.h - the format of lines: a column `value`, a row a line. For the registry. */
#ifndef WEFT_FORMATS_TEXT_TEXT_H
#define WEFT_FORMATS_TEXT_TEXT_H

#include "engine/formats/source.h"

extern const weft_format weft_format_text;
extern const weft_sink_format weft_sink_text;

#endif
