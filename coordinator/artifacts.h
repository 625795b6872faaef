/* coordinator/artifacts.h - the files that sessions of this coordinator have: who needs which, and where
 * their bytes are. In a cluster bytes are blobs of the coordinators (blobs.h), and what statements read is a
 * copy in the cache of this process; embedded there is only the cache.
 *
 * Any thread. */
#ifndef WEFT_COORDINATOR_ARTIFACTS_H
#define WEFT_COORDINATOR_ARTIFACTS_H

#include "coordinator/blobs.h"
#include "engine/storage/artifact_cache.h"

typedef struct weft_artifacts weft_artifacts;

/* folder: of the cache; NULL: one in the scratch folder. blobs: borrowed; NULL: embedded. Errors: WEFT_NOMEM.
 */
WEFT_MUST_CHECK weft_status weft_artifacts_new(weft_ctx *ctx, const char *folder, weft_blobs *blobs,
                                               weft_artifacts **out);
void weft_artifacts_free(weft_artifacts **artifacts);
weft_artifact_cache *weft_artifacts_cache(const weft_artifacts *artifacts);

/* Begin to write one; *out is NULL when it is here. Errors: those of weft_blob_create. */
WEFT_MUST_CHECK weft_status weft_artifacts_create(weft_ctx *ctx, weft_artifacts *artifacts,
                                                  const char *sha256, int64_t bytes, weft_blob_writer **out);
/* It is here: make it outlive this process as a session does. Errors: those of weft_blobs_spread. */
WEFT_MUST_CHECK weft_status weft_artifacts_publish(weft_ctx *ctx, weft_artifacts *artifacts,
                                                   const char *sha256);

/* A session has it; and has it no longer. What no session has is removed. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_artifacts_hold(weft_ctx *ctx, weft_artifacts *artifacts, const char *sha256);
void weft_artifacts_release(weft_ctx *ctx, weft_artifacts *artifacts, const char *sha256);

#endif
