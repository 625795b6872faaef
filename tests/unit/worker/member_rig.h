/* tests/unit/worker/member_rig.h - a worker, and a coordinator that follows a script, over real connections.
 */
#ifndef WEFT_TESTS_UNIT_WORKER_MEMBER_RIG_H
#define WEFT_TESTS_UNIT_WORKER_MEMBER_RIG_H

#include <time.h>

#include "common/link.h"
#include "common/net.h"
#include "proto/envelope.h"
#include "tests/unit/worker/worker_rig.h"
#include "worker/member.h"

#define MS INT64_C(1000000)

enum { FRAMES_MAX = 64 };

/* A message that came, taken apart by the test. */
typedef struct heard {
    weft_net_peer peer;
    int32_t count;
    size_t len[FRAMES_MAX];
    uint8_t *frames[FRAMES_MAX];
} heard;

typedef struct script {
    rig r; /* of its rig only fixture and stage are used */
    weft_net *net;
    weft_mailbox *inbox; /* heard */
    weft_mailbox *ends;  /* weft_error */
    weft_member *member;
    weft_worker *worker;
    char masters[64];
    const char *folder;
    weft_control_options times;
    int64_t outbox_bytes;
    weft_net_peer peer; /* of the session */
    weft_link link;
} script;

/* ---- the coordinator's end ---- */

static inline void on_message(void *self, weft_net_peer peer, const weft_identity *who,
                              const weft_net_frame *frames, int32_t count)
{
    script *s = self;
    heard h = {.peer = peer, .count = count};
    weft_ctx ctx;
    (void)who;
    weft_ctx_init(&ctx, NULL, s->r.f.account, &s->r.f.settings);
    for (int32_t i = 0; i < count; i++) {
        h.len[i] = frames[i].len;
        assert_int_equal(weft_mem_alloc(&ctx, WEFT_MEM_WORKING, frames[i].len + 1, (void **)&h.frames[i]),
                         WEFT_OK);
        memcpy(h.frames[i], frames[i].bytes, frames[i].len);
    }
    assert_int_equal(weft_mailbox_put(&ctx, s->inbox, &h, false), WEFT_OK);
}

static inline void heard_free(heard *h)
{
    for (int32_t i = 0; i < h->count; i++) weft_mem_free(h->frames[i]);
}

static inline weft_envelope envelope_of(script *s, const heard *h)
{
    weft_envelope e;
    weft_fixture_ok(&s->r.f, weft_envelope_decode(&s->r.f.ctx, h->frames[0], h->len[0], &e));
    return e;
}

/* The next message that is no heartbeat (those are acknowledged), whichever connection it came over. */
static inline heard next_message(script *s, weft_envelope *e)
{
    for (;;) {
        heard h;
        assert_true(weft_mailbox_take(s->inbox, &h, WAIT_MS * MS));
        *e = envelope_of(s, &h);
        if (e->kind != WEFT_ENVELOPE_BEAT) return h;
        heard_free(&h);
    }
}

static inline void say(script *s, const weft_envelope *e, weft_net_frame *frames, int32_t count)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_fixture_ok(&s->r.f, weft_envelope_encode(&s->r.f.ctx, e, &bytes, &len));
    frames[0] = (weft_net_frame){.bytes = bytes, .len = len};
    weft_fixture_ok(&s->r.f, weft_net_send(&s->r.f.ctx, s->net, s->peer, frames, count + 1));
}

static inline void say_plain(script *s, weft_envelope_kind kind, weft_link_head head)
{
    weft_net_frame frame;
    const weft_envelope e = {.kind = kind,
                             .head = head,
                             .worker = kind == WEFT_ENVELOPE_WELCOME ? 3 : 0,
                             .text = kind == WEFT_ENVELOPE_REFUSE ? "another\ncluster" : NULL};
    say(s, &e, &frame, 0);
}

static inline void beat(script *s) { say_plain(s, WEFT_ENVELOPE_BEAT, weft_link_beat(&s->link, 0)); }

/* Orders in one message with this head, of the leader of its session. */
static inline void order_as(script *s, weft_link_head head, const weft_to_worker *orders, int32_t count)
{
    weft_net_frame frames[FRAMES_MAX];
    const weft_envelope e = {.kind = WEFT_ENVELOPE_ORDERS, .head = head};
    for (int32_t i = 0; i < count; i++) {
        uint8_t *bytes = NULL;
        weft_to_worker o = orders[i];
        if (o.epoch == 0) o.epoch = (int64_t)(head.session >> 32);
        weft_fixture_ok(&s->r.f, weft_to_worker_encode(&s->r.f.ctx, &o, &bytes, &frames[i + 1].len));
        frames[i + 1] = (weft_net_frame){.bytes = bytes, .len = frames[i + 1].len};
    }
    say(s, &e, frames, count);
}

static inline void order(script *s, const weft_to_worker *orders, int32_t count)
{
    order_as(s, weft_link_send(&s->link, 0), orders, count);
}

static inline weft_to_worker open_order(const script *s)
{
    return (weft_to_worker){.kind = WEFT_TO_WORKER_STAGE,
                            .job = JOB,
                            .fragment_bytes = s->r.bytes,
                            .fragment_len = s->r.len,
                            .settings = &s->r.f.settings};
}

static inline weft_to_worker launch_order(int32_t partition, int32_t attempt)
{
    static const uint8_t nothing[1];
    return (weft_to_worker){.kind = WEFT_TO_WORKER_LAUNCH,
                            .job = JOB,
                            .partition = partition,
                            .attempt = attempt,
                            .task_bytes = nothing};
}

