/* coordinator/table_command.c - see table_command.h. */
#include "coordinator/table_private.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/settings.h"
#include "engine/catalog/warehouse.h"
#include "engine/formats/partition.h"
#include "engine/plan/table_layout.h"

/* ---- names ---- */

/* name, or one of the alternatives between from and to, with '*' for any text. */
static bool glob_matches(const char *from, const char *to, const char *name)
{
    const char *star = NULL, *retry = NULL;
    while (*name != '\0') {
        if (from < to && *from == '*') {
            star = from++;
            retry = name;
        } else if (from < to && tolower((unsigned char)*from) == tolower((unsigned char)*name)) {
            from++;
            name++;
        } else if (star != NULL) {
            from = star + 1;
            name = ++retry;
        } else {
            return false;
        }
    }
    while (from < to && *from == '*') from++;
    return from == to;
}

bool weft_show_pattern_matches(const char *pattern, const char *name)
{
    if (pattern == NULL) return true;
    for (;;) {
        const char *end = strchrnul(pattern, '|');
        if (glob_matches(pattern, end, name)) return true;
        if (*end == '\0') return false;
        pattern = end + 1;
    }
}

static weft_status not_found(command_run *c)
{
    const weft_node *n = c->node;
    return weft_fail_at(c->ctx, WEFT_TABLE_OR_VIEW_NOT_FOUND, &n->span,
                        "The table or view `%s` cannot be found. Verify the spelling and correctness of the "
                        "schema and catalog.",
                        n->command.parts[n->command.part_count - 1]);
}

/* The table or view of the warehouse; a temporary view hides it. *out NULL, with the error, for neither. */
static weft_status find_entry(command_run *c, const weft_table_definition **out, bool *is_temporary)
{
    weft_status st = WEFT_OK;
    const weft_node *n = c->node;
    *out = NULL;
    *is_temporary = n->command.part_count == 1 &&
                    weft_session_catalog_has_view(c->catalog, n->command.parts[0]);
    if (*is_temporary) return WEFT_OK;
    WEFT_TRY(st, weft_session_catalog_entry(c->ctx, n->command.parts, n->command.part_count, out));
    if (*out == NULL) st = not_found(c);
done:
    return st;
}

static weft_status is_view(command_run *c, weft_status code, const char *hint)
{
    const weft_node *n = c->node;
    return weft_fail_at(c->ctx, code, &n->span, "The statement expects a table but `%s` is a view.%s",
                        n->command.parts[n->command.part_count - 1], hint);
}

weft_status weft_command_find_table(command_run *c, const weft_table_definition **out)
{
    weft_status st = WEFT_OK;
    bool is_temporary = false;
    WEFT_TRY(st, find_entry(c, out, &is_temporary));
    if (is_temporary || (*out)->query != NULL) st = is_view(c, WEFT_EXPECT_TABLE, "");
done:
    return st;
}

static bool has_no_view_form(weft_table_op op)
{
    return op == WEFT_TABLE_ADD_COLUMNS || op == WEFT_TABLE_SET_LOCATION;
}

weft_status weft_command_find_altered(command_run *c, const weft_table_definition **out)
{
    weft_status st = WEFT_OK;
    bool is_temporary = false;
    const weft_node *n = c->node;
    WEFT_TRY(st, find_entry(c, out, &is_temporary));
    if (is_temporary)
        st = is_view(c, WEFT_EXPECT_TABLE, " It is temporary: make it anew.");
    else if ((*out)->query != NULL && !n->command.view && has_no_view_form(n->command.op))
        st = is_view(c, WEFT_EXPECT_TABLE, "");
    else if ((*out)->query != NULL && !n->command.view)
        st = is_view(c, WEFT_EXPECT_ALTER_VIEW, " Please use ALTER VIEW instead.");
    else if ((*out)->query == NULL && n->command.view)
        st = weft_fail_at(c->ctx, WEFT_EXPECT_ALTER_TABLE, &n->span,
                          "The table `%s` does not support ALTER VIEW. Please use ALTER TABLE instead.",
                          (*out)->name);
done:
    return st;
}

/* ---- CREATE TABLE ---- */

