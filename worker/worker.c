/* worker/worker.c - a worker's life: slots that take orders from one mailbox.
 *
 * Memory: stage and tasks have arenas of their own; finished blocks belong to the store; what a job spills
 * lies in its own scratch space. Threads: one a slot. `lock` guards the lists of stages and jobs. */
#include "worker/worker.h"

#include <string.h>

#include "common/settings.h"
#include "worker/worker_private.h"

#define IDLE_NS INT64_C(5000000000) /* the memory of the last tasks is kept so long for the next ones */

enum {
    STAGE_FLOOR = 1 << 20,  /* small tables that all tasks of a stage share */
    ORDERS_LIMIT = 1 << 20, /* launches of one job: the scheduler launches only into free slots */
};

weft_store *weft_worker_store(const weft_worker *worker) { return worker->store; }
weft_relay *weft_worker_relay(const weft_worker *worker) { return worker->relay; }

/* ---- slots ---- */

/* Nothing came for a while, and no job is there: what the process keeps of freed memory goes back. */
static void trim_when_idle(weft_worker *w)
{
    pthread_mutex_lock(&w->lock);
    const bool idle = w->jobs == NULL;
    pthread_mutex_unlock(&w->lock);
    if (idle && weft_pool_kept_bytes(w->options.pool) > 0) weft_pool_trim(w->options.pool);
}

static void *slot_main(void *argument)
{
    slot *sl = argument;
    weft_worker *w = sl->worker;
    order o;
    /* in one process the session knows better when the next statement comes */
    const bool tidies = w->options.fetcher != NULL && sl == w->slots;
    for (;;) {
        bool got = weft_mailbox_take(w->orders, &o, 0);
        if (!got) {
            weft_worker_flush(w);
            got = weft_mailbox_take(w->orders, &o, tidies ? IDLE_NS : INT64_MAX);
        }
        if (!got) {
            if (w->stopping) break;
            trim_when_idle(w);
            continue;
        }
        if (o.kind == ORDER_STOP) break;
        if (o.kind == ORDER_TASK)
            weft_slot_task(sl, &o);
        else
            weft_slot_help(sl, &o);
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

static worker_job *known_job(const weft_worker *w, uint64_t id)
{
    for (worker_job *j = w->jobs; j != NULL; j = j->next)
        if (j->id == id) return j;
    return NULL;
}

static weft_status find_job(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m, worker_job **out)
{
    weft_status st = WEFT_OK;
    worker_job *job = NULL;
    const weft_settings *const senders = ctx->settings;
    *out = known_job(w, m->job);
    if (*out != NULL) return WEFT_OK;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*job), (void **)&job));
    ctx->settings = m->settings; /* the statement's scratch folders */
    st = weft_scratch_space_new(ctx, &job->scratch);
    ctx->settings = senders;
    WEFT_TRY(st, st);
    job->id = m->job;
    job->next = w->jobs;
    w->jobs = *out = job;
    job = NULL;
done:
    weft_mem_free(job);
    return st;
}

static weft_status memory_open(weft_ctx *ctx, weft_worker *w, message_memory *memory)
{
    const char name[32] = "stage";
    memory->account = weft_account_open(w->options.pool, name);
    memory->arena = memory->account == NULL ? NULL : weft_arena_new(memory->account);
    if (memory->arena != NULL) return WEFT_OK;
    weft_account_close(&memory->account);
    return weft_fail(ctx, WEFT_NOMEM, "no memory for a stage");
}

static void memory_close(message_memory *memory)
{
    weft_arena_free(&memory->arena);
    weft_account_close(&memory->account);
}

/* Slots that still help with it leave first. */
static void on_close(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m)
{
    worker_stage *s = find_stage(w, m);
    if (s == NULL) return;
    s->dropped = true;
    if (s->users == 0) weft_worker_stage_unlink(ctx, w, s);
}

