/* engine/catalog/warehouse.c - see warehouse.h. */
#include "engine/catalog/warehouse.h"
#include "engine/columnar/declared_type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/random.h"
#include "common/settings.h"
#include "engine/catalog/table_text.h"
#include "engine/plan/pointers.h"
#include "engine/storage/fs.h"

enum { DEFINITION_BYTES_MAX = 16 << 20 };

/* ---- names and paths ---- */

/* A name as part of a path: lower case; what is no letter, digit or '_' of ASCII as %xx, so that a name which
 * nothing can have is not found. */
static weft_status encode_name(weft_ctx *ctx, const char *name, const char **out)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    size_t n = 0;
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, 3 * strlen(name) + 1, (void **)&text));
    for (const char *c = name; *c != '\0'; c++) {
        const bool upper = *c >= 'A' && *c <= 'Z';
        const bool plain = upper || (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_';
        if (plain)
            text[n++] = (char)(upper ? *c + 32 : *c);
        else
            n += (size_t)snprintf(text + n, 4, "%%%02x", (unsigned)(unsigned char)*c);
    }
    text[n] = '\0';
    *out = text;
done:
    return st;
}

/* A name becomes a folder of the warehouse, which DROP TABLE removes. */
static weft_status check_name(weft_ctx *ctx, const char *name)
{
    if (name == NULL)
        return weft_fail(ctx, WEFT_INVALID_SCHEMA_OR_RELATION_NAME,
                         "A name of at most two parts, of a schema and of what is in it, is needed.");
    const size_t plain = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (plain > 0 && name[plain] == '\0') return WEFT_OK;
    return weft_fail(ctx, WEFT_INVALID_SCHEMA_OR_RELATION_NAME,
                     "`%s` is not a valid name for tables/schemas. Valid names only contain alphabet "
                     "characters, numbers and _.",
                     name);
}

static weft_status database_folder(weft_ctx *ctx, const char *database, char **out)
{
    weft_status st = WEFT_OK;
    const char *name = NULL;
    WEFT_TRY(st, encode_name(ctx, database, &name));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s/_catalog/%s",
                                   weft_setting_text(ctx, WEFT_SET_WAREHOUSE), name));
done:
    return st;
}

/* The file of a table ('t') or a function ('f'). */
static weft_status object_path(weft_ctx *ctx, const char *database, char kind, const char *object, char **out)
{
    weft_status st = WEFT_OK;
    const char *name = NULL;
    char *folder = NULL;
    WEFT_TRY(st, encode_name(ctx, object, &name));
    WEFT_TRY(st, database_folder(ctx, database, &folder));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, out, "%s/%c_%s", folder, kind, name));
done:
    return st;
}

static weft_status table_path(weft_ctx *ctx, const char *database, const char *table, char **out)
{
    return object_path(ctx, database, 't', table, out);
}

weft_status weft_warehouse_location(weft_ctx *ctx, const char *database, const char *table, const char **out)
{
    weft_status st = WEFT_OK;
    const char *place = NULL;
    char *path = NULL;
    WEFT_TRY(st, check_name(ctx, database));
    WEFT_TRY(st, check_name(ctx, table));
    WEFT_TRY(st, weft_warehouse_database_location(ctx, database, &place));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s/%s", place, table));
    WEFT_TRY(st, weft_fs_normalise(ctx, path, &path));
    *out = path;
done:
    return st;
}

/* ---- the lock ---- */

weft_status weft_warehouse_lock(weft_ctx *ctx, int *lock)
{
    weft_status st = WEFT_OK;
    char *path = NULL;
    *lock = -1;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s/_catalog/.lock",
                                   weft_setting_text(ctx, WEFT_SET_WAREHOUSE)));
    st = weft_fs_lock(ctx, path, lock);
    if (st == WEFT_NOT_FOUND) {
        weft_error_clear(ctx);
        st = WEFT_OK;
    }
done:
    return st;
}

