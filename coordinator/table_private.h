/* coordinator/table_private.h - what the statements about tables share. */
#ifndef WEFT_COORDINATOR_TABLE_PRIVATE_H
#define WEFT_COORDINATOR_TABLE_PRIVATE_H

#include "coordinator/table_command.h"
#include "engine/plan/pointers.h"

typedef struct command_run {
    weft_ctx *ctx;
    const weft_session_catalog *catalog;
    weft_settings *settings;
    const weft_node *node;
    weft_command_rows *rows;
    bool *changed;
} command_run;

/* table_command.c */
/* The table that the statement names. Errors: WEFT_TABLE_OR_VIEW_NOT_FOUND, WEFT_EXPECT_TABLE. */
WEFT_MUST_CHECK weft_status weft_command_find_table(command_run *c, const weft_table_definition **out);
/* The table or, with ALTER VIEW, the view. Errors: as above, WEFT_EXPECT_ALTER_VIEW and _TABLE. */
WEFT_MUST_CHECK weft_status weft_command_find_altered(command_run *c, const weft_table_definition **out);
/* WEFT_SCHEMA_NOT_FOUND. */
weft_status weft_command_no_database(command_run *c, const char *name);
/* Rows of a command: cells row after row. */
void weft_command_give(command_run *c, const char *const *names, int32_t width, const weft_pointers *cells);

/* table_places.c: partitions as folders "k=1/j=2". */
/* All of them, in order. */
WEFT_MUST_CHECK weft_status weft_partition_folders(weft_ctx *ctx, const weft_table_definition *d,
                                                   weft_pointers *out);
/* Where one lies. */
WEFT_MUST_CHECK weft_status weft_partition_location(weft_ctx *ctx, const weft_table_definition *d,
                                                    const char *folder, char **out);
/* The places of a definition as pairs that can be changed; location NULL: the folder's own place, "": it is
 * dropped. The definition with other pairs is put into the warehouse. */
WEFT_MUST_CHECK weft_status weft_places_of(weft_ctx *ctx, const weft_table_definition *d,
                                           weft_pointers *pairs);
WEFT_MUST_CHECK weft_status weft_places_set(weft_ctx *ctx, weft_pointers *pairs, const char *folder,
                                            const char *location);
WEFT_MUST_CHECK weft_status weft_places_put(weft_ctx *ctx, const weft_table_definition *d,
                                            const weft_pointers *pairs);
/* A LOCATION as it is kept: what is relative lies below the table. */
WEFT_MUST_CHECK weft_status weft_places_absolute(weft_ctx *ctx, const weft_table_definition *d,
                                                 const char *path, const char **out);

/* table_partitions.c */
WEFT_MUST_CHECK weft_status weft_folder_is_there(weft_ctx *ctx, const char *path, bool *there);
/* WEFT_UNTRACKED_PARTITIONS: what needs partitions, and the table has none. */
weft_status weft_fail_untracked(weft_ctx *ctx, const weft_span *span, const weft_table_definition *d,
                                const char *what);
/* The folder of the one partition that the specification names, which is there. what: the statement, for
 * messages. Errors: WEFT_UNTRACKED_PARTITIONS, WEFT_PARTITION_SPEC_PART, WEFT_PARTITIONS_NOT_FOUND. */
WEFT_MUST_CHECK weft_status weft_partition_expect(command_run *c, const char *what,
                                                  const weft_table_definition *d,
                                                  const weft_partition_spec *spec, char **folder);
WEFT_MUST_CHECK weft_status weft_command_add_partitions(command_run *c);
WEFT_MUST_CHECK weft_status weft_command_drop_partitions(command_run *c);
WEFT_MUST_CHECK weft_status weft_command_rename_partition(command_run *c);
/* ALTER TABLE t [PARTITION (…)] SET LOCATION */
WEFT_MUST_CHECK weft_status weft_command_set_location(command_run *c);
WEFT_MUST_CHECK weft_status weft_command_recover(command_run *c);
WEFT_MUST_CHECK weft_status weft_command_show_partitions(command_run *c);
/* TRUNCATE TABLE … PARTITION: the folders stay. */
WEFT_MUST_CHECK weft_status weft_command_truncate_partitions(command_run *c, const weft_table_definition *d);

/* table_alter.c */
WEFT_MUST_CHECK weft_status weft_command_add_columns(command_run *c);
WEFT_MUST_CHECK weft_status weft_command_set_properties(command_run *c);
WEFT_MUST_CHECK weft_status weft_command_unset_properties(command_run *c);
WEFT_MUST_CHECK weft_status weft_command_rename(command_run *c);
/* The pairs of old, with those of set in their places. */
WEFT_MUST_CHECK weft_status weft_command_merge_properties(weft_ctx *ctx, const weft_table_definition *old,
                                                          const weft_table_definition *set,
                                                          weft_pointers *pairs);
WEFT_MUST_CHECK weft_status weft_command_comment(command_run *c);
WEFT_MUST_CHECK weft_status weft_command_change_column(command_run *c);

WEFT_MUST_CHECK weft_status weft_command_view_schema(command_run *c);
WEFT_MUST_CHECK weft_status weft_command_set_options(command_run *c);
/* *out gets the properties of old but for those whose keys unset has. */
WEFT_MUST_CHECK weft_status weft_command_remove_properties(weft_ctx *ctx, const weft_table_definition *old,
                                                           const weft_table_definition *unset,
                                                           weft_table_definition *out);
/* What tables of files do not do. Fails. */
WEFT_MUST_CHECK weft_status weft_command_refuse(command_run *c);
/* WEFT_TABLE_OPERATION: the table cannot do what the statement asks for. */
weft_status weft_fail_operation(weft_ctx *ctx, const weft_span *span, const char *database, const char *name,
                                const char *what);

/* table_field.c */
/* The columns and fields that the statement names. Errors: WEFT_UNRESOLVED_COLUMN, WEFT_FIELD_NAME and
 * WEFT_FIELD_NOT_FOUND for one that is not there. */
WEFT_MUST_CHECK weft_status weft_command_expect_fields(command_run *c, const weft_table_definition *d);

/* table_show.c */
WEFT_MUST_CHECK weft_status weft_command_show_create(command_run *c);
WEFT_MUST_CHECK weft_status weft_command_show_properties(command_run *c);
WEFT_MUST_CHECK weft_status weft_command_show_extended(command_run *c);

/* table_describe.c */
/* "[p=1, q=a]" */
WEFT_MUST_CHECK weft_status weft_partition_values_text(weft_ctx *ctx, const weft_table_definition *d,
                                                       const weft_partition_spec *spec, char **out);
/* "656 bytes, 1 rows" of a partition, as far as ANALYZE has found it; *out NULL: it has not. */
WEFT_MUST_CHECK weft_status weft_partition_statistics(weft_ctx *ctx, const weft_table_definition *d,
                                                      const char *folder, char **out);
/* DESCRIBE … PARTITION of what is no table: WEFT_FORBIDDEN_OPERATION. */
weft_status weft_fail_described_partition(weft_ctx *ctx, const weft_node *show,
                                          const weft_table_definition *d);
/* table_show.c: the mode of a view, as WITH SCHEMA writes it. */
const char *weft_command_schema_mode(const weft_table_definition *d);

#endif
