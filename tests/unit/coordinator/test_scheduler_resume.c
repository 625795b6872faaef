/* tests/unit/coordinator/test_scheduler_resume.c - stages of an earlier leader, and what waits until it is
 * durable, one rule each. tests/simulation has the same in all mixtures. */
#include "tests/unit/coordinator/scheduler_rig.h"

enum { FIRST = 4096, RECORDED = 8 }; /* attempts of this leader; the job has so many GENERATION records */

static weft_event resumed_stage(int32_t stage, int32_t tasks)
{
    return (weft_event){.kind = WEFT_EVENT_STAGE,
                        .job = JOB,
                        .stage = stage,
                        .tasks = tasks,
                        .resumed = true,
                        .needed = true};
}

/* Two workers of two slots each, and a job of an earlier leader. */
static void open_resumed(rig *r)
{
    open_rig(r);
    step(r, (weft_event){.kind = WEFT_EVENT_JOB,
                         .job = JOB,
                         .attempts = 4,
                         .first_attempt = FIRST,
                         .recorded = true,
                         .number = RECORDED});
    worker_comes(r, 1, 2);
    worker_comes(r, 2, 2);
}

static void tells(rig *r, weft_event_kind kind, int32_t worker, weft_block_name name)
{
    step(r, (weft_event){.kind = kind,
                         .worker = worker,
                         .job = JOB,
                         .stage = name.stage,
                         .generation = name.generation,
                         .partition = name.partition,
                         .attempt = name.attempt,
                         .bytes = 100});
}

static void recovered(rig *r) { step(r, (weft_event){.kind = WEFT_EVENT_RECOVERED}); }

static weft_stage_counts tasks_of(const rig *r, int32_t stage)
{
    weft_stage_counts n;
    weft_scheduler_count_stage(r->s, JOB, stage, &n);
    return n;
}

/* Blocks count as if they were reported for the first time, what runs goes on, and only the rest is launched,
 * when all have told. */
static void the_rest_is_launched(void **state)
{
    (void)state;
    rig r;
    open_resumed(&r);
    step(&r, resumed_stage(0, 4));
    assert_int_equal(r.last.count, 0);
    tells(&r, WEFT_EVENT_DONE, 1, (weft_block_name){.partition = 0});
    assert_int_equal(the(&r, WEFT_ACTION_ACCEPT).attempt, 0);
    tells(&r, WEFT_EVENT_RUNS, 2, (weft_block_name){.partition = 1, .attempt = 3});
    assert_int_equal(r.last.count, 0);
    assert_true(weft_scheduler_awaits(r.s, 2, &(weft_block_name){.job = JOB, .partition = 1, .attempt = 3}));
    assert_false(weft_scheduler_is_finished(r.s, JOB, 0));
    recovered(&r);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 2);
    for (int32_t i = 0; i < 2; i++) {
        assert_int_equal(r.last.items[i].partition, 2 + i);
        assert_int_equal(r.last.items[i].attempt, FIRST);
    }
    const weft_action launched[2] = {r.last.items[0], r.last.items[1]};
    tells(&r, WEFT_EVENT_DONE, 2, (weft_block_name){.partition = 1, .attempt = 3});
    step(&r, report(&launched[0], WEFT_OK));
    step(&r, report(&launched[1], WEFT_OK));
    assert_int_equal(count_of(&r, WEFT_ACTION_STAGE_DONE), 1);
    assert_int_equal(counts(&r).found, 1);
    assert_int_equal(counts(&r).adopted, 1);
    close_rig(&r);
}

/* The worker of a block that was found is given up, and comes back with the block under another number: it
 * counts again, and its report is not waited for. Attempts are many after many leaders. */
