/* worker/attempt.c - the attempts that are here: waiting for a slot, or at work. And what else is held. */
#include <string.h>

#include "worker/worker_private.h"

weft_status weft_worker_attempt_add(weft_ctx *ctx, weft_worker *w, worker_stage *s, const weft_to_worker *m,
                                    worker_attempt **out)
{
    weft_status st = WEFT_OK;
    const size_t len = m->task == NULL ? m->task_len : 0;
    worker_attempt *a = NULL;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*a) + len, (void **)&a));
    *a = (worker_attempt){.next = w->attempts,
                          .link = &w->attempts,
                          .stage = s,
                          .partition = m->partition,
                          .attempt = m->attempt,
                          .epoch = m->epoch,
                          .task = m->task,
                          .task_len = len};
    if (len > 0) memcpy(a->task_bytes, m->task_bytes, len);
    if (a->next != NULL) a->next->link = &a->next;
    w->attempts = a;
    *out = a;
done:
    return st;
}

void weft_worker_attempt_remove(worker_attempt *a)
{
    *a->link = a->next;
    if (a->next != NULL) a->next->link = a->link;
}

static bool is_named(const worker_attempt *a, const weft_to_worker *m)
{
    const weft_to_worker *stage = &a->stage->order;
    return stage->job == m->job && stage->stage == m->stage && stage->generation == m->generation &&
           a->partition == m->partition && a->attempt == m->attempt;
}

void weft_worker_attempts_cancel(weft_worker *w, const weft_to_worker *m, const worker_job *job)
{
    for (worker_attempt *a = w->attempts; a != NULL; a = a->next)
        if (job != NULL ? a->stage->job == job : is_named(a, m)) atomic_store(&a->cancelled, true);
    pthread_cond_broadcast(&w->changed);
}

/* ---- what is held ---- */

static weft_block_name attempt_name(const worker_attempt *a)
{
    return (weft_block_name){.job = a->stage->order.job,
                             .stage = a->stage->order.stage,
                             .generation = a->stage->order.generation,
                             .partition = a->partition,
                             .attempt = a->attempt};
}

/* Attempts and jobs, into ctx->arena. Lock held. */
static weft_status list_work(weft_ctx *ctx, const weft_worker *w, weft_worker_hello *out)
{
    weft_status st = WEFT_OK;
    int32_t attempts = 0, jobs = 0;
    weft_block_name *running = NULL;
    uint64_t *ids = NULL;
    for (const worker_attempt *a = w->attempts; a != NULL; a = a->next) attempts++;
    for (const worker_job *j = w->jobs; j != NULL; j = j->next) jobs++;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, attempts, &running));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, jobs, &ids));
    for (const worker_attempt *a = w->attempts; a != NULL; a = a->next)
        if (!a->forgotten) running[out->running_count++] = attempt_name(a);
    for (const worker_job *j = w->jobs; j != NULL; j = j->next) ids[out->job_count++] = j->id;
    out->running = running;
    out->jobs = ids;
done:
    return st;
}

weft_status weft_worker_list(weft_ctx *ctx, weft_worker *w, weft_worker_hello *out)
{
    weft_status st = WEFT_OK;
    weft_block_name *blocks = NULL;
    *out = (weft_worker_hello){.slots = w->options.slots,
                               .memory_bytes = weft_pool_limit_bytes(w->options.pool)};
    pthread_mutex_lock(&w->lock);
    st = list_work(ctx, w, out);
    pthread_mutex_unlock(&w->lock);
    WEFT_TRY(st, st);
    WEFT_TRY(st, weft_store_list(ctx, w->store, &blocks, &out->block_count));
    out->blocks = blocks;
done:
    return st;
}

void weft_worker_pause(weft_worker *w, bool paused)
{
    pthread_mutex_lock(&w->lock);
    w->paused = paused;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

bool weft_worker_is_paused(weft_worker *w)
{
    pthread_mutex_lock(&w->lock);
    const bool paused = w->paused;
    pthread_mutex_unlock(&w->lock);
    return paused;
}

void weft_worker_welcomed(weft_worker *w, int32_t number, int64_t epoch)
{
    pthread_mutex_lock(&w->lock);
    w->number = number;
    w->epoch = weft_max_i64(w->epoch, epoch);
    pthread_mutex_unlock(&w->lock);
}

int32_t weft_worker_busy(weft_worker *w)
{
    pthread_mutex_lock(&w->lock);
    const int32_t running = w->room.running;
    pthread_mutex_unlock(&w->lock);
    return running;
}
