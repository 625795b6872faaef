/* tests/simulation/simulate_election.c - several elections (coordinator/election.h) and a ZooKeeper that is
 * made up, in every order of what can happen.
 *
 * A world is small enough to be copied: machines, the server's nodes and sessions, and what is under way
 * between them. `moves_of` lists what can happen next, `apply` does it. The exhaustive run tries every move
 * in every world that can be reached with two machines and a few faults; a random run walks through worlds of
 * three machines with many. After each move what must always hold is checked; at the end of a walk (and from
 * some of the worlds of the exhaustive run) the faults stop, and one must lead, whom the others follow.
 *
 * Time goes by ticks. The server ends a session SESSION_TICKS after it heard of it last, or later. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "coordinator/election.h"
#include "tests/simulation/runs.h"

#define TICK_NS INT64_C(200000000)

enum {
    MACHINES_MAX = 3,
    SESSION_TICKS = 5,
    LEASE_TICKS = 4,
    EPOCHS_MAX = 64,
    MOVES_MAX = 64,
    TABLE_BITS = 23, /* of the worlds that were seen */
    QUIET_MOVES = 2000
};

typedef struct client {
    weft_election machine;
    weft_uuid guid;
    bool connected, alive; /* alive: the server's session */
    bool told_of_end;      /* that it is over */
    int32_t heard;         /* by the server */
    int64_t candidate;     /* sequence, or -1 */
    int64_t order_watch;   /* sequence that is watched, or -1 */
    bool epoch_watch, order_fired, epoch_fired;
    bool asked, done; /* a request is under way; the server has done it */
    weft_election_action ask;
    weft_election_event answer; /* names are made when it is delivered, of `seen` */
    int64_t seen[MACHINES_MAX]; /* LIST: candidates then, by machine */
    weft_uuid seen_guid[MACHINES_MAX];
    uint64_t late; /* request whose answer comes after the news of the lost connection, or 0 */
    bool leads, suspended, wants_session;
    weft_election_epoch told; /* by LEAD */
} client;

typedef struct world {
    int32_t machines, now;
    int64_t next_sequence;
    uint64_t next_guid;
    weft_election_epoch epoch;
    client clients[MACHINES_MAX];
    bool led[EPOCHS_MAX];
    int32_t breaks, expiries, resigns, pauses; /* still allowed */
    const char *wrong;
} world;

typedef enum move_kind {
    MOVE_TIME,
    MOVE_SESSION, /* a new one */
    MOVE_EXECUTE,
    MOVE_ANSWER,
    MOVE_BREAK,      /* the connection; what was under way was not done */
    MOVE_BREAK_DONE, /* … was done */
    MOVE_CONNECT,
    MOVE_EXPIRE,
    MOVE_ORDER,
    MOVE_EPOCH,
    MOVE_TICK,
    MOVE_LATE, /* an answer of before the connection was lost */
    MOVE_RESIGN,
    MOVE_KINDS
} move_kind;

typedef struct move {
    move_kind kind;
    int32_t client;
} move;

static const char *const move_names[MOVE_KINDS] = {
    "time",  "session", "execute", "answer", "break", "break after it was done", "connect", "expire",
    "order", "epoch",   "tick",    "late",   "resign"};

static int64_t made[MOVE_KINDS], leaderships, read_back;

/* ---- the server ---- */

static void fail(world *w, const char *what)
{
    if (w->wrong == NULL) w->wrong = what;
}

static void candidate_goes(world *w, client *c)
{
    if (c->candidate < 0) return;
    for (int32_t i = 0; i < w->machines; i++) {
        client *other = &w->clients[i];
        if (other->order_watch == c->candidate) {
            other->order_watch = -1;
            other->order_fired = true;
        }
    }
    c->candidate = -1;
}

static void session_goes(world *w, client *c)
{
    c->alive = false;
    c->order_watch = -1;
    c->epoch_watch = c->order_fired = c->epoch_fired = false;
    candidate_goes(w, c);
}

static void epoch_is_set(world *w, client *c)
{
    const weft_election_epoch *to = &c->ask.epoch;
    if (to->epoch <= w->epoch.epoch && w->epoch.version >= 0) fail(w, "the epoch does not grow");
    if (to->term != (w->epoch.version < 0 ? 1 : w->epoch.term + 1))
        fail(w, "a term is left out or used twice");
    if (to->epoch >= EPOCHS_MAX) fail(w, "epochs grow without end");
    const int32_t version = w->epoch.version + 1;
    w->epoch = *to;
    w->epoch.version = version;
    c->answer.version = version;
    for (int32_t i = 0; i < w->machines; i++) {
        client *other = &w->clients[i];
        if (other->epoch_watch) other->epoch_fired = true;
        other->epoch_watch = false;
    }
}

