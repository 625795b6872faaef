/* coordinator/elector.c - see elector.h.
 *
 * Each session has a generation: what comes of one that was closed is dropped. A request of the machine is an
 * `elector_call` from when it is sent until it is answered. */
#include "coordinator/elector.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/mailbox.h"

#define MS           INT64_C(1000000)
#define EPOCH_ZERO_S INT64_C(1735689600) /* 2025-01-01 */

enum {
    TEXT_BYTES = 512,
    PATH_BYTES = TEXT_BYTES + 128,
    POSTS_MAX = 4096, /* one answer at a time, and news of the session and of two watches */
    OPEN_AGAIN_MS = 1000,
    WITHDRAW_MS = 300, /* so long an owner may take to lay down before others get the place */
    WAIT_MS = 1000,
    PROBLEM_BYTES = 256
};

typedef enum post_kind {
    POST_STATE,
    POST_WATCH,
    POST_ANSWER,
    POST_LAID_DOWN,
    POST_RESIGN,
    POST_STOP
} post_kind;

typedef struct elector_post {
    post_kind kind;
    uint32_t generation;
    weft_zookeeper_state state; /* STATE */
    bool epoch;                 /* WATCH: of the epoch; else of a candidate */
    weft_election_event event;  /* ANSWER */
    char *block;                /* ANSWER: memory block; names, one after the other, or a value */
    size_t bytes;               /* of the value */
} elector_post;

typedef struct elector_call {
    weft_elector *elector;
    uint32_t generation;
    weft_election_action_kind kind;
    uint64_t request;
    int64_t sent_ns;
    bool asks_again; /* READ: there was no node, and now it is only watched */
} elector_call;

typedef struct elector_session {
    weft_elector *elector;
    uint32_t generation;
} elector_session;

struct weft_elector {
    weft_elector_options options;
    char servers[TEXT_BYTES], folder[TEXT_BYTES], user[TEXT_BYTES], password[TEXT_BYTES];
    char epoch_path[PATH_BYTES];
    weft_leader me;
    weft_account *account;
    weft_mailbox *box;
    pthread_t thread;
    bool runs;
    weft_arena *arena; /* of the thread, as is all up to `callbacks` */
    weft_ctx ctx;
    weft_election machine;
    weft_zookeeper zk; /* zeroed: none is open */
    elector_session session;
    weft_uuid guid;
    bool was_connected, stops, is_busy, wants_session, is_held, is_withdrawn;
    weft_election_action held; /* a request that waits until the owner has laid down */
    int64_t held_ns, open_ns;  /* open_ns: when a session is tried for again */
    int64_t lease_until_ns;
    weft_leader read; /* the epoch's value, as read last */
    bool has_read;
    weft_arena *callback_arena;
    weft_ctx callbacks; /* of ZooKeeper's callbacks, which come one at a time */
    pthread_mutex_t lock;
    weft_elector_view view; /* guarded by lock */
};

static int64_t now_ns(const weft_elector *e) { return e->ctx.clock->now_ns(e->ctx.clock->self); }

static void post(weft_elector *e, weft_ctx *ctx, const elector_post *p)
{
    if (weft_mailbox_put(ctx, e->box, p, false) == WEFT_OK) return;
    weft_mem_free(p->block); /* the box has room for all there can be, and closes last */
    weft_error_clear(ctx);
}

static void set_problem(weft_elector *e, const char *text)
{
    pthread_mutex_lock(&e->lock);
    const bool is_new = strncmp(e->view.problem, text, PROBLEM_BYTES - 1) != 0;
    snprintf(e->view.problem, sizeof(e->view.problem), "%s", text);
    pthread_mutex_unlock(&e->lock);
    if (is_new && text[0] != 0) weft_log(WEFT_LOG_WARN, "election_waits", WEFT_LOG_TEXT("reason", text));
}

/* ---- ZooKeeper's callbacks ---- */

static void on_event(void *of, const weft_zookeeper_event *event)
{
    const elector_session *s = of;
    weft_elector *e = s->elector;
    elector_post p = {.generation = s->generation, .state = event->state};
    p.kind = event->kind == WEFT_ZOOKEEPER_EVENT_STATE ? POST_STATE : POST_WATCH;
    p.epoch = event->path != NULL && strcmp(event->path, e->epoch_path) == 0;
    post(e, &e->callbacks, &p);
}

