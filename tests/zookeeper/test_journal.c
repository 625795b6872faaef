/* The journal in a real ZooKeeper: leaders one after the other, outages, what a stranger sees, what stays. */
#include <ftw.h>
#include <unistd.h>

#include "coordinator/journal_zookeeper.h"
#include "tests/zookeeper/relay.h"
#include "tests/zookeeper/waiter.h"

enum { TIMEOUT_MS = 4000, JOBS = 2000, BATCH = 500, FILE_MOST = 256 << 20, IN_PARTS = 5000000 };

static const char password[] = "a-password-that-nobody-else-has";
static const char planted[] = "a planted secret 4711";
static const weft_uuid job_one = {1, 10}, job_two = {2, 20};

typedef struct leader {
    waiter w;
    weft_zookeeper zk;
    weft_journal *journal;
    uint64_t epoch;
} leader;

typedef struct rig {
    weft_fixture f;
    weft_seal *seal;
    char root[64];
} rig;

#define ASK(l, f, call, ...)                                                                                 \
    waiter_ask(&(l)->w, f, (l)->zk.call(&(f)->ctx, (l)->zk.self, __VA_ARGS__, waiter_done, &(l)->w))

/* Each test has a place of its own. */
static void open_rig(rig *r, const char *name)
{
    static const uint8_t key[WEFT_SEAL_KEY_BYTES] = "a key for this test, 32 bytes..";
    weft_fixture_open(&r->f);
    weft_fixture_ok(&r->f, weft_seal_open_keys(&r->f.ctx, key, 1, &r->seal));
    snprintf(r->root, sizeof(r->root), "/%s-%d", name, (int)getpid());
}

static void close_rig(rig *r)
{
    weft_seal_close(&r->seal);
    weft_fixture_close(&r->f);
}

/* The epoch node's version after it was set; made when there is none. */
static int32_t win_epoch(rig *r, leader *l)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/epoch", r->root);
    (void)ASK(l, &r->f, create, r->root, "", 0, 0);
    if (ASK(l, &r->f, create, path, "0", 1, 0) == WEFT_ZOOKEEPER_OK) return 0;
    assert_int_equal(ASK(l, &r->f, set, path, "1", 1, WEFT_ZOOKEEPER_ANY_VERSION), WEFT_ZOOKEEPER_OK);
    return l->w.last.stat.version;
}

static void lead(rig *r, leader *l, const char *servers)
{
    memset(l, 0, sizeof(*l));
    waiter_open(&l->w);
    waiter_connect(&l->w, &r->f, servers, password, TIMEOUT_MS, &l->zk);
    const int32_t version = win_epoch(r, l);
    const weft_journal_zookeeper_options options = {.zookeeper = &l->zk,
                                                    .root = r->root,
                                                    .epoch = 100 + (uint64_t)version,
                                                    .term = 1 + (uint64_t)version,
                                                    .epoch_version = version,
                                                    .seal = r->seal};
    weft_fixture_ok(&r->f, weft_journal_open_zookeeper(&r->f.ctx, &options, &l->journal));
}

static void leave(leader *l)
{
    weft_journal_close(&l->journal);
    weft_zookeeper_close(&l->zk);
    waiter_close(&l->w);
}

