/* worker/task.c - one attempt of a task, and what the coordinator hears of it.
 *
 * A task works from its slot's arena; its finished block belongs to the store. When the pool is nearly full
 * before a task, blocks that nobody reads are written to scratch. */
#include <poll.h>

#include "common/log.h"
#include "common/settings.h"
#include "worker/worker_private.h"

enum {
    TASK_SPILL_ABOVE_PERCENT = 60, /* of the pool's limit: above it finished blocks go to scratch */
    HELD_MOST = 32,
    QUICK_NS = 500 * 1000,
    DELAY_STEP_MS = 10 /* how often a task that a test delays looks whether it was cancelled */
};

/* ---- reports ---- */

void weft_worker_flush(weft_worker *w)
{
    const weft_coordinator_link *link = &w->options.coordinator;
    if (atomic_exchange(&w->held, 0) > 0 && link->flush != NULL) link->flush(link->self);
}

/* A thread that is woken for every report of a task of microseconds costs more than the task: such reports
 * travel together. A slot that finds no order sends them before it waits; when all are at tasks that take
 * longer than those before, the next look of the sending thread (it looks 50 times a second) does. */
void weft_worker_report(weft_ctx *ctx, weft_worker *w, weft_to_coordinator *message)
{
    const weft_coordinator_link *link = &w->options.coordinator;
    const bool quick = message->kind == WEFT_FROM_WORKER_DONE && message->run_ns < QUICK_NS;
    /* when it fails the coordinator is gone or has no memory: it will miss the task at its deadline; what the
     * message holds is ours */
    if (link->send(ctx, link->self, message) != WEFT_OK) weft_to_coordinator_release(message);
    if (atomic_fetch_add(&w->held, 1) + 1 >= HELD_MOST || !quick) weft_worker_flush(w);
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

static weft_status run_lane(weft_ctx *ctx, weft_worker *w, worker_stage *s, const worker_attempt *a,
                            const weft_task_spec *spec, weft_op_metrics *metrics, weft_block **block)
{
    weft_status st = WEFT_OK;
    weft_lane *lane = NULL;
    const weft_stage *stage = s->stage;
    const weft_task task = {.stage = stage,
                            .spec = spec,
                            .name = {.job = s->order.job,
                                     .stage = s->order.stage,
                                     .generation = s->order.generation,
                                     .partition = a->partition,
                                     .attempt = a->attempt},
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
    const int64_t others = weft_relay_give_way(w->relay);
    int64_t freed = 0;
    if (others >= bytes) return others;
    if (weft_store_spill(ctx, w->store, bytes - others, &freed) != WEFT_OK) ctx->error = kept;
    return others + freed;
}

/* What was read of other tasks' blocks since an attempt of the stage told of it last, also while the stage
 * was opened. */
static void count_exchange(const worker_stage *s, weft_op_metrics *metrics)
{
    for (int32_t i = 0; i < s->order.source_count; i++) {
        weft_block_read *const read = s->inputs[i].read;
        weft_op_metrics *m = &metrics[weft_fragment_reader(&s->stage->fragment, i)];
        m->exchange_bytes += atomic_exchange(&read->bytes, 0);
        m->exchange_remote_bytes += atomic_exchange(&read->remote_bytes, 0);
    }
}

/* What is this task's own: shared with the coordinator in this process, or from the wire. */
static weft_status find_spec(weft_ctx *ctx, const worker_stage *s, const worker_attempt *a,
                             const weft_task_spec **out)
{
    weft_status st = WEFT_OK;
    weft_task_spec *decoded = NULL;
    if (a->partition < 0 || a->partition >= s->stage->task_count)
        return weft_fail(ctx, WEFT_INTERNAL, "stage %d has no task %d", s->stage->id, a->partition);
    *out = a->task;
    if (a->task != NULL) return WEFT_OK;
    WEFT_TRY(st, weft_task_decode(ctx, s->stage, a->task_bytes, a->task_len, &decoded));
    *out = decoded;
done:
    return st;
}

/* Test setting: the task takes so much longer, so that something can happen to its worker meanwhile. */
static weft_status delay(weft_ctx *ctx)
{
    weft_status st = WEFT_OK;
    for (int64_t left = weft_setting(ctx, WEFT_SET_TASK_DELAY); left > 0; left -= DELAY_STEP_MS) {
        WEFT_TRY(st, weft_check_cancel(ctx));
        (void)poll(NULL, 0, (int)weft_min_i64(left, DELAY_STEP_MS));
    }
done:
    return st;
}

/* The block within the report, where the coordinator wants small ones so. Without memory for it the block is
 * fetched like any other. */
static void add_answer(weft_ctx *ctx, const worker_stage *s, const weft_block *block,
                       weft_to_coordinator *report)
{
    const weft_error kept = ctx->error;
    int64_t bytes = 0;
    for (int32_t p = 0; p < report->block->partition_count; p++) bytes += report->block->bytes[p];
    if (bytes > s->order.answer_bytes || report->block->spilled_bytes > 0) return;
    if (weft_block_encode(ctx, block, &report->answer, &report->answer_len) != WEFT_OK) {
        report->answer = NULL;
        ctx->error = kept;
    } else if (report->answer_len > WEFT_ANSWER_BYTES_MAX) { /* a directory, or marks, larger than the rows */
        weft_mem_free(report->answer);
        report->answer = NULL;
    }
}

static weft_status run_task(weft_ctx *ctx, weft_worker *w, const worker_attempt *a, bool alone,
                            weft_to_coordinator *report)
{
    weft_status st = WEFT_OK;
    worker_stage *s = a->stage;
    const weft_task_spec *spec = NULL;
    weft_block *block = NULL;

    WEFT_TRY(st, weft_check_cancel(ctx));
    WEFT_TRY(st, relieve(ctx, w));
    WEFT_TRY(st, weft_worker_stage_prepare(ctx, w, s, alone));
    WEFT_TRY(st, find_spec(ctx, s, a, &spec));
    const int32_t parts = s->stage->fragment.op_count + 2;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)parts * sizeof(*report->metrics),
                                     (void **)&report->metrics));
    report->metric_count = parts;
    WEFT_TRY(st, run_lane(ctx, w, s, a, spec, report->metrics, &block));
    count_exchange(s, report->metrics);
    WEFT_TRY(st, delay(ctx));
    WEFT_TRY(st, weft_block_describe(ctx, block, &report->block)); /* its bytes have no samples */
    if (weft_setting(ctx, WEFT_SET_SERIALIZE) || weft_setting(ctx, WEFT_SET_FAIL_FIRST_ATTEMPT))
        WEFT_TRY(st, reserialize(ctx, w, s, &block));
    if (weft_setting(ctx, WEFT_SET_FAIL_FIRST_ATTEMPT) && a->attempt == 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_INJECTED,
                               "attempt 0 fails after its last output (weft.test.failFirstAttempt)"));
    if (s->order.answer_bytes > 0) add_answer(ctx, s, block, report);
    WEFT_TRY(st, weft_store_put(ctx, w->store, block));
    block = NULL;
