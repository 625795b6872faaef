/* bench/exec/bench_exec.h - what the benchmarks of operators share: a context, CPU time of the thread (other
 * work on the machine disturbs it less than wall time), tables, and running a sink and a source. */
#ifndef WEFT_BENCH_EXEC_BENCH_EXEC_H
#define WEFT_BENCH_EXEC_BENCH_EXEC_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/settings.h"
#include "engine/exec/defs.h"

enum { BENCH_BATCH_ROWS = 2048, BENCH_COLUMNS_MAX = 8 };

typedef struct bench {
    weft_pool *pool;
    weft_account *account;
    weft_arena *arena;
    weft_settings settings;
    weft_ctx ctx;
} bench;

static inline void bench_check(bench *b, weft_status st)
{
    if (st == WEFT_OK) return;
    fprintf(stderr, "%s: %s\n", weft_status_text(st), b->ctx.error.message);
    exit(1);
}

static inline void bench_open(bench *b)
{
    b->pool = weft_pool_new(INT64_MAX);
    b->account = weft_account_open(b->pool, "bench");
    b->arena = weft_arena_new(b->account);
    weft_settings_init(&b->settings);
    weft_ctx_init(&b->ctx, b->arena, b->account, &b->settings);
}

static inline double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Whole columns of rows values; batches are views into them. */
typedef struct bench_table {
    int64_t rows;
    int32_t column_count;
    weft_column columns[BENCH_COLUMNS_MAX];
    weft_type types[BENCH_COLUMNS_MAX];
} bench_table;

static inline void bench_add(bench_table *table, weft_type type, const void *data)
{
    table->types[table->column_count] = type;
    table->columns[table->column_count++] = (weft_column){
        .type = type, .phys = (uint8_t)weft_type_phys(type), .encoding = WEFT_FLAT, .data = data};
}

/* Rows [first, end) of the table through a sink. */
static inline weft_block *bench_sink(bench *b, const weft_sink_def *def, const weft_sink_spec *spec,
                                     const bench_table *table, int64_t first, int64_t end, int32_t number)
{
    void *state = NULL;
    weft_block *block = NULL;
    const weft_types types = {.count = table->column_count, .types = table->types};
    const weft_task_spec task_spec = {0};
    const weft_task task = {.spec = &task_spec, .name = {.partition = number}, .owner = b->account};
    bench_check(b, def->open(&b->ctx, spec, &types, &task, &state));
    for (int64_t at = first; at < end; at += BENCH_BATCH_ROWS) {
        weft_column columns[BENCH_COLUMNS_MAX];
        const int32_t rows = (int32_t)weft_min_i64(BENCH_BATCH_ROWS, end - at);
        for (int32_t c = 0; c < table->column_count; c++) {
            columns[c] = table->columns[c];
            const size_t bytes = columns[c].encoding == WEFT_DICTIONARY
                                     ? sizeof(uint32_t)
                                     : (size_t)weft_phys_bytes((weft_phys)columns[c].phys);
            columns[c].data = (const uint8_t *)columns[c].data + (size_t)at * bytes;
        }
        const weft_batch batch = {
            .rows = rows, .selected = rows, .column_count = table->column_count, .columns = columns};
        weft_op_result result;
        bench_check(b, def->sink(&b->ctx, state, &batch, &result));
        if (result == WEFT_FINISHED) break;
    }
    bench_check(b, def->finalize(&b->ctx, state, &block));
    def->close(state);
    return block;
}

/* All rows of a source over partitions; `each` sees every batch. */
static inline void bench_source(bench *b, const weft_source_def *def, const weft_source_spec *spec,
                                weft_block *const *blocks, int32_t block_count, int32_t begin, int32_t end,
                                void (*each)(void *self, const weft_batch *batch), void *self)
{
    void *state = NULL;
    const weft_input input = {.block_count = block_count, .blocks = blocks};
    const weft_task_spec task_spec = {.partition_begin = begin, .partition_end = end};
    const weft_task task = {.spec = &task_spec, .input_count = 1, .inputs = &input, .owner = b->account};
    bench_check(b, def->open(&b->ctx, spec, NULL, &task, &state));
    for (;;) {
        weft_batch batch;
        weft_op_result result;
        bench_check(b, def->next(&b->ctx, state, &batch, &result));
        if (result == WEFT_FINISHED) break;
        each(self, &batch);
    }
    def->close(state);
}

static inline uint64_t bench_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

#endif