static void name_of(weft_uuid guid, int64_t sequence, char out[WEFT_ELECTION_NAME_BYTES])
{
    char text[WEFT_UUID_TEXT_BYTES];
    weft_uuid_text(guid, text);
    snprintf(out, WEFT_ELECTION_NAME_BYTES, "%s-n_%010" PRId64, text, sequence);
}

static bool is_there(const world *w, const char *name, int64_t *sequence)
{
    for (int32_t i = 0; i < w->machines; i++) {
        char text[WEFT_ELECTION_NAME_BYTES];
        const client *c = &w->clients[i];
        if (c->candidate < 0) continue;
        name_of(c->guid, c->candidate, text);
        *sequence = c->candidate;
        if (strcmp(text, name) == 0) return true;
    }
    return false;
}

/* The next that stands before this one. */
static int64_t before(const world *w, int64_t own)
{
    int64_t found = -1;
    for (int32_t i = 0; i < w->machines; i++) {
        const int64_t at = w->clients[i].candidate;
        if (at >= 0 && at < own && at > found) found = at;
    }
    return found;
}

static void execute(world *w, client *c)
{
    weft_election_event *a = &c->answer;
    int64_t sequence = -1;
    a->outcome = WEFT_ELECTION_DONE;
    c->done = true;
    c->heard = w->now;
    switch (c->ask.kind) {
    case WEFT_ELECTION_CREATE:
        if (c->candidate >= 0) fail(w, "a second candidate of one session");
        if (!weft_uuid_equal(c->ask.guid, c->guid)) fail(w, "a candidate with a GUID of before");
        c->candidate = w->next_sequence++;
        break;
    case WEFT_ELECTION_LIST:
        for (int32_t i = 0; i < w->machines; i++) {
            c->seen[i] = w->clients[i].candidate;
            c->seen_guid[i] = w->clients[i].guid;
        }
        break;
    case WEFT_ELECTION_READ:
        a->epoch = w->epoch;
        c->epoch_watch = true;
        break;
    case WEFT_ELECTION_WATCH:
        if (!is_there(w, c->ask.name, &sequence)) {
            a->outcome = WEFT_ELECTION_MISSING;
            break;
        }
        if (c->candidate >= 0 && sequence < before(w, c->candidate))
            fail(w, "it does not watch who stands before it");
        c->order_watch = sequence;
        break;
    case WEFT_ELECTION_TAKE:
        if (c->candidate < 0 || !is_there(w, c->ask.name, &sequence))
            a->outcome = WEFT_ELECTION_MISSING;
        else if (c->ask.epoch.version != w->epoch.version)
            a->outcome = WEFT_ELECTION_STALE;
        else
            epoch_is_set(w, c);
        break;
    case WEFT_ELECTION_LEAD:
    case WEFT_ELECTION_SUSPEND:
    case WEFT_ELECTION_RESUME:
    case WEFT_ELECTION_STEP_DOWN:
    case WEFT_ELECTION_FOLLOW:
    case WEFT_ELECTION_RENEW: break;
    }
}

/* ---- the machine ---- */

static void on_lead(world *w, client *c, const weft_election_action *a)
{
    if (c->leads) fail(w, "a second leadership within the first");
    if (a->epoch.epoch >= EPOCHS_MAX || a->epoch.version < 0) {
        fail(w, "leads with an epoch that is none");
        return;
    }
    if (w->now * TICK_NS >= c->machine.heard_ns + c->machine.lease_ns)
        fail(w, "begins to lead when its lease has ended");
    if (w->led[a->epoch.epoch]) fail(w, "an epoch is led twice");
    if (!weft_uuid_equal(a->epoch.guid, c->guid)) fail(w, "leads with the epoch of another");
    if (w->epoch.epoch < a->epoch.epoch || w->epoch.version < a->epoch.version)
        fail(w, "leads with an epoch that was not taken");
    if (w->epoch.version == a->epoch.version && w->epoch.epoch != a->epoch.epoch)
        fail(w, "leads with the version of another epoch");
    w->led[a->epoch.epoch] = true;
    c->leads = true;
    c->suspended = false;
    c->told = a->epoch;
    leaderships++;
}

