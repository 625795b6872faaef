/* tests/unit/coordinator/test_scheduler_lost.c - what the scheduler does when workers and blocks are lost,
 * one story each. tests/simulation has the same in all mixtures. */
#include "tests/unit/coordinator/scheduler_rig.h"

/* ---- what is lost ---- */

/* A stage that reads stage `input`; nobody but other stages reads it unless `needed`. */
static void reader_comes(rig *r, int32_t stage, int32_t input, int32_t tasks, bool needed)
{
    step(r, (weft_event){.kind = WEFT_EVENT_STAGE,
                         .job = JOB,
                         .stage = stage,
                         .tasks = tasks,
                         .input_count = 1,
                         .inputs = &input,
                         .needed = needed});
}

static void needed(rig *r, int32_t stage, bool yes)
{
    step(r, (weft_event){.kind = WEFT_EVENT_NEEDED, .job = JOB, .stage = stage, .needed = yes});
}

static void worker_dies(rig *r, int32_t worker)
{
    step(r, (weft_event){.kind = WEFT_EVENT_WORKER_LOST, .worker = worker});
}

/* Every launch of the last step succeeds, and every launch that follows from that. Returns how many. */
static int32_t finish_all(rig *r)
{
    weft_action waiting[64];
    int32_t count = 0, done = 0;
    for (int32_t i = 0; i < r->last.count; i++)
        if (r->last.items[i].kind == WEFT_ACTION_LAUNCH) waiting[count++] = r->last.items[i];
    for (; count > 0; done++) {
        const weft_action a = waiting[--count];
        step(r, report(&a, WEFT_OK));
        for (int32_t i = 0; i < r->last.count; i++)
            if (r->last.items[i].kind == WEFT_ACTION_LAUNCH) waiting[count++] = r->last.items[i];
    }
    return done;
}

/* Four map tasks on two workers, then a stage that reads them. Left: stage 1 just launched. */
static void open_map_reduce(rig *r, weft_determinism class)
{
    open_rig(r);
    worker_comes(r, 1, 2);
    worker_comes(r, 2, 2);
    job_comes(r, JOB, 4, 0);
    step(r, (weft_event){
                .kind = WEFT_EVENT_STAGE, .job = JOB, .tasks = 4, .determinism = class, .needed = true});
    assert_int_equal(finish_all(r), 4);
    reader_comes(r, 1, 0, 4, true);
    needed(r, 0, false);
}

/* A map worker dies: what ran there runs elsewhere, what it had done is made again, nothing else is. */
static void a_worker_dies_in_the_map_stage(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    worker_comes(&r, 1, 2);
    worker_comes(&r, 2, 2);
    job_comes(&r, JOB, 4, 0);
    stage_comes(&r, JOB, 0, 6);
    weft_action launched[4];
    memcpy(launched, r.last.items, sizeof(launched));
    for (int32_t i = 0; i < 4; i++)
        if (launched[i].worker == 1) step(&r, report(&launched[i], WEFT_OK)); /* tasks 4 and 5 start there */
    worker_dies(&r, 1);
    assert_int_equal(counts(&r).blocks_lost, 2);
    assert_int_equal(counts(&r).rerun, 4);
    for (int32_t i = 0; i < 4; i++)
        if (launched[i].worker == 2) step(&r, report(&launched[i], WEFT_OK));
    step(&r, report(&launched[0], WEFT_OK)); /* from the grave */
    assert_int_equal(count_of(&r, WEFT_ACTION_ACCEPT), 0);
    close_rig(&r);
}

/* A worker dies while the reducers run: its map outputs are made again, and only then its reducers start. */
static void a_worker_dies_in_the_reduce_stage(void **state)
{
    (void)state;
    rig r;
    open_map_reduce(&r, WEFT_ORDERED);
    worker_comes(&r, 1, 2);
    worker_dies(&r, 1);
    assert_int_equal(counts(&r).blocks_lost, 2);
    assert_int_equal(counts(&r).rerun, 4);                 /* two maps, two reducers */
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0); /* worker 2 is full of reducers */
    worker_comes(&r, 3, 4);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 2);
    for (int32_t i = 0; i < 2; i++) {
        assert_int_equal(r.last.items[i].stage, 0);
        assert_int_equal(r.last.items[i].attempt, 1);
    }
    assert_int_equal(finish_all(&r), 4);
    close_rig(&r);
}

