/* coordinator/coordinator.c - the loop of a job.
 *
 *   plan the stages that are ready → give them to the scheduler → carry out its actions → wait for a report →
 *   give it to the scheduler → … ; a finished stage goes back to the planner with what it really produced.
 *
 * All decisions are the scheduler's and the planner's; here is only what they cannot do themselves: the
 * clock, the mailbox, the blocks. */
#include "coordinator/coordinator.h"

#include <string.h>

#include "common/hash.h"
#include "common/mailbox.h"
#include "common/settings.h"
#include "coordinator/event_log.h"

enum {
    INBOX_LIMIT = 1 << 20,
    TICK_NS = 100 * 1000 * 1000, /* progress is shown this often */
    POLL_NS = 20 * 1000 * 1000,  /* cancel and deadline are looked at this often: under 100 ms in all */
    END_WAIT_NS = 1000 * 1000 * 1000
};

/* The one worker of this process neither comes nor goes, and what it cannot read is lost. */
static const weft_scheduler_options scheduler_options = {
    .grace_ns = INT64_MAX, .crashes_most = 1, .misses_most = 1, .strikes_most = INT32_MAX};

struct weft_coordinator {
    weft_account *account;
    weft_scheduler *scheduler;
    weft_mailbox *inbox;
    weft_worker_link worker;
    int32_t worker_id, slots;
    int64_t memory_bytes;
    int64_t epoch;
    uint64_t next_job;
};

/* What the loop knows of an issued stage. */
typedef struct job_stage {
    const weft_stage *stage;
    int32_t generation;
    int32_t *attempts; /* [task_count]: accepted; the blocks are with the worker */
    uint64_t *counted; /* one bit a task: its (first accepted) block is in the numbers below */
    weft_stage_stats stats;
    int64_t *rows, *bytes; /* of stats, by partition */
    weft_key_range *keys;
    bool open;        /* at the worker */
    bool broken;      /* … but it could not be opened there: tell it again */
    uint32_t sources; /* … with the blocks of its inputs as of this number of the scheduler */
    bool planned;     /* the planner knows what it produced */
    bool freed;
    weft_stage_report report;
} job_stage;

typedef struct job {
    weft_coordinator *c;
    uint64_t id;
    weft_planner *planner;
    weft_run *run;
    job_stage *stages; /* [WEFT_STAGES_MAX grown], indexed by stage id */
    int32_t stage_count, stage_capacity;
    int32_t stages_done;
    bool failed;
    weft_action failure; /* which attempt failed the job */
    weft_error error;    /* … and why */
    weft_event_log *log;
} job;

/* ---- life ---- */

weft_status weft_coordinator_new(weft_ctx *ctx, int64_t memory_bytes, weft_coordinator **out)
{
    weft_status st = WEFT_OK;
    weft_coordinator *c = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*c), (void **)&c));
    c->memory_bytes = memory_bytes;
    c->epoch = 1;
    c->next_job = 1;
    WEFT_TRY(st, weft_scheduler_new(ctx, &scheduler_options, &c->scheduler));
    WEFT_TRY(st, weft_mailbox_new(ctx, sizeof(weft_to_coordinator), INBOX_LIMIT, &c->inbox));
    *out = c;
    c = NULL;
done:
    weft_coordinator_free(&c);
    return st;
}

void weft_coordinator_free(weft_coordinator **coordinator)
{
    weft_coordinator *c = *coordinator;
    weft_to_coordinator m;
    *coordinator = NULL;
    if (c == NULL) return;
    while (c->inbox != NULL && weft_mailbox_take(c->inbox, &m, 0)) weft_to_coordinator_release(&m);
    weft_mailbox_free(&c->inbox);
    weft_scheduler_free(&c->scheduler);
    weft_mem_free(c);
}

static weft_status inbox_send(weft_ctx *ctx, void *self, const weft_to_coordinator *message)
{
    weft_coordinator *c = self;
    return weft_mailbox_put(ctx, c->inbox, message, false);
}

