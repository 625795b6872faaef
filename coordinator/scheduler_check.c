/* coordinator/scheduler_check.c - does the scheduler's state add up? For tests and simulation: it walks all
 * of it, and counts again what the transitions keep counted. */
#include "common/hash.h"
#include "coordinator/scheduler_state.h"

static const char *check_tasks(const weft_scheduler *s, const stage *st)
{
    int32_t waiting = 0, running = 0, done = 0;
    for (int32_t p = 0; p < st->tasks; p++) {
        const task *t = &st->task[p];
        waiting += t->state == TASK_WAITING;
        running += t->state == TASK_RUNNING;
        done += t->state == TASK_DONE;
        if ((t->state == TASK_RUNNING || t->state == TASK_DONE) &&
            scheduler_find_worker(s, t->worker) == NULL)
            return "a task runs, or its block lies, on a worker that there is not";
        if (t->state == TASK_WAITING && st->order == NULL && p < st->first_waiting)
            return "a waiting task stands before the first one";
    }
    if (waiting != st->waiting || running != st->running || done != st->done)
        return "a stage miscounts its tasks";
    return NULL;
}

static bool whole(const stage *st) { return st->done == st->tasks; }

static const char *check_stage(const weft_scheduler *s, const stage *st)
{
    const char *wrong = check_tasks(s, st);
    bool inputs_whole = true;
    if (wrong != NULL) return wrong;
    for (int32_t i = 0; i < st->input_count; i++) {
        const stage *in = st->job->stages[st->inputs[i]];
        const int32_t gone = in->tasks - in->waiting - in->running - in->done;
        inputs_whole &= whole(in);
        if (st->waiting > 0 && gone > 0 && !st->job->failed)
            return "nobody makes again what a task waits for";
        if (st->running > 0 && !in->read) return "a stage runs, but its input does not know that it was read";
    }
    if (st->needed && st->tasks > st->waiting + st->running + st->done && !st->job->failed)
        return "nobody makes again what is needed";
    if (st->launches != (st->waiting > 0 && inputs_whole && !st->job->failed))
        return "the list of stages that may launch is wrong";
    if (st->job->seed == 0 && (st->order != NULL)) return "a stage without a seed is shuffled";
    return NULL;
}

static const char *check_workers(const weft_scheduler *s)
{
    int32_t free_slots = 0, usable = 0, aside = 0;
    for (int32_t i = 0; i < s->worker_count; i++) {
        const worker *w = &s->workers[i];
        int32_t running = 0;
        for (const job *j = s->first_job; j != NULL; j = j->next)
            for (int32_t k = 0; k < j->stage_count; k++)
                for (int32_t p = 0; j->stages[k] != NULL && p < j->stages[k]->tasks; p++)
                    running += j->stages[k]->task[p].state == TASK_RUNNING &&
                               j->stages[k]->task[p].worker == w->id;
        if (running != w->running) return "a worker miscounts its running tasks";
        if (worker_is_usable(w)) free_slots += weft_max_i32(0, w->slots - w->running);
        usable += worker_is_usable(w);
        aside += w->aside_until != INT64_MIN;
        if (i > 0 && s->workers[i - 1].id >= w->id) return "workers are not sorted";
    }
    if (free_slots != s->free_slots || usable != s->usable || aside != s->aside)
        return "free slots are miscounted";
    if (usable == 0 && aside > 0) return "no worker is usable, and some are set aside";
    if (free_slots > 0 && s->first_launching != NULL) return "a slot is free and a task could run in it";
    return NULL;
}

const char *weft_scheduler_check(const weft_scheduler *s)
{
    int32_t jobs = 0, stages = 0, listed = 0;
    for (const job *j = s->first_job; j != NULL; j = j->next) {
        jobs++;
        if (scheduler_find_job(s, j->id) != j) return "a job is not found by its id";
        for (int32_t i = 0; i < j->stage_count; i++) {
            if (j->stages[i] == NULL) continue;
            stages++;
            listed += j->stages[i]->launches;
            const char *wrong = check_stage(s, j->stages[i]);
            if (wrong != NULL) return wrong;
        }
    }
    for (const stage *st = s->first_launching; st != NULL; st = st->next) listed--;
    if (jobs != s->job_count || stages != s->stage_total || listed != 0)
        return "jobs or stages are miscounted";
    return check_workers(s);
}

static uint64_t digest_stage(uint64_t h, const stage *st)
{
    h = weft_hash_combine(h, weft_hash_u64((uint64_t)st->id << 32 | (uint32_t)st->generation));
    h = weft_hash_combine(h, st->moved * 16U + st->needed * 8U + st->read * 2U + st->started);
    for (int32_t p = 0; p < st->tasks; p++) {
        const task *t = &st->task[p];
        h = weft_hash_combine(h, (uint64_t)t->state << 56 | (uint64_t)t->failures << 48 |
                                     (uint64_t)t->crashes << 40 | (uint64_t)t->misses << 32 |
                                     (uint64_t)t->fetches << 24 | (uint64_t)t->attempt);
        h = weft_hash_combine(h, (uint64_t)(uint32_t)t->worker << 1 | t->remade);
    }
    return h;
}

uint64_t weft_scheduler_digest(const weft_scheduler *s)
{
    uint64_t h = weft_hash_u64((uint64_t)s->job_count);
    for (const job *j = s->first_job; j != NULL; j = j->next) {
        h = weft_hash_combine(h, weft_hash_u64(j->id) + j->failed * 2U + j->pinned);
        for (int32_t i = 0; i < j->stage_count; i++)
            if (j->stages[i] != NULL) h = digest_stage(h, j->stages[i]);
    }
    for (int32_t i = 0; i < s->worker_count; i++) {
        const worker *w = &s->workers[i];
        h = weft_hash_combine(h, (uint64_t)(uint32_t)w->id << 32 | (uint32_t)w->slots);
        h = weft_hash_combine(h, (uint64_t)(uint32_t)w->running << 8 |
                                     (uint64_t)(w->strikes + w->misses) << 1 | w->silent);
        h = weft_hash_combine(h, (uint64_t)w->aside_until);
    }
    return weft_hash_combine(h, (uint64_t)s->idle_since);
}
