/* engine/formats/parquet/scan.c - the scan of one lane: splits to row groups to windows of rows to batches.
 *
 * A window is at most batch_rows rows of one row group. Its filters run first, one after the other on what is
 * left (scan_filter.c), on the columns that they read. When nothing is left, no other column is touched: its
 * pages are never decompressed. When most rows are left, the window is given out as it is, with a selection,
 * columns viewed where they lie if possible. Otherwise the survivors of many windows are packed into one
 * batch.
 *
 * Memory: two outs a column, and the chunk's page buffers, reused. A batch lives until the next call; what
 * its strings point to is kept until then (weft_pq_lane_release). */
#include <string.h>

#include "common/settings.h"
#include "engine/columnar/nested.h"
#include "engine/formats/parquet/page_cache.h"
#include "engine/formats/parquet/prune.h"
#include "engine/formats/parquet/scan.h"

enum {
    SCAN_ASIDE_BYTES = 4 << 20, /* pages kept for the strings of one batch: then it is given out as it is */
    SCAN_COLUMNS_FULL = 128,    /* so many columns have batches of full size: 20 MB */
    SCAN_ROWS_MIN = 64
};

static const uint64_t scan_zero[4]; /* the value and validity of a NULL constant */

static void scan_null_column(weft_type type, weft_column *column)
{
    *column = (weft_column){.type = type,
                            .phys = (uint8_t)weft_type_phys(type),
                            .encoding = WEFT_CONSTANT,
                            .data = scan_zero,
                            .validity = scan_zero};
}

static weft_status scan_open_columns(weft_ctx *ctx, weft_scan *scan)
{
    weft_status st = WEFT_OK;
    const weft_scan_spec *spec = &scan->spec;
    const int32_t filters = spec->conjunct_count + spec->key_filter_count;
    for (int32_t i = 0; i < spec->column_count; i++) {
        weft_pq_column *c = &scan->columns[i];
        c->type = weft_scan_field(&scan->table->schema, spec->columns[i])->type;
        c->needed = spec->needed == NULL || spec->needed[i] != 0;
        c->chunk.lane = &scan->lane;
        c->chunk.narrow = scan->narrow;
        scan_null_column(c->type, &scan->batch_columns[i]);
        c->row_index = weft_pq_is_row_index(scan->table, spec->columns[i]);
        if (c->row_index) WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, scan->batch_rows, &scan->row_indexes));
        if (c->row_index || c->type.child_count > 0 || c->type.id == WEFT_TYPE_VARIANT) {
            scan->whole_windows |= c->needed;
            continue;
        }
        WEFT_TRY(st, weft_pq_out_init(ctx, &c->window, c->type, scan->batch_rows));
        if (filters == 0) continue; /* then windows are given out as they are */
        WEFT_TRY(st, weft_pq_out_init(ctx, &c->build, c->type, scan->batch_rows));
    }
done:
    return st;
}

/* Rows of a batch: fewer for many columns, of which each has its memory, and no more than there are. */
static int32_t scan_batch_rows(const weft_table *table, const weft_scan_spec *spec)
{
    int64_t rows = spec->batch_rows > 0 ? spec->batch_rows : WEFT_BATCH_ROWS_MAX;
    rows = weft_min_i64(rows, WEFT_BATCH_ROWS_MAX);
    if (spec->column_count > SCAN_COLUMNS_FULL)
        rows = weft_min_i64(rows, weft_max_i64(SCAN_ROWS_MIN, rows * SCAN_COLUMNS_FULL / spec->column_count));
    return (int32_t)weft_max_i64(1, weft_min_i64(rows, table->rows));
}

