/* tests/unit/plan/test_analyzer.c - parsed queries to bound plans over the TPC-H schema: TPC-H itself, names
 * and types of results, shapes of trees, errors. Every bound tree passes weft_node_check. */
#include "engine/plan/analyzer.h"
#include "engine/sql/parser.h"
#include "tests/support/fixture.h"
#include "tests/support/tpch_catalog.h"

typedef struct bench {
    weft_fixture f;
    weft_tpch_catalog catalog;
    weft_ids ids;
} bench;

static void open_bench(bench *b)
{
    weft_fixture_open(&b->f);
    weft_tpch_catalog_init(&b->catalog, 1);
    b->ids.next = 1;
}

static weft_status analyze(bench *b, const char *text, const weft_node **out)
{
    weft_status st = WEFT_OK;
    const weft_node *parsed = NULL;
    weft_error_clear(&b->f.ctx);
    WEFT_TRY(st, weft_sql_parse(&b->f.ctx, text, strlen(text), &parsed));
    WEFT_TRY(st, weft_analyze(&b->f.ctx, &b->catalog.catalog, &b->ids, parsed, out));
    WEFT_TRY(st, weft_node_check(&b->f.ctx, *out));
done:
    return st;
}

static const weft_node *analyzed(bench *b, const char *text)
{
    const weft_node *node = NULL;
    const weft_status st = analyze(b, text, &node);
    if (st != WEFT_OK) print_error("in: %s\n", text);
    weft_fixture_ok(&b->f, st);
    return node;
}

/* All 22 queries bind, their trees hold, and print. */
static void tpch_binds(void **state)
{
    (void)state;
    for (int q = 1; q <= 22; q++) {
        bench b;
        char *text = weft_tpch_query(q), *tree = NULL;
        assert_non_null(text);
        open_bench(&b);
        const weft_node *node = analyzed(&b, text);
        weft_fixture_ok(&b.f, weft_node_text(&b.f.ctx, node, &tree));
        if (getenv("WEFT_TEST_SHOW") != NULL) print_message("-- q%d\n%s\n", q, tree);
        free(text);
        weft_fixture_close(&b.f);
    }
}

/* "name type, name type?": ? marks a nullable column. */
static void show_output(const weft_node *node, char *out, size_t bytes)
{
    size_t n = 0;
    out[0] = '\0';
    for (int32_t i = 0; i < node->output.count && n < bytes; i++) {
        char type[128];
        const weft_output *column = &node->output.columns[i];
        n += (size_t)snprintf(out + n, bytes - n, "%s%s %s%s", i > 0 ? ", " : "", column->name,
                              weft_type_text(column->type, type, sizeof type), column->nullable ? "?" : "");
    }
}

