/* coordinator/election.c - see election.h.
 *
 * What is known is kept as facts (is my candidate there? who stands before? what is the epoch?); an event
 * makes facts known or unknown, and then `go_on` asks for the next one that is missing. So there is no order
 * of events that it would have to foresee. */
#include "coordinator/election.h"

#include <stdio.h>
#include <string.h>

#define RETRY_NS INT64_C(100000000) /* after an outcome that was bad or unknown, while connected */

enum { SEQUENCE_DIGITS = 10, GUID_LEN = WEFT_UUID_TEXT_BYTES - 1 };

static weft_election_action *add(weft_election_actions *out, weft_election_action_kind kind)
{
    assert(out->count < WEFT_ELECTION_ACTIONS_MAX);
    weft_election_action *a = &out->items[out->count++];
    *a = (weft_election_action){.kind = kind};
    return a;
}

static bool leads(const weft_election *e)
{
    return e->state == WEFT_ELECTION_LEADS || e->state == WEFT_ELECTION_SUSPENDED;
}

static void forget_order(weft_election *e) { e->is_looked_up = e->is_first = e->is_watched = false; }

static void step_down(weft_election *e, const char *why, weft_election_actions *out)
{
    if (!leads(e)) return;
    e->state = e->has_candidate ? WEFT_ELECTION_STANDBY : WEFT_ELECTION_ABSENT;
    e->mine = (weft_election_epoch){0};
    e->is_read = false;
    forget_order(e); /* it was not looked after meanwhile */
    add(out, WEFT_ELECTION_STEP_DOWN)->why = why;
}

/* ---- names ---- */

/* The number at the end of "GUID-n_NNNNNNNNNN"; -1: it is not the name of a candidate. */
static int64_t sequence_of(const char *name)
{
    int64_t number = 0;
    if (strlen(name) != GUID_LEN + 3 + SEQUENCE_DIGITS || strncmp(name + GUID_LEN, "-n_", 3) != 0) return -1;
    for (const char *c = name + GUID_LEN + 3; *c != 0; c++) {
        if (*c < '0' || *c > '9') return -1;
        number = number * 10 + (*c - '0');
    }
    return number;
}

static bool is_own(const weft_election *e, const char *name)
{
    char guid[WEFT_UUID_TEXT_BYTES];
    weft_uuid_text(e->guid, guid);
    return sequence_of(name) >= 0 && strncmp(name, guid, GUID_LEN) == 0;
}

static void keep_name(char to[WEFT_ELECTION_NAME_BYTES], const char *name)
{
    snprintf(to, WEFT_ELECTION_NAME_BYTES, "%s", name);
}

/* Which of the candidates is mine, and which stands before it. Two of one GUID cannot be; if they were, the
 * first would count, and the other go with the session. */
static void take_order(weft_election *e, const weft_election_event *event)
{
    int64_t own = -1, before = -1;
    for (int32_t i = 0; i < event->count; i++) {
        const int64_t at = sequence_of(event->names[i]);
        if (!is_own(e, event->names[i]) || (own >= 0 && at > own)) continue;
        own = at;
        keep_name(e->own, event->names[i]);
    }
    e->is_looked_up = true;
    e->has_candidate = own >= 0;
    e->is_watched = false;
    for (int32_t i = 0; i < event->count; i++) {
        const int64_t at = sequence_of(event->names[i]);
        if (at < 0 || at >= own || at <= before) continue;
        before = at;
        keep_name(e->before, event->names[i]);
    }
    e->is_first = own >= 0 && before < 0;
}

/* ---- facts ---- */

static void forget_session(weft_election *e)
{
    forget_order(e);
    e->in_session = e->connected = e->has_candidate = e->is_read = false;
    e->request = 0;
    e->retry_ns = 0;
}

static int64_t lease_end(const weft_election *e) { return e->heard_ns + e->lease_ns; }

/* An answer that comes when the lease has ended proves nothing any more: the epoch is read again. */
static void begin_to_lead(weft_election *e, weft_election_actions *out)
{
    if (e->now_ns >= lease_end(e)) {
        e->is_read = false;
        return;
    }
    e->state = WEFT_ELECTION_LEADS;
    e->mine = e->epoch;
    e->led_epoch = e->epoch.epoch;
    add(out, WEFT_ELECTION_LEAD)->epoch = e->epoch;
}

