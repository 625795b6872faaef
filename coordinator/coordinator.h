/* coordinator/coordinator.h - runs plans: a planner for each job, one core for all (core.h).
 *
 * The thread that calls weft_coordinator_run plans its job and waits for news of it; any number of threads
 * may. In one process it also takes the worker's reports meanwhile; otherwise the endpoint's thread does
 * (port.h). One lock guards the core. */
#ifndef WEFT_COORDINATOR_COORDINATOR_H
#define WEFT_COORDINATOR_COORDINATOR_H

#include "coordinator/core.h"
#include "coordinator/journal.h"
#include "engine/exec/op.h"
#include "engine/plan/planner.h"

typedef struct weft_coordinator weft_coordinator;

/* Seen by progress callbacks about ten times a second, in the thread of the job. */
typedef struct weft_progress {
    int32_t stages, stages_done;        /* issued so far */
    int64_t tasks, running, tasks_done; /* of the issued stages */
} weft_progress;

/* The name of a job: a statement of a session. The client numbers its statements, so an EXECUTE that comes
 * again, to whatever leader, is the same job. operation 0: it has no name, and no leader can go on with it.
 */
typedef struct weft_job_name {
    weft_uuid session;
    uint64_t operation;
} weft_job_name;
/* What the journal calls it. */
weft_uuid weft_job_uuid(const weft_job_name *name);

struct weft_recovered_job; /* recovery.h */

typedef struct weft_run {
    /* in */
    weft_job_name name;
    struct weft_recovered_job *resume;    /* go on with this one; NULL: begin */
    const struct weft_job_record *record; /* what its JOB says (record.h); borrowed until it is released;
                                             NULL: it is never on record */
    bool timed;                           /* measure operator times */
    const char *text;                     /* the statement, for people; with its length, or NULL */
    size_t text_len;
    const char *user; /* whose it is; NULL: nobody in particular */
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
    struct coordinator_job *open; /* its blocks are with workers; NULL: it has ended */
} weft_run;

/* Where blocks of a result are got from. */
typedef struct weft_block_source {
    /* Blocks by name, from where they are; a count of each, or a stand-in (block_remote.h). When one cannot
     * be had there are none, and *lost is its index. Errors: WEFT_FETCH_FAILED, WEFT_UNREACHABLE. */
    weft_status (*fetch)(weft_ctx *ctx, void *self, const weft_block_name *names, const weft_place *places,
                         int32_t count, const weft_types *types, weft_block **out, int32_t *lost);
    void *self;
} weft_block_source;

typedef struct weft_coordinator_options {
    int64_t memory_bytes;         /* of this process, when the worker is in it */
    const weft_core_port *port;   /* how workers of other processes are reached; NULL: one, in this process */
    weft_core_options core;       /* with a port */
    weft_block_source source;     /* with a port */
    struct weft_jobs *jobs;       /* what is told of jobs goes there; borrowed, or NULL */
    struct weft_tasks *tasks;     /* the same of attempts that ended */
    struct weft_commits *commits; /* the journal of writes (commits.h); borrowed, or NULL: there is none */
    weft_journal *journal;        /* borrowed, or NULL: there is none */
    struct weft_artifacts *artifacts; /* files of sessions (artifacts.h); borrowed, or NULL: they have none */
} weft_coordinator_options;

/* Memory of the core is charged to ctx's account. */
WEFT_MUST_CHECK weft_status weft_coordinator_new(weft_ctx *ctx, const weft_coordinator_options *options,
                                                 weft_coordinator **out);
/* Run an optimised plan to its end. ctx's cancel flag and deadline stop it. On failure there are no blocks,
 * and the error is that of the task that failed the job. ctx must live until the run is released. */
WEFT_MUST_CHECK weft_status weft_coordinator_run(weft_ctx *ctx, weft_coordinator *coordinator, weft_ids *ids,
                                                 const weft_node *plan, weft_run *run);
/* Block `index` of the result could not be read: wait until it is made again, and get that one. Its bytes may
 * be others, when its stage is not ordered. ctx: for memory of *out, which the caller releases, and for its
 * cancel flag. Errors: WEFT_RESULT_LOST when the job has ended, what made the job fail since, those of
 * fetching. */
