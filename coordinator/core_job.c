/* coordinator/core_job.c - see core.h: jobs, their stages at the workers, what the scheduler decides of them.
 */
#include <string.h>

#include "coordinator/core_state.h"
#include "coordinator/event_log.h"
#include "coordinator/tasks.h"

enum { ANSWER_HEAD_BYTES = 64 << 10 }; /* what a block's directory may take beside its rows */

/* ---- jobs ---- */

weft_core_job *core_find_job(const weft_core *core, uint64_t id)
{
    for (weft_core_job *j = core->first_job; j != NULL; j = j->next)
        if (j->id == id) return j;
    return NULL;
}

static weft_core_stage *find_stage(weft_core_job *job, int32_t id)
{
    return job == NULL || id < 0 || id >= job->stage_count ? NULL : job->stages[id];
}

static void tell(const weft_core_job *job)
{
    if (job->changed != NULL) job->changed(job->changed_self);
}

static weft_core_hearer *find_hearer(const weft_core_job *job, int32_t worker)
{
    for (int32_t i = 0; i < job->hearer_count; i++)
        if (job->hearers[i].worker == worker) return &job->hearers[i];
    return NULL;
}

static weft_status add_hearer(weft_ctx *ctx, weft_core *core, weft_core_job *job, int32_t worker)
{
    weft_status st = WEFT_OK;
    weft_account *const callers = ctx->memory;
    if (find_hearer(job, worker) != NULL) return WEFT_OK;
    if (job->hearer_count == job->hearer_capacity) {
        const int32_t capacity = weft_max_i32(4, job->hearer_capacity * 2);
        ctx->memory = core->account;
        st = weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(weft_core_hearer),
                             (void **)&job->hearers);
        ctx->memory = callers;
        WEFT_TRY(st, st);
        job->hearer_capacity = capacity;
    }
    job->hearers[job->hearer_count++] = (weft_core_hearer){.worker = worker};
done:
    return st;
}

weft_status core_hold(weft_ctx *ctx, weft_core *core, weft_core_job *job, int32_t worker)
{
    const weft_status st = add_hearer(ctx, core, job, worker);
    if (st == WEFT_OK) find_hearer(job, worker)->ended = false;
    return st;
}

void core_end_again(weft_ctx *ctx, weft_core *core, int32_t worker)
{
    for (weft_core_job *j = core->first_job; j != NULL; j = j->next) {
        const weft_core_hearer *hearer = find_hearer(j, worker);
        const weft_to_worker end = {.kind = WEFT_TO_WORKER_END, .epoch = core->options.epoch, .job = j->id};
        if (j->ending && hearer != NULL && !hearer->ended) (void)core_order(ctx, core, worker, &end);
    }
}

/* ---- what workers were told ---- */

static weft_core_told *find_told(const weft_core_stage *s, int32_t worker)
{
    for (int32_t i = 0; i < s->told_count; i++)
        if (s->told[i].worker == worker) return &s->told[i];
    return NULL;
}

static weft_status add_told(weft_ctx *ctx, weft_core *core, weft_core_stage *s, int32_t worker,
                            weft_core_told **out)
{
    weft_status st = WEFT_OK;
    weft_account *const callers = ctx->memory;
    *out = find_told(s, worker);
    if (*out != NULL) return WEFT_OK;
    if (s->told_count == s->told_capacity) {
        const int32_t capacity = weft_max_i32(4, s->told_capacity * 2);
        ctx->memory = core->account;
        st = weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(weft_core_told),
                             (void **)&s->told);
        ctx->memory = callers;
        WEFT_TRY(st, st);
        s->told_capacity = capacity;
    }
    *out = &s->told[s->told_count++];
    **out = (weft_core_told){.worker = worker};
done:
    return st;
}

void core_forget_told(weft_core *core, int32_t worker)
{
    for (weft_core_job *j = core->first_job; j != NULL; j = j->next)
        for (int32_t i = 0; i < j->stage_count; i++) {
            weft_core_told *told = find_told(j->stages[i], worker);
            if (told != NULL) told->open = false;
            weft_relays_leave(j->stages[i]->relays, worker); /* what it has read may be gone */
        }
}

