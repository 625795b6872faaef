/* The journal: what was acknowledged is there after any crash, what was not is there whole or not at all;
 * damage is told from a torn end; jobs are forgotten when they may be. */
#include "coordinator/journal_file_private.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/fixture.h"
#include "tests/support/journal_memory.h"

static const weft_uuid job_one = {1, 10}, job_two = {2, 20}, job_three = {3, 30};

/* ---- time ---- */

static int64_t wall_now_us;
static int64_t wall_us(void *self)
{
    (void)self;
    return wall_now_us;
}
static int64_t now_ns(void *self)
{
    (void)self;
    return 0;
}
static const weft_clock fake_clock = {.now_ns = now_ns, .wall_us = wall_us};

static void open_fixture(weft_fixture *f)
{
    weft_fixture_open(f);
    f->ctx.clock = &fake_clock;
    wall_now_us = 1000000;
}

static void assert_value(weft_fixture *f, weft_journal *j, weft_uuid job, weft_journal_kind kind,
                         uint32_t number, const void *value, size_t bytes)
{
    weft_journal_record r;
    void *got = NULL;
    size_t got_bytes = 0;
    assert_true(weft_journal_find(j, job, kind, number, &r));
    assert_int_equal(r.value_bytes, bytes);
    weft_fixture_ok(f, weft_journal_read(&f->ctx, j, &r, &got, &got_bytes));
    assert_int_equal(got_bytes, bytes);
    if (bytes > 0) assert_memory_equal(got, value, bytes);
}

static int32_t count_of(weft_journal *j) { return (int32_t)weft_journal_count_all(j).records; }

static bool has(weft_journal *j, weft_uuid job, weft_journal_kind kind, uint32_t number)
{
    return weft_journal_find(j, job, kind, number, NULL);
}

static weft_journal_record record_at(weft_fixture *f, weft_journal *j, int32_t index)
{
    weft_journal_record *records = NULL;
    int32_t count = 0;
    weft_fixture_ok(f, weft_journal_list(&f->ctx, j, &records, &count));
    assert_true(index < count);
    return records[index];
}

/* ---- in a folder ---- */

static char folder[64];

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "journal-tests-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *file_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void records_outlive_the_process(void **state)
{
    enum { LARGE = WEFT_JOURNAL_INLINE_BYTES + 1 };
    weft_fixture f;
    weft_journal_disk disk, other;
    weft_journal *j = NULL, *second = NULL;
    char *large = malloc(LARGE);
    (void)state;
    memset(large, 'l', LARGE);
    open_fixture(&f);
    weft_fixture_ok(&f, weft_journal_folder_open(&f.ctx, folder, &disk));
    weft_fixture_ok(&f, weft_journal_folder_open(&f.ctx, folder, &other));
    weft_fixture_ok(&f, weft_journal_open_file(&f.ctx, &disk, 1, &j));
    assert_int_equal(weft_journal_epoch(j), 1);
    assert_int_equal(weft_journal_open_file(&f.ctx, &other, 1, &second), WEFT_EXISTS);
    assert_non_null(strstr(f.ctx.error.message, "another coordinator uses the journal"));
    weft_fixture_ok(&f, weft_journal_create(&f.ctx, j, job_one, WEFT_JOURNAL_JOB, 0, "select", 6));
    weft_fixture_ok(&f, weft_journal_create(&f.ctx, j, job_one, WEFT_JOURNAL_STAGE, 7, large, LARGE));
    weft_fixture_ok(&f, weft_journal_create(&f.ctx, j, job_two, WEFT_JOURNAL_JOB, 0, NULL, 0));
    weft_fixture_ok(&f, weft_journal_create(&f.ctx, j, job_one, WEFT_JOURNAL_DECISION, 0, "commit", 6));
    assert_int_equal(weft_journal_create(&f.ctx, j, job_one, WEFT_JOURNAL_DECISION, 0, "abort", 5),
                     WEFT_EXISTS);
    assert_int_equal(weft_journal_create(&f.ctx, j, job_one, WEFT_JOURNAL_EPOCH, 0, "", 0), WEFT_INVALID);
    assert_int_equal(weft_journal_create(&f.ctx, j, job_one, WEFT_JOURNAL_KIND_COUNT, 0, "", 0),
                     WEFT_INVALID);
    weft_journal_close(&j);

    weft_fixture_ok(&f, weft_journal_open_file(&f.ctx, &other, 1, &j));
    assert_int_equal(weft_journal_epoch(j), 2);
    assert_int_equal(count_of(j), 4);
    assert_int_equal(record_at(&f, j, 3).kind, WEFT_JOURNAL_DECISION);
    assert_int_equal(record_at(&f, j, 3).epoch, 1);
    assert_int_equal(record_at(&f, j, 3).at_us, 1000000);
    assert_value(&f, j, job_one, WEFT_JOURNAL_JOB, 0, "select", 6);
    assert_value(&f, j, job_one, WEFT_JOURNAL_STAGE, 7, large, LARGE);
    assert_value(&f, j, job_two, WEFT_JOURNAL_JOB, 0, NULL, 0);
    assert_value(&f, j, job_one, WEFT_JOURNAL_DECISION, 0, "commit", 6);
    assert_false(has(j, job_one, WEFT_JOURNAL_STAGE, 8));
    assert_false(has(j, job_three, WEFT_JOURNAL_JOB, 0));
    weft_journal_close(&j);
    weft_journal_folder_close(&disk);
    weft_journal_folder_close(&other);
    weft_fixture_close(&f);
    free(large);
}

