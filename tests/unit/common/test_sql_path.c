/* The path of SET PATH: its entries, the schema of the moment, and what counts while it is off. */
#include "common/sql_path.h"

#include "common/settings.h"
#include "tests/support/fixture.h"

static void without_one_it_is_that_of_spark(void **state)
{
    (void)state;
    weft_fixture f;
    const char *text = NULL;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, "weft.sql.path", "spark_catalog.d1"));
    assert_false(weft_sql_path_is_set(&f.ctx)); /* it does not count */
    weft_fixture_ok(&f, weft_sql_path_text(&f.ctx, &text));
    assert_string_equal(text, "system.builtin,system.session,spark_catalog.default");
    weft_fixture_close(&f);
}

static void entries_come_one_by_one(void **state)
{
    (void)state;
    weft_fixture f;
    const char *text = NULL, *entry = NULL;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, "spark.sql.path.enabled", "true"));
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, "weft.sql.currentDatabase", "d2"));
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, "weft.sql.path",
                                          "spark_catalog.d1,CURRENT_SCHEMA,other.a.b"));
    assert_true(weft_sql_path_is_set(&f.ctx));
    const char *at = weft_sql_path_entries(&f.ctx);
    weft_fixture_ok(&f, weft_sql_path_next(&f.ctx, &at, &entry));
    assert_string_equal(weft_sql_path_schema(entry), "d1");
    weft_fixture_ok(&f, weft_sql_path_next(&f.ctx, &at, &entry));
    assert_string_equal(weft_sql_path_schema(entry), "d2");
    weft_fixture_ok(&f, weft_sql_path_next(&f.ctx, &at, &entry));
    assert_string_equal(entry, "other.a.b");
    assert_null(weft_sql_path_schema(entry));
    weft_fixture_ok(&f, weft_sql_path_next(&f.ctx, &at, &entry));
    assert_null(entry);
    weft_fixture_ok(&f, weft_sql_path_text(&f.ctx, &text));
    assert_string_equal(text, "spark_catalog.d1,spark_catalog.d2,other.a.b");
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(without_one_it_is_that_of_spark), WEFT_TEST(entries_come_one_by_one))
