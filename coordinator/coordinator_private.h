/* coordinator/coordinator_private.h - what coordinator.c (the loop of a job), job_news.c, fetch_result.c,
 * job_record.c and recovery.c share; for nobody else. */
#ifndef WEFT_COORDINATOR_COORDINATOR_PRIVATE_H
#define WEFT_COORDINATOR_COORDINATOR_PRIVATE_H

#include <pthread.h>

#include "common/mailbox.h"
#include "coordinator/coordinator.h"
#include "coordinator/jobs.h"
#include "coordinator/journal.h"
#include "coordinator/recovery.h"
#include "proto/record.h"

typedef struct coordinator_job coordinator_job;

struct weft_coordinator {
    pthread_mutex_t lock; /* of the core, and of what jobs have in it */
    weft_core *core;
    coordinator_job *jobs_running;
    int32_t job_count;     /* of jobs_running */
    weft_account *account; /* fixed, as is the next line: of what may outlive a job */
    int64_t memory_bytes, grace_ns, epoch, begin_us;
    const char *cluster;
    uint64_t next_job;
    weft_jobs *jobs;
    struct weft_tasks *tasks;
    struct weft_commits *commits;
    struct weft_artifacts *artifacts;
    weft_journal *journal;
    atomic_uint_fast32_t ended; /* jobs on record, since it leads */
    atomic_bool is_deposed;     /* another leads, or will: jobs are left as they are */
    weft_block_source source;
    weft_mailbox *inbox;     /* one process: its worker's reports; else NULL */
    weft_worker_link worker; /* likewise */
};

/* What of a job stands in the journal (job_record.c). */
typedef struct job_file {
    weft_uuid uuid;                /* zero: it has no name, or there is no journal */
    const weft_job_record *record; /* what JOB says */
    bool is_written;               /* JOB stands, and with it all that must */
    bool is_left_out;              /* it could not be written: the job goes on without */
    bool is_wanted; /* it is due, however young the job is: its result might be cut otherwise */
    int64_t began_ns;
    int32_t stage_count;        /* whose STAGE stands, when JOB does */
    weft_planner_options asked; /* what the planner was made with */
    weft_record_step
        *steps; /* of the planner, since the stages that were on record when the job was resumed */
    int32_t step_count, step_capacity;
    int32_t *step_ends; /* [stage_capacity of the job] how many steps there were when a stage was issued */
} job_file;

struct coordinator_job {
    weft_coordinator *c;
    weft_ctx *ctx;
    weft_planner *planner;
    weft_run *run;
    weft_core_job core;     /* guarded by the lock once it has begun */
    bool news;              /* likewise */
    pthread_cond_t changed; /* it has news: nobody else is woken */
    bool cancelled;         /* likewise: somebody else wants its end */
    coordinator_job *next;  /* likewise */
    bool begun;
    int32_t stage_capacity, stages_done;
    struct weft_shared *fragments; /* of its large stages */
    job_file file;
    struct recovered_state
        *recovered; /* it is of an earlier leader, and its memory lies there; NULL: it is not */
};

/* ---- coordinator.c ---- */

/* A stage as the core wants it, in ctx->arena. */
WEFT_MUST_CHECK weft_status coordinator_new_stage(weft_ctx *ctx, coordinator_job *j, const weft_stage *stage,
                                                  bool is_result, weft_core_stage **out);
/* Room for a stage of the next number, in ctx->arena. */
WEFT_MUST_CHECK weft_status coordinator_add_room(weft_ctx *ctx, coordinator_job *j);
/* Give it to the core. Lock held. */
WEFT_MUST_CHECK weft_status coordinator_begin_stage(weft_ctx *ctx, coordinator_job *j, weft_core_stage *s);
/* A new stage of the planner: on record, then to the core. */
WEFT_MUST_CHECK weft_status coordinator_issue_stage(weft_ctx *ctx, coordinator_job *j,
                                                    const weft_stage *stage);
/* What a new job and a resumed one have alike; core.id is set. ctx: of the statement. */
WEFT_MUST_CHECK weft_status coordinator_set_up(weft_ctx *ctx, coordinator_job *j, bool timed);
/* The job is known to the core, and to people. */
WEFT_MUST_CHECK weft_status coordinator_begin_job(weft_ctx *ctx, coordinator_job *j);
/* Nobody runs it: end it everywhere and forget it. */
void coordinator_leave_job(coordinator_job *j);

/* The error of the attempt that failed the job. */
WEFT_MUST_CHECK weft_status coordinator_job_error(weft_ctx *ctx, const coordinator_job *j);

/* ---- job_news.c ---- */

/* The job has news from its beginning: there is all to plan. Errors: WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status coordinator_news_init(weft_ctx *ctx, coordinator_job *j);
/* self: a coordinator_job. Lock held. */
void coordinator_tell_news(void *self);
/* Wait until the job has news, or a little while. In one process: handle a report, of whatever job. */
WEFT_MUST_CHECK weft_status coordinator_wait(weft_ctx *ctx, coordinator_job *j);
/* How often a job shows how far it is. */
int64_t coordinator_progress_ns(weft_coordinator *c);

/* ---- job_record.c: nothing is done for a job without a name ---- */

/* The job begins: record is borrowed. */
void coordinator_file_open(coordinator_job *j, const weft_job_record *record);
/* The planner was asked what can start (stats NULL), or told of a finished stage. */
WEFT_MUST_CHECK weft_status coordinator_file_step(weft_ctx *ctx, coordinator_job *j, int32_t stage,
                                                  const weft_stage_stats *stats);
/* Before a stage is launched for the first time. */
WEFT_MUST_CHECK weft_status coordinator_file_stage(weft_ctx *ctx, coordinator_job *j,
                                                   const weft_core_stage *s);
/* Now and then, and when there is news: write what the core waits for; and the whole job when it is old
 * enough. Errors: WEFT_NOT_LEADER; those of the journal, for a job that must be on record. */
WEFT_MUST_CHECK weft_status coordinator_file_go_on(weft_ctx *ctx, coordinator_job *j);
/* The job's result is released. A job that reads has ended then, on record before its blocks go: nobody would
 * need them, but who found it without END would make them again. False: that is for another leader to do. */
bool coordinator_file_close(coordinator_job *j);
/* The job failed, or was cancelled, by error. Only the leader can say so: one on record has its END before
 * its workers drop what they have of it, as in coordinator_file_close, and before that, when it writes, its
 * abort; of others the epoch is checked. There is a journal. Errors: WEFT_NOT_LEADER; those of the journal.
 */
WEFT_MUST_CHECK weft_status coordinator_file_fail(weft_ctx *ctx, const coordinator_job *j,
                                                  const weft_error *error);

/* ---- recovery.c ---- */

/* Plan a resumed job again, up to what is on record. */
WEFT_MUST_CHECK weft_status coordinator_replay(weft_ctx *ctx, coordinator_job *j, weft_ids *ids,
                                               const weft_node *plan);
/* Take the job over from the core; NULL: it is not there. Errors: why it cannot be gone on with. */
WEFT_MUST_CHECK weft_status coordinator_take_over(weft_ctx *ctx, weft_recovered_job *from,
                                                  coordinator_job **out);
/* Its memory, when it was taken over and is forgotten; else it is left. */
void coordinator_release_recovered(weft_recovered_job *job);

/* ---- fetch_result.c ---- */

/* Hold the blocks of the result's stage for the client. A lost one is made again: *whole is false then. */
WEFT_MUST_CHECK weft_status coordinator_take_result(weft_ctx *ctx, coordinator_job *j, int32_t stage,
                                                    bool *whole);

#endif