/* Names, types and nullability of results are Spark's. */
static void outputs(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"select 1", "1 int"},
        {"select 1 + 2, 'a', null, 1.50, true",
         "(1 + 2) int, a string, NULL void?, 1.50 decimal(3,2), true boolean"},
        {"select -1, - n_nationkey from nation", "-1 int, (- n_nationkey) bigint"},
        {"select N_NAME from nation", "N_NAME string"},
        {"select n.n_name x, n.* from nation n where n_nationkey = 1",
         "x string, n_nationkey bigint, n_name string, n_regionkey bigint, n_comment string"},
        {"select * from region, region r",
         "r_regionkey bigint, r_name string, r_comment string, r_regionkey bigint, "
         "r_name string, r_comment string"},
        {"select r_name, r_name from region", "r_name string, r_name string"},
        {"select count(*), count(r_name), sum(r_regionkey), avg(r_regionkey), min(r_name) from region",
         "count(1) bigint, count(r_name) bigint, sum(r_regionkey) bigint?, avg(r_regionkey) double?, "
         "min(r_name) string?"},
        {"select sum(l_quantity), avg(l_quantity), sum(l_extendedprice * (1 - l_discount)) from lineitem",
         "sum(l_quantity) decimal(25,2)?, avg(l_quantity) decimal(19,6)?, "
         "sum((l_extendedprice * (1 - l_discount))) decimal(38,4)?"},
        {"select extract(year from o_orderdate) from orders limit 1", "extract(year FROM o_orderdate) int"},
        {"select o_orderdate + interval '3' month, o_orderdate - interval 90 days as d from orders",
         "o_orderdate + INTERVAL '3' MONTH date, d date"},
        {"select case when r_regionkey = 1 then 1 else 2.5 end c, case when true then 1 end from region",
         "c decimal(11,1), CASE WHEN true THEN 1 END int?"},
        {"select (select max(r_name) from region) m, exists (select 1 from region) e from nation",
         "m string?, e boolean"},
        {"select a, b from values (1, 'x'), (2L, null) as t(a, b)", "a bigint, b string?"},
        {"values (1, 2.5)", "col1 int, col2 decimal(2,1)"},
        {"select * from (values (1)) t", "col1 int"},
        {"select n_name, r_name from nation left join region on n_regionkey = r_regionkey",
         "n_name string, r_name string?"},
        {"select n_name, r_name from nation full join region on n_regionkey = r_regionkey",
         "n_name string?, r_name string?"},
        {"select * from region left semi join nation on r_regionkey = n_regionkey",
         "r_regionkey bigint, r_name string, r_comment string"},
        {"select * from (select 1 k, 2 a) x join (select 1 k, 3 b) y using (k)", "k int, a int, b int"},
        {"select x.k, y.k, k from (select 1 k, 2 a) x join (select 1 k, 3 b) y using (k)",
         "k int, k int, k int"},
        {"select * from (select 1 k, 2 a) x natural full join (select 1L k, 3 b) y",
         "k bigint?, a int?, b int?"},
        {"select * from (select 1 k, 2 a) x right join (select 1 k, 3 b) y using (k)",
         "k int, a int?, b int"},
        {"select 1 a union all select null", "a int?"},
        {"select 1 a, 'x' b union select 2.5, 'y'", "a decimal(11,1), b string"},
        {"select 1 a, 2 b union all by name select 3 b, 4 a", "a int, b int"},
        {"select r_name from region intersect select n_name from nation", "r_name string"},
        {"with c as (select 1 x) select a.x, b.x y from c a, c b", "x int, y int"},
        {"with c (y) as (select 1) select * from c", "y int"},
        {"with c as (select 1 x), d as (select x + 1 x from c) select * from d, c", "x int, x int"},
        {"select t.b from (select 1, 2) as t(a, b)", "b int"},
        {"select r_name n, count(*) c from region group by n having c > 1 order by c, n",
         "n string, c bigint"},
        {"select r_regionkey % 2, count(*) from region group by 1 order by 2 desc",
         "(r_regionkey % 2) bigint, count(1) bigint"},
        {"select r_name from region order by r_regionkey", "r_name string"},
        {"select distinct r_name from region order by r_name limit 3", "r_name string"},
        {"select r_name, sum(r_regionkey) s from region group by all order by all",
         "r_name string, s bigint?"},
        {"select n_regionkey, count(*) from nation group by rollup(n_regionkey)",
         "n_regionkey bigint?, count(1) bigint"},
        {"select n_regionkey, grouping(n_regionkey) g, grouping_id() i from nation group by "
         "cube(n_regionkey, n_name)",
         "n_regionkey bigint?, g tinyint, i bigint"},
        {"select n_name, row_number() over (partition by n_regionkey order by n_name) rn from nation",
         "n_name string, rn int?"},
        {"select sum(n_nationkey) over (order by n_name), sum(n_nationkey) over w from nation window w as ()",
         "sum(n_nationkey) OVER (ORDER BY n_name ASC NULLS FIRST RANGE BETWEEN UNBOUNDED PRECEDING AND "
         "CURRENT ROW) "
         "bigint?, sum(n_nationkey) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) bigint?"},
        {"select n_regionkey, sum(count(*)) over (order by n_regionkey) s from nation group by n_regionkey",
         "n_regionkey bigint, s bigint?"},
        {"select 1 a, a + 1 b, a + b c", "a int, b int, c int"},
        {"select n_name from nation where n_regionkey in (select r_regionkey from region)", "n_name string"},
        {"select n_name from nation where (n_regionkey, n_name) in (select r_regionkey, r_name from region)",
         "n_name string"},
        {"select cast('1' as int) a, try_cast('x' as int) b, '1'::bigint c", "a int, b int?, c bigint"},
        {"select date '1994-01-01' d, timestamp '1994-01-01 00:00:00' t", "d date, t timestamp"},
        {"select if(true, 1, 2), coalesce(null, 1), nvl(null, 'x')",
         "(IF(true, 1, 2)) int, coalesce(NULL, 1) int, nvl(NULL, x) string"},
        {"select count(distinct r_name), sum(r_regionkey) filter (where r_regionkey > 1) from region",
         "count(DISTINCT r_name) bigint, sum(r_regionkey) FILTER (WHERE (r_regionkey > 1)) bigint?"},
        {"select max(n_name) from nation group by n_regionkey order by sum(n_nationkey), n_regionkey + 1",
         "max(n_name) string?"},
        {"select (select count(*) from nation where n_regionkey = r_regionkey) c from region group by "
         "r_regionkey",
         "c bigint?"},
        {"select a.x from (select 1 x) a order by a.x", "x int"},
        {"(select 1 a) order by a", "a int"},
        {"select 1 having count(*) > 0", "1 int"},
        {"table region", "r_regionkey bigint, r_name string, r_comment string"},
        {"select r.r_name from (region join nation on r_regionkey = n_regionkey) r", "r_name string"},
    };
    int wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;
        char text[2048];
        open_bench(&b);
        const weft_node *node = analyzed(&b, cases[i][0]);
        show_output(node, text, sizeof text);
        const bool same = strcmp(text, cases[i][1]) == 0;
        if (!same) print_error("in: %s\n have %s\n want %s\n", cases[i][0], text, cases[i][1]);
        wrong += same ? 0 : 1;
        weft_fixture_close(&b.f);
    }
    assert_int_equal(wrong, 0);
}

