/* What a Parquet scan leaves unread, and what it does not believe: bloom filters, late decoding, tasks inside
 * a row group, folders and lists of files, checksums, damage of every byte. Files are made by the engine's
 * own writer from the rows of tests/support/parquet_sample.c, in which column 0 is the number of the row. */
#include <sys/stat.h>

#include "engine/expr/expr.h"
#include "engine/formats/parquet/page_cache.h"
#include "tests/support/parquet_sample.h"
#include "tests/unit/storage/storage_fixture.h"

enum { SAMPLE_ID = 0, SAMPLE_INT = 4, SAMPLE_D15 = 9, SAMPLE_TEXT = 12, SAMPLE_LIST = 21, ROWS_MAX = 20000 };

static const char *const plain_groups[] = {
    "parquet.enable.dictionary", "false", "parquet.block.size",  "200000",
    "parquet.page.size",         "4096",  "parquet.compression", "snappy"};
static const char *const plain_blooms[] = {"parquet.enable.dictionary",    "false",
                                           "parquet.block.size",           "200000",
                                           "parquet.bloom.filter.enabled", "true"};

static void check_ok(const storage_fixture *f, weft_status st)
{
    if (st != WEFT_OK) fail_msg("%s", f->ctx.error.message);
}

static const char *write_sample(storage_fixture *f, const char *name, int64_t rows,
                                const char *const *options, int32_t option_count)
{
    int64_t bytes;
    const char *path = storage_path(f, name);
    check_ok(f, weft_parquet_sample_write(&f->ctx, path, rows, options, option_count, &bytes));
    return path;
}

/* A reading of some columns (the first one is the row's number), and what came of it. */
typedef struct reading {
    const char *const *paths; /* NULL-terminated */
    int32_t columns[4], column_count;
    const weft_expr *conjuncts[4];
    int32_t conjunct_count;
    int64_t target_rows;
    bool apart; /* each split by a scan of its own, as tasks do */
    weft_scan_metrics metrics;
    int64_t ids[ROWS_MAX], rows;
    int32_t splits;
} reading;

static weft_status read_scan(weft_ctx *ctx, const weft_table *table, const weft_scan_spec *spec,
                             const weft_split *splits, int32_t count, reading *r)
{
    weft_status st = WEFT_OK;
    const weft_format *format = weft_format_find("parquet");
    weft_scan *scan = NULL;
    weft_scan_metrics m;
    weft_batch batch;
    WEFT_TRY(st, format->scan_open(ctx, table, spec, splits, count, &scan));
    for (;;) {
        WEFT_TRY(st, format->scan_next(ctx, scan, &batch));
        if (batch.rows == 0) break;
        for (int32_t i = 0; i < batch.selected; i++) {
            const int32_t row = batch.selection != NULL ? batch.selection[i] : i;
            assert_true(r->rows < ROWS_MAX);
            assert_false(weft_column_is_null(&batch.columns[0], row));
            r->ids[r->rows++] = *(const int64_t *)weft_column_value(&batch.columns[0], row);
        }
    }
    format->scan_metrics(scan, &m);
    r->metrics.row_groups += m.row_groups;
    r->metrics.row_groups_pruned += m.row_groups_pruned;
    r->metrics.pages += m.pages;
    r->metrics.pages_pruned += m.pages_pruned;
    r->metrics.rows_read += m.rows_read;
    r->metrics.bytes_read += m.bytes_read;
done:
    if (scan != NULL) format->scan_close(&scan);
    return st;
}

static weft_status read_paths(weft_ctx *ctx, reading *r)
{
    weft_status st = WEFT_OK;
    const weft_format *format = weft_format_find("parquet");
    weft_table *table = NULL;
    weft_file_info all[16], *files;
    weft_split *splits;
    int32_t all_count = 0, count;
    r->rows = 0;
    r->metrics = (weft_scan_metrics){0};
    for (const char *const *path = r->paths; *path != NULL; path++) {
        WEFT_TRY(st, weft_fs_list(ctx, *path, &files, &count));
        for (int32_t i = 0; i < count; i++) all[all_count++] = files[i];
    }
    WEFT_TRY(st, format->open(ctx, all, all_count, NULL, 0, NULL, &table));
    const weft_scan_spec spec = {.column_count = r->column_count,
                                 .columns = r->columns,
                                 .conjuncts = r->conjuncts,
                                 .conjunct_count = r->conjunct_count};
    WEFT_TRY(st, format->splits(ctx, table, &spec, r->target_rows, &splits, &r->splits));
    for (int32_t i = 0; r->apart && i < r->splits; i++)
        WEFT_TRY(st, read_scan(ctx, table, &spec, &splits[i], 1, r));
    if (!r->apart) WEFT_TRY(st, read_scan(ctx, table, &spec, splits, r->splits, r));
done:
    if (table != NULL) format->close(&table);
    return st;
}

