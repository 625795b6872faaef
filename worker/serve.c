/* worker/serve.c - see serve.h.
 *
 * A request is a copy of the message's first frame, in a bounded queue. Answers go out in messages of many
 * items, closed when they have enough frames or bytes.
 *
 * Memory: requests and messages are working memory of few bytes; pages read from scratch are retained, and
 * refused when there is none. A page lent from a block holds a count of the block and a pin of its partition
 * until libzmq has sent it (in libzmq's thread). */
#include "worker/serve.h"

#include <lz4.h>
#include <pthread.h>
#include <string.h>

#include "common/hash.h"
#include "common/mailbox.h"
#include "common/settings.h"
#include "engine/exec/block_remote.h"
#include "proto/data.h"

enum {
    SERVE_THREADS = 2, /* one may wait for a disk while the other sends what is in memory */
    SERVE_REQUESTS_MAX = 1024,
    SERVE_MESSAGE_BYTES = 1 << 20,              /* four large pages */
    SERVE_FRAMES_MAX = WEFT_NET_FRAMES_MAX - 2, /* a page has up to two */
    SERVE_QUEUE_BYTES =
        256 << 20, /* of one peer: mostly pages that are lent; at half of it pages are refused */
    SERVE_PEERS_MAX = 16384,
    SERVE_SILENCE_MS = 10000,
    SERVE_LINGER_MS = 100,
    REQUEST_BYTES_MAX = WEFT_DATA_HEAD_BYTES + WEFT_DATA_ITEMS_MAX * WEFT_DATA_ITEM_BYTES_MAX,
    COMPRESS_LEAST = 512 /* smaller pages are sent as they are */
};

typedef struct serve_request {
    weft_net_peer peer;
    uint8_t *bytes; /* a memory block */
    weft_data_head head;
} serve_request;

typedef struct serve_thread {
    weft_serve *serve;
    pthread_t thread;
    weft_arena *arena; /* for one request */
} serve_thread;

struct weft_serve {
    weft_serve_options options;
    weft_account *account;
    weft_arena *arena; /* of the network's thread */
    weft_ctx ctx;
    uint64_t host;
    bool always, never; /* compress */
    weft_mailbox *requests;
    serve_thread threads[SERVE_THREADS];
    int32_t started;
    pthread_mutex_t lock;
    weft_net *net;            /* guarded by lock: its thread may call before its maker knows it */
    weft_serve_counts counts; /* guarded by lock */
};

/* An answer in the making. */
typedef struct reply {
    weft_serve *serve;
    weft_net *net;
    weft_net_peer peer;
    weft_data_kind kind;
    uint64_t id;
    bool compress;
    int32_t items, frame_count;
    int64_t bytes, stored;
    weft_serve_counts counts;
    weft_net_frame frames[WEFT_NET_FRAMES_MAX]; /* [0] is the first frame */
    uint8_t first[WEFT_DATA_HEAD_BYTES + WEFT_NET_FRAMES_MAX * WEFT_DATA_ITEM_BYTES_MAX];
} reply;

uint64_t weft_host_number(const char *host_id)
{
    return host_id == NULL ? 0 : weft_hash_bytes(host_id, strlen(host_id));
}

/* ---- answers ---- */

static weft_net *serve_net(weft_serve *serve)
{
    pthread_mutex_lock(&serve->lock);
    weft_net *const net = serve->net;
    pthread_mutex_unlock(&serve->lock);
    return net;
}

static void reply_open(reply *r, weft_serve *serve, const serve_request *request, weft_data_kind kind)
{
    r->serve = serve;
    r->net = serve_net(serve);
    r->peer = request->peer;
    r->kind = kind;
    r->id = request->head.id;
    r->compress = !serve->never && (serve->always || request->head.host != serve->host);
    r->items = 0;
    r->frame_count = 1;
    r->bytes = r->stored = 0;
    r->counts = (weft_serve_counts){0};
}

static void frames_release(weft_net_frame *frames, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (frames[i].release != NULL) frames[i].release(frames[i].owner);
}

/* Send what there is. Whatever cannot be sent is dropped: the peer is gone, or has its queue full of answers
 * of ours, and asks again. */
