/* engine/formats/text/charset.h - bytes of a character set as UTF-8 (encode.h: the other way round).
 *
 * What is no character becomes U+FFFD, as Java's decoders have it. UTF-8, ISO-8859-1, US-ASCII and the sets
 * of one byte a character are done by tables, the others by the C library's iconv, under the names that it
 * knows. One thread uses a charset at a time. */
#ifndef WEFT_FORMATS_TEXT_CHARSET_H
#define WEFT_FORMATS_TEXT_CHARSET_H

#include "common/mem.h"

typedef struct weft_charset weft_charset;

typedef enum weft_charset_kind {
    WEFT_CHARSET_UTF8,
    WEFT_CHARSET_BYTES, /* one byte a character, the first 128 those of ASCII */
    WEFT_CHARSET_OTHER /* bytes of line ends and quotes may stand for something else: decode from the begin */
} weft_charset_kind;

/* name: in any case ("UTF-8", "windows-1252", "Cp1252", "UTF-16LE"). The caller closes *out. Errors:
 * WEFT_CHARSET for a name that nobody knows, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_charset_open(weft_ctx *ctx, const char *name, weft_charset **out);
weft_charset_kind weft_charset_kind_of(const weft_charset *charset);
/* UTF-16 and UTF-32 without a given byte order take it from the begin of the file. */
bool weft_charset_wants_mark(const weft_charset *charset);
/* Most bytes of UTF-8 that one byte gives. */
enum { WEFT_CHARSET_GROWTH = 3 };
/* Decode from[0 .. len): *used of them, into to, which has room for WEFT_CHARSET_GROWTH * len + 8 bytes. What
 * is not used is the begin of a character; `last`: nothing follows, so that it is used too. Not for UTF8. */
WEFT_MUST_CHECK weft_status weft_charset_decode(weft_ctx *ctx, weft_charset *charset, const uint8_t *from,
                                                int64_t len, bool last, uint8_t *to, int64_t *used,
                                                int64_t *written);
void weft_charset_close(weft_charset **charset);

/* The name that iconv has for a set, and the bytes of its smallest unit. */
const char *weft_charset_iconv_name(const char *name, int32_t *unit_bytes);
/* Does Java begin a text in it with the mark of its byte order? */
bool weft_charset_writes_mark(const char *name);
/* WEFT_CHARSET: nobody knows the name. */
weft_status weft_charset_fail(weft_ctx *ctx, const char *name);

#endif
