/* engine/expr/utf8_repair.c - malformed UTF-8 as Java's decoder reads it. */
#include "engine/expr/utf8.h"

static bool follows(const unsigned char *s, size_t len, size_t i) { return i < len && (s[i] & 0xc0) == 0x80; }

/* The bytes of the malformed piece at s, whose first byte is a lead of three, of four: as many as might have
 * begun a character. */
static uint32_t broken_3(const unsigned char *s, size_t len)
{
    const bool second = follows(s, len, 1) && !(s[0] == 0xe0 && s[1] < 0xa0);
    if (!second) return 1;
    if (!follows(s, len, 2)) return 2;
    return 3; /* half a surrogate pair */
}

static uint32_t broken_4(const unsigned char *s, size_t len)
{
    const bool second = follows(s, len, 1) && !(s[0] == 0xf0 && s[1] < 0x90) &&
                        !(s[0] == 0xf4 && s[1] > 0x8f);
    if (s[0] > 0xf4 || !second) return 1;
    return follows(s, len, 2) ? 3 : 2;
}

uint32_t weft_utf8_check(const char *text, size_t len, uint32_t *broken)
{
    const unsigned char *s = (const unsigned char *)text;
    *broken = 0;
    if (s[0] < 0x80) return 1;
    if (s[0] >= 0xc2 && s[0] < 0xe0 && follows(s, len, 1)) return 2;
    if (s[0] >= 0xe0 && s[0] < 0xf0) {
        const bool surrogate = s[0] == 0xed && len > 1 && s[1] >= 0xa0;
        const bool low = s[0] == 0xe0 && len > 1 && s[1] < 0xa0;
        if (follows(s, len, 1) && follows(s, len, 2) && !surrogate && !low) return 3;
        *broken = broken_3(s, len);
        return 0;
    }
    if (s[0] >= 0xf0 && s[0] < 0xf5) {
        const bool bad = len > 1 && ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f));
        if (follows(s, len, 1) && follows(s, len, 2) && follows(s, len, 3) && !bad) return 4;
        *broken = broken_4(s, len);
        return 0;
    }
    *broken = 1;
    return 0;
}

size_t weft_utf8_valid(const char *text, size_t len)
{
    size_t at = 0;
    uint32_t broken;
    while (at < len) {
        while (len - at >= 8 && weft_utf8_ascii(text + at, 8)) at += 8;
        if (at == len) break;
        const uint32_t bytes = weft_utf8_check(text + at, len - at, &broken);
        if (bytes == 0) break;
        at += bytes;
    }
    return at;
}
