/* tests/unit/coordinator/test_core_recover.c - what a new leader's core takes over from members that
 * register, how long it waits for them, and what its jobs ask to have recorded. */
#include <string.h>

#include "coordinator/core.h"
#include "tests/support/fixture.h"

enum { TASKS = 3, JOB = 5, STAGES = 2, ORDERS_MAX = 64, EPOCH = 7 };

#define MS INT64_C(1000000)

typedef struct rig {
    weft_fixture f;
    weft_clock clock;
    int64_t now;
    weft_core *core;
    weft_to_worker orders[ORDERS_MAX];
    int32_t order_count, closed;
    weft_core_job job;
    weft_core_stage stage[STAGES], *stages[STAGES];
    weft_stage shape[STAGES];
    weft_stage_input input;
    weft_task_spec tasks[TASKS];
    int64_t rows[STAGES], bytes[STAGES];
    uint64_t counted[STAGES];
    weft_op_metrics metrics[STAGES][2];
} rig;

static int64_t now_ns(void *self) { return ((const rig *)self)->now; }

static weft_status take_order(weft_ctx *ctx, void *self, int32_t worker, const weft_to_worker *order)
{
    rig *r = self;
    (void)ctx, (void)worker;
    assert_true(r->order_count < ORDERS_MAX);
    r->orders[r->order_count++] = *order;
    return WEFT_OK;
}

static void drop(void *self, uint64_t peer)
{
    (void)peer;
    ((rig *)self)->closed++;
}

static void make_stage(rig *r, int32_t id)
{
    r->shape[id] = (weft_stage){.id = id, .task_count = TASKS, .tasks = r->tasks};
    r->stage[id] = (weft_core_stage){.stage = &r->shape[id],
                                     .stats = {.partition_count = 1},
                                     .rows = &r->rows[id],
                                     .bytes = &r->bytes[id],
                                     .counted = &r->counted[id],
                                     .report = {.stage = &r->shape[id], .metrics = r->metrics[id]}};
    r->stages[id] = &r->stage[id];
}

static void begin_stage(rig *r, int32_t id)
{
    const int32_t zero = 0;
    r->job.stage_count = id + 1;
    weft_fixture_ok(&r->f, weft_core_stage_begin(&r->f.ctx, r->core, &r->job, &zero, NULL));
}

/* A core of epoch 7 and a job whose first stage an earlier leader has begun. */
static void open_core(rig *r)
{
    static const weft_core_options options = {
        .members = {.tick_ns = 50 * MS, .beat_ns = 250 * MS, .silent_ns = 60000 * MS, .lost_ns = 60000 * MS},
        .scheduler = {.grace_ns = INT64_MAX, .crashes_most = 3, .misses_most = 2, .strikes_most = 5},
        .epoch = EPOCH,
        .by_value = true};
    *r = (rig){.now = 1000 * MS};
    weft_fixture_open(&r->f);
    r->clock = (weft_clock){.now_ns = now_ns, .wall_us = now_ns, .self = r};
    r->f.ctx.clock = &r->clock;
    weft_core_port port = weft_core_port_mute;
    port.order = take_order;
    port.close = drop;
    port.self = r;
    weft_fixture_ok(&r->f, weft_core_new(&r->f.ctx, &options, &port, &r->core));
    r->job = (weft_core_job){.id = JOB,
                             .settings = &r->f.settings,
                             .stages = r->stages,
                             .resumed = true,
                             .recorded = true,
                             .first_attempt = WEFT_CORE_ATTEMPTS};
    weft_fixture_ok(&r->f, weft_core_job_begin(&r->f.ctx, r->core, &r->job, 4, 0));
    make_stage(r, 0);
    r->stage[0].resumed = true;
}

static void close_core(rig *r)
{
    weft_core_job_end(&r->f.ctx, r->core, &r->job);
    weft_core_job_forget(r->core, &r->job);
    weft_core_free(&r->core);
    weft_fixture_close(&r->f);
}

