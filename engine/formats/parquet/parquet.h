/* engine/formats/parquet/parquet.h - the Parquet source and sink, for the registry. */
#ifndef WEFT_FORMATS_PARQUET_PARQUET_H
#define WEFT_FORMATS_PARQUET_PARQUET_H

#include "engine/formats/source.h"

extern const weft_format weft_format_parquet;
extern const weft_sink_format weft_sink_parquet;

#endif
