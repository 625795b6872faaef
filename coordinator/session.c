/* coordinator/session.c - statements: parse, analyse, optimise, run; commands; their results as rows.
 *
 * What a command shows becomes a block here: it needs no job, and no worker (command.h). */
#include "coordinator/session.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "common/random.h"
#include "common/settings.h"
#include "coordinator/explain.h"
#include "coordinator/function_command.h"
#include "coordinator/recovery.h"
#include "coordinator/session_private.h"
#include "coordinator/table_command.h"
#include "coordinator/write.h"
#include "engine/catalog/view_text.h"
#include "engine/formats/options.h"
#include "engine/plan/optimizer.h"
#include "engine/sql/parser.h"

enum { IMMEDIATE_DEPTH_MAX = 32 };

static const weft_schema write_schema = {0}; /* a write gives no rows */

weft_status weft_session_new(weft_ctx *ctx, weft_pool *pool, weft_coordinator *coordinator,
                             const weft_settings *settings, weft_session **out)
{
    weft_status st = WEFT_OK;
    weft_session *s = NULL;
    WEFT_TRY(st, weft_command_check(ctx, settings));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->pool = pool;
    s->coordinator = coordinator;
    s->settings = *settings;
    s->start = *settings;
    s->account = weft_account_open(pool, "session");
    s->arena = s->account == NULL ? NULL : weft_arena_new(s->account);
    if (s->arena == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for a session"));
    weft_ctx_init(&s->ctx, s->arena, s->account, &s->settings);
    weft_session_files_init(&s->files, &s->ctx,
                            coordinator == NULL ? NULL : weft_coordinator_artifacts(coordinator));
    s->ctx.named = &s->files.named;
    st = weft_session_catalog_new(&s->ctx, &s->catalog);
    if (st != WEFT_OK) WEFT_TRY(st, weft_error_copy(ctx, &s->ctx));
    *out = s;
    s = NULL;
done:
    weft_session_free(&s);
    return st;
}

void weft_session_free(weft_session **session)
{
    weft_session *s = *session;
    *session = NULL;
    if (s == NULL) return;
    weft_session_cache_free(s);
    weft_session_catalog_free(&s->catalog);
    if (s->files.ctx != NULL) weft_session_files_deinit(&s->files);
    weft_arena_free(&s->arena);
    weft_account_close(&s->account);
    weft_mem_free(s);
}

const weft_settings *weft_session_settings(const weft_session *s) { return &s->settings; }

uint64_t weft_session_version(const weft_session *s) { return s->version; }
uint64_t weft_session_changed_by(const weft_session *s) { return s->changed_by; }

void weft_session_changed(weft_session *s, const weft_job_name *name)
{
    s->version++;
    s->changed_by = name->operation;
}

weft_status weft_session_set(weft_ctx *ctx, weft_session *s, const char *key, const char *value)
{
    static const weft_job_name no_name = {.operation = 0};
    const weft_status st = weft_session_put(ctx, s, &s->settings, key, value);
    if (st == WEFT_OK) weft_session_changed(s, &no_name); /* set twice it is the same */
    return st;
}

void weft_session_on_progress(weft_session *s, void (*progress)(void *self, const weft_progress *progress),
                              void *self)
{
    s->progress = progress;
    s->progress_self = self;
}

void weft_session_belongs_to(weft_session *s, const char *user)
{
    snprintf(s->user, sizeof(s->user), "%s", user);
}

void weft_session_cancel(weft_session *s) { atomic_store(&s->cancel, true); }

/* ---- its state ---- */

/* The query of a view, parsed into the session's memory. kept: what it goes by; NULL: that stands in front of
 * its text. */
static weft_status view_query(weft_session *s, const weft_node *create, const weft_kept_settings *kept,
                              weft_view_query *out)
{
    weft_status st = WEFT_OK;
    const char *from = create->view.text, *text = NULL;
    char *copy = NULL;
    *out = (weft_view_query){0};
    if (kept != NULL)
        out->kept = *kept;
    else
        WEFT_TRY(st, weft_kept_settings_decode(&s->ctx, &from, &out->kept));
    WEFT_TRY(st, weft_arena_copy(&s->ctx, s->ctx.arena, from, strlen(from), &copy));
    WEFT_TRY(st, weft_view_collated(&s->ctx, create->view.collation, copy, &text));
    WEFT_TRY(st, weft_kept_settings_encode(&s->ctx, &out->kept, text, &out->text));
    WEFT_TRY(st, weft_view_parse(&s->ctx, text, &out->kept, &out->collation, &out->parsed));
    if (create->view.column_count == 0) goto done;
    WEFT_TRY(st, weft_command_alias(&s->ctx, create, out->parsed, &out->parsed));
    out->columns = out->parsed->alias.columns;
    out->column_count = out->parsed->alias.column_count;
done:
    return st;
}

weft_status weft_session_describe(weft_ctx *ctx, const weft_session *s, weft_session_state *out)
{
    weft_status st = WEFT_OK;
    weft_view_definition *views = NULL;
    const int32_t count = weft_session_catalog_count(s->catalog);
    *out = (weft_session_state){.version = s->version, .changed_by = s->changed_by};
    WEFT_TRY(st, weft_session_settings_list(ctx, &s->settings, &out->settings, &out->setting_count));
    WEFT_TRY(st, weft_session_foreign(ctx, s, out));
    WEFT_TRY(st, weft_session_settings_list(ctx, &s->start, &out->start, &out->start_count));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &views));
    for (int32_t i = 0; i < count; i++) views[i] = weft_session_catalog_definition(s->catalog, i);
    out->views = views;
    out->view_count = count;
    out->files = s->files.files;
    out->file_count = s->files.count;
    st = weft_session_describe_objects(ctx, s, out);
