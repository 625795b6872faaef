/* coordinator/table_command.c - see table_command.h. */
#include "coordinator/table_command.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/settings.h"
#include "engine/catalog/warehouse.h"
#include "engine/formats/partition.h"
#include "engine/plan/table_layout.h"

typedef struct command_run {
    weft_ctx *ctx;
    const weft_session_catalog *catalog;
    weft_settings *settings;
    const weft_node *node;
    weft_command_rows *rows;
    bool *changed;
} command_run;

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

/* The table that the statement names. */
static weft_status find_table(command_run *c, const weft_table_definition **out)
{
    weft_status st = WEFT_OK;
    const weft_node *n = c->node;
    const char *name = n->command.parts[n->command.part_count - 1];
    WEFT_TRY(st, weft_session_catalog_table(c->ctx, n->command.parts, n->command.part_count, out));
    if (*out != NULL) goto done;
    if (n->command.part_count == 1 && weft_session_catalog_has_view(c->catalog, name))
        WEFT_TRY(st, weft_fail_at(c->ctx, WEFT_EXPECT_TABLE, &n->span,
                                  "The statement expects a table but `%s` is a view.", name));
    st = not_found(c);
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
    WEFT_TRY(st, format->open(ctx, files, count, d->options, d->option_count, NULL, &table));
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
    if (n->command.replace)
        return weft_fail_at(ctx, WEFT_TABLE_OPERATION, &n->span,
                            "The feature is not supported: CREATE OR REPLACE TABLE without AS query.");
    WEFT_TRY(st, weft_session_catalog_table(ctx, n->command.parts, n->command.part_count, &existing));
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
    *has = false;
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
    if (d.database == NULL) d.database = weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE);
    d.location = path;
    WEFT_TRY(st, weft_warehouse_put(ctx, &d, again || write->write.overwrite));
done:
    return st;
}

/* ---- changes of a table ---- */

static weft_status drop_table(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    st = find_table(c, &d);
    if (st == WEFT_TABLE_OR_VIEW_NOT_FOUND && c->node->command.if_exists) {
        weft_error_clear(c->ctx);
        return WEFT_OK;
    }
    if (st == WEFT_OK) st = weft_warehouse_drop(c->ctx, d);
    return st;
}

static weft_status truncate_table(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    WEFT_TRY(st, find_table(c, &d));
    if (d->external)
        WEFT_TRY(st,
                 weft_fail_at(c->ctx, WEFT_TABLE_OPERATION, &c->node->span,
                              "Operation not allowed: TRUNCATE TABLE on external tables: `%s`.", d->name));
    WEFT_TRY(st, weft_fs_remove_tree(c->ctx, d->location));
    WEFT_TRY(st, weft_fs_make_directories(c->ctx, d->location));
done:
    return st;
}

static weft_status add_columns(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *old = NULL, *more = c->node->command.table;
    weft_column_definition *columns = NULL;
    WEFT_TRY(st, find_table(c, &old));
    weft_table_definition d = *old;
    const int32_t plain = old->column_count - old->partition_count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(c->ctx, old->column_count + more->column_count, &columns));
    for (int32_t i = 0; i < plain; i++) columns[i] = old->columns[i];
    for (int32_t i = 0; i < more->column_count; i++) {
        for (int32_t k = 0; k < old->column_count; k++)
            if (strcasecmp(old->columns[k].name, more->columns[i].name) == 0)
                WEFT_TRY(st, weft_fail_at(c->ctx, WEFT_COLUMN_ALREADY_EXISTS, &c->node->span,
                                          "The column `%s` already exists. Choose another name or rename the "
                                          "existing column.",
                                          more->columns[i].name));
        columns[plain + i] = more->columns[i];
    }
    for (int32_t i = plain; i < old->column_count; i++) columns[more->column_count + i] = old->columns[i];
    d.columns = columns;
    d.column_count = old->column_count + more->column_count;
    WEFT_TRY(st, weft_warehouse_put(c->ctx, &d, true));
done:
    return st;
}

static weft_status set_properties(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *old = NULL, *set = c->node->command.table;
    weft_pointers pairs = {0};
    WEFT_TRY(st, find_table(c, &old));
    weft_table_definition d = *old;
    for (int32_t i = 0; i < old->property_count; i++) {
        bool again = false;
        for (int32_t k = 0; k < set->property_count; k++)
            again |= strcmp(old->properties[2 * i], set->properties[2 * k]) == 0;
        for (int32_t k = 0; !again && k < 2; k++)
            WEFT_TRY(st, weft_pointers_push(c->ctx, &pairs, old->properties[2 * i + k]));
    }
    for (int32_t i = 0; i < 2 * set->property_count; i++)
        WEFT_TRY(st, weft_pointers_push(c->ctx, &pairs, set->properties[i]));
    d.properties = weft_pointers_texts(&pairs);
    d.property_count = pairs.count / 2;
    WEFT_TRY(st, weft_warehouse_put(c->ctx, &d, true));
done:
    return st;
}

