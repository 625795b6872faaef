/* tests/unit/plan/test_join_order.c - the orders of joins chosen for TPC-H, and estimates against what the
 * data of scale 1 really has. */
#include "tests/unit/plan/plan_fixture.h"

/* ---- shapes ---- */

/* The joins of a tree: (probe build), s: SEMI, a: ANTI, l: LEFT, < where the left side is built. */
static void add_shape(const weft_node *node, char *out, size_t room)
{
    const size_t used = strlen(out);
    if (node->kind == WEFT_NODE_SCAN) {
        (void)snprintf(out + used, room - used, "%s", node->scan.relation->name);
        return;
    }
    const bool join = node->kind == WEFT_NODE_JOIN, aggregate = node->kind == WEFT_NODE_AGGREGATE;
    if (join) {
        const weft_join_kind kind = node->join.kind;
        (void)snprintf(out + used, room - used, "%s%s(", node->join.build_left ? "<" : "",
                       kind == WEFT_JOIN_SEMI   ? "s"
                       : kind == WEFT_JOIN_ANTI ? "a"
                       : kind == WEFT_JOIN_LEFT ? "l"
                                                : "");
    }
    if (aggregate) (void)snprintf(out + used, room - used, "[");
    for (int32_t i = 0; i < node->input_count; i++) {
        if (i > 0) (void)snprintf(out + strlen(out), room - strlen(out), " ");
        add_shape(node->inputs[i], out, room);
    }
    if (join || aggregate) (void)snprintf(out + strlen(out), room - strlen(out), join ? ")" : "]");
}

static void tpch_orders(void **state)
{
    static const struct {
        int query;
        const char *shape;
    } cases[] = {
        {2, "((supplier (partsupp ([(partsupp (supplier (nation region)))] part))) (nation region))"},
        {3, "[(lineitem (orders customer))]"},
        {4, "[<s(orders lineitem)]"},
        {5, "[((lineitem (orders (customer (nation region)))) supplier)]"},
        {7, "[((orders (lineitem (supplier nation))) (customer nation))]"},
        {8, "[((supplier ((customer (orders (lineitem part))) (nation region))) nation)]"},
        {9, "[((orders (lineitem (partsupp part))) (supplier nation))]"},
        {10, "[(lineitem ((customer orders) nation))]"},
        {11, "([(partsupp (supplier nation))] [(partsupp (supplier nation))])"},
        {12, "[(orders lineitem)]"},
        {13, "[[l(customer [orders])]]"},
        {14, "[(part lineitem)]"},
        {16, "[[a((partsupp part) supplier)]]"},
        {17, "[(lineitem ([lineitem] part))]"},
        {18, "[(lineitem (customer s(orders [lineitem])))]"},
        {19, "[(lineitem part)]"},
        {20, "<s((supplier nation) ([lineitem] s(partsupp part)))"},
        {21, "[(orders <s(<a((lineitem (supplier nation)) lineitem) lineitem))]"},
        {22, "[<a((customer [customer]) orders)]"},
    };
    int32_t failed = 0;
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        plan_bench b;
        char shape[512] = "";
        char *text = weft_tpch_query(cases[i].query);
        plan_bench_open(&b);
        add_shape(plan_optimized(&b, text), shape, sizeof(shape));
        if (strcmp(shape, cases[i].shape) != 0) {
            print_error("q%d: %s\n", cases[i].query, shape);
            failed++;
        }
        free(text);
        weft_fixture_close(&b.f);
    }
    assert_int_equal(failed, 0);
}

/* What keeps a join in its place: conditions that may raise, outer joins that the others depend on. */
static void fixed_orders(void **state)
{
    static const plan_case cases[] = {
        {"select 1 as x from lineitem join nation on 1 / l_linenumber > n_nationkey join orders on "
         "l_orderkey = o_orderkey",
         "((lineitem nation) orders)"},
        {"select 1 as x from lineitem full join nation on l_suppkey = n_nationkey join region on n_regionkey "
         "= r_regionkey",
         "((lineitem nation) region)"},
        {"select 1 as x from nation left join supplier on n_nationkey = s_nationkey left join lineitem on "
         "s_suppkey = "
         "l_suppkey",
         "l(l(nation supplier) lineitem)"},
        {"select 1 as x from nation left join region on n_regionkey = r_regionkey join customer on "
         "n_nationkey = c_nationkey",
         "(customer l(nation region))"},
    };
    int32_t failed = 0;
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        plan_bench b;
        char shape[512] = "";
        plan_bench_open(&b);
        add_shape(plan_optimized(&b, cases[i].text), shape, sizeof(shape));
        if (strcmp(shape, cases[i].tree) != 0) {
            print_error("%s\n%s\n", cases[i].text, shape);
            failed++;
        }
        weft_fixture_close(&b.f);
    }
    assert_int_equal(failed, 0);
}

