/* Files of tests/data/parquet/spark, which Apache Spark wrote, held against what Spark reads of them; make.py
 * there made both. Its row groups, pages and bloom filters must also be of use. */
#include "engine/expr/calendar.h"
#include "engine/expr/expr.h"
#include "engine/expr/rebase.h"
#include "tests/support/parquet_text.h"

static const char *const files[] = {
    "types_v1",
    "types_v1_plain",
    "types_v2",
    "types_v2_delta",
    "codec_none",
    "codec_snappy",
    "codec_gzip",
    "codec_zstd",
    "codec_lz4",
    "codec_lz4_raw",
    "nested_v1",
    "nested_v2",
    "nested_legacy",
    "decimals_legacy",
    "specials",
    "extremes",
    "empty",
    "time_int96",
    "pages",
    "time_timestamp_millis",
    "bloom",
    "time_timestamp_micros",
    "old_legacy",
    "old_int96_legacy",
    "old_corrected",
    "old_int96_corrected",
    "old_legacy_los_angeles",
};

static void files_give_their_rows(void **state)
{
    (void)state;
    static const struct {
        int32_t batch_rows;
        int64_t target_rows;
    } ways[] = {{2048, 1 << 20}, {1, 5}, {7, 33}};
    for (int i = 0; i < WEFT_COUNT(files); i++) {
        char name[128];
        snprintf(name, sizeof name, "spark/%s", files[i]);
        weft_row_text want = weft_parquet_load_text(name);
        for (int w = 0; w < WEFT_COUNT(ways); w++) {
            weft_fixture f;
            weft_fixture_open(&f);
            weft_reading r = {
                .name = name, .batch_rows = ways[w].batch_rows, .target_rows = ways[w].target_rows};
            weft_row_text got = weft_parquet_read_file(&f, &r);
            if (strcmp(want.bytes, got.bytes) != 0) print_message("%s, way %d\n", name, w);
            assert_string_equal(want.bytes, got.bytes);
            free(got.bytes);
            weft_fixture_close(&f);
        }
        free(want.bytes);
    }
}

/* The lines of `name`.txt from the first to the last row, both by number. */
static weft_row_text some_lines(const char *name, int first, int last)
{
    weft_row_text all = weft_parquet_load_text(name), out = {0};
    int row = 0;
    weft_row_text_add(&out, "", 0);
    for (char *line = all.bytes, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, row++) {
        if (row >= first && row <= last) weft_row_text_add(&out, line, (size_t)(end - line) + 1);
    }
    free(all.bytes);
    return out;
}

static const weft_expr *compare(weft_fixture *f, int32_t ordinal, const char *op, weft_value value)
{
    const weft_expr *args[2], *out;
    weft_fixture_ok(f, weft_expr_ordinal(&f->ctx, ordinal, value.type, true, &args[0]));
    weft_fixture_ok(f, weft_expr_literal(&f->ctx, &value, &args[1]));
    weft_fixture_ok(f, weft_expr_call(&f->ctx, op, args, 2, NULL, &out));
    return out;
}

static weft_value bigint(int64_t v) { return (weft_value){.type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT), .i64 = v}; }

static weft_value string(const char *s)
{
    return (weft_value){.type = WEFT_TYPE_OF(WEFT_TYPE_STRING), .str = weft_str_view(s, (uint32_t)strlen(s))};
}

/* n is twice the row number, so a range of it is a range of rows; the page index leaves the others out. */
static void pages_are_pruned(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_expr *range[] = {compare(&f, 0, ">=", bigint(500)), compare(&f, 0, "<", bigint(640))};
    weft_reading r = {.name = "spark/pages",
                      .batch_rows = 64,
                      .target_rows = 1000,
                      .conjuncts = range,
                      .conjunct_count = WEFT_COUNT(range)};
    weft_row_text want = some_lines(r.name, 250, 319), got = weft_parquet_read_file(&f, &r);
    assert_string_equal(want.bytes, got.bytes);
    assert_int_equal(r.metrics.row_groups, 1); /* its statistics left the other one out */
    assert_in_range(r.metrics.rows_read, 70, 160);
    assert_in_range(r.metrics.pages_pruned, 6, 10);
    free(want.bytes);
    free(got.bytes);
    weft_fixture_close(&f);
}