/* Do both orders name the same blocks at the same places? */
static bool same_inputs(const weft_to_worker *a, const weft_to_worker *b)
{
    if (a->source_count != b->source_count) return false;
    for (int32_t i = 0; i < a->source_count; i++) {
        const weft_stage_source *x = &a->sources[i], *y = &b->sources[i];
        if (x->stage != y->stage || x->generation != y->generation || x->task_count != y->task_count ||
            (x->places == NULL) != (y->places == NULL))
            return false;
        for (int32_t t = 0; t < x->task_count; t++)
            if (x->attempts[t] != y->attempts[t] ||
                (x->places != NULL &&
                 !weft_uuid_equal(a->places[x->places[t]].uuid, b->places[y->places[t]].uuid)))
                return false;
    }
    return true;
}

/* memory: what m lies in, taken over when the stage is opened. */
static weft_status on_stage(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m, message_memory *memory)
{
    weft_status st = WEFT_OK;
    worker_stage *s = NULL;
    worker_job *job = NULL;
    message_memory own = {0};
    const worker_stage *before = find_stage(w, m);
    if (before != NULL && before->state != STAGE_BROKEN && same_inputs(&before->order, m)) return WEFT_OK;
    on_close(ctx, w, m); /* told anew: its inputs are elsewhere, or could not be read */
    WEFT_TRY(st, find_job(ctx, w, m, &job));
    WEFT_TRY(st, memory_open(ctx, w, &own));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->account = own.account;
    s->arena = own.arena;
    own = (message_memory){0};
    weft_account_set_floor(s->account, STAGE_FLOOR);
    s->order = *m;
    s->message = *memory;
    *memory = (message_memory){0};
    if (m->fragment_apart) weft_worker_fragment_expect(ctx, s);
    for (int32_t i = 0; i < m->source_count; i++)
        WEFT_TRY(st, weft_relay_expect(ctx, w->relay, s, m->job, &s->order.sources[i]));
    s->job = job;
    s->next = w->stages;
    w->stages = s;
    job->stages++;
    s = NULL;
done:
    if (s != NULL) weft_worker_stage_free(w, s);
    memory_close(&own);
    return st;
}

/* The sender thinks that the stage is open here. It is not: a session ended in between. */
static void refuse_launch(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m)
{
    weft_to_coordinator failed = {.kind = WEFT_FROM_WORKER_FAILED,
                                  .worker = w->number,
                                  .epoch = m->epoch,
                                  .job = m->job,
                                  .stage = m->stage,
                                  .generation = m->generation,
                                  .partition = m->partition,
                                  .attempt = m->attempt,
                                  .status = WEFT_UNREACHABLE,
                                  .broken = true};
    const weft_error kept = ctx->error;
    const weft_status st = weft_fail(ctx, WEFT_UNREACHABLE, "stage %d.%d is not open on worker %d", m->stage,
                                     m->generation, w->number);
    (void)st; /* what the report is about */
    const weft_error error = ctx->error;
    if (weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(error), (void **)&failed.error) == WEFT_OK)
        *failed.error = error;
    weft_worker_report(ctx, w, &failed);
    ctx->error = kept;
}

static weft_status on_launch(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m)
{
    weft_status st = WEFT_OK;
    worker_stage *s = find_stage(w, m);
    order o = {.kind = ORDER_TASK};
    if (s == NULL) {
        refuse_launch(ctx, w, m);
        return WEFT_OK;
    }
    WEFT_TRY(st, weft_worker_attempt_add(ctx, w, s, m, &o.attempt));
    st = weft_mailbox_put(ctx, w->orders, &o, false);
    if (st == WEFT_OK)
        s->users++;
    else {
        weft_worker_attempt_remove(o.attempt);
        weft_mem_free(o.attempt);
    }
done:
    return st;
}

static void on_free(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m)
{
    worker_job *job = known_job(w, m->job);
    if (job != NULL) weft_worker_drop_blocks(ctx, w, job, m->stage, m->generation);
}

static void on_drop(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m)
{
    worker_job *job = known_job(w, m->job);
    const weft_block_name name = {.job = m->job,
                                  .stage = m->stage,
                                  .generation = m->generation,
                                  .partition = m->partition,
                                  .attempt = m->attempt};
    if (job != NULL) weft_worker_drop_block(ctx, w, job, &name);
}

