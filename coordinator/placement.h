/* coordinator/placement.h - which task of a stage is next, and to which worker it goes; part of the scheduler
 * (scheduler_state.h), as pure as that.
 *
 * Near: every block has rows of every partition, so all tasks of a stage read about the same part of what
 * they read from each worker. Workers that hold at least a fifth of the bytes of its inputs (Spark's rule)
 * are *near*; inputs that every task reads whole do not count, since each worker fetches those once. A task
 * goes to a near worker with a free slot, the one that holds most; of those that hold about as much, the one
 * with most free slots.
 *
 * Wait: while near workers live but have no free slot, slots elsewhere stay free for a short time, which
 * begins when the first of them is not taken: after half of it one on the same host will do, then any. It is
 * as long as one task's share would take to be fetched, and at most what the job's setting says
 * (spark.locality.wait). A stage waits once, so nothing starves; other stages use the slots meanwhile. When
 * time is up somebody has to step the scheduler: weft_scheduler_due.
 *
 * Scans have no blocks to be near to. Their tasks, which are in the order of the files, are dealt to the
 * workers in runs of about the same rows a slot: neighbours, which share row groups, footers and the kernel's
 * pages, are read by one worker, the same at the next scan of that table. A worker whose run is at its end
 * takes from the end of the longest.
 *
 * Retries come before all others, and go to another worker than the one where they failed if one is free. */
#ifndef WEFT_COORDINATOR_PLACEMENT_H
#define WEFT_COORDINATOR_PLACEMENT_H

#include "coordinator/scheduler_state.h"

typedef enum placing {
    PLACING_FOUND,
    PLACING_LATER, /* its tasks wait for better slots: s->due_ns is not after the time when they will not */
    PLACING_FULL   /* no worker has room */
} placing;

typedef struct placed {
    int32_t number; /* of the task */
    worker *worker;
    weft_locality locality;
} placed;

/* Deal the tasks of a new stage, if it is a scan over several workers; splits: [tasks] or NULL. Errors:
 * WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status placement_deal(weft_ctx *ctx, weft_scheduler *s, stage *st,
                                           const weft_task_spec *splits);
/* The stage is about to launch: all its inputs are whole. */
void placement_open(weft_scheduler *s, stage *st);
/* A task that was launched before waits again. */
void placement_retry(stage *st, int32_t number);
/* All tasks wait, as if none had been launched. */
void placement_again(stage *st);
/* The next task and its worker. It is the caller's to launch it: it is not found again. */
placing placement_next(weft_scheduler *s, stage *st, int64_t now, placed *out);

#endif
