/* engine/storage/commit.c - begin, decide, publish, abort, recover. See the header for the protocol.
 *
 * The order within publish: new files renamed, their folders synced, old files deleted, their folders synced,
 * _SUCCESS, then the job's folder is renamed and removed. While the folder stands, everything before can be
 * repeated; once it is gone, everything before has been done and synced. */
#include "engine/storage/commit.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "common/hash.h"
#include "common/limits.h"
#include "common/settings.h"
#include "engine/storage/commit_internal.h"
#include "engine/storage/fs_internal.h"

weft_status weft_commit_exists(weft_ctx *ctx, const char *path, bool *there)
{
    weft_file_info info;
    const weft_status st = weft_fs_stat_normalised(ctx, path, &info);
    *there = st == WEFT_OK;
    if (st != WEFT_NOT_FOUND) return st;
    weft_error_clear(ctx);
    return WEFT_OK;
}

static weft_status commit_join(weft_ctx *ctx, const char *folder, const char *name, char **out)
{
    return weft_arena_printf(ctx, ctx->arena, out, "%s/%s", folder, name);
}

weft_status weft_commit_place(weft_ctx *ctx, const char *output, const char **place)
{
    char *normal = NULL;
    const weft_status st = weft_fs_normalise(ctx, output, &normal);
    *place = normal;
    return st;
}

weft_status weft_commit_begin(weft_ctx *ctx, const char *output, const char *job)
{
    weft_status st = WEFT_OK;
    char *stage = NULL;
    WEFT_TRY(st, weft_commit_stage(ctx, &output, job, &stage));
    WEFT_TRY(st, weft_fs_make_directories(ctx, stage));
done:
    return st;
}

static weft_status commit_mark(weft_ctx *ctx, const char *stage, uint64_t who, char **out)
{
    return weft_arena_printf(ctx, ctx->arena, out, "%s/.claimed-%llu", stage, (unsigned long long)who);
}

weft_status weft_commit_claim(weft_ctx *ctx, const char *output, const char *job, uint64_t who)
{
    weft_status st = WEFT_OK;
    char *stage = NULL, *mark = NULL;
    WEFT_TRY(st, weft_commit_stage(ctx, &output, job, &stage));
    WEFT_TRY(st, commit_mark(ctx, stage, who, &mark));
    WEFT_TRY(st, weft_fs_make_directories(ctx, mark));
done:
    return st;
}

weft_status weft_commit_withdraw(weft_ctx *ctx, const char *output, const char *job, uint64_t who)
{
    weft_status st = WEFT_OK;
    char *stage = NULL, *mark = NULL, *above = NULL;
    WEFT_TRY(st, weft_commit_stage(ctx, &output, job, &stage));
    WEFT_TRY(st, commit_mark(ctx, stage, who, &mark));
    WEFT_TRY(st, commit_join(ctx, output, WEFT_COMMIT_STAGE, &above));
    const char *const folders[] = {mark, stage, above};
    for (int32_t i = 0; i < WEFT_COUNT(folders) && st == WEFT_OK; i++)
        st = weft_fs_remove_if_exists(ctx, folders[i]);
    if (st == WEFT_EXISTS) { /* not empty: another works in it */
        weft_error_clear(ctx);
        st = WEFT_OK;
    }
done:
    return st;
}

weft_status weft_commit_is_open(weft_ctx *ctx, const char *output, const char *job, bool *is_open)
{
    weft_status st = WEFT_OK;
    char *stage = NULL;
    WEFT_TRY(st, weft_commit_stage(ctx, &output, job, &stage));
    WEFT_TRY(st, weft_commit_exists(ctx, stage, is_open));
done:
    return st;
}

