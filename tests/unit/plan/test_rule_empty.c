/* tests/unit/plan/test_rule_empty.c - which inputs have no rows, and what becomes of those that read them. */
#include "tests/unit/plan/plan_fixture.h"

static const char *const rules[] = {"decorrelate", "set_to_join", "flatten_union",
                                    "fold",        "push_filter", "empty"};

static void drops(void **state)
{
    static const plan_case cases[] = {
        {"select r_name from region where 1 = 0", "LocalRelation [r_name#2], 0 rows\n"},
        {"select n_name, count(*) from nation, region where n_regionkey = r_regionkey and null and true "
         "group by "
         "n_name "
         "order by 2",
         "LocalRelation [n_name#2, count(1)#8], 0 rows\n"},
        {"select count(*) from region limit 0", "LocalRelation [count(1)#4], 0 rows\n"},
        {"select count(*) from region where false",
         "Project [count(1)#4]\n"
         "+- Aggregate [], [count(1) AS count(1)#4]\n"
         "   +- LocalRelation [r_regionkey#1, r_name#2, r_comment#3], 0 rows\n"},
        {"select r_name, n_name from region left join (select * from nation where false) on r_regionkey = "
         "n_regionkey",
         "Project [r_name#2, n_name#5]\n"
         "+- Project [r_regionkey#1, r_name#2, r_comment#3, null AS n_nationkey#4, null AS n_name#5, null AS "
         "n_regionkey#6, null AS n_comment#7]\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_name, n_name from region full join nation on r_regionkey = n_regionkey where false",
         "LocalRelation [r_name#2, n_name#5], 0 rows\n"},
        {"select r_name from region where r_regionkey not in (select n_regionkey from nation where false)",
         "Project [r_name#2]\n"
         "+- Project [r_regionkey#1, r_name#2, r_comment#3]\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_name, r_regionkey in (select n_regionkey from nation where false) from region",
         "Project [r_name#2, exists#9 AS (r_regionkey IN (listquery()))#8]\n"
         "+- Project [r_regionkey#1, r_name#2, r_comment#3, false AS exists#9]\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"},
        {"select r_name from region union all select n_name from nation where false union all select 'a'",
         "Union\n"
         ":- Project [r_name#2]\n"
         ":  +- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "+- Project [a AS a#8]\n"
         "   +- LocalRelation [], 1 rows\n"},
        {"select r_name from region where false union all select n_name from nation",
         "Project [n_name#5 AS r_name#8]\n"
         "+- Project [n_name#5]\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {"with recursive r(n) as (select 1 union all select n + 1 from r where false) select n from r",
         "Project [n#6]\n"
         "+- Project [1#1 AS 1#6]\n"
         "   +- Project [1 AS 1#1]\n"
         "      +- LocalRelation [], 1 rows\n"},
    };
    (void)state;
    assert_int_equal(plan_cases_after(rules, WEFT_COUNT(rules), cases, WEFT_COUNT(cases)), 0);
}

/* A join tells itself what NOT IN makes of a condition that is false; conditions that may be true stay. */
static void leaves(void **state)
{
    static const plan_case cases[] = {
        {"select r_name from region full join nation on false",
         "Project [r_name#2]\n"
         "+- Join FullOuter, false\n"
         "   :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "   +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
        {"select r_name from region where r_regionkey = 1 limit 1",
         "Limit 1\n"
         "+- Project [r_name#2]\n"
         "   +- Relation [r_regionkey#1, r_name#2, r_comment#3] region, PushedFilters: [(r_regionkey#1 = "
         "1)]\n"},
        {"select r_name, max(n_name) from region, nation where r_regionkey > n_regionkey group by r_name",
         "Project [r_name#2, max(n_name)#8]\n"
         "+- Aggregate [r_name#2], [max(n_name#5) AS max(n_name)#8]\n"
         "   +- Join Inner, (r_regionkey#1 > n_regionkey#6)\n"
         "      :- Relation [r_regionkey#1, r_name#2, r_comment#3] region\n"
         "      +- Relation [n_nationkey#4, n_name#5, n_regionkey#6, n_comment#7] nation\n"},
    };
    (void)state;
    assert_int_equal(plan_cases_after(rules, WEFT_COUNT(rules), cases, WEFT_COUNT(cases)), 0);
}

WEFT_TESTS(WEFT_TEST(drops), WEFT_TEST(leaves))
