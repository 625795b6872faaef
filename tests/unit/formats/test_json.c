/* A JSON file gives the same rows wherever it is cut and whatever a block holds; errors tell file and line;
 * very long lines, deep nesting and a lack of memory end in an answer or an error. */
#include <stdio.h>
#include <unistd.h>

#include "engine/expr/nested_text.h"
#include "engine/formats/json/table.h"
#include "tests/support/fixture.h"

typedef struct json_read {
    const weft_file_info *info;
    const char *const *options;
    int32_t option_count;
    int64_t target, block;
    int32_t batch_rows;
    weft_text *rows; /* each as JSON, ';' behind it; NULL: only counted */
    int64_t count;
} json_read;

static weft_file_info put_file(weft_fixture *f, const char *name, const char *bytes, size_t len)
{
    weft_file_info info;
    char *path = NULL;
    weft_fixture_ok(f, weft_arena_printf(&f->ctx, f->arena, &path, "json_%d_%s", (int)getpid(), name));
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    weft_fixture_ok(f, weft_fs_stat(&f->ctx, path, &info));
    return info;
}

static weft_status take_batch(weft_ctx *ctx, const weft_schema *schema, const weft_batch *batch, json_read *r)
{
    weft_status st = WEFT_OK;
    const weft_column row = {
        .type = {.id = WEFT_TYPE_STRUCT, .child_count = schema->count, .children = schema->fields},
        .phys = WEFT_PHYS_STRUCT,
        .child_count = batch->column_count,
        .children = batch->columns};
    r->count += batch->selected;
    for (int32_t k = 0; r->rows != NULL && k < batch->selected; k++) {
        const int32_t i = batch->selection != NULL ? batch->selection[k] : k;
        WEFT_TRY(st, weft_nested_json(ctx, NULL, NULL, &row, i, r->rows));
        WEFT_TRY(st, weft_text_append(ctx, r->rows, ";", 1));
    }
done:
    return st;
}

/* All rows, the file cut at every target bytes, a task a split. */
static weft_status read_file(weft_ctx *ctx, json_read *r)
{
    weft_status st = WEFT_OK;
    const weft_format *format = weft_format_find("json");
    weft_table *table = NULL;
    weft_scan *scan = NULL;
    weft_split *splits = NULL;
    int32_t columns[64], count = 0;
    weft_batch batch;
    r->count = 0;
    if (r->rows != NULL) r->rows->len = 0;
    WEFT_TRY(st, format->open(ctx, r->info, 1, r->options, r->option_count, NULL, &table));
    table->base.spec.block_bytes = r->block;
    const weft_schema *schema = format->schema(table);
    for (int32_t i = 0; i < schema->count; i++) columns[i] = i;
    const weft_scan_spec spec = {
        .column_count = schema->count, .columns = columns, .batch_rows = r->batch_rows};
    WEFT_TRY(st, format->splits(ctx, table, &spec, r->target, &splits, &count));
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, format->scan_open(ctx, table, &spec, &splits[i], 1, &scan));
        for (;;) {
            WEFT_TRY(st, format->scan_next(ctx, scan, &batch));
            if (batch.rows == 0) break;
            WEFT_TRY(st, take_batch(ctx, schema, &batch, r));
        }
        format->scan_close(&scan);
    }
done:
    if (scan != NULL) format->scan_close(&scan);
    if (table != NULL) format->close(&table);
    return st;
}

static const char *const nasty[] = {
    "{\"a\":1,\"b\":\"x\"}\n\n{\"b\":\"a value that is no view of twelve bytes\",\"c\":[1,2,{\"d\":null}]}\n",
    "{\"a\":1}\r\n[{\"a\":2},{\"a\":3},{\"a\":4},{\"a\":5}]\r\n[]\r\n{\"a\":\"\\u00e9\\n\"}",
    "{\"a\":{\"b\":{\"c\":[[1],[],[2,3]]}}}\nnot json\n{\"a\":\n{\"a\":7}\n[1]\n",
    "\xef\xbb\xbf{\"a\":\"\xc3\xa4\"}\n{\"a\":\"\xff\"}\n{\"\xe2\x82\xac\":1}\n",
    "{\"k\":{\"x\":\"one more long string in a struct\"},\"l\":[\"and another one in a "
    "list\"]}\n{\"k\":null}\n",
};

