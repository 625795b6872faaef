/* engine/storage/fs_lock.c - a lock that processes share: flock(2) on a file of its own.
 *
 * The system gives it back when the holder dies, and NFS carries it to the server as a lock of the whole
 * file, so it also holds between machines that share the folder. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "engine/storage/fs_internal.h"

enum {
    LOOK_MS = 2,          /* flock(2) that waits would not hear a cancelled statement */
    LOOKS_MAX = 60 * 500, /* about a minute: a holder that is stopped must not stop all others for ever */
};

weft_status weft_fs_lock(weft_ctx *ctx, const char *path, int *lock)
{
    weft_status st = WEFT_OK;
    char *normal = NULL;
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
    *lock = -1;
    WEFT_TRY(st, weft_fs_normalise(ctx, path, &normal));
    WEFT_TRY(st, weft_fs_fault(ctx, "lock", normal));
    const int fd = open(normal, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) return weft_fs_fail_errno(ctx, errno, "open the lock", normal);
    for (int32_t looks = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; looks++) {
        const int error = errno;
        if (error != EWOULDBLOCK && error != EINTR)
            st = weft_fs_fail_errno(ctx, error, "lock", normal);
        else if (looks == LOOKS_MAX)
            st = weft_fail(ctx, WEFT_IO, "Cannot lock '%s': another process holds it for a minute.", normal);
        else
            st = weft_check_cancel(ctx);
        if (st != WEFT_OK) {
            close(fd);
            goto done;
        }
        nanosleep(&pause, NULL);
    }
    *lock = fd;
done:
    return st;
}

void weft_fs_unlock(int *lock)
{
    if (*lock >= 0) close(*lock); /* the last descriptor of it: close gives the lock back */
    *lock = -1;
}
