/* engine/exec/block_writer.c - writing a block: batches and rows into partitions, spilling when memory is
 * refused.
 *
 * An append that is refused memory has written a prefix of its rows. The writer then spills what it holds and
 * goes on with the rest. When even that gives no page (others hold the memory), the rest goes through pages
 * in the working headroom straight to scratch. So a writer fails for memory only when the headroom is gone
 * too, and what a block holds, and in which order, never depends on how much was spilled. */
#include "common/limits.h"
#include "engine/exec/block_private.h"
#include "engine/exec/force_spill.h"
#include "engine/exec/hash.h"
#include "engine/exec/sort_keys.h"

enum {
    WRITER_RELIEF_BYTES =
        1 << 20,          /* spilling full pages gave at least this: the pages that are filling stay */
    WRITER_TIGHT_PART = 4 /* a block is frozen in scratch when less than this part of the pool is free */
};

weft_status weft_block_writer_open(weft_ctx *ctx, const weft_types *types, int32_t partition_count,
                                   weft_block_writer **out)
{
    weft_status st = WEFT_OK;
    weft_block_writer *writer = NULL;
    *out = NULL;
    if (partition_count < 1 || partition_count > WEFT_PARTITIONS_MAX ||
        (partition_count & (partition_count - 1))) {
        return weft_fail(ctx, WEFT_INTERNAL, "a block of %d partitions: it must be a power of two up to %d",
                         partition_count, WEFT_PARTITIONS_MAX);
    }
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*writer), (void **)&writer));
    memset(writer, 0, offsetof(weft_block_writer, partition)); /* a batch's own need not be touched */
    writer->shift = weft_partition_shift(partition_count);
    WEFT_TRY(st,
             weft_mem_alloc(ctx, WEFT_MEM_WORKING, ((size_t)partition_count + 1) * sizeof(*writer->starts),
                            (void **)&writer->starts));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, (size_t)partition_count * sizeof(*writer->sets),
                                     (void **)&writer->sets));
    WEFT_TRY(st, weft_block_new(ctx, types, partition_count, &writer->block));
    *out = writer;
    writer = NULL;
done:
    weft_block_writer_abandon(&writer);
    return st;
}

void weft_block_writer_abandon(weft_block_writer **writer)
{
    if (*writer == NULL) return;
    for (int32_t p = 0; (*writer)->block != NULL && p < (*writer)->block->partition_count; p++) {
        weft_rows_clear(&(*writer)->sets[p]);
    }
    weft_mem_free((*writer)->sets);
    weft_block_release(&(*writer)->block);
    weft_mem_free((*writer)->starts);
    weft_mem_free(*writer);
    *writer = NULL;
}

const weft_row_layout *weft_block_writer_layout(const weft_block_writer *writer)
{
    return &writer->block->layout;
}

int64_t weft_block_writer_spilled(const weft_block_writer *writer) { return writer->block->spilled_bytes; }

int64_t weft_block_writer_memory(const weft_block_writer *writer) { return writer->memory_bytes; }

/* ---- what memory and settings demand ---- */

static int64_t writer_rows(const weft_block_writer *writer)
{
    int64_t rows = 0;
    for (int32_t p = 0; p < writer->block->partition_count; p++) {
        rows += writer->block->segments[p].rows + writer->sets[p].rows;
    }
    return rows;
}

/* How many rows the last, refused append has written: always a prefix of what it was given. */
static int32_t writer_added(weft_block_writer *writer)
{
    const int64_t rows = writer_rows(writer), added = rows - writer->rows;
    writer->rows = rows;
    return (int32_t)added;
}

static void writer_measure(weft_block_writer *writer)
{
    int64_t bytes = 0;
    for (int32_t p = 0; p < writer->block->partition_count; p++) bytes += writer->sets[p].bytes;
    writer->memory_bytes = weft_max_i64(writer->memory_bytes, bytes);
}

weft_status weft_block_relieve(weft_ctx *ctx, weft_block_writer *writer)
{
    weft_status st = WEFT_OK;
    int64_t freed = 0;
    weft_error_clear(ctx);
    writer_measure(writer);
    WEFT_TRY(st, weft_block_spill_open(ctx, writer, false, &freed));
    if (freed < WRITER_RELIEF_BYTES) WEFT_TRY(st, weft_block_spill_open(ctx, writer, true, &freed));
done:
    return st;
}

