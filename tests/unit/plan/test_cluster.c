/* tests/unit/plan/test_cluster.c - what the planner does over several workers: which build sides every
 * worker reads whole, which dynamic filters stay, how many partitions there are. */
#include "engine/plan/planner.h"
#include "tests/unit/plan/plan_fixture.h"

enum { SLOTS = 2 };
static const int64_t MEMORY = (int64_t)1 << 32, MB = 1000 * 1000;
/* customer is built: 150,000 rows; of orders 1,500,000 rows of some 30 bytes would be exchanged */
static const char join_query[] =
    "select o_orderkey, c_custkey from customer, orders where c_custkey = o_custkey and c_acctbal > 0";

typedef struct run {
    const weft_stage *stages[16];
    int32_t count;
} run;

/* Plan to the end; every stage leaves `bytes` in rows of 40 bytes, keys from 1 to 1000. */
static run plan_all(plan_bench *b, const char *text, int32_t workers, int64_t bytes)
{
    const weft_planner_options options = {.slots = SLOTS * weft_max_i32(1, workers),
                                          .memory_bytes = MEMORY,
                                          .one_process = workers == 0,
                                          .workers = workers};
    const weft_stage *const *stages = NULL;
    weft_planner *planner = NULL;
    int32_t ready = 0;
    run r = {.count = 0};
    weft_fixture_ok(&b->f, weft_planner_new(&b->f.ctx, &b->ids, plan_optimized(b, text), &options, &planner));
    for (;;) {
        weft_fixture_ok(&b->f, weft_planner_next(&b->f.ctx, planner, &stages, &ready));
        if (ready == 0) return r;
        for (int32_t i = 0; i < ready; i++) {
            const weft_sink_spec *sink = &stages[i]->fragment.sink;
            const int32_t parts = sink->partition_count;
            weft_stage_stats stats = {.rows = bytes / 40, .bytes = bytes, .partition_count = parts};
            int64_t *rows = NULL, *sizes = NULL;
            weft_key_range *keys = NULL;
            if (sink->kind == WEFT_SINK_EXCHANGE && sink->exchange.track_ranges)
                stats.key_count = sink->exchange.key_count;
            weft_fixture_ok(&b->f, WEFT_NEW_ARRAY(&b->f.ctx, parts, &rows));
            weft_fixture_ok(&b->f, WEFT_NEW_ARRAY(&b->f.ctx, parts, &sizes));
            weft_fixture_ok(&b->f, WEFT_NEW_ARRAY(&b->f.ctx, stats.key_count, &keys));
            for (int32_t p = 0; p < parts; p++) {
                rows[p] = stats.rows / parts;
                sizes[p] = stats.bytes / parts;
            }
            for (int32_t k = 0; k < stats.key_count; k++)
                keys[k] = (weft_key_range){.has = true, .low = 1, .high = 1000};
            stats.partition_rows = rows;
            stats.partition_bytes = sizes;
            stats.keys = keys;
            assert_true(r.count < WEFT_COUNT(r.stages));
            r.stages[r.count++] = stages[i];
            weft_fixture_ok(&b->f, weft_planner_finished(&b->f.ctx, planner, stages[i]->id, &stats));
        }
    }
}

/* Is the build side of the only join read whole by every task? */
static bool shares(const run *r)
{
    for (int32_t s = 0; s < r->count; s++)
        for (int32_t i = 0; i < r->stages[s]->fragment.op_count; i++) {
            const weft_op_spec *op = &r->stages[s]->fragment.ops[i];
            if (op->kind == WEFT_OP_PROBE) return !op->probe.partitioned;
        }
    fail_msg("no join");
    return false;
}

/* The scan of the larger table: of orders. */
static const weft_stage *probe_scan(const run *r)
{
    for (int32_t s = 1; s < r->count; s++)
        if (r->stages[s]->fragment.source.kind == WEFT_SOURCE_SCAN) return r->stages[s];
    fail_msg("no scan after the first");
    return NULL;
}

static void set(plan_bench *b, const char *key, const char *value)
{
    weft_fixture_ok(&b->f, weft_settings_set(&b->f.ctx, &b->f.settings, key, value));
}