static void found_blocks_come_back(void **state)
{
    (void)state;
    enum { OTHER = JOB + 1, MANY = 20 * FIRST };
    rig r;
    open_resumed(&r);
    step(&r, (weft_event){.kind = WEFT_EVENT_JOB, .job = OTHER, .attempts = 4, .first_attempt = MANY});
    weft_event stage = resumed_stage(0, 1);
    stage.job = OTHER;
    step(&r, stage);
    weft_event block = {
        .kind = WEFT_EVENT_DONE, .worker = 1, .job = OTHER, .attempt = MANY - FIRST + 1, .bytes = 1};
    step(&r, block);
    assert_int_equal(the(&r, WEFT_ACTION_ACCEPT).attempt, block.attempt);
    step(&r, (weft_event){.kind = WEFT_EVENT_SILENT, .worker = 2}); /* so that nothing can be launched */
    step(&r, (weft_event){.kind = WEFT_EVENT_WORKER_LOST, .worker = 1});
    worker_comes(&r, 3, 0);
    block.kind = WEFT_EVENT_BLOCK_BACK;
    block.worker = 3;
    step(&r, block);
    worker_comes(&r, 3, 2);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
    int32_t generation = -1, attempt = -1, worker = -1;
    assert_true(weft_scheduler_block(r.s, OTHER, 0, 0, &generation, &attempt, &worker));
    assert_true(attempt == block.attempt && worker == 3);
    assert_int_equal(counts(&r).blocks_back, 1);
    close_rig(&r);
}

/* An attempt that runs is taken over, and had been cancelled: by an earlier leader, for a generation that did
 * not go on record. That fails no job: the task runs again. */
static void cancelled_by_an_earlier_leader(void **state)
{
    (void)state;
    rig r;
    open_resumed(&r);
    step(&r, resumed_stage(0, 1));
    tells(&r, WEFT_EVENT_RUNS, 1, (weft_block_name){.attempt = 2});
    step(&r, (weft_event){
                 .kind = WEFT_EVENT_FAILED, .worker = 1, .job = JOB, .attempt = 2, .status = WEFT_CANCELLED});
    assert_int_equal(r.last.count, 0);
    recovered(&r);
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).attempt, FIRST);
    close_rig(&r);
}

/* Before the phase is over nothing of a resumed stage is launched, not even what has failed or was lost
 * since; new stages are. */
static void new_stages_do_not_wait(void **state)
{
    (void)state;
    rig r;
    const int32_t none = 0;
    open_resumed(&r);
    step(&r, resumed_stage(0, 2));
    tells(&r, WEFT_EVENT_RUNS, 1, (weft_block_name){.partition = 0});
    tells(&r, WEFT_EVENT_DONE, 1, (weft_block_name){.partition = 1});
    step(&r, (weft_event){.kind = WEFT_EVENT_FAILED, .worker = 1, .job = JOB, .status = WEFT_IO});
    step(&r, (weft_event){.kind = WEFT_EVENT_WORKER_LOST, .worker = 1});
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
    assert_int_equal(tasks_of(&r, 0).waiting, 2);
    step(&r,
         (weft_event){
             .kind = WEFT_EVENT_STAGE, .job = JOB, .stage = 1, .tasks = 1, .inputs = &none, .needed = true});
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).stage, 1);
    recovered(&r);
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).stage, 0);
    close_rig(&r);
}

/* Another generation, another attempt than the one on record, a second block of a task: refused, and dropped.
 */
static void wrong_blocks_are_refused(void **state)
{
    (void)state;
    static const int32_t accepted[] = {2, 0};
    rig r;
    open_resumed(&r);
    weft_event stage = resumed_stage(0, 2);
    stage.generation = 3;
    stage.determinism = WEFT_INDETERMINATE;
    stage.accepted = accepted;
    step(&r, stage);
    tells(&r, WEFT_EVENT_DONE, 1, (weft_block_name){.generation = 2, .attempt = 2});
    assert_int_equal(the(&r, WEFT_ACTION_LATE).generation, 2);
    tells(&r, WEFT_EVENT_DONE, 1, (weft_block_name){.generation = 3, .attempt = 1});
    assert_int_equal(count_of(&r, WEFT_ACTION_LATE), 1);
    tells(&r, WEFT_EVENT_RUNS, 1, (weft_block_name){.generation = 3, .attempt = 1});
    assert_int_equal(tasks_of(&r, 0).running, 0);
    tells(&r, WEFT_EVENT_DONE, 1, (weft_block_name){.generation = 3, .attempt = 2});
    assert_int_equal(count_of(&r, WEFT_ACTION_ACCEPT), 1);
    tells(&r, WEFT_EVENT_DONE, 2, (weft_block_name){.generation = 3, .attempt = 2});
    assert_int_equal(the(&r, WEFT_ACTION_LATE).worker, 2);
    tells(&r, WEFT_EVENT_DONE, 2, (weft_block_name){.generation = 3, .partition = 1, .attempt = FIRST});
    assert_int_equal(count_of(&r, WEFT_ACTION_LATE), 1); /* this leader has launched no such attempt */
    close_rig(&r);
}

