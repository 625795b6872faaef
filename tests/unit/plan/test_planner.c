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
            assert_int_equal(split->begin, next);
            next = split->end;
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
    assert_true(first->splits[first->split_count - 1].end - first->splits[0].begin >
                4 * (last->splits[last->split_count - 1].end - last->splits[0].begin));
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

/* Run the stages of a query in thought, every one with a row in each partition; the last one's class. */
static weft_determinism last_class(plan_bench *b, const char *text)
{
    const weft_planner_options options = {
        .slots = SLOTS, .memory_bytes = (int64_t)1 << 30, .one_process = true};
    const weft_stage *const *stages = NULL;
    const weft_stage *last = NULL;
    weft_planner *planner = NULL;
    int32_t count = 0, result = -1;
    weft_fixture_ok(&b->f, weft_planner_new(&b->f.ctx, &b->ids, plan_optimized(b, text), &options, &planner));
    weft_fixture_ok(&b->f, weft_planner_next(&b->f.ctx, planner, &stages, &count));
    while (count > 0) {
        const weft_stage *const *done = stages;
        const int32_t done_count = count;
        for (int32_t i = 0; i < done_count; i++) {
            const weft_sink_spec *sink = &done[i]->fragment.sink;
            const bool tracks = sink->kind == WEFT_SINK_EXCHANGE && sink->exchange.track_ranges;
            weft_stage_stats stats = {.rows = sink->partition_count,
                                      .bytes = sink->partition_count,
                                      .partition_count = sink->partition_count,
                                      .key_count = tracks ? sink->exchange.key_count : 0};
            int64_t *ones = NULL;
            weft_key_range *keys = NULL;
            weft_fixture_ok(&b->f, WEFT_NEW_ARRAY(&b->f.ctx, sink->partition_count, &ones));
            weft_fixture_ok(&b->f, WEFT_NEW_ARRAY(&b->f.ctx, stats.key_count, &keys));
            for (int32_t p = 0; p < sink->partition_count; p++) ones[p] = 1;
            stats.partition_rows = stats.partition_bytes = ones;
            stats.keys = keys;
            last = done[i];
            weft_fixture_ok(&b->f, weft_planner_finished(&b->f.ctx, planner, last->id, &stats));
        }
        weft_fixture_ok(&b->f, weft_planner_next(&b->f.ctx, planner, &stages, &count));
    }
    assert_true(weft_planner_result_stage(planner, &result));
    assert_int_equal(result, last->id);
    return last->determinism;
}

/* DISTRIBUTE BY exchanges by the hash of its keys; with SORT BY what goes is sorted, and a task merges all
 * that it gets. A limit takes the first rows of all. */
static void rows_are_distributed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        weft_sink_kind sink;
        int32_t hashed;
        int64_t limit;
    } cases[] = {
        {"select o_orderkey from orders distribute by o_custkey", WEFT_SINK_EXCHANGE, 1, -1},
        {"select o_orderkey from orders distribute by o_custkey, o_custkey, o_custkey + 1",
         WEFT_SINK_EXCHANGE, 2, -1},
        {"select o_orderkey from orders distribute by o_custkey sort by o_orderdate desc", WEFT_SINK_SORT, 1,
         -1},
        {"select o_custkey from orders cluster by o_custkey", WEFT_SINK_SORT, 1, -1},
        {"select o_orderkey from (select * from orders distribute by o_custkey) where o_orderkey > 5 sort by "
         "o_orderdate",
         WEFT_SINK_SORT, 1, -1},
        {"select o_orderkey from orders sort by o_orderdate", WEFT_SINK_SORT, 0, -1},
        {"select o_orderkey from orders distribute by o_custkey sort by o_orderdate limit 3", WEFT_SINK_SORT,
         0, 3},
    };
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        plan_bench b;
        plan_bench_open(&b);
        const weft_sink_spec *sink = &first_stage(&b, cases[i].text)->fragment.sink;
        const bool sorts = sink->kind == WEFT_SINK_SORT;
        const int32_t hashed = sorts ? sink->sort.hash_count : sink->exchange.key_count;
        const int64_t limit = sorts ? sink->sort.limit : sink->exchange.limit;
        if (sink->kind != cases[i].sink || hashed != cases[i].hashed || limit != cases[i].limit)
            fail_msg("%s: %d, %d, %lld", cases[i].text, (int)sink->kind, hashed, (long long)limit);
        weft_fixture_close(&b.f);
    }
}

