/* The journal in a made-up ZooKeeper: what was acknowledged is there for the next leader, whatever happens to
 * whichever write; what nobody knows is looked up; who leads no more writes nothing; nothing can be read. */
#include "coordinator/journal_zookeeper.h"

#include <pthread.h>
#include <unistd.h>

#include "tests/support/fake_zookeeper.h"
#include "tests/support/fixture.h"

enum { TIMEOUT_MS = 1000, LONG_MS = 20000, MOST_LEADERS = 8 };

static const weft_uuid job_one = {1, 10}, job_two = {2, 20}, session_one = {5, 50};
static const uint8_t keys[2 * WEFT_SEAL_KEY_BYTES + 1] =
    "this is the first key, 32 bytes.and here the second, also of 32.";

typedef struct leader {
    weft_zookeeper zk;
    weft_journal *journal;
} leader;

typedef struct rig {
    weft_fixture f;
    fake_zookeeper *fake;
    weft_seal *seal;
    int32_t epochs;
    leader leaders[MOST_LEADERS];
} rig;

static void open_rig(rig *r, uint64_t seed)
{
    *r = (rig){0};
    weft_fixture_open(&r->f);
    weft_fixture_ok(&r->f, weft_seal_open_keys(&r->f.ctx, keys, 1, &r->seal));
    r->fake = fake_zookeeper_new(seed);
    fake_zookeeper_put(r->fake, "/weft", "", 0);
    fake_zookeeper_put(r->fake, "/weft/c", "", 0);
    fake_zookeeper_start(r->fake);
}

static void leave(leader *l)
{
    weft_journal_close(&l->journal);
    weft_zookeeper_close(&l->zk);
}

static void close_rig(rig *r)
{
    for (int32_t i = 0; i < MOST_LEADERS; i++) leave(&r->leaders[i]);
    fake_zookeeper_free(r->fake);
    weft_seal_close(&r->seal);
    weft_fixture_close(&r->f);
}

/* Win the next epoch, and open the journal with it. */
static weft_status try_lead(rig *r, int32_t timeout_ms, leader **out)
{
    leader *l = *out = &r->leaders[r->epochs];
    fake_zookeeper_open(r->fake,
                        &(weft_zookeeper_options){.timeout_ms = timeout_ms, .user = "weft", .password = "p"},
                        &l->zk);
    fake_zookeeper_put(r->fake, "/weft/c/epoch", "", 0); /* what the election does */
    const int32_t version = r->epochs++;
    const weft_journal_zookeeper_options options = {.zookeeper = &l->zk,
                                                    .root = "/weft/c",
                                                    .epoch = 100 + (uint64_t)r->epochs,
                                                    .term = (uint64_t)r->epochs,
                                                    .epoch_version = version,
                                                    .seal = r->seal};
    return weft_journal_open_zookeeper(&r->f.ctx, &options, &l->journal);
}

static leader *lead(rig *r, int32_t timeout_ms)
{
    leader *l = NULL;
    weft_fixture_ok(&r->f, try_lead(r, timeout_ms, &l));
    return l;
}

static weft_status create(rig *r, leader *l, weft_uuid job, weft_journal_kind kind, uint32_t number,
                          const char *text)
{
    return weft_journal_create(&r->f.ctx, l->journal, job, kind, number, text, strlen(text));
}

static void assert_text(rig *r, leader *l, weft_uuid job, weft_journal_kind kind, uint32_t number,
                        const char *text)
{
    const weft_journal_record name = {.job = job, .kind = kind, .number = number};
    for (int32_t i = 0; i < 2; i++) { /* as it was loaded, and from the server */
        void *value = NULL;
        size_t bytes = 0;
        weft_fixture_ok(&r->f, weft_journal_read(&r->f.ctx, l->journal, &name, &value, &bytes));
        assert_int_equal(bytes, strlen(text));
        if (bytes > 0) assert_memory_equal(value, text, bytes);
    }
}

/* ---- what stands ---- */