static void leaders_one_after_the_other(void **state)
{
    rig r;
    leader a, b;
    int32_t count = 0;
    void *value = NULL;
    size_t bytes = 0;
    weft_journal_record *records = NULL;
    char large[WEFT_JOURNAL_INLINE_BYTES], *parts = calloc(1, IN_PARTS);
    (void)state;
    for (int32_t i = 0; i < IN_PARTS; i++) parts[i] = (char)(i * 31 >> 3);
    open_rig(&r, "leaders");
    lead(&r, &a, waiter_servers());
    memset(large, 'l', sizeof(large));
    weft_fixture_ok(&r.f, weft_journal_create(&r.f.ctx, a.journal, job_one, WEFT_JOURNAL_JOB, 0, "one", 3));
    weft_fixture_ok(
        &r.f, weft_journal_create(&r.f.ctx, a.journal, job_one, WEFT_JOURNAL_STAGE, 1, large, sizeof(large)));
    weft_fixture_ok(&r.f,
                    weft_journal_replace(&r.f.ctx, a.journal, job_two, WEFT_JOURNAL_SESSION, 0, "x", 1));
    weft_fixture_ok(&r.f,
                    weft_journal_replace(&r.f.ctx, a.journal, job_two, WEFT_JOURNAL_SESSION, 0, "y", 1));
    weft_fixture_ok(
        &r.f, weft_journal_create(&r.f.ctx, a.journal, job_two, WEFT_JOURNAL_STAGE, 0, parts, IN_PARTS));
    weft_fixture_ok(&r.f, weft_journal_post(&r.f.ctx, a.journal, job_one, WEFT_JOURNAL_END, 0, "", 0));
    assert_int_equal(weft_journal_create(&r.f.ctx, a.journal, job_one, WEFT_JOURNAL_JOB, 0, "1", 1),
                     WEFT_EXISTS);
    assert_true(weft_journal_flush(a.journal, 20000));

    lead(&r, &b, waiter_servers());
    assert_int_equal(weft_journal_term(b.journal), 2);
    weft_fixture_ok(&r.f, weft_journal_list(&r.f.ctx, b.journal, &records, &count));
    assert_int_equal(count, 5);
    for (int32_t i = 0; i < 2; i++) { /* as it was loaded, and from the server */
        weft_fixture_ok(&r.f, weft_journal_read(&r.f.ctx, b.journal, &records[1], &value, &bytes));
        assert_int_equal(bytes, sizeof(large));
        assert_memory_equal(value, large, sizeof(large));
    }
    weft_fixture_ok(&r.f, weft_journal_read(&r.f.ctx, b.journal, &records[2], &value, &bytes));
    assert_memory_equal(value, "y", 1);
    weft_fixture_ok(&r.f, weft_journal_read(&r.f.ctx, b.journal, &records[3], &value, &bytes));
    assert_int_equal(bytes, IN_PARTS);
    assert_memory_equal(value, parts, IN_PARTS);
    free(parts);
    assert_int_equal(weft_journal_create(&r.f.ctx, a.journal, job_two, WEFT_JOURNAL_DECISION, 0, "", 0),
                     WEFT_NOT_LEADER);
    assert_int_equal(weft_journal_fence(&r.f.ctx, a.journal), WEFT_NOT_LEADER);
    weft_fixture_ok(&r.f, weft_journal_fence(&r.f.ctx, b.journal));
    leave(&a);
    leave(&b);
    close_rig(&r);
}

/* ---- a cable that is cut ---- */

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

static void writers_wait_for_the_servers(void **state)
{
    rig r;
    leader l;
    relay cable;
    pthread_t thread;
    (void)state;
    open_rig(&r, "outage");
    relay_open(&cable, waiter_servers());
    lead(&r, &l, cable.address);
    writing w = {.r = &r, .l = &l};
    relay_cut(&cable, true);
    assert_int_equal(pthread_create(&thread, NULL, write_in_thread, &w), 0);
    usleep(300000);
    relay_cut(&cable, false); /* within the lease */
    pthread_join(thread, NULL);
    assert_int_equal(w.st, WEFT_OK);
    relay_cut(&cable, true); /* and for good */
    assert_int_equal(weft_journal_create(&r.f.ctx, l.journal, job_one, WEFT_JOURNAL_JOB, 0, "", 0),
                     WEFT_NOT_LEADER);
    assert_true(weft_journal_is_broken(l.journal));
    relay_cut(&cable, false);
    leave(&l);
    relay_close(&cable);
    close_rig(&r);
}

/* ---- what is seen of it ---- */

static int32_t nodes_seen;

/* Every node below a path: closed to the stranger, without the planted text for its owner. */
static void look_at(rig *r, leader *own, leader *stranger, const char *path)
{
    char names[sizeof(own->w.children)];
    assert_int_equal(ASK(stranger, &r->f, get, path, false), WEFT_ZOOKEEPER_REFUSED);
    assert_int_equal(ASK(own, &r->f, get, path, false), WEFT_ZOOKEEPER_OK);
    assert_null(memmem(own->w.value, own->w.last.bytes, "planted", 7));
    assert_int_equal(ASK(own, &r->f, children, path, false), WEFT_ZOOKEEPER_OK);
    nodes_seen++;
    snprintf(names, sizeof(names), "%s", own->w.children);
    char *rest = names;
    for (char *name = strsep(&rest, " "); name != NULL && name[0] != 0; name = strsep(&rest, " ")) {
        char below[512];
        snprintf(below, sizeof(below), "%s/%s", path, name);
        look_at(r, own, stranger, below);
    }
}