/* Every key is a multiple of 3: the bloom filters know what is between them. */
static void bloom_filters_are_asked(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const struct {
        const weft_expr *conjunct;
        int row; /* -1: none */
    } cases[] = {{compare(&f, 0, "=", bigint(300)), 100},
                 {compare(&f, 0, "=", bigint(301)), -1},
                 {compare(&f, 1, "=", string("key 297")), 99},
                 {compare(&f, 1, "=", string("key 298")), -1}};
    for (int i = 0; i < WEFT_COUNT(cases); i++) {
        weft_reading r = {.name = "spark/bloom",
                          .batch_rows = 64,
                          .target_rows = 1000,
                          .conjuncts = &cases[i].conjunct,
                          .conjunct_count = 1};
        weft_row_text want = some_lines(r.name, cases[i].row, cases[i].row);
        weft_row_text got = weft_parquet_read_file(&f, &r);
        assert_string_equal(want.bytes, got.bytes);
        assert_int_equal(r.metrics.row_groups_pruned, cases[i].row < 0);
        free(want.bytes);
        free(got.bytes);
    }
    weft_fixture_close(&f);
}

static int compare_lines(const void *a, const void *b)
{
    const long x = strtol(*(char *const *)a, NULL, 10), y = strtol(*(char *const *)b, NULL, 10);
    return x < y ? -1 : x > y;
}

/* The lines in ascending order of the number they begin with. */
static weft_row_text sort_lines(weft_row_text t)
{
    char *lines[256];
    int count = 0;
    weft_row_text out = {0};
    weft_row_text_add(&out, "", 0);
    for (char *line = t.bytes, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        assert_true(count < WEFT_COUNT(lines));
        *end = '\0';
        lines[count++] = line;
    }
    qsort(lines, (size_t)count, sizeof *lines, compare_lines);
    for (int i = 0; i < count; i++) {
        weft_row_text_add(&out, lines[i], strlen(lines[i]));
        weft_row_text_add(&out, "\n", 1);
    }
    free(t.bytes);
    return out;
}

static weft_row_text read_folder(weft_fixture *f, weft_reading *r)
{
    char path[4096];
    weft_row_text got = {0};
    weft_row_text_add(&got, "", 0);
    weft_parquet_data_path(path, sizeof path, r->name, "");
    weft_fixture_ok(f, weft_parquet_read_text(f, path, r, &got));
    return sort_lines(got);
}

/* Partitioned folders: names, types and values of the columns that stand in their names. */
static void folders_give_their_partitions(void **state)
{
    (void)state;
    static const char *const names[] = {"spark/parts", "spark/parts_typed"};
    static const char *const schemas[] = {"id int, v string, p int, q string",
                                          "id int, day date, at timestamp, big bigint, f double"};
    for (int i = 0; i < WEFT_COUNT(names); i++) {
        weft_fixture f;
        weft_fixture_open(&f);
        weft_reading r = {.name = names[i], .batch_rows = 5, .target_rows = 100};
        weft_row_text want = weft_parquet_load_text(names[i]), got = read_folder(&f, &r);
        assert_string_equal(want.bytes, got.bytes);
        assert_string_equal(r.schema, schemas[i]);
        free(want.bytes);
        free(got.bytes);
        weft_fixture_close(&f);
    }
}

