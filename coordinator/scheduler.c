/* coordinator/scheduler.c - see scheduler.h: what each event does to the tables (scheduler_state.h).
 *
 * Three passes keep a job right after anything was lost:
 *   restore(job)   from the last stage to the first: lost blocks that a waiting task, or somebody outside,
 *                  still has to read are made again, and then what those need in turn;
 *   again(stage)   instead, when that stage is indeterminate and was read: a new generation of it and of all
 *                  that have read it;
 *   relist(job)    a stage launches when it has waiting tasks and all its inputs are whole. */
#include "coordinator/scheduler.h"

#include <string.h>

#include "coordinator/placement.h"
#include "coordinator/scheduler_state.h"

enum { FETCHES_MOST = 100 }; /* each moves its task or makes a block again; so many do not help */

/* ---- actions ---- */

/* Events that bring something; after all others there is as much or less, and no more attempts than slots. */
static bool grows(weft_event_kind kind)
{
    return kind == WEFT_EVENT_WORKER || kind == WEFT_EVENT_JOB || kind == WEFT_EVENT_STAGE ||
           kind == WEFT_EVENT_RUNS;
}

/* Room for all actions of one step, so that nothing fails once the state changes: an attempt that ends and
 * those that start for each slot, a stage that runs again or is asked for each, a job that fails or has a new
 * generation each, and the event's own. It is made when something comes, as much as any step will need while
 * that is there: whoever is told that a worker is dead, or that a job is over, cannot be told again. */
static weft_status reserve_actions(weft_ctx *ctx, weft_scheduler *s, const weft_event *e)
{
    weft_status st = WEFT_OK;
    const int64_t ahead = weft_max_i32(1, s->options.ahead_most);
    if (!grows(e->kind)) return WEFT_OK;
    /* one more of each than there is now */
    int64_t most = 4 + 2 * (s->job_count + 1 + s->stage_total + 1) + 1 +
                   (e->kind == WEFT_EVENT_WORKER ? 2 * ahead * e->slots : 0);
    for (int32_t i = 0; i < s->worker_count; i++)
        most += ahead * s->workers[i].slots +
                weft_max_i64(ahead * s->workers[i].slots, s->workers[i].running);
    if (most <= s->action_capacity) return WEFT_OK;
    const int32_t capacity = (int32_t)weft_pow2_ceil((uint64_t)most);
    WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(weft_action),
                                 (void **)&s->actions));
    s->action_capacity = capacity;
done:
    return st;
}

weft_action *scheduler_act(weft_scheduler *s, weft_action_kind kind, const stage *st)
{
    assert(s->action_count < s->action_capacity);
    weft_action *a = &s->actions[s->action_count++];
    *a = (weft_action){
        .kind = kind, .job = st->job->id, .stage = st->id, .generation = st->generation, .worker = NO_WORKER};
    return a;
}

static void fail_job(weft_scheduler *s, const stage *st, int32_t partition, int32_t attempt,
                     int32_t worker_id, weft_status status)
{
    job *j = st->job;
    if (j->failed) return;
    j->failed = true;
    for (int32_t i = 0; i < j->stage_count; i++)
        if (j->stages[i] != NULL) scheduler_list(s, j->stages[i], false);
    weft_action *a = scheduler_act(s, WEFT_ACTION_JOB_FAILED, st);
    a->partition = partition;
    a->attempt = attempt;
    a->worker = worker_id;
    a->status = status;
}

/* ---- tasks and slots ---- */

static void slot_give(weft_scheduler *s, int32_t worker_id)
{
    worker *w = scheduler_find_worker(s, worker_id);
    if (w == NULL) return;
    scheduler_worker_out(s, w);
    w->running--;
    scheduler_worker_in(s, w);
}

static void count_state(stage *st, uint8_t state, int32_t change)
{
    switch ((task_state)state) {
    case TASK_WAITING: st->waiting += change; break;
    case TASK_RUNNING: st->running += change; break;
    case TASK_DONE: st->done += change; break;
    case TASK_UNKNOWN: st->unknown += change; break;
    case TASK_GONE: break; /* what is left of tasks */
    }
}

