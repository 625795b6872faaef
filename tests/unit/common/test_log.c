/* Records: one line each whatever is in them, whole under many threads, and rotated without losing one. */
#include "common/log.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/fixture.h"

static char *read_all(const char *path, char *out, size_t bytes)
{
    FILE *file = fopen(path, "r");
    out[0] = 0;
    if (file == NULL) return out;
    out[fread(out, 1, bytes - 1, file)] = 0;
    fclose(file);
    return out;
}

static void open_log(weft_fixture *f, const weft_log_options *options)
{
    for (int32_t i = 0; i < 8; i++) {
        char path[64];
        snprintf(path, sizeof(path), i == 0 ? "log.txt" : "log.txt.%d", i);
        unlink(path);
    }
    weft_fixture_ok(f, weft_log_open(&f->ctx, options));
}

static void a_record_is_one_line(void **state)
{
    weft_fixture f;
    char text[4096];
    (void)state;
    weft_fixture_open(&f);
    const weft_log_options options = {.path = "log.txt", .level = WEFT_LOG_INFO};
    open_log(&f, &options);
    weft_log(WEFT_LOG_DEBUG, "unseen", WEFT_LOG_INT("n", 1));
    weft_log(WEFT_LOG_INFO, "seen", WEFT_LOG_INT("n", -5), WEFT_LOG_TEXT("plain", "a/b:7"),
             WEFT_LOG_TEXT("odd", "two words\n\"x\"\\\x01"), WEFT_LOG_TEXT("none", ""));
    weft_log_close();
    read_all("log.txt", text, sizeof(text));
    const char *const after = strchr(text, ' ');
    assert_non_null(after);
    assert_int_equal(after - text, 27); /* 2026-11-21T10:15:00.123456Z */
    assert_string_equal(after,
                        " INFO seen n=-5 plain=a/b:7 odd=\"two words\\n\\\"x\\\"\\\\\\u0001\" none=\"\"\n");
    weft_fixture_close(&f);
}

static void json_on_request(void **state)
{
    weft_fixture f;
    char text[4096];
    (void)state;
    weft_fixture_open(&f);
    const weft_log_options options = {.path = "log.txt", .level = WEFT_LOG_DEBUG, .json = true};
    open_log(&f, &options);
    weft_log(WEFT_LOG_WARN, "oddity", WEFT_LOG_TEXT("what", "a \"b\""), WEFT_LOG_INT("n", 3));
    weft_log_close();
    read_all("log.txt", text, sizeof(text));
    assert_non_null(
        strstr(text, "\",\"level\":\"WARN\",\"event\":\"oddity\",\"what\":\"a \\\"b\\\"\",\"n\":3}\n"));
    assert_memory_equal(text, "{\"time\":\"", 9);
    weft_fixture_close(&f);
}

enum { THREADS = 4, RECORDS = 500 };

static void *writer(void *self)
{
    char value[200];
    memset(value, 'a' + (int)(intptr_t)self, sizeof(value) - 1);
    value[sizeof(value) - 1] = 0;
    for (int64_t i = 0; i < RECORDS; i++)
        weft_log(WEFT_LOG_INFO, "storm", WEFT_LOG_TEXT("value", value), WEFT_LOG_INT("i", i));
    return NULL;
}

static void rotation_loses_nothing(void **state)
{
    weft_fixture f;
    pthread_t threads[THREADS];
    static char text[1 << 20];
    char *rest = NULL;
    int32_t records = 0, files = 0;
    (void)state;
    weft_fixture_open(&f);
    const weft_log_options options = {
        .path = "log.txt", .level = WEFT_LOG_INFO, .bytes_max = 100000, .keep = 7};
    open_log(&f, &options);
    for (intptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, writer, (void *)i), 0);
    for (int32_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    weft_log_close();
    for (int32_t i = 0; i < 8; i++) {
        char path[64];
        snprintf(path, sizeof(path), i == 0 ? "log.txt" : "log.txt.%d", i);
        read_all(path, text, sizeof(text));
        files += text[0] != 0;
        assert_true(strlen(text) <= 100000);
        for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
            const char *value = strstr(line, "value=");
            assert_non_null(value);
            for (int32_t c = 1; c < 199; c++) assert_int_equal(value[6 + c], value[6]);
            records++;
        }
    }
    assert_int_equal(records, THREADS * RECORDS);
    assert_true(files > 4);
    assert_int_equal(weft_log_lost(), 0);
    weft_fixture_close(&f);
}

