/* Blocks over the loopback: what a fetcher reads is what the stores of others hold, whole, by partition and
 * by run, from memory and from scratch, compressed or not; and whatever goes wrong there is one of the errors
 * that a coordinator can act on, within bounded memory, and never a wrong row. */
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/data.h"
#include "tests/unit/worker/data_rig.h"

enum { ROWS = 4000 }; /* several pages of a partition */

static weft_status fetch_one(data_rig *rig, const weft_block_name *name, const weft_place *place,
                             weft_block **out)
{
    int32_t lost;
    return weft_fetch_blocks(&rig->f.ctx, rig->fetcher, name, &place, 1, &rig_types, rig->f.account, out,
                             &lost);
}

static void blocks_come_as_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *compress;
        bool spill;
        int32_t partitions;
    } ways[] = {{"auto", false, 1}, {"auto", true, 1},    {"never", false, 8},
                {"never", true, 8}, {"always", false, 8}, {"always", true, 1}};
    for (int32_t w = 0; w < WEFT_COUNT(ways); w++) {
        data_rig rig;
        weft_block *block = NULL;
        weft_fetch_counts counts;
        weft_key_range range;
        int64_t rows, total = 0;
        const weft_block_name name = rig_name(w);
        rig_open(&rig, 0);
        rig_set(&rig, "weft.exchange.compress", ways[w].compress);
        rig_server *s = rig_server_add(&rig, 0);
        rig_block(&rig, s, &name, 1000, ROWS, ways[w].partitions, 0, ways[w].spill);
        rig_fetcher(&rig, "server", 0);
        weft_fixture_ok(&rig.f, fetch_one(&rig, &name, &s->place, &block));
        assert_int_equal(weft_block_rows(block, -1), ROWS);
        assert_memory_equal(weft_block_get_name(block), &name, sizeof(name));
        assert_true(weft_block_key_range(block, 0, &range));
        assert_int_equal(range.low, 1000);
        assert_int_equal(range.high, 1000 + ROWS - 1);
        for (int32_t p = 0; p < ways[w].partitions; p++) {
            weft_fixture_ok(&rig.f, rig_read(&rig.f.ctx, block, p, -1, 1000 + p, ways[w].partitions, &rows));
            total += rows;
        }
        assert_int_equal(total, ROWS);
        weft_fetch_count(rig.fetcher, &counts);
        assert_int_equal(counts.headers, 1);
        assert_int_equal(counts.streams, 0);
        assert_int_equal(counts.ahead_bytes, 0);
        assert_int_equal(counts.ignored, 0);
        assert_true(counts.bytes >= weft_block_bytes(block, -1));
        assert_int_equal(counts.stored < counts.bytes, strcmp(ways[w].compress, "always") == 0);
        weft_block_release(&block);
        rig_close(&rig);
    }
}

/* Other hosts get compressed pages. */
static void another_host_gets_fewer_bytes(void **state)
{
    (void)state;
    data_rig rig;
    weft_block *block = NULL;
    weft_fetch_counts counts;
    int64_t rows;
    const weft_block_name name = rig_name(1);
    rig_open(&rig, 0);
    rig_server *s = rig_server_add(&rig, 0);
    rig_block(&rig, s, &name, 0, ROWS, 1, 0, false);
    rig_fetcher(&rig, "elsewhere", 0);
    weft_fixture_ok(&rig.f, fetch_one(&rig, &name, &s->place, &block));
    weft_fixture_ok(&rig.f, rig_read(&rig.f.ctx, block, 0, -1, 0, 1, &rows));
    assert_int_equal(rows, ROWS);
    weft_fetch_count(rig.fetcher, &counts);
    assert_true(counts.stored < counts.bytes / 2);
    weft_block_release(&block);
    rig_close(&rig);
}

static void runs_are_read_alone(void **state)
{
    (void)state;
    data_rig rig;
    weft_block *block = NULL;
    int64_t rows;
    const weft_block_name name = rig_name(1);
    rig_open(&rig, 0);
    rig_server *s = rig_server_add(&rig, 0);
    rig_block(&rig, s, &name, 0, ROWS, 1, ROWS / 4, false);
    rig_fetcher(&rig, "server", 0);
    weft_fixture_ok(&rig.f, fetch_one(&rig, &name, &s->place, &block));
    assert_int_equal(weft_block_runs(block, 0), 4);
    for (int32_t r = 3; r >= 0; r--) {
        weft_fixture_ok(&rig.f, rig_read(&rig.f.ctx, block, 0, r, r * (ROWS / 4), 1, &rows));
        assert_int_equal(rows, ROWS / 4);
    }
    weft_block_release(&block);
    rig_close(&rig);
}

