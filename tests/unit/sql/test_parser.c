/* tests/unit/sql/test_parser.c - texts to parsed plans: shapes, literals, precedence, errors, limits. */
#include "engine/sql/parser.h"
#include "tests/support/fixture.h"

static weft_status parse(weft_fixture *f, const char *text, const weft_node **out)
{
    weft_error_clear(&f->ctx);
    return weft_sql_parse(&f->ctx, text, strlen(text), out);
}

static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    char *text = calloc(1, 1 << 16);
    *len = fread(text, 1, (1 << 16) - 1, file);
    fclose(file);
    return text;
}

/* All 22 TPC-H queries parse. */
static void tpch_parses(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    for (int q = 1; q <= 22; q++) {
        char path[512];
        size_t len = 0;
        const weft_node *node = NULL;
        snprintf(path, sizeof path, "%s/tests/support/tpch/queries/q%02d.sql", weft_test_source_dir(), q);
        char *text = read_file(path, &len);
        assert_non_null(text);
        weft_fixture_ok(&f, weft_sql_parse(&f.ctx, text, len, &node));
        free(text);
    }
    weft_fixture_close(&f);
}

/* The expression of `SELECT e` without its alias. */
static const weft_expr *expr_of(weft_fixture *f, const char *e)
{
    const weft_node *node = NULL;
    char text[1024];
    snprintf(text, sizeof text, "SELECT %s", e);
    weft_fixture_ok(f, parse(f, text, &node));
    assert_int_equal(node->kind, WEFT_NODE_SELECT);
    return node->select.items[0];
}

/* A parsed expression in prefix form, for comparison. */
static void show(const weft_expr *e, char *out, size_t bytes)
{
    const char *head = "?";
    char number[64];
    switch ((int)e->kind) {
    case WEFT_EXPR_LITERAL:
        if (e->literal.type.id == WEFT_TYPE_STRING) {
            snprintf(number, sizeof number, "'%.*s'", (int)e->literal.str.len,
                     weft_str_data(&e->literal.str));
        } else if (e->literal.type.id == WEFT_TYPE_DECIMAL) {
            snprintf(number, sizeof number, "%llud%d.%d", (unsigned long long)e->literal.i128,
                     e->type.precision, e->type.scale);
        } else if (e->literal.type.id == WEFT_TYPE_DOUBLE) {
            snprintf(number, sizeof number, "%g", e->literal.f64);
        } else if (e->literal.type.id == WEFT_TYPE_BOOLEAN) {
            snprintf(number, sizeof number, "%s", e->literal.boolean ? "true" : "false");
        } else {
            snprintf(number, sizeof number, e->literal.is_null ? "null" : "%lld", (long long)e->literal.i64);
        }
        snprintf(out, bytes, "%s", number);
        return;
    case WEFT_EXPR_UNRESOLVED_COLUMN:
        *out = '\0';
        for (int32_t i = 0; i < e->name.part_count; i++) {
            const size_t n = strlen(out);
            snprintf(out + n, bytes - n, "%s%s", i > 0 ? "." : "", e->name.parts[i]);
        }
        return;
    case WEFT_EXPR_STAR: snprintf(out, bytes, "*"); return;
    case WEFT_EXPR_UNRESOLVED_CALL: head = e->unresolved.name; break;
    case WEFT_EXPR_AND: head = "AND"; break;
    case WEFT_EXPR_OR: head = "OR"; break;
    case WEFT_EXPR_NOT: head = "NOT"; break;
    case WEFT_EXPR_IN: head = "IN"; break;
    case WEFT_EXPR_IS_NULL: head = "ISNULL"; break;
    case WEFT_EXPR_IS_NOT_NULL: head = "ISNOTNULL"; break;
    case WEFT_EXPR_CASE: head = "CASE"; break;
    case WEFT_EXPR_CAST: head = e->cast.try_ ? "TRY_CAST" : "CAST"; break;
    case WEFT_EXPR_ALIAS: head = e->alias.name; break;
    case WEFT_EXPR_SUBQUERY: head = "SUBQUERY"; break;
    case WEFT_EXPR_WINDOW: head = "WINDOW"; break;
    case WEFT_EXPR_INTERVAL: head = e->interval.unit; break;
    default: break;
    }
    snprintf(out, bytes, "(%s", head);
    for (int32_t i = 0; i < e->arg_count; i++) {
        size_t n = strlen(out);
        snprintf(out + n, bytes - n, " ");
        n++;
        show(e->args[i], out + n, bytes - n);
    }
    const size_t n = strlen(out);
    snprintf(out + n, bytes - n, ")");
}

