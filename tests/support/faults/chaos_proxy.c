/* tests/support/faults/chaos_proxy.c - stands between workers and their coordinator, without keys, and passes
 * whole messages on: late, twice, out of order, again much later, or never.
 *
 *     chaos_proxy tcp://127.0.0.1:PORT [name=value …]
 *
 *     seed=N          which messages are hit: a function of the seed and the message's place in its stream
 *     delay_ms=N      each waits 0 to N ms; those of one stream keep their order
 *     twice=N         of 1000 messages, so many are passed on twice
 *     swapped=N       so many wait until one that came after them has gone
 *     again=N         so many are followed by a copy of an earlier one, also of a connection that is over
 *     dropped=N       so many are never passed on
 *
 * It says where it listens, and at SIGTERM what it did, as a line of JSON. An accepted connection is a pair:
 * a route of the ROUTER and a DEALER of its own to the coordinator. Each direction of a pair is a stream.
 * When one end of a pair is gone the other is told as common/net.c does: by closing, or by a goodbye of two
 * empty parts. A welcome is never copied to another connection, and goodbyes are never hit. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include "common/hash.h"
#include "common/net.h"
#include "common/settings.h"
#include "proto/envelope.h"

enum {
    PAIRS_MAX = 64,
    PARTS_MAX = WEFT_NET_FRAMES_MAX,
    OLD_MAX = 64,  /* messages kept of each direction, to come again */
    SWAP_MS = 300, /* one that waits for another to overtake it does so at most this long */
    PROBE_MS = 5,  /* is this route still there? asked after a disconnection */
    PROBES_MAX = 400,
    STEP_MS = 20
};

typedef enum direction { TO_COORDINATOR, TO_WORKER } direction;

typedef struct message {
    struct message *next;
    int64_t due_ns;
    uint64_t number; /* in its stream; 0: one that comes again */
    bool waits;      /* to be overtaken */
    int32_t count;
    zmq_msg_t parts[PARTS_MAX];
} message;

typedef struct stream {
    uint64_t came, gone; /* numbers: of the last message that came, the greatest that was passed on */
    int64_t due_ns;      /* of the last one in order */
    message *first, *last;
} stream;

typedef struct pair {
    void *dealer, *monitor; /* NULL: free */
    uint64_t serial;
    int32_t fd, probes;
    int64_t probe_ns;
    uint8_t route[32];
    size_t route_len;
    stream streams[2];
} pair;

typedef struct old {
    message *message;
    uint64_t serial; /* of its pair */
    bool everywhere; /* may come again on another connection */
} old;

typedef struct proxy {
    void *zmq, *router, *monitor;
    const char *coordinator;
    weft_ctx ctx;
    int64_t seed, delay_ms, twice, swapped, again, dropped;
    uint64_t pairs_made;
    pair pairs[PAIRS_MAX];
    old olds[2][OLD_MAX];
    int32_t old_count[2];
    struct {
        int64_t messages, delayed, twice, swapped, again, dropped;
    } counts;
} proxy;

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "chaos_proxy: %s: %s\n", what, zmq_strerror(errno));
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- chance ---- */

/* A number for the what-th question about a message. */
static uint64_t chance(const proxy *x, const pair *p, direction d, uint64_t number, uint64_t what)
{
    uint64_t h = weft_hash_u64((uint64_t)x->seed);
    h = weft_hash_combine(h, p->serial * 2 + d);
    h = weft_hash_combine(h, number);
    return weft_hash_combine(h, what);
}

static bool hit(const proxy *x, const pair *p, direction d, uint64_t number, uint64_t what, int64_t of_1000)
{
    return (int64_t)(chance(x, p, d, number, what) % 1000) < of_1000;
}

/* ---- messages ---- */

static message *message_copy(message *from)
{
    message *m = calloc(1, sizeof(*m));
    if (m == NULL) die("no memory");
    m->count = from->count;
    m->due_ns = from->due_ns;
    for (int32_t i = 0; i < m->count; i++) {
        zmq_msg_init(&m->parts[i]);
        zmq_msg_copy(&m->parts[i], &from->parts[i]);
    }
    return m;
}

