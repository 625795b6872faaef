/* coordinator/relay_port.c - see relay_port.h. */
#include "coordinator/relay_port.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"

#define MS INT64_C(1000000)

enum {
    RELAY_BYTES = 256 << 10, /* read at once, and most that is kept of it */
    ADDRESS_BYTES = 272,
    CONNECT_MS = 5000,
    IDLE_MS = 120000,
    WAIT_MS = 1000, /* between two looks at the deadlines */
    BACKLOG = 128,
    FIXED_POLLED = 2, /* the listener and the wake-up */
    ACCEPTS_AT_ONCE = 64,
    OPENINGS_MAX = 64,
    OPENING_MS = 1000,
    HANDSHAKE_BYTES = 300 /* that the leader sends before a connection stands: greeting, welcome, ready */
};

/* One way of a connection. */
typedef struct relay_way {
    uint8_t *kept; /* memory block: what the receiver has not taken yet; NULL: nothing */
    size_t begin, end;
    bool over; /* the sender has closed */
} relay_way;

typedef struct relay_pair {
    int near, far;     /* who came; the leader */
    bool connecting;   /* far */
    relay_way ways[2]; /* [0]: near → far */
    int64_t moved_ns;  /* when something moved last, or it began */
    int64_t begun_ns;
    int64_t answered; /* bytes that came from the leader */
} relay_pair;

struct weft_relay_port {
    weft_account *account;
    weft_arena *arena;
    weft_ctx ctx; /* of the thread, as is all up to `lock` */
    int listener, wake;
    int32_t port, most, openings_most;
    int64_t opening_ns;
    pthread_t thread;
    bool runs;
    relay_pair *pairs;     /* [count] of room for `most` */
    struct pollfd *polled; /* [FIXED_POLLED + 2 * most] */
    uint8_t *buffer;       /* [RELAY_BYTES] */
    int32_t count;
    bool full; /* there was no descriptor for one who came */
    struct sockaddr_storage leader;
    socklen_t leader_bytes; /* 0: nobody knows */
    bool failed;            /* to connect there: its host may have another address by now */
    int64_t looked_ns;
    pthread_mutex_t lock;
    char address[ADDRESS_BYTES]; /* guarded by lock, as is all that follows; "": nobody leads */
    bool changed, stops;
    weft_relay_port_counts counts;
};

/* ---- connections ---- */

/* Reset, so that nothing of it stays on the port that is about to be another's. */
static void close_socket(int fd)
{
    static const struct linger at_once = {.l_onoff = 1};
    if (fd < 0) return;
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(fd);
}

static void close_pair(weft_relay_port *r, int32_t index)
{
    relay_pair *pair = &r->pairs[index];
    close_socket(pair->near);
    close_socket(pair->far);
    for (int32_t i = 0; i < 2; i++) weft_mem_free(pair->ways[i].kept);
    *pair = r->pairs[--r->count];
}

static void count_one(weft_relay_port *r, int64_t *counter, int64_t by)
{
    pthread_mutex_lock(&r->lock);
    *counter += by;
    r->counts.connections = r->count;
    pthread_mutex_unlock(&r->lock);
}

static void refuse(weft_relay_port *r, int fd)
{
    close_socket(fd);
    count_one(r, &r->counts.refused, 1);
}

