/* coordinator/tasks.c - see tasks.h. */
#include "coordinator/tasks.h"

#include <pthread.h>
#include <string.h>

#include "common/mem.h"

enum { FIRST_CAPACITY = 256 };

struct weft_tasks {
    pthread_mutex_t lock; /* guards all below */
    weft_ctx ctx;         /* for allocations under the lock; has no arena */
    weft_task_record *ring;
    int32_t capacity, count, next; /* next: where the next one goes */
};

weft_status weft_tasks_new(weft_ctx *ctx, weft_tasks **out)
{
    weft_status st = WEFT_OK;
    weft_tasks *tasks = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*tasks), (void **)&tasks));
    pthread_mutex_init(&tasks->lock, NULL);
    tasks->ctx = *ctx;
    tasks->ctx.arena = NULL;
    tasks->ctx.cancel = NULL;
    *out = tasks;
done:
    return st;
}

/* Lock held. Before it is full for the first time it is in order, from its beginning: there it can grow. */
static void grow(weft_tasks *t)
{
    const int32_t capacity = t->capacity == 0 ? FIRST_CAPACITY : 2 * t->capacity;
    if (t->next < t->capacity || t->count > t->next || capacity > WEFT_TASKS_MOST) return;
    if (weft_mem_resize(&t->ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(*t->ring), (void **)&t->ring) ==
        WEFT_OK)
        t->capacity = capacity;
    else
        weft_error_clear(&t->ctx);
}

void weft_tasks_add(weft_tasks *t, const weft_task_record *record)
{
    pthread_mutex_lock(&t->lock);
    grow(t);
    if (t->capacity > 0) {
        t->next %= t->capacity;
        t->ring[t->next++] = *record;
        t->count = weft_min_i32(t->count + 1, t->capacity);
    }
    pthread_mutex_unlock(&t->lock);
}

void weft_tasks_report(weft_tasks *t, const weft_to_coordinator *m, int32_t worker, weft_locality locality)
{
    if (t == NULL) return;
    weft_task_record r = {.job = m->job,
                          .stage = m->stage,
                          .generation = m->generation,
                          .partition = m->partition,
                          .attempt = m->attempt,
                          .worker = worker,
                          .locality = locality,
                          .status = m->kind == WEFT_FROM_WORKER_DONE ? WEFT_OK : m->status,
                          .run_ns = m->run_ns};
    r.end_us = t->ctx.clock->wall_us(t->ctx.clock->self);
    if (m->metric_count > 0 && m->metrics != NULL) {
        r.read_bytes = m->metrics[0].scan.bytes_read;
        r.read_rows = m->metrics[0].scan.rows_read;
    }
    for (int32_t p = 0; m->block != NULL && p < m->block->partition_count; p++) {
        r.rows += m->block->rows[p];
        r.bytes += m->block->bytes[p];
    }
    r.spilled_bytes = m->block == NULL ? 0 : m->block->spilled_bytes;
    weft_tasks_add(t, &r);
}

weft_status weft_tasks_list(weft_ctx *ctx, weft_tasks *t, uint64_t job, int32_t stage, int32_t generation,
                            weft_task_record **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    weft_task_record *found = NULL;
    int32_t n = 0;
    pthread_mutex_lock(&t->lock);
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1) WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, n, &found));
        n = 0;
        for (int32_t i = 0; i < t->count; i++) {
            const int32_t first = t->count < t->capacity ? 0 : t->next % t->capacity;
            const weft_task_record *r = &t->ring[(first + i) % t->capacity];
            if (r->job != job || r->stage != stage || r->generation != generation) continue;
            if (pass == 1) found[n] = *r;
            n++;
        }
    }
    *out = found;
    *count = n;
done:
    pthread_mutex_unlock(&t->lock);
    return st;
}

void weft_tasks_free(weft_tasks **tasks)
{
    weft_tasks *t = *tasks;
    *tasks = NULL;
    if (t == NULL) return;
    weft_mem_free(t->ring);
    pthread_mutex_destroy(&t->lock);
    weft_mem_free(t);
}
