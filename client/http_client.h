/* client/http_client.h - requests to a coordinator's HTTP port, by libcurl, which is opened when it is first
 * needed: with all that it brings it costs a quarter of the time in which `weft sql` answers. One thread. */
#ifndef WEFT_CLIENT_HTTP_CLIENT_H
#define WEFT_CLIENT_HTTP_CLIENT_H

#include "common/mem.h"

typedef struct weft_http_client weft_http_client;

typedef struct weft_http_client_options {
    const char *token_file; /* NULL: none */
    const char *ca_file;    /* certificates to trust, in PEM; NULL: the machine's */
} weft_http_client_options;

typedef struct weft_http_answer {
    int32_t code;
    char *body; /* zero-terminated; in ctx->arena */
    size_t len;
} weft_http_answer;

/* Errors: WEFT_UNSUPPORTED (no libcurl on this machine), those of weft_http_token_read, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_http_client_open(weft_ctx *ctx, const weft_http_client_options *options,
                                                  weft_http_client **out);
/* Ask base (http://H:P or https://H:P) for path, or whoever it sends to. Any status code is an answer.
 * Errors: WEFT_UNREACHABLE (nobody listens, no answer in time), WEFT_INVALID (no certificate to trust, no
 * such name), WEFT_IO, WEFT_LIMIT (a longer answer than any of ours), WEFT_NOMEM; each says what to try. */
WEFT_MUST_CHECK weft_status weft_http_client_ask(weft_ctx *ctx, weft_http_client *client, const char *method,
                                                 const char *base, const char *path, weft_http_answer *out);
void weft_http_client_close(weft_http_client **client);

#endif
