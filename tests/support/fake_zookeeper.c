/* tests/support/fake_zookeeper.c - see fake_zookeeper.h: sessions. Each has a queue of requests, carried out
 * in order, and a queue of answers and events, delivered in order. */
#include "tests/support/fake_zookeeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/fake_zookeeper_private.h"

static uint64_t next_random(fake_zookeeper *f)
{
    uint64_t z = f->random += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* ---- requests ---- */

static bool is_write(const request *r)
{
    return r->kind == CREATE || r->kind == SET || r->kind == REMOVE || r->kind == MULTI;
}

static void tell_watcher(fake_zookeeper *f, const session *s, const request *r,
                         weft_zookeeper_outcome outcome)
{
    const weft_zookeeper_op_kind kind = r->kind == CREATE ? WEFT_ZOOKEEPER_CREATE
                                        : r->kind == SET  ? WEFT_ZOOKEEPER_SET
                                                          : WEFT_ZOOKEEPER_REMOVE;
    const weft_zookeeper_op one = {
        .kind = kind, .path = r->path, .version = r->version, .value = r->value, .bytes = r->bytes};
    if (f->watcher.after == NULL) return;
    f->watcher.after(f->watcher.of, s, r->kind == MULTI ? r->ops : &one, r->kind == MULTI ? r->count : 1,
                     outcome);
}

static void carry_out(fake_zookeeper *f, session *s, request *r, message *m)
{
    weft_zookeeper_outcome outcome = WEFT_ZOOKEEPER_EXPIRED;
    if (is_write(r)) f->transactions++;
    m->answer.failed = -1;
    if (!s->is_dead) switch (r->kind) {
        case CREATE: outcome = fake_do_create(f, s, r->path, r->value, r->bytes, r->flags); break;
        case SET: outcome = fake_do_set(f, s, r->path, r->value, r->bytes, r->version); break;
        case REMOVE: outcome = fake_do_remove(f, s, r->path, r->version); break;
        case MULTI: outcome = fake_do_multi(f, s, r, m); break;
        case SYNC:
            s->synced = f->transactions;
            outcome = WEFT_ZOOKEEPER_OK;
            break;
        default: outcome = fake_do_read(f, s, r, m); break;
        }
    if (outcome == WEFT_ZOOKEEPER_OK && (r->kind == CREATE || r->kind == SET))
        m->answer.stat = fake_find_node(f, r->path)->stat;
    m->answer.outcome = outcome;
    if (is_write(r)) s->synced = f->transactions; /* a session sees what it has written itself */
    if (is_write(r)) tell_watcher(f, s, r, outcome);
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
        fake_push(s, m);
        if (reached) fake_watch_catches_up(f, s, r);
        request_free(r);
    }
    if (s->state == WEFT_ZOOKEEPER_CONNECTED) fake_set_state(s, WEFT_ZOOKEEPER_CONNECTING);
}

static void do_cut(fake_zookeeper *f, session *s, bool is_cut)
{
    s->is_cut = is_cut;
    if (s->state >= WEFT_ZOOKEEPER_EXPIRED_STATE) return;
    if (is_cut)
        lose(f, s, true);
    else
        fake_set_state(s, s->is_dead ? WEFT_ZOOKEEPER_EXPIRED_STATE : WEFT_ZOOKEEPER_CONNECTED);
}

