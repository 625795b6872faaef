/* client/daemon.c - see daemon.h. Options are kept in memory of their own: the limit of the process's pool is
 * one of them. */
#include "client/daemon.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/machine.h"
#include "common/log.h"
#include "engine/storage/fs.h"

enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    DESCRIPTORS_WANTED = 65536 /* each connection, block and spill file is one */
};

typedef struct daemon_values {
    const char *work_dir, *keys_dir;
    const char *log_file, *log_level;
    bool log_json;
    int64_t log_bytes, log_age_ms;
    int32_t log_keep;
} daemon_values;

static const weft_option daemon_options[] = {
    {"--memory", 'm', "weft.memory.limit", NULL, WEFT_OPTION_SETTING, NULL, "SIZE",
     "memory that data may take, as 512m or 4g (default: 70 % of the cgroup's or machine's)", 0},
    {"--work-dir", 'd', "weft.work.dir", NULL, WEFT_OPTION_TEXT, NULL, "DIR",
     "folder for scratch files and what must survive a restart; made when missing (default: scratch "
     "files in weft.scratch.dir, nothing survives)",
     offsetof(daemon_values, work_dir)},
    {"--keys", 0, "weft.keys.dir", NULL, WEFT_OPTION_TEXT, NULL, "DIR",
     "key folder, see weft keys --help (default: no keys: loopback addresses only)",
     offsetof(daemon_values, keys_dir)},
    {"--log-file", 0, "weft.log.file", NULL, WEFT_OPTION_TEXT, NULL, "FILE",
     "log there instead of to stderr; SIGHUP opens it anew", offsetof(daemon_values, log_file)},
    {"--log-level", 0, "weft.log.level", NULL, WEFT_OPTION_TEXT, "info", "LEVEL", "debug, info, warn, error",
     offsetof(daemon_values, log_level)},
    {"--log-json", 0, "weft.log.json", NULL, WEFT_OPTION_FLAG, "false", NULL, "a JSON object a line",
     offsetof(daemon_values, log_json)},
    {"--log-max-size", 0, "weft.log.maxSize", NULL, WEFT_OPTION_SIZE, "128m", "SIZE",
     "rotate the file before it grows larger; 0: never", offsetof(daemon_values, log_bytes)},
    {"--log-max-age", 0, "weft.log.maxAge", NULL, WEFT_OPTION_MS, "7d", "TIME",
     "rotate the file when it is older; 0: never", offsetof(daemon_values, log_age_ms)},
    {"--log-keep", 0, "weft.log.keep", NULL, WEFT_OPTION_COUNT, "5", "N",
     "rotated files that are kept: FILE.1 is the last one", offsetof(daemon_values, log_keep)},
};

/* The whole of a daemon; what the header shows comes first. */
typedef struct daemon_state {
    weft_daemon shown;
    char command[32]; /* "weft worker" */
    daemon_values values;
    weft_own_memory boot_memory; /* of the options, and of this struct */
    weft_ctx boot;               /* fails with what the options are about */
    bool logs_to_file, is_blocked;
    sigset_t before;     /* the signal mask of the thread that opened the daemon */
    int signals, ending; /* signalfd; eventfd: weft_daemon_end was called */
    _Atomic int end_code;
} daemon_state;

/* ---- opening ---- */

static void tell_error(const daemon_state *d, const weft_error *error)
{
    fprintf(stderr, "%s: %s\n", d->command, error->message);
    if (error->hint[0] != 0) fprintf(stderr, "%s\n", error->hint);
}

static weft_status open_log(daemon_state *d, const weft_options *options)
{
    const daemon_values *v = &d->values;
    weft_log_level level = WEFT_LOG_INFO;
    if (!weft_log_level_find(v->log_level, &level)) {
        const weft_status st =
            weft_fail(&d->boot, WEFT_CONFIG, "--log-level: there is no level \"%.100s\"", v->log_level);
        weft_hint(&d->boot, "the levels are debug, info, warn and error");
        return st;
    }
    const weft_status st =
        weft_log_open(&d->boot, &(weft_log_options){.path = v->log_file,
                                                    .level = level,
                                                    .json = v->log_json,
                                                    .bytes_max = v->log_bytes,
                                                    .age_s_max = (v->log_age_ms + 999) / 1000,
                                                    .keep = v->log_keep});
    if (st != WEFT_OK) return st;
    d->logs_to_file = v->log_file != NULL;
    if (options->file != NULL) weft_log(WEFT_LOG_INFO, "config_read", WEFT_LOG_TEXT("file", options->file));
    for (int32_t i = 0; i < weft_min_i32(options->ignored_count, WEFT_OPTION_IGNORED_MAX); i++)
        weft_log(WEFT_LOG_WARN, "config_key_ignored", WEFT_LOG_TEXT("key", options->ignored[i]));
    if (options->ignored_count > WEFT_OPTION_IGNORED_MAX)
        weft_log(WEFT_LOG_WARN, "config_keys_ignored", WEFT_LOG_INT("count", options->ignored_count));
    return WEFT_OK;
}

