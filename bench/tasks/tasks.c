/* bench/tasks/tasks.c - empty tasks through scheduler, control port, network, worker and back.
 *
 *     bench_tasks WEFT [TASKS] [SLOTS]
 *
 * This process is the coordinator; WEFT worker is started as its worker, over the loopback. One stage of so
 * many tasks that give no rows: what is left is the cost of a task itself. Prints tasks a second, CPU of both
 * processes for each task, and the coordinator's memory for each that waits. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/settings.h"
#include "coordinator/port.h"

#define MS INT64_C(1000000)

typedef struct bench {
    weft_pool *pool;
    weft_account *account;
    weft_ctx ctx;
    weft_settings settings;
    weft_port *port;
    weft_coordinator *coordinator;
    pid_t worker;
} bench;

static void die(const bench *b, const char *what)
{
    fprintf(stderr, "bench_tasks: %s: %s\n", what, b->ctx.error.message);
    if (b->worker > 0) kill(b->worker, SIGKILL);
    exit(1);
}

static void nap(void)
{
    const struct timespec time = {.tv_nsec = 500000};
    nanosleep(&time, NULL);
}

static double cpu_s(int who)
{
    struct rusage use;
    getrusage(who, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6;
}

static void start(bench *b)
{
    weft_settings_init(&b->settings);
    b->pool = weft_pool_new(INT64_C(8) << 30);
    b->account = weft_account_open(b->pool, "bench");
    weft_ctx_init(&b->ctx, weft_arena_new(b->account), b->account, &b->settings);
    if (weft_port_new(&b->ctx, &b->port) != WEFT_OK) die(b, "port");
    const weft_core_port port = weft_port_core(b->port);
    const weft_coordinator_options options = {.port = &port,
                                              .core = {.members = {.tick_ns = 50 * MS,
                                                                   .beat_ns = 250 * MS,
                                                                   .silent_ns = 5000 * MS,
                                                                   .lost_ns = 5000 * MS},
                                                       .scheduler = {.grace_ns = 60000 * MS,
                                                                     .crashes_most = 3,
                                                                     .misses_most = 2,
                                                                     .strikes_most = 5,
                                                                     .ahead_most = WEFT_AHEAD_MOST,
                                                                     .ahead_ns = WEFT_AHEAD_NS},
                                                       .epoch = 1,
                                                       .by_value = true}};
    if (weft_coordinator_new(&b->ctx, &options, &b->coordinator) != WEFT_OK) die(b, "coordinator");
    const weft_port_options serve = {.coordinator = b->coordinator,
                                     .listen = "tcp://127.0.0.1:0",
                                     .settings = &b->settings,
                                     .tick_ms = 50,
                                     .pool = b->pool,
                                     .sessions_max = 1,
                                     .peers_max = 16};
    if (weft_port_start(&b->ctx, b->port, &serve) != WEFT_OK) die(b, "listening");
}

static void start_worker(bench *b, const char *weft, const char *slots)
{
    char master[64];
    snprintf(master, sizeof(master), "weft://127.0.0.1:%" PRId32, weft_port_number(b->port));
    b->worker = fork();
    if (b->worker == 0) {
        execl(weft, weft, "worker", master, "--host", "127.0.0.1", "--port", "0", "--cores", slots,
              "--memory", "1g", (char *)NULL);
        _exit(127);
    }
    for (int32_t there = 0; there == 0; nap()) {
        there = weft_core_measure(weft_coordinator_enter(b->coordinator)).slots;
        weft_coordinator_leave(b->coordinator);
        if (waitpid(b->worker, NULL, WNOHANG) != 0) die(b, "the worker has ended");
    }
}

/* No rows of one column, into one partition. */
static void make_stage(bench *b, int32_t tasks, weft_stage *stage, weft_core_stage *s)
{
    static weft_type type;
    static const int32_t column = 0;
    weft_task_spec *specs = NULL;
    uint8_t *fragment = NULL;
    type = (weft_type){.id = WEFT_TYPE_BIGINT};
    if (WEFT_NEW_ARRAY(&b->ctx, tasks, &specs) != WEFT_OK) die(b, "tasks");
    *stage = (weft_stage){.task_count = tasks, .tasks = specs, .name = "nothing"};
    stage->fragment.source.kind = WEFT_SOURCE_VALUES;
    stage->fragment.source.output = (weft_types){.count = 1, .types = &type};
    stage->fragment.sink = (weft_sink_spec){.kind = WEFT_SINK_EXCHANGE,
                                            .rows = {.count = 1, .types = &type},
                                            .partition_count = 1,
                                            .exchange = {.column_count = 1, .columns = &column, .limit = -1}};
    *s = (weft_core_stage){.stage = stage, .report = {.stage = stage}, .stats = {.partition_count = 1}};
    if (WEFT_NEW_ARRAY(&b->ctx, 1, &s->rows) != WEFT_OK || WEFT_NEW_ARRAY(&b->ctx, 1, &s->bytes) != WEFT_OK ||
        WEFT_NEW_ARRAY(&b->ctx, 2, &s->report.metrics) != WEFT_OK ||
        WEFT_NEW_ARRAY(&b->ctx, weft_bit_words(tasks), &s->counted) != WEFT_OK ||
        weft_stage_encode_shared(&b->ctx, stage, &fragment, &s->fragment_len) != WEFT_OK)
        die(b, "stage");
    s->fragment = fragment;
}