static void what_cannot_be_written_is_counted(void **state)
{
    weft_fixture f;
    (void)state;
    weft_fixture_open(&f);
    weft_log_options options = {.path = "/nowhere/log.txt", .level = WEFT_LOG_INFO};
    assert_int_equal(weft_log_open(&f.ctx, &options), WEFT_IO);
    options.path = "/dev/full";
    weft_fixture_ok(&f, weft_log_open(&f.ctx, &options));
    weft_log(WEFT_LOG_ERROR, "disk_full", WEFT_LOG_INT("n", 1));
    assert_int_equal(weft_log_lost(), 1);
    weft_log_close();
    weft_fixture_close(&f);
}

/* A folder where nothing can be renamed: the file grows, no record is lost. */
static void a_rotation_that_fails_loses_nothing(void **state)
{
    weft_fixture f;
    char text[8192];
    (void)state;
    weft_fixture_open(&f);
    const weft_log_options options = {.path = "log.txt", .bytes_max = 200, .keep = 1};
    open_log(&f, &options);
    rmdir("log.txt.1");
    assert_int_equal(mkdir("log.txt.1", 0755), 0); /* a file cannot be renamed to a folder */
    const int64_t lost = weft_log_lost();
    for (int32_t i = 0; i < 50; i++) weft_log(WEFT_LOG_ERROR, "grows", WEFT_LOG_INT("n", i));
    weft_log_close();
    assert_int_equal(weft_log_lost(), lost);
    read_all("log.txt", text, sizeof(text));
    int32_t lines = 0;
    for (const char *c = text; *c != 0; c++) lines += *c == '\n';
    assert_int_equal(lines, 50);
    assert_int_equal(rmdir("log.txt.1"), 0);
    weft_fixture_close(&f);
}

/* The age of a file counts from its first record, whichever process wrote that. */
static void age_outlives_a_restart(void **state)
{
    static const char *const heads[] = {"2020-02-29T23:59:59.000001Z INFO old n=1\n",
                                        "{\"time\":\"2020-02-29T23:59:59.000001Z\",\"event\":\"old\"}\n"};
    weft_fixture f;
    char text[8192];
    (void)state;
    weft_fixture_open(&f);
    const weft_log_options options = {.path = "log.txt", .age_s_max = 3600, .keep = 1};
    for (int32_t i = 0; i < WEFT_COUNT(heads); i++) {
        open_log(&f, &options); /* removes what was there */
        weft_log_close();
        FILE *file = fopen("log.txt", "w");
        assert_non_null(file);
        assert_true(fputs(heads[i], file) >= 0);
        assert_int_equal(fclose(file), 0);
        weft_fixture_ok(&f, weft_log_open(&f.ctx, &options));
        for (int32_t n = 0; n < 2; n++) weft_log(WEFT_LOG_ERROR, "young", WEFT_LOG_INT("n", n));
        weft_log_close();
        read_all("log.txt.1", text, sizeof(text));
        assert_string_equal(text, heads[i]);
        weft_fixture_ok(&f, weft_log_open(&f.ctx, &options)); /* it is young, and goes on */
        weft_log(WEFT_LOG_ERROR, "young", WEFT_LOG_INT("n", 2));
        weft_log_close();
        read_all("log.txt", text, sizeof(text));
        int32_t lines = 0;
        for (const char *c = text; *c != 0; c++) lines += *c == '\n';
        assert_int_equal(lines, 3);
    }
    weft_fixture_close(&f);
}

static void errors_tell_what_to_try(void **state)
{
    weft_fixture f;
    char text[4096];
    (void)state;
    weft_fixture_open(&f);
    const weft_log_options options = {.path = "log.txt"};
    open_log(&f, &options);
    weft_error error = {.code = WEFT_IO, .message = "it broke"};
    weft_log_error(WEFT_LOG_ERROR, "first", &error);
    snprintf(error.hint, sizeof(error.hint), "mend it");
    weft_log_error(WEFT_LOG_ERROR, "second", &error);
    weft_log_close();
    read_all("log.txt", text, sizeof(text));
    assert_non_null(strstr(text, "first class=IO_ERROR message=\"it broke\"\n"));
    assert_non_null(strstr(text, "second class=IO_ERROR message=\"it broke\" hint=\"mend it\"\n"));
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(a_rotation_that_fails_loses_nothing), WEFT_TEST(age_outlives_a_restart),
           WEFT_TEST(errors_tell_what_to_try), WEFT_TEST(a_record_is_one_line), WEFT_TEST(json_on_request),
           WEFT_TEST(rotation_loses_nothing), WEFT_TEST(what_cannot_be_written_is_counted))
