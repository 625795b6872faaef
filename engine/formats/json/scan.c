/* engine/formats/json/scan.c - the scan of one lane: texts straight into the vectors of the wanted columns.
 *
 * The wanted columns of the files are the fields of one struct, whose slots are the rows of a batch. Strings
 * are views of the block, so a batch ends with its block. Memory: a vector a wanted column. */
#include "engine/formats/json/table.h"

struct weft_scan {
    weft_text_lane lane; /* first */
    const weft_table *table;
    weft_json_texts texts;
    weft_json_convert *convert;
    weft_vector rows; /* a STRUCT of the wanted columns of the files */
    int32_t *fields;  /* [spec.column_count] the field of a column; -1: a partition column */
    int32_t corrupt;  /* the field that gets bad records, or -1 */
    bool in_text;     /* rows of the text at hand are left */
};

static weft_status scan_make_type(weft_ctx *ctx, weft_scan *scan, weft_type *out)
{
    weft_status st = WEFT_OK;
    const weft_scan_spec *spec = &scan->lane.spec;
    const weft_text_table *t = &scan->table->base;
    weft_field *fields = NULL;
    int32_t count = 0;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->column_count + 1, &fields));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->column_count + 1, &scan->fields));
    for (int32_t i = 0; i < spec->column_count; i++) {
        scan->fields[i] = -1;
        if (spec->columns[i] >= t->data_count) continue;
        if (spec->columns[i] == scan->table->corrupt) scan->corrupt = count;
        scan->fields[i] = count;
        fields[count++] = t->schema.fields[spec->columns[i]];
    }
    if (scan->corrupt >= 0 && count == 1) WEFT_TRY(st, weft_text_fail_only_corrupt(ctx));
    *out = (weft_type){.id = WEFT_TYPE_STRUCT, .child_count = count, .children = fields};
done:
    return st;
}

weft_status weft_json_scan_open(weft_ctx *ctx, const weft_table *table, const weft_scan_spec *spec,
                                const weft_split *splits, int32_t split_count, weft_scan **out)
{
    weft_status st = WEFT_OK;
    weft_scan *scan = NULL;
    weft_type type;
    *out = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &scan));
    scan->table = table;
    scan->corrupt = -1;
    WEFT_TRY(st, weft_text_lane_open(ctx, &scan->lane, &table->base, spec, splits, split_count));
    *out = scan;
    WEFT_TRY(st, weft_json_texts_init(ctx, table, &scan->texts));
    WEFT_TRY(st, scan_make_type(ctx, scan, &type));
    WEFT_TRY(st, weft_vector_init(ctx, type, scan->lane.batch_rows, &scan->rows));
    WEFT_TRY(st, weft_json_convert_new(ctx, &table->options, type, scan->corrupt, &scan->convert));
    if (table->is_regular) weft_json_convert_trust(scan->convert);
done:
    if (st != WEFT_OK) weft_json_scan_close(out);
    return st;
}

void weft_json_scan_close(weft_scan **scan_pointer)
{
    weft_scan *scan = *scan_pointer;
    if (scan == NULL) return;
    *scan_pointer = NULL;
    weft_json_convert_free(&scan->convert);
    weft_vector_deinit(&scan->rows);
    weft_text_lane_close(&scan->lane);
}

static const char *scan_text(const weft_scan *scan)
{
    return (const char *)scan->texts.block.data + scan->texts.begin;
}

/* A row that is bad, or partly so: what the mode makes of it. *keep: it stays. */
static weft_status scan_bad_row(weft_ctx *ctx, weft_scan *scan, int32_t row, weft_json_outcome outcome,
                                bool *keep)
{
    const weft_json_mode mode = scan->table->options.mode;
    size_t at = 0;
    *keep = mode == WEFT_JSON_PERMISSIVE;
    if (mode == WEFT_JSON_FAIL) {
        const char *why = weft_json_convert_why(scan->convert, &at);
        return weft_json_fail_text(ctx, &scan->texts, scan->lane.input, why, at);
    }
    if (!*keep) return WEFT_OK;
    for (int32_t k = 0; outcome == WEFT_JSON_NO && k < scan->rows.column.child_count; k++)
        weft_vector_set_null(&scan->rows.children[k], row);
    if (scan->corrupt < 0) return WEFT_OK;
    weft_vector *corrupt = &scan->rows.children[scan->corrupt];
    weft_bit_set(corrupt->validity, row);
    ((weft_str *)corrupt->values)[row] = weft_str_view(scan_text(scan), (uint32_t)scan->texts.len);
    return WEFT_OK;
}

/* Rows of the block at hand, as many as a batch takes. */
static weft_status scan_take_rows(weft_ctx *ctx, weft_scan *scan, int32_t *rows)
{
    weft_status st = WEFT_OK;
    while (*rows < scan->lane.batch_rows) {
        weft_json_outcome outcome = WEFT_JSON_GOOD;
        bool keep = true;
        if (!scan->in_text) {
            if (!weft_json_texts_next(&scan->texts)) break;
            weft_json_convert_begin(scan->convert, scan_text(scan), (size_t)scan->texts.len, WEFT_TEXT_SLACK);
            scan->in_text = true;
        }
        if (weft_json_texts_valid(&scan->texts))
            WEFT_TRY(st, weft_json_convert_next(ctx, scan->convert, &scan->rows, *rows, &outcome));
        else
            outcome = WEFT_JSON_NO;
        scan->in_text = outcome != WEFT_JSON_NO_TEXT && outcome != WEFT_JSON_NO;
        if (outcome == WEFT_JSON_NO_TEXT) continue;
        if (outcome != WEFT_JSON_GOOD) WEFT_TRY(st, scan_bad_row(ctx, scan, *rows, outcome, &keep));
        *rows += keep;
    }
done:
    return st;
}

/* Rows of the next batch, of one block; 0 at the end. */
static weft_status scan_next_rows(weft_ctx *ctx, weft_scan *scan, int32_t *rows)
{
    weft_status st = WEFT_OK;
    bool end = false;
    for (*rows = 0;;) {
        WEFT_TRY(st, scan_take_rows(ctx, scan, rows));
        if (*rows > 0) break;
        WEFT_TRY(st, weft_check_cancel(ctx));
        if (scan->lane.input != NULL)
            WEFT_TRY(st, weft_json_texts_load(ctx, &scan->texts, scan->lane.input, &end));
        if (scan->lane.input != NULL && !end) continue;
        WEFT_TRY(st, weft_text_lane_next_split(ctx, &scan->lane, &end));
        if (end) break;
        weft_json_texts_reset(&scan->texts);
    }
done:
    return st;
}

weft_status weft_json_scan_next(weft_ctx *ctx, weft_scan *scan, weft_batch *out)
{
    weft_status st = WEFT_OK;
    weft_text_lane *lane = &scan->lane;
    int32_t rows = 0;
    for (;;) {
        *out = (weft_batch){0};
        WEFT_TRY(st, weft_check_cancel(ctx));
        weft_vector_reset(&scan->rows);
        WEFT_TRY(st, scan_next_rows(ctx, scan, &rows));
        if (rows == 0) break;
        lane->metrics.rows_read += rows;
        weft_vector_finish(&scan->rows);
        for (int32_t i = 0; i < lane->spec.column_count; i++)
            if (scan->fields[i] >= 0) lane->columns[i] = scan->rows.column.children[scan->fields[i]];
        WEFT_TRY(st, weft_text_lane_filter(ctx, lane, rows));
        if (lane->selected == 0) continue;
        weft_text_lane_give(lane, rows, out);
        break;
    }
done:
    return st;
}
