/* engine/formats/parquet/write_variant.h - columns of VARIANT as the two binaries that a file has of them. */
#ifndef WEFT_FORMATS_PARQUET_WRITE_VARIANT_H
#define WEFT_FORMATS_PARQUET_WRITE_VARIANT_H

#include "common/mem.h"
#include "engine/columnar/column.h"

/* An arena for weft_pqw_variant_split where a column of the schema is or holds a VARIANT; else NULL. The
 * caller frees it. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_pqw_variant_open(weft_ctx *ctx, const weft_schema *schema, weft_arena **out);
/* The batch with structs of metadata and value in the place of VARIANTs, at any depth. *out borrows from the
 * batch, and from the arena, which is reset first. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_pqw_variant_split(weft_ctx *ctx, weft_arena *arena, const weft_batch *batch,
                                                   weft_batch *out);

#endif
