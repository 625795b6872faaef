/* engine/storage/scratch_space.c - the nameless files of the scratch folders, cut into chunks.
 *
 * A space has at most one file a folder, however many scratches share it. Chunks come from the current file:
 * those that were given back first, then fresh ones at its end. When its disk is full the next folder is
 * tried, and what was written stays readable where it is. A chunk that is given back is punched out of the
 * file, so that neither disk nor page cache keep bytes that nobody will read; where the file system cannot
 * do that, using chunks again still bounds the file by the most that was in use at once.
 *
 * Taking pages out of a file takes time, some 0.2 s a GiB. A statement that ends does not wait for it: its
 * space is abandoned first, and chunks given back from then on are left where they are, until the file goes.
 *
 * Folders that cannot be used (missing, read only) are skipped; only when none is left is that an error. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/hash.h"
#include "common/settings.h"
#include "engine/storage/scratch_internal.h"

enum {
    SPACE_FOLDERS_MAX = 1 << (32 - SCRATCH_CHUNK_BITS), /* disks of one machine */
    SPACE_CHUNKS_MAX = 1 << SCRATCH_CHUNK_BITS,         /* 256 TiB a file */
    SPACE_FREE_FIRST = 16,                              /* room in the list of free chunks to begin with */
    SPACE_CLOSE_CHUNKS = 64                             /* files of fewer are closed in a moment */
};

struct weft_scratch_space {
    atomic_int count;
    atomic_bool abandoned;
    pthread_mutex_t lock;
    char folders[WEFT_SETTING_TEXT_BYTES]; /* as set; zero bytes instead of commas */
    const char *folder[SPACE_FOLDERS_MAX];
    int32_t folder_count;
    int32_t tried;             /* folders used or given up; guarded by lock, as is all below */
    int32_t file_count;        /* the last one is the current one */
    int fd[SPACE_FOLDERS_MAX]; /* written once, before a chunk of it is given out */
    uint32_t end;              /* chunks of the current file, given out so far */
    uint32_t *free;            /* of them, those that came back; there is room for `end` of them */
    uint32_t free_count, free_capacity;
};

/* A nameless file in folder, or -1 with errno. */
static int space_make(weft_ctx *ctx, const char *folder)
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

/* Open a file in the next folder that takes one. Lock held. */
static weft_status space_advance(weft_ctx *ctx, weft_scratch_space *space)
{
    weft_status st = WEFT_OK;
    while (space->tried < space->folder_count) {
        const char *folder = space->folder[space->tried];
        WEFT_TRY(st, weft_fs_fault(ctx, "create a scratch file in", folder));
        space->tried++; /* an injected fault leaves the folder to the next statement's try */
        int fd = space_make(ctx, folder);
        if (fd < 0 && errno == ENOENT && weft_fs_make_directories(ctx, folder) == WEFT_OK) {
            fd = space_make(ctx, folder);
        }
        if (fd < 0) {
            st = weft_fs_fail_errno(ctx, errno, "create a scratch file in",
                                    folder); /* stays if no other serves */
            continue;
        }
        weft_error_clear(ctx);
        space->fd[space->file_count++] = fd;
        space->end = 0;
        space->free_count = 0; /* those of the file before are of no use: its disk is full */
        return WEFT_OK;
    }
    if (space->file_count > 0) {
        st = weft_fail(ctx, WEFT_NOSPACE, "No room left in the scratch folders '%s'.",
                       weft_setting_text(ctx, WEFT_SET_SCRATCH));
        weft_hint(ctx, "Free space there, add folders on other disks to weft.scratch.dir, or raise "
                       "weft.memory.limit so that less is spilled.");
        return st;
    }
    if (space->folder_count == 0) {
        st = weft_fail(ctx, WEFT_CONFIG, "The setting weft.scratch.dir names no folder.");
    } else {
        space->tried = 0; /* whoever asks next hears the reason too */
    }
    weft_hint(ctx, "Set weft.scratch.dir to folders that this process may write to.");
done:
    return st;
}

/* Cut the setting at its commas, blanks around folders taken away. */
static void space_split_folders(weft_scratch_space *space)
{
    char *p = space->folders;
    while (*p != 0 && space->folder_count < SPACE_FOLDERS_MAX) {
        p += strspn(p, ", ");
        const size_t len = strcspn(p, ",");
        char *end = p + len;
        const bool more = *end != 0;
        *end = 0;
        for (char *blank = end; blank > p && blank[-1] == ' ';) *--blank = 0;
        if (*p != 0) space->folder[space->folder_count++] = p;
        p = more ? end + 1 : end;
    }
}