static weft_status writer_forced_spill(weft_ctx *ctx, weft_block_writer *writer)
{
    int64_t freed = 0;
    if (WEFT_LIKELY(!weft_force_spill(ctx))) return WEFT_OK;
    return weft_block_spill_open(ctx, writer, false, &freed);
}

/* ---- rows ---- */

weft_status weft_block_headroom_page(weft_ctx *ctx, const weft_row_layout *layout, int64_t heap,
                                     weft_row_set *set)
{
    weft_row_page *page = NULL;
    const int64_t need = WEFT_ROW_PAGE_HEADER + layout->row_bytes + heap;
    if (need > UINT32_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a row has %lld bytes; at most 4 GiB are kept", (long long)need);
    const uint32_t bytes = need > WEFT_ROW_PAGE_BYTES ? (uint32_t)need : WEFT_ROW_PAGE_BYTES;
    const weft_status st = weft_mem_alloc(ctx, WEFT_MEM_WORKING, bytes, (void **)&page);
    if (st != WEFT_OK) return st;
    memset(page, 0, WEFT_ROW_PAGE_HEADER);
    page->bytes = page->heap_begin = bytes;
    page->row_bytes = (uint32_t)layout->row_bytes;
    page->base = (uint64_t)(uintptr_t)page;
    *set = (weft_row_set){.first = page, .last = page, .bytes = bytes, .page_count = 1};
    return WEFT_OK;
}

int64_t weft_block_first_heap(const weft_row_layout *layout, const weft_batch *batch, const int32_t *columns)
{
    const int32_t at = batch->selection == NULL ? 0 : batch->selection[0];
    int64_t heap = 0;
    for (int32_t c = 0; layout->has_strings && c < layout->count; c++) {
        const weft_column *column = &batch->columns[columns[c]];
        if (column->phys != WEFT_PHYS_STR || weft_column_is_null(column, at)) continue;
        const weft_str *value = weft_column_value(column, at);
        heap += value->len > WEFT_STR_INLINE ? value->len : 0;
    }
    return heap;
}

/* Rows to one partition straight to scratch. Its open set is empty. */
static weft_status headroom_rows(weft_ctx *ctx, weft_block_writer *writer, int32_t partition,
                                 const uint8_t *const *rows, int32_t count)
{
    weft_status st = WEFT_OK;
    weft_block *block = writer->block;
    block_segment *segment = &block->segments[partition];
    weft_row_set set = {0};
    while (count > 0) {
        WEFT_TRY(st, weft_block_headroom_page(ctx, &block->layout,
                                              weft_row_heap_bytes(&block->layout, rows[0]), &set));
        st = weft_rows_append_rows(ctx, &block->layout, &set, rows, count);
        if (st != WEFT_OK && (st != WEFT_NOMEM || set.rows == 0)) goto done;
        for (const weft_row_page *page = set.first; page != NULL; page = page->next) {
            if (page->rows > 0) WEFT_TRY(st, weft_block_spill_page(ctx, block, segment, page));
        }
        st = WEFT_OK;
        weft_error_clear(ctx);
        rows += set.rows;
        count -= (int32_t)set.rows;
        writer->rows += set.rows;
        weft_rows_clear(&set);
    }
done:
    weft_rows_clear(&set);
    return st;
}

weft_status weft_block_append_rows(weft_ctx *ctx, weft_block_writer *writer, int32_t partition,
                                   const uint8_t *const *rows, int32_t count)
{
    weft_status st = WEFT_OK;
    weft_row_set *set = &writer->sets[partition];
    int64_t freed = 0;
    for (int32_t tries = 0; tries < 2; tries++) {
        const int64_t before = set->rows;
        st = weft_rows_append_rows(ctx, &writer->block->layout, set, rows, count);
        const int32_t added = (int32_t)(set->rows - before);
        writer->rows += added;
        rows += added;
        count -= added;
        if (st == WEFT_OK) return writer_forced_spill(ctx, writer);
        if (st != WEFT_NOMEM) return st;
        WEFT_TRY(st, weft_block_relieve(ctx, writer));
    }
    WEFT_TRY(st, weft_block_spill_open(ctx, writer, true, &freed));
    WEFT_TRY(st, headroom_rows(ctx, writer, partition, rows, count));
done:
    return st;
}

/* Up to WEFT_BATCH_ROWS_MAX rows, given as partition[i] and rows[i], partition by partition, order kept
 * within. */
static weft_status scatter_some(weft_ctx *ctx, weft_block_writer *writer, const uint8_t *const *rows,
                                int32_t count, bool headroom)
{
    weft_status st = WEFT_OK;
    const int32_t partitions = writer->block->partition_count;
    int32_t *starts = writer->starts;
    memset(starts, 0, ((size_t)partitions + 1) * sizeof(*starts));
    for (int32_t i = 0; i < count; i++) starts[writer->partition[i] + 1]++;
    for (int32_t p = 0; p < partitions; p++) starts[p + 1] += starts[p];
    for (int32_t i = 0; i < count; i++) writer->sorted[starts[writer->partition[i]]++] = rows[i];
    for (int32_t p = 0, begin = 0; p < partitions; begin = starts[p++]) {
        const int32_t some = starts[p] - begin;
        if (some == 0) continue;
        WEFT_TRY(st, headroom ? headroom_rows(ctx, writer, p, writer->sorted + begin, some)
                              : weft_block_append_rows(ctx, writer, p, writer->sorted + begin, some));
    }
done:
    return st;
}

weft_status weft_block_scatter_rows(weft_ctx *ctx, weft_block_writer *writer, int32_t skip_bits,
                                    const uint8_t *const *rows, int32_t count)
{
    weft_status st = WEFT_OK;
    if (writer->shift == 0) return weft_block_append_rows(ctx, writer, 0, rows, count);
    for (int32_t first = 0; first < count; first += WEFT_BATCH_ROWS_MAX) {
        const int32_t some = weft_min_i32(count - first, WEFT_BATCH_ROWS_MAX);
        for (int32_t i = 0; i < some; i++) {
            const uint64_t hash = weft_row_hash(rows[first + i]) << skip_bits;
            writer->partition[i] = (uint16_t)weft_partition_of(hash, writer->shift);
        }
        WEFT_TRY(st, scatter_some(ctx, writer, rows + first, some, false));
    }
done:
    return st;
}

/* ---- batches ---- */

static void writer_partition(weft_block_writer *writer, const uint64_t *hashes, int32_t count)
{
    const int32_t shift = writer->shift;
    for (int32_t i = 0; i < count; i++) {
        writer->partition[i] = hashes == NULL ? 0 : (uint16_t)weft_partition_of(hashes[i], shift);
    }
}

/* Append the batch to the open sets. *added rows of it, a prefix, were written whatever comes back. */
static weft_status batch_append(weft_ctx *ctx, weft_block_writer *writer, const weft_batch *batch,
                                const int32_t *columns, const uint64_t *hashes, int32_t *added)
{
    weft_status st;
    weft_block *block = writer->block;
    if (block->partition_count == 1) {
        const int64_t before = writer->sets[0].rows;
        st = weft_rows_append(ctx, &block->layout, &writer->sets[0], batch, columns, hashes, NULL);
        *added = (int32_t)(writer->sets[0].rows - before);
        writer->rows += *added;
        return st;
    }
    writer_partition(writer, hashes, batch->selected);
    st = weft_rows_scatter(ctx, &block->layout, writer->sets, block->partition_count, batch, columns, hashes,
                           writer->partition);
    if (st == WEFT_OK) writer->rows += batch->selected;
    *added = st == WEFT_OK ? batch->selected : writer_added(writer);
    return st;
}

/* Leave the first `added` selected rows out: *batch gets a selection of the others. */
static void batch_skip(weft_block_writer *writer, weft_batch *batch, int32_t added)
{
    const int32_t left = batch->selected - added;
    for (int32_t i = 0; i < left; i++) {
        writer->positions[i] = batch->selection == NULL ? (uint16_t)(added + i) : batch->selection[added + i];
    }
    batch->selection = writer->positions;
    batch->selected = left;
}

/* The whole batch by pages in the headroom: rows first, then each to its partition. All open sets are empty.
 */
static weft_status batch_headroom(weft_ctx *ctx, weft_block_writer *writer, weft_batch *batch,
                                  const int32_t *columns, const uint64_t *hashes)
{
    weft_status st = WEFT_OK;
    const weft_row_layout *layout = &writer->block->layout;
    weft_row_set set = {0};
    uint8_t *rows[WEFT_BATCH_ROWS_MAX];
    while (batch->selected > 0) {
        WEFT_TRY(st,
                 weft_block_headroom_page(ctx, layout, weft_block_first_heap(layout, batch, columns), &set));
        st = weft_rows_append(ctx, layout, &set, batch, columns, hashes, rows);
        if (st != WEFT_OK && (st != WEFT_NOMEM || set.rows == 0)) goto done;
        weft_error_clear(ctx);
        const int32_t some = (int32_t)set.rows;
        writer_partition(writer, hashes, some);
        WEFT_TRY(st, scatter_some(ctx, writer, (const uint8_t *const *)rows, some, true));
        if (hashes != NULL) hashes += some;
        batch_skip(writer, batch, some);
        weft_rows_clear(&set);
    }
done:
    weft_rows_clear(&set);
    return st;
}

weft_status weft_block_append(weft_ctx *ctx, weft_block_writer *writer, const weft_batch *batch,
                              const int32_t *columns, const uint64_t *hashes)
{
    weft_status st = WEFT_OK;
    weft_block *block = writer->block;
    weft_batch rest = *batch;
    int64_t freed = 0;
    for (int32_t k = 0; k < block->key_count; k++) {
        block_track *key = &block->keys[k];
        if (key->range.has) weft_block_track_batch(&key->range, batch, &batch->columns[columns[key->column]]);
    }
    for (int32_t tries = 0; tries < 2; tries++) {
        int32_t added;
        st = batch_append(ctx, writer, &rest, columns, hashes, &added);
        if (st == WEFT_OK) return writer_forced_spill(ctx, writer);
        if (st != WEFT_NOMEM) return st;
        batch_skip(writer, &rest, added);
        if (hashes != NULL) hashes += added;
        WEFT_TRY(st, weft_block_relieve(ctx, writer));
    }
    WEFT_TRY(st, weft_block_spill_open(ctx, writer, true, &freed));
    WEFT_TRY(st, batch_headroom(ctx, writer, &rest, columns, hashes));
done:
    return st;
}

/* ---- sets, tracks, marks, runs ---- */

weft_status weft_block_take(weft_ctx *ctx, weft_block_writer *writer, int32_t partition, weft_row_set *set)
{
    weft_status st = WEFT_OK;
    if (!set->apart) {
        writer->rows += set->rows;
        weft_rows_concat(&writer->sets[partition], set);
        return writer_forced_spill(ctx, writer);
    }
    for (const weft_row_page *page = set->first; page != NULL; page = page->next) {
        const uint8_t
            *rows[256]; /* strings lie on other pages than their rows: copying brings them together */
        const uint8_t *row = weft_row_page_rows(page);
        for (uint32_t at = 0; at < page->rows;) {
            int32_t some = 0;
            for (; some < WEFT_COUNT(rows) && at < page->rows; at++, row += page->row_bytes)
                rows[some++] = row;
            WEFT_TRY(st, weft_block_append_rows(ctx, writer, partition, rows, some));
        }
    }
    weft_rows_clear(set);
done:
    return st;
}

weft_status weft_block_track(weft_ctx *ctx, weft_block_writer *writer, int32_t key, int32_t column)
{
    weft_status st = WEFT_OK;
    weft_block *block = writer->block;
    if (key < 0 || key >= BLOCK_KEYS_MAX) return WEFT_OK; /* no range is always right */
    const weft_phys phys = (weft_phys)block->layout.phys[column];
    WEFT_TRY(st, weft_block_set_keys(ctx, block, key + 1));
    block->keys[key].column = column;
    block->keys[key].range = (weft_key_range){
        .has = phys >= WEFT_PHYS_I8 && phys <= WEFT_PHYS_I64, .low = INT64_MAX, .high = INT64_MIN};
done:
    return st;
}

weft_status weft_block_attach_marks(weft_ctx *ctx, weft_block_writer *writer, const weft_marks *marks)
{
    return weft_block_add_marks(ctx, writer->block, marks);
}

/* The open pages become closed ones, still in memory. */
static weft_status segment_close(weft_ctx *ctx, block_segment *segment, weft_row_set *set)
{
    weft_status st = WEFT_OK;
    while (set->first != NULL) {
        weft_row_page *page = set->first;
        WEFT_TRY(st, weft_block_page_room(ctx, segment));
        set->first = page->next;
        segment->pages[segment->page_count++] = block_page_close(page);
        segment->rows += page->rows;
        segment->bytes += weft_page_data_bytes(page);
        set->rows -= page->rows;
        set->bytes -= page->bytes;
        set->page_count--;
    }
    *set = (weft_row_set){0};
done:
    return st;
}

weft_status weft_block_end_run(weft_ctx *ctx, weft_block_writer *writer, int32_t partition)
{
    weft_status st = WEFT_OK;
    block_segment *segment = &writer->block->segments[partition];
    WEFT_TRY(st, weft_block_run_room(ctx, segment));
    WEFT_TRY(st, segment_close(ctx, segment, &writer->sets[partition]));
    segment->run_ends[segment->run_count++] = segment->page_count;
done:
    return st;
}

static weft_status sample_run(weft_ctx *ctx, weft_block *block, const weft_sort_entry *entries, int64_t count)
{
    weft_status st = WEFT_OK;
    const int64_t each = (count + WEFT_SORT_SAMPLES_MAX - 1) / WEFT_SORT_SAMPLES_MAX;
    const size_t samples = (size_t)(block->sample_count + (count + each - 1) / each);
    WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, samples * sizeof(*block->samples),
                                 (void **)&block->samples));
    for (int64_t row = 0; row < count; row += each)
        block->samples[block->sample_count++] =
            (weft_sort_sample){.prefix = entries[row].prefix, .rows = weft_min_i64(each, count - row)};
