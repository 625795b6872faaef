/* coordinator/scheduler.c - see scheduler.h. Arrays only, walked in index order: the same events give the
 * same actions on every machine. */
#include "coordinator/scheduler.h"

#include <assert.h>
#include <string.h>

#include "common/hash.h"

typedef enum task_state { TASK_WAITING, TASK_RUNNING, TASK_DONE } task_state;

typedef struct task {
    uint8_t state;   /* task_state */
    int8_t failures; /* attempts that failed */
    int16_t attempt; /* number of the running (or accepted) attempt; the next one when waiting */
    int32_t worker;  /* RUNNING: index */
} task;

typedef struct stage {
    uint64_t job;
    int32_t id, generation;
    int32_t tasks, done;
    int32_t first_waiting; /* no task before it (in order[]) waits */
    task *task;
    int32_t *order; /* launch order; NULL: by number */
} stage;

typedef struct job {
    uint64_t id;
    int32_t attempts;
    uint64_t seed;
    bool failed;
} job;

typedef struct worker {
    int32_t id;
    int32_t slots, running;
} worker;

typedef struct array {
    void *items;
    int32_t count, capacity;
} array;

struct weft_scheduler {
    weft_account *account; /* its arrays outlive the steps that grow them */
    array jobs, stages, workers, actions;
    weft_scheduler_counts counts;
};

#define JOB_AT(s, i)    (&((job *)(s)->jobs.items)[i])
#define STAGE_AT(s, i)  (&((stage *)(s)->stages.items)[i])
#define WORKER_AT(s, i) (&((worker *)(s)->workers.items)[i])

static weft_status array_add(weft_ctx *ctx, array *a, size_t item_bytes, void **item)
{
    weft_status st = WEFT_OK;
    if (a->count == a->capacity) {
        const int32_t capacity = a->capacity == 0 ? 16 : a->capacity * 2;
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * item_bytes, &a->items));
        a->capacity = capacity;
    }
    *item = (char *)a->items + (size_t)a->count * item_bytes;
    memset(*item, 0, item_bytes);
    a->count++;
done:
    return st;
}

weft_status weft_scheduler_new(weft_ctx *ctx, weft_scheduler **out)
{
    const weft_status st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(**out), (void **)out);
    if (st == WEFT_OK) (*out)->account = ctx->memory;
    return st;
}

static void stage_drop(weft_scheduler *s, int32_t i)
{
    stage *st = STAGE_AT(s, i);
    weft_mem_free(st->task);
    weft_mem_free(st->order);
    memmove(st, st + 1, (size_t)(s->stages.count - i - 1) * sizeof(*st));
    s->stages.count--;
}

void weft_scheduler_free(weft_scheduler **scheduler)
{
    weft_scheduler *s = *scheduler;
    *scheduler = NULL;
    if (s == NULL) return;
    while (s->stages.count > 0) stage_drop(s, s->stages.count - 1);
    weft_mem_free(s->jobs.items);
    weft_mem_free(s->stages.items);
    weft_mem_free(s->workers.items);
    weft_mem_free(s->actions.items);
    weft_mem_free(s);
}

static job *find_job(const weft_scheduler *s, uint64_t id)
{
    for (int32_t i = 0; i < s->jobs.count; i++)
        if (JOB_AT(s, i)->id == id) return JOB_AT(s, i);
    return NULL;
}

static stage *find_stage(const weft_scheduler *s, uint64_t job_id, int32_t id, int32_t generation)
{
    for (int32_t i = 0; i < s->stages.count; i++) {
        stage *st = STAGE_AT(s, i);
        if (st->job == job_id && st->id == id && st->generation == generation) return st;
    }
    return NULL;
}

static worker *find_worker(const weft_scheduler *s, int32_t id)
{
    for (int32_t i = 0; i < s->workers.count; i++)
        if (WORKER_AT(s, i)->id == id) return WORKER_AT(s, i);
    return NULL;
}

/* Room for all actions of one step: what becomes of the event, and a launch into every slot. So that nothing
 * fails once the state changes. */
static weft_status reserve_actions(weft_ctx *ctx, weft_scheduler *s, const weft_event *e)
{
    weft_status st = WEFT_OK;
    int32_t most = 2 + (e->kind == WEFT_EVENT_WORKER ? e->slots : 0);
    for (int32_t i = 0; i < s->workers.count; i++) most += WORKER_AT(s, i)->slots;
    if (most <= s->actions.capacity) return WEFT_OK;
    WEFT_TRY(st,
             weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)most * sizeof(weft_action), &s->actions.items));
    s->actions.capacity = most;
done:
    return st;
}