weft_status weft_scratch_space_new(weft_ctx *ctx, weft_scratch_space **out)
{
    weft_status st = WEFT_OK;
    weft_scratch_space *space = NULL;
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(*space), (void **)&space));
    atomic_init(&space->count, 1);
    pthread_mutex_init(&space->lock, NULL); /* default attributes: cannot fail */
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, SPACE_FREE_FIRST * sizeof(*space->free),
                                (void **)&space->free));
    space->free_capacity = SPACE_FREE_FIRST;
    snprintf(space->folders, sizeof(space->folders), "%s", weft_setting_text(ctx, WEFT_SET_SCRATCH));
    space_split_folders(space);
    *out = space;
    space = NULL;
done:
    weft_scratch_space_release(&space);
    return st;
}

weft_scratch_space *weft_scratch_space_share(weft_scratch_space *space)
{
    if (space != NULL) atomic_fetch_add_explicit(&space->count, 1, memory_order_relaxed);
    return space;
}

void weft_scratch_space_abandon(weft_scratch_space *space)
{
    atomic_store_explicit(&space->abandoned, true, memory_order_release);
}

void weft_scratch_space_release(weft_scratch_space **space)
{
    weft_scratch_space *s = *space;
    *space = NULL;
    if (s == NULL || atomic_fetch_sub_explicit(&s->count, 1, memory_order_acq_rel) > 1) return;
    for (int32_t i = 0; i < s->file_count; i++) weft_fs_close_apart(s->fd[i]);
    pthread_mutex_destroy(&s->lock);
    weft_mem_free(s->free);
    weft_mem_free(s);
}

void weft_space_move(weft_scratch_space *space, weft_account *account)
{
    weft_mem_move(space->free, account);
    weft_mem_move(space, account);
}

weft_status weft_space_ready(weft_ctx *ctx, weft_scratch_space *space)
{
    pthread_mutex_lock(&space->lock);
    const weft_status st = space->file_count > 0 ? WEFT_OK : space_advance(ctx, space);
    pthread_mutex_unlock(&space->lock);
    return st;
}

int weft_space_locate(weft_scratch_space *space, uint32_t chunk, int64_t *offset)
{
    *offset = (int64_t)(chunk & (SPACE_CHUNKS_MAX - 1)) * SCRATCH_CHUNK_BYTES;
    return space->fd[chunk >> SCRATCH_CHUNK_BITS];
}

/* A chunk at the end of the current file, and room in the list for the day that it comes back. */
static weft_status space_fresh(weft_ctx *ctx, weft_scratch_space *space, uint32_t *chunk)
{
    weft_status st = WEFT_OK;
    if (space->end == SPACE_CHUNKS_MAX) return weft_fail(ctx, WEFT_LIMIT, "256 TiB in one scratch file");
    if (space->end == space->free_capacity) {
        const uint32_t capacity = space->free_capacity * 2;
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, capacity * sizeof(*space->free),
                                     (void **)&space->free)); /* in the account that it is in */
        space->free_capacity = capacity;
    }
    *chunk = (uint32_t)(space->file_count - 1) << SCRATCH_CHUNK_BITS | space->end++;
done:
    return st;
}

weft_status weft_space_take(weft_ctx *ctx, weft_scratch_space *space, uint32_t *chunk)
{
    weft_status st = WEFT_OK;
    pthread_mutex_lock(&space->lock);
    if (space->free_count > 0)
        *chunk = space->free[--space->free_count];
    else
        st = space_fresh(ctx, space, chunk);
    pthread_mutex_unlock(&space->lock);
    return st;
}

weft_status weft_space_full(weft_ctx *ctx, weft_scratch_space *space, uint32_t chunk)
{
    weft_status st = WEFT_OK;
    pthread_mutex_lock(&space->lock);
    if (space->file_count - 1 == (int32_t)(chunk >> SCRATCH_CHUNK_BITS)) st = space_advance(ctx, space);
    pthread_mutex_unlock(&space->lock);
    return st;
}

/* Neighbours at once: a scratch took most of its chunks one after the other. */
static void space_punch(weft_scratch_space *space, const uint32_t *chunks, uint32_t count)
{
    for (uint32_t i = 0; i < count;) {
        uint32_t run = 1;
        int64_t offset;
        const int fd = weft_space_locate(space, chunks[i], &offset);
        while (i + run < count && chunks[i + run] == chunks[i] + run) run++;
        /* where that is not supported the chunks are still used again */
        (void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
                        (int64_t)run * SCRATCH_CHUNK_BYTES);
        i += run;
    }
}

void weft_space_give(weft_scratch_space *space, const uint32_t *chunks, uint32_t count)
{
    if (atomic_load_explicit(&space->abandoned, memory_order_acquire) ||
        atomic_load_explicit(&space->count, memory_order_acquire) == 1)
        return; /* it all goes */
    space_punch(space, chunks, count);
    pthread_mutex_lock(&space->lock);
    for (uint32_t i = count; i-- > 0;) /* so that they are taken in this order again */
        if ((int32_t)(chunks[i] >> SCRATCH_CHUNK_BITS) == space->file_count - 1)
            space->free[space->free_count++] = chunks[i];
    pthread_mutex_unlock(&space->lock);
}
