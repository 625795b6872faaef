/* tests/unit/worker/test_store.c - the block store: names, counts, spilling; many threads at once. */
#include "worker/store.h"

#include <pthread.h>

#include "engine/columnar/builder.h"
#include "tests/support/fixture.h"

enum { ROWS = 500 };

static const weft_type bigint[] = {{.id = WEFT_TYPE_BIGINT}};

/* A block of ROWS rows that all hold `value`. */
static weft_block *make_block(weft_ctx *ctx, weft_account *owner, const weft_block_name *name, int64_t value)
{
    weft_block_writer *writer = NULL;
    weft_block *block = NULL;
    int64_t values[ROWS];
    const int32_t columns[] = {0};
    const weft_types types = {.count = 1, .types = bigint};
    for (int32_t i = 0; i < ROWS; i++) values[i] = value;
    weft_column column = {.type = bigint[0], .phys = WEFT_PHYS_I64, .encoding = WEFT_FLAT, .data = values};
    const weft_batch batch = {.rows = ROWS, .selected = ROWS, .column_count = 1, .columns = &column};
    if (weft_block_writer_open(ctx, &types, 1, &writer) == WEFT_OK &&
        weft_block_append(ctx, writer, &batch, columns, NULL) == WEFT_OK &&
        weft_block_finish(ctx, &writer, owner, name, &block) == WEFT_OK)
        return block;
    weft_block_writer_abandon(&writer);
    return NULL;
}

/* The value that all rows of a block hold, or -1. */
static int64_t value_of(weft_ctx *ctx, const weft_block *block)
{
    weft_block_reader *reader = NULL;
    const weft_row_page *page = NULL;
    bool stable;
    int64_t value = -1;
    const weft_row_layout *layout = weft_block_layout(block);
    if (weft_block_reader_open(ctx, block, 0, -1, &reader) == WEFT_OK &&
        weft_block_reader_next(ctx, reader, &page, &stable) == WEFT_OK && page != NULL)
        value = *(const int64_t *)(const void *)(weft_row_page_rows(page) + layout->offsets[0]);
    weft_block_reader_close(&reader);
    return value;
}

typedef struct rig {
    weft_fixture f;
    weft_account *owner;
    weft_store *store;
} rig;

static void open_rig(rig *r)
{
    weft_fixture_open(&r->f);
    r->owner = weft_account_open(r->f.pool, "blocks");
    weft_fixture_ok(&r->f, weft_store_new(&r->f.ctx, r->owner, &r->store));
    assert_ptr_equal(weft_store_account(r->store), r->owner);
}

static void close_rig(rig *r)
{
    weft_store_free(&r->store);
    weft_account_close(&r->owner); /* asserts that every block is gone */
    weft_fixture_close(&r->f);
}

static void put(rig *r, const weft_block_name *name, int64_t value)
{
    weft_block *block = make_block(&r->f.ctx, r->owner, name, value);
    assert_non_null(block);
    weft_fixture_ok(&r->f, weft_store_put(&r->f.ctx, r->store, block));
}

static int64_t stored(rig *r, const weft_block_name *name)
{
    weft_block *block = weft_store_find(r->store, name);
    const int64_t value = block == NULL ? -2 : value_of(&r->f.ctx, block);
    weft_block_release(&block);
    return value;
}

/* Every part of the name counts; a repeated message replaces its block. */
static void names(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    const weft_block_name name = {.job = 1, .stage = 2, .generation = 3, .partition = 4, .attempt = 5};
    weft_block_name others[5] = {name, name, name, name, name};
    others[0].job++;
    others[1].stage++;
    others[2].generation++;
    others[3].partition++;
    others[4].attempt++;
    put(&r, &name, 7);
    assert_int_equal(stored(&r, &name), 7);
    for (int32_t i = 0; i < 5; i++) assert_int_equal(stored(&r, &others[i]), -2);
    weft_block *held = weft_store_find(r.store, &name);
    put(&r, &name, 8);
    assert_int_equal(stored(&r, &name), 8);
    assert_int_equal(value_of(&r.f.ctx, held), 7); /* who holds the old one keeps it */
    weft_block_release(&held);
    close_rig(&r);
}

