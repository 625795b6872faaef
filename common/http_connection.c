/* common/http_connection.c - one connection of the HTTP server. It goes HEAD → BODY → ANSWER → HEAD …, and
 * LINGER at its end: what still comes is read and dropped for a moment, so that the far end gets our answer
 * and not a reset. Every state has a deadline that progress does not move: whoever sends or reads byte by
 * byte is cut. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/http_server_private.h"

enum {
    SERVER_LINGER_MS = 1000,
    SERVER_WAITING_BYTES_MOST = 16 << 20 /* of answers that are not sent yet */
};

typedef enum step_result { STEP_AGAIN, STEP_WAIT, STEP_CLOSE } step_result;

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
    c->deadline_ns = server_now(s) + 3 * s->options.patience_ms * HTTP_NS_PER_MS;
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

void weft_http_connection_begin(weft_http_server *s, connection *c)
{
    c->state = STATE_HEAD;
    c->parsed_len = 0;
    c->deadline_ns = server_now(s) + s->options.patience_ms * HTTP_NS_PER_MS;
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
    c->deadline_ns = server_now(s) + s->options.patience_ms * HTTP_NS_PER_MS;
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
        weft_http_connection_begin(s, c);
        c->is_ready = true; /* others first, then what is in `in` */
        return STEP_WAIT;
    }
    if (c->tls != NULL) weft_tls_end(s->tls, c->tls);
    shutdown(c->fd, SHUT_WR);
    c->state = STATE_LINGER;
    c->deadline_ns = server_now(s) + SERVER_LINGER_MS * HTTP_NS_PER_MS;
    return STEP_AGAIN;
}

static step_result step_linger(connection *c)
{
    const ssize_t got = recv(c->fd, c->in, sizeof(c->in), 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return STEP_CLOSE;
    c->events = POLLIN;
    return STEP_WAIT;
}

bool weft_http_connection_advance(weft_http_server *s, connection *c)
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

void weft_http_connection_close(weft_http_server *s, int32_t at)
{
    connection *c = s->connections[at];
    end_answer(s, c);
    if (c->tls != NULL) weft_tls_free(s->tls, c->tls);
    close(c->fd);
    weft_mem_free(c);
    s->connections[at] = s->connections[--s->count];
    atomic_store(&s->open, s->count);
}
