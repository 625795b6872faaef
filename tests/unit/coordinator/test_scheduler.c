/* tests/unit/coordinator/test_scheduler.c - the scheduler alone: events in, actions out.
 *
 * Stories with one thing gone wrong each, and storms: workers that answer in any order, twice, or with
 * failures, while the rules are checked on every step. */
#include "tests/unit/coordinator/scheduler_rig.h"

/* ---- stories ---- */

/* Tasks start by number into free slots, and the next as soon as one is free. */
static void fills_slots(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    worker_comes(&r, WORKER, 2);
    assert_int_equal(r.last.count, 0);
    job_comes(&r, JOB, 4, 0);
    stage_comes(&r, JOB, 0, 3);
    assert_int_equal(r.last.count, 2);
    const weft_action first = r.last.items[0], second = r.last.items[1];
    assert_int_equal(first.kind, WEFT_ACTION_LAUNCH);
    assert_int_equal(first.partition, 0);
    assert_int_equal(second.partition, 1);
    assert_int_equal(second.worker, WORKER);
    step(&r, report(&second, WEFT_OK));
    assert_int_equal(the(&r, WEFT_ACTION_ACCEPT).partition, 1);
    const weft_action third = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_equal(third.partition, 2);
    step(&r, report(&third, WEFT_OK));
    assert_int_equal(count_of(&r, WEFT_ACTION_STAGE_DONE), 0);
    step(&r, report(&first, WEFT_OK));
    assert_int_equal(the(&r, WEFT_ACTION_STAGE_DONE).stage, 0);
    assert_int_equal(counts(&r).done, 3);
    int64_t tasks, running, done;
    weft_scheduler_progress(r.s, JOB, &tasks, &running, &done);
    assert_int_equal(tasks, 3);
    assert_int_equal(running, 0);
    assert_int_equal(done, 3);
    close_rig(&r);
}

/* A worker that registers twice has no more slots than before; one with more gets more. */
static void registers_again(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    job_comes(&r, JOB, 4, 0);
    stage_comes(&r, JOB, 0, 10);
    assert_int_equal(r.last.count, 0);
    worker_comes(&r, WORKER, 2);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 2);
    worker_comes(&r, WORKER, 2);
    assert_int_equal(r.last.count, 0);
    worker_comes(&r, WORKER, 3);
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).partition, 2);
    worker_comes(&r, WORKER + 1, 1);
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).worker, WORKER + 1);
    close_rig(&r);
}

/* Tasks that turn out to be short are sent ahead of the slots, as many as take the time that was set; of long
 * ones one a slot, as long as there are enough of them. */
static void short_tasks_wait_at_workers(void **state)
{
    (void)state;
    const int64_t ms = 1000000, run[] = {ms / 10, ms / 3, 5 * ms};
    const int32_t most[] = {8, 2 * 4, 2 * 2};
    for (int32_t i = 0; i < WEFT_COUNT(run); i++) {
        rig r;
        open_rig(&r);
        weft_scheduler_free(&r.s);
        const weft_scheduler_options ahead = {.grace_ns = INT64_MAX,
                                              .crashes_most = 1,
                                              .misses_most = 1,
                                              .strikes_most = INT32_MAX,
                                              .ahead_most = 4,
                                              .ahead_ns = ms};
        assert_int_equal(weft_scheduler_new(&r.f.ctx, &ahead, &r.s), WEFT_OK);
        worker_comes(&r, WORKER, 2);
        job_comes(&r, JOB, 4, 0);
        stage_comes(&r, JOB, 0, 100);
        assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 4); /* nothing is known of them */
        const weft_action first = r.last.items[0];
        weft_event done = report(&first, WEFT_OK);
        done.run_ns = run[i];
        step(&r, done);
        int64_t tasks, running, finished;
        weft_scheduler_progress(r.s, JOB, &tasks, &running, &finished);
        assert_int_equal(running, most[i]);
        weft_event end = {.kind = WEFT_EVENT_END, .job = JOB};
        step(&r, end);
        job_comes(&r, JOB + 1, 4, 0);
        stage_comes(&r, JOB + 1, 0, 5); /* too few for that: each slot gets one */
        assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 2);
        close_rig(&r);
    }
}

