/* coordinator/core_state.h - what core.c (workers) and core_job.c (jobs) share; for nobody else. */
#ifndef WEFT_COORDINATOR_CORE_STATE_H
#define WEFT_COORDINATOR_CORE_STATE_H

#include "coordinator/core.h"

/* A worker that is not dead. */
typedef struct core_worker {
    int32_t number, slots;
    int32_t host; /* from 1: that of all workers with its host id */
    bool silent;
    weft_worker_hello *hello; /* without its lists */
    int64_t since_ns, heard_ns;
    weft_core_end end; /* why it is dead, should it be */
    int64_t end_ns;
} core_worker;

struct weft_core {
    weft_account *account;
    weft_core_options options;
    weft_core_port port;
    weft_members *members;
    weft_scheduler *scheduler;
    weft_arena *arena; /* for one step */
    core_worker *workers;
    int32_t worker_count, worker_capacity;
    core_worker dead[WEFT_CORE_DEAD_MOST]; /* a ring */
    int32_t dead_count, dead_next;
    int32_t host_count;                  /* numbers that were given */
    int64_t due_ns;                      /* the scheduler's, as the port was told */
    weft_core_job *first_job, *last_job; /* by arrival */
    bool recovering;
    weft_uuid *expected; /* members that have not told yet what they hold; a memory block of the account */
    int32_t expected_count;
    int64_t recover_until_ns; /* INT64_MAX: no tick yet */
    int64_t ticked_ns;
    int64_t highest_epoch; /* that a worker has told of */
};

core_worker *core_find_worker(const weft_core *core, int32_t number);
weft_core_job *core_find_job(const weft_core *core, uint64_t id);
/* Give an event to the scheduler, carry out what it decides, and have the orders sent. */
WEFT_MUST_CHECK weft_status core_step(weft_ctx *ctx, weft_core *core, const weft_event *event);
/* An event that needs no memory, of what nobody tells twice; worker: whom it is about, or -1. */
void core_tell(weft_ctx *ctx, weft_core *core, weft_event_kind kind, int32_t worker);
/* Send an order. To a worker that is not there none is sent, and when one is not taken the worker's session
 * ends: both mend by its next registration. Errors: only in one process, which has no sessions. */
weft_status core_order(weft_ctx *ctx, weft_core *core, int32_t worker, const weft_to_worker *order);
/* A worker that registers holds something of the job: it has to end it. */
WEFT_MUST_CHECK weft_status core_hold(weft_ctx *ctx, weft_core *core, weft_core_job *job, int32_t worker);
/* Tell it to end all jobs that are over and that it has not ended yet: the order, or its answer, may be lost.
 */
void core_end_again(weft_ctx *ctx, weft_core *core, int32_t worker);
/* The worker's session begins anew: what it was told may not have arrived. */
void core_forget_told(weft_core *core, int32_t worker);
/* An attempt that was launched did not arrive: it was none. */
void core_uncount_attempt(const weft_core *core, const weft_block_name *name);
/* The worker is dead. */
void core_remove_told(weft_core *core, int32_t worker);

/* ---- core_recover.c ---- */

/* A worker registers that this leader has not welcomed before: whatever it has is of earlier ones. */
WEFT_MUST_CHECK weft_status core_take_over(weft_ctx *ctx, weft_core *core, int32_t worker,
                                           const weft_worker_hello *hello);
/* It has told this leader of all blocks that it holds; or it is dead. */
void core_has_told(weft_core *core, weft_uuid uuid);
/* A worker says HELD, to the leader of this epoch. */
void core_held(weft_ctx *ctx, weft_core *core, int32_t worker, int64_t epoch);
/* Is the phase over now? */
void core_recover_tick(weft_ctx *ctx, weft_core *core);
/* Room for all that a job may ask to have recorded at once. */
WEFT_MUST_CHECK weft_status core_reserve_records(weft_ctx *ctx, weft_core *core, weft_core_job *job);
void core_add_record(weft_core_job *job, const weft_action *a);

/* ---- core_job.c ---- */

/* The worker may have a stage open of which this leader told it nothing. */
WEFT_MUST_CHECK weft_status core_may_be_open(weft_ctx *ctx, weft_core *core, weft_core_job *job,
                                             int32_t worker);

/* ---- core_sources.c ---- */

/* The inputs of a stage, as they are told to a worker; in ctx->arena. Errors: WEFT_NOMEM; WEFT_INTERNAL
 * when a block is nowhere. */
WEFT_MUST_CHECK weft_status core_make_sources(weft_ctx *ctx, weft_core *core, const weft_core_job *job,
                                              weft_core_stage *s, int32_t receiver, weft_to_worker *order);
/* NULL, or what is wrong with the relays of a stage. */
const char *core_check_relays(const weft_core *core, const weft_core_stage *s);

#endif
