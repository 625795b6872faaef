/* tests/fuzz/fuzz_zone.c - TZif files of any bytes: what is taken for a zone can be asked for any time. */
#include <stdlib.h>

#include "common/settings.h"
#include "engine/expr/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(weft_zone *zone)
{
    static const int64_t years[] = {-9000, -300, -70, 0, 30, 54, 67, 68, 400, 468, 870, 9000, 280000};
    for (int32_t i = 0; i < WEFT_COUNT(years); i++) {
        for (int64_t hour = 0; hour < 8784; hour += 611) {
            const int64_t us = years[i] * 31556952000000 + hour * 3600000000;
            const int64_t local = weft_zone_to_local(zone, us);
            (void)weft_zone_to_utc_near(zone, local, us);
            (void)weft_zone_to_utc(zone, local);
        }
        (void)weft_zone_midnight(zone, (int32_t)(years[i] * 365));
    }
    (void)weft_zone_to_utc(zone, INT64_MIN);
    (void)weft_zone_to_utc(zone, INT64_MAX);
    (void)weft_zone_midnight(zone, INT32_MIN);
    (void)weft_zone_midnight(zone, INT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_settings settings;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_zone *zone = NULL;
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, account, &settings);
    const weft_status st = weft_zone_parse(&ctx, "fuzz", data, size, &zone);
    if ((st == WEFT_OK) != (zone != NULL)) abort();
    if (zone != NULL) ask(zone);
    weft_zone_close(&zone);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
