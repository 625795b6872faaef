/* worker/fetch_stream.c - the pages of one partition, fetched in order and a little ahead of their reader.
 *
 * A stream has a ring of slots, page p in slot p % STREAM_SLOTS, for the pages [give, top). The reader's
 * thread gives each memory of the size that the block's header tells, and then asks for it:
 *
 *   EMPTY → WANTED (there is memory) → ASKED → COPYING → HERE → EMPTY (given to the reader)
 *               ↑_________ BUSY ________|
 *
 * A small page is copied into its memory by the network's thread; only that thread moves a slot from ASKED,
 * and only it writes to the memory of one that is COPYING, without the lock. For a large one the memory is
 * the message's: the slot only holds what libzmq received it into, charged since it was asked for, and a page
 * that came as one piece stays there until its reader is done with it. Nobody copies it, and the first to
 * look at its bytes is the reader's thread, which checks them.
 *
 * The first page of the ring is working memory: a reader always gets on. Those after it are retained, within
 * what a stream and all of a fetcher's may have. */
#include <lz4.h>
#include <string.h>

#include "worker/fetch_private.h"

enum {
    ASK_STREAMS = 16,       /* so many streams ask in one message, or fewer when they want … */
    ASK_BYTES = 256 * 1024, /* … this much, or when somebody waits */
    ASK_WANTS = 64,         /* of one message */
    STREAM_SLOTS = 32,
    KEEP_BYTES = 16 * 1024 /* pages from this size on stay in their messages: libzmq receives what is larger
                               than its buffer of 8 KiB into memory of just that size */
};

typedef enum slot_state { SLOT_EMPTY, SLOT_WANTED, SLOT_ASKED, SLOT_COPYING, SLOT_HERE } slot_state;

typedef struct stream_slot {
    slot_state state;       /* guarded by lock */
    bool ahead;             /* counted in the fetcher's ahead_bytes */
    uint32_t charged;       /* most bytes that the image may have */
    uint32_t bytes, stored; /* of the image (the least, until it is here); of its frames */
    uint32_t crc;
    void *memory; /* for the image; or a held_page, see slot_holds */
} stream_slot;

/* A page in the messages that it came in: the contents of a holder, which is charged what they may have. */
typedef struct held_page {
    int32_t frame_count;
    void *bytes[WEFT_DATA_PAGE_FRAMES];
    size_t len[WEFT_DATA_PAGE_FRAMES];
    weft_net_kept frames[WEFT_DATA_PAGE_FRAMES];
    uint8_t head[WEFT_DATA_PAGE_HEAD];
} held_page;

/* The origin of one stand-in. */
typedef struct fetch_origin {
    holder *holder;
    const weft_block *block;
} fetch_origin;

struct fetch_stream {
    fetch_stream *next; /* in its bucket; guarded by lock, as are all up to `slots` */
    uint64_t id;
    connection *conn;
    pthread_cond_t changed;
    fetch_stream *next_asking; /* of its connection */
    bool asking;
    int32_t copying; /* slots */
    bool gone, closing;
    int32_t tries; /* BUSY answers in a row */
    int64_t retry_ns;
    int32_t give, top, end; /* pages */
    stream_slot slots[STREAM_SLOTS];
    /* of the reader's thread: */
    const fetch_origin *of;
    int32_t partition;
    int64_t held_bytes; /* in the ring */
};

/* A message of wants in the making. */
typedef struct asks {
    weft_data_head head;
    weft_data_want wants[ASK_WANTS];
    fetch_stream *streams[ASK_WANTS];
} asks;

/* ---- asking ---- */

static weft_fetcher *fetcher_of(const fetch_stream *s) { return s->of->holder->fetcher; }

static stream_slot *slot_of(fetch_stream *s, int32_t page) { return &s->slots[page % STREAM_SLOTS]; }

static bool slot_holds(const stream_slot *slot) { return slot->charged >= KEEP_BYTES; }

static void held_release(void *contents)
{
    held_page *held = contents;
    for (int32_t i = 0; i < held->frame_count; i++) weft_net_kept_free(&held->frames[i]);
}

