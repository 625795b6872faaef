/* engine/exec/row_cursor.c - see row_cursor.h. */
#include "engine/exec/row_cursor.h"

#include "engine/columnar/gather.h"

void weft_row_cursor_init(weft_row_cursor *cursor, const weft_input *inputs, int32_t input_count,
                          int32_t partition_begin, int32_t partition_end)
{
    *cursor = (weft_row_cursor){.inputs = inputs,
                                .input_count = input_count,
                                .partition_begin = partition_begin,
                                .partition_end = partition_end,
                                .partition = partition_begin,
                                .pinned_partition = partition_begin};
}

/* Pin or unpin one partition of one input. */
static void cursor_pin(const weft_row_cursor *cursor, int32_t input, int32_t partition, bool pin)
{
    for (int32_t b = 0; b < cursor->inputs[input].block_count; b++) {
        const weft_block *block = cursor->inputs[input].blocks[b];
        if (partition >= weft_block_partitions(block)) continue;
        if (pin)
            weft_block_pin(block, partition);
        else
            weft_block_unpin(block, partition);
    }
}

/* Let go of the partitions that were passed, but for the last `keep` of them. */
static void cursor_release(weft_row_cursor *cursor, int32_t keep)
{
    while (cursor->pinned > keep) {
        cursor_pin(cursor, cursor->pinned_input, cursor->pinned_partition, false);
        cursor->pinned--;
        if (++cursor->pinned_partition < cursor->partition_end) continue;
        cursor->pinned_partition = cursor->partition_begin;
        cursor->pinned_input++;
    }
}

/* Step to the next block of the next partition of the next input; false at the end. */
static bool cursor_step(weft_row_cursor *cursor, int32_t *block, int32_t *partition)
{
    while (cursor->input < cursor->input_count) {
        const weft_input *input = &cursor->inputs[cursor->input];
        if (cursor->partition >= cursor->partition_end) {
            cursor->input++;
            cursor->partition = cursor->partition_begin;
            cursor->block = 0;
        } else if (!cursor->entered) {
            cursor_pin(cursor, cursor->input, cursor->partition, true);
            cursor->entered = true;
            cursor->pinned++;
        } else if (cursor->block >= input->block_count) {
            cursor->partition++;
            cursor->block = 0;
            cursor->entered = false;
        } else {
            const weft_block *at = input->blocks[cursor->block];
            *block = cursor->block++;
            *partition = cursor->partition;
            if (*partition < weft_block_partitions(at) && weft_block_rows(at, *partition) > 0) return true;
        }
    }
    return false;
}

/* The next page that has rows; page is NULL at the end. */
static weft_status cursor_turn(weft_ctx *ctx, weft_row_cursor *cursor)
{
    weft_status st = WEFT_OK;
    cursor->row = 0;
    cursor->page = NULL;
    for (;;) {
        int32_t block, partition;
        if (cursor->reader != NULL) {
            WEFT_TRY(st, weft_block_reader_next(ctx, cursor->reader, &cursor->page, &cursor->stable));
            if (cursor->page != NULL && cursor->page->rows > 0) goto done;
            if (cursor->page != NULL) continue;
            weft_block_reader_close(&cursor->reader);
        }
        if (!cursor_step(cursor, &block, &partition)) goto done;
        const weft_input *input = &cursor->inputs[cursor->input];
        cursor->layout = weft_block_layout(input->blocks[block]);
        if (cursor->queue.input != input) {
            weft_reader_queue_close(&cursor->queue);
            weft_reader_queue_init(&cursor->queue, input, cursor->partition_begin, cursor->partition_end,
                                   false);
        }
        WEFT_TRY(st, weft_reader_queue_open(ctx, &cursor->queue, block, partition, &cursor->reader));
    }
done:
    return st;
}

/* How many of the `some` next rows of the page fit beside strings of *heap bytes; at least one when none is
 * given yet. *heap is brought up to them. */
static int32_t cursor_fit(const weft_row_cursor *cursor, const uint8_t *row, int32_t some, bool first,
                          int64_t *heap)
{
    const uint32_t row_bytes = cursor->page->row_bytes;
    for (int32_t i = 0; i < some; i++, row += row_bytes) {
        const int64_t bytes = weft_row_heap_bytes(cursor->layout, row);
        if (*heap + bytes > WEFT_BATCH_HEAP_MOST && (i > 0 || !first)) return i;
        *heap += bytes;
    }
    return some;
}

/* The strings of rows that were taken without counting them. */
static int64_t rows_heap(const weft_row_layout *layout, const uint8_t *const *rows, int32_t count)
{
    int64_t heap = 0;
    for (int32_t i = 0; i < count; i++) heap += weft_row_heap_bytes(layout, rows[i]);
    return heap;
}

/* As many of the `some` next rows of the page as the batch has room for, after n rows. *most_heap bounds
 * their strings from above, by those of all the pages met; only when it passes what a batch may have the rows
 * are looked at one by one. */
static int32_t cursor_room(const weft_row_cursor *cursor, const uint8_t *const *rows, int32_t n, int32_t some,
                           int64_t *most_heap)
{
    const weft_row_page *page = cursor->page;
    const int64_t of_page = (int64_t)page->bytes - page->heap_begin;
    if (!cursor->layout->has_strings || *most_heap + of_page <= WEFT_BATCH_HEAP_MOST) {
        *most_heap += of_page;
        return some;
    }
    *most_heap = rows_heap(cursor->layout, rows, n);
    const uint8_t *row = weft_row_page_rows(page) + (size_t)cursor->row * page->row_bytes;
    return cursor_fit(cursor, row, some, n == 0, most_heap);
}

