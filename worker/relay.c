/* worker/relay.c - see relay.h.
 *
 * The origin of a block with relays is a list of plain ones (fetch_stream.c), the holder last, and a stream
 * reads from one of them. When that fails it goes on from the next with the page that it did not get. Which
 * of them are given up is known to all blocks that came with the same relays. */
#include "worker/relay.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>

enum {
    RELAY_EARLY_MS = 200, /* a relay may hear of a stage so much later than who asks it */
    RELAY_RETRY_MS = 5,
    RELAY_ROOM_PART = 4 /* of free memory: what the blocks of an input may take to be kept */
};
static const int64_t ms = 1000000;
static const int64_t begins_within = 500; /* ms from an order to the first page, or from one to the next */

typedef struct relay_entry {
    struct relay_entry *next;
    const void *stage;
    uint64_t job;
    const weft_stage_source *source;
    weft_block *const *blocks; /* [task_count]; NULL: not opened yet */
    int64_t since_ns;
    int64_t told_bytes; /* that were passed on */
    bool over;          /* it was opened, and failed */
} relay_entry;

struct weft_relay {
    weft_account *account;
    pthread_mutex_t lock;
    relay_entry *entries; /* guarded by lock */
    _Atomic int64_t bytes, fallbacks, damaged;
};

/* Which relays of one holder are of use, for all blocks of an input that it holds. */
typedef struct way {
    atomic_int users;
    atomic_int first; /* relays before it were given up */
    int64_t since_ns;
    weft_relay *relay;
} way;

typedef struct relay_origin {
    way *way;
    int32_t count;          /* of sources; the last one is the holder */
    weft_block_origin of[]; /* [count] */
} relay_origin;

typedef struct relay_stream {
    relay_origin *origin;
    weft_block_name name;
    int32_t partition, at, end; /* pages */
    int32_t source;
    bool came;   /* a page, from this source */
    void *inner; /* NULL: to be opened */
} relay_stream;

weft_status weft_relay_new(weft_ctx *ctx, weft_pool *pool, weft_relay **out)
{
    weft_status st = WEFT_OK;
    weft_relay *relay = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*relay), (void **)&relay));
    pthread_mutex_init(&relay->lock, NULL);
    relay->account = weft_account_open(pool, "blocks of others");
    *out = relay;
    if (relay->account != NULL) return WEFT_OK;
    weft_relay_free(out);
    st = weft_fail(ctx, WEFT_NOMEM, "no memory for blocks of others");
done:
    return st;
}

weft_account *weft_relay_account(const weft_relay *relay) { return relay->account; }

void weft_relay_free(weft_relay **relay_p)
{
    weft_relay *relay = *relay_p;
    *relay_p = NULL;
    if (relay == NULL) return;
    assert(relay->entries == NULL);
    weft_account_close(&relay->account);
    pthread_mutex_destroy(&relay->lock);
    weft_mem_free(relay);
}

void weft_relay_count(const weft_relay *relay, weft_relay_counts *out)
{
    *out = (weft_relay_counts){.bytes = atomic_load(&relay->bytes),
                               .fallbacks = atomic_load(&relay->fallbacks),
                               .damaged = atomic_load(&relay->damaged)};
}

/* ---- streams ---- */

static int32_t last_source(const relay_stream *s) { return s->origin->count - 1; }

static void inner_close(relay_stream *s)
{
    if (s->inner != NULL) s->origin->of[s->source].close(s->inner);
    s->inner = NULL;
}

/* Go on without the relay that it reads from. */
static void leave_relay(relay_stream *s)
{
    way *w = s->origin->way;
    int first = atomic_load(&w->first);
    inner_close(s);
    s->source++;
    s->came = false;
    while (first < s->source && !atomic_compare_exchange_weak(&w->first, &first, s->source)) {
    }
    atomic_fetch_add(&w->relay->fallbacks, 1);
}

