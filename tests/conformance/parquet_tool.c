/* tests/conformance/parquet_tool.c - Parquet files read as text and written again, for parquet_peers.py.
 *
 *     parquet_tool read FILE...                       "-- FILE", the schema, then a line a row, of each file
 *     parquet_tool copy FROM TO [option value]...     the rows of one file, written anew with these options
 *
 * An error of a file is a line "error: ..." and does not stop those behind it. */
#include "tests/support/parquet_text.h"

static void tool_read(const char *path)
{
    weft_fixture f;
    weft_reading r = {.name = path, .batch_rows = 1000, .target_rows = 1 << 20};
    weft_row_text out = {0};
    weft_fixture_open(&f);
    weft_row_text_add(&out, "", 0);
    const weft_status st = weft_parquet_read_text(&f, path, &r, &out);
    printf("-- %s\n", path);
    if (st != WEFT_OK) {
        printf("error: %s\n", f.ctx.error.message);
    } else {
        printf("%s\n%s", r.schema, out.bytes);
    }
    free(out.bytes);
    weft_fixture_close(&f);
}

static weft_status tool_copy_rows(weft_ctx *ctx, const weft_table *table, const char *to,
                                  const char *const *options, int32_t option_count)
{
    weft_status st = WEFT_OK;
    const weft_format *format = weft_format_find("parquet");
    const weft_sink_format *sinks = weft_sink_format_find("parquet");
    const weft_schema *schema = format->schema(table);
    int32_t *columns = NULL, split_count;
    int64_t rows, bytes;
    weft_split *splits;
    weft_scan *scan = NULL;
    weft_file_sink *sink = NULL;
    weft_batch batch;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_max_i32(schema->count, 1), &columns));
    for (int32_t i = 0; i < schema->count; i++) columns[i] = i;
    const weft_scan_spec spec = {.column_count = schema->count, .columns = columns, .batch_rows = 1000};
    WEFT_TRY(st, format->splits(ctx, table, &spec, 1 << 20, &splits, &split_count));
    WEFT_TRY(st, format->scan_open(ctx, table, &spec, splits, split_count, &scan));
    WEFT_TRY(st, sinks->open(ctx, to, schema, options, option_count, &sink));
    for (;;) {
        WEFT_TRY(st, format->scan_next(ctx, scan, &batch));
        if (batch.rows == 0) break;
        WEFT_TRY(st, sinks->write(ctx, sink, &batch));
    }
    WEFT_TRY(st, sinks->finish(ctx, &sink, &rows, &bytes));
done:
    if (sink != NULL) sinks->abandon(&sink);
    if (scan != NULL) format->scan_close(&scan);
    return st;
}

static weft_status tool_copy(const char *from, const char *to, const char *const *options,
                             int32_t option_count)
{
    weft_status st = WEFT_OK;
    const weft_format *format = weft_format_find("parquet");
    weft_fixture f;
    weft_file_info *files;
    weft_table *table = NULL;
    int32_t count;
    weft_fixture_open(&f);
    WEFT_TRY(st, weft_fs_list(&f.ctx, from, &files, &count));
    WEFT_TRY(st, format->open(&f.ctx, files, count, NULL, 0, NULL, &table));
    WEFT_TRY(st, tool_copy_rows(&f.ctx, table, to, options, option_count));
done:
    if (st != WEFT_OK) fprintf(stderr, "error: %s\n", f.ctx.error.message);
    if (table != NULL) format->close(&table);
    weft_fixture_close(&f);
    return st;
}

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "read") == 0) {
        for (int i = 2; i < argc; i++) tool_read(argv[i]);
        return 0;
    }
    if (argc >= 4 && argc % 2 == 0 && strcmp(argv[1], "copy") == 0) {
        const char *const *options = (const char *const *)argv + 4;
        return tool_copy(argv[2], argv[3], options, (argc - 4) / 2) == WEFT_OK ? 0 : 1;
    }
    fprintf(stderr, "usage: %s read FILE... | copy FROM TO [option value]...\n", argv[0]);
    return 2;
}
