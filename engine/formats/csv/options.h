/* engine/formats/csv/options.h - the options of CSV, under Spark's names and with Spark's defaults. */
#ifndef WEFT_FORMATS_CSV_OPTIONS_H
#define WEFT_FORMATS_CSV_OPTIONS_H

#include "engine/formats/text/input.h"

enum {
    WEFT_CSV_DELIMITER_MAX = 16,
    WEFT_CSV_COLUMNS_MAX = 1 << 24 /* the most that maxColumns may say */
};

typedef enum weft_csv_mode { WEFT_CSV_PERMISSIVE, WEFT_CSV_DROPMALFORMED, WEFT_CSV_FAILFAST } weft_csv_mode;

/* What becomes of a quote inside a quoted value that is not escaped. */
typedef enum weft_csv_unescaped {
    WEFT_CSV_STOP_AT_DELIMITER,
    WEFT_CSV_STOP_AT_CLOSING_QUOTE,
    WEFT_CSV_BACK_TO_DELIMITER,
    WEFT_CSV_SKIP_VALUE,
    WEFT_CSV_RAISE_ERROR
} weft_csv_unescaped;

/* Texts are borrowed from the options. A byte of 0 is none. */
typedef struct weft_csv_options {
    weft_text_spec spec;
    char delimiter[WEFT_CSV_DELIMITER_MAX];
    int32_t delimiter_len;
    uint8_t quote, escape, escape_escape, comment; /* escape_escape: what is written before an escape */
    bool header, infer, multi_line, enforce_schema, prefer_date, column_pruning, trim_left, trim_right;
    double sampling_ratio;
    const char *null_value, *empty_value, *nan_value, *positive_inf, *negative_inf;
    const char *date_format, *timestamp_format, *timestamp_ntz_format; /* NULL: the default */
    const char *zone;                                                  /* NULL: the session's */
    const char *locale; /* of dates and decimals; NULL: en-US */
    const char *corrupt_column;
    int64_t columns_max, characters_max; /* characters_max: of a value; -1: no limit */
    weft_csv_mode mode;
    weft_csv_unescaped unescaped;
    /* enableDateTimeParsingFallback: what a format does not fit is what CAST makes of it; or, where it is
     * said to be false, not even where there is no format. */
    bool cast_fallback, no_fallback;
    bool recursive;
    const char *base;
    /* of the writer */
    bool quote_all, escape_quotes;
    const char *extension; /* of the files' names */
} weft_csv_options;

/* Errors: WEFT_CONFIG for an unknown option or a value that is none. */
WEFT_MUST_CHECK weft_status weft_csv_options_read(weft_ctx *ctx, const char *const *options, int32_t count,
                                                  bool writing, weft_csv_options *out);

#endif
