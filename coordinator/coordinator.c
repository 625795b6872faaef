/* coordinator/coordinator.c - the loop of a job.
 *
 *   plan the stages that are ready → give them to the core → wait for news → a finished stage goes back to
 *   the planner with what it really produced → …
 *
 * All decisions are the core's and the planner's; here is only what they cannot do themselves: the clock, the
 * lock, the mailbox, the blocks. */
#include "coordinator/coordinator_private.h"

#include <string.h>

#include "common/hash.h"
#include "common/limits.h"
#include "common/settings.h"
#include "common/shared.h"
#include "coordinator/event_log.h"
#include "coordinator/jobs.h"

enum {
    INBOX_LIMIT = 1 << 20,
    JOBS_OF_EPOCH = 1000000, /* epochs grow by the second: no number is used twice, all fit a double */
    PEER_HERE = 1,           /* the connection of the worker of this process */
    ANSWER_BYTES = 64 << 10, /* a block of the result up to this size comes within its report */
    ANSWERS_BYTES = 1 << 20, /* of one job */
    LARGE_BYTES = 256 << 10  /* of a stage: less is cheaper to copy than to own */
};

/* The one worker of this process neither comes nor goes, and what it cannot read is lost. */
static const weft_core_options core_of_one_process = {
    .members = {.tick_ns = INT64_MAX, .beat_ns = INT64_MAX, .silent_ns = INT64_MAX, .lost_ns = INT64_MAX},
    .scheduler = {.grace_ns = INT64_MAX, .crashes_most = 1, .misses_most = 1, .strikes_most = INT32_MAX},
    .epoch = 1};

/* ---- life ---- */

static weft_status order_here(weft_ctx *ctx, void *self, int32_t worker, const weft_to_worker *order)
{
    const weft_coordinator *c = self;
    (void)worker;
    return c->worker.send(ctx, c->worker.self, order);
}

static weft_status fetch_here(weft_ctx *ctx, void *self, const weft_block_name *names,
                              const weft_place *places, int32_t count, const weft_types *types,
                              weft_block **out, int32_t *lost)
{
    const weft_coordinator *c = self;
    (void)places, (void)types;
    for (int32_t i = 0; i < count; i++) {
        const weft_status st = c->worker.fetch(ctx, c->worker.self, &names[i], &out[i]);
        if (st == WEFT_OK) continue;
        *lost = i;
        while (i-- > 0) weft_block_release(&out[i]);
        return st;
    }
    return WEFT_OK;
}

weft_status weft_coordinator_new(weft_ctx *ctx, const weft_coordinator_options *options,
                                 weft_coordinator **out)
{
    weft_status st = WEFT_OK;
    weft_coordinator *c = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*c), (void **)&c));
    pthread_mutex_init(&c->lock, NULL);
    weft_core_port here = weft_core_port_mute;
    here.order = order_here;
    here.self = c;
    const weft_core_options *core = options->port == NULL ? &core_of_one_process : &options->core;
    c->account = ctx->memory;
    c->memory_bytes = options->memory_bytes;
    c->grace_ns = core->scheduler.grace_ns;
    c->epoch = core->epoch;
    c->cluster = core->cluster;
    c->begin_us = ctx->clock->wall_us(ctx->clock->self);
    c->next_job = options->port == NULL ? 1 : (uint64_t)core->epoch * JOBS_OF_EPOCH + 1;
    c->jobs = options->jobs;
    c->tasks = options->tasks;
    c->commits = options->commits;
    c->artifacts = options->artifacts;
    c->journal = options->journal;
    c->source = options->source;
    WEFT_TRY(st, weft_core_new(ctx, core, options->port == NULL ? &here : options->port, &c->core));
    if (options->port == NULL) {
        c->source = (weft_block_source){.fetch = fetch_here, .self = c};
        WEFT_TRY(st, weft_mailbox_new(ctx, sizeof(weft_to_coordinator), INBOX_LIMIT, &c->inbox));
    }
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
    weft_core_free(&c->core);
    pthread_mutex_destroy(&c->lock);
    weft_mem_free(c);
}

weft_core *weft_coordinator_enter(weft_coordinator *c)
{
    pthread_mutex_lock(&c->lock);
    return c->core;
}