static void run(bench *b, int32_t tasks)
{
    weft_stage stage;
    weft_core_stage s, *stages[1] = {&s};
    weft_core_job job = {.id = 1, .settings = &b->settings, .stages = stages};
    make_stage(b, tasks, &stage, &s);
    const double before = cpu_s(RUSAGE_SELF);
    const int64_t memory = weft_account_used_bytes(b->account), began = weft_now_ns(&b->ctx);
    weft_core *core = weft_coordinator_enter(b->coordinator);
    weft_status st = weft_core_job_begin(&b->ctx, core, &job, 4, 0);
    job.stage_count = 1;
    if (st == WEFT_OK) st = weft_core_stage_begin(&b->ctx, core, &job, NULL, NULL);
    weft_coordinator_leave(b->coordinator);
    if (st != WEFT_OK) die(b, "job");
    const int64_t held = weft_account_used_bytes(b->account) - memory;
    for (bool done = false; !done; nap()) {
        weft_coordinator_enter(b->coordinator);
        done = s.done;
        if (job.failed) {
            b->ctx.error = job.error;
            die(b, "failed");
        }
        weft_coordinator_leave(b->coordinator);
    }
    const double seconds = (double)(weft_now_ns(&b->ctx) - began) * 1e-9;
    printf("%" PRId32 " tasks in %.2f s: %.0f a second; coordinator %.1f us CPU and %.0f bytes a task", tasks,
           seconds, tasks / seconds, (cpu_s(RUSAGE_SELF) - before) * 1e6 / tasks, (double)held / tasks);
    weft_core_job_end(&b->ctx, weft_coordinator_enter(b->coordinator), &job);
    weft_coordinator_leave(b->coordinator);
    for (bool ended = false; !ended; nap()) {
        ended = weft_core_is_ended(weft_coordinator_enter(b->coordinator), &job);
        weft_coordinator_leave(b->coordinator);
    }
    weft_core_job_forget(weft_coordinator_enter(b->coordinator), &job);
    weft_coordinator_leave(b->coordinator);
}

int main(int argc, char **argv)
{
    static bench b;
    const int32_t tasks = argc > 2 ? (int32_t)strtol(argv[2], NULL, 10) : 200000;
    if (argc < 2 || tasks < 1) {
        fputs("usage: bench_tasks WEFT [TASKS] [SLOTS]\n", stderr);
        return 2;
    }
    start(&b);
    start_worker(&b, argv[1], argc > 3 ? argv[3] : "2");
    run(&b, tasks);
    kill(b.worker, SIGTERM);
    waitpid(b.worker, NULL, 0);
    printf("; worker %.1f us CPU a task\n", cpu_s(RUSAGE_CHILDREN) * 1e6 / tasks);
    weft_port_stop(b.port);
    weft_coordinator_free(&b.coordinator);
    weft_port_free(&b.port);
    weft_arena_free(&b.ctx.arena);
    weft_account_close(&b.account);
    weft_pool_free(&b.pool);
    return 0;
}
