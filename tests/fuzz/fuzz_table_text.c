/* tests/fuzz/fuzz_table_text.c - definitions of tables, which lie in a folder that others can write to.
 *
 * What decodes must hold what statements rely on, and encode to a text that decodes to the same again. */
#include <stdlib.h>
#include <string.h>

#include "common/settings.h"
#include "engine/catalog/table_text.h"
#include "engine/plan/table_layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(weft_ctx *ctx, char *text)
{
    weft_table_definition d = {.database = "default"}, again = {.database = "default"};
    const char *encoded = NULL;
    char *copy = NULL;
    size_t len = 0;
    if (weft_table_text_decode(ctx, "fuzz", text, &d) != WEFT_OK) return;
    for (int32_t i = 0; i < d.bucket_name_count; i++)
        if (weft_table_find_column(&d, d.bucket_names[i]) < 0) abort();
    for (int32_t i = 0; i < d.sort_name_count; i++)
        if (weft_table_find_column(&d, d.sort_names[i]) < 0) abort();
    if (d.partition_count < 0 || d.partition_count > d.column_count) abort();
    if (weft_table_text_encode(ctx, &d, &encoded, &len) != WEFT_OK) abort();
    if (weft_arena_copy(ctx, ctx->arena, encoded, len, &copy) != WEFT_OK) abort();
    if (weft_table_text_decode(ctx, "fuzz", copy, &again) != WEFT_OK) abort();
    if (again.column_count != d.column_count || again.partition_count != d.partition_count ||
        again.bucket_count != d.bucket_count || strcmp(again.name, d.name) != 0 ||
        (again.query == NULL) != (d.query == NULL) || again.property_count != d.property_count)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_settings settings;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx ctx;
    char *text = NULL;
    weft_ctx_init(&ctx, arena, account, &settings);
    if (weft_arena_copy(&ctx, arena, data, size, &text) != WEFT_OK) abort();
    check(&ctx, text);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
