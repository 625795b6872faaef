/* engine/expr/value_sql.h - a value as the SQL that makes it again: variables of a session, parameters of a
 * statement, and what Spark shows of them. */
#ifndef WEFT_EXPR_VALUE_SQL_H
#define WEFT_EXPR_VALUE_SQL_H

#include "engine/expr/value.h"

/* As Spark writes a literal: 5, 5L, 1.5BD, 'it\'s', DATE '2020-01-01', ARRAY(1, 2), MAP('a', 1),
 * NAMED_STRUCT('f', 1), CAST(NULL AS INT). A cast of the text to the value's type gives the value; moments
 * are of the session's zone. In ctx->arena. Errors: WEFT_NOMEM, WEFT_LIMIT. */
WEFT_MUST_CHECK weft_status weft_value_sql(weft_ctx *ctx, const weft_value *value, char **out);
/* A name or a text between quotes of SQL, escaped. */
WEFT_MUST_CHECK weft_status weft_sql_quote(weft_ctx *ctx, const char *text, size_t len, char **out);

#endif
