/* coordinator/coordinator_private.h - what coordinator.c (the loop of a job) and fetch_result.c share; for
 * nobody else. */
#ifndef WEFT_COORDINATOR_COORDINATOR_PRIVATE_H
#define WEFT_COORDINATOR_COORDINATOR_PRIVATE_H

#include <pthread.h>

#include "common/mailbox.h"
#include "coordinator/coordinator.h"
#include "coordinator/jobs.h"

typedef struct coordinator_job coordinator_job;

struct weft_coordinator {
    pthread_mutex_t lock; /* of the core, and of what jobs have in it */
    pthread_cond_t news;  /* some job has news */
    weft_core *core;
    coordinator_job *jobs_running;
    int64_t memory_bytes, grace_ns, epoch, begin_us;
    const char *cluster;
    uint64_t next_job;
    weft_jobs *jobs;
    struct weft_commits *commits;
    weft_block_source source;
    weft_mailbox *inbox;     /* one process: its worker's reports; else NULL */
    weft_worker_link worker; /* likewise */
};

struct coordinator_job {
    weft_coordinator *c;
    weft_ctx *ctx;
    weft_planner *planner;
    weft_run *run;
    weft_core_job core;    /* guarded by the lock once it has begun */
    bool news;             /* likewise */
    bool cancelled;        /* likewise: somebody else wants its end */
    coordinator_job *next; /* likewise */
    bool begun;
    int32_t stage_capacity, stages_done;
};

/* Wait until the job has news, or a little while. In one process: handle a report, of whatever job. */
WEFT_MUST_CHECK weft_status coordinator_wait(weft_ctx *ctx, coordinator_job *j);
/* The error of the attempt that failed the job. */
WEFT_MUST_CHECK weft_status coordinator_job_error(weft_ctx *ctx, const coordinator_job *j);
/* Hold the blocks of the result's stage for the client. A lost one is made again: *whole is false then. */
WEFT_MUST_CHECK weft_status coordinator_take_result(weft_ctx *ctx, coordinator_job *j, int32_t stage,
                                                    bool *whole);

#endif
