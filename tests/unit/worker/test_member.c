/* tests/unit/worker/test_member.c - a worker and a coordinator that follows a script, over real connections:
 * registration, orders in order, reports until they are acknowledged, and every way in which a session ends.
 */
#include <unistd.h>

#include "tests/unit/worker/member_rig.h"

/* The worker says who it is, runs what it is told, and reports. */
static void registers_and_works(void **state)
{
    (void)state;
    script s;
    open_script(&s, NULL);
    start_worker(&s);
    weft_to_coordinator m = next_register(&s);
    assert_true(m.hello->uuid.high == 7 && m.hello->uuid.low == 8);
    assert_int_equal(m.slots, 1);
    assert_string_equal(m.hello->address, "tcp://127.0.0.1:1");
    assert_string_equal(m.hello->host_id, "here");
    assert_string_equal(m.hello->cluster, "test");
    assert_int_equal(m.hello->running_count + m.hello->block_count + m.hello->job_count, 0);
    weft_to_coordinator_release(&m);
    welcome(&s, first_session);
    const weft_to_worker orders[] = {open_order(&s), launch_order(0, 10), launch_order(1, 11)};
    order(&s, orders, 3);
    for (int32_t seen = 0; seen < 2;) seen += take_reports(&s, 10 + seen);
    order(&s, &(weft_to_worker){.kind = WEFT_TO_WORKER_END, .job = JOB}, 1);
    weft_envelope e;
    heard h = next_message(&s, &e);
    weft_fixture_ok(&s.r.f, weft_to_coordinator_decode(&s.r.f.ctx, h.frames[1], h.len[1], &m));
    assert_int_equal(m.kind, WEFT_FROM_WORKER_ENDED);
    heard_free(&h);
    weft_member_leave(s.member);
    h = next_message(&s, &e);
    assert_int_equal(e.kind, WEFT_ENVELOPE_LEAVE);
    heard_free(&h);
    close_script(&s);
}

/* Reports that nobody acknowledged come again in the next session, those that were acknowledged do not; the
 * registration names them. */
static void reports_survive_sessions(void **state)
{
    (void)state;
    script s;
    open_script(&s, NULL);
    start_worker(&s);
    enter(&s, first_session, 0, 0, 0);
    weft_to_worker orders[] = {open_order(&s), launch_order(0, 0)};
    order(&s, orders, 2);
    assert_int_equal(take_reports(&s, 0), 1);
    for (uint64_t i = 1; i <= 3; i++) {
        s.link.sent++;       /* a message is missing: it is noticed by the next heartbeat */
        s.link.received = 0; /* and nothing is acknowledged */
        beat(&s);
        enter(&s, first_session + i, 1, 0, 1); /* its block does not count before its report did */
        assert_int_equal(take_reports(&s, 0), 1);
    }
    beat(&s); /* acknowledges it */
    s.link.sent++;
    beat(&s);
    enter(&s, first_session + 9, 0, 1, 1);
    orders[1] = launch_order(1, 1);
    order(&s, &orders[1], 1); /* the stage is still open */
    assert_int_equal(take_reports(&s, 1), 1);
    close_script(&s);
}

/* A message that comes twice is handled once; one of another session not at all; orders that make no sense
 * end the session, not the process. */
static void wrong_messages(void **state)
{
    (void)state;
    script s;
    open_script(&s, NULL);
    start_worker(&s);
    enter(&s, first_session, 0, 0, 0);
    const weft_to_worker orders[] = {open_order(&s), launch_order(0, 0), launch_order(1, 1)};
    const weft_link_head head = weft_link_send(&s.link, 0);
    for (int32_t i = 0; i < 3; i++) order_as(&s, head, orders, 2);
    weft_link_head other = head;
    other.session++;
    other.number++;
    order_as(&s, other, &orders[1], 1);
    order(&s, &orders[2], 1);
    for (int32_t seen = 0; seen < 2;) seen += take_reports(&s, seen);
    beat(&s);
    weft_net_frame frames[2] = {{0}, {.bytes = "nonsense", .len = 8}};
    const weft_envelope e = {.kind = WEFT_ENVELOPE_ORDERS, .head = weft_link_send(&s.link, 0)};
    say(&s, &e, frames, 1);
    enter(&s, first_session + 1, 0, 2, 1);
    frames[0] = (weft_net_frame){.bytes = "\xff\xff", .len = 2};
    weft_fixture_ok(&s.r.f, weft_net_send(&s.r.f.ctx, s.net, s.peer, frames, 1));
    enter(&s, first_session + 2, 0, 2, 1);
    say_plain(&s, WEFT_ENVELOPE_LEAVE, (weft_link_head){.session = first_session + 2});
    enter(&s, first_session + 3, 0, 2, 1);
    close_script(&s);
}

