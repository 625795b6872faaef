/* coordinator/table_command.h - statements about tables and databases of the warehouse: they need no job. */
#ifndef WEFT_COORDINATOR_TABLE_COMMAND_H
#define WEFT_COORDINATOR_TABLE_COMMAND_H

#include "coordinator/command.h"
#include "engine/storage/commit.h"

/* What such a statement shows is in *rows (width 0: nothing). USE changes the settings; *changed says so. */
WEFT_MUST_CHECK weft_status weft_table_command_run(weft_ctx *ctx, const weft_session_catalog *catalog,
                                                   weft_settings *settings, const weft_node *node,
                                                   weft_command_rows *rows, bool *changed);
/* CREATE VIEW of one that outlives the session: bound, with its query as input. */
WEFT_MUST_CHECK weft_status weft_table_command_define_view(weft_ctx *ctx, const weft_node *create);
/* DROP VIEW of a name that is no temporary view's. */
WEFT_MUST_CHECK weft_status weft_table_command_drop_view(weft_ctx *ctx, const weft_node *drop);
/* A write into a table is about to be committed with these files: see table_places.c. */
WEFT_MUST_CHECK weft_status weft_table_command_take_back(weft_ctx *ctx, const weft_node *write,
                                                         const weft_commit_part *parts, int32_t count);
/* The same write has replaced all of its folder: partitions that lie elsewhere and got no row are none any
 * more. A leader that dies before leaves them as partitions without files. */
WEFT_MUST_CHECK weft_status weft_table_command_let_go(weft_ctx *ctx, const weft_node *write,
                                                      const weft_commit_part *parts, int32_t count);
/* INSERT OVERWRITE … PARTITION (…) IF NOT EXISTS: is the folder there? */
WEFT_MUST_CHECK weft_status weft_table_command_has_partition(weft_ctx *ctx, const weft_node *write,
                                                             bool *has);
/* The table that a CREATE TABLE … AS query has made, with the columns of the query. again: an earlier
 * coordinator may have done it already. */
WEFT_MUST_CHECK weft_status weft_table_command_define(weft_ctx *ctx, const weft_node *write, const char *path,
                                                      bool again);
/* May the CREATE TABLE … AS query run? *skip: the table exists and IF NOT EXISTS stands there. *path: where
 * its files go. Errors: WEFT_TABLE_OR_VIEW_ALREADY_EXISTS, WEFT_SCHEMA_NOT_FOUND,
 * WEFT_LOCATION_ALREADY_EXISTS. */
WEFT_MUST_CHECK weft_status weft_table_command_place(weft_ctx *ctx, const weft_node *write, bool *skip,
                                                     const char **path);
/* Rows of SHOW TABLES for the tables and views of a database (NULL: the current one), or for its views alone,
 * appended to cells. */
WEFT_MUST_CHECK weft_status weft_table_command_list(weft_ctx *ctx, const char *database, const char *pattern,
                                                    bool views, weft_pointers *cells);
/* What DESCRIBE shows of a table beside its columns (col_name, data_type, comment), appended to cells. */
WEFT_MUST_CHECK weft_status weft_table_command_describe(weft_ctx *ctx, const weft_table_definition *d,
                                                        bool extended, weft_pointers *cells);
/* What DESCRIBE t PARTITION (…) adds to the columns; d NULL: it is a temporary view. Errors:
 * WEFT_FORBIDDEN_OPERATION, WEFT_PARTITIONS_NOT_FOUND. */
WEFT_MUST_CHECK weft_status weft_table_command_describe_partition(weft_ctx *ctx, const weft_node *show,
                                                                  const weft_table_definition *d,
                                                                  weft_pointers *cells);
/* SHOW TABLES and SHOW PARTITIONS … AS JSON: the rows as one document, in place of them. Of tables:
 * namespace, name, "true" for one of the session, and the type for SHOW TABLE EXTENDED. */
WEFT_MUST_CHECK weft_status weft_show_tables_json(weft_ctx *ctx, weft_command_rows *rows);
WEFT_MUST_CHECK weft_status weft_show_partitions_json(weft_ctx *ctx, weft_command_rows *rows);
/* DESCRIBE EXTENDED … AS JSON of a table or view of the warehouse, bound. Errors: as above. */
WEFT_MUST_CHECK weft_status weft_table_command_describe_json(weft_ctx *ctx, const weft_node *show,
                                                             const weft_table_definition *d,
                                                             const char **out);
/* Spark's patterns of SHOW: '*' is any text, '|' parts alternatives, case does not count. NULL: all match. */
bool weft_show_pattern_matches(const char *pattern, const char *name);

#endif