/* Dropping a stage, then the job, leaves the others; more blocks than the list starts with. */
static void drops(void **state)
{
    (void)state;
    enum { STAGES = 3, TASKS = 50 };
    rig r;
    open_rig(&r);
    for (int32_t s = 0; s < STAGES; s++)
        for (int32_t p = 0; p < TASKS; p++)
            put(&r, &(weft_block_name){.job = 1, .stage = s, .partition = p}, s * 100 + p);
    put(&r, &(weft_block_name){.job = 2}, 9);
    assert_int_equal(weft_store_some_stage(r.store, 3), -1);
    assert_int_equal(weft_store_drop(r.store, 1, 1, 0), 0);
    for (int32_t s = 0; s < STAGES; s++)
        for (int32_t p = 0; p < TASKS; p++)
            assert_int_equal(stored(&r, &(weft_block_name){.job = 1, .stage = s, .partition = p}),
                             s == 1 ? -2 : s * 100 + p);
    for (int32_t s = STAGES - 1; s >= 0; s--)
        if (s != 1) weft_store_drop(r.store, 1, weft_store_some_stage(r.store, 1), 0);
    weft_store_drop(r.store, 1, 1, 0);
    assert_int_equal(weft_store_some_stage(r.store, 1), -1);
    assert_int_equal(stored(&r, &(weft_block_name){.job = 1}), -2);
    assert_int_equal(stored(&r, &(weft_block_name){.job = 2}), 9);
    close_rig(&r);
}

/* Spilling takes what is not pinned, and rows read back the same. */
static void spills(void **state)
{
    (void)state;
    rig r;
    int64_t freed = 0;
    open_rig(&r);
    for (int32_t p = 0; p < 4; p++) put(&r, &(weft_block_name){.job = 1, .partition = p}, p);
    weft_block *held = weft_store_find(r.store, &(weft_block_name){.job = 1, .partition = 2});
    weft_block_pin(held, 0);
    weft_fixture_ok(&r.f, weft_store_spill(&r.f.ctx, r.store, INT64_MAX, &freed));
    assert_true(freed > 0);
    assert_int_equal(weft_block_spilled_bytes(held), 0);
    for (int32_t p = 0; p < 4; p++) {
        const weft_block_name name = {.job = 1, .partition = p};
        weft_block *block = weft_store_find(r.store, &name);
        assert_true(p == 2 || weft_block_spilled_bytes(block) > 0);
        assert_int_equal(value_of(&r.f.ctx, block), p);
        weft_block_release(&block);
    }
    weft_block_unpin(held, 0);
    weft_fixture_ok(&r.f, weft_store_spill(&r.f.ctx, r.store, INT64_MAX, &freed));
    assert_true(freed > 0); /* the one that was pinned */
    assert_int_equal(value_of(&r.f.ctx, held), 2);
    weft_block_release(&held);
    weft_fixture_ok(&r.f, weft_store_spill(&r.f.ctx, r.store, INT64_MAX, &freed));
    assert_int_equal(freed, 0);
    close_rig(&r);
}

static weft_status put_one(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    weft_store *store = NULL;
    weft_block *block = NULL;
    const weft_block_name name = {.job = 1};
    (void)arg;
    WEFT_TRY(st, weft_store_new(&f->ctx, f->account, &store));
    block = make_block(&f->ctx, f->account, &name, 1);
    if (block == NULL) {
        st = WEFT_NOMEM;
        goto done;
    }
    WEFT_TRY(st, weft_store_put(&f->ctx, store, block));
    block = NULL; /* the store's */
done:
    weft_block_release(&block);
    weft_store_free(&store);
    return st;
}

/* The writer may answer a refused page by spilling: then the block is there all the same. */
static void allocations_fail(void **state)
{
    (void)state;
    for (int64_t n = 1;; n++) {
        weft_fixture f;
        weft_fixture_open(&f);
        weft_mem_fail_after(n);
        const weft_status st = put_one(&f, NULL);
        const int64_t counted = weft_mem_fail_after(0);
        assert_true(st == WEFT_OK || (st == WEFT_NOMEM && counted >= n));
        weft_fixture_close(&f); /* asserts that nothing is left */
        if (counted < n) break;
    }
}

/* ---- threads ---- */

enum { THREADS = 4, ROUNDS = 150 };

typedef struct hammer {
    rig *r;
    int32_t number;
    int32_t wrong;
} hammer;

