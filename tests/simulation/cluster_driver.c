/* tests/simulation/cluster_driver.c - see cluster.h: jobs as coordinator/coordinator.c runs them, each in a
 * thread that looks at its job when there is news, and now and then. */
#include <string.h>

#include "common/hash.h"
#include "tests/simulation/cluster.h"

enum { POLL_US = 20000 };

sim_job *driver_find(cluster *c, uint64_t id)
{
    for (int32_t i = 0; i < c->job_count; i++)
        if (c->jobs[i].plan.id == id) return &c->jobs[i];
    return NULL;
}

void driver_open(cluster *c)
{
    c->job_count = (int32_t)dice_range(&c->random, 1, JOBS_MAX);
    for (int32_t i = 0; i < c->job_count; i++) {
        plan_make(&c->random, &c->jobs[i].plan, i);
        c->jobs[i].plan.poisoned &= c->strikes_workers;
        c->jobs[i].cancels = dice_chance(&c->random, 8);
        cluster_plan(c, dice_range(&c->random, 0, 2000000), (happening){.kind = SUBMITS, .job = i});
    }
}

static void drive_soon(cluster *c, sim_job *j, int64_t delay)
{
    if (j->drive_planned) return;
    j->drive_planned = true;
    cluster_plan(c, delay,
                 (happening){.kind = DRIVES, .job = (int32_t)(j - c->jobs), .incarnation = c->term});
}

static void on_news(void *self)
{
    sim_job *j = self;
    j->news = true;
}

static void must(cluster *c, weft_status st)
{
    if (st != WEFT_OK) cluster_wrong(c, c->ctx->error.message);
}

/* The core may have blocks of a stage made again. */
static void forget_known(sim_job *j, int32_t id)
{
    for (int32_t p = 0; p < TASKS_MAX; p++) j->known[id][p] = (known_block){.lost = true};
}

/* ---- stages ---- */

/* The core's end of a stage, whose id was given. */
static void make_stage(cluster *c, sim_job *j, int32_t id)
{
    const int32_t shape = j->shape_of[id];
    const stage_plan *sp = &j->plan.stages[shape];
    weft_core_stage *s = &j->stages[id];
    for (int32_t i = 0; i < sp->input_count; i++) /* what is read whole by all may be passed on */
        j->inputs[id][i] =
            (weft_stage_input){.stage_id = j->id_of[sp->inputs[i]],
                               .mode = sp->broadcast[i] ? WEFT_INPUT_ALL : WEFT_INPUT_PARTITION};
    j->shapes[id] = (weft_stage){.id = id,
                                 .input_count = sp->input_count,
                                 .inputs = j->inputs[id],
                                 .task_count = sp->tasks,
                                 .tasks = j->tasks,
                                 .determinism = sp->determinism};
    j->fragments[id][0] = (uint8_t)(j - c->jobs);
    j->fragments[id][1] = (uint8_t)shape;
    j->rows[id] = j->bytes[id] = 0;
    j->counted[id] = 0;
    memset(j->metrics[id], 0, sizeof(j->metrics[id]));
    *s = (weft_core_stage){
        .stage = &j->shapes[id],
        .fragment = j->fragments[id],
        .fragment_len = 2,
        .stats = {.partition_count = 1, .partition_rows = &j->rows[id], .partition_bytes = &j->bytes[id]},
        .rows = &j->rows[id],
        .bytes = &j->bytes[id],
        .counted = &j->counted[id],
        .report = {.stage = &j->shapes[id], .metrics = j->metrics[id]}};
    j->list[id] = s;
}

static void begin_stage(cluster *c, sim_job *j, int32_t id)
{
    int32_t inputs[STAGES_MAX];
    for (int32_t i = 0; i < j->shapes[id].input_count; i++) inputs[i] = j->inputs[id][i].stage_id;
    assert(j->core.stage_count == id);
    j->core.stage_count++;
    must(c, weft_core_stage_begin(c->ctx, c->core, &j->core, inputs, NULL));
}

static void write_stage(cluster *c, sim_job *j, int32_t id)
{
    record *r = journal_write(c, j, RECORD_STAGE);
    r->stage = id;
    r->holds.shape[id] = j->shape_of[id];
    for (int32_t i = 0; i < id && i < j->core.stage_count; i++) {
        r->holds.sums[i] = j->stages[i].fixed;
        r->holds.rows[i] = j->rows[i];
        r->holds.bytes[i] = j->bytes[i];
    }
}

