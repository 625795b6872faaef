/* Writes and their journal: whoever dies at whichever write or step of the file system, the folder shows what
 * was there before or all that is new, and after the next start nothing staged is left. */
#include "coordinator/commits.h"
#include "coordinator/coordinator.h"
#include "coordinator/journal_file.h"

#include <string.h>
#include <sys/stat.h>

#include "engine/storage/fs_internal.h"
#include "tests/support/journal_memory.h"
#include "tests/unit/storage/storage_fixture.h"

/* ---- a journal and a file system that die together ---- */

typedef struct rig {
    storage_fixture *f;
    uint64_t operations;
    weft_journal_memory memory;
    weft_journal_disk inner, disk; /* disk: the inner one, while the process lives */
    weft_journal *journal;
    weft_commits *commits;
} rig;

static bool is_dead(rig *r)
{
    if (r->memory.is_down && !weft_fs_crashed()) (void)weft_fs_crash_after(1);
    return weft_fs_crashed();
}

static weft_status died(weft_ctx *ctx) { return weft_fail(ctx, WEFT_IO, "injected: the process is dead"); }

static weft_status rig_lock(weft_ctx *ctx, void *self)
{
    rig *r = self;
    return is_dead(r) ? died(ctx) : r->inner.lock(ctx, r->inner.self);
}
static void rig_unlock(void *self) { ((rig *)self)->inner.unlock(((rig *)self)->inner.self); }
static weft_status rig_size(weft_ctx *ctx, void *self, const char *name, int64_t *bytes)
{
    rig *r = self;
    return is_dead(r) ? died(ctx) : r->inner.size(ctx, r->inner.self, name, bytes);
}
static weft_status rig_read(weft_ctx *ctx, void *self, const char *name, int64_t offset, void *out,
                            size_t len)
{
    rig *r = self;
    return is_dead(r) ? died(ctx) : r->inner.read(ctx, r->inner.self, name, offset, out, len);
}
static weft_status rig_append(weft_ctx *ctx, void *self, const char *name, int64_t end, const void *bytes,
                              size_t len, bool *undone)
{
    rig *r = self;
    *undone = false;
    if (is_dead(r)) return died(ctx);
    const weft_status st = r->inner.append(ctx, r->inner.self, name, end, bytes, len, undone);
    (void)is_dead(r);
    return st;
}
static weft_status rig_truncate(weft_ctx *ctx, void *self, const char *name, int64_t bytes)
{
    rig *r = self;
    if (is_dead(r)) return died(ctx);
    const weft_status st = r->inner.truncate(ctx, r->inner.self, name, bytes);
    (void)is_dead(r);
    return st;
}
static weft_status rig_put(weft_ctx *ctx, void *self, const char *name, const void *bytes, size_t len)
{
    rig *r = self;
    if (is_dead(r)) return died(ctx);
    const weft_status st = r->inner.put(ctx, r->inner.self, name, bytes, len);
    (void)is_dead(r);
    return st;
}
static weft_status rig_remove(weft_ctx *ctx, void *self, const char *name)
{
    rig *r = self;
    return is_dead(r) ? died(ctx) : r->inner.remove(ctx, r->inner.self, name);
}
static weft_status rig_list(weft_ctx *ctx, void *self,
                            weft_status (*visit)(weft_ctx *ctx, void *of, const char *name), void *of)
{
    rig *r = self;
    return is_dead(r) ? died(ctx) : r->inner.list(ctx, r->inner.self, visit, of);
}

static void rig_close(rig *r)
{
    weft_fs_crash_after(0);
    weft_commits_close(&r->commits);
    weft_journal_close(&r->journal);
    weft_journal_memory_free(&r->memory);
    r->memory = (weft_journal_memory){0};
}

/* ---- the folder that is written to ---- */

static const char *output_of(rig *r) { return storage_path(r->f, "out"); }

static const char *const old_listing = "k=1/old-2=old2;old-0=old0;old-1=old1;";
static const char *const new_listing = "k=1/part-c=cc;k=2/part-d=ddd;part-a=a;";
static const char *const late_listing = "part-z=z;";

