/* tests/unit/client/test_faults.c - whole statements with the n-th allocation or file operation failing.
 *
 * An engine in this process runs each statement for many n. Every run gives the right rows or a clean error,
 * the session goes on, nothing hangs (an alarm ends the program and names statement and n), and when the
 * engine stops nothing is left charged to anybody. WEFT_TEST_SWEEP=all tries every n, else about RUNS of
 * them, other ones for another --seed. */
#include <signal.h>
#include <unistd.h>

#include "client/local.h"
#include "common/hash.h"
#include "engine/storage/fs.h"
#include "tests/support/test.h"

enum { RUNS = 25, HANG_S = 60, TEXT_BYTES = 4096 };

typedef struct sweep {
    const char *name;
    int64_t (*arm)(int64_t n);
    /* statuses that the fault may end with */
    weft_status status;
} sweep;

static const sweep memory_sweep = {.name = "allocation", .arm = weft_mem_fail_after, .status = WEFT_NOMEM};
static const sweep file_sweep = {.name = "file operation", .arm = weft_fs_fail_after, .status = WEFT_IO};

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
    "SELECT k FROM t WHERE d > (SELECT avg(d) FROM t) AND EXISTS (SELECT 1 FROM t u WHERE u.k = t.k + 1) "
    "UNION ALL SELECT n FROM digit ORDER BY 1",
    "INSERT OVERWRITE DIRECTORY '${D}/out' USING parquet SELECT k, s FROM t WHERE g = 3",
    "CREATE OR REPLACE TEMPORARY VIEW v USING parquet OPTIONS (path '${D}/t')",
    "EXPLAIN ANALYZE SELECT s, max(k) FROM t GROUP BY s",
    "SELECT k / (g - 3) FROM t",
};

static char scratch[256];
static char running[256]; /* for the alarm */

static void hung(int signal_number)
{
    (void)signal_number;
    static const char text[] = "\nHANG: ";
    ssize_t done = write(STDERR_FILENO, text, sizeof text - 1);
    done = write(STDERR_FILENO, running, strlen(running));
    (void)done;
    abort();
}

static const char *with_folder(const char *text)
{
    static char out[TEXT_BYTES];
    size_t at = 0;
    while (*text != '\0' && at + sizeof scratch < sizeof out) {
        if (strncmp(text, "${D}", 4) == 0) {
            at += (size_t)snprintf(out + at, sizeof out - at, "%s", scratch);
            text += 4;
        } else
            out[at++] = *text++;
    }
    out[at] = '\0';
    return out;
}

static uint64_t hash_batch(const weft_batch *batch, uint64_t seed)
{
    for (int32_t i = 0; i < batch->selected; i++) {
        const int32_t row = batch->selection == NULL ? i : batch->selection[i];
        for (int32_t c = 0; c < batch->column_count; c++) {
            const weft_column *column = &batch->columns[c];
            uint64_t value = 0;
            if (!weft_column_is_null(column, row)) {
                const void *at = weft_column_value(column, row);
                if (column->phys == WEFT_PHYS_STR)
                    value = weft_str_hash(at);
                else
                    memcpy(&value, at, (size_t)weft_min_i64(8, weft_phys_bytes((weft_phys)column->phys)));
            }
            seed = weft_hash_combine(seed, weft_hash_u64(value + 1));
        }
    }
    return seed;
}

/* Run and read all rows; *rows is a hash of them. */
static weft_status execute(weft_session *session, const char *text, uint64_t *rows, weft_error *error)
{
    weft_result *result = NULL;
    weft_batch batch;
    weft_status st = weft_session_execute(session, text, strlen(text), error, &result);
    *rows = 0;
    while (st == WEFT_OK) {
        st = weft_result_next(result, error, &batch);
        if (st != WEFT_OK || batch.rows == 0) break;
        *rows = hash_batch(&batch, *rows);
    }
    weft_result_free(&result);
    return st;
}

static weft_local *start(bool spill)
{
    weft_settings settings;
    weft_error error;
    weft_local *local = NULL;
    weft_settings_init(&settings);
    settings.number[WEFT_SET_SLOTS] = 2;
    settings.number[WEFT_SET_MEMORY] = INT64_C(256) << 20;
    settings.number[WEFT_SET_FORCE_SPILL] = spill;
    snprintf(settings.text[WEFT_SET_SCRATCH], WEFT_SETTING_TEXT_BYTES, "%s", scratch);
    const weft_status st = weft_local_start(&settings, &error, &local);
    if (st != WEFT_OK) print_error("%s\n", error.message);
    assert_int_equal(st, WEFT_OK);
    return local;
}