weft_coordinator_link weft_coordinator_inbox(weft_coordinator *c)
{
    return (weft_coordinator_link){.send = inbox_send, .self = c};
}

weft_status weft_coordinator_attach(weft_ctx *ctx, weft_coordinator *c, weft_worker_link worker)
{
    weft_status st = WEFT_OK;
    weft_to_coordinator m = {0};
    weft_actions actions = {0};
    c->worker = worker;
    if (!weft_mailbox_take(c->inbox, &m, INT64_C(10000000000)) || m.kind != WEFT_FROM_WORKER_REGISTER)
        WEFT_TRY(st,
                 weft_fail(ctx, WEFT_DEADLINE, "the worker of this process did not register within 10 s"));
    c->worker_id = m.worker;
    c->slots = m.slots;
    /* one report of each slot, and the end of the job: from now on reports are never refused */
    WEFT_TRY(st, weft_mailbox_reserve(ctx, c->inbox, m.slots + 1));
    const weft_event event = {.kind = WEFT_EVENT_WORKER, .worker = m.worker, .slots = m.slots};
    WEFT_TRY(st, weft_scheduler_step(ctx, c->scheduler, &event, weft_now_ns(ctx), &actions));
done:
    return st;
}

/* ---- stages ---- */

static weft_status new_stats(weft_ctx *ctx, job_stage *s)
{
    weft_status st = WEFT_OK;
    const weft_sink_spec *sink = &s->stage->fragment.sink;
    const bool exchange = sink->kind == WEFT_SINK_EXCHANGE && sink->exchange.track_ranges;
    s->stats = (weft_stage_stats){.partition_count = sink->partition_count,
                                  .key_count = exchange ? sink->exchange.key_count : 0};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->stats.partition_count, &s->rows));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->stats.partition_count, &s->bytes));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->stats.key_count, &s->keys));
    for (int32_t k = 0; k < s->stats.key_count; k++)
        s->keys[k] = (weft_key_range){.has = true, .low = INT64_MAX, .high = INT64_MIN};
    s->stats.partition_rows = s->rows;
    s->stats.partition_bytes = s->bytes;
    s->stats.keys = s->keys;
done:
    return st;
}

static weft_status add_stage(weft_ctx *ctx, job *j, const weft_stage *stage)
{
    weft_status st = WEFT_OK;
    if (j->stage_count == j->stage_capacity) {
        job_stage *stages = NULL;
        const int32_t capacity = j->stage_capacity == 0 ? 16 : j->stage_capacity * 2;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, capacity, &stages));
        if (j->stage_count > 0) memcpy(stages, j->stages, (size_t)j->stage_count * sizeof(*stages));
        j->stages = stages;
        j->stage_capacity = capacity;
    }
    assert(stage->id == j->stage_count);
    job_stage *s = &j->stages[j->stage_count];
    *s = (job_stage){.stage = stage, .report = {.stage = stage, .begin_ns = weft_now_ns(ctx)}};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stage->task_count, &s->attempts));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_bit_words(stage->task_count), &s->counted));
    WEFT_TRY(st, new_stats(ctx, s));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stage->fragment.op_count + 2, &s->report.metrics));
    j->stage_count++;
done:
    return st;
}

/* An order about a stage as a whole. */
static weft_status order_stage(weft_ctx *ctx, const job *j, int32_t id, weft_to_worker_kind kind)
{
    const weft_to_worker order = {.kind = kind,
                                  .epoch = j->c->epoch,
                                  .job = j->id,
                                  .stage = id,
                                  .generation = j->stages[id].generation};
    return j->c->worker.send(ctx, j->c->worker.self, &order);
}

