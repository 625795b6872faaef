/* tests/fuzz/fuzz_parquet.c - whole Parquet files from bytes that nobody vouches for: footer, indexes, pages.
 *
 * All columns are read, each byte of each value. The first byte, a 'P' in a good file that no reader looks
 * at, chooses settings, filters and cuts. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/settings.h"
#include "engine/formats/source.h"
#include "tests/support/touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS_MAX = 16, MEMORY_BYTES = 256 << 20 };

/* `column < literal` or, of strings, `column = literal`: what statistics, indexes and dictionaries decide. */
static weft_status make_filter(weft_ctx *ctx, const weft_schema *schema, const weft_expr **out)
{
    weft_status st = WEFT_OK;
    const weft_expr *args[2];
    *out = NULL;
    for (int32_t c = 0; c < schema->count && c < COLUMNS_MAX && *out == NULL; c++) {
        const weft_type type = schema->fields[c].type;
        weft_value v = {.type = type};
        if (type.id == WEFT_TYPE_STRING) {
            v.str = weft_str_view("v1", 2);
        } else if (type.id == WEFT_TYPE_DECIMAL) {
            v.i128 = 1000;
        } else if (weft_type_is_integral(type)) {
            v.i64 = 100;
        } else {
            continue;
        }
        WEFT_TRY(st, weft_expr_ordinal(ctx, c, type, true, &args[0]));
        WEFT_TRY(st, weft_expr_literal(ctx, &v, &args[1]));
        WEFT_TRY(st, weft_expr_call(ctx, type.id == WEFT_TYPE_STRING ? "=" : "<", args, 2, NULL, out));
    }
done:
    return st;
}

static weft_status read_table(weft_ctx *ctx, const weft_format *format, const weft_table *table, unsigned how)
{
    weft_status st = WEFT_OK;
    static const int32_t columns[COLUMNS_MAX] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const weft_schema *schema = format->schema(table);
    const weft_expr *filter = NULL;
    weft_column_stats stats;
    weft_split *splits;
    weft_scan *scan = NULL;
    weft_batch batch;
    int32_t count;
    weft_scan_spec spec = {.column_count = schema->count < COLUMNS_MAX ? schema->count : COLUMNS_MAX,
                           .columns = columns,
                           .conjuncts = &filter,
                           .batch_rows = how & 8 ? 7 : 1024};
    for (int32_t c = 0; c < spec.column_count; c++) WEFT_TRY(st, format->stats(ctx, table, c, &stats));
    if (how & 4) WEFT_TRY(st, make_filter(ctx, schema, &filter));
    spec.conjunct_count = filter != NULL;
    WEFT_TRY(st, format->splits(ctx, table, &spec, how & 32 ? 3 : 1 << 20, &splits, &count));
    WEFT_TRY(st, format->scan_open(ctx, table, &spec, splits, count, &scan));
    for (int batches = 0; batches < 1000; batches++) {
        WEFT_TRY(st, format->scan_next(ctx, scan, &batch));
        if (batch.rows == 0) break;
        weft_touch_batch(&batch);
    }
done:
    if (scan != NULL) format->scan_close(&scan);
    return st;
}

static weft_status read_file(weft_ctx *ctx, weft_settings *settings, const char *path, int64_t size,
                             unsigned how)
{
    weft_status st = WEFT_OK;
    static int64_t times; /* footers are kept by path, size and time: none is met again */
    const weft_format *format = weft_format_find("parquet");
    const weft_file_info file = {.path = path, .size_bytes = size, .mtime_ns = ++times};
    weft_table *table = NULL;
    if (how & 1) WEFT_TRY(st, weft_settings_set(ctx, settings, "weft.scan.lateDecode", "false"));
    if (how & 2) WEFT_TRY(st, weft_settings_set(ctx, settings, "weft.exec.narrowDecimals", "false"));
    if (how & 16) WEFT_TRY(st, weft_settings_set(ctx, settings, "weft.scan.pageCache", "100k"));
    WEFT_TRY(st, format->open(ctx, &file, 1, NULL, 0, NULL, &table));
    WEFT_TRY(st, read_table(ctx, format, table, how));
done:
    if (table != NULL) format->close(&table);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    weft_settings settings;
    weft_ctx ctx;
    if (size < 1) return 0;
    const int fd = memfd_create("parquet", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(MEMORY_BYTES);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx_init(&ctx, arena, account, &settings);
    const weft_status st = read_file(&ctx, &settings, path, (int64_t)size, data[0] ^ 'P');
    if (st == WEFT_INTERNAL || (st != WEFT_OK && ctx.error.message[0] == '\0')) abort();
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    close(fd);
    return 0;
}
