/* engine/formats/csv/scan.c - the scan of one lane.
 *
 * Up to batch_rows records of a block are cut into fields, of which only the wanted ones are kept, column by
 * column. The columns that filters read are converted first, the others for the rows that are left. Strings
 * are views of the block, so a batch ends with its block. Memory: per wanted column a vector and the places
 * of its values. */
#include <strings.h>

#include "engine/formats/csv/table.h"

enum { SCAN_COLUMNS_FULL = 128, SCAN_ROWS_MIN = 64 }; /* so many columns have batches of full size */

typedef struct scan_column {
    int32_t place;          /* in the record; -1: a partition column or the corrupt one */
    bool filtered;          /* some filter reads it */
    weft_csv_field *fields; /* [batch_rows] */
    weft_vector vector;
} scan_column;

struct weft_scan {
    weft_text_lane lane; /* first */
    const weft_table *table;
    weft_csv_tokens tokens;
    weft_csv_values values;
    weft_text_block block;
    scan_column *columns; /* [spec.column_count] */
    int32_t *wanted;      /* columns with a place */
    int32_t wanted_count;
    int32_t corrupt;          /* the column of malformed records, or -1 */
    bool counts_fields;       /* a record of too many or few values is malformed */
    bool at_header;           /* the next record is the header */
    weft_csv_options lenient; /* of records that are only counted */
    uint32_t *begins;         /* [batch_rows] of the records in the block */
    weft_str *raws;           /* [batch_rows] their texts, where somebody wants them */
    uint8_t *bad;             /* [batch_rows] malformed */
};

/* Does Spark have its parser give all values of a record, those that nobody reads too? Then it counts them.
 */
static bool scan_parses_all(const weft_csv_options *o) { return o->multi_line || !o->column_pruning; }

static weft_status scan_open_columns(weft_ctx *ctx, weft_scan *scan)
{
    weft_status st = WEFT_OK;
    const weft_scan_spec *spec = &scan->lane.spec;
    const int32_t rows = scan->lane.batch_rows;
    for (int32_t i = 0; i < spec->column_count; i++) {
        scan_column *c = &scan->columns[i];
        const int32_t column = spec->columns[i];
        c->place = -1;
        if (column >= scan->table->base.data_count) continue;
        c->place = weft_csv_place(scan->table, column);
        if (c->place < 0) scan->corrupt = i;
        WEFT_TRY(st, weft_vector_init(ctx, scan->table->base.schema.fields[column].type, rows, &c->vector));
        if (c->place < 0) continue;
        c->filtered = weft_text_lane_filters_on(&scan->lane, i);
        WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, rows, &c->fields));
        scan->wanted[scan->wanted_count++] = i;
    }
    if (scan->corrupt >= 0 && scan->wanted_count == 0) WEFT_TRY(st, weft_text_fail_only_corrupt(ctx));
    scan->counts_fields = scan->corrupt >= 0 || scan_parses_all(&scan->table->options) ||
                          scan->wanted_count == scan->table->file_columns;
    scan->tokens.keeps_raw = scan->corrupt >= 0;
    if (scan->corrupt >= 0) WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, rows, &scan->raws));
done:
    return st;
}

/* Spark has its parser look at no record of which it reads no value: lines are counted, however many columns
 * they have. */
static void scan_count_only(weft_scan *scan)
{
    if (scan->wanted_count > 0 || scan_parses_all(&scan->table->options)) return;
    scan->lenient = scan->table->options;
    scan->lenient.grammar.columns_max = WEFT_CSV_COLUMNS_MAX;
    scan->lenient.grammar.characters_max = -1;
    scan->lenient.grammar.unescaped = WEFT_CSV_STOP_AT_DELIMITER;
    scan->tokens.options = &scan->lenient;
}

