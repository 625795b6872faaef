/* worker/store.c - a list of blocks under one mutex. A job has some thousand blocks at most on one worker,
 * and a task looks up its inputs once, so a scan of the list by name is not worth a hash table yet. */
#include "worker/store.h"

#include <pthread.h>
#include <string.h>

enum { STORE_TRIED_MAX = 4096 }; /* more blocks than a pass under pressure needs */

struct weft_store {
    pthread_mutex_t lock;
    weft_account *owner;
    weft_block **blocks; /* guarded by lock, as are the counts */
    int32_t count, capacity;
};

weft_status weft_store_new(weft_ctx *ctx, weft_account *owner, weft_store **out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(**out), (void **)out));
    pthread_mutex_init(&(*out)->lock, NULL);
    (*out)->owner = owner;
done:
    return st;
}

weft_account *weft_store_account(const weft_store *store) { return store->owner; }

static bool names_equal(const weft_block_name *a, const weft_block_name *b)
{
    return a->job == b->job && a->stage == b->stage && a->generation == b->generation &&
           a->partition == b->partition && a->attempt == b->attempt;
}

static int32_t store_index(const weft_store *store, const weft_block_name *name)
{
    for (int32_t i = 0; i < store->count; i++)
        if (names_equal(weft_block_get_name(store->blocks[i]), name)) return i;
    return -1;
}

weft_status weft_store_put(weft_ctx *ctx, weft_store *store, weft_block *block)
{
    weft_status st = WEFT_OK;
    pthread_mutex_lock(&store->lock);
    const int32_t have = store_index(store, weft_block_get_name(block));
    if (have >= 0) {
        weft_block_release(&store->blocks[have]);
        store->blocks[have] = block;
        goto done;
    }
    if (store->count == store->capacity) {
        const int32_t capacity = store->capacity == 0 ? 64 : store->capacity * 2;
        weft_account *const callers = ctx->memory;
        ctx->memory = store->owner; /* the list outlives the task that makes it grow */
        st = weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(weft_block *),
                             (void **)&store->blocks);
        ctx->memory = callers;
        WEFT_TRY(st, st);
        store->capacity = capacity;
    }
    store->blocks[store->count++] = block;
done:
    pthread_mutex_unlock(&store->lock);
    return st;
}

weft_block *weft_store_find(weft_store *store, const weft_block_name *name)
{
    pthread_mutex_lock(&store->lock);
    const int32_t i = store_index(store, name);
    weft_block *block = i < 0 ? NULL : weft_block_share(store->blocks[i]);
    pthread_mutex_unlock(&store->lock);
    return block;
}

int32_t weft_store_some_stage(weft_store *store, uint64_t job)
{
    int32_t stage = -1;
    pthread_mutex_lock(&store->lock);
    for (int32_t i = 0; i < store->count && stage < 0; i++) {
        const weft_block_name *name = weft_block_get_name(store->blocks[i]);
        if (name->job == job) stage = name->stage;
    }
    pthread_mutex_unlock(&store->lock);
    return stage;
}

int64_t weft_store_drop(weft_store *store, uint64_t job, int32_t stage, int32_t generation)
{
    int64_t spilled = 0;
    pthread_mutex_lock(&store->lock);
    int32_t kept = 0;
    for (int32_t i = 0; i < store->count; i++) {
        const weft_block_name *name = weft_block_get_name(store->blocks[i]);
        if (name->job == job && name->stage == stage && name->generation <= generation) {
            spilled += weft_block_spilled_bytes(store->blocks[i]);
            weft_block_release(&store->blocks[i]);
        } else
            store->blocks[kept++] = store->blocks[i];
    }
    store->count = kept;
    pthread_mutex_unlock(&store->lock);
    return spilled;
}

int64_t weft_store_drop_block(weft_store *store, const weft_block_name *name)
{
    weft_block *block = NULL;
    pthread_mutex_lock(&store->lock);
    const int32_t at = store_index(store, name);
    if (at >= 0) {
        block = store->blocks[at];
        for (int32_t i = at + 1; i < store->count; i++) store->blocks[i - 1] = store->blocks[i];
        store->count--;
    }
    pthread_mutex_unlock(&store->lock);
    if (block == NULL) return 0;
    const int64_t spilled = weft_block_spilled_bytes(block);
    weft_block_release(&block);
    return spilled;
}

weft_status weft_store_list(weft_ctx *ctx, weft_store *store, weft_block_name **names, int32_t *count)
{
    weft_status st = WEFT_OK;
    pthread_mutex_lock(&store->lock);
    *count = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, store->count, names));
    *count = store->count;
    for (int32_t i = 0; i < store->count; i++) (*names)[i] = *weft_block_get_name(store->blocks[i]);
done:
    pthread_mutex_unlock(&store->lock);
    return st;
}

/* A count of the block that holds most memory among those that were not tried yet, or NULL. */
static weft_block *store_largest(weft_store *store, uint64_t *tried)
{
    int32_t best = -1;
    int64_t most = 0;
    pthread_mutex_lock(&store->lock);
    for (int32_t i = 0; i < store->count && i < STORE_TRIED_MAX; i++) {
        const int64_t memory = weft_block_memory_bytes(store->blocks[i]);
        if (memory <= most || weft_bit_get(tried, i)) continue;
        most = memory;
        best = i;
    }
    weft_block *block = best < 0 ? NULL : weft_block_share(store->blocks[best]);
    pthread_mutex_unlock(&store->lock);
    if (best >= 0) weft_bit_set(tried, best);
    return block;
}

weft_status weft_store_spill(weft_ctx *ctx, weft_store *store, int64_t bytes, int64_t *freed)
{
    weft_status st = WEFT_OK;
    uint64_t tried[STORE_TRIED_MAX / 64] = {0}; /* by index: when the list moves, a block is tried twice */
    *freed = 0;
    while (*freed < bytes && st == WEFT_OK) {
        int64_t some = 0;
        weft_block *block = store_largest(store, tried);
        if (block == NULL) break;
        st = weft_block_spill(ctx, block, &some);
        weft_block_release(&block);
        *freed += some;
    }
    return st;
}

void weft_store_free(weft_store **store_p)
{
    weft_store *store = *store_p;
    *store_p = NULL;
    if (store == NULL) return;
    for (int32_t i = 0; i < store->count; i++) weft_block_release(&store->blocks[i]);
    pthread_mutex_destroy(&store->lock);
    weft_mem_free(store->blocks);
    weft_mem_free(store);
}
