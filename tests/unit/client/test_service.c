/* tests/unit/client/test_service.c - the coordinator's end of sessions, against clients that do what ours
 * does not: twice, out of order, without reading, without a word, or with bytes that mean nothing. */
#include <dirent.h>

#include "proto/session.h"
#include "proto/session.pb-c.h"
#include "tests/unit/client/remote_rig.h"

enum { KINDS = WEFT_REPLY_WANT + 1, WAIT_MS = 20000, CREDIT = 1 << 20 };

/* A client that says what it is told to, and counts what it hears. */
typedef struct raw {
    pthread_mutex_t lock;
    weft_arena *arena;
    weft_ctx ctx; /* of the network's thread */
    int32_t heard[KINDS], refused;
    int64_t page_bytes, rows;
    weft_uuid session;
    bool resumed;
    weft_error error;
    weft_fixture *f;
    weft_net *net;
    weft_net_peer peer;
} raw;

static void raw_message(void *self, weft_net_peer peer, const weft_identity *who,
                        const weft_net_frame *frames, int32_t count)
{
    raw *c = self;
    weft_envelope envelope;
    weft_session_reply reply;
    (void)peer;
    (void)who;
    pthread_mutex_lock(&c->lock);
    assert_int_equal(weft_envelope_decode(&c->ctx, frames[0].bytes, frames[0].len, &envelope), WEFT_OK);
    assert_int_equal(envelope.kind, WEFT_ENVELOPE_CLIENT);
    assert_true(count >= 2);
    assert_int_equal(weft_session_reply_decode(&c->ctx, frames[1].bytes, frames[1].len, &reply), WEFT_OK);
    c->heard[reply.kind]++;
    if (reply.kind == WEFT_REPLY_OPENED) {
        c->session = reply.opened.session;
        c->resumed = reply.opened.resumed;
    }
    if (reply.kind == WEFT_REPLY_PAGE) c->page_bytes += reply.page.bytes;
    if (reply.kind == WEFT_REPLY_END) c->rows = reply.rows;
    if (reply.kind == WEFT_REPLY_FAILED) {
        c->refused += reply.operation == 0;
        c->error = *reply.error;
    }
    weft_arena_reset(c->arena);
    pthread_mutex_unlock(&c->lock);
}

static void raw_open(raw *c, rig *r)
{
    char address[64];
    *c = (raw){.f = &r->f};
    pthread_mutex_init(&c->lock, NULL);
    c->arena = weft_arena_new(r->f.account);
    weft_ctx_init(&c->ctx, c->arena, r->f.account, &r->f.settings);
    const weft_net_options options = {.handler = {.self = c, .message = raw_message},
                                      .role = WEFT_ROLE_CLIENT,
                                      .queue_bytes = 16 << 20,
                                      .message_bytes = 64 << 20};
    weft_fixture_ok(&r->f, weft_net_start(&r->f.ctx, &options, &c->net));
    snprintf(address, sizeof(address), "tcp://%s", r->master + strlen("weft://"));
    weft_fixture_ok(&r->f, weft_net_connect(&r->f.ctx, c->net, address, WEFT_ROLE_COORDINATOR, &c->peer));
}

/* Without a word of farewell. */
static void raw_close(raw *c)
{
    weft_net_stop(&c->net, 0);
    weft_arena_free(&c->arena);
    pthread_mutex_destroy(&c->lock);
}

static void raw_frames(raw *c, const weft_net_frame *frames, int32_t count)
{
    static const weft_envelope envelope = {.kind = WEFT_ENVELOPE_CLIENT};
    weft_net_frame all[WEFT_NET_FRAMES_MAX];
    uint8_t *head = NULL;
    size_t len = 0;
    weft_fixture_ok(c->f, weft_envelope_encode(&c->f->ctx, &envelope, &head, &len));
    all[0] = (weft_net_frame){.bytes = head, .len = len};
    for (int32_t i = 0; i < count; i++) all[1 + i] = frames[i];
    weft_fixture_ok(c->f, weft_net_send(&c->f->ctx, c->net, c->peer, all, 1 + count));
}

static void raw_say(raw *c, const weft_session_request *request, const char *text)
{
    weft_net_frame frames[2];
    uint8_t *body = NULL;
    size_t len = 0;
    weft_fixture_ok(c->f, weft_session_request_encode(&c->f->ctx, request, &body, &len));
    frames[0] = (weft_net_frame){.bytes = body, .len = len};
    if (text != NULL) frames[1] = (weft_net_frame){.bytes = text, .len = strlen(text)};
    raw_frames(c, frames, text == NULL ? 1 : 2);
}

