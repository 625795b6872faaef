/* common/zookeeper.c - see zookeeper.h: over the C library of ZooKeeper. What is called of it is listed once
 * in CALLS: name by name it is looked up in the opened library.
 *
 * Each call is an object in a list, which its completion takes out: what the library leaves unanswered when
 * it is closed is answered here. */
#include "common/zookeeper.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <zookeeper/zookeeper.h>

#include "common/log.h"
#include "common/mem.h"

#define CALLS(X)                                                                                             \
    X(zookeeper_init2)                                                                                       \
    X(zookeeper_close)                                                                                       \
    X(zoo_set_debug_level)                                                                                   \
    X(zoo_add_auth)                                                                                          \
    X(zoo_client_id)                                                                                         \
    X(zoo_recv_timeout)                                                                                      \
    X(zoo_acreate2)                                                                                          \
    X(zoo_adelete)                                                                                           \
    X(zoo_aset)                                                                                              \
    X(zoo_aget)                                                                                              \
    X(zoo_aexists)                                                                                           \
    X(zoo_aget_children2)                                                                                    \
    X(zoo_async)                                                                                             \
    X(zoo_amulti)                                                                                            \
    X(zoo_create_op_init)                                                                                    \
    X(zoo_delete_op_init)                                                                                    \
    X(zoo_set_op_init)                                                                                       \
    X(zoo_check_op_init)

/* Constants of the protocol, which the library has as variables. */
enum {
    STATE_EXPIRED = -112,
    STATE_AUTH_FAILED = -113,
    STATE_CONNECTED = 3,
    EVENT_SESSION = -1,
    EVENT_CREATED = 1,
    EVENT_DELETED = 2,
    EVENT_CHANGED = 3,
    EVENT_CHILD = 4,
    PROBES = 6,        /* in a timeout */
    PATH_BYTES = 1024, /* far more than we make */
    LOGIN_BYTES = 256,
    LOGIN_TRIES = 1000,
    OVERHEAD_BYTES = 128 /* of an operation in a request: types, lengths, access list */
};

typedef struct session session;

/* A request that is not answered. */
typedef struct call {
    struct call *before, *next;
    session *of;
    weft_zookeeper_done *done;
    void *done_of;
    int64_t sent_ns; /* of a probe */
    struct Stat set; /* of multi: what its last SET left */
    bool has_set;
    int32_t op_count;
    zoo_op_t *ops; /* of multi, and their results; in this block */
    zoo_op_result_t *results;
    char path[];
} call;

struct session {
    void *library;
#define X(name) __typeof__(name) *name;
    CALLS(X)
#undef X
    zhandle_t *handle;
    weft_account *account;
    const weft_clock *clock;
    weft_zookeeper_on_event *on_event;
    void *of;
    int32_t wished_ms;
    atomic_int state;
    atomic_int_least64_t lease_ns;
    pthread_mutex_t lock;
    pthread_cond_t woken; /* opened, connected, or closing */
    call *first;          /* guarded by lock */
    bool is_open, is_closing, probe_now;
    bool has_lock, has_thread;
    pthread_t prober;
    char login[LOGIN_BYTES];
};

/* Who made a node, and nobody else: the scheme `auth` stands for the users that the session has proven. */
static const struct ACL own_entry = {.perms = 31, .id = {.scheme = (char *)"auth", .id = (char *)""}};
static const struct ACL_vector own_only = {.count = 1, .data = (struct ACL *)&own_entry};

/* ---- names ---- */

const char *weft_zookeeper_outcome_name(weft_zookeeper_outcome outcome)
{
    static const char *const names[] = {"OK",      "NO_NODE", "EXISTS",  "BAD_VERSION", "NOT_EMPTY",
                                        "UNKNOWN", "EXPIRED", "REFUSED", "INVALID"};
    static_assert(sizeof(names) / sizeof(names[0]) == WEFT_ZOOKEEPER_OUTCOME_COUNT, "one name each");
    return names[outcome];
}

