/* engine/formats/text/lines.c - where a line ends. */
#include <string.h>

#include "engine/formats/text/input.h"

weft_status weft_text_line_end_check(weft_ctx *ctx, const char *line_end)
{
    if (line_end[0] != '\0') return WEFT_OK;
    return weft_fail(ctx, WEFT_CONFIG, "option lineSep cannot be empty");
}

weft_status weft_text_lines_init(weft_ctx *ctx, const char *line_end, weft_text_lines *out)
{
    weft_status st = WEFT_OK;
    *out = (weft_text_lines){.kernels = weft_text_kernels_find()};
    if (line_end == NULL) {
        weft_text_set_add(&out->first, '\n');
        weft_text_set_add(&out->first, '\r');
        return WEFT_OK;
    }
    const size_t len = strlen(line_end);
    if (len > WEFT_TEXT_LINE_END_MAX)
        return weft_fail(ctx, WEFT_CONFIG, "option lineSep must have 1 to %d bytes, not %zu",
                         (int)WEFT_TEXT_LINE_END_MAX, len);
    WEFT_TRY(st, weft_text_line_end_check(ctx, line_end));
    out->len = (int32_t)len;
    memcpy(out->bytes, line_end, len);
    weft_text_set_add(&out->first, (uint8_t)line_end[0]);
done:
    return st;
}

int64_t weft_text_line_end(const weft_text_lines *lines, const uint8_t *data, int64_t len, int64_t *next)
{
    if (lines->len == 0) {
        const int64_t at = lines->kernels->find(&lines->first, data, len);
        *next = at;
        if (at < len) *next += 1 + (data[at] == '\r' && at + 1 < len && data[at + 1] == '\n');
        return at;
    }
    const uint8_t *found = lines->len == 1 ? memchr(data, lines->bytes[0], (size_t)len)
                                           : memmem(data, (size_t)len, lines->bytes, (size_t)lines->len);
    *next = found == NULL ? len : found - data + lines->len;
    return found == NULL ? len : found - data;
}