/* What failed with a relay is tried elsewhere, or once more when the relay may not have heard yet. */
static bool try_again(weft_ctx *ctx, relay_stream *s, weft_status st)
{
    const bool elsewhere = st == WEFT_FETCH_FAILED || st == WEFT_UNREACHABLE || st == WEFT_CHECKSUM;
    if (s->source == last_source(s) || !elsewhere) return false;
    const bool early = weft_now_ns(ctx) - s->origin->way->since_ns < RELAY_EARLY_MS * ms;
    if (st == WEFT_FETCH_FAILED && !s->came && early) {
        inner_close(s);
        (void)poll(NULL, 0, RELAY_RETRY_MS);
    } else
        leave_relay(s);
    weft_error_clear(ctx);
    return true;
}

static weft_status inner_open(weft_ctx *ctx, relay_stream *s)
{
    if (s->inner != NULL) return WEFT_OK;
    s->source = weft_max_i32(s->source, weft_min_i32(atomic_load(&s->origin->way->first), last_source(s)));
    const weft_block_origin *of = &s->origin->of[s->source];
    return of->open(ctx, of->self, &s->name, s->partition, s->at, s->end - s->at, &s->inner);
}

static weft_status stream_open(weft_ctx *ctx, void *self, const weft_block_name *name, int32_t partition,
                               int32_t first, int32_t count, void **stream)
{
    weft_status st = WEFT_OK;
    relay_stream *s = NULL;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    *s = (relay_stream){
        .origin = self, .name = *name, .partition = partition, .at = first, .end = first + count};
    st = inner_open(ctx, s);
    while (st != WEFT_OK && s->source < last_source(s) && st == WEFT_UNREACHABLE) {
        leave_relay(s);
        weft_error_clear(ctx);
        st = inner_open(ctx, s);
    }
    if (st == WEFT_OK) *stream = s;
    if (st != WEFT_OK) weft_mem_free(s);
done:
    return st;
}

static weft_status stream_next(weft_ctx *ctx, void *stream, weft_page_arrived *page)
{
    weft_status st = WEFT_OK;
    relay_stream *s = stream;
    do {
        WEFT_TRY(st, weft_check_cancel(ctx));
        st = inner_open(ctx, s);
        if (st == WEFT_OK) st = s->origin->of[s->source].next(ctx, s->inner, page);
    } while (st != WEFT_OK && try_again(ctx, s, st));
    WEFT_TRY(st, st);
    s->at++;
    s->came = true;
    if (s->source < last_source(s)) atomic_fetch_add(&s->origin->way->relay->bytes, (int64_t)page->len);
done:
    return st;
}

/* The relay has a page that its holder did not make. */
static bool stream_reject(void *stream)
{
    relay_stream *s = stream;
    if (s->source == last_source(s)) return false;
    atomic_fetch_add(&s->origin->way->relay->damaged, 1);
    leave_relay(s);
    s->at--;
    return true;
}

static void stream_close(void *stream)
{
    inner_close(stream);
    weft_mem_free(stream);
}

static void way_leave(way *w)
{
    if (atomic_fetch_sub_explicit(&w->users, 1, memory_order_acq_rel) == 1) weft_mem_free(w);
}

static void origin_release(void *self)
{
    relay_origin *origin = self;
    for (int32_t i = 0; i < origin->count; i++)
        if (origin->of[i].release != NULL) origin->of[i].release(origin->of[i].self);
    way_leave(origin->way);
    weft_mem_free(origin);
}

/* ---- entries ---- */