/* Many blocks of several servers in one call; one that is not there is named, and none is left. */
static void many_blocks_at_once(void **state)
{
    (void)state;
    enum { BLOCKS = 700 };
    data_rig rig;
    weft_block_name names[BLOCKS];
    const weft_place *places[BLOCKS];
    weft_block *blocks[BLOCKS];
    weft_fetch_failure failure = {0};
    int64_t rows;
    int32_t lost;
    rig_open(&rig, 0);
    for (int32_t i = 0; i < RIG_SERVERS_MAX; i++) rig_server_add(&rig, 0);
    for (int32_t i = 0; i < BLOCKS; i++) {
        rig_server *s = &rig.servers[i % RIG_SERVERS_MAX];
        names[i] = rig_name(i);
        places[i] = &s->place;
        rig_block(&rig, s, &names[i], i, 3, 2, 0, i % 5 == 0);
    }
    rig_fetcher(&rig, "server", 0);
    weft_fixture_ok(&rig.f, weft_fetch_blocks(&rig.f.ctx, rig.fetcher, names, places, BLOCKS, &rig_types,
                                              rig.f.account, blocks, &lost));
    for (int32_t i = 0; i < BLOCKS; i++) {
        weft_fixture_ok(&rig.f, rig_read(&rig.f.ctx, blocks[i], 0, -1, i, 2, &rows));
        assert_int_equal(rows, 2);
        weft_block_release(&blocks[i]);
    }
    names[500].attempt = 1;
    rig.f.ctx.fetch_failure = &failure;
    assert_int_equal(weft_fetch_blocks(&rig.f.ctx, rig.fetcher, names, places, BLOCKS, &rig_types,
                                       rig.f.account, blocks, &lost),
                     WEFT_FETCH_FAILED);
    assert_int_equal(lost, 500);
    assert_true(failure.has);
    assert_false(failure.unreachable);
    assert_memory_equal(&failure.name, &names[500], sizeof(failure.name));
    for (int32_t i = 0; i < BLOCKS; i++) assert_null(blocks[i]);
    rig_close(&rig);
}

/* A block that goes while it is read, a server that goes, another process on its port. */
static void what_goes_in_the_middle_is_told(void **state)
{
    (void)state;
    enum { GONE_BLOCK, GONE_SERVER, OTHER_PROCESS };
    for (int32_t way = GONE_BLOCK; way <= OTHER_PROCESS; way++) {
        data_rig rig;
        weft_block *block = NULL;
        weft_block_reader *reader = NULL;
        const weft_row_page *page = NULL;
        weft_fetch_failure failure = {0};
        bool stable;
        int64_t rows = 0;
        const weft_block_name name = rig_name(1);
        rig_open(&rig, 0);
        rig_server *s = rig_server_add(&rig, 0);
        rig_block(&rig, s, &name, 0, 8 * ROWS, 1, 0, false); /* more than a stream reads ahead */
        rig_fetcher(&rig, "server", 0);
        weft_fixture_ok(&rig.f, fetch_one(&rig, &name, &s->place, &block));
        rig.f.ctx.fetch_failure = &failure;
        weft_fixture_ok(&rig.f, weft_block_reader_open(&rig.f.ctx, block, 0, -1, &reader));
        weft_fixture_ok(&rig.f, weft_block_reader_next(&rig.f.ctx, reader, &page, &stable));
        if (way == GONE_BLOCK) {
            weft_store_drop(s->store, name.job, name.stage, name.generation);
        } else {
            const int32_t port = weft_serve_port(s->serve);
            weft_serve_stop(&s->serve);
            s->place.uuid.low++;
            if (way == OTHER_PROCESS) rig_serve(&rig, s, port);
        }
        weft_status st = WEFT_OK;
        while (st == WEFT_OK && page != NULL) {
            rows += page->rows;
            st = weft_block_reader_next(&rig.f.ctx, reader, &page, &stable);
        }
        assert_int_equal(st, way == GONE_BLOCK ? WEFT_FETCH_FAILED : WEFT_UNREACHABLE);
        assert_true(rows < 8 * ROWS);
        assert_true(failure.has);
        assert_int_equal(failure.unreachable, way != GONE_BLOCK);
        weft_block_reader_close(&reader);
        if (way == OTHER_PROCESS) { /* it has a block of that name, but it is not the one that is meant */
            assert_int_equal(rig_read(&rig.f.ctx, block, 0, -1, 0, 1, &rows), WEFT_FETCH_FAILED);
        }
        if (way == GONE_SERVER)
            assert_int_equal(rig_read(&rig.f.ctx, block, 0, -1, 0, 1, &rows), WEFT_UNREACHABLE);
        weft_block_release(&block);
        rig_close(&rig);
    }
}