weft_core *weft_coordinator_core(const weft_coordinator *c) { return c->core; }
void weft_coordinator_leave(weft_coordinator *c) { pthread_mutex_unlock(&c->lock); }

static weft_status inbox_send(weft_ctx *ctx, void *self, const weft_to_coordinator *message)
{
    weft_coordinator *c = self;
    return weft_mailbox_put(ctx, c->inbox, message, false);
}

bool weft_coordinator_is_embedded(const weft_coordinator *c) { return c->inbox != NULL; }

int64_t weft_coordinator_own_memory(const weft_coordinator *c)
{
    return c->inbox != NULL ? c->memory_bytes : 0;
}

weft_coordinator_link weft_coordinator_inbox(weft_coordinator *c)
{
    return (weft_coordinator_link){.send = inbox_send, .self = c};
}

weft_status weft_coordinator_attach(weft_ctx *ctx, weft_coordinator *c, weft_worker_link worker)
{
    weft_status st = WEFT_OK;
    weft_to_coordinator m = {0};
    c->worker = worker;
    if (!weft_mailbox_take(c->inbox, &m, INT64_C(10000000000)) || m.kind != WEFT_FROM_WORKER_REGISTER)
        WEFT_TRY(st,
                 weft_fail(ctx, WEFT_DEADLINE, "the worker of this process did not register within 10 s"));
    /* one report of each slot, and the end of the job: from now on reports are never refused */
    WEFT_TRY(st, weft_mailbox_reserve(ctx, c->inbox, m.slots + 1));
    const weft_worker_hello hello = {.slots = m.slots};
    weft_core_registers(ctx, weft_coordinator_enter(c), PEER_HERE, &hello);
    const bool there = weft_core_measure(c->core).slots == m.slots;
    weft_coordinator_leave(c);
    if (!there) st = weft_fail(ctx, WEFT_NOMEM, "no memory for the worker of this process");
done:
    return st;
}

struct weft_jobs *weft_coordinator_jobs(const weft_coordinator *c) { return c->jobs; }
struct weft_tasks *weft_coordinator_tasks(const weft_coordinator *c) { return c->tasks; }
struct weft_commits *weft_coordinator_commits(const weft_coordinator *c) { return c->commits; }
int64_t weft_coordinator_epoch(const weft_coordinator *c) { return c->epoch; }
weft_journal *weft_coordinator_journal(const weft_coordinator *c) { return c->journal; }

struct weft_artifacts *weft_coordinator_artifacts(const weft_coordinator *c) { return c->artifacts; }

/* The journal knows it first: what it refuses fails jobs before anybody has told this coordinator. */
bool weft_coordinator_is_deposed(const weft_coordinator *c)
{
    return atomic_load(&c->is_deposed) || (c->journal != NULL && weft_journal_is_deposed(c->journal));
}

const char *weft_coordinator_cluster(const weft_coordinator *c) { return c->cluster; }
int64_t weft_coordinator_begin_us(const weft_coordinator *c) { return c->begin_us; }

bool weft_coordinator_cancel_job(weft_coordinator *c, uint64_t id)
{
    bool found = false;
    pthread_mutex_lock(&c->lock);
    for (coordinator_job *j = c->jobs_running; j != NULL; j = j->next) {
        if (j->core.id != id) continue;
        found = true;
        j->cancelled = true;
        coordinator_tell_news(j);
    }
    pthread_mutex_unlock(&c->lock);
    return found;
}

void weft_coordinator_depose(weft_coordinator *c)
{
    atomic_store(&c->is_deposed, true);
    pthread_mutex_lock(&c->lock);
    for (coordinator_job *j = c->jobs_running; j != NULL; j = j->next) coordinator_tell_news(j);
    pthread_mutex_unlock(&c->lock);
}

uint64_t weft_coordinator_number(weft_coordinator *c)
{
    pthread_mutex_lock(&c->lock);
    const uint64_t number = c->next_job++;
    pthread_mutex_unlock(&c->lock);
    return number;
}

weft_uuid weft_job_uuid(const weft_job_name *name)
{
    const uint64_t number = weft_hash_u64(name->operation);
    return (weft_uuid){.high = weft_hash_u64(name->session.high ^ number),
                       .low = weft_hash_u64(name->session.low + number)};
}