weft_status weft_pq_scan_open(weft_ctx *ctx, const weft_table *table, const weft_scan_spec *spec,
                              const weft_split *splits, int32_t split_count, weft_scan **out)
{
    weft_status st = WEFT_OK;
    weft_scan *scan = NULL;
    const int32_t slots = spec->column_count + 1;
    *out = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &scan));
    scan->table = table;
    scan->spec = *spec;
    scan->batch_rows = scan_batch_rows(table, spec);
    scan->late = weft_setting(ctx, WEFT_SET_LATE_DECODE) != 0;
    scan->narrow = weft_setting(ctx, WEFT_SET_NARROW_DECIMALS) != 0;
    scan->compact = weft_setting(ctx, WEFT_SET_COMPACTION) != 0;
    scan->splits = splits;
    scan->split_count = split_count;
    scan->split_at = -1;
    scan->file_index = -1;
    weft_pq_lane_init(&scan->lane);
    scan->lane.cache_bytes = weft_setting(ctx, WEFT_SET_PAGE_CACHE);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, slots, &scan->columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, slots, &scan->bounds));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, slots, &scan->batch_columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, WEFT_BATCH_ROWS_MAX + 8, &scan->selection));
    WEFT_TRY(st, scan_open_columns(ctx, scan));
    WEFT_TRY(st, weft_pq_filters_open(ctx, scan));
    *out = scan;
done:
    if (st != WEFT_OK) weft_pq_scan_close(&scan);
    return st;
}

void weft_pq_scan_close(weft_scan **scan_pointer)
{
    weft_scan *scan = *scan_pointer;
    if (scan == NULL) return;
    *scan_pointer = NULL;
    weft_pq_filters_close(scan);
    for (int32_t i = 0; scan->columns != NULL && i < scan->spec.column_count; i++) {
        weft_pq_column *c = &scan->columns[i];
        weft_pq_out_deinit(&c->window);
        weft_pq_out_deinit(&c->build);
        weft_pq_buffer_free(&c->keep);
        weft_pq_chunk_deinit(&c->chunk);
        weft_pq_nested_free(&c->nested);
    }
    weft_pq_buffer_free(&scan->ranges);
    weft_pq_buffer_free(&scan->ranges_next);
    weft_pq_buffer_free(&scan->pages);
    weft_pq_lane_deinit(&scan->lane);
    weft_file_close(&scan->file);
}

void weft_pq_scan_metrics(const weft_scan *scan, weft_scan_metrics *out) { *out = scan->lane.metrics; }

static void scan_number_rows(weft_scan *scan, weft_column *out)
{
    const int64_t first = scan->pq_file->meta->row_groups[scan->group].first_row + scan->window_row;
    for (int32_t i = 0; i < scan->window_rows; i++) scan->row_indexes[i] = first + i;
    *out = (weft_column){.type = weft_file_field_of(WEFT_FILE_ROW_INDEX)->type,
                         .phys = WEFT_PHYS_I64,
                         .encoding = WEFT_FLAT,
                         .data = scan->row_indexes};
}

weft_status weft_pq_scan_load(weft_ctx *ctx, weft_scan *scan, int32_t column)
{
    weft_status st = WEFT_OK;
    weft_pq_column *c = &scan->columns[column];
    if (c->in_window) return WEFT_OK;
    weft_pq_out_reset(&c->window);
    c->window.keeps_codes = false;
    if (c->row_index) {
        scan_number_rows(scan, &scan->batch_columns[column]);
    } else if (c->node == NULL) {
        scan->batch_columns[column] = c->fixed;
    } else if (!c->node->is_leaf) {
        WEFT_TRY(st, weft_pq_nested_read(ctx, c->nested, scan->window_row, scan->window_rows,
                                         &scan->batch_columns[column]));
    } else {
        /* Below a quarter of the rows, decoding just those is cheaper than decoding all. */
        const bool few = scan->chosen && scan->selected < scan->window_rows / 4;
        WEFT_TRY(st, weft_pq_take(ctx, &c->chunk, scan->window_row, scan->window_rows,
                                  few ? scan->selection : NULL, few ? scan->selected : scan->window_rows,
                                  &c->window, 0, few));
        weft_pq_out_column(&c->window, &scan->batch_columns[column]);
    }
    c->in_window = true;
done:
    return st;
}

