/* Large memory: pieces never overlap, keep their contents, come back zero when they say so, and can be given
 * up. */
#include "common/mem_large.h"

#include "common/mem.h"
#include "tests/support/fixture.h"

enum { PIECES = 40 };

typedef struct piece {
    weft_large_block block;
    size_t bytes; /* asked for */
    uint64_t mark;
} piece;

static size_t random_bytes(weft_test_random *r)
{
    static const int64_t most[] = {64 << 10, 300 << 10, 4 << 20, 5 << 20, 20 << 20};
    return (size_t)weft_test_random_range(r, 1, most[weft_test_random_range(r, 0, 4)]);
}

/* Both ends of every page carry the mark, so that an overlap shows without touching all. */
static void mark(piece *p, size_t from)
{
    for (size_t at = weft_round_up(from, 4096); at + 8 <= p->bytes; at += 4096)
        memcpy(p->block.base + at, &p->mark, 8);
}

static void check(const piece *p, size_t bytes)
{
    for (size_t at = 0; at + 8 <= bytes; at += 4096) assert_memory_equal(p->block.base + at, &p->mark, 8);
}

static void pieces_keep_to_themselves(void **state)
{
    (void)state;
    weft_test_random random = {weft_test_seed()};
    weft_large large;
    piece pieces[PIECES] = {0};
    weft_large_init(&large);
    for (int step = 0; step < 3000; step++) {
        piece *p = &pieces[weft_test_random_range(&random, 0, PIECES - 1)];
        const size_t bytes = random_bytes(&random);
        if (p->bytes == 0) {
            assert_true(weft_large_take(&large, bytes, &p->block));
            assert_true(p->block.bytes >= bytes);
            assert_int_equal((uintptr_t)p->block.base % 4096, 0);
            if (p->block.zero) {
                for (size_t at = 0; at < bytes; at += 512) assert_int_equal(p->block.base[at], 0);
            }
            p->bytes = bytes;
            p->mark = weft_test_random_u64(&random);
            mark(p, 0);
        } else if (step % 3 == 0) {
            const size_t least = bytes < p->bytes ? bytes : p->bytes;
            const weft_large_block before = p->block;
            if (weft_large_resize(&large, bytes, &p->block)) {
                assert_true(p->block.bytes >= bytes);
                check(p, least);
                p->bytes = bytes;
                mark(p, least);
            } else {
                assert_memory_equal(&before, &p->block, sizeof before);
            }
        } else {
            check(p, p->bytes);
            weft_large_give(&large, &p->block);
            p->bytes = 0;
        }
        if (step % 500 == 499) weft_large_trim(&large, step % 1000 == 999 ? INT64_MAX : 10 << 20);
        for (int i = 0; step % 100 == 0 && i < PIECES; i++) check(&pieces[i], pieces[i].bytes);
    }
    for (int i = 0; i < PIECES; i++) {
        check(&pieces[i], pieces[i].bytes);
        if (pieces[i].bytes > 0) weft_large_give(&large, &pieces[i].block);
    }
    assert_true(atomic_load(&large.kept_bytes) > 0);
    weft_large_trim(&large, INT64_MAX);
    assert_int_equal(atomic_load(&large.kept_bytes), 0);
    weft_large_deinit(&large);
}

static void what_is_given_back_comes_again(void **state)
{
    (void)state;
    static const size_t sizes[] = {100 << 10, 256 << 10, 4 << 20, 9 << 20};
    weft_large large;
    weft_large_init(&large);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        weft_large_block a, b;
        assert_true(weft_large_take(&large, sizes[i], &a));
        assert_true(a.zero);
        memset(a.base, 1, sizes[i]);
        weft_large_give(&large, &a);
        assert_in_range(atomic_load(&large.kept_bytes), sizes[i], sizes[i] + 4096);
        assert_true(weft_large_take(&large, sizes[i] - 5000, &b)); /* a little less is found too */
        assert_ptr_equal(b.base, a.base);
        assert_false(b.zero);
        weft_large_give(&large, &b);
        weft_large_trim(&large, INT64_MAX);
        assert_true(weft_large_take(&large, sizes[i], &a));
        assert_true(a.zero);
        for (size_t at = 0; at < sizes[i]; at += 64) assert_int_equal(a.base[at], 0);
        weft_large_give(&large, &a);
        weft_large_trim(&large, INT64_MAX);
    }
    weft_large_deinit(&large);
}

static void a_region_fills_without_holes(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    weft_large large;
    weft_large_block blocks[COUNT];
    weft_large_init(&large);
    for (int i = 0; i < COUNT; i++) assert_true(weft_large_take(&large, 256 << 10, &blocks[i]));
    const int64_t before = atomic_load(&large.kept_bytes); /* the rest of the last huge page */
    assert_in_range(before, 0, (2 << 20) - 1);
    for (int i = 0; i < COUNT; i += 2) weft_large_give(&large, &blocks[i]);
    assert_int_equal(atomic_load(&large.kept_bytes) - before, COUNT / 2 * (256 << 10));
    weft_large_block whole;
    assert_true(weft_large_take(&large, 512 << 10, &whole)); /* no hole is that wide */
    assert_true(whole.zero);
    for (int i = 0; i < COUNT; i += 2) assert_true(weft_large_take(&large, 256 << 10, &blocks[i]));
    assert_in_range(atomic_load(&large.kept_bytes), 0, (2 << 20) - 1); /* the holes were filled first */
    for (int i = 0; i < COUNT; i++) weft_large_give(&large, &blocks[i]);
    weft_large_give(&large, &whole);
    weft_large_deinit(&large);
}