static weft_status read_path(weft_ctx *ctx, const char *path, reading *r)
{
    const char *paths[] = {path, NULL};
    r->paths = paths;
    return read_paths(ctx, r);
}

static reading reading_of(int32_t column)
{
    return (reading){.columns = {SAMPLE_ID, column}, .column_count = 2, .target_rows = 1 << 20};
}

static const weft_expr *equals(storage_fixture *f, int32_t ordinal, weft_value value)
{
    const weft_expr *args[2], *out;
    check_ok(f, weft_expr_ordinal(&f->ctx, ordinal, value.type, true, &args[0]));
    check_ok(f, weft_expr_literal(&f->ctx, &value, &args[1]));
    check_ok(f, weft_expr_call(&f->ctx, "=", args, 2, NULL, &out));
    return out;
}

static weft_value int_value(int64_t v) { return (weft_value){.type = WEFT_TYPE_OF(WEFT_TYPE_INT), .i64 = v}; }

static weft_value string_value(const char *s)
{
    return (weft_value){.type = WEFT_TYPE_OF(WEFT_TYPE_STRING), .str = weft_str_view(s, (uint32_t)strlen(s))};
}

/* The value of the sample's column int in a row. */
static int64_t sample_int(int64_t row) { return (int32_t)(uint32_t)(row * 2654435761); }

/* Row groups in whose bloom filter a literal is not are not read; the row with it is found. */
static void bloom_filters_rule_out_row_groups(void **state)
{
    storage_fixture *f = *state;
    static reading r;
    const char *path = write_sample(f, "bloom.parquet", 20000, plain_blooms, 3);
    const weft_type decimal = weft_type_decimal(15, 2);
    const struct {
        int32_t column;
        weft_value value;
        int64_t row; /* -1: none */
    } cases[] = {{SAMPLE_INT, int_value(sample_int(777)), 777},
                 {SAMPLE_INT, int_value(sample_int(777) + 1), -1},
                 {SAMPLE_TEXT, string_value("row 12345"), 12345},
                 {SAMPLE_TEXT, string_value("row 1234x"), -1},
                 {SAMPLE_D15, {.type = decimal, .i128 = (weft_i128)9000 * 1000003 - 5000000000}, 9000},
                 {SAMPLE_D15, {.type = decimal, .i128 = (weft_i128)9000 * 1000003 - 4999999999}, -1}};
    for (int i = 0; i < WEFT_COUNT(cases); i++) {
        r = reading_of(cases[i].column);
        r.conjuncts[0] = equals(f, 1, cases[i].value);
        r.conjunct_count = 1;
        check_ok(f, read_path(&f->ctx, path, &r));
        assert_int_equal(r.rows, cases[i].row < 0 ? 0 : 1);
        if (r.rows == 1) assert_int_equal(r.ids[0], cases[i].row);
        if (cases[i].column == SAMPLE_D15) continue; /* in order: bounds rule out the others before */
        assert_true(r.metrics.row_groups > 2);
        assert_true(r.metrics.row_groups_pruned >= r.metrics.row_groups - 2);
    }
    /* IN, below AND and OR */
    const weft_expr *items[3], *in, *both[2], *either;
    check_ok(f, weft_expr_ordinal(&f->ctx, 1, WEFT_TYPE_OF(WEFT_TYPE_INT), true, &items[0]));
    const weft_value first = int_value(sample_int(11)), second = int_value(5);
    check_ok(f, weft_expr_literal(&f->ctx, &first, &items[1]));
    check_ok(f, weft_expr_literal(&f->ctx, &second, &items[2]));
    const weft_expr in_list = {
        .kind = WEFT_EXPR_IN, .type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), .arg_count = 3, .args = items};
    in = &in_list;
    both[0] = in;
    both[1] = equals(f, 1, int_value(sample_int(13)));
    const weft_expr or_both = {
        .kind = WEFT_EXPR_OR, .type = WEFT_TYPE_OF(WEFT_TYPE_BOOLEAN), .arg_count = 2, .args = both};
    either = &or_both;
    r = reading_of(SAMPLE_INT);
    r.conjuncts[0] = either;
    r.conjunct_count = 1;
    check_ok(f, read_path(&f->ctx, path, &r));
    assert_int_equal(r.rows, 2);
    assert_int_equal(r.ids[0] * 100 + r.ids[1], 1113);
    assert_true(r.metrics.row_groups_pruned >= r.metrics.row_groups - 3);
}

