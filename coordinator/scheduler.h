/* coordinator/scheduler.h - which task runs when, where, and how often; and where every block is (contract
 * 8).
 *
 * A pure state machine: weft_scheduler_step(state, event, now) changes the state and appends actions. No I/O,
 * no clock, no thread, no randomness inside (launch order is shuffled by a seed in the event of a job, for
 * tests). Events may come twice or late; what does not fit the state is dropped and counted. The block
 * registry is part of it: an accepted attempt is where its block is, one entry a map task.
 *
 * Task:    WAITING → RUNNING → DONE; RUNNING → WAITING after a failure or the loss of its worker;
 *          DONE → GONE when its block is lost, → WAITING again only when somebody still has to read it.
 * Stage:   launches while all its inputs are whole; done when all tasks are. The first accepted attempt of a
 *          task wins, any other is LATE. Finished tasks of consumers are never touched, except:
 * Generation: when a block of an *indeterminate* stage is lost after a consumer has started to read it, the
 *          stage and all that have read it run again whole, under the next generation.
 * Job:     fails when a task has used up its attempts, when one has taken down as many workers, when it
 *          failed in a way that no attempt can mend, or when there was no worker for the grace time.
 * Worker:  present (may be launched on) → silent (not for now) → lost (all its attempts and blocks are). One
 *          event declares it lost; it comes back under a new number, or with blocks that are still wanted.
 *          One on which attempt after attempt fails is set aside for a while, as long as there is another.
 * Slots:   a worker gets as many attempts as it has slots; of a stage whose tasks are short, as the first
 *          ones show, some more to wait there, since a slot would mostly wait for its next task otherwise.
 * Order:   jobs by arrival, stages by id, tasks by number: long tasks stand first in a stage's list.
 * Place:   where most of what a task reads is, for which it waits a little; see placement.h.
 * Resumed: a stage of an earlier leader. Nobody knows yet who has what of it: its tasks are UNKNOWN, and none
 *          is launched. Workers tell what they have: DONE as if it was for the first time, RUNS for what they
 *          are at. RECOVERED ends that: tasks of which nobody told are GONE where all had been accepted once
 *          (`complete`), else WAITING.
 * Record:  what a job that is `recorded` holds until it is durable: tasks of a new generation, and consumers
 *          of an indeterminate stage, whose accepted attempts must be known. A block of it that is lost after
 *          they were asked for is one that was read.
 *
 * Memory: 24 bytes a task, 500 a stage; all of it is taken by the event that brings the stage. */
#ifndef WEFT_COORDINATOR_SCHEDULER_H
#define WEFT_COORDINATOR_SCHEDULER_H

#include "engine/plan/physical.h"

typedef struct weft_scheduler weft_scheduler;

typedef enum weft_event_kind {
    WEFT_EVENT_WORKER,      /* worker is present, with slots (again: the same worker, after silence) */
    WEFT_EVENT_SILENT,      /* nothing is launched on worker until it is present again */
    WEFT_EVENT_WORKER_LOST, /* worker is dead */
    WEFT_EVENT_BLOCK_BACK,  /* worker still holds the block of (job, stage, generation, partition, attempt) */
    WEFT_EVENT_BLOCK_LOST,  /* `lost` of job is not there any more, and is wanted (results) */
    WEFT_EVENT_JOB,         /* job, attempts, seed */
    WEFT_EVENT_STAGE,       /* job, stage, tasks, determinism, inputs: a stage instance */
    WEFT_EVENT_NEEDED, /* blocks of (job, stage) will (needed) or will not be read by others than the stages
                          that have it as an input: stages not issued yet, the client */
    WEFT_EVENT_FREED,  /* the blocks of (job, stage) were let go: nobody will read them */
    WEFT_EVENT_PINNED, /* job: rows have reached its client, or its commit record is written: no new
                          generations any more */
    WEFT_EVENT_DONE,   /* an attempt of worker succeeded */
    WEFT_EVENT_FAILED, /* an attempt failed with status; maybe for the lack of block `lost` */
    WEFT_EVENT_END,    /* job: cancelled by its client or finished; its tasks are forgotten */
    WEFT_EVENT_TICK,   /* time has passed */
    WEFT_EVENT_RUNS,   /* an attempt of a resumed stage, launched by an earlier leader, is with worker */
    WEFT_EVENT_RECOVERED, /* whoever is there has told what it has of resumed stages */
    WEFT_EVENT_RECORDING, /* job: it is recorded from now on; nothing is held that goes on already */
    WEFT_EVENT_RECORDED   /* what a RECORD has asked for is durable: job, record, stage and generation, or
                             number */
} weft_event_kind;

/* What must be durable before a job goes on. */
typedef enum weft_record_kind {
    WEFT_RECORD_GENERATION, /* the generations of its stages */
    WEFT_RECORD_ACCEPTED    /* the accepted attempts of one stage, in one generation */
} weft_record_kind;

