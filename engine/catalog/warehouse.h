/* engine/catalog/warehouse.h - databases and tables that outlive a session: one small file each, below the
 * folder _catalog of the warehouse (the setting weft.sql.warehouse.dir).
 *
 *   <warehouse>/_catalog/<database>/database     the database is there
 *   <warehouse>/_catalog/<database>/t_<table>    what a table is: weft_table_definition as lines of text
 *   <warehouse>/_catalog/<database>/f_<function> what a function is: the statement that makes it
 *
 * A definition becomes visible by one rename, and a new one only where there is none, so two processes never
 * see half of one, and of two that create the same table one succeeds. Whoever puts what it has found and
 * changed holds weft_warehouse_lock meanwhile, so that of two that change one table at once none is lost; of
 * the functions here weft_warehouse_drop alone takes it itself. The database "default" is always there. Names
 * are compared without case; they are letters, digits and '_' of ASCII, else what creates something answers
 * WEFT_INVALID_SCHEMA_OR_RELATION_NAME. Values live in ctx->arena. Any thread, one ctx each. */
#ifndef WEFT_CATALOG_WAREHOUSE_H
#define WEFT_CATALOG_WAREHOUSE_H

#include "engine/plan/logical.h"

/* Among all processes that share the warehouse. Without the folder of definitions nothing can be changed, and
 * *lock is -1: not held. Errors: those of weft_fs_lock. */
WEFT_MUST_CHECK weft_status weft_warehouse_lock(weft_ctx *ctx, int *lock);
void weft_warehouse_unlock(int *lock); /* -1 is allowed */

/* Errors: WEFT_IO; WEFT_CORRUPT for a definition that cannot be read. */
WEFT_MUST_CHECK weft_status weft_warehouse_has_database(weft_ctx *ctx, const char *database, bool *has);
/* WEFT_SCHEMA_NOT_FOUND where it is not there; errors as above. */
WEFT_MUST_CHECK weft_status weft_warehouse_expect_database(weft_ctx *ctx, const char *database);
/* Of the definition the name, the comment, the location (or NULL) and the properties. Errors:
 * WEFT_SCHEMA_EXISTS. */
WEFT_MUST_CHECK weft_status weft_warehouse_create_database(weft_ctx *ctx,
                                                           const weft_table_definition *database);
/* Its name, comment, location and properties, as a definition without columns; *out NULL: there is none. */
WEFT_MUST_CHECK weft_status weft_warehouse_find_database(weft_ctx *ctx, const char *database,
                                                         const weft_table_definition **out);
/* The same with other comment, location and properties. */
WEFT_MUST_CHECK weft_status weft_warehouse_put_database(weft_ctx *ctx, const weft_table_definition *database);
/* Where tables of the database lie: an absolute path. */
WEFT_MUST_CHECK weft_status weft_warehouse_database_location(weft_ctx *ctx, const char *database,
                                                             const char **out);
/* With its tables and functions, when cascade is set. Errors: WEFT_SCHEMA_NOT_FOUND, WEFT_SCHEMA_NOT_EMPTY.
 */
WEFT_MUST_CHECK weft_status weft_warehouse_drop_database(weft_ctx *ctx, const char *database, bool cascade);
/* Names in ascending order. */
WEFT_MUST_CHECK weft_status weft_warehouse_databases(weft_ctx *ctx, const char *const **names,
                                                     int32_t *count);
WEFT_MUST_CHECK weft_status weft_warehouse_tables(weft_ctx *ctx, const char *database,
                                                  const char *const **names, int32_t *count);
/* *out NULL: there is none. */
WEFT_MUST_CHECK weft_status weft_warehouse_find(weft_ctx *ctx, const char *database, const char *table,
                                                const weft_table_definition **out);
/* Errors: WEFT_SCHEMA_NOT_FOUND; WEFT_TABLE_OR_VIEW_ALREADY_EXISTS unless replace is set. */
WEFT_MUST_CHECK weft_status weft_warehouse_put(weft_ctx *ctx, const weft_table_definition *table,
                                               bool replace);
/* The definition, and the files of a table that is not external. None is no error. Takes the lock. */
WEFT_MUST_CHECK weft_status weft_warehouse_drop(weft_ctx *ctx, const weft_table_definition *table);
/* The definition under another name; the files of a table that is not external move along when they lie where
 * its name says. Errors: WEFT_TABLE_OR_VIEW_ALREADY_EXISTS, WEFT_LOCATION_ALREADY_EXISTS. */
WEFT_MUST_CHECK weft_status weft_warehouse_rename(weft_ctx *ctx, const weft_table_definition *table,
                                                  const char *name);
/* Where a table without a LOCATION has its files: an absolute path. */
WEFT_MUST_CHECK weft_status weft_warehouse_location(weft_ctx *ctx, const char *database, const char *table,
                                                    const char **out);
/* The statement that makes a function; *text NULL: there is none. */
WEFT_MUST_CHECK weft_status weft_warehouse_function(weft_ctx *ctx, const char *database, const char *name,
                                                    const char **text);
/* Errors: WEFT_SCHEMA_NOT_FOUND; WEFT_EXISTS unless replace is set. */
WEFT_MUST_CHECK weft_status weft_warehouse_put_function(weft_ctx *ctx, const char *database, const char *name,
                                                        const char *text, bool replace);
/* None is no error. */
WEFT_MUST_CHECK weft_status weft_warehouse_drop_function(weft_ctx *ctx, const char *database,
                                                         const char *name);
WEFT_MUST_CHECK weft_status weft_warehouse_functions(weft_ctx *ctx, const char *database,
                                                     const char *const **names, int32_t *count);
/* Columns as a schema: those of a table as it is read. */
WEFT_MUST_CHECK weft_status weft_table_definition_schema(weft_ctx *ctx, const weft_table_definition *table,
                                                         const weft_schema **out);

#endif
