/* engine/storage/commit_internal.h - names and checks that the files of the commit share. */
#ifndef WEFT_STORAGE_COMMIT_INTERNAL_H
#define WEFT_STORAGE_COMMIT_INTERNAL_H

#include "engine/storage/commit.h"

#define WEFT_COMMIT_STAGE  "_temporary"
#define WEFT_COMMIT_RECORD "record"

/* WEFT_INVALID unless the job's name is safe as a folder's. */
WEFT_MUST_CHECK weft_status weft_commit_check_job(weft_ctx *ctx, const char *job);
/* Is the path one below a folder: not empty, not absolute, without "", "." and ".." between its slashes? */
bool weft_commit_is_below(const char *path);
/* May a file of a manifest have this name: below the output, or absolute, and plain as above? */
bool weft_commit_is_target(const char *path);
/* The file of a manifest as a path. */
WEFT_MUST_CHECK weft_status weft_commit_path(weft_ctx *ctx, const char *output, const char *name, char **out);
/* OUTPUT/_temporary/JOB; *output is replaced by its normalised form. */
WEFT_MUST_CHECK weft_status weft_commit_stage(weft_ctx *ctx, const char **output, const char *job,
                                              char **stage);
/* Does the path exist? */
WEFT_MUST_CHECK weft_status weft_commit_exists(weft_ctx *ctx, const char *path, bool *there);

#endif
