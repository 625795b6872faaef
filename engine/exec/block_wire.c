/* engine/exec/block_wire.c - blocks as bytes, for replicas, other hosts and the tests that send every block
 * through.
 *
 *   block  = header, u32 CRC-32C of the header, page images in partition order
 *   header = u64 magic, u64 bytes of the whole, name, u64 fingerprint of the column types, u32 partitions,
 *            u32 keys, keys, u32 marks, marks, per partition: u32 pages, u32 runs, run ends, pages (bytes,
 * rows, CRC)
 *
 * Numbers are little-endian. The directory is under the header's checksum and every page under its own, so
 * any damage shows before a page is believed; the page is then validated all the same, since a peer may be
 * wrong, not only the wire. */
#include "common/hash.h"
#include "engine/exec/block_private.h"

static const uint64_t wire_magic = 0x314b4c4254464557; /* "WEFTBLK1" */

/* ---- writing ---- */

static void put_name(block_out *out, const weft_block_name *name)
{
    block_put_u64(out, name->job);
    block_put_u32(out, (uint32_t)name->stage);
    block_put_u32(out, (uint32_t)name->generation);
    block_put_u32(out, (uint32_t)name->partition);
    block_put_u32(out, (uint32_t)name->attempt);
}

/* crcs: of all pages in order, or NULL while measuring. */
static void put_header(block_out *out, const weft_block *block, const uint32_t *crcs, size_t whole_bytes)
{
    block_put_u64(out, wire_magic);
    block_put_u64(out, whole_bytes);
    put_name(out, &block->name);
    block_put_u64(out, weft_block_types_fingerprint(block->layout.types, block->layout.count));
    block_put_u32(out, (uint32_t)block->partition_count);
    block_put_u32(out, (uint32_t)block->key_count);
    for (int32_t i = 0; i < block->key_count; i++) {
        block_put_u32(out, (uint32_t)block->keys[i].column);
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
    for (int32_t p = 0; p < block->partition_count; p++) {
        const block_segment *segment = &block->segments[p];
        block_put_u32(out, (uint32_t)segment->page_count);
        block_put_u32(out, (uint32_t)segment->run_count);
        block_put(out, segment->run_ends, (size_t)segment->run_count * sizeof(*segment->run_ends));
        for (int32_t i = 0; i < segment->page_count; i++) {
            const block_page *ref = &segment->pages[i];
            block_put_u32(out, ref->page != NULL ? (uint32_t)weft_page_image_bytes(ref->page) : ref->bytes);
            block_put_u32(out, ref->rows);
            block_put_u32(out, crcs != NULL ? *crcs++ : 0);
        }
    }
}

static weft_status put_page(weft_ctx *ctx, const weft_block *block, const block_page *ref, block_out *out,
                            uint32_t *crc)
{
    weft_status st = WEFT_OK;
    uint8_t *to = out->base + out->at;
    size_t bytes = ref->bytes;
    if (ref->page != NULL) {
        bytes = weft_page_image_bytes(ref->page);
        weft_page_image(ref->page, to);
    } else {
        WEFT_TRY(st, weft_scratch_read(ctx, block->scratch, ref->offset, to, ref->bytes));
    }
    *crc = weft_crc32c(0, to, bytes);
    if (ref->page == NULL && *crc != ref->crc) {
        st = weft_fail(ctx, WEFT_CHECKSUM,
                       "a spilled page of the block of job %llu stage %d task %d came back different",
                       (unsigned long long)block->name.job, block->name.stage, block->name.partition);
    }
    out->at += bytes;
done:
    return st;
}

weft_status weft_block_encode(weft_ctx *ctx, const weft_block *block, uint8_t **bytes, size_t *len)
{
    weft_status st = WEFT_OK;
    uint32_t *crcs = NULL;
    block_out out = {0};
    int64_t pages = 0;
    size_t page_bytes = 0;
    *bytes = NULL;
    *len = 0;
    if (block->remote != NULL)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "a block that lies in another process is encoded there");
    for (int32_t p = 0; p < block->partition_count; p++) weft_block_pin(block, p);
    for (int32_t p = 0; p < block->partition_count; p++) {
        const block_segment *segment = &block->segments[p];
        pages += segment->page_count;
        for (int32_t i = 0; i < segment->page_count; i++) {
            const block_page *ref = &segment->pages[i];
            page_bytes += ref->page != NULL ? weft_page_image_bytes(ref->page) : ref->bytes;
        }
    }
    put_header(&out, block, NULL, 0);
    const size_t header = out.at, whole = header + sizeof(uint32_t) + page_bytes;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, (size_t)pages * sizeof(*crcs), (void **)&crcs));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_RETAINED, whole, (void **)&out.base));
    out.at = header + sizeof(uint32_t);
    for (int32_t p = 0, n = 0; p < block->partition_count; p++) {
        const block_segment *segment = &block->segments[p];
        for (int32_t i = 0; i < segment->page_count; i++, n++) {
            WEFT_TRY(st, put_page(ctx, block, &segment->pages[i], &out, &crcs[n]));
        }
    }
    out.at = 0;
    put_header(&out, block, crcs, whole);
    block_put_u32(&out, weft_crc32c(0, out.base, header));
    *bytes = out.base;
    *len = whole;
    out.base = NULL;
