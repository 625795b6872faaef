/* coordinator/http.c - who may ask, what there is, and who answers. */
#include "coordinator/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/log.h"
#include "coordinator/http_private.h"

/* ---- routes ---- */

static weft_status healthz(weft_ctx *ctx, weft_http_view *v)
{
    (void)ctx;
    weft_http_object(v->out, NULL);
    weft_http_text_value(v->out, "status", "ok");
    weft_http_end_object(v->out);
    return WEFT_OK;
}

const char *weft_http_coordinator_state(weft_coordinator_state state)
{
    static const char *const names[] = {"ALIVE", "RECOVERING", "SUSPENDED", "STANDBY"};
    return names[state];
}

/* A coordinator that leads takes jobs; they wait for workers if there are none. One that stands by passes
 * them on. Without its journal it takes no writes. */
static weft_status readyz(weft_ctx *ctx, weft_http_view *v)
{
    (void)ctx;
    if (v->status.journal_broken) {
        weft_http_refuse(v->reply, 503,
                         "the journal is broken: no write is taken until the coordinator is started again");
        return WEFT_OK;
    }
    weft_http_object(v->out, NULL);
    weft_http_text_value(v->out, "status", "ready");
    weft_http_text_value(v->out, "state", weft_http_coordinator_state(v->status.state));
    weft_http_end_object(v->out);
    return WEFT_OK;
}

enum { TAKES_GET = 1, TAKES_POST = 2, TAKES_DELETE = 4 };
/* open to everybody; plain: answers without the cluster's status; own: also while it stands by */
enum { IS_OPEN = 1, IS_PLAIN = 2, IS_OWN = 4 };

/* '*' stands for one part of a path. The first that fits path and method answers. */
static const struct {
    const char *path;
    int32_t takes, flags;
    weft_http_route *answer;
} routes[] = {
    {"/healthz", TAKES_GET, IS_OPEN | IS_PLAIN | IS_OWN, healthz},
    {"/readyz", TAKES_GET, IS_OPEN | IS_OWN, readyz},
    {"/metrics", TAKES_GET, IS_OWN, weft_http_metrics},
    {"/", TAKES_GET, IS_OWN, weft_http_page},
    {"/jobs/*", TAKES_GET, 0, weft_http_job_page},
    {"/json", TAKES_GET, IS_OWN, weft_http_master},
    {"/api/v1/version", TAKES_GET, IS_PLAIN | IS_OWN, weft_http_version},
    {"/api/v1/cluster", TAKES_GET, 0, weft_http_cluster},
    {"/api/v1/workers", TAKES_GET, 0, weft_http_workers},
    {"/api/v1/jobs", TAKES_GET, 0, weft_http_jobs},
    {"/api/v1/jobs/*", TAKES_GET, 0, weft_http_job},
    {"/api/v1/jobs/*", TAKES_DELETE, 0, weft_http_cancel},
    {"/api/v1/jobs/*/cancel", TAKES_POST | TAKES_DELETE, 0, weft_http_cancel},
    {"/api/v1/logs", TAKES_GET, IS_PLAIN | IS_OWN, weft_http_logs},
    {"/api/v1/applications", TAKES_GET, 0, weft_http_applications},
    {"/api/v1/applications/*", TAKES_GET, 0, weft_http_application},
    {"/api/v1/applications/*/jobs", TAKES_GET, 0, weft_http_spark_jobs},
    {"/api/v1/applications/*/jobs/*", TAKES_GET, 0, weft_http_spark_job},
    {"/api/v1/applications/*/stages", TAKES_GET, 0, weft_http_spark_stages},
    {"/api/v1/applications/*/stages/*", TAKES_GET, 0, weft_http_spark_stage},
    {"/api/v1/applications/*/stages/*/*", TAKES_GET, 0, weft_http_spark_stage_attempt},
    {"/api/v1/applications/*/stages/*/*/taskList", TAKES_GET, 0, weft_http_spark_task_list},
    {"/api/v1/applications/*/stages/*/*/taskSummary", TAKES_GET, 0, weft_http_spark_task_summary},
    {"/api/v1/applications/*/executors", TAKES_GET, 0, weft_http_executors},
    {"/api/v1/applications/*/allexecutors", TAKES_GET, 0, weft_http_all_executors},
    {"/api/v1/applications/*/environment", TAKES_GET, 0, weft_http_environment},
};

/* Part by part; what stands for '*' is copied into the arena. A slash at the end of the path does not matter.
 */
