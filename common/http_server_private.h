/* common/http_server_private.h - what the files of the HTTP server share.
 *
 *     http_server.c      listening, the thread and its loop, start and stop
 *     http_connection.c  one connection: requests in, answers out
 *
 * All of it runs in the server's thread. */
#ifndef WEFT_COMMON_HTTP_SERVER_PRIVATE_H
#define WEFT_COMMON_HTTP_SERVER_PRIVATE_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "common/file_watch.h"
#include "common/http_server.h"
#include "common/http_tls.h"
#include "common/limits.h"

#define HTTP_NS_PER_MS 1000000LL

enum { HTTP_LISTENERS_MOST = 2 };

typedef enum connection_state { STATE_HEAD, STATE_BODY, STATE_ANSWER, STATE_LINGER } connection_state;

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
    int listeners[HTTP_LISTENERS_MOST]; /* [listener_count] */
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

/* A new connection: its first request comes. */
void weft_http_connection_begin(weft_http_server *s, connection *c);
/* Go on as far as it can without waiting. False: it is to be closed. */
WEFT_MUST_CHECK bool weft_http_connection_advance(weft_http_server *s, connection *c);
/* Close and free the one at this place; the last one moves there. */
void weft_http_connection_close(weft_http_server *s, int32_t at);

#endif
