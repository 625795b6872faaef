/* tests/support/faults/failing_calls.c - preloaded into a process: the n-th call of a kind fails, once.
 *
 *     LD_PRELOAD=libfailing_calls.so WEFT_FAIL_CALL=write WEFT_FAIL_NUMBER=8 WEFT_FAIL_WITH=ENOSPC
 *         WEFT_FAIL_TELL=FILE weft worker …
 *
 *     read      read, pread, preadv of regular files     EIO, SHORT
 *     write     write, pwrite to regular files           EIO, ENOSPC, SHORT
 *     sync      fsync, fdatasync                         EIO, ENOSPC
 *     open      open, openat, but of /proc and /sys      EIO, EMFILE, ENOSPC
 *     send      send on network sockets                  ECONNRESET, EPIPE, ENOBUFS, SHORT
 *     receive   recv on network sockets                  ECONNRESET, ETIMEDOUT, SHORT
 *
 * SHORT: the first byte only. When it has happened, FILE holds what it was, in a line. Which calls there are:
 * nm -D of weft and libzmq. ENOMEM of sockets, on which libzmq ends its process, is left out
 * (docs/cluster.md). */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

typedef enum kind { READ, WRITE, SYNC, OPEN, SEND, RECEIVE, KINDS } kind;

static const char *const kind_names[KINDS] = {"read", "write", "sync", "open", "send", "receive"};

enum { SHORT = -1 };

/* Set once, before main. */
static kind wanted = KINDS;
static long number;
static int with;
static const char *tell;
static _Atomic long calls;

__attribute__((constructor)) static void configure(void)
{
    static const struct {
        const char *name;
        int error;
    } errors[] = {{"EIO", EIO},
                  {"ENOSPC", ENOSPC},
                  {"EMFILE", EMFILE},
                  {"EPIPE", EPIPE},
                  {"ECONNRESET", ECONNRESET},
                  {"ETIMEDOUT", ETIMEDOUT},
                  {"ENOBUFS", ENOBUFS},
                  {"SHORT", SHORT}};
    const char *call = getenv("WEFT_FAIL_CALL"), *n = getenv("WEFT_FAIL_NUMBER");
    const char *e = getenv("WEFT_FAIL_WITH");
    tell = getenv("WEFT_FAIL_TELL");
    if (call == NULL || n == NULL || e == NULL || tell == NULL) return;
    number = strtol(n, NULL, 10);
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (strcmp(e, errors[i].name) == 0) with = errors[i].error;
    for (int i = 0; i < KINDS && with != 0; i++)
        if (strcmp(call, kind_names[i]) == 0) wanted = (kind)i;
}

static void *real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL) abort();
    return function;
}

static void tell_of(const char *call, int fd)
{
    char line[256], path[64], target[128] = "";
    static int (*open_really)(const char *, int, ...);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    const ssize_t n = fd < 0 ? 0 : readlink(path, target, sizeof(target) - 1);
    target[n < 0 ? 0 : n] = 0;
    const int len = snprintf(line, sizeof(line), "%s number %ld, %s\n", call, number, target);
    open_really = (int (*)(const char *, int, ...))real("open");
    const int file = open_really(tell, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || write(file, line, (size_t)len) != len) abort();
    close(file);
}

/* Is this the one? With an errno it has failed: the caller returns -1. */
static int chosen(kind k, const char *call, int fd)
{
    if (k != wanted || atomic_fetch_add(&calls, 1) + 1 != number) return 0;
    tell_of(call, fd);
    if (with > 0) errno = with;
    return with;
}

static int chosen_file(kind k, const char *call, int fd)
{
    struct stat s;
    return k == wanted && fstat(fd, &s) == 0 && S_ISREG(s.st_mode) ? chosen(k, call, fd) : 0;
}

static int chosen_socket(kind k, const char *call, int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    if (k != wanted || getsockname(fd, (struct sockaddr *)&address, &len) != 0) return 0;
    return address.ss_family == AF_INET || address.ss_family == AF_INET6 ? chosen(k, call, fd) : 0;
}

/* ---- files ---- */