static void records_outlive_the_leader(void **state)
{
    rig r;
    char large[WEFT_JOURNAL_INLINE_BYTES];
    (void)state;
    open_rig(&r, 1);
    leader *a = lead(&r, LONG_MS);
    assert_int_equal(weft_journal_epoch(a->journal), 101);
    assert_int_equal(weft_journal_term(a->journal), 1);
    weft_fixture_ok(&r.f, create(&r, a, job_one, WEFT_JOURNAL_JOB, 0, "a secret statement"));
    weft_fixture_ok(&r.f, create(&r, a, job_one, WEFT_JOURNAL_STAGE, 7, ""));
    weft_fixture_ok(
        &r.f, weft_journal_replace(&r.f.ctx, a->journal, session_one, WEFT_JOURNAL_SESSION, 0, "old", 3));
    weft_fixture_ok(&r.f, create(&r, a, job_two, WEFT_JOURNAL_JOB, 0, "two"));
    weft_fixture_ok(
        &r.f, weft_journal_replace(&r.f.ctx, a->journal, session_one, WEFT_JOURNAL_SESSION, 0, "new", 3));
    assert_int_equal(create(&r, a, job_one, WEFT_JOURNAL_JOB, 0, "again"), WEFT_EXISTS);
    memset(large, 'l', sizeof(large));
    weft_fixture_ok(&r.f, weft_journal_create(&r.f.ctx, a->journal, job_two, WEFT_JOURNAL_STAGE, 0, large,
                                              WEFT_JOURNAL_INLINE_BYTES));
    weft_fixture_ok(&r.f, weft_journal_fence(&r.f.ctx, a->journal));
    assert_text(&r, a, session_one, WEFT_JOURNAL_SESSION, 0, "new");
    assert_false(weft_journal_find(a->journal, job_two, WEFT_JOURNAL_STAGE, 1, NULL));

    leader *b = lead(&r, LONG_MS);
    weft_journal_record *records = NULL;
    int32_t count = 0;
    weft_fixture_ok(&r.f, weft_journal_list(&r.f.ctx, b->journal, &records, &count));
    assert_int_equal(count, 5);
    assert_int_equal(records[0].kind, WEFT_JOURNAL_JOB); /* in the order in which they were written */
    assert_int_equal(records[0].epoch, 101);
    assert_int_equal(records[1].number, 7);
    assert_true(weft_uuid_equal(records[2].job, job_two));
    assert_int_equal(records[3].kind, WEFT_JOURNAL_SESSION);
    assert_int_equal(records[4].value_bytes, WEFT_JOURNAL_INLINE_BYTES);
    assert_text(&r, b, job_one, WEFT_JOURNAL_JOB, 0, "a secret statement");
    assert_text(&r, b, job_one, WEFT_JOURNAL_STAGE, 7, "");
    assert_text(&r, b, session_one, WEFT_JOURNAL_SESSION, 0, "new");
    close_rig(&r);
}

/* Values that are too large for a node: in parts, replaced, forgotten; never half of one and half of another.
 */
