/* Expression trees: Spark's texts, walks, equality, and the properties that rules rely on. */
#include "tests/unit/expr/expr_fixture.h"

static const weft_expr *unary(expr_fixture *f, const char *name, const weft_expr *arg)
{
    const weft_expr *e = NULL;
    expr_ok(f, weft_expr_call(&f->ctx, name, &arg, 1, NULL, &e));
    return e;
}

static const weft_expr *revenue(expr_fixture *f)
{
    const weft_expr *rest =
        expr_call2(f, "-", expr_int(f, 1), expr_column(f, 6, "l_discount", "decimal(15,2)"));
    return expr_call2(f, "*", expr_column(f, 5, "l_extendedprice", "decimal(15,2)"), rest);
}

static void names_of_columns(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *a = expr_column(f, 1, "a", "int"), *s = expr_column(f, 2, "s", "string");
    const weft_expr *d = expr_column(f, 3, "d", "date");
    const weft_expr *test = expr_call2(f, ">", a, expr_int(f, 1));

    expr_check_text(f, expr_aggregate(f, "sum", revenue(f)), false,
                    "sum((l_extendedprice * (1 - l_discount)))");
    expr_check_text(f, expr_aggregate(f, "count", NULL), false, "count(1)");
    expr_check_text(f, expr_aggregate(f, "mean", a), false, "mean(a)");
    expr_check_text(f, expr_form(f, WEFT_EXPR_CASE, 3, test, s, expr_string(f, "x y")), false,
                    "CASE WHEN (a > 1) THEN s ELSE x y END");
    expr_check_text(f, expr_form(f, WEFT_EXPR_AND, 3, test, test, test), false,
                    "(((a > 1) AND (a > 1)) AND (a > 1))");
    expr_check_text(f, expr_form(f, WEFT_EXPR_NOT, 1, test), false, "(NOT (a > 1))");
    expr_check_text(f, expr_call2(f, "<>", a, expr_int(f, 2)), false, "(NOT (a = 2))");
    expr_check_text(f, expr_form(f, WEFT_EXPR_IN, 3, a, expr_int(f, 1), expr_int(f, 2)), false,
                    "(a IN (1, 2))");
    expr_check_text(f, expr_form(f, WEFT_EXPR_IS_NULL, 1, s), false, "(s IS NULL)");
    expr_check_text(f, expr_form(f, WEFT_EXPR_IS_NOT_NULL, 1, s), false, "(s IS NOT NULL)");
    expr_check_text(f, expr_call2(f, "like", s, expr_string(f, "%BRASS")), false, "s LIKE %BRASS");
    expr_check_text(f, expr_call2(f, "substr", s, expr_int(f, 1)), false, "substr(s, 1, 2147483647)");
    expr_check_text(f, unary(f, "(unary_minus)", a), false, "(- a)");
    expr_check_text(f, expr_call2(f, "div", a, a), false, "(a div a)");
    expr_check_text(f, expr_call2(f, "=", d, expr_string(f, "1998-12-01")), false, "(d = 1998-12-01)");
    expr_check_text(f, expr_call2(f, "-", d, expr_typed(f, WEFT_TYPE_INTERVAL_DT, 90 * 86400000000)), false,
                    "d - INTERVAL '90 00:00:00' DAY TO SECOND");
    expr_check_text(f, expr_call2(f, "+", d, expr_typed(f, WEFT_TYPE_INTERVAL_YM, 12)), false,
                    "d + INTERVAL '1-0' YEAR TO MONTH");
    expr_check_text(f, expr_call2(f, "+", d, expr_int(f, 7)), false, "date_add(d, 7)");
    expr_check_text(f, expr_call2(f, "-", d, d), false, "(d - d)");
    expr_check_text(f, expr_call2(f, "nvl", a, expr_int(f, 0)), false, "nvl(a, 0)");
    expr_check_text(f, expr_call2(f, "nullif", a, expr_int(f, 0)), false, "nullif(a, 0)");
}

