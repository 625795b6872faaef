/* proto/wire_report.c - reports to the coordinator as bytes (control.h). */
#include <string.h>

#include "common/limits.h"
#include "proto/control.h"
#include "proto/wire_control.h"

enum {
    REPORT_METRICS_MAX = (1 << 16) + 2, /* operators of one fragment, source and sink */
    REPORT_SLOTS_MAX = 65536            /* more cores than any machine has */
};

weft_status wire_check_version(weft_ctx *ctx, uint32_t version)
{
    if (version == WEFT_CONTROL_VERSION) return WEFT_OK;
    return weft_fail(ctx, WEFT_UNSUPPORTED, "a message of control version %u; this process speaks %d",
                     version, WEFT_CONTROL_VERSION);
}

weft_status wire_pack(weft_ctx *ctx, const ProtobufCMessage *message, uint8_t **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    const size_t size = protobuf_c_message_get_packed_size(message);
    *bytes = NULL;
    *len = 0;
    if (size > WEFT_CONTROL_BYTES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a message takes %zu bytes, more than the %d that it may have",
                         size, WEFT_CONTROL_BYTES_MAX);
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, size + 1, (void **)bytes));
    *len = protobuf_c_message_pack(message, *bytes);
done:
    return st;
}

weft_status wire_unpack(weft_ctx *ctx, const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                        size_t len, ProtobufCMessage **out)
{
    if (len > WEFT_CONTROL_BYTES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a message of %zu bytes, more than the %d that it may have", len,
                         WEFT_CONTROL_BYTES_MAX);
    return weft_wire_unpack(ctx, descriptor, bytes, len, out);
}

/* ---- samples of sorted rows: of a block, and (record.c) of all blocks of a stage ---- */

weft_status wire_put_samples(weft_ctx *ctx, const weft_sort_sample *samples, int32_t count,
                             Weft__Wire__SortSample ***list, size_t *listed)
{
    weft_status st = WEFT_OK;
    Weft__Wire__SortSample *each = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &each));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, list));
    for (int32_t i = 0; i < count; i++) {
        weft__wire__sort_sample__init(&each[i]);
        each[i].high = samples[i].prefix.high;
        each[i].low = samples[i].prefix.low;
        each[i].rows = samples[i].rows;
        (*list)[i] = &each[i];
    }
    *listed = (size_t)count;
done:
    return st;
}

weft_status wire_get_samples(weft_ctx *ctx, Weft__Wire__SortSample *const *list, size_t count,
                             weft_sort_sample *samples)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i]->rows < 0 || list[i]->rows > INT64_MAX / WEFT_STAGE_SAMPLES_MAX)
            return weft_fail(ctx, WEFT_CORRUPT, "sample %zu of sorted rows stands for %lld rows", i,
                             (long long)list[i]->rows);
        samples[i] =
            (weft_sort_sample){.prefix = {.high = list[i]->high, .low = list[i]->low}, .rows = list[i]->rows};
    }
    return WEFT_OK;
}

/* ---- encoding ---- */

static weft_status put_block(weft_ctx *ctx, const weft_block_meta *block, Weft__Wire__BlockMeta **out)
{
    weft_status st = WEFT_OK;
    Weft__Wire__BlockMeta *m = NULL;
    Weft__Wire__KeyRange *keys = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &m));
    weft__wire__block_meta__init(m);
    m->n_rows = m->n_bytes = (size_t)block->partition_count;
    m->rows = (int64_t *)(uintptr_t)block->rows; /* read only */
    m->bytes = (int64_t *)(uintptr_t)block->bytes;
    m->spilled_bytes = block->spilled_bytes;
    m->marks = block->marks_count;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, block->key_count, &keys));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, block->key_count, &m->keys));
    for (int32_t k = 0; k < block->key_count; k++) {
        weft__wire__key_range__init(&keys[k]);
        keys[k].has = block->keys[k].has;
        keys[k].low = block->keys[k].low;
        keys[k].high = block->keys[k].high;
        m->keys[m->n_keys++] = &keys[k];
    }
    WEFT_TRY(st, wire_put_samples(ctx, block->samples, block->sample_count, &m->samples, &m->n_samples));
    *out = m;
