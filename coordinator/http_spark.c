/* coordinator/http_spark.c - the documents that Spark's tools expect: the master's /json/ and the monitoring
 * REST interface, with Spark's names and formats.
 *
 * The cluster, from the start of its coordinator, is one application. Numbers are small, as Spark's tools
 * read them into 32 bits: a job's is its count in this epoch, a stage's that times STAGES_A_JOB plus its own.
 * A stage's generation is the attempt. What is not measured is left out, not zero. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/limits.h"
#include "common/redact.h"
#include "common/settings.h"
#include "coordinator/http_private.h"

#define NO_END_TIME "1969-12-31T23:59:59.999GMT" /* Spark's, of what still runs */
enum {
    APPLICATION_ID_BYTES = 48,
    STAGES_A_JOB = WEFT_STAGES_MAX,
    STAGES_LISTED = 2000, /* the jobs that are kept may have far more */
    MEGABYTE = 1 << 20
};

static void put_time(weft_http_text *t, const char *key, int64_t us)
{
    char text[WEFT_HTTP_TIME_BYTES];
    weft_http_text_value(t, key, weft_http_spark_time(us, text));
}

/* "app-20261121101500-0003": when the coordinator began, and its epoch. */
static const char *application_id(const weft_http_view *v, char out[APPLICATION_ID_BYTES])
{
    struct tm parts;
    const time_t seconds = (time_t)(v->status.begin_us / 1000000);
    gmtime_r(&seconds, &parts);
    snprintf(out, APPLICATION_ID_BYTES, "app-%04d%02d%02d%02d%02d%02d-%04" PRId64,
             (parts.tm_year + 1900) % 10000, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
             parts.tm_sec, v->status.epoch);
    return out;
}

/* Is it our application? Else the reply says that it is not. */
static bool is_application(weft_http_view *v)
{
    char id[APPLICATION_ID_BYTES];
    if (strcmp(v->argument[0], application_id(v, id)) == 0) return true;
    weft_http_refuse(v->reply, 404, "unknown app %s", v->argument[0]);
    return false;
}

/* ---- the master ---- */

static void put_master_worker(const weft_http_view *v, const weft_worker_status *worker)
{
    weft_http_text *t = v->out;
    char uuid[WEFT_UUID_TEXT_BYTES], host[256];
    const char *colon = strrchr(worker->address, ':');
    uint64_t port = 0;
    const size_t len = colon == NULL ? strlen(worker->address) : (size_t)(colon - worker->address);
    snprintf(host, sizeof(host), "%.*s", (int)weft_min_i64((int64_t)len, 255), worker->address);
    if (colon != NULL && !weft_http_number(colon + 1, &port)) port = 0;
    weft_uuid_text(worker->uuid, uuid);
    weft_http_object(t, NULL);
    weft_http_text_value(t, "id", uuid);
    weft_http_text_value(t, "host", host);
    weft_http_uint(t, "port", port);
    weft_http_text_value(t, "webuiaddress", worker->web);
    weft_http_int(t, "cores", worker->slots);
    weft_http_int(t, "coresused", worker->running);
    weft_http_int(t, "coresfree", weft_max_i32(0, worker->slots - worker->running));
    weft_http_int(t, "memory", worker->memory_bytes / MEGABYTE);
    weft_http_text_value(t, "state", worker->silent ? "UNKNOWN" : weft_http_worker_state(worker));
    weft_http_int(t, "lastheartbeat", worker->heard_us / 1000);
    weft_http_end_object(t);
}

static void put_active_application(const weft_http_view *v, const weft_http_sums *sums)
{
    weft_http_text *t = v->out;
    char id[APPLICATION_ID_BYTES], date[64];
    struct tm parts;
    const time_t seconds = (time_t)(v->status.begin_us / 1000000);
    gmtime_r(&seconds, &parts);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &parts);
    weft_http_object(t, NULL);
    weft_http_text_value(t, "id", application_id(v, id));
    weft_http_int(t, "starttime", v->status.begin_us / 1000);
    weft_http_text_value(t, "name", v->status.cluster[0] == 0 ? "weft" : v->status.cluster);
    weft_http_int(t, "cores", sums->slots);
    weft_http_text_value(t, "submitdate", date);
    weft_http_text_value(t, "state", "RUNNING");
    weft_http_int(t, "duration", (v->now_us - v->status.begin_us) / 1000);
    weft_http_end_object(t);
}