static void raw_execute(raw *c, uint64_t operation, const char *text, int64_t credit)
{
    raw_say(c,
            &(weft_session_request){.kind = WEFT_REQUEST_EXECUTE,
                                    .operation = operation,
                                    .credit = credit,
                                    .text_bytes = (int64_t)strlen(text)},
            text);
}

static void raw_about(raw *c, weft_request_kind kind, uint64_t operation, int64_t credit)
{
    raw_say(c, &(weft_session_request){.kind = kind, .operation = operation, .credit = credit}, NULL);
}

static int32_t raw_heard(raw *c, weft_reply_kind kind)
{
    pthread_mutex_lock(&c->lock);
    const int32_t count = c->heard[kind];
    pthread_mutex_unlock(&c->lock);
    return count;
}

static void raw_wait(raw *c, weft_reply_kind kind, int32_t count)
{
    for (int64_t ms = 0; raw_heard(c, kind) < count && ms < WAIT_MS; ms += 5) rig_sleep(5);
    if (raw_heard(c, kind) < count)
        print_error("heard %d of kind %d, last error: %s\n", raw_heard(c, kind), (int)kind, c->error.message);
    assert_true(raw_heard(c, kind) >= count);
}

/* All that was sent before has been dealt with, by the network's thread. */
static void raw_sync(raw *c)
{
    const int32_t before = raw_heard(c, WEFT_REPLY_PONG);
    raw_say(c, &(weft_session_request){.kind = WEFT_REQUEST_PING, .number = 5}, NULL);
    raw_wait(c, WEFT_REPLY_PONG, before + 1);
}

static void raw_session(raw *c)
{
    raw_say(c, &(weft_session_request){.kind = WEFT_REQUEST_OPEN}, NULL);
    raw_wait(c, WEFT_REPLY_OPENED, 1);
}

static void wait_sessions(rig *r, int32_t count)
{
    for (int64_t ms = 0; weft_service_sessions(r->service) != count && ms < WAIT_MS; ms += 5) rig_sleep(5);
    assert_int_equal(weft_service_sessions(r->service), count);
}

/* What comes twice changes nothing; what is about an operation that is not there changes nothing. */
static void twice(void **state)
{
    (void)state;
    rig r;
    raw c;
    rig_open(&r, NULL);
    raw_open(&c, &r);
    raw_session(&c);
    raw_say(&c, &(weft_session_request){.kind = WEFT_REQUEST_OPEN}, NULL);
    raw_wait(&c, WEFT_REPLY_OPENED, 2);
    assert_int_equal(weft_service_sessions(r.service), 1);
    raw_execute(&c, 7, "SELECT 1", CREDIT);
    raw_execute(&c, 7, "SELECT 2, 2", CREDIT);
    raw_execute(&c, 3, "SELECT 3", CREDIT);
    raw_wait(&c, WEFT_REPLY_END, 1);
    raw_about(&c, WEFT_REQUEST_CREDIT, 7, 2 * CREDIT);
    raw_about(&c, WEFT_REQUEST_CREDIT, 7, 2 * CREDIT);
    raw_about(&c, WEFT_REQUEST_RELEASE, 7, 0);
    raw_about(&c, WEFT_REQUEST_RELEASE, 7, 0);
    raw_about(&c, WEFT_REQUEST_CANCEL, 7, 0);
    raw_about(&c, WEFT_REQUEST_CREDIT, 99, CREDIT);
    raw_about(&c, WEFT_REQUEST_CANCEL, 99, 0);
    raw_execute(&c, 7, "SELECT 2, 2", CREDIT);
    raw_execute(&c, 8, "SELECT 'ends'", CREDIT);
    raw_wait(&c, WEFT_REPLY_END, 2);
    assert_int_equal(raw_heard(&c, WEFT_REPLY_RESULT), 2);
    assert_int_equal(raw_heard(&c, WEFT_REPLY_FAILED), 0);
    raw_close(&c);
    rig_close(&r);
}

static const char views[] =
    "CREATE TEMPORARY VIEW many AS SELECT a.n + b.n * 10 + c.n * 100 + d.n * 1000 + e.n * 10000 AS n FROM "
    "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) a (n), (VALUES (0), (1), (2), (3), (4), (5), "
    "(6), (7), (8), (9)) b (n), (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) c (n), (VALUES "
    "(0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) d (n), (VALUES (0), (1), (2), (3), (4), (5), (6), "
    "(7), (8), (9)) e (n)";
