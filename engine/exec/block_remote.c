/* engine/exec/block_remote.c - see block_remote.h: the reader's end.
 *
 * A stand-in is a weft_block whose pages are neither in memory nor in scratch: its directory comes from the
 * header, and lies with it in one memory block. A reader opens a stream of the origin when it first needs a
 * page; pages that it skips before cost nothing. */
#include "common/hash.h"
#include "engine/exec/block_private.h"

bool weft_block_is_remote(const weft_block *block) { return block->remote != NULL; }

void weft_fetch_failed(weft_ctx *ctx, weft_status status, const weft_block_name *name)
{
    weft_fetch_failure *failure = ctx->fetch_failure;
    if (failure == NULL || failure->has) return;
    if (status != WEFT_FETCH_FAILED && status != WEFT_UNREACHABLE && status != WEFT_CHECKSUM &&
        status != WEFT_CORRUPT)
        return;
    *failure = (weft_fetch_failure){.has = true, .unreachable = status == WEFT_UNREACHABLE, .name = *name};
}

/* ---- making one ---- */

static weft_status header_wrong(weft_ctx *ctx, const weft_block_name *name, const char *what)
{
    return weft_fail(ctx, WEFT_CORRUPT, "the block of job %llu stage %d task %d has %s",
                     (unsigned long long)name->job, name->stage, name->partition, what);
}

/* Does it agree with itself and with rows of this layout? *pages, *runs: how many there are. */
static weft_status header_check(weft_ctx *ctx, const weft_block_name *name, const weft_row_layout *layout,
                                const weft_block_header *h, int64_t *pages, int64_t *runs)
{
    const uint32_t partitions = (uint32_t)h->partition_count;
    *pages = *runs = 0;
    if (h->types != weft_block_types_fingerprint(layout->types, layout->count))
        return header_wrong(ctx, name, "other columns than its stage");
    if (partitions < 1 || partitions > WEFT_PARTITIONS_MAX || (partitions & (partitions - 1)) != 0)
        return header_wrong(ctx, name, "a number of partitions that is no power of two");
    if (h->key_count < 0 || h->key_count > BLOCK_KEYS_MAX || h->marks_count < 0)
        return header_wrong(ctx, name, "too many keys or marks");
    for (int32_t p = 0; p < h->partition_count; p++) {
        int32_t last = 0;
        if (h->page_counts[p] < 0 || h->run_counts[p] < 0)
            return header_wrong(ctx, name, "fewer than no pages");
        for (int32_t r = 0; r < h->run_counts[p]; r++) {
            const int32_t end = h->run_ends[(*runs)++];
            if (end < last || end > h->page_counts[p]) return header_wrong(ctx, name, "runs out of order");
            last = end;
        }
        for (int32_t i = 0; i < h->page_counts[p]; i++, (*pages)++) {
            const uint64_t rows = (uint64_t)h->page_rows[*pages] * (uint32_t)layout->row_bytes;
            if (h->page_bytes[*pages] < WEFT_ROW_PAGE_HEADER + rows)
                return header_wrong(ctx, name, "a page with more rows than fit");
        }
    }
    if (h->first_count != 0 && (h->partition_count != 1 || h->first_count != *pages))
        return header_wrong(ctx, name, "sort prefixes of other pages");
    return WEFT_OK;
}

/* The directory: pages and run ends of all segments behind the block_remote. */
static weft_status directory_fill(weft_ctx *ctx, weft_block *block, const weft_block_header *h, int64_t pages,
                                  int64_t runs)
{
    weft_status st = WEFT_OK;
    const size_t head = weft_round_up(sizeof(block_remote), 16);
    const size_t page_bytes = (size_t)pages * sizeof(block_page);
    uint8_t *memory = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING,
                                     head + page_bytes + (size_t)runs * sizeof(int32_t), (void **)&memory));
    block->remote = (block_remote *)(void *)memory;
    block_page *page = (block_page *)(void *)(memory + head);
    int32_t *ends = (int32_t *)(void *)(memory + head + page_bytes);
    if (runs > 0) memcpy(ends, h->run_ends, (size_t)runs * sizeof(*ends));
    for (int32_t p = 0, n = 0; p < h->partition_count; p++) {
        block_segment *segment = &block->segments[p];
        segment->pages = page;
        segment->page_count = segment->page_capacity = h->page_counts[p];
        segment->run_ends = ends;
        segment->run_count = segment->run_capacity = h->run_counts[p];
        ends += segment->run_count;
        for (int32_t i = 0; i < segment->page_count; i++, n++) {
            *page++ = (block_page){.bytes = h->page_bytes[n], .rows = h->page_rows[n]};
            segment->rows += h->page_rows[n];
            segment->bytes += (int64_t)h->page_bytes[n] - WEFT_ROW_PAGE_HEADER;
        }
    }
done:
    return st;
}

