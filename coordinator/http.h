/* coordinator/http.h - what people and their tools see of a coordinator: health, metrics, REST, a page
 * (docs/monitoring.md names every address and field).
 *
 * Reads through a provider, and changes nothing but by its `cancel`. One thread, that of the server
 * (common/http_server.h).
 *
 * Who may see what: with a token everybody who shows it, and nobody else; without one only those on the
 * loopback of this machine. /healthz and /readyz answer to all. A page of another origin can cancel nothing.
 */
#ifndef WEFT_COORDINATOR_HTTP_H
#define WEFT_COORDINATOR_HTTP_H

#include "common/http_server.h"
#include "coordinator/status.h"

typedef struct weft_http weft_http;

/* Called from the server's thread. */
typedef struct weft_http_provider {
    void *self;
    /* All of it in ctx->arena; must not wait for long. Errors: WEFT_NOMEM. */
    weft_status (*status)(weft_ctx *ctx, void *self, weft_cluster_status *out);
    /* As weft_coordinator_list_tasks; of a stage that `status` has told of. */
    weft_status (*tasks)(weft_ctx *ctx, void *self, uint64_t job, int32_t stage, int32_t generation,
                         weft_task_record **out, int32_t *count);
    /* False: there is no such job running. */
    bool (*cancel)(void *self, uint64_t job);
} weft_http_provider;

/* Texts are borrowed until weft_http_stop. */
typedef struct weft_http_options {
    const char *host;              /* where to listen */
    int32_t port;                  /* 0: any free one */
    const char *certificate, *key; /* PEM files, read again when they change; NULL: no TLS */
    const char *token_file;        /* 0600, one line of 16 to 512 visible characters; NULL: no token;
                                      read again when it changes */
    const char *url;               /* weft://H:P, for people */
    const char *version;           /* of this program */
    const weft_pool *pool;         /* of the process */
    weft_http_provider provider;
} weft_http_options;

/* Returns when the address is bound. Errors: those of weft_http_server_start; WEFT_NOT_FOUND, WEFT_IO,
 * WEFT_INVALID for the token's file. */
WEFT_MUST_CHECK weft_status weft_http_start(weft_ctx *ctx, const weft_http_options *options, weft_http **out);
int32_t weft_http_port(const weft_http *http);
/* No call of the provider runs or comes any more. NULL is allowed. */
void weft_http_stop(weft_http **http);

#endif