static bool make_ready(int fd)
{
    static const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static void open_pair(weft_relay_port *r, int near)
{
    if (r->leader_bytes == 0 || r->count == r->most) {
        refuse(r, near);
        return;
    }
    const int far = socket(r->leader.ss_family, SOCK_STREAM, 0);
    if (far < 0 || !make_ready(near) || !make_ready(far) ||
        (connect(far, (struct sockaddr *)&r->leader, r->leader_bytes) != 0 && errno != EINPROGRESS)) {
        close_socket(far);
        refuse(r, near);
        return;
    }
    const int64_t now = weft_now_ns(&r->ctx);
    r->pairs[r->count++] =
        (relay_pair){.near = near, .far = far, .connecting = true, .moved_ns = now, .begun_ns = now};
    count_one(r, &r->counts.opened, 1);
}

/* Connections that the leader is at work to let in. */
static int32_t count_openings(weft_relay_port *r)
{
    const int64_t since = weft_now_ns(&r->ctx) - r->opening_ns;
    int32_t count = 0;
    for (int32_t i = 0; i < r->count; i++)
        count += r->pairs[i].answered < HANDSHAKE_BYTES && r->pairs[i].begun_ns >= since;
    return count;
}

/* As many as the leader takes at a time: after a change of leaders all clients come at once. */
static void accept_some(weft_relay_port *r)
{
    const int32_t most = weft_min_i32(ACCEPTS_AT_ONCE, r->openings_most - count_openings(r));
    for (int32_t i = 0; i < most; i++) {
        const int fd = accept(r->listener, NULL, NULL);
        if (fd < 0) {
            r->full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
            return;
        }
        open_pair(r, fd);
    }
}

/* ---- bytes ---- */

/* Send what is kept. False: the connection is broken. */
static bool send_kept(relay_pair *pair, relay_way *way, int to, int64_t now)
{
    while (way->kept != NULL) {
        const ssize_t sent = send(to, way->kept + way->begin, way->end - way->begin, MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN || errno == EINTR;
        pair->moved_ns = now;
        way->begin += (size_t)sent;
        if (way->begin < way->end) continue;
        weft_mem_free(way->kept);
        way->kept = NULL;
    }
    return true;
}

/* Keep what the receiver has not taken. */
static bool keep(weft_relay_port *r, relay_way *way, const uint8_t *bytes, size_t len)
{
    void *block = NULL;
    if (weft_mem_alloc(&r->ctx, WEFT_MEM_WORKING, len, &block) != WEFT_OK) {
        weft_error_clear(&r->ctx);
        return false;
    }
    memcpy(block, bytes, len);
    *way = (relay_way){.kept = block, .end = len, .over = way->over};
    return true;
}

/* One piece from one end to the other. False: the connection is over. */
static bool move_some(weft_relay_port *r, relay_pair *pair, relay_way *way, int from, int to)
{
    const ssize_t got = recv(from, r->buffer, RELAY_BYTES, 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) {
        way->over = true;
        return true;
    }
    pair->moved_ns = weft_now_ns(&r->ctx);
    count_one(r, &r->counts.bytes, got);
    if (from == pair->far) pair->answered += got;
    ssize_t sent = send(to, r->buffer, (size_t)got, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    sent = sent < 0 ? 0 : sent;
    return sent == got || keep(r, way, r->buffer + sent, (size_t)(got - sent));
}

static bool finish_connect(weft_relay_port *r, relay_pair *pair)
{
    int error = 0;
    socklen_t len = sizeof(error);
    pair->connecting = false;
    pair->moved_ns = weft_now_ns(&r->ctx);
    return getsockopt(pair->far, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0;
}

/* near, far: what poll has said. False: close it. */
static bool serve(weft_relay_port *r, relay_pair *pair, short near, short far)
{
    const int64_t now = weft_now_ns(&r->ctx);
    const short readable = POLLIN | POLLHUP | POLLERR;
    relay_way *there = &pair->ways[0], *back = &pair->ways[1];
    if (pair->connecting) {
        if (far != 0 && !finish_connect(r, pair)) {
            count_one(r, &r->counts.failed, 1);
            r->failed = true;
            return false;
        }
        return !pair->connecting || now - pair->moved_ns < CONNECT_MS * MS;
    }
    if (!send_kept(pair, there, pair->far, now) || !send_kept(pair, back, pair->near, now)) return false;
    if ((near & readable) != 0 && there->kept == NULL && !there->over &&
        !move_some(r, pair, there, pair->near, pair->far))
        return false;
    if ((far & readable) != 0 && back->kept == NULL && !back->over &&
        !move_some(r, pair, back, pair->far, pair->near))
        return false;
    /* ZMTP knows no half of a connection: what was on its way is sent, then both ends are closed */
    if ((there->over && there->kept == NULL) || (back->over && back->kept == NULL)) return false;
    return now - pair->moved_ns < IDLE_MS * MS;
}

/* ---- the leader's address ---- */

static void look_up(weft_relay_port *r, const char *address)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[ADDRESS_BYTES];
    snprintf(host, sizeof(host), "%s", address);
    char *port = strrchr(host, ':');
    r->leader_bytes = 0;
    r->failed = false;
    r->looked_ns = weft_now_ns(&r->ctx);
    if (port == NULL) return;
    *port++ = 0;
    char *name = host;
    const size_t len = strlen(host);
    if (host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = 0;
        name++;
    }
    const int error = getaddrinfo(name, port, &hints, &found);
    if (error != 0) {
        weft_log(WEFT_LOG_WARN, "leader_not_found", WEFT_LOG_TEXT("address", address),
                 WEFT_LOG_TEXT("reason", gai_strerror(error)));
        return;
    }
    memcpy(&r->leader, found->ai_addr, found->ai_addrlen);
    r->leader_bytes = found->ai_addrlen;
    freeaddrinfo(found);
}

/* False: stop. A look-up comes when there are no connections, or none that stands, that it could hold up. */
static bool take_news(weft_relay_port *r)
{
    char address[ADDRESS_BYTES];
    uint64_t count = 0;
    const ssize_t got = read(r->wake, &count, sizeof(count));
    (void)got; /* nothing there: it was a time-out */
    pthread_mutex_lock(&r->lock);
    const bool stops = r->stops, changed = r->changed;
    r->changed = false;
    memcpy(address, r->address, sizeof(address));
    pthread_mutex_unlock(&r->lock);
    if (stops) return false;
    if (changed) {
        while (r->count > 0) close_pair(r, r->count - 1);
        count_one(r, &r->counts.refused, 0);
        r->leader_bytes = 0;
    }
    const bool again = (r->leader_bytes == 0 || r->failed) &&
                       weft_now_ns(&r->ctx) - r->looked_ns >= WAIT_MS * MS;
    if (address[0] != 0 && (changed || again)) look_up(r, address);
    return true;
}

/* ---- the thread ---- */

static short wants(const relay_way *in, const relay_way *out)
{
    const short reads = in->kept == NULL && !in->over ? POLLIN : 0;
    return (short)(reads | (out->kept != NULL ? POLLOUT : 0));
}

static int32_t fill_polled(weft_relay_port *r)
{
    int32_t at = FIXED_POLLED;
    /* who waits for a descriptor would be told of again and again: once in a while, or when something moves
     */
    const bool accepts = !r->full && count_openings(r) < r->openings_most;
    r->full = false;
    r->polled[0] = (struct pollfd){.fd = accepts ? r->listener : -1, .events = POLLIN};
    r->polled[1] = (struct pollfd){.fd = r->wake, .events = POLLIN};
    for (int32_t i = 0; i < r->count; i++) {
        const relay_pair *pair = &r->pairs[i];
        const short near = wants(&pair->ways[0], &pair->ways[1]), far = wants(&pair->ways[1], &pair->ways[0]);
        /* an end that is not waited for is left out: its hang-up would be told again and again */
        const bool skips_near = pair->connecting || near == 0, skips_far = !pair->connecting && far == 0;
        r->polled[at++] = (struct pollfd){.fd = skips_near ? -1 : pair->near, .events = near};
        r->polled[at++] =
            (struct pollfd){.fd = skips_far ? -1 : pair->far, .events = pair->connecting ? POLLOUT : far};
    }
    return at;
}

static void *run(void *self)
{
    weft_relay_port *r = self;
    for (;;) {
        const int32_t polled = fill_polled(r);
        const int32_t count = r->count;
        const int ready = poll(r->polled, (nfds_t)polled, WAIT_MS);
        if (ready < 0) continue;            /* EINTR; ENOMEM passes too */
        for (int32_t i = count; i-- > 0;) { /* from the last: closing moves the last one into its place */
            const struct pollfd *at = &r->polled[FIXED_POLLED + 2 * i];
            if (!serve(r, &r->pairs[i], at[0].revents, at[1].revents)) {
                close_pair(r, i);
                count_one(r, &r->counts.refused, 0);
            }
        }
        if (!take_news(r)) break;
        if (r->polled[0].revents != 0) accept_some(r);
    }
    while (r->count > 0) close_pair(r, r->count - 1);
    return NULL;
}

/* ---- life ---- */

static weft_status listen_on(weft_ctx *ctx, weft_relay_port *r, const char *host, int32_t port)
{
    static const int on = 1;
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    struct sockaddr_storage bound;
    socklen_t len = sizeof(bound);
    char service[16];
    snprintf(service, sizeof(service), "%d", port);
    const int error = getaddrinfo(host, service, &hints, &found);
    if (error != 0) return weft_fail(ctx, WEFT_INVALID, "cannot listen on %s: %s", host, gai_strerror(error));
    r->listener = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool bad = r->listener < 0 || setsockopt(r->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
               bind(r->listener, found->ai_addr, found->ai_addrlen) != 0 ||
               listen(r->listener, BACKLOG) != 0 ||
               getsockname(r->listener, (struct sockaddr *)&bound, &len) != 0;
    freeaddrinfo(found);
    if (bad) return weft_fail(ctx, WEFT_IO, "cannot listen on %s:%d: %s", host, port, strerror(errno));
    r->port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                                : ((struct sockaddr_in *)&bound)->sin_port);
    return WEFT_OK;
}

static weft_status take_memory(weft_ctx *ctx, weft_relay_port *r, const weft_relay_port_options *o)
{
    weft_status st = WEFT_OK;
    r->most = o->connections_max;
    r->openings_most = o->openings_max > 0 ? o->openings_max : OPENINGS_MAX;
    r->opening_ns = (o->opening_ms > 0 ? o->opening_ms : OPENING_MS) * MS;
    r->account = weft_account_open(o->pool, "relay");
    r->arena = r->account == NULL ? NULL : weft_arena_new(r->account);
    if (r->arena == NULL) WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "no memory for the relay"));
    weft_ctx_init(&r->ctx, r->arena, r->account, o->settings);
    WEFT_TRY(st, WEFT_NEW_ARRAY(&r->ctx, r->most, &r->pairs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(&r->ctx, FIXED_POLLED + 2 * r->most, &r->polled));
    WEFT_TRY(st, WEFT_NEW_ARRAY(&r->ctx, RELAY_BYTES, &r->buffer));
    r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->wake < 0) st = weft_fail(ctx, WEFT_IO, "no descriptor for the relay: %s", strerror(errno));
done:
    if (st != WEFT_OK && ctx->error.code == WEFT_OK) st = weft_error_copy(ctx, &r->ctx);
    return st;
}

weft_status weft_relay_port_start(weft_ctx *ctx, const weft_relay_port_options *options,
                                  weft_relay_port **out)
{
    weft_status st = WEFT_OK;
    weft_relay_port *r = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*r), (void **)&r));
    r->listener = r->wake = -1;
    pthread_mutex_init(&r->lock, NULL);
    WEFT_TRY(st, take_memory(ctx, r, options));
    WEFT_TRY(st, listen_on(ctx, r, options->host, options->port));
    if (pthread_create(&r->thread, NULL, run, r) != 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_NOMEM, "the system refuses a thread for the relay"));
    r->runs = true;
    *out = r;
    r = NULL;
