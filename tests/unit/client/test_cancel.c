/* tests/unit/client/test_cancel.c - statements stop soon after they were told to, whatever they are doing.
 *
 * Each statement would run for minutes; another thread cancels it at some moment. The delay is printed; what
 * is checked is wide enough for a busy machine and sanitizers. */
#include <pthread.h>
#include <time.h>

#include "client/local.h"
#include "tests/support/test.h"

enum { SLOTS = 2, DELAY_MOST_MS = 5000 };

typedef struct timer {
    weft_session *session;
    int64_t after_ms, cancelled_ns;
} timer;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void *cancel_later(void *argument)
{
    timer *t = argument;
    const struct timespec wait = {.tv_sec = t->after_ms / 1000, .tv_nsec = t->after_ms % 1000 * 1000000};
    nanosleep(&wait, NULL);
    t->cancelled_ns = now_ns();
    weft_session_cancel(t->session);
    return NULL;
}

static weft_status execute(weft_session *s, const char *text, weft_error *error)
{
    weft_result *result = NULL;
    const weft_statement statement = {.text = text, .len = strlen(text)};
    const weft_status st = weft_session_execute(s, &statement, error, &result);
    weft_result_free(&result);
    return st;
}

static void must(weft_session *s, const char *text)
{
    weft_error error;
    const weft_status st = execute(s, text, &error);
    if (st != WEFT_OK) print_error("%s: %s\n", text, error.message);
    assert_int_equal(st, WEFT_OK);
}

static weft_local *start(void)
{
    weft_settings settings;
    weft_error error;
    weft_local *local = NULL;
    weft_settings_init(&settings);
    settings.number[WEFT_SET_SLOTS] = SLOTS;
    settings.number[WEFT_SET_MEMORY] = INT64_C(1) << 30;
    const weft_status st = weft_local_start(&settings, &error, &local);
    if (st != WEFT_OK) print_error("%s\n", error.message);
    assert_int_equal(st, WEFT_OK);
    return local;
}

/* digit: 0..9; many: ten million rows. */
static const char *const views[] = {
    "CREATE TEMPORARY VIEW digit AS SELECT cast(n AS bigint) AS n FROM VALUES (0), (1), (2), (3), (4), (5), "
    "(6), "
    "(7), (8), (9) AS t(n)",
    "CREATE TEMPORARY VIEW many AS SELECT a.n + b.n * 10 + c.n * 100 + d.n * 1000 + e.n * 10000 + f.n * "
    "100000 "
    "+ g.n * 1000000 AS n FROM digit a, digit b, digit c, digit d, digit e, digit f, digit g",
};

static const char *const statements[] = {
    "SELECT count(*) FROM many a, many b WHERE a.n + b.n < 0",
    "SELECT n % 5000000, count(*), sum(n) FROM many GROUP BY 1 HAVING count(*) < 0",
    "SELECT n FROM many ORDER BY n * 48271 % 2147483647",
    "SELECT count(*) FROM many a JOIN many b ON a.n % 100 = b.n % 100",
    "SELECT max(s) FROM (SELECT sum(n) OVER (ORDER BY n DESC ROWS BETWEEN 1000 PRECEDING AND CURRENT ROW) AS "
    "s "
    "FROM many)",
    "SELECT count(*) FROM many a WHERE n NOT IN (SELECT n * 3 FROM many)",
    "SELECT n FROM many UNION SELECT n + 1 FROM many",
};

static void cancels(void **state)
{
    (void)state;
    static const int64_t moments_ms[] = {40, 400, 1100};
    weft_local *local = start();
    weft_session *session = weft_local_session(local);
    int64_t worst_ns = 0;
    for (int32_t i = 0; i < (int32_t)WEFT_COUNT(views); i++) must(session, views[i]);
    for (int32_t i = 0; i < (int32_t)WEFT_COUNT(statements); i++) {
        for (int32_t m = 0; m < (int32_t)WEFT_COUNT(moments_ms); m++) {
            timer t = {.session = session, .after_ms = moments_ms[m]};
            pthread_t thread;
            weft_error error;
            assert_int_equal(pthread_create(&thread, NULL, cancel_later, &t), 0);
            const weft_status st = execute(session, statements[i], &error);
            const int64_t ended = now_ns();
            pthread_join(thread, NULL);
            if (st == WEFT_OK) continue; /* done before it was told to stop */
            assert_int_equal(st, WEFT_CANCELLED);
            const int64_t delay = ended - t.cancelled_ns;
            if (delay > worst_ns) worst_ns = delay;
            print_message("%6.1f ms after %4lld ms: %.70s\n", (double)delay / 1e6, (long long)t.after_ms,
                          statements[i]);
            assert_true(delay < INT64_C(1000000) * DELAY_MOST_MS);
        }
    }
    print_message("worst %.1f ms\n", (double)worst_ns / 1e6);
    must(session, "SELECT count(*) FROM digit"); /* and the session goes on */
    weft_local_stop(&local);
}

WEFT_TESTS(WEFT_TEST(cancels))