weft_status weft_row_cursor_next(weft_ctx *ctx, weft_row_cursor *cursor, const uint8_t **rows, int32_t most,
                                 int32_t *count)
{
    weft_status st = WEFT_OK;
    int32_t n = 0;
    int64_t most_heap = 0;
    bool borrowed = false; /* rows lie in the reader's buffer */
    cursor_release(cursor, cursor->entered);
    weft_held_clear(&cursor->held);
    while (n < most) {
        if (cursor->page == NULL || cursor->row >= cursor->page->rows) {
            if (borrowed) WEFT_TRY(st, weft_held_add(ctx, &cursor->held, cursor->reader));
            borrowed = false;
            WEFT_TRY(st, cursor_turn(ctx, cursor));
            if (cursor->page == NULL) break;
        }
        const uint32_t row_bytes = cursor->page->row_bytes;
        const uint32_t left = cursor->page->rows - cursor->row;
        const int32_t want = left < (uint32_t)(most - n) ? (int32_t)left : most - n;
        const int32_t some = cursor_room(cursor, rows, n, want, &most_heap);
        const uint8_t *row = weft_row_page_rows(cursor->page) + (size_t)cursor->row * row_bytes;
        for (int32_t i = 0; i < some; i++, row += row_bytes) rows[n++] = row;
        cursor->row += (uint32_t)some;
        borrowed = !cursor->stable;
        if (some < want) break;
    }
done:
    *count = n;
    return st;
}

void weft_row_cursor_close(weft_row_cursor *cursor)
{
    weft_block_reader_close(&cursor->reader);
    weft_reader_queue_close(&cursor->queue);
    cursor_release(cursor, 0);
    weft_held_deinit(&cursor->held);
    *cursor = (weft_row_cursor){0};
}

int32_t weft_rows_of_batch(const weft_row_layout *layout, const uint8_t *const *rows, int32_t count)
{
    int64_t heap = 0;
    if (!layout->has_strings) return count;
    for (int32_t i = 0; i < count; i++) {
        heap += weft_row_heap_bytes(layout, rows[i]);
        if (heap > WEFT_BATCH_HEAP_MOST && i > 0) return i;
    }
    return count;
}

/* ---- held pages ---- */

weft_status weft_held_add(weft_ctx *ctx, weft_held_pages *held, weft_block_reader *reader)
{
    if (held->count == held->capacity) {
        const int32_t more = held->capacity == 0 ? 16 : 2 * held->capacity;
        const weft_status st = weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)more * sizeof(*held->pages),
                                               (void **)&held->pages);
        if (st != WEFT_OK) return st;
        held->capacity = more;
    }
    held->pages[held->count++] = weft_block_reader_take(reader);
    return WEFT_OK;
}

void weft_held_clear(weft_held_pages *held)
{
    while (held->count > 0) weft_mem_free(held->pages[--held->count]);
}

void weft_held_deinit(weft_held_pages *held)
{
    weft_held_clear(held);
    weft_mem_free(held->pages);
    *held = (weft_held_pages){0};
}

/* ---- batches ---- */

weft_status weft_gather_init(weft_ctx *ctx, weft_gather *gather, const weft_types *types)
{
    weft_status st = WEFT_OK;
    const size_t count = (size_t)types->count;
    *gather = (weft_gather){0};
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, count * sizeof(*gather->vectors),
                                     (void **)&gather->vectors));
    gather->count = types->count;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, count * sizeof(*gather->columns),
                                     (void **)&gather->columns));
    for (int32_t i = 0; i < types->count; i++)
        WEFT_TRY(st, weft_vector_init(ctx, types->types[i], WEFT_BATCH_ROWS_MAX, &gather->vectors[i]));
done:
    if (st != WEFT_OK) weft_gather_deinit(gather);
    return st;
}

weft_status weft_gather_column(weft_ctx *ctx, weft_gather *gather, const weft_row_layout *layout,
                               int32_t from, int32_t to, const uint8_t *const *rows, int32_t count)
{
    return weft_vector_gather(ctx, layout, from, rows, count, NULL, &gather->vectors[to]);
}

weft_status weft_gather_batch(weft_ctx *ctx, weft_gather *gather, const weft_row_layout *layout,
                              const uint8_t *const *rows, int32_t count, weft_batch *out)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < gather->count; i++) {
        WEFT_TRY(st, weft_gather_column(ctx, gather, layout, i, i, rows, count));
    }
    weft_gather_view(gather, count, out);
done:
    return st;
}

void weft_gather_view(weft_gather *gather, int32_t count, weft_batch *out)
{
    for (int32_t i = 0; i < gather->count; i++) gather->columns[i] = gather->vectors[i].column;
    *out = (weft_batch){
        .rows = count, .selected = count, .column_count = gather->count, .columns = gather->columns};
}

void weft_gather_deinit(weft_gather *gather)
{
    for (int32_t i = 0; gather->vectors != NULL && i < gather->count; i++)
        weft_vector_deinit(&gather->vectors[i]);
    weft_mem_free(gather->vectors);
    weft_mem_free(gather->columns);
    *gather = (weft_gather){0};
}