static weft_status slot_reserve(weft_ctx *ctx, stream_slot *slot)
{
    const weft_mem_kind kind = slot->ahead ? WEFT_MEM_RETAINED : WEFT_MEM_WORKING;
    if (!slot_holds(slot)) return weft_mem_alloc(ctx, kind, slot->charged, &slot->memory);
    return weft_mem_alloc_holder(ctx, kind, sizeof(held_page), slot->charged, held_release, &slot->memory);
}

/* May this many bytes be read ahead? Then they are counted. */
static bool ahead_take(weft_ctx *ctx, fetch_stream *s, uint32_t bytes)
{
    weft_fetcher *f = fetcher_of(s);
    if (s->held_bytes + bytes > f->stream_ahead_most || weft_mem_would_refuse(ctx, bytes)) return false;
    pthread_mutex_lock(&f->lock);
    const bool may = f->counts.ahead_bytes + bytes <= f->ahead_most;
    if (may) {
        f->counts.ahead_bytes += bytes;
        f->counts.ahead_peak = weft_max_i64(f->counts.ahead_peak, f->counts.ahead_bytes);
    }
    pthread_mutex_unlock(&f->lock);
    return may;
}

/* Buffers for the next pages. Errors: WEFT_NOMEM, when there is not even one. */
static weft_status stream_fill(weft_ctx *ctx, fetch_stream *s)
{
    weft_fetcher *f = fetcher_of(s);
    while (s->top < s->end && s->top - s->give < STREAM_SLOTS) {
        const uint32_t least = weft_block_page_bytes(s->of->block, s->partition, s->top);
        const uint32_t bytes = weft_page_bytes_most(least);
        const bool ahead = s->top > s->give;
        stream_slot slot = {.state = SLOT_WANTED, .ahead = ahead, .charged = bytes, .bytes = least};
        if (ahead && !ahead_take(ctx, s, bytes)) break;
        const weft_status st = slot_reserve(ctx, &slot);
        if (st != WEFT_OK && !ahead) return st;
        pthread_mutex_lock(&f->lock);
        if (st == WEFT_OK)
            *slot_of(s, s->top++) = slot;
        else
            f->counts.ahead_bytes -= bytes;
        pthread_mutex_unlock(&f->lock);
        if (st != WEFT_OK) {
            weft_error_clear(ctx);
            break;
        }
        s->held_bytes += bytes;
    }
    return WEFT_OK;
}

/* Lock held: a message could not be sent: later. */
static void asks_return(weft_ctx *ctx, const asks *a)
{
    for (int32_t i = 0; i < a->head.count; i++) {
        fetch_stream *s = a->streams[i];
        for (int32_t p = a->wants[i].first; p < a->wants[i].first + a->wants[i].count; p++)
            slot_of(s, p)->state = SLOT_WANTED;
        if (s->retry_ns == INT64_MAX) s->retry_ns = weft_now_ns(ctx) + weft_fetch_backoff(s->tries++);
    }
}

/* Lock held. */
static weft_status asks_send(weft_ctx *ctx, weft_fetcher *f, connection *conn, asks *a)
{
    uint8_t first[WEFT_DATA_HEAD_BYTES + ASK_WANTS * WEFT_DATA_ITEM_BYTES_MAX];
    if (a->head.count == 0) return WEFT_OK;
    for (int32_t i = 0; i < a->head.count; i++) weft_data_put_want(first, i, &a->wants[i]);
    weft_data_put_head(first, &a->head);
    const weft_net_frame frame = {.bytes = first, .len = weft_data_bytes(a->head.kind, a->head.count)};
    weft_status st = weft_net_send(ctx, f->net, conn->peer, &frame, 1);
    if (st != WEFT_OK) asks_return(ctx, a);
    if (st == WEFT_UNREACHABLE) weft_fetch_break(f, conn, "the connection is broken");
    if (st == WEFT_LIMIT || st == WEFT_NOMEM) { /* its server is slow to read */
        weft_error_clear(ctx);
        st = WEFT_OK;
    }
    a->head.count = 0;
    return st;
}

