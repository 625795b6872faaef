/* engine/columnar/rows.c - layouts, pages and sets of rows. Writing batches into rows is in rows_append.c,
 * reading them back in rows_gather.c, comparing in rows_match.c, what outside bytes need in rows_page.c.
 *
 * The pages of a set double from 8 KiB to WEFT_ROW_PAGE_BYTES, so that an exchange of a thousand partitions
 * with a few rows each does not take a thousand full pages. */
#include "engine/columnar/rows.h"

#include "engine/columnar/rows_private.h"

enum {
    ROWS_PAGE_FIRST = 8 * 1024,
    ROWS_PAGE_OVERHEAD = 128, /* what the heap puts around a page: sizes stay powers of two for malloc */
    ROWS_PAGE_ROWS_MAX = 1 << 16
};
static const int64_t rows_set_max = UINT32_MAX;

/* ---- layout ---- */

/* The physical type of a value in a row: nested values are one serialised string. */
static weft_phys layout_phys(weft_type type)
{
    const weft_phys phys = weft_type_phys(type);
    return phys == WEFT_PHYS_LIST || phys == WEFT_PHYS_STRUCT ? WEFT_PHYS_STR : phys;
}

/* Small values first fill the word that the null bits begin; the rest goes by falling width, so that nothing
 * but the end of the row is padding. */
static void layout_place(weft_row_layout *layout)
{
    int32_t hole = 8 + layout->null_bytes;
    const int32_t hole_end = (int32_t)weft_round_up((size_t)hole, 8);
    int32_t at = hole_end;
    for (int32_t width = 16; width > 0; width /= 2) {
        for (int32_t i = 0; i < layout->count; i++) {
            const int32_t bytes = weft_phys_bytes((weft_phys)layout->phys[i]);
            if (bytes != width) continue;
            const int32_t aligned = (int32_t)weft_round_up((size_t)hole, (size_t)width);
            if (width < 8 && aligned + width <= hole_end) {
                layout->offsets[i] = aligned;
                hole = aligned + width;
            } else {
                layout->offsets[i] = at;
                at += width;
            }
        }
    }
    layout->row_bytes = (int32_t)weft_round_up((size_t)at, 8);
}

weft_status weft_row_layout_init(weft_ctx *ctx, const weft_type *types, int32_t count, weft_row_layout *out)
{
    weft_status st = WEFT_OK;
    *out = (weft_row_layout){.count = count, .null_bytes = (count + 7) / 8};
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &out->types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &out->offsets));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &out->phys));
    for (int32_t i = 0; i < count; i++) {
        out->types[i] = types[i];
        out->phys[i] = (uint8_t)layout_phys(types[i]);
        out->offsets[i] = 8 + out->null_bytes; /* of a column without data: somewhere in the row */
        if (out->phys[i] == WEFT_PHYS_STR) out->has_strings = true;
    }
    layout_place(out);
done:
    return st;
}

/* ---- pages ---- */

static weft_status page_new(weft_ctx *ctx, uint32_t row_bytes, uint32_t bytes, weft_row_page **out)
{
    void *block = NULL;
    *out = NULL;
    assert(bytes >= WEFT_ROW_PAGE_HEADER);
    const weft_status st = weft_mem_alloc(ctx, WEFT_MEM_RETAINED, bytes, &block);
    if (st != WEFT_OK) return st;
    weft_row_page *page = block;
    memset(page, 0, WEFT_ROW_PAGE_HEADER);
    page->bytes = bytes;
    page->row_bytes = row_bytes;
    page->heap_begin = bytes;
    page->base = (uint64_t)(uintptr_t)page;
    *out = page;
    return WEFT_OK;
}

weft_status weft_row_page_new(weft_ctx *ctx, const weft_row_layout *layout, uint32_t bytes,
                              weft_row_page **out)
{
    return page_new(ctx, (uint32_t)layout->row_bytes, bytes, out);
}

void weft_row_page_free(weft_row_page **page)
{
    weft_mem_free(*page);
    *page = NULL;
}

static void set_link_page(weft_row_set *set, weft_row_page *page)
{
    page->next = NULL;
    if (set->last != NULL)
        set->last->next = page;
    else
        set->first = page;
    set->last = page;
    set->bytes += page->bytes;
    set->page_count++;
}

/* A page at the end of set that holds at least one row with heap_bytes of strings; hint_bytes is what would
 * be used at once if it were there. */
