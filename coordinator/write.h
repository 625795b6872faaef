/* coordinator/write.h - the life of a WRITE around its tasks: begin, commit or abort (commits.h). */
#ifndef WEFT_COORDINATOR_WRITE_H
#define WEFT_COORDINATOR_WRITE_H

#include "coordinator/commits.h"
#include "coordinator/coordinator.h"

/* Begin the write, or go on with run->resume: *job, and *out, the node with the job's name and place; both in
 * ctx->arena. record: its JOB, when there is a journal. Errors: WEFT_DATA_SOURCE_NOT_FOUND when the format
 * cannot be written, those of weft_commits_begin and weft_commits_resume. */
WEFT_MUST_CHECK weft_status weft_write_begin(weft_ctx *ctx, weft_commits *commits, const weft_node *write,
                                             const char *path, const weft_run *run, weft_job_record *record,
                                             const weft_node **out, weft_commit_job **job);
/* Publish the files that the accepted attempts report in their blocks. One that is lost meanwhile is made
 * again. Errors: those of weft_run_fetch_again and weft_commits_commit; then weft_commits_abort. */
WEFT_MUST_CHECK weft_status weft_write_commit(weft_ctx *ctx, weft_commits *commits, const weft_node *write,
                                              weft_commit_job *job, weft_run *run);

#endif
