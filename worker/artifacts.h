/* worker/artifacts.h - files of sessions as tasks of a worker read them: fetched from the coordinator that
 * leads, once, into a folder of this process (engine/storage/artifact_cache.h).
 *
 * Any thread. */
#ifndef WEFT_WORKER_ARTIFACTS_H
#define WEFT_WORKER_ARTIFACTS_H

#include "common/keys.h"
#include "engine/storage/artifact_cache.h"

typedef struct weft_worker_artifacts weft_worker_artifacts;

/* folder: of the cache, copied; NULL: one in the scratch folder. keys: borrowed; NULL: none. Errors:
 * WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_worker_artifacts_new(weft_ctx *ctx, const char *folder, weft_keys *keys,
                                                      weft_worker_artifacts **out);
/* Where they are from now on, "HOST:PORT"; "": nobody says. */
void weft_worker_artifacts_at(weft_worker_artifacts *artifacts, const char *address);
/* For weft_worker_options. */
const weft_named_files *weft_worker_artifacts_named(const weft_worker_artifacts *artifacts);
/* After weft_worker_stop. NULL is allowed. */
void weft_worker_artifacts_free(weft_worker_artifacts **artifacts);

#endif
