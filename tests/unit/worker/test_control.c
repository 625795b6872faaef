/* tests/unit/worker/test_control.c - the pure machine of a worker's end, alone and against the coordinator's.
 *
 * Alone: backoff, lease, grace, epochs, what is sent again. Against coordinator/members.c: random schedules
 * of a network that loses, doubles, delays and breaks, with clocks that the test owns; every order and every
 * report is handled at most once and in order within a session, no report is lost over all sessions, and as
 * soon as the network is well again, all is delivered. The last test removes one rule after the other from
 * the worker's end and must see it. */
#include "worker/control.h"

#include "coordinator/members.h"
#include "tests/support/fixture.h"

#define MS INT64_C(1000000)

/* ---- the machine alone ---- */

enum { SEEN_MAX = 4096 };

typedef struct solo {
    weft_control c;
    weft_control_action seen[SEEN_MAX];
    int32_t count;
} solo;

static void note(void *self, const weft_control_action *action)
{
    solo *s = self;
    assert_true(s->count < SEEN_MAX);
    s->seen[s->count++] = *action;
}

static void step(solo *s, weft_control_event_kind kind, uint64_t peer, weft_link_head head, int64_t now)
{
    const weft_control_event e = {.kind = kind, .peer = peer, .head = head};
    s->count = 0;
    weft_control_step(&s->c, &e, now, note, s);
}

static weft_control_options usual(void)
{
    return (weft_control_options){.tick_ns = 10000 * MS, /* no tick comes late */
                                  .beat_ns = 10 * MS,
                                  .silent_ns = 100 * MS,
                                  .lease_ns = 300 * MS,
                                  .grace_ns = 2000 * MS,
                                  .backoff_least_ns = 10 * MS,
                                  .backoff_most_ns = 80 * MS,
                                  .welcome_ns = 50 * MS,
                                  .seed = 7};
}

static const weft_link_head no_head;

static weft_link_head session(uint64_t epoch, uint64_t number)
{
    return (weft_link_head){.session = epoch << 32 | number};
}

static void be_member(solo *s, uint64_t peer, weft_link_head head, int64_t now)
{
    step(s, WEFT_CONTROL_TICK, 0, no_head, now);
    assert_int_equal(s->seen[s->count - 1].kind, WEFT_CONTROL_CONNECT);
    weft_control_connected(&s->c, peer, now);
    assert_int_equal(s->c.state, WEFT_CONTROL_ASKING);
    step(s, WEFT_CONTROL_WELCOME, peer, head, now);
    assert_int_equal(s->c.state, WEFT_CONTROL_MEMBER);
}

/* Tries come later and later, up to a most, never at once, and start anew after a success. */
static void backoff(void **state)
{
    (void)state;
    solo s = {.count = 0};
    const weft_control_options options = usual();
    int64_t now = 0, before = 0, least = INT64_MAX, most = 0;
    weft_control_init(&s.c, &options, 0, now);
    for (int32_t tries = 0; tries < 20;) {
        now += MS;
        step(&s, WEFT_CONTROL_TICK, 0, no_head, now);
        if (s.count == 0) continue;
        assert_int_equal(s.seen[0].kind, WEFT_CONTROL_CONNECT);
        weft_control_connected(&s.c, 0, now); /* it could not be */
        if (tries >= 5) least = weft_min_i64(least, now - before);
        most = weft_max_i64(most, now - before);
        before = now;
        tries++;
    }
    assert_true(most <= 81 * MS && least >= 40 * MS);
    be_member(&s, 1, session(1, 1), now + 100 * MS);
    step(&s, WEFT_CONTROL_GONE, 1, no_head, now + 200 * MS);
    assert_true(s.c.connect_ns - now - 200 * MS <= 10 * MS);
    weft_control_connected(&s.c, 2, now + 300 * MS);
    step(&s, WEFT_CONTROL_TICK, 0, no_head, now + 349 * MS);
    assert_int_equal(s.count, 0);
    step(&s, WEFT_CONTROL_TICK, 0, no_head, now + 350 * MS); /* no welcome */
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_CLOSE);
    assert_int_equal(s.c.state, WEFT_CONTROL_APART);
}

