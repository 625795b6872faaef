/* coordinator/session_cache.c - CACHE TABLE and its kin: filling what the session keeps (table_cache.h).
 *
 * The rows of a cached table are written once, as Parquet files in a folder of the session's, and read from
 * there. In one process that folder is in scratch; over several it lies beside the warehouse, which all of
 * them read. CACHE TABLE fills at once, LAZY before the first statement that reads the table. The folder goes
 * with the session; a coordinator that takes over has the names, and reads what they were made of. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/random.h"
#include "coordinator/session_private.h"
#include "coordinator/write.h"
#include "engine/formats/options.h"
#include "engine/storage/fs.h"

/* ---- names ---- */

/* What the parts name: database NULL for a temporary view. *found: there is such a table or view. */
static weft_status key_of(weft_session *s, weft_ctx *ctx, const weft_node *command, const char **database,
                          const char **name, bool *found)
{
    weft_status st = WEFT_OK;
    const weft_table_definition *d = NULL;
    const char *const *parts = command->command.parts;
    const int32_t count = command->command.part_count;
    *database = NULL;
    *name = parts[count - 1];
    *found = count == 1 && weft_session_catalog_has_view(s->catalog, parts[0]);
    if (*found) goto done;
    WEFT_TRY(st, weft_session_catalog_entry(ctx, parts, count, &d));
    *found = d != NULL;
    if (d == NULL) goto done;
    *database = d->database;
    *name = d->name;
done:
    return st;
}

static weft_status not_found(weft_ctx *ctx, const weft_node *command)
{
    return weft_fail_at(ctx, WEFT_TABLE_OR_VIEW_NOT_FOUND, &command->span,
                        "The table or view `%s` cannot be found. Verify the spelling and correctness of the "
                        "schema and catalog.",
                        command->command.parts[command->command.part_count - 1]);
}

/* ---- where ---- */

static weft_status base_folder(weft_session *s, weft_ctx *ctx)
{
    weft_status st = WEFT_OK;
    uint64_t random = 0;
    char *path = NULL, *whole = NULL, *copy = NULL;
    const bool embedded = weft_coordinator_is_embedded(s->coordinator);
    const char *base = weft_setting_text(ctx, embedded ? WEFT_SET_SCRATCH : WEFT_SET_WAREHOUSE);
    if (s->cache_folder != NULL) return WEFT_OK;
    WEFT_TRY(st, weft_random_u64(ctx, &random));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &path, "%.*s/%sweft-cache-%016llx",
                                   (int)(embedded ? strcspn(base, ",") : strlen(base)), base,
                                   embedded ? "" : "_", (unsigned long long)random));
    WEFT_TRY(st, weft_fs_normalise(ctx, path, &whole));
    st = weft_arena_copy(&s->ctx, s->ctx.arena, whole, strlen(whole), &copy);
    if (st != WEFT_OK) return weft_error_copy(ctx, &s->ctx);
    s->cache_folder = copy;
done:
    return st;
}

void weft_session_cache_free(weft_session *s)
{
    if (s->catalog != NULL) weft_table_cache_clear(weft_session_catalog_cache(s->catalog));
    if (s->cache_folder == NULL) return;
    if (weft_fs_remove_tree(&s->ctx, s->cache_folder) != WEFT_OK)
        weft_log_error(WEFT_LOG_WARN, "cache_not_removed", &s->ctx.error);
}

/* ---- filling ---- */

static weft_status copy_text(weft_ctx *ctx, const char *text, const char **out)
{
    char *copy = NULL;
    const weft_status st = weft_arena_copy(ctx, ctx->arena, text, strlen(text), &copy);
    *out = copy;
    return st;
}

/* The files as a table: its columns, in the memory of the entry. */
static weft_status define(weft_cached_table *e, const weft_outputs *columns, const char *path)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &e->ctx;
    weft_table_definition *d = NULL;
    weft_column_definition *list = NULL;
    char *type = NULL;
    enum { TYPE_BYTES = 1 << 20 };
    WEFT_TRY(st, WEFT_NEW(ctx, &d));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, columns->count, &list));
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, TYPE_BYTES, (void **)&type));
    for (int32_t i = 0; i < columns->count; i++) {
        WEFT_TRY(st, copy_text(ctx, columns->columns[i].name, &list[i].name));
        WEFT_TRY(st, weft_type_parse(ctx, weft_type_text(columns->columns[i].type, type, TYPE_BYTES),
                                     &list[i].type));
    }
    *d = (weft_table_definition){.database = e->database != NULL ? e->database : "",
                                 .name = e->name,
                                 .format = "parquet",
                                 .column_count = columns->count,
                                 .columns = list};
    WEFT_TRY(st, copy_text(ctx, path, &d->location));
    e->definition = d;
done:
    return st;
}