void core_uncount_attempt(const weft_core *core, const weft_block_name *name)
{
    weft_core_stage *s = find_stage(core_find_job(core, name->job), name->stage);
    if (s != NULL) s->report.attempts--;
}

void core_remove_told(weft_core *core, int32_t worker)
{
    for (weft_core_job *j = core->first_job; j != NULL; j = j->next) {
        for (int32_t i = 0; i < j->stage_count; i++) {
            weft_core_told *told = find_told(j->stages[i], worker);
            if (told != NULL) *told = j->stages[i]->told[--j->stages[i]->told_count];
            weft_relays_leave(j->stages[i]->relays, worker);
        }
        weft_core_hearer *hearer = find_hearer(j, worker);
        if (hearer == NULL) continue;
        *hearer = j->hearers[--j->hearer_count];
        j->workers_lost++;
        tell(j);
    }
}

weft_status core_may_be_open(weft_ctx *ctx, weft_core *core, weft_core_job *job, int32_t worker)
{
    weft_status st = WEFT_OK;
    weft_core_told *told = NULL;
    for (int32_t i = 0; i < job->stage_count; i++)
        if (job->stages[i]->resumed) WEFT_TRY(st, add_told(ctx, core, job->stages[i], worker, &told));
done:
    return st;
}

/* An order about a stage as a whole, to one worker. */
static void order_stage(weft_ctx *ctx, weft_core *core, const weft_core_job *job, int32_t stage,
                        int32_t worker, weft_to_worker_kind kind)
{
    const weft_to_worker order = {.kind = kind,
                                  .epoch = core->options.epoch,
                                  .job = job->id,
                                  .stage = stage,
                                  .generation = job->stages[stage]->generation};
    (void)core_order(ctx, core, worker, &order);
}

/* Its tables and inputs can go, wherever it is open. */
static void close_everywhere(weft_ctx *ctx, weft_core *core, weft_core_job *job, int32_t stage)
{
    weft_core_stage *s = job->stages[stage];
    for (int32_t i = 0; i < s->told_count; i++)
        order_stage(ctx, core, job, stage, s->told[i].worker, WEFT_TO_WORKER_CLOSE);
    s->told_count = 0;
    weft_relays_free(&s->relays);
}

static void free_everywhere(weft_ctx *ctx, weft_core *core, weft_core_job *job, int32_t stage)
{
    for (int32_t i = 0; i < job->hearer_count; i++)
        order_stage(ctx, core, job, stage, job->hearers[i].worker, WEFT_TO_WORKER_FREE);
}

/* ---- the order that opens a stage ---- */

/* Tell a worker a stage, with the blocks of its inputs as they are now. number: the scheduler's, of where
 * that is. */
static weft_status open_stage(weft_ctx *ctx, weft_core *core, weft_core_job *job, int32_t stage,
                              uint32_t number, weft_core_told *told)
{
    weft_status st = WEFT_OK;
    weft_core_stage *s = job->stages[stage];
    weft_arena *const callers = ctx->arena;
    weft_to_worker order = {.kind = WEFT_TO_WORKER_STAGE,
                            .epoch = core->options.epoch,
                            .job = job->id,
                            .stage = stage,
                            .generation = s->generation,
                            .fragment = core->options.by_value ? NULL : s->stage,
                            .fragment_bytes = s->fragment,
                            .fragment_len = s->fragment_len,
                            .fragment_shared = s->fragment_shared,
                            .fragment_crc = s->fragment_crc,
                            .settings = job->settings,
                            .timed = job->timed,
                            .answer_bytes = s->answer_bytes};
    if (s->relays_sources != number) weft_relays_free(&s->relays);
    s->relays_sources = number;
    order_stage(ctx, core, job, stage, told->worker, WEFT_TO_WORKER_CLOSE); /* what it knew of it before */
    ctx->arena = core->options.by_value ? core->arena : job->orders;
    st = core_make_sources(ctx, core, job, s, told->worker, &order);
    ctx->arena = callers;
    WEFT_TRY(st, st);
    WEFT_TRY(st, core_order(ctx, core, told->worker, &order));
    told->open = true;
    told->sources = number;
done:
    return st;
}

/* ---- actions ---- */

