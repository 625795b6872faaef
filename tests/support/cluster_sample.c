/* tests/support/cluster_sample.c - see cluster_sample.h. */
#include "tests/support/cluster_sample.h"

#include <string.h>

#include "coordinator/tasks.h"

#define SECONDS       1000000LL
#define SAMPLE_JOB(n) (3000000 + (n)) /* in epoch 3 */

static const weft_stage_status stages[] = {
    {.stage = 0,
     .tasks = 40,
     .tasks_done = 40,
     .attempts = 42,
     .failures = 2,
     .done = true,
     .rows = 6001215,
     .bytes = 734003200,
     .read_bytes = 262144000,
     .exchange_bytes = 4096,
     .exchange_remote_bytes = 1024,
     .spilled_bytes = 1048576},
    {.stage = 1,
     .generation = 1,
     .tasks = 16,
     .running = 5,
     .tasks_done = 6,
     .attempts = 11,
     .rows = 1500,
     .bytes = 65536},
    {.stage = 2, .tasks = 4},
};

static weft_status fill_workers(weft_ctx *ctx, weft_cluster_status *out, int64_t now_us)
{
    weft_worker_status *workers = NULL;
    weft_status st = WEFT_NEW_ARRAY(ctx, 4, &workers);
    if (st != WEFT_OK) return st;
    for (int32_t i = 0; i < 4; i++) {
        char *address = NULL;
        st = weft_arena_printf(ctx, ctx->arena, &address, "10.0.0.%d:7078", i + 2);
        if (st != WEFT_OK) return st;
        workers[i] =
            (weft_worker_status){.number = i + 1,
                                 .uuid = {0x1111222233334444ULL + (uint64_t)i, 0x8888999900001111ULL},
                                 .address = address,
                                 .host_id = i == 1 ? "<b>rack & \"2\"</b>" : "rack-1",
                                 .version = "0.1.0",
                                 .web = i == 0 ? "http://w1.example:8081" : "",
                                 .silent = i == 2,
                                 .slots = 4,
                                 .running = i == 0   ? 3
                                            : i == 1 ? 2
                                                     : 0,
                                 .memory_bytes = 2LL << 30,
                                 .since_us = now_us - 3600 * SECONDS,
                                 .heard_us = now_us - (i == 2 ? 800000 : 20000)};
    }
    workers[3].dead = true;
    workers[3].reason = "its connection broke";
    workers[3].end_us = now_us - 60 * SECONDS;
    out->workers = workers;
    out->worker_count = 3;
    out->dead = &workers[3];
    out->dead_count = 1;
    return st;
}

static weft_status fill_jobs(weft_ctx *ctx, weft_cluster_status *out, int64_t now_us, int32_t more)
{
    weft_job_status *jobs = NULL;
    weft_stage_status *list = NULL;
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 4 + more, &jobs));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, 3, &list));
    memcpy(list, stages, sizeof(stages));
    for (int32_t i = 0; i < 3; i++) list[i].begin_us = now_us - 90 * SECONDS;
    list[0].end_us = now_us - 30 * SECONDS;
    jobs[0] =
        (weft_job_status){.id = SAMPLE_JOB(7),
                          .state = WEFT_JOB_RUNNING,
                          .text = "SELECT '<script>alert(\"1\")</script>' AS x,\n  'caf\xc3\xa9 \xff\x01' "
                                  "FROM lineitem -- & more",
                          .user = "ann",
                          .begin_us = now_us - 90 * SECONDS,
                          .stages = 3,
                          .stages_done = 1,
                          .tasks = 60,
                          .running = 5,
                          .tasks_done = 46,
                          .attempts = 53,
                          .tasks_rerun = 4,
                          .blocks_lost = 4,
                          .workers_lost = 1,
                          .bytes_read = 262144000,
                          .bytes_exchanged = 524288000,
                          .bytes_relayed = 3145728,
                          .bytes_spilled = 1048576,
                          .locality = {40, 2, 10, 1},
                          .stage_list = list};
    static const weft_job_state states[] = {WEFT_JOB_SUCCEEDED, WEFT_JOB_FAILED, WEFT_JOB_CANCELLED};
    for (int32_t i = 0; i < 3 + more; i++)
        jobs[i + 1] = (weft_job_status){
            .id = i < 3 ? SAMPLE_JOB((uint64_t)(6 - i)) : SAMPLE_JOB((uint64_t)(10000 + more - i)),
            .state = i < 3 ? states[i] : WEFT_JOB_SUCCEEDED,
            .text = "select count(*) from orders",
            .user = "",
            .error = i == 1 ? "[DIVIDE_BY_ZERO] Division by zero in <row> 3" : NULL,
            .begin_us = now_us - (200 + 10 * i) * SECONDS,
            .end_us = now_us - (199 + 10 * i) * SECONDS,
            .stages = 1,
            .stages_done = i == 0,
            .tasks = 8,
            .tasks_done = i == 0 ? 8 : 2,
            .attempts = 9,
            .bytes_read = 12345,
            .stage_list = i == 0 ? &list[0] : &list[1]};
    out->jobs = jobs;
    out->job_count = 4 + more;
