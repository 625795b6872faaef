/* common/http_tls.h - the server's end of TLS, by OpenSSL, which is opened when it is first needed: it costs
 * milliseconds to load, and most processes do without. One thread a session. */
#ifndef WEFT_COMMON_HTTP_TLS_H
#define WEFT_COMMON_HTTP_TLS_H

#include "common/ctx.h"

typedef struct weft_tls weft_tls;                 /* certificate and key of a server */
typedef struct weft_tls_session weft_tls_session; /* one connection */

typedef enum weft_tls_result {
    WEFT_TLS_DONE,  /* *len bytes went */
    WEFT_TLS_READ,  /* again when the socket can be read */
    WEFT_TLS_WRITE, /* … written */
    WEFT_TLS_END    /* closed or broken */
} weft_tls_result;

/* certificate: a PEM file with the chain, the server's own first; key: PEM, for its owner's eyes only. TLS
 * 1.2 or newer. Errors: WEFT_UNSUPPORTED (no OpenSSL 3 on this machine), WEFT_NOT_FOUND, WEFT_IO,
 * WEFT_INVALID (not a certificate, not its key, or a key that others may read). */
WEFT_MUST_CHECK weft_status weft_tls_open(weft_ctx *ctx, const char *certificate, const char *key,
                                          weft_tls **out);
/* On an accepted socket that does not block. NULL: no memory. */
weft_tls_session *weft_tls_accept(weft_tls *tls, int fd);
weft_tls_result weft_tls_read(weft_tls *tls, weft_tls_session *s, void *bytes, size_t room, size_t *len);
weft_tls_result weft_tls_write(weft_tls *tls, weft_tls_session *s, const void *bytes, size_t count,
                               size_t *len);
/* Say goodbye, as far as the socket takes it at once. */
void weft_tls_end(weft_tls *tls, weft_tls_session *s);
void weft_tls_free(weft_tls *tls, weft_tls_session *s);
void weft_tls_close(weft_tls **tls);

#endif