void weft_warehouse_unlock(int *lock) { weft_fs_unlock(lock); }

/* ---- files ---- */

/* As a C string; *out NULL: the file is not there. */
static weft_status read_text(weft_ctx *ctx, const char *path, char **out)
{
    weft_status st = WEFT_OK;
    weft_file *file = NULL;
    *out = NULL;
    st = weft_file_open(ctx, path, &file);
    if (st == WEFT_NOT_FOUND) {
        weft_error_clear(ctx);
        return WEFT_OK;
    }
    if (st != WEFT_OK) goto done;
    const int64_t bytes = weft_file_size(file);
    if (bytes > DEFINITION_BYTES_MAX)
        WEFT_TRY(st, weft_fail(ctx, WEFT_CORRUPT, "%s has %lld bytes: it is no definition of a table", path,
                               (long long)bytes));
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, (size_t)bytes + 1, (void **)out));
    WEFT_TRY(st, weft_file_read(ctx, file, 0, *out, bytes));
    (*out)[bytes] = '\0';
done:
    weft_file_close(&file);
    return st;
}

/* Under its name in one step. Errors: WEFT_EXISTS when it is there and replace is not set. */
static weft_status write_text(weft_ctx *ctx, const char *folder, const char *path, const char *text,
                              size_t len, bool replace)
{
    weft_status st = WEFT_OK;
    weft_file_writer *writer = NULL;
    uint64_t number = 0;
    char *staged = NULL;
    bool written = false;
    WEFT_TRY(st, weft_random_u64(ctx, &number));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &staged, "%s/.new-%016llx", folder,
                                   (unsigned long long)number));
    WEFT_TRY(st, weft_fs_make_directories(ctx, folder));
    WEFT_TRY(st, weft_file_create(ctx, staged, &writer));
    WEFT_TRY(st, weft_file_append(ctx, writer, text, (int64_t)len));
    WEFT_TRY(st, weft_file_finish(ctx, &writer));
    written = true;
    WEFT_TRY(st, replace ? weft_fs_rename(ctx, staged, path) : weft_fs_rename_new(ctx, staged, path));
    WEFT_TRY(st, weft_fs_sync_directory(ctx, folder));
done:
    weft_file_abandon(&writer);
    if (st != WEFT_OK && written) {
        const weft_error error = ctx->error;
        if (weft_fs_remove_if_exists(ctx, staged) != WEFT_OK)
            weft_error_clear(ctx); /* a leftover harms nobody */
        ctx->error = error;
    }
    return st;
}

/* The last parts of a path, as many as there are slashes in them and one. */
static const char *last_parts(const char *path, int32_t slashes)
{
    const char *at = path + strlen(path);
    while (at > path && (at[-1] != '/' || slashes-- > 0)) at--;
    return at;
}

/* The files of a folder of the catalogue, as paths below it: names, or (slashes 1) folder and name. */
static weft_status list_names(weft_ctx *ctx, const char *folder, int32_t slashes, weft_pointers *out)
{
    weft_status st = WEFT_OK;
    weft_file_info *files = NULL;
    int32_t count = 0;
    st = weft_fs_list(ctx, folder, &files, &count);
    if (st == WEFT_NOT_FOUND) {
        weft_error_clear(ctx);
        return WEFT_OK;
    }
    for (int32_t i = 0; st == WEFT_OK && i < count; i++)
        st = weft_pointers_push(ctx, out, last_parts(files[i].path, slashes));
    return st;
}

/* ---- databases ---- */

weft_status weft_warehouse_has_database(weft_ctx *ctx, const char *database, bool *has)
{
    weft_status st = WEFT_OK;
    char *folder = NULL, *path = NULL, *text = NULL;
    *has = strcasecmp(database, "default") == 0;
    if (*has) return WEFT_OK;
    WEFT_TRY(st, database_folder(ctx, database, &folder));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s/database", folder));
    WEFT_TRY(st, read_text(ctx, path, &text));
    *has = text != NULL;
done:
    return st;
}

