/* coordinator/scheduler_state.c - the scheduler's tables; see scheduler_state.h. All memory is taken here, by
 * the events that bring a worker, a job or a stage; every other event only moves what is there. */
#include "coordinator/scheduler_state.h"

#include <string.h>

#include "common/hash.h"
#include "coordinator/placement.h"

enum { ACTIONS_FIRST = 16 }; /* what is reported before anything has come is answered too */

/* ---- jobs ---- */

static int32_t table_slot(const weft_scheduler *s, uint64_t id)
{
    int32_t i = (int32_t)(weft_hash_u64(id) & (uint64_t)(s->job_capacity - 1));
    while (s->job_table[i] != NULL && s->job_table[i]->id != id) i = (i + 1) & (s->job_capacity - 1);
    return i;
}

job *scheduler_find_job(const weft_scheduler *s, uint64_t id)
{
    return s->job_capacity == 0 ? NULL : s->job_table[table_slot(s, id)];
}

static weft_status table_grow(weft_ctx *ctx, weft_scheduler *s)
{
    weft_status st = WEFT_OK;
    job **table = NULL;
    const int32_t capacity = s->job_capacity == 0 ? 16 : s->job_capacity * 2;
    if ((s->job_count + 1) * 2 <= s->job_capacity) return WEFT_OK;
    WEFT_TRY(st,
             weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*table), (void **)&table));
    weft_mem_free(s->job_table);
    s->job_table = table;
    s->job_capacity = capacity;
    for (job *j = s->first_job; j != NULL; j = j->next) s->job_table[table_slot(s, j->id)] = j;
done:
    return st;
}

weft_status scheduler_add_job(weft_ctx *ctx, weft_scheduler *s, const weft_event *e)
{
    weft_status st = WEFT_OK;
    job *j = NULL;
    WEFT_TRY(st, table_grow(ctx, s));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*j), (void **)&j));
    j->id = e->job;
    j->number = s->next_number++;
    j->attempts = weft_max_i32(1, weft_min_i32(e->attempts, UINT8_MAX));
    j->seed = e->seed;
    j->wait_ns = e->wait_ns;
    j->first_attempt = e->first_attempt;
    j->recorded = e->recorded;
    j->record_number = j->recorded_number = e->number;
    j->prev = s->last_job;
    if (s->last_job != NULL)
        s->last_job->next = j;
    else
        s->first_job = j;
    s->last_job = j;
    s->job_table[table_slot(s, j->id)] = j;
    s->job_count++;
done:
    return st;
}

/* Linear probing without marks for what was removed: what stands behind the hole and would not be found any
 * more moves into it. */
static void table_remove(weft_scheduler *s, uint64_t id)
{
    const int32_t mask = s->job_capacity - 1;
    int32_t hole = table_slot(s, id);
    for (int32_t i = (hole + 1) & mask; s->job_table[i] != NULL; i = (i + 1) & mask) {
        const int32_t home = (int32_t)(weft_hash_u64(s->job_table[i]->id) & (uint64_t)mask);
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        s->job_table[hole] = s->job_table[i];
        hole = i;
    }
    s->job_table[hole] = NULL;
}

static void stage_free(stage *st)
{
    weft_mem_free(st->task);
    weft_mem_free(st->order);
    weft_mem_free(st->inputs);
    weft_mem_free(st->runs);
    weft_mem_free(st);
}

void scheduler_remove_job(weft_scheduler *s, job *j)
{
    for (int32_t i = 0; i < j->stage_count; i++) {
        if (j->stages[i] == NULL) continue;
        scheduler_list(s, j->stages[i], false);
        stage_free(j->stages[i]);
        s->stage_total--;
    }
    table_remove(s, j->id);
    s->job_count--;
    if (j->next != NULL)
        j->next->prev = j->prev;
    else
        s->last_job = j->prev;
    if (j->prev != NULL)
        j->prev->next = j->next;
    else
        s->first_job = j->next;
    weft_mem_free(j->stages);
    weft_mem_free(j);
}

/* ---- stages ---- */

stage *scheduler_find_stage(const weft_scheduler *s, uint64_t job_id, int32_t id)
{
    const job *j = scheduler_find_job(s, job_id);
    return j == NULL || id < 0 || id >= j->stage_count ? NULL : j->stages[id];
}