/* A listener that never answers: told after the deadline, and at once when cancelled. */
static void silence_is_unreachable(void **state)
{
    (void)state;
    data_rig rig;
    weft_block *block = NULL;
    char address[64];
    atomic_bool cancel = true;
    const weft_block_name name = rig_name(1);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);
    rig_open(&rig, 0);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    snprintf(address, sizeof(address), "tcp://127.0.0.1:%d", ntohs(at.sin_port));
    const weft_place place = {.worker = 1, .address = address};
    rig_fetcher(&rig, "server", 300);
    assert_int_equal(fetch_one(&rig, &name, &place, &block), WEFT_UNREACHABLE);
    rig.f.ctx.cancel = &cancel;
    assert_int_equal(fetch_one(&rig, &name, &place, &block), WEFT_CANCELLED);
    rig.f.ctx.cancel = NULL;
    close(fd);
    const weft_status st = fetch_one(&rig, &name, &place, &block); /* nobody listens any more */
    assert_int_equal(st, WEFT_UNREACHABLE);
    rig_close(&rig);
}

/* A reader that takes its time has no more than its window in memory, and the server lends no more. */
static void a_slow_reader_holds_little(void **state)
{
    (void)state;
    enum { MOST = 8 << 20 };
    data_rig rig;
    weft_block *blocks[4] = {NULL};
    weft_block_reader *readers[4] = {NULL};
    const weft_row_page *page = NULL;
    weft_fetch_counts counts;
    bool stable;
    rig_open(&rig, 64 << 20);
    rig_server *s = rig_server_add(&rig, 0);
    rig_fetcher(&rig, "server", 0);
    for (int32_t i = 0; i < 4; i++) {
        const weft_block_name name = rig_name(i);
        rig_block(&rig, s, &name, 0, 8 * ROWS, 1, 0, i % 2 == 1);
        weft_fixture_ok(&rig.f, fetch_one(&rig, &name, &s->place, &blocks[i]));
    }
    const int64_t before = weft_pool_used_bytes(rig.f.pool);
    for (int32_t n = 0; n < 3; n++)
        for (int32_t i = 0; i < 4; i++) {
            if (n == 0)
                weft_fixture_ok(&rig.f, weft_block_reader_open(&rig.f.ctx, blocks[i], 0, -1, &readers[i]));
            weft_fixture_ok(&rig.f, weft_block_reader_next(&rig.f.ctx, readers[i], &page, &stable));
            assert_non_null(page);
        }
    usleep(200 * 1000);
    weft_fetch_count(rig.fetcher, &counts);
    assert_true(counts.ahead_peak <= MOST);
    assert_true(weft_pool_used_bytes(rig.f.pool) - before < 4 * (3 << 20));
    for (int32_t i = 0; i < 4; i++) {
        int64_t rows;
        weft_block_reader_close(&readers[i]);
        weft_fixture_ok(&rig.f, rig_read(&rig.f.ctx, blocks[i], 0, -1, 0, 1, &rows));
        assert_int_equal(rows, 8 * ROWS);
        weft_block_release(&blocks[i]);
    }
    rig_close(&rig);
}

/* ---- many readers ---- */

typedef struct reader_thread {
    data_rig *rig;
    weft_block **blocks;
    int32_t block_count, number;
    pthread_t thread;
    weft_status st;
} reader_thread;

