/* tests/unit/coordinator/test_placement.c - where tasks go, and how long they wait for it: the scheduler
 * alone (placement.h). */
#include "tests/unit/coordinator/scheduler_rig.h"

#define MS  INT64_C(1000000)
#define MIB INT64_C(1048576)

enum { FIRST = 1, SECOND = 2, THIRD = 3, WAIT_MS = 100 };

static void host_comes(rig *r, int32_t worker, int32_t slots, int32_t host)
{
    step(r, (weft_event){.kind = WEFT_EVENT_WORKER, .worker = worker, .slots = slots, .host = host});
}

static void waiting_job_comes(rig *r, uint64_t job, int64_t wait_ms)
{
    step(r, (weft_event){.kind = WEFT_EVENT_JOB, .job = job, .attempts = 4, .wait_ns = wait_ms * MS});
}

static void reader_comes_at(rig *r, uint64_t job, int32_t tasks, bool broadcast, int64_t now)
{
    static const int32_t input = 0;
    const weft_event e = {.kind = WEFT_EVENT_STAGE,
                          .job = job,
                          .stage = 1,
                          .tasks = tasks,
                          .input_count = 1,
                          .inputs = &input,
                          .broadcast = &broadcast,
                          .needed = true};
    step_at(r, e, now);
}

/* Stage 0 of the job is done: one task a worker, in the order of their numbers, with so many bytes each. */
static void blocks_lie(rig *r, uint64_t job, const int64_t *bytes, int32_t count)
{
    weft_action launches[8];
    stage_comes(r, job, 0, count);
    assert_int_equal(count_of(r, WEFT_ACTION_LAUNCH), count);
    for (int32_t i = 0; i < count; i++) launches[i] = r->last.items[i];
    for (int32_t i = 0; i < count; i++) {
        weft_event done = report(&launches[i], WEFT_OK);
        done.bytes = bytes[launches[i].worker - FIRST];
        step(r, done);
    }
}

/* Workers on hosts of their own, each with one block of stage 0 (bytes 0: an empty one). */
static void open_three(rig *r, const int64_t bytes[3], int32_t slots, int64_t wait_ms)
{
    open_rig(r);
    for (int32_t i = 0; i < 3; i++) host_comes(r, FIRST + i, slots, FIRST + i);
    waiting_job_comes(r, JOB, wait_ms);
    blocks_lie(r, JOB, bytes, 3);
}

/* All of one task's input is read by it: it goes where most of that lies. */
static void goes_where_most_lies(void **state)
{
    (void)state;
    for (int32_t most = 0; most < 3; most++) {
        rig r;
        int64_t bytes[3] = {MIB, MIB, MIB};
        bytes[most] = 9 * MIB;
        open_three(&r, bytes, 1, WAIT_MS);
        reader_comes_at(&r, JOB, 1, false, 0);
        const weft_action launch = the(&r, WEFT_ACTION_LAUNCH);
        assert_int_equal(launch.worker, FIRST + most);
        assert_int_equal(launch.locality, WEFT_PROCESS_LOCAL);
        close_rig(&r);
    }
}

/* Among workers that hold about as much the one with most free slots is first; tasks spread over all. */
static void spreads_over_equals(void **state)
{
    (void)state;
    rig r;
    int32_t tasks[3] = {0};
    open_three(&r, (int64_t[]){5 * MIB, 5 * MIB, 5 * MIB}, 2, WAIT_MS);
    reader_comes_at(&r, JOB, 6, false, 0);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 6);
    for (int32_t i = 0; i < 6; i++) tasks[r.last.items[i].worker - FIRST]++;
    for (int32_t i = 0; i < 3; i++) assert_int_equal(tasks[i], 2);
    assert_int_equal(counts(&r).locality[WEFT_PROCESS_LOCAL], 6);
    close_rig(&r);
}

/* A task waits for the worker that holds its input as long as the job says, and no longer: then it goes
 * anywhere. Another job's task takes the slot meanwhile. */
static void waits_a_little(void **state)
{
    (void)state;
    rig r;
    open_three(&r, (int64_t[]){80 * MIB, 0, 0}, 1, WAIT_MS);
    assert_true(weft_scheduler_due(r.s) == INT64_MAX);
    reader_comes_at(&r, JOB, 2, false, 10 * MS);
    const weft_action first = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_equal(first.worker, FIRST);
    assert_int_equal(weft_scheduler_due(r.s), (10 + WAIT_MS / 2) * MS);
    step_at(&r, (weft_event){.kind = WEFT_EVENT_JOB, .job = JOB + 1, .attempts = 4}, 20 * MS);
    step_at(&r, (weft_event){.kind = WEFT_EVENT_STAGE, .job = JOB + 1, .tasks = 1}, 20 * MS);
    const weft_action other = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_equal(other.job, JOB + 1);
    assert_int_equal(other.worker, SECOND);
    assert_int_equal(other.locality, WEFT_NO_PREF);
    step_at(&r, (weft_event){.kind = WEFT_EVENT_TICK}, 60 * MS);
    assert_int_equal(r.last.count, 0);
    assert_int_equal(weft_scheduler_due(r.s), (10 + WAIT_MS) * MS);
    step_at(&r, (weft_event){.kind = WEFT_EVENT_TICK}, (10 + WAIT_MS) * MS);
    const weft_action second = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_equal(second.worker, THIRD);
    assert_int_equal(second.locality, WEFT_ANY);
    assert_true(weft_scheduler_due(r.s) == INT64_MAX);
    close_rig(&r);
}

