/* Blocks: what an exchange writes is what a rows source reads, in order, spilled or not, and through bytes;
 * damage of any bit of the bytes is seen. */
#include "engine/storage/fs.h"
#include "tests/unit/exec/exec_support.h"

enum { TASKS = 2 };

static const int32_t all_columns[DATA_COLUMNS] = {0, 1, 2, 3, 4, 5, 6};
static const int32_t exchange_keys[] = {0, 1};
static const weft_types all_types = {.count = DATA_COLUMNS, .types = data_types};

static weft_sink_spec exchange_spec(int32_t partitions, int32_t key_count, int64_t limit)
{
    return (weft_sink_spec){.kind = WEFT_SINK_EXCHANGE,
                            .rows = all_types,
                            .partition_count = partitions,
                            .exchange = {.column_count = DATA_COLUMNS,
                                         .columns = all_columns,
                                         .key_count = key_count,
                                         .keys = exchange_keys,
                                         .track_ranges = true,
                                         .limit = limit}};
}

static const weft_source_spec rows_spec = {.kind = WEFT_SOURCE_ROWS,
                                           .output = {.count = DATA_COLUMNS, .types = data_types},
                                           .rows = {.input_count = 1}};

static weft_status exchange_run(weft_ctx *ctx, const data_set *set, int32_t partitions, int32_t key_count,
                                int32_t batch_rows, bool encode, text_lines *lines)
{
    weft_status st = WEFT_OK;
    const weft_sink_spec sink = exchange_spec(partitions, key_count, -1);
    weft_block *blocks[TASKS] = {NULL};
    uint8_t *bytes = NULL;
    for (int32_t t = 0; t < TASKS; t++) {
        const int32_t first = set->count * t / TASKS, end = set->count * (t + 1) / TASKS;
        WEFT_TRY(st, run_sink(ctx, &weft_sink_exchange, &sink, set, first, end, batch_rows, t, &blocks[t]));
        if (!encode) continue;
        size_t len;
        WEFT_TRY(st, weft_block_encode(ctx, blocks[t], &bytes, &len));
        weft_block_release(&blocks[t]);
        WEFT_TRY(st, weft_block_decode(ctx, ctx->memory, &all_types, bytes, len, &blocks[t]));
        weft_mem_free(bytes);
        bytes = NULL;
    }
    for (int32_t p = 0; p < partitions; p++) {
        WEFT_TRY(st, run_source(ctx, &weft_source_rows, &rows_spec, blocks, TASKS, p, p + 1, lines));
    }
done:
    weft_mem_free(bytes);
    for (int32_t t = 0; t < TASKS; t++) weft_block_release(&blocks[t]);
    return st;
}

static text_lines lines_of_set(const data_set *set)
{
    text_lines lines = {0};
    data_batch *b = malloc(sizeof(*b));
    for (int32_t i = 0; i < set->count; i++) {
        data_batch_fill(b, set, i, 1, 0);
        lines_add_batch(&lines, &b->batch);
    }
    free(b);
    return lines;
}

static void rows_come_back_as_they_went(void **state)
{
    (void)state;
    for (int32_t c = 0; c < WEFT_COUNT(exec_configs); c++) {
        const exec_config *config = &exec_configs[c];
        data_set set =
            data_new(weft_test_seed() + (uint64_t)c, config->batch_rows < 10 ? 2000 : 30000, 100, 30, 6);
        for (int32_t encode = 0; encode < (config->pool_bytes > 0 ? 1 : 2);
             encode++) { /* bytes need room for a whole block */
            for (int32_t partitions = 1; partitions <= 64; partitions *= 8) {
                weft_fixture f;
                text_lines got = {0}, want = lines_of_set(&set);
                exec_open(&f, config);
                weft_fixture_ok(&f, exchange_run(&f.ctx, &set, partitions, partitions == 8 ? 2 : 0,
                                                 config->batch_rows, encode == 1, &got));
                if (partitions > 1) {
                    lines_sort(&got);
                    lines_sort(&want);
                }
                lines_equal(&got, &want); /* one partition keeps the order too */
                lines_free(&got);
                lines_free(&want);
                weft_fixture_close(&f);
            }
        }
        data_free(&set);
    }
}

