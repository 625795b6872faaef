/* bench/exchange/fetch.c - bytes a second from a block server to a fetcher over the loopback, beside plain
 * libzmq, in turn in one run; with and without keys.
 *
 *   bench_fetch [MiB] [rounds] [parts]      parts: letters of what to run, all when left out:
 *                                           p libzmq, 1 one reader, 4 four readers, s small partitions,
 *                                           k all of those with keys too
 *
 * Plain libzmq: PUSH to PULL, sent without a copy out of 64 MiB, as large as the block that Weft sends; the
 * receiver has them in memory and never looks at them. In messages of 256 KiB, as Weft's pages have, and in
 * the size that it is best at. Each end has a context and so a network thread of its own, as two processes
 * have, and as Weft's two ends have here; beside it both ends in one context, where one thread does the work
 * of both: no exchange can be built so, but it shows what a second thread costs.
 *
 * Weft: a block in memory, read by one and by four readers, which check each page (checksum, every string) as
 * tasks do; the server makes the checksums in the first of the reads, as the first row tells. Then many small
 * partitions, as an exchange has them.
 *
 * CPU seconds are those of all threads of both ends. They are what counts on a machine that does other work.
 * Each figure scatters, by twice at times: what is compared at the end are the middles of all rounds, and
 * libzmq's best size is the one whose middle is best.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "common/settings.h"
#include "engine/exec/reader_queue.h"
#include "worker/fetch.h"
#include "worker/serve.h"

enum {
    MESSAGE_BYTES = 256 * 1024,
    PLAIN_BYTES = 64 << 20,
    READERS_MAX = 4,
    SMALL_PARTITIONS = 4096,
    SMALL_ROWS = 400,
    ROUNDS_MAX = 99
};

/* What is compared at the end; libzmq first, from 64 KiB on in doubling sizes. */
enum { PLAIN_SIZES = 5, PLAIN_SAME = 2, ONE_READER = PLAIN_SIZES, FOUR_READERS, FIGURES };

typedef struct stopwatch {
    double wall, cpu;
} stopwatch;

typedef struct bench {
    weft_pool *pool;
    weft_account *account;
    weft_arena *arena;
    weft_settings settings;
    weft_ctx ctx;
    char folder[64];
    stopwatch rates[2][FIGURES][ROUNDS_MAX]; /* seconds for a GB; with keys in [1] */
    int32_t round;
} bench;

static void check(const bench *b, weft_status st)
{
    if (st == WEFT_OK) return;
    fprintf(stderr, "%s: %s\n", weft_status_text(st), b->ctx.error.message);
    exit(1);
}