static const char endless[] = "SELECT count(*) FROM many a, many b, many c WHERE a.n + b.n + c.n < 0";

/* Pages come while there is credit, at least one, and none without. */
static void credit(void **state)
{
    (void)state;
    rig r;
    raw c;
    rig_open(&r, NULL);
    raw_open(&c, &r);
    raw_session(&c);
    raw_execute(&c, 1, views, 0);
    raw_wait(&c, WEFT_REPLY_RESULT, 1);
    raw_execute(&c, 2, "SELECT n, n, n FROM many", 0);
    raw_wait(&c, WEFT_REPLY_RESULT, 2);
    rig_sleep(50);
    assert_int_equal(raw_heard(&c, WEFT_REPLY_PAGE), 0);
    raw_about(&c, WEFT_REQUEST_CREDIT, 2, 1);
    raw_wait(&c, WEFT_REPLY_PAGE, 1);
    rig_sleep(50);
    assert_int_equal(raw_heard(&c, WEFT_REPLY_PAGE), 1);
    assert_true(c.page_bytes > 1);
    raw_about(&c, WEFT_REQUEST_CREDIT, 2, INT64_MAX);
    raw_wait(&c, WEFT_REPLY_END, 1);
    assert_true(c.rows == 100000);
    raw_close(&c);
    rig_close(&r);
}

/* Without reading a client can queue only so much. */
static void limits(void **state)
{
    (void)state;
    enum { MANY = 70 };
    rig r;
    raw c;
    rig_open(&r, NULL);
    raw_open(&c, &r);
    raw_session(&c);
    raw_execute(&c, 1, views, 0);
    raw_wait(&c, WEFT_REPLY_RESULT, 1);
    raw_execute(&c, 2, endless, 0);
    rig_sleep(30);
    for (uint64_t i = 3; i < 20; i++) raw_execute(&c, i, "SELECT 1", 0);
    raw_sync(&c);
    assert_true(raw_heard(&c, WEFT_REPLY_FAILED) >= 12);
    assert_int_equal(c.error.code, WEFT_LIMIT);
    assert_int_equal(c.refused, 0);
    for (uint64_t i = 3; i < 20; i++) raw_about(&c, WEFT_REQUEST_RELEASE, i, 0);
    const int32_t failed = raw_heard(&c, WEFT_REPLY_FAILED) + 1;
    raw_about(&c, WEFT_REQUEST_CANCEL, 2, 0);
    raw_wait(&c, WEFT_REPLY_FAILED, failed);
    raw_about(&c, WEFT_REQUEST_RELEASE, 2, 0);
    for (uint64_t i = 0; i < MANY; i++) { /* results that nobody reads */
        raw_execute(&c, 100 + i, "SELECT 1", 0);
        const int64_t heard = (int64_t)i + 1;
        for (int64_t ms = 0; ms < WAIT_MS; ms += 2) {
            pthread_mutex_lock(&c.lock);
            const int64_t now = c.heard[WEFT_REPLY_RESULT] + c.heard[WEFT_REPLY_FAILED];
            pthread_mutex_unlock(&c.lock);
            if (now >= heard + 1 + failed) break;
            rig_sleep(2);
        }
    }
    raw_sync(&c);
    assert_int_equal(c.error.code, WEFT_LIMIT);
    raw_close(&c);
    wait_sessions(&r, 0);
    rig_close(&r);
}

/* A client that is gone leaves nothing behind: its statement ends, its session a little later. */
static void disappears(void **state)
{
    (void)state;
    rig r;
    raw c;
    rig_open(&r, NULL);
    for (int32_t i = 0; i < 3; i++) {
        raw_open(&c, &r);
        raw_session(&c);
        raw_execute(&c, 1, views, 0);
        raw_wait(&c, WEFT_REPLY_RESULT, 1);
        raw_execute(&c, 2, i == 0 ? "SELECT n FROM many" : endless, 0); /* a result half read, a statement */
        if (i == 0) raw_wait(&c, WEFT_REPLY_RESULT, 2);
        if (i == 1) raw_wait(&c, WEFT_REPLY_PROGRESS, 1);
        raw_close(&c);
        wait_sessions(&r, 0);
    }
    rig_close(&r);
}

