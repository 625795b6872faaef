/* coordinator/scheduler_check.c - does the scheduler's state add up? For tests and simulation: it walks all
 * of it, and counts again what the transitions keep counted. */
#include "common/hash.h"
#include "coordinator/scheduler_state.h"

static int32_t not_launched(const stage *st)
{
    int32_t count = st->run_count > 0 ? 0 : st->tasks - st->first_waiting;
    for (int32_t i = 0; i < st->run_count; i++) count += st->runs[i].last - st->runs[i].first;
    return count;
}

static const char *check_tasks(const weft_scheduler *s, const stage *st)
{
    int32_t waiting = 0, running = 0, done = 0, unknown = 0, fresh = 0, retried = 0, last = NO_TASK;
    for (int32_t p = 0; p < st->tasks; p++) {
        const task *t = &st->task[p];
        waiting += t->state == TASK_WAITING;
        running += t->state == TASK_RUNNING;
        done += t->state == TASK_DONE;
        unknown += t->state == TASK_UNKNOWN;
        if ((t->state == TASK_RUNNING || t->state == TASK_DONE) &&
            scheduler_find_worker(s, t->worker) == NULL)
            return "a task runs, or its block lies, on a worker that there is not";
        fresh += t->state == TASK_WAITING && !t->retried;
        retried += t->retried;
    }
    for (int32_t p = st->first_retried; p != NO_TASK && retried > 0; p = st->task[p].next) {
        last = p;
        retried--;
    }
    if (retried != 0 || last != st->last_retried || (last != NO_TASK && st->task[last].next != NO_TASK))
        return "the list of tasks that wait again is wrong";
    if (fresh != not_launched(st)) return "a task waits that nobody will find";
    if (waiting != st->waiting || running != st->running || done != st->done || unknown != st->unknown)
        return "a stage miscounts its tasks";
    if (unknown > 0 && !st->held) return "nobody asks what became of a task";
    return NULL;
}

static bool whole(const stage *st) { return st->done == st->tasks; }

static int32_t gone_count(const stage *st)
{
    return st->tasks - st->waiting - st->running - st->done - st->unknown;
}

static const char *check_stage(const weft_scheduler *s, const stage *st)
{
    const char *wrong = check_tasks(s, st);
    bool ready = !st->held && (!st->job->recorded || st->record <= st->job->recorded_number);
    if (wrong != NULL) return wrong;
    for (int32_t i = 0; i < st->input_count; i++) {
        const stage *in = st->job->stages[st->inputs[i]];
        const int32_t gone = gone_count(in);
        const bool keeps = st->job->recorded && in->determinism == WEFT_INDETERMINATE;
        ready &= whole(in) && (!keeps || in->kept);
        if (st->waiting > 0 && gone > 0 && !st->job->failed)
            return "nobody makes again what a task waits for";
        if (st->running > 0 && !in->read) return "a stage runs, but its input does not know that it was read";
    }
    if (st->needed && gone_count(st) > 0 && !st->job->failed) return "nobody makes again what is needed";
    if (st->launches != (st->waiting > 0 && ready && !st->job->failed))
        return "the list of stages that may launch is wrong";
    if (st->job->seed == 0 && (st->order != NULL)) return "a stage without a seed is shuffled";
    return NULL;
}

/* A slot is free, and tasks of the stage could run in it. */
static const char *check_held(const weft_scheduler *s, const stage *st)
{
    const int64_t waited = s->now_ns - st->held_ns;
    const bool half = waited >= st->wait_ns / 2;
    bool alive = false;
    if (st->near_count == 0) return "a slot is free and a task could run in it";
    for (int32_t p = st->first_retried; p != NO_TASK; p = st->task[p].next)
        if (st->task[p].state == TASK_WAITING) return "a task waits for a better slot though it did before";
    for (int32_t i = 0; i < st->near_count; i++) {
        const worker *w = scheduler_find_worker(s, st->near[i].worker);
        alive |= w != NULL && worker_is_usable(w);
        for (int32_t k = 0; k < s->worker_count; k++) {
            const worker *other = &s->workers[k];
            const bool host = other->host != 0 && other->host == st->near[i].host;
            if (worker_is_usable(other) && other->running < other->slots && (w == other || (host && half)))
                return "a slot is free near what a waiting task reads";
        }
    }
    if (!alive) return "a task waits for a slot of workers that there are not";
    if (st->held_ns > s->now_ns || waited >= st->wait_ns || st->wait_ns > st->job->wait_ns)
        return "a task waits too long for a better slot";
    if (s->due_ns > st->held_ns + (half ? st->wait_ns : st->wait_ns / 2))
        return "nobody is told when a task stops waiting for a better slot";
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
    const char *wrong = NULL;
    for (const stage *st = s->first_launching; st != NULL && free_slots > 0 && wrong == NULL; st = st->next)
        wrong = check_held(s, st);
    return wrong;
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
    if (st->resumed || st->asked || st->record > 0) /* else nothing of that is different */
        h = weft_hash_combine(h, (uint64_t)(uint32_t)st->record * 32 + st->resumed * 16U + st->held * 8U +
                                     st->complete * 4U + st->asked * 2U + st->kept);
    for (int32_t p = 0; p < st->tasks; p++) {
        const task *t = &st->task[p];
        h = weft_hash_combine(h, (uint64_t)t->state << 56 | (uint64_t)t->failures << 48 |
                                     (uint64_t)t->crashes << 40 | (uint64_t)t->misses << 32 |
                                     (uint64_t)t->fetches << 24 | (uint64_t)(uint32_t)t->attempt);
        h = weft_hash_combine(h, (uint64_t)(uint32_t)t->worker << 1 | t->remade);
        h = weft_hash_combine(h, (uint64_t)t->kib << 32 | (uint32_t)t->next);
    }
    h = weft_hash_combine(h, (uint64_t)(uint32_t)st->first_waiting << 32 | (uint32_t)st->first_retried);
    for (int32_t i = 0; i < st->run_count; i++)
        h = weft_hash_combine(h, (uint64_t)(uint32_t)st->runs[i].first << 32 | (uint32_t)st->runs[i].last);
    for (int32_t i = 0; i < st->near_count; i++)
        h = weft_hash_combine(h, (uint64_t)(uint32_t)st->near[i].worker << 8 | (uint8_t)st->near[i].eighths);
    return weft_hash_combine(h, (uint64_t)st->held_ns + (uint64_t)st->wait_ns);
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
