/* engine/columnar/type_map.c - see type_map.h. */
#include "engine/columnar/type_map.h"

#include <string.h>

weft_status weft_type_map(weft_ctx *ctx, weft_type type, weft_type_change change, const void *arg,
                          weft_type *out)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    *out = type;
    if (!change(arg, out) || out->child_count == 0) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, type.child_count, &fields));
    for (int32_t i = 0; i < type.child_count; i++) {
        fields[i] = type.children[i];
        WEFT_TRY(st, weft_type_map(ctx, type.children[i].type, change, arg, &fields[i].type));
    }
    out->children = fields;
done:
    return st;
}

weft_status weft_type_copy(weft_ctx *ctx, weft_type type, weft_type *out)
{
    weft_status st = WEFT_OK;
    weft_field *fields = NULL;
    *out = type;
    if (type.child_count == 0) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, type.child_count, &fields));
    for (int32_t i = 0; i < type.child_count; i++) {
        const weft_field *from = &type.children[i];
        char *name = NULL;
        fields[i] = *from;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, from->name, strlen(from->name), &name));
        fields[i].name = name;
        WEFT_TRY(st, weft_type_copy(ctx, from->type, &fields[i].type));
    }
    out->children = fields;
done:
    return st;
}
