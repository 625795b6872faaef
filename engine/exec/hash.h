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

#endif
