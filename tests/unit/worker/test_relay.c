/* Blocks that are passed on: who reads through others gets what the holder has, while those read themselves,
 * and the holder sends it to few; a relay that is gone, knows nothing, has no memory or a rotten page costs
 * nothing but the way to the holder; and what the holder lacks is told as before. */
#include <pthread.h>
#include <unistd.h>

#include "tests/unit/worker/data_rig.h"

enum { ROWS = 6000, PARTITIONS = 2, READERS = 4 };

static const int32_t attempts[1] = {0}, places_of[1] = {0};

/* A process that reads the holder's block, and may be asked for it. */
typedef struct reader {
    data_rig *rig;
    weft_relay *relay;
    weft_store *store; /* empty */
    weft_serve *serve;
    char address[64];
    weft_place places[2]; /* the holder, and whom to ask first */
    weft_source_relay ask;
    weft_stage_source source;
    weft_block *block;
    int64_t late_us; /* it begins so much later */
    int64_t rows;
    weft_status st;
    weft_error error;
    pthread_t thread;
} reader;

static void reader_serve(reader *r)
{
    weft_serve_options options = {.listen = "tcp://127.0.0.1:0",
                                  .pool = r->rig->f.pool,
                                  .settings = &r->rig->f.settings,
                                  .store = r->store,
                                  .relay = r->relay,
                                  .uuid = {.high = 77, .low = (uint64_t)(uintptr_t)r},
                                  .host_id = "server"};
    weft_fixture_ok(&r->rig->f, weft_serve_start(&r->rig->f.ctx, &options, &r->serve));
    snprintf(r->address, sizeof(r->address), "tcp://127.0.0.1:%d", weft_serve_port(r->serve));
}

static weft_place reader_place(const reader *r)
{
    return (weft_place){
        .worker = 9, .uuid = {.high = 77, .low = (uint64_t)(uintptr_t)r}, .address = r->address};
}

/* It asks `above` before the holder; NULL: nobody. */
static void reader_open(reader *r, data_rig *rig, const rig_server *holder, const reader *above)
{
    *r = (reader){.rig = rig};
    weft_fixture_ok(&rig->f, weft_relay_new(&rig->f.ctx, rig->f.pool, &r->relay));
    weft_fixture_ok(&rig->f, weft_store_new(&rig->f.ctx, rig->f.account, &r->store));
    reader_serve(r);
    r->places[0] = holder->place;
    if (above != NULL) r->places[1] = reader_place(above);
    r->ask = (weft_source_relay){.holder = 0, .place = 1};
    r->source = (weft_stage_source){.stage = 3,
                                    .task_count = 1,
                                    .attempts = attempts,
                                    .places = places_of,
                                    .shared = true,
                                    .relay_count = above != NULL,
                                    .relays = &r->ask};
    weft_fixture_ok(&rig->f, weft_relay_expect(&rig->f.ctx, r->relay, r, rig_name(0).job, &r->source));
}

static void reader_close(reader *r)
{
    weft_serve_stop(&r->serve);
    weft_relay_forget(r->relay, r, false);
    weft_block_release(&r->block);
    weft_relay_free(&r->relay);
    weft_store_free(&r->store);
}

static weft_status read_all(weft_ctx *ctx, reader *r)
{
    weft_status st = WEFT_OK;
    const weft_block_name name = rig_name(0);
    const weft_place *place = &r->places[0];
    int32_t lost;
    if (r->block == NULL) {
        WEFT_TRY(st, weft_fetch_blocks(ctx, r->rig->fetcher, &name, &place, 1, &rig_types,
                                       weft_relay_account(r->relay), &r->block, &lost));
        WEFT_TRY(st, weft_relay_open(ctx, r->relay, r->rig->fetcher, r, name.job, &r->source, r->places,
                                     &r->block));
    }
    r->rows = 0;
    for (int32_t p = 0; p < PARTITIONS; p++) {
        int64_t rows;
        WEFT_TRY(st, rig_read(ctx, r->block, p, -1, p, PARTITIONS, &rows));
        r->rows += rows;
    }
done:
    return st;
}

static void *reader_main(void *self)
{
    reader *r = self;
    weft_ctx ctx;
    weft_account *account = weft_account_open(r->rig->f.pool, "reader");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx_init(&ctx, arena, account, &r->rig->f.settings);
    usleep((useconds_t)r->late_us);
    r->st = read_all(&ctx, r);
    r->error = ctx.error;
    weft_arena_free(&arena);
    weft_account_close(&account);
    return NULL;
}