static void must(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(1);
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static stopwatch start(void)
{
    return (stopwatch){.wall = seconds(CLOCK_MONOTONIC), .cpu = seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

/* Seconds for a GB. */
static stopwatch show(const char *name, stopwatch began, double bytes)
{
    const double wall = seconds(CLOCK_MONOTONIC) - began.wall;
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - began.cpu;
    printf("%-34s %8.0f MB/s  %6.3f CPU s/GB\n", name, bytes / wall / 1e6, cpu / bytes * 1e9);
    fflush(stdout);
    return (stopwatch){.wall = wall / bytes * 1e9, .cpu = cpu / bytes * 1e9};
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static stopwatch middle(const stopwatch *rates, int32_t count)
{
    double wall[ROUNDS_MAX], cpu[ROUNDS_MAX];
    for (int32_t i = 0; i < count; i++) {
        wall[i] = rates[i].wall;
        cpu[i] = rates[i].cpu;
    }
    qsort(wall, (size_t)count, sizeof(*wall), by_value);
    qsort(cpu, (size_t)count, sizeof(*cpu), by_value);
    return (stopwatch){.wall = wall[count / 2], .cpu = cpu[count / 2]};
}

/* The middles of all rounds, beside one another. */
static void show_ratios(const bench *b, bool keys)
{
    stopwatch all[FIGURES], best;
    for (int32_t i = 0; i < FIGURES; i++) all[i] = middle(b->rates[keys][i], b->round);
    if (all[0].cpu == 0) return;
    best = all[0];
    for (int32_t i = 1; i < PLAIN_SIZES; i++) {
        if (all[i].wall < best.wall) best.wall = all[i].wall;
        if (all[i].cpu < best.cpu) best.cpu = all[i].cpu;
    }
    for (int32_t i = ONE_READER; i < FIGURES; i++)
        if (all[i].cpu > 0)
            printf("%s%s to libzmq: 256 KiB %.2f by wall, %.2f by CPU; its best %.2f, %.2f\n",
                   i == ONE_READER ? "one reader" : "four readers", keys ? ", CURVE," : "",
                   all[PLAIN_SAME].wall / all[i].wall, all[PLAIN_SAME].cpu / all[i].cpu,
                   best.wall / all[i].wall, best.cpu / all[i].cpu);
}

/* ---- plain libzmq ---- */

typedef struct plain {
    void *zmq;   /* the sender's */
    bool shared; /* it is the receiver's too */
    char endpoint[128], public_key[41], secret_key[41];
    bool keys;
    int64_t messages;
    size_t message_bytes;
    char *bytes; /* PLAIN_BYTES, sent again and again */
} plain;

static void keep(void *bytes, void *hint) { (void)bytes, (void)hint; }

static void *plain_push(void *self)
{
    const plain *p = self;
    const int most = 1000;
    void *socket = zmq_socket(p->zmq, ZMQ_PUSH);
    must(socket != NULL, "a socket");
    zmq_setsockopt(socket, ZMQ_SNDHWM, &most, sizeof(most));
    if (p->keys) {
        zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, p->public_key, 41);
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, p->public_key, 41);
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, p->secret_key, 41);
    }
    must(zmq_connect(socket, p->endpoint) == 0, "connect");
    const int64_t round = PLAIN_BYTES / (int64_t)p->message_bytes;
    for (int64_t i = 0; i < p->messages; i++) {
        zmq_msg_t m;
        zmq_msg_init_data(&m, p->bytes + i % round * (int64_t)p->message_bytes, p->message_bytes, keep, NULL);
        must(zmq_msg_send(&m, socket, 0) >= 0, "send");
    }
    zmq_close(socket);
    if (!p->shared) zmq_ctx_term(p->zmq);
    return NULL;
}

static stopwatch run_plain(int64_t mib, size_t message_bytes, bool keys, bool shared)
{
    char name[64];
    void *zmq = zmq_ctx_new(), *socket = zmq_socket(zmq, ZMQ_PULL);
    plain p = {.zmq = shared ? zmq : zmq_ctx_new(),
               .shared = shared,
               .keys = keys,
               .messages = (mib << 20) / (int64_t)message_bytes,
               .message_bytes = message_bytes,
               .bytes = malloc(PLAIN_BYTES)};
    size_t len = sizeof(p.endpoint);
    const int one = 1;
    pthread_t pusher;
    if (keys) {
        must(zmq_curve_keypair(p.public_key, p.secret_key) == 0, "keys");
        zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &one, sizeof(one));
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, p.secret_key, 41);
    }
    must(zmq_bind(socket, "tcp://127.0.0.1:*") == 0, "bind");
    zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, p.endpoint, &len);
    must(p.bytes != NULL, "memory");
    memset(p.bytes, 1, PLAIN_BYTES);
    const stopwatch began = start();
    must(pthread_create(&pusher, NULL, plain_push, &p) == 0, "a thread");
    for (int64_t i = 0; i < p.messages; i++) {
        zmq_msg_t m;
        zmq_msg_init(&m);
        must(zmq_msg_recv(&m, socket, 0) == (int)message_bytes, "receive");
        zmq_msg_close(&m);
    }
    snprintf(name, sizeof(name), "libzmq%s, %zu KiB%s", keys ? ", CURVE" : "", message_bytes >> 10,
             shared ? ", one thread" : "");
    const stopwatch rate = show(name, began, (double)p.messages * (double)message_bytes);
    pthread_join(pusher, NULL);
    zmq_close(socket);
    zmq_ctx_term(zmq);
    free(p.bytes);
    return rate;
}

/* ---- weft ---- */

static const weft_type columns[4] = {
    {.id = WEFT_TYPE_BIGINT}, {.id = WEFT_TYPE_BIGINT}, {.id = WEFT_TYPE_BIGINT}, {.id = WEFT_TYPE_STRING}};
static const weft_types types = {.count = 4, .types = columns};

/* Rows dealt to the partitions, so that each gets about as many. */
static weft_block *make_block(bench *b, weft_account *owner, int64_t rows, int32_t partitions, int32_t number)
{
    enum { BATCH = 2048 };
    static int64_t values[BATCH];
    static weft_str texts[BATCH];
    static uint64_t hashes[BATCH];
    static const int32_t all[4] = {0, 1, 2, 3};
    static const char text[] = "a comment of some length, as tables have";
    weft_block_writer *writer = NULL;
    weft_block *block = NULL;
    const weft_block_name name = {.job = 1, .stage = 1, .partition = number};
    check(b, weft_block_writer_open(&b->ctx, &types, partitions, &writer));
    for (int64_t at = 0; at < rows; at += BATCH) {
        const int32_t some = (int32_t)weft_min_i64(BATCH, rows - at);
        for (int32_t i = 0; i < some; i++) {
            values[i] = at + i;
            texts[i] = weft_str_view(text, (uint32_t)(at + i) % (uint32_t)sizeof(text));
            hashes[i] = (uint64_t)(at + i) * 0x9e3779b97f4a7c15ULL;
        }
        weft_column batch_columns[4];
        for (int32_t c = 0; c < 3; c++)
            batch_columns[c] = (weft_column){.type = columns[c], .phys = WEFT_PHYS_I64, .data = values};
        batch_columns[3] = (weft_column){.type = columns[3], .phys = WEFT_PHYS_STR, .data = texts};
        const weft_batch batch = {
            .rows = some, .selected = some, .column_count = 4, .columns = batch_columns};
        check(b, weft_block_append(&b->ctx, writer, &batch, all, hashes));
    }
    check(b, weft_block_finish(&b->ctx, &writer, owner, &name, &block));
    return block;
}