static void start_anew(rig *r, storage_fixture *f)
{
    rig_close(r);
    *r = (rig){.f = f};
    r->inner = weft_journal_memory_disk(&r->memory);
    r->disk = (weft_journal_disk){.self = r,
                                  .lock = rig_lock,
                                  .unlock = rig_unlock,
                                  .size = rig_size,
                                  .read = rig_read,
                                  .append = rig_append,
                                  .truncate = rig_truncate,
                                  .put = rig_put,
                                  .remove = rig_remove,
                                  .list = rig_list};
    storage_remove_tree(output_of(r));
    weft_arena_reset(f->ctx.arena);
    weft_error_clear(&f->ctx);
    storage_put(f, "out/old-0", "old0");
    storage_put(f, "out/old-1", "old1");
    storage_put(f, "out/k=1/old-2", "old2");
    storage_put(f, "out/_SUCCESS", "");
}

/* "name=text;" of every visible file, sorted. */
static const char *listing(rig *r)
{
    static char text[4096];
    weft_file_info *files = NULL;
    int32_t count = 0;
    text[0] = 0;
    const weft_status st = weft_fs_list(&r->f->ctx, output_of(r), &files, &count);
    weft_error_clear(&r->f->ctx);
    if (st == WEFT_NOT_FOUND) return text;
    assert_int_equal(st, WEFT_OK);
    for (int32_t i = 0; i < count; i++) {
        char bytes[64] = "";
        FILE *file = fopen(files[i].path, "r");
        assert_non_null(file);
        bytes[fread(bytes, 1, sizeof(bytes) - 1, file)] = 0;
        fclose(file);
        const size_t at = strlen(text);
        snprintf(text + at, sizeof(text) - at, "%s=%s;", files[i].path + strlen(output_of(r)) + 1, bytes);
    }
    return text;
}

static bool is_staged(rig *r) { return access(storage_path(r->f, "out/_temporary"), F_OK) == 0; }

/* ---- the life of a write ---- */

static weft_status open_commits(rig *r, uint64_t least_epoch)
{
    const weft_status st = weft_journal_open_file(&r->f->ctx, &r->disk, least_epoch, &r->journal);
    return st == WEFT_OK ? weft_commits_open(&r->f->ctx, r->journal, &r->commits) : st;
}

static weft_status restart(rig *r)
{
    weft_commits_close(&r->commits);
    weft_journal_close(&r->journal);
    weft_fs_crash_after(0);
    weft_journal_memory_restart(&r->memory);
    weft_error_clear(&r->f->ctx);
    return open_commits(r, 1);
}

/* A statement of its own for each. */
static weft_status begin(rig *r, const char *output, weft_commit_job **job)
{
    weft_job_record record = {
        .release = "test", .number = 1, .term = 1, .operation = ++r->operations, .user = "", .text = ""};
    return weft_commits_begin(&r->f->ctx, r->commits, output, r->commits == NULL ? NULL : &record, job);
}

static const weft_commit_part parts[] = {
    {0, 0, 0, "part-a", 1, NULL}, {1, 1, 2, "k=1/part-c", 2, NULL}, {1, 1, 2, "k=2/part-d", 3, NULL}};
static const weft_commit_part late_parts[] = {{0, 0, 0, "part-z", 1, NULL}};

/* The tasks: partition 0 by attempt 0, partition 1 by attempt 2, while attempt 1 never reported. */
static weft_status run_tasks(weft_ctx *ctx, const weft_commit_job *job)
{
    weft_status st = WEFT_OK;
    char *folder = NULL;
    WEFT_TRY(st, weft_commit_open_attempt(ctx, job->output, job->name, 0, 0, 0, &folder));
    WEFT_TRY(st, storage_put_file(ctx, folder, ".", "part-a", "a"));
    WEFT_TRY(st, weft_commit_open_attempt(ctx, job->output, job->name, 1, 0, 1, &folder));
    WEFT_TRY(st, storage_put_file(ctx, folder, "k=1", "part-c", "half"));
    WEFT_TRY(st, weft_commit_open_attempt(ctx, job->output, job->name, 1, 1, 2, &folder));
    WEFT_TRY(st, storage_put_file(ctx, folder, "k=1", "part-c", "cc"));
    WEFT_TRY(st, storage_put_file(ctx, folder, "k=2", "part-d", "ddd"));
done:
    return st;
}