/* Lock held: all pages that a stream wants. */
static weft_status asks_add(weft_ctx *ctx, weft_fetcher *f, connection *conn, asks *a, fetch_stream *s)
{
    weft_status st = WEFT_OK;
    const weft_uuid process = s->of->holder->process;
    if (!weft_uuid_equal(a->head.process, process)) WEFT_TRY(st, asks_send(ctx, f, conn, a));
    a->head.process = process;
    for (int32_t p = s->give; p < s->top; p++) {
        if (slot_of(s, p)->state != SLOT_WANTED) continue;
        if (a->head.count == ASK_WANTS) WEFT_TRY(st, asks_send(ctx, f, conn, a));
        weft_data_want *want = &a->wants[a->head.count];
        a->streams[a->head.count++] = s;
        *want = (weft_data_want){.stream = s->id,
                                 .name = *weft_block_get_name(s->of->block),
                                 .partition = s->partition,
                                 .first = p};
        while (p < s->top && slot_of(s, p)->state == SLOT_WANTED) slot_of(s, p++)->state = SLOT_ASKED;
        want->count = p - want->first;
        s->retry_ns = INT64_MAX;
    }
done:
    return st;
}

/* Lock held: ask for all that the streams in the list of a connection want. */
static weft_status connection_ask(weft_ctx *ctx, weft_fetcher *f, connection *conn)
{
    weft_status st = WEFT_OK;
    asks a = {.head = {.kind = WEFT_DATA_PAGES, .host = f->host}};
    while (conn->asking != NULL && st == WEFT_OK) {
        fetch_stream *s = conn->asking;
        conn->asking = s->next_asking;
        s->asking = false;
        conn->asking_count--;
        st = asks_add(ctx, f, conn, &a, s);
    }
    conn->asking_bytes = 0;
    WEFT_TRY(st, st);
    WEFT_TRY(st, asks_send(ctx, f, conn, &a));
done:
    return st;
}

/* Lock held: the stream wants pages; they are asked for soon, or now. */
static weft_status stream_ask(weft_ctx *ctx, fetch_stream *s, bool now)
{
    connection *conn = s->conn;
    if (!s->asking) {
        s->asking = true;
        s->next_asking = conn->asking;
        conn->asking = s;
        conn->asking_count++;
        conn->asking_bytes += s->held_bytes;
    }
    if (!now && conn->asking_count < ASK_STREAMS && conn->asking_bytes < ASK_BYTES) return WEFT_OK;
    return connection_ask(ctx, fetcher_of(s), conn);
}

/* Keep the ring filled: asked for in halves, so that a message asks for several pages. */
static weft_status stream_go_on(weft_ctx *ctx, fetch_stream *s)
{
    weft_status st = WEFT_OK;
    weft_fetcher *f = fetcher_of(s);
    const bool half = s->held_bytes <= f->stream_ahead_most / 2 && s->top - s->give <= STREAM_SLOTS / 2;
    if (s->top > s->give && (!half || s->top == s->end)) return WEFT_OK;
    WEFT_TRY(st, stream_fill(ctx, s));
    pthread_mutex_lock(&f->lock);
    if (!s->conn->broken && s->tries == 0) st = stream_ask(ctx, s, false);
    pthread_mutex_unlock(&f->lock);
done:
    return st;
}

/* ---- the origin ---- */

static fetch_stream **bucket_of(weft_fetcher *f, uint64_t id) { return &f->streams[id % FETCH_BUCKETS]; }