/* Finished readers are not touched: when nobody has to read the map outputs any more, their loss is nothing.
 */
static void what_nobody_reads_is_not_made_again(void **state)
{
    (void)state;
    rig r;
    int32_t generation, attempt, worker, count = 0, done = 0;
    open_rig(&r);
    worker_comes(&r, 1, 4);
    job_comes(&r, JOB, 4, 0);
    stage_comes(&r, JOB, 0, 4);
    finish_all(&r);
    worker_comes(&r, 2, 4);
    step(&r, (weft_event){.kind = WEFT_EVENT_SILENT, .worker = 1});
    reader_comes(&r, 1, 0, 4, true);
    needed(&r, 0, false);
    assert_int_equal(counts(&r).launched, 8);
    for (int32_t p = 0; p < 4; p++) {
        const weft_action a = {.worker = 2, .job = JOB, .stage = 1, .partition = p};
        step(&r, report(&a, WEFT_OK));
        done += count_of(&r, WEFT_ACTION_ACCEPT);
        count += count_of(&r, WEFT_ACTION_STAGE_DONE);
    }
    assert_int_equal(done, 4);
    assert_int_equal(count, 1);
    worker_dies(&r, 1); /* all map outputs */
    assert_int_equal(counts(&r).blocks_lost, 4);
    assert_int_equal(counts(&r).rerun, 0);
    assert_false(weft_scheduler_block(r.s, JOB, 0, 0, &generation, &attempt, &worker));
    assert_true(weft_scheduler_block(r.s, JOB, 1, 0, &generation, &attempt, &worker));
    assert_int_equal(worker, 2);
    worker_comes(&r, 3, 1);
    worker_dies(&r, 2); /* now the results are lost, and so all has to be made again */
    assert_int_equal(counts(&r).rerun, 8);
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).stage, 0);
    assert_int_equal(finish_all(&r), 8);
    close_rig(&r);
}

/* Rows of an indeterminate stage that a reader may have seen: all of it and of its readers again, under the
 * next generation, and nothing of the old one counts. */
static void indeterminate_stages_run_again_whole(void **state)
{
    (void)state;
    rig r;
    open_map_reduce(&r, WEFT_INDETERMINATE);
    const weft_action old = {.worker = 2, .job = JOB, .stage = 1, .partition = 1};
    worker_dies(&r, 1);
    assert_int_equal(count_of(&r, WEFT_ACTION_AGAIN), 2);
    assert_int_equal(count_of(&r, WEFT_ACTION_CANCEL), 2); /* the reducers on worker 2 */
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 2);
    for (int32_t i = 0; i < r.last.count; i++)
        if (r.last.items[i].kind == WEFT_ACTION_LAUNCH) {
            assert_int_equal(r.last.items[i].stage, 0);
            assert_int_equal(r.last.items[i].generation, 1);
        }
    const weft_event late = report(&old, WEFT_OK);
    weft_action launches[2];
    int32_t n = 0;
    for (int32_t i = 0; i < r.last.count; i++)
        if (r.last.items[i].kind == WEFT_ACTION_LAUNCH) launches[n++] = r.last.items[i];
    step(&r, late);
    assert_int_equal(count_of(&r, WEFT_ACTION_LATE), 1);
    int32_t rest = 0;
    for (int32_t i = 0; i < 2; i++) {
        step(&r, report(&launches[i], WEFT_OK));
        rest += finish_all(&r);
    }
    assert_int_equal(rest, 6);
    close_rig(&r);
}

/* Once something cannot be taken back, a new generation is not possible: the job says so. */
static void fixed_jobs_fail_instead(void **state)
{
    (void)state;
    rig r;
    open_map_reduce(&r, WEFT_INDETERMINATE);
    step(&r, (weft_event){.kind = WEFT_EVENT_PINNED, .job = JOB});
    worker_dies(&r, 1);
    assert_int_equal(the(&r, WEFT_ACTION_JOB_FAILED).status, WEFT_INDETERMINATE_RERUN);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
    close_rig(&r);
}

