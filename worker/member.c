/* worker/member.c - see member.h. All that is not said to be guarded belongs to the endpoint's thread. */
#include "worker/member.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/hash.h"
#include "common/log.h"
#include "proto/envelope.h"
#include "worker/epoch.h"
#include "worker/outbox.h"

#define WELCOME_OF_MANY_NS INT64_C(1000000000)

enum {
    MASTERS_MAX = 16,
    MASTER_BYTES = 272,      /* "tcp://", a host name of at most 255 bytes, a port */
    TICK_MS = 20,            /* a tenth of the shortest time that is watched */
    QUEUE_BYTES = 256 << 20, /* to a coordinator that does not read: the outbox is full before */
    LEAVE_MS = 1000,
    LINGER_MS = 300
};

struct weft_member {
    weft_member_options options;
    weft_account *account;
    weft_arena *arena; /* for one call of a handler */
    weft_ctx ctx;
    weft_outbox *outbox;
    char masters[MASTERS_MAX][MASTER_BYTES];
    int32_t master_count;
    weft_worker *worker;
    const char *address, *web; /* web: or NULL */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    weft_net *net; /* guarded by lock, as is all up to `left`; NULL: not started */
    bool leaving, left;

    weft_net *endpoint; /* the same, for its own thread */
    weft_control control;
    int32_t next_master;
    const char *master;           /* of the connection */
    const weft_net_frame *orders; /* of the message that is handled */
    int32_t order_count;
    bool connects;      /* the machine wants a connection */
    const char *broken; /* why the session has to end; NULL: it does not */
    bool told;          /* that nobody answers */
    bool paused;        /* the lease was out */
    bool done;          /* left, refused or forsaken */
};

weft_control_options weft_member_times(void)
{
    const int64_t ms = 1000000;
    return (weft_control_options){.tick_ns = TICK_MS * ms,
                                  .beat_ns = 200 * ms,
                                  .silent_ns = 2000 * ms,
                                  .lease_ns = 15000 * ms,
                                  .grace_ns = 600000 * ms,
                                  .backoff_least_ns = 20 * ms, /* a standby may lead by then */
                                  .backoff_most_ns = 300 * ms, /* well under the time to be dead */
                                  .welcome_ns = 3000 * ms};
}

/* ---- what is sent ---- */

/* frames: [count + 1], of which the first is the envelope's. */
static weft_status send_message(weft_member *m, weft_net_peer peer, const weft_envelope *envelope,
                                weft_net_frame *frames, int32_t count)
{
    weft_status st = WEFT_OK;
    uint8_t *bytes = NULL;
    size_t len = 0;
    WEFT_TRY(st, weft_envelope_encode(&m->ctx, envelope, &bytes, &len));
    frames[0] = (weft_net_frame){.bytes = bytes, .len = len};
    st = weft_net_send(&m->ctx, m->endpoint, peer, frames, count + 1);
done:
    return st;
}

/* The worker's list comes first: an attempt that ends between the two is in both. A block whose report is on
 * its way again is judged by that: what the coordinator said of it before could be overtaken by it. */
static weft_status make_hello(weft_member *m, weft_worker_hello *hello)
{
    weft_status st = WEFT_OK;
    weft_block_name *reported = NULL, *running = NULL;
    int32_t count = 0, again = 0, blocks = 0;
    WEFT_TRY(st, weft_worker_list(&m->ctx, m->worker, hello));
    WEFT_TRY(st, weft_outbox_attempts(&m->ctx, m->outbox, &reported, &count, &again));
    WEFT_TRY(st, WEFT_NEW_ARRAY(&m->ctx, hello->running_count + count, &running));
    for (int32_t i = 0; i < hello->running_count; i++) running[i] = hello->running[i];
    for (int32_t i = 0; i < count; i++)
        if (!weft_block_name_is_in(&reported[i], running, hello->running_count))
            running[hello->running_count++] = reported[i];
    hello->running = running;
    weft_block_name *const all = (weft_block_name *)(uintptr_t)hello->blocks;
    for (int32_t i = 0; i < hello->block_count; i++)
        if (!weft_block_name_is_in(&all[i], running, hello->running_count) &&
            (again == 0 || bsearch(&all[i], reported + count, (size_t)again, sizeof(*reported),
                                   weft_block_name_compare) == NULL))
            all[blocks++] = all[i];
    hello->block_count = blocks;
    hello->uuid = m->options.uuid;
    hello->registration = m->control.registrations;
    hello->epoch = m->control.epoch;
    snprintf(hello->address, sizeof(hello->address), "%s", m->address);
    snprintf(hello->host_id, sizeof(hello->host_id), "%s", m->options.host_id);
    snprintf(hello->cluster, sizeof(hello->cluster), "%s", m->options.cluster);
    snprintf(hello->version, sizeof(hello->version), "%s", m->options.version);
    snprintf(hello->web, sizeof(hello->web), "%s", m->web == NULL ? "" : m->web);
done:
    return st;
}

