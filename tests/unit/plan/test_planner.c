/* tests/unit/plan/test_planner.c - what the planner makes of the first stage of a query over the TPC-H
 * schema. */
#include "engine/plan/planner.h"
#include "tests/unit/plan/plan_fixture.h"

enum { SLOTS = 2 };

/* The first stage of a query, its settings taken from b->f. */
static const weft_stage *first_stage(plan_bench *b, const char *text)
{
    const weft_planner_options options = {
        .slots = SLOTS, .memory_bytes = (int64_t)1 << 30, .one_process = true};
    const weft_stage *const *stages = NULL;
    weft_planner *planner = NULL;
    int32_t count = 0;
    weft_fixture_ok(&b->f, weft_planner_new(&b->f.ctx, &b->ids, plan_optimized(b, text), &options, &planner));
    weft_fixture_ok(&b->f, weft_planner_next(&b->f.ctx, planner, &stages, &count));
    assert_true(count > 0);
    return stages[0];
}

static void set(plan_bench *b, const char *key, const char *value)
{
    weft_fixture_ok(&b->f, weft_settings_set(&b->f.ctx, &b->f.settings, key, value));
}

static const char group_query[] = "select o_custkey, count(*) from orders group by o_custkey";

/* Every row of the table is in exactly one split, in order. Returns the most bytes of a task that has
 * several. */
static int64_t check_splits(const weft_stage *stage, int64_t rows)
{
    int64_t next = 0, most = 0;
    for (int32_t t = 0; t < stage->task_count; t++) {
        int64_t bytes = 0;
        for (int32_t i = 0; i < stage->tasks[t].split_count; i++) {
            const weft_split *split = &stage->tasks[t].splits[i];
            assert_int_equal(split->row_begin, next);
            next = split->row_end;
            bytes += split->bytes;
        }
        if (stage->tasks[t].split_count > 1) most = weft_max_i64(most, bytes);
    }
    assert_int_equal(next, rows);
    return most;
}

static void tasks_shrink_towards_the_end(void **state)
{
    (void)state;
    plan_bench b;
    plan_bench_open(&b);
    const weft_stage *stage = first_stage(&b, group_query);
    (void)check_splits(stage, 1500000);
    assert_true(stage->task_count > SLOTS);
    const weft_task_spec *first = &stage->tasks[0], *last = &stage->tasks[stage->task_count - 1];
    assert_true(first->splits[first->split_count - 1].row_end - first->splits[0].row_begin >
                4 * (last->splits[last->split_count - 1].row_end - last->splits[0].row_begin));
    weft_fixture_close(&b.f);
}

static void split_bytes_are_limited(void **state)
{
    (void)state;
    const int64_t most = 20000;
    plan_bench b;
    plan_bench_open(&b);
    const int32_t tasks = first_stage(&b, group_query)->task_count;
    set(&b, "spark.sql.files.maxPartitionBytes", "20000");
    const weft_stage *stage = first_stage(&b, group_query);
    assert_true(check_splits(stage, 1500000) <= most);
    assert_true(stage->task_count > 4 * tasks);
    set(&b, "spark.sql.files.maxPartitionBytes", "1"); /* never a task for each row */
    stage = first_stage(&b, group_query);
    assert_true(stage->task_count <= 1500000 / 4096 + 1);
    weft_fixture_close(&b.f);
}

static void partitions_are_set(void **state)
{
    (void)state;
    plan_bench b;
    plan_bench_open(&b);
    set(&b, "spark.sql.shuffle.partitions", "1");
    assert_int_equal(first_stage(&b, group_query)->fragment.sink.partition_count, 1);
    set(&b, "weft.sql.shuffle.partitions", "33");
    assert_int_equal(first_stage(&b, group_query)->fragment.sink.partition_count, 64);
    weft_fixture_close(&b.f);
}

WEFT_TESTS(WEFT_TEST(tasks_shrink_towards_the_end), WEFT_TEST(split_bytes_are_limited),
           WEFT_TEST(partitions_are_set))
