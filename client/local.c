/* client/local.c - see local.h. */
#include "client/local.h"

#include <stdlib.h>
#include <string.h>

#include "client/machine.h"
#include "client/transport.h"
#include "client/upload.h"

struct weft_local {
    weft_own_memory memory;
    weft_ctx ctx;
    weft_settings settings;
    weft_coordinator *coordinator;
    weft_transport transport; /* … and the worker */
    weft_artifacts *artifacts;
    weft_local_upload *upload;
    weft_session *session;
};

bool weft_local_parse(const char *master, int32_t *slots)
{
    char *end = NULL;
    *slots = 1;
    if (strcmp(master, "local") == 0) return true;
    if (strncmp(master, "local[", 6) != 0) return false;
    *slots = 0;
    if (strcmp(master, "local[*]") == 0) return true;
    const long n = strtol(master + 6, &end, 10);
    if (end == master + 6 || strcmp(end, "]") != 0 || n < 1 || n > 1024) return false;
    *slots = (int32_t)n;
    return true;
}

static weft_status start_parts(weft_local *l)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &l->ctx;
    int64_t *slots = &l->settings.number[WEFT_SET_SLOTS];
    if (*slots == 0) *slots = weft_machine_cores();
    WEFT_TRY(st, weft_artifacts_new(ctx, NULL, NULL, &l->artifacts));
    WEFT_TRY(st, weft_local_upload_new(ctx, &l->upload));
    const weft_coordinator_options coordinator = {.memory_bytes = weft_pool_limit_bytes(l->memory.pool),
                                                  .artifacts = l->artifacts};
    WEFT_TRY(st, weft_coordinator_new(ctx, &coordinator, &l->coordinator));
    l->transport.inbox = weft_coordinator_inbox(l->coordinator);
    const weft_worker_options options = {
        .slots = (int32_t)*slots,
        .pool = l->memory.pool,
        .settings = &l->settings,
        .named = weft_artifact_cache_named(weft_artifacts_cache(l->artifacts)),
        .coordinator = weft_transport_to_coordinator(&l->transport)};
    WEFT_TRY(st, weft_worker_start(ctx, &options, &l->transport.worker));
    WEFT_TRY(st, weft_coordinator_attach(ctx, l->coordinator, weft_transport_to_worker(&l->transport)));
    WEFT_TRY(st, weft_session_new(ctx, l->memory.pool, l->coordinator, &l->settings, &l->session));
done:
    return st;
}

weft_status weft_local_start(const weft_settings *settings, weft_error *error, weft_local **out)
{
    weft_status st = WEFT_NOMEM;
    const int64_t limit = weft_machine_pool_bytes(settings->number[WEFT_SET_MEMORY]);
    weft_own_memory memory;
    weft_local *l = NULL;
    weft_ctx boot;

    *out = NULL;
    *error = (weft_error){.code = WEFT_NOMEM, .message = "no memory to start the engine"};
    if (!weft_own_memory_open(&memory, limit, "process")) return st;
    weft_ctx_init(&boot, memory.arena, memory.account, settings);
    WEFT_TRY(st, weft_mem_alloc_zero(&boot, WEFT_MEM_WORKING, sizeof(*l), (void **)&l));
    l->memory = memory;
    l->settings = *settings;
    weft_ctx_init(&l->ctx, memory.arena, memory.account, &l->settings);
    st = start_parts(l);
    if (st != WEFT_OK) *error = l->ctx.error;
    *out = l;
    if (st != WEFT_OK) weft_local_stop(out);
    return st;
done:
    weft_own_memory_close(&memory);
    return st;
}

weft_session *weft_local_session(weft_local *l) { return l->session; }
const weft_upload *weft_local_files(weft_local *l) { return weft_local_upload_of(l->upload); }
weft_pool *weft_local_pool(weft_local *l) { return l->memory.pool; }
weft_coordinator *weft_local_coordinator(weft_local *l) { return l->coordinator; }

void weft_local_stop(weft_local **local)
{
    weft_local *l = *local;
    *local = NULL;
    if (l == NULL) return;
    weft_session_free(&l->session);
    weft_worker_stop(&l->transport.worker);
    weft_coordinator_free(&l->coordinator);
    weft_local_upload_free(&l->upload);
    weft_artifacts_free(&l->artifacts);
    weft_own_memory memory = l->memory;
    weft_mem_free(l);
    weft_own_memory_close(&memory);
}