/* A predicate on a partition column leaves out whole files; rows of others are dropped as always. */
static void partitions_are_pruned(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_value one = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = 1};
    const weft_value ten = {.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = 10};
    const weft_expr *conjuncts[] = {compare(&f, 2, "=", one), compare(&f, 3, "=", string("a/b=2 %")),
                                    compare(&f, 0, ">", ten)};
    weft_reading r = {.name = "spark/parts",
                      .batch_rows = 100,
                      .target_rows = 100,
                      .conjuncts = conjuncts,
                      .conjunct_count = WEFT_COUNT(conjuncts)};
    weft_row_text got = read_folder(&f, &r);
    assert_string_equal(got.bytes, "22\t'v22'\t1\t'a/b=2 %'\n");
    assert_int_equal(r.metrics.row_groups, 1); /* of twelve files */
    free(got.bytes);
    r.conjunct_count = 1;
    got = read_folder(&f, &r);
    assert_int_equal(r.rows, 8);
    assert_int_equal(r.metrics.row_groups, 4);
    free(got.bytes);
    weft_fixture_close(&f);
}

/* One partition alone has no partition columns, unless the base is told. */
static void base_path_counts(void **state)
{
    (void)state;
    char base[4096];
    weft_fixture f;
    weft_fixture_open(&f);
    weft_parquet_data_path(base, sizeof base, "spark/parts", "");
    const char *const with_base[] = {"basePath", base}, *const flat[] = {"recursiveFileLookup", "true"};
    const struct {
        const char *name;
        const char *const *options;
        const char *schema;
    } cases[] = {{"spark/parts/p=1", NULL, "id int, v string, q string"},
                 {"spark/parts/p=1/q=*", NULL, "id int, v string"},
                 {"spark/parts/p=1/q=*2*/part-0.parquet", NULL, "id int, v string"},
                 {"spark/parts/p=1", with_base, "id int, v string, p int, q string"},
                 {"spark/parts", flat, "id int, v string"}};
    for (int i = 0; i < WEFT_COUNT(cases); i++) {
        weft_reading r = {.name = cases[i].name,
                          .batch_rows = 100,
                          .target_rows = 100,
                          .options = cases[i].options,
                          .option_count = cases[i].options != NULL};
        weft_row_text got = read_folder(&f, &r);
        assert_string_equal(r.schema, cases[i].schema);
        free(got.bytes);
    }
    weft_fixture_close(&f);
}

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcmp(name, *list) == 0) return true;
    }
    return false;
}

/* What Spark reads, and changes as it does: 300 as a TINYINT, the unscaled digits of a decimal, the days of a
 * date. Here these are errors. */
static bool spark_changes_it(const char *file, const char *want)
{
    static const char *const numbers[] = {"tinyint", "smallint", "int", "bigint", "double", NULL};
    const bool decimal = strncmp(file, "as_decimal", 10) == 0;
    const bool other = decimal || strcmp(file, "as_date") == 0 || strcmp(file, "as_timestamp_ntz") == 0;
    const bool narrow =
        (strcmp(want, "tinyint") == 0 && (strcmp(file, "as_smallint") == 0 || strcmp(file, "as_int") == 0)) ||
        (strcmp(want, "smallint") == 0 && strcmp(file, "as_int") == 0);
    return narrow || (strcmp(want, "date") == 0 && strcmp(file, "as_date") != 0) ||
           (other && is_one_of(want, numbers)) || (decimal && strcmp(want, "binary") == 0);
}

/* The value of `a` in the file as the type; "" when it is refused. */
static void read_as(const char *file, const char *want, char *value, size_t bytes)
{
    char name[128], path[4096];
    weft_fixture f;
    weft_field field = {.name = "a", .nullable = true};
    const weft_schema given = {.count = 1, .fields = &field};
    weft_row_text out = {0};
    weft_fixture_open(&f);
    weft_row_text_add(&out, "", 0);
    weft_fixture_ok(&f, weft_type_parse(&f.ctx, want, &field.type));
    snprintf(name, sizeof name, "spark/%s", file);
    weft_parquet_data_path(path, sizeof path, name, ".parquet");
    weft_reading r = {.name = name, .batch_rows = 10, .target_rows = 100, .given = &given};
    const weft_status st = weft_parquet_read_text(&f, path, &r, &out);
    if (st != WEFT_OK) {
        assert_int_equal(st, WEFT_PARQUET_TYPE_MISMATCH);
        assert_non_null(strstr(f.ctx.error.message, file));
        assert_non_null(strstr(f.ctx.error.message, "[a]"));
        assert_non_null(strstr(f.ctx.error.message, want));
        value[0] = '\0';
    } else {
        assert_true(out.len > 0);
        snprintf(value, bytes, "%.*s", (int)out.len - 1, out.bytes);
    }
    free(out.bytes);
    weft_fixture_close(&f);
}

