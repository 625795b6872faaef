/* engine/formats/range.h - the table of range(start, end, step), which has no files. */
#ifndef WEFT_FORMATS_RANGE_H
#define WEFT_FORMATS_RANGE_H

#include "engine/formats/source.h"

/* Options start, end, step and parts (which changes nothing), all whole numbers. */
extern const weft_format weft_format_range;

#endif
