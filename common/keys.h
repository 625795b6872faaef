/* common/keys.h - who may talk to whom: CURVE key pairs per role, and the list of those that are let in.
 *
 * A key folder, made by `weft keys init DIR`:
 *     ROLE.secret          0600: secret and public key of a role (coordinator, worker) of this cluster
 *     client-USER.secret   the same of a user; goes to that user's machine
 *     seal.secret, zookeeper.secret   of coordinators with ZooKeeper (secret_file.h)
 *     NAME.secret.old      what a .secret was before `weft keys add` made the next one
 *     allowed/NAME.key     one public key and its role (client keys: and user); what is not here is refused
 * A process needs its own .secret and the folder `allowed`, which holds public keys only. Removing a file of
 * `allowed` cuts the peers that use its key, adding one lets them in, within a second (a file that is changed
 * in place: within some seconds): two keys of a role are valid side by side while they are changed.
 *
 * Key files are text (key_file.h); keys are Z85, 40 characters. Secrets are never logged. */
#ifndef WEFT_COMMON_KEYS_H
#define WEFT_COMMON_KEYS_H

#include "common/ctx.h"

typedef enum weft_role {
    WEFT_ROLE_ANY = 0, /* not proven: no keys are in use */
    WEFT_ROLE_COORDINATOR,
    WEFT_ROLE_WORKER,
    WEFT_ROLE_CLIENT,
    WEFT_ROLE_COUNT
} weft_role;

enum {
    WEFT_KEY_TEXT_BYTES = 41, /* with the zero byte at the end */
    WEFT_USER_BYTES = 64,     /* the same */
    WEFT_KEYS_MAX = 100000    /* allowed keys: 15 MB of memory, and some seconds to read */
};

/* Who the far end of a connection is, as its key proves. */
typedef struct weft_identity {
    weft_role role;
    char user[WEFT_USER_BYTES];           /* of a client; else empty */
    char public_key[WEFT_KEY_TEXT_BYTES]; /* empty without keys */
} weft_identity;

typedef struct weft_key_pair {
    char public_key[WEFT_KEY_TEXT_BYTES], secret_key[WEFT_KEY_TEXT_BYTES];
} weft_key_pair;

typedef struct weft_keys weft_keys;

/* "coordinator"; static. weft_role_find: WEFT_ROLE_COUNT when there is no such role. */
const char *weft_role_name(weft_role role);
weft_role weft_role_find(const char *name);

/* Make a key folder with pairs for coordinator and worker and for one client user, all allowed, and the two
 * secrets of secret_file.h. The folder is made when missing. Errors: WEFT_EXISTS when it holds a key already
 * (nothing is overwritten), WEFT_IO, WEFT_INVALID for a user name that is not 1 to 63 of letters, digits,
 * '.', '_', '-'. */
WEFT_MUST_CHECK weft_status weft_keys_init(weft_ctx *ctx, const char *folder, const char *user);
/* One more pair of a role (and user), allowed beside the others: rotation, or another user. The secret that
 * was there becomes NAME.secret.old; its public key stays allowed until its file is removed. Errors:
 * WEFT_NOT_FOUND when it is no key folder, and as above. */
WEFT_MUST_CHECK weft_status weft_keys_add(weft_ctx *ctx, const char *folder, weft_role role,
                                          const char *user);

/* An allowed key. Texts in ctx->arena. */
typedef struct weft_key_entry {
    weft_identity who;
    int64_t changed_ns; /* of its file, since 1970 */
    char *file;         /* in `allowed` */
    char *secret;       /* the file of the folder that holds its secret; NULL when it is not there */
} weft_key_entry;

/* What is allowed, by role and user, the newest first. Errors: WEFT_NOT_FOUND, WEFT_INVALID and WEFT_IO with
 * the file. */
WEFT_MUST_CHECK weft_status weft_keys_list(weft_ctx *ctx, const char *folder, weft_key_entry **out,
                                           int32_t *count);

/* Open a key folder for a process of this role. Errors: WEFT_NOT_FOUND and WEFT_INVALID with the file and
 * what is wrong in it (also: a secret that others may read), WEFT_IO. Caller closes. */
WEFT_MUST_CHECK weft_status weft_keys_open(weft_ctx *ctx, const char *folder, weft_role role,
                                           weft_keys **out);
const weft_key_pair *weft_keys_own(const weft_keys *keys);
/* A public key of an allowed peer of this role: what a connection to it must prove. attempt 0 gives the
 * newest; further attempts go round, as while keys are changed the far end may show an older one. Any thread.
 * Errors: WEFT_NOT_FOUND. */
WEFT_MUST_CHECK weft_status weft_keys_server(weft_ctx *ctx, weft_keys *keys, weft_role role, uint32_t attempt,
                                             char out[WEFT_KEY_TEXT_BYTES]);
/* Who has this public key; false when it is not allowed. Any thread. */
bool weft_keys_find(weft_keys *keys, const char *public_key, weft_identity *out);
/* Read `allowed` again when it changed since. *seen: how many changes this caller knows of, 0 after opening;
 * brought up to date, and *changed tells whether it was not: each of several endpoints hears of every change.
 * A file that is no key allows nothing, is logged and does not keep the others from being taken; a folder or
 * file that cannot be read (WEFT_IO, WEFT_NOMEM, WEFT_LIMIT, WEFT_NOT_FOUND) leaves all as it was. Any
 * thread.
 */
WEFT_MUST_CHECK weft_status weft_keys_refresh(weft_ctx *ctx, weft_keys *keys, uint64_t *seen, bool *changed);
void weft_keys_close(weft_keys **keys);

#endif
