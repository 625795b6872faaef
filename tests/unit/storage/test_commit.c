/* tests/unit/storage/test_commit.c - the commit: whoever dies where, the listing is the old or the new one
 * exactly. */
#include <sys/stat.h>

#include "engine/storage/commit.h"
#include "tests/unit/storage/storage_fixture.h"

#define JOB "job-1"

static const char *output_of(storage_fixture *f) { return storage_path(f, "out"); }

/* The old state: what a job before has left. */
static void put_old(storage_fixture *f)
{
    storage_put(f, "out/part-old-0.parquet", "old0");
    storage_put(f, "out/part-old-1.parquet", "old1");
    storage_put(f, "out/k=1/part-old-2.parquet", "old2");
    storage_put(f, "out/_SUCCESS", "");
}

/* "name=text;" of every visible file, sorted. */
static void listing(storage_fixture *f, char *text, size_t size)
{
    weft_file_info *files;
    int32_t count;
    text[0] = 0;
    const weft_status st = weft_fs_list(&f->ctx, output_of(f), &files, &count);
    if (st == WEFT_NOT_FOUND) return;
    assert_int_equal(st, WEFT_OK);
    for (int32_t i = 0; i < count; i++) {
        char bytes[64] = "";
        FILE *file = fopen(files[i].path, "r");
        assert_non_null(file);
        bytes[fread(bytes, 1, sizeof(bytes) - 1, file)] = 0;
        fclose(file);
        const size_t at = strlen(text);
        snprintf(text + at, size - at, "%s=%s;", files[i].path + strlen(output_of(f)) + 1, bytes);
    }
}

static const char *const old_listing =
    "k=1/part-old-2.parquet=old2;part-old-0.parquet=old0;part-old-1.parquet=old1;";
static const char *const new_listing = "k=1/part-c.parquet=cc;k=2/part-d.parquet=ddd;part-a.parquet=a;";
static const char *const both_listing =
    "k=1/part-c.parquet=cc;k=1/part-old-2.parquet=old2;k=2/part-d.parquet=ddd;"
    "part-a.parquet=a;part-old-0.parquet=old0;part-old-1.parquet=old1;";

static const weft_commit_part parts[] = {{0, 0, 0, "part-a.parquet", 1, NULL},
                                         {1, 1, 2, "k=1/part-c.parquet", 2, NULL},
                                         {1, 1, 2, "k=2/part-d.parquet", 3, NULL}};

/* A whole job: partition 0 by attempt 0, partition 1 by attempt 2 while attempt 1 never reported. *decided is
 * set as soon as the decision to commit was answered. */
static weft_status run_replacing(storage_fixture *f, weft_commit_replace replace, const char *below,
                                 bool *decided)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &f->ctx;
    weft_commit_manifest manifest;
    char output[1024];
    char *folder;
    snprintf(output, sizeof(output), "%s", output_of(f));
    *decided = false;
    WEFT_TRY(st, weft_commit_begin(ctx, output, JOB));
    WEFT_TRY(st, weft_commit_open_attempt(ctx, output, JOB, 0, 0, 0, &folder));
    WEFT_TRY(st, storage_put_file(ctx, folder, ".", "part-a.parquet", "a"));
    WEFT_TRY(st, weft_commit_open_attempt(ctx, output, JOB, 1, 0, 1, &folder));
    WEFT_TRY(st, storage_put_file(ctx, folder, "k=1", "part-c.parquet", "half"));
    WEFT_TRY(st, weft_commit_open_attempt(ctx, output, JOB, 1, 1, 2, &folder));
    WEFT_TRY(st, storage_put_file(ctx, folder, "k=1", "part-c.parquet", "cc"));
    WEFT_TRY(st, storage_put_file(ctx, folder, "k=2", "part-d.parquet", "ddd"));
    WEFT_TRY(st, weft_commit_make_manifest(ctx, output, JOB, parts, 3, replace, below, &manifest));
    WEFT_TRY(st, weft_commit_decide(ctx, output, JOB, &manifest, decided));
    WEFT_TRY(st, weft_commit_publish(ctx, &manifest));
done:
    return st;
}