/* The order of a partition does not depend on what was spilled. */
static void spilling_keeps_the_order(void **state)
{
    (void)state;
    data_set set = data_new(weft_test_seed(), 20000, 100, 30, 6);
    text_lines got[3] = {{0}, {0}, {0}};
    const exec_config configs[] = {{.batch_rows = 500},
                                   {.batch_rows = 500, .force_spill = true},
                                   {.batch_rows = 500, .pool_bytes = 1 << 20}};
    for (int32_t i = 0; i < 3; i++) {
        weft_fixture f;
        exec_open(&f, &configs[i]);
        weft_fixture_ok(&f, exchange_run(&f.ctx, &set, 16, 2, 500, false, &got[i]));
        weft_fixture_close(&f);
        if (i > 0) lines_equal(&got[i], &got[0]);
    }
    for (int32_t i = 0; i < 3; i++) lines_free(&got[i]);
    data_free(&set);
}

static void ranges_and_limits(void **state)
{
    (void)state;
    data_set set = data_new(weft_test_seed(), 5000, 1000, 30, 9);
    weft_fixture f;
    weft_block *block = NULL;
    weft_key_range range;
    int64_t low = INT64_MAX, high = INT64_MIN;
    weft_sink_spec sink = exchange_spec(4, 2, -1);
    exec_open(&f, &exec_configs[0]);
    weft_fixture_ok(&f, run_sink(&f.ctx, &weft_sink_exchange, &sink, &set, 0, set.count, 700, 0, &block));
    for (int32_t i = 0; i < set.count; i++) {
        if (set.rows[i].null[0]) continue;
        low = weft_min_i64(low, set.rows[i].key);
        high = weft_max_i64(high, set.rows[i].key);
    }
    assert_true(weft_block_key_range(block, 0, &range));
    assert_int_equal(range.low, low);
    assert_int_equal(range.high, high);
    assert_false(weft_block_key_range(block, 1, &range)); /* a string */
    assert_int_equal(weft_block_rows(block, -1), set.count);
    weft_block_release(&block);

    sink = exchange_spec(1, 0, 1234);
    weft_fixture_ok(&f, run_sink(&f.ctx, &weft_sink_exchange, &sink, &set, 0, set.count, 700, 0, &block));
    assert_int_equal(weft_block_rows(block, -1), 1234);
    weft_block_release(&block);
    weft_fixture_close(&f);
    data_free(&set);
}

static void marks_and_runs_travel(void **state)
{
    (void)state;
    weft_fixture f;
    weft_block_writer *writer = NULL;
    weft_block *block = NULL, *copy = NULL;
    uint64_t words[2] = {0x123456789abcdef0, 5};
    const weft_marks marks = {.build_stage = 3, .rows = 70, .words = words};
    const weft_block_name name = {.job = 9, .stage = 8, .generation = 7, .partition = 6, .attempt = 5};
    const weft_types types = {.count = 1, .types = data_types};
    uint8_t *bytes = NULL;
    size_t len;
    int32_t count;
    exec_open(&f, &exec_configs[0]);
    weft_fixture_ok(&f, weft_block_writer_open(&f.ctx, &types, 2, &writer));
    for (int64_t i = 0; i < 3; i++) {
        weft_column column = {.type = data_types[0], .phys = WEFT_PHYS_I64, .data = &i};
        const weft_batch batch = {.rows = 1, .selected = 1, .column_count = 1, .columns = &column};
        const uint64_t hash = UINT64_MAX;
        weft_fixture_ok(&f, weft_block_append(&f.ctx, writer, &batch, all_columns, &hash));
        weft_fixture_ok(&f, weft_block_end_run(&f.ctx, writer, 1));
    }
    weft_fixture_ok(&f, weft_block_attach_marks(&f.ctx, writer, &marks));
    weft_fixture_ok(&f, weft_block_finish(&f.ctx, &writer, f.account, &name, &block));
    weft_fixture_ok(&f, weft_block_encode(&f.ctx, block, &bytes, &len));
    weft_fixture_ok(&f, weft_block_decode(&f.ctx, f.account, &types, bytes, len, &copy));
    assert_memory_equal(weft_block_get_name(copy), &name, sizeof(name));
    assert_int_equal(weft_block_runs(copy, 0), 0);
    assert_int_equal(weft_block_runs(copy, 1), 3);
    const weft_marks *back = weft_block_marks(copy, &count);
    assert_int_equal(count, 1);
    assert_int_equal(back->rows, 70);
    assert_int_equal(back->build_stage, 3);
    assert_memory_equal(back->words, words, sizeof(words));
    const weft_types other = {.count = 1, .types = data_types + 1};
    weft_block *wrong = NULL;
    assert_int_equal(weft_block_decode(&f.ctx, f.account, &other, bytes, len, &wrong), WEFT_CORRUPT);
    weft_mem_free(bytes);
    weft_block_release(&copy);
    weft_block_release(&block);
    weft_fixture_close(&f);
}

