/* coordinator/port.c - see port.h. */
#include "coordinator/port.h"

#include <pthread.h>
#include <string.h>

#include "common/log.h"
#include "common/shared.h"
#include "coordinator/fragments.h"
#include "engine/plan/physical.h"
#include "proto/envelope.h"

enum {
    PORT_QUEUE_BYTES = 512 << 20, /* orders that wait for one worker */
    PORT_LINGER_MS = 200,
    PORT_SILENCE_MS = 30000, /* a machine that is gone; a client may be stopped for less */
    PORT_BROKEN_MAX = 64
};

/* Orders for one worker, of the step that is under way. */
typedef struct port_batch {
    int32_t worker, count;
    weft_net_frame frames[WEFT_NET_FRAMES_MAX]; /* [0]: the envelope */
} port_batch;

struct weft_port {
    weft_port_options options;
    weft_net *net;
    weft_service *service;
    weft_account *account;
    weft_arena *arena; /* of the endpoint's thread, for one message */
    weft_ctx ctx;      /* likewise */
    bool complete;     /* likewise: net and service are there */
    atomic_bool suspended;
    pthread_mutex_t gate; /* held until they are: nothing is handled before */
    /* all that follows is guarded by the coordinator's lock */
    weft_arena *orders;  /* of one step */
    port_batch *batches; /* [batch_capacity] a memory block */
    int32_t batch_count, batch_capacity;
    weft_fragments *fragments;        /* behind those orders */
    uint64_t broken[PORT_BROKEN_MAX]; /* connections that were given up; the core is told at the next tick */
    int32_t broken_count;
};

/* ---- the core's way out; its lock is held ---- */

/* Its session is at its end. When there are more than can be noted at once, silence tells of the others. */
static void give_up(weft_port *p, uint64_t peer)
{
    if (p->net != NULL) weft_net_drop(p->net, peer);
    if (p->broken_count < PORT_BROKEN_MAX) p->broken[p->broken_count++] = peer;
}

static bool send_words(weft_ctx *ctx, weft_port *p, uint64_t peer, const weft_envelope *envelope)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_arena *const callers = ctx->arena;
    const weft_error kept = ctx->error;
    ctx->arena = p->orders;
    weft_status st = weft_envelope_encode(ctx, envelope, &bytes, &len);
    const weft_net_frame frame = {.bytes = bytes, .len = len};
    if (st == WEFT_OK) st = weft_net_send(ctx, p->net, peer, &frame, 1);
    ctx->arena = callers;
    ctx->error = kept;
    return st == WEFT_OK;
}

static void port_welcome(void *self, uint64_t peer, const weft_link_head *head, int32_t worker)
{
    weft_port *p = self;
    const weft_envelope e = {
        .kind = WEFT_ENVELOPE_WELCOME, .head = *head, .worker = worker, .text = p->options.blobs};
    if (!send_words(&p->ctx, p, peer, &e)) give_up(p, peer);
}

static void port_refuse(void *self, uint64_t peer, const char *text)
{
    weft_port *p = self;
    const weft_envelope e = {.kind = WEFT_ENVELOPE_REFUSE, .text = text};
    weft_log(WEFT_LOG_WARN, "worker_refused", WEFT_LOG_TEXT("reason", text));
    (void)send_words(&p->ctx, p, peer, &e); /* or it hears nothing, and asks again */
}

static void port_beat(void *self, uint64_t peer, const weft_link_head *head)
{
    weft_port *p = self;
    const weft_envelope e = {.kind = WEFT_ENVELOPE_BEAT, .head = *head};
    if (!send_words(&p->ctx, p, peer, &e)) give_up(p, peer);
}

static void port_close(void *self, uint64_t peer)
{
    weft_port *p = self;
    if (p->net != NULL) weft_net_drop(p->net, peer);
}