/* An overwrite as a session does it. late: another one, of one file. */
static weft_status overwrite(rig *r, bool late)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->f->ctx;
    weft_commit_job *job = NULL;
    weft_commit_manifest manifest;
    char *folder = NULL;
    char output[1024];
    snprintf(output, sizeof(output), "%s", output_of(r));
    st = begin(r, output, &job);
    if (st != WEFT_OK) return st;
    if (!late) st = run_tasks(ctx, job);
    if (late && st == WEFT_OK) st = weft_commit_open_attempt(ctx, job->output, job->name, 0, 0, 0, &folder);
    if (late && st == WEFT_OK) st = storage_put_file(ctx, folder, ".", "part-z", "z");
    if (st == WEFT_OK)
        st = weft_commit_make_manifest(ctx, job->output, job->name, late ? late_parts : parts, late ? 1 : 3,
                                       WEFT_COMMIT_REPLACE, "", &manifest);
    if (st == WEFT_OK) st = weft_commits_commit(ctx, r->commits, job, &manifest);
    if (st != WEFT_OK) weft_commits_abort(ctx, r->commits, job);
    return st;
}

static weft_status start_and_overwrite(rig *r)
{
    weft_status st = open_commits(r, 1);
    if (st == WEFT_OK && weft_commits_recover(&r->f->ctx, r->commits, false) != 0) st = WEFT_IO;
    return st == WEFT_OK ? overwrite(r, false) : st;
}

/* The next start: all is as it was, or all is new, and the journal has nothing more to say. */
static bool check_restart(rig *r, bool told)
{
    assert_int_equal(restart(r), WEFT_OK);
    assert_int_equal(weft_commits_recover(&r->f->ctx, r->commits, false), 0);
    const bool is_new = strcmp(listing(r), new_listing) == 0;
    if (!is_new) assert_string_equal(listing(r), old_listing);
    if (told) assert_true(is_new);
    assert_false(is_staged(r));
    const uint64_t epoch = weft_journal_epoch(r->journal);
    assert_int_equal(restart(r), WEFT_OK);
    assert_true(weft_journal_epoch(r->journal) > epoch);
    const int64_t before = r->memory.writes;
    assert_int_equal(weft_commits_recover(&r->f->ctx, r->commits, false), 0);
    assert_int_equal(r->memory.writes, before); /* there was nothing to do */
    return is_new;
}

/* ---- crashes ---- */

static int64_t count_steps(rig *r, storage_fixture *f)
{
    start_anew(r, f);
    (void)weft_fs_fail_after(0);
    assert_int_equal(start_and_overwrite(r), WEFT_OK);
    const int64_t steps = weft_fs_fail_after(0);
    assert_string_equal(listing(r), new_listing);
    assert_false(is_staged(r));
    assert_true(steps > 50);
    return steps;
}

static void a_crash_at_every_step(void **state)
{
    storage_fixture *f = *state;
    rig r = {0};
    const int64_t steps = count_steps(&r, f);
    int32_t olds = 0, news = 0;
    for (int64_t n = 1; n <= steps; n++) {
        start_anew(&r, f);
        weft_fs_crash_after(n);
        assert_int_equal(start_and_overwrite(&r), WEFT_IO);
        *(check_restart(&r, false) ? &news : &olds) += 1;
    }
    assert_true(olds > 20 && news > 10); /* both sides of the decision were met */
    rig_close(&r);
}

static void a_crash_at_every_record(void **state)
{
    storage_fixture *f = *state;
    rig r = {0};
    int32_t olds = 0, news = 0;
    for (int32_t fault = 0; fault < WEFT_JOURNAL_FAULT_FULL; fault++)
        for (int64_t n = 1;; n++) {
            start_anew(&r, f);
            r.memory.fault_at = n;
            r.memory.fault = (weft_journal_fault)fault;
            r.memory.crashes = true;
            const weft_status st = start_and_overwrite(&r);
            if (!r.memory.is_down) {
                assert_int_equal(st, WEFT_OK);
                assert_true(n > 5); /* head, epoch, JOB, DECISION, CARRIED */
                break;
            }
            assert_int_equal(st, WEFT_IO);
            *(check_restart(&r, false) ? &news : &olds) += 1;
        }
    assert_true(olds > 6 && news > 3);
    rig_close(&r);
}

