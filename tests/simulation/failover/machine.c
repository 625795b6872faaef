/* tests/simulation/failover/machine.c - see machine.h.
 *
 * Notes of names stand in the order in which they were made, and are taken back from the last one on. A file
 * that loses its last name, or is replaced, is linked into a folder of the world's own first, so that it can
 * come back. Of a file that was made and removed with nothing durable in between nothing is noted. */
#include "tests/simulation/failover/machine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NOTES_MAX = 4096, GROWN_MAX = 512, PATH_BYTES = 640 };

/* A name that has changed. */
typedef enum note_kind { NOTE_MADE, NOTE_MOVED, NOTE_REMOVED } note_kind;

typedef struct note {
    note_kind kind;
    bool is_folder;
    int32_t machine;
    ino_t object, folder; /* folder: whose fsync makes it durable … */
    ino_t from_folder;    /* … and where it was moved from */
    int64_t kept;         /* what was there before is linked under this number; 0: nothing was */
    char path[PATH_BYTES], from[PATH_BYTES];
} note;

/* A file with bytes that are not durable. */
typedef struct grown {
    int32_t machine;
    int fd;
    ino_t object;
    int64_t durable_bytes;
} grown;

static struct {
    const char *folder;
    char
        place[PATH_BYTES]; /* where it really is: what the kernel calls it when it is asked by a descriptor */
    dev_t device;
    note notes[NOTES_MAX];
    grown grown[GROWN_MAX];
    int32_t note_count, grown_count;
    int64_t kept;        /* that ever were */
    const process *down; /* that crashes with its machine */
    machine_counts counts;
} all; /* one world a process */

int __real_open(const char *path, int flags, ...);
int __real_openat(int folder, const char *path, int flags, ...);
ssize_t __real_pwrite(int fd, const void *bytes, size_t len, off_t offset);
int __real_ftruncate(int fd, off_t bytes);
int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __real_mkdir(const char *path, mode_t mode);
int __real_link(const char *from, const char *to);
int __real_rename(const char *from, const char *to);
int __real_renameat(int from_folder, const char *from, int to_folder, const char *to);
int __real_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags);
int __real_unlink(const char *path);
int __real_unlinkat(int folder, const char *path, int flags);
int __real_remove(const char *path);

machine_counts machine_count(void) { return all.counts; }

void machine_begin(const char *folder)
{
    char kept[PATH_BYTES];
    struct stat about;
    memset(&all, 0, sizeof(all));
    all.folder = folder;
    if (stat(folder, &about) == 0) all.device = about.st_dev;
    char *real = realpath(folder, NULL);
    snprintf(all.place, sizeof(all.place), "%s", real == NULL ? folder : real);
    free(real);
    snprintf(kept, sizeof(kept), "%s/.kept", folder);
    mkdir(kept, 0700);
}

/* ---- places ---- */

static void kept_path(int64_t number, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/.kept/%lld", all.folder, (long long)number);
}

/* The whole name of a path of the running program; false: it is not of the world. */
static bool find_place(int folder, const char *path, char out[PATH_BYTES])
{
    char above[PATH_BYTES] = "", link_of[64];
    const size_t real = strlen(all.place);
    if (process_now() == NULL || all.folder == NULL) return false;
    if (path[0] != '/') {
        snprintf(link_of, sizeof(link_of), "/proc/self/fd/%d", folder);
        const ssize_t len = readlink(link_of, above, sizeof(above) - 1);
        if (len <= 0) return false;
        above[len] = 0;
    }
    const bool is_real = strncmp(above, all.place, real) == 0;
    if (snprintf(out, PATH_BYTES, "%s%s%s%s", is_real ? all.folder : "", above + (is_real ? real : 0),
                 path[0] == '/' ? "" : "/", path) >= PATH_BYTES)
        return false;
    const size_t len = strlen(all.folder);
    return strncmp(out, all.folder, len) == 0 && out[len] == '/';
}

static ino_t above_of(const char *path)
{
    char above[PATH_BYTES];
    struct stat about;
    snprintf(above, sizeof(above), "%s", path);
    *strrchr(above, '/') = 0;
    return stat(above, &about) == 0 ? about.st_ino : 0;
}

