/* tests/unit/client/test_remote.c - sessions over the network: the same rows, errors and settings as in this
 * process, results of any size in little memory, cancelling, and connections that break. */
#include "client/include/weft.h"
#include "client/output.h"
#include "client/remote_private.h"
#include "tests/unit/client/remote_rig.h"

/* digit: 0..9; many: a hundred thousand rows. */
static const char *const views[] = {
    "CREATE TEMPORARY VIEW digit AS SELECT cast(n AS bigint) AS n FROM VALUES (0), (1), (2), (3), (4), (5), "
    "(6), (7), (8), (9) AS t(n)",
    "CREATE TEMPORARY VIEW many AS SELECT a.n + b.n * 10 + c.n * 100 + d.n * 1000 + e.n * 10000 AS n FROM "
    "digit a, digit b, digit c, digit d, digit e",
};
static const char large[] = "SELECT n, repeat('a string of some length ', 10) FROM many";
static const char endless[] = "SELECT count(*) FROM many a, many b, many c WHERE a.n + b.n + c.n < 0";

static weft_status run(weft_remote *remote, const char *text, weft_error *error)
{
    weft_result *result = NULL;
    const weft_status st = weft_remote_execute(remote, text, strlen(text), error, &result);
    weft_result_free(&result);
    return st;
}

static void must(weft_remote *remote, const char *text)
{
    weft_error error;
    const weft_status st = run(remote, text, &error);
    if (st != WEFT_OK) print_error("%s: [%s] %s\n", text, weft_status_text(st), error.message);
    assert_int_equal(st, WEFT_OK);
}

static void make_views(weft_remote *remote)
{
    for (int32_t i = 0; i < WEFT_COUNT(views); i++) must(remote, views[i]);
}

/* What a person would see of a result, or of an error. */
static char *shown(weft_result *result, weft_status st, const weft_error *why, weft_output_format format)
{
    weft_error error = *why;
    char *text = NULL;
    size_t len = 0;
    int64_t rows = 0;
    FILE *stream = open_memstream(&text, &len);
    if (st == WEFT_OK) {
        fprintf(stream, "%lld rows, %s\n", (long long)weft_result_row_count(result),
                weft_result_is_text(result) ? "text" : "table");
        if (weft_result_schema(result)->count > 0)
            st = weft_output_write(result, format, stream, NULL, &error, &rows);
    }
    if (st != WEFT_OK)
        fprintf(stream, "[%s] %s\n%s\n%d %d %d %d\n", weft_status_text(error.code), error.message, error.hint,
                error.span.start, error.span.stop, error.span.line, error.span.column);
    fclose(stream);
    return text;
}

/* Statements with all kinds of results, one after the other in one session. */
static const char *const statements[] = {
    "SELECT 1",
    "SELECT n FROM digit WHERE n > 100",
    "SELECT * FROM digit ORDER BY n DESC",
    "SELECT n, cast(n AS string), concat('a string that is longer than twelve bytes ', n) FROM many WHERE n "
    "% "
    "7 = 3 ORDER BY n",
    "SELECT n, repeat('ä', 300000) FROM digit ORDER BY n",
    "SELECT array(n, NULL, n + 1) AS a, map('k', n, concat('a key that is not short ', n), NULL) AS m, "
    "named_struct('x', n, 'y', array(named_struct('z', date'2024-02-29'))) AS s FROM digit ORDER BY n",
    "SELECT NULL, true, 1Y, 2S, 3L, 1.5BD, 1.5D, cast(1.5 AS float), X'00ff', date'2020-01-01', "
    "timestamp'2020-01-01 00:00:00', interval '1' year, interval '2' day",
    "SELECT cast(99999999999999999999999999999999999999 AS decimal(38,0)), cast(NULL AS array<int>)",
    "SET weft.sql.session.timeZone=Asia/Tokyo",
    "SELECT timestamp'2020-01-01 00:00:00', cast(timestamp'2020-01-01 00:00:00' AS string)",
    "SET weft.sql.session.timeZone",
    "SET weft.sql.ansi.enabled=false",
    "SELECT 1 / 0",
    "RESET",
    "SELECT 1 / 0",
    "EXPLAIN SELECT n FROM digit WHERE n > 3",
    "SHOW TABLES",
    "DESCRIBE digit",
    "CREATE TEMPORARY VIEW v (a) AS SELECT n FROM digit",
    "SELECT sum(a) FROM v",
    "DROP VIEW v",
    "SELECT a FROM v",
    "SELECT nothing\n  FROM digit\n WHERE",
    "SELECT nothin\n  , n FROM digit",
    "SELECT cast('x' AS int)\n FROM digit",
    "SELECT n / (n - n)\n FROM digit",
    "SET weft.no.such.setting=1",
    "SET weft.task.slots=3",
    "SELECT 'ends'",
    "",
};