done:
    weft_relay_port_stop(&r);
    return st;
}

int32_t weft_relay_port_number(const weft_relay_port *r) { return r->port; }

static void wake(weft_relay_port *r)
{
    static const uint64_t one = 1;
    const ssize_t wrote = write(r->wake, &one, sizeof(one)); /* fails only when it was written 2^64 times */
    (void)wrote;
}

void weft_relay_port_lead_to(weft_relay_port *r, const char *address)
{
    pthread_mutex_lock(&r->lock);
    const char *to = address == NULL ? "" : address;
    r->changed = r->changed || strcmp(r->address, to) != 0;
    snprintf(r->address, sizeof(r->address), "%s", to);
    pthread_mutex_unlock(&r->lock);
    wake(r);
}

void weft_relay_port_count(weft_relay_port *r, weft_relay_port_counts *out)
{
    pthread_mutex_lock(&r->lock);
    *out = r->counts;
    pthread_mutex_unlock(&r->lock);
}

void weft_relay_port_stop(weft_relay_port **slot)
{
    weft_relay_port *r = *slot;
    *slot = NULL;
    if (r == NULL) return;
    if (r->runs) {
        pthread_mutex_lock(&r->lock);
        r->stops = true;
        pthread_mutex_unlock(&r->lock);
        wake(r);
        pthread_join(r->thread, NULL);
    }
    if (r->listener >= 0) close(r->listener);
    if (r->wake >= 0) close(r->wake);
    weft_arena_free(&r->arena);
    weft_account_close(&r->account);
    pthread_mutex_destroy(&r->lock);
    weft_mem_free(r);
}
