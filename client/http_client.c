/* client/http_client.c - see http_client.h. */
#include "client/http_client.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/http_token.h"

enum { CONNECT_MS = 5000, ANSWER_MS = 60000, ANSWER_BYTES_MOST = 256 << 20, REDIRECTS_MOST = 3 };

#define CURL_CALLS(X)                                                                                        \
    X(curl_global_init)                                                                                      \
    X(curl_easy_init)                                                                                        \
    X(curl_easy_setopt)                                                                                      \
    X(curl_easy_perform)                                                                                     \
    X(curl_easy_getinfo)                                                                                     \
    X(curl_easy_strerror)                                                                                    \
    X(curl_easy_cleanup)                                                                                     \
    X(curl_slist_append)                                                                                     \
    X(curl_slist_free_all)

struct weft_http_client {
    weft_http_client_options options;
    bool has_token;
    char token[WEFT_HTTP_TOKEN_BYTES]; /* a secret */
    void *library;
#define X(name) __typeof__(name) *call_##name;
    CURL_CALLS(X)
#undef X
};

static weft_status load_library(weft_ctx *ctx, weft_http_client *c)
{
    c->library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (c->library == NULL) {
        const weft_status st = weft_fail(ctx, WEFT_UNSUPPORTED, "libcurl is needed: %s", dlerror());
        weft_hint(ctx, "on Debian: apt-get install libcurl4");
        return st;
    }
#define X(name)                                                                                              \
    c->call_##name = (__typeof__(c->call_##name))dlsym(c->library, #name);                                   \
    if (c->call_##name == NULL) return weft_fail(ctx, WEFT_UNSUPPORTED, "libcurl has no %s", #name);
    CURL_CALLS(X)
#undef X
    if (c->call_curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return weft_fail(ctx, WEFT_NOMEM, "libcurl could not begin");
    return WEFT_OK;
}

weft_status weft_http_client_open(weft_ctx *ctx, const weft_http_client_options *options,
                                  weft_http_client **out)
{
    weft_status st = WEFT_OK;
    weft_http_client *c = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*c), (void **)&c));
    c->options = *options;
    c->has_token = options->token_file != NULL;
    if (c->has_token) WEFT_TRY(st, weft_http_token_read(ctx, options->token_file, c->token));
    WEFT_TRY(st, load_library(ctx, c));
    *out = c;
    c = NULL;
done:
    weft_http_client_close(&c);
    return st;
}

/* ---- one request ---- */

typedef struct request {
    weft_ctx *ctx;
    char *body; /* a block: it grows */
    size_t len;
    weft_status st; /* why what came could not be kept */
} request;

static size_t take_body(char *bytes, size_t size, size_t count, void *self)
{
    request *r = self;
    const size_t more = size * count, have = r->body == NULL ? 0 : weft_mem_size(r->body);
    if (r->len + more > ANSWER_BYTES_MOST) {
        r->st = weft_fail(r->ctx, WEFT_LIMIT, "the answer is longer than %d bytes", ANSWER_BYTES_MOST);
        return 0;
    }
    if (have < r->len + more) {
        r->st = weft_mem_resize(r->ctx, WEFT_MEM_WORKING, 2 * (r->len + more), (void **)&r->body);
        if (r->st != WEFT_OK) return 0;
    }
    memcpy(r->body + r->len, bytes, more);
    r->len += more;
    return more;
}