/* One row passes: of the other columns only its pages are decoded; without late decoding all are. */
static void others_are_decoded_for_survivors_only(void **state)
{
    storage_fixture *f = *state;
    static reading r;
    const char *path = write_sample(f, "late.parquet", 20000, plain_groups, 4);
    int64_t pages[2];
    for (int late = 0; late < 2; late++) {
        check_ok(f,
                 weft_settings_set(&f->ctx, &f->settings, "weft.scan.lateDecode", late ? "true" : "false"));
        r = reading_of(SAMPLE_INT);
        r.columns[2] = SAMPLE_TEXT;
        r.column_count = 3;
        r.conjuncts[0] = equals(f, 1, int_value(sample_int(9001)));
        r.conjunct_count = 1;
        check_ok(f, read_path(&f->ctx, path, &r));
        assert_int_equal(r.rows, 1);
        assert_int_equal(r.ids[0], 9001);
        pages[late] = r.metrics.pages;
    }
    assert_true(pages[1] * 2 < pages[0]);
}

/* Every way to cut a file gives all rows once and in order, also when each piece has a scan of its own. */
static void tasks_share_a_row_group(void **state)
{
    storage_fixture *f = *state;
    static reading r;
    static const int64_t targets[] = {1 << 20, 3000, 777, 100};
    const char *path = write_sample(f, "tasks.parquet", 5000, NULL, 0);
    for (int i = 0; i < WEFT_COUNT(targets); i++) {
        r = reading_of(SAMPLE_LIST);
        r.columns[2] = SAMPLE_TEXT;
        r.column_count = 3;
        r.target_rows = targets[i];
        r.apart = true;
        check_ok(f, read_path(&f->ctx, path, &r));
        assert_true(r.splits >= 5000 / targets[i]);
        assert_int_equal(r.rows, 5000);
        for (int64_t row = 0; row < r.rows; row++) assert_int_equal(r.ids[row], row);
    }
}

/* A folder (with markers in it), a glob and a list give the rows of their files, in the order of their paths.
 */