const char *weft_zookeeper_state_name(weft_zookeeper_state state)
{
    static const char *const names[] = {"CONNECTING", "CONNECTED", "EXPIRED", "REFUSED"};
    return names[state];
}

static weft_zookeeper_outcome outcome_of(int code)
{
    switch (code) {
    case ZOK: return WEFT_ZOOKEEPER_OK;
    case ZNONODE: return WEFT_ZOOKEEPER_NO_NODE;
    case ZNODEEXISTS: return WEFT_ZOOKEEPER_EXISTS;
    case ZBADVERSION: return WEFT_ZOOKEEPER_BAD_VERSION;
    case ZNOTEMPTY: return WEFT_ZOOKEEPER_NOT_EMPTY;
    case ZSESSIONEXPIRED: return WEFT_ZOOKEEPER_EXPIRED;
    case ZNOAUTH:
    case ZAUTHFAILED:
    case ZINVALIDACL:
    case ZSESSIONCLOSEDREQUIRESASLAUTH: return WEFT_ZOOKEEPER_REFUSED;
    case ZNOCHILDRENFOREPHEMERALS:
    case ZBADARGUMENTS:
    case ZUNIMPLEMENTED: return WEFT_ZOOKEEPER_INVALID;
    default: return WEFT_ZOOKEEPER_UNKNOWN; /* the connection was lost, or the session moved meanwhile */
    }
}

/* ---- calls under way ---- */

static weft_status call_new(weft_ctx *ctx, session *s, const char *path, size_t more,
                            weft_zookeeper_done *done, void *of, call **out)
{
    weft_status st = WEFT_OK;
    const size_t path_bytes = strlen(path) + 1;
    weft_account *const callers = ctx->memory;
    *out = NULL;
    if (path_bytes > PATH_BYTES)
        return weft_fail(ctx, WEFT_LIMIT, "the path of a node is longer than %d bytes: %.64s…", PATH_BYTES,
                         path);
    ctx->memory = s->account;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING,
                                     sizeof(**out) + weft_round_up(path_bytes, 16) + more, (void **)out));
    call *c = *out;
    c->of = s;
    c->done = done;
    c->done_of = of;
    memcpy(c->path, path, path_bytes);
    pthread_mutex_lock(&s->lock);
    c->next = s->first;
    if (s->first != NULL) s->first->before = c;
    s->first = c;
    pthread_mutex_unlock(&s->lock);
done:
    ctx->memory = callers;
    return st;
}

static void call_free(call *c)
{
    session *s = c->of;
    pthread_mutex_lock(&s->lock);
    *(c->before == NULL ? &s->first : &c->before->next) = c->next;
    if (c->next != NULL) c->next->before = c->before;
    pthread_mutex_unlock(&s->lock);
    weft_mem_free(c);
}

/* What the library answers to being asked. A call that was not sent is gone. */
static weft_status sent(weft_ctx *ctx, call *c, int code)
{
    weft_status st = WEFT_OK;
    if (code == ZOK) return st;
    const weft_zookeeper_state state = (weft_zookeeper_state)atomic_load(&c->of->state);
    if (code == ZMARSHALLINGERROR || code == ZSYSTEMERROR)
        st = weft_fail(ctx, WEFT_NOMEM, "the ZooKeeper library has no memory for a request");
    else if (code == ZBADARGUMENTS)
        st = weft_fail(ctx, WEFT_INVALID, "ZooKeeper has no node %s: not a path", c->path);
    else
        st = weft_fail(ctx, WEFT_UNREACHABLE, "the session with ZooKeeper is over (%s)",
                       weft_zookeeper_state_name(state));
    call_free(c);
    return st;
}

static weft_status check_bytes(weft_ctx *ctx, const char *path, size_t bytes)
{
    if (bytes <= WEFT_ZOOKEEPER_REQUEST_BYTES) return WEFT_OK;
    return weft_fail(ctx, WEFT_LIMIT, "ZooKeeper takes at most %d bytes at once; for %s they are %zu",
                     WEFT_ZOOKEEPER_REQUEST_BYTES, path, bytes);
}

