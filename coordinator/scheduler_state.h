/* coordinator/scheduler_state.h - what scheduler.c (the transitions) and scheduler_state.c (the tables)
 * share.
 *
 * Jobs stand in a list by arrival and in a hash table by id, a job's stages in an array by id, tasks in an
 * array of their stage. Stages that may launch stand in one list, in launch order. Nothing is ever walked in
 * the order of addresses. */
#ifndef WEFT_COORDINATOR_SCHEDULER_STATE_H
#define WEFT_COORDINATOR_SCHEDULER_STATE_H

#include "coordinator/scheduler.h"

enum {
    NO_WORKER = -1,
    NO_TASK = -1,
    NO_ATTEMPT = -1,
    ATTEMPTS_MOST = 4096, /* of one task, under one leader */
    NEAR_MOST = 5         /* so many workers can hold a fifth of something */
};

typedef enum task_state { TASK_WAITING, TASK_RUNNING, TASK_DONE, TASK_GONE, TASK_UNKNOWN } task_state;

typedef struct task {
    uint8_t state;    /* task_state */
    uint8_t failures; /* attempts that failed */
    uint8_t crashes;  /* workers that died under it */
    uint8_t misses;   /* readers that could not fetch its block though its worker lives */
    uint8_t fetches;  /* attempts that could not fetch what they read, since its job last lost a worker */
    uint8_t losses;   /* how often its worker had lost its block */
    bool remade : 1;  /* WAITING, RUNNING: an attempt was accepted before, and its block lost */
    bool retried : 1; /* it is in the list of those that wait again */
    uint8_t locality; /* weft_locality of its last launch */
    int32_t attempt;  /* RUNNING: its number; DONE, GONE: the accepted one; WAITING: the next; UNKNOWN: the
                         accepted one, or NO_ATTEMPT */
    int32_t worker;   /* RUNNING: where; DONE: of the block; WAITING, GONE: one to avoid, or NO_WORKER */
    int32_t next;     /* in that list, or NO_TASK */
    uint32_t kib;     /* of its last accepted block, rounded up */
} task;

_Static_assert(sizeof(task) == 24, "there are millions of tasks");

/* A worker that holds a notable part of what a stage reads. */
typedef struct near_worker {
    int32_t worker, host;
    int32_t eighths; /* of it */
} near_worker;

/* Neighbouring tasks of a scan that are meant for one worker: places in launch order. */
typedef struct run {
    int32_t worker;
    int32_t begin, end;  /* all of it */
    int32_t first, last; /* [first, last) have not been launched in this generation */
} run;

typedef struct job job;

typedef struct stage {
    job *job;
    int32_t id, generation;
    weft_determinism determinism;
    int32_t tasks, waiting, running, done, unknown; /* the rest is GONE */
    int32_t first_waiting;               /* without runs: places from it on have not been launched */
    int32_t first_retried, last_retried; /* tasks that wait again, by when they began to; also some that do
                                            not any more: those are passed over */
    int32_t input_count;
    bool needed;        /* by others than its consumers */
    bool read;          /* a consumer was launched on it in this generation */
    bool started;       /* a task of it was launched in this generation */
    bool wanted;        /* scratch of restore(): somebody still has to read it */
    bool redone;        /* scratch of again() */
    bool resumed;       /* of an earlier leader, in this generation: workers may have blocks of it that
                           were not made here */
    bool held;          /* … and it is not known yet who has what: nothing of it is launched */
    bool complete;      /* … all its tasks were accepted once */
    bool asked;         /* RECORD was given of its accepted attempts: they stay, in this generation */
    bool kept;          /* … and they are durable */
    int32_t record;     /* number of the GENERATION that holds it; up to job.recorded_number: none */
    bool launches;      /* in the list of stages that may launch */
    int64_t run_ns;     /* of its attempts, a moving mean; 0: none has ended */
    uint32_t moved;     /* how often a block of it came to another place */
    bool placed;        /* near[] is as of `sources`, */
    uint32_t sources;   /* … the sum of its inputs' `moved` */
    int32_t near_count; /* 0: tasks may go anywhere */
    int64_t wait_ns;    /* so long slots elsewhere are not taken, */
    int64_t held_ns;    /* … from when the first was not; INT64_MAX: none was yet */
    near_worker near[NEAR_MOST]; /* those that hold most come first */
    struct stage *next, *prev;   /* in that list */
    task *task;
    int32_t *order;  /* launch order; NULL: by number */
    int32_t *inputs; /* [input_count]: stage ids */
    bool *broadcast; /* [input_count]; in the memory of inputs */
    int32_t run_count;
    run *runs; /* [run_count] by worker; of a scan over several workers */
} stage;