/* The epoch as it stands: is it mine, still or for the first time? */
static void take_epoch(weft_election *e, const weft_election_epoch *epoch, weft_election_actions *out)
{
    e->epoch = *epoch;
    e->is_read = true;
    const bool by_me = epoch->version >= 0 && weft_uuid_equal(epoch->guid, e->guid);
    if (leads(e) && by_me && epoch->epoch == e->mine.epoch) {
        if (e->state == WEFT_ELECTION_SUSPENDED) add(out, WEFT_ELECTION_RESUME);
        e->state = WEFT_ELECTION_LEADS;
        return;
    }
    step_down(e, "another epoch stands", out);
    e->is_read = true;
    if (by_me && epoch->epoch > e->led_epoch)
        begin_to_lead(e, out); /* the answer to TAKE was lost */
    else if (epoch->version >= 0)
        add(out, WEFT_ELECTION_FOLLOW)->epoch = *epoch;
}

/* ---- events ---- */

static void on_answer(weft_election *e, const weft_election_event *event, weft_election_actions *out)
{
    const weft_election_action_kind asked = e->asked;
    if (e->request == 0 || event->request != e->request) return; /* of before the connection was lost */
    e->request = 0;
    if (event->outcome == WEFT_ELECTION_UNKNOWN || event->outcome == WEFT_ELECTION_FAILED) {
        e->retry_ns = event->now_ns + RETRY_NS;
        if (asked == WEFT_ELECTION_CREATE) forget_order(e);
        if (asked == WEFT_ELECTION_TAKE) e->is_read = false;
        return;
    }
    const bool done = event->outcome == WEFT_ELECTION_DONE;
    switch (asked) {
    case WEFT_ELECTION_CREATE: forget_order(e); break; /* the list tells its place, and that it is there */
    case WEFT_ELECTION_LIST: take_order(e, event); break;
    case WEFT_ELECTION_READ:
        take_epoch(e, &event->epoch, out);
        if (e->is_outdated) e->is_read = false;
        break;
    case WEFT_ELECTION_WATCH:
        e->is_watched = done;
        if (!done) forget_order(e);
        break;
    case WEFT_ELECTION_TAKE:
        e->is_read = false; /* also when it is done: the watch has fired for that */
        if (event->outcome == WEFT_ELECTION_MISSING) forget_order(e);
        if (!done) break;
        e->epoch.version = event->version;
        begin_to_lead(e, out);
        break;
    case WEFT_ELECTION_LEAD:
    case WEFT_ELECTION_SUSPEND:
    case WEFT_ELECTION_RESUME:
    case WEFT_ELECTION_STEP_DOWN:
    case WEFT_ELECTION_FOLLOW:
    case WEFT_ELECTION_RENEW: break;
    }
}

/* All that was known may have changed since, and what was asked may have been done. */
static void on_lost(weft_election *e, weft_election_actions *out)
{
    e->connected = false;
    e->request = 0;
    e->is_read = false;
    forget_order(e);
    if (e->state != WEFT_ELECTION_LEADS) return;
    e->state = WEFT_ELECTION_SUSPENDED;
    add(out, WEFT_ELECTION_SUSPEND);
}

static void on_session(weft_election *e, const weft_election_event *event, weft_election_actions *out)
{
    step_down(e, "the session has ended", out);
    forget_session(e);
    e->in_session = e->connected = true;
    e->is_looked_up = true; /* nobody has used this GUID before */
    e->guid = event->guid;
    e->lease_ns = event->lease_ns;
    e->heard_ns = 0; /* when it was asked for is not known; an answer comes before it leads */
}

static void take_event(weft_election *e, const weft_election_event *event, weft_election_actions *out)
{
    switch (event->kind) {
    case WEFT_ELECTION_SESSION: on_session(e, event, out); break;
    case WEFT_ELECTION_CONNECTED:
        e->connected = e->in_session;
        e->retry_ns = 0;
        break;
    case WEFT_ELECTION_LOST: on_lost(e, out); break;
    case WEFT_ELECTION_EXPIRED:
        forget_session(e);
        step_down(e, "the session has ended", out);
        break;
    case WEFT_ELECTION_ANSWER: on_answer(e, event, out); break;
    case WEFT_ELECTION_ORDER_CHANGED: forget_order(e); break;
    case WEFT_ELECTION_EPOCH_CHANGED:
        e->is_read = false;
        e->is_outdated = true; /* also when the answer to READ is still to come */
        break;
    case WEFT_ELECTION_PROBED: /* the lease has got longer */
    case WEFT_ELECTION_TICK: break;
    case WEFT_ELECTION_RESIGN:
        forget_session(e);
        step_down(e, "it resigns", out);
        add(out, WEFT_ELECTION_RENEW);
        break;
    }
}