static char *copy_block(weft_elector *e, size_t bytes)
{
    void *block = NULL;
    if (weft_mem_alloc(&e->callbacks, WEFT_MEM_WORKING, bytes, &block) != WEFT_OK)
        weft_error_clear(&e->callbacks);
    return block;
}

static bool copy_names(weft_elector *e, const weft_zookeeper_answer *a, elector_post *p)
{
    size_t bytes = 1, at = 0;
    for (int32_t i = 0; i < a->child_count; i++) bytes += strlen(a->children[i]) + 1;
    p->block = copy_block(e, bytes);
    if (p->block == NULL) return false;
    for (int32_t i = 0; i < a->child_count; i++) {
        const size_t len = strlen(a->children[i]) + 1;
        memcpy(p->block + at, a->children[i], len);
        at += len;
    }
    p->event.count = a->child_count;
    return true;
}

static bool copy_value(weft_elector *e, const weft_zookeeper_answer *a, elector_post *p)
{
    p->bytes = a->bytes;
    p->block = copy_block(e, a->bytes + 1);
    if (p->block == NULL) return false;
    if (a->bytes > 0) memcpy(p->block, a->value, a->bytes);
    p->event.epoch.version = a->stat.version;
    return true;
}

static weft_election_outcome outcome_of(const elector_call *call, const weft_zookeeper_answer *a)
{
    switch (a->outcome) {
    case WEFT_ZOOKEEPER_OK: return WEFT_ELECTION_DONE;
    case WEFT_ZOOKEEPER_NO_NODE:
        if (call->kind == WEFT_ELECTION_WATCH) return WEFT_ELECTION_MISSING;
        if (call->kind == WEFT_ELECTION_TAKE)
            return a->failed == 0 ? WEFT_ELECTION_MISSING : WEFT_ELECTION_STALE;
        return WEFT_ELECTION_FAILED;
    case WEFT_ZOOKEEPER_EXISTS:
    case WEFT_ZOOKEEPER_BAD_VERSION:
        return call->kind == WEFT_ELECTION_TAKE ? WEFT_ELECTION_STALE : WEFT_ELECTION_FAILED;
    case WEFT_ZOOKEEPER_UNKNOWN:
    case WEFT_ZOOKEEPER_EXPIRED: return WEFT_ELECTION_UNKNOWN;
    case WEFT_ZOOKEEPER_NOT_EMPTY:
    case WEFT_ZOOKEEPER_REFUSED:
    case WEFT_ZOOKEEPER_INVALID:
    case WEFT_ZOOKEEPER_OUTCOME_COUNT: break;
    }
    return WEFT_ELECTION_FAILED;
}

static void ensure_folders(weft_elector *e, weft_ctx *ctx)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/candidates", e->folder);
    for (size_t at = 1; at <= strlen(path); at++) {
        if (path[at] != '/' && path[at] != 0) continue;
        const char kept = path[at];
        path[at] = 0;
        if (e->zk.create(ctx, e->zk.self, path, NULL, 0, 0, NULL, NULL) != WEFT_OK) weft_error_clear(ctx);
        path[at] = kept;
    }
}

static void on_answer(void *of, const weft_zookeeper_answer *a);

/* READ found no node: a watch tells when there is one. */
static bool watch_missing(weft_elector *e, elector_call *call)
{
    if (call->kind != WEFT_ELECTION_READ || call->asks_again) return false;
    call->asks_again = true;
    if (e->zk.exists(&e->callbacks, e->zk.self, e->epoch_path, true, on_answer, call) == WEFT_OK) return true;
    weft_error_clear(&e->callbacks);
    return false;
}

