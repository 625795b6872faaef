/* coordinator/status.c - see status.h: one look at the core, one at the list of jobs. */
#include "coordinator/status.h"

#include <string.h>

#include "common/version.h"
#include "coordinator/commits.h"
#include "coordinator/jobs.h"
#include "coordinator/tasks.h"

#define DEAD_NS (INT64_C(15) * 60 * 1000000000) /* so long dead workers are shown, as by Spark */

/* The clocks' difference now: since and heard are told by the monotonic one. */
static int64_t wall_us(weft_ctx *ctx, int64_t now_ns, int64_t at_ns)
{
    return ctx->clock->wall_us(ctx->clock->self) - (now_ns - at_ns) / 1000;
}

static weft_status copy_text(weft_ctx *ctx, const char *text, const char **out)
{
    char *copy = NULL;
    const weft_status st = weft_arena_copy(ctx, ctx->arena, text, strlen(text), &copy);
    *out = copy;
    return st;
}

static weft_status copy_worker(weft_ctx *ctx, const weft_core *core, const weft_core_worker *of,
                               weft_worker_status *out)
{
    weft_status st = WEFT_OK;
    const weft_core_worker w = *of;
    const int64_t now = weft_now_ns(ctx);
    *out = (weft_worker_status){.number = w.number,
                                .uuid = w.uuid,
                                .silent = w.silent,
                                .slots = w.slots,
                                .running = weft_scheduler_count_running(weft_core_scheduler(core), w.number),
                                .memory_bytes = w.memory_bytes,
                                .since_us = wall_us(ctx, now, w.since_ns),
                                .heard_us = wall_us(ctx, now, w.heard_ns)};
    const char *address = strncmp(w.address, "tcp://", 6) == 0 ? w.address + 6 : w.address;
    WEFT_TRY(st, copy_text(ctx, address, &out->address));
    WEFT_TRY(st, copy_text(ctx, w.host_id, &out->host_id));
    WEFT_TRY(st, copy_text(ctx, w.version, &out->version));
    WEFT_TRY(st, copy_text(ctx, w.web, &out->web));
done:
    return st;
}

static bool is_back(const weft_cluster_status *s, weft_uuid uuid)
{
    for (int32_t i = 0; i < s->worker_count; i++)
        if (weft_uuid_equal(s->workers[i].uuid, uuid)) return true;
    return false;
}

/* Lock held; the living are there. */
static weft_status copy_dead(weft_ctx *ctx, const weft_core *core, weft_cluster_status *out)
{
    static const char *const reasons[] = {[WEFT_CORE_UNHEARD] = "nothing was heard of it",
                                          [WEFT_CORE_BROKEN] = "its connection broke",
                                          [WEFT_CORE_LEFT] = "it has left"};
    weft_status st = WEFT_OK;
    weft_worker_status *dead = NULL;
    const int64_t now = weft_now_ns(ctx);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, weft_core_dead_count(core), &dead));
    out->dead = dead;
    for (int32_t i = 0; i < weft_core_dead_count(core); i++) {
        weft_core_worker w;
        weft_core_get_dead(core, i, &w);
        if (now - w.end_ns >= DEAD_NS || is_back(out, w.uuid)) continue;
        weft_worker_status *to = &dead[out->dead_count];
        WEFT_TRY(st, copy_worker(ctx, core, &w, to));
        to->dead = true;
        to->silent = false;
        to->running = 0;
        to->reason = reasons[w.end];
        to->end_us = wall_us(ctx, now, w.end_ns);
        out->dead_count++;
    }
done:
    return st;
}

/* Lock held. */
static weft_status copy_workers(weft_ctx *ctx, const weft_core *core, weft_cluster_status *out)
{
    weft_status st = WEFT_OK;
    weft_worker_status *workers = NULL;
    const int32_t count = weft_core_worker_count(core);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, &workers));
    for (int32_t i = 0; i < count; i++) {
        weft_core_worker w;
        weft_core_get_worker(core, i, &w);
        WEFT_TRY(st, copy_worker(ctx, core, &w, &workers[i]));
    }
    out->workers = workers;
    out->worker_count = count;
    WEFT_TRY(st, copy_dead(ctx, core, out));
    weft_scheduler_count(weft_core_scheduler(core), &out->counts);
done:
    return st;
}

weft_status weft_coordinator_status(weft_ctx *ctx, weft_coordinator *c, weft_cluster_status *out)
{
    weft_status st = WEFT_OK;
    const char *cluster = weft_coordinator_cluster(c);
    const weft_commits *commits = weft_coordinator_commits(c);
    *out = (weft_cluster_status){.cluster = cluster == NULL ? "" : cluster,
                                 .version = WEFT_VERSION_TEXT,
                                 .epoch = weft_coordinator_epoch(c),
                                 .begin_us = weft_coordinator_begin_us(c),
                                 .leader = true,
                                 .leader_address = "",
                                 .leader_http = "",
                                 .recovery = "",
                                 .lost = "",
                                 .problem = "",
                                 .journal_broken = commits != NULL && weft_commits_is_broken(commits)};
    weft_core *core = weft_coordinator_enter(c);
    if (weft_core_is_recovering(core)) out->state = WEFT_COORDINATOR_RECOVERING;
    st = copy_workers(ctx, core, out);
    weft_coordinator_leave(c);
    WEFT_TRY(st, st);
    WEFT_TRY(st, weft_jobs_view(ctx, weft_coordinator_jobs(c), out));
done:
    return st;
}

typedef struct running_list {
    weft_task_record *list; /* NULL: they are counted */
    int32_t count, capacity;
    int32_t generation;
} running_list;

static void take_running(void *self, const weft_block_name *name, int32_t worker, weft_locality locality)
{
    running_list *r = self;
    if (name->generation != r->generation) return;
    if (r->list != NULL && r->count < r->capacity)
        r->list[r->count] = (weft_task_record){.job = name->job,
                                               .stage = name->stage,
                                               .generation = name->generation,
                                               .partition = name->partition,
                                               .attempt = name->attempt,
                                               .worker = worker,
                                               .locality = locality,
                                               .running = true};
    r->count++;
}

weft_status weft_coordinator_list_tasks(weft_ctx *ctx, weft_coordinator *c, uint64_t job, int32_t stage,
                                        int32_t generation, weft_task_record **out, int32_t *count)
{
    weft_status st = WEFT_OK;
    running_list running = {.generation = generation};
    weft_task_record *ended = NULL;
    int32_t ended_count = 0;
    if (weft_coordinator_tasks(c) != NULL)
        WEFT_TRY(st, weft_tasks_list(ctx, weft_coordinator_tasks(c), job, stage, generation, &ended,
                                     &ended_count));
    weft_core *core = weft_coordinator_enter(c);
    weft_scheduler_each_running(weft_core_scheduler(core), job, stage, take_running, &running);
    running.capacity = running.count;
    running.count = 0;
    st = WEFT_NEW_ARRAY(ctx, running.capacity + ended_count, &running.list);
    if (st == WEFT_OK && running.capacity > 0)
        weft_scheduler_each_running(weft_core_scheduler(core), job, stage, take_running, &running);
    weft_coordinator_leave(c);
    WEFT_TRY(st, st);
    if (ended_count > 0) memcpy(running.list + running.count, ended, (size_t)ended_count * sizeof(*ended));
    *out = running.list;
    *count = running.count + ended_count;
done:
    return st;
}
