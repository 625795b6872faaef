/* A CSV file gives the same rows wherever it is cut and whatever a block holds: every byte is tried as the
 * begin of a split. */
#include <stdio.h>
#include <unistd.h>

#include "engine/expr/cast.h"
#include "engine/formats/csv/table.h"
#include "tests/support/fixture.h"

enum { ROWS_MAX = 1 << 15 };

typedef struct rows { /* texts of values, '|' behind each, ';' behind a row */
    char text[ROWS_MAX];
    size_t len;
} rows;

static void add(rows *r, const char *bytes, size_t len)
{
    assert_true(r->len + len < ROWS_MAX);
    memcpy(r->text + r->len, bytes, len);
    r->len += len;
    r->text[r->len] = '\0';
}

static weft_file_info put_file(weft_fixture *f, const char *name, const char *bytes, size_t len)
{
    weft_file_info info;
    char *path = NULL;
    weft_fixture_ok(f, weft_arena_printf(&f->ctx, f->arena, &path, "csv_%d_%s", (int)getpid(), name));
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    weft_fixture_ok(f, weft_fs_stat(&f->ctx, path, &info));
    return info;
}

static weft_status add_batch(weft_ctx *ctx, const weft_batch *batch, rows *out)
{
    weft_status st = WEFT_OK;
    for (int32_t k = 0; k < batch->selected; k++) {
        const int32_t row = batch->selection != NULL ? batch->selection[k] : k;
        for (int32_t c = 0; c < batch->column_count; c++) {
            char *text = NULL;
            const weft_value value = weft_value_of_column(&batch->columns[c], row);
            WEFT_TRY(st, weft_value_cast_text(ctx, &value, &text));
            add(out, text, strlen(text));
            add(out, "|", 1);
        }
        add(out, ";", 1);
    }
done:
    return st;
}

/* All rows, the file cut at every target bytes, blocks of block bytes (0: the default), a task a split. */
static weft_status read_file(weft_ctx *ctx, const weft_file_info *info, const char *const *options,
                             int32_t option_count, int64_t target, int64_t block, int32_t batch_rows,
                             rows *out)
{
    weft_status st = WEFT_OK;
    const weft_format *format = weft_format_find("csv");
    weft_table *table = NULL;
    weft_scan *scan = NULL;
    weft_split *splits = NULL;
    int32_t columns[64], count = 0;
    weft_batch batch;
    out->len = 0;
    out->text[0] = '\0';
    WEFT_TRY(st, format->open(ctx, info, 1, options, option_count, NULL, &table));
    table->base.spec.block_bytes = block;
    const weft_schema *schema = format->schema(table);
    for (int32_t i = 0; i < schema->count; i++) columns[i] = i;
    const weft_scan_spec spec = {.column_count = schema->count, .columns = columns, .batch_rows = batch_rows};
    WEFT_TRY(st, format->splits(ctx, table, &spec, target, &splits, &count));
    int64_t at = 0;
    for (int32_t i = 0; i < count; i++) {
        assert_int_equal(splits[i].begin, at);
        at = splits[i].end;
        WEFT_TRY(st, format->scan_open(ctx, table, &spec, &splits[i], 1, &scan));
        for (;;) {
            WEFT_TRY(st, format->scan_next(ctx, scan, &batch));
            if (batch.rows == 0) break;
            WEFT_TRY(st, add_batch(ctx, &batch, out));
        }
        format->scan_close(&scan);
    }
    assert_int_equal(at, info->size_bytes);
done:
    if (scan != NULL) format->scan_close(&scan);
    if (table != NULL) format->close(&table);
    return st;
}

static const char *const nasty[] = {
    "a,b\n1,2\n3,4\n",
    "#x\n\n  \na,b\n1,2\n#y\n3,\"4\"\n",
    "a,b\n1,\"two\nlines\"\n\"x\n\n\",3\n\"\"\"\n\"\"\",\"\n\"\n5,6",
    "a,b\r\n1,\"two\r\nlines\"\r\n\r\n\"x\r\",\"\n\"\r\n5,6\r\n",
    "a,b\r1,\"two\rlines\"\r\r3,4",
    "a,b\n1,\"never closed\n2,3\n4,5\n",
    "a,b\n\"x\"y,\"z\n\"\nq,\"\\\"\n\\\\\"\n\"a\" ,\"b\"\n\"c\" d,e\n",
    "a,b\n\"\xc3\xa4\n\xe2\x82\xac\",\"\xf0\x9f\x98\x80\"\n\xc3\xbc,2\n",
    "\xef\xbb\xbf\"a\nb\",c\n1,2\n\"3\n4\",5\n",
    "\xef\xbb\xbf\"x\n\"y\n1\",2\n3,\"z\nw\"\n4,5\n",
    "a,b\n\"a very long value, with commas, and a line end\n in it, that is longer than any block of "
    "sixty-four bytes\",\"and, another\none that is quite as long as the first one was, \"\"quoted\"\" "
    "too\"\n1,2\n",
    "a,b\r\n1,\"x\ny\r\nz\"\n2,u\nv\r\n\n3,u\rv\r\n#c\nd\r\n4,\"c\"\n\r5,\"\r\"\r\n6,d\ne",
    "a,b\r1,\"x\ry\"\r\n2,u\nv\r\n#c\nd\r3,\"c\r\nd\"\n4,z\n ",
    "a,b\n1,\"x\r\ny\"\r\n2,u\rv\n\r\n3,z\r",
    "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p\n,,,,,,,,,,,,,,,\n1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n\"\",,\"x\",,"
    "\n",
};