weft_status weft_commit_open_attempt(weft_ctx *ctx, const char *output, const char *job, int32_t partition,
                                     int32_t generation, int32_t attempt, char **folder)
{
    weft_status st = WEFT_OK;
    char *stage = NULL;
    char *record = NULL;
    bool ended;
    *folder = NULL;
    WEFT_TRY(st, weft_commit_stage(ctx, &output, job, &stage));
    WEFT_TRY(st, commit_join(ctx, stage, WEFT_COMMIT_RECORD, &record));
    WEFT_TRY(st, weft_commit_exists(ctx, record, &ended));
    if (!ended) {
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, folder, "%s/%d-%d-%d", stage, partition, generation,
                                       attempt));
        st = weft_fs_make_directory(ctx, *folder); /* one level only: the folder of an ended job stays gone */
        if (st == WEFT_OK) st = weft_fs_sync_directory(ctx, stage); /* its files are durable only with it */
        ended = st == WEFT_NOT_FOUND;
    }
    if (ended) {
        *folder = NULL;
        st = weft_fail(ctx, WEFT_COMMIT_DENIED,
                       "Attempt %d of partition %d came after the end of the job %s.", attempt, partition,
                       job);
    }
done:
    return st;
}

/* ---- the decision as a file ---- */

/* Read the record: *there false when there is none; *committed and the manifest when there is. */
static weft_status record_read(weft_ctx *ctx, const char *record, const char *job, bool *there,
                               bool *committed, weft_commit_manifest *out)
{
    weft_status st = WEFT_OK;
    weft_file *file = NULL;
    char *bytes = NULL;
    *committed = false;
    WEFT_TRY(st, weft_commit_exists(ctx, record, there));
    if (!*there) goto done;
    WEFT_TRY(st, weft_file_open(ctx, record, &file));
    const int64_t len = weft_file_size(file);
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, (size_t)len + 1, (void **)&bytes));
    WEFT_TRY(st, weft_file_read(ctx, file, 0, bytes, len));
    if (len == 6 && memcmp(bytes, "abort\n", 6) == 0) goto done;
    WEFT_TRY(st, weft_commit_decode(ctx, bytes, len, out));
    if (strcmp(out->job, job) != 0) {
        st = weft_fail(ctx, WEFT_CORRUPT, "'%s' is the commit record of another job, %s.", record, out->job);
        goto done;
    }
    *committed = true;
done:
    weft_file_close(&file);
    return st;
}

/* A durable file beside the record, under a name that nobody else uses. */
static weft_status record_prepare(weft_ctx *ctx, const char *stage, const char *bytes, int64_t len,
                                  char **out)
{
    weft_status st = WEFT_OK;
    weft_file_writer *writer = NULL;
    uint64_t token = weft_hash_u64((uint64_t)weft_now_ns(ctx));
    for (int tries = 0; tries < 100; tries++) {
        token = weft_hash_u64(token ^ (uint64_t)(uintptr_t)ctx);
        WEFT_TRY(st,
                 weft_arena_printf(ctx, ctx->arena, out, "%s/.%016llx", stage, (unsigned long long)token));
        st = weft_file_create(ctx, *out, &writer);
        if (st != WEFT_EXISTS) break;
    }
    WEFT_TRY(st, st);
    WEFT_TRY(st, weft_file_append(ctx, writer, bytes, len));
    WEFT_TRY(st, weft_file_finish(ctx, &writer));
done:
    weft_file_abandon(&writer);
    return st;
}