static bool look_at(const char *path, struct stat *about) { return lstat(path, about) == 0; }

/* ---- names ---- */

static void forget(int32_t index)
{
    char path[PATH_BYTES];
    if (all.notes[index].kept > 0) {
        kept_path(all.notes[index].kept, path);
        __real_unlink(path);
    }
    all.note_count--;
    memmove(&all.notes[index], &all.notes[index + 1], (size_t)(all.note_count - index) * sizeof(note));
}

static void add_note(note n, const char *path, const struct stat *about)
{
    assert(all.note_count < NOTES_MAX);
    n.machine = process_now()->machine;
    n.object = about->st_ino;
    n.is_folder = S_ISDIR(about->st_mode);
    n.folder = above_of(path);
    snprintf(n.path, sizeof(n.path), "%s", path);
    all.notes[all.note_count++] = n;
}

static void note_made(const char *path)
{
    struct stat about;
    if (look_at(path, &about)) add_note((note){.kind = NOTE_MADE}, path, &about);
}

/* What is about to lose its name stays, under a number. */
static int64_t keep(const char *path, const struct stat *about)
{
    char kept[PATH_BYTES];
    if (S_ISDIR(about->st_mode)) return 0;
    kept_path(++all.kept, kept);
    return __real_link(path, kept) == 0 ? all.kept : 0;
}

static void drop_grown(ino_t object)
{
    for (int32_t i = 0; i < all.grown_count; i++) {
        if (all.grown[i].object != object) continue;
        close(all.grown[i].fd);
        all.grown[i--] = all.grown[--all.grown_count];
    }
}

/* Was it made here, and is not durable yet? Then with its removal nothing has been. */
static bool unmake(const char *path, ino_t object)
{
    for (int32_t i = all.note_count; i-- > 0;) {
        const note *n = &all.notes[i];
        if (n->object != object || strcmp(n->path, path) != 0) continue;
        if (n->kind != NOTE_MADE) return false;
        forget(i);
        drop_grown(object);
        return true;
    }
    return false;
}

static int removed(const char *path, const struct stat *about, int64_t kept, int failed)
{
    const int error = errno;
    if (failed == 0 && !unmake(path, about->st_ino)) {
        add_note((note){.kind = NOTE_REMOVED, .kept = kept}, path, about);
    } else if (kept > 0) {
        char to[PATH_BYTES];
        kept_path(kept, to);
        __real_unlink(to);
    }
    errno = error;
    return failed;
}

static int moved(const char *from, const char *to, const struct stat *about, int64_t replaced, int failed)
{
    const int error = errno;
    if (failed == 0) {
        note n = {.kind = NOTE_MOVED, .kept = replaced};
        snprintf(n.from, sizeof(n.from), "%s", from);
        n.from_folder = above_of(from);
        add_note(n, to, about);
    } else if (replaced > 0) {
        char kept[PATH_BYTES];
        kept_path(replaced, kept);
        __real_unlink(kept);
    }
    errno = error;
    return failed;
}

/* ---- bytes ---- */

static void note_bytes(int fd, int64_t offset)
{
    struct stat about;
    char path[64];
    if (process_now() == NULL || fstat(fd, &about) != 0 || about.st_dev != all.device || about.st_nlink == 0)
        return;
    for (int32_t i = 0; i < all.grown_count; i++)
        if (all.grown[i].object == about.st_ino) {
            all.grown[i].durable_bytes = weft_min_i64(all.grown[i].durable_bytes, offset);
            return;
        }
    assert(all.grown_count < GROWN_MAX);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    all.grown[all.grown_count++] = (grown){.machine = process_now()->machine,
                                           .fd = __real_open(path, O_WRONLY | O_CLOEXEC, 0),
                                           .object = about.st_ino,
                                           .durable_bytes = weft_min_i64(about.st_size, offset)};
}

static void note_durable(int fd)
{
    struct stat about;
    if (process_now() == NULL || fstat(fd, &about) != 0 || about.st_dev != all.device) return;
    if (!S_ISDIR(about.st_mode)) {
        drop_grown(about.st_ino);
        return;
    }
    for (int32_t i = all.note_count; i-- > 0;)
        if (all.notes[i].folder == about.st_ino) forget(i);
}