/* A file's type may be narrower than the table's: every pair of types, as Spark has it. */
static void types_are_widened(void **state)
{
    (void)state;
    static const char *const types[] = {"tinyint",       "smallint",      "int",           "bigint",
                                        "float",         "double",        "decimal(5,2)",  "decimal(9,2)",
                                        "decimal(7,4)",  "decimal(10,0)", "decimal(12,2)", "decimal(20,0)",
                                        "decimal(22,2)", "decimal(30,2)", "string",        "binary",
                                        "date",          "timestamp",     "timestamp_ntz", "boolean"};
    weft_row_text lines = weft_parquet_load_text("spark/as");
    for (int h = 0; h < WEFT_COUNT(types); h++) {
        char file[64];
        snprintf(file, sizeof file, "as_%s", types[h]);
        for (char *c = file; *c != '\0'; c++) *c = *c == '(' || *c == ',' ? '_' : *c == ')' ? '\0' : *c;
        for (int w = 0; w < WEFT_COUNT(types); w++) {
            char start[128], got[128], want[128] = "";
            const int n = snprintf(start, sizeof start, "%s\t%s\t", file, types[w]);
            const char *line = strstr(lines.bytes, start);
            if (line != NULL && !spark_changes_it(file, types[w]))
                snprintf(want, sizeof want, "%.*s", (int)strcspn(line + n, "\n"), line + n);
            read_as(file, types[w], got, sizeof got);
            if (strcmp(got, want) != 0) print_message("%s as %s\n", file, types[w]);
            assert_string_equal(got, want);
        }
    }
    free(lines.bytes);
}

/* Files of one list whose types differ: the first file's type counts, or with mergeSchema the wider one. */
static void lists_of_files_agree(void **state)
{
    (void)state;
    static const char *const merge[] = {"mergeSchema", "true"}, *const typo[] = {"mergeSchemas", "true"},
                             *const no_flag[] = {"mergeSchema", "yes"};
    static const struct {
        const char *name;
        const char *const *options;
        weft_status status;
        const char *schema, *rows;
    } cases[] = {
        {"as_{bigint,int,smallint}.parquet", NULL, WEFT_OK, "a bigint", "5000000000\n70000\n300\n"},
        {"as_{int,smallint}.parquet", NULL, WEFT_OK, "a int", "70000\n300\n"},
        {"as_{bigint,int}.parquet", merge, WEFT_CANNOT_MERGE_SCHEMAS, NULL, NULL},
        {"as_{int,string}.parquet", NULL, WEFT_PARQUET_TYPE_MISMATCH, NULL, NULL},
        {"as_decimal_{5_2,9_2,12_2}.parquet", NULL, WEFT_OK, "a decimal(12,2)", "500\n125\n-125\n"},
        {"as_decimal_{5_2,9_2}.parquet", NULL, WEFT_PARQUET_TYPE_MISMATCH, NULL, NULL},
        {"as_decimal_{5_2,9_2}.parquet", merge, WEFT_OK, "a decimal(9,2)", "125\n-125\n"},
        {"as_decimal_{5_2,7_4}.parquet", merge, WEFT_CANNOT_MERGE_SCHEMAS, NULL, NULL},
        {"{as_int,codec_none}.parquet", merge, WEFT_OK, "a int, id bigint, s string", NULL},
        {"as_int.parquet", typo, WEFT_OK, "a int", NULL}, /* as Spark has it; it is logged */
        {"as_int.parquet", no_flag, WEFT_CONFIG, NULL, NULL},
    };
    for (int i = 0; i < WEFT_COUNT(cases); i++) {
        char path[4096], name[256];
        weft_fixture f;
        weft_row_text out = {0};
        weft_fixture_open(&f);
        weft_row_text_add(&out, "", 0);
        snprintf(name, sizeof name, "spark/%s", cases[i].name);
        weft_parquet_data_path(path, sizeof path, name, "");
        weft_reading r = {.name = name,
                          .batch_rows = 10,
                          .target_rows = 100,
                          .options = cases[i].options,
                          .option_count = cases[i].options != NULL};
        assert_int_equal(weft_parquet_read_text(&f, path, &r, &out), cases[i].status);
        if (cases[i].schema != NULL) assert_string_equal(r.schema, cases[i].schema);
        if (cases[i].rows != NULL) assert_string_equal(out.bytes, cases[i].rows);
        free(out.bytes);
        weft_fixture_close(&f);
    }
}