/* Each thread puts blocks of its job, reads those of the others, spills, and drops. */
static void *hammer_main(void *argument)
{
    hammer *h = argument;
    weft_arena *arena = weft_arena_new(h->r->owner);
    weft_ctx ctx;
    weft_ctx_init(&ctx, arena, h->r->owner, &h->r->f.settings);
    for (int32_t i = 0; i < ROUNDS; i++) {
        const weft_block_name name = {.job = (uint64_t)h->number, .stage = i / 50, .partition = i % 50};
        weft_block *block = make_block(&ctx, h->r->owner, &name, h->number * 1000 + i);
        if (block == NULL || weft_store_put(&ctx, h->r->store, block) != WEFT_OK) h->wrong++;
        for (int32_t other = 0; other < THREADS; other++) {
            const weft_block_name wanted = {
                .job = (uint64_t)other, .stage = i / 50, .partition = (i * 7) % 50};
            weft_block *found = weft_store_find(h->r->store, &wanted);
            if (found == NULL) continue;
            h->wrong += value_of(&ctx, found) != other * 1000 + wanted.stage * 50 + wanted.partition;
            weft_block_release(&found);
        }
        int64_t freed;
        if (i % 20 == h->number && weft_store_spill(&ctx, h->r->store, 1 << 20, &freed) != WEFT_OK)
            h->wrong++;
        if (i % 50 == 49) weft_store_drop(h->r->store, (uint64_t)h->number, i / 50 - 1, 0);
    }
    weft_arena_free(&arena);
    return NULL;
}

static void threads(void **state)
{
    (void)state;
    rig r;
    pthread_t ids[THREADS];
    hammer hammers[THREADS];
    open_rig(&r);
    for (int32_t i = 0; i < THREADS; i++) {
        hammers[i] = (hammer){.r = &r, .number = i};
        assert_int_equal(pthread_create(&ids[i], NULL, hammer_main, &hammers[i]), 0);
    }
    for (int32_t i = 0; i < THREADS; i++) {
        pthread_join(ids[i], NULL);
        assert_int_equal(hammers[i].wrong, 0);
    }
    close_rig(&r);
}

/* A report as it is sent, and as it is kept. */
static weft_parcel *make_report(rig *r, weft_outbox *box, const weft_block_name *name, bool answers,
                                weft_parcel **kept)
{
    static uint8_t answer[1000];
    static const int64_t sizes[8] = {1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000};
    static weft_op_metrics metrics[6];
    weft_block_meta block = {.partition_count = 8, .rows = sizes, .bytes = sizes};
    for (int32_t i = 0; i < 6; i++)
        metrics[i] =
            (weft_op_metrics){.rows_in = 1 << 20, .rows_out = 1 << 20, .batches = 1000, .time_ns = 1 << 30};
    const weft_to_coordinator m = {.kind = WEFT_FROM_WORKER_DONE,
                                   .job = name->job,
                                   .partition = name->partition,
                                   .block = &block,
                                   .metrics = metrics,
                                   .metric_count = 6,
                                   .answer = answers ? answer : NULL,
                                   .answer_len = answers ? sizeof(answer) : 0};
    weft_parcel *sent = NULL;
    weft_fixture_ok(&r->f, weft_parcel_new(&r->f.ctx, box, &m, &sent, kept));
    assert_int_equal(sent == *kept, !answers);
    return sent;
}

static weft_parcel *make_kept(rig *r, weft_outbox *box, const weft_block_name *name, bool answers)
{
    weft_parcel *kept = NULL, *sent = make_report(r, box, name, answers, &kept);
    weft_parcel_release(&sent);
    return kept;
}

/* A report goes with its block; it takes some hundred bytes, without the answer in it. */
static void reports(void **state)
{
    (void)state;
    rig r;
    weft_outbox *box = NULL;
    weft_parcel **kept = NULL;
    int32_t count = 0;
    open_rig(&r);
    weft_fixture_ok(&r.f, weft_outbox_new(&r.f.ctx, 1 << 20, &box));
    weft_block_name name = {.job = 1};
    for (; name.partition < 100; name.partition++) {
        put(&r, &name, 1);
        weft_store_keep(r.store, &name, make_kept(&r, box, &name, name.partition % 2 == 0));
        if (name.partition % 10 == 0)
            weft_store_keep(r.store, &name, make_kept(&r, box, &name, false)); /* the same again */
    }
    weft_store_keep(r.store, &name, make_kept(&r, box, &name, false)); /* there is no such block */
    weft_fixture_ok(&r.f, weft_store_reports(&r.f.ctx, r.store, &kept, &count));
    assert_int_equal(count, 100);
    for (int32_t i = 0; i < count; i++) {
        assert_true(weft_parcel_bytes(kept[i]) < 512);
        weft_parcel_release(&kept[i]);
    }
    for (name.partition = 0; name.partition < 50; name.partition++)
        (void)weft_store_drop_block(r.store, &name);
    weft_fixture_ok(&r.f, weft_store_reports(&r.f.ctx, r.store, &kept, &count));
    assert_int_equal(count, 50);
    for (int32_t i = 0; i < count; i++) { /* each once, however often it is asked for */
        weft_outbox_again(box, kept[i]);
        weft_outbox_again(box, kept[i]);
        weft_parcel_release(&kept[i]);
    }
    weft_net_frame frames[WEFT_OUTBOX_REPORTS_MAX];
    assert_true(weft_outbox_batch(box));
    assert_int_equal(weft_outbox_frames(box, 1, frames), 50);
    (void)weft_store_drop(r.store, 1, 0, 0);
    weft_fixture_ok(&r.f, weft_store_reports(&r.f.ctx, r.store, &kept, &count));
    assert_int_equal(count, 0);
    weft_outbox_forget(box, 1);
    assert_true(weft_outbox_is_empty(box));
    weft_outbox_free(&box);
    close_rig(&r);
}