/* A complete stage is made again where somebody reads it, and only then; late blocks count until they are. */
static void what_is_complete_is_made_again_on_demand(void **state)
{
    (void)state;
    const int32_t zero = 0;
    rig r;
    open_resumed(&r);
    weft_event stage = resumed_stage(0, 2);
    stage.complete = true;
    step(&r, stage);
    stage = resumed_stage(1, 1);
    stage.input_count = 1;
    stage.inputs = &zero;
    stage.complete = true;
    step(&r, stage);
    tells(&r, WEFT_EVENT_DONE, 1, (weft_block_name){.stage = 1});
    recovered(&r);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
    tells(&r, WEFT_EVENT_DONE, 2, (weft_block_name){.partition = 1, .attempt = 1}); /* its worker is late */
    assert_int_equal(count_of(&r, WEFT_ACTION_ACCEPT), 1);
    step(&r, (weft_event){.kind = WEFT_EVENT_STAGE,
                          .job = JOB,
                          .stage = 2,
                          .tasks = 1,
                          .input_count = 1,
                          .inputs = &zero,
                          .needed = true});
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).stage, 0);
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).partition, 0);
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).attempt, FIRST);
    close_rig(&r);
}

/* A block on record that no member has: the stage and its readers get a new generation, held until that is on
 * record; with rows at the client the job fails. */
static void recorded_blocks_that_are_gone(void **state)
{
    (void)state;
    static const int32_t accepted[] = {0, 0};
    const int32_t zero = 0;
    for (int32_t pinned = 0; pinned < 2; pinned++) {
        rig r;
        open_resumed(&r);
        weft_event stage = resumed_stage(0, 2);
        stage.determinism = WEFT_INDETERMINATE;
        stage.accepted = accepted;
        stage.complete = true;
        step(&r, stage);
        stage = resumed_stage(1, 1);
        stage.input_count = 1;
        stage.inputs = &zero;
        step(&r, stage);
        tells(&r, WEFT_EVENT_DONE, 1, (weft_block_name){.partition = 0});
        if (pinned == 1) step(&r, (weft_event){.kind = WEFT_EVENT_PINNED, .job = JOB});
        recovered(&r);
        if (pinned == 1) {
            assert_int_equal(the(&r, WEFT_ACTION_JOB_FAILED).status, WEFT_INDETERMINATE_RERUN);
            close_rig(&r);
            continue;
        }
        assert_int_equal(count_of(&r, WEFT_ACTION_AGAIN), 2);
        assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
        const weft_action record = the(&r, WEFT_ACTION_RECORD);
        assert_int_equal(record.record, WEFT_RECORD_GENERATION);
        assert_int_equal(record.number, RECORDED + 1);
        step(&r, (weft_event){.kind = WEFT_EVENT_RECORDED,
                              .job = JOB,
                              .record = WEFT_RECORD_GENERATION,
                              .number = RECORDED}); /* an earlier one */
        assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
        tells(&r, WEFT_EVENT_DONE, 2, (weft_block_name){.partition = 1}); /* too late */
        assert_int_equal(count_of(&r, WEFT_ACTION_LATE), 1);
        step(&r, (weft_event){.kind = WEFT_EVENT_RECORDED,
                              .job = JOB,
                              .record = WEFT_RECORD_GENERATION,
                              .number = RECORDED + 1});
        assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 2);
        assert_int_equal(r.last.items[0].generation, 1);
        assert_int_equal(r.last.items[0].attempt, FIRST);
        close_rig(&r);
    }
}

