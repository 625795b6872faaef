/* coordinator/artifacts.c - see artifacts.h. */
#include "coordinator/artifacts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

typedef struct artifact_user {
    uint64_t id;
    int32_t sessions;
    char sha256[WEFT_BLOB_NAME_BYTES];
} artifact_user;

struct weft_artifacts {
    weft_account *account;
    weft_artifact_cache *cache;
    weft_blobs *blobs;
    pthread_mutex_t lock;
    artifact_user *users; /* guarded by lock, as is the next; those with sessions, sorted by id */
    int32_t count, capacity;
};

/* ---- bytes ---- */

/* From the blobs into the cache, in the open. */
static weft_status fetch(weft_ctx *ctx, void *self, const char *sha256, weft_blob_store *into)
{
    weft_status st = WEFT_OK;
    weft_artifacts *a = self;
    weft_blob_store *from = weft_blobs_store(a->blobs, WEFT_BLOB_ARTIFACT);
    weft_blob_writer *w = NULL;
    uint8_t *chunk = NULL;
    int64_t bytes = 0;
    size_t len = 0;
    WEFT_TRY(st, weft_blobs_have(ctx, a->blobs, WEFT_BLOB_ARTIFACT, sha256));
    if (!weft_blob_find(from, sha256, &bytes))
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOT_FOUND, "the artifact %s was removed just now", sha256));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, WEFT_BLOB_CHUNK_BYTES, (void **)&chunk));
    WEFT_TRY(st, weft_blob_create(ctx, into, sha256, bytes, &w));
    for (int32_t i = 0; w != NULL && i < weft_blob_chunks(bytes); i++) {
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, weft_blob_read(ctx, from, sha256, i, chunk, &len));
        WEFT_TRY(st, weft_blob_append(ctx, w, chunk, len));
    }
    if (w != NULL) st = weft_blob_finish(ctx, &w);
done:
    weft_blob_abandon(&w);
    weft_mem_free(chunk);
    return st;
}

weft_status weft_artifacts_create(weft_ctx *ctx, weft_artifacts *a, const char *sha256, int64_t bytes,
                                  weft_blob_writer **out)
{
    weft_status st = WEFT_OK;
    weft_blob_store *store = NULL;
    *out = NULL;
    if (a->blobs != NULL)
        store = weft_blobs_store(a->blobs, WEFT_BLOB_ARTIFACT);
    else
        WEFT_TRY(st, weft_artifact_cache_store(ctx, a->cache, &store));
    st = weft_blob_create(ctx, store, sha256, bytes, out);
done:
    return st;
}

weft_status weft_artifacts_publish(weft_ctx *ctx, weft_artifacts *a, const char *sha256)
{
    return a->blobs == NULL ? WEFT_OK : weft_blobs_spread(ctx, a->blobs, WEFT_BLOB_ARTIFACT, sha256);
}

/* ---- who needs which ---- */

/* Where it is, or belongs; lock held. */
static int32_t place_of(const weft_artifacts *a, uint64_t id)
{
    int32_t i = 0;
    while (i < a->count && a->users[i].id < id) i++;
    return i;
}

weft_status weft_artifacts_hold(weft_ctx *ctx, weft_artifacts *a, const char *sha256)
{
    weft_status st = WEFT_OK;
    weft_account *const callers = ctx->memory;
    const uint64_t id = weft_blob_id(sha256);
    bool is_new = false;
    pthread_mutex_lock(&a->lock);
    const int32_t at = place_of(a, id);
    if (at < a->count && a->users[at].id == id) {
        a->users[at].sessions++;
        goto done;
    }
    if (a->count == a->capacity) {
        const int32_t capacity = weft_max_i32(16, 2 * a->capacity);
        ctx->memory = a->account;
        st = weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*a->users), (void **)&a->users);
        ctx->memory = callers;
        WEFT_TRY(st, st);
        a->capacity = capacity;
    }
    memmove(a->users + at + 1, a->users + at, (size_t)(a->count - at) * sizeof(*a->users));
    a->users[at] = (artifact_user){.id = id, .sessions = 1};
    snprintf(a->users[at].sha256, sizeof(a->users[at].sha256), "%s", sha256);
    a->count++;
    is_new = true;
