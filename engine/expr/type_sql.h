/* engine/expr/type_sql.h - types as Spark writes them in SQL: STRUCT<a: BIGINT, `b c`: ARRAY<STRING>>. */
#ifndef WEFT_EXPR_TYPE_SQL_H
#define WEFT_EXPR_TYPE_SQL_H

#include "engine/expr/nested_text.h"

WEFT_MUST_CHECK weft_status weft_text_append_type(weft_ctx *ctx, weft_text *out, weft_type type);
/* The same as CREATE TABLE writes it: every string says its collation. */
WEFT_MUST_CHECK weft_status weft_text_append_declared(weft_ctx *ctx, weft_text *out, weft_type type);
/* The same as a string of ctx->arena, for messages. */
WEFT_MUST_CHECK weft_status weft_type_sql(weft_ctx *ctx, weft_type type, char **out);
/* A field's name, in backquotes where it needs them. */
WEFT_MUST_CHECK weft_status weft_text_append_name(weft_ctx *ctx, weft_text *out, const char *name,
                                                  size_t len);

#endif
