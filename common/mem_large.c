/* common/mem_large.c - regions of pages, and mappings of their own for what is larger.
 *
 * A region is 32 MiB on huge pages, given out in runs of 4 KiB pages, lowest first, by bitmaps: one of the
 * pages in use, one of those that were touched. The first region of a pool is small and of plain pages, so
 * that a short program does not pay for zeroing 2 MiB where it needs 64 KiB. Blocks above 4 MiB are mapped
 * one by one, aligned to huge pages, and grow by moving their page tables. */
#include "common/mem_large.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    LARGE_PAGE = 4096,
    LARGE_HUGE = 2 << 20,
    LARGE_REGION_FIRST = 4 << 20,
    LARGE_REGION = 32 << 20,
    LARGE_RUN_MAX = 4 << 20, /* the largest block of a region: an eighth, so that holes find a use */
    LARGE_REGION_PAGES = LARGE_REGION / LARGE_PAGE,
    LARGE_WORDS = LARGE_REGION_PAGES / 64
};

struct large_region {
    large_region *next;
    uint8_t *base;
    int32_t pages, free_pages;
    int32_t refused_pages; /* no run of so many is free, nor of more */
    uint64_t used[LARGE_WORDS];
    uint64_t touched[LARGE_WORDS];
};

/* Lies in the first bytes of the mapping itself. */
struct large_mapping {
    large_mapping *next;
    size_t bytes;
};

/* ---- bitmaps ---- */

/* The first bit at or after `from` that is `value`, or `end`. */
static int32_t map_next(const uint64_t *map, int32_t from, int32_t end, bool value)
{
    for (int32_t at = from; at < end;) {
        const uint64_t word = (value ? map[at >> 6] : ~map[at >> 6]) >> (at & 63);
        if (word != 0) return weft_min_i32(at + __builtin_ctzll(word), end);
        at = (at | 63) + 1;
    }
    return end;
}

static void map_fill(uint64_t *map, int32_t from, int32_t count, bool value)
{
    for (int32_t at = from; at < from + count;) {
        const int32_t some = weft_min_i32(64 - (at & 63), from + count - at);
        const uint64_t mask = (some == 64 ? UINT64_MAX : ((uint64_t)1 << some) - 1) << (at & 63);
        map[at >> 6] = value ? map[at >> 6] | mask : map[at >> 6] & ~mask;
        at += some;
    }
}

static int32_t map_count(const uint64_t *map, int32_t from, int32_t count)
{
    int32_t ones = 0;
    for (int32_t at = from; at < from + count;) {
        const int32_t some = weft_min_i32(64 - (at & 63), from + count - at);
        const uint64_t mask = (some == 64 ? UINT64_MAX : ((uint64_t)1 << some) - 1) << (at & 63);
        ones += __builtin_popcountll(map[at >> 6] & mask);
        at += some;
    }
    return ones;
}

/* ---- mappings ---- */

/* bytes of address space that begin on a huge page, which its whole huge pages are asked to be. */
static uint8_t *mapping_new(size_t bytes, bool huge)
{
    uint8_t *raw = mmap(NULL, bytes + LARGE_HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw == MAP_FAILED) return NULL;
    uint8_t *base = (uint8_t *)weft_round_up((size_t)(uintptr_t)raw, LARGE_HUGE);
    const size_t before = (size_t)(base - raw), after = LARGE_HUGE - before;
    if (before > 0) munmap(raw, before);
    if (after > 0) munmap(base + bytes, after);
    const size_t whole = bytes & ~(size_t)(LARGE_HUGE - 1);
    if (huge && whole > 0) madvise(base, whole, MADV_HUGEPAGE); /* only a wish: plain pages do as well */
    return base;
}

/* A kept mapping that is large enough and not much larger; its surplus goes back. */
static uint8_t *mapping_reuse(weft_large *large, size_t bytes)
{
    large_mapping **best = NULL;
    for (large_mapping **m = &large->mappings; *m != NULL; m = &(*m)->next) {
        if ((*m)->bytes < bytes || (*m)->bytes - bytes > bytes / 4) continue;
        if (best == NULL || (*m)->bytes < (*best)->bytes) best = m;
    }
    if (best == NULL) return NULL;
    large_mapping *mapping = *best;
    const size_t had = mapping->bytes;
    *best = mapping->next;
    atomic_fetch_sub_explicit(&large->kept_bytes, (int64_t)had, memory_order_relaxed);
    if (had > bytes) munmap((uint8_t *)mapping + bytes, had - bytes);
    return (uint8_t *)mapping;
}