static bool find_uuid(const weft_core *core, int32_t number, weft_uuid *out)
{
    weft_core_worker w;
    for (int32_t i = 0; i < weft_core_worker_count(core) + weft_core_dead_count(core); i++) {
        if (i < weft_core_worker_count(core))
            weft_core_get_worker(core, i, &w);
        else
            weft_core_get_dead(core, i - weft_core_worker_count(core), &w);
        *out = w.uuid;
        if (w.number == number) return true;
    }
    return false;
}

/* The next leader waits for the members that it finds on record; nobody waits for the record. */
static void note_member(weft_port *p, int32_t worker, weft_core_change change)
{
    weft_coordinator *c = p->options.coordinator;
    weft_journal *journal = weft_coordinator_journal(c);
    weft_uuid uuid;
    weft_ctx own;
    if (journal == NULL || change == WEFT_CORE_SILENT || weft_coordinator_is_deposed(c)) return;
    if (!find_uuid(weft_coordinator_core(c), worker, &uuid)) return;
    weft_ctx_init(&own, p->orders, p->account, p->ctx.settings);
    if (weft_journal_post(&own, journal, uuid,
                          change == WEFT_CORE_DEAD ? WEFT_JOURNAL_END : WEFT_JOURNAL_MEMBER, 0, "",
                          0) != WEFT_OK)
        weft_log_error(WEFT_LOG_WARN, "member_not_recorded", &own.error);
}

static void port_changed(void *self, int32_t worker, weft_core_change change)
{
    static const char *const events[] = {[WEFT_CORE_PRESENT] = "worker_present",
                                         [WEFT_CORE_SILENT] = "worker_silent",
                                         [WEFT_CORE_DEAD] = "worker_lost"};
    weft_port *p = self;
    weft_fragments_leave(p->fragments, worker); /* whatever has changed, what was its session is over */
    note_member(p, worker, change);
    weft_log(change == WEFT_CORE_PRESENT ? WEFT_LOG_INFO : WEFT_LOG_WARN, events[change],
             WEFT_LOG_INT("worker", worker));
}

static void port_wake(void *self, int64_t due_ns)
{
    weft_port *p = self;
    if (p->net != NULL) weft_net_tick_at(p->net, due_ns);
}

static weft_status find_batch(weft_ctx *ctx, weft_port *p, int32_t worker, port_batch **out)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < p->batch_count; i++)
        if (p->batches[i].worker == worker) {
            *out = &p->batches[i];
            return WEFT_OK;
        }
    if (p->batch_count == p->batch_capacity) {
        const int32_t capacity = weft_max_i32(8, p->batch_capacity * 2);
        weft_account *const callers = ctx->memory;
        ctx->memory = p->account;
        st = weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(port_batch),
                             (void **)&p->batches);
        ctx->memory = callers;
        WEFT_TRY(st, st);
        p->batch_capacity = capacity;
    }
    *out = &p->batches[p->batch_count++];
    (*out)->worker = worker;
    (*out)->count = 1;
done:
    return st;
}

/* A message to a worker: frames [1, count), and its envelope before them. Its number in the session; 0: it
 * has none, or is at its end. */
static uint64_t send_numbered(weft_ctx *ctx, weft_port *p, int32_t worker, weft_envelope_kind kind,
                              weft_net_frame *frames, int32_t count)
{
    weft_envelope envelope = {.kind = kind};
    uint64_t peer = 0;
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (!weft_core_head(ctx, weft_coordinator_core(p->options.coordinator), worker, &peer, &envelope.head))
        return 0;
    weft_status st = weft_envelope_encode(ctx, &envelope, &bytes, &len);
    frames[0] = (weft_net_frame){.bytes = bytes, .len = len};
    if (st == WEFT_OK) st = weft_net_send(ctx, p->net, peer, frames, count);
    if (st == WEFT_OK) return envelope.head.number;
    give_up(p, peer);
    return 0;
}