/* The one value of a column in the file that was opened. */
static weft_status scan_fix_column(weft_ctx *ctx, const weft_scan *scan, int32_t column, weft_pq_column *c)
{
    weft_status st = WEFT_OK;
    const weft_value *value = weft_pq_constant_value(scan->table, scan->pq_file, column);
    const int32_t field = column - scan->table->schema.count;
    weft_value own;
    if (field >= 0) {
        WEFT_TRY(st, weft_file_field_value(ctx, scan->pq_file->info, (weft_file_field)field, &own));
        value = &own;
    }
    if (value != NULL && !value->is_null && weft_type_is_nested(c->type))
        return weft_nested_constant(ctx, c->type, &value->str, &c->fixed);
    weft_constant_set(&c->constant, c->type, value);
    c->fixed = weft_constant_column(&c->constant, c->type);
done:
    return st;
}

static weft_status scan_open_file(weft_ctx *ctx, weft_scan *scan, int32_t file_index)
{
    weft_status st = WEFT_OK;
    if (scan->file_index == file_index) return WEFT_OK;
    weft_file_close(&scan->file);
    scan->file_index = -1;
    scan->pq_file = &scan->table->files[file_index];
    ctx->place =
        (weft_input_place){.path = scan->pq_file->info->path, .bytes = scan->pq_file->info->size_bytes};
    WEFT_TRY(st, weft_file_open(ctx, scan->pq_file->info->path, &scan->file));
    scan->file_index = file_index;
    for (int32_t i = 0; i < scan->spec.column_count; i++) {
        const int32_t column = scan->spec.columns[i];
        weft_pq_column *c = &scan->columns[i];
        c->node = weft_pq_file_field(scan->pq_file, column);
        if (c->node == &weft_pq_mismatch) {
            scan->file_index = -1;
            return weft_pq_fail_mismatch(ctx, scan->table, scan->pq_file, column);
        }
        if (c->node == NULL && !c->row_index) WEFT_TRY(st, scan_fix_column(ctx, scan, column, c));
        if (scan->spec.read != NULL)
            WEFT_TRY(st, weft_pq_cut_node(ctx, c->node, c->type, scan->spec.read[i], &c->node));
    }
done:
    return st;
}

/* Do the statistics of the row group rule it out? */
static bool scan_group_is_pruned(weft_scan *scan, int32_t group)
{
    const weft_scan_spec *spec = &scan->spec;
    if (spec->conjunct_count == 0 && spec->key_filter_count == 0) return false;
    weft_pq_group_bounds(scan->table, scan->pq_file, group, spec->columns, spec->column_count, scan->bounds);
    for (int32_t i = 0; i < spec->conjunct_count; i++) {
        if (!weft_pq_may_match(spec->conjuncts[i], scan->bounds, spec->column_count)) return true;
    }
    for (int32_t i = 0; i < spec->key_filter_count; i++) {
        const weft_scan_filter *f = &spec->key_filters[i];
        if (!weft_pq_may_match_keys(f->keys, &scan->bounds[f->column])) return true;
    }
    return false;
}

static weft_status scan_open_column(weft_ctx *ctx, weft_scan *scan, int32_t column, int32_t group,
                                    bool sparse)
{
    weft_status st = WEFT_OK;
    weft_pq_column *c = &scan->columns[column];
    if (c->node == NULL) return WEFT_OK;
    if (!c->node->is_leaf) {
        return weft_pq_nested_open(ctx, &c->nested, &scan->lane, scan->file, scan->pq_file->meta, group,
                                   c->node, scan->narrow);
    }
    c->chunk.sparse = sparse;
    c->chunk.indexed = c->filtered;
    WEFT_TRY(st, weft_pq_chunk_open(ctx, &c->chunk, scan->file, scan->pq_file->meta, group, c->node->leaf,
                                    c->node->as));
    if (c->filtered) WEFT_TRY(st, weft_pq_prune_by_pages(ctx, scan, column));
done:
    return st;
}

