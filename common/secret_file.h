/* common/secret_file.h - the secrets of a key folder (keys.h) that are no key pairs, both of coordinators
 * with
 * `--zookeeper` alone:
 *     seal.secret        what records are sealed with (seal.h), one line `key = 64 hex digits` a generation;
 *                        the first one seals, all of them open
 *     zookeeper.secret   the login that owns the cluster's nodes: `user = NAME` and `password = TEXT`
 * All coordinators of a cluster have the same two. */
#ifndef WEFT_COMMON_SECRET_FILE_H
#define WEFT_COMMON_SECRET_FILE_H

#include "common/seal.h"

enum { WEFT_LOGIN_TEXT_BYTES = 128 };

typedef struct weft_zookeeper_login {
    char user[WEFT_LOGIN_TEXT_BYTES], password[WEFT_LOGIN_TEXT_BYTES];
} weft_zookeeper_login;

/* Make what is missing of the two. Errors: WEFT_IO. */
WEFT_MUST_CHECK weft_status weft_secret_init(weft_ctx *ctx, const char *folder);
/* One more generation of seal.secret, which seals from now on; the newest that were there still open. Makes
 * the file when there is none. *generations: that it has now. Errors: WEFT_NOT_FOUND (no key folder), those
 * of weft_secret_read_seal. */
WEFT_MUST_CHECK weft_status weft_secret_add_seal(weft_ctx *ctx, const char *folder, int32_t *generations);
/* Make zookeeper.secret. Errors: WEFT_EXISTS: the nodes in ZooKeeper belong to the one that is there. */
WEFT_MUST_CHECK weft_status weft_secret_add_login(weft_ctx *ctx, const char *folder);

/* keys: room for WEFT_SEAL_KEYS_MAX. Errors: WEFT_NOT_FOUND, WEFT_INVALID (with the line; others may read
 * it), WEFT_IO. */
WEFT_MUST_CHECK weft_status weft_secret_read_seal(weft_ctx *ctx, const char *folder, uint8_t *keys,
                                                  int32_t *count);
WEFT_MUST_CHECK weft_status weft_secret_read_login(weft_ctx *ctx, const char *folder,
                                                   weft_zookeeper_login *out);

/* The parts that see bytes from outside. name: of the file, for messages. Errors: WEFT_INVALID. */
WEFT_MUST_CHECK weft_status weft_secret_parse_seal(weft_ctx *ctx, const char *name, const char *text,
                                                   size_t len, uint8_t *keys, int32_t *count);
WEFT_MUST_CHECK weft_status weft_secret_parse_login(weft_ctx *ctx, const char *name, const char *text,
                                                    size_t len, weft_zookeeper_login *out);

#endif
