/* worker/fetch.c - see fetch.h: connections, and the headers of blocks. Pages are in fetch_stream.c.
 *
 * Headers are asked for in requests of some hundred names each, one after the other without waiting; then
 * they are waited for in that order. A BUSY answer repeats its request after a while. */
#include "worker/fetch.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/settings.h"
#include "worker/fetch_private.h"
#include "worker/serve.h"

enum {
    FETCH_DEADLINE_MS = 5000,
    FETCH_RELAY_SILENT_MS = 1000,  /* who can be done without is not waited for: nothing heard, … */
    FETCH_RELAY_STARVED_MS = 3000, /* … or no page */
    FETCH_TICK_MS = 1000,
    FETCH_SILENCE_MS = 5000, /* ZMTP heartbeats: a machine that is gone */
    NS_PER_MS = 1000 * 1000,
    NS_PER_S = 1000 * 1000 * 1000,
    FETCH_IDLE_S = 30,            /* then a connection is closed */
    FETCH_QUEUE_BYTES = 64 << 20, /* requests that wait to be sent to one server */
    FETCH_NAMES = 256,            /* of one request */
    FETCH_AHEAD_PART = 16,        /* of the pool: pages that are read ahead, of all streams together */
    FETCH_AHEAD_LEAST = 8 << 20,
    FETCH_STREAM_AHEAD = 8 << 20 /* of one stream: a want wakes five threads until a page answers it, and its
                                    holder should have something to send meanwhile */
};

/* A page of one row may have 4 GiB, and a header as much. */
static const int64_t message_bytes_most = (int64_t)5 << 30;

/* Headers of names [0, count), in one message. */
struct fetch_request {
    fetch_request *next;
    uint64_t id;
    connection *conn;
    const holder *of;
    pthread_cond_t changed;
    int32_t count, left; /* left: names without a header */
    int32_t gone;        /* index of one that is not there, or -1 */
    int64_t retry_ns;    /* ask again then; INT64_MAX: it was asked, and not all was answered */
    int32_t tries, unanswered;
    int32_t index[FETCH_NAMES];   /* which of the caller's blocks */
    const weft_block_name *names; /* the caller's */
    uint8_t *bytes[FETCH_NAMES];
    size_t len[FETCH_NAMES];
};

/* ---- connections ---- */

weft_status weft_fetch_connect(weft_ctx *ctx, weft_fetcher *f, const char *address, connection **out)
{
    weft_status st = WEFT_OK;
    connection *conn = f->connections;
    weft_account *const callers = ctx->memory;
    *out = NULL;
    while (conn != NULL && strcmp(conn->address, address) != 0) conn = conn->next;
    if (conn != NULL) {
        conn->users++;
        *out = conn;
        return WEFT_OK;
    }
    ctx->memory = f->account; /* it outlives who opens it */
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*conn), (void **)&conn));
    snprintf(conn->address, sizeof(conn->address), "%s", address);
    WEFT_TRY(st, weft_net_connect(ctx, f->net, address, WEFT_ROLE_WORKER, &conn->peer));
    conn->users = 1;
    conn->next = f->connections;
    f->connections = conn;
    f->counts.connections++;
    *out = conn;
    conn = NULL;
done:
    ctx->memory = callers;
    weft_mem_free(conn);
    return st;
}

void weft_fetch_leave(weft_fetcher *f, connection **conn_p)
{
    connection *conn = *conn_p;
    *conn_p = NULL;
    if (conn == NULL || --conn->users > 0) return;
    conn->idle_ns = weft_now_ns(&f->ctx);
    if (conn->broken) weft_mem_free(conn);
}

void weft_fetch_break(weft_fetcher *f, connection *conn, const char *why)
{
    if (conn->broken) return;
    for (connection **at = &f->connections; *at != NULL; at = &(*at)->next)
        if (*at == conn) {
            *at = conn->next;
            break;
        }
    f->counts.connections--;
    conn->broken = true;
    conn->why = why;
    weft_fetch_streams_wake(f, conn);
    for (fetch_request *r = f->requests; r != NULL; r = r->next)
        if (r->conn == conn) pthread_cond_broadcast(&r->changed);
    if (conn->users == 0) weft_mem_free(conn);
}

