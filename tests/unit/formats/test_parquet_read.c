/* Files of tests/data/parquet, read back as text and held against what pyarrow reads of them; under batch
 * sizes, splits, settings and filters that must not change a row. make.py there made them and says how a
 * value is written. */
#include <unistd.h>

#include "common/bloom.h"
#include "common/hash.h"
#include "engine/expr/expr.h"
#include "engine/formats/source.h"
#include "tests/support/parquet_text.h"

static const char *const files[] = {
    "types_plain",
    "types_dictionary",
    "types_int_decimals",
    "int96",
    "uuid",
    "codec_none",
    "codec_snappy",
    "codec_gzip",
    "codec_brotli",
    "codec_lz4",
    "codec_zstd",
    "delta_v1",
    "delta_v2",
    "split_v1",
    "split_v2",
    "nested_v1",
    "nested_v2",
    "pages",
    "empty",
    "legacy",
    "duckdb",
    "polars",
};

/* Every file gives its rows, whatever the batches, the splits and the settings. */
static void files_give_their_rows(void **state)
{
    (void)state;
    static const struct {
        int32_t batch_rows;
        int64_t target_rows;
        const char *set, *value;
    } ways[] = {{2048, 1 << 20, "", ""},
                {1, 1 << 20, "", ""},
                {3, 7, "", ""},
                {64, 100, "weft.scan.lateDecode", "false"},
                {100, 33, "weft.exec.narrowDecimals", "false"},
                {50, 200, "weft.scan.pageCache", "1m"},
                {70, 90, "weft.scan.pageCache", "1m"}};
    for (int i = 0; i < WEFT_COUNT(files); i++) {
        weft_row_text want = weft_parquet_load_text(files[i]);
        for (int w = 0; w < WEFT_COUNT(ways); w++) {
            weft_fixture f;
            weft_fixture_open(&f);
            if (ways[w].set[0] != '\0') {
                weft_fixture_ok(&f, weft_settings_set(&f.ctx, &f.settings, ways[w].set, ways[w].value));
            }
            weft_reading r = {
                .name = files[i], .batch_rows = ways[w].batch_rows, .target_rows = ways[w].target_rows};
            weft_row_text got = weft_parquet_read_file(&f, &r);
            if (strcmp(want.bytes, got.bytes) != 0) print_message("%s, way %d\n", files[i], w);
            assert_string_equal(want.bytes, got.bytes);
            free(got.bytes);
            weft_fixture_close(&f);
        }
        free(want.bytes);
    }
}

/* "NAME op literal" over column `ordinal`. */
static const weft_expr *compare(weft_fixture *f, int32_t ordinal, weft_type type, const char *op,
                                weft_value value)
{
    const weft_expr *args[2], *out;
    weft_fixture_ok(f, weft_expr_ordinal(&f->ctx, ordinal, type, true, &args[0]));
    weft_fixture_ok(f, weft_expr_literal(&f->ctx, &value, &args[1]));
    weft_fixture_ok(f, weft_expr_call(&f->ctx, op, args, 2, NULL, &out));
    return out;
}

static weft_value string_value(const char *s)
{
    return (weft_value){.type = WEFT_TYPE_OF(WEFT_TYPE_STRING), .str = weft_str_view(s, (uint32_t)strlen(s))};
}

static weft_value bigint_value(int64_t v)
{
    return (weft_value){.type = WEFT_TYPE_OF(WEFT_TYPE_BIGINT), .i64 = v};
}

/* Columns of pages.parquet. */
enum { PAGES_N, PAGES_RUN, PAGES_CODE, PAGES_MIXED };

/* The lines of pages.txt that a test keeps: its n, run, code and mixed, quotes included. */
typedef bool (*keeps)(long long n, const char *run, const char *code, const char *mixed);