/* The stage runs again whole: what the last generation left is nothing to anybody. */
static weft_status begin_anew(weft_ctx *ctx, job *j, int32_t id, int32_t generation)
{
    weft_status st = WEFT_OK;
    job_stage *s = &j->stages[id];
    if (s->open) WEFT_TRY(st, order_stage(ctx, j, id, WEFT_TO_WORKER_CLOSE));
    WEFT_TRY(st, order_stage(ctx, j, id, WEFT_TO_WORKER_FREE));
    s->generation = generation;
    s->open = false;
done:
    return st;
}

/* Ship a stage to the worker: the fragment and the accepted attempts of its inputs, as they are now. */
static weft_status open_stage(weft_ctx *ctx, job *j, int32_t id)
{
    weft_status st = WEFT_OK;
    weft_stage_source *sources = NULL;
    job_stage *s = &j->stages[id];
    if (s->open) WEFT_TRY(st, order_stage(ctx, j, id, WEFT_TO_WORKER_CLOSE));
    s->open = true;
    s->broken = s->freed = false;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->stage->input_count, &sources));
    for (int32_t i = 0; i < s->stage->input_count; i++) {
        const job_stage *input = &j->stages[s->stage->inputs[i].stage_id];
        int32_t *attempts = NULL; /* a copy: blocks may be made again while the worker reads the list */
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, input->stage->task_count, &attempts));
        memcpy(attempts, input->attempts, (size_t)input->stage->task_count * sizeof(*attempts));
        sources[i] = (weft_stage_source){.stage = input->stage->id,
                                         .generation = input->generation,
                                         .task_count = input->stage->task_count,
                                         .attempts = attempts};
    }
    const weft_to_worker order = {.kind = WEFT_TO_WORKER_STAGE,
                                  .epoch = j->c->epoch,
                                  .job = j->id,
                                  .stage = id,
                                  .generation = s->generation,
                                  .fragment = s->stage,
                                  .source_count = s->stage->input_count,
                                  .sources = sources,
                                  .settings = ctx->settings,
                                  .seed = weft_hash_u64(j->id),
                                  .timed = j->run->timed};
    WEFT_TRY(st, j->c->worker.send(ctx, j->c->worker.self, &order));
done:
    return st;
}

static weft_status act(weft_ctx *ctx, job *j, const weft_event *event, weft_to_coordinator *m);

static weft_status schedule_stage(weft_ctx *ctx, job *j, const weft_stage *stage)
{
    weft_status st = WEFT_OK;
    int32_t *inputs = NULL;
    bool *positions = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stage->input_count, &inputs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stage->input_count, &positions));
    for (int32_t i = 0; i < stage->input_count; i++) inputs[i] = stage->inputs[i].stage_id;
    for (int32_t i = 0; i < stage->fragment.op_count; i++) {
        const weft_op_spec *op = &stage->fragment.ops[i];
        if (op->kind == WEFT_OP_PROBE && op->probe.record_marks) positions[op->probe.input] = true;
    }
    const weft_event event = {.kind = WEFT_EVENT_STAGE,
                              .job = j->id,
                              .stage = stage->id,
                              .tasks = stage->task_count,
                              .input_count = stage->input_count,
                              .inputs = inputs,
                              .positions = positions,
                              .determinism = stage->determinism,
                              .needed = true};
    WEFT_TRY(st, act(ctx, j, &event, NULL));
done:
    return st;
}

static weft_status plan_more(weft_ctx *ctx, job *j)
{
    weft_status st = WEFT_OK;
    const weft_stage *const *stages = NULL;
    int32_t count = 0;
    const int64_t began = weft_now_ns(ctx);
    WEFT_TRY(st, weft_planner_next(ctx, j->planner, &stages, &count));
    j->run->planning_ns += weft_now_ns(ctx) - began;
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, add_stage(ctx, j, stages[i]));
        weft_event_log_stage(j->log, j->id, stages[i]);
        WEFT_TRY(st, schedule_stage(ctx, j, stages[i]));
    }
done:
    return st;
}

/* The numbers of a task's block go to the planner and to people, once: a block that is made again has the
 * same (or, when the stage began anew, comes too late for a plan that is fixed). */