typedef struct weft_event {
    weft_event_kind kind;
    int32_t worker, slots;
    int32_t host; /* WORKER: workers of one number are on one host; 0: not known */
    uint64_t job;
    int32_t attempts;        /* JOB: most attempts of one task */
    uint64_t seed;           /* JOB: not 0: order tasks by it */
    int64_t wait_ns;         /* JOB: most time that a task waits for a slot near what it reads */
    int32_t first_attempt;   /* JOB: attempts are numbered from here: below are those of earlier leaders */
    bool recorded;           /* JOB: RECORD actions hold */
    weft_record_kind record; /* RECORDED */
    int32_t number;          /* RECORDED: of a GENERATION; JOB: of the last one that there is, 0: none */
    int32_t stage, generation, tasks;
    weft_determinism determinism; /* STAGE */
    int32_t input_count;
    const int32_t *inputs; /* STAGE: ids of stages that came before; copied, as is the next */
    const bool *positions; /* … read by the position of their rows (match marks), so that the same rows in
                              another order will not do; NULL: none */
    const bool *broadcast; /* … read by every task whole: they say nothing of where tasks go; NULL: none */
    const weft_task_spec *splits; /* STAGE: [tasks] of a scan; borrowed for the call; NULL: it is none */
    bool resumed;                 /* STAGE: of an earlier leader, with its generation: */
    bool complete;                /* … all its tasks were accepted once */
    const int32_t *accepted;      /* … [tasks] the attempts that were; copied; NULL: not known */
    bool needed;                  /* STAGE, NEEDED */
    bool unreachable; /* FAILED, has_lost: not one block but its worker could not be reached; without
                         has_lost: the attempt never reached its worker */
    bool has_lost;    /* FAILED */
    int32_t partition, attempt;
    weft_status status;
    int64_t run_ns;       /* DONE: how long the attempt ran; 0: not known */
    int64_t bytes;        /* DONE: of its block */
    weft_block_name lost; /* FAILED, BLOCK_LOST */
} weft_event;

typedef enum weft_action_kind {
    WEFT_ACTION_LAUNCH,     /* send attempt of (job, stage, partition) to worker; sources: see below */
    WEFT_ACTION_CANCEL,     /* tell worker to stop an attempt: nobody waits for it any more */
    WEFT_ACTION_ACCEPT,     /* the attempt's block counts */
    WEFT_ACTION_LATE,       /* the attempt's block does not: worker drops it */
    WEFT_ACTION_STAGE_DONE, /* all tasks of the stage are accepted (again, when blocks were made again) */
    WEFT_ACTION_AGAIN,      /* the stage runs again whole, under this generation: forget what it gave */
    WEFT_ACTION_JOB_FAILED, /* with status, by (stage, partition, attempt); sent once */
    WEFT_ACTION_RECORD      /* something must be durable before the job goes on: `record`, of this stage and
                               generation, or with this number. Later ones stand for earlier ones */
} weft_action_kind;

/* Where an attempt runs, by Spark's names. */
typedef enum weft_locality {
    WEFT_PROCESS_LOCAL, /* on a worker that holds a notable part of what it reads */
    WEFT_NODE_LOCAL,    /* on the host of one */
    WEFT_NO_PREF,       /* it reads no blocks but broadcast ones, or as much from everywhere */
    WEFT_ANY,           /* elsewhere */
    WEFT_LOCALITY_COUNT
} weft_locality;

const char *weft_locality_name(weft_locality locality);

typedef struct weft_action {
    weft_action_kind kind;
    int32_t worker;
    uint64_t job;
    int32_t stage, generation, partition, attempt;
    uint32_t sources; /* LAUNCH: goes up whenever a block of an input is at another place than before: the
                         worker must have heard of the input blocks as of this number */
    weft_locality locality;  /* LAUNCH */
    weft_record_kind record; /* RECORD */
    int32_t number;          /* RECORD of a GENERATION */
    weft_status status;
} weft_action;

typedef struct weft_actions {
    weft_action *items; /* owned by the scheduler, good until the next step */
    int32_t count;
} weft_actions;

typedef struct weft_scheduler_counts {
    int64_t launched, done, failed, rerun, late, ignored;
    int64_t workers_lost, workers_aside, blocks_lost, blocks_back, blocks_freed;
    int64_t restarts;       /* stages that began a new generation */
    int64_t attempts_lost;  /* that ran on a worker that was lost */
    int64_t restarted;      /* tasks that had begun when their stage got a new generation */
    int64_t unsent;         /* attempts whose worker does not know of them: they did not run */
    int64_t found, adopted; /* blocks, and running attempts, of earlier leaders that were taken over */
    int64_t locality[WEFT_LOCALITY_COUNT]; /* attempts that were launched */
} weft_scheduler_counts;

/* What a cluster takes for ahead_most and ahead_ns: enough that threads at both ends of a stream of the
 * shortest tasks find work whenever they look, little enough that nothing waits long behind it. */
enum { WEFT_AHEAD_MOST = 256, WEFT_AHEAD_NS = 4 * 1000 * 1000 };

