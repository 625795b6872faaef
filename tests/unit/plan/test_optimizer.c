/* tests/unit/plan/test_optimizer.c - the rules one after the other over bound queries of the TPC-H schema;
 * the tree must hold after each. WEFT_TEST_SHOW=1 prints the trees of TPC-H. */
#include "tests/unit/plan/plan_fixture.h"

/* All 22 queries pass every rule; what is left has no subqueries. */
static void tpch_optimizes(void **state)
{
    (void)state;
    for (int q = 1; q <= 22; q++) {
        plan_bench b;
        char *text = weft_tpch_query(q), *tree = NULL;
        assert_non_null(text);
        plan_bench_open(&b);
        const weft_node *node = plan_optimized(&b, text);
        weft_fixture_ok(&b.f, weft_node_text(&b.f.ctx, node, &tree));
        if (getenv("WEFT_TEST_SHOW") != NULL) print_message("-- q%d\n%s\n", q, tree);
        free(text);
        weft_fixture_close(&b.f);
    }
}

/* The columns keep the names of the bound root, whatever they are called further down. */
static void names_stay(void **state)
{
    static const char *const queries[] = {
        "with a (x, y) as (select n_regionkey, count(*) from nation group by n_regionkey) select * from a",
        "with a (x, y) as (select n_regionkey, count(*) from nation group by n_regionkey) "
        "select y, x from a order by x limit 3",
        "select x from (select n_name from nation union all select r_name from region) u (x)",
        "select x from (select distinct n_name from nation) u (x) where x like 'A%'",
    };
    (void)state;
    for (int32_t q = 0; q < WEFT_COUNT(queries); q++) {
        plan_bench b;
        const weft_node *plan = NULL;
        plan_bench_open(&b);
        const weft_node *bound = plan_bound(&b, queries[q]);
        weft_fixture_ok(&b.f, weft_optimize(&b.f.ctx, &b.ids, bound, &plan));
        assert_int_equal(plan->output.count, bound->output.count);
        for (int32_t i = 0; i < plan->output.count; i++)
            assert_string_equal(plan->output.columns[i].name, bound->output.columns[i].name);
        weft_fixture_close(&b.f);
    }
}

/* ---- big queries ---- */

/* head, then first, then next with its number instead of each #, joined by glue. */
static char *repeat(const char *head, const char *first, const char *glue, const char *next, int32_t times)
{
    size_t used = 0,
           room = strlen(head) + strlen(first) + (size_t)times * (strlen(glue) + strlen(next) + 40) + 1;
    char *text = test_malloc(room);
    used += (size_t)snprintf(text, room, "%s%s", head, first);
    for (int32_t i = 1; i < times; i++) {
        used += (size_t)snprintf(text + used, room - used, "%s", glue);
        for (const char *c = next; *c != 0; c++) {
            if (*c == '#')
                used += (size_t)snprintf(text + used, room - used, "%d", i);
            else if (*c == '<')
                used += (size_t)snprintf(text + used, room - used, "%d", i - 1);
            else
                text[used++] = *c;
        }
        text[used] = 0;
    }
    return text;
}

/* More joins than one region takes, many conditions, branches and subqueries: planned, in order, without
 * overrunning anything. */
static void big_queries(void **state)
{
    static const struct {
        const char *head, *first, *glue, *next;
        int32_t times;
    } cases[] = {
        {"select 1 as x from ", "nation t0", " ", "join nation t# on t#.n_nationkey = t<.n_regionkey", 80},
        {"select 1 as x from ", "nation t0", ", ", "nation t#", 80},
        {"select 1 as x from ", "nation t0", " ", "left join nation t# on t#.n_nationkey = t<.n_regionkey",
         150},
        {"select 1 as x from nation where ", "exists (select 1 from region)", " and ",
         "exists (select 1 from region where r_regionkey = n_regionkey and r_name like 'a#%')", 100},
        {"select 1 as x from nation where ", "n_nationkey = 0", " or ", "n_nationkey = #", 5000},
        {"select 1 as x from nation, region where ", "n_name = r_name", " or ",
         "(n_nationkey = # and r_regionkey = <)", 1000},
        {"select 1 as x from nation where ", "n_nationkey > 0", " and ", "n_nationkey + # > 0", 5000},
        {"", "select n_name from nation", " union all ", "select n_comment from nation where n_nationkey = #",
         300},
    };
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        plan_bench b;
        char *text = repeat(cases[i].head, cases[i].first, cases[i].glue, cases[i].next, cases[i].times);
        plan_bench_open(&b);
        (void)plan_optimized(&b, text);
        weft_fixture_close(&b.f);
        test_free(text);
    }
}

/* ---- memory ---- */

static weft_status plan_query(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    const char *text = arg;
    const weft_node *parsed = NULL, *bound = NULL, *plan = NULL;
    weft_tpch_catalog *catalog = test_malloc(sizeof(*catalog));
    weft_ids ids = {.next = 1};
    weft_tpch_catalog_init(catalog, 1);
    WEFT_TRY(st, weft_sql_parse(&f->ctx, text, strlen(text), &parsed));
    WEFT_TRY(st, weft_analyze(&f->ctx, &catalog->catalog, &ids, parsed, &bound));
    WEFT_TRY(st, weft_optimize(&f->ctx, &ids, bound, &plan));
done:
    test_free(catalog);
    return st;
}

/* Each allocation of parser, analyser and optimiser fails in turn, for each query of TPC-H. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int q = 1; q <= 22; q++) {
        char *text = weft_tpch_query(q);
        weft_fixture_oom_sweep(plan_query, text);
        free(text);
    }
}

WEFT_TESTS(WEFT_TEST(tpch_optimizes), WEFT_TEST(names_stay), WEFT_TEST(big_queries),
           WEFT_TEST(every_allocation_may_fail))