static weft_status match(weft_ctx *ctx, const char *pattern, const char *path, weft_http_view *v, bool *fits)
{
    weft_status st = WEFT_OK;
    int32_t count = 0;
    *fits = false;
    while (*pattern == '/' && *path == '/') {
        pattern++, path++;
        const size_t pattern_len = strcspn(pattern, "/"), len = strcspn(path, "/");
        if (pattern_len == 1 && *pattern == '*' && len > 0) {
            char *copy = NULL;
            assert(count < WEFT_HTTP_ARGUMENTS_MOST);
            WEFT_TRY(st, weft_arena_copy(ctx, ctx->arena, path, len, &copy));
            v->argument[count++] = copy;
        } else if (pattern_len != len || memcmp(pattern, path, len) != 0)
            return st;
        pattern += pattern_len;
        path += len;
    }
    *fits = *pattern == 0 && (*path == 0 || strcmp(path, "/") == 0);
done:
    return st;
}

static int32_t taken_by(weft_http_method method)
{
    switch (method) {
    case WEFT_HTTP_GET:
    case WEFT_HTTP_HEAD: return TAKES_GET;
    case WEFT_HTTP_POST: return TAKES_POST;
    case WEFT_HTTP_DELETE: return TAKES_DELETE;
    case WEFT_HTTP_OTHER: break;
    }
    return 0;
}

static const char *allow_header(int32_t takes)
{
    if (takes == TAKES_GET) return "Allow: GET, HEAD\r\n";
    if (takes == (TAKES_GET | TAKES_DELETE)) return "Allow: GET, HEAD, DELETE\r\n";
    return "Allow: POST, DELETE\r\n";
}

/* The route of a request; -1: the reply says why not. */
static weft_status find_route(weft_ctx *ctx, weft_http_view *v, int32_t *out)
{
    weft_status st = WEFT_OK;
    int32_t takes = 0;
    *out = -1;
    for (int32_t i = 0; i < WEFT_COUNT(routes); i++) {
        bool fits = false;
        WEFT_TRY(st, match(ctx, routes[i].path, v->request->path, v, &fits));
        if (!fits) continue;
        if ((routes[i].takes & taken_by(v->request->method)) != 0) {
            *out = i;
            return st;
        }
        takes |= routes[i].takes;
    }
    if (takes == 0)
        weft_http_refuse(v->reply, 404, "there is nothing at %s", v->request->path);
    else {
        weft_http_refuse(v->reply, 405, "%s cannot be asked for in this way", v->request->path);
        v->reply->headers = allow_header(takes);
    }
done:
    return st;
}

/* What another coordinator answers: there, if anybody knows where that is. */
static void redirect(weft_http *http, weft_http_view *v)
{
    static const char hex[] = "0123456789ABCDEF";
    char path[3 * sizeof(v->request->path)];
    size_t len = 0;
    if (v->status.leader_http == NULL || v->status.leader_http[0] == 0) {
        weft_http_refuse(v->reply, 503, "this coordinator stands by, and nobody leads at the moment");
        return;
    }
    for (const char *c = v->request->path; *c != 0; c++) {
        const bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
                           strchr("/-._~", *c) != NULL;
        if (!plain) path[len++] = '%';
        if (!plain) path[len++] = hex[(uint8_t)*c >> 4];
        path[len++] = plain ? *c : hex[*c & 15];
    }
    path[len] = 0;
    weft_http_refuse(v->reply, 307, "this coordinator stands by; %s leads", v->status.leader_http);
    snprintf(http->location, sizeof(http->location), "Location: %s%s%s%s\r\n", v->status.leader_http, path,
             v->request->query[0] == 0 ? "" : "?", v->request->query);
    v->reply->headers = http->location;
}

static weft_status answer(weft_ctx *ctx, void *self, const weft_http_request *request, weft_http_reply *reply)
{
    weft_status st = WEFT_OK;
    weft_http *http = self;
    weft_http_view v = {.http = http, .request = request, .reply = reply, .out = &reply->body};
    weft_http_reply refusal = *reply;
    int32_t route = -1;
    weft_http_guard_refresh(ctx, &http->guard);
    const bool may = weft_http_guard_lets(&http->guard, request, &refusal);

    WEFT_TRY(st, find_route(ctx, &v, &route));
    if (!may && (route < 0 || (routes[route].flags & IS_OPEN) == 0)) { /* nor what there is not */
        atomic_fetch_add(&http->denied, 1);
        weft_http_text_deinit(&reply->body);
        *reply = refusal;
        return st;
    }
    weft_http_text_deinit(&refusal.body);
    if (route < 0) return st;
    if ((routes[route].flags & IS_PLAIN) == 0)
        WEFT_TRY(st, http->options.provider.status(ctx, http->options.provider.self, &v.status));
    if ((routes[route].flags & IS_OWN) == 0 && v.status.state == WEFT_COORDINATOR_STANDBY) {
        redirect(http, &v);
        return st;
    }
    v.now_us = ctx->clock->wall_us(ctx->clock->self);
    WEFT_TRY(st, routes[route].answer(ctx, &v));
done:
    return st;
}

/* ---- shared by the routes ---- */

