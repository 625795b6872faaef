/* common/http_server.h - a small HTTP/1.1 server for what people and their tools ask of a process.
 *
 * One thread does everything, by poll: connections, TLS, requests one after the other; the handler runs in it
 * and must not wait for long. Everything is bounded: connections, the bytes of a request, the time for its
 * head and body, the time for sending the answer, the bytes of all answers that wait. Malformed requests are
 * answered and cut; whatever comes in never ends the process. */
#ifndef WEFT_COMMON_HTTP_SERVER_H
#define WEFT_COMMON_HTTP_SERVER_H

#include "common/http_parse.h"
#include "common/http_text.h"

typedef struct weft_http_server weft_http_server;

typedef struct weft_http_reply {
    int32_t code;
    const char *type;    /* Content-Type; static */
    const char *headers; /* further header lines, each with its CR LF; "". They live until
                            the handler is called again */
    weft_http_text body; /* begun by the server */
} weft_http_reply;

/* Fill the reply: 200 and application/json unless it says otherwise. ctx's arena lives for the call. An error
 * is answered with 503 when it is WEFT_NOMEM, else 500, with its message. */
typedef weft_status weft_http_handler(weft_ctx *ctx, void *self, const weft_http_request *request,
                                      weft_http_reply *reply);

/* Make the reply an error: {"status": CODE, "message": TEXT}. */
void weft_http_refuse(weft_http_reply *reply, int32_t code, const char *format, ...) WEFT_PRINTF(3, 4);

typedef struct weft_http_server_options {
    const char *host;              /* a name or address: 127.0.0.1, ::1, 0.0.0.0 */
    int32_t port;                  /* 0: any free one */
    const char *certificate, *key; /* PEM files, read again when they change; NULL: no TLS */
    weft_http_handler *handler;
    void *self;
    int32_t connections_max; /* 0: 256 */
    int32_t patience_ms;     /* 0: 10,000; for the head of a request; times three for the answer */
} weft_http_server_options;

typedef struct weft_http_counts {
    int64_t connections; /* now */
    int64_t accepted, refused, requests, malformed, timeouts;
} weft_http_counts;

/* Returns when the address is bound and the thread runs (*out is set before that); memory is charged to an
 * account of its own in the pool of ctx ("http"). Errors: WEFT_INVALID (no such address), WEFT_IO (in use),
 * those of weft_tls_open, WEFT_NOMEM. The settings of ctx are borrowed until the end. */
WEFT_MUST_CHECK weft_status weft_http_server_start(weft_ctx *ctx, const weft_http_server_options *options,
                                                   weft_http_server **out);
int32_t weft_http_server_port(const weft_http_server *server);
void weft_http_server_count(const weft_http_server *server, weft_http_counts *out);
/* Close all, join the thread, free. NULL is allowed. */
void weft_http_server_stop(weft_http_server **server);

#endif
