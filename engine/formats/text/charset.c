/* engine/formats/text/charset.c - see charset.h.
 *
 * A set of one byte a character is a table of 256 entries, asked of iconv once; other sets go through iconv
 * piece by piece. iconv stops at what it cannot read: that becomes U+FFFD, and reading goes on one unit
 * later.
 */
#include "engine/formats/text/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/expr/utf8.h"

struct weft_charset {
    weft_charset_kind kind;
    bool wants_mark;
    int32_t unit_bytes; /* skipped where a character is malformed */
    iconv_t iconv;
    bool open;
    uint8_t len[128]; /* BYTES: of the UTF-8 of bytes 128.. */
    uint8_t utf8[128][4];
};

/* Names that Java has and iconv has not. */
static const struct charset_alias {
    const char *name, *iconv;
    int32_t unit_bytes;
} charset_aliases[] = {
    {"UTF8", "UTF-8", 1},
    {"UTF-8", "UTF-8", 1},
    {"UNICODE-1-1-UTF-8", "UTF-8", 1},
    {"UTF-16", "UTF-16BE", 2},
    {"UTF-16BE", "UTF-16BE", 2},
    {"UTF-16LE", "UTF-16LE", 2},
    {"UTF_16", "UTF-16BE", 2},
    {"UTF_16BE", "UTF-16BE", 2},
    {"UTF_16LE", "UTF-16LE", 2},
    {"UTF16", "UTF-16BE", 2},
    {"UNICODE", "UTF-16BE", 2},
    {"X-UTF-16LE-BOM", "UTF-16LE", 2},
    {"UTF-32", "UTF-32BE", 4},
    {"UTF-32BE", "UTF-32BE", 4},
    {"UTF-32LE", "UTF-32LE", 4},
    {"UTF_32", "UTF-32BE", 4},
    {"UTF32", "UTF-32BE", 4},
    {"WINDOWS-1250", "CP1250", 1},
    {"WINDOWS-1251", "CP1251", 1},
    {"WINDOWS-1252", "CP1252", 1},
    {"WINDOWS-1253", "CP1253", 1},
    {"WINDOWS-1254", "CP1254", 1},
    {"WINDOWS-1255", "CP1255", 1},
    {"WINDOWS-1256", "CP1256", 1},
    {"WINDOWS-1257", "CP1257", 1},
    {"WINDOWS-1258", "CP1258", 1},
    {"ISO8859_1", "ISO-8859-1", 1},
    {"ISO8859_15", "ISO-8859-15", 1},
    {"WINDOWS-31J", "CP932", 1},
    {"SHIFT_JIS", "SHIFT_JIS", 1},
    {"MS932", "CP932", 1},
};

static const uint8_t replacement[3] = {0xef, 0xbf, 0xbd};

/* One byte in, at most one character out, and ASCII as itself: then a table does it. */
static bool charset_make_table(weft_charset *c)
{
    for (int32_t byte = 0; byte < 256; byte++) {
        char from = (char)byte, to[16];
        char *in = &from, *out = to;
        size_t in_left = 1, out_left = sizeof to;
        iconv(c->iconv, NULL, NULL, NULL, NULL);
        const size_t n = iconv(c->iconv, &in, &in_left, &out, &out_left);
        if (n == (size_t)-1 && errno == EINVAL) return false;              /* the begin of a longer one */
        if (n != (size_t)-1) iconv(c->iconv, NULL, NULL, &out, &out_left); /* what it still holds back */
        const size_t len = sizeof to - out_left;
        if (byte < 128) {
            if (n == (size_t)-1 || len != 1 || to[0] != from) return false;
            continue;
        }
        const bool known = n != (size_t)-1 && len > 0 && len <= 4;
        c->len[byte - 128] = (uint8_t)(known ? len : 3);
        memcpy(c->utf8[byte - 128], known ? (const void *)to : replacement, known ? len : 3);
    }
    return true;
}

const char *weft_charset_iconv_name(const char *name, int32_t *unit_bytes)
{
    *unit_bytes = 1;
    for (int32_t i = 0; i < WEFT_COUNT(charset_aliases); i++) {
        if (strcasecmp(charset_aliases[i].name, name) != 0) continue;
        *unit_bytes = charset_aliases[i].unit_bytes;
        return charset_aliases[i].iconv;
    }
    return name;
}

weft_status weft_charset_fail(weft_ctx *ctx, const char *name)
{
    return weft_fail(ctx, WEFT_CHARSET,
                     "The value of the option `encoding` is invalid: the character set \"%s\" is not known.",
                     name);
}

