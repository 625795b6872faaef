/* tests/unit/coordinator/test_jobs.c - what is remembered of jobs: sums, order, limits, no memory. */
#include <pthread.h>

#include "coordinator/jobs.h"
#include "tests/support/fixture.h"

static void begin(weft_jobs *jobs, uint64_t id, const char *text)
{
    const weft_job_begin job = {.id = id, .text = text, .text_len = strlen(text), .user = "ann"};
    weft_jobs_begin(jobs, &job);
}

static void a_job_from_begin_to_end(void **state)
{
    (void)state;
    weft_fixture f;
    weft_jobs *jobs = NULL;
    weft_cluster_status seen = {0};
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_jobs_new(&f.ctx, &jobs));

    begin(jobs, 7, "select 1");
    weft_jobs_stage(
        jobs, 7,
        &(weft_stage_status){
            .stage = 0, .tasks = 4, .running = 2, .tasks_done = 1, .attempts = 3, .read_bytes = 100});
    weft_jobs_stage(jobs, 7, &(weft_stage_status){.stage = 1, .tasks = 2, .begin_us = 5});
    weft_fixture_ok(&f, weft_jobs_view(&f.ctx, jobs, &seen));
    assert_int_equal(seen.job_count, 1);
    assert_int_equal(seen.jobs[0].state, WEFT_JOB_RUNNING);
    assert_string_equal(seen.jobs[0].text, "select 1");
    assert_string_equal(seen.jobs[0].user, "ann");
    assert_int_equal(seen.jobs[0].tasks, 6);
    assert_int_equal(seen.jobs[0].running, 2);
    assert_int_equal(seen.totals.bytes_read, 100);
    assert_true(seen.jobs[0].stage_list[0].begin_us > 0);
    assert_int_equal(seen.jobs[0].stage_list[1].begin_us, 5);

    weft_jobs_stage(jobs, 7,
                    &(weft_stage_status){.stage = 0,
                                         .tasks = 4,
                                         .tasks_done = 4,
                                         .attempts = 5,
                                         .read_bytes = 300,
                                         .exchange_bytes = 64,
                                         .spilled_bytes = 7,
                                         .done = true});
    weft_jobs_stage(jobs, 8, &(weft_stage_status){.stage = 0, .tasks = 4}); /* no such job */
    const weft_job_counts counts = {.tasks_rerun = 1, .blocks_lost = 2, .workers_lost = 1};
    weft_error error = {.code = WEFT_DIVIDE_BY_ZERO};
    snprintf(error.message, sizeof(error.message), "in row 3");
    weft_jobs_end(jobs, 7, WEFT_JOB_FAILED, &error, &counts);
    weft_jobs_end(jobs, 7, WEFT_JOB_SUCCEEDED, NULL, NULL); /* it has ended already */

    weft_fixture_ok(&f, weft_jobs_view(&f.ctx, jobs, &seen));
    assert_int_equal(seen.job_count, 1);
    const weft_job_status *job = &seen.jobs[0];
    assert_int_equal(job->state, WEFT_JOB_FAILED);
    assert_string_equal(job->error, "[DIVIDE_BY_ZERO] in row 3");
    assert_int_equal(job->stages, 2);
    assert_int_equal(job->stages_done, 1);
    assert_int_equal(job->attempts, 5);
    assert_int_equal(job->bytes_read, 300);
    assert_int_equal(job->bytes_spilled, 7);
    assert_int_equal(job->bytes_exchanged, 64);
    assert_int_equal(job->tasks_rerun, 1);
    assert_int_equal(job->running, 0);
    assert_true(job->end_us >= job->begin_us);
    assert_true(job->stage_list[0].end_us > 0 && job->stage_list[1].end_us > 0);
    assert_int_equal(seen.totals.begun, 1);
    assert_int_equal(seen.totals.failed, 1);
    assert_int_equal(seen.totals.succeeded, 0);
    assert_int_equal(seen.totals.bytes_read, 300);
    weft_jobs_free(&jobs);
    weft_fixture_close(&f);
}

