/* A journal that many use at once: every record that was acknowledged is there, once; a name is given once;
 * what is posted is written in its order; appends are shared; sessions are replaced; terms count. */
#include <ftw.h>
#include <pthread.h>
#include <unistd.h>

#include "coordinator/journal_file.h"
#include "tests/support/fixture.h"

static char folder[64];

typedef struct rig {
    weft_fixture f;
    weft_journal_disk inner, disk;
    weft_journal *journal;
    atomic_int appends;
    atomic_bool fails; /* what is appended from now on */
} rig;

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}

static weft_status counted_append(weft_ctx *ctx, void *self, const char *name, int64_t end, const void *bytes,
                                  size_t len, bool *undone)
{
    rig *r = self;
    atomic_fetch_add(&r->appends, 1);
    *undone = false;
    if (atomic_load(&r->fails)) return weft_fail(ctx, WEFT_IO, "injected: the append fails");
    return r->inner.append(ctx, r->inner.self, name, end, bytes, len, undone);
}
static weft_status pass_lock(weft_ctx *ctx, void *self)
{
    return ((rig *)self)->inner.lock(ctx, ((rig *)self)->inner.self);
}
static void pass_unlock(void *self) { ((rig *)self)->inner.unlock(((rig *)self)->inner.self); }
static weft_status pass_size(weft_ctx *ctx, void *self, const char *name, int64_t *bytes)
{
    return ((rig *)self)->inner.size(ctx, ((rig *)self)->inner.self, name, bytes);
}
static weft_status pass_read(weft_ctx *ctx, void *self, const char *name, int64_t offset, void *out,
                             size_t len)
{
    return ((rig *)self)->inner.read(ctx, ((rig *)self)->inner.self, name, offset, out, len);
}
static weft_status pass_truncate(weft_ctx *ctx, void *self, const char *name, int64_t bytes)
{
    return ((rig *)self)->inner.truncate(ctx, ((rig *)self)->inner.self, name, bytes);
}
static weft_status pass_put(weft_ctx *ctx, void *self, const char *name, const void *bytes, size_t len)
{
    return ((rig *)self)->inner.put(ctx, ((rig *)self)->inner.self, name, bytes, len);
}
static weft_status pass_remove(weft_ctx *ctx, void *self, const char *name)
{
    return ((rig *)self)->inner.remove(ctx, ((rig *)self)->inner.self, name);
}
static weft_status pass_list(weft_ctx *ctx, void *self,
                             weft_status (*visit)(weft_ctx *ctx, void *of, const char *name), void *of)
{
    return ((rig *)self)->inner.list(ctx, ((rig *)self)->inner.self, visit, of);
}

static int open_rig(void **state)
{
    rig *r = calloc(1, sizeof(*r));
    weft_fixture_open(&r->f);
    snprintf(folder, sizeof(folder), "journal-threads-XXXXXX");
    assert_non_null(mkdtemp(folder));
    weft_fixture_ok(&r->f, weft_journal_folder_open(&r->f.ctx, folder, &r->inner));
    r->disk = (weft_journal_disk){.self = r,
                                  .lock = pass_lock,
                                  .unlock = pass_unlock,
                                  .size = pass_size,
                                  .read = pass_read,
                                  .append = counted_append,
                                  .truncate = pass_truncate,
                                  .put = pass_put,
                                  .remove = pass_remove,
                                  .list = pass_list};
    weft_fixture_ok(&r->f, weft_journal_open_file(&r->f.ctx, &r->disk, 1, &r->journal));
    *state = r;
    return 0;
}