static void take_actions(world *w, client *c, const weft_election_actions *out)
{
    for (int32_t i = 0; i < out->count; i++) {
        const weft_election_action *a = &out->items[i];
        switch (a->kind) {
        case WEFT_ELECTION_CREATE:
        case WEFT_ELECTION_LIST:
        case WEFT_ELECTION_READ:
        case WEFT_ELECTION_WATCH:
        case WEFT_ELECTION_TAKE:
            if (c->asked) fail(w, "two requests at once");
            if (!c->connected) fail(w, "a request without a connection");
            c->asked = true;
            c->done = false;
            c->ask = *a;
            c->answer = (weft_election_event){
                .kind = WEFT_ELECTION_ANSWER, .request = a->request, .sent_ns = w->now * TICK_NS};
            break;
        case WEFT_ELECTION_LEAD: on_lead(w, c, a); break;
        case WEFT_ELECTION_SUSPEND:
            if (!c->leads || c->suspended) fail(w, "suspended without leading");
            c->suspended = true;
            break;
        case WEFT_ELECTION_RESUME:
            if (!c->leads || !c->suspended) fail(w, "goes on without having been suspended");
            c->suspended = false;
            break;
        case WEFT_ELECTION_STEP_DOWN:
            if (!c->leads) fail(w, "steps down without leading");
            c->leads = c->suspended = false;
            break;
        case WEFT_ELECTION_FOLLOW:
            if (c->leads) fail(w, "follows while it leads");
            break;
        case WEFT_ELECTION_RENEW: c->wants_session = true; break;
        }
    }
}

static void step(world *w, client *c, weft_election_event event)
{
    weft_election_actions out;
    event.now_ns = w->now * TICK_NS;
    event.wall_s = w->now / 3; /* a clock that lags behind the epochs now and then */
    weft_election_step(&c->machine, &event, &out);
    take_actions(w, c, &out);
    const bool leads = c->machine.state == WEFT_ELECTION_LEADS;
    const bool suspended = c->machine.state == WEFT_ELECTION_SUSPENDED;
    if ((leads || suspended) != c->leads || suspended != c->suspended)
        fail(w, "its state is not what it told");
}

static void deliver(world *w, client *c)
{
    static const char *const dust[] = {"dust", "11111111-2222-4333-8444-555555555555-n_00000000x0"};
    char texts[MACHINES_MAX][WEFT_ELECTION_NAME_BYTES];
    const char *names[MACHINES_MAX + WEFT_COUNT(dust)];
    weft_election_event answer = c->answer;
    for (int32_t i = 0; i < WEFT_COUNT(dust); i++) names[answer.count++] = dust[i];
    for (int32_t i = w->machines; i-- > 0 && c->ask.kind == WEFT_ELECTION_LIST;) {
        if (c->seen[i] < 0) continue;
        name_of(c->seen_guid[i], c->seen[i], texts[i]);
        names[answer.count++] = texts[i];
    }
    answer.names = names;
    c->asked = false;
    step(w, c, answer);
}

static void break_connection(world *w, client *c)
{
    c->connected = false;
    read_back += c->asked && c->done && c->ask.kind == WEFT_ELECTION_TAKE &&
                 c->answer.outcome == WEFT_ELECTION_DONE;
    if (c->asked && w->breaks % 2 == 0) {
        c->late = c->ask.request;
        c->asked = false;
    } else if (c->asked) {
        c->asked = false;
        step(w, c,
             (weft_election_event){
                 .kind = WEFT_ELECTION_ANSWER, .request = c->ask.request, .outcome = WEFT_ELECTION_UNKNOWN});
        if (c->asked) fail(w, "asks again at once");
    }
    step(w, c, (weft_election_event){.kind = WEFT_ELECTION_LOST});
}

static void end_session(world *w, client *c)
{
    if (c->alive) session_goes(w, c);
    c->asked = c->connected = false;
    c->late = 0;
    c->told_of_end = true;
}