/* A result that breaks while it is read: its job is none of those that succeeded. */
static void a_job_may_fail_after_its_end(void **state)
{
    (void)state;
    weft_fixture f;
    weft_jobs *jobs = NULL;
    weft_cluster_status seen = {0};
    weft_error error = {.code = WEFT_RESULT_LOST};
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_jobs_new(&f.ctx, &jobs));
    snprintf(error.message, sizeof(error.message), "part 2");
    begin(jobs, 1, "a");
    weft_jobs_break(jobs, 1, &error); /* it still runs */
    weft_jobs_stage(jobs, 1, &(weft_stage_status){.stage = 0, .tasks = 3});
    weft_jobs_end(jobs, 1, WEFT_JOB_SUCCEEDED, NULL, NULL);
    begin(jobs, 2, "b");
    weft_jobs_end(jobs, 2, WEFT_JOB_CANCELLED, NULL, NULL);
    for (int32_t i = 0; i < 2; i++) weft_jobs_break(jobs, 1, &error);
    weft_jobs_break(jobs, 2, &error); /* it did not succeed */

    weft_fixture_ok(&f, weft_jobs_view(&f.ctx, jobs, &seen));
    assert_int_equal(seen.jobs[0].state, WEFT_JOB_CANCELLED);
    assert_int_equal(seen.jobs[1].state, WEFT_JOB_FAILED);
    assert_string_equal(seen.jobs[1].error, "[RESULT_LOST] part 2");
    assert_int_equal(seen.jobs[1].tasks, 3);
    assert_int_equal(seen.totals.succeeded, 0);
    assert_int_equal(seen.totals.failed, 1);
    weft_jobs_free(&jobs);
    weft_fixture_close(&f);
}

static void running_ones_first_then_the_last_to_end(void **state)
{
    (void)state;
    weft_fixture f;
    weft_jobs *jobs = NULL;
    weft_cluster_status seen = {0};
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_jobs_new(&f.ctx, &jobs));
    for (uint64_t id = 1; id <= 1500; id++) {
        begin(jobs, id, "x");
        if (id % 500 != 0) weft_jobs_end(jobs, id, WEFT_JOB_SUCCEEDED, NULL, NULL);
    }
    weft_jobs_end(jobs, 1000, WEFT_JOB_CANCELLED, NULL, NULL);
    weft_fixture_ok(&f, weft_jobs_view(&f.ctx, jobs, &seen));
    assert_int_equal(seen.job_count, 2 + WEFT_JOBS_ENDED_MOST);
    assert_int_equal(seen.jobs[0].id, 500);
    assert_int_equal(seen.jobs[1].id, 1500);
    assert_int_equal(seen.jobs[2].id, 1000);
    assert_int_equal(seen.jobs[3].id, 1499);
    assert_int_equal(seen.totals.begun, 1500);
    assert_int_equal(seen.totals.succeeded, 1497);
    assert_int_equal(seen.totals.cancelled, 1);
    weft_jobs_free(&jobs);
    weft_fixture_close(&f);
}

static void ended_jobs_take_bounded_memory(void **state)
{
    (void)state;
    weft_fixture f;
    weft_jobs *jobs = NULL;
    weft_cluster_status seen = {0};
    char text[8192];
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_jobs_new(&f.ctx, &jobs));
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa4", 3); /* two bytes a character */
    text[0] = '(';
    text[1] = ' ';
    memmove(text + 1, text + 2, strlen(text + 2) + 1); /* now the limit falls within a character */
    for (uint64_t id = 1; id <= 100; id++) {
        begin(jobs, id, text);
        for (int32_t stage = 0; stage < 2000; stage++)
            weft_jobs_stage(jobs, id, &(weft_stage_status){.stage = stage, .tasks = 1});
        weft_jobs_end(jobs, id, WEFT_JOB_SUCCEEDED, NULL, NULL);
    }
    assert_true(weft_pool_used_bytes(f.pool) < WEFT_JOBS_ENDED_BYTES_MOST + (2 << 20));
    weft_fixture_ok(&f, weft_jobs_view(&f.ctx, jobs, &seen));
    assert_in_range(seen.job_count, 2, 99);
    assert_int_equal(seen.jobs[0].id, 100);
    assert_int_equal(strlen(seen.jobs[0].text), WEFT_JOBS_TEXT_BYTES_MOST - 1);
    weft_jobs_free(&jobs);
    weft_fixture_close(&f);
}