/* A session is gone on with by its name, not from another connection's point of view by accident. */
static void resumes(void **state)
{
    (void)state;
    rig r;
    raw c, other;
    rig_open(&r, NULL);
    raw_open(&c, &r);
    raw_session(&c);
    raw_execute(&c, 1, "CREATE TEMPORARY VIEW v AS SELECT 1", 0);
    raw_wait(&c, WEFT_REPLY_RESULT, 1);
    raw_open(&other, &r);
    raw_say(&other, &(weft_session_request){.kind = WEFT_REQUEST_OPEN, .session = {.high = 1, .low = 2}},
            NULL);
    raw_wait(&other, WEFT_REPLY_OPENED, 1);
    assert_false(other.resumed);
    assert_false(weft_uuid_equal(other.session, c.session));
    raw_close(&other);
    raw_open(&other, &r); /* while the first connection stands: it loses its session */
    raw_say(&other, &(weft_session_request){.kind = WEFT_REQUEST_OPEN, .session = c.session}, NULL);
    raw_wait(&other, WEFT_REPLY_OPENED, 1);
    assert_true(other.resumed && weft_uuid_equal(other.session, c.session));
    raw_execute(&other, 2, "SELECT * FROM v", CREDIT);
    raw_wait(&other, WEFT_REPLY_END, 1);
    raw_execute(&c, 3, "SELECT * FROM v", CREDIT);
    raw_wait(&c, WEFT_REPLY_FAILED, 1);
    assert_int_equal(c.error.code, WEFT_SESSION_NOT_FOUND);
    raw_close(&c);
    raw_close(&other);
    rig_close(&r);
}

/* Who comes back says what it holds: a statement that runs, a result from any page on, an error; what it does
 * not name is let go, and what it cannot have is an error. */
static void goes_on(void **state)
{
    (void)state;
    static const weft_session_held held[] = {{.operation = 2, .pages = 2, .credit = INT64_MAX},
                                             {.operation = 3},
                                             {.operation = 5, .credit = CREDIT},
                                             {.operation = 6, .credit = CREDIT},
                                             {.operation = 7},
                                             {.operation = 9}};
    rig r;
    raw c, back;
    rig_open_keeping(&r, NULL, RIG_PATIENT_MS);
    raw_open(&c, &r);
    raw_session(&c);
    raw_execute(&c, 1, views, 0);
    raw_execute(&c, 2, "SELECT n, n, n, n, n FROM many", INT64_MAX);
    raw_wait(&c, WEFT_REPLY_END, 1);
    const int32_t pages = raw_heard(&c, WEFT_REPLY_PAGE);
    assert_true(pages > 3);
    raw_execute(&c, 3, "SELECT nothing", 0);
    raw_wait(&c, WEFT_REPLY_FAILED, 1);
    raw_execute(&c, 4, "SELECT 4", 0);
    raw_execute(&c, 6, "SELECT 6", 0);
    raw_wait(&c, WEFT_REPLY_RESULT, 4);
    raw_execute(&c, 7, endless, 0);
    raw_wait(&c, WEFT_REPLY_PROGRESS, 1);
    raw_open(&back, &r);
    raw_say(&back,
            &(weft_session_request){
                .kind = WEFT_REQUEST_OPEN, .session = c.session, .held_count = 6, .held = held},
            NULL);
    raw_wait(&back, WEFT_REPLY_FAILED, 1); /* 5 never was; then the endless one, before which others wait */
    assert_int_equal(back.error.code, WEFT_RESULT_LOST);
    raw_wait(&back, WEFT_REPLY_PROGRESS, 1);
    raw_about(&back, WEFT_REQUEST_CANCEL, 7, 0);
    raw_wait(&back, WEFT_REPLY_FAILED, 3);
    raw_wait(&back, WEFT_REPLY_END, 2);
    assert_int_equal(raw_heard(&back, WEFT_REPLY_OPENED), 1);
    assert_int_equal(raw_heard(&back, WEFT_REPLY_RESULT), 1); /* of 6: 2 has pages */
    assert_int_equal(raw_heard(&back, WEFT_REPLY_PAGE), pages - 2 + 1);
    raw_execute(&back, 9, "SELECT 9", CREDIT); /* it had not come */
    raw_wait(&back, WEFT_REPLY_END, 3);
    raw_execute(&back, 4, "SELECT 4", CREDIT); /* it is over */
    raw_sync(&back);
    assert_int_equal(raw_heard(&back, WEFT_REPLY_RESULT), 2);
    raw_close(&c);
    raw_open(&c, &r);
    const weft_session_held too_many = {.operation = 2, .pages = pages + 1};
    raw_say(&c,
            &(weft_session_request){
                .kind = WEFT_REQUEST_OPEN, .session = back.session, .held_count = 1, .held = &too_many},
            NULL);
    raw_wait(&c, WEFT_REPLY_FAILED, 1);
    assert_int_equal(c.error.code, WEFT_CORRUPT);
    raw_close(&c);
    raw_close(&back);
    rig_close(&r);
}

