/* client/config.h - files of `key value` lines, as Spark's spark-defaults.conf.
 *
 *     # a comment
 *     weft.master        weft://10.0.0.1:7077
 *     weft.worker.port = 7078
 *
 * The key ends at the first blank, '=' or ':'; the value is the rest without blanks at its ends, as written
 * (no quotes, no escapes, no line that goes on in the next one). */
#ifndef WEFT_CLIENT_CONFIG_H
#define WEFT_CLIENT_CONFIG_H

#include "common/ctx.h"

enum { WEFT_CONFIG_FILE_BYTES = 1 << 20 }; /* far more than people write; a wrong path may be any file */

/* What to do with a pair; both texts are borrowed for the call. `where` is "FILE:LINE". An error stops the
 * reading. */
typedef weft_status weft_config_take(weft_ctx *ctx, void *self, const char *where, const char *key,
                                     const char *value);

/* Give every pair of the text, from the first line to the last. name: of the file, for messages.
 * Errors: WEFT_CONFIG with file and line, WEFT_NOMEM, and what take answers. */
WEFT_MUST_CHECK weft_status weft_config_parse(weft_ctx *ctx, const char *name, const char *text, size_t len,
                                              weft_config_take *take, void *self);
/* The same of a file. Errors: also WEFT_NOT_FOUND, WEFT_IO, WEFT_CONFIG when it is too large. */
WEFT_MUST_CHECK weft_status weft_config_read(weft_ctx *ctx, const char *path, weft_config_take *take,
                                             void *self);

#endif
