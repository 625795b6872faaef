/* coordinator/jobs.h - what is remembered of jobs for people (status.h): the running ones and the last 1,000
 * that ended.
 *
 * Telling it something never fails and never waits for long: a job that there is no memory for is counted and
 * not listed, and what is told of it later is ignored. Calls for a job that is not running are ignored too.
 * Any thread. Memory is charged to an account of its own ("jobs"): a few KiB a job, and what ended jobs take
 * is bounded by WEFT_JOBS_ENDED_BYTES_MOST, the oldest go first. */
#ifndef WEFT_COORDINATOR_JOBS_H
#define WEFT_COORDINATOR_JOBS_H

#include "coordinator/status.h"

enum {
    WEFT_JOBS_ENDED_MOST = 1000,
    WEFT_JOBS_ENDED_BYTES_MOST = 16 << 20,
    WEFT_JOBS_TEXT_BYTES_MOST = 4096, /* of a statement; longer ones are cut between characters */
    WEFT_JOBS_ERROR_BYTES_MOST = 1024
};

typedef struct weft_jobs weft_jobs;

typedef struct weft_job_begin {
    uint64_t id;
    const char *text; /* the statement; copied without secrets (common/redact.h), as is user; NULL: none */
    size_t text_len;
    const char *user; /* NULL: "" */
} weft_job_begin;

/* What the stages of a job do not say. */
typedef struct weft_job_counts {
    int64_t tasks_rerun, blocks_lost, workers_lost, bytes_relayed;
    int64_t locality[WEFT_LOCALITY_COUNT]; /* attempts */
} weft_job_counts;

WEFT_MUST_CHECK weft_status weft_jobs_new(weft_ctx *ctx, weft_jobs **out);
/* The job runs from now on. */
void weft_jobs_begin(weft_jobs *jobs, const weft_job_begin *begin);
/* A stage (by stage->stage) as it is now: the first time, for progress, and when it is done. Copied. begin_us
 * 0: when it was first told of; end_us 0 of a stage that is done: now. The job's tasks, attempts, bytes read,
 * exchanged and spilled are the sums over its stages. */
void weft_jobs_stage(weft_jobs *jobs, uint64_t id, const weft_stage_status *stage);
/* As of now; replaces what was told before. */
void weft_jobs_count(weft_jobs *jobs, uint64_t id, const weft_job_counts *counts);
/* The job has ended. error: for FAILED and CANCELLED, copied, may be NULL. counts: NULL keeps the last. */
void weft_jobs_end(weft_jobs *jobs, uint64_t id, weft_job_state state, const weft_error *error,
                   const weft_job_counts *counts);
/* A job that ended as SUCCEEDED has failed after all: its result could not be read to its end. */
void weft_jobs_break(weft_jobs *jobs, uint64_t id, const weft_error *error);
/* Fills jobs, job_count and totals of `out` in ctx->arena. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_jobs_view(weft_ctx *ctx, weft_jobs *jobs, weft_cluster_status *out);
void weft_jobs_free(weft_jobs **jobs);

#endif