/* Lock held. */
static connection *connection_of(weft_fetcher *f, weft_net_peer peer)
{
    connection *conn = f->connections;
    while (conn != NULL && conn->peer != peer) conn = conn->next;
    return conn;
}

/* ---- waiting ---- */

void weft_fetch_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

int64_t weft_fetch_backoff(int32_t tries)
{
    return weft_min_i64((int64_t)FETCH_BACKOFF_NS << weft_min_i32(tries, 10), FETCH_BACKOFF_MOST_NS);
}

void weft_fetch_wait_begin(const weft_ctx *ctx, const connection *conn, const holder *of, patience *p)
{
    const int64_t deadline = of->fetcher->deadline_ns;
    *p = (patience){.last_ns = weft_now_ns(ctx),
                    .heard = conn->heard,
                    .silent_most = deadline,
                    .starved_most = FETCH_STARVED * deadline};
    if (!of->relay) return;
    p->silent_most = weft_min_i64(deadline, (int64_t)FETCH_RELAY_SILENT_MS * NS_PER_MS);
    p->starved_most = weft_min_i64(deadline, (int64_t)FETCH_RELAY_STARVED_MS * NS_PER_MS);
}

weft_status weft_fetch_wait(weft_ctx *ctx, weft_fetcher *f, const connection *conn, pthread_cond_t *changed,
                            patience *p)
{
    struct timespec until;
    weft_status st = WEFT_OK;
    if (conn->broken)
        return weft_fail(ctx, WEFT_UNREACHABLE, "the worker at %s cannot be reached: %s", conn->address,
                         conn->why);
    WEFT_TRY(st, weft_check_cancel(ctx));
    const int64_t until_ns = weft_clock_system()->now_ns(NULL) + FETCH_WAIT_NS; /* as conditions measure */
    until = (struct timespec){.tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S};
    pthread_cond_timedwait(changed, &f->lock, &until);
    const int64_t now = weft_now_ns(ctx), step = weft_min_i64(now - p->last_ns, FETCH_STEP_NS);
    p->last_ns = now;
    p->starved_ns += step;
    p->silent_ns = conn->heard == p->heard ? p->silent_ns + step : 0;
    p->heard = conn->heard;
    if (p->silent_ns >= p->silent_most || p->starved_ns >= p->starved_most)
        st = weft_fail(ctx, WEFT_UNREACHABLE, "the worker at %s gave nothing for %lld ms", conn->address,
                       (long long)(p->starved_ns / 1000000));
done:
    return st;
}

/* ---- headers ---- */

void weft_holder_release(holder *h)
{
    if (atomic_fetch_sub_explicit(&h->users, 1, memory_order_acq_rel) == 1) weft_mem_free(h);
}

static weft_status holder_new(weft_ctx *ctx, weft_fetcher *f, const weft_place *place, holder **out)
{
    weft_account *const callers = ctx->memory;
    ctx->memory = f->account;
    const weft_status st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(**out), (void **)out);
    ctx->memory = callers;
    if (st != WEFT_OK) return st;
    atomic_init(&(*out)->users, 1);
    (*out)->fetcher = f;
    (*out)->worker = place->worker;
    (*out)->process = place->uuid;
    snprintf((*out)->address, sizeof((*out)->address), "%s", place->address);
    return WEFT_OK;
}

/* Lock held. Ask for all names that have no header yet. */
static weft_status request_send(weft_ctx *ctx, weft_fetcher *f, fetch_request *r)
{
    uint8_t first[WEFT_DATA_HEAD_BYTES + FETCH_NAMES * 32];
    const weft_data_head head = {.kind = WEFT_DATA_HEADERS,
                                 .count = r->count,
                                 .id = r->id,
                                 .process = r->of->process,
                                 .host = f->host};
    const weft_net_frame frame = {.bytes = first, .len = weft_data_bytes(head.kind, head.count)};
    assert(frame.len <= sizeof(first));
    for (int32_t i = 0; i < r->count; i++) weft_data_put_name(first, i, &r->names[r->index[i]]);
    weft_data_put_head(first, &head);
    r->retry_ns = INT64_MAX;
    r->unanswered = r->left;
    const weft_status st = weft_net_send(ctx, f->net, r->conn->peer, &frame, 1);
    if (st == WEFT_UNREACHABLE) weft_fetch_break(f, r->conn, "the connection is broken");
    return st;
}

