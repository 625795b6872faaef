/* tests/unit/coordinator/test_session_state.c - a session as bytes: what goes in comes out, what is damaged
 * does not; and a session made again from them answers as the first one did. */
#include "coordinator/session_state.h"

#include <stdlib.h>
#include <unistd.h>

#include "client/local.h"
#include "engine/storage/fs.h"
#include "tests/support/fixture.h"

static const weft_session_setting settings[] = {{"weft.sql.session.timeZone", "Asia/Tokyo"},
                                                {"weft.sql.ansi.enabled", "false"}};
static const char *const columns[] = {"a", "b c"};
static const char *const options[] = {"mergeSchema", "true", "path", "/d"};
static const weft_file_info files[] = {
    {.path = "/d/x=1/a.parquet", .size_bytes = 5, .mtime_ns = -1, .base_bytes = 2},
    {.path = "/d/b.parquet", .size_bytes = INT64_MAX, .mtime_ns = INT64_MAX}};
static const weft_view_definition views[] = {
    {.name = "v", .query = "SELECT 1, 2", .columns = columns, .column_count = 2},
    {.name = "ä t", .format = "parquet", .source = "parquet /d", .files = files, .file_count = 2},
    {.name = "w", .query = "SELECT 1", .temporary_count = -1},
    {.name = "x", .query = "FROM v", .temporaries = columns, .temporary_count = 2},
    {.name = "o", .format = "parquet", .source = "parquet /d", .options = options, .option_count = 2}};
static const weft_session_file added[] = {
    {.name = "files/a b.csv",
     .sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     .bytes = 3}};
static const char *const functions[] = {"CREATE TEMPORARY FUNCTION f() RETURN 1"};
static const weft_session_variable variables[] = {{.name = "x", .value = "CAST(1 AS int)", .initial = "1"},
                                                  {.name = "y", .value = "CAST(NULL AS string)"}};
static const weft_session_state whole = {.role = WEFT_ROLE_CLIENT,
                                         .user = "ada",
                                         .version = UINT64_MAX,
                                         .changed_by = 7,
                                         .setting_count = 2,
                                         .settings = settings,
                                         .start_count = 1,
                                         .start = settings,
                                         .view_count = WEFT_COUNT(views),
                                         .views = views,
                                         .file_count = 1,
                                         .files = added,
                                         .name = "nightly",
                                         .submission = {.done = 3, .digest = 4, .tries = 1},
                                         .function_count = 1,
                                         .functions = functions,
                                         .variable_count = 2,
                                         .variables = variables};

static void encode(weft_fixture *f, const weft_session_state *state, uint8_t **bytes, size_t *len)
{
    weft_fixture_ok(f, weft_session_state_encode(&f->ctx, state, bytes, len));
}

static void comes_back(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_session_state states[] = {whole, {.user = ""}};
    for (int32_t i = 0; i < WEFT_COUNT(states); i++) {
        weft_session_state back;
        uint8_t *bytes = NULL, *same = NULL;
        size_t len = 0, same_len = 0;
        encode(&f, &states[i], &bytes, &len);
        weft_fixture_ok(&f, weft_session_state_decode(&f.ctx, bytes, len, &back));
        assert_int_equal(back.role, states[i].role);
        assert_string_equal(back.user, states[i].user);
        assert_true(back.version == states[i].version && back.changed_by == states[i].changed_by);
        assert_int_equal(back.view_count, states[i].view_count);
        assert_int_equal(back.file_count, states[i].file_count);
        assert_true(back.submission.done == states[i].submission.done &&
                    back.submission.digest == states[i].submission.digest &&
                    back.submission.tries == states[i].submission.tries);
        assert_true((back.name == NULL) == (states[i].name == NULL));
        assert_int_equal(back.function_count, states[i].function_count);
        assert_int_equal(back.variable_count, states[i].variable_count);
        encode(&f, &back, &same, &same_len);
        assert_int_equal(len, same_len);
        assert_memory_equal(bytes, same, len);
    }
    weft_fixture_close(&f);
}

