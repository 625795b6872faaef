/* coordinator/recovery.h - what an earlier leader left in the journal, made into what this one goes on with
 * (docs/failover.md, "A new leader").
 *
 * weft_recovery_load comes before any worker or client is heard: every job without END is in the core then,
 * with the stages of its records. A job belongs to a statement of a session: whoever makes the session again
 * runs the statement with weft_run.resume, which plans it anew from the records and takes the job over. A job
 * that nobody runs is left: it ends everywhere.
 *
 * One thread, but weft_recovered_job_leave. */
#ifndef WEFT_COORDINATOR_RECOVERY_H
#define WEFT_COORDINATOR_RECOVERY_H

#include "coordinator/coordinator.h"

typedef struct weft_recovery weft_recovery;

/* A statement that was under way. */
typedef struct weft_recovered_job {
    weft_job_name name;
    const char *text; /* with its length */
    size_t text_len;
    const char *user; /* NULL: nobody in particular */
    struct recovered_state *state;
} weft_recovered_job;

/* Read the journal; jobs go into the coordinator's core. Members (the workers that there were) are told to
 * it too: it is recovering until they have reported. One job that cannot be read is logged, and failed when
 * its client asks; the others go on. Errors: WEFT_CORRUPT, WEFT_IO, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_recovery_load(weft_ctx *ctx, weft_coordinator *coordinator,
                                               weft_recovery **out);
/* The jobs in the order of their beginning; of one session that is the order of its statements. Each must be
 * run (weft_run.resume) or left: it outlives the recovery. */
int32_t weft_recovery_count(const weft_recovery *recovery);
weft_recovered_job *weft_recovery_job(const weft_recovery *recovery, int32_t index);
/* What the statement's plan depends on: as it was when it began. Texts are the job's. */
const struct weft_job_record *weft_recovered_job_record(const weft_recovered_job *job);
/* Is it a write that was decided for commit, and is carried out? Then it is not run: what else it does
 * (naming a table) is all that is left. */
bool weft_recovered_job_is_committed(const weft_recovered_job *job);
/* Was a task of it launched, maybe? */
bool weft_recovered_job_has_run(const weft_recovered_job *job);
/* Nobody will run it. Any thread. */
void weft_recovered_job_leave(weft_recovered_job *job);
/* NULL is allowed. */
void weft_recovery_free(weft_recovery **recovery);

#endif