/* ---- completions: the library's thread ---- */

static void answer(const void *of, int code, weft_zookeeper_answer *a, const struct Stat *stat)
{
    call *c = (call *)(uintptr_t)of;
    a->outcome = outcome_of(code);
    a->failed = -1;
    if (a->path == NULL && c->path[0] != 0) a->path = c->path;
    if (stat != NULL)
        a->stat = (weft_zookeeper_stat){.version = stat->version,
                                        .children_version = stat->cversion,
                                        .child_count = stat->numChildren,
                                        .value_bytes = stat->dataLength,
                                        .made = stat->czxid,
                                        .changed = stat->mzxid,
                                        .session = stat->ephemeralOwner};
    for (int32_t i = 0; i < c->op_count && a->outcome != WEFT_ZOOKEEPER_OK && a->failed < 0; i++)
        if (c->results[i].err != ZOK && c->results[i].err != ZRUNTIMEINCONSISTENCY) a->failed = i;
    if (c->done != NULL) c->done(c->done_of, a);
    call_free(c);
}

static void on_stat(int code, const struct Stat *stat, const void *of)
{
    answer(of, code, &(weft_zookeeper_answer){0}, code == ZOK ? stat : NULL);
}

static void on_string_stat(int code, const char *path, const struct Stat *stat, const void *of)
{
    answer(of, code, &(weft_zookeeper_answer){.path = code == ZOK ? path : NULL}, code == ZOK ? stat : NULL);
}

static void on_data(int code, const char *value, int len, const struct Stat *stat, const void *of)
{
    weft_zookeeper_answer a = {0};
    if (code == ZOK && value != NULL && len >= 0) {
        a.value = value;
        a.bytes = (size_t)len;
    }
    answer(of, code, &a, code == ZOK ? stat : NULL);
}

static void on_children(int code, const struct String_vector *names, const struct Stat *stat, const void *of)
{
    weft_zookeeper_answer a = {0};
    if (code == ZOK && names != NULL) {
        a.children = (const char *const *)names->data;
        a.child_count = names->count;
    }
    answer(of, code, &a, code == ZOK ? stat : NULL);
}

static void on_void(int code, const void *of) { answer(of, code, &(weft_zookeeper_answer){0}, NULL); }

static void on_string(int code, const char *value, const void *of)
{
    (void)value;
    answer(of, code, &(weft_zookeeper_answer){0}, NULL);
}

static void on_multi(int code, const void *of)
{
    const call *c = of;
    answer(of, code, &(weft_zookeeper_answer){0}, code == ZOK && c->has_set ? &c->set : NULL);
}

/* ---- calls ---- */

static weft_status zookeeper_create(weft_ctx *ctx, void *self, const char *path, const void *value,
                                    size_t bytes, uint32_t flags, weft_zookeeper_done *done, void *of)
{
    weft_status st = WEFT_OK;
    session *s = self;
    call *c = NULL;
    WEFT_TRY(st, check_bytes(ctx, path, bytes + OVERHEAD_BYTES));
    WEFT_TRY(st, call_new(ctx, s, path, 0, done, of, &c));
    st = sent(ctx, c,
              s->zoo_acreate2(s->handle, path, value, (int)bytes, &own_only, (int)flags, on_string_stat, c));
done:
    return st;
}

static weft_status zookeeper_get(weft_ctx *ctx, void *self, const char *path, bool watch,
                                 weft_zookeeper_done *done, void *of)
{
    session *s = self;
    call *c = NULL;
    const weft_status st = call_new(ctx, s, path, 0, done, of, &c);
    return st != WEFT_OK ? st : sent(ctx, c, s->zoo_aget(s->handle, path, watch, on_data, c));
}