/* … and takes the slot there as soon as it is free. */
static void takes_the_slot_that_it_waits_for(void **state)
{
    (void)state;
    rig r;
    open_three(&r, (int64_t[]){80 * MIB, 0, 0}, 1, WAIT_MS);
    reader_comes_at(&r, JOB, 2, false, 0);
    const weft_action first = the(&r, WEFT_ACTION_LAUNCH);
    step_at(&r, report(&first, WEFT_OK), MS);
    const weft_action second = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_equal(second.worker, FIRST);
    assert_int_equal(second.locality, WEFT_PROCESS_LOCAL);
    close_rig(&r);
}

/* Nobody waits longer than fetching its share takes; little is not waited for at all, and nothing is where
 * the job says 0. */
static void waits_no_longer_than_it_is_worth(void **state)
{
    (void)state;
    const struct {
        int64_t bytes, wait_ms;
        bool waits;
    } cases[] = {{8 * MIB, WAIT_MS, true}, {MIB / 8, WAIT_MS, false}, {8 * MIB, 0, false}};
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        rig r;
        open_three(&r, (int64_t[]){cases[i].bytes, 0, 0}, 1, cases[i].wait_ms);
        reader_comes_at(&r, JOB, 2, false, 0);
        assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), cases[i].waits ? 1 : 2);
        if (cases[i].waits) assert_in_range(weft_scheduler_due(r.s), MS, WAIT_MS / 4 * MS);
        close_rig(&r);
    }
}

/* A slot on the same host will do after half of the wait. */
static void a_neighbour_takes_it_sooner(void **state)
{
    (void)state;
    rig r;
    open_three(&r, (int64_t[]){80 * MIB, 0, 0}, 1, WAIT_MS);
    host_comes(&r, THIRD, 1, FIRST);
    reader_comes_at(&r, JOB, 3, false, 0);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 1);
    step_at(&r, (weft_event){.kind = WEFT_EVENT_TICK}, WAIT_MS / 2 * MS);
    const weft_action near = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_equal(near.worker, THIRD);
    assert_int_equal(near.locality, WEFT_NODE_LOCAL);
    step_at(&r, (weft_event){.kind = WEFT_EVENT_TICK}, WAIT_MS * MS);
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).worker, SECOND);
    close_rig(&r);
}

/* Nobody waits for a worker on which nothing can be launched. */
static void does_not_wait_for_who_is_away(void **state)
{
    (void)state;
    rig r;
    open_three(&r, (int64_t[]){80 * MIB, 0, 0}, 1, WAIT_MS);
    step(&r, (weft_event){.kind = WEFT_EVENT_SILENT, .worker = FIRST});
    reader_comes_at(&r, JOB, 2, false, 0);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 2);
    assert_int_equal(counts(&r).locality[WEFT_ANY], 2);
    close_rig(&r);
}

/* What every task reads whole draws nobody. */
static void broadcasts_do_not_count(void **state)
{
    (void)state;
    rig r;
    open_three(&r, (int64_t[]){80 * MIB, 0, 0}, 1, WAIT_MS);
    reader_comes_at(&r, JOB, 3, true, 0);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 3);
    assert_int_equal(counts(&r).locality[WEFT_NO_PREF], 6);
    close_rig(&r);
}

/* A task that failed runs elsewhere at once, though what it reads is not there. */
static void a_retry_does_not_wait(void **state)
{
    (void)state;
    rig r;
    open_three(&r, (int64_t[]){80 * MIB, 0, 0}, 1, WAIT_MS);
    reader_comes_at(&r, JOB, 1, false, 0);
    const weft_action first = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_equal(first.worker, FIRST);
    step(&r, report(&first, WEFT_IO));
    const weft_action again = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_not_equal(again.worker, FIRST);
    assert_int_equal(again.locality, WEFT_ANY);
    close_rig(&r);
}

/* ---- scans ---- */

enum { SPLITS = 12 };

static void scan_comes(rig *r, const int64_t rows[SPLITS])
{
    weft_split splits[SPLITS];
    weft_task_spec specs[SPLITS];
    for (int32_t i = 0; i < SPLITS; i++) {
        splits[i] = (weft_split){.end = rows[i]};
        specs[i] = (weft_task_spec){.split_count = 1, .splits = &splits[i]};
    }
    step(r, (weft_event){
                .kind = WEFT_EVENT_STAGE, .job = JOB, .tasks = SPLITS, .splits = specs, .needed = true});
}

