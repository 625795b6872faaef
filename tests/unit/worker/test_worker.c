/* tests/unit/worker/test_worker.c - a worker that gets orders twice, late, in the wrong order, or damaged. */
#include "tests/unit/worker/worker_rig.h"

/* Orders twice: a stage stays one, a task just runs again, an end is answered each time. */
static void orders_twice(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    for (int32_t i = 0; i < 2; i++) weft_fixture_ok(&r.f, send_stage(&r, r.bytes, r.len));
    for (int32_t i = 0; i < 2; i++) {
        weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, 1, 0));
        expect(&r, WEFT_FROM_WORKER_DONE, WEFT_OK, NULL);
    }
    weft_block *block =
        weft_store_find(weft_worker_store(r.worker), &(weft_block_name){.job = JOB, .partition = 1});
    assert_non_null(block);
    weft_block_release(&block);
    for (int32_t i = 0; i < 2; i++) {
        weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_END, 0, 0));
        expect(&r, WEFT_FROM_WORKER_ENDED, WEFT_OK, NULL);
    }
    assert_null(weft_store_find(weft_worker_store(r.worker), &(weft_block_name){.job = JOB, .partition = 1}));
    close_rig(&r);
}

/* The sender hears that it must tell of the stage again. */
static void expect_refused(rig *r)
{
    weft_to_coordinator m = next_report(r);
    assert_int_equal(m.kind, WEFT_FROM_WORKER_FAILED);
    assert_int_equal(m.status, WEFT_UNREACHABLE);
    assert_int_equal(m.job, JOB);
    assert_true(m.broken);
    assert_non_null(strstr(m.error->message, "is not open on worker 4"));
    weft_to_coordinator_release(&m);
}

/* A task before its stage, after its job's end, or that the stage does not have. */
static void orders_out_of_place(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, 0, 0));
    expect_refused(&r);
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_FREE, 0, 0));
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_CANCEL, 0, 0));
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_DROP, 0, 0));
    weft_fixture_ok(&r.f, send_stage(&r, r.bytes, r.len));
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, TASKS, 0));
    expect(&r, WEFT_FROM_WORKER_FAILED, WEFT_INTERNAL, "has no task 3");
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, -1, 0));
    expect(&r, WEFT_FROM_WORKER_FAILED, WEFT_INTERNAL, "has no task -1");
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_END, 0, 0));
    expect(&r, WEFT_FROM_WORKER_ENDED, WEFT_OK, NULL);
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, 0, 0));
    expect_refused(&r);
    close_rig(&r);
}

/* A stage that does not decode, or is another one than its order says, fails its tasks; the worker goes on.
 */
static void damaged_stage(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    weft_fixture_ok(&r.f, send_stage(&r, r.bytes, r.len - 1));
    for (int32_t i = 0; i < TASKS; i++) weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, i, 0));
    for (int32_t i = 0; i < TASKS; i++) expect(&r, WEFT_FROM_WORKER_FAILED, WEFT_CORRUPT, "wire");
    weft_to_worker other = {.kind = WEFT_TO_WORKER_STAGE,
                            .job = JOB,
                            .stage = 1,
                            .fragment_bytes = r.bytes,
                            .fragment_len = r.len,
                            .settings = &r.f.settings};
    weft_fixture_ok(&r.f, weft_worker_send(&r.f.ctx, r.worker, &other));
    other = (weft_to_worker){.kind = WEFT_TO_WORKER_LAUNCH, .job = JOB, .stage = 1, .task_bytes = r.bytes};
    weft_fixture_ok(&r.f, weft_worker_send(&r.f.ctx, r.worker, &other));
    expect(&r, WEFT_FROM_WORKER_FAILED, WEFT_CORRUPT, "stage 1 came as stage 0");
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_END, 0, 0));
    expect(&r, WEFT_FROM_WORKER_ENDED, WEFT_OK, NULL);
    weft_fixture_ok(&r.f, send_stage(&r, r.bytes, r.len));
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, 2, 0));
    expect(&r, WEFT_FROM_WORKER_DONE, WEFT_OK, NULL);
    close_rig(&r); /* with the job still open */
}

