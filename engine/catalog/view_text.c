/* engine/catalog/view_text.c - see view_text.h. */
#include "engine/catalog/view_text.h"

#include <string.h>

#include "engine/sql/parser.h"

weft_status weft_view_collated(weft_ctx *ctx, const char *collation, const char *query, const char **out)
{
    char *text = NULL;
    *out = query;
    if (collation == NULL) return WEFT_OK;
    const weft_status st = weft_arena_printf(
        ctx, ctx->arena, &text, "CREATE TEMPORARY VIEW v DEFAULT COLLATION %s AS %s", collation, query);
    *out = text;
    return st;
}

weft_status weft_view_parse(weft_ctx *ctx, const char *text, const weft_kept_settings *kept,
                            const char **collation, const weft_node **out)
{
    const weft_settings *before = NULL;
    weft_status st = weft_kept_settings_enter(ctx, kept, &before);
    if (st == WEFT_OK) st = weft_sql_parse(ctx, text, strlen(text), out);
    ctx->settings = before;
    const bool collated = st == WEFT_OK && (*out)->kind == WEFT_NODE_CREATE_VIEW;
    if (collation != NULL) *collation = collated ? (*out)->view.collation : NULL;
    if (collated) *out = (*out)->inputs[0];
    return st;
}
