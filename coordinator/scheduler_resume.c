/* coordinator/scheduler_resume.c - stages of an earlier leader, and what must be durable before a job goes
 * on; see scheduler.h. A task of a resumed stage is never in the list of those that were not launched yet: it
 * waits as one that ran before, so that a block of it can be found at any time. */
#include "coordinator/placement.h"
#include "coordinator/scheduler_state.h"

void scheduler_resume(stage *st, const weft_event *e)
{
    st->generation = e->generation;
    st->resumed = st->held = true;
    st->complete = e->complete;
    st->started = true; /* attempts may be anywhere */
    st->read = st->asked = st->kept = e->accepted != NULL;
    st->waiting = 0;
    st->unknown = st->first_waiting = st->tasks;
    for (int32_t p = 0; p < st->tasks; p++) {
        st->task[p].state = TASK_UNKNOWN;
        st->task[p].attempt = e->accepted == NULL ? NO_ATTEMPT : e->accepted[p];
    }
}

/* The task of an attempt that an earlier leader launched; NULL: it counts no more. */
static task *find_foreign(const weft_scheduler *s, const weft_event *e, stage **st)
{
    *st = scheduler_find_stage(s, e->job, e->stage);
    if (*st == NULL || !(*st)->resumed || (*st)->generation != e->generation || e->partition < 0 ||
        e->partition >= (*st)->tasks || e->attempt >= (*st)->job->first_attempt)
        return NULL;
    return scheduler_find_worker(s, e->worker) == NULL ? NULL : &(*st)->task[e->partition];
}

/* Nothing of it was launched here: its next attempt is the first. Once one was, an earlier leader's would
 * take the place of its number, and a later attempt would have it again. */
static bool is_untouched(const stage *st, const task *t) { return t->attempt <= st->job->first_attempt; }

/* Is the block of this attempt one that is looked for? */
static bool is_looked_for(const stage *st, const task *t, int32_t attempt)
{
    switch ((task_state)t->state) {
    case TASK_UNKNOWN:
    case TASK_GONE: return t->attempt == NO_ATTEMPT || t->attempt == attempt;
    case TASK_WAITING: return is_untouched(st, t);
    case TASK_RUNNING:
    case TASK_DONE: break;
    }
    return false;
}

bool scheduler_found(weft_scheduler *s, const weft_event *e)
{
    stage *st = NULL;
    task *t = find_foreign(s, e, &st);
    if (t == NULL || !is_looked_for(st, t, e->attempt)) return false;
    scheduler_become(st, t, TASK_DONE);
    t->attempt = e->attempt;
    t->worker = e->worker;
    t->kib = (uint32_t)weft_min_i64((e->bytes + 1023) / 1024, UINT32_MAX);
    t->remade = false;
    st->moved++;
    if (e->run_ns > 0) st->run_ns = st->run_ns == 0 ? e->run_ns : (st->run_ns * 7 + e->run_ns) / 8;
    SCHEDULER_COUNT(s, st->job, found);
    weft_action *a = scheduler_act(s, WEFT_ACTION_ACCEPT, st);
    a->partition = e->partition;
    a->attempt = e->attempt;
    a->worker = e->worker;
    scheduler_may_be_done(s, st);
    return true;
}

bool weft_scheduler_finds(const weft_scheduler *s, int32_t worker_id, const weft_block_name *name)
{
    stage *st = NULL;
    const weft_event e = {.worker = worker_id,
                          .job = name->job,
                          .stage = name->stage,
                          .generation = name->generation,
                          .partition = name->partition,
                          .attempt = name->attempt};
    const task *t = find_foreign(s, &e, &st);
    return t != NULL && is_looked_for(st, t, name->attempt);
}

/* What runs goes on, unless the task's block is known to be of another attempt. */
void scheduler_runs(weft_scheduler *s, const weft_event *e)
{
    stage *st = NULL;
    task *t = find_foreign(s, e, &st);
    const bool open = t != NULL && ((t->state == TASK_WAITING && is_untouched(st, t)) ||
                                    (t->state == TASK_UNKNOWN && t->attempt == NO_ATTEMPT));
    if (!open) return;
    worker *w = scheduler_find_worker(s, e->worker);
    for (int32_t i = 0; i < st->input_count; i++) st->job->stages[st->inputs[i]]->read = true;
    scheduler_become(st, t, TASK_RUNNING);
    t->attempt = e->attempt;
    t->worker = e->worker;
    t->locality = WEFT_ANY;
    scheduler_worker_out(s, w);
    w->running++;
    scheduler_worker_in(s, w);
    SCHEDULER_COUNT(s, st->job, adopted);
    scheduler_relist(s, st->job);
}

static void end_hold(weft_scheduler *s, stage *st)
{
    st->held = false;
    for (int32_t p = 0; p < st->tasks && st->unknown > 0; p++) {
        task *t = &st->task[p];
        if (t->state != TASK_UNKNOWN) continue;
        if (st->complete || t->attempt != NO_ATTEMPT) {
            scheduler_become(st, t, TASK_GONE);
            SCHEDULER_COUNT(s, st->job, blocks_lost);
            continue;
        }
        scheduler_become(st, t, TASK_WAITING);
        t->attempt = st->job->first_attempt;
        placement_retry(st, p);
    }
}

void scheduler_recovered(weft_scheduler *s)
{
    for (job *j = s->first_job; j != NULL; j = j->next) {
        for (int32_t i = 0; i < j->stage_count; i++)
            if (j->stages[i] != NULL && j->stages[i]->held) end_hold(s, j->stages[i]);
        scheduler_restore(s, j);
    }
}

/* ---- records ---- */

void scheduler_recording(weft_scheduler *s, const weft_event *e)
{
    job *j = scheduler_find_job(s, e->job);
    if (j == NULL || j->recorded) return;
    j->recorded = true;
    j->record_number = j->recorded_number = e->number;
    for (int32_t i = 0; i < j->stage_count; i++) {
        stage *st = j->stages[i];
        if (st != NULL && st->determinism == WEFT_INDETERMINATE && st->read) st->asked = st->kept = true;
    }
    scheduler_relist(s, j);
}

void scheduler_recorded(weft_scheduler *s, const weft_event *e)
{
    job *j = scheduler_find_job(s, e->job);
    if (j == NULL) return;
    if (e->record == WEFT_RECORD_GENERATION) {
        j->recorded_number = weft_max_i32(j->recorded_number, weft_min_i32(e->number, j->record_number));
    } else {
        stage *st = scheduler_find_stage(s, e->job, e->stage);
        if (st != NULL && st->generation == e->generation && st->asked) st->kept = true;
    }
    scheduler_relist(s, j);
}

void weft_scheduler_accepted(const weft_scheduler *s, uint64_t job_id, int32_t stage_id, int32_t *attempts)
{
    const stage *st = scheduler_find_stage(s, job_id, stage_id);
    for (int32_t p = 0; st != NULL && p < st->tasks; p++) {
        const task *t = &st->task[p];
        const bool known = t->state == TASK_DONE || t->state == TASK_GONE || t->state == TASK_UNKNOWN;
        attempts[p] = known ? t->attempt : NO_ATTEMPT;
    }
}

bool weft_scheduler_is_kept(const weft_scheduler *s, uint64_t job_id, int32_t stage_id, bool *read)
{
    const stage *st = scheduler_find_stage(s, job_id, stage_id);
    *read = st != NULL && st->read;
    return st != NULL && st->determinism == WEFT_INDETERMINATE;
}
