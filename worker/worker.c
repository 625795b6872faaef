/* worker/worker.c - slots that take orders from one mailbox.
 *
 * A stage is opened by the first slot that has a task of it: inputs are looked up in the store, shared state
 * is prepared (weft_stage_open), and then its units (partitions of join tables, key filters) are built by
 * that slot and by every other slot that is free or has a task of the stage. Tasks start when all units are
 * built.
 *
 * Memory: stage and tasks have arenas of their own; finished blocks belong to the store. When the pool is
 * nearly full after a task, blocks that nobody reads are written to scratch. Threads: one a slot. `lock`
 * guards the list of stages and their states; a stage's shared state is built without it. */
#include "worker/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "common/limits.h"
#include "common/mailbox.h"
#include "common/settings.h"
#include "engine/exec/op.h"

enum {
    SLOTS_FLOOR = 32 << 20,    /* half of the headroom: memory that operators of all slots can count on */
    SLOT_FLOOR_MOST = 4 << 20, /* enough for any of them to go on by spilling */
    SLOT_WORKING = 10 << 20,   /* what a task takes to decode and compute, at the most of TPC-H */
    STAGE_FLOOR = 1 << 20,     /* small tables that all tasks of a stage share */
    ORDERS_LIMIT = 1 << 20,  /* launches of one job: the scheduler launches only into free slots */
    SPILL_ABOVE_PERCENT = 60 /* of the pool's limit: above it finished blocks go to scratch */
};

typedef enum stage_state { STAGE_NEW, STAGE_OPENING, STAGE_BUILDING, STAGE_READY, STAGE_BROKEN } stage_state;

typedef struct worker_job {
    struct worker_job *next;
    uint64_t id;
    atomic_bool cancelled;
    int32_t stages;
} worker_job;

typedef struct worker_stage {
    struct worker_stage *next;
    worker_job *job;
    weft_to_worker order; /* the STAGE message */
    int32_t users;        /* slots at work on it; guarded by the worker's lock, as is all up to `account` */
    bool dropped;         /* CLOSE or END came: free it when the last user leaves */
    stage_state state;
    int32_t units, next_unit, built_units;
    weft_status broken;
    weft_error error;
    weft_account *account;
    weft_arena *arena;
    weft_ctx ctx;            /* of the opening slot */
    const weft_stage *stage; /* what the order brought, or `decoded` */
    weft_stage *decoded;     /* from the wire; its table is closed with it */
    weft_input *inputs;
    weft_stage_shared *shared;
} worker_stage;

typedef struct slot {
    weft_worker *worker;
    pthread_t thread;
    bool started;
    weft_account *account;
    weft_arena *arena;
} slot;

typedef enum order_kind { ORDER_TASK, ORDER_HELP, ORDER_STOP } order_kind;
typedef struct order {
    order_kind kind;
    worker_stage *stage; /* one use of it is the order's */
    int32_t partition, attempt;
} order;

struct weft_worker {
    weft_worker_options options;
    weft_account *account;
    weft_account *store_account;
    weft_store *store;
    weft_mailbox *orders;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* some stage's state or unit count */
    worker_stage *stages;   /* guarded by lock */
    worker_job *jobs;       /* guarded by lock */
    slot *slots;
};

weft_store *weft_worker_store(const weft_worker *worker) { return worker->store; }

/* ---- reports ---- */

static void report(weft_ctx *ctx, weft_worker *w, const weft_to_coordinator *message)
{
    const weft_coordinator_link *link = &w->options.coordinator;
    if (link->send(ctx, link->self, message) == WEFT_OK) return;
    /* the coordinator is gone or has no memory: it will miss the task at its deadline; what the message owns
     * is ours */
    if (message->block != NULL) {
        weft_block *block = message->block;
        weft_block_release(&block);
    }
    weft_mem_free(message->metrics);
    weft_mem_free(message->error);
}

