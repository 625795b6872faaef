/* tests/support/fake_zookeeper.c - see fake_zookeeper.h.
 *
 * One tree that all agree on, and for stale reads what was changed by the last transactions: a reader that
 * lags sees for each node its state before them. Each session has a queue of requests, carried out in order,
 * and a queue of answers and events, delivered in order. */
#include "tests/support/fake_zookeeper.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/mem.h"

enum { SILENT_NS = 30000000, PATH_BYTES = 512, OVERHEAD_BYTES = 128, LOGIN_BYTES = 256, HISTORY = 64 };

typedef struct node {
    char *path;
    char *value;
    size_t bytes;
    char login[LOGIN_BYTES]; /* who may see it; empty: all */
    weft_zookeeper_stat stat;
    int64_t sequence; /* of the next child with a number */
} node;

/* A node as it was before a transaction; value and path are copies. */
typedef struct past {
    int64_t transaction;
    bool was_there;
    node node;
} past;

typedef struct request {
    struct request *next;
    int kind; /* of calls below */
    char path[PATH_BYTES];
    void *value;
    size_t bytes;
    int32_t version;
    uint32_t flags;
    bool watch;
    weft_zookeeper_op *ops;
    int32_t count;
    weft_zookeeper_done *done;
    void *of;
} request;

/* An answer (done) or an event. */
typedef struct message {
    struct message *next;
    weft_zookeeper_done *done;
    void *of;
    bool is_event;
    weft_zookeeper_event event;
    weft_zookeeper_answer answer;
    char path[PATH_BYTES];
    char *value, **children;
} message;

typedef struct watch {
    struct watch *next;
    char path[PATH_BYTES];
    bool of_children;
} watch;

typedef struct session {
    struct session *next;
    fake_zookeeper *of;
    int64_t id;
    char login[LOGIN_BYTES];
    int32_t timeout_ms;
    weft_zookeeper_on_event *on_event;
    void *event_of;
    weft_zookeeper_state state;         /* as the client knows */
    bool is_cut, is_dead;               /* dead: to the servers */
    int64_t heard_ns, lease_ns, synced; /* transaction of its last sync */
    request *first, *last;
    message *out, *out_last;
    watch *watches;
} session;

struct fake_zookeeper {
    pthread_mutex_t lock;
    pthread_t thread;
    bool is_running, is_stopping;
    uint64_t random;
    int64_t now_ns, transactions, sessions_made;
    int32_t lag;
    node *nodes; /* sorted by path */
    int32_t count, capacity;
    past history[HISTORY];
    int32_t history_count;
    session *sessions;
    const session *delivering; /* a callback of it is at work */
    int64_t writes, fault_at;
    fake_zookeeper_fault fault;
};

enum { CREATE, GET, SET, REMOVE, EXISTS, CHILDREN, MULTI, SYNC };