done:
    weft_block_release(&block);
    return st;
}

/* Which block of an input the failure comes from, when it comes from one. */
static void name_lost(weft_ctx *ctx, const worker_stage *s, weft_to_coordinator *failed)
{
    const weft_fetch_failure *failure = ctx->fetch_failure;
    const weft_status status = failed->status;
    if (status != WEFT_FETCH_FAILED && status != WEFT_UNREACHABLE && status != WEFT_CHECKSUM) return;
    if (failure->has) {
        failed->has_lost = true;
        failed->lost = failure->name;
        failed->unreachable = failure->unreachable;
    } else if (status == WEFT_CHECKSUM) /* read from scratch here */
        failed->has_lost = weft_worker_stage_find_bad(ctx, s, &failed->lost);
}

static void make_failure(weft_ctx *ctx, weft_worker *w, const worker_stage *s, weft_status status,
                         weft_to_coordinator *report)
{
    const weft_error error = ctx->error;
    weft_to_coordinator_release(report);
    report->metric_count = 0;
    report->kind = WEFT_FROM_WORKER_FAILED;
    report->status = status;
    pthread_mutex_lock(&w->lock);
    report->broken = s->state == STAGE_BROKEN;
    pthread_mutex_unlock(&w->lock);
    if (weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(error), (void **)&report->error) == WEFT_OK) {
        weft_mem_move(report->error, w->account);
        *report->error = error;
    }
    name_lost(ctx, s, report);
}

