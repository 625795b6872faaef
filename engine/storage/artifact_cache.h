/* engine/storage/artifact_cache.h - files of sessions as they are read on this machine: FOLDER/SHA-256,
 * fetched once when somebody asks for one, checked against its digest.
 *
 * The folder is made when it is first needed, and is removed with the cache. Any thread; one file is fetched
 * at a time, and who waits for that sees a cancelled ctx. */
#ifndef WEFT_STORAGE_ARTIFACT_CACHE_H
#define WEFT_STORAGE_ARTIFACT_CACHE_H

#include "engine/storage/blob_store.h"

typedef struct weft_artifact_cache weft_artifact_cache;

/* Where files come from that are not here. */
typedef struct weft_artifact_source {
    void *self;
    /* Put the blob of this name into the store. NULL: there is nowhere to ask. */
    weft_status (*fetch)(weft_ctx *ctx, void *self, const char *sha256, weft_blob_store *into);
} weft_artifact_source;

/* folder: copied. NULL: one of this process's own in its scratch folder. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_artifact_cache_new(weft_ctx *ctx, const char *folder,
                                                    const weft_artifact_source *source,
                                                    weft_artifact_cache **out);
void weft_artifact_cache_free(weft_artifact_cache **cache);
/* The store itself, for who puts files in: named by their digest, in the open. Errors: those of
 * weft_blob_store_open. */
WEFT_MUST_CHECK weft_status weft_artifact_cache_store(weft_ctx *ctx, weft_artifact_cache *cache,
                                                      weft_blob_store **out);
/* Where the file of this digest lies now, in ctx->arena. Errors: WEFT_INVALID (no digest), WEFT_NOT_FOUND,
 * those of fetching. */
WEFT_MUST_CHECK weft_status weft_artifact_cache_place(weft_ctx *ctx, weft_artifact_cache *cache,
                                                      const char *sha256, char **place);
/* For ctx->named: paths with a digest. Lives as long as the cache. */
const weft_named_files *weft_artifact_cache_named(const weft_artifact_cache *cache);

#endif