/* Each worker has a run of neighbours with as many rows a slot as the others'. */
static void scans_are_dealt_in_runs(void **state)
{
    (void)state;
    const int64_t rows[SPLITS] = {600, 200, 200, 200, 150, 150, 100, 50, 50, 50, 25, 25};
    rig r;
    open_rig(&r);
    worker_comes(&r, FIRST, 1);
    worker_comes(&r, SECOND, 1);
    job_comes(&r, JOB, 4, 0);
    scan_comes(&r, rows);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 2);
    weft_action at[2] = {r.last.items[0], r.last.items[1]};
    assert_int_equal(at[0].worker, FIRST);
    assert_int_equal(at[0].partition, 0);
    assert_int_equal(at[1].partition, 3);  /* 1000 and 800 of 1800 rows; a task is not cut */
    for (int32_t p = 3; p < SPLITS; p++) { /* the second runs through its own, … */
        assert_int_equal(at[1].partition, p);
        assert_int_equal(at[1].locality, WEFT_NO_PREF);
        step(&r, report(&at[1], WEFT_OK));
        at[1] = the(&r, WEFT_ACTION_LAUNCH);
        assert_int_equal(at[1].worker, SECOND);
    }
    assert_int_equal(at[1].partition, 2); /* … then takes from the end of the first's */
    step(&r, report(&at[0], WEFT_OK));
    at[0] = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_equal(at[0].partition, 1);
    close_rig(&r);
}

/* Nothing is left when workers die, come, or fail: each task is accepted once. */
static void runs_survive_storms(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        rig r;
        weft_action open[64];
        int32_t count = 0, accepted = 0;
        uint64_t chance = seed * 7919;
        int64_t rows[SPLITS];
        for (int32_t i = 0; i < SPLITS; i++) rows[i] = (int64_t)(seed * 31 % (uint64_t)(i + 2)) * 100;
        open_rig(&r);
        for (int32_t i = 0; i < 3; i++) worker_comes(&r, FIRST + i, 1 + (int32_t)(seed % 3));
        job_comes(&r, JOB, 100, 0);
        scan_comes(&r, rows);
        for (int32_t steps = 0; accepted < SPLITS; steps++) {
            assert_true(steps < 1000);
            for (int32_t i = 0; i < r.last.count; i++) {
                if (r.last.items[i].kind == WEFT_ACTION_LAUNCH) open[count++] = r.last.items[i];
                accepted += r.last.items[i].kind == WEFT_ACTION_ACCEPT;
            }
            if (accepted == SPLITS) break;
            assert_true(count > 0);
            chance = chance * 6364136223846793005ULL + 1442695040888963407ULL;
            const int32_t pick = (int32_t)(chance >> 33) % count;
            const weft_action a = open[pick];
            open[pick] = open[--count];
            step(&r, report(&a, chance >> 62 == 0 ? WEFT_IO : WEFT_OK));
        }
        assert_int_equal(counts(&r).done, SPLITS);
        close_rig(&r);
    }
}

/* A million tasks wait in less than 200 bytes each, and are launched one by one in no time to speak of. */
static void a_million_wait(void **state)
{
    (void)state;
    enum { MANY = 1000000 };
    rig r;
    open_rig(&r);
    worker_comes(&r, FIRST, 2);
    worker_comes(&r, SECOND, 2);
    job_comes(&r, JOB, 4, 0);
    const int64_t before = weft_account_used_bytes(r.f.ctx.memory);
    const weft_event e = {.kind = WEFT_EVENT_STAGE, .job = JOB, .tasks = MANY, .needed = true};
    weft_fixture_ok(&r.f, weft_scheduler_step(&r.f.ctx, r.s, &e, 0, &r.last));
    assert_in_range(weft_account_used_bytes(r.f.ctx.memory) - before, 0, 32 * (int64_t)MANY);
    for (int32_t i = 0; i < MANY; i++) {
        const weft_action a = r.last.items[r.last.count - 1];
        assert_int_equal(a.kind, WEFT_ACTION_LAUNCH);
        if (i + 4 >= MANY) break;
        const weft_event done = report(&a, WEFT_OK);
        weft_fixture_ok(&r.f, weft_scheduler_step(&r.f.ctx, r.s, &done, 0, &r.last));
    }
    assert_null(weft_scheduler_check(r.s));
    close_rig(&r);
}

WEFT_TESTS(WEFT_TEST(goes_where_most_lies), WEFT_TEST(spreads_over_equals), WEFT_TEST(waits_a_little),
           WEFT_TEST(takes_the_slot_that_it_waits_for), WEFT_TEST(waits_no_longer_than_it_is_worth),
           WEFT_TEST(a_neighbour_takes_it_sooner), WEFT_TEST(does_not_wait_for_who_is_away),
           WEFT_TEST(broadcasts_do_not_count), WEFT_TEST(a_retry_does_not_wait),
           WEFT_TEST(scans_are_dealt_in_runs), WEFT_TEST(runs_survive_storms), WEFT_TEST(a_million_wait))