/* What was not acknowledged is sent again, under the numbers of the new session; what was is forgotten. */
static void resends(void **state)
{
    (void)state;
    solo s = {.count = 0};
    const weft_control_options options = usual();
    weft_control_init(&s.c, &options, 0, 0);
    step(&s, WEFT_CONTROL_REPORT, 0, no_head, 0);
    assert_int_equal(s.count, 0); /* apart: it waits */
    be_member(&s, 1, session(1, 1), 0);
    assert_int_equal(s.count, 2); /* RESUME first */
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_RESUME);
    assert_int_equal(s.seen[1].kind, WEFT_CONTROL_SEND);
    for (uint64_t i = 2; i <= 4; i++) {
        step(&s, WEFT_CONTROL_REPORT, 0, no_head, 0);
        assert_true(s.seen[0].report == i && s.seen[0].head.number == i);
    }
    weft_link_head head = session(1, 1);
    head.ack = 3;
    step(&s, WEFT_CONTROL_BEAT, 1, head, MS);
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_FORGET);
    assert_int_equal(s.seen[0].report, 3);
    head.ack = 2; /* an old one that comes late */
    step(&s, WEFT_CONTROL_BEAT, 1, head, MS);
    assert_int_equal(s.count, 0);
    head.ack = 5; /* of what was never sent: not this conversation */
    step(&s, WEFT_CONTROL_BEAT, 1, head, MS);
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_CLOSE);
    be_member(&s, 2, session(1, 2), 200 * MS);
    assert_int_equal(s.count, 1);
    assert_true(s.seen[0].report == 4 && s.seen[0].head.number == 1);
    head = session(1, 2);
    head.ack = 1;
    step(&s, WEFT_CONTROL_BEAT, 2, head, 201 * MS);
    assert_int_equal(s.seen[0].report, 4);
}

/* Who sends pieces waits for each to be acknowledged; once is enough. */
static void pieces_are_acknowledged(void **state)
{
    (void)state;
    solo s = {.count = 0};
    const weft_control_options options = usual();
    weft_link_head head = session(1, 1);
    weft_control_init(&s.c, &options, 0, 0);
    be_member(&s, 1, head, 0);
    for (head.number = 1; head.number <= 3; head.number++) {
        step(&s, WEFT_CONTROL_PIECE, 1, head, MS);
        assert_int_equal(s.count, 2);
        assert_int_equal(s.seen[0].kind, WEFT_CONTROL_HANDLE);
        assert_int_equal(s.seen[1].kind, WEFT_CONTROL_BEATS);
        assert_true(s.seen[1].head.ack == head.number);
        step(&s, WEFT_CONTROL_PIECE, 1, head, MS); /* twice */
        assert_int_equal(s.count, 0);
    }
    step(&s, WEFT_CONTROL_ORDER, 1, head, MS);
    assert_int_equal(s.count, 1);
    head.number += 2;
    step(&s, WEFT_CONTROL_PIECE, 1, head, MS); /* one is missing */
    assert_int_equal(s.count, 1);
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_CLOSE);
}

/* Lower epochs are refused, equal and higher ones are not. */
static void epochs(void **state)
{
    (void)state;
    solo s = {.count = 0};
    const weft_control_options options = usual();
    weft_control_init(&s.c, &options, 5, 0);
    step(&s, WEFT_CONTROL_TICK, 0, no_head, 0);
    weft_control_connected(&s.c, 1, 0);
    step(&s, WEFT_CONTROL_WELCOME, 1, session(4, 9), 0);
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_CLOSE);
    assert_int_equal(s.c.state, WEFT_CONTROL_APART);
    be_member(&s, 2, session(5, 1), 100 * MS);
    step(&s, WEFT_CONTROL_GONE, 2, no_head, 100 * MS);
    be_member(&s, 3, session(6, 1), 200 * MS);
    assert_int_equal(s.c.epoch, 6);
    step(&s, WEFT_CONTROL_WELCOME, 3, session(7, 1), 200 * MS); /* a second one is passed over */
    assert_int_equal(s.c.epoch, 6);
}

/* Silence ends the session, then the lease, then the worker; a welcome in between brings all back. */
static void lease(void **state)
{
    (void)state;
    solo s = {.count = 0};
    const weft_control_options options = usual();
    weft_control_init(&s.c, &options, 0, 0);
    be_member(&s, 1, session(1, 1), 0);
    step(&s, WEFT_CONTROL_TICK, 0, no_head, 100 * MS);
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_CLOSE);
    step(&s, WEFT_CONTROL_TICK, 0, no_head, 300 * MS);
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_PAUSE);
    be_member(&s, 2, session(1, 2), 400 * MS);
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_RESUME);
    step(&s, WEFT_CONTROL_GONE, 2, no_head, 400 * MS);
    step(&s, WEFT_CONTROL_TICK, 0, no_head, 2400 * MS);
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_PAUSE);
    assert_int_equal(s.seen[1].kind, WEFT_CONTROL_FORSAKEN);
    step(&s, WEFT_CONTROL_TICK, 0, no_head, 2401 * MS);
    assert_int_not_equal(s.count == 0 ? WEFT_CONTROL_CONNECT : s.seen[0].kind, WEFT_CONTROL_FORSAKEN);
}

