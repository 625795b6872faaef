/* common/http_parse.c - see http_parse.h. */
#include "common/http_parse.h"

#include <string.h>
#include <strings.h>

typedef struct span {
    const char *at;
    size_t len;
} span;

typedef struct parser {
    weft_http_request *out;
    const char *why;
    bool minor; /* HTTP/1.1 */
    bool has_host, has_length, closes, keeps;
} parser;

static int32_t refuse(parser *p, int32_t code, const char *why)
{
    p->why = why;
    return -code;
}

static bool is_token(span s)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.len; i++) {
        const char c = s.at[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == 0 || strchr(others, c) == NULL)) return false;
    }
    return s.len > 0;
}

static bool span_is(span s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}
static bool span_is_word(span s, const char *text)
{
    return s.len == strlen(text) && strncasecmp(s.at, text, s.len) == 0;
}

static bool span_copy(span s, char *out, size_t out_bytes)
{
    if (s.len >= out_bytes) return false;
    memcpy(out, s.at, s.len);
    out[s.len] = 0;
    return true;
}

static int32_t hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Undo %xx. False: not a valid escape, a control character, or too long. */
static bool unescape(span s, char *out, size_t out_bytes)
{
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        int32_t c = (unsigned char)s.at[i];
        if (c == '%') {
            if (s.len - i < 3) return false;
            const int32_t high = hex_digit(s.at[i + 1]), low = hex_digit(s.at[i + 2]);
            if (high < 0 || low < 0) return false;
            c = 16 * high + low;
            i += 2;
        }
        if (c < 0x20 || c == 0x7f || len + 1 >= out_bytes) return false;
        out[len++] = (char)c;
    }
    out[len] = 0;
    return true;
}

static int32_t parse_target(parser *p, span target)
{
    const char *query = NULL;
    for (size_t i = 0; i < target.len; i++)
        if ((unsigned char)target.at[i] <= ' ' || target.at[i] == '#' || target.at[i] == 0x7f)
            return refuse(p, 400, "the address holds a character that it must not");
    if (target.len > 7 && strncasecmp(target.at, "http://", 7) == 0) { /* as proxies write it */
        const char *slash = memchr(target.at + 7, '/', target.len - 7);
        const size_t skip = slash == NULL ? target.len : (size_t)(slash - target.at);
        target = slash == NULL ? (span){"/", 1} : (span){target.at + skip, target.len - skip};
    }
    if (target.len == 0 || target.at[0] != '/') return refuse(p, 400, "the address must begin with a slash");
    query = memchr(target.at, '?', target.len);
    const size_t path_len = query == NULL ? target.len : (size_t)(query - target.at);
    if (path_len >= sizeof(p->out->path)) return refuse(p, 431, "the address is too long");
    if (!unescape((span){target.at, path_len}, p->out->path, sizeof(p->out->path)))
        return refuse(p, 400, "the address is not escaped well");
    if (query != NULL &&
        !span_copy((span){query + 1, target.len - path_len - 1}, p->out->query, sizeof(p->out->query)))
        return refuse(p, 431, "the query is too long");
    return 0;
}

static weft_http_method find_method(span s)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "DELETE"};
    for (int32_t i = 0; i < WEFT_COUNT(names); i++)
        if (span_is(s, names[i])) return (weft_http_method)i;
    return WEFT_HTTP_OTHER;
}

static int32_t parse_request_line(parser *p, span line)
{
    const char *first = memchr(line.at, ' ', line.len);
    if (first == NULL) return refuse(p, 400, "the request line is not METHOD ADDRESS VERSION");
    const span method = {line.at, (size_t)(first - line.at)};
    const size_t rest = line.len - method.len - 1;
    const char *second = memchr(first + 1, ' ', rest);
    if (second == NULL) return refuse(p, 400, "the request line is not METHOD ADDRESS VERSION");
    const span target = {first + 1, (size_t)(second - first - 1)};
    const span version = {second + 1, rest - target.len - 1};
    if (!is_token(method) || method.len > 32) return refuse(p, 400, "the method is no word");
    p->out->method = find_method(method);
    if (span_is(version, "HTTP/1.1"))
        p->minor = true;
    else if (!span_is(version, "HTTP/1.0"))
        return version.len == 8 && memcmp(version.at, "HTTP/", 5) == 0
                   ? refuse(p, 505, "HTTP/1.0 and HTTP/1.1 are spoken here")
                   : refuse(p, 400, "the request line is not METHOD ADDRESS VERSION");
    return parse_target(p, target);
}

static int32_t parse_length(parser *p, span value)
{
    int64_t length = 0;
    if (p->has_length) return refuse(p, 400, "more than one Content-Length");
    if (value.len == 0 || value.len > 18) return refuse(p, 400, "Content-Length is no number");
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] < '0' || value.at[i] > '9') return refuse(p, 400, "Content-Length is no number");
        length = 10 * length + (value.at[i] - '0');
    }
    p->has_length = true;
    p->out->body_bytes = length;
    return length > WEFT_HTTP_BODY_BYTES_MOST ? refuse(p, 413, "the body is too large") : 0;
}

