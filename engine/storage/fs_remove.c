/* engine/storage/fs_remove.c - large files go without anybody waiting for it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/storage/fs_internal.h"

enum { REMOVE_APART_BYTES = 64 << 20 }; /* smaller files go in a moment */

static void *close_file(void *fd)
{
    close((int)(intptr_t)fd);
    return NULL;
}

void weft_fs_close_apart(int fd)
{
    struct stat info;
    pthread_t thread;
    if (fstat(fd, &info) == 0 && info.st_blocks < REMOVE_APART_BYTES / 512)
        close(fd);
    else if (pthread_create(&thread, NULL, close_file, (void *)(intptr_t)fd) == 0)
        pthread_detach(thread);
    else
        close(fd);
}

int weft_fs_remove(const char *path)
{
    const int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC); /* holds the bytes beyond the name */
    const int failed = remove(path);
    const int error = errno;
    if (fd >= 0) weft_fs_close_apart(fd);
    errno = error;
    return failed;
}