static void send_batch(weft_ctx *ctx, weft_port *p, port_batch *b)
{
    const int32_t count = b->count;
    b->count = 1;
    if (count > 1) (void)send_numbered(ctx, p, b->worker, WEFT_ENVELOPE_ORDERS, b->frames, count);
}

static uint64_t acked(void *self, int32_t worker)
{
    const weft_port *p = self;
    return weft_core_acked(weft_coordinator_core(p->options.coordinator), worker);
}

/* The bytes are lent: all workers get the same, and all wait for the lock meanwhile. */
static uint64_t send_piece(weft_ctx *ctx, void *self, int32_t worker, const weft_to_worker *piece)
{
    weft_port *p = self;
    uint8_t *bytes = NULL;
    weft_net_frame frames[3] = {[2] = {.bytes = piece->fragment_bytes,
                                       .len = piece->fragment_len,
                                       .release = weft_shared_release,
                                       .owner = piece->fragment_shared}};
    if (weft_to_worker_encode(ctx, piece, &bytes, &frames[1].len) != WEFT_OK) {
        give_up(p, weft_core_peer(weft_coordinator_core(p->options.coordinator), worker));
        return 0;
    }
    frames[1].bytes = bytes;
    weft_shared_hold(piece->fragment_shared);
    const uint64_t number = send_numbered(ctx, p, worker, WEFT_ENVELOPE_PIECE, frames, 3);
    if (number == 0) weft_shared_release(piece->fragment_shared);
    return number;
}

static void port_flush(weft_ctx *ctx, void *self)
{
    const weft_fragments_way way = {.acked = acked, .send = send_piece, .self = self};
    weft_port *p = self;
    weft_arena *const callers = ctx->arena;
    const weft_error kept = ctx->error;
    ctx->arena = p->orders;
    for (int32_t i = 0; i < p->batch_count; i++) send_batch(ctx, p, &p->batches[i]);
    p->batch_count = 0;
    weft_fragments_send(ctx, p->fragments, &way);
    weft_arena_reset(p->orders);
    ctx->arena = callers;
    ctx->error = kept;
}

static weft_status add_order(weft_ctx *ctx, weft_port *p, int32_t worker, const weft_to_worker *order)
{
    weft_status st = WEFT_OK;
    port_batch *b = NULL;
    weft_to_worker packed = *order;
    weft_net_frame frame = {0};
    uint8_t *bytes = NULL;
    if (order->kind == WEFT_TO_WORKER_LAUNCH) {
        WEFT_TRY(st, weft_task_encode(ctx, order->task, &bytes, &packed.task_len));
        packed.task = NULL;
        packed.task_bytes = bytes;
    }
    packed.fragment_apart = packed.fragment_shared != NULL;
    WEFT_TRY(st, find_batch(ctx, p, worker, &b));
    WEFT_TRY(st, weft_to_worker_encode(ctx, &packed, &bytes, &frame.len));
    frame.bytes = bytes;
    if (b->count == WEFT_NET_FRAMES_MAX) send_batch(ctx, p, b);
    b->frames[b->count++] = frame;
    if (packed.fragment_apart) WEFT_TRY(st, weft_fragments_add(ctx, p->fragments, worker, &packed));
    if (order->kind == WEFT_TO_WORKER_END) weft_fragments_end(p->fragments, worker, order->job);
done:
    return st;
}

static weft_status port_order(weft_ctx *ctx, void *self, int32_t worker, const weft_to_worker *order)
{
    weft_port *p = self;
    weft_arena *const callers = ctx->arena;
    ctx->arena = p->orders;
    const weft_status st = add_order(ctx, p, worker, order);
    ctx->arena = callers;
    if (st != WEFT_OK) { /* one order is missing: both ends compare what they have in a new session */
        const uint64_t peer = weft_core_peer(weft_coordinator_core(p->options.coordinator), worker);
        if (peer != 0) give_up(p, peer);
    }
    return st;
}