static weft_row_text keep_lines(const char *name, keeps keep)
{
    weft_row_text all = weft_parquet_load_text(name), out = {0};
    weft_row_text_add(&out, "", 0);
    for (char *line = all.bytes, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        char run[64], code[64], mixed[64];
        long long n;
        assert_int_equal(sscanf(line, "%lld\t%63[^\t]\t%63[^\t]\t%63[^\t]", &n, run, code, mixed), 4);
        if (keep(n, run, code, mixed)) weft_row_text_add(&out, line, (size_t)(end - line) + 1);
    }
    free(all.bytes);
    return out;
}

/* Read pages.parquet with the filters in all ways; the rows that keep says come, and only they. */
static void check_filters(weft_fixture *f, const weft_expr *const *conjuncts, int32_t count,
                          const weft_scan_filter *key_filters, int32_t key_count, keeps keep,
                          weft_reading *last)
{
    static const char *const settings[] = {"", "weft.scan.lateDecode", "weft.exec.compaction"};
    static const int32_t batches[] = {2048, 1, 7, 100};
    weft_row_text want = keep_lines("pages", keep);
    for (int s = 0; s < WEFT_COUNT(settings); s++) {
        weft_settings_init(&f->settings);
        if (settings[s][0] != '\0') {
            weft_fixture_ok(f, weft_settings_set(&f->ctx, &f->settings, settings[s], "false"));
        }
        for (int b = 0; b < WEFT_COUNT(batches); b++) {
            weft_reading r = {.name = "pages",
                              .batch_rows = batches[b],
                              .target_rows = b == 1 ? 150 : 1 << 20,
                              .conjuncts = conjuncts,
                              .conjunct_count = count,
                              .keys = key_filters,
                              .key_count = key_count};
            weft_row_text got = weft_parquet_read_file(f, &r);
            assert_string_equal(want.bytes, got.bytes);
            free(got.bytes);
            if (s == 0 && b == 0) *last = r;
        }
    }
    free(want.bytes);
}

static bool keep_range(long long n, const char *run, const char *code, const char *mixed)
{
    (void)run, (void)code, (void)mixed;
    return n >= 500 && n < 640;
}

/* A range of a sorted column: row groups and pages outside of it are not read. */
static void ranges_skip_pages(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_type bigint = WEFT_TYPE_OF(WEFT_TYPE_BIGINT);
    const weft_expr *conjuncts[] = {compare(&f, PAGES_N, bigint, ">=", bigint_value(500)),
                                    compare(&f, PAGES_N, bigint, "<", bigint_value(640))};
    weft_reading r;
    check_filters(&f, conjuncts, 2, NULL, 0, keep_range, &r);
    assert_int_equal(r.metrics.row_groups, 1); /* splits left the other two out */
    assert_true(r.metrics.rows_read < 200);    /* the page index did the rest */
    assert_true(r.metrics.pages_pruned > 3);
    weft_fixture_close(&f);
}

static bool keep_code(long long n, const char *run, const char *code, const char *mixed)
{
    (void)n, (void)run, (void)mixed;
    return strcmp(code, "'code 3 of nine'") == 0;
}

static bool keep_mixed(long long n, const char *run, const char *code, const char *mixed)
{
    (void)n;
    return strcmp(code, "'code 3 of nine'") == 0 && strcmp(mixed, "'9'") < 0 && strcmp(run, "'run 2'") > 0;
}

/* Predicates on strings: dictionary codes, runs of codes, and a column that goes over to plain pages. */
static void strings_filter_by_entries(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_type string = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    const weft_expr *conjuncts[] = {compare(&f, PAGES_CODE, string, "=", string_value("code 3 of nine")),
                                    compare(&f, PAGES_MIXED, string, "<", string_value("9")),
                                    compare(&f, PAGES_RUN, string, ">", string_value("run 2"))};
    weft_reading r;
    check_filters(&f, conjuncts, 1, NULL, 0, keep_code, &r);
    check_filters(&f, conjuncts, 3, NULL, 0, keep_mixed, &r);
    weft_fixture_close(&f);
}

static bool keep_null_code(long long n, const char *run, const char *code, const char *mixed)
{
    (void)n, (void)run, (void)mixed;
    return strcmp(code, "NULL") == 0;
}

