/* coordinator/blob_port.c - see blob_port.h. A blob that comes is a row of `uploads`, by peer: it goes with
 * its connection, and with the first chunk that is not the next one. */
#include "coordinator/blob_port.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mailbox.h"

#define SECOND_NS INT64_C(1000000000)

enum {
    UPLOADS_MAX = 16,
    REQUESTS_MAX = UPLOADS_MAX * WEFT_BLOB_WINDOW, /* so many MiB at most, of chunks that wait for the disk */
    PEERS_MAX = 4096,                              /* a worker has a connection while it reads an artifact */
    BOX_MAX = REQUESTS_MAX + PEERS_MAX,            /* every peer may be gone besides */
    SILENCE_MS = 10000,
    LINGER_MS = 100,
    MESSAGE_BYTES = WEFT_BLOB_CHUNK_BYTES + (64 << 10),
    QUEUE_BYTES = 2 * WEFT_BLOB_WINDOW * WEFT_BLOB_CHUNK_BYTES
};

/* What a peer has said; heap. GONE is said of it. */
typedef struct blob_request {
    weft_net_peer peer;
    bool is_gone;
    weft_blob_message message; /* its body lies in kept */
    weft_net_kept kept;
} blob_request;

typedef struct blob_upload {
    weft_net_peer peer; /* 0: a free row */
    weft_blob_class class;
    weft_blob_writer *writer;
    int32_t next; /* the chunk that is expected */
    int32_t chunks;
    char name[WEFT_BLOB_NAME_BYTES];
} blob_upload;

struct weft_blob_port {
    weft_blob_port_options options;
    weft_account *account;
    weft_arena *net_arena, *arena; /* of the network's thread; of the other, as are ctx, uploads and chunk */
    weft_ctx net_ctx, ctx;
    blob_upload uploads[UPLOADS_MAX];
    uint8_t *chunk;
    weft_mailbox *requests; /* of blob_request * */
    pthread_t thread;
    bool runs, has_lock;
    pthread_mutex_t lock;
    weft_net *net; /* guarded by lock, as is all that follows */
    weft_blob_port_counts counts;
    uint64_t epoch;  /* the highest that was heard of */
    int32_t waiting; /* requests in the box, of what peers said */
};

/* ---- what comes, in the network's thread ---- */

static void request_free(blob_request *r)
{
    if (r == NULL) return;
    weft_net_kept_free(&r->kept);
    weft_mem_free(r);
}

static weft_net *net_of(weft_blob_port *p)
{
    pthread_mutex_lock(&p->lock);
    weft_net *const net = p->net;
    pthread_mutex_unlock(&p->lock);
    return net;
}

static void answer(weft_ctx *ctx, weft_blob_port *p, weft_net_peer peer, const weft_blob_message *m)
{
    uint8_t head[WEFT_BLOB_HEAD_BYTES];
    weft_blob_put_head(head, m);
    const weft_net_frame frames[2] = {{.bytes = head, .len = sizeof(head)},
                                      {.bytes = m->body, .len = m->body_bytes}};
    weft_net *const net = net_of(p);
    if (net != NULL && weft_net_send(ctx, net, peer, frames, m->body_bytes > 0 ? 2 : 1) == WEFT_OK) return;
    weft_error_clear(ctx); /* the peer is gone, or takes nothing: it hears silence */
}

/* ctx->error, to a peer. */
static void refuse(weft_ctx *ctx, weft_blob_port *p, weft_net_peer peer)
{
    char text[WEFT_BLOB_TEXT_BYTES];
    snprintf(text, sizeof(text), "%.*s", (int)sizeof(text) - 1, ctx->error.message);
    const weft_blob_message m = {.kind = WEFT_BLOB_REFUSED,
                                 .code = ctx->error.code,
                                 .body = (const uint8_t *)text,
                                 .body_bytes = strlen(text)};
    answer(ctx, p, peer, &m);
    weft_error_clear(ctx);
    pthread_mutex_lock(&p->lock);
    p->counts.refused++;
    pthread_mutex_unlock(&p->lock);
}