done:
    for (int32_t p = 0; p < block->partition_count; p++) weft_block_unpin(block, p);
    weft_mem_free(crcs);
    weft_mem_free(out.base);
    return st;
}

/* ---- reading ---- */

static weft_status wire_damaged(weft_ctx *ctx, const char *what)
{
    return weft_fail(ctx, WEFT_CHECKSUM, "the bytes of a block are damaged: %s", what);
}

/* Where the header ends, found by walking it; 0 when it does not fit. */
static size_t header_measure(const uint8_t *bytes, size_t len)
{
    block_in in = {.bytes = bytes, .end = len};
    block_take(&in, 8 + 8 + 8 + 16 + 8);
    const uint32_t partitions = block_take_u32(&in);
    block_take(&in, (size_t)block_take_count(&in, 24) * 24);
    for (int32_t marks = block_take_count(&in, 12); marks > 0 && !in.bad; marks--) {
        block_take_u32(&in);
        const uint64_t rows = block_take_u64(&in);
        if (rows > (uint64_t)len * 8)
            in.bad = true;
        else
            block_take(&in, (size_t)weft_bit_words((int64_t)rows) * 8);
    }
    for (uint32_t p = 0; p < partitions && !in.bad; p++) {
        const int32_t pages = block_take_count(&in, 12), runs = block_take_count(&in, 4);
        block_take(&in, (size_t)runs * 4);
        block_take(&in, (size_t)pages * 12);
    }
    return in.bad ? 0 : in.at;
}

static weft_status decode_marks(weft_ctx *ctx, block_in *in, weft_block *block)
{
    weft_status st = WEFT_OK;
    for (int32_t left = block_take_count(in, 12); left > 0; left--) {
        uint64_t *words = NULL;
        weft_marks marks = {.build_stage = (int32_t)block_take_u32(in)};
        marks.rows = (int64_t)block_take_u64(in);
        const size_t bytes = (size_t)weft_bit_words(marks.rows) * sizeof(*words);
        const uint8_t *from = block_take(in, bytes);
        if (from == NULL) return wire_damaged(ctx, "marks beyond the end");
        WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, bytes,
                                    (void **)&words)); /* the bytes may be unaligned */
        if (bytes > 0) memcpy(words, from, bytes);
        marks.words = words;
        st = weft_block_add_marks(ctx, block, &marks);
        weft_mem_free(words);
        if (st != WEFT_OK) goto done;
    }
done:
    return st;
}

/* Memory for a page of received bytes. What is refused goes through working memory to scratch: *scratch. */
static weft_status decode_memory(weft_ctx *ctx, const weft_block *block, uint32_t bytes, weft_row_page **page,
                                 bool *scratch)
{
    const weft_status st = weft_row_page_new(ctx, &block->layout, bytes, page);
    *scratch = st == WEFT_NOMEM;
    if (st != WEFT_NOMEM) return st;
    weft_error_clear(ctx);
    return weft_mem_alloc(ctx, WEFT_MEM_WORKING, bytes, (void **)page);
}

static weft_status decode_page(weft_ctx *ctx, block_in *pages, weft_block *block, block_segment *segment,
                               const uint32_t *entry)
{
    weft_status st = WEFT_OK;
    weft_row_page *page = NULL;
    const uint32_t bytes = entry[0], rows = entry[1], crc = entry[2];
    bool scratch = false;
    const uint8_t *from = block_take(pages, bytes);
    if (from == NULL || bytes < WEFT_ROW_PAGE_HEADER) return wire_damaged(ctx, "a page beyond the end");
    if (weft_crc32c(0, from, bytes) != crc) return wire_damaged(ctx, "a page with a wrong checksum");
    WEFT_TRY(st, weft_block_page_room(ctx, segment));
    WEFT_TRY(st, decode_memory(ctx, block, bytes, &page, &scratch));
    memcpy(page, from, bytes);
    page->next = NULL;
    WEFT_TRY(st, weft_row_page_validate(ctx, &block->layout, page, bytes));
    if (page->rows != rows) {
        st = wire_damaged(ctx, "a page with another number of rows");
        goto done;
    }
    weft_row_page_rebase(&block->layout, page);
    if (scratch) {
        st = weft_block_spill_page(ctx, block, segment, page);
        goto done;
    }
    segment->pages[segment->page_count++] = block_page_close(page);
    segment->rows += rows;
    segment->bytes += bytes - WEFT_ROW_PAGE_HEADER;
    page = NULL;
done:
    weft_row_page_free(&page);
    return st;
}