/* Where the disk is full every attempt fails at once: the worker is left alone while there is another,
 * although its slot is the only free one, and asked again after a while. */
static void a_full_disk_is_left_alone(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    weft_scheduler_free(&r.s);
    const weft_scheduler_options some = {
        .grace_ns = INT64_MAX, .crashes_most = 1, .misses_most = 1, .strikes_most = 5, .aside_ns = 1000};
    assert_int_equal(weft_scheduler_new(&r.f.ctx, &some, &r.s), WEFT_OK);
    worker_comes(&r, WORKER, 1);
    worker_comes(&r, WORKER + 1, 1);
    job_comes(&r, JOB, 4, 0);
    stage_comes(&r, JOB, 0, 3);
    const weft_action here = r.last.items[0], there = r.last.items[1];
    step(&r, report(&here, WEFT_NOSPACE));
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
    assert_int_equal(counts(&r).workers_aside, 1);
    step(&r, report(&there, WEFT_NOSPACE)); /* the last one is not */
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).worker, there.worker);
    close_rig(&r);
}

/* The same report twice: the second frees no slot, changes nothing, and the block stays what it is. */
static void duplicate_reports(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    worker_comes(&r, WORKER, 1);
    job_comes(&r, JOB, 4, 0);
    stage_comes(&r, JOB, 0, 3);
    const weft_action first = the(&r, WEFT_ACTION_LAUNCH);
    step(&r, report(&first, WEFT_OK));
    assert_int_equal(count_of(&r, WEFT_ACTION_ACCEPT), 1);
    step(&r, report(&first, WEFT_OK));
    assert_int_equal(r.last.count, 0);
    assert_int_equal(counts(&r).ignored, 1);
    step(&r, report(&first, WEFT_INJECTED)); /* it cannot fail any more either */
    assert_int_equal(r.last.count, 0);
    assert_int_equal(counts(&r).late, 1);
    assert_int_equal(counts(&r).failed, 0);
    close_rig(&r);
}

/* The attempt that was given up succeeds after all: its block does not count, the running one's does. */
static void late_success(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    worker_comes(&r, WORKER, 1);
    job_comes(&r, JOB, 4, 0);
    stage_comes(&r, JOB, 0, 1);
    const weft_action first = the(&r, WEFT_ACTION_LAUNCH);
    step(&r, report(&first, WEFT_INJECTED));
    const weft_action second = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_equal(second.attempt, 1);
    step(&r, report(&first, WEFT_OK));
    assert_int_equal(the(&r, WEFT_ACTION_LATE).attempt, 0);
    assert_int_equal(count_of(&r, WEFT_ACTION_ACCEPT), 0);
    step(&r, report(&second, WEFT_OK));
    assert_int_equal(the(&r, WEFT_ACTION_ACCEPT).attempt, 1);
    assert_int_equal(count_of(&r, WEFT_ACTION_STAGE_DONE), 1);
    assert_int_equal(counts(&r).rerun, 1);
    close_rig(&r);
}

/* Reports for what there is not: other stage, generation, partition, worker; stages before their job. */
static void unknown_events(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    worker_comes(&r, WORKER, 1);
    stage_comes(&r, JOB, 0, 2);
    assert_int_equal(counts(&r).ignored, 1);
    job_comes(&r, JOB, 4, 0);
    job_comes(&r, JOB, 1, 0); /* again: the first stays */
    stage_comes(&r, JOB, 0, 0);
    assert_int_equal(r.last.count, 0);
    stage_comes(&r, JOB, 0, 2);
    const weft_action launch = the(&r, WEFT_ACTION_LAUNCH);
    stage_comes(&r, JOB, 0, 2);
    assert_int_equal(r.last.count, 0);
    assert_int_equal(counts(&r).ignored, 3);
    weft_event e = report(&launch, WEFT_OK);
    e.stage = 9;
    step(&r, e);
    e = report(&launch, WEFT_OK);
    e.generation = 1;
    step(&r, e);
    e = report(&launch, WEFT_OK);
    e.partition = 2;
    step(&r, e);
    e.partition = -1;
    step(&r, e);
    e = report(&launch, WEFT_OK);
    e.worker = WORKER + 1;
    step(&r, e);
    e = report(&launch, WEFT_OK);
    e.job = JOB + 1;
    step(&r, e);
    assert_int_equal(counts(&r).late, 6);
    assert_int_equal(counts(&r).done, 0);
    step(&r, report(&launch, WEFT_OK));
    assert_int_equal(count_of(&r, WEFT_ACTION_ACCEPT), 1);
    close_rig(&r);
}