/* Wrong queries give Spark's class at the place of the culprit (column from 1). */
static void errors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        weft_status code;
        int32_t column;
        const char *says; /* in the message or the hint */
    } cases[] = {
        {"select r_nam from region", WEFT_UNRESOLVED_COLUMN, 8, "[`r_name`, "},
        {"select x.r_name from region", WEFT_UNRESOLVED_COLUMN, 8, "`x`.`r_name`"},
        {"select * from regio", WEFT_TABLE_OR_VIEW_NOT_FOUND, 15, "`region`"},
        {"select * from a.b", WEFT_NOT_FOUND, 15, "a.`b`"},
        {"select r_name from region a, region b", WEFT_AMBIGUOUS_REFERENCE, 8, "`a`.`r_name`"},
        {"select nofunc(1)", WEFT_UNRESOLVED_ROUTINE, 8, "nofunc"},
        {"select r_name, count(*) from region", WEFT_MISSING_GROUP_BY, 8, "any_value(r_name)"},
        {"select r_name, r_comment from region group by r_name", WEFT_MISSING_AGGREGATION, 16, "r_comment"},
        {"select count(*) from region where count(*) > 1", WEFT_INVALID_WHERE_CONDITION, 35, "WHERE"},
        {"select 1 from region group by count(*)", WEFT_GROUP_BY_AGGREGATE, 31, "GROUP BY"},
        {"select sum(count(*)) from region", WEFT_NESTED_AGGREGATE, 12, "sub-query"},
        {"select r_name from region group by 2", WEFT_UNRESOLVED_GROUP_BY_POSITION, 36, "[1, 1]"},
        {"select r_name from region order by 2", WEFT_UNRESOLVED_ORDER_BY_POSITION, 36, "[1, 1]"},
        {"select r_name from region where r_name", WEFT_DATATYPE_MISMATCH_FILTER, 33, "\"STRING\""},
        {"select 1 union select 1, 2", WEFT_NUM_COLUMNS_MISMATCH, 16, "2 columns"},
        {"select date '2020-01-01' union select 1", WEFT_INCOMPATIBLE_COLUMN_TYPE, 32, "1st column"},
        {"select (select 1, 2)", WEFT_SCALAR_SUBQUERY_COLUMNS, 8, "2"},
        {"select 1 in (select 1, 2)", WEFT_IN_SUBQUERY_COLUMNS, 8, "2"},
        {"select 1 limit -1", WEFT_LIMIT_NEGATIVE, 16, "negative"},
        {"select 1 limit 'a'", WEFT_INVALID_LIMIT, 16, "whole number"},
        {"select row_number() from region", WEFT_WINDOW_WITHOUT_OVER, 8, "row_number"},
        {"select row_number() over () from region", WEFT_WINDOW_NOT_ORDERED, 8, "row_number"},
        {"select sum(1) over w from region", WEFT_MISSING_WINDOW, 20, "w"},
        {"select 1 from region where rank() over (order by r_name) = 1", WEFT_WINDOW_NOT_ALLOWED, 28,
         "WHERE"},
        {"select * from region join nation using (r_name)", WEFT_UNRESOLVED_USING_COLUMN, 15, "right"},
        {"select * from (select 1) t(a, b)", WEFT_ASSIGNMENT_ARITY, 16, "expressions: 2"},
        {"with a as (select 1), a as (select 2) select 1", WEFT_DUPLICATED_CTE_NAMES, 1, "duplicate"},
        {"with recursive a as (select * from a) select 1", WEFT_RECURSION_INVALID, 36, "anchor term"},
        {"select distinct r_name from region order by r_regionkey", WEFT_UNRESOLVED_COLUMN, 45, "DISTINCT"},
        {"select grouping(r_name) from region group by r_name", WEFT_GROUPING_EXPRESSION, 8, "ROLLUP"},
        {"select (select max(n_name) from nation where n_regionkey = r_regionkey) from region group by "
         "r_name",
         WEFT_MISSING_AGGREGATION, 60, "r_regionkey"},
        {"create temp view v as select 1 a, 2 A", WEFT_COLUMN_ALREADY_EXISTS, 1, "`A`"},
        {"create temp view v (a) as select 1, 2", WEFT_VIEW_TOO_MANY, 1, "names 1"},
        {"select timestamp '1994-99-01'", WEFT_INVALID_TYPED_LITERAL, 8, "1994-99-01"},
        {"select upper(distinct 'a')", WEFT_FUNCTION_SYNTAX, 8, "DISTINCT"},
        {"select 1 + true", WEFT_DATATYPE_MISMATCH_BINARY, 8,
         "Cannot resolve \"(1 + true)\" due to data type mismatch: the left and right operands"},
        {"select 'a' * 'b'", WEFT_DATATYPE_MISMATCH_WRONG_TYPE, 8,
         "requires the input type \"NUMERIC\", not"},
        {"select date_add(date'2024-01-01', 1.5)", WEFT_DATATYPE_MISMATCH, 8,
         "The second parameter requires the (\"INT\" or \"SMALLINT\" or \"TINYINT\") type, however \"1.5\""},
        {"select max(map(1, 2))", WEFT_DATATYPE_MISMATCH_ORDERING, 8, "on type \"MAP<INT, INT>\""},
        {"select lpad()", WEFT_WRONG_NUM_ARGS, 8, "The `lpad` requires [2, 3] parameters"},
        {"select * from v", WEFT_UNRESOLVED_COLUMN, 15, "in the view `v`"},
        {"select * from w", WEFT_RECURSION_LIMIT, 15, "reads itself"},
    };
    int wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;
        const weft_node *node = NULL, *v = NULL, *w = NULL;
        char *shown = NULL;
        open_bench(&b);
        const char *v_text = "select nothing from region", *w_text = "select * from w";
        weft_fixture_ok(&b.f, weft_sql_parse(&b.f.ctx, v_text, strlen(v_text), &v));
        weft_fixture_ok(&b.f, weft_sql_parse(&b.f.ctx, w_text, strlen(w_text), &w));
        weft_tpch_catalog_add_view(&b.catalog, "v", v);
        weft_tpch_catalog_add_view(&b.catalog, "w", w);
        const weft_status st = analyze(&b, cases[i].text, &node);
        const weft_error error = b.f.ctx.error;
        const bool says = strstr(error.message, cases[i].says) != NULL ||
                          strstr(error.hint, cases[i].says) != NULL;
        if (st != cases[i].code || error.span.column != cases[i].column || !says) {
            wrong++;
            print_error("in: %s\n got %s at %d: %s\n", cases[i].text, weft_status_text(st), error.span.column,
                        error.message);
        }
        assert_int_equal(st, cases[i].code);
        assert_int_equal(error.span.column, cases[i].column);
        assert_true(says);
        weft_fixture_ok(&b.f,
                        weft_sql_error_text(&b.f.ctx, &error, cases[i].text, strlen(cases[i].text), &shown));
        weft_fixture_close(&b.f);
    }
    assert_int_equal(wrong, 0);
}