static int32_t ordered(const rig *r, weft_to_worker_kind kind, weft_to_worker *last)
{
    int32_t count = 0;
    for (int32_t i = 0; i < r->order_count; i++) {
        if (r->orders[i].kind != kind) continue;
        count++;
        if (last != NULL) *last = r->orders[i];
    }
    return count;
}

/* A worker with a slot for each task, as it comes from the leader before. */
static void registers(rig *r, uint64_t uuid, const weft_block_name *running, const weft_block_name *block)
{
    static const uint64_t job = JOB;
    const weft_worker_hello hello = {.uuid = {.low = uuid},
                                     .registration = 1,
                                     .slots = TASKS,
                                     .epoch = EPOCH - 1,
                                     .running_count = running != NULL,
                                     .running = running,
                                     .block_count = block != NULL,
                                     .blocks = block,
                                     .job_count = 1,
                                     .jobs = &job};
    weft_core_registers(&r->f.ctx, r->core, uuid, &hello);
}

static void reports_of(rig *r, int32_t worker, weft_to_coordinator_kind kind, const weft_block_name *name)
{
    const int64_t one = 1;
    weft_block_meta block = {.partition_count = 1, .rows = &one, .bytes = &one};
    const weft_to_coordinator m = {.kind = kind,
                                   .epoch = EPOCH,
                                   .job = name->job,
                                   .stage = name->stage,
                                   .generation = name->generation,
                                   .partition = name->partition,
                                   .attempt = name->attempt,
                                   .block = kind == WEFT_FROM_WORKER_DONE ? &block : NULL};
    weft_fixture_ok(&r->f, weft_core_report(&r->f.ctx, r->core, worker, &m));
}

static void reports(rig *r, int32_t worker, weft_to_coordinator_kind kind, int32_t partition, int32_t attempt)
{
    const weft_block_name name = {
        .job = kind == WEFT_FROM_WORKER_HELD ? 0 : JOB, .partition = partition, .attempt = attempt};
    reports_of(r, worker, kind, &name);
}

static void recover(rig *r, int32_t count)
{
    const weft_uuid members[] = {{.low = 1}, {.low = 2}};
    weft_fixture_ok(&r->f, weft_core_recover(&r->f.ctx, r->core, members, count));
    assert_true(weft_core_is_recovering(r->core));
    weft_core_tick(&r->f.ctx, r->core);
}

/* ---- tests ---- */

/* A block, a running attempt, and the rest of the stage when both members have told all that they hold. */
static void members_tell(void **state)
{
    (void)state;
    rig r;
    weft_to_worker launch = {0};
    const weft_block_name block = {.job = JOB}, running = {.job = JOB, .partition = 1, .attempt = 2};
    open_core(&r);
    begin_stage(&r, 0);
    recover(&r, 2);
    registers(&r, 1, NULL, &block);
    reports(&r, 0, WEFT_FROM_WORKER_DONE, 0, 0);
    reports(&r, 0, WEFT_FROM_WORKER_HELD, 0, 0);
    assert_int_equal(r.order_count, 0);
    assert_int_equal(r.rows[0], 1); /* its sums are whole again */
    registers(&r, 2, &running, NULL);
    assert_int_equal(r.order_count, 0);
    assert_true(weft_core_is_recovering(r.core));
    reports(&r, 1, WEFT_FROM_WORKER_HELD, 0, 0);
    assert_false(weft_core_is_recovering(r.core));
    assert_int_equal(ordered(&r, WEFT_TO_WORKER_LAUNCH, &launch), 1);
    assert_true(launch.partition == 2 && launch.attempt == WEFT_CORE_ATTEMPTS && launch.epoch == EPOCH);
    reports(&r, 1, WEFT_FROM_WORKER_DONE, 1, 2);
    reports(&r, 0, WEFT_FROM_WORKER_DONE, 2, WEFT_CORE_ATTEMPTS);
    assert_true(r.stage[0].done && r.rows[0] == TASKS);
    assert_int_equal(r.stage[0].report.attempts, 3);
    /* both may have had it open for the leader before */
    assert_true(ordered(&r, WEFT_TO_WORKER_CLOSE, NULL) >= 2);
    close_core(&r);
}

