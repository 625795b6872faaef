/* tests/unit/coordinator/test_core.c - what the core tells of attempts when a session breaks: each ends once,
 * and one that never arrived was none. Schedules without end are the simulation's (tests/simulation). */
#include <unistd.h>

#include "coordinator/core.h"
#include "coordinator/event_log.h"
#include "tests/support/fixture.h"

enum { TASKS = 3, PEER = 7, ORDERS_MAX = 64 };

typedef struct rig {
    weft_fixture f;
    weft_core *core;
    weft_to_worker launched[ORDERS_MAX]; /* in their order */
    int32_t launch_count;
    weft_worker_hello hello;
    weft_core_job job;
    weft_core_stage stage, *stages[1];
    weft_stage shape;
    weft_task_spec tasks[TASKS];
    int64_t rows, bytes;
    uint64_t counted;
    weft_op_metrics metrics[2];
    char log[64];
    weft_core_change last_change;
} rig;

static weft_status take_order(weft_ctx *ctx, void *self, int32_t worker, const weft_to_worker *order)
{
    rig *r = self;
    (void)ctx, (void)worker;
    if (order->kind != WEFT_TO_WORKER_LAUNCH) return WEFT_OK;
    assert_true(r->launch_count < ORDERS_MAX);
    r->launched[r->launch_count++] = *order;
    return WEFT_OK;
}

static void changed(void *self, int32_t worker, weft_core_change change)
{
    rig *r = self;
    (void)worker;
    r->last_change = change;
}

/* One worker with three slots, one stage of three tasks, which are launched. */
static void rig_open(rig *r)
{
    static const weft_core_options options = {
        .members = {.tick_ns = INT64_MAX, .beat_ns = INT64_MAX, .silent_ns = INT64_MAX, .lost_ns = INT64_MAX},
        .scheduler = {.grace_ns = INT64_MAX, .crashes_most = 3, .misses_most = 2, .strikes_most = 5},
        .epoch = 1,
        .by_value = true};
    *r = (rig){.log = "/tmp/weft-events-XXXXXX",
               .hello = {.uuid = {.low = 9}, .registration = 1, .slots = TASKS}};
    weft_fixture_open(&r->f);
    weft_core_port port = weft_core_port_mute;
    port.order = take_order;
    port.changed = changed;
    port.self = r;
    const int fd = mkstemp(r->log);
    assert_true(fd >= 0);
    close(fd);
    weft_fixture_ok(&r->f, weft_settings_set(&r->f.ctx, &r->f.settings, "weft.eventLog.path", r->log));
    weft_fixture_ok(&r->f, weft_core_new(&r->f.ctx, &options, &port, &r->core));
    r->shape = (weft_stage){.task_count = TASKS, .tasks = r->tasks};
    r->stage = (weft_core_stage){.stage = &r->shape,
                                 .stats = {.partition_count = 1},
                                 .rows = &r->rows,
                                 .bytes = &r->bytes,
                                 .counted = &r->counted,
                                 .report = {.stage = &r->shape, .metrics = r->metrics}};
    r->stages[0] = &r->stage;
    r->job = (weft_core_job){.id = 5, .settings = &r->f.settings, .stages = r->stages, .stage_count = 1};
    weft_fixture_ok(&r->f, weft_event_log_open(&r->f.ctx, &r->job.log));
    weft_core_registers(&r->f.ctx, r->core, PEER, &r->hello);
    weft_fixture_ok(&r->f, weft_core_job_begin(&r->f.ctx, r->core, &r->job, 4, 0));
    weft_fixture_ok(&r->f, weft_core_stage_begin(&r->f.ctx, r->core, &r->job, NULL, NULL));
    assert_int_equal(r->launch_count, TASKS);
}

static void rig_close(rig *r)
{
    weft_core_job_end(&r->f.ctx, r->core, &r->job);
    weft_core_job_forget(r->core, &r->job);
    weft_event_log_close(&r->job.log);
    weft_core_free(&r->core);
    unlink(r->log);
    weft_fixture_close(&r->f);
}