done:
    return st;
}

/* Those of a session are as the list says, those of the process as they are here. */
static void restore_settings(weft_ctx *ctx, weft_session *s, weft_settings *settings,
                             const weft_session_setting *list, int32_t count)
{
    for (int32_t i = 0; i < WEFT_SETTING_COUNT; i++) {
        const weft_setting_def *def = weft_setting_find_def((weft_setting_id)i);
        if (def->scope == WEFT_SCOPE_PROCESS || !settings->set[i]) continue;
        if (weft_settings_set(ctx, settings, def->key, def->initial) == WEFT_OK) settings->set[i] = false;
    }
    for (int32_t i = 0; i < count; i++) {
        if (weft_session_put(ctx, s, settings, list[i].key, list[i].value) == WEFT_OK) continue;
        weft_log_error(WEFT_LOG_WARN, "setting_not_restored", &ctx->error);
        weft_error_clear(ctx);
    }
}

static weft_status restore_query(weft_session *s, const weft_view_definition *d)
{
    weft_status st = WEFT_OK;
    weft_view_query query;
    const weft_node create = {
        .kind = WEFT_NODE_CREATE_VIEW,
        .view = {.name = d->name, .text = d->query, .column_count = d->column_count, .columns = d->columns}};
    WEFT_TRY(st, view_query(s, &create, NULL, &query));
    query.temporaries = d->temporaries;
    query.temporary_count = d->temporary_count;
    WEFT_TRY(st, weft_session_catalog_add(&s->ctx, s->catalog, d->name, true, &query, NULL));
done:
    return st;
}

weft_status weft_session_restore(weft_ctx *ctx, weft_session *s, const weft_session_state *state)
{
    weft_status st = WEFT_OK;
    restore_settings(ctx, s, &s->start, state->start, state->start_count);
    restore_settings(ctx, s, &s->settings, state->settings, state->setting_count);
    for (int32_t i = 0; i < state->file_count; i++)
        WEFT_TRY(st, weft_session_files_restore(&s->files, &state->files[i]));
    WEFT_TRY(st, weft_session_restore_objects(s, state));
    for (int32_t i = 0; i < state->view_count; i++) {
        const weft_view_definition *view = &state->views[i];
        st = view->query != NULL ? restore_query(s, view)
                                 : weft_session_catalog_restore(&s->ctx, s->catalog, view);
        if (st == WEFT_OK) continue;
        const weft_error why = s->ctx.error;
        weft_log_error(WEFT_LOG_WARN, "view_not_restored", &why);
        weft_error_clear(&s->ctx);
        WEFT_TRY(st, weft_session_catalog_add_lost(ctx, s->catalog, view, &why));
    }
    s->version = state->version;
    s->changed_by = state->changed_by;
done:
    return st;
}

