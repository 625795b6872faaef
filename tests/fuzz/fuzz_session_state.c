/* tests/fuzz/fuzz_session_state.c - sessions of the journal, from bytes that nobody vouches for.
 *
 * What is decoded is whole, and encoded again it stays the same. */
#include <stdlib.h>
#include <string.h>

#include "common/settings.h"
#include "coordinator/session_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_view(const weft_view_definition *view)
{
    if (view->name[0] == 0 || (view->query == NULL) == (view->format == NULL)) abort();
    if (view->query != NULL && (view->file_count > 0 || view->option_count > 0)) abort();
    for (int32_t i = 0; i < view->file_count; i++)
        if ((size_t)view->files[i].base_bytes > strlen(view->files[i].path)) abort();
    for (int32_t i = 0; i < 2 * view->option_count; i++)
        if (view->options[i] == NULL) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static weft_settings settings;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(256 << 20);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx ctx;
    weft_session_state state, again;
    uint8_t *bytes = NULL, *same = NULL;
    size_t len = 0, same_len = 0;
    weft_ctx_init(&ctx, arena, account, &settings);
    if (weft_session_state_decode(&ctx, data, size, &state) == WEFT_OK) {
        for (int32_t i = 0; i < state.view_count; i++) check_view(&state.views[i]);
        if (weft_session_state_encode(&ctx, &state, &bytes, &len) != WEFT_OK) abort();
        if (weft_session_state_decode(&ctx, bytes, len, &again) != WEFT_OK) abort();
        if (weft_session_state_encode(&ctx, &again, &same, &same_len) != WEFT_OK) abort();
        if (len != same_len || memcmp(bytes, same, len) != 0) abort();
    }
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
