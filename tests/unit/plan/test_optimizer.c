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

WEFT_TESTS(WEFT_TEST(tpch_optimizes))
