/* engine/storage/commit.h - making the output of a job visible, all of it or nothing, whoever dies.
 *
 *     OUTPUT/_temporary/JOB/            made by begin; its end is the end of the job
 *     OUTPUT/_temporary/JOB/P-G-A/...   private files of one attempt (partition, generation, attempt), synced
 *                                       before it reports
 *     OUTPUT/_temporary/JOB/record      the decision, where no other journal keeps it
 *     OUTPUT/_temporary/JOB/.claimed-N  empty: this leader works on it, or did
 *
 *   begin → attempts write → manifest → decide (one conditional write: commit or abort, never both)
 *         → publish (renames, fsync, deletions, _SUCCESS, the job's folder removed)
 *         | abort (the folder removed)
 *
 * Every step after the decision may be repeated, by anyone, from any point: names derive from job, partition,
 * generation and attempt, the manifest is closed, and a folder of a job that is gone says that all was done.
 * So a deposed leader that goes on, even after a later job has replaced these files, changes nothing. Nothing
 * is deleted by listing a folder, but for the job's own folder, in which nothing is published: it goes whole,
 * by its name, since what dead attempts left in it is known to nobody.
 *
 * What other readers can see: new files appear one by one before the old ones are deleted, so a reader that
 * lists in between sees both (local files have no atomic swap of a folder's contents). _SUCCESS is never
 * removed.
 *
 * A file may also go to a folder that does not lie below the output (a partition of a table that lies
 * elsewhere), as long as one rename leads there: weft_commit_try_place finds out before the decision.
 *
 * Plain functions; everything returned lies in ctx->arena. Rules: "Commit" in docs/cluster-rules.md. */
#ifndef WEFT_STORAGE_COMMIT_H
#define WEFT_STORAGE_COMMIT_H

#include "engine/storage/fs.h"

/* A file of an accepted attempt. */
typedef struct weft_commit_part {
    int32_t partition, generation, attempt; /* attempts are counted anew in each generation of the stage */
    const char *file; /* below the attempt's folder: "part-00000-….parquet", also "k=1/part-…" */
    int64_t bytes;
    const char
        *place; /* absolute folder that the file goes to, instead of its own below the output; or NULL */
} weft_commit_part;

typedef struct weft_commit_file {
    const char *from; /* below the output: "_temporary/JOB/0-0-1/part-…" */
    const char *to;   /* below the output: "part-…"; or absolute, in a place elsewhere */
    int64_t bytes;
} weft_commit_file;

/* All that the commit does; closed once made. */
typedef struct weft_commit_manifest {
    const char *output; /* normalised */
    const char *job;
    const weft_commit_file *publish;
    int32_t publish_count;
    const char *const *remove; /* exact files, below the output or absolute */
    int32_t remove_count;
} weft_commit_manifest;

/* The output as it stands in manifests: absolute, normalised. Errors: WEFT_INVALID, WEFT_UNSUPPORTED. */
WEFT_MUST_CHECK weft_status weft_commit_place(weft_ctx *ctx, const char *output, const char **place);
/* Make the job's folder. job: 1 to 100 letters, digits, '-', '_' and '.', not beginning with '.'; unique for
 * ever. Errors: WEFT_INVALID, WEFT_EXISTS when the output is a file. */
WEFT_MUST_CHECK weft_status weft_commit_begin(weft_ctx *ctx, const char *output, const char *job);
/* The same, by one leader of several: a mark of its own (who: its epoch) lies in the folder then, so that one
 * who came too late can take back what it has made, and nothing that another has. */
WEFT_MUST_CHECK weft_status weft_commit_claim(weft_ctx *ctx, const char *output, const char *job,
                                              uint64_t who);
/* Whoever claimed it led no more: the mark goes, and folders that are empty then. */
WEFT_MUST_CHECK weft_status weft_commit_withdraw(weft_ctx *ctx, const char *output, const char *job,
                                                 uint64_t who);