done:
    pthread_mutex_unlock(&a->lock);
    if (is_new && a->blobs != NULL) weft_blobs_wake(a->blobs);
    return st;
}

/* What sessions have, sorted by id; in ctx->arena. */
static weft_status list_needed(weft_ctx *ctx, void *self, const char ***names, int32_t *count)
{
    weft_status st = WEFT_OK;
    weft_artifacts *a = self;
    *count = 0;
    pthread_mutex_lock(&a->lock);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, a->count + 1, names));
    for (int32_t i = 0; i < a->count; i++) {
        char *name = NULL;
        WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, a->users[i].sha256, strlen(a->users[i].sha256), &name));
        (*names)[(*count)++] = name;
    }
done:
    pthread_mutex_unlock(&a->lock);
    return st;
}

/* Their ids, sorted; in ctx->arena. */
static weft_status list_ids(weft_ctx *ctx, weft_artifacts *a, uint64_t **ids, int32_t *count)
{
    weft_status st = WEFT_OK;
    *count = 0;
    pthread_mutex_lock(&a->lock);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, a->count + 1, ids));
    for (int32_t i = 0; i < a->count; i++) (*ids)[(*count)++] = a->users[i].id;
done:
    pthread_mutex_unlock(&a->lock);
    return st;
}

void weft_artifacts_release(weft_ctx *ctx, weft_artifacts *a, const char *sha256)
{
    const uint64_t id = weft_blob_id(sha256);
    weft_blob_store *store = NULL;
    uint64_t *ids = NULL;
    int32_t count = 0, removed = 0;
    const weft_clock *clock = weft_clock_system();
    const int64_t now = clock->now_ns(clock->self);
    pthread_mutex_lock(&a->lock);
    const int32_t at = place_of(a, id);
    assert(at < a->count && a->users[at].id == id);
    const bool is_last = --a->users[at].sessions == 0;
    if (is_last) memmove(a->users + at, a->users + at + 1, (size_t)(--a->count - at) * sizeof(*a->users));
    pthread_mutex_unlock(&a->lock);
    if (is_last && list_ids(ctx, a, &ids, &count) == WEFT_OK &&
        weft_artifact_cache_store(ctx, a->cache, &store) == WEFT_OK)
        weft_blob_store_sweep(ctx, store, ids, count, now, &removed);
    weft_error_clear(ctx);
}

/* ---- life ---- */

weft_status weft_artifacts_new(weft_ctx *ctx, const char *folder, weft_blobs *blobs, weft_artifacts **out)
{
    weft_status st = WEFT_OK;
    weft_artifacts *a = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*a), (void **)&a));
    pthread_mutex_init(&a->lock, NULL);
    a->account = ctx->memory;
    a->blobs = blobs;
    const weft_artifact_source source = {.self = a, .fetch = blobs == NULL ? NULL : fetch};
    WEFT_TRY(st, weft_artifact_cache_new(ctx, folder, &source, &a->cache));
    if (blobs != NULL) weft_blobs_need(blobs, &(weft_blob_needs){.self = a, .list = list_needed});
    *out = a;
    a = NULL;
done:
    weft_artifacts_free(&a);
    return st;
}

weft_artifact_cache *weft_artifacts_cache(const weft_artifacts *a) { return a->cache; }

void weft_artifacts_free(weft_artifacts **artifacts)
{
    weft_artifacts *a = *artifacts;
    *artifacts = NULL;
    if (a == NULL) return;
    weft_artifact_cache_free(&a->cache);
    pthread_mutex_destroy(&a->lock);
    weft_mem_free(a->users);
    weft_mem_free(a);
}