/* A shuffle of the task numbers that depends on the seed and the stage alone (Fisher and Yates). */
static void shuffle_tasks(stage *st, uint64_t seed)
{
    for (int32_t i = 0; i < st->tasks; i++) st->order[i] = i;
    uint64_t state = weft_hash_combine(seed, weft_hash_u64((uint64_t)st->id));
    for (int32_t i = st->tasks - 1; i > 0; i--) {
        state = weft_hash_u64(state + 1);
        const int32_t other = (int32_t)(state % (uint64_t)(i + 1));
        const int32_t swap = st->order[i];
        st->order[i] = st->order[other];
        st->order[other] = swap;
    }
}

static weft_status stages_grow(weft_ctx *ctx, job *j, int32_t id)
{
    weft_status st = WEFT_OK;
    if (id >= j->stage_capacity) {
        const int32_t capacity = weft_max_i32(16, (int32_t)weft_pow2_ceil((uint64_t)id + 1));
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(stage *),
                                     (void **)&j->stages));
        j->stage_capacity = capacity;
    }
    while (j->stage_count <= id) j->stages[j->stage_count++] = NULL;
done:
    return st;
}

weft_status scheduler_add_stage(weft_ctx *ctx, weft_scheduler *s, job *j, const weft_event *e, stage **out)
{
    weft_status ok = WEFT_OK;
    stage *st = NULL;
    const size_t tasks = (size_t)e->tasks;
    WEFT_TRY(ok, stages_grow(ctx, j, e->stage));
    WEFT_TRY(ok, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*st), (void **)&st));
    st->job = j;
    st->id = e->stage;
    st->determinism = e->determinism;
    st->tasks = st->waiting = e->tasks;
    st->needed = e->needed;
    st->input_count = e->input_count;
    WEFT_TRY(ok, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, tasks * sizeof(task), (void **)&st->task));
    for (int32_t i = 0; i < e->tasks; i++)
        st->task[i] = (task){.worker = NO_WORKER, .next = NO_TASK, .attempt = j->first_attempt};
    st->first_retried = st->last_retried = NO_TASK;
    if (e->input_count > 0) {
        const size_t count = (size_t)e->input_count, bytes = count * sizeof(int32_t);
        WEFT_TRY(ok, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, bytes + count * sizeof(bool),
                                         (void **)&st->inputs));
        memcpy(st->inputs, e->inputs, bytes);
        st->broadcast = (bool *)(st->inputs + count);
        if (e->broadcast != NULL) memcpy(st->broadcast, e->broadcast, count * sizeof(bool));
    }
    if (j->seed != 0) {
        WEFT_TRY(ok, weft_mem_alloc(ctx, WEFT_MEM_WORKING, tasks * sizeof(int32_t), (void **)&st->order));
        shuffle_tasks(st, j->seed);
    }
    if (e->resumed)
        scheduler_resume(st, e);
    else
        WEFT_TRY(ok, placement_deal(ctx, s, st, e->splits));
    j->stages[e->stage] = st;
    s->stage_total++;
    *out = st;
    st = NULL;
done:
    if (st != NULL) stage_free(st);
    return ok;
}

/* Jobs by arrival, stages by id. New stages come last as a rule, so the place is looked for from the end. */
static bool stage_before(const stage *a, const stage *b)
{
    return a->job->number != b->job->number ? a->job->number < b->job->number : a->id < b->id;
}

void scheduler_list(weft_scheduler *s, stage *st, bool launches)
{
    if (st->launches == launches) return;
    st->launches = launches;
    if (!launches) {
        if (st->next != NULL)
            st->next->prev = st->prev;
        else
            s->last_launching = st->prev;
        if (st->prev != NULL)
            st->prev->next = st->next;
        else
            s->first_launching = st->next;
        return;
    }
    stage *after = s->last_launching;
    while (after != NULL && stage_before(st, after)) after = after->prev;
    st->prev = after;
    st->next = after == NULL ? s->first_launching : after->next;
    if (st->next != NULL)
        st->next->prev = st;
    else
        s->last_launching = st;
    if (after != NULL)
        after->next = st;
    else
        s->first_launching = st;
}

/* ---- workers ---- */

