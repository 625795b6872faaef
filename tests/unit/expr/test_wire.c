/* The wire form of expressions: what comes back is what went, and damaged bytes are errors, never crashes. */
#include <math.h>

#include "common/settings.h"
#include "engine/expr/wire.h"
#include "tests/unit/expr/expr_fixture.h"

static const weft_expr *input(expr_fixture *f, int32_t ordinal, const char *type)
{
    const weft_expr *e = NULL;
    expr_ok(f, weft_expr_ordinal(&f->ctx, ordinal, expr_type(f, type), true, &e));
    return e;
}

static const weft_expr *real(expr_fixture *f, double number)
{
    const weft_expr *e = NULL;
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_DOUBLE), .f64 = number};
    expr_ok(f, weft_expr_literal(&f->ctx, &value, &e));
    return e;
}

enum { SAMPLES = 17 };

/* One expression of every kind that travels, at least. */
static void make_samples(expr_fixture *f, const weft_expr *samples[SAMPLES])
{
    const weft_expr *price = input(f, 0, "decimal(15,2)"), *date = input(f, 1, "date");
    const weft_expr *name = input(f, 2, "string"), *number = input(f, 3, "int");
    const weft_expr *test = expr_call2(f, "=", name, expr_string(f, "a string that is longer than twelve"));
    const weft_expr *none = expr_form(f, WEFT_EXPR_IS_NULL, 1, number), *filter = test;
    const weft_expr *key = NULL;
    weft_window_spec *spec = NULL;
    const weft_expr **lists = NULL;
    weft_expr *bloom = NULL;

    samples[0] = expr_call2(f, "*", price, expr_call2(f, "-", expr_int(f, 1), price));
    samples[1] = expr_call2(f, "<=", date, expr_typed(f, WEFT_TYPE_DATE, 10471));
    samples[2] = expr_form(f, WEFT_EXPR_AND, 3, test, none, expr_form(f, WEFT_EXPR_NOT, 1, none));
    samples[3] = expr_form(f, WEFT_EXPR_CASE, 3, none, expr_int(f, -5), number);
    samples[4] = expr_form(f, WEFT_EXPR_IN, 4, number, expr_int(f, 1), expr_int(f, INT32_MIN), expr_null(f));
    samples[5] = expr_call2(f, "nvl", expr_form(f, WEFT_EXPR_OR, 2, test, none), none);
    samples[6] = expr_call2(f, "+", real(f, NAN), expr_call2(f, "*", real(f, -0.0), real(f, 1e300)));
    expr_ok(f, weft_expr_aggregate(&f->ctx, "mean", &price, 1, true, filter, NULL, &samples[7]));
    samples[8] = expr_aggregate(f, "count", NULL);
    expr_ok(f, weft_expr_cast(&f->ctx, name, weft_type_decimal(38, 38), false, &samples[9]));
    expr_ok(f, weft_expr_alias(&f->ctx, samples[0], INT64_MAX, "revenue", &samples[10]));
    expr_ok(f, weft_expr_sort_key(&f->ctx, date, true, false, &key));
    expr_ok(f, WEFT_NEW(&f->ctx, &spec));
    expr_ok(f, WEFT_NEW_ARRAY(&f->ctx, 2, &lists));
    lists[0] = name;
    lists[1] = key;
    *spec = (weft_window_spec){.partition_count = 1,
                               .partition = lists,
                               .order_count = 1,
                               .order = lists + 1,
                               .has_frame = true,
                               .rows = true,
                               .low = WEFT_BOUND_PRECEDING,
                               .low_offset = expr_int(f, 3),
                               .high = WEFT_BOUND_CURRENT_ROW};
    expr_ok(f, weft_expr_window(&f->ctx, expr_aggregate(f, "sum", price), spec, &samples[11]));
    expr_ok(f, WEFT_NEW(&f->ctx, &bloom));
    *bloom = (weft_expr){.kind = WEFT_EXPR_BLOOM,
                         .type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN),
                         .arg_count = 1,
                         .args = &samples[3],
                         .bloom = {.filter_id = 7}};
    samples[12] = bloom;
    const weft_expr *text = expr_string(f, "a string that is longer than twelve");
    const weft_expr *pair = expr_call2(f, "struct", number, text);
    samples[13] = expr_call2(f, ".", pair, expr_string(f, "col2"));
    samples[14] = expr_call2(f, "[]", expr_call2(f, "array", pair, pair), expr_int(f, 0));
    expr_ok(f, weft_expr_fold(&f->ctx, expr_call2(f, "map", text, expr_call2(f, "array", expr_null(f), text)),
                              &samples[15]));
    assert_int_equal(samples[15]->kind, WEFT_EXPR_LITERAL);
    samples[16] = expr_aggregate(f, "collect_list", samples[13]);
}