static weft_block_name name_of(const weft_to_worker *launch)
{
    return (weft_block_name){.job = launch->job, .partition = launch->partition, .attempt = launch->attempt};
}

static void reports(rig *r, const weft_to_worker *launch, weft_status status)
{
    const int64_t one = 1;
    weft_block_meta block = {.partition_count = 1, .rows = &one, .bytes = &one};
    const weft_to_coordinator m = {.kind = status == WEFT_OK ? WEFT_FROM_WORKER_DONE
                                                             : WEFT_FROM_WORKER_FAILED,
                                   .job = launch->job,
                                   .partition = launch->partition,
                                   .attempt = launch->attempt,
                                   .block = &block,
                                   .status = status,
                                   .run_ns = 1000};
    weft_fixture_ok(&r->f, weft_core_report(&r->f.ctx, r->core, 0, &m));
}

static int32_t logged(const rig *r, const char *event)
{
    char line[2048];
    int32_t count = 0;
    FILE *file = fopen(r->log, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) count += strstr(line, event) != NULL;
    fclose(file);
    return count;
}

static weft_scheduler_counts counts(const rig *r)
{
    weft_scheduler_counts n;
    weft_scheduler_count_job(weft_core_scheduler(r->core), r->job.id, &n);
    return n;
}

/* A report that comes again, in the same session or in the next one, is the end of one attempt. */
static void an_attempt_ends_once(void **state)
{
    (void)state;
    rig r;
    rig_open(&r);
    const weft_block_name held[] = {name_of(&r.launched[0]), name_of(&r.launched[1]),
                                    name_of(&r.launched[2])};
    reports(&r, &r.launched[0], WEFT_OK);
    reports(&r, &r.launched[0], WEFT_OK);
    reports(&r, &r.launched[1], WEFT_IO);
    reports(&r, &r.launched[1], WEFT_IO);
    r.hello.running = held;
    r.hello.running_count = 3;
    r.hello.registration++;
    weft_core_registers(&r.f.ctx, r.core, PEER + 1, &r.hello);
    reports(&r, &r.launched[0], WEFT_OK);
    reports(&r, &r.launched[1], WEFT_IO);
    assert_int_equal(logged(&r, "SparkListenerTaskEnd"), 2);
    assert_int_equal(logged(&r, "WeftTaskLate"), 4);
    assert_int_equal(r.stage.report.failures, 1);
    assert_true(r.stage.report.run_ns == 2000);
    assert_true(counts(&r).rerun == 1 && counts(&r).failed == 1);
    rig_close(&r);
}

/* A launch that its worker knows nothing of when it is back did not run, and what runs in its place does not
 * run again. */
static void a_lost_launch_is_no_attempt(void **state)
{
    (void)state;
    rig r;
    rig_open(&r);
    const weft_block_name held = name_of(&r.launched[1]);
    reports(&r, &r.launched[0], WEFT_OK);
    r.hello.running = &held;
    r.hello.running_count = 1;
    r.hello.registration++;
    weft_core_registers(&r.f.ctx, r.core, PEER + 1, &r.hello);
    assert_int_equal(r.launch_count, TASKS + 1);
    assert_int_equal(r.launched[TASKS].partition, r.launched[2].partition);
    assert_int_equal(r.launched[TASKS].attempt, 1);
    assert_int_equal(r.stage.report.attempts, TASKS);
    assert_true(counts(&r).unsent == 1 && counts(&r).rerun == 0 && counts(&r).failed == 0);
    reports(&r, &r.launched[1], WEFT_OK);
    reports(&r, &r.launched[TASKS], WEFT_OK);
    assert_true(weft_core_is_finished(r.core, &r.job, 0));
    assert_int_equal(logged(&r, "SparkListenerTaskEnd"), TASKS);
    rig_close(&r);
}

