/* tests/fuzz/fuzz_sketch.c - sketches come from outside: what is read as one can be asked, merged and
 * written, and what was written reads back with the same answers. The first byte chooses the kind. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/settings.h"
#include "engine/expr/sketch/hll.h"
#include "engine/expr/sketch/kll.h"
#include "engine/expr/sketch/theta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good) abort();
}

static void check_hll(const uint8_t *bytes, size_t size)
{
    if (!weft_hll_valid(bytes, size)) return;
    (void)weft_hll_estimate(bytes, size);
    const int lg = weft_hll_lg_k(bytes);
    if (lg > 12) return; /* only time */
    const size_t room = weft_hll_room_most(lg);
    uint8_t *sketch = calloc(1, room);
    must(sketch != NULL);
    weft_hll_start(sketch, lg);
    weft_hll_merge(sketch, room, lg, bytes, size);
    for (uint64_t k = 0; k < 1000; k++) weft_hll_update(sketch, room, &k, sizeof k);
    weft_hll_merge(sketch, room, lg, bytes, size);
    must(weft_hll_valid(sketch, room));
    (void)weft_hll_estimate(sketch, room);
    free(sketch);
}

static void check_theta(weft_ctx *ctx, weft_theta_kind kind, const uint8_t *bytes, size_t size)
{
    weft_theta_list list = {0}, again = {0};
    bool good = false;
    must(weft_theta_read(ctx, kind, bytes, size, &list, &good) == WEFT_OK);
    if (good) {
        weft_theta_sort(&list, 26);
        const uint64_t room = weft_theta_room(NULL, kind, 4, (uint64_t)list.count);
        uint8_t *state = calloc(1, (size_t)room), *written = malloc(weft_theta_write_room(&list));
        must(state != NULL && written != NULL);
        weft_theta_start(state, (size_t)room, kind, WEFT_THETA_SUM, 4);
        weft_theta_union(state, &list);
        const size_t len = weft_theta_write(kind, WEFT_THETA_SUM, &list, written);
        must(len <= weft_theta_write_room(&list));
        must(weft_theta_read(ctx, kind, written, len, &again, &good) == WEFT_OK);
        must(good && again.count == list.count && again.theta == list.theta);
        weft_theta_intersect(kind, WEFT_THETA_SUM, &list, &again);
        weft_theta_subtract(&list, &again);
        must(list.count == 0);
        free(state);
        free(written);
    }
    weft_mem_free(list.entries);
    weft_mem_free(again.entries);
}

static void check_kll(weft_ctx *ctx, weft_kll_type type, const uint8_t *bytes, size_t size)
{
    uint8_t *sketch = NULL, *again = NULL, *both = NULL, *written = NULL;
    weft_kll_view view = {0};
    bool good = false;
    must(weft_kll_read(ctx, type, bytes, size, &sketch, &good) == WEFT_OK);
    if (good && weft_kll_n(sketch) > 0) {
        must(weft_kll_view_new(ctx, sketch, &view) == WEFT_OK);
        (void)weft_kll_rank(&view, weft_kll_quantile(&view, 0.5));
        const size_t room = (size_t)weft_kll_merge_room(NULL, 8, sketch);
        both = calloc(1, room);
        written = malloc(weft_kll_bytes(sketch));
        must(both != NULL && written != NULL);
        weft_kll_start(both, type, 8);
        must(weft_kll_merge(ctx, both, sketch) == WEFT_OK);
        must(weft_kll_state_valid(both, room) && weft_kll_n(both) == weft_kll_n(sketch));
        weft_kll_write(sketch, written);
        must(weft_kll_read(ctx, type, written, weft_kll_bytes(sketch), &again, &good) == WEFT_OK && good);
        must(weft_kll_n(again) == weft_kll_n(sketch));
    }
    weft_kll_view_free(&view);
    weft_mem_free(sketch);
    weft_mem_free(again);
    free(both);
    free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 100000) return 0;
    weft_settings settings;
    weft_settings_init(&settings);
    weft_pool *pool = weft_pool_new(INT64_MAX);
    weft_account *account = weft_account_open(pool, "fuzz");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, account, &settings);
    uint8_t *bytes = malloc(size > 1 ? size - 1 : 1); /* its own, so that a read past the end is seen */
    must(bytes != NULL);
    memcpy(bytes, data + 1, size - 1);
    const int kind = data[0] % 7;
    if (kind == 0)
        check_hll(bytes, size - 1);
    else if (kind < 4)
        check_theta(&ctx, (weft_theta_kind)(kind - 1), bytes, size - 1);
    else
        check_kll(&ctx, (weft_kll_type)(kind - 4), bytes, size - 1);
    free(bytes);
    weft_arena_free(&arena);
    weft_account_close(&account);
    weft_pool_free(&pool);
    return 0;
}
