/* engine/exec/block_header.c - what others are told of a block that is here, and the images of its pages.
 *
 *   header = u64 magic, u64 fingerprint of the column types, u32 keys, keys, u32 marks, marks, u32
 * partitions, then for all partitions u32 pages, for all u32 runs, all run ends, all page rows, all page
 * bytes, of sorted runs also u32 pages and the sort prefix of each one's first row, u32 CRC-32C of all before
 *
 * Numbers are little-endian. Who does not know the prefixes refuses such a header: it would not read by range
 * either. */
#include "common/hash.h"
#include "engine/exec/block_private.h"

static const uint64_t header_magic = 0x3152444854464557; /* "WEFTHDR1" */

/* ---- types ---- */

static uint64_t type_fingerprint(uint64_t seed, weft_type type)
{
    seed = weft_hash_combine(seed, (uint64_t)type.id | (uint64_t)type.precision << 8 |
                                       (uint64_t)type.scale << 16 |
                                       (uint64_t)(uint32_t)type.child_count << 32);
    for (int32_t i = 0; i < type.child_count; i++) seed = type_fingerprint(seed, type.children[i].type);
    return seed;
}

uint64_t weft_block_types_fingerprint(const weft_type *types, int32_t count)
{
    uint64_t seed = weft_hash_u64((uint64_t)count);
    for (int32_t i = 0; i < count; i++) seed = type_fingerprint(seed, types[i]);
    return seed;
}

/* ---- writing ---- */

static uint32_t image_bytes(const block_page *ref)
{
    return ref->page != NULL ? (uint32_t)weft_page_image_bytes(ref->page) : ref->bytes;
}

static void put_header(block_out *out, const weft_block *block)
{
    const block_segment *segments = block->segments;
    block_put_u64(out, header_magic);
    block_put_u64(out, weft_block_types_fingerprint(block->layout.types, block->layout.count));
    block_put_u32(out, (uint32_t)block->key_count);
    for (int32_t i = 0; i < block->key_count; i++) {
        block_put_u32(out, block->keys[i].range.has);
        block_put_u64(out, (uint64_t)block->keys[i].range.low);
        block_put_u64(out, (uint64_t)block->keys[i].range.high);
    }
    block_put_u32(out, (uint32_t)block->marks_count);
    for (int32_t i = 0; i < block->marks_count; i++) {
        const weft_marks *marks = &block->marks[i];
        block_put_u32(out, (uint32_t)marks->build_stage);
        block_put_u64(out, (uint64_t)marks->rows);
        block_put(out, marks->words, (size_t)weft_bit_words(marks->rows) * sizeof(*marks->words));
    }
    block_put_u32(out, (uint32_t)block->partition_count);
    for (int32_t p = 0; p < block->partition_count; p++) block_put_u32(out, (uint32_t)segments[p].page_count);
    for (int32_t p = 0; p < block->partition_count; p++) block_put_u32(out, (uint32_t)segments[p].run_count);
    for (int32_t p = 0; p < block->partition_count; p++)
        block_put(out, segments[p].run_ends, (size_t)segments[p].run_count * sizeof(*segments[p].run_ends));
    for (int32_t p = 0; p < block->partition_count; p++)
        for (int32_t i = 0; i < segments[p].page_count; i++) block_put_u32(out, segments[p].pages[i].rows);
    for (int32_t p = 0; p < block->partition_count; p++)
        for (int32_t i = 0; i < segments[p].page_count; i++)
            block_put_u32(out, image_bytes(&segments[p].pages[i]));
    if (block->firsts == NULL) return;
    block_put_u32(out, (uint32_t)segments[0].page_count);
    for (int32_t i = 0; i < segments[0].page_count; i++) {
        block_put_u64(out, block->firsts[i].high);
        block_put_u64(out, block->firsts[i].low);
    }
}