/* HELD was meant for a leader that died before it had acknowledged it, though the report before it was: it
 * comes first, the block's report behind it. The phase ends by the HELD that is meant for this leader. */
static void an_earlier_leader_was_told(void **state)
{
    (void)state;
    rig r;
    const weft_block_name block = {.job = JOB};
    const weft_to_coordinator late = {.kind = WEFT_FROM_WORKER_HELD, .epoch = EPOCH - 1};
    open_core(&r);
    begin_stage(&r, 0);
    recover(&r, 1);
    registers(&r, 1, NULL, &block);
    weft_fixture_ok(&r.f, weft_core_report(&r.f.ctx, r.core, 0, &late));
    assert_true(weft_core_is_recovering(r.core));
    assert_int_equal(ordered(&r, WEFT_TO_WORKER_LAUNCH, NULL), 0);
    reports(&r, 0, WEFT_FROM_WORKER_DONE, 0, 0);
    reports(&r, 0, WEFT_FROM_WORKER_HELD, 0, 0);
    assert_false(weft_core_is_recovering(r.core));
    assert_int_equal(ordered(&r, WEFT_TO_WORKER_LAUNCH, NULL), TASKS - 1); /* all but the one that is there */
    close_core(&r);
}

/* One that does not come is waited for two seconds, in which this process has run. */
static void members_may_be_gone(void **state)
{
    (void)state;
    rig r;
    open_core(&r);
    begin_stage(&r, 0);
    recover(&r, 2);
    registers(&r, 1, NULL, NULL);
    reports(&r, 0, WEFT_FROM_WORKER_HELD, 0, 0);
    r.now += 10000 * MS; /* it was stopped */
    weft_core_tick(&r.f.ctx, r.core);
    assert_true(weft_core_is_recovering(r.core));
    for (int32_t i = 0; i < 38; i++) {
        r.now += 50 * MS;
        weft_core_tick(&r.f.ctx, r.core);
    }
    assert_true(weft_core_is_recovering(r.core));
    assert_int_equal(ordered(&r, WEFT_TO_WORKER_LAUNCH, NULL), 0);
    for (int32_t i = 0; i < 2; i++) {
        r.now += 50 * MS;
        weft_core_tick(&r.f.ctx, r.core);
    }
    assert_false(weft_core_is_recovering(r.core));
    assert_int_equal(ordered(&r, WEFT_TO_WORKER_LAUNCH, NULL), TASKS);
    close_core(&r);
}

/* Without members there is nobody to wait for. */
static void no_members(void **state)
{
    (void)state;
    rig r;
    open_core(&r);
    recover(&r, 0);
    assert_false(weft_core_is_recovering(r.core));
    close_core(&r);
}

/* A block that is none of the stage's generation is dropped by name when its report is there; jobs that are
 * not known are ended at once. */
static void strange_things_go(void **state)
{
    (void)state;
    rig r;
    weft_to_worker last = {0};
    const weft_block_name block = {.job = JOB, .generation = 1};
    static const uint64_t other = 77;
    open_core(&r);
    r.stage[0].generation = 2;
    begin_stage(&r, 0);
    recover(&r, 2);
    registers(&r, 1, &block, &block);
    assert_int_equal(ordered(&r, WEFT_TO_WORKER_DROP, NULL), 0);
    assert_int_equal(ordered(&r, WEFT_TO_WORKER_CANCEL, NULL), 1);
    reports_of(&r, 0, WEFT_FROM_WORKER_DONE, &block);
    assert_int_equal(ordered(&r, WEFT_TO_WORKER_DROP, &last), 1);
    assert_int_equal(last.generation, 1);
    const weft_worker_hello hello = {.uuid = {.low = 2},
                                     .registration = 1,
                                     .slots = 1,
                                     .epoch = EPOCH - 1,
                                     .job_count = 1,
                                     .jobs = &other};
    weft_core_registers(&r.f.ctx, r.core, 2, &hello);
    assert_int_equal(ordered(&r, WEFT_TO_WORKER_END, &last), 1);
    assert_int_equal(last.job, 77);
    close_core(&r);
}

