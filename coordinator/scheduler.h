/* coordinator/scheduler.h - which task runs when, where, and how often: a pure state machine (contract 8).
 *
 * weft_scheduler_step(state, event, now) changes the state and appends actions; there is no I/O, no clock, no
 * thread and no randomness inside (launch order is shuffled by a seed in the event of a job, for tests).
 * Events may come twice or late; what does not fit the state is dropped and counted.
 *
 * Task:   WAITING → RUNNING → DONE, RUNNING → WAITING after a failure while attempts are left.
 * Stage:  done when all tasks are; the first accepted attempt of a task wins, later ones are LATE.
 * Job:    failed when a task has used up its attempts, or failed in a way that no attempt can mend.
 * Order:  jobs by arrival, stages by id, tasks by number: long tasks stand first in a stage's list. */
#ifndef WEFT_COORDINATOR_SCHEDULER_H
#define WEFT_COORDINATOR_SCHEDULER_H

#include "common/mem.h"

typedef struct weft_scheduler weft_scheduler;

typedef enum weft_event_kind {
    WEFT_EVENT_WORKER, /* worker with slots (again: the same slots) */
    WEFT_EVENT_JOB,    /* job, attempts, seed */
    WEFT_EVENT_STAGE,  /* job, stage, generation, tasks: all of its inputs are complete */
    WEFT_EVENT_DONE,   /* an attempt of worker succeeded */
    WEFT_EVENT_FAILED, /* an attempt failed with status */
    WEFT_EVENT_END     /* job: cancelled by its client or finished; its tasks are forgotten */
} weft_event_kind;

typedef struct weft_event {
    weft_event_kind kind;
    int32_t worker, slots;
    uint64_t job;
    int32_t attempts; /* JOB: most attempts of one task */
    uint64_t seed;    /* JOB: not 0: order tasks by it */
    int32_t stage, generation, tasks;
    int32_t partition, attempt;
    weft_status status;
} weft_event;

typedef enum weft_action_kind {
    WEFT_ACTION_LAUNCH,     /* send attempt of (job, stage, partition) to worker */
    WEFT_ACTION_ACCEPT,     /* the attempt's block counts */
    WEFT_ACTION_LATE,       /* the attempt's block does not: drop it */
    WEFT_ACTION_STAGE_DONE, /* all tasks of the stage are accepted */
    WEFT_ACTION_JOB_FAILED  /* with status, by (stage, partition, attempt); sent once */
} weft_action_kind;

typedef struct weft_action {
    weft_action_kind kind;
    int32_t worker;
    uint64_t job;
    int32_t stage, generation, partition, attempt;
    weft_status status;
} weft_action;

typedef struct weft_actions {
    weft_action *items; /* owned by the scheduler, good until the next step */
    int32_t count;
} weft_actions;

typedef struct weft_scheduler_counts {
    int64_t launched, done, failed, rerun, late, ignored;
} weft_scheduler_counts;

/* Memory is charged to ctx's account; caller frees. */
WEFT_MUST_CHECK weft_status weft_scheduler_new(weft_ctx *ctx, weft_scheduler **out);
/* One event. Errors: WEFT_NOMEM only, before anything was changed: the same event may come again. */
WEFT_MUST_CHECK weft_status weft_scheduler_step(weft_ctx *ctx, weft_scheduler *s, const weft_event *event,
                                                int64_t now_ns, weft_actions *actions);
void weft_scheduler_count(const weft_scheduler *s, weft_scheduler_counts *out);
/* Tasks of a job: all, running, done (for progress). */
void weft_scheduler_progress(const weft_scheduler *s, uint64_t job, int64_t *tasks, int64_t *running,
                             int64_t *done);
void weft_scheduler_free(weft_scheduler **s);

#endif