static void must_have_read(const reader *r)
{
    if (r->st != WEFT_OK) print_error("%s\n", r->error.message);
    assert_int_equal(r->st, WEFT_OK);
    assert_int_equal(r->rows, ROWS);
}

static int64_t sent(const weft_serve *serve, bool relayed)
{
    weft_serve_counts counts;
    weft_serve_count((weft_serve *)(uintptr_t)serve, &counts);
    return relayed ? counts.relayed : counts.bytes;
}

static weft_relay_counts counts_of(const reader *r)
{
    weft_relay_counts counts;
    weft_relay_count(r->relay, &counts);
    return counts;
}

/* The rig with a holder of the block, and readers that ask one another: each the one before it. */
static rig_server *open_chain(data_rig *rig, reader *readers, int32_t count, bool spill, int32_t deadline_ms)
{
    const weft_block_name name = rig_name(0);
    rig_open(rig, 0);
    rig_server *holder = rig_server_add(rig, 0);
    rig_block(rig, holder, &name, 0, ROWS, PARTITIONS, 0, spill);
    rig_fetcher(rig, "server", deadline_ms);
    for (int32_t i = 0; i < count; i++)
        reader_open(&readers[i], rig, holder, i == 0 ? NULL : &readers[i - 1]);
    return holder;
}

static void close_chain(data_rig *rig, reader *readers, int32_t count)
{
    for (int32_t i = count - 1; i >= 0; i--) reader_close(&readers[i]);
    rig_close(rig);
}

/* All begin at once, those at the end of the chain first: what they ask for is on its way. */
static void a_chain_reads_at_once(void **state)
{
    (void)state;
    for (int32_t spill = 0; spill < 2; spill++) {
        data_rig rig;
        reader readers[READERS];
        rig_server *holder = open_chain(&rig, readers, READERS, spill == 1, 0);
        for (int32_t i = READERS - 1; i >= 0; i--) {
            readers[i].late_us = (READERS - 1 - i) * 5000;
            assert_int_equal(pthread_create(&readers[i].thread, NULL, reader_main, &readers[i]), 0);
        }
        for (int32_t i = 0; i < READERS; i++) pthread_join(readers[i].thread, NULL);
        for (int32_t i = 0; i < READERS; i++) must_have_read(&readers[i]);
        const int64_t all = sent(holder->serve, false);
        if (counts_of(&readers[1]).fallbacks + counts_of(&readers[2]).fallbacks +
                counts_of(&readers[3]).fallbacks ==
            0) { /* a machine that stands still for seconds may see some */
            for (int32_t i = 0; i + 1 < READERS; i++) {
                assert_int_equal(sent(readers[i].serve, true), all);
                assert_int_equal(counts_of(&readers[i + 1]).bytes, all);
            }
        }
        for (int32_t i = 0; i + 1 < READERS; i++) {
            assert_int_equal(weft_relay_passed(readers[i].relay, &readers[i]), sent(readers[i].serve, true));
            assert_int_equal(weft_relay_passed(readers[i].relay, &readers[i]), 0);
        }
        close_chain(&rig, readers, READERS);
    }
}

/* Ways to be of no use. */
typedef enum trouble { T_GONE, T_KNOWS_NOTHING, T_NO_MEMORY, T_ROTTEN, T_STOPPED, T_COUNT } trouble;

static void rot(const weft_block *block)
{
    const weft_row_page *page = NULL;
    weft_block_reader *pages = NULL;
    weft_fixture f;
    bool stable = false;
    weft_fixture_open(&f);
    weft_fixture_ok(&f, weft_block_reader_open(&f.ctx, block, 1, -1, &pages));
    for (int32_t i = 0; i < 3; i++)
        weft_fixture_ok(&f, weft_block_reader_next(&f.ctx, pages, &page, &stable));
    assert_true(stable);
    weft_row_page_rows(page)[page->row_bytes + 9] ^= 4; /* a null bit of the second row */
    weft_block_reader_close(&pages);
    weft_fixture_close(&f);
}

