/* coordinator/http_tasks.c - Spark's taskList and taskSummary of a stage: its attempts that run, and those of
 * the last ones that ended (tasks.h). What is not measured is left out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "coordinator/http_private.h"
#include "coordinator/tasks.h"

enum { LISTED = 20 /* without a length, as Spark has it */, QUANTILES_MOST = 64 };

static const char *const statuses[] = {"RUNNING", "SUCCESS", "FAILED", "KILLED"};

static const char *status_of(const weft_task_record *r)
{
    if (r->running) return statuses[0];
    if (r->status == WEFT_OK) return statuses[1];
    return r->status == WEFT_CANCELLED ? statuses[3] : statuses[2];
}

static int64_t run_ms(const weft_task_record *r) { return r->run_ns / 1000000; }

/* ---- the list ---- */

static void put_metrics(weft_http_text *t, const weft_task_record *r)
{
    weft_http_object(t, "taskMetrics");
    weft_http_int(t, "executorRunTime", run_ms(r));
    weft_http_int(t, "diskBytesSpilled", r->spilled_bytes);
    weft_http_object(t, "inputMetrics");
    weft_http_int(t, "bytesRead", r->read_bytes);
    weft_http_int(t, "recordsRead", r->read_rows);
    weft_http_end_object(t);
    weft_http_object(t, "shuffleWriteMetrics");
    weft_http_int(t, "bytesWritten", r->bytes);
    weft_http_int(t, "recordsWritten", r->rows);
    weft_http_end_object(t);
    weft_http_end_object(t);
}

/* Its worker's host, as others reach it; "" when nobody knows that worker any more. */
static void put_host(weft_http_view *v, const weft_task_record *r)
{
    const weft_cluster_status *s = &v->status;
    const char *address = "";
    char host[256];
    for (int32_t i = 0; i < s->worker_count + s->dead_count; i++) {
        const weft_worker_status *w = i < s->worker_count ? &s->workers[i] : &s->dead[i - s->worker_count];
        if (w->number == r->worker) address = w->address;
    }
    const char *begin = strncmp(address, "tcp://", 6) == 0 ? address + 6 : address;
    const char *end = strrchr(begin, ':');
    snprintf(host, sizeof(host), "%.*s", end == NULL ? (int)strlen(begin) : (int)(end - begin), begin);
    weft_http_text_value(v->out, "host", host);
}

/* What still runs was launched at some time after its stage was: a task keeps no time of its own. */
static void put_task(weft_http_view *v, const weft_stage_status *stage, const weft_task_record *r)
{
    weft_http_text *t = v->out;
    char time[WEFT_HTTP_TIME_BYTES], id[16];
    const int64_t begin_us = r->running ? stage->begin_us : r->end_us - r->run_ns / 1000;
    snprintf(id, sizeof(id), "%d", r->worker);
    weft_http_object(t, NULL);
    weft_http_int(t, "taskId", (int64_t)r->attempt * stage->tasks + r->partition);
    weft_http_int(t, "index", r->partition);
    weft_http_int(t, "attempt", r->attempt);
    weft_http_int(t, "partitionId", r->partition);
    weft_http_text_value(t, "launchTime", weft_http_spark_time(begin_us, time));
    if (!r->running) weft_http_int(t, "duration", run_ms(r));
    weft_http_text_value(t, "executorId", id);
    put_host(v, r);
    weft_http_text_value(t, "status", status_of(r));
    weft_http_text_value(t, "taskLocality", weft_locality_name(r->locality));
    weft_http_bool(t, "speculative", false);
    weft_http_array(t, "accumulatorUpdates");
    weft_http_end_array(t);
    if (!r->running && r->status != WEFT_OK)
        weft_http_text_value(t, "errorMessage", weft_status_text(r->status));
    if (!r->running) put_metrics(t, r);
    weft_http_object(t, "executorLogs");
    weft_http_end_object(t);
    weft_http_end_object(t);
}

static int by_number(const void *a, const void *b)
{
    const weft_task_record *x = a, *y = b;
    if (x->attempt != y->attempt) return x->attempt < y->attempt ? -1 : 1;
    return x->partition < y->partition ? -1 : x->partition > y->partition;
}

/* A parameter that is a whole number; false: it is another, and the reply is a 400. */
static bool read_number(weft_http_view *v, const char *name, uint64_t initial, uint64_t *out)
{
    char text[32];
    *out = initial;
    if (!weft_http_query(v->request, name, text, sizeof(text)) || weft_http_number(text, out)) return true;
    weft_http_refuse(v->reply, 400, "%s is a whole number, not %s", name, text);
    return false;
}

/* NULL: all; false: there is none such, and the reply is a 400. */
static bool read_status(weft_http_view *v, const char **out)
{
    char text[32];
    *out = NULL;
    if (!weft_http_query(v->request, "status", text, sizeof(text))) return true;
    for (int32_t i = 0; i < WEFT_COUNT(statuses); i++)
        if (strcasecmp(statuses[i], text) == 0) *out = statuses[i];
    if (*out == NULL) weft_http_refuse(v->reply, 400, "there is no status %s", text);
    return *out != NULL;
}

static weft_status find_tasks(weft_ctx *ctx, weft_http_view *v, const weft_job_status *job,
                              const weft_stage_status *stage, weft_task_record **out, int32_t *count)
{
    const weft_http_provider *p = &v->http->options.provider;
    return p->tasks(ctx, p->self, job->id, stage->stage, stage->generation, out, count);
}