done:
    return st;
}

static void put_scan(const weft_scan_metrics *scan, Weft__Wire__ScanMetrics *m)
{
    weft__wire__scan_metrics__init(m);
    m->rows_read = scan->rows_read;
    m->rows_out = scan->rows_out;
    m->batches = scan->batches;
    m->bytes_read = scan->bytes_read;
    m->row_groups = scan->row_groups;
    m->row_groups_pruned = scan->row_groups_pruned;
    m->pages = scan->pages;
    m->pages_pruned = scan->pages_pruned;
    m->pages_skipped = scan->pages_skipped;
}

static weft_status put_metrics(weft_ctx *ctx, const weft_to_coordinator *message,
                               Weft__Wire__ToCoordinator *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__OperatorMetrics *list = NULL;
    Weft__Wire__ScanMetrics *scans = NULL;
    if (message->metrics == NULL) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, message->metric_count, &list));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, message->metric_count, &scans));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, message->metric_count, &m->metrics));
    for (int32_t i = 0; i < message->metric_count; i++) {
        const weft_op_metrics *from = &message->metrics[i];
        Weft__Wire__OperatorMetrics *to = &list[i];
        weft__wire__operator_metrics__init(to);
        to->rows_in = from->rows_in;
        to->rows_out = from->rows_out;
        to->batches = from->batches;
        to->time_ns = from->time_ns;
        to->spilled_bytes = from->spilled_bytes;
        to->memory_bytes = from->memory_bytes;
        to->exchange_bytes = from->exchange_bytes;
        to->exchange_remote_bytes = from->exchange_remote_bytes;
        put_scan(&from->scan, &scans[i]);
        if (i == 0) to->scan = &scans[i]; /* only sources scan */
        m->metrics[m->n_metrics++] = to;
    }
done:
    return st;
}

static weft_status put_spills(weft_ctx *ctx, const weft_to_coordinator *message, Weft__Wire__ToCoordinator *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__StageSpill *list = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, message->spill_count, &list));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, message->spill_count, &m->spills));
    for (int32_t i = 0; i < message->spill_count && message->spills != NULL; i++) {
        weft__wire__stage_spill__init(&list[i]);
        list[i].stage = message->spills[i].stage;
        list[i].bytes = message->spills[i].bytes;
        m->spills[m->n_spills++] = &list[i];
    }
done:
    return st;
}

weft_status weft_to_coordinator_encode(weft_ctx *ctx, const weft_to_coordinator *message, uint8_t **bytes,
                                       size_t *len)
{
    weft_status st = WEFT_OK;
    Weft__Wire__ToCoordinator m = WEFT__WIRE__TO_COORDINATOR__INIT;
    Weft__Wire__Error error = WEFT__WIRE__ERROR__INIT;
    Weft__Wire__BlockName lost = WEFT__WIRE__BLOCK_NAME__INIT;
    m.version = WEFT_CONTROL_VERSION;
    m.kind = (uint32_t)message->kind;
    m.worker = message->worker;
    m.epoch = message->epoch;
    m.job = message->job;
    m.stage = message->stage;
    m.generation = message->generation;
    m.partition = message->partition;
    m.attempt = message->attempt;
    m.slots = message->slots;
    m.run_ns = message->run_ns;
    m.relayed_bytes = message->relayed_bytes;
    m.broken = message->broken;
    if (message->block != NULL) WEFT_TRY(st, put_block(ctx, message->block, &m.block));
    WEFT_TRY(st, put_metrics(ctx, message, &m));
    if (message->answer != NULL) m.answer = wire_bytes(message->answer, message->answer_len);
    if (message->kind == WEFT_FROM_WORKER_FAILED) m.status = wire_text(weft_status_text(message->status));
    if (message->error != NULL) {
        wire_put_error(message->error, &error);
        m.error = &error;
    }
    if (message->has_lost) {
        lost.stage = message->lost.stage;
        lost.generation = message->lost.generation;
        lost.partition = message->lost.partition;
        lost.attempt = message->lost.attempt;
        m.lost = &lost;
        m.unreachable = message->unreachable;
    }
    WEFT_TRY(st, put_spills(ctx, message, &m));
    if (message->hello != NULL) WEFT_TRY(st, wire_put_hello(ctx, message->hello, &m.hello));
    WEFT_TRY(st, wire_pack(ctx, &m.base, bytes, len));
done:
    return st;
}