static weft_status check_format(weft_ctx *ctx, const char *format, const weft_span *span)
{
    if (weft_format_find(format) != NULL) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_DATA_SOURCE_NOT_FOUND, span, "Failed to find the data source: %s.", format);
}

static weft_status check_empty(weft_ctx *ctx, const char *path, const char *table, const weft_span *span)
{
    weft_file_info *files = NULL;
    int32_t count = 0;
    weft_status st = weft_fs_list(ctx, path, &files, &count);
    if (st == WEFT_NOT_FOUND) {
        weft_error_clear(ctx);
        return WEFT_OK;
    }
    if (st != WEFT_OK || count == 0) return st;
    st =
        weft_fail_at(ctx, WEFT_LOCATION_ALREADY_EXISTS, span,
                     "Cannot name the managed table as `%s`, as its associated location '%s' already exists.",
                     table, path);
    weft_hint(ctx, "Choose another name or LOCATION, or remove the files of that folder first.");
    return st;
}

static weft_status columns_of_schema(weft_ctx *ctx, const weft_schema *schema, weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    weft_column_definition *columns = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, schema->count, &columns));
    for (int32_t i = 0; i < schema->count; i++)
        columns[i] = (weft_column_definition){.name = schema->fields[i].name, .type = schema->fields[i].type};
    d->columns = columns;
    d->column_count = schema->count;
done:
    return st;
}

/* Partition columns are the last of a schema that was inferred. */
static weft_status infer_partitions(weft_ctx *ctx, const weft_file_info *files, int32_t count,
                                    weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    weft_partitions partitions = {0};
    const char **names = NULL;
    WEFT_TRY(st, weft_partitions_find(ctx, files, count, NULL, NULL, &partitions));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, partitions.count, &names));
    for (int32_t i = 0; i < partitions.count; i++) names[i] = partitions.fields[i].name;
    d->partition_names = names;
    d->partition_count = partitions.count;
done:
    return st;
}

/* Columns that were not given are those of the files. */
static weft_status infer_columns(command_run *c, weft_table_definition *d)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = c->ctx;
    weft_file_info *files = NULL;
    weft_table *table = NULL;
    int32_t count = 0;
    const weft_format *format = weft_format_find(d->format);
    if (!d->external)
        return weft_fail_at(ctx, WEFT_UNABLE_TO_INFER_SCHEMA, &c->node->span,
                            "Unable to infer schema for %s. It must be specified manually.", d->format);
    WEFT_TRY(st, weft_fs_list(ctx, d->location, &files, &count));
    st = format->open(ctx, files, count, d->options, d->option_count, NULL, &table);
    if (st != WEFT_OK) return weft_opening_failed(ctx, st);
    st = columns_of_schema(ctx, format->schema(table), d);
    format->close(&table);
    if (st == WEFT_OK && d->partition_count == 0) st = infer_partitions(ctx, files, count, d);
done:
    return st;
}

static weft_status create_table(command_run *c)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = c->ctx;
    const weft_node *n = c->node;
    weft_table_definition d = *n->command.table;
    const weft_table_definition *existing = NULL;
    if (d.database == NULL) d.database = weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE);
    if (n->command.text != NULL)
        return weft_fail_operation(ctx, &n->span, d.database, d.name, n->command.text);
    WEFT_TRY(st, weft_session_catalog_entry(ctx, n->command.parts, n->command.part_count, &existing));
    if (existing != NULL && n->command.if_exists) goto done;
    WEFT_TRY(st, check_format(ctx, d.format, &n->span));
    if (d.location == NULL) WEFT_TRY(st, weft_warehouse_location(ctx, d.database, d.name, &d.location));
    if (existing == NULL && !d.external) WEFT_TRY(st, check_empty(ctx, d.location, d.name, &n->span));
    if (d.column_count == 0) WEFT_TRY(st, infer_columns(c, &d));
    WEFT_TRY(st, weft_table_arrange(ctx, &n->span, d.database, &d));
    WEFT_TRY(st, weft_warehouse_put(ctx, &d, false));
    if (!d.external) WEFT_TRY(st, weft_fs_make_directories(ctx, d.location));
done:
    return st;
}