static weft_to_coordinator report_of(const weft_worker *w, const worker_stage *s,
                                     weft_to_coordinator_kind kind)
{
    return (weft_to_coordinator){.kind = kind,
                                 .worker = w->options.id,
                                 .epoch = s->order.epoch,
                                 .job = s->order.job,
                                 .stage = s->order.stage,
                                 .generation = s->order.generation};
}

static void report_failure(weft_ctx *ctx, weft_worker *w, const order *o, weft_status status, int64_t run_ns)
{
    weft_to_coordinator message = report_of(w, o->stage, WEFT_FROM_WORKER_FAILED);
    const weft_error error = ctx->error;
    message.partition = o->partition;
    message.attempt = o->attempt;
    message.status = status;
    message.run_ns = run_ns;
    if (weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(error), (void **)&message.error) == WEFT_OK) {
        weft_mem_move(message.error, w->account); /* the receiver frees it, at its own time */
        *message.error = error;
    }
    report(ctx, w, &message);
}

/* ---- stages ---- */

static void stage_free(worker_stage *s)
{
    weft_stage_close(&s->shared);
    for (int32_t i = 0; i < s->order.source_count && s->inputs != NULL; i++)
        for (int32_t b = 0; b < s->inputs[i].block_count && s->inputs[i].blocks != NULL; b++) {
            weft_block *block = s->inputs[i].blocks[b];
            weft_block_release(&block);
        }
    if (s->decoded != NULL) weft_stage_unbind(s->decoded);
    weft_arena_free(&s->arena);
    weft_account_close(&s->account);
    weft_mem_free(s);
}

/* Lock held. Nothing of a job that has ended is left: forget it and answer its END. */
static void job_ended(weft_ctx *ctx, weft_worker *w, worker_job *job, int64_t epoch)
{
    const weft_to_coordinator ended = {
        .kind = WEFT_FROM_WORKER_ENDED, .worker = w->options.id, .epoch = epoch, .job = job->id};
    for (worker_job **at = &w->jobs; *at != NULL; at = &(*at)->next)
        if (*at == job) {
            *at = job->next;
            break;
        }
    weft_store_drop(w->store, job->id, -1);
    weft_mem_free(job);
    report(ctx, w, &ended);
}

/* Lock held. A job that has ended ends with its last stage. */
static void stage_unlink(weft_ctx *ctx, weft_worker *w, worker_stage *s)
{
    worker_job *job = s->job;
    const int64_t epoch = s->order.epoch;
    for (worker_stage **at = &w->stages; *at != NULL; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            break;
        }
    stage_free(s);
    if (--job->stages == 0 && atomic_load(&job->cancelled)) job_ended(ctx, w, job, epoch);
}

static void stage_leave(weft_ctx *ctx, weft_worker *w, worker_stage *s)
{
    pthread_mutex_lock(&w->lock);
    if (--s->users == 0 && s->dropped) stage_unlink(ctx, w, s);
    pthread_mutex_unlock(&w->lock);
}

/* The fragment: shared with the coordinator in this process, or from the wire. */
static weft_status find_stage_plan(weft_ctx *ctx, worker_stage *s)
{
    weft_status st = WEFT_OK;
    s->stage = s->order.fragment;
    if (s->stage != NULL) return WEFT_OK;
    WEFT_TRY(st, weft_stage_decode(ctx, s->order.fragment_bytes, s->order.fragment_len, &s->decoded));
    WEFT_TRY(st, weft_stage_bind(ctx, s->decoded));
    s->stage = s->decoded;
    if (s->stage->id != s->order.stage || s->stage->input_count != s->order.source_count)
        st = weft_fail(ctx, WEFT_CORRUPT, "stage %d came as stage %d with %d inputs", s->order.stage,
                       s->stage->id, s->stage->input_count);
done:
    return st;
}