/* Block what weft_daemon_wait takes. */
static weft_status take_signals(daemon_state *d)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    const int error = pthread_sigmask(SIG_BLOCK, &set, &d->before);
    if (error != 0) return weft_fail(&d->boot, WEFT_INTERNAL, "cannot block signals: %s", strerror(error));
    d->is_blocked = true;
    signal(SIGPIPE, SIG_IGN); /* a connection that the far end has closed is an error of one write */
    d->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    d->ending = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (d->signals >= 0 && d->ending >= 0) return WEFT_OK;
    return weft_fail(&d->boot, WEFT_IO, "cannot wait for signals: %s", strerror(errno));
}

/* As many descriptors as the system lets us have. What is refused is no failure: there are limits on
 * connections. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS_WANTED) return;
    limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > DESCRIPTORS_WANTED
                         ? DESCRIPTORS_WANTED
                         : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        weft_log(WEFT_LOG_WARN, "descriptors_not_raised", WEFT_LOG_TEXT("message", strerror(errno)));
}

/* What is made durable in a folder is lost without the folder's own name. */
static weft_status sync_above(weft_ctx *ctx, const char *path)
{
    weft_status st = WEFT_OK;
    char *above = NULL;
    WEFT_TRY(st, weft_arena_printf(ctx, ctx->arena, &above, "%s/..", path));
    st = weft_fs_sync_directory(ctx, above);
done:
    return st;
}

/* The work folder exists and can be written to; scratch files go there unless a setting says otherwise. */
static weft_status open_work_dir(daemon_state *d)
{
    weft_daemon *shown = &d->shown;
    const char *path = d->values.work_dir;
    if (path == NULL || path[0] == 0) return WEFT_OK;
    const bool made = mkdir(path, 0700) == 0;
    if (!made && errno != EEXIST)
        return weft_fail(&d->boot, WEFT_IO, "cannot make the work folder %s: %s", path, strerror(errno));
    if (made && sync_above(&d->boot, path) != WEFT_OK) return d->boot.error.code;
    if (access(path, R_OK | W_OK | X_OK) != 0)
        return weft_fail(&d->boot, WEFT_IO, "cannot write into the work folder %s: %s", path,
                         strerror(errno));
    shown->work_dir = path;
    if (shown->settings.set[WEFT_SET_SCRATCH]) return WEFT_OK;
    return weft_settings_set(&d->boot, &shown->settings, "weft.scratch.dir", path);
}

/* The sizes that were left open are the machine's. */
static weft_status open_memory(daemon_state *d)
{
    weft_daemon *shown = &d->shown;
    int64_t *limit = &shown->settings.number[WEFT_SET_MEMORY];
    int64_t *slots = &shown->settings.number[WEFT_SET_SLOTS];
    *limit = weft_machine_pool_bytes(*limit);
    if (*slots == 0) *slots = weft_machine_cores();
    shown->memory_bytes = *limit;
    shown->cores = (int32_t)*slots;
    if (!weft_own_memory_open(&shown->memory, *limit, "process"))
        return weft_fail(&d->boot, WEFT_NOMEM, "no memory to start with");
    weft_ctx_init(&shown->ctx, shown->memory.arena, shown->memory.account, &shown->settings);
    shown->keys_dir = d->values.keys_dir != NULL && d->values.keys_dir[0] != 0 ? d->values.keys_dir : NULL;
    /* a command of a statement could read the key itself */
    if (shown->keys_dir != NULL && !shown->settings.set[WEFT_SET_SCRIPTS])
        shown->settings.number[WEFT_SET_SCRIPTS] = 0;
    return WEFT_OK;
}

static daemon_state *new_state(const char *name)
{
    static const weft_settings none;
    weft_own_memory memory;
    daemon_state *d = NULL;
    weft_ctx ctx;
    if (!weft_own_memory_open(&memory, INT64_MAX, "options")) return NULL;
    weft_ctx_init(&ctx, memory.arena, memory.account, &none);
    if (weft_mem_alloc_zero(&ctx, WEFT_MEM_WORKING, sizeof(*d), (void **)&d) != WEFT_OK) goto failed;
    d->boot_memory = memory;
    d->signals = d->ending = -1;
    d->end_code = WEFT_DAEMON_RUNS;
    snprintf(d->command, sizeof(d->command), "weft %s", name);
    weft_settings_init(&d->shown.settings);
    weft_ctx_init(&d->boot, memory.arena, memory.account, &d->shown.settings);
    return d;
failed:
    weft_own_memory_close(&memory);
    return NULL;
}