/* A block that nobody has read is just made again, also of an indeterminate stage. */
static void unread_blocks_need_no_generation(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    worker_comes(&r, 1, 1);
    worker_comes(&r, 2, 1);
    job_comes(&r, JOB, 4, 0);
    step(&r, (weft_event){.kind = WEFT_EVENT_STAGE,
                          .job = JOB,
                          .tasks = 2,
                          .determinism = WEFT_INDETERMINATE,
                          .needed = true});
    finish_all(&r);
    worker_dies(&r, 1);
    assert_int_equal(count_of(&r, WEFT_ACTION_AGAIN), 0);
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).generation, 0);
    close_rig(&r);
}

static weft_event missed(const weft_action *reader, int32_t partition, int32_t attempt)
{
    weft_event e = report(reader, WEFT_FETCH_FAILED);
    e.has_lost = true;
    e.lost = (weft_block_name){.job = JOB, .partition = partition, .attempt = attempt};
    return e;
}

/* One reader cannot reach a block: it runs elsewhere. A second one cannot either: the block is made again. */
static void blocks_that_cannot_be_fetched(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    worker_comes(&r, 1, 1);
    job_comes(&r, JOB, 4, 0);
    stage_comes(&r, JOB, 0, 1);
    finish_all(&r);
    step(&r, (weft_event){.kind = WEFT_EVENT_SILENT, .worker = 1});
    worker_comes(&r, 2, 1);
    worker_comes(&r, 3, 1);
    reader_comes(&r, 1, 0, 1, true);
    const weft_action first = the(&r, WEFT_ACTION_LAUNCH);
    step(&r, missed(&first, 0, 0));
    assert_int_equal(counts(&r).blocks_lost, 0);
    const weft_action second = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_not_equal(second.worker, first.worker);
    step(&r, missed(&second, 0, 0));
    assert_int_equal(counts(&r).blocks_lost, 1);
    const weft_action map = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_equal(map.stage, 0);
    assert_int_equal(map.attempt, 1);
    step(&r, report(&map, WEFT_OK));
    const weft_action third = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_equal(third.stage, 1);
    assert_true(third.sources > second.sources);
    step(&r, missed(&third, 0, 0)); /* about a block that was replaced long ago */
    assert_int_equal(counts(&r).blocks_lost, 1);
    assert_int_equal(count_of(&r, WEFT_ACTION_JOB_FAILED), 0);
    close_rig(&r);
}

/* A reader that cannot have its block for a hundred times fails its job; in a long one whose workers die now
 * and then that is no reason. */
static void fetches_that_fail(void **state)
{
    (void)state;
    for (int32_t deaths = 0; deaths <= 1; deaths++) {
        rig r;
        open_rig(&r);
        worker_comes(&r, 3, 1);
        job_comes(&r, JOB, 4, 0);
        stage_comes(&r, JOB, 0, 1);
        finish_all(&r);
        step(&r, (weft_event){.kind = WEFT_EVENT_SILENT, .worker = 3});
        worker_comes(&r, 1, 1);
        worker_comes(&r, 2, 1);
        reader_comes(&r, 1, 0, 1, true);
        weft_action reader = the(&r, WEFT_ACTION_LAUNCH);
        for (int32_t i = 0; i < 99; i++) {
            step(&r, missed(&reader, 0, 7)); /* of an attempt that never was: nothing is made again */
            reader = the(&r, WEFT_ACTION_LAUNCH);
        }
        if (deaths > 0) worker_dies(&r, 3);
        step(&r, missed(&reader, 0, 7));
        assert_int_equal(count_of(&r, WEFT_ACTION_JOB_FAILED), 1 - deaths);
        close_rig(&r);
    }
}

/* A task that takes its worker down every time fails its job, with the cause; other jobs go on. */
static void poison(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    job_comes(&r, JOB, 4, 0);
    job_comes(&r, JOB + 1, 4, 0);
    stage_comes(&r, JOB, 0, 1);
    stage_comes(&r, JOB + 1, 0, 1);
    for (int32_t w = 0; w < options.crashes_most; w++) {
        worker_comes(&r, w, 1);
        assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).job, JOB);
        worker_dies(&r, w);
    }
    assert_int_equal(the(&r, WEFT_ACTION_JOB_FAILED).status, WEFT_WORKER_LOST);
    worker_comes(&r, 100, 1);
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).job, JOB + 1);
    close_rig(&r);
}

