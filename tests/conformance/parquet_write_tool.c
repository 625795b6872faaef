/* tests/conformance/parquet_write_tool.c - writes the sample rows as a Parquet file, for parquet_write.py.
 *
 *     parquet_write_tool FILE ROWS [option value]... */
#include <stdio.h>
#include <stdlib.h>

#include "common/settings.h"
#include "tests/support/parquet_sample.h"

int main(int argc, char **argv)
{
    if (argc < 3 || argc % 2 == 0) {
        fprintf(stderr, "usage: %s FILE ROWS [option value]...\n", argv[0]);
        return 2;
    }
    weft_settings settings;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "parquet_write_tool");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, account, &settings);
    int64_t bytes = 0;
    const weft_status st = weft_parquet_sample_write(&ctx, argv[1], atoll(argv[2]),
                                                     (const char *const *)argv + 3, (argc - 3) / 2, &bytes);
    if (st == WEFT_OK) printf("%lld\n", (long long)bytes);
    if (st != WEFT_OK) fprintf(stderr, "%s\n", ctx.error.message);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return st == WEFT_OK ? 0 : 1;
}
