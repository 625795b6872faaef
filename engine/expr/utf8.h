/* engine/expr/utf8.h - walking UTF-8 by characters. Malformed bytes count as characters of their own. */
#ifndef WEFT_EXPR_UTF8_H
#define WEFT_EXPR_UTF8_H

#include <string.h>

#include "common/base.h"

/* Bytes of the character that begins with this byte. */
static inline uint32_t weft_utf8_bytes(unsigned char lead)
{
    return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* Move on by up to `characters`; *left gets those that text did not have. */
static inline size_t weft_utf8_skip(const char *text, size_t len, int64_t characters, int64_t *left)
{
    size_t at = 0;
    while (at < len && characters > 0) {
        at += weft_utf8_bytes((unsigned char)text[at]);
        characters--;
    }
    if (left != NULL) *left = characters;
    return at < len ? at : len;
}

static inline bool weft_utf8_ascii(const char *text, size_t len)
{
    uint64_t any = 0, word;
    size_t at = 0;
    for (; at + 8 <= len; at += 8) {
        memcpy(&word, text + at, 8);
        any |= word;
    }
    for (; at < len; at++) any |= (uint64_t)(unsigned char)text[at] << 56;
    return (any & 0x8080808080808080u) == 0;
}

static inline int64_t weft_utf8_length(const char *text, size_t len)
{
    int64_t count = 0;
    for (size_t at = 0; at < len; at++) count += ((unsigned char)text[at] & 0xc0) != 0x80;
    return count;
}

/* The character at text (at least one byte is there); *bytes gets its size. U+FFFD when malformed. */
uint32_t weft_utf8_decode(const char *text, size_t len, uint32_t *bytes);
/* Write the character; up to 4 bytes. Returns their number. */
uint32_t weft_utf8_encode(uint32_t character, char *text);
/* Bytes of the well-formed character at text (at least one byte is there); 0 when it is malformed: *broken is
 * then the size of the piece that Java's decoder replaces by one U+FFFD, else 0. */
uint32_t weft_utf8_check(const char *text, size_t len, uint32_t *broken);
/* How many bytes from the begin on are well-formed UTF-8. */
size_t weft_utf8_valid(const char *text, size_t len);
/* Copy, each malformed piece as U+FFFD, into to: room for 3 * len. Returns the length. */
size_t weft_utf8_repair(const char *text, size_t len, char *to);
/* Full case mapping of one character into out (up to 3 characters); returns their number. */
int32_t weft_utf8_upper(uint32_t character, uint32_t out[3]);
int32_t weft_utf8_lower(uint32_t character, uint32_t out[3]);

#endif