/* The columns, partitions, buckets and format of another table, without its files and properties. */
static weft_status create_like(command_run *c)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = c->ctx;
    const weft_node *n = c->node;
    const weft_table_definition *source = NULL, *existing = NULL, *given = n->command.table;
    WEFT_TRY(st, weft_session_catalog_entry(ctx, n->command.source, n->command.source_count, &source));
    const weft_table_definition view = {
        .format = "parquet", .column_count = given->column_count, .columns = given->columns};
    if (given->column_count > 0) source = &view; /* of the session */
    if (source == NULL)
        WEFT_TRY(st,
                 weft_fail_at(ctx, WEFT_TABLE_OR_VIEW_NOT_FOUND, &n->span,
                              "The table or view `%s` cannot be found. Verify the spelling and correctness "
                              "of the schema and catalog.",
                              n->command.source[n->command.source_count - 1]));
    weft_table_definition d = *source;
    d.database = given->database != NULL ? given->database
                                         : weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE);
    d.name = given->name;
    d.created_us = 0;
    d.query = NULL;
    d.comment = NULL;
    d.property_count = given->property_count;
    d.properties = given->properties;
    d.place_count = 0;
    d.external = given->external;
    d.location = given->location;
    if (given->format != NULL) d.format = given->format;
    if (source->query != NULL && given->format == NULL) d.format = "parquet";
    if (strcasecmp(d.format, source->format) != 0) d.option_count = 0;
    WEFT_TRY(st, check_format(ctx, d.format, &n->span));
    WEFT_TRY(st, weft_session_catalog_entry(ctx, n->command.parts, n->command.part_count, &existing));
    if (existing != NULL && n->command.if_exists) goto done;
    if (d.location == NULL) WEFT_TRY(st, weft_warehouse_location(ctx, d.database, d.name, &d.location));
    if (existing == NULL && !d.external) WEFT_TRY(st, check_empty(ctx, d.location, d.name, &n->span));
    WEFT_TRY(st, weft_warehouse_put(ctx, &d, false));
    if (!d.external) WEFT_TRY(st, weft_fs_make_directories(ctx, d.location));
done:
    return st;
}

weft_status weft_table_command_place(weft_ctx *ctx, const weft_node *write, bool *skip, const char **path)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = write->write.table, *existing = NULL;
    const char *database = d->database;
    bool has = false;
    *skip = false;
    if (database == NULL) database = weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE);
    WEFT_TRY(st, weft_warehouse_has_database(ctx, database, &has));
    if (!has)
        WEFT_TRY(st, weft_fail_at(ctx, WEFT_SCHEMA_NOT_FOUND, &write->span,
                                  "The schema `spark_catalog`.`%s` cannot be found. Verify the spelling and "
                                  "correctness of the schema and catalog.",
                                  database));
    WEFT_TRY(st, weft_warehouse_find(ctx, database, d->name, &existing));
    *skip = existing != NULL && write->write.if_not_exists;
    if (*skip) goto done;
    if (existing != NULL && !write->write.overwrite)
        WEFT_TRY(st,
                 weft_fail_at(ctx, WEFT_TABLE_OR_VIEW_ALREADY_EXISTS, &write->span,
                              "Cannot create table or view `spark_catalog`.`%s`.`%s` because it already "
                              "exists. Choose a different name, drop or replace the existing object, or add "
                              "the IF NOT EXISTS clause to tolerate pre-existing objects.",
                              database, d->name));
    *path = d->location;
    if (*path == NULL) WEFT_TRY(st, weft_warehouse_location(ctx, database, d->name, path));
    if (!write->write.overwrite) WEFT_TRY(st, check_empty(ctx, *path, d->name, &write->span));
done:
    return st;
}

weft_status weft_table_command_has_partition(weft_ctx *ctx, const weft_node *write, bool *has)
{
    weft_status st = WEFT_OK;
    weft_file_info info;
    char *path = NULL;
    *has = write->write.folder == NULL; /* it has a place of its own */
    if (*has) return WEFT_OK;
    const char *place =
        weft_table_partition_place(write->write.places, write->write.place_count, write->write.folder);
    if (place != NULL) return WEFT_OK; /* it was dropped */
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s/%s", write->write.path, write->write.folder));
    st = weft_fs_stat(ctx, path, &info);
    *has = st == WEFT_OK;
    if (st != WEFT_NOT_FOUND) goto done;
    weft_error_clear(ctx);
    st = WEFT_OK;
done:
    return st;
}

