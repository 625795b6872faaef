/* Keys under collations stand as the strings do, searches find what is equal, and every allocation may fail.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/columnar/collation.h"
#include "engine/expr/collation_search.h"
#include "tests/unit/expr/expr_fixture.h"

static uint16_t collation_of(const char *name)
{
    uint16_t c = 0;
    assert_true(weft_collation_parse(name, strlen(name), &c));
    return c;
}

static int order_of(expr_fixture *f, const char *name, const char *a, const char *b)
{
    weft_collator *c = NULL;
    int order = 0;
    expr_ok(f, weft_collator_open(&f->ctx, collation_of(name), &c));
    expr_ok(f, weft_collator_compare(&f->ctx, c, a, strlen(a), b, strlen(b), &order));
    weft_collator_close(&c);
    return order;
}

static void keys_stand_as_the_strings_do(void **state)
{
    expr_fixture *f = *state;
    static const struct {
        const char *collation, *a, *b;
        int order;
    } cases[] = {
        {"UTF8_LCASE", "aBc", "AbC", 0},
        {"UTF8_LCASE", "a", "B", -1},
        {"UTF8_LCASE", "\xc4\xb0", "i\xcc\x87", 0}, /* a capital dotted i */
        {"UTF8_LCASE", "\xcf\x82", "\xce\xa3", 0},  /* a sigma at an end */
        {"UTF8_LCASE", "a ", "a", 1},
        {"UTF8_LCASE_RTRIM", "a  ", "A", 0},
        {"UTF8_LCASE_RTRIM", " a", "a", -1},
        {"UTF8_BINARY_RTRIM", "a ", "a", 0},
        {"UTF8_BINARY_RTRIM", "a", "A", 1},
        {"UTF8_LCASE", "", "a", -1},
        {"UNICODE", "a", "B", -1},
        {"UNICODE", "a", "A", -1},
        {"UNICODE_CI", "a", "A", 0},
        {"UNICODE_CI", "a", "\xc3\xa4", -1},
        {"UNICODE_AI", "a", "\xc3\xa4", 0},
        {"UNICODE_AI", "a", "A", -1},
        {"UNICODE_CI_AI", "A", "\xc3\xa4", 0},
        {"sv", "z", "\xc3\xa4", -1},
        {"de", "z", "\xc3\xa4", 1},
        {"UNICODE_CI_RTRIM", "a ", "A", 0},
    };
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        const int order = order_of(f, cases[i].collation, cases[i].a, cases[i].b);
        assert_int_equal((order > 0) - (order < 0), cases[i].order);
        const int back = order_of(f, cases[i].collation, cases[i].b, cases[i].a);
        assert_int_equal((back > 0) - (back < 0), -cases[i].order);
    }
}

/* Random bytes, of which most are no UTF-8: a key is made of each, and equal strings have equal ones. */
static void keys_of_any_bytes(void **state)
{
    expr_fixture *f = *state;
    static const char *const names[] = {"UTF8_LCASE", "UNICODE_CI", "UTF8_BINARY_RTRIM"};
    weft_test_random random = {weft_test_seed()};
    for (int32_t n = 0; n < WEFT_COUNT(names); n++) {
        weft_collator *c = NULL;
        expr_ok(f, weft_collator_open(&f->ctx, collation_of(names[n]), &c));
        for (int32_t i = 0; i < 2000; i++) {
            char text[40];
            int order = 1;
            const size_t len = (size_t)weft_test_random_range(&random, 0, sizeof text - 1);
            for (size_t k = 0; k < len; k++) text[k] = (char)weft_test_random_u64(&random);
            expr_ok(f, weft_collator_compare(&f->ctx, c, text, len, text, len, &order));
            assert_int_equal(order, 0);
        }
        weft_collator_close(&c);
    }
}

static void finds(expr_fixture *f, const char *name, const char *text, const char *part, int from, int to)
{
    weft_collation_search *s = NULL;
    size_t begin = 0, end = 0;
    expr_ok(f, weft_collation_search_open(&f->ctx, collation_of(name), &s));
    expr_ok(f, weft_collation_search_set(&f->ctx, s, weft_str_view(text, (uint32_t)strlen(text)),
                                         weft_str_view(part, (uint32_t)strlen(part))));
    const bool found = weft_collation_search_next(s, 0, &begin, &end);
    assert_int_equal(found, from >= 0);
    if (found) assert_int_equal(begin, from);
    if (found) assert_int_equal(end, to);
    weft_collation_search_close(&s);
}

static void searches(void **state)
{
    expr_fixture *f = *state;
    finds(f, "UTF8_LCASE", "xABc", "bC", 2, 4);
    finds(f, "UTF8_LCASE", "a\xc4\xb0", "i\xcc\x87", 1, 3);
    finds(f, "UTF8_LCASE", "a\xc4\xb0", "i", -1, 0); /* half of a character */
    finds(f, "UTF8_LCASE", "", "a", -1, 0);
    finds(f, "UNICODE_CI",
          "x\xc3\x84"
          "b",
          "\xc3\xa4", 1, 3);
    finds(f, "UNICODE_CI_AI",
          "x\xc3\x84"
          "b",
          "A", 1, 3);
    finds(f, "UNICODE_CI", "\xf0\x9f\x98\x80y", "Y", 4, 5);
    finds(f, "UNICODE", "ai\xcc\x87", "i", -1, 0); /* a letter without its mark */
}

static weft_status compare_once(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    weft_collator *c = NULL;
    int order = 0;
    WEFT_TRY(st, weft_collator_open(&f->ctx, collation_of(arg), &c));
    st = weft_collator_compare(&f->ctx, c, "abc", 3, "ABD", 3, &order);
done:
    weft_collator_close(&c);
    return st;
}

static weft_status search_once(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    weft_collation_search *s = NULL;
    size_t from, to;
    WEFT_TRY(st, weft_collation_search_open(&f->ctx, collation_of(arg), &s));
    WEFT_TRY(st, weft_collation_search_set(&f->ctx, s, weft_str_view("abc", 3), weft_str_view("B", 1)));
    assert_true(weft_collation_search_next(s, 0, &from, &to));
done:
    weft_collation_search_close(&s);
    return st;
}

static void allocations_fail_in_turn(void **state)
{
    (void)state;
    static char names[][16] = {"UTF8_LCASE", "UNICODE_CI"};
    for (int32_t i = 0; i < WEFT_COUNT(names); i++) {
        weft_fixture_oom_sweep(compare_once, names[i]);
        weft_fixture_oom_sweep(search_once, names[i]);
    }
}

WEFT_TESTS(EXPR_TEST(keys_stand_as_the_strings_do), EXPR_TEST(keys_of_any_bytes), EXPR_TEST(searches),
           EXPR_TEST(allocations_fail_in_turn))