void scheduler_become(stage *st, task *t, task_state state)
{
    count_state(st, t->state, -1);
    t->state = (uint8_t)state;
    count_state(st, t->state, 1);
}

/* The task runs again, as the next attempt, on another worker than `avoid` if one is free. */
static void task_wait(weft_scheduler *s, stage *st, task *t, int32_t avoid)
{
    const int32_t number = (int32_t)(t - st->task);
    t->remade |= t->state == TASK_GONE;
    scheduler_become(st, t, TASK_WAITING);
    t->worker = avoid;
    placement_retry(st, number);
    if (t->attempt >= st->job->first_attempt + ATTEMPTS_MOST - 1)
        fail_job(s, st, number, t->attempt, avoid, WEFT_TASK_FAILED);
    else
        t->attempt = weft_max_i32(t->attempt + 1, st->job->first_attempt);
}

/* ---- stages ---- */

static stage *input_of(const stage *st, int32_t i) { return st->job->stages[st->inputs[i]]; }

static int32_t gone_count(const stage *st)
{
    return st->tasks - st->waiting - st->running - st->done - st->unknown;
}

static bool inputs_whole(const stage *st)
{
    for (int32_t i = 0; i < st->input_count; i++) {
        const stage *in = input_of(st, i);
        if (in->done < in->tasks) return false;
    }
    return true;
}

/* Whatever must be durable before tasks of the stage run is; else it is asked for. */
static bool is_recorded(weft_scheduler *s, const stage *st)
{
    if (!st->job->recorded) return true;
    bool recorded = st->record <= st->job->recorded_number;
    for (int32_t i = 0; i < st->input_count; i++) {
        stage *in = input_of(st, i);
        if (in->determinism != WEFT_INDETERMINATE || in->kept) continue;
        recorded = false;
        if (in->asked) continue;
        in->asked = in->read = true; /* it is on record for all who come later that it may have been */
        scheduler_act(s, WEFT_ACTION_RECORD, in)->record = WEFT_RECORD_ACCEPTED;
    }
    return recorded;
}

static void relist_stage(weft_scheduler *s, stage *st)
{
    const bool launches = !st->job->failed && st->waiting > 0 && !st->held && inputs_whole(st) &&
                          is_recorded(s, st);
    if (launches && !st->launches) placement_open(s, st);
    scheduler_list(s, st, launches);
}

void scheduler_relist(weft_scheduler *s, const job *j)
{
    for (int32_t i = 0; i < j->stage_count; i++)
        if (j->stages[i] != NULL) relist_stage(s, j->stages[i]);
}

/* A block of it is there that was not. */
void scheduler_may_be_done(weft_scheduler *s, stage *st)
{
    if (st->done == st->tasks) scheduler_act(s, WEFT_ACTION_STAGE_DONE, st);
    scheduler_relist(s, st->job);
}

/* All tasks of a stage wait again, as nothing of this generation had been. */
static void redo(weft_scheduler *s, stage *st)
{
    for (int32_t p = 0; p < st->tasks; p++) {
        task *t = &st->task[p];
        if (t->state == TASK_RUNNING) {
            weft_action *a = scheduler_act(s, WEFT_ACTION_CANCEL, st);
            a->partition = p;
            a->attempt = t->attempt;
            a->worker = t->worker;
            slot_give(s, t->worker);
        }
        if (t->state != TASK_WAITING || t->attempt > st->job->first_attempt) {
            SCHEDULER_COUNT(s, st->job, rerun);
            SCHEDULER_COUNT(s, st->job, restarted);
        }
        scheduler_become(st, t, TASK_WAITING);
        *t = (task){.state = TASK_WAITING,
                    .failures = t->failures,
                    .crashes = t->crashes,
                    .fetches = t->fetches,
                    .next = NO_TASK,
                    .worker = NO_WORKER,
                    .attempt = st->job->first_attempt};
    }
    placement_again(st);
    st->generation++;
    st->moved++;
    st->read = st->started = st->asked = st->kept = false;
    st->resumed = st->held = st->complete = false; /* nobody has anything of it */
    if (st->job->recorded) {
        st->record = st->job->record_number + 1;
        st->job->records = true;
    }
    SCHEDULER_COUNT(s, st->job, restarts);
    scheduler_act(s, WEFT_ACTION_AGAIN, st);
}