/* Do files of Parquet give back exactly what was written to them? */
static bool is_kept_whole(weft_type type)
{
    static const weft_type_id others[] = {
        WEFT_TYPE_NULL,         WEFT_TYPE_INTERVAL_YM,      WEFT_TYPE_INTERVAL_DT, WEFT_TYPE_INTERVAL,
        WEFT_TYPE_TIMESTAMP_NS, WEFT_TYPE_TIMESTAMP_NTZ_NS, WEFT_TYPE_GEOMETRY,    WEFT_TYPE_GEOGRAPHY};
    for (int32_t i = 0; i < WEFT_COUNT(others); i++)
        if (type.id == others[i]) return false;
    for (int32_t i = 0; i < type.child_count; i++)
        if (!is_kept_whole(type.children[i].type)) return false;
    return true;
}

static weft_status check_types(weft_ctx *ctx, const weft_outputs *columns)
{
    char type[256];
    for (int32_t i = 0; i < columns->count; i++)
        if (!is_kept_whole(columns->columns[i].type))
            return weft_fail(ctx, WEFT_DATASOURCE_TYPE,
                             "what is cached lies in files, which do not hold the type \"%s\" of column `%s`",
                             weft_type_text(columns->columns[i].type, type, sizeof type),
                             columns->columns[i].name);
    return WEFT_OK;
}

/* All rows of the entry's name, bound. */
static weft_status bind_rows(weft_session *s, weft_result *r, const weft_cached_table *e, weft_ids *ids,
                             const weft_node **out)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    const weft_catalog catalog = weft_session_catalog_view(s->catalog);
    const char *const parts[] = {e->database, e->name};
    const int32_t skip = e->database == NULL ? 1 : 0;
    const weft_node table = {.kind = WEFT_NODE_RELATION,
                             .output = {.count = -1},
                             .relation = {.part_count = 2 - skip, .parts = parts + skip}};
    weft_node *copy = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &copy));
    memcpy(copy, &table, sizeof(table));
    WEFT_TRY(st, weft_analyze(ctx, &catalog, ids, copy, out));
done:
    return st;
}

/* Write the rows to the folder. */
static weft_status write_rows(weft_session *s, weft_result *r, weft_cached_table *e, const char *path)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    weft_commits *const commits = NULL; /* nobody goes on with what is kept: no journal needs to know of it */
    weft_ids ids = {.next = 1};
    weft_commit_job *job = NULL;
    const weft_node *rows = NULL, *staged = NULL, *optimised = NULL;
    const char *const options[] = {"compression", e->compressed ? "snappy" : "none"};
    WEFT_TRY(st, weft_random_u64(ctx, &r->seed));
    ids.seed = r->seed;
    WEFT_TRY(st, bind_rows(s, r, e, &ids, &rows));
    WEFT_TRY(st, check_types(ctx, &rows->output));
    WEFT_TRY(st, weft_session_catalog_sources(s->catalog, &e->ctx, &e->sources, &e->source_count));
    const weft_node write = {
        .kind = WEFT_NODE_WRITE,
        .input_count = 1,
        .inputs = &rows,
        .write = {.format = "parquet", .path = path, .option_count = 1, .options = options}};
    WEFT_TRY(st, weft_write_begin(ctx, commits, &write, path, &r->run, &r->record, &staged, &job));
    st = weft_session_optimise(s, r, &ids, staged, &optimised);
    if (st == WEFT_OK) st = weft_session_run_plan(s, r, &ids, optimised, false);
    if (st == WEFT_OK) st = weft_write_commit(ctx, commits, staged, job, &r->run);
    if (st != WEFT_OK) weft_commits_abort(ctx, commits, job);
    WEFT_TRY(st, st);
    WEFT_TRY(st, define(e, &rows->output, path));
done:
    return st;
}

static weft_status fill(weft_session *s, weft_cached_table *e, weft_error *error)
{
    weft_status st = WEFT_OK;
    weft_result *r = NULL;
    weft_table_cache *cache = weft_session_catalog_cache(s->catalog);
    char *path = NULL;
    static const char text[] = "CACHE TABLE";
    e->wanted = false;
    st = weft_result_new(s->pool, &s->settings, &s->cancel, &r);
    if (st != WEFT_OK) {
        *error = (weft_error){.code = st, .message = "no memory for a statement"};
        return st;
    }
    r->ctx.named = &s->files.named;
    r->run.text = text;
    r->run.text_len = sizeof(text) - 1;
    weft_session_catalog_begin_statement(s->catalog, &r->listings);
    cache->filling = e;
    WEFT_TRY(st, base_folder(s, &r->ctx));
    WEFT_TRY(st, weft_arena_printf(&r->ctx, r->ctx.arena, &path, "%s/%d", s->cache_folder, ++s->cache_fills));
    if (weft_table_cache_begin(&s->ctx, e) != WEFT_OK) WEFT_TRY(st, weft_error_copy(&r->ctx, &s->ctx));
    WEFT_TRY(st, weft_fs_make_directories(&r->ctx, path));
    WEFT_TRY(st, write_rows(s, r, e, path));
    e->ready = true;
done:
    cache->filling = NULL;
    if (st != WEFT_OK) *error = r->ctx.error;
    weft_session_catalog_end_statement(s->catalog);
    weft_result_free(&r);
    return st;
}