/* The first consumer of an indeterminate stage waits until the accepted attempts are on record; they are
 * asked for once. A block that is lost meanwhile is one that was read. */
static void consumers_wait_for_the_record(void **state)
{
    (void)state;
    const int32_t zero = 0;
    int32_t attempts[2];
    rig r;
    open_resumed(&r);
    step(&r, (weft_event){.kind = WEFT_EVENT_STAGE,
                          .job = JOB,
                          .tasks = 2,
                          .determinism = WEFT_INDETERMINATE,
                          .needed = true});
    const weft_action first = r.last.items[0], second = r.last.items[1];
    for (int32_t stage = 1; stage < 3; stage++)
        step(&r, (weft_event){.kind = WEFT_EVENT_STAGE,
                              .job = JOB,
                              .stage = stage,
                              .tasks = 1,
                              .input_count = 1,
                              .inputs = &zero,
                              .needed = true});
    step(&r, report(&first, WEFT_OK));
    step(&r, report(&second, WEFT_OK));
    const weft_action asked = the(&r, WEFT_ACTION_RECORD);
    assert_int_equal(asked.record, WEFT_RECORD_ACCEPTED);
    assert_int_equal(asked.stage, 0);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
    weft_scheduler_accepted(r.s, JOB, 0, attempts);
    assert_true(attempts[0] == FIRST && attempts[1] == FIRST);
    step(&r, (weft_event){.kind = WEFT_EVENT_RECORDED,
                          .job = JOB,
                          .record = WEFT_RECORD_ACCEPTED,
                          .generation = 1}); /* of another generation */
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
    step(&r, (weft_event){.kind = WEFT_EVENT_RECORDED, .job = JOB, .record = WEFT_RECORD_ACCEPTED});
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 2);
    close_rig(&r);
}

static void a_block_is_lost_while_it_is_recorded(void **state)
{
    (void)state;
    const int32_t zero = 0;
    rig r;
    open_resumed(&r);
    step(&r, (weft_event){.kind = WEFT_EVENT_STAGE,
                          .job = JOB,
                          .tasks = 1,
                          .determinism = WEFT_INDETERMINATE,
                          .needed = true});
    const weft_action first = r.last.items[0];
    step(&r, (weft_event){.kind = WEFT_EVENT_STAGE,
                          .job = JOB,
                          .stage = 1,
                          .tasks = 1,
                          .input_count = 1,
                          .inputs = &zero,
                          .needed = true});
    step(&r, report(&first, WEFT_OK));
    assert_int_equal(the(&r, WEFT_ACTION_RECORD).record, WEFT_RECORD_ACCEPTED);
    step(&r, (weft_event){.kind = WEFT_EVENT_WORKER_LOST, .worker = first.worker});
    assert_int_equal(the(&r, WEFT_ACTION_AGAIN).generation, 1);
    assert_int_equal(the(&r, WEFT_ACTION_RECORD).record, WEFT_RECORD_GENERATION);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
    close_rig(&r);
}

