/* engine/exec/hash.h - the one place where operators get the hashes and partitions of rows.
 *
 * Everything that hashes rows (exchange, aggregation, join) goes through here, so that the setting HASH_ZERO
 * (every key collides) reaches all of them. Infallible; any thread. */
#ifndef WEFT_EXEC_HASH_H
#define WEFT_EXEC_HASH_H

#include "common/settings.h"
#include "engine/columnar/column.h"

/* hashes[i]: of the i-th selected row over the key columns (dense); no keys give one hash for all. */
static inline void weft_exec_hash(const weft_ctx *ctx, const weft_batch *batch, const int32_t *keys,
                                  int32_t key_count, uint64_t *hashes)
{
    if (key_count == 0 || WEFT_UNLIKELY(weft_setting(ctx, WEFT_SET_HASH_ZERO) != 0)) {
        memset(hashes, 0, (size_t)batch->selected * sizeof(*hashes));
    } else {
        weft_hash_rows(batch, keys, key_count, hashes);
    }
}

/* A partition is the high bits of the hash: 64 - shift of them. For one partition the shift is 0 by
 * convention. */
static inline int32_t weft_partition_shift(int32_t partition_count)
{
    return partition_count <= 1 ? 0 : 64 - __builtin_ctz((uint32_t)partition_count);
}
static inline uint32_t weft_partition_of(uint64_t hash, int32_t shift)
{
    return shift == 0 ? 0 : (uint32_t)(hash >> shift);
}

/* Where a task's rows belong when something else than their hash has decided it (the bucket of a table whose
 * files the task reads): the high bits of every hash are the task's own, so that partitions, their parts and
 * the tables over them are found as ever. */
typedef struct weft_place {
    uint64_t kept, high; /* bits of the hash that stay; what stands in the others */
} weft_place;
/* The place of a task with partitions [begin, end) of partition_count, a power of two of them that begins at
 * a multiple of it; placed false: rows lie where their hashes say. */
static inline weft_place weft_place_of(bool placed, int32_t partition_count, int32_t begin, int32_t end)
{
    const int32_t width = end - begin;
    if (!placed || width == partition_count) return (weft_place){.kept = UINT64_MAX};
    const int32_t shift = weft_partition_shift(partition_count / width);
    return (weft_place){.kept = (UINT64_C(1) << shift) - 1, .high = (uint64_t)(begin / width) << shift};
}
static inline void weft_exec_hash_at(const weft_ctx *ctx, const weft_batch *batch, const int32_t *keys,
                                     int32_t key_count, weft_place place, uint64_t *hashes)
{
    weft_exec_hash(ctx, batch, keys, key_count, hashes);
    if (place.kept == UINT64_MAX) return;
    for (int32_t i = 0; i < batch->selected; i++) hashes[i] = (hashes[i] & place.kept) | place.high;
}

#endif