/* Structs, at any depth, have the table's fields by name, whatever the file's are. */
static void nested_fields_are_found(void **state)
{
    (void)state;
    static const char *const merge[] = {"mergeSchema", "true"};
    for (int merged = 0; merged < 2; merged++) {
        weft_fixture f;
        weft_fixture_open(&f);
        weft_reading r = {.name = "spark/evolved",
                          .batch_rows = 4,
                          .target_rows = 100,
                          .options = merge,
                          .option_count = merged};
        weft_row_text want = weft_parquet_load_text(merged ? "spark/evolved_merged" : "spark/evolved");
        weft_row_text got = read_folder(&f, &r);
        assert_string_equal(want.bytes, got.bytes);
        free(want.bytes);
        free(got.bytes);
        weft_fixture_close(&f);
    }
}

static weft_status read_evolved(weft_fixture *f, void *arg)
{
    static const char *const merge[] = {"mergeSchema", "true"};
    char path[4096];
    weft_row_text out = {0};
    weft_reading r = {.name = arg, .batch_rows = 4, .target_rows = 100, .options = merge, .option_count = 1};
    weft_parquet_data_path(path, sizeof path, r.name, "");
    const weft_status st = weft_parquet_read_text(f, path, &r, &out);
    free(out.bytes);
    return st;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static char evolved[] = "spark/evolved", parts[] = "spark/parts_typed";
    weft_fixture_oom_sweep(read_evolved, evolved);
    weft_fixture_oom_sweep(read_evolved, parts);
}

/* Days of the Julian calendar, by the dates that they have there. */
static void days_keep_their_dates(void **state)
{
    (void)state;
    static const struct {
        int32_t days, year, month, day;
    } cases[] = {{-141427, 1582, 10, 15}, {-141428, 1582, 10, 4}, {-171595, 1500, 3, 1},
                 {-171596, 1500, 3, 1}, /* 29 February, which 1500 has not in the Gregorian calendar */
                 {-171597, 1500, 2, 28},  {-719164, 1, 1, 1},     {-719165, 0, 12, 31},
                 {0, 1970, 1, 1},         {-2440588, -4712, 1, 1}};
    for (int i = 0; i < WEFT_COUNT(cases); i++) {
        const int32_t want = weft_days_of_civil(cases[i].year, cases[i].month, cases[i].day);
        assert_int_equal(weft_rebase_day(cases[i].days), want);
    }
    for (int32_t day = -800000; day < 100; day++) /* bounds of statistics rely on this */
        assert_true(weft_rebase_day(day) <= weft_rebase_day(day + 1));
    assert_true(weft_rebase_day(INT32_MIN) < weft_rebase_day(0));
    assert_int_equal(weft_rebase_us(NULL, -719164 * WEFT_DAY_US + 5), -719162 * WEFT_DAY_US + 5);
}

WEFT_TESTS(WEFT_TEST(files_give_their_rows), WEFT_TEST(pages_are_pruned), WEFT_TEST(bloom_filters_are_asked),
           WEFT_TEST(folders_give_their_partitions), WEFT_TEST(partitions_are_pruned),
           WEFT_TEST(base_path_counts), WEFT_TEST(types_are_widened), WEFT_TEST(lists_of_files_agree),
           WEFT_TEST(nested_fields_are_found), WEFT_TEST(every_allocation_may_fail),
           WEFT_TEST(days_keep_their_dates))
