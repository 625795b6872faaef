/* tests/unit/coordinator/test_election.c - the machine of the election by hand: what it asks for, and when it
 * tells its owner what. That it is right in every order of events is for tests/simulation/simulate_election.
 */
#include "coordinator/election.h"
#include "tests/support/test.h"

#define MS INT64_C(1000000)

enum { LEASE_MS = 900 };

static const weft_uuid me = {.high = 0x1122334455667788, .low = 0x99aabbccddeeff00};
#define MY   "11223344-5566-7788-99aa-bbccddeeff00"
#define HERS "00000000-0000-4000-8000-000000000001"

typedef struct rig {
    weft_election machine;
    weft_election_actions out;
    int64_t now_ms, wall_s;
} rig;

static void step(rig *r, weft_election_event event)
{
    event.now_ns = r->now_ms * MS;
    event.wall_s = r->wall_s;
    weft_election_step(&r->machine, &event, &r->out);
}

static const weft_election_action *find(const rig *r, weft_election_action_kind kind)
{
    for (int32_t i = 0; i < r->out.count; i++)
        if (r->out.items[i].kind == kind) return &r->out.items[i];
    return NULL;
}

/* The answer to what was asked for last, sent just now. */
static void answer(rig *r, weft_election_event event)
{
    event.kind = WEFT_ELECTION_ANSWER;
    event.request = r->machine.request;
    event.sent_ns = r->now_ms * MS;
    step(r, event);
}

static void answer_list(rig *r, const char *const *names, int32_t count)
{
    answer(r, (weft_election_event){.names = names, .count = count});
}

static void answer_epoch(rig *r, uint64_t epoch, uint64_t term, int32_t version, weft_uuid guid)
{
    answer(r,
           (weft_election_event){.epoch = {.epoch = epoch, .term = term, .version = version, .guid = guid}});
}

/* A session, and a candidate in it that was asked for. */
static rig open_rig(void)
{
    rig r = {.now_ms = 1000};
    weft_election_init(&r.machine);
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_SESSION, .guid = me, .lease_ns = LEASE_MS * MS});
    assert_non_null(find(&r, WEFT_ELECTION_CREATE));
    answer(&r, (weft_election_event){.name = MY "-n_0000000007"});
    assert_non_null(find(&r, WEFT_ELECTION_LIST));
    return r;
}

/* Leads with epoch 41, term 5, version 9. */
static rig open_leader(void)
{
    static const char *const names[] = {MY "-n_0000000007"};
    rig r = open_rig();
    answer_list(&r, names, 1);
    answer_epoch(&r, 40, 4, 8, (weft_uuid){.high = 7});
    const weft_election_action *take = find(&r, WEFT_ELECTION_TAKE);
    assert_non_null(take);
    assert_string_equal(take->name, MY "-n_0000000007");
    assert_int_equal(take->epoch.epoch, 41);
    assert_int_equal(take->epoch.term, 5);
    assert_int_equal(take->epoch.version, 8);
    answer(&r, (weft_election_event){.version = 9});
    const weft_election_action *lead = find(&r, WEFT_ELECTION_LEAD);
    assert_non_null(lead);
    assert_int_equal(lead->epoch.version, 9);
    assert_non_null(find(&r, WEFT_ELECTION_READ)); /* which sets the watch again */
    answer_epoch(&r, 41, 5, 9, me);
    assert_int_equal(r.out.count, 0);
    assert_int_equal(r.machine.state, WEFT_ELECTION_LEADS);
    return r;
}

static void watches_the_one_before_it_only(void **state)
{
    static const char *const names[] = {HERS "-n_0000000003", "epoch",
                                        MY "-n_0000000007",   HERS "-n_0000000005",
                                        HERS "-n_0000000009", HERS "-n_1"};
    rig r = open_rig();
    (void)state;
    answer_list(&r, names, WEFT_COUNT(names));
    answer_epoch(&r, 40, 4, 8, (weft_uuid){.high = 7});
    assert_int_equal(find(&r, WEFT_ELECTION_FOLLOW)->epoch.epoch, 40);
    assert_string_equal(find(&r, WEFT_ELECTION_WATCH)->name, HERS "-n_0000000005");
    answer(&r, (weft_election_event){.outcome = WEFT_ELECTION_DONE});
    assert_int_equal(r.out.count, 0);
    assert_int_equal(r.machine.state, WEFT_ELECTION_STANDBY);
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_ORDER_CHANGED});
    assert_non_null(find(&r, WEFT_ELECTION_LIST));
}

static void the_first_epoch_is_made_and_is_the_clocks(void **state)
{
    static const char *const names[] = {MY "-n_0000000007"};
    rig r = open_rig();
    (void)state;
    r.wall_s = 59000000;
    answer_list(&r, names, 1);
    answer_epoch(&r, 0, 0, -1, (weft_uuid){0});
    const weft_election_action *take = find(&r, WEFT_ELECTION_TAKE);
    assert_int_equal(take->epoch.version, -1);
    assert_int_equal(take->epoch.epoch, 59000000);
    assert_int_equal(take->epoch.term, 1);
}