/* Without any worker a job waits for the grace time, then fails; one that returns in time is enough. */
static void no_workers(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    job_comes(&r, JOB, 4, 0);
    stage_comes(&r, JOB, 0, 1);
    const weft_event tick = {.kind = WEFT_EVENT_TICK};
    step_at(&r, tick, 900);
    assert_int_equal(r.last.count, 0);
    step_at(&r, (weft_event){.kind = WEFT_EVENT_WORKER, .worker = 1, .slots = 1}, 950);
    step_at(&r, (weft_event){.kind = WEFT_EVENT_WORKER_LOST, .worker = 1}, 960);
    step_at(&r, tick, 1900);
    assert_int_equal(r.last.count, 0);
    step_at(&r, tick, 1960);
    assert_int_equal(the(&r, WEFT_ACTION_JOB_FAILED).status, WEFT_NO_WORKERS);
    step_at(&r, tick, 5000);
    assert_int_equal(r.last.count, 0);
    close_rig(&r);
}

/* A worker that was given up is back with its blocks: those still waited for count again. */
static void blocks_come_back(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    worker_comes(&r, 1, 2);
    job_comes(&r, JOB, 4, 0);
    stage_comes(&r, JOB, 0, 2);
    finish_all(&r);
    worker_dies(&r, 1);
    worker_comes(&r, 2, 1);
    const weft_action again = the(&r, WEFT_ACTION_LAUNCH); /* partition 0, attempt 1 */
    worker_comes(&r, 3, 0);                                /* the old worker, under a new number */
    for (int32_t p = 0; p < 2; p++)
        step(&r, (weft_event){.kind = WEFT_EVENT_BLOCK_BACK, .worker = 3, .job = JOB, .partition = p});
    assert_int_equal(counts(&r).blocks_back, 1); /* partition 0 runs already */
    int32_t generation, attempt, worker;
    assert_true(weft_scheduler_block(r.s, JOB, 0, 1, &generation, &attempt, &worker));
    assert_int_equal(worker, 3);
    assert_int_equal(attempt, 0);
    step(&r, report(&again, WEFT_OK));
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
    close_rig(&r);
}

/* Nothing starts on a silent worker; what runs there still counts. */
static void silent_workers(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    worker_comes(&r, 1, 2);
    job_comes(&r, JOB, 4, 0);
    stage_comes(&r, JOB, 0, 3);
    const weft_action first = r.last.items[0];
    step(&r, (weft_event){.kind = WEFT_EVENT_SILENT, .worker = 1});
    step(&r, report(&first, WEFT_OK));
    assert_int_equal(count_of(&r, WEFT_ACTION_ACCEPT), 1);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
    worker_comes(&r, 1, 2);
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).partition, 2);
    close_rig(&r);
}

/* ---- lineage ---- */

static weft_event lost_by(const weft_action *reader, int32_t stage, int32_t partition, int32_t attempt)
{
    weft_event e = report(reader, WEFT_FETCH_FAILED);
    e.has_lost = true;
    e.lost =
        (weft_block_name){.job = reader->job, .stage = stage, .partition = partition, .attempt = attempt};
    return e;
}

/* Stages 0 → 1 → 2, of two tasks each, the first two finished, the blocks of 0 freed, 2 running on two slots.
 */
static void open_chain(rig *r, weft_determinism class)
{
    open_rig(r);
    worker_comes(r, WORKER, 2);
    job_comes(r, JOB, 4, 0);
    step(r, (weft_event){
                .kind = WEFT_EVENT_STAGE, .job = JOB, .tasks = 2, .determinism = class, .needed = true});
    finish_all(r);
    reader_comes(r, 1, 0, 2, true);
    finish_all(r);
    assert_true(weft_scheduler_is_finished(r->s, JOB, 1));
    assert_false(weft_scheduler_is_read(r->s, JOB, 0));
    step(r, (weft_event){.kind = WEFT_EVENT_FREED, .job = JOB, .stage = 0});
    assert_int_equal(r->last.count, 0); /* nobody needs them */
    reader_comes(r, 2, 1, 2, true);
    assert_int_equal(count_of(r, WEFT_ACTION_LAUNCH), 2);
}

