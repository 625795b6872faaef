/* engine/expr/csv_record.h - one record of CSV as fields, and fields as one record: for from_csv() and
 * to_csv().
 *
 * The rules are those of formats/csv, whose source reads files by blocks and below SIMD kernels: a text here
 * is one record, whatever line ends it holds. */
#ifndef WEFT_EXPR_CSV_RECORD_H
#define WEFT_EXPR_CSV_RECORD_H

#include "engine/expr/json_options.h"

typedef struct weft_csv_rules {
    weft_json_options shared; /* mode, corrupt column, formats, zone, singleVariantColumn */
    const char *separator;
    char quote, escape, comment; /* 0: none */
    bool trim_left, trim_right, trim_left_write, trim_right_write;
    bool quote_all, escape_quotes, prefers_date;
    const char *null_value, *empty_value, *empty_written;
    const char *nan_value, *positive_inf, *negative_inf; /* of DOUBLE and FLOAT */
} weft_csv_rules;

extern const weft_csv_rules weft_csv_rule_defaults;

/* Take one option; unknown ones are ignored, as Spark does. Values are borrowed. Errors: WEFT_CONFIG. */
WEFT_MUST_CHECK weft_status weft_csv_rule_set(weft_ctx *ctx, weft_csv_rules *rules, const char *key,
                                              const char *value);

typedef struct weft_csv_part { /* a field: bytes of the record's text */
    size_t from, len;
    bool is_null;
} weft_csv_part;

typedef struct weft_csv_record { /* zeroed is empty */
    weft_text bytes;
    weft_text parts; /* weft_csv_part each */
} weft_csv_record;

static inline int32_t weft_csv_part_count(const weft_csv_record *r)
{
    return (int32_t)(r->parts.len / sizeof(weft_csv_part));
}
static inline const weft_csv_part *weft_csv_part_at(const weft_csv_record *r, int32_t i)
{
    return (const weft_csv_part *)(const void *)r->parts.bytes + i;
}

/* Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_csv_record_read(weft_ctx *ctx, const weft_csv_rules *rules, const char *text,
                                                 size_t len, weft_csv_record *out);
void weft_csv_record_free(weft_csv_record *record);
/* Append a field, which is not the first one if `next`; text NULL: it is NULL. */
WEFT_MUST_CHECK weft_status weft_csv_record_put(weft_ctx *ctx, const weft_csv_rules *rules, bool next,
                                                const char *text, size_t len, weft_text *out);

#endif