static void large_values_are_in_parts(void **state)
{
    enum { LARGE = 5 << 18, MOST = 8 << 20 };
    rig r;
    int64_t bytes = 0;
    int32_t removed = 0;
    char *value = malloc(MOST + 1);
    (void)state;
    memset(value, 'v', MOST);
    value[MOST] = 0;
    open_rig(&r, 9);
    leader *l = lead(&r, LONG_MS);
    for (int32_t i = 0; i < 12; i++) { /* what was before goes: else they would be too many */
        memset(value, 'a' + i, MOST);
        weft_fixture_ok(&r.f, weft_journal_replace(&r.f.ctx, l->journal, session_one, WEFT_JOURNAL_SESSION, 0,
                                                   value, MOST));
        weft_fixture_ok(&r.f, weft_journal_replace(&r.f.ctx, l->journal, session_one, WEFT_JOURNAL_SESSION, 0,
                                                   value, MOST)); /* the same again */
    }
    assert_int_equal(fake_zookeeper_count(r.fake, "/weft/c/journal", &bytes), 2 + MOST / (512 << 10));
    assert_text(&r, l, session_one, WEFT_JOURNAL_SESSION, 0, value);
    value[LARGE] = 0;
    weft_fixture_ok(&r.f, create(&r, l, job_one, WEFT_JOURNAL_STAGE, 0, value));
    assert_int_equal(
        weft_journal_create(&r.f.ctx, l->journal, job_one, WEFT_JOURNAL_STAGE, 1, value, MOST + 1),
        WEFT_LIMIT);
    assert_non_null(strstr(r.f.ctx.error.message, "too large for ZooKeeper"));
    l = lead(&r, LONG_MS);
    assert_text(&r, l, job_one, WEFT_JOURNAL_STAGE, 0, value);
    for (uint32_t i = 0; i < 4; i++) /* five of 8 MiB, and one of 1.25: there is no room for one more */
        weft_fixture_ok(
            &r.f, weft_journal_create(&r.f.ctx, l->journal, job_two, WEFT_JOURNAL_STAGE, i, value, MOST));
    assert_int_equal(weft_journal_create(&r.f.ctx, l->journal, job_two, WEFT_JOURNAL_STAGE, 9, value, MOST),
                     WEFT_LIMIT);
    weft_fixture_ok(&r.f, create(&r, l, job_one, WEFT_JOURNAL_END, 0, ""));
    weft_fixture_ok(&r.f, create(&r, l, job_two, WEFT_JOURNAL_END, 0, ""));
    weft_fixture_ok(&r.f, create(&r, l, session_one, WEFT_JOURNAL_END, 0, ""));
    fake_zookeeper_put(r.fake, "/weft/c/journal/00000000-0000-0001-0000-00000000000a/STAGE-5.00.0", "?", 1);
    weft_fixture_ok(&r.f, weft_journal_expire(&r.f.ctx, l->journal, INT64_MAX, 0, &removed));
    assert_int_equal(removed, 3);
    assert_int_equal(fake_zookeeper_count(r.fake, "/weft/c/journal", &bytes), 0);
    weft_fixture_ok(&r.f,
                    weft_journal_create(&r.f.ctx, l->journal, job_two, WEFT_JOURNAL_STAGE, 9, value, MOST));
    weft_arena_reset(r.f.arena);
    fake_zookeeper_put(r.fake, "/weft/c/journal/00000000-0000-0002-0000-000000000014/STAGE-9.00.0", "?", 1);
    close_rig(&r);
    free(value);
}

static void nothing_can_be_read(void **state)
{
    static const char path[] = "/weft/c/journal/00000000-0000-0001-0000-00000000000a/JOB-0";
    rig r;
    char sealed[4096];
    size_t bytes = 0;
    (void)state;
    open_rig(&r, 2);
    leader *l = lead(&r, LONG_MS);
    weft_fixture_ok(&r.f, create(&r, l, job_one, WEFT_JOURNAL_JOB, 0, "password = planted"));
    weft_fixture_ok(&r.f, create(&r, l, job_two, WEFT_JOURNAL_JOB, 0, "another"));
    assert_true(fake_zookeeper_look(r.fake, path, sealed, sizeof(sealed), &bytes));
    assert_null(memmem(sealed, bytes, "planted", 7));
    leave(l);

    /* Another job's record put here, a changed bit, no record at all, a key that is not ours: named, not
     * guessed. */
    fake_zookeeper_put(r.fake, "/weft/c/journal/00000000-0000-0002-0000-000000000014/JOB-0", sealed, bytes);
    assert_int_equal(try_lead(&r, LONG_MS, &l), WEFT_CORRUPT);
    assert_non_null(strstr(r.f.ctx.error.message, "00000000-0000-0002-0000-000000000014/JOB-0"));
    fake_zookeeper_put(r.fake, "/weft/c/journal/00000000-0000-0002-0000-000000000014/JOB-0", "hello", 5);
    assert_int_equal(try_lead(&r, LONG_MS, &l), WEFT_CORRUPT);
    leave(l);
    weft_seal_close(&r.seal);
    weft_fixture_ok(&r.f, weft_seal_open_keys(&r.f.ctx, keys + WEFT_SEAL_KEY_BYTES, 1, &r.seal));
    assert_int_equal(try_lead(&r, LONG_MS, &l), WEFT_NOT_FOUND); /* in the order of their names */
    assert_non_null(strstr(r.f.ctx.error.message, "which is not in seal.secret"));
    close_rig(&r);
}