/* A block that its own worker has lost is made again at once, with what it needs and nothing else. */
static void lost_blocks_come_with_what_they_need(void **state)
{
    (void)state;
    rig r;
    open_chain(&r, WEFT_ORDERED);
    const weft_action a = r.last.items[0], b = r.last.items[1];
    const weft_event lost = lost_by(&a, 1, 1, 0);
    step(&r, lost);
    assert_false(weft_scheduler_is_finished(r.s, JOB, 1));
    const weft_action first = the(&r, WEFT_ACTION_LAUNCH); /* both blocks of 0 had been freed */
    assert_int_equal(first.stage, 0);
    assert_true(weft_scheduler_is_read(r.s, JOB, 0));
    step(&r, lost); /* again: late, and nothing new */
    assert_int_equal(r.last.count, 0);
    step(&r, report(&b, WEFT_OK)); /* the other reader had all it needed: it counts */
    assert_int_equal(the(&r, WEFT_ACTION_ACCEPT).stage, 2);
    const weft_action second = the(&r, WEFT_ACTION_LAUNCH);
    assert_int_equal(second.stage, 0);
    step(&r, report(&first, WEFT_OK));
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
    step(&r, report(&second, WEFT_OK));
    const weft_action third = the(&r, WEFT_ACTION_LAUNCH); /* only the task whose block was lost */
    assert_int_equal(third.stage, 1);
    assert_int_equal(third.partition, 1);
    assert_int_equal(finish_all(&r), 2);
    assert_true(weft_scheduler_is_finished(r.s, JOB, 2));
    assert_int_equal(counts(&r).blocks_lost, 1);
    assert_int_equal(counts(&r).done, 6 + 3);
    assert_int_equal(counts(&r).restarts, 0);
    close_rig(&r);
}

/* When what was freed is indeterminate, making it again begins a generation of all three stages. */
static void freed_blocks_of_an_indeterminate_stage(void **state)
{
    (void)state;
    rig r;
    open_chain(&r, WEFT_INDETERMINATE);
    const weft_action a = r.last.items[0];
    step(&r, lost_by(&a, 1, 1, 0));
    assert_int_equal(counts(&r).restarts, 3);
    assert_int_equal(count_of(&r, WEFT_ACTION_AGAIN), 3);
    assert_int_equal(finish_all(&r), 6);
    assert_true(weft_scheduler_is_finished(r.s, JOB, 2));
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
        step(&r, (weft_event){.kind = WEFT_EVENT_STAGE,
                              .job = JOB,
                              .tasks = 1,
                              .determinism = WEFT_UNORDERED,
                              .needed = true});
        finish_all(&r);
        step(&r, (weft_event){.kind = WEFT_EVENT_STAGE,
                              .job = JOB,
                              .stage = 1,
                              .tasks = 2,
                              .input_count = 1,
                              .inputs = &input,
                              .positions = &marks,
                              .needed = true});
        const weft_action first = the(&r, WEFT_ACTION_LAUNCH);
        step(&r, report(&first, WEFT_OK));
        const weft_action second = the(&r, WEFT_ACTION_LAUNCH);
        step(&r, lost_by(&second, 0, 0, 0));
        finish_all(&r);
        assert_int_equal(counts(&r).restarts, marks ? 2 : 0);
        assert_int_equal(counts(&r).done, marks ? 2 + 3 : 2 + 2);
        close_rig(&r);
    }
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
    finish_all(&r);
    for (int32_t attempt = 0; attempt < 3; attempt++) {
        e.lost.attempt = attempt;
        step(&r, e);
        if (attempt == 2) break;
        assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).attempt, attempt + 1);
        finish_all(&r);
    }
    assert_int_equal(the(&r, WEFT_ACTION_JOB_FAILED).status, WEFT_FETCH_FAILED);
    close_rig(&r);
}

WEFT_TESTS(WEFT_TEST(a_worker_dies_in_the_map_stage), WEFT_TEST(a_worker_dies_in_the_reduce_stage),
           WEFT_TEST(what_nobody_reads_is_not_made_again), WEFT_TEST(indeterminate_stages_run_again_whole),
           WEFT_TEST(fixed_jobs_fail_instead), WEFT_TEST(unread_blocks_need_no_generation),
           WEFT_TEST(blocks_that_cannot_be_fetched), WEFT_TEST(fetches_that_fail), WEFT_TEST(poison),
           WEFT_TEST(no_workers), WEFT_TEST(lost_blocks_come_with_what_they_need),
           WEFT_TEST(freed_blocks_of_an_indeterminate_stage), WEFT_TEST(positions), WEFT_TEST(lost_again),
           WEFT_TEST(blocks_come_back), WEFT_TEST(silent_workers))
