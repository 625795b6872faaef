/* engine/formats/parquet/scan_filter.c - the filters of a scan: conjuncts and key filters.
 *
 * What reads one dictionary-encoded column, cannot raise and is deterministic is answered once per dictionary
 * entry, when a row group is opened; then codes alone decide rows. All such filters of a column make one
 * table of answers; when every answer is no, the row group is done. The rest runs on values, in windows, each
 * filter on the rows that the ones before left. What cannot raise goes first, by what it was seen to drop;
 * what may raise keeps its order. */
#include <string.h>

#include "engine/formats/parquet/scan.h"

/* Entries are asked when there are at most this many of them for each row of the row group, in quarters. */
enum { FILTER_ENTRY_QUARTERS = 2 };

typedef struct filter_reads {
    uint8_t *reads;
    int32_t count, column;
} filter_reads;

static bool filter_mark(void *self, const weft_expr *e)
{
    filter_reads *r = self;
    if (e->kind == WEFT_EXPR_COLUMN && !r->reads[e->column.ordinal]) {
        r->reads[e->column.ordinal] = 1;
        r->column = e->column.ordinal;
        r->count++;
    }
    return false;
}

/* The conjunct's column becomes ordinal 0. */
static weft_status filter_to_ordinal_0(weft_ctx *ctx, void *self, const weft_expr *e, const weft_expr **out)
{
    (void)self;
    *out = e;
    if (e->kind != WEFT_EXPR_COLUMN) return WEFT_OK;
    return weft_expr_ordinal(ctx, 0, e->type, e->nullable, out);
}

/* Compile the conjunct for entries, and ask it about NULL. */
static weft_status filter_open_entries(weft_ctx *ctx, weft_scan *scan, weft_pq_filter *f)
{
    weft_status st = WEFT_OK;
    static const uint64_t zero[2];
    const weft_type type = scan->columns[f->column].type;
    const weft_expr *single;
    const weft_program *program;
    uint16_t position;
    int32_t kept = 0;
    WEFT_TRY(st, weft_expr_rewrite(ctx, f->conjunct, filter_to_ordinal_0, NULL, &single));
    WEFT_TRY(st, weft_program_compile_filter(ctx, &single, 1, &type, 1, &program));
    WEFT_TRY(st, weft_eval_open(ctx, program, &f->entry_eval));
    weft_column null = {.type = type,
                        .phys = (uint8_t)weft_type_phys(type),
                        .encoding = WEFT_CONSTANT,
                        .data = zero,
                        .validity = zero};
    const weft_batch batch = {.rows = 1, .selected = 1, .column_count = 1, .columns = &null};
    WEFT_TRY(st, weft_eval_filter(ctx, f->entry_eval, &batch, &position, &kept));
    f->keep_null = kept > 0;
    f->by_entries = true;
done:
    return st;
}

static weft_status filter_open_conjunct(weft_ctx *ctx, weft_scan *scan, const weft_type *types,
                                        weft_pq_filter *f, const weft_expr *conjunct)
{
    weft_status st = WEFT_OK;
    filter_reads reads = {.column = -1};
    const weft_program *program;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, scan->spec.column_count + 1, &reads.reads));
    weft_expr_any(conjunct, filter_mark, &reads);
    f->conjunct = conjunct;
    f->reads = reads.reads;
    f->column = reads.count == 1 ? reads.column : -1;
    f->fallible = weft_expr_fallible(conjunct);
    WEFT_TRY(st, weft_program_compile_filter(ctx, &conjunct, 1, types, scan->spec.column_count, &program));
    WEFT_TRY(st, weft_eval_open(ctx, program, &f->eval));
    if (f->column >= 0 && types[f->column].child_count == 0 && types[f->column].id != WEFT_TYPE_VARIANT &&
        !f->fallible && weft_expr_deterministic(conjunct)) {
        WEFT_TRY(st, filter_open_entries(ctx, scan, f));
    }
done:
    return st;
}