weft_status weft_csv_scan_open(weft_ctx *ctx, const weft_table *table, const weft_scan_spec *spec,
                               const weft_split *splits, int32_t split_count, weft_scan **out)
{
    weft_status st = WEFT_OK;
    weft_scan *scan = NULL;
    *out = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &scan));
    scan->table = table;
    scan->corrupt = -1;
    WEFT_TRY(st, weft_text_lane_open(ctx, &scan->lane, &table->base, spec, splits, split_count));
    *out = scan;
    weft_text_lane *lane = &scan->lane;
    if (spec->column_count > SCAN_COLUMNS_FULL)
        lane->batch_rows = weft_min_i32(
            lane->batch_rows, weft_max_i32(SCAN_ROWS_MIN, (int32_t)((int64_t)lane->batch_rows *
                                                                    SCAN_COLUMNS_FULL / spec->column_count)));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->column_count + 1, &scan->columns));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, spec->column_count + 1, &scan->wanted));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, lane->batch_rows, &scan->begins));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, lane->batch_rows, &scan->bad));
    WEFT_TRY(st, weft_csv_tokens_init(ctx, &table->options, &scan->tokens));
    WEFT_TRY(st, weft_csv_values_init(ctx, &table->options, &scan->values));
    WEFT_TRY(st, scan_open_columns(ctx, scan));
    scan_count_only(scan);
done:
    if (st != WEFT_OK) weft_csv_scan_close(out);
    return st;
}

void weft_csv_scan_close(weft_scan **scan_pointer)
{
    weft_scan *scan = *scan_pointer;
    if (scan == NULL) return;
    *scan_pointer = NULL;
    weft_csv_tokens_deinit(&scan->tokens);
    weft_csv_values_deinit(&scan->values);
    for (int32_t i = 0; scan->columns != NULL && i < scan->lane.spec.column_count; i++)
        weft_vector_deinit(&scan->columns[i].vector);
    weft_text_lane_close(&scan->lane);
}

/* ---- records ---- */

static bool scan_wants_place(const weft_scan *scan, int32_t place)
{
    bool wants = scan_parses_all(&scan->table->options);
    for (int32_t w = 0; w < scan->wanted_count && !wants; w++)
        wants = scan->columns[scan->wanted[w]].place == place;
    return wants;
}

/* enforceSchema false: the names of the header, as they stand there, are those of the columns that the parser
 * is asked for. */
static weft_status scan_check_header(weft_ctx *ctx, weft_scan *scan)
{
    const weft_table *table = scan->table;
    const weft_csv_tokens *t = &scan->tokens;
    if (table->options.enforce_schema || (scan->wanted_count == 0 && !scan_parses_all(&table->options)))
        return WEFT_OK;
    if (t->fields.count != table->file_columns)
        return weft_fail(
            ctx, WEFT_INVALID,
            "Number of column in CSV header is not equal to number of fields in the schema: header "
            "length: %d, schema size: %d, CSV file: %s",
            t->fields.count, table->file_columns, weft_text_input_file(scan->lane.input)->path);
    for (int32_t i = 0; i < table->base.data_count; i++) {
        const int32_t place = weft_csv_place(table, i);
        const char *name = "", *expected = table->base.schema.fields[i].name;
        uint32_t len = 0;
        if (place < 0 || !scan_wants_place(scan, place)) continue;
        if (!weft_csv_text(&scan->values, t->data, t->fields.list[place], &name, &len)) len = 0;
        if (strlen(expected) == len && strncasecmp(name, expected, len) == 0) continue;
        return weft_fail(ctx, WEFT_INVALID,
                         "CSV header does not conform to the schema: column %d is `%.*s`, expected `%s`, CSV "
                         "file: %s",
                         place + 1, (int)len, name, expected, weft_text_input_file(scan->lane.input)->path);
    }
    return WEFT_OK;
}

static weft_status scan_take_raw(weft_ctx *ctx, weft_scan *scan, int32_t row)
{
    weft_status st = WEFT_OK;
    const weft_csv_tokens *t = &scan->tokens;
    char *copy = NULL;
    if (t->raw_len < 0) {
        scan->raws[row] = weft_str_view((const char *)t->data + t->begin, (uint32_t)(t->end - t->begin));
        return WEFT_OK;
    }
    WEFT_TRY(st, weft_vector_heap(ctx, &scan->columns[scan->corrupt].vector, (size_t)t->raw_len, &copy));
    if (t->raw_len > 0) memcpy(copy, t->raw, (size_t)t->raw_len);
    scan->raws[row] = weft_str_view(copy, (uint32_t)t->raw_len);
done:
    return st;
}