static weft_status run_job(storage_fixture *f, bool overwrite, bool *decided)
{
    return run_replacing(f, overwrite ? WEFT_COMMIT_REPLACE : WEFT_COMMIT_APPEND, "", decided);
}

static void assert_listing(storage_fixture *f, const char *want)
{
    char got[1024];
    listing(f, got, sizeof(got));
    assert_string_equal(got, want);
}

static void assert_nothing_staged(storage_fixture *f)
{
    assert_int_equal(access(storage_path(f, "out/_temporary"), F_OK), -1);
}

static void start_again(storage_fixture *f)
{
    storage_remove_tree(output_of(f));
    weft_arena_reset(f->ctx.arena);
    weft_error_clear(&f->ctx);
    put_old(f);
}

static void appends_and_overwrites(void **state)
{
    storage_fixture *f = *state;
    bool decided;
    start_again(f);
    assert_int_equal(run_job(f, false, &decided), WEFT_OK);
    assert_listing(f, both_listing);
    assert_nothing_staged(f);
    start_again(f);
    assert_int_equal(run_job(f, true, &decided), WEFT_OK);
    assert_listing(f, new_listing);
    assert_nothing_staged(f);
    assert_int_equal(access(storage_path(f, "out/_SUCCESS"), F_OK), 0);
    storage_remove_tree(output_of(f)); /* into a folder that is not there yet */
    assert_int_equal(run_job(f, true, &decided), WEFT_OK);
    assert_listing(f, new_listing);
    assert_int_equal(access(storage_path(f, "out/_SUCCESS"), F_OK), 0);
}

static void folders_left_empty_go(void **state)
{
    storage_fixture *f = *state;
    start_again(f);
    storage_put(f, "out/k=9/j=1/part-old-3.parquet", "old3");
    bool decided;
    assert_int_equal(run_job(f, true, &decided), WEFT_OK);
    assert_int_equal(access(storage_path(f, "out/k=9"), F_OK), -1);
    assert_listing(f, new_listing);
}

/* Dies at its n-th file operation, n swept over the whole job; then somebody recovers. */
static void crash_at_every_step(void **state)
{
    storage_fixture *f = *state;
    bool decided, committed;
    start_again(f);
    weft_fs_fail_after(0);
    assert_int_equal(run_job(f, true, &decided), WEFT_OK);
    const int64_t operations = weft_fs_fail_after(0);
    assert_true(operations > 50);
    int olds = 0, news = 0;
    for (int64_t n = 1; n <= operations; n++) {
        start_again(f);
        weft_fs_crash_after(n);
        assert_int_equal(run_job(f, true, &decided), WEFT_IO);
        weft_fs_crash_after(0);
        char got[1024];
        assert_int_equal(weft_commit_recover(&f->ctx, output_of(f), JOB, &committed), WEFT_OK);
        listing(f, got, sizeof(got));
        const bool is_new = strcmp(got, new_listing) == 0;
        if (!is_new) assert_string_equal(got, old_listing);
        if (decided) assert_true(is_new);
        if (committed) assert_true(is_new);
        assert_nothing_staged(f);
        assert_int_equal(weft_commit_recover(&f->ctx, output_of(f), JOB, &committed), WEFT_OK);
        listing(f, got, sizeof(got));
        assert_string_equal(got, is_new ? new_listing : old_listing);
        olds += !is_new;
        news += is_new;
    }
    assert_true(olds > 20 && news > 10); /* both sides of the decision were met */
}

/* An overwrite of partitions dies at its n-th operation (each fourth: every one is swept above): those that
 * it means are the old or the new ones exactly, and all others are as they were. */
static void crash_of_partitions(storage_fixture *f, weft_commit_replace replace, const char *below,
                                const char *want)
{
    bool decided, committed;
    char got[1024], before[1024];
    start_again(f);
    storage_put(f, "out/k=9/part-old-3.parquet", "old3");
    listing(f, before, sizeof(before));
    weft_fs_fail_after(0);
    assert_int_equal(run_replacing(f, replace, below, &decided), WEFT_OK);
    const int64_t operations = weft_fs_fail_after(0);
    assert_listing(f, want);
    int olds = 0, news = 0;
    for (int64_t n = 1; n <= operations; n += 4) {
        start_again(f);
        storage_put(f, "out/k=9/part-old-3.parquet", "old3");
        weft_fs_crash_after(n);
        assert_int_equal(run_replacing(f, replace, below, &decided), WEFT_IO);
        weft_fs_crash_after(0);
        assert_int_equal(weft_commit_recover(&f->ctx, output_of(f), JOB, &committed), WEFT_OK);
        listing(f, got, sizeof(got));
        const bool is_new = strcmp(got, want) == 0;
        if (!is_new) assert_string_equal(got, before);
        if (decided || committed) assert_true(is_new);
        assert_nothing_staged(f);
        olds += !is_new;
        news += is_new;
    }
    assert_true(olds > 5 && news > 2);
}

