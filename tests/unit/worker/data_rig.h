/* tests/unit/worker/data_rig.h - stores with block servers, and a fetcher that reads them over the loopback,
 * in one process. Rows are (number, text), so that a reader knows which row must come. */
#ifndef WEFT_TESTS_UNIT_WORKER_DATA_RIG_H
#define WEFT_TESTS_UNIT_WORKER_DATA_RIG_H

#include <stdio.h>

#include "tests/support/fixture.h"
#include "worker/fetch.h"
#include "worker/serve.h"

enum { RIG_SERVERS_MAX = 3, RIG_TEXT_BYTES = 29 * 40 };

static const weft_type rig_columns[2] = {{.id = WEFT_TYPE_BIGINT}, {.id = WEFT_TYPE_STRING}};
static const weft_types rig_types = {.count = 2, .types = rig_columns};

/* One process that holds blocks. */
typedef struct rig_server {
    weft_pool *pool;
    weft_account *account; /* of its store */
    weft_store *store;
    weft_serve *serve;
    weft_place place;
    char address[64];
} rig_server;

typedef struct data_rig {
    weft_fixture f; /* of the reader */
    rig_server servers[RIG_SERVERS_MAX];
    int32_t server_count;
    weft_fetcher *fetcher;
} data_rig;

static inline void rig_set(data_rig *rig, const char *key, const char *value)
{
    weft_fixture_ok(&rig->f, weft_settings_set(&rig->f.ctx, &rig->f.settings, key, value));
}

static inline void rig_open(data_rig *rig, int64_t limit_bytes)
{
    *rig = (data_rig){0};
    if (limit_bytes > 0)
        weft_fixture_open_limited(&rig->f, limit_bytes);
    else
        weft_fixture_open(&rig->f);
}

static inline void rig_serve(data_rig *rig, rig_server *s, int32_t port)
{
    char listen[64];
    weft_serve_options options = {.listen = listen,
                                  .pool = s->pool,
                                  .settings = &rig->f.settings,
                                  .store = s->store,
                                  .uuid = s->place.uuid,
                                  .host_id = "server"};
    snprintf(listen, sizeof(listen), "tcp://127.0.0.1:%d", port);
    weft_fixture_ok(&rig->f, weft_serve_start(&rig->f.ctx, &options, &s->serve));
    snprintf(s->address, sizeof(s->address), "tcp://127.0.0.1:%d", weft_serve_port(s->serve));
    s->place.address = s->address;
}

static inline rig_server *rig_server_add(data_rig *rig, int64_t limit_bytes)
{
    rig_server *s = &rig->servers[rig->server_count++];
    assert_true(rig->server_count <= RIG_SERVERS_MAX);
    s->pool = weft_pool_new(limit_bytes == 0 ? INT64_MAX : limit_bytes);
    s->account = weft_account_open(s->pool, "store");
    s->place.worker = rig->server_count;
    weft_fixture_ok(&rig->f, weft_uuid_new(&rig->f.ctx, &s->place.uuid));
    weft_fixture_ok(&rig->f, weft_store_new(&rig->f.ctx, s->account, &s->store));
    rig_serve(rig, s, 0);
    return s;
}

/* deadline_ms 0: long enough for a machine that is busy with other things. */
static inline void rig_fetcher(data_rig *rig, const char *host_id, int32_t deadline_ms)
{
    const weft_fetch_options options = {.pool = rig->f.pool,
                                        .settings = &rig->f.settings,
                                        .host_id = host_id,
                                        .deadline_ms = deadline_ms == 0 ? 60000 : deadline_ms};
    weft_fixture_ok(&rig->f, weft_fetcher_start(&rig->f.ctx, &options, &rig->fetcher));
}

static inline void rig_close(data_rig *rig)
{
    weft_fetcher_stop(&rig->fetcher);
    for (int32_t i = 0; i < rig->server_count; i++) {
        rig_server *s = &rig->servers[i];
        weft_serve_stop(&s->serve);
        weft_store_free(&s->store);
        weft_account_close(&s->account);
        weft_pool_free(&s->pool);
    }
    weft_fixture_close(&rig->f);
}

