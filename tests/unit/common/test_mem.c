/* Memory: what is charged is what is held, limits hold, and any allocation may fail. */
#include "common/mem.h"

#include <pthread.h>

#include "common/limits.h"
#include "tests/support/fixture.h"

static void blocks_are_aligned_and_charged(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    const int64_t before = weft_account_used_bytes(f.account);
    for (size_t bytes = 0; bytes < 5000; bytes += 97) {
        void *block = NULL;
        weft_fixture_ok(&f, weft_mem_alloc_zero(&f.ctx, WEFT_MEM_RETAINED, bytes, &block));
        assert_int_equal((uintptr_t)block % 64, 0);
        assert_int_equal(weft_mem_size(block), bytes);
        for (size_t i = 0; i < bytes; i++) assert_int_equal(((uint8_t *)block)[i], 0);
        memset(block, 0xee, bytes); /* so that the next one is not zero by chance */
        assert_true(weft_account_used_bytes(f.account) >= before + (int64_t)bytes);
        assert_int_equal(weft_account_used_bytes(f.account), weft_pool_used_bytes(f.pool));
        weft_mem_free(block);
    }
    weft_mem_free(NULL);
    assert_int_equal(weft_account_used_bytes(f.account), before);
    assert_true(weft_pool_peak_bytes(f.pool) >= before + 4900);
    weft_fixture_close(&f);
}

static void resizing_keeps_the_contents(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    weft_test_random random = {weft_test_seed()};
    const int64_t before = weft_account_used_bytes(f.account);
    uint8_t *block = NULL;
    size_t bytes = 0;
    for (int round = 0; round < 300; round++) {
        const size_t next = (size_t)weft_test_random_range(&random, 0, round % 10 == 0 ? 1 << 20 : 3000);
        weft_fixture_ok(&f, weft_mem_resize(&f.ctx, WEFT_MEM_RETAINED, next, (void **)&block));
        assert_int_equal((uintptr_t)block % 64, 0);
        assert_int_equal(weft_mem_size(block), next);
        for (size_t i = 0; i < bytes && i < next; i++) assert_int_equal(block[i], (uint8_t)(i * 7));
        for (size_t i = 0; i < next; i++) block[i] = (uint8_t)(i * 7);
        bytes = next;
        assert_in_range(weft_account_used_bytes(f.account) - before, next,
                        next + 64 + 4095); /* whole pages */
    }
    weft_mem_free(block);
    assert_int_equal(weft_account_used_bytes(f.account), before);
    weft_fixture_close(&f);
}

typedef struct held_elsewhere {
    int32_t *released;
    char text[100];
} held_elsewhere;

static void release_elsewhere(void *contents)
{
    const held_elsewhere *held = contents;
    assert_string_equal(held->text, "still here");
    ++*held->released;
}

/* A block that stands for memory of somebody else: charged with it, refused with it, moved with it. */
static void holders_are_charged_what_they_hold(void **state)
{
    (void)state;
    enum { HELD = 3 << 20 };
    weft_fixture f;
    held_elsewhere *held = NULL, *more = NULL;
    int32_t released = 0;
    weft_fixture_open_limited(&f, 5 << 20);
    weft_account *other = weft_account_open(f.pool, "other");
    const int64_t before = weft_account_used_bytes(f.account);
    weft_fixture_ok(&f, weft_mem_alloc_holder(&f.ctx, WEFT_MEM_RETAINED, sizeof(*held), HELD,
                                              release_elsewhere, (void **)&held));
    assert_null(held->released);
    assert_int_equal(weft_mem_size(held), sizeof(*held));
    held->released = &released;
    snprintf(held->text, sizeof(held->text), "still here");
    assert_in_range(weft_account_used_bytes(f.account) - before, HELD, HELD + 1024);
    assert_int_equal(weft_mem_alloc_holder(&f.ctx, WEFT_MEM_RETAINED, sizeof(*more), HELD, release_elsewhere,
                                           (void **)&more),
                     WEFT_NOMEM);
    assert_null(more);
    weft_error_clear(&f.ctx);
    weft_mem_move(held, other);
    assert_int_equal(weft_account_used_bytes(f.account), before);
    assert_in_range(weft_account_used_bytes(other), HELD, HELD + 1024);
    assert_int_equal(released, 0);
    weft_mem_free(held);
    assert_int_equal(released, 1);
    assert_int_equal(weft_account_used_bytes(other), 0);
    weft_account_close(&other);
    weft_fixture_close(&f);
}