static void on_answer(void *of, const weft_zookeeper_answer *a)
{
    elector_call *call = of;
    weft_elector *e = call->elector;
    elector_post p = {.kind = POST_ANSWER, .generation = call->generation};
    if (a->outcome == WEFT_ZOOKEEPER_NO_NODE && watch_missing(e, call)) return;
    /* the connection may have been lost while they were made for the first time */
    if (a->outcome == WEFT_ZOOKEEPER_NO_NODE &&
        (call->kind == WEFT_ELECTION_CREATE || call->kind == WEFT_ELECTION_LIST))
        ensure_folders(e, &e->callbacks);
    p.event = (weft_election_event){.kind = WEFT_ELECTION_ANSWER,
                                    .request = call->request,
                                    .sent_ns = call->sent_ns,
                                    .outcome = outcome_of(call, a)};
    const bool done = p.event.outcome == WEFT_ELECTION_DONE;
    bool copied = true;
    switch (call->kind) {
    case WEFT_ELECTION_LIST: copied = !done || copy_names(e, a, &p); break;
    case WEFT_ELECTION_READ:
        if (call->asks_again) { /* there is still none; or it was made meanwhile, and is read anew */
            p.event.outcome = a->outcome == WEFT_ZOOKEEPER_NO_NODE ? WEFT_ELECTION_DONE
                                                                   : WEFT_ELECTION_UNKNOWN;
            p.event.epoch.version = -1;
        } else if (done)
            copied = copy_value(e, a, &p);
        break;
    case WEFT_ELECTION_TAKE: p.event.version = a->stat.version; break;
    case WEFT_ELECTION_CREATE:
    case WEFT_ELECTION_WATCH:
    case WEFT_ELECTION_LEAD:
    case WEFT_ELECTION_SUSPEND:
    case WEFT_ELECTION_RESUME:
    case WEFT_ELECTION_STEP_DOWN:
    case WEFT_ELECTION_FOLLOW:
    case WEFT_ELECTION_RENEW: break;
    }
    if (!copied) p.event.outcome = WEFT_ELECTION_FAILED;
    if (a->outcome == WEFT_ZOOKEEPER_REFUSED)
        set_problem(e, "what is in ZooKeeper belongs to another user: all coordinators of a cluster have the "
                       "same zookeeper.secret");
    else if (p.event.outcome == WEFT_ELECTION_FAILED && a->outcome != WEFT_ZOOKEEPER_NO_NODE)
        set_problem(e, weft_zookeeper_outcome_name(a->outcome));
    weft_mem_free(call);
    post(e, &e->callbacks, &p);
}

/* ---- requests ---- */

static weft_status lock_value(weft_elector *e, const char *path, const weft_leader *leader, uint8_t **out,
                              size_t *bytes)
{
    weft_status st = WEFT_OK;
    uint8_t open[WEFT_LEADER_VALUE_BYTES];
    const weft_seal *seal = e->options.seal;
    const size_t more = seal == NULL ? 0 : WEFT_SEAL_MORE_BYTES;
    *bytes = weft_leader_encode(leader, open);
    WEFT_TRY(st, WEFT_NEW_ARRAY(&e->ctx, (int64_t)(*bytes + more), out));
    if (seal == NULL)
        memcpy(*out, open, *bytes);
    else
        WEFT_TRY(st, weft_seal_lock(&e->ctx, seal, path, open, *bytes, *out));
    *bytes += more;
done:
    return st;
}

static weft_status unlock_value(weft_elector *e, const char *path, const char *sealed, size_t bytes,
                                weft_leader *out)
{
    weft_status st = WEFT_OK;
    const weft_seal *seal = e->options.seal;
    const size_t more = seal == NULL ? 0 : WEFT_SEAL_MORE_BYTES;
    uint8_t *open = NULL;
    if (bytes < more || bytes > WEFT_LEADER_VALUE_BYTES + more)
        return weft_fail(&e->ctx, WEFT_CORRUPT, "%s has %zu bytes, which are no leader", path, bytes);
    if (seal == NULL) return weft_leader_decode(&e->ctx, sealed, bytes, out);
    WEFT_TRY(st, WEFT_NEW_ARRAY(&e->ctx, (int64_t)bytes, &open));
    WEFT_TRY(st, weft_seal_unlock(&e->ctx, seal, path, sealed, bytes, open));
    WEFT_TRY(st, weft_leader_decode(&e->ctx, open, bytes - more, out));
done:
    return st;
}