void driver_stage_written(cluster *c, sim_job *j, int32_t id)
{
    if (id >= j->core.stage_count && !j->over && !j->core.failed) begin_stage(c, j, id);
}

static void issue_stage(cluster *c, sim_job *j, int32_t shape)
{
    const int32_t id = j->next_stage++;
    j->id_of[shape] = id;
    j->shape_of[id] = shape;
    j->plan.stages[shape].issued = true;
    make_stage(c, j, id);
    if (j->core.recorded)
        write_stage(c, j, id);
    else
        begin_stage(c, j, id);
}

/* What has all inputs done. */
static void issue(cluster *c, sim_job *j)
{
    for (int32_t s = 0; s < j->plan.stage_count && c->wrong == NULL; s++) {
        const stage_plan *sp = &j->plan.stages[s];
        bool ready = !sp->issued;
        for (int32_t i = 0; i < sp->input_count; i++) ready &= j->plan.stages[sp->inputs[i]].done;
        if (ready) issue_stage(c, j, s);
    }
}

/* The numbers of a finished stage count each task once, however often it ran. */
static void check_sums(cluster *c, const sim_job *j, int32_t id)
{
    const weft_core_stage *s = &j->stages[id];
    int64_t rows = 0;
    if (!plan_is_determinate(&j->plan)) return;
    for (int32_t p = 0; p < s->stage->task_count; p++)
        rows += (int64_t)(plan_right_content(&j->plan, j->shape_of[id], p) % 1000);
    if (s->stats.rows != rows || j->rows[id] != rows || s->report.metrics[1].rows_in != rows)
        cluster_wrong(c, "the rows of a stage are not those of its tasks");
}

static void plan_on(cluster *c, sim_job *j)
{
    bool more = false;
    for (int32_t id = 0; id < j->core.stage_count; id++) {
        weft_core_stage *s = &j->stages[id];
        if (s->fixed || !s->done) continue;
        s->fixed = true;
        j->plan.stages[j->shape_of[id]].done = true;
        check_sums(c, j, id);
        more = true;
    }
    if (more) issue(c, j);
    for (int32_t id = 0; id < j->core.stage_count; id++) {
        const int32_t shape = j->shape_of[id];
        /* where the coordinator may go, blocks stay: what was made of them may have to be made again */
        if (shape == j->plan.stage_count - 1 || plan_is_read_later(&j->plan, shape) || j->core.recorded)
            continue;
        must(c, weft_core_free_unread(c->ctx, c->core, &j->core, id));
        if (j->stages[id].freed) forget_known(j, id);
    }
}

/* ---- records ---- */

/* What the core asks for, or what it has already, as a record. */
static void write_record(cluster *c, sim_job *j, const weft_core_record *asked, bool waited)
{
    record *r = NULL;
    if (asked->kind == WEFT_RECORD_ACCEPTED) {
        int32_t *attempts = NULL;
        bool there = false;
        must(c, weft_core_accepted(c->ctx, c->core, &j->core, asked, &attempts, &there));
        if (!there) return;
        r = journal_write(c, j, RECORD_ACCEPTED);
        r->stage = asked->stage;
        r->holds.accepted_of[asked->stage] = asked->generation;
        memcpy(r->holds.accepted[asked->stage], attempts,
               (size_t)j->shapes[asked->stage].task_count * sizeof(int32_t));
    } else {
        weft_core_generation *generations = NULL;
        int32_t count = 0;
        must(c, weft_core_generations(c->ctx, &j->core, &generations, &count));
        r = journal_write(c, j, RECORD_GENERATION);
        r->holds.generation_number = asked->number;
        for (int32_t i = 0; i < count; i++)
            r->holds.generation[generations[i].stage] = generations[i].generation;
    }
    r->waited = waited;
    r->asked = *asked;
}

static void write_job(cluster *c, sim_job *j) { journal_write(c, j, RECORD_JOB)->holds.term = c->term; }

