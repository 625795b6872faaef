/* engine/formats/parquet/prune.c - pages that their bounds rule out: the column index of Parquet.
 *
 * A column index has a null count and bounds for each page. The filters that read this column alone are held
 * against each page's bounds, as they were against the row group's; the rows of a page that cannot match
 * leave the scan's ranges, for all columns. Source: PageIndex.md of apache/parquet-format. */
#include "engine/formats/parquet/prune.h"
#include "engine/formats/parquet/thrift_read.h"

typedef struct prune_page {
    weft_pq_stats stats;
    bool all_null;
    bool keep;
} prune_page;

enum { INDEX_NULL_PAGES = 1, INDEX_MIN = 2, INDEX_MAX = 3, INDEX_NULL_COUNTS = 5 };

/* False when the index is malformed or not about `count` pages: it is an aid, and then not used. */
static bool prune_parse(const uint8_t *bytes, int64_t len, prune_page *pages, int32_t count)
{
    weft_thrift t = weft_thrift_over(bytes, len);
    weft_thrift_field field = {0}, element;
    uint32_t seen = 0;
    for (int32_t i = 0; i < count; i++) pages[i] = (prune_page){.stats = {.null_count = -1}};
    weft_thrift_struct_begin(&t);
    while (weft_thrift_struct_next(&t, &field)) {
        if (field.id != INDEX_NULL_PAGES && field.id != INDEX_MIN && field.id != INDEX_MAX &&
            field.id != INDEX_NULL_COUNTS) {
            weft_thrift_skip(&t, field);
            continue;
        }
        if (weft_thrift_list(&t, field, &element) != count) return false;
        seen |= 1u << field.id;
        for (int32_t i = 0; i < count && !t.bad; i++) {
            weft_pq_stats *s = &pages[i].stats;
            switch (field.id) {
            case INDEX_NULL_PAGES: pages[i].all_null = weft_thrift_bool(&t, element); break;
            case INDEX_MIN: s->min = weft_thrift_binary(&t, element, &s->min_bytes); break;
            case INDEX_MAX: s->max = weft_thrift_binary(&t, element, &s->max_bytes); break;
            default: s->null_count = weft_thrift_int(&t, element); break;
            }
        }
    }
    const uint32_t required = 1u << INDEX_NULL_PAGES | 1u << INDEX_MIN | 1u << INDEX_MAX;
    return !t.bad && (seen & required) == required;
}

static bool prune_page_matches(weft_scan *scan, int32_t column, const prune_page *page, int64_t rows)
{
    weft_pq_bounds *bounds = &scan->bounds[column];
    weft_pq_stats stats = page->stats;
    if (stats.null_count < 0 || stats.null_count > rows) stats.null_count = -1;
    *bounds = page->all_null ? (weft_pq_bounds){.null_count = rows, .rows = rows}
                             : weft_pq_bounds_of(scan->columns[column].chunk.leaf, &stats, rows);
    for (int32_t i = 0; i < scan->filter_count; i++) {
        const weft_pq_filter *f = &scan->filters[i];
        if (f->column != column) continue;
        if (f->keys != NULL ? !weft_pq_may_match_keys(f->keys, bounds)
                            : !weft_pq_may_match(f->conjunct, scan->bounds, scan->spec.column_count)) {
            return false;
        }
    }
    return true;
}

/* The ranges of scan, but for the rows of pages that are not kept. */
static weft_status prune_ranges(weft_ctx *ctx, weft_scan *scan, const weft_pq_chunk *chunk,
                                const prune_page *pages)
{
    weft_status st = WEFT_OK;
    const int32_t count = chunk->location_count;
    const size_t most = (size_t)scan->range_count + (size_t)count;
    int32_t n = 0, page = 0;
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &scan->ranges_next, most * sizeof(weft_pq_range)));
    const weft_pq_range *from = scan->ranges.data;
    weft_pq_range *to = scan->ranges_next.data;
    for (int32_t r = 0; r < scan->range_count; r++) {
        for (int64_t row = from[r].begin; row < from[r].end;) {
            while (page + 1 < count && chunk->locations[page + 1].first_row <= row) page++;
            int64_t end = page + 1 < count ? chunk->locations[page + 1].first_row : chunk->rows;
            end = weft_min_i64(end, from[r].end);
            if (pages[page].keep) {
                if (n > 0 && to[n - 1].end == row) {
                    to[n - 1].end = end;
                } else {
                    to[n++] = (weft_pq_range){.begin = row, .end = end};
                }
            }
            row = end;
        }
    }
    const weft_pq_buffer old = scan->ranges;
    scan->ranges = scan->ranges_next;
    scan->ranges_next = old;
    scan->range_count = n;
done:
    return st;
}

weft_status weft_pq_prune_by_pages(weft_ctx *ctx, weft_scan *scan, int32_t column)
{
    weft_status st = WEFT_OK;
    weft_pq_chunk *chunk = &scan->columns[column].chunk;
    const weft_pq_chunk_meta *meta = chunk->meta;
    const int32_t count = chunk->location_count;
    int32_t dropped = 0;
    bool asked = false;
    for (int32_t i = 0; i < scan->filter_count; i++) asked |= scan->filters[i].column == column;
    if (!asked || meta->column_index < 0 || chunk->locations == NULL || count < 2) goto done;
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &chunk->lane->raw, (size_t)meta->column_index_bytes));
    WEFT_TRY(st, weft_file_read(ctx, chunk->file, meta->column_index, chunk->lane->raw.data,
                                meta->column_index_bytes));
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &scan->pages, (size_t)count * sizeof(prune_page)));
    prune_page *pages = scan->pages.data;
    if (!prune_parse(chunk->lane->raw.data, meta->column_index_bytes, pages, count)) goto done;
    for (int32_t i = 0; i < scan->spec.column_count; i++)
        scan->bounds[i] = (weft_pq_bounds){.null_count = -1};
    for (int32_t i = 0; i < count; i++) {
        const int64_t end = i + 1 < count ? chunk->locations[i + 1].first_row : chunk->rows;
        pages[i].keep = prune_page_matches(scan, column, &pages[i], end - chunk->locations[i].first_row);
        dropped += !pages[i].keep;
    }
    chunk->lane->metrics.pages_pruned += dropped;
    if (dropped > 0) WEFT_TRY(st, prune_ranges(ctx, scan, chunk, pages));
done:
    return st;
}