/* ---- stages ---- */

static weft_status new_stats(weft_ctx *ctx, weft_core_stage *s)
{
    weft_status st = WEFT_OK;
    const weft_sink_spec *sink = &s->stage->fragment.sink;
    const bool exchange = sink->kind == WEFT_SINK_EXCHANGE && sink->exchange.track_ranges;
    const bool by_range = sink->kind == WEFT_SINK_SORT && sink->sort.by_range;
    const int32_t tasks = weft_max_i32(1, s->stage->task_count);
    s->sample_every = (tasks - 1) / WEFT_STAGE_SAMPLES_MAX + 1;
    const int32_t sampled = (tasks - 1) / s->sample_every + 1;
    if (by_range) s->sample_most = weft_min_i32(WEFT_SORT_SAMPLES_MAX, WEFT_STAGE_SAMPLES_MAX / sampled);
    s->sample_room = s->sample_most * sampled;
    s->stats = (weft_stage_stats){.partition_count = sink->partition_count,
                                  .key_count = exchange ? sink->exchange.key_count : 0};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->stats.partition_count, &s->rows));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->stats.partition_count, &s->bytes));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->stats.key_count, &s->keys));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->sample_room, &s->samples));
    for (int32_t k = 0; k < s->stats.key_count; k++)
        s->keys[k] = (weft_key_range){.has = true, .low = INT64_MAX, .high = INT64_MIN};
    s->stats.partition_rows = s->rows;
    s->stats.partition_bytes = s->bytes;
    s->stats.keys = s->keys;
    s->stats.samples = s->samples;
done:
    return st;
}

/* The wire form. A large one is kept in memory of its own, which goes to every worker without another copy;
 * that is the coordinator's, as the network may be done with it later than the job. */
static weft_status encode_fragment(weft_ctx *ctx, coordinator_job *j, weft_core_stage *s)
{
    weft_status st = WEFT_OK;
    weft_ctx own = *ctx;
    uint8_t *bytes = NULL;
    own.arena = weft_arena_new(ctx->memory);
    own.memory = j->c->account;
    if (own.arena == NULL) return weft_fail(ctx, WEFT_NOMEM, "no memory for a stage");
    WEFT_TRY(st, weft_stage_encode_shared(&own, s->stage, &bytes, &s->fragment_len));
    if (s->fragment_len < LARGE_BYTES) {
        char *copy = NULL;
        WEFT_TRY(st, weft_arena_copy(&own, ctx->arena, (const char *)bytes, s->fragment_len, &copy));
        s->fragment = (const uint8_t *)copy;
    } else {
        WEFT_TRY(st, weft_shared_new(&own, bytes, s->fragment_len, &s->fragment_shared));
        s->fragment = s->fragment_shared->bytes;
        s->fragment_crc = weft_crc32c(0, s->fragment, s->fragment_len);
        s->fragment_shared->next = j->fragments;
        j->fragments = s->fragment_shared;
    }
done:
    weft_arena_free(&own.arena);
    return st == WEFT_OK ? st : weft_error_copy(ctx, &own);
}

weft_status coordinator_new_stage(weft_ctx *ctx, coordinator_job *j, const weft_stage *stage, bool is_result,
                                  weft_core_stage **out)
{
    weft_status st = WEFT_OK;
    weft_core_stage *s = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    *s = (weft_core_stage){.stage = stage, .report = {.stage = stage, .begin_ns = weft_now_ns(ctx)}};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_bit_words(stage->task_count), &s->counted));
    WEFT_TRY(st, new_stats(ctx, s));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stage->fragment.op_count + 2, &s->report.metrics));
    if (j->c->inbox == NULL) {
        WEFT_TRY(st, encode_fragment(ctx, j, s));
        if (is_result)
            s->answer_bytes = weft_min_i32(ANSWER_BYTES, ANSWERS_BYTES / weft_max_i32(1, stage->task_count));
    }
    *out = s;
done:
    return st;
}