weft_status weft_http_master(weft_ctx *ctx, weft_http_view *v)
{
    weft_http_text *t = v->out;
    weft_http_sums sums;
    (void)ctx;
    weft_http_sum(&v->status, &sums);
    weft_http_object(t, NULL);
    weft_http_text_value(t, "url", v->http->options.url);
    weft_http_array(t, "workers");
    for (int32_t i = 0; i < v->status.worker_count; i++) put_master_worker(v, &v->status.workers[i]);
    for (int32_t i = 0; i < v->status.dead_count; i++) put_master_worker(v, &v->status.dead[i]);
    weft_http_end_array(t);
    weft_http_int(t, "aliveworkers", sums.present);
    weft_http_int(t, "cores", sums.slots);
    weft_http_int(t, "coresused", sums.running);
    weft_http_int(t, "memory", sums.memory_bytes / MEGABYTE);
    weft_http_array(t, "activeapps");
    if (v->status.leader) put_active_application(v, &sums);
    weft_http_end_array(t);
    static const char *const empty[] = {"completedapps", "activedrivers", "completeddrivers"};
    for (int32_t i = 0; i < WEFT_COUNT(empty); i++) {
        weft_http_array(t, empty[i]);
        weft_http_end_array(t);
    }
    weft_http_text_value(t, "status", weft_http_coordinator_state(v->status.state));
    weft_http_int(t, "epoch", v->status.epoch);
    weft_http_put_leadership(v);
    weft_http_end_object(t);
    return WEFT_OK;
}

/* ---- the application ---- */

weft_status weft_http_version(weft_ctx *ctx, weft_http_view *v)
{
    (void)ctx;
    weft_http_object(v->out, NULL);
    weft_http_text_value(v->out, "spark", "4.0.0"); /* whose shapes these are */
    weft_http_text_value(v->out, "weft", v->http->options.version);
    weft_http_end_object(v->out);
    return WEFT_OK;
}

static void put_application(const weft_http_view *v)
{
    weft_http_text *t = v->out;
    char id[APPLICATION_ID_BYTES];
    weft_http_object(t, NULL);
    weft_http_text_value(t, "id", application_id(v, id));
    weft_http_text_value(t, "name", v->status.cluster[0] == 0 ? "weft" : v->status.cluster);
    weft_http_array(t, "attempts");
    weft_http_object(t, NULL);
    put_time(t, "startTime", v->status.begin_us);
    weft_http_text_value(t, "endTime", NO_END_TIME);
    put_time(t, "lastUpdated", v->now_us);
    weft_http_int(t, "duration", (v->now_us - v->status.begin_us) / 1000);
    weft_http_text_value(t, "sparkUser", "");
    weft_http_bool(t, "completed", false);
    weft_http_text_value(t, "appSparkVersion", v->http->options.version);
    weft_http_int(t, "startTimeEpoch", v->status.begin_us / 1000);
    weft_http_int(t, "endTimeEpoch", -1);
    weft_http_int(t, "lastUpdatedEpoch", v->now_us / 1000);
    weft_http_end_object(t);
    weft_http_end_array(t);
    weft_http_end_object(t);
}

weft_status weft_http_applications(weft_ctx *ctx, weft_http_view *v)
{
    char text[32];
    int64_t limit = 0;
    (void)ctx;
    const bool is_filtered = weft_http_query(v->request, "status", text, sizeof(text));
    if (is_filtered && strcasecmp(text, "running") != 0 && strcasecmp(text, "completed") != 0) {
        weft_http_refuse(v->reply, 400, "status is running or completed, not %s", text);
        return WEFT_OK;
    }
    if (!weft_http_limit(v, &limit)) return WEFT_OK;
    weft_http_array(v->out, NULL);
    if (limit > 0 && (!is_filtered || strcasecmp(text, "running") == 0)) put_application(v);
    weft_http_end_array(v->out);
    return WEFT_OK;
}

weft_status weft_http_application(weft_ctx *ctx, weft_http_view *v)
{
    (void)ctx;
    if (is_application(v)) put_application(v);
    return WEFT_OK;
}

/* ---- jobs ---- */

/* Spark knows no cancelled jobs: to it they failed. */
static const char *job_status(weft_job_state state)
{
    return state == WEFT_JOB_CANCELLED ? "FAILED" : weft_http_state(state);
}

static uint64_t job_id(const weft_http_view *v, const weft_job_status *job)
{
    return job->id - weft_http_first_job(v);
}

static uint64_t stage_id(const weft_http_view *v, const weft_job_status *job, const weft_stage_status *stage)
{
    return job_id(v, job) * STAGES_A_JOB + (uint64_t)stage->stage;
}