/* ---- statements ---- */

/* ---- what a leader after this one needs to plan the statement again ---- */

static weft_status record_listings(weft_result *r)
{
    weft_status st = WEFT_OK;
    weft_record_listing *listings = NULL;
    const int32_t count = r->listings.items.count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(&r->ctx, count, &listings));
    for (int32_t i = 0; i < count; i++) {
        const weft_listing *from = r->listings.items.items[i];
        weft_record_file *files = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(&r->ctx, from->file_count, &files));
        for (int32_t k = 0; k < from->file_count; k++)
            files[k] = (weft_record_file){.path = from->files[k].path,
                                          .size_bytes = from->files[k].size_bytes,
                                          .mtime_ns = from->files[k].mtime_ns,
                                          .base_bytes = from->files[k].base_bytes,
                                          .folder = from->files[k].folder};
        listings[i] =
            (weft_record_listing){.path = from->path, .file_count = from->file_count, .files = files};
    }
    r->record.listings = listings;
    r->record.listing_count = count;
done:
    return st;
}

/* Its JOB, when it may get one. */
static weft_status make_record(weft_session *s, weft_result *r, bool timed)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    weft_journal *journal = weft_coordinator_journal(s->coordinator);
    char *text = NULL;
    if (journal == NULL || r->run.name.operation == 0) return WEFT_OK;
    if (r->run.resume != NULL) {
        r->run.record = weft_recovered_job_record(r->run.resume);
        return WEFT_OK;
    }
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, r->run.text, r->run.text_len, &text));
    r->record = (weft_job_record){.release = weft_session_release(),
                                  .number = weft_coordinator_number(s->coordinator),
                                  .term = weft_journal_term(journal),
                                  .session = r->run.name.session,
                                  .operation = r->run.name.operation,
                                  .user = s->user,
                                  .text = text,
                                  .text_len = r->run.text_len,
                                  .now_us = r->now_us,
                                  .seed = r->seed,
                                  .output = "",
                                  .timed = timed};
    WEFT_TRY(st,
             weft_session_settings_list(ctx, &r->settings, &r->record.settings, &r->record.setting_count));
    WEFT_TRY(st, record_listings(r));
    r->run.record = &r->record;
done:
    return st;
}

/* What the plan of a statement depends on, as it was when an earlier leader began it. */
static weft_status begin_again(weft_session *s, weft_result *r)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    const weft_job_record *record = weft_recovered_job_record(r->run.resume);
    r->now_us = record->now_us;
    r->seed = record->seed;
    r->settings = s->start;
    for (int32_t i = 0; i < record->setting_count; i++)
        WEFT_TRY(st,
                 weft_settings_set(ctx, &r->settings, record->settings[i].key, record->settings[i].value));
    for (int32_t i = 0; i < record->listing_count; i++) {
        const weft_record_listing *from = &record->listings[i];
        weft_listing *listing = NULL;
        weft_file_info *files = NULL;
        WEFT_TRY(st, WEFT_NEW(ctx, &listing));
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, from->file_count, &files));
        for (int32_t k = 0; k < from->file_count; k++)
            files[k] = (weft_file_info){.path = from->files[k].path,
                                        .size_bytes = from->files[k].size_bytes,
                                        .mtime_ns = from->files[k].mtime_ns,
                                        .base_bytes = from->files[k].base_bytes,
                                        .folder = from->files[k].folder};
        *listing = (weft_listing){.path = from->path, .files = files, .file_count = from->file_count};
        WEFT_TRY(st, weft_pointers_push(ctx, &r->listings.items, listing));
    }
done:
    return st;
}

/* ---- running ---- */

