/* common/http_server.c - see http_server.h: listening, the thread and its loop, start and stop. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/http_server_private.h"
#include "common/log.h"

enum {
    SERVER_CONNECTIONS = 256,
    SERVER_PATIENCE_MS = 10000,
    SERVER_PAUSE_MS = 100,                /* without descriptors: until the next try to accept */
    POLLS_FIRST = 1 + HTTP_LISTENERS_MOST /* in `polls`: who wakes us, those we listen on, connections */
};

static int64_t server_now(const weft_http_server *s) { return weft_now_ns(&s->ctx); }

/* ---- the loop ---- */

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
    }
    if (address->ss_family != AF_INET6) return false;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && v6->sin6_addr.s6_addr[12] == 127);
}

/* Room for one more: the connection that has been idle between requests for the longest time goes. */
static bool make_room(weft_http_server *s)
{
    int32_t oldest = -1;
    if (s->count < s->options.connections_max) return true;
    for (int32_t i = 0; i < s->count; i++) {
        const connection *c = s->connections[i];
        if (c->state != STATE_HEAD || c->in_len > 0 || c->is_ready) continue;
        if (oldest < 0 || c->deadline_ns < s->connections[oldest]->deadline_ns) oldest = i;
    }
    if (oldest >= 0) weft_http_connection_close(s, oldest);
    return oldest >= 0;
}

static bool add_connection(weft_http_server *s, int fd, bool is_local)
{
    const int on = 1;
    connection *c = NULL;
    if (!make_room(s)) return false;
    if (weft_mem_alloc_zero(&s->ctx, WEFT_MEM_WORKING, sizeof(*c), (void **)&c) != WEFT_OK) return false;
    c->fd = fd;
    c->is_local = is_local;
    c->events = POLLIN;
    c->tls = s->tls == NULL ? NULL : weft_tls_accept(s->tls, fd);
    if (s->tls != NULL && c->tls == NULL) {
        weft_mem_free(c);
        return false;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    weft_http_connection_begin(s, c);
    s->connections[s->count++] = c;
    atomic_store(&s->open, s->count);
    atomic_fetch_add(&s->accepted, 1);
    return true;
}

/* A certificate is replaced while the process runs. One that cannot be used is told of, and the old one
 * stays. Connections keep what they began with. */
static void refresh_certificate(weft_http_server *s)
{
    const int64_t now_ns = server_now(s);
    weft_tls *fresh = NULL;
    const bool new_certificate = weft_file_watch_changed(&s->certificate, now_ns);
    const bool new_key = weft_file_watch_changed(&s->key, now_ns);
    if (!new_certificate && !new_key) return;
    if (weft_tls_open(&s->ctx, s->options.certificate, s->options.key, &fresh) != WEFT_OK) {
        weft_log_error(WEFT_LOG_WARN, "http_certificate_refused", &s->ctx.error);
        return;
    }
    weft_tls_close(&s->tls);
    s->tls = fresh;
    weft_log(WEFT_LOG_INFO, "http_certificate_changed", WEFT_LOG_TEXT("file", s->options.certificate));
}

static void accept_all(weft_http_server *s, int listener)
{
    if (s->tls != NULL) refresh_certificate(s);
    for (int32_t i = 0; i < 64; i++) { /* then the others are due */
        struct sockaddr_storage far_end = {0}, near_end = {0};
        socklen_t far_len = sizeof(far_end), near_len = sizeof(near_end);
        const int fd = accept4(listener, (struct sockaddr *)&far_end, &far_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                s->paused_until_ns = server_now(s) + SERVER_PAUSE_MS * HTTP_NS_PER_MS;
            return;
        }
        getsockname(fd, (struct sockaddr *)&near_end, &near_len);
        if (add_connection(s, fd, is_loopback(&far_end) && is_loopback(&near_end))) continue;
        atomic_fetch_add(&s->refused, 1);
        close(fd);
    }
}

/* Fills polls; the milliseconds until the next deadline, -1 for none. */
static int prepare(weft_http_server *s)
{
    int64_t next_ns = INT64_MAX;
    const int64_t now_ns = server_now(s);
    const bool is_paused = now_ns < s->paused_until_ns;
    if (is_paused) next_ns = s->paused_until_ns;
    s->polls[0] = (struct pollfd){.fd = s->wake, .events = POLLIN};
    for (int32_t i = 0; i < HTTP_LISTENERS_MOST; i++) {
        const bool is_open = i < s->listener_count && !is_paused;
        s->polls[1 + i] = (struct pollfd){.fd = is_open ? s->listeners[i] : -1, .events = POLLIN};
    }
    for (int32_t i = 0; i < s->count; i++) {
        const connection *c = s->connections[i];
        s->polls[POLLS_FIRST + i] = (struct pollfd){.fd = c->fd, .events = c->events};
        next_ns = weft_min_i64(next_ns, c->is_ready ? now_ns : c->deadline_ns);
    }
    if (next_ns == INT64_MAX) return -1;
    return (int)weft_max_i64(0, (next_ns - now_ns + HTTP_NS_PER_MS - 1) / HTTP_NS_PER_MS);
}

static void serve(weft_http_server *s)
{
    const int32_t polled = s->count; /* those accepted now were not */
    const int64_t now_ns = server_now(s);
    for (int32_t i = polled - 1; i >= 0; i--) { /* from the end: closing moves the last one here */
        connection *c = s->connections[i];
        const bool is_due = c->is_ready || s->polls[POLLS_FIRST + i].revents != 0;
        c->is_ready = false;
        if (is_due && !weft_http_connection_advance(s, c))
            weft_http_connection_close(s, i);
        else if (now_ns >= c->deadline_ns && !c->is_ready) {
            if (c->state != STATE_LINGER && (c->state != STATE_HEAD || c->in_len > 0))
                atomic_fetch_add(&s->timeouts, 1);
            weft_http_connection_close(s, i);
        }
    }
    for (int32_t i = 0; i < s->listener_count; i++)
        if (s->polls[1 + i].revents != 0) accept_all(s, s->listeners[i]);
}

static void *server_main(void *arg)
{
    weft_http_server *s = arg;
    while (!atomic_load(&s->stop)) {
        const int wait_ms = prepare(s);
        if (poll(s->polls, (nfds_t)s->count + POLLS_FIRST, wait_ms) < 0 && errno != EINTR) {
            s->paused_until_ns = server_now(s) +
                                 SERVER_PAUSE_MS * HTTP_NS_PER_MS; /* no memory in the kernel */
            continue;
        }
        serve(s);
    }
    while (s->count > 0) weft_http_connection_close(s, s->count - 1);
    return NULL;
}

/* ---- start and stop ---- */

static weft_status fail_address(weft_ctx *ctx, const weft_http_server_options *o, weft_status code,
                                const char *why)
{
    return weft_fail(ctx, code, "cannot serve HTTP on %s port %d: %s", o->host, o->port, why);
}

/* Listen on an address; *bound is what it became. 0 or errno. */
static int listen_on(weft_http_server *s, const struct sockaddr *address, socklen_t address_len,
                     struct sockaddr_storage *bound)
{
    const int on = 1;
    socklen_t len = sizeof(*bound);
    const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, address, address_len) != 0 || listen(fd, 128) != 0 ||
        getsockname(fd, (struct sockaddr *)bound, &len) != 0) {
        const int reason = errno;
        close(fd);
        return reason;
    }
    s->listeners[s->listener_count++] = fd;
    return 0;
}

