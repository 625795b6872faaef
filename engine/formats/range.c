/* engine/formats/range.c - the rows of range(start, end, step): a table without files, made as it is read.
 *
 * One column, id BIGINT. Row r has the value start + r × step. A split is a range of rows, so that tasks
 * share the work as with any other table. Filters are evaluated on the values; of dynamic ones only exact
 * bitmaps and bounds, as the join tests its keys anyway. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/limits.h"
#include "engine/formats/range.h"

enum { SPLITS_MAX = 4096 };

struct weft_table {
    int64_t start, step, rows;
    weft_schema schema;
    weft_field field;
};

struct weft_scan {
    const weft_table *table;
    const weft_scan_spec *spec;
    const weft_split *splits;
    int32_t split_count, split; /* split: the one that is read */
    int64_t row;                /* next of it, or -1: it is not begun */
    weft_eval *eval;            /* of the conjuncts, or NULL */
    int64_t *values;            /* [batch_rows] */
    weft_column *columns;
    uint16_t selection[WEFT_BATCH_ROWS_MAX];
    weft_scan_metrics metrics;
};

static weft_status read_option(weft_ctx *ctx, const char *key, const char *text, int64_t *out)
{
    char *end = NULL;
    const long long value = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0')
        return weft_fail(ctx, WEFT_CONFIG, "the option %s of a range must be a whole number, not '%s'", key,
                         text);
    *out = value;
    return WEFT_OK;
}

static weft_status count_rows(weft_ctx *ctx, int64_t start, int64_t end, int64_t step, int64_t *out)
{
    if (step == 0)
        return weft_fail(
            ctx, WEFT_TABLE_FUNCTION_ARGUMENT,
            "Failed preparing of the function `range` for call: its step must not be 0, or it has no "
            "end.");
    *out = 0;
    if (step > 0 ? start >= end : start <= end) return WEFT_OK;
    const uint64_t distance = step > 0 ? (uint64_t)end - (uint64_t)start : (uint64_t)start - (uint64_t)end;
    const uint64_t by = step > 0 ? (uint64_t)step : (uint64_t)0 - (uint64_t)step;
    const uint64_t rows = (distance - 1) / by + 1;
    if (rows > INT64_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "range(%lld, %lld, %lld) has more than 2^63 rows", (long long)start,
                         (long long)end, (long long)step);
    *out = (int64_t)rows;
    return WEFT_OK;
}

static weft_status range_open(weft_ctx *ctx, const weft_file_info *files, int32_t file_count,
                              const char *const *options, int32_t option_count, const weft_schema *schema,
                              weft_table **out)
{
    weft_status st = WEFT_OK;
    int64_t start = 0, end = 0, step = 1, parts = 0;
    weft_table *t = NULL;
    (void)files, (void)file_count, (void)schema;
    for (int32_t i = 0; i < option_count; i++) {
        const char *key = options[2 * i];
        int64_t *const to = strcasecmp(key, "start") == 0  ? &start
                            : strcasecmp(key, "end") == 0  ? &end
                            : strcasecmp(key, "step") == 0 ? &step
                                                           : &parts;
        WEFT_TRY(st, read_option(ctx, key, options[2 * i + 1], to));
    }
    WEFT_TRY(st, WEFT_NEW(ctx, &t));
    t->start = start;
    t->step = step;
    WEFT_TRY(st, count_rows(ctx, start, end, step, &t->rows));
    t->field = (weft_field){.name = "id", .type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT), .nullable = false};
    t->schema = (weft_schema){.count = 1, .fields = &t->field};
    *out = t;
done:
    return st;
}

static void range_close(weft_table **table) { *table = NULL; /* all of it is in the arena */ }
static const weft_schema *range_schema(const weft_table *table) { return &table->schema; }
static int64_t range_row_count(const weft_table *table) { return table->rows; }

static int64_t value_at(const weft_table *t, int64_t row)
{
    return (int64_t)((uint64_t)t->start + (uint64_t)row * (uint64_t)t->step);
}

static weft_status range_stats(weft_ctx *ctx, const weft_table *t, int32_t column, weft_column_stats *out)
{
    (void)ctx, (void)column;
    *out = (weft_column_stats){.distinct_estimate = t->rows, .value_bytes = sizeof(int64_t)};
    if (t->rows == 0) return WEFT_OK;
    const int64_t first = value_at(t, 0), last = value_at(t, t->rows - 1);
    out->has_bounds = true;
    out->low = (weft_value){.type = t->field.type, .i64 = weft_min_i64(first, last)};
    out->high = (weft_value){.type = t->field.type, .i64 = weft_max_i64(first, last)};
    return WEFT_OK;
}