static void apply(world *w, move m)
{
    client *c = &w->clients[m.client];
    made[m.kind]++;
    switch (m.kind) {
    case MOVE_TIME:
        w->now++;
        w->pauses--;
        break;
    case MOVE_SESSION:
        c->guid = (weft_uuid){.high = 1, .low = ++w->next_guid};
        c->alive = c->connected = true;
        c->told_of_end = c->wants_session = false;
        c->heard = w->now;
        step(w, c,
             (weft_election_event){
                 .kind = WEFT_ELECTION_SESSION, .guid = c->guid, .lease_ns = LEASE_TICKS * TICK_NS});
        break;
    case MOVE_EXECUTE: execute(w, c); break;
    case MOVE_ANSWER: deliver(w, c); break;
    case MOVE_BREAK_DONE: execute(w, c); /* fall through */
    case MOVE_BREAK:
        w->breaks--;
        break_connection(w, c);
        break;
    case MOVE_CONNECT:
        if (c->alive) {
            c->connected = true;
            c->heard = w->now;
            step(w, c, (weft_election_event){.kind = WEFT_ELECTION_CONNECTED});
        } else {
            end_session(w, c);
            step(w, c, (weft_election_event){.kind = WEFT_ELECTION_EXPIRED});
        }
        break;
    case MOVE_EXPIRE:
        w->expiries--;
        session_goes(w, c);
        break;
    case MOVE_ORDER:
        c->order_fired = false;
        step(w, c, (weft_election_event){.kind = WEFT_ELECTION_ORDER_CHANGED});
        break;
    case MOVE_EPOCH:
        c->epoch_fired = false;
        step(w, c, (weft_election_event){.kind = WEFT_ELECTION_EPOCH_CHANGED});
        break;
    case MOVE_TICK: step(w, c, (weft_election_event){.kind = WEFT_ELECTION_TICK}); break;
    case MOVE_LATE: {
        const weft_election_event late = {
            .kind = WEFT_ELECTION_ANSWER, .request = c->late, .outcome = WEFT_ELECTION_UNKNOWN};
        c->late = 0;
        step(w, c, late);
        break;
    }
    case MOVE_RESIGN:
        w->resigns--;
        step(w, c, (weft_election_event){.kind = WEFT_ELECTION_RESIGN});
        end_session(w, c);
        break;
    case MOVE_KINDS: break;
    }
}

/* ---- what can happen ---- */

static void add_move(move *moves, int32_t *count, move_kind kind, int32_t of)
{
    assert(*count < MOVES_MAX);
    moves[(*count)++] = (move){kind, of};
}

/* A connection to a session that is gone breaks, but may do so late. */
static int32_t moves_of(const world *w, bool faults, move *moves)
{
    int32_t count = 0;
    if (!faults || w->pauses > 0) add_move(moves, &count, MOVE_TIME, 0);
    for (int32_t i = 0; i < w->machines; i++) {
        const client *c = &w->clients[i];
        const weft_election_event tick = {.kind = WEFT_ELECTION_TICK, .now_ns = w->now * TICK_NS};
        if (c->told_of_end) {
            add_move(moves, &count, MOVE_SESSION, i);
            continue;
        }
        if (!c->connected) add_move(moves, &count, MOVE_CONNECT, i);
        if (c->connected && c->alive && c->asked && !c->done) add_move(moves, &count, MOVE_EXECUTE, i);
        if (c->connected && c->asked && c->done) add_move(moves, &count, MOVE_ANSWER, i);
        if (c->connected && (!c->alive || (faults && w->breaks > 0))) add_move(moves, &count, MOVE_BREAK, i);
        if (faults && c->connected && c->alive && c->asked && !c->done && w->breaks > 0)
            add_move(moves, &count, MOVE_BREAK_DONE, i);
        if (faults && c->alive && w->expiries > 0 && w->now - c->heard >= SESSION_TICKS)
            add_move(moves, &count, MOVE_EXPIRE, i);
        if (c->connected && c->order_fired) add_move(moves, &count, MOVE_ORDER, i);
        if (c->connected && c->epoch_fired) add_move(moves, &count, MOVE_EPOCH, i);
        if (weft_election_due_ns(&c->machine) <= tick.now_ns) add_move(moves, &count, MOVE_TICK, i);
        if (c->late != 0) add_move(moves, &count, MOVE_LATE, i);
        if (faults && c->leads && w->resigns > 0) add_move(moves, &count, MOVE_RESIGN, i);
    }
    return count;
}

/* Whoever would still lead if he looked at his clock has a session, and the epoch is his or nobody can have
 * taken it. */
static void check(world *w)
{
    int32_t leaders = 0;
    for (int32_t i = 0; i < w->machines; i++) {
        client *c = &w->clients[i];
        const weft_election_event tick = {.kind = WEFT_ELECTION_TICK, .now_ns = w->now * TICK_NS};
        weft_election copy = c->machine;
        weft_election_actions out;
        weft_election_step(&copy, &tick, &out);
        if (copy.state != WEFT_ELECTION_LEADS && copy.state != WEFT_ELECTION_SUSPENDED) continue;
        leaders++;
        if (!c->alive) fail(w, "leads when its session has ended");
    }
    if (leaders > 1) fail(w, "two lead");
}

