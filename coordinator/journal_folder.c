/* coordinator/journal_folder.c - a journal in a folder; see journal_disk.h. The folder is locked by flock(2)
 * on a file of its own, which ends with the process. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "coordinator/journal_disk.h"

typedef struct journal_folder {
    char *path;
    int folder; /* descriptor of the folder: names are relative to it */
    int lock;   /* -1: not held */
} journal_folder;

static weft_status io_fail(weft_ctx *ctx, const journal_folder *f, const char *what, const char *name,
                           int error)
{
    const weft_status code = error == ENOSPC || error == EDQUOT ? WEFT_NOSPACE : WEFT_IO;
    return weft_fail(ctx, code, "cannot %s %s/%s: %s", what, f->path, name, strerror(error));
}

static weft_status folder_lock(weft_ctx *ctx, void *self)
{
    journal_folder *f = self;
    f->lock = openat(f->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (f->lock < 0) return io_fail(ctx, f, "open", "lock", errno);
    if (flock(f->lock, LOCK_EX | LOCK_NB) == 0) return WEFT_OK;
    const int error = errno;
    close(f->lock);
    f->lock = -1;
    if (error != EWOULDBLOCK) return io_fail(ctx, f, "lock", "lock", error);
    const weft_status st = weft_fail(ctx, WEFT_EXISTS, "another coordinator uses the journal in %s", f->path);
    weft_hint(ctx, "give each coordinator a --work-dir of its own");
    return st;
}

static void folder_unlock(void *self)
{
    journal_folder *f = self;
    if (f->lock >= 0) close(f->lock);
    f->lock = -1;
}

static weft_status folder_size(weft_ctx *ctx, void *self, const char *name, int64_t *bytes)
{
    const journal_folder *f = self;
    struct stat about;
    *bytes = 0;
    if (fstatat(f->folder, name, &about, 0) == 0)
        *bytes = about.st_size;
    else if (errno != ENOENT)
        return io_fail(ctx, f, "look at", name, errno);
    return WEFT_OK;
}

static weft_status folder_read(weft_ctx *ctx, void *self, const char *name, int64_t offset, void *out,
                               size_t len)
{
    const journal_folder *f = self;
    weft_status st = WEFT_OK;
    const int fd = openat(f->folder, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return io_fail(ctx, f, "read", name, errno);
    for (size_t done = 0; done < len && st == WEFT_OK;) {
        const ssize_t got = pread(fd, (char *)out + done, len - done, (off_t)offset + (off_t)done);
        if (got < 0 && errno != EINTR) st = io_fail(ctx, f, "read", name, errno);
        if (got == 0) st = weft_fail(ctx, WEFT_CORRUPT, "%s/%s is shorter than it was", f->path, name);
        if (got > 0) done += (size_t)got;
    }
    close(fd);
    return st;
}

/* 0 or errno. */
static int write_at(int fd, int64_t offset, const void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        const ssize_t wrote = pwrite(fd, (const char *)bytes + done, len - done, (off_t)offset + (off_t)done);
        if (wrote < 0 && errno != EINTR) return errno;
        if (wrote > 0) done += (size_t)wrote;
    }
    return 0;
}

static weft_status folder_append(weft_ctx *ctx, void *self, const char *name, int64_t end, const void *bytes,
                                 size_t len, bool *undone)
{
    const journal_folder *f = self;
    weft_status st = WEFT_OK;
    const int fd = openat(f->folder, name, O_WRONLY | O_CLOEXEC);
    *undone = fd < 0;
    if (fd < 0) return io_fail(ctx, f, "write", name, errno);
    int error = write_at(fd, end, bytes, len);
    if (error != 0) {
        st = io_fail(ctx, f, "write", name, error);
        *undone = ftruncate(fd, (off_t)end) == 0 && fdatasync(fd) == 0;
    } else if (fdatasync(fd) != 0)
        st =
            io_fail(ctx, f, "write", name, errno); /* what the kernel does with the pages now, nobody knows */
    close(fd);
    return st;
}

static weft_status folder_truncate(weft_ctx *ctx, void *self, const char *name, int64_t bytes)
{
    const journal_folder *f = self;
    const int fd = openat(f->folder, name, O_WRONLY | O_CLOEXEC);
    const bool done = fd >= 0 && ftruncate(fd, (off_t)bytes) == 0 && fsync(fd) == 0;
    const int error = errno;
    if (fd >= 0) close(fd);
    return done ? WEFT_OK : io_fail(ctx, f, "cut", name, error);
}

static weft_status folder_put(weft_ctx *ctx, void *self, const char *name, const void *bytes, size_t len)
{
    const journal_folder *f = self;
    static const char temporary[] = "new"; /* one process, one write at a time */
    const int fd = openat(f->folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return io_fail(ctx, f, "write", name, errno);
    int error = write_at(fd, 0, bytes, len);
    if (error == 0 && fsync(fd) != 0) error = errno;
    if (close(fd) != 0 && error == 0) error = errno;
    if (error == 0 && renameat(f->folder, temporary, f->folder, name) != 0) error = errno;
    if (error != 0) {
        unlinkat(f->folder, temporary, 0);
        return io_fail(ctx, f, "write", name, error);
    }
    if (fsync(f->folder) == 0) return WEFT_OK;
    /* whatever the reason: the new file may be there */
    return weft_fail(ctx, WEFT_IO, "cannot write %s/%s: %s", f->path, name, strerror(errno));
}

static weft_status folder_remove(weft_ctx *ctx, void *self, const char *name)
{
    const journal_folder *f = self;
    if (unlinkat(f->folder, name, 0) == 0 || errno == ENOENT) return WEFT_OK;
    return io_fail(ctx, f, "remove", name, errno);
}

static weft_status folder_list(weft_ctx *ctx, void *self,
                               weft_status (*visit)(weft_ctx *ctx, void *of, const char *name), void *of)
{
    const journal_folder *f = self;
    weft_status st = WEFT_OK;
    DIR *dir = opendir(f->path);
    if (dir == NULL) return io_fail(ctx, f, "list", ".", errno);
    for (struct dirent *entry = readdir(dir); entry != NULL && st == WEFT_OK; entry = readdir(dir))
        if (entry->d_name[0] != '.') st = visit(ctx, of, entry->d_name);
    closedir(dir);
    return st;
}

/* The folder's own name is durable only when the folder above it is. */
static weft_status sync_above(weft_ctx *ctx, const journal_folder *f)
{
    const int above = openat(f->folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool done = above >= 0 && fsync(above) == 0;
    const int error = errno;
    if (above >= 0) close(above);
    return done ? WEFT_OK : io_fail(ctx, f, "make durable", ".", error);
}

weft_status weft_journal_folder_open(weft_ctx *ctx, const char *path, weft_journal_disk *out)
{
    weft_status st = WEFT_OK;
    journal_folder *f = NULL;
    const size_t len = strlen(path);
    *out = (weft_journal_disk){0};
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return weft_fail(ctx, WEFT_IO, "cannot make the folder of the journal %s: %s", path, strerror(errno));
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*f) + len + 1, (void **)&f));
    f->path = (char *)(f + 1);
    memcpy(f->path, path, len);
    f->lock = -1;
    f->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->folder < 0)
        WEFT_TRY(st, weft_fail(ctx, WEFT_IO, "cannot open the folder of the journal %s: %s", path,
                               strerror(errno)));
    WEFT_TRY(st, sync_above(ctx, f));
    if (fsync(f->folder) != 0) /* a process may have died between a file's name and its being durable */
        WEFT_TRY(st, io_fail(ctx, f, "make durable", ".", errno));
    *out = (weft_journal_disk){.self = f,
                               .lock = folder_lock,
                               .unlock = folder_unlock,
                               .size = folder_size,
                               .read = folder_read,
                               .append = folder_append,
                               .truncate = folder_truncate,
                               .put = folder_put,
                               .remove = folder_remove,
                               .list = folder_list};
    f = NULL;
done:
    if (f != NULL && f->folder >= 0) close(f->folder);
    weft_mem_free(f);
    return st;
}

void weft_journal_folder_close(weft_journal_disk *disk)
{
    journal_folder *f = disk->self;
    *disk = (weft_journal_disk){0};
    if (f == NULL) return;
    folder_unlock(f);
    close(f->folder);
    weft_mem_free(f);
}
