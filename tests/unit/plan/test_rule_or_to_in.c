/* tests/unit/plan/test_rule_or_to_in.c - which equalities of an OR become an IN list. */
#include "tests/unit/plan/plan_fixture.h"

static const char *const rules[] = {"fold", "or_to_in"}; /* constants are literals before */

#define S "select p_name from part where "

static void gathers(void **state)
{
    static const plan_case cases[] = {
        {S "p_size = 1 or 2 = p_size or p_size = 3",
         "Project [p_name#2]\n"
         "+- Filter p_size#6 IN (1,2,3)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "p_size = 1 or p_name = 'a' or p_size = 2 or p_name = 'b' or p_size = 3 or p_name = 'c'",
         "Project [p_name#2]\n"
         "+- Filter (p_size#6 IN (1,2,3) OR p_name#2 IN (a,b,c))\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "p_size in (1, 2) or p_size = null or p_size = 2",
         "Project [p_name#2]\n"
         "+- Filter (p_size#6 IN (1,2,2) OR null)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "p_size = 1 or p_name like 'x%' or p_size = 2 or p_size = 3",
         "Project [p_name#2]\n"
         "+- Filter (p_size#6 IN (1,2,3) OR p_name#2 LIKE x%)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
    };
    (void)state;
    assert_int_equal(plan_cases_after(rules, WEFT_COUNT(rules), cases, WEFT_COUNT(cases)), 0);
}

/* Two are not worth a set; other columns, columns, and what may raise stay. */
static void leaves(void **state)
{
    static const plan_case cases[] = {
        {S "p_size = 1 or p_size = 2",
         "Project [p_name#2]\n"
         "+- Filter ((p_size#6 = 1) OR (p_size#6 = 2))\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "p_size = 1 or p_partkey = 2 or p_size <> 3",
         "Project [p_name#2]\n"
         "+- Filter ((p_size#6 = 1) OR (p_partkey#1 = 2) OR NOT (p_size#6 = 3))\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "cast(p_name as int) = 1 or cast(p_name as int) = 2 or cast(p_name as int) = 3",
         "Project [p_name#2]\n"
         "+- Filter ((cast(p_name#2 as int) = 1) OR (cast(p_name#2 as int) = 2) OR (cast(p_name#2 as int) "
         "= 3))\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
    };
    (void)state;
    assert_int_equal(plan_cases_after(rules, WEFT_COUNT(rules), cases, WEFT_COUNT(cases)), 0);
}

WEFT_TESTS(WEFT_TEST(gathers), WEFT_TEST(leaves))