static void count_block(job_stage *s, int32_t task, const weft_block_meta *block)
{
    weft_stage_stats *stats = &s->stats;
    if (s->planned || weft_bit_get(s->counted, task)) return;
    weft_bit_set(s->counted, task);
    s->report.spilled_bytes += block->spilled_bytes;
    for (int32_t p = 0; p < stats->partition_count && p < block->partition_count; p++) {
        s->rows[p] += block->rows[p];
        s->bytes[p] += block->bytes[p];
        stats->rows += block->rows[p];
        stats->bytes += block->bytes[p];
    }
    for (int32_t k = 0; k < stats->key_count; k++) {
        const weft_key_range range = k < block->key_count ? block->keys[k] : (weft_key_range){0};
        s->keys[k].has &= range.has;
        if (!s->keys[k].has || range.low > range.high) continue;
        s->keys[k].low = weft_min_i64(s->keys[k].low, range.low);
        s->keys[k].high = weft_max_i64(s->keys[k].high, range.high);
    }
}

/* Blocks of stages that nothing will read again. */
static weft_status free_unread(weft_ctx *ctx, job *j)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < j->stage_count; i++) {
        job_stage *s = &j->stages[i];
        if (s->freed || weft_planner_needs(j->planner, i) ||
            !weft_scheduler_is_finished(j->c->scheduler, j->id, i) ||
            weft_scheduler_is_read(j->c->scheduler, j->id, i))
            continue;
        s->freed = true;
        const weft_event event = {.kind = WEFT_EVENT_FREED, .job = j->id, .stage = i};
        WEFT_TRY(st, order_stage(ctx, j, i, WEFT_TO_WORKER_FREE));
        WEFT_TRY(st, act(ctx, j, &event, NULL));
    }
done:
    return st;
}

static weft_status close_stage(weft_ctx *ctx, job *j, int32_t id)
{
    if (!j->stages[id].open) return WEFT_OK;
    j->stages[id].open = false;
    return order_stage(ctx, j, id, WEFT_TO_WORKER_CLOSE);
}

/* The planner goes on with what the stage really produced. */
static weft_status on_stage_done(weft_ctx *ctx, job *j, int32_t id)
{
    weft_status st = WEFT_OK;
    job_stage *s = &j->stages[id];
    if (!s->planned) {
        s->planned = true;
        j->stages_done++;
        s->report.rows = s->stats.rows;
        s->report.bytes = s->stats.bytes;
        s->report.end_ns = weft_now_ns(ctx);
        weft_event_log_stage_done(j->log, j->id, &s->report);
        WEFT_TRY(st, weft_planner_finished(ctx, j->planner, id, &s->stats));
        WEFT_TRY(st, plan_more(ctx, j));
    }
    WEFT_TRY(st, free_unread(ctx, j));
done:
    return st;
}

/* ---- actions and reports ---- */

static void add_metrics(weft_stage_report *report, const weft_to_coordinator *m)
{
    const int32_t parts = weft_min_i32(report->stage->fragment.op_count + 2, m->metric_count);
    for (int32_t i = 0; i < parts && m->metrics != NULL; i++) {
        weft_op_metrics *to = &report->metrics[i];
        const weft_op_metrics *from = &m->metrics[i];
        to->rows_in += from->rows_in;
        to->rows_out += from->rows_out;
        to->batches += from->batches;
        to->time_ns += from->time_ns;
        to->spilled_bytes += from->spilled_bytes;
        to->memory_bytes = weft_max_i64(to->memory_bytes, from->memory_bytes);
        to->scan.rows_read += from->scan.rows_read;
        to->scan.rows_out += from->scan.rows_out;
        to->scan.bytes_read += from->scan.bytes_read;
        to->scan.row_groups += from->scan.row_groups;
        to->scan.row_groups_pruned += from->scan.row_groups_pruned;
        to->scan.pages += from->scan.pages;
        to->scan.pages_pruned += from->scan.pages_pruned;
        to->scan.pages_skipped += from->scan.pages_skipped;
    }
}