static void fail_job(weft_core_job *job, const weft_action *a, const weft_error *error)
{
    if (job->failed) return;
    job->failed = true;
    job->failure = *a;
    job->error = *error;
    /* the scheduler may have another reason than the report that it came with */
    job->error.code = a->status;
}

static const char *failure_text(weft_status status)
{
    if (status == WEFT_NO_WORKERS) return "there was no worker for the grace time";
    if (status == WEFT_WORKER_LOST) return "the workers that ran it were lost, one after the other";
    if (status == WEFT_FETCH_FAILED) return "its block was lost again and again";
    return "there was no memory to tell more";
}

static void on_job_failed(weft_core_job *job, const weft_action *a, const weft_to_coordinator *report)
{
    weft_error error = {.code = a->status};
    const bool told = report != NULL && report->error != NULL && report->status == a->status;
    if (told)
        error = *report->error;
    else
        memcpy(error.message, failure_text(a->status), strlen(failure_text(a->status)) + 1);
    fail_job(job, a, &error);
}

static weft_status launch(weft_ctx *ctx, weft_core *core, weft_core_job *job, const weft_action *a)
{
    weft_status st = WEFT_OK;
    weft_core_stage *s = job->stages[a->stage];
    weft_core_told *told = NULL;
    WEFT_TRY(st, add_hearer(ctx, core, job, a->worker));
    WEFT_TRY(st, add_told(ctx, core, s, a->worker, &told));
    if (!told->open || told->sources != a->sources)
        WEFT_TRY(st, open_stage(ctx, core, job, a->stage, a->sources, told));
    weft_to_worker order = {.kind = WEFT_TO_WORKER_LAUNCH,
                            .epoch = core->options.epoch,
                            .job = a->job,
                            .stage = a->stage,
                            .generation = a->generation,
                            .partition = a->partition,
                            .attempt = a->attempt,
                            .task = &s->stage->tasks[a->partition]};
    s->report.attempts++;
    WEFT_TRY(st, core_order(ctx, core, a->worker, &order));
done:
    return st;
}

/* The job cannot go on: there is no memory, or no way, to launch a task of it. */
static void launch_or_fail(weft_ctx *ctx, weft_core *core, weft_core_job *job, const weft_action *a)
{
    const weft_status st = launch(ctx, core, job, a);
    if (st == WEFT_OK) return;
    weft_action failure = *a;
    failure.status = st;
    fail_job(job, &failure, &ctx->error);
    weft_error_clear(ctx);
}

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
        to->exchange_bytes += from->exchange_bytes;
        to->exchange_remote_bytes += from->exchange_remote_bytes;
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

/* Samples of a block's sorted rows. Of many blocks there are few of each, or of some none: which ones goes by
 * the task, so that together they are of all places of a run, whose first row is always among the lowest. */
static void add_samples(weft_core_stage *s, int32_t task, const weft_block_meta *block)
{
    if (s->sample_most == 0 || task % s->sample_every != 0) return;
    const int32_t each = (block->sample_count + s->sample_most - 1) / s->sample_most;
    const int32_t first = each == 0 ? 0 : task / s->sample_every % each;
    int64_t rows = 0; /* before the first */
    for (int32_t i = 0; i < block->sample_count; i++) {
        weft_sort_sample *last = &s->samples[s->stats.sample_count];
        if (i % each == first) {
            *last = block->samples[i];
            last->rows += rows;
            rows = 0;
            s->stats.sample_count++;
        } else if (i < first)
            rows += block->samples[i].rows;
        else
            last[-1].rows += block->samples[i].rows;
    }
}

/* The numbers of a task's block go to the planner and to people, once: a block that is made again has the
 * same (or, when the stage began anew, comes too late for a plan that is fixed). */