/* Many tasks, and the end while they run: every one is answered, then the end, and nothing after it. */
static void end_while_running(void **state)
{
    (void)state;
    enum { ROUNDS = 50, LAUNCHES = 20 };
    rig r;
    open_rig(&r);
    for (int32_t round = 0; round < ROUNDS; round++) {
        int32_t answers = 0;
        weft_fixture_ok(&r.f, send_stage(&r, r.bytes, r.len));
        for (int32_t i = 0; i < LAUNCHES; i++)
            weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, i % TASKS, i));
        weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_END, 0, 0));
        for (bool ended = false; !ended;) {
            weft_to_coordinator m = next_report(&r);
            ended = m.kind == WEFT_FROM_WORKER_ENDED;
            answers += !ended;
            if (m.kind == WEFT_FROM_WORKER_FAILED) assert_int_equal(m.status, WEFT_CANCELLED);
            weft_to_coordinator_release(&m);
        }
        assert_int_equal(answers, LAUNCHES);
    }
    weft_to_coordinator m;
    assert_false(weft_mailbox_take(r.inbox, &m, 0));
    close_rig(&r);
}

/* Orders as bytes do the same; damaged ones, and those of a leader that was deposed, do nothing. */
static void orders_as_bytes(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    weft_to_worker order = {.kind = WEFT_TO_WORKER_STAGE,
                            .epoch = 3,
                            .job = JOB,
                            .fragment_bytes = r.bytes,
                            .fragment_len = r.len,
                            .settings = &r.f.settings};
    weft_fixture_ok(&r.f, receive(&r, &order));
    for (size_t len = 0; len <= r.len; len++) { /* a fragment is no order, and parts of one even less */
        const weft_net_frame frame = {.bytes = r.bytes, .len = len};
        int32_t taken = 0;
        assert_int_not_equal(weft_worker_receive(&r.f.ctx, r.worker, &frame, 1, &taken), WEFT_OK);
    }
    weft_error_clear(&r.f.ctx);
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_LAUNCH, 0, 0)); /* of epoch 0 */
    weft_fixture_ok(&r.f, send(&r, WEFT_TO_WORKER_END, 0, 0));
    weft_task_spec nothing = {0};
    uint8_t *task = NULL;
    order =
        (weft_to_worker){.kind = WEFT_TO_WORKER_LAUNCH, .epoch = 3, .job = JOB, .partition = 2, .attempt = 5};
    weft_fixture_ok(&r.f, weft_task_encode(&r.f.ctx, &nothing, &task, &order.task_len));
    order.task_bytes = task;
    weft_fixture_ok(&r.f, receive(&r, &order));
    weft_to_coordinator m = next_report(&r);
    assert_int_equal(m.kind, WEFT_FROM_WORKER_DONE);
    assert_int_equal(m.partition, 2);
    assert_int_equal(m.attempt, 5);
    assert_int_equal(m.epoch, 3);
    weft_to_coordinator_release(&m);
    weft_block *block = NULL;
    weft_block_name name = {.job = JOB, .partition = 2, .attempt = 5};
    weft_fixture_ok(&r.f, weft_worker_fetch(&r.f.ctx, r.worker, &name, &block));
    weft_block_release(&block);
    name.attempt = 4;
    assert_int_equal(weft_worker_fetch(&r.f.ctx, r.worker, &name, &block), WEFT_FETCH_FAILED);
    weft_error_clear(&r.f.ctx);
    order = (weft_to_worker){.kind = WEFT_TO_WORKER_END, .epoch = 4, .job = JOB};
    weft_fixture_ok(&r.f, receive(&r, &order));
    expect(&r, WEFT_FROM_WORKER_ENDED, WEFT_OK, NULL);
    close_rig(&r);
}