static void *reader_main(void *self)
{
    reader_thread *t = self;
    weft_ctx ctx;
    weft_account *account = weft_account_open(t->rig->f.pool, "reader");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx_init(&ctx, arena, account, &t->rig->f.settings);
    for (int32_t n = 0; n < t->block_count && t->st == WEFT_OK; n++) {
        const int32_t i = (t->number * 7 + n) % t->block_count;
        int64_t rows;
        for (int32_t p = 0; p < 4 && t->st == WEFT_OK; p++)
            t->st = rig_read(&ctx, t->blocks[i], p, -1, i + p, 4, &rows);
    }
    weft_arena_free(&arena);
    weft_account_close(&account);
    return NULL;
}

/* A server whose pool is full says BUSY for what is in scratch, and is asked again until it has room. */
static void a_full_server_is_asked_again(void **state)
{
    (void)state;
    data_rig rig;
    weft_block *block = NULL;
    weft_serve_counts served = {0};
    void *hog = NULL;
    const weft_block_name name = rig_name(0);
    rig_open(&rig, 0);
    rig_server *s = rig_server_add(&rig, 32 << 20);
    rig_block(&rig, s, &name, 0, ROWS, 4, 0, true);
    rig_fetcher(&rig, "server", 0);
    weft_fixture_ok(&rig.f, fetch_one(&rig, &name, &s->place, &block));
    weft_account *const callers = rig.f.ctx.memory;
    rig.f.ctx.memory = s->account;
    for (int64_t step = 16 << 20; step >= 1 << 15; step /= 2) /* until not even a small page has room */
        while (!weft_mem_would_refuse(&rig.f.ctx, step))
            weft_fixture_ok(&rig.f,
                            weft_mem_resize(&rig.f.ctx, WEFT_MEM_RETAINED,
                                            (hog == NULL ? 0 : weft_mem_size(hog)) + (size_t)step, &hog));
    rig.f.ctx.memory = callers;
    reader_thread reader = {.rig = &rig, .blocks = &block, .block_count = 1};
    assert_int_equal(pthread_create(&reader.thread, NULL, reader_main, &reader), 0);
    while (served.busy < 3) {
        usleep(1000);
        weft_serve_count(s->serve, &served);
    }
    weft_mem_free(hog);
    pthread_join(reader.thread, NULL);
    assert_int_equal(reader.st, WEFT_OK);
    weft_block_release(&block);
    rig_close(&rig);
}

static void many_readers_of_the_same_blocks(void **state)
{
    (void)state;
    enum { BLOCKS = 10, THREADS = 8 };
    data_rig rig;
    weft_block *blocks[BLOCKS] = {NULL};
    reader_thread threads[THREADS] = {{0}};
    rig_open(&rig, 64 << 20);
    rig_server_add(&rig, 0);
    rig_server_add(&rig, 0);
    rig_fetcher(&rig, "server", 0);
    for (int32_t i = 0; i < BLOCKS; i++) {
        const weft_block_name name = rig_name(i);
        rig_server *s = &rig.servers[i % 2];
        rig_block(&rig, s, &name, i, ROWS / 4, 4, 0, i % 3 == 0);
        weft_fixture_ok(&rig.f, fetch_one(&rig, &name, &s->place, &blocks[i]));
    }
    for (int32_t t = 0; t < THREADS; t++) {
        threads[t] = (reader_thread){.rig = &rig, .blocks = blocks, .block_count = BLOCKS, .number = t};
        assert_int_equal(pthread_create(&threads[t].thread, NULL, reader_main, &threads[t]), 0);
    }
    for (int32_t t = 0; t < THREADS; t++) {
        pthread_join(threads[t].thread, NULL);
        assert_int_equal(threads[t].st, WEFT_OK);
    }
    for (int32_t i = 0; i < BLOCKS; i++) weft_block_release(&blocks[i]);
    rig_close(&rig);
}

/* 200 streams open at once, as a merge has them; page after page of each in turn. */
static void two_hundred_streams(void **state)
{
    (void)state;
    enum { STREAMS = 200 };
    data_rig rig;
    weft_block *blocks[STREAMS] = {NULL};
    weft_block_reader *readers[STREAMS] = {NULL};
    int64_t rows[STREAMS] = {0};
    rig_open(&rig, 256 << 20);
    rig_server *s = rig_server_add(&rig, 0);
    rig_fetcher(&rig, "server", 0);
    for (int32_t i = 0; i < STREAMS; i++) {
        const weft_block_name name = rig_name(i);
        rig_block(&rig, s, &name, i, 60, 1, 10, i % 50 == 0);
        weft_fixture_ok(&rig.f, fetch_one(&rig, &name, &s->place, &blocks[i]));
        weft_fixture_ok(&rig.f, weft_block_reader_open(&rig.f.ctx, blocks[i], 0, -1, &readers[i]));
    }
    for (bool more = true; more;) {
        more = false;
        for (int32_t i = 0; i < STREAMS; i++) {
            const weft_row_page *page = NULL;
            bool stable;
            weft_fixture_ok(&rig.f, weft_block_reader_next(&rig.f.ctx, readers[i], &page, &stable));
            if (page == NULL) continue;
            rows[i] += page->rows;
            more = true;
        }
    }
    for (int32_t i = 0; i < STREAMS; i++) {
        assert_int_equal(rows[i], 60);
        weft_block_reader_close(&readers[i]);
        weft_block_release(&blocks[i]);
    }
    rig_close(&rig);
}