static weft_status send_create(weft_elector *e, const weft_election_action *a, elector_call *call)
{
    weft_status st = WEFT_OK;
    char path[PATH_BYTES], guid[WEFT_UUID_TEXT_BYTES];
    uint8_t *value = NULL;
    size_t bytes = 0;
    weft_leader candidate = e->me;
    weft_uuid_text(a->guid, guid);
    snprintf(path, sizeof(path), "%s/candidates/%s-n_", e->folder, guid);
    candidate.guid = a->guid;
    WEFT_TRY(st, lock_value(e, path, &candidate, &value, &bytes));
    WEFT_TRY(st, e->zk.create(&e->ctx, e->zk.self, path, value, bytes,
                              WEFT_ZOOKEEPER_EPHEMERAL | WEFT_ZOOKEEPER_SEQUENCE, on_answer, call));
done:
    return st;
}

static weft_status send_take(weft_elector *e, const weft_election_action *a, elector_call *call)
{
    weft_status st = WEFT_OK;
    char candidate[PATH_BYTES];
    uint8_t *value = NULL;
    weft_leader leader = e->me;
    weft_zookeeper_op ops[2] = {{.kind = WEFT_ZOOKEEPER_CHECK, .version = WEFT_ZOOKEEPER_ANY_VERSION}};
    snprintf(candidate, sizeof(candidate), "%s/candidates/%s", e->folder, a->name);
    leader.epoch = a->epoch.epoch;
    leader.term = a->epoch.term;
    leader.guid = a->guid;
    ops[0].path = candidate;
    ops[1].kind = a->epoch.version < 0 ? WEFT_ZOOKEEPER_CREATE : WEFT_ZOOKEEPER_SET;
    ops[1].path = e->epoch_path;
    ops[1].version = a->epoch.version;
    WEFT_TRY(st, lock_value(e, e->epoch_path, &leader, &value, &ops[1].bytes));
    ops[1].value = value;
    WEFT_TRY(st, e->zk.multi(&e->ctx, e->zk.self, ops, 2, on_answer, call));
done:
    return st;
}

/* What is asked after a sync is answered with what stood then, or later. */
static weft_status send_request(weft_elector *e, const weft_election_action *a, elector_call *call)
{
    weft_status st = WEFT_OK;
    weft_ctx *ctx = &e->ctx;
    void *zk = e->zk.self;
    char path[PATH_BYTES];
    switch (a->kind) {
    case WEFT_ELECTION_CREATE: WEFT_TRY(st, send_create(e, a, call)); break;
    case WEFT_ELECTION_LIST:
        snprintf(path, sizeof(path), "%s/candidates", e->folder);
        WEFT_TRY(st, e->zk.sync(ctx, zk, path, NULL, NULL));
        WEFT_TRY(st, e->zk.children(ctx, zk, path, false, on_answer, call));
        break;
    case WEFT_ELECTION_READ:
        WEFT_TRY(st, e->zk.sync(ctx, zk, e->epoch_path, NULL, NULL));
        WEFT_TRY(st, e->zk.get(ctx, zk, e->epoch_path, true, on_answer, call));
        break;
    case WEFT_ELECTION_WATCH:
        snprintf(path, sizeof(path), "%s/candidates/%s", e->folder, a->name);
        WEFT_TRY(st, e->zk.exists(ctx, zk, path, true, on_answer, call));
        break;
    case WEFT_ELECTION_TAKE: WEFT_TRY(st, send_take(e, a, call)); break;
    case WEFT_ELECTION_LEAD:
    case WEFT_ELECTION_SUSPEND:
    case WEFT_ELECTION_RESUME:
    case WEFT_ELECTION_STEP_DOWN:
    case WEFT_ELECTION_FOLLOW:
    case WEFT_ELECTION_RENEW: break;
    }
done:
    return st;
}

static void request(weft_elector *e, const weft_election_action *a)
{
    weft_status st = WEFT_OK;
    elector_call *call = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(&e->ctx, WEFT_MEM_WORKING, sizeof(*call), (void **)&call));
    *call = (elector_call){.elector = e,
                           .generation = e->session.generation,
                           .kind = a->kind,
                           .request = a->request,
                           .sent_ns = now_ns(e)};
    WEFT_TRY(st, send_request(e, a, call));
    call = NULL;
done:
    if (st != WEFT_OK) {
        const elector_post p = {
            .kind = POST_ANSWER,
            .generation = e->session.generation,
            .event = {.kind = WEFT_ELECTION_ANSWER, .request = a->request, .outcome = WEFT_ELECTION_FAILED}};
        set_problem(e, e->ctx.error.message);
        weft_error_clear(&e->ctx);
        post(e, &e->ctx, &p);
    }
    weft_mem_free(call);
}