weft_status weft_commit_decide(weft_ctx *ctx, const char *output, const char *job,
                               const weft_commit_manifest *manifest, bool *committed)
{
    weft_status st = WEFT_OK;
    char *stage = NULL, *record = NULL, *prepared = NULL;
    char *bytes = NULL;
    int64_t len = 0;
    bool there;
    weft_commit_manifest standing;
    *committed = false;
    WEFT_TRY(st, weft_commit_stage(ctx, &output, job, &stage));
    WEFT_TRY(st, commit_join(ctx, stage, WEFT_COMMIT_RECORD, &record));
    if (manifest != NULL) {
        WEFT_TRY(st, weft_commit_encode(ctx, manifest, &bytes, &len));
    } else {
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, "abort\n", 6, &bytes));
        len = 6;
    }
    st = record_prepare(ctx, stage, bytes, len, &prepared);
    if (st == WEFT_OK) st = weft_fs_rename_new(ctx, prepared, record); /* the one moment of decision */
    if (st == WEFT_NOT_FOUND) {
        st = weft_fail(ctx, WEFT_COMMIT_DENIED, "The job %s has ended before: its folder in '%s' is gone.",
                       job, output);
        goto done;
    }
    if (st == WEFT_EXISTS) {
        weft_error_clear(ctx);
        WEFT_TRY(st, weft_fs_remove_if_exists(ctx, prepared));
        WEFT_TRY(st, record_read(ctx, record, job, &there, committed, &standing));
    } else {
        WEFT_TRY(st, st);
        *committed = manifest != NULL;
    }
    WEFT_TRY(st, weft_fs_sync_directory(ctx, stage)); /* also of another's decision: it may be as new */
done:
    if (st != WEFT_OK) *committed = false;
    return st;
}

weft_status weft_commit_try_place(weft_ctx *ctx, const char *output, const char *job, const char *place)
{
    weft_status st = WEFT_OK;
    char *stage = NULL, *from = NULL, *to = NULL;
    weft_file_writer *writer = NULL;
    WEFT_TRY(st, weft_commit_stage(ctx, &output, job, &stage));
    WEFT_TRY(st, commit_join(ctx, stage, ".way", &from));
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &to, "%s/.way-%s", place, job));
    WEFT_TRY(st, weft_fs_make_directories(ctx, place));
    WEFT_TRY(st, weft_fs_remove_if_exists(ctx, from)); /* of a leader before this one */
    WEFT_TRY(st, weft_file_create(ctx, from, &writer));
    WEFT_TRY(st, weft_file_finish(ctx, &writer));
    WEFT_TRY(st, weft_fs_rename(ctx, from, to));
    WEFT_TRY(st, weft_fs_remove_if_exists(ctx, to));
done:
    weft_file_abandon(&writer);
    return st;
}

/* ---- the end of the job's folder ---- */

/* The folder is renamed before it is emptied: from then on nobody finds a place in it, neither a late attempt
 * nor a late decision, and its absence says that the job has ended. */
static weft_status stage_remove(weft_ctx *ctx, const char *output, const char *stage)
{
    weft_status st = WEFT_OK;
    char *above = NULL;
    char *ended = NULL;
    bool there;
    WEFT_TRY(st, commit_join(ctx, output, WEFT_COMMIT_STAGE, &above));
    WEFT_TRY(st, weft_commit_exists(ctx, above, &there));
    if (!there) goto done;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &ended, "%s/.ended-%s", above, strrchr(stage, '/') + 1));
    WEFT_TRY(st, weft_fs_remove_tree(ctx, ended)); /* of one who died here */
    st = weft_fs_rename(ctx, stage, ended);
    if (st == WEFT_OK) {
        WEFT_TRY(st, weft_fs_sync_directory(ctx, above));
        WEFT_TRY(st, weft_fs_remove_tree(ctx, ended));
    } else if (st == WEFT_NOT_FOUND || st == WEFT_EXISTS) { /* another is doing the same */
        weft_error_clear(ctx);
    } else {
        goto done;
    }
    st = weft_fs_remove_if_exists(ctx, above);
    if (st == WEFT_EXISTS) { /* another job writes here */
        weft_error_clear(ctx);
        st = WEFT_OK;
    }
    WEFT_TRY(st, st);
    WEFT_TRY(st, weft_fs_sync_directory(ctx, output));
done:
    return st;
}

/* ---- publishing ---- */

typedef struct publisher {
    const weft_commit_manifest *manifest;
    const char *stage;
    char *synced; /* the folder that changed last, to be synced: files of one folder follow each other */
    bool ended;   /* the job's folder is gone: all was done before */
} publisher;