/* The first request of a session reaches the servers. */
static void serve(fake_zookeeper *f, session *s)
{
    const bool writes = is_write(s->first);
    fake_zookeeper_fault fault = FAKE_ZOOKEEPER_FAULT_COUNT;
    if (writes && ++f->writes == f->fault_at) fault = f->fault;
    if (writes && f->watcher.before != NULL) fault = f->watcher.before(f->watcher.of, s);
    const bool faulty = fault != FAKE_ZOOKEEPER_FAULT_COUNT;
    request *r = take_request(s);
    message *m = message_for(r);
    const bool before = fault == FAKE_ZOOKEEPER_LOST_BEFORE || fault == FAKE_ZOOKEEPER_SILENT_BEFORE;
    if (!faulty || !before) carry_out(f, s, r, m);
    snprintf(m->path, sizeof(m->path), "%s", r->path);
    if (faulty) forget_answer(m);
    fake_push(s, m);
    if (!faulty) fake_watch_catches_up(f, s, r);
    request_free(r);
    if (!faulty) return;
    lose(f, s, false);
    s->is_cut = fault == FAKE_ZOOKEEPER_SILENT_BEFORE || fault == FAKE_ZOOKEEPER_SILENT_AFTER;
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

/* One thing happens to a session that has something to do; the lock is held, and is not afterwards. */
static void step_session(fake_zookeeper *f, session *s)
{
    message *m = NULL;
    if (s->out != NULL && (s->first == NULL || (next_random(f) & 1) != 0)) {
        m = s->out;
        s->out = m->next;
        if (s->out == NULL) s->out_last = NULL;
    } else if (s->is_cut)
        lose(f, s, false); /* it never leaves the client */
    else
        serve(f, s);
    f->delivering = m == NULL ? NULL : s;
    pthread_mutex_unlock(&f->lock);
    if (m == NULL) return;
    deliver(s, m);
    pthread_mutex_lock(&f->lock);
    f->delivering = NULL;
    pthread_mutex_unlock(&f->lock);
}

bool fake_zookeeper_step(fake_zookeeper *f)
{
    session *chosen = NULL;
    int32_t candidates = 0;
    pthread_mutex_lock(&f->lock);
    for (session *s = f->sessions; s != NULL; s = s->next)
        if (has_work(s) && next_random(f) % (uint64_t)++candidates == 0) chosen = s;
    if (chosen != NULL)
        step_session(f, chosen);
    else
        pthread_mutex_unlock(&f->lock);
    return chosen != NULL;
}

bool fake_zookeeper_step_of(fake_zookeeper *f, const weft_zookeeper *zk)
{
    session *s = zk->self;
    pthread_mutex_lock(&f->lock);
    const bool works = has_work(s);
    if (works)
        step_session(f, s);
    else
        pthread_mutex_unlock(&f->lock);
    return works;
}

bool fake_zookeeper_wait(fake_zookeeper *f, const weft_zookeeper *zk)
{
    const session *s = zk->self;
    pthread_mutex_lock(&f->lock);
    while (!has_work(s) && !s->is_left) pthread_cond_wait(&f->news, &f->lock);
    const bool goes_on = !s->is_left;
    pthread_mutex_unlock(&f->lock);
    return goes_on;
}

void fake_zookeeper_leave(fake_zookeeper *f, const weft_zookeeper *zk)
{
    pthread_mutex_lock(&f->lock);
    ((session *)zk->self)->is_left = true;
    pthread_cond_broadcast(&f->news);
    pthread_mutex_unlock(&f->lock);
}

void fake_zookeeper_watch(fake_zookeeper *f, const fake_zookeeper_watcher *watcher)
{
    pthread_mutex_lock(&f->lock);
    f->watcher = *watcher;
    pthread_mutex_unlock(&f->lock);
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
            (void)fake_do_remove(f, NULL, path, WEFT_ZOOKEEPER_ANY_VERSION);
        }
    if (!s->is_cut) fake_set_state(s, WEFT_ZOOKEEPER_EXPIRED_STATE);
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

static void tell_real_time(fake_zookeeper *f)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    fake_zookeeper_time(f, (int64_t)t.tv_sec * 1000000000 + t.tv_nsec);
}

static void *run_main(void *of)
{
    fake_zookeeper *f = of;
    for (bool stop = false; !stop;) {
        tell_real_time(f);
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
    tell_real_time(f); /* before anybody counts a lease from it */
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
    copy->value = fake_copy_bytes(r.value, r.bytes);
    copy->ops = r.count == 0 ? NULL : calloc((size_t)r.count, sizeof(*r.ops));
    for (int32_t i = 0; i < r.count; i++) {
        copy->ops[i] = r.ops[i];
        copy->ops[i].path = fake_copy_bytes(r.ops[i].path, strlen(r.ops[i].path));
        copy->ops[i].value = fake_copy_bytes(r.ops[i].value, r.ops[i].bytes);
    }
    pthread_mutex_lock(&s->of->lock);
    if (s->last == NULL)
        s->first = copy;
    else
        s->last->next = copy;
    s->last = copy;
    pthread_cond_broadcast(&s->of->news);
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
    fake_set_state(s, WEFT_ZOOKEEPER_CONNECTED);
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
    pthread_cond_init(&f->news, NULL);
    f->random = seed;
    fake_insert_node(f, NULL, "/", "", 0, 0);
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
    for (int32_t i = 0; i < f->history_count; i++) fake_past_free(&f->history[i]);
    free(f->nodes);
    pthread_mutex_destroy(&f->lock);
    pthread_cond_destroy(&f->news);
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
    const node *n = fake_find_node(f, path);
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
    if (fake_do_set(f, NULL, own, value, bytes, WEFT_ZOOKEEPER_ANY_VERSION) != WEFT_ZOOKEEPER_OK)
        (void)fake_do_create(f, NULL, own, value, bytes, 0);
    pthread_mutex_unlock(&f->lock);
}

void fake_zookeeper_remove(fake_zookeeper *f, const char *path)
{
    pthread_mutex_lock(&f->lock);
    f->transactions++;
    (void)fake_do_remove(f, NULL, path, WEFT_ZOOKEEPER_ANY_VERSION);
    pthread_mutex_unlock(&f->lock);
}