static void cuts_do_not_matter(void **state)
{
    (void)state;
    static const char *const options[][6] = {
        {"header", "true", "comment", "#", "multiLine", "false"},
        {"header", "true", "comment", "#", "multiLine", "true"},
        {"escape", "\"", "ignoreLeadingWhiteSpace", "true", "multiLine", "true"},
        {"escape", "\"", "ignoreTrailingWhiteSpace", "true", "multiLine", "false"},
        {"sep", "||", "quote", "'", "multiLine", "true"},
        {"lineSep", "\r\n", "header", "true", "multiLine", "true"},
        {"encoding", "windows-1252", "header", "true", "multiLine", "true"},
        {"unescapedQuoteHandling", "STOP_AT_CLOSING_QUOTE", "header", "true", "multiLine", "true"},
    };
    static rows want, got;
    for (int32_t t = 0; t < WEFT_COUNT(nasty); t++) {
        weft_fixture f;
        weft_fixture_open(&f);
        const size_t len = strlen(nasty[t]);
        const weft_file_info info = put_file(&f, "nasty", nasty[t], len);
        for (int32_t o = 0; o < WEFT_COUNT(options); o++) {
            weft_fixture_ok(&f, read_file(&f.ctx, &info, options[o], 3, INT64_MAX, 0, 4096, &want));
            for (int64_t target = 1; target <= (int64_t)len; target++) {
                weft_fixture_ok(&f, read_file(&f.ctx, &info, options[o], 3, target, 1, 3, &got));
                if (strcmp(got.text, want.text) != 0)
                    fail_msg("file %d, options %d, cut at every %d: %s, not %s", t, o, (int)target, got.text,
                             want.text);
            }
            weft_fixture_ok(&f, read_file(&f.ctx, &info, options[o], 3, INT64_MAX, 1, 1, &got));
            assert_string_equal(got.text, want.text);
        }
        unlink(info.path);
        weft_fixture_close(&f);
    }
}

static void errors_tell_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *options[4], *want;
        weft_status st;
    } cases[] = {
        {"a,b\n1,2\n1,2,3\n",
         {"maxColumns", "2", "header", "true"},
         "line 3: a record has more than 2",
         WEFT_LIMIT},
        {"a,b\n1,2\n1,234\n",
         {"maxCharsPerColumn", "2", "header", "true"},
         "line 3: a value has 3",
         WEFT_LIMIT},
        {"a,b\n1,2\n1,2,3\n",
         {"mode", "FAILFAST", "header", "true"},
         "line 3: Malformed",
         WEFT_MALFORMED_RECORD},
        {"a,b\n1,2\n", {"timeZone", "x", "header", "true"}, "The timezone: x is invalid", WEFT_TIMEZONE},
        {"a,b\n1,2\n", {"header", "maybe", "quote", "\""}, "header must be true or false", WEFT_CONFIG},
        {"a,b\n1,2\n",
         {"quote", "xx", "header", "true"},
         "cannot be more than one character",
         WEFT_OPTION_CHARACTER},
        {"", {"quote", "", "header", "true"}, "Unable to infer", WEFT_UNABLE_TO_INFER_SCHEMA},
    };
    static rows got;
    weft_fixture f;
    weft_fixture_open(&f);
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        const weft_file_info info = put_file(&f, "wrong", cases[i].bytes, strlen(cases[i].bytes));
        assert_int_equal(read_file(&f.ctx, &info, cases[i].options, 2, INT64_MAX, 0, 100, &got), cases[i].st);
        if (strstr(f.ctx.error.message, cases[i].want) == NULL) fail_msg("%s", f.ctx.error.message);
        weft_error_clear(&f.ctx);
        unlink(info.path);
    }
    weft_fixture_close(&f);
}

static weft_status read_again(weft_fixture *f, void *arg)
{
    static rows got;
    static const char *const options[] = {"header", "true", "multiLine", "true", "inferSchema", "true"};
    return read_file(&f->ctx, arg, options, 3, 20, 64, 10, &got);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    weft_file_info info = put_file(&f, "oom", nasty[9], strlen(nasty[9]));
    weft_fixture_oom_sweep(read_again, &info);
    unlink(info.path);
    weft_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_do_not_matter),
        cmocka_unit_test(errors_tell_file_and_line),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
