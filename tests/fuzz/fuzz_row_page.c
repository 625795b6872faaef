/* tests/fuzz/fuzz_row_page.c - pages of rows from bytes that nobody vouches for.
 *
 * The first byte chooses the types of the columns, the rest is the page. Its sizes are made right in one of
 * two runs, so that the checks behind them are met. A page that passes is rebased, copied, gathered and
 * unpacked, and the copy must be equal to it. */
#include <stdlib.h>
#include <string.h>

#include "common/settings.h"
#include "engine/columnar/nested.h"
#include "engine/columnar/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const layouts[][3] = {
    {"bigint", "string", "boolean"},
    {"string", "string", "decimal(38,2)"},
    {"array<int>", "int", "map<string,array<double>>"},
    {"struct<a:string,b:array<struct<c:boolean,d:string>>>", "void", "binary"},
};
enum { COLUMNS = 3, LAYOUTS = sizeof layouts / sizeof layouts[0], ROWS_MAX = 4096 };

static void must(weft_status st)
{
    if (st != WEFT_OK) abort();
}

static void read_column(weft_ctx *ctx, const weft_row_layout *layout, int32_t c, const uint8_t *const *rows,
                        int32_t count)
{
    static weft_str values[ROWS_MAX];
    static uint64_t validity[ROWS_MAX / 64];
    bool has_nulls = false;
    weft_vector nested = {0};
    weft_rows_gather(layout, c, rows, count, NULL, values, validity, &has_nulls);
    if (layout->types[c].child_count == 0) return;
    must(weft_vector_init(ctx, layout->types[c], count, &nested));
    must(weft_nested_unpack(ctx, values, has_nulls ? validity : NULL, 0, count, &nested));
    for (int32_t i = 0; i < count; i++) {
        if (weft_column_is_null(&nested.column, i)) continue;
        if (!weft_nested_equal(&nested.column, i, (const uint8_t *)weft_str_data(&values[i]))) abort();
    }
    weft_vector_deinit(&nested);
}

static void read_page(weft_ctx *ctx, const weft_row_layout *layout, const weft_row_page *page)
{
    static const uint8_t *rows[ROWS_MAX];
    static const int32_t all[COLUMNS] = {0, 1, 2};
    weft_row_set copy = {0};
    const int32_t count = (int32_t)(page->rows < ROWS_MAX ? page->rows : ROWS_MAX);
    for (int32_t i = 0; i < count; i++) rows[i] = weft_row_page_rows(page) + (size_t)i * page->row_bytes;
    for (int32_t c = 0; c < COLUMNS; c++) read_column(ctx, layout, c, rows, count);
    must(weft_rows_append_rows(ctx, layout, &copy, rows, count));
    int32_t at = 0;
    for (const weft_row_page *p = copy.first; p != NULL; p = p->next) {
        for (uint32_t i = 0; i < p->rows; i++, at++) {
            const uint8_t *row = weft_row_page_rows(p) + (size_t)i * p->row_bytes;
            if (!weft_rows_equal(layout, all, COLUMNS, row, rows[at])) abort();
        }
    }
    weft_rows_clear(&copy);
}

static void try_page(weft_ctx *ctx, const weft_row_layout *layout, const uint8_t *data, uint32_t size,
                     bool fix)
{
    weft_row_page *page = NULL;
    must(weft_row_page_new(ctx, layout, size < WEFT_ROW_PAGE_HEADER ? WEFT_ROW_PAGE_HEADER : size, &page));
    memcpy(page, data, size);
    if (fix) {
        page->bytes = size;
        page->row_bytes = (uint32_t)layout->row_bytes;
    }
    const weft_status verdict = weft_row_page_validate(ctx, layout, page, size);
    if (weft_row_page_arrive(ctx, layout, page, size) != verdict) abort();
    if (verdict == WEFT_OK) read_page(ctx, layout, page);
    weft_row_page_free(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > (1 << 20)) return 0;
    weft_settings settings;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, account, &settings);
    weft_type types[COLUMNS];
    weft_row_layout layout;
    for (int32_t c = 0; c < COLUMNS; c++)
        must(weft_type_parse(&ctx, layouts[data[0] % LAYOUTS][c], &types[c]));
    must(weft_row_layout_init(&ctx, types, COLUMNS, &layout));
    try_page(&ctx, &layout, data + 1, (uint32_t)size - 1, false);
    try_page(&ctx, &layout, data + 1, (uint32_t)size - 1, true);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