static void on_end(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m)
{
    worker_job *job = known_job(w, m->job);
    weft_to_coordinator ended = {
        .kind = WEFT_FROM_WORKER_ENDED, .worker = w->number, .epoch = m->epoch, .job = m->job};
    if (job == NULL) {
        weft_worker_report(ctx, w, &ended);
        return;
    }
    atomic_store(&job->cancelled, true);
    weft_scratch_space_abandon(job->scratch);
    weft_worker_attempts_cancel(w, m, job);
    if (job->stages == 0) {
        weft_worker_job_ended(ctx, w, job, m->epoch);
        return;
    }
    worker_stage *next = NULL;
    for (worker_stage *s = w->stages; s != NULL; s = next) {
        next = s->next;
        if (s->job != job) continue;
        s->dropped = true;
        if (s->users == 0) weft_worker_stage_unlink(ctx, w, s);
    }
}

/* A leader that was deposed is not heard any more. */
static bool is_of_old_epoch(weft_worker *w, const weft_to_worker *m)
{
    if (m->epoch < w->epoch) return true;
    w->epoch = m->epoch;
    return false;
}

static weft_status take_order(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m, message_memory *memory)
{
    weft_status st = WEFT_OK;
    weft_account *const senders = ctx->memory;
    ctx->memory = w->account; /* what an order makes lives as long as its job, not as its sender */
    pthread_mutex_lock(&w->lock);
    if (is_of_old_epoch(w, m)) goto done;
    switch (m->kind) {
    case WEFT_TO_WORKER_STAGE: st = on_stage(ctx, w, m, memory); break;
    case WEFT_TO_WORKER_LAUNCH: st = on_launch(ctx, w, m); break;
    case WEFT_TO_WORKER_CLOSE: on_close(ctx, w, m); break;
    case WEFT_TO_WORKER_FREE: on_free(ctx, w, m); break;
    case WEFT_TO_WORKER_END: on_end(ctx, w, m); break;
    case WEFT_TO_WORKER_CANCEL: weft_worker_attempts_cancel(w, m, NULL); break;
    case WEFT_TO_WORKER_DROP: on_drop(ctx, w, m); break;
    case WEFT_TO_WORKER_PIECE: st = weft_worker_fragment_take(ctx, w, m); break;
    }
done:
    pthread_mutex_unlock(&w->lock);
    ctx->memory = senders;
    return st;
}

weft_status weft_worker_send(weft_ctx *ctx, weft_worker *w, const weft_to_worker *m)
{
    message_memory memory = {0};
    return take_order(ctx, w, m, &memory);
}

/* The bytes of a piece are the frame after it. */
static weft_status find_piece(weft_ctx *ctx, weft_to_worker *m, const weft_net_frame *frame)
{
    if (frame == NULL || frame->len != m->fragment_len)
        return weft_fail(ctx, WEFT_CORRUPT, "a piece of the fragment of stage %d came with %zu of %zu bytes",
                         m->stage, frame == NULL ? 0 : frame->len, m->fragment_len);
    m->fragment_bytes = frame->bytes;
    return WEFT_OK;
}

weft_status weft_worker_receive(weft_ctx *ctx, weft_worker *w, const weft_net_frame *frames, int32_t count,
                                int32_t *taken)
{
    weft_status st = WEFT_OK;
    weft_to_worker m = {0};
    weft_arena *const senders = ctx->arena;
    weft_account *const account = ctx->memory;
    if (w->incoming.arena == NULL) WEFT_TRY(st, memory_open(ctx, w, &w->incoming));
    ctx->arena = w->incoming.arena;
    ctx->memory = w->incoming.account;
    st = weft_to_worker_decode(ctx, w->options.settings, frames[0].bytes, frames[0].len, &m);
    *taken = m.kind == WEFT_TO_WORKER_PIECE ? 2 : 1;
    if (st == WEFT_OK && *taken == 2) st = find_piece(ctx, &m, count > 1 ? &frames[1] : NULL);
    ctx->arena = senders;
    ctx->memory = account;
    WEFT_TRY(st, st);
    st = take_order(ctx, w, &m, &w->incoming);
done:
    if (w->incoming.arena != NULL) weft_arena_reset(w->incoming.arena);
    return st;
}