/* ---- decoding ---- */

static weft_status get_block(weft_ctx *ctx, const Weft__Wire__BlockMeta *m, weft_block_meta **out)
{
    weft_status st = WEFT_OK;
    if (m->n_rows < 1 || m->n_rows > WEFT_PARTITIONS_MAX || m->n_bytes != m->n_rows)
        return weft_fail(ctx, WEFT_CORRUPT, "a block of %zu segments with %zu sizes", m->n_rows, m->n_bytes);
    if (m->n_keys > WEFT_COLUMNS_MAX || m->marks < 0 || m->spilled_bytes < 0)
        return weft_fail(ctx, WEFT_CORRUPT, "a block with %zu keys, %d marks and %lld bytes in scratch",
                         m->n_keys, m->marks, (long long)m->spilled_bytes);
    for (size_t i = 0; i < m->n_rows; i++)
        if (m->rows[i] < 0 || m->rows[i] > INT64_MAX / WEFT_PARTITIONS_MAX || m->bytes[i] < 0 ||
            m->bytes[i] > INT64_MAX / WEFT_PARTITIONS_MAX)
            return weft_fail(ctx, WEFT_CORRUPT, "segment %zu of a block has %lld rows and %lld bytes", i,
                             (long long)m->rows[i], (long long)m->bytes[i]);
    if (m->n_samples > WEFT_SORT_SAMPLES_MAX || (m->n_samples > 0 && m->n_rows != 1))
        return weft_fail(ctx, WEFT_CORRUPT, "a block of %zu segments with %zu samples of its sorted rows",
                         m->n_rows, m->n_samples);
    WEFT_TRY(st,
             weft_block_meta_new(ctx, (int32_t)m->n_rows, (int32_t)m->n_keys, (int32_t)m->n_samples, out));
    (*out)->marks_count = m->marks;
    (*out)->spilled_bytes = m->spilled_bytes;
    memcpy((int64_t *)(uintptr_t)(*out)->rows, m->rows, m->n_rows * sizeof(int64_t));
    memcpy((int64_t *)(uintptr_t)(*out)->bytes, m->bytes, m->n_rows * sizeof(int64_t));
    weft_key_range *keys = (weft_key_range *)(uintptr_t)(*out)->keys;
    for (size_t k = 0; k < m->n_keys; k++)
        keys[k] = (weft_key_range){.has = m->keys[k]->has, .low = m->keys[k]->low, .high = m->keys[k]->high};
    WEFT_TRY(st,
             wire_get_samples(ctx, m->samples, m->n_samples, (weft_sort_sample *)(uintptr_t)(*out)->samples));
    int64_t rows = 0;
    for (size_t i = 0; i < m->n_samples; i++) rows += m->samples[i]->rows;
    if (m->n_samples > 0 && rows != m->rows[0])
        st = weft_fail(ctx, WEFT_CORRUPT, "samples of sorted rows stand for %lld of %lld rows",
                       (long long)rows, (long long)m->rows[0]);
done:
    return st;
}