static void crash_while_partitions_are_replaced(void **state)
{
    storage_fixture *f = *state;
    crash_of_partitions(f, WEFT_COMMIT_REPLACE, "k=1",
                        "k=1/part-c.parquet=cc;k=2/part-d.parquet=ddd;k=9/part-old-3.parquet=old3;"
                        "part-a.parquet=a;part-old-0.parquet=old0;part-old-1.parquet=old1;");
}

/* The folders that rows went to, here also the output itself, which holds all. */
static void crash_while_written_folders_are_replaced(void **state)
{
    crash_of_partitions(*state, WEFT_COMMIT_REPLACE_FOLDERS, "", new_listing);
}

/* ---- a partition that lies elsewhere ---- */

static const char *place_of(storage_fixture *f)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/elsewhere", f->folder);
    return path;
}

/* The files of the output and of the place, as "name=text;". */
static void both_listings(storage_fixture *f, char *text, size_t size)
{
    weft_file_info *files;
    int32_t count = 0;
    listing(f, text, size);
    const weft_status st = weft_fs_list(&f->ctx, place_of(f), &files, &count);
    if (st != WEFT_NOT_FOUND) assert_int_equal(st, WEFT_OK);
    weft_error_clear(&f->ctx);
    for (int32_t i = 0; i < count; i++) {
        const size_t at = strlen(text);
        snprintf(text + at, size - at, "%s;", files[i].path + strlen(f->folder) + 1);
    }
}

static void start_elsewhere(storage_fixture *f)
{
    start_again(f);
    storage_remove_tree(place_of(f));
    storage_put(f, "elsewhere/part-old-9.parquet", "old9");
}

/* Overwrites the output and the place: k=1 lies there when filled is set, else the place gets no file. */
static weft_status run_elsewhere(storage_fixture *f, bool filled, bool *decided)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &f->ctx;
    weft_commit_manifest manifest;
    char output[1024];
    char *folder;
    const weft_commit_part two[] = {{0, 0, 0, "k=2/part-d.parquet", 1, NULL},
                                    {0, 0, 0, "k=1/part-c.parquet", 1, place_of(f)}};
    snprintf(output, sizeof(output), "%s", output_of(f));
    *decided = false;
    WEFT_TRY(st, weft_commit_begin(ctx, output, JOB));
    WEFT_TRY(st, weft_commit_open_attempt(ctx, output, JOB, 0, 0, 0, &folder));
    WEFT_TRY(st, storage_put_file(ctx, folder, "k=2", "part-d.parquet", "d"));
    if (filled) WEFT_TRY(st, storage_put_file(ctx, folder, "k=1", "part-c.parquet", "c"));
    if (filled) WEFT_TRY(st, weft_commit_try_place(ctx, output, JOB, place_of(f)));
    WEFT_TRY(st, weft_commit_make_manifest(ctx, output, JOB, two, filled ? 2 : 1, WEFT_COMMIT_REPLACE, "",
                                           &manifest));
    WEFT_TRY(st, weft_commit_replace_place(ctx, &manifest, place_of(f)));
    WEFT_TRY(st, weft_commit_decide(ctx, output, JOB, &manifest, decided));
    WEFT_TRY(st, weft_commit_publish(ctx, &manifest));
done:
    return st;
}