static weft_status rename_table(command_run *c)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    WEFT_TRY(st, find_table(c, &d));
    WEFT_TRY(st, weft_warehouse_rename(c->ctx, d, c->node->command.to));
done:
    return st;
}

/* ---- what is shown ---- */

static void give(command_run *c, const char *const *names, int32_t width, const weft_pointers *cells)
{
    *c->rows = (weft_command_rows){
        .width = width, .names = names, .count = cells->count / width, .cells = weft_pointers_texts(cells)};
}

/* A type as CREATE TABLE writes it: in capitals, but for the names of fields. */
static weft_status create_type(weft_ctx *ctx, weft_type type, const char **out)
{
    weft_status st = WEFT_OK;
    enum { TYPE_BYTES = 64 * 1024 };
    char *text = NULL;
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, TYPE_BYTES, (void **)&text));
    weft_type_text(type, text, TYPE_BYTES);
    for (char *at = text; !weft_type_is_nested(type) && *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    *out = type.id == WEFT_TYPE_STRING ? "STRING COLLATE UTF8_BINARY" : text;
done:
    return st;
}

/* "WORDS (a, b)\n", when there are names. */
static weft_status add_names(weft_ctx *ctx, const char *words, const char *const *names, int32_t count,
                             char **text)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < count; i++)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text, "%s%s%s%s%s", *text, i == 0 ? words : ", ",
                                       i == 0 ? " (" : "", names[i], i + 1 == count ? ")\n" : ""));
done:
    return st;
}

/* PARTITIONED BY (…), CLUSTERED BY (…) SORTED BY (…) INTO n BUCKETS */
static weft_status add_layout(weft_ctx *ctx, const weft_table_definition *d, char **text)
{
    weft_status st = WEFT_OK;
    const char **names = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, d->partition_count, &names));
    for (int32_t i = 0; i < d->partition_count; i++)
        names[i] = d->columns[d->column_count - d->partition_count + i].name;
    WEFT_TRY(st, add_names(ctx, "PARTITIONED BY", names, d->partition_count, text));
    WEFT_TRY(st, add_names(ctx, "CLUSTERED BY", d->bucket_names, d->bucket_name_count, text));
    WEFT_TRY(st, add_names(ctx, "SORTED BY", d->sort_names, d->sort_name_count, text));
    if (d->bucket_count > 0)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, text, "%sINTO %d BUCKETS\n", *text, d->bucket_count));
done:
    return st;
}

static weft_status show_create(command_run *c)
{
    static const char *const names[] = {"createtab_stmt"};
    weft_status st = WEFT_OK;
    weft_ctx *ctx = c->ctx;
    const weft_table_definition *d = NULL;
    weft_pointers cells = {0};
    char *text = NULL;
    const char *type = NULL;
    WEFT_TRY(st, find_table(c, &d));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "CREATE TABLE spark_catalog.%s.%s (\n",
                                   d->database, d->name));
    for (int32_t i = 0; i < d->column_count; i++) {
        const weft_column_definition *column = &d->columns[i];
        WEFT_TRY(st, create_type(ctx, column->type, &type));
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s  %s %s%s%s%s%s%s%s", text, column->name,
                                       type, column->initial != NULL ? " DEFAULT " : "",
                                       column->initial != NULL ? column->initial : "",
                                       column->comment != NULL ? " COMMENT '" : "",
                                       column->comment != NULL ? column->comment : "",
                                       column->comment != NULL ? "'" : "",
                                       i + 1 < d->column_count ? ",\n" : ")\n"));
    }
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%sUSING %s\n", text, d->format));
    WEFT_TRY(st, add_layout(ctx, d, &text));
    if (d->external)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%sLOCATION '%s'\n", text, d->location));
    if (d->comment != NULL)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%sCOMMENT '%s'\n", text, d->comment));
    for (int32_t i = 0; i < d->property_count; i++)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "%s%s\n  '%s' = '%s'%s", text,
                                       i == 0 ? "TBLPROPERTIES (" : ",", d->properties[2 * i],
                                       d->properties[2 * i + 1], i + 1 < d->property_count ? "" : ")\n"));
    WEFT_TRY(st, weft_pointers_push(ctx, &cells, text));
    give(c, names, 1, &cells);
done:
    return st;
}

static weft_status show_properties(command_run *c)
{
    static const char *const names[] = {"key", "value"};
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    weft_pointers cells = {0};
    WEFT_TRY(st, find_table(c, &d));
    for (int32_t i = 0; i < d->property_count; i++) {
        if (c->node->command.to != NULL && strcmp(c->node->command.to, d->properties[2 * i]) != 0) continue;
        WEFT_TRY(st, weft_pointers_push(c->ctx, &cells, d->properties[2 * i]));
        WEFT_TRY(st, weft_pointers_push(c->ctx, &cells, d->properties[2 * i + 1]));
    }
    give(c, names, 2, &cells);
done:
    return st;
}