typedef struct reader {
    bench *b;
    weft_block *const *blocks;
    int32_t block_count, partitions, repeat;
    pthread_t thread;
    int64_t bytes, rows;
} reader;

static void *read_blocks(void *self)
{
    reader *r = self;
    weft_ctx ctx;
    weft_account *account = weft_account_open(r->b->pool, "reader");
    weft_arena *arena = weft_arena_new(account);
    weft_ctx_init(&ctx, arena, account, &r->b->settings);
    const weft_input input = {.block_count = r->block_count, .blocks = (weft_block **)(uintptr_t)r->blocks};
    for (int32_t n = 0; n < r->repeat; n++) {
        weft_reader_queue queue;
        weft_reader_queue_init(&queue, &input, 0, r->partitions, false);
        for (int32_t p = 0; p < r->partitions; p++)
            for (int32_t i = 0; i < r->block_count; i++) {
                weft_block_reader *pages = NULL;
                const weft_row_page *page = NULL;
                bool stable;
                weft_status st = weft_reader_queue_open(&ctx, &queue, i, p, &pages);
                while (st == WEFT_OK) {
                    st = weft_block_reader_next(&ctx, pages, &page, &stable);
                    if (st != WEFT_OK || page == NULL) break;
                    r->bytes += page->bytes;
                    r->rows += page->rows;
                }
                r->b->ctx.error = ctx.error;
                check(r->b, st);
                weft_block_reader_close(&pages);
            }
        weft_reader_queue_close(&queue);
    }
    weft_arena_free(&arena);
    weft_account_close(&account);
    return NULL;
}

static stopwatch run_weft(bench *b, const char *name, weft_block *const *blocks, int32_t block_count,
                          int32_t partitions, int32_t readers, int32_t repeat)
{
    reader list[READERS_MAX];
    int64_t bytes = 0, rows = 0, want = 0;
    for (int32_t i = 0; i < block_count; i++) want += weft_block_rows(blocks[i], -1);
    const stopwatch began = start();
    for (int32_t i = 0; i < readers; i++) {
        list[i] = (reader){.b = b,
                           .blocks = blocks,
                           .block_count = block_count,
                           .partitions = partitions,
                           .repeat = repeat / readers};
        must(pthread_create(&list[i].thread, NULL, read_blocks, &list[i]) == 0, "a thread");
    }
    for (int32_t i = 0; i < readers; i++) {
        pthread_join(list[i].thread, NULL);
        bytes += list[i].bytes;
        rows += list[i].rows;
    }
    if (rows != want * (repeat / readers) * readers) {
        fprintf(stderr, "%lld rows came\n", (long long)rows);
        exit(1);
    }
    return show(name, began, (double)bytes);
}

static bool wanted(const char *parts, char part) { return parts == NULL || strchr(parts, part) != NULL; }

/* Partitions of 4 KiB in eight blocks, as tasks of an exchange read them. */
static void run_small(bench *b, weft_fetcher *fetcher, weft_store *store, weft_account *owner,
                      const weft_place *at)
{
    enum { BLOCKS = 8 };
    const weft_place *places[BLOCKS] = {at, at, at, at, at, at, at, at};
    weft_block *small[BLOCKS];
    weft_block_name names[BLOCKS];
    int32_t lost;
    for (int32_t i = 0; i < BLOCKS; i++) {
        weft_block *block =
            make_block(b, owner, (int64_t)SMALL_PARTITIONS * SMALL_ROWS / 8, SMALL_PARTITIONS, i + 1);
        names[i] = *weft_block_get_name(block);
        check(b, weft_store_put(&b->ctx, store, block));
    }
    check(b, weft_fetch_blocks(&b->ctx, fetcher, names, places, BLOCKS, &types, b->account, small, &lost));
    const stopwatch began = start();
    run_weft(b, "weft, 4 KiB partitions", small, BLOCKS, SMALL_PARTITIONS, 1, 1);
    printf("%-34s %8.1f us a partition\n", "",
           (seconds(CLOCK_MONOTONIC) - began.wall) * 1e6 / SMALL_PARTITIONS / BLOCKS);
    for (int32_t i = 0; i < BLOCKS; i++) weft_block_release(&small[i]);
}

