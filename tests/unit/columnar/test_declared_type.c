/* Types that tables declare: lengths at any depth are read, told, and left out of the types of values. */
#include "engine/columnar/declared_type.h"

#include <string.h>

#include "tests/unit/columnar/columnar_fixture.h"

static void lengths_are_kept_at_any_depth(void **state)
{
    (void)state;
    static const struct {
        const char *declared, *values;
    } cases[] = {
        {"char(3)", "string"},
        {"varchar(5) collate UNICODE_CI", "string collate UNICODE_CI"},
        {"array<char(3)>", "array<string>"},
        {"map<char(2),array<varchar(4)>>", "map<string,array<string>>"},
        {"struct<a:int,b:struct<c:char(1)>>", "struct<a:int,b:struct<c:string>>"},
        {"array<string>", "array<string>"},
    };
    weft_fixture f;
    weft_fixture_open(&f);
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        weft_type declared, values, plain;
        char text[128];
        weft_fixture_ok(&f, weft_type_parse_declared(&f.ctx, cases[i].declared, &declared));
        assert_string_equal(weft_type_text(declared, text, sizeof text), cases[i].declared);
        assert_int_equal(weft_type_has_length(declared), strchr(cases[i].declared, '(') != NULL);
        weft_fixture_ok(&f, weft_type_of_values(&f.ctx, declared, &values));
        assert_string_equal(weft_type_text(values, text, sizeof text), cases[i].values);
        weft_fixture_ok(&f, weft_type_parse(&f.ctx, cases[i].declared, &plain));
        assert_true(weft_type_equal(plain, values));
    }
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(lengths_are_kept_at_any_depth))
