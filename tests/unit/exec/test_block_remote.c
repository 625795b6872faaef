/* Stand-ins: a block that is read through bytes gives what it holds, header and rows; whatever a peer sends
 * instead is an error that names the block, and is never read out of bounds (sanitizers look). */
#include <pthread.h>

#include "common/hash.h"
#include "engine/exec/block_remote.h"
#include "tests/unit/exec/exec_support.h"

static const int32_t all_columns[DATA_COLUMNS] = {0, 1, 2, 3, 4, 5, 6};
static const int32_t exchange_keys[] = {0, 1};
static const weft_types all_types = {.count = DATA_COLUMNS, .types = data_types};
static const weft_source_spec rows_spec = {.kind = WEFT_SOURCE_ROWS,
                                           .output = {.count = DATA_COLUMNS, .types = data_types},
                                           .rows = {.input_count = 1}};

/* ---- an origin with a liar in it ---- */

typedef struct liar {
    weft_block *block; /* a count */
    uint64_t seed;     /* 0: the truth; else bytes of every page are changed, with a checksum that is right */
    int32_t fail_at;   /* the page of a stream that fails, or -1 */
    weft_status fail;
    atomic_int rotten; /* so many pages are given damaged first */
    atomic_int opened, closed, pages;
} liar;

typedef struct liar_stream {
    liar *of;
    int32_t partition, at, end;
} liar_stream;

static weft_status liar_open(weft_ctx *ctx, void *self, const weft_block_name *name, int32_t partition,
                             int32_t first, int32_t count, void **stream)
{
    liar_stream *s = NULL;
    liar *l = self;
    assert_memory_equal(name, weft_block_get_name(l->block), sizeof(*name));
    assert_true(first >= 0 && count > 0 && first + count <= weft_block_page_count(l->block, partition));
    const weft_status st = weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*s), (void **)&s);
    if (st != WEFT_OK) return st;
    *s = (liar_stream){.of = l, .partition = partition, .at = first, .end = first + count};
    weft_block_pin(l->block, partition);
    l->opened++;
    *stream = s;
    return WEFT_OK;
}

static weft_status liar_next(weft_ctx *ctx, void *stream, weft_page_arrived *out)
{
    weft_status st = WEFT_OK;
    liar_stream *s = stream;
    weft_page_pieces pieces = {0};
    uint8_t *bytes = NULL;
    assert_true(s->at < s->end);
    if (s->at == s->of->fail_at) return weft_fail(ctx, s->of->fail, "a page that was made to fail");
    WEFT_TRY(st, weft_block_page_pieces(ctx, s->of->block, s->partition, s->at, &pieces));
    const size_t len = sizeof(pieces.head) + pieces.rows_len + pieces.heap_len;
    const uint32_t least = weft_block_page_bytes(s->of->block, s->partition, s->at);
    assert_in_range(len, least, weft_page_bytes_most(least));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, len, (void **)&bytes));
    memcpy(bytes, pieces.head, sizeof(pieces.head));
    memcpy(bytes + sizeof(pieces.head), pieces.rows, pieces.rows_len);
    if (pieces.heap_len > 0)
        memcpy(bytes + sizeof(pieces.head) + pieces.rows_len, pieces.heap, pieces.heap_len);
    assert_int_equal(weft_crc32c(0, bytes, len), pieces.crc);
    if (pieces.whole != NULL) assert_memory_equal(bytes, pieces.whole, len);
    weft_test_random random = {.state = s->of->seed + (uint64_t)s->at};
    for (int32_t i = 0; i < 3 && s->of->seed != 0; i++) {
        const int64_t most = i == 0 ? 64 : (int64_t)len; /* the page's header is small, and hit often */
        bytes[weft_test_random_range(&random, 0, most - 1)] ^=
            (uint8_t)weft_test_random_range(&random, 0, 255);
    }
    *out =
        (weft_page_arrived){.memory = bytes, .image = bytes, .len = len, .crc = weft_crc32c(0, bytes, len)};
    if (atomic_fetch_sub(&s->of->rotten, 1) > 0) bytes[len / 2] ^= 1;
    s->at++;
    s->of->pages++;
