/* coordinator/session_files.h - the files of one session: ADD FILE, LIST FILES, and what
 * "artifact:files/NAME" means to its statements. A file has a name, once; it is never changed.
 *
 * Of the session's thread. */
#ifndef WEFT_COORDINATOR_SESSION_FILES_H
#define WEFT_COORDINATOR_SESSION_FILES_H

#include "coordinator/artifacts.h"
#include "coordinator/command.h"
#include "coordinator/session_state.h"

/* Where the bytes of a file come from that a statement names. One file at a time. */
typedef struct weft_upload {
    void *self;
    /* Begin with this path, as it was written. Errors: WEFT_NOT_FOUND, WEFT_IO, … */
    weft_status (*open)(weft_ctx *ctx, void *self, const char *path, char sha256[WEFT_BLOB_NAME_BYTES],
                        int64_t *bytes);
    /* Chunk `index` of it (common/blob.h), in order, into `to`. */
    weft_status (*read)(weft_ctx *ctx, void *self, int32_t index, uint8_t *to, size_t *len);
} weft_upload;

typedef struct weft_session_files {
    weft_ctx *ctx;             /* of what lives as long as the session */
    weft_artifacts *artifacts; /* borrowed; NULL: sessions have no files here */
    weft_session_file *files;  /* memory block */
    int32_t count, capacity;
    weft_named_files named; /* for ctx->named of its statements */
} weft_session_files;

void weft_session_files_init(weft_session_files *files, weft_ctx *ctx, weft_artifacts *artifacts);
/* Gives back what it has. */
void weft_session_files_deinit(weft_session_files *files);
/* ADD FILES. *changed: the session has one more. A file of the same name and bytes is there already. Errors:
 * WEFT_EXISTS (other bytes), WEFT_LIMIT, those of upload and of storing. */
WEFT_MUST_CHECK weft_status weft_session_files_add(weft_ctx *ctx, weft_session_files *files, const char *path,
                                                   const weft_upload *upload, bool *changed);
/* LIST FILES: of all, or of those that are named. */
WEFT_MUST_CHECK weft_status weft_session_files_list(weft_ctx *ctx, const weft_session_files *files,
                                                    const char *const *paths, int32_t path_count,
                                                    weft_command_rows *out);
/* One that the session had at an earlier coordinator. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_session_files_restore(weft_session_files *files,
                                                       const weft_session_file *file);

#endif
