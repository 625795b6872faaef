/* engine/exec/block_spill.c - pages between memory and scratch.
 *
 * On disk (and on the wire) a page is its header, its rows and its heap, without the room between them: the
 * heap then lies lower by that room, so `base` in the written header is higher by it, and rebasing the page
 * that was read moves the string pointers right. Every page carries a CRC-32C over exactly those bytes, kept
 * with the reference. */
#include "common/hash.h"
#include "engine/exec/block_private.h"

static size_t page_gap(const weft_row_page *page)
{
    return page->heap_begin - (WEFT_ROW_PAGE_HEADER + (size_t)page->rows * page->row_bytes);
}

size_t weft_page_image_bytes(const weft_row_page *page) { return page->bytes - page_gap(page); }

/* The header of the image. */
static weft_row_page page_closed(const weft_row_page *page)
{
    const size_t gap = page_gap(page);
    weft_row_page header = *page;
    header.next = NULL;
    header.bytes = (uint32_t)(page->bytes - gap);
    header.heap_begin = (uint32_t)(page->heap_begin - gap);
    header.base = page->base + gap;
    return header;
}

void weft_page_image(const weft_row_page *page, uint8_t *to)
{
    const weft_row_page header = page_closed(page);
    const size_t rows_end = header.heap_begin;
    memcpy(to, page, rows_end);
    memcpy(to, &header, sizeof(header)); /* `to` may lie anywhere in a stream of bytes */
    memcpy(to + rows_end, (const uint8_t *)page + page->heap_begin, page->bytes - page->heap_begin);
}

void weft_page_lend(const weft_row_page *page, weft_page_pieces *out)
{
    const weft_row_page header = page_closed(page);
    *out = (weft_page_pieces){.rows = weft_row_page_rows(page),
                              .rows_len = header.heap_begin - WEFT_ROW_PAGE_HEADER,
                              .heap = (const uint8_t *)page + page->heap_begin,
                              .heap_len = page->bytes - page->heap_begin};
    memcpy(out->head, page, sizeof(out->head));
    memcpy(out->head, &header, sizeof(header));
    out->crc = weft_crc32c(0, out->head, sizeof(out->head));
    out->crc = weft_crc32c(out->crc, out->rows, out->rows_len);
    out->crc = weft_crc32c(out->crc, out->heap, out->heap_len);
}

weft_status weft_block_spill_page(weft_ctx *ctx, weft_block *block, block_segment *segment,
                                  const weft_row_page *page)
{
    weft_status st = WEFT_OK;
    uint8_t *image = NULL;
    block_page ref = {.bytes = (uint32_t)weft_page_image_bytes(page), .rows = page->rows};
    if (block->scratch == NULL) WEFT_TRY(st, weft_scratch_open(ctx, block->space, &block->scratch));
    WEFT_TRY(st, weft_block_page_room(ctx, segment));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, ref.bytes, (void **)&image));
    weft_page_image(page, image);
    ref.crc = weft_crc32c(0, image, ref.bytes);
    WEFT_TRY(st, weft_scratch_append(ctx, block->scratch, image, ref.bytes, &ref.offset));
    segment->pages[segment->page_count++] = ref;
    segment->rows += ref.rows;
    segment->bytes += weft_page_data_bytes(page);
    atomic_fetch_add_explicit(&block->spilled_bytes, ref.bytes, memory_order_relaxed);
done:
    weft_mem_free(image);
    return st;
}

weft_status weft_block_load_page(weft_ctx *ctx, const weft_block *block, const block_page *ref, void **buffer)
{
    weft_status st = WEFT_OK;
    if (*buffer != NULL && weft_mem_size(*buffer) < ref->bytes) {
        weft_mem_free(*buffer);
        *buffer = NULL;
    }
    if (*buffer == NULL) WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, ref->bytes, buffer));
    WEFT_TRY(st, weft_scratch_read(ctx, block->scratch, ref->offset, *buffer, ref->bytes));
    weft_row_page *page = *buffer;
    if (weft_crc32c(0, page, ref->bytes) != ref->crc) {
        st = weft_fail(ctx, WEFT_CHECKSUM,
                       "a spilled page of %u bytes at %lld of the block of job %llu stage %d "
                       "task %d came back different",
                       ref->bytes, (long long)ref->offset, (unsigned long long)block->name.job,
                       block->name.stage, block->name.partition);
        goto done;
    }
    weft_row_page_rebase(&block->layout, page); /* our own bytes, unchanged: nothing else to check */