static bool may_ask(const weft_blob_port *p, const weft_identity *who, const weft_blob_message *m)
{
    if (p->options.keys == NULL || who->role == WEFT_ROLE_COORDINATOR) return true;
    return who->role == WEFT_ROLE_WORKER && m->kind == WEFT_BLOB_GET && m->class == WEFT_BLOB_ARTIFACT;
}

static bool is_request(weft_blob_kind kind)
{
    return kind == WEFT_BLOB_PUT || kind == WEFT_BLOB_CHUNK || kind == WEFT_BLOB_GET ||
           kind == WEFT_BLOB_KEEP || kind == WEFT_BLOB_CLOCK;
}

/* One more waits, or one less; false: there is no room. */
static bool count_waiting(weft_blob_port *p, int32_t change)
{
    pthread_mutex_lock(&p->lock);
    const bool has_room = change < 0 || p->waiting < REQUESTS_MAX;
    if (has_room) p->waiting += change;
    pthread_mutex_unlock(&p->lock);
    return has_room;
}

static weft_status take_request(weft_ctx *ctx, weft_blob_port *p, weft_net_peer peer,
                                const weft_identity *who, const weft_net_frame *frames, int32_t count)
{
    weft_status st = WEFT_OK;
    blob_request *r = NULL;
    if (count > 2) return weft_fail(ctx, WEFT_CORRUPT, "a message about a blob has %d parts", count);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*r), (void **)&r));
    r->peer = peer;
    const uint8_t *body = count == 2 ? weft_net_keep(&frames[1], &r->kept) : NULL;
    WEFT_TRY(st, weft_blob_read_message(ctx, frames[0].bytes, frames[0].len, body,
                                        count == 2 ? frames[1].len : 0, &r->message));
    if (!is_request(r->message.kind) || !may_ask(p, who, &r->message))
        WEFT_TRY(st, weft_fail(ctx, WEFT_PERMISSION_DENIED, "a %s may not ask this of a coordinator",
                               weft_role_name(who->role)));
    if (!count_waiting(p, 1)) WEFT_TRY(st, weft_fail(ctx, WEFT_LIMIT, "too many ask at once: try again"));
    st = weft_mailbox_put(ctx, p->requests, &r, false);
    if (st == WEFT_OK)
        r = NULL;
    else
        (void)count_waiting(p, -1);
done:
    request_free(r);
    return st;
}

static void on_message(void *self, weft_net_peer peer, const weft_identity *who, const weft_net_frame *frames,
                       int32_t count)
{
    weft_blob_port *p = self;
    weft_ctx *ctx = &p->net_ctx;
    const weft_status st = take_request(ctx, p, peer, who, frames, count);
    if (st == WEFT_LIMIT || st == WEFT_PERMISSION_DENIED) {
        refuse(ctx, p, peer);
    } else if (st != WEFT_OK) {
        weft_log_error(WEFT_LOG_WARN, "blob_message_ignored", &ctx->error);
        weft_error_clear(ctx);
        pthread_mutex_lock(&p->lock);
        p->counts.ignored++;
        pthread_mutex_unlock(&p->lock);
    }
    weft_arena_reset(p->net_arena);
}

static void on_gone(void *self, weft_net_peer peer, const char *why)
{
    weft_blob_port *p = self;
    weft_ctx *ctx = &p->net_ctx;
    blob_request *r = NULL;
    (void)why;
    weft_status st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*r), (void **)&r);
    if (st == WEFT_OK) {
        r->peer = peer;
        r->is_gone = true;
        st = weft_mailbox_put(ctx, p->requests, &r, false);
    }
    if (st != WEFT_OK) request_free(r); /* no memory: its row is free again when this process begins anew */
    weft_error_clear(ctx);
}

/* ---- uploads ---- */

static blob_upload *find_upload(weft_blob_port *p, weft_net_peer peer)
{
    for (int32_t i = 0; i < UPLOADS_MAX; i++)
        if (p->uploads[i].peer == peer) return &p->uploads[i];
    return NULL;
}

