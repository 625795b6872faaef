/* coordinator/event_log.h - one JSON object a line for what happens to a job: submitted, stages, task ends,
 * end.
 *
 * Names and fields follow Spark's SparkListener events where one exists. The log is opened by the setting
 * weft.eventLog.path (a file, appended to) and is NULL when that is empty; every function takes NULL. A log
 * that cannot be written is dropped with a warning: it never fails a job. One thread. */
#ifndef WEFT_COORDINATOR_EVENT_LOG_H
#define WEFT_COORDINATOR_EVENT_LOG_H

#include "coordinator/coordinator.h"

typedef struct weft_event_log weft_event_log;

/* *out is NULL when the setting is empty. Errors: WEFT_IO when the file cannot be opened. */
WEFT_MUST_CHECK weft_status weft_event_log_open(weft_ctx *ctx, weft_event_log **out);
void weft_event_log_job(weft_event_log *log, uint64_t job);
void weft_event_log_stage(weft_event_log *log, uint64_t job, const weft_stage *stage);
/* An attempt ended. Its splits are those of the stage's task; what it read of them is known when it
 * succeeded. */
void weft_event_log_task(weft_event_log *log, const weft_stage *stage, const weft_to_coordinator *report,
                         weft_locality locality);
/* A report that does not count: the attempt was given up, or its report came before. Spark has no such event.
 */
void weft_event_log_late(weft_event_log *log, const weft_to_coordinator *report);
void weft_event_log_stage_done(weft_event_log *log, uint64_t job, const weft_stage_report *report);
void weft_event_log_job_done(weft_event_log *log, uint64_t job, weft_status status,
                             const weft_scheduler_counts *counts);
void weft_event_log_close(weft_event_log **log);

#endif