/* ---- a server that lies ---- */

typedef enum lie {
    LIE_CRC,
    LIE_HEAD,
    LIE_LZ4,
    LIE_SHORT,
    LIE_LONG,
    LIE_FRAMES,
    LIE_HEADER,
    LIE_NOISE,
    LIE_COUNT
} lie;

typedef struct liar_server {
    weft_net *net;
    weft_block *block;
    weft_ctx *ctx; /* used by the endpoint's thread alone, while it runs */
    lie lie;
    pthread_mutex_t lock;
} liar_server;

static void lie_headers(liar_server *l, weft_net_peer peer, const weft_data_head *asked)
{
    uint8_t first[WEFT_DATA_HEAD_BYTES + WEFT_DATA_ITEM_BYTES_MAX], *bytes = NULL;
    size_t len = 0;
    const weft_data_head head = {.kind = WEFT_DATA_GAVE_HEADERS, .count = 1, .id = asked->id};
    assert_int_equal(weft_block_header_encode(l->ctx, l->block, &bytes, &len), WEFT_OK);
    const weft_data_answer answer = {.state = WEFT_DATA_HERE, .bytes = (uint32_t)len};
    if (l->lie == LIE_HEADER) bytes[len / 2] ^= 1;
    weft_data_put_answer(first, 0, &answer);
    weft_data_put_head(first, &head);
    const weft_net_frame frames[] = {{.bytes = first, .len = weft_data_bytes(head.kind, 1)},
                                     {.bytes = bytes, .len = len}};
    assert_int_equal(weft_net_send(l->ctx, l->net, peer, frames, 2), WEFT_OK);
    weft_mem_free(bytes);
}

static void lie_page(liar_server *l, weft_net_peer peer, const weft_data_want *want)
{
    uint8_t first[WEFT_DATA_HEAD_BYTES + WEFT_DATA_ITEM_BYTES_MAX];
    weft_page_pieces pieces;
    weft_data_head head = {.kind = WEFT_DATA_GAVE_PAGES, .count = 1};
    assert_int_equal(weft_block_page_pieces(l->ctx, l->block, want->partition, want->first, &pieces),
                     WEFT_OK);
    weft_data_page page = {.stream = want->stream,
                           .page = want->first,
                           .count = 1,
                           .frames = 1,
                           .bytes = (uint32_t)(WEFT_DATA_PAGE_HEAD + pieces.rows_len + pieces.heap_len),
                           .crc = pieces.crc};
    memcpy(page.head, pieces.head, sizeof(page.head));
    uint8_t *image = NULL;
    assert_int_equal(weft_mem_alloc(l->ctx, WEFT_MEM_WORKING, page.bytes, (void **)&image), WEFT_OK);
    memcpy(image, pieces.head, sizeof(pieces.head));
    memcpy(image + sizeof(pieces.head), pieces.rows, pieces.rows_len);
    memcpy(image + sizeof(pieces.head) + pieces.rows_len, pieces.heap, pieces.heap_len);
    const bool whole = l->lie == LIE_CRC || l->lie == LIE_HEAD;
    page.stored = whole ? page.bytes : page.bytes / 2; /* less than the image is taken for LZ4 */
    if (l->lie == LIE_CRC) page.crc ^= 1;
    if (l->lie == LIE_HEAD) page.head[17] ^= 1;
    const uint32_t least = weft_block_page_bytes(l->block, want->partition, want->first);
    if (l->lie == LIE_SHORT) page.bytes = least - 1;
    if (l->lie == LIE_LONG) page.bytes = weft_page_bytes_most(least) + 1;
    if (l->lie == LIE_FRAMES) page.frames = 2;
    weft_data_put_page(first, 0, &page);
    weft_data_put_head(first, &head);
    if (l->lie == LIE_NOISE) first[20] ^= 1;
    const weft_net_frame frames[] = {{.bytes = first, .len = weft_data_bytes(head.kind, 1)},
                                     {.bytes = image, .len = page.stored}};
    assert_int_equal(weft_net_send(l->ctx, l->net, peer, frames, 2), WEFT_OK);
    weft_mem_free(image);
}