static int close_rig(void **state)
{
    rig *r = *state;
    weft_journal_close(&r->journal);
    weft_journal_folder_close(&r->inner);
    weft_fixture_close(&r->f);
    free(r);
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void reopen(rig *r)
{
    weft_journal_close(&r->journal);
    weft_fixture_ok(&r->f, weft_journal_open_file(&r->f.ctx, &r->disk, 1, &r->journal));
}

/* The value of a record is this text. */
static void assert_text(rig *r, weft_uuid job, weft_journal_kind kind, uint32_t number, const char *text)
{
    const weft_journal_record name = {.job = job, .kind = kind, .number = number};
    void *value = NULL;
    size_t bytes = 0;
    weft_fixture_ok(&r->f, weft_journal_read(&r->f.ctx, r->journal, &name, &value, &bytes));
    assert_int_equal(bytes, strlen(text));
    assert_memory_equal(value, text, bytes);
}

/* ---- many threads ---- */

enum { THREADS = 8, EACH = 60, SHARED = 10, LARGE = WEFT_JOURNAL_INLINE_BYTES + 100 };

typedef struct writer {
    rig *r;
    int32_t index;
    int32_t won; /* names that all want */
    pthread_t thread;
} writer;

static void *write_records(void *of)
{
    writer *w = of;
    weft_journal *j = w->r->journal;
    weft_arena *arena = weft_arena_new(w->r->f.account);
    weft_ctx ctx;
    char *large = calloc(1, LARGE);
    weft_ctx_init(&ctx, arena, w->r->f.account, &w->r->f.settings);
    for (uint32_t i = 0; i < EACH; i++) {
        const weft_uuid own = {(uint64_t)w->index, i / 10};
        const bool is_large = i % 20 == 7;
        large[0] = (char)w->index;
        const weft_status st = weft_journal_create(&ctx, j, own, WEFT_JOURNAL_STAGE, i,
                                                   is_large ? large : "own", is_large ? LARGE : 3);
        if (st != WEFT_OK) abort();
        const weft_status shared = weft_journal_create(&ctx, j, (weft_uuid){99, 99}, WEFT_JOURNAL_STAGE,
                                                       i % SHARED, &w->index, sizeof(w->index));
        if (shared != WEFT_OK && shared != WEFT_EXISTS) abort();
        w->won += shared == WEFT_OK;
        if (shared == WEFT_EXISTS &&
            !weft_journal_find(j, (weft_uuid){99, 99}, WEFT_JOURNAL_STAGE, i % SHARED, NULL))
            abort(); /* who is told that it stands finds it */
        if (i % 10 == 9) {
            int32_t removed = 0;
            if (weft_journal_create(&ctx, j, own, WEFT_JOURNAL_END, 0, "", 0) != WEFT_OK) abort();
            if (w->index == 0 && weft_journal_expire(&ctx, j, INT64_MAX, 5, &removed) != WEFT_OK) abort();
        }
    }
    free(large);
    weft_arena_free(&arena);
    return NULL;
}

static void every_acknowledged_record_is_there(void **state)
{
    rig *r = *state;
    writer writers[THREADS];
    int32_t won = 0;
    for (int32_t i = 0; i < THREADS; i++) {
        writers[i] = (writer){.r = r, .index = i};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_records, &writers[i]), 0);
    }
    for (int32_t i = 0; i < THREADS; i++) {
        pthread_join(writers[i].thread, NULL);
        won += writers[i].won;
    }
    assert_int_equal(won, SHARED);
    int32_t removed = 0, left = 0;
    weft_fixture_ok(&r->f, weft_journal_expire(&r->f.ctx, r->journal, INT64_MAX, 5, &removed));
    reopen(r);
    weft_journal_record *records = NULL;
    int32_t count = 0;
    weft_fixture_ok(&r->f, weft_journal_list(&r->f.ctx, r->journal, &records, &count));
    for (int32_t i = 0; i < count; i++) {
        void *value = NULL;
        size_t bytes = 0;
        weft_fixture_ok(&r->f, weft_journal_read(&r->f.ctx, r->journal, &records[i], &value, &bytes));
        if (bytes == LARGE) assert_int_equal(((const char *)value)[0], (char)records[i].job.high);
        left += records[i].kind == WEFT_JOURNAL_END;
    }
    assert_int_equal(left, 5);
    assert_int_equal(count, SHARED + 5 * 11);
}