static weft_status launch(weft_ctx *ctx, job *j, const weft_action *a)
{
    weft_status st = WEFT_OK;
    job_stage *s = &j->stages[a->stage];
    if (!s->open || s->broken || s->sources != a->sources) {
        WEFT_TRY(st, open_stage(ctx, j, a->stage));
        s->sources = a->sources;
    }
    const weft_to_worker order = {.kind = WEFT_TO_WORKER_LAUNCH,
                                  .epoch = j->c->epoch,
                                  .job = a->job,
                                  .stage = a->stage,
                                  .generation = a->generation,
                                  .partition = a->partition,
                                  .attempt = a->attempt,
                                  .task = &s->stage->tasks[a->partition]};
    s->report.attempts++;
    WEFT_TRY(st, j->c->worker.send(ctx, j->c->worker.self, &order));
done:
    return st;
}

static void accept_block(job *j, const weft_action *a, const weft_to_coordinator *m)
{
    job_stage *s = &j->stages[a->stage];
    s->attempts[a->partition] = a->attempt;
    if (!s->planned && !weft_bit_get(s->counted, a->partition)) add_metrics(&s->report, m);
    count_block(s, a->partition, m->block);
}

static void note_failure(job *j, const weft_action *a, const weft_to_coordinator *m)
{
    j->failed = true;
    j->failure = *a;
    if (m != NULL && m->error != NULL)
        j->error = *m->error;
    else
        j->error = (weft_error){.code = a->status, .message = "there was no memory to tell more"};
    /* the scheduler may have another reason than the report that it came with */
    j->error.code = a->status;
}

/* Give an event to the scheduler and carry out what it decides. m: the report behind the event, or NULL. */
static weft_status act(weft_ctx *ctx, job *j, const weft_event *event, weft_to_coordinator *m)
{
    weft_status st = WEFT_OK;
    weft_actions actions = {0};
    int32_t finished = -1;
    WEFT_TRY(st, weft_scheduler_step(ctx, j->c->scheduler, event, weft_now_ns(ctx), &actions));
    for (int32_t i = 0; i < actions.count; i++) {
        const weft_action *a = &actions.items[i];
        switch (a->kind) {
        case WEFT_ACTION_LAUNCH: WEFT_TRY(st, launch(ctx, j, a)); break;
        case WEFT_ACTION_ACCEPT: accept_block(j, a, m); break;
        case WEFT_ACTION_LATE:
        case WEFT_ACTION_CANCEL: break; /* its block, or what it still does, goes with its stage */
        case WEFT_ACTION_AGAIN: WEFT_TRY(st, begin_anew(ctx, j, a->stage, a->generation)); break;
        case WEFT_ACTION_STAGE_DONE:
            WEFT_TRY(st, close_stage(ctx, j, a->stage));
            finished = a->stage;
            break;
        case WEFT_ACTION_JOB_FAILED: note_failure(j, a, m); break;
        }
    }
    /* last: it steps the scheduler again, which reuses the actions' memory */
    if (finished >= 0) WEFT_TRY(st, on_stage_done(ctx, j, finished));
done:
    return st;
}

static weft_status on_report(weft_ctx *ctx, job *j, weft_to_coordinator *m)
{
    weft_status st = WEFT_OK;
    const bool done = m->kind == WEFT_FROM_WORKER_DONE;
    if (m->job != j->id || (!done && m->kind != WEFT_FROM_WORKER_FAILED) || m->stage >= j->stage_count)
        goto done;
    j->stages[m->stage].report.run_ns += m->run_ns;
    j->stages[m->stage].report.failures += !done;
    j->stages[m->stage].broken |= m->broken && m->generation == j->stages[m->stage].generation;
    weft_event_log_task(j->log, j->stages[m->stage].stage, m);
    const weft_event event = {.kind = done ? WEFT_EVENT_DONE : WEFT_EVENT_FAILED,
                              .worker = m->worker,
                              .job = m->job,
                              .stage = m->stage,
                              .generation = m->generation,
                              .partition = m->partition,
                              .attempt = m->attempt,
                              .status = m->status,
                              .has_lost = m->has_lost,
                              .lost = m->lost};
    WEFT_TRY(st, act(ctx, j, &event, m));
done:
    weft_to_coordinator_release(m);
    return st;
}