static weft_status put_job(weft_ctx *ctx, weft_http_view *v, const weft_job_status *job)
{
    weft_status st = WEFT_OK;
    weft_http_text *t = v->out;
    char *name = NULL;
    int64_t failures = 0;
    WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, job->text, strcspn(job->text, "\r\n"), &name));
    weft_http_object(t, NULL);
    weft_http_uint(t, "jobId", job_id(v, job));
    weft_http_text_value(t, "name", name);
    weft_http_text_value(t, "description", job->text);
    put_time(t, "submissionTime", job->begin_us);
    if (job->end_us != 0) put_time(t, "completionTime", job->end_us);
    weft_http_array(t, "stageIds");
    for (int32_t i = 0; i < job->stages; i++) {
        weft_http_uint(t, NULL, stage_id(v, job, &job->stage_list[i]));
        failures += job->stage_list[i].failures;
    }
    weft_http_end_array(t);
    weft_http_array(t, "jobTags");
    weft_http_end_array(t);
    weft_http_text_value(t, "status", job_status(job->state));
    const bool runs = job->state == WEFT_JOB_RUNNING;
    const int32_t unfinished = job->stages - job->stages_done;
    weft_http_int(t, "numTasks", job->tasks);
    weft_http_int(t, "numActiveTasks", job->running);
    weft_http_int(t, "numCompletedTasks", job->tasks_done);
    weft_http_int(t, "numSkippedTasks", 0);
    weft_http_int(t, "numFailedTasks", failures);
    weft_http_int(t, "numKilledTasks", 0);
    weft_http_int(t, "numCompletedIndices", job->tasks_done);
    weft_http_int(t, "numActiveStages", runs ? unfinished : 0);
    weft_http_int(t, "numCompletedStages", job->stages_done);
    weft_http_int(t, "numSkippedStages", 0);
    weft_http_int(t, "numFailedStages", runs ? 0 : unfinished);
    weft_http_object(t, "killedTasksSummary");
    weft_http_end_object(t);
    weft_http_end_object(t);
done:
    return st;
}

/* status=…, which may come several times in Spark; here once. False: a 400. */
static bool read_status(weft_http_view *v, const char *const *names, int32_t count, int32_t *out)
{
    char text[32];
    *out = -1;
    if (!weft_http_query(v->request, "status", text, sizeof(text))) return true;
    for (int32_t i = 0; i < count; i++)
        if (strcasecmp(names[i], text) == 0) *out = i;
    if (*out < 0) weft_http_refuse(v->reply, 400, "there is no status %s", text);
    return *out >= 0;
}

weft_status weft_http_spark_jobs(weft_ctx *ctx, weft_http_view *v)
{
    static const char *const statuses[] = {"running", "succeeded", "failed", "unknown"};
    weft_status st = WEFT_OK;
    int32_t wanted = -1;
    if (!is_application(v) || !read_status(v, statuses, WEFT_COUNT(statuses), &wanted)) return WEFT_OK;
    weft_http_array(v->out, NULL);
    for (int32_t i = 0; i < v->status.job_count; i++) {
        const weft_job_status *job = &v->status.jobs[i];
        if (wanted >= 0 && strcasecmp(statuses[wanted], job_status(job->state)) != 0) continue;
        WEFT_TRY(st, put_job(ctx, v, job));
    }
    weft_http_end_array(v->out);
done:
    return st;
}

weft_status weft_http_spark_job(weft_ctx *ctx, weft_http_view *v)
{
    if (!is_application(v)) return WEFT_OK;
    const weft_job_status *job = weft_http_find_job(v, 1);
    return job == NULL ? WEFT_OK : put_job(ctx, v, job);
}

/* ---- stages ---- */

static const char *stage_status(const weft_job_status *job, const weft_stage_status *stage)
{
    if (stage->done) return "COMPLETE";
    if (job->state != WEFT_JOB_RUNNING) return "FAILED";
    return stage->attempts == 0 ? "PENDING" : "ACTIVE";
}