/* Records of the block, as many as a batch takes. */
static weft_status scan_take_records(weft_ctx *ctx, weft_scan *scan, int32_t *rows)
{
    weft_status st = WEFT_OK;
    weft_csv_tokens *t = &scan->tokens;
    const int32_t most = scan->lane.batch_rows, columns = scan->table->file_columns;
    bool got = false;
    while (*rows < most && t->at < t->len) {
        st = weft_csv_tokens_next(ctx, t, &got);
        if (st == WEFT_LIMIT || st == WEFT_MALFORMED_RECORD)
            (void)weft_csv_fail_at(ctx, st, scan->lane.input, t->begin);
        if (st != WEFT_OK || !got) break;
        if (scan->at_header) {
            scan->at_header = false;
            WEFT_TRY(st, scan_check_header(ctx, scan));
            continue;
        }
        const int32_t row = (*rows)++, count = t->fields.count;
        scan->begins[row] = (uint32_t)t->begin;
        scan->bad[row] = scan->counts_fields && count != columns;
        for (int32_t w = 0; w < scan->wanted_count; w++) {
            scan_column *c = &scan->columns[scan->wanted[w]];
            c->fields[row] = c->place < count
                                 ? t->fields.list[c->place]
                                 : (weft_csv_field){.begin = WEFT_CSV_ABSENT, .len = WEFT_CSV_NULL};
        }
        if (scan->corrupt >= 0) WEFT_TRY(st, scan_take_raw(ctx, scan, row));
    }
done:
    return st;
}

/* Rows of the next batch, of one block; 0 at the end. */
static weft_status scan_next_rows(weft_ctx *ctx, weft_scan *scan, int32_t *rows)
{
    weft_status st = WEFT_OK;
    weft_text_lane *lane = &scan->lane;
    bool end = false;
    for (*rows = 0;;) {
        WEFT_TRY(st, scan_take_records(ctx, scan, rows));
        if (*rows > 0) break;
        if (lane->input == NULL || scan->block.is_last) {
            WEFT_TRY(st, weft_text_lane_next_split(ctx, lane, &end));
            if (end) break;
            scan->block = (weft_text_block){0};
            scan->at_header = scan->table->options.header && lane->splits[lane->split_at].begin == 0;
            scan->tokens.at = 0;
            WEFT_TRY(st, weft_csv_tokens_file(ctx, &scan->tokens, weft_text_input_file(lane->input),
                                              &scan->table->base.spec));
        }
        WEFT_TRY(st, weft_text_input_next(ctx, lane->input, scan->tokens.at, &scan->block));
        weft_csv_tokens_block(&scan->tokens, &scan->block);
    }
done:
    return st;
}

/* ---- values ---- */

/* What records have that end before the column, where its table says so. */
static weft_status scan_set_absent(weft_ctx *ctx, const weft_text_lane *lane, int32_t rows, scan_column *c,
                                   const weft_value *absent)
{
    weft_status st = WEFT_OK;
    const int32_t count = lane->chosen ? lane->selected : rows;
    for (int32_t k = 0; k < count && absent != NULL; k++) {
        const int32_t i = lane->chosen ? lane->selection[k] : k;
        if (c->fields[i].begin != WEFT_CSV_ABSENT) continue;
        weft_bit_set(c->vector.validity, i);
        WEFT_TRY(st, weft_value_store(ctx, absent, &c->vector, i));
    }
done:
    return st;
}

static weft_status scan_convert(weft_ctx *ctx, weft_scan *scan, int32_t rows, bool filtered)
{
    weft_status st = WEFT_OK;
    weft_text_lane *lane = &scan->lane;
    for (int32_t w = 0; w < scan->wanted_count; w++) {
        scan_column *c = &scan->columns[scan->wanted[w]];
        if (c->filtered != filtered) continue;
        WEFT_TRY(st, weft_csv_convert(ctx, &scan->values, scan->block.data, c->fields,
                                      lane->chosen ? lane->selection : NULL,
                                      lane->chosen ? lane->selected : rows, &c->vector, scan->bad));
        const int32_t column = lane->spec.columns[scan->wanted[w]];
        WEFT_TRY(st, scan_set_absent(ctx, lane, rows, c, lane->table->schema.fields[column].absent));
        lane->columns[scan->wanted[w]] = c->vector.column;
    }
done:
    return st;
}

