/* The client against a real ZooKeeper: every call and its outcomes, watches, the access lists, the lease, and
 * how a session ends. */
#include "common/log.h"
#include "tests/zookeeper/relay.h"
#include "tests/zookeeper/waiter.h"

enum { TIMEOUT_MS = 4000, SHORT_MS = 500 };

static const char password[] = "a-password-that-nobody-else-has";

typedef struct rig {
    weft_fixture f;
    waiter w;
    weft_zookeeper zk;
} rig;

/* A session, and an empty node /test. */
static void open_rig(rig *r)
{
    static const char *const left[] = {"/test/a", "/test/b", "/test/c"};
    weft_fixture_open(&r->f);
    waiter_open(&r->w);
    waiter_connect(&r->w, &r->f, waiter_servers(), password, TIMEOUT_MS, &r->zk);
    for (int32_t i = 0; i < WEFT_COUNT(left); i++)
        waiter_ask(&r->w, &r->f, r->zk.remove(&r->f.ctx, r->zk.self, left[i], -1, waiter_done, &r->w));
    const weft_zookeeper_outcome made =
        waiter_ask(&r->w, &r->f, r->zk.create(&r->f.ctx, r->zk.self, "/test", "", 0, 0, waiter_done, &r->w));
    assert_true(made == WEFT_ZOOKEEPER_OK || made == WEFT_ZOOKEEPER_EXISTS);
}

static void close_rig(rig *r)
{
    weft_zookeeper_close(&r->zk);
    waiter_close(&r->w);
    weft_fixture_close(&r->f);
}

#define ASK(r, call, ...)                                                                                    \
    waiter_ask(&(r)->w, &(r)->f, (r)->zk.call(&(r)->f.ctx, (r)->zk.self, __VA_ARGS__, waiter_done, &(r)->w))

static void calls_and_outcomes(void **state)
{
    rig r;
    (void)state;
    open_rig(&r);
    const weft_zookeeper_answer *a = &r.w.last;
    assert_int_equal(ASK(&r, create, "/test/a", "one", 3, 0), WEFT_ZOOKEEPER_OK);
    assert_string_equal(a->path, "/test/a");
    assert_int_equal(a->stat.version, 0);
    assert_int_equal(ASK(&r, create, "/test/a", "two", 3, 0), WEFT_ZOOKEEPER_EXISTS);
    assert_int_equal(ASK(&r, create, "/test/none/a", "", 0, 0), WEFT_ZOOKEEPER_NO_NODE);
    assert_int_equal(ASK(&r, get, "/test/a", false), WEFT_ZOOKEEPER_OK);
    assert_int_equal(a->bytes, 3);
    assert_memory_equal(a->value, "one", 3);
    assert_int_equal(ASK(&r, set, "/test/a", "zwei", 4, 1), WEFT_ZOOKEEPER_BAD_VERSION);
    assert_int_equal(ASK(&r, set, "/test/a", "zwei", 4, 0), WEFT_ZOOKEEPER_OK);
    assert_int_equal(a->stat.version, 1);
    assert_int_equal(ASK(&r, exists, "/test/a", false), WEFT_ZOOKEEPER_OK);
    assert_int_equal(a->stat.value_bytes, 4);
    assert_int_equal(a->stat.session, 0);
    assert_int_equal(ASK(&r, exists, "/test/b", false), WEFT_ZOOKEEPER_NO_NODE);
    assert_int_equal(ASK(&r, create, "/test/b", NULL, 0, WEFT_ZOOKEEPER_EPHEMERAL), WEFT_ZOOKEEPER_OK);
    assert_int_equal(a->stat.session, r.zk.session(r.zk.self));
    assert_int_equal(ASK(&r, create, "/test/b/c", "", 0, 0), WEFT_ZOOKEEPER_INVALID);
    assert_int_equal(ASK(&r, children, "/test", false), WEFT_ZOOKEEPER_OK);
    assert_string_equal(r.w.children, "a b");
    assert_int_equal(ASK(&r, remove, "/test", -1), WEFT_ZOOKEEPER_NOT_EMPTY);
    assert_int_equal(ASK(&r, remove, "/test/a", 0), WEFT_ZOOKEEPER_BAD_VERSION);
    assert_int_equal(ASK(&r, remove, "/test/a", 1), WEFT_ZOOKEEPER_OK);
    assert_int_equal(ASK(&r, sync, "/test"), WEFT_ZOOKEEPER_OK);
    assert_int_equal(ASK(&r, create, "/test/q-", "", 0, WEFT_ZOOKEEPER_EPHEMERAL | WEFT_ZOOKEEPER_SEQUENCE),
                     WEFT_ZOOKEEPER_OK);
    assert_int_equal(strlen(a->path), strlen("/test/q-0000000000"));
    assert_int_equal(r.zk.create(&r.f.ctx, r.zk.self, "no path", "", 0, 0, NULL, NULL), WEFT_INVALID);
    close_rig(&r);
}

