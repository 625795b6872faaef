/* common/http_server.c - see http_server.h. A connection goes HEAD → BODY → ANSWER → HEAD …, and LINGER at
 * its end: what still comes is read and dropped for a moment, so that the far end gets our answer and not a
 * reset. Every state has a deadline that progress does not move: whoever sends or reads byte by byte is cut.
 */
#include "common/http_server.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/file_watch.h"
#include "common/http_tls.h"
#include "common/limits.h"
#include "common/log.h"

enum {
    SERVER_CONNECTIONS = 256,
    SERVER_PATIENCE_MS = 10000,
    SERVER_LINGER_MS = 1000,
    SERVER_PAUSE_MS = 100,                /* without descriptors: until the next try to accept */
    SERVER_WAITING_BYTES_MOST = 16 << 20, /* of answers that are not sent yet */
    LISTENERS_MOST = 2,
    POLLS_FIRST = 1 + LISTENERS_MOST /* in `polls`: who wakes us, those we listen on, connections */
};
#define NS_PER_MS 1000000LL

typedef enum connection_state { STATE_HEAD, STATE_BODY, STATE_ANSWER, STATE_LINGER } connection_state;
typedef enum step_result { STEP_AGAIN, STEP_WAIT, STEP_CLOSE } step_result;

typedef struct connection {
    int fd;
    short events;  /* what it waits for */
    bool is_ready; /* go on without waiting: more requests may be in `in` already */
    bool is_local, is_last;
    connection_state state;
    weft_tls_session *tls;
    int64_t deadline_ns;
    int64_t body_left;
    size_t in_len, parsed_len; /* parsed: no line ended behind it yet */
    char out_head[1024];
    size_t out_head_len, sent, out_body_len;
    weft_http_text out_body;
    weft_http_request request;
    char in[WEFT_HTTP_HEAD_BYTES_MOST];
} connection;

struct weft_http_server {
    weft_http_server_options options;
    weft_account *account;
    weft_arena *arena;
    weft_ctx ctx; /* of the thread */
    weft_tls *tls;
    weft_file_watch certificate, key;
    int listeners[LISTENERS_MOST]; /* [listener_count] */
    int32_t listener_count;
    int wake;
    int32_t port;
    pthread_t thread;
    bool has_thread;
    atomic_bool stop;
    connection **connections; /* [connections_max]; the first `count` are there */
    struct pollfd *polls;     /* [POLLS_FIRST + connections_max] */
    int32_t count;
    int64_t waiting_bytes;
    int64_t paused_until_ns;
    atomic_int_fast64_t open, accepted, refused, requests, malformed, timeouts;
};

static int64_t server_now(const weft_http_server *s) { return weft_now_ns(&s->ctx); }

/* ---- bytes ---- */

static step_result tls_step(connection *c, weft_tls_result result)
{
    switch (result) {
    case WEFT_TLS_DONE: return STEP_AGAIN;
    case WEFT_TLS_READ: c->events = POLLIN; return STEP_WAIT;
    case WEFT_TLS_WRITE: c->events = POLLOUT; return STEP_WAIT;
    case WEFT_TLS_END: break;
    }
    return STEP_CLOSE;
}

static step_result receive(weft_http_server *s, connection *c, void *bytes, size_t room, size_t *len)
{
    if (c->tls != NULL) return tls_step(c, weft_tls_read(s->tls, c->tls, bytes, room, len));
    const ssize_t got = recv(c->fd, bytes, room, 0);
    *len = got > 0 ? (size_t)got : 0;
    if (got > 0) return STEP_AGAIN;
    if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) return STEP_CLOSE;
    c->events = POLLIN;
    return STEP_WAIT;
}

static step_result transmit(weft_http_server *s, connection *c, const void *bytes, size_t count, size_t *len)
{
    if (c->tls != NULL) return tls_step(c, weft_tls_write(s->tls, c->tls, bytes, count, len));
    const ssize_t got = send(c->fd, bytes, count, MSG_NOSIGNAL);
    *len = got > 0 ? (size_t)got : 0;
    if (got > 0) return STEP_AGAIN;
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return STEP_CLOSE;
    c->events = POLLOUT;
    return STEP_WAIT;
}

/* ---- answers ---- */

