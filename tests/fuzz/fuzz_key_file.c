/* tests/fuzz/fuzz_key_file.c - key files of any bytes: what is taken for a key is printed and read as the
 * same, and no message shows what may be a secret. */
#include <stdlib.h>
#include <string.h>

#include "common/key_file.h"
#include "common/mem.h"
#include "common/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(weft_ctx *ctx, const weft_key_file *file)
{
    char text[WEFT_KEY_FILE_BYTES];
    weft_key_file again;
    const size_t len = weft_key_file_print(file, text);
    if (len >= sizeof(text) || strlen(text) != len) abort();
    if (weft_key_file_parse(ctx, "fuzz", text, len, &again) != WEFT_OK) abort();
    if (memcmp(file, &again, sizeof(again)) != 0) abort();
    const bool has_user = weft_key_user_check(ctx, file->who.user) == WEFT_OK;
    if (has_user != (file->who.role == WEFT_ROLE_CLIENT)) abort();
}

enum { SECRET_BYTES = 16 /* no word of a message is so long */ };

/* The value of a line that says secret-key, even when it is wrong. */
static void check_message(const weft_error *error, const uint8_t *data, size_t size)
{
    static const char name[] = "secret-key = ";
    for (size_t i = 0; i + sizeof(name) + SECRET_BYTES < size; i++) {
        char secret[SECRET_BYTES + 1] = "";
        if (memcmp(data + i, name, sizeof(name) - 1) != 0) continue;
        memcpy(secret, data + i + sizeof(name) - 1, sizeof(secret) - 1);
        if (strlen(secret) == SECRET_BYTES && strchr(secret, ' ') == NULL &&
            strstr(error->message, secret) != NULL)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_settings settings;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_key_file file;
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, account, &settings);
    if (weft_key_file_parse(&ctx, "fuzz", (const char *)data, size, &file) == WEFT_OK)
        check_round_trip(&ctx, &file);
    else if (ctx.error.code != WEFT_INVALID || ctx.error.message[0] == 0)
        abort();
    else
        check_message(&ctx.error, data, size);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