static weft_status zookeeper_set(weft_ctx *ctx, void *self, const char *path, const void *value, size_t bytes,
                                 int32_t version, weft_zookeeper_done *done, void *of)
{
    weft_status st = WEFT_OK;
    session *s = self;
    call *c = NULL;
    WEFT_TRY(st, check_bytes(ctx, path, bytes + OVERHEAD_BYTES));
    WEFT_TRY(st, call_new(ctx, s, path, 0, done, of, &c));
    st = sent(ctx, c, s->zoo_aset(s->handle, path, value, (int)bytes, version, on_stat, c));
done:
    return st;
}

static weft_status zookeeper_remove(weft_ctx *ctx, void *self, const char *path, int32_t version,
                                    weft_zookeeper_done *done, void *of)
{
    session *s = self;
    call *c = NULL;
    const weft_status st = call_new(ctx, s, path, 0, done, of, &c);
    return st != WEFT_OK ? st : sent(ctx, c, s->zoo_adelete(s->handle, path, version, on_void, c));
}

static weft_status zookeeper_exists(weft_ctx *ctx, void *self, const char *path, bool watch,
                                    weft_zookeeper_done *done, void *of)
{
    session *s = self;
    call *c = NULL;
    const weft_status st = call_new(ctx, s, path, 0, done, of, &c);
    return st != WEFT_OK ? st : sent(ctx, c, s->zoo_aexists(s->handle, path, watch, on_stat, c));
}

static weft_status zookeeper_children(weft_ctx *ctx, void *self, const char *path, bool watch,
                                      weft_zookeeper_done *done, void *of)
{
    session *s = self;
    call *c = NULL;
    const weft_status st = call_new(ctx, s, path, 0, done, of, &c);
    return st != WEFT_OK ? st : sent(ctx, c, s->zoo_aget_children2(s->handle, path, watch, on_children, c));
}

static weft_status zookeeper_sync(weft_ctx *ctx, void *self, const char *path, weft_zookeeper_done *done,
                                  void *of)
{
    session *s = self;
    call *c = NULL;
    const weft_status st = call_new(ctx, s, path, 0, done, of, &c);
    return st != WEFT_OK ? st : sent(ctx, c, s->zoo_async(s->handle, path, on_string, c));
}

static void op_init(session *s, call *c, zoo_op_t *out, const weft_zookeeper_op *op)
{
    switch (op->kind) {
    case WEFT_ZOOKEEPER_CHECK: s->zoo_check_op_init(out, op->path, op->version); break;
    case WEFT_ZOOKEEPER_CREATE:
        assert((op->flags & WEFT_ZOOKEEPER_SEQUENCE) == 0);
        s->zoo_create_op_init(out, op->path, op->value, (int)op->bytes, &own_only, (int)op->flags, NULL, 0);
        break;
    case WEFT_ZOOKEEPER_SET:
        c->has_set = true;
        s->zoo_set_op_init(out, op->path, op->value, (int)op->bytes, op->version, &c->set);
        break;
    case WEFT_ZOOKEEPER_REMOVE: s->zoo_delete_op_init(out, op->path, op->version); break;
    }
}

static weft_status zookeeper_multi(weft_ctx *ctx, void *self, const weft_zookeeper_op *ops, int32_t count,
                                   weft_zookeeper_done *done, void *of)
{
    weft_status st = WEFT_OK;
    session *s = self;
    call *c = NULL;
    size_t bytes = 0;
    assert(count > 0);
    if (count > WEFT_ZOOKEEPER_OPS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "%d operations are too many for one transaction of ZooKeeper",
                         count);
    for (int32_t i = 0; i < count; i++) {
        bytes += strlen(ops[i].path) + OVERHEAD_BYTES + ops[i].bytes;
        WEFT_TRY(st, check_bytes(ctx, ops[i].path, bytes));
    }
    const size_t each = sizeof(zoo_op_t) + sizeof(zoo_op_result_t);
    WEFT_TRY(st, call_new(ctx, s, "", (size_t)count * each, done, of, &c));
    c->op_count = count;
    c->ops = (zoo_op_t *)(void *)(c->path + 16);
    c->results = (zoo_op_result_t *)(void *)(c->ops + count);
    for (int32_t i = 0; i < count; i++) op_init(s, c, &c->ops[i], &ops[i]);
    st = sent(ctx, c, s->zoo_amulti(s->handle, count, c->ops, c->results, on_multi, c));
done:
    return st;
}

