/* engine/expr/json_options.h - Spark's options of JSON: of the functions, the source and the sink. */
#ifndef WEFT_EXPR_JSON_OPTIONS_H
#define WEFT_EXPR_JSON_OPTIONS_H

#include "engine/expr/json_read.h"

typedef enum weft_json_mode {
    WEFT_JSON_PERMISSIVE, /* what is bad becomes NULL, and the text goes to the corrupt column if there is one
                           */
    WEFT_JSON_DROP,       /* rows in which something is bad are left out */
    WEFT_JSON_FAIL
} weft_json_mode;

typedef struct weft_json_options {
    weft_json_rules rules;
    weft_json_mode mode;
    const char *corrupt;          /* columnNameOfCorruptRecord */
    const char *date_format;      /* NULL: as CAST reads, yyyy-MM-dd to write */
    const char *timestamp_format; /* NULL: as CAST reads, yyyy-MM-dd'T'HH:mm:ss.SSSXXX to write */
    const char *timestamp_ntz_format, *time_format;
    const char *time_zone;      /* NULL: the session's */
    const char *locale;         /* of dates and of decimals in strings; NULL: en-US */
    const char *single_variant; /* singleVariantColumn: its name, or NULL */
    bool no_fallback;           /* the option says that the next is false */
    bool cast_fallback; /* enableDateTimeParsingFallback: what a format does not fit is what CAST makes of it
                         */
    bool primitives_as_string, prefers_decimal, drop_all_null, infer_timestamp;
    bool multi_line;
    bool exact_text; /* what becomes a string and is none keeps its bytes; else it is written anew */
    double sampling_ratio;
    bool keep_nulls; /* not ignoreNullFields */
    bool pretty;
    bool sort_keys;
    bool ascii; /* writeNonAsciiCharacterAsCodePoint */
} weft_json_options;

extern const weft_json_options weft_json_defaults;

/* Take one option; *known is false when it is none of JSON's own (encoding, lineSep, compression and what all
 * formats have are not). Keys in any case. Values that are kept are borrowed. Errors: WEFT_CONFIG for a value
 * that it cannot have. */
WEFT_MUST_CHECK weft_status weft_json_option_set(weft_ctx *ctx, weft_json_options *options, const char *key,
                                                 const char *value, bool *known);
/* Which of the fields takes the text of bad records, by its exact name; -1: none.
 * Errors: WEFT_CORRUPT_RECORD_TYPE when that is no STRING. */
WEFT_MUST_CHECK weft_status weft_corrupt_field(weft_ctx *ctx, const char *name, const weft_field *fields,
                                               int32_t count, int32_t *out);

#endif