static void reply_flush(weft_ctx *ctx, reply *r)
{
    const weft_data_head head = {.kind = r->kind, .count = r->items, .id = r->id};
    if (r->items == 0) return;
    weft_data_put_head(r->first, &head);
    r->frames[0] = (weft_net_frame){.bytes = r->first, .len = weft_data_bytes(r->kind, r->items)};
    const weft_status st = weft_net_send(ctx, r->net, r->peer, r->frames, r->frame_count);
    if (st != WEFT_OK) {
        frames_release(r->frames + 1, r->frame_count - 1);
        weft_error_clear(ctx);
    }
    r->items = 0;
    r->frame_count = 1;
    r->bytes = 0;
}

/* Room for one more item with its frames. */
static void reply_room(weft_ctx *ctx, reply *r)
{
    if (r->frame_count >= SERVE_FRAMES_MAX || r->items == WEFT_NET_FRAMES_MAX ||
        r->bytes >= SERVE_MESSAGE_BYTES)
        reply_flush(ctx, r);
}

static void reply_frame(reply *r, const void *bytes, size_t len, void (*release)(void *owner), void *owner)
{
    assert(r->frame_count < WEFT_NET_FRAMES_MAX);
    r->frames[r->frame_count++] =
        (weft_net_frame){.bytes = bytes, .len = len, .release = release, .owner = owner};
    r->bytes += (int64_t)len;
}

/* ---- headers ---- */

static void answer_header(weft_ctx *ctx, reply *r, const weft_block_name *name, int32_t index, bool known)
{
    weft_data_answer answer = {.index = index, .state = WEFT_DATA_GONE};
    weft_block *block = known ? weft_store_find(r->serve->options.store, name) : NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    reply_room(ctx, r);
    if (block != NULL) {
        answer.state = WEFT_DATA_BUSY;
        if (weft_block_header_encode(ctx, block, &bytes, &len) == WEFT_OK && len <= UINT32_MAX) {
            answer.state = WEFT_DATA_HERE;
            answer.bytes = (uint32_t)len;
            reply_frame(r, bytes, len, weft_mem_free, bytes);
            r->counts.headers++;
        } else {
            weft_mem_free(bytes);
            weft_error_clear(ctx);
        }
        weft_block_release(&block);
    }
    r->counts.busy += answer.state == WEFT_DATA_BUSY;
    r->counts.gone += answer.state == WEFT_DATA_GONE;
    weft_data_put_answer(r->first, r->items++, &answer);
}

/* ---- pages ---- */

/* A partition of a block, pinned as long as pages of it are lent. */
typedef struct loan {
    atomic_int users;
    int32_t partition;
    weft_block *block;
} loan;

static weft_status loan_new(weft_ctx *ctx, weft_block *block, int32_t partition, loan **out)
{
    const weft_status st = weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(**out), (void **)out);
    if (st != WEFT_OK) return st;
    atomic_init(&(*out)->users, 1);
    (*out)->partition = partition;
    (*out)->block = weft_block_share(block);
    weft_block_pin(block, partition);
    return WEFT_OK;
}

static void loan_release(void *owner)
{
    loan *l = owner;
    if (atomic_fetch_sub_explicit(&l->users, 1, memory_order_acq_rel) > 1) return;
    weft_block_unpin(l->block, l->partition);
    weft_block_release(&l->block);
    weft_mem_free(l);
}

static void *loan_share(loan *l)
{
    atomic_fetch_add_explicit(&l->users, 1, memory_order_relaxed);
    return l;
}

/* The image without its head as an LZ4 block, or NULL when that saves less than an eighth, or there is no
 * memory to find out. */
static uint8_t *compress_pieces(weft_ctx *ctx, const weft_page_pieces *p, uint32_t *stored)
{
    const size_t len = p->rows_len + p->heap_len;
    uint8_t *plain = NULL, *packed = NULL;
    const uint8_t *from = p->rows;
    int made = 0;
    if (len < COMPRESS_LEAST || len > LZ4_MAX_INPUT_SIZE) return NULL;
    if (p->heap_len > 0 && p->rows + p->rows_len != p->heap) {
        if (weft_mem_alloc(ctx, WEFT_MEM_RETAINED, len, (void **)&plain) != WEFT_OK) goto done;
        memcpy(plain, p->rows, p->rows_len);
        memcpy(plain + p->rows_len, p->heap, p->heap_len);
        from = plain;
    }
    const size_t most = len - len / 8;
    if (weft_mem_alloc(ctx, WEFT_MEM_RETAINED, most, (void **)&packed) != WEFT_OK) goto done;
    made = LZ4_compress_default((const char *)from, (char *)packed, (int)len, (int)most);
done:
    weft_error_clear(ctx);
    weft_mem_free(plain);
    if (made <= 0) {
        weft_mem_free(packed);
        return NULL;
    }
    *stored = (uint32_t)made;
    return packed;
}