static void parse_connection(parser *p, span value)
{
    while (value.len > 0) {
        const char *comma = memchr(value.at, ',', value.len);
        span word = {value.at, comma == NULL ? value.len : (size_t)(comma - value.at)};
        const size_t step = word.len + (comma != NULL);
        while (word.len > 0 && (*word.at == ' ' || *word.at == '\t')) word.at++, word.len--;
        while (word.len > 0 && (word.at[word.len - 1] == ' ' || word.at[word.len - 1] == '\t')) word.len--;
        if (span_is_word(word, "close")) p->closes = true;
        if (span_is_word(word, "keep-alive")) p->keeps = true;
        value = (span){value.at + step, value.len - step};
    }
}

static int32_t parse_field(parser *p, span line)
{
    const char *colon = memchr(line.at, ':', line.len);
    if (colon == NULL) return refuse(p, 400, "a header line without a colon");
    const span name = {line.at, (size_t)(colon - line.at)};
    span value = {colon + 1, line.len - name.len - 1};
    if (!is_token(name)) return refuse(p, 400, "the name of a header is no word");
    while (value.len > 0 && (*value.at == ' ' || *value.at == '\t')) value.at++, value.len--;
    while (value.len > 0 && (value.at[value.len - 1] == ' ' || value.at[value.len - 1] == '\t')) value.len--;
    for (size_t i = 0; i < value.len; i++)
        if (((unsigned char)value.at[i] < 0x20 && value.at[i] != '\t') || value.at[i] == 0x7f)
            return refuse(p, 400, "a header holds a control character");

    if (span_is_word(name, "host")) {
        if (p->has_host) return refuse(p, 400, "more than one Host");
        p->has_host = true;
        return span_copy(value, p->out->host, sizeof(p->out->host)) ? 0 : refuse(p, 431, "Host is too long");
    }
    if (span_is_word(name, "content-length")) return parse_length(p, value);
    if (span_is_word(name, "transfer-encoding"))
        return refuse(p, 501, "a body comes with Content-Length here, not with Transfer-Encoding");
    if (span_is_word(name, "expect")) return refuse(p, 417, "send the body at once");
    if (span_is_word(name, "connection")) parse_connection(p, value);
    if (span_is_word(name, "origin") && !span_copy(value, p->out->origin, sizeof(p->out->origin)))
        return refuse(p, 431, "Origin is too long");
    if (span_is_word(name, "authorization")) {
        if (p->out->authorization[0] != 0) return refuse(p, 400, "more than one Authorization");
        if (!span_copy(value, p->out->authorization, sizeof(p->out->authorization)))
            return refuse(p, 431, "Authorization is too long");
    }
    return 0;
}

/* One line without its CR LF; false when it is not whole. *bad: a line feed without its carriage return. */
static bool next_line(const char *bytes, size_t len, size_t *at, span *line, bool *bad)
{
    const char *feed = memchr(bytes + *at, '\n', len - *at);
    if (feed == NULL) return false;
    const size_t stop = (size_t)(feed - bytes);
    *bad = stop == *at || bytes[stop - 1] != '\r';
    *line = (span){bytes + *at, stop - *at - (*bad ? 0 : 1)};
    *at = stop + 1;
    return true;
}

static int32_t parse_head(parser *p, const char *bytes, size_t len)
{
    size_t at = 0;
    span line;
    bool bad = false;
    int32_t code = 0;
    while (len - at >= 2 && bytes[at] == '\r' && bytes[at + 1] == '\n')
        at += 2; /* empty lines before a request are let pass */
    if (!next_line(bytes, len, &at, &line, &bad)) return 0;
    if (bad) return refuse(p, 400, "lines end with CR LF");
    code = parse_request_line(p, line);
    for (int32_t fields = 0; code == 0; fields++) {
        if (!next_line(bytes, len, &at, &line, &bad)) return 0;
        if (bad) return refuse(p, 400, "lines end with CR LF");
        if (line.len == 0) break;
        if (fields == WEFT_HTTP_FIELDS_MOST) return refuse(p, 431, "too many headers");
        code = parse_field(p, line);
    }
    if (code != 0) return code;
    if (p->minor && !p->has_host) return refuse(p, 400, "no Host");
    p->out->keep_alive = p->minor ? !p->closes : p->keeps && !p->closes;
    return (int32_t)at;
}

int32_t weft_http_parse(const char *bytes, size_t len, weft_http_request *out, const char **why)
{
    parser p = {.out = out};
    const size_t most = len < WEFT_HTTP_HEAD_BYTES_MOST ? len : WEFT_HTTP_HEAD_BYTES_MOST;
    memset(out, 0, sizeof(*out));
    int32_t code = parse_head(&p, bytes, most);
    if (code == 0 && most == WEFT_HTTP_HEAD_BYTES_MOST) code = refuse(&p, 431, "the head is too large");
    *why = p.why;
    return code;
}

bool weft_http_query(const weft_http_request *request, const char *name, char *out, size_t out_bytes)
{
    const size_t name_len = strlen(name);
    for (const char *at = request->query; *at != 0;) {
        const size_t len = strcspn(at, "&");
        if (len > name_len && at[name_len] == '=' && memcmp(at, name, name_len) == 0 &&
            unescape((span){at + name_len + 1, len - name_len - 1}, out, out_bytes))
            return true;
        at += len + (at[len] == '&');
    }
    return false;
}