done:
    return st;
}

weft_status weft_block_index_run(weft_ctx *ctx, weft_block_writer *writer, const weft_sort_entry *entries,
                                 int64_t count)
{
    weft_status st = WEFT_OK;
    weft_block *block = writer->block;
    const block_segment *segment = &block->segments[0];
    assert(block->partition_count == 1 && segment->run_count > 0 && count > 0);
    WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)segment->page_count * sizeof(*block->firsts),
                                 (void **)&block->firsts));
    int64_t row = 0;
    for (int32_t i = segment->run_count > 1 ? segment->run_ends[segment->run_count - 2] : 0;
         i < segment->page_count; i++) {
        block->firsts[i] = entries[weft_min_i64(row, count - 1)].prefix; /* a page may have no row */
        row += segment->pages[i].rows;
    }
    assert(row == count);
    WEFT_TRY(st, sample_run(ctx, block, entries, count));
done:
    return st;
}

weft_status weft_block_finish(weft_ctx *ctx, weft_block_writer **writer, weft_account *owner,
                              const weft_block_name *name, weft_block **out)
{
    weft_status st = WEFT_OK;
    weft_block *block = (*writer)->block;
    const weft_pool *pool = weft_account_pool(ctx->memory);
    const int64_t tight = weft_pool_limit_bytes(pool) / WRITER_TIGHT_PART;
    int64_t freed = 0;
    *out = NULL;
    block->name = *name;
    for (int32_t p = 0; p < block->partition_count; p++) {
        WEFT_TRY(st, segment_close(ctx, &block->segments[p], &(*writer)->sets[p]));
    }
    if (weft_pool_free_bytes(pool) < tight || weft_force_spill(ctx)) {
        WEFT_TRY(st, weft_block_spill(ctx, block, &freed));
    }
    weft_block_move(block, owner);
    *out = block;
    (*writer)->block = NULL;
done:
    weft_block_writer_abandon(writer);
    return st;
}
