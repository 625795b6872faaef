/* common/key_file.h - one key file, as text and on disk; what keys.c and keys_make.c share.
 *
 *     # a comment
 *     role = client
 *     user = ann
 *     public-key = rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7
 *     secret-key = D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs
 *
 * `user` belongs to role client alone; files of `allowed` have no secret-key. Anything else is refused: a
 * line that an older version would not honour must not be taken for granted. */
#ifndef WEFT_COMMON_KEY_FILE_H
#define WEFT_COMMON_KEY_FILE_H

#include <sys/types.h>

#include "common/keys.h"

enum { WEFT_KEY_FILE_BYTES = 4096, WEFT_KEY_PATH_BYTES = 1024 };

typedef struct weft_key_file {
    weft_identity who;
    char secret_key[WEFT_KEY_TEXT_BYTES]; /* empty: none */
    int64_t changed_ns;                   /* of the file; 0 when it is parsed from memory */
} weft_key_file;

/* name: of the file, for messages. Errors: WEFT_INVALID with what is wrong and in which line. */
WEFT_MUST_CHECK weft_status weft_key_file_parse(weft_ctx *ctx, const char *name, const char *text, size_t len,
                                                weft_key_file *out);
/* The text of a file, at most WEFT_KEY_FILE_BYTES with its zero byte; without the secret when there is none.
 * Returns its length. */
size_t weft_key_file_print(const weft_key_file *file, char out[WEFT_KEY_FILE_BYTES]);

/* secret: it must hold one, and only its owner may read it; else it must hold none. Errors: WEFT_NOT_FOUND,
 * WEFT_IO, WEFT_INVALID. */
WEFT_MUST_CHECK weft_status weft_key_file_read(weft_ctx *ctx, const char *path, bool secret,
                                               weft_key_file *out);
/* Appears whole or not at all, durably, with just these permissions. Errors: WEFT_EXISTS when it is there and
 * must not be replaced, WEFT_IO. */
WEFT_MUST_CHECK weft_status weft_key_file_write(weft_ctx *ctx, const char *path, mode_t mode, bool replace,
                                                const weft_key_file *file);

/* The text of a key file or another secret of a key folder, of at most WEFT_KEY_FILE_BYTES. private_only:
 * only its owner may read it. changed_ns may be NULL. Errors: WEFT_NOT_FOUND, WEFT_IO, WEFT_INVALID. */
WEFT_MUST_CHECK weft_status weft_key_text_read(weft_ctx *ctx, const char *path, bool private_only,
                                               char out[WEFT_KEY_FILE_BYTES], size_t *len,
                                               int64_t *changed_ns);
/* As weft_key_file_write. */
WEFT_MUST_CHECK weft_status weft_key_text_write(weft_ctx *ctx, const char *path, mode_t mode, bool replace,
                                                const char *text, size_t len);

/* 1 to 63 letters, digits, '.', '_', '-', no leading '.'; else WEFT_INVALID. */
WEFT_MUST_CHECK weft_status weft_key_user_check(weft_ctx *ctx, const char *user);
/* FOLDER/NAME. Errors: WEFT_INVALID when it is too long. */
WEFT_MUST_CHECK weft_status weft_key_path(weft_ctx *ctx, char out[WEFT_KEY_PATH_BYTES], const char *folder,
                                          const char *name);

#endif
