/* tests/unit/client/test_faults.c - whole statements with the n-th allocation or file operation failing.
 *
 * Every run gives the right rows or a clean error, the session goes on, and when the engine stops nothing is
 * left charged to anybody. */
#include "tests/unit/client/fault_sweep.h"

enum { RUNS = 25, MEMORY = 256 << 20 };

/* ${D}: the scratch folder. Views and files first: later statements read them. */
static const char *const setup[] = {
    "CREATE TEMPORARY VIEW digit AS SELECT cast(n AS bigint) AS n FROM VALUES (0), (1), (2), (3), (4), (5), "
    "(6), (7), (8), (9) AS t(n)",
    "INSERT OVERWRITE DIRECTORY '${D}/t' USING parquet SELECT a.n + b.n * 10 + c.n * 100 AS k, a.n AS g, "
    "cast(b.n * 1.25 AS decimal(9,2)) AS d, cast(c.n AS double) / 3 AS f, "
    "concat('a string that is long enough ', cast(b.n AS string)) AS s FROM digit a, digit b, digit c",
    "CREATE TEMPORARY VIEW t USING parquet OPTIONS (path '${D}/t')",
};

static const char *const statements[] = {
    "SELECT 1 + 1",
    "SELECT g, count(*), sum(d), avg(f), min(s), count(DISTINCT s) FROM t GROUP BY g ORDER BY g",
    "SELECT k, s FROM t WHERE g < 7 AND s LIKE '%5' ORDER BY s DESC, k LIMIT 20",
    "SELECT a.k, b.s FROM t a JOIN t b ON a.k = b.k * 2 WHERE b.g IN (1, 2, 3) ORDER BY 1",
    "SELECT a.g, count(b.k) FROM t a LEFT JOIN t b ON a.k = b.k + 900 GROUP BY a.g ORDER BY 1",
    "SELECT k, sum(f) OVER (PARTITION BY g ORDER BY k ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM t "
    "ORDER BY k",
    "SELECT k, lag(s, 40) OVER (ORDER BY k), max(s) OVER (), rank() OVER (ORDER BY g) FROM t",
    "SELECT a.k, b.n FROM t a LEFT JOIN digit b ON a.g < b.n - 5 WHERE a.k < 90",
    "SELECT k FROM t WHERE d > (SELECT avg(d) FROM t) AND EXISTS (SELECT 1 FROM t u WHERE u.k = t.k + 1) "
    "UNION ALL SELECT n FROM digit ORDER BY 1",
    "INSERT OVERWRITE DIRECTORY '${D}/out' USING parquet SELECT k, s FROM t WHERE g = 3",
    "CREATE OR REPLACE TEMPORARY VIEW v USING parquet OPTIONS (path '${D}/t')",
    "EXPLAIN ANALYZE SELECT s, max(k) FROM t GROUP BY s",
    "SELECT k / (g - 3) FROM t",
};

static void sweep_all(const sweep *w, bool spill)
{
    for (int32_t i = 0; i < (int32_t)WEFT_COUNT(statements); i++) {
        uint64_t rows;
        weft_local *local = start(2, MEMORY, spill);
        weft_session *session = weft_local_session(local);
        for (int32_t k = 0; k < (int32_t)WEFT_COUNT(setup); k++)
            if (k != 1) must(session, setup[k], &rows);
        sweep_statement(session, w, statements[i], RUNS);
        must(session, "SELECT count(*) FROM t", &rows); /* the session goes on */
        weft_local_stop(&local);                        /* asserts that nothing is left */
    }
}

static int make_data(void **state)
{
    (void)state;
    uint64_t rows;
    if (make_folder() != 0) return -1;
    weft_local *local = start(2, MEMORY, false);
    for (int32_t k = 0; k < (int32_t)WEFT_COUNT(setup); k++) must(weft_local_session(local), setup[k], &rows);
    weft_local_stop(&local);
    return 0;
}

static void allocations(void **state)
{
    (void)state;
    sweep_all(&memory_sweep, false);
}

static void allocations_while_spilling(void **state)
{
    (void)state;
    sweep_all(&memory_sweep, true);
}

static void file_operations(void **state)
{
    (void)state;
    sweep_all(&file_sweep, false);
}

static void file_operations_while_spilling(void **state)
{
    (void)state;
    sweep_all(&file_sweep, true);
}

/* The engine starts, or says why not and leaves nothing. */
static void starting(void **state)
{
    (void)state;
    weft_settings settings;
    weft_settings_init(&settings);
    settings.number[WEFT_SET_SLOTS] = 3;
    for (int64_t n = 1;; n++) {
        weft_local *local = NULL;
        weft_error error = {0};
        snprintf(running, sizeof running, "allocation %lld of starting\n", (long long)n);
        alarm(HANG_S);
        weft_mem_fail_after(n);
        const weft_status st = weft_local_start(&settings, &error, &local);
        const int64_t counted = weft_mem_fail_after(0);
        weft_local_stop(&local);
        alarm(0);
        if (st != WEFT_OK && (st != WEFT_NOMEM || error.message[0] == '\0'))
            fail_msg("%s: status %s, message \"%s\"", running, weft_status_text(st), error.message);
        if (counted < n) break;
    }
}

WEFT_TESTS(WEFT_TEST_WITH(make_data, remove_folder, starting),
           WEFT_TEST_WITH(make_data, remove_folder, allocations),
           WEFT_TEST_WITH(make_data, remove_folder, allocations_while_spilling),
           WEFT_TEST_WITH(make_data, remove_folder, file_operations),
           WEFT_TEST_WITH(make_data, remove_folder, file_operations_while_spilling))