/* A process that was stopped for longer than its lease: an order that waited for it is not carried out. */
static void stopped(void **state)
{
    (void)state;
    solo s = {.count = 0};
    const weft_control_options options = usual();
    weft_control_init(&s.c, &options, 0, 0);
    be_member(&s, 1, session(1, 1), 0);
    weft_link_head head = session(1, 1);
    head.number = 1;
    step(&s, WEFT_CONTROL_ORDER, 1, head, 299 * MS);
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_HANDLE);
    head.number = 2;
    step(&s, WEFT_CONTROL_ORDER, 1, head, 599 * MS);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_PAUSE);
    assert_int_equal(s.seen[1].kind, WEFT_CONTROL_CLOSE);
    be_member(&s, 2, session(1, 2), 700 * MS);
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_RESUME);
}

/* Ticks every 5 ms up to this time; false when one of them ended the session. */
static bool tick_until(solo *s, int64_t *now, int64_t until)
{
    while (*now < until && s->c.state == WEFT_CONTROL_MEMBER)
        step(s, WEFT_CONTROL_TICK, 0, no_head, *now += 5 * MS);
    return s->c.state == WEFT_CONTROL_MEMBER;
}

/* Time in which its own thread was held up is no silence of others; but it is time of the lease. */
static void held_up(void **state)
{
    (void)state;
    solo s = {.count = 0};
    weft_control_options options = usual();
    options.tick_ns = 5 * MS;
    options.grace_ns = 400 * MS;
    weft_control_init(&s.c, &options, 0, 0);
    be_member(&s, 1, session(1, 1), 0);
    int64_t now = 0;
    assert_true(tick_until(&s, &now, 60 * MS));
    now += 150 * MS; /* 60 ms of silence so far, and now 5 more */
    assert_true(tick_until(&s, &now, now + 30 * MS));
    assert_false(tick_until(&s, &now, now + 10 * MS));
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_CLOSE);
    now += 1000 * MS; /* apart, for longer than the grace time, of which 100 ms have passed */
    step(&s, WEFT_CONTROL_TICK, 0, no_head, now);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_PAUSE);
    assert_int_equal(s.seen[1].kind, WEFT_CONTROL_CONNECT);
    weft_control_connected(&s.c, 2, now);
    now += 1000 * MS; /* the welcome may be there: nobody has looked */
    step(&s, WEFT_CONTROL_TICK, 0, no_head, now);
    assert_int_equal(s.c.state, WEFT_CONTROL_ASKING);
    step(&s, WEFT_CONTROL_WELCOME, 2, session(1, 2), now);
    assert_int_equal(s.c.state, WEFT_CONTROL_MEMBER);
    assert_true(tick_until(&s, &now, now + 50 * MS));
    step(&s, WEFT_CONTROL_TICK, 0, no_head, now + 300 * MS); /* longer than the lease */
    assert_int_equal(s.count, 2);
    assert_int_equal(s.seen[0].kind, WEFT_CONTROL_PAUSE);
    assert_int_equal(s.seen[1].kind, WEFT_CONTROL_CLOSE);
}

/* ---- against the coordinator's end ---- */

enum {
    WORKERS = 3,
    WIRE_MAX = 4096,   /* messages under way */
    OUTBOX_MAX = 4096, /* reports of a worker */
    STEPS = 3000,
    TICK_MS = 5
};

typedef enum wire_kind {
    WIRE_REGISTER,
    WIRE_WELCOME,
    WIRE_ORDER,
    WIRE_REPORT,
    WIRE_BEAT,
    WIRE_GONE
} wire_kind;

/* A message, or the news of a broken connection, on its way to worker or coordinator. */
typedef struct wire_message {
    wire_kind kind;
    bool to_worker;
    int32_t worker;
    uint64_t peer;
    weft_link_head head;
    uint64_t content; /* ORDER: its number among all of this session; REPORT, REGISTER: the worker's of it */
    int64_t at_ns;
} wire_message;