static world new_world(int32_t machines, int32_t faults)
{
    world w;
    memset(&w, 0, sizeof(w));
    w.machines = machines;
    w.now = 1;
    w.epoch.version = -1;
    w.breaks = faults;
    w.expiries = faults;
    w.resigns = faults / 2;
    w.pauses = faults * (SESSION_TICKS + 1);
    for (int32_t i = 0; i < machines; i++) {
        weft_election_init(&w.clients[i].machine);
        w.clients[i].told_of_end = true;
        w.clients[i].candidate = w.clients[i].order_watch = -1;
    }
    return w;
}

/* Without faults any more one leads soon, and the others know it. */
static bool is_settled(const world *w)
{
    int32_t leaders = 0;
    for (int32_t i = 0; i < w->machines; i++) {
        const client *c = &w->clients[i];
        const weft_election *m = &c->machine;
        if (c->asked || c->order_fired || c->epoch_fired || !c->connected || !c->alive) return false;
        if (m->state == WEFT_ELECTION_LEADS && c->told.version == w->epoch.version)
            leaders++;
        else if (m->state != WEFT_ELECTION_STANDBY || m->epoch.version != w->epoch.version || !m->is_read)
            return false;
    }
    return leaders == 1;
}

/* Time passes only when nothing else can happen, and then probes are answered. */
static void calm(world *w, bool verbose)
{
    for (int32_t n = 0; n < QUIET_MOVES && w->wrong == NULL; n++) {
        move moves[MOVES_MAX];
        const int32_t count = moves_of(w, false, moves);
        if (count > 1) {
            const move m = moves[1 + n % (count - 1)];
            if (verbose) printf("%3d: calm, machine %d: %s\n", w->now, m.client, move_names[m.kind]);
            apply(w, m);
        } else if (is_settled(w)) {
            return;
        } else {
            apply(w, moves[0]);
            for (int32_t i = 0; i < w->machines; i++) {
                client *c = &w->clients[i];
                if (!c->connected || !c->alive) continue;
                c->heard = w->now;
                step(w, c, (weft_election_event){.kind = WEFT_ELECTION_PROBED, .sent_ns = w->now * TICK_NS});
            }
        }
        check(w);
    }
    for (int32_t i = 0; i < w->machines && verbose; i++) {
        const client *c = &w->clients[i];
        const weft_election *m = &c->machine;
        printf("machine %d: %s%s%s%s%s%s; candidate %" PRId64 ", epoch %" PRIu64
               " of version %d; lease ends at %" PRId64 "\n",
               i, weft_election_state_name(m->state), c->alive ? "" : ", no session",
               c->connected ? "" : ", no connection", c->asked ? ", has asked" : "",
               m->is_first ? ", first" : "", m->is_read ? "" : ", epoch not known", c->candidate,
               m->epoch.epoch, m->epoch.version, (m->heard_ns + m->lease_ns) / TICK_NS);
    }
    fail(w, "without faults nobody comes to lead");
}

/* ---- runs ---- */

static uint64_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return weft_hash_u64(*state);
}

static bool is_fault(move_kind kind)
{
    return kind == MOVE_TIME || kind == MOVE_BREAK || kind == MOVE_BREAK_DONE || kind == MOVE_RESIGN;
}

static bool walk(uint64_t seed, bool verbose)
{
    uint64_t random = seed;
    static world w;
    w = new_world(2 + (int32_t)(seed % 2), 1 + (int32_t)(seed / 2 % 8));
    const int32_t length = 20 + (int32_t)(next_random(&random) % 300);
    for (int32_t n = 0; n < length && w.wrong == NULL; n++) {
        move moves[MOVES_MAX];
        const int32_t count = moves_of(&w, true, moves);
        if (count == 0) break;
        move m = moves[next_random(&random) % (uint64_t)count];
        if (is_fault(m.kind)) m = moves[next_random(&random) % (uint64_t)count]; /* else all strike at once */
        if (verbose) printf("%3d: machine %d: %s\n", w.now, m.client, move_names[m.kind]);
        apply(&w, m);
        check(&w);
    }
    if (w.wrong == NULL) calm(&w, verbose);
    if (w.wrong == NULL) return true;
    printf("seed %" PRIu64 ": %s\nreplay: simulate_election --seed %" PRIu64 "\n", seed, w.wrong, seed);
    return false;
}