static void relays_may_be_of_no_use(void **state)
{
    (void)state;
    for (int32_t t = 0; t < T_COUNT; t++) {
        data_rig rig;
        reader readers[2];
        rig_server *holder = open_chain(&rig, readers, 2, false, 0);
        if (t != T_KNOWS_NOTHING) {
            readers[0].st = read_all(&rig.f.ctx, &readers[0]);
            must_have_read(&readers[0]);
        } else
            weft_relay_forget(readers[0].relay, &readers[0], false);
        if (t == T_GONE) weft_serve_stop(&readers[0].serve);
        if (t == T_STOPPED) { /* it was opened, and cannot be read: it will be opened once more */
            weft_relay_forget(readers[0].relay, &readers[0], true);
            weft_block_release(&readers[0].block);
        }
        if (t == T_NO_MEMORY) assert_true(weft_relay_give_way(readers[0].relay) > 0);
        if (t == T_ROTTEN) rot(readers[0].block);
        readers[1].st = read_all(&rig.f.ctx, &readers[1]);
        must_have_read(&readers[1]);
        const weft_relay_counts counts = counts_of(&readers[1]);
        assert_int_equal(counts.fallbacks, 1);
        assert_int_equal(counts.damaged, t == T_ROTTEN);
        assert_int_equal(counts.bytes > 0, t == T_ROTTEN);
        assert_true(sent(holder->serve, false) > 0);
        if (t == T_NO_MEMORY) { /* it reads on as before */
            readers[0].st = read_all(&rig.f.ctx, &readers[0]);
            must_have_read(&readers[0]);
        }
        close_chain(&rig, readers, 2);
    }
}

/* A relay has all of a block whose holder has lost it: that is enough. Who has no relay misses the block. */
static void the_holder_alone_misses_it(void **state)
{
    (void)state;
    data_rig rig;
    reader readers[2], late;
    weft_fetch_failure failure = {0};
    const weft_block_name name = rig_name(0);
    const weft_place *place;
    int32_t lost;
    rig_server *holder = open_chain(&rig, readers, 2, false, 0);
    reader_open(&late, &rig, holder, NULL);
    readers[0].st = read_all(&rig.f.ctx, &readers[0]);
    must_have_read(&readers[0]);
    for (reader *r = &readers[1]; r != NULL; r = r == &late ? NULL : &late) {
        place = &r->places[0];
        weft_fixture_ok(&rig.f, weft_fetch_blocks(&rig.f.ctx, rig.fetcher, &name, &place, 1, &rig_types,
                                                  weft_relay_account(r->relay), &r->block, &lost));
        weft_fixture_ok(&rig.f, weft_relay_open(&rig.f.ctx, r->relay, rig.fetcher, r, name.job, &r->source,
                                                r->places, &r->block));
    }
    weft_store_drop(holder->store, name.job, name.stage, name.generation);
    readers[1].st = read_all(&rig.f.ctx, &readers[1]);
    must_have_read(&readers[1]);
    rig.f.ctx.fetch_failure = &failure;
    assert_int_equal(read_all(&rig.f.ctx, &late), WEFT_FETCH_FAILED);
    assert_true(failure.has && !failure.unreachable);
    assert_memory_equal(&failure.name, &name, sizeof(name));
    rig.f.ctx.fetch_failure = NULL;
    reader_close(&late);
    close_chain(&rig, readers, 2);
}

/* The n-th allocation fails: an error, or nothing that shows; nothing is left. Answers that are lost for
 * want of memory are waited for, so the deadline is short. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    bool failed = true;
    for (int64_t n = 1; failed && n < 2000; n += n < 40 ? 1 : 13) {
        data_rig rig;
        reader readers[2];
        (void)open_chain(&rig, readers, 2, false, 100);
        do { /* a busy machine may be later than that */
            readers[0].st = read_all(&rig.f.ctx, &readers[0]);
        } while (readers[0].st == WEFT_UNREACHABLE);
        must_have_read(&readers[0]);
        weft_mem_fail_after(n);
        const weft_status st = read_all(&rig.f.ctx, &readers[1]);
        failed = weft_mem_fail_after(0) >= n;
        assert_true(st == WEFT_OK || failed || st == WEFT_UNREACHABLE);
        close_chain(&rig, readers, 2);
    }
}

WEFT_TESTS(WEFT_TEST(a_chain_reads_at_once), WEFT_TEST(relays_may_be_of_no_use),
           WEFT_TEST(the_holder_alone_misses_it), WEFT_TEST(every_allocation_may_fail))