static void retained_memory_is_refused_first(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open_limited(&f, 1 << 20);
    void *block = NULL, *work = NULL, *more = NULL;
    weft_fixture_ok(&f, weft_mem_alloc(&f.ctx, WEFT_MEM_RETAINED, 900 << 10, &block));
    assert_true(weft_mem_would_refuse(&f.ctx, 200 << 10));
    assert_false(weft_mem_would_refuse(&f.ctx, 10 << 10));
    assert_int_equal(weft_mem_alloc(&f.ctx, WEFT_MEM_RETAINED, 200 << 10, &more), WEFT_NOMEM);
    assert_null(more);
    assert_non_null(strstr(f.ctx.error.message, "test")); /* the holder is named */
    assert_non_null(strstr(f.ctx.error.message, "1.0 MiB"));
    assert_true(strlen(f.ctx.error.hint) > 0);

    weft_fixture_ok(&f, weft_mem_alloc(&f.ctx, WEFT_MEM_WORKING, 2 << 20, &work));
    assert_true(weft_pool_free_bytes(f.pool) < 0);
    assert_int_equal(weft_mem_alloc(&f.ctx, WEFT_MEM_WORKING, (size_t)WEFT_MEM_HEADROOM_BYTES, &more),
                     WEFT_NOMEM);
    assert_int_equal(weft_mem_alloc(&f.ctx, WEFT_MEM_WORKING, SIZE_MAX - 5, &more), WEFT_NOMEM);

    /* A refused resize leaves the block and the charge as they were. */
    const int64_t used = weft_pool_used_bytes(f.pool);
    void *same = block;
    assert_int_equal(weft_mem_resize(&f.ctx, WEFT_MEM_RETAINED, 1100 << 10, &block), WEFT_NOMEM);
    assert_ptr_equal(block, same);
    assert_int_equal(weft_pool_used_bytes(f.pool), used);
    weft_mem_free(block);
    weft_mem_free(work);
    weft_fixture_close(&f);
}

static void blocks_move_between_accounts(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    weft_pool *other_pool = weft_pool_new(100);
    weft_account *store = weft_account_open(f.pool, "block store");
    weft_account *far = weft_account_open(other_pool, "far");
    const int64_t before = weft_account_used_bytes(f.account);
    void *block = NULL;
    weft_fixture_ok(&f, weft_mem_alloc(&f.ctx, WEFT_MEM_RETAINED, 1000, &block));
    const int64_t all = weft_pool_used_bytes(f.pool);
    weft_mem_move(block, store);
    assert_int_equal(weft_account_used_bytes(f.account), before);
    assert_true(weft_account_used_bytes(store) >= 1000);
    assert_int_equal(weft_pool_used_bytes(f.pool), all);
    weft_mem_move(block, far); /* never refused, also above the limit */
    assert_int_equal(weft_account_used_bytes(store), 0);
    assert_true(weft_pool_used_bytes(other_pool) >= 1000);
    weft_mem_free(block);
    assert_int_equal(weft_pool_used_bytes(other_pool), 0);
    weft_account_close(&store);
    assert_null(store);
    weft_account_close(&store);
    weft_account_close(&far);
    weft_pool_free(&other_pool);
    weft_fixture_close(&f);
}

typedef struct giver {
    void *block; /* what it can give back */
    int32_t asked;
} giver;

static int64_t give_back(weft_ctx *ctx, void *self, int64_t bytes)
{
    giver *g = self;
    (void)ctx;
    assert_true(bytes > 0);
    g->asked++;
    const int64_t freed = g->block == NULL ? 0 : (int64_t)weft_mem_size(g->block);
    weft_mem_free(g->block);
    g->block = NULL;
    return freed;
}

