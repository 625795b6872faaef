/* engine/columnar/gather.h - columns of rows as vectors, nested values unpacked. */
#ifndef WEFT_COLUMNAR_GATHER_H
#define WEFT_COLUMNAR_GATHER_H

#include "engine/columnar/builder.h"
#include "engine/columnar/rows.h"

/* Layout column `column` of rows[0 .. count) becomes the contents of out, a vector of its type: row i at slot
 * at[i] (NULL: i). What the vector held is forgotten. Strings, also those inside nested values, are views
 * into the pages of the rows. out->column has the physical type of the row, or the nested one.
 * Errors: WEFT_NOMEM, WEFT_LIMIT (nested values only). */
WEFT_MUST_CHECK weft_status weft_vector_gather(weft_ctx *ctx, const weft_row_layout *layout, int32_t column,
                                               const uint8_t *const *rows, int32_t count, const uint16_t *at,
                                               weft_vector *out);

#endif