weft_status weft_block_header_encode(weft_ctx *ctx, const weft_block *block, uint8_t **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    weft_block *b = (weft_block *)(uintptr_t)block; /* the lock is no part of what the block holds */
    block_out out = {0};
    *bytes = NULL;
    *len = 0;
    pthread_mutex_lock(&b->lock); /* pages stay where they are */
    put_header(&out, block);
    const size_t body = out.at;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, body + sizeof(uint32_t), (void **)&out.base));
    out.at = 0;
    put_header(&out, block);
    block_put_u32(&out, weft_crc32c(0, out.base, body));
    *bytes = out.base;
    *len = out.at;
done:
    pthread_mutex_unlock(&b->lock);
    return st;
}

/* ---- reading ---- */

/* `count` numbers of 32 bits, in ctx->arena. */
static weft_status take_numbers(weft_ctx *ctx, block_in *in, int64_t count, void *out)
{
    weft_status st = WEFT_OK;
    uint32_t *numbers = NULL;
    if (in->bad || count < 0 || (uint64_t)count > (in->end - in->at) / sizeof(*numbers)) {
        in->bad = true;
        return WEFT_OK;
    }
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &numbers));
    block_take_copy(in, numbers, (size_t)count * sizeof(*numbers));
    memcpy(out, &numbers, sizeof(numbers));
done:
    return st;
}

static weft_status take_marks(weft_ctx *ctx, block_in *in, weft_block_header *out)
{
    weft_status st = WEFT_OK;
    weft_marks *marks = NULL;
    const int32_t count = block_take_count(in, 12);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &marks));
    for (int32_t i = 0; i < count && !in->bad; i++) {
        marks[i].build_stage = (int32_t)block_take_u32(in);
        const uint64_t rows = block_take_u64(in);
        if (rows > (uint64_t)(in->end - in->at) * 8) in->bad = true;
        if (in->bad) break;
        marks[i].rows = (int64_t)rows;
        const size_t words = (size_t)weft_bit_words(marks[i].rows);
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, words, &marks[i].words));
        block_take_copy(in, marks[i].words, words * sizeof(*marks[i].words));
    }
    out->marks = marks;
    out->marks_count = count;
done:
    return st;
}

static weft_status take_keys(weft_ctx *ctx, block_in *in, weft_block_header *out)
{
    weft_status st = WEFT_OK;
    weft_key_range *keys = NULL;
    const int32_t count = block_take_count(in, 20);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &keys));
    for (int32_t i = 0; i < count; i++) {
        keys[i].has = block_take_u32(in) != 0;
        keys[i].low = (int64_t)block_take_u64(in);
        keys[i].high = (int64_t)block_take_u64(in);
    }
    out->keys = keys;
    out->key_count = count;
done:
    return st;
}

static weft_status take_firsts(weft_ctx *ctx, block_in *in, weft_block_header *out)
{
    weft_status st = WEFT_OK;
    weft_sort_prefix *firsts = NULL;
    if (in->at == in->end) return WEFT_OK;
    const int32_t count = block_take_count(in, 16);
    if (count == 0) in->bad = true; /* who has none says nothing */
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &firsts));
    for (int32_t i = 0; i < count; i++) {
        firsts[i].high = block_take_u64(in);
        firsts[i].low = block_take_u64(in);
    }
    out->firsts = firsts;
    out->first_count = count;
done:
    return st;
}

static int64_t sum(const int32_t *numbers, int32_t count)
{
    int64_t total = 0;
    for (int32_t i = 0; i < count && numbers != NULL && total >= 0; i++)
        total = numbers[i] < 0 ? -1 : total + numbers[i];
    return total;
}