bool weft_worker_is_lost(const weft_ctx *ctx, const weft_block_name *name)
{
    return weft_setting(ctx, WEFT_SET_LOSE_BLOCKS) != 0 && name->generation == 0 && name->partition == 0 &&
           name->attempt == 0;
}

weft_status weft_worker_fetch(weft_ctx *ctx, weft_worker *w, const weft_block_name *name, weft_block **out)
{
    *out = weft_worker_is_lost(ctx, name) ? NULL : weft_store_find(w->store, name);
    if (*out != NULL) return WEFT_OK;
    return weft_fail(ctx, WEFT_FETCH_FAILED, "block %d.%d of task %d, attempt %d is not on worker %d",
                     name->stage, name->generation, name->partition, name->attempt, w->number);
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
    if (sl->account != NULL) weft_account_set_floor(sl->account, weft_room_slot_floor(w));
    sl->arena = sl->account == NULL ? NULL : weft_arena_new(sl->account);
    if (sl->arena == NULL) return weft_fail(ctx, WEFT_NOMEM, "no memory for a task slot");
    pthread_attr_t attributes;
    bool started = pthread_attr_init(&attributes) == 0;
    if (started) { /* whatever the shell's limit says */
        started = pthread_attr_setstacksize(&attributes, WEFT_THREAD_STACK_BYTES) == 0 &&
                  pthread_create(&sl->thread, &attributes, slot_main, sl) == 0;
        pthread_attr_destroy(&attributes);
    }
    if (!started) return weft_fail(ctx, WEFT_NOMEM, "the system refuses another thread for a task slot");
    sl->started = true;
    return WEFT_OK;
}

weft_status weft_worker_start(weft_ctx *ctx, const weft_worker_options *options, weft_worker **out)
{
    weft_status st = WEFT_OK;
    weft_worker *w = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*w), (void **)&w));
    w->options = *options;
    w->number = options->id;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    w->account = weft_account_open(options->pool, "worker");
    w->store_account = weft_account_open(options->pool, "blocks");
    if (w->account == NULL || w->store_account == NULL)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for a worker"));
    WEFT_TRY(st, weft_store_new(ctx, w->store_account, &w->store));
    WEFT_TRY(st, weft_relay_new(ctx, options->pool, &w->relay));
    WEFT_TRY(st, weft_mailbox_new(ctx, sizeof(order), ORDERS_LIMIT, &w->orders));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)options->slots * sizeof(slot),
                                     (void **)&w->slots));
    weft_pool_set_relief(options->pool, weft_worker_give_way, w);
    weft_room_init(w);
    for (int32_t i = 0; i < options->slots; i++) WEFT_TRY(st, start_slot(ctx, w, &w->slots[i], i));
    weft_to_coordinator here = {
        .kind = WEFT_FROM_WORKER_REGISTER, .worker = options->id, .slots = options->slots};
    weft_worker_report(ctx, w, &here);
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
    for (worker_attempt *a = w->attempts; a != NULL; a = a->next) atomic_store(&a->cancelled, true);
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    w->stopping = true;
    memory_close(&w->incoming);
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
        weft_worker_stage_free(w, s);
    }
    while (w->jobs != NULL) {
        worker_job *j = w->jobs;
        w->jobs = j->next;
        weft_scratch_space_release(&j->scratch);
        weft_mem_free(j->spills);
        weft_mem_free(j);
    }
    weft_mem_free(w->slots);
    weft_mailbox_free(&w->orders);
    weft_relay_free(&w->relay);
    weft_store_free(&w->store);
    weft_account_close(&w->store_account);
    weft_account_close(&w->account);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
    weft_mem_free(w);
}