/* Precedence, forms and literals come out as Spark reads them. */
static void expressions(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"1 + 2 * 3", "(+ 1 (* 2 3))"},
        {"1 - 2 - 3", "(- (- 1 2) 3)"},
        {"a or b and not c = d", "(OR a (AND b (NOT (= c d))))"},
        {"a and b and c", "(AND a b c)"},
        {"-1", "-1"},
        {"- a", "((unary_minus) a)"},
        {"2 - -1", "(- 2 -1)"},
        {"2-1", "(- 2 1)"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"9223372036854775808", "9223372036854775808d19.0"},
        {"a = b is null", "(ISNULL (= a b))"},
        {"a between 1 and 2 and b", "(AND (AND (>= a 1) (<= a 2)) b)"},
        {"a not between 1 and 2", "(NOT (AND (>= a 1) (<= a 2)))"},
        {"a not in (1, 2)", "(NOT (IN a 1 2))"},
        {"(a, b) in ((1, 2), (3, 4))", "(OR (AND (= a 1) (= b 2)) (AND (= a 3) (= b 4)))"},
        {"a in (select 1)", "(SUBQUERY a)"},
        {"exists (select 1)", "(SUBQUERY)"},
        {"((select 1) + 1)", "(+ (SUBQUERY) 1)"},
        {"((select 1) > 0 or a)", "(OR (> (SUBQUERY) 0) a)"},
        {"((select 1) union (select 2))", "(SUBQUERY)"},
        {"(((select 1)))", "(SUBQUERY)"},
        {"a in ((select 1), 2)", "(IN a (SUBQUERY) 2)"},
        {"a in ((select 1))", "(SUBQUERY a)"},
        {"a like 'x%' escape '!'", "(like a 'x%' '!')"},
        {"a not like 'x'", "(NOT (like a 'x'))"},
        {"a like any ('x', 'y')", "(OR (like a 'x') (like a 'y'))"},
        {"a not like all ('x', 'y')", "(AND (NOT (like a 'x')) (NOT (like a 'y')))"},
        {"a is not distinct from b", "(<=> a b)"},
        {"a is distinct from b", "(NOT (<=> a b))"},
        {"a is not true", "(NOT (<=> a true))"},
        {"a <> b", "(<> a b)"},
        {"case a when 1 then 2 else 3 end", "(CASE (= a 1) 2 3)"},
        {"case when a then 2 end", "(CASE a 2)"},
        {"0.05", "5d2.2"},
        {"1.50", "150d3.2"},
        {"00.5", "5d1.1"},
        {".5", "5d1.1"},
        {"5.", "5d1.0"},
        {"1e3", "1000"},
        {"1.5e3", "1500"},
        {"1.5BD", "15d2.1"},
        {"12L", "12"},
        {"1.5D", "1.5"},
        {"'it''s'", "'it's'"},
        {"'a\\tb\\%'", "'a\tb\\%'"},
        {"r'a\\tb'", "'a\\tb'"},
        {"'a' 'b' \"c\"", "'abc'"},
        {"'\\u0041\\101'", "'AA'"},
        {"date '1970-01-02'", "1"},
        {"interval '90' day", "7776000000000"},
        {"interval '90' day (3)", "7776000000000"},
        {"interval 90 days", "7776000000000"},
        {"interval '1-2' year to month", "14"},
        {"interval 1 year 2 months", "14"},
        {"interval '1 02:03:04.5' day to second", "93784500000"},
        {"interval '-1' day", "-86400000000"},
        {"interval '1 day 2 hours'", "93600000000"},
        {"interval (a + 1) day", "(DAY (+ a 1))"},
        {"interval", "interval"},
        {"extract(year from d)", "(extract 'year' d)"},
        {"substring(a from 1 for 2)", "(substring a 1 2)"},
        {"trim(both 'x' from a)", "((trim_both) a 'x')"},
        {"trim(a)", "(trim a)"},
        {"position('a' in b)", "(locate 'a' b)"},
        {"cast(a as decimal(12, 2))", "(CAST a)"},
        {"a::int + 1", "(+ (CAST a) 1)"},
        {"try_cast('x' as array<array<int>>)", "(TRY_CAST 'x')"},
        {"count(*)", "(count *)"},
        {"count(distinct a)", "(count a)"},
        {"`a b`.`c``d`", "a b.c`d"},
        {"t.select", "t.select"},
        {"date", "date"},
        {"left(a, 1)", "(left a 1)"},
        {"if(a, 1, 2)", "(if a 1 2)"},
        {"current_date", "current_date"},
        {"a || b || 'c'", "(|| (|| a b) 'c')"},
        {"sum(a) over (partition by b order by c)", "(WINDOW (sum a))"},
        {"sum(a) over w", "(WINDOW (sum a) w)"},
        {"a /* x /* y */ z */ + -- end\n b", "(+ a b)"},
        {"a div b % c", "(% (div a b) c)"},
        {"a b", "(b a)"},
        {"a as `from`", "(from a)"},
        {"1a", "1a"},
        {"not not a", "(NOT (NOT a))"},
        {"!a", "(NOT a)"},
        {"null", "null"},
        {"year(d)", "(year d)"},
    };
    weft_fixture f;
    weft_fixture_open(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1024];
        show(expr_of(&f, cases[i][0]), text, sizeof text);
        if (strcmp(text, cases[i][1]) != 0) print_error("in: %s\n", cases[i][0]);
        assert_string_equal(text, cases[i][1]);
    }
    weft_fixture_close(&f);
}