/* ---- the machine ---- */

static void step(weft_elector *e, weft_election_event event);

static void on_step_down(weft_elector *e, const char *why)
{
    weft_log(WEFT_LOG_WARN, "leadership_ended", WEFT_LOG_TEXT("reason", why));
    e->options.handler.step_down(e->options.handler.self, why);
}

static void on_lead(weft_elector *e, const weft_election_epoch *epoch)
{
    const weft_reign reign = {.epoch = epoch->epoch,
                              .term = epoch->term,
                              .version = epoch->version,
                              .epoch_path = e->epoch_path,
                              .zookeeper = &e->zk};
    weft_log(WEFT_LOG_INFO, "leads", WEFT_LOG_INT("epoch", (int64_t)epoch->epoch),
             WEFT_LOG_INT("term", (int64_t)epoch->term));
    e->is_busy = true;
    e->is_withdrawn = false;
    e->options.handler.lead(e->options.handler.self, &reign);
}

static void on_follow(weft_elector *e)
{
    weft_log(WEFT_LOG_INFO, "follows", WEFT_LOG_INT("epoch", (int64_t)e->read.epoch),
             WEFT_LOG_TEXT("leader", e->read.address));
    e->options.handler.follow(e->options.handler.self, &e->read);
}

static void take_action(weft_elector *e, const weft_election_action *a)
{
    const weft_elector_handler *h = &e->options.handler;
    switch (a->kind) {
    case WEFT_ELECTION_CREATE:
    case WEFT_ELECTION_LIST:
    case WEFT_ELECTION_READ:
    case WEFT_ELECTION_WATCH:
    case WEFT_ELECTION_TAKE:
        /* whoever lays down reads who leads now, but does not stand again yet */
        if (!e->is_busy || a->kind == WEFT_ELECTION_READ) {
            request(e, a);
        } else {
            e->held = *a;
            e->is_held = true;
            e->held_ns = now_ns(e);
        }
        break;
    case WEFT_ELECTION_LEAD: on_lead(e, &a->epoch); break;
    case WEFT_ELECTION_SUSPEND:
        weft_log(WEFT_LOG_WARN, "leadership_suspended",
                 WEFT_LOG_TEXT("reason", "ZooKeeper is not connected"));
        h->suspend(h->self);
        break;
    case WEFT_ELECTION_RESUME:
        weft_log(WEFT_LOG_INFO, "leadership_resumed", WEFT_LOG_INT("epoch", (int64_t)e->machine.mine.epoch));
        h->resume(h->self);
        break;
    case WEFT_ELECTION_STEP_DOWN: on_step_down(e, a->why); break;
    case WEFT_ELECTION_FOLLOW: on_follow(e); break;
    case WEFT_ELECTION_RENEW: e->wants_session = true; break;
    }
}

static void show(weft_elector *e)
{
    const weft_election *m = &e->machine;
    pthread_mutex_lock(&e->lock);
    e->view.state = m->state;
    e->view.connected = m->connected;
    e->view.epoch = m->mine.epoch > 0 ? m->mine.epoch : e->read.epoch;
    e->view.knows_leader = e->has_read && !weft_uuid_equal(e->read.guid, e->guid);
    e->view.leader = e->read;
    if (m->connected && m->is_read) e->view.problem[0] = 0;
    pthread_mutex_unlock(&e->lock);
}

static void step(weft_elector *e, weft_election_event event)
{
    weft_election_actions out;
    const weft_clock *clock = e->ctx.clock;
    event.now_ns = now_ns(e);
    event.wall_s = clock->wall_us(clock->self) / 1000000 - EPOCH_ZERO_S;
    weft_election_step(&e->machine, &event, &out);
    for (int32_t i = 0; i < out.count; i++) take_action(e, &out.items[i]);
    show(e);
}

/* ---- the session ---- */