weft_status weft_table_command_define(weft_ctx *ctx, const weft_node *write, const char *path, bool again)
{
    weft_status st = WEFT_OK;
    weft_table_definition d = *write->write.table; /* with its columns, since it was analysed */
    int lock = -1;
    if (d.database == NULL) d.database = weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE);
    d.location = path;
    WEFT_TRY(st, weft_warehouse_lock(ctx, &lock)); /* it may take the place of one that is being changed */
    WEFT_TRY(st, weft_warehouse_put(ctx, &d, again || write->write.overwrite));
done:
    weft_warehouse_unlock(&lock);
    return st;
}

/* ---- changes of a table ---- */

static weft_status drop_table(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    const weft_node *n = c->node; /* what names a temporary view the session has dropped (session.c) */
    WEFT_TRY(st, weft_session_catalog_entry(c->ctx, n->command.parts, n->command.part_count, &d));
    if (d == NULL) return n->command.if_exists ? WEFT_OK : not_found(c);
    st = weft_warehouse_drop(c->ctx, d); /* also a view, as in Spark */
done:
    return st;
}

static weft_status truncate_table(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    WEFT_TRY(st, weft_command_find_table(c, &d));
    if (d->external)
        WEFT_TRY(st, weft_fail_at(c->ctx, WEFT_TRUNCATE_EXTERNAL, &c->node->span,
                                  "Operation not allowed: TRUNCATE TABLE on external tables: "
                                  "`spark_catalog`.`%s`.`%s`.",
                                  d->database, d->name));
    if (d->partition_count > 0 || c->node->command.spec_count > 0)
        return weft_command_truncate_partitions(c, d);
    WEFT_TRY(st, weft_fs_remove_tree(c->ctx, d->location));
    WEFT_TRY(st, weft_fs_make_directories(c->ctx, d->location));
done:
    return st;
}

/* ---- what is shown ---- */

void weft_command_give(command_run *c, const char *const *names, int32_t width, const weft_pointers *cells)
{
    *c->rows = (weft_command_rows){
        .width = width, .names = names, .count = cells->count / width, .cells = weft_pointers_texts(cells)};
}

weft_status weft_table_command_list(weft_ctx *ctx, const char *database, const char *pattern, bool views,
                                    weft_pointers *cells)
{
    weft_status st = WEFT_OK;
    const char *const *names = NULL;
    int32_t count = 0;
    if (database == NULL) database = weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE);
    WEFT_TRY(st, weft_warehouse_expect_database(ctx, database));
    WEFT_TRY(st, weft_warehouse_tables(ctx, database, &names, &count));
    for (int32_t i = 0; i < count; i++) {
        const weft_table_definition *d = NULL;
        if (!weft_show_pattern_matches(pattern, names[i])) continue;
        if (views) WEFT_TRY(st, weft_warehouse_find(ctx, database, names[i], &d));
        if (views && (d == NULL || d->query == NULL)) continue;
        WEFT_TRY(st, weft_pointers_push(ctx, cells, database));
        WEFT_TRY(st, weft_pointers_push(ctx, cells, names[i]));
        WEFT_TRY(st, weft_pointers_push(ctx, cells, "false"));
    }
done:
    return st;
}

static const char *database_of(const command_run *c)
{
    return c->node->command.parts[c->node->command.part_count - 1];
}

/* A database of another catalogue, or within another one: there is none such. */
static bool is_elsewhere(const command_run *c)
{
    const int32_t count = c->node->command.part_count;
    return count > 2 || (count == 2 && strcasecmp(c->node->command.parts[0], WEFT_CATALOG_NAME) != 0);
}

static weft_status has_database(command_run *c, const char *name)
{
    bool has = false;
    if (is_elsewhere(c)) return weft_command_no_database(c, name);
    const weft_status st = weft_warehouse_has_database(c->ctx, name, &has);
    return st != WEFT_OK || has ? st : weft_command_no_database(c, name);
}

