/* common/blob.h - blobs as all who keep or carry them see them: bytes named by their SHA-256, in chunks. */
#ifndef WEFT_COMMON_BLOB_H
#define WEFT_COMMON_BLOB_H

#include "common/sha256.h"

enum {
    WEFT_BLOB_NAME_BYTES = WEFT_SHA256_TEXT_BYTES,
    WEFT_BLOB_CHUNK_BYTES = 1 << 20, /* of all chunks but the last */
    WEFT_BLOBS_MAX = 100000          /* of one place */
};

#define WEFT_BLOB_BYTES_MAX (INT64_C(1) << 40) /* of one blob: its chunks are counted by 32 bits */

/* How many chunks so many bytes are; nothing is one empty chunk. */
static inline int32_t weft_blob_chunks(int64_t bytes)
{
    return bytes == 0 ? 1 : (int32_t)((bytes + WEFT_BLOB_CHUNK_BYTES - 1) / WEFT_BLOB_CHUNK_BYTES);
}

/* The bytes of chunk `index` of a blob of `bytes`. */
static inline int64_t weft_blob_chunk_bytes(int64_t bytes, int32_t index)
{
    return weft_min_i64(bytes - (int64_t)index * WEFT_BLOB_CHUNK_BYTES, WEFT_BLOB_CHUNK_BYTES);
}

/* The beginning of a name as a number: how lists of blobs name them. */
static inline uint64_t weft_blob_id(const char *name)
{
    uint64_t id = 0;
    for (int32_t i = 0; i < 16 && name[i] != 0; i++)
        id = id << 4 | (uint64_t)(name[i] <= '9' ? name[i] - '0' : name[i] - 'a' + 10);
    return id;
}

#endif