weft_status weft_session_run_plan(weft_session *s, weft_result *r, weft_ids *ids, const weft_node *plan,
                                  bool timed)
{
    weft_status st = WEFT_OK;
    r->run.timed = timed;
    r->run.user = s->user;
    r->run.progress = s->progress;
    r->run.progress_self = s->progress_self;
    r->ctx.clock = weft_clock_system(); /* what now() means stands in the plan */
    if (r->run.record == NULL) WEFT_TRY(st, make_record(s, r, timed));
    WEFT_TRY(st, weft_coordinator_run(&r->ctx, s->coordinator, ids, plan, &r->run));
    r->schema = r->run.schema;
done:
    return st;
}

weft_status weft_session_give_rows(weft_result *r, const weft_command_rows *rows)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(&r->ctx, 1, &r->run.blocks));
    WEFT_TRY(st, weft_command_block(&r->ctx, rows, &r->schema, &r->run.blocks[0]));
    r->run.block_count = 1;
done:
    return st;
}

weft_status weft_session_optimise(weft_session *s, weft_result *r, weft_ids *ids, const weft_node *bound,
                                  const weft_node **out)
{
    weft_status st = WEFT_OK;
    bool listed = false;
    WEFT_TRY(st, weft_optimize(&r->ctx, ids, bound, out));
    WEFT_TRY(st, weft_session_catalog_list_partitions(&r->ctx, s->catalog, *out, &listed));
    if (listed) WEFT_TRY(st, weft_optimize(&r->ctx, ids, bound, out));
done:
    return st;
}

weft_status weft_session_create_view(weft_session *s, weft_result *r, const weft_node *bound)
{
    weft_status st = WEFT_OK;
    const weft_relation *relation = NULL;
    weft_view_query query = {0};
    weft_ctx *ctx = &r->ctx;

    if (!bound->view.temporary) {
        WEFT_TRY(st, weft_table_command_define_view(ctx, bound));
        weft_session_changed(s, &r->run.name);
        goto done;
    }
    if (bound->view.format == NULL) {
        /* it was analysed just now, so a bad query never becomes a view */
        weft_kept_settings kept = {0};
        st = weft_kept_settings_take(&s->ctx, true, &kept);
        if (st == WEFT_OK) st = view_query(s, bound, &kept, &query);
        if (st != WEFT_OK) return weft_error_copy(ctx, &s->ctx);
        query.temporaries = weft_session_catalog_named(s->catalog, &query.temporary_count);
    } else {
        const char *const *options = bound->view.options;
        const char *path = weft_option_find(options, bound->view.option_count, "path");
        if (path == NULL && weft_option_find(options, bound->view.option_count, "schema") == NULL)
            return weft_fail_at(ctx, WEFT_UNABLE_TO_INFER_SCHEMA, &bound->span,
                                "Unable to infer schema for %s. It must be specified manually.",
                                bound->view.format);
        WEFT_TRY(st, weft_session_catalog_open(ctx, s->catalog, bound->view.format, path == NULL ? "" : path,
                                               options, bound->view.option_count, &relation));
    }
    WEFT_TRY(st, weft_session_catalog_add(ctx, s->catalog, bound->view.name, bound->view.replace,
                                          relation == NULL ? &query : NULL, relation));
    weft_session_cache_dropped(s, NULL, bound->view.name);
    weft_session_changed(s, &r->run.name);
done:
    return st;
}

static weft_status set_config(weft_session *s, weft_result *r, const weft_node *bound)
{
    weft_status st = WEFT_OK;
    weft_command_rows rows;
    bool changed = false;
    WEFT_TRY(st, weft_session_config(s, &r->ctx, bound, &rows, &changed));
    if (changed) weft_session_changed(s, &r->run.name);
    if (rows.width > 0) WEFT_TRY(st, weft_session_give_rows(r, &rows));
done:
    return st;
}

/* What was kept of the name, which is gone. */
static weft_status drop_cached(weft_session *s, weft_ctx *ctx, const char *const *parts, int32_t count)
{
    weft_status st = WEFT_OK;
    const char *database = NULL, *name = NULL;
    if (count == 1) weft_session_cache_dropped(s, NULL, parts[0]);
    WEFT_TRY(st, weft_session_catalog_name_of(ctx, parts, count, &database, &name));
    if (name != NULL) weft_session_cache_dropped(s, database, name);
done:
    return st;
}

