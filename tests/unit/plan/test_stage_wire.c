/* tests/unit/plan/test_stage_wire.c - stages survive the wire, and what is not a stage is refused.
 *
 * Queries are planned over the TPC-H schema to their last stage, each finished stage answered with made-up
 * statistics; every stage issued on the way is encoded, decoded and encoded again. With WEFT_TEST_SAVE=folder
 * the messages are kept there (seeds of the fuzz target). */
#include "engine/plan/optimizer.h"
#include "engine/plan/planner.h"
#include "engine/sql/parser.h"
#include "proto/plan.pb-c.h"
#include "tests/support/fixture.h"
#include "tests/support/tpch_catalog.h"

typedef struct bench {
    weft_fixture f;
    weft_tpch_catalog catalog;
    weft_ids ids;
    const weft_stage *stages[256];
    int32_t count;
} bench;

/* What TPC-H does not plan. */
static const char *const others[] = {
    "select 1, 'a', null, 1.50, date'2020-01-01', interval 3 days",
    "select * from values (1, 'x'), (2, null) as t(a, b)",
    "select n_name, row_number() over (partition by n_regionkey order by n_name desc), "
    "sum(n_nationkey) over (partition by n_regionkey order by n_nationkey rows between 2 preceding and "
    "current row), lag(n_name, 2, 'none') over (order by n_nationkey), ntile(3) over (order by n_name), "
    "avg(n_nationkey) over (order by n_nationkey range between 5 preceding and 1 following) from nation",
    "select n_regionkey, n_name, count(*), count(distinct n_comment) from nation "
    "group by rollup(n_regionkey, n_name)",
    "select n_regionkey, n_name, count(*), sum(n_nationkey) from nation group by cube(n_regionkey, n_name)",
    "select n_name from (select n_name, dense_rank() over (partition by n_regionkey order by n_name) n from "
    "nation) where n < 3",
    "select r_name, n_name from region full join nation on r_regionkey = n_regionkey and n_name > r_name",
    "select r_name, n_name from region left join nation on r_regionkey = n_regionkey and n_name > r_name",
    "select r_name, n_name from region right join nation on r_regionkey <=> n_regionkey",
    "select a.n_name, b.n_name from nation a, nation b where a.n_nationkey < b.n_nationkey",
    "select a.n_name, b.n_name from nation a left join nation b on a.n_nationkey < b.n_nationkey",
    "select o_orderkey from orders where o_custkey not in (select c_custkey from customer where c_acctbal < "
    "0)",
    "select o_orderkey from orders where o_custkey in (select c_custkey from customer) or o_totalprice > 5",
    "select c_name, (select max(o_totalprice) from orders where o_custkey = c_custkey) from customer",
    "select (select n_name from nation where n_nationkey = 3), r_name from region",
    "select n_name from nation union all select r_name from region order by 1 limit 3 offset 1",
    "select n_regionkey from nation intersect select r_regionkey from region",
    "select n_regionkey from nation except all select r_regionkey from region",
    "select l_orderkey, l_comment from lineitem order by l_comment, l_orderkey desc nulls last",
    "select l_orderkey from lineitem limit 10",
    "select c_name, count(*) from customer join orders on c_custkey = o_custkey group by c_name",
    "select stddev(l_quantity), min(l_comment), first(l_tax) from lineitem",
    "insert overwrite directory '/tmp/out' using parquet select n_name, n_nationkey from nation",
    "SELECT TRANSFORM (n_nationkey, n_name) USING 'cat' AS (k INT, v STRING) FROM nation",
};

