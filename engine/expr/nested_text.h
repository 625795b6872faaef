/* engine/expr/nested_text.h - values of any type as text: CAST(x AS STRING) of nested values, and JSON.
 *
 * The text of arrays is [1, null], of maps {a -> 1}, of structs {1, x}; strings stand in it as they are. The
 * JSON is that of Spark's to_json: fields of structs that are NULL are left out, keys of maps are strings,
 * what JSON cannot say as a number (NaN, infinities) and every other type is a string. */
#ifndef WEFT_EXPR_NESTED_TEXT_H
#define WEFT_EXPR_NESTED_TEXT_H

#include "engine/columnar/column.h"
#include "engine/expr/zone.h"

/* Bytes that grow, working memory of ctx's account. Zeroed is empty. */
typedef struct weft_text {
    char *bytes; /* no zero at the end */
    size_t len, room;
} weft_text;

WEFT_MUST_CHECK weft_status weft_text_append(weft_ctx *ctx, weft_text *text, const char *bytes, size_t len);
void weft_text_release(weft_text *text);

/* Append the value of a column's physical row ("null" for NULL). zone: the session's, for timestamps; may be
 * NULL for types without (weft_zone_in_type). Errors: WEFT_NOMEM, WEFT_LIMIT (2 GiB). */
WEFT_MUST_CHECK weft_status weft_nested_text(weft_ctx *ctx, weft_zone *zone, const weft_column *column,
                                             int32_t row, weft_text *out);
/* The same; plain_decimals false: small decimals with exponents (weft_decimal_exponent_text). */
WEFT_MUST_CHECK weft_status weft_nested_cast(weft_ctx *ctx, weft_zone *zone, bool plain_decimals,
                                             const weft_column *column, int32_t row, weft_text *out);
/* Which characters of a JSON string are escapes though they need not. */
typedef enum weft_json_escapes {
    WEFT_JSON_ESCAPE_LEAST,
    WEFT_JSON_ESCAPE_PAIRS, /* those above U+FFFF, as two: what Jackson writes to bytes */
    WEFT_JSON_ESCAPE_WIDE   /* all that are not ASCII */
} weft_json_escapes;

/* How values are written as JSON; zeroed is what weft_nested_json takes for NULL. */
typedef struct weft_json_style {
    weft_json_escapes escapes;
    bool keep_nulls; /* fields of structs that are NULL are written */
    bool pretty;     /* objects in lines of their own */
    bool sort_keys;  /* fields and entries by name */
    /* Formats of dates and times; NULL: as CAST has them. */
    const struct weft_datetime_pattern *date, *timestamp, *timestamp_ntz, *time;
} weft_json_style;

/* zone: of TIMESTAMP. style: NULL for the least. */
WEFT_MUST_CHECK weft_status weft_nested_json(weft_ctx *ctx, weft_zone *zone, const weft_json_style *style,
                                             const weft_column *column, int32_t row, weft_text *out);

/* A JSON string with its quotes. Halves of surrogate pairs may be among the bytes but for LEAST. */
WEFT_MUST_CHECK weft_status weft_text_append_json(weft_ctx *ctx, weft_text *text, const char *bytes,
                                                  size_t len, weft_json_escapes escapes);

#endif