/* Many attempts end while no session is there: their reports come in few messages, in order. */
static void reports_travel_together(void **state)
{
    (void)state;
    enum { ATTEMPTS = 150 };
    script s;
    open_script(&s, NULL);
    start_worker(&s);
    enter(&s, first_session, 0, 0, 0);
    const weft_to_worker open = open_order(&s);
    order(&s, &open, 1);
    weft_worker_pause(s.worker, true);
    for (int32_t i = 0; i < ATTEMPTS; i++) {
        const weft_to_worker launch = launch_order(i % TASKS, i);
        order(&s, &launch, 1);
    }
    s.link.sent++;
    beat(&s);
    weft_to_coordinator m = next_register(&s);
    assert_int_equal(m.hello->running_count, ATTEMPTS);
    weft_to_coordinator_release(&m);
    weft_worker_pause(s.worker, false);
    for (int32_t ms = 0; ms < WAIT_MS; ms++) {
        weft_worker_hello hello;
        weft_fixture_ok(&s.r.f, weft_worker_list(&s.r.f.ctx, s.worker, &hello));
        if (hello.running_count == 0) break;
        nanosleep(&(struct timespec){.tv_nsec = MS}, NULL);
    }
    welcome(&s, first_session + 1);
    for (int32_t seen = 0; seen < ATTEMPTS;) seen += take_reports(&s, seen);
    close_script(&s);
}

