/* What the text of a view goes by: taken when it is made, the same when it is read, stored as text between.
 */
#include "common/kept_settings.h"

#include "tests/support/fixture.h"

static const char *kept_value(const weft_kept_settings *kept, const char *key)
{
    for (int32_t i = 0; i < kept->count; i++)
        if (strcmp(kept->pairs[2 * i], key) == 0) return kept->pairs[2 * i + 1];
    return NULL;
}

static void set(weft_fixture *f, const char *key, const char *value)
{
    weft_fixture_ok(f, weft_settings_set(&f->ctx, &f->settings, key, value));
}

static void what_gives_a_text_its_meaning_is_kept(void **state)
{
    (void)state;
    weft_fixture f;
    weft_kept_settings kept = {0};
    weft_fixture_open(&f);
    set(&f, "spark.sql.groupByOrdinal", "false");
    set(&f, "spark.sql.shuffle.partitions", "7");
    set(&f, "weft.test.hashZero", "true");
    weft_fixture_ok(&f, weft_kept_settings_take(&f.ctx, false, &kept));
    assert_int_equal(kept.count, 3); /* ANSI and the time zone always */
    assert_string_equal(kept_value(&kept, "spark.sql.ansi.enabled"), "true");
    assert_string_equal(kept_value(&kept, "spark.sql.session.timeZone"), "UTC");
    assert_string_equal(kept_value(&kept, "spark.sql.groupByOrdinal"), "false");
    for (int32_t i = 1; i < kept.count; i++)
        assert_true(strcmp(kept.pairs[2 * i - 2], kept.pairs[2 * i]) < 0);
    weft_fixture_close(&f);
}

static void it_stands_whatever_the_reader_has_set(void **state)
{
    (void)state;
    weft_fixture f;
    weft_kept_settings kept = {0};
    weft_settings *own = NULL;
    const weft_settings *before = NULL;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_kept_settings_take(&f.ctx, false, &kept));
    assert_true(weft_kept_settings_hold(&kept, &f.settings));
    set(&f, "spark.sql.ansi.enabled", "false");
    set(&f, "spark.sql.groupByOrdinal", "false"); /* was not set then */
    set(&f, "spark.sql.shuffle.partitions", "7");
    assert_false(weft_kept_settings_hold(&kept, &f.settings));
    weft_fixture_ok(&f, weft_kept_settings_apply(&f.ctx, &kept, &own));
    assert_int_equal(own->number[WEFT_SET_ANSI], 1);
    assert_int_equal(own->number[WEFT_SET_GROUP_BY_ORDINAL], 1);
    assert_int_equal(own->number[WEFT_SET_SHUFFLE_PARTITIONS], 7);
    assert_true(weft_kept_settings_hold(&kept, own));
    weft_fixture_ok(&f, weft_kept_settings_enter(&f.ctx, &kept, &before));
    assert_ptr_equal(before, &f.settings);
    assert_int_equal(weft_setting(&f.ctx, WEFT_SET_ANSI), 1);
    f.ctx.settings = before;
    const weft_kept_settings none = {0}; /* of before anything was kept */
    assert_true(weft_kept_settings_hold(&none, &f.settings));
    weft_fixture_close(&f);
}

static void the_database_is_the_readers_unless_it_was_kept(void **state)
{
    (void)state;
    weft_fixture f;
    weft_kept_settings without = {0}, with = {0};
    weft_settings *own = NULL;
    weft_fixture_open(&f);
    set(&f, "weft.sql.currentDatabase", "sales");
    weft_fixture_ok(&f, weft_kept_settings_take(&f.ctx, false, &without));
    weft_fixture_ok(&f, weft_kept_settings_take(&f.ctx, true, &with));
    assert_null(kept_value(&without, "weft.sql.currentDatabase"));
    assert_string_equal(kept_value(&with, "weft.sql.currentDatabase"), "sales");
    set(&f, "weft.sql.currentDatabase", "stock");
    assert_true(weft_kept_settings_hold(&without, &f.settings));
    assert_false(weft_kept_settings_hold(&with, &f.settings));
    weft_fixture_ok(&f, weft_kept_settings_apply(&f.ctx, &without, &own));
    assert_string_equal(own->text[WEFT_SET_CURRENT_DATABASE], "stock");
    weft_fixture_ok(&f, weft_kept_settings_apply(&f.ctx, &with, &own));
    assert_string_equal(own->text[WEFT_SET_CURRENT_DATABASE], "sales");
    weft_fixture_close(&f);
}

static void it_is_stored_in_front_of_the_text(void **state)
{
    (void)state;
    weft_fixture f;
    weft_kept_settings kept = {0}, again = {0};
    const char *text = NULL;
    weft_fixture_open(&f);
    set(&f, "spark.sql.session.timeZone", "Europe/Berlin");
    weft_fixture_ok(&f, weft_kept_settings_take(&f.ctx, false, &kept));
    weft_fixture_ok(&f, weft_kept_settings_encode(&f.ctx, &kept, "SELECT '=\n\n'", &text));
    weft_fixture_ok(&f, weft_kept_settings_decode(&f.ctx, &text, &again));
    assert_string_equal(text, "SELECT '=\n\n'");
    assert_int_equal(again.count, kept.count);
    assert_string_equal(kept_value(&again, "spark.sql.session.timeZone"), "Europe/Berlin");
    text = "SELECT 1";
    weft_fixture_ok(&f, weft_kept_settings_decode(&f.ctx, &text, &again));
    assert_string_equal(text, "SELECT 1");
    assert_int_equal(again.count, 0);
    static const char *const damaged[] = {"weft-kept 1\n", "weft-kept 1\na=b", "weft-kept 1\nab\n\nSELECT 1"};
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        text = damaged[i];
        assert_int_equal(weft_kept_settings_decode(&f.ctx, &text, &again), WEFT_CORRUPT);
        weft_error_clear(&f.ctx);
    }
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(what_gives_a_text_its_meaning_is_kept), WEFT_TEST(it_stands_whatever_the_reader_has_set),
           WEFT_TEST(the_database_is_the_readers_unless_it_was_kept),
           WEFT_TEST(it_is_stored_in_front_of_the_text))