/* A new generation of a stage, and of every stage that has read of this one, directly or not. */
static void again(weft_scheduler *s, stage *first)
{
    job *j = first->job;
    if (j->failed) return;
    if (j->pinned) {
        fail_job(s, first, 0, 0, NO_WORKER, WEFT_INDETERMINATE_RERUN);
        return;
    }
    for (int32_t i = first->id; i < j->stage_count; i++) {
        stage *st = j->stages[i];
        if (st == NULL) continue;
        st->redone = st == first;
        for (int32_t k = 0; k < st->input_count && st->started; k++)
            st->redone |= st->inputs[k] >= first->id && input_of(st, k)->redone;
    }
    for (int32_t i = first->id; i < j->stage_count; i++)
        if (j->stages[i] != NULL && j->stages[i]->redone) redo(s, j->stages[i]);
}

/* The block of a DONE task is lost; when it is made again, then not on `avoid`. restore() is the
 * caller's, after all that is lost at once. */
static void block_lose(weft_scheduler *s, stage *st, task *t, int32_t avoid)
{
    scheduler_become(st, t, TASK_GONE);
    t->worker = avoid;
    t->misses = 0;
    SCHEDULER_COUNT(s, st->job, blocks_lost);
}

/* Make again what is lost and wanted, in one stage. False: it began a new generation with others, which
 * changes what is wanted. */
static bool restore_stage(weft_scheduler *s, stage *st)
{
    if (!st->wanted || gone_count(st) == 0) return true;
    if (st->determinism == WEFT_INDETERMINATE && st->read) {
        again(s, st);
        return false;
    }
    for (int32_t p = 0; p < st->tasks; p++) {
        if (st->task[p].state != TASK_GONE) continue;
        SCHEDULER_COUNT(s, st->job, rerun);
        task_wait(s, st, &st->task[p], st->task[p].worker);
    }
    return true;
}

/* A stage's inputs have lower ids, so one walk down sees every want; each new generation begins another. */
void scheduler_restore(weft_scheduler *s, job *j)
{
    bool whole = j->failed;
    while (!whole && !j->failed) {
        whole = true;
        for (int32_t i = 0; i < j->stage_count; i++)
            if (j->stages[i] != NULL) j->stages[i]->wanted = j->stages[i]->needed;
        for (int32_t i = j->stage_count - 1; i >= 0 && whole; i--) {
            stage *st = j->stages[i];
            if (st == NULL) continue;
            whole = restore_stage(s, st);
            for (int32_t k = 0; k < st->input_count && st->waiting > 0; k++) input_of(st, k)->wanted = true;
        }
    }
    if (j->records) {
        j->records = false;
        const stage any = {.job = j, .id = NO_TASK};
        weft_action *a = scheduler_act(s, WEFT_ACTION_RECORD, &any);
        a->record = WEFT_RECORD_GENERATION;
        a->number = ++j->record_number;
    }
    scheduler_relist(s, j);
}

/* ---- workers ---- */

static weft_status on_worker(weft_ctx *ctx, weft_scheduler *s, const weft_event *e)
{
    worker *w = scheduler_find_worker(s, e->worker);
    if (w == NULL) return scheduler_add_worker(ctx, s, e);
    scheduler_worker_out(s, w);
    w->silent = false;
    w->slots = e->slots;
    w->host = e->host;
    scheduler_worker_in(s, w);
    return WEFT_OK;
}

static void on_silent(weft_scheduler *s, const weft_event *e)
{
    worker *w = scheduler_find_worker(s, e->worker);
    if (w == NULL) return;
    scheduler_worker_out(s, w);
    w->silent = true;
    scheduler_worker_in(s, w);
}

/* An attempt failed there, by no fault of its query. A full disk stays full, and fails in a moment: its free
 * slot would take the next attempt before any other. One worker at least stays usable. */
