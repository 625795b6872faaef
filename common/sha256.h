/* common/sha256.h - SHA-256 of bytes that come piece by piece: the names of blobs
 * (engine/storage/blob_store.h).
 *
 * By libcrypto of OpenSSL, which is opened by the process that needs it. One thread at a time. */
#ifndef WEFT_COMMON_SHA256_H
#define WEFT_COMMON_SHA256_H

#include "common/ctx.h"

typedef struct weft_sha256 weft_sha256;

enum { WEFT_SHA256_TEXT_BYTES = 65 }; /* 64 hex digits, small letters, and a zero */

/* Errors: WEFT_UNSUPPORTED (no libcrypto on this machine), WEFT_NOMEM. Caller frees. */
WEFT_MUST_CHECK weft_status weft_sha256_new(weft_ctx *ctx, weft_sha256 **out);
/* Errors of this and the next: WEFT_INTERNAL (libcrypto refused). */
WEFT_MUST_CHECK weft_status weft_sha256_add(weft_ctx *ctx, weft_sha256 *digest, const void *bytes,
                                            size_t len);
/* The digest of all that was added since the last one; what is added from now on is of another. */
WEFT_MUST_CHECK weft_status weft_sha256_finish(weft_ctx *ctx, weft_sha256 *digest,
                                               char out[WEFT_SHA256_TEXT_BYTES]);
void weft_sha256_free(weft_sha256 **digest);

/* Of bytes that lie together. Errors: as all of these. */
WEFT_MUST_CHECK weft_status weft_sha256_of(weft_ctx *ctx, const void *bytes, size_t len,
                                           char out[WEFT_SHA256_TEXT_BYTES]);
/* Is it a digest as it is written here? */
bool weft_sha256_is(const char *text);

#endif
