/* coordinator/http_json.c - our own documents: the cluster, its workers, its jobs. Names are stable; fields
 * may be added. Times are UTC, sizes bytes, durations milliseconds. */
#include <string.h>
#include <strings.h>

#include "common/log.h"
#include "coordinator/http_private.h"

enum { LIST_TEXT_BYTES = 256 }; /* of a statement, where many are listed */

static void put_time(weft_http_text *t, const char *key, int64_t us)
{
    char text[WEFT_HTTP_TIME_BYTES];
    if (us <= 0)
        weft_http_null(t, key);
    else
        weft_http_text_value(t, key, weft_http_time(us, text));
}

static void put_text(weft_http_text *t, const char *key, const char *text)
{
    if (text == NULL || text[0] == 0)
        weft_http_null(t, key);
    else
        weft_http_text_value(t, key, text);
}

void weft_http_put_leadership(weft_http_view *v)
{
    weft_http_text *t = v->out;
    const weft_cluster_status *s = &v->status;
    weft_http_bool(t, "leader", s->leader);
    put_text(t, "leader_url", s->leader ? v->http->options.url : s->leader_address);
    put_text(t, "leader_http", s->leader_http);
    put_text(t, "recovery", s->recovery);
    put_text(t, "lost_when_it_dies", s->lost);
    put_text(t, "problem", s->problem);
}

weft_status weft_http_cluster(weft_ctx *ctx, weft_http_view *v)
{
    weft_http_text *t = v->out;
    const weft_cluster_status *s = &v->status;
    const weft_pool *pool = v->http->options.pool;
    weft_http_sums sums;
    (void)ctx;
    weft_http_sum(s, &sums);
    weft_http_object(t, NULL);
    weft_http_text_value(t, "cluster", s->cluster);
    weft_http_text_value(t, "url", v->http->options.url);
    weft_http_text_value(t, "version", s->version);
    weft_http_int(t, "epoch", s->epoch);
    weft_http_text_value(t, "state", weft_http_coordinator_state(s->state));
    weft_http_put_leadership(v);
    put_time(t, "started", s->begin_us);
    weft_http_int(t, "uptime_ms", (v->now_us - s->begin_us) / 1000);
    weft_http_object(t, "workers");
    weft_http_int(t, "alive", sums.present);
    weft_http_int(t, "silent", sums.silent);
    weft_http_int(t, "lost", s->counts.workers_lost);
    weft_http_int(t, "slots", sums.slots);
    weft_http_int(t, "running", sums.running);
    weft_http_int(t, "memory_bytes", sums.memory_bytes);
    weft_http_end_object(t);
    weft_http_object(t, "jobs");
    weft_http_int(t, "running", sums.jobs_running);
    weft_http_int(t, "succeeded", s->totals.succeeded);
    weft_http_int(t, "failed", s->totals.failed);
    weft_http_int(t, "cancelled", s->totals.cancelled);
    weft_http_end_object(t);
    weft_http_object(t, "tasks");
    weft_http_int(t, "waiting", sums.tasks_waiting);
    weft_http_int(t, "running", sums.tasks_running);
    weft_http_int(t, "launched", s->counts.launched);
    weft_http_int(t, "done", s->counts.done);
    weft_http_int(t, "failed", s->counts.failed);
    weft_http_int(t, "rerun", s->counts.rerun);
    weft_http_end_object(t);
    weft_http_int(t, "blocks_lost", s->counts.blocks_lost);
    weft_http_int(t, "bytes_read", s->totals.bytes_read);
    weft_http_int(t, "bytes_exchanged", s->totals.bytes_exchanged);
    weft_http_int(t, "bytes_relayed", s->totals.bytes_relayed);
    weft_http_int(t, "bytes_spilled", s->totals.bytes_spilled);
    weft_http_int(t, "memory_used_bytes", weft_pool_used_bytes(pool));
    weft_http_int(t, "memory_limit_bytes", weft_pool_limit_bytes(pool));
    weft_http_end_object(t);
    return WEFT_OK;
}

const char *weft_http_worker_state(const weft_worker_status *worker)
{
    if (worker->dead) return "DEAD";
    return worker->silent ? "SILENT" : "ALIVE";
}

