/* engine/storage/fs.h - one file-system interface: local files now; HDFS, S3 and HTTP behind the same table
 * later.
 *
 * Files are read into buffers of the caller, never mapped (a SIGBUS kills a process). Every call may be made
 * to fail by weft_fs_fail_after (tests). Paths: plain, or file: URIs. Thread-safe: a weft_file may be read by
 * any thread. */
#ifndef WEFT_STORAGE_FS_H
#define WEFT_STORAGE_FS_H

#include "common/mem.h"

typedef struct weft_file weft_file;

typedef struct weft_file_info {
    const char *path; /* normalised; in the arena of the ctx that asked */
    int64_t size_bytes;
    int64_t mtime_ns;
    int32_t base_bytes; /* so many bytes of the path are the folder that was asked for (of a file: where it
                           lies); what stands below it may be partition folders. 0: not known */
    bool is_directory;
    const char *folder; /* of a partition that lies outside of its table: the partition folders "k=1/j=2" that
                           stand for those of the path; else NULL */
} weft_file_info;

/* Files that have a name and no place: "artifact:files/NAME", of a session, and "artifact:SHA-256/NAME".
 * Where they lie on this machine is found by ctx->named; all below takes such paths for reading. */
#define WEFT_ARTIFACT_SCHEME "artifact:"
struct weft_named_files {
    void *self;
    /* *whole: the path with the digest, which means the same bytes to every process; *place: a local path. In
     * ctx->arena. Errors: WEFT_NOT_FOUND, those of fetching it. */
    weft_status (*find)(weft_ctx *ctx, void *self, const char *path, char **whole, char **place);
};

typedef struct weft_range {
    int64_t offset, bytes;
    void *to; /* caller's memory, bytes long */
} weft_range;

/* Expand a path, directory (recursively; names beginning with '_' or '.' are left out, as Spark does) or glob
 * (* ? [] {a,b}) into files, sorted by path bytes. In ctx->arena. Errors: WEFT_NOT_FOUND when nothing
 * matches. */
WEFT_MUST_CHECK weft_status weft_fs_list(weft_ctx *ctx, const char *path, weft_file_info **files,
                                         int32_t *count);
/* The folders that lie `depth` levels (1: directly) below a folder, as paths below it, sorted, without those
 * that weft_fs_list leaves out, and also those that are empty. A folder that is not there has none. */
WEFT_MUST_CHECK weft_status weft_fs_list_folders(weft_ctx *ctx, const char *path, int32_t depth,
                                                 const char *const **folders, int32_t *count);
WEFT_MUST_CHECK weft_status weft_fs_stat(weft_ctx *ctx, const char *path, weft_file_info *out);

/* Open for reading. Errors: WEFT_NOT_FOUND, WEFT_IO with the path and the system's reason. */
WEFT_MUST_CHECK weft_status weft_file_open(weft_ctx *ctx, const char *path, weft_file **out);
int64_t weft_file_size(const weft_file *file);
const char *weft_file_path(const weft_file *file);
/* Read exactly `bytes` at offset. Errors: WEFT_IO; WEFT_CORRUPT when the file ends before. */
WEFT_MUST_CHECK weft_status weft_file_read(weft_ctx *ctx, weft_file *file, int64_t offset, void *to,
                                           int64_t bytes);
/* Read several ranges; the completion interface of the design: ranges may be read in parallel or ahead.
 * Tell the system that a range will be read soon (no error, may do nothing). */
WEFT_MUST_CHECK weft_status weft_file_read_ranges(weft_ctx *ctx, weft_file *file, const weft_range *ranges,
                                                  int32_t count);
void weft_file_prefetch(weft_file *file, int64_t offset, int64_t bytes);
void weft_file_close(weft_file **file);

/* Writing: a new file only (WEFT_EXISTS otherwise), appended, made durable by close. */
typedef struct weft_file_writer weft_file_writer;
WEFT_MUST_CHECK weft_status weft_file_create(weft_ctx *ctx, const char *path, weft_file_writer **out);
WEFT_MUST_CHECK weft_status weft_file_append(weft_ctx *ctx, weft_file_writer *writer, const void *data,
                                             int64_t bytes);
int64_t weft_file_written_bytes(const weft_file_writer *writer);
/* fsync file and directory, close. *writer is NULL afterwards on every path. Errors: WEFT_IO, WEFT_NOSPACE.
 */
WEFT_MUST_CHECK weft_status weft_file_finish(weft_ctx *ctx, weft_file_writer **writer);
/* Close and delete what was written; errors are ignored (the file is private to the attempt). */
void weft_file_abandon(weft_file_writer **writer);

