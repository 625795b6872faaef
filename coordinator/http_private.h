/* coordinator/http_private.h - what the files of the HTTP interface share. */
#ifndef WEFT_COORDINATOR_HTTP_PRIVATE_H
#define WEFT_COORDINATOR_HTTP_PRIVATE_H

#include <stdatomic.h>

#include "common/http_guard.h"
#include "coordinator/http.h"

enum { WEFT_HTTP_JOBS_OF_EPOCH = 1000000, WEFT_HTTP_TIME_BYTES = 40, WEFT_HTTP_ARGUMENTS_MOST = 3 };

struct weft_http {
    weft_http_options options;
    weft_http_server *server;
    atomic_int_fast64_t denied; /* requests, for want of a token or of the right place */
    weft_http_guard guard;      /* of the server's thread, as is the next */
    char location[6144];        /* a header of the last answer */
};

/* What a route gets: one request and the cluster as of that moment. */
typedef struct weft_http_view {
    weft_http *http;
    const weft_http_request *request;
    weft_http_reply *reply;
    weft_http_text *out; /* the reply's body */
    weft_cluster_status status;
    int64_t now_us;
    const char *argument[WEFT_HTTP_ARGUMENTS_MOST]; /* what stands for the route's '*' */
} weft_http_view;

typedef weft_status weft_http_route(weft_ctx *ctx, weft_http_view *v);

/* http_json.c: our own documents. */
weft_http_route weft_http_cluster, weft_http_workers, weft_http_jobs, weft_http_job, weft_http_cancel;
/* http_spark.c: Spark's. */
weft_http_route weft_http_master, weft_http_version, weft_http_applications, weft_http_application,
    weft_http_spark_jobs, weft_http_spark_job, weft_http_spark_stages, weft_http_spark_stage,
    weft_http_spark_stage_attempt, weft_http_spark_task_list, weft_http_spark_task_summary,
    weft_http_executors, weft_http_all_executors, weft_http_environment;
/* http_metrics.c, http_page.c, http_logs.c */
weft_http_route weft_http_metrics, weft_http_page, weft_http_job_page, weft_http_logs;

/* ---- shared by them ---- */

/* What the workers add up to. */
typedef struct weft_http_sums {
    int64_t present, silent, slots, running,
        memory_bytes; /* slots, running and memory: of the present ones */
    int64_t jobs_running, stages_running, tasks_waiting, tasks_running;
} weft_http_sums;
void weft_http_sum(const weft_cluster_status *status, weft_http_sums *out);
/* "2026-11-21T10:15:00.123GMT", as Spark writes it, and "…Z". */
const char *weft_http_spark_time(int64_t us, char out[WEFT_HTTP_TIME_BYTES]);
const char *weft_http_time(int64_t us, char out[WEFT_HTTP_TIME_BYTES]);
/* A job's number is its epoch times WEFT_HTTP_JOBS_OF_EPOCH and a count; this is what the count is added to.
 */
uint64_t weft_http_first_job(const weft_http_view *v);
/* The job that argument[at] names, by its number or by the count alone; or NULL, and the reply is a 404. */
const weft_job_status *weft_http_find_job(weft_http_view *v, int32_t at);
/* The stage that argument[1] names, and the attempt of it that argument[2] does, or NULL and a 404. Also when
 * the application is another. */
const weft_stage_status *weft_http_find_attempt(weft_http_view *v, const weft_job_status **of);
/* A whole decimal number that fits; false for anything else. */
bool weft_http_number(const char *text, uint64_t *out);
/* The parameter `limit`, INT64_MAX without one; a bad one is a 400 and false. */
bool weft_http_limit(weft_http_view *v, int64_t *out);
/* Who leads, and what becomes of it all when this process dies: fields of an object. */
void weft_http_put_leadership(weft_http_view *v);
/* "ALIVE", "SILENT", "DEAD". */
const char *weft_http_worker_state(const weft_worker_status *worker);
/* "ALIVE", "RECOVERING", "SUSPENDED", "STANDBY". */
const char *weft_http_coordinator_state(weft_coordinator_state state);
/* "RUNNING" … "CANCELLED". */
const char *weft_http_state(weft_job_state state);

#endif
