/* engine/exec/window_rows.c - see window_rows.h. */
#include "engine/exec/window_rows.h"

#include "engine/exec/block_private.h"
#include "engine/exec/force_spill.h"

enum {
    FORCED_ROWS = 3 /* FORCE_SPILL: smaller partitions stay, or every group of a test is a file */
};

static void held_reset(weft_window_rows *r)
{
    for (int32_t i = 0; i < WEFT_WINDOW_PAGES; i++) {
        weft_mem_free(r->held[i].buffer);
        r->held[i] = (weft_window_page){.page = -1};
    }
}

void weft_window_rows_init(weft_window_rows *r, const weft_row_layout *layout)
{
    *r = (weft_window_rows){.layout = layout};
    for (int32_t i = 0; i < WEFT_WINDOW_PAGES; i++) r->held[i].page = -1;
}

void weft_window_rows_clear(weft_window_rows *r)
{
    weft_rows_clear(&r->set);
    weft_rows_clear(&r->first);
    held_reset(r);
    weft_block_writer_abandon(&r->writer);
    weft_block_release(&r->block);
    weft_mem_free(r->starts);
    r->starts = NULL;
    r->pages = 0;
    r->count = 0;
}

void weft_window_rows_deinit(weft_window_rows *r)
{
    weft_window_rows_clear(r);
    weft_mem_free(r->rows);
    r->rows = NULL;
    r->capacity = 0;
}

int64_t weft_window_rows_bytes(const weft_window_rows *r) { return r->set.bytes; }

/* ---- writing ---- */

const uint8_t *weft_window_rows_first(const weft_window_rows *r)
{
    return r->writer == NULL ? r->rows[0] : weft_row_page_rows(r->first.first);
}

/* What is kept goes to a block, and so will what comes: the batch, when nothing was kept yet. */
static weft_status rows_store(weft_ctx *ctx, weft_window_rows *r, const weft_batch *batch,
                              const int32_t *columns)
{
    weft_status st = WEFT_OK;
    const weft_types types = {.count = r->layout->count, .types = r->layout->types};
    if (r->count > 0) {
        const uint8_t *first = r->rows[0];
        const int64_t heap = weft_row_heap_bytes(r->layout, first);
        WEFT_TRY(st, weft_block_headroom_page(ctx, r->layout, heap, &r->first));
        WEFT_TRY(st, weft_rows_append_rows(ctx, r->layout, &r->first, &first, 1));
    } else {
        weft_batch one = *batch;
        one.selected = 1;
        const int64_t heap = weft_block_first_heap(r->layout, &one, columns);
        WEFT_TRY(st, weft_block_headroom_page(ctx, r->layout, heap, &r->first));
        WEFT_TRY(st, weft_rows_append(ctx, r->layout, &r->first, &one, columns, NULL, NULL));
    }
    WEFT_TRY(st, weft_block_writer_open(ctx, &types, 1, &r->writer));
    WEFT_TRY(st, weft_block_take(ctx, r->writer, 0, &r->set));
    weft_mem_free(r->rows);
    r->rows = NULL;
    r->capacity = 0;
done:
    return st;
}

/* Append to the pages; *added rows were, whatever comes back. */
static weft_status rows_keep(weft_ctx *ctx, weft_window_rows *r, const weft_batch *batch,
                             const int32_t *columns, int32_t *added)
{
    weft_status st = WEFT_OK;
    *added = 0;
    if (r->count + batch->selected > r->capacity) {
        const int64_t capacity = weft_max_i64(r->capacity * 2, r->count + batch->selected);
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_RETAINED, (size_t)capacity * sizeof(*r->rows),
                                     (void **)&r->rows));
        r->capacity = capacity;
    }
    st = weft_rows_append(ctx, r->layout, &r->set, batch, columns, NULL,
                          (uint8_t **)(uintptr_t)(r->rows + r->count));
    *added = (int32_t)(r->set.rows - r->count);
    r->count += *added;
done:
    return st;
}

weft_status weft_window_rows_add(weft_ctx *ctx, weft_window_rows *r, const weft_batch *batch,
                                 const int32_t *columns)
{
    weft_status st = WEFT_OK;
    uint16_t positions[WEFT_BATCH_ROWS_MAX];
    weft_batch rest = *batch;
    if (r->writer == NULL) {
        int32_t added;
        st = rows_keep(ctx, r, batch, columns, &added);
        const bool forced = weft_force_spill(ctx) && r->count >= FORCED_ROWS;
        if (st == WEFT_OK ? !forced : st != WEFT_NOMEM) return st;
        weft_error_clear(ctx);
        WEFT_TRY(st, rows_store(ctx, r, batch, columns));
        rest.selected -= added;
        for (int32_t i = 0; i < rest.selected; i++)
            positions[i] = batch->selection == NULL ? (uint16_t)(added + i) : batch->selection[added + i];
        rest.selection = positions;
        if (rest.selected == 0) goto done;
    }
    WEFT_TRY(st, weft_block_append(ctx, r->writer, &rest, columns, NULL));
    r->count += rest.selected;
done:
    return st;
}