/* A block that is not there is named, so that it can be made again. */
static void missing_input(void **state)
{
    (void)state;
    static const int32_t attempts[] = {0};
    static const weft_type types[] = {{.id = WEFT_TYPE_INT}};
    static const int32_t columns[] = {0};
    const weft_types row = {.count = 1, .types = types};
    static const weft_task_spec tasks[1] = {{.partition_end = 1}};
    const weft_stage_input input = {.rows = row, .partition_count = 1};
    const weft_stage stage = {
        .id = 1,
        .fragment = {.source = {.kind = WEFT_SOURCE_ROWS, .output = row, .rows = {1}},
                     .sink = {.kind = WEFT_SINK_EXCHANGE,
                              .rows = row,
                              .partition_count = 1,
                              .exchange = {.column_count = 1, .columns = columns, .limit = -1}}},
        .input_count = 1,
        .inputs = &input,
        .task_count = 1,
        .tasks = tasks,
        .estimated_rows = -1};
    const weft_stage_source source = {.generation = 2, .task_count = 1, .attempts = attempts};
    rig r;
    open_rig(&r);
    weft_to_worker order = {.kind = WEFT_TO_WORKER_STAGE,
                            .job = JOB,
                            .stage = 1,
                            .fragment = &stage,
                            .source_count = 1,
                            .sources = &source,
                            .settings = &r.f.settings};
    weft_fixture_ok(&r.f, weft_worker_send(&r.f.ctx, r.worker, &order));
    order = (weft_to_worker){.kind = WEFT_TO_WORKER_LAUNCH, .job = JOB, .stage = 1, .task = tasks};
    weft_fixture_ok(&r.f, weft_worker_send(&r.f.ctx, r.worker, &order));
    weft_to_coordinator m = next_report(&r);
    assert_int_equal(m.kind, WEFT_FROM_WORKER_FAILED);
    assert_int_equal(m.status, WEFT_FETCH_FAILED);
    assert_true(m.has_lost && m.broken);
    assert_int_equal(m.lost.job, JOB);
    assert_int_equal(m.lost.generation, 2);
    weft_to_coordinator_release(&m);
    close_rig(&r);
}

/* Rows of 200 bytes, so many that all tasks together leave twenty times the memory. */
enum { WIDE_ROWS = 4000, WIDE_TASKS = 8, WIDE_JOBS = 4, WIDE_SLOTS = 8, WIDE_MEMORY = 1 << 20 };

static void make_wide_stage(rig *r)
{
    static const weft_type types[] = {{.id = WEFT_TYPE_STRING}};
    static const int32_t columns[] = {0};
    static const weft_expr *cells[WIDE_ROWS];
    static const weft_task_spec tasks[WIDE_TASKS];
    static char text[200];
    const weft_types row = {.count = 1, .types = types};
    memset(text, 'w', sizeof text);
    const weft_value wide = {.type = types[0], .str = weft_str_view(text, sizeof text)};
    weft_fixture_ok(&r->f, weft_expr_literal(&r->f.ctx, &wide, &cells[0]));
    for (int32_t i = 1; i < WIDE_ROWS; i++) cells[i] = cells[0];
    const weft_stage stage = {
        .fragment = {.source = {.kind = WEFT_SOURCE_VALUES,
                                .output = row,
                                .values = {.row_count = WIDE_ROWS, .cells = cells}},
                     .sink = {.kind = WEFT_SINK_EXCHANGE,
                              .rows = row,
                              .partition_count = 1,
                              .exchange = {.column_count = 1, .columns = columns, .limit = -1}}},
        .task_count = WIDE_TASKS,
        .tasks = tasks,
        .estimated_rows = -1};
    weft_fixture_ok(&r->f, weft_stage_encode(&r->f.ctx, &stage, &r->bytes, &r->len));
}

