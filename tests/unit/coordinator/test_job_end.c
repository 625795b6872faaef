/* How a job on record ends that nobody wants any more, or that fails: its END stands before any worker is
 * told, and of a write its abort. A leader that dies in between leaves a job that the next one would run
 * again, for nobody. Who is not leader any more tells of no failure: it may be that its workers are
 * another's. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/commits.h"
#include "coordinator/journal_file.h"
#include "coordinator/journal_zookeeper.h"
#include "coordinator/session.h"
#include "tests/support/fake_zookeeper.h"
#include "tests/support/fixture.h"
#include "tests/support/journal_memory.h"

enum { WORKER = 0, EPOCH = 1, OPERATION = 1, PAUSE_US = 1000, WAIT_MS = 20000, UNTOLD_MS = 200 };

#define A_LONG_TIME (INT64_C(3600) * 1000000000)

typedef struct rig {
    weft_fixture f;
    weft_journal_memory memory;
    weft_journal_disk disk;
    fake_zookeeper *fake; /* instead of the disk, where another takes the epoch meanwhile; else NULL */
    weft_zookeeper zk;
    weft_seal *seal;
    weft_journal *journal;
    weft_commits *commits;
    weft_core_port port;
    weft_coordinator *coordinator;
    weft_session *session;
    weft_job_name name;
    atomic_ullong job;      /* its number, once a task of it was launched */
    atomic_int launched;    /* attempts */
    atomic_int ended;       /* how often the worker was told of its end … */
    atomic_int ended_early; /* … while its END did not stand */
    bool fails;             /* its task does; else it is cancelled */
    bool writes;            /* it does not only read */
} rig;

static bool stands(rig *r, weft_journal_kind kind)
{
    weft_journal_record there;
    return weft_journal_find(r->journal, weft_job_uuid(&r->name), kind, 0, &there);
}

/* ---- the port ---- */

static weft_status take_order(weft_ctx *ctx, void *self, int32_t worker, const weft_to_worker *order)
{
    rig *r = self;
    (void)ctx, (void)worker;
    if (order->kind == WEFT_TO_WORKER_LAUNCH) {
        atomic_store(&r->job, order->job);
        atomic_fetch_add(&r->launched, 1);
    }
    if (order->kind == WEFT_TO_WORKER_END) {
        atomic_fetch_add(&r->ended_early,
                         !stands(r, WEFT_JOURNAL_END) || stands(r, WEFT_JOURNAL_DECISION) != r->writes);
        atomic_fetch_add(&r->ended, 1);
    }
    return WEFT_OK;
}

/* ---- the worker: it registers, and says what the test wants ---- */

static void report(rig *r, const weft_to_coordinator *m)
{
    weft_ctx *ctx = &r->f.ctx;
    weft_core *core = weft_coordinator_enter(r->coordinator);
    weft_fixture_ok(&r->f, weft_core_report(ctx, core, WORKER, m));
    weft_core_flush(ctx, core);
    weft_coordinator_leave(r->coordinator);
}

static void wait_until(rig *r, bool (*is_so)(rig *r))
{
    for (int32_t i = 0; i < WAIT_MS && !is_so(r); i++) usleep(PAUSE_US);
    assert_true(is_so(r));
}

static bool is_on_record(rig *r) { return stands(r, WEFT_JOURNAL_JOB) && atomic_load(&r->launched) > 0; }
static bool is_launched(rig *r) { return atomic_load(&r->launched) > 0; }
static bool is_told(rig *r) { return atomic_load(&r->ended) > 0; }

/* The other thread: while the job's own one waits for it. */
static void *end_it(void *of)
{
    rig *r = of;
    weft_error error = {.code = WEFT_DIVIDE_BY_ZERO, .message = "Division by zero."};
    wait_until(r, r->fake == NULL ? is_on_record : is_launched);
    if (r->fake != NULL) fake_zookeeper_put(r->fake, "/weft/epoch", "", 0); /* as the election does */
    weft_to_coordinator m = {.kind = WEFT_FROM_WORKER_FAILED, .epoch = EPOCH, .job = atomic_load(&r->job)};
    m.status = error.code;
    m.error = &error;
    if (r->fails)
        report(r, &m);
    else
        weft_session_cancel(r->session);
    for (int32_t i = 0; r->fake != NULL && i < UNTOLD_MS && !is_told(r); i++) usleep(PAUSE_US);
    if (r->fake != NULL && !is_told(r)) return NULL; /* as it should be: nobody hears of it */
    wait_until(r, is_told);
    m = (weft_to_coordinator){.kind = WEFT_FROM_WORKER_ENDED, .epoch = EPOCH, .job = m.job};
    report(r, &m);
    return NULL;
}

static void open_keeper(rig *r)
{
    static const uint8_t keys[WEFT_SEAL_KEY_BYTES + 1] = "this is the only key, 32 bytes. ";
    const weft_zookeeper_options session = {.timeout_ms = WAIT_MS, .user = "weft", .password = "p"};
    weft_fixture_ok(&r->f, weft_seal_open_keys(&r->f.ctx, keys, 1, &r->seal));
    fake_zookeeper_put(r->fake, "/weft", "", 0);
    fake_zookeeper_put(r->fake, "/weft/epoch", "", 0);
    fake_zookeeper_start(r->fake);
    fake_zookeeper_open(r->fake, &session, &r->zk);
    const weft_journal_zookeeper_options options = {
        .zookeeper = &r->zk, .root = "/weft", .epoch = EPOCH, .term = 1, .seal = r->seal};
    weft_fixture_ok(&r->f, weft_journal_open_zookeeper(&r->f.ctx, &options, &r->journal));
}

