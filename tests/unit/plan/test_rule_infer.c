/* tests/unit/plan/test_rule_infer.c - conditions that follow from others, and where none may be taken for it.
 */
#include "tests/unit/plan/plan_fixture.h"

static void factors(void **state)
{
    static const plan_case cases[] = {
        {"select 1 as x from region where (r_regionkey = 1 and r_name = 'a') or (r_name = 'b' and "
         "r_regionkey = 1)",
         "Project [1 AS x#4]\n"
         "+- Filter (r_regionkey#1 = cast(1 as bigint)) AND ((r_name#2 = a) OR (r_name#2 = b))\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select 1 as x from region where (r_regionkey = 1 and r_name = 'a') or r_regionkey = 1",
         "Project [1 AS x#4]\n"
         "+- Filter (r_regionkey#1 = cast(1 as bigint))\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select 1 as x from region, nation where (r_regionkey = n_regionkey and r_name = 'a' and n_name = "
         "'b') or "
         "(n_name = 'c' and r_name = 'd' and r_regionkey = n_regionkey)",
         "Project [1 AS x#8]\n"
         "+- Filter (r_regionkey#1 = n_regionkey#6) AND (((r_name#2 = a) AND (n_name#5 = b)) OR "
         "((n_name#5 = c) AND (r_name#2 = d))) AND ((r_name#2 = a) OR (r_name#2 = d)) AND ((n_name#5 = b) "
         "OR (n_name#5 = c))\n"
         "   +- Join Cross\n"
         "      :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "      +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {"select 1 as x from region left join nation on (r_regionkey = n_regionkey and n_name = 'a') or "
         "(r_regionkey = n_regionkey and r_name = 'b')",
         "Project [1 AS x#8]\n"
         "+- Join LeftOuter, ((r_regionkey#1 = n_regionkey#6) AND ((n_name#5 = a) OR (r_name#2 = b)))\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("infer", cases, WEFT_COUNT(cases)), 0);
}

/* One branch says nothing of the side; a factor raises; the OR reads one side anyway. */
static void leaves_alone(void **state)
{
    static const plan_case cases[] = {
        {"select 1 as x from region, nation where (r_name = 'a' and n_name = 'b') or n_name = 'c'",
         "Project [1 AS x#8]\n"
         "+- Filter (((r_name#2 = a) AND (n_name#5 = b)) OR (n_name#5 = c)) AND ((n_name#5 = b) OR "
         "(n_name#5 = c))\n"
         "   +- Join Cross\n"
         "      :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "      +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {"select 1 as x from region where (1 / r_regionkey = 1 and r_name = 'a') or (1 / r_regionkey = 1 and "
         "r_name = 'b')",
         "Project [1 AS x#4]\n"
         "+- Filter ((((cast(1 as double) / cast(r_regionkey#1 as double)) = cast(1 as double)) AND "
         "(r_name#2 = a)) OR (((cast(1 as double) / cast(r_regionkey#1 as double)) = cast(1 as double)) "
         "AND (r_name#2 = b)))\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select 1 as x from region, nation where (r_name = 'a' and 1 / n_nationkey = 1) or (r_name = 'b' "
         "and n_name = 'c')",
         "Project [1 AS x#8]\n"
         "+- Filter (((r_name#2 = a) AND ((cast(1 as double) / cast(n_nationkey#4 as double)) = cast(1 as "
         "double))) OR ((r_name#2 = b) AND (n_name#5 = c)))\n"
         "   +- Join Cross\n"
         "      :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "      +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("infer", cases, WEFT_COUNT(cases)), 0);
}

static void equal_columns(void **state)
{
    static const plan_case cases[] = {
        {"select 1 as x from region, nation where r_regionkey = n_regionkey and n_regionkey in (1, 2)",
         "Project [1 AS x#8]\n"
         "+- Filter (r_regionkey#1 = n_regionkey#6) AND n_regionkey#6 IN (cast(1 as bigint),cast(2 as "
         "bigint)) AND r_regionkey#1 IN (cast(1 as bigint),cast(2 as bigint))\n"
         "   +- Join Cross\n"
         "      :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "      +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {"select 1 as x from region join nation on r_regionkey = n_regionkey join customer on c_nationkey = "
         "n_nationkey "
         "where c_nationkey > 5",
         "Project [1 AS x#16]\n"
         "+- Filter (c_nationkey#11 > cast(5 as bigint)) AND (n_nationkey#4 > cast(5 as bigint))\n"
         "   +- Join Inner, (n_nationkey#4 = c_nationkey#11)\n"
         "      :- Join Inner, (r_regionkey#1 = n_regionkey#6)\n"
         "      :  :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "      :  +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"
         "      +- Relation [c_custkey#8, c_name#9, c_address#10, c_nationkey#11, c_phone#12, "
         "c_acctbal#13, c_mktsegment#14, c_comment#15] customer\n"},
        /* not over the edge of an outer join, nor <=> */
        {"select 1 as x from region left join nation on r_regionkey = n_regionkey where r_regionkey = 1",
         "Project [1 AS x#8]\n"
         "+- Filter (r_regionkey#1 = cast(1 as bigint))\n"
         "   +- Join LeftOuter, (r_regionkey#1 = n_regionkey#6)\n"
         "      :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "      +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {"select 1 as x from region, nation where r_regionkey <=> n_regionkey and n_regionkey = 1",
         "Project [1 AS x#8]\n"
         "+- Filter (r_regionkey#1 <=> n_regionkey#6) AND (n_regionkey#6 = cast(1 as bigint))\n"
         "   +- Join Cross\n"
         "      :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "      +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        /* 0.0 = -0.0, but a function may tell them apart */
        {"select 1 as x from (values (cast(1 as double))) a(p), (values (cast(2 as double))) b(q) where p = "
         "q and cast(p as string) = '0.0'",
         "Project [1 AS x#3]\n"
         "+- Filter (p#1 = q#2) AND (cast(p#1 as string) = 0.0)\n"
         "   +- Join Cross\n"
         "      :- LocalRelation [col1#1], 1 rows\n"
         "      +- LocalRelation [col1#2], 1 rows\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("infer", cases, WEFT_COUNT(cases)), 0);
}

WEFT_TESTS(WEFT_TEST(factors), WEFT_TEST(leaves_alone), WEFT_TEST(equal_columns))