/* Change the file: at < 0 counts from its end. len 0: cut it there. */
static void damage(const char *name, long at, const char *bytes, size_t len)
{
    FILE *file = fopen(file_of(name), "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    if (len > 0)
        assert_int_equal(fwrite(bytes, 1, len, file), len);
    else
        assert_int_equal(ftruncate(fileno(file), ftell(file)), 0);
    assert_int_equal(fclose(file), 0);
}

static void damage_is_told_from_a_torn_end(void **state)
{
    weft_fixture f;
    weft_journal_disk disk;
    weft_journal *j = NULL;
    struct stat before, after;
    (void)state;
    open_fixture(&f);
    weft_fixture_ok(&f, weft_journal_folder_open(&f.ctx, folder, &disk));
    weft_fixture_ok(&f, weft_journal_open_file(&f.ctx, &disk, 1, &j));
    for (uint32_t i = 0; i < 10; i++)
        weft_fixture_ok(&f, weft_journal_create(&f.ctx, j, job_one, WEFT_JOURNAL_STAGE, i, "stage", 5));
    weft_journal_close(&j);

    damage("journal", -3, NULL, 0); /* the last record is torn */
    weft_fixture_ok(&f, weft_journal_open_file(&f.ctx, &disk, 1, &j));
    assert_int_equal(count_of(j), 9);
    weft_fixture_ok(&f, weft_journal_create(&f.ctx, j, job_one, WEFT_JOURNAL_STAGE, 9, "again", 5));
    weft_journal_close(&j);
    weft_fixture_ok(&f, weft_journal_open_file(&f.ctx, &disk, 1, &j));
    assert_int_equal(count_of(j), 10);
    assert_value(&f, j, job_one, WEFT_JOURNAL_STAGE, 9, "again", 5);
    weft_journal_close(&j);

    assert_int_equal(stat(file_of("journal"), &before), 0);
    damage("journal", 300, "x", 1); /* in the middle: nothing is cut off */
    assert_int_equal(weft_journal_open_file(&f.ctx, &disk, 1, &j), WEFT_CORRUPT);
    assert_null(j);
    assert_non_null(strstr(f.ctx.error.message, "damaged at byte"));
    assert_int_equal(stat(file_of("journal"), &after), 0);
    assert_int_equal(before.st_size, after.st_size);

    damage("journal", 8, "\2", 1);
    assert_int_equal(weft_journal_open_file(&f.ctx, &disk, 1, &j), WEFT_UNSUPPORTED);
    damage("journal", 0, "W", 1);
    assert_int_equal(weft_journal_open_file(&f.ctx, &disk, 1, &j), WEFT_CORRUPT);
    damage("journal", 5, NULL, 0);
    assert_int_equal(weft_journal_open_file(&f.ctx, &disk, 1, &j), WEFT_CORRUPT);
    weft_journal_folder_close(&disk);
    weft_fixture_close(&f);
}

/* Records that were written by one append: a crash may keep any of its pages. */
static void a_torn_append_of_many_is_cut_off(void **state)
{
    enum {
        RECORDS = 5,
        BODY = 11,
        RECORD = JOURNAL_HEAD + BODY,
        MOST = JOURNAL_FILE_HEAD + RECORDS * RECORD
    };
    weft_fixture f;
    weft_journal_memory m = {0};
    const weft_journal_disk disk = weft_journal_memory_disk(&m);
    uint8_t file[MOST] = {'w', 'e', 'f', 't', 'j', 'r', 'n', 'l', JOURNAL_VERSION}, damaged[MOST];
    (void)state;
    open_fixture(&f);
    for (uint32_t i = 0; i < RECORDS; i++) { /* one by one: 0, 1; by one append: 2, 3, 4 */
        const journal_draft draft = {
            .record = {.job = job_one, .kind = WEFT_JOURNAL_STAGE, .number = i, .epoch = 1},
            .sequence = i + 1,
            .flags = i > 2 ? JOURNAL_FLAG_JOINED : 0,
            .body = "hello world",
            .body_bytes = BODY};
        weft_journal_encode(&draft, file + JOURNAL_FILE_HEAD + i * RECORD);
    }
    for (int32_t i = 0; i < RECORDS; i++) {
        weft_journal *j = NULL;
        memcpy(damaged, file, sizeof(file));
        damaged[JOURNAL_FILE_HEAD + i * RECORD + JOURNAL_HEAD + 2] ^= 1;
        weft_fixture_ok(&f, disk.put(&f.ctx, disk.self, "journal", damaged, sizeof(damaged)));
        const weft_status st = weft_journal_open_file(&f.ctx, &disk, 1, &j);
        assert_int_equal(st, i < 2 ? WEFT_CORRUPT : WEFT_OK); /* those were acknowledged before others came */
        if (j != NULL) assert_int_equal(count_of(j), i);
        weft_journal_close(&j);
    }
    for (size_t len = JOURNAL_FILE_HEAD + 2 * RECORD; len < MOST; len++) {
        weft_journal *j = NULL;
        weft_fixture_ok(&f, disk.put(&f.ctx, disk.self, "journal", file, len));
        weft_fixture_ok(&f, weft_journal_open_file(&f.ctx, &disk, 1, &j));
        assert_int_equal(count_of(j), (len - JOURNAL_FILE_HEAD) / RECORD);
        weft_journal_close(&j);
        weft_arena_reset(f.arena);
    }
    weft_journal_memory_free(&m);
    weft_fixture_close(&f);
}

/* ---- crashes ---- */

enum { VALUE = 200 << 10, LARGE = 300 << 10, STAGES = 6, STEPS_MOST = 64 };

/* One thing that a coordinator writes. Repeating it after a crash does no harm. */
typedef struct step {
    weft_uuid job;
    weft_journal_kind kind; /* EPOCH: expire */
    uint32_t number;
    size_t bytes;
} step;

static char value_bytes[LARGE];

static int32_t make_steps(step *out)
{
    int32_t n = 0;
    out[n++] = (step){job_one, WEFT_JOURNAL_JOB, 0, 100};
    for (uint32_t i = 0; i < STAGES; i++) out[n++] = (step){job_one, WEFT_JOURNAL_STAGE, i, VALUE};
    out[n++] = (step){job_two, WEFT_JOURNAL_JOB, 0, 0};
    out[n++] = (step){job_two, WEFT_JOURNAL_STAGE, 1, LARGE};
    out[n++] = (step){job_one, WEFT_JOURNAL_END, 0, 10};
    out[n++] = (step){job_two, WEFT_JOURNAL_DECISION, 0, LARGE};
    out[n++] = (step){.kind = WEFT_JOURNAL_EPOCH}; /* job_one goes, the file is written anew */
    out[n++] = (step){job_two, WEFT_JOURNAL_CARRIED, 0, 1};
    out[n++] = (step){job_three, WEFT_JOURNAL_JOB, 0, 50};
    out[n++] = (step){job_two, WEFT_JOURNAL_END, 0, 1};
    assert_true(n <= STEPS_MOST);
    return n;
}

static weft_status do_step(weft_fixture *f, weft_journal *j, const step *s)
{
    int32_t removed = 0;
    if (s->kind == WEFT_JOURNAL_EPOCH) return weft_journal_expire(&f->ctx, j, INT64_MAX, 0, &removed);
    const weft_status st = weft_journal_create(&f->ctx, j, s->job, s->kind, s->number, value_bytes, s->bytes);
    return st == WEFT_EXISTS ? WEFT_OK : st;
}

/* What the steps before `done` wrote is there, unless it may have been forgotten by the step that was cut
 * short. */
static void check_steps(weft_fixture *f, weft_journal *j, const step *steps, int32_t done, int32_t tried)
{
    bool expired = false, expiring = false;
    for (int32_t i = 0; i < tried; i++) {
        expiring |= steps[i].kind == WEFT_JOURNAL_EPOCH;
        expired |= steps[i].kind == WEFT_JOURNAL_EPOCH && i < done;
    }
    int32_t known = 0;
    for (int32_t i = 0; i < tried; i++) {
        const step *s = &steps[i];
        if (s->kind == WEFT_JOURNAL_EPOCH) continue;
        const bool gone = !has(j, s->job, s->kind, s->number);
        const bool forgettable = weft_uuid_equal(s->job, job_one) && expiring;
        if (expired && weft_uuid_equal(s->job, job_one)) assert_true(gone);
        if (i < done && !forgettable) assert_false(gone);
        if (gone) continue;
        known++;
        assert_value(f, j, s->job, s->kind, s->number, value_bytes, s->bytes);
    }
    assert_int_equal(count_of(j), known); /* and nothing else is */
}

/* Run with the fault at the n-th write; false when the steps ended before it. */
static bool run_with_fault(weft_journal_fault fault, int64_t at, bool crashes)
{
    weft_fixture f;
    weft_journal_memory m = {.fault_at = at, .fault = fault, .crashes = crashes};
    step steps[STEPS_MOST];
    const int32_t count = make_steps(steps);
    const weft_journal_disk disk = weft_journal_memory_disk(&m);
    weft_journal *j = NULL;
    int32_t done = 0;
    open_fixture(&f);
    if (weft_journal_open_file(&f.ctx, &disk, 1, &j) == WEFT_OK)
        while (done < count && do_step(&f, j, &steps[done]) == WEFT_OK) done++;
    const bool met = m.writes >= at;
    if (j != NULL && done < count && !m.is_down &&
        fault != WEFT_JOURNAL_FAULT_FULL) /* it says that it is broken */
        assert_int_equal(weft_journal_create(&f.ctx, j, job_three, WEFT_JOURNAL_STAGE, 99, "", 0), WEFT_IO);
    weft_journal_close(&j);
    weft_journal_memory_restart(&m);

    const int32_t tried = done < count ? done + 1 : count;
    weft_fixture_ok(&f, weft_journal_open_file(&f.ctx, &disk, 1, &j));
    check_steps(&f, j, steps, done, tried);
    for (int32_t i = done; i < count; i++) weft_fixture_ok(&f, do_step(&f, j, &steps[i]));
    check_steps(&f, j, steps, count, count);
    const uint64_t epoch = weft_journal_epoch(j);
    weft_journal_close(&j);
    weft_fixture_ok(&f, weft_journal_open_file(&f.ctx, &disk, 1, &j));
    assert_true(weft_journal_epoch(j) > epoch);
    check_steps(&f, j, steps, count, count);
    for (int32_t i = 0; i < WEFT_COUNT(m.files); i++) /* one value, in one file; none is left over */
        if (strncmp(m.files[i].name, "blob-", 5) == 0) assert_int_equal(m.files[i].len, LARGE);
    weft_journal_close(&j);
    weft_journal_memory_free(&m);
    weft_fixture_close(&f);
    return met;
}

static void a_crash_at_every_write(void **state)
{
    int64_t points = 0;
    (void)state;
    memset(value_bytes, 'v', sizeof(value_bytes));
    for (int32_t fault = 0; fault < WEFT_JOURNAL_FAULT_COUNT; fault++) {
        for (int32_t crashes = 0; crashes < 2; crashes++) {
            int64_t at = 1;
            while (run_with_fault((weft_journal_fault)fault, at, crashes == 1)) at++;
            points += at - 1;
        }
    }
    assert_true(points > 100); /* the faults fired */
}

/* No room: the write did not happen, the journal is as good as before. */
static void a_full_disk_breaks_nothing(void **state)
{
    weft_fixture f;
    weft_journal_memory m = {0};
    const weft_journal_disk disk = weft_journal_memory_disk(&m);
    weft_journal *j = NULL;
    (void)state;
    open_fixture(&f);
    weft_fixture_ok(&f, weft_journal_open_file(&f.ctx, &disk, 1, &j));
    m.fault_at = m.writes + 1;
    m.fault = WEFT_JOURNAL_FAULT_FULL;
    assert_int_equal(weft_journal_create(&f.ctx, j, job_one, WEFT_JOURNAL_JOB, 0, "a", 1), WEFT_NOSPACE);
    assert_false(has(j, job_one, WEFT_JOURNAL_JOB, 0));
    weft_fixture_ok(&f, weft_journal_create(&f.ctx, j, job_one, WEFT_JOURNAL_JOB, 0, "a", 1));
    assert_value(&f, j, job_one, WEFT_JOURNAL_JOB, 0, "a", 1);
    weft_journal_close(&j);
    weft_journal_memory_free(&m);
    weft_fixture_close(&f);
}

/* ---- forgetting ---- */

static void terminal_jobs_are_forgotten(void **state)
{
    enum { JOBS = 20, HOUR_US = 1000 };
    weft_fixture f;
    weft_journal_memory m = {0};
    const weft_journal_disk disk = weft_journal_memory_disk(&m);
    weft_journal *j = NULL;
    int32_t removed = 0;
    (void)state;
    open_fixture(&f);
    weft_fixture_ok(&f, weft_journal_open_file(&f.ctx, &disk, 1, &j));
    for (uint64_t i = 0; i < JOBS; i++) { /* every fourth has side effects, the last one still runs */
        const weft_uuid job = {i, 1};
        weft_fixture_ok(&f, weft_journal_create(&f.ctx, j, job, WEFT_JOURNAL_JOB, 0, "j", 1));
        if (i % 4 == 0)
            weft_fixture_ok(&f, weft_journal_create(&f.ctx, j, job, WEFT_JOURNAL_DECISION, 0, "c", 1));
        if (i == 6) /* a submission with a name */
            weft_fixture_ok(&f, weft_journal_create(&f.ctx, j, job, WEFT_JOURNAL_SESSION, 1, "s", 1));
        if (i < JOBS - 1)
            weft_fixture_ok(&f, weft_journal_create(&f.ctx, j, job, WEFT_JOURNAL_END, 0, "e", 1));
        wall_now_us += HOUR_US;
    }
    weft_fixture_ok(&f, weft_journal_expire(&f.ctx, j, 100 * HOUR_US, JOBS, &removed));
    assert_int_equal(removed, 0);
    weft_fixture_ok(&f, weft_journal_expire(&f.ctx, j, 100 * HOUR_US, 10, &removed));
    assert_int_equal(removed,
                     5); /* nine of 19 are beyond the last ten; 0, 4 and 8 have acted, 6 has a name */
    assert_false(has(j, (weft_uuid){7, 1}, WEFT_JOURNAL_JOB, 0));
    assert_true(has(j, (weft_uuid){8, 1}, WEFT_JOURNAL_JOB, 0));
    assert_true(has(j, (weft_uuid){9, 1}, WEFT_JOURNAL_JOB, 0));
    weft_fixture_ok(&f, weft_journal_expire(&f.ctx, j, 12 * HOUR_US, 10, &removed));
    assert_int_equal(removed, 3); /* 0, 4, 6: more than twelve hours old; 8 ended just twelve ago */
    assert_false(has(j, (weft_uuid){4, 1}, WEFT_JOURNAL_DECISION, 0));
    wall_now_us += 1000LL * HOUR_US;
    weft_fixture_ok(&f, weft_journal_expire(&f.ctx, j, 12 * HOUR_US, 10, &removed));
    assert_int_equal(count_of(j), 1); /* who still runs is not forgotten */
    weft_journal_close(&j);
    weft_fixture_ok(&f, weft_journal_open_file(&f.ctx, &disk, 1, &j));
    assert_int_equal(count_of(j), 1);
    assert_int_equal(record_at(&f, j, 0).job.high, JOBS - 1);
    weft_journal_close(&j);
    weft_journal_memory_free(&m);
    weft_fixture_close(&f);
}

/* ---- memory ---- */

static weft_status write_some(weft_fixture *f, void *arg)
{
    weft_journal_memory m = {0};
    const weft_journal_disk disk = weft_journal_memory_disk(&m);
    weft_journal *j = NULL;
    weft_status st = WEFT_OK;
    int32_t removed = 0;
    void *value = NULL;
    size_t bytes = 0;
    (void)arg;
    f->ctx.clock = &fake_clock;
    WEFT_TRY(st, weft_journal_open_file(&f->ctx, &disk, 1, &j));
    for (uint32_t i = 0; i < 70; i++)
        WEFT_TRY(st, weft_journal_create(&f->ctx, j, job_one, WEFT_JOURNAL_STAGE, i, value_bytes, 3));
    const weft_journal_record third = {.job = job_one, .kind = WEFT_JOURNAL_STAGE, .number = 3};
    WEFT_TRY(st, weft_journal_read(&f->ctx, j, &third, &value, &bytes));
    WEFT_TRY(st, weft_journal_create(&f->ctx, j, job_one, WEFT_JOURNAL_END, 0, "", 0));
    WEFT_TRY(st, weft_journal_expire(&f->ctx, j, INT64_MAX, 0, &removed));
done:
    weft_journal_close(&j);
    weft_journal_memory_free(&m);
    return st;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    weft_fixture_oom_sweep(write_some, NULL);
}

#define IN_FOLDER(test) WEFT_TEST_WITH(make_folder, remove_folder, test)

WEFT_TESTS(IN_FOLDER(records_outlive_the_process), IN_FOLDER(damage_is_told_from_a_torn_end),
           WEFT_TEST(a_torn_append_of_many_is_cut_off), WEFT_TEST(a_crash_at_every_write),
           WEFT_TEST(a_full_disk_breaks_nothing), WEFT_TEST(terminal_jobs_are_forgotten),
           WEFT_TEST(every_allocation_may_fail))