/* Without any memory the end of a worker and of a job are heard all the same: nobody would tell them again,
 * and the tasks would wait for ever. Many workers and jobs, so that every size of the tables is met. */
static void ends_need_no_memory(void **state)
{
    enum { WORKERS = 70 };
    static weft_core_job jobs[WORKERS];
    weft_worker_hello hello = {.registration = 1, .slots = 1};
    (void)state;
    rig r;
    rig_open(&r);
    for (int32_t i = 1; i < WORKERS; i++) {
        hello.uuid.low = 100 + (uint64_t)i;
        weft_core_registers(&r.f.ctx, r.core, PEER + (uint64_t)i, &hello);
        jobs[i] = (weft_core_job){.id = 1000 + (uint64_t)i, .settings = &r.f.settings};
        weft_fixture_ok(&r.f, weft_core_job_begin(&r.f.ctx, r.core, &jobs[i], 4, 0));
        weft_mem_fail_after(1);
        weft_core_leaves(&r.f.ctx, r.core, PEER + (uint64_t)i);
        weft_core_job_end(&r.f.ctx, r.core, &jobs[i]);
        weft_mem_fail_after(0);
        assert_int_equal(r.last_change, WEFT_CORE_DEAD);
        int32_t known = 0;
        for (int32_t n = 0; n < 2 * WORKERS; n++)
            known += weft_scheduler_has_worker(weft_core_scheduler(r.core), n);
        assert_int_equal(known, i); /* the first one, and those that came again */
        assert_null(weft_core_check(r.core));
        weft_core_job_forget(r.core, &jobs[i]);
        weft_core_registers(&r.f.ctx, r.core, PEER + (uint64_t)i, &hello); /* more of both each time */
        weft_fixture_ok(&r.f, weft_core_job_begin(&r.f.ctx, r.core, &jobs[i], 4, 0));
    }
    weft_mem_fail_after(1);
    weft_core_leaves(&r.f.ctx, r.core, PEER); /* it was at work */
    weft_mem_fail_after(0);
    assert_true(r.job.failed || r.launch_count == 2 * TASKS); /* it does not wait for the dead */
    for (int32_t i = 1; i < WORKERS; i++) {
        weft_core_job_end(&r.f.ctx, r.core, &jobs[i]);
        weft_core_job_forget(r.core, &jobs[i]);
    }
    rig_close(&r);
}

/* A worker that registers while there is no memory asks again; until then whoever lists the workers sees no
 * half of one. */
static void a_registration_without_memory(void **state)
{
    const weft_worker_hello hello = {.uuid = {.low = 77}, .registration = 1, .slots = 1, .address = "there"};
    bool registered = false;
    (void)state;
    for (int64_t n = 1; !registered; n++) {
        rig r;
        rig_open(&r);
        weft_worker_hello again = hello;
        weft_mem_fail_after(n);
        weft_core_registers(&r.f.ctx, r.core, PEER + 1, &hello);
        registered = weft_mem_fail_after(0) < n;
        assert_null(weft_core_check(r.core));
        for (int32_t i = 0; i < weft_core_worker_count(r.core); i++) {
            weft_core_worker w;
            weft_core_get_worker(r.core, i, &w);
            assert_true(w.number == 0 || strcmp(w.address, "there") == 0);
        }
        assert_int_equal(weft_core_measure(r.core).workers, registered ? 2 : 1);
        again.registration = 2;
        weft_core_registers(&r.f.ctx, r.core, PEER + 2, &again);
        assert_int_equal(weft_core_measure(r.core).workers, 2);
        rig_close(&r);
    }
}

WEFT_TESTS(WEFT_TEST(an_attempt_ends_once), WEFT_TEST(a_lost_launch_is_no_attempt),
           WEFT_TEST(ends_need_no_memory), WEFT_TEST(a_registration_without_memory))