/* One page as an item and its frames. Errors: those of reading it. */
static weft_status answer_page(weft_ctx *ctx, reply *r, loan *l, const weft_data_want *want, int32_t page)
{
    weft_status st = WEFT_OK;
    weft_page_pieces pieces = {0};
    weft_data_page item = {.stream = want->stream, .page = page, .count = 1, .state = WEFT_DATA_HERE};
    const int32_t before = r->frame_count;
    uint8_t *packed = NULL;
    WEFT_TRY(st, weft_block_page_pieces(ctx, l->block, l->partition, page, &pieces));
    item.stored = (uint32_t)(pieces.rows_len + pieces.heap_len);
    item.bytes = (uint32_t)sizeof(pieces.head) + item.stored;
    item.crc = pieces.crc;
    memcpy(item.head, pieces.head, sizeof(item.head));
    if (r->compress) packed = compress_pieces(ctx, &pieces, &item.stored);
    if (packed != NULL) {
        weft_mem_free(pieces.loaded);
        reply_frame(r, packed, item.stored, weft_mem_free, packed);
    } else if (pieces.whole != NULL && item.stored > 0) { /* one frame, that the fetcher may leave as it is */
        void *const owner = pieces.loaded != NULL ? pieces.loaded : loan_share(l);
        item.stored = item.bytes;
        reply_frame(r, pieces.whole, item.bytes, pieces.loaded != NULL ? weft_mem_free : loan_release, owner);
    } else {
        weft_mem_free(pieces.loaded);
        if (pieces.rows_len > 0) reply_frame(r, pieces.rows, pieces.rows_len, loan_release, loan_share(l));
        if (pieces.heap_len > 0) reply_frame(r, pieces.heap, pieces.heap_len, loan_release, loan_share(l));
    }
    item.frames = r->frame_count - before;
    weft_data_put_page(r->first, r->items++, &item);
    r->counts.pages++;
    r->counts.bytes += item.bytes;
    r->counts.relayed += weft_block_is_remote(l->block) ? item.bytes : 0;
    r->counts.stored += item.stored + (item.stored < item.bytes ? (int64_t)sizeof(item.head) : 0);
done:
    return st;
}

/* Pages [page, end of the want) are not sent. */
static void answer_without(weft_ctx *ctx, reply *r, const weft_data_want *want, int32_t page,
                           weft_data_state state)
{
    const weft_data_page item = {
        .stream = want->stream, .page = page, .count = want->first + want->count - page, .state = state};
    reply_room(ctx, r);
    weft_data_put_page(r->first, r->items++, &item);
    r->counts.busy += state == WEFT_DATA_BUSY;
    r->counts.gone += state == WEFT_DATA_GONE;
}

static void answer_want(weft_ctx *ctx, reply *r, const weft_data_want *want, bool known)
{
    weft_status st = WEFT_OK;
    weft_block *block = known ? weft_store_find(r->serve->options.store, &want->name) : NULL;
    weft_relay *relay = known ? r->serve->options.relay : NULL;
    loan *l = NULL;
    bool coming = false; /* what is not here may come yet */
    int32_t page = want->first;
    if (block == NULL && relay != NULL) block = weft_relay_find(ctx, relay, &want->name, &coming);
    if (block == NULL || want->partition >= weft_block_partitions(block) ||
        want->first + want->count > weft_block_page_count(block, want->partition)) {
        answer_without(ctx, r, want, page, block == NULL && coming ? WEFT_DATA_BUSY : WEFT_DATA_GONE);
        goto done;
    }
    WEFT_TRY(st, loan_new(ctx, block, want->partition, &l));
    for (; page < want->first + want->count; page++) {
        reply_room(ctx, r);
        if (weft_net_waiting_bytes(r->net, r->peer) > SERVE_QUEUE_BYTES / 2)
            WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "a fetcher's queue is full"));
        WEFT_TRY(st, answer_page(ctx, r, l, want, page));
    }