bool machine_keeps(const char *path)
{
    struct stat about;
    if (!look_at(path, &about)) return false;
    for (int32_t i = 0; i < all.note_count; i++)
        if (all.notes[i].object == about.st_ino) return false;
    for (int32_t i = 0; i < all.grown_count; i++)
        if (all.grown[i].object == about.st_ino) return false;
    return true;
}

/* ---- a machine goes down ---- */

static bool is_there(const char *path, ino_t object)
{
    struct stat about;
    return look_at(path, &about) && about.st_ino == object;
}

/* A folder whose name is lost takes with it what is in it. */
static void remove_whole(const char *path)
{
    char below[PATH_BYTES];
    DIR *d = opendir(path);
    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            snprintf(below, sizeof(below), "%s/%s", path, e->d_name) < PATH_BYTES)
            remove_whole(below);
    if (d != NULL) closedir(d);
    __real_remove(path);
}

/* A folder is there again, as another one for the file system. */
static void folder_again(const note *n)
{
    struct stat about;
    if (__real_mkdir(n->path, 0700) != 0 || !look_at(n->path, &about)) return;
    for (int32_t i = 0; i < all.note_count; i++) {
        if (all.notes[i].folder == n->object) all.notes[i].folder = about.st_ino;
        if (all.notes[i].from_folder == n->object) all.notes[i].from_folder = about.st_ino;
    }
}

/* What another machine has done with it since stands; and what stood in a folder that is gone, is gone. */
static void take_back(const note *n)
{
    static const char *const kinds[] = {"made", "moved", "removed"};
    char kept[PATH_BYTES];
    if (above_of(n->path) != n->folder) return;
    kept_path(n->kept, kept);
    switch (n->kind) {
    case NOTE_MADE:
        if (is_there(n->path, n->object)) remove_whole(n->path);
        break;
    case NOTE_MOVED:
        if (is_there(n->path, n->object) && above_of(n->from) == n->from_folder)
            __real_rename(n->path, n->from);
        if (n->kept > 0) __real_link(kept, n->path);
        break;
    case NOTE_REMOVED:
        if (n->is_folder)
            folder_again(n);
        else
            __real_link(kept, n->path);
        break;
    }
    sim_say("lost: %s %s", kinds[n->kind], n->path);
    all.counts.lost++;
}

static void take_back_names(int32_t machine)
{
    int32_t pending = 0;
    for (int32_t i = 0; i < all.note_count; i++) pending += all.notes[i].machine == machine;
    int64_t lost = sim_chance(500) ? pending : sim_dice(0, pending);
    for (int32_t i = all.note_count; i-- > 0;) {
        if (all.notes[i].machine != machine) continue;
        if (lost-- > 0) take_back(&all.notes[i]);
        forget(i);
    }
}

static void take_back_bytes(int32_t machine)
{
    for (int32_t i = all.grown_count; i-- > 0;) {
        struct stat about;
        const grown g = all.grown[i];
        if (g.machine != machine) continue;
        if (fstat(g.fd, &about) == 0 && about.st_size > g.durable_bytes) {
            const int64_t left = sim_dice(g.durable_bytes, about.st_size);
            if (__real_ftruncate(g.fd, left) != 0) sim_wrong("a file cannot be cut");
            all.counts.lost += left < about.st_size;
        }
        drop_grown(g.object);
    }
}

void machine_crash(process *p)
{
    if (!p->alive) return;
    all.counts.crashes++;
    all.down = p;
    process_crash(p);
}

void machine_crashed(const process *p)
{
    if (all.down != p) return;
    all.down = NULL;
    take_back_names(p->machine);
    take_back_bytes(p->machine);
}

/* ---- twins ---- */

/* The time of its last change is one of the world: who reads it puts that on record. */
static void changed(int fd)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {0}};
    if (process_now() == NULL) return;
    clock_gettime(CLOCK_REALTIME, &times[1]); /* the world's */
    (void)futimens(fd, times);
}