typedef struct weft_scheduler_options {
    int64_t grace_ns;     /* without any worker jobs wait so long */
    int32_t crashes_most; /* workers that may die under one task before its job fails */
    int32_t
        misses_most; /* readers that may fail to fetch a block of a live worker before it counts as lost */
    int32_t strikes_most; /* attempts in a row that may fail on a worker before it is set aside; of a full
                             disk one */
    int64_t aside_ns;     /* … for so long */
    int32_t ahead_most;   /* attempts that a worker may have for each slot; 0 is 1: none waits there */
    int64_t ahead_ns; /* … as many as take so long (what a way there and back takes), and one at least */
} weft_scheduler_options;

/* Memory is charged to ctx's account; caller frees. */
WEFT_MUST_CHECK weft_status weft_scheduler_new(weft_ctx *ctx, const weft_scheduler_options *options,
                                               weft_scheduler **out);
/* One event. Errors: WEFT_NOMEM, of WORKER, JOB, STAGE and RUNS only, before anything was changed: the same
 * event may come again. */
WEFT_MUST_CHECK weft_status weft_scheduler_step(weft_ctx *ctx, weft_scheduler *s, const weft_event *event,
                                                int64_t now_ns, weft_actions *actions);
/* When it wants a step at the latest, since a task will not wait any longer for a slot; INT64_MAX: with the
 * next event. */
int64_t weft_scheduler_due(const weft_scheduler *s);
void weft_scheduler_count(const weft_scheduler *s, weft_scheduler_counts *out);
/* Of one job (what is of no job, and late reports, are not counted); zeros when it is not known. */
void weft_scheduler_count_job(const weft_scheduler *s, uint64_t job, weft_scheduler_counts *out);
/* Tasks of a job: all, running, done (for progress). */
void weft_scheduler_progress(const weft_scheduler *s, uint64_t job, int64_t *tasks, int64_t *running,
                             int64_t *done);
/* Tasks of a stage: waiting, running, and accepted with their block there; zeros when it is not known. */
typedef struct weft_stage_counts {
    int32_t waiting, running, done;
} weft_stage_counts;
void weft_scheduler_count_stage(const weft_scheduler *s, uint64_t job, int32_t stage, weft_stage_counts *out);
/* The accepted attempt of each task of a stage, also where its block is gone; -1: none was. [tasks] */
void weft_scheduler_accepted(const weft_scheduler *s, uint64_t job, int32_t stage, int32_t *attempts);
/* Is it indeterminate, so that its accepted attempts must be on record before a consumer starts? *read: one
 * has (or may have, for all that is on record). */
bool weft_scheduler_is_kept(const weft_scheduler *s, uint64_t job, int32_t stage, bool *read);
/* Is every task of the stage accepted, and its block there or let go? Is there an unfinished stage that reads
 * it? False for one that is not known. */
bool weft_scheduler_is_finished(const weft_scheduler *s, uint64_t job, int32_t stage);
bool weft_scheduler_is_read(const weft_scheduler *s, uint64_t job, int32_t stage);
/* Where the block of a map task is: its generation, accepted attempt and worker. False when it is nowhere. */
bool weft_scheduler_block(const weft_scheduler *s, uint64_t job, int32_t stage, int32_t partition,
                          int32_t *generation, int32_t *attempt, int32_t *worker);
/* How an attempt was launched; ANY when it does not count any more. */
weft_locality weft_scheduler_locality(const weft_scheduler *s, const weft_block_name *attempt);
/* Has it a free slot that may be launched on? */
bool weft_scheduler_has_room(const weft_scheduler *s, int32_t worker);
/* How many attempts run on a worker; 0 for one that is not known. */
int32_t weft_scheduler_count_running(const weft_scheduler *s, int32_t worker);
/* Attempts that were launched on a worker and have not ended, in ctx->arena. Walks all tasks. */
WEFT_MUST_CHECK weft_status weft_scheduler_running(weft_ctx *ctx, const weft_scheduler *s, int32_t worker,
                                                   weft_block_name **out, int32_t *count);
/* The same of one stage, with their workers and how they were launched: `take` is called for each. */
void weft_scheduler_each_running(const weft_scheduler *s, uint64_t job, int32_t stage,
                                 void (*take)(void *self, const weft_block_name *name, int32_t worker,
                                              weft_locality locality),
                                 void *self);
/* Is this attempt to run on the worker, or its block there the accepted one? */
bool weft_scheduler_wants(const weft_scheduler *s, int32_t worker, const weft_block_name *name);
/* Is this attempt to run on the worker, and has not ended? Then its report counts. */
bool weft_scheduler_awaits(const weft_scheduler *s, int32_t worker, const weft_block_name *name);
/* Is this the block of a task of a resumed stage that is looked for? Then a report DONE of it counts. */
bool weft_scheduler_finds(const weft_scheduler *s, int32_t worker, const weft_block_name *name);
bool weft_scheduler_has_worker(const weft_scheduler *s, int32_t worker);
/* Does everything add up? Walks the whole state; for tests and simulation. NULL, or what is wrong. */
const char *weft_scheduler_check(const weft_scheduler *s);
/* A number that two schedulers share when they are in the same state. */
uint64_t weft_scheduler_digest(const weft_scheduler *s);
void weft_scheduler_free(weft_scheduler **s);

#endif
