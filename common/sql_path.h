/* common/sql_path.h - where names without a schema are looked for, when SET PATH has said so.
 *
 * The setting weft.sql.path keeps the entries as text, parted by commas: catalog.schema, or CURRENT_SCHEMA
 * for the one of the moment. It counts only while spark.sql.path.enabled is on. */
#ifndef WEFT_COMMON_SQL_PATH_H
#define WEFT_COMMON_SQL_PATH_H

#include "common/ctx.h"

#define WEFT_PATH_BUILTIN "system.builtin"
#define WEFT_PATH_SESSION "system.session"
#define WEFT_PATH_CURRENT "CURRENT_SCHEMA"
#define WEFT_PATH_DEFAULT WEFT_PATH_BUILTIN "," WEFT_PATH_SESSION "," WEFT_PATH_CURRENT

/* Is there one that counts? */
bool weft_sql_path_is_set(const weft_ctx *ctx);
/* The entries that count, without a path those of Spark. Borrows the ctx's settings. */
const char *weft_sql_path_entries(const weft_ctx *ctx);
/* The entry at *at, with the current schema put in, in the arena, and *at behind it; *out NULL: there are no
 * more. */
WEFT_MUST_CHECK weft_status weft_sql_path_next(weft_ctx *ctx, const char **at, const char **out);
/* All entries, as current_path() tells them, in the arena. */
WEFT_MUST_CHECK weft_status weft_sql_path_text(weft_ctx *ctx, const char **out);
/* The schema of an entry of Spark's own catalogue; NULL: it is of another one. Borrows the entry. */
const char *weft_sql_path_schema(const char *entry);

#endif