static weft_status request_open(weft_ctx *ctx, weft_fetcher *f, const holder *of, fetch_request *r)
{
    weft_status st = WEFT_OK;
    weft_fetch_cond_init(&r->changed);
    r->of = of;
    r->left = r->count;
    r->gone = -1;
    pthread_mutex_lock(&f->lock);
    r->id = ++f->next_id;
    r->next = f->requests;
    f->requests = r;
    WEFT_TRY(st, weft_fetch_connect(ctx, f, of->address, &r->conn));
    WEFT_TRY(st, request_send(ctx, f, r));
done:
    pthread_mutex_unlock(&f->lock);
    return st;
}

static void request_close(weft_fetcher *f, fetch_request *r)
{
    if (r->id == 0) return;
    pthread_mutex_lock(&f->lock);
    for (fetch_request **at = &f->requests; *at != NULL; at = &(*at)->next)
        if (*at == r) {
            *at = r->next;
            break;
        }
    weft_fetch_leave(f, &r->conn);
    pthread_mutex_unlock(&f->lock);
    for (int32_t i = 0; i < r->count; i++) weft_mem_free(r->bytes[i]);
    pthread_cond_destroy(&r->changed);
}

/* Until all headers are there, or one is known not to come: r->gone. */
static weft_status request_wait(weft_ctx *ctx, weft_fetcher *f, fetch_request *r)
{
    weft_status st = WEFT_OK;
    patience p;
    pthread_mutex_lock(&f->lock);
    weft_fetch_wait_begin(ctx, r->conn, r->of, &p);
    while (r->left > 0 && r->gone < 0) {
        if (weft_now_ns(ctx) >= r->retry_ns) WEFT_TRY(st, request_send(ctx, f, r));
        WEFT_TRY(st, weft_fetch_wait(ctx, f, r->conn, &r->changed, &p));
    }
    if (r->gone >= 0) {
        const weft_block_name *name = &r->names[r->index[r->gone]];
        st = weft_fail(ctx, WEFT_FETCH_FAILED, "block %d.%d of task %d, attempt %d is not on worker %d at %s",
                       name->stage, name->generation, name->partition, name->attempt, r->of->worker,
                       r->of->address);
    }
done:
    pthread_mutex_unlock(&f->lock);
    return st;
}

/* In the network's thread, lock held. */
static void header_came(weft_fetcher *f, fetch_request *r, const weft_data_answer *a,
                        const weft_net_frame *frame)
{
    if (a->index >= r->count || r->bytes[a->index] != NULL) return;
    r->unanswered--;
    if (a->state == WEFT_DATA_GONE) r->gone = a->index;
    if (a->state == WEFT_DATA_HERE) {
        uint8_t *bytes = NULL;
        if (weft_mem_alloc(&f->ctx, WEFT_MEM_WORKING, frame->len + 1, (void **)&bytes) == WEFT_OK) {
            memcpy(bytes, frame->bytes, frame->len);
            r->bytes[a->index] = bytes;
            r->len[a->index] = frame->len;
            r->left--;
            r->tries = 0;
            f->counts.headers++;
        } else
            weft_error_clear(&f->ctx);
    }
    f->counts.busy += a->state == WEFT_DATA_BUSY;
    if (r->left > 0 && r->unanswered <= 0)
        r->retry_ns = weft_now_ns(&f->ctx) + weft_fetch_backoff(r->tries++);
    if (r->left == 0 || r->gone >= 0) pthread_cond_broadcast(&r->changed);
}