static bool is_any(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ((const struct sockaddr_in *)address)->sin_addr.s_addr == htonl(INADDR_ANY);
    return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/* Bound to an address of the network: who works on this machine asks the loopback. That another process has
 * the port there is no reason not to start. */
static void bind_loopback(weft_http_server *s, const struct sockaddr_storage *bound)
{
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
    struct sockaddr_storage ignored;
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (is_loopback(bound) || is_any(bound)) return;
    const int error = listen_on(s, (struct sockaddr *)&loopback, sizeof(loopback), &ignored);
    if (error != 0)
        weft_log(WEFT_LOG_WARN, "http_loopback_failed", WEFT_LOG_INT("port", s->port),
                 WEFT_LOG_TEXT("reason", strerror(error)));
}

static weft_status bind_address(weft_ctx *ctx, weft_http_server *s)
{
    const struct addrinfo wanted = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct sockaddr_storage bound = {0};
    char port[16];
    snprintf(port, sizeof(port), "%d", s->options.port);
    const int unknown = getaddrinfo(s->options.host, port, &wanted, &found);
    if (unknown != 0) return fail_address(ctx, &s->options, WEFT_INVALID, gai_strerror(unknown));
    const struct addrinfo *first = found; /* the IPv4 one of a name that has both */
    while (first->ai_next != NULL && first->ai_family != AF_INET) first = first->ai_next;
    if (first->ai_family != AF_INET) first = found;
    const int error = listen_on(s, first->ai_addr, first->ai_addrlen, &bound);
    freeaddrinfo(found);
    if (error != 0) return fail_address(ctx, &s->options, WEFT_IO, strerror(error));
    s->port = ntohs(bound.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)&bound)->sin6_port
                                                : ((const struct sockaddr_in *)&bound)->sin_port);
    bind_loopback(s, &bound);
    return WEFT_OK;
}

