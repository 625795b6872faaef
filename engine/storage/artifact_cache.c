/* engine/storage/artifact_cache.c - see artifact_cache.h. */
#include "engine/storage/artifact_cache.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/settings.h"
#include "engine/storage/fs.h"

enum { FOLDER_BYTES = 4096, LOOK_MS = 20 };

struct weft_artifact_cache {
    weft_account *account;
    weft_artifact_source source;
    weft_named_files named;
    pthread_mutex_t lock;   /* guards the store's opening */
    pthread_mutex_t turn;   /* of who fetches */
    weft_blob_store *store; /* NULL: not needed yet */
    char folder[FOLDER_BYTES];
};

weft_status weft_artifact_cache_store(weft_ctx *ctx, weft_artifact_cache *c, weft_blob_store **out)
{
    weft_status st = WEFT_OK;
    weft_account *const callers = ctx->memory;
    const weft_blob_store_options options = {.folder = c->folder};
    pthread_mutex_lock(&c->lock);
    ctx->memory = c->account;
    if (c->store == NULL) st = weft_blob_store_open(ctx, &options, &c->store);
    ctx->memory = callers;
    *out = c->store;
    pthread_mutex_unlock(&c->lock);
    return st;
}

/* Fetch it, when nobody else fetches any. */
static weft_status fetch(weft_ctx *ctx, weft_artifact_cache *c, weft_blob_store *store, const char *sha256)
{
    weft_status st = WEFT_OK;
    int64_t bytes = 0;
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
    while (pthread_mutex_trylock(&c->turn) != 0) {
        WEFT_TRY(st, weft_check_cancel(ctx));
        nanosleep(&pause, NULL);
    }
    if (!weft_blob_find(store, sha256, &bytes)) st = c->source.fetch(ctx, c->source.self, sha256, store);
    pthread_mutex_unlock(&c->turn);
done:
    return st;
}

weft_status weft_artifact_cache_place(weft_ctx *ctx, weft_artifact_cache *c, const char *sha256, char **place)
{
    weft_status st = WEFT_OK;
    weft_blob_store *store = NULL;
    int64_t bytes = 0;
    if (!weft_sha256_is(sha256)) return weft_fail(ctx, WEFT_INVALID, "'%.80s' is no SHA-256", sha256);
    WEFT_TRY(st, weft_artifact_cache_store(ctx, c, &store));
    if (!weft_blob_find(store, sha256, &bytes)) {
        if (c->source.fetch == NULL)
            WEFT_TRY(st, weft_fail(ctx, WEFT_NOT_FOUND, "the artifact %s is not here", sha256));
        WEFT_TRY(st, fetch(ctx, c, store, sha256));
    }
    st = weft_arena_printf(ctx, ctx->arena, place, "%s/%s", c->folder, sha256);
done:
    return st;
}

/* artifact:SHA-256/NAME, artifact:SHA-256 */
static weft_status find_named(weft_ctx *ctx, void *self, const char *path, char **whole, char **place)
{
    weft_status st = WEFT_OK;
    char sha256[WEFT_BLOB_NAME_BYTES];
    const char *after = path + strlen(WEFT_ARTIFACT_SCHEME);
    snprintf(sha256, sizeof(sha256), "%.*s", (int)strcspn(after, "/"), after);
    if (!weft_sha256_is(sha256)) return weft_fail(ctx, WEFT_NOT_FOUND, "Path does not exist: %s.", path);
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, path, strlen(path), whole));
    st = weft_artifact_cache_place(ctx, self, sha256, place);
done:
    return st;
}

weft_status weft_artifact_cache_new(weft_ctx *ctx, const char *folder, const weft_artifact_source *source,
                                    weft_artifact_cache **out)
{
    weft_status st = WEFT_OK;
    weft_artifact_cache *c = NULL;
    const char *scratch = weft_setting_text(ctx, WEFT_SET_SCRATCH);
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*c), (void **)&c));
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->turn, NULL);
    c->account = ctx->memory;
    c->source = *source;
    c->named = (weft_named_files){.self = c, .find = find_named};
    if (folder != NULL)
        snprintf(c->folder, sizeof(c->folder), "%s", folder);
    else
        snprintf(c->folder, sizeof(c->folder), "%.*s/weft-artifacts-%d-%p", (int)strcspn(scratch, ","),
                 scratch, (int)getpid(), (void *)c);
    *out = c;
done:
    return st;
}

const weft_named_files *weft_artifact_cache_named(const weft_artifact_cache *c) { return &c->named; }

void weft_artifact_cache_free(weft_artifact_cache **cache)
{
    weft_artifact_cache *c = *cache;
    weft_ctx ctx;
    weft_settings none;
    *cache = NULL;
    if (c == NULL) return;
    if (c->store != NULL) {
        weft_settings_init(&none);
        weft_arena *arena = weft_arena_new(c->account);
        weft_ctx_init(&ctx, arena, c->account, &none);
        if (arena != NULL && weft_fs_remove_tree(&ctx, c->folder) != WEFT_OK) weft_error_clear(&ctx);
        weft_arena_free(&arena);
    }
    weft_blob_store_close(&c->store);
    pthread_mutex_destroy(&c->turn);
    pthread_mutex_destroy(&c->lock);
    weft_mem_free(c);
}