static void finish(bench *b, weft_planner *planner, const weft_stage *stage)
{
    const weft_sink_spec *sink = &stage->fragment.sink;
    const int64_t rows =
        stage->estimated_rows >= 0 && stage->estimated_rows < 1e15 ? (int64_t)stage->estimated_rows : 1000;
    int64_t *each = NULL, *bytes = NULL;
    weft_key_range *keys = NULL;
    const bool tracks = sink->kind == WEFT_SINK_EXCHANGE && sink->exchange.track_ranges;
    weft_stage_stats stats = {.rows = rows,
                              .bytes = rows * 100,
                              .partition_count = sink->partition_count,
                              .key_count = tracks ? sink->exchange.key_count : 0};
    weft_fixture_ok(&b->f, WEFT_NEW_ARRAY(&b->f.ctx, stats.partition_count, &each));
    weft_fixture_ok(&b->f, WEFT_NEW_ARRAY(&b->f.ctx, stats.partition_count, &bytes));
    weft_fixture_ok(&b->f, WEFT_NEW_ARRAY(&b->f.ctx, stats.key_count, &keys));
    for (int32_t i = 0; i < stats.partition_count; i++) {
        each[i] = rows / stats.partition_count;
        bytes[i] = each[i] * 100;
    }
    for (int32_t i = 0; i < stats.key_count; i++)
        keys[i] = (weft_key_range){
            .has = weft_type_is_integral(sink->rows.types[sink->exchange.keys[i]]), .low = 1, .high = 1000};
    stats.partition_rows = each;
    stats.partition_bytes = bytes;
    stats.keys = keys;
    const weft_sort_sample samples[] = {
        {{1, UINT64_MAX}, 10}, {{2, 0}, 10}, {{2, 1}, 10}, {{UINT64_MAX, 7}, 10}};
    stats.samples = samples;
    stats.sample_count = sink->kind == WEFT_SINK_SORT && sink->sort.by_range ? (int32_t)WEFT_COUNT(samples)
                                                                             : 0;
    weft_fixture_ok(&b->f, weft_planner_finished(&b->f.ctx, planner, stage->id, &stats));
}

/* All stages of a query. Little memory makes joins partitioned. */
static void plan(bench *b, const char *text, int64_t memory_bytes)
{
    weft_ctx *ctx = &b->f.ctx;
    const weft_node *node = NULL;
    weft_planner *planner = NULL;
    const weft_planner_options options = {.slots = 2, .memory_bytes = memory_bytes, .one_process = true};
    int32_t result = -1;

    weft_fixture_open(&b->f);
    weft_tpch_catalog_init(&b->catalog, 1);
    b->ids.next = 1;
    b->count = 0;
    weft_fixture_ok(&b->f, weft_sql_parse(ctx, text, strlen(text), &node));
    weft_fixture_ok(&b->f, weft_analyze(ctx, &b->catalog.catalog, &b->ids, node, &node));
    weft_fixture_ok(&b->f, weft_optimize(ctx, &b->ids, node, &node));
    if (node->kind == WEFT_NODE_WRITE) {
        weft_node *named = NULL;
        weft_fixture_ok(&b->f, WEFT_NEW(ctx, &named));
        *named = *node;
        named->write.job = "job-1";
        node = named;
    }
    weft_fixture_ok(&b->f, weft_planner_new(ctx, &b->ids, node, &options, &planner));
    while (!weft_planner_result_stage(planner, &result)) {
        const weft_stage *const *stages = NULL;
        int32_t count = 0;
        weft_fixture_ok(&b->f, weft_planner_next(ctx, planner, &stages, &count));
        assert_true(count > 0);
        for (int32_t i = 0; i < count; i++) {
            assert_true(b->count < (int32_t)WEFT_COUNT(b->stages));
            b->stages[b->count++] = stages[i];
        }
        if (weft_planner_result_stage(planner, &result)) break;
        for (int32_t i = 0; i < count; i++) finish(b, planner, stages[i]);
    }
}