done:
    if (st != WEFT_OK) { /* what scratch does not give back is lost, as a damaged page is */
        const bool later = st == WEFT_NOMEM || (st == WEFT_FETCH_FAILED && coming);
        answer_without(ctx, r, want, page, later ? WEFT_DATA_BUSY : WEFT_DATA_GONE);
        weft_error_clear(ctx);
    }
    if (l != NULL) loan_release(l);
    weft_block_release(&block);
}

/* ---- threads ---- */

static void count_reply(weft_serve *serve, const weft_serve_counts *more)
{
    pthread_mutex_lock(&serve->lock);
    serve->counts.headers += more->headers;
    serve->counts.pages += more->pages;
    serve->counts.bytes += more->bytes;
    serve->counts.stored += more->stored;
    serve->counts.relayed += more->relayed;
    serve->counts.busy += more->busy;
    serve->counts.gone += more->gone;
    serve->counts.ignored += more->ignored;
    pthread_mutex_unlock(&serve->lock);
}

static void answer(weft_ctx *ctx, reply *r, weft_serve *serve, const serve_request *request)
{
    const bool known = weft_uuid_equal(request->head.process, serve->options.uuid);
    const bool pages = request->head.kind == WEFT_DATA_PAGES;
    reply_open(r, serve, request, pages ? WEFT_DATA_GAVE_PAGES : WEFT_DATA_GAVE_HEADERS);
    for (int32_t i = 0; i < request->head.count; i++) {
        if (pages) {
            weft_data_want want;
            weft_data_get_want(request->bytes, i, &want);
            answer_want(ctx, r, &want, known);
        } else {
            weft_block_name name;
            weft_data_get_name(request->bytes, i, &name);
            answer_header(ctx, r, &name, i, known);
        }
    }
    reply_flush(ctx, r);
    count_reply(serve, &r->counts);
}

static void *serve_main(void *self)
{
    serve_thread *t = self;
    weft_serve *serve = t->serve;
    serve_request request;
    weft_ctx ctx;
    reply r;
    weft_ctx_init(&ctx, t->arena, serve->account, serve->options.settings);
    while (weft_mailbox_take(serve->requests, &request, INT64_MAX)) {
        answer(&ctx, &r, serve, &request);
        weft_mem_free(request.bytes);
        weft_arena_reset(t->arena);
    }
    return NULL;
}

/* ---- the network's thread ---- */

/* There is no room for this request: every item of it is answered BUSY. */
static void refuse(weft_serve *serve, const serve_request *request)
{
    reply r;
    const bool pages = request->head.kind == WEFT_DATA_PAGES;
    reply_open(&r, serve, request, pages ? WEFT_DATA_GAVE_PAGES : WEFT_DATA_GAVE_HEADERS);
    for (int32_t i = 0; i < request->head.count; i++) {
        if (pages) {
            weft_data_want want;
            weft_data_get_want(request->bytes, i, &want);
            answer_without(&serve->ctx, &r, &want, want.first, WEFT_DATA_BUSY);
        } else {
            const weft_data_answer busy = {.index = i, .state = WEFT_DATA_BUSY};
            reply_room(&serve->ctx, &r);
            weft_data_put_answer(r.first, r.items++, &busy);
            r.counts.busy++;
        }
    }
    reply_flush(&serve->ctx, &r);
    count_reply(serve, &r.counts);
}

static void on_message(void *self, weft_net_peer peer, const weft_identity *who, const weft_net_frame *frames,
                       int32_t count)
{
    weft_serve *serve = self;
    weft_status st = WEFT_OK;
    serve_request request = {.peer = peer};
    bool sound = false;
    const bool allowed = serve->options.keys == NULL || who->role == WEFT_ROLE_WORKER ||
                         who->role == WEFT_ROLE_COORDINATOR;
    if (!allowed || count != 1) goto done;
    WEFT_TRY(st, weft_data_check(&serve->ctx, frames[0].bytes, frames[0].len, &request.head));
    sound = request.head.kind == WEFT_DATA_HEADERS || request.head.kind == WEFT_DATA_PAGES;
    if (!sound) goto done;
    request.bytes = (uint8_t *)(uintptr_t)frames[0].bytes; /* for `refuse`, while this call lasts */
    uint8_t *copy = NULL;
    st = weft_mem_alloc(&serve->ctx, WEFT_MEM_WORKING, frames[0].len, (void **)&copy);
    if (st == WEFT_OK) {
        serve_request queued = request;
        memcpy(copy, frames[0].bytes, frames[0].len);
        queued.bytes = copy;
        st = weft_mailbox_put(&serve->ctx, serve->requests, &queued, false);
    }
    if (st != WEFT_OK) {
        weft_mem_free(copy);
        weft_error_clear(&serve->ctx);
        refuse(serve, &request);
    }
done:
    if (sound) return;
    const weft_serve_counts ignored = {.ignored = 1};
    weft_error_clear(&serve->ctx);
    count_reply(serve, &ignored);
    weft_net_drop(serve_net(serve), peer);
}

