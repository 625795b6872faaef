/* worker/task.c - one attempt of a task, and what the coordinator hears of it.
 *
 * A task works from its slot's arena; its finished block belongs to the store. When the pool is nearly full
 * before a task, blocks that nobody reads are written to scratch. */
#include "common/settings.h"
#include "worker/worker_private.h"

enum { TASK_SPILL_ABOVE_PERCENT = 60 }; /* of the pool's limit: above it finished blocks go to scratch */

/* ---- reports ---- */

void weft_worker_report(weft_ctx *ctx, weft_worker *w, const weft_to_coordinator *message)
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
    weft_worker_report(ctx, w, &message);
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
    const int64_t above = weft_pool_used_bytes(w->options.pool) - limit / 100 * TASK_SPILL_ABOVE_PERCENT;
    int64_t freed = 0;
    if (above <= 0) return WEFT_OK;
    return weft_store_spill(ctx, w->store, above, &freed);
}

/* What fails here is told by whoever is then refused, and tries to spill as well. */
int64_t weft_worker_give_way(weft_ctx *ctx, void *self, int64_t bytes)
{
    weft_worker *w = self;
    const weft_error kept = ctx->error;
    int64_t freed = 0;
    if (weft_store_spill(ctx, w->store, bytes, &freed) != WEFT_OK) ctx->error = kept;
    return freed;
}

static weft_status run_task(weft_ctx *ctx, weft_worker *w, const order *o, bool alone,
                            weft_op_metrics **metrics, weft_block **block)
{
    weft_status st = WEFT_OK;
    worker_stage *s = o->stage;

    WEFT_TRY(st, weft_check_cancel(ctx));
    WEFT_TRY(st, relieve(ctx, w));
    WEFT_TRY(st, weft_worker_stage_prepare(ctx, w, s, alone));
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

/* One try of an attempt; when it fails, all that it made is gone. *company: others were at work meanwhile. */
static weft_status try_task(weft_ctx *ctx, slot *sl, const order *o, bool alone, weft_to_coordinator *result,
                            bool *company)
{
    weft_worker *w = sl->worker;
    weft_block *block = NULL;
    weft_op_metrics *metrics = NULL;
    const int64_t entry = weft_room_enter(w, o->stage->job, alone);
    const int64_t began = weft_now_ns(ctx);
    const weft_status st = run_task(ctx, w, o, alone, &metrics, &block);
    result->run_ns = weft_now_ns(ctx) - began;
    if (st == WEFT_OK) {
        weft_mem_move(metrics, w->account); /* the receiver frees them, at its own time */
        result->metrics = metrics;
        result->block = block;
    } else {
        weft_block_release(&block);
        weft_mem_free(metrics);
        weft_arena_reset(sl->arena);
    }
    *company = weft_room_leave(w, entry);
    return st;
}

void weft_slot_task(slot *sl, const order *o)
{
    weft_worker *w = sl->worker;
    worker_stage *s = o->stage;
    weft_to_coordinator done = report_of(w, s, WEFT_FROM_WORKER_DONE);
    weft_ctx ctx;
    bool company = false;

    weft_ctx_init(&ctx, sl->arena, sl->account, s->order.settings);
    ctx.cancel = &s->job->cancelled;
    ctx.scratch = s->job->scratch;
    weft_status st = try_task(&ctx, sl, o, false, &done, &company);
    if (st == WEFT_NOMEM && company) {
        weft_error_clear(&ctx);
        st = try_task(&ctx, sl, o, true, &done, &company);
    }
    if (st == WEFT_OK) {
        done.partition = o->partition;
        done.attempt = o->attempt;
        weft_worker_report(&ctx, w, &done);
    } else {
        report_failure(&ctx, w, o, st, done.run_ns);
    }
    weft_worker_stage_leave(&ctx, w, s);
    weft_arena_reset(sl->arena);
}

void weft_slot_help(slot *sl, const order *o)
{
    weft_worker *w = sl->worker;
    weft_ctx ctx;
    weft_ctx_init(&ctx, sl->arena, sl->account, o->stage->order.settings);
    ctx.cancel = &o->stage->job->cancelled;
    ctx.scratch = o->stage->job->scratch;
    const int64_t entry = weft_room_enter(w, o->stage->job, false);
    const weft_status st = weft_worker_stage_prepare(&ctx, w, o->stage, false);
    (void)st; /* the stage remembers it, and every task of it will report it */
    (void)weft_room_leave(w, entry);
    weft_worker_stage_leave(&ctx, w, o->stage);
    weft_arena_reset(sl->arena);
}