static void put_stage(weft_http_view *v, const weft_job_status *job, const weft_stage_status *stage)
{
    weft_http_text *t = v->out;
    char name[64];
    snprintf(name, sizeof(name), "stage %d of job %" PRIu64, stage->stage, job_id(v, job));
    const char *status = stage_status(job, stage);
    weft_http_object(t, NULL);
    weft_http_text_value(t, "status", status);
    weft_http_uint(t, "stageId", stage_id(v, job, stage));
    weft_http_int(t, "attemptId", stage->generation);
    weft_http_int(t, "numTasks", stage->tasks);
    weft_http_int(t, "numActiveTasks", stage->running);
    weft_http_int(t, "numCompleteTasks", stage->tasks_done);
    weft_http_int(t, "numFailedTasks", stage->failures);
    weft_http_int(t, "numKilledTasks", 0);
    weft_http_int(t, "numCompletedIndices", stage->tasks_done);
    put_time(t, "submissionTime", stage->begin_us);
    if (stage->end_us != 0) put_time(t, "completionTime", stage->end_us);
    if (strcmp(status, "FAILED") == 0 && job->error != NULL)
        weft_http_text_value(t, "failureReason", job->error);
    weft_http_int(t, "inputBytes", stage->read_bytes);
    weft_http_int(t, "shuffleReadBytes", stage->exchange_bytes);
    weft_http_int(t, "shuffleLocalBytesRead", stage->exchange_bytes - stage->exchange_remote_bytes);
    weft_http_int(t, "shuffleRemoteBytesRead", stage->exchange_remote_bytes);
    weft_http_int(t, "shuffleWriteBytes", stage->bytes);
    weft_http_int(t, "shuffleWriteRecords", stage->rows);
    weft_http_int(t, "diskBytesSpilled", stage->spilled_bytes);
    weft_http_text_value(t, "name", name);
    weft_http_text_value(t, "description", job->text);
    weft_http_text_value(t, "details", "");
    weft_http_text_value(t, "schedulingPool", "default");
    weft_http_array(t, "rddIds");
    weft_http_end_array(t);
    weft_http_array(t, "accumulatorUpdates");
    weft_http_end_array(t);
    weft_http_object(t, "killedTasksSummary");
    weft_http_end_object(t);
    weft_http_int(t, "resourceProfileId", 0);
    weft_http_end_object(t);
}

weft_status weft_http_spark_stages(weft_ctx *ctx, weft_http_view *v)
{
    static const char *const statuses[] = {"active", "complete", "pending", "failed", "skipped"};
    int32_t wanted = -1, room = STAGES_LISTED;
    (void)ctx;
    if (!is_application(v) || !read_status(v, statuses, WEFT_COUNT(statuses), &wanted)) return WEFT_OK;
    weft_http_array(v->out, NULL);
    for (int32_t i = 0; i < v->status.job_count; i++) {
        const weft_job_status *job = &v->status.jobs[i];
        for (int32_t j = job->stages - 1; j >= 0 && room > 0; j--) {
            const char *status = stage_status(job, &job->stage_list[j]);
            if (wanted >= 0 && strcasecmp(statuses[wanted], status) != 0) continue;
            put_stage(v, job, &job->stage_list[j]);
            room--;
        }
    }
    weft_http_end_array(v->out);
    return WEFT_OK;
}

/* The stage that argument[1] names, or NULL and a 404. */
static const weft_stage_status *find_stage(weft_http_view *v, const weft_job_status **of)
{
    uint64_t id = 0;
    const bool is_number = weft_http_number(v->argument[1], &id);
    for (int32_t i = 0; is_number && i < v->status.job_count; i++) {
        const weft_job_status *job = &v->status.jobs[i];
        if (job_id(v, job) != id / STAGES_A_JOB) continue;
        for (int32_t j = 0; j < job->stages; j++) {
            *of = job;
            if ((uint64_t)job->stage_list[j].stage == id % STAGES_A_JOB) return &job->stage_list[j];
        }
    }
    weft_http_refuse(v->reply, 404, "unknown stage: %s", v->argument[1]);
    return NULL;
}

weft_status weft_http_spark_stage(weft_ctx *ctx, weft_http_view *v)
{
    const weft_job_status *job = NULL;
    (void)ctx;
    if (!is_application(v)) return WEFT_OK;
    const weft_stage_status *stage = find_stage(v, &job);
    if (stage == NULL) return WEFT_OK;
    weft_http_array(v->out, NULL);
    put_stage(v, job, stage);
    weft_http_end_array(v->out);
    return WEFT_OK;
}

const weft_stage_status *weft_http_find_attempt(weft_http_view *v, const weft_job_status **of)
{
    uint64_t attempt = 0;
    if (!is_application(v)) return NULL;
    const weft_stage_status *stage = find_stage(v, of);
    if (stage == NULL) return NULL;
    if (weft_http_number(v->argument[2], &attempt) && attempt == (uint64_t)stage->generation) return stage;
    weft_http_refuse(v->reply, 404, "unknown attempt %s for stage %s", v->argument[2], v->argument[1]);
    return NULL;
}

