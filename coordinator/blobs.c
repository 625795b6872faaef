/* coordinator/blobs.c - see blobs.h. Links to other coordinators (proto/blob_link.h) are made for each call.
 */
#include "coordinator/blobs.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "proto/blob_link.h"

#define MS INT64_C(1000000)

enum {
    TEND_MS = 10000,     /* how often what is needed is told to all, … */
    IDLE_TENDS = 60,     /* … and how often when nothing is */
    SILENT_MS = 5000,    /* a coordinator that says nothing for so long is left alone */
    PATIENCE_MS = 30000, /* one that has died, or its machine, is back in less; if at all */
    AGAIN_MS = 300,
    MISSING_MS = 1000 /* at first, then doubled: workers wait for a file for 30 s */
};

static const char *const class_names[WEFT_BLOB_CLASS_COUNT] = {"records", "artifacts"};

struct weft_blobs {
    weft_blobs_options options;
    weft_account *account;
    weft_blob_store *stores[WEFT_BLOB_CLASS_COUNT];
    weft_blob_port *port;
    weft_journal_blobs of_journal;
    char address[WEFT_LEADER_ADDRESS_BYTES]; /* of the port, for others */
    /* Of a leadership. */
    weft_journal *journal;
    uint64_t epoch;
    int64_t led_ns; /* since when */
    weft_blob_needs needs;
    int64_t from_ns;   /* nothing is said of what is needed before */
    weft_arena *arena; /* of the thread, with ctx */
    weft_ctx ctx;
    atomic_bool cancel;
    pthread_t thread;
    bool runs;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stops, is_due; /* guarded by lock, as is the next */
    weft_blobs_counts counts;
};

static void count_one(weft_blobs *b, int64_t *counter)
{
    pthread_mutex_lock(&b->lock);
    ++*counter;
    pthread_mutex_unlock(&b->lock);
}

/* ---- the others ---- */

/* Those that keep blobs, but this process; in ctx->arena. */
static weft_status list_peers(weft_ctx *ctx, weft_blobs *b, weft_leader **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    int32_t all = 0;
    *count = 0;
    *out = NULL;
    if (b->journal != NULL) WEFT_TRY(st, weft_journal_candidates(ctx, b->journal, out, &all));
    for (int32_t i = 0; i < all; i++)
        if ((*out)[i].blobs[0] != 0 && strcmp((*out)[i].blobs, b->address) != 0)
            (*out)[(*count)++] = (*out)[i];
done:
    return st;
}

static weft_status open_link(weft_ctx *ctx, const weft_blobs *b, const weft_leader *peer,
                             weft_blob_link **out)
{
    const weft_blob_link_options options = {
        .keys = b->options.keys, .role = WEFT_ROLE_COORDINATOR, .silent_ms = SILENT_MS};
    return weft_blob_link_open(ctx, &options, peer->blobs, out);
}

/* A blob of a store as a source, and as a sink. */
typedef struct passage {
    weft_blob_store *store;
    const char *name;
    weft_blob_writer *writer;
} passage;

static weft_status read_chunk(weft_ctx *ctx, void *self, int32_t index, uint8_t *to, size_t *len)
{
    const passage *p = self;
    return weft_blob_read(ctx, p->store, p->name, index, to, len);
}

static weft_status begin_blob(weft_ctx *ctx, void *self, int64_t bytes)
{
    passage *p = self;
    return weft_blob_create(ctx, p->store, p->name, bytes, &p->writer);
}

static weft_status take_chunk(weft_ctx *ctx, void *self, const uint8_t *chunk, size_t len)
{
    passage *p = self;
    return p->writer == NULL ? WEFT_OK
                             : weft_blob_append(ctx, p->writer, chunk, len); /* it is here meanwhile */
}