/* A remote session shows what one of this process shows, letter by letter, in every format. */
static void same_as_here(void **state)
{
    (void)state;
    static const weft_output_format formats[] = {WEFT_OUTPUT_TABLE, WEFT_OUTPUT_CSV, WEFT_OUTPUT_JSON};
    rig r;
    rig_open(&r, NULL);
    weft_session *here = weft_local_session(r.local);
    weft_remote *there = rig_connect(&r, NULL);
    for (int32_t i = 0; i < WEFT_COUNT(views) + WEFT_COUNT(statements); i++) {
        const char *text = i < WEFT_COUNT(views) ? views[i] : statements[i - WEFT_COUNT(views)];
        const weft_output_format format = formats[i % 3];
        weft_result *result = NULL;
        weft_error error = {0};
        const weft_statement statement = {.text = text, .len = strlen(text)};
        weft_status st = weft_session_execute(here, &statement, &error, &result);
        char *expected = shown(result, st, &error, format);
        weft_result_free(&result);
        error = (weft_error){0};
        st = weft_remote_execute(there, text, strlen(text), &error, &result);
        char *actual = shown(result, st, &error, format);
        weft_result_free(&result);
        if (strcmp(expected, actual) != 0)
            print_error("%s\nexpected %.2000s\nbut      %.2000s\n", text, expected, actual);
        assert_string_equal(expected, actual);
        free(expected);
        free(actual);
    }
    weft_remote_close(&there);
    rig_close(&r);
}

/* A result is read at the reader's speed: neither end holds more than a window of it. */
static void slow_reader(void **state)
{
    (void)state;
    enum { WINDOW = 4 << 20, PAGE = 512 << 10 };
    rig r;
    weft_error error = {0};
    weft_result *result = NULL;
    weft_batch batch;
    int64_t rows = 0, most = 0;
    rig_open(&r, NULL);
    weft_remote *remote = rig_connect(&r, NULL);
    make_views(remote);
    assert_int_equal(weft_remote_execute(remote, large, strlen(large), &error, &result), WEFT_OK);
    for (int32_t i = 0;; i++) {
        /* at first time enough for all of it, if nothing held it back */
        for (int32_t k = 0; i < 3 && (k < 10 || most < WINDOW / 2) && k < 1000; k++) {
            rig_sleep(10);
            most = weft_max_i64(most, weft_pool_used_bytes(weft_remote_pool(remote)));
        }
        most = weft_max_i64(most, weft_pool_used_bytes(weft_remote_pool(remote)));
        assert_int_equal(weft_result_next(result, &error, &batch), WEFT_OK);
        if (batch.rows == 0) break;
        rows += batch.rows;
    }
    assert_int_equal(rows, 100000);
    assert_true(weft_result_row_count(result) == rows);
    assert_true(most > WINDOW / 2); /* it did read ahead */
    assert_true(most < WINDOW + 8 * PAGE);
    weft_result_free(&result);
    /* results that are not read to their end, and several at a time */
    weft_result *some[3] = {NULL};
    for (int32_t i = 0; i < 3; i++) {
        assert_int_equal(weft_remote_execute(remote, large, strlen(large), &error, &some[i]), WEFT_OK);
        assert_int_equal(weft_result_next(some[i], &error, &batch), WEFT_OK);
    }
    for (int32_t i = 2; i >= 0; i--) {
        for (int32_t k = 0; k < 10; k++) assert_int_equal(weft_result_next(some[i], &error, &batch), WEFT_OK);
        assert_true(batch.rows > 0);
        weft_result_free(&some[i]);
    }
    must(remote, "SELECT 1");
    weft_remote_close(&remote);
    rig_close(&r);
}