/* ---- what is known of the session ---- */

static weft_zookeeper_state zookeeper_state(void *self)
{
    session *s = self;
    return (weft_zookeeper_state)atomic_load(&s->state);
}

static int64_t zookeeper_lease(void *self)
{
    session *s = self;
    return atomic_load(&s->lease_ns);
}

static int32_t zookeeper_timeout(void *self)
{
    session *s = self;
    const int32_t agreed = s->zoo_recv_timeout(s->handle);
    return agreed > 0 ? agreed : s->wished_ms;
}

static int64_t zookeeper_session(void *self)
{
    session *s = self;
    return s->zoo_client_id(s->handle)->client_id;
}

/* ---- probes ---- */

static void on_probe(void *of, const weft_zookeeper_answer *a)
{
    const call *c = of;
    session *s = c->of;
    if (a->outcome != WEFT_ZOOKEEPER_OK) return;
    const int64_t until = c->sent_ns + (int64_t)zookeeper_timeout(s) * 1000000;
    int64_t known = atomic_load(&s->lease_ns);
    while (until > known && !atomic_compare_exchange_weak(&s->lease_ns, &known, until)) continue;
}

static void probe(weft_ctx *ctx, session *s)
{
    call *c = NULL;
    weft_status st = call_new(ctx, s, "/", 0, on_probe, NULL, &c);
    if (st == WEFT_OK) {
        c->done_of = c;
        c->sent_ns = s->clock->now_ns(s->clock->self);
        st = sent(ctx, c, s->zoo_async(s->handle, c->path, on_string, c));
    }
    if (st == WEFT_OK) return;
    if (st == WEFT_NOMEM) weft_log_error(WEFT_LOG_WARN, "zookeeper_not_probed", &ctx->error);
    weft_error_clear(ctx);
}