/* The file of a database: a definition without columns, or (of an early version) its first line alone. */
static weft_status database_file(weft_ctx *ctx, const char *database, char **folder, char **path)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, database_folder(ctx, database, folder));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, path, "%s/database", *folder));
done:
    return st;
}

static weft_status write_database(weft_ctx *ctx, const weft_table_definition *database, bool replace)
{
    weft_status st = WEFT_OK;
    char *folder = NULL, *path = NULL, *location = "";
    const char *text = NULL;
    size_t len = 0;
    if (database->location != NULL && database->location[0] != '\0') /* others have other current folders */
        WEFT_TRY(st, weft_fs_normalise(ctx, database->location, &location));
    const weft_table_definition d = {.name = database->name,
                                     .format = "database",
                                     .location = location,
                                     .comment = database->comment,
                                     .property_count = database->property_count,
                                     .properties = database->properties};
    WEFT_TRY(st, database_file(ctx, database->name, &folder, &path));
    WEFT_TRY(st, weft_table_text_encode(ctx, &d, &text, &len));
    WEFT_TRY(st, write_text(ctx, folder, path, text, len, replace));
done:
    return st;
}

weft_status weft_warehouse_create_database(weft_ctx *ctx, const weft_table_definition *database)
{
    weft_status st = WEFT_OK;
    bool has = false;
    WEFT_TRY(st, check_name(ctx, database->name));
    WEFT_TRY(st, weft_warehouse_has_database(ctx, database->name, &has));
    if (!has) {
        st = write_database(ctx, database, false);
        if (st != WEFT_EXISTS) goto done;
        weft_error_clear(ctx);
    }
    st = weft_fail(ctx, WEFT_SCHEMA_EXISTS,
                   "Cannot create schema `%s` because it already exists. Choose a different name, drop the "
                   "existing schema, or add the IF NOT EXISTS clause to tolerate pre-existing schema.",
                   database->name);
done:
    return st;
}

weft_status weft_warehouse_put_database(weft_ctx *ctx, const weft_table_definition *database)
{
    return write_database(ctx, database, true);
}

weft_status weft_warehouse_find_database(weft_ctx *ctx, const char *database,
                                         const weft_table_definition **out)
{
    static const char early[] = "weft-database 1";
    weft_status st = WEFT_OK;
    weft_table_definition *d = NULL;
    char *folder = NULL, *path = NULL, *text = NULL;
    bool has = false;
    *out = NULL;
    WEFT_TRY(st, weft_warehouse_has_database(ctx, database, &has));
    if (!has) goto done;
    WEFT_TRY(st, WEFT_NEW(ctx, &d));
    d->name = database;
    WEFT_TRY(st, database_file(ctx, database, &folder, &path));
    WEFT_TRY(st, read_text(ctx, path, &text));
    if (text != NULL && strncmp(text, early, sizeof(early) - 1) != 0)
        WEFT_TRY(st, weft_table_text_decode(ctx, path, text, d));
    *out = d;
done:
    return st;
}