done:
    weft_mem_free(pieces.loaded);
    return st;
}

/* It has every page once more. */
static bool liar_reject(void *stream)
{
    liar_stream *s = stream;
    s->at--;
    return true;
}

static void liar_close(void *stream)
{
    liar_stream *s = stream;
    weft_block_unpin(s->of->block, s->partition);
    s->of->closed++;
    weft_mem_free(s);
}

static void liar_release(void *self)
{
    liar *l = self;
    weft_block_release(&l->block);
}

static weft_status liar_stand_in(weft_ctx *ctx, liar *l, const weft_types *types, weft_block **out)
{
    weft_status st = WEFT_OK;
    weft_block_header header;
    uint8_t *bytes = NULL;
    size_t len;
    const weft_block_origin origin = {.open = liar_open,
                                      .next = liar_next,
                                      .close = liar_close,
                                      .reject = l->rotten > 0 ? liar_reject : NULL,
                                      .release = liar_release,
                                      .self = l};
    *out = NULL;
    WEFT_TRY(st, weft_block_header_encode(ctx, l->block, &bytes, &len));
    WEFT_TRY(st, weft_block_header_decode(ctx, bytes, len, &header));
    WEFT_TRY(st, weft_block_remote_new(ctx, ctx->memory, types, weft_block_get_name(l->block), &header,
                                       &origin, out));
done:
    weft_mem_free(bytes);
    return st;
}

static weft_status write_block(weft_ctx *ctx, const data_set *set, int32_t partitions, int32_t key_count,
                               weft_block **out)
{
    const weft_sink_spec spec = {.kind = WEFT_SINK_EXCHANGE,
                                 .rows = all_types,
                                 .partition_count = partitions,
                                 .exchange = {.column_count = DATA_COLUMNS,
                                              .columns = all_columns,
                                              .key_count = key_count,
                                              .keys = exchange_keys,
                                              .track_ranges = true,
                                              .limit = -1}};
    return run_sink(ctx, &weft_sink_exchange, &spec, set, 0, set->count, 300, 0, out);
}

/* ---- tests ---- */

static void a_stand_in_is_read_as_its_block(void **state)
{
    (void)state;
    data_set set = data_new(weft_test_seed(), 12000, 300, 40, 6);
    for (int32_t config = 0; config < 2; config++) /* in memory, in scratch */
        for (int32_t partitions = 1; partitions <= 64; partitions *= 8) {
            weft_fixture f;
            liar l = {.fail_at = -1};
            weft_block *block = NULL;
            text_lines want = {0}, got = {0};
            weft_key_range range[2];
            const exec_config spilling = {.batch_rows = 500, .force_spill = config == 1};
            exec_open(&f, &spilling);
            weft_fixture_ok(&f, write_block(&f.ctx, &set, partitions, 1, &l.block));
            weft_block *const original = weft_block_share(l.block);
            weft_fixture_ok(&f, liar_stand_in(&f.ctx, &l, &all_types, &block));
            assert_true(weft_block_is_remote(block));
            assert_int_equal(weft_block_partitions(block), partitions);
            for (int32_t p = -1; p < partitions; p++) {
                assert_int_equal(weft_block_rows(block, p), weft_block_rows(original, p));
                assert_int_equal(weft_block_bytes(block, p), weft_block_bytes(original, p));
            }
            assert_true(weft_block_key_range(original, 0, &range[0]));
            assert_true(weft_block_key_range(block, 0, &range[1]));
            assert_memory_equal(&range[0], &range[1], sizeof(range[0]));
            weft_block *blocks[2] = {block, block}; /* the same one twice, as two readers would */
            weft_block *originals[2] = {original, original};
            for (int32_t p = 0; p < partitions; p++) {
                weft_fixture_ok(&f,
                                run_source(&f.ctx, &weft_source_rows, &rows_spec, blocks, 2, p, p + 1, &got));
                weft_fixture_ok(
                    &f, run_source(&f.ctx, &weft_source_rows, &rows_spec, originals, 2, p, p + 1, &want));
            }
            lines_equal(&got, &want);
            assert_int_equal(l.opened, l.closed);
            int64_t freed = 1;
            weft_fixture_ok(&f, weft_block_spill(&f.ctx, block, &freed));
            assert_int_equal(freed, 0);
            lines_free(&got);
            lines_free(&want);
            weft_block_release(&block);
            assert_null(l.block);
            weft_block *last = original;
            weft_block_release(&last);
            weft_fixture_close(&f);
        }
    data_free(&set);
}