static void texts_of_explain(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *a = expr_column(f, 1, "a", "int"), *d = expr_column(f, 3, "d", "date");
    const weft_expr *out = NULL;

    expr_check_text(f, expr_call2(f, "=", a, expr_column(f, 2, "b", "bigint")), true,
                    "(cast(a#1 as bigint) = b#2)");
    expr_check_text(f, expr_form(f, WEFT_EXPR_IS_NOT_NULL, 1, a), true, "isnotnull(a#1)");
    expr_check_text(f, expr_call2(f, "<=", d, expr_typed(f, WEFT_TYPE_DATE, 10561)), true,
                    "(d#3 <= 1998-12-01)");
    expr_check_text(f, expr_form(f, WEFT_EXPR_COALESCE, 2, a, expr_null(f)), true, "coalesce(a#1, null)");
    expr_ok(f, weft_expr_alias(&f->ctx, a, 9, "x", &out));
    expr_check_text(f, out, true, "a#1 AS x#9");
    expr_ok(f, weft_expr_sort_key(&f->ctx, a, true, false, &out));
    expr_check_text(f, out, true, "a#1 DESC NULLS LAST");
    expr_ok(f, weft_expr_ordinal(&f->ctx, 4, a->type, true, &out));
    expr_check_text(f, out, true, "input[4]");
}

static void windows_and_written_casts(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *a = expr_column(f, 1, "a", "int"), *key = NULL, *over = NULL, *cast = NULL;
    expr_ok(f, weft_expr_sort_key(&f->ctx, a, false, true, &key));
    const weft_window_spec spec = {.partition_count = 1,
                                   .partition = &a,
                                   .order_count = 1,
                                   .order = &key,
                                   .low = WEFT_BOUND_UNBOUNDED_PRECEDING,
                                   .high = WEFT_BOUND_CURRENT_ROW};
    expr_ok(f, weft_expr_window(&f->ctx, expr_aggregate(f, "sum", a), &spec, &over));
    expr_check_text(
        f, over, false,
        "sum(a) OVER (PARTITION BY a ORDER BY a ASC NULLS FIRST RANGE BETWEEN UNBOUNDED PRECEDING AND "
        "CURRENT ROW)");
    expr_check_text(
        f, over, true,
        "sum(a#1) windowspecdefinition(a#1, a#1 ASC NULLS FIRST, specifiedwindowframe(RangeFrame, "
        "unboundedpreceding$(), currentrow$()))");
    assert_false(weft_expr_has_aggregate(over));
    assert_true(weft_expr_has_window(over));

    expr_ok(f, weft_expr_cast(&f->ctx, a, weft_type_decimal(10, 2), false, &cast));
    expr_check_text(f, cast, false, "CAST(a AS DECIMAL(10,2))");
    expr_check_text(f, cast, true, "cast(a#1 as decimal(10,2))");
    expr_ok(f, weft_expr_cast(&f->ctx, a, weft_type_decimal(10, 2), true, &cast));
    expr_check_text(f, cast, false, "a");
}

static void texts_of_values(void **state)
{
    expr_fixture *f = *state;
    static const struct {
        weft_type_id id;
        int64_t number;
        int scale;
        const char *text;
    } cases[] = {{WEFT_TYPE_INT, -7, 0, "-7"},
                 {WEFT_TYPE_DECIMAL, 5, 2, "0.05"},
                 {WEFT_TYPE_DECIMAL, -150, 2, "-1.50"},
                 {WEFT_TYPE_DECIMAL, 0, 2, "0.00"},
                 {WEFT_TYPE_DECIMAL, 1, 7, "1E-7"},
                 {WEFT_TYPE_DECIMAL, 123, 9, "1.23E-7"},
                 {WEFT_TYPE_DECIMAL, 12, 7, "0.0000012"},
                 {WEFT_TYPE_INTERVAL_YM, 15, 0, "INTERVAL '1-3' YEAR TO MONTH"},
                 {WEFT_TYPE_INTERVAL_YM, -3, 0, "INTERVAL '-0-3' YEAR TO MONTH"},
                 {WEFT_TYPE_INTERVAL_DT, 3600000000, 0, "INTERVAL '0 01:00:00' DAY TO SECOND"},
                 {WEFT_TYPE_INTERVAL_DT, 93784500000, 0, "INTERVAL '1 02:03:04.5' DAY TO SECOND"},
                 {WEFT_TYPE_INTERVAL_DT, INT64_MIN, 0, "INTERVAL '-106751991 04:00:54.775808' DAY TO SECOND"},
                 {WEFT_TYPE_TIME, 45296500000000, 0, "TIME '12:34:56.5'"},
                 {WEFT_TYPE_INTERVAL_DT, 500000, 0, "INTERVAL '0 00:00:00.5' DAY TO SECOND"}};
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        weft_value value = {.type = WEFT_TYPE_OF(cases[i].id)};
        char *text = NULL;
        if (cases[i].id == WEFT_TYPE_DECIMAL) {
            value.type = weft_type_decimal(20, cases[i].scale);
            value.i128 = cases[i].number;
        } else {
            value.i64 = cases[i].number;
        }
        expr_ok(f, weft_value_text(&f->ctx, &value, &text));
        assert_string_equal(text, cases[i].text);
    }
}

