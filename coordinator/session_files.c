/* coordinator/session_files.c - see session_files.h. */
#include "coordinator/session_files.h"

#include <string.h>

#include "engine/plan/pointers.h"

#define PREFIX "files/"

/* ---- names ---- */

static const weft_session_file *find_file(const weft_session_files *f, const char *name, size_t len)
{
    for (int32_t i = 0; i < f->count; i++)
        if (strlen(f->files[i].name) == len && memcmp(f->files[i].name, name, len) == 0) return &f->files[i];
    return NULL;
}

/* "files/" and what stands behind the last slash of a path. */
static weft_status name_of(weft_ctx *ctx, const char *path, char **out)
{
    const char *slash = strrchr(path, '/'), *base = slash == NULL ? path : slash + 1;
    if (base[0] == 0 || strcmp(base, ".") == 0 || strcmp(base, "..") == 0 ||
        strlen(base) + sizeof(PREFIX) > WEFT_SESSION_FILE_NAME_BYTES)
        return weft_fail(ctx, WEFT_INVALID, "'%s' names no file that a session could have.", path);
    return weft_arena_printf(ctx, ctx->arena, out, PREFIX "%s", base);
}

/* artifact:files/NAME becomes artifact:SHA-256/NAME. */
static weft_status find_named(weft_ctx *ctx, void *self, const char *path, char **whole, char **place)
{
    weft_status st = WEFT_OK;
    const weft_session_files *f = self;
    const char *name = path + strlen(WEFT_ARTIFACT_SCHEME);
    char *longer = NULL;
    if (f->artifacts == NULL)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "There are no artifacts here: '%s'.", path);
    if (strncmp(name, PREFIX, strlen(PREFIX)) == 0) {
        const weft_session_file *file = find_file(f, name, strlen(name));
        if (file == NULL) {
            (void)weft_fail(ctx, WEFT_NOT_FOUND, "Path does not exist: %s.", path);
            weft_hint(ctx, "LIST FILES shows what this session has; ADD FILE 'path' brings another.");
            return WEFT_NOT_FOUND;
        }
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &longer, WEFT_ARTIFACT_SCHEME "%s/%s", file->sha256,
                                       name + strlen(PREFIX)));
        path = longer;
    }
    const weft_named_files *with_digest = weft_artifact_cache_named(weft_artifacts_cache(f->artifacts));
    st = with_digest->find(ctx, with_digest->self, path, whole, place);
done:
    return st;
}

/* ---- life ---- */

void weft_session_files_init(weft_session_files *f, weft_ctx *ctx, weft_artifacts *artifacts)
{
    *f = (weft_session_files){.ctx = ctx, .artifacts = artifacts, .named = {.self = f, .find = find_named}};
}

void weft_session_files_deinit(weft_session_files *f)
{
    for (int32_t i = 0; i < f->count; i++) weft_artifacts_release(f->ctx, f->artifacts, f->files[i].sha256);
    weft_mem_free(f->files);
    f->files = NULL;
    f->count = 0;
}

weft_status weft_session_files_restore(weft_session_files *f, const weft_session_file *file)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = f->ctx;
    char *name = NULL, *sha256 = NULL;
    if (f->artifacts == NULL) return WEFT_OK; /* this coordinator has none: whoever reads it is told */
    if (f->count == f->capacity) {
        const int32_t capacity = weft_max_i32(4, 2 * f->capacity);
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*f->files),
                                     (void **)&f->files));
        f->capacity = capacity;
    }
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, file->name, strlen(file->name), &name));
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, file->sha256, strlen(file->sha256), &sha256));
    WEFT_TRY(st, weft_artifacts_hold(ctx, f->artifacts, sha256));
    f->files[f->count++] = (weft_session_file){.name = name, .sha256 = sha256, .bytes = file->bytes};
done:
    return st;
}

/* ---- ADD FILE ---- */

static weft_status take_bytes(weft_ctx *ctx, weft_session_files *f, const char *sha256, int64_t bytes,
                              const weft_upload *upload)
{
    weft_status st = WEFT_OK;
    weft_blob_writer *w = NULL;
    uint8_t *chunk = NULL;
    size_t len = 0;
    WEFT_TRY(st, weft_artifacts_create(ctx, f->artifacts, sha256, bytes, &w));
    if (w != NULL)
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, WEFT_BLOB_CHUNK_BYTES, (void **)&chunk));
    for (int32_t i = 0; w != NULL && i < weft_blob_chunks(bytes); i++) {
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, upload->read(ctx, upload->self, i, chunk, &len));
        WEFT_TRY(st, weft_blob_append(ctx, w, chunk, len));
    }
    if (w != NULL) WEFT_TRY(st, weft_blob_finish(ctx, &w));
    st = weft_artifacts_publish(ctx, f->artifacts, sha256);
done:
    weft_blob_abandon(&w);
    weft_mem_free(chunk);
    return st;
}

weft_status weft_session_files_add(weft_ctx *ctx, weft_session_files *f, const char *path,
                                   const weft_upload *upload, bool *changed)
{
    weft_status st = WEFT_OK;
    char *name = NULL, sha256[WEFT_BLOB_NAME_BYTES];
    int64_t bytes = 0;
    if (f->artifacts == NULL || upload == NULL)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "This session takes no files.");
    WEFT_TRY(st, name_of(ctx, path, &name));
    WEFT_TRY(st, upload->open(ctx, upload->self, path, sha256, &bytes));
    const weft_session_file *there = find_file(f, name, strlen(name));
    if (there != NULL && strcmp(there->sha256, sha256) == 0) return WEFT_OK;
    if (there != NULL)
        WEFT_TRY(st, weft_fail(ctx, WEFT_EXISTS,
                               "The artifact %s already exists. Please choose a different name for the new "
                               "artifact because it cannot be overwritten.",
                               name));
    if (f->count == WEFT_SESSION_FILES_MAX)
        WEFT_TRY(st, weft_fail(ctx, WEFT_LIMIT, "A session has %d files at most.", WEFT_SESSION_FILES_MAX));
    WEFT_TRY(st, take_bytes(ctx, f, sha256, bytes, upload));
    st = weft_session_files_restore(f, &(weft_session_file){.name = name, .sha256 = sha256, .bytes = bytes});
    if (st != WEFT_OK) WEFT_TRY(st, weft_error_copy(ctx, f->ctx));
    *changed = true;
done:
    return st;
}

/* ---- LIST FILES ---- */

static bool is_among(weft_ctx *ctx, const char *name, const char *const *paths, int32_t count)
{
    char *one = NULL;
    for (int32_t i = 0; i < count; i++) {
        if (name_of(ctx, paths[i], &one) == WEFT_OK && strcmp(one, name) == 0) return true;
        weft_error_clear(ctx);
    }
    return count == 0;
}

weft_status weft_session_files_list(weft_ctx *ctx, const weft_session_files *f, const char *const *paths,
                                    int32_t path_count, weft_command_rows *out)
{
    static const char *const names[] = {"Results"};
    weft_status st = WEFT_OK;
    weft_pointers cells = {0};
    for (int32_t i = 0; i < f->count; i++) {
        char *cell = NULL;
        if (!is_among(ctx, f->files[i].name, paths, path_count)) continue;
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &cell, WEFT_ARTIFACT_SCHEME "%s", f->files[i].name));
        WEFT_TRY(st, weft_pointers_push(ctx, &cells, cell));
    }
    *out = (weft_command_rows){
        .width = 1, .names = names, .count = cells.count, .cells = weft_pointers_texts(&cells)};
done:
    return st;
}
