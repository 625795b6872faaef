/* engine/catalog/catalog_names.c - what names with dots mean in the warehouse: tables, views, functions. */
#include <string.h>
#include <strings.h>

#include "common/settings.h"
#include "common/sql_path.h"
#include "engine/catalog/session_catalog.h"
#include "engine/catalog/warehouse.h"
#include "engine/sql/parser.h"

weft_status weft_session_catalog_name_of(weft_ctx *ctx, const char *const *parts, int32_t part_count,
                                         const char **database, const char **name)
{
    *name = parts[part_count - 1];
    *database = part_count > 1 ? parts[part_count - 2] : weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE);
    if (part_count < 3 || (part_count == 3 && strcasecmp(parts[0], WEFT_CATALOG_NAME) == 0)) return WEFT_OK;
    *database = *name = NULL;
    return WEFT_OK;
}

/* The database of the function of this one-part name that comes first on the path, or of the table or view;
 * WEFT_PATH_SESSION, when there is a temporary one and it is that; or NULL. */
static weft_status on_path(weft_ctx *ctx, const char *name, bool function, bool temporary, const char **out)
{
    weft_status st = WEFT_OK;
    const char *at = weft_sql_path_entries(ctx), *entry = NULL, *text = NULL;
    *out = NULL;
    while (*out == NULL) {
        const weft_table_definition *d = NULL;
        bool has = false;
        WEFT_TRY(st, weft_sql_path_next(ctx, &at, &entry));
        if (entry == NULL) break;
        if (temporary && strcasecmp(entry, WEFT_PATH_SESSION) == 0) {
            *out = WEFT_PATH_SESSION;
            break;
        }
        const char *schema = weft_sql_path_schema(entry);
        if (schema != NULL) WEFT_TRY(st, weft_warehouse_has_database(ctx, schema, &has));
        if (!has) continue;
        if (function)
            WEFT_TRY(st, weft_warehouse_function(ctx, schema, name, &text));
        else
            WEFT_TRY(st, weft_warehouse_find(ctx, schema, name, &d));
        if (d != NULL || text != NULL) *out = schema;
    }
done:
    return st;
}

weft_status weft_session_catalog_on_path(weft_ctx *ctx, const char *name, bool temporary,
                                         const char **database)
{
    return on_path(ctx, name, false, temporary, database);
}

weft_status weft_session_catalog_table(weft_ctx *ctx, const char *const *parts, int32_t part_count,
                                       const weft_table_definition **out)
{
    weft_status st = WEFT_OK;
    const char *whole[] = {NULL, parts[0]};
    const bool path = part_count == 1 && weft_sql_path_is_set(ctx);
    *out = NULL;
    if (path) WEFT_TRY(st, on_path(ctx, parts[0], false, false, &whole[0]));
    if (!path || whole[0] != NULL)
        WEFT_TRY(st, weft_session_catalog_entry(ctx, path ? whole : parts, path ? 2 : part_count, out));
    if (*out != NULL && (*out)->query != NULL) *out = NULL;
done:
    return st;
}

weft_status weft_session_catalog_entry(weft_ctx *ctx, const char *const *parts, int32_t part_count,
                                       const weft_table_definition **out)
{
    weft_status st = WEFT_OK;
    const char *database = NULL, *name = NULL;
    bool has = false;
    *out = NULL;
    const int32_t own = part_count - (strcasecmp(parts[0], "spark_catalog") == 0 ? 1 : 0);
    if (own > 2)
        return weft_fail(ctx, WEFT_SINGLE_PART_NAMESPACE,
                         "spark_catalog requires a single-part namespace, but got identifier `%s`.`%s`.`%s`.",
                         parts[part_count - 3], parts[part_count - 2], parts[part_count - 1]);
    WEFT_TRY(st, weft_session_catalog_name_of(ctx, parts, part_count, &database, &name));
    if (name == NULL) goto done;
    WEFT_TRY(st, weft_warehouse_has_database(ctx, database, &has));
    if (has) WEFT_TRY(st, weft_warehouse_find(ctx, database, name, out));
done:
    return st;
}

weft_status weft_session_catalog_function_name(weft_ctx *ctx, const char *name, const char **database,
                                               const char **function)
{
    weft_status st = WEFT_OK;
    weft_pointers parts = {0};
    *database = *function = NULL;
    for (const char *from = name; from != NULL;) {
        const char *end = strchrnul(from, '.');
        char *part = NULL;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, from, (size_t)(end - from), &part));
        WEFT_TRY(st, weft_pointers_push(ctx, &parts, part));
        from = *end == '\0' ? NULL : end + 1;
    }
    WEFT_TRY(st,
             weft_session_catalog_name_of(ctx, weft_pointers_texts(&parts), parts.count, database, function));
done:
    return st;
}

weft_status weft_session_catalog_function(weft_ctx *ctx, const char *name, const weft_routine **out)
{
    weft_status st = WEFT_OK;
    const char *database = NULL, *function = NULL, *text = NULL;
    weft_routine *own = NULL;
    char *shown = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_session_catalog_function_name(ctx, name, &database, &function));
    if (function == NULL) goto done;
    if (strchr(name, '.') == NULL && weft_sql_path_is_set(ctx))
        WEFT_TRY(st, on_path(ctx, function, true, false, &database));
    if (database == NULL) goto done;
    WEFT_TRY(st, weft_warehouse_function(ctx, database, function, &text));
    if (text == NULL) goto done;
    WEFT_TRY(st, weft_routine_parse(ctx, text, out));
    WEFT_TRY(st, WEFT_NEW(ctx, &own));
    *own = **out;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &shown, "spark_catalog.%s.%s", database,
                                   own->parts[own->part_count - 1]));
    own->shown = shown;
    *out = own;
done:
    return st;
}
