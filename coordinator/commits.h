/* coordinator/commits.h - writes of files, each decided once: storage/commit.h, with its records in the
 * journal.
 *
 *     JOB → the job's folder, its tasks → DECISION (commit and the closed manifest, or abort)
 *         → files published, or the folder removed → CARRIED → END (coordinator.h) → the client is told
 *
 * Of one that fails or is cancelled while its tasks run, END stands before the folder is removed: see
 * weft_commits_refuse.
 *
 * The decision is the one record that is created; nobody takes a second one. Whoever opens the journal next
 * carries a decision out, from wherever it was left; a write without one goes on under the new leader
 * (recovery.h), or is given up: `abort`. So the folder that is written to shows what was there before, or all
 * that is new.
 *
 * What the journal answers to DECISION with decides what is true:
 *     written            committed. If a file then cannot be moved, it is tried once more; if that fails too
 *                        the statement fails, and says that the write is committed. It is carried out before
 *                        the next write into that place, or when the journal is opened again
 *     not written        (no room, no memory) the statement fails and is aborted
 *     nobody knows       (an I/O error, or another leads: the journal is broken) the statement fails, and
 *                        nothing is touched: the next one to open the journal sees what stands there
 *
 * Without a journal (one process; a coordinator without a work folder) the functions take NULL: the decision
 * is a file in the job's folder then, and what a dead process left there stays.
 *
 * Any thread. */
#ifndef WEFT_COORDINATOR_COMMITS_H
#define WEFT_COORDINATOR_COMMITS_H

#include "coordinator/journal.h"
#include "engine/storage/commit.h"
#include "proto/record.h"

typedef struct weft_commits weft_commits;

/* A write that has begun. In the arena of the ctx that began it. */
typedef struct weft_commit_job {
    weft_uuid id;
    const char *name;   /* of its folder */
    const char *output; /* as in manifests */
    bool settled;       /* decided, or nobody knows: there is nothing to abort */
} weft_commit_job;

/* What stands in the journal, which is borrowed. Errors: those of weft_journal_read. */
WEFT_MUST_CHECK weft_status weft_commits_open(weft_ctx *ctx, weft_journal *journal, weft_commits **out);
/* Carry out what was decided, in the order of its beginning. What was not decided is kept for
 * weft_commits_resume or weft_commits_give_up when it is resumable; else it is given up now. What cannot be
 * carried out is logged, and how many those are is returned. */
int32_t weft_commits_recover(weft_ctx *ctx, weft_commits *commits, bool resumable);
/* The journal can be written no more, by anybody, until it is opened again. */
bool weft_commits_is_broken(const weft_commits *commits);
/* Was it decided, and how? */
WEFT_MUST_CHECK weft_status weft_commits_find(weft_ctx *ctx, weft_commits *commits, weft_uuid job,
                                              bool *is_decided, bool *is_committed);

/* Begin to write files into a folder. record: its JOB; its output is filled in. NULL without a journal.
 * Earlier writes into the folder that were left are brought to their end first. Errors: those of
 * weft_commit_begin and weft_journal_create; WEFT_EXISTS: this very job stands in the journal already. */
WEFT_MUST_CHECK weft_status weft_commits_begin(weft_ctx *ctx, weft_commits *commits, const char *output,
                                               weft_job_record *record, weft_commit_job **out);
/* Go on with one of an earlier leader. has_run: its tasks may have written. Errors: those of
 * weft_commit_begin; WEFT_COMMIT_DENIED: what they wrote is gone, as that leader gave it up and could not say
 * so. */
WEFT_MUST_CHECK weft_status weft_commits_resume(weft_ctx *ctx, weft_commits *commits,
                                                const weft_job_record *record, bool has_run,
                                                weft_commit_job **out);
/* An earlier leader has decided it: is it carried out? It is now, or the error says that it cannot be.
 * Errors: those of carrying it out, WEFT_CANCELLED. */
WEFT_MUST_CHECK weft_status weft_commits_settle(weft_ctx *ctx, weft_commits *commits, weft_uuid job);
/* Nobody goes on with it. What fails is logged, and tried again when the journal is opened. */
void weft_commits_give_up(weft_ctx *ctx, weft_commits *commits, weft_uuid job);
/* The job fails, or was cancelled, while its tasks run: decide for abort, before any worker drops what it
 * made. Who found the write undecided after that would have all of it made again. What was staged is left, to
 * weft_commits_abort or to whoever opens the journal next. Errors: those of weft_journal_create; WEFT_EXISTS:
 * an earlier leader has committed it. */
WEFT_MUST_CHECK weft_status weft_commits_refuse(weft_ctx *ctx, weft_commits *commits, weft_uuid job);
/* Decide for commit, and carry it out. manifest: of the job. From the decision on nothing is cancelled. */
WEFT_MUST_CHECK weft_status weft_commits_commit(weft_ctx *ctx, weft_commits *commits, weft_commit_job *job,
                                                const weft_commit_manifest *manifest);
/* After a failure: decide for abort and remove what was staged, unless the job is settled. ctx keeps the
 * error that it has; a failure here is logged, and tried again when the journal is opened. */
void weft_commits_abort(weft_ctx *ctx, weft_commits *commits, const weft_commit_job *job);

/* No write may be under way. NULL is allowed. */
void weft_commits_close(weft_commits **commits);

#endif