weft_status weft_block_remote_new(weft_ctx *ctx, weft_account *owner, const weft_types *types,
                                  const weft_block_name *name, const weft_block_header *header,
                                  const weft_block_origin *origin, weft_block **out)
{
    weft_status st = WEFT_OK;
    weft_block *block = NULL;
    int64_t pages, runs;
    *out = NULL;
    const uint32_t partitions = (uint32_t)header->partition_count;
    if (partitions < 1 || partitions > WEFT_PARTITIONS_MAX)
        WEFT_TRY(st, header_wrong(ctx, name, "no partitions, or too many"));
    WEFT_TRY(st, weft_block_new(ctx, types, header->partition_count, &block));
    block->name = *name;
    WEFT_TRY(st, header_check(ctx, name, &block->layout, header, &pages, &runs));
    WEFT_TRY(st, weft_block_set_keys(ctx, block, header->key_count));
    for (int32_t i = 0; i < header->key_count; i++) block->keys[i].range = header->keys[i];
    for (int32_t i = 0; i < header->marks_count; i++)
        WEFT_TRY(st, weft_block_add_marks(ctx, block, &header->marks[i]));
    if (header->first_count > 0) {
        const size_t bytes = (size_t)header->first_count * sizeof(*block->firsts);
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, bytes, (void **)&block->firsts));
        memcpy(block->firsts, header->firsts, bytes);
    }
    WEFT_TRY(st, directory_fill(ctx, block, header, pages, runs));
    block->remote->origin = *origin;
    weft_block_move(block, owner);
    *out = block;
    return WEFT_OK;
done:
    assert(block == NULL || block->remote == NULL); /* the origin is still the caller's */
    weft_block_release(&block);
    weft_fetch_failed(ctx, st, name);
    return st;
}

/* ---- reading ---- */

void weft_block_remote_end(const weft_block *block, block_stream *stream)
{
    if (stream->stream != NULL) block->remote->origin.close(stream->stream);
    *stream = (block_stream){0};
}

static weft_status stream_open(weft_ctx *ctx, const weft_block *block, int32_t partition, int32_t at,
                               int32_t end, block_stream *stream)
{
    const weft_block_origin *origin = &block->remote->origin;
    stream->at = at;
    return origin->open(ctx, origin->self, &block->name, partition, at, end - at, &stream->stream);
}

void weft_block_remote_begin(weft_ctx *ctx, const weft_block *block, int32_t partition, int32_t at,
                             int32_t end, block_stream *stream)
{
    if (stream->stream == NULL && stream_open(ctx, block, partition, at, end, stream) != WEFT_OK)
        weft_error_clear(ctx);
}

/* Bytes that came as a page: believed after this. */
static weft_status page_check(weft_ctx *ctx, const weft_block *block, const block_page *ref, size_t len,
                              block_arrival *came)
{
    weft_status st = WEFT_OK;
    weft_row_page *page = came->page;
    if (len < ref->bytes || len > weft_page_bytes_most(ref->bytes))
        WEFT_TRY(st, header_wrong(ctx, &block->name, "a page of another size than its header says"));
    if (weft_crc32c(0, page, len) != came->crc)
        WEFT_TRY(st,
                 weft_fail(ctx, WEFT_CHECKSUM,
                           "a page of %zu bytes of the block of job %llu stage %d task %d came damaged", len,
                           (unsigned long long)block->name.job, block->name.stage, block->name.partition));
    came->base = page->base;
    WEFT_TRY(st, weft_row_page_arrive(ctx, &block->layout, page, len));
    if (page->rows != ref->rows)
        WEFT_TRY(st, header_wrong(ctx, &block->name, "a page with another number of rows"));
    page->next = NULL;
done:
    return st;
}

weft_status weft_block_remote_pull(weft_ctx *ctx, const weft_block *block, int32_t partition, int32_t at,
                                   int32_t end, block_stream *stream, block_arrival *out)
{
    weft_status st = WEFT_OK;
    const weft_block_origin *origin = &block->remote->origin;
    *out = (block_arrival){0};
    if (stream->stream != NULL && stream->at != at) weft_block_remote_end(block, stream);
    if (stream->stream == NULL) WEFT_TRY(st, stream_open(ctx, block, partition, at, end, stream));
    for (bool again = true; again;) {
        weft_page_arrived page = {0};
        WEFT_TRY(st, origin->next(ctx, stream->stream, &page));
        *out = (block_arrival){.memory = page.memory, .page = page.image, .crc = page.crc};
        st = page_check(ctx, block, &block->segments[partition].pages[at], page.len, out);
        if (st == WEFT_OK) break;
        weft_mem_free(out->memory);
        *out = (block_arrival){0};
        again = origin->reject != NULL && origin->reject(stream->stream);
        if (again) weft_error_clear(ctx);
    }
    stream->at++;
done:
    weft_fetch_failed(ctx, st, &block->name);
    return st;
}

weft_status weft_block_remote_page(weft_ctx *ctx, const weft_block *block, int32_t partition, int32_t at,
                                   int32_t end, block_stream *stream, void **buffer,
                                   const weft_row_page **page)
{
    block_arrival came;
    weft_mem_free(*buffer); /* before the next page needs memory */
    *buffer = NULL;
    const weft_status st = weft_block_remote_pull(ctx, block, partition, at, end, stream, &came);
    *buffer = came.memory;
    *page = came.page;
    return st;
}