WEFT_MUST_CHECK weft_status weft_run_fetch_again(weft_ctx *ctx, weft_run *run, int32_t index,
                                                 weft_block **out);
/* The result cannot be read to its end: the job is not listed as SUCCEEDED any more. */
void weft_run_break(const weft_run *run, const weft_error *error);
/* Now and then while the result is read: a job that lives so long goes on record. Errors: WEFT_NOT_LEADER. */
WEFT_MUST_CHECK weft_status weft_run_keep(weft_ctx *ctx, weft_run *run);
void weft_run_release(weft_run *run); /* gives the blocks back, and ends the job where it holds them */
void weft_coordinator_free(weft_coordinator **coordinator);

/* Cancel a running job: its statement ends with OPERATION_CANCELED. False: there is no such job running. Any
 * thread. */
bool weft_coordinator_cancel_job(weft_coordinator *coordinator, uint64_t job);
struct weft_jobs *weft_coordinator_jobs(const weft_coordinator *coordinator);
struct weft_tasks *weft_coordinator_tasks(const weft_coordinator *coordinator);
struct weft_commits *weft_coordinator_commits(const weft_coordinator *coordinator); /* NULL: no journal */
int64_t weft_coordinator_epoch(const weft_coordinator *coordinator);
const char *weft_coordinator_cluster(const weft_coordinator *coordinator); /* NULL: it has no name */
int64_t weft_coordinator_begin_us(const weft_coordinator *coordinator);    /* wall clock: since when it is */

/* The next number that a job may have. Any thread. */
uint64_t weft_coordinator_number(weft_coordinator *coordinator);
weft_journal *weft_coordinator_journal(const weft_coordinator *coordinator); /* NULL: there is none */
struct weft_artifacts *weft_coordinator_artifacts(const weft_coordinator *coordinator); /* likewise */
/* Another leads, or will: whatever runs ends with WEFT_NOT_LEADER; nothing is told to workers or written any
 * more, and clients must not be told either. For good. Any thread. */
void weft_coordinator_depose(weft_coordinator *coordinator);
bool weft_coordinator_is_deposed(const weft_coordinator *coordinator);

/* ---- how a statement ended ---- */

/* Before a client is told that a statement failed, or that a write succeeded: make durable what it is told,
 * or see that this is still the leader. error: code WEFT_OK when it succeeded. Without a journal: nothing.
 * Errors: WEFT_NOT_LEADER: tell nobody anything; others: then that is how it ended. */
WEFT_MUST_CHECK weft_status weft_coordinator_tell(weft_ctx *ctx, weft_coordinator *coordinator,
                                                  const weft_job_name *name, const weft_error *error);
/* Did a statement of this name end, maybe under an earlier leader? *error: how. Only failures and writes are
 * remembered, for a day. Errors: those of weft_journal_read. */
WEFT_MUST_CHECK weft_status weft_coordinator_find_end(weft_ctx *ctx, weft_coordinator *coordinator,
                                                      const weft_job_name *name, bool *found,
                                                      weft_error *error);

/* A job or a session has ended, on record: now and then those of long ago are forgotten. */
void weft_coordinator_count_end(weft_ctx *ctx, weft_coordinator *coordinator);

/* ---- one process ---- */

/* Where the worker reports to. */
bool weft_coordinator_is_embedded(
    const weft_coordinator *coordinator); /* its one worker is in this process */
/* Of this process, when the worker is in it; else 0. */
int64_t weft_coordinator_own_memory(const weft_coordinator *coordinator);
weft_coordinator_link weft_coordinator_inbox(weft_coordinator *coordinator);
/* How the worker is reached; waits until it has registered. */
WEFT_MUST_CHECK weft_status weft_coordinator_attach(weft_ctx *ctx, weft_coordinator *coordinator,
                                                    weft_worker_link worker);

/* ---- several processes ---- */

/* The core, locked until leave. */
weft_core *weft_coordinator_enter(weft_coordinator *coordinator);
weft_core *weft_coordinator_core(const weft_coordinator *coordinator); /* for who holds the lock */
void weft_coordinator_leave(weft_coordinator *coordinator);

#endif