static void save(const char *name, int32_t stage, const uint8_t *bytes, size_t len)
{
    char path[1024];
    if (getenv("WEFT_TEST_SAVE") == NULL) return;
    snprintf(path, sizeof path, "%s/%s.%d", getenv("WEFT_TEST_SAVE"), name, (int)stage);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static void round_trip(bench *b, const weft_stage *stage, const char *name)
{
    weft_ctx *ctx = &b->f.ctx;
    uint8_t *bytes = NULL, *again = NULL;
    size_t len = 0, again_len = 0;
    weft_stage *decoded = NULL;
    char *before = NULL, *after = NULL;
    weft_fixture_ok(&b->f, weft_stage_encode(ctx, stage, &bytes, &len));
    save(name, stage->id, bytes, len);
    weft_fixture_ok(&b->f, weft_stage_decode(ctx, bytes, len, &decoded));
    weft_fixture_ok(&b->f, weft_stage_text(ctx, stage, &before));
    weft_fixture_ok(&b->f, weft_stage_text(ctx, decoded, &after));
    assert_string_equal(before, after);
    weft_fixture_ok(&b->f, weft_stage_encode(ctx, decoded, &again, &again_len));
    assert_int_equal(len, again_len);
    assert_memory_equal(bytes, again, len);
}

static void round_trips(bench *b, const char *text, const char *name)
{
    static const int64_t memories[] = {INT64_C(8) << 30, 4 << 20};
    for (int32_t m = 0; m < (int32_t)WEFT_COUNT(memories); m++) {
        char label[64];
        snprintf(label, sizeof label, "%s%s", name, m == 0 ? "" : "p");
        plan(b, text, memories[m]);
        for (int32_t i = 0; i < b->count; i++) round_trip(b, b->stages[i], label);
        weft_fixture_close(&b->f);
    }
}

/* Every stage of the 22 queries, with shared and with partitioned joins. */
static void tpch(void **state)
{
    (void)state;
    static bench b;
    for (int q = 1; q <= 22; q++) {
        char name[16];
        char *text = weft_tpch_query(q);
        assert_non_null(text);
        snprintf(name, sizeof name, "q%02d", q);
        round_trips(&b, text, name);
        free(text);
    }
}

static void other_operators(void **state)
{
    (void)state;
    static bench b;
    uint32_t sources = 0, ops = 0, sinks = 0;
    for (int32_t i = 0; i < (int32_t)WEFT_COUNT(others); i++) {
        char name[16];
        snprintf(name, sizeof name, "o%02d", (int)i);
        round_trips(&b, others[i], name);
        plan(&b, others[i], 4 << 20);
        for (int32_t k = 0; k < b.count; k++) {
            const weft_fragment *f = &b.stages[k]->fragment;
            sources |= UINT32_C(1) << f->source.kind;
            for (int32_t o = 0; o < f->op_count; o++) ops |= UINT32_C(1) << f->ops[o].kind;
            sinks |= UINT32_C(1) << f->sink.kind;
        }
        weft_fixture_close(&b.f);
    }
    /* every kind was seen */
    assert_int_equal(sources, (UINT32_C(1) << WEFT_SOURCE_KIND_COUNT) - 1);
    assert_int_equal(ops, (UINT32_C(1) << WEFT_OP_KIND_COUNT) - 1);
    assert_int_equal(sinks, (UINT32_C(1) << WEFT_SINK_KIND_COUNT) - 1);
}

static bool is_refusal(weft_status st)
{
    return st == WEFT_CORRUPT || st == WEFT_UNSUPPORTED || st == WEFT_DATA_SOURCE_NOT_FOUND;
}

/* Cut short or with bytes changed, a message is refused or is a valid stage; never more than that. */
static void damage(void **state)
{
    (void)state;
    static bench b;
    enum { CHANGES = 60 };
    weft_test_random random = {.state = weft_test_seed()};
    for (int32_t q = 0; q < (int32_t)WEFT_COUNT(others); q++) {
        plan(&b, others[q], 4 << 20);
        for (int32_t i = 0; i < b.count; i++) {
            uint8_t *bytes = NULL, *bad = NULL;
            size_t len = 0;
            weft_fixture_ok(&b.f, weft_stage_encode(&b.f.ctx, b.stages[i], &bytes, &len));
            weft_fixture_ok(&b.f, WEFT_NEW_ARRAY(&b.f.ctx, len, &bad));
            for (int32_t k = 0; k < CHANGES; k++) {
                weft_stage *decoded = NULL;
                size_t left = len;
                memcpy(bad, bytes, len);
                if (k % 4 == 0)
                    left = (size_t)weft_test_random_range(&random, 0, (int64_t)len - 1);
                else
                    bad[weft_test_random_range(&random, 0, (int64_t)len - 1)] =
                        (uint8_t)weft_test_random_u64(&random);
                const weft_status st = weft_stage_decode(&b.f.ctx, bad, left, &decoded);
                if (st != WEFT_OK && !is_refusal(st)) print_error("%s\n", b.f.ctx.error.message);
                assert_true(st == WEFT_OK || is_refusal(st));
                weft_error_clear(&b.f.ctx);
            }
        }
        weft_fixture_close(&b.f);
    }
}

static void expect_refusal(bench *b, const uint8_t *bytes, size_t len, weft_status code, const char *part)
{
    weft_stage *decoded = NULL;
    assert_int_equal(weft_stage_decode(&b->f.ctx, bytes, len, &decoded), code);
    assert_null(decoded);
    if (strstr(b->f.ctx.error.message, part) == NULL)
        print_error("\"%s\" is not in: %s\n", part, b->f.ctx.error.message);
    assert_non_null(strstr(b->f.ctx.error.message, part));
    weft_error_clear(&b->f.ctx);
}

static size_t packed(bench *b, const Weft__Wire__Stage *m, uint8_t **bytes)
{
    weft_fixture_ok(&b->f, WEFT_NEW_ARRAY(&b->f.ctx, weft__wire__stage__get_packed_size(m), bytes));
    return weft__wire__stage__pack(m, *bytes);
}

/* Messages of a later version say what is not known: version, field, enumeration value. */
static void newer(void **state)
{
    (void)state;
    static bench b;
    uint8_t *bytes = NULL, *changed = NULL, *longer = NULL;
    size_t len = 0;
    plan(&b, others[1], 4 << 20);
    weft_fixture_ok(&b.f, weft_stage_encode(&b.f.ctx, b.stages[0], &bytes, &len));
    Weft__Wire__Stage *m = weft__wire__stage__unpack(NULL, len, bytes);
    assert_non_null(m);
    m->version++;
    size_t size = packed(&b, m, &changed);
    expect_refusal(&b, changed, size, WEFT_UNSUPPORTED, "wire version 2");
    m->version--;
    m->source->kind = 77;
    size = packed(&b, m, &changed);
    expect_refusal(&b, changed, size, WEFT_UNSUPPORTED, "source: kind 77");
    m->source->kind = WEFT_SOURCE_VALUES;
    m->sink->kind = 78;
    size = packed(&b, m, &changed);
    expect_refusal(&b, changed, size, WEFT_UNSUPPORTED, "sink: kind 78");
    m->sink->kind = WEFT_SINK_EXCHANGE;
    m->sink->partition_count = 3;
    size = packed(&b, m, &changed);
    expect_refusal(&b, changed, size, WEFT_CORRUPT, "power of two");
    weft__wire__stage__free_unpacked(m, NULL);

    static const uint8_t field_99[] = {0x98, 0x06, 0x01}; /* varint field 99, value 1 */
    weft_fixture_ok(&b.f, WEFT_NEW_ARRAY(&b.f.ctx, len + sizeof field_99, &longer));
    memcpy(longer, bytes, len);
    memcpy(longer + len, field_99, sizeof field_99);
    expect_refusal(&b, longer, len + sizeof field_99, WEFT_UNSUPPORTED,
                   "field 99 of message weft.wire.Stage");
    expect_refusal(&b, bytes, 0, WEFT_UNSUPPORTED, "wire version 0");
    weft_fixture_close(&b.f);
}

/* Tasks that merge by range have bounds in order, and merge; their runs are whole. */
static void ranges(void **state)
{
    (void)state;
    static bench b;
    uint8_t *bytes = NULL, *changed = NULL;
    size_t len = 0;
    plan(&b, "select l_orderkey from lineitem order by l_orderkey", INT64_C(8) << 30);
    const weft_stage *merge = b.stages[b.count - 1];
    assert_true(merge->task_count > 2);
    weft_fixture_ok(&b.f, weft_stage_encode(&b.f.ctx, merge, &bytes, &len));
    Weft__Wire__Stage *m = weft__wire__stage__unpack(NULL, len, bytes);
    assert_non_null(m);
    Weft__Wire__Task *task = m->tasks[1];
    assert_true(task->range_begin != NULL && task->range_end != NULL);
    Weft__Wire__SortBound *begin = task->range_begin;
    task->range_begin = task->range_end; /* nothing is in it */
    size_t size = packed(&b, m, &changed);
    expect_refusal(&b, changed, size, WEFT_CORRUPT, "ends before it begins");
    task->range_end = begin; /* reversed */
    size = packed(&b, m, &changed);
    expect_refusal(&b, changed, size, WEFT_CORRUPT, "ends before it begins");
    weft__wire__stage__free_unpacked(m, NULL);

    weft_fixture_ok(&b.f, weft_stage_encode(&b.f.ctx, b.stages[0], &bytes, &len));
    m = weft__wire__stage__unpack(NULL, len, bytes);
    assert_non_null(m);
    assert_true(m->sink->sort->by_range);
    m->sink->sort->limit = 10;
    size = packed(&b, m, &changed);
    expect_refusal(&b, changed, size, WEFT_CORRUPT, "merged by range");
    m->sink->sort->limit = -1;
    Weft__Wire__SortBound bound = WEFT__WIRE__SORT_BOUND__INIT;
    m->tasks[0]->range_begin = &bound;
    size = packed(&b, m, &changed);
    m->tasks[0]->range_begin = NULL;
    expect_refusal(&b, changed, size, WEFT_CORRUPT, "merges nothing");
    weft__wire__stage__free_unpacked(m, NULL);
    weft_fixture_close(&b.f);
}

static weft_status encode_and_decode(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_stage *decoded = NULL;
    WEFT_TRY(st, weft_stage_encode(&f->ctx, arg, &bytes, &len));
    WEFT_TRY(st, weft_stage_decode(&f->ctx, bytes, len, &decoded));
done:
    return st;
}

/* Tasks with a place have a power of two of the partitions, at a multiple of it; only partitions have one. */
static void places(void **state)
{
    (void)state;
    static bench b;
    static const struct {
        int32_t begin, end;
        bool good;
    } tasks[] = {{0, 8, true}, {8, 16, true}, {5, 6, true}, {4, 4, false}, {2, 6, false}, {0, 3, false}};
    uint8_t *bytes = NULL, *changed = NULL;
    weft_stage *decoded = NULL;
    size_t len = 0;
    plan(&b, "select count(*) from lineitem join orders on l_orderkey = o_orderkey", 4 << 20);
    weft_fixture_ok(&b.f, weft_stage_encode(&b.f.ctx, b.stages[0], &bytes, &len));
    Weft__Wire__Stage *m = weft__wire__stage__unpack(NULL, len, bytes);
    assert_non_null(m);
    assert_true(m->sink->partition_count >= 16 && m->n_tasks > 0);
    m->sink->placed = 1;
    for (size_t i = 0; i < m->n_tasks; i++) m->tasks[i]->partition_end = 1;
    for (size_t i = 0; i < WEFT_COUNT(tasks); i++) {
        m->tasks[0]->partition_begin = tasks[i].begin;
        m->tasks[0]->partition_end = tasks[i].end;
        const size_t size = packed(&b, m, &changed);
        if (!tasks[i].good) {
            expect_refusal(&b, changed, size, WEFT_CORRUPT, "are no place");
            continue;
        }
        weft_fixture_ok(&b.f, weft_stage_decode(&b.f.ctx, changed, size, &decoded));
        assert_true(decoded->fragment.sink.placed);
        assert_int_equal(decoded->tasks[0].partition_begin, tasks[i].begin);
        assert_int_equal(decoded->tasks[0].partition_end, tasks[i].end);
    }
    m->tasks[0]->partition_end = m->sink->partition_count * 2;
    size_t size = packed(&b, m, &changed);
    expect_refusal(&b, changed, size, WEFT_CORRUPT, "not those of the inputs");
    weft__wire__stage__free_unpacked(m, NULL);
    weft_fixture_close(&b.f);
}

static void allocations_fail(void **state)
{
    (void)state;
    static bench b;
    plan(&b, others[2], 4 << 20);
    for (int32_t i = 0; i < b.count; i++)
        weft_fixture_oom_sweep(encode_and_decode, (void *)(uintptr_t)b.stages[i]);
    weft_fixture_close(&b.f);
}

WEFT_TESTS(WEFT_TEST(tpch), WEFT_TEST(other_operators), WEFT_TEST(damage), WEFT_TEST(newer),
           WEFT_TEST(ranges), WEFT_TEST(places), WEFT_TEST(allocations_fail))
