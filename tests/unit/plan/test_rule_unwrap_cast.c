/* tests/unit/plan/test_rule_unwrap_cast.c - where a widening cast may go, and where not. */
#include "tests/unit/plan/plan_fixture.h"

static const char *const rules[] = {"fold", "unwrap_cast"}; /* casts of constants are folded before */

#define S "select p_name from part where "

/* p_size is INT, p_partkey BIGINT, p_retailprice DECIMAL(15,2). */
static void unwraps(void **state)
{
    static const plan_case cases[] = {
        {S "p_size < 5L",
         "Project [p_name#2]\n"
         "+- Filter (p_size#6 < 5)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "cast(p_size as bigint) >= cast(5 as bigint)",
         "Project [p_name#2]\n"
         "+- Filter (p_size#6 >= 5)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "cast(5 as bigint) > cast(p_size as bigint)",
         "Project [p_name#2]\n"
         "+- Filter (p_size#6 < 5)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "p_retailprice < 24.555",
         "Project [p_name#2]\n"
         "+- Filter (p_retailprice#8 <= 24.55)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "p_retailprice >= 24.555",
         "Project [p_name#2]\n"
         "+- Filter (p_retailprice#8 > 24.55)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "p_retailprice > -24.555",
         "Project [p_name#2]\n"
         "+- Filter (p_retailprice#8 > -24.56)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "p_retailprice = 24.550",
         "Project [p_name#2]\n"
         "+- Filter (p_retailprice#8 = 24.55)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "p_size <= 4.5",
         "Project [p_name#2]\n"
         "+- Filter (p_size#6 <= 4)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "p_size <> 4.0",
         "Project [p_name#2]\n"
         "+- Filter NOT (p_size#6 = 4)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "cast(p_size as double) > 4.5",
         "Project [p_name#2]\n"
         "+- Filter (p_size#6 > 4)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "cast(p_size as bigint) in (cast(1 as bigint), cast(2 as bigint), null)",
         "Project [p_name#2]\n"
         "+- Filter p_size#6 IN (1,2,null)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "cast(cast(p_size as bigint) as decimal(25,2)) <=> cast(7 as decimal(25,2))",
         "Project [p_name#2]\n"
         "+- Filter (p_size#6 <=> 7)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
    };
    (void)state;
    assert_int_equal(plan_cases_after(rules, WEFT_COUNT(rules), cases, WEFT_COUNT(cases)), 0);
}

/* Not a value of the column's type; out of its range; a cast that loses values, or may raise. */
static void leaves(void **state)
{
    static const plan_case cases[] = {
        {S "p_size = 4.5",
         "Project [p_name#2]\n"
         "+- Filter (cast(cast(p_size#6 as decimal(10,0)) as decimal(11,1)) = 4.5)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "cast(p_size as bigint) < cast(5000000000 as bigint)",
         "Project [p_name#2]\n"
         "+- Filter (cast(p_size#6 as bigint) < 5000000000)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "cast(p_partkey as double) < 4.5",
         "Project [p_name#2]\n"
         "+- Filter (cast(p_partkey#1 as double) < 4.5)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "cast(p_retailprice as int) < 5",
         "Project [p_name#2]\n"
         "+- Filter (cast(p_retailprice#8 as int) < 5)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "cast(p_name as int) < 5",
         "Project [p_name#2]\n"
         "+- Filter (cast(p_name#2 as int) < 5)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "cast(p_size as bigint) in (cast(1 as bigint), cast(5000000000 as bigint))",
         "Project [p_name#2]\n"
         "+- Filter cast(p_size#6 as bigint) IN (1,5000000000)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "try_cast(p_partkey as int) < 5",
         "Project [p_name#2]\n"
         "+- Filter (try_cast(p_partkey#1 as int) < 5)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
        {S "cast(p_size as bigint) < p_partkey",
         "Project [p_name#2]\n"
         "+- Filter (cast(p_size#6 as bigint) < p_partkey#1)\n"
         "   +- Relation [p_partkey#1, p_name#2, p_mfgr#3, p_brand#4, p_type#5, p_size#6, p_container#7, "
         "p_retailprice#8, p_comment#9] part\n"},
    };
    (void)state;
    assert_int_equal(plan_cases_after(rules, WEFT_COUNT(rules), cases, WEFT_COUNT(cases)), 0);
}

WEFT_TESTS(WEFT_TEST(unwraps), WEFT_TEST(leaves))