/* Open the columns of a row group and find the ranges of [begin, end) that are wanted. Filtered columns come
 * first: what their page indexes leave decides how the others are read. */
static weft_status scan_open_ranges(weft_ctx *ctx, weft_scan *scan, int32_t group, int64_t begin, int64_t end)
{
    weft_status st = WEFT_OK;
    const bool whole = begin == 0 && end == scan->pq_file->meta->row_groups[group].rows;
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &scan->ranges, sizeof(weft_pq_range)));
    *(weft_pq_range *)scan->ranges.data = (weft_pq_range){.begin = begin, .end = end};
    scan->range_count = 1;
    scan->range_at = 0;
    for (int32_t i = 0; i < scan->spec.column_count && scan->range_count > 0; i++) {
        if (scan->columns[i].filtered) WEFT_TRY(st, scan_open_column(ctx, scan, i, group, !whole));
    }
    if (scan->range_count == 0) goto done;
    const weft_pq_range *first = scan->ranges.data;
    const bool cut = scan->range_count > 1 || first->begin > begin || first->end < end;
    for (int32_t i = 0; i < scan->spec.column_count; i++) {
        weft_pq_column *c = &scan->columns[i];
        if (c->filtered) {
            c->chunk.sparse |= cut;
        } else {
            const bool sparse = !whole || cut || (scan->filter_count > 0 && scan->late);
            WEFT_TRY(st, scan_open_column(ctx, scan, i, group, sparse));
        }
    }
done:
    return st;
}

static void scan_begin_range(weft_scan *scan, int32_t at)
{
    const weft_pq_range *range = (const weft_pq_range *)scan->ranges.data + at;
    scan->range_at = at;
    scan->row = range->begin;
    scan->row_end = range->end;
}

/* Open a row group, whose rows [begin, end) are wanted. */
static weft_status scan_open_group(weft_ctx *ctx, weft_scan *scan, int32_t group, int64_t begin, int64_t end)
{
    weft_status st = WEFT_OK;
    weft_scan_metrics *metrics = &scan->lane.metrics;
    bool none = scan_group_is_pruned(scan, group);
    metrics->row_groups++;
    scan->row = scan->row_end = 0;
    scan->range_count = scan->range_at = 0;
    if (scan->lane.cache_bytes > 0) { /* what the query took since the last row group is not the cache's */
        const int64_t free_bytes = weft_pool_free_bytes(weft_account_pool(ctx->memory));
        weft_pq_page_cache_trim(weft_min_i64(scan->lane.cache_bytes, free_bytes));
    }
    if (!none) WEFT_TRY(st, weft_pq_prune_by_bloom(ctx, scan, group, &none));
    if (!none) {
        WEFT_TRY(st, scan_open_ranges(ctx, scan, group, begin, end));
        none = scan->range_count == 0;
    }
    if (!none) WEFT_TRY(st, weft_pq_filters_begin(ctx, scan, &none));
    if (none) {
        scan->range_count = 0;
        metrics->row_groups_pruned++;
        goto done;
    }
    const weft_pq_range *ranges = scan->ranges.data;
    for (int32_t i = 0; i < scan->range_count; i++) metrics->rows_read += ranges[i].end - ranges[i].begin;
    scan_begin_range(scan, 0);
done:
    return st;
}

