/* engine/formats/text/lane.c - see table.h: one lane's way through its splits, and its filters. */
#include "common/settings.h"
#include "engine/formats/parquet/kernels.h"
#include "engine/formats/text/table.h"

weft_status weft_text_lane_open(weft_ctx *ctx, weft_text_lane *lane, const weft_text_table *table,
                                const weft_scan_spec *spec, const weft_split *splits, int32_t split_count)
{
    weft_status st = WEFT_OK;
    const weft_program *program = NULL;
    weft_type *types = NULL;
    const int32_t count = spec->column_count;
    *lane = (weft_text_lane){
        .table = table, .spec = *spec, .splits = splits, .split_count = split_count, .split_at = -1};
    lane->batch_rows = spec->batch_rows > 0 ? weft_min_i32(spec->batch_rows, WEFT_BATCH_ROWS_MAX)
                                            : WEFT_BATCH_ROWS_MAX;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &lane->columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &lane->constants));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count + 1, &types));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, WEFT_BATCH_ROWS_MAX + 8, &lane->selection));
    for (int32_t i = 0; i < count; i++) {
        types[i] = weft_scan_field(&table->schema, spec->columns[i])->type;
        weft_constant_set(&lane->constants[i], types[i], NULL);
        lane->columns[i] = weft_constant_column(&lane->constants[i], types[i]);
    }
    if (spec->conjunct_count > 0) {
        WEFT_TRY(st, weft_program_compile_filter(ctx, spec->conjuncts, spec->conjunct_count, types, count,
                                                 &program));
        WEFT_TRY(st, weft_eval_open(ctx, program, &lane->eval));
    }
done:
    if (st != WEFT_OK) weft_text_lane_close(lane);
    return st;
}

void weft_text_lane_close(weft_text_lane *lane)
{
    weft_eval_close(&lane->eval);
    weft_text_input_close(&lane->input);
}

weft_status weft_text_lane_next_split(weft_ctx *ctx, weft_text_lane *lane, bool *end)
{
    weft_status st = WEFT_OK;
    const weft_text_table *t = lane->table;
    if (lane->input != NULL) lane->metrics.bytes_read += weft_text_input_bytes_read(lane->input);
    weft_text_input_close(&lane->input);
    *end = lane->split_at + 1 >= lane->split_count;
    if (*end) return WEFT_OK;
    const weft_split *split = &lane->splits[++lane->split_at];
    if (split->file_index < 0 || split->file_index >= t->file_count)
        return weft_fail(ctx, WEFT_INVALID, "a split names file %d of %d", split->file_index, t->file_count);
    for (int32_t i = 0; i < lane->spec.column_count; i++) {
        weft_value value;
        if (lane->spec.columns[i] < t->data_count) continue;
        const weft_type type = weft_scan_field(&t->schema, lane->spec.columns[i])->type;
        WEFT_TRY(st, weft_text_file_value(ctx, t, split->file_index, lane->spec.columns[i], &value));
        weft_constant_set(&lane->constants[i], type, &value);
        lane->columns[i] = weft_constant_column(&lane->constants[i], type);
    }
    const weft_file_info *file = &t->files[split->file_index];
    ctx->place = (weft_input_place){.path = file->path, .bytes = file->size_bytes};
    WEFT_TRY(st, weft_text_input_open(ctx, file, &t->spec, split->begin, split->end, &lane->input));
done:
    return st;
}

bool weft_text_lane_has_filters(const weft_text_lane *lane)
{
    return lane->eval != NULL || lane->spec.key_filter_count > 0;
}

typedef struct column_question {
    int32_t column;
} column_question;

static bool reads_column(void *self, const weft_expr *e)
{
    return e->kind == WEFT_EXPR_COLUMN && e->column.ordinal == ((const column_question *)self)->column;
}

bool weft_text_lane_filters_on(const weft_text_lane *lane, int32_t i)
{
    column_question q = {.column = i};
    for (int32_t k = 0; k < lane->spec.key_filter_count; k++)
        if (lane->spec.key_filters[k].column == i) return true;
    for (int32_t k = 0; k < lane->spec.conjunct_count; k++)
        if (weft_expr_any(lane->spec.conjuncts[k], reads_column, &q)) return true;
    return false;
}

weft_status weft_text_lane_filter(weft_ctx *ctx, weft_text_lane *lane, int32_t rows)
{
    weft_status st = WEFT_OK;
    lane->selected = rows;
    lane->chosen = false;
    for (int32_t k = 0; k < lane->spec.key_filter_count && lane->selected > 0; k++) {
        const weft_scan_filter *f = &lane->spec.key_filters[k];
        lane->selected = weft_pq_test_keys(weft_pq_kernels_find(), f->keys, &lane->columns[f->column],
                                           lane->chosen ? lane->selection : NULL, lane->selected,
                                           lane->selection);
        lane->chosen = true;
    }
    if (lane->eval != NULL && lane->selected > 0) {
        const weft_batch batch = {.rows = rows,
                                  .selected = lane->selected,
                                  .selection = lane->chosen ? lane->selection : NULL,
                                  .column_count = lane->spec.column_count,
                                  .columns = lane->columns};
        WEFT_TRY(st, weft_eval_filter(ctx, lane->eval, &batch, lane->selection, &lane->selected));
        lane->chosen = true;
    }
    if (lane->selected == rows) lane->chosen = false;
done:
    return st;
}

void weft_text_lane_give(weft_text_lane *lane, int32_t rows, weft_batch *out)
{
    *out = (weft_batch){.rows = rows,
                        .selected = lane->selected,
                        .selection = lane->chosen ? lane->selection : NULL,
                        .column_count = lane->spec.column_count,
                        .columns = lane->columns};
    lane->metrics.rows_out += lane->selected;
    lane->metrics.batches++;
}

void weft_text_lane_metrics(const weft_scan *scan, weft_scan_metrics *out)
{
    const weft_text_lane *lane = (const weft_text_lane *)(const void *)scan;
    *out = lane->metrics;
    if (lane->input != NULL) out->bytes_read += weft_text_input_bytes_read(lane->input);
}

weft_status weft_text_fail_only_corrupt(weft_ctx *ctx)
{
    return weft_fail(
        ctx, WEFT_ONLY_CORRUPT_RECORD,
        "Queries from raw JSON, CSV and XML files are not allowed when the columns that they read are "
        "the internal corrupt record column alone. CACHE TABLE the view, or save the records, and "
        "query that.");
}