static weft_status send_register(weft_member *m, weft_net_peer peer)
{
    weft_status st = WEFT_OK;
    weft_worker_hello *hello = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    const weft_envelope envelope = {.kind = WEFT_ENVELOPE_REGISTER};
    WEFT_TRY(st, WEFT_NEW(&m->ctx, &hello));
    WEFT_TRY(st, make_hello(m, hello));
    const weft_to_coordinator here = {
        .kind = WEFT_FROM_WORKER_REGISTER, .slots = hello->slots, .hello = hello};
    WEFT_TRY(st, weft_to_coordinator_encode(&m->ctx, &here, &bytes, &len));
    weft_net_frame frames[2] = {{0}, {.bytes = bytes, .len = len}};
    st = send_message(m, peer, &envelope, frames, 1);
done:
    return st;
}

static void send_batch(weft_member *m, const weft_control_action *a)
{
    weft_net_frame frames[WEFT_OUTBOX_REPORTS_MAX + 1];
    const weft_envelope envelope = {.kind = WEFT_ENVELOPE_REPORTS, .head = a->head};
    const int32_t count = weft_outbox_frames(m->outbox, a->report, frames + 1);
    if (send_message(m, a->peer, &envelope, frames, count) != WEFT_OK)
        m->broken = "a report could not be sent";
}

/* One that does not go is followed by others. */
static void send_beat(weft_member *m, const weft_control_action *a)
{
    weft_net_frame frame;
    const weft_envelope envelope = {.kind = WEFT_ENVELOPE_BEAT, .head = a->head};
    if (send_message(m, a->peer, &envelope, &frame, 0) != WEFT_OK) weft_error_clear(&m->ctx);
}

/* ---- the machine ---- */

static void end(weft_member *m, const weft_error *why)
{
    m->done = true;
    if (m->options.ended != NULL) m->options.ended(m->options.self, why);
}

static void forsaken(weft_member *m)
{
    const weft_status st = weft_fail(&m->ctx, WEFT_UNREACHABLE,
                                     "no coordinator answered at %s for %lld seconds", m->options.masters,
                                     (long long)(m->options.control.grace_ns / 1000000000));
    (void)st; /* the reason */
    end(m, &m->ctx.error);
}

static void take_orders(weft_member *m)
{
    for (int32_t i = 0, taken = 1; i < m->order_count; i += taken) {
        if (weft_worker_receive(&m->ctx, m->worker, m->orders + i, m->order_count - i, &taken) == WEFT_OK)
            continue;
        weft_log_error(WEFT_LOG_WARN, "order_not_taken", &m->ctx.error);
        weft_error_clear(&m->ctx);
        m->broken = "an order could not be taken"; /* those after it may need it */
        return;
    }
}

/* What cannot be told breaks the session: then the coordinator waits for it in vain, and has it made again.
 */
static void send_again(weft_member *m)
{
    weft_parcel **reports = NULL, *last = NULL, *none = NULL;
    int32_t count = 0;
    const weft_to_coordinator held = {.kind = WEFT_FROM_WORKER_HELD, .epoch = m->control.epoch};
    weft_status st = weft_store_reports(&m->ctx, weft_worker_store(m->worker), &reports, &count);
    for (int32_t i = 0; i < count; i++) {
        weft_outbox_again(m->outbox, reports[i]);
        weft_parcel_release(&reports[i]);
    }
    if (st == WEFT_OK) st = weft_parcel_new(&m->ctx, m->outbox, &held, &last, &none);
    if (st == WEFT_OK) weft_outbox_again(m->outbox, last);
    weft_parcel_release(&last);
    weft_log(WEFT_LOG_INFO, "reports_again", WEFT_LOG_INT("epoch", m->control.epoch),
             WEFT_LOG_INT("blocks", count));
    if (st == WEFT_OK) return;
    weft_log_error(WEFT_LOG_WARN, "reports_not_sent_again", &m->ctx.error);
    weft_error_clear(&m->ctx);
    m->broken = "what it holds could not be told";
}