static void put_worker(const weft_http_view *v, const weft_worker_status *worker)
{
    weft_http_text *t = v->out;
    char uuid[WEFT_UUID_TEXT_BYTES];
    weft_uuid_text(worker->uuid, uuid);
    weft_http_object(t, NULL);
    weft_http_int(t, "id", worker->number);
    weft_http_text_value(t, "uuid", uuid);
    weft_http_text_value(t, "address", worker->address);
    weft_http_text_value(t, "host_id", worker->host_id);
    weft_http_text_value(t, "version", worker->version);
    if (worker->web[0] == 0)
        weft_http_null(t, "url");
    else
        weft_http_text_value(t, "url", worker->web);
    weft_http_text_value(t, "state", weft_http_worker_state(worker));
    weft_http_int(t, "slots", worker->slots);
    weft_http_int(t, "running", worker->running);
    weft_http_int(t, "memory_bytes", worker->memory_bytes);
    put_time(t, "registered", worker->since_us);
    put_time(t, "heard", worker->heard_us);
    weft_http_int(t, "heard_ms_ago", weft_max_i64(0, (v->now_us - worker->heard_us) / 1000));
    put_time(t, "ended", worker->end_us);
    if (worker->reason == NULL)
        weft_http_null(t, "reason");
    else
        weft_http_text_value(t, "reason", worker->reason);
    weft_http_end_object(t);
}

weft_status weft_http_workers(weft_ctx *ctx, weft_http_view *v)
{
    weft_http_text *t = v->out;
    (void)ctx;
    weft_http_array(t, NULL);
    for (int32_t i = 0; i < v->status.worker_count; i++) put_worker(v, &v->status.workers[i]);
    for (int32_t i = 0; i < v->status.dead_count; i++) put_worker(v, &v->status.dead[i]);
    weft_http_end_array(t);
    return WEFT_OK;
}

/* The first `most` bytes, not cut within a character. */
static weft_status cut_text(weft_ctx *ctx, const char *text, size_t most, const char **out)
{
    char *copy = NULL;
    size_t len = strlen(text);
    *out = text;
    if (len <= most) return WEFT_OK;
    len = most;
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) len--;
    const weft_status st = weft_arena_printf(ctx, ctx->arena, &copy, "%.*s\xe2\x80\xa6", (int)len, text);
    if (st == WEFT_OK) *out = copy;
    return st;
}

static weft_status put_job(weft_ctx *ctx, weft_http_view *v, const weft_job_status *job, bool whole)
{
    weft_status st = WEFT_OK;
    weft_http_text *t = v->out;
    const char *text = job->text;
    if (!whole) WEFT_TRY(st, cut_text(ctx, job->text, LIST_TEXT_BYTES, &text));
    weft_http_uint(t, "id", job->id);
    weft_http_text_value(t, "state", weft_http_state(job->state));
    weft_http_text_value(t, "text", text);
    weft_http_text_value(t, "user", job->user);
    weft_http_text_value(t, "error", job->error);
    put_time(t, "submitted", job->begin_us);
    put_time(t, "ended", job->end_us);
    weft_http_int(t, "duration_ms", ((job->end_us == 0 ? v->now_us : job->end_us) - job->begin_us) / 1000);
    weft_http_int(t, "stages", job->stages);
    weft_http_int(t, "stages_done", job->stages_done);
    weft_http_int(t, "tasks", job->tasks);
    weft_http_int(t, "tasks_running", job->running);
    weft_http_int(t, "tasks_done", job->tasks_done);
    weft_http_int(t, "attempts", job->attempts);
    weft_http_int(t, "tasks_rerun", job->tasks_rerun);
    weft_http_int(t, "blocks_lost", job->blocks_lost);
    weft_http_int(t, "workers_lost", job->workers_lost);
    weft_http_int(t, "bytes_read", job->bytes_read);
    weft_http_int(t, "bytes_exchanged", job->bytes_exchanged);
    weft_http_int(t, "bytes_relayed", job->bytes_relayed);
    weft_http_int(t, "bytes_spilled", job->bytes_spilled);
    weft_http_object(t, "locality");
    for (int32_t i = 0; i < WEFT_LOCALITY_COUNT; i++)
        weft_http_int(t, weft_locality_name((weft_locality)i), job->locality[i]);
    weft_http_end_object(t);
done:
    return st;
}

