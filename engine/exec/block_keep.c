/* engine/exec/block_keep.c - stand-ins that keep the pages that come (block_remote.h).
 *
 * A page is pulled once, by whichever reader needs it first; who needs it meanwhile waits for that one page,
 * and pulls the next itself if need be, so nobody waits for a reader that has stopped. A partition has one
 * stream for all its readers.
 *
 * Memory: pages and streams are charged to the block's owner. When the pool would refuse more, nothing is
 * kept from then on, and readers have streams of their own; pages of pinned partitions stay, as tables
 * point to them. The block's lock guards all but a partition's stream, which belongs to the reader that
 * pulls. */
#include <time.h>

#include "engine/exec/block_private.h"

enum {
    KEEPER_WAIT_NS = 20 * 1000 * 1000, /* between two looks at the cancel flag */
    NS_PER_S = 1000 * 1000 * 1000
};

/* A page that is kept, as it came. */
typedef struct kept_page {
    void *memory;  /* in which it lies */
    uint64_t base; /* of its strings, then */
    uint32_t crc;  /* that its holder gave it */
} kept_page;

typedef struct keeper_part {
    bool pulling; /* some reader is at the stream */
    block_stream stream;
    kept_page *pages; /* [page_count] */
} keeper_part;

struct block_keeper {
    bool keeps;
    int32_t pulling;     /* parts */
    int64_t touched_ns;  /* when the last page came */
    pthread_cond_t came; /* a page, or its reader has failed */
    _Atomic int64_t lent_bytes;
    keeper_part parts[]; /* [partition_count], and the pages of all */
};

weft_block_origin weft_block_get_origin(const weft_block *block) { return block->remote->origin; }

void weft_block_set_origin(weft_block *block, const weft_block_origin *origin)
{
    block->remote->origin = *origin;
}

weft_status weft_block_keep(weft_ctx *ctx, weft_block *block)
{
    weft_status st = WEFT_OK;
    block_keeper *k = NULL;
    pthread_condattr_t attributes;
    weft_account *const callers = ctx->memory;
    const size_t head = sizeof(*k) + (size_t)block->partition_count * sizeof(k->parts[0]);
    size_t pages = 0;
    assert(block->remote != NULL && block->remote->keeper == NULL);
    for (int32_t p = 0; p < block->partition_count; p++) pages += (size_t)block->segments[p].page_count;
    ctx->memory = block->owner;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, head + pages * sizeof(kept_page), (void **)&k));
    kept_page *page = (kept_page *)(void *)&k->parts[block->partition_count];
    for (int32_t p = 0; p < block->partition_count; p++) {
        k->parts[p].pages = page;
        page += block->segments[p].page_count;
    }
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&k->came, &attributes);
    pthread_condattr_destroy(&attributes);
    k->keeps = true;
    k->touched_ns = weft_now_ns(ctx);
    block->remote->keeper = k;
done:
    ctx->memory = callers;
    return st;
}

/* Free what a partition keeps, and how much it was. */
static int64_t part_clear(const weft_block *block, int32_t partition)
{
    const block_segment *segment = &block->segments[partition];
    kept_page *kept = block->remote->keeper->parts[partition].pages;
    int64_t freed = 0;
    for (int32_t i = 0; i < segment->page_count; i++) {
        if (kept[i].memory == NULL) continue;
        weft_mem_free(kept[i].memory);
        kept[i].memory = NULL;
        segment->pages[i].page = NULL;
        freed += segment->pages[i].bytes;
    }
    return freed;
}

void weft_block_keeper_free(weft_block *block)
{
    block_keeper *k = block->remote->keeper;
    if (k == NULL) return;
    for (int32_t p = 0; p < block->partition_count; p++) {
        weft_block_remote_end(block, &k->parts[p].stream);
        (void)part_clear(block, p);
    }
    pthread_cond_destroy(&k->came);
    weft_mem_free(k);
    block->remote->keeper = NULL;
}

/* ---- giving up ---- */

/* Lock held: nothing more is kept. Streams that nobody is at go with their memory. */
static void keeper_stop(const weft_block *block)
{
    block_keeper *k = block->remote->keeper;
    k->keeps = false;
    for (int32_t p = 0; p < block->partition_count; p++)
        if (!k->parts[p].pulling) weft_block_remote_end(block, &k->parts[p].stream);
    pthread_cond_broadcast(&k->came);
}