typedef struct timer {
    weft_remote *remote;
    int64_t after_ms;
    atomic_bool over;
} timer;

/* As somebody who presses Ctrl-C until it is heard: one that comes before the statement is not. */
static void *cancel_later(void *argument)
{
    timer *t = argument;
    rig_sleep(t->after_ms);
    while (!atomic_load(&t->over)) {
        weft_remote_cancel(t->remote);
        rig_sleep(20);
    }
    return NULL;
}

/* Ctrl-C ends a statement, at once or after a while, and the reading of a result; the session goes on. */
static void cancels(void **state)
{
    (void)state;
    static const int64_t moments_ms[] = {0, 1, 30, 300};
    rig r;
    weft_error error = {0};
    weft_result *result = NULL;
    weft_batch batch = {0};
    weft_status st = WEFT_OK;
    rig_open(&r, NULL);
    weft_remote *remote = rig_connect(&r, NULL);
    make_views(remote);
    for (int32_t i = 0; i < WEFT_COUNT(moments_ms); i++) {
        timer t = {.remote = remote, .after_ms = moments_ms[i] + 5};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, cancel_later, &t), 0);
        assert_int_equal(run(remote, endless, &error), WEFT_CANCELLED);
        atomic_store(&t.over, true);
        pthread_join(thread, NULL);
        must(remote, "SELECT count(*) FROM digit");
    }
    assert_int_equal(weft_remote_execute(remote, "SELECT * FROM many", 18, &error, &result), WEFT_OK);
    weft_remote_cancel(remote);
    while (st == WEFT_OK && (st = weft_result_next(result, &error, &batch)) == WEFT_OK && batch.rows > 0)
        continue;
    assert_true(st == WEFT_CANCELLED || st == WEFT_OK); /* what is here already may be read */
    weft_result_free(&result);
    must(remote, "SELECT count(*) FROM digit");
    weft_remote_close(&remote);
    rig_close(&r);
}

/* Two sessions have their own views and settings; a third user's name is not needed for that. */
static void two_sessions(void **state)
{
    (void)state;
    rig r;
    weft_error error = {0};
    rig_open(&r, NULL);
    weft_remote *one = rig_connect(&r, NULL), *other = rig_connect(&r, NULL);
    must(one, views[0]);
    assert_int_equal(run(other, "SELECT * FROM digit", &error), WEFT_TABLE_OR_VIEW_NOT_FOUND);
    must(other, "CREATE TEMPORARY VIEW digit AS SELECT 'another'");
    assert_int_equal(weft_remote_set(one, "spark.sql.ansi.enabled", "false", &error), WEFT_OK);
    must(one, "SELECT n / 0 FROM digit");
    assert_int_equal(run(other, "SELECT 1 / 0", &error), WEFT_DIVIDE_BY_ZERO);
    assert_int_equal(weft_remote_set(one, "weft.task.slots", "7", &error), WEFT_CANNOT_MODIFY_CONFIG);
    assert_int_equal(weft_remote_set(one, "weft.nothing", "7", &error), WEFT_CONFIG);
    assert_int_equal(weft_service_sessions(r.service), 2);
    weft_remote_close(&one);
    must(other, "SELECT * FROM digit");
    weft_remote_close(&other);
    for (int32_t i = 0; i < 200 && weft_service_sessions(r.service) > 0; i++) rig_sleep(10);
    assert_int_equal(weft_service_sessions(r.service), 0);
    rig_close(&r);
}

static void *use_session(void *argument)
{
    rig *r = argument;
    weft_remote *remote = rig_connect(r, NULL);
    make_views(remote);
    for (int32_t i = 0; i < 4; i++) {
        must(remote, "SELECT n % 7, count(*) FROM many GROUP BY 1 ORDER BY 1");
        must(remote, "SELECT a.n, b.n FROM digit a, digit b");
    }
    weft_remote_close(&remote);
    return NULL;
}