/* Pages that are passed over are never asked for; runs and marks come with the header. */
static void skips_and_runs_ask_for_what_they_need(void **state)
{
    (void)state;
    weft_fixture f;
    liar l = {.fail_at = -1};
    weft_block *block = NULL;
    weft_block_writer *writer = NULL;
    weft_block_reader *reader = NULL;
    const weft_row_page *page = NULL;
    bool stable;
    uint64_t words[2] = {0x123456789abcdef0, 5};
    const weft_marks marks = {.build_stage = 3, .rows = 70, .words = words};
    const weft_block_name name = {.job = 9, .stage = 8, .generation = 7, .partition = 6, .attempt = 5};
    const weft_types types = {.count = 1, .types = data_types};
    int32_t count;
    exec_open(&f, &exec_configs[0]);
    weft_fixture_ok(&f, weft_block_writer_open(&f.ctx, &types, 2, &writer));
    for (int64_t i = 0; i < 6; i++) {
        weft_column column = {.type = data_types[0], .phys = WEFT_PHYS_I64, .data = &i};
        const weft_batch batch = {.rows = 1, .selected = 1, .column_count = 1, .columns = &column};
        const uint64_t hash = UINT64_MAX;
        weft_fixture_ok(&f, weft_block_append(&f.ctx, writer, &batch, all_columns, &hash));
        weft_fixture_ok(&f, weft_block_end_run(&f.ctx, writer, 1));
    }
    weft_fixture_ok(&f, weft_block_attach_marks(&f.ctx, writer, &marks));
    weft_fixture_ok(&f, weft_block_finish(&f.ctx, &writer, f.account, &name, &l.block));
    weft_fixture_ok(&f, liar_stand_in(&f.ctx, &l, &types, &block));
    assert_int_equal(weft_block_runs(block, 0), 0);
    assert_int_equal(weft_block_runs(block, 1), 6);
    const weft_marks *back = weft_block_marks(block, &count);
    assert_int_equal(count, 1);
    assert_int_equal(back->rows, 70);
    assert_memory_equal(back->words, words, sizeof(words));

    weft_fixture_ok(&f, weft_block_reader_open(&f.ctx, block, 1, 4, &reader));
    weft_fixture_ok(&f, weft_block_reader_next(&f.ctx, reader, &page, &stable));
    assert_false(stable);
    assert_int_equal(
        *(const int64_t *)(const void *)(weft_row_page_rows(page) + weft_block_layout(block)->offsets[0]), 4);
    weft_fixture_ok(&f, weft_block_reader_next(&f.ctx, reader, &page, &stable));
    assert_null(page);
    weft_block_reader_close(&reader);
    assert_int_equal(l.pages, 1);

    int64_t skip = 2;
    weft_fixture_ok(&f, weft_block_reader_open(&f.ctx, block, 1, -1, &reader));
    weft_block_reader_skip(reader, &skip);
    weft_fixture_ok(&f, weft_block_reader_next(&f.ctx, reader, &page, &stable));
    skip = 2;
    weft_block_reader_skip(reader, &skip);
    weft_fixture_ok(&f, weft_block_reader_next(&f.ctx, reader, &page, &stable));
    assert_int_equal(
        *(const int64_t *)(const void *)(weft_row_page_rows(page) + weft_block_layout(block)->offsets[0]), 5);
    void *kept = weft_block_reader_take(reader);
    assert_ptr_equal(kept, page);
    weft_mem_free(kept);
    weft_block_reader_close(&reader);
    assert_int_equal(l.pages, 3);
    assert_int_equal(l.opened, l.closed);

    uint8_t *bytes = NULL;
    size_t len;
    assert_int_equal(weft_block_encode(&f.ctx, block, &bytes, &len), WEFT_UNSUPPORTED);
    weft_block_release(&block);
    weft_fixture_close(&f);
}