/* Cut anywhere, or with any byte changed: an error or another session, never more than the bytes hold. */
static void damage(void **state)
{
    (void)state;
    weft_fixture f;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_session_state back;
    weft_fixture_open(&f);
    encode(&f, &whole, &bytes, &len);
    for (size_t i = 0; i < len; i++) {
        const uint8_t was = bytes[i];
        for (int32_t bit = 0; bit < 8; bit++) {
            bytes[i] = (uint8_t)(was ^ 1 << bit);
            if (weft_session_state_decode(&f.ctx, bytes, len, &back) != WEFT_OK) weft_error_clear(&f.ctx);
        }
        bytes[i] = was;
        if (weft_session_state_decode(&f.ctx, bytes, i, &back) != WEFT_OK) weft_error_clear(&f.ctx);
    }
    weft_fixture_close(&f);
}

static void refused(void **state)
{
    (void)state;
    weft_fixture f;
    char key[400];
    memset(key, 'k', sizeof(key) - 1);
    key[sizeof(key) - 1] = 0;
    const weft_session_setting long_setting = {key, "x"}, nameless = {"", "x"};
    const weft_file_info no_file = {.path = "", .size_bytes = 1}, no_base = {.path = "/a", .base_bytes = 3};
    const weft_view_definition wrong_views[] = {
        {.name = "", .query = "SELECT 1"},
        {.name = "v", .query = ""},
        {.name = "v", .format = "parquet", .columns = columns, .column_count = 2},
        {.name = "v", .format = "parquet", .files = &no_file, .file_count = 1},
        {.name = "v", .format = "parquet", .files = &no_base, .file_count = 1}};
    weft_session_state wrong[4 + WEFT_COUNT(wrong_views)] = {
        {.user = "", .role = WEFT_ROLE_WORKER},
        {.user = key},
        {.user = "", .settings = &long_setting, .setting_count = 1},
        {.user = "", .start = &nameless, .start_count = 1}};
    for (int32_t i = 0; i < WEFT_COUNT(wrong_views); i++)
        wrong[4 + i] = (weft_session_state){.user = "", .views = &wrong_views[i], .view_count = 1};
    weft_fixture_open(&f);
    for (int32_t i = 0; i < (int32_t)WEFT_COUNT(wrong); i++) {
        weft_session_state back;
        uint8_t *bytes = NULL;
        size_t len = 0;
        encode(&f, &wrong[i], &bytes, &len);
        assert_int_equal(weft_session_state_decode(&f.ctx, bytes, len, &back),
                         wrong[i].settings != NULL ? WEFT_LIMIT : WEFT_CORRUPT);
        weft_error_clear(&f.ctx);
    }
    const uint8_t later[] = {0x08, 0x02}; /* format 2 */
    weft_session_state back;
    assert_int_equal(weft_session_state_decode(&f.ctx, later, sizeof(later), &back), WEFT_UNSUPPORTED);
    weft_fixture_close(&f);
}

/* ---- sessions made again ---- */

static weft_status run(weft_session *s, const char *text, uint64_t operation, weft_error *error,
                       int64_t *rows)
{
    weft_result *result = NULL;
    const weft_statement statement = {
        .text = text, .len = strlen(text), .name = {.session = {.low = 1}, .operation = operation}};
    const weft_status st = weft_session_execute(s, &statement, error, &result);
    if (st == WEFT_OK && rows != NULL) *rows = weft_result_row_count(result);
    weft_result_free(&result);
    return st;
}

static void must(weft_session *s, const char *text, uint64_t operation)
{
    weft_error error;
    const weft_status st = run(s, text, operation, &error, NULL);
    if (st != WEFT_OK) print_error("%s: %s\n", text, error.message);
    assert_int_equal(st, WEFT_OK);
}

/* What a session leaves in the journal, and another one made of it. */
static weft_session *again(weft_fixture *f, weft_local *local, const weft_session *s)
{
    weft_session_state state, back;
    weft_session *made = NULL;
    uint8_t *bytes = NULL, *same = NULL;
    size_t len = 0, same_len = 0;
    weft_settings other; /* of a process that was started otherwise */
    weft_settings_init(&other);
    weft_fixture_ok(f, weft_settings_set(&f->ctx, &other, "weft.sql.session.timeZone", "Europe/Paris"));
    weft_fixture_ok(f, weft_session_describe(&f->ctx, s, &state));
    state.user = "ada";
    encode(f, &state, &bytes, &len);
    weft_fixture_ok(f, weft_session_state_decode(&f->ctx, bytes, len, &back));
    weft_fixture_ok(
        f, weft_session_new(&f->ctx, weft_local_pool(local), weft_local_coordinator(local), &other, &made));
    weft_fixture_ok(f, weft_session_restore(&f->ctx, made, &back));
    weft_fixture_ok(f, weft_session_describe(&f->ctx, made, &state));
    state.user = "ada";
    encode(f, &state, &same, &same_len);
    assert_int_equal(len, same_len);
    assert_memory_equal(bytes, same, len);
    return made;
}