static weft_status send_blob(weft_ctx *ctx, weft_blobs *b, weft_blob_link *link, weft_blob_class class,
                             const char *name)
{
    weft_status st = WEFT_OK;
    int64_t bytes = 0;
    passage p = {.store = b->stores[class], .name = name};
    const weft_blob_source source = {.self = &p, .read = read_chunk};
    if (!weft_blob_find(p.store, name, &bytes))
        return weft_fail(ctx, WEFT_NOT_FOUND, "the blob %s is not here", name);
    WEFT_TRY(st, weft_blob_link_put(ctx, link, class, b->epoch, name, bytes, &source));
    count_one(b, &b->counts.spread);
done:
    return st;
}

/* ---- storing ---- */

static weft_status refuse_alone(weft_ctx *ctx, int32_t peers)
{
    weft_status st = WEFT_UNREACHABLE;
    if (peers == 0)
        (void)weft_fail(ctx, st, "no coordinator stands by that could keep a copy of a large record");
    else
        weft_error_prefix(ctx, "none of %" PRId32 " coordinators takes a copy of a large record: ", peers);
    weft_hint(ctx,
              "start another coordinator with --work-dir, or let one copy be enough with --blob-copies 1: "
              "then a job or session with large records is lost with this machine");
    return peers == 0 ? st : ctx->error.code;
}