weft_status coordinator_add_room(weft_ctx *ctx, coordinator_job *j)
{
    weft_status st = WEFT_OK;
    weft_core_stage **stages = NULL;
    int32_t *ends = NULL;
    const int32_t count = j->core.stage_count, capacity = weft_max_i32(16, j->stage_capacity * 2);
    if (count < j->stage_capacity) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, capacity, &stages));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, capacity, &ends));
    if (count > 0) memcpy(stages, j->core.stages, (size_t)count * sizeof(*stages));
    if (count > 0) memcpy(ends, j->file.step_ends, (size_t)count * sizeof(*ends));
    pthread_mutex_lock(&j->c->lock);
    j->core.stages = stages;
    pthread_mutex_unlock(&j->c->lock);
    j->file.step_ends = ends;
    j->stage_capacity = capacity;
done:
    return st;
}

/* What people see of a stage. Lock held. */
static void tell_stage(const coordinator_job *j, const weft_core_stage *s)
{
    weft_stage_counts n = {0};
    if (j->c->jobs == NULL) return;
    weft_scheduler_count_stage(weft_core_scheduler(j->c->core), j->core.id, s->stage->id, &n);
    weft_stage_status status = {.stage = s->stage->id,
                                .generation = s->generation,
                                .tasks = s->stage->task_count,
                                .running = n.running,
                                .tasks_done = n.done,
                                .attempts = s->report.attempts,
                                .failures = s->report.failures,
                                .done = s->done,
                                .rows = s->stats.rows,
                                .bytes = s->stats.bytes,
                                .spilled_bytes = s->report.spilled_bytes,
                                .read_bytes = s->report.metrics[0].scan.bytes_read};
    for (int32_t i = 0; i < s->stage->fragment.op_count + 1; i++) {
        status.exchange_bytes += s->report.metrics[i].exchange_bytes;
        status.exchange_remote_bytes += s->report.metrics[i].exchange_remote_bytes;
    }
    weft_jobs_stage(j->c->jobs, j->core.id, &status);
}

weft_status coordinator_begin_stage(weft_ctx *ctx, coordinator_job *j, weft_core_stage *s)
{
    weft_status st = WEFT_OK;
    const weft_stage *stage = s->stage;
    int32_t *inputs = NULL;
    bool *positions = NULL;
    assert(stage->id == j->core.stage_count);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stage->input_count, &inputs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, stage->input_count, &positions));
    for (int32_t i = 0; i < stage->input_count; i++) inputs[i] = stage->inputs[i].stage_id;
    for (int32_t i = 0; i < stage->fragment.op_count; i++) {
        const weft_op_spec *op = &stage->fragment.ops[i];
        if (op->kind == WEFT_OP_PROBE && op->probe.record_marks) positions[op->probe.input] = true;
    }
    j->core.stages[j->core.stage_count++] = s;
    WEFT_TRY(st, weft_core_stage_begin(ctx, j->c->core, &j->core, inputs, positions));
    tell_stage(j, s);
done:
    return st;
}

weft_status coordinator_issue_stage(weft_ctx *ctx, coordinator_job *j, const weft_stage *stage)
{
    weft_status st = WEFT_OK;
    weft_core_stage *s = NULL;
    int32_t result = -1;
    const bool is_result = weft_planner_result_stage(j->planner, &result) && result == stage->id;
    WEFT_TRY(st, coordinator_add_room(ctx, j));
    WEFT_TRY(st, coordinator_new_stage(ctx, j, stage, is_result, &s));
    WEFT_TRY(st, coordinator_file_stage(ctx, j, s));
    (void)weft_coordinator_enter(j->c);
    weft_event_log_stage(j->core.log, j->core.id, stage);
    st = coordinator_begin_stage(ctx, j, s);
    weft_coordinator_leave(j->c);
done:
    return st;
}

static weft_status plan_more(weft_ctx *ctx, coordinator_job *j)
{
    weft_status st = WEFT_OK;
    const weft_stage *const *stages = NULL;
    int32_t count = 0;
    const int64_t began = weft_now_ns(ctx);
    WEFT_TRY(st, weft_planner_next(ctx, j->planner, &stages, &count));
    j->run->planning_ns += weft_now_ns(ctx) - began;
    WEFT_TRY(st, coordinator_file_step(ctx, j, -1, NULL));
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, coordinator_issue_stage(ctx, j, stages[i]));
done:
    return st;
}