/* Every single flipped bit, and every shorter length, of a small block's bytes is refused. */
static void damage_is_seen(void **state)
{
    (void)state;
    data_set set = data_new(weft_test_seed(), 20, 5, 5, 4);
    weft_fixture f;
    weft_block *block = NULL, *copy = NULL;
    uint8_t *bytes = NULL;
    size_t len;
    const weft_sink_spec sink = exchange_spec(4, 2, -1);
    exec_open(&f, &exec_configs[0]);
    weft_fixture_ok(&f, run_sink(&f.ctx, &weft_sink_exchange, &sink, &set, 0, set.count, 7, 0, &block));
    weft_fixture_ok(&f, weft_block_encode(&f.ctx, block, &bytes, &len));
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(weft_block_decode(&f.ctx, f.account, &all_types, bytes, len, &copy), WEFT_OK);
        assert_null(copy);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t shorter = 0; shorter < len; shorter++) {
        assert_int_not_equal(weft_block_decode(&f.ctx, f.account, &all_types, bytes, shorter, &copy),
                             WEFT_OK);
    }
    weft_fixture_ok(&f, weft_block_decode(&f.ctx, f.account, &all_types, bytes, len, &copy));
    weft_block_release(&copy);
    weft_block_release(&block);
    weft_mem_free(bytes);
    weft_fixture_close(&f);
    data_free(&set);
}

/* A block goes to scratch but for what is pinned, and reads the same. */
static void frozen_blocks_spill(void **state)
{
    (void)state;
    data_set set = data_new(weft_test_seed(), 8000, 50, 30, 6);
    weft_fixture f;
    weft_block *block = NULL;
    text_lines got = {0}, want = lines_of_set(&set);
    const weft_sink_spec sink = exchange_spec(1, 0, -1);
    exec_open(&f, &exec_configs[0]);
    weft_fixture_ok(&f, run_sink(&f.ctx, &weft_sink_exchange, &sink, &set, 0, set.count, 1000, 0, &block));
    const int64_t before = weft_account_used_bytes(f.account), held = weft_block_memory_bytes(block);
    int64_t freed = 0;
    assert_true(held > 0);
    weft_block_pin(block, 0);
    weft_fixture_ok(&f, weft_block_spill(&f.ctx, block, &freed));
    assert_int_equal(freed, 0);
    weft_block_unpin(block, 0);
    weft_fixture_ok(&f, weft_block_spill(&f.ctx, block, &freed));
    assert_int_equal(freed, held);
    assert_int_equal(weft_block_memory_bytes(block), 0);
    assert_true(weft_account_used_bytes(f.account) < before / 4);
    assert_true(weft_block_spilled_bytes(block) > 0);
    weft_fixture_ok(&f, run_source(&f.ctx, &weft_source_rows, &rows_spec, &block, 1, 0, 1, &got));
    lines_equal(&got, &want);
    lines_free(&got);
    lines_free(&want);
    weft_block_release(&block);
    weft_fixture_close(&f);
    data_free(&set);
}

/* Fail each allocation, then each file operation, in turn. */
static void everything_may_fail(void **state)
{
    (void)state;
    data_set set = data_new(weft_test_seed(), 3000, 90, 5, 6);
    for (int32_t files = 0; files < 2; files++) {
        for (int64_t n = 1, failed = 1; failed != 0; n++) {
            weft_fixture f;
            text_lines got = {0};
            exec_open(&f, &exec_configs[files == 1 || n % 2 == 0 ? 4 : 0]);
            if (files == 1)
                weft_fs_fail_after(n);
            else
                weft_mem_fail_after(n);
            const weft_status st = exchange_run(&f.ctx, &set, 8, 2, 500, true, &got);
            failed = (files == 1 ? weft_fs_fail_after(0) : weft_mem_fail_after(0)) >= n;
            assert_true(st == WEFT_OK || (failed && st == (files == 1 ? WEFT_IO : WEFT_NOMEM)));
            if (st == WEFT_OK) assert_int_equal(got.count, set.count);
            lines_free(&got);
            weft_fixture_close(&f);
        }
    }
    data_free(&set);
}

WEFT_TESTS(WEFT_TEST(rows_come_back_as_they_went), WEFT_TEST(spilling_keeps_the_order),
           WEFT_TEST(ranges_and_limits), WEFT_TEST(marks_and_runs_travel), WEFT_TEST(damage_is_seen),
           WEFT_TEST(frozen_blocks_spill), WEFT_TEST(everything_may_fail))
