/* tests/simulation/plan.h - what both simulations share: chance, an agenda of what is due, and jobs as their
 * planner would issue them.
 *
 * A block's content is a number: a hash of the contents that the task has read and of its place; of an
 * indeterminate stage also a nonce of the attempt. So a job has one right result, unless something of it is
 * indeterminate; then all nonces that its result comes from must be one a task (`traces`). */
#ifndef WEFT_TESTS_SIMULATION_PLAN_H
#define WEFT_TESTS_SIMULATION_PLAN_H

#include "common/mem.h"
#include "engine/plan/physical.h"

enum {
    WORKERS_MAX = 6,
    STAGES_MAX = 6,
    TASKS_MAX = 8,
    JOBS_MAX = 3,
    ATTEMPTS = 4 /* of a task, until its job fails */
};

/* ---- chance: the state is a number ---- */

uint64_t dice_next(uint64_t *dice);
int64_t dice_range(uint64_t *dice, int64_t low, int64_t high); /* both included */
bool dice_chance(uint64_t *dice, int32_t percent);

/* ---- the agenda: a heap of items that begin with a `due` ---- */

typedef struct due {
    int64_t at, order; /* what is to happen at the same time happens in the order it was planned */
} due;

typedef struct agenda {
    size_t item_bytes;
    uint8_t *items;
    int32_t count, capacity;
    int64_t order;
} agenda;

void agenda_add(weft_ctx *ctx, agenda *a, int64_t at, void *item); /* sets its due; copies it */
void agenda_take(agenda *a, void *item);                           /* the earliest; there must be one */

/* ---- jobs ---- */

/* Which attempt of each task of an indeterminate stage a value comes from: 0 none, else its nonce. */
typedef struct trace {
    uint64_t nonce[STAGES_MAX][TASKS_MAX];
} trace;

/* False when they do not agree: two nonces of one task in one value are rows of two generations. */
bool trace_merge(trace *into, const trace *from);

typedef struct stage_plan {
    int32_t tasks, input_count, inputs[STAGES_MAX];
    bool broadcast[STAGES_MAX]; /* its tasks read that input whole */
    weft_determinism determinism;
    bool issued, done, needed;
    int32_t generation;
    int32_t accepted[TASKS_MAX]; /* attempts accepted in this generation, and not lost since */
    int32_t failures[TASKS_MAX]; /* attempts that really failed */
} stage_plan;

typedef struct job_plan {
    uint64_t id;
    int32_t stage_count;
    stage_plan stages[STAGES_MAX];
    bool submitted, ended, failed, pinned;
    bool reading; /* the client reads, and tries again when a block is away */
    weft_status status;
    bool poisoned; /* one task takes its worker down */
    int32_t poison_stage, poison_partition;
    int32_t read;               /* partitions of the result that the client has */
    uint64_t result[TASKS_MAX]; /* their contents */
    trace from;                 /* … and where they come from */
} job_plan;

/* A few stages; each reads some of those before it, the last is the result and reads what nobody else does.
 */
void plan_make(uint64_t *dice, job_plan *j, int32_t place);
bool plan_is_read_later(const job_plan *j, int32_t stage); /* by one that was not issued yet */
bool plan_is_determinate(const job_plan *j);
/* How large the block of a task is. */
int64_t plan_block_bytes(const job_plan *j, int32_t stage, int32_t partition);
/* What a task's block begins with, before the contents that it has read are combined into it. */
uint64_t plan_own_content(int32_t stage, int32_t partition);
/* The content that a task must have when nothing of its job is indeterminate. */
uint64_t plan_right_content(const job_plan *j, int32_t stage, int32_t partition);
bool plan_has_right_result(const job_plan *j);

#endif