/* ---- leaders ---- */

static void who_leads_no_more_writes_nothing(void **state)
{
    rig r;
    int64_t bytes = 0;
    leader *c = NULL;
    (void)state;
    open_rig(&r, 3);
    leader *a = lead(&r, LONG_MS);
    weft_fixture_ok(&r.f, create(&r, a, job_one, WEFT_JOURNAL_JOB, 0, "one"));
    leader *b = lead(&r, LONG_MS);
    weft_fixture_ok(&r.f, create(&r, b, job_one, WEFT_JOURNAL_DECISION, 0, "abort"));
    const int32_t nodes = fake_zookeeper_count(r.fake, "/weft", &bytes);
    assert_int_equal(create(&r, a, job_one, WEFT_JOURNAL_DECISION, 0, "commit"), WEFT_NOT_LEADER);
    assert_true(weft_journal_is_broken(a->journal));
    assert_int_equal(create(&r, a, job_two, WEFT_JOURNAL_JOB, 0, "two"), WEFT_NOT_LEADER);
    assert_int_equal(weft_journal_replace(&r.f.ctx, a->journal, session_one, WEFT_JOURNAL_SESSION, 0, "x", 1),
                     WEFT_NOT_LEADER);
    assert_int_equal(weft_journal_fence(&r.f.ctx, a->journal), WEFT_NOT_LEADER);
    assert_int_equal(weft_journal_post(&r.f.ctx, a->journal, job_two, WEFT_JOURNAL_END, 0, "", 0),
                     WEFT_NOT_LEADER);
    assert_int_equal(fake_zookeeper_count(r.fake, "/weft", &bytes), nodes);
    weft_fixture_ok(&r.f, weft_journal_fence(&r.f.ctx, b->journal));
    assert_text(&r, b, job_one, WEFT_JOURNAL_DECISION, 0, "abort");
    fake_zookeeper_expire(r.fake, &b->zk); /* the servers end its session: it hears of it */
    assert_int_equal(create(&r, b, job_two, WEFT_JOURNAL_JOB, 0, "two"), WEFT_NOT_LEADER);
    /* An epoch that is not the newest opens nothing. */
    fake_zookeeper_put(r.fake, "/weft/c/epoch", "", 0);
    assert_int_equal(try_lead(&r, LONG_MS, &c), WEFT_NOT_LEADER);
    close_rig(&r);
}

/* A leader reads what the one before wrote, however late the server is that it asks. */
static void a_late_server_shows_all(void **state)
{
    rig r;
    (void)state;
    open_rig(&r, 4);
    leader *a = lead(&r, LONG_MS);
    for (uint32_t i = 0; i < 10; i++)
        weft_fixture_ok(&r.f, create(&r, a, job_one, WEFT_JOURNAL_STAGE, i, "s"));
    fake_zookeeper_lag(r.fake, 30);
    leader *b = lead(&r, LONG_MS);
    assert_int_equal(weft_journal_count_all(b->journal).records, 10);
    close_rig(&r);
}

/* ---- outages ---- */

typedef struct writing {
    rig *r;
    leader *l;
    weft_status st;
} writing;

static void *write_in_thread(void *of)
{
    writing *w = of;
    weft_ctx ctx;
    weft_ctx_init(&ctx, NULL, w->r->f.account, &w->r->f.settings);
    w->st = weft_journal_create(&ctx, w->l->journal, job_two, WEFT_JOURNAL_JOB, 0, "waited", 6);
    return NULL;
}

