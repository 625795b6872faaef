/* coordinator/scheduler.h - which task runs when, where, and how often: a pure state machine (contract 8).
 *
 * weft_scheduler_step(state, event, now) changes the state and appends actions; there is no I/O, no clock, no
 * thread and no randomness inside (launch order is shuffled by a seed in the event of a job, for tests).
 * Events may come twice or late; what does not fit the state is dropped and counted.
 *
 * Task:    WAITING → RUNNING → DONE → GONE (its block was freed or lost); RUNNING → WAITING after a failure
 *          while attempts are left, or when its worker is lost; GONE → WAITING when somebody needs the block.
 * Stage:   finished when every task is DONE or GONE; the first accepted attempt of a task wins, others are
 *          LATE. It is launched while every block of its inputs is DONE, and opened (again) before that.
 * Lineage: an unfinished stage needs all blocks of its inputs; those that are GONE are made again, and for
 *          them those of their inputs. Finished stages are never touched for the sake of what they read, but:
 * Classes: when a block of an INDETERMINATE stage is to be made again after a reader was launched, the stage
 *          and all its readers begin anew in the next generation; the attempts of the last one are late. When
 *          rows or a commit record have left the job already (PINNED), it fails instead.
 * Job:     failed when a task has used up its attempts, a block was lost as often as that, or an attempt
 *          failed in a way that no other can mend.
 * Order:   jobs by arrival, stages by id, tasks by number: long tasks stand first in a stage's list.
 * Memory:  12 bytes a task. */
#ifndef WEFT_COORDINATOR_SCHEDULER_H
#define WEFT_COORDINATOR_SCHEDULER_H

#include "engine/plan/physical.h"

typedef struct weft_scheduler weft_scheduler;

typedef enum weft_event_kind {
    WEFT_EVENT_WORKER,      /* worker with slots (again: the same slots) */
    WEFT_EVENT_WORKER_LOST, /* worker is dead: its attempts, and all blocks on it */
    WEFT_EVENT_JOB,         /* job, attempts, seed */
    WEFT_EVENT_STAGE,       /* job, stage, tasks, inputs, determinism: all of its inputs are finished */
    WEFT_EVENT_DONE,        /* an attempt of worker succeeded */
    WEFT_EVENT_FAILED,      /* an attempt failed with status, maybe for the lack of block `lost` */
    WEFT_EVENT_BLOCK_LOST,  /* block `lost` of job is not there any more, and is wanted (results) */
    WEFT_EVENT_FREED,       /* job, stage: its blocks were let go, since no unfinished stage reads them */
    WEFT_EVENT_PINNED,      /* job: rows have reached its client, or its commit record is written */
    WEFT_EVENT_END          /* job: cancelled by its client or finished; its tasks are forgotten */
} weft_event_kind;

typedef struct weft_event {
    weft_event_kind kind;
    int32_t worker, slots;
    uint64_t job;
    int32_t attempts; /* JOB: most attempts of one task */
    uint64_t seed;    /* JOB: not 0: order tasks by it */
    int32_t stage, generation, tasks;
    int32_t input_count; /* STAGE: the stages whose blocks it reads */
    const int32_t *inputs;
    const bool *positions; /* … by the position of its rows (match marks), so that the same rows in another
                              order will not do; NULL: none */
    weft_determinism determinism; /* STAGE */
    int32_t partition, attempt;
    weft_status status;
    bool broken;          /* FAILED: the stage could not be opened there; opening it again may help */
    bool has_lost;        /* FAILED */
    weft_block_name lost; /* FAILED, BLOCK_LOST */
} weft_event;

typedef enum weft_action_kind {
    WEFT_ACTION_OPEN,       /* (again) tell workers of (job, stage, generation) and the blocks it reads */
    WEFT_ACTION_LAUNCH,     /* send attempt of (job, stage, partition) to worker */
    WEFT_ACTION_ACCEPT,     /* the attempt's block counts */
    WEFT_ACTION_LATE,       /* the attempt's block does not: drop it */
    WEFT_ACTION_STAGE_DONE, /* all tasks of the stage are accepted (again, when blocks were made again) */
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
    int64_t launched, done, failed, late, ignored;
    int64_t rerun;       /* attempts that follow a failed one, or one whose worker or block was lost */
    int64_t blocks_lost; /* accepted blocks that were lost, not freed */
    int64_t workers_lost, restarts; /* restarts: stages that began a new generation */
} weft_scheduler_counts;

/* Memory is charged to ctx's account; caller frees. */
WEFT_MUST_CHECK weft_status weft_scheduler_new(weft_ctx *ctx, weft_scheduler **out);
/* One event. Errors: WEFT_NOMEM only, before anything was changed: the same event may come again. */
WEFT_MUST_CHECK weft_status weft_scheduler_step(weft_ctx *ctx, weft_scheduler *s, const weft_event *event,
                                                int64_t now_ns, weft_actions *actions);
void weft_scheduler_count(const weft_scheduler *s, weft_scheduler_counts *out);
/* Is every task of the stage accepted, and its block there or let go? Is there an unfinished stage that reads
 * it? False for one that is not known. */
bool weft_scheduler_is_finished(const weft_scheduler *s, uint64_t job, int32_t stage);
bool weft_scheduler_is_read(const weft_scheduler *s, uint64_t job, int32_t stage);
/* Tasks of a job: all, running, done (for progress). */
void weft_scheduler_progress(const weft_scheduler *s, uint64_t job, int64_t *tasks, int64_t *running,
                             int64_t *done);
void weft_scheduler_free(weft_scheduler **s);

#endif