weft_core_port weft_port_core(weft_port *p)
{
    return (weft_core_port){.order = port_order,
                            .flush = port_flush,
                            .welcome = port_welcome,
                            .refuse = port_refuse,
                            .beat = port_beat,
                            .close = port_close,
                            .changed = port_changed,
                            .wake = port_wake,
                            .self = p};
}

/* ---- what arrives, in the endpoint's thread ---- */

static void drop(weft_port *p, weft_net_peer peer, const char *what)
{
    weft_log(WEFT_LOG_WARN, "connection_dropped", WEFT_LOG_TEXT("message", what),
             WEFT_LOG_TEXT("reason", p->ctx.error.message));
    weft_error_clear(&p->ctx);
    weft_net_drop(p->net, peer);
    weft_core_gone(&p->ctx, weft_coordinator_enter(p->options.coordinator), peer);
    weft_coordinator_leave(p->options.coordinator);
    weft_service_gone(p->service, peer);
}

/* While ZooKeeper cannot be reached nobody can be put on record: the next leader would not wait for what a
 * new worker has, and have it made again. It asks again, until it can. */
static bool may_register(const weft_port *p, weft_uuid uuid)
{
    weft_journal *journal = p->options.journal;
    return journal == NULL || !atomic_load(&p->suspended) ||
           weft_journal_find(journal, uuid, WEFT_JOURNAL_MEMBER, 0, NULL);
}

static void on_register(weft_port *p, weft_net_peer peer, const weft_net_frame *frames, int32_t count)
{
    weft_to_coordinator m = {0};
    weft_status st = count == 1 ? weft_to_coordinator_decode(&p->ctx, frames[0].bytes, frames[0].len, &m)
                                : weft_fail(&p->ctx, WEFT_CORRUPT, "a registration of %d frames", count);
    if (st == WEFT_OK && (m.kind != WEFT_FROM_WORKER_REGISTER || m.hello == NULL))
        st = weft_fail(&p->ctx, WEFT_CORRUPT, "a registration without a hello");
    if (st != WEFT_OK) {
        weft_to_coordinator_release(&m);
        drop(p, peer, "register");
        return;
    }
    if (!may_register(p, m.hello->uuid)) {
        weft_to_coordinator_release(&m);
        weft_net_drop(p->net, peer);
        return;
    }
    char uuid[WEFT_UUID_TEXT_BYTES];
    weft_uuid_text(m.hello->uuid, uuid);
    weft_log(WEFT_LOG_INFO, "worker_registers", WEFT_LOG_TEXT("uuid", uuid),
             WEFT_LOG_TEXT("blocks_at", m.hello->address), WEFT_LOG_INT("slots", m.hello->slots),
             WEFT_LOG_INT("running", m.hello->running_count), WEFT_LOG_INT("blocks", m.hello->block_count));
    weft_core_registers(&p->ctx, weft_coordinator_enter(p->options.coordinator), peer, m.hello);
    weft_coordinator_leave(p->options.coordinator);
    weft_to_coordinator_release(&m);
}

/* Decode all of a message before any of it counts. */
static weft_status handle_reports(weft_port *p, weft_net_peer peer, const weft_link_head *head,
                                  const weft_net_frame *frames, int32_t count)
{
    weft_status st = WEFT_OK;
    weft_to_coordinator reports[WEFT_NET_FRAMES_MAX] = {0};
    int32_t worker = -1, decoded = 0;
    for (; decoded < count && st == WEFT_OK; decoded++)
        st = weft_to_coordinator_decode(&p->ctx, frames[decoded].bytes, frames[decoded].len,
                                        &reports[decoded]);
    if (st == WEFT_OK) {
        weft_core *core = weft_coordinator_enter(p->options.coordinator);
        if (weft_core_message(&p->ctx, core, peer, head, &worker))
            for (int32_t i = 0; i < count && st == WEFT_OK; i++)
                st = weft_core_report(&p->ctx, core, worker, &reports[i]);
        weft_core_flush(&p->ctx, core);
        weft_coordinator_leave(p->options.coordinator);
    }
    for (int32_t i = 0; i < decoded; i++) weft_to_coordinator_release(&reports[i]);
    return st;
}