typedef struct end_worker {
    weft_control c;
    uint64_t made, forgotten, handled; /* reports; handled: by the coordinator, the last one */
    uint64_t report_session, report;   /* of the session: the last one that was handled */
    uint64_t order_session, orders;    /* orders handled in this session */
    uint64_t told;                     /* orders sent to it in this session */
    uint64_t told_session;
} end_worker;

typedef struct world {
    weft_fixture f;
    weft_members *members;
    end_worker workers[WORKERS];
    wire_message wire[WIRE_MAX];
    int32_t wire_count;
    uint64_t random, next_peer;
    int64_t now;
    bool rough;        /* the network misbehaves */
    int32_t defect;    /* of the worker's end; 0: none */
    const char *wrong; /* what a checker saw */
    int32_t acting;    /* the worker whose machine is stepped */
    const wire_message *event;
    int64_t delivered, sessions;
} world;

static uint64_t draw(world *w, uint64_t below)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random % below;
}

static void wrong(world *w, const char *what)
{
    if (w->wrong == NULL) w->wrong = what;
}

/* Rough: one in twelve is lost, one in twelve comes twice, all are late by up to 40 ms and pass each other. A
 * connection of ours keeps its order and loses nothing; the machines must do with less. */
static void put_wire(world *w, wire_message m)
{
    const int32_t copies = !w->rough ? 1 : draw(w, 12) == 0 ? 0 : draw(w, 12) == 0 ? 2 : 1;
    for (int32_t i = 0; i < copies && w->wire_count < WIRE_MAX; i++) {
        m.at_ns = w->now + MS + (w->rough ? (int64_t)draw(w, 40) * MS : 0);
        w->wire[w->wire_count++] = m;
    }
}

static void break_connection(world *w, int32_t worker, uint64_t peer)
{
    wire_message gone = {.kind = WIRE_GONE, .worker = worker, .peer = peer};
    put_wire(w, gone);
    gone.to_worker = true;
    put_wire(w, gone);
}

/* ---- the worker's end ---- */

static void worker_act(void *self, const weft_control_action *a)
{
    world *w = self;
    end_worker *k = &w->workers[w->acting];
    wire_message m = {.worker = w->acting, .peer = a->peer, .head = a->head};
    switch (a->kind) {
    case WEFT_CONTROL_CONNECT: break; /* done after the step */
    case WEFT_CONTROL_CLOSE:
        m.kind = WIRE_GONE;
        put_wire(w, m);
        break;
    case WEFT_CONTROL_HANDLE:
        if (k->order_session != w->event->head.session) k->orders = 0;
        k->order_session = w->event->head.session;
        if (w->event->content != ++k->orders) wrong(w, "an order was handled out of order, or twice");
        w->delivered++;
        break;
    case WEFT_CONTROL_SEND:
        if (a->report <= k->forgotten || a->report > k->made) wrong(w, "a report that is not there is sent");
        m.kind = WIRE_REPORT;
        m.content = a->report;
        put_wire(w, m);
        break;
    case WEFT_CONTROL_FORGET:
        if (a->report > k->handled) wrong(w, "a report was forgotten before it was handled");
        k->forgotten = a->report;
        break;
    case WEFT_CONTROL_BEATS:
        m.kind = WIRE_BEAT;
        put_wire(w, m);
        break;
    case WEFT_CONTROL_AGAIN:
    case WEFT_CONTROL_PAUSE:
    case WEFT_CONTROL_RESUME: break;
    case WEFT_CONTROL_FORSAKEN: wrong(w, "a worker was forsaken"); break;
    }
}

static void step_worker(world *w, int32_t worker, const weft_control_event *e)
{
    end_worker *k = &w->workers[worker];
    const weft_control_state before = k->c.state;
    w->acting = worker;
    weft_control_step(&k->c, e, w->now, worker_act, w);
    if (w->defect == 1 && k->c.state == WEFT_CONTROL_MEMBER && before == WEFT_CONTROL_ASKING)
        k->c.acked = k->c.reports; /* nothing is sent again */
    if (w->defect == 2 && e->kind == WEFT_CONTROL_ORDER && k->c.link.received > 0 && draw(w, 20) == 0)
        k->c.link.received--; /* forgets that it had this one */
    if (w->defect == 3 && e->kind == WEFT_CONTROL_REPORT) k->c.acked = k->c.reports; /* acknowledged unread */
    if (e->kind != WEFT_CONTROL_TICK || k->c.state != WEFT_CONTROL_APART || w->now < k->c.connect_ns) return;
    const uint64_t peer = ++w->next_peer;
    weft_control_connected(&k->c, peer, w->now);
    put_wire(w, (wire_message){
                    .kind = WIRE_REGISTER, .worker = worker, .peer = peer, .content = k->c.registrations});
}