static int opened(int fd, bool is_new, int flags, const char *place)
{
    const int error = errno;
    if (fd >= 0 && is_new) note_made(place);
    if (fd >= 0 && (is_new || (flags & O_TRUNC) != 0)) changed(fd);
    if (fd >= 0 && !is_new && (flags & O_TRUNC) != 0) note_bytes(fd, 0);
    errno = error;
    return fd;
}

static mode_t mode_of(int flags, va_list more)
{
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
}

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    char place[PATH_BYTES];
    struct stat about;
    va_list more;
    va_start(more, flags);
    const mode_t mode = mode_of(flags, more);
    va_end(more);
    if ((flags & O_CREAT) == 0 || !find_place(AT_FDCWD, path, place)) return __real_open(path, flags, mode);
    const bool is_new = !look_at(place, &about);
    return opened(__real_open(path, flags, mode), is_new, flags, place);
}

int __wrap_openat(int folder, const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...)
{
    char place[PATH_BYTES];
    struct stat about;
    va_list more;
    va_start(more, flags);
    const mode_t mode = mode_of(flags, more);
    va_end(more);
    if ((flags & O_CREAT) == 0 || !find_place(folder, path, place))
        return __real_openat(folder, path, flags, mode);
    const bool is_new = !look_at(place, &about);
    return opened(__real_openat(folder, path, flags, mode), is_new, flags, place);
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    note_bytes(fd, offset);
    const ssize_t put = __real_pwrite(fd, bytes, len, offset);
    const int error = errno;
    changed(fd);
    errno = error;
    return put;
}

int __wrap_ftruncate(int fd, off_t bytes);
int __wrap_ftruncate(int fd, off_t bytes)
{
    note_bytes(fd, bytes);
    const int failed = __real_ftruncate(fd, bytes);
    const int error = errno;
    changed(fd);
    errno = error;
    return failed;
}

int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    note_durable(fd);
    return __real_fsync(fd);
}

int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
    note_durable(fd);
    return __real_fdatasync(fd);
}

int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
    char place[PATH_BYTES];
    const bool counts = find_place(AT_FDCWD, path, place);
    const int failed = __real_mkdir(path, mode);
    const int error = errno;
    if (counts && failed == 0) note_made(place);
    errno = error;
    return failed;
}

int __wrap_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to)
{
    char place[PATH_BYTES];
    const bool counts = find_place(AT_FDCWD, to, place);
    const int failed = __real_link(from, to);
    const int error = errno;
    if (counts && failed == 0) note_made(place);
    errno = error;
    return failed;
}

int __wrap_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags);
int __wrap_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    char from_place[PATH_BYTES], to_place[PATH_BYTES];
    struct stat about, old;
    if (!find_place(from_folder, from, from_place) || !find_place(to_folder, to, to_place) ||
        !look_at(from_place, &about))
        return __real_renameat2(from_folder, from, to_folder, to, flags);
    const int64_t replaced = look_at(to_place, &old) ? keep(to_place, &old) : 0;
    const int failed = __real_renameat2(from_folder, from, to_folder, to, flags);
    return moved(from_place, to_place, &about, replaced, failed);
}

int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
    return __wrap_renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int __wrap_renameat(int from_folder, const char *from, int to_folder, const char *to);
int __wrap_renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return __wrap_renameat2(from_folder, from, to_folder, to, 0);
}

int __wrap_unlinkat(int folder, const char *path, int flags);
int __wrap_unlinkat(int folder, const char *path, int flags)
{
    char place[PATH_BYTES];
    struct stat about;
    if (!find_place(folder, path, place) || !look_at(place, &about))
        return __real_unlinkat(folder, path, flags);
    const int64_t kept = keep(place, &about);
    return removed(place, &about, kept, __real_unlinkat(folder, path, flags));
}

int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path) { return __wrap_unlinkat(AT_FDCWD, path, 0); }

int __wrap_remove(const char *path);
int __wrap_remove(const char *path)
{
    struct stat about;
    const bool is_folder = look_at(path, &about) && S_ISDIR(about.st_mode);
    return __wrap_unlinkat(AT_FDCWD, path, is_folder ? AT_REMOVEDIR : 0);
}