/* Two workers come from the leader before with a block of the same task. The second is told to drop its own
 * only by what is known when its report is there: the first may have died since it registered. In its next
 * session, when its reports are all there, it is told by its registration. */
static void a_block_is_judged_by_its_report(void **state)
{
    (void)state;
    rig r;
    weft_to_worker last = {0};
    const weft_block_name first = {.job = JOB}, second = {.job = JOB, .attempt = 1};
    for (int32_t dies = 0; dies < 2; dies++) {
        open_core(&r);
        begin_stage(&r, 0);
        recover(&r, 2);
        registers(&r, 1, NULL, &first);
        reports_of(&r, 0, WEFT_FROM_WORKER_DONE, &first);
        registers(&r, 2, NULL, &second);
        assert_int_equal(ordered(&r, WEFT_TO_WORKER_DROP, NULL), 0);
        if (dies > 0) weft_core_leaves(&r.f.ctx, r.core, 1);
        reports_of(&r, 1, WEFT_FROM_WORKER_DONE, &second);
        assert_int_equal(ordered(&r, WEFT_TO_WORKER_DROP, &last), 1 - dies);
        reports(&r, 0, WEFT_FROM_WORKER_HELD, 0, 0);
        reports(&r, 1, WEFT_FROM_WORKER_HELD, 0, 0);
        assert_int_equal(ordered(&r, WEFT_TO_WORKER_LAUNCH, NULL), TASKS - 1);
        const weft_worker_hello again = {.uuid = {.low = 2},
                                         .registration = 2,
                                         .slots = TASKS,
                                         .epoch = EPOCH,
                                         .block_count = 1,
                                         .blocks = &second};
        weft_core_registers(&r.f.ctx, r.core, 3, &again);
        assert_int_equal(ordered(&r, WEFT_TO_WORKER_DROP, &last), 2 * (1 - dies));
        if (dies == 0) assert_true(last.attempt == 1 && last.partition == 0);
        close_core(&r);
    }
}

/* A worker that has seen a higher epoch is not welcomed, and the core knows that it is deposed. */
static void deposed(void **state)
{
    (void)state;
    rig r;
    const weft_worker_hello hello = {.uuid = {.low = 1}, .registration = 1, .slots = 1, .epoch = EPOCH + 1};
    open_core(&r);
    assert_int_equal(weft_core_highest_epoch(r.core), EPOCH);
    weft_core_registers(&r.f.ctx, r.core, 1, &hello);
    assert_int_equal(r.closed, 1);
    assert_int_equal(weft_core_worker_count(r.core), 0);
    assert_int_equal(weft_core_highest_epoch(r.core), EPOCH + 1);
    close_core(&r);
}

/* The accepted attempts of an indeterminate stage are asked for, and its consumer is launched when they are
 * on record.
 */