/* Of a sorted run, only pages that may have rows of the range are asked for. */
static void a_range_asks_for_its_pages_alone(void **state)
{
    (void)state;
    const weft_sort_key key = {.column = 0, .nulls_first = true};
    const weft_sink_spec sink = {.kind = WEFT_SINK_SORT,
                                 .rows = all_types,
                                 .partition_count = 1,
                                 .sort = {.key_count = 1, .keys = &key, .limit = -1, .by_range = true}};
    data_set set = data_new(weft_test_seed(), 20000, 5000, 50, 0);
    weft_fixture f;
    liar l = {.fail_at = -1};
    weft_block *block = NULL;
    weft_block_meta *meta = NULL;
    weft_block_reader *reader = NULL;
    const weft_row_page *page = NULL;
    bool stable;
    exec_open(&f, &exec_configs[0]);
    weft_fixture_ok(&f, run_sink(&f.ctx, &weft_sink_sort, &sink, &set, 0, set.count, 1000, 0, &l.block));
    weft_fixture_ok(&f, liar_stand_in(&f.ctx, &l, &all_types, &block));
    weft_fixture_ok(&f, weft_block_describe(&f.ctx, l.block, &meta));
    assert_int_equal(meta->sample_count, WEFT_SORT_SAMPLES_MAX);
    assert_true(weft_block_page_count(block, 0) > 6);
    for (int32_t first = 0; first + 1 < meta->sample_count; first++) {
        const weft_sort_range range = {.has_low = true,
                                       .has_high = true,
                                       .low = meta->samples[first].prefix,
                                       .high = meta->samples[first + 1].prefix};
        int64_t rows = 0;
        const int32_t before = l.pages;
        weft_fixture_ok(&f, weft_block_reader_open(&f.ctx, block, 0, 0, &reader));
        weft_block_reader_range(reader, &range);
        for (;;) {
            weft_fixture_ok(&f, weft_block_reader_next(&f.ctx, reader, &page, &stable));
            if (page == NULL) break;
            rows += page->rows;
        }
        weft_block_reader_close(&reader);
        assert_true(rows >= meta->samples[first].rows);
        /* a page has more rows than are in the range; equal keys may be on the page before */
        assert_true(l.pages - before >= 1 && l.pages - before <= 3);
    }
    weft_mem_free(meta);
    weft_block_release(&block);
    weft_fixture_close(&f);
    data_free(&set);
}

/* Whatever bytes a peer sends for a page, with a right checksum, they are refused or read within bounds. */
static void pages_of_liars_do_no_harm(void **state)
{
    (void)state;
    data_set set = data_new(weft_test_seed(), 400, 50, 20, 6);
    int32_t refused = 0;
    for (int32_t round = 0; round < 300; round++) {
        weft_fixture f;
        liar l = {.fail_at = -1, .seed = weft_test_seed() + (uint64_t)round * 1000 + 1};
        weft_block *block = NULL;
        text_lines got = {0};
        weft_fetch_failure failure = {0};
        exec_open(&f, &exec_configs[0]);
        weft_fixture_ok(&f, write_block(&f.ctx, &set, 4, 1, &l.block));
        weft_fixture_ok(&f, liar_stand_in(&f.ctx, &l, &all_types, &block));
        f.ctx.fetch_failure = &failure;
        const weft_status st = run_source(&f.ctx, &weft_source_rows, &rows_spec, &block, 1, 0, 4, &got);
        assert_true(st == WEFT_OK || st == WEFT_CORRUPT);
        assert_int_equal(failure.has, st != WEFT_OK);
        assert_false(failure.unreachable);
        if (st != WEFT_OK) {
            assert_memory_equal(&failure.name, weft_block_get_name(block), sizeof(failure.name));
            refused++;
        }
        assert_int_equal(l.opened, l.closed);
        lines_free(&got);
        weft_block_release(&block);
        weft_fixture_close(&f);
    }
    assert_true(refused > 100);
    data_free(&set);
}