/* ---- estimates ---- */

typedef struct row_case {
    const char *text;
    double rows;   /* that the data has */
    double factor; /* by which the estimate may be off */
} row_case;

static const row_case row_cases[] = {
    {"select 1 as x from lineitem", 6001215, 1.01},
    {"select 1 as x from lineitem where l_shipdate <= date '1998-09-02'", 5916591, 1.2},
    {"select 1 as x from lineitem where l_shipdate >= date '1994-01-01' and l_shipdate < date '1995-01-01'",
     909455, 1.3},
    {"select 1 as x from lineitem where l_discount between 0.05 and 0.07", 1637557, 2},
    {"select 1 as x from lineitem where l_quantity < 24", 2758822, 1.2},
    {"select 1 as x from lineitem where l_shipmode in ('MAIL', 'SHIP')", 1715437, 1.2},
    {"select 1 as x from lineitem where l_returnflag = 'R'", 1478870, 2},
    {"select 1 as x from orders where o_orderdate < date '1995-03-15' or o_orderdate >= date '1998-01-01'",
     860928, 1.3},
    {"select 1 as x from part where p_name like '%green%'", 10664, 2},
    {"select 1 as x from part where p_brand = 'Brand#23' and p_container = 'MED BOX'", 204, 1.5},
    {"select 1 as x from part where p_size in (49, 14, 23, 45, 19, 3, 36, 9)", 31826, 1.2},
    {"select 1 as x from customer where not c_mktsegment = 'BUILDING'", 119858, 1.2},
    {"select 1 as x from orders, customer where o_custkey = c_custkey and c_mktsegment = 'BUILDING'", 303959,
     1.6},
    {"select 1 as x from lineitem, orders where l_orderkey = o_orderkey and o_orderdate >= date '1993-10-01' "
     "and o_orderdate < date '1994-01-01'",
     228772, 1.5},
    {"select 1 as x from lineitem, partsupp where l_partkey = ps_partkey and l_suppkey = ps_suppkey", 6001215,
     1.2},
    {"select 1 as x from lineitem, partsupp, part where l_partkey = ps_partkey and l_suppkey = ps_suppkey "
     "and p_partkey = ps_partkey and p_name like '%green%'",
     319404, 2},
    {"select 1 as x from customer left join orders on c_custkey = o_custkey", 1550004, 1.5},
    {"select 1 as x from supplier, nation where s_nationkey = n_nationkey and n_name = 'GERMANY'", 396, 1.3},
    {"select 1 as x from nation n1, nation n2 where (n1.n_name = 'FRANCE' and n2.n_name = 'GERMANY') or "
     "(n1.n_name = 'GERMANY' and n2.n_name = 'FRANCE')",
     2, 3},
    {"select l_orderkey from lineitem group by l_orderkey", 1500000, 1.3},
    {"select l_returnflag, l_linestatus from lineitem group by l_returnflag, l_linestatus", 4, 3},
    {"select l_orderkey from lineitem group by l_orderkey having sum(l_quantity) > 250", 6621, 10},
    {"select o_custkey from orders group by o_custkey having count(*) > 20", 22070, 3},
    {"select 1 as x from orders where o_orderkey in (select l_orderkey from lineitem where l_returnflag = "
     "'R')",
     645527, 3},
    {"select 1 as x from customer where not exists (select 1 from orders where o_custkey = c_custkey)", 50004,
     7},
};

static void rows_of_queries(void **state)
{
    int32_t failed = 0;
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(row_cases); i++) {
        plan_bench b;
        weft_estimate estimate = {0};
        plan_bench_open(&b);
        const weft_node *node = plan_optimized(&b, row_cases[i].text);
        weft_fixture_ok(&b.f, weft_estimate_node(&b.f.ctx, node, &estimate));
        const double rows = estimate.rows < 1 ? 1 : estimate.rows, real = row_cases[i].rows;
        if (rows > real * row_cases[i].factor || rows < real / row_cases[i].factor) {
            print_error("%.0f rows estimated, %.0f there are: %s\n", rows, real, row_cases[i].text);
            failed++;
        }
        weft_fixture_close(&b.f);
    }
    assert_int_equal(failed, 0);
}

WEFT_TESTS(WEFT_TEST(tpch_orders), WEFT_TEST(fixed_orders), WEFT_TEST(rows_of_queries))