/* ---- life ---- */

static weft_status serve_listen(weft_ctx *ctx, weft_serve *serve)
{
    const weft_net_options net = {.listen = serve->options.listen,
                                  .keys = serve->options.keys,
                                  .role = WEFT_ROLE_WORKER,
                                  .handler = {.self = serve, .message = on_message},
                                  .silence_ms = SERVE_SILENCE_MS,
                                  .queue_bytes = SERVE_QUEUE_BYTES,
                                  .message_bytes = REQUEST_BYTES_MAX,
                                  .peers_max = SERVE_PEERS_MAX,
                                  .lends_freely = true};
    pthread_mutex_lock(&serve->lock);
    const weft_status st = weft_net_start(ctx, &net, &serve->net);
    pthread_mutex_unlock(&serve->lock);
    return st;
}

weft_status weft_serve_start(weft_ctx *ctx, const weft_serve_options *options, weft_serve **out)
{
    weft_status st = WEFT_OK;
    weft_serve *serve = NULL;
    weft_account *const callers = ctx->memory;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*serve), (void **)&serve));
    serve->options = *options;
    serve->host = weft_host_number(options->host_id);
    const char *compress = options->settings->text[WEFT_SET_EXCHANGE_COMPRESS];
    serve->always = strcmp(compress, "always") == 0;
    serve->never = strcmp(compress, "never") == 0;
    pthread_mutex_init(&serve->lock, NULL);
    serve->account = weft_account_open(options->pool, "block server");
    serve->arena = serve->account == NULL ? NULL : weft_arena_new(serve->account);
    if (serve->arena == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for a block server"));
    weft_ctx_init(&serve->ctx, serve->arena, serve->account, options->settings);
    ctx->memory = serve->account;
    WEFT_TRY(st, weft_mailbox_new(ctx, sizeof(serve_request), SERVE_REQUESTS_MAX, &serve->requests));
    WEFT_TRY(st, serve_listen(ctx, serve));
    for (; serve->started < SERVE_THREADS; serve->started++) {
        serve_thread *t = &serve->threads[serve->started];
        t->serve = serve;
        t->arena = weft_arena_new(serve->account);
        if (t->arena == NULL || pthread_create(&t->thread, NULL, serve_main, t) != 0) {
            weft_arena_free(&t->arena);
            WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "there is no other thread for the block server"));
        }
    }
    *out = serve;
    serve = NULL;
done:
    ctx->memory = callers;
    weft_serve_stop(&serve);
    return st;
}

int32_t weft_serve_port(const weft_serve *serve) { return weft_net_port(serve->net); }

void weft_serve_count(weft_serve *serve, weft_serve_counts *out)
{
    pthread_mutex_lock(&serve->lock);
    *out = serve->counts;
    pthread_mutex_unlock(&serve->lock);
}

void weft_serve_stop(weft_serve **serve_p)
{
    weft_serve *serve = *serve_p;
    serve_request request;
    *serve_p = NULL;
    if (serve == NULL) return;
    if (serve->requests != NULL) weft_mailbox_close(serve->requests);
    for (int32_t i = 0; i < serve->started; i++) {
        pthread_join(serve->threads[i].thread, NULL);
        weft_arena_free(&serve->threads[i].arena);
    }
    weft_net_stop(&serve->net, SERVE_LINGER_MS);
    while (serve->requests != NULL && weft_mailbox_take(serve->requests, &request, 0))
        weft_mem_free(request.bytes);
    weft_mailbox_free(&serve->requests);
    weft_arena_free(&serve->arena);
    weft_account_close(&serve->account);
    pthread_mutex_destroy(&serve->lock);
    weft_mem_free(serve);
}
