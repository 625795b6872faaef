/* Settings are read by key or alias, checked against kind and bounds, and a wrong key names the nearest. */
#include "common/settings.h"

#include <ftw.h>

#include "tests/support/fixture.h"

static void initial_values_are_valid(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    for (int i = 0; i < WEFT_SETTING_COUNT; i++) {
        const weft_setting_def *def = weft_setting_find_def((weft_setting_id)i);
        assert_int_equal(weft_settings_find(def->key), i);
        if (def->alias[0] != '\0') assert_int_equal(weft_settings_find(def->alias), i);
        assert_true(strlen(def->help) > 0);
        assert_false(f.settings.set[i]);
        weft_settings fresh;
        weft_settings_init(&fresh);
        weft_fixture_ok(&f, weft_settings_set(&f.ctx, &fresh, def->key, def->initial));
        assert_true(fresh.set[i]);
    }
    assert_int_equal(weft_setting(&f.ctx, WEFT_SET_ANSI), 1);
    assert_int_equal(weft_setting(&f.ctx, WEFT_SET_BATCH_ROWS), 2048);
    assert_string_equal(weft_setting_text(&f.ctx, WEFT_SET_TIME_ZONE), "UTC");
    weft_fixture_close(&f);
}

static void values_are_read_by_kind(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, "spark.sql.ANSI.enabled", "FALSE"));
    assert_int_equal(weft_setting(&f.ctx, WEFT_SET_ANSI), 0);
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, "weft.sql.batchRows", "1"));
    assert_int_equal(weft_setting(&f.ctx, WEFT_SET_BATCH_ROWS), 1);
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, "spark.executor.memory", "1.5g"));
    assert_int_equal(weft_setting(&f.ctx, WEFT_SET_MEMORY), 3LL << 29);
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, "spark.sql.autoBroadcastJoinThreshold", "-1"));
    assert_int_equal(weft_setting(&f.ctx, WEFT_SET_BROADCAST_BYTES), -1);
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, "weft.scratch.dir", "/a,/b"));
    assert_string_equal(weft_setting_text(&f.ctx, WEFT_SET_SCRATCH), "/a,/b");
    weft_fixture_close(&f);
}

static void wrong_ones_say_what_to_try(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *hint;
    } cases[] = {
        {"weft.sql.batchRow", "1", "weft.sql.batchRows"},
        {"spark.sql.shufle.partitions", "1", "spark.sql.shuffle.partitions"},
        {"WEFT.SQL.ANSI.ENABLE", "1", "weft.sql.ansi.enabled"},
        {"weft.sql.batchRows", "0", "from 1 to 4096"},
        {"weft.sql.batchRows", "4097", "from 1 to 4096"},
        {"weft.sql.batchRows", "many", "a whole number"},
        {"weft.sql.batchRows", "99999999999999999999", "a whole number"},
        {"weft.sql.batchRows", "", "a whole number"},
        {"weft.sql.ansi.enabled", "1", "true or false"},
        {"weft.memory.limit", "1x", "32m"},
        {"weft.memory.limit", "-5", "from 0"},
        {"weft.memory.limit", "9999999p", "32m"},
    };
    weft_fixture f;
    weft_fixture_open(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(weft_settings_set(&f.ctx, &f.settings, cases[i].key, cases[i].value), WEFT_CONFIG);
        if (strstr(f.ctx.error.hint, cases[i].hint) == NULL) {
            fail_msg("%s = %s: the hint was \"%s\"", cases[i].key, cases[i].value, f.ctx.error.hint);
        }
    }
    char longer[1000];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(weft_settings_set(&f.ctx, &f.settings, "weft.scratch.dir", longer), WEFT_CONFIG);
    assert_int_equal(weft_settings_set(&f.ctx, &f.settings, longer, "1"), WEFT_CONFIG);
    for (int i = 0; i < WEFT_SETTING_COUNT; i++) assert_false(f.settings.set[i]); /* nothing was taken */
    weft_fixture_close(&f);
}

static void sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes; /* -99: no size */
    } cases[] = {
        {"4096", 4096},
        {"0", 0},
        {"32m", 32 << 20},
        {"32MB", 32 << 20},
        {"32 MiB ", 32 << 20},
        {"1.5k", 1536},
        {"2t", 2LL << 40},
        {"7b", 7},
        {" 7", 7},
        {"-1", -1},
        {"", -99},
        {"m", -99},
        {".5m", -99},
        {"1.5.2m", -99},
        {"12q", -99},
        {"1e3", -99},
        {"+5", -99},
        {"- 5", -99},
        {"99999999999999999999", -99},
        {"9000000000000000000k", -99},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t bytes = -98;
        if (weft_parse_bytes(cases[i].text, &bytes) != (cases[i].bytes != -99))
            fail_msg("\"%s\"", cases[i].text);
        if (cases[i].bytes != -99) assert_int_equal(bytes, cases[i].bytes);
    }
}

/* ---- every setting is honoured somewhere: its symbol is named by a source that is not the list ---- */

static const char *const symbols[] = {
#define X(symbol, key, alias, scope, kind, initial, low, high, help) #symbol,
#include "common/setting_list.h"
#undef X
};
static bool named[WEFT_SETTING_COUNT];

static bool is_word(char c) { return c == '_' || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

static int look_for_symbols(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    static const char prefix[] = "WEFT_SET_";
    const char *dot = strrchr(path, '.');
    (void)at;
    if (kind != FTW_F || dot == NULL || (strcmp(dot, ".c") != 0 && strcmp(dot, ".h") != 0)) return 0;
    if (strstr(path, "/common/settings.") != NULL) return 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL) return 0;
    char *text = malloc((size_t)info->st_size + 1);
    text[fread(text, 1, (size_t)info->st_size, file)] = '\0';
    fclose(file);
    for (const char *p = strstr(text, prefix); p != NULL; p = strstr(p + 1, prefix)) {
        const char *name = p + strlen(prefix);
        for (int i = 0; i < WEFT_SETTING_COUNT; i++) {
            const size_t len = strlen(symbols[i]);
            if (strncmp(name, symbols[i], len) == 0 && !is_word(name[len])) named[i] = true;
        }
    }
    free(text);
    return 0;
}

static void every_setting_is_honoured(void **state)
{
    (void)state;
    static const char *const folders[] = {"common", "engine", "coordinator", "worker", "connect", "client"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", weft_test_source_dir(), folders[i]);
        (void)nftw(path, look_for_symbols, 16, FTW_PHYS); /* a folder that is not there yet is none */
    }
    for (int i = 0; i < WEFT_SETTING_COUNT; i++) {
        if (!named[i]) fail_msg("nothing uses WEFT_SET_%s", symbols[i]);
    }
}

WEFT_TESTS(WEFT_TEST(initial_values_are_valid), WEFT_TEST(values_are_read_by_kind),
           WEFT_TEST(wrong_ones_say_what_to_try), WEFT_TEST(sizes), WEFT_TEST(every_setting_is_honoured))