/* A job that becomes recorded is not held where it goes on already, but from then on. */
static void recorded_from_now_on(void **state)
{
    (void)state;
    const int32_t zero = 0;
    bool read = false;
    rig r;
    open_rig(&r);
    worker_comes(&r, 1, 1);
    job_comes(&r, JOB, 4, 0);
    step(&r, (weft_event){.kind = WEFT_EVENT_STAGE,
                          .job = JOB,
                          .tasks = 1,
                          .determinism = WEFT_INDETERMINATE,
                          .needed = true});
    const weft_action first = r.last.items[0];
    step(&r, report(&first, WEFT_OK));
    step(&r, (weft_event){.kind = WEFT_EVENT_STAGE,
                          .job = JOB,
                          .stage = 1,
                          .tasks = 2,
                          .input_count = 1,
                          .inputs = &zero,
                          .determinism = WEFT_INDETERMINATE,
                          .needed = true});
    const weft_action reader = the(&r, WEFT_ACTION_LAUNCH);
    step(&r, (weft_event){.kind = WEFT_EVENT_RECORDING, .job = JOB});
    assert_true(weft_scheduler_is_kept(r.s, JOB, 0, &read) && read);
    assert_true(weft_scheduler_is_kept(r.s, JOB, 1, &read) && !read);
    step(&r, report(&reader, WEFT_OK));
    const weft_action last = the(&r, WEFT_ACTION_LAUNCH); /* its other task: not held */
    const int32_t one = 1;
    step(&r, (weft_event){.kind = WEFT_EVENT_STAGE,
                          .job = JOB,
                          .stage = 2,
                          .tasks = 1,
                          .input_count = 1,
                          .inputs = &one,
                          .needed = true});
    step(&r, report(&last, WEFT_OK));
    assert_int_equal(the(&r, WEFT_ACTION_RECORD).stage, 1);
    assert_int_equal(count_of(&r, WEFT_ACTION_LAUNCH), 0);
    close_rig(&r);
}

/* Once attempts of this leader were launched, no earlier one takes their task: a later one would have a
 * number again.
 */
static void numbers_are_not_used_twice(void **state)
{
    (void)state;
    rig r;
    open_resumed(&r);
    step(&r, resumed_stage(0, 1));
    recovered(&r);
    const weft_action first = the(&r, WEFT_ACTION_LAUNCH);
    tells(&r, WEFT_EVENT_RUNS, 2, (weft_block_name){.attempt = 5});
    tells(&r, WEFT_EVENT_DONE, 2, (weft_block_name){.attempt = 5});
    assert_int_equal(count_of(&r, WEFT_ACTION_LATE), 1);
    step(&r, (weft_event){.kind = WEFT_EVENT_SILENT, .worker = 1});
    step(&r, (weft_event){.kind = WEFT_EVENT_SILENT, .worker = 2});
    step(&r, report(&first, WEFT_IO));
    assert_int_equal(tasks_of(&r, 0).waiting, 1);
    tells(&r, WEFT_EVENT_DONE, 2, (weft_block_name){.attempt = 6});
    assert_int_equal(count_of(&r, WEFT_ACTION_LATE), 1);
    worker_comes(&r, 2, 2);
    assert_int_equal(the(&r, WEFT_ACTION_LAUNCH).attempt, FIRST + 1);
    close_rig(&r);
}

/* Attempts that failed under an earlier leader do not count against the task. */
static void failures_count_anew(void **state)
{
    (void)state;
    rig r;
    open_resumed(&r);
    step(&r, resumed_stage(0, 1));
    recovered(&r);
    for (int32_t i = 0; i < 3; i++) {
        const weft_action a = the(&r, WEFT_ACTION_LAUNCH);
        assert_int_equal(a.attempt, FIRST + i);
        step(&r, report(&a, WEFT_IO));
    }
    const weft_action last = the(&r, WEFT_ACTION_LAUNCH);
    step(&r, report(&last, WEFT_IO));
    assert_int_equal(count_of(&r, WEFT_ACTION_JOB_FAILED), 1);
    close_rig(&r);
}

WEFT_TESTS(WEFT_TEST(the_rest_is_launched), WEFT_TEST(found_blocks_come_back),
           WEFT_TEST(cancelled_by_an_earlier_leader), WEFT_TEST(new_stages_do_not_wait),
           WEFT_TEST(wrong_blocks_are_refused), WEFT_TEST(what_is_complete_is_made_again_on_demand),
           WEFT_TEST(recorded_blocks_that_are_gone), WEFT_TEST(consumers_wait_for_the_record),
           WEFT_TEST(a_block_is_lost_while_it_is_recorded), WEFT_TEST(recorded_from_now_on),
           WEFT_TEST(numbers_are_not_used_twice), WEFT_TEST(failures_count_anew))
