/* client/upload.h - files of this machine that statements name (ADD FILE): their digests and chunks. One
 * thread. */
#ifndef WEFT_CLIENT_UPLOAD_H
#define WEFT_CLIENT_UPLOAD_H

#include "coordinator/session_files.h"
#include "engine/storage/fs.h"

typedef struct weft_local_upload weft_local_upload;

/* Open a plain file, and its digest. Memory of *out is charged to account. Errors: WEFT_NOT_FOUND,
 * WEFT_UNSUPPORTED (a folder), WEFT_IO. */
WEFT_MUST_CHECK weft_status weft_upload_open_file(weft_ctx *ctx, weft_account *account, const char *path,
                                                  weft_file **out, char sha256[WEFT_BLOB_NAME_BYTES]);
/* Chunk `index` of it into `to`, of WEFT_BLOB_CHUNK_BYTES. */
WEFT_MUST_CHECK weft_status weft_upload_read_chunk(weft_ctx *ctx, weft_file *file, int32_t index, uint8_t *to,
                                                   size_t *len);

/* Errors: WEFT_NOMEM. Caller frees. */
WEFT_MUST_CHECK weft_status weft_local_upload_new(weft_ctx *ctx, weft_local_upload **out);
void weft_local_upload_free(weft_local_upload **upload);
/* What a session reads them by; lives as long as the upload. A path is that of a plain file; opening it reads
 * it whole, for its digest. */
const weft_upload *weft_local_upload_of(const weft_local_upload *upload);

#endif
