/* engine/catalog/catalog_open.c - files of a format as a table: see catalog_private.h. */
#include "engine/catalog/catalog_private.h"

#include <string.h>

#include "engine/catalog/session_listing.h"
#include "engine/columnar/schema_names.h"
#include "engine/columnar/schema_text.h"
#include "engine/formats/options.h"

/* The statement that names them may go before the relation does. */
static weft_status copy_options(weft_ctx *ctx, const char *const *options, int32_t count, weft_relation *r)
{
    weft_status st = WEFT_OK;
    char **copies = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 2 * count, &copies));
    for (int32_t i = 0; i < 2 * count; i++)
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, options[i], strlen(options[i]), &copies[i]));
    r->options = (const char *const *)copies;
    r->option_count = count;
done:
    return st;
}

weft_status catalog_find_format(weft_ctx *ctx, const char *name, const weft_format **out)
{
    char names[128];
    *out = weft_format_find(name);
    if (*out != NULL) return WEFT_OK;
    weft_format_names(names, sizeof names);
    return weft_fail(ctx, WEFT_DATA_SOURCE_NOT_FOUND,
                     "Failed to find the data source: %s. This build reads: %s.", name, names);
}

weft_status catalog_open_files(weft_ctx *ctx, weft_pointers *keep, weft_ctx *keep_ctx,
                               const weft_format *format, const char *name, const weft_file_info *files,
                               int32_t file_count, const char *const *options, int32_t option_count,
                               const weft_schema *table, weft_relation **out)
{
    weft_status st = WEFT_OK;
    weft_relation *r = NULL;
    weft_schema given = {0};
    const char *schema = weft_option_find(options, option_count, "schema");
    if (schema != NULL) WEFT_TRY(st, weft_schema_parse(ctx, schema, &given));
    WEFT_TRY(st, WEFT_NEW(ctx, &r));
    r->format = format;
    r->name = name;
    r->files = files;
    r->file_count = file_count;
    WEFT_TRY(st, copy_options(ctx, options, option_count, r));
    const weft_schema *declared = table != NULL ? table : schema == NULL ? NULL : &given;
    st = format->open(ctx, r->files, r->file_count, r->options, option_count, declared, &r->table);
    if (st != WEFT_OK) return weft_opening_failed(ctx, st);
    r->schema = format->schema(r->table);
    st = weft_schema_check_names(ctx, r->schema->fields, r->schema->count);
    if (st == WEFT_OK) st = weft_pointers_push(keep_ctx, keep, r);
    if (st != WEFT_OK) format->close(&r->table);
    *out = r;
done:
    return st;
}

weft_status catalog_open_relation(weft_ctx *ctx, weft_pointers *keep, weft_ctx *keep_ctx,
                                  weft_listings *listings, const char *format_name, const char *path,
                                  const char *const *options, int32_t option_count, const weft_relation **out)
{
    weft_status st = WEFT_OK;
    weft_listing listing = {0};
    char *name = NULL;
    weft_relation *relation = NULL;
    const weft_format *format = NULL;
    WEFT_TRY(st, catalog_find_format(ctx, format_name, &format));
    if (!format->without_files && path[0] != '\0') /* without a path there are no files, and no rows */
        WEFT_TRY(st, listings == NULL ? weft_listing_of(ctx, path, &listing)
                                      : weft_listing_once(ctx, listings, path, &listing));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &name, "%s %s", format->name, path));
    weft_file_info *files = (weft_file_info *)(uintptr_t)listing.files;
    WEFT_TRY(st, weft_files_filter(ctx, options, option_count, &files, &listing.file_count));
    WEFT_TRY(st, catalog_open_files(ctx, keep, keep_ctx, format, name, files, listing.file_count, options,
                                    option_count, NULL, &relation));
    *out = relation;
done:
    return st;
}