static void strike(weft_scheduler *s, const weft_event *e, bool fetch, int64_t now)
{
    worker *w = scheduler_find_worker(s, e->worker);
    if (w == NULL) return;
    int32_t *count = fetch ? &w->misses : &w->strikes;
    const bool enough = ++*count >= s->options.strikes_most || e->status == WEFT_NOSPACE;
    if (!enough || s->usable < 2 || !worker_is_usable(w)) return;
    scheduler_worker_out(s, w);
    w->aside_until = now + s->options.aside_ns;
    w->strikes = w->misses = 0;
    scheduler_worker_in(s, w);
    s->counts.workers_aside++;
}

/* Those that were aside for long enough are back, and when there is no other, all are. */
static void bring_back(weft_scheduler *s, int64_t now)
{
    for (int32_t i = 0; i < s->worker_count && s->aside > 0; i++) {
        worker *w = &s->workers[i];
        if (w->aside_until == INT64_MIN || (w->aside_until > now && s->usable > 0)) continue;
        scheduler_worker_out(s, w);
        w->aside_until = INT64_MIN;
        scheduler_worker_in(s, w);
    }
}

/* True: it had something of the stage. */
static bool stage_loses_worker(weft_scheduler *s, stage *st, int32_t id)
{
    bool had = false;
    for (int32_t p = 0; p < st->tasks; p++) {
        task *t = &st->task[p];
        if (t->worker != id) continue;
        had |= t->state == TASK_DONE || t->state == TASK_RUNNING;
        if (t->state == TASK_DONE) block_lose(s, st, t, NO_WORKER);
        if (t->state != TASK_RUNNING) continue;
        const int32_t attempt = t->attempt;
        SCHEDULER_COUNT(s, st->job, rerun);
        SCHEDULER_COUNT(s, st->job, attempts_lost);
        task_wait(s, st, t, NO_WORKER);
        if (++t->crashes >= s->options.crashes_most) fail_job(s, st, p, attempt, id, WEFT_WORKER_LOST);
    }
    return had;
}

static void job_loses_worker(weft_scheduler *s, const job *j, int32_t id)
{
    bool had = false;
    for (int32_t i = 0; i < j->stage_count; i++)
        if (j->stages[i] != NULL) had |= stage_loses_worker(s, j->stages[i], id);
    /* what could not be fetched may have been there: no bound on how often workers die under a long job */
    for (int32_t i = 0; i < j->stage_count && had; i++)
        for (int32_t p = 0; j->stages[i] != NULL && p < j->stages[i]->tasks; p++)
            j->stages[i]->task[p].fetches = 0;
}

static void on_lost(weft_scheduler *s, const weft_event *e)
{
    worker *w = scheduler_find_worker(s, e->worker);
    if (w == NULL) return;
    scheduler_remove_worker(s, w);
    s->counts.workers_lost++;
    for (job *j = s->first_job; j != NULL; j = j->next) {
        job_loses_worker(s, j, e->worker);
        scheduler_restore(s, j);
    }
}

/* A worker that had been given up is back, and still holds what was accepted of it; also of an attempt of an
 * earlier leader, whose report it has sent to this one and sends no more. */
static void on_block(weft_scheduler *s, const weft_event *e)
{
    stage *st = scheduler_find_stage(s, e->job, e->stage);
    if (st == NULL || st->generation != e->generation || e->partition < 0 || e->partition >= st->tasks ||
        scheduler_find_worker(s, e->worker) == NULL)
        return;
    task *t = &st->task[e->partition];
    const bool gone = t->state == TASK_GONE && t->attempt == e->attempt;
    const bool remade = t->state == TASK_WAITING && t->remade &&
                        t->attempt == weft_max_i32(e->attempt + 1, st->job->first_attempt);
    if (!gone && !remade) return;
    scheduler_become(st, t, TASK_DONE);
    t->attempt = e->attempt;
    t->worker = e->worker;
    t->remade = false;
    st->moved++;
    SCHEDULER_COUNT(s, st->job, blocks_back);
    scheduler_may_be_done(s, st);
}

