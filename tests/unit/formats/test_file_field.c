/* What a table tells of its files, and the files that conjuncts on it leave out before anything is cut. */
#include "engine/formats/file_prune.h"
#include "tests/support/fixture.h"

static const weft_file_info files[] = {
    {.path = "/data/a folder/é+1.csv", .size_bytes = 10, .mtime_ns = 1714979289123456789},
    {.path = "/data/b%.csv", .size_bytes = 20, .mtime_ns = -1},
    {.path = "artifact:files/c.csv", .size_bytes = 30, .mtime_ns = 0},
};

static void values_are_javas(void **state)
{
    (void)state;
    static const struct {
        weft_file_field field;
        const char *texts[3];
        int64_t numbers[3];
    } cases[] = {
        {WEFT_FILE_PATH,
         {"file:/data/a%20folder/é+1.csv", "file:/data/b%25.csv", "artifact:files/c.csv"},
         {0}},
        {WEFT_FILE_NAME, {"é+1.csv", "b%25.csv", "c.csv"}, {0}},
        {WEFT_FILE_SIZE, {NULL}, {10, 20, 30}},
        {WEFT_FILE_BLOCK_START, {NULL}, {0, 0, 0}},
        {WEFT_FILE_BLOCK_LENGTH, {NULL}, {10, 20, 30}},
        {WEFT_FILE_MODIFIED, {NULL}, {1714979289123000, -1000, 0}},
    };
    weft_fixture f;
    weft_fixture_open(&f);
    for (int i = 0; i < WEFT_COUNT(cases); i++) {
        for (int k = 0; k < WEFT_COUNT(files); k++) {
            weft_value value;
            weft_fixture_ok(&f, weft_file_field_value(&f.ctx, &files[k], cases[i].field, &value));
            if (cases[i].texts[0] == NULL) {
                assert_int_equal(value.i64, cases[i].numbers[k]);
                continue;
            }
            assert_int_equal(value.str.len, strlen(cases[i].texts[k]));
            assert_memory_equal(weft_str_data(&value.str), cases[i].texts[k], value.str.len);
        }
    }
    assert_int_equal(weft_file_field_count(weft_format_find("parquet")), WEFT_FILE_FIELD_COUNT);
    assert_int_equal(weft_file_field_count(weft_format_find("csv")), WEFT_FILE_ROW_INDEX);
    assert_int_equal(weft_file_field_count(weft_format_find("range")), 0);
    weft_fixture_close(&f);
}

static bool is_of_file(const void *self, int32_t column)
{
    return column >= ((const weft_schema *)self)->count;
}

static weft_status value_of(weft_ctx *ctx, const void *self, int32_t file, int32_t column, weft_value *out)
{
    const weft_schema *schema = self;
    return weft_file_field_value(ctx, &files[file], (weft_file_field)(column - schema->count), out);
}

/* column op number, over the columns of the scan. */
static const weft_expr *compare(weft_fixture *f, const char *op, int32_t column, int64_t number)
{
    const weft_type type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT);
    const weft_value value = {.type = type, .i64 = number};
    const weft_expr *args[2], *e = NULL;
    weft_fixture_ok(f, weft_expr_ordinal(&f->ctx, column, type, true, &args[0]));
    weft_fixture_ok(f, weft_expr_literal(&f->ctx, &value, &args[1]));
    weft_fixture_ok(f, weft_expr_call(&f->ctx, op, args, 2, NULL, &e));
    return e;
}

static void conjuncts_on_files_decide(void **state)
{
    (void)state;
    static const weft_field fields[] = {{.name = "a", .type = {.id = WEFT_TYPE_BIGINT}, .nullable = true}};
    static const weft_schema schema = {.count = 1, .fields = fields};
    const int32_t columns[] = {0, 1 + WEFT_FILE_SIZE};
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_file_pruning pruning = {.schema = &schema,
                                       .file_count = WEFT_COUNT(files),
                                       .self = &schema,
                                       .constant = is_of_file,
                                       .value = value_of};
    const weft_expr *conjuncts[] = {compare(&f, ">", 1, 15), compare(&f, "=", 0, 7)};
    weft_scan_spec spec = {.column_count = 2, .columns = columns, .conjuncts = conjuncts};
    uint8_t *kept = NULL;
    weft_fixture_ok(&f, weft_files_prune(&f.ctx, &pruning, &spec, &kept));
    assert_null(kept);
    spec.conjunct_count = 2;
    weft_fixture_ok(&f, weft_files_prune(&f.ctx, &pruning, &spec, &kept));
    assert_non_null(kept);
    assert_int_equal(kept[0], 0);
    assert_int_equal(kept[1], 1);
    assert_int_equal(kept[2], 1);
    const weft_expr *on_rows[] = {conjuncts[1]}; /* says nothing of files */
    spec.conjuncts = on_rows;
    spec.conjunct_count = 1;
    weft_fixture_ok(&f, weft_files_prune(&f.ctx, &pruning, &spec, &kept));
    assert_null(kept);
    weft_fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values_are_javas),
                                       cmocka_unit_test(conjuncts_on_files_decide)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