/* A task may fail as often as the job allows; the last failure fails the job, once, and says which it was. */
static void attempts_run_out(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    worker_comes(&r, WORKER, 2);
    job_comes(&r, JOB, 3, 0);
    stage_comes(&r, JOB, 4, 2);
    weft_action launch = r.last.items[1];
    const weft_action other = r.last.items[0];
    for (int32_t attempt = 0; attempt < 2; attempt++) {
        assert_int_equal(launch.partition, 1);
        assert_int_equal(launch.attempt, attempt);
        step(&r, report(&launch, attempt == 0 ? WEFT_IO : WEFT_INTERNAL));
        launch = the(&r, WEFT_ACTION_LAUNCH);
    }
    step(&r, report(&launch, WEFT_CHECKSUM));
    assert_int_equal(r.last.count, 1);
    const weft_action failed = the(&r, WEFT_ACTION_JOB_FAILED);
    assert_int_equal(failed.job, JOB);
    assert_int_equal(failed.stage, 4);
    assert_int_equal(failed.partition, 1);
    assert_int_equal(failed.attempt, 2);
    assert_int_equal(failed.status, WEFT_CHECKSUM);
    assert_int_equal(counts(&r).failed, 3);
    assert_int_equal(counts(&r).rerun, 2);
    step(&r, report(&other, WEFT_IO)); /* what still ran: said once is enough, and nothing starts again */
    assert_int_equal(r.last.count, 0);
    stage_comes(&r, JOB, 5, 3);
    assert_int_equal(r.last.count, 0);
    close_rig(&r);
}

/* What another attempt cannot mend fails the job at once: errors of the query, and memory. */
static void hopeless(void **state)
{
    (void)state;
    static const weft_status codes[] = {WEFT_DIVIDE_BY_ZERO, WEFT_NOMEM, WEFT_NOSPACE, WEFT_CANCELLED,
                                        WEFT_CORRUPT};
    for (int32_t i = 0; i < (int32_t)WEFT_COUNT(codes); i++) {
        rig r;
        open_rig(&r);
        worker_comes(&r, WORKER, 1);
        job_comes(&r, JOB, 4, 0);
        stage_comes(&r, JOB, 0, 2);
        const weft_action launch = the(&r, WEFT_ACTION_LAUNCH);
        step(&r, report(&launch, codes[i]));
        assert_int_equal(the(&r, WEFT_ACTION_JOB_FAILED).status, codes[i]);
        assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
        assert_int_equal(counts(&r).rerun, 0);
        close_rig(&r);
    }
}

/* A job that is cancelled is forgotten: its slots go to the next job, its reports are late. */
static void ends(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    worker_comes(&r, WORKER, 2);
    job_comes(&r, JOB, 4, 0);
    job_comes(&r, JOB + 1, 4, 0);
    stage_comes(&r, JOB, 0, 4);
    const weft_action cancelled = r.last.items[0];
    stage_comes(&r, JOB + 1, 0, 3);
    assert_int_equal(r.last.count, 0); /* jobs by arrival */
    step(&r, (weft_event){.kind = WEFT_EVENT_END, .job = JOB});
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 2);
    assert_int_equal(r.last.items[0].job, JOB + 1);
    step(&r, (weft_event){.kind = WEFT_EVENT_END, .job = JOB});
    assert_int_equal(r.last.count, 0);
    step(&r, report(&cancelled, WEFT_OK));
    assert_int_equal(the(&r, WEFT_ACTION_LATE).job, JOB);
    int64_t tasks, running, done;
    weft_scheduler_progress(r.s, JOB, &tasks, &running, &done);
    assert_int_equal(tasks, 0);
    close_rig(&r);
}

