/* engine/storage/blob_store.h - blobs: bytes named by their SHA-256, in a folder of this process.
 *
 * A blob is written in chunks, front to back, under a temporary name; when the last one is there its digest
 * is checked, it is made durable and gets its name: whole or not at all. It is never changed. What a crash
 * leaves under a temporary name is removed when the folder is opened again.
 *
 * With a seal each chunk is sealed by itself, with the blob's name and the chunk's number as additional data:
 * no file is of use without the key, and no chunk can be put into another's place. Without one the digest of
 * the whole is what tells a damaged blob: weft_blob_load checks it in both cases.
 *
 * Who no longer needs what is the caller's to say (weft_blob_store_sweep). Bytes are bounded by most_bytes:
 * what would pass them is refused.
 *
 * Any thread; a writer and a reader are of one thread at a time. The store lies in its own account. */
#ifndef WEFT_STORAGE_BLOB_STORE_H
#define WEFT_STORAGE_BLOB_STORE_H

#include "common/blob.h"
#include "common/seal.h"
#include "engine/storage/fs.h"

typedef struct weft_blob_store weft_blob_store;
typedef struct weft_blob_writer weft_blob_writer;

typedef struct weft_blob_store_options {
    const char *folder;    /* made when it is not there; copied */
    const weft_seal *seal; /* borrowed until close; NULL: bytes lie open */
    int64_t most_bytes;    /* of all blobs together; 0: no bound */
    const char *setting;   /* what most_bytes is called, for people; static */
} weft_blob_store_options;

/* Errors: WEFT_IO with the path, WEFT_NOMEM. Memory is charged to ctx->memory until close. */
WEFT_MUST_CHECK weft_status weft_blob_store_open(weft_ctx *ctx, const weft_blob_store_options *options,
                                                 weft_blob_store **out);
/* Nobody else may be in a call. NULL is allowed. */
void weft_blob_store_close(weft_blob_store **store);

/* Is it here, and how long is it? It counts as used now. */
bool weft_blob_find(weft_blob_store *store, const char *name, int64_t *bytes);
/* It stays, whatever a sweep says, until it was let go as often as it was held: who is about to have it named
 * by a record may be kept waiting. False: it is not here. When it is let go it counts as used. */
WEFT_MUST_CHECK bool weft_blob_hold(weft_blob_store *store, const char *name);
void weft_blob_let_go(weft_blob_store *store, const char *name);
/* How many, and their bytes. */
void weft_blob_count(weft_blob_store *store, int32_t *count, int64_t *bytes);
/* Begin to write a blob of so many bytes. *out is NULL when it is here already. Errors: WEFT_INVALID (no
 * name), WEFT_LIMIT (it would pass most_bytes: says which setting), WEFT_NOSPACE, WEFT_IO, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_blob_create(weft_ctx *ctx, weft_blob_store *store, const char *name,
                                             int64_t bytes, weft_blob_writer **out);
/* The next chunk: of weft_blob_chunk_bytes. Errors: WEFT_INVALID (another length, or too many), WEFT_NOSPACE,
 * WEFT_IO. After an error it can only be abandoned. */
WEFT_MUST_CHECK weft_status weft_blob_append(weft_ctx *ctx, weft_blob_writer *writer, const void *chunk,
                                             size_t len);
/* Check, make durable, name. *writer is NULL afterwards on every path. Errors: WEFT_CHECKSUM (it is not what
 * its name says), WEFT_INVALID (chunks are missing), WEFT_NOSPACE, WEFT_IO. */
WEFT_MUST_CHECK weft_status weft_blob_finish(weft_ctx *ctx, weft_blob_writer **writer);
void weft_blob_abandon(weft_blob_writer **writer);
/* All of these in one call; name: gets it. */
WEFT_MUST_CHECK weft_status weft_blob_put(weft_ctx *ctx, weft_blob_store *store, const void *value,
                                          size_t bytes, char name[WEFT_BLOB_NAME_BYTES]);

/* Chunk `index` into `to`, of WEFT_BLOB_CHUNK_BYTES. Errors: WEFT_NOT_FOUND, WEFT_CORRUPT (it is forgotten
 * and removed then, so that it can be had from elsewhere), WEFT_IO, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_blob_read(weft_ctx *ctx, weft_blob_store *store, const char *name,
                                           int32_t index, uint8_t *to, size_t *len);
/* The whole, into ctx->arena, with its digest checked. Errors: as weft_blob_read; WEFT_CORRUPT too when it
 * has another length. */
WEFT_MUST_CHECK weft_status weft_blob_load(weft_ctx *ctx, weft_blob_store *store, const char *name,
                                           size_t bytes, void **value);

/* Remove the blobs whose ids are not in the list (sorted), that nobody holds, and that were last used before
 * before_ns, a time of weft_clock_system from before the list was made: what was put here since may be needed
 * and not be in it, however long the caller was held up. *removed: how many. What cannot be removed is
 * logged. */
void weft_blob_store_sweep(weft_ctx *ctx, weft_blob_store *store, const uint64_t *ids, int32_t count,
                           int64_t before_ns, int32_t *removed);
/* The ids of all that are here, sorted; in ctx->arena. */
WEFT_MUST_CHECK weft_status weft_blob_store_list(weft_ctx *ctx, weft_blob_store *store, uint64_t **ids,
                                                 int32_t *count);
/* The whole name of an id that is here; false: it is not. */
bool weft_blob_name(weft_blob_store *store, uint64_t id, char name[WEFT_BLOB_NAME_BYTES]);

/* For qsort and bsearch over ids. */
int weft_blob_compare_ids(const void *a, const void *b);

#endif
