/* engine/formats/text/text_read.c - the source "text": each line, or with wholetext each file, is a row.
 *
 * Values are views of the input's block: a batch ends with its block. Bytes that are no UTF-8 stay as they
 * are, as Spark leaves them. */
#include <strings.h>

#include "engine/formats/options.h"
#include "engine/formats/text/table.h"
#include "engine/formats/text/text.h"

struct weft_table {
    weft_text_table base; /* first */
};

struct weft_scan {
    weft_text_lane lane; /* first */
    weft_text_lines lines;
    weft_text_block block;
    int64_t at;       /* next byte of the block */
    weft_str *values; /* [batch_rows] */
    int32_t column;   /* of the spec, or -1 */
};

static weft_status text_options(weft_ctx *ctx, const char *const *options, int32_t count,
                                weft_text_spec *spec, bool *whole, bool *recursive, const char **base)
{
    weft_status st = WEFT_OK;
    weft_text_codec codec;
    for (int32_t i = 0; i < count; i++) {
        const char *key = options[2 * i], *value = options[2 * i + 1];
        if (weft_option_is_general(key)) continue;
        if (strcasecmp(key, "wholetext") == 0) {
            WEFT_TRY(st, weft_option_flag(ctx, key, value, whole));
        } else if (strcasecmp(key, "lineSep") == 0) {
            spec->line_end = value;
        } else if (strcasecmp(key, "encoding") == 0 || strcasecmp(key, "charset") == 0) {
            spec->encoding = value;
        } else if (strcasecmp(key, "compression") == 0) {
            WEFT_TRY(st, weft_text_codec_read(ctx, value, &codec));
            spec->codec = codec;
        } else if (strcasecmp(key, "maxRecordBytes") == 0) {
            WEFT_TRY(st, weft_option_number(ctx, key, value, 1, WEFT_TEXT_RECORD_BYTES_MAX,
                                            &spec->record_bytes_max));
        } else if (strcasecmp(key, "recursiveFileLookup") == 0) {
            WEFT_TRY(st, weft_option_flag(ctx, key, value, recursive));
        } else if (strcasecmp(key, "basePath") == 0) {
            WEFT_TRY(st, weft_option_folder(ctx, value, base));
        } else {
            weft_option_unknown("text", key,
                                "wholetext, lineSep, encoding, compression, maxRecordBytes, "
                                "pathGlobFilter, modifiedBefore, modifiedAfter, recursiveFileLookup, "
                                "ignoreCorruptFiles, ignoreMissingFiles and basePath");
        }
    }
    WEFT_TRY(st, weft_tolerance_read(ctx, options, count, &spec->tolerance));
done:
    return st;
}

static void text_close(weft_table **table) { *table = NULL; /* all lies in the arena */ }

static weft_status text_open(weft_ctx *ctx, const weft_file_info *files, int32_t file_count,
                             const char *const *options, int32_t option_count, const weft_schema *schema,
                             weft_table **out)
{
    static const weft_field value = {.name = "value", .type = {.id = WEFT_TYPE_STRING}, .nullable = true};
    weft_status st = WEFT_OK;
    weft_table *table = NULL;
    weft_text_lines lines;
    const char *base = NULL;
    bool recursive = false;
    const weft_schema own = {.count = 1, .fields = &value};
    *out = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &table));
    table->base.spec = (weft_text_spec){.codec = -1, .keep_malformed = true};
    WEFT_TRY(st, text_options(ctx, options, option_count, &table->base.spec, &table->base.whole_files,
                              &recursive, &base));
    table->base.spec.is_free = table->base.whole_files;
    WEFT_TRY(st, weft_text_lines_init(ctx, table->base.spec.line_end, &lines));
    WEFT_TRY(st, weft_text_table_begin(ctx, files, file_count, recursive, base, schema, &table->base));
    WEFT_TRY(st, weft_text_table_set(ctx, schema == NULL ? &own : schema, schema != NULL, &table->base));
    /* Without files there are no folders that would tell which columns are not in them. */
    if (file_count > 0 &&
        (table->base.data_count != 1 || table->base.schema.fields[0].type.id != WEFT_TYPE_STRING)) {
        st = weft_fail(ctx, WEFT_UNSUPPORTED,
                       "The Text datasource supports one column of type string; the schema has %d columns.",
                       table->base.data_count);
        goto done;
    }
    *out = table;
done:
    return st;
}

static weft_status text_splits(weft_ctx *ctx, const weft_table *table, const weft_scan_spec *spec,
                               int64_t target, weft_split **splits, int32_t *count)
{
    return weft_text_table_splits(ctx, &table->base, spec, target, NULL, splits, count);
}