static weft_status drop_view(weft_session *s, weft_result *r, const weft_node *bound)
{
    weft_status st = WEFT_OK;
    const char *name = bound->view.name;
    if (bound->view.part_count == 1 && weft_session_catalog_has_view(s->catalog, name))
        WEFT_TRY(st, weft_session_catalog_drop(&r->ctx, s->catalog, name, bound->view.if_not_exists));
    else
        WEFT_TRY(st, weft_table_command_drop_view(&r->ctx, bound));
    WEFT_TRY(st, drop_cached(s, &r->ctx, bound->view.parts, bound->view.part_count));
    weft_session_changed(s, &r->run.name);
done:
    return st;
}

static bool is_add(const weft_node *node)
{
    return node->kind == WEFT_NODE_SHOW && strcmp(node->show.what, "add files") == 0;
}

static weft_status add_files(weft_session *s, weft_result *r, const weft_node *bound,
                             const weft_upload *upload)
{
    weft_status st = WEFT_OK;
    bool changed = false;
    for (int32_t i = 0; i < bound->show.path_count && st == WEFT_OK; i++)
        st = weft_session_files_add(&r->ctx, &s->files, bound->show.paths[i], upload, &changed);
    if (changed) weft_session_changed(s, &r->run.name); /* those before one that failed are there */
    return st;
}

static weft_status show(weft_session *s, weft_result *r, const weft_node *bound)
{
    weft_status st = WEFT_OK;
    weft_command_rows rows;
    if (strcmp(bound->show.what, "files") == 0)
        WEFT_TRY(st, weft_session_files_list(&r->ctx, &s->files, bound->show.paths, bound->show.path_count,
                                             &rows));
    else if (strstr(bound->show.what, "function") != NULL)
        WEFT_TRY(st, weft_function_command_run(&r->ctx, s->catalog, bound, &rows));
    else
        WEFT_TRY(st, weft_command_show(&r->ctx, s->catalog, bound, &rows));
    if (rows.width > 0) WEFT_TRY(st, weft_session_give_rows(r, &rows));
done:
    return st;
}

/* DROP TABLE drops views too, as in Spark. *found: it was a temporary one. */
static weft_status drop_temporary(weft_session *s, weft_result *r, const weft_node *bound, bool *found)
{
    weft_status st = WEFT_OK;
    const char *const *parts = bound->command.parts;
    const int32_t count = bound->command.part_count;
    char *name = NULL;
    *found = false;
    if (count > 2 || (count == 2 && strcasecmp(parts[0], WEFT_GLOBAL_DATABASE) != 0)) return WEFT_OK;
    WEFT_TRY(st,
             weft_arena_printf(&r->ctx, r->ctx.arena, &name, "%s%s%s", count == 2 ? WEFT_GLOBAL_DATABASE : "",
                               count == 2 ? "." : "", parts[count - 1]));
    *found = weft_session_catalog_has_view(s->catalog, name);
    if (!*found) goto done;
    WEFT_TRY(st, weft_session_catalog_drop(&r->ctx, s->catalog, name, false));
    WEFT_TRY(st, drop_cached(s, &r->ctx, parts, count));
    weft_session_changed(s, &r->run.name);
done:
    return st;
}

