/* tests/unit/formats/test_parquet_write.c - the Parquet writer's parts, and whole files under failing memory
 * and disks. What other engines read of its files is compared by tests/conformance/parquet_write.py. */
#include "common/hash.h"
#include "common/limits.h"
#include "engine/formats/parquet/compress.h"
#include "engine/formats/parquet/write_bloom.h"
#include "engine/formats/parquet/write_dict.h"
#include "engine/formats/parquet/write_encode.h"
#include "engine/formats/parquet/write_stats.h"
#include "tests/support/parquet_sample.h"
#include "tests/unit/storage/storage_fixture.h"

/* ---- encodings, decoded again by the few lines that the specification takes ---- */

static uint64_t take_varint(const uint8_t **p)
{
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        const uint8_t byte = *(*p)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) return value;
    }
}

static int64_t take_zigzag(const uint8_t **p)
{
    const uint64_t v = take_varint(p);
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

/* Bit `at` onwards, `width` bits. */
static uint64_t take_bits(const uint8_t *p, int64_t at, int width)
{
    uint64_t value = 0;
    for (int b = 0; b < width; b++) value |= (uint64_t)(p[(at + b) >> 3] >> ((at + b) & 7) & 1) << b;
    return value;
}

static void decode_hybrid(const weft_bytes *in, int width, int64_t count, uint32_t *out)
{
    const uint8_t *p = in->data;
    for (int64_t i = 0; i < count;) {
        const uint64_t head = take_varint(&p);
        if (head & 1) {
            const int64_t n = (int64_t)(head >> 1) * 8;
            for (int64_t k = 0; k < n && i < count; k++) out[i++] = (uint32_t)take_bits(p, k * width, width);
            p += n * width / 8;
        } else {
            uint32_t value = 0;
            memcpy(&value, p, (size_t)(width + 7) / 8);
            p += (width + 7) / 8;
            for (uint64_t k = 0; k < head >> 1; k++) out[i++] = value;
            assert_true(i <= count);
        }
    }
    assert_ptr_equal(p, in->data + in->len);
}

static void hybrid_comes_back(void **state)
{
    storage_fixture *f = *state;
    weft_test_random random = {weft_test_seed()};
    static uint32_t values[3000], back[3000];
    for (int width = 0; width <= 32; width++) {
        for (int64_t count = 0; count < 3000; count = count * 3 / 2 + 1) {
            const uint32_t mask = (uint32_t)(((uint64_t)1 << width) - 1);
            for (int64_t i = 0; i < count;) { /* runs and noise in turns */
                const uint32_t value = (uint32_t)weft_test_random_u64(&random) & mask;
                int64_t run =
                    weft_test_random_range(&random, 0, 3) == 0 ? weft_test_random_range(&random, 1, 60) : 1;
                while (run-- > 0 && i < count) values[i++] = value;
            }
            weft_bytes out = {0};
            assert_int_equal(weft_pqw_put_hybrid(&f->ctx, &out, values, count, width), WEFT_OK);
            decode_hybrid(&out, width, count, back);
            assert_memory_equal(back, values, (size_t)count * 4);
            weft_bytes_deinit(&out);
        }
    }
}

/* Returns the end of the encoding. */
static const uint8_t *decode_delta(const uint8_t *p, int64_t count, int64_t *out)
{
    assert_int_equal(take_varint(&p), 128);
    assert_int_equal(take_varint(&p), 4);
    assert_int_equal(take_varint(&p), count);
    int64_t value = take_zigzag(&p);
    if (count > 0) out[0] = value;
    for (int64_t i = 1; i < count;) {
        const int64_t least = take_zigzag(&p);
        const uint8_t *widths = p;
        p += 4;
        for (int m = 0; m < 4 && i < count; m++) {
            for (int k = 0; k < 32; k++) {
                const uint64_t rest = take_bits(p, (int64_t)k * widths[m], widths[m]);
                value = (int64_t)((uint64_t)value + (uint64_t)least + rest);
                if (i < count) out[i++] = value;
            }
            p += 4 * widths[m];
        }
    }
    return p;
}

static void deltas_come_back(void **state)
{
    storage_fixture *f = *state;
    weft_test_random random = {weft_test_seed()};
    static int64_t values[1000], back[1000];
    static int32_t narrow[1000];
    for (int kind = 0; kind < 4; kind++) {
        for (int64_t count = 0; count < 1000; count = count * 2 + 1) {
            for (int64_t i = 0; i < count; i++) {
                const uint64_t noise = weft_test_random_u64(&random);
                values[i] = kind == 0   ? (int64_t)noise
                            : kind == 1 ? i * 1000
                            : kind == 2 ? (noise % 2 == 0 ? INT64_MAX : INT64_MIN)
                                        : (int64_t)(noise % 100);
                narrow[i] = (int32_t)values[i];
            }
            weft_bytes out = {0};
            assert_int_equal(weft_pqw_put_delta_i64(&f->ctx, &out, values, count), WEFT_OK);
            assert_ptr_equal(decode_delta(out.data, count, back), out.data + out.len);
            assert_memory_equal(back, values, (size_t)count * 8);
            out.len = 0;
            assert_int_equal(weft_pqw_put_delta_i32(&f->ctx, &out, narrow, count), WEFT_OK);
            assert_ptr_equal(decode_delta(out.data, count, back), out.data + out.len);
            for (int64_t i = 0; i < count; i++) assert_int_equal((int32_t)back[i], narrow[i]);
            weft_bytes_deinit(&out);
        }
    }
}

/* ---- dictionary ---- */

static void dictionary_codes_name_their_values(void **state)
{
    storage_fixture *f = *state;
    weft_test_random random = {weft_test_seed()};
    weft_pqw_dict dict;
    uint32_t codes[500];
    weft_str values[500];
    static char text[500][40];
    int32_t done;
    assert_int_equal(weft_pqw_dict_init(&f->ctx, WEFT_PQW_WSTR, 0, &dict), WEFT_OK);
    for (int round = 0; round < 40; round++) {
        if (round == 20) weft_pqw_dict_clear(&dict);
        for (int i = 0; i < 500; i++) {
            const int64_t n = weft_test_random_range(&random, 0, 5000);
            const int len =
                snprintf(text[i], sizeof(text[i]), n % 2 ? "%lld" : "a longer value %lld", (long long)n);
            values[i] = weft_str_view(text[i], (uint32_t)len);
        }
        assert_int_equal(weft_pqw_dict_put(&f->ctx, &dict, values, 500, 1 << 20, codes, &done), WEFT_OK);
        assert_int_equal(done, 500);
        for (int i = 0; i < 500; i++) {
            assert_true(codes[i] < (uint32_t)dict.count);
            assert_true(weft_str_equal((const weft_str *)dict.entries + codes[i], &values[i]));
        }
    }
    int64_t bytes = 0; /* every entry once, and counted as PLAIN has it */
    for (int32_t i = 0; i < dict.count; i++) {
        bytes += 4 + ((const weft_str *)dict.entries)[i].len;
        for (int32_t k = 0; k < i; k++) {
            assert_false(
                weft_str_equal((const weft_str *)dict.entries + i, (const weft_str *)dict.entries + k));
        }
    }
    assert_int_equal(dict.plain_bytes, bytes);
    weft_pqw_dict_deinit(&dict);
}

static void dictionary_stops_at_its_limit(void **state)
{
    storage_fixture *f = *state;
    weft_pqw_dict dict;
    uint64_t values[100];
    uint32_t codes[100];
    int32_t done;
    for (uint64_t i = 0; i < 100; i++) values[i] = i / 2;
    assert_int_equal(weft_pqw_dict_init(&f->ctx, WEFT_PQW_W8, 8, &dict), WEFT_OK);
    assert_int_equal(weft_pqw_dict_put(&f->ctx, &dict, values, 100, 80, codes, &done), WEFT_OK);
    assert_int_equal(done, 20);
    assert_int_equal(dict.count, 10);
    assert_int_equal(weft_pqw_dict_put(&f->ctx, &dict, values, 20, 80, codes, &done), WEFT_OK);
    assert_int_equal(done, 20); /* what it holds is still found */
    weft_pqw_dict_deinit(&dict);
}

/* ---- bounds ---- */

static void bounds_of_long_strings_hold(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    static const char *const letters[] = {
        "a",
        "\x7f",
        "\xc3\xa9",
        "\xed\x9f\xbf",
        "\xef\xbf\xbf",
        "\xf4\x8f\xbf\xbf"}; /* the last of its length, before surrogates, of all */
    for (int round = 0; round < 3000; round++) {
        char text[400];
        size_t len = 0;
        const int64_t want = weft_test_random_range(&random, 0, 90);
        while (len < (size_t)want) {
            const char *letter = letters[weft_test_random_range(&random, round % 3 == 0 ? 5 : 0, 5)];
            memcpy(text + len, letter, strlen(letter));
            len += strlen(letter);
        }
        const weft_str value = weft_str_view(text, (uint32_t)len);
        for (int is_text = 0; is_text < 2; is_text++) {
            weft_pqw_bounds b;
            weft_pqw_bounds_of_strings(&value, &value, is_text, &b);
            const weft_str low = weft_str_view((const char *)b.low.bytes, (uint32_t)b.low.len);
            const weft_str high = weft_str_view((const char *)b.high.bytes, (uint32_t)b.high.len);
            assert_true(b.low.len <= WEFT_PQW_BOUND_BYTES && b.high.len <= WEFT_PQW_BOUND_BYTES + 4);
            assert_true(weft_str_compare(&low, &value) <= 0);
            assert_true(b.high_open || weft_str_compare(&high, &value) >= 0);
            assert_true(len <= WEFT_PQW_BOUND_BYTES
                            ? weft_str_equal(&low, &value) && weft_str_equal(&high, &value)
                            : !b.low.exact && !b.high.exact);
        }
    }
}

static void bounds_of_doubles_leave_out_nan(void **state)
{
    (void)state;
    const double values[] = {__builtin_nan(""), 2, -3, __builtin_nan("")};
    weft_pqw_bounds b;
    weft_pqw_bounds_of(WEFT_PQW_F64, values, 4, &b);
    assert_true(b.seen && b.has_nan && b.low.f64 == -3 && b.high.f64 == 2);
    weft_pqw_bounds_of(WEFT_PQW_F64, values, 1, &b);
    assert_false(weft_pqw_bounds_told(&b));
    const double zero[] = {0.0};
    const weft_pqw_leaf leaf = {.kind = WEFT_PQW_F64};
    uint8_t low[8], high[8];
    weft_pqw_bounds_of(WEFT_PQW_F64, zero, 1, &b);
    weft_pqw_bound_bytes(&leaf, &b.low, false, low);
    weft_pqw_bound_bytes(&leaf, &b.high, true, high);
    assert_int_equal(low[7], 0x80); /* -0.0: a reader's -0.0 is not below it */
    assert_int_equal(high[7], 0);
}

/* ---- bloom filter ---- */

static void xxh64_is_the_published_one(void **state)
{
    (void)state; /* the reference implementation's sanity values are of other inputs; these are well known */
    assert_true(weft_pqw_xxh64("", 0) == 0xef46db3751d8e999u);
    assert_true(weft_pqw_xxh64("a", 1) == 0xd24ec4f1a98c6e5bu);
    assert_true(weft_pqw_xxh64("abc", 3) == 0x44bc2cf5ad770999u);
}

static void bloom_finds_all_and_folds(void **state)
{
    storage_fixture *f = *state;
    weft_pqw_bloom bloom;
    assert_int_equal(weft_pqw_bloom_init(&f->ctx, INT64_MAX, 0.01, 1 << 20, &bloom), WEFT_OK);
    assert_int_equal(bloom.bytes, 1 << 20);
    for (int64_t i = 0; i < 5000; i++) weft_pqw_bloom_add(&bloom, &i, 8);
    weft_pqw_bloom_fold(&bloom, 0.01);
    assert_true(bloom.bytes <= 16384 && bloom.bytes >= 4096);
    for (int64_t i = 0; i < 5000; i++) assert_true(weft_pqw_bloom_test(&bloom, &i, 8));
    int wrong = 0;
    for (int64_t i = 5000; i < 105000; i++) wrong += weft_pqw_bloom_test(&bloom, &i, 8);
    assert_true(wrong < 1500);
    weft_pqw_bloom_deinit(&bloom);
}

/* ---- whole files ---- */

static const char *const small_pages[] = {
    "parquet.page.row.count.limit", "300",  "parquet.block.size",           "100k",
    "parquet.bloom.filter.enabled", "true", "parquet.dictionary.page.size", "2k"};

/* The same rows and options give the same bytes: nothing of addresses, clocks or chance is in a file. */
static void files_are_functions_of_their_rows(void **state)
{
    storage_fixture *f = *state;
    int64_t bytes[2];
    uint32_t crc[2];
    for (int i = 0; i < 2; i++) {
        const char *path = storage_path(f, i == 0 ? "a.parquet" : "b.parquet");
        assert_int_equal(weft_parquet_sample_write(&f->ctx, path, 2500, small_pages, 4, &bytes[i]), WEFT_OK);
        weft_file *file;
        assert_int_equal(weft_file_open(&f->ctx, path, &file), WEFT_OK);
        assert_int_equal(weft_file_size(file), bytes[i]);
        char *data = malloc((size_t)bytes[i]);
        assert_int_equal(weft_file_read(&f->ctx, file, 0, data, bytes[i]), WEFT_OK);
        assert_memory_equal(data, "PAR1", 4);
        assert_memory_equal(data + bytes[i] - 4, "PAR1", 4);
        crc[i] = weft_crc32(0, data, (size_t)bytes[i]);
        free(data);
        weft_file_close(&file);
    }
    assert_int_equal(bytes[0], bytes[1]);
    assert_int_equal(crc[0], crc[1]);
}

static void every_codec_writes(void **state)
{
    storage_fixture *f = *state;
    static const char *const codecs[][2] = {{"none", ".parquet"},           {"snappy", ".snappy.parquet"},
                                            {"gzip", ".gz.parquet"},        {"zstd", ".zstd.parquet"},
                                            {"lz4_raw", ".lz4raw.parquet"}, {"brotli", ".br.parquet"}};
    int64_t plain = 0;
    for (int i = 0; i < 6; i++) {
        const char *options[] = {"compression", codecs[i][0]};
        const char *suffix;
        int64_t bytes;
        assert_int_equal(weft_sink_format_find("parquet")->suffix(&f->ctx, options, 1, &suffix), WEFT_OK);
        assert_string_equal(suffix, codecs[i][1]);
        assert_int_equal(
            weft_parquet_sample_write(&f->ctx, storage_path(f, suffix + 1), 2000, options, 1, &bytes),
            WEFT_OK);
        if (i == 0) plain = bytes;
        if (i > 0) assert_true(bytes < plain * 3 / 4);
    }
}

static void options_are_checked(void **state)
{
    storage_fixture *f = *state;
    static const struct {
        const char *option[2];
        weft_status status;
    } wrong[] = {{{"compression", "lzo"}, WEFT_CODEC},
                 {{"parquet.block.size", "-1"}, WEFT_CONFIG},
                 {{"parquet.page.size", "many"}, WEFT_CONFIG},
                 {{"parquet.no.such.thing", "1"}, WEFT_CONFIG},
                 {{"parquet.writer.version", "v3"}, WEFT_CONFIG},
                 {{"parquet.enable.dictionary", "yes"}, WEFT_CONFIG},
                 {{"weft.parquet.encoding", "huffman"}, WEFT_CONFIG},
                 {{"parquet.bloom.filter.fpp", "1.5"}, WEFT_CONFIG}};
    const weft_sink_format *format = weft_sink_format_find("PARQUET");
    weft_file_sink *sink;
    for (int32_t i = 0; i < WEFT_COUNT(wrong); i++) {
        const char *path = storage_path(f, "x.parquet");
        assert_int_equal(format->open(&f->ctx, path, weft_parquet_sample_schema(), wrong[i].option, 1, &sink),
                         wrong[i].status);
        assert_null(sink);
        assert_int_equal(access(path, F_OK), -1);
    }
    static const char *const fine[] = {"path", "/x", "header", "true", "parquet.memory.pool.ratio", "0.5"};
    assert_int_equal(
        format->open(&f->ctx, storage_path(f, "y"), weft_parquet_sample_schema(), fine, 3, &sink), WEFT_OK);
    format->abandon(&sink);
    assert_int_equal(access(storage_path(f, "y"), F_OK), -1);
    assert_null(weft_sink_format_find("no such format"));
}

static void nulls_and_types_that_cannot_be_are_told(void **state)
{
    storage_fixture *f = *state;
    const weft_sink_format *format = weft_sink_format_find("parquet");
    weft_file_sink *sink;
    const weft_field nothing = {.name = "x", .type = WEFT_TYPE_OF(WEFT_TYPE_NULL), .nullable = true};
    assert_int_equal(format->open(&f->ctx, storage_path(f, "x"), &(weft_schema){1, &nothing}, NULL, 0, &sink),
                     WEFT_DATASOURCE_TYPE);
    const weft_field number = {.name = "n", .type = WEFT_TYPE_OF(WEFT_TYPE_INT)};
    assert_int_equal(format->open(&f->ctx, storage_path(f, "x"), &(weft_schema){1, &number}, NULL, 0, &sink),
                     WEFT_OK);
    const int32_t values[2] = {1, 0};
    const uint64_t validity = 1;
    weft_column column = {.type = number.type, .phys = WEFT_PHYS_I32, .data = values, .validity = &validity};
    const weft_batch batch = {.rows = 2, .selected = 2, .column_count = 1, .columns = &column};
    assert_int_equal(format->write(&f->ctx, sink, &batch), WEFT_INTERNAL);
    format->abandon(&sink);
}

static weft_status write_small(storage_fixture *f)
{
    int64_t bytes;
    return weft_parquet_sample_write(&f->ctx, storage_path(f, "s.parquet"), 700, small_pages, 4, &bytes);
}

/* The n-th allocation fails, n swept: WEFT_NOMEM each time, nothing leaks, no file is left. */
static void every_allocation_may_fail(void **state)
{
    storage_fixture *f = *state;
    weft_mem_fail_after(INT64_MAX);
    assert_int_equal(write_small(f), WEFT_OK);
    const int64_t allocations = weft_mem_fail_after(0);
    for (int64_t n = 1; n <= allocations; n += n < 200 ? 1 : 7) {
        unlink(storage_path(f, "s.parquet"));
        weft_arena_reset(f->ctx.arena);
        const int64_t before = weft_account_used_bytes(f->account);
        weft_mem_fail_after(n);
        const weft_status st = write_small(f);
        weft_mem_fail_after(0);
        if (st == WEFT_OK) continue; /* the arena's kept chunk saves an allocation */
        assert_int_equal(st, WEFT_NOMEM);
        assert_int_equal(access(storage_path(f, "s.parquet"), F_OK), -1);
        weft_arena_reset(f->ctx.arena);
        assert_true(weft_account_used_bytes(f->account) <= before);
    }
}

static void every_file_operation_may_fail(void **state)
{
    storage_fixture *f = *state;
    weft_fs_fail_after(0);
    assert_int_equal(write_small(f), WEFT_OK);
    const int64_t operations = weft_fs_fail_after(0);
    for (int64_t n = 1; n <= operations; n++) {
        unlink(storage_path(f, "s.parquet"));
        weft_fs_fail_after(n);
        assert_int_equal(write_small(f), WEFT_IO);
        weft_fs_fail_after(0);
        assert_int_equal(access(storage_path(f, "s.parquet"), F_OK), -1);
    }
}

/* Every row and column of a batch is the sample's. */
static void assert_sample(storage_fixture *f, weft_parquet_sample *sample, const weft_batch *got,
                          int64_t first)
{
    for (int32_t done = 0; done < got->selected; done += 1000) {
        weft_batch want;
        const int32_t n = weft_min_i32(1000, got->selected - done);
        assert_int_equal(weft_parquet_sample_batch(&f->ctx, sample, first + done, n, false, &want), WEFT_OK);
        for (int32_t c = 0; c < got->column_count; c++) {
            for (int32_t i = 0; i < n; i++) {
                const int32_t row = got->selection != NULL ? got->selection[done + i] : done + i;
                const bool is_null = weft_column_is_null(&want.columns[c], i);
                if (weft_column_is_null(&got->columns[c], row) != is_null ||
                    weft_column_hash(&got->columns[c], row) != weft_column_hash(&want.columns[c], i)) {
                    fail_msg("column %d, row %lld differs", c, (long long)(first + done + i));
                }
            }
        }
    }
}

/* What is written is read again by the engine's own reader; flat columns. */
static void own_reader_reads_it(storage_fixture *f, const char *const *options, int32_t option_count)
{
    enum { FLAT = 21, ROWS = 9000 };
    const weft_format *format = weft_format_find("parquet");
    const char *path = storage_path(f, "back.parquet");
    int64_t bytes;
    unlink(path);
    assert_int_equal(weft_parquet_sample_write(&f->ctx, path, ROWS, options, option_count, &bytes), WEFT_OK);
    weft_file_info *files;
    int32_t file_count;
    weft_table *table = NULL;
    weft_scan *scan = NULL;
    weft_parquet_sample *sample;
    assert_int_equal(weft_fs_list(&f->ctx, path, &files, &file_count), WEFT_OK);
    if (format->open(&f->ctx, files, file_count, NULL, 0, NULL, &table) != WEFT_OK) {
        fail_msg("%s", f->ctx.error.message);
    }
    const weft_schema *schema = format->schema(table);
    int32_t columns[FLAT];
    uint8_t needed[FLAT];
    for (int32_t c = 0; c < FLAT; c++) {
        columns[c] = c;
        needed[c] = 1;
        assert_string_equal(schema->fields[c].name, weft_parquet_sample_schema()->fields[c].name);
        assert_true(weft_type_equal(schema->fields[c].type, weft_parquet_sample_schema()->fields[c].type));
    }
    assert_int_equal(format->row_count(table), ROWS);
    const weft_scan_spec spec = {
        .column_count = FLAT, .columns = columns, .needed = needed, .batch_rows = 2048};
    weft_split *splits;
    int32_t split_count;
    assert_int_equal(format->splits(&f->ctx, table, &spec, ROWS / 3, &splits, &split_count), WEFT_OK);
    assert_int_equal(format->scan_open(&f->ctx, table, &spec, splits, split_count, &scan), WEFT_OK);
    assert_int_equal(weft_parquet_sample_new(&f->ctx, &sample), WEFT_OK);
    int64_t row = 0;
    for (;;) {
        weft_batch batch;
        if (format->scan_next(&f->ctx, scan, &batch) != WEFT_OK) fail_msg("%s", f->ctx.error.message);
        if (batch.rows == 0) break;
        assert_sample(f, sample, &batch, row);
        row += batch.selected;
    }
    assert_int_equal(row, ROWS);
    weft_parquet_sample_free(&sample);
    format->scan_close(&scan);
    format->close(&table);
}

static void reads_back(void **state)
{
    static const char *const variants[][4] = {
        {"compression", "none"},
        {"compression", "snappy"},
        {"compression", "gzip"},
        {"compression", "zstd"},
        {"compression", "lz4_raw"},
        {"compression", "brotli"},
        {"parquet.writer.version", "v2"},
        {"weft.parquet.encoding", "plain"},
        {"weft.parquet.encoding", "delta"},
        {"parquet.block.size", "100k", "parquet.page.row.count.limit", "333"},
        {"parquet.dictionary.page.size", "1k", "parquet.page.size", "2k"}};
    for (int32_t i = 0; i < WEFT_COUNT(variants); i++) {
        own_reader_reads_it(*state, variants[i], variants[i][2] == NULL ? 1 : 2);
    }
}

/* Row groups that the pool would refuse to keep go to the file early: the rows are all there, the pool stays
 * bounded. */
static void little_memory_makes_small_row_groups(void **state)
{
    enum { ROWS = 40000, LIMIT = 6 << 20 };
    storage_fixture *f = *state;
    weft_pool *pool = weft_pool_new(LIMIT);
    weft_account *account = weft_account_open(pool, "little");
    weft_ctx ctx;
    weft_ctx_init(&ctx, weft_arena_new(account), account, &f->settings);
    static const char *const options[] = {"weft.parquet.encoding", "plain", "compression", "none"};
    int64_t bytes;
    const weft_status st =
        weft_parquet_sample_write(&ctx, storage_path(f, "little.parquet"), ROWS, options, 2, &bytes);
    if (st != WEFT_OK) fail_msg("%s", ctx.error.message);
    assert_true(bytes > LIMIT);
    assert_true(weft_pool_peak_bytes(pool) < LIMIT + WEFT_MEM_HEADROOM_BYTES);
    weft_arena_free(&ctx.arena);
    weft_account_close(&account);
    weft_pool_free(&pool);

    weft_file_info *files;
    int32_t count;
    weft_table *table;
    const weft_format *format = weft_format_find("parquet");
    assert_int_equal(weft_fs_list(&f->ctx, storage_path(f, "little.parquet"), &files, &count), WEFT_OK);
    assert_int_equal(format->open(&f->ctx, files, count, NULL, 0, NULL, &table), WEFT_OK);
    assert_int_equal(format->row_count(table), ROWS);
    format->close(&table);
}

WEFT_TESTS(STORAGE_TEST(reads_back), STORAGE_TEST(little_memory_makes_small_row_groups),
           STORAGE_TEST(hybrid_comes_back), STORAGE_TEST(deltas_come_back),
           STORAGE_TEST(dictionary_codes_name_their_values), STORAGE_TEST(dictionary_stops_at_its_limit),
           WEFT_TEST(bounds_of_long_strings_hold), WEFT_TEST(bounds_of_doubles_leave_out_nan),
           WEFT_TEST(xxh64_is_the_published_one), STORAGE_TEST(bloom_finds_all_and_folds),
           STORAGE_TEST(files_are_functions_of_their_rows), STORAGE_TEST(every_codec_writes),
           STORAGE_TEST(options_are_checked), STORAGE_TEST(nulls_and_types_that_cannot_be_are_told),
           STORAGE_TEST(every_allocation_may_fail), STORAGE_TEST(every_file_operation_may_fail))