static weft_status scan_fail_malformed(weft_ctx *ctx, weft_scan *scan, int32_t row)
{
    const int64_t begin = scan->begins[row];
    (void)weft_fail(
        ctx, WEFT_MALFORMED_RECORD,
        "Malformed records are detected in record parsing. Parse Mode: FAILFAST. To process malformed "
        "records as null result, try setting the option 'mode' as 'PERMISSIVE'.");
    return weft_csv_fail_at(ctx, WEFT_MALFORMED_RECORD, scan->lane.input, begin);
}

/* What the mode does with malformed records among the selected rows. */
static weft_status scan_apply_mode(weft_ctx *ctx, weft_scan *scan, int32_t rows)
{
    weft_text_lane *lane = &scan->lane;
    const weft_csv_mode mode = scan->table->options.mode;
    int32_t kept = 0;
    if (mode == WEFT_CSV_PERMISSIVE || memchr(scan->bad, 1, (size_t)rows) == NULL) return WEFT_OK;
    for (int32_t k = 0; k < lane->selected; k++) {
        const int32_t i = lane->chosen ? lane->selection[k] : k;
        if (scan->bad[i] != 0 && mode == WEFT_CSV_FAILFAST) return scan_fail_malformed(ctx, scan, i);
        lane->selection[kept] = (uint16_t)i;
        kept += scan->bad[i] == 0;
    }
    lane->chosen = kept < rows;
    lane->selected = kept;
    return WEFT_OK;
}

static void scan_set_corrupt(weft_scan *scan, int32_t rows)
{
    weft_vector *vector = &scan->columns[scan->corrupt].vector;
    for (int32_t i = 0; i < rows; i++) {
        if (scan->bad[i] != 0)
            ((weft_str *)vector->values)[i] = scan->raws[i];
        else
            weft_vector_set_null(vector, i);
    }
    scan->lane.columns[scan->corrupt] = vector->column;
}

/* The columns of `rows` records: filtered, converted, as the mode says. */
static weft_status scan_make_rows(weft_ctx *ctx, weft_scan *scan, int32_t rows)
{
    weft_status st = WEFT_OK;
    weft_text_lane *lane = &scan->lane;
    lane->selected = rows;
    lane->chosen = false;
    WEFT_TRY(st, scan_convert(ctx, scan, rows, true));
    if (scan->corrupt >= 0) {
        WEFT_TRY(st, scan_convert(ctx, scan, rows, false));
        scan_set_corrupt(scan, rows);
    }
    if (scan->table->options.mode == WEFT_CSV_FAILFAST) WEFT_TRY(st, scan_apply_mode(ctx, scan, rows));
    if (weft_text_lane_has_filters(lane)) WEFT_TRY(st, weft_text_lane_filter(ctx, lane, rows));
    if (scan->corrupt < 0 && lane->selected > 0) WEFT_TRY(st, scan_convert(ctx, scan, rows, false));
    WEFT_TRY(st, scan_apply_mode(ctx, scan, rows));
done:
    return st;
}

weft_status weft_csv_scan_next(weft_ctx *ctx, weft_scan *scan, weft_batch *out)
{
    weft_status st = WEFT_OK;
    int32_t rows = 0;
    for (;;) {
        *out = (weft_batch){0};
        WEFT_TRY(st, weft_check_cancel(ctx));
        for (int32_t i = 0; i < scan->lane.spec.column_count; i++)
            if (scan->columns[i].vector.capacity > 0) weft_vector_reset(&scan->columns[i].vector);
        WEFT_TRY(st, scan_next_rows(ctx, scan, &rows));
        if (rows == 0) break;
        scan->lane.metrics.rows_read += rows;
        WEFT_TRY(st, scan_make_rows(ctx, scan, rows));
        if (scan->lane.selected == 0) continue;
        weft_text_lane_give(&scan->lane, rows, out);
        break;
    }
done:
    return st;
}