/* ---- what is missing ---- */

/* 0 as an action would be CREATE. */
static bool next_request(const weft_election *e, weft_election_action_kind *out)
{
    if (!e->is_looked_up)
        *out = WEFT_ELECTION_LIST;
    else if (!e->has_candidate)
        *out = WEFT_ELECTION_CREATE;
    else if (!e->is_read)
        *out = WEFT_ELECTION_READ;
    else if (!e->is_first && !e->is_watched)
        *out = WEFT_ELECTION_WATCH;
    else if (e->is_first && !leads(e))
        *out = WEFT_ELECTION_TAKE;
    else
        return false;
    return true;
}

/* A leader reads the epoch before it cares for its place in the line, which matters no more. */
static bool leaders_request(const weft_election *e, weft_election_action_kind *out)
{
    *out = WEFT_ELECTION_READ;
    return !e->is_read;
}

static void go_on(weft_election *e, int64_t wall_s, weft_election_actions *out)
{
    weft_election_action_kind kind = WEFT_ELECTION_LIST;
    if (!e->connected || e->request != 0 || e->now_ns < e->retry_ns) return;
    if (!(leads(e) ? leaders_request(e, &kind) : next_request(e, &kind))) return;
    weft_election_action *a = NULL;
    const weft_election_epoch *was = &e->epoch;
    if (kind == WEFT_ELECTION_TAKE) {
        const uint64_t next = was->version < 0 ? 1 : was->epoch + 1;
        const uint64_t epoch = wall_s > 0 && (uint64_t)wall_s > next ? (uint64_t)wall_s : next;
        if (epoch > WEFT_ELECTION_EPOCH_MAX) return; /* the driver has said so: it refuses to read it */
        e->epoch = (weft_election_epoch){.epoch = epoch,
                                         .term = was->version < 0 ? 1 : was->term + 1,
                                         .version = was->version,
                                         .guid = e->guid};
    }
    a = add(out, kind);
    a->request = e->request = ++e->last_request;
    a->guid = e->guid;
    a->epoch = e->epoch;
    keep_name(a->name, kind == WEFT_ELECTION_WATCH ? e->before : e->own);
    e->asked = kind;
    if (kind == WEFT_ELECTION_READ) e->is_outdated = false;
}

/* Before anything else counts: a process that was stopped for a while finds it out by its first event. What
 * that event proves of the lease counts before: what was answered while this thread was late was in time. */
static void check_lease(weft_election *e, const weft_election_event *event, weft_election_actions *out)
{
    const bool heard = event->kind == WEFT_ELECTION_PROBED ||
                       (event->kind == WEFT_ELECTION_ANSWER && event->outcome != WEFT_ELECTION_UNKNOWN &&
                        event->outcome != WEFT_ELECTION_FAILED);
    if (heard && e->in_session) e->heard_ns = weft_max_i64(e->heard_ns, event->sent_ns);
    if (leads(e) && e->now_ns >= lease_end(e)) step_down(e, "the lease has ended", out);
}

void weft_election_init(weft_election *e) { *e = (weft_election){.epoch.version = -1}; }

void weft_election_step(weft_election *e, const weft_election_event *event, weft_election_actions *out)
{
    out->count = 0;
    e->now_ns = weft_max_i64(e->now_ns, event->now_ns);
    check_lease(e, event, out);
    take_event(e, event, out);
    if (!leads(e)) e->state = e->has_candidate ? WEFT_ELECTION_STANDBY : WEFT_ELECTION_ABSENT;
    go_on(e, event->wall_s, out);
}

int64_t weft_election_due_ns(const weft_election *e)
{
    int64_t due = INT64_MAX;
    if (leads(e)) due = lease_end(e);
    if (e->connected && e->request == 0 && e->retry_ns > e->now_ns) due = weft_min_i64(due, e->retry_ns);
    return due;
}

const char *weft_election_state_name(weft_election_state state)
{
    static const char *const names[] = {"ABSENT", "STANDBY", "LEADS", "SUSPENDED"};
    return names[state];
}
