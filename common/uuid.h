/* common/uuid.h - 128 bits that name a process, made anew at every start. */
#ifndef WEFT_COMMON_UUID_H
#define WEFT_COMMON_UUID_H

#include "common/ctx.h"

typedef struct weft_uuid {
    uint64_t high, low;
} weft_uuid;

enum { WEFT_UUID_TEXT_BYTES = 37 }; /* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" and the zero byte */

static inline bool weft_uuid_equal(weft_uuid a, weft_uuid b) { return a.high == b.high && a.low == b.low; }
/* Random (version 4, RFC 9562). Errors: WEFT_IO when the system gives no random bytes. */
WEFT_MUST_CHECK weft_status weft_uuid_new(weft_ctx *ctx, weft_uuid *out);
void weft_uuid_text(weft_uuid uuid, char out[WEFT_UUID_TEXT_BYTES]);

#endif