/* One append for many: while the first is being made the others come together. */
static void *write_one(void *of)
{
    writer *w = of;
    weft_ctx ctx;
    weft_ctx_init(&ctx, NULL, w->r->f.account, &w->r->f.settings);
    const weft_uuid own = {7, (uint64_t)w->index};
    for (uint32_t i = 0; i < EACH; i++)
        if (weft_journal_create(&ctx, w->r->journal, own, WEFT_JOURNAL_STAGE, i, "x", 1) != WEFT_OK) abort();
    return NULL;
}

static void appends_are_shared(void **state)
{
    rig *r = *state;
    writer writers[THREADS];
    const int before = atomic_load(&r->appends);
    for (int32_t i = 0; i < THREADS; i++) {
        writers[i] = (writer){.r = r, .index = i};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_one, &writers[i]), 0);
    }
    for (int32_t i = 0; i < THREADS; i++) pthread_join(writers[i].thread, NULL);
    assert_true(atomic_load(&r->appends) - before < THREADS * EACH);
    reopen(r);
    assert_int_equal(weft_journal_count_all(r->journal).records, THREADS * EACH);
}

/* ---- posted ---- */

static void posts_are_written_in_order(void **state)
{
    enum { POSTS = 500 };
    rig *r = *state;
    const weft_uuid session = {1, 2};
    for (uint32_t i = 0; i < POSTS; i++) {
        weft_fixture_ok(&r->f, weft_journal_post(&r->f.ctx, r->journal, (weft_uuid){5, 5},
                                                 WEFT_JOURNAL_MEMBER, i, &i, sizeof(i)));
        char text[16];
        snprintf(text, sizeof(text), "v%u", i);
        weft_fixture_ok(&r->f, weft_journal_post(&r->f.ctx, r->journal, session, WEFT_JOURNAL_SESSION, 0,
                                                 text, strlen(text)));
    }
    /* What is asked for of the same session comes after what was posted of it. */
    weft_fixture_ok(&r->f,
                    weft_journal_replace(&r->f.ctx, r->journal, session, WEFT_JOURNAL_SESSION, 0, "last", 4));
    assert_text(r, session, WEFT_JOURNAL_SESSION, 0, "last");
    assert_true(weft_journal_flush(r->journal, 20000));
    const weft_journal_counts counts = weft_journal_count_all(r->journal);
    assert_int_equal(counts.posted, 2 * POSTS);
    assert_int_equal(counts.lost, 0);
    assert_int_equal(counts.waiting, 0);
    assert_int_equal(counts.records, POSTS + 1);
    weft_fixture_ok(&r->f, weft_journal_post(&r->f.ctx, r->journal, session, WEFT_JOURNAL_END, 0, "", 0));
    weft_fixture_ok(&r->f, weft_journal_post(&r->f.ctx, r->journal, session, WEFT_JOURNAL_END, 0, "", 0));
    reopen(r); /* closing writes what waits; what stands already is not lost */
    assert_text(r, session, WEFT_JOURNAL_SESSION, 0, "last");
    assert_true(weft_journal_find(r->journal, session, WEFT_JOURNAL_END, 0, NULL));
    weft_journal_record *records = NULL;
    int32_t count = 0;
    uint32_t next = 0;
    weft_fixture_ok(&r->f, weft_journal_list(&r->f.ctx, r->journal, &records, &count));
    for (int32_t i = 0; i < count; i++)
        if (records[i].kind == WEFT_JOURNAL_MEMBER) assert_int_equal(records[i].number, next++);
    assert_int_equal(next, POSTS);
}

