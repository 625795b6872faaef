/* tests/unit/plan/test_rule_shape.c - the small rules: sets, FULL JOIN without keys, DISTINCT aggregates,
 * projections, limits, pruning. */
#include "tests/unit/plan/plan_fixture.h"

static void sets(void **state)
{
    static const plan_case cases[] = {
        {"select r_name from region intersect select n_name from nation",
         "Join LeftSemi, (r_name#2 <=> n_name#5)\n"
         ":- Aggregate [r_name#2], []\n"
         ":  +- Project [r_name#2]\n"
         ":     +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "+- Project [n_name#5]\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {"select r_name from region except select n_name from nation",
         "Join LeftAnti, (r_name#2 <=> n_name#5)\n"
         ":- Aggregate [r_name#2], []\n"
         ":  +- Project [r_name#2]\n"
         ":     +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "+- Project [n_name#5]\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {"select r_name from region intersect all select n_name from nation",
         "Project [r_name#2]\n"
         "+- Join LeftSemi, (r_name#2 <=> n_name#5) AND (number#8 <=> number#9)\n"
         "   :- Window [row_number() windowspecdefinition(r_name#2, 1 ASC NULLS FIRST, "
         "specifiedwindowframe(RowFrame, unboundedpreceding$(), currentrow$())) AS number#8]\n"
         "   :  +- Project [r_name#2]\n"
         "   :     +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   +- Window [row_number() windowspecdefinition(n_name#5, 1 ASC NULLS FIRST, "
         "specifiedwindowframe(RowFrame, unboundedpreceding$(), currentrow$())) AS number#9]\n"
         "      +- Project [n_name#5]\n"
         "         +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {"select r_name from region union select n_name from nation",
         "Aggregate [r_name#8], []\n"
         "+- Union\n"
         "   :- Project [r_name#2]\n"
         "   :  +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   +- Project [n_name#5]\n"
         "      +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("set_to_join", cases, WEFT_COUNT(cases)), 0);
}

/* Not where one of them wants duplicates, has other readers, or another step is between. */
static void unions(void **state)
{
    static const plan_case cases[] = {
        {"select r_name from region union all select n_name from nation union all select c_name from "
         "customer",
         "Union\n"
         ":- Project [r_name#2]\n"
         ":  +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         ":- Project [n_name#5]\n"
         ":  +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"
         "+- Project [c_name#9]\n"
         "   +- Relation [c_custkey#8, c_name#9, c_address#10, c_nationkey#11, c_phone#12, c_acctbal#13, "
         "c_mktsegment#14, c_comment#15] customer\n"},
        {"select r_name from region union select n_name from nation union select c_name from customer",
         "Aggregate [r_name#16], []\n"
         "+- Union\n"
         "   :- Project [r_name#2]\n"
         "   :  +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   :- Project [n_name#5]\n"
         "   :  +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"
         "   +- Project [c_name#9]\n"
         "      +- Relation [c_custkey#8, c_name#9, c_address#10, c_nationkey#11, c_phone#12, "
         "c_acctbal#13, c_mktsegment#14, c_comment#15] customer\n"},
        {"select r_name from region union (select n_name from nation union all select c_name from customer)",
         "Aggregate [r_name#17], []\n"
         "+- Union\n"
         "   :- Project [r_name#2]\n"
         "   :  +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   :- Project [n_name#5]\n"
         "   :  +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"
         "   +- Project [c_name#9]\n"
         "      +- Relation [c_custkey#8, c_name#9, c_address#10, c_nationkey#11, c_phone#12, "
         "c_acctbal#13, c_mktsegment#14, c_comment#15] customer\n"},
        {"(select r_name from region union select n_name from nation) union all select c_name from customer",
         "Union\n"
         ":- Aggregate [r_name#8], []\n"
         ":  +- Union\n"
         ":     :- Project [r_name#2]\n"
         ":     :  +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         ":     +- Project [n_name#5]\n"
         ":        +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"
         "+- Project [c_name#10]\n"
         "   +- Relation [c_custkey#9, c_name#10, c_address#11, c_nationkey#12, c_phone#13, c_acctbal#14, "
         "c_mktsegment#15, c_comment#16] customer\n"},
        {"with t as (select r_name from region union all select n_name from nation) select * from t union "
         "all select * "
         "from t",
         "Union\n"
         ":- Project [r_name#8]\n"
         ":  +- Union\n"
         ":     :- Project [r_name#2]\n"
         ":     :  +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         ":     +- Project [n_name#5]\n"
         ":        +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"
         "+- Project [r_name#9]\n"
         "   +- Project [r_name#8 AS r_name#9]\n"
         "      +- Union\n"
         "         :- Project [r_name#2]\n"
         "         :  +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "         +- Project [n_name#5]\n"
         "            +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("flatten_union", cases, WEFT_COUNT(cases)), 0);
}

static void full_joins(void **state)
{
    static const plan_case cases[] = {
        {"select r_name, n_name from region full join nation on r_name < n_name",
         "Project [r_name#2, n_name#5]\n"
         "+- Project [r_regionkey#15 AS r_regionkey#1, r_name#16 AS r_name#2, r_comment#17 AS "
         "r_comment#3, n_nationkey#18 AS n_nationkey#4, n_name#19 AS n_name#5, n_regionkey#20 AS "
         "n_regionkey#6, n_comment#21 AS n_comment#7]\n"
         "   +- Union\n"
         "      :- Join LeftOuter, (r_name#2 < n_name#5)\n"
         "      :  :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "      :  +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"
         "      +- Project [null AS r_regionkey#8, null AS r_name#9, null AS r_comment#10, n_nationkey#4 "
         "AS n_nationkey#11, n_name#5 AS n_name#12, n_regionkey#6 AS n_regionkey#13, n_comment#7 AS "
         "n_comment#14]\n"
         "         +- Join LeftAnti, (r_name#2 < n_name#5)\n"
         "            :- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"
         "            +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_name, n_name from region full join nation on r_regionkey = n_regionkey and r_name < "
         "n_name",
         "Project [r_name#2, n_name#5]\n"
         "+- Join FullOuter, (r_regionkey#1 = n_regionkey#6) AND (r_name#2 < n_name#5)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {"select r_name, n_name from region left join nation on r_name < n_name",
         "Project [r_name#2, n_name#5]\n"
         "+- Join LeftOuter, (r_name#2 < n_name#5)\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("full_loop", cases, WEFT_COUNT(cases)), 0);
}

static void distinct_aggregates(void **state)
{
    static const plan_case cases[] = {
        {"select count(distinct n_name) as c from nation",
         "Project [count(DISTINCT n_name)#5 AS c#6]\n"
         "+- Aggregate [], [count(distinct#7) AS count(DISTINCT n_name)#5]\n"
         "   +- Aggregate [n_name#2 AS distinct#7], []\n"
         "      +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"},
        {"select n_regionkey, count(distinct n_name) as c, max(n_name) as m from nation group by n_regionkey",
         "Project [n_regionkey#3, count(DISTINCT n_name)#5 AS c#7, max(n_name)#6 AS m#8]\n"
         "+- Project [n_regionkey#3, count(DISTINCT n_name)#5, max(n_name)#6]\n"
         "   +- Aggregate [expanded#10 AS n_regionkey#3], [count(expanded#11) FILTER (WHERE (branch#9 = "
         "1)) AS count(DISTINCT n_name)#5, max(partial#13) FILTER (WHERE (branch#9 = 0)) AS "
         "max(n_name)#6]\n"
         "      +- Aggregate [expanded#10, branch#9, expanded#11], [max(expanded#12) FILTER (WHERE "
         "(branch#9 = 0)) AS partial#13]\n"
         "         +- Expand 2 projections, [branch#9, expanded#10, expanded#11, expanded#12]\n"
         "            +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"},
        {"select count(distinct n_name) as c, count(distinct n_regionkey) as d, count(*) as e from nation",
         "Project [count(DISTINCT n_name)#5 AS c#8, count(DISTINCT n_regionkey)#6 AS d#9, count(1)#7 AS "
         "e#10]\n"
         "+- Project [count(DISTINCT n_name)#5, count(DISTINCT n_regionkey)#6, coalesce(count(1)#16, 0) "
         "AS count(1)#7]\n"
         "   +- Aggregate [], [count(expanded#12) FILTER (WHERE (branch#11 = 1)) AS count(DISTINCT "
         "n_name)#5, count(expanded#13) FILTER (WHERE (branch#11 = 2)) AS count(DISTINCT n_regionkey)#6, "
         "max(partial#15) FILTER (WHERE (branch#11 = 0)) AS count(1)#16]\n"
         "      +- Aggregate [branch#11, expanded#12, expanded#13], [count(expanded#14) FILTER (WHERE "
         "(branch#11 = 0)) AS partial#15]\n"
         "         +- Expand 3 projections, [branch#11, expanded#12, expanded#13, expanded#14]\n"
         "            +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"},
        {"select min(distinct n_name) as c from nation",
         "Project [min(DISTINCT n_name)#5 AS c#6]\n"
         "+- Aggregate [], [min(n_name#2) AS min(DISTINCT n_name)#5]\n"
         "   +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"},
        {"select count(distinct n_name) filter (where n_regionkey = 1) as c from nation",
         "Project [count(DISTINCT n_name) FILTER (WHERE (n_regionkey = 1))#5 AS c#6]\n"
         "+- Project [count(DISTINCT n_name) FILTER (WHERE (n_regionkey = 1))#5]\n"
         "   +- Aggregate [], [count(expanded#8) FILTER (WHERE ((branch#7 = 1) AND expanded#9)) AS "
         "count(DISTINCT n_name) FILTER (WHERE (n_regionkey = 1))#5]\n"
         "      +- Aggregate [branch#7, expanded#8, expanded#9], []\n"
         "         +- Expand 2 projections, [branch#7, expanded#8, expanded#9]\n"
         "            +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("distinct_aggregate", cases, WEFT_COUNT(cases)), 0);
}

/* Not where an expression would run twice. */
static void projections(void **state)
{
    static const plan_case cases[] = {
        {"select a + 1 as b from (select r_regionkey as a, r_name from region) t",
         "Project [(r_regionkey#1 + cast(1 as bigint)) AS b#5]\n"
         "+- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select a + 1 as b from (select r_regionkey * 2 as a from region) t",
         "Project [((r_regionkey#1 * cast(2 as bigint)) + cast(1 as bigint)) AS b#5]\n"
         "+- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select a + 1 as b, a + 2 as c from (select r_regionkey * 2 as a from region) t",
         "Project [(a#4 + cast(1 as bigint)) AS b#5, (a#4 + cast(2 as bigint)) AS c#6]\n"
         "+- Project [(r_regionkey#1 * cast(2 as bigint)) AS a#4]\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_regionkey, r_name, r_comment from region",
         "Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_name, r_regionkey, r_comment from region",
         "Project [r_name#2, r_regionkey#1, r_comment#3]\n"
         "+- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("merge_project", cases, WEFT_COUNT(cases)), 0);
}

static void limits(void **state)
{
    static const plan_case cases[] = {
        {"select r_name from region order by r_name limit 3",
         "Limit 3\n"
         "+- Sort [r_name#2 ASC NULLS FIRST], true, top 3\n"
         "   +- Project [r_name#2]\n"
         "      +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_name from region order by r_name limit 3 offset 2",
         "Limit 3 offset 2\n"
         "+- Sort [r_name#2 ASC NULLS FIRST], true, top 5\n"
         "   +- Project [r_name#2]\n"
         "      +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_name from region union all select n_name from nation limit 3",
         "Limit 3\n"
         "+- Union\n"
         "   :- Limit 3\n"
         "   :  +- Project [r_name#2]\n"
         "   :     +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   +- Limit 3\n"
         "      +- Project [n_name#5]\n"
         "         +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {"select count(*) as c from nation group by n_regionkey limit 3",
         "Project [count(1)#5 AS c#6]\n"
         "+- Limit 3\n"
         "   +- Aggregate [n_regionkey#3], [count(1) AS count(1)#5]\n"
         "      +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"},
        {"select * from (select r_name from region limit 5) t limit 3",
         "Project [r_name#2]\n"
         "+- Project [r_name#2]\n"
         "   +- Limit 3\n"
         "      +- Limit 5\n"
         "         +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_name from region left join nation on r_regionkey = n_regionkey limit 3",
         "Project [r_name#2]\n"
         "+- Limit 3\n"
         "   +- Join LeftOuter, (r_regionkey#1 = n_regionkey#6)\n"
         "      :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "      +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("push_limit", cases, WEFT_COUNT(cases)), 0);
}

/* Columns of DISTINCT and of set operations count though nobody reads them. */
static void pruning(void **state)
{
    static const plan_case cases[] = {
        {"select r_name from region", "Project [r_name#2]\n"
                                      "+- Relation [r_name#2] region\n"},
        {"select count(*) as c from nation", "Project [count(1)#5 AS c#6]\n"
                                             "+- Aggregate [], [count(1) AS count(1)#5]\n"
                                             "   +- Relation [n_nationkey#1] nation\n"},
        {"select n_name from region, nation where r_regionkey = n_regionkey and r_name = 'a'",
         "Project [n_name#5]\n"
         "+- Filter (r_regionkey#1 = n_regionkey#6) AND (r_name#2 = a)\n"
         "   +- Join Cross\n"
         "      :- Relation [r_regionkey#1, r_name#2] region\n"
         "      +- Relation [n_name#5, n_regionkey#6] nation\n"},
        {"select a from (select r_name as a, r_regionkey as b from region union all select n_name, "
         "n_nationkey from "
         "nation) t",
         "Project [a#10]\n"
         "+- Union\n"
         "   :- Project [r_name#2 AS a#4]\n"
         "   :  +- Relation [r_name#2] region\n"
         "   +- Project [n_name#7]\n"
         "      +- Relation [n_name#7] nation\n"},
        {"select a from (select distinct r_name as a, r_regionkey as b from region) t",
         "Project [a#4]\n"
         "+- Aggregate [a#4, b#5], []\n"
         "   +- Project [r_name#2 AS a#4, r_regionkey#1 AS b#5]\n"
         "      +- Relation [r_regionkey#1, r_name#2] region\n"},
        {"select c from (select n_regionkey, count(*) as c, sum(n_nationkey) as d from nation group by "
         "n_regionkey) t",
         "Project [c#7]\n"
         "+- Project [count(1)#5 AS c#7]\n"
         "   +- Aggregate [n_regionkey#3], [count(1) AS count(1)#5]\n"
         "      +- Relation [n_regionkey#3] nation\n"},
        {"select n_name from (select n_name, row_number() over (order by n_nationkey) as p from nation) t",
         "Project [n_name#2]\n"
         "+- Project [n_name#2]\n"
         "   +- Relation [n_nationkey#1, n_name#2] nation\n"},
        {"select r_name from region left semi join nation on r_regionkey = n_regionkey",
         "Project [r_name#2]\n"
         "+- Join LeftSemi, (r_regionkey#1 = n_regionkey#6)\n"
         "   :- Relation [r_regionkey#1, r_name#2] region\n"
         "   +- Relation [n_regionkey#6] nation\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("prune", cases, WEFT_COUNT(cases)), 0);
}

WEFT_TESTS(WEFT_TEST(sets), WEFT_TEST(unions), WEFT_TEST(full_joins), WEFT_TEST(distinct_aggregates),
           WEFT_TEST(projections), WEFT_TEST(limits), WEFT_TEST(pruning))