/* The thread that tends has slept for long when there was nothing: now there is. */
void weft_blobs_wake(weft_blobs *b)
{
    pthread_mutex_lock(&b->lock);
    b->is_due = true;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

/* To one of those that stand by, if one takes it. */
static weft_status send_to_one(weft_ctx *ctx, weft_blobs *b, weft_blob_class class, const char *name)
{
    weft_status st = WEFT_OK;
    weft_leader *peers = NULL;
    int32_t count = 0;
    bool is_done = false;
    WEFT_TRY(st, list_peers(ctx, b, &peers, &count));
    for (int32_t i = 0; i < count && !is_done; i++) {
        weft_blob_link *link = NULL;
        st = open_link(ctx, b, &peers[i], &link);
        if (st == WEFT_OK) st = send_blob(ctx, b, link, class, name);
        weft_blob_link_close(&link);
        is_done = st == WEFT_OK;
        if (!is_done) weft_log_error(WEFT_LOG_WARN, "blob_not_sent", &ctx->error);
        if (st == WEFT_CANCELLED || st == WEFT_DEADLINE) goto done;
        st = WEFT_OK;
    }
    if (!is_done && b->options.copies > 1) return refuse_alone(ctx, count);
    weft_error_clear(ctx);
    if (count > 1 || !is_done) weft_blobs_wake(b); /* the others get it soon */
done:
    return st;
}

/* It is held meanwhile: nothing names it yet, and another may take its time, or ZooKeeper may not say who the
 * others are. */
weft_status weft_blobs_spread(weft_ctx *ctx, weft_blobs *b, weft_blob_class class, const char *name)
{
    weft_status st = WEFT_OK;
    weft_blobs_wake(b);
    if (b->journal == NULL) return WEFT_OK;
    const bool is_held = weft_blob_hold(b->stores[class], name);
    st = send_to_one(ctx, b, class, name);
    if (is_held) weft_blob_let_go(b->stores[class], name);
    if (st == WEFT_OK) st = weft_blobs_have(ctx, b, class, name); /* it may have been found damaged */
    return st;
}

static weft_status store_value(weft_ctx *ctx, void *self, const void *value, size_t bytes,
                               char name[WEFT_BLOB_NAME_BYTES])
{
    weft_status st = WEFT_OK;
    weft_blobs *b = self;
    WEFT_TRY(st, weft_blob_put(ctx, b->stores[WEFT_BLOB_RECORD], value, bytes, name));
    WEFT_TRY(st, weft_blobs_spread(ctx, b, WEFT_BLOB_RECORD, name));
    count_one(b, &b->counts.stored);
done:
    return st;
}

/* ---- fetching ---- */

static weft_status fetch_from(weft_ctx *ctx, weft_blobs *b, const weft_leader *peer, weft_blob_class class,
                              const char *name)
{
    weft_status st = WEFT_OK;
    weft_blob_link *link = NULL;
    passage p = {.store = b->stores[class], .name = name};
    const weft_blob_sink sink = {.self = &p, .begin = begin_blob, .take = take_chunk};
    WEFT_TRY(st, open_link(ctx, b, peer, &link));
    WEFT_TRY(st, weft_blob_link_get(ctx, link, class, name, &sink));
    if (p.writer != NULL) WEFT_TRY(st, weft_blob_finish(ctx, &p.writer));
    count_one(b, &b->counts.fetched);
    weft_log(WEFT_LOG_INFO, "blob_fetched", WEFT_LOG_TEXT("blob", name), WEFT_LOG_TEXT("from", peer->blobs));
done:
    weft_blob_abandon(&p.writer);
    weft_blob_link_close(&link);
    return st;
}

/* Ask each of the others once. *asked: how many there are. */
static weft_status fetch_from_any(weft_ctx *ctx, weft_blobs *b, weft_blob_class class, const char *name,
                                  int32_t *asked, bool *is_here)
{
    weft_status st = WEFT_OK;
    weft_leader *peers = NULL;
    WEFT_TRY(st, list_peers(ctx, b, &peers, asked));
    for (int32_t i = 0; i < *asked && !*is_here; i++) {
        *is_here = fetch_from(ctx, b, &peers[i], class, name) == WEFT_OK;
        if (*is_here) break;
        weft_log_error(WEFT_LOG_WARN, "blob_not_fetched", &ctx->error);
        weft_error_clear(ctx);
        WEFT_TRY(st, weft_check_cancel(ctx));
    }
done:
    return st;
}

/* Until when is a blob waited for that nobody has who is there? Those who have it may have died with the
 * leader before, and be starting again. What is lost for good holds up a new leader once, not for each
 * record. */
static int64_t patient_until(const weft_ctx *ctx, const weft_blobs *b, weft_blob_class class)
{
    if (b->options.copies == 1) return 0; /* nobody else needs to have it */
    return (class == WEFT_BLOB_RECORD ? b->led_ns : weft_now_ns(ctx)) + PATIENCE_MS * MS;
}

weft_status weft_blobs_have(weft_ctx *ctx, weft_blobs *b, weft_blob_class class, const char *name)
{
    weft_status st = WEFT_OK;
    const struct timespec pause = {.tv_nsec = AGAIN_MS * MS};
    const int64_t until_ns = patient_until(ctx, b, class);
    int32_t asked = 0;
    int64_t bytes = 0;
    bool is_here = weft_blob_find(b->stores[class], name, &bytes);
    while (!is_here) {
        WEFT_TRY(st, fetch_from_any(ctx, b, class, name, &asked, &is_here));
        if (is_here || weft_now_ns(ctx) >= until_ns) break;
        nanosleep(&pause, NULL);
        WEFT_TRY(st, weft_check_cancel(ctx));
        is_here = weft_blob_find(b->stores[class], name, &bytes); /* it was brought meanwhile */
    }
    if (!is_here)
        st = weft_fail(ctx, WEFT_NOT_FOUND,
                       "nobody has the blob %s: not this coordinator, and none of %" PRId32 " others", name,
                       asked);
done:
    return st;
}

static weft_status load_value(weft_ctx *ctx, void *self, const char *name, size_t bytes, void **value)
{
    weft_status st = WEFT_OK;
    weft_blobs *b = self;
    weft_blob_store *store = b->stores[WEFT_BLOB_RECORD];
    WEFT_TRY(st, weft_blobs_have(ctx, b, WEFT_BLOB_RECORD, name));
    st = weft_blob_load(ctx, store, name, bytes, value);
    if (st != WEFT_CORRUPT) return st;
    weft_log_error(WEFT_LOG_WARN, "blob_damaged",
                   &ctx->error); /* it is forgotten: another may have it whole */
    weft_error_clear(ctx);
    WEFT_TRY(st, weft_blobs_have(ctx, b, WEFT_BLOB_RECORD, name));
    st = weft_blob_load(ctx, store, name, bytes, value);
done:
    return st;
}

/* ---- tending ---- */

/* What is needed, sorted; in ctx->arena. */
static weft_status list_needed(weft_ctx *ctx, weft_blobs *b, weft_blob_class class, uint64_t **ids,
                               int32_t *count)
{
    weft_status st = WEFT_OK;
    const char **names = NULL;
    *ids = NULL;
    *count = 0;
    if (class == WEFT_BLOB_RECORD)
        return b->journal == NULL ? WEFT_OK : weft_journal_blob_ids(ctx, b->journal, ids, count);
    if (b->needs.list == NULL) return WEFT_OK;
    WEFT_TRY(st, b->needs.list(ctx, b->needs.self, &names, count));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, *count + 1, ids));
    for (int32_t i = 0; i < *count; i++) (*ids)[i] = weft_blob_id(names[i]);
    qsort(*ids, (size_t)*count, sizeof(**ids), weft_blob_compare_ids);