/* The planner goes on with what the stage really produced. */
static weft_status finish_stage(weft_ctx *ctx, coordinator_job *j, weft_core_stage *s)
{
    weft_status st = WEFT_OK;
    j->stages_done++;
    s->report.rows = s->stats.rows;
    s->report.bytes = s->stats.bytes;
    s->report.end_ns = weft_now_ns(ctx);
    pthread_mutex_lock(&j->c->lock);
    tell_stage(j, s);
    weft_event_log_stage_done(j->core.log, j->core.id, &s->report);
    pthread_mutex_unlock(&j->c->lock);
    WEFT_TRY(st, coordinator_file_step(ctx, j, s->stage->id, &s->stats));
    WEFT_TRY(st, weft_planner_finished(ctx, j->planner, s->stage->id, &s->stats));
done:
    return st;
}

/* Plan on with the stages that have finished; let go of blocks that nothing will read. */
static weft_status plan_on(weft_ctx *ctx, coordinator_job *j)
{
    weft_status st = WEFT_OK;
    bool more = false;
    for (int32_t i = 0; i < j->core.stage_count; i++) {
        weft_core_stage *s = j->core.stages[i];
        if (s->fixed) continue;
        pthread_mutex_lock(&j->c->lock);
        s->fixed = s->done;
        pthread_mutex_unlock(&j->c->lock);
        if (!s->fixed) continue;
        WEFT_TRY(st, finish_stage(ctx, j, s));
        more = true;
    }
    if (more) WEFT_TRY(st, plan_more(ctx, j));
    pthread_mutex_lock(&j->c->lock);
    /* Where workers die, blocks stay until the job ends: what was made of them may have to be made again. */
    for (int32_t i = 0; i < j->core.stage_count && j->c->inbox != NULL && st == WEFT_OK; i++)
        if (!weft_planner_needs(j->planner, i)) st = weft_core_free_unread(ctx, j->c->core, &j->core, i);
    pthread_mutex_unlock(&j->c->lock);
done:
    return st;
}

/* ---- the loop ---- */

/* What people see of the job beyond its stages. Lock held. */
static void count_run(const coordinator_job *j)
{
    weft_job_counts counts = {0};
    weft_scheduler_count_job(weft_core_scheduler(j->c->core), j->core.id, &j->run->counts);
    counts.tasks_rerun = j->run->counts.rerun;
    counts.blocks_lost = j->run->counts.blocks_lost;
    counts.workers_lost = j->core.workers_lost;
    counts.bytes_relayed = j->core.bytes_relayed;
    memcpy(counts.locality, j->run->counts.locality, sizeof(counts.locality));
    if (j->c->jobs == NULL) return;
    weft_jobs_count(j->c->jobs, j->core.id, &counts);
    /* also the finished ones: what was lost of them is made again */
    for (int32_t i = 0; i < j->core.stage_count; i++) tell_stage(j, j->core.stages[i]);
}

static void show_progress(coordinator_job *j)
{
    weft_progress p = {.stages = j->core.stage_count, .stages_done = j->stages_done};
    pthread_mutex_lock(&j->c->lock);
    if (j->c->jobs != NULL) count_run(j);
    weft_scheduler_progress(weft_core_scheduler(j->c->core), j->core.id, &p.tasks, &p.running, &p.tasks_done);
    pthread_mutex_unlock(&j->c->lock);
    if (j->run->progress != NULL) j->run->progress(j->run->progress_self, &p);
}

/* Where the query or its data is to blame the error says all; for the rest it also matters which task it was,
 * and how often it was tried. */
weft_status coordinator_job_error(weft_ctx *ctx, const coordinator_job *j)
{
    const weft_action *f = &j->core.failure;
    const weft_status_class class = weft_status_classify(f->status);
    const int32_t tries = f->attempt - j->core.first_attempt + 1; /* under this leader */
    ctx->error = j->core.error;
    if (f->status != WEFT_NO_WORKERS && (class == WEFT_CLASS_TRANSIENT || class == WEFT_CLASS_INTERNAL))
        weft_error_prefix(ctx, "task %d of stage %d failed %d time%s, the last time with: ", f->partition,
                          f->stage, tries, tries == 1 ? "" : "s");
    return f->status;
}