static void worker_gets(world *w, const wire_message *m)
{
    weft_control_event e = {.peer = m->peer, .head = m->head};
    switch (m->kind) {
    case WIRE_WELCOME: e.kind = WEFT_CONTROL_WELCOME; break;
    case WIRE_ORDER: e.kind = WEFT_CONTROL_ORDER; break;
    case WIRE_BEAT: e.kind = WEFT_CONTROL_BEAT; break;
    case WIRE_GONE: e.kind = WEFT_CONTROL_GONE; break;
    case WIRE_REGISTER:
    case WIRE_REPORT: return;
    }
    w->event = m;
    step_worker(w, m->worker, &e);
}

/* ---- the coordinator's end ---- */

static void members_step(world *w, const weft_member_event *e, const wire_message *m)
{
    weft_member_actions actions;
    weft_fixture_ok(&w->f, weft_members_step(&w->f.ctx, w->members, e, w->now, &actions));
    for (int32_t i = 0; i < actions.count; i++) {
        const weft_member_action *a = &actions.items[i];
        /* which worker it is: a number is bound to a UUID, which is the worker's index here */
        wire_message out = {.to_worker = true, .peer = a->peer, .head = a->head, .worker = -1};
        for (int32_t k = 0; k < WORKERS; k++)
            if (w->workers[k].c.peer == a->peer || (m != NULL && m->peer == a->peer)) out.worker = k;
        if (m != NULL && m->peer == a->peer) out.worker = m->worker;
        switch (a->kind) {
        case WEFT_MEMBER_WELCOME:
            w->sessions++;
            w->workers[out.worker].told = 0;
            w->workers[out.worker].told_session = a->head.session;
            out.kind = WIRE_WELCOME;
            put_wire(w, out);
            break;
        case WEFT_MEMBER_HANDLE: {
            end_worker *k = &w->workers[m->worker];
            /* In a new session it may come again, when its acknowledgement was lost; never in one session. */
            if (k->report_session != m->head.session) k->report = 0;
            k->report_session = m->head.session;
            if (m->content > k->handled + 1) wrong(w, "a report was lost");
            if (m->content <= k->report) wrong(w, "a report was handled out of order, or twice");
            k->report = m->content;
            if (m->content > k->handled) k->handled = m->content;
            w->delivered++;
            break;
        }
        case WEFT_MEMBER_BEATS:
            out.kind = WIRE_BEAT;
            if (out.worker >= 0) put_wire(w, out);
            break;
        case WEFT_MEMBER_CLOSE:
            out.kind = WIRE_GONE;
            if (out.worker >= 0) put_wire(w, out);
            break;
        case WEFT_MEMBER_PRESENT:
        case WEFT_MEMBER_SILENT:
        case WEFT_MEMBER_DEAD: break;
        }
    }
    const char *check = weft_members_check(w->members);
    if (check != NULL) wrong(w, check);
}

static void coordinator_gets(world *w, const wire_message *m)
{
    weft_member_event e = {
        .peer = m->peer, .uuid = {.low = (uint64_t)m->worker + 1}, .slots = 1, .head = m->head};
    switch (m->kind) {
    case WIRE_REGISTER:
        e.kind = WEFT_MEMBER_REGISTERS;
        e.registration = m->content;
        break;
    case WIRE_REPORT: e.kind = WEFT_MEMBER_MESSAGE; break;
    case WIRE_BEAT: e.kind = WEFT_MEMBER_BEAT; break;
    case WIRE_GONE: e.kind = WEFT_MEMBER_GONE; break;
    case WIRE_WELCOME:
    case WIRE_ORDER: return;
    }
    members_step(w, &e, m);
}

/* An order for whoever is present behind this worker's connection. */
static void give_order(world *w, int32_t worker)
{
    end_worker *k = &w->workers[worker];
    const int32_t number = weft_members_find(w->members, k->c.peer);
    wire_message m = {.kind = WIRE_ORDER, .to_worker = true, .worker = worker};
    if (k->c.peer == 0 || number < 0) return;
    if (!weft_members_send(w->members, number, w->now, &m.peer, &m.head)) return;
    m.content = ++k->told;
    put_wire(w, m);
}

/* ---- schedules ---- */

