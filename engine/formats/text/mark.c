/* engine/formats/text/mark.c - see mark.h. */
#include "engine/formats/text/mark.h"

#include <string.h>
#include <strings.h>

static const struct mark {
    const char *encoding;
    int32_t len;
    uint8_t bytes[4];
} marks[] = {
    /* UTF-32's before UTF-16's, of which the little-endian ones begin alike */
    {"UTF-32LE", 4, {0xff, 0xfe, 0, 0}}, {"UTF-32BE", 4, {0, 0, 0xfe, 0xff}},
    {"UTF-8", 3, {0xef, 0xbb, 0xbf}},    {"UTF-16LE", 2, {0xff, 0xfe}},
    {"UTF-16BE", 2, {0xfe, 0xff}},
};

/* Is it a mark of this encoding? "UTF-16" without a byte order takes both. */
static bool mark_fits(const struct mark *mark, const char *encoding, const weft_charset *charset)
{
    if (encoding == NULL) return true;
    if (weft_charset_kind_of(charset) == WEFT_CHARSET_UTF8) return mark->bytes[0] == 0xef;
    const bool wide = strstr(encoding, "32") != NULL;
    if (weft_charset_wants_mark(charset)) return mark->len == (wide ? 4 : 2);
    return strcasecmp(mark->encoding, encoding) == 0;
}

weft_status weft_text_mark_charset(weft_ctx *ctx, const uint8_t *head, int64_t len, const char *encoding,
                                   weft_charset **out, int32_t *mark_bytes)
{
    weft_status st = WEFT_OK;
    *mark_bytes = 0;
    WEFT_TRY(st, weft_charset_open(ctx, encoding == NULL ? "UTF-8" : encoding, out));
    for (int32_t i = 0; i < WEFT_COUNT(marks); i++) {
        if (len < marks[i].len || memcmp(head, marks[i].bytes, (size_t)marks[i].len) != 0) continue;
        if (!mark_fits(&marks[i], encoding, *out)) continue;
        weft_charset_close(out);
        WEFT_TRY(st, weft_charset_open(ctx, marks[i].encoding, out));
        *mark_bytes = marks[i].len;
        break;
    }
done:
    return st;
}