/* ---- blocks ---- */

static inline weft_block_name rig_name(int32_t partition)
{
    return (weft_block_name){.job = 7, .stage = 3, .partition = partition};
}

static inline int32_t rig_text(int64_t number, char *out)
{
    const int32_t len = (int32_t)(number % 29) * 40; /* some 450 rows fill a page */
    for (int32_t i = 0; i < len; i++) out[i] = (char)('a' + (number + i) % 26);
    return len;
}

/* A block of `rows` rows numbered from first, dealt to the partitions in turn, in the server's store. A run
 * ends after every run_rows rows (0: no runs). */
static inline void rig_block(data_rig *rig, rig_server *s, const weft_block_name *name, int64_t first,
                             int64_t rows, int32_t partitions, int64_t run_rows, bool spill)
{
    weft_ctx *ctx = &rig->f.ctx;
    weft_account *const callers = ctx->memory;
    weft_block_writer *writer = NULL;
    weft_block *block = NULL;
    static const int32_t columns[2] = {0, 1};
    int64_t freed;
    ctx->memory = s->account;
    weft_fixture_ok(&rig->f, weft_block_writer_open(ctx, &rig_types, partitions, &writer));
    weft_fixture_ok(&rig->f, weft_block_track(ctx, writer, 0, 0));
    for (int64_t i = 0; i < rows; i++) {
        const int64_t number = first + i;
        char text[RIG_TEXT_BYTES];
        const weft_str string = weft_str_view(text, (uint32_t)rig_text(number, text));
        const uint64_t hash =
            partitions == 1 ? 0 : (uint64_t)(i % partitions) << (64 - __builtin_ctz((uint32_t)partitions));
        weft_column batch_columns[2] = {{.type = rig_columns[0], .phys = WEFT_PHYS_I64, .data = &number},
                                        {.type = rig_columns[1], .phys = WEFT_PHYS_STR, .data = &string}};
        const weft_batch batch = {.rows = 1, .selected = 1, .column_count = 2, .columns = batch_columns};
        weft_fixture_ok(&rig->f, weft_block_append(ctx, writer, &batch, columns, &hash));
        if (run_rows > 0 && (i + 1) % run_rows == 0)
            for (int32_t p = 0; p < partitions; p++)
                weft_fixture_ok(&rig->f, weft_block_end_run(ctx, writer, p));
    }
    weft_fixture_ok(&rig->f, weft_block_finish(ctx, &writer, s->account, name, &block));
    if (spill) weft_fixture_ok(&rig->f, weft_block_spill(ctx, block, &freed));
    weft_fixture_ok(&rig->f, weft_store_put(ctx, s->store, block));
    ctx->memory = callers;
}

/* Read pages of a partition and check that they hold rows first + at, first + at + step, …; *rows: how many.
 * The ctx is of the calling thread. */
static inline weft_status rig_read(weft_ctx *ctx, const weft_block *block, int32_t partition, int32_t run,
                                   int64_t first, int64_t step, int64_t *rows)
{
    weft_status st = WEFT_OK;
    weft_block_reader *reader = NULL;
    const weft_row_page *page = NULL;
    const weft_row_layout *layout = weft_block_layout(block);
    bool stable;
    *rows = 0;
    WEFT_TRY(st, weft_block_reader_open(ctx, block, partition, run, &reader));
    for (;;) {
        WEFT_TRY(st, weft_block_reader_next(ctx, reader, &page, &stable));
        if (page == NULL) break;
        const uint8_t *row = weft_row_page_rows(page);
        for (uint32_t i = 0; i < page->rows; i++, row += page->row_bytes, (*rows)++) {
            int64_t number;
            weft_str text;
            char want[RIG_TEXT_BYTES];
            memcpy(&number, row + layout->offsets[0], sizeof(number));
            memcpy(&text, row + layout->offsets[1], sizeof(text));
            assert_int_equal(number, first + *rows * step);
            assert_int_equal(text.len, rig_text(number, want));
            assert_memory_equal(weft_str_data(&text), want, text.len);
        }
    }
done:
    weft_block_reader_close(&reader);
    return st;
}

#endif