static void count_uploads(weft_blob_port *p)
{
    int32_t count = 0;
    for (int32_t i = 0; i < UPLOADS_MAX; i++) count += p->uploads[i].peer != 0;
    pthread_mutex_lock(&p->lock);
    p->counts.uploads = count;
    pthread_mutex_unlock(&p->lock);
}

static void drop_upload(weft_blob_port *p, blob_upload *u)
{
    if (u == NULL) return;
    weft_blob_abandon(&u->writer);
    *u = (blob_upload){0};
    count_uploads(p);
}

static weft_status check_epoch(weft_ctx *ctx, weft_blob_port *p, uint64_t epoch)
{
    pthread_mutex_lock(&p->lock);
    const uint64_t highest = p->epoch;
    if (epoch > highest) p->epoch = epoch;
    pthread_mutex_unlock(&p->lock);
    if (epoch >= highest) return WEFT_OK;
    return weft_fail(ctx, WEFT_NOT_LEADER, "epoch %" PRIu64 " leads, not %" PRIu64, highest, epoch);
}

static void say_ready(weft_ctx *ctx, weft_blob_port *p, const blob_upload *u)
{
    weft_blob_message m = {.kind = WEFT_BLOB_READY, .class = u->class, .index = u->next};
    memcpy(m.name, u->name, sizeof(m.name));
    answer(ctx, p, u->peer, &m);
}

static weft_status take_put(weft_ctx *ctx, weft_blob_port *p, const blob_request *r)
{
    weft_status st = WEFT_OK;
    const weft_blob_message *m = &r->message;
    blob_upload *u = find_upload(p, r->peer);
    drop_upload(p, u);
    WEFT_TRY(st, check_epoch(ctx, p, m->epoch));
    u = find_upload(p, 0);
    if (u == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_UNREACHABLE, "too many blobs come at once: try again"));
    WEFT_TRY(st, weft_blob_create(ctx, p->options.stores[m->class], m->name, m->bytes, &u->writer));
    if (u->writer == NULL) {
        answer(ctx, p, r->peer, &(weft_blob_message){.kind = WEFT_BLOB_DONE, .class = m->class});
        return WEFT_OK;
    }
    u->peer = r->peer;
    u->class = m->class;
    u->chunks = weft_blob_chunks(m->bytes);
    memcpy(u->name, m->name, sizeof(u->name));
    count_uploads(p);
    say_ready(ctx, p, u);
done:
    return st;
}

static weft_status take_chunk(weft_ctx *ctx, weft_blob_port *p, const blob_request *r)
{
    weft_status st = WEFT_OK;
    const weft_blob_message *m = &r->message;
    blob_upload *u = find_upload(p, r->peer);
    if (u == NULL || strcmp(u->name, m->name) != 0 || u->next != m->index)
        WEFT_TRY(st, weft_fail(ctx, WEFT_INVALID, "chunk %" PRId32 " of a blob was not expected", m->index));
    WEFT_TRY(st, weft_blob_append(ctx, u->writer, m->body, m->body_bytes));
    u->next++;
    pthread_mutex_lock(&p->lock);
    p->counts.bytes_in += (int64_t)m->body_bytes;
    pthread_mutex_unlock(&p->lock);
    if (u->next < u->chunks) {
        say_ready(ctx, p, u);
        return WEFT_OK;
    }
    WEFT_TRY(st, weft_blob_finish(ctx, &u->writer));
    answer(ctx, p, r->peer, &(weft_blob_message){.kind = WEFT_BLOB_DONE, .class = u->class});
    drop_upload(p, u);
    pthread_mutex_lock(&p->lock);
    p->counts.puts++;
    pthread_mutex_unlock(&p->lock);
done:
    if (st != WEFT_OK) drop_upload(p, u);
    return st;
}

/* ---- reading, sweeping ---- */