done:
    return st;
}

static weft_status sample_status(weft_ctx *ctx, void *self, weft_cluster_status *out)
{
    weft_cluster_sample *sample = self;
    weft_status st = WEFT_OK;
    const int64_t now_us = ctx->clock->wall_us(ctx->clock->self);
    if (atomic_load(&sample->no_memory))
        return weft_fail(ctx, WEFT_NOMEM, "no memory is left, says the test");
    *out = (weft_cluster_status){
        .cluster = "demo <cluster>",
        .version = "0.1.0",
        .epoch = 3,
        .begin_us = now_us - 7200 * SECONDS,
        .leader = !atomic_load(&sample->stands_by),
        .state = atomic_load(&sample->stands_by) ? WEFT_COORDINATOR_STANDBY : WEFT_COORDINATOR_ALIVE,
        .leader_address = "weft://127.0.0.1:7078",
        .leader_http = atomic_load(&sample->nobody_leads) ? "" : "http://127.0.0.1:8081",
        .journal_broken = atomic_load(&sample->journal_broken),
        .totals = {.begun = 24,
                   .succeeded = 20,
                   .failed = 2,
                   .cancelled = 1,
                   .elapsed_us = 12500000,
                   .bytes_read = 5368709120,
                   .bytes_exchanged = 1073741824,
                   .bytes_spilled = 2097152},
        .counts = {.launched = 1200,
                   .done = 1150,
                   .failed = 3,
                   .rerun = 4,
                   .late = 1,
                   .workers_lost = 1,
                   .blocks_lost = 4,
                   .blocks_freed = 900}};
    WEFT_TRY(st, fill_workers(ctx, out, now_us));
    WEFT_TRY(st, fill_jobs(ctx, out, now_us, atomic_load(&sample->jobs)));
done:
    return st;
}

static bool sample_cancel(void *self, uint64_t job)
{
    weft_cluster_sample *sample = self;
    if (job != SAMPLE_JOB(7)) return false;
    atomic_store(&sample->cancelled, 7);
    return true;
}

/* Of stage 0 of the running job: the first try at task 0 failed; of each other stage one runs. */
static weft_status sample_tasks(weft_ctx *ctx, void *self, uint64_t job, int32_t stage, int32_t generation,
                                weft_task_record **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    const weft_task_record common = {.job = job, .stage = stage, .generation = generation, .worker = 1};
    (void)self;
    *count = stage == 0 ? 11 : 1;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, *count, out));
    for (int32_t i = 0; i < *count; i++) {
        weft_task_record *r = &(*out)[i];
        *r = common;
        r->partition = stage == 0 && i > 0 ? i - 1 : 0;
        r->attempt = stage == 0 && i == 1;
        r->running = stage > 0;
        r->status = stage == 0 && i == 0 ? WEFT_WORKER_LOST : WEFT_OK;
        r->end_us = 1795256100 * SECONDS;
        r->run_ns = (int64_t)(i + 1) * 1000000000;
        r->read_bytes = 1000 * i;
        r->rows = 10 - i;
    }
done:
    return st;
}

weft_http_provider weft_cluster_sample_provider(weft_cluster_sample *sample)
{
    return (weft_http_provider){
        .self = sample, .status = sample_status, .tasks = sample_tasks, .cancel = sample_cancel};
}