/* Who carries it out dies too, at every step and every record. */
static void a_crash_while_it_is_carried_out(void **state)
{
    storage_fixture *f = *state;
    rig r = {0};
    const int64_t steps = count_steps(&r, f);
    for (int64_t n = 5; n <= steps; n += 11) {
        for (int64_t m = 1;; m++) {
            start_anew(&r, f);
            weft_fs_crash_after(n);
            assert_int_equal(start_and_overwrite(&r), WEFT_IO);
            assert_int_equal(restart(&r), WEFT_OK);
            weft_fs_crash_after(m);
            const int32_t left = weft_commits_recover(&f->ctx, r.commits, false);
            (void)check_restart(&r, false);
            if (left == 0) break;
        }
        for (int64_t m = 1;; m++) {
            start_anew(&r, f);
            weft_fs_crash_after(n);
            assert_int_equal(start_and_overwrite(&r), WEFT_IO);
            assert_int_equal(restart(&r), WEFT_OK);
            r.memory.fault_at = r.memory.writes + m;
            r.memory.fault = WEFT_JOURNAL_FAULT_TORN;
            r.memory.crashes = true;
            const int32_t left = weft_commits_recover(&f->ctx, r.commits, false);
            (void)check_restart(&r, false);
            if (left == 0) break;
        }
    }
    rig_close(&r);
}

/* ---- failures that the process outlives ---- */

static void a_failing_step(void **state)
{
    storage_fixture *f = *state;
    rig r = {0};
    const int64_t steps = count_steps(&r, f);
    int32_t failed = 0;
    for (int64_t n = 1; n <= steps; n++) {
        start_anew(&r, f);
        weft_fs_fail_after(n);
        const weft_status st = start_and_overwrite(&r);
        weft_fs_fail_after(0);
        failed += st != WEFT_OK;
        assert_string_equal(listing(&r), st == WEFT_OK ? new_listing : old_listing);
        assert_int_equal(overwrite(&r, true), WEFT_OK); /* it lives, and so does its journal */
        assert_string_equal(listing(&r), late_listing);
        assert_false(is_staged(&r));
        assert_int_equal(restart(&r), WEFT_OK);
        assert_int_equal(weft_commits_recover(&f->ctx, r.commits, false), 0);
        assert_string_equal(listing(&r), late_listing);
    }
    assert_true(failed > 20);
    rig_close(&r);
}

static void a_failing_record(void **state)
{
    storage_fixture *f = *state;
    rig r = {0};
    int32_t broken = 0, full = 0;
    for (int32_t fault = 0; fault < WEFT_JOURNAL_FAULT_COUNT; fault++)
        for (int64_t n = 3;; n++) { /* 1 and 2: it is opened */
            start_anew(&r, f);
            r.memory.fault_at = n;
            r.memory.fault = (weft_journal_fault)fault;
            const weft_status st = start_and_overwrite(&r);
            if (r.memory.writes < n) break;
            const bool is_full = fault == WEFT_JOURNAL_FAULT_FULL;
            assert_int_equal(st, is_full ? WEFT_NOSPACE : WEFT_IO);
            assert_int_equal(weft_commits_is_broken(r.commits), !is_full);
            if (strcmp(listing(&r), new_listing) != 0) assert_string_equal(listing(&r), old_listing);
            if (is_full) {
                full++;
                assert_false(is_staged(&r));
                assert_int_equal(overwrite(&r, true), WEFT_OK);
                assert_string_equal(listing(&r), late_listing);
            } else {
                broken++;
                const char *is = listing(&r);
                char before[4096];
                snprintf(before, sizeof(before), "%s", is);
                assert_int_equal(overwrite(&r, true), WEFT_IO); /* nothing more is written */
                assert_string_equal(listing(&r), before);
                (void)check_restart(&r, false);
            }
        }
    assert_true(broken >= 9 && full >= 3); /* JOB, DECISION, CARRIED */
    rig_close(&r);
}

/* The commit is decided, but a file cannot be moved, for longer than anybody tries. */
static void what_was_left_comes_first(void **state)
{
    storage_fixture *f = *state;
    rig r = {0};
    int32_t left = 0;
    const int64_t steps = count_steps(&r, f);
    for (int64_t n = 1; n <= steps; n++) {
        start_anew(&r, f);
        r.disk = r.inner; /* the journal goes on while no file can be touched */
        weft_fs_crash_after(n);
        weft_status st = start_and_overwrite(&r);
        if (st == WEFT_OK) break;
        if (strstr(f->ctx.error.message, "is committed, but was not brought to its end") == NULL) {
            weft_fs_crash_after(0);
            continue;
        }
        left++;
        assert_int_equal(overwrite(&r, true), WEFT_IO); /* it would be undone later by the first one */
        weft_fs_crash_after(0);
        assert_int_equal(overwrite(&r, true), WEFT_OK);
        assert_string_equal(listing(&r), late_listing);
        assert_false(is_staged(&r));
        (void)restart(&r);
        assert_int_equal(weft_commits_recover(&f->ctx, r.commits, false), 0);
        assert_string_equal(listing(&r), late_listing);
    }
    assert_true(left > 10);
    rig_close(&r);
}