static void pause_worker(weft_member *m, bool paused)
{
    weft_worker_pause(m->worker, paused);
    if (paused)
        weft_log(WEFT_LOG_WARN, "lease_out", WEFT_LOG_TEXT("effect", "no attempt begins"));
    else if (m->paused)
        weft_log(WEFT_LOG_INFO, "lease_back", WEFT_LOG_TEXT("effect", "attempts begin"));
    m->paused = paused;
}

static void act(void *self, const weft_control_action *a)
{
    weft_member *m = self;
    switch (a->kind) {
    case WEFT_CONTROL_CONNECT: m->connects = true; break;
    case WEFT_CONTROL_CLOSE: weft_net_drop(m->endpoint, a->peer); break;
    case WEFT_CONTROL_HANDLE: take_orders(m); break;
    case WEFT_CONTROL_SEND: send_batch(m, a); break;
    case WEFT_CONTROL_AGAIN: send_again(m); break;
    case WEFT_CONTROL_FORGET: weft_outbox_forget(m->outbox, a->report); break;
    case WEFT_CONTROL_BEATS: send_beat(m, a); break;
    case WEFT_CONTROL_PAUSE: pause_worker(m, true); break;
    case WEFT_CONTROL_RESUME: pause_worker(m, false); break;
    case WEFT_CONTROL_FORSAKEN: forsaken(m); break;
    }
}

/* A connection to the next of the masters, over which the worker registers. */
static void connect_next(weft_member *m)
{
    weft_net_peer peer = 0;
    m->master = m->masters[m->next_master];
    m->next_master = (m->next_master + 1) % m->master_count;
    weft_status st = weft_net_connect(&m->ctx, m->endpoint, m->master, WEFT_ROLE_COORDINATOR, &peer);
    if (st == WEFT_OK) {
        st = send_register(m, peer);
        if (st != WEFT_OK) weft_net_drop(m->endpoint, peer);
    }
    if (st != WEFT_OK) {
        weft_log_error(WEFT_LOG_WARN, "register_failed", &m->ctx.error);
        weft_error_clear(&m->ctx);
        peer = 0;
    }
    weft_control_connected(&m->control, peer, weft_now_ns(&m->ctx));
}

static void lost_session(weft_member *m, const char *why)
{
    weft_worker_parted(&m->ctx, m->worker);
    weft_log(WEFT_LOG_WARN, "session_lost", WEFT_LOG_TEXT("coordinator", m->master),
             WEFT_LOG_TEXT("reason", why));
}

static void step(weft_member *m, const weft_control_event *event)
{
    const weft_control_state before = m->control.state;
    weft_control_step(&m->control, event, weft_now_ns(&m->ctx), act, m);
    if (m->broken != NULL && m->control.peer != 0) {
        const weft_control_event gone = {.kind = WEFT_CONTROL_GONE, .peer = m->control.peer};
        weft_net_drop(m->endpoint, m->control.peer);
        weft_control_step(&m->control, &gone, weft_now_ns(&m->ctx), act, m);
    }
    if (before == WEFT_CONTROL_MEMBER && m->control.state != WEFT_CONTROL_MEMBER)
        lost_session(m, m->broken != NULL                  ? m->broken
                        : event->kind == WEFT_CONTROL_GONE ? "the connection is broken"
                        : event->kind == WEFT_CONTROL_TICK ? "nothing was heard"
                                                           : "a message is missing");
    m->broken = NULL;
    if (m->connects && !m->done) connect_next(m);
    m->connects = false;
}

static void post(weft_member *m);

/* ---- what arrives ---- */

/* A higher epoch is on disk before anything of it counts. */
static weft_status keep_epoch(weft_member *m, uint32_t epoch)
{
    if (epoch <= m->control.epoch || m->options.folder == NULL) return WEFT_OK;
    return weft_epoch_write(&m->ctx, m->options.folder, epoch);
}