static weft_status count_nodes(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    (void)ctx;
    ++*(int *)self;
    *out = e;
    return WEFT_OK;
}

typedef struct replacement {
    int64_t id;
    const weft_expr *with;
} replacement;

static weft_status replace_column(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    const replacement *r = self;
    (void)ctx;
    *out = e->kind == WEFT_EXPR_COLUMN && e->column.id == r->id ? r->with : e;
    return WEFT_OK;
}

static void rewriting(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *e = revenue(f), *same = NULL, *changed = NULL;
    const weft_expr *filter =
        expr_call2(f, ">", expr_column(f, 5, "l_extendedprice", "decimal(15,2)"), expr_int(f, 3));
    const weft_expr *sum = NULL;
    int nodes = 0;
    replacement r = {.id = 5, .with = expr_column(f, 50, "p", "decimal(15,2)")};

    expr_ok(f, weft_expr_rewrite(&f->ctx, e, count_nodes, &nodes, &same));
    assert_ptr_equal(same, e);
    assert_int_equal(nodes, 6); /* *, two columns, -, the literal and its cast */
    expr_ok(f, weft_expr_aggregate(&f->ctx, "sum", &e, 1, true, filter, NULL, &sum));
    expr_check_text(
        f, sum, false,
        "sum(DISTINCT (l_extendedprice * (1 - l_discount))) FILTER (WHERE (l_extendedprice > 3))");
    expr_ok(f, weft_expr_rewrite(&f->ctx, sum, replace_column, &r, &changed));
    expr_check_text(f, changed, false, "sum(DISTINCT (p * (1 - l_discount))) FILTER (WHERE (p > 3))");
    assert_false(weft_expr_equal(sum, changed));
}

static void equality(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *a = revenue(f), *b = revenue(f);
    const weft_expr *zero = expr_typed(f, WEFT_TYPE_INT, 0), *big = expr_typed(f, WEFT_TYPE_BIGINT, 0);

    assert_true(weft_expr_equal(a, b));
    assert_true(weft_expr_hash(a) == weft_expr_hash(b));
    assert_false(weft_expr_equal(zero, big));
    assert_false(weft_expr_equal(a, a->args[0]));
    assert_false(weft_expr_equal(expr_string(f, "x"), expr_string(f, "y")));
    assert_true(weft_expr_equal(expr_null(f), expr_null(f)));
    assert_false(weft_expr_equal(expr_aggregate(f, "min", zero), expr_aggregate(f, "max", zero)));
}

/* What cannot raise by its types is known not to. */
static void fallibility(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *a = expr_column(f, 1, "a", "int"), *x = expr_column(f, 2, "x", "double");
    const weft_expr *wide = expr_column(f, 3, "w", "decimal(38,4)");

    assert_false(weft_expr_fallible(revenue(f)));
    assert_true(weft_expr_fallible(expr_call2(f, "*", wide, wide)));
    assert_true(weft_expr_fallible(expr_call2(f, "+", a, a)));
    assert_false(weft_expr_fallible(expr_call2(f, "+", x, x)));
    assert_true(weft_expr_fallible(expr_call2(f, "/", x, x)));
    assert_false(weft_expr_fallible(expr_call2(f, "/", a, expr_int(f, 2))));
    assert_false(weft_expr_fallible(expr_call2(f, "%", a, expr_int(f, 2))));
    assert_true(weft_expr_fallible(expr_call2(f, "%", a, expr_int(f, 0))));
    assert_true(weft_expr_deterministic(revenue(f)));
}

static void null_rejection(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *a = expr_column(f, 1, "a", "int"), *b = expr_column(f, 2, "b", "int");
    const weft_expr *ab = expr_call2(f, "=", a, b), *bb = expr_call2(f, "=", b, b);

    assert_true(weft_expr_rejects_null(ab, 1));
    assert_false(weft_expr_rejects_null(bb, 1));
    assert_true(weft_expr_rejects_null(expr_form(f, WEFT_EXPR_AND, 2, ab, bb), 1));
    assert_false(weft_expr_rejects_null(expr_form(f, WEFT_EXPR_OR, 2, ab, bb), 1));
    assert_true(weft_expr_rejects_null(expr_form(f, WEFT_EXPR_OR, 2, ab, ab), 1));
    assert_true(weft_expr_rejects_null(expr_form(f, WEFT_EXPR_NOT, 1, ab), 1));
    assert_false(weft_expr_rejects_null(expr_form(f, WEFT_EXPR_IS_NULL, 1, a), 1));
    assert_true(weft_expr_rejects_null(expr_form(f, WEFT_EXPR_IS_NOT_NULL, 1, a), 1));
    assert_false(weft_expr_rejects_null(expr_form(f, WEFT_EXPR_COALESCE, 2, a, b), 1));
    assert_true(weft_expr_rejects_null(expr_call2(f, "+", a, b), 2));
    /* NOT (a AND b = b): NULL AND false is false, NOT of which is true. */
    const weft_expr *both = expr_form(f, WEFT_EXPR_AND, 2, ab, bb);
    assert_false(weft_expr_rejects_null(expr_form(f, WEFT_EXPR_NOT, 1, both), 1));
}

