/* tests/unit/worker/worker_rig.h - a worker without a coordinator: orders go in, reports wait in a mailbox.
 */
#ifndef WEFT_TESTS_UNIT_WORKER_WORKER_RIG_H
#define WEFT_TESTS_UNIT_WORKER_WORKER_RIG_H

#include "common/mailbox.h"
#include "engine/exec/op.h"
#include "tests/support/fixture.h"
#include "worker/worker.h"

enum { JOB = 5, TASKS = 3, WAIT_MS = 20000 };

typedef struct rig {
    weft_fixture f;
    weft_mailbox *inbox;
    weft_worker *worker;
    uint8_t *bytes; /* of a stage: three tasks that give one row */
    size_t len;
} rig;

static inline weft_status inbox_send(weft_ctx *ctx, void *self, const weft_to_coordinator *message)
{
    rig *r = self;
    void *parts[] = {message->block, message->metrics, message->error, message->spills};
    for (int32_t i = 0; i < WEFT_COUNT(parts); i++)
        if (parts[i] != NULL) weft_mem_move(parts[i], r->f.account); /* outlives the worker */
    return weft_mailbox_put(ctx, r->inbox, message, false);
}

/* SELECT 1 FROM nothing, three times. */
static inline void make_stage(rig *r)
{
    static const weft_type types[] = {{.id = WEFT_TYPE_INT}};
    static const int32_t columns[] = {0};
    const weft_types row = {.count = 1, .types = types};
    const weft_value one = {.type = types[0], .i64 = 1};
    const weft_expr *cell[1];
    static const weft_task_spec tasks[TASKS];
    weft_fixture_ok(&r->f, weft_expr_literal(&r->f.ctx, &one, &cell[0]));
    const weft_stage stage = {
        .fragment = {.source = {.kind = WEFT_SOURCE_VALUES,
                                .output = row,
                                .values = {.row_count = 1, .cells = cell}},
                     .sink = {.kind = WEFT_SINK_EXCHANGE,
                              .rows = row,
                              .partition_count = 1,
                              .exchange = {.column_count = 1, .columns = columns, .limit = -1}}},
        .task_count = TASKS,
        .tasks = tasks,
        .estimated_rows = -1};
    weft_fixture_ok(&r->f, weft_stage_encode(&r->f.ctx, &stage, &r->bytes, &r->len));
}

static inline weft_to_coordinator next_report(rig *r)
{
    weft_to_coordinator m = {0};
    assert_true(weft_mailbox_take(r->inbox, &m, INT64_C(1000000) * WAIT_MS));
    return m;
}

static inline void open_rig_of(rig *r, int32_t slots, int64_t memory)
{
    weft_fixture_open_limited(&r->f, memory);
    weft_fixture_ok(&r->f, weft_mailbox_new(&r->f.ctx, sizeof(weft_to_coordinator), 1000, &r->inbox));
    const weft_worker_options options = {.id = 4,
                                         .slots = slots,
                                         .pool = r->f.pool,
                                         .settings = &r->f.settings,
                                         .coordinator = {.send = inbox_send, .self = r}};
    weft_fixture_ok(&r->f, weft_worker_start(&r->f.ctx, &options, &r->worker));
    weft_to_coordinator m = next_report(r);
    assert_int_equal(m.kind, WEFT_FROM_WORKER_REGISTER);
    assert_int_equal(m.slots, slots);
}

static inline void open_rig(rig *r)
{
    open_rig_of(r, 2, INT64_MAX);
    make_stage(r);
}

static inline void close_rig(rig *r)
{
    weft_to_coordinator m;
    weft_worker_stop(&r->worker);
    while (weft_mailbox_take(r->inbox, &m, 0)) weft_to_coordinator_release(&m);
    weft_mailbox_free(&r->inbox);
    weft_fixture_close(&r->f);
}

static inline weft_status send_stage(rig *r, const uint8_t *bytes, size_t len)
{
    const weft_to_worker order = {.kind = WEFT_TO_WORKER_STAGE,
                                  .job = JOB,
                                  .fragment_bytes = bytes,
                                  .fragment_len = len,
                                  .settings = &r->f.settings};
    return weft_worker_send(&r->f.ctx, r->worker, &order);
}

static inline weft_status send(rig *r, weft_to_worker_kind kind, int32_t partition, int32_t attempt)
{
    static const uint8_t nothing[1]; /* a task without splits and partitions is no bytes */
    const weft_to_worker order = {
        .kind = kind, .job = JOB, .partition = partition, .attempt = attempt, .task_bytes = nothing};
    return weft_worker_send(&r->f.ctx, r->worker, &order);
}

static inline void expect(rig *r, weft_to_coordinator_kind kind, weft_status status, const char *message)
{
    weft_to_coordinator m = next_report(r);
    assert_int_equal(m.kind, kind);
    assert_int_equal(m.job, JOB);
    if (kind == WEFT_FROM_WORKER_FAILED) assert_int_equal(m.status, status);
    if (message != NULL) assert_non_null(strstr(m.error->message, message));
    if (kind == WEFT_FROM_WORKER_DONE) assert_int_equal(m.block->rows[0], 1);
    weft_to_coordinator_release(&m);
}

static inline weft_status receive_at(rig *r, weft_worker *worker, const weft_to_worker *order)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    int32_t taken = 0;
    weft_fixture_ok(&r->f, weft_to_worker_encode(&r->f.ctx, order, &bytes, &len));
    const weft_net_frame frame = {.bytes = bytes, .len = len};
    return weft_worker_receive(&r->f.ctx, worker, &frame, 1, &taken);
}

static inline weft_status receive(rig *r, const weft_to_worker *order)
{
    return receive_at(r, r->worker, order);
}

#endif