/* Every flipped bit and every shorter length of a header is refused by its checksum. With a checksum that is
 * right the rest of the checks stand alone: it is refused, or it is a block. */
static void headers_of_liars_do_no_harm(void **state)
{
    (void)state;
    data_set set = data_new(weft_test_seed(), 200, 5, 5, 4);
    weft_fixture f;
    weft_block *block = NULL, *made = NULL;
    weft_block_header header;
    uint8_t *bytes = NULL;
    size_t len;
    liar l = {.fail_at = -1};
    const weft_block_origin origin = {
        .open = liar_open, .next = liar_next, .close = liar_close, .release = liar_release, .self = &l};
    exec_open(&f, &exec_configs[0]);
    weft_fixture_ok(&f, write_block(&f.ctx, &set, 4, 1, &block));
    weft_fixture_ok(&f, weft_block_header_encode(&f.ctx, block, &bytes, &len));
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(weft_block_header_decode(&f.ctx, bytes, len, &header), WEFT_OK);
        if (bit / 8 < len - 4) {
            uint32_t old, crc = weft_crc32c(0, bytes, len - 4);
            memcpy(&old, bytes + len - 4, 4);
            memcpy(bytes + len - 4, &crc, 4);
            if (weft_block_header_decode(&f.ctx, bytes, len, &header) == WEFT_OK &&
                weft_block_remote_new(&f.ctx, f.account, &all_types, weft_block_get_name(block), &header,
                                      &origin, &made) == WEFT_OK)
                weft_block_release(&made);
            memcpy(bytes + len - 4, &old, 4);
        }
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t shorter = 0; shorter < len; shorter++)
        assert_int_not_equal(weft_block_header_decode(&f.ctx, bytes, shorter, &header), WEFT_OK);
    const weft_types other = {.count = 1, .types = data_types + 1};
    weft_fixture_ok(&f, weft_block_header_decode(&f.ctx, bytes, len, &header));
    assert_int_equal(
        weft_block_remote_new(&f.ctx, f.account, &other, weft_block_get_name(block), &header, &origin, &made),
        WEFT_CORRUPT);
    weft_mem_free(bytes);
    weft_block_release(&block);
    weft_fixture_close(&f);
    data_free(&set);
}

/* What an origin says went wrong reaches the ctx's failure, and the reader can be closed. */
static void failures_name_their_block(void **state)
{
    (void)state;
    static const weft_status ways[] = {WEFT_FETCH_FAILED, WEFT_UNREACHABLE, WEFT_CHECKSUM, WEFT_NOMEM};
    data_set set = data_new(weft_test_seed(), 12000, 50, 20, 6);
    for (int32_t w = 0; w < WEFT_COUNT(ways); w++) {
        weft_fixture f;
        liar l = {.fail_at = 1, .fail = ways[w]};
        weft_block *block = NULL;
        text_lines got = {0};
        weft_fetch_failure failure = {0};
        exec_open(&f, &exec_configs[0]);
        weft_fixture_ok(&f, write_block(&f.ctx, &set, 1, 1, &l.block));
        weft_fixture_ok(&f, liar_stand_in(&f.ctx, &l, &all_types, &block));
        f.ctx.fetch_failure = &failure;
        assert_int_equal(run_source(&f.ctx, &weft_source_rows, &rows_spec, &block, 1, 0, 1, &got), ways[w]);
        assert_int_equal(failure.has, ways[w] != WEFT_NOMEM);
        assert_int_equal(failure.unreachable, ways[w] == WEFT_UNREACHABLE);
        assert_int_equal(l.opened, l.closed);
        lines_free(&got);
        weft_block_release(&block);
        weft_fixture_close(&f);
    }
    data_free(&set);
}

