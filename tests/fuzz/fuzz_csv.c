/* tests/fuzz/fuzz_csv.c - CSV files from bytes that nobody vouches for: compression, encoding, quotes, cuts.
 *
 * The first two bytes choose options. A file is read as one split in large blocks, and cut small in small
 * blocks: both must give the same rows, or both an error. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/settings.h"
#include "engine/formats/csv/csv.h"
#include "engine/formats/csv/table.h"
#include "tests/support/touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS_MAX = 64, OPTIONS_MAX = 24, MEMORY_BYTES = 256 << 20 };

typedef struct chosen {
    const char *options[2 * OPTIONS_MAX];
    int32_t count;
} chosen;

static void add_option(chosen *c, const char *key, const char *value)
{
    c->options[2 * c->count] = key;
    c->options[2 * c->count++ + 1] = value;
}

static void choose(unsigned how, chosen *c)
{
    static const char *const codecs[] = {"none", "gzip", "deflate", "zstd", "bzip2", "snappy", "lz4", "none"};
    static const char *const unescaped[] = {"STOP_AT_DELIMITER", "STOP_AT_CLOSING_QUOTE", "SKIP_VALUE",
                                            "RAISE_ERROR"};
    add_option(c, "compression", how & 0x8000 ? codecs[how >> 12 & 7] : "none");
    add_option(c, "multiLine", how & 1 ? "true" : "false");
    add_option(c, "header", how & 2 ? "true" : "false");
    add_option(c, "inferSchema", how & 4 ? "true" : "false");
    const bool wide = (how & 0xa000) == 0x2000; /* beyond ASCII */
    if (wide) add_option(c, "quote", "\xc2\xa7");
    add_option(c, "escape", how & 8 ? wide ? "\xc2\xa7" : "\"" : wide ? "\xc3\x9f" : "\\");
    add_option(c, "ignoreLeadingWhiteSpace", how & 16 ? "true" : "false");
    add_option(c, "ignoreTrailingWhiteSpace", how & 32 ? "true" : "false");
    add_option(c, "sep", how & 64 ? "||" : ",");
    add_option(c, "unescapedQuoteHandling", unescaped[how >> 7 & 3]);
    if (how & 512) add_option(c, "comment", "#");
    if (how & 1024) add_option(c, "encoding", how & 2048 ? "UTF-16" : "windows-1252");
    if ((how & 0x8000) == 0 && how & 0x4000) add_option(c, "lineSep", how & 0x1000 ? "\r\n" : ";");
    add_option(c, "maxColumns", "1000");
    add_option(c, "maxRecordBytes", "1000000");
}

/* A number of all rows, in their order. */
static weft_status read_table(weft_ctx *ctx, weft_table *table, int64_t target, int64_t block, int32_t rows,
                              uint64_t *sum)
{
    weft_status st = WEFT_OK;
    const weft_format *format = &weft_format_csv;
    const weft_schema *schema = format->schema(table);
    int32_t columns[COLUMNS_MAX], count = 0;
    weft_split *splits = NULL;
    weft_scan *scan = NULL;
    weft_batch batch;
    *sum = 0;
    table->base.spec.block_bytes = block;
    for (int32_t i = 0; i < COLUMNS_MAX; i++) columns[i] = i;
    const weft_scan_spec spec = {
        .column_count = weft_min_i32(schema->count, COLUMNS_MAX), .columns = columns, .batch_rows = rows};
    WEFT_TRY(st, format->splits(ctx, table, &spec, target, &splits, &count));
    WEFT_TRY(st, format->scan_open(ctx, table, &spec, splits, count, &scan));
    for (;;) {
        WEFT_TRY(st, format->scan_next(ctx, scan, &batch));
        if (batch.rows == 0) break;
        weft_touch_batch(&batch);
        for (int32_t k = 0; k < batch.selected; k++) {
            const int32_t row = batch.selection != NULL ? batch.selection[k] : k;
            *sum = weft_hash_u64(*sum + 1);
            for (int32_t c = 0; c < batch.column_count; c++)
                *sum = weft_hash_combine(*sum, weft_column_hash(&batch.columns[c], row));
        }
    }
done:
    if (scan != NULL) format->scan_close(&scan);
    return st;
}

static weft_status read_file(weft_ctx *ctx, const char *path, int64_t size, unsigned how)
{
    weft_status st = WEFT_OK;
    chosen c = {0};
    const weft_file_info file = {.path = path, .size_bytes = size};
    weft_table *table = NULL;
    uint64_t whole = 0, cut = 0;
    choose(how, &c);
    WEFT_TRY(st, weft_format_csv.open(ctx, &file, 1, c.options, c.count, NULL, &table));
    st = read_table(ctx, table, INT64_MAX, 0, 1000, &whole);
    const int64_t target = weft_max_i64(size / 7, 1);
    const weft_status again = read_table(ctx, table, target, 1, 3, &cut);
    if ((st == WEFT_OK) != (again == WEFT_OK) || (st == WEFT_OK && whole != cut)) abort();
done:
    if (table != NULL) weft_format_csv.close(&table);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    weft_settings settings;
    weft_ctx ctx;
    if (size < 2) return 0;
    const int fd = memfd_create("csv", 0);
    if (fd < 0 || write(fd, data + 2, size - 2) != (ssize_t)size - 2) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(MEMORY_BYTES);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx_init(&ctx, arena, account, &settings);
    const weft_status st = read_file(&ctx, path, (int64_t)size - 2, (unsigned)(data[0] | data[1] << 8));
    if (st == WEFT_INTERNAL || (st != WEFT_OK && ctx.error.message[0] == '\0')) abort();
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    close(fd);
    return 0;
}
