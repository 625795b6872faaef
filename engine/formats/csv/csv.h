/* engine/formats/csv/csv.h - the CSV source and sink, for the registry. */
#ifndef WEFT_FORMATS_CSV_CSV_H
#define WEFT_FORMATS_CSV_CSV_H

#include "engine/formats/source.h"

extern const weft_format weft_format_csv;
extern const weft_sink_format weft_sink_csv;

#endif