static void add_action(weft_scheduler *s, weft_action_kind kind, const stage *st, int32_t partition,
                       int32_t attempt, int32_t worker_id, weft_status status)
{
    assert(s->actions.count < s->actions.capacity);
    ((weft_action *)s->actions.items)[s->actions.count++] = (weft_action){.kind = kind,
                                                                          .worker = worker_id,
                                                                          .job = st->job,
                                                                          .stage = st->id,
                                                                          .generation = st->generation,
                                                                          .partition = partition,
                                                                          .attempt = attempt,
                                                                          .status = status};
}

static weft_status on_worker(weft_ctx *ctx, weft_scheduler *s, const weft_event *e)
{
    weft_status st = WEFT_OK;
    worker *w = find_worker(s, e->worker);
    if (w == NULL) WEFT_TRY(st, array_add(ctx, &s->workers, sizeof(*w), (void **)&w));
    w->id = e->worker;
    w->slots = e->slots;
done:
    return st;
}

static void task_waits(stage *st, int32_t number, task *t)
{
    t->state = TASK_WAITING;
    t->attempt++;
    if (st->order == NULL)
        st->first_waiting = weft_min_i32(st->first_waiting, number);
    else
        st->first_waiting = 0;
}

static weft_status on_job(weft_ctx *ctx, weft_scheduler *s, const weft_event *e)
{
    weft_status st = WEFT_OK;
    job *j = NULL;
    if (find_job(s, e->job) != NULL) return WEFT_OK;
    WEFT_TRY(st, array_add(ctx, &s->jobs, sizeof(*j), (void **)&j));
    *j = (job){.id = e->job, .attempts = weft_max_i32(1, e->attempts), .seed = e->seed};
done:
    return st;
}

/* A shuffle of the task numbers that depends on the seed and the stage alone (Fisher and Yates). */
static weft_status shuffle_tasks(weft_ctx *ctx, stage *st, uint64_t seed)
{
    weft_status ok = WEFT_OK;
    WEFT_TRY(ok, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)st->tasks * sizeof(*st->order),
                                (void **)&st->order));
    for (int32_t i = 0; i < st->tasks; i++) st->order[i] = i;
    uint64_t state = weft_hash_combine(seed, weft_hash_u64((uint64_t)st->id));
    for (int32_t i = st->tasks - 1; i > 0; i--) {
        state = weft_hash_u64(state + 1);
        const int32_t other = (int32_t)(state % (uint64_t)(i + 1));
        const int32_t swap = st->order[i];
        st->order[i] = st->order[other];
        st->order[other] = swap;
    }
done:
    return ok;
}

static weft_status on_stage(weft_ctx *ctx, weft_scheduler *s, const weft_event *e)
{
    weft_status ok = WEFT_OK;
    stage *st = NULL;
    const job *j = find_job(s, e->job);
    if (j == NULL || e->tasks < 1 || find_stage(s, e->job, e->stage, e->generation) != NULL) {
        s->counts.ignored++;
        return WEFT_OK;
    }
    stage made = {.job = e->job, .id = e->stage, .generation = e->generation, .tasks = e->tasks};
    WEFT_TRY(
        ok, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)e->tasks * sizeof(task), (void **)&made.task));
    if (j->seed != 0) WEFT_TRY(ok, shuffle_tasks(ctx, &made, j->seed));
    WEFT_TRY(ok, array_add(ctx, &s->stages, sizeof(*st), (void **)&st));
    *st = made;
    made.task = NULL;
    made.order = NULL;
done:
    weft_mem_free(made.task);
    weft_mem_free(made.order);
    return ok;
}

/* The task that an attempt's report is about, if that attempt still counts; its worker's slot is freed either
 * way. */
static task *reported_task(weft_scheduler *s, const weft_event *e, stage **st)
{
    *st = find_stage(s, e->job, e->stage, e->generation);
    if (*st == NULL || e->partition < 0 || e->partition >= (*st)->tasks) return NULL;
    task *t = &(*st)->task[e->partition];
    if (t->state != TASK_RUNNING || t->attempt != e->attempt || t->worker != e->worker) return NULL;
    worker *w = find_worker(s, e->worker);
    if (w != NULL && w->running > 0) w->running--;
    return t;
}

static void on_done(weft_scheduler *s, const weft_event *e)
{
    stage *st = NULL;
    task *t = reported_task(s, e, &st);
    const stage late = {.job = e->job, .id = e->stage, .generation = e->generation};
    if (t == NULL) {
        s->counts.late++;
        add_action(s, WEFT_ACTION_LATE, &late, e->partition, e->attempt, e->worker, WEFT_OK);
        return;
    }
    add_action(s, WEFT_ACTION_ACCEPT, st, e->partition, e->attempt, e->worker, WEFT_OK);
    t->state = TASK_DONE;
    st->done++;
    s->counts.done++;
    if (st->done == st->tasks) add_action(s, WEFT_ACTION_STAGE_DONE, st, 0, 0, e->worker, WEFT_OK);
}