static void message_free(message *m)
{
    for (int32_t i = 0; m != NULL && i < m->count; i++) zmq_msg_close(&m->parts[i]);
    free(m);
}

static void push(stream *s, message *m)
{
    m->next = NULL;
    if (s->last != NULL)
        s->last->next = m;
    else
        s->first = m;
    s->last = m;
}

/* The parts of the next message from `first` on; NULL: there is none. route: of what a ROUTER gives. */
static message *receive(void *socket, zmq_msg_t *route)
{
    message *m = NULL;
    zmq_msg_t part;
    bool more = true;
    if (route != NULL) {
        zmq_msg_init(route);
        if (zmq_msg_recv(route, socket, ZMQ_DONTWAIT) < 0) return NULL;
        more = zmq_msg_more(route);
    }
    for (bool first = true; more; first = false) {
        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) < 0) {
            if (first && route == NULL) return NULL;
            die("a message without its end");
        }
        more = zmq_msg_more(&part);
        if (m == NULL) m = calloc(1, sizeof(*m));
        if (m == NULL) die("no memory");
        if (m->count == PARTS_MAX) die("a message of too many parts");
        zmq_msg_init(&m->parts[m->count]);
        zmq_msg_move(&m->parts[m->count++], &part);
    }
    return m;
}

/* ---- pairs ---- */

static void stream_clear(stream *s)
{
    for (message *m = s->first, *next = NULL; m != NULL; m = next) {
        next = m->next;
        message_free(m);
    }
    *s = (stream){0};
}

static void *monitor_open(const proxy *x, void *socket, const char *name)
{
    void *monitor = zmq_socket(x->zmq, ZMQ_PAIR);
    const int zero = 0;
    if (monitor == NULL || zmq_setsockopt(monitor, ZMQ_LINGER, &zero, sizeof(zero)) != 0 ||
        zmq_setsockopt(monitor, ZMQ_RCVHWM, &zero, sizeof(zero)) != 0 ||
        zmq_socket_monitor(socket, name, ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED) != 0 ||
        zmq_connect(monitor, name) != 0)
        die("cannot watch a socket");
    return monitor;
}

/* The number that came with a disconnection; false: there was none. */
static bool monitor_next(void *monitor, int32_t *fd)
{
    message *m = receive(monitor, NULL);
    if (m == NULL) return false;
    memcpy(fd, (const char *)zmq_msg_data(&m->parts[0]) + sizeof(uint16_t), sizeof(*fd));
    message_free(m);
    return true;
}

static void socket_setup(void *socket)
{
    const int zero = 0, one = 1, linger_ms = 500;
    int type = 0;
    size_t len = sizeof(type);
    if (socket == NULL || zmq_getsockopt(socket, ZMQ_TYPE, &type, &len) != 0 ||
        zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof(linger_ms)) != 0 ||
        zmq_setsockopt(socket, ZMQ_SNDHWM, &zero, sizeof(zero)) != 0 ||
        zmq_setsockopt(socket, ZMQ_RCVHWM, &zero, sizeof(zero)) != 0)
        die("cannot set a socket up");
    if (type == ZMQ_ROUTER && zmq_setsockopt(socket, ZMQ_ROUTER_MANDATORY, &one, sizeof(one)) != 0)
        die("cannot set a socket up");
}

static void pair_open(proxy *x, pair *p, zmq_msg_t *route, int32_t fd)
{
    char name[64];
    const int never = -1;
    *p = (pair){.serial = ++x->pairs_made, .fd = fd, .route_len = zmq_msg_size(route)};
    if (p->route_len > sizeof(p->route)) die("a long route");
    memcpy(p->route, zmq_msg_data(route), p->route_len);
    p->dealer = zmq_socket(x->zmq, ZMQ_DEALER);
    socket_setup(p->dealer);
    zmq_setsockopt(p->dealer, ZMQ_RECONNECT_IVL, &never, sizeof(never));
    snprintf(name, sizeof(name), "inproc://monitor.%" PRIu64, p->serial);
    p->monitor = monitor_open(x, p->dealer, name);
    if (zmq_connect(p->dealer, x->coordinator) != 0) die("cannot connect");
}

