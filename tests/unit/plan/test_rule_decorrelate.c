/* tests/unit/plan/test_rule_decorrelate.c - each form of a subquery and the join that it becomes. */
#include "tests/unit/plan/plan_fixture.h"

#define N "select n_name from nation "

/* Conjuncts of WHERE drop rows: SEMI and ANTI joins. */
static void exists_and_in(void **state)
{
    static const plan_case cases[] = {
        {N "where exists (select 1 from region where r_regionkey = n_regionkey)",
         "Project [n_name#2]\n"
         "+- Join LeftSemi, (n_regionkey#3 = r_regionkey#5)\n"
         "   :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "   +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
        {N "where not exists (select 1 from region where r_regionkey = n_regionkey and r_name < n_name)",
         "Project [n_name#2]\n"
         "+- Join LeftAnti, (n_regionkey#3 = r_regionkey#5) AND (r_name#6 < n_name#2)\n"
         "   :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "   +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
        {N "where exists (select 1 from region where r_name = 'ASIA')",
         "Project [n_name#2]\n"
         "+- Join LeftSemi\n"
         "   :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "   +- Limit 1\n"
         "      +- Filter (r_name#6 = ASIA)\n"
         "         +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
        {N "where n_regionkey in (select r_regionkey from region)",
         "Project [n_name#2]\n"
         "+- Join LeftSemi, (n_regionkey#3 = r_regionkey#5)\n"
         "   :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "   +- Project [r_regionkey#5]\n"
         "      +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
        {N "where n_regionkey not in (select r_regionkey from region)",
         "Project [n_name#2]\n"
         "+- Join LeftAnti, (n_regionkey#3 = r_regionkey#5)\n"
         "   :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "   +- Project [r_regionkey#5]\n"
         "      +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
        {N "where exists (select count(*) from region where r_regionkey = n_regionkey)",
         "Project [n_name#2]\n"
         "+- Filter true\n"
         "   +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("decorrelate", cases, WEFT_COUNT(cases)), 0);
}

/* NOT IN: a NULL on either side is a possible match; not where both sides cannot be NULL. */
static void not_in_with_nulls(void **state)
{
    static const plan_case cases[] = {
        {N "where n_regionkey not in (select nullif(r_regionkey, 1) from region)",
         "Project [n_name#2]\n"
         "+- Join LeftAnti (null), (n_regionkey#3 = nullif(r_regionkey, 1)#8)\n"
         "   :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "   +- Project [CASE WHEN (r_regionkey#5 = cast(1 as bigint)) THEN null ELSE r_regionkey#5 END "
         "AS nullif(r_regionkey, 1)#8]\n"
         "      +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
        {N "where n_regionkey not in (select nullif(r_regionkey, 1) from region where r_name = n_name)",
         "Project [n_name#2]\n"
         "+- Join LeftAnti, (n_name#2 = r_name#6) AND coalesce((n_regionkey#3 = nullif(r_regionkey, "
         "1)#8), true)\n"
         "   :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "   +- Project [CASE WHEN (r_regionkey#5 = cast(1 as bigint)) THEN null ELSE r_regionkey#5 END "
         "AS nullif(r_regionkey, 1)#8, r_name#6]\n"
         "      +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
        {N "where n_regionkey in (select nullif(r_regionkey, 1) from region)",
         "Project [n_name#2]\n"
         "+- Join LeftSemi, (n_regionkey#3 = nullif(r_regionkey, 1)#8)\n"
         "   :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "   +- Project [CASE WHEN (r_regionkey#5 = cast(1 as bigint)) THEN null ELSE r_regionkey#5 END "
         "AS nullif(r_regionkey, 1)#8]\n"
         "      +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("decorrelate", cases, WEFT_COUNT(cases)), 0);
}

/* Inside other expressions the row stays: MARK. */
static void marks(void **state)
{
    static const plan_case cases[] = {
        {N "where n_name = 'a' or exists (select 1 from region where r_regionkey = n_regionkey)",
         "Project [n_name#2]\n"
         "+- Project [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4]\n"
         "   +- Filter ((n_name#2 = a) OR exists#9)\n"
         "      +- Join Mark, (n_regionkey#3 = r_regionkey#5), exists#9\n"
         "         :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "         +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
        {"select n_regionkey in (select r_regionkey from region) as x from nation",
         "Project [exists#9 AS x#8]\n"
         "+- Join Mark, (n_regionkey#3 = r_regionkey#5), exists#9\n"
         "   :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "   +- Project [r_regionkey#5]\n"
         "      +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
        {"select n_regionkey in (select nullif(r_regionkey, 1) from region) as x from nation",
         "Project [exists#10 AS x#9]\n"
         "+- Join Mark, (n_regionkey#3 = nullif(r_regionkey, 1)#8), exists#10\n"
         "   :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "   +- Project [CASE WHEN (r_regionkey#5 = cast(1 as bigint)) THEN null ELSE r_regionkey#5 END "
         "AS nullif(r_regionkey, 1)#8]\n"
         "      +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("decorrelate", cases, WEFT_COUNT(cases)), 0);
}

static void scalars(void **state)
{
    static const plan_case cases[] = {
        /* one row whatever there is; at most one row, checked; a correlated one */
        {N "where n_regionkey = (select max(r_regionkey) from region)",
         "Project [n_name#2]\n"
         "+- Project [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4]\n"
         "   +- Filter (n_regionkey#3 = max(r_regionkey)#9)\n"
         "      +- Join Cross\n"
         "         :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "         +- Project [max(r_regionkey)#8 AS max(r_regionkey)#9]\n"
         "            +- Project [max(r_regionkey)#8]\n"
         "               +- Aggregate [], [max(r_regionkey#5) AS max(r_regionkey)#8]\n"
         "                  +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
        {N "where n_regionkey = (select r_regionkey from region)",
         "Project [n_name#2]\n"
         "+- Project [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4]\n"
         "   +- Filter (n_regionkey#3 = r_regionkey#8)\n"
         "      +- Join Cross\n"
         "         :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "         +- Project [r_regionkey#5 AS r_regionkey#8]\n"
         "            +- SingleRow\n"
         "               +- Project [r_regionkey#5]\n"
         "                  +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
        {N "where n_name = (select r_name from region where r_regionkey = n_regionkey)",
         "Project [n_name#2]\n"
         "+- Project [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4]\n"
         "   +- Filter (n_name#2 = r_name#6)\n"
         "      +- Join Single, (n_regionkey#3 = r_regionkey#5)\n"
         "         :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "         +- Project [r_name#6, r_regionkey#5]\n"
         "            +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
        /* an aggregate: by its groups; count gives 0 where there is none */
        {N "where n_name = (select max(r_name) from region where r_regionkey = n_regionkey)",
         "Project [n_name#2]\n"
         "+- Project [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4]\n"
         "   +- Filter (n_name#2 = value#9)\n"
         "      +- Join LeftOuter, (n_regionkey#3 = key#5)\n"
         "         :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "         +- Project [r_regionkey#5, max(r_name)#8 AS value#9]\n"
         "            +- Aggregate [r_regionkey#5], [max(r_name#6) AS max(r_name)#8]\n"
         "               +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
        {N "where 0 = (select count(*) from region where r_regionkey = n_regionkey)",
         "Project [n_name#2]\n"
         "+- Project [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4]\n"
         "   +- Filter (cast(0 as bigint) = coalesce(count(1)#8, 0))\n"
         "      +- Join LeftOuter, (n_regionkey#3 = key#5)\n"
         "         :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "         +- Aggregate [r_regionkey#5], [count(1) AS count(1)#8]\n"
         "            +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
        /* by another comparison than =: by the domain of what it reads */
        {N "where n_name = (select max(r_name) from region where r_regionkey < n_regionkey)",
         "Project [n_name#2]\n"
         "+- Project [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4]\n"
         "   +- Filter (n_name#2 = value#10)\n"
         "      +- Join LeftOuter, (n_regionkey#3 <=> n_regionkey#9)\n"
         "         :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "         +- Project [n_regionkey#9, max(r_name)#8 AS value#10]\n"
         "            +- Aggregate [n_regionkey#9], [max(r_name#6) AS max(r_name)#8]\n"
         "               +- Join Inner, (r_regionkey#5 < n_regionkey#9)\n"
         "                  :- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"
         "                  +- Project [n_regionkey#3 AS n_regionkey#9]\n"
         "                     +- Aggregate [n_regionkey#3], []\n"
         "                        +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] "
         "nation\n"},
        {"select (select max(r_name) from region where r_regionkey = n_regionkey) as x from nation",
         "Project [value#10 AS x#9]\n"
         "+- Join LeftOuter, (n_regionkey#3 = key#5)\n"
         "   :- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "   +- Project [r_regionkey#5, max(r_name)#8 AS value#10]\n"
         "      +- Aggregate [r_regionkey#5], [max(r_name#6) AS max(r_name)#8]\n"
         "         +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("decorrelate", cases, WEFT_COUNT(cases)), 0);
}

/* A condition that may raise and stands before a subquery is applied before its join. */
static void keeps_order(void **state)
{
    static const plan_case cases[] = {
        {N "where n_nationkey <> 0 and 1 / n_nationkey < 1 and "
           "exists (select 1 from region where r_regionkey = n_regionkey) and n_name = 'a'",
         "Project [n_name#2]\n"
         "+- Filter (n_name#2 = a)\n"
         "   +- Join LeftSemi, (n_regionkey#3 = r_regionkey#5)\n"
         "      :- Filter NOT (n_nationkey#1 = cast(0 as bigint)) AND ((cast(1 as double) / "
         "cast(n_nationkey#1 as double)) < cast(1 as double))\n"
         "      :  +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "      +- Relation [r_regionkey#5, r_name#6, r_comment#7] region\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("decorrelate", cases, WEFT_COUNT(cases)), 0);
}

/* Both queries read one node, whose columns have the same ids in both until a projection tells them apart. */
static void common_expressions(void **state)
{
    static const plan_case cases[] = {
        {"with w as (select n_name as a, n_regionkey as b from nation) select 1 as x from w p where exists "
         "(select 1 from w q)",
         "Project [1 AS x#10]\n"
         "+- Join LeftSemi\n"
         "   :- Project [n_name#2 AS a#5, n_regionkey#3 AS b#6]\n"
         "   :  +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "   +- Limit 1\n"
         "      +- Project [a#5 AS a#7, b#6 AS b#8]\n"
         "         +- Project [n_name#2 AS a#5, n_regionkey#3 AS b#6]\n"
         "            +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"},
        {"with w as (select n_name as a, n_regionkey as b from nation) select 1 as x from w p where exists "
         "(select 1 from w q where q.b = p.b)",
         "Project [1 AS x#10]\n"
         "+- Join LeftSemi, (b#6 = b#8)\n"
         "   :- Project [n_name#2 AS a#5, n_regionkey#3 AS b#6]\n"
         "   :  +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "   +- Project [a#5 AS a#7, b#6 AS b#8]\n"
         "      +- Project [n_name#2 AS a#5, n_regionkey#3 AS b#6]\n"
         "         +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"},
        {"with w as (select max(n_name) as a, n_regionkey as b from nation group by n_regionkey) select 1 as "
         "x from w p "
         "where p.a = (select max(q.a) from w q where q.b < p.b)",
         "Project [1 AS x#11]\n"
         "+- Project [a#6, b#7]\n"
         "   +- Filter (a#6 = value#13)\n"
         "      +- Join LeftOuter, (b#7 <=> b#12)\n"
         "         :- Project [max(n_name)#5 AS a#6, n_regionkey#3 AS b#7]\n"
         "         :  +- Aggregate [n_regionkey#3], [max(n_name#2) AS max(n_name)#5]\n"
         "         :     +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] nation\n"
         "         +- Project [b#12, max(a)#10 AS value#13]\n"
         "            +- Aggregate [b#12], [max(a#8) AS max(a)#10]\n"
         "               +- Join Inner, (b#9 < b#12)\n"
         "                  :- Project [a#6 AS a#8, b#7 AS b#9]\n"
         "                  :  +- Project [max(n_name)#5 AS a#6, n_regionkey#3 AS b#7]\n"
         "                  :     +- Aggregate [n_regionkey#3], [max(n_name#2) AS max(n_name)#5]\n"
         "                  :        +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] "
         "nation\n"
         "                  +- Project [b#7 AS b#12]\n"
         "                     +- Aggregate [b#7], []\n"
         "                        +- Project [max(n_name)#5 AS a#6, n_regionkey#3 AS b#7]\n"
         "                           +- Aggregate [n_regionkey#3], [max(n_name#2) AS max(n_name)#5]\n"
         "                              +- Relation [n_nationkey#1, n_name#2, n_regionkey#3, n_comment#4] "
         "nation\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("decorrelate", cases, WEFT_COUNT(cases)), 0);
}

WEFT_TESTS(WEFT_TEST(common_expressions), WEFT_TEST(exists_and_in), WEFT_TEST(not_in_with_nulls),
           WEFT_TEST(marks), WEFT_TEST(scalars), WEFT_TEST(keeps_order))