static weft_status open_session(weft_elector *e)
{
    weft_status st = WEFT_OK;
    const weft_elector_options *o = &e->options;
    const weft_zookeeper_options zk = {.servers = e->servers,
                                       .timeout_ms = o->timeout_ms,
                                       .user = e->user,
                                       .password = e->password,
                                       .on_event = on_event,
                                       .of = &e->session};
    weft_zookeeper_close(&e->zk);
    e->session.generation++; /* after the last callback of the old one */
    e->wants_session = e->was_connected = e->is_held = false;
    e->lease_until_ns = 0;
    st = (o->open == NULL ? weft_zookeeper_open : o->open)(&e->ctx, &zk, &e->zk);
    if (st == WEFT_OK) return WEFT_OK;
    set_problem(e, e->ctx.error.message);
    e->wants_session = true;
    e->open_ns = now_ns(e) + OPEN_AGAIN_MS * MS;
    return st;
}

static void on_connected(weft_elector *e)
{
    const int64_t timeout_ns = (int64_t)e->zk.timeout_ms(e->zk.self) * MS;
    if (e->was_connected) {
        step(e, (weft_election_event){.kind = WEFT_ELECTION_CONNECTED});
        return;
    }
    if (weft_uuid_new(&e->ctx, &e->guid) != WEFT_OK) { /* the next news of the session tries again */
        set_problem(e, e->ctx.error.message);
        weft_error_clear(&e->ctx);
        return;
    }
    e->was_connected = true;
    ensure_folders(e, &e->ctx);
    /* a tenth less: by so much the server's clock may be faster */
    step(e, (weft_election_event){
                .kind = WEFT_ELECTION_SESSION, .guid = e->guid, .lease_ns = timeout_ns / 10 * 9});
}

static void on_state(weft_elector *e, weft_zookeeper_state state)
{
    switch (state) {
    case WEFT_ZOOKEEPER_CONNECTED: on_connected(e); break;
    case WEFT_ZOOKEEPER_CONNECTING:
        set_problem(e, "no server of ZooKeeper answers");
        if (e->machine.connected) step(e, (weft_election_event){.kind = WEFT_ELECTION_LOST});
        break;
    case WEFT_ZOOKEEPER_REFUSED_STATE:
        set_problem(e, "ZooKeeper refuses the user or the password");
        e->open_ns = now_ns(e) + OPEN_AGAIN_MS * MS; /* fall through */
    case WEFT_ZOOKEEPER_EXPIRED_STATE:
        weft_log(WEFT_LOG_WARN, "session_expired", WEFT_LOG_TEXT("servers", e->servers));
        step(e, (weft_election_event){.kind = WEFT_ELECTION_EXPIRED});
        e->wants_session = true;
        e->is_held = false;
        break;
    }
}

/* ---- the thread ---- */

/* The value of the epoch's node: one that cannot be read is no epoch that one could follow. */
static void take_read(weft_elector *e, elector_post *p)
{
    weft_election_event *event = &p->event;
    if (p->block == NULL) return;
    if (unlock_value(e, e->epoch_path, p->block, p->bytes, &e->read) == WEFT_OK &&
        e->read.epoch >= WEFT_ELECTION_EPOCH_MAX)
        (void)weft_fail(&e->ctx, WEFT_LIMIT, "%s has come to epoch %" PRIu64 ", more than there may be",
                        e->epoch_path, e->read.epoch);
    if (e->ctx.error.code != WEFT_OK) {
        event->outcome = WEFT_ELECTION_FAILED;
        set_problem(e, e->ctx.error.message);
        weft_error_clear(&e->ctx);
        return;
    }
    e->has_read = true;
    event->epoch.epoch = e->read.epoch;
    event->epoch.term = e->read.term;
    event->epoch.guid = e->read.guid;
}

static void take_answer(weft_elector *e, elector_post *p)
{
    const char **names = NULL;
    weft_election_event *event = &p->event;
    if (event->request == e->machine.request && e->machine.asked == WEFT_ELECTION_READ) take_read(e, p);
    if (event->count > 0) {
        const char *at = p->block;
        if (WEFT_NEW_ARRAY(&e->ctx, event->count, &names) != WEFT_OK) {
            weft_error_clear(&e->ctx);
            event->outcome = WEFT_ELECTION_FAILED;
            event->count = 0;
        }
        for (int32_t i = 0; i < event->count; at += strlen(at) + 1, i++) names[i] = at;
        event->names = names;
    }
    step(e, *event);
}

static void on_laid_down(weft_elector *e)
{
    e->is_busy = false;
    if (e->is_held && e->held.request == e->machine.request) {
        e->is_held = false;
        request(e, &e->held);
    }
    e->is_held = false;
}