static const weft_type *input_types(expr_fixture *f)
{
    weft_type *types = NULL;
    expr_ok(f, WEFT_NEW_ARRAY(&f->ctx, 4, &types));
    types[0] = expr_type(f, "decimal(15,2)");
    types[1] = expr_type(f, "date");
    types[2] = expr_type(f, "string");
    types[3] = expr_type(f, "int");
    return types;
}

static void comes_back_equal(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *samples[SAMPLES];
    const weft_expr *const *back = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    int32_t count = 0;

    make_samples(f, samples);
    expr_ok(f, weft_exprs_encode(&f->ctx, samples, SAMPLES, &bytes, &len));
    expr_ok(f, weft_exprs_decode(&f->ctx, bytes, len, input_types(f), 4, &back, &count));
    assert_int_equal(count, SAMPLES);
    memset(bytes, 0xee, len); /* they are not needed any more */
    for (int32_t i = 0; i < SAMPLES; i++) {
        for (int ids = 0; ids < 2; ids++) {
            char *text = NULL;
            expr_ok(f, weft_expr_text(&f->ctx, samples[i], ids != 0, &text));
            expr_check_text(f, back[i], ids != 0, text);
        }
        assert_true(weft_expr_equal(samples[i], back[i]));
        assert_int_equal(samples[i]->nullable, back[i]->nullable);
    }
    assert_ptr_equal(back[10]->args[0], back[0]); /* a shared node is one node */
}

/* What a view goes by: the calls, casts and aggregates made of it take it along, nothing else does. */
static void settings_travel(void **state)
{
    expr_fixture *f = *state;
    uint8_t *bytes = NULL;
    size_t len = 0;
    const weft_expr *const *back = NULL;
    const weft_expr *sum[2] = {NULL, NULL};
    int32_t count = 0;
    const weft_settings *const statement = f->ctx.settings;
    weft_settings view = *statement;
    expr_ok(f, weft_settings_set(&f->ctx, &view, "spark.sql.ansi.enabled", "false"));
    view.reader = statement;
    const weft_expr *number = input(f, 3, "int");
    sum[1] = expr_call2(f, "+", number, expr_int(f, 1));
    f->ctx.settings = &view;
    sum[0] = expr_call2(f, "+", number, expr_int(f, 1));
    f->ctx.settings = statement;
    assert_ptr_equal(sum[0]->settings, &view);
    assert_true(sum[0]->nullable);
    assert_null(sum[0]->args[1]->settings);
    assert_null(sum[1]->settings);
    assert_false(weft_expr_equal(sum[0], sum[1]));
    expr_ok(f, weft_exprs_encode(&f->ctx, sum, 2, &bytes, &len));
    expr_ok(f, weft_exprs_decode(&f->ctx, bytes, len, NULL, 0, &back, &count));
    assert_int_equal(back[0]->settings->number[WEFT_SET_ANSI], 0);
    assert_ptr_equal(back[0]->settings->reader, statement);
    assert_null(back[0]->args[1]->settings);
    assert_null(back[1]->settings);
}

static void no_expressions(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *const *back = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    int32_t count = 1;
    expr_ok(f, weft_exprs_encode(&f->ctx, NULL, 0, &bytes, &len));
    expr_ok(f, weft_exprs_decode(&f->ctx, bytes, len, NULL, 0, &back, &count));
    assert_int_equal(count, 0);
}

static void what_does_not_travel(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *column = expr_column(f, 1, "a", "int");
    const weft_expr outer = {.kind = WEFT_EXPR_OUTER, .type = column->type, .arg_count = 1, .args = &column};
    const weft_expr *e = &outer;
    const weft_expr *const *back = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    int32_t count = 0;

    assert_int_equal(weft_exprs_encode(&f->ctx, &e, 1, &bytes, &len), WEFT_INTERNAL);
    expr_ok(f, weft_exprs_encode(&f->ctx, &column, 1, &bytes, &len)); /* a column of a logical plan */
    assert_int_equal(weft_exprs_decode(&f->ctx, bytes, len, NULL, 0, &back, &count), WEFT_CORRUPT);
}

