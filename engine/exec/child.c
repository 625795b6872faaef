/* engine/exec/child.c - start, feed, read and end one process. */
#include "engine/exec/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/mem.h"

enum {
    ERROR_BYTES = 1024, /* of the standard error that are kept: a message has room for so much */
    STEP_MS = 20,       /* how long a cancel may go unseen */
    EXIT_STEP_MS = 1,   /* between looks for its end, which comes just behind that of its output */
    DRAIN_READS = 64    /* of ERROR_BYTES: what a pipe holds */
};

struct weft_child {
    pid_t pid;                /* also of its group; 0: none runs */
    int input, output, error; /* our ends, non-blocking; -1: closed */
    char error_text[ERROR_BYTES + 1];
    size_t error_len;
};

static void close_end(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

/* ours: which end is non-blocking. */
static bool open_pipe(int ends[2], int ours)
{
    if (pipe2(ends, O_CLOEXEC) != 0) {
        ends[0] = ends[1] = -1;
        return false;
    }
    return fcntl(ends[ours], F_SETFL, O_NONBLOCK) == 0;
}

/* pipes: of the standard input, output and error. The error number, 0: it runs. */
static int spawn(const char *command, int pipes[3][2], pid_t *pid)
{
    extern char **environ;
    char *argv[] = {(char *)(uintptr_t) "/bin/bash", (char *)(uintptr_t) "-c", (char *)(uintptr_t)command,
                    NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int error = posix_spawn_file_actions_init(&files);
    if (error != 0) return error;
    error = posix_spawnattr_init(&attributes);
    if (error != 0) goto files_made;
    sigemptyset(&none);
    sigfillset(&all); /* a process ignores SIGPIPE, which would pass on */
    for (int i = 0; i < 3 && error == 0; i++)
        error = posix_spawn_file_actions_adddup2(&files, pipes[i][i == 0 ? 0 : 1], i);
    if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(&files, 3);
    if (error == 0) error = posix_spawnattr_setsigmask(&attributes, &none);
    if (error == 0) error = posix_spawnattr_setsigdefault(&attributes, &all);
    if (error == 0) error = posix_spawnattr_setpgroup(&attributes, 0);
    if (error == 0)
        error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                          POSIX_SPAWN_SETPGROUP);
    if (error == 0) error = posix_spawn(pid, argv[0], &files, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
files_made:
    posix_spawn_file_actions_destroy(&files);
    return error;
}

weft_status weft_child_start(weft_ctx *ctx, const char *command, weft_child **out)
{
    weft_status st = WEFT_OK;
    weft_child *c = NULL;
    int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    *out = NULL;
    WEFT_TRY(st, weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof *c, (void **)&c));
    c->input = c->output = c->error = -1;
    for (int i = 0; i < 3; i++)
        if (!open_pipe(pipes[i], i == 0 ? 1 : 0))
            WEFT_TRY(st, weft_fail(ctx, WEFT_IO, "cannot make a pipe to a command: %s", strerror(errno)));
    const int error = spawn(command, pipes, &c->pid);
    if (error != 0) {
        c->pid = 0;
        WEFT_TRY(st, weft_fail(ctx, WEFT_IO, "cannot start /bin/bash: %s", strerror(error)));
    }
    c->input = pipes[0][1];
    c->output = pipes[1][0];
    c->error = pipes[2][0];
    pipes[0][1] = pipes[1][0] = pipes[2][0] = -1;
    *out = c;
    c = NULL;
done:
    for (int i = 0; i < 6; i++) close_end(&pipes[i / 2][i % 2]);
    weft_child_close(&c);
    return st;
}

/* Keep the end of what stands there. */
static void take_error(weft_child *c)
{
    char text[ERROR_BYTES];
    const ssize_t got = read(c->error, text, sizeof text);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        close_end(&c->error);
        return;
    }
    const size_t len = (size_t)got,
                 over = c->error_len + len > ERROR_BYTES ? c->error_len + len - ERROR_BYTES : 0;
    memmove(c->error_text, c->error_text + over, c->error_len - over);
    memcpy(c->error_text + c->error_len - over, text, len);
    c->error_len = c->error_len - over + len;
}

/* write() that is never ended by SIGPIPE, whatever the program around the library has made of it. */
static ssize_t write_quietly(int fd, const char *bytes, size_t len)
{
    const struct timespec now = {0};
    sigset_t pipe, before, waiting;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&waiting);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    const ssize_t put = write(fd, bytes, len);
    const int error = errno;
    if (put < 0 && error == EPIPE && sigismember(&waiting, SIGPIPE) == 0)
        while (sigtimedwait(&pipe, NULL, &now) < 0 && errno == EINTR) {
        }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return put;
}