static void accept_block(weft_core_stage *s, int32_t task, const weft_to_coordinator *m)
{
    weft_stage_stats *stats = &s->stats;
    const weft_block_meta *block = m->block;
    if (s->fixed || weft_bit_get(s->counted, task)) return;
    weft_bit_set(s->counted, task);
    add_metrics(&s->report, m);
    s->report.spilled_bytes += block->spilled_bytes;
    for (int32_t p = 0; p < stats->partition_count && p < block->partition_count; p++) {
        s->rows[p] += block->rows[p];
        s->bytes[p] += block->bytes[p];
        stats->rows += block->rows[p];
        stats->bytes += block->bytes[p];
    }
    add_samples(s, task, block);
    for (int32_t k = 0; k < stats->key_count; k++) {
        const weft_key_range range = k < block->key_count ? block->keys[k] : (weft_key_range){0};
        s->keys[k].has &= range.has;
        if (!s->keys[k].has || range.low > range.high) continue;
        s->keys[k].low = weft_min_i64(s->keys[k].low, range.low);
        s->keys[k].high = weft_max_i64(s->keys[k].high, range.high);
    }
}

/* Without memory the block is fetched. */
static void keep_answer(weft_ctx *ctx, weft_core *core, weft_core_stage *s, const weft_to_coordinator *m)
{
    weft_status st = WEFT_OK;
    weft_account *const callers = ctx->memory;
    const weft_error kept = ctx->error;
    uint8_t *bytes = NULL;
    if (m->answer == NULL || m->answer_len > (size_t)s->answer_bytes + ANSWER_HEAD_BYTES) return;
    ctx->memory = core->account;
    if (s->answers == NULL)
        WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING,
                                         (size_t)s->stage->task_count * sizeof(*s->answers),
                                         (void **)&s->answers));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, m->answer_len, (void **)&bytes));
    memcpy(bytes, m->answer, m->answer_len);
    weft_mem_free(s->answers[m->partition].bytes);
    s->answers[m->partition] = (weft_core_answer){
        .generation = m->generation, .attempt = m->attempt, .bytes = bytes, .len = m->answer_len};
done:
    ctx->memory = callers;
    if (st != WEFT_OK) ctx->error = kept;
}

bool weft_core_take_answer(const weft_core_job *job, const weft_block_name *name, uint8_t **bytes,
                           size_t *len)
{
    weft_core_answer *answers = job->stages[name->stage]->answers;
    weft_core_answer *a = answers == NULL ? NULL : &answers[name->partition];
    if (a == NULL || a->bytes == NULL || a->generation != name->generation || a->attempt != name->attempt)
        return false;
    *bytes = a->bytes;
    *len = a->len;
    a->bytes = NULL;
    return true;
}

static void free_stage(weft_core_stage *s)
{
    for (int32_t t = 0; s->answers != NULL && t < s->stage->task_count; t++)
        weft_mem_free(s->answers[t].bytes);
    weft_mem_free(s->answers);
    weft_relays_free(&s->relays);
    weft_mem_free(s->told);
}

/* The stage runs again whole: what the last generation left is nothing to anybody. */
static void begin_anew(weft_ctx *ctx, weft_core *core, weft_core_job *job, const weft_action *a)
{
    close_everywhere(ctx, core, job, a->stage);
    free_everywhere(ctx, core, job, a->stage);
    job->stages[a->stage]->generation = a->generation;
    job->stages[a->stage]->freed = false;
}

static void order_attempt(weft_ctx *ctx, weft_core *core, const weft_action *a, weft_to_worker_kind kind)
{
    const weft_to_worker order = {.kind = kind,
                                  .epoch = core->options.epoch,
                                  .job = a->job,
                                  .stage = a->stage,
                                  .generation = a->generation,
                                  .partition = a->partition,
                                  .attempt = a->attempt};
    (void)core_order(ctx, core, a->worker, &order);
}

