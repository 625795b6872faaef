/* engine/columnar/declared_type.c - see declared_type.h; the parser is in type_text.c. */
#include "engine/columnar/declared_type.h"

bool weft_type_has_length(weft_type declared)
{
    if (declared.length_kind != WEFT_LENGTH_ANY) return true;
    for (int32_t i = 0; i < declared.child_count; i++)
        if (weft_type_has_length(declared.children[i].type)) return true;
    return false;
}

weft_status weft_type_of_values(weft_ctx *ctx, weft_type declared, weft_type *out)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    *out = declared;
    if (!weft_type_has_length(declared)) return WEFT_OK;
    if (declared.child_count == 0) {
        out->length_kind = WEFT_LENGTH_ANY;
        out->parameter = 0;
        return WEFT_OK;
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, declared.child_count, &fields));
    for (int32_t i = 0; i < declared.child_count; i++) {
        fields[i] = declared.children[i];
        WEFT_TRY(st, weft_type_of_values(ctx, declared.children[i].type, &fields[i].type));
    }
    out->children = fields;
done:
    return st;
}