/* May another attempt end better? What the user's data or query causes comes again. */
static bool may_retry(weft_status status)
{
    const weft_status_class class = weft_status_classify(status);
    return class == WEFT_CLASS_TRANSIENT || class == WEFT_CLASS_INTERNAL;
}

static void on_failed(weft_scheduler *s, const weft_event *e)
{
    stage *st = NULL;
    task *t = reported_task(s, e, &st);
    if (t == NULL) {
        s->counts.late++;
        return;
    }
    job *j = find_job(s, e->job);
    s->counts.failed++;
    t->failures++;
    const int32_t attempt = t->attempt;
    task_waits(st, e->partition, t);
    if (j == NULL || j->failed) return;
    if (may_retry(e->status) && t->failures < j->attempts) {
        s->counts.rerun++;
        return;
    }
    j->failed = true;
    add_action(s, WEFT_ACTION_JOB_FAILED, st, e->partition, attempt, e->worker, e->status);
}

static void on_end(weft_scheduler *s, const weft_event *e)
{
    for (int32_t i = s->stages.count - 1; i >= 0; i--) {
        stage *st = STAGE_AT(s, i);
        if (st->job != e->job) continue;
        for (int32_t p = 0; p < st->tasks; p++) {
            worker *w = st->task[p].state == TASK_RUNNING ? find_worker(s, st->task[p].worker) : NULL;
            if (w != NULL && w->running > 0) w->running--;
        }
        stage_drop(s, i);
    }
    job *j = find_job(s, e->job);
    if (j == NULL) return;
    const int32_t i = (int32_t)(j - JOB_AT(s, 0));
    memmove(j, j + 1, (size_t)(s->jobs.count - i - 1) * sizeof(*j));
    s->jobs.count--;
}

/* The worker with the most free slots, the first of equals; NULL when all are busy. */
static worker *freest_worker(weft_scheduler *s)
{
    worker *best = NULL;
    for (int32_t i = 0; i < s->workers.count; i++) {
        worker *w = WORKER_AT(s, i);
        if (w->running >= w->slots) continue;
        if (best == NULL || w->slots - w->running > best->slots - best->running) best = w;
    }
    return best;
}

static int32_t next_waiting(stage *st)
{
    for (; st->first_waiting < st->tasks; st->first_waiting++) {
        const int32_t number = st->order == NULL ? st->first_waiting : st->order[st->first_waiting];
        if (st->task[number].state == TASK_WAITING) return number;
    }
    return -1;
}

static void launch_waiting(weft_scheduler *s)
{
    for (int32_t i = 0; i < s->stages.count; i++) {
        stage *st = STAGE_AT(s, i);
        const job *j = find_job(s, st->job);
        if (j == NULL || j->failed) continue;
        for (;;) {
            const int32_t number = next_waiting(st);
            worker *w = number < 0 ? NULL : freest_worker(s);
            if (w == NULL) break;
            task *t = &st->task[number];
            add_action(s, WEFT_ACTION_LAUNCH, st, number, t->attempt, w->id, WEFT_OK);
            t->state = TASK_RUNNING;
            t->worker = w->id;
            w->running++;
            s->counts.launched++;
        }
    }
}

weft_status weft_scheduler_step(weft_ctx *ctx, weft_scheduler *s, const weft_event *e, int64_t now_ns,
                                weft_actions *actions)
{
    weft_status ok = WEFT_OK;
    weft_account *const callers = ctx->memory;
    ctx->memory = s->account;
    (void)now_ns; /* waiting for locality and speculation will need it */
    s->actions.count = 0;
    WEFT_TRY(ok, reserve_actions(ctx, s, e));
    switch (e->kind) {
    case WEFT_EVENT_WORKER: WEFT_TRY(ok, on_worker(ctx, s, e)); break;
    case WEFT_EVENT_JOB: WEFT_TRY(ok, on_job(ctx, s, e)); break;
    case WEFT_EVENT_STAGE: WEFT_TRY(ok, on_stage(ctx, s, e)); break;
    case WEFT_EVENT_DONE: on_done(s, e); break;
    case WEFT_EVENT_FAILED: on_failed(s, e); break;
    case WEFT_EVENT_END: on_end(s, e); break;
    }
    launch_waiting(s);
done:
    actions->items = s->actions.items;
    actions->count = s->actions.count;
    ctx->memory = callers;
    return ok;
}

void weft_scheduler_count(const weft_scheduler *s, weft_scheduler_counts *out) { *out = s->counts; }

void weft_scheduler_progress(const weft_scheduler *s, uint64_t job_id, int64_t *tasks, int64_t *running,
                             int64_t *done)
{
    *tasks = *running = *done = 0;
    for (int32_t i = 0; i < s->stages.count; i++) {
        const stage *st = STAGE_AT(s, i);
        if (st->job != job_id) continue;
        *tasks += st->tasks;
        *done += st->done;
        for (int32_t p = 0; p < st->tasks; p++) *running += st->task[p].state == TASK_RUNNING;
    }
}