static void handle(weft_elector *e, elector_post *p)
{
    const bool current = p->generation == e->session.generation && e->zk.self != NULL;
    switch (p->kind) {
    case POST_STATE:
        if (current) on_state(e, p->state);
        break;
    case POST_WATCH:
        if (current)
            step(e, (weft_election_event){.kind = p->epoch ? WEFT_ELECTION_EPOCH_CHANGED
                                                           : WEFT_ELECTION_ORDER_CHANGED});
        break;
    case POST_ANSWER:
        if (current) take_answer(e, p);
        break;
    case POST_LAID_DOWN: on_laid_down(e); break;
    case POST_RESIGN: step(e, (weft_election_event){.kind = WEFT_ELECTION_RESIGN}); break;
    case POST_STOP: e->stops = true; break;
    }
    weft_mem_free(p->block);
    weft_arena_reset(e->arena);
}

/* What the session's probes have proved since. */
static void feed_lease(weft_elector *e)
{
    if (e->zk.self == NULL || !e->was_connected) return;
    const int64_t until = e->zk.lease_until_ns(e->zk.self);
    if (until <= e->lease_until_ns) return;
    e->lease_until_ns = until;
    const int64_t timeout_ns = (int64_t)e->zk.timeout_ms(e->zk.self) * MS;
    step(e, (weft_election_event){.kind = WEFT_ELECTION_PROBED, .sent_ns = until - timeout_ns});
}

/* Others shall not wait for an owner that takes its time. The machine finds its candidate gone, and makes
 * another. */
static void withdraw(weft_elector *e)
{
    char path[PATH_BYTES];
    if (!e->is_held || e->is_withdrawn || now_ns(e) - e->held_ns < WITHDRAW_MS * MS) return;
    e->is_withdrawn = true;
    snprintf(path, sizeof(path), "%s/candidates/%s", e->folder, e->machine.own);
    if (e->zk.remove(&e->ctx, e->zk.self, path, WEFT_ZOOKEEPER_ANY_VERSION, NULL, NULL) != WEFT_OK)
        weft_error_clear(&e->ctx);
}

static int64_t wait_ns(weft_elector *e)
{
    int64_t wait = WAIT_MS * MS;
    const int64_t due = weft_election_due_ns(&e->machine);
    if (due != INT64_MAX) wait = weft_min_i64(wait, weft_max_i64(0, due - now_ns(e)));
    if (e->machine.state == WEFT_ELECTION_LEADS) /* before that the lease has grown */
        wait = weft_min_i64(wait, weft_max_i64(MS, e->machine.lease_ns / 8));
    if (e->is_held && !e->is_withdrawn) wait = weft_min_i64(wait, WITHDRAW_MS * MS / 4);
    return wait;
}

static void *run(void *self)
{
    weft_elector *e = self;
    while (!e->stops) {
        elector_post p = {0};
        if (e->wants_session && !e->is_busy && now_ns(e) >= e->open_ns && open_session(e) != WEFT_OK)
            weft_error_clear(&e->ctx); /* it is tried again */
        if (weft_mailbox_take(e->box, &p, wait_ns(e))) handle(e, &p);
        feed_lease(e);
        if (now_ns(e) >= weft_election_due_ns(&e->machine))
            step(e, (weft_election_event){.kind = WEFT_ELECTION_TICK});
        withdraw(e);
        weft_arena_reset(e->arena);
    }
    weft_zookeeper_close(&e->zk);
    return NULL;
}

/* ---- life ---- */

static weft_status keep_text(weft_ctx *ctx, const char *what, const char *from, char *to, size_t room)
{
    if (from == NULL || strlen(from) >= room)
        return weft_fail(ctx, WEFT_INVALID, "%s is %s", what, from == NULL ? "missing" : "too long");
    memcpy(to, from, strlen(from) + 1);
    return WEFT_OK;
}