static weft_status show_databases(command_run *c)
{
    static const char *const names[] = {"namespace"};
    weft_status st = WEFT_OK;
    const char *const *databases = NULL;
    weft_pointers cells = {0};
    int32_t count = 0;
    const bool inside = c->node->command.part_count > 0 &&
                        strcasecmp(database_of(c), "spark_catalog") != 0; /* there are none in a database */
    if (inside) WEFT_TRY(st, has_database(c, database_of(c)));
    if (!inside) WEFT_TRY(st, weft_warehouse_databases(c->ctx, &databases, &count));
    for (int32_t i = 0; i < count; i++)
        if (weft_show_pattern_matches(c->node->command.to, databases[i]))
            WEFT_TRY(st, weft_pointers_push(c->ctx, &cells, databases[i]));
    weft_command_give(c, names, 1, &cells);
done:
    return st;
}

static weft_status show_current(command_run *c)
{
    static const char *const names[] = {"catalog", "namespace"};
    weft_status st = WEFT_OK;
    weft_pointers cells = {0};
    WEFT_TRY(st, weft_pointers_push(c->ctx, &cells, "spark_catalog"));
    WEFT_TRY(st, weft_pointers_push(c->ctx, &cells, weft_setting_text(c->ctx, WEFT_SET_CURRENT_DATABASE)));
    weft_command_give(c, names, 2, &cells);
done:
    return st;
}

/* Files are listed anew by every statement, so nothing is kept that could be old. */
static weft_status refresh(command_run *c)
{
    const weft_table_definition *d = NULL;
    bool is_temporary = false;
    if (c->node->command.part_count == 0) return WEFT_OK; /* REFRESH 'path' */
    return find_entry(c, &d, &is_temporary);
}

/* ---- databases ---- */

static weft_status create_database(command_run *c)
{
    weft_table_definition d = *c->node->command.table;
    const weft_node *n = c->node;
    const int32_t own = n->command.part_count -
                        (strcasecmp(n->command.parts[0], "spark_catalog") == 0 ? 1 : 0);
    if (own > 1)
        return weft_fail_at(c->ctx, WEFT_SINGLE_PART_NAMESPACE, &n->span,
                            "spark_catalog requires a single-part namespace, but got identifier `%s`.`%s`.",
                            n->command.parts[n->command.part_count - 2], database_of(c));
    d.name = database_of(c);
    d.comment = c->node->command.text;
    const weft_status st = weft_warehouse_create_database(c->ctx, &d);
    if (st != WEFT_SCHEMA_EXISTS || !c->node->command.if_exists) return st;
    weft_error_clear(c->ctx);
    return WEFT_OK;
}

static weft_status drop_database(command_run *c)
{
    if (is_elsewhere(c))
        return c->node->command.if_exists ? WEFT_OK : weft_command_no_database(c, database_of(c));
    if (strcasecmp(database_of(c), "default") == 0)
        return weft_fail_at(c->ctx, WEFT_DROP_DEFAULT_DATABASE, &c->node->span,
                            "The feature is not supported: Drop the default database `spark_catalog`.`%s`.",
                            database_of(c));
    const weft_status st = weft_warehouse_drop_database(c->ctx, database_of(c), c->node->command.cascade);
    if (st != WEFT_SCHEMA_NOT_FOUND || !c->node->command.if_exists) return st;
    weft_error_clear(c->ctx);
    return WEFT_OK;
}

weft_status weft_command_no_database(command_run *c, const char *name)
{
    return weft_fail_at(c->ctx, WEFT_SCHEMA_NOT_FOUND, &c->node->span,
                        "The schema `spark_catalog`.`%s` cannot be found. Verify the spelling and "
                        "correctness of the schema and catalog.",
                        name);
}

/* "((a,b), (c,d))" */
static weft_status pairs_text(weft_ctx *ctx, const weft_table_definition *d, char **out)
{
    weft_status st = WEFT_OK;
    *out = "";
    for (int32_t i = 0; i < d->property_count; i++)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s%s(%s,%s)%s", *out, i == 0 ? "(" : ", ",
                                       d->properties[2 * i], d->properties[2 * i + 1],
                                       i + 1 == d->property_count ? ")" : ""));
done:
    return st;
}

