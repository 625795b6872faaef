/* common/http_parse.h - the head of an HTTP/1 request: bytes from outside in, a checked struct out.
 *
 * Strict (RFC 9112): lines end with CR LF, one Host, no folded lines, no control characters; what could be
 * understood in two ways is refused. Pure: no I/O, no memory. */
#ifndef WEFT_COMMON_HTTP_PARSE_H
#define WEFT_COMMON_HTTP_PARSE_H

#include "common/base.h"

enum {
    WEFT_HTTP_HEAD_BYTES_MOST = 16384,
    WEFT_HTTP_FIELDS_MOST = 100, /* header lines */
    WEFT_HTTP_BODY_BYTES_MOST = 65536
};

typedef enum weft_http_method {
    WEFT_HTTP_GET,
    WEFT_HTTP_HEAD,
    WEFT_HTTP_POST,
    WEFT_HTTP_DELETE,
    WEFT_HTTP_OTHER
} weft_http_method;

/* Texts are zero-terminated and hold no control characters; empty when absent. */
typedef struct weft_http_request {
    weft_http_method method;
    char path[1024];          /* begins with '/'; escapes are undone */
    char query[1024];         /* after '?', as it came */
    char host[256];           /* with the port, as it came */
    char origin[512];         /* the page whose script asks */
    char authorization[2048]; /* a secret */
    int64_t body_bytes;
    bool keep_alive;
    bool is_local; /* filled by the server: both ends are on the loopback of this machine */
    bool is_tls;
} weft_http_request;

/* bytes: what came so far. 0: the head is not whole yet. Positive: its length, *out is filled. Negative: the
 * status code (400, 413, 417, 431, 501, 505) with which to refuse and close; *why is static text. */
int32_t weft_http_parse(const char *bytes, size_t len, weft_http_request *out, const char **why);
/* The value of a parameter of the query, its escapes undone, cut to out_bytes; false when it is not there. */
bool weft_http_query(const weft_http_request *request, const char *name, char *out, size_t out_bytes);

#endif