done:
    return st;
}

/* Sessions of an earlier leader have files that this coordinator may never have had, and workers ask for them
 * here. *missing: somebody who has one is not there. */
static weft_status bring_needed(weft_ctx *ctx, weft_blobs *b, bool *missing)
{
    weft_status st = WEFT_OK;
    const char **names = NULL;
    int32_t count = 0, asked = 0;
    int64_t bytes = 0;
    *missing = false;
    if (b->needs.list == NULL) return WEFT_OK;
    WEFT_TRY(st, b->needs.list(ctx, b->needs.self, &names, &count));
    for (int32_t i = 0; i < count; i++) {
        bool is_here = weft_blob_find(b->stores[WEFT_BLOB_ARTIFACT], names[i], &bytes);
        if (!is_here) WEFT_TRY(st, fetch_from_any(ctx, b, WEFT_BLOB_ARTIFACT, names[i], &asked, &is_here));
        *missing = *missing || !is_here;
    }
done:
    return st;
}

/* Tell one coordinator what is needed, and give it what it misses. Each hears a list that was made for it,
 * after it had told its time. */
static weft_status tend_peer(weft_ctx *ctx, weft_blobs *b, const weft_leader *peer)
{
    weft_status st = WEFT_OK;
    weft_blob_link *link = NULL;
    int64_t time_ns = 0;
    WEFT_TRY(st, open_link(ctx, b, peer, &link));
    WEFT_TRY(st, weft_blob_link_clock(ctx, link, &time_ns));
    for (int32_t c = 0; c < WEFT_BLOB_CLASS_COUNT; c++) {
        uint64_t *ids = NULL, *missing = NULL;
        int32_t needed = 0, count = 0;
        char name[WEFT_BLOB_NAME_BYTES];
        const weft_blob_class class = (weft_blob_class)c;
        WEFT_TRY(st, list_needed(ctx, b, class, &ids, &needed));
        WEFT_TRY(st, weft_blob_link_keep(ctx, link, class, b->epoch, time_ns, ids, needed, &missing, &count));
        for (int32_t i = 0; i < count; i++)
            if (weft_blob_name(b->stores[c], missing[i], name))
                WEFT_TRY(st, send_blob(ctx, b, link, class, name));
    }
done:
    weft_blob_link_close(&link);
    return st;
}