/* Sessions run statements at the same time. */
static void at_once(void **state)
{
    (void)state;
    rig r;
    pthread_t threads[2];
    rig_open(&r, NULL);
    for (int32_t i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, use_session, &r), 0);
    for (int32_t i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    rig_close(&r);
}

/* No more sessions than allowed; the refusal names the address. */
static void too_many_sessions(void **state)
{
    (void)state;
    rig r;
    weft_error error = {0};
    weft_remote *remotes[RIG_SESSIONS + 1] = {NULL};
    rig_open(&r, NULL);
    for (int32_t i = 0; i < RIG_SESSIONS; i++) remotes[i] = rig_connect(&r, NULL);
    assert_int_equal(weft_remote_open(r.master, NULL, &r.f.settings, &error, &remotes[RIG_SESSIONS]),
                     WEFT_LIMIT);
    assert_null(remotes[RIG_SESSIONS]);
    assert_non_null(strstr(error.message, r.master));
    for (int32_t i = 0; i < RIG_SESSIONS; i++) weft_remote_close(&remotes[i]);
    rig_close(&r);
}

/* The first rows of `many`, each of them once. */
static void must_read(weft_result *result, int64_t count)
{
    static bool seen[100000];
    weft_error error = {0};
    weft_batch batch = {0};
    int64_t rows = 0;
    memset(seen, 0, sizeof(seen));
    for (;; rows += batch.rows) {
        const weft_status st = weft_result_next(result, &error, &batch);
        if (st != WEFT_OK) print_error("%s\n", error.message);
        assert_int_equal(st, WEFT_OK);
        if (batch.rows == 0) break;
        for (int32_t i = 0; i < batch.rows; i++) {
            const int64_t n = *(const int64_t *)weft_column_value(&batch.columns[0], i);
            assert_true(n >= 0 && n < count && !seen[n]);
            seen[n] = true;
        }
    }
    assert_int_equal(rows, count);
}

typedef struct cutter {
    forwarder *w;
    int64_t after_ms;
    int32_t cuts;
    atomic_bool over;
} cutter;

static void *cut_often(void *argument)
{
    cutter *c = argument;
    while (!atomic_load(&c->over)) {
        rig_sleep(c->after_ms);
        if (atomic_load(&c->over)) break;
        atomic_store(&c->w->cut, true);
        c->cuts++;
    }
    return NULL;
}

/* A connection that breaks is made anew, and the session goes on: between statements, in the middle of one,
 * and in the middle of results, every row of which comes once. */
static void broken_connections(void **state)
{
    (void)state;
    rig r;
    forwarder w;
    pthread_t thread;
    weft_error error = {0};
    weft_result *results[2] = {NULL};
    rig_open_keeping(&r, NULL, RIG_PATIENT_MS);
    forward_open(&w, weft_net_port(r.net));
    weft_remote *remote = rig_connect(&r, w.master);
    make_views(remote);
    for (int32_t i = 0; i < 5; i++) {
        atomic_store(&w.cut, true);
        while (atomic_load(&w.cut)) rig_sleep(1);
        must(remote, "SELECT count(*) FROM digit");
    }
    assert_int_equal(weft_remote_set(remote, "weft.test.taskDelay", "400ms", &error), WEFT_OK);
    cutter c = {.w = &w, .after_ms = 130};
    assert_int_equal(pthread_create(&thread, NULL, cut_often, &c), 0);
    must(remote, "SELECT sum(n) FROM many GROUP BY n % 3");
    must(remote, "CREATE TEMPORARY VIEW v AS SELECT 1"); /* were it run twice, it would be there already */
    for (int32_t i = 0; i < 2; i++)
        assert_int_equal(weft_remote_execute(remote, large, strlen(large), &error, &results[i]), WEFT_OK);
    for (int32_t i = 0; i < 2; i++) must_read(results[i], 100000);
    atomic_store(&c.over, true);
    pthread_join(thread, NULL);
    assert_true(c.cuts > 2);
    for (int32_t i = 0; i < 2; i++) weft_result_free(&results[i]);
    must(remote, "SELECT * FROM v");
    assert_int_equal(weft_service_sessions(r.service), 1);
    weft_remote_close(&remote);
    forward_close(&w);
    rig_close(&r);
}