/* Without keys everybody may be anything; with them a client cannot act as a worker, nor the other way. */
static bool may_say(const weft_identity *who, weft_envelope_kind kind)
{
    if (who->role == WEFT_ROLE_ANY) return true;
    return who->role == (kind == WEFT_ENVELOPE_CLIENT ? WEFT_ROLE_CLIENT : WEFT_ROLE_WORKER);
}

/* False: it could not be made; or another leads. What is said to workers then would be heard: they know of no
 * higher epoch yet, and would drop what the other needs. */
static bool listens(weft_port *p)
{
    if (!p->complete) {
        pthread_mutex_lock(&p->gate);
        p->complete = p->service != NULL;
        pthread_mutex_unlock(&p->gate);
    }
    return p->complete && !weft_coordinator_is_deposed(p->options.coordinator);
}

static void on_message(void *self, weft_net_peer peer, const weft_identity *who, const weft_net_frame *frames,
                       int32_t count)
{
    weft_port *p = self;
    weft_envelope e;
    weft_coordinator *c = p->options.coordinator;
    if (!listens(p)) return;
    if (weft_envelope_decode(&p->ctx, frames[0].bytes, frames[0].len, &e) != WEFT_OK) {
        drop(p, peer, "envelope");
    } else if (!may_say(who, e.kind)) {
        (void)weft_fail(&p->ctx, WEFT_PERMISSION_DENIED, "a key of role %s does not allow message %d",
                        weft_role_name(who->role), e.kind);
        drop(p, peer, "role");
    } else {
        switch (e.kind) {
        case WEFT_ENVELOPE_REGISTER: on_register(p, peer, frames + 1, count - 1); break;
        case WEFT_ENVELOPE_REPORTS:
            if (handle_reports(p, peer, &e.head, frames + 1, count - 1) != WEFT_OK) drop(p, peer, "reports");
            break;
        case WEFT_ENVELOPE_BEAT:
            weft_core_beat(&p->ctx, weft_coordinator_enter(c), peer, &e.head);
            weft_core_flush(&p->ctx, weft_coordinator_core(c)); /* it may have acknowledged a piece */
            weft_coordinator_leave(c);
            break;
        case WEFT_ENVELOPE_LEAVE:
            weft_core_leaves(&p->ctx, weft_coordinator_enter(c), peer);
            weft_coordinator_leave(c);
            break;
        case WEFT_ENVELOPE_CLIENT: weft_service_message(p->service, peer, who, frames + 1, count - 1); break;
        case WEFT_ENVELOPE_WELCOME:
        case WEFT_ENVELOPE_REFUSE:
        case WEFT_ENVELOPE_ORDERS:
        case WEFT_ENVELOPE_PIECE:
            (void)weft_fail(&p->ctx, WEFT_CORRUPT, "a message that only coordinators send");
            drop(p, peer, "kind");
            break;
        }
    }
    weft_error_clear(&p->ctx);
    weft_arena_reset(p->arena);
}

static void on_gone(void *self, weft_net_peer peer, const char *why)
{
    weft_port *p = self;
    if (!listens(p)) return;
    weft_log(WEFT_LOG_DEBUG, "connection_gone", WEFT_LOG_TEXT("reason", why));
    weft_core_gone(&p->ctx, weft_coordinator_enter(p->options.coordinator), peer);
    weft_coordinator_leave(p->options.coordinator);
    weft_service_gone(p->service, peer);
}

static void on_tick(void *self)
{
    weft_port *p = self;
    if (!listens(p)) return;
    weft_core *core = weft_coordinator_enter(p->options.coordinator);
    while (p->broken_count > 0) weft_core_gone(&p->ctx, core, p->broken[--p->broken_count]);
    weft_core_tick(&p->ctx, core);
    weft_coordinator_leave(p->options.coordinator);
    weft_service_tick(p->service);
    weft_error_clear(&p->ctx);
    weft_arena_reset(p->arena);
}