static void records_hold(void **state)
{
    (void)state;
    rig r;
    weft_core_record *records = NULL;
    int32_t count = 0, *attempts = NULL;
    bool there = false;
    open_core(&r);
    r.shape[0].determinism = WEFT_INDETERMINATE;
    r.stage[0].resumed = false;
    registers(&r, 1, NULL, NULL);
    begin_stage(&r, 0);
    for (int32_t p = 0; p < TASKS; p++) reports(&r, 0, WEFT_FROM_WORKER_DONE, p, WEFT_CORE_ATTEMPTS);
    make_stage(&r, 1);
    r.shape[1].input_count = 1;
    r.shape[1].inputs = &r.input;
    begin_stage(&r, 1);
    assert_int_equal(ordered(&r, WEFT_TO_WORKER_LAUNCH, NULL), TASKS);
    assert_int_equal(r.job.record_count, 1);
    weft_fixture_ok(&r.f, weft_core_take_records(&r.f.ctx, &r.job, &records, &count));
    assert_true(count == 1 && r.job.record_count == 0);
    assert_true(records[0].kind == WEFT_RECORD_ACCEPTED && records[0].stage == 0);
    weft_fixture_ok(&r.f, weft_core_accepted(&r.f.ctx, r.core, &r.job, &records[0], &attempts, &there));
    assert_true(there);
    for (int32_t p = 0; p < TASKS; p++) assert_int_equal(attempts[p], WEFT_CORE_ATTEMPTS);
    weft_fixture_ok(&r.f, weft_core_recorded(&r.f.ctx, r.core, &r.job, &records[0]));
    assert_int_equal(ordered(&r, WEFT_TO_WORKER_LAUNCH, NULL), 2 * TASKS);
    /* what is asked again takes the place of what was not taken */
    const weft_block_name lost = {.job = JOB, .attempt = WEFT_CORE_ATTEMPTS};
    weft_fixture_ok(&r.f, weft_core_block_lost(&r.f.ctx, r.core, &r.job, &lost));
    assert_int_equal(r.job.record_count, 1);
    weft_core_generation *generations = NULL;
    weft_fixture_ok(&r.f, weft_core_generations(&r.f.ctx, &r.job, &generations, &count));
    assert_true(count == 2 && generations[1].stage == 1 && generations[1].generation == 1);
    weft_fixture_ok(&r.f, weft_core_accepted(&r.f.ctx, r.core, &r.job, &records[0], &attempts, &there));
    assert_false(there); /* that was another generation */
    weft_fixture_ok(&r.f, weft_core_take_records(&r.f.ctx, &r.job, &records, &count));
    assert_true(count == 1 && records[0].kind == WEFT_RECORD_GENERATION && records[0].number == 1);
    assert_int_equal(ordered(&r, WEFT_TO_WORKER_LAUNCH, NULL), 2 * TASKS);
    weft_fixture_ok(&r.f, weft_core_recorded(&r.f.ctx, r.core, &r.job, &records[0]));
    assert_int_equal(ordered(&r, WEFT_TO_WORKER_LAUNCH, NULL), 3 * TASKS); /* of the first stage */
    close_core(&r);
}

/* A job that becomes recorded lists what would be on record by now. */
static void recorded_from_now_on(void **state)
{
    (void)state;
    rig r;
    weft_core_record *present = NULL;
    int32_t count = 0;
    open_core(&r);
    r.job.recorded = false;
    weft_core_job_end(&r.f.ctx, r.core, &r.job);
    weft_core_job_forget(r.core, &r.job);
    r.job = (weft_core_job){.id = JOB + 1, .settings = &r.f.settings, .stages = r.stages};
    weft_fixture_ok(&r.f, weft_core_job_begin(&r.f.ctx, r.core, &r.job, 4, 0));
    r.shape[0].determinism = WEFT_INDETERMINATE;
    r.stage[0].resumed = false;
    begin_stage(&r, 0);
    weft_fixture_ok(&r.f, weft_core_record_from_now(&r.f.ctx, r.core, &r.job, &present, &count));
    assert_int_equal(count, 0); /* nobody has read it */
    assert_true(r.job.recorded);
    weft_fixture_ok(&r.f, weft_core_record_from_now(&r.f.ctx, r.core, &r.job, &present, &count));
    assert_int_equal(count, 0);
    close_core(&r);
}

WEFT_TESTS(WEFT_TEST(members_tell), WEFT_TEST(an_earlier_leader_was_told), WEFT_TEST(members_may_be_gone),
           WEFT_TEST(no_members), WEFT_TEST(strange_things_go), WEFT_TEST(a_block_is_judged_by_its_report),
           WEFT_TEST(deposed), WEFT_TEST(records_hold), WEFT_TEST(recorded_from_now_on))
