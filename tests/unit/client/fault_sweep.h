/* tests/unit/client/fault_sweep.h - whole statements in an engine of this process, and the n-th allocation or
 * file operation of one failing in turn.
 *
 * Every run gives the right rows or a clean error, and nothing hangs: an alarm ends the program and names
 * statement and n. WEFT_TEST_SWEEP=all tries every n, else about as many as are asked for, other ones for
 * another --seed. */
#ifndef WEFT_TESTS_UNIT_CLIENT_FAULT_SWEEP_H
#define WEFT_TESTS_UNIT_CLIENT_FAULT_SWEEP_H

#include <signal.h>
#include <unistd.h>

#include "client/local.h"
#include "common/hash.h"
#include "engine/storage/fs.h"
#include "tests/support/fixture.h"

enum { HANG_S = 60, TEXT_BYTES = 4096 };

typedef struct sweep {
    const char *name;
    int64_t (*arm)(int64_t n);
    /* statuses that the fault may end with */
    weft_status status;
} sweep;

static const sweep memory_sweep = {.name = "allocation", .arm = weft_mem_fail_after, .status = WEFT_NOMEM};
static const sweep file_sweep = {.name = "file operation", .arm = weft_fs_fail_after, .status = WEFT_IO};

static char scratch[256];
static char running[256]; /* for the alarm */

static inline void hung(int signal_number)
{
    (void)signal_number;
    static const char text[] = "\nHANG: ";
    ssize_t done = write(STDERR_FILENO, text, sizeof text - 1);
    done = write(STDERR_FILENO, running, strlen(running));
    (void)done;
    abort();
}

static inline const char *with_folder(const char *text)
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

static inline uint64_t hash_batch(const weft_batch *batch, uint64_t seed)
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
static inline weft_status execute(weft_session *session, const char *text, uint64_t *rows, weft_error *error)
{
    weft_result *result = NULL;
    weft_batch batch;
    const weft_statement statement = {.text = text, .len = strlen(text)};
    weft_status st = weft_session_execute(session, &statement, error, &result);
    *rows = 0;
    while (st == WEFT_OK) {
        st = weft_result_next(result, error, &batch);
        if (st != WEFT_OK || batch.rows == 0) break;
        *rows = hash_batch(&batch, *rows);
    }
    weft_result_free(&result);
    return st;
}

static inline weft_local *start(int32_t slots, int64_t memory, bool spill)
{
    weft_settings settings;
    weft_error error;
    weft_local *local = NULL;
    weft_settings_init(&settings);
    settings.number[WEFT_SET_SLOTS] = slots;
    settings.number[WEFT_SET_MEMORY] = memory;
    settings.number[WEFT_SET_FORCE_SPILL] = spill;
    snprintf(settings.text[WEFT_SET_SCRATCH], WEFT_SETTING_TEXT_BYTES, "%s", scratch);
    const weft_status st = weft_local_start(&settings, &error, &local);
    if (st != WEFT_OK) print_error("%s\n", error.message);
    assert_int_equal(st, WEFT_OK);
    return local;
}

static inline void must(weft_session *session, const char *text, uint64_t *rows)
{
    weft_error error;
    const weft_status st = execute(session, with_folder(text), rows, &error);
    if (st != WEFT_OK) print_error("%s: %s\n", text, error.message);
    assert_int_equal(st, WEFT_OK);
}

/* EXPLAIN ANALYZE shows times: its rows are never the same. */
static inline bool has_fixed_rows(const char *text) { return strncmp(text, "EXPLAIN", 7) != 0; }

/* One run with the fault at n. False: there were fewer operations than that. */
static inline bool run_once(weft_session *session, const sweep *w, const char *text, int64_t n,
                            weft_status normal, uint64_t want)
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

static inline void sweep_statement(weft_session *session, const sweep *w, const char *text, int64_t most_runs)
{
    weft_error error;
    uint64_t want = 0;
    weft_status normal = execute(session, with_folder(text), &want, &error);
    w->arm(INT64_MAX);
    const weft_status again = execute(session, with_folder(text), &want, &error);
    const int64_t count = w->arm(0);
    assert_int_equal(normal, again);
    const char *all = getenv("WEFT_TEST_SWEEP");
    const int64_t stride = all != NULL && strcmp(all, "all") == 0 ? 1 : weft_max_i64(1, count / most_runs);
    int64_t runs = 0;
    for (int64_t n = 1 + (int64_t)(weft_test_seed() % (uint64_t)stride); n <= count; n += stride, runs++)
        if (!run_once(session, w, text, n, normal, want)) break;
    print_message("%5lld %ss, %4lld failed in turn: %.80s\n", (long long)count, w->name, (long long)runs,
                  text);
}

/* The folder that ${D} in statements stands for. */
static inline int make_folder(void)
{
    snprintf(scratch, sizeof scratch, "/tmp/weft-faults-XXXXXX");
    signal(SIGALRM, hung);
    return mkdtemp(scratch) == NULL ? -1 : 0;
}

static inline int remove_folder(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_status st = weft_fs_remove_tree(&f.ctx, scratch);
    weft_fixture_close(&f);
    return st == WEFT_OK ? 0 : -1;
}

#endif