/* Statements that must parse. */
static void statements(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "select 1;",
        ";;select 1;;",
        "select distinct a, b.* from b where c group by all having d order by all limit 1 offset 2",
        "select * from a, b join c on a.x = c.x left outer join d using (x, y) natural full join e",
        "select * from a left semi join b on a.x = b.x left anti join c on a.x = c.x cross join d",
        "select * from (a join b on true) t",
        "select * from ((select 1) union all (select 2)) t",
        "select * from ((select 1) a join (select 2) b)",
        "select 1 union select 2 union all select 3 intersect select 4 except select 5 minus select 6 order "
        "by 1",
        "(select 1 limit 2) union all (select 2 order by 1)",
        "with a as (select 1), b (x, y) as (with c as (select 1) select * from c) select * from a, b",
        "values (1, 'a'), (2, 'b')",
        "select * from values (1), (2) as t(a) where a > 1",
        "select * from (values (1, 2)) t",
        "table t",
        "select * from parquet.`/data/x`",
        "select a, sum(b) from t group by a, rollup(b, (c, d)), cube(e), grouping sets ((a), (b, c), ())",
        "select a from t group by a, b with rollup",
        "select a from t group by a, b grouping sets ((a, b), a)",
        "select sum(a) filter (where b > 1), first(a) ignore nulls, count(distinct a, b) from t",
        "select rank() over (partition by a order by b desc nulls last rows between 1 preceding and "
        "unbounded following)",
        "select sum(a) over w, sum(b) over (w) from t window w as (order by a), v as ()",
        "explain select 1",
        "explain formatted select 1",
        "explain analyze with a as (select 1) select * from a",
        "create temp view v as select 1",
        "create or replace temporary view v (a, b comment 'x') as select 1, 2",
        "create temporary view v using parquet options (path '/x', mergeSchema true, a.b = 1)",
        "create view revenue0 (supplier_no, total_revenue) as select 1, 2",
        "drop view if exists v",
        "insert overwrite directory '/x' using parquet select 1",
        "insert overwrite local directory using parquet options ('path' '/x', 'compression' = 'zstd') select "
        "1",
        "create table if not exists t using parquet location '/x' as select 1",
        "create table t as select 1",
        "set",
        "set -v",
        "set a.b = hdfs://x:1/y",
        "set time zone 'UTC'",
        "reset a.b",
        "show tables",
        "show tables in default like 'a*'",
        "show functions like 'a*'",
        "show columns in t",
        "describe t",
        "describe table extended t",
        "desc select 1",
        "describe function sum",
        "select /*+ BROADCAST(t) */ a from t",
        "select date, timestamp, year, month, day, type, set, values from t order by date",
        "select a from t offset 1",
        "select count(*) from t having count(*) > 1",
        "select t.* from t as t",
        "select (select max(a) from t) + 1 from t where (select 1) = 1",
        "select case when a = 1 then 'x' else case when b then 'y' end end c from t",
    };
    weft_fixture f;
    weft_fixture_open(&f);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const weft_node *node = NULL;
        char *text = NULL;
        if (parse(&f, texts[i], &node) != WEFT_OK) print_error("in: %s\n", texts[i]);
        weft_fixture_ok(&f, f.ctx.error.code);
        weft_fixture_ok(&f, weft_node_text(&f.ctx, node, &text));
    }
    weft_fixture_close(&f);
}