static void stream_close(void *stream)
{
    fetch_stream *s = stream;
    weft_fetcher *f = fetcher_of(s);
    int64_t ahead = 0;
    pthread_mutex_lock(&f->lock);
    for (fetch_stream **at = bucket_of(f, s->id); *at != NULL; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            f->counts.streams--;
            break;
        }
    for (fetch_stream **at = s->asking ? &s->conn->asking : NULL; at != NULL; at = &(*at)->next_asking)
        if (*at == s) {
            *at = s->next_asking;
            s->conn->asking_count--;
            break;
        }
    s->closing = true;
    while (s->copying > 0) pthread_cond_wait(&s->changed, &f->lock); /* as long as it takes to copy a page */
    for (int32_t p = s->give; p < s->top; p++) ahead += slot_of(s, p)->ahead ? slot_of(s, p)->charged : 0;
    f->counts.ahead_bytes -= ahead;
    weft_fetch_leave(f, &s->conn);
    pthread_mutex_unlock(&f->lock);
    for (int32_t p = s->give; p < s->top; p++) weft_mem_free(slot_of(s, p)->memory);
    pthread_cond_destroy(&s->changed);
    weft_mem_free(s);
}

static weft_status stream_open(weft_ctx *ctx, void *self, const weft_block_name *name, int32_t partition,
                               int32_t first, int32_t count, void **stream)
{
    weft_status st = WEFT_OK;
    const fetch_origin *of = self;
    weft_fetcher *f = of->holder->fetcher;
    fetch_stream *s = NULL;
    (void)name;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->of = of;
    s->partition = partition;
    s->give = s->top = first;
    s->end = first + count;
    s->retry_ns = INT64_MAX;
    weft_fetch_cond_init(&s->changed);
    pthread_mutex_lock(&f->lock);
    s->id = ++f->next_id;
    st = weft_fetch_connect(ctx, f, of->holder->address, &s->conn);
    if (st == WEFT_OK) {
        s->next = *bucket_of(f, s->id);
        *bucket_of(f, s->id) = s;
        f->counts.streams++;
    }
    pthread_mutex_unlock(&f->lock);
    WEFT_TRY(st, st);
    WEFT_TRY(st, stream_go_on(ctx, s));
    *stream = s;
    s = NULL;
done:
    if (s != NULL) stream_close(s);
    return st;
}

static weft_status gone_fail(weft_ctx *ctx, const fetch_stream *s)
{
    const weft_block_name *name = weft_block_get_name(s->of->block);
    return weft_fail(ctx, WEFT_FETCH_FAILED,
                     "block %d.%d of task %d, attempt %d is not on worker %d at %s any more", name->stage,
                     name->generation, name->partition, name->attempt, s->of->holder->worker,
                     s->of->holder->address);
}

/* Until the first page of the ring is here; then it is taken out into *out. */
static weft_status stream_wait(weft_ctx *ctx, fetch_stream *s, stream_slot *out)
{
    weft_status st = WEFT_OK;
    weft_fetcher *f = fetcher_of(s);
    stream_slot *slot = slot_of(s, s->give);
    patience p;
    pthread_mutex_lock(&f->lock);
    weft_fetch_wait_begin(ctx, s->conn, s->of->holder, &p);
    while (slot->state != SLOT_HERE) {
        if (s->gone) WEFT_TRY(st, gone_fail(ctx, s));
        const bool may_ask = s->retry_ns == INT64_MAX || weft_now_ns(ctx) >= s->retry_ns;
        if (slot->state == SLOT_WANTED && may_ask && !s->conn->broken) WEFT_TRY(st, stream_ask(ctx, s, true));
        WEFT_TRY(st, weft_fetch_wait(ctx, f, s->conn, &s->changed, &p));
    }
    *out = *slot;
    *slot = (stream_slot){0};
    if (out->ahead) f->counts.ahead_bytes -= out->charged;
    s->give++;
done:
    pthread_mutex_unlock(&f->lock);
    return st;
}

/* The image in memory of its own, of a page that came as LZ4, in two pieces, or where no page can lie. */
static weft_status page_join(weft_ctx *ctx, const stream_slot *slot, const held_page *page, uint8_t **out)
{
    weft_status st = WEFT_OK;
    const uint32_t rest = slot->bytes - WEFT_DATA_PAGE_HEAD;
    uint8_t *image = NULL;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, slot->bytes, (void **)&image));
    uint8_t *to = slot->stored == slot->bytes ? image : image + WEFT_DATA_PAGE_HEAD;
    if (slot->stored < rest &&
        (rest > INT32_MAX ||
         LZ4_decompress_safe(page->bytes[0], (char *)to, (int)slot->stored, (int)rest) != (int)rest))
        WEFT_TRY(st,
                 weft_fail(ctx, WEFT_CHECKSUM, "a compressed page of %u bytes came damaged", slot->bytes));
    for (int32_t i = 0; i < page->frame_count && slot->stored >= rest; i++) {
        memcpy(to, page->bytes[i], page->len[i]);
        to += page->len[i];
    }
    memcpy(image, page->head, sizeof(page->head));
    *out = image;
    image = NULL;