static bool headers_came(weft_fetcher *f, const weft_net_frame *frames, int32_t count,
                         const weft_data_head *head)
{
    weft_data_answer a;
    int32_t frame = 1;
    for (int32_t i = 0; i < head->count; i++) {
        weft_data_get_answer(frames[0].bytes, i, &a);
        if (a.state != WEFT_DATA_HERE) continue;
        if (frame >= count || frames[frame].len != a.bytes) return false;
        frame++;
    }
    if (frame != count) return false;
    pthread_mutex_lock(&f->lock);
    fetch_request *r = f->requests;
    while (r != NULL && r->id != head->id) r = r->next;
    frame = 1;
    for (int32_t i = 0; i < head->count && r != NULL; i++) {
        weft_data_get_answer(frames[0].bytes, i, &a);
        header_came(f, r, &a, a.state == WEFT_DATA_HERE ? &frames[frame++] : NULL);
    }
    pthread_mutex_unlock(&f->lock);
    return true;
}

/* ---- blocks ---- */

/* What one call of weft_fetch_blocks works with; arrays of ctx->arena. */
typedef struct fetch_call {
    weft_fetcher *fetcher;
    const weft_block_name *names;
    const weft_place *const *places;
    int32_t count;
    holder **holders; /* [holder_count] */
    int32_t *holder_of;
    int32_t holder_count;
    fetch_request **requests; /* memory blocks */
    int32_t request_count;
} fetch_call;

static weft_status check_address(weft_ctx *ctx, const weft_place *place)
{
    if (strlen(place->address) < FETCH_ADDRESS_BYTES) return WEFT_OK;
    return weft_fail(ctx, WEFT_INVALID, "an address of %zu bytes", strlen(place->address));
}

static bool same_place(const holder *h, const weft_place *place)
{
    return weft_uuid_equal(h->process, place->uuid) && strcmp(h->address, place->address) == 0;
}

/* Which holder each block has. Places are few, and those of a stage's input are mostly the same pointers. */
static weft_status call_holders(weft_ctx *ctx, fetch_call *c)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, c->count, &c->holders));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, c->count, &c->holder_of));
    for (int32_t i = 0; i < c->count; i++) {
        int32_t h = 0;
        WEFT_TRY(st, check_address(ctx, c->places[i]));
        while (h < c->holder_count && !same_place(c->holders[h], c->places[i])) h++;
        if (h == c->holder_count) {
            WEFT_TRY(st, holder_new(ctx, c->fetcher, c->places[i], &c->holders[h]));
            c->holder_count++;
        }
        c->holder_of[i] = h;
    }
done:
    return st;
}

/* Ask all holders. *lost: a block of the request that could not be sent. */
static weft_status call_ask(weft_ctx *ctx, fetch_call *c, int32_t *lost)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, c->count, &c->requests));
    for (int32_t h = 0; h < c->holder_count; h++) {
        fetch_request *r = NULL;
        for (int32_t i = 0; i < c->count; i++) {
            if (c->holder_of[i] != h) continue;
            if (r == NULL) {
                WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*r), (void **)&r));
                r->names = c->names;
                c->requests[c->request_count++] = r;
            }
            r->index[r->count++] = *lost = i;
            if (r->count < FETCH_NAMES) continue;
            WEFT_TRY(st, request_open(ctx, c->fetcher, c->holders[h], r));
            r = NULL;
        }
        if (r != NULL) WEFT_TRY(st, request_open(ctx, c->fetcher, c->holders[h], r));
    }
    *lost = -1;
done:
    return st;
}

static weft_status make_block(weft_ctx *ctx, const fetch_call *c, const fetch_request *r, int32_t n,
                              const weft_types *types, weft_account *owner, weft_block **out)
{
    weft_status st = WEFT_OK;
    weft_block_header header;
    weft_block_origin origin = {0};
    const int32_t i = r->index[n];
    holder *h = c->holders[c->holder_of[i]];
    WEFT_TRY(st, weft_block_header_decode(ctx, r->bytes[n], r->len[n], &header));
    WEFT_TRY(st, weft_fetch_origin(ctx, h, &origin));
    WEFT_TRY(st, weft_block_remote_new(ctx, owner, types, &c->names[i], &header, &origin, out));
    weft_fetch_origin_of(&origin, *out);
    origin = (weft_block_origin){0};
done:
    if (origin.self != NULL) origin.release(origin.self);
    return st;
}