static weft_status table_command(weft_session *s, weft_result *r, const weft_node *bound)
{
    weft_status st = WEFT_OK;
    weft_command_rows rows;
    bool changed = false, dropped = false;
    const weft_table_op op = bound->command.op;
    if (op == WEFT_TABLE_ANALYZE) {
        WEFT_TRY(st, weft_session_check_analyze(s, &r->ctx, bound));
        r->after = bound;
        goto done;
    }
    if (op == WEFT_TABLE_CACHE || op == WEFT_TABLE_UNCACHE || op == WEFT_TABLE_CLEAR_CACHE)
        return weft_session_cache_command(s, r, bound);
    if (op == WEFT_TABLE_DROP) WEFT_TRY(st, drop_temporary(s, r, bound, &dropped));
    if (dropped) goto done;
    if (op == WEFT_TABLE_RENAME && bound->command.part_count == 1 &&
        weft_session_catalog_has_view(s->catalog, bound->command.parts[0])) {
        WEFT_TRY(
            st, weft_session_catalog_rename(&r->ctx, s->catalog, bound->command.parts[0], bound->command.to));
        WEFT_TRY(st, drop_cached(s, &r->ctx, bound->command.parts, 1));
        weft_session_changed(s, &r->run.name);
        goto done;
    }
    WEFT_TRY(st, weft_table_command_run(&r->ctx, s->catalog, &s->settings, bound, &rows, &changed));
    if (op == WEFT_TABLE_DROP || op == WEFT_TABLE_RENAME)
        WEFT_TRY(st, drop_cached(s, &r->ctx, bound->command.parts, bound->command.part_count));
    else if (rows.width == 0 && bound->command.part_count > 0)
        WEFT_TRY(st, weft_session_written(s, &r->ctx, bound->command.parts, bound->command.part_count));
    if (rows.width > 0) WEFT_TRY(st, weft_session_give_rows(r, &rows));
    if (changed || rows.width == 0) weft_session_changed(s, &r->run.name);
done:
    return st;
}

/* What a write does when its files are there: the table gets its name. again: maybe it has it already. */
static weft_status name_table(weft_session *s, weft_result *r, const weft_node *bound, const char *path,
                              bool again)
{
    weft_status st = WEFT_OK;
    r->schema = &write_schema;
    if (bound->write.table_name == NULL) return WEFT_OK;
    WEFT_TRY(st, weft_table_command_define(&r->ctx, bound, path, again));
    weft_session_changed(s, &r->run.name);
done:
    return st;
}

weft_status weft_session_write(weft_session *s, weft_result *r, weft_ids *ids, const weft_node *bound,
                               char **analyzed)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->ctx;
    weft_commits *const commits = weft_coordinator_commits(s->coordinator);
    weft_commit_job *job = NULL;
    const weft_node *staged = NULL, *optimised = NULL;
    const char *path = bound->write.path;
    bool skip = false;

    if (bound->write.table_name != NULL) WEFT_TRY(st, weft_table_command_place(ctx, bound, &skip, &path));
    if (bound->write.spec != NULL && bound->write.spec->if_not_exists)
        WEFT_TRY(st, weft_table_command_has_partition(ctx, bound, &skip));
    if (skip) goto done;
    WEFT_TRY(st, make_record(s, r, false));
    WEFT_TRY(st, weft_write_begin(ctx, commits, bound, path, &r->run, &r->record, &staged, &job));
    const int64_t began = weft_now_ns(ctx);
    st = weft_session_optimise(s, r, ids, staged, &optimised);
    const int64_t optimised_ns = weft_now_ns(ctx) - began;
    if (st == WEFT_OK) st = weft_session_run_plan(s, r, ids, optimised, analyzed != NULL);
    if (st == WEFT_OK) st = weft_write_commit(ctx, commits, staged, job, &r->run);
    if (st != WEFT_OK && st != WEFT_NOT_LEADER) weft_commits_abort(ctx, commits, job);
    WEFT_TRY(st, st);
    WEFT_TRY(st, name_table(s, r, bound, path, r->run.resume != NULL));
    if (bound->write.into != NULL)
        WEFT_TRY(st, weft_session_written(s, ctx, bound->write.into, bound->write.into_count));
    if (analyzed != NULL)
        WEFT_TRY(st, weft_explain_run(ctx, optimised, &r->run, optimised_ns,
                                      weft_coordinator_own_memory(s->coordinator), analyzed));
    weft_run_release(&r->run);
done:
    return st;
}

/* An earlier leader has decided it, and has not told: nobody hears of its success before its files are there.
 */
