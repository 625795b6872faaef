/* tests/unit/coordinator/test_port.c - orders to a worker at the far end of a connection. */
#include <poll.h>

#include "common/shared.h"
#include "coordinator/fragments.h"
#include "coordinator/port.h"
#include "proto/envelope.h"
#include "tests/unit/common/net_rig.h"

enum { LARGE = 32 << 20, WORKER = 0 };

typedef struct rig {
    weft_fixture f;
    weft_port *port;
    weft_core_port core_port;
    weft_coordinator *coordinator;
    weft_net *net;
    weft_net_peer peer; /* of the worker: its coordinator */
    _Atomic uint64_t session;
    atomic_bool acks; /* each message, at once */
    seen s;
} rig;

static void start_port(rig *r)
{
    weft_ctx *ctx = &r->f.ctx;
    weft_fixture_ok(&r->f, weft_port_new(ctx, &r->port));
    r->core_port = weft_port_core(r->port);
    const weft_coordinator_options options = {
        .port = &r->core_port,
        .core = {.members = {.tick_ns = INT64_MAX,
                             .beat_ns = INT64_MAX,
                             .silent_ns = INT64_MAX,
                             .lost_ns = INT64_MAX},
                 .scheduler = {.grace_ns = INT64_MAX, .crashes_most = 3, .misses_most = 2, .strikes_most = 5},
                 .epoch = 1,
                 .by_value = true}};
    weft_fixture_ok(&r->f, weft_coordinator_new(ctx, &options, &r->coordinator));
    const weft_port_options port = {.coordinator = r->coordinator,
                                    .listen = "tcp://127.0.0.1:0",
                                    .settings = &r->f.settings,
                                    .tick_ms = 1000,
                                    .pool = r->f.pool,
                                    .sessions_max = 1,
                                    .peers_max = 4};
    weft_fixture_ok(&r->f, weft_port_start(ctx, r->port, &port));
}

/* All messages up to this number have come. */
static void acknowledge(rig *r, uint64_t number)
{
    const weft_envelope e = {.kind = WEFT_ENVELOPE_BEAT,
                             .head = {.session = atomic_load(&r->session), .ack = number}};
    weft_arena *arena = weft_arena_new(r->f.account);
    weft_ctx ctx;
    weft_net_frame frame = {0};
    uint8_t *bytes = NULL;
    weft_ctx_init(&ctx, arena, r->f.account, &r->f.settings);
    assert_int_equal(weft_envelope_encode(&ctx, &e, &bytes, &frame.len), WEFT_OK);
    frame.bytes = bytes;
    assert_int_equal(weft_net_send(&ctx, r->net, r->peer, &frame, 1), WEFT_OK);
    weft_arena_free(&arena);
}

static void worker_hears(void *self, weft_net_peer peer, const weft_identity *who,
                         const weft_net_frame *frames, int32_t count)
{
    rig *r = self;
    weft_envelope e;
    weft_arena *arena = weft_arena_new(r->f.account);
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, r->f.account, &r->f.settings);
    assert_int_equal(weft_envelope_decode(&ctx, frames[0].bytes, frames[0].len, &e), WEFT_OK);
    weft_arena_free(&arena);
    if (e.kind == WEFT_ENVELOPE_WELCOME) atomic_store(&r->session, e.head.session);
    if (atomic_load(&r->acks)) acknowledge(r, e.head.number);
    on_message(&r->s, peer, who, frames, count);
}