/* One round with what is new. *over: the result is there. */
static weft_status go_on(weft_ctx *ctx, coordinator_job *j, bool *over)
{
    weft_status st = WEFT_OK;
    int32_t result = -1;
    bool finished = false;
    pthread_mutex_lock(&j->c->lock);
    const bool failed = j->core.failed, news = j->news, cancelled = j->cancelled;
    j->news = false;
    pthread_mutex_unlock(&j->c->lock);
    if (weft_coordinator_is_deposed(j->c))
        return weft_fail(ctx, WEFT_NOT_LEADER, "this coordinator does not lead any more");
    if (failed) return coordinator_job_error(ctx, j);
    if (cancelled) return weft_fail(ctx, WEFT_CANCELLED, "The job was cancelled.");
    WEFT_TRY(st, coordinator_file_go_on(ctx, j));
    if (!news) return WEFT_OK;
    WEFT_TRY(st, plan_on(ctx, j));
    if (!weft_planner_result_stage(j->planner, &result)) goto done;
    pthread_mutex_lock(&j->c->lock);
    finished = weft_core_is_finished(j->c->core, &j->core, result);
    pthread_mutex_unlock(&j->c->lock);
    if (finished) WEFT_TRY(st, coordinator_take_result(ctx, j, result, over));
    if (*over) WEFT_TRY(st, coordinator_file_go_on(ctx, j));
done:
    return st;
}

static weft_status loop(weft_ctx *ctx, coordinator_job *j)
{
    weft_status st = WEFT_OK;
    int64_t shown = weft_now_ns(ctx);
    for (bool over = false; !over;) {
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, go_on(ctx, j, &over));
        if (over) break;
        WEFT_TRY(st, coordinator_wait(ctx, j));
        if (weft_now_ns(ctx) - shown < coordinator_progress_ns(j->c)) continue;
        shown = weft_now_ns(ctx);
        show_progress(j);
    }
done:
    return st;
}

/* ---- a job from begin to end ---- */

/* What the workers that are there have; waits for a first one for the grace time. */
static weft_status wait_for_workers(weft_ctx *ctx, coordinator_job *j, weft_core_room *room)
{
    weft_status st = WEFT_OK;
    const int64_t began = weft_now_ns(ctx);
    for (;;) {
        *room = weft_core_measure(weft_coordinator_enter(j->c));
        j->news = room->slots > 0; /* the job has not begun: what is new is that there is a worker */
        weft_coordinator_leave(j->c);
        if (room->slots > 0) break;
        WEFT_TRY(st, weft_check_cancel(ctx));
        if (weft_now_ns(ctx) - began >= j->c->grace_ns) {
            st = weft_fail(ctx, WEFT_NO_WORKERS, "There was no worker for %lld s.",
                           (long long)(j->c->grace_ns / 1000000000));
            weft_hint(ctx, "Start workers with: weft worker weft://HOST:PORT");
            goto done;
        }
        WEFT_TRY(st, coordinator_wait(ctx, j));
    }
done:
    return st;
}

/* End the job everywhere and wait until the workers have let go of it, and of what they borrowed. */
static void end_job(weft_ctx *ctx, coordinator_job *j)
{
    const weft_error kept = ctx->error;
    bool ended = false;
    if (!j->begun || weft_coordinator_is_deposed(j->c)) return;
    weft_core *core = weft_coordinator_enter(j->c);
    weft_core_job_end(ctx, core, &j->core);
    weft_coordinator_leave(j->c);
    while (!ended) {
        pthread_mutex_lock(&j->c->lock);
        j->news = false;
        ended = weft_core_is_ended(j->c->core, &j->core);
        pthread_mutex_unlock(&j->c->lock);
        if (!ended && coordinator_wait(ctx, j) != WEFT_OK) weft_error_clear(ctx); /* another job's report */
    }
    ctx->error = kept;
}

static void free_fragments(coordinator_job *j)
{
    while (j->fragments != NULL) {
        weft_shared *next = j->fragments->next;
        weft_shared_release(j->fragments);
        j->fragments = next;
    }
}

