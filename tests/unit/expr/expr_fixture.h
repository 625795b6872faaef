/* tests/unit/expr/expr_fixture.h - a context for each test, and short ways to make expressions. */
#ifndef WEFT_TESTS_UNIT_EXPR_EXPR_FIXTURE_H
#define WEFT_TESTS_UNIT_EXPR_EXPR_FIXTURE_H

#include "engine/expr/aggregate.h"
#include "engine/expr/coerce.h"
#include "tests/support/fixture.h"

typedef weft_fixture expr_fixture;

static inline int expr_setup(void **state)
{
    expr_fixture *f = calloc(1, sizeof(*f));
    weft_fixture_open(f);
    *state = f;
    return 0;
}

static inline int expr_teardown(void **state)
{
    weft_mem_fail_after(0);
    weft_fixture_close(*state);
    free(*state);
    return 0;
}

#define EXPR_TEST(function) WEFT_TEST_WITH(expr_setup, expr_teardown, function)

static inline void expr_ok(const expr_fixture *f, weft_status st) { weft_fixture_ok(f, st); }

static inline weft_type expr_type(expr_fixture *f, const char *text)
{
    weft_type type = WEFT_TYPE_OF(WEFT_TYPE_NULL);
    if (strcmp(text, "void") != 0) expr_ok(f, weft_type_parse(&f->ctx, text, &type));
    return type;
}

/* A nullable column; the ids are the test's. */
static inline const weft_expr *expr_column(expr_fixture *f, int64_t id, const char *name, const char *type)
{
    const weft_expr *e = NULL;
    expr_ok(f, weft_expr_column(&f->ctx, id, name, expr_type(f, type), true, &e));
    return e;
}

static inline const weft_expr *expr_int(expr_fixture *f, int64_t number)
{
    const weft_expr *e = NULL;
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = number};
    expr_ok(f, weft_expr_literal(&f->ctx, &value, &e));
    return e;
}

static inline const weft_expr *expr_decimal(expr_fixture *f, int64_t unscaled, int precision, int scale)
{
    const weft_expr *e = NULL;
    const weft_value value = {.type = weft_type_decimal(precision, scale), .i128 = unscaled};
    expr_ok(f, weft_expr_literal(&f->ctx, &value, &e));
    return e;
}

static inline const weft_expr *expr_string(expr_fixture *f, const char *text)
{
    const weft_expr *e = NULL;
    const weft_value value = {.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                              .str = weft_str_view(text, (uint32_t)strlen(text))};
    expr_ok(f, weft_expr_literal(&f->ctx, &value, &e));
    return e;
}

static inline const weft_expr *expr_null(expr_fixture *f)
{
    const weft_expr *e = NULL;
    const weft_value value = {.is_null = true};
    expr_ok(f, weft_expr_literal(&f->ctx, &value, &e));
    return e;
}

static inline const weft_expr *expr_typed(expr_fixture *f, weft_type_id type, int64_t number)
{
    const weft_expr *e = NULL;
    const weft_value value = {.type = WEFT_TYPE_OF(type), .i64 = number};
    expr_ok(f, weft_expr_literal(&f->ctx, &value, &e));
    return e;
}

static inline const weft_expr *expr_call2(expr_fixture *f, const char *name, const weft_expr *a,
                                          const weft_expr *b)
{
    const weft_expr *args[2] = {a, b};
    const weft_expr *e = NULL;
    expr_ok(f, weft_expr_call(&f->ctx, name, args, 2, NULL, &e));
    return e;
}

static inline const weft_expr *expr_form(expr_fixture *f, weft_expr_kind kind, int32_t count, ...)
{
    const weft_expr *args[8];
    const weft_expr *e = NULL;
    va_list list;
    va_start(list, count);
    for (int32_t i = 0; i < count; i++) args[i] = va_arg(list, const weft_expr *);
    va_end(list);
    expr_ok(f, weft_expr_form(&f->ctx, kind, args, count, NULL, &e));
    return e;
}

static inline const weft_expr *expr_aggregate(expr_fixture *f, const char *name, const weft_expr *arg)
{
    const weft_expr *e = NULL;
    expr_ok(f, weft_expr_aggregate(&f->ctx, name, &arg, arg == NULL ? 0 : 1, false, NULL, NULL, &e));
    return e;
}

static inline void expr_check_text(expr_fixture *f, const weft_expr *e, bool ids, const char *want)
{
    char *text = NULL;
    expr_ok(f, weft_expr_text(&f->ctx, e, ids, &text));
    assert_string_equal(text, want);
}

static inline void expr_check_type(const weft_expr *e, const char *want)
{
    char text[128];
    assert_string_equal(weft_type_text(e->type, text, sizeof(text)), want);
}

#endif