/* The first worker whose id is not lower. */
static int32_t worker_place(const weft_scheduler *s, int32_t id)
{
    int32_t low = 0, high = s->worker_count;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (s->workers[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

worker *scheduler_find_worker(const weft_scheduler *s, int32_t id)
{
    const int32_t i = worker_place(s, id);
    return i < s->worker_count && s->workers[i].id == id ? &s->workers[i] : NULL;
}

static void worker_count(weft_scheduler *s, const worker *w, int32_t sign)
{
    s->aside += sign * (w->aside_until != INT64_MIN);
    if (!worker_is_usable(w)) return;
    s->usable += sign;
    s->free_slots += sign * weft_max_i32(0, w->slots - w->running);
    s->slots += sign * w->slots;
}

void scheduler_worker_out(weft_scheduler *s, const worker *w) { worker_count(s, w, -1); }
void scheduler_worker_in(weft_scheduler *s, const worker *w) { worker_count(s, w, 1); }

weft_status scheduler_add_worker(weft_ctx *ctx, weft_scheduler *s, const weft_event *e)
{
    weft_status st = WEFT_OK;
    const int32_t i = worker_place(s, e->worker);
    if (s->worker_count == s->worker_capacity) {
        const int32_t capacity = s->worker_capacity == 0 ? 16 : s->worker_capacity * 2;
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(worker),
                                     (void **)&s->workers));
        s->worker_capacity = capacity;
    }
    memmove(&s->workers[i + 1], &s->workers[i], (size_t)(s->worker_count - i) * sizeof(worker));
    s->workers[i] = (worker){.id = e->worker, .slots = e->slots, .host = e->host, .aside_until = INT64_MIN};
    s->worker_count++;
    scheduler_worker_in(s, &s->workers[i]);
done:
    return st;
}

void scheduler_remove_worker(weft_scheduler *s, worker *w)
{
    const int32_t i = (int32_t)(w - s->workers);
    scheduler_worker_out(s, w);
    memmove(w, w + 1, (size_t)(s->worker_count - i - 1) * sizeof(*w));
    s->worker_count--;
}

/* ---- looking ---- */

void weft_scheduler_count(const weft_scheduler *s, weft_scheduler_counts *out) { *out = s->counts; }

void weft_scheduler_progress(const weft_scheduler *s, uint64_t job_id, int64_t *tasks, int64_t *running,
                             int64_t *done)
{
    const job *j = scheduler_find_job(s, job_id);
    *tasks = *running = *done = 0;
    for (int32_t i = 0; j != NULL && i < j->stage_count; i++) {
        if (j->stages[i] == NULL) continue;
        *tasks += j->stages[i]->tasks;
        *running += j->stages[i]->running;
        *done += j->stages[i]->tasks - j->stages[i]->waiting - j->stages[i]->running - j->stages[i]->unknown;
    }
}

bool weft_scheduler_is_finished(const weft_scheduler *s, uint64_t job_id, int32_t stage_id)
{
    const stage *st = scheduler_find_stage(s, job_id, stage_id);
    return st != NULL && st->waiting + st->running + st->unknown == 0;
}

bool weft_scheduler_is_read(const weft_scheduler *s, uint64_t job_id, int32_t stage_id)
{
    const job *j = scheduler_find_job(s, job_id);
    for (int32_t i = stage_id + 1; j != NULL && i < j->stage_count; i++) {
        const stage *st = j->stages[i];
        for (int32_t k = 0; st != NULL && k < st->input_count && st->waiting + st->running + st->unknown > 0;
             k++)
            if (st->inputs[k] == stage_id) return true;
    }
    return false;
}

bool weft_scheduler_block(const weft_scheduler *s, uint64_t job_id, int32_t stage_id, int32_t partition,
                          int32_t *generation, int32_t *attempt, int32_t *worker_id)
{
    const stage *st = scheduler_find_stage(s, job_id, stage_id);
    if (st == NULL || partition < 0 || partition >= st->tasks || st->task[partition].state != TASK_DONE)
        return false;
    *generation = st->generation;
    *attempt = st->task[partition].attempt;
    *worker_id = st->task[partition].worker;
    return true;
}

/* ---- life ---- */

weft_status weft_scheduler_new(weft_ctx *ctx, const weft_scheduler_options *options, weft_scheduler **out)
{
    weft_status st = WEFT_OK;
    weft_scheduler *s = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->account = ctx->memory;
    s->options = *options;
    s->idle_since = INT64_MIN;
    s->due_ns = INT64_MAX;
    WEFT_TRY(
        st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, ACTIONS_FIRST * sizeof(weft_action), (void **)&s->actions));
    s->action_capacity = ACTIONS_FIRST;
    *out = s;
    s = NULL;
done:
    weft_mem_free(s);
    return st;
}

void weft_scheduler_free(weft_scheduler **scheduler)
{
    weft_scheduler *s = *scheduler;
    *scheduler = NULL;
    if (s == NULL) return;
    while (s->first_job != NULL) scheduler_remove_job(s, s->first_job);
    weft_mem_free(s->job_table);
    weft_mem_free(s->workers);
    weft_mem_free(s->actions);
    weft_mem_free(s);
}