/* Wrong texts give the right class at the right place. */
static void errors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        weft_status code;
        int32_t line, column;
    } cases[] = {
        {"", WEFT_PARSE_EMPTY_STATEMENT, 0, 0},
        {"  -- only a comment\n;", WEFT_PARSE_EMPTY_STATEMENT, 0, 0},
        {"selec 1", WEFT_PARSE_SYNTAX_ERROR, 1, 1},
        {"select 1\nfrom t join", WEFT_PARSE_SYNTAX_ERROR, 2, 12},
        {"select (1", WEFT_PARSE_SYNTAX_ERROR, 1, 10},
        {"select 1 + from (t", WEFT_PARSE_SYNTAX_ERROR, 1, 12},
        {"select a from t where a =", WEFT_PARSE_SYNTAX_ERROR, 1, 26},
        {"select 'é' x y", WEFT_PARSE_SYNTAX_ERROR, 1, 14},
        {"select 'abc", WEFT_PARSE_SYNTAX_ERROR, 1, 8},
        {"select `abc", WEFT_PARSE_SYNTAX_ERROR, 1, 8},
        {"select 1 /* a /* b */", WEFT_UNCLOSED_BRACKETED_COMMENT, 1, 10},
        {"select date '1994-13-01'", WEFT_INVALID_TYPED_LITERAL, 1, 8},
        {"select interval 'x' day", WEFT_INTERVAL_LETTERS, 1, 8},
        {"select interval 1 year 2 days", WEFT_INTERVAL_MIXED, 1, 8},
        {"select cast(1 as foo)", WEFT_UNSUPPORTED_DATATYPE, 1, 18},
        {"select cast(1 as decimal(39, 1))", WEFT_DECIMAL_PRECISION, 1, 18},
        {"select 1234567890123456789012345678901234567890", WEFT_DECIMAL_PRECISION, 1, 8},
        {"select 128Y", WEFT_INVALID_NUMERIC_LITERAL_RANGE, 1, 8},
        {"select 1e400", WEFT_INVALID_NUMERIC_LITERAL_RANGE, 1, 8},
        {"values (1, 2), (3)", WEFT_INLINE_TABLE_COLUMNS, 1, 17},
        {"select * from t tablesample (200 percent)", WEFT_INVALID_SAMPLE, 1, 17},
        {"from t |> nosuch", WEFT_PARSE_SYNTAX_ERROR, 1, 11},
        {"select * from t lateral view explode(a) over () x", WEFT_UNSUPPORTED, 1, 30},
        {"select 1 select 2", WEFT_PARSE_SYNTAX_ERROR, 1, 10},
        {"select 1; select 2", WEFT_PARSE_SYNTAX_ERROR, 1, 11},
        {"select \x01", WEFT_PARSE_SYNTAX_ERROR, 1, 8},
        {"select '\xff'", WEFT_PARSE_SYNTAX_ERROR, 0, 0},
    };
    weft_fixture f;
    weft_fixture_open(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const weft_node *node = NULL;
        char *shown = NULL;
        const weft_status st = parse(&f, cases[i].text, &node);
        const weft_error error = f.ctx.error;
        if (st != cases[i].code || error.span.line != cases[i].line || error.span.column != cases[i].column) {
            print_error("in: %s\n got %s at %d:%d %s\n", cases[i].text, weft_status_text(st), error.span.line,
                        error.span.column, error.message);
        }
        assert_int_equal(st, cases[i].code);
        assert_int_equal(error.code, cases[i].code);
        assert_int_equal(error.span.line, cases[i].line);
        assert_int_equal(error.span.column, cases[i].column);
        assert_int_equal(weft_sql_error_text(&f.ctx, &error, cases[i].text, strlen(cases[i].text), &shown),
                         WEFT_OK);
    }
    weft_fixture_close(&f);
}