/* The one node of this kind below root (not in subqueries), or NULL. */
static const weft_node *find_kind(const weft_node *root, weft_node_kind kind)
{
    if (root->kind == kind) return root;
    for (int32_t i = 0; i < root->input_count; i++) {
        const weft_node *found = find_kind(root->inputs[i], kind);
        if (found != NULL) return found;
    }
    return NULL;
}

/* A CTE and a view that are read twice are one node; ids do not collide. */
static void shared_nodes(void **state)
{
    (void)state;
    bench b;
    const weft_node *view = NULL;
    open_bench(&b);
    const weft_node *join = find_kind(
        analyzed(&b, "with c as (select max(r_name) m from region) select * from c a join c b on a.m = b.m"),
        WEFT_NODE_JOIN);
    assert_ptr_equal(join->inputs[1]->inputs[0], join->inputs[0]);
    assert_int_equal(join->inputs[1]->kind, WEFT_NODE_PROJECT);
    assert_int_equal(join->join.key_count, 1);
    const char *text = "select r_regionkey + 1 k from region";
    weft_fixture_ok(&b.f, weft_sql_parse(&b.f.ctx, text, strlen(text), &view));
    weft_tpch_catalog_add_view(&b.catalog, "v", view);
    join = find_kind(analyzed(&b, "select * from v a join v b on a.k = b.k"), WEFT_NODE_JOIN);
    assert_ptr_equal(join->inputs[1]->inputs[0], join->inputs[0]);
    weft_fixture_close(&b.f);
}