static const char *reason_of(int32_t code)
{
    static const struct {
        int32_t code;
        const char *text;
    } reasons[] = {{200, "OK"},
                   {307, "Temporary Redirect"},
                   {400, "Bad Request"},
                   {401, "Unauthorized"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {413, "Content Too Large"},
                   {417, "Expectation Failed"},
                   {421, "Misdirected Request"},
                   {431, "Request Header Fields Too Large"},
                   {500, "Internal Server Error"},
                   {501, "Not Implemented"},
                   {503, "Service Unavailable"},
                   {505, "HTTP Version Not Supported"}};
    for (int32_t i = 0; i < WEFT_COUNT(reasons); i++)
        if (reasons[i].code == code) return reasons[i].text;
    return "Unknown";
}

void weft_http_refuse(weft_http_reply *reply, int32_t code, const char *format, ...)
{
    char message[WEFT_ERROR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    reply->code = code;
    reply->type = "application/json";
    weft_http_text_reset(&reply->body);
    weft_http_object(&reply->body, NULL);
    weft_http_int(&reply->body, "status", code);
    weft_http_text_value(&reply->body, "message", message);
    weft_http_end_object(&reply->body);
}

/* "Sat, 21 Nov 2026 10:15:00 GMT", in any locale. */
static void date_text(weft_http_server *s, char *out, size_t out_bytes)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm parts;
    const time_t seconds = (time_t)(s->ctx.clock->wall_us(s->ctx.clock->self) / 1000000);
    gmtime_r(&seconds, &parts);
    snprintf(out, out_bytes, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * parts.tm_wday,
             parts.tm_mday, months + 3 * parts.tm_mon, parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
             parts.tm_sec);
}

static void begin_answer(weft_http_server *s, connection *c, const weft_http_reply *reply, bool with_body)
{
    char date[64];
    date_text(s, date, sizeof(date));
    const int len =
        snprintf(c->out_head, sizeof(c->out_head),
                 "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                 "Connection: %s\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                 "X-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n"
                 "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
                 "%s\r\n",
                 reply->code, reason_of(reply->code), date, reply->type, reply->body.len,
                 c->is_last ? "close" : "keep-alive", reply->headers);
    assert(len > 0 && (size_t)len < sizeof(c->out_head));
    c->out_head_len = (size_t)len;
    c->out_body = reply->body;
    c->out_body_len = with_body ? reply->body.len : 0;
    c->sent = 0;
    s->waiting_bytes += (int64_t)c->out_body_len;
    c->state = STATE_ANSWER;
    c->deadline_ns = server_now(s) + 3 * s->options.patience_ms * NS_PER_MS;
}

static void end_answer(weft_http_server *s, connection *c)
{
    if (c->state != STATE_ANSWER) return;
    s->waiting_bytes -= (int64_t)c->out_body_len;
    weft_http_text_deinit(&c->out_body);
}

/* The request cannot be understood, or there is no room: no handler is asked. */
static step_result refuse(weft_http_server *s, connection *c, int32_t code, const char *why)
{
    weft_http_reply reply = {.headers = ""};
    weft_http_text_init(&s->ctx, &reply.body);
    weft_http_refuse(&reply, code, "%s", why);
    c->is_last = true;
    if (reply.body.st != WEFT_OK) weft_http_text_reset(&reply.body);
    begin_answer(s, c, &reply, true);
    return STEP_AGAIN;
}

static step_result handle(weft_http_server *s, connection *c)
{
    weft_http_reply reply = {.code = 200, .type = "application/json", .headers = ""};
    atomic_fetch_add(&s->requests, 1);
    if (s->waiting_bytes > SERVER_WAITING_BYTES_MOST)
        return refuse(s, c, 503, "too many answers wait to be read");
    c->is_last = c->is_last || !c->request.keep_alive;
    weft_http_text_init(&s->ctx, &reply.body);
    weft_error_clear(&s->ctx);
    weft_status st = s->options.handler(&s->ctx, s->options.self, &c->request, &reply);
    if (st == WEFT_OK) st = reply.body.st;
    if (st != WEFT_OK) weft_http_refuse(&reply, st == WEFT_NOMEM ? 503 : 500, "%s", s->ctx.error.message);
    weft_arena_reset(s->arena);
    if (reply.body.st != WEFT_OK) { /* not even for the refusal: an empty answer says it too */
        weft_http_text_reset(&reply.body);
        reply.code = 503;
    }
    begin_answer(s, c, &reply, c->request.method != WEFT_HTTP_HEAD);
    return STEP_AGAIN;
}

/* ---- a connection, step by step ---- */

static void begin_head(weft_http_server *s, connection *c)
{
    c->state = STATE_HEAD;
    c->parsed_len = 0;
    c->deadline_ns = server_now(s) + s->options.patience_ms * NS_PER_MS;
}

static step_result parse_head(weft_http_server *s, connection *c)
{
    const char *why = NULL;
    if (c->in_len == c->parsed_len) return STEP_WAIT;
    const bool has_line = memchr(c->in + c->parsed_len, '\n', c->in_len - c->parsed_len) != NULL;
    c->parsed_len = c->in_len;
    if (!has_line && c->in_len < sizeof(c->in)) return STEP_WAIT;
    const int32_t len = weft_http_parse(c->in, c->in_len, &c->request, &why);
    if (len == 0) return STEP_WAIT;
    if (len < 0) {
        atomic_fetch_add(&s->malformed, 1);
        return refuse(s, c, -len, why);
    }
    memmove(c->in, c->in + len, c->in_len - (size_t)len);
    c->in_len -= (size_t)len;
    c->request.is_local = c->is_local;
    c->request.is_tls = c->tls != NULL;
    c->body_left = c->request.body_bytes;
    c->state = STATE_BODY;
    c->deadline_ns = server_now(s) + s->options.patience_ms * NS_PER_MS;
    return STEP_AGAIN;
}

static step_result step_head(weft_http_server *s, connection *c)
{
    size_t len = 0;
    step_result result = parse_head(s, c);
    if (result != STEP_WAIT) return result;
    result = receive(s, c, c->in + c->in_len, sizeof(c->in) - c->in_len, &len);
    c->in_len += len;
    return result;
}

/* No request here says anything in its body: it is read and dropped. */
static step_result step_body(weft_http_server *s, connection *c)
{
    const size_t drop = (size_t)weft_min_i64(c->body_left, (int64_t)c->in_len);
    size_t len = 0;
    memmove(c->in, c->in + drop, c->in_len - drop);
    c->in_len -= drop;
    c->body_left -= (int64_t)drop;
    if (c->body_left == 0) return handle(s, c);
    const step_result result = receive(s, c, c->in, sizeof(c->in), &len); /* in is empty now */
    c->in_len = len;
    return result;
}

static step_result step_answer(weft_http_server *s, connection *c)
{
    const size_t whole = c->out_head_len + c->out_body_len;
    size_t len = 0;
    if (c->sent < whole) {
        const bool in_head = c->sent < c->out_head_len;
        const char *from = in_head ? c->out_head + c->sent : c->out_body.bytes + (c->sent - c->out_head_len);
        const step_result result =
            transmit(s, c, from, in_head ? c->out_head_len - c->sent : whole - c->sent, &len);
        c->sent += len;
        return result;
    }
    end_answer(s, c);
    if (!c->is_last) {
        begin_head(s, c);
        c->is_ready = true; /* others first, then what is in `in` */
        return STEP_WAIT;
    }
    if (c->tls != NULL) weft_tls_end(s->tls, c->tls);
    shutdown(c->fd, SHUT_WR);
    c->state = STATE_LINGER;
    c->deadline_ns = server_now(s) + SERVER_LINGER_MS * NS_PER_MS;
    return STEP_AGAIN;
}

static step_result step_linger(connection *c)
{
    const ssize_t got = recv(c->fd, c->in, sizeof(c->in), 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return STEP_CLOSE;
    c->events = POLLIN;
    return STEP_WAIT;
}

/* False: it is to be closed. */
static bool advance(weft_http_server *s, connection *c)
{
    step_result result = STEP_AGAIN;
    while (result == STEP_AGAIN) {
        switch (c->state) {
        case STATE_HEAD: result = step_head(s, c); break;
        case STATE_BODY: result = step_body(s, c); break;
        case STATE_ANSWER: result = step_answer(s, c); break;
        case STATE_LINGER: result = step_linger(c); break;
        }
    }
    return result == STEP_WAIT;
}

static void close_connection(weft_http_server *s, int32_t at)
{
    connection *c = s->connections[at];
    end_answer(s, c);
    if (c->tls != NULL) weft_tls_free(s->tls, c->tls);
    close(c->fd);
    weft_mem_free(c);
    s->connections[at] = s->connections[--s->count];
    atomic_store(&s->open, s->count);
}

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
    if (oldest >= 0) close_connection(s, oldest);
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
    begin_head(s, c);
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
                s->paused_until_ns = server_now(s) + SERVER_PAUSE_MS * NS_PER_MS;
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
    for (int32_t i = 0; i < LISTENERS_MOST; i++) {
        const bool is_open = i < s->listener_count && !is_paused;
        s->polls[1 + i] = (struct pollfd){.fd = is_open ? s->listeners[i] : -1, .events = POLLIN};
    }
    for (int32_t i = 0; i < s->count; i++) {
        const connection *c = s->connections[i];
        s->polls[POLLS_FIRST + i] = (struct pollfd){.fd = c->fd, .events = c->events};
        next_ns = weft_min_i64(next_ns, c->is_ready ? now_ns : c->deadline_ns);
    }
    if (next_ns == INT64_MAX) return -1;
    return (int)weft_max_i64(0, (next_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}

static void serve(weft_http_server *s)
{
    const int32_t polled = s->count; /* those accepted now were not */
    const int64_t now_ns = server_now(s);
    for (int32_t i = polled - 1; i >= 0; i--) { /* from the end: closing moves the last one here */
        connection *c = s->connections[i];
        const bool is_due = c->is_ready || s->polls[POLLS_FIRST + i].revents != 0;
        c->is_ready = false;
        if (is_due && !advance(s, c))
            close_connection(s, i);
        else if (now_ns >= c->deadline_ns && !c->is_ready) {
            if (c->state != STATE_LINGER && (c->state != STATE_HEAD || c->in_len > 0))
                atomic_fetch_add(&s->timeouts, 1);
            close_connection(s, i);
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
            s->paused_until_ns = server_now(s) + SERVER_PAUSE_MS * NS_PER_MS; /* no memory in the kernel */
            continue;
        }
        serve(s);
    }
    while (s->count > 0) close_connection(s, s->count - 1);
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
