/* common/uri.c - see uri.h. */
#include "common/uri.h"

#include <stdbool.h>
#include <string.h>

size_t weft_uri_escaped_most(const char *path) { return 3 * strlen(path) + 1; }

char *weft_uri_escape(char *to, const char *path)
{
    static const char kept[] = "-_.!~*'()/:@&=+$,;";
    static const char digits[] = "0123456789ABCDEF";
    for (; *path != '\0'; path++) {
        const unsigned char c = (unsigned char)*path;
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                           c >= 0x80 || strchr(kept, c) != NULL;
        if (plain) {
            *to++ = (char)c;
            continue;
        }
        *to++ = '%';
        *to++ = digits[c >> 4];
        *to++ = digits[c & 15];
    }
    *to = '\0';
    return to;
}
