/* coordinator/scheduler.c - see scheduler.h. Arrays only, walked in index order: the same events give the
 * same actions on every machine. */
#include "coordinator/scheduler.h"

#include <assert.h>
#include <string.h>

#include "common/hash.h"

enum { STARVED_MOST = 100 }; /* then the worker, not the block, must be to blame */

typedef enum task_state { TASK_WAITING, TASK_RUNNING, TASK_DONE, TASK_GONE } task_state;

typedef struct task {
    uint8_t state;   /* task_state */
    int8_t failures; /* attempts that failed by themselves; at most 100 (weft.task.maxFailures) */
    int8_t losses;   /* how often its block could not be read */
    int8_t starved;  /* attempts that failed since they could not read a block */
    int32_t attempt; /* number of the running (or accepted) attempt; the next one when waiting */
    int32_t worker;  /* RUNNING, DONE: id */
} task;

typedef struct stage {
    uint64_t job;
    int32_t id, generation;
    weft_determinism determinism;
    int32_t tasks;
    int32_t done, held;    /* tasks that are DONE or GONE; those that are DONE */
    int32_t first_waiting; /* no task before it (in order[]) waits */
    bool launched;         /* a task of this generation was: its inputs have been read */
    bool opened;           /* … with the blocks that its inputs had after so many accepted attempts: */
    int64_t opened_accepts;
    int64_t accepts; /* attempts accepted so far */
    bool marked;     /* while generations are started */
    task *task;
    int32_t *order; /* launch order; NULL: by number */
    int32_t input_count;
    int32_t *inputs;
} stage;

typedef struct job {
    uint64_t id;
    int32_t attempts;
    uint64_t seed;
    bool failed, pinned;
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
    weft_mem_free(st->inputs);
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

/* Whatever its generation. */
static stage *stage_of(const weft_scheduler *s, uint64_t job_id, int32_t id)
{
    for (int32_t i = 0; i < s->stages.count; i++) {
        stage *st = STAGE_AT(s, i);
        if (st->job == job_id && st->id == id) return st;
    }
    return NULL;
}

static stage *find_stage(const weft_scheduler *s, uint64_t job_id, int32_t id, int32_t generation)
{
    stage *st = stage_of(s, job_id, id);
    return st != NULL && st->generation == generation ? st : NULL;
}

static stage *find_input(const weft_scheduler *s, const stage *reader, int32_t input)
{
    return stage_of(s, reader->job, reader->inputs[input]);
}

static bool reads(const stage *reader, const stage *st)
{
    for (int32_t i = 0; i < reader->input_count && reader->job == st->job; i++)
        if (reader->inputs[i] == st->id) return true;
    return false;
}

static worker *find_worker(const weft_scheduler *s, int32_t id)
{
    for (int32_t i = 0; i < s->workers.count; i++)
        if (WORKER_AT(s, i)->id == id) return WORKER_AT(s, i);
    return NULL;
}

/* Room for all actions of one step: what becomes of the event, every stage opened, a job failed, and a launch
 * into every slot. So that nothing fails once the state changes. */
static weft_status reserve_actions(weft_ctx *ctx, weft_scheduler *s, const weft_event *e)
{
    weft_status st = WEFT_OK;
    int32_t most = 4 + s->stages.count + s->jobs.count + (e->kind == WEFT_EVENT_WORKER ? e->slots : 0);
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
    if (j == NULL || e->tasks < 1 || stage_of(s, e->job, e->stage) != NULL) {
        s->counts.ignored++;
        return WEFT_OK;
    }
    stage made = {.job = e->job,
                  .id = e->stage,
                  .generation = e->generation,
                  .determinism = e->determinism,
                  .tasks = e->tasks,
                  .input_count = e->input_count};
    const size_t inputs = (size_t)e->input_count * sizeof(*made.inputs);
    WEFT_TRY(ok, weft_mem_alloc(ctx, WEFT_MEM_WORKING, inputs + 1, (void **)&made.inputs));
    if (inputs > 0) memcpy(made.inputs, e->inputs, inputs);
    WEFT_TRY(
        ok, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)e->tasks * sizeof(task), (void **)&made.task));
    if (j->seed != 0) WEFT_TRY(ok, shuffle_tasks(ctx, &made, j->seed));
    WEFT_TRY(ok, array_add(ctx, &s->stages, sizeof(*st), (void **)&st));
    *st = made;
    for (int32_t i = 0; i < made.input_count && e->positions != NULL; i++) {
        stage *input = find_input(s, st, i);
        if (e->positions[i] && input != NULL && input->determinism == WEFT_UNORDERED)
            input->determinism = WEFT_INDETERMINATE;
    }
    made.task = NULL;
    made.order = NULL;
    made.inputs = NULL;
