/* Files of tests/data/parquet/spark, which Apache Spark wrote, held against what Spark reads of them; make.py
 * there made both. Its row groups, pages and bloom filters must also be of use. */
#include "engine/expr/calendar.h"
#include "engine/expr/expr.h"
#include "engine/formats/parquet/rebase.h"
#include "tests/support/parquet_text.h"

static const char *const files[] = {
    "types_v1",      "types_v1_plain",
    "types_v2",      "types_v2_delta",
    "codec_none",    "codec_snappy",
    "codec_gzip",    "codec_zstd",
    "codec_lz4",     "codec_lz4_raw",
    "nested_v1",     "nested_v2",
    "nested_legacy", "decimals_legacy",
    "specials",      "extremes",
    "empty",         "time_int96",
    "pages",         "time_timestamp_millis",
    "bloom",         "time_timestamp_micros",
    "old_legacy",    "old_int96_legacy",
    "old_corrected", "old_int96_corrected",
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
        weft_text want = weft_parquet_load_text(name);
        for (int w = 0; w < WEFT_COUNT(ways); w++) {
            weft_fixture f;
            weft_fixture_open(&f);
            weft_reading r = {
                .name = name, .batch_rows = ways[w].batch_rows, .target_rows = ways[w].target_rows};
            weft_text got = weft_parquet_read_file(&f, &r);
            if (strcmp(want.bytes, got.bytes) != 0) print_message("%s, way %d\n", name, w);
            assert_string_equal(want.bytes, got.bytes);
            free(got.bytes);
            weft_fixture_close(&f);
        }
        free(want.bytes);
    }
}

/* The lines of `name`.txt from the first to the last row, both by number. */
static weft_text some_lines(const char *name, int first, int last)
{
    weft_text all = weft_parquet_load_text(name), out = {0};
    int row = 0;
    weft_text_add(&out, "", 0);
    for (char *line = all.bytes, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, row++) {
        if (row >= first && row <= last) weft_text_add(&out, line, (size_t)(end - line) + 1);
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

static weft_value bigint(int64_t v)
{
    return (weft_value){.type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT), .i64 = v};
}

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
    weft_text want = some_lines(r.name, 250, 319), got = weft_parquet_read_file(&f, &r);
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
        weft_text want = some_lines(r.name, cases[i].row, cases[i].row);
        weft_text got = weft_parquet_read_file(&f, &r);
        assert_string_equal(want.bytes, got.bytes);
        assert_int_equal(r.metrics.row_groups_pruned, cases[i].row < 0);
        free(want.bytes);
        free(got.bytes);
    }
    weft_fixture_close(&f);
}

/* Days of the Julian calendar, by the dates that they have there. */
static void days_keep_their_dates(void **state)
{
    (void)state;
    static const struct {
        int32_t days, year, month, day;
    } cases[] = {{-141427, 1582, 10, 15}, {-141428, 1582, 10, 4},  {-171595, 1500, 3, 1},
                 {-171596, 1500, 3, 1}, /* 29 February, which 1500 has not in the Gregorian calendar */
                 {-171597, 1500, 2, 28},  {-719164, 1, 1, 1},      {-719165, 0, 12, 31},
                 {0, 1970, 1, 1},         {-2440588, -4712, 1, 1}};
    for (int i = 0; i < WEFT_COUNT(cases); i++) {
        const int32_t want = weft_days_of_civil(cases[i].year, cases[i].month, cases[i].day);
        assert_int_equal(weft_pq_rebase_day(cases[i].days), want);
    }
    for (int32_t day = -800000; day < 100; day++) /* bounds of statistics rely on this */
        assert_true(weft_pq_rebase_day(day) <= weft_pq_rebase_day(day + 1));
    assert_true(weft_pq_rebase_day(INT32_MIN) < weft_pq_rebase_day(0));
    assert_int_equal(weft_pq_rebase_us(NULL, -719164 * WEFT_DAY_US + 5), -719162 * WEFT_DAY_US + 5);
}

WEFT_TESTS(WEFT_TEST(files_give_their_rows), WEFT_TEST(pages_are_pruned), WEFT_TEST(bloom_filters_are_asked),
           WEFT_TEST(days_keep_their_dates))
