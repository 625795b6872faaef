/* engine/columnar/schema_text.h - schemas as text: "a INT, `b c` DECIMAL(10,2) NOT NULL COMMENT 'x'". */
#ifndef WEFT_COLUMNAR_SCHEMA_TEXT_H
#define WEFT_COLUMNAR_SCHEMA_TEXT_H

#include "engine/columnar/type.h"

/* Parse a list of columns, as CREATE TABLE has it between its parentheses; a colon may stand before a type.
 * All in ctx->arena. Errors: WEFT_PARSE_SYNTAX_ERROR, WEFT_UNSUPPORTED_DATATYPE, WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_schema_parse(weft_ctx *ctx, const char *text, weft_schema *out);

#endif