/* At every batch of a result another cut: what was on its way is sent again, and nothing twice. */
static void broken_at_every_page(void **state)
{
    (void)state;
    rig r;
    forwarder w;
    weft_error error = {0};
    weft_result *result = NULL;
    weft_batch batch = {0};
    int64_t rows = 0, sum = 0;
    rig_open_keeping(&r, NULL, RIG_PATIENT_MS);
    forward_open(&w, weft_net_port(r.net));
    weft_remote *remote = rig_connect(&r, w.master);
    make_views(remote);
    assert_int_equal(weft_remote_execute(remote, large, strlen(large), &error, &result), WEFT_OK);
    for (int32_t i = 0;; i++) {
        assert_int_equal(weft_result_next(result, &error, &batch), WEFT_OK);
        if (batch.rows == 0) break;
        for (int32_t k = 0; k < batch.rows; k++)
            sum += *(const int64_t *)weft_column_value(&batch.columns[0], k);
        rows += batch.rows;
        if (i % 4 == 3) atomic_store(&w.cut, true);
    }
    assert_int_equal(rows, 100000);
    assert_true(sum == INT64_C(4999950000));
    weft_result_free(&result);
    weft_remote_close(&remote);
    forward_close(&w);
    rig_close(&r);
}

/* A small result of several parts is given when all of it is there: nobody need answer any more while it is
 * read. When the connection breaks before, it comes anew from its first page. */
static void small_results_are_whole(void **state)
{
    (void)state;
    enum { SMALL = 20000 };
    static const char small[] = "SELECT n FROM many WHERE n < 20000 DISTRIBUTE BY n";
    rig r;
    forwarder w;
    weft_error error = {0};
    weft_result *result = NULL;
    rig_open_keeping(&r, NULL, RIG_PATIENT_MS);
    forward_open(&w, weft_net_port(r.net));
    weft_remote *remote = rig_connect(&r, w.master);
    make_views(remote);
    for (int64_t left = 1000; left < 20 * SMALL; left *= 5) { /* it has 24 bytes a row */
        atomic_store(&w.left, left);
        assert_int_equal(weft_remote_execute(remote, small, strlen(small), &error, &result), WEFT_OK);
        assert_int_equal(atomic_load(&w.left), 0);
        assert_true(weft_result_run(result)->block_count > 1);
        atomic_store(&w.frozen, true);
        must_read(result, SMALL);
        atomic_store(&w.frozen, false);
        weft_result_free(&result);
    }
    assert_int_equal(weft_service_sessions(r.service), 1);
    weft_remote_close(&remote);
    forward_close(&w);
    rig_close(&r);
}

/* The session is gone while a statement of it runs, or a result is read: both are errors that say so. */
static void lost_in_a_statement(void **state)
{
    (void)state;
    rig r;
    forwarder w;
    weft_error error = {0};
    weft_result *result = NULL;
    weft_batch batch = {0};
    weft_status st = WEFT_OK;
    rig_open(&r, NULL);
    forward_open(&w, weft_net_port(r.net));
    weft_remote *remote = rig_connect(&r, w.master);
    make_views(remote);
    assert_int_equal(weft_remote_execute(remote, large, strlen(large), &error, &result), WEFT_OK);
    assert_int_equal(weft_result_next(result, &error, &batch), WEFT_OK);
    atomic_store(&w.cut, true); /* and this thread, which would connect again, stands still */
    for (int32_t i = 0; i < 1000 && weft_service_sessions(r.service) > 0; i++) rig_sleep(10);
    assert_int_equal(weft_service_sessions(r.service), 0);
    while (st == WEFT_OK && (st = weft_result_next(result, &error, &batch)) == WEFT_OK && batch.rows > 0)
        continue;
    assert_int_equal(st, WEFT_RESULT_LOST);
    assert_non_null(strstr(error.message, "does not know this session any more"));
    assert_non_null(strstr(error.message, w.master));
    assert_true(error.hint[0] != 0);
    weft_result_free(&result);
    assert_int_equal(run(remote, "SELECT * FROM digit", &error), WEFT_TABLE_OR_VIEW_NOT_FOUND);
    weft_remote_close(&remote);
    forward_close(&w);
    rig_close(&r);
}