static void logic_is_flat(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *t = expr_call2(f, "=", expr_column(f, 1, "a", "int"), expr_int(f, 1));
    const weft_expr *two = expr_form(f, WEFT_EXPR_AND, 2, t, t);
    const weft_expr *three = expr_form(f, WEFT_EXPR_AND, 2, two, t);
    const weft_expr *one = NULL;

    assert_int_equal(three->arg_count, 3);
    assert_int_equal(expr_form(f, WEFT_EXPR_OR, 2, two, t)->arg_count, 2);
    expr_ok(f, weft_expr_logic(&f->ctx, WEFT_EXPR_AND, &t, 1, &one));
    assert_ptr_equal(one, t);
}

static void folding(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *date = expr_column(f, 1, "d", "date"), *out = NULL;
    const weft_expr *past =
        expr_call2(f, "-", expr_typed(f, WEFT_TYPE_DATE, 10561), expr_typed(f, WEFT_TYPE_INTERVAL_YM, 3));
    const weft_expr *text = expr_call2(f, "<=", date, expr_string(f, "1998-09-02"));
    const weft_expr *price = expr_call2(f, "<", expr_column(f, 2, "p", "decimal(15,2)"), expr_int(f, 24));

    expr_ok(f, weft_expr_fold(&f->ctx, past, &out));
    assert_int_equal(out->kind, WEFT_EXPR_LITERAL);
    expr_check_text(f, out, false, "DATE '1998-09-01'");
    expr_ok(f, weft_expr_fold(&f->ctx, text->args[1], &out));
    expr_check_type(out, "date");
    expr_check_text(f, out, true, "1998-09-02");
    expr_ok(f, weft_expr_fold(&f->ctx, price->args[1], &out));
    expr_check_text(f, out, false, "24.00");
    expr_ok(f, weft_expr_fold(&f->ctx, expr_call2(f, "+", expr_int(f, 1), expr_null(f)), &out));
    assert_true(out->kind == WEFT_EXPR_LITERAL && out->literal.is_null);
    expr_check_type(out, "int");
}

/* Folding leaves alone what has a column or raises. */
static void folding_keeps_what_raises(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *e = expr_call2(f, "div", expr_int(f, 1), expr_int(f, 0)), *out = NULL;
    expr_ok(f, weft_expr_fold(&f->ctx, e, &out));
    assert_ptr_equal(out, e);
    assert_int_equal(f->ctx.error.code, WEFT_OK);
    const weft_expr *column = expr_column(f, 1, "a", "int");
    expr_ok(f, weft_expr_fold(&f->ctx, column, &out));
    assert_ptr_equal(out, column);
}

static weft_status build(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    char *text = NULL;
    const weft_expr *args[2] = {NULL, NULL}, *sum = NULL;
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = 1};
    (void)arg;
    WEFT_TRY(st, weft_expr_literal(&f->ctx, &value, &args[0]));
    WEFT_TRY(st, weft_expr_column(&f->ctx, 1, "a", weft_type_decimal(15, 2), true, &args[1]));
    WEFT_TRY(st, weft_expr_call(&f->ctx, "-", args, 2, NULL, &args[0]));
    WEFT_TRY(st, weft_expr_aggregate(&f->ctx, "mean", args, 1, false, NULL, NULL, &sum));
    WEFT_TRY(st, weft_expr_text(&f->ctx, sum, true, &text));
done:
    return st;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    weft_fixture_oom_sweep(build, NULL);
}

WEFT_TESTS(EXPR_TEST(names_of_columns), EXPR_TEST(texts_of_explain), EXPR_TEST(windows_and_written_casts),
           EXPR_TEST(texts_of_values), EXPR_TEST(rewriting), EXPR_TEST(equality), EXPR_TEST(fallibility),
           EXPR_TEST(null_rejection), EXPR_TEST(logic_is_flat), EXPR_TEST(folding),
           EXPR_TEST(folding_keeps_what_raises), WEFT_TEST(every_allocation_may_fail))
