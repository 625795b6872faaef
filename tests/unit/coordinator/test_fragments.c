/* tests/unit/coordinator/test_fragments.c - large fragments on their way in pieces: who gets what, how far
 * ahead of its acknowledgements, and when nobody holds the bytes any more. */
#include "coordinator/fragments.h"

#include <string.h>

#include "common/shared.h"
#include "tests/support/fixture.h"

enum {
    PIECE = WEFT_PIECE_BYTES_MAX,
    PIECES = 40,
    LEN = PIECES * PIECE - 1000, /* the last one is shorter */
    WORKERS = 3
};

typedef struct far_end {
    uint64_t numbers, acked; /* of its session */
    uint64_t job;            /* of the last piece */
    size_t got;              /* of the fragment that comes */
    int32_t pieces;
    bool lost;
} far_end;

typedef struct rig {
    weft_fixture f;
    weft_shared *bytes;
    weft_fragments *fragments;
    far_end workers[WORKERS];
} rig;

static uint64_t acked(void *self, int32_t worker)
{
    const rig *r = self;
    return r->workers[worker].acked;
}

static uint64_t take_piece(weft_ctx *ctx, void *self, int32_t worker, const weft_to_worker *piece)
{
    rig *r = self;
    far_end *w = &r->workers[worker];
    (void)ctx;
    if (w->lost) return 0;
    if (piece->job != w->job || piece->fragment_offset == 0) w->got = 0;
    w->job = piece->job;
    assert_int_equal(piece->kind, WEFT_TO_WORKER_PIECE);
    assert_int_equal(piece->epoch, 3);
    assert_int_equal(piece->fragment_offset, w->got);
    assert_ptr_equal(piece->fragment_bytes, r->bytes->bytes + w->got);
    w->got += piece->fragment_len;
    assert_int_equal(piece->fragment_len, w->got == LEN ? LEN % PIECE : PIECE);
    w->pieces++;
    return ++w->numbers;
}

static void rig_open(rig *r)
{
    *r = (rig){0};
    weft_fixture_open(&r->f);
    void *bytes = NULL;
    weft_fixture_ok(&r->f, weft_mem_alloc_zero(&r->f.ctx, WEFT_MEM_WORKING, LEN, &bytes));
    weft_fixture_ok(&r->f, weft_shared_new(&r->f.ctx, bytes, LEN, &r->bytes));
    weft_mem_free(bytes);
    weft_fixture_ok(&r->f, weft_fragments_new(&r->f.ctx, &r->fragments));
}

static void rig_close(rig *r)
{
    weft_fragments_free(&r->fragments);
    assert_int_equal(atomic_load(&r->bytes->holders), 1);
    weft_shared_release(r->bytes);
    weft_fixture_close(&r->f);
}

static void add(rig *r, int32_t worker, uint64_t job)
{
    const weft_to_worker order = {
        .kind = WEFT_TO_WORKER_STAGE, .epoch = 3, .job = job, .fragment_shared = r->bytes};
    weft_fixture_ok(&r->f, weft_fragments_add(&r->f.ctx, r->fragments, worker, &order));
}

static void send_some(rig *r)
{
    const weft_fragments_way way = {.acked = acked, .send = take_piece, .self = r};
    weft_fragments_send(&r->f.ctx, r->fragments, &way);
}

/* A window ahead of what is acknowledged, one fragment after the other, each worker at its own pace. */
static void as_fast_as_they_acknowledge(void **state)
{
    (void)state;
    rig r;
    rig_open(&r);
    far_end *const slow = &r.workers[0], *const fast = &r.workers[1];
    add(&r, 0, 1);
    add(&r, 0, 2);
    add(&r, 1, 1);
    for (int32_t i = 0; i < PIECES; i++) {
        for (int32_t twice = 0; twice < 2; twice++) send_some(&r);
        assert_int_equal(slow->pieces, WEFT_FRAGMENT_WINDOW);
        assert_int_equal(fast->pieces, weft_min_i32(PIECES, WEFT_FRAGMENT_WINDOW + i));
        fast->acked++;
    }
    assert_int_equal(atomic_load(&r.bytes->holders), 4);
    send_some(&r);
    assert_int_equal(atomic_load(&r.bytes->holders), 3); /* the fast one has all */
    slow->numbers += 5;                                  /* other messages of its session */
    while (slow->job == 1) {
        slow->acked = slow->numbers;
        send_some(&r);
    }
    assert_int_equal(slow->pieces, PIECES + WEFT_FRAGMENT_WINDOW);
    for (int32_t i = 0; i < PIECES; i++) {
        slow->acked = slow->numbers;
        send_some(&r);
    }
    assert_int_equal(slow->pieces, 2 * PIECES);
    assert_int_equal(atomic_load(&r.bytes->holders), 1);
    rig_close(&r);
}

/* A stage that is told anew has its fragment from the beginning. */
static void told_anew(void **state)
{
    (void)state;
    rig r;
    rig_open(&r);
    add(&r, 0, 1);
    send_some(&r);
    add(&r, 0, 1);
    assert_int_equal(atomic_load(&r.bytes->holders), 2);
    for (int32_t i = 0; i < PIECES; i++) {
        send_some(&r);
        r.workers[0].acked = r.workers[0].numbers;
    }
    assert_int_equal(r.workers[0].got, LEN);
    assert_int_equal(r.workers[0].pieces, WEFT_FRAGMENT_WINDOW + PIECES);
    rig_close(&r);
}

/* Jobs that end, sessions that end, and those that are found to have ended: nothing more is sent, nor held.
 */
static void ends(void **state)
{
    (void)state;
    rig r;
    rig_open(&r);
    for (int32_t w = 0; w < WORKERS; w++)
        for (uint64_t job = 1; job <= 2; job++) add(&r, w, job);
    send_some(&r);
    weft_fragments_end(r.fragments, 0, 1);
    weft_fragments_leave(r.fragments, 1);
    r.workers[2].lost = true;
    for (int32_t w = 0; w < WORKERS; w++) r.workers[w].acked = r.workers[w].numbers;
    assert_int_equal(atomic_load(&r.bytes->holders), 1 + 1 + 2);
    send_some(&r);
    assert_int_equal(r.workers[0].job, 2);
    assert_int_equal(r.workers[0].pieces, 2 * WEFT_FRAGMENT_WINDOW);
    assert_int_equal(r.workers[1].pieces, WEFT_FRAGMENT_WINDOW);
    assert_int_equal(r.workers[2].pieces, WEFT_FRAGMENT_WINDOW);
    assert_int_equal(atomic_load(&r.bytes->holders), 1 + 1);
    rig_close(&r); /* with one under way */
}

WEFT_TESTS(WEFT_TEST(as_fast_as_they_acknowledge), WEFT_TEST(told_anew), WEFT_TEST(ends))
