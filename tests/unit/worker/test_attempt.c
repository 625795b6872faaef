/* tests/unit/worker/test_attempt.c - single attempts and blocks: cancelled, paused, listed, dropped. */
#include <time.h>

#include "tests/unit/worker/worker_rig.h"

enum { LEVELS = 12, WAYS = 8 };

/* A task that takes longer than anybody waits: 8 ^ 12 batches of one row. */
static void make_endless_stage(rig *r)
{
    static const weft_type types[] = {{.id = WEFT_TYPE_INT}};
    static const int32_t columns[] = {0};
    static const weft_task_spec tasks[TASKS];
    const weft_types row = {.count = 1, .types = types};
    const weft_value one = {.type = types[0], .i64 = 1};
    const weft_expr *cell = NULL, *column = NULL;
    const weft_expr *const *ways[WAYS];
    weft_op_spec ops[LEVELS + 1];
    weft_fixture_ok(&r->f, weft_expr_literal(&r->f.ctx, &one, &cell));
    weft_fixture_ok(&r->f, weft_expr_ordinal(&r->f.ctx, 0, types[0], false, &column));
    for (int32_t i = 0; i < WAYS; i++) ways[i] = &column;
    for (int32_t i = 0; i < LEVELS; i++)
        ops[i] = (weft_op_spec){
            .kind = WEFT_OP_EXPAND, .output = row, .expand = {.projection_count = WAYS, .projections = ways}};
    ops[LEVELS] =
        (weft_op_spec){.kind = WEFT_OP_LIMIT, .output = row, .limit = {.skip = INT64_MAX / 2, .take = 1}};
    const weft_stage stage = {
        .fragment = {.source = {.kind = WEFT_SOURCE_VALUES,
                                .output = row,
                                .values = {.row_count = 1, .cells = &cell}},
                     .op_count = LEVELS + 1,
                     .ops = ops,
                     .sink = {.kind = WEFT_SINK_EXCHANGE,
                              .rows = row,
                              .partition_count = 1,
                              .exchange = {.column_count = 1, .columns = columns, .limit = -1}}},
        .task_count = TASKS,
        .tasks = tasks,
        .estimated_rows = -1};
    weft_fixture_ok(&r->f, weft_stage_encode(&r->f.ctx, &stage, &r->bytes, &r->len));
}

static void wait_busy(rig *r, int32_t slots)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int32_t i = 0; weft_worker_busy(r->worker) != slots; i++) {
        assert_true(i < WAIT_MS);
        nanosleep(&pause, NULL);
    }
}

static weft_worker_hello list(rig *r)
{
    weft_worker_hello hello;
    weft_fixture_ok(&r->f, weft_worker_list(&r->f.ctx, r->worker, &hello));
    return hello;
}

/* An attempt is in the list until after its report has left. */
static weft_worker_hello wait_listed(rig *r, int32_t attempts)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    weft_worker_hello hello = list(r);
    for (int32_t i = 0; hello.running_count != attempts; i++) {
        assert_true(i < WAIT_MS);
        nanosleep(&pause, NULL);
        hello = list(r);
    }
    return hello;
}

static void expect_failed(rig *r, int32_t partition, int32_t attempt, weft_status status)
{
    weft_to_coordinator m = next_report(r);
    assert_int_equal(m.kind, WEFT_FROM_WORKER_FAILED);
    assert_int_equal(m.status, status);
    assert_int_equal(m.partition, partition);
    assert_int_equal(m.attempt, attempt);
    assert_false(m.broken);
    weft_to_coordinator_release(&m);
}

/* One attempt is stopped, at work or waiting; the other of the same stage goes on, and so does the stage. */
static void cancel_one(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    make_endless_stage(&r);
    weft_fixture_ok(&r.f, send_stage(&r, r.bytes, r.len));
    for (int32_t i = 0; i < TASKS; i++) weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, i, 7));
    wait_busy(&r, 2);
    assert_int_equal(list(&r).running_count, TASKS);
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_CANCEL, 0, 6)); /* there is no such attempt */
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_CANCEL, 0, 7));
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_CANCEL, 2, 7)); /* waits */
    expect_failed(&r, 0, 7, WEFT_CANCELLED);
    expect_failed(&r, 2, 7, WEFT_CANCELLED);
    weft_worker_hello hello = wait_listed(&r, 1);
    assert_int_equal(hello.running[0].partition, 1);
    assert_int_equal(hello.running[0].attempt, 7);
    assert_int_equal(hello.job_count, 1);
    assert_int_equal(hello.jobs[0], JOB);
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, 0, 8)); /* the stage is still good */
    wait_busy(&r, 2);
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_CANCEL, 0, 8));
    expect_failed(&r, 0, 8, WEFT_CANCELLED);
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_END, 0, 0));
    expect_failed(&r, 1, 7, WEFT_CANCELLED);
    expect(&r, WEFT_FROM_WORKER_ENDED, WEFT_OK, NULL);
    hello = list(&r);
    assert_int_equal(hello.running_count + hello.block_count + hello.job_count, 0);
    close_rig(&r);
}

/* While paused nothing begins, yet what is cancelled is answered. */
static void paused(void **state)
{
    (void)state;
    rig r;
    weft_to_coordinator m;
    open_rig(&r);
    weft_worker_pause(r.worker, true);
    weft_fixture_ok(&r.f, send_stage(&r, r.bytes, r.len));
    for (int32_t i = 0; i < TASKS; i++) weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, i, 0));
    assert_false(weft_mailbox_take(r.inbox, &m, INT64_C(20000000)));
    assert_int_equal(weft_worker_busy(r.worker), 0);
    assert_int_equal(list(&r).running_count, TASKS);
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_CANCEL, 0, 0));
    expect_failed(&r, 0, 0, WEFT_CANCELLED);
    weft_worker_pause(r.worker, false);
    for (int32_t i = 1; i < TASKS; i++) expect(&r, WEFT_FROM_WORKER_DONE, WEFT_OK, NULL);
    weft_worker_pause(r.worker, true);
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, 1, 1));
    close_rig(&r); /* with one that waits */
}

/* The block of one attempt goes, all others stay. */
static void drop_one(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    weft_fixture_ok(&r.f, send_stage(&r, r.bytes, r.len));
    for (int32_t i = 0; i < TASKS; i++) {
        weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, i, i));
        expect(&r, WEFT_FROM_WORKER_DONE, WEFT_OK, NULL);
    }
    weft_worker_hello hello = list(&r);
    assert_int_equal(hello.block_count, TASKS);
    assert_int_equal(hello.slots, 2);
    for (int32_t i = 0; i < 2; i++) {                               /* again: it is gone */
        weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_DROP, 1, 0)); /* another attempt of it: not here */
        weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_DROP, 1, 1));
        hello = list(&r);
        assert_int_equal(hello.block_count, 2);
        assert_int_equal(hello.blocks[0].partition, 0);
        assert_int_equal(hello.blocks[1].partition, 2);
        assert_int_equal(hello.blocks[1].attempt, 2);
    }
    close_rig(&r);
}

WEFT_TESTS(WEFT_TEST(cancel_one), WEFT_TEST(paused), WEFT_TEST(drop_one))