static void deliver_due(world *w)
{
    for (int32_t i = 0; i < w->wire_count;) {
        if (w->wire[i].at_ns > w->now) {
            i++;
            continue;
        }
        const wire_message m = w->wire[i];
        for (int32_t j = i + 1; j < w->wire_count; j++) w->wire[j - 1] = w->wire[j]; /* in the order sent */
        w->wire_count--;
        if (m.to_worker)
            worker_gets(w, &m);
        else
            coordinator_gets(w, &m);
    }
}

static void make_noise(world *w)
{
    for (int32_t k = 0; k < WORKERS; k++) {
        end_worker *worker = &w->workers[k];
        if (draw(w, 6) == 0 && worker->made < OUTBOX_MAX) {
            const weft_control_event report = {.kind = WEFT_CONTROL_REPORT};
            worker->made++;
            step_worker(w, k, &report);
        }
        if (draw(w, 6) == 0) give_order(w, k);
        if (w->rough && worker->c.peer != 0 && draw(w, 300) == 0) break_connection(w, k, worker->c.peer);
    }
}

static void tick(world *w, bool noise)
{
    const weft_control_event worker_tick = {.kind = WEFT_CONTROL_TICK};
    const weft_member_event members_tick = {.kind = WEFT_MEMBER_TICK};
    w->now += TICK_MS * MS;
    deliver_due(w);
    if (noise) make_noise(w);
    for (int32_t k = 0; k < WORKERS; k++) step_worker(w, k, &worker_tick);
    members_step(w, &members_tick, NULL);
}

/* A rough time, then a good network: whatever happened, all is delivered in the end. */
static const char *run(uint64_t seed, int32_t defect)
{
    static world w;
    const weft_control_options options = {.tick_ns = TICK_MS * MS,
                                          .beat_ns = 20 * MS,
                                          .silent_ns = 150 * MS,
                                          .lease_ns = INT64_MAX / 2,
                                          .grace_ns = INT64_MAX / 2,
                                          .backoff_least_ns = 10 * MS,
                                          .backoff_most_ns = 50 * MS,
                                          .welcome_ns = 120 * MS,
                                          .seed = seed};
    const weft_members_options members = {
        .tick_ns = TICK_MS * MS, .beat_ns = 20 * MS, .silent_ns = 150 * MS, .lost_ns = 400 * MS};
    w = (world){.random = seed * 2654435761u + 1, .rough = true, .defect = defect};
    weft_fixture_open(&w.f);
    weft_fixture_ok(&w.f, weft_members_new(&w.f.ctx, &members, (uint64_t)1 << 32, &w.members));
    for (int32_t k = 0; k < WORKERS; k++) weft_control_init(&w.workers[k].c, &options, 0, 0);
    for (int32_t i = 0; i < STEPS && w.wrong == NULL; i++) tick(&w, true);
    w.rough = false;
    for (int32_t i = 0; i < 400 && w.wrong == NULL; i++) tick(&w, false);
    for (int32_t k = 0; k < WORKERS && w.wrong == NULL; k++) {
        const end_worker *worker = &w.workers[k];
        if (worker->c.state != WEFT_CONTROL_MEMBER) w.wrong = "a worker did not come back";
        if (worker->handled != worker->made) w.wrong = "a report never arrived";
        if (worker->forgotten != worker->made) w.wrong = "a report was never acknowledged";
        if (worker->order_session == worker->told_session && worker->orders != worker->told)
            w.wrong = "an order never arrived";
    }
    if (w.wrong == NULL && (w.delivered < STEPS / 10 || w.sessions < 2 * WORKERS))
        w.wrong = "the schedule did not test anything";
    weft_members_free(&w.members);
    weft_fixture_close(&w.f);
    return w.wrong;
}

static void random_schedules(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 25; seed++) {
        const char *wrong_text = run(seed, 0);
        if (wrong_text != NULL) fail_msg("seed %llu: %s", (unsigned long long)seed, wrong_text);
    }
}

/* The rig sees what it is there to see. */
static void planted_defects(void **state)
{
    (void)state;
    for (int32_t defect = 1; defect <= 3; defect++) {
        bool found = false;
        for (uint64_t seed = 1; seed <= 20 && !found; seed++) found = run(seed, defect) != NULL;
        if (!found) fail_msg("nobody noticed defect %d", defect);
    }
}

WEFT_TESTS(WEFT_TEST(backoff), WEFT_TEST(resends), WEFT_TEST(pieces_are_acknowledged), WEFT_TEST(epochs),
           WEFT_TEST(lease), WEFT_TEST(stopped), WEFT_TEST(held_up), WEFT_TEST(random_schedules),
           WEFT_TEST(planted_defects))