/* ---- the loop ---- */

static void show_progress(job *j)
{
    weft_progress p = {.stages = j->stage_count, .stages_done = j->stages_done};
    if (j->run->progress == NULL) return;
    weft_scheduler_progress(j->c->scheduler, j->id, &p.tasks, &p.running, &p.tasks_done);
    j->run->progress(j->run->progress_self, &p);
}

/* The error of the attempt that failed the job. Where the query or its data is to blame that says all; for
 * the rest it also matters which task it was, and how often it was tried. */
static weft_status job_error(weft_ctx *ctx, const job *j)
{
    const weft_action *f = &j->failure;
    const weft_status_class class = weft_status_classify(f->status);
    ctx->error = j->error;
    if (class == WEFT_CLASS_TRANSIENT || class == WEFT_CLASS_INTERNAL)
        weft_error_prefix(ctx, "task %d of stage %d failed %d time%s, the last time with: ", f->partition,
                          f->stage, f->attempt + 1, f->attempt == 0 ? "" : "s");
    return f->status;
}

/* Hold the result's blocks for the client. A lost one is made again: *whole is false then. */
static weft_status take_result(weft_ctx *ctx, job *j, int32_t result, bool *whole)
{
    weft_status st = WEFT_OK;
    const job_stage *s = &j->stages[result];
    weft_block **blocks = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->stage->task_count, &blocks));
    for (int32_t t = 0; t < s->stage->task_count; t++) {
        const weft_event lost = {.kind = WEFT_EVENT_BLOCK_LOST,
                                 .job = j->id,
                                 .lost = {.job = j->id,
                                          .stage = result,
                                          .generation = s->generation,
                                          .partition = t,
                                          .attempt = s->attempts[t]}};
        st = j->c->worker.fetch(ctx, j->c->worker.self, &lost.lost, &blocks[t]);
        j->run->blocks = blocks;
        j->run->block_count = t + 1;
        if (st != WEFT_FETCH_FAILED) {
            WEFT_TRY(st, st);
            continue;
        }
        weft_run_release(j->run);
        WEFT_TRY(st, act(ctx, j, &lost, NULL));
        return WEFT_OK;
    }
    *whole = true;
done:
    if (st != WEFT_OK) weft_run_release(j->run);
    return st;
}

static weft_status loop(weft_ctx *ctx, job *j)
{
    weft_status st = WEFT_OK;
    int32_t result = -1;
    int64_t shown = weft_now_ns(ctx);
    for (;;) {
        weft_to_coordinator m;
        if (weft_planner_result_stage(j->planner, &result) &&
            weft_scheduler_is_finished(j->c->scheduler, j->id, result)) {
            bool whole = false;
            WEFT_TRY(st, take_result(ctx, j, result, &whole));
            if (whole) break;
        }
        WEFT_TRY(st, weft_check_cancel(ctx));
        if (weft_mailbox_take(j->c->inbox, &m, POLL_NS)) WEFT_TRY(st, on_report(ctx, j, &m));
        if (j->failed) {
            st = job_error(ctx, j);
            break;
        }
        if (weft_now_ns(ctx) - shown < TICK_NS) continue;
        shown = weft_now_ns(ctx);
        show_progress(j);
    }
done:
    return st;
}