weft_status weft_http_spark_stage_attempt(weft_ctx *ctx, weft_http_view *v)
{
    const weft_job_status *job = NULL;
    const weft_stage_status *stage = weft_http_find_attempt(v, &job);
    (void)ctx;
    if (stage != NULL) put_stage(v, job, stage);
    return WEFT_OK;
}

/* ---- executors ---- */

static void put_executor(weft_http_text *t, const weft_worker_status *worker)
{
    char id[16];
    snprintf(id, sizeof(id), "%d", worker->number);
    weft_http_object(t, NULL);
    weft_http_text_value(t, "id", id);
    weft_http_text_value(t, "hostPort", worker->address);
    weft_http_bool(t, "isActive", !worker->silent && !worker->dead);
    weft_http_int(t, "totalCores", worker->slots);
    weft_http_int(t, "maxTasks", worker->slots);
    weft_http_int(t, "activeTasks", worker->running);
    weft_http_bool(t, "isBlacklisted", false);
    weft_http_int(t, "maxMemory", worker->memory_bytes);
    put_time(t, "addTime", worker->since_us);
    if (worker->dead) {
        put_time(t, "removeTime", worker->end_us);
        weft_http_text_value(t, "removeReason", worker->reason);
    }
    weft_http_object(t, "executorLogs");
    weft_http_end_object(t);
    weft_http_array(t, "blacklistedInStages");
    weft_http_end_array(t);
    weft_http_object(t, "attributes");
    weft_http_text_value(t, "HOST_ID", worker->host_id);
    weft_http_text_value(t, "VERSION", worker->version);
    weft_http_end_object(t);
    weft_http_object(t, "resources");
    weft_http_end_object(t);
    weft_http_int(t, "resourceProfileId", 0);
    weft_http_bool(t, "isExcluded", false);
    weft_http_array(t, "excludedInStages");
    weft_http_end_array(t);
    weft_http_end_object(t);
}

static weft_status put_executors(weft_http_view *v, bool all)
{
    if (!is_application(v)) return WEFT_OK;
    weft_http_array(v->out, NULL);
    for (int32_t i = 0; i < v->status.worker_count; i++)
        if (all || !v->status.workers[i].silent) put_executor(v->out, &v->status.workers[i]);
    for (int32_t i = 0; i < v->status.dead_count && all; i++) put_executor(v->out, &v->status.dead[i]);
    weft_http_end_array(v->out);
    return WEFT_OK;
}

weft_status weft_http_executors(weft_ctx *ctx, weft_http_view *v)
{
    (void)ctx;
    return put_executors(v, false);
}

weft_status weft_http_all_executors(weft_ctx *ctx, weft_http_view *v)
{
    (void)ctx;
    return put_executors(v, true);
}

/* ---- what it runs with ---- */

static void put_pair(weft_http_text *t, const char *name, const char *value)
{
    weft_http_array(t, NULL);
    weft_http_text_value(t, NULL, name);
    weft_http_text_value(t, NULL, value);
    weft_http_end_array(t);
}

/* The settings that a session begins with. Secrets are files; what is called like one is not shown. */
weft_status weft_http_environment(weft_ctx *ctx, weft_http_view *v)
{
    static const char *const empty[] = {"hadoopProperties", "systemProperties", "metricsProperties",
                                        "classpathEntries", "resourceProfiles"};
    static const char tests[] = "weft.test.";
    weft_http_text *t = v->out;
    if (!is_application(v)) return WEFT_OK;
    weft_http_object(t, NULL);
    weft_http_object(t, "runtime");
    weft_http_text_value(t, "weftVersion", v->http->options.version);
    weft_http_end_object(t);
    weft_http_array(t, "sparkProperties");
    for (int32_t i = 0; i < WEFT_SETTING_COUNT; i++) {
        const char *key = weft_setting_find_def((weft_setting_id)i)->key;
        const bool is_test = strncmp(key, tests, sizeof(tests) - 1) == 0;
        const bool is_secret = weft_redact_is_secret(key, strlen(key));
        if (!is_test || ctx->settings->set[i])
            put_pair(t, key, is_secret ? WEFT_REDACTED : ctx->settings->text[i]);
    }
    weft_http_end_array(t);
    for (int32_t i = 0; i < WEFT_COUNT(empty); i++) {
        weft_http_array(t, empty[i]);
        weft_http_end_array(t);
    }
    weft_http_end_object(t);
    return WEFT_OK;
}