static void a_place_elsewhere_is_replaced(void **state)
{
    storage_fixture *f = *state;
    bool decided;
    char got[1024];
    start_elsewhere(f);
    assert_int_equal(run_elsewhere(f, true, &decided), WEFT_OK);
    both_listings(f, got, sizeof got);
    assert_string_equal(got, "k=2/part-d.parquet=d;elsewhere/part-c.parquet;");
    assert_nothing_staged(f);
    start_elsewhere(f);
    assert_int_equal(run_elsewhere(f, false, &decided), WEFT_OK);
    both_listings(f, got, sizeof got);
    assert_string_equal(got, "k=2/part-d.parquet=d;");
    assert_int_equal(access(place_of(f), F_OK), -1); /* it is empty, and what holds it stays */
}

/* Dies at its n-th operation: output and place are the old or the new ones together. */
static void crash_with_a_place_elsewhere(void **state)
{
    storage_fixture *f = *state;
    bool decided, committed;
    char before[1024], after[1024], got[1024];
    start_elsewhere(f);
    both_listings(f, before, sizeof before);
    weft_fs_fail_after(0);
    assert_int_equal(run_elsewhere(f, true, &decided), WEFT_OK);
    const int64_t operations = weft_fs_fail_after(0);
    both_listings(f, after, sizeof after);
    int olds = 0, news = 0;
    for (int64_t n = 1; n <= operations; n++) {
        start_elsewhere(f);
        weft_fs_crash_after(n);
        assert_int_equal(run_elsewhere(f, true, &decided), WEFT_IO);
        weft_fs_crash_after(0);
        weft_error_clear(&f->ctx);
        assert_int_equal(weft_commit_recover(&f->ctx, output_of(f), JOB, &committed), WEFT_OK);
        both_listings(f, got, sizeof got);
        const bool is_new = strcmp(got, after) == 0;
        if (!is_new) assert_string_equal(got, before);
        if (decided || committed) assert_true(is_new);
        assert_nothing_staged(f);
        olds += !is_new;
        news += is_new;
    }
    assert_true(olds > 10 && news > 5);
    storage_remove_tree(place_of(f));
}

/* A commit that is decided ends: so a place that no rename leads to is found before. */
static void a_place_must_be_reached(void **state)
{
    storage_fixture *f = *state;
    weft_file_info info;
    start_elsewhere(f);
    assert_int_equal(weft_commit_begin(&f->ctx, output_of(f), JOB), WEFT_OK);
    assert_int_equal(weft_commit_try_place(&f->ctx, output_of(f), JOB, "/proc/self"), WEFT_UNSUPPORTED);
    weft_error_clear(&f->ctx);
    assert_int_equal(weft_commit_try_place(&f->ctx, output_of(f), JOB, place_of(f)), WEFT_OK);
    assert_int_equal(weft_fs_stat(&f->ctx, storage_path(f, "elsewhere/.way-" JOB), &info), WEFT_NOT_FOUND);
    weft_error_clear(&f->ctx);
    assert_int_equal(weft_commit_abort(&f->ctx, output_of(f), JOB), WEFT_OK);
    storage_remove_tree(place_of(f));
}

/* Only the partitions that there are new files for are replaced. */
static void other_folders_stay(void **state)
{
    storage_fixture *f = *state;
    weft_commit_manifest manifest;
    const weft_commit_part part = {0, 0, 0, "k=1/part-n.parquet", 1, NULL};
    start_again(f);
    storage_put(f, "out/k=9/part-old-3.parquet", "old3");
    assert_int_equal(weft_commit_make_manifest(&f->ctx, output_of(f), JOB, &part, 1,
                                               WEFT_COMMIT_REPLACE_FOLDERS, "", &manifest),
                     WEFT_OK);
    assert_int_equal(manifest.remove_count, 1);
    assert_string_equal(manifest.remove[0], "k=1/part-old-2.parquet");
    assert_int_equal(weft_commit_make_manifest(&f->ctx, output_of(f), JOB, &part, 1, WEFT_COMMIT_REPLACE,
                                               "../x", &manifest),
                     WEFT_INVALID);
}