/* One try of an attempt; when it fails, all that it made is gone. *company: others were at work meanwhile. */
static weft_status try_task(weft_ctx *ctx, slot *sl, const worker_attempt *a, bool alone,
                            weft_to_coordinator *report, bool *company)
{
    weft_worker *w = sl->worker;
    const int64_t entry = weft_room_enter(w, &a->cancelled, alone);
    const int64_t began = weft_now_ns(ctx);
    const weft_status st = run_task(ctx, w, a, alone, report);
    report->run_ns = weft_now_ns(ctx) - began;
    if (st != WEFT_OK) {
        weft_to_coordinator_release(report);
        weft_arena_reset(sl->arena);
    }
    *company = weft_room_leave(w, entry);
    return st;
}

/* What ran where, and for whom: tests count by it. */
static void log_attempt(const char *event, const weft_to_coordinator *report, weft_status status)
{
    if (!weft_log_wants(WEFT_LOG_DEBUG)) return;
    weft_log(WEFT_LOG_DEBUG, event, WEFT_LOG_INT("job", (int64_t)report->job),
             WEFT_LOG_INT("stage", report->stage), WEFT_LOG_INT("generation", report->generation),
             WEFT_LOG_INT("partition", report->partition), WEFT_LOG_INT("attempt", report->attempt),
             WEFT_LOG_INT("epoch", report->epoch), WEFT_LOG_TEXT("status", weft_status_text(status)));
}

void weft_slot_task(slot *sl, const order *o)
{
    weft_worker *w = sl->worker;
    worker_attempt *a = o->attempt;
    worker_stage *s = a->stage;
    weft_to_coordinator report = {.kind = WEFT_FROM_WORKER_DONE,
                                  .worker = w->number,
                                  .epoch = a->epoch,
                                  .job = s->order.job,
                                  .stage = s->order.stage,
                                  .generation = s->order.generation,
                                  .partition = a->partition,
                                  .attempt = a->attempt};
    weft_fetch_failure failure = {0};
    weft_ctx ctx;
    bool company = false;

    weft_ctx_init(&ctx, sl->arena, sl->account, s->order.settings);
    ctx.cancel = &a->cancelled;
    ctx.scratch = s->job->scratch;
    ctx.fetch_failure = &failure;
    ctx.named = w->options.named;
    if (!weft_worker_fragment_await(w, a)) {
        weft_worker_stage_leave(&ctx, w, s, a);
        return;
    }
    log_attempt("attempt_begins", &report, WEFT_OK);
    weft_status st = try_task(&ctx, sl, a, false, &report, &company);
    if (st == WEFT_NOMEM && company) {
        weft_error_clear(&ctx);
        failure = (weft_fetch_failure){0};
        st = try_task(&ctx, sl, a, true, &report, &company);
    }
    if (st != WEFT_OK) make_failure(&ctx, w, s, st, &report);
    report.relayed_bytes = weft_relay_passed(w->relay, s);
    /* the receiver frees them, at its own time */
    if (report.metrics != NULL) weft_mem_move(report.metrics, w->account);
    if (report.block != NULL) weft_mem_move(report.block, w->account);
    if (report.answer != NULL) weft_mem_move(report.answer, w->account);
    log_attempt("attempt_ends", &report, st);
    weft_worker_report(&ctx, w, &report);
    weft_worker_stage_leave(&ctx, w, s, a);
    weft_arena_reset(sl->arena);
}

void weft_slot_help(slot *sl, const order *o)
{
    weft_worker *w = sl->worker;
    weft_ctx ctx;
    weft_ctx_init(&ctx, sl->arena, sl->account, o->stage->order.settings);
    ctx.cancel = &o->stage->job->cancelled;
    ctx.scratch = o->stage->job->scratch;
    ctx.named = w->options.named;
    const int64_t entry = weft_room_enter(w, &o->stage->job->cancelled, false);
    const weft_status st = weft_worker_stage_prepare(&ctx, w, o->stage, false);
    (void)st; /* the stage remembers it, and every task of it will report it */
    (void)weft_room_leave(w, entry);
    weft_worker_stage_leave(&ctx, w, o->stage, NULL);
    weft_arena_reset(sl->arena);
}