int64_t weft_block_let_go(weft_block *block)
{
    int64_t freed = 0;
    if (block->remote == NULL || block->remote->keeper == NULL) return 0;
    pthread_mutex_lock(&block->lock);
    keeper_stop(block);
    for (int32_t p = 0; p < block->partition_count; p++)
        if (block->segments[p].pins == 0) freed += part_clear(block, p);
    atomic_fetch_sub_explicit(&block->memory_bytes, freed, memory_order_relaxed);
    pthread_mutex_unlock(&block->lock);
    return freed;
}

bool weft_block_keeps(weft_ctx *ctx, const weft_block *block, int64_t recent_ns)
{
    weft_block *b = (weft_block *)(uintptr_t)block;
    const block_keeper *k = block->remote == NULL ? NULL : block->remote->keeper;
    if (k == NULL) return false;
    pthread_mutex_lock(&b->lock);
    const bool keeps = k->keeps && (k->pulling > 0 || weft_now_ns(ctx) - k->touched_ns <= recent_ns);
    pthread_mutex_unlock(&b->lock);
    return keeps;
}

/* ---- reading ---- */

/* Not locked: this reader is at the stream. */
static weft_status part_pull(weft_ctx *ctx, const weft_block *block, int32_t partition, int32_t at,
                             block_arrival *came)
{
    block_stream *stream = &block->remote->keeper->parts[partition].stream;
    const int32_t end = block->segments[partition].page_count;
    weft_account *const callers = ctx->memory;
    ctx->memory = block->owner;
    const weft_status st = weft_block_remote_pull(ctx, block, partition, at, end, stream, came);
    ctx->memory = callers;
    if (st != WEFT_OK || stream->at == end) weft_block_remote_end(block, stream);
    return st;
}

/* Lock held: the page stays, if there is room for it. */
static bool part_keep(weft_ctx *ctx, weft_block *block, int32_t partition, int32_t at,
                      const block_arrival *came)
{
    block_keeper *k = block->remote->keeper;
    block_page *ref = &block->segments[partition].pages[at];
    k->touched_ns = weft_now_ns(ctx);
    if (k->keeps && weft_mem_would_refuse(ctx, 0)) keeper_stop(block);
    if (!k->keeps || ref->page != NULL) return false;
    ref->page = came->page;
    k->parts[partition].pages[at] = (kept_page){.memory = came->memory, .base = came->base, .crc = came->crc};
    atomic_fetch_add_explicit(&block->memory_bytes, ref->bytes, memory_order_relaxed);
    return true;
}

/* Lock held before and after: pull one page. One that is not kept goes into *page and *buffer. */
static weft_status part_fetch(weft_ctx *ctx, weft_block *block, int32_t partition, int32_t at,
                              const weft_row_page **page, void **buffer)
{
    block_keeper *k = block->remote->keeper;
    keeper_part *part = &k->parts[partition];
    block_arrival came;
    part->pulling = true;
    k->pulling++;
    pthread_mutex_unlock(&block->lock);
    const weft_status st = part_pull(ctx, block, partition, at, &came);
    pthread_mutex_lock(&block->lock);
    if (st == WEFT_OK && !part_keep(ctx, block, partition, at, &came)) {
        weft_mem_move(came.memory, ctx->memory);
        *buffer = came.memory;
        *page = came.page;
    }
    part->pulling = false;
    k->pulling--;
    if (!k->keeps) weft_block_remote_end(block, &part->stream);
    pthread_cond_broadcast(&k->came);
    return st;
}

weft_status weft_block_keeper_page(weft_ctx *ctx, const weft_block *block, int32_t partition, int32_t at,
                                   const weft_row_page **page, void **buffer)
{
    weft_status st = WEFT_OK;
    weft_block *b = (weft_block *)(uintptr_t)block; /* what is kept is no part of what the block holds */
    block_keeper *k = block->remote->keeper;
    const block_page *ref = &block->segments[partition].pages[at];
    weft_mem_free(*buffer);
    *buffer = NULL;
    *page = NULL;
    pthread_mutex_lock(&b->lock);
    while (ref->page == NULL && k->keeps && *buffer == NULL) {
        if (!k->parts[partition].pulling) {
            WEFT_TRY(st, part_fetch(ctx, b, partition, at, page, buffer));
            continue;
        }
        WEFT_TRY(st, weft_check_cancel(ctx));
        const int64_t until_ns = weft_clock_system()->now_ns(NULL) + KEEPER_WAIT_NS;
        const struct timespec until = {.tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S};
        pthread_cond_timedwait(&k->came, &b->lock, &until);
    }
    if (*buffer == NULL) *page = ref->page;
done:
    pthread_mutex_unlock(&b->lock);
    return st;
}

