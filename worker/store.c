/* worker/store.c - a list of blocks in the order in which they came, and a hash table from names to places in
 * it (open addressing, at most half full, built anew when blocks go), under one mutex. */
#include "worker/store.h"

#include <pthread.h>
#include <string.h>

#include "common/hash.h"

enum { STORE_TRIED_MAX = 4096 }; /* more blocks than a pass under pressure needs */

struct weft_store {
    pthread_mutex_t lock;
    weft_account *owner;
    weft_block **blocks;   /* guarded by lock, as are the counts */
    weft_parcel **reports; /* of each, or NULL */
    int32_t count, capacity;
    int32_t *table; /* [2 * capacity]: a place in the list and 1, or 0 */
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

/* Where the name is in the table, or the free entry that it would have. There is a table. */
static int32_t store_slot(const weft_store *store, const weft_block_name *name)
{
    const uint32_t mask = (uint32_t)store->capacity * 2 - 1;
    uint64_t hash =
        weft_hash_combine(name->job, (uint64_t)(uint32_t)name->stage << 32 | (uint32_t)name->partition);
    hash = weft_hash_combine(hash, (uint64_t)(uint32_t)name->generation << 32 | (uint32_t)name->attempt);
    uint32_t at = (uint32_t)(hash >> 32) & mask;
    while (store->table[at] != 0 &&
           !weft_block_name_equal(weft_block_get_name(store->blocks[store->table[at] - 1]), name))
        at = (at + 1) & mask;
    return (int32_t)at;
}

static int32_t store_index(const weft_store *store, const weft_block_name *name)
{
    return store->count == 0 ? -1 : store->table[store_slot(store, name)] - 1;
}

/* After the list has changed otherwise than at its end. */
static void store_rebuild(weft_store *store)
{
    if (store->table == NULL) return;
    memset(store->table, 0, (size_t)store->capacity * 2 * sizeof(*store->table));
    for (int32_t i = 0; i < store->count; i++)
        store->table[store_slot(store, weft_block_get_name(store->blocks[i]))] = i + 1;
}

/* Room for one more. The list outlives the task that makes it grow. */
static weft_status store_grow(weft_ctx *ctx, weft_store *store)
{
    weft_status st = WEFT_OK;
    int32_t *table = NULL;
    weft_account *const callers = ctx->memory;
    const int32_t capacity = store->capacity == 0 ? 64 : store->capacity * 2;
    ctx->memory = store->owner;
    WEFT_TRY(st,
             weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)capacity * 2 * sizeof(*table), (void **)&table));
    WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(weft_block *),
                                 (void **)&store->blocks));
    WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)capacity * sizeof(weft_parcel *),
                                 (void **)&store->reports));
    weft_mem_free(store->table);
    store->table = table;
    table = NULL;
    store->capacity = capacity;
    store_rebuild(store);
done:
    ctx->memory = callers;
    weft_mem_free(table);
    return st;
}

weft_status weft_store_put(weft_ctx *ctx, weft_store *store, weft_block *block)
{
    weft_status st = WEFT_OK;
    pthread_mutex_lock(&store->lock);
    if (store->count == store->capacity) WEFT_TRY(st, store_grow(ctx, store));
    int32_t *entry = &store->table[store_slot(store, weft_block_get_name(block))];
    if (*entry != 0) {
        weft_block_release(&store->blocks[*entry - 1]);
        weft_parcel_release(&store->reports[*entry - 1]);
        store->blocks[*entry - 1] = block;
        goto done;
    }
    *entry = store->count + 1;
    store->reports[store->count] = NULL;
    store->blocks[store->count++] = block;
done:
    pthread_mutex_unlock(&store->lock);
    return st;
}

void weft_store_keep(weft_store *store, const weft_block_name *name, weft_parcel *report)
{
    pthread_mutex_lock(&store->lock);
    const int32_t at = store_index(store, name);
    if (at >= 0) {
        weft_parcel_release(&store->reports[at]);
        store->reports[at] = report;
        report = NULL;
    }
    pthread_mutex_unlock(&store->lock);
    weft_parcel_release(&report);
}

weft_status weft_store_reports(weft_ctx *ctx, weft_store *store, weft_parcel ***reports, int32_t *count)
{
    weft_status st = WEFT_OK;
    *count = 0;
    pthread_mutex_lock(&store->lock);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, store->count, reports));
    for (int32_t i = 0; i < store->count; i++)
        if (store->reports[i] != NULL) (*reports)[(*count)++] = weft_parcel_share(store->reports[i]);
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

/* Its block is dropped; the report may still be on its way. */
static void report_void(weft_parcel **report)
{
    if (*report != NULL) weft_parcel_void(*report);
    weft_parcel_release(report);
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
            report_void(&store->reports[i]);
        } else {
            store->reports[kept] = store->reports[i];
            store->blocks[kept++] = store->blocks[i];
        }
    }
    if (kept < store->count) {
        store->count = kept;
        store_rebuild(store);
    }
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
        report_void(&store->reports[at]);
        for (int32_t i = at + 1; i < store->count; i++) {
            store->blocks[i - 1] = store->blocks[i];
            store->reports[i - 1] = store->reports[i];
        }
        store->count--;
        store_rebuild(store);
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
    for (int32_t i = 0; i < store->count; i++) {
        weft_block_release(&store->blocks[i]);
        weft_parcel_release(&store->reports[i]);
    }
    pthread_mutex_destroy(&store->lock);
    weft_mem_free(store->blocks);
    weft_mem_free(store->reports);
    weft_mem_free(store->table);
    weft_mem_free(store);
}