weft_status weft_http_spark_task_list(weft_ctx *ctx, weft_http_view *v)
{
    weft_status st = WEFT_OK;
    const weft_job_status *job = NULL;
    weft_task_record *tasks = NULL;
    uint64_t offset = 0, length = 0, seen = 0;
    const char *status = NULL;
    int32_t count = 0;
    const weft_stage_status *stage = weft_http_find_attempt(v, &job);
    if (stage == NULL || !read_number(v, "offset", 0, &offset) ||
        !read_number(v, "length", LISTED, &length) || !read_status(v, &status))
        return WEFT_OK;
    WEFT_TRY(st, find_tasks(ctx, v, job, stage, &tasks, &count));
    if (count > 0) qsort(tasks, (size_t)count, sizeof(*tasks), by_number);
    weft_http_array(v->out, NULL);
    for (int32_t i = 0; i < count; i++) {
        if (status != NULL && strcmp(status, status_of(&tasks[i])) != 0) continue;
        if (seen >= offset && seen - offset < length) put_task(v, stage, &tasks[i]);
        seen++;
    }
    weft_http_end_array(v->out);
done:
    return st;
}

/* ---- quantiles ---- */

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

typedef struct summary {
    const weft_task_record *tasks; /* [count], that ended well */
    int32_t count, quantile_count;
    int64_t *values; /* [count], scratch */
    double quantiles[QUANTILES_MOST];
} summary;

static void put_quantiles(weft_http_text *t, const char *name, summary *s,
                          int64_t (*value)(const weft_task_record *r))
{
    for (int32_t i = 0; i < s->count; i++) s->values[i] = value(&s->tasks[i]);
    qsort(s->values, (size_t)s->count, sizeof(int64_t), by_value);
    weft_http_array(t, name);
    for (int32_t i = 0; i < s->quantile_count; i++) {
        const int32_t at = (int32_t)(s->quantiles[i] * s->count); /* as Spark has it */
        weft_http_real(t, NULL, (double)s->values[weft_min_i32(at, s->count - 1)]);
    }
    weft_http_end_array(t);
}

static int64_t spilled_of(const weft_task_record *r) { return r->spilled_bytes; }
static int64_t read_bytes_of(const weft_task_record *r) { return r->read_bytes; }
static int64_t read_rows_of(const weft_task_record *r) { return r->read_rows; }
static int64_t bytes_of(const weft_task_record *r) { return r->bytes; }
static int64_t rows_of(const weft_task_record *r) { return r->rows; }

static void put_summary(weft_http_text *t, summary *s)
{
    weft_http_object(t, NULL);
    weft_http_array(t, "quantiles");
    for (int32_t i = 0; i < s->quantile_count; i++) weft_http_real(t, NULL, s->quantiles[i]);
    weft_http_end_array(t);
    put_quantiles(t, "duration", s, run_ms);
    put_quantiles(t, "executorRunTime", s, run_ms);
    put_quantiles(t, "diskBytesSpilled", s, spilled_of);
    weft_http_object(t, "inputMetrics");
    put_quantiles(t, "bytesRead", s, read_bytes_of);
    put_quantiles(t, "recordsRead", s, read_rows_of);
    weft_http_end_object(t);
    weft_http_object(t, "shuffleWriteMetrics");
    put_quantiles(t, "writeBytes", s, bytes_of);
    put_quantiles(t, "writeRecords", s, rows_of);
    weft_http_end_object(t);
    weft_http_end_object(t);
}

/* "0.05,0.25,…"; false: it is no list of such, and the reply is a 400. */
static bool read_quantiles(weft_http_view *v, summary *s)
{
    char text[512] = "0.05,0.25,0.5,0.75,0.95";
    (void)weft_http_query(v->request, "quantiles", text, sizeof(text));
    const char *at = text;
    for (;;) {
        char *end = NULL;
        const double q = strtod(at, &end);
        const bool is_one = end != at && q >= 0 && q <= 1 && (*end == ',' || *end == 0);
        if (!is_one || s->quantile_count == QUANTILES_MOST) {
            weft_http_refuse(v->reply, 400, "quantiles are up to %d numbers of 0 to 1, not %s",
                             QUANTILES_MOST, text);
            return false;
        }
        s->quantiles[s->quantile_count++] = q;
        if (*end == 0) return true;
        at = end + 1;
    }
}

weft_status weft_http_spark_task_summary(weft_ctx *ctx, weft_http_view *v)
{
    weft_status st = WEFT_OK;
    summary s = {0};
    const weft_job_status *job = NULL;
    weft_task_record *tasks = NULL;
    int32_t count = 0;
    const weft_stage_status *stage = weft_http_find_attempt(v, &job);
    if (stage == NULL || !read_quantiles(v, &s)) return WEFT_OK;
    WEFT_TRY(st, find_tasks(ctx, v, job, stage, &tasks, &count));
    for (int32_t i = 0; i < count; i++)
        if (!tasks[i].running && tasks[i].status == WEFT_OK) tasks[s.count++] = tasks[i];
    s.tasks = tasks;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, s.count, &s.values));
    if (s.count == 0)
        weft_http_refuse(v->reply, 404, "No tasks reported metrics yet.");
    else
        put_summary(v->out, &s);
done:
    return st;
}