done:
    weft_mem_free(made.task);
    weft_mem_free(made.order);
    weft_mem_free(made.inputs);
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
    st->held++;
    st->accepts++;
    s->counts.done++;
    if (st->done < st->tasks) return;
    st->opened = false; /* workers close it */
    add_action(s, WEFT_ACTION_STAGE_DONE, st, 0, 0, e->worker, WEFT_OK);
}

static void fail_job(weft_scheduler *s, const stage *st, int32_t partition, int32_t attempt,
                     int32_t worker_id, weft_status status)
{
    job *j = find_job(s, st->job);
    if (j == NULL || j->failed) return;
    j->failed = true;
    add_action(s, WEFT_ACTION_JOB_FAILED, st, partition, attempt, worker_id, status);
}

/* May another attempt end better? What the user's data or query causes comes again. */
static bool may_retry(weft_status status)
{
    const weft_status_class class = weft_status_classify(status);
    return class == WEFT_CLASS_TRANSIENT || class == WEFT_CLASS_INTERNAL;
}

/* ---- what is lost, and what is made again ---- */

static void lose_block(weft_scheduler *s, stage *st, task *t)
{
    t->state = TASK_GONE;
    st->held--;
    s->counts.blocks_lost++;
}

/* The block that could not be read: an accepted one, or one that was given up for lost already (false: it is
 * none of this job). Losing one block again and again ends the job. */
static bool take_loss(weft_scheduler *s, const weft_event *e)
{
    const job *j = find_job(s, e->job);
    stage *st = stage_of(s, e->job, e->lost.stage);
    if (j == NULL || st == NULL || e->lost.job != e->job || e->lost.partition < 0 ||
        e->lost.partition >= st->tasks || e->lost.generation > st->generation)
        return false;
    task *t = &st->task[e->lost.partition];
    if (e->lost.generation < st->generation || e->lost.attempt < t->attempt || t->state == TASK_GONE)
        return true;
    if (t->state != TASK_DONE || e->lost.attempt != t->attempt) return false;
    lose_block(s, st, t);
    t->losses++;
    if (t->losses >= j->attempts)
        fail_job(s, st, e->lost.partition, t->attempt, t->worker, WEFT_FETCH_FAILED);
    return true;
}

static void make_again(weft_scheduler *s, stage *st, int32_t number)
{
    task *t = &st->task[number];
    assert(t->state == TASK_GONE);
    task_waits(st, number, t);
    st->done--;
    s->counts.rerun++;
}

/* Every reader of a marked stage is marked. */
static void mark_readers(weft_scheduler *s)
{
    bool more = true;
    while (more) {
        more = false;
        for (int32_t r = 0; r < s->stages.count; r++) {
            stage *reader = STAGE_AT(s, r);
            for (int32_t i = 0; i < s->stages.count && !reader->marked; i++) {
                reader->marked = STAGE_AT(s, i)->marked && reads(reader, STAGE_AT(s, i));
                more |= reader->marked;
            }
        }
    }
}

static void start_generation(weft_scheduler *s, stage *st)
{
    st->generation++;
    st->done = st->held = st->first_waiting = 0;
    st->launched = st->opened = false;
    s->counts.restarts++;
    for (int32_t p = 0; p < st->tasks; p++) {
        task *t = &st->task[p];
        worker *w = t->state == TASK_RUNNING ? find_worker(s, t->worker) : NULL;
        if (w != NULL && w->running > 0) w->running--; /* what it still does will be late */
        s->counts.rerun += t->state != TASK_WAITING;
        *t = (task){.state = TASK_WAITING, .losses = t->losses};
    }
}