static void a_lost_post_is_counted(void **state)
{
    rig *r = *state;
    atomic_store(&r->fails, true);
    weft_fixture_ok(
        &r->f, weft_journal_post(&r->f.ctx, r->journal, (weft_uuid){1, 1}, WEFT_JOURNAL_MEMBER, 0, "a", 1));
    assert_true(weft_journal_flush(r->journal, 20000));
    assert_int_equal(weft_journal_count_all(r->journal).lost, 1);
    assert_true(weft_journal_is_broken(r->journal));
    assert_int_equal(
        weft_journal_post(&r->f.ctx, r->journal, (weft_uuid){1, 1}, WEFT_JOURNAL_MEMBER, 1, "a", 1), WEFT_IO);
    assert_int_equal(weft_journal_fence(&r->f.ctx, r->journal), WEFT_IO);
    assert_non_null(strstr(r->f.ctx.error.message, "injected: the append fails"));
    assert_false(weft_journal_find(r->journal, (weft_uuid){1, 1}, WEFT_JOURNAL_MEMBER, 0, NULL));
}

/* ---- sessions and terms ---- */

static void sessions_are_replaced(void **state)
{
    enum { TIMES = 3000, BYTES = 2000 };
    rig *r = *state;
    const weft_uuid session = {1, 2}, job = {3, 4};
    char value[BYTES];
    memset(value, 's', sizeof(value));
    weft_fixture_ok(&r->f, weft_journal_create(&r->f.ctx, r->journal, job, WEFT_JOURNAL_JOB, 0, "job", 3));
    assert_int_equal(weft_journal_replace(&r->f.ctx, r->journal, job, WEFT_JOURNAL_JOB, 0, "x", 1),
                     WEFT_INVALID);
    for (int32_t i = 0; i < TIMES; i++) {
        memcpy(value, &i, sizeof(i));
        weft_fixture_ok(&r->f, weft_journal_post(&r->f.ctx, r->journal, session, WEFT_JOURNAL_SESSION, 0,
                                                 value, sizeof(value)));
        if (i % 10 == 0) assert_true(weft_journal_flush(r->journal, 20000)); /* else one would do for all */
    }
    assert_true(weft_journal_flush(r->journal, 20000));
    int64_t bytes = 0;
    weft_fixture_ok(&r->f, r->inner.size(&r->f.ctx, r->inner.self, "journal", &bytes));
    assert_true(bytes < 3 << 20); /* old ones go */
    for (uint64_t term = 2; term < 5; term++) {
        reopen(r);
        assert_int_equal(weft_journal_term(r->journal), term);
        assert_int_equal(weft_journal_count_all(r->journal).records, 2);
        const weft_journal_record name = {.job = session, .kind = WEFT_JOURNAL_SESSION};
        void *found = NULL;
        size_t len = 0;
        weft_fixture_ok(&r->f, weft_journal_read(&r->f.ctx, r->journal, &name, &found, &len));
        assert_int_equal(len, BYTES);
        assert_memory_equal(found, value, BYTES);
        assert_text(r, job, WEFT_JOURNAL_JOB, 0, "job");
    }
}

/* A file that was written before there were terms. */
static void an_old_file_counts_from_one(void **state)
{
    static const uint8_t head[16] = {'w', 'e', 'f', 't', 'j', 'r', 'n', 'l', 1};
    rig *r = *state;
    weft_journal_close(&r->journal);
    weft_fixture_ok(&r->f, r->inner.put(&r->f.ctx, r->inner.self, "journal", head, sizeof(head)));
    weft_fixture_ok(&r->f, weft_journal_open_file(&r->f.ctx, &r->disk, 77, &r->journal));
    assert_int_equal(weft_journal_epoch(r->journal), 77);
    assert_int_equal(weft_journal_term(r->journal), 1);
}

#define WITH_RIG(test) WEFT_TEST_WITH(open_rig, close_rig, test)

WEFT_TESTS(WITH_RIG(every_acknowledged_record_is_there), WITH_RIG(appends_are_shared),
           WITH_RIG(posts_are_written_in_order), WITH_RIG(a_lost_post_is_counted),
           WITH_RIG(sessions_are_replaced), WITH_RIG(an_old_file_counts_from_one))