/* One process shares what its memory holds; several workers only what is cheaper than an exchange. */
static void builds_are_shared_while_they_are_small(void **state)
{
    (void)state;
    static const struct {
        int32_t workers;
        int64_t bytes;
        const char *threshold;
        bool shared;
    } cases[] = {
        {0, 1 * MB, "0", true},      {0, 300 * MB, "0", true},    {0, 2000 * MB, "0", false},
        {1, 300 * MB, "0", true},    {3, 1 * MB, "0", true},      {3, 10 * MB, "0", true},
        {3, 300 * MB, "0", false},   {100, 10 * MB, "0", false},  {0, 1 * MB, "-1", false},
        {3, 1 * MB, "-1", false},    {3, 300 * MB, "900m", true}, {3, 10 * MB, "5m", false},
        {3, 2000 * MB, "4g", false}, {1, 2000 * MB, "0", false},
    };
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        plan_bench b;
        plan_bench_open(&b);
        set(&b, "spark.sql.autoBroadcastJoinThreshold", cases[i].threshold);
        const run r = plan_all(&b, join_query, cases[i].workers, cases[i].bytes);
        if (shares(&r) != cases[i].shared) fail_msg("case %d", i);
        weft_fixture_close(&b.f);
    }
}

/* An exchanged join has both sides cut by the same hash into the same number of partitions, and each task
 * reads its own of both. */
static void both_sides_are_exchanged_alike(void **state)
{
    (void)state;
    plan_bench b;
    plan_bench_open(&b);
    const run r = plan_all(&b, join_query, 3, 300 * MB);
    assert_int_equal(r.count, 3);
    const weft_stage *join = r.stages[2];
    assert_int_equal(join->input_count, 2);
    for (int32_t i = 0; i < 2; i++) {
        const weft_sink_spec *side = &r.stages[i]->fragment.sink;
        assert_int_equal(join->inputs[i].mode, WEFT_INPUT_PARTITION);
        assert_int_equal(side->partition_count, join->inputs[0].partition_count);
        assert_int_equal(side->exchange.key_count, 1);
        assert_int_equal(side->exchange.keys[0], 0);
    }
    assert_true(join->task_count >= 3 * SLOTS);
    weft_fixture_close(&b.f);
}

/* The keys of a finished build side filter the probe side's scan, also when that ends in an exchange; not
 * when every worker would have to read more than the filter can save. */
static void filters_stay_while_they_pay(void **state)
{
    (void)state;
    static const struct {
        int32_t workers;
        int64_t bytes;
        bool filtered;
    } cases[] = {{0, 2000 * MB, true}, {3, 10 * MB, true}, {3, 300 * MB, false}, {1, 2000 * MB, true}};
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        plan_bench b;
        plan_bench_open(&b);
        set(&b, "weft.sql.autoBroadcastJoinThreshold", "-1");
        const run r = plan_all(&b, join_query, cases[i].workers, cases[i].bytes);
        const weft_stage *scan = probe_scan(&r);
        assert_false(shares(&r));
        assert_int_equal(scan->fragment.op_count, 0); /* the join is in a later stage */
        if ((scan->fragment.source.scan.key_count == 1) != cases[i].filtered) fail_msg("case %d", i);
        assert_int_equal(scan->input_count, scan->fragment.source.scan.key_count);
        weft_fixture_close(&b.f);
    }
}

/* Many slots ask for more partitions than bytes do, as long as a partition is worth a task. */
static void slots_have_partitions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t workers, partitions;
    } cases[] = {
        {"select o_custkey, count(*) from orders group by o_custkey", 1, 8},
        {"select o_custkey, count(*) from orders group by o_custkey", 16, 64},
        {"select s_suppkey, count(*) from supplier group by s_suppkey", 16, 16}, /* 10,000 rows */
        {"select n_name, count(*) from nation group by n_name", 16, 1},
    };
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        plan_bench b;
        plan_bench_open(&b);
        const run r = plan_all(&b, cases[i].text, cases[i].workers, 1 * MB);
        if (r.stages[0]->fragment.sink.partition_count != cases[i].partitions)
            fail_msg("case %d: %d", i, r.stages[0]->fragment.sink.partition_count);
        weft_fixture_close(&b.f);
    }
}

/* The setting plans in one process as for several: the same stages come. */
static void a_setting_plans_for_a_cluster(void **state)
{
    (void)state;
    plan_bench b;
    plan_bench_open(&b);
    const run cluster = plan_all(&b, join_query, 3, 300 * MB);
    set(&b, "weft.test.planWorkers", "3");
    const run set_so = plan_all(&b, join_query, 0, 300 * MB);
    assert_int_equal(set_so.count, cluster.count);
    for (int32_t i = 0; i < cluster.count; i++) {
        assert_int_equal(set_so.stages[i]->task_count, cluster.stages[i]->task_count);
        assert_string_equal(set_so.stages[i]->name, cluster.stages[i]->name);
    }
    weft_fixture_close(&b.f);
}

WEFT_TESTS(WEFT_TEST(builds_are_shared_while_they_are_small), WEFT_TEST(both_sides_are_exchanged_alike),
           WEFT_TEST(filters_stay_while_they_pay), WEFT_TEST(slots_have_partitions),
           WEFT_TEST(a_setting_plans_for_a_cluster))
