/* tests/simulation/deaths.c - see world.h: the workers that died under each task, counted once more from what
 * the scheduler was told and what it ordered. A job fails as soon as one of its tasks has had as many as are
 * allowed, and by the loss of workers for no other reason. */
#include "tests/simulation/world.h"

static watch *watch_of(world *w, uint64_t job, int32_t stage, int32_t partition)
{
    const job_plan *j = driver_job(w, job);
    return j == NULL ? NULL : &w->watched[j - w->jobs][stage][partition];
}

void deaths_before(world *w, const weft_event *e)
{
    if (e->kind == WEFT_EVENT_DONE || e->kind == WEFT_EVENT_FAILED) {
        watch *t = watch_of(w, e->job, e->stage, e->partition);
        if (t != NULL && t->generation == e->generation && t->attempt == e->attempt && t->worker == e->worker)
            t->runs = false;
    }
    for (int32_t i = 0; i < w->job_count && e->kind == WEFT_EVENT_WORKER_LOST; i++)
        for (int32_t s = 0; s < w->jobs[i].stage_count; s++)
            for (int32_t p = 0; p < w->jobs[i].stages[s].tasks; p++) {
                watch *t = &w->watched[i][s][p];
                if (!t->runs || t->worker != e->worker) continue;
                t->runs = false;
                t->deaths++;
            }
}

static void check_failure(world *w, const weft_action *a)
{
    const watch *t = watch_of(w, a->job, a->stage, a->partition);
    if (a->status == WEFT_WORKER_LOST && t != NULL && t->deaths < w->options.crashes_most)
        world_wrong(w, "a job failed by the loss of workers though fewer died under its task than may");
}

static bool fails(const weft_action *actions, int32_t count, uint64_t job)
{
    for (int32_t i = 0; i < count; i++)
        if (actions[i].kind == WEFT_ACTION_JOB_FAILED && actions[i].job == job) return true;
    return false;
}

/* A worker was lost: jobs of which a task has taken down enough fail in this very step. */
static void check_losses(world *w, const weft_action *actions, int32_t count)
{
    for (int32_t i = 0; i < w->job_count; i++) {
        const job_plan *j = &w->jobs[i];
        int32_t most = 0;
        for (int32_t s = 0; s < j->stage_count && !j->ended; s++)
            for (int32_t p = 0; p < j->stages[s].tasks; p++)
                most = weft_max_i32(most, w->watched[i][s][p].deaths);
        if (most >= w->options.crashes_most && !fails(actions, count, j->id))
            world_wrong(w, "as many workers died under a task as may, and its job goes on");
    }
}

static void note_launch(world *w, const weft_action *a)
{
    watch *t = watch_of(w, a->job, a->stage, a->partition);
    if (t == NULL) return;
    if (t->runs) world_wrong(w, "a task was launched that runs already");
    t->runs = true;
    t->generation = a->generation;
    t->attempt = a->attempt;
    t->worker = a->worker;
}

/* Nobody waits for attempts of the generation before. */
static void note_again(world *w, const weft_action *a)
{
    const job_plan *j = driver_job(w, a->job);
    for (int32_t p = 0; j != NULL && p < j->stages[a->stage].tasks; p++)
        w->watched[j - w->jobs][a->stage][p].runs = false;
}

void deaths_after(world *w, const weft_event *e, const weft_action *actions, int32_t count)
{
    if (e->kind == WEFT_EVENT_WORKER_LOST) check_losses(w, actions, count);
    for (int32_t i = 0; i < count; i++) {
        const weft_action *a = &actions[i];
        if (a->kind == WEFT_ACTION_LAUNCH) note_launch(w, a);
        if (a->kind == WEFT_ACTION_AGAIN) note_again(w, a);
        if (a->kind == WEFT_ACTION_JOB_FAILED) check_failure(w, a);
    }
}
