/* engine/expr/json_schema.h - types given as JSON. */
#ifndef WEFT_EXPR_JSON_SCHEMA_H
#define WEFT_EXPR_JSON_SCHEMA_H

#include "engine/columnar/type.h"
#include "engine/expr/json_options.h"

/* A type in the form of Spark's DataType.json: {"type":"struct","fields":[{"name":"a","type":"integer", …}]}.
 * In ctx->arena. Errors: WEFT_PARSE_SYNTAX_ERROR at span, WEFT_UNSUPPORTED_DATATYPE. */
WEFT_MUST_CHECK weft_status weft_json_schema_parse(weft_ctx *ctx, const char *text, const weft_span *span,
                                                   weft_type *out);

#endif