weft_status weft_warehouse_database_location(weft_ctx *ctx, const char *database, const char **out)
{
    weft_status st = WEFT_OK;
    const char *warehouse = weft_setting_text(ctx, WEFT_SET_WAREHOUSE), *folder = NULL;
    const weft_table_definition *d = NULL;
    char *path = NULL;
    WEFT_TRY(st, weft_warehouse_find_database(ctx, database, &d));
    if (d != NULL && d->location != NULL && d->location[0] != '\0') {
        *out = d->location;
        goto done;
    }
    WEFT_TRY(st, encode_name(ctx, database, &folder));
    if (strcasecmp(database, "default") == 0)
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s", warehouse));
    else
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%s/%s.db", warehouse, folder));
    WEFT_TRY(st, weft_fs_normalise(ctx, path, &path));
    *out = path;
done:
    return st;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static weft_status sorted(weft_pointers *list, const char *const **names, int32_t *count)
{
    if (list->count > 1) qsort(list->items, (size_t)list->count, sizeof(*list->items), compare_texts);
    *names = weft_pointers_texts(list);
    *count = list->count;
    return WEFT_OK;
}

weft_status weft_warehouse_databases(weft_ctx *ctx, const char *const **names, int32_t *count)
{
    weft_status st = WEFT_OK;
    char *folder = NULL;
    weft_pointers files = {0}, found = {0};
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &folder, "%s/_catalog",
                                   weft_setting_text(ctx, WEFT_SET_WAREHOUSE)));
    WEFT_TRY(st, list_names(ctx, folder, 1, &files));
    WEFT_TRY(st, weft_pointers_push(ctx, &found, "default"));
    for (int32_t i = 0; i < files.count; i++) {
        const char *file = files.items[i], *slash = strchr(file, '/');
        char *name = NULL;
        if (slash == NULL || strcmp(slash, "/database") != 0) continue;
        if (strncmp(file, "default/", 8) == 0) continue; /* always there; it may have a comment */
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, file, (size_t)(slash - file), &name));
        WEFT_TRY(st, weft_pointers_push(ctx, &found, name));
    }
    WEFT_TRY(st, sorted(&found, names, count));
done:
    return st;
}

static weft_status objects(weft_ctx *ctx, const char *database, char kind, const char *const **names,
                           int32_t *count)
{
    weft_status st = WEFT_OK;
    char *folder = NULL;
    weft_pointers files = {0}, found = {0};
    WEFT_TRY(st, database_folder(ctx, database, &folder));
    WEFT_TRY(st, list_names(ctx, folder, 0, &files));
    for (int32_t i = 0; i < files.count; i++) {
        const char *file = files.items[i];
        if (file[0] == kind && file[1] == '_') WEFT_TRY(st, weft_pointers_push(ctx, &found, file + 2));
    }
    WEFT_TRY(st, sorted(&found, names, count));
done:
    return st;
}

weft_status weft_warehouse_tables(weft_ctx *ctx, const char *database, const char *const **names,
                                  int32_t *count)
{
    return objects(ctx, database, 't', names, count);
}

weft_status weft_warehouse_functions(weft_ctx *ctx, const char *database, const char *const **names,
                                     int32_t *count)
{
    return objects(ctx, database, 'f', names, count);
}

weft_status weft_warehouse_expect_database(weft_ctx *ctx, const char *database)
{
    weft_status st = WEFT_OK;
    bool has = false;
    WEFT_TRY(st, weft_warehouse_has_database(ctx, database, &has));
    if (!has)
        st = weft_fail(ctx, WEFT_SCHEMA_NOT_FOUND,
                       "The schema `spark_catalog`.`%s` cannot be found. Verify the spelling and correctness "
                       "of the schema and catalog.",
                       database);
done:
    return st;
}

weft_status weft_warehouse_drop_database(weft_ctx *ctx, const char *database, bool cascade)
{
    weft_status st = WEFT_OK;
    const char *const *tables = NULL, *const *functions = NULL;
    char *folder = NULL;
    int32_t count = 0, function_count = 0;
    WEFT_TRY(st, weft_warehouse_expect_database(ctx, database));
    WEFT_TRY(st, weft_warehouse_tables(ctx, database, &tables, &count));
    WEFT_TRY(st, weft_warehouse_functions(ctx, database, &functions, &function_count));
    if (count + function_count > 0 && !cascade)
        WEFT_TRY(st, weft_fail(ctx, WEFT_SCHEMA_NOT_EMPTY,
                               "Cannot drop a schema `%s` because it contains objects. Use DROP SCHEMA ... "
                               "CASCADE to drop the schema and all its objects.",
                               database));
    for (int32_t i = 0; i < count; i++) {
        const weft_table_definition *table = NULL;
        WEFT_TRY(st, weft_warehouse_find(ctx, database, tables[i], &table));
        if (table != NULL) WEFT_TRY(st, weft_warehouse_drop(ctx, table));
    }
    WEFT_TRY(st, database_folder(ctx, database, &folder));
    WEFT_TRY(st, weft_fs_remove_tree(ctx, folder));
done:
    return st;
}