weft_status weft_table_command_list(weft_ctx *ctx, const char *database, const char *pattern,
                                    weft_pointers *cells)
{
    weft_status st = WEFT_OK;
    const char *const *names = NULL;
    int32_t count = 0;
    bool has = false;
    if (database == NULL) database = weft_setting_text(ctx, WEFT_SET_CURRENT_DATABASE);
    WEFT_TRY(st, weft_warehouse_has_database(ctx, database, &has));
    if (!has)
        WEFT_TRY(st, weft_fail(ctx, WEFT_SCHEMA_NOT_FOUND,
                               "The schema `spark_catalog`.`%s` cannot be found. Verify the spelling and "
                               "correctness of the schema and catalog.",
                               database));
    WEFT_TRY(st, weft_warehouse_tables(ctx, database, &names, &count));
    for (int32_t i = 0; i < count; i++) {
        if (!weft_show_pattern_matches(pattern, names[i])) continue;
        WEFT_TRY(st, weft_pointers_push(ctx, cells, database));
        WEFT_TRY(st, weft_pointers_push(ctx, cells, names[i]));
        WEFT_TRY(st, weft_pointers_push(ctx, cells, "false"));
    }
done:
    return st;
}

static weft_status show_databases(command_run *c)
{
    static const char *const names[] = {"namespace"};
    weft_status st = WEFT_OK;
    const char *const *databases = NULL;
    weft_pointers cells = {0};
    int32_t count = 0;
    WEFT_TRY(st, weft_warehouse_databases(c->ctx, &databases, &count));
    for (int32_t i = 0; i < count; i++)
        if (weft_show_pattern_matches(c->node->command.to, databases[i]))
            WEFT_TRY(st, weft_pointers_push(c->ctx, &cells, databases[i]));
    give(c, names, 1, &cells);
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
    give(c, names, 2, &cells);
done:
    return st;
}

/* ---- databases ---- */

static const char *database_of(const command_run *c)
{
    return c->node->command.parts[c->node->command.part_count - 1];
}

static weft_status create_database(command_run *c)
{
    const weft_status st = weft_warehouse_create_database(c->ctx, database_of(c));
    if (st != WEFT_SCHEMA_EXISTS || !c->node->command.if_exists) return st;
    weft_error_clear(c->ctx);
    return WEFT_OK;
}

static weft_status drop_database(command_run *c)
{
    const weft_status st = weft_warehouse_drop_database(c->ctx, database_of(c), c->node->command.cascade);
    if (st != WEFT_SCHEMA_NOT_FOUND || !c->node->command.if_exists) return st;
    weft_error_clear(c->ctx);
    return WEFT_OK;
}

static weft_status use_database(command_run *c)
{
    weft_status st = WEFT_OK;
    const char *name = database_of(c);
    bool has = false;
    if (c->node->command.part_count == 1 && strcasecmp(name, "spark_catalog") == 0) return WEFT_OK;
    WEFT_TRY(st, weft_warehouse_has_database(c->ctx, name, &has));
    if (!has)
        WEFT_TRY(st, weft_fail_at(c->ctx, WEFT_SCHEMA_NOT_FOUND, &c->node->span,
                                  "The schema `spark_catalog`.`%s` cannot be found. Verify the spelling and "
                                  "correctness of the schema and catalog.",
                                  name));
    WEFT_TRY(st, weft_settings_set(c->ctx, c->settings, "weft.sql.currentDatabase", name));
    *c->changed = true;
done:
    return st;
}

weft_status weft_table_command_run(weft_ctx *ctx, const weft_session_catalog *catalog,
                                   weft_settings *settings, const weft_node *node, weft_command_rows *rows,
                                   bool *changed)
{
    command_run c = {
        .ctx = ctx, .catalog = catalog, .settings = settings, .node = node, .rows = rows, .changed = changed};
    *rows = (weft_command_rows){0};
    *changed = false;
    switch (node->command.op) {
    case WEFT_TABLE_CREATE: return create_table(&c);
    case WEFT_TABLE_DROP: return drop_table(&c);
    case WEFT_TABLE_TRUNCATE: return truncate_table(&c);
    case WEFT_TABLE_RENAME: return rename_table(&c);
    case WEFT_TABLE_ADD_COLUMNS: return add_columns(&c);
    case WEFT_TABLE_SET_PROPERTIES: return set_properties(&c);
    case WEFT_TABLE_SHOW_CREATE: return show_create(&c);
    case WEFT_TABLE_SHOW_PROPERTIES: return show_properties(&c);
    case WEFT_DATABASE_CREATE: return create_database(&c);
    case WEFT_DATABASE_DROP: return drop_database(&c);
    case WEFT_DATABASE_USE: return use_database(&c);
    case WEFT_DATABASE_SHOW: return show_databases(&c);
    case WEFT_DATABASE_CURRENT: return show_current(&c);
    }
    return weft_fail(ctx, WEFT_INTERNAL, "a statement about tables of kind %d", (int)node->command.op);
}
