/* engine/expr/utf8_repair.c - malformed UTF-8 as Java's decoder reads it. */
#include "engine/expr/utf8.h"

#include <string.h>

/* Bytes of the well-formed character at data, or -n: n bytes are malformed together, as Java has it (the
 * longest begin of a character; a surrogate whole). */
static inline int32_t look(const uint8_t *data, size_t len)
{
    const uint8_t lead = data[0];
    if (lead < 0x80) return 1;
    if (lead < 0xc2 || lead > 0xf4) return -1;
    const uint8_t second = len > 1 ? data[1] : 0;
    if ((second & 0xc0) != 0x80) return -1;
    if (lead < 0xe0) return 2;
    if (lead < 0xf0) {
        if (lead == 0xe0 && second < 0xa0) return -1;
        if (len < 3 || (data[2] & 0xc0) != 0x80) return -2;
        return lead == 0xed && second >= 0xa0 ? -3 : 3;
    }
    if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return -1;
    if (len < 3 || (data[2] & 0xc0) != 0x80) return -2;
    if (len < 4 || (data[3] & 0xc0) != 0x80) return -3;
    return 4;
}

uint32_t weft_utf8_check(const char *text, size_t len, uint32_t *broken)
{
    const int32_t n = look((const uint8_t *)text, len);
    *broken = n < 0 ? (uint32_t)-n : 0;
    return n < 0 ? 0 : (uint32_t)n;
}

size_t weft_utf8_valid(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len) {
        while (len - at >= 8 && weft_utf8_ascii(text + at, 8)) at += 8;
        if (at == len) break;
        const int32_t n = look((const uint8_t *)text + at, len - at);
        if (n < 0) break;
        at += (size_t)n;
    }
    return at;
}

size_t weft_utf8_repair(const char *text, size_t len, char *to)
{
    static const char replacement[3] = {(char)0xEF, (char)0xBF, (char)0xBD};
    char *out = to;
    for (size_t at = 0; at < len;) {
        const size_t good = weft_utf8_valid(text + at, len - at);
        memcpy(out, text + at, good);
        out += good;
        at += good;
        if (at == len) break;
        memcpy(out, replacement, sizeof(replacement));
        out += sizeof(replacement);
        at += (size_t)-look((const uint8_t *)text + at, len - at);
    }
    return (size_t)(out - to);
}