static bool mapping_take(weft_large *large, size_t bytes, weft_large_block *out)
{
    pthread_mutex_lock(&large->lock);
    uint8_t *base = mapping_reuse(large, bytes);
    pthread_mutex_unlock(&large->lock);
    const bool fresh = base == NULL;
    if (fresh) base = mapping_new(bytes, true);
    *out = (weft_large_block){.base = base, .bytes = bytes, .zero = fresh};
    return base != NULL;
}

static bool mapping_resize(size_t bytes, weft_large_block *block)
{
    if (bytes <= block->bytes) {
        if (bytes < block->bytes) munmap(block->base + bytes, block->bytes - bytes);
        block->bytes = bytes;
        return true;
    }
    uint8_t *place = mapping_new(bytes, true);
    if (place == NULL) return false;
    void *moved = mremap(block->base, block->bytes, block->bytes, MREMAP_MAYMOVE | MREMAP_FIXED, place);
    if (moved == MAP_FAILED) {
        munmap(place, bytes);
        return false;
    }
    block->base = place;
    block->bytes = bytes;
    return true;
}

/* ---- regions ---- */

static large_region *region_new(weft_large *large)
{
    large_region *region = calloc(1, sizeof *region);
    if (region == NULL) return NULL;
    const bool first = large->regions == NULL;
    const size_t bytes = first ? LARGE_REGION_FIRST : LARGE_REGION;
    region->base = mapping_new(bytes, !first);
    if (region->base == NULL) {
        free(region);
        return NULL;
    }
    region->pages = (int32_t)(bytes / LARGE_PAGE);
    region->free_pages = region->pages;
    region->refused_pages = INT32_MAX;
    large_region **end = &large->regions; /* at the end: older ones stay full, newer ones can go */
    while (*end != NULL) end = &(*end)->next;
    *end = region;
    return region;
}

/* The first free run of so many pages, or -1. */
static int32_t region_find(large_region *region, int32_t pages)
{
    if (pages > region->free_pages || pages >= region->refused_pages) return -1;
    for (int32_t from = 0;;) {
        from = map_next(region->used, from, region->pages, false);
        if (region->pages - from < pages) break;
        const int32_t end = map_next(region->used, from, from + pages, true);
        if (end - from == pages) return from;
        from = end;
    }
    region->refused_pages = pages;
    return -1;
}

/* Mark free pages as used; true when the kernel never saw one of them. */
static bool region_claim(weft_large *large, large_region *region, int32_t from, int32_t pages)
{
    const int32_t touched = map_count(region->touched, from, pages);
    map_fill(region->used, from, pages, true);
    region->free_pages -= pages;
    atomic_fetch_sub_explicit(&large->kept_bytes, (int64_t)touched * LARGE_PAGE, memory_order_relaxed);
    return touched == 0;
}

static void region_release(weft_large *large, large_region *region, int32_t from, int32_t pages)
{
    WEFT_DASSERT(map_count(region->used, from, pages) == pages);
    map_fill(region->used, from, pages, false);
    map_fill(region->touched, from, pages, true);
    region->free_pages += pages;
    region->refused_pages = INT32_MAX;
    atomic_fetch_add_explicit(&large->kept_bytes, (int64_t)pages * LARGE_PAGE, memory_order_relaxed);
}

static bool region_take(weft_large *large, size_t bytes, weft_large_block *out)
{
    const int32_t pages = (int32_t)(bytes / LARGE_PAGE);
    int32_t from = -1;
    pthread_mutex_lock(&large->lock);
    large_region *region = large->regions;
    for (; region != NULL; region = region->next) {
        from = region_find(region, pages);
        if (from >= 0) break;
    }
    while (region == NULL) {
        region = region_new(large);
        if (region == NULL) break;
        from = region_find(region, pages);
        if (from < 0) region = NULL; /* the first one is small */
    }
    if (region != NULL) {
        const bool zero = region_claim(large, region, from, pages);
        *out = (weft_large_block){
            .base = region->base + (size_t)from * LARGE_PAGE, .bytes = bytes, .region = region, .zero = zero};
    }
    pthread_mutex_unlock(&large->lock);
    return region != NULL;
}