static weft_status call_take(weft_ctx *ctx, fetch_call *c, fetch_request *r, const weft_types *types,
                             weft_account *owner, weft_block **out, int32_t *lost)
{
    weft_status st = request_wait(ctx, c->fetcher, r);
    if (st != WEFT_OK) {
        *lost = r->index[r->gone >= 0 ? r->gone : 0];
        return st;
    }
    for (int32_t n = 0; n < r->count; n++) {
        *lost = r->index[n];
        WEFT_TRY(st, make_block(ctx, c, r, n, types, owner, &out[r->index[n]]));
        weft_mem_free(r->bytes[n]);
        r->bytes[n] = NULL;
    }
    *lost = -1;
done:
    return st;
}

weft_status weft_fetch_blocks(weft_ctx *ctx, weft_fetcher *fetcher, const weft_block_name *names,
                              const weft_place *const *places, int32_t count, const weft_types *types,
                              weft_account *owner, weft_block **out, int32_t *lost)
{
    weft_status st = WEFT_OK;
    fetch_call c = {.fetcher = fetcher, .names = names, .places = places, .count = count};
    *lost = -1;
    for (int32_t i = 0; i < count; i++) out[i] = NULL;
    WEFT_TRY(st, call_holders(ctx, &c));
    WEFT_TRY(st, call_ask(ctx, &c, lost));
    for (int32_t n = 0; n < c.request_count; n++)
        WEFT_TRY(st, call_take(ctx, &c, c.requests[n], types, owner, out, lost));
done:
    for (int32_t n = 0; n < c.request_count; n++) {
        request_close(fetcher, c.requests[n]);
        weft_mem_free(c.requests[n]);
    }
    for (int32_t h = 0; h < c.holder_count; h++) weft_holder_release(c.holders[h]);
    if (st == WEFT_OK) return WEFT_OK;
    for (int32_t i = 0; i < count; i++) weft_block_release(&out[i]);
    if (*lost >= 0) weft_fetch_failed(ctx, st, &names[*lost]);
    return st;
}

weft_status weft_fetch_via(weft_ctx *ctx, weft_fetcher *fetcher, const weft_place *place,
                           const weft_block *block, weft_block_origin *out)
{
    weft_status st = WEFT_OK;
    holder *h = NULL;
    WEFT_TRY(st, check_address(ctx, place));
    WEFT_TRY(st, holder_new(ctx, fetcher, place, &h));
    h->relay = true;
    WEFT_TRY(st, weft_fetch_origin(ctx, h, out));
    weft_fetch_origin_of(out, block);
done:
    if (h != NULL) weft_holder_release(h);
    return st;
}

/* ---- the network's thread ---- */

static void on_message(void *self, weft_net_peer peer, const weft_identity *who, const weft_net_frame *frames,
                       int32_t count)
{
    weft_fetcher *f = self;
    weft_data_head head;
    bool sound = false;
    (void)who; /* the connection asked for a worker's key */
    if (weft_data_check(&f->ctx, frames[0].bytes, frames[0].len, &head) == WEFT_OK) {
        if (head.kind == WEFT_DATA_GAVE_HEADERS) sound = headers_came(f, frames, count, &head);
        if (head.kind == WEFT_DATA_GAVE_PAGES) sound = weft_fetch_pages(f, frames, count, &head);
    }
    weft_error_clear(&f->ctx);
    pthread_mutex_lock(&f->lock);
    connection *conn = connection_of(f, peer);
    if (conn != NULL) conn->heard++;
    if (!sound) {
        f->counts.ignored++;
        if (conn != NULL) weft_fetch_break(f, conn, "it sends what is no answer");
        weft_net_drop(f->net, peer);
    }
    pthread_mutex_unlock(&f->lock);
}

