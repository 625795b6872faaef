/* engine/formats/text/encode.h - UTF-8 as bytes of another character set: the other way round of charset.h.
 *
 * What a character set cannot write becomes '?', as Java's encoders have it. UTF-16 without a byte order is
 * big-endian behind a mark, UTF-32 big-endian without one. One thread uses an encoder at a time. */
#ifndef WEFT_FORMATS_TEXT_ENCODE_H
#define WEFT_FORMATS_TEXT_ENCODE_H

#include "common/mem.h"

typedef struct weft_encoder weft_encoder;

/* name: as for weft_charset_open. *out is NULL for UTF-8, which needs none; else the caller closes it.
 * Errors: WEFT_CHARSET for a name that nobody knows, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_encoder_open(weft_ctx *ctx, const char *name, weft_encoder **out);
/* Most bytes that one byte of UTF-8 gives, and those that a call may add: a mark, what was held back. */
enum { WEFT_ENCODER_GROWTH = 8, WEFT_ENCODER_MORE = 64 };
/* Encode from[0 .. len) into to, which has room for WEFT_ENCODER_GROWTH * len + WEFT_ENCODER_MORE bytes; a
 * character that does not end in it waits for the next call. Returns how many bytes were written. */
int64_t weft_encoder_put(weft_encoder *encoder, const uint8_t *from, int64_t len, uint8_t *to);
/* Behind the last character: what is still held back. */
int64_t weft_encoder_finish(weft_encoder *encoder, uint8_t *to);
void weft_encoder_close(weft_encoder **encoder); /* NULL is allowed */

#endif
