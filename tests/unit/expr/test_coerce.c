/* Coercion against the tables of Spark's documentation: types that meet, types of decimal results, where
 * casts go. */
#include "tests/unit/expr/expr_fixture.h"

typedef struct pair_case {
    const char *left, *right, *common; /* common NULL: there is none */
} pair_case;

/* "ANSI Compliance": type precedence lists, strings, decimals. Symmetric. */
static const pair_case common_cases[] = {{"void", "int", "int"},
                                         {"void", "void", "void"},
                                         {"tinyint", "smallint", "smallint"},
                                         {"int", "bigint", "bigint"},
                                         {"int", "float", "double"},
                                         {"float", "double", "double"},
                                         {"float", "float", "float"},
                                         {"bigint", "double", "double"},
                                         {"int", "decimal(15,2)", "decimal(15,2)"},
                                         {"int", "decimal(5,2)", "decimal(12,2)"},
                                         {"bigint", "decimal(15,2)", "decimal(22,2)"},
                                         {"tinyint", "decimal(3,3)", "decimal(6,3)"},
                                         {"decimal(15,2)", "decimal(10,4)", "decimal(17,4)"},
                                         {"decimal(38,0)", "decimal(38,10)", "decimal(38,0)"},
                                         {"decimal(38,30)", "decimal(20,0)", "decimal(38,18)"},
                                         {"decimal(15,2)", "double", "double"},
                                         {"decimal(15,2)", "float", "double"},
                                         {"date", "timestamp", "timestamp"},
                                         {"date", "timestamp_ntz", "timestamp_ntz"},
                                         {"timestamp", "timestamp_ntz", "timestamp"},
                                         {"string", "int", "bigint"},
                                         {"string", "bigint", "bigint"},
                                         {"string", "double", "double"},
                                         {"string", "decimal(5,2)", "double"},
                                         {"string", "date", "date"},
                                         {"string", "timestamp", "timestamp"},
                                         {"string", "boolean", "boolean"},
                                         {"string", "string", "string"},
                                         {"int", "boolean", NULL},
                                         {"int", "date", NULL},
                                         {"date", "boolean", NULL}};

static void common_types(void **state)
{
    expr_fixture *f = *state;
    for (int32_t i = 0; i < WEFT_COUNT(common_cases); i++) {
        const pair_case *c = &common_cases[i];
        for (int swap = 0; swap < 2; swap++) {
            const weft_type a = expr_type(f, swap ? c->right : c->left),
                            b = expr_type(f, swap ? c->left : c->right);
            weft_type common;
            char text[128];
            const bool found = weft_type_common(&f->ctx, a, b, &common);
            if (found != (c->common != NULL))
                fail_msg("%s and %s: a common type is wrong", c->left, c->right);
            if (found) assert_string_equal(weft_type_text(common, text, sizeof(text)), c->common);
        }
    }
}

/* Spark's rules for decimal operations, with the adjustment of what passes 38 digits. */
static void decimal_results(void **state)
{
    static const struct {
        char op;
        int p1, s1, p2, s2, precision, scale;
        bool lossy;
    } cases[] = {{'+', 10, 2, 10, 2, 11, 2, false},  {'-', 15, 2, 1, 0, 16, 2, false},
                 {'+', 38, 10, 38, 10, 38, 9, true}, {'*', 15, 2, 16, 2, 32, 4, false},
                 {'*', 32, 4, 16, 2, 38, 6, true},   {'*', 5, 2, 38, 4, 38, 6, true},
                 {'*', 38, 10, 38, 10, 38, 6, true}, {'/', 10, 2, 10, 2, 23, 13, false},
                 {'/', 38, 6, 38, 4, 38, 6, true},   {'/', 25, 2, 2, 1, 30, 6, false},
                 {'%', 10, 2, 5, 3, 5, 3, false},    {'d', 15, 2, 3, 1, 14, 0, false},
                 {'*', 1, 1, 19, 6, 21, 7, false},   {'/', 38, 20, 38, 18, 38, 6, true}};
    (void)state;
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        bool lossy = false;
        const weft_type a = weft_type_decimal(cases[i].p1, cases[i].s1);
        const weft_type b = weft_type_decimal(cases[i].p2, cases[i].s2);
        const weft_type type = weft_decimal_arithmetic_type(cases[i].op, a, b, &lossy);
        if (type.precision != cases[i].precision || type.scale != cases[i].scale || lossy != cases[i].lossy) {
            fail_msg("case %d: decimal(%d,%d)", i, type.precision, type.scale);
        }
    }
}