/* ROLLUP is grouped by its finest set; not where that would tell, or lose, the order of rows. */
static void grouping_sets(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t sets; /* made from groups of the finest */
    } cases[] = {
        {"select o_custkey, o_orderstatus, sum(o_totalprice), count(*) from orders group by "
         "rollup(o_custkey, "
         "o_orderstatus)",
         2},
        {"select o_custkey, o_orderstatus, avg(o_custkey) from orders group by cube(o_custkey, "
         "o_orderstatus)",
         3},
        {"select count(*) from orders group by grouping sets ((o_custkey), (o_custkey, o_orderstatus), "
         "(o_custkey))",
         2},
        {"select count(*) from orders group by grouping sets ((o_custkey), (o_orderstatus))", 0},
        {"select collect_list(o_orderkey) from orders group by rollup(o_custkey)", 0},
        {"select count(distinct o_orderkey), count(distinct o_clerk) from orders group by rollup(o_custkey)",
         0},
        {group_query, 0},
    };
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        plan_bench b;
        plan_bench_open(&b);
        const weft_sink_spec *sink = &first_stage(&b, cases[i].text)->fragment.sink;
        assert_int_equal(sink->kind, WEFT_SINK_AGGREGATE);
        if (sink->aggregate.set_count != cases[i].sets)
            fail_msg("%s: %d", cases[i].text, sink->aggregate.set_count);
        weft_fixture_close(&b.f);
    }
}

/* What a query gives when a block of it is made again: the same bytes, the same rows, or other rows. */
static void classes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        weft_determinism class;
    } cases[] = {
        {"select o_orderkey + 1 from orders where o_custkey < 5", WEFT_ORDERED},
        {"select o_orderkey from orders order by o_orderdate", WEFT_ORDERED},
        {"select o_orderkey from orders limit 10", WEFT_ORDERED},
        {group_query, WEFT_UNORDERED},
        {"select c_name from customer, orders where c_custkey = o_custkey", WEFT_UNORDERED},
        {"select o_custkey, count(*) from orders group by o_custkey limit 3", WEFT_INDETERMINATE},
        {"select c_name from customer, orders where c_custkey = o_custkey order by o_orderdate limit 3",
         WEFT_INDETERMINATE},
        {"select row_number() over (order by o_orderdate) from orders", WEFT_ORDERED},
        {"select row_number() over (order by n) from (select count(*) n from orders group by o_custkey)",
         WEFT_INDETERMINATE},
        {"select first(n) from (select count(*) n from orders group by o_custkey)", WEFT_INDETERMINATE},
        /* chance goes by the place of a row in its task: the same places, the same numbers */
        {"select rand(), uuid(), monotonically_increasing_id() from orders", WEFT_ORDERED},
        {"select o_orderkey from orders where rand() < 0.5", WEFT_ORDERED},
        {"select rand(1) from orders order by o_orderdate", WEFT_ORDERED},
        {"select count(*) from orders group by rand()", WEFT_UNORDERED},
        {"select n, randn() from (select count(*) n from orders group by o_custkey)", WEFT_INDETERMINATE},
        {"select n from (select count(*) n from orders group by o_custkey) where rand(3) < 0.5",
         WEFT_INDETERMINATE},
        {"select shuffle(array(c_name, 'x')) from customer, orders where c_custkey = o_custkey",
         WEFT_INDETERMINATE},
        {"select attempt_nonce() from orders", WEFT_INDETERMINATE},
        {"select o_orderkey from orders where attempt_nonce() % 2 = 0", WEFT_INDETERMINATE},
    };
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        plan_bench b;
        plan_bench_open(&b);
        const weft_determinism class = last_class(&b, cases[i].text);
        if (class != cases[i].class) fail_msg("%s: %d", cases[i].text, class);
        weft_fixture_close(&b.f);
    }
}

WEFT_TESTS(WEFT_TEST(classes), WEFT_TEST(tasks_shrink_towards_the_end), WEFT_TEST(split_bytes_are_limited),
           WEFT_TEST(partitions_are_set), WEFT_TEST(rows_are_distributed), WEFT_TEST(grouping_sets))
