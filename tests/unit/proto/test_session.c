/* tests/unit/proto/test_session.c - what clients and the coordinator say as bytes: what goes in comes out,
 * and what is damaged, or of another kind, does not. */
#include "proto/session.h"

#include "common/limits.h"
#include "proto/session.pb-c.h"
#include "tests/support/fixture.h"

static const weft_uuid some_session = {.high = UINT64_MAX, .low = 1};
static const weft_session_setting some_settings[] = {{"weft.sql.session.timeZone", "Asia/Tokyo"},
                                                     {"weft.sql.ansi.enabled", "false"}};

static const weft_session_attachment some_files[] = {
    {.path = "/a b/c.csv",
     .sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     .bytes = INT64_C(1) << 40},
    {.path = "x", .sha256 = "0000000000000000000000000000000000000000000000000000000000000000"}};

static const weft_session_request requests[] = {
    {.kind = WEFT_REQUEST_OPEN},
    {.kind = WEFT_REQUEST_OPEN,
     .session = {.high = UINT64_MAX, .low = 1},
     .release = "0.1.0",
     .setting_count = 2,
     .settings = some_settings},
    {.kind = WEFT_REQUEST_OPEN,
     .session = {.high = 1, .low = 1},
     .held_count = 2,
     .held =
         (const weft_session_held[]){
             {.operation = 7, .credit = 1},
             {UINT64_MAX, 3, INT64_MAX, 9, {UINT64_MAX, 2, 1, INT32_MAX, 3, 7, UINT64_MAX}}},
     .session_version = UINT64_MAX},
    {.kind = WEFT_REQUEST_EXECUTE,
     .operation = UINT64_MAX,
     .credit = 4 << 20,
     .text_bytes = WEFT_SQL_BYTES_MAX},
    {.kind = WEFT_REQUEST_EXECUTE, .operation = 1, .session_version = 4},
    {.kind = WEFT_REQUEST_SET, .operation = 2, .setting_count = 1, .settings = some_settings},
    {.kind = WEFT_REQUEST_CREDIT, .operation = 3, .credit = INT64_MAX},
    {.kind = WEFT_REQUEST_CANCEL, .operation = 4},
    {.kind = WEFT_REQUEST_RELEASE, .operation = 5},
    {.kind = WEFT_REQUEST_CLOSE},
    {.kind = WEFT_REQUEST_OPEN, .name = "load-2026-11-22", .submission = {.done = 3, .digest = UINT64_MAX}},
    {.kind = WEFT_REQUEST_RELEASE, .operation = 6, .submission = {.done = 1, .digest = 2}},
    {.kind = WEFT_REQUEST_CLOSE, .submission = {.done = 7, .digest = 1, .finished = true}},
    {.kind = WEFT_REQUEST_PING, .number = 77},
    {.kind = WEFT_REQUEST_EXECUTE, .operation = 6, .attachment_count = 2, .attachments = some_files},
    {.kind = WEFT_REQUEST_PART, .operation = 6, .file = 1, .chunk = INT32_MAX},
};

static bool same_submission(const weft_submission *a, const weft_submission *b)
{
    return a->done == b->done && a->digest == b->digest && a->tries == b->tries && a->finished == b->finished;
}

