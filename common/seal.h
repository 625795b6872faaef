/* common/seal.h - sealing what leaves the process for places that others can look into: AES-256-GCM.
 *
 *     4 bytes "wfs1" (a version) · 8 bytes key id · 12 bytes nonce, random · ciphertext · 16 bytes tag
 * The additional data (a path, a name) is not kept, but what was sealed with another does not open: a sealed
 * value cannot be put into another's place. Head and additional data are under the tag too.
 *
 * Keys are the file `seal.secret` of a key folder (secret_file.h): the first one seals, all of them open, two
 * generations and more while they are changed.
 * A key's id is the beginning of its SHA-256. With random nonces a key may seal 2^32 values; a coordinator
 * that writes 500 a second does so in a hundred days, and the chance of a nonce that comes twice is then
 * 2^-32: change the key (`weft keys add DIR seal`) once a year.
 *
 * libcrypto is opened by the process that needs it. Any thread. */
#ifndef WEFT_COMMON_SEAL_H
#define WEFT_COMMON_SEAL_H

#include "common/ctx.h"

typedef struct weft_seal weft_seal;

enum {
    WEFT_SEAL_KEY_BYTES = 32,
    WEFT_SEAL_KEYS_MAX = 8,
    WEFT_SEAL_HEAD_BYTES = 4 + 8 + 12,
    WEFT_SEAL_TAG_BYTES = 16,
    WEFT_SEAL_MORE_BYTES = WEFT_SEAL_HEAD_BYTES + WEFT_SEAL_TAG_BYTES, /* than what is sealed */
    WEFT_SHA256_BYTES = 32
};

/* Read DIR/seal.secret. Errors: WEFT_NOT_FOUND and WEFT_INVALID with the file and what is wrong in it (also:
 * others may read it), WEFT_UNSUPPORTED (no libcrypto), WEFT_IO, WEFT_NOMEM. Caller closes. */
WEFT_MUST_CHECK weft_status weft_seal_open(weft_ctx *ctx, const char *folder, weft_seal **out);
/* With keys from memory: count of WEFT_SEAL_KEY_BYTES each, the first one seals. */
WEFT_MUST_CHECK weft_status weft_seal_open_keys(weft_ctx *ctx, const uint8_t *keys, int32_t count,
                                                weft_seal **out);
void weft_seal_close(weft_seal **seal);

/* Seal: out has room for bytes + WEFT_SEAL_MORE_BYTES and gets as many. Errors: WEFT_IO (no random bits),
 * WEFT_INTERNAL. */
WEFT_MUST_CHECK weft_status weft_seal_lock(weft_ctx *ctx, const weft_seal *seal, const char *additional,
                                           const void *value, size_t bytes, uint8_t *out);
/* Open: out has room for sealed_bytes - WEFT_SEAL_MORE_BYTES and gets as many, when this answers WEFT_OK.
 * Errors: WEFT_CORRUPT (not sealed by us, changed, or of another place), WEFT_NOT_FOUND (by a key that is not
 * here: says its id), WEFT_UNSUPPORTED (of a later version). */
WEFT_MUST_CHECK weft_status weft_seal_unlock(weft_ctx *ctx, const weft_seal *seal, const char *additional,
                                             const void *sealed, size_t sealed_bytes, uint8_t *out);

/* The SHA-256 of bytes; as 64 hex digits and a zero in out. */
WEFT_MUST_CHECK weft_status weft_seal_digest(weft_ctx *ctx, const weft_seal *seal, const void *bytes,
                                             size_t len, char out[2 * WEFT_SHA256_BYTES + 1]);

#endif
