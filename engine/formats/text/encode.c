/* engine/formats/text/encode.c - see encode.h. */
#include "engine/formats/text/encode.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "engine/expr/utf8.h"
#include "engine/formats/text/charset.h"

enum { CHARACTER_BYTES_MAX = 4 };

struct weft_encoder {
    iconv_t iconv;
    bool marks;                        /* the mark of the byte order is still to be written */
    uint8_t kept[CHARACTER_BYTES_MAX]; /* of a character that has not ended */
    int32_t kept_len;
};

weft_status weft_encoder_open(weft_ctx *ctx, const char *name, weft_encoder **out)
{
    weft_status st = WEFT_OK;
    weft_encoder *e = NULL;
    int32_t unit_bytes = 1;
    *out = NULL;
    const char *iconv_name = weft_charset_iconv_name(name, &unit_bytes);
    if (strcmp(iconv_name, "UTF-8") == 0) return WEFT_OK;
    const iconv_t iconv = iconv_open(iconv_name, "UTF-8");
    if (strchr(iconv_name, '/') != NULL || iconv_name[0] == 0 || iconv == (iconv_t)-1) {
        if (iconv != (iconv_t)-1) iconv_close(iconv);
        return weft_charset_fail(ctx, name);
    }
    st = weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *e, (void **)&e);
    if (st != WEFT_OK) {
        iconv_close(iconv);
        return st;
    }
    e->iconv = iconv;
    e->marks = weft_charset_writes_mark(name);
    *out = e;
    return WEFT_OK;
}

void weft_encoder_close(weft_encoder **encoder)
{
    if (*encoder == NULL) return;
    iconv_close((*encoder)->iconv);
    weft_mem_free(*encoder);
    *encoder = NULL;
}

/* Encode all of it, ends of characters included; returns what was not used: the begin of a character. */
static size_t encode(weft_encoder *e, const uint8_t *from, size_t len, char **to, size_t *room)
{
    char *in = (char *)(uintptr_t)from;
    while (len > 0 && iconv(e->iconv, &in, &len, to, room) == (size_t)-1 && errno == EILSEQ) {
        char mark[] = "?", *at = mark;
        size_t one = 1, skip = 1;
        /* past the rest of the character that the set has not */
        while (skip < len && ((uint8_t)in[skip] & 0xc0) == 0x80) skip++;
        in += skip;
        len -= skip;
        (void)iconv(e->iconv, &at, &one, to, room);
    }
    return len;
}

int64_t weft_encoder_put(weft_encoder *e, const uint8_t *from, int64_t len, uint8_t *to)
{
    static const uint8_t byte_order[] = {0xef, 0xbb, 0xbf};
    char *out = (char *)to;
    size_t room = (size_t)len * WEFT_ENCODER_GROWTH + WEFT_ENCODER_MORE;
    if (len == 0) return 0;
    if (e->marks) (void)encode(e, byte_order, sizeof byte_order, &out, &room);
    e->marks = false;
    while (e->kept_len > 0 && len > 0) {
        const bool follows = (*from & 0xc0) == 0x80 && e->kept_len < CHARACTER_BYTES_MAX;
        if (follows) {
            e->kept[e->kept_len++] = *from++;
            len--;
        }
        if (encode(e, e->kept, (size_t)e->kept_len, &out, &room) == 0) {
            e->kept_len = 0;
        } else if (!follows) { /* it never ends */
            (void)encode(e, (const uint8_t *)"?", 1, &out, &room);
            e->kept_len = 0;
        }
    }
    const size_t left = encode(e, from, (size_t)len, &out, &room);
    const size_t kept = left < CHARACTER_BYTES_MAX ? left : 0;
    memcpy(e->kept + e->kept_len, from + len - kept, kept);
    e->kept_len += (int32_t)kept;
    return (uint8_t *)out - to;
}

int64_t weft_encoder_finish(weft_encoder *e, uint8_t *to)
{
    char *out = (char *)to;
    size_t room = WEFT_ENCODER_MORE;
    if (e->kept_len > 0) (void)encode(e, (const uint8_t *)"?", 1, &out, &room);
    e->kept_len = 0;
    (void)iconv(e->iconv, NULL, NULL, &out, &room);
    return (uint8_t *)out - to;
}