/* ---- what others ask ---- */

bool weft_scheduler_has_worker(const weft_scheduler *s, int32_t id)
{
    return scheduler_find_worker(s, id) != NULL;
}

bool weft_scheduler_has_room(const weft_scheduler *s, int32_t id)
{
    const worker *w = scheduler_find_worker(s, id);
    return w != NULL && worker_is_usable(w) && w->running < w->slots;
}

weft_locality weft_scheduler_locality(const weft_scheduler *s, const weft_block_name *name)
{
    const stage *st = scheduler_find_stage(s, name->job, name->stage);
    if (st == NULL || st->generation != name->generation || name->partition < 0 ||
        name->partition >= st->tasks || st->task[name->partition].attempt != name->attempt)
        return WEFT_ANY;
    return (weft_locality)st->task[name->partition].locality;
}

int64_t weft_scheduler_due(const weft_scheduler *s) { return s->due_ns; }

int32_t weft_scheduler_count_running(const weft_scheduler *s, int32_t id)
{
    const worker *w = scheduler_find_worker(s, id);
    return w == NULL ? 0 : w->running;
}

/* The task whose present attempt this is, on this worker; else NULL. */
static const task *find_attempt(const weft_scheduler *s, int32_t id, const weft_block_name *name)
{
    const stage *st = scheduler_find_stage(s, name->job, name->stage);
    if (st == NULL || st->generation != name->generation || name->partition < 0 ||
        name->partition >= st->tasks)
        return NULL;
    const task *t = &st->task[name->partition];
    return t->worker == id && t->attempt == name->attempt ? t : NULL;
}

bool weft_scheduler_wants(const weft_scheduler *s, int32_t id, const weft_block_name *name)
{
    const task *t = find_attempt(s, id, name);
    return t != NULL && (t->state == TASK_RUNNING || t->state == TASK_DONE);
}

bool weft_scheduler_awaits(const weft_scheduler *s, int32_t id, const weft_block_name *name)
{
    const task *t = find_attempt(s, id, name);
    return t != NULL && t->state == TASK_RUNNING;
}

static int32_t collect_running(const weft_scheduler *s, int32_t id, weft_block_name *names)
{
    int32_t count = 0;
    for (const job *j = s->first_job; j != NULL; j = j->next)
        for (int32_t i = 0; i < j->stage_count; i++) {
            const stage *st = j->stages[i];
            for (int32_t p = 0; st != NULL && st->running > 0 && p < st->tasks; p++) {
                if (st->task[p].state != TASK_RUNNING || st->task[p].worker != id) continue;
                if (names != NULL)
                    names[count] = (weft_block_name){.job = j->id,
                                                     .stage = st->id,
                                                     .generation = st->generation,
                                                     .partition = p,
                                                     .attempt = st->task[p].attempt};
                count++;
            }
        }
    return count;
}

weft_status weft_scheduler_running(weft_ctx *ctx, const weft_scheduler *s, int32_t id, weft_block_name **out,
                                   int32_t *count)
{
    weft_status st = WEFT_OK;
    *count = collect_running(s, id, NULL);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, *count, out));
    collect_running(s, id, *out);
done:
    return st;
}

void weft_scheduler_each_running(const weft_scheduler *s, uint64_t id, int32_t number,
                                 void (*take)(void *self, const weft_block_name *name, int32_t worker,
                                              weft_locality locality),
                                 void *self)
{
    const stage *st = scheduler_find_stage(s, id, number);
    for (int32_t p = 0; st != NULL && st->running > 0 && p < st->tasks; p++) {
        const task *t = &st->task[p];
        const weft_block_name name = {
            .job = id, .stage = number, .generation = st->generation, .partition = p, .attempt = t->attempt};
        if (t->state == TASK_RUNNING) take(self, &name, t->worker, (weft_locality)t->locality);
    }
}

void weft_scheduler_count_job(const weft_scheduler *s, uint64_t id, weft_scheduler_counts *out)
{
    const job *j = scheduler_find_job(s, id);
    *out = j == NULL ? (weft_scheduler_counts){0} : j->counts;
}

void weft_scheduler_count_stage(const weft_scheduler *s, uint64_t id, int32_t number, weft_stage_counts *out)
{
    const stage *st = scheduler_find_stage(s, id, number);
    *out = st == NULL ? (weft_stage_counts){0}
                      : (weft_stage_counts){.waiting = st->waiting, .running = st->running, .done = st->done};
}