static weft_status filter_open_keys(weft_ctx *ctx, weft_scan *scan, weft_pq_filter *f,
                                    const weft_scan_filter *keys)
{
    weft_status st = WEFT_OK;
    uint8_t *reads = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, scan->spec.column_count + 1, &reads));
    reads[keys->column] = 1;
    f->reads = reads;
    f->keys = keys->keys;
    f->column = keys->column;
    f->by_entries = true;
done:
    return st;
}

weft_status weft_pq_filters_open(weft_ctx *ctx, weft_scan *scan)
{
    weft_status st = WEFT_OK;
    const weft_scan_spec *spec = &scan->spec;
    const int32_t count = spec->conjunct_count + spec->key_filter_count;
    weft_type *types = NULL;
    if (count == 0) return WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->column_count + 1, &types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &scan->filters));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + spec->column_count, &scan->steps));
    for (int32_t i = 0; i < spec->column_count; i++) types[i] = scan->columns[i].type;
    for (int32_t i = 0; i < spec->conjunct_count; i++) {
        scan->filter_count++; /* counted first: close sees what was opened of it */
        WEFT_TRY(st, filter_open_conjunct(ctx, scan, types, &scan->filters[i], spec->conjuncts[i]));
    }
    for (int32_t i = 0; i < spec->key_filter_count; i++) {
        weft_pq_filter *f = &scan->filters[scan->filter_count++];
        WEFT_TRY(st, filter_open_keys(ctx, scan, f, &spec->key_filters[i]));
    }
    for (int32_t i = 0; i < scan->filter_count; i++) {
        for (int32_t c = 0; c < spec->column_count; c++)
            scan->columns[c].filtered |= scan->filters[i].reads[c] != 0;
    }
done:
    return st;
}

void weft_pq_filters_close(weft_scan *scan)
{
    for (int32_t i = 0; i < scan->filter_count; i++) {
        weft_eval_close(&scan->filters[i].eval);
        weft_eval_close(&scan->filters[i].entry_eval);
    }
}

static double filter_passed(const weft_pq_filter *f)
{
    return f->rows_in == 0 ? 0.5 : (double)f->rows_out / (double)f->rows_in;
}

/* Ask all filters of the column that can be asked per entry. */
static weft_status filter_ask_entries(weft_ctx *ctx, weft_scan *scan, int32_t column)
{
    weft_status st = WEFT_OK;
    weft_pq_column *c = &scan->columns[column];
    const weft_dictionary *d = &c->chunk.dictionary;
    const size_t width = (size_t)weft_phys_bytes((weft_phys)d->phys);
    int64_t kept = 0;
    WEFT_TRY(st, weft_pq_buffer_reserve(ctx, &c->keep, (size_t)d->count * 2));
    uint8_t *keep = c->keep.data, *part = keep + d->count;
    memset(keep, 1, (size_t)d->count);
    c->keep_null = true;
    for (int32_t i = 0; i < scan->filter_count; i++) {
        weft_pq_filter *f = &scan->filters[i];
        if (f->column != column || !f->by_entries) continue;
        if (f->keys != NULL) {
            const weft_column entries = {
                .type = c->type, .phys = d->phys, .encoding = WEFT_FLAT, .data = d->values};
            c->keep_null = false;
            for (int32_t e = 0; e < d->count; e += WEFT_BATCH_ROWS_MAX) {
                uint16_t positions[WEFT_BATCH_ROWS_MAX];
                weft_column slice = entries;
                const int32_t n = weft_min_i32(WEFT_BATCH_ROWS_MAX, d->count - e);
                slice.data = (const uint8_t *)d->values + (size_t)e * width;
                const int32_t m = weft_pq_test_keys(scan->lane.kernels, f->keys, &slice, NULL, n, positions);
                memset(part + e, 0, (size_t)n);
                for (int32_t k = 0; k < m; k++) part[e + positions[k]] = 1;
            }
        } else {
            WEFT_TRY(st, weft_eval_dictionary(ctx, f->entry_eval, c->type, d, part));
            c->keep_null = c->keep_null && f->keep_null;
        }
        for (int32_t e = 0; e < d->count; e++) keep[e] &= part[e];
    }
    for (int32_t e = 0; e < d->count; e++) kept += keep[e];
    c->keep_ratio = d->count > 0 ? (double)kept / d->count : 0;
    c->by_entries = true;
done:
    return st;
}

