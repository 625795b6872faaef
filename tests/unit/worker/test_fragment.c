/* tests/unit/worker/test_fragment.c - a large fragment that comes in pieces: slowly, damaged, too large, in
 * parts of which the rest never comes. */
#include "common/hash.h"
#include "common/shared.h"
#include "coordinator/fragments.h"
#include "tests/support/narrow.h"
#include "tests/unit/worker/member_rig.h"

/* The stage of a rig, whose fragment of so many bytes is to come. */
static weft_to_worker announce(rig *r, size_t len, uint32_t crc)
{
    return (weft_to_worker){.kind = WEFT_TO_WORKER_STAGE,
                            .job = JOB,
                            .fragment_bytes = r->bytes,
                            .fragment_len = len,
                            .fragment_apart = true,
                            .fragment_crc = crc,
                            .settings = &r->f.settings};
}

static weft_status receive_piece(rig *r, size_t offset, size_t len)
{
    const weft_to_worker piece = {
        .kind = WEFT_TO_WORKER_PIECE, .job = JOB, .fragment_offset = offset, .fragment_len = len};
    uint8_t *bytes = NULL;
    weft_net_frame frames[2] = {{0}, {.bytes = r->bytes + offset, .len = len}};
    int32_t taken = 0;
    weft_fixture_ok(&r->f, weft_to_worker_encode(&r->f.ctx, &piece, &bytes, &frames[0].len));
    frames[0].bytes = bytes;
    const weft_status st = weft_worker_receive(&r->f.ctx, r->worker, frames, 2, &taken);
    assert_int_equal(taken, 2);
    return st;
}

static void nothing_is_reported(rig *r)
{
    weft_to_coordinator m;
    assert_false(weft_mailbox_take(r->inbox, &m, 30 * MS));
}

/* Tasks wait for the last piece; those that come twice change nothing; one that is cancelled is answered at
 * once; a stage that is told anew meanwhile has its fragment from the beginning, and its tasks of before too.
 */
static void tasks_wait_for_it(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    const uint32_t crc = weft_crc32c(0, r.bytes, r.len);
    const weft_to_worker order = announce(&r, r.len, crc);
    const size_t half = r.len / 2;
    weft_fixture_ok(&r.f, receive(&r, &order));
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, 0, 0));
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, 1, 0));
    weft_fixture_ok(&r.f, receive_piece(&r, 0, half));
    nothing_is_reported(&r);
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_CANCEL, 1, 0));
    expect(&r, WEFT_FROM_WORKER_FAILED, WEFT_CANCELLED, NULL);
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_CLOSE, 0, 0));
    weft_fixture_ok(&r.f, receive(&r, &order));
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, 2, 0));
    for (int32_t twice = 0; twice < 2; twice++) weft_fixture_ok(&r.f, receive_piece(&r, 0, half));
    nothing_is_reported(&r);
    weft_fixture_ok(&r.f, receive_piece(&r, half, r.len - half));
    for (int32_t i = 0; i < 2; i++) expect(&r, WEFT_FROM_WORKER_DONE, WEFT_OK, NULL);
    weft_fixture_ok(&r.f, receive_piece(&r, half, r.len - half)); /* nobody waits for it any more */
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, 1, 1));
    expect(&r, WEFT_FROM_WORKER_DONE, WEFT_OK, NULL);
    close_rig(&r);
}

/* Pieces that leave a gap, are more than was told, or have another checksum together. */
static void pieces_that_do_not_add_up(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    const uint32_t crc = weft_crc32c(0, r.bytes, r.len);
    const weft_to_worker orders[] = {announce(&r, r.len, crc), announce(&r, r.len - 1, crc),
                                     announce(&r, r.len, crc + 1)};
    const size_t at[] = {1, 0, 0};
    for (int32_t i = 0; i < WEFT_COUNT(orders); i++) {
        weft_fixture_ok(&r.f, receive(&r, &orders[i]));
        assert_int_equal(receive_piece(&r, at[i], r.len - at[i]), WEFT_CORRUPT);
        weft_error_clear(&r.f.ctx);
        weft_worker_parted(&r.f.ctx, r.worker); /* as its session ends by that */
        weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, 0, i));
        expect(&r, WEFT_FROM_WORKER_FAILED, WEFT_UNREACHABLE, "not open");
    }
    close_rig(&r);
}

