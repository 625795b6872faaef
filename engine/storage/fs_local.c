/* engine/storage/fs_local.c - local files: paths, reading by pread, directories, renames.
 *
 * A weft_file is immutable once open (descriptor, size, path), so any thread may read it. Its size is taken
 * at open: a file that shrinks while it is read is an error (WEFT_CORRUPT), never a crash, since nothing is
 * mapped. */
#include "engine/storage/fs_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct weft_file {
    int fd;
    int64_t size_bytes;
    char path[];
};

/* The part of a file: URI that is a path, or NULL when the scheme is another. */
static const char *local_strip_scheme(const char *path)
{
    const char *colon = strchr(path, ':');
    const char *slash = strchr(path, '/');
    if (colon == NULL || slash == NULL || colon > slash || colon == path) return path;
    if (strncmp(path, "file:", 5) != 0) return NULL;
    path += 5;
    if (strncmp(path, "//", 2) != 0) return path;
    path += 2; /* file://[host]/path: only this machine is meant */
    if (*path == '/') return path;
    return strncmp(path, "localhost/", 10) == 0 ? path + 9 : NULL;
}

bool weft_fs_is_named(const char *path)
{
    return strncmp(path, WEFT_ARTIFACT_SCHEME, strlen(WEFT_ARTIFACT_SCHEME)) == 0;
}

weft_status weft_fs_find_named(weft_ctx *ctx, const char *path, char **whole, char **place)
{
    if (ctx->named != NULL) return ctx->named->find(ctx, ctx->named->self, path, whole, place);
    return weft_fail(ctx, WEFT_UNSUPPORTED, "There are no artifacts here: '%s'.", path);
}

weft_status weft_fs_normalise(weft_ctx *ctx, const char *path, char **out)
{
    weft_status st = WEFT_OK;
    char folder[4096] = "", *whole = NULL;
    if (weft_fs_is_named(path)) return weft_fs_find_named(ctx, path, &whole, out);
    const char *plain = local_strip_scheme(path);
    if (plain == NULL) {
        return weft_fail(ctx, WEFT_UNSUPPORTED,
                         "No file system for the path '%s': only local paths and file: URIs "
                         "can be read here.",
                         path);
    }
    if (*plain == 0) return weft_fail(ctx, WEFT_INVALID, "A path is empty.");
    if (*plain != '/' && getcwd(folder, sizeof(folder)) == NULL) {
        return weft_fs_fail_errno(ctx, errno, "find the current folder for", path);
    }
    char *made = NULL;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &made, "%s/%s", folder, plain));
    char *to = made;
    for (const char *p = made; *p != 0;) {
        while (*p == '/') p++;
        const size_t len = strcspn(p, "/");
        if (len > 0 && !(len == 1 && *p == '.')) {
            *to++ = '/';
            memmove(to, p, len);
            to += len;
        }
        p += len;
    }
    if (to == made) *to++ = '/';
    *to = 0;
    *out = made;
done:
    return st;
}

weft_status weft_fs_parent(weft_ctx *ctx, const char *path, char **out)
{
    const char *slash = strrchr(path, '/');
    const size_t len = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
    return weft_arena_copy(ctx, ctx->arena, slash == NULL ? "." : path, len, out);
}

weft_status weft_fs_stat_normalised(weft_ctx *ctx, const char *path, weft_file_info *out)
{
    weft_status st = WEFT_OK;
    struct stat info;
    WEFT_TRY(st, weft_fs_fault(ctx, "stat", path));
    if (stat(path, &info) != 0) {
        st = errno == ENOENT || errno == ENOTDIR
                 ? weft_fail(ctx, WEFT_NOT_FOUND, "Path does not exist: file:%s.", path)
                 : weft_fs_fail_errno(ctx, errno, "stat", path);
        goto done;
    }
    *out = (weft_file_info){
        .path = path,
        .size_bytes = info.st_size,
        .mtime_ns = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec,
        .is_directory = S_ISDIR(info.st_mode),
    };
done:
    return st;
}

weft_status weft_fs_stat(weft_ctx *ctx, const char *path, weft_file_info *out)
{
    weft_status st = WEFT_OK;
    char *normal = NULL;
    WEFT_TRY(st, weft_fs_normalise(ctx, path, &normal));
    WEFT_TRY(st, weft_fs_stat_normalised(ctx, normal, out));
done:
    return st;
}

weft_status weft_file_open(weft_ctx *ctx, const char *path, weft_file **out)
{
    weft_status st = WEFT_OK;
    weft_file *file = NULL;
    char *normal = NULL;
    struct stat info;
    int fd = -1;
    *out = NULL;
    WEFT_TRY(st, weft_fs_normalise(ctx, path, &normal));
    WEFT_TRY(st, weft_fs_fault(ctx, "open", normal));
    fd = open(normal, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        st = weft_fs_fail_errno(ctx, errno, "open", normal);
        goto done;
    }
    if (fstat(fd, &info) != 0) {
        st = weft_fs_fail_errno(ctx, errno, "stat", normal);
        goto done;
    }
    if (S_ISDIR(info.st_mode)) {
        st = weft_fail(ctx, WEFT_INVALID, "Cannot read '%s': it is a folder.", normal);
        goto done;
    }
    const size_t len = strlen(normal);
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*file) + len + 1, (void **)&file));
    file->fd = fd;
    file->size_bytes = info.st_size;
    memcpy(file->path, normal, len + 1);
    *out = file;
    fd = -1;