/* The worker connects, registers for the n-th time, and hears that it is welcome. */
static void join(rig *r, int64_t registration)
{
    weft_ctx *ctx = &r->f.ctx;
    char address[64];
    uint8_t *bytes[2] = {NULL, NULL};
    weft_net_frame frames[2] = {{0}, {0}};
    const weft_envelope envelope = {.kind = WEFT_ENVELOPE_REGISTER};
    weft_worker_hello hello = {.uuid = {.low = 9},
                               .registration = (uint64_t)registration,
                               .slots = 1,
                               .address = "tcp://127.0.0.1:1",
                               .version = "1"};
    const weft_to_coordinator here = {.kind = WEFT_FROM_WORKER_REGISTER, .slots = 1, .hello = &hello};
    snprintf(address, sizeof(address), "tcp://127.0.0.1:%d", weft_port_number(r->port));
    weft_fixture_ok(&r->f, weft_net_connect(ctx, r->net, address, WEFT_ROLE_COORDINATOR, &r->peer));
    weft_fixture_ok(&r->f, weft_envelope_encode(ctx, &envelope, &bytes[0], &frames[0].len));
    weft_fixture_ok(&r->f, weft_to_coordinator_encode(ctx, &here, &bytes[1], &frames[1].len));
    for (int32_t i = 0; i < 2; i++) frames[i].bytes = bytes[i];
    const int64_t heard = r->s.messages;
    weft_fixture_ok(&r->f, weft_net_send(ctx, r->net, r->peer, frames, 2));
    wait_for(&r->s, &r->s.messages, heard + 1);
}

/* A worker that has registered, and acknowledges what it gets. */
static void start_worker(rig *r)
{
    seen_init(&r->s);
    const weft_net_options options = {.role = WEFT_ROLE_WORKER,
                                      .handler = {.self = r, .message = worker_hears},
                                      .silence_ms = WAIT_MS,
                                      .queue_bytes = 1 << 20,
                                      .message_bytes = 2 * LARGE};
    weft_fixture_ok(&r->f, weft_net_start(&r->f.ctx, &options, &r->net));
    join(r, 1);
}

static void rig_open(rig *r)
{
    *r = (rig){0};
    weft_fixture_open(&r->f);
    start_port(r);
    start_worker(r);
}

static void rig_close(rig *r)
{
    weft_net_stop(&r->net, 0);
    weft_port_stop(r->port);
    weft_port_free(&r->port);
    weft_coordinator_free(&r->coordinator);
    pthread_cond_destroy(&r->s.changed);
    pthread_mutex_destroy(&r->s.lock);
    weft_fixture_close(&r->f);
}

static weft_shared *shared_zeros(rig *r)
{
    weft_ctx *ctx = &r->f.ctx;
    void *bytes = NULL;
    weft_shared *fragment = NULL;
    weft_fixture_ok(&r->f, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, LARGE, &bytes));
    weft_fixture_ok(&r->f, weft_shared_new(ctx, bytes, LARGE, &fragment));
    weft_mem_free(bytes);
    return fragment;
}

static weft_to_worker stage_of(const rig *r, weft_shared *fragment)
{
    return (weft_to_worker){.kind = WEFT_TO_WORKER_STAGE,
                            .epoch = 1,
                            .job = 1,
                            .fragment_bytes = fragment->bytes,
                            .fragment_len = LARGE,
                            .fragment_shared = fragment,
                            .settings = &r->f.settings};
}

/* While the lock is held a large fragment is neither encoded nor copied: all workers get the same bytes, in
 * pieces behind the orders of the step, and only as fast as they acknowledge them; the last that has them
 * lets go. */