/* The staged file is not there: it was published already, or the whole job has ended. */
static weft_status publish_missing(weft_ctx *ctx, publisher *p, const weft_commit_file *file, const char *to)
{
    weft_status st = WEFT_OK;
    bool there;
    WEFT_TRY(st, weft_commit_exists(ctx, to, &there));
    if (there) goto done;
    WEFT_TRY(st, weft_commit_exists(ctx, p->stage, &there));
    p->ended = !there;
    if (there) {
        st = weft_fail(ctx, WEFT_INTERNAL, "The job %s cannot be published: neither '%s' nor '%s' is there.",
                       p->manifest->job, file->from, to);
    }
done:
    return st;
}

static weft_status publish_sync(weft_ctx *ctx, publisher *p)
{
    weft_status st = WEFT_OK;
    bool there;
    if (p->synced == NULL) goto done;
    WEFT_TRY(st,
             weft_commit_exists(ctx, p->synced, &there)); /* a later job may have emptied and removed it */
    if (there) WEFT_TRY(st, weft_fs_sync_directory(ctx, p->synced));
    p->synced = NULL;
done:
    return st;
}

static weft_status publish_file(weft_ctx *ctx, publisher *p, const weft_commit_file *file)
{
    weft_status st = WEFT_OK;
    char *from = NULL, *to = NULL, *folder = NULL;
    bool staged;
    WEFT_TRY(st, commit_join(ctx, p->manifest->output, file->from, &from));
    WEFT_TRY(st, weft_commit_path(ctx, p->manifest->output, file->to, &to));
    WEFT_TRY(st, weft_fs_parent(ctx, to, &folder));
    if (p->synced != NULL && strcmp(p->synced, folder) != 0) WEFT_TRY(st, publish_sync(ctx, p));
    WEFT_TRY(st, weft_commit_exists(ctx, from, &staged));
    for (int tries = 0; staged && tries < 3;
         tries++) { /* another job may remove the empty folder in between */
        WEFT_TRY(st, weft_fs_make_directories(ctx, folder));
        st = weft_fs_rename(ctx, from, to);
        if (st != WEFT_NOT_FOUND) break;
        weft_error_clear(ctx);
        WEFT_TRY(st, weft_commit_exists(ctx, from, &staged));
    }
    WEFT_TRY(st, st);
    if (!staged) WEFT_TRY(st, publish_missing(ctx, p, file, to));
    if (!p->ended) p->synced = folder;
done:
    return st;
}

/* Delete one old file, and the folders that it leaves empty: those below the output, of a place elsewhere the
 * place itself. What changed last is durable when the next one is of another folder, or all are gone. */
static weft_status publish_remove(weft_ctx *ctx, publisher *p, const char *name)
{
    weft_status st = WEFT_OK;
    const weft_commit_manifest *m = p->manifest;
    char *path = NULL, *folder = NULL;
    WEFT_TRY(st, weft_commit_path(ctx, m->output, name, &path));
    WEFT_TRY(st, weft_fs_remove_if_exists(ctx, path));
    WEFT_TRY(st, weft_fs_parent(ctx, path, &folder));
    const size_t top_bytes = name[0] == '/' ? (size_t)(strrchr(folder, '/') - folder) : strlen(m->output);
    for (const char *below = strrchr(name, '/'); below != NULL;) {
        char *slash = strrchr(path, '/');
        *slash = 0;
        if (strlen(path) <= top_bytes) break;
        st = weft_fs_remove_if_exists(ctx, path);
        if (st == WEFT_EXISTS) { /* not empty */
            weft_error_clear(ctx);
            st = WEFT_OK;
            break;
        }
        WEFT_TRY(st, st);
        WEFT_TRY(st, weft_fs_parent(ctx, path, &folder)); /* where the folder stood that is gone */
    }
    if (p->synced != NULL && strcmp(p->synced, folder) != 0) WEFT_TRY(st, publish_sync(ctx, p));
    p->synced = folder;
done:
    return st;
}