static weft_status range_splits(weft_ctx *ctx, const weft_table *t, const weft_scan_spec *spec,
                                int64_t target_rows, weft_split **splits, int32_t *count)
{
    weft_status st = WEFT_OK;
    const int64_t least = t->rows / SPLITS_MAX + 1;
    const int64_t rows = weft_max_i64(weft_max_i64(target_rows, 1), least);
    const int64_t n = t->rows == 0 ? 0 : (t->rows - 1) / rows + 1;
    (void)spec;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, n, splits));
    for (int64_t i = 0; i < n; i++) {
        const int64_t begin = i * rows, end = i == n - 1 ? t->rows : begin + rows;
        (*splits)[i] = (weft_split){.begin = begin, .end = end, .bytes = end - begin};
    }
    *count = (int32_t)n;
done:
    return st;
}

static weft_status range_scan_open(weft_ctx *ctx, const weft_table *t, const weft_scan_spec *spec,
                                   const weft_split *splits, int32_t split_count, weft_scan **out)
{
    weft_status st = WEFT_OK;
    weft_scan *s = NULL;
    weft_type *types = NULL;
    const weft_program *program = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    s->table = t;
    s->spec = spec;
    s->splits = splits;
    s->split_count = split_count;
    s->row = -1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->batch_rows, &s->values));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->column_count, &s->columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->column_count, &types));
    for (int32_t i = 0; i < split_count; i++) {
        if (splits[i].begin < 0 || splits[i].begin > splits[i].end || splits[i].end > t->rows)
            return weft_fail(ctx, WEFT_INVALID, "split %d of a range is not within its %lld rows", i,
                             (long long)t->rows);
    }
    for (int32_t i = 0; i < spec->column_count; i++) {
        types[i] = t->field.type;
        s->columns[i] = (weft_column){.type = t->field.type,
                                      .phys = (uint8_t)weft_type_phys(t->field.type),
                                      .encoding = WEFT_FLAT,
                                      .data = s->values};
    }
    if (spec->conjunct_count > 0) {
        WEFT_TRY(st, weft_program_compile_filter(ctx, spec->conjuncts, spec->conjunct_count, types,
                                                 spec->column_count, &program));
        WEFT_TRY(st, weft_eval_open(ctx, program, &s->eval));
    }
    *out = s;
done:
    return st;
}

static bool passes_keys(const weft_scan *s, int64_t value)
{
    for (int32_t i = 0; i < s->spec->key_filter_count; i++) {
        const weft_key_filter *f = s->spec->key_filters[i].keys;
        if (f->empty) return false;
        if (f->has_range && (value < f->low || value > f->high)) return false;
        if (f->kind != WEFT_KEY_FILTER_BITMAP) continue;
        const uint64_t bit = (uint64_t)value - (uint64_t)f->low;
        if ((f->bits[bit / 64] >> (bit % 64) & 1) == 0) return false;
    }
    return true;
}

/* The next rows of the current split, as they are. False: there is none left. */
static bool next_rows(weft_scan *s, int32_t *rows)
{
    while (s->split < s->split_count) {
        const weft_split *split = &s->splits[s->split];
        if (s->row < 0) s->row = split->begin;
        const int64_t left = split->end - s->row;
        if (left == 0) {
            s->split++;
            s->row = -1;
            continue;
        }
        *rows = (int32_t)weft_min_i64(left, s->spec->batch_rows);
        for (int32_t i = 0; i < *rows; i++) s->values[i] = value_at(s->table, s->row + i);
        s->row += *rows;
        return true;
    }
    return false;
}

static weft_status range_scan_next(weft_ctx *ctx, weft_scan *s, weft_batch *out)
{
    weft_status st = WEFT_OK;
    int32_t rows = 0, kept = 0;
    *out = (weft_batch){0};
    while (kept == 0 && next_rows(s, &rows)) {
        WEFT_TRY(st, weft_check_cancel(ctx));
        for (int32_t i = 0; i < rows; i++) {
            s->selection[kept] = (uint16_t)i;
            kept += passes_keys(s, s->values[i]);
        }
        *out = (weft_batch){.rows = rows,
                            .selected = kept,
                            .selection = kept == rows ? NULL : s->selection,
                            .column_count = s->spec->column_count,
                            .columns = s->columns};
        s->metrics.rows_read += rows;
        if (s->eval == NULL || kept == 0) continue;
        WEFT_TRY(st, weft_eval_filter(ctx, s->eval, out, s->selection, &kept));
        out->selected = kept;
        out->selection = kept == rows ? NULL : s->selection;
    }
    if (kept == 0) *out = (weft_batch){0};
    s->metrics.rows_out += kept;
    s->metrics.batches += kept > 0;
done:
    return st;
}

static void range_scan_metrics(const weft_scan *s, weft_scan_metrics *out) { *out = s->metrics; }

static void range_scan_close(weft_scan **scan)
{
    if (*scan != NULL) weft_eval_close(&(*scan)->eval);
    *scan = NULL;
}

const weft_format weft_format_range = {.name = "range",
                                       .open = range_open,
                                       .close = range_close,
                                       .schema = range_schema,
                                       .row_count = range_row_count,
                                       .stats = range_stats,
                                       .splits = range_splits,
                                       .scan_open = range_scan_open,
                                       .scan_next = range_scan_next,
                                       .scan_metrics = range_scan_metrics,
                                       .scan_close = range_scan_close,
                                       .without_files = true};