/* It has run for a while: its stages and what they have, then the job itself. */
static void record_from_now(cluster *c, sim_job *j)
{
    weft_core_record *present = NULL;
    int32_t count = 0;
    j->records_at = INT64_MAX;
    must(c, weft_core_record_from_now(c->ctx, c->core, &j->core, &present, &count));
    for (int32_t id = 0; id < j->core.stage_count; id++) write_stage(c, j, id);
    for (int32_t i = 0; i < count; i++) write_record(c, j, &present[i], false);
    write_job(c, j);
}

static void write_asked(cluster *c, sim_job *j)
{
    weft_core_record *asked = NULL;
    int32_t count = 0;
    must(c, weft_core_take_records(c->ctx, &j->core, &asked, &count));
    for (int32_t i = 0; i < count; i++) write_record(c, j, &asked[i], true);
}

static void write_end(cluster *c, sim_job *j, bool failed, weft_status status)
{
    if (j->end_written) return;
    j->end_written = true;
    record *r = journal_write(c, j, RECORD_END);
    r->holds.failed = failed;
    r->holds.status = status;
}

/* ---- the result ---- */

/* All its blocks at once; *lost: the one that could not be had. */
static bool read_result(cluster *c, sim_job *j, int32_t id, weft_block_name *lost)
{
    memset(&j->plan.from, 0, sizeof(j->plan.from));
    for (int32_t p = 0; p < j->shapes[id].task_count; p++) {
        weft_place place;
        if (!weft_core_find_block(c->core, &j->core, id, p, lost, &place)) {
            lost->job = 0;
            return false;
        }
        const int32_t at = cluster_node_of(c, place.uuid);
        const held_block *b =
            at < 0 || c->now < c->nodes[at].stopped_until ? NULL : worker_find_block(&c->nodes[at], lost);
        if (b == NULL) return false;
        j->plan.result[p] = b->content;
        if (!trace_merge(&j->plan.from, &b->from))
            cluster_wrong(c, "a result shows two generations of one indeterminate task");
    }
    return true;
}

static void end(cluster *c, sim_job *j)
{
    j->over = j->ending = true;
    if (j->core.recorded) write_end(c, j, j->plan.failed, j->plan.status);
    weft_core_job_end(c->ctx, c->core, &j->core);
}

static void take_result(cluster *c, sim_job *j)
{
    weft_block_name lost = {0};
    const int32_t id = j->id_of[j->plan.stage_count - 1];
    if (!j->plan.stages[j->plan.stage_count - 1].issued || id >= j->core.stage_count ||
        !weft_core_is_finished(c->core, &j->core, id))
        return;
    if (!read_result(c, j, id, &lost)) {
        if (lost.job == 0) return;
        forget_known(j, id);
        must(c, weft_core_block_lost(c->ctx, c->core, &j->core, &lost));
        return;
    }
    must(c, weft_core_pin(c->ctx, c->core, &j->core));
    j->plan.pinned = j->over = true;
    j->over_at = c->now + dice_range(&c->random, 0, 500000); /* the client reads on */
}

/* ---- the loop ---- */

static void fails(cluster *c, sim_job *j, weft_status status)
{
    j->plan.failed = true;
    j->plan.status = status;
    cluster_say(c, "job %llu failed with %d: %s", (unsigned long long)j->plan.id, (int)status,
                j->core.error.message);
}

void driver_end_written(cluster *c, sim_job *j, const job_journal *said)
{
    if (!said->failed || j->over) return;
    fails(c, j, said->status);
    end(c, j);
    drive_soon(c, j, 0);
}

static void go_on(cluster *c, sim_job *j)
{
    const bool has_news = j->news;
    j->news = false;
    if (j->core.record_count > 0) write_asked(c, j);
    if (!j->core.failed && c->now >= j->records_at) record_from_now(c, j);
    if (j->core.failed && j->core.recorded) { /* nobody hears of it before it is durable */
        write_end(c, j, true, j->core.failure.status);
    } else if (j->core.failed) {
        fails(c, j, j->core.failure.status);
        end(c, j);
    } else if (j->cancels && dice_chance(&c->random, 3))
        end(c, j);
    else if (has_news) {
        plan_on(c, j);
        take_result(c, j);
    }
}

