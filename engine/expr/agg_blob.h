/* engine/expr/agg_blob.h - a state that grows: bytes appended to a string state with room to spare.
 *
 * The string is 4 zero bytes (its prefix, which rows keep beside it and must not change), a number of 32
 * bits, the bytes in use, then those, then what is free: so appending copies each byte a few times at most,
 * and a row moves, spills and merges like any other.
 */
#ifndef WEFT_EXPR_AGG_BLOB_H
#define WEFT_EXPR_AGG_BLOB_H

#include "engine/expr/agg_input.h"

/* Append len bytes to state `state` of the row. Errors: WEFT_NOMEM, WEFT_LIMIT above 1 GiB. */
WEFT_MUST_CHECK weft_status weft_agg_blob_append(weft_ctx *ctx, const weft_agg_place *place, uint8_t *row,
                                                 int32_t state, const void *bytes, size_t len);
/* The bytes in use of layout column `column`; NULL and 0 while the state is NULL. Borrows from the row. */
const char *weft_agg_blob_view(const weft_row_layout *layout, int32_t column, const uint8_t *row,
                               size_t *len);

#endif