/* Wait for a registration: what it says, to be released. */
static inline weft_to_coordinator next_register(script *s)
{
    weft_to_coordinator m;
    weft_envelope e;
    heard h = next_message(s, &e);
    while (e.kind != WEFT_ENVELOPE_REGISTER) { /* reports of the session that ended */
        heard_free(&h);
        h = next_message(s, &e);
    }
    assert_int_equal(h.count, 2);
    weft_fixture_ok(&s->r.f, weft_to_coordinator_decode(&s->r.f.ctx, h.frames[1], h.len[1], &m));
    assert_int_equal(m.kind, WEFT_FROM_WORKER_REGISTER);
    assert_non_null(m.hello);
    s->peer = h.peer;
    heard_free(&h);
    return m;
}

static inline void welcome(script *s, uint64_t session)
{
    weft_link_open(&s->link, session, 0);
    say_plain(s, WEFT_ENVELOPE_WELCOME, (weft_link_head){.session = session});
}

/* Register and be welcomed; checks how much the worker holds. */
static inline void enter(script *s, uint64_t session, int32_t running, int32_t blocks, int32_t jobs)
{
    weft_to_coordinator m = next_register(s);
    assert_int_equal(m.hello->running_count, running);
    assert_int_equal(m.hello->block_count, blocks);
    assert_int_equal(m.hello->job_count, jobs);
    weft_to_coordinator_release(&m);
    welcome(s, session);
}

/* The next message of reports: it is next in the session, and all are DONE of attempts from this one on. */
static inline int32_t take_reports(script *s, int32_t attempt)
{
    weft_envelope e;
    heard h = next_message(s, &e);
    assert_int_equal(e.kind, WEFT_ENVELOPE_REPORTS);
    assert_true(h.peer == s->peer);
    assert_int_equal(weft_link_receive(&s->link, &e.head, false, 0), WEFT_LINK_NEXT);
    for (int32_t i = 1; i < h.count; i++) {
        weft_to_coordinator m;
        weft_fixture_ok(&s->r.f, weft_to_coordinator_decode(&s->r.f.ctx, h.frames[i], h.len[i], &m));
        assert_int_equal(m.kind, WEFT_FROM_WORKER_DONE);
        assert_int_equal(m.worker, 3);
        assert_int_equal(m.attempt, attempt + i - 1);
        weft_to_coordinator_release(&m);
    }
    const int32_t count = h.count - 1;
    heard_free(&h);
    return count;
}

/* ---- life ---- */

static inline void on_end(void *self, const weft_error *why)
{
    script *s = self;
    weft_ctx ctx;
    weft_ctx_init(&ctx, NULL, s->r.f.account, &s->r.f.settings);
    assert_int_equal(weft_mailbox_put(&ctx, s->ends, why, false), WEFT_OK);
}

static inline void start_worker(script *s)
{
    weft_ctx *ctx = &s->r.f.ctx;
    const weft_member_options member = {.masters = s->masters,
                                        .host_id = "here",
                                        .cluster = "test",
                                        .version = "1",
                                        .folder = s->folder,
                                        .uuid = {.high = 7, .low = 8},
                                        .control = s->times,
                                        .outbox_bytes = s->outbox_bytes,
                                        .ended = on_end,
                                        .self = s};
    weft_fixture_ok(&s->r.f, weft_member_new(ctx, &member, &s->member));
    const weft_worker_options worker = {.slots = 1,
                                        .uuid = member.uuid,
                                        .pool = s->r.f.pool,
                                        .settings = &s->r.f.settings,
                                        .coordinator = weft_member_link(s->member)};
    weft_fixture_ok(&s->r.f, weft_worker_start(ctx, &worker, &s->worker));
    weft_fixture_ok(&s->r.f,
                    weft_member_start(ctx, s->member, s->worker, "tcp://127.0.0.1:1", "http://127.0.0.1:2"));
}

static inline void stop_worker(script *s)
{
    weft_member_stop(s->member);
    weft_worker_stop(&s->worker);
    weft_member_free(&s->member);
}

static inline void open_script(script *s, const char *folder)
{
    *s = (script){.folder = folder, .times = weft_member_times(), .outbox_bytes = 1 << 20};
    s->times.backoff_least_ns = MS;
    s->times.backoff_most_ns = 5 * MS;
    s->times.silent_ns = s->times.welcome_ns = 60000 * MS; /* only what the script does counts */
    s->times.lease_ns = s->times.grace_ns = 120000 * MS;
    weft_fixture_open(&s->r.f);
    make_stage(&s->r);
    weft_fixture_ok(&s->r.f, weft_mailbox_new(&s->r.f.ctx, sizeof(heard), 10000, &s->inbox));
    weft_fixture_ok(&s->r.f, weft_mailbox_new(&s->r.f.ctx, sizeof(weft_error), 10, &s->ends));
    const weft_net_options options = {.listen = "tcp://127.0.0.1:0",
                                      .handler = {.self = s, .message = on_message},
                                      .silence_ms = 60000,
                                      .queue_bytes = 64 << 20,
                                      .message_bytes = 64 << 20,
                                      .peers_max = 1000};
    weft_fixture_ok(&s->r.f, weft_net_start(&s->r.f.ctx, &options, &s->net));
    snprintf(s->masters, sizeof(s->masters), "weft://127.0.0.1:%d", weft_net_port(s->net));
}

static inline void close_script(script *s)
{
    heard h;
    stop_worker(s);
    weft_net_stop(&s->net, 0);
    while (weft_mailbox_take(s->inbox, &h, 0)) heard_free(&h);
    weft_mailbox_free(&s->inbox);
    weft_mailbox_free(&s->ends);
    weft_fixture_close(&s->r.f);
}

static const uint64_t first_session = (uint64_t)1 << 32;

#endif
