/* engine/storage/fs_internal.h - what the files of this folder share: faults, system errors, paths. */
#ifndef WEFT_STORAGE_FS_INTERNAL_H
#define WEFT_STORAGE_FS_INTERNAL_H

#include <dirent.h>

#include "engine/storage/fs.h"

/* Count one file operation; WEFT_IO when the countdown says that this one fails. verb and path are for the
 * text. */
WEFT_MUST_CHECK weft_status weft_fs_fault(weft_ctx *ctx, const char *verb, const char *path);
/* True when the process has "crashed" (weft_fs_crash_after): clean-up that has no ctx does nothing then. */
bool weft_fs_crashed(void);
/* True when this very write is the one that the crash tears: half of its bytes reach the file. */
bool weft_fs_torn(void);

/* Raise the error that `number` (errno) means: "<verb> <path>: <reason>". */
weft_status weft_fs_fail_errno(weft_ctx *ctx, int number, const char *verb, const char *path);
/* The status that an errno stands for. */
weft_status weft_fs_status_of_errno(int number);

/* Is it an artifact's path? */
bool weft_fs_is_named(const char *path);
/* What ctx->named says. Errors: WEFT_UNSUPPORTED when there is none. */
WEFT_MUST_CHECK weft_status weft_fs_find_named(weft_ctx *ctx, const char *path, char **whole, char **place);
/* The folder that holds a normalised path; in ctx->arena. */
WEFT_MUST_CHECK weft_status weft_fs_parent(weft_ctx *ctx, const char *path, char **out);
/* stat of a normalised path, without normalising again. */
WEFT_MUST_CHECK weft_status weft_fs_stat_normalised(weft_ctx *ctx, const char *path, weft_file_info *out);

/* pwrite all of data. Errors: WEFT_NOSPACE, WEFT_IO. */
WEFT_MUST_CHECK weft_status weft_fs_pwrite_all(weft_ctx *ctx, int fd, const char *path, const void *data,
                                               int64_t bytes, int64_t offset);
/* pread exactly bytes. Errors: WEFT_IO; WEFT_CORRUPT at the end of the file. */
WEFT_MUST_CHECK weft_status weft_fs_pread_all(weft_ctx *ctx, int fd, const char *path, void *to,
                                              int64_t bytes, int64_t offset);

/* Close a file that has no name any more, by a thread that nobody waits for when that takes time: the system
 * gives back its pages, some 0.2 s a GiB. */
void weft_fs_close_apart(int fd);
/* remove(3), with the same done for the file's bytes. */
int weft_fs_remove(const char *path);

#endif
