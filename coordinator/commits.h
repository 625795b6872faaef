/* coordinator/commits.h - writes of files, each decided once: storage/commit.h, with its records in the
 * journal.
 *
 *     JOB → the job's folder, its tasks → DECISION (commit and the closed manifest, or abort)
 *         → files published, or the folder removed → CARRIED → END → the client is told
 *
 * The decision is the one record that is created; nobody takes a second one. Whoever opens the journal next
 * brings to its end what has no END: a decision is carried out, from wherever it was left; without one it is
 * `abort`. So the folder that is written to shows what was there before, or all that is new.
 *
 * What the journal answers to DECISION with decides what is true:
 *     written            committed. If a file then cannot be moved, it is tried once more; if that fails too
 *                        the statement fails, and says that the write is committed. It is carried out before
 *                        the next write into that place, or when the journal is opened again
 *     not written        (no room, no memory) the statement fails and is aborted
 *     nobody knows       (an I/O error: the journal is broken; or another leads) the statement fails, and
 *                        nothing is touched: the next one to open the journal sees what stands there
 *
 * Without a journal (one process; a coordinator without a work folder) the functions take NULL: the decision
 * is a file in the job's folder then, and what a dead process left there stays.
 *
 * Any thread; no lock is held while a record is written. */
#ifndef WEFT_COORDINATOR_COMMITS_H
#define WEFT_COORDINATOR_COMMITS_H

#include "coordinator/journal.h"
#include "engine/storage/commit.h"

typedef struct weft_commits weft_commits;

/* A write that has begun. In the arena of the ctx that began it. */
typedef struct weft_commit_job {
    weft_uuid id;
    const char *name;   /* of its folder */
    const char *output; /* as in manifests */
    bool settled;       /* decided, or nobody knows: there is nothing to abort */
} weft_commit_job;

/* Over a journal that was just opened; borrowed until close. Errors: those of weft_journal_read. */
WEFT_MUST_CHECK weft_status weft_commits_open(weft_ctx *ctx, weft_journal *journal, weft_commits **out);
/* Bring what was left to its end, in the order of its beginning. What cannot be is logged, and how many those
 * are is returned. */
int32_t weft_commits_recover(weft_ctx *ctx, weft_commits *commits);
/* Nothing can be written any more, by anybody, until the journal is opened again. */
bool weft_commits_is_broken(const weft_commits *commits);

/* Begin to write files into a folder. Earlier writes into it that were left are brought to their end first.
 * Errors: those of weft_commit_begin and weft_journal_create. */
WEFT_MUST_CHECK weft_status weft_commits_begin(weft_ctx *ctx, weft_commits *commits, const char *output,
                                               weft_commit_job **out);
/* Decide for commit, and carry it out; then the job has ended. manifest: of the job. From the decision on
 * nothing is cancelled. */
WEFT_MUST_CHECK weft_status weft_commits_commit(weft_ctx *ctx, weft_commits *commits, weft_commit_job *job,
                                                const weft_commit_manifest *manifest);
/* After a failure: decide for abort and remove what was staged, unless the job is settled. ctx keeps the
 * error that it has; a failure here is logged, and tried again when the journal is opened. */
void weft_commits_abort(weft_ctx *ctx, weft_commits *commits, const weft_commit_job *job);

/* No write may be under way. NULL is allowed. */
void weft_commits_close(weft_commits **commits);

#endif