done:
    weft_mem_free(image);
    return st;
}

/* The page of a slot that was taken out of the ring. Its memory becomes the page's, or is freed. */
static weft_status slot_open(weft_ctx *ctx, stream_slot *slot, weft_page_arrived *out)
{
    weft_status st = WEFT_OK;
    uint8_t *image = slot->memory;
    held_page packed = {.frame_count = 1};
    const held_page *page = slot_holds(slot) ? slot->memory : &packed;
    bool stays = slot->stored >= slot->bytes - WEFT_DATA_PAGE_HEAD;
    if (page != &packed) {
        image = page->bytes[0];
        stays = slot->stored == slot->bytes && (uintptr_t)image % 8 == 0;
        if (stays) memcpy(image, page->head, sizeof(page->head));
    } else if (!stays) {
        memcpy(packed.head, image, sizeof(packed.head));
        packed.bytes[0] = image + sizeof(packed.head);
    }
    if (!stays) {
        WEFT_TRY(st, page_join(ctx, slot, page, &image));
        weft_mem_free(slot->memory);
        slot->memory = image;
    }
    *out = (weft_page_arrived){.memory = slot->memory, .image = image, .len = slot->bytes, .crc = slot->crc};
    slot->memory = NULL;
done:
    weft_mem_free(slot->memory);
    return st;
}

static weft_status stream_next(weft_ctx *ctx, void *stream, weft_page_arrived *out)
{
    weft_status st = WEFT_OK;
    fetch_stream *s = stream;
    stream_slot slot = {0};
    assert(s->give < s->end);
    WEFT_TRY(st, stream_go_on(ctx, s));
    WEFT_TRY(st, stream_wait(ctx, s, &slot));
    s->held_bytes -= slot.charged;
    WEFT_TRY(st, slot_open(ctx, &slot, out));
done:
    return st;
}

static void origin_release(void *self)
{
    fetch_origin *of = self;
    weft_holder_release(of->holder);
    weft_mem_free(of);
}

weft_status weft_fetch_origin(weft_ctx *ctx, holder *h, weft_block_origin *out)
{
    fetch_origin *of = NULL;
    weft_account *const callers = ctx->memory;
    ctx->memory = h->fetcher->account;
    const weft_status st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*of), (void **)&of);
    ctx->memory = callers;
    if (st != WEFT_OK) return st;
    atomic_fetch_add_explicit(&h->users, 1, memory_order_relaxed);
    of->holder = h;
    *out = (weft_block_origin){.open = stream_open,
                               .next = stream_next,
                               .close = stream_close,
                               .release = origin_release,
                               .self = of};
    return WEFT_OK;
}

void weft_fetch_origin_of(const weft_block_origin *origin, const weft_block *block)
{
    ((fetch_origin *)origin->self)->block = block;
}

void weft_fetch_streams_wake(weft_fetcher *f, const connection *conn)
{
    for (int32_t b = 0; b < FETCH_BUCKETS; b++)
        for (fetch_stream *s = f->streams[b]; s != NULL; s = s->next)
            if (s->conn == conn) pthread_cond_broadcast(&s->changed);
}

/* ---- what comes ---- */

/* Lock held. */
static fetch_stream *stream_find(weft_fetcher *f, uint64_t id)
{
    fetch_stream *s = *bucket_of(f, id);
    while (s != NULL && s->id != id) s = s->next;
    return s;
}