/* *idle: nothing is needed, and nothing is here. */
static weft_status tend(weft_ctx *ctx, weft_blobs *b, bool *idle)
{
    weft_status st = WEFT_OK;
    uint64_t *ids = NULL;
    int32_t peer_count = 0, needed = 0, removed = 0, here = 0;
    int64_t bytes = 0;
    weft_leader *peers = NULL;
    const weft_clock *clock = weft_clock_system();
    /* of before the others are asked: who stands still then does not know of records that were written */
    const int64_t before_ns = clock->now_ns(clock->self) - b->options.idle_ms * MS;
    *idle = false;
    if (weft_now_ns(ctx) < b->from_ns) return WEFT_OK; /* sessions may not be made again yet */
    *idle = true;
    WEFT_TRY(st, list_peers(ctx, b, &peers, &peer_count));
    for (int32_t i = 0; i < peer_count; i++) {
        if (tend_peer(ctx, b, &peers[i]) == WEFT_OK) continue;
        WEFT_TRY(st, weft_check_cancel(ctx));
        weft_log_error(WEFT_LOG_WARN, "blobs_not_tended", &ctx->error);
        weft_error_clear(ctx);
    }
    for (int32_t c = 0; c < WEFT_BLOB_CLASS_COUNT; c++) {
        WEFT_TRY(st, list_needed(ctx, b, (weft_blob_class)c, &ids, &needed));
        weft_blob_store_sweep(ctx, b->stores[c], ids, needed, before_ns, &removed);
        weft_blob_count(b->stores[c], &here, &bytes);
        *idle = *idle && here == 0 && needed == 0;
    }
done:
    return st;
}

/* Until it is time, or somebody says so; false: it is over. */
static bool wait_for_turn(weft_blobs *b, int64_t most_ms)
{
    struct timespec until;
    int error = 0;
    clock_gettime(CLOCK_MONOTONIC, &until); /* tidy: allow clock_gettime: what pthread_cond_timedwait wants */
    until.tv_sec += most_ms / 1000;
    until.tv_nsec += most_ms % 1000 * MS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&b->lock);
    while (!b->stops && !b->is_due && error != ETIMEDOUT)
        error = pthread_cond_timedwait(&b->changed, &b->lock, &until);
    b->is_due = false;
    const bool goes_on = !b->stops;
    pthread_mutex_unlock(&b->lock);
    return goes_on;
}

static void *run(void *self)
{
    weft_blobs *b = self;
    bool idle = false, missing = false;
    const int64_t often_ms = weft_min_i64(TEND_MS, weft_max_i64(1, b->options.idle_ms));
    int64_t again_ms = MISSING_MS;
    while (wait_for_turn(b, missing ? weft_min_i64(again_ms, often_ms)
                            : idle  ? IDLE_TENDS * often_ms
                                    : often_ms)) {
        weft_status st = bring_needed(&b->ctx, b, &missing);
        again_ms = missing ? weft_min_i64(2 * again_ms, TEND_MS) : MISSING_MS;
        if (st == WEFT_OK) st = tend(&b->ctx, b, &idle);
        if (st != WEFT_OK && !atomic_load(&b->cancel))
            weft_log_error(WEFT_LOG_WARN, "blobs_not_tended", &b->ctx.error);
        weft_error_clear(&b->ctx);
        weft_arena_reset(b->arena);
    }
    return NULL;
}

/* ---- life ---- */

void weft_blobs_need(weft_blobs *b, const weft_blob_needs *needs) { b->needs = *needs; }

void weft_blobs_lead(weft_blobs *b, weft_journal *journal, uint64_t epoch)
{
    const weft_clock *clock = weft_clock_system();
    b->journal = journal;
    b->epoch = epoch;
    b->led_ns = clock->now_ns(clock->self);
    weft_blob_port_see_epoch(b->port, epoch);
}

weft_status weft_blobs_tend(weft_ctx *ctx, weft_blobs *b)
{
    weft_status st = WEFT_OK;
    b->stops = b->is_due = false;
    atomic_store(&b->cancel, false);
    b->arena = weft_arena_new(b->account);
    if (b->arena == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory to keep blobs with"));
    weft_ctx_init(&b->ctx, b->arena, b->account, b->options.settings);
    b->ctx.cancel = &b->cancel;
    b->from_ns = weft_now_ns(&b->ctx) + b->options.idle_ms * MS;
    if (pthread_create(&b->thread, NULL, run, b) != 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "the system refuses a thread to keep blobs with"));
    b->runs = true;
done:
    return st;
}

