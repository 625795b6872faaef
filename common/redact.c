/* common/redact.c - see redact.h.
 *
 * One pass over words. It knows no SQL: where it takes for a secret what is none, a page shows less. */
#include "common/redact.h"

#include <string.h>
#include <strings.h>

typedef struct redaction {
    const char *text;
    size_t len, at;
    char *out; /* or NULL: bytes are counted only */
    size_t wrote;
    bool hides;
} redaction;

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool is_quote(char c) { return c == '\'' || c == '"' || c == '`'; }

static bool is_of_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || (unsigned char)c >= 0x80;
}

static bool begins_with(const char *name, size_t len, const char *word)
{
    const size_t bytes = strlen(word);
    return len >= bytes && strncasecmp(name, word, bytes) == 0;
}

bool weft_redact_is_secret(const char *name, size_t len)
{
    static const char *const words[] = {"secret", "password", "token", "accesskey"};
    for (size_t at = 0; at < len; at++) {
        for (size_t i = 0; i < WEFT_COUNT(words); i++)
            if (begins_with(name + at, len - at, words[i])) return true;
        if (begins_with(name + at, len - at, "access") && len - at > 7 &&
            begins_with(name + at + 7, len - at - 7, "key"))
            return true;
    }
    return false;
}

static void put(redaction *r, const char *bytes, size_t len)
{
    if (r->out != NULL) memcpy(r->out + r->wrote, bytes, len);
    r->wrote += len;
}

/* Show the text up to there. */
static void show_until(redaction *r, size_t end)
{
    put(r, r->text + r->at, end - r->at);
    r->at = end;
}

static size_t skip_spaces(const redaction *r, size_t at)
{
    while (at < r->len && is_space(r->text[at])) at++;
    return at;
}

/* Behind the closing quote of a literal: a quote in it is doubled, or has a backslash before it. */
static size_t skip_literal(const redaction *r, size_t at)
{
    const char quote = r->text[at++];
    for (; at < r->len; at++) {
        if (r->text[at] == '\\')
            at++;
        else if (r->text[at] == quote && at + 1 < r->len && r->text[at + 1] == quote)
            at++;
        else if (r->text[at] == quote)
            return at + 1;
    }
    return r->len;
}

static size_t skip_to(const redaction *r, size_t at, const char *ends)
{
    while (at < r->len && r->text[at] != 0 && strchr(ends, r->text[at]) == NULL) at++;
    return at;
}

/* Where a value begins behind a name; len when there is none. */
static size_t find_value(const redaction *r, size_t at, bool *assigned)
{
    if (at < r->len && is_quote(r->text[at])) at++; /* of the name */
    at = skip_spaces(r, at);
    *assigned = at < r->len && (r->text[at] == '=' || r->text[at] == ':');
    if (*assigned) at++;
    while (*assigned && at < r->len && (r->text[at] == '=' || r->text[at] == '>')) at++;
    at = skip_spaces(r, at);
    return at < r->len && (*assigned || is_quote(r->text[at])) ? at : r->len;
}

/* Behind a secret name that ends here. */
static void hide_value(redaction *r, size_t name_end, bool is_set)
{
    bool assigned = false;
    const size_t begin = find_value(r, name_end, &assigned);
    size_t end = begin;
    if (begin == r->len) return;
    if (is_quote(r->text[begin]))
        end = skip_literal(r, begin);
    else if (!is_set)
        end = skip_to(r, begin, " \t\r\n,);");
    if (is_set) end = skip_to(r, end, ";");
    r->hides = true;
    show_until(r, begin);
    put(r, WEFT_REDACTED, sizeof(WEFT_REDACTED) - 1);
    r->at = end;
}

static redaction redact(const char *text, size_t len, char *out)
{
    redaction r = {.text = text, .len = len, .out = out};
    bool was_set = false; /* the word before was SET: what follows is a name, and all behind it its value */
    for (size_t at = 0; at < len;) {
        if (!is_of_name(text[at])) {
            was_set &= is_space(text[at]) || is_quote(text[at]);
            at++;
            continue;
        }
        const size_t begin = at;
        while (at < len && is_of_name(text[at])) at++;
        if (weft_redact_is_secret(text + begin, at - begin)) {
            hide_value(&r, at, was_set);
            at = at > r.at ? at : r.at;
        }
        was_set = at - begin == 3 && strncasecmp(text + begin, "set", 3) == 0;
    }
    show_until(&r, len);
    return r;
}

size_t weft_redact_text(const char *text, size_t len, char *out) { return redact(text, len, out).wrote; }

bool weft_redact_has_secret(const char *text, size_t len) { return redact(text, len, NULL).hides; }