/* The operators were planned for rows of these columns in so many partitions. */
static weft_status check_input(weft_ctx *ctx, const weft_stage_input *planned, const weft_block *block)
{
    const weft_row_layout *layout = weft_block_layout(block);
    bool same = weft_block_partitions(block) == planned->partition_count &&
                layout->count == planned->rows.count;
    for (int32_t i = 0; i < layout->count && same; i++)
        same = weft_type_equal(layout->types[i], planned->rows.types[i]);
    if (same) return WEFT_OK;
    return weft_fail(ctx, WEFT_CORRUPT, "a block of stage %d does not hold the rows that its reader expects",
                     planned->stage_id);
}

/* Find the accepted blocks of every input in the store. */
static weft_status find_inputs(weft_ctx *ctx, weft_worker *w, worker_stage *s)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->order.source_count, &s->inputs));
    for (int32_t i = 0; i < s->order.source_count; i++) {
        const weft_stage_source *source = &s->order.sources[i];
        weft_block **blocks = NULL;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, source->task_count, &blocks));
        s->inputs[i] = (weft_input){.stage_id = source->stage, .blocks = blocks};
        for (int32_t p = 0; p < source->task_count; p++) {
            const weft_block_name name = {.job = s->order.job,
                                          .stage = source->stage,
                                          .generation = source->generation,
                                          .partition = p,
                                          .attempt = source->attempts[p]};
            blocks[p] = weft_store_find(w->store, &name);
            if (blocks[p] == NULL)
                WEFT_TRY(st, weft_fail(ctx, WEFT_FETCH_FAILED, "block %d.%d of task %d is not on this worker",
                                       source->stage, source->generation, p));
            s->inputs[i].block_count = p + 1;
            WEFT_TRY(st, check_input(ctx, &s->stage->inputs[i], blocks[p]));
        }
    }
done:
    return st;
}

static weft_status stage_open(weft_worker *w, worker_stage *s)
{
    weft_status st = WEFT_OK;
    int32_t units = 0;
    weft_ctx_init(&s->ctx, s->arena, s->account, s->order.settings);
    s->ctx.cancel = &s->job->cancelled;
    WEFT_TRY(st, find_stage_plan(&s->ctx, s));
    WEFT_TRY(st, find_inputs(&s->ctx, w, s));
    WEFT_TRY(st, weft_stage_open(&s->ctx, s->stage, s->inputs, &s->shared, &units));
    s->units = units;
done:
    return st;
}

/* Lock held. */
static void stage_break(weft_worker *w, worker_stage *s, weft_status st, const weft_error *error)
{
    if (s->state != STAGE_BROKEN) {
        s->broken = st;
        s->error = *error;
    }
    s->state = STAGE_BROKEN;
    pthread_cond_broadcast(&w->changed);
}

/* Ask free slots to help with the units. Lock held. */
static void ask_for_help(weft_ctx *ctx, weft_worker *w, worker_stage *s)
{
    const int32_t helpers = weft_min_i32(w->options.slots - 1, s->units - 1);
    for (int32_t i = 0; i < helpers; i++) {
        const order help = {.kind = ORDER_HELP, .stage = s};
        if (weft_mailbox_put(ctx, w->orders, &help, true) != WEFT_OK) {
            weft_error_clear(ctx); /* without help it only takes longer */
            return;
        }
        s->users++;
    }
}

/* Build units until none is left to take. Lock held before and after. */
static void build_units(weft_ctx *ctx, weft_worker *w, worker_stage *s)
{
    while (s->state == STAGE_BUILDING && s->next_unit < s->units) {
        const int32_t unit = s->next_unit++;
        pthread_mutex_unlock(&w->lock);
        weft_status st = weft_check_cancel(ctx);
        if (st == WEFT_OK) st = weft_stage_unit(ctx, s->shared, unit);
        pthread_mutex_lock(&w->lock);
        s->built_units++;
        if (st != WEFT_OK) stage_break(w, s, st, &ctx->error);
        if (s->state == STAGE_BUILDING && s->built_units == s->units) {
            s->state = STAGE_READY;
            pthread_cond_broadcast(&w->changed);
        }
    }
}

/* Have the stage ready, opening it when nobody has yet. The units are built with a ctx whose memory lives as
 * long as the stage's. */