/* The source of the stage, with these blocks or none. */
static weft_status entry_put(weft_ctx *ctx, weft_relay *relay, const void *stage, uint64_t job,
                             const weft_stage_source *source, weft_block *const *blocks)
{
    relay_entry *e = NULL;
    const weft_status st = weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*e), (void **)&e);
    if (st != WEFT_OK) return st;
    pthread_mutex_lock(&relay->lock);
    relay_entry *have = relay->entries;
    while (have != NULL && (have->stage != stage || have->source != source)) have = have->next;
    relay_entry *next = have != NULL ? have->next : relay->entries;
    if (have == NULL) {
        have = relay->entries = e;
        e = NULL;
    }
    *have = (relay_entry){.next = next,
                          .stage = stage,
                          .job = job,
                          .source = source,
                          .blocks = blocks,
                          .since_ns = weft_now_ns(ctx)};
    pthread_mutex_unlock(&relay->lock);
    weft_mem_free(e);
    return WEFT_OK;
}

weft_status weft_relay_expect(weft_ctx *ctx, weft_relay *relay, const void *stage, uint64_t job,
                              const weft_stage_source *source)
{
    weft_account *const callers = ctx->memory;
    if (!source->shared) return WEFT_OK;
    ctx->memory = relay->account;
    const weft_status st = entry_put(ctx, relay, stage, job, source, NULL);
    ctx->memory = callers;
    return st;
}

/* ---- opening ---- */

/* Ask these places first for the pages of a block. */
static weft_status block_route(weft_ctx *ctx, weft_fetcher *fetcher, way *w, const weft_place *const *relays,
                               int32_t count, weft_block *block)
{
    weft_status st = WEFT_OK;
    relay_origin *origin = NULL;
    const size_t bytes = sizeof(*origin) + (size_t)(count + 1) * sizeof(origin->of[0]);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, bytes, (void **)&origin));
    origin->way = w;
    atomic_fetch_add(&w->users, 1);
    for (; origin->count < count; origin->count++)
        WEFT_TRY(st, weft_fetch_via(ctx, fetcher, relays[origin->count], block, &origin->of[origin->count]));
    origin->of[origin->count++] = weft_block_get_origin(block);
    const weft_block_origin made = {.open = stream_open,
                                    .next = stream_next,
                                    .close = stream_close,
                                    .reject = stream_reject,
                                    .release = origin_release,
                                    .self = origin};
    weft_block_set_origin(block, &made);
    origin = NULL;
done:
    if (origin != NULL) origin_release(origin);
    return st;
}

/* The blocks of one holder get its relays. */
static weft_status route_holder(weft_ctx *ctx, weft_relay *relay, weft_fetcher *fetcher,
                                const weft_stage_source *source, const weft_place *places, int32_t holder,
                                weft_block *const *blocks)
{
    weft_status st = WEFT_OK;
    const weft_place **relays = NULL;
    int32_t count = 0;
    way *w = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, source->relay_count, &relays));
    for (int32_t i = 0; i < source->relay_count; i++)
        if (source->relays[i].holder == holder) relays[count++] = &places[source->relays[i].place];
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*w), (void **)&w));
    *w = (way){.relay = relay, .since_ns = weft_now_ns(ctx)};
    atomic_init(&w->users, 1);
    atomic_init(&w->first, 0);
    for (int32_t t = 0; t < source->task_count; t++)
        if (source->places[t] == holder && weft_block_is_remote(blocks[t]))
            WEFT_TRY(st, block_route(ctx, fetcher, w, relays, count, blocks[t]));
done:
    if (w != NULL) way_leave(w);
    return st;
}

/* Pages are kept only where that leaves most of the memory to others. */
static weft_status keep_blocks(weft_ctx *ctx, const weft_stage_source *source, weft_block *const *blocks)
{
    weft_status st = WEFT_OK;
    int64_t bytes = 0;
    for (int32_t t = 0; t < source->task_count; t++)
        if (weft_block_is_remote(blocks[t])) bytes += weft_block_bytes(blocks[t], -1);
    if (bytes == 0 || bytes > INT64_MAX / RELAY_ROOM_PART ||
        weft_mem_would_refuse(ctx, bytes * RELAY_ROOM_PART))
        return WEFT_OK;
    for (int32_t t = 0; t < source->task_count; t++)
        if (weft_block_is_remote(blocks[t])) WEFT_TRY(st, weft_block_keep(ctx, blocks[t]));
done:
    return st;
}