/* ---- life ---- */

weft_status weft_port_new(weft_ctx *ctx, weft_port **out)
{
    weft_status st = WEFT_OK;
    weft_port *p = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*p), (void **)&p));
    pthread_mutex_init(&p->gate, NULL);
    p->account = ctx->memory;
    p->arena = weft_arena_new(ctx->memory);
    p->orders = weft_arena_new(ctx->memory);
    if (p->arena == NULL || p->orders == NULL)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for the control port"));
    WEFT_TRY(st, weft_fragments_new(ctx, &p->fragments));
    weft_ctx_init(&p->ctx, p->arena, ctx->memory, ctx->settings);
    *out = p;
    p = NULL;
done:
    weft_port_free(&p);
    return st;
}

weft_status weft_port_start(weft_ctx *ctx, weft_port *p, const weft_port_options *options)
{
    weft_status st = WEFT_OK;
    const weft_net_options net = {
        .listen = options->listen,
        .keys = options->keys,
        .role = WEFT_ROLE_COORDINATOR,
        .handler = {.self = p, .message = on_message, .gone = on_gone, .tick = on_tick},
        .tick_ms = options->tick_ms,
        .silence_ms = PORT_SILENCE_MS,
        .queue_bytes = PORT_QUEUE_BYTES,
        .message_bytes = WEFT_CONTROL_BYTES_MAX,
        .peers_max = options->peers_max};
    weft_service_options service = {.pool = options->pool,
                                    .settings = options->settings,
                                    .coordinator = options->coordinator,
                                    .journal = options->journal,
                                    .sessions_max = options->sessions_max,
                                    .keep_ms = options->session_keep_ms,
                                    .named_keep_ms = options->named_keep_ms};
    p->options = *options;
    pthread_mutex_lock(&p->gate);
    st = weft_net_start(ctx, &net, &p->net);
    service.net = p->net;
    if (st == WEFT_OK) st = weft_service_new(ctx, &service, &p->service);
    if (st == WEFT_OK) st = weft_service_recover(ctx, p->service, options->recovery);
    pthread_mutex_unlock(&p->gate);
    if (st != WEFT_OK) weft_port_stop(p);
    return st;
}

int32_t weft_port_number(const weft_port *p) { return weft_net_port(p->net); }

void weft_port_suspend(weft_port *p, bool suspended)
{
    atomic_store(&p->suspended, suspended);
    weft_service_suspend(p->service, suspended);
}

void weft_port_hush(weft_port *p)
{
    if (p->net == NULL) return;
    weft_net_hush(p->net);
    weft_core *core = weft_coordinator_enter(p->options.coordinator);
    for (int32_t i = 0; i < weft_core_worker_count(core); i++) {
        weft_core_worker w;
        weft_core_get_worker(core, i, &w);
        const uint64_t peer = weft_core_peer(core, w.number);
        if (peer != 0) weft_core_gone(&p->ctx, core, peer);
    }
    weft_coordinator_leave(p->options.coordinator);
    weft_error_clear(&p->ctx);
}

void weft_port_stop(weft_port *p)
{
    weft_net *net = p->net;
    weft_service_end(p->service); /* its threads need the workers' answers to end their jobs */
    weft_net_stop(&net, PORT_LINGER_MS);
    p->net = NULL; /* not before: its thread uses both until it has stopped */
    weft_service_stop(&p->service);
}

void weft_port_free(weft_port **port)
{
    weft_port *p = *port;
    *port = NULL;
    if (p == NULL) return;
    pthread_mutex_destroy(&p->gate);
    weft_fragments_free(&p->fragments);
    weft_mem_free(p->batches);
    weft_arena_free(&p->orders);
    weft_arena_free(&p->arena);
    weft_mem_free(p);
}
