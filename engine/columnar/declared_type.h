/* engine/columnar/declared_type.h - types as tables declare them: CHAR(n) and VARCHAR(n) are STRING with a
 * length_kind, which only definitions of tables have; what reads and writes the tables minds the lengths. */
#ifndef WEFT_COLUMNAR_DECLARED_TYPE_H
#define WEFT_COLUMNAR_DECLARED_TYPE_H

#include "engine/columnar/type.h"

/* weft_type_parse, which keeps the length of a CHAR(n) or VARCHAR(n) that is the whole type. */
WEFT_MUST_CHECK weft_status weft_type_parse_declared(weft_ctx *ctx, const char *text, weft_type *out);

/* The type that values of a column of the declared type have. */
static inline weft_type weft_type_of_values(weft_type declared)
{
    if (declared.length_kind == WEFT_LENGTH_ANY) return declared;
    declared.length_kind = WEFT_LENGTH_ANY;
    declared.parameter = 0;
    return declared;
}

#endif