/* Anonymous scratch: spilled pages, in nameless files (O_TMPFILE) of the settings' scratch folders. A space
 * is what a statement may fill: at most one file a folder, opened when they are needed, shared by any number
 * of scratches. Counted: its files, and with them all their bytes, go with its last holder or with the
 * process. Its memory stays in the account that it was made with. Any thread. */
WEFT_MUST_CHECK weft_status weft_scratch_space_new(weft_ctx *ctx, weft_scratch_space **out);
weft_scratch_space *weft_scratch_space_share(weft_scratch_space *space); /* NULL is allowed */
void weft_scratch_space_release(weft_scratch_space **space);
/* The statement has ended: what is given back from now on stays on disk until the last holder leaves, so that
 * nobody waits for the file system. */
void weft_scratch_space_abandon(weft_scratch_space *space);

/* A scratch: bytes that one holder appends and reads by position, and gives back as a whole: what it used is
 * used again. Positional reads and appends by any thread. space NULL: one of its own.
 * Errors: WEFT_NOMEM, WEFT_CONFIG and WEFT_IO when there is no folder to write to. */
typedef struct weft_scratch weft_scratch;
WEFT_MUST_CHECK weft_status weft_scratch_open(weft_ctx *ctx, weft_scratch_space *space, weft_scratch **out);
/* Charge its memory to another account. */
void weft_scratch_move(weft_scratch *scratch, weft_account *account);
/* Append; *offset is where it lies. When a disk is full the next folder is tried. Errors: WEFT_NOSPACE when
 * all are, WEFT_IO, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_scratch_append(weft_ctx *ctx, weft_scratch *scratch, const void *data,
                                                int64_t bytes, int64_t *offset);
WEFT_MUST_CHECK weft_status weft_scratch_read(weft_ctx *ctx, weft_scratch *scratch, int64_t offset, void *to,
                                              int64_t bytes);
void weft_scratch_close(weft_scratch **scratch);

/* For commits: directories, renames, removal. Each is idempotent where the name says so. */
WEFT_MUST_CHECK weft_status weft_fs_make_directories(weft_ctx *ctx, const char *path);
/* One level. Errors: WEFT_EXISTS, WEFT_NOT_FOUND when the folder above is not there. */
WEFT_MUST_CHECK weft_status weft_fs_make_directory(weft_ctx *ctx, const char *path);
/* Rename to a name that nobody has, in one step: WEFT_EXISTS when somebody has. */
WEFT_MUST_CHECK weft_status weft_fs_rename_new(weft_ctx *ctx, const char *from, const char *to);
WEFT_MUST_CHECK weft_status weft_fs_rename(weft_ctx *ctx, const char *from, const char *to);
/* Absolute path of a plain path, file: URI or artifact, without double slashes, "." and a trailing slash; in
 * ctx->arena. Errors: WEFT_UNSUPPORTED for another scheme, WEFT_INVALID for an empty path or a zero byte. */
WEFT_MUST_CHECK weft_status weft_fs_normalise(weft_ctx *ctx, const char *path, char **out);
/* A file or an empty directory. Errors: WEFT_EXISTS for a directory that is not empty. */
WEFT_MUST_CHECK weft_status weft_fs_remove_if_exists(weft_ctx *ctx, const char *path);
/* A file, or a folder with all that is in it. What is gone already is no error. Links are removed, not
 * followed. */
WEFT_MUST_CHECK weft_status weft_fs_remove_tree(weft_ctx *ctx, const char *path);
WEFT_MUST_CHECK weft_status weft_fs_sync_directory(weft_ctx *ctx, const char *path);

/* Wait for the lock that a file stands for (made when its folder is there), among all threads and processes
 * that see the file. Its holder loses it by weft_fs_unlock or by dying; the file stays. *lock is -1 when it
 * is not held. Errors: WEFT_NOT_FOUND without the folder, WEFT_CANCELLED, WEFT_DEADLINE, WEFT_IO after a
 * minute. */
WEFT_MUST_CHECK weft_status weft_fs_lock(weft_ctx *ctx, const char *path, int *lock);
void weft_fs_unlock(int *lock); /* -1 is allowed */

/* Make the n-th file operation of the process from now on fail with WEFT_IO (0: off); returns those counted
 * since. */
int64_t weft_fs_fail_after(int64_t n);
/* Make the process "die" at its n-th file operation: that one and all later ones fail with WEFT_IO, a write
 * is torn in the middle, and clean-up leaves files as they are. 0: off. Returns as above. */
int64_t weft_fs_crash_after(int64_t n);

#endif
