/* common/http_guard.h - who may ask what a process shows by HTTP: with a token everybody who shows it, and
 * nobody else; without one only those on the loopback of this machine. A page of another origin may change
 * nothing.
 *
 * Of the server's thread. */
#ifndef WEFT_COMMON_HTTP_GUARD_H
#define WEFT_COMMON_HTTP_GUARD_H

#include "common/file_watch.h"
#include "common/http_server.h"
#include "common/http_token.h"

typedef struct weft_http_guard {
    const char *host, *token_file, *who; /* borrowed; who: "coordinator" */
    bool has_token;
    weft_file_watch file;
    char token[WEFT_HTTP_TOKEN_BYTES]; /* a secret */
} weft_http_guard;

/* host: where it listens, whose name is its own. token_file: NULL for none. Errors: those of
 * weft_http_token_read. */
WEFT_MUST_CHECK weft_status weft_http_guard_init(weft_ctx *ctx, const char *host, const char *token_file,
                                                 const char *who, weft_http_guard *out);
/* Read the token again when its file has changed; one that is none is told of, and the old one stays. */
void weft_http_guard_refresh(weft_ctx *ctx, weft_http_guard *guard);
/* False: the reply says why not. */
bool weft_http_guard_lets(const weft_http_guard *guard, const weft_http_request *request,
                          weft_http_reply *reply);
void weft_http_guard_deinit(weft_http_guard *guard);

#endif