/* A file system that is not mounted has no folder of any job, which says nothing. */
static void a_place_that_is_not_there(void **state)
{
    storage_fixture *f = *state;
    rig r = {0};
    char away[1024];
    start_anew(&r, f);
    snprintf(away, sizeof(away), "%s", storage_path(f, "away"));
    r.memory.fault_at = 5; /* CARRIED is not written */
    r.memory.crashes = true;
    assert_int_equal(start_and_overwrite(&r), WEFT_IO);
    assert_int_equal(restart(&r), WEFT_OK);
    assert_int_equal(rename(output_of(&r), away), 0);
    assert_int_equal(weft_commits_recover(&f->ctx, r.commits, false), 1);
    assert_int_equal(rename(away, output_of(&r)), 0);
    assert_int_equal(weft_commits_recover(&f->ctx, r.commits, false), 0);
    assert_string_equal(listing(&r), new_listing);
    rig_close(&r);
}

/* Who asks for a write that an earlier leader has decided hears of its success when its files are there. */
static void what_was_decided_is_told_when_it_is_done(void **state)
{
    storage_fixture *f = *state;
    rig r = {0};
    char away[1024];
    start_anew(&r, f);
    snprintf(away, sizeof(away), "%s", storage_path(f, "away"));
    r.memory.fault_at = 5; /* CARRIED is not written */
    r.memory.crashes = true;
    assert_int_equal(start_and_overwrite(&r), WEFT_IO);
    const weft_job_name name = {.operation = r.operations};
    assert_int_equal(restart(&r), WEFT_OK);
    assert_int_equal(rename(output_of(&r), away), 0);
    assert_int_equal(weft_commits_recover(&f->ctx, r.commits, true), 1);
    assert_int_equal(weft_commits_settle(&f->ctx, r.commits, weft_job_uuid(&name)), WEFT_NOT_FOUND);
    assert_non_null(strstr(f->ctx.error.message, "is committed, but cannot be brought to its end: "));
    weft_error_clear(&f->ctx);
    assert_int_equal(rename(away, output_of(&r)), 0);
    assert_int_equal(weft_commits_settle(&f->ctx, r.commits, weft_job_uuid(&name)), WEFT_OK);
    assert_string_equal(listing(&r), new_listing);
    assert_false(is_staged(&r));
    assert_int_equal(weft_commits_settle(&f->ctx, r.commits, weft_job_uuid(&name)), WEFT_OK);
    rig_close(&r);
}

/* ---- rules ---- */

static void an_attempt_after_the_end_is_refused(void **state)
{
    storage_fixture *f = *state;
    weft_ctx *ctx = &f->ctx;
    rig r = {0};
    weft_commit_job *job = NULL;
    weft_commit_manifest manifest;
    char *folder = NULL;
    start_anew(&r, f);
    assert_int_equal(open_commits(&r, 7), WEFT_OK);
    assert_int_equal(weft_journal_epoch(r.journal), 7);
    assert_int_equal(begin(&r, output_of(&r), &job), WEFT_OK);
    assert_int_equal(run_tasks(ctx, job), WEFT_OK);
    assert_int_equal(weft_commit_make_manifest(ctx, job->output, job->name, parts, WEFT_COUNT(parts),
                                               WEFT_COMMIT_REPLACE, "", &manifest),
                     WEFT_OK);
    assert_int_equal(weft_commits_commit(ctx, r.commits, job, &manifest), WEFT_OK);
    assert_int_equal(weft_commit_open_attempt(ctx, job->output, job->name, 1, 0, 3, &folder),
                     WEFT_COMMIT_DENIED);
    weft_commits_abort(ctx, r.commits, job); /* as after an error since then: the decision stands */
    assert_string_equal(listing(&r), new_listing);
    assert_false(is_staged(&r));
    rig_close(&r);
}

