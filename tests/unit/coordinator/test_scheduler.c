/* tests/unit/coordinator/test_scheduler.c - the scheduler alone: events in, actions out.
 *
 * Stories with one thing gone wrong each, and storms: workers that answer in any order, twice, or with
 * failures, while the rules are checked on every step. */
#include "coordinator/scheduler.h"
#include "tests/support/fixture.h"

enum { WORKER = 7, JOB = 3 };

typedef struct rig {
    weft_fixture f;
    weft_scheduler *s;
    weft_actions last;    /* of the last event, but for: */
    weft_action opens[8]; /* stages opened by it */
    int32_t open_count;
} rig;

static void open_rig(rig *r)
{
    weft_fixture_open(&r->f);
    weft_fixture_ok(&r->f, weft_scheduler_new(&r->f.ctx, &r->s));
}

static void close_rig(rig *r)
{
    weft_scheduler_free(&r->s);
    weft_fixture_close(&r->f);
}

static void step(rig *r, weft_event e)
{
    int32_t kept = 0;
    weft_fixture_ok(&r->f, weft_scheduler_step(&r->f.ctx, r->s, &e, 0, &r->last));
    r->open_count = 0;
    for (int32_t i = 0; i < r->last.count; i++) {
        const weft_action a = r->last.items[i];
        if (a.kind == WEFT_ACTION_OPEN)
            r->opens[r->open_count++] = a;
        else
            r->last.items[kept++] = a;
    }
    r->last.count = kept;
}

static void worker_comes(rig *r, int32_t worker, int32_t slots)
{
    step(r, (weft_event){.kind = WEFT_EVENT_WORKER, .worker = worker, .slots = slots});
}

static void job_comes(rig *r, uint64_t job, int32_t attempts, uint64_t seed)
{
    step(r, (weft_event){.kind = WEFT_EVENT_JOB, .job = job, .attempts = attempts, .seed = seed});
}

static void stage_comes(rig *r, uint64_t job, int32_t stage, int32_t tasks)
{
    step(r, (weft_event){.kind = WEFT_EVENT_STAGE, .job = job, .stage = stage, .tasks = tasks});
}

/* The report of an attempt, as its worker would send it. */
static weft_event report(const weft_action *launch, weft_status status)
{
    return (weft_event){.kind = status == WEFT_OK ? WEFT_EVENT_DONE : WEFT_EVENT_FAILED,
                        .worker = launch->worker,
                        .job = launch->job,
                        .stage = launch->stage,
                        .generation = launch->generation,
                        .partition = launch->partition,
                        .attempt = launch->attempt,
                        .status = status};
}

static int32_t count_of(const rig *r, weft_action_kind kind)
{
    int32_t n = 0;
    for (int32_t i = 0; i < r->last.count; i++) n += r->last.items[i].kind == kind;
    return n;
}

/* The only action of this kind. */
static weft_action the(const rig *r, weft_action_kind kind)
{
    weft_action found = {0};
    assert_int_equal(count_of(r, kind), 1);
    for (int32_t i = 0; i < r->last.count; i++)
        if (r->last.items[i].kind == kind) found = r->last.items[i];
    return found;
}

static weft_scheduler_counts counts(const rig *r)
{
    weft_scheduler_counts c;
    weft_scheduler_count(r->s, &c);
    return c;
}

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

/* The same report twice: the second is late, frees no slot and changes nothing. */
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
    assert_int_equal(r.last.count, 1);
    assert_int_equal(the(&r, WEFT_ACTION_LATE).partition, 0);
    step(&r, report(&first, WEFT_INJECTED)); /* it cannot fail any more either */
    assert_int_equal(r.last.count, 0);
    assert_int_equal(counts(&r).late, 2);
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

/* ---- lineage ---- */

static void stage_reads(rig *r, int32_t stage, int32_t tasks, weft_determinism class, int32_t input)
{
    step(r, (weft_event){.kind = WEFT_EVENT_STAGE,
                         .job = JOB,
                         .stage = stage,
                         .tasks = tasks,
                         .input_count = input >= 0,
                         .inputs = &input,
                         .determinism = class});
}

/* Let everything that was launched succeed, until nothing is; whatever is launched in between as well. */
static void run_all(rig *r)
{
    enum { MOST = 64 };
    weft_action running[MOST];
    int32_t count = 0;
    do {
        for (int32_t i = 0; i < r->last.count; i++)
            if (r->last.items[i].kind == WEFT_ACTION_LAUNCH) running[count++] = r->last.items[i];
        if (count == 0) return;
        step(r, report(&running[--count], WEFT_OK));
    } while (true);
}