static weft_status set_grow(weft_ctx *ctx, const weft_row_layout *layout, weft_row_set *set,
                            uint64_t heap_bytes, uint64_t hint_bytes)
{
    if (set->rows >= rows_set_max) {
        return weft_fail(ctx, WEFT_LIMIT, "more than 4294967295 rows in one partition: use more partitions");
    }
    const uint64_t least = WEFT_ROW_PAGE_HEADER + (uint64_t)layout->row_bytes + heap_bytes;
    if (least > UINT32_MAX) {
        return weft_fail(ctx, WEFT_LIMIT, "a row of %llu bytes: a row holds less than 4 GiB of strings",
                         (unsigned long long)heap_bytes);
    }
    uint64_t bytes = set->last == NULL ? ROWS_PAGE_FIRST : 2 * (uint64_t)set->last->bytes;
    if (hint_bytes > bytes) bytes = hint_bytes;
    bytes = weft_pow2_ceil(bytes);
    if (bytes > WEFT_ROW_PAGE_BYTES) bytes = WEFT_ROW_PAGE_BYTES;
    bytes -= ROWS_PAGE_OVERHEAD;
    if (bytes < least) bytes = weft_round_up(least, 8) > UINT32_MAX ? least : weft_round_up(least, 8);
    weft_row_page *page = NULL;
    const weft_status st = weft_row_page_new(ctx, layout, (uint32_t)bytes, &page);
    if (st == WEFT_OK) set_link_page(set, page);
    return st;
}

/* Bytes between the rows and the heap. */
static inline uint64_t page_gap(const weft_row_page *page, uint32_t row_bytes)
{
    return page->heap_begin - (WEFT_ROW_PAGE_HEADER + (uint64_t)page->rows * row_bytes);
}

static inline bool page_fits(const weft_row_page *page, uint32_t row_bytes, uint64_t heap_bytes)
{
    return page != NULL && page->rows < ROWS_PAGE_ROWS_MAX &&
           page_gap(page, row_bytes) >= row_bytes + heap_bytes;
}

/* Without strings rows are counted, not measured one by one. */
static weft_status place_fixed(weft_ctx *ctx, const weft_row_layout *layout, weft_row_set *set, int32_t count,
                               rows_place *place)
{
    weft_status st = WEFT_OK;
    const uint32_t row_bytes = (uint32_t)layout->row_bytes;
    place->count = 0;
    while (place->count < count) {
        const uint32_t left = (uint32_t)(count - place->count);
        if (!page_fits(set->last, row_bytes, 0)) {
            WEFT_TRY(st, set_grow(ctx, layout, set, 0, WEFT_ROW_PAGE_HEADER + (uint64_t)left * row_bytes));
        }
        weft_row_page *page = set->last;
        uint64_t room = page_gap(page, row_bytes) / row_bytes;
        if (room > ROWS_PAGE_ROWS_MAX - page->rows) room = ROWS_PAGE_ROWS_MAX - page->rows;
        if (room > left) room = left;
        uint8_t *row = weft_row_page_rows(page) + (size_t)page->rows * row_bytes;
        for (uint32_t i = 0; i < room; i++, row += row_bytes) place->row[place->count + (int32_t)i] = row;
        page->rows += (uint32_t)room;
        set->rows += (int64_t)room;
        place->count += (int32_t)room;
    }
done:
    return st;
}

static inline void place_row(weft_row_page *page, uint32_t row_bytes, int32_t i, rows_place *place)
{
    page->heap_begin -= (uint32_t)place->need[i];
    place->row[i] = weft_row_page_rows(page) + (size_t)page->rows * row_bytes;
    place->heap[i] = (uint8_t *)page + page->heap_begin;
    page->rows++;
}

weft_status weft_rows_place(weft_ctx *ctx, const weft_row_layout *layout, weft_row_set *set, int32_t count,
                            rows_place *place)
{
    if (!layout->has_strings) return place_fixed(ctx, layout, set, count, place);
    weft_status st = WEFT_OK;
    const uint32_t row_bytes = (uint32_t)layout->row_bytes;
    const uint64_t hint = WEFT_ROW_PAGE_HEADER + (uint64_t)count * row_bytes;
    int32_t i = 0;
    for (; i < count; i++) {
        if (WEFT_UNLIKELY(!page_fits(set->last, row_bytes, place->need[i]))) {
            WEFT_TRY(st, set_grow(ctx, layout, set, place->need[i], hint));
        }
        place_row(set->last, row_bytes, i, place);
        set->rows++;
    }
done:
    place->count = i;
    return st;
}

weft_status weft_rows_place_by(weft_ctx *ctx, const weft_row_layout *layout, weft_row_set *sets,
                               const uint16_t *partition, int32_t count, rows_place *place)
{
    weft_status st = WEFT_OK;
    const uint32_t row_bytes = (uint32_t)layout->row_bytes;
    int32_t i = 0;
    if (!layout->has_strings) memset(place->need, 0, (size_t)count * sizeof place->need[0]);
    for (; i < count; i++) {
        weft_row_set *set = &sets[partition[i]];
        if (WEFT_UNLIKELY(!page_fits(set->last, row_bytes, place->need[i]))) {
            WEFT_TRY(st, set_grow(ctx, layout, set, place->need[i], 0));
        }
        place_row(set->last, row_bytes, i, place);
        set->rows++;
    }
done:
    place->count = i;
    return st;
}