/* ---- tables ---- */

weft_status weft_warehouse_find(weft_ctx *ctx, const char *database, const char *table,
                                const weft_table_definition **out)
{
    weft_status st = WEFT_OK;
    weft_table_definition *d = NULL;
    char *path = NULL, *text = NULL, *copy = NULL;
    *out = NULL;
    WEFT_TRY(st, table_path(ctx, database, table, &path));
    WEFT_TRY(st, read_text(ctx, path, &text));
    if (text == NULL) goto done;
    WEFT_TRY(st, WEFT_NEW(ctx, &d));
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, database, strlen(database), &copy));
    d->database = copy;
    WEFT_TRY(st, weft_table_text_decode(ctx, path, text, d));
    *out = d;
done:
    return st;
}

weft_status weft_warehouse_put(weft_ctx *ctx, const weft_table_definition *table, bool replace)
{
    weft_status st = WEFT_OK;
    weft_table_definition whole = *table;
    char *folder = NULL, *path = NULL, *location = NULL;
    const char *text = NULL;
    size_t len = 0;
    WEFT_TRY(st, check_name(ctx, table->name));
    WEFT_TRY(st, weft_warehouse_expect_database(ctx, table->database));
    WEFT_TRY(st, database_folder(ctx, table->database, &folder));
    WEFT_TRY(st, table_path(ctx, table->database, table->name, &path));
    if (table->query == NULL) { /* others have other current folders */
        WEFT_TRY(st, weft_fs_normalise(ctx, table->location, &location));
        whole.location = location;
    }
    if (whole.created_us == 0) whole.created_us = ctx->clock->wall_us(ctx->clock->self);
    WEFT_TRY(st, weft_table_text_encode(ctx, &whole, &text, &len));
    st = write_text(ctx, folder, path, text, len, replace);
    if (st != WEFT_EXISTS) goto done;
    weft_error_clear(ctx);
    st =
        weft_fail(ctx, WEFT_TABLE_OR_VIEW_ALREADY_EXISTS,
                  "Cannot create table or view `spark_catalog`.`%s`.`%s` because it already exists. Choose a "
                  "different name, drop or replace the existing object, or add the IF NOT EXISTS clause to "
                  "tolerate pre-existing objects.",
                  table->database, table->name);
done:
    return st;
}

weft_status weft_warehouse_drop(weft_ctx *ctx, const weft_table_definition *table)
{
    weft_status st = WEFT_OK;
    char *path = NULL;
    int lock = -1;
    WEFT_TRY(st, table_path(ctx, table->database, table->name, &path));
    WEFT_TRY(st, weft_warehouse_lock(ctx, &lock));     /* else who is changing it puts it back */
    WEFT_TRY(st, weft_fs_remove_if_exists(ctx, path)); /* first: nobody finds a table without its files */
    weft_warehouse_unlock(&lock);                      /* files may take long */
    if (table->external || table->query != NULL) goto done;
    WEFT_TRY(st, weft_fs_remove_tree(ctx, table->location));
    for (int32_t i = 0; i < table->place_count; i++) /* as in Spark, whose partitions these are */
        if (table->places[2 * i + 1][0] != '\0')
            WEFT_TRY(st, weft_fs_remove_tree(ctx, table->places[2 * i + 1]));
done:
    weft_warehouse_unlock(&lock);
    return st;
}

/* The folder of a table that lies where its name says gets the new name, too, so that the old one is free. A
 * table that nobody has written to has none. */