static int32_t files_seen;

static int look_into_file(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)at;
    if (kind != FTW_F || info->st_size > FILE_MOST) return 0;
    FILE *file = fopen(path, "r");
    char *bytes = malloc((size_t)info->st_size + 1);
    assert_non_null(file);
    const size_t len = fread(bytes, 1, (size_t)info->st_size, file);
    assert_null(memmem(bytes, len, planted, strlen(planted)));
    fclose(file);
    free(bytes);
    files_seen += strstr(path, "/version-2/log.") != NULL;
    return 0;
}

static void strangers_see_nothing(void **state)
{
    rig r;
    leader own, stranger = {0};
    (void)state;
    open_rig(&r, "seen");
    lead(&r, &own, waiter_servers());
    weft_fixture_ok(&r.f, weft_journal_create(&r.f.ctx, own.journal, job_one, WEFT_JOURNAL_JOB, 0, planted,
                                              strlen(planted)));
    weft_fixture_ok(&r.f, weft_journal_replace(&r.f.ctx, own.journal, job_two, WEFT_JOURNAL_SESSION, 0,
                                               planted, strlen(planted)));
    waiter_open(&stranger.w);
    waiter_connect(&stranger.w, &r.f, waiter_servers(), "guessed", TIMEOUT_MS, &stranger.zk);
    look_at(&r, &own, &stranger, r.root);
    assert_int_equal(nodes_seen, 7); /* root, epoch, journal, two owners with a record each */
    if (getenv("WEFT_ZOOKEEPER_DIR") != NULL) {
        assert_int_equal(nftw(getenv("WEFT_ZOOKEEPER_DIR"), look_into_file, 16, FTW_PHYS), 0);
        assert_true(files_seen > 0);
    }
    leave(&stranger);
    leave(&own);
    close_rig(&r);
}

/* ---- what stays ---- */

/* $WEFT_TEST_JOBS of them instead, when a longer run is wanted. */
static void nodes_do_not_grow_with_jobs(void **state)
{
    const char *wanted = getenv("WEFT_TEST_JOBS");
    const uint64_t jobs = wanted == NULL ? JOBS : strtoull(wanted, NULL, 10);
    rig r;
    leader l;
    int32_t removed = 0, most = 0;
    char path[128];
    (void)state;
    open_rig(&r, "jobs");
    lead(&r, &l, waiter_servers());
    snprintf(path, sizeof(path), "%s/journal", r.root);
    for (uint64_t i = 0; i < jobs; i++) {
        const weft_uuid job = {i, 7};
        weft_fixture_ok(&r.f, weft_journal_post(&r.f.ctx, l.journal, job, WEFT_JOURNAL_JOB, 0, "job", 3));
        weft_fixture_ok(&r.f, weft_journal_post(&r.f.ctx, l.journal, job, WEFT_JOURNAL_END, 0, "end", 3));
        if (i % BATCH != BATCH - 1) continue;
        assert_true(weft_journal_flush(l.journal, 60000));
        weft_fixture_ok(&r.f, weft_journal_expire(&r.f.ctx, l.journal, INT64_MAX, 100, &removed));
        assert_int_equal(ASK(&l, &r.f, exists, path, false), WEFT_ZOOKEEPER_OK);
        most = weft_max_i32(most, l.w.last.stat.child_count);
    }
    assert_int_equal(most, 100);
    assert_int_equal(weft_journal_count_all(l.journal).records, 200);
    assert_int_equal(weft_journal_count_all(l.journal).lost, 0);
    leave(&l);
    close_rig(&r);
}

WEFT_TESTS(WEFT_TEST(leaders_one_after_the_other), WEFT_TEST(writers_wait_for_the_servers),
           WEFT_TEST(strangers_see_nothing), WEFT_TEST(nodes_do_not_grow_with_jobs))
