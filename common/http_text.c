/* common/http_text.c - see http_text.h. */
#include "common/http_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_FIRST_BYTES = 4096 };

void weft_http_text_init(weft_ctx *ctx, weft_http_text *t) { *t = (weft_http_text){.ctx = ctx}; }

void weft_http_text_deinit(weft_http_text *t)
{
    weft_mem_free(t->bytes);
    t->bytes = NULL;
    t->len = 0;
}

void weft_http_text_reset(weft_http_text *t)
{
    t->len = 0;
    t->st = WEFT_OK;
}

/* Room for len more bytes. */
static bool text_reserve(weft_http_text *t, size_t len)
{
    const size_t have = t->bytes == NULL ? 0 : weft_mem_size(t->bytes);
    if (t->st != WEFT_OK) return false;
    if (have - t->len >= len) return true;
    size_t want = have == 0 ? TEXT_FIRST_BYTES : 2 * have;
    if (want < t->len + len) want = t->len + len;
    t->st = weft_mem_resize(t->ctx, WEFT_MEM_WORKING, want, (void **)&t->bytes);
    return t->st == WEFT_OK;
}

void weft_http_put(weft_http_text *t, const char *bytes, size_t len)
{
    if (len == 0 || !text_reserve(t, len)) return;
    memcpy(t->bytes + t->len, bytes, len);
    t->len += len;
}

void weft_http_puts(weft_http_text *t, const char *text) { weft_http_put(t, text, strlen(text)); }

void weft_http_printf(weft_http_text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len <= 0 || !text_reserve(t, (size_t)len + 1)) return;
    va_start(args, format);
    vsnprintf(t->bytes + t->len, (size_t)len + 1, format, args);
    va_end(args);
    t->len += (size_t)len;
}

/* ---- characters ---- */

/* The length of the character at text (zero-terminated), or 0 when it is no well-formed UTF-8. */
static size_t character_len(const unsigned char *c)
{
    if (c[0] < 0x80) return 1;
    if (c[0] < 0xc2 || c[0] > 0xf4) return 0;
    if ((c[1] & 0xc0) != 0x80) return 0;
    if (c[0] < 0xe0) return 2;
    if ((c[2] & 0xc0) != 0x80) return 0;
    if (c[0] < 0xf0) /* not too long a form, not a surrogate */
        return (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ? 0 : 3;
    if ((c[3] & 0xc0) != 0x80) return 0;
    return (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f) ? 0 : 4;
}

static const char replacement[] = "\xef\xbf\xbd";

static void put_json_quoted(weft_http_text *t, const char *text)
{
    weft_http_put(t, "\"", 1);
    for (const char *c = text; *c != 0;) {
        const unsigned char byte = (unsigned char)*c;
        const size_t len = character_len((const unsigned char *)c);
        if (byte == '"' || byte == '\\')
            weft_http_printf(t, "\\%c", *c);
        else if (byte == '\n')
            weft_http_put(t, "\\n", 2);
        else if (byte < 0x20 || byte == 0x7f)
            weft_http_printf(t, "\\u%04x", byte);
        else
            weft_http_put(t, len == 0 ? replacement : c, len == 0 ? 3 : len);
        c += len == 0 ? 1 : len;
    }
    weft_http_put(t, "\"", 1);
}

void weft_http_html(weft_http_text *t, const char *text, size_t most)
{
    for (const char *c = text; *c != 0;) {
        const unsigned char byte = (unsigned char)*c;
        const size_t len = character_len((const unsigned char *)c);
        if ((size_t)(c - text) + len > most) {
            weft_http_puts(t, "\xe2\x80\xa6");
            return;
        }
        if (byte == '<' || byte == '>' || byte == '&' || byte == '"' || byte == '\'')
            weft_http_printf(t, "&#%d;", byte);
        else if (len == 0 || byte == 0x7f || (byte < 0x20 && byte != '\n' && byte != '\t'))
            weft_http_put(t, replacement, 3);
        else
            weft_http_put(t, c, len);
        c += len == 0 ? 1 : len;
    }
}

/* ---- JSON ---- */

/* A comma when something stands before: texts end with a quote, so that the last byte tells. */
static void json_next(weft_http_text *t, const char *key)
{
    const char last = t->len == 0 ? '[' : t->bytes[t->len - 1];
    if (last != '{' && last != '[' && last != ':') weft_http_put(t, ",", 1);
    if (key == NULL) return;
    put_json_quoted(t, key);
    weft_http_put(t, ":", 1);
}

void weft_http_object(weft_http_text *t, const char *key)
{
    json_next(t, key);
    weft_http_put(t, "{", 1);
}

void weft_http_array(weft_http_text *t, const char *key)
{
    json_next(t, key);
    weft_http_put(t, "[", 1);
}

void weft_http_end_object(weft_http_text *t) { weft_http_put(t, "}", 1); }
void weft_http_end_array(weft_http_text *t) { weft_http_put(t, "]", 1); }

void weft_http_text_value(weft_http_text *t, const char *key, const char *text)
{
    if (text == NULL) {
        weft_http_null(t, key);
        return;
    }
    json_next(t, key);
    put_json_quoted(t, text);
}

void weft_http_int(weft_http_text *t, const char *key, int64_t value)
{
    json_next(t, key);
    weft_http_printf(t, "%" PRId64, value);
}

void weft_http_uint(weft_http_text *t, const char *key, uint64_t value)
{
    json_next(t, key);
    weft_http_printf(t, "%" PRIu64, value);
}

void weft_http_bool(weft_http_text *t, const char *key, bool value)
{
    json_next(t, key);
    weft_http_puts(t, value ? "true" : "false");
}

void weft_http_null(weft_http_text *t, const char *key)
{
    json_next(t, key);
    weft_http_puts(t, "null");
}

void weft_http_real(weft_http_text *t, const char *key, double value)
{
    if (!isfinite(value)) {
        weft_http_null(t, key);
        return;
    }
    json_next(t, key);
    weft_http_printf(t, "%.6g", value);
}