void weft_block_keeper_begin(weft_ctx *ctx, const weft_block *block, int32_t partition, int32_t at)
{
    weft_block *b = (weft_block *)(uintptr_t)block;
    block_keeper *k = block->remote->keeper;
    keeper_part *part = &k->parts[partition];
    const block_segment *segment = &block->segments[partition];
    weft_account *const callers = ctx->memory;
    pthread_mutex_lock(&b->lock);
    const bool mine = k->keeps && !part->pulling && part->stream.stream == NULL &&
                      segment->pages[at].page == NULL;
    if (mine) part->pulling = true;
    pthread_mutex_unlock(&b->lock);
    if (!mine) return;
    ctx->memory = block->owner;
    weft_block_remote_begin(ctx, block, partition, at, segment->page_count, &part->stream);
    ctx->memory = callers;
    pthread_mutex_lock(&b->lock);
    part->pulling = false;
    if (!k->keeps) weft_block_remote_end(block, &part->stream);
    pthread_cond_broadcast(&k->came);
    pthread_mutex_unlock(&b->lock);
}

void weft_block_keeper_idle(const weft_block *block, int32_t partition)
{
    weft_block *b = (weft_block *)(uintptr_t)block;
    keeper_part *part = &block->remote->keeper->parts[partition];
    pthread_mutex_lock(&b->lock);
    if (block->segments[partition].pins == 0 && !part->pulling) weft_block_remote_end(block, &part->stream);
    pthread_mutex_unlock(&b->lock);
}

/* ---- lending ---- */

/* Strings point to where they are here: the bytes that came are made again in a copy. */
static weft_status pieces_copy(weft_ctx *ctx, const weft_block *block, const weft_row_page *page,
                               uint64_t base, weft_page_pieces *out)
{
    weft_row_page *copy = NULL;
    const weft_status st = weft_mem_alloc(ctx, WEFT_MEM_RETAINED, page->bytes, (void **)&copy);
    if (st != WEFT_OK) return st;
    memcpy(copy, page, page->bytes);
    weft_row_page_rebase_to(&block->layout, copy, base);
    memcpy(out->head, copy, sizeof(out->head));
    out->rows = weft_row_page_rows(copy);
    out->loaded = copy;
    out->whole = (const uint8_t *)copy;
    return WEFT_OK;
}

weft_status weft_block_keeper_pieces(weft_ctx *ctx, const weft_block *block, int32_t partition, int32_t at,
                                     weft_page_pieces *out)
{
    weft_status st = WEFT_OK;
    weft_block *b = (weft_block *)(uintptr_t)block;
    pthread_mutex_lock(&b->lock);
    const weft_row_page *page = block->segments[partition].pages[at].page; /* pinned: it stays */
    const kept_page kept = block->remote->keeper->parts[partition].pages[at];
    pthread_mutex_unlock(&b->lock);
    if (page == NULL)
        return weft_fail(ctx, WEFT_FETCH_FAILED, "page %d of partition %d is not kept here", at, partition);
    *out = (weft_page_pieces){.crc = kept.crc, .rows_len = page->bytes - sizeof(out->head)};
    if (block->layout.has_strings) {
        WEFT_TRY(st, pieces_copy(ctx, block, page, kept.base, out));
    } else {
        weft_row_page head = *page;
        head.base = kept.base;
        memcpy(out->head, page, sizeof(out->head));
        memcpy(out->head, &head, sizeof(head));
        out->rows = weft_row_page_rows(page);
        out->whole = (const uint8_t *)page; /* but for its head, which travels apart */
    }
    atomic_fetch_add_explicit(&block->remote->keeper->lent_bytes, page->bytes, memory_order_relaxed);
done:
    return st;
}

int64_t weft_block_lent_bytes(const weft_block *block)
{
    const block_keeper *k = block->remote == NULL ? NULL : block->remote->keeper;
    return k == NULL ? 0 : atomic_load_explicit(&k->lent_bytes, memory_order_relaxed);
}
