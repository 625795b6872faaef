/* common/parallel.c - see parallel.h.
 *
 * Pieces are counted out by an atomic number. A lane whose piece is worked waits for its turn to finish it:
 * all pieces before it were begun earlier, so their lanes get there or fail, and a failure wakes all. */
#include "common/parallel.h"

#include <pthread.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/settings.h"

typedef struct lane {
    struct run *run;
    weft_ctx ctx;
    weft_arena *arena;
    pthread_t thread;
    bool started;
    int32_t number;
} lane;

typedef struct run {
    const weft_parallel *job;
    lane *lanes;
    atomic_llong next;   /* piece to begin */
    atomic_llong failed; /* the first piece that failed, or INT64_MAX */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int64_t turn;        /* guarded by lock: the piece to finish */
    int32_t failed_lane; /* guarded by lock: whose error it is */
} run;

int32_t weft_parallel_lanes(const weft_ctx *ctx, int64_t pieces)
{
    const int64_t slots = weft_setting(ctx, WEFT_SET_SLOTS);
    return (int32_t)weft_max_i64(1, weft_min_i64(slots, pieces));
}

static void run_fail(run *r, const lane *l, int64_t piece)
{
    pthread_mutex_lock(&r->lock);
    if (piece < atomic_load(&r->failed)) {
        atomic_store(&r->failed, piece);
        r->failed_lane = l->number;
    }
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

/* Finish a piece when all before it are; false: it, or one before it, has failed. */
static bool lane_finish(run *r, lane *l, int64_t piece)
{
    const weft_parallel *job = r->job;
    if (job->finish == NULL) return true;
    pthread_mutex_lock(&r->lock);
    while (r->turn < piece && atomic_load(&r->failed) > piece) pthread_cond_wait(&r->changed, &r->lock);
    const bool mine = r->turn == piece;
    pthread_mutex_unlock(&r->lock);
    if (!mine) return false;
    const bool done = job->finish(&l->ctx, job->self, l->number, piece) == WEFT_OK;
    if (!done) {
        run_fail(r, l, piece);
        return false;
    }
    pthread_mutex_lock(&r->lock);
    r->turn++;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    return true;
}

static void *lane_main(void *self)
{
    lane *l = self;
    run *r = l->run;
    for (bool goes_on = true; goes_on;) {
        const int64_t piece = atomic_fetch_add(&r->next, 1);
        if (piece >= r->job->count || piece > atomic_load(&r->failed)) break;
        if (r->job->work(&l->ctx, r->job->self, l->number, piece) == WEFT_OK) {
            goes_on = lane_finish(r, l, piece);
        } else {
            run_fail(r, l, piece);
            goes_on = false;
        }
        weft_arena_reset(l->arena);
    }
    return NULL;
}

static void lane_start(lane *l)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return;
    l->started = pthread_attr_setstacksize(&attributes, WEFT_THREAD_STACK_BYTES) == 0 &&
                 pthread_create(&l->thread, &attributes, lane_main, l) == 0;
    pthread_attr_destroy(&attributes);
}

weft_status weft_parallel_run(weft_ctx *ctx, const weft_parallel *job)
{
    weft_status st = WEFT_OK;
    const int32_t lanes = (int32_t)weft_max_i64(1, weft_min_i64(job->lanes, job->count));
    run r = {.job = job};
    atomic_init(&r.next, 0);
    atomic_init(&r.failed, INT64_MAX);
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.changed, NULL);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)lanes * sizeof(lane), (void **)&r.lanes));
    for (int32_t i = 0; i < lanes; i++) {
        lane *l = &r.lanes[i];
        *l = (lane){.run = &r, .ctx = *ctx, .number = i, .arena = weft_arena_new(ctx->memory)};
        if (l->arena == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for a thread's arena"));
        l->ctx.arena = l->arena;
    }
    for (int32_t i = 1; i < lanes; i++) lane_start(&r.lanes[i]);
    lane_main(&r.lanes[0]);
    for (int32_t i = 1; i < lanes; i++)
        if (r.lanes[i].started) pthread_join(r.lanes[i].thread, NULL);
    if (atomic_load(&r.failed) != INT64_MAX) st = weft_error_copy(ctx, &r.lanes[r.failed_lane].ctx);
done:
    for (int32_t i = 0; r.lanes != NULL && i < lanes; i++) weft_arena_free(&r.lanes[i].arena);
    weft_mem_free(r.lanes);
    pthread_cond_destroy(&r.changed);
    pthread_mutex_destroy(&r.lock);
    return st;
}
