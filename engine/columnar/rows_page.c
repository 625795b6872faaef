/* engine/columnar/rows_page.c - pages that move: packed before they are sent, checked and rebased when read.
 *
 * A page that was read lies at another address than the one its strings point to. base tells for which
 * address they were made, so all of them move by the same constant. */
#include "engine/columnar/nested.h"
#include "engine/columnar/rows_private.h"
#include "engine/columnar/variant.h"

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

/* A string: its length, and its bytes where they are in the heap. */
static uint32_t add_string(uint32_t crc, const weft_row_page *page, const uint8_t *view)
{
    uint32_t len;
    uint64_t pointer;
    memcpy(&len, view, 4);
    if (len <= WEFT_STR_INLINE) return weft_crc32c(crc, view, 16);
    memcpy(&pointer, view + 8, 8);
    crc = weft_crc32c(crc, view, 4);
    return weft_crc32c(crc, (const uint8_t *)page + (pointer - page->base), len);
}

uint32_t weft_row_page_digest(const weft_row_layout *layout, const weft_row_page *page)
{
    const uint8_t *row = weft_row_page_rows(page);
    uint32_t crc = weft_crc32c(0, &page->rows, sizeof(page->rows));
    if (!layout->has_strings) return weft_crc32c(crc, row, (size_t)page->rows * page->row_bytes);
    for (uint32_t i = 0; i < page->rows; i++, row += page->row_bytes) {
        crc = weft_crc32c(crc, row, 8 + (size_t)layout->null_bytes);
        for (int32_t c = 0; c < layout->count; c++) {
            const weft_phys phys = (weft_phys)layout->phys[c];
            const uint8_t *value = row + layout->offsets[c];
            crc = phys == WEFT_PHYS_STR ? add_string(crc, page, value)
                                        : weft_crc32c(crc, value, (size_t)weft_phys_bytes(phys));
        }
    }
    return crc;
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

/* Bits of a short string's view that must be zero, by its length: short strings are compared as 16 bytes. */
static const uint64_t head_zero[WEFT_STR_INLINE + 1] = {0xffffffff00000000, 0xffffff0000000000,
                                                        0xffff000000000000, 0xff00000000000000};
static const uint64_t tail_zero[WEFT_STR_INLINE + 1] = {UINT64_MAX,
                                                        UINT64_MAX,
                                                        UINT64_MAX,
                                                        UINT64_MAX,
                                                        UINT64_MAX,
                                                        0xffffffffffffff00,
                                                        0xffffffffffff0000,
                                                        0xffffffffff000000,
                                                        0xffffffff00000000,
                                                        0xffffff0000000000,
                                                        0xffff000000000000,
                                                        0xff00000000000000,
                                                        0};

/* The bytes of a string of the page, or NULL: its pointer, made for page->base, must stay in the heap. */
static inline const uint8_t *page_string(const weft_row_page *page, const uint8_t *view, uint32_t len)
{
    uint64_t head, tail;
    uint32_t prefix;
    memcpy(&head, view, 8);
    memcpy(&tail, view + 8, 8); /* the pointer of a long one */
    if (len <= WEFT_STR_INLINE)
        return ((head & head_zero[len]) | (tail & tail_zero[len])) == 0 ? view + 4 : NULL;
    const uint64_t at = tail - page->base;
    if (at < page->heap_begin || at > page->bytes || len > page->bytes - at) return NULL;
    const uint8_t *bytes = (const uint8_t *)page + at;
    memcpy(&prefix, bytes, sizeof(prefix));
    return prefix == head >> 32 ? bytes : NULL;
}

static weft_status page_check_strings(weft_ctx *ctx, const weft_row_layout *layout, const weft_row_page *page,
                                      int32_t c)
{
    const uint8_t *row = weft_row_page_rows(page);
    const bool nested = weft_type_phys(layout->types[c]) != WEFT_PHYS_STR;
    const bool variant = layout->types[c].id == WEFT_TYPE_VARIANT;
    for (uint32_t i = 0; i < page->rows; i++, row += page->row_bytes) {
        uint32_t len;
        memcpy(&len, row + layout->offsets[c], 4);
        const uint8_t *bytes = page_string(page, row + layout->offsets[c], len);
        if (bytes == NULL || len > INT32_MAX)
            return page_corrupt(ctx, "a string outside the heap, in row", i);
        if (weft_row_is_null(row, c)) continue;
        if (nested && !weft_nested_validate(layout->types[c], bytes, len))
            return page_corrupt(ctx, "a malformed nested value, in row", i);
        if (variant && weft_variant_check((const char *)bytes, len) != WEFT_VARIANT_GOOD)
            return page_corrupt(ctx, "a malformed variant, in row", i);
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

/* What its header says, before anything else of it is looked at. */
static weft_status page_check_head(weft_ctx *ctx, const weft_row_layout *layout, const weft_row_page *page,
                                   size_t bytes)
{
    if (bytes < WEFT_ROW_PAGE_HEADER) return page_corrupt(ctx, "shorter than its header", bytes);
    if (page->bytes != bytes) return page_corrupt(ctx, "another size than its header says", page->bytes);
    if (page->row_bytes != (uint32_t)layout->row_bytes)
        return page_corrupt(ctx, "other rows", page->row_bytes);
    const uint64_t end = WEFT_ROW_PAGE_HEADER + (uint64_t)page->rows * page->row_bytes;
    if (end > page->heap_begin) return page_corrupt(ctx, "more rows than fit", page->rows);
    if (page->heap_begin > bytes) return page_corrupt(ctx, "a heap beyond its end", page->heap_begin);
    return WEFT_OK;
}

weft_status weft_row_page_validate(weft_ctx *ctx, const weft_row_layout *layout, const weft_row_page *page,
                                   size_t bytes)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, page_check_head(ctx, layout, page, bytes));
    for (int32_t c = 0; c < layout->count; c++) {
        if (layout->phys[c] == WEFT_PHYS_STR) WEFT_TRY(st, page_check_strings(ctx, layout, page, c));
        if (layout->phys[c] == WEFT_PHYS_BOOL) WEFT_TRY(st, page_check_bools(ctx, layout, page, c));
    }
done:
    return st;
}

/* Move the strings of one column by delta, and tell whether all are as page_check_strings wants them. Lengths
 * come in no order that a processor could guess, so nothing here depends on a branch. */
static bool page_move_strings(const weft_row_layout *layout, weft_row_page *page, int32_t c, uint64_t delta)
{
    const uint64_t base = page->base, begin = page->heap_begin, end = page->bytes;
    const uint8_t *const start = (const uint8_t *)page;
    uint8_t *view = weft_row_page_rows(page) + layout->offsets[c];
    uint64_t wrong = 0;
    for (uint32_t i = 0; i < page->rows; i++, view += page->row_bytes) {
        uint64_t head, tail;
        uint32_t prefix;
        memcpy(&head, view, 8);
        memcpy(&tail, view + 8, 8);
        const uint64_t len = (uint32_t)head, at = tail - base;
        const bool is_short = len <= WEFT_STR_INLINE;
        const uint64_t row = is_short ? len : WEFT_STR_INLINE;
        const uint64_t left = (head & head_zero[row]) | (tail & tail_zero[row]);
        /* a long one has more than 12 bytes, so its first four are in the heap when all of it is */
        const bool inside = (at >= begin) & (at <= end) & (len <= end - at) & (len <= INT32_MAX);
        memcpy(&prefix, start + ((!is_short & inside) ? at : 0), sizeof(prefix));
        const uint64_t bad_long = (uint64_t)!inside | (prefix ^ head >> 32);
        wrong |= is_short ? left : bad_long;
        tail += is_short ? 0 : delta;
        memcpy(view + 8, &tail, 8);
    }
    return wrong == 0;
}

weft_status weft_row_page_arrive(weft_ctx *ctx, const weft_row_layout *layout, weft_row_page *page,
                                 size_t bytes)
{
    weft_status st = WEFT_OK;
    bool sound = true;
    WEFT_TRY(st, page_check_head(ctx, layout, page, bytes));
    const uint64_t delta = (uint64_t)(uintptr_t)page - page->base;
    for (int32_t c = 0; c < layout->count; c++)
        if (layout->phys[c] == WEFT_PHYS_STR) sound &= page_move_strings(layout, page, c, delta);
    page->base += delta;
    if (!sound) st = weft_row_page_validate(ctx, layout, page, bytes); /* which row it was */
    for (int32_t c = 0; c < layout->count && st == WEFT_OK; c++) {
        const bool nested = layout->phys[c] == WEFT_PHYS_STR &&
                            weft_type_phys(layout->types[c]) != WEFT_PHYS_STR;
        if (nested) st = page_check_strings(ctx, layout, page, c);
        if (layout->phys[c] == WEFT_PHYS_BOOL) st = page_check_bools(ctx, layout, page, c);
    }
    assert(sound || st != WEFT_OK);
done:
    return st;
}