/* A statement that is sent before the client has heard of the end may have run. */
static void wait_until_broken(weft_remote *remote)
{
    bool open = true;
    for (int32_t i = 0; i < 1000 && open; i++) {
        rig_sleep(10);
        pthread_mutex_lock(&remote->lock);
        open = remote->state == LINK_OPEN;
        pthread_mutex_unlock(&remote->lock);
    }
    assert_false(open);
}

/* A client that comes back too late, or to a coordinator that was started anew, hears once that its session
 * is gone, when that had anything of its own; then it has a new one. */
static void forgotten_sessions(void **state)
{
    (void)state;
    rig r;
    forwarder w;
    weft_error error = {0};
    rig_open(&r, NULL);
    forward_open(&w, weft_net_port(r.net));
    weft_remote *remote = rig_connect(&r, w.master);
    must(remote, views[0]);
    atomic_store(&w.cut, true);
    for (int32_t i = 0; i < 1000 && weft_service_sessions(r.service) > 0; i++) rig_sleep(10);
    assert_int_equal(weft_service_sessions(r.service), 0);
    assert_int_equal(run(remote, "SELECT * FROM digit", &error), WEFT_SESSION_NOT_FOUND);
    assert_int_equal(run(remote, "SELECT * FROM digit", &error), WEFT_TABLE_OR_VIEW_NOT_FOUND);
    const int32_t port = weft_net_port(r.net);
    rig_silence(&r);
    wait_until_broken(remote);
    rig_listen(&r, port);
    must(remote, "SELECT 1");
    must(remote, views[0]);
    rig_silence(&r);
    rig_listen(&r, port);
    assert_int_equal(run(remote, "SELECT 1", &error), WEFT_SESSION_NOT_FOUND);
    must(remote, "SELECT 1");
    weft_remote_close(&remote);
    forward_close(&w);
    rig_close(&r);
}

/* A list of addresses: the first that answers counts. What answers nowhere is named, each with its reason. */
static void addresses(void **state)
{
    (void)state;
    static const char *const wrong[] = {"weft://",       "weft://:1",          "weft://a:0",  "weft://a:b",
                                        "weft://a:1,,b", "weft://a:1,b:70000", "weft://a/b:1"};
    rig r;
    char list[256];
    weft_error error = {0};
    weft_remote *remote = NULL;
    rig_open(&r, NULL);
    snprintf(list, sizeof(list), "weft://127.0.0.1:1,%s", r.master + strlen("weft://"));
    remote = rig_connect(&r, list);
    must(remote, "SELECT 1");
    weft_remote_close(&remote);
    snprintf(list, sizeof(list), "spark://localhost:%d", weft_net_port(r.net));
    remote = rig_connect(&r, list);
    weft_remote_close(&remote);
    assert_int_equal(
        weft_remote_open("weft://127.0.0.1:1,no-such-host.invalid:2", NULL, &r.f.settings, &error, &remote),
        WEFT_UNREACHABLE);
    assert_null(remote);
    assert_non_null(strstr(error.message, "weft://127.0.0.1:1 ("));
    assert_non_null(strstr(error.message, "weft://no-such-host.invalid:2 (the name is not known"));
    for (int32_t i = 0; i < WEFT_COUNT(wrong); i++) {
        assert_int_equal(weft_remote_open(wrong[i], NULL, &r.f.settings, &error, &remote), WEFT_CONFIG);
        assert_non_null(strstr(error.message, wrong[i]));
    }
    assert_false(weft_remote_is("local[2]") || weft_remote_is("http://a:1"));
    rig_close(&r);
}

