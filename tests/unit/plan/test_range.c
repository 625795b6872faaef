/* tests/unit/plan/test_range.c - how the keys of an ORDER BY are shared among the tasks that merge its runs.
 */
#include "engine/plan/planner.h"
#include "tests/unit/plan/plan_fixture.h"

enum { SAMPLES_MOST = 1024 };
static const int64_t MILLION = 1000 * 1000;

/* The last stage of the query, when that of the runs has given these samples. */
static const weft_stage *merge_stage(plan_bench *b, const char *text, int32_t slots,
                                     const weft_sort_sample *samples, int32_t count)
{
    const weft_planner_options options = {.slots = slots, .memory_bytes = 1 << 30, .one_process = true};
    const weft_stage *const *stages = NULL;
    weft_planner *planner = NULL;
    int32_t ready = 0;
    int64_t rows = 0;
    for (int32_t i = 0; i < count; i++) rows += samples[i].rows;
    const int64_t bytes = rows * 32;
    const weft_stage_stats stats = {.rows = rows,
                                    .bytes = bytes,
                                    .partition_count = 1,
                                    .partition_rows = &rows,
                                    .partition_bytes = &bytes,
                                    .sample_count = count,
                                    .samples = samples};
    weft_fixture_ok(&b->f, weft_planner_new(&b->f.ctx, &b->ids, plan_optimized(b, text), &options, &planner));
    weft_fixture_ok(&b->f, weft_planner_next(&b->f.ctx, planner, &stages, &ready));
    assert_int_equal(ready, 1);
    assert_int_equal(stages[0]->fragment.sink.kind, WEFT_SINK_SORT);
    weft_fixture_ok(&b->f, weft_planner_finished(&b->f.ctx, planner, stages[0]->id, &stats));
    weft_fixture_ok(&b->f, weft_planner_next(&b->f.ctx, planner, &stages, &ready));
    assert_int_equal(ready, 1);
    assert_int_equal(stages[0]->fragment.source.kind, WEFT_SOURCE_MERGE);
    return stages[0];
}

/* Every key is in exactly one range, in order. */
static void check_ranges(const weft_stage *stage)
{
    const int32_t count = stage->task_count;
    for (int32_t i = 0; i < count; i++) {
        const weft_sort_range *range = &stage->tasks[i].range;
        assert_int_equal(range->has_low, i > 0);
        assert_int_equal(range->has_high, i + 1 < count);
        if (i == 0) continue;
        assert_int_equal(weft_sort_compare_prefix(stage->tasks[i - 1].range.high, range->low), 0);
        if (range->has_high) assert_true(weft_sort_compare_prefix(range->low, range->high) < 0);
    }
}

/* Samples 0, step, 2 step, … of as many rows each, in an order that is not theirs. */
static int32_t even(weft_sort_sample *samples, int32_t count, uint64_t step, int64_t rows)
{
    for (int32_t i = 0; i < count; i++) {
        const uint64_t at = (uint64_t)i * 7 % (uint64_t)count; /* no count here is divided by 7 */
        samples[i] = (weft_sort_sample){.prefix = {.high = at * step}, .rows = rows / count};
    }
    return count;
}

static void tasks_are_as_many_as_are_worth_it(void **state)
{
    (void)state;
    static const struct {
        int32_t slots, tasks;
        int64_t rows;
        const char *text, *setting, *value;
    } cases[] = {
        {4, 8, 100 * 1000 * 1000, "select l_orderkey from lineitem order by 1", "weft.sort.byRange", "true"},
        {4, 1, 100 * 1000 * 1000, "select l_orderkey from lineitem order by 1", "weft.sort.byRange", "false"},
        {1, 1, 100 * 1000 * 1000, "select l_orderkey from lineitem order by 1", "weft.sort.byRange", "true"},
        {4, 1, 100 * 1000, "select l_orderkey from lineitem order by 1", "weft.sort.byRange", "true"},
        {4, 3, 200 * 1000, "select l_orderkey from lineitem order by 1", "weft.sort.byRange", "true"},
        {4, 1, 100 * 1000 * 1000, "select l_orderkey from lineitem order by 1 limit 9", "weft.sort.byRange",
         "true"},
        {1, 16, 1100, "select l_orderkey from lineitem order by 1", "spark.sql.shuffle.partitions", "16"},
        {1, 1, 100, "select l_orderkey from lineitem order by 1", "spark.sql.shuffle.partitions", "16"},
    };
    weft_sort_sample samples[100];
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        plan_bench b;
        plan_bench_open(&b);
        weft_fixture_ok(&b.f, weft_settings_set(&b.f.ctx, &b.f.settings, cases[i].setting, cases[i].value));
        const int32_t count = even(samples, WEFT_COUNT(samples), 10, cases[i].rows);
        const weft_stage *stage = merge_stage(&b, cases[i].text, cases[i].slots, samples, count);
        if (stage->task_count != cases[i].tasks)
            fail_msg("case %d has %d tasks", (int)i, (int)stage->task_count);
        check_ranges(stage);
        weft_fixture_close(&b.f);
    }
}

/* Rows of the tasks differ by no more than two samples. */
static void tasks_have_equal_shares(void **state)
{
    (void)state;
    weft_sort_sample samples[SAMPLES_MOST];
    plan_bench b;
    plan_bench_open(&b);
    const int32_t count = even(samples, 1000, 10, 10 * MILLION);
    const weft_stage *stage =
        merge_stage(&b, "select l_orderkey from lineitem order by 1", 4, samples, count);
    assert_int_equal(stage->task_count, 8);
    check_ranges(stage);
    for (int32_t i = 1; i < stage->task_count; i++) {
        const int64_t begin = (int64_t)stage->tasks[i].range.low.high / 10;
        assert_true(begin >= 125 * i - 8 && begin <= 125 * i + 8);
    }
    weft_fixture_close(&b.f);
}

/* A key of many rows fills a task; what is left is shared by the others. One key alone is one task. */
static void a_frequent_key_has_a_task(void **state)
{
    (void)state;
    weft_sort_sample samples[SAMPLES_MOST];
    plan_bench b;
    plan_bench_open(&b);
    const int32_t count = even(samples, 100, 10, MILLION);
    for (int32_t i = 0; i < 900; i++)
        samples[count + i] = (weft_sort_sample){.prefix = {.high = 500, .low = 1}, .rows = MILLION / 100};
    const weft_stage *stage =
        merge_stage(&b, "select l_orderkey from lineitem order by 1", 2, samples, count + 900);
    check_ranges(stage);
    assert_int_equal(stage->task_count, 4);
    assert_int_equal(stage->tasks[1].range.low.high, 510); /* what is before the key goes with it */
    weft_fixture_close(&b.f);

    plan_bench_open(&b);
    for (int32_t i = 0; i < 100; i++) samples[i] = (weft_sort_sample){.prefix = {.high = 5}, .rows = MILLION};
    stage = merge_stage(&b, "select l_orderkey from lineitem order by 1", 2, samples, 100);
    assert_int_equal(stage->task_count, 1);
    assert_false(stage->tasks[0].range.has_low || stage->tasks[0].range.has_high);
    weft_fixture_close(&b.f);
}

WEFT_TESTS(WEFT_TEST(tasks_are_as_many_as_are_worth_it), WEFT_TEST(tasks_have_equal_shares),
           WEFT_TEST(a_frequent_key_has_a_task))