/* Another run of an indeterminate stage gives other rows: whoever saw the old ones must not see the new. */
static void start_anew(weft_scheduler *s, stage *st, int32_t partition)
{
    const job *j = find_job(s, st->job);
    if (j != NULL && j->pinned) {
        fail_job(s, st, partition, st->task[partition].attempt, st->task[partition].worker,
                 WEFT_INDETERMINATE_RERUN);
        return;
    }
    for (int32_t i = 0; i < s->stages.count; i++) STAGE_AT(s, i)->marked = STAGE_AT(s, i) == st;
    mark_readers(s);
    for (int32_t i = 0; i < s->stages.count; i++)
        if (STAGE_AT(s, i)->marked) start_generation(s, STAGE_AT(s, i));
}

static bool was_read(const weft_scheduler *s, const stage *st)
{
    for (int32_t i = 0; i < s->stages.count; i++)
        if (STAGE_AT(s, i)->launched && reads(STAGE_AT(s, i), st)) return true;
    return false;
}

/* Have all blocks of a stage made that are not there. True: something changed. */
static bool require(weft_scheduler *s, stage *st)
{
    bool changed = false;
    for (int32_t p = 0; p < st->tasks && st->held < st->tasks; p++) {
        if (st->task[p].state != TASK_GONE) continue;
        if (st->determinism == WEFT_INDETERMINATE && was_read(s, st)) {
            start_anew(s, st, p);
            return true;
        }
        make_again(s, st, p);
        changed = true;
    }
    return changed;
}

/* Unfinished stages need their inputs; what is made again is unfinished and needs its own. */
static void settle(weft_scheduler *s)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (int32_t i = 0; i < s->stages.count; i++) {
            const stage *st = STAGE_AT(s, i);
            const job *j = find_job(s, st->job);
            if (st->done == st->tasks || j == NULL || j->failed) continue;
            for (int32_t k = 0; k < st->input_count; k++) {
                stage *input = find_input(s, st, k);
                if (input != NULL && input->held < input->tasks) changed |= require(s, input);
            }
        }
    }
}

static void on_block_lost(weft_scheduler *s, const weft_event *e)
{
    if (!take_loss(s, e)) {
        s->counts.ignored++;
        return;
    }
    const job *j = find_job(s, e->job);
    stage *st = stage_of(s, e->job, e->lost.stage);
    if (j != NULL && !j->failed) (void)require(s, st);
}

static void on_freed(weft_scheduler *s, const weft_event *e)
{
    stage *st = stage_of(s, e->job, e->stage);
    for (int32_t p = 0; st != NULL && p < st->tasks; p++) {
        if (st->task[p].state != TASK_DONE) continue;
        st->task[p].state = TASK_GONE;
        st->held--;
    }
}

static void on_pinned(weft_scheduler *s, const weft_event *e)
{
    job *j = find_job(s, e->job);
    if (j != NULL) j->pinned = true;
}

static void on_worker_lost(weft_scheduler *s, const weft_event *e)
{
    worker *w = find_worker(s, e->worker);
    if (w == NULL) return;
    s->counts.workers_lost++;
    const int32_t at = (int32_t)(w - WORKER_AT(s, 0));
    memmove(w, w + 1, (size_t)(s->workers.count - at - 1) * sizeof(*w));
    s->workers.count--;
    for (int32_t i = 0; i < s->stages.count; i++) {
        stage *st = STAGE_AT(s, i);
        for (int32_t p = 0; p < st->tasks; p++) {
            task *t = &st->task[p];
            if (t->worker != e->worker) continue;
            if (t->state == TASK_DONE) lose_block(s, st, t);
            if (t->state != TASK_RUNNING) continue;
            task_waits(st, p, t);
            s->counts.rerun++;
        }
    }
}

