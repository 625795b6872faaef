/* engine/expr/declared_length.h - values of nested types whose strings have a declared length (fn_length.c):
 * CHAR(n) and VARCHAR(n) within arrays, structs and maps. */
#ifndef WEFT_EXPR_DECLARED_LENGTH_H
#define WEFT_EXPR_DECLARED_LENGTH_H

#include "engine/expr/expr.h"

/* A call of (lengths_write) or (lengths_pad): the value as a column of the declared type holds it, or as it
 * is read. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_expr_declared(weft_ctx *ctx, const char *function, const weft_expr *value,
                                               weft_type declared, const weft_expr **out);

#endif
