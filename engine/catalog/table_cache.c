/* engine/catalog/table_cache.c - see table_cache.h. */
#include "engine/catalog/table_cache.h"

#include <string.h>
#include <strings.h>

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcasecmp(a, b) == 0;
}

weft_cached_table *weft_table_cache_find(const weft_table_cache *cache, const char *database,
                                         const char *name)
{
    for (int32_t i = 0; i < cache->entries.count; i++) {
        weft_cached_table *e = (weft_cached_table *)(uintptr_t)cache->entries.items[i];
        if (is_same(e->database, database) && is_same(e->name, name)) return e;
    }
    return NULL;
}

static void entry_free(weft_cached_table *e)
{
    weft_own_memory_close(&e->filled);
    weft_own_memory_close(&e->memory);
    weft_mem_free(e);
}

weft_status weft_table_cache_add(weft_ctx *list, weft_table_cache *cache, const char *database,
                                 const char *name, bool compressed, weft_cached_table **out)
{
    weft_status st = WEFT_OK;
    weft_cached_table *e = NULL;
    weft_ctx ctx;
    char *copy = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(list, WEFT_MEM_WORKING, sizeof(*e), (void **)&e));
    if (!weft_own_memory_open(&e->memory, INT64_MAX, "cache"))
        WEFT_TRY(st, weft_fail(list, WEFT_NOMEM, "no memory for a cached table"));
    weft_ctx_init(&ctx, e->memory.arena, e->memory.account, list->settings);
    st = weft_arena_copy(&ctx, ctx.arena, name, strlen(name), &copy);
    e->name = copy;
    if (st == WEFT_OK && database != NULL) {
        st = weft_arena_copy(&ctx, ctx.arena, database, strlen(database), &copy);
        e->database = copy;
    }
    if (st != WEFT_OK) WEFT_TRY(st, weft_error_copy(list, &ctx));
    e->compressed = compressed;
    WEFT_TRY(st, weft_pointers_push(list, &cache->entries, e));
    *out = e;
    e = NULL;
done:
    if (e != NULL) entry_free(e);
    return st;
}

weft_status weft_table_cache_begin(weft_ctx *list, weft_cached_table *e)
{
    e->ready = e->wanted = false;
    e->definition = NULL;
    e->source_count = 0;
    weft_own_memory_close(&e->filled);
    if (!weft_own_memory_open(&e->filled, INT64_MAX, "cache"))
        return weft_fail(list, WEFT_NOMEM, "no memory for a cached table");
    weft_ctx_init(&e->ctx, e->filled.arena, e->filled.account, list->settings);
    return WEFT_OK;
}

static bool is_made_of(const weft_cached_table *e, const char *database, const char *name)
{
    for (int32_t i = 0; i < e->source_count; i++)
        if (is_same(e->sources[2 * i], database) && is_same(e->sources[2 * i + 1], name)) return true;
    return false;
}

void weft_table_cache_written(weft_table_cache *cache, const char *database, const char *name)
{
    for (int32_t i = 0; i < cache->entries.count; i++) {
        weft_cached_table *e = (weft_cached_table *)(uintptr_t)cache->entries.items[i];
        if (is_made_of(e, database, name)) e->ready = false;
    }
}

weft_cached_table *weft_table_cache_wanted(const weft_table_cache *cache)
{
    for (int32_t i = 0; i < cache->entries.count; i++) {
        weft_cached_table *e = (weft_cached_table *)(uintptr_t)cache->entries.items[i];
        if (e->wanted) return e;
    }
    return NULL;
}

static void remove_at(weft_table_cache *cache, int32_t index)
{
    entry_free((weft_cached_table *)(uintptr_t)cache->entries.items[index]);
    for (int32_t i = index + 1; i < cache->entries.count; i++)
        cache->entries.items[i - 1] = cache->entries.items[i];
    cache->entries.count--;
}

void weft_table_cache_remove(weft_table_cache *cache, weft_cached_table *entry)
{
    for (int32_t i = 0; i < cache->entries.count; i++) { /* its names are read below, so it goes last */
        weft_cached_table *e = (weft_cached_table *)(uintptr_t)cache->entries.items[i];
        if (e == entry || !is_made_of(e, entry->database, entry->name)) continue;
        remove_at(cache, i--);
    }
    for (int32_t i = 0; i < cache->entries.count; i++) {
        if (cache->entries.items[i] != entry) continue;
        remove_at(cache, i);
        break;
    }
}

void weft_table_cache_clear(weft_table_cache *cache)
{
    while (cache->entries.count > 0) remove_at(cache, cache->entries.count - 1);
}
