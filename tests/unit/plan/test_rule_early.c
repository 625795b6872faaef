/* tests/unit/plan/test_rule_early.c - aggregates computed before a join, and where they must not be. */
#include "tests/unit/plan/plan_fixture.h"

#define FROM "from customer left join orders on c_custkey = o_custkey "

static void before_the_join(void **state)
{
    static const plan_case cases[] = {
        {"select c_custkey, count(o_orderkey) as c " FROM "group by c_custkey",
         "Project [c_custkey#1, count(o_orderkey)#18 AS c#19]\n"
         "+- Project [c_custkey#1, coalesce(count(o_orderkey)#21, 0) AS count(o_orderkey)#18]\n"
         "   +- Aggregate [c_custkey#1], [sum(part#20) AS count(o_orderkey)#21]\n"
         "      +- Join LeftOuter, (c_custkey#1 = o_custkey#10)\n"
         "         :- Relation [c_custkey#1, c_name#2, c_address#3, c_nationkey#4, c_phone#5, "
         "c_acctbal#6, c_mktsegment#7, c_comment#8] customer\n"
         "         +- Aggregate [o_custkey#10], [count(o_orderkey#9) AS part#20]\n"
         "            +- Relation [o_orderkey#9, o_custkey#10, o_orderstatus#11, o_totalprice#12, "
         "o_orderdate#13, o_orderpriority#14, o_clerk#15, o_shippriority#16, o_comment#17] orders\n"},
        {"select c_nationkey, count(*) as c, max(o_totalprice) as m " FROM "group by c_nationkey",
         "Project [c_nationkey#4, count(1)#18 AS c#20, max(o_totalprice)#19 AS m#21]\n"
         "+- Project [c_nationkey#4, coalesce(count(1)#23, 0) AS count(1)#18, max(o_totalprice)#25 AS "
         "max(o_totalprice)#19]\n"
         "   +- Aggregate [c_nationkey#4], [sum(coalesce(part#22, 1)) AS count(1)#23, max(part#24) AS "
         "max(o_totalprice)#25]\n"
         "      +- Join LeftOuter, (c_custkey#1 = o_custkey#10)\n"
         "         :- Relation [c_custkey#1, c_name#2, c_address#3, c_nationkey#4, c_phone#5, "
         "c_acctbal#6, c_mktsegment#7, c_comment#8] customer\n"
         "         +- Aggregate [o_custkey#10], [count(1) AS part#22, max(o_totalprice#12) AS part#24]\n"
         "            +- Relation [o_orderkey#9, o_custkey#10, o_orderstatus#11, o_totalprice#12, "
         "o_orderdate#13, o_orderpriority#14, o_clerk#15, o_shippriority#16, o_comment#17] orders\n"},
        {"select o_custkey, min(o_orderdate) as c from orders join customer on o_custkey = c_custkey group "
         "by o_custkey",
         "Project [o_custkey#2, min(o_orderdate)#18 AS c#19]\n"
         "+- Project [o_custkey#2, min(o_orderdate)#21 AS min(o_orderdate)#18]\n"
         "   +- Aggregate [o_custkey#2], [min(part#20) AS min(o_orderdate)#21]\n"
         "      +- Join Inner, (o_custkey#2 = c_custkey#10)\n"
         "         :- Aggregate [o_custkey#2], [min(o_orderdate#5) AS part#20]\n"
         "         :  +- Relation [o_orderkey#1, o_custkey#2, o_orderstatus#3, o_totalprice#4, "
         "o_orderdate#5, o_orderpriority#6, o_clerk#7, o_shippriority#8, o_comment#9] orders\n"
         "         +- Relation [c_custkey#10, c_name#11, c_address#12, c_nationkey#13, c_phone#14, "
         "c_acctbal#15, c_mktsegment#16, c_comment#17] customer\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("early_aggregate", cases, WEFT_COUNT(cases)), 0);
}

/* Groups or arguments of both sides, DISTINCT, sums whose type would change, what may raise on rows without
 * partner, few rows a key, conditions on padded rows. */
static void left_alone(void **state)
{
    static const plan_case cases[] = {
        {"select o_orderstatus, count(o_orderkey) as c " FROM "group by o_orderstatus",
         "Project [o_orderstatus#11, count(o_orderkey)#18 AS c#19]\n"
         "+- Aggregate [o_orderstatus#11], [count(o_orderkey#9) AS count(o_orderkey)#18]\n"
         "   +- Join LeftOuter, (c_custkey#1 = o_custkey#10)\n"
         "      :- Relation [c_custkey#1, c_name#2, c_address#3, c_nationkey#4, c_phone#5, c_acctbal#6, "
         "c_mktsegment#7, c_comment#8] customer\n"
         "      +- Relation [o_orderkey#9, o_custkey#10, o_orderstatus#11, o_totalprice#12, "
         "o_orderdate#13, o_orderpriority#14, o_clerk#15, o_shippriority#16, o_comment#17] orders\n"},
        {"select c_custkey, count(o_orderkey) as c, max(c_name) as m " FROM "group by c_custkey",
         "Project [c_custkey#1, count(o_orderkey)#18 AS c#20, max(c_name)#19 AS m#21]\n"
         "+- Aggregate [c_custkey#1], [count(o_orderkey#9) AS count(o_orderkey)#18, max(c_name#2) AS "
         "max(c_name)#19]\n"
         "   +- Join LeftOuter, (c_custkey#1 = o_custkey#10)\n"
         "      :- Relation [c_custkey#1, c_name#2, c_address#3, c_nationkey#4, c_phone#5, c_acctbal#6, "
         "c_mktsegment#7, c_comment#8] customer\n"
         "      +- Relation [o_orderkey#9, o_custkey#10, o_orderstatus#11, o_totalprice#12, "
         "o_orderdate#13, o_orderpriority#14, o_clerk#15, o_shippriority#16, o_comment#17] orders\n"},
        {"select c_custkey, count(distinct o_orderkey) as c " FROM "group by c_custkey",
         "Project [c_custkey#1, count(DISTINCT o_orderkey)#18 AS c#19]\n"
         "+- Aggregate [c_custkey#1], [count(distinct o_orderkey#9) AS count(DISTINCT o_orderkey)#18]\n"
         "   +- Join LeftOuter, (c_custkey#1 = o_custkey#10)\n"
         "      :- Relation [c_custkey#1, c_name#2, c_address#3, c_nationkey#4, c_phone#5, c_acctbal#6, "
         "c_mktsegment#7, c_comment#8] customer\n"
         "      +- Relation [o_orderkey#9, o_custkey#10, o_orderstatus#11, o_totalprice#12, "
         "o_orderdate#13, o_orderpriority#14, o_clerk#15, o_shippriority#16, o_comment#17] orders\n"},
        {"select c_custkey, sum(o_totalprice) as c " FROM "group by c_custkey",
         "Project [c_custkey#1, sum(o_totalprice)#18 AS c#19]\n"
         "+- Aggregate [c_custkey#1], [sum(o_totalprice#12) AS sum(o_totalprice)#18]\n"
         "   +- Join LeftOuter, (c_custkey#1 = o_custkey#10)\n"
         "      :- Relation [c_custkey#1, c_name#2, c_address#3, c_nationkey#4, c_phone#5, c_acctbal#6, "
         "c_mktsegment#7, c_comment#8] customer\n"
         "      +- Relation [o_orderkey#9, o_custkey#10, o_orderstatus#11, o_totalprice#12, "
         "o_orderdate#13, o_orderpriority#14, o_clerk#15, o_shippriority#16, o_comment#17] orders\n"},
        {"select c_custkey, max(1 / o_orderkey) as c " FROM "group by c_custkey",
         "Project [c_custkey#1, max((1 / o_orderkey))#18 AS c#19]\n"
         "+- Aggregate [c_custkey#1], [max((cast(1 as double) / cast(o_orderkey#9 as double))) AS max((1 "
         "/ o_orderkey))#18]\n"
         "   +- Join LeftOuter, (c_custkey#1 = o_custkey#10)\n"
         "      :- Relation [c_custkey#1, c_name#2, c_address#3, c_nationkey#4, c_phone#5, c_acctbal#6, "
         "c_mktsegment#7, c_comment#8] customer\n"
         "      +- Relation [o_orderkey#9, o_custkey#10, o_orderstatus#11, o_totalprice#12, "
         "o_orderdate#13, o_orderpriority#14, o_clerk#15, o_shippriority#16, o_comment#17] orders\n"},
        {"select c_custkey, count(*) filter (where o_orderkey is null) as c " FROM "group by c_custkey",
         "Project [c_custkey#1, count(1) FILTER (WHERE (o_orderkey IS NULL))#18 AS c#19]\n"
         "+- Aggregate [c_custkey#1], [count(1) FILTER (WHERE isnull(o_orderkey#9)) AS count(1) FILTER "
         "(WHERE (o_orderkey IS NULL))#18]\n"
         "   +- Join LeftOuter, (c_custkey#1 = o_custkey#10)\n"
         "      :- Relation [c_custkey#1, c_name#2, c_address#3, c_nationkey#4, c_phone#5, c_acctbal#6, "
         "c_mktsegment#7, c_comment#8] customer\n"
         "      +- Relation [o_orderkey#9, o_custkey#10, o_orderstatus#11, o_totalprice#12, "
         "o_orderdate#13, o_orderpriority#14, o_clerk#15, o_shippriority#16, o_comment#17] orders\n"},
        {"select o_orderkey, count(c_name) as c from orders join customer on o_custkey = c_custkey group by "
         "o_orderkey",
         "Project [o_orderkey#1, count(c_name)#18 AS c#19]\n"
         "+- Aggregate [o_orderkey#1], [count(c_name#11) AS count(c_name)#18]\n"
         "   +- Join Inner, (o_custkey#2 = c_custkey#10)\n"
         "      :- Relation [o_orderkey#1, o_custkey#2, o_orderstatus#3, o_totalprice#4, o_orderdate#5, "
         "o_orderpriority#6, o_clerk#7, o_shippriority#8, o_comment#9] orders\n"
         "      +- Relation [c_custkey#10, c_name#11, c_address#12, c_nationkey#13, c_phone#14, "
         "c_acctbal#15, c_mktsegment#16, c_comment#17] customer\n"},
    };
    (void)state;
    assert_int_equal(plan_cases("early_aggregate", cases, WEFT_COUNT(cases)), 0);
}

WEFT_TESTS(WEFT_TEST(before_the_join), WEFT_TEST(left_alone))
