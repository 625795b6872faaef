/* engine/catalog/catalog_private.h - opening tables, for the files of the session catalogue. */
#ifndef WEFT_CATALOG_CATALOG_PRIVATE_H
#define WEFT_CATALOG_CATALOG_PRIVATE_H

#include "engine/catalog/session_catalog.h"

/* Errors: WEFT_DATA_SOURCE_NOT_FOUND. */
WEFT_MUST_CHECK weft_status catalog_find_format(weft_ctx *ctx, const char *name, const weft_format **out);
/* Open files of a format. name, files: in ctx->arena, as the relation is. It is put into keep, in the arena
 * of keep_ctx, by which it is closed. table: the declared columns, or NULL: by the option schema, or those of
 * the files. */
WEFT_MUST_CHECK weft_status catalog_open_files(weft_ctx *ctx, weft_pointers *keep, weft_ctx *keep_ctx,
                                               const weft_format *format, const char *name,
                                               const weft_file_info *files, int32_t file_count,
                                               const char *const *options, int32_t option_count,
                                               const weft_schema *table, weft_relation **out);
/* The same of what a path means. listings: of the statement, or NULL. */
WEFT_MUST_CHECK weft_status catalog_open_relation(weft_ctx *ctx, weft_pointers *keep, weft_ctx *keep_ctx,
                                                  weft_listings *listings, const char *format_name,
                                                  const char *path, const char *const *options,
                                                  int32_t option_count, const weft_relation **out);

#endif