/* When the session ends the rest does not come: who waits for it was never here, and slots are free again. */
static void a_session_that_ends(void **state)
{
    (void)state;
    rig r;
    weft_worker_hello hello = {0};
    open_rig(&r);
    const weft_to_worker order = announce(&r, r.len, weft_crc32c(0, r.bytes, r.len));
    for (int32_t i = 0; i < 2; i++) { /* with tasks in all slots, and more; then with none */
        weft_fixture_ok(&r.f, receive(&r, &order));
        for (int32_t t = 0; t < TASKS && i == 0; t++)
            weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, t, 0));
        weft_fixture_ok(&r.f, receive_piece(&r, 0, 1));
        weft_fixture_ok(&r.f, weft_worker_list(&r.f.ctx, r.worker, &hello));
        assert_int_equal(hello.running_count, i == 0 ? TASKS : 0);
        weft_worker_parted(&r.f.ctx, r.worker);
        weft_fixture_ok(&r.f, weft_worker_list(&r.f.ctx, r.worker, &hello));
        assert_int_equal(hello.running_count, 0);
        nothing_is_reported(&r);
    }
    weft_fixture_ok(&r.f, send_stage(&r, r.bytes, r.len));
    for (int32_t t = 0; t < TASKS; t++) weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, t, 1));
    for (int32_t t = 0; t < TASKS; t++) expect(&r, WEFT_FROM_WORKER_DONE, WEFT_OK, NULL);
    weft_fixture_ok(&r.f, receive(&r, &order));
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_END, 0, 0));
    expect(&r, WEFT_FROM_WORKER_ENDED, WEFT_OK, NULL);
    weft_fixture_ok(&r.f, receive(&r, &order));
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, 0, 2));
    close_rig(&r); /* while one waits */
}

/* A fragment for which there is no memory fails its tasks by that, and the worker goes on. */
static void too_large(void **state)
{
    (void)state;
    rig r;
    open_rig_of(&r, 2, 100 << 20);
    make_stage(&r);
    const weft_to_worker order = announce(&r, 400 << 20, 0);
    weft_fixture_ok(&r.f, receive(&r, &order));
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, 0, 0));
    weft_to_coordinator m = next_report(&r);
    assert_int_equal(m.status, WEFT_NOMEM);
    assert_true(m.broken);
    assert_non_null(strstr(m.error->message, "stage"));
    weft_to_coordinator_release(&m);
    weft_fixture_ok(&r.f, receive_piece(&r, 0, r.len)); /* nobody waits for it */
    weft_fixture_ok(&r.f, send_stage(&r, r.bytes, r.len));
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, 0, 1));
    expect(&r, WEFT_FROM_WORKER_DONE, WEFT_OK, NULL);
    close_rig(&r);
}

/* ---- a slow connection ---- */

enum { LARGE = 12 << 20, RATE = 4 << 20, SILENT_MS = 1000 };

typedef struct slow {
    script s;
    weft_narrow n;
    weft_shared *fragment;
    weft_fragments *fragments;
} slow;

static uint64_t acked(void *self, int32_t worker)
{
    const slow *w = self;
    (void)worker;
    return w->s.link.acked;
}

static uint64_t send_piece(weft_ctx *ctx, void *self, int32_t worker, const weft_to_worker *piece)
{
    slow *w = self;
    uint8_t *bytes = NULL;
    const weft_envelope e = {.kind = WEFT_ENVELOPE_PIECE, .head = weft_link_send(&w->s.link, 0)};
    weft_net_frame frames[3] = {[2] = {.bytes = piece->fragment_bytes, .len = piece->fragment_len}};
    (void)worker;
    weft_fixture_ok(&w->s.r.f, weft_to_worker_encode(ctx, piece, &bytes, &frames[1].len));
    frames[1].bytes = bytes;
    say(&w->s, &e, frames, 2);
    return e.head.number;
}

static void open_slow(slow *w)
{
    *w = (slow){0};
    open_script(&w->s, NULL);
    weft_ctx *ctx = &w->s.r.f.ctx;
    void *bytes = NULL;
    w->s.times.silent_ns = SILENT_MS * MS;
    w->s.times.beat_ns = SILENT_MS * MS / 10;
    weft_narrow_start(&w->n, weft_net_port(w->s.net), RATE);
    snprintf(w->s.masters, sizeof(w->s.masters), "weft://127.0.0.1:%d", w->n.port);
    weft_fixture_ok(&w->s.r.f, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, LARGE, &bytes));
    weft_fixture_ok(&w->s.r.f, weft_shared_new(ctx, bytes, LARGE, &w->fragment));
    weft_mem_free(bytes);
    weft_fixture_ok(&w->s.r.f, weft_fragments_new(ctx, &w->fragments));
    start_worker(&w->s);
    enter(&w->s, first_session, 0, 0, 0);
}