static void writers_wait_while_the_lease_lasts(void **state)
{
    rig r;
    pthread_t thread;
    (void)state;
    open_rig(&r, 5);
    leader *l = lead(&r, LONG_MS);
    writing w = {.r = &r, .l = l};
    fake_zookeeper_cut(r.fake, &l->zk, true);
    assert_int_equal(pthread_create(&thread, NULL, write_in_thread, &w), 0);
    usleep(80000);
    fake_zookeeper_cut(r.fake, &l->zk, false);
    pthread_join(thread, NULL);
    assert_int_equal(w.st, WEFT_OK);
    assert_text(&r, l, job_two, WEFT_JOURNAL_JOB, 0, "waited");
    leave(l);

    l = lead(&r, TIMEOUT_MS); /* the lease is short: they do not wait for ever */
    fake_zookeeper_cut(r.fake, &l->zk, true);
    assert_int_equal(create(&r, l, job_one, WEFT_JOURNAL_JOB, 0, "x"), WEFT_NOT_LEADER);
    assert_non_null(strstr(r.f.ctx.error.message, "its lease has ended"));
    assert_true(weft_journal_is_broken(l->journal));
    close_rig(&r);
}

/* ---- every write meets every fault ---- */

static char large_text[WEFT_JOURNAL_INLINE_BYTES + 2]; /* in a part of its own */

typedef struct step {
    weft_uuid job;
    weft_journal_kind kind; /* EPOCH: expire */
    uint32_t number;
    const char *text;
} step;

static const step steps[] = {{{1, 10}, WEFT_JOURNAL_JOB, 0, "job one"},
                             {{1, 10}, WEFT_JOURNAL_STAGE, 1, "stage one"},
                             {{5, 50}, WEFT_JOURNAL_SESSION, 0, "first"},
                             {{1, 10}, WEFT_JOURNAL_STAGE, 2, ""},
                             {{5, 50}, WEFT_JOURNAL_SESSION, 0, large_text},
                             {{2, 20}, WEFT_JOURNAL_JOB, 0, "job two"},
                             {{1, 10}, WEFT_JOURNAL_END, 0, "done"},
                             {{2, 20}, WEFT_JOURNAL_DECISION, 0, "commit"},
                             {.kind = WEFT_JOURNAL_EPOCH}, /* job one goes */
                             {{2, 20}, WEFT_JOURNAL_CARRIED, 0, ""},
                             {{2, 20}, WEFT_JOURNAL_END, 0, "done"}};

static weft_status do_step(rig *r, leader *l, const step *s)
{
    int32_t removed = 0;
    if (s->kind == WEFT_JOURNAL_EPOCH)
        return weft_journal_expire(&r->f.ctx, l->journal, INT64_MAX, 0, &removed);
    if (s->kind == WEFT_JOURNAL_SESSION)
        return weft_journal_replace(&r->f.ctx, l->journal, s->job, s->kind, 0, s->text, strlen(s->text));
    const weft_status st = create(r, l, s->job, s->kind, s->number, s->text);
    return st == WEFT_EXISTS ? WEFT_OK : st;
}

/* What the first `done` steps wrote is there; step `done` itself may be, if it was tried. */
static void check_steps(rig *r, leader *l, int32_t done, bool tried)
{
    bool gone = false, going = false;
    const char *session = NULL, *other = NULL;
    for (int32_t i = 0; i < done + tried && i < WEFT_COUNT(steps); i++) {
        going |= steps[i].kind == WEFT_JOURNAL_EPOCH;
        gone |= steps[i].kind == WEFT_JOURNAL_EPOCH && i < done;
        if (steps[i].kind == WEFT_JOURNAL_SESSION) *(i < done ? &session : &other) = steps[i].text;
    }
    for (int32_t i = 0; i < done + tried && i < WEFT_COUNT(steps); i++) {
        const step *s = &steps[i];
        const bool there = weft_journal_find(l->journal, s->job, s->kind, s->number, NULL);
        if (s->kind == WEFT_JOURNAL_EPOCH || s->kind == WEFT_JOURNAL_SESSION) continue;
        if (gone && s->job.high == 1) assert_false(there);
        if (i < done && !(going && s->job.high == 1)) assert_true(there);
        if (there) assert_text(r, l, s->job, s->kind, s->number, s->text);
    }
    const weft_journal_record name = {.job = session_one, .kind = WEFT_JOURNAL_SESSION};
    void *value = NULL;
    size_t bytes = 0;
    if (session == NULL) return;
    weft_fixture_ok(&r->f, weft_journal_read(&r->f.ctx, l->journal, &name, &value, &bytes));
    const bool is_other = other != NULL && bytes == strlen(other) && memcmp(value, other, bytes) == 0;
    if (!is_other) assert_true(bytes == strlen(session) && memcmp(value, session, bytes) == 0);
}