/* Blocks may go to scratch long after their stage: now that they are gone it is known how much of them. */
static void note_spills(job *j, const weft_to_coordinator *m)
{
    for (int32_t i = 0; i < m->spill_count; i++) {
        if (m->spills[i].stage >= j->stage_count) continue;
        weft_stage_report *report = &j->stages[m->spills[i].stage].report;
        report->spilled_bytes = weft_max_i64(report->spilled_bytes, m->spills[i].bytes);
    }
}

/* End the job everywhere and wait until the worker has let go of what it borrowed. */
static void end_job(weft_ctx *ctx, job *j)
{
    const weft_event event = {.kind = WEFT_EVENT_END, .job = j->id};
    const weft_to_worker order = {.kind = WEFT_TO_WORKER_END, .epoch = j->c->epoch, .job = j->id};
    const weft_error kept = ctx->error;
    weft_actions actions = {0};
    weft_to_coordinator m;
    bool ended = false;

    weft_status st = weft_scheduler_step(ctx, j->c->scheduler, &event, weft_now_ns(ctx), &actions);
    if (st == WEFT_OK) st = j->c->worker.send(ctx, j->c->worker.self, &order);
    assert(st == WEFT_OK); /* neither allocates for an END */
    while (!ended) {
        if (!weft_mailbox_take(j->c->inbox, &m, END_WAIT_NS))
            continue; /* a task looks at its cancel flag every batch */
        ended = m.kind == WEFT_FROM_WORKER_ENDED && m.job == j->id;
        if (ended) note_spills(j, &m);
        weft_to_coordinator_release(&m);
    }
    ctx->error = kept;
}

weft_status weft_coordinator_run(weft_ctx *ctx, weft_coordinator *c, weft_ids *ids, const weft_node *plan,
                                 weft_run *run)
{
    weft_status st = WEFT_OK;
    weft_actions actions = {0};
    weft_scheduler_counts before = {0}, after = {0};
    job j = {.c = c, .id = c->next_job++, .run = run};
    const weft_planner_options options = {
        .slots = c->slots, .memory_bytes = c->memory_bytes, .one_process = true};
    const weft_event begin = {.kind = WEFT_EVENT_JOB,
                              .job = j.id,
                              .attempts = (int32_t)weft_setting(ctx, WEFT_SET_TASK_ATTEMPTS),
                              .seed = (uint64_t)weft_setting(ctx, WEFT_SET_SEED)};

    weft_scheduler_count(c->scheduler, &before);
    WEFT_TRY(st, weft_event_log_open(ctx, &j.log));
    weft_event_log_job(j.log, j.id);
    WEFT_TRY(st, weft_planner_new(ctx, ids, plan, &options, &j.planner));
    run->schema = weft_planner_result_schema(j.planner);
    WEFT_TRY(st, weft_scheduler_step(ctx, c->scheduler, &begin, weft_now_ns(ctx), &actions));
    WEFT_TRY(st, plan_more(ctx, &j));
    WEFT_TRY(st, loop(ctx, &j));
done:
    end_job(ctx, &j);
    weft_scheduler_count(c->scheduler, &after);
    run->counts = (weft_scheduler_counts){.launched = after.launched - before.launched,
                                          .done = after.done - before.done,
                                          .failed = after.failed - before.failed,
                                          .rerun = after.rerun - before.rerun,
                                          .late = after.late - before.late,
                                          .blocks_lost = after.blocks_lost - before.blocks_lost,
                                          .restarts = after.restarts - before.restarts};
    if (j.stage_count > 0 && WEFT_NEW_ARRAY(ctx, j.stage_count, &run->stages) == WEFT_OK) {
        for (int32_t i = 0; i < j.stage_count; i++) run->stages[i] = j.stages[i].report;
        run->stage_count = j.stage_count;
    }
    weft_event_log_job_done(j.log, j.id, st, &run->counts);
    weft_event_log_close(&j.log);
    return st;
}

void weft_run_release(weft_run *run)
{
    for (int32_t i = 0; i < run->block_count; i++) weft_block_release(&run->blocks[i]);
    run->block_count = 0;
}