static weft_status describe_database(command_run *c)
{
    static const char *const names[] = {"info_name", "info_value"};
    weft_status st = WEFT_OK;
    weft_pointers cells = {0};
    const weft_table_definition *d = NULL;
    const char *name = database_of(c), *place = NULL;
    char *pairs = NULL;
    if (!is_elsewhere(c)) WEFT_TRY(st, weft_warehouse_find_database(c->ctx, name, &d));
    if (d == NULL) return weft_command_no_database(c, name);
    WEFT_TRY(st, weft_warehouse_database_location(c->ctx, name, &place));
    WEFT_TRY(st, weft_arena_printf(c->ctx, c->ctx->arena, &pairs, "file:%s", place));
    place = pairs;
    WEFT_TRY(st, pairs_text(c->ctx, d, &pairs));
    const char *const rows[] = {"Catalog Name", "spark_catalog", "Namespace Name",
                                name,           "Comment",       d->comment != NULL ? d->comment : "",
                                "Location",     place,           "Properties",
                                pairs};
    const int32_t count = WEFT_COUNT(rows) - (c->node->command.extended ? 0 : 2);
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, weft_pointers_push(c->ctx, &cells, rows[i]));
    weft_command_give(c, names, 2, &cells);
done:
    return st;
}

/* ALTER DATABASE …, COMMENT ON DATABASE. */
static weft_status change_database(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *old = NULL;
    weft_pointers pairs = {0};
    if (!is_elsewhere(c)) WEFT_TRY(st, weft_warehouse_find_database(c->ctx, database_of(c), &old));
    if (old == NULL) return weft_command_no_database(c, database_of(c));
    weft_table_definition d = *old;
    if (c->node->command.op == WEFT_DATABASE_COMMENT) {
        d.comment = c->node->command.text;
    } else if (c->node->command.op == WEFT_DATABASE_SET_LOCATION) {
        d.location = c->node->command.text; /* tables that are there stay where they are */
    } else if (c->node->command.op == WEFT_DATABASE_UNSET_PROPERTIES) {
        WEFT_TRY(st, weft_command_remove_properties(c->ctx, old, c->node->command.table, &d));
    } else {
        WEFT_TRY(st, weft_command_merge_properties(c->ctx, old, c->node->command.table, &pairs));
        d.properties = weft_pointers_texts(&pairs);
        d.property_count = pairs.count / 2;
    }
    WEFT_TRY(st, weft_warehouse_put_database(c->ctx, &d));
done:
    return st;
}

static weft_status use_database(command_run *c)
{
    weft_status st = WEFT_OK;
    if (c->node->command.text != NULL) {
        *c->changed = true;
        return weft_settings_set(c->ctx, c->settings, "weft.sql.path", c->node->command.text);
    }
    const char *name = database_of(c);
    if (c->node->command.part_count == 1 && strcasecmp(name, "spark_catalog") == 0) return WEFT_OK;
    WEFT_TRY(st, has_database(c, name));
    WEFT_TRY(st, weft_settings_set(c->ctx, c->settings, "weft.sql.currentDatabase", name));
    *c->changed = true;
done:
    return st;
}