static void *probe_main(void *of)
{
    session *s = of;
    weft_ctx ctx;
    weft_ctx_init(&ctx, NULL, s->account, NULL);
    pthread_mutex_lock(&s->lock);
    while (!s->is_closing) {
        s->probe_now = false;
        pthread_mutex_unlock(&s->lock);
        if (zookeeper_state(s) == WEFT_ZOOKEEPER_CONNECTED) probe(&ctx, s);
        const int64_t pause_ns = (int64_t)zookeeper_timeout(s) * 1000000 / PROBES;
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        const int64_t ns = until.tv_nsec + pause_ns;
        until.tv_sec += ns / 1000000000;
        until.tv_nsec = ns % 1000000000;
        pthread_mutex_lock(&s->lock);
        while (!s->is_closing && !s->probe_now &&
               pthread_cond_timedwait(&s->woken, &s->lock, &until) != ETIMEDOUT)
            continue;
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- events: the library's thread ---- */

static void tell_state(session *s, int code)
{
    weft_zookeeper_state state = WEFT_ZOOKEEPER_CONNECTING;
    if (code == STATE_CONNECTED) state = WEFT_ZOOKEEPER_CONNECTED;
    if (code == STATE_EXPIRED) state = WEFT_ZOOKEEPER_EXPIRED_STATE;
    if (code == STATE_AUTH_FAILED) state = WEFT_ZOOKEEPER_REFUSED_STATE;
    if (state >= WEFT_ZOOKEEPER_EXPIRED_STATE) atomic_store(&s->lease_ns, 0);
    if (atomic_exchange(&s->state, (int)state) == (int)state) return;
    if (state == WEFT_ZOOKEEPER_CONNECTED) {
        pthread_mutex_lock(&s->lock);
        s->probe_now = true;
        pthread_cond_broadcast(&s->woken);
        pthread_mutex_unlock(&s->lock);
    }
    weft_log(WEFT_LOG_INFO, "zookeeper_session", WEFT_LOG_TEXT("state", weft_zookeeper_state_name(state)));
    if (s->on_event != NULL)
        s->on_event(s->of, &(weft_zookeeper_event){.kind = WEFT_ZOOKEEPER_EVENT_STATE, .state = state});
}

static void on_watch(zhandle_t *handle, int type, int code, const char *path, void *of)
{
    session *s = of;
    weft_zookeeper_event event = {.state = zookeeper_state(s), .path = path};
    (void)handle;
    pthread_mutex_lock(&s->lock); /* the library may be faster than who opens the session */
    while (!s->is_open && !s->is_closing) pthread_cond_wait(&s->woken, &s->lock);
    const bool is_told = s->is_open;
    pthread_mutex_unlock(&s->lock);
    if (!is_told) return;
    switch (type) {
    case EVENT_SESSION: tell_state(s, code); return;
    case EVENT_CREATED: event.kind = WEFT_ZOOKEEPER_EVENT_MADE; break;
    case EVENT_DELETED: event.kind = WEFT_ZOOKEEPER_EVENT_REMOVED; break;
    case EVENT_CHANGED: event.kind = WEFT_ZOOKEEPER_EVENT_CHANGED; break;
    case EVENT_CHILD: event.kind = WEFT_ZOOKEEPER_EVENT_CHILDREN; break;
    default: return; /* a watch that was taken back: we do not do that */
    }
    if (s->on_event != NULL) s->on_event(s->of, &event);
}

static void on_log(const char *text)
{
    weft_log(WEFT_LOG_DEBUG, "zookeeper_library", WEFT_LOG_TEXT("text", text));
}

/* ---- life ---- */

/* Until the session is open nobody is told of anything: who would tell waits, or, not held, goes. */
static void hold_events(session *s, bool hold)
{
    pthread_mutex_lock(&s->lock);
    s->is_closing = !hold;
    pthread_cond_broadcast(&s->woken);
    pthread_mutex_unlock(&s->lock);
}

static weft_status load_library(weft_ctx *ctx, session *s)
{
    s->library = dlopen("libzookeeper_mt.so.2", RTLD_NOW | RTLD_LOCAL);
    if (s->library == NULL) {
        const weft_status st = weft_fail(ctx, WEFT_UNSUPPORTED, "no library of ZooKeeper: %s", dlerror());
        weft_hint(ctx, "on Debian: apt-get install libzookeeper-mt2");
        return st;
    }
#define X(name)                                                                                              \
    s->name = (__typeof__(s->name))dlsym(s->library, #name);                                                 \
    if (s->name == NULL) return weft_fail(ctx, WEFT_UNSUPPORTED, "ZooKeeper's library has no %s", #name);
    CALLS(X)
#undef X
    return WEFT_OK;
}

/* What the library never answered. */
static void answer_rest(session *s)
{
    while (s->first != NULL) on_void(ZCLOSING, s->first);
}

static void zookeeper_end(void *self)
{
    session *s = self;
    if (s->has_lock) {
        pthread_mutex_lock(&s->lock);
        s->is_closing = true;
        pthread_cond_broadcast(&s->woken);
        pthread_mutex_unlock(&s->lock);
    }
    if (s->has_thread) pthread_join(s->prober, NULL);
    if (s->handle != NULL) s->zookeeper_close(s->handle);
    answer_rest(s);
    if (s->library != NULL) dlclose(s->library);
    if (s->has_lock) {
        pthread_cond_destroy(&s->woken);
        pthread_mutex_destroy(&s->lock);
    }
    explicit_bzero(s->login, sizeof(s->login));
    weft_mem_free(s);
}

/* A handle with the login, which it shows to each server before all else. The library takes none while it has
 * no connection at hand, as just after a server refused one: then another handle is made, which begins anew.
 */
static weft_status start_handle(weft_ctx *ctx, session *s, const weft_zookeeper_options *options)
{
    for (int32_t i = 0; i < LOGIN_TRIES; i++) {
        s->handle = s->zookeeper_init2(options->servers, on_watch, options->timeout_ms, NULL, s,
                                       ZOO_NO_LOG_CLIENTENV, on_log);
        if (s->handle == NULL)
            return weft_fail(ctx, errno == ENOMEM ? WEFT_NOMEM : WEFT_UNREACHABLE,
                             "no session with ZooKeeper at %s: %s", options->servers, strerror(errno));
        const int code = s->zoo_add_auth(s->handle, "digest", s->login, (int)strlen(s->login), NULL, NULL);
        if (code == ZOK) return WEFT_OK;
        if (code != ZINVALIDSTATE) break;
        hold_events(s, false); /* the one that is closed may wait to tell of itself */
        s->zookeeper_close(s->handle);
        s->handle = NULL;
        hold_events(s, true);
    }
    return weft_fail(ctx, WEFT_NOMEM, "ZooKeeper's library did not take the login");
}

static weft_status start_session(weft_ctx *ctx, session *s, const weft_zookeeper_options *options)
{
    sigset_t all, before;
    s->zoo_set_debug_level(ZOO_LOG_LEVEL_WARN);
    sigfillset(&all); /* signals are for the process's own threads */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    weft_status st = start_handle(ctx, s, options);
    if (st == WEFT_OK) {
        s->has_thread = pthread_create(&s->prober, NULL, probe_main, s) == 0;
        if (!s->has_thread) st = weft_fail(ctx, WEFT_NOMEM, "cannot start a thread for ZooKeeper");
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return st;
}

weft_status weft_zookeeper_open(weft_ctx *ctx, const weft_zookeeper_options *options, weft_zookeeper *out)
{
    weft_status st = WEFT_OK;
    session *s = NULL;
    pthread_condattr_t monotonic;
    *out = (weft_zookeeper){0};
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s));
    s->account = ctx->memory;
    s->clock = ctx->clock;
    s->on_event = options->on_event;
    s->of = options->of;
    s->wished_ms = options->timeout_ms;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->woken, &monotonic);
    pthread_condattr_destroy(&monotonic);
    s->has_lock = true;
    const int len = snprintf(s->login, sizeof(s->login), "%s:%s", options->user, options->password);
    if (len >= (int)sizeof(s->login) || strchr(options->user, ':') != NULL)
        WEFT_TRY(st, weft_fail(ctx, WEFT_INVALID,
                               "user or password of ZooKeeper is too long, or the user has a ':'"));
    WEFT_TRY(st, load_library(ctx, s));
    WEFT_TRY(st, start_session(ctx, s, options));
    *out = (weft_zookeeper){.self = s,
                            .create = zookeeper_create,
                            .get = zookeeper_get,
                            .set = zookeeper_set,
                            .remove = zookeeper_remove,
                            .exists = zookeeper_exists,
                            .children = zookeeper_children,
                            .multi = zookeeper_multi,
                            .sync = zookeeper_sync,
                            .state = zookeeper_state,
                            .lease_until_ns = zookeeper_lease,
                            .timeout_ms = zookeeper_timeout,
                            .session = zookeeper_session,
                            .close = zookeeper_end};
    pthread_mutex_lock(&s->lock);
    s->is_open = true;
    pthread_cond_broadcast(&s->woken);
    pthread_mutex_unlock(&s->lock);
    s = NULL;
done:
    if (s != NULL) zookeeper_end(s);
    return st;
}

void weft_zookeeper_close(weft_zookeeper *zk)
{
    const weft_zookeeper closed = *zk;
    *zk = (weft_zookeeper){0};
    if (closed.self != NULL) closed.close(closed.self);
}