static void act(weft_ctx *ctx, weft_core *core, const weft_action *a, const weft_to_coordinator *report)
{
    weft_core_job *job = core_find_job(core, a->job);
    weft_core_stage *s = find_stage(job, a->stage);
    if (a->kind == WEFT_ACTION_LATE || a->kind == WEFT_ACTION_CANCEL) { /* also of a job that is forgotten */
        order_attempt(ctx, core, a,
                      a->kind == WEFT_ACTION_LATE ? WEFT_TO_WORKER_DROP : WEFT_TO_WORKER_CANCEL);
        return;
    }
    const bool of_stage = a->kind != WEFT_ACTION_RECORD || a->record == WEFT_RECORD_ACCEPTED;
    if (job == NULL || job->ending || (of_stage && s == NULL)) return;
    switch (a->kind) {
    case WEFT_ACTION_LAUNCH: launch_or_fail(ctx, core, job, a); break;
    case WEFT_ACTION_ACCEPT: /* nobody waits for that alone */
        keep_answer(ctx, core, s, report);
        accept_block(s, a->partition, report);
        return;
    case WEFT_ACTION_AGAIN: begin_anew(ctx, core, job, a); return;
    case WEFT_ACTION_STAGE_DONE:
        close_everywhere(ctx, core, job, a->stage);
        s->done = true;
        break;
    case WEFT_ACTION_RECORD: core_add_record(job, a); break;
    case WEFT_ACTION_JOB_FAILED: on_job_failed(job, a, report); break;
    case WEFT_ACTION_LATE:
    case WEFT_ACTION_CANCEL: return;
    }
    if (a->kind != WEFT_ACTION_LAUNCH || job->failed) tell(job);
}

static void tell_due(weft_core *core)
{
    const int64_t due_ns = weft_scheduler_due(core->scheduler);
    if (due_ns == core->due_ns) return;
    core->due_ns = due_ns;
    if (core->port.wake != NULL && due_ns != INT64_MAX) core->port.wake(core->port.self, due_ns);
}

/* Without sending the orders. */
static weft_status step(weft_ctx *ctx, weft_core *core, const weft_event *event,
                        const weft_to_coordinator *report)
{
    weft_actions actions = {0};
    const weft_status st = weft_scheduler_step(ctx, core->scheduler, event, weft_now_ns(ctx), &actions);
    if (st != WEFT_OK) return st;
    for (int32_t i = 0; i < actions.count; i++) act(ctx, core, &actions.items[i], report);
    tell_due(core);
    if (core->options.by_value) weft_arena_reset(core->arena);
    return WEFT_OK;
}

weft_status core_step(weft_ctx *ctx, weft_core *core, const weft_event *event)
{
    const weft_status st = step(ctx, core, event, NULL);
    core->port.flush(ctx, core->port.self);
    return st;
}

void weft_core_flush(weft_ctx *ctx, weft_core *core) { core->port.flush(ctx, core->port.self); }

/* ---- reports ---- */

/* Blocks may go to scratch long after their stage: now that they are gone it is known how much of them. */
static void on_ended(weft_core *core, int32_t worker, const weft_to_coordinator *m)
{
    weft_core_job *job = core_find_job(core, m->job);
    weft_core_hearer *hearer = job == NULL ? NULL : find_hearer(job, worker);
    if (hearer == NULL || hearer->ended) return;
    for (int32_t i = 0; i < m->spill_count; i++) {
        weft_core_stage *s = find_stage(job, m->spills[i].stage);
        if (s == NULL) continue;
        s->spilled_late += m->spills[i].bytes;
        s->report.spilled_bytes = weft_max_i64(s->report.spilled_bytes, s->spilled_late);
    }
    hearer->ended = true;
    tell(job);
}

static int64_t block_bytes(const weft_block_meta *block)
{
    int64_t bytes = 0;
    for (int32_t p = 0; p < block->partition_count; p++) bytes += block->bytes[p];
    return bytes;
}

