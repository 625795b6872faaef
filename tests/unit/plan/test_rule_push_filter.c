/* tests/unit/plan/test_rule_push_filter.c - where conditions go, and what they must not pass. */
#include "tests/unit/plan/plan_fixture.h"

#define RN "select r_name, n_name from region "

static void towards_scans(void **state)
{
    static const plan_case cases[] = {
        {"select r_name from region where r_regionkey = 1 and r_name like 'A%'",
         "Project [r_name#2]\n"
         "+- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_regionkey#1 = "
         "cast(1 as bigint)), r_name#2 LIKE A%]\n"},
        {RN ", nation where r_regionkey = n_regionkey and r_name = 'a' and n_name = 'b' and r_name < n_name",
         "Project [r_name#2, n_name#5]\n"
         "+- Join Inner, (r_regionkey#1 = n_regionkey#6) AND (r_name#2 < n_name#5)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_name#2 = a)]\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation, PushedFilters: "
         "[(n_name#5 = b)]\n"},
        {RN "join nation on r_regionkey = n_regionkey and r_name = 'a' where n_name = 'b'",
         "Project [r_name#2, n_name#5]\n"
         "+- Join Inner, (r_regionkey#1 = n_regionkey#6)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_name#2 = a)]\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation, PushedFilters: "
         "[(n_name#5 = b)]\n"},
        {"select * from (select r_regionkey + 1 as k, r_name from region) t where k = 3",
         "Project [k#4, r_name#2]\n"
         "+- Project [(r_regionkey#1 + cast(1 as bigint)) AS k#4, r_name#2]\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [((r_regionkey#1 + "
         "cast(1 as bigint)) = cast(3 as bigint))]\n"},
        {"select * from (select n_regionkey as k, count(*) as c from nation group by n_regionkey) t where k "
         "= 3 and c = 5",
         "Project [k#6, c#7]\n"
         "+- Project [n_regionkey#3 AS k#6, count(1)#5 AS c#7]\n"
         "   +- Filter (count(1)#5 = cast(5 as bigint))\n"
         "      +- Aggregate [n_regionkey#3], [count(1) AS count(1)#5]\n"
         "         +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation, "
         "PushedFilters: [(n_regionkey#3 = cast(3 as bigint))]\n"},
        {"select * from (select r_regionkey as k from region union all select n_nationkey from nation) t "
         "where k = 3",
         "Project [k#9]\n"
         "+- Union\n"
         "   :- Project [r_regionkey#1 AS k#4]\n"
         "   :  +- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_regionkey#1 "
         "= cast(3 as bigint))]\n"
         "   +- Project [n_nationkey#5]\n"
         "      +- Relation [n_nationkey#5, n_name#6, n_regionkey#7, n_comment#8] nation, PushedFilters: "
         "[(n_nationkey#5 = cast(3 as bigint))]\n"},
        {"select * from (select n_name, row_number() over (partition by n_regionkey order by n_name) as p, "
         "n_regionkey "
         "from nation) t where n_regionkey = 2 and p = 1",
         "Project [n_name#2, p#6, n_regionkey#3]\n"
         "+- Project [n_name#2, row_number() OVER (PARTITION BY n_regionkey ORDER BY n_name ASC NULLS "
         "FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)#5 AS p#6, n_regionkey#3]\n"
         "   +- Filter (row_number() OVER (PARTITION BY n_regionkey ORDER BY n_name ASC NULLS FIRST ROWS "
         "BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)#5 = 1)\n"
         "      +- Window [row_number() windowspecdefinition(n_regionkey#3, n_name#2 ASC NULLS FIRST, "
         "specifiedwindowframe(RowFrame, unboundedpreceding$(), currentrow$())) AS row_number() OVER "
         "(PARTITION BY n_regionkey ORDER BY n_name ASC NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND "
         "CURRENT ROW)#5]\n"
         "         +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation, "
         "PushedFilters: [(n_regionkey#3 = cast(2 as bigint))]\n"},
        {"select * from (select r_name from region order by r_name) t where r_name = 'a'",
         "Project [r_name#2]\n"
         "+- Sort [r_name#2 ASC NULLS FIRST], true\n"
         "   +- Project [r_name#2]\n"
         "      +- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_name#2 = "
         "a)]\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("push_filter", cases, WEFT_COUNT(cases)), 0);
}

/* What decides which rows there are holds conditions back. */
static void not_below(void **state)
{
    static const plan_case cases[] = {
        {"select * from (select r_name from region order by r_name limit 3) t where r_name = 'a'",
         "Project [r_name#2]\n"
         "+- Filter (r_name#2 = a)\n"
         "   +- Limit 3\n"
         "      +- Sort [r_name#2 ASC NULLS FIRST], true\n"
         "         +- Project [r_name#2]\n"
         "            +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select * from (select count(*) as c from region) t where 1 = 2",
         "Project [c#5]\n"
         "+- Project [count(1)#4 AS c#5]\n"
         "   +- Filter (1 = 2)\n"
         "      +- Aggregate [], [count(1) AS count(1)#4]\n"
         "         +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select * from (select n_name, sum(n_nationkey) over (order by n_name) as s from nation) t where "
         "n_name = 'a'",
         "Project [n_name#2, s#6]\n"
         "+- Project [n_name#2, sum(n_nationkey) OVER (ORDER BY n_name ASC NULLS FIRST RANGE BETWEEN "
         "UNBOUNDED PRECEDING AND CURRENT ROW)#5 AS s#6]\n"
         "   +- Filter (n_name#2 = a)\n"
         "      +- Window [sum(n_nationkey#1) windowspecdefinition(n_name#2 ASC NULLS FIRST, "
         "specifiedwindowframe(RangeFrame, unboundedpreceding$(), currentrow$())) AS sum(n_nationkey) "
         "OVER (ORDER BY n_name ASC NULLS FIRST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)#5]\n"
         "         +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"},
        {"with t as (select n_name from nation where n_regionkey = 1) select * from t a, t b where a.n_name "
         "= 'a' and "
         "b.n_name = 'b'",
         "Project [n_name#2, n_name#5]\n"
         "+- Join Cross\n"
         "   :- Filter (n_name#2 = a)\n"
         "   :  +- Project [n_name#2]\n"
         "   :     +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation, "
         "PushedFilters: [(n_regionkey#3 = cast(1 as bigint))]\n"
         "   +- Project [n_name#2 AS n_name#5]\n"
         "      +- Filter (n_name#2 = b)\n"
         "         +- Project [n_name#2]\n"
         "            +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation, "
         "PushedFilters: [(n_regionkey#3 = cast(1 as bigint))]\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("push_filter", cases, WEFT_COUNT(cases)), 0);
}

static void outer_joins(void **state)
{
    static const plan_case cases[] = {
        /* on the preserved side; on the optional side: it makes the join an inner one, or stays */
        {RN "left join nation on r_regionkey = n_regionkey where r_name = 'a'",
         "Project [r_name#2, n_name#5]\n"
         "+- Join LeftOuter, (r_regionkey#1 = n_regionkey#6)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_name#2 = a)]\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        /* on its key: rows of the other side that have another have no partner that is wanted */
        {RN "left join nation on r_regionkey = n_regionkey where r_regionkey = bigint(1) and r_name = 'a'",
         "Project [r_name#2, n_name#5]\n"
         "+- Join LeftOuter, (r_regionkey#1 = n_regionkey#6)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_regionkey#1 = "
         "cast(1 as bigint)), (r_name#2 = a)]\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation, PushedFilters: "
         "[(n_regionkey#6 = cast(1 as bigint))]\n"},
        {RN "left join nation on r_regionkey <=> n_regionkey where r_regionkey = bigint(1)",
         "Project [r_name#2, n_name#5]\n"
         "+- Join LeftOuter, (r_regionkey#1 <=> n_regionkey#6)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_regionkey#1 = "
         "cast(1 as bigint))]\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {RN "left join nation on r_regionkey = n_regionkey where n_name = 'a'",
         "Project [r_name#2, n_name#5]\n"
         "+- Join Inner, (r_regionkey#1 = n_regionkey#6)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation, PushedFilters: "
         "[(n_name#5 = a)]\n"},
        {RN "left join nation on r_regionkey = n_regionkey where n_name is null",
         "Project [r_name#2, n_name#5]\n"
         "+- Filter isnull(n_name#5)\n"
         "   +- Join LeftOuter, (r_regionkey#1 = n_regionkey#6)\n"
         "      :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "      +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {RN "left join nation on r_regionkey = n_regionkey where coalesce(n_name, 'a') = 'a'",
         "Project [r_name#2, n_name#5]\n"
         "+- Filter (coalesce(n_name#5, a) = a)\n"
         "   +- Join LeftOuter, (r_regionkey#1 = n_regionkey#6)\n"
         "      :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "      +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        /* of ON: only to the optional side */
        {RN "left join nation on r_regionkey = n_regionkey and n_name = 'a' and r_name = 'b'",
         "Project [r_name#2, n_name#5]\n"
         "+- Join LeftOuter, (r_regionkey#1 = n_regionkey#6) AND (r_name#2 = b)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation, PushedFilters: "
         "[(n_name#5 = a)]\n"},
        {RN "right join nation on r_regionkey = n_regionkey where r_name = 'a'",
         "Project [r_name#2, n_name#5]\n"
         "+- Join Inner, (r_regionkey#1 = n_regionkey#6)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_name#2 = a)]\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {RN "right join nation on r_regionkey = n_regionkey and n_name = 'a' and r_name = 'b'",
         "Project [r_name#2, n_name#5]\n"
         "+- Join RightOuter, (r_regionkey#1 = n_regionkey#6) AND (n_name#5 = a)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_name#2 = b)]\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {RN "full join nation on r_regionkey = n_regionkey where r_name = 'a'",
         "Project [r_name#2, n_name#5]\n"
         "+- Join LeftOuter, (r_regionkey#1 = n_regionkey#6)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_name#2 = a)]\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {RN "full join nation on r_regionkey = n_regionkey where n_name = 'a'",
         "Project [r_name#2, n_name#5]\n"
         "+- Join RightOuter, (r_regionkey#1 = n_regionkey#6)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation, PushedFilters: "
         "[(n_name#5 = a)]\n"},
        {RN "full join nation on r_regionkey = n_regionkey where n_name = 'a' and r_name = 'b'",
         "Project [r_name#2, n_name#5]\n"
         "+- Join Inner, (r_regionkey#1 = n_regionkey#6)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_name#2 = b)]\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation, PushedFilters: "
         "[(n_name#5 = a)]\n"},
        {RN "full join nation on r_regionkey = n_regionkey and n_name = 'a'",
         "Project [r_name#2, n_name#5]\n"
         "+- Join FullOuter, (r_regionkey#1 = n_regionkey#6) AND (n_name#5 = a)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        /* a join further up drops the padded rows */
        {"select 1 as x from region left join nation on r_regionkey = n_regionkey join supplier on "
         "s_nationkey = "
         "n_nationkey",
         "Project [1 AS x#15]\n"
         "+- Join Inner, (n_nationkey#4 = s_nationkey#11)\n"
         "   :- Join Inner, (r_regionkey#1 = n_regionkey#6)\n"
         "   :  :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   :  +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"
         "   +- Relation [s_suppkey#8, s_name#9, s_address#10, s_nationkey#11, s_phone#12, s_acctbal#13, "
         "s_comment#14] supplier\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("push_filter", cases, WEFT_COUNT(cases)), 0);
}

static void semi_joins(void **state)
{
    static const plan_case cases[] = {
        {"select r_name from region left semi join nation on r_regionkey = n_regionkey and n_name = 'a' and "
         "r_name = 'b'",
         "Project [r_name#2]\n"
         "+- Join LeftSemi, (r_regionkey#1 = n_regionkey#6)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_name#2 = b)]\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation, PushedFilters: "
         "[(n_name#5 = a)]\n"},
        {"select r_name from region left anti join nation on r_regionkey = n_regionkey and n_name = 'a' and "
         "r_name = 'b'",
         "Project [r_name#2]\n"
         "+- Join LeftAnti, (r_regionkey#1 = n_regionkey#6) AND (r_name#2 = b)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation, PushedFilters: "
         "[(n_name#5 = a)]\n"},
        {"select * from (select r_name from region left anti join nation on r_regionkey = n_regionkey) t "
         "where "
         "r_name = 'a'",
         "Project [r_name#2]\n"
         "+- Project [r_name#2]\n"
         "   +- Join LeftAnti, (r_regionkey#1 = n_regionkey#6)\n"
         "      :- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_name#2 = "
         "a)]\n"
         "      +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("push_filter", cases, WEFT_COUNT(cases)), 0);
}

/* What raises runs on the rows, and after the conditions, that it ran on before. */
static void errors(void **state)
{
    static const plan_case cases[] = {
        {"select r_name from region where r_regionkey <> 0 and 1 / r_regionkey > 1",
         "Project [r_name#2]\n"
         "+- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [NOT (r_regionkey#1 = "
         "cast(0 as bigint)), ((cast(1 as double) / cast(r_regionkey#1 as double)) > cast(1 as double))]\n"},
        {RN ", nation where r_regionkey = n_regionkey and 1 / n_nationkey > 1 and n_name = 'a'",
         "Project [r_name#2, n_name#5]\n"
         "+- Filter ((cast(1 as double) / cast(n_nationkey#4 as double)) > cast(1 as double))\n"
         "   +- Join Inner, (r_regionkey#1 = n_regionkey#6)\n"
         "      :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "      +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation, PushedFilters: "
         "[(n_name#5 = a)]\n"},
        {RN "left join nation on r_regionkey = n_regionkey where 1 / r_regionkey > 1",
         "Project [r_name#2, n_name#5]\n"
         "+- Join LeftOuter, (r_regionkey#1 = n_regionkey#6)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [((cast(1 as "
         "double) / cast(r_regionkey#1 as double)) > cast(1 as double))]\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {RN "left join nation on r_regionkey = n_regionkey and 1 / n_nationkey > 1",
         "Project [r_name#2, n_name#5]\n"
         "+- Join LeftOuter, (r_regionkey#1 = n_regionkey#6) AND ((cast(1 as double) / cast(n_nationkey#4 "
         "as double)) > cast(1 as double))\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {"select * from (select n_regionkey as k, count(*) as c from nation group by n_regionkey) t where 1 "
         "/ k = 1",
         "Project [k#6, c#7]\n"
         "+- Project [n_regionkey#3 AS k#6, count(1)#5 AS c#7]\n"
         "   +- Filter ((cast(1 as double) / cast(n_regionkey#3 as double)) = cast(1 as double))\n"
         "      +- Aggregate [n_regionkey#3], [count(1) AS count(1)#5]\n"
         "         +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"},
        {"select * from (select 1 / r_regionkey as k, r_name from region) t where r_name = 'a' and k = 1",
         "Project [k#4, r_name#2]\n"
         "+- Project [(cast(1 as double) / cast(r_regionkey#1 as double)) AS k#4, r_name#2]\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_name#2 = a), "
         "((cast(1 as double) / cast(r_regionkey#1 as double)) = cast(1 as double))]\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("push_filter", cases, WEFT_COUNT(cases)), 0);
}

WEFT_TESTS(WEFT_TEST(towards_scans), WEFT_TEST(not_below), WEFT_TEST(outer_joins), WEFT_TEST(semi_joins),
           WEFT_TEST(errors))