static weft_status run_command(command_run *c)
{
    switch (c->node->command.op) {
    case WEFT_TABLE_CREATE: return create_table(c);
    case WEFT_TABLE_DROP: return drop_table(c);
    case WEFT_TABLE_TRUNCATE: return truncate_table(c);
    case WEFT_TABLE_RENAME: return weft_command_rename(c);
    case WEFT_TABLE_ADD_COLUMNS: return weft_command_add_columns(c);
    case WEFT_TABLE_SET_PROPERTIES: return weft_command_set_properties(c);
    case WEFT_TABLE_SHOW_CREATE: return weft_command_show_create(c);
    case WEFT_TABLE_SHOW_PROPERTIES: return weft_command_show_properties(c);
    case WEFT_DATABASE_CREATE: return create_database(c);
    case WEFT_DATABASE_DROP: return drop_database(c);
    case WEFT_DATABASE_USE: return use_database(c);
    case WEFT_DATABASE_SHOW: return show_databases(c);
    case WEFT_DATABASE_CURRENT: return show_current(c);
    case WEFT_TABLE_LIKE: return create_like(c);
    case WEFT_TABLE_ADD_PARTITIONS: return weft_command_add_partitions(c);
    case WEFT_TABLE_DROP_PARTITIONS: return weft_command_drop_partitions(c);
    case WEFT_TABLE_RENAME_PARTITION: return weft_command_rename_partition(c);
    case WEFT_TABLE_RECOVER: return weft_command_recover(c);
    case WEFT_TABLE_SHOW_PARTITIONS: return weft_command_show_partitions(c);
    case WEFT_TABLE_UNSET_PROPERTIES: return weft_command_unset_properties(c);
    case WEFT_TABLE_COMMENT: return weft_command_comment(c);
    case WEFT_TABLE_COLUMN_COMMENT:
    case WEFT_TABLE_COLUMN_TYPE:
    case WEFT_TABLE_COLUMN_DEFAULT: return weft_command_change_column(c);
    case WEFT_TABLE_SHOW_EXTENDED: return weft_command_show_extended(c);
    case WEFT_TABLE_REFRESH: return refresh(c);
    case WEFT_TABLE_SET_LOCATION: return weft_command_set_location(c);
    case WEFT_DATABASE_DESCRIBE: return describe_database(c);
    case WEFT_DATABASE_SET_PROPERTIES:
    case WEFT_DATABASE_UNSET_PROPERTIES:
    case WEFT_DATABASE_SET_LOCATION:
    case WEFT_DATABASE_COMMENT: return change_database(c);
    case WEFT_TABLE_REFUSED: return weft_command_refuse(c);
    case WEFT_TABLE_SET_OPTIONS: return weft_command_set_options(c);
    case WEFT_TABLE_VIEW_SCHEMA: return weft_command_view_schema(c);
    case WEFT_TABLE_CACHE: /* the session's own */
    case WEFT_TABLE_UNCACHE:
    case WEFT_TABLE_CLEAR_CACHE:
    case WEFT_TABLE_ANALYZE: break;
    }
    return weft_fail(c->ctx, WEFT_INTERNAL, "a statement about tables of kind %d", (int)c->node->command.op);
}

/* Does it put a definition that it has found? Then nobody else may put one in between. */
static bool changes_definition(weft_table_op op)
{
    static const weft_table_op all[] = {WEFT_TABLE_RENAME,           WEFT_TABLE_ADD_COLUMNS,
                                        WEFT_TABLE_SET_PROPERTIES,   WEFT_TABLE_UNSET_PROPERTIES,
                                        WEFT_TABLE_ADD_PARTITIONS,   WEFT_TABLE_DROP_PARTITIONS,
                                        WEFT_TABLE_RENAME_PARTITION, WEFT_TABLE_RECOVER,
                                        WEFT_TABLE_COMMENT,          WEFT_TABLE_COLUMN_COMMENT,
                                        WEFT_TABLE_COLUMN_TYPE,      WEFT_TABLE_COLUMN_DEFAULT,
                                        WEFT_TABLE_SET_LOCATION,     WEFT_TABLE_VIEW_SCHEMA,
                                        WEFT_TABLE_SET_OPTIONS,      WEFT_DATABASE_UNSET_PROPERTIES,
                                        WEFT_DATABASE_SET_LOCATION,  WEFT_DATABASE_SET_PROPERTIES,
                                        WEFT_DATABASE_COMMENT};
    for (int32_t i = 0; i < WEFT_COUNT(all); i++)
        if (all[i] == op) return true;
    return false;
}

weft_status weft_table_command_run(weft_ctx *ctx, const weft_session_catalog *catalog,
                                   weft_settings *settings, const weft_node *node, weft_command_rows *rows,
                                   bool *changed)
{
    weft_status st = WEFT_OK;
    int lock = -1;
    command_run c = {
        .ctx = ctx, .catalog = catalog, .settings = settings, .node = node, .rows = rows, .changed = changed};
    *rows = (weft_command_rows){0};
    *changed = false;
    if (changes_definition(node->command.op)) WEFT_TRY(st, weft_warehouse_lock(ctx, &lock));
    st = run_command(&c);
done:
    weft_warehouse_unlock(&lock);
    return st;
}