static void on_failed(weft_scheduler *s, const weft_event *e)
{
    stage *st = NULL;
    task *t = reported_task(s, e, &st);
    const bool by_loss = e->has_lost && take_loss(s, e);
    if (t == NULL) {
        s->counts.late++;
        return;
    }
    const job *j = find_job(s, e->job);
    s->counts.failed++;
    t->failures += !by_loss;
    t->starved += by_loss;
    const int32_t attempt = t->attempt;
    task_waits(st, e->partition, t);
    if (e->broken) st->opened = false;
    if (j == NULL || j->failed) return;
    if ((by_loss && t->starved < STARVED_MOST) || (may_retry(e->status) && t->failures < j->attempts))
        s->counts.rerun++;
    else
        fail_job(s, st, e->partition, attempt, e->worker, e->status);
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

/* Are all blocks there that the stage reads? accepts: how many attempts made them and those before them. */
static bool inputs_ready(const weft_scheduler *s, const stage *st, int64_t *accepts)
{
    *accepts = 0;
    for (int32_t k = 0; k < st->input_count; k++) {
        const stage *input = find_input(s, st, k);
        if (input == NULL) continue;
        if (input->held < input->tasks) return false;
        *accepts += input->accepts;
    }
    return true;
}

static void launch_stage(weft_scheduler *s, stage *st)
{
    int64_t accepts = 0;
    bool ready = false;
    for (;;) {
        const int32_t number = next_waiting(st);
        worker *w = number < 0 ? NULL : freest_worker(s);
        if (w == NULL || (!ready && !inputs_ready(s, st, &accepts))) return;
        ready = true;
        if (!st->opened || st->opened_accepts != accepts)
            add_action(s, WEFT_ACTION_OPEN, st, 0, 0, w->id, WEFT_OK);
        st->opened = true;
        st->opened_accepts = accepts;
        st->launched = true;
        task *t = &st->task[number];
        add_action(s, WEFT_ACTION_LAUNCH, st, number, t->attempt, w->id, WEFT_OK);
        t->state = TASK_RUNNING;
        t->worker = w->id;
        w->running++;
        s->counts.launched++;
    }
}

static void launch_waiting(weft_scheduler *s)
{
    for (int32_t i = 0; i < s->stages.count; i++) {
        const job *j = find_job(s, STAGE_AT(s, i)->job);
        if (j != NULL && !j->failed) launch_stage(s, STAGE_AT(s, i));
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
    case WEFT_EVENT_WORKER_LOST: on_worker_lost(s, e); break;
    case WEFT_EVENT_DONE: on_done(s, e); break;
    case WEFT_EVENT_FAILED: on_failed(s, e); break;
    case WEFT_EVENT_BLOCK_LOST: on_block_lost(s, e); break;
    case WEFT_EVENT_FREED: on_freed(s, e); break;
    case WEFT_EVENT_PINNED: on_pinned(s, e); break;
    case WEFT_EVENT_END: on_end(s, e); break;
    }
    if (e->kind != WEFT_EVENT_DONE) settle(s); /* a success takes no block away and adds no reader */
    launch_waiting(s);
done:
    actions->items = s->actions.items;
    actions->count = s->actions.count;
    ctx->memory = callers;
    return ok;
}

void weft_scheduler_count(const weft_scheduler *s, weft_scheduler_counts *out) { *out = s->counts; }

bool weft_scheduler_is_finished(const weft_scheduler *s, uint64_t job_id, int32_t id)
{
    const stage *st = stage_of(s, job_id, id);
    return st != NULL && st->done == st->tasks;
}

bool weft_scheduler_is_read(const weft_scheduler *s, uint64_t job_id, int32_t id)
{
    const stage *st = stage_of(s, job_id, id);
    for (int32_t i = 0; i < s->stages.count && st != NULL; i++)
        if (STAGE_AT(s, i)->done < STAGE_AT(s, i)->tasks && reads(STAGE_AT(s, i), st)) return true;
    return false;
}

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
