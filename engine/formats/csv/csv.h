/* engine/formats/csv/csv.h - the CSV source, for the registry. */
#ifndef WEFT_FORMATS_CSV_CSV_H
#define WEFT_FORMATS_CSV_CSV_H

#include "engine/formats/source.h"

extern const weft_format weft_format_csv;

#endif