static void transactions(void **state)
{
    rig r;
    (void)state;
    open_rig(&r);
    const weft_zookeeper_answer *a = &r.w.last;
    const weft_zookeeper_op make[] = {
        {.kind = WEFT_ZOOKEEPER_CHECK, .path = "/test", .version = 0},
        {.kind = WEFT_ZOOKEEPER_CREATE, .path = "/test/a", .value = "a", .bytes = 1},
        {.kind = WEFT_ZOOKEEPER_CREATE, .path = "/test/b", .value = "b", .bytes = 1},
        {.kind = WEFT_ZOOKEEPER_SET, .path = "/test/a", .value = "A", .bytes = 1, .version = 0}};
    assert_int_equal(ASK(&r, multi, make, WEFT_COUNT(make)), WEFT_ZOOKEEPER_OK);
    assert_int_equal(a->stat.version, 1);
    assert_int_equal(a->failed, -1);
    const weft_zookeeper_op change[] = {
        {.kind = WEFT_ZOOKEEPER_CREATE, .path = "/test/c", .value = "c", .bytes = 1},
        {.kind = WEFT_ZOOKEEPER_REMOVE, .path = "/test/b", .version = 0},
        {.kind = WEFT_ZOOKEEPER_CHECK, .path = "/test/a", .version = 7}};
    assert_int_equal(ASK(&r, multi, change, WEFT_COUNT(change)), WEFT_ZOOKEEPER_BAD_VERSION);
    assert_int_equal(a->failed, 2);
    assert_int_equal(ASK(&r, children, "/test", false), WEFT_ZOOKEEPER_OK);
    assert_string_equal(r.w.children, "a b"); /* all, or none */
    assert_int_equal(ASK(&r, multi, make, WEFT_COUNT(make)), WEFT_ZOOKEEPER_EXISTS);
    assert_int_equal(a->failed, 1);
    assert_int_equal(ASK(&r, multi, change, 2), WEFT_ZOOKEEPER_OK);
    assert_int_equal(ASK(&r, get, "/test/c", false), WEFT_ZOOKEEPER_OK);
    assert_memory_equal(a->value, "c", 1);
    close_rig(&r);
}

static void watches_fire_once(void **state)
{
    rig r, other;
    (void)state;
    open_rig(&r);
    open_rig(&other);
    assert_int_equal(ASK(&r, exists, "/test/a", true), WEFT_ZOOKEEPER_NO_NODE);
    assert_int_equal(ASK(&r, children, "/test", true), WEFT_ZOOKEEPER_OK);
    assert_int_equal(ASK(&other, create, "/test/a", "", 0, 0), WEFT_ZOOKEEPER_OK);
    waiter_watch(&r.w, WEFT_ZOOKEEPER_EVENT_MADE, "/test/a");
    waiter_watch(&r.w, WEFT_ZOOKEEPER_EVENT_CHILDREN, "/test");
    assert_int_equal(ASK(&r, get, "/test/a", true), WEFT_ZOOKEEPER_OK);
    assert_int_equal(ASK(&other, set, "/test/a", "x", 1, -1), WEFT_ZOOKEEPER_OK);
    waiter_watch(&r.w, WEFT_ZOOKEEPER_EVENT_CHANGED, "/test/a");
    const int32_t before = r.w.event_count;
    assert_int_equal(ASK(&other, set, "/test/a", "y", 1, -1), WEFT_ZOOKEEPER_OK);
    assert_int_equal(ASK(&other, create, "/test/b", "", 0, 0), WEFT_ZOOKEEPER_OK);
    assert_int_equal(ASK(&r, sync, "/test"), WEFT_ZOOKEEPER_OK);
    assert_int_equal(r.w.event_count, before);
    assert_int_equal(ASK(&r, exists, "/test/a", true), WEFT_ZOOKEEPER_OK);
    assert_int_equal(ASK(&other, remove, "/test/a", -1), WEFT_ZOOKEEPER_OK);
    waiter_watch(&r.w, WEFT_ZOOKEEPER_EVENT_REMOVED, "/test/a");
    close_rig(&other);
    close_rig(&r);
}