static void error_text_points(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const char *text = "SELECT a,\n\t`é` + foo bar baz\nFROM t";
    const weft_node *node = NULL;
    char *shown = NULL;
    assert_int_equal(parse(&f, text, &node), WEFT_PARSE_SYNTAX_ERROR);
    const weft_error error = f.ctx.error;
    weft_fixture_ok(&f, weft_sql_error_text(&f.ctx, &error, text, strlen(text), &shown));
    assert_string_equal(
        shown, "[PARSE_SYNTAX_ERROR] Syntax error at or near 'baz'. SQLSTATE: 42601 (line 2, pos 15)\n\n"
               "== SQL (line 2, position 16) ==\n"
               "\t`é` + foo bar baz\n"
               "\t              ^^^");
    weft_fixture_close(&f);
}

/* `count` times `part`, between head and tail; freed by the caller. */
static char *repeated(const char *head, const char *part, size_t count, const char *middle, const char *close)
{
    const size_t part_len = strlen(part), close_len = strlen(close);
    const size_t head_len = strlen(head), middle_len = strlen(middle);
    char *text = malloc(head_len + middle_len + count * (part_len + close_len) + 1);
    char *at = text + head_len;
    memcpy(text, head, head_len);
    for (size_t i = 0; i < count; i++, at += part_len) memcpy(at, part, part_len);
    memcpy(at, middle, middle_len);
    at += middle_len;
    for (size_t i = 0; i < count; i++, at += close_len) memcpy(at, close, close_len);
    *at = '\0';
    return text;
}

