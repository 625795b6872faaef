/* engine/columnar/declared_type.h - types as tables declare them: CHAR(n) and VARCHAR(n) are STRING with a
 * length_kind, which only definitions of tables have; what reads and writes the tables minds the lengths. */
#ifndef WEFT_COLUMNAR_DECLARED_TYPE_H
#define WEFT_COLUMNAR_DECLARED_TYPE_H

#include "engine/columnar/type.h"

/* weft_type_parse, which keeps the lengths of CHAR(n) and VARCHAR(n) at any depth. */
WEFT_MUST_CHECK weft_status weft_type_parse_declared(weft_ctx *ctx, const char *text, weft_type *out);
/* Has it a length at any depth? */
bool weft_type_has_length(weft_type declared);
/* The type that values of a column of the declared type have. Children in ctx->arena. */
WEFT_MUST_CHECK weft_status weft_type_of_values(weft_ctx *ctx, weft_type declared, weft_type *out);

#endif