static weft_status send_wide(rig *r, weft_to_worker_kind kind, uint64_t job, int32_t partition,
                             int32_t attempt)
{
    static const uint8_t nothing[1];
    const weft_to_worker order = {.kind = kind,
                                  .job = job,
                                  .task_bytes = kind == WEFT_TO_WORKER_LAUNCH ? nothing : NULL,
                                  .partition = partition,
                                  .attempt = attempt,
                                  .fragment_bytes = r->bytes,
                                  .fragment_len = r->len,
                                  .settings = &r->f.settings};
    return weft_worker_send(&r->f.ctx, r->worker, &order);
}

/* Launch every task of every job and count those that end well. fault: the allocation that fails, 0: none. */
static int32_t run_wide(rig *r, int32_t attempt, int64_t fault)
{
    int32_t good = 0;
    for (int32_t i = 0; i < WIDE_TASKS; i++)
        for (uint64_t job = 1; job <= WIDE_JOBS; job++)
            weft_fixture_ok(&r->f, send_wide(r, WEFT_TO_WORKER_LAUNCH, job, i, attempt));
    weft_mem_fail_after(fault);
    for (int32_t i = 0; i < WIDE_TASKS * WIDE_JOBS; i++) {
        weft_to_coordinator m = next_report(r);
        if (m.kind == WEFT_FROM_WORKER_DONE) {
            assert_int_equal(m.block->rows[0], WIDE_ROWS);
            good++;
        } else {
            assert_int_equal(m.kind, WEFT_FROM_WORKER_FAILED);
            assert_int_equal(m.status, WEFT_NOMEM);
        }
        weft_to_coordinator_release(&m);
    }
    weft_mem_fail_after(0);
    return good;
}

/* Statements side by side, slots that the memory does not suffice for: all end well, in turns. A refusal in
 * the middle costs at most the one task that was alone when it came. Cancelled tasks that wait for their turn
 * are answered at once. */
static void many_jobs_in_little_memory(void **state)
{
    (void)state;
    rig r;
    open_rig_of(&r, WIDE_SLOTS, WIDE_MEMORY);
    make_wide_stage(&r);
    for (uint64_t job = 1; job <= WIDE_JOBS; job++)
        weft_fixture_ok(&r.f, send_wide(&r, WEFT_TO_WORKER_STAGE, job, 0, 0));
    assert_int_equal(run_wide(&r, 0, 0), WIDE_TASKS * WIDE_JOBS);
    for (int32_t attempt = 1; attempt <= 10; attempt++)
        assert_true(run_wide(&r, attempt, 97 * attempt) >= WIDE_TASKS * WIDE_JOBS - 1);
    for (int32_t i = 0; i < WIDE_TASKS; i++)
        for (uint64_t job = 1; job <= WIDE_JOBS; job++)
            weft_fixture_ok(&r.f, send_wide(&r, WEFT_TO_WORKER_LAUNCH, job, i, 20));
    for (uint64_t job = 1; job <= WIDE_JOBS; job++)
        weft_fixture_ok(&r.f, send_wide(&r, WEFT_TO_WORKER_END, job, 0, 0));
    for (int32_t ended = 0, answers = 0; ended < WIDE_JOBS;) {
        weft_to_coordinator m = next_report(&r);
        ended += m.kind == WEFT_FROM_WORKER_ENDED;
        answers += m.kind != WEFT_FROM_WORKER_ENDED;
        weft_to_coordinator_release(&m);
        if (ended == WIDE_JOBS) assert_int_equal(answers, WIDE_TASKS * WIDE_JOBS);
    }
    close_rig(&r);
}

WEFT_TESTS(WEFT_TEST(orders_as_bytes), WEFT_TEST(missing_input), WEFT_TEST(orders_twice),
           WEFT_TEST(orders_out_of_place), WEFT_TEST(damaged_stage), WEFT_TEST(end_while_running),
           WEFT_TEST(many_jobs_in_little_memory))