static void on_welcome(weft_member *m, const weft_envelope *e, weft_net_peer peer)
{
    const uint32_t epoch = (uint32_t)(e->head.session >> 32), before = m->control.epoch;
    const weft_control_event event = {.kind = WEFT_CONTROL_WELCOME, .peer = peer, .head = e->head};
    if (m->control.state != WEFT_CONTROL_ASKING) return;
    if (keep_epoch(m, epoch) != WEFT_OK) {
        weft_log_error(WEFT_LOG_ERROR, "epoch_not_written", &m->ctx.error);
        m->broken = "its epoch could not be kept";
    } else if (epoch < before)
        weft_log(WEFT_LOG_WARN, "coordinator_deposed", WEFT_LOG_TEXT("coordinator", m->master),
                 WEFT_LOG_INT("epoch", epoch), WEFT_LOG_INT("seen", before));
    else {
        weft_worker_welcomed(m->worker, e->worker, epoch);
        weft_log(WEFT_LOG_INFO, "registered", WEFT_LOG_INT("worker", e->worker),
                 WEFT_LOG_TEXT("coordinator", m->master), WEFT_LOG_INT("epoch", epoch));
        if (m->options.artifacts != NULL) m->options.artifacts(m->options.self, e->text);
        if (m->options.registered != NULL) m->options.registered(m->options.self, e->worker, m->master);
        m->told = false;
    }
    step(m, &event);
    post(m);
}

static void on_refuse(weft_member *m, const char *text)
{
    char shown[WEFT_ENVELOPE_TEXT_BYTES];
    snprintf(shown, sizeof(shown), "%s", text);
    for (char *at = shown; *at != 0; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f) *at = ' ';
    const weft_status st =
        weft_fail(&m->ctx, WEFT_INVALID, "the coordinator at %s refuses this worker: %s", m->master, shown);
    (void)st; /* the reason */
    end(m, &m->ctx.error);
}

static void handle(weft_member *m, const weft_envelope *e, weft_net_peer peer)
{
    weft_control_event event = {.kind = WEFT_CONTROL_ORDER, .peer = peer, .head = e->head};
    switch (e->kind) {
    case WEFT_ENVELOPE_WELCOME: on_welcome(m, e, peer); return;
    case WEFT_ENVELOPE_REFUSE: on_refuse(m, e->text); return;
    case WEFT_ENVELOPE_BEAT: event.kind = WEFT_CONTROL_BEAT; break;
    case WEFT_ENVELOPE_ORDERS: break;
    case WEFT_ENVELOPE_PIECE: event.kind = WEFT_CONTROL_PIECE; break;
    case WEFT_ENVELOPE_REGISTER:
    case WEFT_ENVELOPE_REPORTS:
    case WEFT_ENVELOPE_LEAVE:
    case WEFT_ENVELOPE_CLIENT:
        event.kind = WEFT_CONTROL_TICK;
        m->broken = "it talks like a worker";
        break;
    }
    step(m, &event);
}

static void on_message(void *self, weft_net_peer peer, const weft_identity *who, const weft_net_frame *frames,
                       int32_t count)
{
    weft_member *m = self;
    weft_envelope e;
    (void)who; /* proven by the key that was asked for */
    if (m->done || peer != m->control.peer) return;
    m->orders = frames + 1;
    m->order_count = count - 1;
    if (weft_envelope_decode(&m->ctx, frames[0].bytes, frames[0].len, &e) == WEFT_OK)
        handle(m, &e, peer);
    else {
        const weft_control_event nothing = {.kind = WEFT_CONTROL_TICK};
        weft_log_error(WEFT_LOG_WARN, "message_not_understood", &m->ctx.error);
        m->broken = "a message was not understood";
        step(m, &nothing);
    }
    weft_error_clear(&m->ctx);
    weft_arena_reset(m->arena);
}

static void on_gone(void *self, weft_net_peer peer, const char *why)
{
    weft_member *m = self;
    const weft_control_event event = {.kind = WEFT_CONTROL_GONE, .peer = peer};
    if (m->done || peer != m->control.peer) return;
    if (m->control.state != WEFT_CONTROL_MEMBER)
        weft_log(m->told ? WEFT_LOG_DEBUG : WEFT_LOG_WARN, "coordinator_unreachable",
                 WEFT_LOG_TEXT("coordinator", m->master), WEFT_LOG_TEXT("reason", why));
    m->told = true;
    step(m, &event);
}