static void large_fragments_are_lent(void **state)
{
    (void)state;
    enum { ORDERS = 70, MESSAGES = 2 }; /* more than one message takes */
    rig r;
    rig_open(&r);
    weft_ctx *ctx = &r.f.ctx;
    weft_shared *fragment = shared_zeros(&r);
    const weft_to_worker small = {.kind = WEFT_TO_WORKER_FREE, .epoch = 1, .job = 1};
    const weft_to_worker large = stage_of(&r, fragment);
    (void)weft_coordinator_enter(r.coordinator);
    const int64_t before = weft_account_used_bytes(r.f.account);
    for (int32_t i = 0; i < ORDERS; i++)
        weft_fixture_ok(&r.f, r.core_port.order(ctx, r.core_port.self, WORKER, i == 62 ? &large : &small));
    assert_int_equal(atomic_load(&fragment->holders), 2);
    r.core_port.flush(ctx, r.core_port.self);
    assert_true(weft_account_used_bytes(r.f.account) - before < 1 << 20);
    weft_coordinator_leave(r.coordinator);
    wait_for(&r.s, &r.s.messages, 1 + MESSAGES + WEFT_FRAGMENT_WINDOW);
    (void)poll(NULL, 0, 100);
    assert_true(r.s.messages == 1 + MESSAGES + WEFT_FRAGMENT_WINDOW); /* nothing is acknowledged yet */
    assert_int_equal(r.s.last_count, 3);
    acknowledge(&r, MESSAGES + WEFT_FRAGMENT_WINDOW - 1);
    atomic_store(&r.acks, true);
    acknowledge(&r, MESSAGES + WEFT_FRAGMENT_WINDOW);
    wait_for(&r.s, &r.s.messages, 1 + MESSAGES + LARGE / WEFT_PIECE_BYTES_MAX);
    assert_true(r.s.bytes > LARGE && r.s.bytes < LARGE + (1 << 16));
    while (atomic_load(&fragment->holders) > 1) (void)poll(NULL, 0, 1); /* the last acknowledgement */
    weft_shared_release(fragment);
    rig_close(&r);
}

/* What is on its way to a worker ends with its session: whatever is told in the next one would wait for
 * numbers that are not its own. */
static void pieces_end_with_the_session(void **state)
{
    (void)state;
    rig r;
    rig_open(&r);
    weft_shared *fragment = shared_zeros(&r);
    const weft_to_worker large = stage_of(&r, fragment);
    (void)weft_coordinator_enter(r.coordinator);
    weft_fixture_ok(&r.f, r.core_port.order(&r.f.ctx, r.core_port.self, WORKER, &large));
    r.core_port.flush(&r.f.ctx, r.core_port.self);
    weft_coordinator_leave(r.coordinator);
    wait_for(&r.s, &r.s.messages, 2 + WEFT_FRAGMENT_WINDOW); /* the welcome, the order, pieces */
    assert_true(atomic_load(&fragment->holders) > 1);
    join(&r, 2);
    for (int32_t ms = 0; ms < WAIT_MS && atomic_load(&fragment->holders) > 1; ms++) (void)poll(NULL, 0, 1);
    assert_int_equal(atomic_load(&fragment->holders), 1);
    weft_shared_release(fragment);
    rig_close(&r);
}

/* Who is not there gets nothing, and holds nothing. */
static void nobody_holds_what_was_not_sent(void **state)
{
    (void)state;
    rig r;
    rig_open(&r);
    weft_ctx *ctx = &r.f.ctx;
    weft_shared *fragment = NULL;
    weft_fixture_ok(&r.f, weft_shared_new(ctx, "fragment", 8, &fragment));
    const weft_to_worker order = {.kind = WEFT_TO_WORKER_STAGE,
                                  .epoch = 1,
                                  .job = 1,
                                  .fragment_bytes = fragment->bytes,
                                  .fragment_len = 8,
                                  .fragment_shared = fragment,
                                  .settings = &r.f.settings};
    (void)weft_coordinator_enter(r.coordinator);
    weft_fixture_ok(&r.f, r.core_port.order(ctx, r.core_port.self, WORKER + 1, &order));
    assert_int_equal(atomic_load(&fragment->holders), 2);
    r.core_port.flush(ctx, r.core_port.self);
    assert_int_equal(atomic_load(&fragment->holders), 1);
    weft_coordinator_leave(r.coordinator);
    weft_shared_release(fragment);
    rig_close(&r);
}

WEFT_TESTS(WEFT_TEST(large_fragments_are_lent), WEFT_TEST(pieces_end_with_the_session),
           WEFT_TEST(nobody_holds_what_was_not_sent))