weft_status weft_core_report(weft_ctx *ctx, weft_core *core, int32_t worker, const weft_to_coordinator *m)
{
    weft_status st = WEFT_OK;
    weft_core_job *job = core_find_job(core, m->job);
    weft_core_stage *s = find_stage(job, m->stage);
    const bool done = m->kind == WEFT_FROM_WORKER_DONE;
    if (m->kind == WEFT_FROM_WORKER_HELD) {
        core_held(ctx, core, worker, m->epoch);
        return WEFT_OK;
    }
    if (m->kind == WEFT_FROM_WORKER_ENDED) {
        on_ended(core, worker, m);
        return WEFT_OK;
    }
    if (!done && m->kind != WEFT_FROM_WORKER_FAILED) return WEFT_OK;
    const weft_event event = {.kind = done ? WEFT_EVENT_DONE : WEFT_EVENT_FAILED,
                              .worker = worker,
                              .job = m->job,
                              .stage = m->stage,
                              .generation = m->generation,
                              .partition = m->partition,
                              .attempt = m->attempt,
                              .status = m->status,
                              .run_ns = m->run_ns,
                              .bytes = done ? block_bytes(m->block) : 0,
                              .has_lost = m->has_lost,
                              .unreachable = m->unreachable,
                              .lost = m->lost};
    const weft_block_name name = {.job = m->job,
                                  .stage = m->stage,
                                  .generation = m->generation,
                                  .partition = m->partition,
                                  .attempt = m->attempt};
    weft_core_told *told = s == NULL ? NULL : find_told(s, worker);
    if (m->broken && told != NULL && m->generation == s->generation) told->open = false;
    const bool awaited = s != NULL && weft_scheduler_awaits(core->scheduler, worker, &name);
    const bool found = s != NULL && done && !awaited && weft_scheduler_finds(core->scheduler, worker, &name);
    const bool counts = awaited || found;
    const weft_locality locality = weft_scheduler_locality(core->scheduler, &name);
    WEFT_TRY(st, step(ctx, core, &event, m)); /* without memory it comes again */
    if (counts) {
        s->report.run_ns += m->run_ns;
        s->report.relayed_bytes += m->relayed_bytes;
        job->bytes_relayed += m->relayed_bytes;
        s->report.failures += !done;
        s->report.attempts += found;
        weft_event_log_task(job->log, s->stage, m, locality);
        weft_tasks_report(job->tasks, m, worker, locality);
    } else if (s != NULL)
        weft_event_log_late(job->log, m);
done:
    return st;
}

/* ---- from the threads that run jobs ---- */

weft_status weft_core_job_begin(weft_ctx *ctx, weft_core *core, weft_core_job *job, int32_t attempts,
                                uint64_t order_seed)
{
    weft_status st = WEFT_OK;
    const weft_event event = {.kind = WEFT_EVENT_JOB,
                              .job = job->id,
                              .attempts = attempts,
                              .seed = order_seed,
                              .wait_ns = job->wait_ns,
                              .first_attempt = job->first_attempt,
                              .recorded = job->recorded,
                              .number = job->generation_number};
    WEFT_TRY(st, core_reserve_records(ctx, core, job));
    job->previous = core->last_job;
    *(core->last_job == NULL ? &core->first_job : &core->last_job->next) = job;
    core->last_job = job;
    WEFT_TRY(st, core_step(ctx, core, &event));
done:
    return st;
}

weft_status weft_core_stage_begin(weft_ctx *ctx, weft_core *core, weft_core_job *job, const int32_t *inputs,
                                  const bool *positions)
{
    weft_status st = WEFT_OK;
    const weft_stage *stage = job->stages[job->stage_count - 1]->stage;
    const weft_core_stage *s = job->stages[job->stage_count - 1];
    bool *broadcast = NULL;
    WEFT_TRY(st, core_reserve_records(ctx, core, job));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stage->input_count, &broadcast));
    for (int32_t i = 0; i < stage->input_count; i++) broadcast[i] = stage->inputs[i].mode == WEFT_INPUT_ALL;
    const weft_event event = {.kind = WEFT_EVENT_STAGE,
                              .job = job->id,
                              .stage = stage->id,
                              .tasks = stage->task_count,
                              .input_count = stage->input_count,
                              .inputs = inputs,
                              .positions = positions,
                              .broadcast = broadcast,
                              .splits = stage->fragment.source.kind == WEFT_SOURCE_SCAN ? stage->tasks : NULL,
                              .determinism = stage->determinism,
                              .resumed = s->resumed,
                              .complete = s->complete && s->fixed, /* else its sums are still to be had */
                              .accepted = s->accepted,
                              .generation = s->generation,
                              .needed = true};
    WEFT_TRY(st, core_step(ctx, core, &event));
done:
    return st;
}

bool weft_core_is_finished(const weft_core *core, const weft_core_job *job, int32_t stage)
{
    return weft_scheduler_is_finished(core->scheduler, job->id, stage);
}