static bool region_resize(weft_large *large, size_t bytes, weft_large_block *block)
{
    large_region *region = block->region;
    const int32_t from = (int32_t)((size_t)(block->base - region->base) / LARGE_PAGE);
    const int32_t had = (int32_t)(block->bytes / LARGE_PAGE), want = (int32_t)(bytes / LARGE_PAGE);
    bool done = true;
    pthread_mutex_lock(&large->lock);
    if (want < had) {
        region_release(large, region, from + want, had - want);
    } else if (from + want > region->pages ||
               map_next(region->used, from + had, from + want, true) < from + want) {
        done = false;
    } else if (want > had) {
        region_claim(large, region, from + had, want - had);
    }
    pthread_mutex_unlock(&large->lock);
    if (done) block->bytes = bytes;
    return done;
}

/* ---- both ---- */

void weft_large_init(weft_large *large)
{
    *large = (weft_large){0};
    pthread_mutex_init(&large->lock, NULL);
}

void weft_large_deinit(weft_large *large)
{
    weft_large_trim(large);
    assert(large->regions == NULL); /* a block outlives its pool */
    pthread_mutex_destroy(&large->lock);
}

bool weft_large_take(weft_large *large, size_t bytes, weft_large_block *out)
{
    bytes = weft_round_up(bytes, LARGE_PAGE);
    return bytes > LARGE_RUN_MAX ? mapping_take(large, bytes, out) : region_take(large, bytes, out);
}

bool weft_large_resize(weft_large *large, size_t bytes, weft_large_block *block)
{
    bytes = weft_round_up(bytes, LARGE_PAGE);
    if (block->region != NULL) return bytes <= LARGE_RUN_MAX && region_resize(large, bytes, block);
    return bytes > LARGE_RUN_MAX && mapping_resize(bytes, block);
}

void weft_large_give(weft_large *large, const weft_large_block *block)
{
    pthread_mutex_lock(&large->lock);
    if (block->region != NULL) {
        const size_t from = (size_t)(block->base - block->region->base) / LARGE_PAGE;
        region_release(large, block->region, (int32_t)from, (int32_t)(block->bytes / LARGE_PAGE));
    } else {
        large_mapping *mapping = (large_mapping *)(void *)block->base;
        *mapping = (large_mapping){.next = large->mappings, .bytes = block->bytes};
        large->mappings = mapping;
        atomic_fetch_add_explicit(&large->kept_bytes, (int64_t)block->bytes, memory_order_relaxed);
    }
    pthread_mutex_unlock(&large->lock);
}

/* Untouch the free pages of a region that is in use. */
static void region_trim(large_region *region)
{
    for (int32_t from = 0; from < region->pages;) {
        from = map_next(region->used, from, region->pages, false);
        const int32_t end = map_next(region->used, from, region->pages, true);
        if (end > from && map_count(region->touched, from, end - from) > 0) {
            madvise(region->base + (size_t)from * LARGE_PAGE, (size_t)(end - from) * LARGE_PAGE,
                    MADV_DONTNEED);
            map_fill(region->touched, from, end - from, false);
        }
        from = end;
    }
}

void weft_large_trim(weft_large *large)
{
    pthread_mutex_lock(&large->lock);
    for (large_mapping *mapping = large->mappings; mapping != NULL;) {
        large_mapping *next = mapping->next;
        munmap(mapping, mapping->bytes);
        mapping = next;
    }
    large->mappings = NULL;
    for (large_region **link = &large->regions; *link != NULL;) {
        large_region *region = *link;
        if (region->free_pages == region->pages) {
            *link = region->next;
            munmap(region->base, (size_t)region->pages * LARGE_PAGE);
            free(region);
        } else {
            region_trim(region);
            link = &region->next;
        }
    }
    atomic_store_explicit(&large->kept_bytes, 0, memory_order_relaxed);
    pthread_mutex_unlock(&large->lock);
}
