/* common/sql_path.c - see sql_path.h. */
#include "common/sql_path.h"

#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "common/settings.h"

bool weft_sql_path_is_set(const weft_ctx *ctx)
{
    return weft_setting(ctx, WEFT_SET_SQL_PATH_ENABLED) != 0 &&
           weft_setting_text(ctx, WEFT_SET_SQL_PATH)[0] != '\0';
}

const char *weft_sql_path_entries(const weft_ctx *ctx)
{
    return weft_sql_path_is_set(ctx) ? weft_setting_text(ctx, WEFT_SET_SQL_PATH) : WEFT_PATH_DEFAULT;
}

weft_status weft_sql_path_next(weft_ctx *ctx, const char **at, const char **out)
{
    weft_status st = WEFT_OK;
    char *entry = NULL;
    const size_t len = strcspn(*at, ",");
    *out = NULL;
    if (len == 0) return WEFT_OK;
    if (len == strlen(WEFT_PATH_CURRENT) && strncmp(*at, WEFT_PATH_CURRENT, len) == 0)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &entry, "spark_catalog.%s",
                                       weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE)));
    else
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, *at, len, &entry));
    *out = entry;
    *at += len + ((*at)[len] == ',');
done:
    return st;
}

weft_status weft_sql_path_text(weft_ctx *ctx, const char **out)
{
    weft_status st = WEFT_OK;
    const char *at = weft_sql_path_entries(ctx), *entry = NULL;
    char *text = NULL;
    *out = "";
    for (;;) {
        WEFT_TRY(st, weft_sql_path_next(ctx, &at, &entry));
        if (entry == NULL) break;
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s%s%s", *out, (*out)[0] != '\0' ? "," : "",
                                       entry));
        *out = text;
    }
done:
    return st;
}

const char *weft_sql_path_schema(const char *entry)
{
    static const char catalog[] = "spark_catalog.";
    const size_t len = sizeof catalog - 1;
    return strncasecmp(entry, catalog, len) == 0 && strchr(entry + len, '.') == NULL ? entry + len : NULL;
}