static void decimals_of_literals(void **state)
{
    (void)state;
    assert_int_equal(weft_decimal_for_literal(0).precision, 1);
    assert_int_equal(weft_decimal_for_literal(-1).precision, 1);
    assert_int_equal(weft_decimal_for_literal(100).precision, 3);
    assert_int_equal(weft_decimal_for_literal(INT64_MIN).precision, 19);
}

/* op over columns of two types: the types of both arguments after binding, and of the result. */
typedef struct bind_case {
    const char *left, *op, *right;
    const char *left_bound, *right_bound, *result;
} bind_case;

static const bind_case bind_cases[] = {
    {"int", "+", "int", "int", "int", "int"},
    {"int", "+", "bigint", "bigint", "bigint", "bigint"},
    {"int", "*", "double", "double", "double", "double"},
    {"int", "/", "int", "double", "double", "double"},
    {"float", "/", "float", "double", "double", "double"},
    {"int", "+", "decimal(15,2)", "decimal(10,0)", "decimal(15,2)", "decimal(16,2)"},
    {"decimal(15,2)", "*", "decimal(16,2)", "decimal(15,2)", "decimal(16,2)", "decimal(32,4)"},
    {"decimal(15,2)", "/", "int", "decimal(15,2)", "decimal(10,0)", "decimal(26,13)"},
    {"decimal(15,2)", "*", "double", "double", "double", "double"},
    {"decimal(15,2)", "+", "string", "double", "double", "double"},
    {"int", "+", "string", "bigint", "bigint", "bigint"},
    {"int", "+", "void", "int", "int", "int"},
    {"void", "+", "void", "double", "double", "double"},
    {"int", "div", "int", "bigint", "bigint", "bigint"},
    {"decimal(5,2)", "div", "int", "decimal(5,2)", "decimal(10,0)", "bigint"},
    {"decimal(10,2)", "%", "decimal(5,3)", "decimal(10,2)", "decimal(5,3)", "decimal(5,3)"},
    {"date", "+", "int", "date", "int", "date"},
    {"int", "+", "date", "date", "int", "date"},
    {"date", "+", "smallint", "date", "int", "date"},
    {"date", "-", "date", "date", "date", "interval day"},
    {"date", "-", "string", "date", "date", "interval day"},
    {"date", "+", "interval day", "date", "interval day", "date"},
    {"date", "-", "interval hour", "timestamp", "interval hour", "timestamp"},
    {"interval year", "+", "interval month", "interval year to month", "interval year to month",
     "interval year to month"},
    {"interval day", "*", "int", "interval day", "bigint", "interval day to second"},
    {"date", "=", "string", "date", "date", "boolean"},
    {"string", "<=", "date", "date", "date", "boolean"},
    {"date", "<", "timestamp", "timestamp", "timestamp", "boolean"},
    {"decimal(15,2)", "<", "decimal(21,7)", "decimal(21,7)", "decimal(21,7)", "boolean"},
    {"decimal(15,2)", ">", "int", "decimal(15,2)", "decimal(15,2)", "boolean"},
    {"decimal(15,2)", "=", "double", "double", "double", "boolean"},
    {"int", "<>", "bigint", "bigint", "bigint", "boolean"},
    {"string", "=", "string", "string", "string", "boolean"},
    {"void", "=", "string", "string", "string", "boolean"}};