static weft_status take_get(weft_ctx *ctx, weft_blob_port *p, const blob_request *r)
{
    weft_status st = WEFT_OK;
    weft_blob_store *store = p->options.stores[r->message.class];
    weft_blob_message m = {.kind = WEFT_BLOB_CHUNK, .class = r->message.class, .body = p->chunk};
    memcpy(m.name, r->message.name, sizeof(m.name));
    for (int32_t i = 0; i < r->message.count; i++) {
        m.index = r->message.index + i;
        if (!weft_blob_find(store, m.name, &m.bytes))
            WEFT_TRY(st, weft_fail(ctx, WEFT_NOT_FOUND, "the blob %s is not here", m.name));
        WEFT_TRY(st, weft_blob_read(ctx, store, m.name, m.index, p->chunk, &m.body_bytes));
        answer(ctx, p, r->peer, &m);
        pthread_mutex_lock(&p->lock);
        p->counts.gets++;
        p->counts.bytes_out += (int64_t)m.body_bytes;
        pthread_mutex_unlock(&p->lock);
    }
done:
    return st;
}

static void take_clock(weft_ctx *ctx, weft_blob_port *p, const blob_request *r)
{
    const weft_clock *clock = weft_clock_system();
    const weft_blob_message m = {.kind = WEFT_BLOB_CLOCK, .time_ns = clock->now_ns(clock->self)};
    answer(ctx, p, r->peer, &m);
}

/* What came after the list was begun may be needed and not be in it. */
static weft_status take_keep(weft_ctx *ctx, weft_blob_port *p, const blob_request *r)
{
    weft_status st = WEFT_OK;
    const weft_blob_message *m = &r->message;
    weft_blob_store *store = p->options.stores[m->class];
    uint64_t *needed = NULL, *here = NULL, *missing = NULL;
    int32_t here_count = 0, removed = 0;
    const weft_clock *clock = weft_clock_system();
    const int64_t before_ns = weft_min_i64(m->time_ns, clock->now_ns(clock->self)) - p->options.idle_ns;
    WEFT_TRY(st, check_epoch(ctx, p, m->epoch));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->count + 1, &needed));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->count + 1, &missing));
    for (int32_t i = 0; i < m->count; i++) needed[i] = weft_blob_message_id(m, i);
    qsort(needed, (size_t)m->count, sizeof(*needed), weft_blob_compare_ids);
    weft_blob_store_sweep(ctx, store, needed, m->count, before_ns, &removed);
    WEFT_TRY(st, weft_blob_store_list(ctx, store, &here, &here_count));
    weft_blob_message done = {.kind = WEFT_BLOB_DONE, .class = m->class, .body = (const uint8_t *)missing};
    for (int32_t i = 0; i < m->count; i++)
        if (bsearch(&needed[i], here, (size_t)here_count, sizeof(*here), weft_blob_compare_ids) == NULL)
            missing[done.count++] = needed[i];
    done.body_bytes = (size_t)done.count * sizeof(*missing);
    answer(ctx, p, r->peer, &done);
    pthread_mutex_lock(&p->lock);
    p->counts.keeps++;
    pthread_mutex_unlock(&p->lock);
done:
    return st;
}

/* ---- the thread ---- */

static void handle(weft_blob_port *p, const blob_request *r)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &p->ctx;
    if (r->is_gone) {
        drop_upload(p, find_upload(p, r->peer));
        return;
    }
    switch (r->message.kind) {
    case WEFT_BLOB_PUT: st = take_put(ctx, p, r); break;
    case WEFT_BLOB_CHUNK: st = take_chunk(ctx, p, r); break;
    case WEFT_BLOB_GET: st = take_get(ctx, p, r); break;
    case WEFT_BLOB_KEEP: st = take_keep(ctx, p, r); break;
    case WEFT_BLOB_CLOCK: take_clock(ctx, p, r); break;
    case WEFT_BLOB_READY:
    case WEFT_BLOB_DONE:
    case WEFT_BLOB_REFUSED: break; /* is_request leaves none of them */
    }
    if (st == WEFT_OK) return;
    if (st != WEFT_NOT_FOUND) weft_log_error(WEFT_LOG_WARN, "blob_refused", &ctx->error);
    refuse(ctx, p, r->peer);
}

static void *run(void *self)
{
    weft_blob_port *p = self;
    blob_request *r = NULL;
    while (weft_mailbox_take(p->requests, &r, INT64_MAX)) {
        handle(p, r);
        if (!r->is_gone) (void)count_waiting(p, -1);
        request_free(r);
        weft_arena_reset(p->arena);
    }
    return NULL;
}

