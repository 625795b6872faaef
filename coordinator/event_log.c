/* coordinator/event_log.c - see event_log.h. Lines are written whole, one write each, so that a reader never
 * sees half a line of a living process. */
#include "coordinator/event_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/settings.h"

enum { LINE_BYTES = 1024 }; /* every field is a number or a name of ours */

struct weft_event_log {
    int fd;
    bool broken;
    const weft_clock *clock;
};

weft_status weft_event_log_open(weft_ctx *ctx, weft_event_log **out)
{
    weft_status st = WEFT_OK;
    weft_event_log *log = NULL;
    const char *path = weft_setting_text(ctx, WEFT_SET_EVENT_LOG);
    *out = NULL;
    if (path[0] == 0) return WEFT_OK;
    struct stat info;
    char *file = NULL;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &file, "%s/events.jsonl", path));
        path = file;
    }
    WEFT_TRY(st, WEFT_NEW(ctx, &log));
    log->clock = ctx->clock;
    log->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log->fd < 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_IO, "cannot open the event log %s: %s", path, strerror(errno)));
    *out = log;
done:
    return st;
}

static int64_t wall_ms(const weft_event_log *log) { return log->clock->wall_us(log->clock->self) / 1000; }

static void write_line(weft_event_log *log, const char *line, int len)
{
    if (log->broken || len <= 0 || len >= LINE_BYTES) return;
    if (write(log->fd, line, (size_t)len) == len) return;
    log->broken = true;
    fprintf(stderr, "WARN event_log_broken reason=\"%s\": no further events are written\n", strerror(errno));
}

void weft_event_log_job(weft_event_log *log, uint64_t job)
{
    char line[LINE_BYTES];
    if (log == NULL) return;
    write_line(log, line,
               snprintf(line, sizeof(line),
                        "{\"Event\":\"SparkListenerJobStart\",\"Job ID\":%" PRIu64
                        ",\"Submission Time\":%" PRId64 "}\n",
                        job, wall_ms(log)));
}

static void add_splits(const weft_task_spec *task, int64_t *rows, int64_t *bytes)
{
    for (int32_t i = 0; i < task->split_count; i++) {
        *bytes += task->splits[i].bytes;
        *rows += task->splits[i].end - task->splits[i].begin;
    }
}

void weft_event_log_stage(weft_event_log *log, uint64_t job, const weft_stage *stage)
{
    char line[LINE_BYTES];
    int64_t split_bytes = 0, split_rows = 0, table_rows = 0;
    int32_t filters = 0;
    const weft_source_spec *source = &stage->fragment.source;
    if (log == NULL) return;
    for (int32_t t = 0; t < stage->task_count; t++) add_splits(&stage->tasks[t], &split_rows, &split_bytes);
    if (source->kind == WEFT_SOURCE_SCAN) {
        table_rows = source->scan.relation->format->row_count(source->scan.relation->table);
        filters = source->scan.spec.conjunct_count + source->scan.key_count;
    }
    write_line(log, line,
               snprintf(line, sizeof(line),
                        "{\"Event\":\"SparkListenerStageSubmitted\",\"Job ID\":%" PRIu64
                        ",\"Stage Info\":{\"Stage ID\":%d,\"Number of Tasks\":%d,\"Split Bytes\":%" PRId64
                        ",\"Split Rows\":%" PRId64 ",\"Table Rows\":%" PRId64 ",\"Filters\":%d}}\n",
                        job, stage->id, stage->task_count, split_bytes, split_rows, table_rows, filters));
}

static int64_t block_rows(const weft_block_meta *block)
{
    int64_t rows = 0;
    for (int32_t p = 0; p < block->partition_count; p++) rows += block->rows[p];
    return rows;
}