static weft_event lost_by(const weft_action *reader, int32_t stage, int32_t generation, int32_t partition,
                          int32_t attempt)
{
    weft_event e = report(reader, WEFT_FETCH_FAILED);
    e.has_lost = e.broken = true;
    e.lost = (weft_block_name){.job = reader->job,
                               .stage = stage,
                               .generation = generation,
                               .partition = partition,
                               .attempt = attempt};
    return e;
}

/* Stages 0 → 1 → 2, of two tasks each, the first two finished, the blocks of 0 freed, 2 running on two slots.
 */
static void open_chain(rig *r, weft_determinism class)
{
    open_rig(r);
    worker_comes(r, WORKER, 2);
    job_comes(r, JOB, 4, 0);
    stage_reads(r, 0, 2, class, -1);
    assert_int_equal(r->open_count, 1);
    run_all(r);
    stage_reads(r, 1, 2, WEFT_ORDERED, 0);
    run_all(r);
    assert_true(weft_scheduler_is_finished(r->s, JOB, 1));
    step(r, (weft_event){.kind = WEFT_EVENT_FREED, .job = JOB, .stage = 0});
    assert_int_equal(r->last.count, 0); /* nobody needs them */
    stage_reads(r, 2, 2, WEFT_ORDERED, 1);
    assert_int_equal(count_of(r, WEFT_ACTION_LAUNCH), 2);
}

/* A block that is lost is made again, with what it needs and nothing else; its reader is opened again. */
static void block_lost(void **state)
{
    (void)state;
    rig r;
    open_chain(&r, WEFT_ORDERED);
    const weft_action a = r.last.items[0], b = r.last.items[1];
    const weft_event lost = lost_by(&a, 1, 0, 1, 0);
    step(&r, lost);
    assert_false(weft_scheduler_is_finished(r.s, JOB, 1));
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).stage, 0); /* both blocks of 0 had been freed */
    assert_int_equal(r.opens[0].stage, 0);
    step(&r, lost); /* again: late, and nothing new */
    assert_int_equal(r.last.count, 0);
    step(&r, report(&b, WEFT_OK)); /* the other reader had all it needed: it counts */
    assert_int_equal(the(&r, WEFT_ACTION_ACCEPT).stage, 2);
    weft_action next = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_equal(next.stage, 0);
    assert_int_equal(next.attempt, 1);
    assert_true(weft_scheduler_is_read(r.s, JOB, 0));
    const weft_action first = {.kind = WEFT_ACTION_LAUNCH,
                               .worker = WORKER,
                               .job = JOB,
                               .stage = 0,
                               .partition = 1 - next.partition,
                               .attempt = 1};
    step(&r, report(&next, WEFT_OK));
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
    step(&r, report(&first, WEFT_OK));
    next = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_equal(next.stage, 1); /* only the task whose block was lost */
    assert_int_equal(next.partition, 1);
    assert_int_equal(next.attempt, 1);
    run_all(&r);
    assert_true(weft_scheduler_is_finished(r.s, JOB, 2));
    assert_int_equal(counts(&r).blocks_lost, 1);
    assert_int_equal(counts(&r).done, 6 + 3);
    assert_int_equal(counts(&r).restarts, 0);
    close_rig(&r);
}

/* An indeterminate stage gives other rows the second time: it and all its readers, finished ones too, begin
 * anew, and no attempt of the generation before counts any more. */
static void indeterminate(void **state)
{
    (void)state;
    rig r;
    open_chain(&r, WEFT_INDETERMINATE);
    const weft_action a = r.last.items[0], b = r.last.items[1];
    step(&r, lost_by(&a, 1, 0, 1, 0)); /* of a stage that is itself ordered, but needs 0 again */
    assert_int_equal(counts(&r).restarts, 3);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 2);
    assert_int_equal(r.last.items[0].stage, 0);
    assert_int_equal(r.last.items[0].generation, 1);
    const weft_action again[2] = {r.last.items[0], r.last.items[1]};
    step(&r, report(&b, WEFT_OK));
    assert_int_equal(the(&r, WEFT_ACTION_LATE).stage, 2);
    step(&r, report(&again[0], WEFT_OK));
    step(&r, report(&again[1], WEFT_OK));
    assert_int_equal(r.opens[0].generation, 1);
    run_all(&r);
    assert_true(weft_scheduler_is_finished(r.s, JOB, 2));
    assert_int_equal(counts(&r).done, 4 + 6);
    close_rig(&r);
}

/* … but not when somebody has seen rows of the old generation already. */
static void pinned(void **state)
{
    (void)state;
    rig r;
    open_chain(&r, WEFT_INDETERMINATE);
    const weft_action a = r.last.items[0];
    step(&r, (weft_event){.kind = WEFT_EVENT_PINNED, .job = JOB});
    step(&r, lost_by(&a, 1, 0, 0, 0));
    assert_int_equal(the(&r, WEFT_ACTION_JOB_FAILED).status, WEFT_INDETERMINATE_RERUN);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
    assert_int_equal(counts(&r).restarts, 0);
    close_rig(&r);
}

