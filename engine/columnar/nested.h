/* engine/columnar/nested.h - values of ARRAY, STRUCT and MAP as one string of bytes, as rows hold them.
 *
 *     value  = fixed      the bytes of weft_type_phys(type), little-endian (nothing for NULL)
 *            | string     u32 length, bytes
 *            | list       u32 count, null bits, the values of the elements that are not null
 *            | map        as a list of struct<key, value>
 *            | struct     null bits of the fields, the values of the fields that are not null
 *     null bits = (n + 7) / 8 bytes, bit set = NULL
 *
 * The value itself is never null: that is the row's null bit. Numbers are not aligned. Bytes from outside
 * pass weft_nested_validate at the edge and are trusted after it. */
#ifndef WEFT_COLUMNAR_NESTED_H
#define WEFT_COLUMNAR_NESTED_H

#include "engine/columnar/builder.h"

/* The bytes that the value of a physical row of a LIST or STRUCT column takes; it must not be null. */
uint64_t weft_nested_bytes(const weft_column *column, int32_t row);
/* Write them; returns the end. */
uint8_t *weft_nested_pack(const weft_column *column, int32_t row, uint8_t *out);
/* Append count packed values to `out`, a vector of that type (weft_vector_init), as its slots first .. first
 * + count; values[i] is a null where validity says so (bit i; NULL: no nulls). Strings become views into the
 * packed bytes, which must outlive out's use. Errors: WEFT_NOMEM, WEFT_LIMIT (more than 2^31 child slots). */
WEFT_MUST_CHECK weft_status weft_nested_unpack(weft_ctx *ctx, const weft_str *values,
                                               const uint64_t *validity, int32_t first, int32_t count,
                                               weft_vector *out);
/* One packed value, not null, into slot i of a vector that has room for it; weft_vector_finish is the
 * caller's. The strings are views as above. */
WEFT_MUST_CHECK weft_status weft_nested_unpack_one(weft_ctx *ctx, const weft_str *packed, int32_t i,
                                                   weft_vector *out);
/* The value of a column's physical row, which is not null, packed in ctx->arena. Errors: WEFT_NOMEM,
 * WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_nested_pack_value(weft_ctx *ctx, const weft_column *column, int32_t row,
                                                   weft_str *out);
/* A packed value as a CONSTANT column whose memory is ctx->arena's; strings are views into the bytes. */
WEFT_MUST_CHECK weft_status weft_nested_constant(weft_ctx *ctx, weft_type type, const weft_str *packed,
                                                 weft_column *out);
/* Order of two packed values of one type, as Spark sorts them: nulls first, element by element, a prefix
 * first, NaN above all numbers and equal to itself, -0.0 = 0.0. */
int weft_nested_compare(weft_type type, const uint8_t *a, const uint8_t *b);
/* The same order of the values of two columns' physical rows, of one type, neither null. Decimals may differ
 * in width. */
int weft_nested_compare_columns(const weft_column *a, int32_t row_a, const weft_column *b, int32_t row_b);
/* Is the packed value equal (as above) to the value of a column's physical row, which is not null? */
bool weft_nested_equal(const weft_column *column, int32_t row, const uint8_t *packed);
/* The end of the value of a type that begins at `at`, or NULL when it is malformed or passes `end`. */
const uint8_t *weft_nested_end(weft_type type, const uint8_t *at, const uint8_t *end);
/* Is this one well-formed value of the type, with nothing after it? */
bool weft_nested_validate(weft_type type, const uint8_t *bytes, uint64_t len);

#endif