static void rig_open(rig *r)
{
    weft_ctx *ctx = &r->f.ctx;
    const weft_worker_hello hello = {.uuid = {.low = 9}, .registration = 1, .slots = 1};
    weft_fixture_open(&r->f);
    r->name = (weft_job_name){.session = {.low = 3}, .operation = OPERATION};
    r->disk = weft_journal_memory_disk(&r->memory);
    if (r->fake != NULL)
        open_keeper(r);
    else
        weft_fixture_ok(&r->f, weft_journal_open_file(ctx, &r->disk, EPOCH, &r->journal));
    weft_fixture_ok(&r->f, weft_commits_open(ctx, r->journal, &r->commits));
    r->port = weft_core_port_mute;
    r->port.order = take_order;
    r->port.self = r;
    const weft_coordinator_options options = {.port = &r->port,
                                              .core = {.members = {.tick_ns = A_LONG_TIME,
                                                                   .beat_ns = A_LONG_TIME,
                                                                   .silent_ns = A_LONG_TIME,
                                                                   .lost_ns = A_LONG_TIME},
                                                       .scheduler = {.grace_ns = A_LONG_TIME,
                                                                     .crashes_most = 3,
                                                                     .misses_most = 2,
                                                                     .strikes_most = 5},
                                                       .epoch = EPOCH,
                                                       .by_value = true},
                                              .journal = r->journal,
                                              .commits = r->commits};
    weft_fixture_ok(&r->f, weft_coordinator_new(ctx, &options, &r->coordinator));
    weft_core_registers(ctx, weft_coordinator_enter(r->coordinator), 1, &hello);
    weft_coordinator_leave(r->coordinator);
    weft_fixture_ok(&r->f, weft_session_new(ctx, r->f.pool, r->coordinator, &r->f.settings, &r->session));
}

static void rig_close(rig *r)
{
    weft_session_free(&r->session);
    weft_coordinator_free(&r->coordinator);
    weft_commits_close(&r->commits);
    weft_journal_close(&r->journal);
    weft_journal_memory_free(&r->memory);
    if (r->fake != NULL) {
        weft_zookeeper_close(&r->zk);
        fake_zookeeper_free(r->fake);
        weft_seal_close(&r->seal);
    }
    weft_fixture_close(&r->f);
}

static void run(bool fails, bool writes, weft_status expected)
{
    static const char read[] = "SELECT id % 3, count(*) FROM range(100) GROUP BY id % 3";
    char text[8192], place[4096];
    rig r = {.fails = fails, .writes = writes};
    weft_error error = {0};
    weft_result *result = NULL;
    pthread_t other;
    rig_open(&r);
    assert_non_null(getcwd(place, sizeof(place)));
    snprintf(text, sizeof(text), "%s%s%s%s", writes ? "INSERT OVERWRITE DIRECTORY '" : "",
             writes ? place : "", writes ? "/job_end' USING parquet " : "", read);
    const weft_statement statement = {.text = text, .len = strlen(text), .name = r.name};
    assert_int_equal(pthread_create(&other, NULL, end_it, &r), 0);
    assert_int_equal(weft_session_execute(r.session, &statement, &error, &result), expected);
    pthread_join(other, NULL);
    assert_int_equal(error.code, expected);
    assert_int_equal(atomic_load(&r.ended_early), 0);
    if (writes) {
        assert_true(stands(&r, WEFT_JOURNAL_CARRIED)); /* what was staged is gone */
        assert_int_equal(rmdir("job_end"), 0);
    }
    rig_close(&r);
}

static void one_of_another_leader(void **state)
{
    (void)state;
    static const char text[] = "SELECT id % 3, count(*) FROM range(100) GROUP BY id % 3";
    rig r = {.fails = true, .fake = fake_zookeeper_new(1)};
    weft_error error = {0};
    weft_result *result = NULL;
    pthread_t other;
    rig_open(&r);
    const weft_statement statement = {.text = text, .len = strlen(text), .name = r.name};
    assert_int_equal(pthread_create(&other, NULL, end_it, &r), 0);
    assert_int_equal(weft_session_execute(r.session, &statement, &error, &result), WEFT_NOT_LEADER);
    pthread_join(other, NULL);
    assert_int_equal(atomic_load(&r.ended), 0);
    rig_close(&r);
}

static void one_that_is_cancelled(void **state)
{
    (void)state;
    run(false, false, WEFT_CANCELLED);
    run(false, true, WEFT_CANCELLED);
}

static void one_that_fails(void **state)
{
    (void)state;
    run(true, false, WEFT_DIVIDE_BY_ZERO);
    run(true, true, WEFT_DIVIDE_BY_ZERO);
}

WEFT_TESTS(WEFT_TEST(one_that_is_cancelled), WEFT_TEST(one_that_fails), WEFT_TEST(one_of_another_leader))