done:
    if (fd >= 0) close(fd);
    return st;
}

int64_t weft_file_size(const weft_file *file) { return file->size_bytes; }
const char *weft_file_path(const weft_file *file) { return file->path; }

void weft_file_close(weft_file **file)
{
    if (*file == NULL) return;
    close((*file)->fd);
    weft_mem_free(*file);
    *file = NULL;
}

weft_status weft_fs_pread_all(weft_ctx *ctx, int fd, const char *path, void *to, int64_t bytes,
                              int64_t offset)
{
    weft_status st = WEFT_OK;
    int64_t got = 0;
    WEFT_TRY(st, weft_fs_fault(ctx, "read", path));
    while (got < bytes) {
        const ssize_t n = pread(fd, (char *)to + got, (size_t)(bytes - got), (off_t)(offset + got));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            st = weft_fs_fail_errno(ctx, errno, "read", path);
            goto done;
        }
        if (n == 0) {
            st = weft_fail(ctx, WEFT_CORRUPT,
                           "'%s' ends at byte %lld, but bytes %lld to %lld were to be read.", path,
                           (long long)(offset + got), (long long)offset, (long long)(offset + bytes));
            goto done;
        }
        got += n;
    }
done:
    return st;
}

/* Ranges come out of files' own footers: they are checked, not trusted. */
static weft_status file_check_range(weft_ctx *ctx, const weft_file *file, int64_t offset, int64_t bytes)
{
    if (offset < 0 || bytes < 0 || offset > file->size_bytes || bytes > file->size_bytes - offset) {
        return weft_fail(ctx, WEFT_CORRUPT,
                         "'%s' has %lld bytes, but %lld bytes at offset %lld were to be read.", file->path,
                         (long long)file->size_bytes, (long long)bytes, (long long)offset);
    }
    return WEFT_OK;
}

weft_status weft_file_read(weft_ctx *ctx, weft_file *file, int64_t offset, void *to, int64_t bytes)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, file_check_range(ctx, file, offset, bytes));
    WEFT_TRY(st, weft_fs_pread_all(ctx, file->fd, file->path, to, bytes, offset));
done:
    return st;
}

enum { READ_GROUP_MAX = 64 }; /* neighbouring ranges that one preadv takes; system limit IOV_MAX is 1024 */

/* The first ranges that follow each other in the file without a gap; *bytes is their sum. */
static int32_t read_group(const weft_range *ranges, int32_t count, struct iovec *parts, int64_t *bytes)
{
    int32_t n = 0;
    *bytes = 0;
    while (n < count && n < READ_GROUP_MAX && (n == 0 || ranges[n].offset == ranges[0].offset + *bytes)) {
        parts[n] = (struct iovec){.iov_base = ranges[n].to, .iov_len = (size_t)ranges[n].bytes};
        *bytes += ranges[n].bytes;
        n++;
    }
    return n;
}

weft_status weft_file_read_ranges(weft_ctx *ctx, weft_file *file, const weft_range *ranges, int32_t count)
{
    weft_status st = WEFT_OK;
    struct iovec parts[READ_GROUP_MAX];
    for (int32_t i = 0; i < count; i++) {
        WEFT_TRY(st, file_check_range(ctx, file, ranges[i].offset, ranges[i].bytes));
    }
    for (int32_t i = 0; i < count;) {
        int64_t bytes;
        const int32_t n = read_group(ranges + i, count - i, parts, &bytes);
        if (n > 1) {
            WEFT_TRY(st, weft_fs_fault(ctx, "read", file->path));
            if (preadv(file->fd, parts, n, (off_t)ranges[i].offset) == bytes) {
                i += n;
                continue;
            }
        }
        for (const int32_t end = i + n; i < end;
             i++) { /* also after a short or failed preadv: errors rise here */
            WEFT_TRY(st, weft_fs_pread_all(ctx, file->fd, file->path, ranges[i].to, ranges[i].bytes,
                                           ranges[i].offset));
        }
    }
done:
    return st;
}

void weft_file_prefetch(weft_file *file, int64_t offset, int64_t bytes)
{
    if (offset < 0 || bytes <= 0) return;
    (void)posix_fadvise(file->fd, (off_t)offset, (off_t)bytes,
                        POSIX_FADV_WILLNEED); /* advice: may do nothing */
}