static void lie_message(void *self, weft_net_peer peer, const weft_identity *who,
                        const weft_net_frame *frames, int32_t count)
{
    liar_server *l = self;
    weft_data_head head;
    weft_data_want want;
    (void)who, (void)count;
    pthread_mutex_lock(&l->lock); /* until its maker knows the endpoint */
    assert_int_equal(weft_data_check(l->ctx, frames[0].bytes, frames[0].len, &head), WEFT_OK);
    if (head.kind == WEFT_DATA_HEADERS) {
        lie_headers(l, peer, &head);
    } else {
        weft_data_get_want(frames[0].bytes, 0, &want);
        lie_page(l, peer, &want);
    }
    pthread_mutex_unlock(&l->lock);
}

/* Whatever a server sends, no row of it is believed. */
static void lies_are_refused(void **state)
{
    (void)state;
    for (lie way = LIE_CRC; way < LIE_COUNT; way++) {
        data_rig rig;
        weft_block *block = NULL;
        char address[64];
        int64_t rows = 0;
        const weft_block_name name = rig_name(0);
        liar_server l = {.lie = way, .lock = PTHREAD_MUTEX_INITIALIZER};
        rig_open(&rig, 0);
        rig_server *s = rig_server_add(&rig, 0); /* only for its store */
        rig_block(&rig, s, &name, 0, ROWS, 1, 0, false);
        l.block = weft_store_find(s->store, &name);
        weft_arena *arena = weft_arena_new(s->account);
        weft_ctx ctx;
        weft_ctx_init(&ctx, arena, s->account, &rig.f.settings);
        l.ctx = &ctx;
        const weft_net_options options = {.listen = "tcp://127.0.0.1:0",
                                          .handler = {.self = &l, .message = lie_message},
                                          .queue_bytes = 64 << 20,
                                          .message_bytes = 1 << 20,
                                          .peers_max = 16};
        pthread_mutex_lock(&l.lock);
        weft_fixture_ok(&rig.f, weft_net_start(&rig.f.ctx, &options, &l.net));
        pthread_mutex_unlock(&l.lock);
        snprintf(address, sizeof(address), "tcp://127.0.0.1:%d", weft_net_port(l.net));
        const weft_place place = {.worker = 1, .address = address};
        /* a page of another size is none that was asked for: it never comes */
        rig_fetcher(&rig, "server", way == LIE_SHORT || way == LIE_LONG ? 100 : 0);
        weft_status st = fetch_one(&rig, &name, &place, &block);
        if (way == LIE_HEADER) {
            assert_int_equal(st, WEFT_CHECKSUM);
        } else {
            weft_fixture_ok(&rig.f, st);
            st = rig_read(&rig.f.ctx, block, 0, -1, 0, 1, &rows);
            const bool damaged = way == LIE_CRC || way == LIE_HEAD || way == LIE_LZ4;
            assert_int_equal(st, damaged ? WEFT_CHECKSUM : WEFT_UNREACHABLE);
        }
        assert_int_equal(rows, 0);
        weft_block_release(&block);
        weft_net_stop(&l.net, 0);
        weft_block_release(&l.block);
        weft_arena_free(&arena);
        rig_close(&rig);
    }
}

WEFT_TESTS(WEFT_TEST(blocks_come_as_they_are), WEFT_TEST(another_host_gets_fewer_bytes),
           WEFT_TEST(runs_are_read_alone), WEFT_TEST(many_blocks_at_once),
           WEFT_TEST(what_goes_in_the_middle_is_told), WEFT_TEST(silence_is_unreachable),
           WEFT_TEST(a_slow_reader_holds_little), WEFT_TEST(a_full_server_is_asked_again),
           WEFT_TEST(many_readers_of_the_same_blocks), WEFT_TEST(two_hundred_streams),
           WEFT_TEST(lies_are_refused))