/* A seed permutes the launches of a stage, the same one the same way, and leaves none out. */
static void seeds(void **state)
{
    (void)state;
    enum { TASKS = 40 };
    int32_t order[3][TASKS];
    static const uint64_t seed_of[3] = {5, 5, 6};
    bool sorted = true;
    for (int32_t run = 0; run < 3; run++) {
        rig r;
        bool seen[TASKS] = {false};
        open_rig(&r);
        worker_comes(&r, WORKER, TASKS);
        job_comes(&r, JOB, 4, seed_of[run]);
        stage_comes(&r, JOB, 0, TASKS);
        assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), TASKS);
        for (int32_t i = 0; i < TASKS; i++) {
            order[run][i] = r.last.items[i].partition;
            assert_false(seen[order[run][i]]);
            seen[order[run][i]] = true;
            sorted = sorted && order[run][i] == i;
        }
        close_rig(&r);
    }
    assert_false(sorted);
    assert_memory_equal(order[0], order[1], sizeof order[0]);
    assert_memory_not_equal(order[0], order[2], sizeof order[0]);
}

/* ---- storms ---- */

enum { STORM_JOBS = 2, STORM_STAGES = 3, STORM_TASKS = 6, STORM_WORKERS = 3, STORM_REPORTS = 256 };

typedef struct storm {
    rig r;
    weft_test_random random;
    weft_event reports[STORM_REPORTS]; /* under way to the scheduler */
    int32_t report_count;
    int32_t running[STORM_WORKERS];
    int32_t accepted[STORM_JOBS][STORM_STAGES][STORM_TASKS], failures[STORM_JOBS][STORM_STAGES][STORM_TASKS];
    int32_t done[STORM_JOBS][STORM_STAGES], failed[STORM_JOBS], issued[STORM_JOBS];
} storm;

static void send_report(storm *s, weft_event e)
{
    if (s->report_count < STORM_REPORTS) s->reports[s->report_count++] = e;
}

static void on_launch(storm *s, const weft_action *a)
{
    s->running[a->worker]++;
    assert_true(s->running[a->worker] <= a->worker + 1); /* worker w has w + 1 slots */
    assert_int_equal(s->accepted[a->job][a->stage][a->partition], 0);
    assert_int_equal(a->attempt, s->failures[a->job][a->stage][a->partition]);
    const bool fails = weft_test_random_range(&s->random, 0, 5) == 0;
    const weft_event e = report(a, fails ? WEFT_IO : WEFT_OK);
    send_report(s, e);
    if (weft_test_random_range(&s->random, 0, 3) == 0) send_report(s, e);
}

/* The rules that hold whatever happens. */
static void obey(storm *s)
{
    const weft_actions actions = s->r.last;
    for (int32_t i = 0; i < actions.count; i++) {
        const weft_action *a = &actions.items[i];
        if (a->kind == WEFT_ACTION_LAUNCH) on_launch(s, a);
        if (a->kind == WEFT_ACTION_ACCEPT) assert_int_equal(++s->accepted[a->job][a->stage][a->partition], 1);
        if (a->kind == WEFT_ACTION_STAGE_DONE) {
            assert_int_equal(++s->done[a->job][a->stage], 1);
            for (int32_t p = 0; p < STORM_TASKS; p++) assert_int_equal(s->accepted[a->job][a->stage][p], 1);
        }
        if (a->kind == WEFT_ACTION_JOB_FAILED) assert_int_equal(++s->failed[a->job], 1);
    }
}

static void storm_step(storm *s)
{
    const int32_t i = (int32_t)weft_test_random_range(&s->random, 0, s->report_count - 1);
    const weft_event e = s->reports[i];
    const weft_scheduler_counts before = counts(&s->r);
    weft_scheduler_counts after;
    s->reports[i] = s->reports[--s->report_count];
    step(&s->r, e);
    after = counts(&s->r);
    if (after.late == before.late && after.ignored == before.ignored) s->running[e.worker]--;
    if (after.failed > before.failed) s->failures[e.job][e.stage][e.partition]++;
    obey(s);
}

