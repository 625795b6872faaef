/* tests/fuzz/fuzz_type.c - names of types: what is read writes itself as text that reads back as the same
 * type. */
#include <stdlib.h>
#include <string.h>

#include "common/settings.h"
#include "engine/columnar/type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(weft_ctx *ctx, const char *text)
{
    static char written[1 << 16];
    weft_type type, back;
    if (weft_type_parse(ctx, text, &type) != WEFT_OK) return;
    weft_type_text(type, written, sizeof written);
    if (strlen(written) == sizeof written - 1) return; /* cut */
    if (weft_type_parse(ctx, written, &back) != WEFT_OK || !weft_type_equal(type, back)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 10000) return 0;
    weft_settings settings;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, account, &settings);
    char *text = malloc(size + 1);
    if (text == NULL) abort();
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    check(&ctx, text);
    free(text);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
