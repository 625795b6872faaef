/* coordinator/coordinator.h - runs plans: planner and scheduler in one loop, fed by the workers' reports.
 *
 * The thread that calls weft_coordinator_run is the coordinator's loop for that job; one job at a time.
 * Reports may be posted from any thread. */
#ifndef WEFT_COORDINATOR_COORDINATOR_H
#define WEFT_COORDINATOR_COORDINATOR_H

#include "coordinator/scheduler.h"
#include "engine/exec/op.h"
#include "engine/plan/planner.h"
#include "proto/control.h"

typedef struct weft_coordinator weft_coordinator;

/* Seen by progress callbacks about ten times a second, in the thread of the loop. */
typedef struct weft_progress {
    int32_t stages, stages_done;        /* issued so far */
    int64_t tasks, running, tasks_done; /* of the issued stages */
} weft_progress;

/* What ran: for EXPLAIN ANALYZE and the event log. */
typedef struct weft_stage_report {
    const weft_stage *stage;
    weft_op_metrics *metrics;           /* [op_count + 2], summed over the accepted attempts */
    int64_t rows, bytes, spilled_bytes; /* of its blocks */
    int64_t begin_ns, end_ns, run_ns;   /* run: summed over attempts */
    int32_t attempts, failures;
} weft_stage_report;

typedef struct weft_run {
    /* in */
    bool timed; /* measure operator times */
    void (*progress)(void *self, const weft_progress *progress);
    void *progress_self;
    /* out; in ctx->arena but for the blocks, each of which counts one for the caller */
    const weft_schema *schema;
    weft_block **blocks; /* [block_count]: the result's rows, in order, partition 0 */
    int32_t block_count;
    weft_stage_report *stages;
    int32_t stage_count;
    int64_t planning_ns;
    weft_scheduler_counts counts; /* of this job */
} weft_run;

WEFT_MUST_CHECK weft_status weft_coordinator_new(weft_ctx *ctx, int64_t memory_bytes, weft_coordinator **out);
/* Where workers report to. */
weft_coordinator_link weft_coordinator_inbox(weft_coordinator *coordinator);
/* How the (one, in this process) worker is reached; waits until it has registered. */
WEFT_MUST_CHECK weft_status weft_coordinator_attach(weft_ctx *ctx, weft_coordinator *coordinator,
                                                    weft_worker_link worker);
/* Run an optimised plan to its end. ctx's cancel flag and deadline stop it. On failure there are no blocks,
 * and the error is that of the task that failed the job. */
WEFT_MUST_CHECK weft_status weft_coordinator_run(weft_ctx *ctx, weft_coordinator *coordinator, weft_ids *ids,
                                                 const weft_node *plan, weft_run *run);
void weft_run_release(weft_run *run); /* gives the blocks back */
void weft_coordinator_free(weft_coordinator **coordinator);

#endif