/* False: the steps ended before the write that was to meet the fault. */
static bool run_with_fault(fake_zookeeper_fault fault, int64_t at)
{
    rig r;
    int32_t done = 0;
    const bool silent = fault == FAKE_ZOOKEEPER_SILENT_BEFORE || fault == FAKE_ZOOKEEPER_SILENT_AFTER;
    open_rig(&r, (uint64_t)at);
    leader *a = lead(&r, LONG_MS);
    fake_zookeeper_fault_at(r.fake, at, fault);
    while (done < WEFT_COUNT(steps) && do_step(&r, a, &steps[done]) == WEFT_OK) done++;
    const bool met = fake_zookeeper_writes(r.fake) >= at;
    if (!met || !silent) assert_int_equal(done, WEFT_COUNT(steps)); /* nobody notices */
    if (met && silent) {
        assert_true(done < WEFT_COUNT(steps));
        assert_int_equal(r.f.ctx.error.code, WEFT_NOT_LEADER);
    }
    fake_zookeeper_fault_at(r.fake, 0, fault);
    if (!met || !silent) check_steps(&r, a, done, false);
    leader *b = lead(&r, LONG_MS);
    check_steps(&r, b, done, done < WEFT_COUNT(steps));
    for (int32_t i = done; i < WEFT_COUNT(steps); i++) weft_fixture_ok(&r.f, do_step(&r, b, &steps[i]));
    check_steps(&r, b, WEFT_COUNT(steps), false);
    assert_int_equal(weft_journal_count_all(b->journal).records, 5);
    close_rig(&r);
    return met;
}

static void every_write_meets_every_fault(void **state)
{
    int64_t points = 0;
    (void)state;
    memset(large_text, 'l', sizeof(large_text) - 1);
    for (int32_t fault = 0; fault < FAKE_ZOOKEEPER_FAULT_COUNT; fault++) {
        int64_t at = 1;
        while (run_with_fault((fake_zookeeper_fault)fault, at)) at++;
        points += at - 1;
    }
    assert_true(points >= FAKE_ZOOKEEPER_FAULT_COUNT * (int64_t)WEFT_COUNT(steps)); /* the faults fired */
}

/* ---- many ---- */

enum { THREADS = 6, EACH = 25, SHARED = 10 };

typedef struct many {
    rig *r;
    leader *l;
    int32_t index, won;
    pthread_t thread;
} many;

static void *write_many(void *of)
{
    many *m = of;
    weft_ctx ctx;
    weft_ctx_init(&ctx, NULL, m->r->f.account, &m->r->f.settings);
    for (uint32_t i = 0; i < EACH; i++) {
        const weft_uuid own = {77, (uint64_t)m->index};
        if (weft_journal_create(&ctx, m->l->journal, own, WEFT_JOURNAL_STAGE, i, "own", 3) != WEFT_OK)
            abort();
        if (weft_journal_post(&ctx, m->l->journal, (weft_uuid){88, (uint64_t)m->index}, WEFT_JOURNAL_SESSION,
                              0, &i, sizeof(i)) != WEFT_OK)
            abort();
        const weft_status shared = weft_journal_create(&ctx, m->l->journal, (weft_uuid){99, 99},
                                                       WEFT_JOURNAL_STAGE, i % SHARED, &m->index,
                                                       sizeof(m->index));
        if (shared != WEFT_OK && shared != WEFT_EXISTS) abort();
        m->won += shared == WEFT_OK;
    }
    return NULL;
}