/* What cannot be listed is counted; the view alone can fail. */
static weft_status run_short(weft_fixture *f, void *arg)
{
    (void)arg;
    weft_status st = WEFT_OK;
    weft_jobs *jobs = NULL;
    weft_cluster_status seen = {0};
    WEFT_TRY(st, weft_jobs_new(&f->ctx, &jobs));
    begin(jobs, 1, "a");
    weft_jobs_stage(jobs, 1, &(weft_stage_status){.stage = 0, .tasks = 1});
    weft_jobs_end(jobs, 1, WEFT_JOB_FAILED, &(weft_error){.code = WEFT_IO}, NULL);
    begin(jobs, 2, "b");
    WEFT_TRY(st, weft_jobs_view(&f->ctx, jobs, &seen));
    assert_int_equal(seen.totals.begun, 2);
    assert_int_equal(seen.job_count + seen.totals.unseen, 2);
    if (seen.totals.unseen > 0 || seen.jobs[1].stages == 0 || seen.jobs[1].error == NULL)
        st = WEFT_NOMEM; /* as the sweep expects of a run in which an allocation failed */
done:
    weft_jobs_free(&jobs);
    return st;
}

static void without_memory_nothing_breaks(void **state)
{
    (void)state;
    weft_fixture_oom_sweep(run_short, NULL);
}

typedef struct driver {
    weft_jobs *jobs;
    uint64_t first;
} driver;

static void *drive(void *arg)
{
    const driver *d = arg;
    for (uint64_t id = d->first; id < d->first + 300; id++) {
        begin(d->jobs, id, "select");
        for (int32_t stage = 0; stage < 5; stage++)
            weft_jobs_stage(d->jobs, id, &(weft_stage_status){.stage = stage, .tasks = 1, .tasks_done = 1});
        weft_jobs_end(d->jobs, id, WEFT_JOB_SUCCEEDED, NULL, NULL);
    }
    return NULL;
}

static void many_threads(void **state)
{
    (void)state;
    enum { DRIVERS = 4 };
    weft_fixture f;
    weft_jobs *jobs = NULL;
    weft_cluster_status seen = {0};
    pthread_t threads[DRIVERS];
    driver drivers[DRIVERS];
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_jobs_new(&f.ctx, &jobs));
    for (int32_t i = 0; i < DRIVERS; i++) {
        drivers[i] = (driver){.jobs = jobs, .first = 1000 * (uint64_t)(i + 1)};
        assert_int_equal(pthread_create(&threads[i], NULL, drive, &drivers[i]), 0);
    }
    for (int32_t i = 0; i < 50; i++) {
        weft_arena_reset(f.arena);
        weft_fixture_ok(&f, weft_jobs_view(&f.ctx, jobs, &seen));
        for (int32_t j = 0; j < seen.job_count; j++)
            assert_int_equal(seen.jobs[j].tasks, seen.jobs[j].stages);
    }
    for (int32_t i = 0; i < DRIVERS; i++) pthread_join(threads[i], NULL);
    weft_fixture_ok(&f, weft_jobs_view(&f.ctx, jobs, &seen));
    assert_int_equal(seen.totals.succeeded, DRIVERS * 300);
    assert_int_equal(seen.job_count, WEFT_JOBS_ENDED_MOST);
    weft_jobs_free(&jobs);
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(a_job_from_begin_to_end), WEFT_TEST(running_ones_first_then_the_last_to_end),
           WEFT_TEST(a_job_may_fail_after_its_end), WEFT_TEST(ended_jobs_take_bounded_memory),
           WEFT_TEST(without_memory_nothing_breaks), WEFT_TEST(many_threads))