/* What Parquet cannot hold is not kept; the names mean what they mean without it. */
static bool cannot_be_kept(weft_status st) { return st == WEFT_DATASOURCE_TYPE || st == WEFT_UNSUPPORTED; }

weft_status weft_session_cache_fill(weft_session *s, weft_error *error)
{
    weft_table_cache *cache = weft_session_catalog_cache(s->catalog);
    for (;;) {
        weft_cached_table *e = weft_table_cache_wanted(cache);
        if (e == NULL) return WEFT_OK;
        const weft_status st = fill(s, e, error);
        if (st == WEFT_OK) continue;
        weft_table_cache_remove(cache, e);
        if (!cannot_be_kept(st)) return st;
        weft_log_error(WEFT_LOG_WARN, "cache_not_kept", error);
        *error = (weft_error){0};
    }
}

/* ---- statements ---- */

static weft_status check_level(weft_ctx *ctx, const weft_node *command, bool *compressed)
{
    static const char *const levels[] = {"DISK_ONLY",
                                         "DISK_ONLY_2",
                                         "DISK_ONLY_3",
                                         "MEMORY_ONLY",
                                         "MEMORY_ONLY_2",
                                         "MEMORY_ONLY_SER",
                                         "MEMORY_ONLY_SER_2",
                                         "MEMORY_AND_DISK",
                                         "MEMORY_AND_DISK_2",
                                         "MEMORY_AND_DISK_SER",
                                         "MEMORY_AND_DISK_SER_2",
                                         "OFF_HEAP",
                                         "NONE"};
    const weft_table_definition *given = command->command.table;
    const char *level = weft_option_find(given->options, given->option_count, "storagelevel");
    if (level == NULL) level = "MEMORY_AND_DISK";
    *compressed = strncasecmp(level, "DISK", 4) == 0 || strcasestr(level, "_SER") != NULL;
    for (int32_t i = 0; i < WEFT_COUNT(levels); i++)
        if (strcasecmp(level, levels[i]) == 0) return WEFT_OK;
    return weft_fail_at(ctx, WEFT_INVALID, &command->span, "Invalid StorageLevel: %s", level);
}

/* CACHE TABLE v AS query makes the view first. */
static weft_status make_view(weft_session *s, weft_result *r, const weft_node *command)
{
    const weft_node create = {.kind = WEFT_NODE_CREATE_VIEW,
                              .span = command->span,
                              .view = {.name = command->command.parts[0],
                                       .text = command->command.text,
                                       .part_count = 1,
                                       .parts = command->command.parts,
                                       .temporary = true}};
    return weft_session_create_view(s, r, &create);
}

static weft_status cache_table(weft_session *s, weft_result *r, const weft_node *command)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    weft_table_cache *cache = weft_session_catalog_cache(s->catalog);
    weft_cached_table *e = NULL;
    const char *database = NULL, *name = NULL;
    bool compressed = false, found = false;
    WEFT_TRY(st, check_level(ctx, command, &compressed));
    if (command->input_count > 0) WEFT_TRY(st, make_view(s, r, command));
    WEFT_TRY(st, key_of(s, ctx, command, &database, &name, &found));
    if (!found) return not_found(ctx, command);
    e = weft_table_cache_find(cache, database, name);
    if (e != NULL) {
        weft_log(WEFT_LOG_WARN, "already_cached", WEFT_LOG_TEXT("table", name));
        goto done;
    }
    st = weft_table_cache_add(&s->ctx, cache, database, name, compressed, &e);
    if (st != WEFT_OK) return weft_error_copy(ctx, &s->ctx);
    e->wanted = !command->command.lazy;
done:
    return st;
}

static weft_status uncache_table(weft_session *s, weft_ctx *ctx, const weft_node *command)
{
    weft_status st = WEFT_OK;
    weft_table_cache *cache = weft_session_catalog_cache(s->catalog);
    const char *database = NULL, *name = NULL;
    bool found = false;
    WEFT_TRY(st, key_of(s, ctx, command, &database, &name, &found));
    if (!found) return command->command.if_exists ? WEFT_OK : not_found(ctx, command);
    weft_cached_table *e = weft_table_cache_find(cache, database, name);
    if (e != NULL) weft_table_cache_remove(cache, e);
done:
    return st;
}

weft_status weft_session_cache_command(weft_session *s, weft_result *r, const weft_node *command)
{
    if (command->command.op == WEFT_TABLE_CACHE) return cache_table(s, r, command);
    if (command->command.op == WEFT_TABLE_UNCACHE) return uncache_table(s, &r->ctx, command);
    weft_table_cache_clear(weft_session_catalog_cache(s->catalog));
    return WEFT_OK;
}

void weft_session_cache_dropped(weft_session *s, const char *database, const char *name)
{
    weft_table_cache *cache = weft_session_catalog_cache(s->catalog);
    weft_cached_table *e = weft_table_cache_find(cache, database, name);
    if (e != NULL) weft_table_cache_remove(cache, e);
    weft_table_cache_written(cache, database, name);
}