static void cuts_do_not_matter(void **state)
{
    (void)state;
    static const char *const options[][2] = {{"mode", "PERMISSIVE"},
                                             {"mode", "DROPMALFORMED"},
                                             {"multiLine", "true"},
                                             {"primitivesAsString", "true"},
                                             {"encoding", "UTF-8"}};
    for (int32_t t = 0; t < WEFT_COUNT(nasty); t++) {
        weft_fixture f;
        weft_text want = {0}, got = {0};
        weft_fixture_open(&f);
        const int64_t len = (int64_t)strlen(nasty[t]);
        const weft_file_info info = put_file(&f, "nasty", nasty[t], (size_t)len);
        for (int32_t o = 0; o < WEFT_COUNT(options); o++) {
            json_read whole = {.info = &info,
                               .options = options[o],
                               .option_count = 1,
                               .target = INT64_MAX,
                               .batch_rows = 4096,
                               .rows = &want};
            const weft_status st = read_file(&f.ctx, &whole);
            if (st == WEFT_ONLY_CORRUPT_RECORD) { /* no record of the whole file is good */
                weft_error_clear(&f.ctx);
                continue;
            }
            weft_fixture_ok(&f, st);
            for (int64_t target = 1; target <= len; target++) {
                json_read cut = whole;
                cut.target = target;
                cut.block = 1;
                cut.batch_rows = 1 + (int32_t)(target % 3);
                cut.rows = &got;
                weft_fixture_ok(&f, read_file(&f.ctx, &cut));
                if (got.len != want.len || (got.len > 0 && memcmp(got.bytes, want.bytes, got.len) != 0))
                    fail_msg("file %d, options %d, cut at every %d: %.*s, not %.*s", t, o, (int)target,
                             (int)got.len, got.bytes, (int)want.len, want.bytes);
            }
        }
        unlink(info.path);
        weft_text_release(&want);
        weft_text_release(&got);
        weft_fixture_close(&f);
    }
}

static void errors_tell_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *options[2], *want;
        weft_status st;
    } cases[] = {
        {"{\"a\":1}\n{\"a\":tru}\n", {"mode", "FAILFAST"}, "line 2: Malformed", WEFT_MALFORMED_RECORD},
        {"{\"a\":1}\n{\"a\":\"\xff\"}\n", {"mode", "FAILFAST"}, "no UTF-8", WEFT_MALFORMED_RECORD},
        {"{\"a\":1}", {"timeZone", "x"}, "The timezone: x is invalid", WEFT_TIMEZONE},
        {"{\"a\":1}", {"multiLine", "maybe"}, "multiLine must be true or false", WEFT_CONFIG},
        {"{\"a\":1}", {"samplingRatio", "0"}, "samplingRatio must be a number", WEFT_CONFIG},
        {"{\"a\":1}", {"maxNestingDepth", "10001"}, "from 1 to 10000", WEFT_CONFIG},
    };
    weft_fixture f;
    weft_fixture_open(&f);
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        const weft_file_info info = put_file(&f, "wrong", cases[i].bytes, strlen(cases[i].bytes));
        json_read r = {
            .info = &info, .options = cases[i].options, .option_count = 1, .target = 100, .batch_rows = 10};
        assert_int_equal(read_file(&f.ctx, &r), cases[i].st);
        if (strstr(f.ctx.error.message, cases[i].want) == NULL) fail_msg("%s", f.ctx.error.message);
        weft_error_clear(&f.ctx);
        unlink(info.path);
    }
    weft_fixture_close(&f);
}

/* A line of 20 MB, one of 10,000 levels and a good one behind them. */
static void long_and_deep_lines(void **state)
{
    (void)state;
    enum { LONG = 20 << 20, LEVELS = 10000 };
    static const char *const options[] = {"mode", "DROPMALFORMED"};
    weft_fixture f;
    weft_fixture_open(&f);
    static const char *const parts[] = {"{\"a\":\"", "\"}\n{\"a\":", "}\n{\"a\":\"y\"}\n"};
    char *bytes = malloc(LONG + 2 * LEVELS + 100);
    size_t len = 0;
    for (int32_t i = 0; i < 3; i++) {
        memcpy(bytes + len, parts[i], strlen(parts[i]));
        len += strlen(parts[i]);
        const size_t fill = i == 0 ? LONG : LEVELS;
        if (i < 2) memset(bytes + len, i == 0 ? 'x' : '[', fill);
        if (i < 2) len += fill;
        if (i == 1) memset(bytes + len, ']', fill);
        if (i == 1) len += fill;
    }
    const weft_file_info info = put_file(&f, "long", bytes, len);
    json_read r = {
        .info = &info, .options = options, .option_count = 1, .target = 1 << 20, .batch_rows = 100};
    weft_fixture_ok(&f, read_file(&f.ctx, &r));
    assert_int_equal(r.count, 2);
    unlink(info.path);
    free(bytes);
    weft_fixture_close(&f);
}

static weft_status read_again(weft_fixture *f, void *arg)
{
    static const char *const options[] = {"inferTimestamp", "true"};
    json_read r = {
        .info = arg, .options = options, .option_count = 1, .target = 20, .block = 64, .batch_rows = 10};
    return read_file(&f->ctx, &r);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    weft_file_info info = put_file(&f, "oom", nasty[0], strlen(nasty[0]));
    weft_fixture_oom_sweep(read_again, &info);
    unlink(info.path);
    weft_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_do_not_matter),
        cmocka_unit_test(errors_tell_file_and_line),
        cmocka_unit_test(long_and_deep_lines),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