static pair *pair_find(proxy *x, zmq_msg_t *route, int32_t fd)
{
    pair *unused = NULL;
    for (int32_t i = 0; i < PAIRS_MAX; i++) {
        pair *p = &x->pairs[i];
        if (p->dealer == NULL)
            unused = p;
        else if (p->route_len == zmq_msg_size(route) &&
                 memcmp(p->route, zmq_msg_data(route), p->route_len) == 0)
            return p;
    }
    if (unused == NULL) die("too many connections");
    pair_open(x, unused, route, fd);
    return unused;
}

/* The worker is told to close its connection. */
static void send_goodbye(const proxy *x, const pair *p)
{
    if (zmq_send(x->router, p->route, p->route_len, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) return;
    zmq_send(x->router, "", 0, ZMQ_DONTWAIT | ZMQ_SNDMORE);
    zmq_send(x->router, "", 0, ZMQ_DONTWAIT);
}

static void pair_close(pair *p)
{
    stream_clear(&p->streams[TO_COORDINATOR]);
    stream_clear(&p->streams[TO_WORKER]);
    zmq_socket_monitor(p->dealer, NULL, 0);
    zmq_close(p->monitor);
    zmq_close(p->dealer);
    p->dealer = p->monitor = NULL;
}

/* ---- passing on ---- */

/* Send all parts, which are gone then. False: the worker is. */
static bool send_message(proxy *x, pair *p, direction d, message *m)
{
    bool there = true;
    void *socket = d == TO_COORDINATOR ? p->dealer : x->router;
    if (d == TO_WORKER) there = zmq_send(socket, p->route, p->route_len, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0;
    for (int32_t i = 0; i < m->count && there; i++)
        if (zmq_msg_send(&m->parts[i], socket, ZMQ_DONTWAIT | (i + 1 < m->count ? ZMQ_SNDMORE : 0)) < 0)
            break;
    message_free(m);
    return there;
}

/* May this one go now? One that is to be overtaken goes when it was. */
static bool is_due(const stream *s, const message *m, int64_t now)
{
    if (m->waits && m->number < s->gone) return true;
    return now >= m->due_ns + (m->waits ? (int64_t)SWAP_MS * 1000000 : 0);
}

/* Pass on what is due, or all. False: the worker is gone. */
static bool serve_stream(proxy *x, pair *p, direction d, int64_t now, bool all)
{
    stream *s = &p->streams[d];
    message **at = &s->first;
    message *before = NULL;
    bool there = true;
    while (*at != NULL && there) {
        message *m = *at;
        if (!all && !is_due(s, m, now)) {
            before = m;
            at = &m->next;
            continue;
        }
        *at = m->next;
        if (s->last == m) s->last = before;
        if (m->number != 0 && m->number < s->gone) x->counts.swapped++;
        if (m->number > s->gone) s->gone = m->number;
        there = send_message(x, p, d, m);
    }
    return there;
}

/* ---- what comes ---- */

/* What is it, and may it come again on another connection? */
static bool is_everywhere(proxy *x, message *m, bool *welcomes)
{
    weft_envelope e = {0};
    const bool known =
        weft_envelope_decode(&x->ctx, zmq_msg_data(&m->parts[0]), zmq_msg_size(&m->parts[0]), &e) == WEFT_OK;
    const bool numbered = known && (e.kind == WEFT_ENVELOPE_ORDERS || e.kind == WEFT_ENVELOPE_REPORTS ||
                                    e.kind == WEFT_ENVELOPE_BEAT || e.kind == WEFT_ENVELOPE_REGISTER);
    *welcomes = known && e.kind == WEFT_ENVELOPE_WELCOME;
    weft_error_clear(&x->ctx);
    weft_arena_reset(x->ctx.arena);
    return numbered;
}

static void remember(proxy *x, const pair *p, direction d, message *m)
{
    bool welcomes = false;
    const bool everywhere = is_everywhere(x, m, &welcomes);
    if (!everywhere && !welcomes) return; /* it ends its worker, or is of a client */
    old *o = &x->olds[d][x->old_count[d]++ % OLD_MAX];
    message_free(o->message);
    *o = (old){.message = message_copy(m), .serial = p->serial, .everywhere = everywhere};
}

static void bring_again(proxy *x, pair *p, direction d, uint64_t number, int64_t due_ns)
{
    const int32_t most = x->old_count[d] < OLD_MAX ? x->old_count[d] : OLD_MAX;
    if (most == 0) return;
    old *o = &x->olds[d][chance(x, p, d, number, 5) % (uint64_t)most];
    if (!o->everywhere && o->serial != p->serial) return;
    message *m = message_copy(o->message);
    m->due_ns = due_ns;
    push(&p->streams[d], m);
    x->counts.again++;
}

static void take(proxy *x, pair *p, direction d, message *m, int64_t now)
{
    stream *s = &p->streams[d];
    const uint64_t n = m->number = ++s->came;
    x->counts.messages++;
    if (x->again > 0) remember(x, p, d, m);
    if (hit(x, p, d, n, 1, x->dropped)) {
        x->counts.dropped++;
        message_free(m);
        return;
    }
    const int64_t wait_ms = (int64_t)(chance(x, p, d, n, 2) % (uint64_t)(x->delay_ms + 1));
    x->counts.delayed += wait_ms > 0;
    if (now + wait_ms * 1000000 > s->due_ns) s->due_ns = now + wait_ms * 1000000;
    m->due_ns = s->due_ns;
    m->waits = hit(x, p, d, n, 3, x->swapped);
    push(s, m);
    if (hit(x, p, d, n, 4, x->twice)) {
        push(s, message_copy(m));
        x->counts.twice++;
    }
    if (hit(x, p, d, n, 6, x->again)) bring_again(x, p, d, n, s->due_ns);
}

static void from_workers(proxy *x, int64_t now)
{
    zmq_msg_t route;
    for (;;) {
        message *m = receive(x->router, &route);
        if (m == NULL) break;
        pair *p = pair_find(x, &route, zmq_msg_get(&m->parts[0], ZMQ_SRCFD));
        take(x, p, TO_COORDINATOR, m, now);
        zmq_msg_close(&route);
    }
    zmq_msg_close(&route);
}

/* False: the coordinator has said goodbye, or its connection is broken. */
static bool from_coordinator(proxy *x, pair *p, int64_t now)
{
    message *m = NULL;
    int32_t fd = 0;
    while ((m = receive(p->dealer, NULL)) != NULL) {
        const bool empty = zmq_msg_size(&m->parts[0]) == 0;
        const bool goodbye = empty && m->count == 2;
        if (!empty)
            take(x, p, TO_WORKER, m, now);
        else
            message_free(m); /* a probe asks only whether this end is there */
        if (goodbye) return false;
    }
    return !monitor_next(p->monitor, &fd);
}

/* ---- who is gone ---- */

static void watch_workers(proxy *x, int64_t now)
{
    int32_t fd = -1;
    while (monitor_next(x->monitor, &fd))
        for (int32_t i = 0; i < PAIRS_MAX; i++) {
            pair *p = &x->pairs[i];
            if (p->dealer == NULL || p->fd != fd) continue;
            p->probes = PROBES_MAX;
            p->probe_ns = now;
        }
}

/* False: nobody has this route any more. */
static bool probe(proxy *x, pair *p, int64_t now)
{
    if (p->probes == 0 || now < p->probe_ns) return true;
    p->probes--;
    p->probe_ns = now + (int64_t)PROBE_MS * 1000000;
    if (zmq_send(x->router, p->route, p->route_len, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0) return false;
    zmq_send(x->router, "", 0, ZMQ_DONTWAIT);
    return true;
}

static void serve_pair(proxy *x, pair *p, int64_t now)
{
    if (!from_coordinator(x, p, now)) {
        (void)serve_stream(x, p, TO_WORKER, now, true);
        send_goodbye(x, p);
        pair_close(p);
        return;
    }
    (void)serve_stream(x, p, TO_COORDINATOR, now, false);
    if (probe(x, p, now) && serve_stream(x, p, TO_WORKER, now, false)) return;
    (void)serve_stream(x, p, TO_COORDINATOR, now, true); /* what it said before it went */
    pair_close(p);
}

/* ---- the loop ---- */

static void wait_for_work(const proxy *x)
{
    zmq_pollitem_t items[2 + 2 * PAIRS_MAX] = {{.socket = x->router, .events = ZMQ_POLLIN},
                                               {.socket = x->monitor, .events = ZMQ_POLLIN}};
    int n = 2;
    bool waiting = false;
    for (int32_t i = 0; i < PAIRS_MAX; i++) {
        const pair *p = &x->pairs[i];
        if (p->dealer == NULL) continue;
        items[n++] = (zmq_pollitem_t){.socket = p->dealer, .events = ZMQ_POLLIN};
        items[n++] = (zmq_pollitem_t){.socket = p->monitor, .events = ZMQ_POLLIN};
        waiting |= p->probes > 0 || p->streams[0].first != NULL || p->streams[1].first != NULL;
    }
    zmq_poll(items, n, waiting ? 1 : STEP_MS);
}

static void run(proxy *x)
{
    while (!stopped) {
        wait_for_work(x);
        const int64_t now = now_ns();
        from_workers(x, now);
        watch_workers(x, now);
        for (int32_t i = 0; i < PAIRS_MAX; i++)
            if (x->pairs[i].dealer != NULL) serve_pair(x, &x->pairs[i], now);
    }
}

/* ---- life ---- */

static void option(proxy *x, const char *text)
{
    const struct {
        const char *name;
        int64_t *value;
    } options[] = {{"seed=", &x->seed},       {"delay_ms=", &x->delay_ms}, {"twice=", &x->twice},
                   {"swapped=", &x->swapped}, {"again=", &x->again},       {"dropped=", &x->dropped}};
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const size_t len = strlen(options[i].name);
        char *end = NULL;
        if (strncmp(text, options[i].name, len) != 0) continue;
        *options[i].value = strtoll(text + len, &end, 10);
        if (*end == 0 && end > text + len && *options[i].value >= 0) return;
    }
    fprintf(stderr, "chaos_proxy: \"%s\" is no option\n", text);
    exit(2);
}

static void start(proxy *x, weft_settings *settings)
{
    char bound[128];
    size_t len = sizeof(bound);
    weft_settings_init(settings);
    weft_account *account = weft_account_open(weft_pool_new(1 << 26), "proxy");
    weft_ctx_init(&x->ctx, weft_arena_new(account), account, settings);
    x->zmq = zmq_ctx_new();
    x->router = zmq_socket(x->zmq, ZMQ_ROUTER);
    socket_setup(x->router);
    x->monitor = monitor_open(x, x->router, "inproc://monitor");
    if (zmq_bind(x->router, "tcp://127.0.0.1:*") != 0 ||
        zmq_getsockopt(x->router, ZMQ_LAST_ENDPOINT, bound, &len) != 0)
        die("cannot listen");
    printf("ready: weft://127.0.0.1%s\n", strrchr(bound, ':'));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static proxy x;
    static weft_settings settings;
    const struct sigaction stop = {.sa_handler = on_signal};
    if (argc < 2) {
        fprintf(stderr, "usage: chaos_proxy tcp://HOST:PORT [name=value ...]\n");
        return 2;
    }
    x.coordinator = argv[1];
    for (int i = 2; i < argc; i++) option(&x, argv[i]);
    sigaction(SIGTERM, &stop, NULL);
    start(&x, &settings);
    run(&x);
    printf("{\"messages\": %" PRId64 ", \"delayed\": %" PRId64 ", \"twice\": %" PRId64
           ", \"swapped\": %" PRId64 ", \"again\": %" PRId64 ", \"dropped\": %" PRId64 "}\n",
           x.counts.messages, x.counts.delayed, x.counts.twice, x.counts.swapped, x.counts.again,
           x.counts.dropped);
    return 0; /* sockets go with the process, at once */
}