void driver_drives(cluster *c, int32_t place)
{
    sim_job *j = &c->jobs[place];
    j->drive_planned = false;
    if (!j->begun || j->forgotten) return;
    if (!j->over)
        go_on(c, j);
    else if (!j->ending && c->now >= j->over_at)
        end(c, j);
    else if (j->ending && weft_core_is_ended(c->core, &j->core)) {
        cluster_say(c, "job %llu is over", (unsigned long long)j->plan.id);
        weft_core_job_forget(c->core, &j->core);
        j->forgotten = j->plan.ended = true;
    }
    cluster_check_step(c);
    if (!j->forgotten) drive_soon(c, j, dice_range(&c->random, POLL_US / 10, POLL_US));
}

/* ---- its begin, and what becomes of it when the coordinator goes ---- */

void driver_submits(cluster *c, int32_t place)
{
    sim_job *j = &c->jobs[place];
    if (c->core == NULL) { /* the client tries again */
        cluster_plan(c, dice_range(&c->random, 1000, 300000), (happening){.kind = SUBMITS, .job = place});
        return;
    }
    j->plan.id = ++c->next_job;
    j->journal = (job_journal){0};
    j->core = (weft_core_job){.id = j->plan.id,
                              .settings = c->ctx->settings,
                              .wait_ns = dice_range(&c->random, 0, 60) * 1000000,
                              .recorded = dice_chance(&c->random, 30), /* it writes */
                              .stages = j->list,
                              .changed = on_news,
                              .changed_self = j};
    j->begun = j->news = true;
    j->next_stage = 0;
    j->records_at = j->core.recorded ? INT64_MAX : c->now + dice_range(&c->random, 0, 200000);
    memset(j->known, 0, sizeof(j->known));
    if (j->core.recorded) write_job(c, j);
    must(c, weft_core_job_begin(c->ctx, c->core, &j->core, ATTEMPTS,
                                dice_chance(&c->random, 30) ? dice_next(&c->random) : 0));
    issue(c, j);
    cluster_check_step(c);
    drive_soon(c, j, POLL_US);
}

/* What a job has in memory goes with its coordinator. */
static void drop(cluster *c, sim_job *j)
{
    for (int32_t id = 0; id < STAGES_MAX; id++) {
        c->attempts_before += j->stages[id].report.attempts;
        c->failures_before += j->stages[id].report.failures;
    }
    if (j->begun && !j->forgotten) weft_core_job_forget(c->core, &j->core);
    memset(j->stages, 0, sizeof(j->stages));
    memset(j->known, 0, sizeof(j->known));
    for (int32_t s = 0; s < j->plan.stage_count; s++)
        j->plan.stages[s].issued = j->plan.stages[s].done = false;
    j->drive_planned = j->end_written = false;
    j->next_stage = 0;
}

void driver_crashed(cluster *c)
{
    for (int32_t i = 0; i < c->job_count; i++) {
        sim_job *j = &c->jobs[i];
        const job_journal *jr = &j->journal;
        drop(c, j);
        if (!j->begun || j->forgotten) continue;
        j->ending = false;
        if (jr->end && jr->failed && !j->over)
            fails(c, j, jr->status); /* the client hears it from the next */
        if (jr->job && !jr->end) continue;
        j->forgotten = j->plan.ended = jr->end || j->over;
        if (j->forgotten) continue;
        c->anew++;
        j->begun = false;
        cluster_plan(c, dice_range(&c->random, 1000, 500000), (happening){.kind = SUBMITS, .job = i});
    }
}

static void resume_stage(cluster *c, sim_job *j, int32_t id)
{
    const job_journal *jr = &j->journal;
    weft_core_stage *s = &j->stages[id];
    make_stage(c, j, id);
    s->resumed = true;
    s->generation = j->resumed_generation[id] = jr->generation[id];
    if (jr->has_accepted[id] && jr->accepted_of[id] == s->generation) s->accepted = jr->accepted[id];
    if (jr->sums[id]) {
        s->complete = s->done = s->fixed = true;
        j->rows[id] = s->stats.rows = jr->rows[id];
        j->bytes[id] = s->stats.bytes = jr->bytes[id];
    }
    j->plan.stages[j->shape_of[id]].issued = true;
    j->plan.stages[j->shape_of[id]].done = s->done;
    begin_stage(c, j, id);
}