static void requests_come_back(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    for (int32_t i = 0; i < (int32_t)WEFT_COUNT(requests); i++) {
        const weft_session_request *r = &requests[i];
        weft_session_request back;
        uint8_t *bytes = NULL, *same = NULL;
        size_t len = 0, same_len = 0;
        weft_fixture_ok(&f, weft_session_request_encode(&f.ctx, r, &bytes, &len));
        weft_fixture_ok(&f, weft_session_request_decode(&f.ctx, bytes, len, &back));
        assert_int_equal(back.kind, r->kind);
        assert_true(back.operation == r->operation && back.number == r->number);
        assert_true(back.session_version == r->session_version);
        assert_true(same_submission(&back.submission, &r->submission));
        assert_true((back.name == NULL) == (r->name == NULL));
        if (r->name != NULL) assert_string_equal(back.name, r->name);
        assert_true(weft_uuid_equal(back.session, r->session));
        assert_true(back.credit == r->credit && back.text_bytes == r->text_bytes);
        assert_string_equal(back.release, r->release == NULL ? "" : r->release);
        assert_int_equal(back.setting_count, r->setting_count);
        for (int32_t k = 0; k < r->setting_count; k++) {
            assert_string_equal(back.settings[k].key, r->settings[k].key);
            assert_string_equal(back.settings[k].value, r->settings[k].value);
        }
        assert_int_equal(back.attachment_count, r->attachment_count);
        for (int32_t k = 0; k < r->attachment_count; k++) {
            assert_string_equal(back.attachments[k].path, r->attachments[k].path);
            assert_string_equal(back.attachments[k].sha256, r->attachments[k].sha256);
            assert_true(back.attachments[k].bytes == r->attachments[k].bytes);
        }
        assert_true(back.file == r->file && back.chunk == r->chunk);
        assert_int_equal(back.held_count, r->held_count);
        for (int32_t k = 0; k < r->held_count; k++)
            assert_memory_equal(&back.held[k], &r->held[k], sizeof(r->held[k]));
        weft_fixture_ok(&f, weft_session_request_encode(&f.ctx, &back, &same, &same_len));
        assert_int_equal(len, same_len);
        assert_memory_equal(bytes, same, len);
    }
    weft_fixture_close(&f);
}

static weft_session_reply round_trip(weft_fixture *f, const weft_session_reply *reply)
{
    weft_session_reply back;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_fixture_ok(f, weft_session_reply_encode(&f->ctx, reply, &bytes, &len));
    weft_fixture_ok(f, weft_session_reply_decode(&f->ctx, bytes, len, &back));
    assert_int_equal(back.kind, reply->kind);
    assert_true(back.operation == reply->operation);
    return back;
}

static void replies_come_back(void **state)
{
    (void)state;
    static const uint8_t schema[] = {1, 0, 2}, block[] = {7};
    static const uint64_t again[] = {3, UINT64_MAX};
    const weft_session_place place = {1, 2, 3, 4, 4, UINT64_MAX, 5};
    const weft_bytes blocks[] = {{block, 1}, {NULL, 0}, {schema, 3}};
    static const weft_submission submission = {.done = 4, .digest = 5, .tries = 6, .finished = true};
    weft_fixture f;
    weft_fixture_open(&f);
    weft_session_reply back = round_trip(&f, &(weft_session_reply){.kind = WEFT_REPLY_OPENED,
                                                                   .opened = {.session = some_session,
                                                                              .incarnation = {.low = 5},
                                                                              .release = "0.1.0",
                                                                              .resumed = true,
                                                                              .last_operation = 8,
                                                                              .session_version = 6,
                                                                              .again_count = 2,
                                                                              .again = again,
                                                                              .submission = submission}});
    assert_true(same_submission(&back.opened.submission, &submission));
    assert_true(back.opened.again_count == 2 && back.opened.again[1] == UINT64_MAX);
    assert_true(back.opened.session_version == 6);
    assert_true(weft_uuid_equal(back.opened.session, some_session) && back.opened.incarnation.low == 5);
    assert_true(back.opened.resumed && back.opened.last_operation == 8);
    assert_string_equal(back.opened.release, "0.1.0");
    back = round_trip(&f, &(weft_session_reply){.kind = WEFT_REPLY_PROGRESS,
                                                .operation = 3,
                                                .progress = {1, 2, INT64_MAX, 4, 5}});
    assert_true(back.progress.stages == 1 && back.progress.tasks == INT64_MAX &&
                back.progress.tasks_done == 5);
    back = round_trip(&f, &(weft_session_reply){.kind = WEFT_REPLY_RESULT,
                                                .operation = 4,
                                                .result = {.schema = {schema, 3},
                                                           .block_count = 3,
                                                           .blocks = blocks,
                                                           .setting_count = 2,
                                                           .settings = some_settings,
                                                           .is_text = true,
                                                           .rows = 9,
                                                           .tasks = 8,
                                                           .blocks_lost = 7,
                                                           .session_version = 10}});
    assert_true(back.result.session_version == 10);
    assert_int_equal(back.result.block_count, 3);
    assert_int_equal(back.result.schema.len, 3);
    assert_memory_equal(back.result.schema.bytes, schema, 3);
    assert_memory_equal(back.result.blocks[2].bytes, schema, 3);
    assert_int_equal(back.result.blocks[1].len, 0);
    assert_true(back.result.is_text && back.result.rows == 9 && back.result.blocks_lost == 7);
    assert_string_equal(back.result.settings[1].value, "false");
    back = round_trip(&f, &(weft_session_reply){.kind = WEFT_REPLY_PAGE,
                                                .operation = 4,
                                                .page = {3, UINT32_MAX, 0xfedcba98, place}});
    assert_memory_equal(&back.page.place, &place, sizeof(place));
    assert_true(back.page.number == 3 && back.page.bytes == UINT32_MAX && back.page.crc == 0xfedcba98);
    back = round_trip(&f, &(weft_session_reply){.kind = WEFT_REPLY_END, .operation = 4, .rows = 11});
    assert_true(back.rows == 11);
    back = round_trip(&f, &(weft_session_reply){.kind = WEFT_REPLY_PONG, .number = 12});
    assert_true(back.number == 12);
    back = round_trip(&f, &(weft_session_reply){.kind = WEFT_REPLY_WANT,
                                                .operation = 4,
                                                .want = {.file = 3, .chunk = 5, .count = 4}});
    assert_true(back.want.file == 3 && back.want.chunk == 5 && back.want.count == 4);
    weft_fixture_close(&f);
}