/* ---- pages that are kept ---- */

enum { KEEP_READERS = 4, KEEP_PARTITIONS = 8 };

typedef struct keep_reader {
    weft_pool *pool;
    const weft_settings *settings;
    weft_block *block;
    int32_t first; /* partition that it begins with: not all go the same way */
    const weft_row_page *pages[KEEP_PARTITIONS][64];
    int32_t unstable;
    weft_status st;
    pthread_t thread;
} keep_reader;

static void *keep_read(void *self)
{
    keep_reader *r = self;
    weft_status st = WEFT_OK;
    weft_ctx ctx;
    weft_account *account = weft_account_open(r->pool, "reader");
    weft_arena *arena = weft_arena_new(account);
    weft_block_reader *reader = NULL;
    weft_ctx_init(&ctx, arena, account, r->settings);
    for (int32_t n = 0; n < KEEP_PARTITIONS; n++) {
        const int32_t p = (r->first + n) % KEEP_PARTITIONS;
        WEFT_TRY(st, weft_block_reader_open(&ctx, r->block, p, -1, &reader));
        weft_block_reader_begin(&ctx, reader);
        for (int32_t i = 0; i < weft_block_page_count(r->block, p); i++) {
            bool stable = false;
            WEFT_TRY(st, weft_block_reader_next(&ctx, reader, &r->pages[p][i], &stable));
            r->unstable += !stable;
        }
        weft_block_reader_close(&reader);
    }
done:
    weft_block_reader_close(&reader);
    r->st = st;
    weft_arena_free(&arena);
    weft_account_close(&account);
    return NULL;
}

/* Readers at once fetch every page once, and see it at one place; a stand-in of the stand-in gets the
 * bytes of the holder, and reads the same rows; a damaged page is asked for again. What is let go is
 * fetched again. */
