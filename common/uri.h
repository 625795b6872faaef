/* common/uri.h - paths as URIs, as Java writes them. */
#ifndef WEFT_COMMON_URI_H
#define WEFT_COMMON_URI_H

#include <stddef.h>

/* The bytes that weft_uri_escape writes of a text at most, the 0 included. */
size_t weft_uri_escaped_most(const char *path);
/* Writes the path with what a URI does not take as %XX; bytes of UTF-8 stay. Returns where its 0 stands. */
char *weft_uri_escape(char *to, const char *path);

#endif
