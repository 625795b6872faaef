/* engine/formats/text/mark.h - the mark of a byte order at a file's begin. */
#ifndef WEFT_FORMATS_TEXT_MARK_H
#define WEFT_FORMATS_TEXT_MARK_H

#include "engine/formats/text/charset.h"

/* The character set of a text that begins with these bytes: `encoding`, or what the mark says where that is
 * NULL, or UTF-8. *mark_bytes: of the mark, which is not part of the text. The caller closes *out. Errors:
 * WEFT_CHARSET, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_text_mark_charset(weft_ctx *ctx, const uint8_t *head, int64_t len,
                                                   const char *encoding, weft_charset **out,
                                                   int32_t *mark_bytes);

#endif