/* Settings that nobody can have refuse the session, as they refuse to start an engine. */
static void wrong_settings(void **state)
{
    (void)state;
    rig r;
    weft_error error = {0};
    weft_settings settings;
    weft_remote *remote = NULL;
    rig_open(&r, NULL);
    weft_settings_init(&settings);
    weft_fixture_ok(&r.f,
                    weft_settings_set(&r.f.ctx, &settings, "weft.sql.session.timeZone", "Mars/Olympus"));
    assert_int_equal(weft_remote_open(r.master, NULL, &settings, &error, &remote), WEFT_CONFIG_ZONE);
    weft_fixture_ok(&r.f, weft_settings_set(&r.f.ctx, &settings, "weft.sql.session.timeZone", "Asia/Tokyo"));
    assert_int_equal(weft_remote_open(r.master, NULL, &settings, &error, &remote), WEFT_OK);
    weft_remote_close(&remote);
    rig_close(&r);
}

static int64_t stream_rows(struct ArrowArrayStream *stream)
{
    int64_t rows = 0;
    for (;;) {
        struct ArrowArray array;
        assert_int_equal(stream->get_next(stream, &array), 0);
        if (array.release == NULL) return rows;
        rows += array.length;
        array.release(&array);
    }
}

/* The C interface is the same for a coordinator: streams, settings, errors with their place, cancelling. */
static void c_interface(void **state)
{
    (void)state;
    static const char *const settings[] = {"weft.sql.ansi.enabled", "false"};
    rig r;
    weft_client_error error;
    struct ArrowArrayStream stream, other;
    struct ArrowSchema schema;
    rig_open(&r, NULL);
    assert_null(weft_client_open("weft://127.0.0.1:1", NULL, 0, &error));
    assert_string_equal(error.error_class, "UNREACHABLE");
    assert_int_equal(setenv("WEFT_MASTER", r.master, 1), 0);
    weft_client *client = weft_client_open(NULL, settings, 1, &error);
    assert_int_equal(unsetenv("WEFT_MASTER"), 0);
    assert_non_null(client);
    for (int32_t i = 0; i < WEFT_COUNT(views); i++) {
        assert_int_equal(weft_client_sql(client, views[i], &stream, &error), 0);
        assert_int_equal(stream_rows(&stream), 0);
        stream.release(&stream);
    }
    assert_int_equal(weft_client_sql(client, "SELECT 1 / 0 AS x, n FROM many", &stream, &error), 0);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_int_equal(schema.n_children, 2);
    assert_string_equal(schema.children[0]->name, "x");
    schema.release(&schema);
    assert_int_equal(weft_client_set(client, "spark.sql.ansi.enabled", "true", &error), 0);
    assert_int_equal(weft_client_sql(client, "SELECT\n 1 / 0", &other, &error), -1);
    assert_string_equal(error.error_class, "DIVIDE_BY_ZERO");
    assert_true(error.line == 2 && error.column == 2);
    assert_int_equal(stream_rows(&stream), 100000); /* while others ran */
    stream.release(&stream);
    assert_int_equal(weft_client_set(client, "weft.nothing", "1", &error), -1);
    weft_client_cancel(client); /* nothing runs: nothing happens */
    const int code = weft_client_sql(client, "SELECT 1", &stream, &error);
    if (code != 0) print_error("[%s] %s\n", error.error_class, error.message);
    assert_int_equal(code, 0);
    stream.release(&stream);
    weft_client_close(&client);
    rig_close(&r);
}

WEFT_TESTS(WEFT_TEST(same_as_here), WEFT_TEST(slow_reader), WEFT_TEST(cancels), WEFT_TEST(two_sessions),
           WEFT_TEST(at_once), WEFT_TEST(too_many_sessions), WEFT_TEST(broken_connections),
           WEFT_TEST(broken_at_every_page), WEFT_TEST(small_results_are_whole),
           WEFT_TEST(lost_in_a_statement), WEFT_TEST(forgotten_sessions), WEFT_TEST(addresses),
           WEFT_TEST(wrong_settings), WEFT_TEST(c_interface))