static weft_status move_folder(weft_ctx *ctx, const weft_table_definition *from,
                               const weft_table_definition *to)
{
    weft_status st = weft_fs_rename_new(ctx, from->location, to->location);
    if (st == WEFT_NOT_FOUND) {
        weft_error_clear(ctx);
        st = WEFT_OK;
    }
    if (st != WEFT_EXISTS) return st;
    weft_error_clear(ctx);
    return weft_fail(ctx, WEFT_LOCATION_ALREADY_EXISTS,
                     "Cannot name the managed table as `%s`, as its associated location '%s' already exists.",
                     to->name, to->location);
}

weft_status weft_warehouse_rename(weft_ctx *ctx, const weft_table_definition *table, const char *name)
{
    weft_status st = WEFT_OK;
    weft_table_definition renamed = *table;
    const char *own = NULL;
    char *path = NULL, *new_path = NULL;
    renamed.name = name;
    WEFT_TRY(st, weft_warehouse_location(ctx, table->database, table->name, &own));
    const bool moves = !table->external && table->query == NULL && strcmp(own, table->location) == 0;
    if (moves) WEFT_TRY(st, weft_warehouse_location(ctx, table->database, name, &renamed.location));
    WEFT_TRY(st, table_path(ctx, table->database, table->name, &path));
    WEFT_TRY(st, table_path(ctx, table->database, name, &new_path));
    WEFT_TRY(st,
             weft_warehouse_put(ctx, &renamed, false)); /* first: at no time are there rows without a name */
    if (moves) st = move_folder(ctx, table, &renamed);
    if (st != WEFT_OK) {
        const weft_error error = ctx->error;
        if (weft_fs_remove_if_exists(ctx, new_path) != WEFT_OK)
            weft_log_error(WEFT_LOG_WARN, "table_not_renamed_back", &ctx->error);
        ctx->error = error;
        goto done;
    }
    WEFT_TRY(st, weft_fs_remove_if_exists(ctx, path));
done:
    return st;
}

/* ---- functions ---- */

weft_status weft_warehouse_function(weft_ctx *ctx, const char *database, const char *name, const char **text)
{
    weft_status st = WEFT_OK;
    char *path = NULL, *read = NULL;
    WEFT_TRY(st, object_path(ctx, database, 'f', name, &path));
    WEFT_TRY(st, read_text(ctx, path, &read));
    *text = read;
done:
    return st;
}

weft_status weft_warehouse_put_function(weft_ctx *ctx, const char *database, const char *name,
                                        const char *text, bool replace)
{
    weft_status st = WEFT_OK;
    char *folder = NULL, *path = NULL;
    WEFT_TRY(st, check_name(ctx, name));
    WEFT_TRY(st, weft_warehouse_expect_database(ctx, database));
    WEFT_TRY(st, database_folder(ctx, database, &folder));
    WEFT_TRY(st, object_path(ctx, database, 'f', name, &path));
    WEFT_TRY(st, write_text(ctx, folder, path, text, strlen(text), replace));
done:
    return st;
}

weft_status weft_warehouse_drop_function(weft_ctx *ctx, const char *database, const char *name)
{
    weft_status st = WEFT_OK;
    char *path = NULL;
    WEFT_TRY(st, object_path(ctx, database, 'f', name, &path));
    WEFT_TRY(st, weft_fs_remove_if_exists(ctx, path));
done:
    return st;
}

weft_status weft_table_definition_schema(weft_ctx *ctx, const weft_table_definition *table,
                                         const weft_schema **out)
{
    weft_status st = WEFT_OK;
    weft_schema *schema = NULL;
    weft_field *fields = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &schema));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, table->column_count, &fields));
    for (int32_t i = 0; i < table->column_count; i++) {
        fields[i] = (weft_field){
            .name = table->columns[i].name, .nullable = true, .absent = table->columns[i].absent};
        WEFT_TRY(st, weft_type_of_values(ctx, table->columns[i].type, &fields[i].type));
    }
    schema->count = table->column_count;
    schema->fields = fields;
    *out = schema;
done:
    return st;
}