/* The one who recovers dies too, at every step; the next one ends it. */
static void crash_in_recovery_at_every_step(void **state)
{
    storage_fixture *f = *state;
    bool decided, committed;
    start_again(f);
    weft_fs_fail_after(0);
    assert_int_equal(run_job(f, true, &decided), WEFT_OK);
    const int64_t operations = weft_fs_fail_after(0);
    for (int64_t n = 3; n <= operations; n += 7) {
        for (int64_t m = 1;; m++) {
            start_again(f);
            weft_fs_crash_after(n);
            assert_int_equal(run_job(f, true, &decided), WEFT_IO);
            weft_fs_crash_after(m);
            const weft_status st = weft_commit_recover(&f->ctx, output_of(f), JOB, &committed);
            weft_fs_crash_after(0);
            if (st == WEFT_OK) break;
            assert_int_equal(st, WEFT_IO);
            assert_int_equal(weft_commit_recover(&f->ctx, output_of(f), JOB, &committed), WEFT_OK);
            char got[1024];
            listing(f, got, sizeof(got));
            if (decided || strcmp(got, old_listing) != 0) assert_string_equal(got, new_listing);
            assert_nothing_staged(f);
        }
    }
}

/* A single operation fails, the process lives and tries again: publish ends as if nothing had been. */
static void publish_is_repeatable(void **state)
{
    storage_fixture *f = *state;
    for (int64_t n = 1;; n++) {
        bool decided;
        start_again(f);
        weft_fs_fail_after(n);
        weft_status st = run_job(f, true, &decided);
        weft_fs_fail_after(0);
        if (st == WEFT_OK) break;
        if (!decided) continue;
        bool committed;
        assert_int_equal(weft_commit_recover(&f->ctx, output_of(f), JOB, &committed), WEFT_OK);
        assert_listing(f, new_listing);
        assert_nothing_staged(f);
    }
}

/* A deposed leader stops at every step of its publish; another carries the manifest out, a later job replaces
 * all; then the old one goes on. It changes nothing. */
static void deposed_leader_changes_nothing(void **state)
{
    storage_fixture *f = *state;
    weft_commit_manifest late;
    bool committed;
    start_again(f);
    bool decided;
    weft_fs_fail_after(0);
    assert_int_equal(run_job(f, true, &decided), WEFT_OK);
    const int64_t operations = weft_fs_fail_after(0);
    for (int64_t n = 1; n <= operations; n++) {
        start_again(f);
        char output[1024];
        snprintf(output, sizeof(output), "%s", output_of(f));
        assert_int_equal(
            weft_commit_make_manifest(&f->ctx, output, JOB, parts, 3, WEFT_COMMIT_REPLACE, "", &late),
            WEFT_OK);
        weft_fs_crash_after(n);
        assert_int_equal(run_job(f, true, &decided), WEFT_IO);
        weft_fs_crash_after(0);
        assert_int_equal(weft_commit_recover(&f->ctx, output, JOB, &committed), WEFT_OK);
        if (!committed) continue;

        static const weft_commit_part later[] = {{0, 0, 0, "part-z.parquet", 1, NULL}};
        weft_commit_manifest manifest;
        char *folder;
        assert_int_equal(weft_commit_begin(&f->ctx, output, "job-2"), WEFT_OK);
        assert_int_equal(weft_commit_open_attempt(&f->ctx, output, "job-2", 0, 0, 0, &folder), WEFT_OK);
        assert_int_equal(storage_put_file(&f->ctx, folder, ".", "part-z.parquet", "z"), WEFT_OK);
        assert_int_equal(
            weft_commit_make_manifest(&f->ctx, output, "job-2", later, 1, WEFT_COMMIT_REPLACE, "", &manifest),
            WEFT_OK);
        assert_int_equal(weft_commit_decide(&f->ctx, output, "job-2", &manifest, &committed), WEFT_OK);
        assert_int_equal(weft_commit_publish(&f->ctx, &manifest), WEFT_OK);

        assert_int_equal(weft_commit_publish(&f->ctx, &late), WEFT_OK);
        assert_listing(f, "part-z.parquet=z;");
        assert_nothing_staged(f);
        assert_int_equal(weft_commit_decide(&f->ctx, output, JOB, &late, &committed), WEFT_COMMIT_DENIED);
        assert_false(committed);
        assert_int_equal(weft_commit_open_attempt(&f->ctx, output, JOB, 5, 0, 0, &folder),
                         WEFT_COMMIT_DENIED);
        assert_nothing_staged(f);
    }
}