/* Go to the next row group of the splits that has wanted rows; *end when there is none. */
static weft_status scan_advance(weft_ctx *ctx, weft_scan *scan, bool *end)
{
    weft_status st = WEFT_OK;
    *end = false;
    while (scan->row >= scan->row_end) {
        const weft_split *split = scan->split_at >= 0 ? &scan->splits[scan->split_at] : NULL;
        if (split == NULL || scan->split_row >= split->end) {
            if (scan->split_at + 1 >= scan->split_count) {
                *end = true;
                break;
            }
            split = &scan->splits[++scan->split_at];
            if (split->file_index < 0 || split->file_index >= scan->table->file_count) {
                return weft_fail(ctx, WEFT_INVALID, "a split names file %d of %d", split->file_index,
                                 scan->table->file_count);
            }
            WEFT_TRY(st, scan_open_file(ctx, scan, split->file_index));
            scan->split_row = split->begin;
            scan->group = 0;
            if (split->begin < 0 || split->end > scan->pq_file->meta->rows) {
                return weft_fail(ctx, WEFT_INVALID, "a split passes the end of file %s",
                                 scan->pq_file->info->path);
            }
            continue;
        }
        const weft_pq_row_group *groups = scan->pq_file->meta->row_groups;
        while (groups[scan->group].first_row + groups[scan->group].rows <= scan->split_row) scan->group++;
        const weft_pq_row_group *group = &groups[scan->group];
        const int64_t begin = scan->split_row - group->first_row;
        const int64_t stop = weft_min_i64(group->rows, split->end - group->first_row);
        scan->split_row = group->first_row + stop;
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, scan_open_group(ctx, scan, scan->group, begin, stop));
    }
done:
    return st;
}

/* Take the next window and filter it. */
static weft_status scan_window(weft_ctx *ctx, weft_scan *scan)
{
    weft_status st = WEFT_OK;
    int32_t rows = (int32_t)weft_min_i64(scan->batch_rows, scan->row_end - scan->row);
    scan->window_row = scan->row;
    for (int32_t i = 0; i < scan->spec.column_count; i++) scan->columns[i].in_window = false;
    if (scan->filter_count > 0) WEFT_TRY(st, weft_pq_filters_window(ctx, scan, &rows));
    scan->window_rows = rows;
    scan->selected = rows;
    scan->chosen = false;
    for (int32_t i = 0; !scan->late && i < scan->spec.column_count; i++)
        WEFT_TRY(st, weft_pq_scan_load(ctx, scan, i));
    if (scan->filter_count > 0) WEFT_TRY(st, weft_pq_filters_run(ctx, scan));
    if (scan->selected == rows) scan->chosen = false;
    scan->row += rows;
    scan->pending = scan->selected > 0;
done:
    return st;
}

static void scan_give(weft_scan *scan, int32_t rows, weft_batch *out)
{
    *out = (weft_batch){.rows = rows,
                        .selected = rows,
                        .column_count = scan->spec.column_count,
                        .columns = scan->batch_columns};
}

/* Give out the window as it is. */
static weft_status scan_give_window(weft_ctx *ctx, weft_scan *scan, weft_batch *out)
{
    weft_status st = WEFT_OK;
    scan->pending = false;
    for (int32_t i = 0; i < scan->spec.column_count; i++) {
        weft_pq_column *c = &scan->columns[i];
        if (!c->needed) {
            scan_null_column(c->type, &scan->batch_columns[i]);
            continue;
        }
        WEFT_TRY(st, weft_pq_scan_load(ctx, scan, i));
        if (c->node == NULL || !c->node->is_leaf) continue;
        if (c->window.phys != WEFT_PHYS_STR) weft_pq_out_flatten(&c->window, scan->window_rows);
        weft_pq_out_column(&c->window, &scan->batch_columns[i]);
    }
    scan_give(scan, scan->window_rows, out);
    if (scan->chosen) {
        out->selected = scan->selected;
        out->selection = scan->selection;
    }
done:
    return st;
}