/* Pages that were asked for are not sent. Lock held. */
static void pages_refused(weft_fetcher *f, fetch_stream *s, const weft_data_page *page)
{
    const int32_t end = weft_min_i32(page->page + page->count, s->top);
    f->counts.busy += page->state == WEFT_DATA_BUSY;
    s->gone |= page->state == WEFT_DATA_GONE;
    for (int32_t p = weft_max_i32(page->page, s->give); p < end; p++)
        if (slot_of(s, p)->state == SLOT_ASKED) slot_of(s, p)->state = SLOT_WANTED;
    if (s->retry_ns == INT64_MAX) s->retry_ns = weft_now_ns(&f->ctx) + weft_fetch_backoff(s->tries++);
    pthread_cond_broadcast(&s->changed);
}

/* Take a page's frames over. Of a small page, without the lock. */
static void slot_take(stream_slot *slot, const weft_data_page *page, const weft_net_frame *frames)
{
    if (slot_holds(slot)) {
        held_page *held = slot->memory;
        memcpy(held->head, page->head, sizeof(held->head));
        for (held->frame_count = 0; held->frame_count < page->frames; held->frame_count++) {
            const int32_t i = held->frame_count;
            held->bytes[i] = weft_net_keep(&frames[i], &held->frames[i]);
            held->len[i] = frames[i].len;
        }
        return;
    }
    uint8_t *to = slot->memory;
    if (page->stored < page->bytes) to += sizeof(page->head);
    for (int32_t i = 0; i < page->frames; i++) {
        memcpy(to, frames[i].bytes, frames[i].len);
        to += frames[i].len;
    }
    memcpy(slot->memory, page->head, sizeof(page->head));
}

/* last: the message has no further page of the same stream behind it, so that its reader is woken once. */
static void page_came(weft_fetcher *f, const weft_data_page *page, const weft_net_frame *frames, bool last)
{
    pthread_mutex_lock(&f->lock);
    fetch_stream *s = stream_find(f, page->stream);
    stream_slot *slot = NULL;
    if (s != NULL && page->state != WEFT_DATA_HERE) {
        pages_refused(f, s, page);
    } else if (s != NULL && page->page >= s->give && page->page < s->top) {
        slot = slot_of(s, page->page);
        if (slot->state != SLOT_ASKED || page->bytes < slot->bytes || page->bytes > slot->charged)
            slot = NULL;
    }
    if (slot == NULL) { /* its reader has closed, or gave up waiting and asked again */
        f->counts.ignored += page->state == WEFT_DATA_HERE;
        pthread_mutex_unlock(&f->lock);
        return;
    }
    slot->state = SLOT_COPYING;
    s->copying++;
    pthread_mutex_unlock(&f->lock);

    slot_take(slot, page, frames);

    pthread_mutex_lock(&f->lock);
    slot->bytes = page->bytes;
    slot->stored = page->stored;
    slot->crc = page->crc;
    slot->state = SLOT_HERE;
    s->copying--;
    s->tries = 0;
    s->retry_ns = INT64_MAX;
    f->counts.pages++;
    f->counts.bytes += page->bytes;
    f->counts.stored += page->stored + (page->stored < page->bytes ? (int64_t)sizeof(page->head) : 0);
    if (last || s->closing) pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&f->lock);
}

bool weft_fetch_pages(weft_fetcher *f, const weft_net_frame *frames, int32_t count,
                      const weft_data_head *head)
{
    weft_data_page page, following;
    int32_t frame = 1;
    for (int32_t i = 0; i < head->count; i++) {
        size_t stored = 0;
        weft_data_get_page(frames[0].bytes, i, &page);
        if (page.frames > count - frame) return false;
        for (int32_t n = 0; n < page.frames; n++) stored += frames[frame++].len;
        if (stored != page.stored) return false;
    }
    if (frame != count) return false;
    frame = 1;
    for (int32_t i = 0; i < head->count; i++) {
        weft_data_get_page(frames[0].bytes, i, &page);
        if (i + 1 < head->count) weft_data_get_page(frames[0].bytes, i + 1, &following);
        page_came(f, &page, frames + frame, i + 1 == head->count || following.stream != page.stream);
        frame += page.frames;
    }
    return true;
}
