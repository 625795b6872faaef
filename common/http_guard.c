/* common/http_guard.c - see http_guard.h. */
#include "common/http_guard.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "common/log.h"

/* ---- the token ---- */

static int32_t base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The password of "user:password" in base64, as browsers send it; "" when there is none. */
static void basic_password(const char *text, char *out, size_t out_bytes)
{
    uint32_t bits = 0;
    int32_t have = 0;
    size_t len = 0;
    bool in_password = false;
    for (; base64_digit(*text) >= 0; text++) {
        bits = bits << 6 | (uint32_t)base64_digit(*text);
        have += 6;
        if (have < 8) continue;
        have -= 8;
        const char c = (char)(bits >> have & 0xff);
        if (in_password && len + 1 < out_bytes) out[len++] = c;
        in_password = in_password || c == ':';
    }
    out[len] = 0;
}

/* The token is replaced while the process runs; one that is none is told of, and the old one stays. */
void weft_http_guard_refresh(weft_ctx *ctx, weft_http_guard *g)
{
    char token[WEFT_HTTP_TOKEN_BYTES];
    if (!g->has_token || !weft_file_watch_changed(&g->file, weft_now_ns(ctx))) return;
    if (weft_http_token_read(ctx, g->token_file, token) != WEFT_OK) {
        weft_log_error(WEFT_LOG_WARN, "http_token_refused", &ctx->error);
        return;
    }
    memcpy(g->token, token, sizeof(token));
    explicit_bzero(token, sizeof(token));
    weft_log(WEFT_LOG_INFO, "http_token_changed", WEFT_LOG_TEXT("file", g->token_file));
}

static bool shows_token(const weft_http_guard *g, const weft_http_request *request)
{
    const char *text = request->authorization;
    char password[WEFT_HTTP_TOKEN_BYTES + 1];
    if (strncasecmp(text, "Bearer ", 7) == 0)
        return weft_http_token_is(g->token, text + 7 + strspn(text + 7, " "));
    if (strncasecmp(text, "Basic ", 6) != 0) return false;
    basic_password(text + 6 + strspn(text + 6, " "), password, sizeof(password));
    return weft_http_token_is(g->token, password);
}

/* ---- who may ask ---- */

/* Is it an address, or a name of this machine itself? A name that some server out there resolves to the
 * loopback must not let that server's pages read what we show here. */
static bool is_own_name(const weft_http_guard *g, const char *host)
{
    char name[256];
    struct in_addr v4;
    if (host[0] == '[') return true; /* an IPv6 address */
    const size_t len = strcspn(host, ":");
    if (len == 0 || len >= sizeof(name)) return len == 0;
    memcpy(name, host, len);
    name[len] = 0;
    return strcasecmp(name, "localhost") == 0 || inet_pton(AF_INET, name, &v4) == 1 ||
           strcasecmp(name, g->host) == 0;
}

/* Does the page whose script asks come from here? Without Origin it was no script of a page. */
static bool is_own_origin(const weft_http_request *request)
{
    const char *slashes = strstr(request->origin, "://");
    if (request->origin[0] == 0) return true;
    return slashes != NULL && strcasecmp(slashes + 3, request->host) == 0;
}

bool weft_http_guard_lets(const weft_http_guard *g, const weft_http_request *request, weft_http_reply *reply)
{
    if (g->has_token && !shows_token(g, request)) {
        weft_http_refuse(reply, 401, "a token is needed: Authorization: Bearer TOKEN");
        reply->headers =
            "WWW-Authenticate: Bearer realm=\"weft\"\r\nWWW-Authenticate: Basic realm=\"weft\"\r\n";
        return false;
    }
    if (!g->has_token && !request->is_local) {
        weft_http_refuse(reply, 403,
                         "off the loopback only /healthz and /readyz answer, as this %s has no token "
                         "(--token-file)",
                         g->who);
        return false;
    }
    if (!g->has_token && !is_own_name(g, request->host)) {
        weft_http_refuse(reply, 421, "this is not %s; ask localhost", request->host);
        return false;
    }
    if (request->method != WEFT_HTTP_GET && request->method != WEFT_HTTP_HEAD && !is_own_origin(request)) {
        weft_http_refuse(reply, 403, "a page of %s may change nothing here", request->origin);
        return false;
    }
    return true;
}

/* ---- begin and end ---- */

weft_status weft_http_guard_init(weft_ctx *ctx, const char *host, const char *token_file, const char *who,
                                 weft_http_guard *g)
{
    *g = (weft_http_guard){
        .host = host, .token_file = token_file, .who = who, .has_token = token_file != NULL};
    if (!g->has_token) return WEFT_OK;
    weft_file_watch_init(&g->file, token_file, weft_now_ns(ctx));
    return weft_http_token_read(ctx, token_file, g->token);
}

void weft_http_guard_deinit(weft_http_guard *g) { explicit_bzero(g->token, sizeof(g->token)); }
