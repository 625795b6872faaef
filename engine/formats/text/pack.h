/* engine/formats/text/pack.h - text written to a file, compressed or not: the other way round of
 * decompress.h.
 *
 * Bytes are collected in a buffer of 256 KiB and packed piece by piece; snappy and LZ4 in Hadoop's block
 * framing, one block a piece. One thread. */
#ifndef WEFT_FORMATS_TEXT_PACK_H
#define WEFT_FORMATS_TEXT_PACK_H

#include "engine/formats/text/decompress.h"
#include "engine/storage/fs.h"

typedef struct weft_text_packer weft_text_packer;

/* Create the file. encoding: what the text becomes before it is packed; NULL: UTF-8, as it is. Errors:
 * WEFT_EXISTS, WEFT_IO, WEFT_CHARSET, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_text_packer_open(weft_ctx *ctx, weft_text_codec codec, const char *encoding,
                                                  const char *path, weft_text_packer **out);
/* Append. Errors: WEFT_IO, WEFT_NOSPACE, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_text_packer_put(weft_ctx *ctx, weft_text_packer *packer, const void *data,
                                                 int64_t len);
/* End the file durably; *bytes: of the file. *packer is NULL afterwards, on every path. */
WEFT_MUST_CHECK weft_status weft_text_packer_finish(weft_ctx *ctx, weft_text_packer **packer, int64_t *bytes);
/* So far, without what is still to be packed. */
int64_t weft_text_packer_bytes(const weft_text_packer *packer);
void weft_text_packer_abandon(weft_text_packer **packer); /* NULL is allowed */

#endif