/* What waits becomes messages. */
static void post(weft_member *m)
{
    const weft_control_event report = {.kind = WEFT_CONTROL_REPORT};
    const weft_control_event nothing = {.kind = WEFT_CONTROL_TICK};
    if (weft_outbox_missed(m->outbox)) {
        weft_log(WEFT_LOG_WARN, "report_dropped", WEFT_LOG_TEXT("effect", "a new session"));
        m->broken = "a report was dropped";
        step(m, &nothing);
    }
    while (weft_outbox_batch(m->outbox)) step(m, &report);
}

static void leave(weft_member *m)
{
    weft_net_frame frame;
    const weft_envelope envelope = {.kind = WEFT_ENVELOPE_LEAVE};
    if (!m->done && m->control.state == WEFT_CONTROL_MEMBER &&
        send_message(m, m->control.peer, &envelope, &frame, 0) != WEFT_OK)
        weft_log_error(WEFT_LOG_WARN, "leave_not_sent", &m->ctx.error);
    m->done = true;
    pthread_mutex_lock(&m->lock);
    m->left = true;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

static void on_tick(void *self)
{
    weft_member *m = self;
    const weft_control_event event = {.kind = WEFT_CONTROL_TICK};
    pthread_mutex_lock(&m->lock);
    const bool leaving = m->leaving && !m->left;
    if (m->net != NULL) m->endpoint = m->net; /* it stays until this thread has ended */
    pthread_mutex_unlock(&m->lock);
    if (m->endpoint == NULL) return; /* not started yet */
    if (!m->done) post(m);
    if (!m->done && !leaving) step(m, &event);
    if (leaving) leave(m);
    weft_error_clear(&m->ctx);
    weft_arena_reset(m->arena);
}

/* ---- reports ---- */

static weft_status send_report(weft_ctx *ctx, void *self, const weft_to_coordinator *message)
{
    weft_member *m = self;
    weft_status st = WEFT_OK;
    weft_to_coordinator sent = *message;
    weft_parcel *parcel = NULL, *kept = NULL;
    const weft_block_name name = {.job = message->job,
                                  .stage = message->stage,
                                  .generation = message->generation,
                                  .partition = message->partition,
                                  .attempt = message->attempt};
    if (message->kind == WEFT_FROM_WORKER_REGISTER) return WEFT_OK; /* it registers by its hello */
    WEFT_TRY(st, weft_parcel_new(ctx, m->outbox, message, &parcel, &kept));
    /* it is beside its block before it can be acknowledged: no coordinator misses both */
    if (kept != NULL) weft_store_keep(weft_worker_store(m->worker), &name, kept);
    WEFT_TRY(st, weft_outbox_add(ctx, m->outbox, parcel));
    weft_to_coordinator_release(&sent);
done:
    return st;
}

static void flush_reports(void *self)
{
    weft_member *m = self;
    pthread_mutex_lock(&m->lock);
    if (m->net != NULL) weft_net_wake(m->net);
    pthread_mutex_unlock(&m->lock);
}

weft_coordinator_link weft_member_link(weft_member *m)
{
    return (weft_coordinator_link){.send = send_report, .flush = flush_reports, .self = m};
}

/* ---- life ---- */

static weft_status add_master(weft_ctx *ctx, weft_member *m, const char *text, size_t len)
{
    weft_status st = WEFT_OK;
    char *const out = m->masters[m->master_count];
    const bool has_port = memchr(text, ':', len) != NULL && text[len - 1] != ']';
    const int wrote = has_port
                          ? snprintf(out, MASTER_BYTES, "tcp://%.*s", (int)len, text)
                          : snprintf(out, MASTER_BYTES, "tcp://%.*s:%d", (int)len, text, WEFT_CONTROL_PORT);
    if (len == 0 || wrote >= MASTER_BYTES)
        return weft_fail(ctx, WEFT_INVALID, "\"%.300s\" names no coordinator", m->options.masters);
    WEFT_TRY(st, weft_net_check_address(ctx, out, m->options.keys != NULL));
    m->master_count++;
done:
    return st;
}

static weft_status parse_masters(weft_ctx *ctx, weft_member *m)
{
    weft_status st = WEFT_OK;
    const char *at = m->options.masters;
    const bool spark = strncmp(at, "spark://", 8) == 0;
    if (!spark && strncmp(at, "weft://", 7) != 0)
        return weft_fail(ctx, WEFT_INVALID, "\"%.300s\" is no address of a cluster: weft://HOST:PORT is", at);
    at += spark ? 8 : 7;
    for (;;) {
        const size_t len = strcspn(at, ",");
        if (m->master_count == MASTERS_MAX)
            return weft_fail(ctx, WEFT_INVALID, "more than %d coordinators", MASTERS_MAX);
        if (len > MASTER_BYTES)
            return weft_fail(ctx, WEFT_INVALID, "\"%.300s\" is no address: it is too long", at);
        WEFT_TRY(st, add_master(ctx, m, at, len));
        if (at[len] == 0) break;
        at += len + 1;
    }
done:
    return st;
}

weft_status weft_member_new(weft_ctx *ctx, const weft_member_options *options, weft_member **out)
{
    weft_status st = WEFT_OK;
    weft_member *m = NULL;
    uint32_t epoch = 0;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*m), (void **)&m));
    m->options = *options;
    m->account = ctx->memory;
    m->options.control.seed = weft_hash_combine(options->control.seed, options->uuid.low);
    pthread_mutex_init(&m->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&m->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    m->arena = weft_arena_new(m->account);
    if (m->arena == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for a member"));
    weft_ctx_init(&m->ctx, m->arena, m->account, ctx->settings);
    m->ctx.clock = ctx->clock;
    WEFT_TRY(st, parse_masters(ctx, m));
    if (m->master_count > 1) /* one that does not answer is no reason not to try the next */
        m->options.control.welcome_ns = weft_min_i64(m->options.control.welcome_ns, WELCOME_OF_MANY_NS);
    WEFT_TRY(st, weft_outbox_new(ctx, options->outbox_bytes, &m->outbox));
    if (options->folder != NULL) WEFT_TRY(st, weft_epoch_read(ctx, options->folder, &epoch));
    weft_control_init(&m->control, &m->options.control, epoch, weft_now_ns(ctx));
    *out = m;
    m = NULL;
done:
    weft_member_free(&m);
    return st;
}

weft_status weft_member_start(weft_ctx *ctx, weft_member *m, weft_worker *worker, const char *address,
                              const char *web)
{
    weft_status st = WEFT_OK;
    weft_net *net = NULL;
    m->worker = worker;
    m->address = address;
    m->web = web;
    const weft_net_options options = {
        .keys = m->options.keys,
        .role = WEFT_ROLE_WORKER,
        .handler = {.self = m, .message = on_message, .gone = on_gone, .tick = on_tick},
        .tick_ms = TICK_MS,
        .silence_ms = (int32_t)weft_max_i64(1, m->options.control.silent_ns / 1000000),
        .queue_bytes = QUEUE_BYTES,
        .message_bytes = WEFT_CONTROL_BYTES_MAX};
    WEFT_TRY(st, weft_net_start(ctx, &options, &net));
    pthread_mutex_lock(&m->lock);
    m->net = net;
    weft_net_wake(net);
    pthread_mutex_unlock(&m->lock);
done:
    return st;
}

void weft_member_leave(weft_member *m)
{
    const weft_clock *clock = m->ctx.clock;
    const int64_t until = clock->now_ns(clock->self) + (int64_t)LEAVE_MS * 1000000;
    const struct timespec at = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
    int error = 0;
    pthread_mutex_lock(&m->lock);
    m->leaving = true;
    if (m->net != NULL) weft_net_wake(m->net);
    while (m->net != NULL && !m->left && error == 0)
        error = pthread_cond_timedwait(&m->changed, &m->lock, &at);
    pthread_mutex_unlock(&m->lock);
}

void weft_member_stop(weft_member *m)
{
    if (m == NULL) return;
    pthread_mutex_lock(&m->lock);
    weft_net *net = m->net;
    m->net = NULL;
    pthread_mutex_unlock(&m->lock);
    weft_net_stop(&net, LINGER_MS);
}

void weft_member_free(weft_member **member)
{
    weft_member *m = *member;
    *member = NULL;
    if (m == NULL) return;
    weft_member_stop(m);
    weft_outbox_free(&m->outbox);
    weft_arena_free(&m->arena);
    pthread_mutex_destroy(&m->lock);
    pthread_cond_destroy(&m->changed);
    weft_mem_free(m);
}
