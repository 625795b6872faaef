/* tests/unit/plan/test_rule_prove.c - which sums in conditions are known not to overflow. */
#include "tests/unit/plan/plan_fixture.h"

static const char *const rules[] = {"fold", "prove"};

#define RELATION "   +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"

/* Of a column whose bounds are known, also below casts and other sums. */
static void proves_by_bounds(void **state)
{
    static const plan_case cases[] = {
        {"select n_name from nation where n_nationkey + 1 = n_regionkey",
         "Project [n_name#2]\n"
         "+- Filter (try_add(n_nationkey#1, 1) = n_regionkey#3)\n" RELATION},
        {"select n_name from nation where 1 - (n_nationkey + n_regionkey) < 5",
         "Project [n_name#2]\n"
         "+- Filter (try_subtract(1, try_add(n_nationkey#1, n_regionkey#3)) < 5)\n" RELATION},
    };
    (void)state;
    assert_int_equal(plan_cases_after(rules, WEFT_COUNT(rules), cases, WEFT_COUNT(cases)), 0);
}

/* Sums that may leave the type, products, what is computed otherwise, and what stands in no condition. */
static void leaves(void **state)
{
    static const plan_case cases[] = {
        {"select n_name from nation where n_nationkey + 9223372036854775800 = n_regionkey",
         "Project [n_name#2]\n"
         "+- Filter ((n_nationkey#1 + 9223372036854775800) = n_regionkey#3)\n" RELATION},
        {"select n_name from nation where n_nationkey * 2 = n_regionkey",
         "Project [n_name#2]\n"
         "+- Filter ((n_nationkey#1 * 2) = n_regionkey#3)\n" RELATION},
        {"select n_nationkey + 1 from nation where length(n_name) + 1 = 5",
         "Project [(n_nationkey#1 + 1) AS (n_nationkey + 1)#5]\n"
         "+- Filter ((length(n_name#2) + 1) = 5)\n" RELATION},
    };
    (void)state;
    assert_int_equal(plan_cases_after(rules, WEFT_COUNT(rules), cases, WEFT_COUNT(cases)), 0);
}

/* Numbers of rows in a window become keys of a join; sums of them do not. */
static void proves_ranks(void **state)
{
    plan_bench b;
    (void)state;
    plan_bench_open(&b);
    static const char text[] =
        "with v as (select n_regionkey r, n_name, rank() over (partition by n_regionkey order by n_name) k, "
        "sum(n_nationkey) over (partition by n_regionkey) s from nation) "
        "select x.n_name from v x, v y where x.r = y.r and x.k = y.k + 1 and x.s = y.s + 1";
    char *tree = NULL;
    weft_fixture_ok(&b.f, weft_node_text(&b.f.ctx, plan_optimized(&b, text), &tree));
    assert_non_null(strstr(tree, "try_add(k#"));
    assert_null(strstr(tree, "try_add(s#"));
    weft_fixture_close(&b.f);
}

WEFT_TESTS(WEFT_TEST(proves_by_bounds), WEFT_TEST(leaves), WEFT_TEST(proves_ranks))