static void operators_bind(void **state)
{
    expr_fixture *f = *state;
    char text[128];
    for (int32_t i = 0; i < WEFT_COUNT(bind_cases); i++) {
        const bind_case *c = &bind_cases[i];
        const weft_expr *e =
            expr_call2(f, c->op, expr_column(f, 1, "a", c->left), expr_column(f, 2, "b", c->right));
        if (strcmp(weft_type_text(e->args[0]->type, text, sizeof(text)), c->left_bound) != 0 ||
            strcmp(weft_type_text(e->args[1]->type, text, sizeof(text)), c->right_bound) != 0 ||
            (strncmp(c->result, "interval", 8) != 0 &&
             strcmp(weft_type_text(e->type, text, sizeof(text)), c->result) != 0)) {
            fail_msg("%s %s %s is bound wrongly (type %s)", c->left, c->op, c->right,
                     weft_type_text(e->type, text, sizeof(text)));
        }
    }
}

/* Literal integers take the digits that they have, so that the column beside them is not cast. */
static void literals_take_natural_precision(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *price = expr_column(f, 1, "l_extendedprice", "decimal(15,2)");
    const weft_expr *discount = expr_column(f, 2, "l_discount", "decimal(15,2)");
    const weft_expr *rest = expr_call2(f, "-", expr_int(f, 1), discount);
    const weft_expr *less = expr_call2(f, "<", price, expr_int(f, 24));

    expr_check_type(rest, "decimal(16,2)");
    expr_check_type(rest->args[0], "decimal(1,0)");
    expr_check_type(expr_call2(f, "*", price, rest), "decimal(32,4)");
    assert_ptr_equal(less->args[0], price);
    expr_check_type(less->args[1], "decimal(15,2)");
}

static void whole_days_stay_dates(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *date = expr_column(f, 1, "d", "date");
    const int64_t day = 86400000000;

    expr_check_type(expr_call2(f, "-", date, expr_column(f, 2, "i", "interval day")), "date");
    expr_check_type(expr_call2(f, "-", date, expr_typed(f, WEFT_TYPE_INTERVAL_DT, day / 2)), "timestamp");
    expr_check_type(expr_call2(f, "+", expr_typed(f, WEFT_TYPE_INTERVAL_YM, 3), date), "date");
}

static void lists_have_one_type(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *args[3] = {expr_column(f, 1, "a", "int"), expr_string(f, "5"), expr_null(f)};
    const weft_expr *date = expr_column(f, 2, "d", "date"), *flag = expr_column(f, 3, "b", "boolean");
    const weft_expr *mixed[2] = {date, flag};
    weft_type type;

    expr_ok(f, weft_expr_common_type(&f->ctx, args, 3, NULL, &type));
    assert_int_equal(type.id, WEFT_TYPE_BIGINT);
    for (int i = 0; i < 3; i++) expr_check_type(args[i], "bigint");
    assert_int_equal(weft_expr_common_type(&f->ctx, mixed, 2, NULL, &type), WEFT_DATATYPE_MISMATCH_DATA_DIFF);
    assert_non_null(strstr(f->ctx.error.message, "boolean"));

    const weft_expr *choice =
        expr_form(f, WEFT_EXPR_CASE, 3, flag, expr_column(f, 4, "m", "decimal(32,4)"), expr_int(f, 0));
    expr_check_type(choice, "decimal(32,4)");
    expr_check_type(expr_form(f, WEFT_EXPR_COALESCE, 2, date, expr_string(f, "1994-01-01")), "date");
}

