/* client/upload.h - files of this machine that statements name (ADD FILE): their digests and chunks. One
 * thread. */
#ifndef WEFT_CLIENT_UPLOAD_H
#define WEFT_CLIENT_UPLOAD_H

#include "coordinator/session_files.h"

typedef struct weft_local_upload weft_local_upload;

/* Errors: WEFT_NOMEM. Caller frees. */
WEFT_MUST_CHECK weft_status weft_local_upload_new(weft_ctx *ctx, weft_local_upload **out);
void weft_local_upload_free(weft_local_upload **upload);
/* What a session reads them by; lives as long as the upload. A path is that of a plain file; opening it reads
 * it whole, for its digest. */
const weft_upload *weft_local_upload_of(const weft_local_upload *upload);

#endif