done:
    return st;
}

/* A page that is in memory goes to scratch, at its place in the list. */
static weft_status page_move_out(weft_ctx *ctx, weft_block *block, block_page *ref)
{
    weft_status st = WEFT_OK;
    uint8_t *image = NULL;
    block_page out = {.bytes = (uint32_t)weft_page_image_bytes(ref->page), .rows = ref->rows};
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, out.bytes, (void **)&image));
    weft_page_image(ref->page, image);
    out.crc = weft_crc32c(0, image, out.bytes);
    WEFT_TRY(st, weft_scratch_append(ctx, block->scratch, image, out.bytes, &out.offset));
    atomic_fetch_add_explicit(&block->spilled_bytes, out.bytes, memory_order_relaxed);
    atomic_fetch_sub_explicit(&block->memory_bytes, ref->bytes, memory_order_relaxed);
    weft_row_page_free(&ref->page);
    *ref = out;
done:
    weft_mem_free(image);
    return st;
}

/* Closed pages of one partition that are still in memory. */
static weft_status segment_spill(weft_ctx *ctx, weft_block *block, block_segment *segment, int64_t *freed)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < segment->page_count; i++) {
        block_page *ref = &segment->pages[i];
        if (ref->page == NULL) continue;
        const int64_t bytes = ref->bytes;
        if (block->scratch == NULL) {
            WEFT_TRY(st, weft_scratch_open(ctx, block->space, &block->scratch));
            if (block->owner != NULL) weft_scratch_move(block->scratch, block->owner);
        }
        WEFT_TRY(st, page_move_out(ctx, block, ref));
        *freed += bytes;
    }
done:
    return st;
}

/* Open pages of one partition, from the front. */
static weft_status set_spill(weft_ctx *ctx, weft_block *block, block_segment *segment, weft_row_set *set,
                             bool all, int64_t *freed)
{
    weft_status st = WEFT_OK;
    while (set->first != NULL && (all || set->first != set->last)) {
        weft_row_page *page = set->first;
        if (page->rows > 0) WEFT_TRY(st, weft_block_spill_page(ctx, block, segment, page));
        set->first = page->next;
        if (set->first == NULL) set->last = NULL;
        set->rows -= page->rows;
        set->bytes -= page->bytes;
        set->page_count--;
        *freed += page->bytes;
        weft_row_page_free(&page);
    }
done:
    return st;
}

weft_status weft_block_spill_open(weft_ctx *ctx, weft_block_writer *writer, bool all, int64_t *freed)
{
    weft_status st = WEFT_OK;
    weft_block *block = writer->block;
    *freed = 0;
    for (int32_t p = 0; p < block->partition_count; p++) {
        WEFT_TRY(st, segment_spill(ctx, block, &block->segments[p], freed));
        WEFT_TRY(st, set_spill(ctx, block, &block->segments[p], &writer->sets[p], all, freed));
    }
done:
    return st;
}

weft_status weft_block_spill(weft_ctx *ctx, weft_block *block, int64_t *freed)
{
    weft_status st = WEFT_OK;
    *freed = 0;
    for (int32_t p = 0; p < block->partition_count && st == WEFT_OK; p++) {
        if (block->segments[p].page_count == 0) continue;
        pthread_mutex_lock(&block->lock); /* a partition at a time: nobody waits long */
        if (block->segments[p].pins == 0) st = segment_spill(ctx, block, &block->segments[p], freed);
        pthread_mutex_unlock(&block->lock);
    }
    return st;
}
