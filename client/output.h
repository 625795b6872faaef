/* client/output.h - results on a stream: table, csv, json; or a Parquet file. */
#ifndef WEFT_CLIENT_OUTPUT_H
#define WEFT_CLIENT_OUTPUT_H

#include <stdio.h>

#include "coordinator/session.h"

typedef enum weft_output_format {
    WEFT_OUTPUT_TABLE,  /* boxes as Spark's show() draws them, full width */
    WEFT_OUTPUT_CSV,    /* header line; NULL is nothing, the empty string is "" */
    WEFT_OUTPUT_JSON,   /* one object a line */
    WEFT_OUTPUT_PARQUET /* a file: needs a path */
} weft_output_format;

/* "table", "csv", "json", "parquet"; false for anything else. */
bool weft_output_parse(const char *text, weft_output_format *out);

/* Write all rows of a result that has columns. stream is used by all formats but PARQUET, which makes the
 * file `path` (it must not exist). *rows: how many there were. Errors are in *error. */
WEFT_MUST_CHECK weft_status weft_output_write(weft_result *result, weft_output_format format, FILE *stream,
                                              const char *path, weft_error *error, int64_t *rows);

#endif