/* Bytes that mean nothing are answered with an error each, and change nothing for others. */
static void hostile(void **state)
{
    (void)state;
    static const char text[] = "SELECT 1";
    rig r;
    raw c;
    weft_error error;
    weft_result *result = NULL;
    weft_test_random random = {.state = weft_test_seed()};
    rig_open(&r, NULL);
    weft_remote *good = rig_connect(&r, NULL);
    raw_open(&c, &r);
    raw_execute(&c, 1, text, 0); /* before there is a session */
    raw_wait(&c, WEFT_REPLY_FAILED, 1);
    assert_int_equal(c.error.code, WEFT_SESSION_NOT_FOUND);
    raw_about(&c, WEFT_REQUEST_CLOSE, 0, 0);
    raw_session(&c);
    int32_t wrong = 1;
    raw_frames(&c, NULL, 0); /* no request */
    raw_wait(&c, WEFT_REPLY_FAILED, ++wrong);
    uint8_t *bytes = NULL;
    size_t len = 0;
    const weft_session_request execute = {
        .kind = WEFT_REQUEST_EXECUTE, .operation = 5, .text_bytes = sizeof(text)};
    weft_fixture_ok(&r.f, weft_session_request_encode(&r.f.ctx, &execute, &bytes, &len));
    for (int32_t i = 0; i < 200; i++) {
        uint8_t junk[256];
        weft_net_frame frames[60];
        const int32_t count = (int32_t)weft_test_random_range(&random, 1, 60);
        memcpy(junk, bytes, len);
        for (int32_t k = 0; k < 3; k++)
            junk[weft_test_random_range(&random, 0, (int64_t)len - 1)] =
                (uint8_t)weft_test_random_u64(&random);
        frames[0] =
            (weft_net_frame){.bytes = junk, .len = (size_t)weft_test_random_range(&random, 1, (int64_t)len)};
        for (int32_t k = 1; k < count; k++) frames[k] = (weft_net_frame){.bytes = junk, .len = 10};
        raw_frames(&c, frames, count);
    }
    raw_sync(&c);
    assert_true(raw_heard(&c, WEFT_REPLY_FAILED) > wrong);
    assert_int_equal(weft_remote_execute(good, text, strlen(text), &error, &result), WEFT_OK);
    weft_result_free(&result);
    weft_remote_close(&good);
    raw_close(&c);
    rig_close(&r);
}

/* A protocol of another version is told apart from nonsense, at both ends. */
static void other_versions(void **state)
{
    (void)state;
    rig r;
    raw c;
    uint8_t bytes[64];
    Weft__Wire__SessionRequest m = WEFT__WIRE__SESSION_REQUEST__INIT;
    rig_open(&r, NULL);
    raw_open(&c, &r);
    m.version = WEFT_SESSION_VERSION + 1;
    const weft_net_frame frame = {.bytes = bytes, .len = weft__wire__session_request__pack(&m, bytes)};
    raw_frames(&c, &frame, 1);
    raw_wait(&c, WEFT_REPLY_FAILED, 1);
    assert_int_equal(c.error.code, WEFT_UNSUPPORTED);
    assert_non_null(strstr(c.error.message, "version 3"));
    assert_int_equal(c.refused, 1);
    raw_close(&c);
    rig_close(&r);
}

/* ---- a coordinator that is none ---- */

typedef struct impostor {
    weft_net *net;
    weft_ctx *ctx;
    weft_net_frame frames[3];
    int32_t count;
} impostor;

static void impostor_message(void *self, weft_net_peer peer, const weft_identity *who,
                             const weft_net_frame *frames, int32_t count)
{
    const impostor *i = self;
    weft_error error;
    (void)who;
    (void)frames;
    (void)count;
    error = i->ctx->error;
    assert_int_equal(weft_net_send(i->ctx, i->net, peer, i->frames, i->count), WEFT_OK);
    i->ctx->error = error;
}