/* Who has not the password can neither read, nor write, nor remove, nor learn the names. */
static void others_are_refused(void **state)
{
    rig r, other;
    (void)state;
    open_rig(&r);
    assert_int_equal(ASK(&r, create, "/test/a", "secret", 6, 0), WEFT_ZOOKEEPER_OK);
    weft_fixture_open(&other.f);
    waiter_open(&other.w);
    waiter_connect(&other.w, &other.f, waiter_servers(), "wrong", TIMEOUT_MS, &other.zk);
    assert_int_equal(ASK(&other, get, "/test/a", false), WEFT_ZOOKEEPER_REFUSED);
    assert_int_equal(ASK(&other, set, "/test/a", "x", 1, -1), WEFT_ZOOKEEPER_REFUSED);
    assert_int_equal(ASK(&other, remove, "/test/a", -1), WEFT_ZOOKEEPER_REFUSED);
    assert_int_equal(ASK(&other, create, "/test/b", "", 0, 0), WEFT_ZOOKEEPER_REFUSED);
    assert_int_equal(ASK(&other, children, "/test", false), WEFT_ZOOKEEPER_REFUSED);
    close_rig(&other);
    close_rig(&r);
}

/* What would look like a lost connection is refused by its size, before it is sent. */
static void what_is_too_large_is_named(void **state)
{
    rig r;
    const size_t bytes = WEFT_ZOOKEEPER_REQUEST_BYTES + 1;
    char *large = calloc(1, bytes);
    (void)state;
    open_rig(&r);
    assert_int_equal(r.zk.create(&r.f.ctx, r.zk.self, "/test/a", large, bytes, 0, waiter_done, &r.w),
                     WEFT_LIMIT);
    assert_non_null(strstr(r.f.ctx.error.message, "/test/a"));
    const weft_zookeeper_op op = {
        .kind = WEFT_ZOOKEEPER_CREATE, .path = "/test/a", .value = large, .bytes = bytes};
    assert_int_equal(r.zk.multi(&r.f.ctx, r.zk.self, &op, 1, waiter_done, &r.w), WEFT_LIMIT);
    assert_int_equal(ASK(&r, create, "/test/a", large, bytes - 1000, 0),
                     WEFT_ZOOKEEPER_OK); /* and this is not */
    free(large);
    close_rig(&r);
}

/* The lease is renewed while servers answer, runs out when the cable is cut, and the server alone says that
 * the session is over: when the cable is back. */
