/* engine/formats/csv/options.h - the options of CSV, under Spark's names and with Spark's defaults. */
#ifndef WEFT_FORMATS_CSV_OPTIONS_H
#define WEFT_FORMATS_CSV_OPTIONS_H

#include "engine/expr/csv_grammar.h"
#include "engine/formats/text/input.h"

typedef enum weft_csv_mode { WEFT_CSV_PERMISSIVE, WEFT_CSV_DROPMALFORMED, WEFT_CSV_FAILFAST } weft_csv_mode;

/* Texts are borrowed from the options. */
typedef struct weft_csv_options {
    weft_text_spec spec;
    weft_csv_grammar grammar;
    bool header, infer, multi_line, enforce_schema, prefer_date, column_pruning;
    double sampling_ratio;
    const char *null_value, *empty_value, *nan_value, *positive_inf, *negative_inf;
    const char *date_format, *timestamp_format, *timestamp_ntz_format, *time_format; /* NULL: the default */
    const char *zone;                                                                /* NULL: the session's */
    const char *locale; /* of dates and decimals; NULL: en-US */
    const char *corrupt_column;
    weft_csv_mode mode;
    /* enableDateTimeParsingFallback: what a format does not fit is what CAST makes of it; or, where it is
     * said to be false, not even where there is no format. */
    bool cast_fallback, no_fallback;
    bool recursive;
    const char *base;
    /* of the writer */
    bool quote_all, escape_quotes;
    const char *extension; /* of the files' names */
} weft_csv_options;

/* Errors: WEFT_CONFIG for a value that is none, those of the grammar, WEFT_CODEC. */
WEFT_MUST_CHECK weft_status weft_csv_options_read(weft_ctx *ctx, const char *const *options, int32_t count,
                                                  bool writing, weft_csv_options *out);

#endif