static void folders_globs_and_lists(void **state)
{
    storage_fixture *f = *state;
    static reading r;
    char folder[1100], glob[1100], one[1100], two[1100];
    snprintf(folder, sizeof folder, "%s/t", f->folder);
    snprintf(glob, sizeof glob, "%s/t/part-[13]*.parquet", f->folder);
    snprintf(one, sizeof one, "%s/t/part-1.parquet", f->folder);
    snprintf(two, sizeof two, "%s/t/sub/part-2.parquet", f->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(mkdir(storage_path(f, "t/sub"), 0700), 0);
    write_sample(f, "t/part-1.parquet", 10, NULL, 0);
    write_sample(f, "t/sub/part-2.parquet", 20, NULL, 0);
    write_sample(f, "t/part-3.parquet", 0, NULL, 0);
    write_sample(f, "t/part-31.parquet", 5, NULL, 0);
    FILE *marker = fopen(storage_path(f, "t/_SUCCESS"), "wb");
    assert_non_null(marker);
    fclose(marker);
    r = reading_of(SAMPLE_TEXT);
    check_ok(f, read_path(&f->ctx, folder, &r));
    assert_int_equal(r.rows, 35);
    assert_int_equal(r.ids[9] * 100 + r.ids[10], 900);
    r = reading_of(SAMPLE_TEXT);
    check_ok(f, read_path(&f->ctx, glob, &r));
    assert_int_equal(r.rows, 15);
    r = reading_of(SAMPLE_TEXT);
    const char *list[] = {two, one, two, NULL};
    r.paths = list;
    check_ok(f, read_paths(&f->ctx, &r));
    assert_int_equal(r.rows, 50);
    assert_int_equal(r.ids[19] * 100 + r.ids[20], 1900);
    r = reading_of(SAMPLE_TEXT);
    assert_int_equal(read_path(&f->ctx, storage_path(f, "t/none*.parquet"), &r), WEFT_NOT_FOUND);
}

/* With a page cache a second reading needs few bytes of the file and gives the same; the cache keeps within
 * its bytes, within what the pool has left, and does not answer for a file that has changed. */
static void pages_are_kept_between_scans(void **state)
{
    storage_fixture *f = *state;
    static reading r;
    char path[1100];
    snprintf(path, sizeof path, "%s", write_sample(f, "cached.parquet", 9000, plain_groups, 4));
    int64_t read_bytes[4];
    static const char *const sizes[] = {"0", "64m", "64m", "100k"};
    assert_int_equal(weft_pq_page_cache_trim(0), 0);
    for (int i = 0; i < WEFT_COUNT(sizes); i++) {
        check_ok(f, weft_settings_set(&f->ctx, &f->settings, "weft.scan.pageCache", sizes[i]));
        r = reading_of(SAMPLE_TEXT);
        r.columns[2] = SAMPLE_LIST;
        r.column_count = 3;
        r.target_rows = 1000;
        check_ok(f, read_path(&f->ctx, path, &r));
        assert_int_equal(r.rows, 9000);
        for (int64_t row = 0; row < r.rows; row++) assert_int_equal(r.ids[row], row);
        read_bytes[i] = r.metrics.bytes_read;
    }
    assert_true(read_bytes[2] * 10 < read_bytes[0]);
    assert_true(weft_pq_page_cache_trim(INT64_MAX) <= 100 << 10);
    assert_true(weft_pq_page_cache_trim(INT64_MAX) > 0);

    check_ok(f, weft_settings_set(&f->ctx, &f->settings, "weft.scan.pageCache", "64m"));
    assert_int_equal(unlink(path), 0);
    write_sample(f, "cached.parquet", 5000, plain_groups, 4);
    r = reading_of(SAMPLE_TEXT);
    check_ok(f, read_path(&f->ctx, path, &r));
    assert_int_equal(r.rows, 5000);

    /* A query that takes all of its pool leaves nothing for the cache. */
    void *rest = NULL;
    weft_pool *small = weft_pool_new(8 << 20);
    weft_account *account = weft_account_open(small, "small");
    weft_ctx ctx;
    weft_ctx_init(&ctx, weft_arena_new(account), account, &f->settings);
    check_ok(f, weft_mem_alloc(&ctx, WEFT_MEM_WORKING, 7 << 20, &rest));
    r = reading_of(SAMPLE_TEXT);
    check_ok(f, read_path(&ctx, path, &r));
    assert_true(weft_pq_page_cache_trim(INT64_MAX) <= 1 << 20);
    weft_mem_free(rest);
    weft_arena_free(&ctx.arena);
    weft_account_close(&account);
    weft_pool_free(&small);
    assert_int_equal(weft_pq_page_cache_trim(0), 0);
}

enum { DAMAGED_BYTES_MAX = 60000 };

static size_t load_bytes(const char *path, uint8_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t len = fread(bytes, 1, DAMAGED_BYTES_MAX, file);
    fclose(file);
    assert_in_range(len, 1, DAMAGED_BYTES_MAX - 1);
    return len;
}

/* Read bytes as a file: rows, or an error with a message that names the file. */
static weft_status read_damaged(storage_fixture *f, const uint8_t *bytes, size_t len, reading *r)
{
    weft_arena *kept = f->ctx.arena;
    const char *path = storage_path(f, "damaged.parquet");
    /* A name of its own each time: footers are kept by name, size and time. */
    static int number;
    char numbered[1100];
    snprintf(numbered, sizeof numbered, "%s.%d", path, number++);
    FILE *file = fopen(numbered, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    f->ctx.arena = weft_arena_new(f->account);
    weft_error_clear(&f->ctx);
    const weft_status st = read_path(&f->ctx, numbered, r);
    if (st != WEFT_OK && strstr(f->ctx.error.message, "damaged.parquet") == NULL) {
        fail_msg("the error does not name the file: %s", f->ctx.error.message);
    }
    assert_int_not_equal(st, WEFT_INTERNAL);
    weft_arena_free(&f->ctx.arena);
    f->ctx.arena = kept;
    remove(numbered);
    return st;
}

static reading damaged_reading(void)
{
    return (reading){.columns = {0, 1, 2, 3}, .column_count = 4, .target_rows = 1 << 20};
}

/* Four columns of the sample, that a reading takes by their places here. */
static const char *write_narrow(storage_fixture *f, int32_t rows, const char *const *options,
                                int32_t option_count)
{
    static const int32_t of[] = {SAMPLE_ID, SAMPLE_TEXT, SAMPLE_LIST, SAMPLE_D15};
    const weft_sink_format *format = weft_sink_format_find("parquet");
    weft_parquet_sample *sample;
    weft_file_sink *sink;
    weft_field fields[WEFT_COUNT(of)];
    weft_column columns[WEFT_COUNT(of)];
    weft_batch batch;
    int64_t written, bytes;
    check_ok(f, weft_parquet_sample_new(&f->ctx, &sample));
    check_ok(f, weft_parquet_sample_batch(&f->ctx, sample, 0, rows, false, &batch));
    for (int i = 0; i < WEFT_COUNT(of); i++) {
        fields[i] = weft_parquet_sample_schema()->fields[of[i]];
        columns[i] = batch.columns[of[i]];
    }
    batch.column_count = WEFT_COUNT(of);
    batch.columns = columns;
    const weft_schema schema = {.count = WEFT_COUNT(of), .fields = fields};
    const char *path = storage_path(f, "narrow.parquet");
    check_ok(f, format->open(&f->ctx, path, &schema, options, option_count, &sink));
    check_ok(f, format->write(&f->ctx, sink, &batch));
    check_ok(f, format->finish(&f->ctx, &sink, &written, &bytes));
    weft_parquet_sample_free(&sample);
    return path;
}

/* Each byte of a file changed in turn, and the file cut at each length: an error that names the file, or
 * rows, but never other values of what a checksum covers. */
static void every_byte_may_be_wrong(void **state)
{
    storage_fixture *f = *state;
    static uint8_t bytes[DAMAGED_BYTES_MAX];
    static reading r;
    static const char *const options[] = {"parquet.page.write-checksum.enabled", "true",
                                          "parquet.compression", "none"};
    const size_t len = load_bytes(write_narrow(f, 8, options, 2), bytes);
    int64_t checksums = 0;
    for (size_t at = 0; at < len; at++) {
        const uint8_t was = bytes[at];
        bytes[at] = (uint8_t)(was ^ (at % 3 == 0 ? 0xffu : 1u << (at % 8)));
        r = damaged_reading();
        const weft_status st = read_damaged(f, bytes, len, &r);
        checksums += st == WEFT_CORRUPT && strstr(f->ctx.error.message, "checksum") != NULL;
        bytes[at] = was;
    }
    assert_true(checksums > 100);
    for (size_t cut = 0; cut < len; cut++) {
        r = damaged_reading();
        assert_int_equal(read_damaged(f, bytes, cut, &r), WEFT_CORRUPT);
    }
    r = damaged_reading();
    check_ok(f, read_damaged(f, bytes, len, &r));
    assert_int_equal(r.rows, 8);
}

/* The n-th read fails, n swept: WEFT_IO each time. */
static void every_read_may_fail(void **state)
{
    storage_fixture *f = *state;
    static reading r;
    char path[1200];
    snprintf(path, sizeof path, "%s", write_sample(f, "io.parquet", 300, plain_blooms, 3));
    for (int64_t n = 1;; n++) {
        char renamed[1200]; /* not known to the cache of footers */
        snprintf(renamed, sizeof renamed, "%s/io_%d.parquet", f->folder, (int)n);
        assert_int_equal(rename(path, renamed), 0);
        memcpy(path, renamed, sizeof path);
        r = damaged_reading();
        weft_fs_fail_after(n);
        const weft_status st = read_path(&f->ctx, path, &r);
        weft_fs_fail_after(0);
        if (st == WEFT_OK) {
            assert_true(n > 5);
            break;
        }
        assert_int_equal(st, WEFT_IO);
    }
}

#define SCAN_TEST(function) WEFT_TEST_WITH(storage_setup, storage_teardown, function)
WEFT_TESTS(SCAN_TEST(bloom_filters_rule_out_row_groups), SCAN_TEST(others_are_decoded_for_survivors_only),
           SCAN_TEST(tasks_share_a_row_group), SCAN_TEST(folders_globs_and_lists),
           SCAN_TEST(pages_are_kept_between_scans), SCAN_TEST(every_byte_may_be_wrong),
           SCAN_TEST(every_read_may_fail))
