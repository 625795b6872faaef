/* engine/formats/csv/value.h - values of CSV as values of types, a column at a time.
 *
 * The texts that a type takes are those that Spark's reader takes: Java's numbers, dates by a pattern or
 * yyyy-MM-dd, timestamps by a pattern or as CAST reads them. One thread uses a converter. */
#ifndef WEFT_FORMATS_CSV_VALUE_H
#define WEFT_FORMATS_CSV_VALUE_H

#include "engine/columnar/builder.h"
#include "engine/expr/datetime_pattern.h"
#include "engine/formats/csv/token.h"

typedef struct weft_csv_values {
    const weft_csv_options *options;
    uint32_t null_len, empty_len; /* of the texts nullValue and emptyValue */
    bool empty_is_null;           /* they are the same */
    weft_locale_numbers numbers;
    weft_zone *zone;
    weft_datetime_pattern *date;                             /* yyyy-MM-dd where no format is given */
    weft_datetime_pattern *timestamp, *timestamp_ntz, *time; /* NULL: as CAST reads */
    weft_status failed; /* while types are inferred: the first error, behind which nothing is a moment */
} weft_csv_values;

/* options: borrowed. The caller deinits. Errors: WEFT_DATETIME_PATTERN…, WEFT_CONFIG for a zone. */
WEFT_MUST_CHECK weft_status weft_csv_values_init(weft_ctx *ctx, const weft_csv_options *options,
                                                 weft_csv_values *out);
void weft_csv_values_deinit(weft_csv_values *values);

/* Can a column have the type? */
bool weft_csv_type_is_known(weft_type type);
/* Convert fields[i] for the rows i of the selection (NULL: all of `rows`) into slot i of the vector, which
 * was reset. Strings are views of data. bad[i] becomes 1 (and the value NULL) for what is no value of the
 * type. Errors: WEFT_NOMEM, those of weft_datetime_parse. */
WEFT_MUST_CHECK weft_status weft_csv_convert(weft_ctx *ctx, weft_csv_values *values, const uint8_t *data,
                                             const weft_csv_field *fields, const uint16_t *selection,
                                             int32_t rows, weft_vector *vector, uint8_t *bad);
/* The text of a field: false when it is NULL. */
static inline bool weft_csv_text(const weft_csv_values *v, const uint8_t *data, weft_csv_field f,
                                 const char **text, uint32_t *len)
{
    if (f.len == WEFT_CSV_NULL) return false;
    *text = (const char *)data + f.begin;
    *len = f.len;
    if (WEFT_UNLIKELY(f.len == WEFT_CSV_EMPTY)) {
        if (v->empty_is_null) return false;
        *text = v->options->empty_value;
        *len = v->empty_len;
        return true;
    }
    return f.len != v->null_len || memcmp(*text, v->options->null_value, f.len) != 0;
}

/* What a text is, for inference too. */
bool weft_csv_integer(const char *text, uint32_t len, int64_t low, int64_t high, int64_t *out);
bool weft_csv_double(weft_ctx *ctx, const weft_csv_values *values, const char *text, uint32_t len,
                     double *out);
bool weft_csv_boolean(const char *text, uint32_t len, bool *out);
/* strict, for inference: what the format says, and with preferDate yyyy-MM-dd where none is given; else what
 * CAST takes too, as the options say. Errors: those of weft_datetime_parse. */
WEFT_MUST_CHECK weft_status weft_csv_date(weft_ctx *ctx, weft_csv_values *values, const char *text,
                                          uint32_t len, bool strict, int32_t *days, bool *good);
/* zoned: TIMESTAMP, else TIMESTAMP_NTZ. */
WEFT_MUST_CHECK weft_status weft_csv_timestamp(weft_ctx *ctx, weft_csv_values *values, const char *text,
                                               uint32_t len, bool zoned, bool strict, int64_t *us,
                                               bool *good);

#endif