static void made_again(void **state)
{
    (void)state;
    weft_fixture f;
    weft_local *local = NULL;
    weft_error error;
    weft_settings initial;
    int64_t rows = 0;
    char folder[] = "session-XXXXXX";
    static const char text[] = "CREATE TABLE t USING parquet LOCATION 't' AS SELECT c FROM w";
    weft_fixture_open(&f);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0); /* where its warehouse will be */
    weft_settings_init(&initial);
    assert_int_equal(weft_local_start(&initial, &error, &local), WEFT_OK);
    weft_session *s = weft_local_session(local);
    assert_int_equal(weft_session_version(s), 0);
    must(s, "SELECT 1", 1);
    assert_int_equal(weft_session_version(s), 0);
    must(s, "SET weft.sql.ansi.enabled=false", 2);
    must(s, "CREATE TEMPORARY VIEW v (a, b) AS SELECT 1, 'x''y'", 3);
    must(s, "CREATE TEMPORARY VIEW w AS SELECT a + 1 AS c FROM v", 4);
    must(s, "CREATE TEMPORARY VIEW gone AS SELECT 1", 5);
    must(s, "DROP VIEW gone", 6);
    must(s, text, 7);
    assert_int_equal(weft_session_version(s), 6);

    weft_session *made = again(&f, local, s);
    assert_int_equal(weft_session_version(made), 6);
    must(made, "SELECT a, b, c, 1 / 0 FROM v, w", 8); /* not ANSI */
    assert_int_equal(run(made, "SELECT * FROM t", 9, &error, &rows), WEFT_OK);
    assert_int_equal(rows, 1);
    assert_int_equal(run(made, "SELECT * FROM gone", 10, &error, NULL), WEFT_TABLE_OR_VIEW_NOT_FOUND);

    /* the statement that changed it last is asked for again: it is done; any other is not */
    must(made, text, 7);
    assert_int_equal(run(made, text, 11, &error, NULL), WEFT_TABLE_OR_VIEW_ALREADY_EXISTS);
    must(made, "CREATE OR REPLACE TEMPORARY VIEW v (a, b) AS SELECT a + 1, b FROM t, (SELECT 1 AS a, 2 AS b)",
         12);
    weft_session *third = again(&f, local, made);
    must(third, "CREATE TEMPORARY VIEW v AS SELECT a FROM v", 12);
    must(third, "RESET", 13);
    assert_int_equal(run(third, "SELECT 1 / 0", 14, &error, NULL), WEFT_DIVIDE_BY_ZERO);

    /* what cannot be made again is a view that says so, here and in the next session; the others are there */
    const weft_view_definition lost = {.name = "lost", .format = "none", .source = "none /nowhere"};
    weft_fixture_ok(
        &f, weft_session_restore(&f.ctx, third, &(weft_session_state){.views = &lost, .view_count = 1}));
    weft_session *fourth = again(&f, local, third);
    assert_int_equal(run(fourth, "SELECT * FROM lost", 15, &error, NULL), WEFT_DATA_SOURCE_NOT_FOUND);
    assert_non_null(strstr(error.message, "`lost`"));
    must(fourth, "SELECT c FROM t", 16);
    must(fourth, "CREATE OR REPLACE TEMPORARY VIEW lost AS SELECT 1", 17);
    must(fourth, "SELECT * FROM lost", 18);
    assert_int_equal(chdir(".."), 0);
    weft_fixture_ok(&f, weft_fs_remove_tree(&f.ctx, folder));
    weft_session_free(&fourth);
    weft_session_free(&third);
    weft_session_free(&made);
    weft_local_stop(&local);
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(comes_back), WEFT_TEST(damage), WEFT_TEST(refused), WEFT_TEST(made_again))