/* Every part of an error crosses, and a class that is not known here is a failure all the same. */
static void errors_come_back(void **state)
{
    (void)state;
    static const weft_error error = {.code = WEFT_DIVIDE_BY_ZERO,
                                     .span = {.start = 7, .stop = 12, .line = 2, .column = 3},
                                     .message = "Division by zero.",
                                     .hint = "use try_divide"};
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_session_reply back =
        round_trip(&f, &(weft_session_reply){.kind = WEFT_REPLY_FAILED, .operation = 4, .error = &error});
    assert_int_equal(back.error->code, WEFT_DIVIDE_BY_ZERO);
    assert_memory_equal(&back.error->span, &error.span, sizeof(error.span));
    assert_string_equal(back.error->message, error.message);
    assert_string_equal(back.error->hint, error.hint);
    weft_fixture_close(&f);
}

typedef struct bad_request {
    const char *what;
    weft_status status;
    Weft__Wire__SessionRequest m;
} bad_request;

/* What no client of this version says is refused. */
static void wrong_requests(void **state)
{
    (void)state;
    static char long_release[200], key[] = "k", value[] = "v";
    Weft__Wire__Setting setting = WEFT__WIRE__SETTING__INIT;
    setting.key = key;
    setting.value = value;
    Weft__Wire__Setting *settings[] = {&setting, &setting};
    const Weft__Wire__SessionRequest none = WEFT__WIRE__SESSION_REQUEST__INIT;
    bad_request bad[] = {
        {"another version", WEFT_UNSUPPORTED, none},  {"another kind", WEFT_UNSUPPORTED, none},
        {"no operation", WEFT_CORRUPT, none},         {"an operation of none", WEFT_CORRUPT, none},
        {"too long a text", WEFT_CORRUPT, none},      {"a text of a CANCEL", WEFT_CORRUPT, none},
        {"credit below zero", WEFT_CORRUPT, none},    {"two settings of a SET", WEFT_CORRUPT, none},
        {"settings of a CLOSE", WEFT_CORRUPT, none},  {"a long release", WEFT_CORRUPT, none},
        {"a session of a PING", WEFT_CORRUPT, none},  {"a number of a CLOSE", WEFT_CORRUPT, none},
        {"operations of a PING", WEFT_CORRUPT, none}, {"pages below zero", WEFT_CORRUPT, none},
        {"no operation held", WEFT_CORRUPT, none},    {"too many operations", WEFT_LIMIT, none},
    };
    Weft__Wire__SessionHeld held = WEFT__WIRE__SESSION_HELD__INIT, below = held, nothing = held;
    Weft__Wire__SessionHeld *helds[WEFT_SESSION_HELD_MAX + 1] = {&held}, *belows[] = {&below};
    Weft__Wire__SessionHeld *nothings[] = {&nothing};
    held.operation = below.operation = 1;
    below.pages = -1;
    for (int32_t i = 1; i <= WEFT_SESSION_HELD_MAX; i++) helds[i] = &held;
    weft_fixture f;
    memset(long_release, 'a', sizeof(long_release) - 1);
    weft_fixture_open(&f);
    for (int32_t i = 0; i < (int32_t)WEFT_COUNT(bad); i++) bad[i].m.version = WEFT_SESSION_VERSION + (i == 0);
    bad[1].m.kind = WEFT_REQUEST_PART + 1;
    bad[2].m.kind = WEFT_REQUEST_CANCEL;
    bad[3].m.kind = WEFT_REQUEST_OPEN;
    bad[3].m.operation = 1;
    bad[4].m.kind = WEFT_REQUEST_EXECUTE;
    bad[4].m.operation = 1;
    bad[4].m.text_bytes = WEFT_SQL_BYTES_MAX + 1;
    bad[5].m.kind = WEFT_REQUEST_CANCEL;
    bad[5].m.operation = 1;
    bad[5].m.text_bytes = 1;
    bad[6].m.kind = WEFT_REQUEST_CREDIT;
    bad[6].m.operation = 1;
    bad[6].m.credit = -1;
    bad[7].m.kind = WEFT_REQUEST_SET;
    bad[7].m.operation = 1;
    bad[7].m.n_settings = 2;
    bad[7].m.settings = settings;
    bad[8].m.kind = WEFT_REQUEST_CLOSE;
    bad[8].m.n_settings = 1;
    bad[8].m.settings = settings;
    bad[9].m.kind = WEFT_REQUEST_OPEN;
    bad[9].m.release = long_release;
    bad[10].m.kind = WEFT_REQUEST_PING;
    bad[10].m.session_low = 1;
    bad[11].m.kind = WEFT_REQUEST_CLOSE;
    bad[11].m.number = 1;
    bad[12].m.kind = WEFT_REQUEST_PING;
    bad[12].m.n_held = 1;
    bad[12].m.held = helds;
    bad[13].m.n_held = 1;
    bad[13].m.held = belows;
    bad[14].m.n_held = 1;
    bad[14].m.held = nothings;
    bad[15].m.n_held = WEFT_SESSION_HELD_MAX + 1;
    bad[15].m.held = helds;
    for (int32_t i = 0; i < (int32_t)WEFT_COUNT(bad); i++) {
        uint8_t bytes[4096];
        weft_session_request out;
        const size_t len = weft__wire__session_request__pack(&bad[i].m, bytes);
        const weft_status st = weft_session_request_decode(&f.ctx, bytes, len, &out);
        if (st != bad[i].status) print_error("%s: %s\n", bad[i].what, f.ctx.error.message);
        assert_int_equal(st, bad[i].status);
        assert_true(f.ctx.error.message[0] != 0);
        weft_error_clear(&f.ctx);
    }
    weft_fixture_close(&f);
}