weft_status weft_window_rows_freeze(weft_ctx *ctx, weft_window_rows *r, const weft_block_name *name)
{
    weft_status st = WEFT_OK;
    if (r->writer == NULL) return WEFT_OK;
    WEFT_TRY(st, weft_block_finish(ctx, &r->writer, ctx->memory, name, &r->block));
    weft_rows_clear(&r->first);
    r->spilled_bytes += weft_block_spilled_bytes(r->block);
    const block_segment *segment = &r->block->segments[0];
    r->pages = segment->page_count;
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, ((size_t)r->pages + 1) * sizeof(*r->starts),
                                (void **)&r->starts));
    r->starts[0] = 0;
    for (int32_t p = 0; p < r->pages; p++) r->starts[p + 1] = r->starts[p] + segment->pages[p].rows;
    assert(r->starts[r->pages] == r->count);
done:
    return st;
}

/* ---- reading ---- */

/* The page that holds row i, by halving. */
static int32_t page_of(const weft_window_rows *r, int64_t i)
{
    int32_t low = 0, high = r->pages;
    while (high - low > 1) {
        const int32_t middle = low + (high - low) / 2;
        if (r->starts[middle] <= i)
            low = middle;
        else
            high = middle;
    }
    while (r->starts[low + 1] <= i) low++; /* pages without rows */
    return low;
}

/* Hold a page in the place of the one that was not used for the longest time. */
static weft_status page_hold(weft_ctx *ctx, weft_window_rows *r, int32_t page, weft_window_page **out)
{
    weft_status st = WEFT_OK;
    weft_window_page *held = &r->held[0];
    const block_page *ref = &r->block->segments[0].pages[page];
    for (int32_t i = 1; i < WEFT_WINDOW_PAGES; i++)
        if (r->held[i].used < held->used) held = &r->held[i];
    held->page = -1;
    held->at = ref->page;
    if (ref->page == NULL) {
        WEFT_TRY(st, weft_block_load_page(ctx, r->block, ref, &held->buffer));
        held->at = held->buffer;
    }
    held->page = page;
    *out = held;
done:
    return st;
}

/* The held page that has row i. */
static weft_status page_find(weft_ctx *ctx, weft_window_rows *r, int64_t i, weft_window_page **out)
{
    weft_status st = WEFT_OK;
    weft_window_page *found = NULL;
    WEFT_DASSERT(i >= 0 && i < r->count);
    for (int32_t k = 0; k < WEFT_WINDOW_PAGES && found == NULL; k++) {
        const int32_t page = r->held[k].page;
        if (page >= 0 && r->starts[page] <= i && i < r->starts[page + 1]) found = &r->held[k];
    }
    if (found == NULL) WEFT_TRY(st, page_hold(ctx, r, page_of(r, i), &found));
    found->used = ++r->tick;
    *out = found;
done:
    return st;
}

weft_status weft_window_rows_find(weft_ctx *ctx, weft_window_rows *r, int64_t i, const uint8_t **row)
{
    weft_window_page *held = NULL;
    const weft_status st = page_find(ctx, r, i, &held);
    if (st != WEFT_OK) return st;
    *row = weft_row_page_rows(held->at) + (size_t)(i - r->starts[held->page]) * held->at->row_bytes;
    return WEFT_OK;
}

weft_status weft_window_rows_read(weft_ctx *ctx, weft_window_rows *r, int64_t from, int32_t most,
                                  const uint8_t **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    weft_window_page *held = NULL;
    if (r->rows != NULL) {
        memcpy(out, r->rows + from, (size_t)most * sizeof(*out));
        *count = most;
        goto done;
    }
    WEFT_TRY(st, page_find(ctx, r, from, &held));
    *count = (int32_t)weft_min_i64(most, r->starts[held->page + 1] - from);
    const uint32_t row_bytes = held->at->row_bytes;
    const uint8_t *row = weft_row_page_rows(held->at) + (size_t)(from - r->starts[held->page]) * row_bytes;
    for (int32_t i = 0; i < *count; i++, row += row_bytes) out[i] = row;
done:
    return st;
}