/* mkdir of one level; *made tells whether it was new. */
static weft_status make_one(weft_ctx *ctx, const char *path, bool *made)
{
    weft_status st = WEFT_OK;
    weft_file_info info;
    *made = false;
    WEFT_TRY(st, weft_fs_fault(ctx, "create the folder", path));
    if (mkdir(path, 0777) == 0) {
        *made = true;
        goto done;
    }
    const int number = errno;
    if (number == EEXIST || number == EISDIR || number == EROFS || number == EACCES) {
        st = weft_fs_stat_normalised(ctx, path, &info);
        if (st == WEFT_IO || (st == WEFT_OK && info.is_directory)) goto done;
        weft_error_clear(ctx);
    }
    st = weft_fs_fail_errno(ctx, number, "create the folder", path);
done:
    return st;
}

weft_status weft_fs_make_directories(weft_ctx *ctx, const char *path)
{
    weft_status st = WEFT_OK;
    char *normal = NULL;
    weft_file_info info;
    WEFT_TRY(st, weft_fs_normalise(ctx, path, &normal));
    st = weft_fs_stat_normalised(ctx, normal, &info);
    if (st == WEFT_IO || (st == WEFT_OK && info.is_directory)) goto done;
    weft_error_clear(ctx); /* not there yet, or no folder: mkdir tells */
    st = WEFT_OK;
    for (char *p = normal + 1;; p++) {
        if (*p != '/' && *p != 0) continue;
        const char kept = *p;
        bool made;
        *p = 0;
        WEFT_TRY(st, make_one(ctx, normal, &made));
        if (made) {
            char *parent = NULL;
            WEFT_TRY(st, weft_fs_parent(ctx, normal, &parent));
            WEFT_TRY(st, weft_fs_sync_directory(ctx, parent));
        }
        *p = kept;
        if (kept == 0) break;
    }
done:
    return st;
}

weft_status weft_fs_rename(weft_ctx *ctx, const char *from, const char *to)
{
    weft_status st = WEFT_OK;
    char *normal_from = NULL;
    char *normal_to = NULL;
    WEFT_TRY(st, weft_fs_normalise(ctx, from, &normal_from));
    WEFT_TRY(st, weft_fs_normalise(ctx, to, &normal_to));
    WEFT_TRY(st, weft_fs_fault(ctx, "rename", normal_from));
    if (rename(normal_from, normal_to) != 0) st = weft_fs_fail_errno(ctx, errno, "rename", normal_from);
done:
    return st;
}

weft_status weft_fs_make_directory(weft_ctx *ctx, const char *path)
{
    weft_status st = WEFT_OK;
    char *normal = NULL;
    WEFT_TRY(st, weft_fs_normalise(ctx, path, &normal));
    WEFT_TRY(st, weft_fs_fault(ctx, "create the folder", normal));
    if (mkdir(normal, 0777) != 0) st = weft_fs_fail_errno(ctx, errno, "create the folder", normal);
done:
    return st;
}

weft_status weft_fs_rename_new(weft_ctx *ctx, const char *from, const char *to)
{
    weft_status st = WEFT_OK;
    char *normal_from = NULL;
    char *normal_to = NULL;
    WEFT_TRY(st, weft_fs_normalise(ctx, from, &normal_from));
    WEFT_TRY(st, weft_fs_normalise(ctx, to, &normal_to));
    WEFT_TRY(st, weft_fs_fault(ctx, "rename", normal_from));
    int failed = renameat2(AT_FDCWD, normal_from, AT_FDCWD, normal_to, RENAME_NOREPLACE);
    if (failed != 0 && (errno == EINVAL || errno == ENOSYS)) { /* not on every file system; links are */
        failed = link(normal_from, normal_to);
        if (failed == 0) failed = unlink(normal_from);
    }
    if (failed != 0) st = weft_fs_fail_errno(ctx, errno, "rename", normal_from);
done:
    return st;
}

weft_status weft_fs_remove_if_exists(weft_ctx *ctx, const char *path)
{
    weft_status st = WEFT_OK;
    char *normal = NULL;
    WEFT_TRY(st, weft_fs_normalise(ctx, path, &normal));
    WEFT_TRY(st, weft_fs_fault(ctx, "remove", normal));
    if (weft_fs_remove(normal) != 0 && errno != ENOENT && errno != ENOTDIR) {
        st = weft_fs_fail_errno(ctx, errno, "remove", normal);
    }
done:
    return st;
}

weft_status weft_fs_sync_directory(weft_ctx *ctx, const char *path)
{
    weft_status st = WEFT_OK;
    char *normal = NULL;
    int fd = -1;
    WEFT_TRY(st, weft_fs_normalise(ctx, path, &normal));
    WEFT_TRY(st, weft_fs_fault(ctx, "sync the folder", normal));
    fd = open(normal, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        st = weft_fs_fail_errno(ctx, errno, "open the folder", normal);
        goto done;
    }
    /* Some file systems cannot sync a folder and say EINVAL: then there is nothing to do. */
    if (fsync(fd) != 0 && errno != EINVAL) st = weft_fs_fail_errno(ctx, errno, "sync the folder", normal);
done:
    if (fd >= 0) close(fd);
    return st;
}