static void a_cancelled_statement_is_not_committed(void **state)
{
    storage_fixture *f = *state;
    weft_ctx *ctx = &f->ctx;
    rig r = {0};
    weft_commit_job *job = NULL;
    weft_commit_manifest manifest;
    atomic_bool cancel = false;
    start_anew(&r, f);
    assert_int_equal(open_commits(&r, 1), WEFT_OK);
    ctx->cancel = &cancel;
    assert_int_equal(begin(&r, output_of(&r), &job), WEFT_OK);
    assert_int_equal(run_tasks(ctx, job), WEFT_OK);
    assert_int_equal(weft_commit_make_manifest(ctx, job->output, job->name, parts, WEFT_COUNT(parts),
                                               WEFT_COMMIT_REPLACE, "", &manifest),
                     WEFT_OK);
    atomic_store(&cancel, true);
    assert_int_equal(weft_commits_commit(ctx, r.commits, job, &manifest), WEFT_CANCELLED);
    weft_commits_abort(ctx, r.commits, job);
    ctx->cancel = NULL;
    assert_string_equal(listing(&r), old_listing);
    assert_false(is_staged(&r));
    rig_close(&r);
}

/* Without a journal the decision is a file beside what is staged. */
static void without_a_journal(void **state)
{
    storage_fixture *f = *state;
    rig r = {0};
    start_anew(&r, f);
    (void)weft_fs_fail_after(0);
    assert_int_equal(overwrite(&r, false), WEFT_OK);
    const int64_t steps = weft_fs_fail_after(0);
    assert_string_equal(listing(&r), new_listing);
    for (int64_t n = 1; n <= steps; n++) {
        start_anew(&r, f);
        weft_fs_fail_after(n);
        const weft_status st = overwrite(&r, false);
        weft_fs_fail_after(0);
        if (strcmp(listing(&r), new_listing) != 0) assert_string_equal(listing(&r), old_listing);
        if (st == WEFT_OK) assert_string_equal(listing(&r), new_listing);
    }
    rig_close(&r);
}

/* ---- what stays of jobs that have ended ---- */

static weft_status write_nothing(rig *r, int32_t removed)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &r->f->ctx;
    weft_commit_job *job = NULL;
    const char **remove = NULL;
    int32_t forgotten = 0;
    WEFT_TRY(st, begin(r, output_of(r), &job));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, removed, &remove));
    for (int32_t i = 0; i < removed; i++) {
        char *name = NULL;
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &name, "a-file-of-a-job-long-ago-%06d", i));
        remove[i] = name;
    }
    const weft_commit_manifest manifest = {
        .output = job->output, .job = job->name, .remove = remove, .remove_count = removed};
    WEFT_TRY(st, weft_commits_commit(ctx, r->commits, job, &manifest));
    WEFT_TRY(st, weft_journal_create(ctx, r->journal, job->id, WEFT_JOURNAL_END, 0, "", 0));
    if (r->operations % 100 == 0) WEFT_TRY(st, weft_journal_expire(ctx, r->journal, 0, 0, &forgotten));
done:
    return st;
}

static void files_stay_small(void **state)
{
    enum { WRITES = 3000, LARGE = 8000 };
    storage_fixture *f = *state;
    rig r = {0};
    size_t largest = 0;
    start_anew(&r, f);
    assert_int_equal(open_commits(&r, 1), WEFT_OK);
    for (int32_t i = 0; i < WRITES; i++) {
        assert_int_equal(write_nothing(&r, i % 500 == 0 ? LARGE : 20), WEFT_OK);
        weft_arena_reset(f->ctx.arena);
        const weft_journal_memory_file *file = weft_journal_memory_find(&r.memory, "journal");
        if (file->len > largest) largest = file->len;
    }
    assert_true(largest < 2 << 20);
    int32_t files = 0;
    for (int32_t i = 0; i < WEFT_COUNT(r.memory.files); i++) files += r.memory.files[i].name[0] != 0;
    assert_true(files <= 2); /* the journal; at most one large manifest among those not yet forgotten */
    rig_close(&r);
}

WEFT_TESTS(STORAGE_TEST_QUICK(a_crash_at_every_step), STORAGE_TEST_QUICK(a_crash_at_every_record),
           STORAGE_TEST_QUICK(a_crash_while_it_is_carried_out), STORAGE_TEST_QUICK(a_failing_step),
           STORAGE_TEST_QUICK(a_failing_record), STORAGE_TEST_QUICK(what_was_left_comes_first),
           STORAGE_TEST_QUICK(a_place_that_is_not_there),
           STORAGE_TEST_QUICK(what_was_decided_is_told_when_it_is_done),
           STORAGE_TEST_QUICK(an_attempt_after_the_end_is_refused),
           STORAGE_TEST_QUICK(a_cancelled_statement_is_not_committed), STORAGE_TEST_QUICK(without_a_journal),
           STORAGE_TEST_QUICK(files_stay_small))
