/* engine/storage/scratch.c - spilled bytes in nameless files of the scratch folders.
 *
 * A scratch is up to one nameless file a folder. Appends go to the current file; when its disk is full, the
 * next folder is tried, and what was written stays readable where it is. An offset is (file index << 48 |
 * place), so a reader needs no table. Space is reserved under the lock and written outside it: appends of
 * several threads go to the disk side by side. A write that fails leaves a hole that nobody names.
 *
 * Folders that cannot be used (missing, read only) are skipped; only when none is left is that an error. */
#include "engine/storage/fs_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/hash.h"
#include "common/settings.h"

enum {
    SCRATCH_FOLDERS_MAX = 16, /* disks of one machine */
    SCRATCH_PLACE_BITS = 48   /* 256 TiB a file */
};

struct weft_scratch {
    pthread_mutex_t lock;
    char folders[WEFT_SETTING_TEXT_BYTES]; /* as set; zero bytes instead of commas */
    const char *folder[SCRATCH_FOLDERS_MAX];
    int32_t folder_count;
    int32_t tried;                    /* folders used or given up; guarded by lock */
    int32_t file_count;               /* guarded by lock */
    int fd[SCRATCH_FOLDERS_MAX];      /* written once, under lock, before its index is given out */
    int64_t end[SCRATCH_FOLDERS_MAX]; /* bytes reserved; guarded by lock */
};

/* A nameless file in folder, or -1 with errno. */
static int scratch_make(weft_ctx *ctx, const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
    char path[WEFT_SETTING_TEXT_BYTES + 64]; /* the file system knows no O_TMPFILE: make and unlink */
    uint64_t token = (uint64_t)weft_now_ns(ctx) ^ (uint64_t)getpid() << 32;
    for (int tries = 0; tries < 100 && fd < 0; tries++) {
        token = weft_hash_u64(token ^ (uint64_t)(uintptr_t)&fd);
        snprintf(path, sizeof(path), "%s/.weft-scratch-%016llx", folder, (unsigned long long)token);
        fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST) return -1;
    }
    if (fd >= 0) (void)unlink(path);
    return fd;
}

/* Open a file in the next folder that takes one. Called under the lock (or before the scratch is shared). */
static weft_status scratch_advance(weft_ctx *ctx, weft_scratch *scratch)
{
    weft_status st = WEFT_OK;
    while (scratch->tried < scratch->folder_count) {
        const char *folder = scratch->folder[scratch->tried++];
        WEFT_TRY(st, weft_fs_fault(ctx, "create a scratch file in", folder));
        int fd = scratch_make(ctx, folder);
        if (fd < 0 && errno == ENOENT && weft_fs_make_directories(ctx, folder) == WEFT_OK) {
            fd = scratch_make(ctx, folder);
        }
        if (fd < 0) {
            st = weft_fs_fail_errno(ctx, errno, "create a scratch file in",
                                    folder); /* stays if no other serves */
            continue;
        }
        weft_error_clear(ctx);
        scratch->end[scratch->file_count] = 0;
        scratch->fd[scratch->file_count++] = fd;
        return WEFT_OK;
    }
    if (scratch->file_count > 0) {
        st = weft_fail(ctx, WEFT_NOSPACE, "No room left in the scratch folders '%s'.",
                       weft_setting_text(ctx, WEFT_SET_SCRATCH));
        weft_hint(ctx, "Free space there, add folders on other disks to weft.scratch.dir, or raise "
                       "weft.memory.limit so that less is spilled.");
        return st;
    }
    if (st == WEFT_OK) st = weft_fail(ctx, WEFT_CONFIG, "The setting weft.scratch.dir names no folder.");
    weft_hint(ctx, "Set weft.scratch.dir to folders that this process may write to.");
done:
    return st;
}

/* Cut the setting at its commas, blanks around folders taken away. */
static void scratch_split_folders(weft_scratch *scratch)
{
    char *p = scratch->folders;
    while (*p != 0 && scratch->folder_count < SCRATCH_FOLDERS_MAX) {
        p += strspn(p, ", ");
        const size_t len = strcspn(p, ",");
        char *end = p + len;
        const bool more = *end != 0;
        *end = 0;
        for (char *blank = end; blank > p && blank[-1] == ' ';) *--blank = 0;
        if (*p != 0) scratch->folder[scratch->folder_count++] = p;
        p = more ? end + 1 : end;
    }
}

weft_status weft_scratch_open(weft_ctx *ctx, weft_scratch **out)
{
    weft_status st = WEFT_OK;
    weft_scratch *scratch = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*scratch), (void **)&scratch));
    pthread_mutex_init(&scratch->lock, NULL); /* default attributes: cannot fail */
    snprintf(scratch->folders, sizeof(scratch->folders), "%s", weft_setting_text(ctx, WEFT_SET_SCRATCH));
    scratch_split_folders(scratch);
    WEFT_TRY(st, scratch_advance(ctx, scratch));
    *out = scratch;
    scratch = NULL;
done:
    weft_scratch_close(&scratch);
    return st;
}

weft_status weft_scratch_append(weft_ctx *ctx, weft_scratch *scratch, const void *data, int64_t bytes,
                                int64_t *offset)
{
    weft_status st = WEFT_OK;
    for (;;) {
        pthread_mutex_lock(&scratch->lock);
        const int32_t index = scratch->file_count - 1;
        const int64_t place = scratch->end[index];
        scratch->end[index] += bytes;
        const int fd = scratch->fd[index];
        pthread_mutex_unlock(&scratch->lock);

        st = weft_fs_pwrite_all(ctx, fd, "scratch file", data, bytes, place);
        if (st == WEFT_OK) *offset = (int64_t)index << SCRATCH_PLACE_BITS | place;
        if (st != WEFT_NOSPACE) break;

        weft_error_clear(ctx);
        pthread_mutex_lock(&scratch->lock);
        const bool moved = scratch->file_count - 1 != index; /* another thread has gone on already */
        st = moved ? WEFT_OK : scratch_advance(ctx, scratch);
        pthread_mutex_unlock(&scratch->lock);
        if (st != WEFT_OK) break;
    }
    return st;
}

weft_status weft_scratch_read(weft_ctx *ctx, weft_scratch *scratch, int64_t offset, void *to, int64_t bytes)
{
    const int64_t index = offset >> SCRATCH_PLACE_BITS;
    assert(index >= 0 && index < SCRATCH_FOLDERS_MAX);
    return weft_fs_pread_all(ctx, scratch->fd[index], "scratch file", to, bytes,
                             offset & (((int64_t)1 << SCRATCH_PLACE_BITS) - 1));
}

void weft_scratch_close(weft_scratch **scratch)
{
    weft_scratch *s = *scratch;
    if (s == NULL) return;
    for (int32_t i = 0; i < s->file_count; i++) close(s->fd[i]);
    pthread_mutex_destroy(&s->lock);
    weft_mem_free(s);
    *scratch = NULL;
}