static weft_status give(weft_ctx *ctx, weft_child *c, const char *input, size_t bytes, size_t *written)
{
    const ssize_t put = write_quietly(c->input, input, bytes);
    if (put >= 0) {
        *written = (size_t)put;
        return WEFT_OK;
    }
    if (errno == EAGAIN || errno == EINTR) return WEFT_OK;
    if (errno != EPIPE) return weft_fail(ctx, WEFT_IO, "cannot write to a command: %s", strerror(errno));
    close_end(&c->input); /* it has read what it wants: its status says whether that is right */
    *written = bytes;
    return WEFT_OK;
}

static weft_status take(weft_ctx *ctx, weft_child *c, char *output, size_t room, size_t *taken)
{
    const ssize_t got = read(c->output, output, room);
    if (got > 0) *taken = (size_t)got;
    if (got == 0) close_end(&c->output);
    if (got >= 0 || errno == EAGAIN || errno == EINTR) return WEFT_OK;
    return weft_fail(ctx, WEFT_IO, "cannot read what a command gives: %s", strerror(errno));
}

weft_status weft_child_exchange(weft_ctx *ctx, weft_child *c, const char *input, size_t input_bytes,
                                size_t *written, char *output, size_t room, size_t *taken)
{
    weft_status st = WEFT_OK;
    *taken = 0;
    *written = c->input < 0 ? input_bytes : 0;
    assert(room > 0);
    /* a command may have closed its output (cat >file) and still read */
    while (*taken == 0 && *written == 0 && (c->output >= 0 || (input_bytes > 0 && c->input >= 0))) {
        struct pollfd polls[3] = {{.fd = input_bytes > 0 ? c->input : -1, .events = POLLOUT},
                                  {.fd = c->output, .events = POLLIN},
                                  {.fd = c->error, .events = POLLIN}};
        WEFT_TRY(st, weft_check_cancel(ctx));
        if (poll(polls, 3, STEP_MS) < 0 && errno != EINTR)
            WEFT_TRY(st, weft_fail(ctx, WEFT_IO, "cannot wait for a command: %s", strerror(errno)));
        if (polls[2].revents != 0) take_error(c);
        if (polls[1].revents != 0) WEFT_TRY(st, take(ctx, c, output, room, taken));
        if (polls[0].revents != 0) WEFT_TRY(st, give(ctx, c, input, input_bytes, written));
    }
done:
    return st;
}

void weft_child_end_input(weft_child *c) { close_end(&c->input); }

bool weft_child_output_ended(const weft_child *c) { return c->output < 0; }

/* What is left of its group is killed while it is still known by this number, which is then given back. */
static void reap(weft_child *c)
{
    (void)kill(-c->pid, SIGKILL);
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    c->pid = 0;
}

/* What stands in its standard error by now. Somebody who left the group may write there for ever. */
static void drain_error(weft_child *c)
{
    struct pollfd error = {.fd = c->error, .events = POLLIN};
    for (int i = 0; i < DRAIN_READS && c->error >= 0 && poll(&error, 1, 0) > 0; i++) take_error(c);
}

weft_status weft_child_finish(weft_ctx *ctx, weft_child *c)
{
    weft_status st = WEFT_OK;
    siginfo_t info = {0};
    close_end(&c->input);
    for (;;) {
        if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno != EINTR)
            WEFT_TRY(st, weft_fail(ctx, WEFT_IO, "cannot learn how a command ended: %s", strerror(errno)));
        if (info.si_pid == c->pid) break;
        WEFT_TRY(st, weft_check_cancel(ctx));
        struct pollfd error = {.fd = c->error, .events = POLLIN};
        if (poll(&error, 1, EXIT_STEP_MS) > 0) take_error(c);
    }
    reap(c);
    drain_error(c);
    const int status = info.si_code == CLD_EXITED ? info.si_status
                                                  : 128 + info.si_status; /* as a shell tells a signal */
    if (status != 0)
        st = weft_fail(ctx, WEFT_SCRIPT_EXITED, "Subprocess exited with status %d. Error: %.*s.", status,
                       (int)c->error_len, c->error_text);
done:
    return st;
}

void weft_child_close(weft_child **child)
{
    weft_child *c = *child;
    *child = NULL;
    if (c == NULL) return;
    if (c->pid > 0) reap(c);
    close_end(&c->input);
    close_end(&c->output);
    close_end(&c->error);
    weft_mem_free(c);
}