static void get_scan(const Weft__Wire__ScanMetrics *m, weft_scan_metrics *scan)
{
    scan->rows_read = m->rows_read;
    scan->rows_out = m->rows_out;
    scan->batches = m->batches;
    scan->bytes_read = m->bytes_read;
    scan->row_groups = m->row_groups;
    scan->row_groups_pruned = m->row_groups_pruned;
    scan->pages = m->pages;
    scan->pages_pruned = m->pages_pruned;
    scan->pages_skipped = m->pages_skipped;
}

static weft_status get_metrics(weft_ctx *ctx, const Weft__Wire__ToCoordinator *m, weft_to_coordinator *out)
{
    weft_status st = WEFT_OK;
    if (m->n_metrics == 0) return WEFT_OK;
    if (m->n_metrics > REPORT_METRICS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a report counts %zu operators", m->n_metrics);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, m->n_metrics * sizeof(*out->metrics),
                                     (void **)&out->metrics));
    out->metric_count = (int32_t)m->n_metrics;
    for (size_t i = 0; i < m->n_metrics; i++) {
        const Weft__Wire__OperatorMetrics *from = m->metrics[i];
        out->metrics[i] = (weft_op_metrics){.rows_in = from->rows_in,
                                            .rows_out = from->rows_out,
                                            .batches = from->batches,
                                            .time_ns = from->time_ns,
                                            .spilled_bytes = from->spilled_bytes,
                                            .memory_bytes = from->memory_bytes,
                                            .exchange_bytes = from->exchange_bytes,
                                            .exchange_remote_bytes = from->exchange_remote_bytes};
        if (from->scan != NULL) get_scan(from->scan, &out->metrics[i].scan);
    }
done:
    return st;
}

static weft_status get_failure(weft_ctx *ctx, const Weft__Wire__ToCoordinator *m, weft_to_coordinator *out)
{
    weft_status st = WEFT_OK;
    out->status = wire_get_class(m->status);
    out->broken = m->broken;
    if (m->error != NULL) {
        WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*out->error), (void **)&out->error));
        WEFT_TRY(st, wire_get_error(ctx, m->error, out->error));
    }
    if (m->lost == NULL) return WEFT_OK;
    out->has_lost = true;
    out->unreachable = m->unreachable;
    out->lost = (weft_block_name){.job = m->job,
                                  .stage = m->lost->stage,
                                  .generation = m->lost->generation,
                                  .partition = m->lost->partition,
                                  .attempt = m->lost->attempt};
    if (out->lost.stage < 0 || out->lost.stage >= WEFT_STAGES_MAX || out->lost.generation < 0 ||
        out->lost.partition < 0 || out->lost.attempt < 0)
        st = weft_fail(ctx, WEFT_CORRUPT, "a lost block has no such name");
done:
    return st;
}

static weft_status get_spills(weft_ctx *ctx, const Weft__Wire__ToCoordinator *m, weft_to_coordinator *out)
{
    weft_status st = WEFT_OK;
    if (m->n_spills == 0) return WEFT_OK;
    if (m->n_spills > WEFT_STAGES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "%zu stages spilled, more than a job has", m->n_spills);
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, m->n_spills * sizeof(*out->spills),
                                     (void **)&out->spills));
    out->spill_count = (int32_t)m->n_spills;
    for (size_t i = 0; i < m->n_spills; i++) {
        const Weft__Wire__StageSpill *from = m->spills[i];
        if (from->stage < 0 || from->stage >= WEFT_STAGES_MAX || from->bytes < 0)
            return weft_fail(ctx, WEFT_CORRUPT, "stage %d spilled %lld bytes", from->stage,
                             (long long)from->bytes);
        out->spills[i] = (weft_stage_spill){.stage = from->stage, .bytes = from->bytes};
    }
done:
    return st;
}

