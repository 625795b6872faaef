/* engine/expr/type_sql.c - see type_sql.h. */
#include "engine/expr/type_sql.h"

#include <ctype.h>
#include <string.h>

#include "engine/columnar/collation.h"

weft_status weft_text_append_name(weft_ctx *ctx, weft_text *out, const char *name, size_t len)
{
    weft_status st = WEFT_OK;
    bool bare = len > 0 && !isdigit((unsigned char)name[0]);
    for (size_t i = 0; i < len; i++) bare &= isalnum((unsigned char)name[i]) || name[i] == '_';
    if (bare) return weft_text_append(ctx, out, name, len);
    WEFT_TRY(st, weft_text_append(ctx, out, "`", 1));
    for (size_t i = 0; i < len; i++)
        WEFT_TRY(st, weft_text_append(ctx, out, name[i] == '`' ? "``" : name + i, name[i] == '`' ? 2 : 1));
    WEFT_TRY(st, weft_text_append(ctx, out, "`", 1));
done:
    return st;
}

/* A type that is not nested. The name of a collation keeps its case. */
static weft_status append_leaf(weft_ctx *ctx, weft_text *out, weft_type type, bool declared)
{
    weft_status st = WEFT_OK;
    char word[64], collation[WEFT_COLLATION_NAME_BYTES];
    const bool collated = type.id == WEFT_TYPE_STRING &&
                          (declared || type.collation != WEFT_COLLATION_BINARY);
    weft_collation_name(type.collation, collation);
    type.collation = WEFT_COLLATION_BINARY;
    (void)weft_type_text(type, word, sizeof word);
    for (char *c = word; *c != 0; c++) *c = (char)toupper((unsigned char)*c);
    WEFT_TRY(st, weft_text_append(ctx, out, word, strlen(word)));
    if (!collated) goto done;
    WEFT_TRY(st, weft_text_append(ctx, out, " COLLATE ", 9));
    WEFT_TRY(st, weft_text_append(ctx, out, collation, strlen(collation)));
done:
    return st;
}

static weft_status append_type(weft_ctx *ctx, weft_text *out, weft_type type, bool declared)
{
    weft_status st = WEFT_OK;
    if (!weft_type_is_nested(type)) return append_leaf(ctx, out, type, declared);
    const char *begin = type.id == WEFT_TYPE_ARRAY ? "ARRAY<" : type.id == WEFT_TYPE_MAP ? "MAP<" : "STRUCT<";
    WEFT_TRY(st, weft_text_append(ctx, out, begin, strlen(begin)));
    for (int32_t i = 0; i < type.child_count; i++) {
        if (i > 0) WEFT_TRY(st, weft_text_append(ctx, out, ", ", 2));
        if (type.id == WEFT_TYPE_STRUCT) {
            const char *name = type.children[i].name;
            WEFT_TRY(st, weft_text_append_name(ctx, out, name, strlen(name)));
            WEFT_TRY(st, weft_text_append(ctx, out, ": ", 2));
        }
        WEFT_TRY(st, append_type(ctx, out, type.children[i].type, declared));
    }
    WEFT_TRY(st, weft_text_append(ctx, out, ">", 1));
done:
    return st;
}

weft_status weft_text_append_type(weft_ctx *ctx, weft_text *out, weft_type type)
{
    return append_type(ctx, out, type, false);
}

weft_status weft_text_append_declared(weft_ctx *ctx, weft_text *out, weft_type type)
{
    return append_type(ctx, out, type, true);
}

weft_status weft_type_sql(weft_ctx *ctx, weft_type type, char **out)
{
    weft_status st = WEFT_OK;
    weft_text text = {0};
    WEFT_TRY(st, weft_text_append_type(ctx, &text, type));
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, text.bytes, text.len, out));
done:
    weft_text_release(&text);
    return st;
}