static weft_status stage_prepare(weft_ctx *ctx, weft_worker *w, worker_stage *s)
{
    weft_status st = WEFT_OK;
    pthread_mutex_lock(&w->lock);
    if (s->state == STAGE_NEW) {
        s->state = STAGE_OPENING;
        pthread_mutex_unlock(&w->lock);
        st = stage_open(w, s);
        pthread_mutex_lock(&w->lock);
        if (st != WEFT_OK)
            stage_break(w, s, st, &s->ctx.error);
        else {
            s->state = s->units == 0 ? STAGE_READY : STAGE_BUILDING;
            if (s->units > 1) ask_for_help(ctx, w, s);
            pthread_cond_broadcast(&w->changed);
        }
    }
    while (s->state == STAGE_OPENING) pthread_cond_wait(&w->changed, &w->lock);
    if (s->state == STAGE_BUILDING) {
        weft_arena *arena = weft_arena_new(s->account);
        weft_ctx own;
        if (arena == NULL) {
            st = weft_fail(ctx, WEFT_NOMEM, "no memory for preparing a stage");
            stage_break(w, s, st, &ctx->error);
        } else {
            weft_ctx_init(&own, arena, s->account, s->order.settings);
            own.cancel = &s->job->cancelled;
            build_units(&own, w, s);
            weft_arena_free(&arena);
        }
    }
    while (s->state == STAGE_BUILDING) pthread_cond_wait(&w->changed, &w->lock);
    st = s->state == STAGE_BROKEN ? s->broken : WEFT_OK;
    if (st != WEFT_OK) ctx->error = s->error;
    pthread_mutex_unlock(&w->lock);
    return st;
}

/* ---- tasks ---- */

/* Test setting: the block goes through its serialised form. */
static weft_status reserialize(weft_ctx *ctx, weft_worker *w, const worker_stage *s, weft_block **block)
{
    weft_status st = WEFT_OK;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_block *copy = NULL;
    st = weft_block_encode(ctx, *block, &bytes, &len);
    if (st == WEFT_NOMEM) { /* larger than memory: no real transfer would have all of it there at once */
        weft_error_clear(ctx);
        return WEFT_OK;
    }
    WEFT_TRY(st, st);
    weft_block_release(block);
    WEFT_TRY(st, weft_block_decode(ctx, w->store_account, &s->stage->fragment.sink.rows, bytes, len, &copy));
    *block = copy;
done:
    weft_mem_free(bytes);
    return st;
}

static weft_status run_lane(weft_ctx *ctx, weft_worker *w, worker_stage *s, const order *o,
                            weft_op_metrics *metrics, weft_block **block)
{
    weft_status st = WEFT_OK;
    weft_lane *lane = NULL;
    const weft_stage *stage = s->stage;
    const weft_task task = {.stage = stage,
                            .spec = &stage->tasks[o->partition],
                            .name = {.job = s->order.job,
                                     .stage = s->order.stage,
                                     .generation = s->order.generation,
                                     .partition = o->partition,
                                     .attempt = o->attempt},
                            .input_count = s->order.source_count,
                            .inputs = s->inputs,
                            .owner = w->store_account,
                            .timed = s->order.timed};
    WEFT_TRY(st, weft_lane_open(ctx, s->shared, &task, metrics, &lane));
    WEFT_TRY(st, weft_lane_run(ctx, lane));
    WEFT_TRY(st, weft_lane_finish(ctx, lane, block));
done:
    weft_lane_close(&lane);
    return st;
}

/* Room for the tasks to come: finished blocks that nobody reads go to scratch when the pool is nearly full.
 */
static weft_status relieve(weft_ctx *ctx, weft_worker *w)
{
    const int64_t limit = weft_pool_limit_bytes(w->options.pool);
    const int64_t above = weft_pool_used_bytes(w->options.pool) - limit / 100 * SPILL_ABOVE_PERCENT;
    int64_t freed = 0;
    if (above <= 0) return WEFT_OK;
    return weft_store_spill(ctx, w->store, above, &freed);
}

