/* tests/fuzz/fuzz_commit.c - commit records from bytes that nobody vouches for.
 *
 * The input is decoded as it is, and once more with its checksum made right, so that the parser behind it is
 * met. What decodes must have no way out of the paths that it names, and encode to the same bytes again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/settings.h"
#include "engine/storage/commit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *path)
{
    if (path[0] == '/' || path[0] == 0 || strstr(path, "/../") != NULL || strncmp(path, "../", 3) == 0)
        abort();
}

/* Files of a partition that lies elsewhere go to absolute paths. */
static void check_target(const char *path) { check_path(path + (path[0] == '/')); }

static void check(weft_ctx *ctx, const char *bytes, size_t size)
{
    weft_commit_manifest manifest;
    char *again;
    int64_t len;
    if (weft_commit_decode(ctx, bytes, (int64_t)size, &manifest) != WEFT_OK) return;
    for (int32_t i = 0; i < manifest.publish_count; i++) {
        check_path(manifest.publish[i].from);
        check_target(manifest.publish[i].to);
    }
    for (int32_t i = 0; i < manifest.remove_count; i++) check_target(manifest.remove[i]);
    weft_commit_manifest back;
    if (weft_commit_encode(ctx, &manifest, &again, &len) != WEFT_OK) abort();
    if (weft_commit_decode(ctx, again, len, &back) != WEFT_OK) abort();
    if (back.publish_count != manifest.publish_count || back.remove_count != manifest.remove_count) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_settings settings;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, account, &settings);
    char *sealed = malloc(size + 16);
    if (sealed == NULL) abort();
    check(&ctx, (const char *)data, size);
    if (size > 0) memcpy(sealed, data, size);
    snprintf(sealed + size, 16, "end %08x\n", weft_crc32c(0, data, size));
    check(&ctx, sealed, size + 13);
    free(sealed);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