static void the_first_decision_stands(void **state)
{
    storage_fixture *f = *state;
    char output[1024];
    char *folder;
    bool committed;
    weft_commit_manifest manifest;
    start_again(f);
    snprintf(output, sizeof(output), "%s", output_of(f));
    for (int abort_first = 0; abort_first < 2; abort_first++) {
        assert_int_equal(weft_commit_begin(&f->ctx, output, JOB), WEFT_OK);
        assert_int_equal(weft_commit_open_attempt(&f->ctx, output, JOB, 0, 0, 0, &folder), WEFT_OK);
        assert_int_equal(weft_commit_open_attempt(&f->ctx, output, JOB, 0, 0, 0, &folder), WEFT_EXISTS);
        assert_int_equal(
            weft_commit_make_manifest(&f->ctx, output, JOB, NULL, 0, WEFT_COMMIT_APPEND, "", &manifest),
            WEFT_OK);
        weft_commit_manifest *first = abort_first ? NULL : &manifest;
        weft_commit_manifest *second = abort_first ? &manifest : NULL;
        for (int i = 0; i < 3; i++) {
            assert_int_equal(weft_commit_decide(&f->ctx, output, JOB, i == 0 ? first : second, &committed),
                             WEFT_OK);
            assert_int_equal(committed, !abort_first);
        }
        assert_int_equal(weft_commit_open_attempt(&f->ctx, output, JOB, 1, 0, 0, &folder),
                         WEFT_COMMIT_DENIED);
        assert_int_equal(weft_commit_recover(&f->ctx, output, JOB, &committed), WEFT_OK);
        assert_int_equal(committed, !abort_first);
        assert_listing(f, old_listing);
        assert_nothing_staged(f);
    }
}

static void a_lost_staged_file_is_told(void **state)
{
    storage_fixture *f = *state;
    char output[1024];
    bool committed;
    weft_commit_manifest manifest;
    start_again(f);
    snprintf(output, sizeof(output), "%s", output_of(f));
    assert_int_equal(weft_commit_begin(&f->ctx, output, JOB), WEFT_OK);
    assert_int_equal(
        weft_commit_make_manifest(&f->ctx, output, JOB, parts, 3, WEFT_COMMIT_REPLACE, "", &manifest),
        WEFT_OK);
    assert_int_equal(weft_commit_decide(&f->ctx, output, JOB, &manifest, &committed), WEFT_OK);
    assert_int_equal(weft_commit_publish(&f->ctx, &manifest), WEFT_INTERNAL);
    assert_listing(f, old_listing); /* nothing was deleted before all was there */
}

/* Two jobs append to one folder at once. */
static void jobs_do_not_disturb_each_other(void **state)
{
    storage_fixture *f = *state;
    char output[1024];
    char *folder;
    bool decided;
    start_again(f);
    snprintf(output, sizeof(output), "%s", output_of(f));
    assert_int_equal(weft_commit_begin(&f->ctx, output, "other"), WEFT_OK);
    assert_int_equal(weft_commit_open_attempt(&f->ctx, output, "other", 0, 0, 0, &folder), WEFT_OK);
    assert_int_equal(run_job(f, false, &decided), WEFT_OK);
    assert_int_equal(access(folder, F_OK), 0);
    assert_int_equal(weft_commit_abort(&f->ctx, output, "other"), WEFT_OK);
    assert_listing(f, both_listing);
    assert_nothing_staged(f);
}