void weft_event_log_task(weft_event_log *log, const weft_stage *stage, const weft_to_coordinator *m,
                         weft_locality locality)
{
    char line[LINE_BYTES];
    int64_t split_bytes = 0, split_rows = 0;
    if (log == NULL) return;
    const bool done = m->kind == WEFT_FROM_WORKER_DONE;
    const weft_scan_metrics none = {0};
    const weft_scan_metrics *scan = m->metrics != NULL ? &m->metrics[0].scan : &none;
    if (m->partition >= 0 && m->partition < stage->task_count)
        add_splits(&stage->tasks[m->partition], &split_rows, &split_bytes);
    write_line(log, line,
               snprintf(line, sizeof(line),
                        "{\"Event\":\"SparkListenerTaskEnd\",\"Job ID\":%" PRIu64
                        ",\"Stage ID\":%d,\"Stage Attempt ID\":%d,\"Task End "
                        "Reason\":{\"Reason\":\"%s\"},\"Task Info\":{\"Index\":%d,"
                        "\"Attempt\":%d,\"Executor ID\":\"%d\",\"Locality\":\"%s\",\"Failed\":%s,"
                        "\"Run Time\":%" PRId64 ",\"Rows\":%" PRId64
                        "},\"Task Metrics\":{\"Input Metrics\":{\"Bytes Read\":%" PRId64
                        ",\"Records Read\":%" PRId64 ",\"Split Bytes\":%" PRId64 ",\"Split Rows\":%" PRId64
                        "}}}\n",
                        m->job, m->stage, m->generation, done ? "Success" : weft_status_text(m->status),
                        m->partition, m->attempt, m->worker, weft_locality_name(locality),
                        done ? "false" : "true", m->run_ns / 1000, done ? block_rows(m->block) : (int64_t)0,
                        scan->bytes_read, scan->rows_read, split_bytes, split_rows));
}

void weft_event_log_late(weft_event_log *log, const weft_to_coordinator *m)
{
    char line[LINE_BYTES];
    if (log == NULL) return;
    write_line(log, line,
               snprintf(line, sizeof(line),
                        "{\"Event\":\"WeftTaskLate\",\"Job ID\":%" PRIu64
                        ",\"Stage ID\":%d,\"Stage Attempt ID\":%d,\"Task End "
                        "Reason\":{\"Reason\":\"%s\"},\"Task Info\":{\"Index\":%d,"
                        "\"Attempt\":%d,\"Executor ID\":\"%d\",\"Failed\":%s}}\n",
                        m->job, m->stage, m->generation,
                        m->kind == WEFT_FROM_WORKER_DONE ? "Success" : weft_status_text(m->status),
                        m->partition, m->attempt, m->worker,
                        m->kind == WEFT_FROM_WORKER_DONE ? "false" : "true"));
}

void weft_event_log_stage_done(weft_event_log *log, uint64_t job, const weft_stage_report *r)
{
    char line[LINE_BYTES];
    if (log == NULL) return;
    write_line(log, line,
               snprintf(line, sizeof(line),
                        "{\"Event\":\"SparkListenerStageCompleted\",\"Job ID\":%" PRIu64
                        ",\"Stage Info\":{\"Stage ID\":%d,\"Attempts\":%d,\"Failures\":%d,\"Rows\":%" PRId64
                        ",\"Bytes\":%" PRId64 ",\"Spilled Bytes\":%" PRId64 "}}\n",
                        job, r->stage->id, r->attempts, r->failures, r->rows, r->bytes, r->spilled_bytes));
}

void weft_event_log_job_done(weft_event_log *log, uint64_t job, weft_status status,
                             const weft_scheduler_counts *c)
{
    char line[LINE_BYTES];
    if (log == NULL) return;
    write_line(
        log, line,
        snprintf(line, sizeof(line),
                 "{\"Event\":\"SparkListenerJobEnd\",\"Job ID\":%" PRIu64 ",\"Completion Time\":%" PRId64
                 ",\"Job Result\":{\"Result\":\"%s\"},\"Tasks\":{\"Launched\":%" PRId64 ",\"Done\":%" PRId64
                 ",\"Failed\":%" PRId64 ",\"Rerun\":%" PRId64 ",\"Late\":%" PRId64 "}}\n",
                 job, wall_ms(log), status == WEFT_OK ? "JobSucceeded" : weft_status_text(status),
                 c->launched, c->done, c->failed, c->rerun, c->late));
}

void weft_event_log_close(weft_event_log **log)
{
    if (*log != NULL) close((*log)->fd);
    *log = NULL;
}