/* ---- sets ---- */

weft_status weft_rows_reserve(weft_ctx *ctx, const weft_row_layout *layout, weft_row_set *set, uint8_t **row)
{
    *row = NULL;
    if (!page_fits(set->last, (uint32_t)layout->row_bytes, 0)) {
        const weft_status st = set_grow(ctx, layout, set, 0, 0);
        if (st != WEFT_OK) return st;
    }
    weft_row_page *page = set->last;
    *row = weft_row_page_rows(page) + (size_t)page->rows * page->row_bytes;
    memset(*row, 0, page->row_bytes);
    page->rows++;
    set->rows++;
    return WEFT_OK;
}

/* A page without rows, for strings of rows that lie elsewhere. It goes to the front of the list: the last
 * page is the one that rows are added to. */
static weft_status set_side_page(weft_ctx *ctx, weft_row_set *set, uint32_t len)
{
    uint64_t bytes = set->last->bytes > ROWS_PAGE_FIRST ? set->last->bytes
                                                        : ROWS_PAGE_FIRST - ROWS_PAGE_OVERHEAD;
    if (bytes < (uint64_t)WEFT_ROW_PAGE_HEADER + len) bytes = (uint64_t)WEFT_ROW_PAGE_HEADER + len;
    weft_row_page *page = NULL;
    const weft_status st = page_new(ctx, set->last->row_bytes, (uint32_t)bytes, &page);
    if (st != WEFT_OK) return st;
    page->next = set->first;
    set->first = page;
    set->bytes += page->bytes;
    set->page_count++;
    return WEFT_OK;
}

static uint8_t *page_take_heap(weft_row_page *page, uint32_t len)
{
    page->heap_begin -= len;
    return (uint8_t *)page + page->heap_begin;
}

/* Room for a string of the row in a heap of the set. */
static weft_status set_string_room(weft_ctx *ctx, weft_row_set *set, const uint8_t *row, uint32_t len,
                                   uint8_t **to)
{
    weft_row_page *last = set->last, *first = set->first;
    const bool on_last = row >= (const uint8_t *)last && row < (const uint8_t *)last + last->bytes;
    if (on_last && page_gap(last, last->row_bytes) >= len) {
        *to = page_take_heap(last, len);
        return WEFT_OK;
    }
    if (first->rows != 0 || page_gap(first, first->row_bytes) < len) {
        const weft_status st = set_side_page(ctx, set, len);
        if (st != WEFT_OK) return st;
    }
    *to = page_take_heap(set->first, len);
    set->apart = true;
    return WEFT_OK;
}

weft_status weft_rows_set_string(weft_ctx *ctx, weft_row_set *set, uint8_t *row, int32_t offset,
                                 const char *bytes, uint32_t len)
{
    weft_str old, view = weft_str_view(bytes, len);
    memcpy(&old, row + offset, sizeof old);
    if (len > WEFT_STR_INLINE) {
        uint8_t *to = (uint8_t *)(uintptr_t)old.pointer;
        if (old.len < len) { /* else written over: a running minimum would fill the heap */
            const weft_status st = set_string_room(ctx, set, row, len, &to);
            if (st != WEFT_OK) return st;
        }
        memmove(to, bytes, len); /* bytes may be the value that is there already */
        view.pointer = (const char *)to;
    }
    memcpy(row + offset, &view, sizeof view);
    return WEFT_OK;
}

weft_status weft_rows_extend_string(weft_ctx *ctx, weft_row_set *set, uint8_t *row, int32_t offset,
                                    uint32_t len)
{
    weft_str old;
    uint8_t *to;
    memcpy(&old, row + offset, sizeof old);
    assert(len > old.len && len > WEFT_STR_INLINE);
    const weft_status st = set_string_room(ctx, set, row, len, &to);
    if (st != WEFT_OK) return st;
    memcpy(to, weft_str_data(&old), old.len);
    memset(to + old.len, 0, len - old.len);
    const weft_str view = weft_str_view((const char *)to, len);
    memcpy(row + offset, &view, sizeof view);
    return WEFT_OK;
}

void weft_rows_concat(weft_row_set *to, weft_row_set *from)
{
    if (from->first == NULL) return;
    if (to->last != NULL)
        to->last->next = from->first;
    else
        to->first = from->first;
    to->last = from->last;
    to->rows += from->rows;
    to->bytes += from->bytes;
    to->page_count += from->page_count;
    to->apart = to->apart || from->apart;
    *from = (weft_row_set){0};
}

void weft_rows_add_page(weft_row_set *set, weft_row_page *page)
{
    set_link_page(set, page);
    set->rows += page->rows;
}

void weft_rows_clear(weft_row_set *set)
{
    for (weft_row_page *page = set->first; page != NULL;) {
        weft_row_page *next = page->next;
        weft_row_page_free(&page);
        page = next;
    }
    *set = (weft_row_set){0};
}
