/* common/mem_large.c - regions of pages, and mappings of their own for what is larger.
 *
 * A region is 32 MiB on huge pages, given out in runs of 4 KiB pages, lowest first, by bitmaps: of the pages
 * in use, of those that were given out before, and of those that memory lies behind. The last is what the
 * kernel does: the first touch of a huge page makes all of it resident, so all of it counts as kept. The
 * first region of a pool is small and of plain pages, so that a short program does not pay for zeroing 2 MiB
 * where it needs 64 KiB. Blocks above 4 MiB are mapped one by one, aligned to huge pages, and grow by moving
 * their page tables.
 *
 * Trimming gives back what is cheapest to lose first: kept mappings, the oldest first, regions without a
 * block, then free pages of the newest regions. A huge page of which a part goes back is plain from then on,
 * else the kernel would put it together again and fill the holes; it is huge again once it is free as a
 * whole. */
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
    LARGE_WORDS = LARGE_REGION_PAGES / 64,
    LARGE_CHUNK_PAGES = LARGE_HUGE / LARGE_PAGE, /* a chunk: the place of one huge page */
    LARGE_CHUNKS = LARGE_REGION / LARGE_HUGE
};
_Static_assert(LARGE_CHUNKS <= 32, "the chunks of a region are the bits of a word");

struct large_region {
    large_region *next;
    uint8_t *base;
    int32_t pages, free_pages;
    int32_t refused_pages; /* no run of so many is free, nor of more */
    uint32_t plain;        /* bits of chunks that are not huge pages */
    uint64_t used[LARGE_WORDS];
    uint64_t dirty[LARGE_WORDS];    /* given out since the kernel last filled them with zero */
    uint64_t resident[LARGE_WORDS]; /* memory may lie behind; those of them that are not used are kept */
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
    region->plain = first ? UINT32_MAX : 0;
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

/* Memory comes to lie behind free pages that are about to be used: behind whole huge pages where they are
 * the first of one. Returns how many pages more are resident. */
static int32_t region_fault(large_region *region, int32_t from, int32_t pages)
{
    int32_t more = 0;
    for (int32_t at = from; at < from + pages;) {
        const int32_t chunk = at / LARGE_CHUNK_PAGES, begin = chunk * LARGE_CHUNK_PAGES;
        const int32_t end = weft_min_i32(begin + LARGE_CHUNK_PAGES, from + pages);
        int32_t first = at, some = end - at;
        if ((region->plain >> chunk & 1) == 0 && map_count(region->resident, begin, LARGE_CHUNK_PAGES) == 0) {
            first = begin;
            some = LARGE_CHUNK_PAGES;
        }
        more += some - map_count(region->resident, first, some);
        map_fill(region->resident, first, some, true);
        at = end;
    }
    return more;
}

/* Mark free pages as used; true when nobody had any of them since the kernel filled them with zero. */
static bool region_claim(weft_large *large, large_region *region, int32_t from, int32_t pages)
{
    const bool zero = map_count(region->dirty, from, pages) == 0;
    const int32_t more = region_fault(region, from, pages);
    map_fill(region->used, from, pages, true);
    map_fill(region->dirty, from, pages, true);
    region->free_pages -= pages;
    atomic_fetch_add_explicit(&large->kept_bytes, (int64_t)(more - pages) * LARGE_PAGE, memory_order_relaxed);
    return zero;
}

static void region_release(weft_large *large, large_region *region, int32_t from, int32_t pages)
{
    WEFT_DASSERT(map_count(region->used, from, pages) == pages);
    map_fill(region->used, from, pages, false);
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
    weft_large_trim(large, INT64_MAX);
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

/* ---- giving back ---- */

static void trimmed(weft_large *large, int64_t bytes, int64_t *left)
{
    atomic_fetch_sub_explicit(&large->kept_bytes, bytes, memory_order_relaxed);
    *left -= bytes;
}

static void trim_mappings(weft_large *large, int64_t *left)
{
    while (*left > 0 && large->mappings != NULL) {
        large_mapping **last = &large->mappings;
        while ((*last)->next != NULL) last = &(*last)->next;
        large_mapping *oldest = *last;
        const size_t bytes = oldest->bytes;
        *last = NULL;
        munmap(oldest, bytes);
        trimmed(large, (int64_t)bytes, left);
    }
}

static void trim_regions(weft_large *large, int64_t *left)
{
    for (large_region **link = &large->regions; *link != NULL && *left > 0;) {
        large_region *region = *link;
        if (region->free_pages < region->pages) {
            link = &region->next;
            continue;
        }
        *link = region->next;
        trimmed(large, (int64_t)map_count(region->resident, 0, region->pages) * LARGE_PAGE, left);
        munmap(region->base, (size_t)region->pages * LARGE_PAGE);
        free(region);
    }
}

/* Free pages [from, to) go back to the kernel. */
static int32_t trim_run(large_region *region, int32_t from, int32_t to)
{
    const int32_t resident = map_count(region->resident, from, to - from);
    if (resident == 0) return 0;
    madvise(region->base + (size_t)from * LARGE_PAGE, (size_t)(to - from) * LARGE_PAGE, MADV_DONTNEED);
    map_fill(region->resident, from, to - from, false);
    map_fill(region->dirty, from, to - from, false);
    return resident;
}

/* The free pages of one chunk. The kernel may refuse an advice: then pages are plain where huge ones were
 * hoped for, or the other way round until the next trim. */
static int32_t trim_chunk(large_region *region, int32_t chunk)
{
    const int32_t begin = chunk * LARGE_CHUNK_PAGES, end = begin + LARGE_CHUNK_PAGES;
    uint8_t *base = region->base + (size_t)begin * LARGE_PAGE;
    const bool plain = (region->plain >> chunk & 1) != 0, first = region->pages < LARGE_REGION_PAGES;
    const int32_t used = map_count(region->used, begin, LARGE_CHUNK_PAGES);
    int32_t given = 0;
    if (map_count(region->resident, begin, LARGE_CHUNK_PAGES) == used) return 0;
    if (used > 0 && !plain) {
        madvise(base, LARGE_HUGE, MADV_NOHUGEPAGE);
        region->plain |= (uint32_t)1 << chunk;
    }
    for (int32_t from = map_next(region->used, begin, end, false); from < end;) {
        const int32_t to = map_next(region->used, from, end, true);
        given += trim_run(region, from, to);
        from = map_next(region->used, to, end, false);
    }
    if (used == 0 && plain && !first) {
        madvise(base, LARGE_HUGE, MADV_HUGEPAGE);
        region->plain &= ~((uint32_t)1 << chunk);
    }
    return given;
}

static void trim_pages(weft_large *large, int64_t *left)
{
    large_region *done = NULL;
    while (*left > 0 && large->regions != done) {
        large_region *region = large->regions;
        while (region->next != done) region = region->next;
        const int32_t chunks = region->pages / LARGE_CHUNK_PAGES;
        for (int32_t chunk = chunks - 1; chunk >= 0 && *left > 0; chunk--)
            trimmed(large, (int64_t)trim_chunk(region, chunk) * LARGE_PAGE, left);
        done = region;
    }
}

void weft_large_trim(weft_large *large, int64_t bytes)
{
    pthread_mutex_lock(&large->lock);
    int64_t left = bytes;
    trim_mappings(large, &left);
    trim_regions(large, &left);
    trim_pages(large, &left);
    pthread_mutex_unlock(&large->lock);
}
