/* Types made of others: a change reaches each type that it asks for, and a copy shares nothing. */
#include "engine/columnar/type_map.h"

#include <string.h>

#include "tests/unit/columnar/columnar_fixture.h"

/* INT becomes BIGINT, but for what is in the struct of so many fields. */
static bool widen(const void *arg, weft_type *type)
{
    if (type->id == WEFT_TYPE_INT) type->id = WEFT_TYPE_BIGINT;
    return type->id != WEFT_TYPE_STRUCT || type->child_count != *(const int32_t *)arg;
}

static void a_change_goes_as_deep_as_it_asks(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"int", "bigint"},
        {"string", "string"},
        {"array<int>", "array<bigint>"},
        {"map<int,struct<a:int>>", "map<bigint,struct<a:bigint>>"},
        {"struct<a:struct<b:int,c:int>>", "struct<a:struct<b:int,c:int>>"},
    };
    const int32_t kept = 2;
    weft_fixture f;
    weft_fixture_open(&f);
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        weft_type from, to;
        char text[128];
        weft_fixture_ok(&f, weft_type_parse(&f.ctx, cases[i].from, &from));
        weft_fixture_ok(&f, weft_type_map(&f.ctx, from, widen, &kept, &to));
        assert_string_equal(weft_type_text(to, text, sizeof text), cases[i].to);
        assert_string_equal(weft_type_text(from, text, sizeof text), cases[i].from);
    }
    weft_fixture_close(&f);
}

static void a_copy_has_names_of_its_own(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    char name[] = "abc";
    const weft_field inner = {.name = name, .type = {.id = WEFT_TYPE_INT}, .nullable = true};
    const weft_field outer = {.name = name,
                              .type = {.id = WEFT_TYPE_STRUCT, .child_count = 1, .children = &inner}};
    const weft_type type = {.id = WEFT_TYPE_STRUCT, .child_count = 1, .children = &outer};
    weft_type copy;
    weft_fixture_ok(&f, weft_type_copy(&f.ctx, type, &copy));
    memcpy(name, "xyz", 3);
    assert_string_equal(copy.children[0].name, "abc");
    assert_false(copy.children[0].nullable);
    assert_string_equal(copy.children[0].type.children[0].name, "abc");
    assert_true(copy.children[0].type.children[0].nullable);
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(a_change_goes_as_deep_as_it_asks), WEFT_TEST(a_copy_has_names_of_its_own))