/* ON: equalities across are keys, in either order; all else is a condition. WHERE is split into conjuncts. */
static void join_keys(void **state)
{
    (void)state;
    bench b;
    open_bench(&b);
    const weft_node *root = analyzed(
        &b,
        "select 1 from nation n left join region r on r_regionkey = n_regionkey and n_name <=> r_name and "
        "n_nationkey > 3 and n_nationkey < r_regionkey and r_name = 'x' where n_name = 'a' and (r_name = 'b' "
        "or "
        "r_name is null) and n_nationkey between 1 and 2");
    const weft_node *join = find_kind(root, WEFT_NODE_JOIN), *filter = find_kind(root, WEFT_NODE_FILTER);
    assert_int_equal(join->join.key_count, 2);
    assert_int_equal(join->join.condition_count, 3);
    assert_non_null(join->join.null_equal);
    assert_false(join->join.null_equal[0]);
    assert_true(join->join.null_equal[1]);
    assert_int_equal(join->join.left_keys[0]->column.id, join->inputs[0]->output.columns[2].id);
    assert_int_equal(filter->filter.count, 4);
    weft_fixture_close(&b.f);
}

/* Sort keys beside the select list are projected and dropped again; those in it are not. */
static void hidden_sort_keys(void **state)
{
    (void)state;
    bench b;
    open_bench(&b);
    const weft_node *root = analyzed(&b, "select r_name n from region order by r_regionkey, n");
    assert_int_equal(root->kind, WEFT_NODE_PROJECT);
    assert_int_equal(root->inputs[0]->kind, WEFT_NODE_SORT);
    assert_int_equal(root->inputs[0]->output.count, 2);
    root = analyzed(&b, "select upper(r_name) n from region order by upper(r_name) desc, n");
    assert_int_equal(root->kind, WEFT_NODE_SORT);
    root = analyzed(&b, "select distinct r_name from region order by r_name");
    assert_int_equal(root->kind, WEFT_NODE_SORT);
    assert_int_equal(root->inputs[0]->kind, WEFT_NODE_AGGREGATE);
    weft_fixture_close(&b.f);
}