static weft_status publish_success(weft_ctx *ctx, const weft_commit_manifest *m)
{
    weft_status st = WEFT_OK;
    weft_file_writer *writer = NULL;
    char *path = NULL;
    WEFT_TRY(st, commit_join(ctx, m->output, "_SUCCESS", &path));
    st = weft_file_create(ctx, path, &writer);
    if (st == WEFT_OK) st = weft_file_finish(ctx, &writer);
    if (st == WEFT_EXISTS) {
        weft_error_clear(ctx);
        st = WEFT_OK;
    }
done:
    return st;
}

/* Test setting: time passes before each step of a commit, so that something can happen in between. */
static void pause_here(const weft_ctx *ctx)
{
    const int64_t ms = weft_setting(ctx, WEFT_SET_COMMIT_DELAY);
    if (ms > 0) (void)poll(NULL, 0, (int)ms);
}

weft_status weft_commit_publish(weft_ctx *ctx, const weft_commit_manifest *manifest)
{
    weft_status st = WEFT_OK;
    const char *output = manifest->output;
    char *stage = NULL;
    bool there;
    WEFT_TRY(st, weft_commit_stage(ctx, &output, manifest->job, &stage));
    publisher p = {.manifest = manifest, .stage = stage};
    WEFT_TRY(st, weft_commit_exists(ctx, stage, &there));
    p.ended = !there; /* all was done before */
    for (int32_t i = 0; i < manifest->publish_count && !p.ended; i++) {
        pause_here(ctx);
        WEFT_TRY(st, publish_file(ctx, &p, &manifest->publish[i]));
    }
    if (p.ended) {
        WEFT_TRY(st, stage_remove(ctx, output, stage));
        goto done;
    }
    WEFT_TRY(st, publish_sync(ctx, &p));
    for (int32_t i = 0; i < manifest->remove_count; i++) {
        pause_here(ctx);
        WEFT_TRY(st, publish_remove(ctx, &p, manifest->remove[i]));
    }
    WEFT_TRY(st, publish_sync(ctx, &p));
    WEFT_TRY(st, publish_success(ctx, manifest));
    WEFT_TRY(st, stage_remove(ctx, output, stage));
done:
    return st;
}

weft_status weft_commit_abort(weft_ctx *ctx, const char *output, const char *job)
{
    weft_status st = WEFT_OK;
    char *stage = NULL;
    WEFT_TRY(st, weft_commit_stage(ctx, &output, job, &stage));
    WEFT_TRY(st, stage_remove(ctx, output, stage));
done:
    return st;
}

weft_status weft_commit_recover(weft_ctx *ctx, const char *output, const char *job, bool *committed)
{
    weft_status st = WEFT_OK;
    char *stage = NULL, *record = NULL;
    weft_commit_manifest manifest;
    bool there;
    *committed = false;
    WEFT_TRY(st, weft_commit_stage(ctx, &output, job, &stage));
    WEFT_TRY(st, commit_join(ctx, stage, WEFT_COMMIT_RECORD, &record));
    WEFT_TRY(st, weft_commit_exists(ctx, stage, &there));
    if (there) {
        WEFT_TRY(st, record_read(ctx, record, job, &there, committed, &manifest));
        /* Without a record the decision is made first, so that a leader that still lives cannot commit. */
        if (!there) WEFT_TRY(st, weft_commit_decide(ctx, output, job, NULL, committed));
        if (!there && *committed) WEFT_TRY(st, record_read(ctx, record, job, &there, committed, &manifest));
    }
    if (*committed) {
        WEFT_TRY(st, weft_commit_publish(ctx, &manifest));
    } else {
        WEFT_TRY(st, weft_commit_abort(ctx, output, job));
    }
done:
    return st;
}
