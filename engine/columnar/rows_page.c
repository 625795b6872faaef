/* engine/columnar/rows_page.c - pages that move: packed before they are sent, checked and rebased when read.
 *
 * A page that was read lies at another address than the one its strings point to. base tells for which
 * address they were made, so all of them move by the same constant. */
#include "engine/columnar/nested.h"
#include "engine/columnar/rows_private.h"

/* Add delta to the pointer of every string that is not inline. */
static void page_shift_strings(const weft_row_layout *layout, weft_row_page *page, uint64_t delta)
{
    for (int32_t c = 0; c < layout->count; c++) {
        if (layout->phys[c] != WEFT_PHYS_STR) continue;
        uint8_t *at = weft_row_page_rows(page) + layout->offsets[c];
        for (uint32_t i = 0; i < page->rows; i++, at += page->row_bytes) {
            uint32_t len;
            uint64_t pointer;
            memcpy(&len, at, 4);
            if (len <= WEFT_STR_INLINE) continue;
            memcpy(&pointer, at + 8, 8);
            pointer += delta;
            memcpy(at + 8, &pointer, 8);
        }
    }
}

void weft_row_page_rebase_to(const weft_row_layout *layout, weft_row_page *page, uint64_t base)
{
    if (page->base == base) return;
    if (layout->has_strings) page_shift_strings(layout, page, base - page->base);
    page->base = base;
}

void weft_row_page_rebase(const weft_row_layout *layout, weft_row_page *page)
{
    weft_row_page_rebase_to(layout, page, (uint64_t)(uintptr_t)page);
}

uint32_t weft_row_page_pack(const weft_row_layout *layout, weft_row_page *page)
{
    const uint32_t end = WEFT_ROW_PAGE_HEADER + page->rows * page->row_bytes;
    const uint32_t gap = page->heap_begin - end, heap = page->bytes - page->heap_begin;
    weft_row_page_rebase(layout, page);
    if (gap == 0) return page->bytes;
    if (heap > 0) {
        memmove((uint8_t *)page + end, (uint8_t *)page + page->heap_begin, heap);
        page_shift_strings(layout, page, (uint64_t)0 - gap);
    }
    page->heap_begin = end;
    page->bytes -= gap;
    return page->bytes;
}

static weft_status page_corrupt(weft_ctx *ctx, const char *what, uint64_t value)
{
    return weft_fail(ctx, WEFT_CORRUPT, "a page of rows is damaged: %s (%llu)", what,
                     (unsigned long long)value);
}

/* The bytes of a string of the page, or NULL: its pointer, made for page->base, must stay in the heap. */
static const uint8_t *page_string(const weft_row_page *page, const uint8_t *view, uint32_t len)
{
    uint64_t pointer;
    if (len <= WEFT_STR_INLINE) {
        for (uint32_t i = len; i < WEFT_STR_INLINE; i++) {
            if (view[4 + i] != 0) return NULL; /* short strings are compared as 16 bytes */
        }
        return view + 4;
    }
    memcpy(&pointer, view + 8, 8);
    const uint64_t at = pointer - page->base;
    if (at < page->heap_begin || at > page->bytes || len > page->bytes - at) return NULL;
    const uint8_t *bytes = (const uint8_t *)page + at;
    return memcmp(bytes, view + 4, 4) == 0 ? bytes : NULL;
}

static weft_status page_check_strings(weft_ctx *ctx, const weft_row_layout *layout, const weft_row_page *page,
                                      int32_t c)
{
    const uint8_t *row = weft_row_page_rows(page);
    const bool nested = weft_type_phys(layout->types[c]) != WEFT_PHYS_STR;
    for (uint32_t i = 0; i < page->rows; i++, row += page->row_bytes) {
        uint32_t len;
        memcpy(&len, row + layout->offsets[c], 4);
        const uint8_t *bytes = page_string(page, row + layout->offsets[c], len);
        if (bytes == NULL || len > INT32_MAX)
            return page_corrupt(ctx, "a string outside the heap, in row", i);
        if (nested && !weft_row_is_null(row, c) && !weft_nested_validate(layout->types[c], bytes, len)) {
            return page_corrupt(ctx, "a malformed nested value, in row", i);
        }
    }
    return WEFT_OK;
}

static weft_status page_check_bools(weft_ctx *ctx, const weft_row_layout *layout, const weft_row_page *page,
                                    int32_t c)
{
    const uint8_t *row = weft_row_page_rows(page);
    for (uint32_t i = 0; i < page->rows; i++, row += page->row_bytes) {
        if (row[layout->offsets[c]] > 1)
            return page_corrupt(ctx, "a boolean that is neither 0 nor 1, in row", i);
    }
    return WEFT_OK;
}

weft_status weft_row_page_validate(weft_ctx *ctx, const weft_row_layout *layout, const weft_row_page *page,
                                   size_t bytes)
{
    weft_status st = WEFT_OK;
    if (bytes < WEFT_ROW_PAGE_HEADER) return page_corrupt(ctx, "shorter than its header", bytes);
    if (page->bytes != bytes) return page_corrupt(ctx, "another size than its header says", page->bytes);
    if (page->row_bytes != (uint32_t)layout->row_bytes)
        return page_corrupt(ctx, "other rows", page->row_bytes);
    const uint64_t end = WEFT_ROW_PAGE_HEADER + (uint64_t)page->rows * page->row_bytes;
    if (end > page->heap_begin) return page_corrupt(ctx, "more rows than fit", page->rows);
    if (page->heap_begin > bytes) return page_corrupt(ctx, "a heap beyond its end", page->heap_begin);
    for (int32_t c = 0; c < layout->count; c++) {
        if (layout->phys[c] == WEFT_PHYS_STR) WEFT_TRY(st, page_check_strings(ctx, layout, page, c));
        if (layout->phys[c] == WEFT_PHYS_BOOL) WEFT_TRY(st, page_check_bools(ctx, layout, page, c));
    }
done:
    return st;
}