static int32_t session_begins(rig *r, weft_outbox *box)
{
    weft_block_name *names = NULL;
    int32_t count = -1, again = -1;
    weft_fixture_ok(&r->f, weft_outbox_attempts(&r->f.ctx, box, &names, &count, &again));
    for (int32_t i = count + 1; i < count + again; i++)
        assert_true(weft_block_name_compare(&names[i - 1], &names[i]) < 0);
    return count;
}

/* Blocks that a leader had dropped before it acknowledged their reports are not told of to the next one: not
 * as attempts, and not in the batch, which keeps its number. Within a session nothing changes. */
static void reports_of_what_is_gone(void **state)
{
    (void)state;
    rig r;
    weft_outbox *box = NULL;
    weft_parcel *kept[4];
    weft_net_frame frames[WEFT_OUTBOX_REPORTS_MAX];
    open_rig(&r);
    weft_fixture_ok(&r.f, weft_outbox_new(&r.f.ctx, 8 << 10, &box));
    weft_block_name name = {.job = 1};
    for (; name.partition < 4;
         name.partition++) { /* with and without answers, for the first time and again */
        const int32_t i = name.partition;
        put(&r, &name, 1);
        weft_parcel *sent = make_report(&r, box, &name, i % 2 == 0, &kept[i]);
        weft_store_keep(r.store, &name, weft_parcel_share(kept[i]));
        if (i < 2)
            weft_fixture_ok(&r.f, weft_outbox_add(&r.f.ctx, box, sent));
        else
            weft_parcel_release(&sent);
        if (i >= 2) weft_outbox_again(box, kept[i]);
        weft_parcel_release(&kept[i]);
    }
    assert_true(weft_outbox_batch(box));
    assert_int_equal(session_begins(&r, box), 2);
    for (name.partition = 0; name.partition < 4; name.partition += 3) {
        (void)weft_store_drop_block(r.store, &name);
        assert_int_equal(weft_outbox_frames(box, 1, frames), name.partition == 0 ? 4 : 3);
        assert_int_equal(session_begins(&r, box), 1);
        assert_int_equal(weft_outbox_frames(box, 1, frames), name.partition == 0 ? 3 : 2);
    }
    (void)weft_store_drop(r.store, 1, 0, 0);
    assert_int_equal(session_begins(&r, box), 0);
    assert_int_equal(weft_outbox_frames(box, 1, frames), 0);
    weft_outbox_forget(box, 1);
    assert_true(weft_outbox_is_empty(box));
    weft_outbox_free(&box);
    close_rig(&r);
}

/* What is sent again takes none of the room that news have. */
static void news_have_room(void **state)
{
    (void)state;
    rig r;
    weft_outbox *box = NULL;
    weft_parcel *kept = NULL;
    open_rig(&r);
    weft_block_name name = {.job = 1};
    weft_fixture_ok(&r.f, weft_outbox_new(&r.f.ctx, 600, &box)); /* one or two reports */
    for (; name.partition < 10; name.partition++) {
        weft_parcel *sent = make_report(&r, box, &name, false, &kept);
        weft_outbox_again(box, kept);
        weft_parcel_release(&kept);
        weft_parcel_release(&sent);
    }
    for (int32_t i = 0; i < 3; i++) {
        weft_parcel *sent = make_report(&r, box, &name, false, &kept);
        weft_parcel_release(&kept);
        weft_fixture_ok(&r.f, weft_outbox_add(&r.f.ctx, box, sent));
        assert_true(weft_outbox_batch(box));
        weft_outbox_forget(box, (uint64_t)i + 1);
    }
    assert_true(weft_outbox_is_empty(box));
    weft_outbox_free(&box);
    close_rig(&r);
}

WEFT_TESTS(WEFT_TEST(names), WEFT_TEST(drops), WEFT_TEST(reports), WEFT_TEST(reports_of_what_is_gone),
           WEFT_TEST(news_have_room), WEFT_TEST(spills), WEFT_TEST(allocations_fail), WEFT_TEST(threads))
