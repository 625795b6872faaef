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

WEFT_TESTS(WEFT_TEST(tpch_optimizes), WEFT_TEST(names_stay))