static void forget_job(coordinator_job *j)
{
    if (!j->begun) {
        free_fragments(j);
        return;
    }
    j->begun = false;
    weft_core_job_forget(weft_coordinator_enter(j->c), &j->core);
    coordinator_job **at = &j->c->jobs_running;
    while (*at != j) at = &(*at)->next;
    *at = j->next;
    j->c->job_count--;
    weft_coordinator_leave(j->c);
    pthread_cond_destroy(&j->changed);
    weft_arena_free(&j->core.orders);
    free_fragments(j);
}

weft_status coordinator_begin_job(weft_ctx *ctx, coordinator_job *j)
{
    weft_status st = WEFT_OK;
    const weft_run *run = j->run;
    const weft_job_begin begin = {
        .id = j->core.id, .text = run->text, .text_len = run->text_len, .user = run->user};
    WEFT_TRY(st, weft_event_log_open(ctx, &j->core.log));
    weft_event_log_job(j->core.log, j->core.id);
    j->core.tasks = j->c->tasks;
    j->core.orders = weft_arena_new(ctx->memory);
    if (j->core.orders == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for a job"));
    if (j->c->jobs != NULL) weft_jobs_begin(j->c->jobs, &begin);
    j->begun = true;
    weft_core *core = weft_coordinator_enter(j->c);
    j->next = j->c->jobs_running;
    j->c->jobs_running = j;
    j->c->job_count++;
    st = weft_core_job_begin(ctx, core, &j->core, (int32_t)weft_setting(ctx, WEFT_SET_TASK_ATTEMPTS),
                             (uint64_t)weft_setting(ctx, WEFT_SET_SEED));
    weft_coordinator_leave(j->c);
done:
    return st;
}

static void report_stages(weft_ctx *ctx, coordinator_job *j)
{
    const int32_t count = j->core.stage_count;
    const weft_error kept = ctx->error;
    j->run->stage_count = 0;
    if (count > 0 && WEFT_NEW_ARRAY(ctx, count, &j->run->stages) == WEFT_OK) {
        pthread_mutex_lock(&j->c->lock); /* its blocks may be held yet, and reports of it come */
        for (int32_t i = 0; i < count; i++) j->run->stages[i] = j->core.stages[i]->report;
        pthread_mutex_unlock(&j->c->lock);
        j->run->stage_count = count;
    }
    ctx->error = kept;
}

static void tell_end(const coordinator_job *j, weft_status st)
{
    const weft_job_state state = st == WEFT_OK          ? WEFT_JOB_SUCCEEDED
                                 : st == WEFT_CANCELLED ? WEFT_JOB_CANCELLED
                                                        : WEFT_JOB_FAILED;
    if (j->c->jobs != NULL && j->begun)
        weft_jobs_end(j->c->jobs, j->core.id, state, st == WEFT_OK ? NULL : &j->ctx->error, NULL);
}

/* Reports of a job whose blocks are held may come yet, and are told to its log. */
static void close_log(coordinator_job *j)
{
    if (j->core.log == NULL) return;
    pthread_mutex_lock(&j->c->lock);
    weft_event_log_close(&j->core.log);
    pthread_mutex_unlock(&j->c->lock);
}

void coordinator_leave_job(coordinator_job *j)
{
    end_job(j->ctx, j);
    close_log(j);
    tell_end(j, WEFT_CANCELLED);
    forget_job(j);
}

/* What a new job and a resumed one have alike. */
weft_status coordinator_set_up(weft_ctx *ctx, coordinator_job *j, bool timed)
{
    j->core.settings = ctx->settings;
    j->core.wait_ns = weft_setting(ctx, WEFT_SET_LOCALITY_WAIT) * 1000000;
    j->core.timed = timed;
    j->core.changed = coordinator_tell_news;
    j->core.changed_self = j;
    return coordinator_news_init(ctx, j);
}

static weft_status new_job(weft_ctx *ctx, weft_coordinator *c, weft_run *run, coordinator_job **out)
{
    weft_status st = WEFT_OK;
    coordinator_job *j = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &j));
    *j = (coordinator_job){.c = c, .ctx = ctx, .run = run, .file = {.began_ns = weft_now_ns(ctx)}};
    j->core.id = run->record != NULL ? run->record->number : weft_coordinator_number(c);
    WEFT_TRY(st, coordinator_set_up(ctx, j, run->timed));
    coordinator_file_open(j, run->record);
    WEFT_TRY(st, coordinator_begin_job(ctx, j));
    *out = j;