static uint64_t next_random(fake_zookeeper *f)
{
    uint64_t z = f->random += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* ---- the tree ---- */

static int32_t place_of(const fake_zookeeper *f, const char *path, bool *there)
{
    int32_t low = 0, high = f->count;
    while (low < high) {
        const int32_t middle = (low + high) / 2;
        const int order = strcmp(f->nodes[middle].path, path);
        *there = order == 0;
        if (*there) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *there = false;
    return low;
}

static node *find_node(const fake_zookeeper *f, const char *path)
{
    bool there;
    const int32_t at = place_of(f, path, &there);
    return there ? &f->nodes[at] : NULL;
}

static void parent_of(const char *path, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s", path);
    char *slash = strrchr(out, '/');
    slash[slash == out ? 1 : 0] = 0;
}

static char *copy_bytes(const void *bytes, size_t len)
{
    char *out = malloc(len + 1);
    assert(out != NULL);
    if (len > 0) memcpy(out, bytes, len);
    out[len] = 0;
    return out;
}

static void past_free(past *p)
{
    free(p->node.path);
    free(p->node.value);
}

/* Remember how a node is, for who reads late. */
static void remember(fake_zookeeper *f, const char *path)
{
    const node *n = find_node(f, path);
    if (f->history_count == HISTORY) {
        past_free(&f->history[0]);
        memmove(f->history, f->history + 1, (HISTORY - 1) * sizeof(past));
        f->history_count--;
    }
    past *p = &f->history[f->history_count++];
    *p = (past){.transaction = f->transactions, .was_there = n != NULL};
    if (n != NULL) p->node = *n;
    p->node.path = copy_bytes(path, strlen(path));
    p->node.value = n == NULL ? NULL : copy_bytes(n->value, n->bytes);
}

/* A node as this session sees it, or NULL. */
static const node *view_node(const fake_zookeeper *f, const session *s, const char *path)
{
    const int64_t seen = weft_max_i64(f->transactions - f->lag, s->synced);
    for (int32_t i = 0; i < f->history_count; i++) /* the oldest change that it has not seen tells */
        if (f->history[i].transaction > seen && strcmp(f->history[i].node.path, path) == 0)
            return f->history[i].was_there ? &f->history[i].node : NULL;
    return find_node(f, path);
}

/* Is it a child of this one? Its name, or NULL. */
static const char *child_name(const char *parent, const char *path)
{
    const size_t len = strcmp(parent, "/") == 0 ? 0 : strlen(parent);
    if (strncmp(path, parent, len) != 0 || path[len] != '/' || path[len + 1] == 0) return NULL;
    return strchr(path + len + 1, '/') == NULL ? path + len + 1 : NULL;
}

/* ---- events ---- */

static void push(session *s, message *m)
{
    m->next = NULL;
    if (s->out_last == NULL)
        s->out = m;
    else
        s->out_last->next = m;
    s->out_last = m;
}

static void push_event(session *s, weft_zookeeper_event_kind kind, const char *path)
{
    message *m = calloc(1, sizeof(*m));
    assert(m != NULL);
    m->is_event = true;
    m->event = (weft_zookeeper_event){.kind = kind, .state = s->state};
    snprintf(m->path, sizeof(m->path), "%s", path == NULL ? "" : path);
    push(s, m);
}

static void set_state(session *s, weft_zookeeper_state state)
{
    if (s->state == state) return;
    s->state = state;
    if (state >= WEFT_ZOOKEEPER_EXPIRED_STATE) s->lease_ns = 0;
    push_event(s, WEFT_ZOOKEEPER_EVENT_STATE, NULL);
}

/* Watches of a path fire, and are gone. */
static void fire(fake_zookeeper *f, const char *path, bool of_children, weft_zookeeper_event_kind kind)
{
    for (session *s = f->sessions; s != NULL; s = s->next)
        for (watch **w = &s->watches; *w != NULL;) {
            watch *here = *w;
            if (here->of_children != of_children || strcmp(here->path, path) != 0) {
                w = &here->next;
                continue;
            }
            push_event(s, kind, path);
            *w = here->next;
            free(here);
        }
}

static void add_watch(session *s, const char *path, bool of_children)
{
    watch *w = calloc(1, sizeof(*w));
    assert(w != NULL);
    snprintf(w->path, sizeof(w->path), "%s", path);
    w->of_children = of_children;
    w->next = s->watches;
    s->watches = w;
}

/* ---- changes ---- */

static bool is_allowed(const node *n, const session *s)
{
    return s == NULL || n->login[0] == 0 || strcmp(n->login, s->login) == 0;
}

static void insert_node(fake_zookeeper *f, const session *s, const char *path, const void *value,
                        size_t bytes, uint32_t flags)
{
    bool there;
    const int32_t at = place_of(f, path, &there);
    if (f->count == f->capacity) {
        f->capacity = f->capacity == 0 ? 64 : 2 * f->capacity;
        f->nodes = realloc(f->nodes, (size_t)f->capacity * sizeof(*f->nodes));
        assert(f->nodes != NULL);
    }
    memmove(f->nodes + at + 1, f->nodes + at, (size_t)(f->count - at) * sizeof(*f->nodes));
    f->count++;
    node *n = &f->nodes[at];
    *n = (node){.path = copy_bytes(path, strlen(path)), .value = copy_bytes(value, bytes), .bytes = bytes};
    n->stat = (weft_zookeeper_stat){.value_bytes = (int64_t)bytes,
                                    .made = f->transactions,
                                    .changed = f->transactions,
                                    .session = (flags & WEFT_ZOOKEEPER_EPHEMERAL) && s != NULL ? s->id : 0};
    if (s != NULL) memcpy(n->login, s->login, sizeof(n->login));
}

static weft_zookeeper_outcome check_create(fake_zookeeper *f, const session *s, char path[PATH_BYTES],
                                           uint32_t flags)
{
    char above[PATH_BYTES];
    parent_of(path, above);
    node *parent = find_node(f, above);
    if (parent == NULL) return WEFT_ZOOKEEPER_NO_NODE;
    if (!is_allowed(parent, s)) return WEFT_ZOOKEEPER_REFUSED;
    if (parent->stat.session != 0) return WEFT_ZOOKEEPER_INVALID;
    const size_t len = strlen(path);
    if (flags & WEFT_ZOOKEEPER_SEQUENCE)
        snprintf(path + len, PATH_BYTES - len, "%010lld", (long long)parent->sequence);
    return find_node(f, path) != NULL ? WEFT_ZOOKEEPER_EXISTS : WEFT_ZOOKEEPER_OK;
}

static weft_zookeeper_outcome do_create(fake_zookeeper *f, const session *s, char path[PATH_BYTES],
                                        const void *value, size_t bytes, uint32_t flags)
{
    char above[PATH_BYTES];
    const weft_zookeeper_outcome checked = check_create(f, s, path, flags);
    if (checked != WEFT_ZOOKEEPER_OK) return checked;
    parent_of(path, above);
    remember(f, path);
    remember(f, above);
    insert_node(f, s, path, value, bytes, flags);
    node *parent = find_node(f, above);
    parent->sequence++;
    parent->stat.children_version++;
    parent->stat.child_count++;
    fire(f, path, false, WEFT_ZOOKEEPER_EVENT_MADE);
    fire(f, above, true, WEFT_ZOOKEEPER_EVENT_CHILDREN);
    return WEFT_ZOOKEEPER_OK;
}

static weft_zookeeper_outcome check_version(const fake_zookeeper *f, const session *s, const char *path,
                                            int32_t version)
{
    const node *n = find_node(f, path);
    if (n == NULL) return WEFT_ZOOKEEPER_NO_NODE;
    if (!is_allowed(n, s)) return WEFT_ZOOKEEPER_REFUSED;
    return version >= 0 && version != n->stat.version ? WEFT_ZOOKEEPER_BAD_VERSION : WEFT_ZOOKEEPER_OK;
}

static weft_zookeeper_outcome do_set(fake_zookeeper *f, const session *s, const char *path, const void *value,
                                     size_t bytes, int32_t version)
{
    const weft_zookeeper_outcome checked = check_version(f, s, path, version);
    if (checked != WEFT_ZOOKEEPER_OK) return checked;
    remember(f, path);
    node *n = find_node(f, path);
    free(n->value);
    n->value = copy_bytes(value, bytes);
    n->bytes = bytes;
    n->stat.value_bytes = (int64_t)bytes;
    n->stat.version++;
    n->stat.changed = f->transactions;
    fire(f, path, false, WEFT_ZOOKEEPER_EVENT_CHANGED);
    return WEFT_ZOOKEEPER_OK;
}

static weft_zookeeper_outcome do_remove(fake_zookeeper *f, const session *s, const char *path,
                                        int32_t version)
{
    bool there;
    char above[PATH_BYTES];
    const weft_zookeeper_outcome checked = check_version(f, s, path, version);
    if (checked != WEFT_ZOOKEEPER_OK) return checked;
    if (find_node(f, path)->stat.child_count > 0) return WEFT_ZOOKEEPER_NOT_EMPTY;
    parent_of(path, above);
    remember(f, path);
    remember(f, above);
    const int32_t at = place_of(f, path, &there);
    free(f->nodes[at].path);
    free(f->nodes[at].value);
    f->count--;
    memmove(f->nodes + at, f->nodes + at + 1, (size_t)(f->count - at) * sizeof(*f->nodes));
    node *parent = find_node(f, above);
    parent->stat.children_version++;
    parent->stat.child_count--;
    fire(f, path, false, WEFT_ZOOKEEPER_EVENT_REMOVED);
    fire(f, path, true, WEFT_ZOOKEEPER_EVENT_REMOVED);
    fire(f, above, true, WEFT_ZOOKEEPER_EVENT_CHILDREN);
    return WEFT_ZOOKEEPER_OK;
}

/* Would this operation do, after those before it? Carried out, or not, as a whole: what is wrong is found on
 * the real tree, and taken back by doing nothing, so operations of one transaction may not depend on each
 * other but as a node and its child, or a value set after its node was made. */
static weft_zookeeper_outcome check_op(fake_zookeeper *f, const session *s, const weft_zookeeper_op *ops,
                                       int32_t at)
{
    const weft_zookeeper_op *op = &ops[at];
    char path[PATH_BYTES], above[PATH_BYTES];
    bool made = false, parent_made = false;
    int32_t removed = 0;
    snprintf(path, sizeof(path), "%s", op->path);
    parent_of(path, above);
    for (int32_t i = 0; i < at; i++) {
        made |= ops[i].kind == WEFT_ZOOKEEPER_CREATE && strcmp(ops[i].path, path) == 0;
        parent_made |= ops[i].kind == WEFT_ZOOKEEPER_CREATE && strcmp(ops[i].path, above) == 0;
        removed += ops[i].kind == WEFT_ZOOKEEPER_REMOVE && child_name(path, ops[i].path) != NULL;
    }
    if (op->kind == WEFT_ZOOKEEPER_CREATE) {
        if (made) return WEFT_ZOOKEEPER_EXISTS;
        return parent_made ? WEFT_ZOOKEEPER_OK : check_create(f, s, path, 0);
    }
    if (made) return WEFT_ZOOKEEPER_OK;
    const weft_zookeeper_outcome checked = check_version(f, s, path, op->version);
    if (checked != WEFT_ZOOKEEPER_OK || op->kind != WEFT_ZOOKEEPER_REMOVE) return checked;
    return find_node(f, path)->stat.child_count > removed ? WEFT_ZOOKEEPER_NOT_EMPTY : WEFT_ZOOKEEPER_OK;
}

static weft_zookeeper_outcome do_multi(fake_zookeeper *f, const session *s, const request *r, message *m)
{
    for (int32_t i = 0; i < r->count; i++) {
        const weft_zookeeper_outcome checked = check_op(f, s, r->ops, i);
        m->answer.failed = checked == WEFT_ZOOKEEPER_OK ? -1 : i;
        if (checked != WEFT_ZOOKEEPER_OK) return checked;
    }
    for (int32_t i = 0; i < r->count; i++) {
        const weft_zookeeper_op *op = &r->ops[i];
        char path[PATH_BYTES];
        weft_zookeeper_outcome done = WEFT_ZOOKEEPER_OK;
        snprintf(path, sizeof(path), "%s", op->path);
        if (op->kind == WEFT_ZOOKEEPER_CREATE) done = do_create(f, s, path, op->value, op->bytes, op->flags);
        if (op->kind == WEFT_ZOOKEEPER_SET) done = do_set(f, s, path, op->value, op->bytes, op->version);
        if (op->kind == WEFT_ZOOKEEPER_REMOVE) done = do_remove(f, s, path, op->version);
        assert(done == WEFT_ZOOKEEPER_OK);
        if (op->kind == WEFT_ZOOKEEPER_SET) m->answer.stat = find_node(f, path)->stat;
    }
    return WEFT_ZOOKEEPER_OK;
}

/* ---- requests ---- */

static void answer_children(const fake_zookeeper *f, const session *s, const char *path, message *m)
{
    int32_t capacity = 0;
    for (int32_t i = 0; i < f->count + f->history_count; i++) {
        const char *candidate = i < f->count ? f->nodes[i].path : f->history[i - f->count].node.path;
        const char *name = child_name(path, candidate);
        if (name == NULL || view_node(f, s, candidate) == NULL) continue;
        bool known = i >= f->count && find_node(f, candidate) != NULL;
        for (int32_t k = 0; i >= f->count && k < m->answer.child_count && !known; k++)
            known = strcmp(m->children[k], name) == 0;
        if (known) continue;
        if (m->answer.child_count == capacity) {
            capacity = capacity == 0 ? 16 : 2 * capacity;
            m->children = realloc(m->children, (size_t)capacity * sizeof(*m->children));
            assert(m->children != NULL);
        }
        m->children[m->answer.child_count++] = copy_bytes(name, strlen(name));
    }
}

static weft_zookeeper_outcome do_read(fake_zookeeper *f, session *s, const request *r, message *m)
{
    const node *n = view_node(f, s, r->path);
    if (n == NULL && r->kind != EXISTS) return WEFT_ZOOKEEPER_NO_NODE;
    if (n != NULL && r->kind != EXISTS && !is_allowed(n, s)) return WEFT_ZOOKEEPER_REFUSED;
    if (r->watch) add_watch(s, r->path, r->kind == CHILDREN);
    if (n == NULL) return WEFT_ZOOKEEPER_NO_NODE;
    m->answer.stat = n->stat;
    if (r->kind == GET) {
        m->value = copy_bytes(n->value, n->bytes);
        m->answer.bytes = n->bytes;
    }
    if (r->kind == CHILDREN) answer_children(f, s, r->path, m);
    return WEFT_ZOOKEEPER_OK;
}

static bool is_write(const request *r)
{
    return r->kind == CREATE || r->kind == SET || r->kind == REMOVE || r->kind == MULTI;
}

static void carry_out(fake_zookeeper *f, session *s, request *r, message *m)
{
    weft_zookeeper_outcome outcome = WEFT_ZOOKEEPER_EXPIRED;
    if (is_write(r)) f->transactions++;
    m->answer.failed = -1;
    if (!s->is_dead) switch (r->kind) {
        case CREATE: outcome = do_create(f, s, r->path, r->value, r->bytes, r->flags); break;
        case SET: outcome = do_set(f, s, r->path, r->value, r->bytes, r->version); break;
        case REMOVE: outcome = do_remove(f, s, r->path, r->version); break;
        case MULTI: outcome = do_multi(f, s, r, m); break;
        case SYNC:
            s->synced = f->transactions;
            outcome = WEFT_ZOOKEEPER_OK;
            break;
        default: outcome = do_read(f, s, r, m); break;
        }
    if (outcome == WEFT_ZOOKEEPER_OK && (r->kind == CREATE || r->kind == SET))
        m->answer.stat = find_node(f, r->path)->stat;
    m->answer.outcome = outcome;
}

static message *message_for(const request *r)
{
    message *m = calloc(1, sizeof(*m));
    assert(m != NULL);
    m->done = r->done;
    m->of = r->of;
    m->answer.failed = -1;
    return m;
}

static void request_free(request *r)
{
    for (int32_t i = 0; i < r->count; i++) {
        free((void *)(uintptr_t)r->ops[i].path);
        free((void *)(uintptr_t)r->ops[i].value);
    }
    free(r->ops);
    free(r->value);
    free(r);
}

static request *take_request(session *s)
{
    request *r = s->first;
    s->first = r->next;
    if (s->first == NULL) s->last = NULL;
    return r;
}

static void forget_answer(message *m)
{
    for (int32_t i = 0; i < m->answer.child_count; i++) free(m->children[i]);
    free(m->children);
    free(m->value);
    m->children = NULL;
    m->value = NULL;
    m->answer = (weft_zookeeper_answer){.outcome = WEFT_ZOOKEEPER_UNKNOWN, .failed = -1};
}

/* The connection is gone: some of what was asked for is carried out, and nobody is told. */
static void lose(fake_zookeeper *f, session *s, bool by_chance)
{
    bool reached = by_chance;
    for (message *m = s->out; m != NULL; m = m->next)
        if (!m->is_event) forget_answer(m);
    while (s->first != NULL) {
        request *r = take_request(s);
        message *m = message_for(r);
        reached = reached && (next_random(f) & 1) != 0;
        if (reached) carry_out(f, s, r, m);
        forget_answer(m);
        push(s, m);
        request_free(r);
    }
    if (s->state == WEFT_ZOOKEEPER_CONNECTED) set_state(s, WEFT_ZOOKEEPER_CONNECTING);
}

static void do_cut(fake_zookeeper *f, session *s, bool is_cut)
{
    s->is_cut = is_cut;
    if (s->state >= WEFT_ZOOKEEPER_EXPIRED_STATE) return;
    if (is_cut)
        lose(f, s, true);
    else
        set_state(s, s->is_dead ? WEFT_ZOOKEEPER_EXPIRED_STATE : WEFT_ZOOKEEPER_CONNECTED);
}

/* The first request of a session reaches the servers. */
static void serve(fake_zookeeper *f, session *s)
{
    const bool faulty = is_write(s->first) && ++f->writes == f->fault_at;
    request *r = take_request(s);
    message *m = message_for(r);
    const bool before = f->fault == FAKE_ZOOKEEPER_LOST_BEFORE || f->fault == FAKE_ZOOKEEPER_SILENT_BEFORE;
    if (!faulty || !before) carry_out(f, s, r, m);
    snprintf(m->path, sizeof(m->path), "%s", r->path);
    if (faulty) forget_answer(m);
    push(s, m);
    request_free(r);
    if (!faulty) return;
    lose(f, s, false);
    s->is_cut = f->fault == FAKE_ZOOKEEPER_SILENT_BEFORE || f->fault == FAKE_ZOOKEEPER_SILENT_AFTER;
    if (!s->is_cut) do_cut(f, s, false);
    if (s->is_cut) s->lease_ns = f->now_ns + SILENT_NS;
}

/* ---- steps ---- */

static void deliver(session *s, message *m)
{
    if (m->is_event) {
        m->event.path = m->path[0] == 0 ? NULL : m->path;
        if (s->on_event != NULL) s->on_event(s->event_of, &m->event);
    } else {
        m->answer.path = m->path[0] == 0 ? NULL : m->path;
        m->answer.value = m->value;
        m->answer.children = (const char *const *)m->children;
        if (m->done != NULL) m->done(m->of, &m->answer);
    }
    forget_answer(m);
    free(m);
}

/* Has this session something to do? A silent one loses its requests. */
static bool has_work(const session *s) { return s->out != NULL || s->first != NULL; }

bool fake_zookeeper_step(fake_zookeeper *f)
{
    session *chosen = NULL;
    message *m = NULL;
    int32_t candidates = 0;
    pthread_mutex_lock(&f->lock);
    for (session *s = f->sessions; s != NULL; s = s->next)
        if (has_work(s) && next_random(f) % (uint64_t)++candidates == 0) chosen = s;
    if (chosen != NULL && chosen->out != NULL && (chosen->first == NULL || (next_random(f) & 1) != 0)) {
        m = chosen->out;
        chosen->out = m->next;
        if (chosen->out == NULL) chosen->out_last = NULL;
    } else if (chosen != NULL && chosen->is_cut)
        lose(f, chosen, false); /* it never leaves the client */
    else if (chosen != NULL)
        serve(f, chosen);
    f->delivering = m == NULL ? NULL : chosen;
    pthread_mutex_unlock(&f->lock);
    if (m == NULL) return chosen != NULL;
    deliver(chosen, m);
    pthread_mutex_lock(&f->lock);
    f->delivering = NULL;
    pthread_mutex_unlock(&f->lock);
    return true;
}

void fake_zookeeper_run(fake_zookeeper *f)
{
    while (fake_zookeeper_step(f)) continue;
}

static void end_session(fake_zookeeper *f, session *s)
{
    if (s->is_dead) return;
    s->is_dead = true;
    f->transactions++;
    for (int32_t i = f->count - 1; i >= 0; i--)
        if (f->nodes[i].stat.session == s->id) {
            char path[PATH_BYTES];
            snprintf(path, sizeof(path), "%s", f->nodes[i].path);
            (void)do_remove(f, NULL, path, WEFT_ZOOKEEPER_ANY_VERSION);
        }
    if (!s->is_cut) set_state(s, WEFT_ZOOKEEPER_EXPIRED_STATE);
}

void fake_zookeeper_time(fake_zookeeper *f, int64_t now_ns)
{
    pthread_mutex_lock(&f->lock);
    f->now_ns = now_ns;
    for (session *s = f->sessions; s != NULL; s = s->next) {
        if (s->is_dead) continue;
        if (!s->is_cut) {
            s->heard_ns = now_ns;
            s->lease_ns = now_ns + (int64_t)s->timeout_ms * 1000000;
        } else if (now_ns - s->heard_ns > (int64_t)s->timeout_ms * 1000000)
            end_session(f, s);
    }
    pthread_mutex_unlock(&f->lock);
}

static void *run_main(void *of)
{
    fake_zookeeper *f = of;
    for (bool stop = false; !stop;) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        fake_zookeeper_time(f, (int64_t)t.tv_sec * 1000000000 + t.tv_nsec);
        if (!fake_zookeeper_step(f)) nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
        pthread_mutex_lock(&f->lock);
        stop = f->is_stopping;
        pthread_mutex_unlock(&f->lock);
    }
    return NULL;
}

void fake_zookeeper_start(fake_zookeeper *f)
{
    f->is_stopping = false;
    f->is_running = pthread_create(&f->thread, NULL, run_main, f) == 0;
    assert(f->is_running);
}

void fake_zookeeper_stop(fake_zookeeper *f)
{
    if (!f->is_running) return;
    pthread_mutex_lock(&f->lock);
    f->is_stopping = true;
    pthread_mutex_unlock(&f->lock);
    pthread_join(f->thread, NULL);
    f->is_running = false;
}

/* ---- the interface ---- */

static weft_zookeeper_state fake_state(void *self)
{
    session *s = self;
    pthread_mutex_lock(&s->of->lock);
    const weft_zookeeper_state state = s->state;
    pthread_mutex_unlock(&s->of->lock);
    return state;
}

static weft_status ask(weft_ctx *ctx, session *s, request r)
{
    size_t bytes = strlen(r.path) + r.bytes + OVERHEAD_BYTES;
    for (int32_t i = 0; i < r.count; i++) bytes += strlen(r.ops[i].path) + r.ops[i].bytes + OVERHEAD_BYTES;
    if (bytes > WEFT_ZOOKEEPER_REQUEST_BYTES || r.count > WEFT_ZOOKEEPER_OPS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "%zu bytes are too many for ZooKeeper at once: %s", bytes, r.path);
    if (fake_state(s) >= WEFT_ZOOKEEPER_EXPIRED_STATE)
        return weft_fail(ctx, WEFT_UNREACHABLE, "the session with ZooKeeper is over");
    request *copy = calloc(1, sizeof(*copy));
    assert(copy != NULL);
    *copy = r;
    copy->value = copy_bytes(r.value, r.bytes);
    copy->ops = r.count == 0 ? NULL : calloc((size_t)r.count, sizeof(*r.ops));
    for (int32_t i = 0; i < r.count; i++) {
        copy->ops[i] = r.ops[i];
        copy->ops[i].path = copy_bytes(r.ops[i].path, strlen(r.ops[i].path));
        copy->ops[i].value = copy_bytes(r.ops[i].value, r.ops[i].bytes);
    }
    pthread_mutex_lock(&s->of->lock);
    if (s->last == NULL)
        s->first = copy;
    else
        s->last->next = copy;
    s->last = copy;
    pthread_mutex_unlock(&s->of->lock);
    return WEFT_OK;
}

#define REQUEST(kind_, path_)                                                                                \
    request r = {.kind = (kind_), .done = done, .of = of};                                                   \
    snprintf(r.path, sizeof(r.path), "%s", path_)

static weft_status fake_create(weft_ctx *ctx, void *self, const char *path, const void *value, size_t bytes,
                               uint32_t flags, weft_zookeeper_done *done, void *of)
{
    REQUEST(CREATE, path);
    r.value = (void *)(uintptr_t)value;
    r.bytes = bytes;
    r.flags = flags;
    return ask(ctx, self, r);
}

static weft_status fake_get(weft_ctx *ctx, void *self, const char *path, bool watched,
                            weft_zookeeper_done *done, void *of)
{
    REQUEST(GET, path);
    r.watch = watched;
    return ask(ctx, self, r);
}

static weft_status fake_set(weft_ctx *ctx, void *self, const char *path, const void *value, size_t bytes,
                            int32_t version, weft_zookeeper_done *done, void *of)
{
    REQUEST(SET, path);
    r.value = (void *)(uintptr_t)value;
    r.bytes = bytes;
    r.version = version;
    return ask(ctx, self, r);
}

static weft_status fake_remove(weft_ctx *ctx, void *self, const char *path, int32_t version,
                               weft_zookeeper_done *done, void *of)
{
    REQUEST(REMOVE, path);
    r.version = version;
    return ask(ctx, self, r);
}

static weft_status fake_exists(weft_ctx *ctx, void *self, const char *path, bool watched,
                               weft_zookeeper_done *done, void *of)
{
    REQUEST(EXISTS, path);
    r.watch = watched;
    return ask(ctx, self, r);
}

static weft_status fake_children(weft_ctx *ctx, void *self, const char *path, bool watched,
                                 weft_zookeeper_done *done, void *of)
{
    REQUEST(CHILDREN, path);
    r.watch = watched;
    return ask(ctx, self, r);
}

static weft_status fake_multi(weft_ctx *ctx, void *self, const weft_zookeeper_op *ops, int32_t count,
                              weft_zookeeper_done *done, void *of)
{
    REQUEST(MULTI, "");
    r.ops = (weft_zookeeper_op *)(uintptr_t)ops;
    r.count = count;
    return ask(ctx, self, r);
}

static weft_status fake_sync(weft_ctx *ctx, void *self, const char *path, weft_zookeeper_done *done, void *of)
{
    REQUEST(SYNC, path);
    return ask(ctx, self, r);
}

static int64_t locked(session *s, const int64_t *value)
{
    pthread_mutex_lock(&s->of->lock);
    const int64_t got = *value;
    pthread_mutex_unlock(&s->of->lock);
    return got;
}

static int64_t fake_lease(void *self) { return locked(self, &((session *)self)->lease_ns); }
static int32_t fake_timeout(void *self) { return ((session *)self)->timeout_ms; }
static int64_t fake_session(void *self) { return ((session *)self)->id; }

static void fake_close(void *self)
{
    session *s = self;
    fake_zookeeper *f = s->of;
    pthread_mutex_lock(&f->lock);
    while (f->delivering == s) {
        pthread_mutex_unlock(&f->lock);
        nanosleep(&(struct timespec){.tv_nsec = 10000}, NULL);
        pthread_mutex_lock(&f->lock);
    }
    lose(f, s, false);
    end_session(f, s);
    session **at = &f->sessions;
    while (*at != s) at = &(*at)->next;
    *at = s->next;
    while (s->watches != NULL) {
        watch *w = s->watches;
        s->watches = w->next;
        free(w);
    }
    pthread_mutex_unlock(&f->lock);
    while (s->out != NULL) {
        message *m = s->out;
        s->out = m->next;
        if (m->is_event) s->on_event = NULL; /* nobody wants to hear of it any more */
        deliver(s, m);
    }
    free(s);
}

void fake_zookeeper_open(fake_zookeeper *f, const weft_zookeeper_options *options, weft_zookeeper *out)
{
    session *s = calloc(1, sizeof(*s));
    assert(s != NULL);
    pthread_mutex_lock(&f->lock);
    *s = (session){.next = f->sessions,
                   .of = f,
                   .id = ++f->sessions_made,
                   .timeout_ms = options->timeout_ms,
                   .on_event = options->on_event,
                   .event_of = options->of,
                   .heard_ns = f->now_ns,
                   .lease_ns = f->now_ns + (int64_t)options->timeout_ms * 1000000};
    snprintf(s->login, sizeof(s->login), "%s:%s", options->user, options->password);
    f->sessions = s;
    set_state(s, WEFT_ZOOKEEPER_CONNECTED);
    pthread_mutex_unlock(&f->lock);
    *out = (weft_zookeeper){.self = s,
                            .create = fake_create,
                            .get = fake_get,
                            .set = fake_set,
                            .remove = fake_remove,
                            .exists = fake_exists,
                            .children = fake_children,
                            .multi = fake_multi,
                            .sync = fake_sync,
                            .state = fake_state,
                            .lease_until_ns = fake_lease,
                            .timeout_ms = fake_timeout,
                            .session = fake_session,
                            .close = fake_close};
}

/* ---- what a test does ---- */

fake_zookeeper *fake_zookeeper_new(uint64_t seed)
{
    fake_zookeeper *f = calloc(1, sizeof(*f));
    assert(f != NULL);
    pthread_mutex_init(&f->lock, NULL);
    f->random = seed;
    insert_node(f, NULL, "/", "", 0, 0);
    return f;
}

void fake_zookeeper_free(fake_zookeeper *f)
{
    fake_zookeeper_stop(f);
    assert(f->sessions == NULL);
    for (int32_t i = 0; i < f->count; i++) {
        free(f->nodes[i].path);
        free(f->nodes[i].value);
    }
    for (int32_t i = 0; i < f->history_count; i++) past_free(&f->history[i]);
    free(f->nodes);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

void fake_zookeeper_cut(fake_zookeeper *f, const weft_zookeeper *zk, bool is_cut)
{
    pthread_mutex_lock(&f->lock);
    do_cut(f, zk->self, is_cut);
    pthread_mutex_unlock(&f->lock);
}

void fake_zookeeper_expire(fake_zookeeper *f, const weft_zookeeper *zk)
{
    pthread_mutex_lock(&f->lock);
    end_session(f, zk->self);
    pthread_mutex_unlock(&f->lock);
}

void fake_zookeeper_fault_at(fake_zookeeper *f, int64_t number, fake_zookeeper_fault fault)
{
    pthread_mutex_lock(&f->lock);
    f->writes = 0;
    f->fault_at = number;
    f->fault = fault;
    pthread_mutex_unlock(&f->lock);
}

int64_t fake_zookeeper_writes(fake_zookeeper *f)
{
    pthread_mutex_lock(&f->lock);
    const int64_t writes = f->writes;
    pthread_mutex_unlock(&f->lock);
    return writes;
}

void fake_zookeeper_lag(fake_zookeeper *f, int32_t transactions)
{
    pthread_mutex_lock(&f->lock);
    f->lag = transactions;
    pthread_mutex_unlock(&f->lock);
}

int32_t fake_zookeeper_count(fake_zookeeper *f, const char *path, int64_t *bytes)
{
    int32_t count = 0;
    const size_t len = strlen(path);
    *bytes = 0;
    pthread_mutex_lock(&f->lock);
    for (int32_t i = 0; i < f->count; i++) {
        if (strncmp(f->nodes[i].path, path, len) != 0 || f->nodes[i].path[len] != '/') continue;
        count++;
        *bytes += (int64_t)f->nodes[i].bytes;
    }
    pthread_mutex_unlock(&f->lock);
    return count;
}

bool fake_zookeeper_look(fake_zookeeper *f, const char *path, void *out, size_t room, size_t *bytes)
{
    pthread_mutex_lock(&f->lock);
    const node *n = find_node(f, path);
    if (n != NULL) memcpy(out, n->value, n->bytes < room ? n->bytes : room);
    *bytes = n == NULL ? 0 : n->bytes;
    pthread_mutex_unlock(&f->lock);
    return n != NULL;
}

void fake_zookeeper_put(fake_zookeeper *f, const char *path, const void *value, size_t bytes)
{
    char own[PATH_BYTES];
    snprintf(own, sizeof(own), "%s", path);
    pthread_mutex_lock(&f->lock);
    f->transactions++;
    if (do_set(f, NULL, own, value, bytes, WEFT_ZOOKEEPER_ANY_VERSION) != WEFT_ZOOKEEPER_OK)
        (void)do_create(f, NULL, own, value, bytes, 0);
    pthread_mutex_unlock(&f->lock);
}