/* Marks name build rows by position: the same rows in another order would be marked wrongly. */
static void positions(void **state)
{
    (void)state;
    static const int32_t input = 0;
    for (int32_t by_position = 0; by_position < 2; by_position++) {
        const bool marks = by_position == 1;
        rig r;
        open_rig(&r);
        worker_comes(&r, WORKER, 1);
        job_comes(&r, JOB, 4, 0);
        stage_reads(&r, 0, 1, WEFT_UNORDERED, -1);
        run_all(&r);
        step(&r, (weft_event){.kind = WEFT_EVENT_STAGE,
                              .job = JOB,
                              .stage = 1,
                              .tasks = 2,
                              .input_count = 1,
                              .inputs = &input,
                              .positions = &marks});
        const weft_action first = the(&r, WEFT_ACTION_LAUNCH);
        step(&r, report(&first, WEFT_OK));
        const weft_action second = the(&r, WEFT_ACTION_LAUNCH);
        step(&r, lost_by(&second, 0, 0, 0, 0));
        run_all(&r);
        assert_int_equal(counts(&r).restarts, marks ? 2 : 0);
        assert_int_equal(counts(&r).done, marks ? 2 + 3 : 2 + 2);
        close_rig(&r);
    }
}

/* A dead worker takes its attempts and all its blocks with it; what others hold is not made again. */
static void worker_lost(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    worker_comes(&r, 1, 1);
    worker_comes(&r, 2, 1);
    job_comes(&r, JOB, 4, 0);
    stage_reads(&r, 0, 4, WEFT_ORDERED, -1);
    run_all(&r);
    stage_reads(&r, 1, 2, WEFT_ORDERED, 0);
    const weft_action on_1 = r.last.items[0].worker == 1 ? r.last.items[0] : r.last.items[1];
    step(&r, (weft_event){.kind = WEFT_EVENT_WORKER_LOST, .worker = 1});
    const int64_t lost = counts(&r).blocks_lost;
    assert_true(lost > 0 && lost < 4);
    step(&r, (weft_event){.kind = WEFT_EVENT_WORKER_LOST, .worker = 1});
    assert_int_equal(counts(&r).workers_lost, 1);
    step(&r, report(&on_1, WEFT_OK)); /* it was not dead: too late */
    assert_int_equal(count_of(&r, WEFT_ACTION_LATE), 1);
    worker_comes(&r, 3, 2);
    run_all(&r);
    const weft_action on_2 = {
        .worker = 2, .job = JOB, .stage = 1, .partition = 1 - on_1.partition, .attempt = 0};
    step(&r, report(&on_2, WEFT_OK));
    run_all(&r);
    assert_true(weft_scheduler_is_finished(r.s, JOB, 1));
    assert_int_equal(counts(&r).done, 4 + lost + 2);
    assert_int_equal(counts(&r).failed, 0);
    close_rig(&r);
}

/* A result that was lost is made again on demand; a block that is lost again and again fails the job. */
static void lost_again(void **state)
{
    (void)state;
    rig r;
    weft_event e = {.kind = WEFT_EVENT_BLOCK_LOST, .job = JOB, .lost = {.job = JOB}};
    open_rig(&r);
    worker_comes(&r, WORKER, 1);
    job_comes(&r, JOB, 3, 0);
    stage_comes(&r, JOB, 0, 1);
    run_all(&r);
    for (int32_t attempt = 0; attempt < 3; attempt++) {
        e.lost.attempt = attempt;
        step(&r, e);
        if (attempt == 2) break;
        assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).attempt, attempt + 1);
        run_all(&r);
    }
    assert_int_equal(the(&r, WEFT_ACTION_JOB_FAILED).status, WEFT_FETCH_FAILED);
    e.lost.partition = 7;
    step(&r, e);
    assert_int_equal(counts(&r).ignored, 1);
    close_rig(&r);
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
    if (after.late == before.late) s->running[e.worker]--;
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
    WEFT_TRY(st, weft_scheduler_new(&f->ctx, &s));
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

WEFT_TESTS(WEFT_TEST(fills_slots), WEFT_TEST(registers_again), WEFT_TEST(duplicate_reports),
           WEFT_TEST(late_success), WEFT_TEST(unknown_events), WEFT_TEST(attempts_run_out),
           WEFT_TEST(hopeless), WEFT_TEST(ends), WEFT_TEST(seeds), WEFT_TEST(block_lost),
           WEFT_TEST(indeterminate), WEFT_TEST(pinned), WEFT_TEST(positions), WEFT_TEST(worker_lost),
           WEFT_TEST(lost_again), WEFT_TEST(storms), WEFT_TEST(allocations_fail))