static void must(weft_session *session, const char *text, uint64_t *rows)
{
    weft_error error;
    const weft_status st = execute(session, with_folder(text), rows, &error);
    if (st != WEFT_OK) print_error("%s: %s\n", text, error.message);
    assert_int_equal(st, WEFT_OK);
}

/* EXPLAIN ANALYZE shows times: its rows are never the same. */
static bool has_fixed_rows(const char *text) { return strncmp(text, "EXPLAIN", 7) != 0; }

/* One run with the fault at n. False: there were fewer operations than that. */
static bool run_once(weft_session *session, const sweep *w, const char *text, int64_t n, weft_status normal,
                     uint64_t want)
{
    weft_error error = {0};
    uint64_t rows = 0;
    snprintf(running, sizeof running, "%s %lld of: %.120s\n", w->name, (long long)n, text);
    alarm(HANG_S);
    w->arm(n);
    const weft_status st = execute(session, with_folder(text), &rows, &error);
    const int64_t counted = w->arm(0);
    alarm(0);
    const bool right = st == normal && (rows == want || !has_fixed_rows(text));
    const bool clean = st == w->status && error.code == st && error.message[0] != '\0';
    if (!right && !clean)
        fail_msg("%s: status %s, rows %llx for %llx, message \"%s\"", running, weft_status_text(st),
                 (unsigned long long)rows, (unsigned long long)want, error.message);
    return counted >= n;
}

static void sweep_statement(weft_session *session, const sweep *w, const char *text)
{
    weft_error error;
    uint64_t want = 0;
    weft_status normal = execute(session, with_folder(text), &want, &error);
    w->arm(INT64_MAX);
    const weft_status again = execute(session, with_folder(text), &want, &error);
    const int64_t count = w->arm(0);
    assert_int_equal(normal, again);
    const char *all = getenv("WEFT_TEST_SWEEP");
    const int64_t stride = all != NULL && strcmp(all, "all") == 0 ? 1 : weft_max_i64(1, count / RUNS);
    int64_t runs = 0;
    for (int64_t n = 1 + (int64_t)(weft_test_seed() % (uint64_t)stride); n <= count; n += stride, runs++)
        if (!run_once(session, w, text, n, normal, want)) break;
    print_message("%5lld %ss, %4lld failed in turn: %.80s\n", (long long)count, w->name, (long long)runs,
                  text);
}

static void sweep_all(const sweep *w, bool spill)
{
    for (int32_t i = 0; i < (int32_t)WEFT_COUNT(statements); i++) {
        uint64_t rows;
        weft_local *local = start(spill);
        weft_session *session = weft_local_session(local);
        for (int32_t k = 0; k < (int32_t)WEFT_COUNT(setup); k++)
            if (k != 1) must(session, setup[k], &rows);
        sweep_statement(session, w, statements[i]);
        must(session, "SELECT count(*) FROM t", &rows); /* the session goes on */
        weft_local_stop(&local);                        /* asserts that nothing is left */
    }
}

static int make_data(void **state)
{
    (void)state;
    uint64_t rows;
    snprintf(scratch, sizeof scratch, "/tmp/weft-faults-XXXXXX");
    if (mkdtemp(scratch) == NULL) return -1;
    signal(SIGALRM, hung);
    weft_local *local = start(false);
    for (int32_t k = 0; k < (int32_t)WEFT_COUNT(setup); k++) must(weft_local_session(local), setup[k], &rows);
    weft_local_stop(&local);
    return 0;
}

static int remove_data(void **state)
{
    (void)state;
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", scratch);
    return system(command);
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

WEFT_TESTS(WEFT_TEST_WITH(make_data, remove_data, starting),
           WEFT_TEST_WITH(make_data, remove_data, allocations),
           WEFT_TEST_WITH(make_data, remove_data, allocations_while_spilling),
           WEFT_TEST_WITH(make_data, remove_data, file_operations),
           WEFT_TEST_WITH(make_data, remove_data, file_operations_while_spilling))