static weft_status get_answer(weft_ctx *ctx, const Weft__Wire__ToCoordinator *m, weft_to_coordinator *out)
{
    weft_status st = WEFT_OK;
    if (m->answer.len == 0) return WEFT_OK;
    if (m->answer.len > WEFT_ANSWER_BYTES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a report with a block of %zu bytes, more than %d", m->answer.len,
                         (int)WEFT_ANSWER_BYTES_MAX);
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, m->answer.len, (void **)&out->answer));
    memcpy(out->answer, m->answer.data, m->answer.len);
    out->answer_len = m->answer.len;
done:
    return st;
}

static weft_status check_report(weft_ctx *ctx, const Weft__Wire__ToCoordinator *m)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, wire_check_version(ctx, m->version));
    if (m->kind > WEFT_FROM_WORKER_HELD)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "a report of kind %u is not known here", m->kind);
    if (m->worker < 0 || m->epoch < 0 || m->stage < 0 || m->stage >= WEFT_STAGES_MAX || m->generation < 0 ||
        m->partition < 0 || m->attempt < 0 || m->run_ns < 0 || m->relayed_bytes < 0)
        return weft_fail(ctx, WEFT_CORRUPT, "a report of worker %d about stage %d.%d, task %d, attempt %d",
                         m->worker, m->stage, m->generation, m->partition, m->attempt);
    if (m->kind == WEFT_FROM_WORKER_REGISTER ? m->slots < 1 || m->slots > REPORT_SLOTS_MAX : m->slots != 0)
        return weft_fail(ctx, WEFT_CORRUPT, "a report of kind %u with %d slots", m->kind, m->slots);
    const bool failed = m->kind == WEFT_FROM_WORKER_FAILED;
    if ((m->block != NULL) != (m->kind == WEFT_FROM_WORKER_DONE) ||
        (m->n_metrics > 0 && m->kind != WEFT_FROM_WORKER_DONE) ||
        (m->answer.len > 0 && m->kind != WEFT_FROM_WORKER_DONE) || (m->status[0] != '\0') != failed ||
        (!failed && (m->error != NULL || m->lost != NULL || m->broken)) ||
        (m->unreachable && m->lost == NULL) || (m->n_spills > 0 && m->kind != WEFT_FROM_WORKER_ENDED) ||
        (m->hello != NULL && m->kind != WEFT_FROM_WORKER_REGISTER))
        st = weft_fail(ctx, WEFT_CORRUPT, "a report of kind %u has the parts of another", m->kind);
done:
    return st;
}

weft_status weft_to_coordinator_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                       weft_to_coordinator *out)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *message = NULL;
    *out = (weft_to_coordinator){0};
    WEFT_TRY(st, wire_unpack(ctx, &weft__wire__to_coordinator__descriptor, bytes, len, &message));
    const Weft__Wire__ToCoordinator *m = (const Weft__Wire__ToCoordinator *)(const void *)message;
    WEFT_TRY(st, check_report(ctx, m));
    *out = (weft_to_coordinator){.kind = (weft_to_coordinator_kind)m->kind,
                                 .worker = m->worker,
                                 .epoch = m->epoch,
                                 .job = m->job,
                                 .slots = m->slots,
                                 .stage = m->stage,
                                 .generation = m->generation,
                                 .partition = m->partition,
                                 .attempt = m->attempt,
                                 .run_ns = m->run_ns,
                                 .relayed_bytes = m->relayed_bytes};
    if (m->block != NULL) WEFT_TRY(st, get_block(ctx, m->block, &out->block));
    WEFT_TRY(st, get_metrics(ctx, m, out));
    WEFT_TRY(st, get_answer(ctx, m, out));
    if (m->status[0] != '\0') WEFT_TRY(st, get_failure(ctx, m, out));
    WEFT_TRY(st, get_spills(ctx, m, out));
    if (m->hello != NULL) WEFT_TRY(st, wire_get_hello(ctx, m->hello, m->slots, &out->hello));
done:
    if (st != WEFT_OK) weft_to_coordinator_release(out);
    return st;
}