/* What answers wrongly is an error that names it and what is wrong, within five seconds. */
static void impostors(void **state)
{
    (void)state;
    static const struct {
        weft_envelope envelope;
        uint32_t version;
        weft_status status;
        const char *says;
    } cases[] = {
        {{.kind = WEFT_ENVELOPE_REFUSE, .text = "too old"}, 0, WEFT_INVALID, "too old"},
        {{.kind = WEFT_ENVELOPE_BEAT}, 0, WEFT_CORRUPT, "none for a client"},
        {{.kind = WEFT_ENVELOPE_CLIENT}, 0, WEFT_CORRUPT, "none for a client"},
        {{.kind = WEFT_ENVELOPE_CLIENT}, 9, WEFT_UNSUPPORTED, "version 9"},
    };
    weft_fixture f;
    weft_fixture_open(&f);
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        impostor who = {.ctx = &f.ctx, .count = cases[i].version == 0 ? 1 : 2};
        uint8_t *head = NULL, body[64];
        char master[64];
        weft_error error;
        weft_remote *remote = NULL;
        Weft__Wire__SessionReply m = WEFT__WIRE__SESSION_REPLY__INIT;
        m.version = cases[i].version;
        weft_fixture_ok(&f, weft_envelope_encode(&f.ctx, &cases[i].envelope, &head, &who.frames[0].len));
        who.frames[0].bytes = head;
        who.frames[1] = (weft_net_frame){.bytes = body, .len = weft__wire__session_reply__pack(&m, body)};
        const weft_net_options options = {.listen = "tcp://127.0.0.1:0",
                                          .handler = {.self = &who, .message = impostor_message},
                                          .queue_bytes = 1 << 20,
                                          .message_bytes = 1 << 20,
                                          .peers_max = 10};
        weft_fixture_ok(&f, weft_net_start(&f.ctx, &options, &who.net));
        snprintf(master, sizeof(master), "weft://127.0.0.1:%d", weft_net_port(who.net));
        assert_int_equal(weft_remote_open(master, NULL, &f.settings, &error, &remote), cases[i].status);
        assert_null(remote);
        assert_non_null(strstr(error.message, master));
        assert_non_null(strstr(error.message, cases[i].says));
        weft_net *net = who.net; /* the endpoint's thread may still look at who */
        weft_net_stop(&net, 0);
    }
    weft_fixture_close(&f);
}

/* ---- keys ---- */

static void remove_in(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry = NULL;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (entry->d_type == DT_REG) assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
    if (dir != NULL) closedir(dir);
    rmdir(folder);
}

static void remove_keys(const char *folder)
{
    char allowed[256];
    snprintf(allowed, sizeof(allowed), "%s/allowed", folder);
    remove_in(allowed);
    remove_in(folder);
}

/* Only a user whose key is allowed has a session, and nobody has another user's. */
static void keys(void **state)
{
    (void)state;
    char ours[64] = "/tmp/weft-keys-XXXXXX", theirs[64] = "/tmp/weft-keys-XXXXXX";
    rig r;
    weft_error error;
    weft_remote *remote = NULL;
    weft_fixture f;
    weft_result *result = NULL;
    assert_non_null(mkdtemp(ours));
    assert_non_null(mkdtemp(theirs));
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_keys_init(&f.ctx, ours, "ann"));
    weft_fixture_ok(&f, weft_keys_init(&f.ctx, theirs, "bob"));
    rig_open(&r, ours);
    assert_int_equal(weft_remote_open(r.master, ours, &f.settings, &error, &remote), WEFT_OK);
    assert_int_equal(weft_remote_execute(remote, "SELECT 1", 8, &error, &result), WEFT_OK);
    weft_result_free(&result);
    weft_remote_close(&remote);
    assert_int_equal(weft_remote_open(r.master, theirs, &f.settings, &error, &remote), WEFT_UNREACHABLE);
    assert_non_null(strstr(error.message, r.master));
    assert_int_equal(weft_remote_open(r.master, NULL, &f.settings, &error, &remote), WEFT_UNREACHABLE);
    assert_non_null(strstr(error.message, "keys"));
    assert_int_equal(weft_remote_open(r.master, "/no/such/folder", &f.settings, &error, &remote),
                     WEFT_NOT_FOUND);
    assert_null(remote);
    rig_close(&r);
    remove_keys(ours);
    remove_keys(theirs);
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(twice), WEFT_TEST(credit), WEFT_TEST(limits), WEFT_TEST(disappears), WEFT_TEST(resumes),
           WEFT_TEST(goes_on), WEFT_TEST(hostile), WEFT_TEST(other_versions), WEFT_TEST(impostors),
           WEFT_TEST(keys))
