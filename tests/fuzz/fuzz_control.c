/* tests/fuzz/fuzz_control.c - orders, reports and envelopes from bytes that nobody vouches for.
 *
 * What decodes must encode to bytes that decode to the same again. Then two at once: a worker that has a
 * stage open, and waits for the fragment of another, gets the bytes as orders, twice, and must still run its
 * task and end its job; a scheduler with a job under way gets reports of them, twice, and its task must still
 * be accepted exactly once. So what is malformed, replayed or out of place changes nothing that it does not
 * name. */
#include <stdlib.h>
#include <string.h>

#include "common/mailbox.h"
#include "common/settings.h"
#include "coordinator/scheduler.h"
#include "proto/envelope.h"
#include "worker/worker.h"

enum { JOB = 77, AWAITED = 78, AWAITED_BYTES = 300, STAGE = 5, WAIT_S = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_order(weft_ctx *ctx, const uint8_t *data, size_t size)
{
    weft_to_worker m, again;
    uint8_t *bytes = NULL, *same = NULL;
    size_t len = 0, same_len = 0;
    if (weft_to_worker_decode(ctx, ctx->settings, data, size, &m) != WEFT_OK) return;
    if (m.kind == WEFT_TO_WORKER_STAGE && m.fragment_bytes == NULL) m.fragment_bytes = data;
    if (m.kind == WEFT_TO_WORKER_LAUNCH && m.task_bytes == NULL) m.task_bytes = data;
    if (weft_to_worker_encode(ctx, &m, &bytes, &len) != WEFT_OK) abort();
    if (weft_to_worker_decode(ctx, ctx->settings, bytes, len, &again) != WEFT_OK) abort();
    if (again.kind == WEFT_TO_WORKER_STAGE && again.fragment_bytes == NULL) again.fragment_bytes = data;
    if (again.kind == WEFT_TO_WORKER_LAUNCH && again.task_bytes == NULL) again.task_bytes = data;
    if (weft_to_worker_encode(ctx, &again, &same, &same_len) != WEFT_OK) abort();
    if (len != same_len || memcmp(bytes, same, len) != 0) abort();
}

static void check_envelope(weft_ctx *ctx, const uint8_t *data, size_t size)
{
    weft_envelope m, again;
    uint8_t *bytes = NULL, *same = NULL;
    size_t len = 0, same_len = 0;
    if (weft_envelope_decode(ctx, data, size, &m) != WEFT_OK) return;
    if (weft_envelope_encode(ctx, &m, &bytes, &len) != WEFT_OK) abort();
    if (weft_envelope_decode(ctx, bytes, len, &again) != WEFT_OK) abort();
    if (weft_envelope_encode(ctx, &again, &same, &same_len) != WEFT_OK) abort();
    if (len != same_len || memcmp(bytes, same, len) != 0) abort();
}

/* ---- a scheduler that hears them ---- */

static int32_t accepted(const weft_actions *actions)
{
    int32_t count = 0;
    for (int32_t i = 0; i < actions->count; i++)
        count += actions->items[i].kind == WEFT_ACTION_ACCEPT && actions->items[i].job == JOB;
    return count;
}

static void check_scheduler(weft_ctx *ctx, const weft_to_coordinator *m)
{
    const weft_scheduler_options options = {
        .grace_ns = INT64_MAX, .crashes_most = 4, .misses_most = 1, .strikes_most = 4};
    weft_scheduler *s = NULL;
    weft_actions actions = {0};
    int32_t count = 0;
    const bool done = m->kind == WEFT_FROM_WORKER_DONE;
    const weft_event heard = {.kind = done ? WEFT_EVENT_DONE : WEFT_EVENT_FAILED,
                              .worker = m->worker,
                              .job = m->job,
                              .stage = m->stage,
                              .generation = m->generation,
                              .partition = m->partition,
                              .attempt = m->attempt,
                              .status = m->status,
                              .has_lost = m->has_lost,
                              .lost = m->lost};
    const weft_event own = {.kind = WEFT_EVENT_DONE, .worker = 1, .job = JOB, .stage = STAGE};
    const weft_event events[] = {
        {.kind = WEFT_EVENT_WORKER, .worker = 1, .slots = 1},
        {.kind = WEFT_EVENT_JOB, .job = JOB, .attempts = 4},
        {.kind = WEFT_EVENT_STAGE, .job = JOB, .stage = STAGE, .tasks = 1, .needed = true},
        heard,
        heard,
        own,
        heard,
        own};
    if (m->kind != WEFT_FROM_WORKER_FAILED && !done) return;
    if (m->job == JOB && m->stage == STAGE) return; /* it may well be about this very task */
    if (weft_scheduler_new(ctx, &options, &s) != WEFT_OK) abort();
    for (int32_t i = 0; i < WEFT_COUNT(events); i++) {
        if (weft_scheduler_step(ctx, s, &events[i], 0, &actions) != WEFT_OK) abort();
        count += accepted(&actions);
    }
    if (m->has_lost && m->lost.job == JOB) count = 1; /* its block may have been named as lost */
    if (count != 1) abort();
    weft_scheduler_free(&s);
}

static void check_report(weft_ctx *ctx, const uint8_t *data, size_t size)
{
    weft_to_coordinator m, again;
    uint8_t *bytes = NULL, *same = NULL;
    size_t len = 0, same_len = 0;
    if (weft_to_coordinator_decode(ctx, data, size, &m) != WEFT_OK) return;
    if (weft_to_coordinator_encode(ctx, &m, &bytes, &len) != WEFT_OK) abort();
    if (weft_to_coordinator_decode(ctx, bytes, len, &again) != WEFT_OK) abort();
    if (weft_to_coordinator_encode(ctx, &again, &same, &same_len) != WEFT_OK) abort();
    if (len != same_len || memcmp(bytes, same, len) != 0) abort();
    check_scheduler(ctx, &m);
    weft_to_coordinator_release(&m);
    weft_to_coordinator_release(&again);
}

/* ---- a worker that gets them ---- */

static weft_status inbox_send(weft_ctx *ctx, void *self, const weft_to_coordinator *message)
{
    return weft_mailbox_put(ctx, self, message, false);
}

static weft_to_coordinator wait_for(weft_mailbox *inbox, weft_to_coordinator_kind kind)
{
    weft_to_coordinator m = {0};
    for (;;) {
        if (!weft_mailbox_take(inbox, &m, INT64_C(1000000000) * WAIT_S)) abort();
        if (m.kind == kind && (kind == WEFT_FROM_WORKER_REGISTER || m.job == JOB)) return m;
        weft_to_coordinator_release(&m);
    }
}

/* One task that gives one row. */
static void own_stage(weft_ctx *ctx, weft_stage *stage)
{
    static const weft_type types[] = {{.id = WEFT_TYPE_INT}};
    static const int32_t columns[] = {0};
    static const weft_task_spec tasks[1];
    static const weft_types row = {.count = 1, .types = types};
    const weft_value one = {.type = types[0], .i64 = 1};
    const weft_expr **cell = NULL;
    if (WEFT_NEW(ctx, &cell) != WEFT_OK || weft_expr_literal(ctx, &one, cell) != WEFT_OK) abort();
    *stage =
        (weft_stage){.id = STAGE,
                     .fragment = {.source = {.kind = WEFT_SOURCE_VALUES,
                                             .output = row,
                                             .values = {.row_count = 1, .cells = cell}},
                                  .sink = {.kind = WEFT_SINK_EXCHANGE,
                                           .rows = row,
                                           .partition_count = 1,
                                           .exchange = {.column_count = 1, .columns = columns, .limit = -1}}},
                     .task_count = 1,
                     .tasks = tasks,
                     .estimated_rows = -1};
}

static void check_worker(weft_ctx *ctx, weft_pool *pool, const uint8_t *data, size_t size)
{
    weft_mailbox *inbox = NULL;
    weft_worker *worker = NULL;
    weft_to_worker named = {0};
    weft_stage stage;
    if (weft_to_worker_decode(ctx, ctx->settings, data, size, &named) != WEFT_OK) return;
    if (named.job == JOB || named.epoch > 0) return; /* it may end our job, or depose us */
    own_stage(ctx, &stage);
    if (weft_mailbox_new(ctx, sizeof(weft_to_coordinator), 1000, &inbox) != WEFT_OK) abort();
    const weft_worker_options options = {.slots = 1,
                                         .pool = pool,
                                         .settings = ctx->settings,
                                         .coordinator = {.send = inbox_send, .self = inbox}};
    if (weft_worker_start(ctx, &options, &worker) != WEFT_OK) abort();
    weft_to_coordinator m = wait_for(inbox, WEFT_FROM_WORKER_REGISTER);
    weft_to_worker order = {.kind = WEFT_TO_WORKER_STAGE,
                            .job = JOB,
                            .stage = STAGE,
                            .fragment = &stage,
                            .settings = ctx->settings};
    if (weft_worker_send(ctx, worker, &order) != WEFT_OK) abort();
    order = (weft_to_worker){.kind = WEFT_TO_WORKER_STAGE,
                             .job = AWAITED,
                             .fragment_len = AWAITED_BYTES,
                             .fragment_apart = true,
                             .settings = ctx->settings};
    if (weft_worker_send(ctx, worker, &order) != WEFT_OK) abort();
    const weft_net_frame whole = {.bytes = data, .len = size};
    const weft_net_frame piece[2] = {
        whole, {.bytes = data, .len = named.fragment_len < size ? named.fragment_len : size}};
    const weft_net_frame parts[2] = {{.bytes = data, .len = size / 2},
                                     {.bytes = data + size / 2, .len = size - size / 2}};
    for (int32_t i = 0; i < 2; i++) {
        int32_t taken = 0;
        if (weft_worker_receive(ctx, worker, &whole, 1, &taken) != WEFT_OK) weft_error_clear(ctx);
        if (weft_worker_receive(ctx, worker, parts, 2, &taken) != WEFT_OK) weft_error_clear(ctx);
        if (weft_worker_receive(ctx, worker, piece, 2, &taken) != WEFT_OK) weft_error_clear(ctx);
    }
    order =
        (weft_to_worker){.kind = WEFT_TO_WORKER_LAUNCH, .job = JOB, .stage = STAGE, .task = &stage.tasks[0]};
    if (weft_worker_send(ctx, worker, &order) != WEFT_OK) abort();
    m = wait_for(inbox, WEFT_FROM_WORKER_DONE);
    if (m.block->rows[0] != 1) abort();
    weft_to_coordinator_release(&m);
    order.kind = WEFT_TO_WORKER_END;
    if (weft_worker_send(ctx, worker, &order) != WEFT_OK) abort();
    m = wait_for(inbox, WEFT_FROM_WORKER_ENDED);
    weft_to_coordinator_release(&m);
    weft_worker_stop(&worker);
    while (weft_mailbox_take(inbox, &m, 0)) weft_to_coordinator_release(&m);
    weft_mailbox_free(&inbox);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static weft_settings settings;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(256 << 20);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, account, &settings);
    check_envelope(&ctx, data, size);
    check_order(&ctx, data, size);
    check_report(&ctx, data, size);
    check_worker(&ctx, pool, data, size);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