/* Should the column's entries be asked? Loads its dictionary when so. */
static weft_status filter_try_entries(weft_ctx *ctx, weft_scan *scan, int32_t column, bool *none)
{
    weft_status st = WEFT_OK;
    weft_pq_column *c = &scan->columns[column];
    const weft_pq_chunk_meta *meta = c->chunk.meta;
    bool asked = false;
    c->by_entries = false;
    for (int32_t i = 0; i < scan->filter_count; i++) {
        asked |= scan->filters[i].column == column && scan->filters[i].by_entries;
    }
    if (!asked || c->node == NULL || !c->node->is_leaf) return WEFT_OK;
    if (meta->dictionary_offset < 0 && !meta->all_dictionary) return WEFT_OK;
    if (weft_type_phys(c->type) == WEFT_PHYS_BOOL) return WEFT_OK;
    WEFT_TRY(st, weft_pq_chunk_dictionary(ctx, &c->chunk));
    if ((int64_t)c->chunk.dictionary.count * 4 > (int64_t)c->chunk.rows * FILTER_ENTRY_QUARTERS)
        return WEFT_OK;
    WEFT_TRY(st, filter_ask_entries(ctx, scan, column));
    if (meta->all_dictionary && c->keep_ratio == 0 && !c->keep_null) *none = true;
done:
    return st;
}

static void filter_insert_step(weft_scan *scan, weft_pq_step step)
{
    int32_t at = scan->step_count++;
    for (; at > 0 && scan->steps[at - 1].rank < step.rank; at--) scan->steps[at] = scan->steps[at - 1];
    scan->steps[at] = step;
}

weft_status weft_pq_filters_begin(weft_ctx *ctx, weft_scan *scan, bool *none)
{
    weft_status st = WEFT_OK;
    *none = false;
    scan->step_count = 0;
    if (scan->filter_count == 0) return WEFT_OK;
    for (int32_t c = 0; c < scan->spec.column_count && !*none; c++) {
        WEFT_TRY(st, filter_try_entries(ctx, scan, c, none));
        const weft_pq_column *column = &scan->columns[c];
        if (!column->by_entries) continue;
        const bool all = column->keep_ratio == 1 && (column->keep_null || column->chunk.leaf->max_def == 0);
        if (all && column->chunk.meta->all_dictionary) continue; /* every row passes */
        const double rank = 4 * (1.01 - column->keep_ratio);
        filter_insert_step(scan, (weft_pq_step){.column = c, .filter = -1, .rank = rank});
    }
    for (int32_t i = 0; i < scan->filter_count; i++) {
        const weft_pq_filter *f = &scan->filters[i];
        if (f->by_entries && scan->columns[f->column].by_entries) continue;
        /* Fallible ones last, in their order; others by the rows they drop for their cost. */
        const double rank = f->fallible ? -1.0 - i : (1.01 - filter_passed(f)) * (f->keys != NULL ? 2 : 1);
        filter_insert_step(scan, (weft_pq_step){.column = -1, .filter = i, .rank = rank});
    }
done:
    return st;
}

weft_status weft_pq_filters_window(weft_ctx *ctx, weft_scan *scan, int32_t *rows)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < scan->step_count; i++) {
        if (scan->steps[i].column < 0) continue;
        weft_pq_chunk *chunk = &scan->columns[scan->steps[i].column].chunk;
        WEFT_TRY(st, weft_pq_chunk_locate(ctx, chunk, scan->window_row));
        *rows = (int32_t)weft_min_i64(*rows, chunk->page.row_end - scan->window_row);
    }
done:
    return st;
}

