/* engine/columnar/schema_names.h - names of columns and fields, told apart as SQL tells them: without case.
 */
#ifndef WEFT_COLUMNAR_SCHEMA_NAMES_H
#define WEFT_COLUMNAR_SCHEMA_NAMES_H

#include "engine/columnar/type.h"

/* Is each name there once, also in every struct of the types? O(n log n). Errors: WEFT_COLUMN_ALREADY_EXISTS
 * with the name. */
WEFT_MUST_CHECK weft_status weft_schema_check_names(weft_ctx *ctx, const weft_field *fields, int32_t count);

#endif
