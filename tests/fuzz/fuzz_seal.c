/* tests/fuzz/fuzz_seal.c - what is not sealed by us does not open, whatever it is; what is, opens as it was,
 * and not when a bit of it changes; texts of secret files of any bytes. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/secret_file.h"
#include "common/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 4096 };

static void check_round_trip(weft_ctx *ctx, const weft_seal *seal, const uint8_t *data, size_t size)
{
    uint8_t sealed[MOST + WEFT_SEAL_MORE_BYTES], opened[MOST];
    const size_t whole = size + WEFT_SEAL_MORE_BYTES;
    if (weft_seal_lock(ctx, seal, "p", data, size, sealed) != WEFT_OK) abort();
    if (weft_seal_unlock(ctx, seal, "p", sealed, whole, opened) != WEFT_OK) abort();
    if (memcmp(opened, data, size) != 0) abort();
    const size_t at = (size * 31 + data[0]) % whole;
    sealed[at] ^= (uint8_t)(1 << data[0] % 8);
    if (weft_seal_unlock(ctx, seal, "p", sealed, whole, opened) == WEFT_OK) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[WEFT_SEAL_KEY_BYTES] = "a key that fuzzes, of 32 bytes.";
    uint8_t opened[MOST], keys[WEFT_SEAL_KEYS_MAX * WEFT_SEAL_KEY_BYTES];
    weft_zookeeper_login login;
    weft_seal *seal = NULL;
    weft_ctx ctx;
    weft_settings settings;
    int32_t count = 0;
    if (size == 0 || size > MOST) return 0;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_ctx_init(&ctx, NULL, account, &settings);
    if (weft_seal_open_keys(&ctx, key, 1, &seal) != WEFT_OK) abort();
    if (weft_seal_unlock(&ctx, seal, "p", data, size, opened) == WEFT_OK) abort();
    check_round_trip(&ctx, seal, data, size);
    (void)!weft_secret_parse_seal(&ctx, "f", (const char *)data, size, keys, &count);
    if (count < 0 || count > WEFT_SEAL_KEYS_MAX) abort();
    if (weft_secret_parse_login(&ctx, "f", (const char *)data, size, &login) == WEFT_OK &&
        (login.user[0] == 0 || login.password[0] == 0))
        abort();
    weft_seal_close(&seal);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
