/* tests/unit/plan/test_rule_push_shared.c - what filters over a node with several parents let pass below it.
 */
#include "tests/unit/plan/plan_fixture.h"

#define TOTALS                                                                                               \
    "with t as (select o_custkey k, year(o_orderdate) y, o_orderstatus s, sum(o_totalprice) p from orders "  \
    "group by o_custkey, year(o_orderdate), o_orderstatus) "
#define BOTH TOTALS "select a.p, b.p from t a join t b on a.k = b.k where "

static void conditions(void **state)
{
    static const struct {
        const char *text, *below; /* part of the plan; NULL: the scan has no condition */
    } cases[] = {
        {BOTH "a.s = 'F' and b.s = 'O'", "[((o_orderstatus#3 = F) OR (o_orderstatus#3 = O))]"},
        {BOTH "a.s = 'F' and b.s = 'F' and a.y = 1995", "[(o_orderstatus#3 = F)]"},
        {BOTH "a.s = 'F' and b.s = 'O' and rand() < 0.5",
         "[((o_orderstatus#3 = F) OR (o_orderstatus#3 = O))]"},
        /* of the sum, as far as it gets */
        {BOTH "a.p > 5 and b.p > 6",
         "Filter ((sum(o_totalprice)#11 > 5.00) OR (sum(o_totalprice)#11 > 6.00))"},
        /* one of them wants all; conditions on other columns; a parent without a filter */
        {BOTH "a.s = 'F'", NULL},
        {BOTH "a.s = 'F' and b.y = 1995", NULL},
        {TOTALS "select p from t where s = 'F' union all select k from t", NULL},
    };
    int32_t failed = 0;
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        plan_bench b;
        char *tree = NULL;
        plan_bench_open(&b);
        weft_fixture_ok(&b.f, weft_node_text(&b.f.ctx, plan_optimized(&b, cases[i].text), &tree));
        const bool right = cases[i].below != NULL ? strstr(tree, cases[i].below) != NULL
                                                  : strstr(tree, "PushedFilters") == NULL;
        if (!right) {
            print_error("%s\n%s\n", cases[i].text, tree);
            failed++;
        }
        weft_fixture_close(&b.f);
    }
    assert_int_equal(failed, 0);
}

WEFT_TESTS(WEFT_TEST(conditions))