/* Many writers, and a cable that is loose. */
static void many_write_through_outages(void **state)
{
    rig r;
    many writers[THREADS];
    int32_t won = 0;
    (void)state;
    open_rig(&r, 6);
    leader *a = lead(&r, LONG_MS);
    for (int32_t i = 0; i < THREADS; i++) {
        writers[i] = (many){.r = &r, .l = a, .index = i};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_many, &writers[i]), 0);
    }
    for (int32_t i = 0; i < 20; i++) {
        usleep(10000);
        fake_zookeeper_cut(r.fake, &a->zk, true);
        usleep(1000);
        fake_zookeeper_cut(r.fake, &a->zk, false);
    }
    for (int32_t i = 0; i < THREADS; i++) {
        pthread_join(writers[i].thread, NULL);
        won += writers[i].won;
    }
    assert_int_equal(won, SHARED);
    assert_true(weft_journal_flush(a->journal, 20000));
    assert_int_equal(weft_journal_count_all(a->journal).lost, 0);
    leader *b = lead(&r, LONG_MS);
    assert_int_equal(weft_journal_count_all(b->journal).records, THREADS * (EACH + 1) + SHARED);
    const weft_journal_record name = {.job = {88, 3}, .kind = WEFT_JOURNAL_SESSION};
    void *value = NULL;
    size_t bytes = 0;
    weft_fixture_ok(&r.f, weft_journal_read(&r.f.ctx, b->journal, &name, &value, &bytes));
    assert_int_equal(*(const uint32_t *)value, EACH - 1); /* the last one counts */
    close_rig(&r);
}

/* ---- forgetting ---- */

static void what_has_ended_is_forgotten(void **state)
{
    enum { JOBS = 300, STAGES = 900 };
    rig r;
    int32_t removed = 0;
    int64_t bytes = 0;
    (void)state;
    open_rig(&r, 7);
    leader *l = lead(&r, LONG_MS);
    for (uint64_t i = 0; i < JOBS; i++) {
        const weft_uuid job = {i, 1};
        weft_fixture_ok(&r.f, weft_journal_post(&r.f.ctx, l->journal, job, WEFT_JOURNAL_JOB, 0, "j", 1));
        weft_fixture_ok(&r.f, weft_journal_post(&r.f.ctx, l->journal, job, WEFT_JOURNAL_END, 0, "e", 1));
    }
    for (uint32_t i = 0; i < STAGES; i++) /* more than one transaction removes */
        weft_fixture_ok(&r.f,
                        weft_journal_post(&r.f.ctx, l->journal, job_one, WEFT_JOURNAL_STAGE, i, "s", 1));
    assert_true(weft_journal_flush(l->journal, 60000));
    weft_fixture_ok(&r.f, create(&r, l, job_one, WEFT_JOURNAL_END, 0, "e"));
    fake_zookeeper_put(r.fake, "/weft/c/journal/00000000-0000-0003-0000-000000000001/STAGE-77", "?", 1);
    weft_fixture_ok(&r.f, weft_journal_expire(&r.f.ctx, l->journal, INT64_MAX, 0, &removed));
    assert_int_equal(removed, JOBS + 1);
    assert_int_equal(fake_zookeeper_count(r.fake, "/weft/c/journal", &bytes), 0);
    assert_int_equal(weft_journal_count_all(l->journal).records, 0);
    weft_fixture_ok(&r.f, create(&r, l, job_one, WEFT_JOURNAL_JOB, 0, "anew"));
    assert_text(&r, l, job_one, WEFT_JOURNAL_JOB, 0, "anew");
    close_rig(&r);
}

WEFT_TESTS(WEFT_TEST(records_outlive_the_leader), WEFT_TEST(large_values_are_in_parts),
           WEFT_TEST(nothing_can_be_read), WEFT_TEST(who_leads_no_more_writes_nothing),
           WEFT_TEST(a_late_server_shows_all), WEFT_TEST(writers_wait_while_the_lease_lasts),
           WEFT_TEST(every_write_meets_every_fault), WEFT_TEST(many_write_through_outages),
           WEFT_TEST(what_has_ended_is_forgotten))