/* Refused retained memory is asked back from the pool's relief, and only that. */
static void refused_memory_is_asked_back(void **state)
{
    (void)state;
    weft_fixture f;
    giver g = {0};
    void *block = NULL;
    weft_fixture_open_limited(&f, 8 << 20);
    weft_fixture_ok(&f, weft_mem_alloc(&f.ctx, WEFT_MEM_RETAINED, 6 << 20, &g.block));
    weft_pool_set_relief(f.pool, give_back, &g);
    weft_fixture_ok(&f, weft_mem_alloc(&f.ctx, WEFT_MEM_WORKING, 5 << 20, &block)); /* in the headroom */
    assert_int_equal(g.asked, 0);
    weft_mem_free(block);
    block = NULL;
    weft_fixture_ok(&f, weft_mem_alloc(&f.ctx, WEFT_MEM_RETAINED, 1 << 20, &block));
    assert_int_equal(g.asked, 0); /* there was room */
    weft_fixture_ok(&f, weft_mem_resize(&f.ctx, WEFT_MEM_RETAINED, 5 << 20, &block));
    assert_int_equal(g.asked, 1);
    assert_null(g.block);
    assert_int_equal(weft_mem_resize(&f.ctx, WEFT_MEM_RETAINED, 9 << 20, &block), WEFT_NOMEM);
    assert_int_equal(g.asked, 2); /* nothing came: it is refused */
    weft_mem_free(block);
    weft_pool_set_relief(f.pool, NULL, NULL);
    weft_fixture_close(&f);
}

/* Up to its floor an account may retain memory beyond the limit, not beyond the headroom. */
static void a_floor_is_not_refused(void **state)
{
    (void)state;
    weft_fixture f;
    void *full = NULL, *least = NULL, *more = NULL;
    weft_fixture_open_limited(&f, 4 << 20);
    weft_account *const own = f.ctx.memory;
    weft_account *slot = weft_account_open(f.pool, "slot");
    weft_account_set_floor(slot, 2 << 20);
    weft_fixture_ok(&f, weft_mem_alloc(&f.ctx, WEFT_MEM_RETAINED, 15 << 18, &full));
    assert_int_equal(weft_mem_alloc(&f.ctx, WEFT_MEM_RETAINED, 1 << 20, &more), WEFT_NOMEM);
    f.ctx.memory = slot;
    weft_fixture_ok(&f, weft_mem_alloc(&f.ctx, WEFT_MEM_RETAINED, 1 << 20, &least));
    assert_int_equal(weft_mem_alloc(&f.ctx, WEFT_MEM_RETAINED, 1 << 20, &more), WEFT_NOMEM);
    weft_mem_move(least, own); /* what is charged to another no longer counts */
    weft_fixture_ok(&f, weft_mem_alloc(&f.ctx, WEFT_MEM_RETAINED, 1 << 20, &more));
    f.ctx.memory = own;
    weft_mem_free(full);
    weft_mem_free(least);
    weft_mem_free(more);
    weft_account_close(&slot);
    weft_fixture_close(&f);
}

