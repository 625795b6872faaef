/* tests/unit/plan/test_rule_fold.c - what is folded, and what must stay because it may raise. */
#include "tests/unit/plan/plan_fixture.h"

static void folds(void **state)
{
    static const plan_case cases[] = {
        {"select r_regionkey from region where r_regionkey < 1 + 2 and 1 = 1",
         "Project [r_regionkey#1]\n"
         "+- Filter (r_regionkey#1 < 3)\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_regionkey from region where r_regionkey < 1 and 1 = 2",
         "Project [r_regionkey#1]\n"
         "+- Filter false\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_regionkey from region where not (r_regionkey < 1 or r_name = 'x')",
         "Project [r_regionkey#1]\n"
         "+- Filter (r_regionkey#1 >= 1) AND NOT (r_name#2 = x)\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_regionkey from region where not (not r_regionkey = 1)",
         "Project [r_regionkey#1]\n"
         "+- Filter (r_regionkey#1 = 1)\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_regionkey from region where not (r_name is null and r_name like 'a%')",
         "Project [r_regionkey#1]\n"
         "+- Filter (isnotnull(r_name#2) OR NOT r_name#2 LIKE a%)\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_regionkey from region where r_regionkey = null",
         "Project [r_regionkey#1]\n"
         "+- Filter false\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_regionkey from region where r_regionkey in (3)",
         "Project [r_regionkey#1]\n"
         "+- Filter (r_regionkey#1 = 3)\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select case when 1 = 2 then 'a' when r_regionkey = 1 then 'b' when true then 'c' else 'd' end from "
         "region",
         "Project [CASE WHEN (r_regionkey#1 = 1) THEN b ELSE c END AS CASE WHEN (1 = 2) THEN a WHEN "
         "(r_regionkey = 1) THEN b WHEN true THEN c ELSE d END#4]\n"
         "+- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select case when null and true then r_name end as c, coalesce(null, r_name, 'x', 'y') as d from "
         "region",
         "Project [null AS c#4, coalesce(r_name#2, x) AS d#5]\n"
         "+- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_name || null as c from region",
         "Project [null AS c#4]\n"
         "+- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_name from region where r_name = 'a' or r_name = 'a' or (1 = 2 and r_name = 'b')",
         "Project [r_name#2]\n"
         "+- Filter (r_name#2 = a)\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("fold", cases, WEFT_COUNT(cases)), 0);
}

/* What raises when it is evaluated stays in its place; branches that are never taken may go. */
static void keeps_errors(void **state)
{
    static const plan_case cases[] = {
        {"select 1 / 0 as x from region", "Project [(1.0 / 0.0) AS x#4]\n"
                                          "+- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select cast('a' as int) as x from region where r_name = 'x'",
         "Project [cast(a as int) AS x#4]\n"
         "+- Filter (r_name#2 = x)\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select case when r_name = 'x' then 1 / 0 else 2 end as x from region",
         "Project [CASE WHEN (r_name#2 = x) THEN (1.0 / 0.0) ELSE 2.0 END AS x#4]\n"
         "+- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select case when 1 = 1 then 2 else 1 / 0 end as x from region",
         "Project [2.0 AS x#4]\n"
         "+- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select coalesce(1 / 0, 2) as x from region",
         "Project [coalesce((1.0 / 0.0), 2.0) AS x#4]\n"
         "+- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_name from region where 1 / 0 = 1 or r_name = 'x' or 2 = 3",
         "Project [r_name#2]\n"
         "+- Filter (((1.0 / 0.0) = 1.0) OR (r_name#2 = x))\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("fold", cases, WEFT_COUNT(cases)), 0);
}

WEFT_TESTS(WEFT_TEST(folds), WEFT_TEST(keeps_errors))