struct job {
    uint64_t id;
    int64_t number; /* by arrival */
    int32_t attempts;
    uint64_t seed;
    int64_t wait_ns;
    bool failed, pinned;
    bool recorded;           /* RECORD actions hold */
    int32_t first_attempt;   /* of tasks under this leader */
    int32_t record_number;   /* GENERATION records that were asked for, */
    int32_t recorded_number; /* … and that are durable */
    bool records;            /* scratch of a step: one more is to be asked for */
    stage **stages;          /* [stage_capacity] by id; NULL where there is none (yet) */
    int32_t stage_count, stage_capacity;
    weft_scheduler_counts counts;
    job *next, *prev; /* by arrival */
};

typedef struct worker {
    int32_t id;
    int32_t slots, running;
    int32_t host;    /* 0: not known */
    int64_t kib;     /* scratch of placement: what it holds of a stage's inputs */
    int32_t strikes; /* attempts that failed there in a row, not by their query's fault */
    int32_t misses;  /* … since they could not fetch what they read; those that read nothing do not count */
    bool silent;
    int64_t aside_until; /* INT64_MIN: it is not set aside */
} worker;

/* May tasks be launched on it, if it has a free slot? */
static inline bool worker_is_usable(const worker *w) { return !w->silent && w->aside_until == INT64_MIN; }

struct weft_scheduler {
    weft_account *account; /* its tables outlive the steps that grow them */
    weft_scheduler_options options;
    job *first_job, *last_job;
    int64_t next_number;
    job **job_table; /* [job_capacity], open addressing by id */
    int32_t job_count, job_capacity, stage_total;
    worker *workers; /* sorted by id */
    int32_t worker_count, worker_capacity;
    int32_t free_slots, slots, usable; /* of usable workers; how many these are */
    int32_t aside;                     /* workers that are set aside */
    int64_t now_ns;                    /* of the last step */
    int64_t due_ns;                    /* when a task will not wait any longer; INT64_MAX: none does */
    int64_t idle_since;                /* when the last worker was lost; INT64_MAX while there are some */
    stage *first_launching, *last_launching;
    weft_action *actions;
    int32_t action_count, action_capacity;
    weft_scheduler_counts counts;
};

/* Count one more, in all and for the job. */
#define SCHEDULER_COUNT(s, j, what) ((s)->counts.what++, (j)->counts.what++)

job *scheduler_find_job(const weft_scheduler *s, uint64_t id);
stage *scheduler_find_stage(const weft_scheduler *s, uint64_t job, int32_t id);
worker *scheduler_find_worker(const weft_scheduler *s, int32_t id);
weft_status scheduler_add_job(weft_ctx *ctx, weft_scheduler *s, const weft_event *e);
weft_status scheduler_add_stage(weft_ctx *ctx, weft_scheduler *s, job *j, const weft_event *e, stage **out);
weft_status scheduler_add_worker(weft_ctx *ctx, weft_scheduler *s, const weft_event *e);
void scheduler_remove_job(weft_scheduler *s, job *j);
void scheduler_remove_worker(weft_scheduler *s, worker *w);
/* Change what makes it usable, its slots or its running tasks between these two: they keep the sums. */
void scheduler_worker_out(weft_scheduler *s, const worker *w);
void scheduler_worker_in(weft_scheduler *s, const worker *w);
/* ---- scheduler.c ---- */

weft_action *scheduler_act(weft_scheduler *s, weft_action_kind kind, const stage *st);
void scheduler_become(stage *st, task *t, task_state state);
/* A block of it is there that was not. */
void scheduler_may_be_done(weft_scheduler *s, stage *st);
/* After blocks were lost: make again what is wanted; then relist. */
void scheduler_restore(weft_scheduler *s, job *j);
/* Which of its stages may launch now? */
void scheduler_relist(weft_scheduler *s, const job *j);

/* ---- scheduler_resume.c ---- */

/* All tasks of a new stage are UNKNOWN, as the event says. */
void scheduler_resume(stage *st, const weft_event *e);
/* DONE of an attempt that was not launched here. True: it is a block of an earlier leader that counts. */
bool scheduler_found(weft_scheduler *s, const weft_event *e);
void scheduler_runs(weft_scheduler *s, const weft_event *e);
void scheduler_recovered(weft_scheduler *s);
void scheduler_recording(weft_scheduler *s, const weft_event *e);
void scheduler_recorded(weft_scheduler *s, const weft_event *e);

/* ---- scheduler_state.c ---- */

/* Put a stage at its place in the list of those that may launch, or take it out. */
void scheduler_list(weft_scheduler *s, stage *st, bool launches);

#endif