static weft_status decode_segment(weft_ctx *ctx, block_in *in, block_in *pages, weft_block *block,
                                  block_segment *segment)
{
    weft_status st = WEFT_OK;
    const int32_t page_count = block_take_count(in, 12), run_count = block_take_count(in, 4);
    int32_t last = 0;
    for (int32_t i = 0; i < run_count; i++) {
        const int32_t end = (int32_t)block_take_u32(in);
        if (end < last || end > page_count) return wire_damaged(ctx, "runs out of order");
        WEFT_TRY(st, weft_block_run_room(ctx, segment));
        segment->run_ends[segment->run_count++] = last = end;
    }
    for (int32_t i = 0; i < page_count; i++) {
        const uint32_t entry[3] = {block_take_u32(in), block_take_u32(in), block_take_u32(in)};
        WEFT_TRY(st, decode_page(ctx, pages, block, segment, entry));
    }
done:
    return st;
}

static weft_status decode_keys(weft_ctx *ctx, block_in *in, weft_block *block)
{
    weft_status st = WEFT_OK;
    const uint32_t count = block_take_u32(in);
    if (count > BLOCK_KEYS_MAX) return wire_damaged(ctx, "too many keys");
    WEFT_TRY(st, weft_block_set_keys(ctx, block, (int32_t)count));
    for (int32_t i = 0; i < block->key_count; i++) {
        block_track *key = &block->keys[i];
        key->column = (int32_t)block_take_u32(in);
        key->range.has = block_take_u32(in) != 0;
        key->range.low = (int64_t)block_take_u64(in);
        key->range.high = (int64_t)block_take_u64(in);
    }
done:
    return st;
}

weft_status weft_block_decode(weft_ctx *ctx, weft_account *owner, const weft_types *types,
                              const uint8_t *bytes, size_t len, weft_block **out)
{
    weft_status st = WEFT_OK;
    weft_block *block = NULL;
    weft_block_name name;
    uint32_t crc;
    *out = NULL;
    const size_t header = header_measure(bytes, len);
    if (header == 0 || len - header < sizeof(crc)) return wire_damaged(ctx, "it ends before its header");
    memcpy(&crc, bytes + header, sizeof(crc));
    if (crc != weft_crc32c(0, bytes, header)) return wire_damaged(ctx, "a header with a wrong checksum");
    block_in in = {.bytes = bytes, .end = header};
    block_in pages = {.bytes = bytes, .at = header + sizeof(crc), .end = len};
    if (block_take_u64(&in) != wire_magic) return wire_damaged(ctx, "not a block");
    if (block_take_u64(&in) != len) return wire_damaged(ctx, "another length than it says");
    name.job = block_take_u64(&in);
    name.stage = (int32_t)block_take_u32(&in);
    name.generation = (int32_t)block_take_u32(&in);
    name.partition = (int32_t)block_take_u32(&in);
    name.attempt = (int32_t)block_take_u32(&in);
    if (block_take_u64(&in) != weft_block_types_fingerprint(types->types, types->count)) {
        return weft_fail(ctx, WEFT_CORRUPT,
                         "the block of job %llu stage %d task %d has other columns than its stage",
                         (unsigned long long)name.job, name.stage, name.partition);
    }
    const uint32_t partitions = block_take_u32(&in);
    if (partitions < 1 || partitions > WEFT_PARTITIONS_MAX || (partitions & (partitions - 1)) != 0) {
        return wire_damaged(ctx, "a number of partitions that is no power of two");
    }
    WEFT_TRY(st, weft_block_new(ctx, types, (int32_t)partitions, &block));
    block->name = name;
    WEFT_TRY(st, decode_keys(ctx, &in, block));
    WEFT_TRY(st, decode_marks(ctx, &in, block));
    for (uint32_t p = 0; p < partitions; p++) {
        WEFT_TRY(st, decode_segment(ctx, &in, &pages, block, &block->segments[p]));
    }
    if (in.bad || in.at != in.end || pages.at != pages.end) {
        st = wire_damaged(ctx, "bytes left over");
        goto done;
    }
    weft_block_move(block, owner);
    *out = block;
    block = NULL;
done:
    weft_block_release(&block);
    return st;
}
