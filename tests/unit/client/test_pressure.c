/* tests/unit/client/test_pressure.c - statements of every kind that hold rows, in far less memory than they
 * need: the same rows, only later; and with faults in the middle of spilling, a clean error of one statement.
 */
#include <sys/resource.h>

#include "tests/unit/client/fault_sweep.h"

enum { RUNS = 3, MIB = 1 << 20, PLENTY = 512 * MIB };

/* 20,000 rows: about 3 MB as rows. */
static const char *const setup[] = {
    "CREATE TEMPORARY VIEW digit AS SELECT cast(n AS bigint) AS n FROM VALUES (0), (1), (2), (3), (4), (5), "
    "(6), (7), (8), (9) AS t(n)",
    "INSERT OVERWRITE DIRECTORY '${D}/u' USING parquet SELECT k, k * 7919 % 20000 AS r, k % 2000 AS g, "
    "cast(k * 1.25 AS decimal(12,2)) AS d, concat('a string that is long enough to lie in the heap ', "
    "cast(k * 7 % 20000 AS string)) AS s FROM (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n "
    "AS k FROM digit a, digit b, digit c, digit d, digit e WHERE e.n < 2)",
    "CREATE TEMPORARY VIEW u USING parquet OPTIONS (path '${D}/u')",
};

static const char *const statements[] = {
    /* groups */
    "SELECT r, count(*), sum(d), min(s) FROM u GROUP BY r ORDER BY r",
    "SELECT count(DISTINCT s), count(DISTINCT r) FROM u",
    "SELECT DISTINCT s FROM u ORDER BY s",
    /* joins: a build side that does not fit, outer ones, one hot key */
    "SELECT a.k, b.s FROM u a JOIN u b ON a.r = b.k ORDER BY a.k",
    "SELECT a.k, b.k FROM u a FULL JOIN u b ON a.k = b.k + 10000 ORDER BY a.k, b.k",
    "SELECT count(*), sum(b.k) FROM u a JOIN u b ON a.g % 500 = b.g % 500 WHERE a.k < 2000",
    "SELECT k FROM u WHERE NOT EXISTS (SELECT 1 FROM u v WHERE v.k = u.r AND v.s > u.s) ORDER BY k",
    /* sorts, also through an exchange */
    "SELECT s, k, d FROM u ORDER BY s DESC, k",
    "SELECT k, s FROM u ORDER BY r LIMIT 12000",
    /* windows of many partitions */
    "SELECT k, sum(d) OVER (PARTITION BY g ORDER BY r), row_number() OVER (PARTITION BY g ORDER BY s) FROM u "
    "ORDER BY k",
    "SELECT g, max(s) FROM (SELECT g, s FROM u UNION ALL SELECT r, s FROM u) GROUP BY g ORDER BY g",
};

static void open_views(weft_local *local)
{
    uint64_t rows;
    must(weft_local_session(local), setup[0], &rows);
    must(weft_local_session(local), setup[2], &rows);
}

static int make_data(void **state)
{
    (void)state;
    uint64_t rows;
    if (make_folder() != 0) return -1;
    weft_local *local = start(2, PLENTY, false);
    for (int32_t k = 0; k < (int32_t)WEFT_COUNT(setup); k++) must(weft_local_session(local), setup[k], &rows);
    weft_local_stop(&local);
    return 0;
}

/* Slots by far more than there is memory for take turns. */
static void slower_but_the_same(void **state)
{
    (void)state;
    static const struct {
        int32_t slots;
        int64_t memory;
    } sizes[] = {{2, PLENTY}, {1, MIB / 4}, {8, MIB}, {32, MIB}};
    uint64_t want[WEFT_COUNT(statements)];
    for (int32_t i = 0; i < (int32_t)WEFT_COUNT(sizes); i++) {
        weft_local *local = start(sizes[i].slots, sizes[i].memory, false);
        open_views(local);
        for (int32_t k = 0; k < (int32_t)WEFT_COUNT(statements); k++) {
            uint64_t rows;
            snprintf(running, sizeof running, "%d slots, %lld bytes: %.150s\n", sizes[i].slots,
                     (long long)sizes[i].memory, statements[k]);
            alarm(HANG_S);
            must(weft_local_session(local), statements[k], &rows);
            alarm(0);
            if (i == 0) want[k] = rows;
            if (rows != want[k]) fail_msg("other rows: %s", running);
        }
        weft_local_stop(&local); /* asserts that nothing is left */
    }
}

static void sweep_all(const sweep *w)
{
    uint64_t rows;
    weft_local *local = start(2, MIB, false);
    open_views(local);
    for (int32_t k = 0; k < (int32_t)WEFT_COUNT(statements); k++) {
        sweep_statement(weft_local_session(local), w, statements[k], RUNS);
        must(weft_local_session(local), "SELECT count(*) FROM digit", &rows); /* the session goes on */
    }
    weft_local_stop(&local);
}

static void allocations(void **state)
{
    (void)state;
    sweep_all(&memory_sweep);
}

static void file_operations(void **state)
{
    (void)state;
    sweep_all(&file_sweep);
}

/* The process's file size limit stands for a full disk. */
static void full_disk(void **state)
{
    (void)state;
    struct rlimit kept, low;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &kept);
    low = (struct rlimit){.rlim_cur = MIB, .rlim_max = kept.rlim_max};
    weft_local *local = start(2, MIB, false);
    weft_session *session = weft_local_session(local);
    open_views(local);
    for (int32_t k = 0; k < (int32_t)WEFT_COUNT(statements); k++) {
        weft_error error = {0};
        uint64_t rows = 0, want = 0;
        must(session, statements[k], &want);
        setrlimit(RLIMIT_FSIZE, &low);
        const weft_status st = execute(session, statements[k], &rows, &error);
        setrlimit(RLIMIT_FSIZE, &kept);
        const bool named = st == WEFT_NOSPACE && strstr(error.message, scratch) != NULL;
        if (!named && (st != WEFT_OK || rows != want))
            fail_msg("%.80s: status %s, %s", statements[k], weft_status_text(st), error.message);
        if (strstr(statements[k], "ORDER BY s DESC") != NULL) assert_true(named); /* one that must spill */
        must(session, statements[k], &rows);
        assert_true(rows == want);
    }
    weft_local_stop(&local);
}

WEFT_TESTS(WEFT_TEST_WITH(make_data, remove_folder, slower_but_the_same),
           WEFT_TEST_WITH(make_data, remove_folder, allocations),
           WEFT_TEST_WITH(make_data, remove_folder, file_operations),
           WEFT_TEST_WITH(make_data, remove_folder, full_disk))