/* Columns must be those that the receiver has. */
static void inputs_are_checked(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *number = input(f, 3, "int");
    const weft_expr *const *back = NULL;
    const weft_type *types = input_types(f);
    uint8_t *bytes = NULL;
    size_t len = 0;
    int32_t count = 0;

    expr_ok(f, weft_exprs_encode(&f->ctx, &number, 1, &bytes, &len));
    expr_ok(f, weft_exprs_decode(&f->ctx, bytes, len, types, 4, &back, &count));
    assert_int_equal(weft_exprs_decode(&f->ctx, bytes, len, types, 3, &back, &count), WEFT_CORRUPT);
    number = input(f, 2, "int");
    expr_ok(f, weft_exprs_encode(&f->ctx, &number, 1, &bytes, &len));
    assert_int_equal(weft_exprs_decode(&f->ctx, bytes, len, types, 4, &back, &count), WEFT_CORRUPT);
}

/* A call whose arguments are not those that its binding gives: kernels would read values of another width. */
static void bindings_are_checked(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *pairs[][2] = {{input(f, 1, "date"), input(f, 3, "int")},
                                   {input(f, 0, "decimal(15,2)"), input(f, 3, "int")},
                                   {input(f, 3, "int"), input(f, 3, "int")}};
    const weft_expr *date = pairs[0][0];
    const weft_expr *const *back = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    int32_t count = 0;

    for (int32_t i = 0; i < WEFT_COUNT(pairs); i++) {
        weft_expr *node = NULL;
        const weft_expr *made = expr_call2(f, "<=", date, date);
        expr_ok(f, WEFT_NEW(&f->ctx, &node));
        *node = *made;
        node->args = pairs[i];
        made = node;
        expr_ok(f, weft_exprs_encode(&f->ctx, &made, 1, &bytes, &len));
        const weft_status want = i < 2 ? WEFT_CORRUPT : WEFT_OK;
        assert_int_equal(weft_exprs_decode(&f->ctx, bytes, len, input_types(f), 4, &back, &count), want);
        assert_true(want == WEFT_OK || f->ctx.error.code == WEFT_CORRUPT);
        weft_error_clear(&f->ctx);
    }
}

/* Every truncation is an error; every byte changed is an error or gives an expression that can be shown. */
static void damage_is_an_error(void **state)
{
    expr_fixture *f = *state;
    const weft_expr *samples[SAMPLES];
    const weft_expr *const *back = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    int32_t count = 0, errors = 0;
    uint8_t *copy;

    make_samples(f, samples);
    expr_ok(f, weft_exprs_encode(&f->ctx, samples, SAMPLES, &bytes, &len));
    copy = malloc(len);
    memcpy(copy, bytes, len);
    for (size_t i = 0; i < len; i++) {
        weft_arena_reset(f->ctx.arena);
        (void)!weft_exprs_decode(&f->ctx, copy, i, NULL, 0, &back, &count);
        for (int bit = 0; bit < 8; bit++) {
            copy[i] ^= (uint8_t)(1 << bit);
            const weft_status st = weft_exprs_decode(&f->ctx, copy, len, NULL, 0, &back, &count);
            errors += st != WEFT_OK;
            if (st != WEFT_OK) assert_true(st == WEFT_CORRUPT || st == WEFT_UNSUPPORTED);
            for (int32_t k = 0; st == WEFT_OK && k < count; k++) {
                char *text = NULL;
                expr_ok(f, weft_expr_text(&f->ctx, back[k], true, &text));
            }
            copy[i] ^= (uint8_t)(1 << bit);
        }
    }
    assert_true(errors > (int32_t)len); /* most of the damage is noticed */
    free(copy);
}

static weft_status travel(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    const weft_expr *e = NULL;
    const weft_expr *const *back = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    int32_t count = 0;
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = 1};
    (void)arg;
    WEFT_TRY(st, weft_expr_literal(&f->ctx, &value, &e));
    for (int i = 0; i < 300; i++) WEFT_TRY(st, weft_expr_alias(&f->ctx, e, i, "some name", &e));
    WEFT_TRY(st, weft_exprs_encode(&f->ctx, &e, 1, &bytes, &len));
    WEFT_TRY(st, weft_exprs_decode(&f->ctx, bytes, len, NULL, 0, &back, &count));
done:
    return st;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    weft_fixture_oom_sweep(travel, NULL);
}

WEFT_TESTS(EXPR_TEST(comes_back_equal), EXPR_TEST(settings_travel), EXPR_TEST(no_expressions),
           EXPR_TEST(what_does_not_travel), EXPR_TEST(inputs_are_checked), EXPR_TEST(bindings_are_checked),
           EXPR_TEST(damage_is_an_error), WEFT_TEST(every_allocation_may_fail))