static bool keep_two(long long n, const char *run, const char *code, const char *mixed)
{
    (void)n, (void)mixed;
    return strcmp(code, "NULL") != 0 && strcmp(run, code) > 0;
}

/* NULLs pass IS NULL though they have no dictionary entry; a comparison of two columns goes by rows. */
static void nulls_and_pairs(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_type string = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    const weft_expr *code, *args[2], *pair;
    weft_fixture_ok(&f, weft_expr_ordinal(&f.ctx, PAGES_CODE, string, true, &code));
    const weft_expr is_null = {
        .kind = WEFT_EXPR_IS_NULL, .type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), .arg_count = 1, .args = &code};
    const weft_expr *null_conjunct = &is_null;
    weft_reading r;
    check_filters(&f, &null_conjunct, 1, NULL, 0, keep_null_code, &r);
    weft_fixture_ok(&f, weft_expr_ordinal(&f.ctx, PAGES_RUN, string, false, &args[0]));
    args[1] = code;
    weft_fixture_ok(&f, weft_expr_call(&f.ctx, ">", args, 2, NULL, &pair));
    check_filters(&f, &pair, 1, NULL, 0, keep_two, &r);
    weft_fixture_close(&f);
}

static bool keep_keys(long long n, const char *run, const char *code, const char *mixed)
{
    (void)run, (void)code, (void)mixed;
    return n == 10 || n == 700 || n == 1998;
}

/* Key filters: exact bitmaps drop all other rows; a bloom filter never drops a key; an empty one drops all.
 */
static void key_filters_drop_rows(void **state)
{
    (void)state;
    static const int64_t keys[] = {10, 700, 1998, 3}; /* 3 is in no row */
    weft_fixture f;
    weft_fixture_open(&f);
    uint64_t bits[2000 / 64 + 1] = {0}, blocks[4 * 64] = {0};
    for (int i = 0; i < WEFT_COUNT(keys); i++) weft_bit_set(bits, keys[i] - 3);
    const weft_key_filter bitmap = {
        .kind = WEFT_KEY_FILTER_BITMAP, .low = 3, .high = 1998, .has_range = true, .bits = bits};
    const weft_scan_filter by_bitmap = {.keys = &bitmap, .column = PAGES_N};
    weft_reading r;
    check_filters(&f, NULL, 0, &by_bitmap, 1, keep_keys, &r);

    weft_key_filter bloom = {.kind = WEFT_KEY_FILTER_BLOOM, .bits = blocks, .block_mask = 63};
    for (int i = 0; i < WEFT_COUNT(keys); i++)
        weft_bloom_insert(bloom.bits, bloom.block_mask, weft_hash_u64((uint64_t)keys[i]));
    const weft_scan_filter by_bloom = {.keys = &bloom, .column = PAGES_N};
    weft_reading all = {
        .name = "pages", .batch_rows = 64, .target_rows = 1000, .keys = &by_bloom, .key_count = 1};
    weft_row_text got = weft_parquet_read_file(&f, &all);
    assert_in_range(all.rows, 3, 20);
    assert_non_null(strstr(got.bytes, "\n700\t"));
    free(got.bytes);

    const weft_key_filter empty = {.empty = true};
    const weft_scan_filter by_nothing = {.keys = &empty, .column = PAGES_CODE};
    weft_reading none = {
        .name = "pages", .batch_rows = 64, .target_rows = 1000, .keys = &by_nothing, .key_count = 1};
    got = weft_parquet_read_file(&f, &none);
    assert_string_equal(got.bytes, "");
    free(got.bytes);
    weft_fixture_close(&f);
}

