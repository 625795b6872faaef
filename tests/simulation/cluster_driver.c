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
    cluster_plan(c, delay, (happening){.kind = DRIVES, .job = (int32_t)(j - c->jobs)});
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

/* ---- stages ---- */

static void issue_stage(cluster *c, sim_job *j, int32_t shape)
{
    const stage_plan *sp = &j->plan.stages[shape];
    const int32_t id = j->core.stage_count;
    int32_t inputs[STAGES_MAX];
    weft_core_stage *s = &j->stages[id];
    j->id_of[shape] = id;
    j->shape_of[id] = shape;
    for (int32_t i = 0; i < sp->input_count; i++) {
        inputs[i] = j->id_of[sp->inputs[i]];
        /* what is read whole by all may be passed on */
        j->inputs[id][i] = (weft_stage_input){
            .stage_id = inputs[i], .mode = sp->broadcast[i] ? WEFT_INPUT_ALL : WEFT_INPUT_PARTITION};
    }
    j->shapes[id] = (weft_stage){.id = id,
                                 .input_count = sp->input_count,
                                 .inputs = j->inputs[id],
                                 .task_count = sp->tasks,
                                 .tasks = j->tasks,
                                 .determinism = sp->determinism};
    j->fragments[id][0] = (uint8_t)(j - c->jobs);
    j->fragments[id][1] = (uint8_t)shape;
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
    j->plan.stages[shape].issued = true;
    j->core.stage_count++;
    must(c, weft_core_stage_begin(c->ctx, c->core, &j->core, inputs, NULL));
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
        if (shape == j->plan.stage_count - 1 || plan_is_read_later(&j->plan, shape)) continue;
        must(c, weft_core_free_unread(c->ctx, c->core, &j->core, id));
    }
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
    weft_core_job_end(c->ctx, c->core, &j->core);
}

static void take_result(cluster *c, sim_job *j)
{
    weft_block_name lost = {0};
    const int32_t id = j->id_of[j->plan.stage_count - 1];
    if (!j->plan.stages[j->plan.stage_count - 1].issued || !weft_core_is_finished(c->core, &j->core, id))
        return;
    if (!read_result(c, j, id, &lost)) {
        if (lost.job != 0) must(c, weft_core_block_lost(c->ctx, c->core, &j->core, &lost));
        return;
    }
    must(c, weft_core_pin(c->ctx, c->core, &j->core));
    j->plan.pinned = j->over = true;
    j->over_at = c->now + dice_range(&c->random, 0, 500000); /* the client reads on */
}

/* ---- the loop ---- */

static void go_on(cluster *c, sim_job *j)
{
    const bool has_news = j->news;
    j->news = false;
    if (j->core.failed) {
        j->plan.failed = true;
        j->plan.status = j->core.failure.status;
        cluster_say(c, "job %llu failed with %d: %s", (unsigned long long)j->plan.id, (int)j->plan.status,
                    j->core.error.message);
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

void driver_submits(cluster *c, int32_t place)
{
    sim_job *j = &c->jobs[place];
    j->core = (weft_core_job){.id = j->plan.id,
                              .settings = c->ctx->settings,
                              .wait_ns = dice_range(&c->random, 0, 60) * 1000000,
                              .stages = j->list,
                              .changed = on_news,
                              .changed_self = j};
    j->begun = j->news = true;
    must(c, weft_core_job_begin(c->ctx, c->core, &j->core, ATTEMPTS,
                                dice_chance(&c->random, 30) ? dice_next(&c->random) : 0));
    issue(c, j);
    cluster_check_step(c);
    drive_soon(c, j, POLL_US);
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
        if (c->crashes + c->pauses + c->lost + c->cuts + c->partings == 0)
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
    int64_t attempts = 0, failures = 0;
    for (int32_t i = 0; i < c->job_count; i++)
        for (int32_t id = 0; id < STAGES_MAX; id++) {
            attempts += c->jobs[i].stages[id].report.attempts;
            failures += c->jobs[i].stages[id].report.failures;
        }
    if (attempts != n->launched - n->unsent)
        cluster_wrong(c, "attempts of the stages are not those that ran");
    if (failures != n->failed) cluster_wrong(c, "failures of the stages are not those that counted");
}

void driver_check(cluster *c)
{
    weft_scheduler_counts n;
    weft_scheduler_count(weft_core_scheduler(c->core), &n);
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