static void resume(cluster *c, sim_job *j)
{
    const job_journal *jr = &j->journal;
    cluster_say(c, "job %llu is resumed, with %d stages", (unsigned long long)j->plan.id, jr->stage_count);
    c->resumed++;
    j->core = (weft_core_job){.id = j->plan.id,
                              .settings = c->ctx->settings,
                              .wait_ns = dice_range(&c->random, 0, 60) * 1000000,
                              .resumed = true,
                              .recorded = true,
                              .first_attempt = (c->term - jr->term) * WEFT_CORE_ATTEMPTS,
                              .generation_number = jr->generation_number,
                              .stages = j->list,
                              .changed = on_news,
                              .changed_self = j};
    j->news = true;
    j->records_at = INT64_MAX;
    j->next_stage = jr->stage_count;
    must(c, weft_core_job_begin(c->ctx, c->core, &j->core, ATTEMPTS, 0));
    for (int32_t id = 0; id < jr->stage_count; id++) {
        j->shape_of[id] = jr->shape[id];
        j->id_of[jr->shape[id]] = id;
    }
    for (int32_t id = 0; id < jr->stage_count; id++) resume_stage(c, j, id);
    issue(c, j);
    drive_soon(c, j, dice_range(&c->random, 0, POLL_US));
}

void driver_resumes(cluster *c)
{
    for (int32_t i = 0; i < c->job_count; i++)
        if (c->jobs[i].begun && !c->jobs[i].forgotten) resume(c, &c->jobs[i]);
}

bool driver_done(const cluster *c)
{
    for (int32_t i = 0; i < c->job_count; i++)
        if (!c->jobs[i].forgotten) return false;
    return true;
}

/* ---- the end ---- */

static void check_failure(cluster *c, const sim_job *j)
{
    const weft_status status = j->plan.status;
    const weft_action *f = &j->core.failure;
    if (status == WEFT_IO) {
        if (j->plan.stages[j->shape_of[f->stage]].failures[f->partition] == 0)
            cluster_wrong(c, "a job failed by a task that has not failed");
    } else if (status == WEFT_WORKER_LOST) {
        if (c->node_crashes + c->pauses + c->lost + c->cuts + c->partings == 0)
            cluster_wrong(c, "a job failed by the loss of workers that were not lost");
    } else if (status == WEFT_INDETERMINATE_RERUN) {
        if (!j->plan.pinned) cluster_wrong(c, "a job that could run again failed");
    } else if (status != WEFT_NO_WORKERS) {
        cluster_wrong(c, "a job failed with a status that nothing has caused");
    }
}

/* What ran, and how it ended, is counted once: by the scheduler, and by stage for people. */
static void check_counts(cluster *c, const weft_scheduler_counts *n)
{
    int64_t attempts = c->attempts_before, failures = c->failures_before;
    for (int32_t i = 0; i < c->job_count; i++)
        for (int32_t id = 0; id < STAGES_MAX; id++) {
            attempts += c->jobs[i].stages[id].report.attempts;
            failures += c->jobs[i].stages[id].report.failures;
        }
    if (attempts != n->launched - n->unsent + n->found + n->adopted)
        cluster_wrong(c, "attempts of the stages are not those that ran");
    if (failures != n->failed) cluster_wrong(c, "failures of the stages are not those that counted");
}

void driver_check(cluster *c)
{
    weft_scheduler_counts n;
    weft_scheduler_count(weft_core_scheduler(c->core), &n);
    journal_add_counts(&n, &c->before);
    c->counts = n;
    for (int32_t i = 0; i < c->job_count; i++) {
        const sim_job *j = &c->jobs[i];
        c->failed_jobs += j->plan.failed;
        if (j->plan.failed) {
            check_failure(c, j);
        } else if (j->plan.pinned) {
            if (j->plan.poisoned) cluster_wrong(c, "a poisoned job ended well");
            if (!plan_has_right_result(&j->plan)) cluster_wrong(c, "a result is wrong");
        } else if (!j->cancels)
            cluster_wrong(c, "a job ended without a result");
    }
    check_counts(c, &n);
    if (n.rerun > n.failed + n.blocks_lost + n.blocks_freed + n.attempts_lost + n.restarted)
        cluster_wrong(c, "more was run again than was lost");
}