static void what_does_not_go_together(void **state)
{
    expr_fixture *f = *state;
    static const char *const cases[][3] = {{"date", "*", "int"},      {"boolean", "+", "int"},
                                           {"string", "+", "string"}, {"boolean", "<", "int"},
                                           {"date", "=", "int"},      {"timestamp", "/", "double"},
                                           {"date", "div", "int"},    {"double", "div", "double"}};
    const weft_expr *out = NULL;
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        const weft_expr *args[2] = {expr_column(f, 1, "a", cases[i][0]), expr_column(f, 2, "b", cases[i][2])};
        const weft_status st = weft_expr_call(&f->ctx, cases[i][1], args, 2, NULL, &out);
        if (st != WEFT_DATATYPE_MISMATCH_BINARY && st != WEFT_DATATYPE_MISMATCH &&
            st != WEFT_DATATYPE_MISMATCH_WRONG_TYPE) {
            fail_msg("%s %s %s: %s", cases[i][0], cases[i][1], cases[i][2], weft_status_text(st));
        }
        weft_error_clear(&f->ctx);
    }
    const weft_expr *date = expr_column(f, 1, "a", "date");
    assert_int_equal(weft_expr_form(&f->ctx, WEFT_EXPR_NOT, &date, 1, NULL, &out), WEFT_DATATYPE_MISMATCH);
    assert_int_equal(weft_expr_call(&f->ctx, "no_such_function", &date, 1, NULL, &out),
                     WEFT_UNRESOLVED_ROUTINE);
    assert_int_equal(weft_expr_call(&f->ctx, "nullif", &date, 1, NULL, &out), WEFT_WRONG_NUM_ARGS);
    assert_int_equal(weft_expr_call(&f->ctx, "=", &date, 1, NULL, &out), WEFT_WRONG_NUM_ARGS);
}

static void nullability(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *maybe = expr_column(f, 1, "a", "int"), *never = expr_int(f, 1);
    assert_true(expr_call2(f, "+", maybe, never)->nullable);
    assert_false(expr_call2(f, "+", never, never)->nullable);
    assert_false(expr_form(f, WEFT_EXPR_COALESCE, 2, maybe, never)->nullable);
    assert_false(expr_form(f, WEFT_EXPR_IS_NULL, 1, maybe)->nullable);
    const weft_expr *test = expr_call2(f, "=", never, never);
    assert_true(expr_form(f, WEFT_EXPR_CASE, 2, test, never)->nullable);
    assert_false(expr_form(f, WEFT_EXPR_CASE, 3, test, never, never)->nullable);
    f->settings.number[WEFT_SET_ANSI] = 0; /* what would raise gives NULL */
    assert_true(expr_call2(f, "+", never, never)->nullable);
}

/* Up-casts lose nothing; STRING takes all that is plain, and nothing but STRING takes it. */
static void up_casts(void **state)
{
    static const struct {
        const char *from, *to;
        bool up, back;
    } cases[] = {{"int", "bigint", true, false},
                 {"bigint", "float", true, false},
                 {"float", "double", true, false},
                 {"int", "decimal(10,0)", true, false},
                 {"decimal(9,0)", "int", true, false},
                 {"decimal(10,2)", "decimal(12,3)", true, false},
                 {"decimal(10,2)", "decimal(10,3)", false, false},
                 {"decimal(38,2)", "double", true, false},
                 {"date", "timestamp", true, false},
                 {"timestamp_ntz", "timestamp", true, true},
                 {"void", "int", true, false},
                 {"int", "string", true, false},
                 {"boolean", "int", false, false},
                 {"array<int>", "array<bigint>", true, false},
                 {"struct<a:int,b:date>", "struct<x:bigint,y:timestamp>", true, false},
                 {"struct<a:int>", "struct<a:int,b:int>", false, false}};
    expr_fixture *f = *state;
    for (int i = 0; i < WEFT_COUNT(cases); i++) {
        const weft_type from = expr_type(f, cases[i].from), to = expr_type(f, cases[i].to);
        assert_int_equal(weft_type_up_casts(from, to), cases[i].up);
        assert_int_equal(weft_type_up_casts(to, from), cases[i].back);
    }
}

WEFT_TESTS(EXPR_TEST(up_casts), EXPR_TEST(common_types), EXPR_TEST(decimal_results),
           EXPR_TEST(decimals_of_literals), EXPR_TEST(operators_bind),
           EXPR_TEST(literals_take_natural_precision), EXPR_TEST(whole_days_stay_dates),
           EXPR_TEST(lists_have_one_type), EXPR_TEST(what_does_not_go_together), EXPR_TEST(nullability))
