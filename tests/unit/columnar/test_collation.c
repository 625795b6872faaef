/* Names of collations: what is listed reads back, in any case and order of parts, and nothing else does. */
#include <ctype.h>
#include <string.h>

#include "engine/columnar/collation.h"
#include "tests/unit/columnar/columnar_fixture.h"

static void listed_names_read_back(void **state)
{
    (void)state;
    char text[WEFT_COLLATION_NAME_BYTES], upper[WEFT_COLLATION_NAME_BYTES];
    int32_t count = 0;
    for (uint16_t c = weft_collation_next(WEFT_COLLATION_NULL); c != WEFT_COLLATION_NULL;
         c = weft_collation_next(c), count++) {
        uint16_t back = WEFT_COLLATION_NULL;
        weft_collation_name(c, text);
        assert_true(weft_collation_is_valid(c));
        assert_true(weft_collation_parse(text, strlen(text), &back));
        assert_int_equal(back, c);
        for (size_t i = 0; i <= strlen(text); i++) upper[i] = (char)toupper((unsigned char)text[i]);
        assert_true(weft_collation_parse(upper, strlen(upper), &back));
        assert_int_equal(back, c);
        assert_true(count < 10000);
    }
    assert_int_equal(count, 4 + 8 * (1 + 138)); /* of bytes; UNICODE and the locales of ICU 72 */
}

static void parts_in_any_order(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"unicode_ai_ci", "UNICODE_CI_AI"}, {"UNICODE_RTRIM_CS_AI", "UNICODE_AI_RTRIM"},
        {"unicode_as_cs", "UNICODE"},       {"EN_usa_ci", "en_USA_CI"},
        {"zh_hant_twn", "zh_Hant_TWN"},     {"utf8_binary_rtrim", "UTF8_BINARY_RTRIM"}};
    static const char *const wrong[] = {
        "",       "UTF8",     "UTF8_LCASE_CI",      "UNICODE_CI_CI", "UNICODE_CI_CS",
        "en_US",  "UNICODE_", "UNICODEX",           "_CI",           "de_",
        "de__CI", "null",     "UNICODE_RTRIM_RTRIM"};
    char text[WEFT_COLLATION_NAME_BYTES];
    uint16_t c = 0;
    for (int32_t i = 0; i < WEFT_COUNT(pairs); i++) {
        assert_true(weft_collation_parse(pairs[i][0], strlen(pairs[i][0]), &c));
        assert_string_equal(weft_collation_name(c, text), pairs[i][1]);
    }
    for (int32_t i = 0; i < WEFT_COUNT(wrong); i++)
        assert_false(weft_collation_parse(wrong[i], strlen(wrong[i]), &c));
}

static void types_have_them(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    static const char *const texts[] = {"string collate UTF8_LCASE", "array<string collate de_AI>",
                                        "map<string collate UNICODE,string>"};
    char text[200];
    for (int32_t i = 0; i < WEFT_COUNT(texts); i++) {
        const weft_type type = columnar_type(&f, texts[i]);
        assert_string_equal(weft_type_text(type, text, sizeof text), texts[i]);
    }
    assert_false(weft_type_equal(columnar_type(&f, "string"), columnar_type(&f, texts[0])));
    weft_type type;
    assert_int_equal(weft_type_parse(&f.ctx, "string collate nosuch", &type), WEFT_UNSUPPORTED_DATATYPE);
    weft_fixture_close(&f);
}

static void unknown_numbers(void **state)
{
    (void)state;
    static const uint32_t wrong[] = {WEFT_COLLATION_CI, WEFT_COLLATION_LCASE | WEFT_COLLATION_AI,
                                     WEFT_COLLATION_BASE, 0x1000, 0x10000};
    for (int32_t i = 0; i < WEFT_COUNT(wrong); i++) assert_false(weft_collation_is_valid(wrong[i]));
    assert_true(weft_collation_is_valid(WEFT_COLLATION_NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(listed_names_read_back),
                                       cmocka_unit_test(parts_in_any_order),
                                       cmocka_unit_test(types_have_them), cmocka_unit_test(unknown_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