static void what_is_kept_is_fetched_once(void **state)
{
    (void)state;
    data_set set = data_new(weft_test_seed(), 12000, 300, 40, 6);
    for (int32_t config = 0; config < 2; config++) {
        weft_fixture f;
        liar l = {.fail_at = -1, .rotten = config}, next = {.fail_at = -1};
        weft_block *block = NULL, *third = NULL;
        text_lines want = {0}, got = {0};
        keep_reader readers[KEEP_READERS] = {{0}};
        int32_t pages = 0;
        const exec_config spilling = {.batch_rows = 500, .force_spill = config == 1};
        exec_open(&f, &spilling);
        weft_fixture_ok(&f, write_block(&f.ctx, &set, KEEP_PARTITIONS, 1, &l.block));
        weft_block *original = weft_block_share(l.block);
        weft_fixture_ok(&f, liar_stand_in(&f.ctx, &l, &all_types, &block));
        weft_fixture_ok(&f, weft_block_keep(&f.ctx, block));
        for (int32_t p = 0; p < KEEP_PARTITIONS; p++) pages += weft_block_page_count(block, p);
        for (int32_t r = 0; r < KEEP_READERS; r++) {
            readers[r] = (keep_reader){.pool = f.pool,
                                       .settings = &f.settings,
                                       .block = block,
                                       .first = r % 2 * KEEP_PARTITIONS / 2};
            assert_int_equal(pthread_create(&readers[r].thread, NULL, keep_read, &readers[r]), 0);
        }
        for (int32_t r = 0; r < KEEP_READERS; r++) {
            pthread_join(readers[r].thread, NULL);
            assert_int_equal(readers[r].st, WEFT_OK);
            assert_int_equal(readers[r].unstable, 0);
            assert_memory_equal(readers[r].pages, readers[0].pages, sizeof(readers[r].pages));
        }
        assert_int_equal(l.pages, pages + config);
        assert_int_equal(l.opened, l.closed);
        assert_true(weft_block_keeps(&f.ctx, block, INT64_MAX));

        next.block = weft_block_share(block);
        weft_fixture_ok(&f, liar_stand_in(&f.ctx, &next, &all_types, &third));
        weft_fixture_ok(
            &f, run_source(&f.ctx, &weft_source_rows, &rows_spec, &third, 1, 0, KEEP_PARTITIONS, &got));
        weft_fixture_ok(
            &f, run_source(&f.ctx, &weft_source_rows, &rows_spec, &original, 1, 0, KEEP_PARTITIONS, &want));
        lines_equal(&got, &want);
        assert_int_equal(l.pages, pages + config);
        assert_true(weft_block_lent_bytes(block) >= weft_block_bytes(block, -1));

        weft_block_pin(block, 1);
        const int64_t most = weft_block_let_go(block);
        assert_true(most > 0 && weft_block_memory_bytes(block) > 0);
        weft_block_unpin(block, 1);
        assert_true(weft_block_let_go(block) > 0);
        assert_int_equal(weft_block_memory_bytes(block), 0);
        assert_false(weft_block_keeps(&f.ctx, block, INT64_MAX));
        assert_int_equal(keep_read(&readers[0]) == NULL ? readers[0].st : WEFT_INTERNAL, WEFT_OK);
        assert_int_equal(readers[0].unstable, pages);
        assert_int_equal(l.pages, 2 * pages + config);
        lines_free(&got);
        lines_free(&want);
        weft_block_release(&third);
        weft_block_release(&block);
        weft_block_release(&original);
        weft_fixture_close(&f);
    }
    data_free(&set);
}

static weft_status sweep_run(weft_fixture *f, void *arg)
{
    weft_status st = WEFT_OK;
    const data_set *set = arg;
    liar l = {.fail_at = -1};
    weft_block *block = NULL;
    text_lines got = {0};
    WEFT_TRY(st, write_block(&f->ctx, set, 4, 1, &l.block));
    WEFT_TRY(st, liar_stand_in(&f->ctx, &l, &all_types, &block));
    WEFT_TRY(st, run_source(&f->ctx, &weft_source_rows, &rows_spec, &block, 1, 0, 4, &got));
    WEFT_TRY(st, weft_block_keep(&f->ctx, block));
    WEFT_TRY(st, run_source(&f->ctx, &weft_source_rows, &rows_spec, &block, 1, 0, 4, &got));
done:
    lines_free(&got);
    weft_block_release(&block);
    weft_block_release(&l.block);
    return st;
}

/* Some refusals are answered by spilling: then the rows come all the same. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    data_set set = data_new(weft_test_seed(), 900, 90, 5, 6);
    for (int64_t n = 1, failed = 1; failed != 0; n++) {
        weft_fixture f;
        exec_open(&f, &exec_configs[0]);
        weft_mem_fail_after(n);
        const weft_status st = sweep_run(&f, &set);
        failed = weft_mem_fail_after(0) >= n;
        assert_true(st == WEFT_OK || (failed && st == WEFT_NOMEM));
        weft_fixture_close(&f);
    }
    data_free(&set);
}

WEFT_TESTS(WEFT_TEST(a_stand_in_is_read_as_its_block), WEFT_TEST(skips_and_runs_ask_for_what_they_need),
           WEFT_TEST(a_range_asks_for_its_pages_alone), WEFT_TEST(pages_of_liars_do_no_harm),
           WEFT_TEST(headers_of_liars_do_no_harm), WEFT_TEST(failures_name_their_block),
           WEFT_TEST(what_is_kept_is_fetched_once), WEFT_TEST(every_allocation_may_fail))