weft_status weft_relay_open(weft_ctx *ctx, weft_relay *relay, weft_fetcher *fetcher, const void *stage,
                            uint64_t job, const weft_stage_source *source, const weft_place *places,
                            weft_block *const *blocks)
{
    weft_status st = WEFT_OK;
    weft_account *const callers = ctx->memory;
    ctx->memory = relay->account;
    WEFT_TRY(st, keep_blocks(ctx, source, blocks));
    for (int32_t i = 0; i < source->relay_count; i++) {
        bool done = false;
        for (int32_t n = 0; n < i; n++) done |= source->relays[n].holder == source->relays[i].holder;
        if (!done)
            WEFT_TRY(st, route_holder(ctx, relay, fetcher, source, places, source->relays[i].holder, blocks));
    }
    WEFT_TRY(st, entry_put(ctx, relay, stage, job, source, blocks));
done:
    ctx->memory = callers;
    return st;
}

/* ---- the end, and others ---- */

int64_t weft_relay_passed(weft_relay *relay, const void *stage)
{
    int64_t bytes = 0;
    pthread_mutex_lock(&relay->lock);
    for (relay_entry *e = relay->entries; e != NULL; e = e->next) {
        int64_t all = 0;
        if (e->stage != stage || e->blocks == NULL) continue;
        for (int32_t t = 0; t < e->source->task_count; t++) all += weft_block_lent_bytes(e->blocks[t]);
        bytes += all - e->told_bytes;
        e->told_bytes = all;
    }
    pthread_mutex_unlock(&relay->lock);
    return bytes;
}

void weft_relay_forget(weft_relay *relay, const void *stage, bool again)
{
    pthread_mutex_lock(&relay->lock);
    for (relay_entry **at = &relay->entries; *at != NULL;) {
        relay_entry *e = *at;
        if (e->stage != stage) {
            at = &e->next;
            continue;
        }
        if (again) {
            e->blocks = NULL;
            e->over = true;
            at = &e->next;
            continue;
        }
        *at = e->next;
        weft_mem_free(e);
    }
    pthread_mutex_unlock(&relay->lock);
}

static bool entry_has(const relay_entry *e, const weft_block_name *name)
{
    const weft_stage_source *source = e->source;
    return e->job == name->job && source->stage == name->stage && source->generation == name->generation &&
           name->partition >= 0 && name->partition < source->task_count &&
           source->attempts[name->partition] == name->attempt;
}

weft_block *weft_relay_find(weft_ctx *ctx, weft_relay *relay, const weft_block_name *name, bool *coming)
{
    weft_block *found = NULL;
    const int64_t now = weft_now_ns(ctx);
    *coming = false;
    pthread_mutex_lock(&relay->lock);
    for (relay_entry *e = relay->entries; e != NULL && found == NULL; e = e->next) {
        if (!entry_has(e, name)) continue;
        weft_block *block = e->blocks == NULL ? NULL : e->blocks[name->partition];
        if (block == NULL) {
            *coming |= !e->over && now - e->since_ns <= begins_within * ms;
        } else if (weft_block_is_remote(block)) {
            *coming = weft_block_keeps(ctx, block, begins_within * ms);
            found = weft_block_share(block);
        }
    }
    pthread_mutex_unlock(&relay->lock);
    return found;
}

int64_t weft_relay_give_way(weft_relay *relay)
{
    int64_t freed = 0;
    pthread_mutex_lock(&relay->lock);
    for (relay_entry *e = relay->entries; e != NULL; e = e->next)
        for (int32_t t = 0; t < e->source->task_count && e->blocks != NULL; t++)
            if (e->blocks[t] != NULL) freed += weft_block_let_go(e->blocks[t]);
    pthread_mutex_unlock(&relay->lock);
    return freed;
}