/* Equal aggregates and equal window calls are computed once; windows of one specification share a node. */
static void shared_calls(void **state)
{
    (void)state;
    bench b;
    open_bench(&b);
    const weft_node *aggregate = find_kind(
        analyzed(&b, "select sum(r_regionkey), sum(r_regionkey) + 1, avg(r_regionkey) from region having "
                     "sum(r_regionkey) > 1 order by avg(r_regionkey)"),
        WEFT_NODE_AGGREGATE);
    assert_int_equal(aggregate->aggregate.aggregate_count, 2);
    const weft_node *window = find_kind(
        analyzed(&b,
                 "select rank() over (order by r_name), rank() over (order by r_name) + 1, max(r_name) over "
                 "(order by r_name), sum(r_regionkey) over (partition by r_name) from region"),
        WEFT_NODE_WINDOW);
    assert_int_equal(window->window.count, 1);
    assert_int_equal(window->inputs[0]->window.count, 2);
    weft_fixture_close(&b.f);
}

/* Grouping sets: one projection a set, the set's number beside the groups. */
static void grouping_sets(void **state)
{
    (void)state;
    bench b;
    open_bench(&b);
    const weft_node *root = analyzed(&b, "select n_regionkey, n_name, grouping_id(), count(*) from "
                                         "nation group by n_regionkey, rollup(n_name, n_comment)");
    const weft_node *expand = find_kind(root, WEFT_NODE_EXPAND);
    assert_int_equal(expand->expand.projection_count, 3);
    assert_int_equal(expand->output.count, 4 + 3 + 1);
    const weft_expr *number = expand->expand.projections[2][7];
    assert_int_equal(number->kind, WEFT_EXPR_LITERAL);
    assert_int_equal(number->literal.i64, 3);
    expand = find_kind(analyzed(&b, "select count(*) from nation group by grouping sets (n_name, n_name)"),
                       WEFT_NODE_EXPAND);
    assert_int_equal(expand->output.count, 4 + 1 + 2);
    weft_fixture_close(&b.f);
}

/* Queries that double at each step end in an error soon. */
static void doubling(void **state)
{
    (void)state;
    bench b;
    static char text[1 << 16];
    const weft_node *node = NULL;
    size_t n = 0;
    open_bench(&b);
    n += (size_t)snprintf(text, sizeof text, "select 1 a0");
    for (int i = 1; i < 60; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, ", a%d + a%d a%d", i - 1, i - 1, i);
    assert_int_equal(analyze(&b, text, &node), WEFT_LIMIT);
    n = (size_t)snprintf(text, sizeof text, "with c0 as (select 1 x)");
    for (int i = 1; i < 60; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, ", c%d as (select a.x from c%d a, c%d b)", i, i - 1,
                              i - 1);
    }
    snprintf(text + n, sizeof text - n, " select * from c59");
    assert_int_equal(analyze(&b, text, &node), WEFT_LIMIT);
    n = (size_t)snprintf(text, sizeof text, "select a");
    for (int i = 1; i < 60; i++) n += (size_t)snprintf(text + n, sizeof text - n, " between 1 and 2");
    assert_int_equal(analyze(&b, text, &node), WEFT_NESTING_TOO_DEEP);
    weft_fixture_close(&b.f);
}

WEFT_TESTS(WEFT_TEST(tpch_binds), WEFT_TEST(outputs), WEFT_TEST(errors), WEFT_TEST(shared_nodes),
           WEFT_TEST(join_keys), WEFT_TEST(hidden_sort_keys), WEFT_TEST(shared_calls),
           WEFT_TEST(grouping_sets), WEFT_TEST(doubling))