/* Append the window's survivors to what is built. */
static weft_status scan_build(weft_ctx *ctx, weft_scan *scan)
{
    weft_status st = WEFT_OK;
    if (!scan->chosen) { /* all rows: as positions, so that nothing is viewed */
        for (int32_t i = 0; i < scan->selected; i++) scan->selection[i] = (uint16_t)i;
    }
    for (int32_t i = 0; i < scan->spec.column_count; i++) {
        weft_pq_column *c = &scan->columns[i];
        if (!c->needed || c->node == NULL) continue;
        if (c->in_window) {
            weft_pq_take_out(&c->window, scan->selection, scan->selected, &c->build, scan->built,
                             scan->lane.kernels);
        } else {
            WEFT_TRY(st, weft_pq_take(ctx, &c->chunk, scan->window_row, scan->window_rows, scan->selection,
                                      scan->selected, &c->build, scan->built, false));
        }
    }
    scan->built += scan->selected;
    scan->pending = false;
done:
    return st;
}

static void scan_give_built(weft_scan *scan, weft_batch *out)
{
    for (int32_t i = 0; i < scan->spec.column_count; i++) {
        weft_pq_column *c = &scan->columns[i];
        if (c->needed && c->node != NULL) {
            weft_pq_out_column(&c->build, &scan->batch_columns[i]);
        } else if (c->needed) {
            scan->batch_columns[i] = c->fixed;
        } else {
            scan_null_column(c->type, &scan->batch_columns[i]);
        }
    }
    scan_give(scan, scan->built, out);
}

/* What the last batch borrowed is free again. A pending window still uses its pages, then all waits a call
 * longer. */
static void scan_release(weft_scan *scan)
{
    scan->built = 0;
    for (int32_t i = 0; i < scan->spec.column_count; i++) weft_pq_out_reset(&scan->columns[i].build);
    if (scan->pending) return;
    for (int32_t i = 0; i < scan->spec.column_count; i++) {
        weft_pq_chunk_release(&scan->columns[i].chunk);
        weft_pq_nested_release(scan->columns[i].nested);
    }
    weft_pq_lane_release(&scan->lane);
}

static weft_status scan_next_batch(weft_ctx *ctx, weft_scan *scan, weft_batch *out)
{
    weft_status st = WEFT_OK;
    bool end = false;
    for (;;) {
        if (!scan->pending) {
            if (scan->row >= scan->row_end && scan->range_at + 1 < scan->range_count) {
                scan_begin_range(scan, scan->range_at + 1);
            } else if (scan->row >= scan->row_end) {
                if (scan->built > 0) break; /* its dictionaries go with the row group */
                WEFT_TRY(st, scan_advance(ctx, scan, &end));
                if (end) break;
            }
            WEFT_TRY(st, scan_window(ctx, scan));
            if (!scan->pending) continue;
        }
        const bool most = !scan->chosen || !scan->compact || scan->whole_windows ||
                          scan->selected > scan->window_rows / 4 * 3;
        if (most && scan->built == 0) return scan_give_window(ctx, scan, out);
        if (most || scan->built + scan->selected > scan->batch_rows) break;
        WEFT_TRY(st, scan_build(ctx, scan));
        if (scan->built == scan->batch_rows || scan->lane.aside_bytes > SCAN_ASIDE_BYTES) break;
    }
    scan_give_built(scan, out);
done:
    return st;
}

/* Leave the rest of the split out. */
static void scan_skip_split(weft_scan *scan)
{
    scan->split_row = scan->splits[scan->split_at].end;
    scan->row = scan->row_end = 0;
    scan->range_count = scan->range_at = 0;
}

weft_status weft_pq_scan_next(weft_ctx *ctx, weft_scan *scan, weft_batch *out)
{
    weft_status st = WEFT_OK;
    for (;;) {
        WEFT_TRY(st, weft_check_cancel(ctx));
        scan_release(scan);
        st = scan_next_batch(ctx, scan, out);
        if (st == WEFT_OK || scan->pq_file == NULL ||
            !weft_tolerates(ctx, scan->table->tolerance, st, scan->pq_file->info->path))
            break;
        scan_skip_split(scan);
    }
    if (st != WEFT_OK) goto done;
    scan->lane.metrics.rows_out += out->selected;
    scan->lane.metrics.batches += out->selected > 0;
done:
    return st;
}