void weft_blobs_retire(weft_blobs *b)
{
    atomic_store(&b->cancel, true);
    pthread_mutex_lock(&b->lock);
    b->stops = true;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
    if (b->runs) pthread_join(b->thread, NULL);
    b->runs = false;
    b->journal = NULL;
    b->needs = (weft_blob_needs){0};
    weft_arena_free(&b->arena);
}

static weft_status open_parts(weft_ctx *ctx, weft_blobs *b)
{
    weft_status st = WEFT_OK;
    const weft_blobs_options *o = &b->options;
    weft_blob_port_options port = {.host = o->host,
                                   .port = o->port,
                                   .keys = o->keys,
                                   .pool = o->pool,
                                   .settings = o->settings,
                                   .idle_ns = o->idle_ms * MS};
    weft_account *const callers = ctx->memory;
    ctx->memory = b->account;
    for (int32_t c = 0; c < WEFT_BLOB_CLASS_COUNT; c++) {
        char *folder = NULL;
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &folder, "%s/%s", o->folder, class_names[c]));
        const weft_blob_store_options store = {
            .folder = folder, .seal = o->seal, .most_bytes = o->most_bytes, .setting = "--blob-bytes"};
        WEFT_TRY(st, weft_blob_store_open(ctx, &store, &b->stores[c]));
        port.stores[c] = b->stores[c];
    }
    st = weft_blob_port_start(ctx, &port, &b->port);
done:
    ctx->memory = callers;
    return st;
}

weft_status weft_blobs_open(weft_ctx *ctx, const weft_blobs_options *options, weft_blobs **out)
{
    weft_status st = WEFT_OK;
    weft_blobs *b = NULL;
    pthread_condattr_t monotonic;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*b), (void **)&b));
    b->options = *options;
    b->of_journal = (weft_journal_blobs){.self = b, .store = store_value, .load = load_value};
    pthread_mutex_init(&b->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&b->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    b->account = weft_account_open(options->pool, "blobs");
    if (b->account == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory to keep blobs with"));
    WEFT_TRY(st, open_parts(ctx, b));
    *out = b;
    b = NULL;
done:
    weft_blobs_close(&b);
    return st;
}

int32_t weft_blobs_port(const weft_blobs *b) { return weft_blob_port_number(b->port); }

void weft_blobs_name(weft_blobs *b, const char *address)
{
    snprintf(b->address, sizeof(b->address), "%s", address);
}

const char *weft_blobs_address(const weft_blobs *b) { return b->address; }

const weft_journal_blobs *weft_blobs_of_journal(weft_blobs *b) { return &b->of_journal; }

weft_blob_store *weft_blobs_store(weft_blobs *b, weft_blob_class class) { return b->stores[class]; }

void weft_blobs_count(weft_blobs *b, weft_blobs_counts *out)
{
    pthread_mutex_lock(&b->lock);
    *out = b->counts;
    pthread_mutex_unlock(&b->lock);
    for (int32_t c = 0; c < WEFT_BLOB_CLASS_COUNT; c++) {
        int32_t count = 0;
        int64_t bytes = 0;
        weft_blob_count(b->stores[c], &count, &bytes);
        out->count += count;
        out->bytes += bytes;
    }
    weft_blob_port_count(b->port, &out->port);
}

void weft_blobs_close(weft_blobs **slot)
{
    weft_blobs *b = *slot;
    *slot = NULL;
    if (b == NULL) return;
    weft_blob_port_stop(&b->port);
    for (int32_t c = 0; c < WEFT_BLOB_CLASS_COUNT; c++) weft_blob_store_close(&b->stores[c]);
    weft_account_close(&b->account);
    pthread_cond_destroy(&b->changed);
    pthread_mutex_destroy(&b->lock);
    weft_mem_free(b);
}