static weft_status end_write(weft_session *s, weft_result *r, const weft_node *bound,
                             const weft_job_record *record)
{
    weft_status st = WEFT_OK;
    const weft_job_name name = {.session = record->session, .operation = record->operation};
    WEFT_TRY(st,
             weft_commits_settle(&r->ctx, weft_coordinator_commits(s->coordinator), weft_job_uuid(&name)));
    WEFT_TRY(st, name_table(s, r, bound, record->output, true));
done:
    return st;
}

static weft_status run_bound(weft_session *s, weft_result *r, weft_ids *ids, const weft_node *parsed,
                             const weft_node *bound, const weft_upload *upload)
{
    weft_status st = WEFT_OK;
    const weft_node *optimised = NULL;
    const struct weft_recovered_job *resume = r->run.resume;
    if (bound->kind == WEFT_NODE_EXPLAIN) return weft_session_explain(s, r, ids, parsed, bound);
    if (bound->kind == WEFT_NODE_CREATE_VIEW) return weft_session_create_view(s, r, bound);
    if (bound->kind == WEFT_NODE_DROP_VIEW) return drop_view(s, r, bound);
    if (bound->kind == WEFT_NODE_SET_CONFIG) return set_config(s, r, bound);
    if (is_add(bound)) return add_files(s, r, bound, upload);
    if (bound->kind == WEFT_NODE_SHOW) return show(s, r, bound);
    if (bound->kind == WEFT_NODE_TABLE_COMMAND) return table_command(s, r, bound);
    if (bound->kind == WEFT_NODE_VARIABLE) return weft_session_variable_command(s, r, ids, bound);
    if (bound->kind == WEFT_NODE_ROUTINE) return weft_session_routine_command(s, r, ids, bound);
    if (bound->kind == WEFT_NODE_WRITE && resume != NULL && weft_recovered_job_is_committed(resume))
        return end_write(s, r, bound, weft_recovered_job_record(resume));
    if (bound->kind == WEFT_NODE_WRITE) return weft_session_write(s, r, ids, bound, NULL);
    WEFT_TRY(st, weft_session_optimise(s, r, ids, bound, &optimised));
    WEFT_TRY(st, weft_session_run_plan(s, r, ids, optimised, false));
done:
    return st;
}

/* A statement that made the session what it is, and is asked for again since its answer was lost with an
 * earlier coordinator: its names stand. A setting is simply set again, and shown. */
static bool is_done(const weft_session *s, const weft_job_name *name, const weft_node *parsed)
{
    if (name->operation == 0 || name->operation != s->changed_by) return false;
    return parsed->kind == WEFT_NODE_CREATE_VIEW || parsed->kind == WEFT_NODE_DROP_VIEW ||
           parsed->kind == WEFT_NODE_WRITE || parsed->kind == WEFT_NODE_TABLE_COMMAND ||
           parsed->kind == WEFT_NODE_VARIABLE || parsed->kind == WEFT_NODE_ROUTINE || is_add(parsed);
}

/* ALTER VIEW … AS query: the view that is altered says whether it is a temporary one, and which collation the
 * query goes by. */
static weft_status settle_altered(weft_session *s, weft_ctx *ctx, const weft_node **parsed)
{
    weft_status st = WEFT_OK;
    const weft_node *old = *parsed, **inputs = NULL;
    const weft_table_definition *d = NULL;
    weft_node *node = NULL;
    char *text = NULL;
    const char *collated = NULL;
    if (old->kind != WEFT_NODE_CREATE_VIEW || !old->view.alter) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW(ctx, &node));
    *node = *old;
    node->view.temporary = old->view.part_count == 1 &&
                           weft_session_catalog_has_query(s->catalog, old->view.name, &node->view.collation);
    if (!node->view.temporary) {
        WEFT_TRY(st, weft_session_catalog_entry(ctx, old->view.parts, old->view.part_count, &d));
        if (d != NULL) node->view.collation = d->collation;
    }
    *parsed = node;
    if (node->view.collation == NULL) goto done;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, old->view.text, strlen(old->view.text), &text));
    WEFT_TRY(st, weft_view_collated(ctx, node->view.collation, text, &collated));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 1, &inputs));
    WEFT_TRY(st, weft_view_parse(ctx, collated, &(weft_kept_settings){0}, NULL, &inputs[0]));
    node->inputs = inputs;