/* A leader of a lower epoch is refused, also by the next process in the same folder. */
static void deposed_leader(void **state)
{
    (void)state;
    char folder[] = "member-XXXXXX", path[64];
    script s;
    assert_non_null(mkdtemp(folder));
    open_script(&s, folder);
    start_worker(&s);
    enter(&s, 5 * first_session, 0, 0, 0);
    s.link.sent++;
    beat(&s);
    for (int32_t i = 0; i < 3; i++) enter(&s, 4 * first_session, 0, 0, 0); /* and registers anew */
    weft_to_coordinator m = next_register(&s);
    weft_to_coordinator_release(&m);
    stop_worker(&s);
    heard h;
    while (weft_mailbox_take(s.inbox, &h, 0)) heard_free(&h);
    start_worker(&s);
    for (int32_t i = 0; i < 3; i++) enter(&s, 4 * first_session + (uint64_t)i, 0, 0, 0);
    enter(&s, 5 * first_session + 7, 0, 0, 0); /* the same leader is */
    const weft_to_worker orders[] = {open_order(&s), launch_order(0, 0)};
    order(&s, orders, 2);
    assert_int_equal(take_reports(&s, 0), 1);
    close_script(&s);
    snprintf(path, sizeof(path), "%s/epoch", folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* Reports until HELD: how many DONE there are, and the attempt of the first. Only `answered` brings its
 * answer. */
static int32_t take_again(script *s, int32_t answered, int32_t *first)
{
    int32_t count = 0;
    for (bool held = false; !held;) {
        weft_envelope e;
        heard h = next_message(s, &e);
        assert_int_equal(e.kind, WEFT_ENVELOPE_REPORTS);
        assert_int_equal(weft_link_receive(&s->link, &e.head, false, 0), WEFT_LINK_NEXT);
        for (int32_t i = 1; i < h.count; i++) {
            weft_to_coordinator m;
            weft_fixture_ok(&s->r.f, weft_to_coordinator_decode(&s->r.f.ctx, h.frames[i], h.len[i], &m));
            assert_false(held);
            held = m.kind == WEFT_FROM_WORKER_HELD;
            if (!held) assert_int_equal(m.answer != NULL, m.attempt == answered);
            if (!held && count++ == 0) *first = m.attempt;
            weft_to_coordinator_release(&m);
        }
        heard_free(&h);
    }
    return count;
}

/* A block whose report is on its way to another leader again is told of by that alone: it stands in no
 * registration until the report was acknowledged. */
static void reports_again_stand_for_blocks(void **state)
{
    (void)state;
    int32_t first = -1;
    script s;
    open_script(&s, NULL);
    start_worker(&s);
    enter(&s, first_session, 0, 0, 0);
    const weft_to_worker orders[] = {open_order(&s), launch_order(0, 0), launch_order(1, 1)};
    order(&s, orders, 3);
    for (int32_t seen = 0; seen < 2;) seen += take_reports(&s, seen);
    beat(&s); /* acknowledges them */
    s.link.sent++;
    beat(&s); /* a gap */
    enter(&s, 2 * first_session, 0, 2, 1);
    for (uint64_t i = 1; i <= 2; i++) {
        assert_int_equal(take_again(&s, -1, &first), 2);
        s.link.sent++;
        s.link.received = 0; /* nothing is acknowledged */
        beat(&s);
        enter(&s, 2 * first_session + i, 0, 0, 1);
    }
    assert_int_equal(take_again(&s, -1, &first), 2);
    beat(&s);
    s.link.sent++;
    beat(&s);
    enter(&s, 2 * first_session + 3, 0, 2, 1);
    close_script(&s);
}

/* Another leader hears of every block again, each once, and then that this was all; an answer that travelled
 * in a report is not sent again. The same leader, in its next session, hears nothing twice. */
static void another_leader(void **state)
{
    (void)state;
    script s;
    open_script(&s, NULL);
    start_worker(&s);
    enter(&s, first_session, 0, 0, 0);
    weft_to_worker open = open_order(&s);
    open.answer_bytes = 1000;
    const weft_to_worker orders[] = {open, launch_order(0, 0), launch_order(1, 1)};
    const weft_to_worker third = launch_order(0, 2);
    order(&s, orders, 3);
    for (int32_t seen = 0; seen < 2;) seen += take_reports(&s, seen);
    order(&s, &third, 1); /* which acknowledges those */
    assert_int_equal(take_reports(&s, 2), 1);
    s.link.sent++;
    beat(&s); /* a gap */
    weft_to_coordinator m = next_register(&s);
    assert_int_equal(m.hello->epoch, 1);
    assert_int_equal(m.hello->running_count, 1);
    assert_int_equal(m.hello->block_count, 2);
    weft_to_coordinator_release(&m);
    welcome(&s, 2 * first_session);
    int32_t first = -1;
    assert_int_equal(take_again(&s, 2, &first), 3);
    assert_int_equal(first, 2); /* what was on its way comes first, as it was */
    weft_to_worker old = launch_order(0, 3);
    old.epoch = 1; /* of a leader that is none any more */
    const weft_to_worker more[] = {old, open, launch_order(0, 4)};
    order(&s, more, 3);
    assert_int_equal(take_reports(&s, 4), 1);
    beat(&s);
    s.link.sent++;
    beat(&s);
    m = next_register(&s);
    assert_int_equal(m.hello->running_count + m.hello->block_count, 4);
    weft_to_coordinator_release(&m);
    welcome(&s, 2 * first_session + 1);
    const weft_to_worker last = launch_order(0, 5);
    order(&s, &last, 1);
    assert_int_equal(take_reports(&s, 5), 1);
    close_script(&s);
}

static weft_error wait_end(script *s)
{
    weft_error why;
    assert_true(weft_mailbox_take(s->ends, &why, WAIT_MS * MS));
    return why;
}

/* Who is refused ends with the reason, as one line. */
static void refused(void **state)
{
    (void)state;
    script s;
    open_script(&s, NULL);
    start_worker(&s);
    weft_to_coordinator m = next_register(&s);
    weft_to_coordinator_release(&m);
    say_plain(&s, WEFT_ENVELOPE_REFUSE, (weft_link_head){0});
    const weft_error why = wait_end(&s);
    assert_non_null(strstr(why.message, "refuses this worker: another cluster"));
    close_script(&s);
}

/* Without a sign of life nothing begins after the lease, and the worker ends after the grace time. */
static void lease_and_grace(void **state)
{
    (void)state;
    script s;
    open_script(&s, NULL);
    s.times.lease_ns = 500 * MS;
    s.times.grace_ns = 4000 * MS;
    start_worker(&s);
    enter(&s, first_session, 0, 0, 0);
    const weft_to_worker open = open_order(&s);
    weft_to_worker launch = launch_order(0, 0);
    launch.epoch = 1;
    order(&s, &open, 1);
    const weft_error why = wait_end(&s);
    assert_int_equal(why.code, WEFT_UNREACHABLE);
    weft_worker_hello hello;
    weft_fixture_ok(&s.r.f, receive_at(&s.r, s.worker, &launch));
    nanosleep(&(struct timespec){.tv_nsec = 20 * MS}, NULL);
    weft_fixture_ok(&s.r.f, weft_worker_list(&s.r.f.ctx, s.worker, &hello));
    assert_int_equal(hello.running_count, 1);
    assert_int_equal(hello.block_count, 0);
    close_script(&s);
}

/* A report for which there is no room is missed in a new session, where the block that it was about shows. */
static void no_room_for_a_report(void **state)
{
    (void)state;
    script s;
    open_script(&s, NULL);
    s.outbox_bytes = 10;
    start_worker(&s);
    enter(&s, first_session, 0, 0, 0);
    const weft_to_worker orders[] = {open_order(&s), launch_order(0, 0)};
    order(&s, orders, 2);
    weft_to_coordinator m = next_register(&s);
    assert_int_equal(m.hello->running_count + m.hello->block_count, 1); /* it may not have ended quite yet */
    weft_to_coordinator_release(&m);
    close_script(&s);
}

/* Each try goes to the next address; one that nobody listens on is passed over. */
static void next_address(void **state)
{
    (void)state;
    script s;
    open_script(&s, NULL);
    snprintf(s.masters, sizeof(s.masters), "weft://127.0.0.1:1,127.0.0.1:%d", weft_net_port(s.net));
    start_worker(&s);
    enter(&s, first_session, 0, 0, 0);
    s.link.sent++;
    beat(&s);
    enter(&s, first_session + 1, 0, 0, 0);
    close_script(&s);
}

/* Addresses that are none, or that would need keys. */
static void addresses(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",          "127.0.0.1:7077",     "http://127.0.0.1:1",   "weft://",
        "weft://,a", "weft://127.0.0.1:x", "weft://127.0.0.1:1,,", "weft://127.0.0.1:70000"};
    static const char *const good[] = {"weft://localhost", "spark://127.0.0.1:1,localhost", "weft://[::1]",
                                       "weft://[::1]:5"};
    script s;
    open_script(&s, NULL);
    weft_member_options o = {.outbox_bytes = 1, .masters = "weft://10.0.0.1:1", .control = s.times};
    assert_int_equal(weft_member_new(&s.r.f.ctx, &o, &s.member), WEFT_INVALID);
    assert_non_null(strstr(s.r.f.ctx.error.hint, "weft keys init"));
    for (int32_t i = 0; i < WEFT_COUNT(wrong); i++) {
        o.masters = wrong[i];
        assert_int_equal(weft_member_new(&s.r.f.ctx, &o, &s.member), WEFT_INVALID);
        assert_null(s.member);
    }
    weft_error_clear(&s.r.f.ctx);
    for (int32_t i = 0; i < WEFT_COUNT(good); i++) {
        o.masters = good[i];
        weft_fixture_ok(&s.r.f, weft_member_new(&s.r.f.ctx, &o, &s.member));
        weft_member_free(&s.member);
    }
    close_script(&s);
}

WEFT_TESTS(WEFT_TEST(registers_and_works), WEFT_TEST(reports_survive_sessions), WEFT_TEST(wrong_messages),
           WEFT_TEST(reports_travel_together), WEFT_TEST(deposed_leader), WEFT_TEST(another_leader),
           WEFT_TEST(reports_again_stand_for_blocks), WEFT_TEST(refused), WEFT_TEST(no_room_for_a_report),
           WEFT_TEST(lease_and_grace), WEFT_TEST(next_address), WEFT_TEST(addresses))
