/* tests/unit/plan/test_rule_share.c - which equal parts of a plan become one node. */
#include "tests/unit/plan/plan_fixture.h"

typedef struct count {
    const weft_node *seen[256];
    int32_t nodes, scans;
} count;

/* Distinct nodes and scans of a DAG. */
static void count_nodes(const weft_node *node, count *c)
{
    for (int32_t i = 0; i < c->nodes; i++)
        if (c->seen[i] == node) return;
    assert_true(c->nodes < (int32_t)WEFT_COUNT(c->seen));
    c->seen[c->nodes++] = node;
    c->scans += node->kind == WEFT_NODE_SCAN;
    for (int32_t i = 0; i < node->input_count; i++) count_nodes(node->inputs[i], c);
}

typedef struct share_case {
    const char *text;
    int32_t scans; /* in the optimised plan */
} share_case;

#define GERMAN "from partsupp join supplier on ps_suppkey = s_suppkey where s_nationkey = 7"

static const share_case cases[] = {
    /* the same join, under an aggregate by groups and a global one; whatever the names */
    {"select ps_partkey, count(*) as c " GERMAN
     " group by ps_partkey having count(*) > (select count(*) / 100 " GERMAN ")",
     2},
    {"select * from (select ps_partkey as a " GERMAN ") x, (select ps_partkey as b " GERMAN
     ") y where x.a = y.b",
     2},
    /* a CTE is one node already */
    {"with t as (select ps_partkey as a " GERMAN ") select * from t x, t y where x.a = y.a", 2},
    /* another condition, another column aggregated above is no matter, another kind of join */
    {"select * from (select ps_partkey as a " GERMAN ") x, (select ps_partkey as b " GERMAN
     " and ps_availqty = 3) y "
     "where x.a = y.b",
     4},
    {"select * from (select ps_partkey as a from partsupp left semi join supplier on ps_suppkey = s_suppkey "
     "and "
     "s_nationkey = 7) x, (select ps_partkey as a " GERMAN ") y where x.a = y.a",
     4},
    /* most rows stay, or the tables are small: reading twice is cheaper than keeping */
    {"select * from lineitem a, lineitem b where a.l_orderkey = b.l_orderkey", 2},
    {"select * from nation a, nation b where a.n_nationkey = b.n_regionkey", 2},
};

static void equal_parts(void **state)
{
    int32_t failed = 0;
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        plan_bench b;
        count c = {.nodes = 0};
        plan_bench_open(&b);
        const weft_node *node = plan_optimized(&b, cases[i].text);
        count_nodes(node, &c);
        if (c.scans != cases[i].scans) {
            print_error("%d scans, %d expected: %s\n", c.scans, cases[i].scans, cases[i].text);
            failed++;
        }
        weft_fixture_close(&b.f);
    }
    assert_int_equal(failed, 0);
}

WEFT_TESTS(WEFT_TEST(equal_parts))