static void run_round(bench *b, int64_t mib, bool keys, const char *parts)
{
    weft_keys *worker = NULL;
    weft_store *store = NULL;
    weft_serve *serve = NULL;
    weft_fetcher *fetcher = NULL;
    weft_block *near = NULL, *far = NULL;
    char address[64];
    int32_t lost;
    const int64_t block_bytes = 64 << 20;
    const int32_t repeat = (int32_t)weft_max_i64(4, (mib << 20) / block_bytes / 4 * 4);
    stopwatch(*const rates)[ROUNDS_MAX] = b->rates[keys];
    for (int32_t i = 0; i < PLAIN_SIZES && wanted(parts, 'p'); i++) {
        rates[i][b->round] = run_plain(mib, (size_t)(64 << 10) << i, keys, false);
        if (i == PLAIN_SAME) run_plain(mib, MESSAGE_BYTES, keys, true);
    }
    if (keys) check(b, weft_keys_open(&b->ctx, b->folder, WEFT_ROLE_WORKER, &worker));
    weft_account *blocks = weft_account_open(b->pool, "blocks");
    check(b, weft_store_new(&b->ctx, blocks, &store));
    weft_serve_options serving = {.listen = "tcp://127.0.0.1:0",
                                  .keys = worker,
                                  .pool = b->pool,
                                  .settings = &b->settings,
                                  .store = store,
                                  .host_id = "here"};
    check(b, weft_uuid_new(&b->ctx, &serving.uuid));
    check(b, weft_serve_start(&b->ctx, &serving, &serve));
    const weft_fetch_options fetching = {.keys = worker,
                                         .role = WEFT_ROLE_WORKER,
                                         .pool = b->pool,
                                         .settings = &b->settings,
                                         .host_id = "here"};
    check(b, weft_fetcher_start(&b->ctx, &fetching, &fetcher));
    snprintf(address, sizeof(address), "tcp://127.0.0.1:%d", weft_serve_port(serve));
    const weft_place at = {.uuid = serving.uuid, .address = address};
    const weft_place *place = &at;
    near = make_block(b, blocks, block_bytes / 84, 1, 0);
    const weft_block_name name = *weft_block_get_name(near);
    check(b, weft_store_put(&b->ctx, store, near));
    check(b, weft_fetch_blocks(&b->ctx, fetcher, &name, &place, 1, &types, b->account, &far, &lost));
    if (wanted(parts, '1')) {
        run_weft(b, "weft, first read of a block", &far, 1, 1, 1, 1);
        rates[ONE_READER][b->round] = run_weft(b, "weft, one reader", &far, 1, 1, 1, repeat);
    }
    if (wanted(parts, '4'))
        rates[FOUR_READERS][b->round] = run_weft(b, "weft, four readers", &far, 1, 1, 4, repeat);
    weft_block_release(&far);
    if (wanted(parts, 's')) run_small(b, fetcher, store, blocks, &at);
    weft_fetcher_stop(&fetcher);
    weft_serve_stop(&serve);
    weft_store_free(&store);
    weft_account_close(&blocks);
    weft_keys_close(&worker);
}

int main(int argc, char **argv)
{
    const int64_t mib = argc > 1 ? strtoll(argv[1], NULL, 10) : 2048;
    const int64_t rounds = weft_min_i64(ROUNDS_MAX, argc > 2 ? strtoll(argv[2], NULL, 10) : 3);
    const char *parts = argc > 3 ? argv[3] : NULL;
    static bench b = {.folder = "/tmp/weft-bench-keys.XXXXXX"};
    b.pool = weft_pool_new(INT64_MAX);
    b.account = weft_account_open(b.pool, "bench");
    b.arena = weft_arena_new(b.account);
    weft_settings_init(&b.settings);
    weft_ctx_init(&b.ctx, b.arena, b.account, &b.settings);
    must(mkdtemp(b.folder) != NULL, "a folder");
    check(&b, weft_keys_init(&b.ctx, b.folder, "bench"));
    while (b.round < rounds) {
        run_round(&b, mib, false, parts);
        if (wanted(parts, 'k')) run_round(&b, mib / 4, true, parts);
        b.round++;
    }
    show_ratios(&b, false);
    show_ratios(&b, true);
    printf("the keys made for this run are in %s\n", b.folder);
    weft_arena_free(&b.arena);
    weft_account_close(&b.account);
    weft_pool_free(&b.pool);
    return 0;
}