/* Jobs do not wait for ever for a first worker. */
static void on_tick(weft_scheduler *s, int64_t now)
{
    if (s->worker_count > 0 || s->first_job == NULL)
        s->idle_since = INT64_MIN;
    else if (s->idle_since == INT64_MIN)
        s->idle_since = now;
    if (s->idle_since == INT64_MIN || now - s->idle_since < s->options.grace_ns) return;
    for (job *j = s->first_job; j != NULL; j = j->next)
        for (int32_t i = 0; i < j->stage_count && !j->failed; i++)
            if (j->stages[i] != NULL && j->stages[i]->waiting > 0)
                fail_job(s, j->stages[i], 0, 0, NO_WORKER, WEFT_NO_WORKERS);
}

/* ---- jobs and stages ---- */

static weft_status on_job(weft_ctx *ctx, weft_scheduler *s, const weft_event *e)
{
    return scheduler_find_job(s, e->job) != NULL ? WEFT_OK : scheduler_add_job(ctx, s, e);
}

static weft_status on_stage(weft_ctx *ctx, weft_scheduler *s, const weft_event *e)
{
    weft_status ok = WEFT_OK;
    stage *st = NULL;
    job *j = scheduler_find_job(s, e->job);
    bool fits = j != NULL && e->tasks >= 1 && e->stage >= 0 &&
                scheduler_find_stage(s, e->job, e->stage) == NULL;
    for (int32_t i = 0; i < e->input_count && fits; i++)
        fits = e->inputs[i] < e->stage && scheduler_find_stage(s, e->job, e->inputs[i]) != NULL;
    if (!fits) {
        s->counts.ignored++;
        return WEFT_OK;
    }
    WEFT_TRY(ok, scheduler_add_stage(ctx, s, j, e, &st));
    bool lost = false;
    for (int32_t i = 0; i < st->input_count; i++) {
        stage *in = input_of(st, i);
        /* the planner goes on from its sums, and here is who reads its blocks */
        if (st->resumed && in->complete) in->needed = false;
        lost |= gone_count(in) > 0;
        if (e->positions != NULL && e->positions[i] && in->determinism == WEFT_UNORDERED)
            in->determinism = WEFT_INDETERMINATE;
    }
    if (lost)
        scheduler_restore(s, j);
    else
        relist_stage(s, st);
done:
    return ok;
}

static void on_needed(weft_scheduler *s, const weft_event *e)
{
    stage *st = scheduler_find_stage(s, e->job, e->stage);
    if (st == NULL) return;
    st->needed = e->needed;
    if (e->needed && gone_count(st) > 0) scheduler_restore(s, st->job);
}

static void on_freed(weft_scheduler *s, const weft_event *e)
{
    stage *st = scheduler_find_stage(s, e->job, e->stage);
    if (st == NULL) return;
    st->needed = false;
    for (int32_t p = 0; p < st->tasks; p++) {
        if (st->task[p].state != TASK_DONE) continue;
        scheduler_become(st, &st->task[p], TASK_GONE);
        st->task[p].worker = NO_WORKER;
        SCHEDULER_COUNT(s, st->job, blocks_freed);
    }
}

static void on_end(weft_scheduler *s, const weft_event *e)
{
    job *j = scheduler_find_job(s, e->job);
    if (j == NULL) return;
    for (int32_t i = 0; i < j->stage_count; i++) {
        stage *st = j->stages[i];
        for (int32_t p = 0; st != NULL && p < st->tasks && st->running > 0; p++)
            if (st->task[p].state == TASK_RUNNING) slot_give(s, st->task[p].worker);
    }
    scheduler_remove_job(s, j);
}

/* ---- reports ---- */

/* The task that an attempt's report is about, if that attempt still counts. */
static task *reported_task(weft_scheduler *s, const weft_event *e, stage **st)
{
    *st = scheduler_find_stage(s, e->job, e->stage);
    if (*st == NULL || (*st)->generation != e->generation || e->partition < 0 || e->partition >= (*st)->tasks)
        return NULL;
    task *t = &(*st)->task[e->partition];
    return t->attempt == e->attempt && t->worker == e->worker ? t : NULL;
}