static int64_t resident_bytes(void)
{
    long pages = 0, whole = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", &whole, &pages), 2);
    fclose(file);
    return (int64_t)pages * 4096;
}

/* What blocks use and what is kept is never less than what the process got, whatever was given back, and in
 * which pieces. */
static void all_that_is_resident_is_counted(void **state)
{
    (void)state;
    enum { COUNT = 2000, SLACK = 1 << 20 };
    static weft_large_block blocks[COUNT];
    memset(blocks, 0, sizeof blocks);
    weft_test_random random = {weft_test_seed()};
    weft_large large;
    int64_t used = 0;
    weft_large_init(&large);
    const int64_t before = resident_bytes();
    for (int step = 0; step < 15000; step++) {
        weft_large_block *b = &blocks[weft_test_random_range(&random, 0, COUNT - 1)];
        const bool shrink = step / 2500 % 2 == 1; /* waves: sparse regions are where memory hides */
        if (b->bytes > 0) {
            used -= (int64_t)b->bytes;
            weft_large_give(&large, b);
            *b = (weft_large_block){0};
        } else if (!shrink || step % 8 == 0) {
            const int64_t most = step % 100 == 0 ? 3 << 20 : 60 << 10;
            const size_t bytes = (size_t)weft_test_random_range(&random, 1, most);
            assert_true(weft_large_take(&large, bytes, b));
            memset(b->base, 1, b->bytes);
            used += (int64_t)b->bytes;
        }
        if (step % 300 == 0) weft_large_trim(&large, step % 600 == 0 ? INT64_MAX : 5 << 20);
        if (step % 100 == 0)
            assert_true(resident_bytes() - before <= used + atomic_load(&large.kept_bytes) + SLACK);
    }
    for (int i = 0; i < COUNT; i++) {
        if (blocks[i].bytes > 0) weft_large_give(&large, &blocks[i]);
    }
    weft_large_trim(&large, INT64_MAX);
    assert_int_equal(atomic_load(&large.kept_bytes), 0);
    assert_true(resident_bytes() - before <= SLACK);
    weft_large_deinit(&large);
}

/* Through the pool: zeroed memory is zero also where it was used before, and a pool near its limit keeps
 * nothing. */
static void pools_use_it_within_their_limit(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open_limited(&f, 64 << 20);
    weft_test_random random = {weft_test_seed()};
    for (int round = 0; round < 200; round++) {
        const size_t bytes =
            (size_t)weft_test_random_range(&random, 20 << 10, round % 20 == 0 ? 30 << 20 : 600 << 10);
        void *a = NULL;
        weft_fixture_ok(&f, weft_mem_alloc_zero(&f.ctx, WEFT_MEM_RETAINED, bytes, &a));
        assert_int_equal((uintptr_t)a % 64, 0);
        for (size_t i = 0; i + 8 <= bytes; i += 8)
            assert_int_equal(*(uint64_t *)(void *)((uint8_t *)a + (i & ~(size_t)7)), 0);
        memset(a, 0xcc, bytes);
        weft_mem_free(a);
    }
    const int64_t together = weft_pool_used_bytes(f.pool) + weft_pool_kept_bytes(f.pool);
    assert_true(together <= (128 << 20)); /* the limit and the headroom */
    weft_pool_trim(f.pool);
    assert_int_equal(weft_pool_kept_bytes(f.pool), 0);
    weft_fixture_close(&f);
}

static void *churn(void *arg)
{
    weft_large *large = arg;
    weft_test_random random = {weft_test_seed()};
    piece pieces[8] = {0};
    for (int step = 0; step < 4000; step++) {
        piece *p = &pieces[weft_test_random_range(&random, 0, 7)];
        if (p->bytes > 0) {
            check(p, p->bytes);
            weft_large_give(large, &p->block);
            p->bytes = 0;
        } else {
            p->bytes = (size_t)weft_test_random_range(&random, 1, step % 50 == 0 ? 6 << 20 : 200 << 10);
            if (!weft_large_take(large, p->bytes, &p->block)) abort();
            p->mark = weft_test_random_u64(&random);
            mark(p, 0);
        }
        if (step % 1000 == 0) weft_large_trim(large, step % 2000 == 0 ? INT64_MAX : 8 << 20);
    }
    for (int i = 0; i < 8; i++) {
        if (pieces[i].bytes > 0) weft_large_give(large, &pieces[i].block);
    }
    return NULL;
}

static void threads_share_it(void **state)
{
    (void)state;
    weft_large large;
    pthread_t threads[4];
    weft_large_init(&large);
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, churn, &large), 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    weft_large_deinit(&large);
}

WEFT_TESTS(WEFT_TEST(pieces_keep_to_themselves), WEFT_TEST(what_is_given_back_comes_again),
           WEFT_TEST(a_region_fills_without_holes), WEFT_TEST(all_that_is_resident_is_counted),
           WEFT_TEST(pools_use_it_within_their_limit), WEFT_TEST(threads_share_it))
