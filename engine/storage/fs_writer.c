/* engine/storage/fs_writer.c - new local files: buffered appends, durable at finish.
 *
 * Memory: one buffer of 64 KiB; larger appends go to the system at once. One thread at a time. */
#include "engine/storage/fs_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { WRITER_BUFFER_BYTES = 64 * 1024 }; /* above this a system call costs little beside the copy */

struct weft_file_writer {
    int fd;
    int64_t flushed_bytes; /* in the file */
    int64_t used;          /* in the buffer */
    char *path;
    char buffer[WRITER_BUFFER_BYTES];
};

weft_status weft_fs_pwrite_all(weft_ctx *ctx, int fd, const char *path, const void *data, int64_t bytes,
                               int64_t offset)
{
    weft_status st = weft_fs_fault(ctx, "write", path);
    if (st != WEFT_OK) { /* a crash in mid-write leaves half of it */
        if (weft_fs_torn() && pwrite(fd, data, (size_t)(bytes / 2), (off_t)offset) < 0) return st;
        return st;
    }
    int64_t put = 0;
    while (put < bytes) {
        const ssize_t n = pwrite(fd, (const char *)data + put, (size_t)(bytes - put), (off_t)(offset + put));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return weft_fs_fail_errno(ctx, n < 0 ? errno : ENOSPC, "write", path);
        put += n;
    }
    return WEFT_OK;
}

weft_status weft_file_create(weft_ctx *ctx, const char *path, weft_file_writer **out)
{
    weft_status st = WEFT_OK;
    weft_file_writer *writer = NULL;
    char *normal = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_fs_normalise(ctx, path, &normal));
    WEFT_TRY(st, weft_fs_fault(ctx, "create", normal));
    const size_t len = strlen(normal);
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, sizeof(*writer) + len + 1, (void **)&writer));
    writer->flushed_bytes = 0;
    writer->used = 0;
    writer->path = (char *)(writer + 1);
    memcpy(writer->path, normal, len + 1);
    writer->fd = open(normal, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (writer->fd < 0) {
        st = weft_fs_fail_errno(ctx, errno, "create", normal);
        goto done;
    }
    *out = writer;
    writer = NULL;
done:
    weft_mem_free(writer);
    return st;
}

static weft_status writer_flush(weft_ctx *ctx, weft_file_writer *writer)
{
    weft_status st = WEFT_OK;
    if (writer->used == 0) goto done;
    WEFT_TRY(st, weft_fs_pwrite_all(ctx, writer->fd, writer->path, writer->buffer, writer->used,
                                    writer->flushed_bytes));
    writer->flushed_bytes += writer->used;
    writer->used = 0;
done:
    return st;
}

weft_status weft_file_append(weft_ctx *ctx, weft_file_writer *writer, const void *data, int64_t bytes)
{
    weft_status st = WEFT_OK;
    if (bytes > WRITER_BUFFER_BYTES - writer->used) WEFT_TRY(st, writer_flush(ctx, writer));
    if (bytes >= WRITER_BUFFER_BYTES) {
        WEFT_TRY(st, weft_fs_pwrite_all(ctx, writer->fd, writer->path, data, bytes, writer->flushed_bytes));
        writer->flushed_bytes += bytes;
    } else if (bytes > 0) {
        memcpy(writer->buffer + writer->used, data, (size_t)bytes);
        writer->used += bytes;
    }
done:
    return st;
}

int64_t weft_file_written_bytes(const weft_file_writer *writer)
{
    return writer->flushed_bytes + writer->used;
}

weft_status weft_file_finish(weft_ctx *ctx, weft_file_writer **writer)
{
    weft_status st = WEFT_OK;
    weft_file_writer *w = *writer;
    char *parent = NULL;
    WEFT_TRY(st, writer_flush(ctx, w));
    WEFT_TRY(st, weft_fs_fault(ctx, "sync", w->path));
    if (fsync(w->fd) != 0 && errno != EINVAL) {
        st = weft_fs_fail_errno(ctx, errno, "sync", w->path);
        goto done;
    }
    const int closed = close(w->fd);
    w->fd = -1;
    if (closed != 0 && errno != EINTR) {
        st = weft_fs_fail_errno(ctx, errno, "close", w->path);
        goto done;
    }
    WEFT_TRY(st, weft_fs_parent(ctx, w->path, &parent));
    WEFT_TRY(st, weft_fs_sync_directory(ctx, parent));
    weft_mem_free(w);
    *writer = NULL;
done:
    if (st != WEFT_OK) weft_file_abandon(writer);
    return st;
}

void weft_file_abandon(weft_file_writer **writer)
{
    weft_file_writer *w = *writer;
    if (w == NULL) return;
    if (!weft_fs_crashed())
        (void)weft_fs_remove(w->path); /* private to the attempt; the job's clean-up removes leftovers */
    if (w->fd >= 0) weft_fs_close_apart(w->fd);
    weft_mem_free(w);
    *writer = NULL;
}
