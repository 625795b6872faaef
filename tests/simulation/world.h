/* tests/simulation/world.h - a cluster in one thread: the real scheduler, and workers, a network, a clock and
 * jobs that are not real. Everything that happens is chosen by a seed; the same seed is the same run.
 *
 * world.c   the queue of what is to happen, the network, faults
 * workers.c workers: attempts, blocks, crashes
 * places.c  where tasks should go, and how long they may wait for it
 * deaths.c  which tasks have taken down how many workers
 * driver.c  jobs: the stages that they issue, what the client reads, and what must be true at their end
 *
 * What a block holds, and which jobs there are: plan.h. */
#ifndef WEFT_TESTS_SIMULATION_WORLD_H
#define WEFT_TESTS_SIMULATION_WORLD_H

#include "common/settings.h"
#include "coordinator/scheduler.h"
#include "tests/simulation/plan.h"

enum { BLOCKS_MAX = 4096 };

typedef struct attempt_id {
    uint64_t job;
    int32_t stage, generation, partition, attempt;
} attempt_id;

typedef struct block {
    attempt_id id;
    uint64_t content;
    trace from;
} block;

typedef enum happening_kind {
    AT_WORKER,      /* a launch arrives at a worker */
    AT_COORDINATOR, /* a report arrives at the coordinator */
    ENDS,           /* an attempt ends on its worker */
    CANCELS,        /* a cancel arrives at a worker */
    DROPS,          /* an order to drop a block arrives at a worker */
    NOTICES,        /* the coordinator notices that a worker is dead */
    RETURNS,        /* a crashed worker starts again, or one that was cut off registers again */
    STRIKES,        /* a fault */
    READS,          /* the client reads a partition of a result */
    SUBMITS,        /* a job comes */
    TICKS,
    WAKES /* the time comes that the scheduler has asked for */
} happening_kind;

typedef struct happening {
    due due;
    happening_kind kind;
    int32_t node;        /* the worker, by its place */
    int64_t incarnation; /* … and which life of it */
    attempt_id id;
    int32_t worker; /* its number at the scheduler when the message was sent */
    weft_event report;
    int32_t job; /* SUBMITS, READS: place */
} happening;

/* Where the blocks of a stage's inputs are, as a worker was told before a launch. */
typedef struct sources {
    uint32_t number; /* of the scheduler; 0 and !known: nothing was told yet */
    bool known;
    int32_t generation[STAGES_MAX], attempt[STAGES_MAX][TASKS_MAX], worker[STAGES_MAX][TASKS_MAX];
} sources;

typedef struct node {
    bool alive;
    bool cut; /* from the coordinator: messages wait, both ways */
    int64_t incarnation;
    int32_t number; /* at the scheduler; -1: not registered */
    int32_t slots, host;
    int32_t slowness; /* of its attempts, in tenths */
    block *blocks;    /* [BLOCKS_MAX] */
    int32_t block_count;
    attempt_id running[64]; /* to recognise what comes twice */
    int32_t running_count;
    bool silent; /* nothing may be launched on it */
    sources told[JOBS_MAX][STAGES_MAX];
} node;

/* What the scheduler knows of a task: its last attempt, which runs until an end of it was reported; and under
 * how many of its attempts their worker died. */
typedef struct watch {
    bool runs;
    int32_t generation, attempt, worker;
    int32_t deaths;
} watch;

typedef struct world {
    weft_ctx *ctx;
    uint64_t seed, random;
    int64_t now;
    agenda queue; /* of happenings */
    weft_scheduler *scheduler;
    weft_scheduler_options options;
    node nodes[WORKERS_MAX];
    int32_t node_count, next_number;
    int64_t parted_until[WORKERS_MAX][WORKERS_MAX]; /* two workers cannot reach each other until then */
    job_plan jobs[JOBS_MAX];
    int64_t wait_ns[JOBS_MAX];                /* most that a task of theirs waits for a better slot */
    int64_t free_since[JOBS_MAX][STAGES_MAX]; /* since when a slot is free that one of its tasks could run in;
                                                 0: none is */
    int64_t wakes_at;                         /* the next WAKES */
    int32_t job_count;
    watch watched[JOBS_MAX][STAGES_MAX][TASKS_MAX];
    int32_t faults; /* left to strike */
    int64_t fault_rate;
    uint64_t digest; /* of all that happened */
    const char *wrong;
    bool verbose;
    int64_t steps, crashes, cuts, partings, misses, waits; /* faults that fired */
    weft_scheduler_counts counts;
} world;

/* Run the world of a seed to its end. NULL, or what was wrong; the world tells the rest. */
const char *world_run(weft_ctx *ctx, uint64_t seed, bool verbose, world *out);

/* ---- shared by the parts ---- */
uint64_t world_random(world *w);
int64_t world_range(world *w, int64_t low, int64_t high); /* both included */
bool world_chance(world *w, int32_t percent);
void world_plan(world *w, int64_t delay, happening h);
void world_wrong(world *w, const char *what);
/* Give an event to the scheduler and carry out what it decides. */
void world_step(world *w, const weft_event *event);
int32_t world_node_of(const world *w, int32_t number);

void workers_open(world *w);
void workers_close(world *w);
void worker_gets_launch(world *w, const happening *h);
void worker_ends(world *w, const happening *h);
void worker_gets_cancel(world *w, const happening *h);
void worker_drops(world *w, const happening *h);
void worker_crashes(world *w, int32_t place, bool for_good);
void worker_returns(world *w, const happening *h);
const block *worker_block(const world *w, int32_t place, const attempt_id *id);

/* Before a step, and after it. */
void places_check_waits(world *w);
void places_note_waits(world *w);
/* Is this attempt where it should be? At the end of the step. */
void places_check_launch(world *w, const weft_action *launch);

/* Before a step, and after it, with all that it has decided. */
void deaths_before(world *w, const weft_event *event);
void deaths_after(world *w, const weft_event *event, const weft_action *actions, int32_t count);

void driver_open(world *w);
void driver_submits(world *w, int32_t job);
void driver_acts(world *w, const weft_action *action);
void driver_looks(world *w); /* after blocks were lost or came back: what was accepted is looked up again */
void driver_reads(world *w, int32_t job);
bool driver_done(const world *w);
void driver_check(world *w);
job_plan *driver_job(world *w, uint64_t id);

#endif