static weft_status keep_options(weft_ctx *ctx, weft_elector *e, const weft_elector_options *o)
{
    weft_status st = WEFT_OK;
    weft_leader *me = &e->me;
    e->options = *o;
    WEFT_TRY(st, keep_text(ctx, "the list of ZooKeeper servers", o->servers, e->servers, TEXT_BYTES));
    WEFT_TRY(st, keep_text(ctx, "the folder in ZooKeeper", o->folder, e->folder, TEXT_BYTES));
    WEFT_TRY(st, keep_text(ctx, "the user of ZooKeeper", o->user, e->user, TEXT_BYTES));
    WEFT_TRY(st, keep_text(ctx, "the password of ZooKeeper", o->password, e->password, TEXT_BYTES));
    WEFT_TRY(st, keep_text(ctx, "the address", o->address, me->address, sizeof(me->address)));
    WEFT_TRY(st, keep_text(ctx, "the HTTP address", o->http, me->http, sizeof(me->http)));
    WEFT_TRY(st, keep_text(ctx, "the version", o->version, me->version, sizeof(me->version)));
    WEFT_TRY(st, keep_text(ctx, "the address of blobs", o->blobs == NULL ? "" : o->blobs, me->blobs,
                           sizeof(me->blobs)));
    const size_t len = strlen(e->folder);
    if (e->folder[0] != '/' || len < 2 || e->folder[len - 1] == '/' || strstr(e->folder, "//") != NULL)
        st = weft_fail(ctx, WEFT_INVALID, "%s is no folder in ZooKeeper: it looks like /weft", e->folder);
    snprintf(e->epoch_path, sizeof(e->epoch_path), "%s/epoch", e->folder);
done:
    return st;
}

weft_status weft_elector_start(weft_ctx *ctx, const weft_elector_options *options, weft_elector **out)
{
    weft_status st = WEFT_OK;
    weft_elector *e = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*e), (void **)&e));
    pthread_mutex_init(&e->lock, NULL);
    WEFT_TRY(st, keep_options(ctx, e, options));
    e->account = weft_account_open(options->pool, "election");
    e->arena = e->account == NULL ? NULL : weft_arena_new(e->account);
    e->callback_arena = e->account == NULL ? NULL : weft_arena_new(e->account);
    if (e->callback_arena == NULL || e->arena == NULL)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for the election"));
    weft_ctx_init(&e->ctx, e->arena, e->account, options->settings);
    weft_ctx_init(&e->callbacks, e->callback_arena, e->account, options->settings);
    WEFT_TRY(st, weft_mailbox_new(&e->ctx, sizeof(elector_post), POSTS_MAX, &e->box));
    e->session.elector = e;
    weft_election_init(&e->machine);
    st = open_session(e); /* servers without an address may get one; all else stays as it is */
    if (st != WEFT_OK && st != WEFT_UNREACHABLE) WEFT_TRY(st, weft_error_copy(ctx, &e->ctx));
    weft_error_clear(&e->ctx);
    st = WEFT_OK;
    if (pthread_create(&e->thread, NULL, run, e) != 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "the system refuses a thread for the election"));
    e->runs = true;
    *out = e;
    e = NULL;
done:
    weft_elector_stop(&e);
    return st;
}

/* From any thread: with a context of its own, whose errors nobody reads. */
static void post_word(weft_elector *e, post_kind kind)
{
    weft_ctx ctx;
    weft_ctx_init(&ctx, NULL, e->account, e->options.settings);
    post(e, &ctx, &(elector_post){.kind = kind});
}

void weft_elector_laid_down(weft_elector *e) { post_word(e, POST_LAID_DOWN); }

void weft_elector_resign(weft_elector *e) { post_word(e, POST_RESIGN); }

void weft_elector_look(weft_elector *e, weft_elector_view *out)
{
    pthread_mutex_lock(&e->lock);
    *out = e->view;
    pthread_mutex_unlock(&e->lock);
}

void weft_elector_stop(weft_elector **slot)
{
    weft_elector *e = *slot;
    elector_post p;
    *slot = NULL;
    if (e == NULL) return;
    if (e->runs) {
        post_word(e, POST_STOP);
        pthread_join(e->thread, NULL);
    }
    weft_zookeeper_close(&e->zk);
    while (e->box != NULL && weft_mailbox_take(e->box, &p, 0)) weft_mem_free(p.block);
    weft_mailbox_free(&e->box);
    weft_arena_free(&e->callback_arena);
    weft_arena_free(&e->arena);
    weft_account_close(&e->account);
    pthread_mutex_destroy(&e->lock);
    weft_mem_free(e);
}