static void the_largest_holders_are_described(void **state)
{
    (void)state;
    enum { HOLDERS = 9 };
    weft_fixture f;
    weft_fixture_open(&f);
    weft_account *accounts[HOLDERS];
    void *blocks[HOLDERS];
    for (int i = 0; i < HOLDERS; i++) {
        char name[80];
        snprintf(name, sizeof name, "holder %d with a name that is longer than names are kept", i);
        accounts[i] = weft_account_open(f.pool, name);
        weft_fixture_ok(
            &f, weft_mem_alloc(&f.ctx, WEFT_MEM_RETAINED, (size_t)((i * 5) % 9 + 1) << 20, &blocks[i]));
        weft_mem_move(blocks[i], accounts[i]);
    }
    char text[1000];
    weft_pool_describe(f.pool, text, sizeof text);
    const char *at = text;
    for (int mib = HOLDERS; mib > HOLDERS - 5; mib--) { /* 9, 8, 7, 6, 5 MiB, in this order */
        char want[32];
        snprintf(want, sizeof want, " %d.0 MiB", mib);
        at = strstr(at, want);
        assert_non_null(at);
    }
    for (size_t bytes = 0; bytes < 200; bytes++) { /* never beyond the room that there is */
        memset(text, 'x', sizeof text);
        weft_pool_describe(f.pool, text, bytes);
        assert_int_equal(text[bytes], 'x');
        if (bytes > 0) assert_true(strlen(text) < bytes);
    }
    for (int i = 0; i < HOLDERS; i++) {
        weft_mem_free(blocks[i]);
        weft_account_close(&accounts[i]);
    }
    weft_fixture_close(&f);
}

static void sizes_for_people(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(weft_bytes_text(0, text, sizeof text), "0 B");
    assert_string_equal(weft_bytes_text(1023, text, sizeof text), "1023 B");
    assert_string_equal(weft_bytes_text(1536, text, sizeof text), "1.5 KiB");
    assert_string_equal(weft_bytes_text(INT64_MAX, text, sizeof text), "8192.0 PiB");
    assert_string_equal(weft_bytes_text(-3 * (1 << 20), text, sizeof text), "-3.0 MiB");
}

static void the_nth_allocation_fails(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    void *block = NULL;
    weft_mem_fail_after(3);
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(weft_mem_alloc(&f.ctx, WEFT_MEM_WORKING, 8, &block), i == 3 ? WEFT_NOMEM : WEFT_OK);
        weft_mem_free(block);
    }
    assert_int_equal(weft_mem_fail_after(0), 5);
    assert_int_equal(weft_mem_alloc(&f.ctx, WEFT_MEM_WORKING, 8, &block), WEFT_OK);
    weft_mem_free(block);
    assert_int_equal(weft_mem_fail_after(0), 0); /* off: not counted */
    weft_fixture_close(&f);
}

static void arenas_give_zeroed_aligned_pieces(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    weft_test_random random = {weft_test_seed()};
    const int64_t empty = weft_account_used_bytes(f.account);
    for (int round = 0; round < 3; round++) {
        uint8_t *pieces[500];
        size_t sizes[500];
        for (int i = 0; i < 500; i++) {
            sizes[i] = (size_t)weft_test_random_range(&random, 0, i % 50 == 0 ? 300000 : 200);
            weft_fixture_ok(&f, weft_arena_alloc(&f.ctx, f.arena, sizes[i], (void **)&pieces[i]));
            assert_int_equal((uintptr_t)pieces[i] % 16, 0);
            for (size_t k = 0; k < sizes[i]; k++) assert_int_equal(pieces[i][k], 0);
            memset(pieces[i], i, sizes[i]);
        }
        for (int i = 0; i < 500; i++) {
            for (size_t k = 0; k < sizes[i]; k++) assert_int_equal(pieces[i][k], (uint8_t)i);
        }
        weft_arena_reset(f.arena);
        assert_int_equal(weft_account_used_bytes(f.account), empty);
    }
    void *none = f.arena;
    assert_int_equal(weft_arena_alloc(&f.ctx, f.arena, SIZE_MAX, &none), WEFT_NOMEM);
    assert_null(none);
    weft_fixture_close(&f);
}