weft_status weft_core_free_unread(weft_ctx *ctx, weft_core *core, weft_core_job *job, int32_t stage)
{
    const weft_event event = {.kind = WEFT_EVENT_FREED, .job = job->id, .stage = stage};
    weft_core_stage *s = job->stages[stage];
    if (s->freed || !weft_core_is_finished(core, job, stage) ||
        weft_scheduler_is_read(core->scheduler, job->id, stage))
        return WEFT_OK;
    s->freed = true;
    free_everywhere(ctx, core, job, stage);
    return core_step(ctx, core, &event);
}

bool weft_core_find_block(const weft_core *core, const weft_core_job *job, int32_t stage, int32_t partition,
                          weft_block_name *name, weft_place *place)
{
    int32_t worker = -1;
    *name = (weft_block_name){.job = job->id, .stage = stage, .partition = partition};
    if (!weft_scheduler_block(core->scheduler, job->id, stage, partition, &name->generation, &name->attempt,
                              &worker))
        return false;
    const core_worker *w = core_find_worker(core, worker);
    if (w == NULL) return false;
    *place = (weft_place){.worker = worker, .uuid = w->hello->uuid, .address = w->hello->address};
    return true;
}

weft_status weft_core_block_lost(weft_ctx *ctx, weft_core *core, weft_core_job *job,
                                 const weft_block_name *name)
{
    const weft_event event = {.kind = WEFT_EVENT_BLOCK_LOST, .job = job->id, .lost = *name};
    return core_step(ctx, core, &event);
}

weft_status weft_core_pin(weft_ctx *ctx, weft_core *core, weft_core_job *job)
{
    const weft_event event = {.kind = WEFT_EVENT_PINNED, .job = job->id};
    return core_step(ctx, core, &event);
}

void weft_core_job_end(weft_ctx *ctx, weft_core *core, weft_core_job *job)
{
    const weft_event event = {.kind = WEFT_EVENT_END, .job = job->id};
    const weft_to_worker order = {.kind = WEFT_TO_WORKER_END, .epoch = core->options.epoch, .job = job->id};
    weft_status st = WEFT_OK;
    if (job->ending) return;
    job->ending = true;
    st = core_step(ctx, core, &event);
    assert(st == WEFT_OK); /* this event needs no memory */
    (void)st;
    for (int32_t i = 0; i < job->hearer_count; i++)
        (void)core_order(ctx, core, job->hearers[i].worker, &order);
    core->port.flush(ctx, core->port.self);
}

bool weft_core_is_ended(const weft_core *core, const weft_core_job *job)
{
    for (int32_t i = 0; i < job->hearer_count; i++) {
        const core_worker *w = core_find_worker(core, job->hearers[i].worker);
        if (!job->hearers[i].ended && w != NULL && !w->silent) return false;
    }
    return true;
}

void weft_core_job_forget(weft_core *core, weft_core_job *job)
{
    if (core_find_job(core, job->id) == job) {
        *(job->previous == NULL ? &core->first_job : &job->previous->next) = job->next;
        *(job->next == NULL ? &core->last_job : &job->next->previous) = job->previous;
    }
    for (int32_t i = 0; i < job->stage_count; i++) free_stage(job->stages[i]);
    weft_mem_free(job->hearers);
    weft_mem_free(job->records);
    job->hearers = NULL;
    job->records = NULL;
    job->record_count = job->record_capacity = 0;
    job->stage_count = job->hearer_count = 0;
}

/* ---- for tests and simulation ---- */

const char *weft_core_check(const weft_core *core)
{
    const char *wrong = weft_members_check(core->members);
    if (wrong == NULL) wrong = weft_scheduler_check(core->scheduler);
    for (int32_t i = 0; i < core->worker_count && wrong == NULL; i++)
        if (!weft_scheduler_has_worker(core->scheduler, core->workers[i].number))
            wrong = "a member is unknown to the scheduler";
    for (const weft_core_job *j = core->first_job; j != NULL && wrong == NULL; j = j->next)
        for (int32_t i = 0; i < j->hearer_count && wrong == NULL; i++)
            if (core_find_worker(core, j->hearers[i].worker) == NULL)
                wrong = "a job waits for a worker that is dead";
    for (const weft_core_job *j = core->first_job; j != NULL; j = j->next)
        for (int32_t i = 0; i < j->stage_count && wrong == NULL; i++)
            wrong = core_check_relays(core, j->stages[i]);
    return wrong;
}