static void issue_stage(storm *s, int32_t job)
{
    stage_comes(&s->r, (uint64_t)job, s->issued[job]++, STORM_TASKS);
    obey(s);
}

static void storm_run(uint64_t seed)
{
    static storm s;
    memset(&s, 0, sizeof s);
    s.random.state = seed;
    open_rig(&s.r);
    for (int32_t j = 0; j < STORM_JOBS; j++) {
        job_comes(&s.r, (uint64_t)j, 3, seed % 2 == 0 ? 0 : seed);
        issue_stage(&s, j);
    }
    for (int32_t w = 0; w < STORM_WORKERS; w++) {
        worker_comes(&s.r, w, w + 1);
        obey(&s);
    }
    while (s.report_count > 0) {
        storm_step(&s);
        for (int32_t j = 0; j < STORM_JOBS; j++)
            if (s.issued[j] < STORM_STAGES && s.done[j][s.issued[j] - 1] == 1) issue_stage(&s, j);
    }
    for (int32_t j = 0; j < STORM_JOBS; j++) assert_int_equal(s.failed[j] + s.done[j][STORM_STAGES - 1], 1);
    const weft_scheduler_counts c = counts(&s.r);
    assert_int_equal(c.launched, c.done + c.failed);
    close_rig(&s.r);
}

/* Reports in any order, twice, with failures, from workers of different sizes: every job ends once. */
static void storms(void **state)
{
    (void)state;
    const uint64_t first = weft_test_seed();
    for (uint64_t seed = first; seed < first + 500; seed++) {
        storm_run(seed);
    }
}

/* ---- memory ---- */

static weft_status run_job(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    weft_scheduler *s = NULL;
    weft_actions actions = {0};
    const weft_event events[] = {{.kind = WEFT_EVENT_WORKER, .worker = 1, .slots = 40},
                                 {.kind = WEFT_EVENT_JOB, .job = 1, .attempts = 2, .seed = 9},
                                 {.kind = WEFT_EVENT_STAGE, .job = 1, .tasks = 30},
                                 {.kind = WEFT_EVENT_FAILED, .job = 1, .worker = 1, .status = WEFT_IO},
                                 {.kind = WEFT_EVENT_DONE, .job = 1, .worker = 1, .attempt = 1},
                                 {.kind = WEFT_EVENT_END, .job = 1}};
    (void)arg;
    WEFT_TRY(st, weft_scheduler_new(&f->ctx, &options, &s));
    for (int32_t i = 0; i < (int32_t)WEFT_COUNT(events); i++) {
        st = weft_scheduler_step(&f->ctx, s, &events[i], 0, &actions);
        if (st != WEFT_NOMEM) continue;
        assert_int_equal(actions.count, 0); /* nothing was done: the event may come again */
        weft_error_clear(&f->ctx);
        const weft_status again = weft_scheduler_step(&f->ctx, s, &events[i], 0, &actions);
        assert_int_equal(again, WEFT_OK);
        for (int32_t k = i + 1; k < (int32_t)WEFT_COUNT(events); k++)
            assert_int_equal(weft_scheduler_step(&f->ctx, s, &events[k], 0, &actions), WEFT_OK);
        weft_scheduler_counts c;
        weft_scheduler_count(s, &c);
        assert_int_equal(c.launched, 31);
        assert_int_equal(c.done, 1);
        goto done;
    }
done:
    weft_scheduler_free(&s);
    return st;
}

static void allocations_fail(void **state)
{
    (void)state;
    weft_fixture_oom_sweep(run_job, NULL);
}

WEFT_TESTS(WEFT_TEST(fills_slots), WEFT_TEST(registers_again), WEFT_TEST(short_tasks_wait_at_workers),
           WEFT_TEST(duplicate_reports), WEFT_TEST(late_success), WEFT_TEST(unknown_events),
           WEFT_TEST(attempts_run_out), WEFT_TEST(hopeless), WEFT_TEST(ends), WEFT_TEST(seeds),
           WEFT_TEST(a_full_disk_is_left_alone), WEFT_TEST(storms), WEFT_TEST(allocations_fail))
