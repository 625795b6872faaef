/* worker/artifacts.c - see artifacts.h. */
#include "worker/artifacts.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "proto/blob_link.h"

#define IDLE_NS                                                                                              \
    (INT64_C(600) * 1000 * 1000 * 1000) /* what nobody reads for so long is fetched again when needed */

#define PATIENCE_NS (INT64_C(30) * 1000 * 1000 * 1000) /* a new leader is there in less */

enum { ADDRESS_BYTES = 300, AGAIN_MS = 100 };

struct weft_worker_artifacts {
    weft_keys *keys;
    weft_artifact_cache *cache;
    pthread_mutex_t lock;
    char address[ADDRESS_BYTES]; /* guarded by lock */
};

/* What comes goes into the store. */
typedef struct arriving {
    weft_blob_store *into;
    weft_blob_writer *writer;
    const char *sha256;
} arriving;

static weft_status begin(weft_ctx *ctx, void *self, int64_t bytes)
{
    arriving *a = self;
    return weft_blob_create(ctx, a->into, a->sha256, bytes, &a->writer);
}

static weft_status take(weft_ctx *ctx, void *self, const uint8_t *chunk, size_t len)
{
    const arriving *a = self;
    return a->writer == NULL ? WEFT_OK : weft_blob_append(ctx, a->writer, chunk, len);
}

/* From where it is now. */
static weft_status fetch_once(weft_ctx *ctx, weft_worker_artifacts *w, const char *sha256,
                              weft_blob_store *into)
{
    weft_status st = WEFT_OK;
    weft_blob_link *link = NULL;
    arriving a = {.into = into, .sha256 = sha256};
    const weft_blob_sink sink = {.self = &a, .begin = begin, .take = take};
    const weft_blob_link_options options = {.keys = w->keys, .role = WEFT_ROLE_WORKER};
    char address[ADDRESS_BYTES];
    pthread_mutex_lock(&w->lock);
    memcpy(address, w->address, sizeof(address));
    pthread_mutex_unlock(&w->lock);
    if (address[0] == 0)
        return weft_fail(ctx, WEFT_UNREACHABLE, "no coordinator says where the artifact %s is", sha256);
    WEFT_TRY(st, weft_blob_link_open(ctx, &options, address, &link));
    WEFT_TRY(st, weft_blob_link_get(ctx, link, WEFT_BLOB_ARTIFACT, sha256, &sink));
    if (a.writer != NULL) WEFT_TRY(st, weft_blob_finish(ctx, &a.writer));
    weft_log(WEFT_LOG_INFO, "artifact_fetched", WEFT_LOG_TEXT("artifact", sha256),
             WEFT_LOG_TEXT("coordinator", address));
done:
    weft_blob_abandon(&a.writer);
    weft_blob_link_close(&link);
    return st;
}

/* A leader that is gone is no fault of the task: the next one has the file too, or fetches it. */
static weft_status fetch(weft_ctx *ctx, void *self, const char *sha256, weft_blob_store *into)
{
    weft_status st = WEFT_OK;
    const struct timespec pause = {.tv_nsec = AGAIN_MS * 1000000};
    const int64_t until_ns = weft_now_ns(ctx) + PATIENCE_NS;
    int32_t removed = 0;
    weft_blob_store_sweep(ctx, into, NULL, 0, IDLE_NS, &removed);
    for (;;) {
        st = fetch_once(ctx, self, sha256, into);
        const bool passes = st == WEFT_UNREACHABLE || st == WEFT_NOT_FOUND;
        if (!passes || weft_now_ns(ctx) > until_ns) return st;
        WEFT_TRY(st, weft_check_cancel(ctx));
        weft_error_clear(ctx);
        nanosleep(&pause, NULL);
    }
done:
    return st;
}

weft_status weft_worker_artifacts_new(weft_ctx *ctx, const char *folder, weft_keys *keys,
                                      weft_worker_artifacts **out)
{
    weft_status st = WEFT_OK;
    weft_worker_artifacts *w = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*w), (void **)&w));
    pthread_mutex_init(&w->lock, NULL);
    w->keys = keys;
    const weft_artifact_source source = {.self = w, .fetch = fetch};
    WEFT_TRY(st, weft_artifact_cache_new(ctx, folder, &source, &w->cache));
    *out = w;
    w = NULL;
done:
    weft_worker_artifacts_free(&w);
    return st;
}

void weft_worker_artifacts_at(weft_worker_artifacts *w, const char *address)
{
    pthread_mutex_lock(&w->lock);
    snprintf(w->address, sizeof(w->address), "%s", address);
    pthread_mutex_unlock(&w->lock);
}

const weft_named_files *weft_worker_artifacts_named(const weft_worker_artifacts *w)
{
    return weft_artifact_cache_named(w->cache);
}

void weft_worker_artifacts_free(weft_worker_artifacts **artifacts)
{
    weft_worker_artifacts *w = *artifacts;
    *artifacts = NULL;
    if (w == NULL) return;
    weft_artifact_cache_free(&w->cache);
    pthread_mutex_destroy(&w->lock);
    weft_mem_free(w);
}
