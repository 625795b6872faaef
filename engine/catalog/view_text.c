/* engine/catalog/view_text.c - see view_text.h. */
#include "engine/catalog/view_text.h"

#include <string.h>
#include <strings.h>

#include "engine/sql/parser.h"

static weft_status put_name(weft_ctx *ctx, const char *before, const char *name, char **text)
{
    weft_status st = WEFT_OK;
    size_t n = 0;
    char *quoted = NULL;
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, 2 * strlen(name) + 1, (void **)&quoted));
    for (; *name != '\0'; name++) {
        if (*name == '`') quoted[n++] = '`';
        quoted[n++] = *name;
    }
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text, "%s%s`%s`", *text, before, quoted));
done:
    return st;
}

static weft_status query_text(weft_ctx *ctx, const weft_table_definition *d, char **out)
{
    weft_status st = WEFT_OK;
    bool unique = true;
    if (d->view_schema == WEFT_VIEW_EVOLUTION && !d->names_columns)
        return weft_arena_printf(ctx, ctx->arena, out, "%s", d->query);
    if (d->view_schema == WEFT_VIEW_EVOLUTION) unique = false; /* its columns get their names by place */
    for (int32_t i = 0; i < d->column_count; i++)
        for (int32_t k = 0; k < i; k++) unique &= strcasecmp(d->query_columns[i], d->query_columns[k]) != 0;
    *out = "";
    if (unique) {
        for (int32_t i = 0; i < d->column_count; i++) {
            WEFT_TRY(st, put_name(ctx, i == 0 ? "SELECT " : ", ", d->query_columns[i], out));
            WEFT_TRY(st, put_name(ctx, " AS ", d->columns[i].name, out));
        }
        return weft_arena_printf(ctx, ctx->arena, out, "%s FROM (\n%s\n)", *out, d->query);
    }
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "SELECT * FROM (\n%s\n) AS v(", d->query));
    for (int32_t i = 0; i < d->column_count; i++)
        WEFT_TRY(st, put_name(ctx, i == 0 ? "" : ", ", d->columns[i].name, out));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s)", *out));
done:
    return st;
}

weft_status weft_view_text(weft_ctx *ctx, const weft_table_definition *d, char **out)
{
    const weft_status st = query_text(ctx, d, out);
    return st == WEFT_OK ? weft_view_collated(ctx, d->collation, *out, out) : st;
}

weft_status weft_view_collated(weft_ctx *ctx, const char *collation, char *query, char **out)
{
    *out = query;
    if (collation == NULL) return WEFT_OK;
    return weft_arena_printf(ctx, ctx->arena, out, "CREATE TEMPORARY VIEW v DEFAULT COLLATION %s AS %s",
                             collation, query);
}

weft_status weft_view_parse(weft_ctx *ctx, const char *text, const char **collation, const weft_node **out)
{
    const weft_status st = weft_sql_parse(ctx, text, strlen(text), out);
    const bool collated = st == WEFT_OK && (*out)->kind == WEFT_NODE_CREATE_VIEW;
    if (collation != NULL) *collation = collated ? (*out)->view.collation : NULL;
    if (collated) *out = (*out)->inputs[0];
    return st;
}