/* ---- life ---- */

static weft_status listen_for_all(weft_ctx *ctx, weft_blob_port *p)
{
    weft_status st = WEFT_OK;
    weft_net *net = NULL;
    char address[300];
    snprintf(address, sizeof(address), "tcp://%s:%" PRId32, p->options.host, p->options.port);
    const weft_net_options options = {.listen = address,
                                      .keys = p->options.keys,
                                      .role = WEFT_ROLE_COORDINATOR,
                                      .handler = {.self = p, .message = on_message, .gone = on_gone},
                                      .silence_ms = SILENCE_MS,
                                      .queue_bytes = QUEUE_BYTES,
                                      .message_bytes = MESSAGE_BYTES,
                                      .peers_max = PEERS_MAX};
    WEFT_TRY(st, weft_net_start(ctx, &options, &net));
    pthread_mutex_lock(&p->lock);
    p->net = net;
    pthread_mutex_unlock(&p->lock);
done:
    return st;
}

weft_status weft_blob_port_start(weft_ctx *ctx, const weft_blob_port_options *options, weft_blob_port **out)
{
    weft_status st = WEFT_OK;
    weft_blob_port *p = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*p), (void **)&p));
    p->options = *options;
    pthread_mutex_init(&p->lock, NULL);
    p->has_lock = true;
    p->account = weft_account_open(options->pool, "blobs");
    p->arena = p->account == NULL ? NULL : weft_arena_new(p->account);
    p->net_arena = p->account == NULL ? NULL : weft_arena_new(p->account);
    if (p->arena == NULL || p->net_arena == NULL)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for the port of blobs"));
    weft_ctx_init(&p->ctx, p->arena, p->account, options->settings);
    weft_ctx_init(&p->net_ctx, p->net_arena, p->account, options->settings);
    WEFT_TRY(st, weft_mem_alloc(&p->ctx, WEFT_MEM_WORKING, WEFT_BLOB_CHUNK_BYTES, (void **)&p->chunk));
    WEFT_TRY(st, weft_mailbox_new(&p->ctx, sizeof(blob_request *), BOX_MAX, &p->requests));
    if (pthread_create(&p->thread, NULL, run, p) != 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "the system refuses a thread for blobs"));
    p->runs = true;
    WEFT_TRY(st, listen_for_all(ctx, p));
    *out = p;
    p = NULL;
done:
    weft_blob_port_stop(&p);
    return st;
}

int32_t weft_blob_port_number(const weft_blob_port *p) { return weft_net_port(p->net); }

void weft_blob_port_see_epoch(weft_blob_port *p, uint64_t epoch)
{
    pthread_mutex_lock(&p->lock);
    if (epoch > p->epoch) p->epoch = epoch;
    pthread_mutex_unlock(&p->lock);
}

void weft_blob_port_count(weft_blob_port *p, weft_blob_port_counts *out)
{
    pthread_mutex_lock(&p->lock);
    *out = p->counts;
    pthread_mutex_unlock(&p->lock);
}

void weft_blob_port_stop(weft_blob_port **slot)
{
    weft_blob_port *p = *slot;
    blob_request *left = NULL;
    *slot = NULL;
    if (p == NULL) return;
    if (p->requests != NULL) weft_mailbox_close(p->requests);
    if (p->runs) pthread_join(p->thread, NULL);
    weft_net *net = p->has_lock ? net_of(p) : NULL;
    weft_net_stop(&net, LINGER_MS);
    while (p->requests != NULL && weft_mailbox_take(p->requests, &left, 0)) request_free(left);
    for (int32_t i = 0; i < UPLOADS_MAX; i++) weft_blob_abandon(&p->uploads[i].writer);
    weft_mailbox_free(&p->requests);
    weft_mem_free(p->chunk);
    weft_arena_free(&p->arena);
    weft_arena_free(&p->net_arena);
    weft_account_close(&p->account);
    if (p->has_lock) pthread_mutex_destroy(&p->lock);
    weft_mem_free(p);
}
