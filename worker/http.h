/* worker/http.h - what people and their tools see of a worker: /healthz, /readyz, /metrics. Who may see what:
 * common/http_guard.h; /healthz and /readyz answer to all. One thread, that of the server. */
#ifndef WEFT_WORKER_HTTP_H
#define WEFT_WORKER_HTTP_H

#include "common/http_server.h"
#include "worker/fetch.h"
#include "worker/serve.h"
#include "worker/worker.h"

typedef struct weft_worker_http weft_worker_http;

/* All borrowed until weft_worker_http_stop. */
typedef struct weft_worker_http_options {
    const char *host;
    int32_t port;                  /* 0: any free one */
    const char *certificate, *key; /* PEM files; NULL: no TLS */
    const char *token_file;        /* NULL: no token */
    const weft_pool *pool;
    weft_worker *worker;
    weft_serve *serve;
    weft_fetcher *fetcher;
    int32_t slots;
} weft_worker_http_options;

/* Errors: those of weft_http_server_start and weft_http_guard_init. */
WEFT_MUST_CHECK weft_status weft_worker_http_start(weft_ctx *ctx, const weft_worker_http_options *options,
                                                   weft_worker_http **out);
int32_t weft_worker_http_port(const weft_worker_http *http);
/* The worker has registered: from now on /readyz says so, unless its lease is out. Any thread. */
void weft_worker_http_ready(weft_worker_http *http);
void weft_worker_http_stop(weft_worker_http **http); /* NULL is allowed */

#endif