static void text_scan_close(weft_scan **scan)
{
    if (*scan == NULL) return;
    weft_text_lane_close(&(*scan)->lane);
    *scan = NULL;
}

static weft_status text_scan_open(weft_ctx *ctx, const weft_table *table, const weft_scan_spec *spec,
                                  const weft_split *splits, int32_t split_count, weft_scan **out)
{
    weft_status st = WEFT_OK;
    weft_scan *scan = NULL;
    *out = NULL;
    WEFT_TRY(st, WEFT_NEW(ctx, &scan));
    WEFT_TRY(st, weft_text_lane_open(ctx, &scan->lane, &table->base, spec, splits, split_count));
    *out = scan;
    WEFT_TRY(st, weft_text_lines_init(ctx, table->base.spec.line_end, &scan->lines));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, scan->lane.batch_rows, &scan->values));
    scan->column = -1;
    for (int32_t i = 0; i < spec->column_count; i++)
        if (spec->columns[i] == 0) scan->column = i;
done:
    if (st != WEFT_OK) text_scan_close(out);
    return st;
}

/* The whole file, in one block. */
static weft_status text_read_whole(weft_ctx *ctx, weft_scan *scan)
{
    weft_status st = WEFT_OK;
    do {
        WEFT_TRY(st, weft_text_input_next(ctx, scan->lane.input, 0, &scan->block));
    } while (!scan->block.is_last);
    scan->values[0] = weft_str_view((const char *)scan->block.data, (uint32_t)scan->block.len);
    scan->at = scan->block.len;
done:
    return st;
}

/* Rows of the current block into values; 0 when it has no more. */
static int32_t text_take_lines(weft_scan *scan)
{
    const weft_text_block *block = &scan->block;
    int32_t rows = 0;
    for (int64_t next = 0; rows < scan->lane.batch_rows && scan->at < block->len; scan->at += next) {
        const uint8_t *line = block->data + scan->at;
        const int64_t len = weft_text_line_end(&scan->lines, line, block->len - scan->at, &next);
        scan->values[rows++] = weft_str_view((const char *)line, (uint32_t)len);
    }
    return rows;
}

/* The next rows; 0 at the end of all splits. */
static weft_status text_next_rows(weft_ctx *ctx, weft_scan *scan, int32_t *rows)
{
    weft_status st = WEFT_OK;
    bool end = false;
    for (*rows = 0; *rows == 0;) {
        if (scan->lane.input == NULL || (scan->block.is_last && scan->at == scan->block.len)) {
            WEFT_TRY(st, weft_text_lane_next_split(ctx, &scan->lane, &end));
            if (end) break;
            scan->block = (weft_text_block){0};
            scan->at = 0;
            if (scan->lane.table->whole_files) {
                WEFT_TRY(st, text_read_whole(ctx, scan));
                *rows = 1;
                break;
            }
        }
        if (scan->at == scan->block.len && !scan->block.is_last) {
            WEFT_TRY(st, weft_text_input_next(ctx, scan->lane.input, scan->at, &scan->block));
            scan->at = 0;
        }
        *rows = text_take_lines(scan);
    }
done:
    return st;
}

static weft_status text_scan_next(weft_ctx *ctx, weft_scan *scan, weft_batch *out)
{
    weft_status st = WEFT_OK;
    int32_t rows = 0;
    for (;;) {
        WEFT_TRY(st, weft_check_cancel(ctx));
        WEFT_TRY(st, text_next_rows(ctx, scan, &rows));
        *out = (weft_batch){0};
        if (rows == 0) break;
        scan->lane.metrics.rows_read += rows;
        if (scan->column >= 0)
            scan->lane.columns[scan->column] = (weft_column){.type = WEFT_TYPE_OF(WEFT_TYPE_STRING),
                                                             .phys = WEFT_PHYS_STR,
                                                             .encoding = WEFT_FLAT,
                                                             .data = scan->values};
        WEFT_TRY(st, weft_text_lane_filter(ctx, &scan->lane, rows));
        if (scan->lane.selected == 0) continue;
        weft_text_lane_give(&scan->lane, rows, out);
        break;
    }
done:
    return st;
}

const weft_format weft_format_text = {
    .name = "text",
    .open = text_open,
    .close = text_close,
    .schema = weft_text_table_schema,
    .row_count = weft_text_table_row_count,
    .row_estimate = weft_text_table_row_estimate,
    .units = weft_text_table_units,
    .least_units = WEFT_TEXT_LEAST_BYTES,
    .splits = text_splits,
    .scan_open = text_scan_open,
    .scan_next = text_scan_next,
    .scan_metrics = weft_text_lane_metrics,
    .scan_close = text_scan_close,
};