/* The pool's relief. What fails here is told by whoever is then refused, and tries to spill as well. */
static int64_t give_way(weft_ctx *ctx, void *self, int64_t bytes)
{
    weft_worker *w = self;
    const weft_error kept = ctx->error;
    int64_t freed = 0;
    if (weft_store_spill(ctx, w->store, bytes, &freed) != WEFT_OK) ctx->error = kept;
    return freed;
}

static weft_status run_task(weft_ctx *ctx, weft_worker *w, const order *o, weft_op_metrics **metrics,
                            weft_block **block)
{
    weft_status st = WEFT_OK;
    worker_stage *s = o->stage;

    WEFT_TRY(st, weft_check_cancel(ctx));
    WEFT_TRY(st, relieve(ctx, w));
    WEFT_TRY(st, stage_prepare(ctx, w, s));
    if (o->partition < 0 || o->partition >= s->stage->task_count)
        WEFT_TRY(st, weft_fail(ctx, WEFT_INTERNAL, "stage %d has no task %d", s->stage->id, o->partition));
    const size_t parts = (size_t)s->stage->fragment.op_count + 2;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, parts * sizeof(**metrics), (void **)metrics));
    WEFT_TRY(st, run_lane(ctx, w, s, o, *metrics, block));
    if (weft_setting(ctx, WEFT_SET_SERIALIZE) || weft_setting(ctx, WEFT_SET_FAIL_FIRST_ATTEMPT))
        WEFT_TRY(st, reserialize(ctx, w, s, block));
    if (weft_setting(ctx, WEFT_SET_FAIL_FIRST_ATTEMPT) && o->attempt == 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_INJECTED,
                               "attempt 0 fails after its last output (weft.test.failFirstAttempt)"));
    WEFT_TRY(st, weft_store_put(ctx, w->store, weft_block_share(*block)));
done:
    return st;
}

static void slot_task(slot *sl, const order *o)
{
    weft_worker *w = sl->worker;
    worker_stage *s = o->stage;
    weft_ctx ctx;
    weft_op_metrics *metrics = NULL;
    weft_block *block = NULL;

    weft_ctx_init(&ctx, sl->arena, sl->account, s->order.settings);
    ctx.cancel = &s->job->cancelled;
    const int64_t began = weft_now_ns(&ctx);
    const weft_status st = run_task(&ctx, w, o, &metrics, &block);
    const int64_t run_ns = weft_now_ns(&ctx) - began;
    if (metrics != NULL) weft_mem_move(metrics, w->account); /* the receiver frees them, at its own time */
    if (st == WEFT_OK) {
        weft_to_coordinator done = report_of(w, s, WEFT_FROM_WORKER_DONE);
        done.partition = o->partition;
        done.attempt = o->attempt;
        done.block = block;
        done.metrics = metrics;
        done.run_ns = run_ns;
        report(&ctx, w, &done);
    } else {
        weft_block_release(&block);
        weft_mem_free(metrics);
        report_failure(&ctx, w, o, st, run_ns);
    }
    stage_leave(&ctx, w, s);
    weft_arena_reset(sl->arena);
}

static void slot_help(slot *sl, const order *o)
{
    weft_ctx ctx;
    weft_ctx_init(&ctx, sl->arena, sl->account, o->stage->order.settings);
    ctx.cancel = &o->stage->job->cancelled;
    const weft_status st = stage_prepare(&ctx, sl->worker, o->stage);
    (void)st; /* the stage remembers it, and every task of it will report it */
    stage_leave(&ctx, sl->worker, o->stage);
    weft_arena_reset(sl->arena);
}

static void *slot_main(void *argument)
{
    slot *sl = argument;
    order o;
    while (weft_mailbox_take(sl->worker->orders, &o, INT64_MAX)) {
        if (o.kind == ORDER_STOP) break;
        if (o.kind == ORDER_TASK)
            slot_task(sl, &o);
        else
            slot_help(sl, &o);
    }
    return NULL;
}