static void no_epoch_beyond_the_greatest(void **state)
{
    static const char *const names[] = {MY "-n_0000000007"};
    rig r = open_rig();
    (void)state;
    answer_list(&r, names, 1);
    answer_epoch(&r, WEFT_ELECTION_EPOCH_MAX, 9, 8, (weft_uuid){.high = 7});
    assert_null(find(&r, WEFT_ELECTION_TAKE));
}

static void what_was_created_unheard_is_found_again(void **state)
{
    static const char *const names[] = {MY "-n_0000000007"};
    rig r = {.now_ms = 1000};
    (void)state;
    weft_election_init(&r.machine);
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_SESSION, .guid = me, .lease_ns = LEASE_MS * MS});
    answer(&r, (weft_election_event){.outcome = WEFT_ELECTION_UNKNOWN});
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_LOST});
    assert_int_equal(r.out.count, 0);
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_CONNECTED});
    assert_non_null(find(&r, WEFT_ELECTION_LIST));
    answer_list(&r, names, 1);
    assert_null(find(&r, WEFT_ELECTION_CREATE));
    assert_non_null(find(&r, WEFT_ELECTION_READ));
}

static void a_lost_connection_suspends_and_the_epoch_resumes(void **state)
{
    rig r = open_leader();
    (void)state;
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_LOST});
    assert_non_null(find(&r, WEFT_ELECTION_SUSPEND));
    r.now_ms += 300;
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_CONNECTED});
    assert_null(find(&r, WEFT_ELECTION_RESUME));
    assert_non_null(find(&r, WEFT_ELECTION_READ));
    answer_epoch(&r, 41, 5, 9, me);
    assert_non_null(find(&r, WEFT_ELECTION_RESUME));
}

static void the_lease_ends_when_it_said(void **state)
{
    rig r = open_leader();
    (void)state;
    assert_int_equal(weft_election_due_ns(&r.machine), (1000 + LEASE_MS) * MS);
    r.now_ms += 500;
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_PROBED, .sent_ns = 1200 * MS});
    assert_int_equal(weft_election_due_ns(&r.machine), (1200 + LEASE_MS) * MS);
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_LOST});
    r.now_ms = 1200 + LEASE_MS - 1;
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_TICK});
    assert_int_equal(r.out.count, 0);
    r.now_ms++;
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_TICK});
    assert_non_null(find(&r, WEFT_ELECTION_STEP_DOWN));
    assert_int_equal(weft_election_due_ns(&r.machine), INT64_MAX);
}

/* It was stopped for long; the connection is what it sees first. */
static void a_lease_that_ended_unseen_counts_first(void **state)
{
    rig r = open_leader();
    (void)state;
    r.now_ms += 30000;
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_LOST});
    assert_int_equal(r.out.items[0].kind, WEFT_ELECTION_STEP_DOWN);
    assert_null(find(&r, WEFT_ELECTION_SUSPEND));
}

static void the_end_of_the_session_ends_it_at_once(void **state)
{
    rig r = open_leader();
    (void)state;
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_EXPIRED});
    assert_non_null(find(&r, WEFT_ELECTION_STEP_DOWN));
    assert_int_equal(r.machine.state, WEFT_ELECTION_ABSENT);
}

static void another_epoch_deposes(void **state)
{
    rig r = open_leader();
    (void)state;
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_EPOCH_CHANGED});
    answer_epoch(&r, 42, 6, 10, (weft_uuid){.high = 7});
    assert_int_equal(r.out.items[0].kind, WEFT_ELECTION_STEP_DOWN);
    assert_non_null(find(&r, WEFT_ELECTION_FOLLOW));
}

static void who_resigns_wants_a_new_session(void **state)
{
    rig r = open_leader();
    (void)state;
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_RESIGN});
    assert_non_null(find(&r, WEFT_ELECTION_STEP_DOWN));
    assert_non_null(find(&r, WEFT_ELECTION_RENEW));
}

/* What fails is asked for again, but not at once. */
static void failures_wait_a_little(void **state)
{
    rig r = open_rig();
    (void)state;
    answer(&r, (weft_election_event){.outcome = WEFT_ELECTION_FAILED});
    assert_int_equal(r.out.count, 0);
    r.now_ms = weft_election_due_ns(&r.machine) / MS;
    assert_true(r.now_ms > 1000 && r.now_ms < 2000);
    step(&r, (weft_election_event){.kind = WEFT_ELECTION_TICK});
    assert_non_null(find(&r, WEFT_ELECTION_LIST));
}

WEFT_TESTS(WEFT_TEST(watches_the_one_before_it_only), WEFT_TEST(the_first_epoch_is_made_and_is_the_clocks),
           WEFT_TEST(no_epoch_beyond_the_greatest), WEFT_TEST(what_was_created_unheard_is_found_again),
           WEFT_TEST(a_lost_connection_suspends_and_the_epoch_resumes),
           WEFT_TEST(the_lease_ends_when_it_said), WEFT_TEST(a_lease_that_ended_unseen_counts_first),
           WEFT_TEST(the_end_of_the_session_ends_it_at_once), WEFT_TEST(another_epoch_deposes),
           WEFT_TEST(who_resigns_wants_a_new_session), WEFT_TEST(failures_wait_a_little))