/* What a world is for what can come of it: numbers of requests do not matter, nor when it was stepped last.
 */
static uint64_t world_hash(const world *w)
{
    static world copy;
    memcpy(&copy, w, sizeof(copy));
    for (int32_t i = 0; i < copy.machines; i++) {
        client *c = &copy.clients[i];
        c->machine.last_request = 0;
        c->machine.request = c->machine.request != 0;
        c->machine.now_ns = 0;
        c->ask.request = c->answer.request = 0;
        c->late = c->late != 0;
        if (c->asked) continue;
        memset(&c->ask, 0, sizeof(c->ask));
        memset(&c->answer, 0, sizeof(c->answer));
        memset(c->seen, 0, sizeof(c->seen));
        memset(c->seen_guid, 0, sizeof(c->seen_guid));
    }
    const uint64_t hash = weft_hash_bytes(&copy, sizeof(copy));
    return hash == 0 ? 1 : hash;
}

typedef struct search {
    uint64_t *seen; /* [1 << TABLE_BITS], 0: free */
    int64_t worlds, most, calmed;
    bool full;
} search;

static bool is_new(search *s, uint64_t hash)
{
    const uint64_t mask = (UINT64_C(1) << TABLE_BITS) - 1;
    for (uint64_t at = hash & mask;; at = (at + 1) & mask) {
        if (s->seen[at] == hash) return false;
        if (s->seen[at] != 0) continue;
        s->seen[at] = hash;
        s->worlds++;
        return true;
    }
}

static bool explore(search *s, const world *from, int32_t depth)
{
    move moves[MOVES_MAX];
    const int32_t count = moves_of(from, true, moves);
    for (int32_t i = 0; i < count; i++) {
        world w;
        memcpy(&w, from, sizeof(w));
        apply(&w, moves[i]);
        check(&w);
        const bool fresh = w.wrong == NULL && is_new(s, world_hash(&w));
        if (fresh && s->worlds % 64 == 0) {
            world calmed;
            memcpy(&calmed, &w, sizeof(calmed));
            calm(&calmed, false);
            w.wrong = calmed.wrong;
            s->calmed++;
        }
        if (w.wrong != NULL) printf("every order: %s\n", w.wrong);
        s->full = s->full || s->worlds >= s->most;
        if (w.wrong != NULL || (fresh && !s->full && !explore(s, &w, depth + 1))) {
            printf("%3d: at %d machine %d: %s\n", depth, from->now, moves[i].client,
                   move_names[moves[i].kind]);
            return false;
        }
    }
    return true;
}

/* Every world of two machines with so many faults. */
static bool explore_all(int32_t faults)
{
    search s = {.most = (INT64_C(1) << TABLE_BITS) * 3 / 4};
    world first = new_world(2, faults);
    calm(&first, false); /* one leads, the other stands by */
    first.pauses = SESSION_TICKS + 1;
    s.seen = calloc((size_t)1 << TABLE_BITS, sizeof(uint64_t));
    if (s.seen == NULL) return false;
    const bool right = explore(&s, &first, 0);
    free(s.seen);
    if (right)
        printf("%d fault%s of each kind: %" PRId64 " worlds%s, %" PRId64 " calmed\n", faults,
               faults == 1 ? "" : "s", s.worlds, s.full ? ", not all" : "", s.calmed);
    return right && !s.full;
}

static int32_t every; /* faults of each kind, of which every order is tried */

static bool option(const char *name, uint64_t number)
{
    if (strcmp(name, "--every") != 0) return false;
    every = (int32_t)number;
    return true;
}

int main(int argc, char **argv)
{
    static const runs_def def = {.program = "simulate_election", .option = option, .more = "[--every N]"};
    runs_options options;
    if (!runs_parse(&def, argc, argv, &options)) return 2;
    const uint64_t count = options.count;
    for (uint64_t seed = options.first; seed < options.first + count; seed++)
        if (!walk(seed, options.verbose)) return 1;
    if (every > 0 && !explore_all(every)) return 1;
    printf("%" PRIu64 " walks: %" PRId64 " leaderships, %" PRId64 " taken without being told\n", count,
           leaderships, read_back);
    for (int32_t i = 0; i < MOVE_KINDS; i++) {
        printf("%s%s: %" PRId64, i == 0 ? "" : ", ", move_names[i], made[i]);
        if (count >= 1000 && made[i] == 0) return 1; /* a run in which nothing went wrong proves nothing */
    }
    printf("\n");
    return count >= 1000 && read_back == 0;
}