/* A name of no byte order for a set whose characters have one. */
static bool is_without_order(const char *name, const char *iconv_name, int32_t unit_bytes)
{
    return unit_bytes > 1 && strcasecmp(iconv_name + strlen(iconv_name) - 2, "BE") == 0 &&
           strcasecmp(name + strlen(name) - 2, "BE") != 0;
}

bool weft_charset_writes_mark(const char *name)
{
    int32_t unit_bytes = 0;
    const char *iconv_name = weft_charset_iconv_name(name, &unit_bytes);
    return unit_bytes == 2 && is_without_order(name, iconv_name, unit_bytes);
}

weft_status weft_charset_open(weft_ctx *ctx, const char *name, weft_charset **out)
{
    weft_status st = WEFT_OK;
    weft_charset *c = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*c), (void **)&c));
    const char *iconv_name = weft_charset_iconv_name(name, &c->unit_bytes);
    c->kind = WEFT_CHARSET_UTF8;
    if (strcmp(iconv_name, "UTF-8") != 0) {
        /* "//" would be iconv's own options */
        c->iconv = strchr(iconv_name, '/') != NULL || iconv_name[0] == 0 ? (iconv_t)-1
                                                                         : iconv_open("UTF-8", iconv_name);
        if (c->iconv == (iconv_t)-1) {
            st = weft_charset_fail(ctx, name);
            goto done;
        }
        c->open = true;
        c->kind = c->unit_bytes == 1 && charset_make_table(c) ? WEFT_CHARSET_BYTES : WEFT_CHARSET_OTHER;
        iconv(c->iconv, NULL, NULL, NULL, NULL);
        c->wants_mark = is_without_order(name, iconv_name, c->unit_bytes);
    }
    *out = c;
    c = NULL;
done:
    weft_charset_close(&c);
    return st;
}

weft_charset_kind weft_charset_kind_of(const weft_charset *charset) { return charset->kind; }
bool weft_charset_wants_mark(const weft_charset *charset) { return charset->wants_mark; }

void weft_charset_close(weft_charset **charset)
{
    if (*charset == NULL) return;
    if ((*charset)->open) iconv_close((*charset)->iconv);
    weft_mem_free(*charset);
    *charset = NULL;
}

static int64_t decode_bytes(const weft_charset *c, const uint8_t *from, int64_t len, uint8_t *to)
{
    uint8_t *at = to;
    for (int64_t i = 0; i < len; i++) {
        uint64_t word;
        for (; i + 8 <= len; i += 8) {
            memcpy(&word, from + i, 8);
            if ((word & 0x8080808080808080u) != 0) break;
            memcpy(at, &word, 8);
            at += 8;
        }
        if (i == len) break;
        if (from[i] < 128) {
            *at++ = from[i];
            continue;
        }
        const int32_t n = c->len[from[i] - 128];
        memcpy(at, c->utf8[from[i] - 128], 4);
        at += n;
    }
    return at - to;
}

weft_status weft_charset_decode(weft_ctx *ctx, weft_charset *c, const uint8_t *from, int64_t len, bool last,
                                uint8_t *to, int64_t *used, int64_t *written)
{
    (void)ctx;
    *used = len;
    if (c->kind == WEFT_CHARSET_BYTES) {
        *written = decode_bytes(c, from, len, to);
        return WEFT_OK;
    }
    char *in = (char *)(uintptr_t)from, *out = (char *)to;
    size_t in_left = (size_t)len, out_left = (size_t)(len * WEFT_CHARSET_GROWTH + 8);
    while (in_left > 0) {
        if (iconv(c->iconv, &in, &in_left, &out, &out_left) != (size_t)-1) break;
        if (errno == E2BIG) break; /* it holds characters back; the rest comes again */
        if (errno == EINVAL && !last) break;
        const size_t skip = errno == EINVAL ? in_left : (size_t)c->unit_bytes;
        if (out_left < sizeof replacement) break;
        memcpy(out, replacement, sizeof replacement);
        out += sizeof replacement;
        out_left -= sizeof replacement;
        in += skip < in_left ? skip : in_left;
        in_left -= skip < in_left ? skip : in_left;
    }
    if (last && in_left == 0) iconv(c->iconv, NULL, NULL, &out, &out_left);
    *used = len - (int64_t)in_left;
    *written = (uint8_t *)out - to;
    return WEFT_OK;
}
