/* engine/expr/fn_url.c - parse_url: the parts of an address, cut as RFC 3986 (appendix B) says. */
#include <ctype.h>
#include <strings.h>

#include "engine/expr/fn_entry.h"

/* A part of a text; at == NULL: it is not there. */
typedef struct url_part {
    const char *at;
    size_t len;
} url_part;

typedef struct url_parts {
    url_part scheme, authority, path, query, fragment, user, host;
} url_parts;

/* Characters that an address may hold as they are, as java.net.URI has it. */
static bool url_good(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c == 127 || strchr("\"<>\\^`{|}", c) != NULL) return false;
        if (c != '%') continue;
        if (i + 2 >= len || !isxdigit((unsigned char)text[i + 1]) || !isxdigit((unsigned char)text[i + 2]))
            return false;
    }
    return true;
}

static size_t url_until(const char *text, size_t len, const char *stops)
{
    size_t n = 0;
    while (n < len && strchr(stops, text[n]) == NULL) n++;
    return n;
}

/* [user@]host[:port] */
static void url_authority(url_parts *u)
{
    const char *text = u->authority.at;
    size_t len = u->authority.len, port;
    const char *at = memrchr(text, '@', len);
    if (at != NULL) {
        u->user = (url_part){text, (size_t)(at - text)};
        len -= (size_t)(at + 1 - text);
        text = at + 1;
    }
    const bool six = len > 0 && text[0] == '['; /* an address of version 6 has colons */
    const char *end = six ? memchr(text, ']', len) : NULL;
    const size_t host = end != NULL ? (size_t)(end + 1 - text) : url_until(text, len, ":");
    for (port = host + 1; port < len && isdigit((unsigned char)text[port]);) port++;
    bool plain = true; /* names of hosts have no other characters */
    for (size_t i = 0; i < host && end == NULL; i++)
        plain &= isalnum((unsigned char)text[i]) || text[i] == '-' || text[i] == '.';
    const bool server = plain && host > 0 && (host == len || (text[host] == ':' && port == len));
    if (server)
        u->host = (url_part){text, host};
    else
        u->user = (url_part){0};
}

static bool url_cut(const weft_str *s, url_parts *u)
{
    const char *text = weft_str_data(s);
    size_t len = s->len, n;
    *u = (url_parts){0};
    if (!url_good(text, len)) return false;
    n = url_until(text, len, ":/?#");
    if (n < len && text[n] == ':') {
        if (n == 0 || !isalpha((unsigned char)text[0])) return false;
        for (size_t i = 0; i < n; i++) {
            if (!isalnum((unsigned char)text[i]) && strchr("+-.", text[i]) == NULL) return false;
        }
        u->scheme = (url_part){text, n};
        text += n + 1;
        len -= n + 1;
        if (len == 0) return false;
        n = url_until(text, len, "#");
        if (text[0] != '/') { /* mailto:a@b has neither host nor path */
            if (n < len) u->fragment = (url_part){text + n + 1, len - n - 1};
            return true;
        }
    }
    if (len >= 2 && text[0] == '/' && text[1] == '/') {
        n = url_until(text + 2, len - 2, "/?#");
        if (n == 0 && len == 2) return false;
        if (n > 0) u->authority = (url_part){text + 2, n};
        if (n > 0) url_authority(u);
        text += 2 + n;
        len -= 2 + n;
    }
    n = url_until(text, len, "?#");
    u->path = (url_part){text, n};
    if (n < len && text[n] == '?') {
        const size_t query = url_until(text + n + 1, len - n - 1, "#");
        u->query = (url_part){text + n + 1, query};
        n += 1 + query;
    }
    if (n < len) u->fragment = (url_part){text + n + 1, len - n - 1};
    return true;
}

static url_part url_select(const url_parts *u, const weft_str *name)
{
    const struct {
        const char *name;
        url_part part;
    } parts[] = {{"HOST", u->host},     {"PATH", u->path},          {"QUERY", u->query},
                 {"REF", u->fragment},  {"PROTOCOL", u->scheme},    {"FILE", u->path},
                 {"USERINFO", u->user}, {"AUTHORITY", u->authority}};
    for (int32_t i = 0; i < WEFT_COUNT(parts); i++) {
        if (strlen(parts[i].name) != name->len || memcmp(parts[i].name, weft_str_data(name), name->len) != 0)
            continue;
        url_part part = parts[i].part;
        if (strcmp(parts[i].name, "FILE") == 0 && part.at != NULL && u->query.at != NULL)
            part.len = (size_t)(u->query.at + u->query.len - part.at);
        return part;
    }
    return (url_part){0};
}

/* The value of the first key=value in a query, or none. */
static url_part url_key(url_part query, const weft_str *key)
{
    while (query.at != NULL) {
        const size_t n = url_until(query.at, query.len, "&");
        if (n > key->len && memcmp(query.at, weft_str_data(key), key->len) == 0 && query.at[key->len] == '=')
            return (url_part){query.at + key->len + 1, n - key->len - 1};
        if (n == query.len) break;
        query = (url_part){query.at + n + 1, query.len - n - 1};
    }
    return (url_part){0};
}

static weft_status kernel_parse_url(weft_ctx *ctx, weft_kernel_call *call)
{
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        url_parts u;
        if (!weft_call_valid(call, i)) continue;
        const weft_str *s = weft_arg_str(&call->args[0], i), *name = weft_arg_str(&call->args[1], i);
        const bool good = url_cut(s, &u);
        if (!good && weft_raise_wanted(ctx, call->expr))
            return weft_fail_at(ctx, WEFT_INVALID_URL, &call->expr->span,
                                "The url is invalid: %.*s. Use `try_parse_url` to tolerate invalid URL and "
                                "return NULL instead.",
                                (int)weft_min_i64(s->len, 300), weft_str_data(s));
        url_part part = good ? url_select(&u, name) : (url_part){0};
        if (call->arg_count == 3) {
            const bool query = name->len == 5 && memcmp(weft_str_data(name), "QUERY", 5) == 0;
            part = query ? url_key(part, weft_arg_str(&call->args[2], i)) : (url_part){0};
        }
        if (part.at == NULL)
            weft_vector_set_null(call->out, i);
        else
            *weft_call_text(call, i) = weft_str_part(s, (size_t)(part.at - weft_str_data(s)), part.len);
    }
    return WEFT_OK;
}

#define S WEFT_TYPE_STRING
WEFT_FN_FORM(parse_url, 2, 3, S, kernel_parse_url, S, S, S);
WEFT_FN_ENTRY(parse_url, "parse_url", NULL, WEFT_FN_FALLIBLE | WEFT_FN_GIVES_NULL, NULL,
              "parse_url(url, part [, key]): HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO",
              "SELECT parse_url('http://a.org/p?k=1', 'QUERY', 'k')", "1");
WEFT_FN_FORM(try_parse_url, 2, 3, S, kernel_parse_url, S, S, S);
WEFT_FN_ENTRY(try_parse_url, "try_parse_url", NULL, WEFT_FN_TRY, NULL,
              "try_parse_url(url, part [, key]): as parse_url; NULL where the address is none",
              "SELECT try_parse_url('a b', 'HOST')", "NULL");