static void stats_come_from_footers(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const weft_format *format = weft_format_find("parquet");
    char path[4096];
    weft_file_info *list;
    weft_table *table;
    weft_column_stats s;
    int32_t count;
    weft_parquet_data_path(path, sizeof path, "pages", ".parquet");
    weft_fixture_ok(&f, weft_fs_list(&f.ctx, path, &list, &count));
    weft_fixture_ok(&f, format->open(&f.ctx, list, count, NULL, 0, NULL, &table));
    assert_int_equal(format->row_count(table), 1000);
    weft_fixture_ok(&f, format->stats(&f.ctx, table, PAGES_N, &s));
    assert_true(s.has_bounds && s.low.i64 == 0 && s.high.i64 == 1998);
    assert_int_equal(s.null_count, 0);
    assert_in_range(s.distinct_estimate, 900, 1000);
    weft_fixture_ok(&f, format->stats(&f.ctx, table, PAGES_CODE, &s));
    assert_in_range(s.null_count, 150, 250);
    assert_in_range(s.distinct_estimate, 9, 10);
    format->close(&table);
    weft_fixture_close(&f);
}

static void write_bytes(const char *path, const uint8_t *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

/* Read bytes as a file: whatever they are, rows or an error with a message. */
static weft_status read_damaged(const char *path, const uint8_t *bytes, size_t len)
{
    weft_fixture f;
    weft_fixture_open(&f);
    weft_reading r = {.name = "", .batch_rows = 100, .target_rows = 1 << 20};
    weft_row_text out = {0};
    write_bytes(path, bytes, len);
    weft_row_text_add(&out, "", 0);
    const weft_status st = weft_parquet_read_text(&f, path, &r, &out);
    if (st != WEFT_OK) assert_int_not_equal(strlen(f.ctx.error.message), 0);
    free(out.bytes);
    weft_fixture_close(&f);
    return st;
}

/* Cut and damaged files end in an error or in rows, never in a crash; checksums catch what is below them. */
static void damage_is_an_error(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    char path[4096], made[64];
    for (int i = 0; i < WEFT_COUNT(files); i++) {
        static uint8_t bytes[20000], damaged[20000];
        weft_parquet_data_path(path, sizeof path, files[i], ".parquet");
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        const size_t len = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        snprintf(made, sizeof made, "damaged_%d.parquet", (int)getpid());
        for (size_t cut = 0; cut < len; cut += len / 10 + 1) {
            assert_int_not_equal(read_damaged(made, bytes, cut), WEFT_OK);
        }
        for (int round = 0; round < 60; round++) {
            memcpy(damaged, bytes, len);
            const int flips = (int)weft_test_random_range(&random, 1, 4);
            for (int k = 0; k < flips; k++) {
                const size_t at = (size_t)weft_test_random_range(&random, 4, (int64_t)len - 9);
                damaged[at] ^= (uint8_t)(1u << weft_test_random_range(&random, 0, 7));
            }
            const weft_status st = read_damaged(made, damaged, len);
            if (st == WEFT_INTERNAL) weft_test_print_replay("damage_is_an_error", weft_test_seed());
            assert_int_not_equal(st, WEFT_INTERNAL);
        }
        remove(made);
    }
}

static weft_status read_pages_once(weft_fixture *f, void *arg)
{
    weft_reading r = {.name = arg, .batch_rows = 100, .target_rows = 1 << 20};
    char path[4096];
    weft_row_text out = {0};
    weft_parquet_data_path(path, sizeof path, r.name, ".parquet");
    const weft_status st = weft_parquet_read_text(f, path, &r, &out);
    free(out.bytes);
    return st;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static char pages[] = "pages", nested[] = "nested_v1";
    weft_fixture_oom_sweep(read_pages_once, pages);
    weft_fixture_oom_sweep(read_pages_once, nested);
}

WEFT_TESTS(WEFT_TEST(files_give_their_rows), WEFT_TEST(ranges_skip_pages),
           WEFT_TEST(strings_filter_by_entries), WEFT_TEST(nulls_and_pairs), WEFT_TEST(key_filters_drop_rows),
           WEFT_TEST(stats_come_from_footers), WEFT_TEST(damage_is_an_error),
           WEFT_TEST(every_allocation_may_fail))