/* What went wrong, and what a person may try. detail: libcurl's own words, may be empty. */
static weft_status fail_curl(weft_ctx *ctx, weft_http_client *c, CURLcode code, const char *base,
                             const char *detail)
{
    const bool is_plain = strncasecmp(base, "http://", 7) == 0;
    const char *what = detail[0] != 0 ? detail : c->call_curl_easy_strerror(code);
    weft_status st = WEFT_IO;
    if (code == CURLE_COULDNT_CONNECT) {
        st = weft_fail(ctx, WEFT_UNREACHABLE, "nothing listens at %s: %s", base, what);
        weft_hint(ctx, "is the coordinator running, and is that its --webui-port? Name it with --url "
                       "http://HOST:PORT, or with --master weft://HOST:PORT and --webui-port");
    } else if (code == CURLE_COULDNT_RESOLVE_HOST)
        st = weft_fail(ctx, WEFT_INVALID, "there is no host of %s: %s", base, what);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        st = weft_fail(ctx, WEFT_UNREACHABLE, "no answer from %s: %s", base, what);
    else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) {
        st = weft_fail(ctx, WEFT_INVALID, "the certificate of %s cannot be trusted: %s", base, what);
        weft_hint(ctx, "name the certificate of who signed it with --cacert FILE, and the host as it stands "
                       "in the certificate");
    } else {
        st = weft_fail(ctx, WEFT_IO, "%s gives no answer: %s", base, what);
        if (is_plain)
            weft_hint(ctx, "does it speak TLS? Then ask for https:// or with --tls");
        else
            weft_hint(ctx, "does it speak TLS at all? http:// is without");
    }
    return st;
}

static void set_options(weft_http_client *c, CURL *easy, request *r, const char *method, const char *url,
                        struct curl_slist *headers, char *detail)
{
    c->call_curl_easy_setopt(easy, CURLOPT_URL, url);
    c->call_curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    /* a coordinator that stands by sends to the one that leads, which takes the same token; never from TLS to
     * none */
    c->call_curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    c->call_curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REDIRECTS_MOST);
    c->call_curl_easy_setopt(easy, CURLOPT_UNRESTRICTED_AUTH, 1L);
    c->call_curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR,
                             strncasecmp(url, "https://", 8) == 0 ? "https" : "http,https");
    c->call_curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* a cluster is near; variables are for the web */
    c->call_curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    c->call_curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    c->call_curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)ANSWER_MS);
    c->call_curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    c->call_curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
    c->call_curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    c->call_curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
    if (c->options.ca_file != NULL) c->call_curl_easy_setopt(easy, CURLOPT_CAINFO, c->options.ca_file);
    if (strcmp(method, "GET") != 0) {
        c->call_curl_easy_setopt(easy, CURLOPT_POST, 1L);
        c->call_curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
        c->call_curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    }
    c->call_curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
}

weft_status weft_http_client_ask(weft_ctx *ctx, weft_http_client *c, const char *method, const char *base,
                                 const char *path, weft_http_answer *out)
{
    weft_status st = WEFT_OK;
    request r = {.ctx = ctx};
    struct curl_slist *headers = NULL;
    CURL *easy = NULL;
    char detail[CURL_ERROR_SIZE] = "", *url = NULL, authorization[WEFT_HTTP_TOKEN_BYTES + 32];
    long code = 0;
    *out = (weft_http_answer){0};

    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &url, "%s%s", base, path));
    snprintf(authorization, sizeof(authorization), "Authorization: Bearer %s", c->token);
    if (c->has_token) headers = c->call_curl_slist_append(NULL, authorization);
    easy = c->call_curl_easy_init();
    if (easy == NULL || (c->has_token && headers == NULL)) {
        st = weft_fail(ctx, WEFT_NOMEM, "no memory for a request");
        goto done;
    }
    set_options(c, easy, &r, method, url, headers, detail);
    const CURLcode done = c->call_curl_easy_perform(easy);
    WEFT_TRY(st, r.st);
    if (done != CURLE_OK) {
        st = fail_curl(ctx, c, done, base, detail);
        goto done;
    }
    c->call_curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
    out->code = (int32_t)code;
    out->len = r.len;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, r.body == NULL ? "" : r.body, r.len, &out->body));
done:
    explicit_bzero(authorization, sizeof(authorization));
    if (easy != NULL) c->call_curl_easy_cleanup(easy);
    if (headers != NULL) c->call_curl_slist_free_all(headers);
    weft_mem_free(r.body);
    return st;
}

void weft_http_client_close(weft_http_client **slot)
{
    weft_http_client *c = *slot;
    if (c == NULL) return;
    explicit_bzero(c->token, sizeof(c->token));
    weft_mem_free(c); /* the library stays: its threads and handlers may */
    *slot = NULL;
}