static void close_slow(slow *w)
{
    stop_worker(&w->s);
    weft_narrow_stop(&w->n);
    weft_fragments_free(&w->fragments);
    weft_shared_release(w->fragment);
    weft_net_stop(&w->s.net, 0);
    heard h;
    while (weft_mailbox_take(w->s.inbox, &h, 0)) heard_free(&h);
    weft_mailbox_free(&w->s.inbox);
    weft_mailbox_free(&w->s.ends);
    weft_fixture_close(&w->s.r.f);
}

/* Hear the worker until it says something else than heartbeats, and send pieces as it acknowledges them. */
static heard tend(slow *w, weft_envelope *e)
{
    const weft_fragments_way way = {.acked = acked, .send = send_piece, .self = w};
    for (;;) {
        heard h;
        assert_true(weft_mailbox_take(w->s.inbox, &h, WAIT_MS * MS));
        *e = envelope_of(&w->s, &h);
        if (e->kind != WEFT_ENVELOPE_BEAT) return h;
        assert_int_equal(weft_link_receive(&w->s.link, &e->head, true, 0), WEFT_LINK_NEXT);
        heard_free(&h);
        weft_fragments_send(&w->s.r.f.ctx, w->fragments, &way);
    }
}

/* The only report of the next message. */
static weft_to_coordinator next_of(slow *w)
{
    weft_envelope e;
    weft_to_coordinator m;
    heard h = tend(w, &e);
    assert_int_equal(e.kind, WEFT_ENVELOPE_REPORTS);
    assert_int_equal(h.count, 2);
    assert_int_equal(weft_link_receive(&w->s.link, &e.head, false, 0), WEFT_LINK_NEXT);
    weft_fixture_ok(&w->s.r.f, weft_to_coordinator_decode(&w->s.r.f.ctx, h.frames[1], h.len[1], &m));
    heard_free(&h);
    return m;
}

/* A fragment that takes three times as long as a worker bears silence arrives in one session, and what is
 * told meanwhile waits behind a few pieces of it only. */
static void pieces_over_a_slow_connection(void **state)
{
    (void)state;
    enum { STAGE = 7 };
    slow w;
    open_slow(&w);
    const weft_fragments_way way = {.acked = acked, .send = send_piece, .self = &w};
    weft_to_worker large = announce(&w.s.r, LARGE, weft_crc32c(0, w.fragment->bytes, LARGE));
    large.stage = STAGE;
    large.epoch = 1;
    large.fragment_shared = w.fragment;
    const int64_t began = weft_now_ns(&w.s.r.f.ctx);
    order(&w.s, &large, 1);
    weft_fixture_ok(&w.s.r.f, weft_fragments_add(&w.s.r.f.ctx, w.fragments, 0, &large));
    weft_fragments_send(&w.s.r.f.ctx, w.fragments, &way);
    const weft_to_worker small[] = {open_order(&w.s), launch_order(0, 0)};
    order(&w.s, small, 2);
    weft_to_coordinator m = next_of(&w);
    assert_int_equal(m.kind, WEFT_FROM_WORKER_DONE);
    assert_true(weft_now_ns(&w.s.r.f.ctx) - began < 2LL * SILENT_MS * MS);
    weft_to_coordinator_release(&m);
    weft_to_worker launch = launch_order(0, 0);
    launch.stage = STAGE;
    order(&w.s, &launch, 1);
    m = next_of(&w);
    assert_int_equal(m.stage, STAGE);
    assert_int_equal(m.status, WEFT_CORRUPT); /* all of it has come; but zeros are no stage */
    assert_non_null(strstr(m.error->message, "wire"));
    weft_to_coordinator_release(&m);
    assert_true(weft_now_ns(&w.s.r.f.ctx) - began > 2LL * SILENT_MS * MS);
    assert_int_equal(atomic_load(&w.n.connections), 1);
    close_slow(&w);
}

/* As one message it does not: so the connection above was slow enough. */
static void one_message_over_a_slow_connection(void **state)
{
    (void)state;
    slow w;
    open_slow(&w);
    weft_to_worker large = open_order(&w.s);
    large.fragment_bytes = w.fragment->bytes;
    large.fragment_len = LARGE;
    order(&w.s, &large, 1);
    enter(&w.s, first_session + 1, 0, 0, 0);
    assert_int_equal(atomic_load(&w.n.connections), 2);
    close_slow(&w);
}

WEFT_TESTS(WEFT_TEST(tasks_wait_for_it), WEFT_TEST(pieces_that_do_not_add_up), WEFT_TEST(a_session_that_ends),
           WEFT_TEST(too_large), WEFT_TEST(pieces_over_a_slow_connection),
           WEFT_TEST(one_message_over_a_slow_connection))