static weft_status filter_run_one(weft_ctx *ctx, weft_scan *scan, weft_pq_filter *f)
{
    weft_status st = WEFT_OK;
    int32_t kept = 0;
    for (int32_t c = 0; c < scan->spec.column_count; c++) {
        if (f->reads[c]) WEFT_TRY(st, weft_pq_scan_load(ctx, scan, c));
    }
    if (f->keys != NULL) {
        kept = weft_pq_test_keys(scan->lane.kernels, f->keys, &scan->batch_columns[f->column],
                                 scan->chosen ? scan->selection : NULL, scan->selected, scan->selection);
    } else {
        const weft_batch batch = {.rows = scan->window_rows,
                                  .selected = scan->selected,
                                  .selection = scan->chosen ? scan->selection : NULL,
                                  .column_count = scan->spec.column_count,
                                  .columns = scan->batch_columns};
        WEFT_TRY(st, weft_eval_filter(ctx, f->eval, &batch, scan->selection, &kept));
    }
    f->rows_in += scan->selected;
    f->rows_out += kept;
    scan->chosen = true;
    scan->selected = kept;
done:
    return st;
}

/* Codes decide. Loads them into the window. */
static weft_status filter_run_codes(weft_ctx *ctx, weft_scan *scan, weft_pq_column *c, int32_t column)
{
    weft_status st = WEFT_OK;
    const uint8_t *keep = c->keep.data;
    uint16_t *selection = scan->selection;
    int32_t kept = 0;
    const bool few = scan->chosen && scan->selected < scan->window_rows / 4;
    weft_pq_out_reset(&c->window);
    c->window.keeps_codes = true;
    WEFT_TRY(st, weft_pq_take(ctx, &c->chunk, scan->window_row, scan->window_rows, few ? selection : NULL,
                              few ? scan->selected : scan->window_rows, &c->window, 0, few));
    weft_pq_out_column(&c->window, &scan->batch_columns[column]);
    c->in_window = true;
    const uint32_t *codes = c->window.codes;
    if (!scan->chosen && !c->window.has_nulls) {
        kept = scan->lane.kernels->select(keep, codes, scan->window_rows, selection);
    } else {
        for (int32_t i = 0; i < scan->selected; i++) {
            const int32_t row = scan->chosen ? selection[i] : i;
            const bool null = c->window.has_nulls && !weft_bit_get(c->window.validity, row);
            selection[kept] = (uint16_t)row;
            kept += null ? c->keep_null : keep[codes[row]];
        }
    }
    scan->chosen = true;
    scan->selected = kept;
done:
    return st;
}

static weft_status filter_run_column(weft_ctx *ctx, weft_scan *scan, int32_t column)
{
    weft_status st = WEFT_OK;
    weft_pq_column *c = &scan->columns[column];
    if (!c->in_window) {
        WEFT_TRY(st, weft_pq_chunk_locate(ctx, &c->chunk, scan->window_row));
        WEFT_TRY(st, weft_pq_chunk_load(ctx, &c->chunk));
        if (c->chunk.page.form == WEFT_PQ_FORM_CODES) return filter_run_codes(ctx, scan, c, column);
    }
    for (int32_t i = 0; i < scan->filter_count && scan->selected > 0; i++) {
        weft_pq_filter *f = &scan->filters[i];
        if (f->column == column && f->by_entries) WEFT_TRY(st, filter_run_one(ctx, scan, f));
    }
done:
    return st;
}

weft_status weft_pq_filters_run(weft_ctx *ctx, weft_scan *scan)
{
    weft_status st = WEFT_OK;
    for (int32_t i = 0; i < scan->step_count && scan->selected > 0; i++) {
        const weft_pq_step *step = &scan->steps[i];
        if (step->column >= 0) {
            WEFT_TRY(st, filter_run_column(ctx, scan, step->column));
        } else {
            WEFT_TRY(st, filter_run_one(ctx, scan, &scan->filters[step->filter]));
        }
    }
done:
    return st;
}