/* status=running, … : the jobs of one state. False: the reply says that there is no such state. */
static bool read_state(weft_http_view *v, int32_t *out)
{
    char text[32];
    *out = -1;
    if (!weft_http_query(v->request, "status", text, sizeof(text))) return true;
    for (int32_t state = WEFT_JOB_RUNNING; state <= WEFT_JOB_CANCELLED; state++)
        if (strcasecmp(text, weft_http_state((weft_job_state)state)) == 0) *out = state;
    if (*out >= 0) return true;
    weft_http_refuse(v->reply, 400, "status is running, succeeded, failed or cancelled, not %s", text);
    return false;
}

weft_status weft_http_jobs(weft_ctx *ctx, weft_http_view *v)
{
    weft_status st = WEFT_OK;
    int32_t state = -1;
    int64_t limit = 0;
    if (!read_state(v, &state) || !weft_http_limit(v, &limit)) return WEFT_OK;
    weft_http_array(v->out, NULL);
    for (int32_t i = 0; i < v->status.job_count && limit > 0; i++) {
        const weft_job_status *job = &v->status.jobs[i];
        if (state >= 0 && job->state != (weft_job_state)state) continue;
        weft_http_object(v->out, NULL);
        WEFT_TRY(st, put_job(ctx, v, job, false));
        weft_http_end_object(v->out);
        limit--;
    }
    weft_http_end_array(v->out);
done:
    return st;
}

static void put_stage(weft_http_text *t, const weft_stage_status *stage)
{
    weft_http_object(t, NULL);
    weft_http_int(t, "stage", stage->stage);
    weft_http_int(t, "generation", stage->generation);
    weft_http_bool(t, "done", stage->done);
    weft_http_int(t, "tasks", stage->tasks);
    weft_http_int(t, "tasks_running", stage->running);
    weft_http_int(t, "tasks_done", stage->tasks_done);
    weft_http_int(t, "attempts", stage->attempts);
    weft_http_int(t, "failures", stage->failures);
    weft_http_int(t, "rows", stage->rows);
    weft_http_int(t, "bytes", stage->bytes);
    weft_http_int(t, "bytes_read", stage->read_bytes);
    weft_http_int(t, "bytes_exchanged", stage->exchange_bytes);
    weft_http_int(t, "bytes_exchanged_remote", stage->exchange_remote_bytes);
    weft_http_int(t, "bytes_spilled", stage->spilled_bytes);
    put_time(t, "submitted", stage->begin_us);
    put_time(t, "ended", stage->end_us);
    weft_http_end_object(t);
}

weft_status weft_http_job(weft_ctx *ctx, weft_http_view *v)
{
    weft_status st = WEFT_OK;
    const weft_job_status *job = weft_http_find_job(v, 0);
    if (job == NULL) return WEFT_OK;
    weft_http_object(v->out, NULL);
    WEFT_TRY(st, put_job(ctx, v, job, true));
    weft_http_array(v->out, "stage_list");
    for (int32_t i = 0; i < job->stages; i++) put_stage(v->out, &job->stage_list[i]);
    weft_http_end_array(v->out);
    weft_http_end_object(v->out);
done:
    return st;
}

/* Cancelling is asked for; the job ends a moment later. Of one that has ended already that is told. */
weft_status weft_http_cancel(weft_ctx *ctx, weft_http_view *v)
{
    const weft_job_status *job = weft_http_find_job(v, 0);
    (void)ctx;
    if (job == NULL) return WEFT_OK;
    const bool is_cancelled = job->state == WEFT_JOB_RUNNING &&
                              v->http->options.provider.cancel(v->http->options.provider.self, job->id);
    if (is_cancelled) weft_log(WEFT_LOG_INFO, "job_cancel_asked", WEFT_LOG_INT("job", (int64_t)job->id));
    weft_http_object(v->out, NULL);
    weft_http_uint(v->out, "id", job->id);
    weft_http_bool(v->out, "cancelled", is_cancelled);
    weft_http_text_value(v->out, "state", weft_http_state(job->state));
    weft_http_end_object(v->out);
    return WEFT_OK;
}