/* ---- orders ---- */

/* Lock held in all of these. */
static worker_stage *find_stage(const weft_worker *w, const weft_to_worker *m)
{
    for (worker_stage *s = w->stages; s != NULL; s = s->next)
        if (!s->dropped && s->order.job == m->job && s->order.stage == m->stage &&
            s->order.generation == m->generation)
            return s;
    return NULL;
}

static weft_status find_job(weft_ctx *ctx, weft_worker *w, uint64_t id, worker_job **out)
{
    weft_status st = WEFT_OK;
    for (worker_job *j = w->jobs; j != NULL; j = j->next)
        if (j->id == id) {
            *out = j;
            return WEFT_OK;
        }
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(**out), (void **)out));
    (*out)->id = id;
    (*out)->next = w->jobs;
    w->jobs = *out;
done:
    return st;
}

static weft_status on_stage(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m)
{
    weft_status st = WEFT_OK;
    worker_stage *s = NULL;
    worker_job *job = NULL;
    if (find_stage(w, m) != NULL) return WEFT_OK;
    WEFT_TRY(st, find_job(ctx, w, m->job, &job));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    char name[32] = "stage";
    s->account = weft_account_open(w->options.pool, name);
    s->arena = s->account == NULL ? NULL : weft_arena_new(s->account);
    if (s->arena == NULL) {
        weft_account_close(&s->account);
        weft_mem_free(s);
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for a stage"));
    }
    weft_account_set_floor(s->account, STAGE_FLOOR);
    s->order = *m;
    s->job = job;
    s->next = w->stages;
    w->stages = s;
    job->stages++;
done:
    return st;
}

static weft_status on_launch(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m)
{
    weft_status st = WEFT_OK;
    worker_stage *s = find_stage(w, m);
    if (s == NULL) return weft_fail(ctx, WEFT_INTERNAL, "a task of stage %d came before its stage", m->stage);
    const order o = {.kind = ORDER_TASK, .stage = s, .partition = m->partition, .attempt = m->attempt};
    WEFT_TRY(st, weft_mailbox_put(ctx, w->orders, &o, false));
    s->users++;
done:
    return st;
}

/* Slots that still help with it leave first. */
static void on_close(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m)
{
    worker_stage *s = find_stage(w, m);
    if (s == NULL) return;
    s->dropped = true;
    if (s->users == 0) stage_unlink(ctx, w, s);
}

static void on_end(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m)
{
    worker_job *job = NULL;
    for (job = w->jobs; job != NULL && job->id != m->job; job = job->next) continue;
    weft_to_coordinator ended = {
        .kind = WEFT_FROM_WORKER_ENDED, .worker = w->options.id, .epoch = m->epoch, .job = m->job};
    if (job == NULL) {
        report(ctx, w, &ended);
        return;
    }
    atomic_store(&job->cancelled, true);
    pthread_cond_broadcast(&w->changed);
    if (job->stages == 0) {
        job_ended(ctx, w, job, m->epoch);
        return;
    }
    worker_stage *next = NULL;
    for (worker_stage *s = w->stages; s != NULL; s = next) {
        next = s->next;
        if (s->job != job) continue;
        s->dropped = true;
        if (s->users == 0) stage_unlink(ctx, w, s);
    }
}

weft_status weft_worker_send(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m)
{
    weft_status st = WEFT_OK;
    weft_account *const senders = ctx->memory;
    ctx->memory = w->account; /* what an order makes lives as long as its job, not as its sender */
    pthread_mutex_lock(&w->lock);
    switch (m->kind) {
    case WEFT_TO_WORKER_STAGE: st = on_stage(ctx, w, m); break;
    case WEFT_TO_WORKER_LAUNCH: st = on_launch(ctx, w, m); break;
    case WEFT_TO_WORKER_CLOSE: on_close(ctx, w, m); break;
    case WEFT_TO_WORKER_FREE: weft_store_drop(w->store, m->job, m->stage); break;
    case WEFT_TO_WORKER_END: on_end(ctx, w, m); break;
    }
    pthread_mutex_unlock(&w->lock);
    ctx->memory = senders;
    return st;
}

