/* engine/columnar/declared_type.c - see declared_type.h; the parser is in type_text.c. */
#include "engine/columnar/declared_type.h"

#include "engine/columnar/type_map.h"

bool weft_type_has_length(weft_type declared)
{
    if (declared.length_kind != WEFT_LENGTH_ANY) return true;
    for (int32_t i = 0; i < declared.child_count; i++)
        if (weft_type_has_length(declared.children[i].type)) return true;
    return false;
}

static bool forget_length(const void *arg, weft_type *type)
{
    (void)arg;
    if (type->length_kind != WEFT_LENGTH_ANY) {
        type->length_kind = WEFT_LENGTH_ANY;
        type->parameter = 0;
    }
    return weft_type_has_length(*type);
}

weft_status weft_type_of_values(weft_ctx *ctx, weft_type declared, weft_type *out)
{
    return weft_type_map(ctx, declared, forget_length, NULL, out);
}