weft_status weft_block_header_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len, weft_block_header *out)
{
    weft_status st = WEFT_OK;
    block_in in = {.bytes = bytes, .end = len < sizeof(uint32_t) ? 0 : len - sizeof(uint32_t)};
    uint32_t crc = 0;
    *out = (weft_block_header){0};
    if (in.end > 0) memcpy(&crc, bytes + in.end, sizeof(crc));
    if (in.end == 0 || weft_crc32c(0, bytes, in.end) != crc)
        return weft_fail(ctx, WEFT_CHECKSUM, "the header of a block came with a wrong checksum");
    if (block_take_u64(&in) != header_magic)
        return weft_fail(ctx, WEFT_CORRUPT, "%zu bytes are not the header of a block", len);
    out->types = block_take_u64(&in);
    WEFT_TRY(st, take_keys(ctx, &in, out));
    WEFT_TRY(st, take_marks(ctx, &in, out));
    out->partition_count = block_take_count(&in, 8);
    WEFT_TRY(st, take_numbers(ctx, &in, out->partition_count, &out->page_counts));
    WEFT_TRY(st, take_numbers(ctx, &in, out->partition_count, &out->run_counts));
    const int64_t pages = sum(out->page_counts, out->partition_count);
    WEFT_TRY(st, take_numbers(ctx, &in, sum(out->run_counts, out->partition_count), &out->run_ends));
    WEFT_TRY(st, take_numbers(ctx, &in, pages, &out->page_rows));
    WEFT_TRY(st, take_numbers(ctx, &in, pages, &out->page_bytes));
    WEFT_TRY(st, take_firsts(ctx, &in, out));
    if (in.bad || in.at != in.end)
        st = weft_fail(ctx, WEFT_CORRUPT, "a block's header of %zu bytes does not add up", len);
done:
    return st;
}

/* ---- pages ---- */

int32_t weft_block_page_count(const weft_block *block, int32_t partition)
{
    return block->segments[partition].page_count;
}

uint32_t weft_block_page_bytes(const weft_block *block, int32_t partition, int32_t page)
{
    weft_block *b = (weft_block *)(uintptr_t)block;
    pthread_mutex_lock(&b->lock);
    const uint32_t bytes = image_bytes(&block->segments[partition].pages[page]);
    pthread_mutex_unlock(&b->lock);
    return bytes;
}

/* A tight page as it lies in memory. Its checksum is made once: a block may have many readers. */
static void lend_tight(block_page *ref, weft_page_pieces *out)
{
    const weft_row_page *page = ref->page;
    uint32_t crc = atomic_load_explicit(&ref->crc, memory_order_relaxed);
    if (crc == 0) {
        crc = weft_crc32c(0, page, page->bytes);
        atomic_store_explicit(&ref->crc, crc, memory_order_relaxed);
    }
    *out = (weft_page_pieces){.rows = weft_row_page_rows(page),
                              .rows_len = page->bytes - WEFT_ROW_PAGE_HEADER,
                              .whole = (const uint8_t *)page,
                              .crc = crc};
    memcpy(out->head, page, sizeof(out->head));
}

weft_status weft_block_page_pieces(weft_ctx *ctx, const weft_block *block, int32_t partition, int32_t page,
                                   weft_page_pieces *out)
{
    weft_status st = WEFT_OK;
    block_page *ref = &block->segments[partition].pages[page];
    uint8_t *image = NULL;
    if (block->remote != NULL) {
        if (block->remote->keeper != NULL) return weft_block_keeper_pieces(ctx, block, partition, page, out);
        return weft_fail(ctx, WEFT_FETCH_FAILED, "the block is not kept here");
    }
    if (ref->page != NULL && block_page_is_tight(ref->page)) {
        lend_tight(ref, out);
        return WEFT_OK;
    }
    if (ref->page != NULL) {
        weft_page_lend(ref->page, out);
        return WEFT_OK;
    }
    *out = (weft_page_pieces){.crc = ref->crc};
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_RETAINED, ref->bytes, (void **)&image));
    WEFT_TRY(st, weft_scratch_read(ctx, block->scratch, ref->offset, image, ref->bytes));
    memcpy(out->head, image, sizeof(out->head));
    out->rows = image + sizeof(out->head);
    out->rows_len = ref->bytes - sizeof(out->head);
    out->whole = out->loaded = image;
    image = NULL;
done:
    weft_mem_free(image);
    return st;
}