static void a_lease_ends_before_the_session(void **state)
{
    rig r;
    relay cable;
    (void)state;
    weft_fixture_open(&r.f);
    waiter_open(&r.w);
    relay_open(&cable, waiter_servers());
    waiter_connect(&r.w, &r.f, cable.address, password, SHORT_MS, &r.zk);
    assert_int_equal(r.zk.timeout_ms(r.zk.self), SHORT_MS);
    const int64_t begin = weft_now_ns(&r.f.ctx);
    while (r.zk.lease_until_ns(r.zk.self) < begin + 2LL * SHORT_MS * 1000000) /* renewed at least once */
        assert_true(weft_now_ns(&r.f.ctx) < begin + 20LL * 1000000000);
    assert_int_equal(ASK(&r, create, "/e", "", 0, WEFT_ZOOKEEPER_EPHEMERAL), WEFT_ZOOKEEPER_OK);
    relay_cut(&cable, true);
    const int64_t cut = weft_now_ns(&r.f.ctx);
    weft_fixture_ok(&r.f, r.zk.sync(&r.f.ctx, r.zk.self, "/", waiter_done, &r.w));
    waiter_state(&r.w, &r.zk, WEFT_ZOOKEEPER_CONNECTING);
    waiter_answers(&r.w, 1);
    r.w.answers = 0;
    assert_int_equal(r.w.last.outcome, WEFT_ZOOKEEPER_UNKNOWN);
    assert_true(r.zk.lease_until_ns(r.zk.self) <= cut + SHORT_MS * 1000000LL);
    rig other; /* the server ends it: its node goes */
    open_rig(&other);
    while (ASK(&other, exists, "/e", false) != WEFT_ZOOKEEPER_NO_NODE)
        assert_true(weft_now_ns(&r.f.ctx) < cut + 20LL * 1000000000);
    assert_true(weft_now_ns(&r.f.ctx) >= r.zk.lease_until_ns(r.zk.self));
    assert_int_equal(r.zk.state(r.zk.self), WEFT_ZOOKEEPER_CONNECTING); /* nobody has told it */
    relay_cut(&cable, false);
    waiter_state(&r.w, &r.zk, WEFT_ZOOKEEPER_EXPIRED_STATE);
    assert_int_equal(r.zk.lease_until_ns(r.zk.self), 0);
    assert_int_equal(r.zk.sync(&r.f.ctx, r.zk.self, "/", waiter_done, &r.w), WEFT_UNREACHABLE);
    close_rig(&other);
    weft_zookeeper_close(&r.zk);
    relay_close(&cable);
    waiter_close(&r.w);
    weft_fixture_close(&r.f);
}

/* A closed session answers all that was asked, and takes its nodes with it. */
static void closing_answers_everything(void **state)
{
    enum { CALLS = 200 };
    rig r, other;
    relay cable;
    (void)state;
    weft_fixture_open(&r.f);
    waiter_open(&r.w);
    relay_open(&cable, waiter_servers());
    waiter_connect(&r.w, &r.f, cable.address, password, TIMEOUT_MS, &r.zk);
    relay_cut(&cable, true);
    for (int32_t i = 0; i < CALLS; i++)
        weft_fixture_ok(&r.f, r.zk.get(&r.f.ctx, r.zk.self, "/test", false, waiter_done, &r.w));
    relay_cut(&cable, false);
    weft_zookeeper_close(&r.zk);
    assert_int_equal(r.w.answers, CALLS);
    relay_close(&cable);

    waiter_connect(&r.w, &r.f, waiter_servers(), password, TIMEOUT_MS, &r.zk);
    r.w.answers = 0;
    assert_int_equal(ASK(&r, create, "/gone", "", 0, WEFT_ZOOKEEPER_EPHEMERAL), WEFT_ZOOKEEPER_OK);
    close_rig(&r);
    open_rig(&other);
    assert_int_equal(ASK(&other, exists, "/gone", false), WEFT_ZOOKEEPER_NO_NODE);
    close_rig(&other);
}

/* However fast the connection is refused, the session has its login. */
static void no_server(void **state)
{
    weft_fixture f;
    weft_zookeeper zk;
    waiter w;
    (void)state;
    weft_fixture_open(&f);
    waiter_open(&w);
    const weft_zookeeper_options options = {
        .servers = "127.0.0.1:1", .timeout_ms = TIMEOUT_MS, .user = "weft", .password = password};
    for (int32_t i = 0; i < 50; i++) {
        weft_fixture_ok(&f, weft_zookeeper_open(&f.ctx, &options, &zk));
        weft_zookeeper_close(&zk);
    }
    weft_fixture_ok(&f, weft_zookeeper_open(&f.ctx, &options, &zk));
    assert_int_equal(waiter_ask(&w, &f, zk.get(&f.ctx, zk.self, "/", false, waiter_done, &w)),
                     WEFT_ZOOKEEPER_UNKNOWN);
    assert_int_equal(zk.lease_until_ns(zk.self), 0);
    assert_int_equal(zk.session(zk.self), 0);
    weft_zookeeper_close(&zk);
    weft_zookeeper_close(&zk);
    waiter_close(&w);
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(calls_and_outcomes), WEFT_TEST(transactions), WEFT_TEST(watches_fire_once),
           WEFT_TEST(others_are_refused), WEFT_TEST(what_is_too_large_is_named),
           WEFT_TEST(a_lease_ends_before_the_session), WEFT_TEST(closing_answers_everything),
           WEFT_TEST(no_server))