/* A reply that was cut anywhere is refused, or is still one of its kind. */
static void cut_replies(void **state)
{
    (void)state;
    weft_fixture f;
    weft_session_reply out;
    uint8_t *bytes = NULL;
    size_t len = 0;
    weft_fixture_open(&f);
    const weft_session_reply reply = {.kind = WEFT_REPLY_RESULT,
                                      .operation = 4,
                                      .result = {.setting_count = 2, .settings = some_settings, .rows = 3}};
    weft_fixture_ok(&f, weft_session_reply_encode(&f.ctx, &reply, &bytes, &len));
    for (size_t cut = 0; cut < len; cut++) {
        assert_true(weft_session_reply_decode(&f.ctx, bytes, cut, &out) != WEFT_OK);
        weft_error_clear(&f.ctx);
    }
    weft_fixture_close(&f);
}

/* The settings that travel are those that somebody set and that are no process's. */
static void settings_of_a_session(void **state)
{
    (void)state;
    weft_fixture f;
    const weft_session_setting *list = NULL;
    int32_t count = -1;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_session_settings_list(&f.ctx, &f.settings, &list, &count));
    assert_int_equal(count, 0);
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, "weft.scratch.dir", "/here"));
    weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, "spark.sql.ansi.enabled", "false"));
    weft_fixture_ok(&f, weft_session_settings_list(&f.ctx, &f.settings, &list, &count));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].key, "weft.sql.ansi.enabled");
    assert_string_equal(list[0].value, "false");
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(requests_come_back), WEFT_TEST(replies_come_back), WEFT_TEST(errors_come_back),
           WEFT_TEST(wrong_requests), WEFT_TEST(cut_replies), WEFT_TEST(settings_of_a_session))