static weft_status start_thread(weft_ctx *ctx, weft_http_server *s)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all); /* signals are for others; a broken pipe is an error of write */
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, WEFT_THREAD_STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&s->thread, &attributes, server_main, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (error != 0) return fail_address(ctx, &s->options, WEFT_NOMEM, strerror(error));
    s->has_thread = true;
    return WEFT_OK;
}

static weft_status server_open(weft_ctx *ctx, weft_http_server *s)
{
    weft_status st = WEFT_OK;
    const weft_http_server_options *o = &s->options;
    const size_t most = (size_t)o->connections_max;
    WEFT_TRY(st, weft_mem_alloc_zero(&s->ctx, WEFT_MEM_WORKING, most * sizeof(connection *),
                                     (void **)&s->connections));
    WEFT_TRY(st, weft_mem_alloc_zero(&s->ctx, WEFT_MEM_WORKING, (most + POLLS_FIRST) * sizeof(struct pollfd),
                                     (void **)&s->polls));
    if (o->certificate != NULL) {
        weft_file_watch_init(&s->certificate, o->certificate, server_now(s));
        weft_file_watch_init(&s->key, o->key, server_now(s));
        WEFT_TRY(st, weft_tls_open(&s->ctx, o->certificate, o->key, &s->tls));
    }
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->wake < 0) return fail_address(ctx, o, WEFT_IO, strerror(errno));
    WEFT_TRY(st, bind_address(&s->ctx, s));
    WEFT_TRY(st, start_thread(&s->ctx, s));
done:
    return st == WEFT_OK ? st : weft_error_copy(ctx, &s->ctx);
}

weft_status weft_http_server_start(weft_ctx *ctx, const weft_http_server_options *options,
                                   weft_http_server **out)
{
    weft_status st = WEFT_OK;
    weft_http_server *s = NULL;
    weft_ctx own;
    *out = NULL;
    if ((options->certificate == NULL) != (options->key == NULL))
        return weft_fail(ctx, WEFT_INVALID, "HTTP over TLS needs both, a certificate and its key");
    weft_account *account = weft_account_open(weft_account_pool(ctx->memory), "http");
    weft_arena *arena = account == NULL ? NULL : weft_arena_new(account);
    if (arena == NULL) {
        weft_account_close(&account);
        return weft_fail(ctx, WEFT_NOMEM, "no memory for the HTTP server");
    }
    weft_ctx_init(&own, arena, account, ctx->settings);
    st = weft_mem_alloc_zero(&own, WEFT_MEM_WORKING, sizeof(*s), (void **)&s);
    if (st != WEFT_OK) {
        weft_error_copy(ctx, &own);
        weft_arena_free(&arena);
        weft_account_close(&account);
        return st;
    }
    s->options = *options;
    if (s->options.connections_max <= 0) s->options.connections_max = SERVER_CONNECTIONS;
    if (s->options.patience_ms <= 0) s->options.patience_ms = SERVER_PATIENCE_MS;
    s->account = account;
    s->arena = arena;
    s->ctx = own;
    s->wake = -1;
    *out = s; /* before the thread: the handler may ask for it at once */
    st = server_open(ctx, s);
    if (st != WEFT_OK) weft_http_server_stop(out);
    return st;
}

int32_t weft_http_server_port(const weft_http_server *s) { return s->port; }

void weft_http_server_count(const weft_http_server *s, weft_http_counts *out)
{
    *out = (weft_http_counts){.connections = atomic_load(&s->open),
                              .accepted = atomic_load(&s->accepted),
                              .refused = atomic_load(&s->refused),
                              .requests = atomic_load(&s->requests),
                              .malformed = atomic_load(&s->malformed),
                              .timeouts = atomic_load(&s->timeouts)};
}

void weft_http_server_stop(weft_http_server **slot)
{
    weft_http_server *s = *slot;
    if (s == NULL) return;
    if (s->has_thread) {
        const uint64_t one = 1;
        atomic_store(&s->stop, true);
        const ssize_t wrote = write(s->wake, &one, sizeof(one)); /* cannot fail: the counter is 0 */
        (void)wrote;
        pthread_join(s->thread, NULL);
    }
    for (int32_t i = 0; i < s->listener_count; i++) close(s->listeners[i]);
    if (s->wake >= 0) close(s->wake);
    weft_tls_close(&s->tls);
    weft_mem_free(s->connections);
    weft_mem_free(s->polls);
    weft_account *account = s->account;
    weft_arena_free(&s->arena);
    weft_mem_free(s);
    weft_account_close(&account);
    *slot = NULL;
}