done:
    return st;
}

/* Once: *again says that it reads what is to be filled first (session_cache.c), and has done nothing yet. */
static weft_status execute_once(weft_session *s, const weft_statement *statement, weft_error *error,
                                weft_result **out, bool *again)
{
    weft_status st = WEFT_OK;
    weft_result *r = NULL;
    const weft_node *parsed = NULL, *bound = NULL;
    weft_ids ids = {.next = 1};
    const char *text = statement->text;
    size_t from = 0, len = statement->len;
    const weft_catalog catalog = weft_session_catalog_view(s->catalog);

    *out = NULL;
    st = weft_result_new(s->pool, &s->settings, &s->cancel, &r);
    if (st != WEFT_OK) {
        *error = (weft_error){.code = st, .message = "no memory for a statement"};
        return st;
    }
    r->ctx.named = &s->files.named;
    r->run.text = statement->text;
    r->run.text_len = statement->len;
    r->run.name = statement->name;
    r->run.resume = statement->resume;
    weft_session_catalog_begin_statement(s->catalog, &r->listings);
    WEFT_TRY(st, r->run.resume != NULL ? begin_again(s, r) : weft_random_u64(&r->ctx, &r->seed));
    ids.seed = r->seed;
    WEFT_TRY(st, weft_session_locals(s, &r->ctx, &ids, statement->text, statement->len, &from));
    WEFT_TRY(st, weft_session_substitute(s, &r->ctx, from, &text, &len));
    WEFT_TRY(st, weft_sql_parse_in(&r->ctx, &catalog, text, len, from, &parsed));
    for (int32_t depth = 0; parsed->kind == WEFT_NODE_EXECUTE; depth++) {
        if (depth == IMMEDIATE_DEPTH_MAX)
            WEFT_TRY(st, weft_fail(&r->ctx, WEFT_LIMIT, "EXECUTE IMMEDIATE is nested more than %d times",
                                   (int)IMMEDIATE_DEPTH_MAX));
        WEFT_TRY(st, weft_session_immediate(s, r, &ids, parsed, &parsed));
    }
    if (is_done(s, &statement->name, parsed)) {
        *out = r;
        goto done;
    }
    WEFT_TRY(st, settle_altered(s, &r->ctx, &parsed));
    st = weft_analyze(&r->ctx, &catalog, &ids, parsed, &bound);
    if (weft_session_explains_error(st, parsed)) {
        WEFT_TRY(st, weft_session_explain_error(r, parsed, text, len));
        *out = r;
        goto done;
    }
    if (st != WEFT_OK) goto done;
    *again = parsed->kind != WEFT_NODE_EXPLAIN && parsed->kind != WEFT_NODE_SHOW &&
             weft_table_cache_wanted(weft_session_catalog_cache(s->catalog)) != NULL;
    if (*again) goto done;
    WEFT_TRY(st, run_bound(s, r, &ids, parsed, bound, statement->upload));
    *out = r;
done:
    if (st != WEFT_OK) *error = r->ctx.error;
    weft_session_catalog_end_statement(s->catalog);
    if (st != WEFT_OK || *again) weft_result_free(&r);
    return st;
}

weft_status weft_session_execute(weft_session *s, const weft_statement *statement, weft_error *error,
                                 weft_result **out)
{
    weft_status st = WEFT_OK;
    bool again = false;
    *error = (weft_error){0};
    atomic_store(&s->cancel, false);
    WEFT_TRY(st, execute_once(s, statement, error, out, &again));
    if (again) {
        WEFT_TRY(st, weft_session_cache_fill(s, error));
        WEFT_TRY(st, execute_once(s, statement, error, out, &again));
    }
    if (*out != NULL && (*out)->after != NULL) WEFT_TRY(st, weft_session_analyze(s, *out, error));
    WEFT_TRY(st, weft_session_cache_fill(s, error)); /* of CACHE TABLE itself */
done:
    if (st != WEFT_OK) weft_result_free(out);
    return st;
}