/* Is the job's folder there? */
WEFT_MUST_CHECK weft_status weft_commit_is_open(weft_ctx *ctx, const char *output, const char *job,
                                                bool *is_open);
/* Make the attempt's folder. Errors: WEFT_COMMIT_DENIED when the job has ended, WEFT_EXISTS for a second
 * call. */
WEFT_MUST_CHECK weft_status weft_commit_open_attempt(weft_ctx *ctx, const char *output, const char *job,
                                                     int32_t partition, int32_t generation, int32_t attempt,
                                                     char **folder);
/* The name of the index-th file of a partition, as Spark has it: part-NNNNN-UUID, the mark ("-c", ".c",
 * "_00007.c" of a bucket), NNN and the suffix. The UUID is a function of the job, the name of (job,
 * partition, mark, index). */
WEFT_MUST_CHECK weft_status weft_commit_file_name(weft_ctx *ctx, const char *job, int32_t partition,
                                                  const char *mark, int32_t index, const char *suffix,
                                                  char **name);

/* What a commit deletes of what was there before. */
typedef enum weft_commit_replace {
    WEFT_COMMIT_APPEND,
    WEFT_COMMIT_REPLACE,        /* all below the output, or below one folder of it */
    WEFT_COMMIT_REPLACE_FOLDERS /* what lies in the very folders that new files go to */
} weft_commit_replace;

/* Close the manifest. What is replaced is what weft_fs_list finds now. folder: of REPLACE, below the output;
 * "": the output. Errors: WEFT_INVALID for a file name that leaves the folder, or comes twice. */
WEFT_MUST_CHECK weft_status weft_commit_make_manifest(weft_ctx *ctx, const char *output, const char *job,
                                                      const weft_commit_part *parts, int32_t count,
                                                      weft_commit_replace replace, const char *folder,
                                                      weft_commit_manifest *out);
/* What lies in an absolute folder now is replaced, too. */
WEFT_MUST_CHECK weft_status weft_commit_replace_place(weft_ctx *ctx, weft_commit_manifest *manifest,
                                                      const char *place);
/* Can what the job has staged be renamed into this folder, which is made? Errors: WEFT_UNSUPPORTED for one on
 * another file system. */
WEFT_MUST_CHECK weft_status weft_commit_try_place(weft_ctx *ctx, const char *output, const char *job,
                                                  const char *place);
/* The manifest as bytes for a journal, and back. Errors: WEFT_CORRUPT; what is decoded is checked as if
 * foreign. */
WEFT_MUST_CHECK weft_status weft_commit_encode(weft_ctx *ctx, const weft_commit_manifest *manifest,
                                               char **bytes, int64_t *len);
WEFT_MUST_CHECK weft_status weft_commit_decode(weft_ctx *ctx, const char *bytes, int64_t len,
                                               weft_commit_manifest *out);

/* The conditional write, as a file: the first decision stands. manifest NULL: to abort. *committed tells
 * which decision stands. Errors: WEFT_COMMIT_DENIED when the job has ended. */
WEFT_MUST_CHECK weft_status weft_commit_decide(weft_ctx *ctx, const char *output, const char *job,
                                               const weft_commit_manifest *manifest, bool *committed);
/* Carry a decided manifest out; then the job's folder is gone. Repeatable. Errors: WEFT_IO and others of fs.h
 * (try again), WEFT_INTERNAL when a staged file is lost. */
WEFT_MUST_CHECK weft_status weft_commit_publish(weft_ctx *ctx, const weft_commit_manifest *manifest);
/* Remove the job's folder, after a decision to abort. Repeatable. */
WEFT_MUST_CHECK weft_status weft_commit_abort(weft_ctx *ctx, const char *output, const char *job);
/* Bring a job of which nobody works any more to its end by its record: published when the decision was to
 * commit, aborted when it was not, or there was none. *committed is false for a job that had ended before. */
WEFT_MUST_CHECK weft_status weft_commit_recover(weft_ctx *ctx, const char *output, const char *job,
                                                bool *committed);

#endif
