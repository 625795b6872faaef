/* engine/exec/sink_exchange.c - rows into the partitions of the task's block, by the hash of their keys.
 *
 * The hash is stored with the row, so a join table above reads it; a single partition without keys (results,
 * broadcast rows) needs none and gets zeros. Memory: the block writer's, which spills itself. */
#include "engine/exec/block_private.h"
#include "engine/exec/defs.h"
#include "engine/exec/hash.h"

typedef struct exchange_state {
    const weft_sink_spec *spec;
    const weft_task *task;
    weft_block_writer *writer;
    weft_op_metrics metrics;
    int64_t left;      /* rows still wanted, or INT64_MAX */
    int32_t key_count; /* hashed columns, as ordinals of the input batch */
    int32_t *keys;
    weft_place place;
    uint64_t hashes[WEFT_BATCH_ROWS_MAX];
} exchange_state;

static void exchange_close(void *state)
{
    exchange_state *s = state;
    if (s == NULL) return;
    weft_block_writer_abandon(&s->writer);
    weft_mem_free(s);
}

static weft_status exchange_open(weft_ctx *ctx, const weft_sink_spec *spec, const weft_types *input_types,
                                 const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    exchange_state *s = NULL;
    const int32_t key_count = spec->exchange.key_count;
    (void)input_types;
    *state = NULL;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    memset(s, 0, offsetof(exchange_state, hashes));
    s->spec = spec;
    s->task = task;
    s->place = weft_place_of(spec->placed, spec->partition_count, task->spec->partition_begin,
                             task->spec->partition_end);
    s->left = spec->exchange.limit < 0 ? INT64_MAX : spec->exchange.limit;
    WEFT_TRY(st, weft_block_writer_open(ctx, &spec->rows, spec->partition_count, &s->writer));
    if (key_count > 0) {
        s->key_count = key_count;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, key_count, &s->keys));
        for (int32_t k = 0; k < key_count; k++) s->keys[k] = spec->exchange.columns[spec->exchange.keys[k]];
    } else if (spec->partition_count > 1) { /* a function of the data: the whole row */
        s->key_count = spec->exchange.column_count;
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s->key_count, &s->keys));
        memcpy(s->keys, spec->exchange.columns, (size_t)s->key_count * sizeof(*s->keys));
    }
    for (int32_t k = 0; spec->exchange.track_ranges && k < key_count; k++) {
        WEFT_TRY(st, weft_block_track(ctx, s->writer, k, spec->exchange.keys[k]));
    }
    *state = s;
    s = NULL;
done:
    exchange_close(s);
    return st;
}

static weft_status exchange_sink(weft_ctx *ctx, void *state, const weft_batch *batch, weft_op_result *result)
{
    weft_status st = WEFT_OK;
    exchange_state *s = state;
    weft_batch some = *batch;
    *result = s->left > 0 ? WEFT_NEED_INPUT : WEFT_FINISHED;
    if (some.selected > s->left) {
        if (some.selection == NULL) some.rows = (int32_t)s->left;
        some.selected = (int32_t)s->left;
    }
    if (some.selected == 0) goto done;
    if (s->key_count > 0) weft_exec_hash_at(ctx, &some, s->keys, s->key_count, s->place, s->hashes);
    WEFT_TRY(st, weft_block_append(ctx, s->writer, &some, s->spec->exchange.columns,
                                   s->key_count > 0 ? s->hashes : NULL));
    if (s->left != INT64_MAX) s->left -= some.selected;
    if (s->left == 0) *result = WEFT_FINISHED;
done:
    return st;
}

static weft_block_writer *exchange_writer(void *state) { return ((exchange_state *)state)->writer; }

static weft_status exchange_finalize(weft_ctx *ctx, void *state, weft_block **out)
{
    exchange_state *s = state;
    s->metrics.memory_bytes = weft_block_writer_memory(s->writer);
    const weft_status st = weft_block_finish(ctx, &s->writer, s->task->owner, &s->task->name, out);
    if (st == WEFT_OK) s->metrics.spilled_bytes = weft_block_spilled_bytes(*out);
    return st;
}

static void exchange_metrics(const void *state, weft_op_metrics *metrics)
{
    const exchange_state *s = state;
    metrics->spilled_bytes += s->metrics.spilled_bytes;
    metrics->memory_bytes += s->metrics.memory_bytes;
}

const weft_sink_def weft_sink_exchange = {.name = "exchange",
                                          .open = exchange_open,
                                          .sink = exchange_sink,
                                          .writer = exchange_writer,
                                          .finalize = exchange_finalize,
                                          .metrics = exchange_metrics,
                                          .close = exchange_close};
