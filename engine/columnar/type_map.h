/* engine/columnar/type_map.h - types made of other types: what each type within becomes, and deep copies. */
#ifndef WEFT_COLUMNAR_TYPE_MAP_H
#define WEFT_COLUMNAR_TYPE_MAP_H

#include "engine/columnar/type.h"

/* Changes the type in place but for its children; true where the children are to be changed too. */
typedef bool (*weft_type_change)(const void *arg, weft_type *type);

/* *out is the type after `change` has seen it and, from the outermost inwards, each type within. New children
 * are in ctx->arena; their names are those of before. */
WEFT_MUST_CHECK weft_status weft_type_map(weft_ctx *ctx, weft_type type, weft_type_change change,
                                          const void *arg, weft_type *out);
/* The same type with children and names of its own, in ctx->arena. */
WEFT_MUST_CHECK weft_status weft_type_copy(weft_ctx *ctx, weft_type type, weft_type *out);

#endif