int weft_daemon_open(const weft_daemon_command *command, int argc, char **argv, void *values,
                     weft_daemon **out)
{
    daemon_state *d = new_state(command->name);
    weft_status st = WEFT_OK;
    int code = EXIT_FAILED;

    *out = NULL;
    if (d == NULL) {
        fprintf(stderr, "weft %s: no memory to start with\n", command->name);
        return EXIT_FAILED;
    }
    weft_daemon *shown = &d->shown;
    const weft_option_group groups[] = {{command->options, command->option_count, values},
                                        {daemon_options, WEFT_COUNT(daemon_options), &d->values}};
    weft_options options = {.command = d->command,
                            .about = command->about,
                            .groups = groups,
                            .group_count = WEFT_COUNT(groups),
                            .settings = &shown->settings};
    WEFT_TRY(st, weft_options_parse(&d->boot, &options, argc, argv));
    if (options.help) {
        weft_options_help(&options, stdout);
        code = EXIT_OK;
        goto done;
    }
    WEFT_TRY(st, take_signals(d)); /* before the log: SIGHUP may come at any time */
    WEFT_TRY(st, open_log(d, &options));
    raise_descriptors();
    WEFT_TRY(st, open_work_dir(d));
    WEFT_TRY(st, open_memory(d));
    *out = shown;
    return WEFT_DAEMON_RUNS;
done:
    if (st != WEFT_OK) {
        tell_error(d, &d->boot.error);
        if (st == WEFT_CONFIG) {
            fprintf(stderr, "Try '%s --help'.\n", d->command);
            code = EXIT_USAGE;
        }
    }
    weft_daemon_close(&shown);
    return code;
}

/* ---- running ---- */

/* A signal that came: false when the daemon shall end. */
static bool take_signal(daemon_state *d, uint32_t number)
{
    if (number != SIGHUP) {
        weft_log(WEFT_LOG_INFO, "stopping", WEFT_LOG_TEXT("signal", number == SIGTERM ? "TERM" : "INT"));
        return false;
    }
    if (weft_log_reopen(&d->boot) == WEFT_OK)
        weft_log(WEFT_LOG_INFO, "log_reopened", WEFT_LOG_INT("lost", weft_log_lost()));
    else
        weft_log_error(WEFT_LOG_ERROR, "log_not_reopened", &d->boot.error); /* the old file goes on */
    return true;
}

static void end_at_once(int number)
{
    (void)number;
    _exit(EXIT_FAILED);
}

/* From now on SIGTERM and SIGINT end the process: who stops it is in a hurry. */
static void arm_second_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    signal(SIGTERM, end_at_once);
    signal(SIGINT, end_at_once);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int weft_daemon_wait(weft_daemon *daemon)
{
    daemon_state *d = (daemon_state *)daemon;
    struct pollfd polled[] = {{.fd = d->signals, .events = POLLIN}, {.fd = d->ending, .events = POLLIN}};
    struct signalfd_siginfo info;
    int code = EXIT_OK;
    for (bool goes_on = true; goes_on;) {
        if (poll(polled, WEFT_COUNT(polled), -1) < 0) continue; /* EINTR; ENOMEM passes too */
        if (polled[1].revents != 0) {
            code = d->end_code;
            break;
        }
        if (read(d->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
            goes_on = take_signal(d, info.ssi_signo);
    }
    arm_second_signal();
    return code;
}

void weft_daemon_end(weft_daemon *daemon, int code)
{
    daemon_state *d = (daemon_state *)daemon;
    static const uint64_t one = 1;
    int none = WEFT_DAEMON_RUNS;
    atomic_compare_exchange_strong(&d->end_code, &none, code);
    const ssize_t wrote = write(d->ending, &one, sizeof(one)); /* fails only when it was written 2^64 times */
    (void)wrote;
}

int weft_daemon_fail(weft_daemon *daemon, const char *event)
{
    const daemon_state *d = (const daemon_state *)daemon;
    weft_log_error(WEFT_LOG_ERROR, event, &daemon->ctx.error);
    if (d->logs_to_file) tell_error(d, &daemon->ctx.error);
    return EXIT_FAILED;
}

void weft_daemon_close(weft_daemon **daemon)
{
    daemon_state *d = (daemon_state *)*daemon;
    *daemon = NULL;
    if (d == NULL) return;
    weft_own_memory_close(&d->shown.memory);
    weft_log_close();
    if (d->signals >= 0) close(d->signals);
    if (d->ending >= 0) close(d->ending);
    if (d->is_blocked) pthread_sigmask(SIG_SETMASK, &d->before, NULL);
    weft_own_memory memory = d->boot_memory;
    weft_mem_free(d);
    weft_own_memory_close(&memory);
}
