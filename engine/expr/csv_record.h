/* engine/expr/csv_record.h - options of from_csv() and to_csv(), and one record as fields.
 *
 * The rules are those of formats/csv, whose source reads files by blocks and below SIMD kernels: a text here
 * is one record, whatever line ends it holds. */
#ifndef WEFT_EXPR_CSV_RECORD_H
#define WEFT_EXPR_CSV_RECORD_H

#include "engine/expr/csv_machine.h"
#include "engine/expr/json_options.h"
#include "engine/expr/nested_text.h"

typedef struct weft_csv_rules {
    weft_json_options shared; /* mode, corrupt column, formats, zone, singleVariantColumn */
    weft_csv_grammar grammar;
    bool trim_left_write, trim_right_write;
    bool quote_all, escape_quotes, prefers_date;
    const char *null_value, *empty_value, *empty_written, *line_end;
    const char *nan_value, *positive_inf, *negative_inf; /* of DOUBLE and FLOAT */
} weft_csv_rules;

extern const weft_csv_rules weft_csv_rule_defaults;

/* Take one option; unknown ones are ignored, as Spark does. Values are borrowed. Errors: WEFT_CONFIG, those
 * of the grammar. */
WEFT_MUST_CHECK weft_status weft_csv_rule_set(weft_ctx *ctx, weft_csv_rules *rules, const char *key,
                                              const char *value);

typedef struct weft_csv_record { /* zeroed is empty */
    weft_csv_grammar grammar;    /* finished */
    weft_csv_fields fields;      /* bytes of `values` */
    uint8_t *values;
    size_t room;
    const char *null_value, *empty_value;
} weft_csv_record;

typedef struct weft_csv_part { /* a field; its bytes are the record's, or an option's */
    const char *text;
    uint32_t len;
    bool is_null;
} weft_csv_part;

/* What the options say about reading. Errors: WEFT_CONFIG. */
WEFT_MUST_CHECK weft_status weft_csv_record_init(weft_ctx *ctx, const weft_csv_rules *rules,
                                                 weft_csv_record *record);
/* Errors: WEFT_MALFORMED_CSV where it breaks a limit or, under RAISE_ERROR, has a quote that may not be
 * there; WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_csv_record_read(weft_ctx *ctx, weft_csv_record *record, const char *text,
                                                 uint32_t len);
weft_csv_part weft_csv_record_part(const weft_csv_record *record, int32_t i);
void weft_csv_record_free(weft_csv_record *record);

#endif
