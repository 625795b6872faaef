/* engine/exec/force_spill.h - the test setting that makes operators spill. */
#ifndef WEFT_EXEC_FORCE_SPILL_H
#define WEFT_EXEC_FORCE_SPILL_H

#include "common/hash.h"
#include "common/mem.h"
#include "common/settings.h"

/* Shall this operator spill here? With a seed about every second time: by the memory in use, so that two
 * attempts of one task spill at different points, and must give the same all the same. */
static inline bool weft_force_spill(const weft_ctx *ctx)
{
    if (WEFT_LIKELY(weft_setting(ctx, WEFT_SET_FORCE_SPILL) == 0)) return false;
    const int64_t seed = weft_setting(ctx, WEFT_SET_SPILL_SEED);
    if (seed == 0) return true;
    return weft_hash_u64((uint64_t)(seed + weft_pool_used_bytes(weft_account_pool(ctx->memory)))) >> 63;
}

#endif
