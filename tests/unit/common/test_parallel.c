/* Pieces that threads share are all worked once and finished in order; the first error is the one that
 * counts, whoever comes to it first. */
#include "common/parallel.h"

#include "tests/support/fixture.h"

enum { PIECES = 500 };

typedef struct work {
    atomic_int worked[PIECES];
    int64_t finished; /* pieces, in order */
    int64_t bad, bad_finish;
    bool waits; /* pieces before the bad one take longer */
} work;

static weft_status one_piece(weft_ctx *ctx, void *self, int32_t lane, int64_t piece)
{
    weft_status st = WEFT_OK;
    work *w = self;
    char *text = NULL;
    atomic_fetch_add(&w->worked[piece], 1);
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &text, "piece %lld of lane %d", (long long)piece, lane));
    for (volatile int32_t i = 0; w->waits && piece % 3 == 0 && i < 20000; i++) continue;
    if (w->bad >= 0 && piece >= w->bad && piece % 2 == w->bad % 2)
        st = weft_fail(ctx, WEFT_CONFIG, "piece %lld", (long long)piece);
done:
    return st;
}

static weft_status finish_piece(weft_ctx *ctx, void *self, int32_t lane, int64_t piece)
{
    work *w = self;
    (void)lane;
    assert_int_equal(w->finished++, piece);
    return piece == w->bad_finish ? weft_fail(ctx, WEFT_LIMIT, "end of %lld", (long long)piece) : WEFT_OK;
}

static void run(weft_fixture *f, work *w, int32_t lanes, weft_status want, const char *message)
{
    const weft_parallel job = {
        .count = PIECES, .lanes = lanes, .work = one_piece, .finish = finish_piece, .self = w};
    assert_int_equal(weft_parallel_run(&f->ctx, &job), want);
    if (message != NULL) assert_string_equal(f->ctx.error.message, message);
}

static void pieces_come_in_order(void **state)
{
    (void)state;
    for (int32_t lanes = 1; lanes <= 8; lanes++) {
        weft_fixture f;
        weft_fixture_open(&f);
        work all = {.bad = -1, .bad_finish = -1, .waits = true};
        run(&f, &all, lanes, WEFT_OK, NULL);
        assert_int_equal(all.finished, PIECES);
        for (int32_t i = 0; i < PIECES; i++) assert_int_equal(all.worked[i], 1);
        work bad = {.bad = 33, .bad_finish = -1, .waits = true};
        run(&f, &bad, lanes, WEFT_CONFIG, "piece 33");
        assert_int_equal(bad.finished, 33);
        work late = {.bad = 40, .bad_finish = 20};
        run(&f, &late, lanes, WEFT_LIMIT, "end of 20");
        weft_fixture_close(&f);
    }
}

static weft_status run_again(weft_fixture *f, void *arg)
{
    work w = {.bad = -1, .bad_finish = -1};
    const weft_parallel job = {.count = 5, .lanes = 3, .work = one_piece, .finish = finish_piece, .self = &w};
    (void)arg;
    return weft_parallel_run(&f->ctx, &job);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    weft_fixture_oom_sweep(run_again, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_come_in_order),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