/* Too much nesting is an error, in every form that recurses; a little less is none. */
static void deep_nesting(void **state)
{
    (void)state;
    static const char *const forms[][4] = {
        {"select ", "(", "1", ")"},
        {"select ", "- ", "a", ""},
        {"select ", "not ", "a", ""},
        {"select ", "f(", "1", ")"},
        {"select ", "1 - ", "1", ""},
        {"select ", "a.b % ", "1", ""},
        {"select 1", "", "", "::int"},
        {"select a", "", "", "[1]"},
        {"select ", "case when a then ", "1", " end"},
        {"", "(", "select 1", ")"},
        {"", "select * from (", "select 1", ")"},
        {"select * from ", "(", "t", ")"},
        {"select * from a", "", "", " join a"},
        {"select * from a", "", "", ", a"},
        {"select 1", "", "", " except select 1"},
        {"select cast(a as ", "array<", "int", ">"},
        {"", "explain ", "select 1", ""},
        {"select ", "exists (select ", "1", ")"},
        {"", "with a as (", "select 1", ") select 1"},
        {"select a from t group by ", "grouping sets (", "a", ")"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        weft_fixture f;
        const weft_node *node = NULL;
        weft_fixture_open(&f);
        char *text = repeated(forms[i][0], forms[i][1], 100000, forms[i][2], forms[i][3]);
        const weft_status st = parse(&f, text, &node);
        if (st != WEFT_NESTING_TOO_DEEP)
            print_error("form %zu (%s): %s\n", i, forms[i][1], f.ctx.error.message);
        assert_int_equal(st, WEFT_NESTING_TOO_DEEP);
        free(text);
        text = repeated(forms[i][0], forms[i][1], 100, forms[i][2], forms[i][3]);
        const weft_status less = parse(&f, text, &node);
        if (less == WEFT_NESTING_TOO_DEEP)
            print_error("form %zu (%s): %s\n", i, forms[i][1], f.ctx.error.message);
        assert_int_not_equal(less, WEFT_NESTING_TOO_DEEP);
        free(text);
        weft_fixture_close(&f);
    }
}

/* Chains without nesting have no limit but memory. */
static void long_chains(void **state)
{
    (void)state;
    static const char *const forms[][3] = {
        {"select a in (1", "", ", 1"},
        {"select 1", "", ", a + 1"},
        {"select * from t where a = 1", "", " or a = 2"},
        {"select 1", "", " union all select 1"},
        {"values (1, 'a')", "", ", (2, 'b')"},
        {"select ''", "", " 'ab'"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        weft_fixture f;
        const weft_node *node = NULL;
        weft_fixture_open(&f);
        char *text = repeated(forms[i][0], "", 200000, forms[i][1], forms[i][2]);
        if (i == 0) {
            const size_t len = strlen(text);
            char *closed = malloc(len + 2);
            memcpy(closed, text, len);
            memcpy(closed + len, ")", 2);
            free(text);
            text = closed;
        }
        weft_fixture_ok(&f, parse(&f, text, &node));
        free(text);
        weft_fixture_close(&f);
    }
}

static void scripts(void **state)
{
    (void)state;
    const char *text = ";; select ';' -- ; \n; /* ; */ select `;`;\n\nselect 3 ; -- end\n";
    static const char *const wanted[] = {"select ';'", "select `;`", "select 3"};
    size_t position = 0, start = 0, stop = 0;
    for (size_t i = 0; i < 3; i++) {
        assert_true(weft_sql_next_statement(text, strlen(text), &position, &start, &stop));
        assert_int_equal(stop - start, strlen(wanted[i]));
        assert_memory_equal(text + start, wanted[i], stop - start);
    }
    assert_false(weft_sql_next_statement(text, strlen(text), &position, &start, &stop));
    assert_true(weft_sql_is_complete("select 1;", 9));
    assert_true(weft_sql_is_complete("select 1; -- x", 14));
    assert_true(weft_sql_is_complete(" ", 1));
    assert_false(weft_sql_is_complete("select 1", 8));
    assert_false(weft_sql_is_complete("select ';", 9));
    assert_false(weft_sql_is_complete("select 1; /* ", 13));
}

/* Any prefix of a text is parsed or refused, never more. */
static void prefixes(void **state)
{
    (void)state;
    const char *text =
        "with a (x) as (select sum(b) filter (where c) over (partition by d order by e desc nulls last) "
        "from `t` u left join v using (k) where x in (1, 2.5, 'a''b') group by rollup(a, (b, c)) having "
        "interval '1 02' day to hour > cast(1e3 as decimal(5, 2)) order by 1 limit 5) /* c */ "
        "select case when exists (select 1) then x'0F' else date '2020-01-01' end from a";
    for (size_t len = 0; len <= strlen(text); len++) {
        weft_fixture f;
        const weft_node *node = NULL;
        weft_fixture_open(&f);
        char *copy = malloc(len + 1); /* exactly len bytes: the sanitizer sees what is read beyond */
        memcpy(copy, text, len);
        const weft_status st = weft_sql_parse(&f.ctx, copy, len, &node);
        assert_true(st == WEFT_OK || weft_status_classify(st) == WEFT_CLASS_USER);
        free(copy);
        weft_fixture_close(&f);
    }
}

WEFT_TESTS(WEFT_TEST(tpch_parses), WEFT_TEST(expressions), WEFT_TEST(statements), WEFT_TEST(errors),
           WEFT_TEST(error_text_points), WEFT_TEST(deep_nesting), WEFT_TEST(long_chains), WEFT_TEST(scripts),
           WEFT_TEST(prefixes))