static void on_done(weft_scheduler *s, const weft_event *e)
{
    stage *st = NULL;
    task *t = reported_task(s, e, &st);
    if (t != NULL && t->state == TASK_DONE) { /* the message came twice: the block counts already */
        s->counts.ignored++;
        return;
    }
    if (t == NULL && scheduler_found(s, e)) return;
    if (t == NULL || t->state != TASK_RUNNING) {
        job nobody = {.id = e->job};
        const stage late = {.job = &nobody, .id = e->stage, .generation = e->generation};
        s->counts.late++;
        weft_action *a = scheduler_act(s, WEFT_ACTION_LATE, &late);
        a->partition = e->partition;
        a->attempt = e->attempt;
        a->worker = e->worker;
        return;
    }
    slot_give(s, e->worker);
    worker *w = scheduler_find_worker(s, e->worker);
    /* What is made again is often made since the worker fails at something else: that it works says little.
     */
    if (!t->remade) w->strikes = 0;
    if (!t->remade && st->input_count > 0) w->misses = 0;
    if (e->run_ns > 0) st->run_ns = st->run_ns == 0 ? e->run_ns : (st->run_ns * 7 + e->run_ns) / 8;
    scheduler_become(st, t, TASK_DONE);
    t->kib = (uint32_t)weft_min_i64((e->bytes + 1023) / 1024, UINT32_MAX);
    st->moved += t->remade;
    t->remade = false;
    SCHEDULER_COUNT(s, st->job, done);
    weft_action *a = scheduler_act(s, WEFT_ACTION_ACCEPT, st);
    a->partition = e->partition;
    a->attempt = e->attempt;
    a->worker = e->worker;
    scheduler_may_be_done(s, st);
}

/* A reader could not get a block. Once may be its own connection; when its worker's own reader fails, or
 * others do too, the block is lost. */
static void block_missed(weft_scheduler *s, const weft_event *e)
{
    stage *st = e->lost.job != e->job ? NULL : scheduler_find_stage(s, e->job, e->lost.stage);
    if (st == NULL || st->generation != e->lost.generation || e->lost.partition < 0 ||
        e->lost.partition >= st->tasks)
        return;
    task *t = &st->task[e->lost.partition];
    if (t->state != TASK_DONE || t->attempt != e->lost.attempt) return; /* known already */
    const int32_t holder = t->worker;
    const bool gone = e->kind == WEFT_EVENT_BLOCK_LOST || holder == e->worker; /* who says so must know */
    for (int32_t p = 0; p < st->tasks; p++) {
        task *other = &st->task[p];
        const bool missed = other == t || (e->unreachable && other->worker == holder);
        if (!missed || other->state != TASK_DONE) continue;
        if (++other->misses < s->options.misses_most && !gone) continue;
        block_lose(s, st, other, gone ? NO_WORKER : holder);
        if (gone && ++other->losses >= st->job->attempts)
            fail_job(s, st, p, other->attempt, holder, WEFT_FETCH_FAILED);
    }
    scheduler_restore(s, st->job);
}

/* May another attempt end better? What the query or its data causes comes again; what a worker lacks, another
 * may have. */
static bool may_retry(const weft_scheduler *s, weft_status status)
{
    const weft_status_class class = weft_status_classify(status);
    return class == WEFT_CLASS_TRANSIENT || class == WEFT_CLASS_INTERNAL ||
           (class == WEFT_CLASS_RESOURCE && s->worker_count > 1);
}

static void on_failed(weft_scheduler *s, const weft_event *e, int64_t now)
{
    stage *st = NULL;
    task *t = reported_task(s, e, &st);
    if (t == NULL || t->state != TASK_RUNNING) {
        s->counts.late++;
        return;
    }
    const bool fetch = e->has_lost, ran = fetch || !e->unreachable;
    const int32_t attempt = t->attempt;
    /* by an earlier leader, for a generation that did not go on record */
    const bool cancelled = e->status == WEFT_CANCELLED && attempt < st->job->first_attempt;
    if (ran)
        SCHEDULER_COUNT(s, st->job, failed);
    else
        SCHEDULER_COUNT(s, st->job, unsent);
    slot_give(s, e->worker);
    task_wait(s, st, t, e->worker);
    if (fetch || e->unreachable || cancelled) /* by no fault of the task */
        t->fetches++;
    else
        t->failures++;
    if (st->job->failed) return;
    if ((!cancelled && !may_retry(s, e->status)) || t->failures >= st->job->attempts ||
        t->fetches >= FETCHES_MOST) {
        fail_job(s, st, e->partition, attempt, e->worker, e->status);
        return;
    }
    if (ran) SCHEDULER_COUNT(s, st->job, rerun);
    if (!cancelled) strike(s, e, fetch, now);
    if (fetch) block_missed(s, e);
    scheduler_restore(s, st->job);
}