static void manifests_come_back(void **state)
{
    storage_fixture *f = *state;
    weft_commit_manifest manifest, back;
    char *bytes;
    int64_t len;
    start_again(f);
    storage_put(f, "out/odd name\n5:x", "old3");
    const weft_commit_part odd[] = {{0, 0, 0, "a b\n:c", 5, NULL}, {7, 0, 3, "k=%2F/x", 0, NULL}};
    assert_int_equal(
        weft_commit_make_manifest(&f->ctx, output_of(f), JOB, odd, 2, WEFT_COMMIT_REPLACE, "", &manifest),
        WEFT_OK);
    assert_int_equal(manifest.remove_count, 4);
    assert_int_equal(weft_commit_encode(&f->ctx, &manifest, &bytes, &len), WEFT_OK);
    assert_int_equal(weft_commit_decode(&f->ctx, bytes, len, &back), WEFT_OK);
    assert_string_equal(back.output, manifest.output);
    assert_string_equal(back.job, JOB);
    assert_int_equal(back.publish_count, 2);
    for (int32_t i = 0; i < 2; i++) {
        assert_string_equal(back.publish[i].from, manifest.publish[i].from);
        assert_string_equal(back.publish[i].to, manifest.publish[i].to);
        assert_int_equal(back.publish[i].bytes, manifest.publish[i].bytes);
    }
    assert_int_equal(back.remove_count, 4);
    for (int32_t i = 0; i < 4; i++) assert_string_equal(back.remove[i], manifest.remove[i]);
    for (int64_t cut = 0; cut < len; cut++) {
        assert_int_equal(weft_commit_decode(&f->ctx, bytes, cut, &back), WEFT_CORRUPT);
        bytes[cut] ^= 4;
        assert_int_equal(weft_commit_decode(&f->ctx, bytes, len, &back), WEFT_CORRUPT);
        bytes[cut] ^= 4;
    }
}

static void names_are_checked(void **state)
{
    storage_fixture *f = *state;
    weft_commit_manifest manifest;
    static const char *const wrong_files[] = {"", "/x", "../x", "a/../x", "a//x", "./x", "a/"};
    for (int32_t i = 0; i < WEFT_COUNT(wrong_files); i++) {
        const weft_commit_part part = {0, 0, 0, wrong_files[i], 1, NULL};
        assert_int_equal(
            weft_commit_make_manifest(&f->ctx, f->folder, JOB, &part, 1, WEFT_COMMIT_APPEND, "", &manifest),
            WEFT_INVALID);
    }
    const weft_commit_part twice[] = {{0, 0, 0, "x", 1, NULL}, {1, 0, 0, "x", 1, NULL}};
    assert_int_equal(
        weft_commit_make_manifest(&f->ctx, f->folder, JOB, twice, 2, WEFT_COMMIT_APPEND, "", &manifest),
        WEFT_INVALID);
    static const char *const wrong_jobs[] = {"", "a/b", "..", ".x", "a b"};
    for (int32_t i = 0; i < WEFT_COUNT(wrong_jobs); i++) {
        assert_int_equal(weft_commit_begin(&f->ctx, f->folder, wrong_jobs[i]), WEFT_INVALID);
    }
    char *name, *again;
    assert_int_equal(weft_commit_file_name(&f->ctx, JOB, 7, "-c", 0, ".snappy.parquet", &name), WEFT_OK);
    assert_int_equal(weft_commit_file_name(&f->ctx, JOB, 7, "-c", 0, ".snappy.parquet", &again), WEFT_OK);
    assert_string_equal(name, again);
    assert_int_equal(strlen(name),
                     strlen("part-00007-01234567-89ab-4def-8123-456789abcdef-c000.snappy.parquet"));
    assert_int_equal(strncmp(name, "part-00007-", 11), 0);
    assert_int_equal(name[25], '4');
}

WEFT_TESTS(STORAGE_TEST_QUICK(appends_and_overwrites), STORAGE_TEST_QUICK(folders_left_empty_go),
           STORAGE_TEST_QUICK(crash_at_every_step), STORAGE_TEST_QUICK(a_place_elsewhere_is_replaced),
           STORAGE_TEST_QUICK(crash_with_a_place_elsewhere), STORAGE_TEST_QUICK(a_place_must_be_reached),
           STORAGE_TEST_QUICK(crash_in_recovery_at_every_step),
           STORAGE_TEST_QUICK(crash_while_partitions_are_replaced),
           STORAGE_TEST_QUICK(crash_while_written_folders_are_replaced),
           STORAGE_TEST_QUICK(other_folders_stay), STORAGE_TEST_QUICK(publish_is_repeatable),
           STORAGE_TEST_QUICK(deposed_leader_changes_nothing), STORAGE_TEST_QUICK(the_first_decision_stands),
           STORAGE_TEST_QUICK(a_lost_staged_file_is_told), STORAGE_TEST_QUICK(jobs_do_not_disturb_each_other),
           STORAGE_TEST_QUICK(manifests_come_back), STORAGE_TEST_QUICK(names_are_checked))