EXPORTED ssize_t read(int fd, void *data, size_t count)
{
    static ssize_t (*really)(int, void *, size_t);
    if (really == NULL) really = (ssize_t(*)(int, void *, size_t))real("read");
    const int how = chosen_file(READ, "read", fd);
    return how > 0 ? -1 : really(fd, data, how == SHORT && count > 1 ? 1 : count);
}

EXPORTED ssize_t pread(int fd, void *data, size_t count, off_t at)
{
    static ssize_t (*really)(int, void *, size_t, off_t);
    if (really == NULL) really = (ssize_t(*)(int, void *, size_t, off_t))real("pread");
    const int how = chosen_file(READ, "pread", fd);
    return how > 0 ? -1 : really(fd, data, how == SHORT && count > 1 ? 1 : count, at);
}

EXPORTED ssize_t preadv(int fd, const struct iovec *parts, int count, off_t at)
{
    static ssize_t (*really)(int, const struct iovec *, int, off_t);
    if (really == NULL) really = (ssize_t(*)(int, const struct iovec *, int, off_t))real("preadv");
    const int how = chosen_file(READ, "preadv", fd);
    return how > 0 ? -1 : really(fd, parts, how == SHORT ? 1 : count, at);
}

EXPORTED ssize_t write(int fd, const void *data, size_t count)
{
    static ssize_t (*really)(int, const void *, size_t);
    if (really == NULL) really = (ssize_t(*)(int, const void *, size_t))real("write");
    const int how = chosen_file(WRITE, "write", fd);
    return how > 0 ? -1 : really(fd, data, how == SHORT && count > 1 ? 1 : count);
}

EXPORTED ssize_t pwrite(int fd, const void *data, size_t count, off_t at)
{
    static ssize_t (*really)(int, const void *, size_t, off_t);
    if (really == NULL) really = (ssize_t(*)(int, const void *, size_t, off_t))real("pwrite");
    const int how = chosen_file(WRITE, "pwrite", fd);
    return how > 0 ? -1 : really(fd, data, how == SHORT && count > 1 ? 1 : count, at);
}

EXPORTED int fsync(int fd)
{
    static int (*really)(int);
    if (really == NULL) really = (int (*)(int))real("fsync");
    return chosen(SYNC, "fsync", fd) > 0 ? -1 : really(fd);
}

EXPORTED int fdatasync(int fd)
{
    static int (*really)(int);
    if (really == NULL) really = (int (*)(int))real("fdatasync");
    return chosen(SYNC, "fdatasync", fd) > 0 ? -1 : really(fd);
}

static int open_fails(const char *path)
{
    return strncmp(path, "/proc/", 6) != 0 && strncmp(path, "/sys/", 5) != 0 && chosen(OPEN, path, -1) > 0;
}

EXPORTED int open(const char *path, int flags, ...)
{
    static int (*really)(const char *, int, ...);
    va_list more;
    va_start(more, flags);
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    if (really == NULL) really = (int (*)(const char *, int, ...))real("open");
    return open_fails(path) ? -1 : really(path, flags, mode);
}

EXPORTED int openat(int folder, const char *path, int flags, ...)
{
    static int (*really)(int, const char *, int, ...);
    va_list more;
    va_start(more, flags);
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    if (really == NULL) really = (int (*)(int, const char *, int, ...))real("openat");
    return open_fails(path) ? -1 : really(folder, path, flags, mode);
}

/* ---- sockets ---- */

EXPORTED ssize_t send(int fd, const void *data, size_t count, int flags)
{
    static ssize_t (*really)(int, const void *, size_t, int);
    if (really == NULL) really = (ssize_t(*)(int, const void *, size_t, int))real("send");
    const int how = chosen_socket(SEND, "send", fd);
    return how > 0 ? -1 : really(fd, data, how == SHORT && count > 1 ? 1 : count, flags);
}

EXPORTED ssize_t recv(int fd, void *data, size_t count, int flags)
{
    static ssize_t (*really)(int, void *, size_t, int);
    if (really == NULL) really = (ssize_t(*)(int, void *, size_t, int))real("recv");
    const int how = chosen_socket(RECEIVE, "recv", fd);
    return how > 0 ? -1 : really(fd, data, how == SHORT && count > 1 ? 1 : count, flags);
}