/* ---- life ---- */

static weft_status start_slot(weft_ctx *ctx, weft_worker *w, slot *sl, int32_t number)
{
    char name[32];
    const char digits[] = "0123456789";
    memcpy(name, "slot ", 5);
    name[5] = digits[number / 100 % 10];
    name[6] = digits[number / 10 % 10];
    name[7] = digits[number % 10];
    name[8] = 0;
    sl->worker = w;
    sl->account = weft_account_open(w->options.pool, name);
    if (sl->account != NULL)
        weft_account_set_floor(sl->account, weft_min_i64(SLOT_FLOOR_MOST, SLOTS_FLOOR / w->options.slots));
    sl->arena = sl->account == NULL ? NULL : weft_arena_new(sl->account);
    if (sl->arena == NULL) return weft_fail(ctx, WEFT_NOMEM, "no memory for a task slot");
    if (pthread_create(&sl->thread, NULL, slot_main, sl) != 0)
        return weft_fail(ctx, WEFT_NOMEM, "the system refuses another thread for a task slot");
    sl->started = true;
    return WEFT_OK;
}

weft_status weft_worker_start(weft_ctx *ctx, const weft_worker_options *options, weft_worker **out)
{
    weft_status st = WEFT_OK;
    weft_worker *w = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*w), (void **)&w));
    w->options = *options;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    w->account = weft_account_open(options->pool, "worker");
    w->store_account = weft_account_open(options->pool, "blocks");
    if (w->account == NULL || w->store_account == NULL)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for a worker"));
    WEFT_TRY(st, weft_store_new(ctx, w->store_account, &w->store));
    WEFT_TRY(st, weft_mailbox_new(ctx, sizeof(order), ORDERS_LIMIT, &w->orders));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)options->slots * sizeof(slot),
                                     (void **)&w->slots));
    weft_pool_set_relief(options->pool, give_way, w);
    const int64_t working = (int64_t)options->slots * SLOT_WORKING + SLOTS_FLOOR;
    weft_pool_set_reserve(options->pool, working - WEFT_MEM_HEADROOM_BYTES);
    for (int32_t i = 0; i < options->slots; i++) WEFT_TRY(st, start_slot(ctx, w, &w->slots[i], i));
    const weft_to_coordinator here = {
        .kind = WEFT_FROM_WORKER_REGISTER, .worker = options->id, .slots = options->slots};
    report(ctx, w, &here);
    *out = w;
    w = NULL;
done:
    weft_worker_stop(&w);
    return st;
}

void weft_worker_stop(weft_worker **worker)
{
    weft_worker *w = *worker;
    *worker = NULL;
    if (w == NULL) return;
    pthread_mutex_lock(&w->lock);
    for (worker_job *j = w->jobs; j != NULL; j = j->next) atomic_store(&j->cancelled, true);
    pthread_mutex_unlock(&w->lock);
    if (w->orders != NULL) weft_mailbox_close(w->orders);
    for (int32_t i = 0; i < w->options.slots && w->slots != NULL; i++) {
        if (w->slots[i].started) pthread_join(w->slots[i].thread, NULL);
        weft_arena_free(&w->slots[i].arena);
        weft_account_close(&w->slots[i].account);
    }
    weft_pool_set_relief(w->options.pool, NULL, NULL);
    while (w->stages != NULL) {
        worker_stage *s = w->stages;
        w->stages = s->next;
        stage_free(s);
    }
    while (w->jobs != NULL) {
        worker_job *j = w->jobs;
        w->jobs = j->next;
        weft_mem_free(j);
    }
    weft_mem_free(w->slots);
    weft_mailbox_free(&w->orders);
    weft_store_free(&w->store);
    weft_account_close(&w->store_account);
    weft_account_close(&w->account);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
    weft_mem_free(w);
}