static void arenas_keep_text(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    char *text = NULL, longer[1000];
    weft_fixture_ok(&f, weft_arena_copy(&f.ctx, f.arena, "abcdef", 3, &text));
    assert_string_equal(text, "abc");
    weft_fixture_ok(&f, weft_arena_copy(&f.ctx, f.arena, NULL, 0, &text));
    assert_string_equal(text, "");
    weft_fixture_ok(&f, weft_arena_printf(&f.ctx, f.arena, &text, "%s-%d", "x", 7));
    assert_string_equal(text, "x-7");
    memset(longer, 'y', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    for (size_t len = 250; len < 260; len++) { /* around the size of the first try */
        weft_fixture_ok(&f, weft_arena_printf(&f.ctx, f.arena, &text, "%.*s", (int)len, longer));
        assert_int_equal(strlen(text), len);
    }
    int64_t *numbers = NULL;
    weft_fixture_ok(&f, WEFT_NEW_ARRAY(&f.ctx, 10, &numbers));
    assert_int_equal(numbers[9], 0);
    weft_fixture_ok(&f, WEFT_NEW_ARRAY(&f.ctx, 0, &numbers));
    assert_non_null(numbers);
    weft_fixture_close(&f);
}

static weft_status take_all_kinds(weft_fixture *f, void *arg)
{
    (void)arg;
    weft_status st = WEFT_OK;
    void *a = NULL, *b = NULL;
    char *text = NULL;
    WEFT_TRY(st, weft_mem_alloc(&f->ctx, WEFT_MEM_RETAINED, 100, &a));
    WEFT_TRY(st, weft_mem_resize(&f->ctx, WEFT_MEM_RETAINED, 200, &a));
    WEFT_TRY(st, weft_mem_alloc_zero(&f->ctx, WEFT_MEM_WORKING, 100, &b));
    WEFT_TRY(st, weft_arena_printf(&f->ctx, f->arena, &text, "%5000d", 1));
    WEFT_TRY(st, weft_arena_printf(&f->ctx, f->arena, &text, "%d", 1));
done:
    weft_mem_free(a);
    weft_mem_free(b);
    return st;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    weft_fixture_oom_sweep(take_all_kinds, NULL);

    weft_fixture f;
    weft_fixture_open(&f);
    weft_mem_fail_after(1);
    assert_null(weft_pool_new(10));
    weft_mem_fail_after(1);
    assert_null(weft_account_open(f.pool, "x"));
    for (int n = 1; n <= 2; n++) {
        weft_mem_fail_after(n);
        assert_null(weft_arena_new(f.account));
    }
    weft_mem_fail_after(0);
    weft_fixture_close(&f);
}

static void *hammer(void *arg)
{
    weft_account *account = arg;
    weft_ctx ctx;
    weft_settings settings;
    weft_settings_init(&settings);
    weft_ctx_init(&ctx, NULL, account, &settings);
    for (int i = 0; i < 3000; i++) {
        void *block = NULL;
        const weft_status st = weft_mem_alloc(&ctx, WEFT_MEM_RETAINED, (size_t)(i % 300) + 1, &block);
        assert(st == WEFT_OK || st == WEFT_NOMEM);
        if (i % 3 == 0 && block != NULL) {
            const weft_status resized = weft_mem_resize(&ctx, WEFT_MEM_RETAINED, 500, &block);
            assert(resized == WEFT_OK || resized == WEFT_NOMEM);
        }
        weft_mem_free(block);
    }
    return NULL;
}

static void threads_share_a_pool(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    weft_fixture f;
    weft_fixture_open_limited(&f, 8192);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, f.account), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_true(weft_pool_peak_bytes(f.pool) <= 8192);
    weft_fixture_close(&f); /* asserts that nothing is left */
}

WEFT_TESTS(WEFT_TEST(blocks_are_aligned_and_charged), WEFT_TEST(resizing_keeps_the_contents),
           WEFT_TEST(holders_are_charged_what_they_hold), WEFT_TEST(retained_memory_is_refused_first),
           WEFT_TEST(blocks_move_between_accounts), WEFT_TEST(refused_memory_is_asked_back),
           WEFT_TEST(a_floor_is_not_refused), WEFT_TEST(the_largest_holders_are_described),
           WEFT_TEST(sizes_for_people), WEFT_TEST(the_nth_allocation_fails),
           WEFT_TEST(arenas_give_zeroed_aligned_pieces), WEFT_TEST(arenas_keep_text),
           WEFT_TEST(every_allocation_may_fail), WEFT_TEST(threads_share_a_pool))
