/* engine/expr/value.h - one SQL value: literals, folded constants, statistics bounds. Plain, borrows its
 * bytes. */
#ifndef WEFT_EXPR_VALUE_H
#define WEFT_EXPR_VALUE_H

#include "engine/columnar/builder.h"

typedef struct weft_value {
    weft_type type;
    bool is_null;
    union {
        bool boolean;
        int64_t i64;    /* TINYINT..BIGINT, DATE, TIMESTAMP*, INTERVAL_*; sign-extended */
        double f64;     /* FLOAT (exactly a float's value) and DOUBLE */
        weft_i128 i128; /* DECIMAL, unscaled */
        weft_str str;   /* STRING, BINARY; ARRAY, STRUCT, MAP packed (columnar/nested.h); borrows */
    };
} weft_value;

/* SQL literal text as Spark names it in generated column names (1, 1.50, abc, DATE '1994-01-01', NULL). */
WEFT_MUST_CHECK weft_status weft_value_text(weft_ctx *ctx, const weft_value *value,
                                            char **out); /* in ctx->arena */
/* Total order within one type, NULL first; NaN above all. */
int weft_value_compare(const weft_value *a, const weft_value *b);
/* The value of slot `row` of a column of a plain type; strings borrow from the column. */
weft_value weft_value_of_column(const weft_column *column, int32_t row);
/* The same of any type: strings and packed values are copied to ctx->arena. Errors: WEFT_NOMEM, WEFT_LIMIT.
 */
WEFT_MUST_CHECK weft_status weft_value_take(weft_ctx *ctx, const weft_column *column, int32_t row,
                                            weft_value *out);
/* Store a value in slot i of a vector of its type; strings are copied, but for those inside nested values,
 * which stay views of the value's bytes; then the caller finishes the vector. Errors: WEFT_NOMEM,
 * WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_value_store(weft_ctx *ctx, const weft_value *value, weft_vector *vector,
                                             int32_t i);

#endif