/* ---- launching ---- */

static void launch(weft_scheduler *s, stage *st, const placed *at)
{
    task *t = &st->task[at->number];
    weft_action *a = scheduler_act(s, WEFT_ACTION_LAUNCH, st);
    a->partition = at->number;
    a->attempt = t->attempt;
    a->worker = at->worker->id;
    a->locality = at->locality;
    for (int32_t i = 0; i < st->input_count; i++) {
        input_of(st, i)->read = true;
        a->sources += input_of(st, i)->moved;
    }
    scheduler_become(st, t, TASK_RUNNING);
    t->worker = at->worker->id;
    t->locality = (uint8_t)at->locality;
    st->started = true;
    scheduler_worker_out(s, at->worker);
    at->worker->running++;
    scheduler_worker_in(s, at->worker);
    SCHEDULER_COUNT(s, st->job, launched);
    SCHEDULER_COUNT(s, st->job, locality[at->locality]);
    if (st->waiting == 0) scheduler_list(s, st, false);
}

/* A stage whose tasks wait for better slots is passed over; the next may take those. */
static void launch_waiting(weft_scheduler *s, int64_t now)
{
    s->due_ns = INT64_MAX;
    for (stage *st = s->first_launching; st != NULL;) {
        placed at = {0};
        stage *const next = st->next;
        const placing found = placement_next(s, st, now, &at);
        if (found == PLACING_FULL) break;
        if (found == PLACING_FOUND) launch(s, st, &at);
        if (found == PLACING_LATER || !st->launches) st = next;
    }
}

weft_status weft_scheduler_step(weft_ctx *ctx, weft_scheduler *s, const weft_event *e, int64_t now_ns,
                                weft_actions *actions)
{
    weft_status ok = WEFT_OK;
    weft_account *const callers = ctx->memory;
    job *j = NULL;
    ctx->memory = s->account;
    s->action_count = 0;
    s->now_ns = now_ns;
    WEFT_TRY(ok, reserve_actions(ctx, s, e));
    switch (e->kind) {
    case WEFT_EVENT_WORKER: WEFT_TRY(ok, on_worker(ctx, s, e)); break;
    case WEFT_EVENT_SILENT: on_silent(s, e); break;
    case WEFT_EVENT_WORKER_LOST: on_lost(s, e); break;
    case WEFT_EVENT_BLOCK_BACK: on_block(s, e); break;
    case WEFT_EVENT_BLOCK_LOST: block_missed(s, e); break;
    case WEFT_EVENT_JOB: WEFT_TRY(ok, on_job(ctx, s, e)); break;
    case WEFT_EVENT_STAGE: WEFT_TRY(ok, on_stage(ctx, s, e)); break;
    case WEFT_EVENT_NEEDED: on_needed(s, e); break;
    case WEFT_EVENT_FREED: on_freed(s, e); break;
    case WEFT_EVENT_PINNED:
        j = scheduler_find_job(s, e->job);
        if (j != NULL) j->pinned = true;
        break;
    case WEFT_EVENT_DONE: on_done(s, e); break;
    case WEFT_EVENT_FAILED: on_failed(s, e, now_ns); break;
    case WEFT_EVENT_RUNS: scheduler_runs(s, e); break;
    case WEFT_EVENT_RECOVERED: scheduler_recovered(s); break;
    case WEFT_EVENT_RECORDING: scheduler_recording(s, e); break;
    case WEFT_EVENT_RECORDED: scheduler_recorded(s, e); break;
    case WEFT_EVENT_END: on_end(s, e); break;
    case WEFT_EVENT_TICK: break;
    }
    on_tick(s, now_ns);
    bring_back(s, now_ns);
    launch_waiting(s, now_ns);
done:
    actions->items = s->actions;
    actions->count = s->action_count;
    ctx->memory = callers;
    return ok;
}