static const char *time_text(int64_t us, const char *zone, char out[WEFT_HTTP_TIME_BYTES])
{
    struct tm parts;
    const time_t seconds = (time_t)(us / 1000000);
    gmtime_r(&seconds, &parts);
    snprintf(out, WEFT_HTTP_TIME_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d.%03d%s",
             (parts.tm_year + 1900) % 10000, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
             parts.tm_sec, (int)(us / 1000 % 1000), zone);
    return out;
}

const char *weft_http_spark_time(int64_t us, char out[WEFT_HTTP_TIME_BYTES])
{
    return time_text(us, "GMT", out);
}
const char *weft_http_time(int64_t us, char out[WEFT_HTTP_TIME_BYTES]) { return time_text(us, "Z", out); }

void weft_http_sum(const weft_cluster_status *status, weft_http_sums *out)
{
    *out = (weft_http_sums){0};
    for (int32_t i = 0; i < status->worker_count; i++) {
        const weft_worker_status *worker = &status->workers[i];
        out->silent += worker->silent;
        if (worker->silent) continue;
        out->present++;
        out->slots += worker->slots;
        out->running += worker->running;
        out->memory_bytes += worker->memory_bytes;
    }
    for (int32_t i = 0; i < status->job_count && status->jobs[i].state == WEFT_JOB_RUNNING; i++) {
        const weft_job_status *job = &status->jobs[i];
        out->jobs_running++;
        out->stages_running += job->stages - job->stages_done;
        out->tasks_running += job->running;
        out->tasks_waiting += weft_max_i64(0, job->tasks - job->tasks_done - job->running);
    }
}

bool weft_http_number(const char *text, uint64_t *out)
{
    uint64_t number = 0;
    if (*text == 0) return false;
    for (const char *c = text; *c != 0; c++) {
        if (*c < '0' || *c > '9' || number > (UINT64_MAX - (uint64_t)(*c - '0')) / 10) return false;
        number = 10 * number + (uint64_t)(*c - '0');
    }
    *out = number;
    return true;
}

uint64_t weft_http_first_job(const weft_http_view *v)
{
    return v->status.epoch > 0 ? (uint64_t)v->status.epoch * WEFT_HTTP_JOBS_OF_EPOCH : 0;
}

const weft_job_status *weft_http_find_job(weft_http_view *v, int32_t at)
{
    uint64_t id = 0;
    if (!weft_http_number(v->argument[at], &id)) {
        weft_http_refuse(v->reply, 400, "the number of a job is a whole number, not %s", v->argument[at]);
        return NULL;
    }
    const uint64_t whole = id < WEFT_HTTP_JOBS_OF_EPOCH ? weft_http_first_job(v) + id : id;
    for (int32_t i = 0; i < v->status.job_count; i++)
        if (v->status.jobs[i].id == whole) return &v->status.jobs[i];
    weft_http_refuse(v->reply, 404, "there is no job %s, or it ended long ago", v->argument[at]);
    return NULL;
}

bool weft_http_limit(weft_http_view *v, int64_t *out)
{
    char text[32];
    uint64_t limit = 0;
    *out = INT64_MAX;
    if (!weft_http_query(v->request, "limit", text, sizeof(text))) return true;
    if (weft_http_number(text, &limit) && limit <= INT64_MAX) {
        *out = (int64_t)limit;
        return true;
    }
    weft_http_refuse(v->reply, 400, "limit is a whole number, not %s", text);
    return false;
}

const char *weft_http_state(weft_job_state state)
{
    static const char *const names[] = {"RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"};
    return names[state];
}

/* ---- start and stop ---- */

static void log_start(const weft_http *http)
{
    const weft_http_options *o = &http->options;
    weft_log(WEFT_LOG_INFO, "http_started", WEFT_LOG_TEXT("host", o->host),
             WEFT_LOG_INT("port", weft_http_port(http)), WEFT_LOG_INT("tls", o->certificate != NULL),
             WEFT_LOG_INT("token", http->guard.has_token));
}

weft_status weft_http_start(weft_ctx *ctx, const weft_http_options *options, weft_http **out)
{
    weft_status st = WEFT_OK;
    weft_http *http = NULL;
    weft_http_server_options server = {.host = options->host,
                                       .port = options->port,
                                       .certificate = options->certificate,
                                       .key = options->key,
                                       .handler = answer};
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*http), (void **)&http));
    http->options = *options;
    WEFT_TRY(st, weft_http_guard_init(ctx, options->host, options->token_file, "coordinator", &http->guard));
    server.self = http;
    WEFT_TRY(st, weft_http_server_start(ctx, &server, &http->server));
    log_start(http);
    *out = http;
    http = NULL;
done:
    weft_http_stop(&http);
    return st;
}

int32_t weft_http_port(const weft_http *http) { return weft_http_server_port(http->server); }

void weft_http_stop(weft_http **slot)
{
    weft_http *http = *slot;
    if (http == NULL) return;
    weft_http_server_stop(&http->server);
    weft_http_guard_deinit(&http->guard);
    weft_mem_free(http);
    *slot = NULL;
}