done:
    if (st != WEFT_OK && j != NULL) *out = j;
    return st;
}

/* The job of an earlier leader is in the core already, and has gone on meanwhile. */
static weft_status take_over(weft_ctx *ctx, weft_run *run, coordinator_job **out)
{
    const weft_status st = coordinator_take_over(ctx, run->resume, out);
    if (*out == NULL) return st;
    (*out)->ctx = ctx;
    (*out)->run = run;
    return st;
}

/* Only the leader ends a job for all: one that was stopped for a while sees no worker, and blames them. */
static weft_status fail_job(weft_ctx *ctx, const coordinator_job *j, weft_status st)
{
    const weft_error error = ctx->error;
    if (j->c->journal == NULL || st == WEFT_NOT_LEADER) return st;
    const weft_status written = coordinator_file_fail(ctx, j, &error);
    if (written == WEFT_NOT_LEADER) return written;
    ctx->error = error; /* what else is wrong with the journal will be said when it is written */
    return st;
}

static weft_status plan_first(weft_ctx *ctx, coordinator_job *j, weft_ids *ids, const weft_node *plan)
{
    weft_status st = WEFT_OK;
    weft_core_room room = {0};
    WEFT_TRY(st, wait_for_workers(ctx, j, &room));
    j->file.asked =
        (weft_planner_options){.slots = room.slots,
                               .memory_bytes = j->c->inbox != NULL ? j->c->memory_bytes : room.memory_bytes,
                               .one_process = j->c->inbox != NULL,
                               .workers = room.workers};
    WEFT_TRY(st, weft_planner_new(ctx, ids, plan, &j->file.asked, &j->planner));
    WEFT_TRY(st, plan_more(ctx, j));
done:
    return st;
}

weft_status weft_coordinator_run(weft_ctx *ctx, weft_coordinator *c, weft_ids *ids, const weft_node *plan,
                                 weft_run *run)
{
    weft_status st = WEFT_OK;
    coordinator_job *j = NULL;
    WEFT_TRY(st, run->resume != NULL ? take_over(ctx, run, &j) : new_job(ctx, c, run, &j));
    WEFT_TRY(st,
             j->core.stage_count > 0 ? coordinator_replay(ctx, j, ids, plan) : plan_first(ctx, j, ids, plan));
    run->schema = weft_planner_result_schema(j->planner);
    WEFT_TRY(st, loop(ctx, j));
done:
    if (j == NULL) return st;
    if (st != WEFT_OK) st = fail_job(ctx, j, st);
    pthread_mutex_lock(&c->lock);
    count_run(j);
    pthread_mutex_unlock(&c->lock);
    if (st == WEFT_OK && c->inbox == NULL)
        run->open = j; /* the blocks are with the workers until the run is released */
    else
        end_job(ctx, j);
    report_stages(ctx, j);
    pthread_mutex_lock(&c->lock); /* for the log, as in close_log */
    weft_event_log_job_done(j->core.log, j->core.id, st, &run->counts);
    pthread_mutex_unlock(&c->lock);
    close_log(j);
    tell_end(j, st);
    if (run->open == NULL) forget_job(j);
    return st;
}

weft_status weft_run_keep(weft_ctx *ctx, weft_run *run)
{
    return run->open == NULL ? WEFT_OK : coordinator_file_go_on(ctx, run->open);
}

/* Between processes nothing is borrowed from the job: nobody waits until its workers have let go of it, and
 * who did not hear of its end is told when it registers. */
void weft_run_release(weft_run *run)
{
    coordinator_job *j = run->open;
    for (int32_t i = 0; i < run->block_count; i++) weft_block_release(&run->blocks[i]);
    run->block_count = 0;
    run->open = NULL;
    if (j != NULL) {
        if (coordinator_file_close(j)) {
            weft_core_job_end(j->ctx, weft_coordinator_enter(j->c), &j->core);
            weft_coordinator_leave(j->c);
        }
        forget_job(j);
    }
    if (run->resume != NULL) coordinator_release_recovered(run->resume);
    run->resume = NULL;
}