static void on_gone(void *self, weft_net_peer peer, const char *why)
{
    weft_fetcher *f = self;
    pthread_mutex_lock(&f->lock);
    connection *conn = connection_of(f, peer);
    if (conn != NULL) weft_fetch_break(f, conn, why);
    pthread_mutex_unlock(&f->lock);
}

static void on_tick(void *self)
{
    weft_fetcher *f = self;
    connection *next = NULL;
    const int64_t now = weft_now_ns(&f->ctx);
    pthread_mutex_lock(&f->lock);
    for (connection *conn = f->connections; conn != NULL; conn = next) {
        next = conn->next;
        if (conn->users > 0 || now - conn->idle_ns < (int64_t)FETCH_IDLE_S * NS_PER_S) continue;
        weft_net_drop(f->net, conn->peer);
        weft_fetch_break(f, conn, "it was idle");
    }
    pthread_mutex_unlock(&f->lock);
}

/* ---- life ---- */

static weft_status fetcher_connect(weft_ctx *ctx, weft_fetcher *f, const weft_fetch_options *options)
{
    const weft_net_options net = {
        .keys = options->keys,
        .role = options->role,
        .handler = {.self = f, .message = on_message, .gone = on_gone, .tick = on_tick},
        .tick_ms = FETCH_TICK_MS,
        .silence_ms = FETCH_SILENCE_MS,
        .queue_bytes = FETCH_QUEUE_BYTES,
        .message_bytes = message_bytes_most};
    pthread_mutex_lock(&f->lock);
    const weft_status st = weft_net_start(ctx, &net, &f->net);
    pthread_mutex_unlock(&f->lock);
    return st;
}

weft_status weft_fetcher_start(weft_ctx *ctx, const weft_fetch_options *options, weft_fetcher **out)
{
    weft_status st = WEFT_OK;
    weft_fetcher *f = NULL;
    weft_account *const callers = ctx->memory;
    const int32_t deadline_ms = options->deadline_ms == 0 ? FETCH_DEADLINE_MS : options->deadline_ms;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*f), (void **)&f));
    pthread_mutex_init(&f->lock, NULL);
    f->host = weft_host_number(options->host_id);
    f->deadline_ns = (int64_t)deadline_ms * 1000000;
    f->ahead_most = weft_max_i64(FETCH_AHEAD_LEAST, weft_pool_limit_bytes(options->pool) / FETCH_AHEAD_PART);
    f->account = weft_account_open(options->pool, "fetches");
    f->arena = f->account == NULL ? NULL : weft_arena_new(f->account);
    if (f->arena == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for fetching blocks"));
    weft_ctx_init(&f->ctx, f->arena, f->account, options->settings);
    if (!weft_setting(&f->ctx, WEFT_SET_FETCH_AHEAD)) f->ahead_most = 0;
    f->stream_ahead_most = weft_min_i64(FETCH_STREAM_AHEAD, f->ahead_most / 2); /* never all for one */
    ctx->memory = f->account;
    WEFT_TRY(st, fetcher_connect(ctx, f, options));
    *out = f;
    f = NULL;
done:
    ctx->memory = callers;
    weft_fetcher_stop(&f);
    return st;
}

void weft_fetch_count(weft_fetcher *f, weft_fetch_counts *out)
{
    pthread_mutex_lock(&f->lock);
    *out = f->counts;
    pthread_mutex_unlock(&f->lock);
}

void weft_fetcher_stop(weft_fetcher **fetcher)
{
    weft_fetcher *f = *fetcher;
    *fetcher = NULL;
    if (f == NULL) return;
    weft_net_stop(&f->net, 0);
    assert(f->requests == NULL && f->counts.streams == 0);
    while (f->connections != NULL) {
        connection *conn = f->connections;
        f->connections = conn->next;
        weft_mem_free(conn);
    }
    weft_arena_free(&f->arena);
    weft_account_close(&f->account);
    pthread_mutex_destroy(&f->lock);
    weft_mem_free(f);
}
